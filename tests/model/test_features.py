from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.model import features
from sentiment.model.features import BUCKET_BITS, Features, extract
from tests.model import slow

SAMPLE = Path(__file__).parents[2] / "data" / "sample_labels.jsonl"
TEXTS = [
    json.loads(line)["text"].lower() for line in SAMPLE.read_text(encoding="utf-8").splitlines()
]

# Pieces that meet every branch, and whatever else hypothesis thinks of.
PIECES = (
    *("不", "没", "好", "很", "物流", "質量", "〇", "カメラ", "좋아", "\U00020000", "豈"),
    *(
        "not",
        "no",
        "don't",
        "don’t",
        "dont",
        "never",
        "battery",
        "excellent",
        "a",
        "x2",
        "é",
        "ｇｏ",
    ),
    *(" ", "  ", "\t", "\n", "\u3000", ",", "。", ".", "-", "×", "'", "’", '"'),
    *("!", "?!", "~", "…", "%", "👍", "👍🏽", "❤️", "👨‍👩‍👧", "→", "\ufe0f", "\u200d"),
    *("\ud83d", "\udc4d", "\x00", "\ufffd", "\U0010ffff", "ا", "ไทย"),
)
mixtures = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=40).map("".join)


def row(found: Features, at: int) -> list[slow.Feature]:
    """The features of one text, sorted."""
    some = found.row == at
    columns = (found.bucket[some], found.start[some], found.end[some])
    return sorted(slow.Feature(*map(int, one)) for one in zip(*columns, strict=True))


@given(st.lists(mixtures, max_size=5))
def test_a_loop_finds_the_same_features(texts: list[str]) -> None:
    found = extract(texts)
    for at, text in enumerate(texts):
        assert row(found, at) == sorted(slow.features(text))


def test_a_loop_finds_the_same_features_in_real_texts() -> None:
    found = extract(TEXTS)
    for at, text in enumerate(TEXTS[:150]):
        assert row(found, at) == sorted(slow.features(text))


@given(st.lists(mixtures, min_size=1, max_size=6), st.data())
def test_no_text_depends_on_its_neighbours(texts: list[str], data: st.DataObject) -> None:
    together = extract(texts)
    order = data.draw(st.permutations(range(len(texts))))
    turned = extract([texts[at] for at in order])
    for place, at in enumerate(order):
        alone = extract([texts[at]])
        for name in ("bucket", "start", "end"):
            one = getattr(alone, name)
            np.testing.assert_array_equal(one, getattr(together, name)[together.row == at])
            np.testing.assert_array_equal(one, getattr(turned, name)[turned.row == place])


@given(st.lists(mixtures, max_size=6))
def test_features_come_in_order_and_lie_in_their_text(texts: list[str]) -> None:
    found = extract(texts)
    assert {array.dtype for array in (found.bucket, found.start, found.end, found.row)} == {
        np.dtype(np.int64)
    }
    assert (np.diff(found.row) >= 0).all()
    same = np.diff(found.row) == 0
    assert (np.diff(found.start)[same] >= 0).all()
    assert (found.start < found.end).all()
    lengths = np.array([len(text) for text in texts], dtype=np.int64)
    assert (found.end <= lengths[found.row]).all() if len(found.row) else True
    assert ((found.bucket >= 0) & (found.bucket < 1 << BUCKET_BITS)).all()


@pytest.mark.parametrize("texts", [[], [""], ["", ""], ["...", "。，"], ["\n"], ["\ud800"]])
def test_texts_without_units_have_no_features(texts: list[str]) -> None:
    assert len(extract(texts).bucket) == 0


def words(text: str) -> list[str]:
    found = extract([text])
    return [text[start:end] for start, end in zip(found.start, found.end, strict=True)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("好", ["好"]),
        ("ok", ["ok"]),
        ("很好", ["很", "很好", "好"]),
        ("so good", ["so", "so good", "good"]),
        ("so, good", ["so", "good"]),
        ("很好!", ["很", "很好", "好", "!"]),
        ("!!", ["!", "!"]),
        ("lovely", ["lovely", "lovely"]),  # and its first five letters
        ("it's", ["it's"]),
        ("'it'", ["it"]),
        ("abc", ["abc"]),
        ("a b c", ["a", "a b", "a b c", "a b c", "b", "b c", "c"]),  # the pair a _ c as well
        ("不好", ["不", "不好", "不好", "好"]),  # and 好 denied
        ("不。好", ["不", "好"]),
    ],
)
def test_features_by_hand(text: str, expected: list[str]) -> None:
    assert sorted(words(text)) == sorted(expected)


def buckets(text: str) -> set[int]:
    return set(extract([text]).bucket.tolist())


def test_either_apostrophe_is_the_same() -> None:
    assert buckets("don't go") == buckets("don’t go")


def test_a_skin_tone_is_looked_through() -> None:
    assert buckets("👍🏽") == buckets("👍")


def test_denial_reaches_three_units() -> None:
    denied = buckets("not good") - buckets("not") - buckets("good")
    for between, shared in (("", True), ("a ", True), ("a b ", True), ("a b c ", False)):
        assert bool(denied & buckets(f"not {between}good")) == shared


def test_order_matters() -> None:
    assert buckets("好不") != buckets("不好")


def test_a_long_text_and_threads_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "_powers", None)
    texts = ["质量很好。" * 4000, "not bad at all, " * 9000, "x" * 70_000, "快"]
    expected = [row(extract([text]), 0) for text in texts]
    monkeypatch.setattr(features, "_powers", None)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda at: row(extract([texts[at % 4]]), 0), range(16)))
    assert found == expected * 4


def test_hashes_spread_evenly() -> None:
    found = extract([f"w{number:04}" for number in range(10_000)]).bucket
    assert len(np.unique(found)) > 9_970  # 12 collisions are expected among 4 million buckets
    counts = np.bincount(found >> (BUCKET_BITS - 4), minlength=16)
    assert (np.abs(counts - 625) < 6 * np.sqrt(625)).all()
