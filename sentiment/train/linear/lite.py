"""Training the lite model, read from top to bottom.

examples -> text line, features -> targets -> heads, cross-fitted -> combination, thresholds,
evidence -> heads on everything -> folded, pruned, eight bits -> model
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import LabelError
from sentiment.model.combination import (
    Combination,
    Labels,
    Thresholds,
    choose,
    label_probabilities,
    overall_probabilities,
    state_probabilities,
)
from sentiment.model.evidence import Evidence
from sentiment.model.heads import Heads, Scores, read_batch
from sentiment.model.lite import LiteModel
from sentiment.records import SENTIMENTS
from sentiment.taxonomy import Taxonomy
from sentiment.train.data.examples import Example
from sentiment.train.data.split import folds
from sentiment.train.linear.combine import GoldTargets, fit_combination, tune_thresholds
from sentiment.train.linear.heads import (
    HeadScores,
    HeadSet,
    Matrices,
    choose_vocabulary,
    fit_heads,
    fold_heads,
    matrices,
    score_heads,
)
from sentiment.train.linear.targets import Corpus, Targets, find_labels, read_corpus, set_targets

__all__ = ["LiteParts", "LiteRecipe", "choose_examples", "eight_bits", "fit_lite"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LiteRecipe:
    """Every setting of a training run, with the reason beside it.

    Cross-fitted on the gold rows, two cores; the figures a run should end with are in the card.
    """

    folds: int = 4  # cross-fitting: enough that a fold's heads are nearly as good as the last ones
    seed: int = 0  # of the folds; nothing else is random
    row_strength: float = 4.0  # C of the row heads; not searched
    clause_strength: float = 8.0  # clauses are short: fewer features share the weight
    mapped_weight: float = (
        0.3  # a mapped row is right in .8 to .9 of its states; 1 lost .01 in English
    )
    polarity_weight: float = 0.7  # stars are a noisy witness of what the text says
    polarity_rows: int = 12_000  # of each set; more of one shop teaches that shop
    longest: int = 1200  # characters of a polarity row; long reviews blur what a word does
    training_vocabulary: int = 120_000  # features by number of rows; bounds memory and time
    vocabulary: int = 60_000  # features that ship, by what they weigh
    rarest_tag: int = 10  # rows that a (tag, polarity) needs to be learnt


@dataclass(frozen=True)
class LiteParts:
    """A trained model and what cross-fitting says of it.

    :param model: Ready to predict; its name is given when it is saved.
    :param arrays: What a bundle stores, by name.
    :param config: Fields of the bundle's config.
    """

    model: LiteModel
    arrays: dict[str, NDArray[Any]]
    config: dict[str, Any]

    @classmethod
    def of(
        cls, taxonomy: Taxonomy, labels: Labels, buckets: NDArray[np.int64],
        stored: NDArray[np.int8], scale: NDArray[np.float32], bias: NDArray[np.float32],
        combination: Combination, thresholds: Thresholds, evidence: Evidence,
    ) -> LiteParts:  # fmt: skip
        """Put a model together as it will be read from its bundle.

        :param stored: Weights of the features in `buckets`, in whole numbers of `scale`.
        """
        model = LiteModel(
            name="lite@0", taxonomy=taxonomy, labels=labels,
            heads=Heads(buckets, stored, scale, bias, len(labels) + 1), combination=combination,
            thresholds=thresholds, evidence=evidence,
        )  # fmt: skip
        arrays: dict[str, NDArray[Any]] = {
            "buckets": buckets.astype(np.int32),
            "weights": stored,
            "scale": scale,
            "bias": bias,
            "combine.clause": combination.clause,
            "combine.label": combination.label,
            "combine.state": combination.state,
            "combine.overall": combination.overall,
        }
        config = {
            "architecture": "lite",
            "taxonomy": taxonomy.to_dict(),
            "sentiments": list(SENTIMENTS),
            "labels": labels.pairs,
            "clause_heads": len(labels) + 1,
            "thresholds": _plain(thresholds),
            "evidence": {
                "whole_han": evidence.whole_han,
                "whole_latin": evidence.whole_latin,
                "price_han": evidence.price_han,
                "price_latin": evidence.price_latin,
            },
        }
        return cls(model, arrays, config)


def fit_lite(
    examples: Sequence[Example],
    taxonomy: Taxonomy,
    recipe: LiteRecipe,
    say: Callable[[str], None] = lambda line: None,
    more: Sequence[Example] = (),
    kept: Path | None = None,
) -> LiteParts:
    """Train the lite model.

    :param examples: Gold rows first or not, mapped and polarity rows among them as they come.
    :param more: Further gold rows, chosen for being hard, of other texts: the heads learn from them,
        and how scores become probabilities and decisions is settled without them.
    :param kept: A folder in which the scores of finished folds are kept: the same run goes on from
        them. What a change of the code makes of them nobody notices.
    :raises LabelError: Fewer gold rows than folds can be made of.
    """
    chosen = choose_examples(examples, recipe)
    golds = sum(example.gold for example in chosen)
    if golds < 10 * recipe.folds:
        raise LabelError(
            f"{golds} rows are labelled with overall sentiment and opinions; the lite model needs "
            f"at least {10 * recipe.folds}."
        )
    further = choose_examples(more, recipe)
    chosen[golds:golds] = further
    corpus = read_corpus(chosen)
    say(
        f"{len(chosen)} rows, {golds} of them gold and {len(further)} labelled later, "
        f"{len(corpus.row_of_clause)} clauses"
    )
    labels = find_labels(chosen, taxonomy, recipe.rarest_tag)
    targets = set_targets(corpus, labels, taxonomy)
    x = matrices(corpus, choose_vocabulary(corpus, recipe.training_vocabulary))
    say(f"{len(labels)} labels, {len(x.buckets)} features")

    if kept is not None:
        kept = kept / _digest(chosen, recipe)
    scores = _cross_fit(corpus, x, targets, golds, recipe, say, kept)
    row_of_clause = _gold_clauses(corpus, golds)
    gold = GoldTargets(
        targets.label[:golds], targets.overall[:golds].argmax(1),
        targets.clause_label[: len(row_of_clause)],
    )  # fmt: skip
    combination, mixture, seen = fit_combination(scores, row_of_clause, gold, labels)
    probabilities, clause_of = label_probabilities(seen, golds, combination, labels)
    states = state_probabilities(seen, probabilities, combination, labels)
    languages = np.array([example.language for example in chosen[:golds]])
    thresholds = tune_thresholds(states, probabilities, gold.label > 0, languages, labels)
    say(f"thresholds {thresholds}")

    heads = _fit(corpus, x, targets, np.ones(len(chosen), dtype=bool), recipe, say)
    weights, bias = fold_heads(heads, mixture, labels)
    weighty = _weightiest(weights, x, recipe.vocabulary)
    stored, scale = eight_bits(weights[weighty])
    buckets = x.buckets[weighty]
    shipped = Heads(buckets, stored, scale, bias, len(labels) + 1)
    evidence = _tune_evidence(corpus, golds, shipped, clause_of, targets)
    say(f"evidence {evidence}")
    parts = LiteParts.of(
        taxonomy, labels, buckets, stored, scale, bias, combination, thresholds, evidence
    )
    _tell(seen, golds, combination, labels, thresholds, gold, languages, say)
    return parts


def choose_examples(examples: Sequence[Example], recipe: LiteRecipe) -> list[Example]:
    """Return the rows that are used: gold first, then mapped, then polarity rows, capped by set."""
    gold = [e for e in examples if e.gold and e.opinions is not None and e.overall is not None]
    mapped = [e for e in examples if not e.gold and e.topics is not None]
    lonely = [
        e for e in examples
        if not e.gold and e.topics is None and e.overall in ("negative", "positive")
        and len(e.text) <= recipe.longest
    ]  # fmt: skip
    # The group is a hash of the text: an order that is as good as shuffled, and always the same.
    lonely.sort(key=lambda example: example.group)
    taken: Counter[str] = Counter()
    polarity: list[Example] = []
    for example in lonely:
        if taken[example.source] < recipe.polarity_rows:
            taken[example.source] += 1
            polarity.append(example)
    return gold + mapped + polarity


def _digest(examples: Sequence[Example], recipe: LiteRecipe) -> str:
    """Return what tells a run from one with other rows or settings."""
    digest = hashlib.blake2b(repr(recipe).encode(), digest_size=8)
    for example in examples:
        digest.update(repr(example).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def _gold_clauses(corpus: Corpus, golds: int) -> NDArray[np.int64]:
    """Return the rows of the clauses of the first rows: the gold ones that settings are fitted on."""
    return corpus.row_of_clause[: int(np.searchsorted(corpus.row_of_clause, golds))]


def _fit(
    corpus: Corpus, x: Matrices, targets: Targets, keep: NDArray[np.bool_], recipe: LiteRecipe,
    say: Callable[[str], None],
) -> HeadSet:  # fmt: skip
    return fit_heads(
        corpus, x, targets, keep,
        row_strength=recipe.row_strength, clause_strength=recipe.clause_strength,
        mapped_weight=recipe.mapped_weight, polarity_weight=recipe.polarity_weight, say=say,
    )  # fmt: skip


def _cross_fit(
    corpus: Corpus, x: Matrices, targets: Targets, golds: int, recipe: LiteRecipe,
    say: Callable[[str], None], kept: Path | None,
) -> HeadScores:  # fmt: skip
    """Return the scores of the first rows and their clauses by heads that have not seen them."""
    row_of_clause = _gold_clauses(corpus, golds)
    fold = np.full(len(corpus.examples), -1)
    fold[:golds] = folds(corpus.examples[:golds], recipe.folds, recipe.seed)
    merged: dict[str, Any] = {}
    for held in range(recipe.folds):
        rows = np.flatnonzero(fold[:golds] == held)
        clauses = np.flatnonzero(fold[row_of_clause] == held)
        path = None if kept is None else kept / f"{held}.npz"
        if path is not None and path.exists():
            say(f"fold {held + 1} of {recipe.folds}, as it was kept")
            with np.load(path) as arrays:
                scores = HeadScores(**arrays)
        else:
            say(f"fold {held + 1} of {recipe.folds}")
            heads = _fit(corpus, x, targets, fold != held, recipe, say)
            scores = score_heads(heads, x.row[rows], x.clause[clauses])
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                part = path.with_suffix(".part.npz")
                np.savez(part, **vars(scores))
                part.replace(path)
        for name in HeadScores.__dataclass_fields__:
            values = getattr(scores, name)
            on_clauses = len(values) == len(clauses) and (
                name.startswith("clause") or name == "lean"
            )
            size = len(row_of_clause) if on_clauses else golds
            whole = merged.setdefault(name, np.zeros((size, values.shape[1]), dtype=np.float32))
            whole[clauses if on_clauses else rows] = values
    return HeadScores(**merged)


def _weightiest(weights: NDArray[np.float32], x: Matrices, size: int) -> NDArray[np.int64]:
    """Return the features with the largest weight times the root of how often they occur."""
    often = np.sqrt(np.bincount(x.row.indices, minlength=len(weights)))
    rank = np.abs(weights).max(1) * often
    return np.sort(np.argsort(-rank, kind="stable")[:size])


def eight_bits(weights: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Return weights as whole numbers of a step of their own column: a quarter of the size."""
    scale = np.maximum(np.abs(weights).max(0), 1e-12) / 127
    return np.round(weights / scale).astype(np.int8), scale.astype(np.float32)


def _tune_evidence(
    corpus: Corpus, golds: int, heads: Heads, clause_of: NDArray[np.int64], targets: Targets
) -> Evidence:
    """Return the way of cutting whose evidence overlaps most with the gold evidence."""
    asked: list[tuple[int, int, int]] = [
        (row, int(clause_of[row, label]), label) for row, label in targets.evidence if row < golds
    ]
    # A few thousand rows tell as much as all.
    asked = [ask for ask in asked if ask[0] % 3 == 0]
    clauses = _gold_clauses(corpus, golds)
    read = read_batch(
        [one.folded for one in corpus.prepared[:golds]],
        [one.clauses for one in corpus.prepared[:golds]],
    )
    assert len(read.row_of_clause) == len(clauses)
    han = np.array([corpus.examples[row].language == "zh" for row, _, _ in asked])
    truth = [targets.evidence[row, label] for row, _, label in asked]

    def overlap(evidence: Evidence, which: NDArray[np.bool_]) -> float:
        some = [ask for ask, use in zip(asked, which, strict=True) if use]
        spans = evidence.spans(corpus.prepared, read, heads, iter(some))
        gold = (span for span, use in zip(truth, which, strict=True) if use)
        return float(np.mean([_overlap(*pair) for pair in zip(spans, gold, strict=True)]))

    # A clause of ordinary length stays whole: cutting it too gains .005 at most and splits words.
    best = Evidence(16, 45, 0.4, 0.4)
    for price, which in (("price_han", han), ("price_latin", ~han)):
        if which.any():
            changes: list[dict[str, Any]] = [{price: share} for share in (0.1, 0.2, 0.3, 0.4, 0.6)]
            tried = [replace(best, **change) for change in changes]
            best = max(tried, key=partial(overlap, which=which))
    return best


def _overlap(found: tuple[int, int], gold: tuple[int, int]) -> float:
    """Return the F1 of the characters of two spans."""
    shared = max(0, min(found[1], gold[1]) - max(found[0], gold[0]))
    return 2 * shared / ((found[1] - found[0]) + (gold[1] - gold[0]))


def _plain(thresholds: Thresholds) -> dict[str, Any]:
    return {
        "state": list(thresholds.state),
        "driver": thresholds.driver,
        "neutral": thresholds.neutral,
        "tag": thresholds.tag,
    }


def _tell(
    seen: Scores, golds: int, combination: Any, labels: Labels, thresholds: Thresholds,
    gold: GoldTargets, languages: NDArray[np.str_], say: Callable[[str], None],
) -> None:  # fmt: skip
    """Say how good the cross-fitted scores are: what a run should end with."""
    from sentiment.train.linear.combine import micro_f1, state_codes

    probabilities, _ = label_probabilities(seen, golds, combination, labels)
    states = state_probabilities(seen, probabilities, combination, labels)
    overall = overall_probabilities(seen, probabilities, combination, labels)
    chosen = choose(states, probabilities, labels, thresholds)
    truth = gold.label > 0
    drivers = labels.topic_of >= 0
    for language in np.unique(languages):
        rows = languages == language
        codes, right = state_codes(chosen[rows], labels), state_codes(truth[rows], labels)
        same = (codes == right) & (right > 0)
        topic = 2 * same.sum() / ((codes > 0).sum() + (right > 0).sum())
        verdict = gold.overall[rows]
        clear = np.isin(verdict, (0, 2))
        positive = overall[rows][:, 2] > overall[rows][:, 0]
        say(
            f"{language}: topic {topic:.3f} "
            f"driver {micro_f1(chosen[rows][:, drivers], truth[rows][:, drivers]):.3f} "
            f"tag {micro_f1(chosen[rows][:, ~drivers], truth[rows][:, ~drivers]):.3f} "
            f"overall {(overall[rows].argmax(1) == verdict).mean():.3f} "
            f"polarity {(positive == (verdict == 2))[clear].mean():.3f}"
        )
