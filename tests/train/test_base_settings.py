"""Calibration of the base model: it finds what the logits were made from."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sentiment.model.combination import sigmoid
from sentiment.model.decision import Decision, Outputs, decide, every_label
from sentiment.records import POLARITIES, STATES
from sentiment.taxonomy import Taxonomy
from sentiment.train.base.base_settings import Held, settle
from sentiment.train.linear.combine import micro_f1, state_codes

pytest.importorskip("sklearn", reason="needs the extra [train]")

TAXONOMY = Taxonomy.default()
LABELS = every_label(TAXONOMY)
NAMES = len(TAXONOMY.drivers) + len(TAXONOMY.tags)


@pytest.fixture(scope="module")
def held() -> Held:
    """Return rows whose logits are twice too large and one too high, and whose labels are drawn."""
    draw = np.random.default_rng(5)
    rows = 1500
    chances = draw.beta(0.08, 1.2, (rows, NAMES, len(POLARITIES)))
    judged = (draw.random(chances.shape) < chances).astype(np.float32)
    logits = np.log(np.clip(chances, 1e-6, 1 - 1e-6) / (1 - np.clip(chances, 1e-6, 1 - 1e-6)))
    codes = state_codes(judged.reshape(rows, -1) > 0, LABELS)
    topics = draw.normal(0, 1, (rows, len(TAXONOMY.topics), len(STATES)))
    np.put_along_axis(topics, codes[..., None], 2.0, axis=2)
    sentiments = draw.integers(0, 4, rows)
    overall = draw.normal(0, 1, (rows, 4))
    overall[np.arange(rows), sentiments] += 1.5
    nothing = np.zeros(0, np.float32)
    return Held(
        outputs=Outputs(
            (3 * overall).astype(np.float32),
            topics.astype(np.float32),
            (2 * logits + 1).astype(np.float32),
            nothing,
            nothing,
        ),
        sentiments=sentiments,
        judged=judged,
        languages=np.where(np.arange(rows) % 2, "zh", "en"),
    )


@pytest.fixture(scope="module")
def settled(held: Held) -> Decision:
    return settle(held, TAXONOMY)


def test_slope_and_shift_undo_what_was_done_to_the_logits(held: Held, settled: Decision) -> None:
    logits = held.outputs.findings.reshape(len(held.sentiments), -1)
    found = sigmoid(logits * settled.label[0] + settled.label[1])
    judged = held.judged.reshape(found.shape)
    for low, high in ((0.02, 0.2), (0.2, 0.5), (0.5, 0.8), (0.8, 1.0)):
        inside = (found >= low) & (found < high)
        assert inside.sum() > 100
        assert found[inside].mean() == pytest.approx(judged[inside].mean(), abs=0.05)


def run(held: Held, decision: Decision) -> tuple[Any, np.ndarray]:
    rows = len(held.sentiments)
    pointers = np.zeros((rows, NAMES, len(POLARITIES), 4), np.float32)
    outputs = held.outputs._replace(starts=pointers, ends=pointers)
    overall, found = decide([outputs], np.full(rows, 4), decision)
    said = np.zeros((rows, len(LABELS)), dtype=bool)
    for row, judged in enumerate(found):
        said[row, [one.label for one in judged]] = True
    return overall, said


def test_overall_probabilities_are_calibrated(held: Held, settled: Decision) -> None:
    overall, _ = run(held, settled)
    surest, right = overall.max(1), overall.argmax(1) == held.sentiments
    assert right.mean() > 0.6
    assert surest.mean() == pytest.approx(right.mean(), abs=0.02)


def test_thresholds_beat_what_one_would_guess(held: Held, settled: Decision) -> None:
    drivers = LABELS.topic_of >= 0
    judged = held.judged.reshape(len(held.sentiments), -1) > 0

    def goodness(decision: Decision) -> float:
        # Evidence of all labels is the same here, so `settle` of the runtime would empty the rows.
        _, said = run(held, decision)
        return micro_f1(said[:, drivers], judged[:, drivers])

    guess = replace(settled.thresholds, state=(0.05,) * len(TAXONOMY.topics), driver=0.9)
    assert goodness(settled) > goodness(replace(settled, thresholds=guess))


def test_it_is_what_the_runtime_reads(settled: Decision) -> None:
    again = Decision.of(settled.to_dict(), TAXONOMY)
    assert again.thresholds == settled.thresholds
    assert np.allclose(again.label, settled.label, atol=1e-4)
    assert np.allclose(again.state, settled.state, atol=1e-4)
    assert np.allclose(again.overall, settled.overall, atol=1e-4)
