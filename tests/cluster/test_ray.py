"""The same job on a real Ray with two workers: killed workers, a killed driver, the command."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from sentiment.cli import main
from sentiment.cluster import FolderSummary, score_folder
from sentiment.cluster.engine import Engine
from sentiment.errors import MissingExtra, UserError
from sentiment.job import JobOptions, score
from sentiment.job.scoring import Analyzes
from tests.cluster.conftest import Write, needs_ray
from tests.cluster.deadly import SPAN, load_mortal, load_slow, notes
from tests.job.fake import load as load_fake

FILES = (("a.parquet", 300), ("b.parquet", 5000), ("more/c.parquet", 1500))

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is of POSIX")


def run(folder: Path, load: Callable[[str | None, str], Analyzes]) -> FolderSummary:
    return score_folder(
        str(folder / "in"),
        str(folder / "out"),
        JobOptions(model=str(folder), workers=2),
        load=load,
        span_rows=SPAN,
    )


def check_as_local(folder: Path) -> None:
    for name, _ in FILES:
        local = folder / "local.parquet"
        score(folder / "in" / name, local, JobOptions(workers=1, overwrite=True), load=load_fake)
        assert (folder / "out" / name).read_bytes() == local.read_bytes()


@pytest.mark.usefixtures("ray")
def test_a_worker_that_is_killed_loses_nothing_and_doubles_nothing(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Bundles of three spans, each told of as it is done, and death in the middle of one.
    monkeypatch.setattr("sentiment.cluster.spans._BUNDLES_PER_WORKER", 2)
    monkeypatch.setattr("sentiment.cluster.engine._ROWS_TOLD", SPAN)
    for name, rows in FILES:
        write(name, rows)
    done = run(tmp_path, load_mortal)
    assert (tmp_path / "killed").exists()
    assert (done.files, done.failed) == (3, {})
    assert done.total.rows == sum(rows for _, rows in FILES)
    check_as_local(tmp_path)
    began = notes(tmp_path)
    assert len(began) >= 2, "the killed worker and another"
    times = Counter(name for rows in began.values() for name in rows)
    assert len(times) == done.total.rows
    assert times.total() <= done.total.rows + SPAN
    # The span before it was kept and told of, and the next worker left it as it was.
    assert {times[f"b.parquet-{row:05d}"] for row in range(2 * SPAN, 3 * SPAN)} == {1}
    assert times["b.parquet-02000"] == 2
    assert not (tmp_path / "out" / ".sentiment").exists()


@pytest.mark.long
@pytest.mark.usefixtures("ray")
def test_a_job_whose_driver_is_killed_goes_on(write: Write, tmp_path: Path) -> None:
    for name, rows in FILES:
        write(name, rows)
    kept = tmp_path / "out" / ".sentiment" / "files" / "b.parquet"
    command = [sys.executable, "-m", "tests.cluster.deadly"]
    with subprocess.Popen(
        [*command, *(str(tmp_path / "in"), str(tmp_path / "out"), str(tmp_path))],
        stderr=subprocess.DEVNULL,
    ) as driver:
        while driver.poll() is None and len(list(kept.glob("*/*"))) < 2:
            time.sleep(0.02)
        driver.send_signal(signal.SIGKILL)
    assert driver.returncode == -signal.SIGKILL, "it was over before it was killed"
    patience = time.monotonic() + 60
    while any(map(is_alive, notes(tmp_path))):
        assert time.monotonic() < patience, "workers outlive the driver that started Ray"
        time.sleep(0.02)
    assert not (tmp_path / "out" / "b.parquet").exists()
    done = run(tmp_path, load_slow)
    assert done.total.reused >= 2 * SPAN
    check_as_local(tmp_path)
    times = Counter(name for rows in notes(tmp_path).values() for name in rows)
    assert times.total() <= done.total.rows + 2 * SPAN


def is_alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.usefixtures("ray")
def test_the_command_says_what_was_found_in_all_files(
    write: Write, tmp_path: Path, tiny: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    write("a.parquet", 300)
    write("b.parquet", 40)
    (tmp_path / "in" / "c.parquet").write_bytes(b"nonsense")
    command = ["score", str(tmp_path / "in"), "-o", str(tmp_path / "out"), "--engine", "ray"]
    options = ["--workers", "2", "--model", str(tiny), "--language", "en"]
    assert main([*command, *options]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert "To score: 340 rows, files: 2. Workers: 2, machines: 1" in err
    assert "c.parquet is not a readable Parquet file" in err
    assert "1 of 3 files could not be scored" in err
    (tmp_path / "in" / "c.parquet").unlink()
    assert main([*command, *options]) == 0
    assert "2 of 2 files were finished already" in capfd.readouterr().err
    local = tmp_path / "local.parquet"
    assert main(["score", str(tmp_path / "in" / "a.parquet"), "-o", str(local), *options]) == 0
    assert (tmp_path / "out" / "a.parquet").read_bytes() == local.read_bytes()


def test_an_address_where_nobody_answers_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    needs_ray()
    monkeypatch.setattr("ray.is_initialized", lambda: False)
    for address in ("127.0.0.1:1", "nowhere.invalid:6379", "127.0.0.1:x"):
        with (
            pytest.raises(UserError, match=f"no Ray cluster answers at {address}"),
            Engine(address, 2),
        ):
            pass
    with pytest.raises(UserError, match="address of Ray's client"), Engine("ray://h:1", 2):
        pass


def test_without_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtra, match=r"pip install \"sentiment\[ray\]\""), Engine(None, 2):
        pass


def test_nothing_is_told_to_anybody() -> None:
    needs_ray()
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("RAY_USAGE_STATS_ENABLED", raising=False)
        patch.setattr("ray.is_initialized", lambda: True)
        patch.setattr("ray.cluster_resources", dict)
        patch.setattr("ray.nodes", list)
        patch.setattr("ray.shutdown", lambda: None)
        with Engine(None, None):
            assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"
