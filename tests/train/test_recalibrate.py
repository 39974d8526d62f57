"""Softmax weights near the old ones: against a solver that knows nothing of Newton's method."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize

from sentiment.train.retrain.recalibrate import level_labels, move_softmax


def problem(rows: int = 80) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    chance = np.random.default_rng(5)
    features = chance.normal(size=(rows, 3)).astype(np.float32) * [1, 4, 0.01]
    classes = chance.integers(4, size=rows)
    weights = chance.normal(size=(5, 4)).astype(np.float32)
    return features.astype(np.float32), classes, weights, chance.uniform(0.2, 1, rows)


def objective(
    flat: np.ndarray, features: np.ndarray, classes: np.ndarray, weights: np.ndarray,
    anchor: float, row_weight: np.ndarray,
) -> float:  # fmt: skip
    new = flat.reshape(weights.shape)
    scores = features @ new[:, :-1].T + new[:, -1]
    scores -= scores.max(1, keepdims=True)
    log = scores - np.log(np.exp(scores).sum(1, keepdims=True))
    loss = -(row_weight * log[np.arange(len(classes)), classes]).sum()
    change = (new - weights).astype(np.float64)
    level = change[:, -1] + change[:, :-1] @ features.mean(0)
    steep = (change[:, :-1] * np.maximum(features.std(0), 0.3)) ** 2
    return float(loss + anchor / 2 * (steep.sum() + 0.5 * (level**2).sum()))


def test_the_optimum_is_the_one_that_another_solver_finds() -> None:
    features, classes, weights, row_weight = problem()
    for anchor in (0.5, 10.0):
        found = move_softmax(features, classes, weights, anchor, row_weight.astype(np.float32))
        told = (features, classes, weights, anchor, row_weight)
        start = weights.astype(np.float64).ravel()
        theirs = minimize(objective, start, args=told, method="BFGS")
        ours = objective(found.astype(np.float64).ravel(), *told)
        assert ours <= theirs.fun + 1e-3
        np.testing.assert_allclose(found, theirs.x.reshape(weights.shape), atol=0.02)


def test_a_heavy_anchor_and_no_rows_leave_the_weights_alone() -> None:
    features, classes, weights, row_weight = problem()
    heavy = move_softmax(features, classes, weights, 1e6, row_weight.astype(np.float32))
    np.testing.assert_allclose(heavy, weights, atol=1e-3)
    nothing = move_softmax(features[:0], classes[:0], weights, 1.0, np.zeros(0, np.float32))
    assert nothing is weights


def test_labels_are_moved_to_how_often_they_occur_and_unseen_ones_stay() -> None:
    rows = 400
    scores = np.full((rows, 3), -3.0, dtype=np.float32)
    targets = np.zeros((rows, 3), dtype=np.float32)
    targets[:100, 0] = 1  # a quarter
    targets[:, 1] = np.nan  # not labelled
    shift = level_labels(scores, targets, anchor=0.01)
    assert abs(1 / (1 + np.exp(3 - shift[0])) - 0.25) < 0.01
    assert shift[1] == 0
    assert shift[2] == 0  # never seen: rows that say only "no" push nothing down
    assert abs(level_labels(scores, targets, anchor=1e5)[0]) < 0.01
