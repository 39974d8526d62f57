"""Processes beside this one: one that was started ahead is used, or ended."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from sentiment import children
from sentiment.cli import main

WORKER = "sentiment.job.worker"


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Every process that was started, none of which is left afterwards."""
    processes: list[subprocess.Popen[bytes]] = []
    start = children._started

    def noted(module: str, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        processes.append(start(module, environment))
        return processes[-1]

    monkeypatch.setattr(children, "_started", noted)
    yield processes
    for process in processes:
        children.end(process)


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A file that is large enough for a worker."""
    path = tmp_path / "large.csv"
    text = "送得很快，就是包装太差了。" * 20
    lines = [f"{number},{text}" for number in range(children.BYTES_OF_A_WORKER // len(text))]
    path.write_text("\n".join(["id,review", *lines]), encoding="utf-8")
    return path


def test_one_that_was_started_ahead_is_taken_once(started: list[subprocess.Popen[bytes]]) -> None:
    children.start_ahead(WORKER, {})
    assert children.start(WORKER, {}) is started[0]
    assert children.start(WORKER, {}) is not started[0]
    children.end_unused()
    assert [process.poll() for process in started] == [None, None]


def test_one_with_another_environment_is_not_taken(
    started: list[subprocess.Popen[bytes]],
) -> None:
    children.start_ahead(WORKER, {"SHARED": "1"})
    children.start(WORKER, {"SHARED": "2"})
    assert started[0].poll() is not None
    assert started[1].poll() is None


def test_a_large_file_has_one_worker_that_starts_at_once(
    large: Path, started: list[subprocess.Popen[bytes]]
) -> None:
    output = large.with_name("out.jsonl")
    arguments = ["score", str(large), "-o", str(output), "--model", "lite", "--workers", "2"]
    assert main(arguments) == 0
    assert len(started) == 1
    assert started[0].poll() is not None
    output.rename(whole := large.with_name("whole.jsonl"))
    assert main([*arguments[:-1], "1"]) == 0
    assert len(started) == 1
    assert output.read_bytes() == whole.read_bytes()


def test_what_is_refused_leaves_no_process(
    large: Path, started: list[subprocess.Popen[bytes]]
) -> None:
    assert main(["score", str(large), "--text", "nothing", "--model", "lite"]) == 2
    assert main([str(large), "--text", "nothing", "--model", "lite"]) == 2
    assert started
    assert all(process.poll() is not None for process in started)
    assert not children._unused


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"cpu.max": "150000 100000\n"}, 2),
        ({"cpu.max": "max 100000\n"}, 0),
        ({"cpu/cpu.cfs_quota_us": "300000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 3),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, 0),
        ({"cpu.max": "soon\n"}, 0),
        ({}, 0),
    ],
)
def test_a_container_has_the_cores_it_was_given(
    files: dict[str, str], expected: int, tmp_path: Path
) -> None:
    for name, said in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(said, encoding="ascii")
    assert children._allowed(tmp_path) == expected


def test_no_more_cores_than_the_process_may_use() -> None:
    assert 1 <= children.cores() <= (os.cpu_count() or 1)
    if sys.platform == "linux":
        assert children.cores() <= len(os.sched_getaffinity(0))
