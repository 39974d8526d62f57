"""The roads that cards name can be walked: every command is one that its script takes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROADS = sorted((ROOT / "scripts" / "roads").glob("*.sh"))


@pytest.mark.skipif(sys.platform == "win32", reason="shell scripts")
@pytest.mark.parametrize("road", ROADS, ids=lambda road: road.stem)
def test_every_command_is_one_that_its_script_takes(road: Path, tmp_path: Path) -> None:
    said = tmp_path / "said"
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.write_text(f'#!/bin/sh\nprintf "%s\\t" "$@" >> {said}\necho >> {said}\n')
    python.chmod(0o755)
    path = f"{python.parent}{os.pathsep}{os.environ['PATH']}"
    folders = [tmp_path / name for name in ("data", "minilm", "work")]
    subprocess.run([road, *folders], check=True, env={**os.environ, "PATH": path}, timeout=60)

    commands = [line.split("\t")[:-1] for line in said.read_text().splitlines()]
    assert len(commands) > 20
    written: set[str] = set()
    for script, *words in commands:
        source = (ROOT / script).read_text(encoding="utf-8")
        for option, value in zip(words, [*words[1:], ""], strict=True):
            if option.startswith("--"):
                assert f'"{option}"' in source, f"{script} {option}"
            if option in ("--start", "--taught", "--vectors", "--soup"):
                assert value in written, f"{script} {option}: nothing before it writes {value}"
        written |= set(words)


def test_the_bundled_models_have_one() -> None:
    assert {"base", "fast"} <= {road.stem for road in ROADS}
