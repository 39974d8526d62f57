from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sentiment.model import bundle, lite
from sentiment.model.lite import LiteModel
from sentiment.records import POLARITIES
from sentiment.text import prepare

TEXTS = [
    "物流很快，但是质量太差",
    "The battery died and nobody answered",
    "。。。",
    "",
    "👍",
    "\ud800",
]


@pytest.fixture(scope="module")
def model(tiny: Path) -> LiteModel:
    return LiteModel.of(bundle.read(tiny))


def test_it_is_what_its_bundle_says(model: LiteModel, tiny: Path) -> None:
    assert model.name == "tiny@1.0.0"
    assert model.path == tiny
    assert model.digest == bundle.read(tiny).digest
    assert set(model.labels.names) <= {*model.taxonomy.drivers, *model.taxonomy.tags}
    for driver in model.taxonomy.drivers:
        for polarity in POLARITIES:
            assert (driver, polarity) in model.labels.pairs


def test_an_empty_batch(model: LiteModel) -> None:
    assert model.predict([]) == []


def test_any_text_can_be_asked_about(model: LiteModel) -> None:
    found = model.predict([prepare(text) for text in TEXTS])
    assert len(found) == len(TEXTS)
    for prediction in found:
        assert sum(prediction.probabilities) == pytest.approx(1, abs=1e-5)
        assert not prediction.truncated


def test_drivers_come_first_and_in_the_order_of_the_text(model: LiteModel) -> None:
    text = "商家很有诚信，物流很快，但是质量太差，客服也不理人，价格倒是便宜，还会再来"
    (prediction,) = model.predict([prepare(text)])
    kinds = [finding.name in model.taxonomy.drivers for finding in prediction.findings]
    assert kinds == sorted(kinds, reverse=True)
    drivers = [one.start for one in prediction.findings if one.name in model.taxonomy.drivers]
    assert drivers == sorted(drivers)
    assert len(drivers) > 2


@pytest.mark.parametrize(("rows", "letters"), [(1, 10), (2, 30), (3, 10**9), (128, 1)])
def test_how_many_go_at_one_time_changes_nothing(
    model: LiteModel, monkeypatch: pytest.MonkeyPatch, rows: int, letters: int
) -> None:
    batch = [prepare(text) for text in TEXTS * 3]
    expected = model.predict(batch)
    monkeypatch.setattr(lite, "_ROWS", rows)
    monkeypatch.setattr(lite, "_LETTERS", letters)
    parts = list(lite._parts(batch))
    assert [one for part in parts for one in part] == batch
    assert max(map(len, parts)) <= rows
    assert all(sum(len(p.text) for p in part) <= letters for part in parts if len(part) > 1)
    assert model.predict(batch) == expected


def test_its_arrays_are_never_written(tiny: Path) -> None:
    model: Any = LiteModel.of(bundle.read(tiny))
    arrays = [model.heads.stored, model.heads.scale, model.heads.bias, model.combination.overall]
    for array in arrays:
        array.flags.writeable = False
    before = [array.copy() for array in arrays]
    model.predict([prepare(text) for text in TEXTS])
    model.reasons(prepare(TEXTS[0]), "sentiment", "negative")
    for array, same in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, same)
