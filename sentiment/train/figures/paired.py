"""Whether one model is better than another on the same rows: the paired bootstrap.

Rows are drawn with replacement, near-duplicates together, and both models are measured on each
draw (Efron and Tibshirani 1993; for systems of language processing Koehn 2004). What varies with
the rows that happened to be labelled varies for both alike, so that the difference is told more
sharply than by two intervals side by side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sentiment.records import Analysis
from sentiment.train.data.examples import Example
from sentiment.train.figures.measure import RATIOS, row_ratios
from sentiment.train.figures.resample import group_sums

__all__ = ["Difference", "differences", "ratio_differences"]

_DRAWS = 2000
_INTERVAL = (2.5, 97.5)
_LOWER_IS_BETTER = frozenset({"flips"})


@dataclass(frozen=True, slots=True)
class Difference:
    """How far a figure of one model lies from that of another, with a 95% interval.

    :param figure: One of `measure.RATIOS`.
    :param value: The second model's figure less the first one's; None where nothing is labelled.
    """

    figure: str
    first: float | None
    second: float | None
    value: float | None
    low: float | None
    high: float | None

    @property
    def verdict(self) -> str:
        """Whether the second model is "better", "worse", or it is "open" which one is."""
        if self.low is None or self.high is None or self.low <= 0 <= self.high:
            return "open"
        return "better" if (self.low > 0) != (self.figure in _LOWER_IS_BETTER) else "worse"


def differences(
    examples: Sequence[Example],
    first: Sequence[Analysis],
    second: Sequence[Analysis],
    *,
    draws: int = _DRAWS,
    seed: int = 0,
) -> tuple[Difference, ...]:
    """Compare two models on the same labelled rows, figure by figure.

    :param first: Analyses of the examples' texts, in their order; `second` likewise.
    """
    return ratio_differences(
        row_ratios(examples, first),
        row_ratios(examples, second),
        [example.group for example in examples],
        draws=draws,
        seed=seed,
    )


def ratio_differences(
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    groups: Sequence[str],
    *,
    draws: int = _DRAWS,
    seed: int = 0,
) -> tuple[Difference, ...]:
    """Compare two sets of figures that were had from the same rows, each in its own way.

    :param first: What every row adds, as `measure.row_ratios`; `second` likewise.
    :param groups: Of each row; rows of one group are drawn together.
    """
    sums = np.stack([group_sums(ratios, groups) for ratios in (first, second)])
    whole = _ratios(sums.sum(axis=1))
    chance = np.random.default_rng(seed)
    drawn = np.empty((draws, len(RATIOS)))
    places = sums.shape[1]
    for at in range(draws):
        often = np.bincount(chance.integers(places, size=places), minlength=places)
        ratios = _ratios(np.einsum("g,mgfs->mfs", often, sums))
        drawn[at] = ratios[1] - ratios[0]
    return tuple(
        _difference(name, whole[0, at], whole[1, at], drawn[:, at])
        for at, name in enumerate(RATIOS)
    )


def _ratios(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the figures of sums (..., figures, 2); NaN where nothing is labelled."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(sums[..., 0] / sums[..., 1])


def _difference(
    name: str, first: float, second: float, drawn: NDArray[np.float64]
) -> Difference:  # fmt: skip
    known = drawn[np.isfinite(drawn)]
    if not len(known) or not np.isfinite(second - first):
        return Difference(name, _or_none(first), _or_none(second), None, None, None)
    low, high = (float(end) for end in np.percentile(known, _INTERVAL))
    return Difference(name, float(first), float(second), float(second - first), low, high)


def _or_none(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
