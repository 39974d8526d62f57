"""The paired bootstrap: its figures are those of `measure`, its intervals cover, it is told apart."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sentiment.records import Analysis
from sentiment.train.data.examples import Example, Judgement
from sentiment.train.figures.measure import RATIOS, measure, reliability, row_ratios
from sentiment.train.figures.paired import Difference, differences
from tests.train.test_measure import MIXED, NEGATIVE, POSITIVE, labelled, said, silent

SPEED = Judgement("delivery.speed", "negative", "0123")
TRUST = Judgement("trust", "negative", "0")


def rows(count: int, share: float, seed: int) -> tuple[list[Example], list[Analysis]]:
    """Return rows labelled negative, and analyses that are right on a share of them."""
    chance = np.random.default_rng(seed)
    example = labelled("negative", (SPEED,), {"delivery": "negative"}, (TRUST,))
    found = ("delivery.speed", "negative", 0, 4)
    right = said(*NEGATIVE, found, tags=(("trust", "negative"),))  # type: ignore[arg-type]
    wrong = said(*POSITIVE)
    return (
        [replace(example, group=str(at)) for at in range(count)],
        [right if chance.random() < share else wrong for _ in range(count)],
    )


def test_sums_of_rows_are_the_figures() -> None:
    found = ("delivery.speed", "negative", 2, 6)
    examples = [
        labelled("negative", (SPEED,), {"delivery": "negative", "price": "absent"}, (TRUST,)),
        labelled("positive", (), {}, ()),
        labelled("neutral"),
        labelled(None, None, {"delivery": "mixed"}),
        labelled("mixed"),
        labelled("positive", None, None, (TRUST,)),
    ]
    analyses = [
        said(*NEGATIVE, found, tags=(("trust", "negative"),)),  # type: ignore[arg-type]
        said(*NEGATIVE, found),  # type: ignore[arg-type]
        said(*MIXED),
        said(*POSITIVE, found),  # type: ignore[arg-type]
        silent(),
        silent(),
    ]
    sums = row_ratios(examples, analyses).sum(axis=0)
    figures = measure(examples, analyses)
    for at, name in enumerate(RATIOS):
        assert sums[at, 0] / sums[at, 1] == pytest.approx(getattr(figures, name)), name


def test_no_rows_add_nothing() -> None:
    assert row_ratios([], []).shape == (0, len(RATIOS), 2)
    assert reliability([], []) == ()


def test_a_model_does_not_differ_from_itself() -> None:
    examples, analyses = rows(50, 0.5, 0)
    for one in differences(examples, analyses, analyses, draws=100):
        assert one.value in (0.0, None)
        assert one.verdict == "open"


def test_a_better_model_is_told_and_flips_are_better_when_fewer() -> None:
    examples, worse = rows(300, 0.5, 1)
    _, better = rows(300, 0.9, 2)
    found = {one.figure: one for one in differences(examples, worse, better, draws=300)}
    assert found["overall_accuracy"].verdict == "better"
    assert found["topic_f1"].verdict == found["driver_f1"].verdict == "better"
    assert found["flips"].value is not None
    assert found["flips"].value < 0
    assert found["flips"].verdict == "better"
    back = {one.figure: one for one in differences(examples, better, worse, draws=300)}
    assert back["flips"].verdict == back["tag_f1"].verdict == "worse"


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    held = 0
    for seed in range(200):
        examples, first = rows(80, 0.6, 2 * seed)
        _, second = rows(80, 0.7, 2 * seed + 1)
        one = differences(examples, first, second, draws=200, seed=seed)[0]
        assert one.low is not None
        assert one.high is not None
        held += one.low <= 0.1 <= one.high
    # 190 are expected; the percentile bootstrap on 80 rows falls a little short of it.
    assert 176 <= held <= 199


def test_near_duplicates_are_drawn_together() -> None:
    examples, first = rows(40, 0.5, 3)
    _, second = rows(40, 0.8, 4)
    alone = differences(examples, first, second, draws=400)[0]
    # Every row five times says no more than once.
    copied = differences(examples * 5, first * 5, second * 5, draws=400)[0]
    assert (copied.value, copied.low, copied.high) == pytest.approx(
        (alone.value, alone.low, alone.high)
    )


def test_what_is_not_labelled_has_no_difference() -> None:
    examples, analyses = [labelled("negative")] * 3, [said(*NEGATIVE)] * 3
    found = {one.figure: one for one in differences(examples, analyses, analyses, draws=50)}
    assert found["driver_f1"] == Difference("driver_f1", None, None, None, None, None)
    assert found["overall_accuracy"].value == 0


def test_bins_of_equal_size_from_the_least_sure_on() -> None:
    examples = [labelled("negative")] * 20
    analyses = [said(0.5 + at / 100, 0.1, 0.2, 0.1) for at in range(10)] * 2
    bins = reliability(examples, analyses, bins=5)
    assert [one.rows for one in bins] == [4] * 5
    assert [(one.low, one.high) for one in bins[:2]] == [(0.5, 0.51), (0.52, 0.53)]
    assert bins[0].confidence == pytest.approx(0.505)
    assert {one.accuracy for one in bins} == {1.0}
