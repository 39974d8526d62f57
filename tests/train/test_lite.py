from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from sentiment.analyzer import Analyzer
from sentiment.errors import LabelError
from sentiment.model import bundle
from sentiment.model.combination import Labels, Thresholds
from sentiment.model.heads import Heads, read_batch
from sentiment.model.lite import LiteModel
from sentiment.taxonomy import Taxonomy
from sentiment.train.data.examples import Example, group_of, read_labelled
from sentiment.train.linear import lite
from sentiment.train.linear.combine import (
    GoldTargets,
    fit_combination,
    micro_f1,
    state_codes,
    tune_thresholds,
)
from sentiment.train.linear.heads import (
    HeadScores,
    HeadSet,
    Matrices,
    choose_vocabulary,
    clause_parts,
    fold_heads,
    matrices,
    score_heads,
)
from sentiment.train.linear.lite import LiteParts, LiteRecipe, eight_bits, fit_lite
from sentiment.train.linear.targets import Corpus, read_corpus

TAXONOMY = Taxonomy.default()
SAMPLE = Path(__file__).parents[2] / "data" / "sample_labels.jsonl"
RECIPE = LiteRecipe(folds=2, training_vocabulary=1000, vocabulary=400, rarest_tag=5)


@cache
def gold_rows() -> tuple[Example, ...]:
    rows = [row for row in read_labelled(SAMPLE) if row.opinions is not None]
    return tuple(replace(row, gold=True) for row in rows[:200])


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Small problems do not pay for threads, which on a busy machine wait for each other."""
    with threadpool_limits(1):
        yield


@cache
def trained() -> tuple[LiteParts, tuple[str, ...]]:
    said: list[str] = []
    others = (
        Example("送得快", "zh", "mapped", "g1", topics={"delivery": "positive"}, drivers={}),
        Example("Loved it", "en", "stars", "g2", overall="positive"),
        Example("Hated it " * 300, "en", "stars", "g3", overall="negative"),  # too long
        Example("行吧", "zh", "stars", "g4", overall="neutral"),  # no sign
    )
    return fit_lite([*others, *gold_rows()], TAXONOMY, RECIPE, said.append), tuple(said)


@cache
def small_corpus() -> tuple[Corpus, Matrices]:
    corpus = read_corpus(gold_rows())
    return corpus, matrices(corpus, choose_vocabulary(corpus, 300))


def test_a_trained_model_is_small_and_says_what_it_did() -> None:
    parts, said = trained()
    assert said[0].startswith("202 rows, 200 of them gold")
    assert len(parts.arrays["buckets"]) == 400
    assert parts.arrays["weights"].dtype == np.int8
    assert parts.config["clause_heads"] == len(parts.config["labels"]) + 1
    assert json.loads(json.dumps(parts.config)) == json.loads(json.dumps(parts.config))


def test_what_is_saved_predicts_what_was_trained(tmp_path: Path) -> None:
    parts, _ = trained()
    saved = bundle.write(
        tmp_path / "m", config={"name": "lite", "version": "0", **parts.config},
        arrays=parts.arrays, metrics={}, card="", made={},
    )  # fmt: skip
    texts = [row.text for row in gold_rows()[:80]]
    read = Analyzer(LiteModel.of(saved)).analyze_batch(texts)
    kept = Analyzer(parts.model).analyze_batch(texts)
    assert [replace(one, model="") for one in read] == [replace(one, model="") for one in kept]


def test_it_has_learnt_its_rows() -> None:
    parts, _ = trained()
    analyses = Analyzer(parts.model).analyze_batch(row.text for row in gold_rows())
    clear = [
        (row.overall, analysis.score)
        for row, analysis in zip(gold_rows(), analyses, strict=True)
        if row.overall in ("positive", "negative") and analysis.score is not None
    ]
    right = sum((score > 0) == (overall == "positive") for overall, score in clear)
    assert right > 0.75 * len(clear)


def test_the_same_rows_give_the_same_model() -> None:
    rows = list(gold_rows()[:60])
    recipe = replace(RECIPE, vocabulary=50, training_vocabulary=100)
    first = fit_lite(rows, TAXONOMY, recipe)
    again = fit_lite(rows, TAXONOMY, recipe)
    for name, array in first.arrays.items():
        np.testing.assert_array_equal(array, again.arrays[name])
    assert first.config == again.config


def test_a_run_goes_on_from_the_folds_that_were_kept(tmp_path: Path) -> None:
    rows = list(gold_rows()[:60])
    recipe = replace(RECIPE, vocabulary=50, training_vocabulary=100)
    told: list[str] = []
    first = fit_lite(rows, TAXONOMY, recipe, kept=tmp_path)
    kept = sorted(tmp_path.rglob("*"))
    assert [path.name for path in kept if path.is_file()] == [
        f"{n}.npz" for n in range(recipe.folds)
    ]
    kept[-1].unlink()
    again = fit_lite(rows, TAXONOMY, recipe, told.append, kept=tmp_path)
    assert sum("as it was kept" in line for line in told) == recipe.folds - 1
    for name, array in first.arrays.items():
        np.testing.assert_array_equal(array, again.arrays[name])
    told.clear()
    fit_lite(rows, TAXONOMY, replace(recipe, seed=1), told.append, kept=tmp_path)
    assert not any("as it was kept" in line for line in told)


def test_rows_labelled_later_teach_and_settle_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    settled: list[int] = []

    def tuned(states: Any, probabilities: Any, gold: Any, *rest: Any) -> Thresholds:
        settled.append(len(gold))
        return tune_thresholds(states, probabilities, gold, *rest)

    monkeypatch.setattr(lite, "tune_thresholds", tuned)
    rows, more = gold_rows()[:80], gold_rows()[80:]
    told: list[str] = []
    parts = fit_lite(rows, TAXONOMY, RECIPE, told.append, more)
    assert told[0].startswith("200 rows, 80 of them gold and 120 labelled later")
    assert settled == [80]
    alone = fit_lite(rows, TAXONOMY, RECIPE)

    def right(model: LiteModel) -> int:
        found = Analyzer(model).analyze_batch(row.text for row in more)
        return sum(
            (judged.name, judged.polarity)
            in {(one.driver, one.polarity) for one in answer.opinions}
            for answer, row in zip(found, more, strict=True)
            for judged in row.opinions or ()
        )

    assert right(parts.model) > 1.5 * right(alone.model)


@pytest.mark.parametrize("rows", [0, 19])
def test_too_few_rows_are_told(rows: int) -> None:
    with pytest.raises(LabelError, match=f"{rows} rows are labelled .* needs at least 20"):
        fit_lite(gold_rows()[:rows], TAXONOMY, RECIPE)


def test_a_vocabulary_is_what_occurs_in_most_rows() -> None:
    corpus, x = small_corpus()
    assert len(x.buckets) == 300
    assert (np.diff(x.buckets) > 0).all()
    rows = {
        int(bucket): len(set(corpus.row[corpus.bucket == bucket].tolist())) for bucket in x.buckets
    }
    assert min(rows.values()) >= 2
    left = np.setdiff1d(corpus.bucket, x.buckets)[:200]
    most = max(len(set(corpus.row[corpus.bucket == bucket].tolist())) for bucket in left)
    assert most <= min(rows.values()) + 1


def test_training_and_scoring_weigh_features_alike() -> None:
    corpus, x = small_corpus()
    chance = np.random.default_rng(0)
    stored, scale = eight_bits(chance.normal(size=(300, 5)).astype(np.float32))
    weights = stored * scale
    bias = chance.normal(size=5).astype(np.float32)
    scores = Heads(x.buckets, stored, scale, bias, 2).score(
        read_batch(
            [one.folded for one in corpus.prepared], [one.clauses for one in corpus.prepared]
        )
    )
    np.testing.assert_allclose(scores.clause, x.clause @ weights[:, :2] + bias[:2], atol=1e-4)
    np.testing.assert_allclose(scores.row, x.row @ weights[:, 2:] + bias[2:], atol=1e-4)


LABELS = Labels.of(
    [
        *(("quality.general", polarity) for polarity in ("negative", "neutral", "positive")),
        *(("delivery.speed", polarity) for polarity in ("negative", "neutral", "positive")),
        ("trust", "negative"),
    ],
    TAXONOMY,
)


def some_heads(features: int) -> HeadSet:
    chance = np.random.default_rng(1)

    def draw(columns: int) -> tuple[np.ndarray, np.ndarray]:
        return (
            chance.normal(size=(features, columns)).astype(np.float32),
            chance.normal(size=columns).astype(np.float32),
        )

    return HeadSet(
        label=draw(7), topic=draw(12), overall=draw(4), polarity=draw(1), clause_label=draw(7),
        clause_driver=draw(2), clause_polarity=draw(3), clause_topic=draw(12),
    )  # fmt: skip


def test_folded_heads_score_as_the_heads_they_are_made_of() -> None:
    _, x = small_corpus()
    heads = some_heads(300)
    mixture = np.random.default_rng(2).normal(size=(5, 7)).astype(np.float32)
    scores = score_heads(heads, x.row, x.clause)
    parts = clause_parts(scores, LABELS)
    assert parts.shape == (5, x.clause.shape[0], 7)
    assert not parts[[1, 3], :, 6].any()  # a tag has no driver, no topic
    weights, bias = fold_heads(heads, mixture, LABELS)
    assert weights.shape == (300, 8 + 7 + 12 + 4 + 1)
    mixed = (parts * mixture[:, None]).sum(0)
    np.testing.assert_allclose((x.clause @ weights + bias)[:, :7], mixed, atol=1e-3)
    rows = (x.row @ weights + bias)[:, 8:]
    expected = np.concatenate([scores.label, scores.topic, scores.overall, scores.polarity], axis=1)
    np.testing.assert_allclose(rows, expected, atol=1e-3)


def made_scores(rows: int = 400) -> tuple[HeadScores, np.ndarray, GoldTargets]:
    """Scores of heads that know the truth fairly well, two clauses a row."""
    chance = np.random.default_rng(3)
    label = (chance.random((rows, 7)) < 0.25).astype(np.float32)
    row_of_clause = np.repeat(np.arange(rows), 2)
    clause = np.zeros((2 * rows, 7), dtype=np.float32)
    clause[::2] = label
    overall = chance.integers(0, 4, rows)

    def noisy(truth: np.ndarray) -> np.ndarray:
        return ((truth * 2 - 1) * 3 + chance.normal(size=truth.shape)).astype(np.float32)

    def noise(*shape: int) -> np.ndarray:
        return chance.normal(size=shape).astype(np.float32)

    scores = HeadScores(
        label=noisy(label), topic=noise(rows, 12), overall=noisy(np.eye(4)[overall]),
        polarity=noise(rows, 1), clause_label=noisy(clause), clause_driver=noise(2 * rows, 2),
        clause_polarity=noise(2 * rows, 3), clause_topic=noise(2 * rows, 12),
        lean=noise(2 * rows, 1),
    )  # fmt: skip
    return scores, row_of_clause, GoldTargets(label, overall, clause)


def test_the_combination_trusts_what_tells() -> None:
    from sentiment.model.combination import label_probabilities, overall_probabilities

    scores, row_of_clause, gold = made_scores()
    combination, mixture, seen = fit_combination(scores, row_of_clause, gold, LABELS)
    assert (mixture[0] > 3 * np.abs(mixture[1:]).max(0)).all()
    found, at = label_probabilities(seen, 400, combination, LABELS)
    assert ((found > 0.5) == (gold.label > 0)).mean() > 0.97
    assert (at[gold.label > 0] % 2 == 0).mean() > 0.95
    # As many as there are, label by label: calibrated in the large.
    np.testing.assert_allclose(found.mean(0), gold.label.mean(0), atol=0.02)
    overall = overall_probabilities(seen, found, combination, LABELS)
    assert (overall.argmax(1) == gold.overall).mean() > 0.95


def test_two_classes_are_told_apart_as_well_as_four() -> None:
    from sentiment.train.linear.combine import fit_softmax

    chance = np.random.default_rng(6)
    features = chance.normal(size=(300, 2)).astype(np.float32)
    for classes in ((features[:, 0] > 0) * 2, np.digitize(features[:, 0], [-0.5, 0.5])):
        weights = fit_softmax(features, classes, 4)
        scores = features @ weights[:, :-1].T + weights[:, -1]
        odds = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
        assert (odds.argmax(1) == classes).mean() > 0.95
        assert odds[:, 3].max() < 1e-4  # no row has it
    always = fit_softmax(features, np.full(300, 1), 4)
    assert (features @ always[:, :-1].T + always[:, -1]).argmax(1).tolist() == [1] * 300


def test_labels_that_no_row_has_are_learnt_to_be_rare() -> None:
    from sentiment.model.combination import label_probabilities

    scores, row_of_clause, gold = made_scores()
    nothing = GoldTargets(gold.label * 0, gold.overall * 0, gold.clause_label * 0)
    combination, _, seen = fit_combination(scores, row_of_clause, nothing, LABELS)
    found, _ = label_probabilities(seen, 400, combination, LABELS)
    assert found.max() < 0.1


def test_thresholds_are_no_worse_than_where_they_began() -> None:
    chance = np.random.default_rng(4)
    gold = chance.random((300, 7)) < 0.3
    found = np.clip(gold * 0.5 + chance.random((300, 7)) * 0.5, 0, 1).astype(np.float32)
    states = chance.dirichlet(np.ones(5), (300, len(LABELS.topics))).astype(np.float32)
    languages = np.array(["zh", "en"] * 150)
    limits = tune_thresholds(states, found, gold, languages, LABELS)
    assert isinstance(limits, Thresholds)
    assert len(limits.state) == len(LABELS.topics)
    best = max(np.arange(0.15, 0.7, 0.025), key=lambda v: micro_f1(found[:, 6:] >= v, gold[:, 6:]))
    assert micro_f1(found[:, 6:] >= limits.tag, gold[:, 6:]) == pytest.approx(
        micro_f1(found[:, 6:] >= best, gold[:, 6:]), abs=1e-9
    )


def test_states_follow_as_in_records() -> None:
    from sentiment.records import STATES, Opinion, topic_states

    chance = np.random.default_rng(5)
    chosen = chance.random((200, 7)) < 0.3
    codes = state_codes(chosen, LABELS)
    for row in range(200):
        opinions: list[Any] = [
            Opinion(name.split(".")[0], name, polarity, 1, "", 0, 0)
            for at, (name, polarity) in enumerate(zip(LABELS.names, LABELS.polarities, strict=True))
            if chosen[row, at] and LABELS.topic_of[at] >= 0
        ]
        expected = topic_states(opinions, LABELS.topics)
        assert [STATES[code] for code in codes[row]] == list(expected.values())


def test_micro_f1_by_hand() -> None:
    found = np.array([[True, True], [False, False]])
    gold = np.array([[True, False], [True, False]])
    assert micro_f1(found, gold) == pytest.approx(2 * 1 / (2 + 2))
    assert micro_f1(found & False, gold & False) == 0


def test_groups_of_a_polarity_set_are_capped() -> None:
    from sentiment.train.linear.lite import choose_examples

    rows = [
        Example(
            f"text {number}", "en", source, group_of(f"text {number} {source}"), overall="positive"
        )
        for number in range(30)
        for source in ("a", "b")
    ]
    chosen = choose_examples(rows, replace(RECIPE, polarity_rows=10))
    assert [row.source for row in chosen].count("a") == 10
    assert len(chosen) == 20
    assert choose_examples(rows[::-1], replace(RECIPE, polarity_rows=10)) == chosen
