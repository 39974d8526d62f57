"""Laying a lite model out anew: what stays is kept to the bit, what is new starts from the mean."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sentiment.model import bundle
from sentiment.model.lite import LiteModel
from sentiment.taxonomy import Taxonomy
from sentiment.text import prepare
from sentiment.train.linear.lite import LiteParts, eight_bits
from sentiment.train.retrain.prior import Prior, lay_out, widen
from sentiment.train.rows.seeds import seed_pattern

TEXTS = ["质量太差，物流很快", "Great value, rude staff", "一般", "it arrived crushed and late"]


@pytest.fixture(scope="module")
def base(tiny: Path) -> LiteModel:
    return LiteModel.of(bundle.read(tiny))


def rebuilt(prior: Prior, taxonomy: Taxonomy) -> LiteModel:
    stored, scale = eight_bits(prior.weights)
    return LiteParts.of(
        taxonomy, prior.labels, prior.buckets, stored, scale, prior.bias, prior.combination,
        prior.thresholds, prior.evidence,
    ).model  # fmt: skip


def test_the_same_taxonomy_gives_the_same_model(base: LiteModel) -> None:
    prior = lay_out(base, base.taxonomy)
    assert set(base.labels.pairs) <= set(prior.labels.pairs)
    again = rebuilt(prior, base.taxonomy)
    batch = [prepare(text) for text in TEXTS]
    for one, other in zip(base.predict(batch), again.predict(batch), strict=True):
        assert one.findings == other.findings
        np.testing.assert_allclose(one.probabilities, other.probabilities, atol=1e-6)


def test_what_is_left_out_is_gone_and_the_rest_stays(base: LiteModel) -> None:
    data = base.taxonomy.to_dict()
    del data["topics"]["price"]
    data["drivers"] = {
        name: entry for name, entry in data["drivers"].items() if not name.startswith("price.")
    }
    smaller = Taxonomy.from_dict(data)
    prior = lay_out(base, smaller)
    assert prior.labels.topics == ("quality", "service", "delivery")
    assert not prior.new_labels.any()
    pair = ("delivery.speed", "negative")
    old, new = base.labels.pairs.index(pair), prior.labels.pairs.index(pair)
    np.testing.assert_array_equal(prior.weights[:, new], base.heads.weights[:, old])
    rows = (base.heads.clause_heads + old, prior.clause_heads + new)
    np.testing.assert_array_equal(prior.weights[:, rows[1]], base.heads.weights[:, rows[0]])
    np.testing.assert_array_equal(prior.combination.state[2], base.combination.state[3])
    for prediction in rebuilt(prior, smaller).predict([prepare(text) for text in TEXTS]):
        assert not any(one.name.startswith("price.") for one in prediction.findings)


def test_what_is_new_is_the_mean_and_not_found_yet(base: LiteModel) -> None:
    data = base.taxonomy.to_dict()
    data["topics"]["app"] = {"en": "app"}
    data["drivers"]["app.login"] = {"en": "login"}
    larger = Taxonomy.from_dict(data)
    prior = lay_out(base, larger)
    new = prior.labels.pairs.index(("app.login", "negative"))
    assert prior.new_labels[new]
    assert prior.new_topics.tolist() == [False, False, False, False, True]
    alike = [
        at
        for at, (name, polarity) in enumerate(base.labels.pairs)
        if polarity == "negative" and name in base.taxonomy.drivers
    ]
    np.testing.assert_allclose(
        prior.weights[:, new], base.heads.weights[:, alike].mean(1), atol=1e-6
    )
    predictions = rebuilt(prior, larger).predict([prepare(text) for text in TEXTS])
    assert not any(one.name == "app.login" for each in predictions for one in each.findings)


def test_more_features_change_nothing_while_they_weigh_nothing(base: LiteModel) -> None:
    prior = lay_out(base, base.taxonomy)
    free = np.setdiff1d(np.arange(50_000), prior.buckets)[:100]
    wider = widen(prior, free)
    assert len(wider.buckets) == len(prior.buckets) + 100
    assert (np.diff(wider.buckets) > 0).all()
    assert not wider.weights[np.searchsorted(wider.buckets, free)].any()
    np.testing.assert_array_equal(
        wider.weights[np.searchsorted(wider.buckets, prior.buckets)], prior.weights
    )
    assert widen(prior, free[:0]) is prior


@pytest.mark.parametrize(
    ("phrases", "text", "found"),
    [
        (["log in"], "i cannot log in today", True),
        (["log in"], "a catalog inside", False),  # whole words
        (["登录"], "一直登录不上", True),
        (["登錄"], "一直登录不上", True),  # as the model sees it
        (["Log In"], "log in", True),
        (["c++"], "written in c++", True),
        ([], "anything", False),
        ([" "], "anything ", False),
    ],
)
def test_seed_phrases(phrases: list[str], text: str, found: bool) -> None:
    assert (seed_pattern(phrases).search(prepare(text).folded) is not None) == found
