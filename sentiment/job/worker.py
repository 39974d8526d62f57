"""A worker process: a model, a setup and then parts come in on stdin, outcomes go out on stdout.

Started as ``python -m sentiment.job.worker``, so that it never runs the caller's main module again,
and ends by itself when its input ends: also when the job was killed.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import traceback
from contextlib import suppress
from typing import BinaryIO

from sentiment.cycles import seldom_searched

__all__ = ["main"]


def main() -> None:
    """Serve until the input ends."""
    # Ctrl-C reaches the whole process group; the job decides what happens then.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What a library prints must not get between the outcomes.
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        with seldom_searched():
            _serve(sys.stdin.buffer, replies)
    except (EOFError, BrokenPipeError, pickle.UnpicklingError):
        os._exit(0)  # the job is gone; nothing is left to say or to flush


def _serve(requests: BinaryIO, replies: BinaryIO) -> None:
    from sentiment.job.scoring import Analyzes, Scorer

    loading = pickle.load(requests)
    analyzer: Analyzes | None = None
    with suppress(Exception):  # tried again, and told, when there is a part
        analyzer = loading()
    _send(pickle.dumps(analyzer is not None), replies)
    setup = pickle.load(requests)
    scorer: Scorer | None = None
    while True:
        feedback, rejected = pickle.load(requests)
        try:
            scorer = scorer or Scorer(setup, analyzer or loading())
            reply = pickle.dumps(scorer(feedback, rejected), protocol=pickle.HIGHEST_PROTOCOL)
        except Exception as error:
            reply = _packed(error)
        _send(reply, replies)


def _send(reply: bytes, replies: BinaryIO) -> None:
    replies.write(reply)
    replies.flush()


def _packed(error: Exception) -> bytes:
    """Pickle an error with its trace; one that cannot be pickled travels as its description."""
    error.add_note(f"In a worker process:\n{traceback.format_exc()}")
    try:
        reply = pickle.dumps(error)
        pickle.loads(reply)
    except Exception:
        return pickle.dumps(RuntimeError(f"{type(error).__name__}: {error}"))
    return reply


if __name__ == "__main__":
    main()
