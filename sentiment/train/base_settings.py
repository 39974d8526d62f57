"""What calibration chooses for the base model, from logits of rows that it was not trained on.

Temperature for the overall sentiment, slope and shift for the findings, and the thresholds. Few
numbers, because they are chosen on a few thousand rows and must hold on others: one threshold for
praise and blame of drivers, one for neutral judgements, one for tags.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.records import POLARITIES

__all__ = ["Held", "fit_sigmoid", "fit_temperature", "settle"]

Floats = NDArray[np.floating[Any]]

_NEUTRAL = POLARITIES.index("neutral")
_GRID = np.round(np.arange(0.15, 0.86, 0.025), 3)


@dataclass(frozen=True)
class Held:
    """Logits of rows out of fold, and what is labelled about them; R rows, N drivers and tags.

    :param overall: Logits, (R, 4).
    :param sentiments: Index of the labelled sentiment, (R,).
    :param findings: Logits, (R, N, 3).
    :param judged: 1 judged so, 0 not, (R, N, 3).
    """

    overall: Floats
    sentiments: NDArray[np.int64]
    findings: Floats
    judged: Floats


def settle(held: Held, topic_of: Sequence[int]) -> dict[str, object]:
    """Return the fields of config.json that `model.transformer.Settings` reads.

    :param topic_of: Topic of each driver; the names after the last driver are tags.
    """
    slope, shift = fit_sigmoid(held.findings.ravel(), held.judged.ravel())
    probabilities = 1.0 / (1.0 + np.exp(-(held.findings * slope + shift)))
    drivers = len(topic_of)
    judged = held.judged == 1
    clear, neutral = _driver_thresholds(probabilities[:, :drivers], judged[:, :drivers], topic_of)
    tag = _best(probabilities[:, drivers:], judged[:, drivers:])
    thresholds = np.full(held.findings.shape[1:], clear)
    thresholds[:drivers, _NEUTRAL] = neutral
    thresholds[drivers:] = tag
    return {
        "temperature": round(fit_temperature(held.overall, held.sentiments), 4),
        "slope": round(slope, 4),
        "shift": round(shift, 4),
        "thresholds": thresholds.tolist(),
    }


def fit_temperature(logits: Floats, labels: NDArray[np.int64]) -> float:
    """Return the number that logits are divided by for the smallest log loss (Guo et al. 2017)."""

    def loss(log_temperature: float) -> float:
        scaled = logits / np.exp(log_temperature)
        scaled = scaled - scaled.max(1, keepdims=True)
        chosen = scaled[np.arange(len(labels)), labels]
        return float((np.log(np.exp(scaled).sum(1)) - chosen).mean())

    low, high = -2.0, 2.0  # the loss has one minimum, which thirds close in on
    for _ in range(40):
        third = (high - low) / 3
        if loss(low + third) < loss(high - third):
            high -= third
        else:
            low += third
    return float(np.exp((low + high) / 2))


def fit_sigmoid(logits: Floats, targets: Floats) -> tuple[float, float]:
    """Return (slope, shift) for which sigmoid(slope * logit + shift) fits best (Platt 1999).

    Newton's method on the log loss; NaN targets are left out.
    """
    known = ~np.isnan(targets)
    x = np.stack([logits[known].astype(np.float64), np.ones(int(known.sum()))], axis=1)
    y = targets[known].astype(np.float64)
    weights = np.array([1.0, 0.0])
    for _ in range(25):
        chance = 1.0 / (1.0 + np.exp(-np.clip(x @ weights, -30, 30)))
        gradient = x.T @ (chance - y)
        # A trace of ridge: without it, labels that the logits part cleanly have no finite fit.
        curvature = (x * (chance * (1 - chance))[:, None]).T @ x + 1e-3 * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        weights -= np.clip(step, -1.0, 1.0)
        if np.abs(step).max() < 1e-8:
            break
    return float(weights[0]), float(weights[1])


def _driver_thresholds(
    probabilities: Floats, judged: NDArray[np.bool_], topic_of: Sequence[int]
) -> tuple[float, float]:
    """Return thresholds (praise and blame, neutral) with the highest sum of driver and topic F1."""
    best, chosen = -1.0, (0.5, 0.5)
    membership = np.eye(max(topic_of) + 1)[list(topic_of)]  # (drivers, topics)
    gold_states = _states(judged, membership)
    for clear in _GRID.tolist():
        for neutral in _GRID.tolist():
            limits = np.full(len(POLARITIES), clear)
            limits[_NEUTRAL] = neutral
            said = probabilities >= limits
            score = _f1(said, judged) + _state_f1(_states(said, membership), gold_states)
            if score > best:
                best, chosen = score, (clear, neutral)
    return chosen


def _states(judged: NDArray[np.bool_], membership: Floats) -> NDArray[np.int64]:
    """Return the state of each topic as a number, 0 for absent, (R, topics); the records' rule."""
    by_topic = np.einsum("rnp,nt->rtp", judged.astype(np.float64), membership) > 0
    negative, neutral, positive = by_topic[..., 0], by_topic[..., 1], by_topic[..., 2]
    states: NDArray[np.int64] = 1 * negative + 2 * positive  # 3: both, mixed
    states[states == 0] = 4 * neutral[states == 0]
    return states


def _state_f1(said: NDArray[np.int64], gold: NDArray[np.int64]) -> float:
    right = ((said == gold) & (gold > 0)).sum()
    return float(2 * right / max(1, (said > 0).sum() + (gold > 0).sum()))


def _best(probabilities: Floats, judged: NDArray[np.bool_]) -> float:
    scores = [_f1(probabilities >= threshold, judged) for threshold in _GRID]
    return float(_GRID[int(np.argmax(scores))])


def _f1(said: NDArray[np.bool_], gold: NDArray[np.bool_]) -> float:
    return float(2 * (said & gold).sum() / max(1, said.sum() + gold.sum()))
