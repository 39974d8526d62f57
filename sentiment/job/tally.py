"""The counts of a job: they add up, chunk by chunk and over a resume."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from sentiment.records import Analysis

__all__ = ["Tally", "count"]

# What a survey row with several answers counts as: the first of these that one of its answers has.
_ROW_STATUS = ("damaged", "ok", "unsupported", "empty")


@dataclass(slots=True)
class Tally:
    """How many rows and answers had which status, and what they said."""

    rows: Counter[str] = field(default_factory=Counter)
    """Source rows by status, "rejected" among them; their sum is the number of rows read."""
    answers: Counter[str] = field(default_factory=Counter)
    """Texts by status: as `rows`, unless a row holds several open questions."""
    sentiments: Counter[str] = field(default_factory=Counter)
    """Scored texts by overall sentiment."""
    topics: Counter[str] = field(default_factory=Counter)
    """Texts by "topic:state", without the absent ones."""
    drivers: Counter[str] = field(default_factory=Counter)
    """Opinions by "driver:polarity". A text holds each of these at most once, but may hold one driver
    with several polarities: the opinions on a driver may be more than its texts."""

    def add(self, other: Tally) -> None:
        """Add the counts of `other` to these."""
        for name in self.__slots__:
            getattr(self, name).update(getattr(other, name))

    def to_dict(self) -> dict[str, dict[str, int]]:
        """Return plain data from which `from_dict` builds an equal tally."""
        return {name: dict(getattr(self, name)) for name in self.__slots__}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Tally:
        """Read a tally back; the inverse of `to_dict`."""
        return cls(**{name: Counter(data[name]) for name in cls.__slots__})


def count(analyses: Sequence[Analysis], rejected: int = 0) -> Tally:
    """Count the analyses of one chunk, those of one row being neighbours."""
    tally = Tally()
    if rejected:
        tally.rows["rejected"] = rejected
    statuses = [analysis.status for analysis in analyses]
    tally.answers.update(statuses)
    if len({analysis.row for analysis in analyses}) == len(analyses):  # one answer a row
        tally.rows.update(statuses)
    else:
        for _, answers in groupby(analyses, key=lambda analysis: analysis.row):
            found = {answer.status for answer in answers}
            tally.rows[next(status for status in _ROW_STATUS if status in found)] += 1
    tally.sentiments.update(
        [analysis.sentiment for analysis in analyses if analysis.sentiment is not None]
    )
    tally.drivers.update(
        [f"{found.driver}:{found.polarity}" for one in analyses for found in one.opinions]
    )
    # The same few states of all topics come again and again.
    states = Counter(tuple(analysis.topics.items()) for analysis in analyses)
    for pairs, texts in states.items():
        for topic, state in pairs:
            if state != "absent":
                tally.topics[f"{topic}:{state}"] += texts
    return tally
