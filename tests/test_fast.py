"""What fast.py writes of the ways that it measured."""

from __future__ import annotations

import importlib.util
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

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


def test_the_fast_model_is_told_with_what_it_costs_and_saves(fast: ModuleType) -> None:
    nothing = measure([], [])
    points = [
        fast.Point(way, name, rate, *[replace(nothing, topic_f1=f1, overall_accuracy=f1 + 0.1)] * 2)
        for way, name, rate, f1 in (
            ("", "lite", 9000.0, 0.70), ("fast", "50%", 4000.0, 0.72), ("", "fast", 2000.0, 0.74),
            ("base", "50%", 1600.0, 0.75), ("", "base", 800.0, 0.76),
        )
    ]  # fmt: skip
    text = fast.report(points)
    assert (
        "2.5 times the rows, on gold dev with 2.0 points less of topic F1 and 2.0 points less of"
        in text
    )
    assert "| **fast** | 2,000 | 0.740 |" in text
    assert "| 50% left to base | 1,600 | 0.750 |" in text
    drawn = ElementTree.fromstring(fast.picture(points))
    assert len(drawn.findall("{*}circle")) == 5
    assert len(drawn.findall("{*}polyline")) == 2
