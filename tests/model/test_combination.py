from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sentiment.model.combination import (
    Combination,
    Labels,
    Thresholds,
    choose,
    clause_pool,
    label_features,
    label_probabilities,
    overall_columns,
    overall_features,
    overall_probabilities,
    state_probabilities,
    topic_columns,
    topic_features,
)
from sentiment.model.heads import Scores
from sentiment.records import POLARITIES, STATES
from sentiment.taxonomy import Taxonomy

TAXONOMY = Taxonomy.default()
PAIRS: list[tuple[str, str]] = [
    *(("quality.durability", polarity) for polarity in POLARITIES),
    *(("quality.general", polarity) for polarity in POLARITIES),
    *(("delivery.speed", polarity) for polarity in POLARITIES),
    ("trust", "negative"),
]
LABELS = Labels.of(PAIRS, TAXONOMY)
COUNT, TOPICS = len(LABELS), len(LABELS.topics)
QUALITY, DELIVERY = LABELS.topics.index("quality"), LABELS.topics.index("delivery")
LIMITS = Thresholds((0.5,) * TOPICS, driver=0.3, neutral=0.6, tag=0.4)


def test_labels_know_their_topic_and_polarity() -> None:
    assert LABELS.pairs == PAIRS
    assert LABELS.topic_of.tolist() == [QUALITY] * 6 + [DELIVERY] * 3 + [-1]
    assert LABELS.polarity_of.tolist() == [0, 1, 2] * 3 + [0]
    assert topic_columns(LABELS) == slice(COUNT, COUNT + 12)
    assert overall_columns(LABELS) == slice(COUNT + 12, COUNT + 16)


def states_of(**states: str) -> np.ndarray:
    """One row of states, each certain; absent where not said."""
    result = np.zeros((1, TOPICS, len(STATES)), dtype=np.float32)
    result[..., 0] = 1
    for name, state in states.items():
        result[0, LABELS.topics.index(name)] = [float(one == state) for one in STATES]
    return result


def chosen(states: np.ndarray, **found: float) -> set[tuple[str, str]]:
    """Choose with these probabilities; written "quality_durability_negative"."""
    probabilities = np.full((1, COUNT), 0.01, dtype=np.float32)
    for name, value in found.items():
        *driver, polarity = name.split("_")
        probabilities[0, PAIRS.index((".".join(driver), polarity))] = value
    kept = choose(states, probabilities, LABELS, LIMITS)
    return {PAIRS[at] for at in np.flatnonzero(kept[0])}


def test_a_topic_that_is_absent_vetoes_its_drivers() -> None:
    assert (
        chosen(states_of(), quality_durability_negative=0.9, delivery_speed_positive=0.9) == set()
    )


def test_a_topic_that_is_found_raises_its_likeliest_driver() -> None:
    found = chosen(states_of(quality="negative"), quality_general_negative=0.05)
    assert found == {("quality.general", "negative")}


def test_drivers_of_the_state_are_kept_from_the_threshold_on() -> None:
    states = states_of(quality="negative", delivery="positive")
    found = chosen(
        states, quality_durability_negative=0.3, quality_general_negative=0.31,
        quality_general_positive=0.9, delivery_speed_positive=0.29,
    )  # fmt: skip
    assert found == {
        ("quality.durability", "negative"),
        ("quality.general", "negative"),
        ("delivery.speed", "positive"),  # below, but the topic says that there is one
    }


def test_mixed_takes_one_of_each_sign_at_least() -> None:
    found = chosen(states_of(quality="mixed"), quality_durability_negative=0.9)
    assert {polarity for _, polarity in found} == {"negative", "positive"}


def test_a_neutral_opinion_beside_others_must_be_surer() -> None:
    states = states_of(quality="negative")
    some = {"quality_durability_negative": 0.9}
    assert ("quality.general", "neutral") in chosen(states, **some, quality_general_neutral=0.61)
    assert ("quality.general", "neutral") not in chosen(states, **some, quality_general_neutral=0.5)
    assert chosen(states_of(quality="neutral"), quality_general_neutral=0.2) == {
        ("quality.general", "neutral")
    }


def test_a_tag_needs_no_topic() -> None:
    assert chosen(states_of(), trust_negative=0.4) == {("trust", "negative")}
    assert chosen(states_of(), trust_negative=0.39) == set()


@given(
    arrays(np.float32, (3, TOPICS, len(STATES)), elements=st.floats(0.0625, 1, width=32)),
    arrays(np.float32, (3, COUNT), elements=st.floats(0, 1, width=32)),
)
def test_the_opinions_chosen_say_the_state_chosen(states: np.ndarray, found: np.ndarray) -> None:
    states = states / states.sum(-1, keepdims=True)
    kept = choose(states, found, LABELS, LIMITS)
    for row in range(3):
        for topic in (QUALITY, DELIVERY):
            signs = {
                LABELS.polarities[at]
                for at in np.flatnonzero(kept[row])
                if LABELS.topic_of[at] == topic
            }
            if states[row, topic, 0] >= 0.5:
                assert signs == set()
                continue
            state = STATES[1 + states[row, topic, 1:].argmax()]
            wanted = {"mixed": {"negative", "positive"}}.get(state, {state})
            assert signs - {"neutral"} == wanted - {"neutral"}
            assert wanted <= signs


def test_the_best_clause_of_each_text() -> None:
    scores = np.array([[1, 5], [3, 2], [7, 7]], dtype=np.float32)
    best, at = clause_pool(scores, np.array([0, 0, 2]), 3)
    assert best.tolist() == [[3, 5], [-20, -20], [7, 7]]
    assert at.tolist() == [[1, 0], [-1, -1], [2, 2]]
    best, at = clause_pool(scores[:0], np.array([], dtype=np.int64), 2)
    assert best.tolist() == [[-20, -20]] * 2
    assert at.tolist() == [[-1, -1]] * 2


def test_the_best_clause_is_the_same_one_alone_and_among_many() -> None:
    chance = np.random.default_rng(4)
    sizes = chance.integers(0, 9, size=60)
    row_of_clause = np.repeat(np.arange(len(sizes)), sizes)
    scores = chance.integers(-3, 3, size=(len(row_of_clause), 5)).astype(np.float32)  # many ties
    best, at = clause_pool(scores, row_of_clause, len(sizes))
    for row, size in enumerate(sizes.tolist()):
        own = np.flatnonzero(row_of_clause == row)
        alone, place = clause_pool(scores[own], np.zeros(size, dtype=np.int64), 1)
        assert best[row].tolist() == alone[0].tolist()
        assert (
            at[row].tolist()
            == np.where(place[0] < 0, -1, place[0] + own.min(initial=10**6)).tolist()
        )


def some_scores(rows: int = 3) -> Scores:
    chance = np.random.default_rng(1)
    row_of_clause = np.array([0, 0, 2])
    return Scores(
        chance.normal(size=(3, COUNT + 1)).astype(np.float32),
        chance.normal(size=(rows, COUNT + 12 + 4 + 1)).astype(np.float32),
        row_of_clause,
    )


def weights() -> Combination:
    chance = np.random.default_rng(2)

    def draw(*shape: int) -> np.ndarray:
        return chance.normal(size=shape).astype(np.float32)

    return Combination(draw(2, COUNT), draw(5, COUNT), draw(TOPICS, 5, 10), draw(4, 16))


def test_a_labels_probability_by_hand() -> None:
    scores, mix = some_scores(), weights()
    probabilities, at = label_probabilities(scores, 3, mix, LABELS)
    for row, clauses in ((0, [0, 1]), (1, []), (2, [2])):
        for label, polarity in enumerate(LABELS.polarity_of):
            text = scores.row[row, label]
            own = [
                scores.clause[clause, label] + mix.clause[0, label] * text + mix.clause[1, label]
                for clause in clauses
            ]
            best = max(own, default=-20)
            if clauses:
                assert at[row, label] == clauses[int(np.argmax(own))]
            topic = LABELS.topic_of[label]
            of_topic = 0 if topic < 0 else scores.row[row, COUNT + topic * 3 + polarity]
            lean = scores.row[row, -1] * (polarity - 1)
            score = np.dot(mix.label[:4, label], [best, text, of_topic, lean]) + mix.label[4, label]
            assert probabilities[row, label] == pytest.approx(1 / (1 + np.exp(-score)), abs=1e-5)


def test_features_of_a_topic_by_hand() -> None:
    found = np.full((1, COUNT), 0.0, dtype=np.float32)
    found[0, [0, 3]] = 0.5, 0.2  # quality: two negative drivers
    topics = np.arange(12, dtype=np.float32)[None]
    features = topic_features(found, topics, LABELS)
    assert features.shape == (1, TOPICS, 9)
    any_of = 1 - 0.5 * 0.8
    row = features[0, QUALITY]
    assert row[0] == pytest.approx(np.log(any_of / (1 - any_of)), abs=1e-5)
    assert row[3] == pytest.approx(0, abs=1e-5)
    assert row[1] == row[2] == pytest.approx(np.log(1e-6), rel=0.01)
    assert row[6:].tolist() == [3 * QUALITY, 3 * QUALITY + 1, 3 * QUALITY + 2]
    assert np.isfinite(topic_features(np.ones((1, COUNT), np.float32), topics, LABELS)).all()


def test_features_of_a_text_by_hand() -> None:
    found = np.linspace(0, 0.9, COUNT, dtype=np.float32)[None].repeat(2, 0)
    overall = np.arange(8, dtype=np.float32).reshape(2, 4)
    lean = np.array([-2, 3], dtype=np.float32)
    clause = np.array([4, -1, 2], dtype=np.float32)
    features = overall_features(overall, lean, found, clause, np.array([1, 1, 1]), LABELS)
    assert features.shape == (2, 15)
    assert features[0, :6].tolist() == [0, 1, 2, 3, -2, 2]
    assert features[1, 12:].tolist() == [4, -1, 2]  # highest, lowest, last
    assert features[0, 12:].tolist() == [0, 0, 0]
    for index in range(3):
        some = found[0, LABELS.polarity_of == index]
        assert features[0, 6 + index] == pytest.approx(np.log1p(some.sum()))
        assert features[0, 9 + index] == some.max()


def test_probabilities_sum_to_one_whatever_the_scores() -> None:
    scores, mix = some_scores(), weights()
    for factor in (1, 100, 1e4):
        wild = Scores(scores.clause * factor, scores.row * factor, scores.row_of_clause)
        found, _ = label_probabilities(wild, 3, mix, LABELS)
        for values in (
            state_probabilities(wild, found, mix, LABELS),
            overall_probabilities(wild, found, mix, LABELS),
        ):
            np.testing.assert_allclose(values.sum(-1), 1, atol=1e-5)
            assert (values >= 0).all()


def test_rows_without_a_clause_are_scored_too() -> None:
    scores = Scores(
        np.zeros((0, COUNT + 1), np.float32), some_scores().row, np.zeros(0, dtype=np.int64)
    )
    features, at = label_features(scores, 3, weights().clause, LABELS)
    assert features.shape == (4, 3, COUNT)
    assert (at == -1).all()
    found, _ = label_probabilities(scores, 3, weights(), LABELS)
    assert np.isfinite(overall_probabilities(scores, found, weights(), LABELS)).all()
