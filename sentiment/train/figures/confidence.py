"""Whether a model's confidence means what it says, and what is gained by keeping the surest rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sentiment.train.figures.measure import calibration_error

__all__ = ["Excess", "Kept", "accuracy_of_surest", "calibration_excess"]

_BINS = 10
_DRAWS = 1000
_CALIBRATED = 200
_INTERVAL = (2.5, 97.5)
_SHARES = (0.5, 0.7, 0.8, 0.9, 1.0)


@dataclass(frozen=True, slots=True)
class Excess:
    """The calibration error, beyond what a calibrated model shows on so many rows by chance.

    :param ece: Expected calibration error, ten bins of equal mass; `expected` by chance alone.
    :param value: Their difference, with a 95% interval.
    """

    rows: int
    ece: float
    expected: float
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Kept:
    """Of the surest rows: how many, the least confidence among them, how often they are right."""

    share: float
    rows: int
    least: float
    accuracy: float


def calibration_excess(
    confidence: NDArray[np.float64],
    right: NDArray[np.bool_],
    groups: Sequence[str],
    *,
    draws: int = _DRAWS,
    seed: int = 0,
) -> Excess:
    """Return how far confidence and accuracy lie apart, and how sure that is.

    The bootstrap draws groups of rows. A resample repeats rows, which makes any ECE larger; so what
    chance alone would show is had in the same way: outcomes of a calibrated model on the rows, drawn
    as often as the real ones. Without that the interval would lie too high.

    :param confidence: Shape (rows,), at least one; :param right: likewise; :param groups: of each row.
    """
    chance = np.random.default_rng(seed)
    calibrated = chance.random((_CALIBRATED, len(confidence))) < confidence
    outcomes = np.vstack([right, calibrated]).astype(float)
    members = [np.flatnonzero(np.array(groups) == group) for group in dict.fromkeys(groups)]
    drawn = np.empty(draws)
    for at in range(draws):
        picked = chance.integers(len(members), size=len(members))
        rows = np.concatenate([members[one] for one in picked])
        errors = _errors(confidence[rows], outcomes[:, rows])
        drawn[at] = errors[0] - errors[1:].mean()
    ece, expected = calibration_error(confidence, right, _BINS)
    low, high = np.percentile(drawn, _INTERVAL)
    return Excess(len(confidence), ece, expected, ece - expected, float(low), float(high))


def accuracy_of_surest(
    confidence: NDArray[np.float64], right: NDArray[np.bool_], shares: Sequence[float] = _SHARES
) -> tuple[Kept, ...]:
    """Return the accuracy of the surest rows, for each share of the rows that is kept."""
    order = np.argsort(-confidence, kind="stable")
    kept = []
    for share in shares:
        rows = order[: max(round(share * len(order)), 1)]
        kept.append(
            Kept(share, len(rows), float(confidence[rows].min()), float(right[rows].mean()))
        )
    return tuple(kept)


def _errors(
    confidence: NDArray[np.float64], outcomes: NDArray[np.float64]
) -> NDArray[np.float64]:  # fmt: skip
    """Return the ECE of several outcomes on the same rows, shape (outcomes,)."""
    order = np.argsort(confidence, kind="stable")
    gaps = outcomes[:, order] - confidence[order]
    sizes = [len(part) for part in np.array_split(order, _BINS) if len(part)]
    starts = np.cumsum([0, *sizes[:-1]])
    return np.asarray(np.abs(np.add.reduceat(gaps, starts, axis=1)).sum(axis=1) / len(order))
