"""What holds for every text: built from dirt that meets dirt, and from any code points at all."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment.records import STATUSES
from sentiment.text import STEPS, prepare, segment, words
from sentiment.text.segment import CONTENT

# Pieces that have something to do with each other when they touch.
VISIBLE = """
质量很好 物流快 但是 不错 ， 。 、 the and but very staff rude great is !!!!! 哈哈哈哈哈 &amp;
&lt;br&gt; <br> <b> </b> &#8203; &nbsp; 👍 ❤️ Ａ１ 業(yè) 務(wù) (men) (CRM) Ã© â€™ å¥½ 璐ㄩ噺 寰堝ソ
锟斤拷 ? 蛻艋 蛻魸M https://a.b/c @you 10/10 3.5 e.g. İ ß _x000D_ & < <a > amp; #38; ; 666666 這個
後來 ノ … ~ - -- ' " ( ) T_T :) 𝓐 ﬁ 豈 www.x.com . ... A
"""
INVISIBLE = (
    " \n\u200b\u200d\ufe0f\u0301\u3099\x00\x1a\x85\xa0\u3000\u2028\ufffd\ufeff"
    "\ud83d\ude00\U000e0067"
)
DIRT = [*VISIBLE.split(), *INVISIBLE, "👨\u200d👩\u200d👧"]
TEXTS = st.one_of(
    st.text(st.characters(), max_size=60),
    st.lists(st.one_of(st.sampled_from(DIRT), st.text(max_size=2)), max_size=14).map("".join),
)
THOROUGH = settings(max_examples=400, deadline=None)


@THOROUGH
@given(TEXTS)
def test_preparing_again_changes_nothing(text: str) -> None:
    clean = prepare(text).text
    assert prepare(clean).text == clean


@THOROUGH
@given(TEXTS)
def test_clean_text_can_be_written(text: str) -> None:
    clean = prepare(text).text
    assert clean.encode("utf-8").decode("utf-8") == clean


@THOROUGH
@given(TEXTS)
def test_folding_keeps_the_length(text: str) -> None:
    prepared = prepare(text)
    assert len(prepared.folded) == len(prepared.text)


@THOROUGH
@given(TEXTS)
def test_offsets_stay_in_range_and_in_order(text: str) -> None:
    prepared = prepare(text)
    last = (0, 0)
    for place in range(len(prepared.text)):
        start, end = prepared.to_original(place, place + 1)
        assert 0 <= start <= end <= len(text)
        assert start >= last[0]
        assert end >= last[1]
        last = (start, end)
    if not prepared.steps:
        assert prepared.text == text


@THOROUGH
@given(TEXTS)
def test_clauses_and_sentences_hold_all_content_once(text: str) -> None:
    prepared = prepare(text)
    for spans in (prepared.clauses, prepared.sentences):
        done = 0
        for start, end in spans:
            assert done <= start < end <= len(prepared.text)
            assert not CONTENT.search(prepared.text[done:start])
            assert not prepared.text[start].isspace()
            assert not prepared.text[end - 1].isspace()
            done = end
        assert not CONTENT.search(prepared.text[done:])


@THOROUGH
@given(TEXTS)
def test_steps_are_named_in_the_table_and_join_up(text: str) -> None:
    prepared = prepare(text)
    names = {rule.name for rule in STEPS}
    before = text
    for step in prepared.steps:
        assert step.name in names
        assert step.before == before != step.after
        before = step.after
    assert before == prepared.text


@THOROUGH
@given(TEXTS, st.sampled_from(["bytes that are not UTF-8", None]))
def test_status_follows_from_language_and_damage(text: str, damage: str | None) -> None:
    prepared = prepare(text, damage)
    assert prepared.status in STATUSES
    if damage:
        assert prepared.status != "ok"
    if prepared.language == "other":
        assert prepared.status in ("empty", "unsupported")


@settings(max_examples=150, deadline=None)
@given(TEXTS)
def test_tokens_are_slices_in_order(text: str) -> None:
    last = 0
    for token in words(prepare(text)):
        assert token.text == text[token.start : token.end]
        assert token.start >= last
        last = token.start


def test_a_long_text_is_cut_as_its_pieces_are() -> None:
    unit = "物流很快，但是质量太差。The staff were rude, but it works fine!\n"
    long = unit * 9000
    assert len(long) > 2 * segment._LONGEST_READ
    spans = prepare(unit).clauses
    expected = [
        (at * len(unit) + first, at * len(unit) + last)
        for at in range(9000)
        for first, last in spans
    ]
    assert list(prepare(long).clauses) == expected


def test_a_long_text_without_an_end_loses_nothing() -> None:
    text = "物流很快质量不错客服态度好" * 40_000
    spans = prepare(text).clauses
    assert "".join(text[first:last] for first, last in spans) == text
