from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sentiment.model.combination import Labels
from sentiment.records import POLARITIES, SENTIMENTS
from sentiment.taxonomy import Taxonomy
from sentiment.train.data.examples import Example, Judgement, group_of
from sentiment.train.linear.targets import Corpus, Targets, find_labels, read_corpus, set_targets

TAXONOMY = Taxonomy.default()
TEXT = "物流很快，但是质量太差，包装也破了"


def example(text: str, **changes: Any) -> Example:
    return Example(text, "zh", "s", group_of(text), **changes)


def gold(
    text: str, *opinions: Judgement, tags: tuple[Judgement, ...] = (), **changes: Any
) -> Example:
    topics = dict.fromkeys(TAXONOMY.topics, "absent")
    return example(text, opinions=opinions, tags=tags, gold=True, topics=topics, **changes)


def targets_of(*examples: Example, rarest: int = 1) -> tuple[Corpus, Labels, Targets]:
    corpus = read_corpus(examples)
    labels = find_labels(examples, TAXONOMY, rarest)
    return corpus, labels, set_targets(corpus, labels, TAXONOMY)


def test_labels_are_every_driver_and_the_tags_that_are_frequent() -> None:
    rows = [
        gold("一", tags=(Judgement("trust", "negative"),)),
        gold("二", tags=(Judgement("trust", "negative"), Judgement("brand", "positive"))),
        example("三", tags=(Judgement("brand", "positive"),)),  # not gold
    ]
    labels = find_labels(rows, TAXONOMY, rarest=2)
    drivers = [(driver, polarity) for driver in TAXONOMY.drivers for polarity in POLARITIES]
    assert labels.pairs == [*drivers, ("trust", "negative")]


def test_a_gold_row_says_everything_about_itself_and_its_clauses() -> None:
    row = gold(
        TEXT,
        Judgement("delivery.speed", "positive", "物流很快"),
        Judgement("quality.general", "negative", "质量太差"),
        Judgement("delivery.condition", "negative"),  # without evidence
        overall="mixed",
    )
    corpus, labels, targets = targets_of(row)
    pairs = labels.pairs
    speed, general, condition = (
        pairs.index(pair)
        for pair in (
            ("delivery.speed", "positive"),
            ("quality.general", "negative"),
            ("delivery.condition", "negative"),
        )
    )
    assert len(corpus.row_of_clause) == 3
    assert set(np.flatnonzero(targets.label[0])) == {speed, general, condition}
    assert not np.isnan(targets.label).any()
    assert targets.clause_label[:, speed].tolist() == [1, 0, 0]
    assert targets.clause_label[:, general].tolist() == [0, 1, 0]
    assert np.isnan(targets.clause_label[:, condition]).all()
    assert targets.overall[0].tolist() == [float(name == "mixed") for name in SENTIMENTS]
    assert np.isnan(targets.polarity).all()
    for (_, label), (start, end) in targets.evidence.items():
        words = corpus.prepared[0].text[start:end]
        assert words == {speed: "物流很快", general: "质量太差"}[label]


def test_what_clauses_say_together() -> None:
    row = gold(
        TEXT,
        Judgement("delivery.speed", "positive", "物流很快"),
        Judgement("quality.general", "negative", "质量太差"),
        overall="mixed",
    )
    _, labels, targets = targets_of(row)
    delivery = labels.topics.index("delivery") * 3
    assert targets.clause_topic[:, delivery : delivery + 3].tolist() == [
        [0, 0, 1],
        [0, 0, 0],
        [0, 0, 0],
    ]
    drivers = list(dict.fromkeys(TAXONOMY.drivers))
    assert targets.clause_driver[:, drivers.index("quality.general")].tolist() == [0, 1, 0]
    assert targets.clause_polarity[0].tolist() == [0, 0, 1]
    assert targets.clause_polarity[1].tolist() == [1, 0, 0]
    assert np.isnan(targets.clause_polarity[2]).all()  # nothing is judged there


def test_evidence_over_two_short_clauses_belongs_to_both() -> None:
    row = gold(
        "很快，很好", Judgement("delivery.speed", "positive", "很快，很好"), overall="positive"
    )
    corpus, labels, targets = targets_of(row)
    at = labels.pairs.index(("delivery.speed", "positive"))
    assert targets.clause_label[:, at].tolist() == [1] * len(corpus.row_of_clause)


def test_evidence_is_found_after_repairs() -> None:
    row = gold("质量&nbsp;太差了", Judgement("quality.general", "negative", "质量&nbsp;太差"))
    corpus, _, targets = targets_of(row)
    ((start, end),) = targets.evidence.values()
    assert corpus.prepared[0].text[start:end] == "质量 太差"


def test_a_mapped_row_says_what_its_scheme_covers() -> None:
    row = example(
        "送得快",
        topics={"delivery": "positive", "price": "absent"},
        drivers={"delivery.speed": "positive", "trust": "negative"},
    )
    extra = gold("骗人", tags=(Judgement("trust", "negative", "骗人"),), overall="negative")
    corpus, labels, targets = targets_of(extra, row)
    pairs = labels.pairs

    def said(name: str) -> list[float]:
        return [float(targets.label[1, pairs.index((name, polarity))]) for polarity in POLARITIES]

    assert said("delivery.speed") == [0, 0, 1]
    assert said("price.level") == said("price.value") == [0, 0, 0]
    # Some other driver of delivery may be praised; none is blamed.
    assert said("delivery.tracking")[0] == 0
    assert np.isnan(said("delivery.tracking")[1:]).all()
    assert np.isnan(said("quality.general")).all()
    assert targets.label[1, pairs.index(("trust", "negative"))] == 1
    delivery, price, quality = (
        labels.topics.index(topic) * 3 for topic in ("delivery", "price", "quality")
    )
    assert targets.topic[1, delivery : delivery + 3].tolist() == [0, 0, 1]
    assert targets.topic[1, price : price + 3].tolist() == [0, 0, 0]
    assert np.isnan(targets.topic[1, quality : quality + 3]).all()
    # One clause: what the row says, the clause says.
    clause = int(np.flatnonzero(corpus.row_of_clause == 1)[0])
    np.testing.assert_array_equal(targets.clause_label[clause], targets.label[1])
    np.testing.assert_array_equal(targets.clause_topic[clause], targets.topic[1])
    assert targets.clause_polarity[clause].tolist() == [0, 0, 1]
    assert np.isnan(targets.overall[1]).all()


def test_of_several_clauses_a_mapped_row_says_nothing() -> None:
    row = example("送得快，包装好", topics={"delivery": "positive"}, drivers={})
    corpus, _, targets = targets_of(gold("好", overall="positive"), row)
    clauses = corpus.row_of_clause == 1
    assert clauses.sum() == 2
    assert np.isnan(targets.clause_label[clauses]).all()
    assert np.isnan(targets.clause_topic[clauses]).all()
    assert np.isnan(targets.clause_polarity[clauses]).all()


@pytest.mark.parametrize(
    ("overall", "expected"), [("positive", 1.0), ("negative", 0.0), ("neutral", None), (None, None)]
)
def test_a_polarity_row_says_its_sign(overall: Any, expected: float | None) -> None:
    _, _, targets = targets_of(gold("好", overall="positive"), example("行吧", overall=overall))
    found = targets.polarity[1, 0]
    assert np.isnan(found) if expected is None else found == expected
    assert np.isnan(targets.label[1]).all()


def test_a_corpus_reads_rows_as_if_each_were_alone() -> None:
    texts = [TEXT, "", "快", "The battery died. 客服不理人"]
    corpus = read_corpus([example(text) for text in texts])
    assert corpus.clauses_of.tolist() == [len(one.clauses) for one in corpus.prepared]
    for row, text in enumerate(texts):
        alone = read_corpus([example(text)])
        some = corpus.row == row
        np.testing.assert_array_equal(corpus.bucket[some], alone.bucket)
        first = int(np.searchsorted(corpus.row_of_clause, row))
        expected = np.where(alone.clause >= 0, alone.clause + first, -1)
        np.testing.assert_array_equal(corpus.clause[some], expected)
        clauses = corpus.row_of_clause == row
        np.testing.assert_array_equal(corpus.clause_start[clauses], alone.clause_start)


def test_gold_rows_alone_have_targets() -> None:
    _, _, targets = targets_of(
        gold("很快，很好", overall="positive"), gold("差，坏", overall="negative")
    )
    assert np.isnan(targets.clause_polarity).all()
    assert (targets.clause_label == 0).all()
