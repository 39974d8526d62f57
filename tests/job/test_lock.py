from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sentiment.errors import OutputError
from sentiment.job.lock import Lock

HOLD = """
import sys
from pathlib import Path
from sentiment.job.lock import Lock
with Lock(Path(sys.argv[1]), Path("out.csv")):
    print("held", flush=True)
    sys.stdin.read()
"""


def holder(path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_the_second_holder_is_told_who_the_first_is(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with (
        holder(path) as process,
        pytest.raises(
            OutputError, match=rf"another job is writing out.csv \(process {process.pid}\)"
        ),
        Lock(path, Path("out.csv")),
    ):
        raise AssertionError("both hold it")


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with holder(path) as process:
        process.kill()
    assert path.exists()
    with Lock(path, Path("out.csv")):
        pass


def test_a_lock_whose_folder_is_gone_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "lock"
    with Lock(path, Path("out.csv")) as lock:
        assert path.exists()
        lock.remove()
    assert not path.exists()
