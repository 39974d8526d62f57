"""A simple random sample, in one pass."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from sentiment.labelling.sample import draw
from tests.labelling.rows import analysis

ROWS = [analysis(row, f"text {row}") for row in range(1, 51)]


def test_every_text_has_the_same_chance_and_any_place() -> None:
    taken: Counter[int] = Counter()
    first: Counter[int] = Counter()
    for seed in range(2000):
        sample, total = draw(ROWS, 10, seed)
        assert (len(sample), total) == (10, 50)
        taken.update(one.row for one in sample)
        first[sample[0].row] += 1
    # 400 and 40 are expected; the bounds are five standard deviations away.
    assert all(abs(taken[one.row] - 400) < 90 for one in ROWS)
    assert all(abs(first[one.row] - 40) < 32 for one in ROWS)


def test_a_seed_repeats() -> None:
    assert draw(ROWS, 10, 3) == draw(iter(ROWS), 10, 3)
    assert draw(ROWS, 10, 3) != draw(ROWS, 10, 4)


@pytest.mark.parametrize("size", [50, 60])
def test_a_sample_as_large_as_everything_is_everything(size: int) -> None:
    sample, total = draw(ROWS, size, 1)
    assert sorted(one.row for one in sample) == list(range(1, 51))
    assert total == 50


def test_texts_that_say_nothing_are_not_drawn() -> None:
    empty = [replace(one, sentiment=None, status="empty") for one in ROWS[:40]]
    sample, total = draw([*empty, *ROWS[40:]], 20, 1)
    assert {one.row for one in sample} == set(range(41, 51))
    assert total == 10
