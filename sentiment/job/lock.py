"""One job per output: a lock that the system itself gives back when the process dies."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import TracebackType
from typing import IO

from sentiment.errors import OutputError

__all__ = ["Lock"]


class Lock:
    """Holds `path` exclusively while the block runs; a lock left behind by a killed job is free.

    The system's lock decides, so that a process killed with SIGKILL leaves nothing to clean up; the
    process number in the file is there to be read by people.

    :raises OutputError: Another process holds it.
    """

    def __init__(self, path: Path, output: Path) -> None:
        self._path = path
        self._output = output
        self._file: IO[str] | None = None

    def __enter__(self) -> Lock:
        while self._file is None:
            try:
                file = self._path.open("a+", encoding="ascii")
            except FileNotFoundError:  # the holder finished and took its folder with it
                self._path.parent.mkdir(parents=True, exist_ok=True)
                continue
            if not _try_lock(file):
                file.seek(0)
                holder = file.read().strip() or "unknown"
                file.close()
                raise OutputError(
                    f"another job is writing {self._output} (process {holder}); "
                    "wait for it, or choose another output"
                )
            if _still_there(file, self._path):
                self._file = file
            else:
                file.close()
        self._file.seek(0)
        self._file.truncate()
        self._file.write(str(os.getpid()))
        self._file.flush()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def remove(self) -> None:
        """Delete the lock file while holding it; whoever opened it will notice and look again."""
        if sys.platform == "win32" and self._file is not None:
            self._file.close()  # an open file cannot be deleted there
            self._file = None
        self._path.unlink(missing_ok=True)


def _still_there(file: IO[str], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


if sys.platform == "win32":
    import msvcrt

    # Locks are mandatory there: a byte far behind the process number leaves that readable.
    _FAR = 1 << 20

    def _try_lock(file: IO[str]) -> bool:
        file.seek(_FAR)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(file: IO[str]) -> bool:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
