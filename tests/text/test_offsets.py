from __future__ import annotations

import re

import pytest

from sentiment.text import prepare
from sentiment.text.offsets import OffsetMap, rewrite


def original(text: str, piece: str) -> str:
    """Return what the piece of the clean text was in the original."""
    prepared = prepare(text)
    place = prepared.text.index(piece)
    start, end = prepared.to_original(place, place + len(piece))
    return text[start:end]


@pytest.mark.parametrize(
    ("text", "piece", "expected"),
    [
        ("業(yè)務(wù)很好", "業務", "業(yè)務"),  # business
        ("業(yè)務(wù)很好", "很好", "很好"),  # very good
        ("a &amp; b", "a & b", "a &amp; b"),
        ("a &amp; b", "b", "b"),
        ("  so  bad ", "so bad", "so  bad"),
        ("太好了！！！！！！再买", "再买", "再买"),  # will buy again
        ("loooooong", "long"[:1], "l"),
        ("<p>neat</p>", "neat", "neat"),
        ("Ｇｏｏｄ job", "Good", "Ｇｏｏｄ"),
        ("donâ€™t buy", "don’t", "donâ€™t"),
        ("donâ€™t buy", "buy", "buy"),
        (
            "水壶漏水，坏了".encode().decode("latin-1"),
            "漏水",
            "漏水".encode().decode("latin-1"),
        ),  # leaks
        ("nice \ud83d\ude00 box", "😀", "\ud83d\ude00"),
        ("&lt;b&gt;neat&lt;/b&gt; box", "neat", "neat"),
        ("Cafe\u0301 good", "Café", "Cafe\u0301"),
        ("ﬁne", "fine", "ﬁne"),
    ],
)
def test_span_in_the_original(text: str, piece: str, expected: str) -> None:
    assert original(text, piece) == expected


def test_evidence_in_wrongly_read_gbk_is_not_the_whole_text() -> None:
    wrong = "味道不错，会回购".encode().decode("gbk")  # tastes fine, will buy again
    prepared = prepare(wrong)
    start, end = prepared.to_original(*prepared.clauses[0])
    assert prepared.text[: prepared.clauses[0][1]] == "味道不错"
    assert (start, end) == (0, 6)


def test_deletion_at_the_border_stays_outside() -> None:
    text, offsets = rewrite("ab--cd", re.compile("-+"), lambda match: "")
    assert text == "abcd"
    assert offsets is not None
    assert offsets.before(0, 2) == (0, 2)
    assert offsets.before(2, 4) == (4, 6)
    assert offsets.before(1, 3) == (1, 5)


def test_span_that_cuts_a_replacement_takes_all_of_it() -> None:
    _, offsets = rewrite("a&amp;b", re.compile("&amp;"), lambda match: "and")
    assert offsets is not None
    assert offsets.before(2, 3) == (1, 6)
    assert offsets.before(0, 1) == (0, 1)
    assert offsets.before(4, 5) == (6, 7)


def test_one_character_for_one_moves_nothing() -> None:
    assert rewrite("a\tb", re.compile("\t"), lambda match: " ") == ("a b", None)
    assert rewrite("ab", re.compile("x"), lambda match: "") == ("ab", None)


def test_empty_map_and_empty_span() -> None:
    assert OffsetMap.of([]).before(3, 5) == (3, 5)
    _, offsets = rewrite("xab", re.compile("x"), lambda match: "")
    assert offsets is not None
    assert offsets.before(0, 0) == (1, 1)
