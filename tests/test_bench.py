"""The benchmark runs, measures the same rows each time, and writes what it prints."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from types import ModuleType

import pytest

from sentiment.model.bundle import bundled

SCRIPT = Path(__file__).parents[1] / "scripts" / "bench.py"


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bench", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules["bench"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("length", [20, 60, 200])
def test_rows_have_their_length_in_both_languages_and_vary(bench, length):
    rows = bench.make_rows(400, length)
    chinese, english = rows[::2], rows[1::2]
    assert sum(map(len, chinese)) / 200 == pytest.approx(length, rel=0.1)
    assert sum(len(row.split()) for row in english) / 200 == pytest.approx(
        length * 25 / 60, rel=0.15
    )
    assert len(set(rows)) > 380
    assert rows == bench.make_rows(400, length)


def test_size_counts_every_package_once_and_no_extra(bench):
    numpy, whole = bench.installed_size("numpy"), bench.installed_size("sentiment")
    assert 1 << 20 < numpy < whole < 450 << 20


def test_peak_memory_is_that_of_all_processes_together(bench):
    child = "x = bytearray(60 << 20); import time; time.sleep(0.5); print(len(x))"
    call = [sys.executable, "-c", child]
    parent = f"import subprocess; x = bytearray(60 << 20); subprocess.run({call!r})"
    done = bench.run([sys.executable, "-c", parent])
    assert done.printed == [f"{60 << 20}\n"]
    assert done.memory > (120 if sys.platform == "linux" else 60) << 20
    assert 0.5 < done.first <= done.seconds


def test_a_process_that_fails_is_told_with_its_complaint(bench):
    with pytest.raises(RuntimeError, match="no such thing"):
        bench.run([sys.executable, "-c", "raise SystemExit('no such thing')"])


def test_rates_leave_out_what_fewer_rows_took_in_the_same_round(bench):
    figures = bench.Figures("lite", "lite@1", ours=True)
    figures.file = {10: [1.0, 2.0, 1.0], 1_010: [2.0, 4.0, 3.0], 5_010: [9.0]}
    assert figures.start == 1.0
    assert figures.rate(1_010) == 1_010 / 3.0
    assert figures.longest == 1_010  # the longer one was run once
    assert figures.each_past(10, 1_010) == [1_000, 500, 500]
    assert figures.running == 500
    assert figures.past(1_010, 5_010) == 4_000 / 7
    assert figures.past(1_010, 9_000) is None


def test_ratios_are_those_of_each_round(bench):
    ours = bench.Figures("lite", "lite@1", ours=True, by_length={bench.USUAL: 90.0})
    ours.file = {10: [0.0] * 3, 1_010: [1.0, 2.0, 4.0]}
    peer = bench.Figures("VADER", "VADER 3", ours=False, by_length={bench.USUAL: 30.0})
    peer.file = {10: [0.0] * 3, 1_010: [2.0, 4.0, 8.0], 9_010: [1.0]}
    (said,) = bench._ratios([ours, peer])
    assert "2.0 times VADER (3.0 in memory)" in said


def test_what_a_job_takes_once_is_told_apart_from_its_rows(bench):
    ours = bench.Figures("lite", "lite@1", ours=True)
    ours.file = {10: [0.5], 100: [1.5], 200: [2.5], 400: [4.5]}
    *_, lines = bench._past_start([ours], bench.Plan(sizes=(100, 200, 400)))
    assert "| lite@1 | 0.50 s | 100 | 100 |" in lines
    assert bench._past_start([ours], bench.Plan(sizes=(100,))) == []


def test_it_runs_and_writes_what_it_prints(tmp_path):
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--quick", "--only", "lite", "--only", "VADER", "--out", tmp_path],
        check=True,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )  # fmt: skip
    assert (tmp_path / "bench.md").read_text(encoding="utf-8") in done.stdout
    values = json.loads((tmp_path / "bench.json").read_text(encoding="utf-8"))
    measured = {system["name"]: system for system in values["systems"]}
    assert ("lite" in measured) == ("lite" in bundled())
    for system in measured.values():
        assert set(system["by_length"]) == {"20", "60"}
        assert all(rate > 0 for rate in system["by_length"].values())
        assert set(system["file"]) == {"10", "100", "200"}
        assert all(seconds > 0 for runs in system["file"].values() for seconds in runs)
        assert system["memory"] > 1 << 20
    assert values["machine"]["cores"] >= 1
    ElementTree.parse(tmp_path / "bench.svg")
