"""Lite and a transformer as one model: a row is answered by one of them, whoever is beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sentiment.errors import ModelError
from sentiment.model import bundle
from sentiment.model.cascade import CascadeModel
from sentiment.model.lite import LiteModel
from sentiment.model.protocol import Prediction, Reason
from sentiment.taxonomy import Taxonomy
from sentiment.text import Prepared, prepare

TINY = Path(__file__).parents[1] / "models" / "tiny"
TEXTS = ("物流很快", "the battery died after a day and nobody answers", "a" * 40, "很好", "")


class Thorough:
    """In place of the transformer: says of every text that it is mixed."""

    name, digest, device, path = "thorough@1.0.0", "abc", "cpu", None

    def __init__(self, taxonomy: Taxonomy) -> None:
        self.taxonomy = taxonomy
        self.accuracy = {"delivery": {"zh": 0.1, "en": 0.9}, "price": {"zh": 0.5}}
        self.asked: list[str] = []

    def predict(self, batch: Sequence[Prepared]) -> list[Prediction]:
        self.asked += [prepared.text for prepared in batch]
        return [Prediction((0.0, 0.0, 0.0, 1.0), ()) for _ in batch]

    def reasons(self, prepared: Prepared, name: str, polarity: str) -> list[Reason]:
        return [Reason(0, 1, 5.0)]


@pytest.fixture
def quick() -> LiteModel:
    return LiteModel.of(bundle.read(TINY))


def cascade(quick: LiteModel, sure: float) -> tuple[CascadeModel, Thorough]:
    thorough: Any = Thorough(quick.taxonomy)
    return CascadeModel(quick, thorough, sure), thorough


def test_the_unsure_rows_are_read_and_no_others(quick: LiteModel) -> None:
    batch = [prepare(text) for text in TEXTS]
    answers, sure = quick.weigh(batch)
    assert answers == quick.predict(batch)
    assert ((sure > 0) & (sure < 1)).all()
    model, thorough = cascade(quick, float(np.sort(sure)[2]))
    found = model.predict(batch)
    read = [index for index in range(len(TEXTS)) if sure[index] < np.sort(sure)[2]]
    assert len(read) == 2
    assert thorough.asked == [batch[index].text for index in read]
    for index, answer in enumerate(found):
        assert (answer == answers[index]) == (index not in read)


def test_alone_or_together_it_says_the_same(quick: LiteModel) -> None:
    batch = [prepare(text) for text in TEXTS]
    model, _ = cascade(quick, float(np.median(quick.weigh(batch)[1])))
    assert model.predict(batch) == [model.predict([one])[0] for one in batch]
    assert model.predict([]) == []


def test_the_reasons_are_those_of_the_model_that_answered(quick: LiteModel) -> None:
    text = prepare(TEXTS[1])
    for sure, read in ((0.0, False), (1.0, True)):
        model, _ = cascade(quick, sure)
        reasons = model.reasons(text, "sentiment", "negative")
        assert (reasons == [Reason(0, 1, 5.0)]) == read


def test_it_is_known_by_both_and_by_what_is_asked_of_lite(quick: LiteModel) -> None:
    one, other = (cascade(quick, sure)[0] for sure in (0.3, 0.4))
    assert one.name == f"thorough@1.0.0+{quick.name}"
    assert len({one.digest, other.digest, quick.digest}) == 3
    assert set(one.accuracy) <= set(quick.accuracy)
    for topic, by_language in one.accuracy.items():
        for language, figure in by_language.items():
            assert figure <= quick.accuracy[topic][language]


def test_models_that_find_other_things_are_refused(quick: LiteModel) -> None:
    data = quick.taxonomy.to_dict()
    data["tags"] = {}
    thorough: Any = Thorough(Taxonomy.from_dict(data, where="here"))
    with pytest.raises(ModelError, match="leave speed at full"):
        CascadeModel(quick, thorough)
