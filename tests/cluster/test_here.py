"""A folder scored without a cluster: the same files as with one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sentiment.cli import main
from sentiment.cluster import score_folder, score_folder_here
from sentiment.errors import ColumnError, InputError
from sentiment.job import Interrupted, JobOptions
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
