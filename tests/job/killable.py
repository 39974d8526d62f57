"""A job to be killed: as `sentiment score`, and it notes every row that it is about to score.

    python -m tests.job.killable SOURCE OUTPUT LOG WORKERS

For every line that comes in on stdin the job is run once more, in a process of its own, whose number
goes out first and whose exit code when it is over. With one worker that process is a fork of this
one, which has the model loaded: twenty starts then cost no more than one.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path

from sentiment.job import JobOptions, score
from sentiment.job.scoring import Analyzes, load_analyzer
from sentiment.records import Analysis, Feedback
from sentiment.taxonomy import Taxonomy

Loader = Callable[[str | None, str], Analyzes]


class Noting:
    """An analyzer that writes the number of every row into a file before it scores it."""

    def __init__(self, analyzer: Analyzes, log: Path) -> None:
        self._analyzer = analyzer
        self._log = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    @property
    def model_name(self) -> str:
        return self._analyzer.model_name

    @property
    def path(self) -> str | None:
        return None

    @property
    def can_use_gpu(self) -> bool:
        return False

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


def run(source: Path, output: Path, workers: int, load_it: Loader) -> None:
    score(source, output, JobOptions(workers=workers, model="lite"), load=load_it)


def in_fork(action: Callable[[], None]) -> int:
    """Start the action in a fork and return its process number."""
    child = os.fork()
    if child == 0:
        try:
            action()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return child


def main(source: Path, output: Path, log: Path, workers: int) -> None:
    os.environ["ROW_LOG"] = str(log)  # worker processes inherit it
    from tests.job import killable  # under the name by which a worker can import it

    load_it: Loader = killable.load
    if workers == 1:
        # Loading starts no thread, and none may run where a process forks.
        analyzer = load("lite", "cpu")

        def load_it(model: str | None, device: str) -> Analyzes:
            return analyzer

    for _ in sys.stdin:
        child = in_fork(lambda: run(source, output, workers, load_it))
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
