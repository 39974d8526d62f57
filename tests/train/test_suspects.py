"""Labels that confident models doubt."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sentiment.train.data.examples import Judgement
from sentiment.train.figures.suspects import find_suspects
from tests.train.test_measure import NEGATIVE, POSITIVE, labelled, said, silent

SURE = (0.02, 0.02, 0.95, 0.01)


def test_the_surest_disagreement_comes_first() -> None:
    examples = [labelled("negative"), labelled("negative"), labelled("positive")]
    analyses = [said(*POSITIVE), said(*SURE), said(*SURE)]
    found = find_suspects(examples, [analyses])
    assert [(one.row, one.about, one.labelled, one.found) for one in found] == [
        (2, "sentiment", "negative", "positive"),
        (1, "sentiment", "negative", "positive"),
    ]
    assert found[0].confidence == pytest.approx(0.93)
    assert found[1].confidence == pytest.approx(0.6)


def test_a_driver_that_is_missing_and_one_with_another_sign() -> None:
    found = ("price.level", "negative", 0, 4)
    wrong = Judgement("price.level", "positive", "0123")
    examples = [labelled(None, (), {}), labelled(None, (wrong,), {}), labelled(None, None, {})]
    analyses = [said(*NEGATIVE, found)] * 3  # type: ignore[arg-type]
    told = find_suspects(examples, [analyses])
    assert [(one.row, one.labelled, one.found) for one in told] == [
        (1, "absent", "negative"),
        (2, "positive", "negative"),
    ]


def test_a_topic_that_is_called_absent() -> None:
    found = ("price.level", "negative", 0, 4)
    examples = [
        labelled(None, None, {"price": "absent"}),
        labelled(None, None, {"quality": "absent"}),
    ]
    analyses = [said(*NEGATIVE, found)] * 2  # type: ignore[arg-type]
    (told,) = find_suspects(examples, [analyses])
    assert (told.row, told.about, told.labelled) == (1, "price", "absent")


def test_models_that_agree_count_for_more() -> None:
    examples = [labelled("negative"), labelled("negative")]
    first, second = [said(*SURE), said(*SURE)], [said(*NEGATIVE), said(*SURE)]
    told = find_suspects(examples, [first, second])
    assert [one.row for one in told] == [2, 1]
    assert told[1].confidence == pytest.approx(told[0].confidence / 2)


def test_nothing_is_doubted_where_nobody_is_sure() -> None:
    unsure = said(0.3, 0.2, 0.4, 0.1)
    weak = replace(unsure.opinions[0], confidence=0.3) if unsure.opinions else None
    assert weak is None
    assert find_suspects([labelled("negative"), labelled("positive")], [[unsure, silent()]]) == ()


def test_no_more_than_asked_for() -> None:
    examples = [labelled("negative")] * 9
    assert len(find_suspects(examples, [[said(*SURE)] * 9], limit=4)) == 4
