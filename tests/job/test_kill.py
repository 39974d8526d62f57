"""SIGKILL at moments spread over a run: nothing is lost, and next to nothing is scored twice."""

from __future__ import annotations

import csv
import os
import random
import select
import signal
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from sentiment.job import CHUNK_ROWS, PART_ROWS, JobOptions, score

ROWS = 20_000
PARTS = -(-ROWS // PART_ROWS)

PIECES = (
    "物流很快", "质量太差了", "价格实惠", "客服态度好", "包装破损", "the sound is clear",
    "it broke after a week", "delivery was late", "good value", "staff were rude", "做工精致",
    "used it for a month", "还会再买", "不推荐",
)  # fmt: skip

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is of POSIX")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("killed") / "reviews.csv"
    chance = random.Random(20)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "review"])
        for i in range(ROWS):
            writer.writerow([f"R{i}", "，".join(chance.sample(PIECES, 3)) + f" {i}"])
    return path


class Killed:
    """Starts a job again and again, and kills it when so many parts are recorded."""

    def __init__(self, source: Path, output: Path, workers: int) -> None:
        self.log = output.with_name(output.name + ".log")
        self._journal = output.with_name(output.name + ".partial") / "journal.jsonl"
        self._complete = self._journal.with_name("complete")
        command = [
            sys.executable, "-m", "tests.job.killable",
            str(source), str(output), str(self.log), str(workers),
        ]  # fmt: skip
        self._starter = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self._chance = random.Random(output.name)

    def __enter__(self) -> Killed:
        return self

    def __exit__(self, *error: object) -> None:
        with self._starter:
            self._starter.kill()

    def run(self, until: int) -> bool:
        """Kill the job at a moment after part `until` was recorded; say whether it was alive.

        With all parts recorded, the moment is one in which the output is put together.
        """
        process = self._start()
        while not self._reached(until) and not self._is_over(0.001):
            pass
        self._is_over(self._chance.uniform(0, 0.03))
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
        return self._code() == -signal.SIGKILL

    def finish(self) -> int:
        """Run the job to its end and return its code."""
        self._start()
        return self._code()

    def _start(self) -> int:
        assert self._starter.stdin is not None
        self._starter.stdin.write("once more\n")
        return self._code()

    def _is_over(self, within: float) -> bool:
        assert self._starter.stdout is not None
        return bool(select.select([self._starter.stdout], [], [], within)[0])

    def _code(self) -> int:
        assert self._starter.stdout is not None
        return int(self._starter.stdout.readline())

    def _reached(self, until: int) -> bool:
        if until >= PARTS:
            return self._complete.exists()
        try:
            return self._journal.read_bytes().count(b"\n") >= until
        except FileNotFoundError:
            return False


@pytest.mark.parametrize(
    ("kind", "workers", "moments"),
    [
        ("csv", 1, 6),
        ("jsonl", 2, 3),
        ("parquet", 1, 3),
        *(
            pytest.param(*each, marks=pytest.mark.long)
            for each in [("csv", 1, 40), ("csv", 2, 20), ("jsonl", 2, 20), ("parquet", 2, 20)]
        ),
    ],
)
def test_a_job_killed_again_and_again_makes_the_file_of_one_that_was_not(
    source: Path, tmp_path: Path, kind: str, workers: int, moments: int
) -> None:
    whole, output = tmp_path / f"whole.{kind}", tmp_path / f"out.{kind}"
    assert score(source, whole, JobOptions(workers=2, model="lite")).rows == ROWS

    with Killed(source, output, workers) as job:
        killed = 0
        for moment in range(moments):
            killed += job.run(until=moment * PARTS // (moments - 2))
            if output.exists():
                assert output.read_bytes() == whole.read_bytes()
        assert killed >= moments - 2, "the job was over before its last moments"
        assert job.finish() == 0

    assert output.read_bytes() == whole.read_bytes()
    scored = Counter(job.log.read_text().split())
    assert len(scored) == ROWS
    lost = PART_ROWS if workers == 1 else CHUNK_ROWS
    assert scored.total() <= ROWS + killed * lost
