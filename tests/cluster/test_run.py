"""The job on a folder, its engine in this process: what comes out, and what is not done twice."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sentiment.cluster import SPAN_ROWS, FolderSummary, score_folder
from sentiment.cluster.spans import Span
from sentiment.cluster.work import Result, Work
from sentiment.errors import ColumnError, InputError, ModelError, OutputError, UserError
from sentiment.job import PART_ROWS, Interrupted, JobOptions, score, summary_path
from sentiment.tables import ReadOptions, read_scored
from tests.cluster.conftest import Write
from tests.cluster.inline import Inline
from tests.job.fake import FakeAnalyzer
from tests.job.fake import load as load_fake
from tests.job.test_run import Heard

SPAN = 2 * PART_ROWS
FILES = (("a.parquet", 10), ("more/b.parquet", 5000), ("more/c.pq", SPAN), ("more/d.parquet", 1025))

pytestmark = pytest.mark.usefixtures("inline")


def run(folder: Path, heard: Heard | None = None, **options: Any) -> FolderSummary:
    return score_folder(
        str(folder / "in"),
        str(folder / "out"),
        JobOptions(**options),
        watcher=heard,
        load=load_fake,
        span_rows=SPAN,
    )


def check_as_local(folder: Path, name: str, read: ReadOptions | None = None) -> None:
    """Compare an output and its summary with what the local job makes of the same file."""
    expected, out = folder / "local.parquet", folder / "out" / name
    options = JobOptions(workers=1, overwrite=True, read=read or ReadOptions())
    score(folder / "in" / name, expected, options, load=load_fake)
    assert out.read_bytes() == expected.read_bytes()
    ours, theirs = (json.loads(summary_path(path).read_bytes()) for path in (out, expected))
    for summary in (ours, theirs):
        for of_the_run in ("seconds", "rows_per_second", "rows_reused"):
            del summary[of_the_run]
        del summary["output"]["path"]
    assert ours == theirs


def names_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_every_file_comes_out_as_the_local_job_makes_it(write: Write, tmp_path: Path) -> None:
    for name, rows in FILES:
        write(name, rows)
    done = run(tmp_path)
    assert (done.files, done.finished_before, done.failed, done.empty) == (4, 0, {}, ())
    assert done.total.rows == sum(rows for _, rows in FILES)
    assert names_in(tmp_path / "out") == sorted(
        [name for name, _ in FILES] + [f"{name}.summary.json" for name, _ in FILES]
    )
    assert not (tmp_path / "out" / ".sentiment").exists()
    for name, _ in FILES:
        check_as_local(tmp_path, name)


def test_what_either_engine_finished_the_other_does_not_do_again(
    write: Write, tmp_path: Path
) -> None:
    source = write("a.parquet", 1500)
    write("b.parquet", 10)
    (tmp_path / "out").mkdir()
    score(source, tmp_path / "out" / "a.parquet", JobOptions(workers=1), load=load_fake)
    before = (tmp_path / "out" / "a.parquet").stat().st_mtime_ns
    done = run(tmp_path)
    assert (done.files, done.finished_before) == (2, 1)
    assert not done.total.finished_before
    assert (tmp_path / "out" / "a.parquet").stat().st_mtime_ns == before
    assert run(tmp_path).total.finished_before
    again = score(source, tmp_path / "out" / "a.parquet", JobOptions(), load=load_fake)
    assert again.finished_before


def test_roles_are_those_of_the_first_file_that_has_rows(write: Write, tmp_path: Path) -> None:
    write("a.parquet", 0)
    write("b.parquet", 40, channel=["web", "shop"] * 20)
    write("c.parquet", 40)
    path = write("d.parquet", 40)
    pq.write_table(pq.read_table(path).drop_columns(["id", "stars"]), path)
    heard = Heard()
    done = run(tmp_path, heard)
    assert (done.files, done.empty, done.failed) == (3, ("a.parquet",), {})
    assert ("folder_empty_files", {"files": 1}) in heard.said
    assert heard.table.path.endswith("in/b.parquet")
    check_as_local(tmp_path, "b.parquet")
    check_as_local(tmp_path, "c.parquet")
    roles = json.loads((tmp_path / "out" / "d.parquet.summary.json").read_bytes())["roles"]
    assert roles["text"] == ["review"]
    assert roles["id"] is roles["outcome"] is None
    assert [a.id for a in read_scored(tmp_path / "out" / "d.parquet")] == [None] * 40


def test_several_questions_are_asked_of_every_file(write: Write, tmp_path: Path) -> None:
    for name in ("a.parquet", "b.parquet"):
        write(name, 1500, wish=[f"fast, {i}" if i % 2 else None for i in range(1500)])
    read = ReadOptions(text=("review", "wish"))
    done = run(tmp_path, read=read)
    assert (done.total.rows, done.total.answers) == (3000, 6000)
    check_as_local(tmp_path, "b.parquet", read)


def test_a_file_that_cannot_be_scored_does_not_keep_the_others_from_it(
    write: Write, tmp_path: Path
) -> None:
    write("a.parquet", 10)
    write("b.parquet", 5000)
    (tmp_path / "in" / "c.parquet").write_bytes(b"PAR1 and no more")
    pq.write_table(pa.table({"words": ["good"]}), tmp_path / "in" / "d.parquet")
    whole = (tmp_path / "in" / "b.parquet").read_bytes()
    # The first pages of one row group are nonsense, and the footer is in order.
    (tmp_path / "in" / "b.parquet").write_bytes(whole[:40_000] + b"\xff" * 4000 + whole[44_000:])
    done = run(tmp_path)
    assert done.files == 1
    assert sorted(done.failed) == ["b.parquet", "c.parquet", "d.parquet"]
    assert isinstance(done.failed["b.parquet"], InputError)
    assert "cannot be read on after row" in str(done.failed["b.parquet"])
    assert isinstance(done.failed["d.parquet"], ColumnError)
    assert "no column “review”" in str(done.failed["d.parquet"])
    assert not (tmp_path / "out" / "b.parquet").exists()
    # What is kept of the broken file is used once it is mended, if it is the same file then.
    (tmp_path / "in" / "b.parquet").write_bytes(whole)
    heard = Heard()
    assert "b.parquet" not in run(tmp_path, heard).failed
    assert ("file_changed", {"path": f"{tmp_path}/in/b.parquet", "what": ("input",)}) in heard.said
    check_as_local(tmp_path, "b.parquet")


class Stopping(Inline):
    """Is interrupted after so many results."""

    after = 3

    def score(
        self, work: Work, bundles: Sequence[tuple[Span, ...]], use_gpu: bool
    ) -> Iterator[Result]:
        yield from islice(super().score(work, bundles, use_gpu), self.after)
        raise KeyboardInterrupt


def interrupted(folder: Path, monkeypatch: pytest.MonkeyPatch, **options: Any) -> int:
    with monkeypatch.context() as patch:
        patch.setattr("sentiment.cluster.run.Engine", Stopping)
        with pytest.raises(Interrupted) as stopped:
            run(folder, **options)
    return stopped.value.rows


def test_a_run_that_was_interrupted_goes_on_span_by_span(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("a.parquet", 5000)
    kept = interrupted(tmp_path, monkeypatch)
    assert kept == 5000 - 4 * SPAN + 2 * SPAN  # the last one, which is short, and two more
    assert not (tmp_path / "out" / "a.parquet").exists()
    scored: list[int] = []
    analyze = FakeAnalyzer.analyze_batch

    def noting(self: FakeAnalyzer, feedback: list[Any], /) -> list[Any]:
        scored.extend(item.row for item in feedback)
        return analyze(self, feedback)

    monkeypatch.setattr(FakeAnalyzer, "analyze_batch", noting)
    heard = Heard()
    done = run(tmp_path, heard)
    assert ("resumed", {"rows": kept}) in heard.said
    assert sorted(scored) == list(range(1, 5001 - kept))
    assert done.total.reused == kept
    monkeypatch.undo()
    check_as_local(tmp_path, "a.parquet")
    assert not (tmp_path / "out" / ".sentiment").exists()


@pytest.mark.parametrize("what", ["input", "options", "model", "restart"])
def test_progress_of_another_job_is_not_used(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    source = write("a.parquet", 5000)
    interrupted(tmp_path, monkeypatch)
    options: dict[str, Any] = {}
    if what == "input":
        os.utime(source, ns=(1, 1))
    elif what == "options":
        options = {"read": ReadOptions(id="stars")}
    elif what == "model":
        options = {"model": "another"}
    else:
        options = {"restart": True}
    heard = Heard()
    done = run(tmp_path, heard, **options)
    assert done.total.reused == 0
    path = str(source)
    if what == "restart":
        assert ("file_restarted", {"path": path}) in heard.said
    else:
        assert ("file_changed", {"path": path, "what": (what,)}) in heard.said
    assert done.total.rows == 5000


def test_restart_scores_a_finished_file_again(write: Write, tmp_path: Path) -> None:
    write("a.parquet", 10)
    run(tmp_path)
    done = run(tmp_path, restart=True)
    assert (done.finished_before, done.total.reused) == (0, 0)


@pytest.mark.parametrize("rows", [10, 3000])
def test_another_output_is_replaced_only_when_that_is_asked_for(
    write: Write, tmp_path: Path, rows: int
) -> None:
    write("a.parquet", rows)
    write("b.parquet", 10)
    run(tmp_path)
    write("a.parquet", rows + 1)
    out = tmp_path / "out" / "a.parquet"
    content = out.read_bytes()
    done = run(tmp_path)
    assert isinstance(done.failed["a.parquet"], OutputError)
    assert "--overwrite" in str(done.failed["a.parquet"])
    assert out.read_bytes() == content
    assert not (tmp_path / "out" / ".sentiment").exists()
    done = run(tmp_path, overwrite=True)
    assert (done.files, done.finished_before, done.failed) == (2, 1, {})
    check_as_local(tmp_path, "a.parquet")


def test_a_file_that_changes_under_the_job_is_not_finished(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write("a.parquet", 10)
    analyze = FakeAnalyzer.analyze_batch

    def changing(self: FakeAnalyzer, feedback: list[Any], /) -> list[Any]:
        os.utime(source, ns=(1, 1))
        return analyze(self, feedback)

    monkeypatch.setattr(FakeAnalyzer, "analyze_batch", changing)
    assert "changed while it was being scored" in str(run(tmp_path).failed["a.parquet"])
    assert names_in(tmp_path / "out") == []


def test_one_file_may_be_named_and_others_are_left_alone(write: Write, tmp_path: Path) -> None:
    write("a.parquet", 10)
    write("b.parquet", 10)
    done = score_folder(str(tmp_path / "in" / "a.parquet"), str(tmp_path / "out"), load=load_fake)
    assert done.files == 1
    assert names_in(tmp_path / "out") == ["a.parquet", "a.parquet.summary.json"]


def test_of_one_file_the_outputs_may_go_beside_it(write: Write, tmp_path: Path) -> None:
    source = write("a.parquet", 10)
    write("b.parquet", 10)
    done = score_folder(str(source), str(tmp_path / "in" / "scored"), load=load_fake)
    assert (done.files, done.failed) == (1, {})
    assert names_in(tmp_path / "in") == [
        "a.parquet",
        "b.parquet",
        "scored/a.parquet",
        "scored/a.parquet.summary.json",
    ]


def test_only_parquet_files_are_scored_and_bookkeeping_is_none(
    write: Write, tmp_path: Path
) -> None:
    write("part=1/a.snappy.parquet", 10)
    for name in ("_SUCCESS", ".a.parquet.crc", "_temporary/b.parquet", ".hidden/c.parquet"):
        (tmp_path / "in" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "in" / name).write_bytes(b"x")
    (tmp_path / "in" / "notes.csv").write_text("review\ngood\n")
    heard = Heard()
    assert run(tmp_path, heard).files == 1
    assert ("folder_other_files", {"files": 1}) in heard.said


def test_progress_is_told_with_what_there_is_in_all(write: Write, tmp_path: Path) -> None:
    write("a.parquet", 5000)
    write("b.parquet", 10)
    heard = Heard()
    run(tmp_path, heard)
    assert (heard.rows[0], heard.rows[-1], heard.total) == (0, 5010, 5010)
    assert heard.rows == sorted(heard.rows)


@pytest.mark.parametrize(
    ("source", "out", "error", "said"),
    [
        ("nowhere", "out", InputError, "there is no folder"),
        ("empty", "out", InputError, "there is no Parquet file in empty"),
        ("bare", "out", InputError, "holds no data row"),
        ("in", "in/out", OutputError, "in the folder that is to be scored"),
        ("in", "in", OutputError, "in the folder that is to be scored"),
        ("in", "in/a.parquet", OutputError, "is a file"),
        ("in", ".", OutputError, "one of the inputs"),
        ("in/a.parquet", "in", OutputError, "one of the inputs"),
        ("nonsense://x", "out", InputError, "cannot be reached"),
        ("in", "in/a.parquet/out", OutputError, "in the folder that is to be scored"),
    ],
)
def test_what_cannot_go_well_is_refused_in_one_sentence(
    write: Write,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    source: str,
    out: str,
    error: type[UserError],
    said: str,
) -> None:
    write("a.parquet", 10)
    write("in/a.parquet", 10)
    write("../bare/a.parquet", 0)
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=said) as raised:
        score_folder(source, out, load=load_fake)
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "out").exists()


def load_no_model(model: str | None, device: str) -> Any:
    raise ModelError("There is no model.")


def test_a_model_that_is_not_there_stops_it_all(write: Write, tmp_path: Path) -> None:
    write("a.parquet", 10)
    with pytest.raises(ModelError):
        score_folder(str(tmp_path / "in"), str(tmp_path / "out"), load=load_no_model)


def test_a_second_job_on_the_same_folder_is_refused(write: Write, tmp_path: Path) -> None:
    write("a.parquet", 10)

    class Nested(Heard):
        def advance(self, rows: int, scored: int, total: int | None) -> None:
            with pytest.raises(OutputError, match="another job is writing"):
                run(tmp_path)

    assert run(tmp_path, Nested()).files == 1


def test_a_span_ends_where_a_part_does() -> None:
    assert SPAN_ROWS % PART_ROWS == 0
