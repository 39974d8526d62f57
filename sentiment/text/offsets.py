"""Where a piece of changed text came from: one map per step, chained, no work until asked.

A step that changes text records its edits and nothing else: between two edits the texts run in
parallel. Mapping a span walks the steps backwards, one binary search each, so that a clean text
costs nothing and a text of 100,000 characters with three edits costs three entries.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass

__all__ = ["Edit", "OffsetMap", "rewrite"]

# (start, end) in the new text and (start, end) in the text it replaced.
Edit = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class OffsetMap:
    """The edits of one step, in order of place; code points on both sides.

    The parallel tuples hold the span of each edit in the new text (`starts`, `ends`) and in the
    text before the step (`before_starts`, `before_ends`). Spans before the step may overlap (two
    repaired characters that share a wrongly read one) but never go backwards.
    """

    starts: tuple[int, ...]
    ends: tuple[int, ...]
    before_starts: tuple[int, ...]
    before_ends: tuple[int, ...]

    @classmethod
    def of(cls, edits: Iterable[Edit]) -> OffsetMap:
        """Build the map from edits given in order of place."""
        columns = tuple(zip(*edits, strict=True)) or ((), (), (), ())
        return cls(*columns)

    def before(self, start: int, end: int) -> tuple[int, int]:
        """Return the span of the text before the step that became ``new[start:end]``.

        What the step deleted at the border of the span stays outside it; a span that cuts into a
        replacement takes in all that was replaced.
        """
        first = self._start(start)
        return first, max(first, self._end(end))

    def _start(self, place: int) -> int:
        index = bisect_right(self.starts, place) - 1
        if index < 0:
            return place
        if place < self.ends[index]:
            return self.before_starts[index]
        return self.before_ends[index] + place - self.ends[index]

    def _end(self, place: int) -> int:
        index = bisect_left(self.starts, place) - 1
        if index < 0:
            return place
        return self.before_ends[index] + max(0, place - self.ends[index])


def rewrite(
    text: str, pattern: re.Pattern[str], replace: Callable[[re.Match[str]], str]
) -> tuple[str, OffsetMap | None]:
    """Replace every match and record where; the map is None when no offset moved.

    A single character for a single character moves nothing and is not recorded.
    """
    pieces: list[str] = []
    edits: list[Edit] = []
    done = length = 0
    for match in pattern.finditer(text):
        start, end = match.span()
        new = replace(match)
        if new == match[0]:
            continue
        pieces.append(text[done:start])
        pieces.append(new)
        length += start - done
        if not (len(new) == 1 == end - start):
            edits.append((length, length + len(new), start, end))
        length += len(new)
        done = end
    if not pieces:
        return text, None
    pieces.append(text[done:])
    return "".join(pieces), OffsetMap.of(edits) if edits else None
