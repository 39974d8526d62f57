"""What each verb of the command does: calls the package, and says what came of it."""

from __future__ import annotations

import dataclasses
import json
import sys
import tempfile
from argparse import Namespace
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sentiment.arguments import FILE
from sentiment.errors import NotReached, OutputError, UserError
from sentiment.job import JobOptions, Summary, beside, plan, score, summary_path
from sentiment.records import SENTIMENTS, STATUSES
from sentiment.tables import ReadOptions, is_scored
from sentiment.talk import Talk
from sentiment.taxonomy import Taxonomy
from sentiment.wording import Tongue, say, word

if TYPE_CHECKING:
    from sentiment.train.evaluate import Evaluation
    from sentiment.train.measure import Figures

__all__ = ["RUN"]

_TOP = 5  # as many drivers as one glance takes in; the report has them all


def _score(options: Namespace, talk: Talk) -> int:
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
        _score_one(options, source, output, talk)
    except UserError as error:
        if inputs == 1:
            raise
        talk.rest()
        talk.error(str(error))
        return error
    return None


def _score_one(options: Namespace, source: str, output: str, talk: Talk) -> None:
    summary = score(source, output, _job_options(options), talk)
    talk.rest()
    _tell(summary, talk)


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
        scored = summary.rows - summary.reused
        talk.say("took", rows=scored, seconds=summary.seconds, rate=summary.rate)
    if output != "-":
        talk.say("written", path=output)
        talk.say("written_summary", path=summary_path(Path(output)))
    if summary.rejects is not None:
        talk.say("written_rejects", path=summary.rejects)


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
        talk.say("drivers", drivers=talk.join(drivers))
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
        for driver, n in total.most_common(_TOP)
    ]


def _file(options: Namespace, talk: Talk) -> int:
    for errand in plan(options.inputs, None):
        if errand.source == "-":
            raise UserError("stdin has no name to write a report beside; use sentiment score -")
        report = beside(errand.source, "report", ".html")
        if not Path(errand.output).exists():
            _refuse_to_replace(report, options)  # before hours go into scoring
        _score_one(options, errand.source, errand.output, talk)
        _write_report(options, errand.output, report, talk)
    return 0


def _report(options: Namespace, talk: Talk) -> int:
    scored = Path(options.scored)
    output = Path(options.output) if options.output else beside(options.scored, "report", ".html")
    _check_folder(output)
    _check_form(output)
    _outcome(options)
    if not is_scored(scored):
        (errand,) = plan([options.scored], str(output.parent))
        _score_one(options, options.scored, errand.output, talk)
        scored = Path(errand.output)
    _write_report(options, str(scored), output, talk)
    return 0


def _check_folder(output: Path) -> None:
    if not output.parent.is_dir():
        raise OutputError(
            f"{output} cannot be written: the folder {output.parent} does not exist; "
            "create it first"
        )


def _check_form(output: Path) -> None:
    if output.suffix.lower() not in (".html", ".htm", ".xlsx", ".json"):
        raise OutputError(f"{output}: a report is written as .html, .xlsx or .json.")


def _refuse_to_replace(path: Path, options: Namespace) -> None:
    if path.exists() and not options.overwrite:
        raise OutputError(
            f"{path} exists already; add --overwrite to replace it, or choose another name"
        )


def _write_report(options: Namespace, scored: str, output: Path, talk: Talk) -> None:
    from sentiment.reporting.build import report

    made = report(
        scored,
        outcome=_outcome(options),
        by=options.by,
        date=options.date,
        id=options.id,
        text=options.text,
        compare=options.compare,
        labels=options.labels,
        title=options.title,
        target=options.target,
        layers=options.layers,
        **({} if options.seed is None else {"seed": options.seed}),
    )
    if output.exists() and not options.overwrite:
        with tempfile.TemporaryDirectory() as folder:
            fresh = made.save(Path(folder) / output.name, language=talk.tongue).read_bytes()
        if fresh == output.read_bytes():
            talk.say("report_same", path=output)
            return
    _refuse_to_replace(output, options)
    made.save(output, language=talk.tongue)
    talk.say("written_report", path=output)


def _outcome(options: Namespace) -> str | dict[str, Any] | None:
    """Return the outcome column as it was named, or with the scale that was declared for it."""
    if options.scale is None:
        return None if options.outcome is None else str(options.outcome)
    if options.outcome is None:
        raise UserError("--scale says what a column is; name the column too, with --outcome")
    return {"column": options.outcome, **options.scale}


def _explain(options: Namespace, talk: Talk) -> int:
    from sentiment.analyzer import load

    text = sys.stdin.read() if options.text == "-" else options.text
    analyzer = load(options.model, device=options.device, taxonomy=options.taxonomy)
    for line in analyzer.explain(text).lines(talk.tongue):
        print(line)  # noqa: T201
    return 0


def _evaluate(options: Namespace, talk: Talk) -> int:
    from sentiment.train.evaluate import evaluate

    found = evaluate(options.models, options.labelled, device=options.device)
    if options.json:
        print(json.dumps(found.to_dict(), ensure_ascii=False, indent=1))  # noqa: T201
    else:
        print("\n".join(found.lines(talk.tongue)))  # noqa: T201
    if short := [*_falling_short(found, options.at_least, options.at_most)]:
        raise NotReached(f"what was asked was not reached: {', '.join(short)}")
    return 0


def _falling_short(
    found: Evaluation, at_least: list[tuple[str, float]], at_most: list[tuple[str, float]]
) -> Iterator[str]:
    """Yield what is below or above its limit; a figure that the rows do not give reaches none."""
    for model in found.models:
        figures = model.by_language["all"]
        for name, limit in at_least:
            value = _figure(figures, name)
            if value is None or value < limit:
                yield f"{model.name} {name} {_shown(value)} < {limit:g}"
        for name, limit in at_most:
            value = _figure(figures, name)
            if value is None or value > limit:
                yield f"{model.name} {name} {_shown(value)} > {limit:g}"


def _figure(figures: Figures, name: str) -> float | None:
    known: dict[str, float | None] = {
        field.name: getattr(figures, field.name)
        for field in dataclasses.fields(figures)
        if isinstance(getattr(figures, field.name), float | None)
    }
    if name not in known:
        raise UserError(f"there is no figure {name}; the figures are {', '.join(known)}")
    return known[name]


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _model(options: Namespace, talk: Talk) -> int:
    from sentiment.model import bundle

    found = bundle.read(bundle.find(options.bundle))
    taxonomy = found.taxonomy
    for line in (
        say(talk.tongue, "model_name", name=found.name, path=found.path),
        say(talk.tongue, "model_kind", kind=found.architecture, schema=found.config["schema"]),
        say(
            talk.tongue,
            "model_taxonomy",
            version=taxonomy.version,
            topics=len(taxonomy.topics),
            drivers=len(taxonomy.drivers),
            tags=len(taxonomy.tags),
        ),
        say(talk.tongue, "model_files", files=len(found.manifest["files"]), bytes=found.size),
        say(talk.tongue, "model_digest", digest=found.digest),
        "",
        found.card,
    ):
        print(line)  # noqa: T201
    return 0


RUN: Mapping[str, Callable[[Namespace, Talk], int]] = {
    "score": _score,
    "report": _report,
    "explain": _explain,
    "evaluate": _evaluate,
    "model": _model,
    FILE: _file,
}
