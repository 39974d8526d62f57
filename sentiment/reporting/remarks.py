"""What a report's caller asked for and may have meant otherwise, one sentence each.

The page says what came of it; but whoever named a wrong column looks at the terminal first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from sentiment.drivers.floors import MEASURE_SHOWN
from sentiment.reporting.dating import about_dates
from sentiment.reporting.scored import ScoredTable
from sentiment.reporting.values import Text
from sentiment.reporting.wording import say

__all__ = ["OFF_SCALE_SHARE", "about_answers", "off_scale", "remarks"]

# Typing errors and codes such as 99 stay below it; a column on another scale does not.
OFF_SCALE_SHARE = 1 / 3
# A date column in which fewer cells than this are dates is likely to be another one.
_DATED_SHARE = 0.5


def remarks(
    table: ScoredTable, source: Mapping[str, Any], by: Sequence[str], date: str | None
) -> tuple[Text, ...]:
    """Return a sentence for each wish that gives less than was hoped for.

    :param source: What the report says of the rows, and under "compare" of the earlier ones.
    :param by: The segment columns that were asked for.
    :param date: The date column that was asked for.
    """
    return (
        *_about_date(table, date),
        *_about_segments(table, by),
        *_about_scale(table),
        *about_answers(table),
        *_about_compare(source),
    )


def off_scale(table: ScoredTable) -> int:
    """Return how many answers of the outcome are not on its scale, and count nowhere."""
    if table.measure is None:
        return 0
    valid = int((table.first & ~np.isnan(table.outcome)).sum())
    return table.given.get(table.measure.column, 0) - valid


def _about_date(table: ScoredTable, date: str | None) -> Iterator[Text]:
    column = table.dating.column
    if not column:
        return
    dated = int((~np.isnat(table.dates)).sum())
    # Of a column that was found and not named, the empty cells are no surprise.
    rows = table.n if date else table.dating.given
    if dated == 0:
        yield say("remark.no_date", column=column)
    elif dated < _DATED_SHARE * rows:
        yield say("remark.few_dates", column=column, n=dated, rows=rows)
    yield from about_dates(table.dating)


def _about_segments(table: ScoredTable, by: Sequence[str]) -> Iterator[Text]:
    for name in by:
        codes, labels = table.segments[name]
        sizes = np.bincount(codes[table.used & (codes >= 0)], minlength=1)
        if len(labels) < 2:
            yield say("remark.one_group", column=name)
        elif sizes.max() < MEASURE_SHOWN:
            yield say("remark.small_groups", column=name, n=len(labels), floor=MEASURE_SHOWN)


def _about_scale(table: ScoredTable) -> Iterator[Text]:
    off, measure = off_scale(table), table.measure
    if measure is not None and off:
        yield say(
            "remark.off_scale",
            n=off,
            given=table.given[measure.column],
            column=measure.column,
            low=measure.minimum,
            high=measure.maximum,
        )


def about_answers(table: ScoredTable) -> Iterator[Text]:
    """Yield what was done to scores as they were read: turned round, or left out as sums."""
    measures = [table.measure] if table.measure else []
    for scale in (*measures, *(scale for scale, _ in table.others)):
        if scale.is_turned:
            yield say("remark.turned", column=scale.column, low=scale.minimum, high=scale.maximum)
    if table.totals:
        yield say("remark.totals", n=table.totals)


def _about_compare(source: Mapping[str, Any]) -> Iterator[Text]:
    earlier = source.get("compare")
    if earlier and earlier["sha256"] is not None and earlier["sha256"] == source["sha256"]:
        yield say("remark.same_file", name=source["name"])
