"""The buckets that a model has weights for, and the row of each: one bit a bucket, and a count.

A number for each of four million buckets would be found a little sooner, and take ten times the room:
memory that a process touches for the first time costs more than all that a small export looks up.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["Vocabulary"]

# Buckets whose bits stand in one word: log2.
_WORD = 4
_BUCKETS = 1 << _WORD
_PLACE = np.int64(_BUCKETS - 1)
_ONE = np.uint16(1)
# The bits of a word below each place.
_BELOW = ((1 << np.arange(_BUCKETS)) - 1).astype(np.uint16)


class Vocabulary:
    """Some of the buckets, in order, after Jacobson 1989 ("Space-efficient static trees and graphs").

    :param buckets: Ascending, none twice, shape (vocabulary,).
    :param bits: There are 2 to the power of this many buckets.
    :raises ValueError: They are in another order, or there are not so many.
    """

    def __init__(self, buckets: NDArray[np.int64], bits: int) -> None:
        if np.any(np.diff(buckets, prepend=-1) <= 0) or np.any(buckets >> bits):
            raise ValueError("buckets that do not ascend from 0, or too high ones")
        word = buckets >> _WORD
        first = np.flatnonzero(np.diff(word, prepend=-1))
        self._words = np.zeros(1 << max(bits - _WORD, 0), dtype=np.uint16)
        # Buckets before those of each word. A word without any is never asked for it.
        self._before = np.zeros(len(self._words), dtype=np.int32)
        if len(first):
            self._words[word[first]] = np.add.reduceat(1 << (buckets & _PLACE), first)
            self._before[word[first]] = first

    def holds(self, buckets: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Tell which buckets are among them."""
        held = self._words[buckets >> _WORD] >> (buckets & _PLACE).astype(np.uint16)
        found: NDArray[np.bool_] = (held & _ONE).astype(np.bool_)
        return found

    def rows(self, buckets: NDArray[np.int64]) -> NDArray[np.int32]:
        """Return the place of each bucket among them, -1 for one that is not."""
        word, place = buckets >> _WORD, buckets & _PLACE
        held = self._words[word]
        rows = self._before[word] + _ones()[held & _BELOW[place]]
        return np.where(held >> place.astype(np.uint16) & _ONE, rows, np.int32(-1))


@cache
def _ones() -> NDArray[np.uint8]:
    """Return how many bits of each word are 1."""
    byte = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).sum(1, dtype=np.uint8)
    word: NDArray[np.uint8] = (byte[:, None] + byte).ravel()
    return word
