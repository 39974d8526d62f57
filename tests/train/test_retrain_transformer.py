"""`train` from encoders of other makers, and again from what came of it; all tiny, all offline."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs the extra [torch]")
pytest.importorskip("transformers", reason="needs the extra [torch]")
pytest.importorskip("onnx", reason="needs the extra [torch]")
pytest.importorskip("onnxruntime", reason="needs the extra [torch]")

import sentiment
from sentiment.errors import InputError, NotReached
from sentiment.model import bundle
from sentiment.taxonomy import Taxonomy
from sentiment.train.base import finetune as finetuning
from sentiment.train.retrain.run import Trained, TrainOptions, retrain
from sentiment.train.retrain.transformer import TrainSettings
from tests.model.word_heads import words_of
from tests.train import checkpoints
from tests.train.feedback import rows, write_table

QUICK = {"steps": 6, "threads": 1}
OWN = """
extends = "default"
[topics.app]
en = "app"
[drivers."app.login"]
en = "login"
phrases = ["early", "压烂"]
"""


def train(labelled: Path, base: Path, output: Path, tiny: Path, **more: object) -> Trained:
    options = TrainOptions(
        labelled=labelled, output=output, base=str(base), against=str(tiny), device="cpu",
        force=True, settings=QUICK, **more,
    )  # fmt: skip
    return retrain(options)


@dataclass(frozen=True)
class First:
    """A bundle made from an encoder, and what it was made of; not to be written to."""

    bundle: Path
    encoder: Path
    labelled: Path
    trained: Trained


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, tiny: Path) -> First:
    """Train the bundle once for all tests."""
    folder = tmp_path_factory.mktemp("first")
    labelled = write_table(folder / "labelled.csv")
    encoder = checkpoints.bert(folder / "encoder", [row["text"] for row in rows()])
    return First(
        folder / "first", encoder, labelled, train(labelled, encoder, folder / "first", tiny)
    )


def weights(folder: Path) -> dict[str, str]:
    names = ("config.json", bundle.NETWORK, bundle.TOKENIZER)
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}


def xlmr(folder: Path, tiny: Path) -> Trained:
    labelled = write_table(folder / "labelled.csv")
    encoder = checkpoints.xlmr(folder / "encoder", [row["text"] for row in rows()])
    return train(labelled, encoder, folder / "mine", tiny)


@pytest.mark.parametrize("kind", ["bert", "xlmr"])
def test_an_encoder_becomes_a_bundle_that_scores(
    kind: str, tmp_path: Path, tiny: Path, first: First
) -> None:
    trained = first.trained if kind == "bert" else xlmr(tmp_path, tiny)
    assert trained.bundle is not None
    assert trained.bundle.architecture == "transformer"
    assert trained.held > 10
    assert {one.figure for one in trained.differences} == {"topic_f1", "overall_accuracy"}
    analyzer = sentiment.load(first.bundle if kind == "bert" else tmp_path / "mine", device="cpu")
    analysis = analyzer.analyze("客服很耐心，快递太慢，订单3")
    assert analysis.status == "ok"
    for opinion in analysis.opinions:
        assert opinion.evidence == analysis.text[opinion.start : opinion.end]
    assert "To reproduce" in trained.bundle.card


def test_a_bundle_is_trained_again_with_a_taxonomy_of_its_own(
    tmp_path: Path, tiny: Path, first: First
) -> None:
    own = tmp_path / "own.toml"
    own.write_text(OWN, encoding="utf-8")
    again = train(first.labelled, first.bundle, tmp_path / "second", tiny, taxonomy=own)
    assert again.bundle is not None
    assert "app.login" in again.bundle.taxonomy.drivers
    assert re.search(r"app\.login: [1-9]\d* rows hold one of early, 压烂", again.bundle.card)
    assert sentiment.load(tmp_path / "second", device="cpu").analyze("价格太贵").topics["app"]


@pytest.mark.long
def test_the_same_again_gives_the_same_weights(tmp_path: Path, tiny: Path, first: First) -> None:
    train(first.labelled, first.encoder, tmp_path / "first", tiny)
    assert weights(tmp_path / "first") == weights(first.bundle)


def test_a_run_that_was_interrupted_takes_up_the_turns_that_are_finished(
    tmp_path: Path, tiny: Path, first: First, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = finetuning.finetune, list[int]()

    def cut_short(*given: object, **more: object) -> object:
        calls.append(len(calls))
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(*given, **more)

    monkeypatch.setattr(finetuning, "finetune", cut_short)
    with pytest.raises(KeyboardInterrupt):
        train(first.labelled, first.bundle, tmp_path / "second", tiny)
    train(first.labelled, first.bundle, tmp_path / "second", tiny)
    # Four parts aside in turn and all rows at last: two of the five were finished.
    assert len(calls) == 3 + 3
    monkeypatch.setattr(finetuning, "finetune", real)
    train(first.labelled, first.bundle, tmp_path / "whole" / "second", tiny)
    assert weights(tmp_path / "second") == weights(tmp_path / "whole" / "second")


def test_of_many_rows_one_part_is_kept_aside(
    tmp_path: Path, tiny: Path, first: First, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved, words = bundle.read(first.bundle), words_of({"dire": {"negative": 9}})
    bundle.write(
        tmp_path / "spoken", config=saved.config, metrics=saved.metrics, card=saved.card, made={},
        arrays=words.arrays(), files=[saved.file(name) for name in (
            bundle.GRAPH, bundle.NETWORK, bundle.TOKENIZER, "tokenizer_config.json")],
    )  # fmt: skip
    real, calls = finetuning.finetune, list[int]()

    def counted(*given: object, **more: object) -> object:
        calls.append(len(calls))
        return real(*given, **more)

    monkeypatch.setattr(finetuning, "finetune", counted)
    settings = {**QUICK, "in_turn": 10}
    options = TrainOptions(
        labelled=first.labelled, output=tmp_path / "second", base=str(tmp_path / "spoken"),
        against=str(tiny), device="cpu", force=True, settings=settings,
    )  # fmt: skip
    trained = retrain(options)
    assert trained.bundle is not None
    assert len(calls) == 1
    # What the words of the base say is said by the new model too.
    kept = trained.bundle.arrays()
    assert {name: array.tolist() for name, array in kept.items()} == {
        name: array.tolist() for name, array in words.arrays().items()
    }


def test_no_better_is_not_saved(tmp_path: Path, tiny: Path) -> None:
    labelled = write_table(tmp_path / "labelled.csv")
    encoder = checkpoints.bert(tmp_path / "encoder", [row["text"] for row in rows()])
    options = TrainOptions(
        labelled=labelled, output=tmp_path / "mine", base=str(encoder), against=str(tiny),
        device="cpu", settings={"steps": 1, "threads": 1},
    )  # fmt: skip
    with pytest.raises(NotReached, match="no better than"):
        retrain(options)
    assert not (tmp_path / "mine").exists()
    assert [one.name for one in tmp_path.iterdir() if "training" in one.name] == []


@pytest.mark.long
def test_the_taxonomy_of_an_encoder_is_the_default(tmp_path: Path, tiny: Path) -> None:
    labelled = write_table(tmp_path / "labelled.csv")
    encoder = checkpoints.roberta(tmp_path / "encoder", [row["text"] for row in rows()])
    trained = train(labelled, encoder, tmp_path / "mine", tiny)
    assert trained.bundle is not None
    assert [*trained.bundle.taxonomy.drivers] == [*Taxonomy.default().drivers]


def test_settings_are_numbers_of_their_kind() -> None:
    settings = TrainSettings.of({"anchor": 5, "epochs": 2, "steps": 40.0, "encoder_rate": 1e-4})
    assert (settings.anchor, settings.epochs, settings.steps) == (5.0, 2.0, 40)
    assert type(settings.anchor) is float
    assert type(settings.steps) is int
    for given, words in (
        ({"ancor": 5}, "no setting ancor"),
        ({"anchor": "5"}, "anchor is a number, not '5'"),
        ({"threads": True}, "threads is a number"),
        ({"steps": float("inf")}, "steps is a number, not inf"),
        ({"steps": 2.5}, "steps is a whole number, not 2.5"),
    ):
        with pytest.raises(InputError, match=words):
            TrainSettings.of(given)
