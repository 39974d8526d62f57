"""Tokens: those of the whole text, whatever was read before and however the text is spaced."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import AddedToken, Encoding, Tokenizer, models, normalizers, pre_tokenizers

from sentiment.model import tokens
from sentiment.model.tokens import Tokens

BASE = Path(__file__).parents[2] / "models" / "base" / "tokenizer.json"
TOKENIZER = Tokenizer.from_file(str(BASE))
FIRST = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
WORDS = (
    "Good",
    "don’t",
    "late,",
    "很快",
    "质量不错。",
    "2.5kg",
    "",
    "😀️",
    "a\tb",
    "x\u3000y",
    "[CLS]",
    "\x1c",
)


def whole(texts: list[str]) -> list[tuple[list[int], list[tuple[int, int]]]]:
    return [
        (one.ids, one.offsets) for one in TOKENIZER.encode_batch(texts, add_special_tokens=False)
    ]


def said(cutter: Tokens, texts: list[str]) -> list[tuple[list[int], list[tuple[int, int]]]]:
    cuts = cutter.cut(texts)
    for cut in cuts:
        assert len(cut.offsets) == len(cut.ids)
        assert [cut.offsets[-at] for at in range(1, len(cut.ids) + 1)] == list(cut.offsets)[::-1]
    return [(cut.ids, list(cut.offsets)) for cut in cuts]


@given(st.lists(st.one_of(st.text(), st.lists(st.sampled_from(WORDS)).map(" ".join))))
def test_they_are_those_of_the_whole_text(texts: list[str]) -> None:
    cutter = Tokens(TOKENIZER)
    assert said(cutter, texts) == whole(texts)
    assert said(cutter, texts) == whole(texts)  # and when every word is known


def test_what_was_read_before_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "_MOST", 30)
    cutter = Tokens(TOKENIZER)
    chance = random.Random(1)
    for _ in range(40):
        texts = [" ".join(f"word{chance.randrange(90)}" for _ in range(8)) for _ in range(4)]
        assert said(cutter, texts) == whole(texts)
        assert len(cutter._known) <= 30 + 32  # what one batch brings is let in at once


def small() -> Tokenizer:
    letters = json.loads('{"a": 0, "b": 1, "c": 2, "_": 3, " ": 4, "▁": 5}')
    return Tokenizer(models.BPE(letters, []))


class Counting:
    """The tokenizer, and what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> object:
        return getattr(TOKENIZER, name)

    def encode_batch(self, texts: list[str], **options: bool) -> list[Encoding]:
        self.asked += texts
        return TOKENIZER.encode_batch(texts, **options)


def test_a_known_word_is_not_cut_again() -> None:
    long = "这句话很长很长，长到不会再来第二次，所以不必记住它"
    counting = Counting()
    cutter = Tokens(cast(Tokenizer, counting))
    cutter.cut(["good value good", "bad value"])
    cutter.cut(["good bad value", long])
    cutter.cut([long])
    assert counting.asked == ["good", "value", "bad", long, long]


@pytest.mark.parametrize(
    ("normalizer", "pre_tokenizer"),
    [
        (None, pre_tokenizers.Metaspace()),  # a token may begin with the space before it
        (None, None),
        (normalizers.Prepend("_"), pre_tokenizers.WhitespaceSplit()),  # once a text, not a word
        (normalizers.Replace("a b", "c"), pre_tokenizers.WhitespaceSplit()),
        (normalizers.Replace(" ", "▁"), pre_tokenizers.WhitespaceSplit()),
        (normalizers.Replace("c", " "), pre_tokenizers.WhitespaceSplit()),
        (None, pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), FIRST])),
    ],
)
def test_a_tokenizer_that_reaches_over_spaces_is_asked_for_whole_texts(
    normalizer: normalizers.Normalizer | None, pre_tokenizer: pre_tokenizers.PreTokenizer | None
) -> None:
    other = small()
    if normalizer is not None:
        other.normalizer = normalizer
    if pre_tokenizer is not None:
        other.pre_tokenizer = pre_tokenizer
    texts = ["a b", "b", " a  b c"]
    theirs = other.encode_batch(texts, add_special_tokens=False)
    assert said(Tokens(other), texts) == [(one.ids, one.offsets) for one in theirs]


@pytest.mark.parametrize(
    "change",
    [
        lambda one: one.enable_truncation(2),
        lambda one: one.enable_padding(length=9),
        lambda one: one.add_tokens(["a b"]),
        lambda one: one.add_special_tokens([AddedToken("[b]", lstrip=True)]),
    ],
)
def test_what_is_done_to_a_whole_text_is_done_to_it(change: Callable[[Tokenizer], object]) -> None:
    other = small()
    other.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    change(other)
    texts = ["a b c a", "c [b] a", "b"]
    theirs = other.encode_batch(texts, add_special_tokens=False)
    assert said(Tokens(other), texts) == [(one.ids, one.offsets) for one in theirs]
