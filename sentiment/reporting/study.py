"""What every block works from: the scored table, the wishes of the caller, and shared counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sentiment.drivers.trend import Periods
from sentiment.reporting import changes
from sentiment.reporting.labels import Labels
from sentiment.reporting.scored import BITS, ScoredTable
from sentiment.reporting.values import Row, Text, same

if TYPE_CHECKING:
    from sentiment.reporting.linked import Link
    from sentiment.reporting.sensitivity import Rates

__all__ = ["Counts", "Options", "Study", "count"]


@dataclass(frozen=True)
class Options:
    """The caller's wishes; see `sentiment.reporting.build.report`."""

    title: str | None = None
    layers: bool = True
    target: float | None = None
    bootstrap: int = 2000
    seed: int = 20240501
    accuracy: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    rates: Mapping[str, Mapping[str, Rates]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many texts mention something, and how: exclusive counts, so that they add up to `n`.

    :param negative: Texts that mention it only negatively (a neutral mention beside it does not
        change that); `mixed` are those with both signs.
    :param base: All texts that were counted.
    """

    negative: int
    neutral: int
    mixed: int
    positive: int
    base: int

    @property
    def n(self) -> int:
        """Texts that mention it."""
        return self.negative + self.neutral + self.mixed + self.positive

    @property
    def complaints(self) -> int:
        """Texts that mention it negatively, mixed ones included."""
        return self.negative + self.mixed

    @property
    def praises(self) -> int:
        """Texts that mention it positively, mixed ones included."""
        return self.positive + self.mixed


def count(bits: NDArray[np.uint8]) -> Counts:
    """Count one column of polarity bits."""
    cases = np.bincount(bits, minlength=8)
    negative, neutral, positive = BITS["negative"], BITS["neutral"], BITS["positive"]
    return Counts(
        negative=int(cases[negative] + cases[negative | neutral]),
        neutral=int(cases[neutral]),
        mixed=int(cases[negative | positive] + cases[negative | neutral | positive]),
        positive=int(cases[positive] + cases[positive | neutral]),
        base=len(bits),
    )


@dataclass(frozen=True)
class Study:
    """The scored table and everything that is known about it."""

    table: ScoredTable
    options: Options
    previous: ScoredTable | None = None
    labels: Labels | None = None
    summary: Mapping[str, Any] = field(default_factory=dict)
    source: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def used(self) -> NDArray[np.bool_]:
        """Rows whose text says something."""
        return self.table.used

    @cached_property
    def n(self) -> int:
        """Number of texts that say something: the base of every share of texts."""
        return int(self.used.sum())

    @cached_property
    def driver_bits(self) -> NDArray[np.uint8]:
        """Polarity bits of the used rows, (n, drivers)."""
        return self.table.drivers[self.used]

    @cached_property
    def topic_bits(self) -> Mapping[str, NDArray[np.uint8]]:
        """Polarity bits of the used rows, by topic."""
        return {
            topic: self.table.topic_bits(topic)[self.used] for topic in self.table.taxonomy.topics
        }

    @cached_property
    def drivers(self) -> Mapping[str, Counts]:
        """Counts of every driver."""
        names = self.table.taxonomy.drivers
        return {name: count(self.driver_bits[:, place]) for place, name in enumerate(names)}

    @cached_property
    def topics(self) -> Mapping[str, Counts]:
        """Counts of every topic."""
        return {topic: count(bits) for topic, bits in self.topic_bits.items()}

    @cached_property
    def tags(self) -> Mapping[str, Counts]:
        """Counts of every cross tag and intent."""
        bits = self.table.tags[self.used]
        names = self.table.taxonomy.tags
        return {name: count(bits[:, place]) for place, name in enumerate(names)}

    @cached_property
    def link(self) -> Link:
        """What goes with the score."""
        from sentiment.reporting.linked import link

        return link(self)

    @cached_property
    def figures(self) -> Sequence[Row]:
        """The key figures."""
        from sentiment.reporting.blocks.figures import figures_rows

        return figures_rows(self)

    @cached_property
    def periods(self) -> Periods:
        """Months of the used rows, or quarters where months are too small."""
        return changes.periods_of(self.table)

    @cached_property
    def last_change(self) -> tuple[tuple[changes.Change, ...], str, str]:
        """The last period against the one before it, and the labels of both."""
        return changes.last_periods(self)

    @cached_property
    def whole_change(self) -> tuple[tuple[changes.Change, ...], str, str]:
        """The last period against the first, where others lie between."""
        return changes.whole_course(self)

    @cached_property
    def compared(self) -> tuple[changes.Change, ...]:
        """These rows against those of the earlier file."""
        return changes.changes_between(self, self.previous) if self.previous else ()

    def full_name(self, name: str) -> Text:
        """Return a driver's name behind its topic's, unless it says the topic already.

        "Delivery: speed and punctuality", but "Price level"; 质量·耐用可靠, but 配送时效.
        """
        driver, topic = self.driver_name(name), self.topic_name(name.partition(".")[0])
        zh = driver.zh if topic.zh in driver.zh else f"{topic.zh}·{driver.zh}"
        en = driver.en if topic.en in driver.en else f"{topic.en}: {driver.en}"
        return Text(zh=zh, en=en[:1].upper() + en[1:])

    def driver_name(self, name: str) -> Text:
        """Return a driver's name in both languages."""
        driver = self.table.taxonomy.drivers[name]
        return Text(zh=driver.zh, en=driver.en)

    def topic_name(self, name: str) -> Text:
        """Return a topic's name in both languages."""
        topic = self.table.taxonomy.topics[name]
        return Text(zh=topic.zh, en=topic.en)

    def tag_name(self, name: str) -> Text:
        """Return a tag's name in both languages."""
        tag = self.table.taxonomy.tags.get(name)
        return Text(zh=tag.zh, en=tag.en) if tag else same(name)

    def ranked(self) -> Sequence[str]:
        """Return drivers by number of complaints, most first."""
        return sorted(self.drivers, key=lambda name: -self.drivers[name].complaints)
