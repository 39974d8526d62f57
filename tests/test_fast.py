"""What fast.py writes of the limits that it measured."""

from __future__ import annotations

import importlib.util
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from sentiment.model.cascade import SURE
from sentiment.train.figures.measure import measure

SCRIPT = Path(__file__).parents[1] / "scripts" / "fast.py"


@pytest.fixture
def fast(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # the script sets it for its own process
    spec = importlib.util.spec_from_file_location("fast", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "fast", module)
    spec.loader.exec_module(module)
    return module


def test_the_limit_in_use_is_marked_with_what_it_costs_and_saves(fast: ModuleType) -> None:
    nothing = measure([], [])
    points = [
        fast.Point(limit, share, seconds, *[replace(nothing, topic_f1=f1)] * 2)
        for limit, share, seconds, f1 in (
            (0.0, 0.0, 1.0, 0.70), (SURE, 0.3, 2.0, 0.74), (2.0, 1.0, 5.0, 0.76),
        )
    ]  # fmt: skip
    text = fast.report(points, 1000)
    assert "2.5 times the rows of `full` for 2.0 points" in text
    assert "| **30%** | **0.30** | **500** | **0.740** |" in text
    marks = ElementTree.fromstring(fast.picture(points, 1000)).findall("{*}circle")
    assert len(marks) == 3
