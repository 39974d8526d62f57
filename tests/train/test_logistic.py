from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from scipy.sparse import random as random_sparse
from sklearn.linear_model import LogisticRegression

from sentiment.train.linear.logistic import fit_logistic

EXACT: dict[str, Any] = {"steps": 60, "tolerance": 1e-5}


def problem(rows: int = 300, features: int = 60, heads: int = 4) -> tuple[csr_matrix, np.ndarray]:
    chance = np.random.default_rng(3)
    matrix = csr_matrix(
        random_sparse(rows, features, density=0.15, rng=chance, dtype=np.float32), dtype=np.float32
    )
    truth = chance.normal(size=(features, heads)) * 3
    noisy = matrix @ truth + chance.logistic(size=(rows, heads)) - 0.5
    return matrix, (noisy > 0).astype(np.float32)


def by_sklearn(
    x: csr_matrix, y: np.ndarray, strength: float, weight: np.ndarray | None = None
) -> tuple[np.ndarray, float]:
    model = LogisticRegression(C=strength, solver="liblinear", tol=1e-6, max_iter=5000)
    model.fit(x, y, sample_weight=weight)
    return model.coef_[0], float(model.intercept_[0])


@pytest.mark.parametrize("strength", [0.1, 1.0, 8.0])
def test_liblinear_finds_the_same(strength: float) -> None:
    x, y = problem()
    w, b = fit_logistic(x, y, strength=strength, **EXACT)
    assert w.shape == (60, 4)
    assert b.shape == (4,)
    assert w.dtype == b.dtype == np.float32
    for head in range(4):
        expected, bias = by_sklearn(x, y[:, head], strength)
        np.testing.assert_allclose(w[:, head], expected, atol=2e-3)
        assert b[head] == pytest.approx(bias, abs=2e-3)


def test_the_usual_settings_come_close() -> None:
    x, y = problem()
    w, b = fit_logistic(x, y, strength=4.0)
    for head in range(4):
        expected, bias = by_sklearn(x, y[:, head], 4.0)
        ours, theirs = x @ w[:, head] + b[head], x @ expected + bias
        assert np.corrcoef(ours, theirs)[0, 1] > 0.9995
        assert np.abs(ours - theirs).max() < 0.1 * np.abs(theirs).max()


def test_weights_and_rows_that_say_nothing() -> None:
    x, y = problem()
    chance = np.random.default_rng(4)
    weight = chance.uniform(0.1, 2, len(y)).astype(np.float32)
    y[chance.random(y.shape) < 0.4] = np.nan
    w, b = fit_logistic(x, y, strength=2.0, weights=weight, **EXACT)
    for head in range(4):
        known = ~np.isnan(y[:, head])
        expected, bias = by_sklearn(x[known], y[known, head], 2.0, weight[known])
        np.testing.assert_allclose(w[:, head], expected, atol=2e-3)
        assert b[head] == pytest.approx(bias, abs=2e-3)


def test_heads_do_not_disturb_one_another() -> None:
    x, y = problem()
    together, bias = fit_logistic(x, y, strength=1.0, **EXACT)
    for head in range(4):
        alone, b = fit_logistic(x, y[:, [head]], strength=1.0, **EXACT)
        np.testing.assert_allclose(alone[:, 0], together[:, head], atol=1e-3)
        assert b[0] == pytest.approx(bias[head], abs=1e-3)


def test_a_row_of_weight_two_is_two_rows() -> None:
    x, y = problem(rows=80)
    weight = np.ones(80, dtype=np.float32)
    weight[:20] = 2
    twice = np.concatenate([np.arange(80), np.arange(20)])
    w, b = fit_logistic(x, y, strength=1.0, weights=weight, **EXACT)
    same, bias = fit_logistic(x[twice], y[twice], strength=1.0, **EXACT)
    np.testing.assert_allclose(w, same, atol=1e-3)
    np.testing.assert_allclose(b, bias, atol=1e-3)


def test_a_head_of_one_class_or_of_none() -> None:
    x, y = problem()
    y[:, 0], y[:, 1], y[:, 2] = 0, 1, np.nan
    w, b = fit_logistic(x, y, strength=1.0, **EXACT)
    assert np.isfinite(w).all()
    assert b[0] < -1
    assert b[1] > 1
    assert not w[:, 2].any()
    assert b[2] == 0


def test_without_rows_nothing_is_learnt() -> None:
    x, y = problem()
    w, b = fit_logistic(x[:0], y[:0], strength=1.0)
    assert not w.any()
    assert not b.any()


def test_from_an_offset_only_the_change_is_fitted() -> None:
    x, y = problem()
    w, b = fit_logistic(x, y, strength=2.0, **EXACT)
    # With little weight on the rows nothing moves; with much, the change leads to the same scores.
    still, _ = fit_logistic(x, y, strength=1e-4, offset=(x @ w + b).astype(np.float32), **EXACT)
    assert np.abs(still).max() < 0.01
    zero = np.zeros(y.shape, dtype=np.float32)
    same, bias = fit_logistic(x, y, strength=2.0, offset=zero, **EXACT)
    np.testing.assert_allclose(same, w, atol=1e-5)
    np.testing.assert_allclose(bias, b, atol=1e-5)
    far = np.full(y.shape, 2.0, dtype=np.float32)
    _, lower = fit_logistic(x, y, strength=100.0, offset=far, **EXACT)
    _, plain = fit_logistic(x, y, strength=100.0, **EXACT)
    np.testing.assert_allclose(lower + 2, plain, atol=0.4)
    assert (far == 2).all()


def test_scores_of_any_size_are_fitted_without_overflow() -> None:
    x, y = problem(rows=60)
    far = np.where(y > 0.5, -200.0, 200.0).astype(np.float32)
    w, b = fit_logistic(x, y, strength=1.0, offset=far)
    assert np.isfinite(w).all()
    assert np.isfinite(b).all()
