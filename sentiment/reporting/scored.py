"""Scored rows, column by column: a million of them fit in a few hundred megabytes."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.drivers.answers import is_missing
from sentiment.records import POLARITIES, SENTIMENTS, STATUSES
from sentiment.reporting.dating import DateColumn, Dating
from sentiment.reporting.quotes import Voice, flat, voice
from sentiment.tables.rows import MOST_TOTALS, is_total
from sentiment.tables.scales import Outcome
from sentiment.taxonomy import Driver, TagKind, Taxonomy, Topic
from sentiment.text.repair import is_misread

__all__ = [
    "BITS",
    "LANGUAGES",
    "Batch",
    "Codebook",
    "Collector",
    "Kept",
    "ScoredTable",
    "position",
]

LANGUAGES = ("zh", "en", "mixed", "other")

# One byte per row and driver: a review may hold a driver with several polarities at once.
BITS: Mapping[str, int] = {name: 1 << place for place, name in enumerate(POLARITIES)}

# Quotes are chosen among this many random reviews of a driver and sign (the rule is printed).
QUOTE_POOL = 50
REPLY_LIST = 200
PRAISE_LIST = 100
MISMATCH_LIST = 50


def position(outcome: Outcome, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return answers as points from 0 (the worst one) to 100 (the best one)."""
    points = 100.0 * (values - outcome.minimum) / (outcome.maximum - outcome.minimum)
    low_is_good = outcome.high_is_good is False and not outcome.is_turned
    return 100.0 - points if low_is_good else points


class Codebook:
    """Names to column numbers, in order of the taxonomy; a name it lacks is added at the end."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = list(names)
        self._places = {name: place for place, name in enumerate(self.names)}

    def place(self, name: str) -> int:
        """Return the column of a name."""
        place = self._places.get(name)
        if place is None:
            place = self._places[name] = len(self.names)
            self.names.append(name)
        return place

    def __len__(self) -> int:
        return len(self.names)


class Batch:
    """Some thousand scored rows on their way into the table; made by `sources`."""

    size: int
    drivers: NDArray[np.uint8]
    tags: NDArray[np.uint8]
    sentiment: NDArray[np.int8]
    score: NDArray[np.float32]
    language: NDArray[np.int8]
    status: NDArray[np.int8]
    length: NDArray[np.int32]
    text_hash: NDArray[np.int64]
    alarm: NDArray[np.bool_]
    row: NDArray[np.int64]

    def cells(self, column: str) -> Sequence[str | None]:
        """Return the cells of one original column."""
        raise NotImplementedError

    def detail(self, place: int) -> tuple[str, list[dict[str, Any]], list[dict[str, Any]]]:
        """Return text, opinions and tags of one row."""
        raise NotImplementedError


@dataclass(frozen=True)
class Kept:
    """The few rows whose words are kept: for quotes, replies, praise and mismatches."""

    quotes: Mapping[tuple[str, str], tuple[Voice, ...]] = field(default_factory=dict)
    replies: tuple[Voice, ...] = ()
    praise: tuple[Voice, ...] = ()
    high_with_complaint: tuple[Voice, ...] = ()
    low_with_praise: tuple[Voice, ...] = ()


@dataclass(frozen=True)
class ScoredTable:
    """Scored rows as columns; row i of every array is the i-th scored text.

    :param drivers: uint8 (n, drivers), bits of `BITS`.
    :param text_hash: Python's hash of the text: equal texts have equal ones within a process.
    :param outcome: float (n,), the customer's answer on its own scale, turned where a low one is
        good (`Outcome.is_turned`); NaN where none is valid.
    :param dates: datetime64[D] (n,), NaT where unknown; `dating` says how they were read.
    :param segments: column -> (codes int32 (n,), labels); code -1 is an empty cell.
    :param given: How many source rows answered each outcome column at all, valid or not.
    :param totals: Rows below the answers that sum them up ("Total", 平均); their scores count nowhere.
    :param customer: int64 (n,), equal for rows of one customer, in order of first appearance.
    :param first: bool (n,), the first text of its source row (a survey row may hold several).
    """

    taxonomy: Taxonomy
    drivers: NDArray[np.uint8]
    tags: NDArray[np.uint8]
    sentiment: NDArray[np.int8]
    score: NDArray[np.float32]
    language: NDArray[np.int8]
    status: NDArray[np.int8]
    length: NDArray[np.int32]
    text_hash: NDArray[np.int64]
    duplicate: NDArray[np.bool_]
    urgency: NDArray[np.int8]
    alarm: NDArray[np.bool_]
    row: NDArray[np.int64]
    first: NDArray[np.bool_]
    customer: NDArray[np.int64]
    repeated_customers: int
    measure: Outcome | None
    outcome: NDArray[np.float64]
    given: Mapping[str, int]
    totals: int
    others: tuple[tuple[Outcome, NDArray[np.float64]], ...]
    dates: NDArray[np.datetime64]
    segments: Mapping[str, tuple[NDArray[np.int32], tuple[str, ...]]]
    kept: Kept
    model: str = ""
    dating: Dating = field(default_factory=Dating)

    @property
    def n(self) -> int:
        """Number of scored texts."""
        return len(self.sentiment)

    @property
    def used(self) -> NDArray[np.bool_]:
        """Rows whose text says something: status ok or damaged."""
        said = (self.status == STATUSES.index("ok")) | (self.status == STATUSES.index("damaged"))
        return np.asarray(said & (self.sentiment >= 0))

    def has(self, driver: str, *polarities: str) -> NDArray[np.bool_]:
        """Return which rows hold a driver with one of the polarities (any, when none is named)."""
        place = list(self.taxonomy.drivers).index(driver)
        return (self.drivers[:, place] & _bits(polarities)) > 0

    def has_tag(self, tag: str, *polarities: str) -> NDArray[np.bool_]:
        """Return which rows hold a tag with one of the polarities; none if there is no such tag."""
        if tag not in self.taxonomy.tags:
            return np.zeros(self.n, dtype=bool)
        place = list(self.taxonomy.tags).index(tag)
        return (self.tags[:, place] & _bits(polarities)) > 0

    def topic_bits(self, topic: str) -> NDArray[np.uint8]:
        """Return the bits of a topic: those of all its drivers together."""
        places = [i for i, d in enumerate(self.taxonomy.drivers.values()) if d.topic == topic]
        return np.asarray(np.bitwise_or.reduce(self.drivers[:, places], axis=1), dtype=np.uint8)


def _bits(polarities: Sequence[str]) -> int:
    return sum(BITS[name] for name in polarities) if polarities else sum(BITS.values())


class Collector:
    """Takes batches in order and makes the table; keeps a bounded number of texts."""

    def __init__(
        self,
        taxonomy: Taxonomy,
        *,
        measure: Outcome | None,
        others: Sequence[Outcome],
        by: Sequence[str],
        date: str | None,
        id: str | None,  # noqa: A002 - the role's name everywhere
        seed: int,
        keep: bool = True,
    ) -> None:
        self.taxonomy = taxonomy
        self.drivers = Codebook(taxonomy.drivers)
        self.tags = Codebook(taxonomy.tags)
        self._measure, self._others = measure, tuple(others)
        self._scales = (*([measure] if measure else []), *self._others)
        self._by, self._date, self._id, self._keep = tuple(by), date, id, keep
        self._rng = np.random.default_rng(seed)
        self._parts: dict[str, list[NDArray[Any]]] = {}
        self._labels: dict[str, dict[str, int]] = {column: {} for column in by}
        self._known_labels: dict[str, dict[str | None, int]] = {column: {} for column in by}
        self._dates = DateColumn(date or "")
        self._quotes: dict[tuple[str, str], list[tuple[float, Voice]]] = {}
        self._lists: dict[str, list[tuple[float, float, int, Voice]]] = {}
        self._rows = 0

    def add(self, batch: Batch) -> None:
        """Add a batch."""
        self._put("drivers", batch.drivers)
        self._put("tags", batch.tags)
        for name in ("sentiment", "score", "language", "status", "length", "text_hash", "alarm"):
            self._put(name, getattr(batch, name))
        self._put("row", batch.row)
        self._put("total", self._totals(batch))
        values = {}
        for scale in self._scales:
            values[scale.column], given = answers(batch.cells(scale.column), scale)
            self._put(f"given {scale.column}", given)
        for column, array in values.items():
            self._put(f"value {column}", array)
        if self._date:
            self._dates.add(batch.cells(self._date))
        for column in self._by:
            self._put(f"segment {column}", self._codes(batch, column))
        if self._id:
            ids = batch.cells(self._id)
            start = self._rows
            own = [hash(cell) if cell else -start - place - 2 for place, cell in enumerate(ids)]
            self._put("id", np.array(own, dtype=np.int64))
        keys = self._rng.random(batch.size)
        outcome = values[self._measure.column] if self._measure else np.full(batch.size, np.nan)
        urgency = self._urgency(batch, outcome)
        self._put("urgency", urgency)
        if self._keep:
            self._keep_quotes(batch, keys, outcome)
            self._keep_lists(batch, keys, outcome, urgency)
        self._rows += batch.size

    def table(self, model: str = "") -> ScoredTable:
        """Return the finished table."""
        n = self._rows
        taxonomy = _grown(self.taxonomy, self.drivers.names, self.tags.names)
        text_hash = self._joined("text_hash", np.int64)
        _, first_text = np.unique(text_hash, return_index=True)
        duplicate = np.ones(n, dtype=bool)
        duplicate[first_text] = False
        status = self._joined("status", np.int8)
        # An empty answer repeated is no copy of a review.
        duplicate &= status != STATUSES.index("empty")
        row = self._joined("row", np.int64)
        _, first_row = np.unique(row, return_index=True)
        first = np.zeros(n, dtype=bool)
        first[first_row] = True
        customer, repeated = _customers(self._joined("id", np.int64) if self._id else row, first)
        totals = _at_the_end(self._joined("total", np.bool_), status)
        given = {
            scale.column: self._joined(f"given {scale.column}", np.bool_) for scale in self._scales
        }
        summed_up = (
            totals & first & np.logical_or.reduce([np.zeros(n, dtype=bool), *given.values()])
        )
        values = {
            scale.column: np.where(
                totals, np.nan, self._joined(f"value {scale.column}", np.float64)
            )
            for scale in self._scales
        }
        outcome = values[self._measure.column] if self._measure else np.full(n, np.nan)
        others = tuple((scale, values[scale.column]) for scale in self._others)
        dates, dating = np.full(n, np.datetime64("NaT"), dtype="datetime64[D]"), Dating()
        if self._date:
            dates, dating = self._dates.read()
        segments = {
            column: (self._joined(f"segment {column}", np.int32), tuple(self._labels[column]))
            for column in self._by
        }
        return ScoredTable(
            taxonomy=taxonomy,
            drivers=self._bits("drivers", len(taxonomy.drivers)),
            tags=self._bits("tags", len(taxonomy.tags)),
            sentiment=self._joined("sentiment", np.int8),
            score=self._joined("score", np.float32),
            language=self._joined("language", np.int8),
            status=status,
            length=self._joined("length", np.int32),
            text_hash=text_hash,
            duplicate=duplicate,
            urgency=self._joined("urgency", np.int8),
            alarm=self._joined("alarm", np.bool_),
            row=row,
            first=first,
            customer=customer,
            repeated_customers=repeated,
            measure=self._measure,
            outcome=outcome,
            given={column: int((rows & first & ~totals).sum()) for column, rows in given.items()},
            totals=int(summed_up.sum()),
            others=others,
            dates=dates,
            segments=segments,
            kept=self._kept(),
            model=model,
            dating=dating,
        )

    def _put(self, name: str, array: NDArray[Any]) -> None:
        self._parts.setdefault(name, []).append(array)

    def _joined(self, name: str, kind: Any) -> NDArray[Any]:
        parts = self._parts.pop(name, [])
        return np.concatenate(parts) if parts else np.zeros(0, dtype=kind)

    def _bits(self, name: str, width: int) -> NDArray[np.uint8]:
        parts = self._parts.pop(name, [])
        whole = np.zeros((self._rows, width), dtype=np.uint8)
        start = 0
        for part in parts:
            whole[start : start + len(part), : part.shape[1]] = part
            start += len(part)
        return whole

    def _codes(self, batch: Batch, column: str) -> NDArray[np.int32]:
        labels, known = self._labels[column], self._known_labels[column]
        cells = batch.cells(column)
        for cell in dict.fromkeys(cells):
            if cell not in known:
                label = segment_label(cell)
                known[cell] = labels.setdefault(label, len(labels)) if label else -1
        return np.array([known[cell] for cell in cells], dtype=np.int32)

    def _totals(self, batch: Batch) -> NDArray[np.bool_]:
        """Return the rows without a text that a cell calls the total or the mean of the others."""
        found = np.zeros(batch.size, dtype=bool)
        empty = np.flatnonzero(batch.status == STATUSES.index("empty")).tolist()
        for column in (self._id, self._date, *self._by) if empty else ():
            if column:
                cells = batch.cells(column)
                named = {cell for cell in {cells[at] for at in empty} if is_total(cell)}
                found[[at for at in empty if named and cells[at] in named]] = True
        return found

    def _urgency(self, batch: Batch, outcome: NDArray[np.float64]) -> NDArray[np.int8]:
        """Points that put a complaint on the reply list; the rule is printed with the list."""
        negative = BITS["negative"]
        points = np.zeros(batch.size, dtype=np.int8)
        complaints = (batch.drivers & negative > 0).sum(axis=1)
        points += 3 * batch.alarm.astype(np.int8)
        points += 3 * self._tagged(batch, "churn").astype(np.int8)
        points += 2 * self._tagged(batch, "trust", "negative").astype(np.int8)
        points += 2 * self._driver(batch, "service.resolution", "negative").astype(np.int8)
        points += (complaints >= 3).astype(np.int8)
        if self._measure:
            with np.errstate(invalid="ignore"):
                points += 2 * (position(self._measure, outcome) <= 10).astype(np.int8)
        wronged = (complaints > 0) | (batch.sentiment == SENTIMENTS.index("negative"))
        return np.where(wronged, points, 0).astype(np.int8)

    def _tagged(self, batch: Batch, tag: str, *polarities: str) -> NDArray[np.bool_]:
        if tag not in self.tags.names:
            return np.zeros(batch.size, dtype=bool)
        return np.asarray(batch.tags[:, self.tags.place(tag)] & _bits(polarities) > 0)

    def _driver(self, batch: Batch, driver: str, *polarities: str) -> NDArray[np.bool_]:
        if driver not in self.drivers.names:
            return np.zeros(batch.size, dtype=bool)
        return np.asarray(batch.drivers[:, self.drivers.place(driver)] & _bits(polarities) > 0)

    def _keep_quotes(
        self, batch: Batch, keys: NDArray[np.float64], outcome: NDArray[np.float64]
    ) -> None:
        # Words that could not be read rightly prove nothing to a reader.
        whole = batch.status == STATUSES.index("ok")
        for names, bits, kind in (
            (self.drivers.names, batch.drivers, "driver"),
            (self.tags.names, batch.tags, "tag"),
        ):
            for place in range(bits.shape[1]):
                for polarity, bit in BITS.items():
                    rows = np.flatnonzero((bits[:, place] & bit > 0) & whole)
                    if not len(rows):
                        continue
                    pool = self._quotes.setdefault((names[place], polarity), [])
                    if len(pool) == QUOTE_POOL:
                        rows = rows[keys[rows] < -pool[0][0]]
                    rows = rows[np.argsort(keys[rows])[:QUOTE_POOL]]
                    for row in rows:
                        found = self._voice(
                            batch, int(row), outcome, (kind, names[place], polarity)
                        )
                        if found is None or is_misread(found.text):
                            continue
                        entry = (-float(keys[row]), found)
                        if len(pool) < QUOTE_POOL:
                            heapq.heappush(pool, entry)
                        else:
                            heapq.heappushpop(pool, entry)

    def _keep_lists(
        self,
        batch: Batch,
        keys: NDArray[np.float64],
        outcome: NDArray[np.float64],
        urgency: NDArray[np.int8],
    ) -> None:
        said = batch.sentiment >= 0
        negative = (batch.drivers & BITS["negative"] > 0).sum(axis=1)
        positive = (batch.drivers & BITS["positive"] > 0).sum(axis=1)
        praise = positive + self._tagged(batch, "recommend", "positive")
        praise = praise + self._tagged(batch, "attachment", "positive")
        whole = batch.status == STATUSES.index("ok")
        praised = said & whole & (negative == 0) & (praise >= 2)
        self._rank("replies", REPLY_LIST, batch, outcome, said & (urgency >= 2), urgency, keys * 0)
        self._rank("praise", PRAISE_LIST, batch, outcome, praised, praise, keys)
        if self._measure:
            high, low = mismatches(position(self._measure, outcome), batch.drivers, batch.sentiment)
            none = np.zeros(batch.size)
            self._rank("high", MISMATCH_LIST, batch, outcome, high, none, keys)
            self._rank("low", MISMATCH_LIST, batch, outcome, low, none, keys)

    def _rank(
        self,
        name: str,
        size: int,
        batch: Batch,
        outcome: NDArray[np.float64],
        wanted: NDArray[np.bool_],
        first: NDArray[Any],
        then: NDArray[np.float64],
    ) -> None:
        """Keep the rows with the most points; among equals the smallest key, then the first row."""
        kept = self._lists.setdefault(name, [])
        rows = np.flatnonzero(wanted)
        rows = rows[np.lexsort((rows, then[rows], -first[rows]))[:size]]
        for row in rows:
            order = (float(first[row]), -float(then[row]), -(self._rows + int(row)))
            if len(kept) == size and order <= kept[0][:3]:
                break
            found = self._voice(batch, int(row), outcome, None)
            if found is None or (name == "praise" and is_misread(found.text)):
                continue
            if name == "replies":
                # Kept with the words: answers of one survey row share its number.
                found = replace(found, urgency=int(first[row]))
            if len(kept) < size:
                heapq.heappush(kept, (*order, found))
            else:
                heapq.heappushpop(kept, (*order, found))

    def _voice(
        self,
        batch: Batch,
        place: int,
        outcome: NDArray[np.float64],
        about: tuple[str, str, str] | None,
    ) -> Voice | None:
        text, opinions, tags = batch.detail(place)
        if not text:
            return None
        segments = {column: batch.cells(column)[place] for column in self._by}
        found = voice(
            row=int(batch.row[place]),
            text=text,
            opinions=opinions,
            tags=tags,
            about=about,
            language=LANGUAGES[batch.language[place]] if batch.language[place] >= 0 else "other",
            outcome=None if np.isnan(outcome[place]) else float(outcome[place]),
            date=(batch.cells(self._date)[place] or None) if self._date else None,
            segments={
                column: label for column, cell in segments.items() if (label := segment_label(cell))
            },
            id=batch.cells(self._id)[place] if self._id else None,
        )
        if found is not None and about is None:
            alarm, negative = bool(batch.alarm[place]), batch.sentiment[place]
            found = replace(
                found, alarm=alarm, sentiment=SENTIMENTS[negative] if negative >= 0 else ""
            )
        return found

    def _kept(self) -> Kept:
        lists = {
            name: tuple(
                entry[3] for entry in sorted(entries, key=lambda entry: entry[:3], reverse=True)
            )
            for name, entries in self._lists.items()
        }
        quotes = {
            key: tuple(entry[1] for entry in sorted(pool, key=lambda entry: -entry[0]))
            for key, pool in self._quotes.items()
        }
        return Kept(
            quotes=quotes,
            replies=lists.get("replies", ()),
            praise=lists.get("praise", ()),
            high_with_complaint=lists.get("high", ()),
            low_with_praise=lists.get("low", ()),
        )


# A label longer than this is no name of a segment, and would burst the heat map.
_LABEL_LENGTH = 40


def segment_label(cell: str | None) -> str:
    """Return what a segment is called on the page; empty for an empty cell."""
    label = flat(cell[: 4 * _LABEL_LENGTH]).strip() if cell else ""
    return label if len(label) <= _LABEL_LENGTH else label[: _LABEL_LENGTH - 1] + "…"


def mismatches(
    points: NDArray[np.float64], drivers: NDArray[np.uint8], sentiment: NDArray[np.int8]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return rows where text and rating disagree: top rating with complaint, bottom with praise."""
    negative = (drivers & BITS["negative"] > 0).any(axis=1)
    positive = (drivers & BITS["positive"] > 0).any(axis=1)
    with np.errstate(invalid="ignore"):
        top, bottom = points >= 90, points <= 10
    complaint = negative & ~positive & (sentiment == SENTIMENTS.index("negative"))
    praise = positive & ~negative & (sentiment == SENTIMENTS.index("positive"))
    return top & complaint, bottom & praise


def answers(
    cells: Sequence[str | None], outcome: Outcome
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return answers as numbers on their scale (NaN where there is none), and which were given.

    An answer off the scale is rejected, never clipped.
    """
    distinct = set(cells)
    known = {cell: outcome.value(cell) for cell in distinct}
    said = {cell: not is_missing(cell) for cell in distinct}
    values = np.array([known[cell] for cell in cells], dtype=np.float64)
    return values, np.array([said[cell] for cell in cells], dtype=np.bool_)


def _at_the_end(totals: NDArray[np.bool_], status: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Keep the totals that stand below the last text: above it, the word is a customer's."""
    written = np.flatnonzero(status != STATUSES.index("empty"))
    below = np.arange(len(totals)) > (written[-1] if len(written) else -1)
    kept = totals & below
    return kept if kept.sum() <= MOST_TOTALS else np.zeros_like(totals)


def _customers(ids: NDArray[np.int64], first: NDArray[np.bool_]) -> tuple[NDArray[np.int64], int]:
    """Return customer numbers in order of first appearance, and how many customers came twice."""
    _, start, code = np.unique(ids, return_index=True, return_inverse=True)
    rank = np.empty(len(start), dtype=np.int64)
    rank[np.argsort(start, kind="stable")] = np.arange(len(start))
    customer = rank[code]
    rows = (
        np.bincount(customer[first], minlength=len(start)) if len(ids) else np.zeros(0, dtype=int)
    )
    return customer, int((rows > 1).sum())


def _grown(taxonomy: Taxonomy, drivers: Sequence[str], tags: Sequence[str]) -> Taxonomy:
    """Return the taxonomy with the names that the rows hold and it does not."""
    if len(drivers) == len(taxonomy.drivers) and len(tags) == len(taxonomy.tags):
        return taxonomy
    topics, known, kinds = dict(taxonomy.topics), dict(taxonomy.drivers), dict(taxonomy.tags)
    for name in drivers:
        if name not in known:
            topic, _, short = name.partition(".")
            topics.setdefault(topic, Topic(topic, zh=topic, en=topic))
            known[name] = Driver(name, topic, zh=short or name, en=short or name)
    for name in tags:
        kinds.setdefault(name, TagKind(name, zh=name, en=name))
    return replace(taxonomy, topics=topics, drivers=known, tags=kinds)
