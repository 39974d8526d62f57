"""The importance-performance quadrant: what to fix first, and where the data do not say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from sentiment.drivers.cautions import Caution
from sentiment.drivers.contributions import Importance
from sentiment.drivers.measures import Measure
from sentiment.errors import InputError

__all__ = ["Point", "Quadrant", "QuadrantName", "quadrant"]

QuadrantName = Literal["fix_first", "keep_up", "maintain", "low_priority", "undecided"]

_ABOUT_RANKS = frozenset({"low_r2", "chance_r2", "few_rows"})


@dataclass(frozen=True, slots=True)
class Point:
    """One driver in the picture.

    :param name: Driver.
    :param importance: Percent of R2, with its interval (None without a bootstrap).
    :param performance: 0 to 100, with its interval.
    :param n: Mentions.
    :param nearest: The quadrant in which the point itself lies.
    :param quadrant: The same, or "undecided" when an interval crosses a cut: drawn hollow.
    """

    name: str
    importance: float
    importance_low: float | None
    importance_high: float | None
    performance: float
    performance_low: float
    performance_high: float
    n: int
    nearest: QuadrantName
    quadrant: QuadrantName


@dataclass(frozen=True, slots=True)
class Quadrant:
    """Points and the two cuts, which must be printed: every quadrant is relative to them.

    :param points: Drivers with an importance and a performance, most important first.
    :param importance_cut: Percent of R2.
    :param performance_cut: 0 to 100.
    :param target: True when the performance cut is the user's target.
    :param warnings: What must be said beside the picture.
    """

    points: tuple[Point, ...]
    importance_cut: float
    performance_cut: float
    target: bool
    warnings: tuple[Caution, ...] = ()


def quadrant(
    importance: Importance,
    performances: Mapping[str, Measure],
    *,
    target: float | None = None,
) -> Quadrant:
    """Place every driver by importance (x) and performance (y).

    After Martilla & James 1977, J. Marketing 41(1):77-79.
    Cuts: mean importance (100/p percent) and the mean performance weighted by mentions, or the
    user's target. fix_first: important and weak; keep_up: important and strong; maintain: strong,
    less important; low_priority: neither. A point whose interval crosses a cut, or that has no
    interval, is "undecided".

    :param importance: From `importance.lmg`, with a bootstrap.
    :param performances: `measures.performance` of the same drivers.
    :raises InputError: No driver has both.
    """
    shared = [
        (at, name, performances[name])
        for at, name in enumerate(importance.names)
        if name in performances and performances[name].value is not None
    ]
    if not shared or not np.isfinite(importance.r2):
        raise InputError("No driver has both an importance and a performance: no quadrant.")
    x_cut = 100 / len(importance.names)
    y_cut = target
    if y_cut is None:
        weights = [measure.n for _, _, measure in shared]
        y_cut = float(np.average([measure.value or 0.0 for *_, measure in shared], weights=weights))
    points = [_point(importance, at, name, own, x_cut, y_cut) for at, name, own in shared]
    points.sort(key=lambda point: -point.importance)
    notes = tuple(note for note in importance.warnings if note.code in _ABOUT_RANKS)
    if importance.shares_low is None:
        notes += (Caution("no_interval", names=", ".join(point.name for point in points)),)
    return Quadrant(tuple(points), x_cut, y_cut, target is not None, notes)


def _point(
    importance: Importance, at: int, name: str, own: Measure, x_cut: float, y_cut: float
) -> Point:
    share = float(importance.shares[at])
    low = high = None
    if importance.shares_low is not None and importance.shares_high is not None:
        low, high = float(importance.shares_low[at]), float(importance.shares_high[at])
    value, bottom, top = own.value or 0.0, own.low or 0.0, own.high or 0.0
    nearest = _quadrant_of(share >= x_cut, value >= y_cut)
    crossed = low is None or high is None or low < x_cut < high or bottom < y_cut < top
    return Point(
        name=name,
        importance=share,
        importance_low=low,
        importance_high=high,
        performance=value,
        performance_low=bottom,
        performance_high=top,
        n=own.n,
        nearest=nearest,
        quadrant="undecided" if crossed else nearest,
    )


def _quadrant_of(important: bool, strong: bool) -> QuadrantName:
    if important:
        return "keep_up" if strong else "fix_first"
    return "maintain" if strong else "low_priority"
