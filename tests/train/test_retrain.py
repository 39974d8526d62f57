"""`train` from a lite model, whole: checked, held out, compared, saved or not."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import sentiment
from sentiment.cli import main
from sentiment.errors import (
    InputError,
    LabelError,
    MissingExtra,
    ModelError,
    NotReached,
    OutputError,
)
from sentiment.model import bundle
from sentiment.model.heads import Scores
from sentiment.model.lite import LiteModel
from sentiment.records import STATES
from sentiment.taxonomy import Taxonomy
from sentiment.train.data.examples import Example
from sentiment.train.linear.targets import read_corpus
from sentiment.train.retrain.bases import open_base
from sentiment.train.retrain.lessons import Lessons, set_lessons
from sentiment.train.retrain.phrases import weak_examples
from sentiment.train.retrain.prior import lay_out
from sentiment.train.retrain.run import Silent, TrainOptions, kept_state, retrain
from sentiment.train.rows.record import read_record
from sentiment.wording import Tongue
from tests.train.feedback import rows, write_lines, write_table

ROOT = Path(__file__).parents[2]
OWN = """
extends = "default"
[topics.app]
zh = "应用"
en = "app"
[drivers."app.login"]
zh = "登录"
en = "login"
phrases = ["log in", "password", "登录"]
"""


class Heard(Silent):
    """Keeps what it is told."""

    def __init__(self, tongue: Tongue = "en") -> None:
        self.tongue: Tongue = tongue
        self.said: list[str] = []
        self.steps: list[tuple[int, int]] = []

    def say(self, key: str, /, **fields: object) -> None:
        self.said.append(key)

    def line(self, text: str) -> None:
        self.said.append(text)

    def step(self, done: int, steps: int, loss: float) -> None:
        assert loss > 0
        self.steps.append((done, steps))


def options(tmp_path: Path, tiny: Path, **more: Any) -> TrainOptions:
    given: dict[str, Any] = {
        "labelled": tmp_path / "labelled.csv", "output": tmp_path / "mine", "base": str(tiny),
        "device": "cpu", **more,
    }  # fmt: skip
    return TrainOptions(**given)


def hashes(folder: Path) -> dict[str, str]:
    return {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in ("config.json", "weights.safetensors")
    }


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    return write_table(tmp_path / "labelled.csv", rows(160))


@pytest.fixture
def dev(tmp_path: Path) -> Path:
    """Rows to measure on: one fit instead of six."""
    return write_table(tmp_path / "dev.csv", rows(240)[160:])


def test_labelled_rows_make_a_better_model(tmp_path: Path, tiny: Path, labelled: Path) -> None:
    heard = Heard()
    trained = retrain(options(tmp_path, tiny), heard)
    assert trained.better
    assert trained.held == trained.rows == 160  # every row was held out in turn
    assert trained.bundle is not None
    assert heard.said == [
        "training", "compared", *(f"difference_{one.verdict}" for one in trained.differences),
    ]  # fmt: skip
    assert heard.steps[-1][0] == heard.steps[-1][1]
    assert [*heard.steps] == sorted(heard.steps)
    topics = next(one for one in trained.differences if one.figure == "topic_f1")
    assert topics.value is not None
    assert topics.value > 0.1

    analyzer = sentiment.load(tmp_path / "mine")
    assert analyzer.model_name == "mine@1.0.0"
    analysis = analyzer.analyze("快递太慢，客服爱理不理")
    assert (analysis.topics["delivery"], analysis.topics["service"]) == ("negative", "negative")
    assert "+" in trained.bundle.card
    made = trained.bundle.manifest["made"]
    assert made["rows"] == 160
    assert made["against"] == sentiment.load(tiny).model_name
    assert made["versions"]["scipy"]
    assert len(made["data_sha256"]) == 64
    assert set(trained.bundle.accuracy["price"]) == {"zh", "en"}


def test_the_same_again_gives_the_same_bytes(
    tmp_path: Path, tiny: Path, labelled: Path, dev: Path
) -> None:
    for name in ("one", "two"):
        retrain(options(tmp_path, tiny, output=tmp_path / name / "mine", dev=dev))
    assert hashes(tmp_path / "one" / "mine") == hashes(tmp_path / "two" / "mine")
    retrain(options(tmp_path, tiny, output=tmp_path / "three" / "mine", dev=dev, seed=5))
    assert hashes(tmp_path / "one" / "mine") != hashes(tmp_path / "three" / "mine")


def test_a_finished_output_is_left_alone_and_another_one_is_not_lost(
    tmp_path: Path, tiny: Path, labelled: Path, dev: Path
) -> None:
    first = retrain(options(tmp_path, tiny, dev=dev))
    again = retrain(options(tmp_path, tiny, dev=dev))
    assert again.finished_before
    assert again.better == first.better
    assert (again.differences, again.rows, again.held) == (first.differences, 160, 80)
    assert len(repr(again)) < 1000  # fits a screen
    with pytest.raises(OutputError, match="add overwrite=True"):
        retrain(options(tmp_path, tiny, dev=dev, seed=3))
    with pytest.raises(OutputError, match="add --overwrite"):
        retrain(options(tmp_path, tiny, dev=dev, seed=3, command="sentiment train"))
    assert not retrain(options(tmp_path, tiny, dev=dev, seed=3, overwrite=True)).finished_before
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(OutputError, match="is no folder"):
        retrain(options(tmp_path, tiny, output=tmp_path / "file"))
    heard = Heard()
    with pytest.raises(OutputError, match="cannot be written"):
        retrain(options(tmp_path, tiny, output=tmp_path / "file" / "mine"), heard)
    assert not heard.steps  # found out before anything was trained


def test_what_was_asked_otherwise_is_no_finished_output(
    tmp_path: Path, tiny: Path, labelled: Path, dev: Path
) -> None:
    retrain(options(tmp_path, tiny, dev=dev))
    mine = str(tmp_path / "mine")
    other = tmp_path / "other"
    retrain(options(tmp_path, tiny, dev=dev, output=other, seed=2))
    with pytest.raises(OutputError, match="add overwrite=True"):
        retrain(options(tmp_path, tiny, dev=dev, version="2.0.0"))
    with pytest.raises(OutputError, match="add overwrite=True"):
        retrain(options(tmp_path, tiny, dev=dev, against=str(other)))
    second = retrain(options(tmp_path, tiny, dev=dev, version="2.0.0", overwrite=True))
    assert second.bundle is not None
    assert second.bundle.name == "mine@2.0.0"
    assert retrain(options(tmp_path, tiny, dev=dev, version="2.0.0")).finished_before
    # The base by its path is what it was compared with; and the output is the model in use by now.
    for against in (str(tiny), mine):
        again = options(tmp_path, tiny, dev=dev, version="2.0.0", against=against, overwrite=True)
        assert retrain(again).finished_before


def test_what_was_kept_by_force_is_no_better_without(
    tmp_path: Path, tiny: Path, labelled: Path, dev: Path
) -> None:
    # Against itself, trained the same way, nothing is better.
    retrain(options(tmp_path, tiny, dev=dev, output=tmp_path / "good"))
    good = str(tmp_path / "good")
    with pytest.raises(NotReached) as fresh:
        retrain(options(tmp_path, tiny, dev=dev, against=good))
    assert not retrain(options(tmp_path, tiny, dev=dev, against=good, force=True)).better
    assert retrain(options(tmp_path, tiny, dev=dev, against=good, force=True)).finished_before
    with pytest.raises(NotReached) as later:
        retrain(options(tmp_path, tiny, dev=dev, against=good))
    assert str(later.value) == str(fresh.value)
    assert (tmp_path / "mine").exists()


def test_labels_that_are_noise_make_no_better_model(tmp_path: Path, tiny: Path, dev: Path) -> None:
    some = rows(120)
    states = [{name: row[name] for name in row if name != "text"} for row in some]
    for at, row in enumerate(some):
        row.update(states[(at * 37 + 11) % len(states)])
    write_table(tmp_path / "labelled.csv", some)
    good = write_table(tmp_path / "good.csv", rows(160))
    retrain(options(tmp_path, tiny, labelled=good, output=tmp_path / "good", dev=dev))
    # Against a model that knows these words, noise is worse and is not saved.
    told = r"no better than good@1\.0\.0 on 80 rows.*or add force=True"
    with pytest.raises(NotReached, match=told) as raised:
        retrain(options(tmp_path, tiny, base=str(tmp_path / "good"), dev=dev))
    assert raised.value.exit_code == 3
    assert not (tmp_path / "mine").exists()
    kept = retrain(options(tmp_path, tiny, base=str(tmp_path / "good"), dev=dev, force=True))
    assert not kept.better
    assert kept.bundle is not None
    assert "Not shown to be better" in kept.bundle.card


def test_a_dev_file_is_measured_on_and_not_trained_on(
    tmp_path: Path, tiny: Path, labelled: Path, dev: Path
) -> None:
    trained = retrain(options(tmp_path, tiny, dev=dev))
    assert (trained.rows, trained.held) == (160, 80)
    assert trained.bundle is not None
    assert "80 rows of dev.csv" in trained.bundle.card


def test_rows_that_a_model_was_trained_on_are_told_when_it_is_measured_on_them(
    tmp_path: Path, tiny: Path, labelled: Path, dev: Path
) -> None:
    retrain(options(tmp_path, tiny, dev=dev))
    mine = tmp_path / "mine"
    both = write_table(tmp_path / "both.csv", rows(240)[100:])
    found = sentiment.evaluate([tiny, mine], both)
    assert [model.learned for model in found.models] == [0, 60]
    told = "60 of 140 rows were learned from: figures of mine@1.0.0 say nothing about new rows."
    assert told in found.lines()
    assert "140 行中有 60 行是 mine@1.0.0 学过的" in "".join(found.lines("zh"))
    assert found.to_html().count(told) == 1
    assert found.to_dict()["models"][1]["learned"] == 60
    assert "learned from" not in "".join(sentiment.evaluate(mine, dev).lines())
    # What is trained from it has learned these rows too.
    more = write_table(tmp_path / "more.csv", rows(300)[240:])
    retrain(options(tmp_path, mine, labelled=more, output=tmp_path / "next", dev=dev, force=True))
    assert sentiment.evaluate(tmp_path / "next", both).models[0].learned == 60
    assert (mine / "manifest.json").stat().st_size < 5000


def test_what_should_be_known_of_the_rows_comes_with_the_result(
    tmp_path: Path, tiny: Path, dev: Path
) -> None:
    some = rows(160)
    path = write_table(tmp_path / "labelled.csv", [*some, some[0], rows(240)[200]])
    heard = Heard()
    trained = retrain(options(tmp_path, tiny, dev=dev), heard)
    assert f"{path}: row 161: the same text and labels as row 1; used once" in trained.warnings
    assert len(trained.warnings) == sum(line.startswith("  ") for line in heard.said)
    assert retrain(options(tmp_path, tiny, dev=dev)).warnings == trained.warnings


def test_rows_that_are_all_in_the_dev_file_are_named_as_the_reason(
    tmp_path: Path, tiny: Path, labelled: Path
) -> None:
    with pytest.raises(LabelError, match=r"0 rows can be used.*160 more are in .*labelled\.csv"):
        retrain(options(tmp_path, tiny, dev=labelled))


def test_which_model_scores_by_default_is_told_where_another_was_beaten(
    tmp_path: Path, tiny: Path, labelled: Path, dev: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle, "bundled", lambda: {"small": tiny, bundle.DEFAULT: tiny})
    heard = Heard()
    retrain(options(tmp_path, Path("small"), dev=dev), heard)
    assert heard.said[:2] == ["training", "not_default"]


def test_every_fault_is_told_in_the_tongue_before_anything_is_trained(
    tmp_path: Path, tiny: Path
) -> None:
    path = write_lines(tmp_path / "labelled.jsonl", [{"text": "很好", "overall": "good"}])
    heard = Heard("zh")
    with pytest.raises(LabelError, match="第 1 行：overall 'good' 不是"):
        retrain(options(tmp_path, tiny, labelled=path), heard)
    assert heard.steps == []


def test_opinions_with_evidence_teach_drivers(tmp_path: Path, tiny: Path) -> None:
    # Words that the base knows as something else, or not at all.
    said = {
        "packed like a treasure": ("delivery.condition", "positive"),
        "the box looked like an accordion": ("delivery.condition", "negative"),
        "my wallet thanks you": ("price.level", "positive"),
        "it costs an arm and a leg": ("price.level", "negative"),
    }
    records: list[dict[str, Any]] = []
    for number in range(120):
        evidence, (driver, polarity) = [*said.items()][number % 4]
        opinion = {"driver": driver, "polarity": polarity, "evidence": evidence}
        records.append(
            {
                "text": f"order {number}: {evidence}", "overall": polarity, "opinions": [opinion],
                "tags": None,
            }
        )  # fmt: skip
    write_lines(tmp_path / "labelled.jsonl", records)
    trained = retrain(options(tmp_path, tiny, labelled=tmp_path / "labelled.jsonl"))
    drivers = next(one for one in trained.differences if one.figure == "driver_f1")
    assert drivers.verdict == "better"
    assert not any(one.figure == "tag_f1" for one in trained.differences)  # masked, not absent
    analyzer = sentiment.load(tmp_path / "mine")
    (found,) = analyzer.analyze("order 500: the box looked like an accordion").opinions
    assert (found.driver, found.polarity) == ("delivery.condition", "negative")


def test_a_driver_of_ones_own_starts_from_seed_phrases(tmp_path: Path, tiny: Path) -> None:
    some = rows(120)
    for at, row in enumerate(some[::5]):
        extra = (", I cannot log in", "，登录总是失败")[at % 2]
        row["text"] += extra
    write_table(tmp_path / "labelled.csv", some)
    own = tmp_path / "own.toml"
    own.write_text(OWN, encoding="utf-8")
    trained = retrain(options(tmp_path, tiny, taxonomy=own, force=True))
    assert trained.bundle is not None
    assert "Nothing of this was measured" in trained.bundle.card
    assert "app.login: 24 rows hold one of log in, password, 登录" in trained.bundle.card
    analyzer = sentiment.load(tmp_path / "mine")
    assert "app" in analyzer.taxonomy.topics
    found = analyzer.analyze("works really well, but I cannot log in")
    assert [one.evidence for one in found.opinions if one.driver == "app.login"]
    none = analyzer.analyze("works really well, and it arrived early")
    assert none.topics["app"] == "absent"


def test_a_topic_of_ones_own_follows_from_phrases_beside_labelled_drivers(
    tmp_path: Path, tiny: Path
) -> None:
    own = tmp_path / "own.toml"
    own.write_text(OWN, encoding="utf-8")
    taxonomy = Taxonomy.read(str(own))
    early = {"driver": "delivery.speed", "polarity": "positive", "evidence": "it arrived early"}
    records: list[dict[str, Any]] = [
        # Nobody could name the driver of the topic yet: that it is absent is no label.
        {"text": "it arrived early, but I cannot log in, awful", "opinions": [early]},
        {"text": "great value", "opinions": [{"driver": "price.value", "polarity": "positive"}]},
        {"text": "forgot the password, terrible", "topics": {"price": "absent"}},
    ]  # fmt: skip
    examples = [one for record in records if (one := read_record(record, taxonomy, "own")[0])]
    lessons = lessons_of(examples, taxonomy, tiny)
    at = [*taxonomy.topics].index("app")
    assert [STATES[state] for state in lessons.states[:, at]] == ["neutral", "absent", "neutral"]
    assert not lessons.labelled_states[:, at].any()
    heads = len(lessons.clause[0]) + 3 * at
    assert lessons.row[:, heads : heads + 3].tolist() == [[0, 1, 0], [0, 0, 0], [0, 1, 0]]
    assert STATES[lessons.states[0, [*taxonomy.topics].index("delivery")]] == "positive"

    taught, found = weak_examples(examples, taxonomy, LiteModel.of(bundle.read(tiny)))
    assert found == {"app.login": 2}
    (heard,) = [one for one in taught[0].opinions or () if one.name == "app.login"]
    assert taught[2].drivers["app.login"] != "absent"
    assert [(row.topics or {})["app"] for row in taught] == [
        heard.polarity, "absent", taught[2].drivers["app.login"],
    ]  # fmt: skip
    assert (taught[0].topics or {})["delivery"] == "positive"


def test_a_topic_that_starts_from_phrases_is_found_and_not_measured(
    tmp_path: Path, tiny: Path
) -> None:
    own = tmp_path / "own.toml"
    own.write_text(OWN, encoding="utf-8")
    dear = {"driver": "price.level", "polarity": "negative", "evidence": "an arm and a leg"}
    packed = {"driver": "delivery.condition", "polarity": "positive", "evidence": "like a treasure"}
    records = [
        {"text": f"order {number}: {opinion['evidence']}{', I cannot log in' * (number % 5 == 0)}",
         "overall": opinion["polarity"], "opinions": [opinion]}
        for number in range(120)
        for opinion in [(dear, packed)[number % 2]]
    ]  # fmt: skip
    labelled = write_lines(tmp_path / "labelled.jsonl", records)
    trained = retrain(options(tmp_path, tiny, labelled=labelled, taxonomy=own))
    assert {one.figure: one.second for one in trained.differences} == {
        "overall_accuracy": 1.0, "topic_f1": 1.0, "driver_f1": 1.0,
    }  # fmt: skip
    analysis = sentiment.load(tmp_path / "mine").analyze("order 500: great, but I cannot log in")
    assert "app.login" in [one.driver for one in analysis.opinions]
    assert analysis.topics["app"] != "absent"


def test_a_driver_of_ones_own_adds_to_a_topic_whose_drivers_are_labelled(
    tmp_path: Path, tiny: Path
) -> None:
    own = tmp_path / "own.toml"
    own.write_text(
        'extends = "default"\n[drivers."delivery.app"]\nen = "app"\nphrases = ["log in"]\n',
        encoding="utf-8",
    )
    taxonomy = Taxonomy.read(str(own))
    slow = {"driver": "delivery.speed", "polarity": "negative", "evidence": "it came late"}
    records: list[dict[str, Any]] = [
        {"text": "I log in, it came late", "opinions": [slow]},
        {"text": "I log in and look", "opinions": []},
        {"text": "nothing else to say of it", "opinions": []},
        {"text": "I log in again", "topics": {"delivery": "absent"}},  # a person said so
    ]
    examples = [one for record in records if (one := read_record(record, taxonomy, "own")[0])]
    lessons = lessons_of(examples, taxonomy, tiny)
    at = [*taxonomy.topics].index("delivery")
    states = [STATES[state] for state in lessons.states[:, at]]
    assert states == ["negative", "neutral", "absent", "absent"]
    assert lessons.labelled_states[:, at].tolist() == [True, False, True, True]

    taught, _ = weak_examples(examples, taxonomy, LiteModel.of(bundle.read(tiny)))
    topics = [(row.topics or {})["delivery"] for row in taught]
    assert topics[0] in ("negative", "mixed")
    assert topics[1] == (taught[1].opinions or ())[0].polarity
    assert topics[2:] == ["absent", "absent"]


def lessons_of(examples: list[Example], taxonomy: Taxonomy, tiny: Path) -> Lessons:
    """Return what the examples teach a lite model by a base that leans nowhere."""
    corpus = read_corpus(examples)
    prior = lay_out(LiteModel.of(bundle.read(tiny)), taxonomy)
    clauses = np.zeros((len(corpus.row_of_clause), prior.clause_heads), np.float32)
    rows = np.zeros((len(examples), prior.weights.shape[1] - prior.clause_heads), np.float32)
    scores = Scores(clauses, rows, corpus.row_of_clause)
    return set_lessons(corpus, prior.labels, taxonomy, scores)


def test_a_topic_of_ones_own_is_labelled_in_a_column(tmp_path: Path, tiny: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(OWN.replace('phrases = ["log in", "password", "登录"]', ""), encoding="utf-8")
    lines = ["text,sentiment,app,quality"]
    for at in range(120):
        judged = ("I cannot log in", "negative") if at % 3 == 0 else ("works really well", "absent")
        quality = "positive" if judged[1] == "absent" else "absent"
        lines.append(f"order {at} {judged[0]},{'negative' if at % 3 == 0 else 'positive'},"
                     f"{judged[1]},{quality}")  # fmt: skip
    (tmp_path / "labelled.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    trained = retrain(options(tmp_path, tiny, taxonomy=own))
    assert trained.better
    analysis = sentiment.load(tmp_path / "mine").analyze("order 500 I cannot log in")
    assert analysis.topics["app"] == "negative"


def test_options_of_another_kind_are_told(tmp_path: Path, tiny: Path, labelled: Path) -> None:
    wrong: Any = "labelled.csv"
    with pytest.raises(InputError, match=r"takes TrainOptions\(labelled=\.\.\..*, not a str"):
        retrain(wrong)
    with pytest.raises(InputError, match="labelled of TrainOptions is a string or a path"):
        retrain(options(tmp_path, tiny, labelled=5))
    with pytest.raises(InputError, match="settings of TrainOptions are a dict"):
        retrain(options(tmp_path, tiny, settings=5))
    with pytest.raises(InputError, match=r"tiny@1\.0\.0 is a lite model.*no setting foo"):
        retrain(options(tmp_path, tiny, settings={"foo": 1}))


@pytest.mark.parametrize(
    ("name", "value"),
    [("seed", -1), ("seed", "x"), ("seed", None), ("seed", 1.5), ("force", "no"), ("text", 3),
     ("overwrite", 3), ("version", 2), ("device", None)],
)  # fmt: skip
def test_an_option_of_another_kind_is_refused_first(name: str, value: object) -> None:
    options: dict[str, Any] = {name: value}
    with pytest.raises(InputError, match=f"{name} of TrainOptions is"):
        retrain(TrainOptions(labelled="none.jsonl", output="out", **options))


def test_an_empty_folder_is_no_state_that_was_kept(tmp_path: Path) -> None:
    state = tmp_path / ".mine.training" / "hash" / "part0" / "0"
    state.mkdir(parents=True)
    assert not kept_state(tmp_path / "mine")
    (state / "run.pt").write_bytes(b"half")
    assert kept_state(tmp_path / "mine")


def test_paths_are_strings_too(tmp_path: Path, tiny: Path, labelled: Path, dev: Path) -> None:
    asked = TrainOptions(
        labelled=str(labelled), output=str(tmp_path / "mine"), base=str(tiny), dev=str(dev)
    )
    assert retrain(asked).bundle is not None


def test_steps_of_a_lite_model_are_refused(
    tmp_path: Path, tiny: Path, labelled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command(tmp_path, tiny, "--steps", "5"), "--language", "zh"]) == 2
    assert "没有 steps 这项设置" in capsys.readouterr().err


def test_a_base_that_is_none(tmp_path: Path, tiny: Path, labelled: Path) -> None:
    with pytest.raises(ModelError, match="There is no model 'unheard'"):
        retrain(options(tmp_path, tiny, base="unheard"))


def test_a_hub_id_of_a_model_of_ours_is_no_encoder(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub = ModuleType("huggingface_hub")
    stub.hf_hub_download = lambda repository, name: str(tiny / name)  # type: ignore[attr-defined]
    stub.snapshot_download = lambda repository, **_: str(tiny)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "huggingface_hub", stub)
    assert open_base("somebody/model").name == "tiny@1.0.0"


def test_without_torch_the_extra_is_named(
    tmp_path: Path, labelled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "encoder").mkdir()
    (tmp_path / "encoder" / "config.json").write_text("{}", encoding="utf-8")
    monkeypatch.setitem(sys.modules, "torch", None)  # as if it were not installed
    with pytest.raises(MissingExtra, match=r"torch is not installed.*sentiment\[torch\]"):
        retrain(options(tmp_path, tmp_path / "encoder"))


def test_without_scipy_the_extra_is_named(
    tmp_path: Path, tiny: Path, labelled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "scipy", None)
    with pytest.raises(MissingExtra, match=r"sentiment\[train\]"):
        retrain(options(tmp_path, tiny))


def command(tmp_path: Path, tiny: Path, *more: str) -> list[str]:
    return [
        "train", str(tmp_path / "labelled.csv"), "-o", str(tmp_path / "mine"), "--base", str(tiny),
        "--device", "cpu", *more,
    ]  # fmt: skip


def test_the_command(
    tmp_path: Path, tiny: Path, labelled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command(tmp_path, tiny), "--language", "en"]) == 0
    told = capsys.readouterr()
    assert told.out == ""
    assert "topic state F1: " in told.err
    assert ": better" in told.err
    assert f"New model mine@1.0.0: {tmp_path / 'mine'}" in told.err
    assert main([*command(tmp_path, tiny), "--language", "zh"]) == 0
    assert "无需再做" in capsys.readouterr().err
    assert main([*command(tmp_path, tiny, "--seed", "-1"), "--language", "zh"]) == 2
    assert "应为 0 以上的整数" in capsys.readouterr().err
    saved = bundle.read(tmp_path / "mine")
    assert saved.manifest["made"]["command"].startswith("sentiment train ")


def test_the_command_that_is_no_better_ends_with_three(
    tmp_path: Path, tiny: Path, labelled: Path, dev: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command(tmp_path, tiny), "--dev", str(dev), "--language", "zh"]) == 0
    again = [
        "train", str(labelled), "-o", str(tmp_path / "again"), "--base", str(tmp_path / "mine"),
        "--dev", str(dev), "--language", "zh",
    ]  # fmt: skip
    assert main(again) == 3
    assert "新模型并不优于 mine@1.0.0；没有保存" in capsys.readouterr().err


def test_the_script_reads_its_options_from_a_file(
    tmp_path: Path, tiny: Path, labelled: Path, dev: Path
) -> None:
    config = tmp_path / "retrain.toml"
    lines = ('labelled = "labelled.csv"', 'dev = "dev.csv"', 'output = "mine"', 'device = "cpu"')
    given = "\n".join([*lines, f'base = "{tiny.as_posix()}"'])
    config.write_text(given, encoding="utf-8")
    script = [sys.executable, str(ROOT / "scripts" / "retrain.py"), str(config)]
    done = subprocess.run(script, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    assert "New model mine@1.0.0" in done.stderr
    config.write_text('labeled = "labelled.csv"\n', encoding="utf-8")
    done = subprocess.run(script, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 2
    assert "there is no option labeled" in done.stderr
