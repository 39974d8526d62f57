"""Several worker processes, and their outcomes in the order of the parts."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import cycle, islice
from types import TracebackType
from typing import cast

from sentiment import children
from sentiment.errors import SentimentError
from sentiment.job.chunks import PARTS_PER_CHUNK, Part
from sentiment.job.scoring import Analyzes, Outcome, Scorer, Setup
from sentiment.records import Feedback

__all__ = ["Pool", "WorkerError", "cores", "in_order"]

# A worker is one of several: its libraries must not start a thread per core each.
_ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
}


class WorkerError(SentimentError):
    """A worker process ended before it answered."""


class Pool:
    """Worker processes, one thread of this process talking to each. Use it as a context manager.

    They start when it is entered and load their model at once; what they are to do with it is told
    later, by `begin`.

    :param loading: Loads the analyzer; a function at the top of a module, or a partial of one.
    :param environments: What the workers find in their environment, one after the other: where the
        GPU answers that is theirs.
    """

    def __init__(
        self,
        loading: Callable[[], Analyzes],
        workers: int,
        environments: Sequence[Mapping[str, str]] = (),
    ) -> None:
        self.workers = workers
        self._loading = pickle.dumps(loading)
        self._setup = b""
        self._threads = ThreadPoolExecutor(
            workers, thread_name_prefix="sentiment-worker", initializer=self._take_one
        )
        self._mine = threading.local()
        self._environments = list(islice(cycle(environments or ({},)), workers))
        self._processes: list[subprocess.Popen[bytes]] = []
        self._free: deque[subprocess.Popen[bytes]] = deque()

    def __enter__(self) -> Pool:
        try:
            for environment in self._environments:
                self._start(environment)
        except BaseException:
            self._end()
            raise
        self._free.extend(self._processes)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def begin(self, setup: Setup) -> None:
        """Tell what is scored; to be called once, before anything is submitted."""
        self._setup = pickle.dumps(setup)

    def submit(self, feedback: Sequence[Feedback], rejected: int) -> Future[Outcome]:
        """Score one part in the next free worker; until one takes it, it can be cancelled.

        The future raises what the worker raised, or `WorkerError`.
        """
        return self._threads.submit(self._ask, feedback, rejected)

    def _start(self, environment: Mapping[str, str]) -> None:
        process = children.start("sentiment.job.worker", {**_ONE_THREAD, **environment})
        self._processes.append(process)
        assert process.stdin is not None
        with suppress(OSError):  # it has ended: told when it is asked
            process.stdin.write(self._loading)
            process.stdin.flush()

    def _take_one(self) -> None:
        """Make one of the processes that of this thread, which takes no part before it is ready."""
        process = self._mine.process = self._free.popleft()
        assert process.stdin is not None
        assert process.stdout is not None
        with suppress(EOFError, OSError, pickle.UnpicklingError):  # told when it is asked
            pickle.load(process.stdout)
            process.stdin.write(self._setup)

    def _ask(self, feedback: Sequence[Feedback], rejected: int) -> Outcome:
        process = self._mine.process
        try:
            pickle.dump((feedback, rejected), process.stdin, protocol=pickle.HIGHEST_PROTOCOL)
            process.stdin.flush()
            reply = pickle.load(process.stdout)
        except (EOFError, OSError, pickle.UnpicklingError) as error:
            raise WorkerError(_obituary(process)) from error
        if isinstance(reply, Exception):
            raise reply
        return cast("Outcome", reply)

    def _end(self) -> None:
        for process in self._processes:
            process.kill()
        self._threads.shutdown(wait=True, cancel_futures=True)
        for process in self._processes:
            children.end(process)


@dataclass(slots=True)
class _UnderWay:
    part: Part
    feedback: Sequence[Feedback]
    outcome: Future[Outcome]


def in_order(
    jobs: Iterable[tuple[Part, Sequence[Feedback]]], pool: Pool, own: Scorer | None = None
) -> Iterator[tuple[Part, Outcome]]:
    """Yield parts with their outcomes, in the order given, a bounded number being under way.

    :param own: Scores parts here while the next outcome is waited for.
    """
    limit = max(PARTS_PER_CHUNK, 2 * pool.workers)
    waiting: deque[_UnderWay] = deque()
    for part, feedback in jobs:
        waiting.append(_UnderWay(part, feedback, pool.submit(feedback, len(part.rejects))))
        while waiting and (len(waiting) >= limit or waiting[0].outcome.done()):
            yield _first(waiting, own)
    while waiting:
        yield _first(waiting, own)


def _first(waiting: deque[_UnderWay], own: Scorer | None) -> tuple[Part, Outcome]:
    """Take the first of those under way out, once it is scored."""
    while own and not waiting[0].outcome.done():
        taken = next((one for one in waiting if one.outcome.cancel()), None)
        if taken is None:  # workers have them all
            break
        taken.outcome = Future()
        taken.outcome.set_result(own(taken.feedback, len(taken.part.rejects)))
    first = waiting.popleft()
    return first.part, first.outcome.result()


def _obituary(process: subprocess.Popen[bytes]) -> str:
    try:
        code = process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        return f"A worker process ({process.pid}) stopped answering."
    if code < 0:
        cause = f"ended by {signal.Signals(-code).name}"
        if -code == getattr(signal, "SIGKILL", 9):
            cause += ", which is what happens when memory runs out"
    else:
        cause = f"ended with code {code}"
    return f"A worker process ({process.pid}) {cause}."


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity") and sys.platform != "win32":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
