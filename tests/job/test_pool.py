"""Workers that start before anything is known, and a process that scores while it waits for them."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from itertools import islice
from pathlib import Path

import pytest

import sentiment
from sentiment import children
from sentiment.job import PART_ROWS, Interrupted, JobOptions, WorkerError, score
from sentiment.job.chunks import Part, cut
from sentiment.job.pool import Pool, in_order
from sentiment.job.scoring import Outcome, Scorer, Setup
from sentiment.job.tally import Tally
from sentiment.model.runtime import OnnxRuntime, one_thread
from sentiment.records import Feedback
from sentiment.tables import SourceRow
from tests.job.conftest import Write
from tests.job.fake import FakeAnalyzer
from tests.job.fake import load as load_fake


def parts(many: int) -> list[tuple[Part, list[Feedback]]]:
    rows = [SourceRow(row=at, cells={"review": "good"}) for at in range(many * PART_ROWS)]
    return [(part, [Feedback(text=str(part.index))]) for part in cut(rows)]


def outcome(feedback: list[Feedback], rejected: int) -> Outcome:
    return Outcome(str(feedback[0].text).encode(), Tally())


class Slow(Pool):
    """A pool of one worker, which takes the first part and answers once nothing else is left to do."""

    workers = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__(partial(load_fake, None, "cpu"), 1)
        self.taken: list[tuple[Future[Outcome], list[Feedback]]] = []

    def submit(self, feedback: list[Feedback], rejected: int) -> Future[Outcome]:
        if self.taken:
            return super().submit(feedback, rejected)
        future: Future[Outcome] = Future()
        self.taken.append((future, feedback))
        return future

    def score_one(self, scorer: Scorer) -> bool:
        there_was_one = super().score_one(scorer)
        if not there_was_one:
            future, feedback = self.taken[0]
            future.set_result(outcome(feedback, 0))
        return there_was_one


def test_what_no_worker_has_taken_is_scored_here_and_all_comes_in_order() -> None:
    own: list[bytes] = []

    def here(feedback: list[Feedback], rejected: int) -> Outcome:
        own.append(outcome(feedback, rejected).payload)
        return outcome(feedback, rejected)

    done = list(in_order(parts(20), Slow(), here))
    assert [part.index for part, _ in done] == list(range(20))
    assert [one.payload for _, one in done] == [str(at).encode() for at in range(20)]
    assert own == [str(at).encode() for at in range(1, 20)]


def test_what_breaks_here_is_raised_where_its_turn_is() -> None:
    def here(feedback: list[Feedback], rejected: int) -> Outcome:
        if feedback[0].text == "5":
            raise ZeroDivisionError
        return outcome(feedback, rejected)

    done = in_order(parts(20), Slow(), here)
    assert [part.index for part, _ in islice(done, 5)] == [0, 1, 2, 3, 4]
    with pytest.raises(ZeroDivisionError):
        next(done)


def test_without_a_scorer_of_its_own_it_waits() -> None:
    with Pool(partial(load_fake, None, "cpu"), 2) as pool:
        pool.begin(_setup())
        done = list(in_order(parts(10), pool))
    assert [part.index for part, _ in done] == list(range(10))


def _setup() -> Setup:
    return Setup(format="jsonl", columns=(), questions=False, encoding=None, model_digest="d")


def load_late(model: str | None, device: str) -> FakeAnalyzer:
    """Load only once somebody else has scored something, as a file says."""
    while not Path(os.environ["SCORED_HERE"]).exists():
        pass
    return FakeAnalyzer()


def test_a_worker_that_is_not_ready_holds_no_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCORED_HERE", str(tmp_path / "scored"))
    own = Scorer(_setup(), FakeAnalyzer())

    def here(feedback: list[Feedback], rejected: int) -> Outcome:
        (tmp_path / "scored").touch()
        return own(feedback, rejected)

    with Pool(partial(load_late, None, "cpu"), 1) as pool:
        pool.begin(_setup())
        done = list(in_order(parts(12), pool, here))
    assert [part.index for part, _ in done] == list(range(12))


def test_a_worker_that_died_before_it_was_ready_is_told() -> None:
    with Pool(partial(os._exit, 3), 1) as pool:
        pool.begin(_setup())
        future = pool.submit([Feedback(text="good")], 0)
        with pytest.raises(WorkerError, match="ended with code 3"):
            future.result(60)


def test_a_worker_that_is_not_needed_may_die_before_it_is_ready() -> None:
    own = Scorer(_setup(), FakeAnalyzer())
    with Pool(partial(os._exit, 3), 1, needed=False) as pool:
        pool.begin(_setup())
        done = list(in_order(parts(12), pool, own))
    assert [part.index for part, _ in done] == list(range(12))


def test_so_may_one_that_cannot_load_its_model() -> None:
    own = Scorer(_setup(), FakeAnalyzer())
    with Pool(partial(open, "/nowhere"), 1, needed=False) as pool:
        pool.begin(_setup())
        done = list(in_order(parts(12), pool, own))
    assert [part.index for part, _ in done] == list(range(12))


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_ctrl_c_as_it_starts_is_not_a_workers_business(tmp_path: Path) -> None:
    process = children.start("sentiment.job.worker", {"PYTHONUNBUFFERED": "1"})
    try:
        for _ in range(20):
            process.send_signal(signal.SIGINT)
            time.sleep(0.02)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(60) == 0
    finally:
        children.end(process)


@pytest.fixture
def early(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Have every file be worth a worker; the list gets how many were started for each job."""
    started: list[int] = []
    start = Pool.__enter__

    def noting(pool: Pool) -> Pool:
        start(pool)
        started.append(pool.workers)
        return pool

    monkeypatch.setattr("sentiment.job.run.BYTES_OF_A_WORKER", 1)
    monkeypatch.setattr("sentiment.job.run.cores", lambda: 3)
    monkeypatch.setattr(Pool, "__enter__", noting)
    return started


def scored(source: Path, name: str, **options: object) -> bytes:
    output = source.with_name(name)
    score(source, output, JobOptions(model="lite", device="cpu", **options))
    return output.read_bytes()


def test_workers_that_started_early_change_no_byte(export: Write, early: list[int]) -> None:
    source = export(5000)
    assert scored(source, "one.csv", workers=1) == scored(source, "three.csv")
    assert early == [2]  # the third one is this process


def test_as_many_processes_as_were_asked_for(export: Write, early: list[int]) -> None:
    scored(export(20), "out.csv", workers=2)
    assert early == [1]


def test_more_start_once_there_is_work_for_them(
    export: Write, early: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = export(6000)
    monkeypatch.setattr("sentiment.job.run.BYTES_OF_A_WORKER", source.stat().st_size)
    grown: list[int] = []
    grow = Pool.grow

    def noting(pool: Pool, workers: int) -> None:
        grown.append(workers)
        grow(pool, workers)

    monkeypatch.setattr(Pool, "grow", noting)
    assert scored(source, "three.csv") == scored(source, "one.csv", workers=1)
    assert (early, grown) == ([1], [1, 2])


def test_nothing_starts_for_what_is_done(export: Write, early: list[int]) -> None:
    source = export(1000)
    first, again = scored(source, "out.csv"), scored(source, "out.csv")
    assert first == again
    assert early == [2]


def test_a_small_file_is_scored_by_this_process_alone(
    export: Write, early: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = export(20)
    monkeypatch.setattr("sentiment.job.run.BYTES_OF_A_WORKER", source.stat().st_size + 1)
    scored(source, "out.csv")
    assert early == []


def test_where_no_process_can_be_started_one_will_do(
    export: Write, early: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = export(1000)
    whole = scored(source, "one.csv", workers=1)

    def none_left(*given: object, **more: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr("sentiment.children.subprocess.Popen", none_left)
    assert scored(source, "two.csv") == whole
    assert early == [0]


def test_what_is_wrong_with_the_file_is_told_as_ever(tmp_path: Path, early: list[int]) -> None:
    with pytest.raises(sentiment.InputError, match="nowhere"):
        scored(tmp_path / "nowhere.csv", "out.csv")
    assert early == []


def test_ctrl_c_while_it_scores_here_keeps_what_is_done(
    export: Write, early: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = export(12 * PART_ROWS)
    one = Scorer.__call__
    left = iter(range(3))

    def stopped(scorer: Scorer, feedback: list[Feedback], rejected: int) -> Outcome:
        if next(left, None) is None:
            raise KeyboardInterrupt
        return one(scorer, feedback, rejected)

    with monkeypatch.context() as patch:
        patch.setattr(Scorer, "__call__", stopped)
        with pytest.raises(Interrupted):
            scored(source, "out.csv")
    assert scored(source, "out.csv") == scored(source, "whole.csv", workers=1)


def test_beside_other_processes_the_network_has_one_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from sentiment.model import transformer

    asked: list[int] = []

    class Noting(OnnxRuntime):
        def __init__(self, path: Path, threads: int = 0) -> None:
            asked.append(threads)
            super().__init__(path, threads)

    monkeypatch.setattr(transformer, "OnnxRuntime", Noting)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    load: Callable[[], object] = partial(sentiment.load, "fast", device="cpu")
    with one_thread():
        load()
    load()
    assert asked == [1, 0]
