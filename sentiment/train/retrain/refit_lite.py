"""Refitting a lite model on a team's own labelled rows, read from top to bottom.

A team has a few hundred rows and none of the public sets that the model learned from. So nothing is
fitted anew: every head starts from the weights that are there, and the rows move them as far as they
speak against a penalty on the change (the most probable weights under a normal prior around the old
ones). How much the rows count is chosen by cross-fitting, and none at all is one of the choices.

rows -> text line, features -> scores of the base -> change of each head, cross-fitted -> steps of
the combination, moved likewise -> heads on all rows -> eight bits -> model
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import MissingExtra
from sentiment.model.combination import (
    Combination,
    label_features,
    label_probabilities,
    overall_columns,
    overall_features,
    topic_columns,
    topic_features,
)
from sentiment.model.features import BUCKET_BITS
from sentiment.model.heads import Scores
from sentiment.model.lite import LiteModel
from sentiment.records import SENTIMENTS
from sentiment.taxonomy import Taxonomy
from sentiment.train.data.examples import Example
from sentiment.train.data.split import folds
from sentiment.train.linear.lite import LiteParts, eight_bits
from sentiment.train.linear.targets import Corpus, read_corpus
from sentiment.train.retrain.lessons import Lessons, set_lessons
from sentiment.train.retrain.prior import Prior, lay_out, widen
from sentiment.train.retrain.recalibrate import level_labels, log_loss, move_softmax

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

__all__ = ["RefitLite", "RefitRecipe", "refit_lite"]

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class RefitRecipe:
    """Every setting of a refit, with the reason beside it."""

    folds: int = (
        4  # cross-fitting: heads of three quarters of the rows say how far to trust a score
    )
    seed: int = 0  # of the folds; nothing else is random
    # C of the row heads: 0 leaves them as they are and moves the combination alone. On 500 rows
    # 2 to 32 came out alike, and the more the rows contradict the base the more is better.
    strengths: tuple[float, ...] = (0.0, 2.0, 8.0, 32.0)
    clause_share: float = 2.0  # C of clause heads against that: the same as in `LiteRecipe`
    new_strength: float = 32.0  # C of a driver or topic that is new: its prior knows nothing
    # Rows that the old combination is worth, in features of unit spread. 10 to 30 came out alike on
    # 500 rows; on 100, less let noise decide which polarity a topic has.
    anchor: float = 20.0
    vocabulary: int = (
        20_000  # features to add, where something is new and may have words of its own
    )
    rarest: int = 3  # rows that a feature must occur in to be added


@dataclass(frozen=True)
class RefitLite:
    """A refitted model and how it came about.

    :param strength: The C that was chosen; 0 where the heads stay as they are.
    :param losses: Cross-fitted log loss of each strength, as a share of the base's on the same rows.
    :param weak: Rows with a weak label, by driver that was started from seed phrases.
    """

    parts: LiteParts
    strength: float
    losses: Mapping[float, float]
    weak: Mapping[str, int]


@dataclass(frozen=True)
class _Rows:
    """The rows as the heads see them: features that occur at all, and the scores of the base."""

    corpus: Corpus
    lessons: Lessons
    prior: Prior
    active: NDArray[np.int64]
    row: csr_matrix
    clause: csr_matrix
    base: Scores
    fold: NDArray[np.int64]

    @property
    def fold_of_clause(self) -> NDArray[np.int64]:
        return self.fold[self.corpus.row_of_clause]


@dataclass(frozen=True)
class _Change:
    """What is added to weights of the active features and to biases, clause and row heads."""

    clause: tuple[Floats, Floats]
    row: tuple[Floats, Floats]


def refit_lite(
    base: LiteModel,
    examples: Sequence[Example],
    taxonomy: Taxonomy,
    recipe: RefitRecipe | None = None,
    tell: Callable[[int, int, float], None] = lambda step, steps, loss: None,
) -> RefitLite:
    """Move a lite model towards labelled rows.

    :param taxonomy: What the new model is laid out for: the base's, or one with more or less in it.
    :param tell: Called with the steps done, all steps, and the loss reached (as in `losses`).
    :raises MissingExtra: scikit-learn, with the scipy that it brings, is not installed.
    """
    recipe = recipe or RefitRecipe()
    rows = _read(base, examples, taxonomy, recipe)
    unmoved = log_loss(rows.base, rows.prior.combination, rows.prior.labels, rows.lessons).sum()
    losses: dict[float, NDArray[np.float64]] = {}
    fitted: dict[float, Scores] = {}
    for step, strength in enumerate(recipe.strengths):
        fitted[strength] = _cross_fit(rows, strength, recipe)
        losses[strength] = _cross_loss(rows, fitted[strength], recipe) / unmoved
        tell(step + 1, len(recipe.strengths) + 1, float(losses[strength].sum()))
    strength = _most_careful(losses)
    shares = {one: float(loss.sum()) for one, loss in losses.items()}
    everything = np.ones(len(examples), dtype=bool)
    combination = _combine(rows, fitted[strength], everything, recipe)
    change = _fit(rows, everything, strength, recipe)
    tell(len(recipe.strengths) + 1, len(recipe.strengths) + 1, shares[strength])
    return RefitLite(
        _parts(rows, change, combination, taxonomy), strength, shares, rows.lessons.weak
    )


def _read(
    base: LiteModel, examples: Sequence[Example], taxonomy: Taxonomy, recipe: RefitRecipe
) -> _Rows:
    try:
        import scipy  # noqa: F401
    except ImportError as error:
        raise MissingExtra('Training needs an extra: pip install "sentiment[train]".') from error
    from sentiment.train.linear.heads import matrices

    corpus = read_corpus(examples)
    prior = lay_out(base, taxonomy)
    if prior.new_labels.any():
        prior = widen(prior, _new_features(corpus, prior, recipe))
    x = matrices(corpus, prior.buckets)
    split = prior.clause_heads
    scores = Scores(
        x.clause @ prior.weights[:, :split] + prior.bias[:split],
        x.row @ prior.weights[:, split:] + prior.bias[split:],
        corpus.row_of_clause,
    )
    active = np.flatnonzero(np.bincount(x.row.indices, minlength=len(prior.buckets)))
    return _Rows(
        corpus, set_lessons(corpus, prior.labels, taxonomy, scores), prior, active,
        x.row[:, active], x.clause[:, active], scores,
        np.array(folds(examples, recipe.folds, recipe.seed)),
    )  # fmt: skip


def _new_features(corpus: Corpus, prior: Prior, recipe: RefitRecipe) -> NDArray[np.int64]:
    """Return the buckets outside the vocabulary that occur in the most rows, ascending."""
    pairs = np.unique((corpus.row.astype(np.int64) << BUCKET_BITS) | corpus.bucket)
    counts = np.bincount(pairs & ((1 << BUCKET_BITS) - 1), minlength=1 << BUCKET_BITS)
    counts[prior.buckets] = 0
    often = np.flatnonzero(counts >= recipe.rarest)
    order = np.argsort(-counts[often], kind="stable")[: recipe.vocabulary]
    return np.sort(often[order])


def _fit(rows: _Rows, keep: NDArray[np.bool_], strength: float, recipe: RefitRecipe) -> _Change:
    """Return the change of every head by the rows to keep and their clauses."""
    prior, lessons = rows.prior, rows.lessons
    labels = prior.labels
    fresh = np.repeat(prior.new_topics, 3)
    new_rows = np.concatenate([prior.new_labels, fresh, np.zeros(len(SENTIMENTS) + 1, dtype=bool)])
    row = _moved(
        rows.row, lessons.row, rows.base.row, keep,
        np.where(new_rows, recipe.new_strength, strength), lessons.row_weight,
    )  # fmt: skip
    keep_clause = keep[rows.corpus.row_of_clause]
    share = recipe.clause_share
    clause = _moved(
        rows.clause, lessons.clause, rows.base.clause[:, :-1], keep_clause,
        np.where(prior.new_labels, recipe.new_strength, strength) * share, lessons.clause_weight,
    )  # fmt: skip
    # How a clause leans is the polarity head once more.
    assert clause[0].shape[1] == len(labels)
    return _Change(
        (
            np.concatenate([clause[0], row[0][:, -1:]], axis=1),
            np.append(clause[1], row[1][-1]).astype(np.float32),
        ),
        row,
    )


def _moved(
    x: csr_matrix, targets: Floats, scores: Floats, keep: NDArray[np.bool_],
    strength: NDArray[np.float64], weight: Floats,
) -> tuple[Floats, Floats]:  # fmt: skip
    """Return the change of the heads that the kept rows say anything about."""
    from sentiment.train.linear.logistic import fit_logistic

    known = ~np.isnan(targets) & keep[:, None]
    # Rows that only say what is not there would push a head down without end.
    heads = np.flatnonzero((known & (targets == 1)).any(0) & (strength > 0))
    weights = np.zeros((x.shape[1], targets.shape[1]), dtype=np.float32)
    bias = np.zeros(targets.shape[1], dtype=np.float32)
    if len(heads):
        use = np.flatnonzero(known[:, heads].any(1))
        for level in np.unique(strength[heads]):
            some = heads[strength[heads] == level]
            weights[:, some], bias[some] = fit_logistic(
                x[use], targets[np.ix_(use, some)], strength=float(level), weights=weight[use],
                offset=scores[np.ix_(use, some)],
            )  # fmt: skip
    return weights, bias


def _cross_fit(rows: _Rows, strength: float, recipe: RefitRecipe) -> Scores:
    """Return the scores of all rows by heads that have not seen them."""
    clause, row = rows.base.clause.copy(), rows.base.row.copy()
    if strength == 0 and not rows.prior.new_labels.any():
        return rows.base
    of_clause = rows.fold_of_clause
    for held in range(recipe.folds):
        change = _fit(rows, rows.fold != held, strength, recipe)
        out, out_clause = np.flatnonzero(rows.fold == held), np.flatnonzero(of_clause == held)
        row[out] += rows.row[out] @ change.row[0] + change.row[1]
        clause[out_clause] += rows.clause[out_clause] @ change.clause[0] + change.clause[1]
    return Scores(clause, row, rows.base.row_of_clause)


def _combine(
    rows: _Rows, scores: Scores, keep: NDArray[np.bool_], recipe: RefitRecipe
) -> Combination:
    """Move every step of the combination towards the rows to keep, one after the other."""
    prior, lessons, labels = rows.prior, rows.lessons, rows.prior.labels
    combination = prior.combination
    count = len(rows.corpus.examples)
    features, _ = label_features(scores, count, combination.clause, labels)
    raw = (features * combination.label[:-1, None]).sum(0) + combination.label[-1]
    moved = combination.label.copy()
    moved[-1] += level_labels(raw[keep], lessons.row[keep, : len(labels)], recipe.anchor)
    combination = replace(combination, label=moved)
    probabilities, _ = label_probabilities(scores, count, combination, labels)
    by_topic = topic_features(probabilities, scores.row[:, topic_columns(labels)], labels)
    state = combination.state.copy()
    for topic in range(len(labels.topics)):
        known = keep & (lessons.states[:, topic] >= 0)
        state[topic] = move_softmax(
            by_topic[known, topic], lessons.states[known, topic], state[topic], recipe.anchor,
            lessons.row_weight[known],
        )  # fmt: skip
    of_text = overall_features(
        scores.row[:, overall_columns(labels)], scores.row[:, -1], probabilities,
        scores.clause[:, -1], rows.corpus.row_of_clause, labels,
    )  # fmt: skip
    known = keep & (lessons.overall >= 0)
    overall = move_softmax(
        of_text[known], lessons.overall[known], combination.overall, recipe.anchor,
        lessons.row_weight[known],
    )  # fmt: skip
    return replace(combination, state=state, overall=overall)


def _most_careful(losses: Mapping[float, NDArray[np.float64]]) -> float:
    """Return the least strength that rows do not speak against: within a standard error of the best.

    (Breiman et al. 1984, Classification and Regression Trees, 3.4.3; here of paired differences.)
    """
    best = min(losses, key=lambda one: losses[one].sum())
    for strength in sorted(losses):
        more = losses[strength] - losses[best]
        if more.sum() <= more.std() * np.sqrt(len(more)):
            return strength
    return best


def _cross_loss(rows: _Rows, scores: Scores, recipe: RefitRecipe) -> NDArray[np.float64]:
    """Return each row's loss under cross-fitted scores and a combination that has not seen it."""
    total = np.zeros(len(rows.fold))
    for held in range(recipe.folds):
        out = rows.fold == held
        combination = _combine(rows, scores, ~out, recipe)
        total[out] = log_loss(scores, combination, rows.prior.labels, rows.lessons)[out]
    return total


def _parts(rows: _Rows, change: _Change, combination: Combination, taxonomy: Taxonomy) -> LiteParts:
    prior = rows.prior
    weights = prior.weights.copy()
    weights[rows.active] += np.concatenate([change.clause[0], change.row[0]], axis=1)
    bias = prior.bias + np.concatenate([change.clause[1], change.row[1]])
    stored, scale = eight_bits(weights)
    return LiteParts.of(
        taxonomy, prior.labels, prior.buckets, stored, scale, bias.astype(np.float32), combination,
        prior.thresholds, prior.evidence,
    )  # fmt: skip
