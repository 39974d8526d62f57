"""The card of a retrained model: what it came from, what it is better at, and how that is known."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sentiment.taxonomy import Taxonomy
from sentiment.train.figures.measure import ClassFigures, Figures
from sentiment.train.figures.paired import Difference

__all__ = ["RetrainedCard", "write_retrained_card"]

_FIGURES = {
    "topic_f1": "topic state micro F1",
    "driver_f1": "driver + polarity micro F1",
    "tag_f1": "tag + polarity micro F1",
    "overall_accuracy": "overall accuracy, four classes",
}


@dataclass(frozen=True)
class RetrainedCard:
    """What the card is written from.

    :param base: Name of what training started from; `against` of the model that was in use.
    :param held: Rows that the figures are of; `dev` names their file where they have one.
    :param figures: Of the new model by language; `before` of the one in use, on the same rows.
    :param weak: Rows with a weak label, by driver started from seed phrases.
    :param base_taxonomy: What the base knew; None for an encoder without heads.
    """

    name: str
    version: str
    base: str
    against: str
    rows: int
    held: int
    dev: str | None
    differences: Sequence[Difference]
    figures: Mapping[str, Figures]
    before: Mapping[str, Figures]
    weak: Mapping[str, int]
    taxonomy: Taxonomy
    base_taxonomy: Taxonomy | None
    recipe: Mapping[str, Any]
    command: str
    better: bool


def write_retrained_card(card: RetrainedCard) -> str:
    """Return the card as Markdown."""
    lines = [f"# {card.name} {card.version}", "", *_about(card), ""]
    lines += ["## Use", "", "```", f"sentiment score reviews.csv --model {card.name}", "```", ""]
    lines += ["## Better than what was in use?", "", *_verdict(card), ""]
    lines += [
        "| on the same rows | in use | new | difference (95% interval) |",
        "|---|---|---|---|",
    ]
    lines += [_difference(one) for one in card.differences]
    lines += ["", *_by_topic(card), "", *_measured(card), ""]
    if card.weak:
        lines += ["## Started from seed phrases", "", *_weak(card), ""]
    lines += ["## What it is bad at", "", *_weaknesses(card), ""]
    lines += [
        "## Recipe",
        "",
        "```",
        json.dumps(dict(card.recipe), indent=1, default=str),
        "```",
        "",
    ]
    lines += [
        "## To reproduce",
        "",
        "```",
        card.command or "sentiment.train.retrain.run.retrain",
        "```",
    ]
    return "\n".join(lines) + "\n"


def _about(card: RetrainedCard) -> list[str]:
    lines = [f"Trained from {card.base} on {card.rows} labelled rows of a team's own."]
    base = card.base_taxonomy
    if base is None:
        return [*lines, "The base is an encoder without heads of its own."]
    new = [name for name in card.taxonomy.drivers if name not in base.drivers]
    new += [name for name in card.taxonomy.tags if name not in base.tags]
    gone = [name for name in base.drivers if name not in card.taxonomy.drivers]
    if new:
        lines.append(f"New in its taxonomy: {', '.join(new)}.")
    if gone:
        lines.append(f"No longer in it: {', '.join(gone)}.")
    return lines


def _verdict(card: RetrainedCard) -> list[str]:
    if card.better:
        return [f"Better than {card.against}: at least one interval lies above zero, none below."]
    return [
        f"Not shown to be better than {card.against}: no interval lies above zero, or one lies below. "
        "It was saved because that was asked for (--force)."
    ]


def _difference(one: Difference) -> str:
    return (
        f"| {_FIGURES.get(one.figure, one.figure)} | {_number(one.first)} | {_number(one.second)} "
        f"| {one.value or 0:+.3f} ({one.low or 0:+.3f} to {one.high or 0:+.3f}) |"
    )


def _measured(card: RetrainedCard) -> list[str]:
    where = (
        f"Measured on {card.held} rows of {card.dev}."
        if card.dev
        else f"Measured on {card.held} of the labelled rows, each judged by a model that was trained "
        "without it and without its near-duplicates."
    )
    return [
        f"{where} The interval is a paired bootstrap over groups of near-duplicates, 2,000 draws. "
        "The labels are the team's; how far they agree with one another is not known here."
    ]


def _by_topic(card: RetrainedCard) -> list[str]:
    """Return F1 by topic and language, before and after, with how many rows have it."""
    languages = list(card.figures)
    if not any(card.figures[language].topics for language in languages):
        return []
    head = " | ".join(f"{language}: rows | in use | new" for language in languages)
    lines = [f"| topic state F1 | {head} |", "|---" * (1 + 3 * len(languages)) + "|"]
    for topic in card.taxonomy.topics:
        cells = []
        for language in languages:
            old, new = (
                _of_topic(topic, side[language].topics) for side in (card.before, card.figures)
            )
            cells += [str(new.labelled), _number(old.f1), _number(new.f1)]
        lines.append(f"| {topic} | {' | '.join(cells)} |")
    return lines


def _of_topic(topic: str, classes: Mapping[str, ClassFigures]) -> ClassFigures:
    mine = [one for name, one in classes.items() if name.partition(":")[0] == topic]
    return ClassFigures(
        sum(one.labelled for one in mine), sum(one.found for one in mine),
        sum(one.right for one in mine),
    )  # fmt: skip


def _weak(card: RetrainedCard) -> list[str]:
    return [
        "These drivers have no label of a person. A clause that holds one of their phrases was taken "
        "to judge them, as the base said that it leans. Nothing of this was measured: read some of "
        "what they find before it is reported, and label rows for them.",
        "",
        *(
            f"- {name}: {rows} rows hold one of {', '.join(card.taxonomy.drivers[name].phrases)}"
            for name, rows in card.weak.items()
        ),
    ]


def _weaknesses(card: RetrainedCard) -> list[str]:
    thin = sorted(
        name
        for side in card.figures.values()
        for name, one in {**side.topics, **side.drivers}.items()
        if 0 < one.labelled < 20
    )
    lines = [f"- What {card.base} is bad at: see its card. A few hundred rows do not change that."]
    lines.append("- Texts of another kind than the rows: it was moved towards these.")
    if thin:
        named = ", ".join(dict.fromkeys(thin))
        lines.append(f"- Labelled in fewer than 20 of the rows measured, so hardly known: {named}.")
    return lines


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
