from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel

from sentiment.records import (
    POLARITIES,
    SENTIMENTS,
    STATES,
    Opinion,
    Polarity,
    Sentiment,
    topic_states,
)
from sentiment.taxonomy import Taxonomy
from sentiment.train.base.token_targets import UNKNOWN, Targets, join, read_targets
from sentiment.train.data.examples import Example, Judgement
from sentiment.train.figures.copies import compose, in_traditional, splice
from tests.train.test_measure import NEGATIVE, POSITIVE, said

TAXONOMY = Taxonomy.default()
DRIVERS = tuple(TAXONOMY.drivers)


def row(
    text: str, overall: Sentiment | None, *opinions: tuple[str, Polarity], tags: bool = False
) -> Example:
    judged = tuple(Judgement(name, polarity, text[:2]) for name, polarity in opinions)
    found = [Opinion(name.split(".")[0], name, how, 1.0, "", 0, 0) for name, how in opinions]
    return Example(
        text, "zh", "s", text, overall, opinions=judged, gold=True,
        topics=topic_states(found, TAXONOMY.topics),
        tags=(Judgement("trust", "negative", None),) if tags else (),
    )  # fmt: skip


def targets(example: Example) -> Targets:
    """The row as training has it; which tokens it is in makes no difference here."""
    tokenizer = Tokenizer(WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    [found] = read_targets([example], tokenizer, TAXONOMY, 16)
    return found


@pytest.mark.parametrize(("one", "other"), [*product([None, *SENTIMENTS], repeat=2)])
def test_the_sentiment_of_a_spliced_row_is_that_of_training(
    one: Sentiment | None, other: Sentiment | None
) -> None:
    first, second = row("东西不错", one), row("It broke", other)
    [made] = splice([first], [second])
    expected = join(targets(first), targets(second)).overall
    assert made.both.overall == (None if expected == UNKNOWN else SENTIMENTS[expected])


@pytest.mark.parametrize(("one", "other"), [*product([None, *POLARITIES], repeat=2)])
def test_topics_and_drivers_of_a_spliced_row_are_those_of_training(
    one: Polarity | None, other: Polarity | None
) -> None:
    first = row("东西不错", "positive", *[("quality.general", p) for p in [one] if p])
    second = row("It broke", "negative", *[("quality.durability", p) for p in [other] if p])
    [made] = splice([first], [second])
    joined = join(targets(first), targets(second))
    assert made.both.topics == {
        topic: STATES[state] for topic, state in zip(TAXONOMY.topics, joined.topics, strict=True)
    }
    found = {(name, polarity) for name, polarity, _ in made.both.opinions or ()}
    rows, columns = np.nonzero(joined.findings == 1)
    assert found == {(DRIVERS[at], POLARITIES[by]) for at, by in zip(rows, columns, strict=True)}


def test_every_row_is_joined_once_and_both_texts_are_in_it() -> None:
    ones = [row(f"第{at}行", "positive", ("price.value", "positive")) for at in range(20)]
    others = [
        row(f"row {at}", "positive", ("price.value", "positive"), tags=True) for at in range(25)
    ]
    made = splice(ones, others, seed=3)
    assert {one.one.text for one in made} == {one.text for one in ones}
    assert len({one.other.text for one in made}) == len(made) == 20
    for one in made:
        assert one.both.text.startswith((one.one.text, one.other.text))
        assert one.both.text.endswith((one.one.text, one.other.text))
        assert len(one.both.opinions or ()) == len(one.both.tags or ()) == 1
    firsts = {one.both.text.startswith(one.one.text) for one in made}
    assert firsts == {True, False}
    assert splice(ones, others, seed=3) == made


def test_with_several_partners_every_pair_of_a_block_is_there_and_no_other() -> None:
    ones = [row(f"第{at}行", "positive", ("price.value", "positive")) for at in range(7)]
    others = [row(f"row {at}", "positive", ("price.value", "positive")) for at in range(7)]
    made = splice(ones, others, partners=3)
    assert len({(one.one.text, one.other.text) for one in made}) == len(made) == 9 + 9 + 1
    blocks: dict[int, tuple[set[str], set[str]]] = {}
    for one in made:
        first, second = blocks.setdefault(one.block, (set(), set()))
        first.add(one.one.text)
        second.add(one.other.text)
    assert [(len(first), len(second)) for first, second in blocks.values()] == [
        (3, 3),
        (3, 3),
        (1, 1),
    ]
    assert not set.intersection(*(second for _, second in blocks.values()))


def test_traditional_copies_keep_their_labels_and_their_evidence() -> None:
    example = row("价钱贵了点", "negative", ("price.level", "negative"))
    [copy] = in_traditional([example])
    assert copy.text == "價錢貴了點"
    assert copy.group == example.group
    assert copy.opinions == (Judgement("price.level", "negative", "價錢"),)
    assert (copy.overall, copy.tags) == (example.overall, ())


def test_what_was_said_of_two_is_put_together() -> None:
    speed = ("delivery.speed", "negative", 0, 2)
    praise = ("delivery.condition", "positive", 0, 2)
    both = compose(said(*NEGATIVE, speed), said(*POSITIVE, praise))  # type: ignore[arg-type]
    assert both.sentiment == "mixed"
    assert both.topics["delivery"] == "mixed"
    assert len(both.opinions) == 2
    neutral = said(0.1, 0.7, 0.1, 0.1)
    assert compose(neutral, said(*POSITIVE)).sentiment == "positive"
    assert compose(said(*NEGATIVE), neutral).sentiment == "negative"
    assert compose(neutral, neutral).sentiment == "neutral"
