"""Linear heads over hashed features: the scores of every clause and of every text of a batch.

One matrix holds a column for each head. A text is scored twice from it: clause by clause, which says
where something is judged, and whole, which says what the text is about. The score of a piece of text
is the mean-like sum over its features, divided by the root of their number, so that a long piece
does not score higher only because it is long.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from sentiment.model.features import BUCKET_BITS, Features, extract
from sentiment.model.sums import Whole, run_sums
from sentiment.model.vocabulary import Vocabulary

__all__ = ["Batch", "Heads", "Scores", "read_batch"]

# So many weights of eight bits add up to a number of sixteen; a longer clause is added in pieces.
_PIECE = 255


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
    wanted: Vocabulary | None = None,
) -> Batch:
    """Return the features of some folded texts, each with its clauses as spans of that text.

    :param wanted: As for `extract`; scoring has no use for features without weights.
    """
    features = extract(texts, wanted)
    counts = np.fromiter((len(spans) for spans in clauses), dtype=np.int64, count=len(clauses))
    row_of_clause = np.repeat(np.arange(len(texts)), counts)
    flat = chain.from_iterable(chain.from_iterable(clauses))
    start, end = np.fromiter(flat, dtype=np.int64, count=2 * len(row_of_clause)).reshape(-1, 2).T
    if len(start) == 0:
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
    at = np.repeat(np.arange(len(start)), counts)
    inside = (
        (row_of_clause[at] == features.row)
        & (features.end <= end[at])
        & (features.start >= start[at])
    )
    return Batch(features, np.where(inside, at, -1), row_of_clause, start, end, len(texts))


class Heads:
    """The weights of every head, and how a batch is scored with them.

    Weights are whole numbers of a step per head, as a bundle stores them. Their sums are exact, so that
    a score cannot depend on what else is in the batch, and they are a quarter as wide as floats, which
    counts: most of the time goes into fetching them.

    :param buckets: Buckets of the features in the vocabulary, ascending, shape (vocabulary,).
    :param stored: One row a feature, whole numbers of eight bits, shape (vocabulary, clause heads + row
        heads).
    :param scale: What one step of a head's weights is, one value a head.
    :param bias: One value a head.
    :param clause_heads: How many of the columns are scored clause by clause; the rest score rows.
    """

    def __init__(
        self,
        buckets: NDArray[np.int64],
        stored: NDArray[np.int8],
        scale: NDArray[np.float32],
        bias: NDArray[np.float32],
        clause_heads: int,
    ) -> None:
        if stored.dtype != np.int8:
            raise ValueError(f"weights of the type {stored.dtype}, not int8")
        self.buckets = buckets
        self.stored = np.ascontiguousarray(stored)
        self.scale = np.asarray(scale, dtype=np.float32)
        self.bias = np.asarray(bias, dtype=np.float32)
        self.clause_heads = clause_heads
        self.vocabulary = Vocabulary(buckets, BUCKET_BITS)

    @cached_property
    def weights(self) -> NDArray[np.float32]:
        """The weights as numbers, shape as `stored`; for training, scoring has no use for them."""
        return self.stored * self.scale

    def weight(
        self, buckets: NDArray[np.int64], columns: NDArray[np.int64] | int
    ) -> NDArray[np.float32]:
        """Return the weight of each bucket of the vocabulary in a column, or in one each."""
        weights: NDArray[np.float32] = (
            self.stored[self.vocabulary.rows(buckets), columns] * self.scale[columns]
        )
        return weights

    def known(self, batch: Batch) -> NDArray[np.int64]:
        """Return the positions of the features that are in the vocabulary."""
        return np.flatnonzero(self.vocabulary.holds(batch.features.bucket))

    def score(self, batch: Batch) -> Scores:
        """Return the scores of every clause and of every text."""
        clauses, split = len(batch.row_of_clause), self.clause_heads
        index = self.vocabulary.rows(batch.features.bucket)
        # Features of one clause stand together; those that cross a border form a segment of their own
        # after the clauses, one for each text, and count for the text alone.
        inside = np.flatnonzero((index >= 0) & (batch.clause >= 0))
        crossing = np.flatnonzero((index >= 0) & (batch.clause < 0))
        segment = np.concatenate((batch.clause[inside], clauses + batch.features.row[crossing]))
        sums = self._sums(index[np.concatenate((inside, crossing))], segment, clauses + batch.rows)
        counts = np.bincount(segment, minlength=clauses + batch.rows)
        # A long text has more features than fit the numbers of sixteen bits that a clause has.
        row_sums, row_counts = sums[clauses:, split:].astype(np.int32), counts[clauses:]
        if clauses:
            starts = np.flatnonzero(np.diff(batch.row_of_clause, prepend=-1))
            rows = batch.row_of_clause[starts]
            sizes = np.diff(starts, append=clauses)
            of_clauses = sums[:clauses, split:].astype(np.int32)
            row_sums[rows] += run_sums(of_clauses, np.arange(clauses), starts, sizes, np.int32)
            row_counts[rows] += np.add.reduceat(counts[:clauses], starts)
        return Scores(
            self._scores(sums[:clauses, :split], counts[:clauses], slice(split)),
            self._scores(row_sums, row_counts, slice(split, None)),
            batch.row_of_clause,
        )

    def _scores(
        self, sums: NDArray[Whole], counts: NDArray[np.int64], columns: slice
    ) -> NDArray[np.float32]:
        """Return the scores of pieces of text from the sums and the numbers of their features."""
        roots = np.sqrt(np.maximum(counts, 1)).astype(np.float32)
        scores = sums.astype(np.float32)
        scores *= self.scale[columns]
        scores /= roots[:, None]
        scores += self.bias[columns]
        return scores

    def _sums(
        self, feature: NDArray[np.int32], segment: NDArray[np.int64], segments: int
    ) -> NDArray[np.int16] | NDArray[np.int32]:
        """Return the sum of the stored weights of each segment; `segment` is ascending."""
        shape = (segments, self.stored.shape[1])
        if not len(segment):
            return np.zeros(shape, dtype=np.int16)
        starts = np.flatnonzero(np.diff(segment, prepend=-1))
        sizes = np.diff(starts, append=len(segment))
        pieces = -(-sizes // _PIECE)
        if pieces.max() == 1:
            short = np.zeros(shape, dtype=np.int16)
            short[segment[starts]] = run_sums(self.stored, feature, starts, sizes, np.int16)
            return short
        first = np.cumsum(pieces) - pieces
        at = np.repeat(starts - first * _PIECE, pieces) + np.arange(pieces.sum()) * _PIECE
        size = np.minimum(np.repeat(starts + sizes, pieces) - at, _PIECE)
        of_pieces = run_sums(self.stored, feature, at, size, np.int16)
        long = np.zeros(shape, dtype=np.int32)
        long[segment[starts]] = run_sums(of_pieces, np.arange(len(at)), first, pieces, np.int32)
        return long
