"""Segments against everybody else: which differences hold, and which are too small to show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sentiment.drivers.answers import is_missing, number_customers
from sentiment.drivers.cautions import Caution
from sentiment.drivers.floors import (
    FALSE_DISCOVERY_RATE,
    MEASURE_SHOWN,
    MINIMUM_DIFFERENCE,
    Standing,
    standing,
)
from sentiment.drivers.intervals import (
    Difference,
    benjamini_hochberg,
    mean_difference,
    net_difference,
    net_interval,
    normal_quantile,
    share_difference,
    wilson,
)
from sentiment.errors import InputError

__all__ = ["Cell", "Comparison", "Kind", "compare", "contrast", "estimate"]

Floats = NDArray[np.float64]
Kind = Literal["net", "share", "mean"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One measure in one segment, compared with the segment's complement.

    Net values and shares are in points (-100 to 100, 0 to 100), means in their own unit.

    :param measure: Column (a driver, an outcome).
    :param segment: Segment.
    :param value: None where withheld or suppressed.
    :param low: Lower end of its interval.
    :param high: Upper end.
    :param n: Answers (mentions) in the segment.
    :param persons: Different customers behind them.
    :param standing: "shown", "uncertain", "withheld" or "suppressed".
    :param difference: Segment minus complement; None when either is too small to compare.
    :param difference_low: Lower end of its interval.
    :param difference_high: Upper end.
    :param p: Of the test that there is no difference.
    :param q: The same, adjusted within the family.
    :param highlighted: ``q <= rate`` and a difference of at least the minimum size.
    """

    measure: str
    segment: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    persons: int
    standing: Standing
    difference: float | None = None
    difference_low: float | None = None
    difference_high: float | None = None
    p: float | None = None
    q: float | None = None
    highlighted: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """All cells of one question: one family of tests.

    :param cells: Measure by measure, segments in order of first appearance.
    :param tests: Size of the family.
    :param rate: False discovery rate of the highlights.
    :param minimum: Smallest difference that is highlighted.
    :param warnings: What must be said beside the table.
    """

    cells: tuple[Cell, ...]
    tests: int
    rate: float
    minimum: float
    warnings: tuple[Caution, ...] = ()


def compare(
    measures: Mapping[str, ArrayLike],
    segments: Sequence[Any] | NDArray[Any] | Mapping[str, ArrayLike],
    *,
    kind: Kind | Mapping[str, Kind] = "net",
    customers: Sequence[Any] | NDArray[Any] | None = None,
    columns: Mapping[str, str] | None = None,
    known: Mapping[str, ArrayLike] | None = None,
    rate: float = FALSE_DISCOVERY_RATE,
    minimum: float = MINIMUM_DIFFERENCE,
    level: float = 0.95,
) -> Comparison:
    """Compare each segment with its complement, for every measure, as one family of tests.

    The complement (not the total, which contains the segment) makes overlapping segments right too:
    VIP customers against all others. Benjamini-Hochberg over all cells together. Below 10 persons a
    cell is suppressed (privacy), below 30 answers withheld, below 100 marked uncertain.

    :param measures: Columns of n values: -1/0/+1 for "net", 0/1 for "share", numbers for "mean";
        NaN where a row has none (a driver that is not mentioned).
    :param segments: A label for each row (rows without one are in no comparison), or a mapping of
        segment to True/False column where segments overlap.
    :param kind: Of all measures, or of each by its name.
    :param customers: Customer of each row; None takes every row for a person.
    :param columns: Of a mapping, the column that a segment is a value of, where all values of it are
        among the segments: if one alone is suppressed, the others and the total tell it.
    :param known: Of a mapping, the rows of which it is known whether they belong to a segment, by the
        segment's name; the others are not in its complement. Without it, all rows.
    :param minimum: Smallest difference to highlight, in the unit of the values.
    :raises InputError: Columns differ in length.
    """
    masks, labelled = _masks(segments)
    codes = None if customers is None else number_customers(customers)
    cells = []
    for name, column in measures.items():
        values = np.asarray(column, dtype=np.float64)
        if len(values) != len(labelled):
            raise InputError(
                f"{name} has {len(values)} rows, the segments {len(labelled)}; pass the same."
            )
        usable = labelled & ~np.isnan(values)
        own = kind if isinstance(kind, str) else kind[name]
        for segment, mask in masks.items():
            of_segment = usable
            if known is not None and segment in known:
                of_segment = usable & np.asarray(known[segment], dtype=bool)
            inside = mask & of_segment
            cells.append(_cell(name, segment, values, inside, of_segment, codes, own, level))
    family = benjamini_hochberg([np.nan if cell.p is None else cell.p for cell in cells], rate)
    judged = tuple(
        cell
        if cell.p is None
        else replace(
            cell,
            q=float(q),
            highlighted=bool(hit) and abs(cell.difference or 0.0) >= minimum,
        )
        for cell, q, hit in zip(cells, family.q_values, family.rejected, strict=True)
    )
    tests = sum(cell.p is not None for cell in cells)
    if not isinstance(segments, Mapping):
        columns = dict.fromkeys(masks, "")
    return Comparison(judged, tests, rate, minimum, _disclosure(judged, columns or {}))


def estimate(values: Floats, kind: Kind, *, level: float = 0.95) -> tuple[float, float, float]:
    """Return value and interval of one group: net values and shares in points, means as they are.

    Adjusted Wald, Wilson and normal; at least one value is needed.
    """
    n = len(values)
    if kind == "net":
        plus, minus = int((values > 0).sum()), int((values < 0).sum())
        low, high = net_interval(plus, minus, n, level=level)
        return 100 * (plus - minus) / n, 100 * low, 100 * high
    if kind == "share":
        found = wilson(int((values > 0).sum()), n, level=level)
        return 100 * (found.value or 0.0), 100 * (found.low or 0.0), 100 * (found.high or 0.0)
    mean = float(values.mean())
    if n < 2:
        return mean, mean, mean
    half = normal_quantile(level) * float(values.std(ddof=1)) / n**0.5
    return mean, mean - half, mean + half


def contrast(first: Floats, second: Floats, kind: Kind, *, level: float = 0.95) -> Difference:
    """Compare two independent groups of values; net values and shares are given in points."""
    if kind == "mean":
        return mean_difference(first, second, level=level)
    n, m = len(first), len(second)
    plus, other_plus = int((first > 0).sum()), int((second > 0).sum())
    if kind == "net":
        minus, other_minus = int((first < 0).sum()), int((second < 0).sum())
        found = net_difference(plus, minus, n, other_plus, other_minus, m, level=level)
    else:
        found = share_difference(plus, n, other_plus, m, level=level)
    value, low, high = (
        None if each is None else 100 * each for each in (found.value, found.low, found.high)
    )
    return replace(found, value=value, low=low, high=high)


def _masks(
    segments: Sequence[Any] | NDArray[Any] | Mapping[str, ArrayLike],
) -> tuple[dict[str, NDArray[np.bool_]], NDArray[np.bool_]]:
    """Rows of each segment, and the rows that take part at all."""
    if isinstance(segments, Mapping):
        masks = {str(name): np.asarray(mask, dtype=bool) for name, mask in segments.items()}
        lengths = {len(mask) for mask in masks.values()}
        if len(lengths) != 1:
            raise InputError("Segments must be columns of the same rows, at least one.")
        return masks, np.ones(lengths.pop(), dtype=bool)
    codes: dict[str, int] = {}
    rows = np.array(
        [
            -1 if is_missing(label) else codes.setdefault(str(label), len(codes))
            for label in segments
        ],
        dtype=np.intp,
    )
    return {label: rows == code for label, code in codes.items()}, rows >= 0


def _cell(
    measure: str,
    segment: str,
    values: Floats,
    inside: NDArray[np.bool_],
    usable: NDArray[np.bool_],
    customers: NDArray[np.intp] | None,
    kind: Kind,
    level: float,
) -> Cell:
    own = values[inside]
    n = len(own)
    persons = n if customers is None else int((np.bincount(customers[inside]) > 0).sum())
    state = standing(n, persons)
    if state in {"suppressed", "withheld"}:
        return Cell(measure, segment, None, None, None, n, persons, state)
    cell = Cell(measure, segment, *estimate(own, kind, level=level), n, persons, state)
    rest = values[usable & ~inside]
    if len(rest) < MEASURE_SHOWN:
        return cell
    found = contrast(own, rest, kind, level=level)
    return replace(
        cell,
        difference=found.value,
        difference_low=found.low,
        difference_high=found.high,
        p=found.p,
    )


def _disclosure(cells: tuple[Cell, ...], columns: Mapping[str, str]) -> tuple[Caution, ...]:
    """Say when a measure has one suppressed segment: the total less the others would show it.

    :param columns: The column of each segment that is one of all its values.
    """
    suppressed = Counter(
        (cell.measure, columns[cell.segment])
        for cell in cells
        if cell.standing == "suppressed" and cell.n and cell.segment in columns
    )
    return (Caution("single_suppressed"),) if 1 in suppressed.values() else ()
