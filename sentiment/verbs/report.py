"""`sentiment report`, and `sentiment FILE`: score where that is still to do, then report."""

from __future__ import annotations

import tempfile
from argparse import Namespace
from pathlib import Path
from typing import Any

from sentiment.errors import InputError, OutputError, UserError
from sentiment.job import beside, plan
from sentiment.tables import is_scored
from sentiment.talk import Talk
from sentiment.verbs.labelled import refuse_tasks
from sentiment.verbs.output import check_folder, refuse_to_replace
from sentiment.verbs.score import score_one

__all__ = ["run", "run_file"]


def run_file(options: Namespace, talk: Talk) -> int:
    """Score the inputs, each beside itself, and write a report beside each."""
    refuse_tasks(options.labels)
    for errand in plan(options.inputs, None):
        if errand.source == "-":
            raise UserError("stdin has no name to write a report beside; use sentiment score -")
        report = beside(errand.source, "report", ".html")
        if not Path(errand.output).exists():
            refuse_to_replace(report, overwrite=options.overwrite)  # before hours go into scoring
        score_one(options, errand.source, errand.output, talk)
        _write_report(options, errand.output, report, talk)
    return 0


def run(options: Namespace, talk: Talk) -> int:
    """Write the report of a scored file; score it first where that is still to do."""
    scored = Path(options.scored)
    output = Path(options.output) if options.output else beside(options.scored, "report", ".html")
    check_folder(output)
    _check_form(output)
    _outcome(options)
    refuse_tasks(options.labels)
    _check_other_files(options)
    if not is_scored(scored):
        (errand,) = plan([options.scored], str(output.parent))
        score_one(options, options.scored, errand.output, talk)
        scored = Path(errand.output)
    _write_report(options, str(scored), output, talk)
    return 0


def _check_form(output: Path) -> None:
    if output.suffix.lower() not in (".html", ".htm", ".xlsx", ".json"):
        raise OutputError(f"{output}: a report is written as .html, .xlsx or .json.")


def _check_other_files(options: Namespace) -> None:
    """Refuse what cannot be compared or read before hours go into scoring."""
    for path in (options.compare, options.labels):
        if path is not None and not Path(path).is_file():
            raise InputError(f"there is no file {path}; check the name and the folder")
    if options.compare is not None and not is_scored(options.compare):
        raise InputError(
            f"{options.compare}: this file has not been scored; "
            f"run: sentiment score {options.compare}"
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
    for remark in made.remarks:
        talk.line(remark.get(talk.tongue))
    if output.exists() and not options.overwrite:
        with tempfile.TemporaryDirectory() as folder:
            fresh = made.save(Path(folder) / output.name, language=talk.tongue).read_bytes()
        if fresh == output.read_bytes():
            talk.say("report_same", path=output)
            return
    refuse_to_replace(output, overwrite=options.overwrite)
    made.save(output, language=talk.tongue)
    talk.say("written_report", path=output)


def _outcome(options: Namespace) -> str | dict[str, Any] | None:
    """Return the outcome column as it was named, or with the scale that was declared for it."""
    if options.scale is None:
        return None if options.outcome is None else str(options.outcome)
    if options.outcome is None:
        raise UserError("--scale says what a column is; name the column too, with --outcome")
    return {"column": options.outcome, **options.scale}
