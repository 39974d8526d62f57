"""A teacher's word is a weighted mean, is kept in a file, and never overrules a label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sentiment.analyzer import open_model
from sentiment.errors import InputError
from sentiment.model import bundle
from sentiment.model.decision import Chances
from sentiment.records import POLARITIES, SENTIMENTS, STATES
from sentiment.taxonomy import Taxonomy
from sentiment.text import Prepared, prepare
from sentiment.train.base.teach import Teacher, read_taught, teach, write_taught
from sentiment.train.data.examples import Example, group_of

TAXONOMY = Taxonomy.default()
NAMES = (*TAXONOMY.drivers, *TAXONOMY.tags)
LATE = "the parcel came two weeks late"
SLOW = "物流太慢，等了两个星期"


class _Constant:
    """A teacher that says the same of every text."""

    def __init__(self, value: float) -> None:
        self._value = value

    def chances(self, batch: Sequence[Prepared]) -> Chances:
        shapes = ((4,), (len(TAXONOMY.topics), 5), (len(NAMES), 3))
        return Chances(
            *(np.full((len(batch), *shape), self._value, np.float32) for shape in shapes)
        )


def row(text: str, language: str = "en", **labels: object) -> Example:
    return Example(text, language, "some", group_of(text), **labels)  # type: ignore[arg-type]


def test_teachers_are_averaged_by_weight_in_the_languages_they_are_asked_in() -> None:
    english = frozenset({"en"})
    teachers = [Teacher(_Constant(0.2)), Teacher(_Constant(0.8), 3.0, english)]
    taught = teach([row(LATE), row(SLOW, "zh")], teachers)
    assert taught[group_of(LATE)].overall == pytest.approx([0.65] * 4, abs=1e-3)
    assert taught[group_of(SLOW)].findings == pytest.approx(np.full((len(NAMES), 3), 0.2), abs=1e-3)


def test_a_language_without_a_teacher_is_told() -> None:
    with pytest.raises(InputError, match="No teacher is asked in zh"):
        teach([row(SLOW, "zh")], [Teacher(_Constant(0.5), 1.0, frozenset({"en"}))])


def test_what_a_teacher_said_is_kept(tmp_path: Path) -> None:
    taught = teach([row(LATE), row(SLOW, "zh")], [Teacher(_Constant(0.3))])
    path = tmp_path / "taught.npz"
    write_taught(taught, path)
    again = read_taught(path)
    assert list(again) == list(taught)
    for one, other in zip(again[group_of(SLOW)], taught[group_of(SLOW)], strict=True):
        assert one.dtype == np.float32
        np.testing.assert_array_equal(one, other)
    path.write_bytes(b"no archive")
    with pytest.raises(InputError, match="no soft labels"):
        read_taught(path)


@pytest.mark.parametrize("name", ["lite", "base"])
def test_a_bundled_model_can_teach(name: str) -> None:
    if name == "base":
        pytest.importorskip("onnxruntime", reason="runs the base model")
    model = open_model(str(bundle.find(name)), "cpu")
    prepared = [prepare(LATE), prepare(SLOW), prepare("ok")]
    said = model.chances(prepared)  # type: ignore[attr-defined]
    assert said.overall.shape == (3, 4)
    assert said.overall.sum(1) == pytest.approx([1, 1, 1], abs=1e-5)
    assert said.states.sum(2) == pytest.approx(np.ones((3, len(TAXONOMY.topics))), abs=1e-5)
    late = said.findings[:2, NAMES.index("delivery.speed"), POLARITIES.index("negative")]
    assert (late > 0.5).all()
    alone = model.chances(prepared[1:2])  # type: ignore[attr-defined]
    for one, other in zip(said, alone, strict=True):
        np.testing.assert_allclose(one[1], other[0], atol=1e-5)


def test_a_label_goes_before_the_teacher() -> None:
    pytest.importorskip("torch", reason="training the base model needs the extra torch")
    tokenizers = pytest.importorskip("tokenizers")
    from sentiment.train.base.finetune import collate
    from sentiment.train.base.token_targets import UNKNOWN, read_targets

    tokenizer = tokenizers.Tokenizer.from_file(str(bundle.find("base") / bundle.TOKENIZER))
    said = Chances(
        np.array([0.1, 0.2, 0.3, 0.4], np.float32),
        np.full((len(TAXONOMY.topics), 5), 0.2, np.float32),
        np.full((len(NAMES), 3), 0.25, np.float32),
    )
    topics = list(TAXONOMY.topics)
    example = row(LATE, overall="negative", overall_weight=0.4, topics={"delivery": "negative"})
    [target] = read_targets([example], tokenizer, TAXONOMY, 64, {example.group: said})
    batch = collate([target])
    expected = 0.6 * said.overall
    expected[SENTIMENTS.index("negative")] += 0.4  # as far as the label is to be trusted
    np.testing.assert_allclose(batch.overall[0].numpy(), expected, atol=1e-6)
    states = batch.topics[0].numpy()
    assert states[topics.index("delivery"), STATES.index("negative")] == 1
    np.testing.assert_allclose(states[topics.index("price")], 0.2)
    speed = batch.findings[0, NAMES.index("delivery.speed")].numpy()
    assert speed[POLARITIES.index("positive")] == 0  # the topic's label rules praise out
    assert speed[POLARITIES.index("negative")] == 0.25
    assert (batch.findings[0, NAMES.index("price.level")] == 0.25).all()
    gold = replace(example, opinions=(), tags=(), topics=dict.fromkeys(topics, "absent"), gold=True)
    [target] = read_targets([gold], tokenizer, TAXONOMY, 64, {gold.group: said})
    assert target.taught is None
    assert (collate([target]).findings == 0).all()
    assert (collate([target]).implied == UNKNOWN).all()
