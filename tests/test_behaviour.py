"""What every bundled model must understand, case by case; what it does not yet is listed.

A listed case that passes fails the test, so that no list outlives the model it was written for.
"""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sentiment.records import (
    POLARITIES,
    SENTIMENTS,
    STATES,
    Analysis,
    Opinion,
    Polarity,
    Sentiment,
    topic_states,
)
from sentiment.taxonomy import Taxonomy
from tests import behaviour
from tests.behaviour import (
    CASES,
    Case,
    failures,
    known_failures,
    known_path,
    misses,
    models,
    rates,
    read_cases,
    table,
)
from tests.frames import shared_frames
from tests.shared import shared

BOTH = (
    *("negation", "double_negation", "contrast", "comparison", "conditional_and_wish", "sarcasm"),
    *("emoji", "idiom_and_slang", "implicit_opinions", "questions_without_judgement", "typos"),
)
ENOUGH = {
    **{(group, language): 25 for group in BOTH for language in ("zh", "en")},
    ("mixed_script", "mixed"): 50,
    ("traditional_script", "zh"): 30,
}
_HAN = re.compile("[㐀-鿿]")
_UNSAID = re.compile(r"[\W_]+")


def letters(text: str) -> str:
    """What a text says, however it is spaced and punctuated."""
    return _UNSAID.sub("", text.lower())


def test_every_group_has_enough_cases() -> None:
    count = Counter((case.group, case.language) for case in read_cases())
    assert count.keys() == ENOUGH.keys()
    assert {key: count[key] for key in ENOUGH if count[key] < ENOUGH[key]} == {}


@pytest.mark.parametrize("group", sorted({group for group, _ in ENOUGH}))
def test_cases_are_well_formed(group: str) -> None:
    taxonomy = Taxonomy.default()
    for case in read_cases():
        if case.group != group:
            continue
        assert case.id.startswith(f"{case.group}-{case.language}-")
        assert bool(_HAN.search(case.text)) == (case.language != "en"), case.text
        assert (case.gloss is not None) == (case.language != "en"), case.text
        assert case.gloss is None or not _HAN.search(case.gloss), case.gloss
        assert set(case.sentiment) <= set(SENTIMENTS), case
        assert set(case.topics) <= set(taxonomy.topics), case
        assert all(states and set(states) <= set(STATES) for states in case.topics.values()), case
        for driver, polarity in (*case.drivers, *case.not_drivers):
            assert driver in taxonomy.drivers, case
            assert polarity in POLARITIES, case
        assert case.sentiment or case.topics or case.no_opinions, case
        assert not (case.no_opinions and (case.topics or case.drivers)), case


def test_ids_and_texts_are_unique() -> None:
    assert [key for key, n in Counter(case.id for case in read_cases()).items() if n > 1] == []
    said = Counter(letters(case.text) or case.text for case in read_cases())
    assert [text for text, n in said.items() if n > 1] == []


def test_no_sentence_frame_is_used_twice() -> None:
    sample = (CASES.parents[1] / "data" / "sample_labels.jsonl").read_text(encoding="utf-8")
    # Of the sample's own rows, and of two rows of it that share a run, the sample's test speaks.
    labelled = [json.loads(line)["text"] for line in sample.split("\n") if line]
    cases = [case.text for case in read_cases()]
    ours = frozenset(cases)
    twice = [found for found in shared_frames([*labelled, *cases], 5) if ours & set(found[:2])]
    assert twice == []


def training_texts() -> Iterator[str]:
    for path in sorted(shared("data").rglob("*.jsonl*")):
        opened = gzip.open if path.suffix == ".gz" else open
        with opened(path, "rt", encoding="utf-8") as file:
            for line in file:
                yield json.loads(line)["text"]


@pytest.mark.shared
def test_no_case_is_in_the_training_data() -> None:
    cases = {letters(case.text): case.text for case in read_cases()}
    # Emoji alone are nobody's sentence.
    cases.pop("", None)
    longest = 2 * max(map(len, cases.values()))
    seen, known = 0, set()
    for text in training_texts():
        seen += 1
        if len(text) <= longest and (said := letters(text)) in cases:
            known.add(cases[said])
    assert known == set()
    assert seen > 100_000


def analysis(sentiment: Sentiment, *judged: tuple[str, Polarity]) -> Analysis:
    opinions = tuple(
        Opinion(driver.split(".")[0], driver, polarity, 0.9, "", 0, 0)
        for driver, polarity in judged
    )
    return Analysis(
        row=1,
        id=None,
        question=None,
        text="",
        language="en",
        status="ok",
        sentiment=sentiment,
        score=0.0,
        confidence=1.0,
        probabilities=None,
        topics=topic_states(opinions, Taxonomy.default().topics),
        opinions=opinions,
        tags=(),
        truncated=False,
        model="none",
    )


LATE = Case(
    id="late",
    group="contrast",
    language="en",
    text="Lovely, but late.",
    gloss=None,
    sentiment=("negative", "mixed"),
    topics={"delivery": ("negative",)},
    drivers=(("delivery.speed", "negative"),),
    not_drivers=(("delivery.speed", "positive"),),
    no_opinions=False,
)


def test_a_case_is_met_or_says_what_is_wrong() -> None:
    assert misses(LATE, analysis("mixed", ("delivery.speed", "negative"))) == ()
    assert misses(LATE, analysis("positive", ("delivery.speed", "positive"))) == (
        "sentiment is positive, not negative or mixed",
        "delivery is positive, not negative",
        "delivery.speed negative is not found",
        "delivery.speed positive is found",
    )
    silent = replace(LATE, sentiment=(), topics={}, drivers=(), not_drivers=(), no_opinions=True)
    assert misses(silent, analysis("neutral")) == ()
    assert misses(silent, analysis("neutral", ("price.level", "neutral"))) == (
        "finds price.level neutral where nothing is judged",
    )


def test_known_failures_say_their_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(behaviour, "CASES", tmp_path)
    monkeypatch.setattr(behaviour, "failures", lambda model: {"b-2": ("x",), "a-1": ("y",)})
    assert behaviour.known_failures("some") == {}
    path = behaviour.write_known_failures("some")
    assert behaviour.known_failures("some") == {"b-2": 2, "a-1": 3}
    assert path.read_text(encoding="utf-8").splitlines()[1:3] == [' "b-2",', ' "a-1"']


@pytest.mark.parametrize("model", models())
def test_every_listed_failure_is_a_case(model: str) -> None:
    assert set(known_failures(model)) <= {case.id for case in read_cases()}


@pytest.mark.parametrize("model", models())
def test_rates_are_printed(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert sum(rate.total for rate in rates(model)) == len(read_cases())
    assert sum(rate.total - rate.passed for rate in rates(model)) == len(failures(model))
    # Seen in every run, not only in one that fails.
    with capsys.disabled():
        print("", *table(model), sep="\n")


@pytest.mark.parametrize(("group", "language"), list(ENOUGH))
@pytest.mark.parametrize("model", models())
def test_model(model: str, group: str, language: str) -> None:
    failed, known = failures(model), known_failures(model)
    wrong = []
    for case in read_cases():
        if (case.group, case.language) != (group, language):
            continue
        if case.id in failed and case.id not in known:
            wrong.append(f"{case.id}: {case.text!r}: {'; '.join(failed[case.id])}.")
        if case.id in known and case.id not in failed:
            wrong.append(
                f"{case.id} passes now: remove line {known[case.id]} of {known_path(model)}."
            )
    assert not wrong, "\n".join(wrong)
