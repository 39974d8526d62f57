"""What changed: against an earlier file, and from period to period."""

from __future__ import annotations

from pathlib import Path

import pytest

from sentiment.reporting.build import report
from tests.reporting.rows import STARS, analyses
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
    assert "2 found, 3 are needed" in withheld.en
