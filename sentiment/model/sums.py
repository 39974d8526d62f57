"""Sums over runs of a table's rows, of many runs at once, to the last bit as NumPy has them.

`np.add.reduceat` goes column by column through each run, which costs more than everything else that
lite does with its weights. Here runs of like length go together, and each addition adds whole rows
of all of them. The order of the additions is NumPy's own: the first row stands alone; the rest go
round eight partial sums, which are added in pairs, and what no longer fills a round comes last. So it
does not matter to a text which of the two ways its runs went.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["LONGEST", "run_sums"]

Floats = NDArray[np.float32]
Indices = NDArray[np.int64]

# Partial sums of a run, and the longest run that NumPy adds in one go: a first row, and 16 rounds.
_PARTIAL = 8
LONGEST = 1 + 16 * _PARTIAL
# Runs added at one time: their partial sums stay in the processor's second-level cache.
_AT_ONCE = 128


def run_sums(table: Floats, rows: NDArray[np.integer], starts: Indices, sizes: Indices) -> Floats:
    """Return the sum of each run, shape (runs, columns).

    :param table: The rows that are added, shape (any, columns).
    :param rows: Of each thing in a run, its row in the table.
    :param starts: Where in `rows` each run begins.
    :param sizes: How many of them it has, 1 to `LONGEST`.
    """
    sums = np.empty((len(starts), table.shape[1]), dtype=table.dtype)
    rounds, left = np.divmod(sizes - 1, _PARTIAL)
    # Of those with as many left over the long ones first: each round is then one of the first few.
    order = np.lexsort((-rounds, left))
    borders = np.searchsorted(left[order], np.arange(_PARTIAL + 1)).tolist()
    for over in range(_PARTIAL):
        for low in range(borders[over], borders[over + 1], _AT_ONCE):
            some = order[low : min(low + _AT_ONCE, borders[over + 1])]
            sums[some] = _alike(table, rows, starts[some], rounds[some], over)
    return sums


def _alike(
    table: Floats, rows: NDArray[np.integer], starts: Indices, rounds: Indices, over: int
) -> Floats:
    """Return the sums of runs with as many rows left over, in the order of their rounds."""
    first = table.take(rows[starts], axis=0)
    rest = np.zeros_like(first)
    long = int(np.count_nonzero(rounds))
    if long:
        places = starts[:long, None] + np.arange(1, 1 + _PARTIAL)
        partial = table.take(rows[places], axis=0)
        for done in range(1, int(rounds[0])):
            more = int(np.searchsorted(-rounds[:long], -done))
            partial[:more] += table.take(rows[places[:more] + done * _PARTIAL], axis=0)
        partial = partial[:, 0::2] + partial[:, 1::2]
        partial = partial[:, 0::2] + partial[:, 1::2]
        np.add(partial[:, 0], partial[:, 1], out=rest[:long])
    last = starts + 1 + rounds * _PARTIAL
    for place in range(over):
        rest += table.take(rows[last + place], axis=0)
    return first + rest
