"""`sentiment score`: run the job on one input or several, and say what came of it."""

from __future__ import annotations

import io
from argparse import Namespace
from collections import Counter
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

from sentiment.errors import UserError
from sentiment.job import JobOptions, Summary, plan, score, summary_path
from sentiment.records import SENTIMENTS, STATUSES
from sentiment.tables import ReadOptions
from sentiment.tables.layout import Layout
from sentiment.talk import Talk
from sentiment.taxonomy import Taxonomy
from sentiment.wording import Tongue, say, word

if TYPE_CHECKING:
    from sentiment.cluster import FolderSummary

__all__ = ["run", "score_one"]

_MOST_ERRORS = 20  # of a folder; the others are likely to be of the same kind
_PARQUET = (".parquet", ".pq")
_RATED = 1000  # rows; with fewer, the time is that of loading the model
_TOP = 5  # as many drivers as one glance takes in; the report has them all


def run(options: Namespace, talk: Talk) -> int:
    """Score every input; return the worst exit code."""
    if options.engine == "local" and options.address is not None:
        raise UserError("--address is of a Ray cluster; add --engine ray")
    if options.engine == "ray" or (len(options.inputs) == 1 and Path(options.inputs[0]).is_dir()):
        return _folder(options, talk)
    errands = plan(options.inputs, options.output)
    failed = [
        error.exit_code
        for errand in errands
        if (error := _one_of(len(errands), options, errand.source, errand.output, talk)) is not None
    ]
    if failed:
        talk.say("some_failed", failed=len(failed), inputs=len(errands))
    return max(failed, default=0)


def _one_of(
    inputs: int, options: Namespace, source: str, output: str, talk: Talk
) -> UserError | None:
    """Score one of several inputs: a fault in one does not keep the others from being done."""
    if inputs > 1:
        talk.say("next_input", source=source, output=output)
    try:
        score_one(options, source, output, talk)
    except UserError as error:
        if inputs == 1:
            raise
        talk.rest()
        talk.error(str(error))
        return error
    return None


def score_one(options: Namespace, source: str, output: str, talk: Talk) -> None:
    """Score one input and print what was found and where it is."""
    summary = score(source, output, _job_options(options), talk)
    talk.rest()
    _tell(summary, talk)


def _folder(options: Namespace, talk: Talk) -> int:
    """Score a folder, on Ray or here, and say what was found in all of it."""
    from sentiment.cluster import score_folder, score_folder_here

    if len(options.inputs) > 1:
        raise UserError("--engine ray takes one folder; put the files into one, or run it for each")
    if options.output is None:
        raise UserError("a folder needs another one for its outputs, as in -o scored/")
    given_file = Path(options.inputs[0])
    if given_file.is_file() and given_file.suffix.lower() not in _PARQUET:
        raise UserError(
            f"--engine ray scores Parquet files, and {given_file} is none; leave --engine out"
        )
    given = (options.inputs[0], options.output, _job_options(options))
    if options.engine == "local":
        done = score_folder_here(*given, watcher=talk)
    else:
        with redirect_stdout(_RayTalk(talk)):
            done = score_folder(*given, address=options.address, watcher=talk)
    talk.rest()
    _tell_folder(done, talk)
    return max([error.exit_code for error in done.failed.values()], default=0)


class _RayTalk(io.TextIOBase):
    """What Ray prints, of which a person needs one thing: the rest is in Ray's own log files."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk

    def write(self, text: str) -> int:
        """Take what would have been printed."""
        if "worker died" in text:
            self._talk.say("worker_died")
        return len(text)


def _tell_folder(done: FolderSummary, talk: Talk) -> None:
    for name in list(done.failed)[:_MOST_ERRORS]:
        talk.error(str(done.failed[name]))
    if len(done.failed) > _MOST_ERRORS:
        talk.say("files_failed_more", failed=len(done.failed) - _MOST_ERRORS)
    if done.finished_before:
        talk.say("folder_finished", finished=done.finished_before, files=done.files)
    if done.files:
        _tell_counts(done.total, talk)
        _tell_findings(done.total, talk)
        if not done.total.finished_before:
            _tell_rate(done.total, talk)
        talk.say("written_folder", files=done.files, path=done.total.output["path"])
    if done.failed:
        talk.say("files_failed", failed=len(done.failed), files=done.files + len(done.failed))


def _job_options(options: Namespace) -> JobOptions:
    read = ReadOptions(
        text=tuple(options.text),
        id=options.id,
        date=options.date,
        outcome=options.outcome,
        by=tuple(options.by),
        encoding=options.input_encoding,
        delimiter=options.delimiter,
        sheet=options.sheet,
        language=options.language,
    )
    return JobOptions(
        read=read,
        model=options.model,
        device=options.device,
        speed=options.speed,
        taxonomy=options.taxonomy,
        encoding=options.encoding,
        workers=options.workers,
        overwrite=options.overwrite,
        restart=options.restart,
    )


def _tell(summary: Summary, talk: Talk) -> None:
    """Print what a job found and where it is."""
    output = str(summary.output["path"])
    if summary.finished_before:
        talk.say("finished_before", output=output)
    _tell_counts(summary, talk)
    _tell_findings(summary, talk)
    if not summary.finished_before:
        _tell_rate(summary, talk)
    if output != "-":
        talk.say("written", path=output)
        _tell_renamed(summary, talk)
        talk.say("written_summary", path=summary_path(Path(output)))
    if summary.rejects is not None:
        talk.say("written_rejects", path=summary.rejects)


def _tell_renamed(summary: Summary, talk: Talk) -> None:
    """Say which of our columns have another name because the input had one of that name."""
    if summary.output["format"] == "jsonl":  # which keeps the input's columns apart
        return
    several = len(summary.roles["text"]) > 1
    layout = Layout(talk.columns, tuple(summary.taxonomy["topics"]), several)
    written = zip(layout.added, layout.names[len(talk.columns) :], strict=True)
    if renamed := {name: ours for name, ours in written if ours != name}:
        talk.say("renamed", taken=talk.join(list(renamed)), ours=talk.join(list(renamed.values())))


def _tell_rate(summary: Summary, talk: Talk) -> None:
    scored = summary.rows - summary.reused
    key = "took" if scored < _RATED else "took_rate"
    if scored:
        talk.say(key, rows=scored, seconds=summary.seconds, rate=summary.rate)


def _tell_counts(summary: Summary, talk: Talk) -> None:
    rows, answers = summary.tally.rows, summary.tally.answers
    by_status = {status: rows[status] for status in (*STATUSES, "rejected")}
    talk.say("rows", rows=summary.rows, **by_status)
    if len(summary.roles["text"]) > 1:
        by_status = {status: answers[status] for status in STATUSES}
        questions = len(summary.roles["text"])
        talk.say("answers", answers=summary.answers, questions=questions, **by_status)


def _tell_findings(summary: Summary, talk: Talk) -> None:
    scored = sum(summary.tally.sentiments.values())
    if not scored:
        return
    shares = [
        say(talk.tongue, "share", name=word(talk.tongue, name), share=found / scored)
        for name in SENTIMENTS
        if (found := summary.tally.sentiments[name])
    ]
    talk.say("shares", n=scored, shares=talk.join(shares))
    drivers = [
        say(talk.tongue, "driver", name=name, n=n, share=negative / n)
        for name, n, negative in _most_named(summary, talk.tongue)
    ]
    if drivers:
        # Names hold an "and" of their own, and each has a bracket.
        talk.say("drivers", drivers=word(talk.tongue, "semicolon").join(drivers))
    else:
        talk.say("no_drivers")


def _most_named(summary: Summary, tongue: Tongue) -> list[tuple[str, int, int]]:
    """Return name, opinions and negative opinions of the drivers named most often."""
    known = Taxonomy.from_dict(summary.taxonomy).drivers
    found = summary.tally.drivers
    total: Counter[str] = Counter()
    for name, n in found.items():
        total[name.rpartition(":")[0]] += n
    return [
        (
            known[driver].zh if tongue == "zh" else known[driver].en,
            n,
            found[f"{driver}:negative"],
        )
        for driver, n in sorted(total.items(), key=lambda found: (-found[1], found[0]))[:_TOP]
    ]
