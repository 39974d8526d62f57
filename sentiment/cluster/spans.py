"""Files to be scored, and the spans of their rows that one worker scores at a time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sentiment.job.chunks import PART_ROWS
from sentiment.tables import Roles

__all__ = ["SPAN_ROWS", "File", "Span", "bundles"]

# What is kept as one, so what a worker that dies takes with it. Its ends are ends of parts: spans put
# together are the parts of the local job.
SPAN_ROWS = 16 * PART_ROWS
# What is handed out as one: few enough for the driver of a thousand workers, and so many to each
# worker that the last ones to end do not keep the others waiting for long.
_BUNDLES_PER_WORKER = 16
_MOST_SPANS = 16
_MOST_FILES = 64


@dataclass(frozen=True, slots=True)
class File:
    """A Parquet file with rows in it.

    :param name: Relative to the input folder, and of its output to the output folder.
    :param rows: How many it has.
    :param roles: The folder's roles, without columns that this file has not.
    :param key: The `JobKey` as plain data.
    :param span_rows: Rows of each of its spans but the last.
    """

    name: str
    columns: tuple[str, ...]
    rows: int
    roles: Roles
    key: Mapping[str, Any]
    span_rows: int = SPAN_ROWS

    @property
    def digest(self) -> str:
        """Changes whenever a span of this file would hold other bytes."""
        content = json.dumps([self.key, self.span_rows], sort_keys=True)
        return hashlib.blake2b(content.encode(), digest_size=8).hexdigest()

    @property
    def is_small(self) -> bool:
        """Whether it is one span, whose output is written at once."""
        return self.rows <= self.span_rows

    @property
    def spans(self) -> tuple[Span, ...]:
        """All of it, in order."""
        return tuple(
            Span(self, index, first, min(self.span_rows, self.rows - first))
            for index, first in enumerate(range(0, self.rows, self.span_rows))
        )


@dataclass(frozen=True, slots=True)
class Span:
    """Rows of one file.

    :param index: Its number in the file, from 0.
    :param first: Rows before it.
    :param rows: Rows in it.
    """

    file: File = field(repr=False)
    index: int
    first: int
    rows: int


def bundles(spans: Sequence[Span], workers: int) -> Iterator[tuple[Span, ...]]:
    """Yield the spans in order, as many together as one worker is given at a time."""
    fair = sum(span.rows for span in spans) // (workers * _BUNDLES_PER_WORKER)
    held: list[Span] = []
    rows = 0
    for span in spans:
        most = min(max(fair, PART_ROWS), _MOST_SPANS * span.file.span_rows)
        if held and (rows + span.rows > most or len(held) == _MOST_FILES):
            yield tuple(held)
            held, rows = [], 0
        held.append(span)
        rows += span.rows
    if held:
        yield tuple(held)
