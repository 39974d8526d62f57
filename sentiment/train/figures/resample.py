"""How sure a figure is: the percentile bootstrap over rows, near-duplicates drawn together.

A figure is a sum over rows divided by another (`measure.row_ratios`), so that it can be had for any
resample (Efron and Tibshirani 1993).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Interval", "group_sums", "ratio_interval"]

_DRAWS = 2000
_INTERVAL = (2.5, 97.5)


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its 95% interval; all None where there is nothing to divide by."""

    value: float | None
    low: float | None
    high: float | None


def ratio_interval(
    ratios: NDArray[np.float64], groups: Sequence[str], *, draws: int = _DRAWS, seed: int = 0
) -> Interval:
    """Return the sum of the first column over that of the second, and how it varies with the rows.

    :param ratios: Shape (rows, 2).
    :param groups: Of each row; rows of one group are drawn together.
    """
    sums = group_sums(ratios, groups)
    right, total = sums.sum(axis=0) if len(sums) else (0.0, 0.0)
    if not total:
        return Interval(None, None, None)
    often = np.random.default_rng(seed).multinomial(
        len(sums), np.full(len(sums), 1 / len(sums)), size=draws
    )
    drawn = often @ sums
    drawn = drawn[drawn[:, 1] > 0]
    low, high = np.percentile(drawn[:, 0] / drawn[:, 1], _INTERVAL)
    return Interval(float(right / total), float(low), float(high))


def group_sums(ratios: NDArray[np.float64], groups: Sequence[str]) -> NDArray[np.float64]:
    """Return the sums over the rows of each group, in the order in which the groups appear.

    :param ratios: Shape (rows, ...); the result (groups, ...).
    """
    places = {group: at for at, group in enumerate(dict.fromkeys(groups))}
    sums = np.zeros((len(places), *ratios.shape[1:]))
    np.add.at(sums, [places[group] for group in groups], ratios)
    return sums
