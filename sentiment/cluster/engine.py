"""Ray: connected to or started here, a pool of actors that score, tasks that put files together."""

from __future__ import annotations

import logging
import os
import pickle
import socket
import sys
import tempfile
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from sentiment.children import cores
from sentiment.cluster.spans import SPAN_ROWS, Span
from sentiment.cluster.work import Failed, Result, Work, score_spans
from sentiment.errors import MissingExtra, UserError
from sentiment.job.pool import WorkerError
from sentiment.job.scoring import Analyzes

__all__ = ["Engine"]

# A span that took so many workers with it takes the next one too: a text that no memory holds.
_MOST_DEATHS = 5
# Several processes share a GPU, since one cannot make texts ready as fast as it scores them; each
# has the model once.
_MOST_PER_GPU = 16
# Only lists of spans and counts go through Ray's own memory.
_STORE_BYTES = 256 << 20
_SECONDS_TO_ANSWER = 5.0
# A message costs the driver some milliseconds of Ray Data: a worker tells of a span at a time, and of
# more where there are more workers than these.
_WORKERS_HEARD = 50
_ROWS_TOLD = SPAN_ROWS


class SpanScorer:
    """An actor: loads the model once and scores the spans that it is given.

    :param rows: How many it scores before it tells of them.
    """

    def __init__(self, work: Work, rows: int) -> None:
        self._work = work
        self._rows = rows
        self._analyzer: Analyzes | None = None

    def __call__(self, batch: dict[str, Any]) -> Iterator[dict[str, list[bytes]]]:
        """Score bundles of spans; spans and results are pickled, being no business of Arrow's.

        What is told together depends on the spans alone: when a worker dies in the middle, Ray
        takes the first messages of the next one for those that it has already.
        """
        for bundle in batch["spans"]:
            spans = pickle.loads(bundle)
            held: list[Result] = []
            rows = 0
            for span, result in zip(spans, self._score(spans), strict=True):
                held.append(result)
                rows += span.rows
                if rows >= self._rows:
                    yield {"results": [pickle.dumps(held)]}
                    held, rows = [], 0
            if held:
                yield {"results": [pickle.dumps(held)]}

    def _score(self, spans: Sequence[Span]) -> Iterator[Result]:
        if self._analyzer is None:
            try:
                self._analyzer = self._work.analyzer()
            except UserError as error:
                yield from (Failed(span.file.name, error) for span in spans)
                return
        yield from score_spans(self._work, self._analyzer, spans)


class Engine:
    """Ray while the block runs: the cluster at an address, or processes of this machine.

    :param address: "host:port" or "auto"; None is RAY_ADDRESS, and without it this machine.
    :param workers: Actors; None is one for each core.
    :raises MissingExtra: Ray is not installed.
    :raises UserError: Nobody answers at the address.
    """

    def __init__(self, address: str | None, workers: int | None) -> None:
        self._address = address or os.environ.get("RAY_ADDRESS") or None
        self._asked = workers
        self._tasks: list[Any] = []
        self._waiting: deque[tuple[Callable[..., Result], tuple[Any, ...]]] = deque()
        self._ours = False
        self.workers = self.nodes = self.gpus = 0

    def __enter__(self) -> Engine:
        ray = self._ray = _import()
        if not ray.is_initialized():
            with _quiet(), _without_a_line():
                self._connect() if self._address else self._start()
            self._ours = True
        there = ray.cluster_resources()
        self.nodes = sum(node["Alive"] for node in ray.nodes())
        self.gpus = int(there.get("GPU", 0))
        self.workers = self._asked or max(int(there.get("CPU", 1)), 1)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._ours:
            self._ray.shutdown()

    def score(
        self, work: Work, bundles: Sequence[tuple[Span, ...]], use_gpu: bool
    ) -> Iterator[Result]:
        """Yield the results of all spans as they come, in whatever order.

        A worker that dies is replaced; what it had not kept is scored again.

        :raises WorkerError: Some rows took one worker after the other with them.
        """
        import ray.data

        _hush()
        with _quiet():
            rows = [{"spans": pickle.dumps(bundle)} for bundle in bundles]
            share, most = self._share(use_gpu)
            scored = ray.data.from_items(rows, override_num_blocks=len(rows)).map_batches(
                SpanScorer,
                batch_size=1,
                fn_constructor_args=(work, _ROWS_TOLD * max(most // _WORKERS_HEARD, 1)),
                compute=ray.data.ActorPoolStrategy(
                    size=min(most, len(rows)), max_tasks_in_flight_per_actor=2
                ),
                num_cpus=1,
                num_gpus=share,
                max_restarts=-1,
                max_task_retries=_MOST_DEATHS,
            )
        scored.context.enable_progress_bars = False
        scored.context.target_max_block_size = 1  # a result is told when it is there
        try:
            for batch in scored.iter_batches(batch_size=None, prefetch_batches=0):
                for results in batch["results"]:
                    yield from pickle.loads(results)
        except self._ray.exceptions.RayError as error:
            raise _told(error) from error

    def begin(self, function: Callable[..., Result], *arguments: Any) -> None:
        """Have a function called somewhere; `ended` gives its result."""
        self._waiting.append((function, arguments))
        self._feed()

    def ended(self, *, wait: bool) -> Iterator[Result]:
        """Yield the results of what `begin` began: those that are there, or all.

        :raises WorkerError: A function took one worker after the other with it.
        """
        while self._tasks:
            done, self._tasks = self._ray.wait(self._tasks, timeout=None if wait else 0)
            self._feed()
            if not done:
                return
            try:
                yield from self._ray.get(done)
            except self._ray.exceptions.RayError as error:
                raise _told(error) from error

    def _feed(self) -> None:
        # The actors have all cores, so these ask for none; there are not more of them than of those.
        while self._waiting and len(self._tasks) < self.workers:
            function, arguments = self._waiting.popleft()
            task = self._ray.remote(function).options(
                num_cpus=0, scheduling_strategy="SPREAD", max_retries=_MOST_DEATHS
            )
            self._tasks.append(task.remote(*arguments))

    def _share(self, use_gpu: bool) -> tuple[float | None, int]:
        """Return the share of a GPU that an actor gets, and how many actors there are."""
        if not use_gpu or not self.gpus:
            return None, self.workers
        each = min(max(self.workers // self.gpus, 1), _MOST_PER_GPU)
        return 1 / each, min(self.workers, each * self.gpus)

    def _start(self) -> None:
        number = self._asked or cores()
        self._ray.init(
            address="local",
            num_cpus=number,
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
            object_store_memory=_STORE_BYTES,
        )

    def _connect(self) -> None:
        address = str(self._address)
        unreachable = (
            f"no Ray cluster answers at {address}; check --address (or RAY_ADDRESS), or leave it "
            "out to use this machine"
        )
        if address.startswith("ray://"):
            raise UserError(
                f"{address} is an address of Ray's client; run the command on the cluster, as in "
                "ray job submit -- sentiment score ..., or give HOST:PORT"
            )
        host, colon, port = address.rpartition(":")
        if colon:
            try:
                socket.create_connection((host, int(port)), _SECONDS_TO_ANSWER).close()
            except (OSError, ValueError, OverflowError):
                raise UserError(unreachable) from None
        try:
            self._ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
        except (ConnectionError, RuntimeError, ValueError) as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise UserError(f"{unreachable} ({reason})") from None


def _import() -> Any:
    # Nothing about a company's feedback is told to anybody, not even that it is scored.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    try:
        with _quiet():
            import ray
    except ImportError:
        raise MissingExtra(
            '--engine ray needs Ray, which is not installed; run pip install "sentiment[ray]"'
        ) from None
    return ray


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep to itself what Ray has to say of its own code."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def _without_a_line() -> Iterator[None]:
    """Keep off the terminal that Ray's core took notice of its log level, and nothing else.

    Without that level it warns on every run of how Ray Data itself makes its actors.
    """
    sys.stderr.flush()
    terminal = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(terminal, 2)
            os.close(terminal)
            held.seek(0)
            for line in held:
                if b"Set ray log level" not in line:
                    os.write(2, line)


def _hush() -> None:
    """Take what Ray Data says of its plans off the terminal; it is in Ray's own log files as well."""
    for handler in logging.getLogger("ray.data").handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setLevel(logging.CRITICAL)


def _told(error: Exception) -> Exception:
    """Return what happened: in one sentence where it happens, else what a worker stumbled on."""
    from ray import exceptions

    if "No module named 'sentiment" in str(error):
        return UserError(
            "the workers of the Ray cluster have no package sentiment; install the same release "
            "on every machine of it"
        )
    gone = (
        exceptions.RayActorError,
        exceptions.WorkerCrashedError,
        exceptions.OutOfMemoryError,
        exceptions.NodeDiedError,
    )
    if isinstance(error, gone):
        return WorkerError(
            f"A worker process ended {_MOST_DEATHS + 1} times over the same rows, which is what "
            "happens when memory runs out; fewer --workers need less of it. "
            "What is done is kept; the same command goes on from there."
        )
    cause = getattr(error, "cause", None)
    return cause if isinstance(cause, Exception) else error
