"""Which columns a wide output adds to the source's own, and how they are called."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from json.encoder import encode_basestring

from sentiment.records import Analysis

__all__ = ["PREFIX", "Layout", "lost_columns", "scored_columns"]

PREFIX = "feedback_"

_BEFORE = ("sentiment", "sentiment_score", "confidence")
_AFTER = ("drivers", "evidence", "tags", "opinions", "language", "status")
# Of these nine so many may be gone from a file that still is one that was scored.
_MOST_LOST = 3


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

    def columns_of(self, analyses: Sequence[Analysis]) -> list[Sequence[str | None]]:
        """Return the output's columns as text, in the order of `names`, numbers with four decimals.

        Row by row it would take half as long again.
        """
        opinions = [analysis.opinions for analysis in analyses]
        evidence = [[encode_basestring(one.evidence) for one in found] for found in opinions]
        return [
            *[[analysis.columns.get(name) for analysis in analyses] for name in self.columns],
            *([[analysis.question for analysis in analyses]] if self.questions else []),
            [analysis.sentiment for analysis in analyses],
            [decimal(analysis.score) for analysis in analyses],
            [decimal(analysis.confidence) for analysis in analyses],
            *[
                [analysis.topics.get(topic, "absent") for analysis in analyses]
                for topic in self.topics
            ],
            [";".join([f"{one.driver}:{one.polarity}" for one in found]) for found in opinions],
            [_list(each) for each in evidence],
            [_list([tag.to_json() for tag in analysis.tags]) for analysis in analyses],
            [_list([one.to_json() for one in found]) for found in opinions],
            [analysis.language for analysis in analyses],
            [analysis.status for analysis in analyses],
        ]


def _list(values: Sequence[str]) -> str:
    """Return a list in JSON of what is JSON already."""
    return f"[{', '.join(values)}]" if values else "[]"  # as most lists of tags are


# Of four decimals there are twenty thousand scores.
@lru_cache(maxsize=1 << 15)
def decimal(value: float | None) -> str | None:
    """Return a number with four decimals and no negative zero."""
    if value is None:
        return None
    text = f"{value:.4f}"
    return "0.0000" if text == "-0.0000" else text


def scored_columns(columns: Sequence[str]) -> Mapping[str, str] | None:
    """Map the logical name of every column that scoring adds to its name in a wide file.

    Topic columns, which the taxonomy names, are those between `confidence` and `drivers`;
    `question` is there only when the run had several. Columns that someone added behind ours do
    not matter. None when the file is not a scored one.
    """
    names = tuple(columns)
    # The last block counts: a scored file may have been scored again.
    for place in range(len(names) - 1, -1, -1):
        if not names[place].endswith("sentiment"):
            continue
        for end in range(place + len(_BEFORE), len(names) - len(_AFTER) + 1):
            if names[end].endswith("drivers"):
                found = _block(names, place, end)
                if found is not None:
                    return found
    return None


def lost_columns(columns: Sequence[str]) -> tuple[str, ...] | None:
    """Return which of the nine columns around the topics a file has lost since it was scored.

    Empty when it has them all, but not as they were written. None when it lacks so many that it was
    not scored at all.
    """
    plain = set(columns)
    for name in columns:
        while name.startswith(PREFIX):
            name = name.removeprefix(PREFIX)
            plain.add(name)
    lost = tuple(name for name in (*_BEFORE, *_AFTER) if name not in plain)
    return lost if len(lost) <= _MOST_LOST else None


def _block(names: tuple[str, ...], place: int, end: int) -> Mapping[str, str] | None:
    """Return our columns if they are what a layout would write in this place."""
    taken = set(names[:place])
    topics = tuple(_logical(name, taken) for name in names[place + len(_BEFORE) : end])
    written = names[: end + len(_AFTER)]
    for source, several in ((names[: max(0, place - 1)], True), (names[:place], False)):
        layout = Layout(source, topics, several)
        if layout.names == written:
            return dict(zip(layout.added, written[len(source) :], strict=True))
    return None


def _logical(name: str, taken: Container[str]) -> str:
    """Take our prefix off a name, as long as the plain name was taken by the source."""
    while name.startswith(PREFIX) and name.removeprefix(PREFIX) in taken:
        name = name.removeprefix(PREFIX)
    return name
