"""The `sentiment` command: a thin shell over the package.

Data goes to stdout or to a file, talk to stderr. Exit codes: 0 fine, 2 the user can mend it, 3 an
evaluation fell short of what was asked, 1 our fault, 130 stopped with Ctrl-C.
"""

from __future__ import annotations

import io
import os
import shlex
import sys
import traceback
from argparse import Namespace
from collections.abc import Sequence

import sentiment
from sentiment import children
from sentiment.arguments import FILE, build_parser, parse, tongue_of
from sentiment.errors import SentimentError
from sentiment.talk import Talk

__all__ = ["main"]

_INTERRUPTED = 130  # 128 + SIGINT: what a shell expects of a command that Ctrl-C ended


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    _print_any_character()
    talk = Talk(tongue_of(given))
    try:
        return _run(given, talk)
    except SentimentError as error:
        talk.rest()
        talk.error(str(error))
        return error.exit_code
    except KeyboardInterrupt as stop:
        talk.rest()
        if kept := getattr(stop, "rows", 0):  # a job says what it keeps
            talk.say("interrupted", rows=kept, command=shlex.join(["sentiment", *given]))
        else:
            talk.say("interrupted_lost")
        return _INTERRUPTED
    except BrokenPipeError:
        # Whoever reads our output has seen enough (`| head`): no fault, and nothing more to flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    except Exception as error:
        talk.rest()
        if os.environ.get("SENTIMENT_DEBUG"):
            traceback.print_exc()
        talk.say("defect", kind=type(error).__name__, message=error)
        return 1


def _print_any_character() -> None:
    """Have what the console cannot show replaced rather than fail the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _run(given: Sequence[str], talk: Talk) -> int:
    if not given:
        build_parser(talk.tongue).print_help()
        return 0
    try:
        options = parse(given, talk.tongue)
    except SystemExit as asked_for_help:
        return int(asked_for_help.code or 0)
    if options.verb is None:
        print(f"sentiment {sentiment.__version__}")  # noqa: T201
        return 0
    talk.tongue = options.language
    try:
        if options.verb in ("score", FILE):
            _start_a_worker(options)
        from sentiment.verbs import RUN  # and what each verb needs, when it runs: help is instant

        code = RUN[options.verb](options, talk)
    finally:
        children.end_unused()
    sys.stdout.flush()
    return code


def _start_a_worker(options: Namespace) -> None:
    """Start a worker of the job where the file is so large that it will want one."""
    first = options.inputs[0]
    if options.workers == 1 or options.device == "cuda" or not os.path.isfile(first):
        return
    if os.path.getsize(first) >= children.BYTES_OF_A_WORKER and children.cores() > 1:
        children.start_ahead("sentiment.job.worker", children.ONE_OF_SEVERAL)
