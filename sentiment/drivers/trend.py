"""Series over time: periods that are large enough, bands, alarms, and the same mix throughout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import erfc, exp, fsum, lgamma, log, log1p, sqrt
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sentiment.drivers.answers import is_missing
from sentiment.drivers.cautions import Caution
from sentiment.drivers.floors import PERIOD_ROWS, Standing, standing
from sentiment.drivers.intervals import normal_quantile
from sentiment.drivers.segments import Kind, estimate
from sentiment.errors import InputError

__all__ = [
    "Chart",
    "Periods",
    "Standardised",
    "Trend",
    "TrendPoint",
    "mean_chart",
    "merge_periods",
    "p_chart",
    "standardise",
    "trend",
]

Floats = NDArray[np.float64]

# Beyond this, periods vary for other reasons than chance, and limits from chance cry wolf.
_OVERDISPERSED = 1.5
# Mean moving range of two standard normals: 2 / sqrt(pi).
_MOVING_RANGE = 1.1283791670955126
# Where fewer cases are expected in a period, the normal limits are crossed by chance far too often.
_FEW_CASES = 10.0
_DRAWS = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class Periods:
    """Calendar periods with enough rows.

    :param labels: "2024-03" for a month, "2024-Q1" for a quarter; ascending.
    :param codes: Period number of each row; -1 for rows without a date, or with one in no period.
    :param counts: Rows of each period that count.
    :param merged: Quarters that stand for months with too few rows.
    """

    labels: tuple[str, ...]
    codes: NDArray[np.intp]
    counts: NDArray[np.intp]
    merged: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One period of one series; values as in `segments.Cell`.

    :param label: Period.
    :param series: Model version; points of different series are not comparable.
    :param adjusted: The value at the mix of the whole series; None without strata.
    """

    label: str
    series: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    standing: Standing
    adjusted: float | None = None
    adjusted_low: float | None = None
    adjusted_high: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Chart:
    """Shewhart chart: of shares in fractions, of means in the unit of the values.

    :param values: Share or mean of each period.
    :param centre: The same over all periods.
    :param low: Lower limit of each period.
    :param high: Upper limit.
    :param outside: True where a value lies outside its limits, and chance alone does not put it there
        too often where that was asked for: look for a cause.
    :param dispersion: How many times as much periods vary as chance alone makes them.
    :param warnings: What must be said beside the chart.
    """

    values: Floats
    centre: float
    low: Floats
    high: Floats
    outside: NDArray[np.bool_]
    dispersion: float
    warnings: tuple[Caution, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Standardised:
    """Values of every period at one common mix; NaN where no stratum has rows.

    :param values: In the unit of the input.
    :param low: Lower ends of the intervals.
    :param high: Upper ends.
    :param weights: Share of each stratum in the common mix.
    :param mix_change: Largest difference of a period's mix from the common one (half the sum of the
        absolute differences), 0 to 1.
    :param incomplete: Periods in which a stratum is missing.
    """

    values: Floats
    low: Floats
    high: Floats
    weights: Floats
    mix_change: float
    incomplete: NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Trend:
    """A series over time.

    :param points: Periods in order, series by series.
    :param mix_change: Largest change of the mix, 0 to 1; None without strata.
    :param warnings: What must be said beside the series.
    """

    points: tuple[TrendPoint, ...]
    mix_change: float | None
    warnings: tuple[Caution, ...] = ()


def merge_periods(
    dates: Sequence[Any] | NDArray[Any],
    *,
    counted: NDArray[np.bool_] | None = None,
    floor: int = PERIOD_ROWS,
) -> Periods:
    """Put rows into months; a quarter with a month below the floor becomes one period.

    Months before the first and after the last date do not count as too small.

    :param dates: Dates, datetimes, NumPy datetimes or ISO strings; None where unknown.
    :param counted: Rows that make the periods and their counts (default: all). The others only fall
        into the period that their date lies in, if there is one.
    :raises InputError: A date cannot be read.
    """
    months = _months(dates)
    dated = ~np.isnat(months)
    making = dated if counted is None else dated & counted
    codes = np.full(len(months), -1, dtype=np.intp)
    if not making.any():
        return Periods((), codes, np.zeros(0, dtype=np.intp), ())
    numbers = months[making].astype(np.int64)
    first, last = int(numbers.min()), int(numbers.max())
    counts = np.bincount(numbers - first, minlength=last - first + 1)
    small = {(first + at) // 3 for at in np.flatnonzero(counts < floor)}
    key = {
        month: (month // 3 * 3, True) if month // 3 in small else (month, False)
        for month in range(first, last + 1)
        if counts[month - first]  # a gap in the data is no period
    }
    order = sorted(set(key.values()))
    place = {period: at for at, period in enumerate(order)}
    origin = first // 3 * 3
    lookup = np.full(last // 3 * 3 + 3 - origin, -1, dtype=np.intp)
    for (month, quarter), at in place.items():
        lookup[month - origin : month - origin + (3 if quarter else 1)] = at
    within = months[dated].astype(np.int64) - origin
    inside = (within >= 0) & (within < len(lookup))
    codes[dated] = np.where(inside, lookup[np.where(inside, within, 0)], -1)
    labels = tuple(_label(start, quarter) for start, quarter in order)
    merged = tuple(label for label, (_, quarter) in zip(labels, order, strict=True) if quarter)
    return Periods(labels, codes, np.bincount(codes[making], minlength=len(order)), merged)


def trend(
    dates: Sequence[Any] | NDArray[Any],
    values: ArrayLike,
    *,
    kind: Kind,
    versions: Sequence[str] | None = None,
    strata: Sequence[Any] | NDArray[Any] | None = None,
    floor: int = PERIOD_ROWS,
    level: float = 0.95,
) -> Trend:
    """Compute a series with its band: months, or quarters where months are too small.

    :param values: -1/0/+1 for "net", 0/1 for "share", numbers for "mean"; NaN where a row has none.
    :param versions: Model version of each row: another version is a new series.
    :param strata: Source and language of each row: `adjusted` then holds every period at the mix of
        its series (direct standardisation).
    :raises InputError: Columns differ in length, or a date cannot be read.
    """
    numbers = np.asarray(values, dtype=np.float64)
    for name, column in (("dates", dates), ("versions", versions), ("strata", strata)):
        if column is not None and len(column) != len(numbers):
            raise InputError(f"{name} has {len(column)} rows and the values {len(numbers)}.")
    months = _months(dates)
    usable = ~np.isnan(numbers)
    series = np.array([""] * len(numbers) if versions is None else [str(v) for v in versions])
    points: list[TrendPoint] = []
    notes: list[Caution] = []
    changes: list[float] = []
    for version in dict.fromkeys(series[usable].tolist()):
        rows = usable & (series == version)
        periods = merge_periods(months[rows], floor=floor)
        if periods.merged:
            notes.append(Caution("merged", floor=floor, names=", ".join(periods.merged)))
        own = numbers[rows]
        adjusted = None
        if strata is not None:
            parts = _strata(strata)[rows]
            unit = 1.0 if kind == "mean" else 100.0
            adjusted = standardise(own * unit, periods.codes, parts, level=level)
            changes.append(adjusted.mix_change)
            if len(adjusted.incomplete):
                lacking = ", ".join(periods.labels[at] for at in adjusted.incomplete)
                notes.append(Caution("mix_incomplete", names=lacking))
        points += _points(version, periods, own, kind, adjusted, level)
    change = max(changes) if changes else None
    if change:
        notes.append(Caution("mix_change", points=100 * change))
    return Trend(tuple(points), change, tuple(notes))


def p_chart(
    counts: ArrayLike,
    totals: ArrayLike,
    *,
    sigmas: float = 3.0,
    widened: bool = False,
    exact: bool = False,
) -> Chart:
    """Find periods whose share lies outside ``p +- 3 sqrt(p (1-p) / n_i)``, p over all periods.

    Shewhart 1931. With many rows a period the limits hold chance only and all is outside: the
    dispersion, mean moving range of the z scores over 1.128 (Laney 2002, Quality Engineering
    14:531-537), says so; values near 1 mean that chance explains the usual changes.

    :param counts: Cases in each period, in order of time.
    :param totals: Rows in each period, above 0.
    :param widened: Where there is such a caution, put the limits as many times as wide as the
        dispersion says (Laney's p'-chart): outside is then what is large beside the usual changes.
    :param exact: Where fewer than ten cases are expected in a period, more of them are outside only if
        the binomial distribution gives as many or more no larger chance than the normal one gives what
        lies above its limit, 0.00135 for three sigma: two cases of thirty are soon above the limit.
    :raises InputError: Counts that are no shares.
    """
    hits, sizes = np.asarray(counts, dtype=np.float64), np.asarray(totals, dtype=np.float64)
    if hits.shape != sizes.shape or hits.ndim != 1 or not len(hits):
        raise InputError("A p-chart needs a count and a total for each period, at least one.")
    if (sizes <= 0).any() or (hits < 0).any() or (hits > sizes).any():
        raise InputError("Counts go from 0 to the total of the period, and totals are above 0.")
    centre = float(hits.sum() / sizes.sum())
    error = np.sqrt(centre * (1 - centre) / sizes)
    chart = _chart(hits / sizes, centre, error, sigmas, widened, (0.0, 1.0))
    if exact:
        usual = _beyond(sigmas)
        for at in np.flatnonzero(chart.outside & (sizes * centre < _FEW_CASES)):
            if chart.values[at] > centre:
                chance = _at_least(int(hits[at]), int(sizes[at]), centre)
                chart.outside[at] = chance <= usual
    return chart


def mean_chart(
    values: ArrayLike,
    periods: NDArray[np.intp],
    *,
    scale: tuple[float, float] = (-np.inf, np.inf),
    sigmas: float = 3.0,
    widened: bool = False,
    exact: bool = False,
) -> Chart:
    """Find periods whose mean lies outside ``m +- 3 s / sqrt(n_i)``, m over all values.

    Shewhart 1931, the chart of means; s is the standard deviation within periods, pooled. Dispersion and
    caution as in `p_chart`.

    :param values: n numbers, no NaN.
    :param periods: Period of each, numbered in order of time from 0; none is empty.
    :param scale: Ends that no value goes beyond, and so no limit.
    :param widened: As for `p_chart`.
    :param exact: A period is outside only if as many values drawn from all (with replacement, 20,000
        times, always the same draws) have so extreme a mean no oftener than the normal distribution
        has what lies beyond its limit. Where nearly all give five stars, three ones of thirty are soon
        beyond it.
    :raises InputError: Not one period for each value, an empty one, or a NaN.
    """
    numbers, codes = np.asarray(values, dtype=np.float64), np.asarray(periods)
    if numbers.shape != codes.shape or numbers.ndim != 1 or not len(numbers):
        raise InputError("A chart of means needs a period for each value, and at least one value.")
    if np.isnan(numbers).any() or codes.min() < 0:
        raise InputError("A chart of means takes numbers, and periods counted from 0.")
    sizes = np.bincount(codes)
    if not sizes.all():
        raise InputError("Every period of a chart of means has a value.")
    means = np.bincount(codes, numbers) / sizes
    within = float(((numbers - means[codes]) ** 2).sum()) / max(len(numbers) - len(sizes), 1)
    error = sqrt(within) / np.sqrt(sizes)
    chart = _chart(means, float(numbers.mean()), error, sigmas, widened, scale)
    if exact and chart.outside.any():
        usual = _beyond(sigmas)
        for at in np.flatnonzero(chart.outside):
            chart.outside[at] = _as_extreme(numbers, int(sizes[at]), float(means[at])) <= usual
    return chart


def _chart(
    values: Floats,
    centre: float,
    error: Floats,
    sigmas: float,
    widened: bool,
    ends: tuple[float, float],
) -> Chart:
    """Return the chart of values with their standard errors.

    :param ends: What no limit goes beyond.
    """
    dispersion = 1.0
    if len(values) > 2 and error.all():
        z = (values - centre) / error
        dispersion = float(np.abs(np.diff(z)).mean() / _MOVING_RANGE)
    notes: tuple[Caution, ...] = ()
    if dispersion > _OVERDISPERSED:
        notes = (Caution("overdispersed", factor=dispersion),)
        if widened:
            error = error * dispersion
    low = np.maximum(ends[0], centre - sigmas * error)
    high = np.minimum(ends[1], centre + sigmas * error)
    least = 1e-9 * max(1.0, abs(centre))  # what adding up many numbers may be off by
    outside = (values < low - least) | (values > high + least)
    return Chart(values, centre, low, high, outside, dispersion, notes)


def _beyond(sigmas: float) -> float:
    """Return how often a normal value lies further than that above its mean."""
    return erfc(sigmas / sqrt(2)) / 2


def _as_extreme(values: Floats, size: int, mean: float) -> float:
    """Return how often so many values drawn from all have a mean as far to that side of theirs."""
    levels, counts = np.unique(values, return_counts=True)
    drawn = np.random.default_rng(0).multinomial(size, counts / len(values), _DRAWS) @ levels / size
    return float(np.mean(drawn <= mean if mean < values.mean() else drawn >= mean))


def _at_least(count: int, total: int, share: float) -> float:
    """Return the binomial probability of at least so many cases; `share` lies between 0 and 1."""
    below = [
        exp(
            lgamma(total + 1) - lgamma(k + 1) - lgamma(total - k + 1)
            + k * log(share) + (total - k) * log1p(-share)
        )
        for k in range(count)
    ]  # fmt: skip
    return 1.0 - fsum(below)


def standardise(
    values: ArrayLike,
    periods: NDArray[np.intp],
    strata: Sequence[Any] | NDArray[Any],
    *,
    level: float = 0.95,
) -> Standardised:
    """Put every period at the mix of all rows: ``sum_s w_s mean(values | s, period)``.

    Direct standardisation: w_s is the share of stratum s over all dated rows. Where a period lacks
    a stratum the others are reweighted, and it is listed. ``var = sum w_s2 s2_s / n_s`` with the
    variance of the stratum over all periods, which is steadier than that of a small cell.

    :param values: n numbers, no NaN.
    :param periods: Period number of each row, -1 for rows without a date.
    :param strata: Stratum of each row.
    """
    numbers = np.asarray(values, dtype=np.float64)
    dated = periods >= 0
    levels, codes = np.unique(_strata(strata)[dated], return_inverse=True)
    count = int(periods.max()) + 1 if dated.any() else 0
    cells = np.zeros((count, len(levels)))
    sums = np.zeros_like(cells)
    np.add.at(cells, (periods[dated], codes), 1)
    np.add.at(sums, (periods[dated], codes), numbers[dated])
    weights = cells.sum(axis=0) / max(cells.sum(), 1)
    own = numbers[dated]
    spread = np.array(
        [own[codes == s].var(ddof=1) if (codes == s).sum() > 1 else 0.0 for s in range(len(levels))]
    )
    present = cells > 0
    used = np.where(present, weights, 0.0)
    total = used.sum(axis=1, keepdims=True)
    used = np.divide(used, total, out=np.zeros_like(used), where=total > 0)
    means = np.divide(sums, cells, out=np.zeros_like(sums), where=present)
    inverse = np.divide(1.0, cells, out=np.zeros_like(cells), where=present)
    result = np.where(total[:, 0] > 0, (used * means).sum(axis=1), np.nan)
    half = normal_quantile(level) * np.sqrt((used**2 * spread * inverse).sum(axis=1))
    mix = cells / np.maximum(cells.sum(axis=1, keepdims=True), 1)
    change = float(np.abs(mix - weights).sum(axis=1).max(initial=0.0) / 2)
    lacking = np.flatnonzero(~present.all(axis=1))
    return Standardised(result, result - half, result + half, weights, change, lacking)


def _strata(strata: Sequence[Any] | NDArray[Any]) -> NDArray[Any]:
    """Return strata as an array: whole numbers as they are, anything else as text."""
    if isinstance(strata, np.ndarray) and strata.dtype.kind in "iuU":
        return strata
    return np.array(["" if is_missing(part) else str(part) for part in strata])


def _points(
    version: str,
    periods: Periods,
    values: Floats,
    kind: Kind,
    adjusted: Standardised | None,
    level: float,
) -> list[TrendPoint]:
    points = []
    for at, label in enumerate(periods.labels):
        own = values[periods.codes == at]
        value, low, high = estimate(own, kind, level=level)
        extra: tuple[float | None, float | None, float | None] = (None, None, None)
        if adjusted is not None:
            extra = (
                float(adjusted.values[at]),
                float(adjusted.low[at]),
                float(adjusted.high[at]),
            )
        points.append(
            TrendPoint(label, version, value, low, high, len(own), standing(len(own)), *extra)
        )
    return points


def _months(dates: Sequence[Any] | NDArray[Any]) -> NDArray[np.datetime64]:
    if hasattr(dates, "to_numpy"):
        dates = dates.to_numpy()
    array = np.asarray(dates)
    if array.dtype.kind == "M":
        return array.astype("datetime64[M]")
    try:
        cleaned = [None if is_missing(date) else date for date in array.ravel().tolist()]
        return np.array(cleaned, dtype="datetime64[us]").astype("datetime64[M]")
    except (ValueError, TypeError) as error:
        raise InputError(f"A date cannot be read ({error}); pass dates or ISO texts.") from None


def _label(start: int, quarter: bool) -> str:
    year, month = 1970 + start // 12, start % 12
    return f"{year:04d}-Q{month // 3 + 1}" if quarter else f"{year:04d}-{month + 1:02d}"
