"""Patterns are compiled when they are used: every one must compile, and serve as the compiled one."""

import gc
import importlib
import pkgutil
import re
import subprocess
import sys

import pytest

import sentiment.drivers.answers
import sentiment.model.evidence
import sentiment.tables
import sentiment.text
from sentiment.patterns import _Pattern, regex


def _all() -> list[_Pattern]:
    for package in (sentiment.text, sentiment.tables):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    return [found for found in gc.get_objects() if type(found) is _Pattern]


def test_every_pattern_compiles() -> None:
    patterns = _all()
    assert len(patterns) > 150
    for pattern in patterns:
        compiled = re.compile(pattern._source, pattern._flags)
        assert pattern.pattern == compiled.pattern
        assert pattern.flags == compiled.flags


def test_it_does_what_the_compiled_pattern_does() -> None:
    words = regex(r"(?P<first>[a-z])[a-z]*", re.IGNORECASE)
    compiled = re.compile(r"(?P<first>[a-z])[a-z]*", re.IGNORECASE)
    for _ in range(2):  # asked for the first time, and once more
        assert words.findall("One two") == compiled.findall("One two") == ["O", "t"]
        assert words.sub(lambda match: match["first"], "One two") == "O t"
        assert words.groupindex == compiled.groupindex
    assert regex(rb"\d+").search(b"a12")[0] == b"12"  # type: ignore[index]


def test_what_a_pattern_lacks_it_lacks() -> None:
    with pytest.raises(AttributeError):
        _ = regex("a").nothing  # type: ignore[attr-defined]
    with pytest.raises(re.error):
        regex("(").search("a")


def test_nothing_is_compiled_before_it_is_used() -> None:
    code = (
        "import gc, sentiment.tables, sentiment.text; from sentiment.patterns import _Pattern; "
        "print(sum('search' in vars(p) for p in gc.get_objects() if type(p) is _Pattern))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "0"
