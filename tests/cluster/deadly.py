"""Analyzers for workers to be killed with; the folder in which they note what they do is their model.

    python -m tests.cluster.deadly SOURCE OUTPUT FOLDER

scores a folder on two workers of a Ray of its own, slowly, to be killed itself.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from sentiment.cluster import score_folder
from sentiment.job import PART_ROWS, JobOptions
from sentiment.job.scoring import Analyzes
from sentiment.records import Analysis, Feedback
from tests.job.fake import FakeAnalyzer

SPAN = PART_ROWS


class Noting(FakeAnalyzer):
    """Notes its process and the rows that it is about to score."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def analyze_batch(self, feedback: list[str | Feedback], /) -> list[Analysis]:
        ids = [item.id for item in feedback if isinstance(item, Feedback)]
        with (self._folder / f"{os.getpid()}.log").open("a") as log:
            log.write("".join(f"{name}\n" for name in ids))
        self.at(ids)
        return super().analyze_batch(feedback)

    def at(self, ids: list[str | None]) -> None:
        """Do what this one is for."""


class Mortal(Noting):
    """Is killed in the middle of a span, once."""

    def at(self, ids: list[str | None]) -> None:
        if "b.parquet-02000" in ids:
            try:
                (self._folder / "killed").touch(exist_ok=False)
            except FileExistsError:
                return
            os.kill(os.getpid(), signal.SIGKILL)


class Slow(Noting):
    """Takes its time."""

    def at(self, ids: list[str | None]) -> None:
        time.sleep(0.1)


def load_mortal(model: str | None, device: str) -> Analyzes:
    return Mortal(Path(str(model)))


def load_slow(model: str | None, device: str) -> Analyzes:
    return Slow(Path(str(model)))


def notes(folder: Path) -> dict[int, list[str]]:
    """Return the rows that each process began to score."""
    return {int(path.stem): path.read_text().split() for path in folder.glob("*.log")}


if __name__ == "__main__":
    from tests.cluster import deadly  # under the name by which a worker can import it

    score_folder(
        sys.argv[1],
        sys.argv[2],
        JobOptions(model=sys.argv[3], workers=2),
        load=deadly.load_slow,
        span_rows=SPAN,
    )
