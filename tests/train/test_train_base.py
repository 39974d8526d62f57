"""What `scripts/train_base.py` writes down of sets that a base has not seen."""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

pytest.importorskip("torch", reason="needs the extra [torch]")
pytest.importorskip("transformers", reason="needs the extra [torch]")

from sentiment.model import bundle

ROOT = Path(__file__).parents[2]


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def asked(without: list[str], start: Path | None = None) -> argparse.Namespace:
    return argparse.Namespace(
        without=without, start=start, steps=5, taught=None, taught_share=None, gold_share=None,
        vectors=None, soup=[], leave_out=[], name="base", rate=1.0, way=1.0, seed=0, trained=None,
    )  # fmt: skip


def trained(given: argparse.Namespace, folder: Path, tiny: Path) -> Path:
    """Write a bundle that says of its making what the script says."""
    train_base, like = script("train_base"), bundle.read(tiny)
    config = {name: value for name, value in like.config.items() if name != "schema"}
    bundle.write(
        folder, config=config, metrics={}, card="# base", arrays=like.arrays(),
        made=train_base._made(given, [], {}, train_base._unseen(given)),
    )  # fmt: skip
    return folder


def test_a_set_that_was_left_out_is_new_to_the_learning_curve(tmp_path: Path, tiny: Path) -> None:
    base = trained(asked(["fabsa"]), tmp_path / "base", tiny)
    learning_curve = script("learning_curve")
    assert learning_curve._is_new(str(base), "fabsa")
    assert not learning_curve._is_new(str(base), "jd_agri_aspects")


def test_a_set_that_the_start_has_seen_is_not_new(tmp_path: Path, tiny: Path) -> None:
    start = trained(asked(["fabsa"]), tmp_path / "start", tiny)
    base = trained(asked(["fabsa", "jd_agri_aspects"], start), tmp_path / "base", tiny)
    learning_curve = script("learning_curve")
    assert learning_curve._is_new(str(base), "fabsa")
    assert not learning_curve._is_new(str(base), "jd_agri_aspects")


def test_the_command_that_is_written_down_has_every_share() -> None:
    given = asked([])
    given.taught_share, given.gold_share = 0.1, 0.7
    assert script("train_base")._command(given).endswith("--taught-share 0.1 --gold-share 0.7")


def test_weights_that_others_made_are_told_with_their_recipe(tmp_path: Path) -> None:
    train_base = script("train_base")
    given = asked([])
    given.trained, given.leave_out, given.name = tmp_path / "fast" / "w.safetensors", [1, 3], "fast"
    (tmp_path / "recipe.json").write_text('{"base_steps": 4500}', encoding="utf-8")
    assert train_base._recipe(given.trained) == {"base_steps": 4500}
    said = train_base._command(given)
    assert "gpu_prepare.py" in said
    assert said.endswith("--name fast --leave-out 1 3")
    recipe = {"command": "python scripts/distil.py DATA BASE OUT"}
    (tmp_path / "recipe.json").write_text(json.dumps(recipe), encoding="utf-8")
    assert train_base._command(given).startswith("python scripts/distil.py DATA BASE OUT; python")
