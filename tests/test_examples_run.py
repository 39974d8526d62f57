"""Every example that is documented runs, and says what it says it does.

Python blocks of the two READMEs run in a folder of their own; where a line ends in a comment that is
a Python value, the line has that value. Docstrings run as doctests.
"""

from __future__ import annotations

import ast
import doctest
import importlib
import re
import tokenize
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from sentiment.cli import main
from sentiment.model.bundle import bundled

ROOT = Path(__file__).parents[1]
READMES = ("README.md", "README.zh.md")
_BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)


def blocks() -> Iterator[tuple[str, str]]:
    for name in READMES:
        path = ROOT / name
        if path.exists():
            text = path.read_text(encoding="utf-8")
            for found in _BLOCK.finditer(text):
                line = text[: found.start(1)].count("\n") + 1
                yield f"{name}:{line}", found[1]


def comments(source: str) -> dict[int, str]:
    """Return the comment of each line that has one."""
    tokens = tokenize.generate_tokens(StringIO(source).readline)
    return {
        token.start[0]: token.string.lstrip("# ")
        for token in tokens
        if token.type == tokenize.COMMENT
    }


def run_block(source: str) -> int:
    """Run a block; return how many of its values were compared."""
    said = comments(source)
    names: dict[str, Any] = {}
    compared = 0
    for node in ast.parse(source).body:
        code = ast.unparse(node)
        if not isinstance(node, ast.Expr):
            exec(code, names)
            continue
        value = eval(code, names)
        try:
            expected = ast.literal_eval(said.get(node.end_lineno or 0, ""))
        except (SyntaxError, ValueError):
            continue
        assert value == expected, code
        compared += 1
    return compared


def needs_the_bundled_model() -> None:
    if "lite" not in bundled():
        pytest.skip("models/lite is not there")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to run in, with what `make demo` leaves behind."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


BLOCKS = list(blocks())


@pytest.mark.parametrize("source", [block for _, block in BLOCKS], ids=[at for at, _ in BLOCKS])
def test_a_block_of_a_readme_runs(source: str, folder: Path) -> None:
    needs_the_bundled_model()
    if "out/scored.csv" in source:
        (folder / "out").mkdir()
        sample = str(ROOT / "data" / "sample_reviews.csv")
        assert main(["score", sample, "-o", "out/scored.csv"]) == 0
    run_block(source)


def test_the_readme_shows_values_and_they_are_compared(folder: Path) -> None:
    needs_the_bundled_model()
    own = [source for at, source in BLOCKS if at.startswith("README.md") and "out/" not in source]
    if not own:
        pytest.skip("README.md has no Python yet")
    assert sum(run_block(source) for source in own) >= 1


def test_a_wrong_value_is_noticed() -> None:
    assert run_block("x = 1\nx + 1   # 2\nx   # one\n") == 1
    with pytest.raises(AssertionError):
        run_block("1 + 1   # 3\n")


def documented() -> list[str]:
    """Modules with an example in a docstring."""
    found = []
    for path in sorted((ROOT / "sentiment").rglob("*.py")):
        if ">>> " in path.read_text(encoding="utf-8"):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return found


@pytest.mark.parametrize("module", documented())
def test_examples_of_docstrings_run(module: str, folder: Path) -> None:
    needs_the_bundled_model()
    failed, tried = doctest.testmod(
        importlib.import_module(module), optionflags=doctest.NORMALIZE_WHITESPACE
    )
    assert tried > 0
    assert failed == 0


def test_load_has_an_example() -> None:
    assert "sentiment.analyzer" in documented()


def test_the_example_of_the_package_says_what_comes_out() -> None:
    needs_the_bundled_model()
    import sentiment

    lines = (sentiment.__doc__ or "").splitlines()
    example = "\n".join(line[4:] for line in lines if line.startswith("    "))
    assert run_block(example) == 1
