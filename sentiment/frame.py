"""pandas in, pandas out: a scored copy of a DataFrame, index kept."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

from sentiment.errors import ColumnError, InputError
from sentiment.tables import Layout, Roles, SourceRow, scored_columns

if TYPE_CHECKING:
    import pandas as pd

    from sentiment.analyzer import Analyzer

__all__ = ["score_frame"]

# As many rows as the roles of a file's columns are found from.
_SAMPLE = 500


def score_frame(analyzer: Analyzer, frame: pd.DataFrame, text: str | None) -> pd.DataFrame:
    """Return a copy of a frame with what the analyzer finds in its text column.

    The columns added are those of a scored CSV file, the same names and the same order; sentiment
    score and confidence are floats, `opinions`, `evidence` and `tags` are lists.
    """
    import pandas as pd

    if not isinstance(frame, pd.DataFrame):
        raise InputError(f"frame() takes a pandas DataFrame, not {type(frame).__name__}.")
    column = _text_column(frame, text)
    names = [str(name) for name in frame.columns]
    analyses = analyzer.analyze_batch(frame[column].tolist())
    layout = Layout(tuple(names), tuple(analyzer.taxonomy.topics))
    added: dict[str, list[Any]] = {name: [] for name in layout.added}
    for analysis in analyses:
        values: dict[str, Any] = {
            "sentiment": analysis.sentiment,
            "sentiment_score": analysis.score,
            "confidence": analysis.confidence,
            **analysis.topics,
            "drivers": ";".join(f"{one.driver}:{one.polarity}" for one in analysis.opinions),
            "evidence": [one.evidence for one in analysis.opinions],
            "tags": [tag.to_dict() for tag in analysis.tags],
            "opinions": [one.to_dict() for one in analysis.opinions],
            "language": analysis.language,
            "status": analysis.status,
        }
        for name in layout.added:
            added[name].append(values[name])
    floats = ("sentiment_score", "confidence")
    scored = {
        actual: pd.Series(
            added[name], index=frame.index, dtype="float64" if name in floats else "object"
        )
        for name, actual in zip(layout.added, layout.names[len(names) :], strict=True)
    }
    return pd.concat([frame, pd.DataFrame(scored, index=frame.index)], axis=1)


def _text_column(frame: pd.DataFrame, text: str | None) -> Any:
    # A tuple is a name where the columns have several levels; a list or an array is never one.
    several = not isinstance(text, Hashable) or (isinstance(text, tuple) and text not in frame)
    if several:
        raise InputError(
            f"frame() reads one text column, not several ({text!r}); call it once for each."
        )
    column = _found(frame) if text is None else text
    same = sum(name == column for name in frame.columns)
    if not same:
        listed = ", ".join(str(name) for name in frame.columns) or "none"
        raise ColumnError(f"The frame has no column {column!r}; it has {listed}.")
    if same > 1:
        raise ColumnError(f"The frame has two columns {column!r}; rename one of them.")
    return column


def _found(frame: pd.DataFrame) -> Any:
    """Return the column that looks like the text; none that scoring added, none of lists."""
    from sentiment.tables.roles import find_roles

    head = frame.head(_SAMPLE)
    added = set((scored_columns([str(name) for name in frame.columns]) or {}).values())
    names: dict[str, Any] = {}
    cells: dict[str, list[str | None]] = {}
    for place, name in enumerate(frame.columns):
        values = head.iloc[:, place].tolist()
        if str(name) not in {*names, *added} and not _holds_lists(values):
            names[str(name)] = name
            cells[str(name)] = [_cell(value) for value in values]
    option = 'text="COLUMN"'
    if len(frame.columns) and not names:
        listed = ", ".join(f"“{name}”" for name in frame.columns)
        raise ColumnError(
            f"no column of the frame can be the text: {listed} hold lists or were added by"
            f" scoring. Name one with {option}"
        )
    sample = [
        SourceRow(row + 1, {name: column[row] for name, column in cells.items()}, None)
        for row in range(len(head))
    ]
    roles: Roles = find_roles(tuple(names), sample, where="the frame", text_option=option)
    return names[roles.text[0]]


def _holds_lists(values: list[Any]) -> bool:
    from pandas.api.types import is_list_like

    given = [value for value in values if _cell(value) is not None]
    return bool(given) and all(is_list_like(value) for value in given)


def _cell(value: Any) -> str | None:
    from pandas import isna
    from pandas.api.types import is_scalar

    return None if is_scalar(value) and isna(value) else str(value)
