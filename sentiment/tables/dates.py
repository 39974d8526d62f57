"""Days as exports write them.

What a cell like 03/04/2024 means depends on the column that it stands in: here a cell gets every
reading that it allows, and whoever has read the whole column chooses among them.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from sentiment.patterns import regex

__all__ = ["Readings", "is_count", "is_unix_time", "looks_like_date", "readings"]

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = rf"(?<![a-z])({'|'.join(_MONTHS)})[a-z]*\.?"
_TH = r"(?:st|nd|rd|th)?"
# Two digits are a year, unless the hour of a time.
_YEAR = r"(\d{4}|\d{2}(?!\s?[:\d]))"

_DATE = regex(
    r"\d{4}\s?[-/.年]\s?\d{1,2}(?:\s?[-/.月]\s?\d{1,2}\s?日?)?(?:[T\s].*)?|\d{4}\s?年\s?\d{1,2}\s?月"
    r"|\d{8}"
    r"|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}(?:,?\s.*)?"
    rf"|(?:\w+,?\s)?{_MONTH}\s\d{{1,2}}{_TH},?\s(?:[\d:]+\s(?:\S+\s)?)?\d{{2,4}}\b.*"
    rf"|(?:\w+,?\s)?\d{{1,2}}{_TH}[\s/.-]+{_MONTH}[\s,/.-]\s?\d{{2,4}}.*"
    rf"|{_MONTH}[-/.]\d{{1,2}}[-/.]\d{{2,4}}(?:\s.*)?|\d{{4}}[-/.\s]{_MONTH}[-/.\s]\d{{1,2}}.*"
    rf"|{_MONTH}\s\d{{4}}"
    r"|reviewed in .* on .*\d{4}",
    re.IGNORECASE,
)
# What databases write where there is no day.
_ZERO = regex(r"0000-00-00(?:[T\s].*)?")

_TIME = regex(r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?")
_YEAR_LAST = regex(
    r"(?:[^\W\d]+\.?,?\s+)?(\d{1,2})\s?[-/.]\s?(\d{1,2})\s?[-/.]\s?(\d{4}|\d{2})(?!\d)"
)
_YEAR_FIRST = regex(r"(?<!\d)(\d{4})\s?[-/.年]\s?(\d{1,2})\s?[-/.月]\s?(\d{1,2})")
_COMPACT = regex(r"((?:19|20)\d{2})(\d{2})(\d{2})(?:\d{6})?(?!\d)")
_MONTH_ONLY = regex(r"(\d{4})\s?[-/.年]\s?(\d{1,2})\s?月?")
_DAY_WORD_YEAR = regex(rf"(?<!\d)(\d{{1,2}}){_TH}[\s./-]*(?:of\s+)?{_MONTH}[\s,./'-]*{_YEAR}")
_WORD_DAY_YEAR = regex(
    rf"{_MONTH}[\s./-]*(\d{{1,2}}){_TH}(?:,\s*|[\s./-]+)(?:\d+:[\d:]+\s+(?:[^\s\d]\S*\s+)?)?{_YEAR}"
)
_YEAR_WORD_DAY = regex(rf"(?<!\d)(\d{{4}})[\s./-]+{_MONTH}[\s./-]+(\d{{1,2}})(?!\d)")
_WORD_YEAR = regex(rf"{_MONTH}[\s,./-]*(\d{{4}})")
_UNIX = regex(r"(\d{10})(?:\d{3})?(?:\.\d+)?")
_SERIAL = regex(r"(\d{5})(?:\.\d+)?")

# Spreadsheets count days from here; what they count to from 1990 to 2099.
_SERIAL_START = datetime.date(1899, 12, 30)
_SERIALS = range(32_874, 73_051)


class Readings(NamedTuple):
    """What a cell may mean, by the order of its parts; None where it means nothing in that order.

    Where the spelling leaves no doubt, all three are the same.

    :param dotted: Whether the parts stand between dots, as they do where the day comes first.
    """

    month_first: datetime.date | None = None
    day_first: datetime.date | None = None
    year_first: datetime.date | None = None
    dotted: bool = False


def readings(cell: str | None) -> Readings:
    """Return the days that a cell may mean.

    >>> readings("03/04/2024")[:2]
    (datetime.date(2024, 3, 4), datetime.date(2024, 4, 3))
    >>> readings("31-Jan-24").day_first
    datetime.date(2024, 1, 31)
    """
    if not cell or len(cell) > 200:
        return Readings()
    # A million stamps to the second are of a few hundred days.
    return _read(_TIME.sub("0:00", unicodedata.normalize("NFKC", cell).strip().lower()))


@lru_cache(maxsize=10_000)
def _read(text: str) -> Readings:
    if found := _YEAR_LAST.match(text):
        return _in_any_order(found[1], found[2], found[3], "." in found[0])
    day = _plain(text)
    return Readings(day, day, day)


def _in_any_order(first: str, second: str, third: str, dotted: bool) -> Readings:
    year = _year(third)
    return Readings(
        _day(year, int(first), int(second)),
        _day(year, int(second), int(first)),
        _day(_year(first), int(second), int(third)) if len(third) == len(first) == 2 else None,
        dotted,
    )


def _plain(text: str) -> datetime.date | None:
    """Return the day in a text whose spelling says which part is which."""
    if found := _YEAR_FIRST.search(text) or _COMPACT.match(text):
        return _day(int(found[1]), int(found[2]), int(found[3]))
    if found := _MONTH_ONLY.fullmatch(text):
        return _day(int(found[1]), int(found[2]), 1)
    if found := _DAY_WORD_YEAR.search(text):
        return _day(_year(found[3]), _MONTHS.index(found[2]) + 1, int(found[1]))
    if found := _WORD_DAY_YEAR.search(text):
        return _day(_year(found[3]), _MONTHS.index(found[1]) + 1, int(found[2]))
    if found := _YEAR_WORD_DAY.search(text):
        return _day(int(found[1]), _MONTHS.index(found[2]) + 1, int(found[3]))
    if found := _WORD_YEAR.search(text):
        return _day(int(found[2]), _MONTHS.index(found[1]) + 1, 1)
    if found := _UNIX.fullmatch(text):
        return datetime.date(1970, 1, 1) + datetime.timedelta(seconds=int(found[1]))
    return _serial(text)


def _year(digits: str) -> int:
    """Return a year; of two digits, one from 1970 to 2069."""
    year = int(digits)
    return year if len(digits) > 2 else year + (2000 if year < 70 else 1900)


def _day(year: int, month: int, day: int) -> datetime.date | None:
    try:
        return datetime.date(year, month, day)
    except ValueError:
        return None


def is_count(cell: str) -> bool:
    """Say whether a number counts to a day: seconds since 1970, or days in a spreadsheet.

    Only the heading can tell such a number from any other.
    """
    return is_unix_time(cell) or _serial(cell.strip()) is not None


def is_unix_time(cell: str | None) -> bool:
    """Say whether a cell counts seconds or milliseconds since 1970, which says nothing of the clock."""
    text = unicodedata.normalize("NFKC", cell or "").strip()
    return text[:1] == "1" and _UNIX.fullmatch(text) is not None


def _serial(text: str) -> datetime.date | None:
    """Return the day that a spreadsheet counts as this number: 45292 is 2024-01-01."""
    found = _SERIAL.fullmatch(text)
    if found is None or int(found[1]) not in _SERIALS:
        return None
    return _SERIAL_START + datetime.timedelta(days=int(found[1]))


def looks_like_date(cell: str) -> bool:
    """Say whether a cell is a day or a moment in one of the usual spellings."""
    text = unicodedata.normalize("NFKC", cell).strip()
    if not 6 <= len(text) <= 80:
        return False
    if _ZERO.fullmatch(text):
        return True
    return _DATE.fullmatch(text) is not None and any(readings(text)[:3])
