"""A folder scored without a cluster: the same files as with one."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sentiment.cli import main
from sentiment.cluster import score_folder, score_folder_here
from sentiment.cluster.here import _Once
from sentiment.errors import ColumnError, InputError, OutputError, TaxonomyError
from sentiment.job import Interrupted, JobOptions
from sentiment.taxonomy import Taxonomy
from tests.cluster.conftest import Write
from tests.job.fake import FakeAnalyzer
from tests.job.fake import load as load_fake
from tests.job.test_run import Heard

FILES = (("a.parquet", 0), ("b.parquet", 1500), ("more/c.parquet", 700), ("more/d.parquet", 40))


def contents(folder: Path) -> dict[str, Any]:
    """Return what is in the files of a folder, summaries without what differs from run to run."""
    found: dict[str, Any] = {}
    for path in folder.rglob("*"):
        if path.name.endswith(".summary.json"):
            summary = json.loads(path.read_bytes())
            for name in ("seconds", "rows_per_second"):
                del summary[name]
            del summary["output"]["path"]
            found[str(path.relative_to(folder))] = summary
        elif path.is_file():
            found[str(path.relative_to(folder))] = path.read_bytes()
    return found


@pytest.mark.usefixtures("inline")
def test_both_engines_make_the_same_folder(write: Write, tmp_path: Path) -> None:
    for name, rows in FILES:
        write(name, rows)
    write("e.parquet", 20, channel=["web", "shop"] * 10)
    path = write("f.parquet", 20)
    pq.write_table(pq.read_table(path).drop_columns(["id", "stars"]), path)
    pq.write_table(pa.table({"words": ["good"]}), tmp_path / "in" / "g.parquet")
    (tmp_path / "in" / "h.parquet").write_bytes(b"nonsense")
    source = str(tmp_path / "in")
    ray = score_folder(source, str(tmp_path / "ray"), load=load_fake, span_rows=512)
    heard = Heard()
    options = JobOptions(workers=1)
    here = score_folder_here(source, str(tmp_path / "here"), options, load=load_fake, watcher=heard)
    assert contents(tmp_path / "ray") == contents(tmp_path / "here")
    assert (here.files, here.empty) == (ray.files, ray.empty) == (5, ("a.parquet",))
    assert {name: str(error) for name, error in here.failed.items()} == {
        name: str(error) for name, error in ray.failed.items()
    }
    assert [type(error) for error in here.failed.values()] == [ColumnError, InputError]
    assert here.total.tally == ray.total.tally
    assert (heard.rows[-1], heard.rows) == (2280, sorted(heard.rows))
    again = score_folder_here(source, str(tmp_path / "ray"), options, load=load_fake)
    assert again.finished_before == 5


def test_a_stop_says_what_all_files_keep(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("a.parquet", 100)
    write("b.parquet", 2000)
    analyze = FakeAnalyzer.analyze_batch

    def stopping(self: FakeAnalyzer, feedback: list[Any], /) -> list[Any]:
        if feedback[-1].id == "b.parquet-01023":
            raise KeyboardInterrupt
        return analyze(self, feedback)

    monkeypatch.setattr(FakeAnalyzer, "analyze_batch", stopping)
    with pytest.raises(Interrupted) as stopped:
        score_folder_here(
            str(tmp_path / "in"), str(tmp_path / "out"), JobOptions(workers=1), load=load_fake
        )
    assert stopped.value.rows == 100 + 512
    monkeypatch.undo()
    heard = Heard()
    done = score_folder_here(
        str(tmp_path / "in"), str(tmp_path / "out"), load=load_fake, watcher=heard
    )
    assert (done.finished_before, done.total.reused) == (1, 612)
    named = {"source": f"{tmp_path}/in/b.parquet", "output": f"{tmp_path}/out/b.parquet"}
    assert heard.said == [("next_input", named), ("resumed", {"rows": 512})]


class Loads:
    """Stands in for `sentiment.load` and counts how often it is asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []

    def __call__(
        self, model: str | None, *, device: str, taxonomy: Taxonomy | None, speed: str
    ) -> FakeAnalyzer:
        self.asked.append((model, device, taxonomy and taxonomy.version, speed))
        analyzer = FakeAnalyzer()
        analyzer.taxonomy = taxonomy or analyzer.taxonomy
        analyzer.model_name = f"{speed}@1"
        analyzer.accuracy = {"delivery": {"en": 0.7}} if speed == "fast" else analyzer.accuracy
        return analyzer


@pytest.mark.parametrize("speed", ["full", "fast"])
@pytest.mark.parametrize("own", [True, False])
def test_the_model_that_is_asked_for_is_loaded_once_and_named(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, speed: str, own: bool
) -> None:
    for name, rows in FILES:
        write(name, rows)
    path = tmp_path / "own.toml"
    path.write_text('extends = "default"\nversion = "own"\n', encoding="utf-8")
    monkeypatch.setattr("sentiment.analyzer.load", loads := Loads())
    options = JobOptions(workers=1, speed=speed, taxonomy=str(path) if own else None)
    done = score_folder_here(str(tmp_path / "in"), str(tmp_path / "out"), options)
    assert done.failed == {}
    version = "own" if own else None
    assert loads.asked == [(None, "cpu", version, speed)]
    expected = loads(None, device="cpu", taxonomy=Taxonomy.read(path) if own else None, speed=speed)
    assert done.total.model == expected.model_name
    assert done.total.taxonomy == expected.taxonomy.to_dict()
    assert done.total.accuracy == expected.accuracy
    summary = json.loads((tmp_path / "out" / "b.parquet.summary.json").read_bytes())
    assert summary["taxonomy"] == done.total.taxonomy


def test_a_taxonomy_that_cannot_be_read_stops_it_all(write: Write, tmp_path: Path) -> None:
    write("a.parquet", 10)
    options = JobOptions(taxonomy=str(tmp_path / "none.toml"))
    heard = Heard()
    with pytest.raises(TaxonomyError):
        score_folder_here(str(tmp_path / "in"), str(tmp_path / "out"), options, watcher=heard)
    assert not (tmp_path / "out").exists()


def test_a_model_that_was_trained_again_is_loaded_again(write: Write, tmp_path: Path) -> None:
    write("a.parquet", 10)
    digests = iter(("first", "second"))

    def load(model: str | None, device: str) -> FakeAnalyzer:
        return FakeAnalyzer(next(digests))

    options = JobOptions(overwrite=True)
    for _ in range(2):
        done = score_folder_here(str(tmp_path / "in"), str(tmp_path / "out"), options, load=load)
        assert not done.total.finished_before


def test_a_loaded_model_does_not_travel_to_a_worker() -> None:
    once = _Once(load_fake)
    loaded: Any = once(None, "cpu")
    loaded.own = lambda: None  # as a session of ONNX Runtime, which nobody can pickle
    assert once(None, "cpu") is loaded
    there = pickle.loads(pickle.dumps(once))
    assert there(None, "cpu") is there(None, "cpu")
    assert not hasattr(there(None, "cpu"), "own")


@pytest.mark.parametrize("other", ["s3://key:secret@bucket/out", "gs://bucket/out"])
def test_a_folder_elsewhere_is_refused_in_one_sentence(
    write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str], other: str
) -> None:
    write("a.parquet", 10)
    assert main(["score", str(tmp_path / "in"), "-o", other, "--language", "en"]) == 2
    err = capsys.readouterr().err
    assert "://bucket/out is not on this machine" in err
    assert "add --engine ray" in err
    assert "secret" not in err
    assert err.count("\n") == 1
    with pytest.raises(OutputError):
        score_folder_here(str(tmp_path / "in"), other)
    with pytest.raises(InputError, match="add --engine ray"):
        score_folder_here(other, str(tmp_path / "out"))


def test_an_address_of_this_machine_is_a_folder_of_it(write: Write, tmp_path: Path) -> None:
    write("more/a.parquet", 10)
    source, out = f"file://{tmp_path}/in", tmp_path / "out"
    done = score_folder_here(source, f"file://{out}", load=load_fake)
    assert (done.files, done.failed) == (1, {})
    assert done.total.output["path"] == str(out)
    summary = json.loads((out / "more" / "a.parquet.summary.json").read_bytes())
    assert summary["input"]["path"] == f"{tmp_path}/in/more/a.parquet"
    assert summary["output"]["path"] == f"{out}/more/a.parquet"


def test_a_name_with_a_question_mark_is_a_name(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("a.parquet", 10)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").rename(tmp_path / "why?")
    done = score_folder_here("why?", "how?/", load=load_fake)
    assert (done.files, done.failed) == (1, {})
    assert (tmp_path / "how?" / "a.parquet").exists()


def test_a_folder_that_cannot_be_made_is_a_fault_of_its_files_alone(
    write: Write, tmp_path: Path
) -> None:
    write("a.parquet", 10)
    write("more/b.parquet", 10)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "more").write_bytes(b"in the way")
    done = score_folder_here(str(tmp_path / "in"), str(tmp_path / "out"), load=load_fake)
    assert (done.files, list(done.failed)) == (1, ["more/b.parquet"])
    error = done.failed["more/b.parquet"]
    assert isinstance(error, OutputError)
    assert str(error).startswith(f"{tmp_path}/out/more/b.parquet cannot be written (")


def test_the_command_scores_a_folder(
    write: Write, tmp_path: Path, tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write("a.parquet", 30)
    write("more/b.parquet", 20)
    command = ["score", str(tmp_path / "in"), "--model", str(tiny), "--language", "en"]
    assert main(command) == 2
    assert "a folder needs another one for its outputs" in capsys.readouterr().err
    assert main([*command, "-o", str(tmp_path / "out"), "--address", "h:1"]) == 2
    assert "add --engine ray" in capsys.readouterr().err
    two = ["score", "a", "b", "-o", str(tmp_path / "out"), "--engine", "ray", "--language", "en"]
    assert main(two) == 2
    assert "takes one folder" in capsys.readouterr().err
    export = tmp_path / "reviews.csv"
    export.write_text("text\ngood\n", encoding="utf-8")
    one = ["score", str(export), "-o", str(tmp_path / "out"), "--engine", "ray", "--language", "en"]
    assert main(one) == 2
    assert "scores Parquet files, and" in capsys.readouterr().err
    assert main([*command, "-o", str(tmp_path / "out")]) == 0
    err = capsys.readouterr().err
    assert "50 rows: " in err
    assert f"Scored files: 2 in {tmp_path / 'out'}" in err
    assert (tmp_path / "out" / "more" / "b.parquet").exists()
