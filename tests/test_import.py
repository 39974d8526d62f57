"""Importing the package is free of side effects, seen from a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HEAVY = (
    *("numpy", "torch", "sklearn", "scipy", "pandas", "jieba", "pyarrow", "opencc", "openpyxl"),
    *("jinja2", "rich", "safetensors", "onnxruntime", "transformers", "huggingface_hub", "ftfy"),
    *("charset_normalizer", "multiprocessing", "socket", "asyncio"),
)
# Runs in a fresh interpreter: watches, does what it is given, and says what it saw.
WATCH = """
import json, locale, logging, os, random, signal, sys, threading, warnings

watched = True
seen = {"written": [], "sockets": [], "started": []}

def hook(event, arguments):
    if not watched:
        return
    if event == "open":
        path, mode, flags = arguments
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) and str(path) != os.devnull:
            seen["written"].append(str(path))
    elif event in ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.symlink", "os.putenv"):
        seen["written"].append(event)
    elif event.startswith("socket."):
        seen["sockets"].append(event)
    elif event in ("subprocess.Popen", "os.fork", "os.exec", "os.posix_spawn"):
        seen["started"].append(event)

def state():
    root = logging.getLogger()
    return {
        "filters": [str(one) for one in warnings.filters],
        "level": root.level,
        "handlers": len(root.handlers),
        "disabled": logging.root.manager.disable,
        "locale": locale.setlocale(locale.LC_ALL),
        "signals": [str(signal.getsignal(one)) for one in (signal.SIGINT, signal.SIGTERM)],
        "environment": dict(os.environ),
        "path": list(sys.path),
        "random": str(random.getstate()),
        "recursion": sys.getrecursionlimit(),
        "switch": sys.getswitchinterval(),
        "hook": str(sys.excepthook),
        "threads": threading.active_count(),
        "directory": os.getcwd(),
    }

exec(sys.argv[2])
before = state()
modules = set(sys.modules)
sys.addaudithook(hook)
exec(sys.argv[1])
watched = False
after = state()
seen["changed"] = [name for name in before if before[name] != after[name]]
seen["loaded"] = sorted({name.split(".")[0] for name in set(sys.modules) - modules})
seen["modules"] = sorted(name for name in sys.modules if name.startswith("sentiment"))
print(json.dumps(seen))
"""


def watch(code: str, folder: Path, already: str = "") -> dict[str, Any]:
    """Say what some code did in a fresh process; `already` runs before the watch begins."""
    run = subprocess.run(
        [sys.executable, "-B", "-c", WATCH, code, already],
        cwd=folder, capture_output=True, text=True, encoding="utf-8",
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""
    seen: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return seen


def quiet(seen: dict[str, Any]) -> None:
    assert seen["written"] == []
    assert seen["sockets"] == []
    assert seen["started"] == []
    assert seen["changed"] == []


def test_importing_the_package_loads_and_changes_nothing(tmp_path: Path) -> None:
    seen = watch("import sentiment", tmp_path)
    quiet(seen)
    assert sorted(set(seen["loaded"]) & set(HEAVY)) == []
    assert seen["modules"] == ["sentiment"]
    assert list(tmp_path.iterdir()) == []


def test_a_name_loads_what_it_needs(tmp_path: Path) -> None:
    seen = watch("import sentiment; sentiment.Feedback('x'); sentiment.InputError", tmp_path)
    quiet(seen)
    assert sorted(set(seen["loaded"]) & set(HEAVY)) == []
    assert seen["modules"] == ["sentiment", "sentiment.errors", "sentiment.records"]


def test_scoring_loads_numpy_and_no_dictionary(tmp_path: Path, tiny: Path) -> None:
    code = (
        "import sentiment\n"
        f"analyzer = sentiment.load({str(tiny)!r})\n"
        "assert analyzer.analyze('The battery is bad.').status == 'ok'\n"
        "assert analyzer.analyze('质量太差，物流很快').status == 'ok'"
    )
    # NumPy adds a warnings filter of its own when it is imported; that is not for us to judge.
    seen = watch(code, tmp_path, "import numpy")
    quiet(seen)
    allowed = {"numpy", "safetensors", "opencc", "ftfy"}
    assert sorted(set(seen["loaded"]) & set(HEAVY) - allowed) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "module",
    [
        "cli",
        "analyzer",
        "job",
        "cluster",
        "reporting",
        "tables",
        "text",
        "drivers",
        "train.figures.evaluate",
    ],
)
def test_importing_a_part_changes_nothing(tmp_path: Path, module: str) -> None:
    seen = watch(f"import sentiment.{module}", tmp_path, "import numpy")
    quiet(seen)
    heavy = {"torch", "sklearn", "pandas", "jieba", "openpyxl", "jinja2", "transformers", "scipy"}
    assert sorted(set(seen["loaded"]) & (heavy | {"ray"})) == []


def test_the_watch_sees_what_it_is_there_for(tmp_path: Path) -> None:
    code = (
        "import socket; socket.socket().close(); open('x', 'w').close(); os.environ['A_B'] = '1'\n"
        "warnings.simplefilter('error'); logging.getLogger().setLevel(10)"
    )
    seen = watch(code, tmp_path)
    assert seen["sockets"]
    assert seen["written"][0] == "x"
    assert {"filters", "level", "environment"} <= set(seen["changed"])
