"""Moving the combination of a lite model towards rows: few weights, held by where they were."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sentiment.model.combination import (
    Combination,
    Labels,
    label_probabilities,
    overall_probabilities,
    state_probabilities,
)
from sentiment.model.heads import Scores
from sentiment.train.lessons import Lessons

__all__ = ["level_labels", "log_loss", "move_softmax"]

Floats = NDArray[np.float32]

# A feature that hardly varies on the rows gets no say beyond this.
_LEAST_SPREAD = 0.3
_STEPS = 25
_TOLERANCE = 1e-6
_LEAST = 1e-9


def move_softmax(
    features: Floats, classes: NDArray[np.int64], weights: Floats, anchor: float,
    row_weight: Floats,
) -> Floats:  # fmt: skip
    """Return softmax weights (classes, features + 1) near the given ones, the bias last.

    Minimises the weighted log loss of the rows plus ``anchor / 2`` times the squared change, with
    features in units of their spread on the rows, by Newton's method.

    :param features: Shape (rows, features); :param classes: shape (rows,).
    """
    if not len(features):
        return weights
    spread = np.append(np.maximum(features.std(0), _LEAST_SPREAD), 1.0)
    x = np.hstack([features, np.ones((len(features), 1))]) / spread
    start = weights.astype(np.float64) * spread
    change = np.zeros_like(start)
    told = np.eye(len(weights))[classes]
    a = row_weight.astype(np.float64)[:, None]

    def loss(of: NDArray[np.float64]) -> float:
        p = _softmax(x @ (start + of).T)[np.arange(len(x)), classes]
        return float(-(a[:, 0] * np.log(np.maximum(p, 1e-300))).sum() + anchor / 2 * (of**2).sum())

    reached = loss(change)
    for _ in range(_STEPS):
        p = _softmax(x @ (start + change).T)
        gradient = (a * (p - told)).T @ x + anchor * change
        # Of all pairs of weights in one product: each row's features times its probabilities.
        spread_out = (p[:, :, None] * x[:, None, :]).reshape(len(x), -1)
        flat = anchor * np.eye(change.size) - (a * spread_out).T @ spread_out
        for one in range(len(weights)):
            block = slice(one * x.shape[1], (one + 1) * x.shape[1])
            flat[block, block] += (x * (a * p[:, [one]])).T @ x
        step = np.linalg.solve(flat, gradient.ravel()).reshape(change.shape)
        # Far from the optimum a full step can overshoot; near it the first one is taken.
        for size in (1.0, 0.5, 0.25, 0.1, 0.01):
            tried = loss(change - size * step)
            if tried < reached:
                break
        else:
            break
        change -= size * step
        gain, reached = reached - tried, tried
        if gain < _TOLERANCE * len(x):
            break
    moved: Floats = ((start + change) / spread).astype(np.float32)
    return moved


def level_labels(scores: Floats, targets: Floats, anchor: float) -> Floats:
    """Return what to add to each label's score so that it occurs as often as on the rows.

    :param targets: 1, 0, or NaN where a row says nothing, shape (rows, labels).
    :param anchor: Held at none by this many rows' worth.
    """
    shift = np.zeros(scores.shape[1])
    known = ~np.isnan(targets)
    # Rows that only say what a label is not would push it down without end.
    told = np.flatnonzero((targets == 1).any(0))
    for _ in range(_STEPS):
        p = 1 / (1 + np.exp(-np.clip(scores + shift, -30, 30)))
        gradient = np.where(known, p - np.nan_to_num(targets), 0).sum(0) + shift * anchor
        curvature = np.where(known, p * (1 - p), 0).sum(0) + anchor
        shift[told] -= np.clip(gradient / curvature, -2, 2)[told]
    return shift.astype(np.float32)


def log_loss(
    scores: Scores, combination: Combination, labels: Labels, lessons: Lessons,
    which: NDArray[np.bool_],
) -> float:  # fmt: skip
    """Return the summed log loss of the states of topics, the sentiment, and the labels of drivers."""
    rows = len(lessons.overall)
    probabilities, _ = label_probabilities(scores, rows, combination, labels)
    states = state_probabilities(scores, probabilities, combination, labels)
    overall = overall_probabilities(scores, probabilities, combination, labels)
    total = _of_classes(states, lessons.states, which[:, None] & lessons.labelled_states)
    total += _of_classes(overall, lessons.overall, which & (lessons.overall >= 0))
    targets = lessons.row[:, : len(labels)]
    known = ~np.isnan(targets) & (which & lessons.judged)[:, None]
    p = np.clip(probabilities, _LEAST, 1 - 1e-7)
    each = np.where(np.nan_to_num(targets) > 0, -np.log(p), -np.log(1 - p))
    return total + float(each[known].sum())


def _of_classes(p: Floats, classes: NDArray[np.int64], known: NDArray[np.bool_]) -> float:
    chosen = np.take_along_axis(p, np.maximum(classes, 0)[..., None], -1)[..., 0]
    return float(-np.log(np.maximum(chosen[known], _LEAST)).sum())


def _softmax(values: NDArray[np.float64]) -> NDArray[np.float64]:
    shifted = np.exp(values - values.max(1, keepdims=True))
    result: NDArray[np.float64] = shifted / shifted.sum(1, keepdims=True)
    return result
