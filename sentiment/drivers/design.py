"""The rows and columns of a regression: read from an array, a mapping or a data frame, once.

Rows with a missing outcome or value are left out and counted. Columns keep their own type (a
matrix of mentions is one byte a cell) and are widened to floats chunk by chunk where needed.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sentiment.drivers.answers import is_missing, number_customers
from sentiment.errors import InputError

__all__ = ["CHUNK_ROWS", "Columns", "Design", "Groups", "read_columns", "read_design"]

Floats = NDArray[np.float64]
Columns = Any  # 2-D array, mapping of name to column, or data frame
Groups = Sequence[Hashable] | Mapping[Any, Any]

CHUNK_ROWS = 20_000  # rows widened to floats at a time: 8 MB at 50 columns


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """Complete rows of a regression.

    :param names: Names of the columns of `matrix`.
    :param matrix: Driver columns, n rows; any numeric type.
    :param controls: Columns that are in every model and never ranked; n rows.
    :param outcome: The outcome, n values.
    :param groups: Names of the groups (players) in order of first appearance.
    :param members: Column numbers of each group.
    :param clusters: Customer number of each row, or None when every row is its own.
    :param dropped: Rows left out because something in them is missing.
    """

    names: tuple[str, ...]
    matrix: NDArray[Any]
    controls: Floats
    outcome: Floats
    groups: tuple[str, ...]
    members: tuple[tuple[int, ...], ...]
    clusters: NDArray[np.intp] | None
    dropped: int

    @property
    def n(self) -> int:
        """Complete rows."""
        return len(self.outcome)

    def chunks(self) -> Iterator[tuple[slice, Floats]]:
        """Yield slices of rows with their columns ``[1, controls, drivers]`` as floats."""
        for start in range(0, self.n, CHUNK_ROWS):
            rows = slice(start, start + CHUNK_ROWS)
            yield rows, self.table(rows)

    def means(self) -> Floats:
        """Return the means of the driver columns."""
        total = np.zeros(self.matrix.shape[1])
        for start in range(0, self.n, CHUNK_ROWS):
            total += self.matrix[start : start + CHUNK_ROWS].sum(axis=0, dtype=np.float64)
        return total / max(self.n, 1)

    def sample(self, rows: int, seed: int) -> Design:
        """Return a random part of the rows, in their order."""
        chosen = np.sort(np.random.default_rng(seed).choice(self.n, rows, replace=False))
        return replace(
            self,
            matrix=self.matrix[chosen],
            controls=self.controls[chosen],
            outcome=self.outcome[chosen],
            clusters=None if self.clusters is None else self.clusters[chosen],
        )

    def table(self, rows: slice | NDArray[np.intp]) -> Floats:
        """Return the columns ``[1, controls, drivers]`` of some rows."""
        drivers = self.matrix[rows].astype(np.float64)
        return np.column_stack([np.ones(len(drivers)), self.controls[rows], drivers])


def read_columns(
    columns: Columns, names: Sequence[str] | None = None
) -> tuple[tuple[str, ...], NDArray[Any]]:
    """Return names and matrix of a 2-D array, a mapping of name to column, or a data frame.

    A single column may be one-dimensional. Unnamed columns are called x1, x2 ...

    :raises InputError: Columns of different length, more than two dimensions, or no numbers.
    """
    found: tuple[str, ...] | None = None
    if hasattr(columns, "columns") and hasattr(columns, "to_numpy"):
        found = tuple(str(name) for name in columns.columns)
        matrix = columns.to_numpy()
    elif isinstance(columns, Mapping):
        found = tuple(str(name) for name in columns)
        arrays = [np.asarray(column) for column in columns.values()]
        if len({len(array) for array in arrays}) > 1:
            raise InputError("The columns differ in length; pass columns of the same rows.")
        matrix = np.column_stack(arrays) if arrays else np.empty((0, 0))
    else:
        matrix = np.asarray(columns)
        if matrix.ndim == 1:
            matrix = matrix[:, None]
    if matrix.ndim != 2:
        raise InputError(f"Columns need two dimensions, rows by columns; got {matrix.ndim}.")
    if matrix.dtype.kind not in "biuf":
        matrix = _numeric(matrix)
    named = tuple(names) if names is not None else found
    if named is None:
        named = tuple(f"x{number + 1}" for number in range(matrix.shape[1]))
    if len(named) != matrix.shape[1] or len(set(named)) != len(named):
        raise InputError(
            f"{matrix.shape[1]} columns need as many different names; got {len(named)}."
        )
    return named, matrix


def read_design(
    columns: Columns,
    outcome: ArrayLike,
    *,
    names: Sequence[str] | None = None,
    groups: Groups | None = None,
    controls: Columns | None = None,
    clusters: Sequence[Any] | NDArray[Any] | None = None,
) -> Design:
    """Read and check the rows of a regression; see the parameters of `importance.lmg`.

    :raises InputError: Lengths differ, an outcome or column is no number, groups do not fit.
    """
    found, matrix = read_columns(columns, names)
    if not found:
        raise InputError("There is no driver column; pass at least one.")
    y = _outcome(outcome)
    extra = _controls(controls, len(y))
    for what, length in (("columns", len(matrix)), ("controls", len(extra))):
        if length != len(y):
            raise InputError(
                f"The outcome has {len(y)} rows and the {what} {length}; pass the same."
            )
    if clusters is not None and len(clusters) != len(y):
        raise InputError(f"The outcome has {len(y)} rows and the clusters {len(clusters)}.")
    complete = np.isfinite(y) & np.isfinite(extra).all(axis=1)
    if matrix.dtype.kind == "f":
        complete &= np.isfinite(matrix).all(axis=1)
    dropped = int((~complete).sum())
    if dropped:
        matrix, y, extra = matrix[complete], y[complete], extra[complete]
    codes = None
    if clusters is not None:
        codes = number_customers(clusters)[complete]
    labels, members = _read_groups(groups, found)
    return Design(found, matrix, extra, y, labels, members, codes, dropped)


def _numeric(matrix: NDArray[Any]) -> Floats:
    """Read an object matrix (nullable integers, None) as floats."""
    try:
        cells = [np.nan if is_missing(cell) else float(cell) for cell in matrix.ravel()]
    except (TypeError, ValueError):
        raise InputError(
            "A driver column holds text; pass numbers, 0 and 1 for mentions."
        ) from None
    return np.array(cells, dtype=np.float64).reshape(matrix.shape)


def _outcome(outcome: ArrayLike) -> Floats:
    if hasattr(outcome, "to_numpy"):
        outcome = outcome.to_numpy()
    y = np.asarray(outcome)
    if y.dtype.kind not in "biuf":
        y = _numeric(y)
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim != 1:
        raise InputError("The outcome must be one column.")
    return y.astype(np.float64)


def _controls(controls: Columns | None, n: int) -> Floats:
    """Read controls as floats; a column of words becomes one column per word, less the first."""
    if controls is None:
        return np.empty((n, 0))
    if isinstance(controls, Mapping):
        columns = [np.asarray(column) for column in controls.values()]
    elif hasattr(controls, "columns") and hasattr(controls, "to_numpy"):
        columns = [controls[name].to_numpy() for name in controls.columns]
    else:
        table = np.asarray(controls)
        columns = [table] if table.ndim == 1 else list(table.T)
    parts = [_coded(column) for column in columns]
    if any(len(part) != n for part in parts):
        raise InputError(f"The outcome has {n} rows and a control has another number.")
    return np.column_stack([np.empty((n, 0)), *parts])


def _coded(column: NDArray[Any]) -> Floats:
    if column.dtype.kind in "biuf":
        return column.astype(np.float64)[:, None]
    # A word that is missing is a level of its own: such rows stay in the model.
    words = np.array(["" if is_missing(cell) else str(cell) for cell in column])
    levels = np.unique(words)[1:]
    coded: Floats = (words[:, None] == levels[None, :]).astype(np.float64)
    return coded


def _read_groups(
    groups: Groups | None, names: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[tuple[int, ...], ...]]:
    """Return the groups in order of first appearance and the columns of each."""
    labels = _labels(groups, names)
    players = tuple(dict.fromkeys(labels))
    members = tuple(
        tuple(column for column, label in enumerate(labels) if label == player)
        for player in players
    )
    return players, members


def _labels(groups: Groups | None, names: tuple[str, ...]) -> list[str]:
    """Return the group label of every column, whichever way the groups were given."""
    if groups is None:
        return list(names)
    if isinstance(groups, Mapping):
        pairs = [pair for key, value in groups.items() for pair in _pairs(key, value)]
        return _labels_of(pairs, names)
    given = list(groups)
    if given and all(isinstance(columns, list | tuple) for columns in given):
        # Lists of columns have no names of their own and take those of their columns.
        listed: list[Any] = given
        joined = ["+".join(_name(column, names) for column in columns) for columns in listed]
        pairs = [
            (column, group)
            for group, columns in zip(joined, listed, strict=True)
            for column in columns
        ]
        return _labels_of(pairs, names)
    if len(given) != len(names):
        raise InputError(f"{len(names)} columns need as many group labels; got {len(given)}.")
    return [str(label) for label in given]


def _pairs(key: Any, value: Any) -> list[tuple[Any, Any]]:
    """Return (column, group) of one entry: column to label, or label to several columns."""
    if isinstance(value, str) or not isinstance(value, Iterable):
        return [(key, value)]
    return [(column, key) for column in value]


def _labels_of(pairs: list[tuple[Any, Any]], names: tuple[str, ...]) -> list[str]:
    """Label the columns; one that is in no group is a group of its own."""
    label = {name: name for name in names}
    for column, group in pairs:
        name = _name(column, names)
        if name not in label:
            raise InputError(f"A group names the column {column!r}, which is not there.")
        label[name] = str(group)
    return [label[name] for name in names]


def _name(column: Any, names: tuple[str, ...]) -> str:
    """Return the name of a column given by name or number."""
    if isinstance(column, int | np.integer) and 0 <= column < len(names):
        return names[column]
    return str(column)
