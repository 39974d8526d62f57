"""Linear heads over hashed features: the scores of every clause and of every text of a batch.

One matrix holds a column for each head. A text is scored twice from it: clause by clause, which says
where something is judged, and whole, which says what the text is about. The score of a piece of text
is the mean-like sum over its features, divided by the root of their number, so that a long piece
does not score higher only because it is long.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from sentiment.model.features import BUCKET_BITS, Features, extract
from sentiment.model.sums import LONGEST, run_sums

__all__ = ["Batch", "Heads", "Scores", "read_batch"]

# The gathered rows of a slice of this many features stay in the processor's second-level cache.
_SLICE = 4096
# So many runs are worth adding together: each way of adding has a price of its own for each call.
_MANY = 64


@dataclass(frozen=True, slots=True)
class Batch:
    """Features of a batch with the clause that each one lies in.

    :param features: As `extract` gives them.
    :param clause: Index of the clause, over the whole batch, or -1 for a feature that crosses the
        border of one, shape (features,).
    :param row_of_clause: Index of the text of each clause, shape (clauses,).
    :param clause_start: First code point of each clause in its text, shape (clauses,).
    :param clause_end: End (exclusive) of each clause, shape (clauses,).
    :param rows: Number of texts.
    """

    features: Features
    clause: NDArray[np.int64]
    row_of_clause: NDArray[np.int64]
    clause_start: NDArray[np.int64]
    clause_end: NDArray[np.int64]
    rows: int


@dataclass(frozen=True, slots=True)
class Scores:
    """Head scores of a batch: `clause` (clauses, clause heads), `row` (rows, row heads)."""

    clause: NDArray[np.float32]
    row: NDArray[np.float32]
    row_of_clause: NDArray[np.int64]


def read_batch(
    texts: Sequence[str],
    clauses: Sequence[Sequence[tuple[int, int]]],
    wanted: NDArray[np.bool_] | None = None,
) -> Batch:
    """Return the features of some folded texts, each with its clauses as spans of that text.

    :param wanted: As for `extract`; scoring has no use for features without weights.
    """
    features = extract(texts, wanted)
    counts = np.fromiter((len(spans) for spans in clauses), dtype=np.int64, count=len(clauses))
    row_of_clause = np.repeat(np.arange(len(texts)), counts)
    spans = np.array([span for spans in clauses for span in spans], dtype=np.int64).reshape(-1, 2)
    start, end = spans[:, 0], spans[:, 1]
    if len(spans) == 0:
        nowhere = np.full(len(features.bucket), -1, dtype=np.int64)
        return Batch(features, nowhere, row_of_clause, start, end, len(texts))
    # Texts follow one another in one coordinate, so that one search finds where every clause
    # begins among the features, which are in the same order.
    stride = max(int(features.end.max(initial=0)), int(end.max())) + 1
    firsts = np.searchsorted(
        features.row * stride + features.start, row_of_clause * stride + start, "left"
    )
    # A feature belongs to the last clause that starts no later; those before the first are put to it.
    counts = np.diff(firsts, append=len(features.row))
    counts[0] += firsts[0]
    at = np.repeat(np.arange(len(spans)), counts)
    inside = (
        (row_of_clause[at] == features.row)
        & (features.end <= end[at])
        & (features.start >= start[at])
    )
    return Batch(features, np.where(inside, at, -1), row_of_clause, start, end, len(texts))


class Heads:
    """The weights of every head, and how a batch is scored with them.

    :param buckets: Buckets of the features in the vocabulary, ascending, shape (vocabulary,).
    :param weights: One row a feature, float32, shape (vocabulary, clause heads + row heads).
    :param bias: One value a head.
    :param clause_heads: How many of the columns are scored clause by clause; the rest score rows.
    """

    def __init__(
        self,
        buckets: NDArray[np.int64],
        weights: NDArray[np.float32],
        bias: NDArray[np.float32],
        clause_heads: int,
    ) -> None:
        self.buckets = buckets
        self.weights = np.ascontiguousarray(weights, dtype=np.float32)
        self.bias = np.asarray(bias, dtype=np.float32)
        self.clause_heads = clause_heads
        self._index = np.full(1 << BUCKET_BITS, -1, dtype=np.int32)
        self._index[buckets] = np.arange(len(buckets), dtype=np.int32)
        self.wanted = self._index >= 0  # whether a bucket is in the vocabulary

    def index(self, buckets: NDArray[np.int64]) -> NDArray[np.int32]:
        """Return the row of each bucket in `weights`, -1 for one that is not in the vocabulary."""
        return self._index[buckets]

    def known(self, batch: Batch) -> NDArray[np.int64]:
        """Return the positions of the features that are in the vocabulary."""
        return np.flatnonzero(self._index[batch.features.bucket] >= 0)

    def score(self, batch: Batch) -> Scores:
        """Return the scores of every clause and of every text."""
        known = self.known(batch)
        feature = self._index[batch.features.bucket[known]]
        clause = batch.clause[known]
        row = batch.features.row[known]
        clauses = len(batch.row_of_clause)
        # Features of one clause come together; those that cross a border form a segment of their own
        # after the clauses of their text, and count for the text alone.
        segment = np.where(clause >= 0, clause, clauses + row)
        order = np.argsort(segment, kind="stable")
        sums = self._sums(feature[order], segment[order], clauses + batch.rows)
        counts = np.bincount(segment, minlength=clauses + batch.rows).astype(np.float32)
        split = self.clause_heads
        own = counts[:clauses]
        clause_scores = sums[:clauses, :split] / np.sqrt(np.maximum(own, 1))[:, None]
        row_sums = sums[clauses:, split:].copy()
        row_counts = counts[clauses:].copy()
        if clauses:
            starts = np.flatnonzero(np.diff(batch.row_of_clause, prepend=-1))
            rows = batch.row_of_clause[starts]
            row_sums[rows] += _added(sums[:clauses, split:], starts)
            row_counts[rows] += np.add.reduceat(own, starts)
        row_scores = row_sums / np.sqrt(np.maximum(row_counts, 1))[:, None]
        return Scores(
            (clause_scores + self.bias[:split]).astype(np.float32),
            (row_scores + self.bias[split:]).astype(np.float32),
            batch.row_of_clause,
        )

    def _sums(
        self, feature: NDArray[np.int32], segment: NDArray[np.int64], segments: int
    ) -> NDArray[np.float32]:
        """Return the sum of the weights of each segment; `segment` is ascending."""
        sums = np.zeros((segments, self.weights.shape[1]), dtype=np.float32)
        if not len(segment):
            return sums
        starts = np.flatnonzero(np.diff(segment, prepend=-1))
        sizes = np.diff(starts, append=len(segment))
        short = sizes <= min(LONGEST, _SLICE)
        if np.count_nonzero(short) < _MANY:
            self._add_slices(sums, feature, segment)
            return sums
        sums[segment[starts[short]]] = run_sums(self.weights, feature, starts[short], sizes[short])
        if not short.all():
            long = np.repeat(~short, sizes)
            self._add_slices(sums, feature[long], segment[long])
        return sums

    def _add_slices(
        self, sums: NDArray[np.float32], feature: NDArray[np.int32], segment: NDArray[np.int64]
    ) -> None:
        """Add the weights of each segment to its sum, a slice of features at a time."""
        starts = np.flatnonzero(np.diff(segment, prepend=-1))
        # A long segment is summed piece by piece, so that the gathered rows never fill the memory;
        # pieces are counted from its own start, so that its sum does not depend on its neighbours.
        pieces = -(-np.diff(starts, append=len(segment)) // _SLICE)
        within = np.arange(pieces.sum()) - np.repeat(np.cumsum(pieces) - pieces, pieces)
        starts = np.repeat(starts, pieces) + within * _SLICE
        ends = np.append(starts[1:], len(segment))
        first = 0
        while first < len(starts):
            # As many pieces as fit in a slice. A full one fills it: no segment is in a slice twice.
            last = int(np.searchsorted(ends, starts[first] + _SLICE, "right"))
            low, high = starts[first], ends[last - 1]
            gathered = self.weights.take(feature[low:high], axis=0)
            sums[segment[starts[first:last]]] += np.add.reduceat(
                gathered, starts[first:last] - low, axis=0
            )
            first = last


def _added(clauses: NDArray[np.float32], starts: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the sums of the clauses of each text; a text's clauses begin where `starts` says."""
    sizes = np.diff(starts, append=len(clauses))
    if len(starts) < _MANY or sizes.max() > LONGEST:
        return cast("NDArray[np.float32]", np.add.reduceat(clauses, starts, axis=0))
    # In one piece, or each time that rows are taken all of it would be copied.
    return run_sums(np.ascontiguousarray(clauses), np.arange(len(clauses)), starts, sizes)
