"""Runs a job again and again, each time dying at the next change that it makes to the disk.

    python -m tests.job.crash SOURCE OUTPUT EXPECTED

Every attempt is a forked child that ends, as SIGKILL would end it, just before its n-th change of
the file system; the child after it resumes and must produce EXPECTED. Prints how many moments were
tried.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet

from sentiment.job import JobOptions, score, summary_path
from tests.job.fake import FakeAnalyzer

CHANGES = {
    "open",
    "os.rename",
    "os.remove",
    "os.rmdir",
    "os.mkdir",
    "os.truncate",
    "shutil.rmtree",
}
DIED = 9


def in_child(action: Callable[[], None]) -> int:
    child = os.fork()
    if child == 0:
        try:
            action()
        except BaseException:
            import traceback

            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def run(source: Path, output: Path) -> None:
    score(source, output, JobOptions(workers=1), load=lambda model, device: FakeAnalyzer())


def dying_at(moment: int, source: Path, output: Path) -> None:
    seen = 0

    def count(event: str, details: tuple[object, ...]) -> None:
        nonlocal seen
        if event not in CHANGES or str(output.parent) not in str(details):
            return
        seen += 1
        if seen == moment:
            os._exit(DIED)

    sys.addaudithook(count)
    run(source, output)


def clear(output: Path) -> None:
    for path in output.parent.glob(output.name + "*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def main(source: Path, output: Path, expected: Path) -> None:
    # Loads all that Parquet needs once (pandas among it, where it is installed), not per child.
    pyarrow.table({"text": ["x", None]})
    moment = 0
    while True:
        moment += 1
        clear(output)
        code = in_child(lambda at=moment: dying_at(at, source, output))  # type: ignore[misc]
        if code == 0:
            break
        assert code == DIED, f"moment {moment}: ended with {code}"
        if output.exists():
            assert output.read_bytes() == expected.read_bytes(), f"moment {moment}: half a file"
        assert in_child(lambda: run(source, output)) == 0, f"moment {moment}: did not resume"
        assert output.read_bytes() == expected.read_bytes(), f"moment {moment}: other bytes"
        names = {path.name for path in output.parent.glob(output.name + "*")}
        assert names == {output.name, summary_path(output).name}, f"moment {moment}: {names}"
    print(moment - 1)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
