"""`sentiment evaluate`: models against labels, and against what was asked of them."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from sentiment.errors import NotReached, OutputError, UserError
from sentiment.talk import Talk
from sentiment.verbs.labelled import refuse_tasks
from sentiment.verbs.output import check_folder, refuse_to_replace

if TYPE_CHECKING:
    from sentiment.train.figures.evaluate import Evaluation

__all__ = ["run"]


def run(options: Namespace, talk: Talk) -> int:
    """Print the figures of the models; exit code 3 where less was reached than asked."""
    from sentiment.train.figures.evaluate import evaluate
    from sentiment.train.rows.faults import tell

    refuse_tasks(options.labelled)
    _check_figures(options.at_least + options.at_most)
    output = Path(options.output) if options.output else None
    if output is not None:
        _check_output(output, options)
    found = evaluate(
        options.models,
        options.labelled,
        text=options.text,
        device=options.device,
        language=talk.tongue,
    )
    if found.warnings:
        talk.say("label_warnings", path=options.labelled)
        for line in tell(found.warnings, talk.tongue, found.unit):
            talk.line(f"  {line}")
    if output is not None:
        talk.say("written_evaluation", path=found.save(output, talk.tongue))
    if options.json:
        print(json.dumps(found.to_dict(), ensure_ascii=False, indent=1))  # noqa: T201
    else:
        print("\n".join(found.lines(talk.tongue)))  # noqa: T201
    if short := [*_falling_short(found, options.at_least, options.at_most)]:
        raise NotReached(f"what was asked was not reached: {', '.join(short)}")
    return 0


def _check_figures(limits: list[tuple[str, float]]) -> None:
    """Refuse a limit of a figure that there is not before the models are run."""
    from sentiment.train.figures.measure import FIGURES

    for name, _ in limits:
        if name not in FIGURES:
            raise UserError(f"there is no figure {name}; the figures are {', '.join(FIGURES)}")


def _check_output(output: Path, options: Namespace) -> None:
    """Refuse a name that cannot be written before the models are run."""
    if output.suffix.lower() not in (".html", ".htm", ".json"):
        raise OutputError(f"{output}: an evaluation is written as .html or .json.")
    check_folder(output)
    refuse_to_replace(output, overwrite=options.overwrite)


def _falling_short(
    found: Evaluation, at_least: list[tuple[str, float]], at_most: list[tuple[str, float]]
) -> Iterator[str]:
    """Yield what is below or above its limit; a figure that the rows do not give reaches none."""
    for model in found.models:
        figures = model.figures
        for name, limit in at_least:
            value = getattr(figures, name)
            if value is None or value < limit:
                yield f"{model.name} {name} {_shown(value)} < {limit:g}"
        for name, limit in at_most:
            value = getattr(figures, name)
            if value is None or value > limit:
                yield f"{model.name} {name} {_shown(value)} > {limit:g}"


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
