"""Files to be scored, and the spans of their rows that one worker scores at a time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sentiment.job.chunks import PART_ROWS
from sentiment.tables import Roles

__all__ = ["SPAN_ROWS", "File", "Span", "bundles"]

# What is lost with a worker, and what a giant file is spread by: seven seconds of the lite model on
# one core. Its ends are ends of parts, so that spans put together are the parts of the local job.
SPAN_ROWS = 64 * PART_ROWS
# Files so small that scoring them costs no more than being told to are handed out together.
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

    @property
    def is_whole(self) -> bool:
        """Whether there is no other in its file."""
        return self.rows == self.file.rows


def bundles(spans: Iterable[Span]) -> Iterator[tuple[Span, ...]]:
    """Yield the spans in order, so many small ones together that they make one of full size."""
    held: list[Span] = []
    rows = 0
    for span in spans:
        if held and (rows + span.rows > span.file.span_rows or len(held) == _MOST_FILES):
            yield tuple(held)
            held, rows = [], 0
        held.append(span)
        rows += span.rows
    if held:
        yield tuple(held)
