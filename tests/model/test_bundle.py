from __future__ import annotations

import hashlib
import json
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import sentiment
from sentiment.errors import InputError, MissingExtra, ModelError, OutputError
from sentiment.model import bundle

FILES = ("README.md", "config.json", "metrics.json", "weights.safetensors")
Arrays = dict[str, Any]


@pytest.fixture
def copy(tiny: Path, tmp_path: Path) -> Path:
    """A bundle that a test may spoil."""
    return Path(shutil.copytree(tiny, tmp_path / "copy"))


def sign(folder: Path) -> None:
    """Make the manifest fit the files again: what a stranger who forges a bundle would do."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    for name in manifest["files"]:
        digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        manifest["files"][name] = digest
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def change(folder: Path, name: str, edit: Callable[[dict[str, Any]], object]) -> None:
    """Edit a JSON file of a bundle, and sign it."""
    data = json.loads((folder / name).read_text(encoding="utf-8"))
    edit(data)
    (folder / name).write_text(json.dumps(data), encoding="utf-8")
    if name != "manifest.json":
        sign(folder)


def rewrite(folder: Path, edit: Callable[[Arrays], object]) -> None:
    """Edit the arrays of a bundle, and sign it."""
    from safetensors.numpy import load, save

    arrays = load((folder / "weights.safetensors").read_bytes())
    edit(arrays)
    (folder / "weights.safetensors").write_bytes(save(arrays))
    sign(folder)


def some_arrays() -> Arrays:
    return {"b": np.arange(6, dtype=np.float32).reshape(2, 3), "a": np.ones(2, dtype=np.int8)}


def put(path: Path, **changes: Any) -> bundle.Bundle:
    parts: dict[str, Any] = {
        "config": {"name": "x", "version": "1", "architecture": "lite", "taxonomy": {}},
        "arrays": some_arrays(),
        "metrics": {"f1": 0.5},
        "card": "# 模型\n",
        "made": {"rows": 3},
    }
    return bundle.write(path, **{**parts, **changes})


def test_a_bundle_tells_what_it_is(tiny: Path) -> None:
    saved = bundle.read(tiny)
    assert saved.name == "tiny@1.0.0"
    assert saved.architecture == "lite"
    assert list(saved.taxonomy.topics) == ["quality", "price", "service", "delivery"]
    assert saved.card.startswith("# tiny 1.0.0")
    assert saved.size == sum(entry.stat().st_size for entry in tiny.iterdir()) < 400_000
    assert sorted(saved.manifest["files"]) == sorted(FILES)


@pytest.mark.parametrize("name", FILES)
def test_a_changed_byte_is_refused_and_named(copy: Path, name: str) -> None:
    data = bytearray((copy / name).read_bytes())
    data[len(data) // 2] ^= 1
    (copy / name).write_bytes(data)
    with pytest.raises(ModelError, match=f"{name}: changed since the bundle was saved"):
        sentiment.load(copy)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_refused_and_named(copy: Path, name: str) -> None:
    (copy / name).unlink()
    with pytest.raises(ModelError, match=f"the file {name} is missing"):
        sentiment.load(copy)


def test_the_digest_changes_with_any_file(copy: Path) -> None:
    before = bundle.read(copy).digest
    (copy / "README.md").write_text("another card", encoding="utf-8")
    sign(copy)
    assert bundle.read(copy).digest != before


def test_the_accuracy_by_topic_and_language_is_told(copy: Path) -> None:
    def state(labelled: int, found: int, right: int) -> dict[str, int]:
        return {"labelled": labelled, "found": found, "right": right}

    states = {"quality:negative": state(6, 4, 3), "quality:mixed": state(2, 0, 0)}
    nothing = {"price:negative": state(0, 0, 0)}
    figures = {"gold dev": {"zh": {"topics": {**states, **nothing}}, "en": {"topics": {}}}}
    change(copy, "metrics.json", lambda data: data.update(figures))
    assert sentiment.load(copy).accuracy == {"quality": {"zh": 0.5}}


@pytest.mark.parametrize("value", [0.5, [], {"zh": 1}, {"zh": {"topics": {"quality:mixed": {}}}}])
def test_figures_of_another_kind_do_not_stop_a_model(copy: Path, value: object) -> None:
    change(copy, "metrics.json", lambda data: data.update(measured=value))
    assert sentiment.load(copy).accuracy == {}


def test_a_folder_without_a_manifest_is_no_bundle(copy: Path) -> None:
    (copy / "manifest.json").unlink()
    with pytest.raises(ModelError, match=r"there is no manifest\.json in it"):
        sentiment.load(copy)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '"files"', "{}", '{"files": []}', '{"files": {}}', "[" * 100_000]
)
def test_a_manifest_that_is_none_is_refused(copy: Path, text: str) -> None:
    (copy / "manifest.json").write_text(text, encoding="utf-8")
    with pytest.raises(ModelError, match=r"manifest\.json"):
        bundle.read(copy)


def test_bytes_that_are_no_text_are_refused(copy: Path) -> None:
    (copy / "manifest.json").write_bytes(b"\xff\xfe\x00{")
    with pytest.raises(ModelError, match=r"manifest\.json: cannot be read"):
        bundle.read(copy)


@pytest.mark.parametrize("name", ["../secret", "/etc/hostname", "sub/x.json", "..", "."])
def test_the_manifest_names_nothing_outside(copy: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "secret").write_text("s", encoding="utf-8")
    digest = hashlib.sha256(b"s").hexdigest()
    change(copy, "manifest.json", lambda data: data["files"].update({name: digest}))
    with pytest.raises(ModelError, match=r"is not the name of a file|is missing"):
        bundle.read(copy)


def test_a_newer_schema_asks_for_an_upgrade(copy: Path) -> None:
    change(copy, "config.json", lambda data: data.update(schema=bundle.SCHEMA + 1))
    with pytest.raises(ModelError, match=r"made by a newer release.*upgrade with pip"):
        sentiment.load(copy)


@pytest.mark.parametrize("schema", [None, "1", 0, 1.5])
def test_no_schema_is_no_bundle_of_ours(copy: Path, schema: object) -> None:
    change(copy, "config.json", lambda data: data.update(schema=schema))
    with pytest.raises(ModelError, match="no schema version"):
        sentiment.load(copy)


def test_an_unknown_architecture_asks_for_an_upgrade(copy: Path) -> None:
    change(copy, "config.json", lambda data: data.update(architecture="oracle"))
    with pytest.raises(ModelError, match="architecture 'oracle' is not known"):
        sentiment.load(copy)


@pytest.mark.parametrize("field", ["name", "version", "architecture", "taxonomy"])
def test_a_config_without_a_field_is_refused(copy: Path, field: str) -> None:
    change(copy, "config.json", lambda data: data.pop(field))
    with pytest.raises(ModelError, match=f"the field {field} is missing"):
        sentiment.load(copy)


@pytest.mark.parametrize("field", ["labels", "thresholds", "evidence", "clause_heads"])
@pytest.mark.parametrize("value", [None, [], {}, "x", 7])
def test_a_config_that_does_not_fit_is_refused(copy: Path, field: str, value: object) -> None:
    change(copy, "config.json", lambda data: data.update({field: value}))
    with pytest.raises(ModelError, match="not a lite model that this release can run"):
        sentiment.load(copy)


@pytest.mark.parametrize("value", [[], "x", {"drivers": 1}, {"drivers": {"x": {}}}])
def test_a_taxonomy_that_is_none_is_refused(copy: Path, value: object) -> None:
    change(copy, "config.json", lambda data: data.update(taxonomy=value))
    with pytest.raises(ModelError, match=r"config\.json"):
        sentiment.load(copy)


@pytest.mark.parametrize(
    "label", [["quality.unheard", "positive"], ["price.level", "glowing"], ["price.level"]]
)
def test_a_label_that_the_taxonomy_does_not_know_is_refused(copy: Path, label: list[str]) -> None:
    change(copy, "config.json", lambda data: data["labels"].__setitem__(0, label))
    with pytest.raises(ModelError, match="not a lite model that this release can run"):
        sentiment.load(copy)


NAMES = (
    *("bias", "buckets", "combine.clause", "combine.label", "combine.overall", "combine.state"),
    *("scale", "weights"),
)


def test_these_are_all_arrays(tiny: Path) -> None:
    assert sorted(bundle.read(tiny).arrays()) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_arrays_that_do_not_fit_are_refused(copy: Path, name: str) -> None:
    rewrite(copy, lambda arrays: arrays.update({name: arrays[name][:-1]}))
    with pytest.raises(ModelError, match="not a lite model that this release can run"):
        sentiment.load(copy)
    rewrite(copy, lambda arrays: arrays.pop(name))
    with pytest.raises(ModelError, match="not a lite model that this release can run"):
        sentiment.load(copy)


def test_numbers_that_are_none_are_refused(copy: Path) -> None:
    rewrite(copy, lambda arrays: arrays["bias"].__setitem__(3, np.nan))
    with pytest.raises(ModelError, match="bias that are no numbers"):
        sentiment.load(copy)


@pytest.mark.parametrize("value", [-1, 1 << 22, 0])
def test_buckets_that_are_none_are_refused(copy: Path, value: int) -> None:
    rewrite(copy, lambda arrays: arrays["buckets"].__setitem__(5, value))
    with pytest.raises(ModelError, match="not a lite model that this release can run"):
        sentiment.load(copy)


def test_truncated_weights_are_refused(copy: Path) -> None:
    path = copy / "weights.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ModelError, match=r"weights\.safetensors: changed"):
        sentiment.load(copy)
    sign(copy)
    with pytest.raises(ModelError, match=r"weights\.safetensors: the arrays cannot be read"):
        sentiment.load(copy)


class Intruder:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def test_a_pickle_is_never_run(copy: Path, tmp_path: Path) -> None:
    trace = tmp_path / "was_run"
    (copy / "weights.safetensors").write_bytes(pickle.dumps(Intruder(trace)))
    sign(copy)
    with pytest.raises(ModelError, match="the arrays cannot be read"):
        sentiment.load(copy)
    assert not trace.exists()


def test_what_the_manifest_does_not_list_is_not_read(copy: Path) -> None:
    for name in ("weights.safetensors", "README.md", "metrics.json"):
        change(copy, "manifest.json", lambda data, left=name: data["files"].pop(left))  # type: ignore[misc]
    (copy / "metrics.json").write_text("no json", encoding="utf-8")
    saved = bundle.read(copy)
    assert saved.metrics == {}
    with pytest.raises(ModelError, match=r"does not list README\.md"):
        _ = saved.card
    with pytest.raises(ModelError, match=r"does not list weights\.safetensors"):
        sentiment.load(copy)


def test_writing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = put(tmp_path / "one"), put(tmp_path / "two")
    assert first.digest == second.digest
    for entry in (tmp_path / "one").iterdir():
        assert entry.read_bytes() == (tmp_path / "two" / entry.name).read_bytes()
        assert b"\r" not in entry.read_bytes() or entry.suffix == ".safetensors"


def test_what_was_written_is_read(tmp_path: Path) -> None:
    saved = put(tmp_path / "deep" / "er")
    assert saved.config["schema"] == bundle.SCHEMA
    assert saved.metrics == {"f1": 0.5}
    assert saved.card == "# 模型\n"
    assert saved.manifest["made"] == {"rows": 3}
    for name, array in some_arrays().items():
        np.testing.assert_array_equal(saved.arrays()[name], array)
    assert [entry.name for entry in (tmp_path / "deep").iterdir()] == ["er"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_a_bundle_is_readable_by_others(tmp_path: Path) -> None:
    saved = put(tmp_path / "x")
    modes = {entry.stat().st_mode & 0o777 for entry in saved.path.iterdir()}
    plain = tmp_path / "plain"
    plain.touch()
    assert modes == {plain.stat().st_mode & 0o777}
    (tmp_path / "folder").mkdir()
    assert saved.path.stat().st_mode == (tmp_path / "folder").stat().st_mode


def test_an_older_bundle_is_replaced_whole(tmp_path: Path) -> None:
    put(tmp_path / "x", made={"rows": 1})
    assert put(tmp_path / "x").manifest["made"] == {"rows": 3}
    assert [entry.name for entry in tmp_path.iterdir()] == ["x"]


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    assert put(tmp_path / "x").name == "x@1"


def test_through_a_link_the_folder_is_replaced(tmp_path: Path) -> None:
    put(tmp_path / "real", made={"rows": 1})
    link = tmp_path / "link"
    try:
        link.symlink_to(tmp_path / "real", target_is_directory=True)
    except OSError:
        pytest.skip("no links here")
    put(link)
    assert link.is_symlink()
    assert bundle.read(tmp_path / "real").manifest["made"] == {"rows": 3}


def test_what_is_no_bundle_is_not_overwritten(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "thesis.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(OutputError, match="exists and is no model bundle"):
        put(folder)
    with pytest.raises(OutputError, match="exists and is no folder"):
        put(folder / "thesis.txt")
    assert (folder / "thesis.txt").read_text(encoding="utf-8") == "years of work"


def test_a_file_beside_a_bundle_is_not_lost(tmp_path: Path) -> None:
    put(tmp_path / "x", made={"rows": 1})
    (tmp_path / "x" / "notes").mkdir()
    with pytest.raises(OutputError, match="holds notes, which is no part of a bundle"):
        put(tmp_path / "x")
    assert bundle.read(tmp_path / "x").manifest["made"] == {"rows": 1}


@pytest.mark.parametrize("failing", ["_dump", "_swap"])
def test_a_write_that_fails_leaves_the_old_bundle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    put(tmp_path / "x", made={"rows": 1})

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(bundle, failing, full)
    with pytest.raises(OutputError, match=r"cannot be written \(No space left"):
        put(tmp_path / "x")
    monkeypatch.undo()
    assert bundle.read(tmp_path / "x").manifest["made"] == {"rows": 1}
    assert [entry.name for entry in tmp_path.iterdir()] == ["x"]


def test_a_failed_second_rename_brings_the_old_bundle_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "x", made={"rows": 1})
    rename = Path.rename

    def stubborn(self: Path, target: Path) -> Path:
        if self.name == "new":
            raise PermissionError(13, "Permission denied")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", stubborn)
    with pytest.raises(OutputError, match="Permission denied"):
        put(tmp_path / "x")
    assert bundle.read(tmp_path / "x").manifest["made"] == {"rows": 1}


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        put(tmp_path / "file" / "x")


@pytest.mark.parametrize("model", ["", "unheard", "a/b/c", "nowhere/", "x\0y", "-"])
def test_an_unknown_model_is_told(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError, match=r"There is no model|no model bundle"):
        sentiment.load(model)


@pytest.mark.parametrize("model", [7, 1.5, ["lite"], b"lite", object()])
def test_what_names_no_model_is_told(model: Any) -> None:
    with pytest.raises(InputError, match="A model is named by a string or a path"):
        sentiment.load(model)


def test_a_file_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "weights.bin").touch()
    with pytest.raises(ModelError, match="a model is a folder, and this is a file"):
        sentiment.load(tmp_path / "weights.bin")


@pytest.mark.parametrize("device", ["gpu", "", None, 0])
def test_an_unknown_device_is_told(tiny: Path, device: Any) -> None:
    with pytest.raises(InputError, match="is none of auto, cpu, cuda"):
        sentiment.load(tiny, device=device)


def test_a_hub_needs_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(MissingExtra, match=r'pip install "sentiment\[hub\]"'):
        sentiment.load("somebody/model")


def hub(monkeypatch: pytest.MonkeyPatch, download: Callable[..., str]) -> None:
    stub = ModuleType("huggingface_hub")
    stub.snapshot_download = download  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "huggingface_hub", stub)


def test_a_hub_is_asked_for_data_only(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, list[str]]] = []

    def download(repository: str, *, allow_patterns: list[str]) -> str:
        asked.append((repository, allow_patterns))
        return str(tiny)

    hub(monkeypatch, download)
    assert sentiment.load("somebody/model").model_name == "tiny@1.0.0"
    assert asked == [("somebody/model", ["*.json", "*.safetensors", "*.onnx", "README.md"])]


def test_only_what_has_a_manifest_is_a_model_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    stub = ModuleType("huggingface_hub")

    def download(repository: str, name: str) -> str:
        if (repository, name) == ("somebody/model", "manifest.json"):
            return "there"
        raise FileNotFoundError(name)

    stub.hf_hub_download = download  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "huggingface_hub", stub)
    assert bundle.is_on_hub("somebody/model")
    assert not bundle.is_on_hub("somebody/encoder")
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)  # as if it were not installed
    assert not bundle.is_on_hub("somebody/model")


def test_a_hub_that_does_not_answer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def download(*_: object, **__: object) -> str:
        raise ConnectionError("no route")

    hub(monkeypatch, download)
    with pytest.raises(ModelError, match=r"the hub gave no bundle of that name \(ConnectionError"):
        sentiment.load("somebody/model")


def test_no_hub_is_asked_for_a_folder_that_is_mistyped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models").mkdir()
    with pytest.raises(ModelError, match="There is no model 'models/mnie'"):
        sentiment.load("models/mnie")


def test_bundled_models_are_found_by_name_from_anywhere(tmp_path: Path) -> None:
    if not bundle.bundled():
        pytest.skip("no bundled model is there")
    code = "from sentiment.model import bundle as b; "
    code += "print([b.read(path).name for path in b.bundled().values()])"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == str([bundle.read(path).name for path in bundle.bundled().values()])


def test_a_card_is_rewritten_and_nothing_else(copy: Path) -> None:
    before = {name: (copy / name).read_bytes() for name in FILES}
    made = bundle.read(copy).manifest["made"]
    digest = bundle.read(copy).digest
    saved = bundle.rewrite(copy, card="# Another card\n")
    assert saved.card == "# Another card\n"
    assert saved.digest != digest
    assert saved.manifest["made"] == made
    for name in FILES:
        if name != "README.md":
            assert (copy / name).read_bytes() == before[name], name
    bundle.rewrite(copy, card=before["README.md"].decode())
    assert bundle.read(copy).digest == digest


def test_the_card_of_a_changed_bundle_is_not_rewritten(copy: Path) -> None:
    (copy / "config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ModelError, match="changed"):
        bundle.rewrite(copy, card="# Another card\n")
