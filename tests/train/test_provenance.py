"""What a card says of the rows that a model was made from."""

import pytest

from sentiment.train.data.examples import Example
from sentiment.train.data.sources import known_sources
from sentiment.train.figures.provenance import data_hash, training_sets

ROWS = [
    Example("late again", "en", "fabsa", "g1", overall="negative", opinions=(), gold=True),
    Example("no seat left", "en", "fabsa", "g2", topics={"service": "negative"}),
    Example("so-so", "en", "fabsa", "g3"),
    Example("crisp", "en", "fabsa", "g4"),
    Example("好用", "zh", "waimai_10k", "g5", overall="positive"),
    Example("还行", "zh", "written", "g6", overall="neutral"),
    Example("fine", "en", "written", "g7", overall="neutral"),
]


def test_a_set_is_told_for_each_thing_that_was_learned_from_it() -> None:
    told = [(one.name, one.language, one.rows, one.gives) for one in training_sets(ROWS)]
    assert told == [
        ("fabsa", "en", 1, "all heads (gold labels)"),
        ("fabsa", "en", 2, "its text (teachers' labels)"),
        ("fabsa", "en", 1, "topics"),
        ("waimai_10k", "zh", 1, "polarity"),
        ("written", "en/zh", 2, "all heads (gold labels)"),
    ]


def test_the_licence_is_the_one_of_our_table() -> None:
    licences = {one.name: one.licence for one in training_sets(ROWS)}
    assert licences["fabsa"] == known_sources()["fabsa"].licence
    assert licences["written"] == "Apache-2.0"


@pytest.mark.parametrize("changed", [ROWS[:-1], [*ROWS, ROWS[0]]])
def test_the_hash_is_of_the_rows_in_any_order(changed: list[Example]) -> None:
    assert data_hash(ROWS) == data_hash(ROWS[::-1])
    assert data_hash(ROWS) != data_hash(changed)
