"""Cutting the rows of a table into parts that depend on the rows alone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sentiment.tables import Reject, SourceRow

__all__ = ["CHUNK_ROWS", "PARTS_PER_CHUNK", "PART_ROWS", "Part", "cut"]

# A part is what one worker scores at a time and what is written down at once. 512 rows are 0.05 s
# of the lite model: small enough to lose, large enough that a sync to disk (a few ms) hardly counts.
PART_ROWS = 512
# A chunk is what may be under way: with up to four processes, a kill loses no more than this.
PARTS_PER_CHUNK = 8
CHUNK_ROWS = PART_ROWS * PARTS_PER_CHUNK
# Rows may be huge (50 MB in one cell is a test case): a part also ends here, so that memory stays
# bounded. It is about 200 times what 512 reviews usually hold.
_PART_CHARACTERS = 8_000_000


@dataclass(slots=True)
class Part:
    """Consecutive records of the source: rows to be scored, and what was no row."""

    index: int
    rows: list[SourceRow] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    digest: str = ""

    def __len__(self) -> int:
        return len(self.rows) + len(self.rejects)


def cut(records: Iterable[SourceRow | Reject]) -> Iterator[Part]:
    """Yield the records in parts, in order.

    Where a part ends depends on the records alone: the same input gives the same parts in a run
    that was resumed, whatever the number of workers.
    """
    part = Part(index=0)
    contents: list[str] = []
    characters = 0
    for record in records:
        content = _content(record)
        contents.append(content)
        characters += len(content)
        if isinstance(record, SourceRow):
            part.rows.append(record)
        else:
            part.rejects.append(record)
        if len(contents) >= PART_ROWS or characters >= _PART_CHARACTERS:
            part.digest = _digest(contents)
            yield part
            part = Part(index=part.index + 1)
            contents, characters = [], 0
    if contents:
        part.digest = _digest(contents)
        yield part


def _digest(contents: list[str]) -> str:
    content = "".join(contents).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def _content(record: SourceRow | Reject) -> str:
    if isinstance(record, Reject):
        return f"\x1d{record.row}\x1e{record.reason}\x1e{record.raw}"
    names = "\x1f".join(record.cells)
    values = "\x1f".join(["\x00" if value is None else value for value in record.cells.values()])
    return f"\x1d{record.row}\x1e{names}\x1e{values}\x1e{record.damage}"
