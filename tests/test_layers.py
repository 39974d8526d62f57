"""Who may import whom, written once; and that no module needs itself to be imported."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "sentiment"

# A part imports from itself and from the lines above its own, at whatever time; never from beside.
LAYERS = (
    ("children", "cycles", "errors", "patterns", "records", "wording"),
    ("help",),
    ("arguments", "complaints", "drivers", "taxonomy", "text"),
    ("tables",),
    ("model", "talk"),
    ("explanation", "frame"),
    ("analyzer",),
    ("job", "reporting"),
    ("cluster", "train"),
    ("labelling",),
    ("verbs",),
    ("cli",),
    ("__main__",),
)
# Inside the training, a folder imports from itself and from those before it.
TRAINING = ("data", "rows", "linear", "base", "figures", "retrain")
LEVEL = {part: level for level, parts in enumerate(LAYERS) for part in parts}
FILES = sorted(PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in FILES}


def part_of(module: str) -> str:
    return module.split(".")[1]


def _statements(nodes: list[ast.stmt], *, deferred: bool) -> Iterator[ast.stmt]:
    """Yield the statements that run, those inside functions only if they are asked for."""
    for node in nodes:
        yield node
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from _statements(node.orelse, deferred=deferred)
            continue
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and not deferred:
            continue
        for field in ("body", "orelse", "finalbody"):
            yield from _statements(getattr(node, field, []), deferred=deferred)
        for handler in getattr(node, "handlers", []):
            yield from _statements(handler.body, deferred=deferred)


@cache
def imports(path: Path, *, deferred: bool) -> frozenset[str]:
    """Return the modules of the package that a file imports."""
    found: set[str] = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in _statements(tree.body, deferred=deferred):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found.add(inner if inner in MODULES else str(node.module))
    return frozenset(name for name in found if name in MODULES and name != "sentiment")


def test_every_part_has_a_layer() -> None:
    parts = {part_of(name) for name in MODULES if name != "sentiment"}
    assert parts == set(LEVEL)


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_part_imports_from_the_layers_below(path: Path) -> None:
    if path == PACKAGE / "__init__.py":
        assert imports(path, deferred=True) == frozenset()
        return
    own = part_of(name_of(path))
    for name in imports(path, deferred=True):
        other = part_of(name)
        assert other == own or LEVEL[other] < LEVEL[own], f"{name_of(path)} imports {name}"


def test_every_folder_of_the_training_has_its_place() -> None:
    folders = {path.parent.name for path in FILES if path.parent.parent == PACKAGE / "train"}
    assert folders == set(TRAINING)


@pytest.mark.parametrize("folder", TRAINING)
def test_a_folder_of_the_training_imports_from_those_before_it(folder: str) -> None:
    before = TRAINING[: TRAINING.index(folder) + 1]
    for path in (PACKAGE / "train" / folder).glob("*.py"):
        for name in imports(path, deferred=True):
            if part_of(name) == "train":
                assert name.split(".")[2] in before, f"{name_of(path)} imports {name}"


def test_no_import_goes_in_a_circle() -> None:
    graph = {name: imports(path, deferred=False) - {name} for name, path in MODULES.items()}
    try:
        list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_the_reading_of_imports_sees_what_it_should(tmp_path: Path) -> None:
    path = tmp_path / "x.py"
    path.write_text(
        "from typing import TYPE_CHECKING\n"
        "import sentiment.records\n"
        "if TYPE_CHECKING:\n    from sentiment.cli import main\n"
        "try:\n    from sentiment.text import words\nexcept ImportError:\n    import sentiment.talk\n"
        "def f():\n    from sentiment.tables import rows\n",
        encoding="utf-8",
    )
    now = {"sentiment.records", "sentiment.text", "sentiment.talk"}
    assert imports(path, deferred=False) == now
    assert imports(path, deferred=True) == now | {"sentiment.tables.rows"}
