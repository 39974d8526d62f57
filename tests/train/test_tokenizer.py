"""The tokenizer: one kind of character a token, exact offsets, nothing unknown, words of jieba."""

import json
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from sentiment.train.base import tokenizer as own

ZH = (
    "物流很快，质量也不错，性价比高。",
    "服务态度差，退货麻烦，客服不理人！",
    "物美价廉，包装严实，会再来的",
    "用了两天就坏了，质量和服务都不行",
)
EN = (
    "the delivery was late and the box was damaged!",
    "great quality, i don't regret it 10/10",
    "friendly staff but overpriced food...",
    "stopped working after two days, it's a waste of money",
)
OPTIONS = own.TokenizerOptions(
    size=1200, han_floor=5, sign_floor=5, chinese_words=60, english_pieces=60
)


def texts(lines: tuple[str, ...], odd: str) -> list[str]:
    draw = random.Random(1)
    # Rare words of their own make the usual training of pieces possible on so small a corpus.
    rare = ("".join(draw.choices("abcdefghij", k=7)) for _ in range(300))
    return [f"{lines[n % len(lines)]} {odd} {word}" for n, word in enumerate(rare)]


@pytest.fixture(scope="module")
def trained() -> Tokenizer:
    return own.train(texts(ZH, "👍"), texts(EN, "★"), OPTIONS)


def pieces(trained: Tokenizer, text: str) -> list[str]:
    return trained.encode(text, add_special_tokens=False).tokens


def test_chinese_comes_out_as_the_words_of_jieba(trained: Tokenizer) -> None:
    # quality / and / service: 和服 (kimono) lies across the border and is a word as well
    assert pieces(trained, "质量和服务") == ["质量", "和", "服务"]
    assert pieces(trained, "性价比高") == ["性价比", "高"]  # value for money / high
    assert pieces(trained, "物美价廉") == ["物美价廉"]  # an idiom stays whole


def test_a_compound_of_two_common_words_is_two_tokens(trained: Tokenizer) -> None:
    # service attitude: jieba's dictionary has it as one word, the evidence may start inside
    assert not own._stands("服务态度", {"服务态度": 5, "服务": 9, "态度": 9})
    assert own._stands("物美价廉", {"物美价廉": 5, "价廉": 1})
    assert not own._stands("物流配送速", {})


def test_a_token_is_of_one_kind(trained: Tokenizer) -> None:
    assert pieces(trained, "质量great10!") == ["质量", "▁great", "10", "!"]
    for token in trained.get_vocab():
        if token in own.SPECIALS or token.startswith("<0x"):
            continue
        letters = token.removeprefix(own.MARKER)
        kinds = {
            "han" if "\u3400" <= c <= "\u9fff" else "latin" if c.isalpha() else "digit"
            for c in letters
            if c.isalnum()
        }
        assert len(kinds) <= 1, token
        assert len(token) == 1 or all(c.isalnum() or c == "'" for c in letters), token
        if kinds == {"han"}:
            assert len(token) <= own.LONGEST_HAN


def test_a_word_is_the_same_token_wherever_it_stands(trained: Tokenizer) -> None:
    assert pieces(trained, "great") == ["▁great"]
    assert "▁great" in pieces(trained, "质量great不错")
    assert pieces(trained, "don't") == pieces(trained, "don\u2019t") == ["▁don't"]
    assert pieces(trained, "GREAT") == ["▁great"]


def test_every_common_emoji_is_a_token_and_a_rare_one_is_bytes(trained: Tokenizer) -> None:
    for emoji in "😀😡👍👎❤🙏":
        assert pieces(trained, emoji) == [emoji]
    assert pieces(trained, "❤\ufe0f") == ["❤"]
    assert pieces(trained, "🦖") == ["<0xF0>", "<0x9F>", "<0xA6>", "<0x96>"]
    assert trained.encode("🦖").offsets[1:-1] == [(0, 1)] * 4


@settings(max_examples=200, deadline=None)
@given(
    # Control characters never get past the text line, and its marker is no text to the model.
    st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="▁"), max_size=40)
    | st.text(alphabet="质量很好go 1!👍\u2019'é\n", max_size=40)
)
def test_offsets_cover_the_text_and_nothing_is_unknown(trained: Tokenizer, text: str) -> None:
    encoding = trained.encode(text, add_special_tokens=False)
    assert "[UNK]" not in encoding.tokens
    ends = 0
    covered: set[int] = set()
    for start, end in encoding.offsets:
        assert 0 <= start < end <= len(text)
        assert end >= ends
        assert not text[start].isspace()
        ends = end
        covered.update(range(start, end))
    left = {c for at, c in enumerate(text) if at not in covered}
    assert all(c.isspace() or c == "\ufe0f" for c in left), left


def test_saved_it_loads_alone_and_with_transformers(trained: Tokenizer, tmp_path: Path) -> None:
    own.save(trained, tmp_path)
    again = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    text = "质量很好 but the delivery was late"
    assert again.encode(text).ids == trained.encode(text).ids
    transformers = pytest.importorskip("transformers", reason="needs the extra [torch]")
    auto = transformers.AutoTokenizer.from_pretrained(tmp_path)
    assert auto(text)["input_ids"] == trained.encode(text).ids
    assert (auto.pad_token_id, auto.cls_token_id, auto.mask_token_id) == (0, 2, 4)


def test_the_vocabulary_has_its_size_and_its_order(trained: Tokenizer) -> None:
    state = json.loads(trained.to_str())
    names = [piece for piece, _ in state["model"]["vocab"]]
    assert tuple(names[:5]) == own.SPECIALS
    assert names[5] == "<0x00>"
    assert names[260] == "<0xFF>"
    assert len(names) == len(set(names)) <= OPTIONS.size


def test_the_same_tokenizer_twice(trained: Tokenizer) -> None:
    again = own.train(texts(ZH, "👍"), texts(EN, "★"), OPTIONS)
    assert again.to_str() == trained.to_str()
