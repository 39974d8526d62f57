"""The dates of a column: one order of day and month for all of them, and no day that is none."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sentiment.drivers.answers import is_missing
from sentiment.reporting.values import Text
from sentiment.reporting.wording import say
from sentiment.tables.dates import Readings, is_unix_time, readings

__all__ = ["DateColumn", "Dating", "about_dates"]

# The order of `Readings`, in which the readings of a cell stand side by side.
_ORDERS = ("month_first", "day_first", "year_first")
_MONTH, _DAY, _YEAR = range(3)
_NONE = np.iinfo(np.int32).min
_EPOCH = datetime.date(1970, 1, 1).toordinal()
# One order is more plausible than another when its dates fill at most this share of its months.
_CLEARLY_FEWER = 2 / 3
# Feedback is from between these years, and not from the days that clocks and programs start at:
# exports write such a day, or one as 9999-12-31, where there is none.
_YEARS = ("1950-01-01", "2099-01-01")
_STARTS = ("1969-12-31", "1970-01-01", "1980-01-01")


@dataclass(frozen=True, slots=True)
class Dating:
    """How the dates of a column were read.

    :param column: Its name; empty when there is none.
    :param order: `month_first`, `day_first` or `year_first`; empty when all dates mean the same in
        any order.
    :param reason: `told` when the dates themselves say so; else `future`, `months` or `usual`: the
        other order gave days yet to come, or far more months, or nothing spoke for either.
    :param months: Distinct months in the order taken, and in the other one.
    :param other_order: How many dates can only be read in another order, and were.
    :param placeholders: How many days stand for none, and were left out.
    :param given: How many cells hold anything.
    :param counted: Whether cells count the time since 1970.
    """

    column: str = ""
    order: str = ""
    reason: str = "told"
    months: tuple[int, int] = (0, 0)
    other_order: int = 0
    placeholders: int = 0
    given: int = 0
    counted: bool = False


class DateColumn:
    """Takes the cells of a column in order; 4 bytes a row, 12 where the order matters."""

    def __init__(self, name: str, today: datetime.date | None = None) -> None:
        self._name = name
        # A day's grace: it is tomorrow already somewhere.
        self._latest = (today or datetime.date.today()).toordinal() - _EPOCH + 1
        self._parts: list[NDArray[np.int32]] = []
        self._known: dict[str | None, tuple[int, int, int, bool]] = {}
        self._dotted = self._slashed = self._given = 0
        self._counted = False

    def add(self, cells: Sequence[str | None]) -> None:
        """Add the cells of the next rows."""
        for cell in set(cells) - self._known.keys():
            found = readings(cell)
            days = self._known[cell] = (*_numbers(found), not is_missing(cell))
            self._counted |= is_unix_time(cell)
            if len(set(days[:3])) > 1:
                self._dotted += found.dotted
                self._slashed += not found.dotted
        whole = np.array([self._known[cell] for cell in cells], dtype=np.int32).reshape(-1, 4)
        self._given += int(whole[:, 3].sum())
        part = whole[:, :3].copy()
        plain = (part[:, _MONTH] == part[:, _DAY]).all() and (part[:, _DAY] == part[:, _YEAR]).all()
        self._parts.append(part[:, :1].copy() if plain else part)
        if len(self._known) > 200_000:  # stamps to the second: the cache would outgrow the column
            self._known.clear()

    def read(self) -> tuple[NDArray[np.datetime64], Dating]:
        """Return the days, datetime64[D] (n,), NaT where unknown, and how they were read."""
        order, reason, months = self._order()
        days, other_order = self._taken(order)
        dates = np.where(days == _NONE, np.datetime64("NaT", "D"), days.astype("datetime64[D]"))
        none = _stands_for_none(dates)
        dates[none] = np.datetime64("NaT", "D")
        name = "" if order is None else _ORDERS[order]
        return dates, Dating(
            self._name, name, reason, months, other_order, int(none.sum()), self._given,
            self._counted,
        )  # fmt: skip

    def _loose(self) -> NDArray[np.int32]:
        """Return the readings of the cells that mean different days in different orders."""
        parts = [part for part in self._parts if part.shape[1] == 3]
        if not parts:
            return np.zeros((0, 3), dtype=np.int32)
        return np.concatenate(
            [p[(p[:, _MONTH] != p[:, _DAY]) | (p[:, _YEAR] != p[:, _DAY])] for p in parts]
        )

    def _order(self) -> tuple[int | None, str, tuple[int, int]]:
        loose = self._loose()
        if not len(loose):
            return None, "told", (0, 0)
        fits = (loose != _NONE).sum(axis=0)
        future = (loose > self._latest).sum(axis=0)
        months = [_months(loose[:, order]) for order in range(3)]
        if fits[_YEAR] == fits.max() and _better(_YEAR, (_MONTH, _DAY), fits, future, months):
            return _YEAR, "told", (0, 0)
        if fits[_MONTH] != fits[_DAY]:
            return (_MONTH if fits[_MONTH] > fits[_DAY] else _DAY), "told", (0, 0)
        if self._dotted > self._slashed:
            return _DAY, "told", (0, 0)
        if (loose[:, _MONTH] == loose[:, _DAY]).all():
            return None, "told", (0, 0)
        return _more_plausible(future, months)

    def _taken(self, order: int | None) -> tuple[NDArray[np.int32], int]:
        """Return the readings in one order, each cell that it does not fit in the one it fits."""
        days: list[NDArray[np.int32]] = [np.zeros(0, dtype=np.int32)]
        other_order = 0
        for part in self._parts:
            taken = part[:, (order or 0) if part.shape[1] == 3 else 0].copy()
            for other in (_MONTH, _DAY) if part.shape[1] == 3 else ():
                lost = (taken == _NONE) & (part[:, other] != _NONE)
                taken[lost] = part[lost, other]
                other_order += int(lost.sum())
            days.append(taken)
        return np.concatenate(days), other_order


def _numbers(found: Readings) -> tuple[int, int, int]:
    """Return days since 1970 in the three orders."""
    month, day, year = (_NONE if d is None else d.toordinal() - _EPOCH for d in found[:3])
    return month, day, year


def _months(days: NDArray[np.int32]) -> int:
    """Return how many different months there are."""
    known = days[days != _NONE].astype("datetime64[D]")
    return len(np.unique(known.astype("datetime64[M]")))


def _better(
    order: int,
    others: Sequence[int],
    fits: NDArray[np.int64],
    future: NDArray[np.int64],
    months: Sequence[int],
) -> bool:
    """Say whether an order is clearly the more plausible one of those that fit as many dates."""
    rivals = [other for other in others if fits[other] == fits[order]]
    return all(
        future[order] == 0
        and (future[other] > 0 or months[order] <= _CLEARLY_FEWER * months[other])
        for other in rivals
    )


def _more_plausible(
    future: NDArray[np.int64], months: Sequence[int]
) -> tuple[int, str, tuple[int, int]]:
    for order, other in ((_MONTH, _DAY), (_DAY, _MONTH)):
        if not future[order] and future[other]:
            return order, "future", (months[order], months[other])
    for order, other in ((_MONTH, _DAY), (_DAY, _MONTH)):
        if months[order] <= _CLEARLY_FEWER * months[other]:
            return order, "months", (months[order], months[other])
    return _MONTH, "usual", (months[_MONTH], months[_DAY])


def _stands_for_none(dates: NDArray[np.datetime64]) -> NDArray[np.bool_]:
    first, last = (np.datetime64(day, "D") for day in _YEARS)
    starts = np.array(_STARTS, dtype="datetime64[D]")
    # A comparison with NaT is false.
    return np.asarray((dates < first) | (dates >= last) | np.isin(dates, starts))


def about_dates(dating: Dating) -> Iterator[Text]:
    """Say what of the dates was guessed or left out."""
    column = dating.column
    if dating.order and dating.reason != "told":
        order, (kept, other) = say(f"dates.{dating.order}"), dating.months
        yield say(f"dates.by_{dating.reason}", column=column, order=order, months=kept, other=other)
    if dating.order == "year_first":
        yield say("dates.two_digits", column=column)
    if dating.other_order:
        yield say("dates.other_order", column=column, n=dating.other_order)
    if dating.placeholders:
        yield say("dates.placeholders", column=column, n=dating.placeholders)
    if dating.counted:
        yield say("dates.unix", column=column)
