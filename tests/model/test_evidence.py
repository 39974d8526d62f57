from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.model.evidence import Evidence
from sentiment.model.features import extract
from sentiment.model.heads import Heads, read_batch
from sentiment.text import prepare

SAMPLE = Path(__file__).parents[2] / "data" / "sample_labels.jsonl"
REAL = [json.loads(line)["text"] for line in SAMPLE.read_text(encoding="utf-8").splitlines()]
CUT = Evidence(whole_han=12, whole_latin=30, price_han=0.5, price_latin=0.5)


def heads_for(*words: str) -> Heads:
    """Heads whose one label is spoken for by these words and by nothing else."""
    buckets = np.unique(extract(list(words)).bucket)
    one = np.ones(2, dtype=np.float32)
    return Heads(buckets, np.ones((len(buckets), 2), dtype=np.int8), one, 0 * one, 1)


def cut(text: str, *words: str, clause: int = 0, evidence: Evidence = CUT) -> str:
    prepared = prepare(text)
    read = read_batch([prepared.folded], [prepared.clauses])
    ((start, end),) = evidence.spans([prepared], read, heads_for(*words), iter([(0, clause, 0)]))
    assert 0 <= start < end <= len(prepared.text)
    return prepared.text[start:end]


def test_a_short_clause_stays_whole() -> None:
    assert cut("物流很快，质量太差", "差", clause=1) == "质量太差"
    assert cut("It arrived late.", "late") == "It arrived late"


@pytest.mark.parametrize(
    ("text", "words", "inside", "outside"),
    [
        ("上周在朋友推荐下给家里老人买的这台机器质量真的太差了", ("质量真的太差",), "太差", "朋友"),
        (
            "my sister in law told me that the battery died on her after a week",
            ("died",),
            "died",
            "sister",
        ),
    ],
)
def test_of_a_long_clause_the_deciding_words_remain(
    text: str, words: tuple[str, ...], inside: str, outside: str
) -> None:
    kept = cut(text, *words)
    assert inside in kept
    assert outside not in kept
    assert len(kept) < len(text)


def test_words_are_not_cut_in_two() -> None:
    text = "everybody in our office complained about the unbelievably dreadful coffee"
    kept = cut(text, "dreadful")
    assert set(kept.split()) <= set(text.split())


@given(st.sampled_from(REAL) | st.text(alphabet="质量差不好 ab,。!", max_size=90), st.data())
def test_evidence_is_short_trimmed_and_not_the_whole(text: str, data: st.DataObject) -> None:
    prepared = prepare(text)
    count = len(prepared.clauses)
    read = read_batch([prepared.folded], [prepared.clauses])
    at = data.draw(st.integers(-1, count - 1))
    if at < 0 and not prepared.text:
        return
    wide = Evidence(whole_han=500, whole_latin=500, price_han=0.1, price_latin=0.1)
    heads = heads_for(*data.draw(st.lists(st.sampled_from(REAL), min_size=1, max_size=3)))
    for evidence in (CUT, wide):
        ((start, end),) = evidence.spans([prepared], read, heads, iter([(0, at, 0)]))
        assert 0 <= start < end <= len(prepared.text)
        assert end - start <= 80
        if at >= 0:
            first, last = prepared.clauses[at]
            assert first <= start < end <= last
        if len(prepared.text.strip()) > 40:
            assert prepared.text[start:end] != prepared.text.strip()


def test_a_long_text_of_one_clause_is_cut_even_where_long_clauses_stay_whole() -> None:
    wide = Evidence(whole_han=100, whole_latin=100, price_han=0.1, price_latin=0.1)
    text = "the battery does not last as long as the box had said"
    kept = cut(text, "battery", "battery does not last", evidence=wide)
    assert kept in text
    assert "battery" in kept
    assert len(kept) <= 40
    assert len(cut("x" * 300, "y", evidence=wide)) <= 80


def test_what_joins_is_left_out() -> None:
    assert cut("快，但是质量太差", "差", clause=1) == "质量太差"
    assert cut("good, but it arrived late", "late", clause=1) == "it arrived late"
    assert cut("可爱极了", "爱") == "可爱极了"


def test_a_text_without_clauses_shows_its_beginning() -> None:
    prepared = prepare("?" * 90)
    read = read_batch([prepared.folded], [[]])
    spans = list(CUT.spans([prepared], read, heads_for("x"), iter([(0, -1, 0)])))
    assert len(spans) == 1
    assert spans[0][1] - spans[0][0] <= 40


def test_one_span_for_each_that_is_asked() -> None:
    prepared = [prepare(text) for text in REAL[:20]]
    read = read_batch([one.folded for one in prepared], [one.clauses for one in prepared])
    asked = [(int(row), at, 0) for at, row in enumerate(read.row_of_clause)]
    spans = list(CUT.spans(prepared, read, heads_for("好", "bad"), iter(asked)))
    assert len(spans) == len(asked)
    for (row, at, _), (start, end) in zip(asked, spans, strict=True):
        assert read.clause_start[at] <= start < end <= read.clause_end[at]
        alone = read_batch([prepared[row].folded], [prepared[row].clauses])
        own = at - int(np.searchsorted(read.row_of_clause, row))
        (same,) = CUT.spans([prepared[row]], alone, heads_for("好", "bad"), iter([(0, own, 0)]))
        assert same == (start, end)
