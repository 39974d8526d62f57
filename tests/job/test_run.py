from __future__ import annotations

import csv
import errno
import io
import json
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet
import pytest

from sentiment.errors import InputError, ModelError, OutputError
from sentiment.job import (
    PART_ROWS,
    Interrupted,
    JobOptions,
    Summary,
    WorkerError,
    rejects_path,
    score,
    summary_path,
)
from sentiment.job import store as store_module
from sentiment.job.scoring import Analyzes, Setup
from sentiment.records import Analysis, Feedback
from sentiment.tables import ReadOptions, Reject, SourceRow, Table
from tests.job.conftest import Write
from tests.job.fake import FakeAnalyzer
from tests.job.fake import load as load_fake

FORMATS = ("csv", "tsv", "xlsx", "jsonl", "parquet")


class Heard:
    """A watcher that remembers."""

    def __init__(self) -> None:
        self.said: list[tuple[str, dict[str, Any]]] = []
        self.rows: list[int] = []
        self.total: int | None = None

    def say(self, key: str, /, **fields: object) -> None:
        self.said.append((key, fields))

    def opened(self, table: Table) -> None:
        self.table = table

    def advance(self, rows: int, scored: int, total: int | None) -> None:
        self.rows.append(rows)
        self.total = total

    @property
    def keys(self) -> list[str]:
        return [key for key, _ in self.said]


class Stopping(FakeAnalyzer):
    """Is interrupted after so many parts."""

    def __init__(self, parts: int, error: type[BaseException] = KeyboardInterrupt) -> None:
        super().__init__()
        self._left = parts
        self._error = error

    def analyze_batch(self, feedback: list[str | Feedback], /) -> list[Analysis]:
        if self._left == 0:
            raise self._error
        self._left -= 1
        return super().analyze_batch(feedback)


def run(
    source: Path | str,
    output: Path | str,
    analyzer: FakeAnalyzer | None = None,
    heard: Heard | None = None,
    **options: Any,
) -> Summary:
    given = analyzer or FakeAnalyzer()
    options = {"workers": 1} | options
    return score(source, output, JobOptions(**options), heard, load=lambda model, device: given)


def ids_in(output: Path) -> list[Any]:
    if output.suffix == ".jsonl":
        lines = output.read_text(encoding="utf-8").splitlines()
        return [json.loads(line)["columns"]["id"] for line in lines]
    if output.suffix == ".parquet":
        return list(pyarrow.parquet.read_table(output)["id"].to_pylist())
    if output.suffix == ".xlsx":
        book = openpyxl.load_workbook(output)
        return [row[0] for row in book.worksheets[0].iter_rows(min_row=2, values_only=True)]
    delimiter = "\t" if output.suffix == ".tsv" else ","
    with output.open(encoding="utf-8-sig", newline="") as file:
        return [row["id"] for row in csv.DictReader(file, delimiter=delimiter)]


def interrupted(source: Path, output: Path, parts: int) -> None:
    with pytest.raises(Interrupted) as stopped:
        run(source, output, Stopping(parts))
    assert stopped.value.rows == parts * PART_ROWS
    assert not output.exists()


@pytest.mark.parametrize("kind", FORMATS)
def test_every_row_comes_out_once_in_order_and_the_counts_add_up(
    export: Write, tmp_path: Path, kind: str
) -> None:
    source, output = export(1200), tmp_path / f"out.{kind}"
    summary = run(source, output)
    assert ids_in(output) == [f"A-{i:05d}" for i in range(1200)]
    assert summary.rows == 1200
    assert summary.tally.rows == {"ok": 960, "empty": 240}
    assert summary.tally.sentiments == {"positive": 480, "negative": 480}
    assert summary.tally.drivers == {"delivery.speed:positive": 480}
    written = json.loads(summary_path(output).read_text(encoding="utf-8"))
    assert written == summary.to_dict()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        [source.name, output.name, summary_path(output).name]
    )


@pytest.mark.parametrize("kind", FORMATS)
def test_a_run_that_was_interrupted_goes_on_and_makes_the_same_bytes(
    export: Write, tmp_path: Path, kind: str
) -> None:
    source = export(2000)
    whole, output = tmp_path / f"whole.{kind}", tmp_path / f"out.{kind}"
    run(source, whole)
    interrupted(source, output, parts=2)
    second, heard = FakeAnalyzer(), Heard()
    summary = run(source, output, second, heard)
    assert output.read_bytes() == whole.read_bytes()
    assert second.scored == 2000 - 2 * PART_ROWS
    assert ("resumed", {"rows": 2 * PART_ROWS}) in heard.said
    assert summary.reused == 2 * PART_ROWS
    assert summary.tally.rows == {"ok": 1600, "empty": 400}


def test_a_finished_output_is_not_made_again(export: Write, tmp_path: Path) -> None:
    source, output = export(700), tmp_path / "out.csv"
    first = run(source, output)
    before = output.stat().st_mtime_ns
    analyzer = FakeAnalyzer()
    again = run(source, output, analyzer)
    assert again.finished_before
    assert analyzer.scored == 0
    assert again.tally == first.tally
    assert output.stat().st_mtime_ns == before


def test_restart_scores_a_finished_output_again(export: Write, tmp_path: Path) -> None:
    source, output = export(700), tmp_path / "out.csv"
    run(source, output)
    content = output.read_bytes()
    analyzer = FakeAnalyzer()
    assert not run(source, output, analyzer, restart=True).finished_before
    assert analyzer.scored == 700
    assert output.read_bytes() == content


def test_restart_forgets_progress_and_says_so(export: Write, tmp_path: Path) -> None:
    source, output = export(2000), tmp_path / "out.csv"
    interrupted(source, output, parts=2)
    analyzer, heard = FakeAnalyzer(), Heard()
    run(source, output, analyzer, heard, restart=True)
    assert analyzer.scored == 2000
    assert "restarted" in heard.keys


@pytest.mark.parametrize("made_by", ["someone else", "another job", "this job, then edited"])
def test_any_other_output_is_refused_and_stays_as_it_is(
    export: Write, tmp_path: Path, made_by: str
) -> None:
    source, output = export(10), tmp_path / "out.csv"
    if made_by == "someone else":
        output.write_text("mine")
    else:
        run(source, output, FakeAnalyzer(digest="other" if made_by == "another job" else "d"))
    if made_by == "this job, then edited":
        output.write_bytes(output.read_bytes() + b"mine")
    content = output.read_bytes()
    with pytest.raises(OutputError, match="--overwrite"):
        run(source, output)
    with pytest.raises(OutputError, match="--overwrite"):
        run(source, output, restart=True)
    assert output.read_bytes() == content
    assert not output.with_name("out.csv.partial").exists()
    assert not run(source, output, overwrite=True).finished_before
    assert run(source, output).finished_before


@pytest.mark.parametrize("what", ["input", "options", "model"])
def test_progress_of_another_job_is_not_used(export: Write, tmp_path: Path, what: str) -> None:
    source, output = export(2000), tmp_path / "out.csv"
    interrupted(source, output, parts=2)
    options: dict[str, Any] = {}
    analyzer = FakeAnalyzer()
    if what == "input":
        os.utime(source, ns=(1, 1))
    elif what == "options":
        options = {"encoding": "utf-16"}
    else:
        analyzer = FakeAnalyzer(digest="new")
    heard = Heard()
    run(source, output, analyzer, heard, **options)
    assert analyzer.scored == 2000
    assert ("changed", {"what": (what,)}) in heard.said


def test_a_change_in_the_middle_of_the_input_is_found_while_the_rows_pass(
    export: Write, tmp_path: Path
) -> None:
    # Longer than two megabytes, so that neither end holds the change.
    source = export(3000, texts=("fast " + "x" * 1000, "bad " + "y" * 1000))
    output, whole = tmp_path / "out.csv", tmp_path / "whole.csv"
    interrupted(source, output, parts=4)
    content, times = source.read_bytes(), source.stat()
    at = content.index(b"fast", len(content) // 2 - 1050)
    source.write_bytes(content[:at] + b"slow" + content[at + 4 :])
    os.utime(source, ns=(times.st_atime_ns, times.st_mtime_ns))
    analyzer, heard = FakeAnalyzer(), Heard()
    run(source, output, analyzer, heard)
    assert ("changed_inside", {"row": 2 * PART_ROWS + 1}) in heard.said
    assert analyzer.scored == 3000 - 2 * PART_ROWS
    run(source, whole)
    assert output.read_bytes() == whole.read_bytes()


def test_an_input_that_lost_its_last_parts_does_not_keep_theirs(
    export: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, output = export(2000), tmp_path / "out.jsonl"
    interrupted(source, output, parts=3)
    content = source.read_bytes().splitlines(keepends=True)
    source.write_bytes(b"".join(content[: PART_ROWS + 1]))
    # As if size, time and both ends were the same.
    monkeypatch.setattr("sentiment.job.identity.JobKey.differences", lambda *_: ())
    run(source, output)
    assert len(output.read_text(encoding="utf-8").splitlines()) == PART_ROWS


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_worker_processes_make_the_same_bytes(export: Write, tmp_path: Path, kind: str) -> None:
    source = export(6000)
    one, two = tmp_path / f"one.{kind}", tmp_path / f"two.{kind}"
    run(source, one)
    summary = score(source, two, JobOptions(workers=2), load=load_fake)
    assert one.read_bytes() == two.read_bytes()
    assert summary.rows == 6000


def load_deadly(model: str | None, device: str) -> Analyzes:
    return Deadly()


class Deadly(FakeAnalyzer):
    """Takes its process with it, or breaks, when it sees such a text."""

    def analyze_batch(self, feedback: list[str | Feedback], /) -> list[Analysis]:
        texts = {item.text for item in feedback if isinstance(item, Feedback)}
        if "deadly" in texts:
            os.kill(os.getpid(), 9)
        if "breaking" in texts:
            raise ZeroDivisionError("in a worker")
        return super().analyze_batch(feedback)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_the_death_of_a_worker_is_told_and_what_was_done_is_kept(
    export: Write, tmp_path: Path
) -> None:
    source, output = export(4000), tmp_path / "out.csv"
    with source.open("a", encoding="utf-8") as file:
        file.write("A-x,deadly,1\n")
    with pytest.raises(WorkerError, match=r"ended by SIGKILL.* 3,584 rows are done and kept"):
        score(source, output, JobOptions(workers=2), load=load_deadly)
    heard = Heard()
    assert run(source, output, heard=heard).rows == 4001
    assert "resumed" in heard.keys


def load_replaced(model: str | None, device: str) -> Analyzes:
    return FakeAnalyzer(digest=str(os.getpid()))


def test_a_model_that_is_replaced_under_a_job_stops_it(export: Write, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="was replaced while the job was running"):
        score(export(100), tmp_path / "out.csv", JobOptions(workers=2), load=load_replaced)


def test_a_finished_output_leaves_the_progress_of_another_job_alone(
    export: Write, tmp_path: Path
) -> None:
    source, output = export(2000), tmp_path / "out.csv"
    run(source, output)
    with pytest.raises(Interrupted):
        run(source, output, Stopping(2), encoding="gbk", overwrite=True)
    assert run(source, output).finished_before
    heard = Heard()
    run(source, output, heard=heard, encoding="gbk", overwrite=True)
    assert ("resumed", {"rows": 2 * PART_ROWS}) in heard.said


def test_an_input_that_fails_in_the_middle_is_told(
    export: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, output = export(2000), tmp_path / "out.csv"
    rows = Table.rows

    def failing(table: Table, start: int = 0) -> Iterator[SourceRow | Reject]:
        for row in rows(table, start):
            if row.row > 1500:
                raise OSError(errno.EIO, "Input/output error")
            yield row

    monkeypatch.setattr(Table, "rows", failing)
    with pytest.raises(InputError, match=r"cannot be read \(Input/output error\)"):
        run(source, output)
    monkeypatch.undo()
    assert run(source, output).reused == 2 * PART_ROWS


def test_what_breaks_in_a_worker_breaks_the_job(export: Write, tmp_path: Path) -> None:
    source = export(100)
    with source.open("a", encoding="utf-8") as file:
        file.write("A-x,breaking,1\n")
    with pytest.raises(ZeroDivisionError, match="in a worker"):
        score(source, tmp_path / "out.csv", JobOptions(workers=2), load=load_deadly)
    assert not (tmp_path / "out.csv.partial").exists()


def test_a_second_job_on_one_output_says_so_and_stops(export: Write, tmp_path: Path) -> None:
    source, output = export(600), tmp_path / "out.csv"
    started, go_on = threading.Event(), threading.Event()

    class Waiting(FakeAnalyzer):
        def analyze_batch(self, feedback: list[str | Feedback], /) -> list[Analysis]:
            started.set()
            assert go_on.wait(60)
            return super().analyze_batch(feedback)

    first = threading.Thread(target=run, args=(source, output, Waiting()))
    first.start()
    try:
        assert started.wait(60)
        with pytest.raises(OutputError, match=r"another job is writing .*out\.csv"):
            run(source, output)
    finally:
        go_on.set()
        first.join()
    assert run(source, output).finished_before


def test_a_full_disk_is_told_and_what_was_done_is_kept(
    export: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, output = export(2000), tmp_path / "out.csv"
    write_whole, written = store_module.write_whole, 0

    def full(path: Path, content: bytes) -> None:
        nonlocal written
        written += 1
        if written > 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        write_whole(path, content)

    monkeypatch.setattr(store_module, "write_whole", full)
    with pytest.raises(OutputError, match=r"cannot be written \(No space left"):
        run(source, output)
    monkeypatch.undo()
    analyzer = FakeAnalyzer()
    run(source, output, analyzer)
    assert analyzer.scored == 2000 - 2 * PART_ROWS


def test_records_that_cannot_be_read_are_counted_and_kept_apart(tmp_path: Path) -> None:
    source, output = tmp_path / "in.jsonl", tmp_path / "out.csv"
    lines = [json.dumps({"review": f"a good one, number {i}"}) for i in range(30)]
    source.write_text("\n".join([*lines, "no json at all", *lines]), encoding="utf-8")
    summary = run(source, output)
    assert summary.tally.rows == {"ok": 60, "rejected": 1}
    assert summary.rejects == str(rejects_path(output))
    (reject,) = map(json.loads, rejects_path(output).read_text(encoding="utf-8").splitlines())
    assert reject["row"] == 31
    assert reject["raw"] == "no json at all"
    # The next job on this output has none, and the file is not left to be taken for its own.
    source.write_text("\n".join(lines), encoding="utf-8")
    assert run(source, output, overwrite=True).rejects is None
    assert not rejects_path(output).exists()


def test_several_open_questions_are_answers_of_one_row(tmp_path: Path) -> None:
    source, output = tmp_path / "survey.csv", tmp_path / "out.jsonl"
    rows = "\n".join(f"{i},good number {i},{'bad' if i % 2 else ''}" for i in range(40))
    source.write_text(f"id,likes,dislikes\n{rows}\n", encoding="utf-8")
    summary = run(source, output, read=ReadOptions(text=("likes", "dislikes")))
    assert summary.rows == 40
    assert summary.answers == 80
    assert summary.tally.answers == {"ok": 60, "empty": 20}
    lines = output.read_text(encoding="utf-8").splitlines()
    questions = [json.loads(line)["question"] for line in lines]
    assert questions == ["likes", "dislikes"] * 40


def test_stdout_gets_json_lines_and_nothing_is_kept(
    export: Write, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    source = export(600)
    summary = run(source, "-")
    lines = capsysbinary.readouterr().out.decode().splitlines()
    assert [json.loads(line)["row"] for line in lines] == list(range(1, 601))
    assert summary.rows == 600
    assert [path.name for path in tmp_path.iterdir()] == [source.name]


def test_stdin_cannot_be_resumed_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "out.jsonl"
    content = "".join(
        json.dumps({"review": f"a good one {i}"}) + "\n" for i in range(2000)
    ).encode()

    def stdin() -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))

    stdin()
    with pytest.raises(Interrupted) as stopped:
        run("-", output, Stopping(2))
    assert stopped.value.rows == 0
    assert not output.with_name("out.jsonl.partial").exists()
    stdin()
    analyzer, heard = FakeAnalyzer(), Heard()
    run("-", output, analyzer, heard)
    assert analyzer.scored == 2000
    assert "stdin_no_resume" in heard.keys
    stdin()
    with pytest.raises(OutputError, match="--overwrite"):
        run("-", output)


def test_the_estimate_of_the_rows_is_near(export: Write, tmp_path: Path) -> None:
    heard = Heard()
    run(export(1500), tmp_path / "out.jsonl", heard=heard)
    assert heard.rows == [512, 1024, 1500]
    assert heard.total == 1500


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("out.docx", "no ending that names a format"),
        ("out", "no ending that names a format"),
        ("folder.csv", "is a folder"),
        ("missing/out.csv", "does not exist"),
        ("reviews.csv/out.csv", "nothing can be written"),
        ("reviews.csv", "is the input itself"),
    ],
)
def test_a_place_that_cannot_be_written_is_refused_before_anything_is_scored(
    export: Write, tmp_path: Path, output: str, said: str
) -> None:
    source = export(10)
    (tmp_path / "folder.csv").mkdir()
    analyzer = FakeAnalyzer()
    with pytest.raises(OutputError, match=said):
        run(source, tmp_path / output, analyzer, overwrite=True)
    assert analyzer.scored == 0


def test_a_missing_input_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        run(tmp_path / "none.csv", tmp_path / "out.csv")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_dying_at_any_change_of_the_disk_loses_nothing(
    export: Write, tmp_path: Path, kind: str
) -> None:
    source, whole = export(PART_ROWS + 10), tmp_path / f"whole.{kind}"
    run(source, whole)
    work = tmp_path / "work"
    work.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "tests.job.crash", source, work / f"out.{kind}", whole],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 30


@pytest.mark.parametrize("received", ["nothing", "a model", "half a setup", "a setup"])
def test_a_killed_job_leaves_no_worker_behind(received: str) -> None:
    """The worker ends when its input does, wherever that is, and without a word."""
    setup = pickle.dumps(
        Setup(
            format="csv",
            columns=("review",) * 50,
            questions=False,
            encoding=None,
            model_digest="d",
        )
    )
    model = pickle.dumps(partial(load_fake, None, "cpu"))
    sent = {
        "nothing": b"",
        "a model": model,
        "half a setup": model + setup[: len(setup) // 2],
        "a setup": model + setup,
    }[received]
    done = subprocess.run(
        [sys.executable, "-P", "-m", "sentiment.job.worker"],
        input=sent,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        check=False,
        timeout=60,
    )
    ready = b"" if received == "nothing" else pickle.dumps(True)
    assert (done.returncode, done.stdout, done.stderr) == (0, ready, b"")


def test_the_speed_is_recorded(tmp_path: Path, tiny: Path) -> None:
    source, output = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("评论\n物流很快\n", encoding="utf-8")
    summary = score(source, output, JobOptions(model=str(tiny), speed="fast", workers=1))
    assert summary.options["speed"] == "fast"
    saved = json.loads(summary_path(output).read_text(encoding="utf-8"))
    assert saved["options"]["speed"] == "fast"
