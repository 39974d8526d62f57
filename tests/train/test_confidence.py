from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from sentiment.train.figures.confidence import accuracy_of_surest, calibration_excess
from sentiment.train.figures.measure import calibration_error


def rows(count: int, seed: int, off: float = 0.0) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Confidences, and outcomes of a model that is right less often by `off` than it says."""
    chance = np.random.default_rng(seed)
    confidence = chance.uniform(0.5, 1.0, count)
    return confidence, chance.random(count) < confidence - off


def groups(count: int) -> list[str]:
    return [str(at) for at in range(count)]


def test_a_calibrated_model_has_no_excess_and_the_interval_says_so() -> None:
    values, covered = [], 0
    for seed in range(20):
        confidence, right = rows(300, seed)
        found = calibration_excess(confidence, right, groups(300), draws=200)
        values.append(found.value)
        covered += found.low <= 0 <= found.high
    assert abs(np.mean(values)) < 0.01
    # 95% of 20 by design; with a naive bootstrap, whose ECE lies too high, hardly any.
    assert covered >= 16


def test_an_overconfident_model_is_told_by_about_how_much() -> None:
    confidence, right = rows(1000, 3, off=0.2)
    found = calibration_excess(confidence, right, groups(1000), draws=200)
    assert found.low > 0.1
    assert found.high < 0.25
    assert (found.ece, found.expected) == calibration_error(confidence, right)
    assert found.value == pytest.approx(found.ece - found.expected)
    assert found.low < found.value < found.high


def test_near_duplicates_widen_the_interval() -> None:
    confidence, right = rows(60, 1, off=0.1)
    many, outcomes = np.repeat(confidence, 5), np.repeat(right, 5)
    apart = calibration_excess(many, outcomes, groups(300), draws=200)
    together = calibration_excess(many, outcomes, [str(at // 5) for at in range(300)], draws=200)
    assert together.high - together.low > 1.5 * (apart.high - apart.low)


def test_the_surest_rows_are_kept() -> None:
    confidence = np.array([0.9, 0.5, 0.8, 0.6])
    right = np.array([True, False, True, False])
    half, most, every = accuracy_of_surest(confidence, right, (0.5, 0.75, 1.0))
    assert (half.rows, half.least, half.accuracy) == (2, 0.8, 1.0)
    assert (most.rows, most.least, most.accuracy) == (3, 0.6, pytest.approx(2 / 3))
    assert (every.rows, every.least, every.accuracy) == (4, 0.5, 0.5)
    assert accuracy_of_surest(confidence[:1], right[:1], (0.1,))[0].rows == 1
