"""A simple random sample, in one pass."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pandas
import pytest

from sentiment.analyzer import Analyzer
from sentiment.labelling.sample import draw, read_run
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


def test_the_texts_of_a_scored_frame_are_read_back(analyzer: Analyzer, tmp_path: Path) -> None:
    texts = ["物流很快，但是质量太差", "The battery is great but it arrived late."]
    scored = analyzer.frame(pandas.DataFrame({"评论内容": texts}))
    scored.to_json(tmp_path / "saved.jsonl", orient="records", lines=True)
    scored.to_csv(tmp_path / "saved.csv", index=False)
    for name in ("saved.jsonl", "saved.csv"):
        found = list(read_run(tmp_path / name))
        assert [one.text for one in found] == texts
        assert [one.opinions for one in found] == [
            one.opinions for one in analyzer.analyze_batch(texts)
        ]
