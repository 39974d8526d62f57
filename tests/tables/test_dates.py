"""Days in every spelling, and those that depend on the column."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.tables.dates import is_count, looks_like_date, readings


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("2024-03-05", "2024-03-05"),
        ("2024/3/5 12:30:00", "2024-03-05"),
        ("2024年3月5日", "2024-03-05"),
        ("2024 年 3 月 5 日", "2024-03-05"),
        ("２０２４－０３－０５", "2024-03-05"),
        ("20240305", "2024-03-05"),
        ("20240305123000", "2024-03-05"),
        ("2024-03-05T23:59:59Z", "2024-03-05"),
        ("2024-03", "2024-03-01"),
        ("2024年3月", "2024-03-01"),
        ("March 2024", "2024-03-01"),
        ("5 March 2024", "2024-03-05"),
        ("5th of March 2024", "2024-03-05"),
        ("March 5th, 2024", "2024-03-05"),
        ("5-Mar-24", "2024-03-05"),
        ("05/Mar/2024", "2024-03-05"),
        ("Mar-05-2024", "2024-03-05"),
        ("Mar 5, 24", "2024-03-05"),
        ("2024-Mar-05", "2024-03-05"),
        ("Tue, 5 Mar 2024 10:15:00 +0000", "2024-03-05"),
        ("Tue Mar 05 10:15:00 +0000 2024", "2024-03-05"),
        ("Reviewed in Canada on March 5, 2024", "2024-03-05"),
        ("1709596800", "2024-03-05"),
        ("1709596800000", "2024-03-05"),
        ("1709596800.0", "2024-03-05"),
        ("45356", "2024-03-05"),
        ("45356.75", "2024-03-05"),
        ("5 Mar 10:20", None),
        ("2024-13-40", None),
        ("12345", None),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_days(cell: str | None, found: str | None) -> None:
    day = None if found is None else datetime.date.fromisoformat(found)
    assert readings(cell)[:3] == (day, day, day)


@pytest.mark.parametrize(
    ("cell", "month_first", "day_first", "year_first", "dotted"),
    [
        ("03/04/2024", "2024-03-04", "2024-04-03", None, False),
        ("25/12/2023", None, "2023-12-25", None, False),
        ("12/25/2023", "2023-12-25", None, None, False),
        ("1/31/2024 3:05 PM", "2024-01-31", None, None, False),
        ("31-1-2024 09:02", None, "2024-01-31", None, False),
        ("31.01.24", None, "2024-01-31", "2031-01-24", True),
        ("1. 3. 2024", "2024-01-03", "2024-03-01", None, True),
        ("24/01/31", None, "2031-01-24", "2024-01-31", False),
        ("05/06/71", "1971-05-06", "1971-06-05", None, False),
        ("Mon 03/04/2024", "2024-03-04", "2024-04-03", None, False),
        ("99/99/2024", None, None, None, False),
    ],
)
def test_days_that_depend_on_the_order(
    cell: str, month_first: str | None, day_first: str | None, year_first: str | None, dotted: bool
) -> None:
    found = readings(cell)
    assert found.dotted is dotted
    assert [None if day is None else str(day) for day in found[:3]] == [
        month_first, day_first, year_first,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "cell",
    ["2024-1-2", "2024/01/02 10:11", "2024年1月2日", "2024-05", "1/2/2024", "20240102",
     "Jan 2, 2024", "Jan 2, 24", "2-Jan-24", "1/2/24", "31.01.24", "1/2/24 3:05 PM",
     "2 January 2024", "2024-01-02T10:00:00Z", "2nd Feb 2024", "Reviewed in Spain on 3 May 2024",
     "0000-00-00", "0000-00-00 00:00:00", "9999-12-31"],
)  # fmt: skip
def test_what_looks_like_a_date(cell: str) -> None:
    assert looks_like_date(cell)


@pytest.mark.parametrize(
    "cell",
    ["5", "hello", "12345678", "2024", "3.5", "10-20 people", "", "45292", "99/99/2024",
     "2024-13-40", "192.168.1.20"],
)  # fmt: skip
def test_what_does_not(cell: str) -> None:
    assert not looks_like_date(cell)


def test_numbers_that_count_to_a_day() -> None:
    cells = ("45292", "45292.5", "1709596800", "1709596800000", "5", "99999", "9709596800", "Jan")
    assert [is_count(cell) for cell in cells] == [True] * 4 + [False] * 4


@given(st.text(max_size=30) | st.from_regex(r"[0-9 ./:-]{0,24}", fullmatch=True))
def test_any_cell_can_be_asked(cell: str) -> None:
    days = [day for day in readings(cell)[:3] if day is not None]
    assert not looks_like_date(cell) or days or cell.strip().startswith("0000")
