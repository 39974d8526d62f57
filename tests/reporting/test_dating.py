"""The dates of a column, read in one order, and what is said of it."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

import numpy as np
import pytest

from sentiment.reporting.build import report
from sentiment.reporting.dating import DateColumn, Dating, about_dates
from tests.reporting.rows import analyses

TODAY = datetime.date(2025, 3, 1)
JUNE = [datetime.date(2024, 6, day) for day in range(1, 31)]


def read(cells: Sequence[str | None], parts: int = 1) -> tuple[list[str], Dating]:
    column = DateColumn("date", TODAY)
    for part in range(parts):
        column.add(cells[part::parts])
    dates, dating = column.read()
    assert dates.dtype == np.dtype("datetime64[D]")
    return [str(day) for day in dates], dating


def said(dating: Dating) -> tuple[str, str]:
    texts = list(about_dates(dating))
    return " ".join(text.en for text in texts), "".join(text.zh for text in texts)


@pytest.mark.parametrize(
    "form",
    ["%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y 09:30", "%m/%d/%y", "%d.%m.%y", "%y-%m-%d",
     "%m/%d/%Y 3:05 PM", "%d-%b-%y", "%Y/%m/%d"],
)  # fmt: skip
@pytest.mark.parametrize("parts", [1, 3])
def test_one_day_over_twelve_settles_the_column(form: str, parts: int) -> None:
    days, dating = read([day.strftime(form) for day in JUNE], parts)
    assert sorted(days) == [str(day) for day in JUNE]
    assert dating.reason == "told"
    assert ("year first" in said(dating)[0]) is (form == "%y-%m-%d")


def test_dots_mean_day_first() -> None:
    days, dating = read(["01.06.2024", "02.07.2024", "03.08.2024"])
    assert days == ["2024-06-01", "2024-07-02", "2024-08-03"]
    assert (dating.order, said(dating)) == ("day_first", ("", ""))


def test_one_month_is_more_plausible_than_the_same_day_of_many() -> None:
    days, dating = read([f"{day:02}/06/2024" for day in range(1, 13)])
    assert (days[0], days[-1]) == ("2024-06-01", "2024-06-12")
    assert (dating.order, dating.reason, dating.months) == ("day_first", "months", (1, 12))
    english, chinese = said(dating)
    assert "It was read day first, which gives 1 month and not 12;" in english
    assert "按“日在前、月在后”读取，这样落在 1 个月内，反过来则散在 12 个月" in chinese


def test_feedback_does_not_come_from_the_future() -> None:
    days, dating = read(["01/02/2025", "10/02/2025"])
    assert days == ["2025-02-01", "2025-02-10"]
    assert (dating.order, dating.reason) == ("day_first", "future")
    assert "yet to come" in said(dating)[0]
    assert "尚未到来" in said(dating)[1]


def test_what_stays_open_is_read_the_usual_way_and_told() -> None:
    days, dating = read(["02/06/2024", "06/02/2024"])
    assert days == ["2024-02-06", "2024-06-02"]
    assert (dating.order, dating.reason) == ("month_first", "usual")
    assert "the period and the trend may be wrong" in said(dating)[0]
    assert "时间范围和趋势可能有误" in said(dating)[1]


def test_dates_that_fit_the_other_order_only_are_kept_and_told() -> None:
    days, dating = read(["25/12/2023", "26/12/2023", "04/01/2024", "12/27/2023"])
    assert days == ["2023-12-25", "2023-12-26", "2024-01-04", "2023-12-27"]
    assert (dating.reason, dating.other_order) == ("told", 1)
    assert "1 date in “date” has day and month in another order" in said(dating)[0]
    assert "1 个日期的日和月与其余的次序不同" in said(dating)[1]


def test_days_that_stand_for_none_are_left_out_and_told() -> None:
    cells = ["1900-01-01", "9999-12-31", "1970-01-01", "0001-01-01", "0000-00-00", "2024-05-01"]
    days, dating = read([*cells, None, "", "N/A"])
    assert days == ["NaT"] * 5 + ["2024-05-01"] + ["NaT"] * 3
    assert (dating.placeholders, dating.given) == (4, 6)
    assert "4 dates in “date” stand for none, as 1900-01-01" in said(dating)[0]
    assert "4 个日期只是占位" in said(dating)[1]


def test_the_same_in_any_order_is_no_question() -> None:
    days, dating = read(["04/04/2024", "05/05/2024", "soon"])
    assert days == ["2024-04-04", "2024-05-05", "NaT"]
    assert dating == Dating("date", given=3)


def test_no_row_at_all() -> None:
    assert read([]) == ([], Dating("date"))


def test_the_report_says_it_on_the_page_and_to_its_caller() -> None:
    rows = analyses(60, months=1)
    for place, row in enumerate(rows):
        row.columns["日期"] = f"{place % 12 + 1:02}/06/2024"  # type: ignore[index]
    found = report(rows, bootstrap=10)
    assert any("read day first" in remark.en for remark in found.remarks)
    for block in ("base", "trust"):
        assert any("read day first" in note.en for note in found[block].notes)
    assert any("2024-06-01" in s.en and "2024-06-12" in s.en for s in found["base"].sentences)


def test_a_date_column_that_was_found_and_holds_none_is_told_as_well() -> None:
    rows = analyses(60, months=1)
    for row in rows:
        row.columns["日期"] = "0000-00-00"  # type: ignore[index]
    found = report(rows, bootstrap=10)
    assert any("“日期” holds no date that can be read" in remark.en for remark in found.remarks)


def test_unix_times_are_said_to_be_read_in_utc() -> None:
    days, dating = read(
        ["1711929600", "1711929600000", "2024-04-01"]
    )  # midnight of 1 April in London
    assert [str(day) for day in days] == ["2024-04-01"] * 3
    assert dating.counted
    assert [note.en for note in about_dates(dating)] == [
        "Unix times in “date” were given the day that it was in UTC, which may be the day before or "
        "after the one where they were made."
    ]
    assert not read(["2024-04-01", "20240401", ""])[1].counted
