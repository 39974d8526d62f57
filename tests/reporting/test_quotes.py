"""Quotes are cut around the evidence, masked, and chosen by the printed rule."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.records import Analysis
from sentiment.reporting.build import report
from sentiment.reporting.quotes import voice
from tests.reporting.rows import STARS, analyses


def _quote(text: str, start: int, end: int, language: str = "en") -> tuple[str, str]:
    opinion = {"driver": "delivery.speed", "polarity": "negative", "confidence": 0.9}
    found = voice(
        row=1,
        text=text,
        opinions=[{**opinion, "start": start, "end": end}],
        tags=[],
        about=("driver", "delivery.speed", "negative"),
        language=language,
        outcome=None,
        date=None,
        segments={},
        id=None,
    )
    assert found is not None
    return found.text, "".join(part.text for part in found.parts if part.mark)


def test_a_short_text_is_quoted_whole() -> None:
    assert _quote("It took nine days to come.", 3, 17) == (
        "It took nine days to come.",
        "took nine days",
    )


def test_a_long_one_is_cut_at_words() -> None:
    text = "word " * 200 + "nine days late" + " other" * 200
    shown, evidence = _quote(text, 1000, 1014)
    assert evidence == "nine days late"
    assert shown.startswith("…word")
    assert shown.endswith("other…")
    assert len(shown) < 260


def test_a_number_is_masked_though_it_reaches_over_the_cut() -> None:
    text = "慢" * 5 + "物流太慢" + "好" * 43 + "13812345678" + "好" * 50
    shown, _ = _quote(text, 5, 9, "zh")
    assert "13" not in shown


def test_damaged_words_are_counted_but_not_quoted() -> None:
    rows = analyses(300)
    speed = [row for row in rows if any(o.driver == "delivery.speed" for o in row.opinions)]
    damaged = {row.row for row in speed[::2]}
    made = report(
        [replace(row, status="damaged") if row.row in damaged else row for row in rows],
        outcome=STARS,
        bootstrap=20,
    )
    quoted = {row["row"] for row in made["voices"].rows("voices")}
    praised = {row["row"] for row in made["replies"].rows("praise")}
    assert quoted
    assert not damaged & quoted
    assert not damaged & praised
    (speed_row,) = [r for r in made["drivers"].rows("drivers") if r["code"] == "delivery.speed"]
    assert speed_row["n"] == len(speed)


def test_words_that_were_decoded_wrongly_are_not_quoted() -> None:
    rows = analyses(300)
    speed = [row for row in rows if any(o.driver == "delivery.speed" for o in row.opinions)]
    misread = {row.row for row in speed[::2]}
    made = report(
        [_misread(row) if row.row in misread else row for row in rows], outcome=STARS, bootstrap=20
    )
    quoted = {row["row"] for row in made["voices"].rows("voices")}
    praised = {row["row"] for row in made["replies"].rows("praise")}
    assert quoted
    assert not misread & quoted
    assert not misread & praised
    (speed_row,) = [r for r in made["drivers"].rows("drivers") if r["code"] == "delivery.speed"]
    assert speed_row["n"] == len(speed)


def _misread(row: Analysis) -> Analysis:
    """Return a row as a tool leaves it that takes UTF-8 for Latin-1."""
    text = "物流很快，很好用".encode().decode("latin-1")
    whole = {"evidence": text, "start": 0, "end": len(text)}
    opinions = tuple(replace(opinion, **whole) for opinion in row.opinions)  # type: ignore[arg-type]
    return replace(row, text=text, opinions=opinions, tags=())


@given(st.text(min_size=1, max_size=400), st.data())
def test_the_evidence_is_always_in_the_quote(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, min(len(text), start + 40)))
    shown, evidence = _quote(text, start, end)
    assert evidence in shown
    assert len(shown) <= len(text) + 2


def test_the_rule_is_highest_confidence_of_a_random_fifty() -> None:
    made = report(analyses(1500), outcome=STARS, bootstrap=20)
    again = report(analyses(1500), outcome=STARS, bootstrap=20)
    quotes = made["voices"].rows("voices")
    assert quotes == again["voices"].rows("voices")
    by_driver: dict[tuple[object, object], list[float]] = {}
    for quote in quotes:
        place = (quote["code"], quote["polarity"])
        by_driver.setdefault(place, []).append(float(quote["confidence"]))  # type: ignore[arg-type]
    assert max(len(found) for found in by_driver.values()) == 3
    assert all(found == sorted(found, reverse=True) for found in by_driver.values())
    # Not simply the surest of all: those would lie at .99.
    assert any(found[0] < 0.985 for found in by_driver.values())


def test_names_and_numbers_do_not_reach_the_page() -> None:
    rows = [
        replace(a, text=a.text + " 我叫韩梅梅，电话13812345678，mail me@example.com")
        for a in analyses(200)
    ]
    page = report(rows, outcome=STARS, bootstrap=20).to_html()
    for secret in ("韩梅梅", "13812345678", "me@example.com"):
        assert secret not in page
    assert "•" in page


def test_urgent_complaints_come_first() -> None:
    rows = analyses(400)
    rows[77] = replace(rows[77], text=rows[77].text + " 吃了过敏住院，要找12315。")
    made = report(rows, outcome=STARS, bootstrap=20)
    replies = made["replies"].rows("replies")
    points = [int(row["urgency"]) for row in replies]  # type: ignore[arg-type]
    assert points == sorted(points, reverse=True)
    if any(o.polarity == "negative" for o in rows[77].opinions):
        own = next(row for row in replies if row["row"] == 78)
        assert "safety or legal" in own["reason"].en  # type: ignore[union-attr]


def test_an_answer_of_a_survey_keeps_its_own_urgency() -> None:
    rows = []
    for number, (one, two) in enumerate(
        zip(analyses(200), analyses(200, seed=8), strict=True), start=1
    ):
        praise = replace(two, opinions=(), tags=(), sentiment="positive", text="都好。")
        rows += [
            replace(one, row=number, question="差在哪里"),
            replace(praise, row=number, question="好在哪里"),
        ]
    made = report(rows, outcome=STARS, bootstrap=20)
    replies = made["replies"].rows("replies")
    assert len(replies) > 20
    assert all(int(row["urgency"]) >= 2 for row in replies)  # type: ignore[arg-type]


def test_a_quote_is_shown_without_its_markup_and_hides_what_that_hid() -> None:
    text = "这次&nbsp;客服半天不回&hellip;<br/>电话&#49;3812345678，5&lt;6 &quot;赞&quot;"
    start = text.index("客服")
    found = voice(
        row=1, text=text, tags=[], about=("driver", "service.responsiveness", "negative"),
        opinions=[{"driver": "service.responsiveness", "polarity": "negative", "confidence": 0.9,
                   "start": start, "end": start + 6}],
        language="zh", outcome=None, date=None, segments={}, id=None,
    )  # fmt: skip
    assert found is not None
    assert [part.text for part in found.parts if part.mark] == ["客服半天不回"]
    assert found.text.startswith("这次 客服半天不回… ")
    assert '5<6 "赞' in found.text
    assert "13812345678" not in found.text
    assert "•••" in found.text


@pytest.mark.parametrize(
    ("id_", "shown"),
    [
        ("20240101123456", "••••••••••3456"),
        ("JD-202401011234", "JD-••••••••1234"),
        ("13812345678", "•••••••••••"),
        ("8613812345678", "•••••••••••••"),
        ("110101199003074514", "••••••••••••••••••"),
        ("order AB12345", "order •••••••"),
        ("@lilei1990", "••••••••••"),
        ("li.lei88@example.com", "••••••••••••••••••••"),
        ("A-17", "A-17"),
        (None, None),
    ],
)
def test_an_order_number_keeps_its_last_digits_to_be_found_by(
    id_: str | None, shown: str | None
) -> None:
    found = voice(
        row=1, text="很好", opinions=[], tags=[], about=None, language="zh", outcome=None, date=None,
        segments={}, id=id_,
    )  # fmt: skip
    assert found is not None
    assert found.id == shown
