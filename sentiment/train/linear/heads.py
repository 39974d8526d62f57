"""Fitting the linear heads of the lite model, and folding helper heads into the ones that ship.

Some heads are only a means: which driver a clause names, which way a clause leans, which topic it is
about. They have more examples than the label heads and are mixed into them with fitted weights; as
all of them are linear in the same features, the mixture is one column again, and scoring pays
nothing for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sentiment.model.combination import Labels
from sentiment.model.features import BUCKET_BITS
from sentiment.train.linear.logistic import fit_logistic
from sentiment.train.linear.targets import Corpus, Targets

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

__all__ = [
    "HeadScores",
    "HeadSet",
    "Matrices",
    "choose_vocabulary",
    "clause_parts",
    "driver_columns",
    "fit_heads",
    "fold_heads",
    "matrices",
    "score_heads",
    "topic_columns_of",
]

Floats = NDArray[np.float32]
Column = tuple[Floats, Floats]


@dataclass(frozen=True)
class Matrices:
    """Features of rows and of clauses over one vocabulary, scaled as `Heads.score` scales them."""

    buckets: NDArray[np.int64]
    row: csr_matrix
    clause: csr_matrix


@dataclass(frozen=True)
class HeadSet:
    """Weights (vocabulary, columns) and biases (columns,) of every kind of head."""

    label: Column
    topic: Column
    overall: Column
    polarity: Column
    clause_label: Column
    clause_driver: Column
    clause_polarity: Column
    clause_topic: Column


@dataclass(frozen=True)
class HeadScores:
    """Scores of every kind of head, on rows or on clauses; `lean` is `polarity` on clauses."""

    label: Floats
    topic: Floats
    overall: Floats
    polarity: Floats
    clause_label: Floats
    clause_driver: Floats
    clause_polarity: Floats
    clause_topic: Floats
    lean: Floats


def choose_vocabulary(corpus: Corpus, size: int) -> NDArray[np.int64]:
    """Return the buckets of the `size` features that occur in the most rows, ascending.

    A gold row counts as much as ten others: it teaches every head. Labels are not looked at, so that
    cross-fitted figures stay honest.
    """
    gold = corpus.gold
    weight = np.where(gold, 10, 1)
    mapped = np.array([example.topics is not None for example in corpus.examples])
    weight[mapped & ~gold] = 3
    # One count a row: features lie row by row, so that pairs can be told apart by a sort of each part.
    pairs = np.unique((corpus.row.astype(np.int64) << BUCKET_BITS) | corpus.bucket)
    counts = np.bincount(
        pairs & ((1 << BUCKET_BITS) - 1), weight[pairs >> BUCKET_BITS], minlength=1 << BUCKET_BITS
    )
    # A feature of a single row can teach nothing that holds elsewhere.
    often = np.flatnonzero(counts > 10)
    order = np.argsort(-counts[often], kind="stable")[:size]
    return np.sort(often[order])


def matrices(corpus: Corpus, buckets: NDArray[np.int64]) -> Matrices:
    """Return the feature matrices over a vocabulary."""
    index = np.full(1 << BUCKET_BITS, -1, dtype=np.int32)
    index[buckets] = np.arange(len(buckets), dtype=np.int32)
    feature = index[corpus.bucket]
    known = feature >= 0
    inside = known & (corpus.clause >= 0)
    return Matrices(
        buckets,
        _scaled(corpus.row[known], feature[known], len(corpus.examples), len(buckets)),
        _scaled(corpus.clause[inside], feature[inside], len(corpus.row_of_clause), len(buckets)),
    )


def _scaled(
    piece: NDArray[np.int32], feature: NDArray[np.int32], pieces: int, features: int
) -> csr_matrix:
    from scipy.sparse import csr_matrix

    counts = np.bincount(piece, minlength=pieces)
    scale = (1 / np.sqrt(np.maximum(counts, 1))).astype(np.float32)
    matrix = csr_matrix((scale[piece], (piece, feature)), shape=(pieces, features))
    matrix.sum_duplicates()
    return matrix


def fit_heads(
    corpus: Corpus,
    x: Matrices,
    targets: Targets,
    keep: NDArray[np.bool_],
    *,
    row_strength: float,
    clause_strength: float,
    mapped_weight: float,
    polarity_weight: float,
    say: Callable[[str], None],
) -> HeadSet:
    """Fit every head on the rows to keep and their clauses.

    :param mapped_weight: Weight of a row of a mapped set against a gold row's 1.
    :param polarity_weight: The same for a row that only has an overall label.
    """
    gold = corpus.gold
    row_weight = np.where(gold, 1, mapped_weight).astype(np.float32)
    trust = np.array([example.overall_weight for example in corpus.examples], dtype=np.float32)
    polarity_row = np.where(gold, 1, polarity_weight * trust).astype(np.float32)
    of_clause = corpus.row_of_clause

    def rows(target: Floats, weight: Floats, strength: float) -> Column:
        use = np.flatnonzero(keep & ~np.isnan(target).all(1))
        return fit_logistic(x.row[use], target[use], strength=strength, weights=weight[use])

    def clauses(target: Floats) -> Column:
        use = np.flatnonzero(keep[of_clause] & ~np.isnan(target).all(1))
        weight = row_weight[of_clause[use]]
        return fit_logistic(x.clause[use], target[use], strength=clause_strength, weights=weight)

    heads = {}
    for name in ("clause_label", "clause_driver", "clause_polarity", "clause_topic"):
        heads[name] = clauses(getattr(targets, name))
        say(f"heads: {name}")
    for name in ("label", "topic", "overall"):
        heads[name] = rows(getattr(targets, name), row_weight, row_strength)
        say(f"heads: {name}")
    heads["polarity"] = rows(targets.polarity, polarity_row, row_strength)
    say("heads: polarity")
    return HeadSet(**heads)


def score_heads(heads: HeadSet, row: csr_matrix, clause: csr_matrix) -> HeadScores:
    """Return the scores of every head on some rows and some clauses."""
    scores = {}
    for field in fields(heads):
        weights, bias = getattr(heads, field.name)
        scores[field.name] = (clause if field.name.startswith("clause") else row) @ weights + bias
    weights, bias = heads.polarity
    return HeadScores(**scores, lean=clause @ weights + bias)


def fold_heads(heads: HeadSet, mixture: Floats, labels: Labels) -> tuple[Floats, Floats]:
    """Return weights and biases of the columns that ship: clause heads, then row heads.

    :param mixture: Weight of each part of a clause's label score, shape (parts, labels), in the
        order of `clause_parts`.
    """
    drivers = driver_columns(labels)
    topics = topic_columns_of(labels)
    parts = [
        heads.clause_label,
        _take(heads.clause_driver, drivers),
        _take(heads.clause_polarity, labels.polarity_of),
        _take(heads.clause_topic, topics),
        _signed(heads.polarity, labels),
    ]
    weights = sum(part[0] * mixture[at] for at, part in enumerate(parts))
    bias = sum(part[1] * mixture[at] for at, part in enumerate(parts))
    columns = [
        (weights, bias),
        heads.polarity,
        heads.label,
        heads.topic,
        heads.overall,
        heads.polarity,
    ]
    return (
        np.concatenate([column[0] for column in columns], axis=1, dtype=np.float32),
        np.concatenate([column[1] for column in columns], dtype=np.float32),
    )


def clause_parts(scores: HeadScores, labels: Labels) -> Floats:
    """Return the parts of a clause's label score, shape (parts, clauses, labels).

    The clause's label score, its driver's, its polarity's, its topic's, and how the clause leans by
    the polarity head; zero where a label (a tag) has no such part.
    """
    sign = (labels.polarity_of - 1).astype(np.float32)
    return np.stack(
        [
            scores.clause_label,
            _picked(scores.clause_driver, driver_columns(labels)),
            _picked(scores.clause_polarity, labels.polarity_of),
            _picked(scores.clause_topic, topic_columns_of(labels)),
            scores.lean * sign,
        ]
    )


def driver_columns(labels: Labels) -> NDArray[np.int64]:
    """Return the driver head of each label, -1 for a tag."""
    names = list(
        dict.fromkeys(
            name for name, topic in zip(labels.names, labels.topic_of, strict=True) if topic >= 0
        )
    )
    return np.array([names.index(name) if name in names else -1 for name in labels.names])


def topic_columns_of(labels: Labels) -> NDArray[np.int64]:
    """Return the topic head of each label's topic and polarity, -1 for a tag."""
    return np.where(labels.topic_of >= 0, labels.topic_of * 3 + labels.polarity_of, -1)


def _picked(scores: Floats, columns: NDArray[np.int64]) -> Floats:
    return np.where(columns >= 0, scores[:, columns], np.float32(0))


def _take(column: Column, columns: NDArray[np.int64]) -> Column:
    weights, bias = column
    return _picked(weights, columns), _picked(bias[None], columns)[0]


def _signed(column: Column, labels: Labels) -> Column:
    sign = (labels.polarity_of - 1).astype(np.float32)
    return column[0] * sign, column[1] * sign
