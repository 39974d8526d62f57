"""A very long text, scored window by window, so that the memory it takes has a limit.

Everything that is decided about a text is decided from its own scores, from the clause that says
each label most, from the most positive, the most negative and the last clause. So of each window
only those clauses are kept, with their features; the scores of the whole text are summed up. The
outcome is that of the whole text at once, but for n-grams across the border of two windows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from sentiment.model.features import Features
from sentiment.model.heads import Batch, Heads, Scores, read_batch

__all__ = ["LONGEST", "read_long"]

# Characters at a time; features take about a kilobyte each.
LONGEST = 100_000

Span = tuple[int, int]


def read_long(folded: str, clauses: Sequence[Span], heads: Heads) -> tuple[Batch, Scores]:
    """Return one text as a batch of the clauses that matter, and its scores.

    :param folded: The folded text.
    :param clauses: Its clauses, at least one.
    """
    reads: list[Batch] = []
    scores = []
    split = heads.clause_heads
    row_sum = np.zeros(len(heads.bias) - split, dtype=np.float64)
    known = 0
    for spans in _windows(clauses):
        first = spans[0][0]
        inside = [(start - first, end - first) for start, end in spans]
        read = read_batch([folded[first : spans[-1][1]]], [inside], heads.vocabulary)
        found = heads.score(read)
        count = len(heads.known(read))
        row_sum += (found.row[0] - heads.bias[split:]) * np.sqrt(max(count, 1))
        known += count
        kept = _deciding(found)
        reads.append(_only(read, kept, first))
        scores.append(found.clause[kept])
    row = row_sum / np.sqrt(max(known, 1)) + heads.bias[split:]
    clause = np.concatenate(scores)
    whole = _joined(reads)
    return whole, Scores(clause, row[None].astype(np.float32), whole.row_of_clause)


def _windows(clauses: Sequence[Span]) -> Iterator[Sequence[Span]]:
    first = 0
    for place, (_, end) in enumerate(clauses):
        if end - clauses[first][0] > LONGEST and place > first:
            yield clauses[first:place]
            first = place
    yield clauses[first:]


def _deciding(found: Scores) -> NDArray[np.int64]:
    """Return the clauses that anything is decided from, in order."""
    best = found.clause.argmax(0)
    polarity = found.clause[:, -1]
    return np.unique([*best, polarity.argmax(), polarity.argmin(), len(polarity) - 1])


def _only(read: Batch, kept: NDArray[np.int64], offset: int) -> Batch:
    """Return the batch with those clauses alone, in the coordinates of the whole text."""
    number = np.full(len(read.row_of_clause) + 1, -1, dtype=np.int64)
    number[kept] = np.arange(len(kept))
    clause = number[read.clause]  # -1 is the last place, which stays -1
    inside = np.flatnonzero(clause >= 0)
    features = Features(
        read.features.bucket[inside],
        read.features.start[inside] + offset,
        read.features.end[inside] + offset,
        read.features.row[inside],
    )
    return Batch(
        features, clause[inside], read.row_of_clause[kept],
        read.clause_start[kept] + offset, read.clause_end[kept] + offset, 1,
    )  # fmt: skip


def _joined(reads: Sequence[Batch]) -> Batch:
    before = np.cumsum([0, *(len(read.row_of_clause) for read in reads)])
    features = Features(
        *(
            np.concatenate([getattr(read.features, name) for read in reads])
            for name in ("bucket", "start", "end", "row")
        )
    )
    return Batch(
        features,
        np.concatenate([read.clause + at for read, at in zip(reads, before[:-1], strict=True)]),
        np.concatenate([read.row_of_clause for read in reads]),
        np.concatenate([read.clause_start for read in reads]),
        np.concatenate([read.clause_end for read in reads]),
        1,
    )
