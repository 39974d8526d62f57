"""Each of the twenty blocks appears where its condition is met, and is withheld where it is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from sentiment.records import Opinion
from sentiment.reporting.build import Report, report
from sentiment.reporting.linked import _controls
from sentiment.reporting.values import Block, Text
from sentiment.reporting.wording import say
from tests.reporting.rows import STARS, analyses, silent

KEYS = (
    "headline", "base", "figures", "topics", "drivers", "importance", "quadrant", "asymmetry",
    "whatif", "trend", "segments", "journey", "layers", "loyalty", "expectations", "voices",
    "replies", "actions", "trust", "method",
)  # fmt: skip


def test_the_blocks_are_the_twenty_in_their_order(full: Report) -> None:
    assert tuple(block.key for block in full.blocks) == KEYS
    assert tuple(block.number for block in full.blocks) == tuple(range(1, 21))


# What each block must say of the made-up shop, whose late parcels cost it stars.
CONTENT: dict[str, Callable[[Block], bool]] = {
    "headline": lambda b: b.rows("first")[0]["code"] == "delivery.speed" and len(b.sentences) == 3,
    "base": lambda b: b.rows("base")[0]["n"] == 1500,
    "figures": lambda b: [r["code"] for r in b.rows("figures")]
    == ["stars", "mean", "nps", "index", "text"],
    "topics": lambda b: [r["code"] for r in b.rows("topics")]
    == ["quality", "price", "service", "delivery"],
    "drivers": lambda b: len(b.rows("drivers")) == 22,
    "importance": lambda b: b.rows("drivers")[0]["code"] == "delivery.speed",
    "quadrant": lambda b: {r["quadrant_code"] for r in b.rows("quadrant")}
    >= {"fix_first", "undecided"},
    "asymmetry": lambda b: b.rows("asymmetry")[0]["kind_code"] in ("basic", "not_determined"),
    "whatif": lambda b: float(b.rows("whatif")[0]["change_low"]) > 0,  # type: ignore[arg-type]
    "trend": lambda b: len({r["period"] for r in b.rows("trend")}) >= 3,
    "segments": lambda b: any(
        r["highlighted"] and r["segment"] == "App" and r["code"] == "delivery"
        for r in b.rows("segments")
    ),
    "journey": lambda b: [r["code"] for r in b.rows("touchpoints")][:5]
    == ["before", "buy", "delivery", "use", "after"],
    "layers": lambda b: [r["code"] for r in b.rows("layers")]
    == ["material", "spiritual", "social"],
    "loyalty": lambda b: all(int(r["n"]) > 0 for r in b.rows("loyalty")),  # type: ignore[arg-type]
    "expectations": lambda b: b.rows("expectations")[0]["code"] == "all",
    "voices": lambda b: {r["polarity"] for r in b.rows("voices")} >= {"negative", "positive"},
    "replies": lambda b: bool(b.rows("replies")) and bool(b.rows("praise")),
    "actions": lambda b: b.rows("actions")[0]["code"] == "delivery.speed",
    "trust": lambda b: bool(b.rows("accuracy")) and bool(b.rows("floors")),
    "method": lambda b: bool(b.rows("formulas")) and bool(b.rows("weights")),
}  # fmt: skip


@pytest.mark.parametrize("key", KEYS)
def test_shown(full: Report, key: str) -> None:
    block = full[key]
    assert block.shown, block.withheld
    assert CONTENT[key](block)


@pytest.fixture(scope="module")
def bare() -> Report:
    """A report of twelve rows that judge nothing, without a score, a date or a segment."""
    rows = [
        replace(silent(row), text="无", columns={"评论": "无"})
        for row in analyses(12, opinions=False, stars=False)
    ]
    return report(rows, layers=False, text=())


WITHHELD = {
    "headline": "Too few cases, not shown: 0 texts",
    "figures": "no text to analyse",
    "topics": "Too few cases, not shown: the most mentioned has 0 mentions",
    "drivers": "No text mentions a driver",
    "importance": "No score column: importance cannot be computed",
    "quadrant": "No score column: importance cannot be computed",
    "asymmetry": "No score column: importance cannot be computed",
    "whatif": "No score column: importance cannot be computed",
    "trend": "Too few periods, not shown: 0 with enough rows",
    "segments": "No segment column",
    "journey": "Too few cases, not shown",
    "layers": "Switched off",
    "loyalty": "no text to analyse",
    "expectations": "Too few cases, not shown: 0 texts",
    "voices": "no words to quote",
    "replies": "No review asks for an answer",
    "actions": "Without importance no action",
}


@pytest.mark.parametrize("key", KEYS)
def test_withheld(bare: Report, key: str) -> None:
    block = bare[key]
    if key in ("base", "trust", "method"):
        assert block.shown  # always
        return
    assert block.withheld is not None
    assert WITHHELD[key] in block.withheld.en
    assert not block.tables


def test_withheld_blocks_say_so_on_the_page(bare: Report) -> None:
    page = bare.to_html("zh")
    assert "缺少评分列，无法计算重要性" in page
    assert page.count("No score column: importance cannot be computed") >= 4


def test_a_share_stands_beside_the_number_of_texts_it_is_made_of(full: Report) -> None:
    block = full["drivers"]
    complained, praised = (str(sentence.en) for sentence in block.sentences)
    rows = {str(row["code"]): row for row in block.rows("drivers") if row["note"] is None}
    most = max(rows.values(), key=lambda row: int(row["negative"]) + int(row["mixed"]))  # type: ignore[arg-type]
    assert complained.endswith(f"(n = {int(most['negative']) + int(most['mixed'])}).")  # type: ignore[arg-type]
    most = max(rows.values(), key=lambda row: int(row["positive"]) + int(row["mixed"]))  # type: ignore[arg-type]
    assert praised.endswith(f"(n = {int(most['positive']) + int(most['mixed'])}).")  # type: ignore[arg-type]


def test_the_outcome_is_named_with_its_scale_in_either_language(full: Report) -> None:
    (row,) = [row for row in full["method"].rows("versions") if row["code"] == "outcome"]
    assert row["entry"] == Text(zh="评分（星级，1–5）", en="评分 (stars, 1–5)")


def test_floors_of_importance() -> None:
    for n, reason in ((150, "150 rows have both"), (260, None)):
        block = report(analyses(n), outcome=STARS, bootstrap=20)["importance"]
        if reason:
            assert block.withheld is not None
            assert reason in block.withheld.en
        else:
            assert block.shown or "20 negative" in block.withheld.en  # type: ignore[union-attr]


def test_without_a_score_a_candidate_is_compared_with_the_one_that_follows_it() -> None:
    made = report(analyses(600, stars=False), bootstrap=20)
    rows = made["headline"].rows("first")
    ranked = [row for row in made["drivers"].rows("drivers") if row["note"] is None]
    ranked.sort(key=lambda row: -int(row["negative"]) - int(row["mixed"]))  # type: ignore[arg-type]
    assert [row["code"] for row in rows] == [row["code"] for row in ranked[:3]]
    sure = [row["sure"] for row in rows]
    for said, following in zip(sure, rows[1:], strict=False):
        assert isinstance(said, Text)
        assert isinstance(name := following["name"], Text)
        assert said.en.endswith(f"ore complaints than “{name.en}”")
        assert f"“{name.zh}”" in said.zh
    # The last one is compared with a driver that the list does not hold.
    assert isinstance(last := sure[2], Text)
    assert not [row for row in rows if isinstance(row["name"], Text) and row["name"].zh in last.zh]
    # Fewer rows: what follows the last candidate is mentioned too seldom to be compared with.
    few = report(analyses(120, stars=False), bootstrap=20)
    shown = [r for r in few["drivers"].rows("drivers") if r["note"] is None]
    candidates = few["headline"].rows("first")
    assert 0 < len(candidates) == len(shown) < 4
    assert candidates[-1]["sure"] == say("sure.alone_count")
    page = made.to_html("en")
    for word in ("Likely", "Open", "较有把握", "尚无定论"):
        assert f"<b>{word}</b>" not in page


def test_asymmetry_needs_five_hundred_rows() -> None:
    made = report(analyses(450), outcome=STARS, bootstrap=20)
    assert made["importance"].shown
    withheld = made["asymmetry"].withheld
    assert withheld is not None
    assert "450 rows, 500 are needed" in withheld.en


def test_a_score_that_never_varies_explains_nothing() -> None:
    rows = [replace(a, columns={**a.columns, "评分": "5"}) for a in analyses(400)]
    withheld = report(rows, outcome=STARS, bootstrap=20)["importance"].withheld
    assert withheld is not None
    assert "nothing to explain" in withheld.en


def test_a_score_without_a_link_is_not_ranked() -> None:
    rows = [
        replace(a, columns={**a.columns, "评分": str(a.row * 7919 % 5 + 1)}) for a in analyses(900)
    ]
    made = report(rows, outcome=STARS, bootstrap=20)
    for key in ("importance", "quadrant", "whatif"):
        withheld = made[key].withheld
        assert withheld is not None
        assert "rank noise" in withheld.en
    assert [r["code"] for r in made["figures"].rows("figures")][-1] == "text"


def test_a_candidate_that_is_no_weak_point_is_not_called_undecided(full: Report) -> None:
    places = {row["code"]: row for row in full["quadrant"].rows("quadrant")}
    codes = set()
    for row in full["headline"].rows("first"):
        place = places[row["code"]]["quadrant_code"]
        codes.add(row["sure_code"])
        assert (row["sure_code"] == "open") == (place == "undecided")
        assert place not in ("keep_up", "maintain")
    assert codes == {"firm", "open"}
    # A target that every driver reaches: what is left to name is strong, and said to be.
    strong = report(analyses(3000), outcome=STARS, target=1, bootstrap=20)
    rows = strong["headline"].rows("first")
    assert {row["sure_code"] for row in rows} == {"outside"}
    for row in rows:
        assert isinstance(said := row["sure"], Text)
        assert "crosses" not in said.en
        assert row["quadrant"].en in said.en  # type: ignore[union-attr]
    assert strong["headline"].sentences[1].en.startswith("No driver is clearly weak.")
    assert "<b>Outside “fix first”</b>" in strong.to_html("en")


def test_larger_complaints_that_cannot_be_ranked_are_named() -> None:
    rows = []
    for a in analyses(1200):
        # Attitude is blamed by half of all texts and praised by none.
        opinions = [o for o in a.opinions if o.driver != "service.attitude"]
        if a.row % 2:
            opinions.append(
                Opinion("service", "service.attitude", "negative", 0.9, a.text[:2], 0, 2)
            )
        rows.append(replace(a, opinions=tuple(opinions)))
    made = report(rows, outcome=STARS, bootstrap=20)
    assert "service.attitude" not in {r["code"] for r in made["quadrant"].rows("quadrant")}
    said = made["headline"].sentences
    assert said[1].en.startswith("Look first at")
    assert said[2].en.endswith("or too few complain: Service: attitude (50.0%).")
    assert "（50.0%）" in said[2].zh
    whole = report(analyses(1200), outcome=STARS, bootstrap=20)["headline"].sentences
    assert not [text for text in whole if "not ranked" in text.en]


def test_answers_of_a_reversed_scale_are_turned() -> None:
    turned = STARS | {"high_is_good": False}
    rows = [
        replace(a, columns={**a.columns, "评分": str(6 - int(a.columns["评分"] or 0))})
        for a in analyses(900)
    ]
    straight, made = (
        report(analyses(900), outcome=STARS, bootstrap=20),
        report(rows, outcome=turned, id="订单号", bootstrap=20),
    )
    assert (
        made["figures"].rows("figures")[0]["value"]
        == straight["figures"].rows("figures")[0]["value"]
    )
    assert [r["code"] for r in made["importance"].rows("importance")] == [
        r["code"] for r in straight["importance"].rows("importance")
    ]
    assert any("turned round" in note.en for note in made["base"].notes)
    # The list of replies shows what the customer gave.
    given = {a.id: float(a.columns["评分"] or 0) for a in rows}
    replies = made["replies"].rows("replies")
    assert replies
    assert all(row["outcome"] == given[str(row["id"])] for row in replies)
    assert any("已反转" in note.zh for note in made["base"].notes)


def test_sums_below_the_answers_are_no_customers() -> None:
    rows = analyses(300)
    last = rows[-1].row
    # A customer of a group called "Average" without a text is one, where a text stands below.
    rows[10] = replace(silent(rows[10]), columns=rows[10].columns | {"渠道": "Average"})
    sums = [
        replace(
            silent(a),
            row=last + at + 1,
            columns={"订单号": word, "日期": "", "渠道": "", "评分": "4"},
        )
        for at, (a, word) in enumerate(zip(rows, ("Total", "平均分"), strict=False))
    ]
    facts = {
        r["code"]: r["n"]
        for r in report([*rows, *sums], outcome=STARS, id="订单号", bootstrap=20)["base"].rows(
            "base"
        )
    }
    assert (facts["outcome_valid"], facts["outcome_missing"]) == (300, 0)
    # A customer whose name is no sum counts, text or none.
    facts = {
        r["code"]: r["n"]
        for r in report(
            [*rows, replace(sums[0], columns=sums[0].columns | {"订单号": "Totale"})],
            outcome=STARS, id="订单号", bootstrap=20,
        )["base"].rows("base")
    }  # fmt: skip
    assert facts["outcome_valid"] == 301


def test_a_survey_of_two_questions_counts_each_score_once() -> None:
    rows = [replace(a, row=a.row // 2) for a in analyses(401)][1:]
    made = report(rows, outcome=STARS, bootstrap=20)
    facts = {r["code"]: r["n"] for r in made["base"].rows("base")}
    assert facts["outcome_valid"] == made["figures"].rows("figures")[0]["n"] == 200


def test_what_is_controlled_is_what_stands_in_the_model() -> None:
    rows = [
        replace(a, columns={**a.columns, "门店": str(a.row % 13), "城市": "北上"[a.row % 2]})
        for a in analyses(900)
    ]
    made = report(rows, outcome=STARS, by=["门店", "城市"], bootstrap=20)
    notes = [note.en for note in made["importance"].notes]
    (said,) = (note for note in notes if "controlled for" in note)
    assert "“城市”" in said
    assert "text length" in said
    assert "门店" not in said
    assert any("Not controlled" in note and "“门店”" in note for note in notes)


def test_an_effort_score_without_a_direction_is_not_guessed() -> None:
    effort = {"column": "评分", "kind": "ces", "minimum": 1, "maximum": 7, "high_is_good": None}
    made = report(analyses(300), outcome=effort, bootstrap=20)
    assert made["figures"].rows("figures")[0]["value"] is None
    withheld = made["importance"].withheld
    assert withheld is not None
    assert "not declared" in withheld.en


def test_small_segments_are_hidden() -> None:
    rows = [
        replace(a, columns={**a.columns, "渠道": "VIP" if a.row <= 6 else a.columns["渠道"]})
        for a in analyses(400)
    ]
    made = report(rows, outcome=STARS, by="渠道", id="订单号", bootstrap=20)
    cells = [r for r in made["segments"].rows("segments") if r["segment"] == "VIP"]
    assert cells
    assert all(cell["value"] is None and cell["n_answers"] is None for cell in cells)


def test_default_praise_stays_out_of_the_drivers() -> None:
    said = analyses(400)
    mute = [
        replace(silent(a), row=a.row + 400, columns={**a.columns, "评分": "5"})
        for a in analyses(200)
    ]
    made = report([*said, *mute], outcome=STARS, bootstrap=20)
    facts = {r["code"]: r["n"] for r in made["base"].rows("base")}
    assert facts["default_praise"] == 200
    assert facts["used"] == 400
    assert "n = 400" in made["importance"].notes[0].en


def test_a_neutral_mention_is_a_mention_in_either_impact() -> None:
    rows = []
    for a in analyses(600):
        neutral = a.row % 5 == 0 and not any(o.driver == "delivery.speed" for o in a.opinions)
        extra = (Opinion("delivery", "delivery.speed", "neutral", 0.9, a.text, 0, len(a.text)),)
        rows.append(replace(a, opinions=(*a.opinions, *extra)) if neutral else a)
    own = [any(o.driver == "delivery.speed" for o in a.opinions) for a in rows]
    stars = [25.0 * (float(a.columns["评分"] or 0) - 1) for a in rows]
    inside = [points for points, mentions in zip(stars, own, strict=True) if mentions]
    made = report(rows, outcome=STARS, bootstrap=20)["importance"]
    (impact,) = [r for r in made.rows("impact") if r["code"] == "delivery.speed"]
    (driver,) = [r for r in made.rows("drivers") if r["code"] == "delivery.speed"]
    assert impact["n_model"] == driver["n_model"] == len(inside)
    mean = sum(stars) / len(stars)
    assert impact["difference"] == pytest.approx(sum(inside) / len(inside) - mean)


def test_a_declared_scale_has_the_words_of_its_column() -> None:
    words = ("Not at all satisfied", "Not so satisfied", "Somewhat satisfied", "Very satisfied",
             "Extremely satisfied")  # fmt: skip
    rows = [
        replace(a, columns={**a.columns, "satisfaction": words[a.row % 5]}) for a in analyses(300)
    ]
    found = report(rows, outcome="satisfaction", bootstrap=20)
    declared = {"column": "satisfaction", "kind": "csat", "minimum": 1, "maximum": 5}
    made = report(rows, outcome=declared, bootstrap=20)
    assert made["figures"].rows("figures")[0]["value"] == pytest.approx(40)
    assert made["figures"].rows("figures") == found["figures"].rows("figures")


def test_rows_without_a_date_do_not_make_the_slope_of_time() -> None:
    months = np.datetime64("2022-01", "M") + np.arange(240) % 24
    dates = months.astype("datetime64[D]")
    undated = np.arange(240) % 20 == 0
    dates[undated] = np.datetime64("NaT")
    table = SimpleNamespace(
        dates=dates, length=np.full(240, 9), language=np.zeros(240, dtype=np.int8), segments={}
    )
    controls, _, _ = _controls(SimpleNamespace(table=table), np.arange(240))  # type: ignore[arg-type]
    slope = controls[:, 1]
    assert not slope[undated].any()
    assert np.ptp(slope[~undated]) == pytest.approx(23 / 12)
    assert slope[~undated].mean() == pytest.approx(0)
    assert any(np.array_equal(column, undated) for column in controls.T)
