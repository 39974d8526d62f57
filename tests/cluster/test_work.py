"""What a worker does, and what Ray is asked for."""

from __future__ import annotations

import pickle
import shutil
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest

import sentiment
from sentiment.cluster.engine import Engine, SpanScorer, _told
from sentiment.cluster.kept import Kept
from sentiment.cluster.spans import Span
from sentiment.cluster.storage import open_storage
from sentiment.cluster.survey import Surveyed, first_table, survey
from sentiment.cluster.work import Failed, Finished, Result, Scored, Work, put_together, score_spans
from sentiment.errors import ModelError, OutputError, UserError
from sentiment.job import PART_ROWS, JobOptions, WorkerError
from sentiment.tables import ReadOptions
from sentiment.talk import Talk
from sentiment.verbs.score import _RayTalk
from tests.cluster.conftest import Write, needs_ray
from tests.job.fake import FakeAnalyzer
from tests.job.fake import load as load_fake

SPAN = 2 * PART_ROWS


def work_in(folder: Path, **more: Any) -> Work:
    analyzer = FakeAnalyzer()
    return Work(
        source=open_storage(str(folder / "in")),
        output=open_storage(str(folder / "out")),
        model=None,
        device="cpu",
        model_name=analyzer.model_name,
        model_digest=analyzer.model_digest,
        taxonomy=analyzer.taxonomy,
        accuracy=analyzer.accuracy,
        **{"load": load_fake} | more,
    )


def surveyed(work: Work, name: str) -> Surveyed:
    roles = first_table(work.source, [name], ReadOptions()).roles
    found = survey(work, roles, name, JobOptions(), SPAN)
    assert isinstance(found, Surveyed)
    return found


def test_a_worker_in_place_of_a_dead_one_scores_what_that_had_not_kept(
    write: Write, tmp_path: Path
) -> None:
    write("a.parquet", 5000)
    work, analyzer = work_in(tmp_path), FakeAnalyzer()
    spans = surveyed(work, "a.parquet").left
    assert len(list(score_spans(work, analyzer, [spans[1], spans[3]]))) == 2
    assert analyzer.scored == 2 * SPAN
    results = list(score_spans(work, analyzer, spans))
    assert analyzer.scored == 5000
    assert sorted(r.index for r in results if isinstance(r, Scored)) == [0, 1, 2, 3, 4]
    assert sum(sum(r.tally.rows.values()) for r in results if isinstance(r, Scored)) == 5000


def test_a_worker_that_was_given_up_and_is_not_dead_does_no_harm(
    write: Write, tmp_path: Path
) -> None:
    write("a.parquet", 3000)
    work, analyzer = work_in(tmp_path), FakeAnalyzer()
    found = surveyed(work, "a.parquet")
    zombie = score_spans(work, analyzer, found.left[1:])
    next(zombie)
    results = [r for r in score_spans(work, analyzer, found.left) if isinstance(r, Scored)]
    counts = results[0].tally
    for result in results[1:]:
        counts.add(result.tally)
    finished = put_together(work, found.file, counts, 0.0, 0)
    assert isinstance(finished, Finished)
    content = (tmp_path / "out" / "a.parquet").read_bytes()
    list(zombie)
    assert (tmp_path / "out" / "a.parquet").read_bytes() == content
    assert isinstance(survey(work, found.file.roles, "a.parquet", JobOptions(), SPAN), Surveyed)


def test_an_output_that_cannot_be_written_is_a_fault_of_that_file(
    write: Write, tmp_path: Path
) -> None:
    write("a.parquet", 10)
    work = work_in(tmp_path)
    spans = surveyed(work, "a.parquet").left
    (tmp_path / "out" / "a.parquet").mkdir(parents=True)
    (result,) = score_spans(work, FakeAnalyzer(), spans)
    assert isinstance(result, Failed)
    assert isinstance(result.error, OutputError)
    kept = Kept(work.output, "a.parquet")
    assert kept.saved_key() is None


def test_a_worker_of_another_release_refuses(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("a.parquet", 10)
    work = work_in(tmp_path)
    spans = surveyed(work, "a.parquet").left
    monkeypatch.setattr(sentiment, "__version__", "9.9")
    (result,) = SpanScorer(work, 1)._score(spans)
    assert isinstance(result, Failed)
    assert isinstance(result.error, ModelError)
    assert "install the same release" in str(result.error)


def told(work: Work, spans: tuple[Span, ...], rows: int) -> list[list[Result]]:
    """Return the messages of an actor over one bundle."""
    actor = SpanScorer(work, rows)
    batches = list(actor({"spans": [pickle.dumps(spans)]}))
    return [pickle.loads(batch["results"][0]) for batch in batches]


def test_what_is_told_together_depends_on_the_spans_alone(write: Write, tmp_path: Path) -> None:
    for name, rows in (("a.parquet", 5000), ("b.parquet", 30), ("c.parquet", 5), ("d.parquet", 7)):
        write(name, rows)
    work = work_in(tmp_path)
    names = [f"{letter}.parquet" for letter in "abcd"]
    spans = tuple(span for name in names for span in surveyed(work, name).left)
    first = told(work, spans, rows=2 * SPAN)
    assert [len(message) for message in first] == [2, 2, 4]
    # Whatever the one before it had kept, and also when nothing can be read any more.
    again = told(work, spans, rows=2 * SPAN)
    assert [[r.name for r in message] for message in again] == [
        [r.name for r in message] for message in first
    ]
    shutil.rmtree(tmp_path / "in")
    shutil.rmtree(tmp_path / "out")
    broken = told(work, spans, rows=2 * SPAN)
    assert [[type(r) for r in message] for message in broken] == [[Failed] * n for n in (2, 2, 4)]


@pytest.mark.parametrize(
    ("workers", "gpus", "use_gpu", "expected"),
    [
        (8, 0, True, (None, 8)),
        (8, 2, False, (None, 8)),
        (8, 2, True, (1 / 4, 8)),
        (64, 2, True, (1 / 16, 32)),
        (2, 4, True, (1.0, 2)),
    ],
)
def test_actors_share_the_gpus(
    workers: int, gpus: int, use_gpu: bool, expected: tuple[float | None, int]
) -> None:
    engine = Engine(None, workers)
    engine.workers, engine.gpus = workers, gpus
    assert engine._share(use_gpu) == expected


def test_what_happens_to_workers_is_told_in_a_sentence() -> None:
    needs_ray()
    import ray

    exceptions: Any = ray.exceptions  # its classes are not typed
    dead = exceptions.ActorUnavailableError("The actor is temporarily unavailable", None)
    assert isinstance(_told(dead), WorkerError)
    assert isinstance(_told(exceptions.OutOfMemoryError("no memory")), WorkerError)
    missing = _told(RuntimeError("ModuleNotFoundError: No module named 'sentiment'"))
    assert isinstance(missing, UserError)
    defect = ZeroDivisionError("by zero")
    assert _told(exceptions.RayTaskError("score", "trace", defect)) is defect
    assert _told(defect) is defect


def test_of_what_ray_prints_one_thing_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    with redirect_stdout(_RayTalk(Talk("en"))):
        print("(raylet) A worker died or was killed while executing a task by ...")
        print("(raylet) Task MapWorker.submit failed.")
    assert capfd.readouterr() == ("", "A worker died; what it had not kept is scored again.\n")
