"""From head scores to probabilities, and from probabilities to findings: a handful of weights.

The steps are told in `lite`. They are functions of arrays, so that training fits the weights on
cross-fitted scores through the same lines that scoring runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from sentiment.model.heads import Scores
from sentiment.records import POLARITIES, SENTIMENTS, STATES, Polarity
from sentiment.taxonomy import Taxonomy

__all__ = [
    "Combination",
    "Labels",
    "Thresholds",
    "choose",
    "clause_pool",
    "label_features",
    "label_probabilities",
    "overall_columns",
    "overall_features",
    "overall_probabilities",
    "settle",
    "sigmoid",
    "softmax",
    "state_probabilities",
    "topic_columns",
    "topic_features",
    "weighted",
]

Floats = NDArray[np.float32]

_FEWEST = 1e-6
# Of two drivers of one topic in one clause the second stays when it is this nearly as likely; .5 to
# .85 were tried on cross-fitted rows, the F1 of drivers is highest here over both languages.
_NEARLY = 0.7
# Texts of more clauses than this are not gone through in turns.
_TURNS = 64
_OPPOSITES = {"repurchase", "churn"}


@dataclass(frozen=True)
class Labels:
    """What the columns of the heads stand for.

    :param names: Driver or tag of each label.
    :param polarities: Its polarity.
    :param topics: The taxonomy's topics.
    :param topic_of: Index of each label's topic, -1 for a tag.
    """

    names: tuple[str, ...]
    polarities: tuple[Polarity, ...]
    topics: tuple[str, ...]
    topic_of: NDArray[np.int64]

    @classmethod
    def of(cls, pairs: Sequence[tuple[str, str]], taxonomy: Taxonomy) -> Labels:
        """Return the labels of some (driver or tag, polarity) pairs."""
        topics = tuple(taxonomy.topics)
        drivers = taxonomy.drivers
        topic_of = [
            topics.index(drivers[name].topic) if name in drivers else -1 for name, _ in pairs
        ]
        return cls(
            tuple(name for name, _ in pairs),
            tuple(cast("Polarity", polarity) for _, polarity in pairs),
            topics,
            np.array(topic_of, dtype=np.int64),
        )

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def polarity_of(self) -> NDArray[np.int64]:
        """Index of each label's polarity."""
        return np.array([POLARITIES.index(p) for p in self.polarities], dtype=np.int64)

    @cached_property
    def columns(self) -> list[list[NDArray[np.int64]]]:
        """The labels of each topic and polarity, by their indices."""
        return [
            [
                np.flatnonzero((self.topic_of == topic) & (self.polarity_of == polarity))
                for polarity in range(len(POLARITIES))
            ]
            for topic in range(len(self.topics))
        ]

    @cached_property
    def alike(self) -> NDArray[np.int64]:
        """The labels of each topic and polarity, shape (topics * polarities, most of them).

        Where there are fewer, the rest is the number of labels.
        """
        groups = [group for topic in self.columns for group in topic]
        table = np.full((len(groups), max(map(len, groups))), len(self), dtype=np.int64)
        for place, group in enumerate(groups):
            table[place, : len(group)] = group
        return table

    @cached_property
    def exclusions(self) -> tuple[list[list[bool]], list[list[bool]], list[list[bool]]]:
        """Which labels rule out which: in other clauses, in one, there unless nearly as likely.

        Neither praise and blame nor one name twice is meant by the same words.
        """
        names, topics, kinds = np.array(self.names), self.topic_of, self.polarity_of
        one_name, one_topic = names[:, None] == names, topics[:, None] == topics
        of_topics = (topics[:, None] >= 0) & (topics >= 0)
        loyalty = np.array([name in _OPPOSITES for name in self.names])
        opposite = loyalty[:, None] & loyalty & ~one_name
        praise_and_blame = abs(kinds[:, None] - kinds) == POLARITIES.index("positive")
        together = one_name | opposite | (of_topics & praise_and_blame)
        alike = of_topics & one_topic & (kinds[:, None] == kinds)
        return opposite.tolist(), together.tolist(), alike.tolist()

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The labels as plain pairs, as they are written into a bundle."""
        return list(zip(self.names, self.polarities, strict=True))


@dataclass(frozen=True)
class Thresholds:
    """How sure the model must be; tuned on cross-fitted scores, for F1.

    :param state: A topic is found when it is absent with less than this probability, one a topic.
    :param driver: A driver of the chosen polarity is kept from this probability on.
    :param neutral: A neutral opinion beside others is kept from this probability on.
    :param tag: A tag is kept from this probability on.
    """

    state: tuple[float, ...]
    driver: float
    neutral: float
    tag: float


@dataclass(frozen=True)
class Combination:
    """The weights that turn head scores into probabilities.

    :param clause: Added to each clause's label scores: weight of the text's label score and a bias
        for each label, shape (2, labels).
    :param label: From best clause score, text label score, topic score and text polarity to the
        label's probability, with a bias, shape (5, labels).
    :param state: From `topic_features` to a topic's states, shape (topics, states, features + 1).
    :param overall: From `overall_features` to the sentiments, shape (4, features + 1).
    """

    clause: Floats
    label: Floats
    state: Floats
    overall: Floats


def sigmoid(values: Floats) -> Floats:
    """Return 1 / (1 + exp(-x)), for any x without overflow."""
    return cast("Floats", 1 / (1 + np.exp(-np.clip(values, -30, 30))))


def _logit(values: Floats) -> Floats:
    clipped = np.clip(values, _FEWEST, 1 - _FEWEST)
    return cast("Floats", np.log(clipped / (1 - clipped)))


def softmax(values: Floats) -> Floats:
    """Return the softmax over the last axis."""
    shifted = np.exp(values - values.max(-1, keepdims=True))
    return cast("Floats", shifted / shifted.sum(-1, keepdims=True))


def weighted(weights: Floats, features: Floats) -> Floats:
    """Return features (rows, f) times weights (outputs, f + 1), the last one a bias.

    With weights (topics, outputs, f + 1) and features (rows, topics, f) every topic has its own.
    Summed feature by feature, not by a matrix product: BLAS picks another order of summation for
    another number of rows, and a text's result must not depend on its neighbours.
    """
    result = np.repeat(weights[None, ..., -1], len(features), axis=0)
    for index in range(features.shape[-1]):
        result += features[..., index, None] * weights[..., index]
    return result


def _columns(values: Floats, columns: NDArray[Any]) -> Floats:
    """Return some columns with each row in one piece: summed in the same order in any batch."""
    return np.ascontiguousarray(values[:, columns])


def clause_pool(
    scores: Floats, row_of_clause: NDArray[np.int64], rows: int
) -> tuple[Floats, NDArray[np.int64]]:
    """Return the highest clause score of each label in each text, and the clause that has it.

    :param scores: Shape (clauses, labels).
    :return: Two arrays of shape (rows, labels); -20 and -1 for a text without clauses.
    """
    best = np.full((rows, scores.shape[1]), -20, dtype=np.float32)
    at = np.full((rows, scores.shape[1]), -1, dtype=np.int64)
    if len(scores):
        starts = np.flatnonzero(np.diff(row_of_clause, prepend=-1))
        present = row_of_clause[starts]
        sizes = np.diff(starts, append=len(scores))
        if sizes.max() <= min(_TURNS, len(starts)):
            best[present], at[present] = _pool_in_turns(scores, starts, sizes)
            return best, at
        best[present] = np.maximum.reduceat(scores, starts, axis=0)
        clauses = np.arange(len(scores))[:, None]
        having = np.where(scores == best[row_of_clause], clauses, len(scores))
        at[present] = np.minimum.reduceat(having, starts, axis=0)
    return best, at


def _pool_in_turns(
    scores: Floats, starts: NDArray[np.int64], sizes: NDArray[np.int64]
) -> tuple[Floats, NDArray[np.int64]]:
    """Return what `clause_pool` does: first clauses of all texts, then second ones, and so on.

    That is several times as fast as going through each text's clauses column by column.
    """
    order = np.argsort(-sizes, kind="stable")  # long texts first: those that are left are the first
    starts = starts[order]
    best = scores[starts]
    at = np.zeros(best.shape, dtype=np.uint8)
    left = np.cumsum(np.bincount(sizes)[::-1])[::-1].tolist()  # of so many clauses or more
    for turn in range(1, len(left) - 1):
        more = left[turn + 1]
        some = scores[starts[:more] + turn]
        # The last turn that was better has the highest number.
        better = (some > best[:more]) * np.uint8(turn)
        np.maximum(at[:more], better, out=at[:more])
        np.maximum(best[:more], some, out=best[:more])
    back = np.argsort(order)
    return best[back], (at + starts[:, None])[back]


def topic_features(probabilities: Floats, topics: Floats, labels: Labels) -> Floats:
    """Return what a topic's state is decided from, shape (rows, topics, 9).

    For each polarity: the log-odds that any driver of the topic has it, the log-odds of the
    likeliest driver, and the text's topic score.

    :param probabilities: Of each label, shape (rows, labels).
    :param topics: The text's topic scores, shape (rows, topics * polarities).
    """
    rows, kinds = len(probabilities), len(POLARITIES)
    # One row a label: what is done with a label is done for all texts in one go. The last one is of
    # no label and says nothing, for polarities that have fewer labels than others.
    by_label = np.zeros((len(labels) + 1, rows), dtype=np.float32)
    by_label[:-1] = probabilities.T
    some = by_label.take(labels.alike, axis=0)
    chances = np.stack([1 - np.prod(1 - some, axis=1), some.max(1)])
    chances[:, (labels.alike == len(labels)).all(1)] = 0.5
    features = np.empty((rows, len(labels.topics), 3 * kinds), dtype=np.float32)
    of_topics = _logit(chances).reshape(2, len(labels.topics), kinds, rows)
    features[..., : 2 * kinds] = of_topics.transpose(3, 1, 0, 2).reshape(rows, -1, 2 * kinds)
    features[..., 2 * kinds :] = topics.reshape(rows, -1, kinds)
    return features


def overall_features(
    overall: Floats, polarity: Floats, probabilities: Floats, clause_polarity: Floats,
    row_of_clause: NDArray[np.int64], labels: Labels,
) -> Floats:  # fmt: skip
    """Return what the overall sentiment is decided from, shape (rows, 15).

    :param overall: The text's score for each sentiment, shape (rows, 4).
    :param polarity: The text's polarity score, shape (rows,).
    :param probabilities: Of each label, shape (rows, labels).
    :param clause_polarity: Each clause's polarity score, shape (clauses,).
    """
    rows = len(overall)
    kinds = labels.polarity_of
    features = np.zeros((rows, 15), dtype=np.float32)
    features[:, :4] = overall
    features[:, 4] = polarity
    features[:, 5] = np.abs(polarity)
    for index in range(3):
        some = _columns(probabilities, kinds == index)
        features[:, 6 + index] = np.log1p(some.sum(1))
        features[:, 9 + index] = some.max(1)
    if len(clause_polarity):
        starts = np.flatnonzero(np.diff(row_of_clause, prepend=-1))
        present = row_of_clause[starts]
        last = np.append(starts[1:], len(clause_polarity)) - 1
        features[present, 12] = np.maximum.reduceat(clause_polarity, starts)
        features[present, 13] = np.minimum.reduceat(clause_polarity, starts)
        features[present, 14] = clause_polarity[last]
    return features


def choose(
    states: Floats, probabilities: Floats, labels: Labels, thresholds: Thresholds
) -> NDArray[np.bool_]:
    """Return which labels each text gets: each topic's state first, then its drivers, then tags.

    :param states: Probability of every state, shape (rows, topics, states).
    :param probabilities: Of each label, shape (rows, labels).
    """
    chosen = np.zeros(probabilities.shape, dtype=bool)
    rows = np.arange(len(probabilities))
    for topic in range(len(labels.topics)):
        found = states[:, topic, 0] < thresholds.state[topic]
        state = 1 + states[:, topic, 1:].argmax(1)
        for polarity, columns in zip(POLARITIES, labels.columns[topic], strict=True):
            if not len(columns):
                continue
            wanted = found & (state == STATES.index(polarity))
            if polarity != "neutral":
                wanted |= found & (state == STATES.index("mixed"))
            some = probabilities[:, columns]
            kept = wanted[:, None] & (some >= thresholds.driver)
            # The state says that there is an opinion: then the likeliest one is it.
            lacking = rows[wanted & ~kept.any(1)]
            kept[lacking, some[lacking].argmax(1)] = True
            if polarity == "neutral":
                kept |= found[:, None] & (some >= thresholds.neutral)
            chosen[:, columns] = kept
    tags = labels.topic_of < 0
    chosen[:, tags] = probabilities[:, tags] >= thresholds.tag
    return chosen


def topic_columns(labels: Labels) -> slice:
    """Return the row heads that hold topic scores; the label scores come before them."""
    return slice(len(labels), len(labels) + len(labels.topics) * len(POLARITIES))


def overall_columns(labels: Labels) -> slice:
    """Return the row heads that hold overall scores; the polarity score comes after them."""
    first = topic_columns(labels).stop
    return slice(first, first + len(SENTIMENTS))


def label_features(
    scores: Scores, rows: int, clause: Floats, labels: Labels
) -> tuple[Floats, NDArray[np.int64]]:
    """Return what a label's probability is decided from, and the clause that says each label most.

    Best clause score, the text's label score, its topic score, and its polarity score with the sign
    of the label: shape (4, rows, labels).

    :param clause: As in `Combination`.
    """
    count = len(labels)
    text = scores.row[:, :count]
    own = text[scores.row_of_clause]
    own *= clause[0]
    own += scores.clause[:, :count]
    own += clause[1]
    best, at = clause_pool(own, scores.row_of_clause, rows)
    topic = np.zeros_like(text)
    drivers = np.flatnonzero(labels.topic_of >= 0)
    columns = labels.topic_of[drivers] * len(POLARITIES) + labels.polarity_of[drivers]
    topic[:, drivers] = scores.row[:, topic_columns(labels)][:, columns]
    sign = (labels.polarity_of - 1).astype(np.float32)
    return np.stack([best, text, topic, scores.row[:, -1:] * sign]), at


def label_probabilities(
    scores: Scores, rows: int, weights: Combination, labels: Labels
) -> tuple[Floats, NDArray[np.int64]]:
    """Return the probability of every label in every text, and the clause that says it most."""
    features, at = label_features(scores, rows, weights.clause, labels)
    scores_of_labels = features[0] * weights.label[0]
    for one, weight in zip(features[1:], weights.label[1:-1], strict=True):
        scores_of_labels += one * weight
    return sigmoid(scores_of_labels + weights.label[-1]), at


def state_probabilities(
    scores: Scores, probabilities: Floats, weights: Combination, labels: Labels
) -> Floats:
    """Return the probability of every state of every topic, shape (rows, topics, states)."""
    features = topic_features(probabilities, scores.row[:, topic_columns(labels)], labels)
    return softmax(weighted(weights.state, features))


def overall_probabilities(
    scores: Scores, probabilities: Floats, weights: Combination, labels: Labels
) -> Floats:
    """Return the calibrated probability of every sentiment, shape (rows, 4)."""
    features = overall_features(
        scores.row[:, overall_columns(labels)],
        scores.row[:, -1],
        probabilities,
        scores.clause[:, -1],
        scores.row_of_clause,
        labels,
    )
    return softmax(weighted(weights.overall, features))


def settle(
    chosen: NDArray[np.bool_], probabilities: Floats, clause_of: NDArray[np.int64], labels: Labels
) -> NDArray[np.bool_]:
    """Take back what the same words cannot mean as well; the likelier label stays.

    One clause does not both praise and blame; it judges several drivers of one topic only where
    they are nearly as likely; and nobody both buys again and leaves. On cross-fitted rows this
    costs no F1 and gains .002 on drivers.
    """
    settled = chosen.copy()
    rows, found = np.nonzero(chosen)
    odds = probabilities[rows, found]
    order = np.lexsort((-odds, rows))
    rows, found, odds = rows[order], found[order], odds[order]
    several = np.bincount(rows, minlength=len(chosen))[rows] > 1
    rows, found, odds = rows[several], found[several], odds[several]
    apart, together, unless_near = labels.exclusions
    row_before, kept = -1, list[tuple[int, int, float]]()
    for row, label, clause, likely, nearly in zip(
        rows.tolist(), found.tolist(), clause_of[rows, found].tolist(), odds.tolist(),
        (_NEARLY * odds).tolist(), strict=True,
    ):  # fmt: skip
        if row != row_before:
            row_before, kept = row, []
        for strong, its_clause, nearly_as_strong in kept:
            if clause != its_clause:
                if apart[strong][label]:
                    break
            elif together[strong][label] or (
                likely < nearly_as_strong and unless_near[strong][label]
            ):
                break
        else:
            kept.append((label, clause, nearly))
            continue
        settled[row, label] = False
    return settled
