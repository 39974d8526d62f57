"""Fitting what stands between head scores and findings, on cross-fitted scores.

Every score used here comes from heads that have not seen the row, so that the weights learn how far
a score can be trusted on a text that is new.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.model.combination import (
    Combination,
    Labels,
    Thresholds,
    choose,
    label_features,
    label_probabilities,
    overall_columns,
    overall_features,
    topic_columns,
    topic_features,
)
from sentiment.model.heads import Scores
from sentiment.records import POLARITIES, STATES
from sentiment.train.linear.heads import HeadScores, clause_parts

__all__ = [
    "GoldTargets",
    "fit_combination",
    "fit_shared",
    "fit_softmax",
    "label_shift",
    "micro_f1",
    "state_codes",
    "tune_thresholds",
]

Floats = NDArray[np.float32]

# Clauses without a label are a hundred times those with one; a tenth of them says as much.
_NEGATIVES = 10
# A label's own bias is moved from the shared one as far as this many rows' worth of evidence says.
_SHRINK = 5.0


class GoldTargets:
    """Targets of the gold rows as the combination needs them: no NaN.

    :param label: Shape (rows, labels), 0 or 1.
    :param overall: Index of the sentiment, shape (rows,).
    :param clause_label: Shape (clauses, labels); NaN where the evidence was not found.
    """

    def __init__(self, label: Floats, overall: NDArray[np.int64], clause_label: Floats) -> None:
        self.label = label
        self.overall = overall
        self.clause_label = clause_label


def fit_combination(
    scores: HeadScores, row_of_clause: NDArray[np.int64], gold: GoldTargets, labels: Labels
) -> tuple[Combination, Floats, Scores]:
    """Fit every step in turn.

    :return: The combination; the mixture for `fold_heads`; and the scores as the model would give
        them, for tuning what follows.
    """
    mixture, clause = _fit_clause(scores, row_of_clause, gold, labels)
    parts = clause_parts(scores, labels)
    mixed = (parts * mixture[:, None]).sum(0)
    seen = Scores(
        np.concatenate([mixed, scores.lean], axis=1),
        np.concatenate([scores.label, scores.topic, scores.overall, scores.polarity], axis=1),
        row_of_clause,
    )
    rows = len(gold.label)
    features, _ = label_features(seen, rows, clause, labels)
    label = fit_shared(features, gold.label, labels)
    draft = Combination(clause, label, np.zeros(0, np.float32), np.zeros(0, np.float32))
    probabilities, _ = label_probabilities(seen, rows, draft, labels)
    states = state_codes(gold.label > 0, labels)
    by_topic = topic_features(probabilities, seen.row[:, topic_columns(labels)], labels)
    state = np.stack(
        [
            fit_softmax(by_topic[:, topic], states[:, topic], len(STATES))
            for topic in range(len(labels.topics))
        ]
    )
    of_text = overall_features(
        seen.row[:, overall_columns(labels)], seen.row[:, -1], probabilities,
        seen.clause[:, -1], row_of_clause, labels,
    )  # fmt: skip
    overall = fit_softmax(of_text, gold.overall, 4)
    return Combination(clause, label, state, overall), mixture, seen


def _fit_clause(
    scores: HeadScores, row_of_clause: NDArray[np.int64], gold: GoldTargets, labels: Labels
) -> tuple[Floats, Floats]:
    """Return the mixture of a clause's parts, and weight of the text's score and bias by label."""
    parts = clause_parts(scores, labels)
    text = scores.label[row_of_clause]
    features = np.concatenate([parts, text[None]])
    fitted = fit_shared(features, gold.clause_label, labels, thin=_NEGATIVES)
    return fitted[: len(parts)], fitted[len(parts) :]


def fit_shared(features: Floats, targets: Floats, labels: Labels, thin: int = 1) -> Floats:
    """Fit one logistic regression for all drivers and one for all tags, then a bias a label.

    :param features: Shape (features, rows, labels).
    :return: Weights and, last, biases; shape (features + 1, labels).
    """
    from sklearn.linear_model import LogisticRegression

    result = np.zeros((len(features) + 1, len(labels)), dtype=np.float32)
    for columns in (np.flatnonzero(labels.topic_of >= 0), np.flatnonzero(labels.topic_of < 0)):
        if not len(columns):
            continue
        y = targets[:, columns].ravel()
        x = features[:, :, columns].reshape(len(features), -1).T
        # The three polarities differ in how often they are judged; each has its own level.
        level = np.tile(np.eye(len(POLARITIES))[labels.polarity_of[columns]], (len(targets), 1))
        use = (y == 1) | ((y == 0) & (np.arange(len(y)) % thin == 0))
        if len(np.unique(y[use])) < 2:
            continue  # nothing to tell apart; the biases below say how often it occurs
        weight = np.where(y == 0, thin, 1)
        model = LogisticRegression(C=10, max_iter=300)
        model.fit(np.hstack([x, level])[use], y[use], sample_weight=weight[use])
        result[:-1, columns] = model.coef_[0, : len(features), None]
        result[-1, columns] = (
            model.intercept_[0] + model.coef_[0, len(features) :][labels.polarity_of[columns]]
        )
    score = (features * result[:-1, None]).sum(0) + result[-1]
    result[-1] += label_shift(score, targets)
    return result


def label_shift(score: Floats, targets: Floats) -> Floats:
    """Return what to add to each label's score so that it occurs as often as it should."""
    shift = np.zeros(score.shape[1])
    known = ~np.isnan(targets)
    for _ in range(30):
        p = 1 / (1 + np.exp(-np.clip(score + shift, -60, 60)))
        gradient = np.where(known, p - np.nan_to_num(targets), 0).sum(0) + shift * _SHRINK
        curvature = np.where(known, p * (1 - p), 0).sum(0) + _SHRINK
        shift -= gradient / curvature
    return shift.astype(np.float32)


def fit_softmax(features: Floats, classes: NDArray[np.int64], count: int) -> Floats:
    """Return weights (classes, features + 1), the bias last."""
    from sklearn.linear_model import LogisticRegression

    weights = np.zeros((count, features.shape[1] + 1), dtype=np.float32)
    weights[:, -1] = -20  # a class that no row has
    present = np.unique(classes)
    weights[present, -1] = 0
    if len(present) == 1:
        return weights
    model = LogisticRegression(C=1.0, max_iter=1000)
    model.fit(features, classes)
    # Of two classes, scikit-learn gives the odds of the second alone.
    told = present[-len(model.coef_) :]
    weights[told, :-1] = model.coef_
    weights[told, -1] = model.intercept_
    return weights


def state_codes(chosen: NDArray[np.bool_], labels: Labels) -> NDArray[np.int64]:
    """Return the index of each topic's state in `records.STATES`, shape (rows, topics)."""
    codes = np.zeros((len(chosen), len(labels.topics)), dtype=np.int64)
    for topic in range(len(labels.topics)):
        negative, neutral, positive = (
            chosen[:, (labels.topic_of == topic) & (labels.polarity_of == index)].any(1)
            for index in range(3)
        )
        codes[:, topic] = np.select(
            [negative & positive, positive, negative, neutral],
            [STATES.index(name) for name in ("mixed", "positive", "negative", "neutral")],
            0,
        )
    return codes


def micro_f1(found: NDArray[np.bool_], gold: NDArray[np.bool_]) -> float:
    """Return 2 |found and gold| / (|found| + |gold|), over all rows and columns; 0 for nothing."""
    total = int(found.sum()) + int(gold.sum())
    return 2 * int((found & gold).sum()) / total if total else 0.0


def tune_thresholds(
    states: Floats, probabilities: Floats, gold: NDArray[np.bool_], languages: NDArray[np.str_],
    labels: Labels,
) -> Thresholds:  # fmt: skip
    """Return the thresholds with the best mean of topic and driver F1 over the languages.

    One number at a time, twice round: the optimum is flat, and a finer search would fit noise.
    """
    truth = state_codes(gold, labels)
    drivers = labels.topic_of >= 0

    def goodness(limits: Thresholds) -> float:
        chosen = choose(states, probabilities, labels, limits)
        codes = state_codes(chosen, labels)
        total = 0.0
        for language in np.unique(languages):
            rows = languages == language
            same = (codes[rows] == truth[rows]) & (truth[rows] > 0)
            topic = 2 * same.sum() / max((codes[rows] > 0).sum() + (truth[rows] > 0).sum(), 1)
            total += float(topic) + micro_f1(chosen[rows][:, drivers], gold[rows][:, drivers])
        return total

    limits = Thresholds((0.55,) * len(labels.topics), 0.3, 0.4, 0.4)
    for _ in range(2):
        for moves in _moves(len(labels.topics)):
            limits = max([limits, *(move(limits) for move in moves)], key=goodness)
    tags = ~drivers
    tag = max(
        _grid(0.15, 0.7, 0.025),
        key=lambda value: micro_f1(probabilities[:, tags] >= value, gold[:, tags]),
    )
    return replace(limits, tag=tag)


def _moves(topics: int) -> Iterator[list[Callable[[Thresholds], Thresholds]]]:
    """Yield, number by number, what it may be changed to."""
    for topic in range(topics):
        yield [partial(_with_state, topic, value) for value in _grid(0.3, 0.8, 0.025)]
    yield [partial(_with, "driver", value) for value in _grid(0.1, 0.5, 0.02)]
    yield [partial(_with, "neutral", value) for value in _grid(0.2, 0.8, 0.05)]


def _grid(first: float, last: float, step: float) -> list[float]:
    return [round(float(value), 3) for value in np.arange(first, last, step)]


def _with(name: str, value: float, limits: Thresholds) -> Thresholds:
    changes: dict[str, Any] = {name: value}
    return replace(limits, **changes)


def _with_state(topic: int, value: float, limits: Thresholds) -> Thresholds:
    state = [*limits.state]
    state[topic] = value
    return replace(limits, state=tuple(state))
