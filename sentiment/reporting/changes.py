"""What changed, between two files or between the last two periods: one family of tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from sentiment.drivers.floors import MEASURE_SHOWN, MENTIONS_SHOWN, MINIMUM_DIFFERENCE
from sentiment.drivers.intervals import benjamini_hochberg
from sentiment.drivers.segments import Kind, contrast, estimate
from sentiment.drivers.trend import Periods, merge_periods
from sentiment.records import SENTIMENTS
from sentiment.reporting.repeats import counted
from sentiment.reporting.scored import BITS, ScoredTable, position
from sentiment.reporting.values import Text, same
from sentiment.reporting.wording import say

if TYPE_CHECKING:
    from sentiment.reporting.study import Study

__all__ = ["Change", "Series", "changes_between", "last_periods", "series_of", "whole_course"]


@dataclass(frozen=True)
class Series:
    """A figure that every row has a value of (NaN where it has none).

    :param better: 1 when more of it is better, -1 when less is.
    """

    code: str
    name: Text
    kind: Kind
    values: NDArray[np.float64]
    better: int


@dataclass(frozen=True)
class Change:
    """Later minus earlier, in points; `q` is adjusted within the family of all changes."""

    code: str
    name: Text
    better: int
    before: float
    before_n: int
    after: float
    after_n: int
    value: float
    low: float
    high: float
    q: float | None
    certain: bool

    @property
    def verdict(self) -> Literal["better", "worse", "none"]:
        """What to call it: "none" unless it is certain and at least 5 points."""
        if not self.certain:
            return "none"
        return "better" if self.value * self.better > 0 else "worse"


def series_of(study: Study, table: ScoredTable, *, drivers: bool) -> Iterator[Series]:
    """Yield the score, the tone of the text, and complaints by topic (and by driver)."""
    if table.measure and table.measure.high_is_good is not None:
        kind = "nps" if table.measure.kind == "nps" else "outcome"
        yield Series(
            "outcome",
            say(f"series.{kind}", column=same(table.measure.column)),
            "mean",
            _points(table),
            1,
        )
    tone = np.full(table.n, np.nan)
    tone[table.used] = 0.0
    tone[table.used & (table.sentiment == SENTIMENTS.index("positive"))] = 1.0
    tone[table.used & (table.sentiment == SENTIMENTS.index("negative"))] = -1.0
    yield Series("text", say("series.text"), "net", tone, 1)
    for topic in study.table.taxonomy.topics:
        if topic in table.taxonomy.topics:
            bits = table.topic_bits(topic)
            yield _complaints(table, topic, study.topic_name(topic), bits)
    for driver in study.drivers if drivers else ():
        if driver in table.taxonomy.drivers and study.drivers[driver].n >= MENTIONS_SHOWN:
            bits = table.drivers[:, list(table.taxonomy.drivers).index(driver)]
            yield _complaints(table, driver, study.full_name(driver), bits)


def _complaints(table: ScoredTable, code: str, name: Text, bits: NDArray[np.uint8]) -> Series:
    share = np.where(table.used, (bits & BITS["negative"] > 0).astype(np.float64), np.nan)
    return Series(code, say("series.complaints", name=name), "share", share, -1)


def _points(table: ScoredTable) -> NDArray[np.float64]:
    """Scores as points: 0-100, or -100/0/100 whose mean is the NPS."""
    assert table.measure is not None
    counts = counted(table, table.measure, table.outcome)
    values = np.where(counts, table.outcome, np.nan)
    if table.measure.kind == "nps":
        points = 100.0 * ((values >= 9).astype(np.float64) - (values <= 6))
        return np.where(np.isnan(values), np.nan, points)
    return position(table.measure, values)


def changes_between(study: Study, earlier: ScoredTable) -> tuple[Change, ...]:
    """Compare the study's rows with those of an earlier file."""
    before = {series.code: series for series in series_of(study, earlier, drivers=True)}
    return _judged(
        [
            (series, series.values, before[series.code].values)
            for series in series_of(study, study.table, drivers=True)
            if series.code in before and _comparable(study.table, earlier, series.code)
        ]
    )


def _comparable(table: ScoredTable, earlier: ScoredTable, code: str) -> bool:
    if code != "outcome":
        return True
    now, then = table.measure, earlier.measure
    return bool(
        now
        and then
        and (now.kind, now.minimum, now.maximum) == (then.kind, then.minimum, then.maximum)
    )


def periods_of(table: ScoredTable) -> Periods:
    """Return months, or quarters where a month has too few texts.

    Scores without a text lie in them as well.
    """
    return merge_periods(table.dates, counted=table.used)


def last_periods(study: Study) -> tuple[tuple[Change, ...], str, str]:
    """Compare the last two periods that are large enough; empty when there are not two."""
    large = _large(study)
    return _between(study, large[-2], large[-1]) if len(large) > 1 else ((), "", "")


def whole_course(study: Study) -> tuple[tuple[Change, ...], str, str]:
    """Compare the last period with the first; empty when these are the last two.

    A decline in small steps is in none of them.
    """
    large = _large(study)
    return _between(study, large[0], large[-1]) if len(large) > 2 else ((), "", "")


def _large(study: Study) -> NDArray[np.int64]:
    return np.flatnonzero(study.periods.counts >= MEASURE_SHOWN)


def _between(study: Study, before: int, after: int) -> tuple[tuple[Change, ...], str, str]:
    periods = study.periods
    pairs = [
        (series, series.values[periods.codes == after], series.values[periods.codes == before])
        for series in series_of(study, study.table, drivers=True)
    ]
    return _judged(pairs), periods.labels[before], periods.labels[after]


def _judged(
    pairs: list[tuple[Series, NDArray[np.float64], NDArray[np.float64]]],
) -> tuple[Change, ...]:
    found = []
    for series, after, before in pairs:
        after, before = after[~np.isnan(after)], before[~np.isnan(before)]
        if min(len(after), len(before)) < MEASURE_SHOWN:
            continue
        found.append((series, after, before, contrast(after, before, series.kind)))
    family = benjamini_hochberg(
        [np.nan if difference.p is None else difference.p for *_, difference in found]
    )
    changes = []
    for (series, after, before, difference), q, hit in zip(
        found, family.q_values, family.rejected, strict=True
    ):
        if difference.value is None or difference.low is None or difference.high is None:
            continue
        changes.append(
            Change(
                code=series.code,
                name=series.name,
                better=series.better,
                before=estimate(before, series.kind)[0],
                before_n=len(before),
                after=estimate(after, series.kind)[0],
                after_n=len(after),
                value=difference.value,
                low=difference.low,
                high=difference.high,
                q=None if np.isnan(q) else float(q),
                certain=bool(hit) and abs(difference.value) >= MINIMUM_DIFFERENCE,
            )
        )
    return tuple(changes)
