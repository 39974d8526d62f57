"""What a reader yields: a row of cells, or bytes that could not be delimited into one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol

from sentiment.patterns import regex

__all__ = [
    "MOST_TOTALS",
    "SAMPLE_CHARACTERS",
    "SAMPLE_ROWS",
    "Opener",
    "Reject",
    "Source",
    "SourceRow",
    "display_width",
    "is_total",
    "take_sample",
    "unique_names",
    "without_surrogates",
]

# Roles, widths and shapes are decided on the head of a file, so that opening fifty million rows
# costs what opening a thousand does, and gives the same answer whatever follows.
SAMPLE_ROWS = 1000
SAMPLE_CHARACTERS = 4_000_000
# A sheet has a few rows of sums below its own; more are customers of a group that is called so.
MOST_TOTALS = 5
# What stands beside the sums.
_TOTAL = regex(
    r"\s*(?:(?:grand |sub-?)?totals?|averages?|avg\.?|mean"
    r"|总计|合计|合計|总和|小计|平均值?|平均分|均值|均分)\s*[:：]?\s*",
    re.IGNORECASE,
)
# So much that is no record, and no other format will come of it either.
_MOST_REJECTED = 16 * SAMPLE_CHARACTERS


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One record of the source.

    :param row: Number of the data row, from 1; header, title and completely blank lines do not
        count.
    :param cells: Every column's cell as it was: a string, or None where the record has no value
        there (a short CSV row, an empty XLSX cell, JSON or Parquet null). An empty CSV field is "".
    :param damage: Why the bytes of this record could not be trusted, or None.
    """

    row: int
    cells: Mapping[str, str | None]
    damage: str | None = None


@dataclass(frozen=True, slots=True)
class Reject:
    """Bytes that cannot be delimited into a record; they keep their place in the count of rows."""

    row: int
    reason: str
    raw: str


class Opener(Protocol):
    """Opens the bytes of a source anew."""

    def __call__(self) -> BinaryIO:
        """Return a stream at the first byte."""


class Source(Protocol):
    """One opened file in one format: its columns, its head, and all its rows again and again."""

    format: str
    encoding: str | None
    delimiter: str | None
    sheet: str | None
    notes: tuple[str, ...]
    labels: Mapping[str, str]

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that a row of this source can have."""

    @property
    def sample(self) -> list[SourceRow]:
        """The first rows, at most `SAMPLE_ROWS`; roles are found on them."""

    def rows(self, start: int = 0) -> Iterator[SourceRow | Reject]:
        """Yield the rows after the first `start`, in constant memory."""


def take_sample(rows: Iterable[SourceRow | Reject]) -> list[SourceRow]:
    """Return the first rows, at most `SAMPLE_ROWS` and `SAMPLE_CHARACTERS`."""
    sample: list[SourceRow] = []
    size = rejected = 0
    for row in rows:
        if isinstance(row, SourceRow):
            sample.append(row)
            size += sum(len(cell or "") for cell in row.cells.values())
        else:
            rejected += len(row.raw)
        if len(sample) >= SAMPLE_ROWS or size > SAMPLE_CHARACTERS or rejected > _MOST_REJECTED:
            break
    return sample


@dataclass(slots=True)
class _Taken:
    names: set[str] = field(default_factory=set)

    def free(self, name: str) -> str:
        candidate, count = name, 1
        while candidate in self.names:
            count += 1
            candidate = f"{name}_{count}"
        self.names.add(candidate)
        return candidate


def unique_names(names: list[str]) -> list[str]:
    """Return the names with blanks filled (`column_3`) and repeats numbered (`评分`, `评分_2`).

    A name that is already unique is never changed to make room for a repeat before it.
    """
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    taken = _Taken({name for name, count in counts.items() if name and count == 1})
    result = []
    for position, name in enumerate(names, start=1):
        if name and counts[name] == 1:
            result.append(name)
        else:
            result.append(taken.free(name or f"column_{position}"))
    return result


def is_total(cell: str | None) -> bool:
    """Tell whether a cell says that the others of its row are sums or means: 合计, Average."""
    return _TOTAL.fullmatch(cell or "") is not None


def display_width(text: str) -> int:
    """Return how wide a text is in letters: a Chinese character says as much as two or more."""
    return len(text) + (0 if text.isascii() else sum(map("\u2e7f".__lt__, text)))


def without_surrogates(text: str) -> str:
    """Return a text without halves of characters, which no other format could hold.

    Two halves that stand together are the character that they are, one alone is U+FFFD.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return str(text)
