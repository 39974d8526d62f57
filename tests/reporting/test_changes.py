"""What changed: against an earlier file, and from period to period."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sentiment.records import Analysis
from sentiment.reporting.build import report
from tests.reporting.rows import STARS, analyses, silent
from tests.reporting.test_formats import write


def test_a_change_for_the_worse_is_found() -> None:
    before = analyses(1500, seed=1, late=-0.38)
    after = analyses(1500, seed=2, late=0.62)
    made = report(after, outcome=STARS, compare=before, bootstrap=20)
    rows = {row["code"]: row for row in made["trend"].rows("compare")}
    assert rows["delivery"]["verdict_code"] == "worse"
    assert rows["price"]["verdict_code"] == "none"
    assert "for the worse" in made["headline"].sentences[2].en
    figures = {row["code"]: row for row in made["figures"].rows("figures")}
    assert float(figures["text"]["change"]) < 0  # type: ignore[arg-type]
    assert figures["text"]["previous"] is not None


def test_the_same_rows_have_not_changed(tmp_path: Path) -> None:
    rows = analyses(900)
    path = write(rows, tmp_path / "before.parquet")
    made = report(rows, outcome=STARS, compare=path, bootstrap=20)
    compared = made["trend"].rows("compare")
    assert compared
    assert all(row["verdict_code"] == "none" for row in compared)
    assert all(row["change"] == pytest.approx(0) for row in compared)
    assert "no detectable difference" in made["headline"].sentences[2].en
    change = {row["code"]: row.get("change") for row in made["figures"].rows("figures")}
    assert change["stars"] == pytest.approx(0)


def test_another_scale_is_not_compared() -> None:
    nps = {"column": "推荐意愿", "kind": "nps", "minimum": 0, "maximum": 10, "high_is_good": True}
    made = report(analyses(400, stars=True), outcome=STARS, bootstrap=20)
    assert made["figures"].rows("figures")[0].get("change") is None
    other = report(analyses(400), outcome=nps, bootstrap=20)
    assert other["figures"].rows("figures")[0]["code"] == "nps"


def test_small_months_become_quarters() -> None:
    made = report(analyses(250, months=12), outcome=STARS, date="日期", bootstrap=20)
    periods = {str(row["period"]) for row in made["trend"].rows("trend")}
    assert periods == {"2024-Q1", "2024-Q2", "2024-Q3", "2024-Q4"}


def test_two_periods_are_no_trend() -> None:
    made = report(analyses(400, months=2), outcome=STARS, date="日期", bootstrap=20)
    withheld = made["trend"].withheld
    assert withheld is not None
    assert "2 with enough rows found, 3 are needed" in withheld.en


def dated(rows: list[Analysis], dates: list[str]) -> list[Analysis]:
    return [
        replace(row, columns={**row.columns, "日期": date})
        for row, date in zip(rows, dates, strict=True)
    ]


def test_a_period_of_few_raises_no_alarm() -> None:
    # Two rows of a year of their own, both complaints, beside four years of a hundred and fifty.
    many = [row for row in analyses(1200) if row.columns["日期"]][:600]
    few = [row for row in analyses(400, seed=3) if row.topics["delivery"] == "negative"][:2]
    rows = dated(many + few, [f"{2018 + at % 4}-05-02" for at in range(600)] + ["2024-05-02"] * 2)
    made = report(rows, outcome=STARS, date="日期", bootstrap=20)["trend"]
    assert not [row for row in made.rows("alarms") if str(row["period"]).startswith("2024")]


def test_periods_too_small_to_show_make_no_trend() -> None:
    rows = [row for row in analyses(80) if row.columns["日期"]][:36]
    rows = dated(rows, [f"2024-{1 + 3 * (at % 3):02d}-02" for at in range(36)])
    withheld = report(rows, outcome=STARS, date="日期", bootstrap=20)["trend"].withheld
    assert withheld is not None
    assert "0 with enough rows found" in withheld.en


def test_a_break_is_an_alarm_and_its_series_is_named_where_it_scatters() -> None:
    calm = analyses(1600)
    bad = [row for row in analyses(1600, seed=3) if row.topics["delivery"] == "negative"][:150]
    dates = [f"2024-{1 + at % 8:02d}-02" for at in range(1600)] + ["2024-05-09"] * 150
    made = report(dated(calm + bad, dates), outcome=STARS, date="日期", bootstrap=20)["trend"]
    assert {"delivery"} <= {
        str(row["code"]) for row in made.rows("alarms") if row["period"] == "2024-05"
    }
    # One month drives how much all vary: the reader is told, and still sees the alarm.
    (note,) = [note.en for note in made.notes if "vary more than by chance" in note.en]
    assert "“Complaints: delivery”" in note


def test_a_break_of_the_score_is_an_alarm_and_named_first() -> None:
    """Nobody complains of anything more than before, and yet every score of May is a star lower."""
    rows = analyses(1600)
    dates = [f"2024-{1 + at % 8:02d}-02" for at in range(1600)]
    made = [
        replace(
            row, columns={**row.columns, "评分": str(max(1, int(row.columns["评分"] or 3) - 1))}
        )
        if date.startswith("2024-05")
        else row
        for row, date in zip(rows, dates, strict=True)
    ]
    trend = report(dated(made, dates), outcome=STARS, date="日期", bootstrap=20)["trend"]
    found = {(row["code"], row["period"]): row for row in trend.rows("alarms")}
    assert set(found) == {("outcome", "2024-05")}
    alarm = found["outcome", "2024-05"]
    assert float(alarm["value"]) < float(alarm["limit_low"])  # type: ignore[arg-type]
    assert "The latest: 2024-05, 评分 " in trend.sentences[0].en
    assert not report(dated(rows, dates), outcome=STARS, date="日期", bootstrap=20)["trend"].rows(
        "alarms"
    )


def test_two_complaints_of_thirty_rows_are_no_alarm() -> None:
    calm = [row for row in analyses(3000) if row.topics["price"] == "absent"][:1200]
    rare = [row for row in analyses(1600, seed=3) if row.topics["price"] == "negative"]
    rows = calm[:1168] + rare[:3] + calm[1168:] + rare[3:5]
    dates = [f"{2020 + at % 4}-05-02" for at in range(1171)] + ["2024-05-02"] * 34
    trend = report(dated(rows, dates), outcome=STARS, date="日期", bootstrap=20)["trend"]
    last = [
        row for row in trend.rows("trend") if (row["code"], row["period"]) == ("price", "2024-Q2")
    ]
    assert pytest.approx(last[0]["value"]) == 100 * 2 / 34
    assert not [row for row in trend.rows("alarms") if row["code"] == "price"]


def test_scores_without_a_text_count_in_the_change_of_the_score() -> None:
    """Who is content writes nothing in the last month: the mean of all customers has not moved."""
    rows = [row for row in analyses(1200) if row.sentiment in ("positive", "negative")][:600]
    dates, made = [], []
    for at, row in enumerate(rows):
        month = at % 4 + 1
        score = "5" if row.sentiment == "positive" else "1"
        row = replace(row, columns={**row.columns, "评分": score})
        made.append(silent(row) if month == 4 and score == "5" else row)
        dates.append(f"2024-{month:02d}-02")
    trend = report(dated(made, dates), outcome=STARS, date="日期", bootstrap=20)["trend"]
    last = {row["code"]: row for row in trend.rows("last")}
    by_period = {row["period"]: row for row in trend.rows("trend") if row["code"] == "outcome"}
    outcome = last["outcome"]
    assert outcome["n_answers"] == by_period["2024-04"]["n_answers"] == 150
    assert outcome["current"] == pytest.approx(by_period["2024-04"]["value"])
    assert outcome["previous"] == pytest.approx(by_period["2024-03"]["value"])
    assert int(last["text"]["n_answers"]) < 100  # type: ignore[arg-type]


def test_a_change_is_named_once_in_quotation_marks() -> None:
    rows = analyses(400, seed=1)
    before = [replace(r, columns={**r.columns, "评分": "54"[r.row % 2]}) for r in rows]
    after = [replace(r, columns={**r.columns, "评分": "12"[r.row % 2]}) for r in rows]
    made = report(after, outcome=STARS, compare=before, bootstrap=20)
    said = made["headline"].sentences[-1]
    assert "“评分 (on 0–100)”" in said.en
    assert "“评分（换算为 0–100）”" in said.zh
