"""A job to be killed: as `sentiment score`, and it notes every row that it is about to score.

python -m tests.job.killable SOURCE OUTPUT LOG WORKERS
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from sentiment.job import JobOptions, score
from sentiment.job.scoring import Analyzes, load_analyzer
from sentiment.records import Analysis, Feedback
from sentiment.taxonomy import Taxonomy


class Noting:
    """An analyzer that writes the number of every row into a file before it scores it."""

    def __init__(self, analyzer: Analyzes, log: Path) -> None:
        self._analyzer = analyzer
        self._log = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    @property
    def model_name(self) -> str:
        return self._analyzer.model_name

    @property
    def model_digest(self) -> str:
        return self._analyzer.model_digest

    @property
    def accuracy(self) -> Mapping[str, Mapping[str, float]]:
        return self._analyzer.accuracy

    @property
    def taxonomy(self) -> Taxonomy:
        return self._analyzer.taxonomy

    def analyze_batch(self, feedback: list[str | Feedback], /) -> list[Analysis]:
        rows = [item.row for item in feedback if isinstance(item, Feedback)]
        os.write(self._log, "".join(f"{row}\n" for row in rows).encode())
        return self._analyzer.analyze_batch(feedback)


def load(model: str | None, device: str) -> Analyzes:
    return Noting(load_analyzer(model, device), Path(os.environ["ROW_LOG"]))


if __name__ == "__main__":
    source, output, log, workers = sys.argv[1:]
    os.environ["ROW_LOG"] = log  # worker processes inherit it
    from tests.job import killable  # under the name by which a worker can import it

    score(source, output, JobOptions(workers=int(workers), model="lite"), load=killable.load)
