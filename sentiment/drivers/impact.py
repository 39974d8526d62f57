"""How far a driver moves the overall score: impacts, the waterfall and what-if.

Leave-out impact counts volume, the difference does not, and the two are printed by name. The
outcome may be stars, a 0/1 satisfied column, or +1/0/-1 of an NPS with ``unit=100``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sentiment.drivers.asymmetry import pair_design
from sentiment.drivers.blocks import (
    RESAMPLES,
    CrossProducts,
    coefficients,
    cross_products,
    percentiles,
    sweep_first,
)
from sentiment.drivers.cautions import Caution
from sentiment.drivers.design import Columns, Design, Groups, read_columns, read_design
from sentiment.drivers.intervals import Interval, normal_quantile, wilson
from sentiment.drivers.regression import Checked, check_design, least_squares
from sentiment.errors import InputError

__all__ = [
    "Attributable",
    "Impact",
    "Waterfall",
    "WhatIf",
    "attributable_share",
    "difference",
    "leave_out",
    "waterfall",
    "what_if",
]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Impact:
    """Impact of each driver on the overall mean; NaN where a group of rows is empty.

    :param names: Drivers.
    :param values: Impact, in units of the outcome (times `unit`).
    :param low: Lower ends of the intervals.
    :param high: Upper ends.
    :param n: Complete rows.
    :param mean: Overall mean (times `unit`).
    :param mentions: Rows that mention each driver.
    :param method: Which of the two formulas, and how the interval was made.
    """

    names: tuple[str, ...]
    values: Floats
    low: Floats
    high: Floats
    n: int
    mean: float
    mentions: NDArray[np.int_]
    method: str


@dataclass(frozen=True, slots=True, eq=False)
class Waterfall:
    """Steps from the score of a review that mentions nothing to the mean: ``start + sum = end``.

    :param names: Drivers (groups).
    :param values: Step of each, in units of the outcome (times `unit`).
    :param low: Lower ends of the bootstrap intervals.
    :param high: Upper ends.
    :param r2: Of the model.
    :param start: Expected score of a review that mentions no driver.
    :param end: The mean score.
    :param n: Complete rows.
    :param warnings: What must be said beside the figures.
    """

    names: tuple[str, ...]
    values: Floats
    low: Floats
    high: Floats
    r2: float
    start: float
    end: float
    n: int
    warnings: tuple[Caution, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class WhatIf:
    """Change of the mean score if a part of each driver's negative mentions became neutral.

    One driver at a time: the changes must not be added up. Wording: "if the link holds".

    :param names: Drivers.
    :param values: Change of the mean, in units of the outcome (times `unit`).
    :param low: Lower ends of the joint bootstrap intervals.
    :param high: Upper ends.
    :param shares: Part of the negative mentions that becomes neutral, after the limit by segment.
    :param prevalence: Share of rows that mention each driver negatively, 0 to 1.
    :param coefficients: Penalty of a negative mention, in units of the outcome.
    :param n: Rows with an outcome: the base.
    :param warnings: Limits that were applied, and what else must be said.
    """

    names: tuple[str, ...]
    values: Floats
    low: Floats
    high: Floats
    shares: Floats
    prevalence: Floats
    coefficients: Floats
    n: int
    warnings: tuple[Caution, ...] = ()


@dataclass(frozen=True, slots=True)
class Attributable:
    """Share of low outcomes that mention each driver negatively: a ceiling, not a cause.

    :param names: Drivers.
    :param intervals: Share, 0 to 1, with Wilson interval; n is the number of low outcomes.
    """

    names: tuple[str, ...]
    intervals: tuple[Interval, ...]


def leave_out(
    mentions: Columns,
    y: ArrayLike,
    *,
    names: Sequence[str] | None = None,
    clusters: Sequence[Any] | NDArray[Any] | None = None,
    unit: float = 1.0,
    level: float = 0.95,
) -> Impact:
    """Leave-out impact: overall mean minus the mean of the rows that do not mention the driver.

    ``mean(y) - mean(y | no mention) = share * (mean(y | mention) - mean(y | no mention))``. Volume
    counts: the headline. The impacts of several drivers do not add up, since a review may mention
    two; for steps that do, see `waterfall`. Interval from the influence values of the two means
    (Hampel 1974, J. American Statistical Association 69:383-393), summed within customers.

    :param mentions: 1 where the driver is mentioned: n by k, or n for one driver.
    :param y: Outcome, n numbers; rows without one are left out.
    :param clusters: Customer of each row.
    :param unit: Points of one unit of the outcome: 100 for shares and for an NPS in +1/0/-1.
    """
    return _impact(mentions, y, names, clusters, unit, level, "leave-out")


def difference(
    mentions: Columns,
    y: ArrayLike,
    *,
    names: Sequence[str] | None = None,
    clusters: Sequence[Any] | NDArray[Any] | None = None,
    unit: float = 1.0,
    level: float = 0.95,
) -> Impact:
    """Difference impact: mean of the rows that mention the driver minus the overall mean.

    Volume does not count: the size of the effect where it occurs. Parameters as for `leave_out`.
    """
    return _impact(mentions, y, names, clusters, unit, level, "difference")


def waterfall(
    X: Columns,  # noqa: N803
    y: ArrayLike,
    groups: Groups | None = None,
    controls: Columns | None = None,
    bootstrap: int = RESAMPLES,
    clusters: Sequence[Any] | NDArray[Any] | None = None,
    seed: int = 0,
    *,
    names: Sequence[str] | None = None,
    unit: float = 1.0,
    level: float = 0.95,
) -> Waterfall:
    """Additive leave-out impacts: steps that end exactly at the mean score.

    Least squares with a constant passes through the means: ``mean(y) = start + sum b_j mean(x_j)``.
    The step of a driver, ``b_j mean(x_j)`` summed over its columns, is what the fitted mean loses
    when the driver is never mentioned and the rest stays: the leave-out impact of the model.
    `start` is the expected score of a review that mentions nothing, with controls at their means.

    Parameters as for `importance.lmg`; `unit` as for `leave_out`.
    """
    design = read_design(X, y, names=names, groups=groups, controls=controls, clusters=clusters)
    cross = cross_products(design, seed, blocks=True)
    checked = check_design(design, cross)
    players = len(design.groups)
    mean = float(design.outcome.mean()) * unit if design.n else np.nan
    if checked.constant:
        nothing = np.full(players, np.nan)
        return Waterfall(
            design.groups, nothing, nothing, nothing, np.nan, np.nan, mean, design.n,
            checked.warnings,
        )  # fmt: skip
    parts = _slopes(cross, checked) * design.means()
    values = np.array([parts[list(member)].sum() for member in design.members]) * unit
    draws = np.vstack(
        [_steps(cross, products, design) for products in cross.resample(bootstrap, seed)]
    )
    low, high = percentiles(draws * unit, level)
    return Waterfall(
        names=design.groups,
        values=values,
        low=low,
        high=high,
        r2=_explained(cross, checked),
        start=mean - float(values.sum()),
        end=mean,
        n=design.n,
        warnings=checked.warnings,
    )


def what_if(
    negative: Columns,
    positive: Columns,
    y: ArrayLike,
    *,
    share: float,
    names: Sequence[str] | None = None,
    controls: Columns | None = None,
    bootstrap: int = RESAMPLES,
    clusters: Sequence[Any] | NDArray[Any] | None = None,
    seed: int = 0,
    prevalence: Mapping[str, float] | None = None,
    best_segment: Mapping[str, float] | None = None,
    scale: tuple[float, float] | None = None,
    unit: float = 1.0,
    level: float = 0.95,
) -> WhatIf:
    """Move a share of each driver's negative mentions to neutral: ``-share * pi- * b-``.

    b- is the penalty from the two-column least-squares model of all drivers, so co-mentions are
    accounted for; pi- the share of rows with a negative mention. Both are resampled together.

    :param negative: 1 where mentioned negatively: n by k, or n for one driver.
    :param positive: 1 where mentioned positively; the same shape.
    :param y: Outcome. For NPS points pass +1/0/-1 and ``unit=100``; for CSAT points 0/1 and 100.
    :param share: Part of the negative mentions that becomes neutral, above 0 to 1.
    :param prevalence: pi- corrected for the classifier, by driver: it replaces the counted one, and
        resamples keep the same ratio to it.
    :param best_segment: pi- in the best segment, by driver: nothing below it is promised.
    :param scale: Ends of the outcome: the mean is not moved beyond them.
    :raises InputError: `share` is not above 0 and at most 1.
    """
    if not 0 < share <= 1:
        raise InputError(f"share={share} must lie above 0 and at most 1 (1 is all of them).")
    design = pair_design(negative, positive, y, names=names, controls=controls, clusters=clusters)
    drivers = len(design.groups)
    cross = cross_products(design, seed, blocks=True)
    checked = check_design(design, cross)
    notes = checked.warnings
    counted = design.means()[:drivers]
    used = _named(prevalence, design.groups, counted)
    shares, limited = _within_best(design.groups, used, share, best_segment)
    if limited:
        notes += (Caution("beyond_best_segment", names=", ".join(limited)),)
    if checked.constant:
        nothing = np.full(drivers, np.nan)
        return WhatIf(
            design.groups, nothing, nothing, nothing, shares, used, nothing, design.n, notes
        )
    ratio = np.divide(used, counted, out=np.ones(drivers), where=counted > 0)
    penalty = _slopes(cross, checked)[:drivers]
    draws = np.vstack(
        [
            coefficients(*sweep_first(products, cross))[:, :drivers]
            * _means(cross, products)[:, :drivers]
            for products in cross.resample(bootstrap, seed)
        ]
    )
    change = -shares * used * penalty
    low, high = percentiles(-draws * (shares * ratio), level)
    if scale is not None:
        room = np.array(scale) - design.outcome.mean()
        outside = (change < room[0]) | (change > room[1])
        if outside.any():
            bad = ", ".join(np.array(design.groups)[outside])
            notes += (Caution("outside_scale", minimum=scale[0], maximum=scale[1], names=bad),)
        change, low, high = (np.clip(each, *room) for each in (change, low, high))
    return WhatIf(
        names=design.groups,
        values=change * unit,
        low=low * unit,
        high=high * unit,
        shares=shares,
        prevalence=used,
        coefficients=penalty,
        n=design.n,
        warnings=notes,
    )


def attributable_share(
    negative: Columns,
    low_outcome: ArrayLike,
    *,
    names: Sequence[str] | None = None,
    level: float = 0.95,
) -> Attributable:
    """Share of the low outcomes that mention each driver negatively, with Wilson interval.

    The most that mending the driver could do to them; no causal name.

    :param negative: 1 where mentioned negatively: n by k, or n for one driver.
    :param low_outcome: True where the outcome is low (1-2 stars, detractors).
    """
    found, matrix = read_columns(negative, names)
    chosen = np.asarray(low_outcome, dtype=bool)
    if len(chosen) != len(matrix):
        raise InputError(
            f"{len(matrix)} rows of mentions and {len(chosen)} outcomes; pass the same."
        )
    n = int(chosen.sum())
    hits = (matrix[chosen] > 0).sum(axis=0)
    return Attributable(found, tuple(wilson(int(each), n, level=level) for each in hits))


def _impact(
    mentions: Columns,
    y: ArrayLike,
    names: Sequence[str] | None,
    clusters: Sequence[Any] | NDArray[Any] | None,
    unit: float,
    level: float,
    kind: Literal["leave-out", "difference"],
) -> Impact:
    design = read_design(mentions, y, names=names, clusters=clusters)
    n, drivers = design.n, len(design.names)
    values, errors = np.full(drivers, np.nan), np.full(drivers, np.nan)
    counts = np.zeros(drivers, dtype=int)
    mean = float(design.outcome.mean()) if n else np.nan
    for driver in range(drivers):
        mentioned = design.matrix[:, driver] > 0
        counts[driver] = mentioned.sum()
        group = ~mentioned if kind == "leave-out" else mentioned
        if not group.any():
            continue
        own = float(design.outcome[group].mean())
        sign = 1 if kind == "leave-out" else -1
        values[driver] = sign * (mean - own)
        influence = (design.outcome - mean) - group * (design.outcome - own) / group.mean()
        errors[driver] = _influence_error(influence, design)
    half = normal_quantile(level) * errors
    return Impact(
        names=design.names,
        values=values * unit,
        low=(values - half) * unit,
        high=(values + half) * unit,
        n=n,
        mean=mean * unit,
        mentions=counts,
        method=f"{kind}, influence values",
    )


def _influence_error(influence: Floats, design: Design) -> float:
    """Return the error of a statistic from its influence values, customers kept together."""
    if design.clusters is not None:
        sums: Floats = np.bincount(design.clusters, influence).astype(np.float64)
        influence = sums[np.bincount(design.clusters) > 0]
    count = len(influence)
    if count < 2:
        return np.nan
    return float(np.sqrt((influence**2).sum() * count / (count - 1))) / design.n


def _means(cross: CrossProducts, products: Floats) -> Floats:
    """Means of the driver columns in every resample, resamples by drivers."""
    means: Floats = products[0] / products[0, 0] + cross.means[:, None]
    return means[cross.before : -1].T


def _slopes(cross: CrossProducts, checked: Checked) -> Floats:
    """Least-squares coefficients of the drivers; 0 for a column that follows from others."""
    slopes = np.zeros(len(checked.usable))
    keep = np.flatnonzero(checked.usable)
    slopes[keep] = least_squares(cross, keep)[0]
    return slopes[cross.before :]


def _explained(cross: CrossProducts, checked: Checked) -> float:
    keep = np.flatnonzero(checked.usable)
    return float(least_squares(cross, keep)[0] @ cross.total[keep, -1] / cross.total[-1, -1])


def _steps(cross: CrossProducts, products: Floats, design: Design) -> Floats:
    """Waterfall steps in every resample, resamples by groups."""
    parts = coefficients(*sweep_first(products, cross)) * _means(cross, products)
    return np.column_stack([parts[:, list(member)].sum(axis=1) for member in design.members])


def _named(given: Mapping[str, float] | None, names: tuple[str, ...], otherwise: Floats) -> Floats:
    if given is None:
        return otherwise
    return np.array([given.get(name, otherwise[at]) for at, name in enumerate(names)])


def _within_best(
    names: tuple[str, ...], prevalence: Floats, share: float, best: Mapping[str, float] | None
) -> tuple[Floats, list[str]]:
    """Limit the share of each driver to what its best segment has already reached."""
    reached = _named(best, names, np.zeros(len(names)))
    most = np.ones(len(names))
    np.divide(prevalence - reached, prevalence, out=most, where=prevalence > 0)
    shares = np.minimum(share, np.maximum(most, 0.0))
    return shares, [name for name, own in zip(names, shares, strict=True) if own < share - 1e-12]
