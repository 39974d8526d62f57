from __future__ import annotations

import json

import numpy as np
import pytest

from sentiment.records import Analysis, Opinion, Polarity, Sentiment, State, Tag, topic_states
from sentiment.train.data.examples import Example, Judgement
from sentiment.train.figures.measure import ClassFigures, calibration_error, measure

TOPICS = ("quality", "price", "service", "delivery")
TEXT = "0123456789"


def said(
    negative: float, neutral: float, positive: float, mixed: float,
    *found: tuple[str, Polarity, int, int], tags: tuple[tuple[str, Polarity], ...] = (),
) -> Analysis:  # fmt: skip
    """An analysis of TEXT with these probabilities and opinions."""
    values: dict[Sentiment, float] = {
        "negative": negative, "neutral": neutral, "positive": positive, "mixed": mixed
    }  # fmt: skip
    sentiment = max(values, key=values.__getitem__)
    opinions = tuple(
        Opinion(name.split(".")[0], name, polarity, 0.9, TEXT[start:end], start, end)
        for name, polarity, start, end in found
    )
    return Analysis(
        row=1, id=None, question=None, text=TEXT, language="en", status="ok", sentiment=sentiment,
        score=round(positive - negative, 4), confidence=values[sentiment], probabilities=values,
        topics=topic_states(opinions, TOPICS), opinions=opinions,
        tags=tuple(Tag(name, polarity, 0.9, "0", 0, 1) for name, polarity in tags),
        truncated=False, model="m@1",
    )  # fmt: skip


def silent() -> Analysis:
    """An analysis of a text that was not scored."""
    return Analysis(
        1, None, None, TEXT, "other", "unsupported", None, None, None, None,
        topic_states((), TOPICS), (), (), False, "m@1",
    )  # fmt: skip


def labelled(
    overall: Sentiment | None = None,
    opinions: tuple[Judgement, ...] | None = None,
    topics: dict[str, State] | None = None,
    tags: tuple[Judgement, ...] | None = None,
) -> Example:
    return Example(TEXT, "en", "s", TEXT, overall, opinions=opinions, topics=topics, tags=tags)


NEGATIVE = (0.7, 0.1, 0.1, 0.1)
POSITIVE = (0.1, 0.1, 0.7, 0.1)
MIXED = (0.3, 0.1, 0.2, 0.4)


def test_overall_figures_by_hand() -> None:
    figures = measure(
        [
            *(
                labelled("negative"),
                labelled("negative"),
                labelled("negative"),
                labelled("positive"),
            ),
            *(labelled("neutral"), labelled("positive"), labelled(None)),
        ],
        [
            *(said(*NEGATIVE), said(*POSITIVE), said(*MIXED), said(*POSITIVE)),
            *(said(*NEGATIVE), silent(), said(*NEGATIVE)),
        ],
    )
    assert figures.rows == 7
    assert figures.overall_accuracy == pytest.approx(2 / 6)
    # Of five clear rows: right, wrong, mixed that leans right, right, not scored.
    assert figures.polarity_accuracy == pytest.approx(3 / 5)
    assert figures.flips == pytest.approx(1 / 5)
    assert figures.confusion == ((1, 0, 1, 1), (1, 0, 0, 0), (0, 0, 1, 0), (0, 0, 0, 0))
    assert figures.sentiments["negative"] == ClassFigures(labelled=3, found=2, right=1)
    assert figures.sentiments["positive"] == ClassFigures(labelled=2, found=2, right=1)
    assert figures.sentiments["neutral"] == ClassFigures(labelled=1, found=0, right=0)
    assert figures.sentiments["mixed"] == ClassFigures(labelled=0, found=1, right=0)
    assert figures.topic_f1 is figures.driver_f1 is figures.tag_f1 is None
    assert figures.evidence_overlap is None


def test_an_even_score_is_no_right_answer() -> None:
    figures = measure([labelled("positive")], [said(0.4, 0.1, 0.4, 0.1)])
    assert figures.polarity_accuracy == 0


def test_topic_figures_by_hand() -> None:
    figures = measure(
        [
            labelled(topics={"quality": "negative", "price": "absent", "delivery": "mixed"}),
            labelled(topics={"quality": "absent"}),
            labelled(),
        ],
        [
            said(
                *NEGATIVE,
                ("quality.general", "negative", 0, 1),
                ("delivery.speed", "negative", 1, 2),
                ("service.attitude", "positive", 2, 3),  # not labelled: says nothing
            ),
            said(*NEGATIVE, ("quality.general", "positive", 0, 1)),
            said(*NEGATIVE, ("quality.general", "positive", 0, 1)),  # nothing is labelled
        ],
    )
    assert figures.topics == {
        "delivery:mixed": ClassFigures(1, 0, 0),
        "delivery:negative": ClassFigures(0, 1, 0),
        "quality:negative": ClassFigures(1, 1, 1),
        "quality:positive": ClassFigures(0, 1, 0),
    }
    assert figures.topic_f1 == pytest.approx(2 * 1 / (2 + 3))
    assert figures.overall_accuracy is None
    assert figures.ece is None


def test_driver_and_tag_figures_by_hand() -> None:
    figures = measure(
        [
            labelled(
                opinions=(
                    Judgement("quality.general", "negative", "0123"),
                    Judgement("delivery.speed", "positive"),
                ),
                tags=(Judgement("trust", "negative"),),
            ),
            labelled(opinions=(), tags=()),
        ],
        [
            said(*NEGATIVE, ("quality.general", "negative", 2, 8), tags=(("trust", "positive"),)),
            said(*NEGATIVE, ("price.level", "negative", 0, 4), tags=(("brand", "positive"),)),
        ],
    )
    assert figures.driver_f1 == pytest.approx(2 * 1 / (2 + 2))
    assert figures.tag_f1 == 0
    assert figures.drivers["price.level:negative"] == ClassFigures(0, 1, 0)
    # Found 2..8, labelled 0..4: two characters shared by six and by four.
    assert figures.evidence_overlap == pytest.approx(2 * 2 / (6 + 4))


def test_evidence_that_misses_overlaps_by_nothing() -> None:
    opinions = (Judgement("quality.general", "negative", "012"),)
    found = said(*NEGATIVE, ("quality.general", "negative", 6, 9))
    assert measure([labelled(opinions=opinions)], [found]).evidence_overlap == 0


@pytest.mark.parametrize(
    ("one", "precision", "recall", "f1"),
    [
        (ClassFigures(4, 2, 1), 1 / 2, 1 / 4, 1 / 3),
        (ClassFigures(0, 2, 0), 0, None, 0),
        (ClassFigures(2, 0, 0), None, 0, 0),
        (ClassFigures(0, 0, 0), None, None, None),
    ],
)
def test_figures_of_a_class_by_hand(
    one: ClassFigures, precision: float | None, recall: float | None, f1: float | None
) -> None:
    assert one.precision == precision
    assert one.recall == recall
    assert one.f1 == (None if f1 is None else pytest.approx(f1))


def test_calibration_error_by_hand() -> None:
    confidence = np.array([0.9, 0.5, 0.7, 0.5])
    right = np.array([True, True, False, False])
    # Two bins of two: (.5, .5) half right; (.7, .9) half right where .8 was said.
    error, _ = calibration_error(confidence, right, bins=2)
    assert error == pytest.approx((2 * 0 + 2 * 0.3) / 4)
    error, _ = calibration_error(confidence, right, bins=1)
    assert error == pytest.approx(0.65 - 0.5)


def test_a_calibrated_model_shows_what_is_expected() -> None:
    chance = np.random.default_rng(5)
    errors, told = [], []
    for _ in range(60):
        confidence = chance.uniform(0.4, 1, 400)
        error, expected = calibration_error(confidence, chance.random(400) < confidence)
        errors.append(error)
        told.append(expected)
    assert np.mean(errors) == pytest.approx(np.mean(told), rel=0.08)
    # Ten bins of forty: the mean of |normal| is sqrt(2 / pi) of its spread.
    spread = np.sqrt(np.mean([p * (1 - p) for p in np.linspace(0.4, 1, 1000)]) / 40)
    assert np.mean(told) == pytest.approx(np.sqrt(2 / np.pi) * spread, rel=0.08)


def test_an_overconfident_model_shows_more() -> None:
    chance = np.random.default_rng(6)
    confidence = chance.uniform(0.7, 1, 2000)
    error, expected = calibration_error(confidence, chance.random(2000) < confidence - 0.2)
    assert error == pytest.approx(0.2, abs=0.03)
    assert expected < 0.04


def test_fewer_rows_than_bins() -> None:
    error, _ = calibration_error(np.array([0.8]), np.array([True]))
    assert error == pytest.approx(0.2)


def test_figures_are_plain_data() -> None:
    opinions = (Judgement("quality.general", "negative", "0123"),)
    example = labelled("negative", opinions, {"quality": "negative"}, ())
    plain = measure([example], [said(*NEGATIVE)]).to_dict()
    assert json.loads(json.dumps(plain))["overall_accuracy"] == 1.0
    assert plain["drivers"] == {
        "quality.general:negative": {
            "labelled": 1,
            "found": 0,
            "right": 0,
            "precision": None,
            "recall": 0.0,
            "f1": 0.0,
        }
    }


def test_rows_that_do_not_pair_up_are_an_error() -> None:
    with pytest.raises(ValueError, match="zip"):
        measure([labelled("negative")], [])


def test_no_rows_have_no_figures() -> None:
    figures = measure([], [])
    assert figures.rows == 0
    assert figures.overall_accuracy is None
