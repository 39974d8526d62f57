"""What each head of the lite model is trained on: one number for each (piece of text, head).

1 and 0 are yes and no; NaN is "not labelled", which no loss ever sees. Gold rows say everything
about themselves, and by their evidence about each clause. Rows of mapped sets say what their scheme
covers; one of a single clause says it about that clause too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sentiment.model.combination import Labels
from sentiment.model.heads import read_batch
from sentiment.records import POLARITIES, SENTIMENTS
from sentiment.taxonomy import Taxonomy
from sentiment.text import Prepared, prepare
from sentiment.train.data.examples import Example, Judgement

__all__ = ["Corpus", "Targets", "find_labels", "read_corpus", "set_targets"]

Floats = NDArray[np.float32]

# A clause carries an opinion when it holds this much of the evidence, or the evidence holds this
# much of it: evidence of two short clauses belongs to both.
_OF_EVIDENCE = 0.3
_OF_CLAUSE = 0.5
_READ = 1000


@dataclass(frozen=True)
class Corpus:
    """Examples read by the text line: features of all of them, row by row and clause by clause.

    :param bucket: Bucket of each feature, shape (features,).
    :param row: Row of each feature.
    :param clause: Clause of each feature, -1 where it crosses a border.
    :param row_of_clause: Row of each clause, shape (clauses,); ascending.
    :param clause_start: Start of each clause in its prepared text.
    :param clause_end: End of each clause.
    """

    examples: tuple[Example, ...]
    prepared: tuple[Prepared, ...]
    bucket: NDArray[np.int32]
    row: NDArray[np.int32]
    clause: NDArray[np.int32]
    row_of_clause: NDArray[np.int64]
    clause_start: NDArray[np.int64]
    clause_end: NDArray[np.int64]

    @property
    def gold(self) -> NDArray[np.bool_]:
        """Which rows are labelled under the project's own guideline."""
        return np.array([example.gold for example in self.examples])

    @property
    def clauses_of(self) -> NDArray[np.int64]:
        """Number of clauses of each row."""
        return np.bincount(self.row_of_clause, minlength=len(self.examples))


@dataclass(frozen=True)
class Targets:
    """Targets of every head, and what the evidence of the gold rows is.

    Shapes: `label` (rows, labels), `topic` (rows, topics * 3), `overall` (rows, 4), `polarity`
    (rows, 1); `clause_label` (clauses, labels), `clause_driver` (clauses, drivers),
    `clause_polarity` (clauses, 3), `clause_topic` (clauses, topics * 3).

    :param evidence: Span of the prepared text for each (row, label) of the gold rows.
    """

    labels: Labels
    label: Floats
    topic: Floats
    overall: Floats
    polarity: Floats
    clause_label: Floats
    clause_driver: Floats
    clause_polarity: Floats
    clause_topic: Floats
    evidence: dict[tuple[int, int], tuple[int, int]]


def read_corpus(examples: Sequence[Example]) -> Corpus:
    """Prepare every text and extract its features."""
    prepared: list[Prepared] = []
    bucket, row, clause, row_of_clause, start, end = [], [], [], [], [], []
    clauses = 0
    for first in range(0, len(examples), _READ):
        some = [prepare(example.text) for example in examples[first : first + _READ]]
        batch = read_batch([one.folded for one in some], [one.clauses for one in some])
        prepared.extend(some)
        bucket.append(batch.features.bucket.astype(np.int32))
        row.append((batch.features.row + first).astype(np.int32))
        clause.append(np.where(batch.clause >= 0, batch.clause + clauses, -1).astype(np.int32))
        row_of_clause.append(batch.row_of_clause + first)
        start.append(batch.clause_start)
        end.append(batch.clause_end)
        clauses += len(batch.row_of_clause)
    return Corpus(
        tuple(examples), tuple(prepared), np.concatenate(bucket), np.concatenate(row),
        np.concatenate(clause), np.concatenate(row_of_clause), np.concatenate(start),
        np.concatenate(end),
    )  # fmt: skip


def find_labels(examples: Sequence[Example], taxonomy: Taxonomy, rarest: int) -> Labels:
    """Return every driver with every polarity, and the tags' polarities that occur often enough."""
    counts = Counter(
        (judged.name, judged.polarity)
        for example in examples
        if example.gold
        for judged in example.tags or ()
    )
    pairs = [(driver, polarity) for driver in taxonomy.drivers for polarity in POLARITIES]
    pairs += [
        (tag, polarity)
        for tag in taxonomy.tags
        for polarity in POLARITIES
        if counts[tag, polarity] >= rarest
    ]
    return Labels.of(pairs, taxonomy)


def set_targets(corpus: Corpus, labels: Labels, taxonomy: Taxonomy) -> Targets:
    """Return the targets of every head on every row and clause."""
    rows, clauses = len(corpus.examples), len(corpus.row_of_clause)
    label, clause_label = _unknown(rows, len(labels)), _unknown(clauses, len(labels))
    topic = _unknown(rows, len(labels.topics) * 3)
    overall, polarity = _unknown(rows, len(SENTIMENTS)), _unknown(rows, 1)
    column = {pair: index for index, pair in enumerate(labels.pairs)}
    first = np.searchsorted(corpus.row_of_clause, np.arange(rows))
    last = first + corpus.clauses_of
    evidence: dict[tuple[int, int], tuple[int, int]] = {}
    for row, example in enumerate(corpus.examples):
        if example.overall in ("negative", "positive"):
            polarity[row] = example.overall == "positive"
        for name, state in (example.topics or {}).items():
            if name in labels.topics:
                at = labels.topics.index(name) * 3
                topic[row, at : at + 3] = _signs(state)
        span = slice(int(first[row]), int(last[row]))
        if example.gold:
            if example.overall is not None:
                overall[row] = [example.overall == name for name in SENTIMENTS]
            if example.opinions is not None:
                _judge(corpus, row, span, example, column, label, clause_label, evidence)
        elif example.topics is not None:
            _map(example, column, taxonomy, label[row])
            if span.stop - span.start == 1:
                clause_label[span.start] = label[row]
    single = ~corpus.gold[corpus.row_of_clause] & (corpus.clauses_of[corpus.row_of_clause] == 1)
    clause_topic = _any(clause_label, labels, topics=True)
    clause_topic[single] = topic[corpus.row_of_clause[single]]
    clause_polarity = _by_polarity(clause_label, labels)
    of_single = np.nan_to_num(clause_topic[single])
    shape = (len(of_single), len(labels.topics), len(POLARITIES))
    clause_polarity[single] = of_single.reshape(shape).max(axis=1)
    # The polarity of a clause is asked only where something is judged.
    clause_polarity[clause_polarity.max(1) <= 0] = np.nan
    return Targets(
        labels, label, topic, overall, polarity, clause_label,
        _any(clause_label, labels, topics=False), clause_polarity, clause_topic, evidence,
    )  # fmt: skip


def _unknown(rows: int, columns: int) -> Floats:
    return np.full((rows, columns), np.nan, dtype=np.float32)


def _signs(state: str) -> list[bool]:
    return [state in ("negative", "mixed"), state == "neutral", state in ("positive", "mixed")]


def _judge(
    corpus: Corpus, row: int, span: slice, example: Example,
    column: dict[tuple[str, str], int], label: Floats, clause_label: Floats,
    evidence: dict[tuple[int, int], tuple[int, int]],
) -> None:  # fmt: skip
    """Set what a gold row says: of itself, and by its evidence of its clauses."""
    label[row] = 0
    clause_label[span] = 0
    for judged in (*(example.opinions or ()), *(example.tags or ())):
        at = column.get((judged.name, judged.polarity))
        if at is None:
            continue
        label[row, at] = 1
        found = _find(corpus.prepared[row], judged)
        if found is None:
            # It is somewhere in the text, and no clause can be said not to have it.
            clause_label[span, at] = np.nan
            continue
        evidence[row, at] = found
        clause_label[_holding(corpus, span, *found), at] = 1


def _find(prepared: Prepared, judged: Judgement) -> tuple[int, int] | None:
    """Return where the evidence lies in the prepared text, which repairs may have changed."""
    if not judged.evidence:
        return None
    for words in (judged.evidence, prepare(judged.evidence).text):
        at = prepared.text.find(words)
        if at >= 0 and words:
            return at, at + len(words)
    return None


def _holding(corpus: Corpus, span: slice, start: int, end: int) -> NDArray[np.int64]:
    """Return the clauses that hold the evidence; the one that holds most of it, if none holds much."""
    at = np.arange(span.start, span.stop)
    if not len(at):
        return at
    starts, ends = corpus.clause_start[at], corpus.clause_end[at]
    shared = np.minimum(end, ends) - np.maximum(start, starts)
    enough = (shared > 0) & (
        (shared >= _OF_EVIDENCE * (end - start)) | (shared >= _OF_CLAUSE * (ends - starts))
    )
    return at[enough] if enough.any() else at[[int(shared.argmax())]]


def _map(
    example: Example, column: dict[tuple[str, str], int], taxonomy: Taxonomy, label: Floats
) -> None:
    """Set what a mapped row says: the drivers it names, and those of topics that it calls absent."""
    for name, driver in taxonomy.drivers.items():
        state = example.drivers.get(name) or (example.topics or {}).get(driver.topic)
        at = [column[name, polarity] for polarity in POLARITIES]
        if name in example.drivers or state == "absent":
            label[at] = _signs(str(state))
        elif state in ("positive", "negative"):
            # Some driver of the topic has this sign, which one is not known; none has the other.
            label[at[0 if state == "positive" else 2]] = 0
    for name in taxonomy.tags:
        if name in example.drivers:
            for polarity, sign in zip(POLARITIES, _signs(example.drivers[name]), strict=True):
                if (name, polarity) in column:
                    label[column[name, polarity]] = sign


def _any(clause_label: Floats, labels: Labels, *, topics: bool) -> Floats:
    """Return, for each topic and polarity or for each driver, whether any of its labels is set.

    Unknown where none is set and one is unknown.
    """
    groups: list[NDArray[np.int64]]
    if topics:
        groups = [
            np.flatnonzero((labels.topic_of == topic) & (labels.polarity_of == polarity))
            for topic in range(len(labels.topics))
            for polarity in range(len(POLARITIES))
        ]
    else:
        names = dict.fromkeys(
            name for name, topic in zip(labels.names, labels.topic_of, strict=True) if topic >= 0
        )
        groups = [
            np.array([at for at, other in enumerate(labels.names) if other == name])
            for name in names
        ]
    result = np.zeros((len(clause_label), len(groups)), dtype=np.float32)
    for at, columns in enumerate(groups):
        some = clause_label[:, columns]
        known = ~np.isnan(some)
        result[:, at] = np.where(known, some, 0).max(1)
        result[(result[:, at] == 0) & ~known.all(1), at] = np.nan
    return result


def _by_polarity(clause_label: Floats, labels: Labels) -> Floats:
    drivers = labels.topic_of >= 0
    return np.stack(
        [
            np.nan_to_num(clause_label[:, drivers & (labels.polarity_of == polarity)]).max(1)
            for polarity in range(len(POLARITIES))
        ],
        axis=1,
    ).astype(np.float32)
