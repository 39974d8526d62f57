"""What is chosen: telling texts, no copies, every language and topic, the same each time."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.labelling.choice import choose, doubt, quotas
from sentiment.records import Analysis
from tests.labelling.rows import analysis, opinion

DRIVERS = ("quality.sensory", "price.level", "service.attitude", "delivery.speed")
NOUNS = ["kettle", "lamp", "coat", "chair", "phone", "radio", "kayak", "tent", "bike", "drum"]
THINGS = [
    "lid",
    "handle",
    "colour",
    "smell",
    "manual",
    "hinge",
    "sound",
    "strap",
    "button",
    "finish",
]
TIMES = ["today", "yesterday", "monday", "friday", "winter", "summer", "evening", "morning"]


def made(row: int, driver: str, polarity: Any = "negative", confidence: float = 0.8) -> Analysis:
    """Return an analysis of a text that is like no other."""
    chance = random.Random(row)
    words = [chance.choice(part) for part in (NOUNS, THINGS, TIMES, NOUNS, THINGS)]
    text = f"{driver[3:].replace('.', ' ')} of the " + " ".join([*words, f"number{row}"])
    found = opinion(text, driver, polarity, text[:8], confidence)
    return analysis(row, text, polarity, (found,))


def test_rare_topics_are_chosen_as_readily_as_common_ones() -> None:
    common = [made(row, "quality.sensory") for row in range(400)]
    rare = [made(row, DRIVERS[1 + row % 3]) for row in range(400, 430)]
    pool = common + rare
    chosen = Counter(pool[at].opinions[0].driver for at in choose(pool, 40))
    assert sum(chosen.values()) == 40
    assert all(chosen[driver] >= 7 for driver in DRIVERS)  # drawn at random, three have one each
    assert chosen["quality.sensory"] <= 16


def test_of_equal_texts_the_model_is_asked_about_those_it_is_unsure_of() -> None:
    pool = [made(row, "price.level", confidence=0.98) for row in range(100)]
    pool += [made(row, "price.level", confidence=0.5) for row in range(100, 120)]
    unsure = [at for at in choose(pool, 20) if at >= 100]
    assert len(unsure) >= 10  # of thirteen; the other seven are taken as they come


def test_a_third_is_taken_as_it_comes_all_along() -> None:
    plain = [made(row, "quality.sensory", confidence=1.0) for row in range(200)]
    telling = [made(row, DRIVERS[row % 4], confidence=0.5) for row in range(200, 400)]
    chosen = choose(plain + telling, 30)
    assert {at for at in chosen if at < 10} == set(range(10))
    assert sum(at < 200 for at in chosen) <= 12
    assert 4 <= sum(at < 10 for at in chosen[:15]) <= 6


def test_no_two_are_nearly_the_same() -> None:
    text = "The hinge of the tent broke on the second evening and nobody answered my mail"
    found = opinion(text, "quality.sensory", "negative", "hinge")
    copies = [
        analysis(row, f"{text}{end}", "negative", (found,))
        for row, end in enumerate(("", ".", "!", " ok", "...", " again"))
    ]  # fmt: skip
    others = [made(row, DRIVERS[row % 4]) for row in range(10, 30)]
    chosen = choose(copies + others, 20)
    assert len(chosen) == 20
    assert sum(at < len(copies) for at in chosen) <= 1
    assert choose(copies, 20) in ([at] for at in range(len(copies)))


def test_what_is_labelled_already_is_not_chosen_again() -> None:
    pool = [made(row, DRIVERS[row % 4]) for row in range(40)]
    known = [pool[at].text + "!" for at in range(0, 40, 2)]
    chosen = choose(pool, 40, known)
    assert sorted(chosen) == list(range(1, 40, 2))


def test_languages_get_their_share_all_along() -> None:
    english = [made(row, DRIVERS[row % 4]) for row in range(360)]
    nouns = ("茶壶", "台灯", "外套", "椅子", "手机", "电台", "帐篷", "单车")
    things = ("盖子", "把手", "颜色", "气味", "说明")
    chinese = [
        analysis(1000 + row, f"{nouns[row % 8]}的{things[row // 8]}真不错，{row}号", "positive")
        for row in range(40)
    ]
    pool = english + chinese
    chosen = choose(pool, 40)
    languages = [pool[at].language for at in chosen]
    assert Counter(languages) == {"en": 30, "zh": 10}
    assert languages[:8].count("zh") == 2


def test_texts_that_say_nothing_are_never_chosen() -> None:
    empty = replace(analysis(1, "n/a"), sentiment=None, confidence=None, status="empty")
    assert choose([empty, made(2, "price.level")], 5) == [1]
    assert choose([empty], 5) == []
    assert choose([], 5) == []


def test_the_same_pool_gives_the_same_choice() -> None:
    pool = [made(row, DRIVERS[row % 4], confidence=(row % 10) / 10) for row in range(60)]
    assert choose(pool, 20) == choose(list(pool), 20)


@given(
    st.dictionaries(st.sampled_from(["en", "zh", "other"]), st.integers(0, 300), min_size=1),
    st.integers(0, 400),
)
def test_quotas_give_out_what_there_is(texts: dict[str, int], n: int) -> None:
    given_out = quotas(Counter(texts), n)
    assert sum(given_out.values()) == min(n, sum(texts.values()))
    assert all(0 <= given_out[language] <= texts[language] for language in texts)


def test_quotas_follow_the_square_root() -> None:
    assert quotas(Counter(en=10_000, zh=100), 110) == {"en": 100, "zh": 10}
    assert quotas(Counter(en=100, zh=1), 44) == {"en": 43, "zh": 1}  # 40 and 4, had it four


@pytest.mark.parametrize(
    ("probabilities", "confidence", "expected"),
    [
        ({"negative": 0.25, "neutral": 0.25, "positive": 0.25, "mixed": 0.25}, 0.25, 1.0),
        ({"negative": 1.0, "neutral": 0.0, "positive": 0.0, "mixed": 0.0}, 1.0, 0.0),
        ({"negative": 0.5, "neutral": 0.0, "positive": 0.5, "mixed": 0.0}, 0.5, 0.5),
        (None, 1.0, 0.0),
        (None, 0.25, 1.0),
    ],
)
def test_doubt(probabilities: Any, confidence: float, expected: float) -> None:
    one = replace(analysis(1, "fine"), probabilities=probabilities, confidence=confidence)
    assert doubt(one) == pytest.approx(expected)
