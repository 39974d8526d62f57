"""Moving what turns scores into findings towards rows: few weights, held by where they were."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sentiment.model.combination import (
    Combination,
    Labels,
    Thresholds,
    label_probabilities,
    overall_probabilities,
    state_probabilities,
)
from sentiment.model.heads import Scores
from sentiment.train.retrain.lessons import Lessons

__all__ = ["level_labels", "log_loss", "move_limits", "move_softmax"]

Floats = NDArray[np.float32]

# A feature that hardly varies on the rows gets no say beyond this.
_LEAST_SPREAD = 0.3
_OF_LEVEL = 0.5
_STEPS = 25
_TOLERANCE = 1e-6
_LEAST = 1e-9
# Thresholds of a topic that are tried, and what it costs to leave the old one: F1 of few rows is
# chance, and with 400 rows a change by a quarter must win two points of it.
_LIMITS = np.linspace(0.2, 0.85, 27)
_HELD = 120.0


def move_softmax(
    features: Floats,
    classes: NDArray[np.int64],
    weights: Floats,
    anchor: float,
    row_weight: Floats,
) -> Floats:
    """Return softmax weights (classes, features + 1) near the given ones, the bias last.

    Minimises the weighted log loss of the rows plus half the squared change, in units of a feature's
    spread on the rows and around its mean there, times ``anchor``; a class's level, at that mean, is
    held by half as much, because how often a class occurs differs most between one team's texts and
    another's. By Newton's method.

    :param features: Shape (rows, features); :param classes: shape (rows,).
    """
    if not len(features):
        return weights
    spread = np.maximum(features.std(0), _LEAST_SPREAD).astype(np.float64)
    mean = features.mean(0) / spread
    x = np.hstack([features / spread - mean, np.ones((len(features), 1))])
    start = features @ weights[:, :-1].T + weights[:, -1]
    held = np.full(weights.shape, anchor)
    held[:, -1] *= _OF_LEVEL
    change = np.zeros(weights.shape)
    told = np.eye(len(weights))[classes]
    a = row_weight.astype(np.float64)[:, None]

    def loss(of: NDArray[np.float64]) -> float:
        p = _softmax(start + x @ of.T)[np.arange(len(x)), classes]
        return float(-(a[:, 0] * np.log(np.maximum(p, 1e-300))).sum() + (held * of**2).sum() / 2)

    reached = loss(change)
    for _ in range(_STEPS):
        p = _softmax(start + x @ change.T)
        gradient = (a * (p - told)).T @ x + held * change
        # Of all pairs of weights in one product: each row's features times its probabilities.
        spread_out = (p[:, :, None] * x[:, None, :]).reshape(len(x), -1)
        curvature = np.diag(held.ravel()) - (a * spread_out).T @ spread_out
        for one in range(len(weights)):
            block = slice(one * x.shape[1], (one + 1) * x.shape[1])
            curvature[block, block] += (x * (a * p[:, [one]])).T @ x
        step = np.linalg.solve(curvature, gradient.ravel()).reshape(change.shape)
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
    change[:, -1] -= change[:, :-1] @ mean
    change[:, :-1] /= spread
    moved: Floats = (weights + change).astype(np.float32)
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


def move_limits(states: Floats, labelled: NDArray[np.int64], limits: Thresholds) -> Thresholds:
    """Return the thresholds, each topic's moved to where the F1 of its states is highest, or near.

    :param states: Probability of every state, shape (rows, topics, states).
    :param labelled: The labelled states, below 0 where there is none, shape (rows, topics).
    """
    moved = list(limits.state)
    for topic, old in enumerate(limits.state):
        known = labelled[:, topic] >= 0
        told, likely = labelled[known, topic], states[known, topic]
        if not (told > 0).any():
            continue
        found = likely[:, 0] < _LIMITS[:, None]  # (thresholds tried, rows)
        right = found & (told > 0) & (1 + likely[:, 1:].argmax(1) == told)
        f1 = 2 * right.sum(1) / (found.sum(1) + (told > 0).sum())
        price = _HELD / len(told) * (_LIMITS - old) ** 2
        moved[topic] = float(_LIMITS[(f1 - price).argmax()])
    return replace(limits, state=tuple(moved))


def log_loss(
    scores: Scores, combination: Combination, labels: Labels, lessons: Lessons
) -> NDArray[np.float64]:
    """Return each row's log loss: states of topics, sentiment, and drivers where they are labelled."""
    rows = len(lessons.overall)
    probabilities, _ = label_probabilities(scores, rows, combination, labels)
    states = state_probabilities(scores, probabilities, combination, labels)
    overall = overall_probabilities(scores, probabilities, combination, labels)
    total = _of_classes(states, lessons.states, lessons.labelled_states).sum(1)
    total += _of_classes(overall, lessons.overall, lessons.overall >= 0)
    targets = lessons.row[:, : len(labels)]
    known = ~np.isnan(targets) & lessons.judged[:, None]
    p = np.clip(probabilities, _LEAST, 1 - 1e-7)
    each = np.where(np.nan_to_num(targets) > 0, -np.log(p), -np.log(1 - p))
    return np.asarray(total + np.where(known, each, 0.0).sum(1))


def _of_classes(
    p: Floats, classes: NDArray[np.int64], known: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return the log loss of each class that is known, 0 for the others; the shape of `classes`."""
    chosen = np.take_along_axis(p, np.maximum(classes, 0)[..., None], -1)[..., 0]
    return np.where(known, -np.log(np.maximum(chosen.astype(np.float64), _LEAST)), 0.0)


def _softmax(values: NDArray[np.float64]) -> NDArray[np.float64]:
    shifted = np.exp(values - values.max(1, keepdims=True))
    result: NDArray[np.float64] = shifted / shifted.sum(1, keepdims=True)
    return result
