"""What a worker does, and what Ray is asked for."""

from __future__ import annotations

import errno
import pickle
import shutil
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import sentiment
from sentiment.cluster.engine import Engine, SpanScorer, _told
from sentiment.cluster.kept import Kept
from sentiment.cluster.spans import Span
from sentiment.cluster.storage import OWN, SCRATCH, Storage, open_storage
from sentiment.cluster.survey import Surveyed, first_table, survey
from sentiment.cluster.work import Failed, Finished, Result, Scored, Work, put_together, score_spans
from sentiment.errors import InputError, ModelError, OutputError, UserError
from sentiment.job import PART_ROWS, JobOptions, WorkerError
from sentiment.job.tally import Tally
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
        options=JobOptions(device="cpu"),
        model_name=analyzer.model_name,
        model_digest=analyzer.model_digest,
        taxonomy=analyzer.taxonomy,
        accuracy=analyzer.accuracy,
        **{"load": load_fake} | more,
    )


def surveyed(work: Work, name: str) -> Surveyed:
    roles = first_table(work.source, [name], ReadOptions()).roles
    found = survey(work, roles, name, SPAN)
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
    assert isinstance(survey(work, found.file.roles, "a.parquet", SPAN), Surveyed)


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


def fault(results: list[Result]) -> str:
    """Return what is said of the output of the one file that failed."""
    (said,) = {str(r.error) for r in results if isinstance(r, Failed)}
    assert all(isinstance(r, Failed) and isinstance(r.error, OutputError) for r in results)
    return said


@pytest.mark.parametrize("rows", [10, 5000])
@pytest.mark.parametrize("here", [True, False])
def test_a_worker_without_room_to_write_says_so_and_not_that_the_input_is_broken(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int, here: bool
) -> None:
    write("a.parquet", rows)
    work = work_in(tmp_path)
    found = surveyed(work, "a.parquet")
    full = f"{tmp_path}/out/{SCRATCH}"
    if not here:
        monkeypatch.setattr(Storage, "local", lambda self, name="": None)
        monkeypatch.setattr("tempfile.tempdir", full := str(tmp_path / "temporary"))

    def no_room(*given: Any, **more: Any) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tempfile.mkdtemp", no_room)
    results = list(score_spans(work, FakeAnalyzer(), found.left))
    assert fault(results) == f"{full} cannot be written (No space left on device)"
    assert len(results) == len(found.left)
    result = put_together(work, found.file, Tally(), 0.0, 0)
    assert fault([result]) == f"{full} cannot be written (No space left on device)"


def test_a_machine_without_any_folder_for_temporary_files_says_so(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("a.parquet", 10)
    work = work_in(tmp_path)
    found = surveyed(work, "a.parquet")
    monkeypatch.setattr(Storage, "local", lambda self, name="": None)

    def nowhere() -> str:
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']")

    monkeypatch.setattr("tempfile.gettempdir", nowhere)
    said = fault(list(score_spans(work, FakeAnalyzer(), found.left)))
    assert said.startswith("the folder for temporary files cannot be written (No usable")


@pytest.mark.parametrize("what", ["part", "end", "output"])
def test_a_disk_that_fills_up_in_the_middle_is_told_as_that(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    write("a.parquet", 10)
    work = work_in(tmp_path)
    spans = surveyed(work, "a.parquet").left

    class Full:
        def __init__(self, *given: Any) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

    if what == "part":
        monkeypatch.setattr(Path, "open", Full)
    else:
        name = {"end": "seal", "output": "output_identity"}[what]
        monkeypatch.setattr(f"sentiment.cluster.work.{name}", Full)
    said = fault(list(score_spans(work, FakeAnalyzer(), spans)))
    assert said.startswith(f"{tmp_path}/out/{SCRATCH}/")
    assert said.endswith("cannot be written (No space left on device)")


def test_what_an_analyzer_stumbles_on_is_blamed_on_no_file(write: Write, tmp_path: Path) -> None:
    write("a.parquet", 10)
    work = work_in(tmp_path)

    class Broken(FakeAnalyzer):
        def analyze_batch(self, feedback: list[Any], /) -> list[Any]:
            raise FileNotFoundError(errno.ENOENT, "libnothing.so")

    with pytest.raises(FileNotFoundError):
        list(score_spans(work, Broken(), surveyed(work, "a.parquet").left))


def test_a_kept_span_that_cannot_be_read_is_a_fault_of_the_output(
    write: Write, tmp_path: Path
) -> None:
    write("a.parquet", 3000)
    work, analyzer = work_in(tmp_path), FakeAnalyzer()
    found = surveyed(work, "a.parquet")
    list(score_spans(work, analyzer, found.left))
    (span,) = tmp_path.glob("out/.sentiment/files/a.parquet/*/1")
    whole = span.read_bytes()
    span.unlink()
    gone = fault([put_together(work, found.file, Tally(), 0.0, 0)])
    span.mkdir()
    broken = fault([put_together(work, found.file, Tally(), 0.0, 0)])
    for said in (gone, broken):
        assert said.startswith(f"{span} cannot be read (")
    assert not (tmp_path / "out" / "a.parquet").exists()
    span.rmdir()
    span.write_bytes(whole)
    assert isinstance(put_together(work, found.file, Tally(), 0.0, 0), Finished)


class Failing:
    """A stream that ends with a fault."""

    def __enter__(self) -> Failing:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def seek(self, *to: int) -> int:
        return 0

    def read(self, size: int = -1) -> bytes:
        raise OSError(errno.EIO, "Input/output error")


def test_a_kept_span_that_breaks_off_is_a_fault_of_the_output(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("a.parquet", 3000)
    work, analyzer = work_in(tmp_path), FakeAnalyzer()
    found = surveyed(work, "a.parquet")
    list(score_spans(work, analyzer, found.left))
    usual = Storage.open

    def failing(self: Storage, name: str) -> Any:
        return Failing() if name.startswith(OWN) else usual(self, name)

    monkeypatch.setattr(Storage, "open", failing)
    together = put_together(work, found.file, Tally(), 0.0, 0)
    scored = list(score_spans(work, analyzer, found.left[:1]))
    again = survey(work, found.file.roles, "a.parquet", SPAN)
    assert isinstance(again, Failed)
    for said in (fault([together]), fault(scored), fault([again])):
        assert f"{tmp_path}/out/.sentiment/files/a.parquet/" in said
        assert "cannot be read (Input/output error)" in said


def test_a_source_that_cannot_be_read_is_a_fault_of_the_input(write: Write, tmp_path: Path) -> None:
    path = write("a.parquet", 10)
    work = work_in(tmp_path)
    spans = surveyed(work, "a.parquet").left
    path.unlink()
    (result,) = score_spans(work, FakeAnalyzer(), spans)
    assert isinstance(result, Failed)
    assert isinstance(result.error, InputError)
    assert str(result.error).startswith(f"{path} cannot be read (")


def test_a_summary_records_how_the_model_was_asked_for(write: Write, tmp_path: Path) -> None:
    write("a.parquet", 10)
    options = JobOptions(model="d", device="cpu", speed="fast")
    work = replace(work_in(tmp_path), options=options)
    (done,) = score_spans(work, FakeAnalyzer(), surveyed(work, "a.parquet").left)
    assert isinstance(done, Finished)
    assert done.summary.options == options.of_model


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
