"""Several worker processes, and their outcomes in the order of the parts."""

from __future__ import annotations

import pickle
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from itertools import cycle
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import cast

from sentiment import children
from sentiment.errors import SentimentError
from sentiment.job.chunks import PARTS_PER_CHUNK, Part
from sentiment.job.scoring import Analyzes, Outcome, Scorer, Setup
from sentiment.records import Feedback

__all__ = ["Pool", "WorkerError", "in_order"]


_Work = tuple[Future[Outcome], Sequence[Feedback], int]


class WorkerError(SentimentError):
    """A worker process ended before it answered."""


class Pool:
    """Worker processes, one thread of this process talking to each. Use it as a context manager.

    They start when it is entered and load their model at once; what they are to do with it is told
    later, by `begin`. None takes a part before it is ready.

    :param loading: Loads the analyzer; a function at the top of a module, or a partial of one.
    :param environments: What the workers find in their environment, one after the other: where the
        GPU answers that is theirs.
    :param needed: Whether a worker that does not start stops the job. Otherwise it is done without.
    """

    def __init__(
        self,
        loading: Callable[[], Analyzes],
        workers: int,
        environments: Sequence[Mapping[str, str]] = (),
        *,
        needed: bool = True,
    ) -> None:
        self._loading = pickle.dumps(loading)
        self._first = workers
        self._environments = cycle(environments or ({},))
        self._needed = needed
        self._setup = b""
        self._is_told = threading.Event()
        self._waiting: SimpleQueue[_Work | None] = SimpleQueue()
        self._processes: list[subprocess.Popen[bytes]] = []
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Pool:
        try:
            self.grow(self._first)
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    @property
    def workers(self) -> int:
        """How many were started."""
        return len(self._threads)

    def grow(self, workers: int) -> None:
        """Start more until there are so many.

        :raises WorkerError: The system has no room for them, and they are needed.
        """
        while self.workers < workers:
            try:
                environment = {**children.ONE_OF_SEVERAL, **next(self._environments)}
                process = children.start("sentiment.job.worker", environment)
                self._processes.append(process)
                thread = threading.Thread(target=self._serve, args=(process,), daemon=True)
                thread.start()
                self._threads.append(thread)
            except (OSError, RuntimeError) as error:  # of processes, of threads
                if self._needed:
                    raise WorkerError(f"No more processes can be started ({error}).") from error
                break

    def begin(self, setup: Setup) -> None:
        """Tell what is scored; to be called once."""
        self._setup = pickle.dumps(setup)
        self._is_told.set()

    def submit(self, feedback: Sequence[Feedback], rejected: int) -> Future[Outcome]:
        """Score one part in the next free worker.

        The future raises what the worker raised, or `WorkerError`.
        """
        outcome: Future[Outcome] = Future()
        self._waiting.put((outcome, feedback, rejected))
        return outcome

    def score_one(self, scorer: Scorer) -> bool:
        """Score here the first part that no worker has taken yet; tell whether there was one."""
        try:
            work = self._waiting.get_nowait()
        except Empty:
            return False
        if work is not None:
            _answer(work, scorer)
        return True

    def _serve(self, process: subprocess.Popen[bytes]) -> None:
        if not self._is_ready(process) and not self._needed:
            return
        while (work := self._waiting.get()) is not None:
            _answer(work, partial(_ask, process))

    def _is_ready(self, process: subprocess.Popen[bytes]) -> bool:
        """Tell whether it has a model, once it has tried, and the setup."""
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(self._loading)
            process.stdin.flush()
            is_ready = pickle.load(process.stdout)
            self._is_told.wait()
            process.stdin.write(self._setup)
        except Exception:
            # It ended, or something else writes where it answers: told when it is asked.
            return False
        return is_ready is True

    def _end(self) -> None:
        for process in self._processes:
            process.kill()
        self._is_told.set()
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join()
        for process in self._processes:
            children.end(process)


def _answer(work: _Work, scorer: Callable[[Sequence[Feedback], int], Outcome]) -> None:
    outcome, feedback, rejected = work
    try:
        outcome.set_result(scorer(feedback, rejected))
    except Exception as error:  # is raised where the part's turn comes
        outcome.set_exception(error)


def _ask(process: subprocess.Popen[bytes], feedback: Sequence[Feedback], rejected: int) -> Outcome:
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        pickle.dump((feedback, rejected), process.stdin, protocol=pickle.HIGHEST_PROTOCOL)
        process.stdin.flush()
        reply = pickle.load(process.stdout)
    except (EOFError, OSError, pickle.UnpicklingError) as error:
        raise WorkerError(_obituary(process)) from error
    if isinstance(reply, Exception):
        raise reply
    return cast("Outcome", reply)


def in_order(
    jobs: Iterable[tuple[Part, Sequence[Feedback]]], pool: Pool, own: Scorer | None = None
) -> Iterator[tuple[Part, Outcome]]:
    """Yield parts with their outcomes, in the order given, a bounded number being under way.

    :param own: Scores parts here while the next outcome is waited for.
    """
    waiting: deque[tuple[Part, Future[Outcome]]] = deque()

    def first() -> tuple[Part, Outcome]:
        while own and not waiting[0][1].done() and pool.score_one(own):
            pass
        part, outcome = waiting.popleft()
        return part, outcome.result()

    for part, feedback in jobs:
        waiting.append((part, pool.submit(feedback, len(part.rejects))))
        # While a part is scored here, every worker takes another one.
        limit = 2 * (pool.workers + 1) if own else pool.workers + 1
        while waiting and (len(waiting) >= max(PARTS_PER_CHUNK, limit) or waiting[0][1].done()):
            yield first()
    while waiting:
        yield first()


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
