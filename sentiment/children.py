"""Processes of this package beside this one: how they start, and that nothing is left of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

__all__ = ["end", "start"]


def start(module: str, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Run a module of this package in a process that is talked to through its pipes.

    :param environment: What it finds in its environment besides what is in this one's.
    :raises OSError: The system has no room for one more.
    """
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
