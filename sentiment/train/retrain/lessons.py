"""What labelled rows of a team's own teach each head of a lite model, and what seed phrases do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sentiment.model.combination import Labels
from sentiment.model.heads import Scores
from sentiment.records import POLARITIES, SENTIMENTS, STATES
from sentiment.taxonomy import Driver, Taxonomy
from sentiment.train.data.examples import Example
from sentiment.train.linear.targets import Corpus, set_targets
from sentiment.train.rows.seeds import seed_pattern

__all__ = ["Lessons", "set_lessons", "unnamed_topics", "weak_drivers"]

Floats = NDArray[np.float32]

# How surely a clause must lean before a phrase in it is praise or blame; between, it is neutral.
_LEANS = 0.5


@dataclass(frozen=True)
class Lessons:
    """Targets of all heads; NaN and -1 are "not labelled".

    :param row: Labels, topics * 3, overall, polarity: shape (rows, row heads).
    :param clause: Labels: shape (clauses, labels).
    :param states: Index of each topic's state, shape (rows, topics).
    :param labelled_states: Which of them are labels of the rows, not weak ones; the same shape.
    :param overall: Index of the sentiment, shape (rows,).
    :param judged: Which rows have all their drivers labelled, shape (rows,).
    :param weak: Rows with a weak label, by driver started from seed phrases.
    """

    row: Floats
    clause: Floats
    states: NDArray[np.int64]
    labelled_states: NDArray[np.bool_]
    overall: NDArray[np.int64]
    judged: NDArray[np.bool_]
    row_weight: Floats
    clause_weight: Floats
    weak: Mapping[str, int]


def set_lessons(corpus: Corpus, labels: Labels, taxonomy: Taxonomy, scores: Scores) -> Lessons:
    """Return the targets of every head.

    Drivers that have seed phrases and that no row is labelled with get weak labels: a clause that
    holds a phrase judges the driver, as the base says that the clause leans.

    :param scores: Those of the base: the last clause head tells how a clause leans.
    """
    judged = np.array([example.opinions is not None for example in corpus.examples])
    # Rows whose drivers are all labelled say everything about themselves, as gold rows do.
    full = tuple(
        replace(example, gold=bool(all_known))
        for example, all_known in zip(corpus.examples, judged, strict=True)
    )
    targets = set_targets(replace(corpus, examples=full), labels, taxonomy)
    label, clause = targets.label, targets.clause_label
    untagged = np.array([example.tags is None for example in full])
    tags = labels.topic_of < 0
    label[np.ix_(untagged, tags)] = np.nan
    clause[np.ix_(untagged[corpus.row_of_clause], tags)] = np.nan
    if not judged.any():
        # What a table of topics leaves for single drivers is next to nothing, and costs most time.
        label[:] = np.nan
    states = np.array([[_state(example, topic) for topic in labels.topics] for example in full])
    topic = targets.topic
    _follow(corpus, full, labels, taxonomy, label, clause)
    before = states.copy()
    weak = weak_drivers(full, taxonomy)
    unnamed = unnamed_topics(full, weak, taxonomy)
    found = _hear(corpus, weak, unnamed, labels, scores, label, clause, topic, states)
    labelled = (states >= 0) & (states == before)
    labelled[:, [labels.topics.index(name) for name in unnamed]] = False
    overall = np.array(
        [SENTIMENTS.index(example.overall) if example.overall else -1 for example in full]
    )
    signs = np.where(overall[:, None] < 0, np.nan, np.eye(len(SENTIMENTS))[overall])
    trust = np.array([example.overall_weight for example in full], dtype=np.float32)
    return Lessons(
        np.concatenate([label, topic, signs, targets.polarity], axis=1, dtype=np.float32),
        clause, states, labelled, overall, judged, trust, trust[corpus.row_of_clause], found,
    )  # fmt: skip


def _follow(
    corpus: Corpus, examples: Sequence[Example], labels: Labels, taxonomy: Taxonomy,
    label: Floats, clause: Floats,
) -> None:  # fmt: skip
    """Set, in place, the driver of a topic that has one only: it is judged as the topic is."""
    first = np.searchsorted(corpus.row_of_clause, np.arange(len(examples)))
    for topic in labels.topics:
        drivers = taxonomy.drivers_of(topic)
        if len(drivers) != 1:
            continue
        columns = [labels.pairs.index((drivers[0].name, polarity)) for polarity in POLARITIES]
        for row, example in enumerate(examples):
            state = (example.topics or {}).get(topic)
            if example.opinions is not None or state is None:
                continue
            label[row, columns] = [_judges(state, polarity) for polarity in POLARITIES]
            clauses = int(corpus.clauses_of[row])
            # Of several clauses it is not known which one says it.
            if clauses == 1 or state == "absent":
                clause[np.ix_(range(first[row], first[row] + clauses), columns)] = label[
                    row, columns
                ]


def _judges(state: str, polarity: str) -> bool:
    return state == polarity or (state == "mixed" and polarity != "neutral")


def _state(example: Example, topic: str) -> int:
    state = (example.topics or {}).get(topic)
    return STATES.index(state) if state else -1


def weak_drivers(examples: Sequence[Example], taxonomy: Taxonomy) -> list[Driver]:
    """Return the drivers with seed phrases that no row is labelled with."""
    named = {judged.name for example in examples for judged in example.opinions or ()}
    return [
        driver for name, driver in taxonomy.drivers.items() if driver.phrases and name not in named
    ]


def unnamed_topics(
    examples: Sequence[Example], drivers: Sequence[Driver], taxonomy: Taxonomy
) -> set[str]:
    """Return the topics that no row is labelled with, of drivers that get weak labels.

    Where all drivers of a topic get them, nobody has named one yet: that the topic is absent from a
    row whose drivers are labelled followed from that, and is no label.

    :param drivers: As `weak_drivers` returns them.
    """
    weak = {driver.name for driver in drivers}
    unnamed = set()
    for topic in {driver.topic for driver in drivers}:
        follows = all(driver.name in weak for driver in taxonomy.drivers_of(topic))
        rows = (one for one in examples if not (follows and one.opinions is not None))
        if not any((example.topics or {}).get(topic) for example in rows):
            unnamed.add(topic)
    return unnamed


def _hear(
    corpus: Corpus, drivers: Sequence[Driver], unnamed: set[str], labels: Labels, scores: Scores,
    label: Floats, clause: Floats, topic: Floats, states: NDArray[np.int64],
) -> dict[str, int]:  # fmt: skip
    """Set the weak labels of the drivers, in place; return how many rows have each.

    :param unnamed: Topics that follow from the phrases alone.
    """
    found: dict[str, int] = {}
    rows = np.arange(len(corpus.examples))
    lean = scores.clause[:, -1]
    polarity = np.select([lean < -_LEANS, lean > _LEANS], [0, 2], 1)
    judged = np.array([example.opinions is not None for example in corpus.examples])
    topics = dict.fromkeys(driver.topic for driver in drivers)
    said = {one: np.zeros((len(rows), len(POLARITIES)), dtype=bool) for one in topics}
    for driver in drivers:
        pattern = seed_pattern(driver.phrases)
        hit = np.array(
            [
                bool(pattern.search(corpus.prepared[row].folded, start, end))
                for row, start, end in zip(
                    corpus.row_of_clause.tolist(), corpus.clause_start.tolist(),
                    corpus.clause_end.tolist(), strict=True,
                )
            ],
            dtype=bool,
        )  # fmt: skip
        found[driver.name] = len(np.unique(corpus.row_of_clause[hit]))
        for at, sign in enumerate(POLARITIES):
            column = labels.pairs.index((driver.name, sign))
            here = hit & (polarity == at)
            clause[:, column] = here
            label[:, column] = np.isin(rows, corpus.row_of_clause[here])
            said[driver.topic][:, at] |= label[:, column] > 0
    for name, signs in said.items():
        at = labels.topics.index(name)
        heads = slice(at * 3, at * 3 + 3)
        # Where all drivers are labelled, the topic follows from them and from the phrases together.
        moved = np.ones(len(rows), dtype=bool) if name in unnamed else judged & signs.any(1)
        negative, neutral, positive = (signs[moved] | (topic[moved, heads] > 0)).T
        neutral &= ~(negative | positive)  # as of any topic: praise and blame go before
        topic[moved, heads] = np.stack([negative, neutral, positive], axis=1)
        states[moved, at] = np.select(
            [negative & positive, positive, negative, neutral],
            [STATES.index(one) for one in ("mixed", "positive", "negative", "neutral")],
            0,
        )
    return found
