"""A template is seen through its fillings, and two sentences of their own are left alone."""

from __future__ import annotations

from tests.frames import framed, grams, shared_frames


def test_things_and_numbers_are_masked() -> None:
    assert framed("The phone died after 3 days!") == ("the", "#", "died", "after", "#", "days")
    assert framed("耳机用了三天") == ("#", "用", "了", "#", "天")
    assert framed("👎") == ()


def test_short_texts_have_no_runs() -> None:
    assert grams("物流快", 5) == frozenset()


def test_a_template_is_seen_in_any_order() -> None:
    filled = ["My kettle broke after two weeks", "Lovely.", "My tent broke after 9 weeks"]
    ((left, right, both),) = shared_frames(filled, 5)
    assert (left, right) == (filled[0], filled[2])
    assert both == grams(filled[0], 5)


def test_sentences_of_their_own_share_nothing() -> None:
    assert list(shared_frames(["Kettle broke within a week", "The tent leaked at dawn"], 5)) == []
    assert len(list(shared_frames(["Lovely little inn", "Lovely little inn"], 3))) == 1
