"""Several worker processes, and their outcomes in the order of the parts."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from itertools import cycle
from types import TracebackType
from typing import IO, cast

from sentiment.errors import SentimentError
from sentiment.job.chunks import PARTS_PER_CHUNK, Part
from sentiment.job.scoring import Outcome, Setup
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

    :param environments: What the workers find in their environment, one after the other: where the
        GPU answers that is theirs.
    """

    def __init__(
        self, setup: Setup, workers: int, environments: Sequence[Mapping[str, str]] = ()
    ) -> None:
        self.workers = workers
        self._setup = pickle.dumps(setup)
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="sentiment-worker")
        self._mine = threading.local()
        self._environments = cycle(environments or ({},))
        self._processes: list[subprocess.Popen[bytes]] = []
        self._closed = False

    def __enter__(self) -> Pool:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closed = True
        for process in list(self._processes):
            process.kill()
        self._threads.shutdown(wait=True, cancel_futures=True)
        for process in self._processes:
            process.wait()
            _close(process.stdin)
            _close(process.stdout)

    def submit(self, feedback: Sequence[Feedback], rejected: int) -> Future[Outcome]:
        """Score one part in the next free worker.

        The future raises what the worker raised, or `WorkerError`.
        """
        return self._threads.submit(self._ask, feedback, rejected)

    def _ask(self, feedback: Sequence[Feedback], rejected: int) -> Outcome:
        process = self._worker()
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            pickle.dump((feedback, rejected), process.stdin, protocol=pickle.HIGHEST_PROTOCOL)
            process.stdin.flush()
            reply = pickle.load(process.stdout)
        except (EOFError, OSError, pickle.UnpicklingError) as error:
            raise WorkerError(_obituary(process)) from error
        if isinstance(reply, Exception):
            raise reply
        return cast("Outcome", reply)

    def _worker(self) -> subprocess.Popen[bytes]:
        process: subprocess.Popen[bytes] | None = getattr(self._mine, "process", None)
        if process is None:
            process = self._mine.process = self._start()
        return process

    def _start(self) -> subprocess.Popen[bytes]:
        environment = {**os.environ, **_ONE_THREAD, **next(self._environments)}
        # -P and the parent's own search path: a file json.py in the user's folder is no module.
        environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "sentiment.job.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
        )
        self._processes.append(process)
        if self._closed:
            process.kill()
        assert process.stdin is not None
        process.stdin.write(self._setup)
        return process


def in_order(
    jobs: Iterable[tuple[Part, Sequence[Feedback]]], pool: Pool
) -> Iterator[tuple[Part, Outcome]]:
    """Yield parts with their outcomes, in the order given, a bounded number being under way."""
    limit = max(PARTS_PER_CHUNK, pool.workers + 1)
    waiting: deque[tuple[Part, Future[Outcome]]] = deque()
    for part, feedback in jobs:
        waiting.append((part, pool.submit(feedback, len(part.rejects))))
        while len(waiting) >= limit or (waiting and waiting[0][1].done()):
            done, future = waiting.popleft()
            yield done, future.result()
    while waiting:
        done, future = waiting.popleft()
        yield done, future.result()


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


def _close(pipe: IO[bytes] | None) -> None:
    if pipe is not None:
        with suppress(OSError):  # what it still holds has nowhere to go
            pipe.close()


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity") and sys.platform != "win32":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
