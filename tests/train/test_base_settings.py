"""Calibration of the base model: it finds what the logits were made from."""

from typing import Any

import numpy as np
import pytest

from sentiment.model.transformer import Settings
from sentiment.records import Opinion, topic_states
from sentiment.train.base_settings import Held, _states, fit_sigmoid, fit_temperature, settle

DRAW = np.random.default_rng(5)
TOPIC_OF = (0, 0, 1)  # three drivers of two topics, then two tags


def sigmoid(x: Any) -> Any:
    return 1.0 / (1.0 + np.exp(-x))


def test_the_temperature_is_found() -> None:
    true = DRAW.normal(0, 2, (20_000, 4))
    chances = np.exp(true) / np.exp(true).sum(1, keepdims=True)
    labels = (chances.cumsum(1) > DRAW.random((20_000, 1))).argmax(1)
    for temperature in (0.5, 1.0, 3.0):
        assert fit_temperature(true * temperature, labels) == pytest.approx(temperature, rel=0.05)


def test_slope_and_shift_are_found_and_unknown_labels_left_out() -> None:
    logits = DRAW.normal(0, 2, 50_000)
    targets = (DRAW.random(50_000) < sigmoid(0.7 * logits - 1.2)).astype(float)
    targets[::3] = np.nan
    slope, shift = fit_sigmoid(logits, targets)
    assert slope == pytest.approx(0.7, abs=0.05)
    assert shift == pytest.approx(-1.2, abs=0.05)


def test_labels_that_part_cleanly_still_have_an_answer() -> None:
    logits = np.linspace(-4, 4, 100)
    slope, shift = fit_sigmoid(logits, (logits > 1).astype(float))
    assert np.isfinite([slope, shift]).all()
    assert sigmoid(slope * 4 + shift) > 0.95
    assert sigmoid(slope * -4 + shift) < 0.05


def test_states_follow_the_rule_of_the_records() -> None:
    judged = DRAW.random((300, 3, 3)) < 0.3
    membership = np.eye(2)[list(TOPIC_OF)]
    numbers = {"absent": 0, "negative": 1, "positive": 2, "mixed": 3, "neutral": 4}
    for row, states in zip(judged, _states(judged, membership), strict=True):
        opinions = [
            Opinion(
                str(TOPIC_OF[name]), "", ("negative", "neutral", "positive")[way], 1.0, "", 0, 0
            )
            for name, way in np.argwhere(row)
        ]
        said = topic_states(opinions, ("0", "1"))
        assert [numbers[said[topic]] for topic in ("0", "1")] == states.tolist()


def test_settings_are_what_the_runtime_reads() -> None:
    rows = 3000
    chances = DRAW.beta(0.3, 1.5, (rows, 5, 3))
    judged = (DRAW.random((rows, 5, 3)) < chances).astype(np.float32)
    logits = np.log(chances / (1 - chances)).astype(np.float32)
    held = Held(
        overall=DRAW.normal(0, 1, (rows, 4)).astype(np.float32),
        sentiments=DRAW.integers(0, 4, rows),
        findings=2 * logits + 1,  # neither calibrated nor centred
        judged=judged,
    )
    fields = settle(held, TOPIC_OF)
    settings = Settings.of({"window": 256, "overlap": 64, **fields}, names=5)
    assert settings.slope == pytest.approx(0.5, abs=0.05)
    assert settings.shift == pytest.approx(-0.5, abs=0.1)
    assert len(set(settings.thresholds[:3, (0, 2)].ravel().tolist())) == 1
    assert len(set(settings.thresholds[3:].ravel().tolist())) == 1

    def f1(limit: float) -> float:
        said = chances[:, 3:] >= limit
        return float(2 * (said * judged[:, 3:]).sum() / (said.sum() + judged[:, 3:].sum()))

    assert f1(float(settings.thresholds[3, 0])) >= max(f1(limit) for limit in (0.2, 0.5, 0.8))
