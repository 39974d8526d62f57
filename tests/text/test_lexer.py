"""What is found for many texts at once is what the pattern finds for each."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.text import find_clauses, prepare, segment
from tests.text.test_properties import TEXTS, THOROUGH

PIECES = """
物流很快 质量也不错 但是 不得不说 不 得 说 的 干净卫生 差不多 差 不多 非常 还可以 可以 挺好的 㐀 鿿
〇 々 app iphone14 don't rock'n'roll l'été 3.5 1,200 10:30 5/5 e.g. i.e.
① ⑩ Ⓐ ℃ · × → ⊙ ▂ ╮ ╭ � ° ² µ ︶ ¿ ⁽
. .. ... 。。 ！？ ，， 、 ~ ～ - -- — – | • 👍 ❶ ‼ ㊗ （ ） “ ” é ß Ж 한 か ａ １ ' ’ & _ 🄰 𠀀
"""
SIGNS = [*PIECES.split(), "👨\u200d👩\u200d👧", "\ud83d", "\x00", " ", "\n", "\t"]
LINES = st.lists(st.sampled_from(SIGNS), max_size=30).map("".join)


def by_pattern(text: str) -> tuple[str, list[int]]:
    words = segment._Words.of(text, text)
    return words.codes, words.ends


@THOROUGH
@given(st.lists(st.one_of(LINES, TEXTS), max_size=6))
def test_words_of_many_texts(texts: list[str]) -> None:
    folded = [prepare(text).folded for text in texts]
    for text, read in zip(folded, segment._lexer().read(folded), strict=True):
        if read is not None:
            assert read == by_pattern(text)


@THOROUGH
@given(st.lists(st.one_of(LINES, TEXTS), max_size=6))
def test_clauses_of_many_texts(texts: list[str]) -> None:
    together = [prepare(text) for text in texts]
    find_clauses(together)
    assert [one.clauses for one in together] == [prepare(text).clauses for text in texts]


@pytest.mark.parametrize(
    "text",
    [
        "物流很快，质量也不错。",
        "这家店的app很好用，just so so，don't buy！！",
        "打了3.5折，花1,200元，10:30到的，给5/5分……",
        "👍👍很好--就是有点贵~~（真的）",
        "不得不说，干净卫生，差不多",
        "①物流很快②包装也好",
        "快�员·态度 → 不好，×2 ≥ 3℃ ╮(╯_╰)╭",
        "",
    ],
)
def test_ordinary_texts_are_not_left_to_the_pattern(text: str) -> None:
    (read,) = segment._lexer().read([text])
    assert read == by_pattern(text)


def test_a_long_text_is_left_to_the_pattern() -> None:
    assert segment._lexer().read(["很好" * 2_000, "很好"])[0] is None
