"""Processes of this package beside this one: how many, how they start, that nothing is left of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = [
    "BYTES_OF_A_WORKER",
    "ONE_OF_SEVERAL",
    "cores",
    "end",
    "end_unused",
    "start",
    "start_ahead",
]

# What a process finds in its environment that is one of several: its libraries must not start a thread
# per core each.
ONE_OF_SEVERAL = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
}
# Bytes of input for which a worker of a job is started before anything is known of it: it is ready, on
# a core that has nothing to do, soon after this process is. Of usual reviews, 1,600 rows.
BYTES_OF_A_WORKER = 256 * 1024

# By module: environment and process of what was started ahead and not yet asked for.
_unused: dict[str, tuple[Mapping[str, str], subprocess.Popen[bytes]]] = {}


def start_ahead(module: str, environment: Mapping[str, str]) -> None:
    """Start what `start` will likely be asked for: it reads its code while this one reads its own."""
    with suppress(OSError):
        _unused[module] = environment, _started(module, environment)


def end_unused() -> None:
    """End what was started ahead and that nobody asked for."""
    while _unused:
        end(_unused.popitem()[1][1])


def start(module: str, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Run a module of this package in a process that is talked to through its pipes.

    :param environment: What it finds in its environment besides what is in this one's.
    :raises OSError: The system has no room for one more.
    """
    if module in _unused:
        told, process = _unused.pop(module)
        if told == environment:
            return process
        end(process)  # what is asked for now is what there will be
    return _started(module, environment)


def _started(module: str, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    with _uninterrupted():
        return subprocess.Popen(
            # -P and this process's own search path: a file json.py in the user's folder is no module.
            [sys.executable, "-P", "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={
                **os.environ,
                **environment,
                "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            },
        )


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hold Ctrl-C back: it reaches a child, too, which has no answer to it before it has begun.

    What is held back when a child starts stays so there. It ends when this process does.
    """
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill it unless it has ended, and close its pipes."""
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):  # what it still holds has nowhere to go
                pipe.close()


def cores() -> int:
    """Return how many cores this process may use; a container may have less than the machine."""
    if hasattr(os, "sched_getaffinity") and sys.platform != "win32":
        seen = len(os.sched_getaffinity(0))
    else:
        seen = os.cpu_count() or 1
    return min(seen, _allowed(Path("/sys/fs/cgroup")) or seen)


def _allowed(folder: Path) -> int:
    """Return the cores that Linux' control groups leave a container; 0 where they set no bound."""
    try:
        if (bound := folder / "cpu.max").exists():
            time, period = map(_whole, bound.read_text(encoding="ascii").split())
        else:
            files = (folder / "cpu" / f"cpu.cfs_{name}_us" for name in ("quota", "period"))
            time, period = (_whole(file.read_text(encoding="ascii")) for file in files)
    except (OSError, ValueError):
        return 0
    return -(-time // period) if time > 0 < period else 0


def _whole(said: str) -> int:
    return 0 if said == "max" else int(said)
