"""A text in two languages parts where the customer changed from one to the other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.text import prepare
from sentiment.text.passages import passages


def parts(text: str) -> list[str]:
    folded = prepare(text).folded
    return [folded[start:end] for start, end in passages(folded)]


@pytest.mark.parametrize(
    "text",
    [
        "物流很快，包装也好。|fast delivery and well packed.",
        "the staff were rude to us, |服务态度非常差",
        "质量很好很满意 |don't buy it from here",
        "质量很好很满意|don't buy it from here",  # nothing between them
        "用了三天就坏了！！|3 stars for the nice design, |退货也很麻烦",
        "下次还会再来的，|it was “nice” (and clean)",
        "价格便宜实惠。\n|“good value for money”",
    ],
)
def test_passages_part_behind_the_marks_between_them(text: str) -> None:
    assert parts(text.replace("|", "")) == text.split("|")


@pytest.mark.parametrize(
    "text",
    [
        "这个 product quality 不错, delivery 也很快",  # words of a sentence
        "我买了 iPhone 15 Pro Max 手机壳也很好用",
        "这款 iPhone 16 Pro Max 256GB 原色款真的太惊艳了",
        "the 麻辣香锅 here is great and not too hot",
        "OK good 很好用的软件",
        "很快 but the box was damaged",  # two characters are no passage
        "物流很快，包装也好。",
        "fast delivery and well packed — naïve me",
        "",
    ],
)
def test_a_borrowed_word_makes_no_passage(text: str) -> None:
    assert parts(text) == [prepare(text).folded]


@given(
    st.lists(
        st.sampled_from(["很好用的东西", "it was not very good", "，", ". ", " ", "7", "(", "é"])
    )
)
def test_passages_are_the_whole_text(pieces: list[str]) -> None:
    folded = "".join(pieces)
    assert "".join(folded[start:end] for start, end in passages(folded)) == folded
    assert all(end > start for start, end in passages(folded)) or not folded
