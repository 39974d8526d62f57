"""Penalty and reward: whether a driver hurts more when it fails than it helps when it shines."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sentiment.drivers.blocks import (
    RESAMPLES,
    coefficients,
    cross_products,
    percentiles,
    sweep_first,
)
from sentiment.drivers.cautions import Caution
from sentiment.drivers.design import Columns, Design, read_columns, read_design
from sentiment.drivers.floors import PENALTY_REWARD_ROWS
from sentiment.drivers.regression import check_design, fit
from sentiment.errors import InputError

__all__ = [
    "BASIC_BELOW",
    "EXCITEMENT_ABOVE",
    "KanoType",
    "PenaltyReward",
    "pair_design",
    "penalty_reward",
]

Floats = NDArray[np.float64]
KanoType = Literal["basic", "performance", "excitement", "not determined"]

# Papers cut elsewhere too, which is why a type is called only when the whole interval agrees.
BASIC_BELOW = -0.4
EXCITEMENT_ABOVE = 0.4

# A mean within this part of the scale of one end leaves one of the two effects no room.
_NEAR_END = 0.15


@dataclass(frozen=True, slots=True, eq=False)
class PenaltyReward:
    """Penalty, reward and type of each driver; NaN where not estimable.

    :param names: Drivers.
    :param values: Impact asymmetry IA, -1 (only hurts) to 1 (only helps); NaN when the reward is
        not positive or the penalty not negative.
    :param low: Lower ends of its bootstrap intervals.
    :param high: Upper ends.
    :param r2: Of the regression with both columns of every driver, 0 to 1.
    :param penalty: Coefficient of a negative mention, in units of the outcome.
    :param penalty_low: Lower ends (HC3).
    :param penalty_high: Upper ends.
    :param reward: Coefficient of a positive mention.
    :param reward_low: Lower ends (HC3).
    :param reward_high: Upper ends.
    :param range: ``reward - penalty``: the span that the driver can move.
    :param types: "basic" 基本型, "performance" 期望型, "excitement" 魅力型 or "not determined".
    :param n: Complete rows.
    :param resamples: How many resamples the intervals of IA rest on.
    :param warnings: What must be said beside the figures.
    """

    names: tuple[str, ...]
    values: Floats
    low: Floats
    high: Floats
    r2: float
    penalty: Floats
    penalty_low: Floats
    penalty_high: Floats
    reward: Floats
    reward_low: Floats
    reward_high: Floats
    range: Floats
    types: tuple[KanoType, ...]
    n: int
    resamples: int
    warnings: tuple[Caution, ...] = ()


def pair_design(
    negative: Columns,
    positive: Columns,
    y: ArrayLike,
    *,
    names: Sequence[str] | None = None,
    controls: Columns | None = None,
    clusters: Sequence[Any] | NDArray[Any] | None = None,
) -> Design:
    """Read two columns a driver: all negative ones first, then all positive ones.

    Columns of different frames pair by place: "price_neg" and "price_pos" are the driver "price".

    :return: A design in which each driver is a group of its two columns.
    :raises InputError: The two matrices do not hold the same drivers and rows.
    """
    found, minus = read_columns(negative, names)
    others, plus = read_columns(positive, names)
    if minus.shape == plus.shape and not set(found) & set(others):
        found = others = _common(found, others)
    if minus.shape != plus.shape or found != others:
        raise InputError(
            f"Negative mentions ({minus.shape[0]} by {minus.shape[1]}) and positive ones "
            f"({plus.shape[0]} by {plus.shape[1]}) must hold the same drivers in the same order."
        )
    return read_design(
        np.hstack([minus, plus]),
        y,
        names=[*(f"{name} -" for name in found), *(f"{name} +" for name in found)],
        groups=[*found, *found],
        controls=controls,
        clusters=clusters,
    )


def _beginning(one: str, two: str) -> str:
    same = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(one, two, strict=False))
    return "".join(letter for letter, _ in same).rstrip(" _-.:(")


def _common(negative: tuple[str, ...], positive: tuple[str, ...]) -> tuple[str, ...]:
    """Return what the two columns of each driver are called together; else the negative's name."""
    shared = tuple(_beginning(*pair) for pair in zip(negative, positive, strict=True))
    return shared if all(shared) and len(set(shared)) == len(shared) else negative


def penalty_reward(
    negative: Columns,
    positive: Columns,
    y: ArrayLike,
    *,
    names: Sequence[str] | None = None,
    controls: Columns | None = None,
    bootstrap: int = RESAMPLES,
    clusters: Sequence[Any] | NDArray[Any] | None = None,
    seed: int = 0,
    level: float = 0.95,
) -> PenaltyReward:
    """Penalty b- and reward b+ of every driver from one least-squares model with two columns each.

    ``IA = (b+ - |b-|) / (b+ + |b-|)``. Below -0.4 basic (must-be), to 0.4 performance, above
    excitement; called only when the whole bootstrap interval of IA lies on one side of the cuts,
    and never when b+ <= 0 or b- >= 0. A resample in which one effect has the wrong sign counts that
    effect as 0, so IA is -1 or 1 there. Support for the asymmetry: Mittal, Ross, Baldasare 1998,
    J. Marketing 62(1):33-47. Stars near their top feign basic types: see the warnings, and check
    with `ordinal_logit`.

    :param negative: 1 where the driver is mentioned negatively: n by k, or n for one driver.
    :param positive: 1 where it is mentioned positively; the same shape.
    :param y: Outcome, n numbers.
    :param controls: Always in the model, not reported.
    :param bootstrap: Resamples of blocks of customers.
    :param clusters: Customer of each row.
    :raises InputError: Shapes differ, or no resamples.
    """
    if bootstrap < 1:
        raise InputError("A type needs the interval of IA: bootstrap must be at least 1.")
    design = pair_design(negative, positive, y, names=names, controls=controls, clusters=clusters)
    drivers = len(design.groups)
    cross = cross_products(design, seed, blocks=True)
    checked = check_design(design, cross)
    model = fit(design, cross, checked, level=level)
    penalty, reward = model.values[:drivers], model.values[drivers:]
    value = np.where((penalty < 0) & (reward > 0), _asymmetry(penalty, reward), np.nan)
    low, high = np.full(drivers, np.nan), np.full(drivers, np.nan)
    if not checked.constant:
        draws = np.vstack(
            [
                coefficients(*sweep_first(products, cross))
                for products in cross.resample(bootstrap, seed)
            ]
        )
        low, high = percentiles(_asymmetry(draws[:, :drivers], draws[:, drivers:]), level)
    return PenaltyReward(
        names=design.groups,
        values=value,
        low=np.where(np.isnan(value), np.nan, low),
        high=np.where(np.isnan(value), np.nan, high),
        r2=model.r2,
        penalty=penalty,
        penalty_low=model.low[:drivers],
        penalty_high=model.high[:drivers],
        reward=reward,
        reward_low=model.low[drivers:],
        reward_high=model.high[drivers:],
        range=reward - penalty,
        types=tuple(_type(*ends) for ends in zip(value, low, high, strict=True)),
        n=design.n,
        resamples=bootstrap,
        warnings=model.warnings + _room(design),
    )


def _asymmetry(penalty: Floats, reward: Floats) -> Floats:
    hurt, help_ = np.maximum(-penalty, 0.0), np.maximum(reward, 0.0)
    total = hurt + help_
    result: Floats = np.divide(help_ - hurt, total, out=np.zeros_like(total), where=total > 0)
    return result


def _type(value: float, low: float, high: float) -> KanoType:
    if np.isnan(value) or np.isnan(low):
        return "not determined"
    if high < BASIC_BELOW:
        return "basic"
    if low > EXCITEMENT_ABOVE:
        return "excitement"
    return "performance" if low >= BASIC_BELOW and high <= EXCITEMENT_ABOVE else "not determined"


def _room(design: Design) -> tuple[Caution, ...]:
    """Say when there are too few rows, or when the outcome leaves one effect no room."""
    notes: tuple[Caution, ...] = ()
    if design.n < PENALTY_REWARD_ROWS:
        notes += (Caution("penalty_reward_few_rows", n=design.n, floor=PENALTY_REWARD_ROWS),)
    if not design.n:
        return notes
    least, most = float(design.outcome.min()), float(design.outcome.max())
    mean, room = float(design.outcome.mean()), _NEAR_END * (most - least)
    if most > least and mean > most - room:
        notes += (Caution("ceiling", mean=mean, maximum=most),)
    if most > least and mean < least + room:
        notes += (Caution("floor_effect", mean=mean, minimum=least),)
    return notes
