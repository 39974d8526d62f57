"""Which columns a wide output adds to the source's own, and how they are called."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sentiment.records import Analysis

__all__ = ["PREFIX", "Layout", "scored_columns"]

PREFIX = "feedback_"

_BEFORE = ("sentiment", "sentiment_score", "confidence")
_AFTER = ("drivers", "evidence", "tags", "opinions", "language", "status")

# Columns that only a scoring run writes together: by them its output is known again.
_SIGNATURE = (*_BEFORE, "drivers", "evidence", "opinions", "status")


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a wide output.

    :param columns: The source's columns, kept as they are.
    :param topics: The taxonomy's topics, one column each.
    :param questions: Whether a row holds one answer of several, and which is told.
    """

    columns: tuple[str, ...]
    topics: tuple[str, ...]
    questions: bool = False

    @property
    def added(self) -> tuple[str, ...]:
        """The logical names of the columns that are added, in order."""
        question = ("question",) if self.questions else ()
        return (*question, *_BEFORE, *self.topics, *_AFTER)

    @property
    def names(self) -> tuple[str, ...]:
        """The names in the file, in order: the source's, then ours, prefixed where taken."""
        taken = set(self.columns)
        names = list(self.columns)
        for name in self.added:
            free = name
            while free in taken:
                free = PREFIX + free
            taken.add(free)
            names.append(free)
        return tuple(names)

    def cells(self, analysis: Analysis) -> list[str | None]:
        """Return one output row as text, numbers with four decimals."""
        own = [analysis.columns.get(name) for name in self.columns]
        question = [analysis.question] if self.questions else []
        opinions = [opinion.to_dict() for opinion in analysis.opinions]
        return [
            *own,
            *question,
            analysis.sentiment,
            decimal(analysis.score),
            decimal(analysis.confidence),
            *(analysis.topics.get(topic, "absent") for topic in self.topics),
            ";".join(f"{opinion.driver}:{opinion.polarity}" for opinion in analysis.opinions),
            _json([opinion.evidence for opinion in analysis.opinions]),
            _json([tag.to_dict() for tag in analysis.tags]),
            _json(opinions),
            analysis.language,
            analysis.status,
        ]


def decimal(value: float | None) -> str | None:
    """Return a number with four decimals and no negative zero."""
    return None if value is None else f"{round(value, 4) + 0.0:.4f}"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def scored_columns(columns: Sequence[str]) -> Mapping[str, str] | None:
    """Map the logical name of every column that scoring adds to its name in a wide file.

    Topic columns, which the taxonomy names, are those between `confidence` and `drivers`;
    `question` is there only when the run had several. None when the file is not a scored one.
    """
    columns = list(columns)
    found: dict[str, str] = {}
    for name in _SIGNATURE:
        actual = _last(columns, name)
        if actual is None:
            return None
        found[name] = actual
    first, last = columns.index(found["confidence"]), columns.index(found["drivers"])
    place = columns.index(found["sentiment"])
    if not place < first < last or columns.index(found["sentiment_score"]) != place + 1:
        return None
    topics = {_logical(name, columns[:place]): name for name in columns[first + 1 : last]}
    tail = {name: _last(columns, name) for name in ("tags", "language")}
    if any(actual is None for actual in tail.values()):
        return None
    question = {}
    if place and _logical(columns[place - 1], columns[: place - 1]) == "question":
        question["question"] = columns[place - 1]
    return {
        **question,
        "sentiment": found["sentiment"],
        "sentiment_score": found["sentiment_score"],
        "confidence": found["confidence"],
        **topics,
        "drivers": found["drivers"],
        "evidence": found["evidence"],
        "tags": str(tail["tags"]),
        "opinions": found["opinions"],
        "language": str(tail["language"]),
        "status": found["status"],
    }


def _last(columns: Sequence[str], name: str) -> str | None:
    """Return the column of that logical name: with the most prefixes, since ours come last."""
    actual = None
    while name in columns:
        actual, name = name, PREFIX + name
    return actual


def _logical(name: str, before: Sequence[str]) -> str:
    """Take our prefix off a name, as long as the plain name was taken by the source."""
    while name.startswith(PREFIX) and name.removeprefix(PREFIX) in before:
        name = name.removeprefix(PREFIX)
    return name
