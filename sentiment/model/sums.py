"""Sums over runs of a table's rows, of many runs at once.

`np.add.reduceat` goes column by column through each run, which costs more than everything else that
lite does with its weights. Here each turn adds one more row to all runs that have one left. What is
added are whole numbers, so that the order does not matter: the sum of a run is the same in any company.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["Whole", "run_sums"]

Whole = TypeVar("Whole", bound=np.signedinteger)

# Runs added at one time: their sums and what is added stay in the processor's second-level cache.
_AT_ONCE = 512


def run_sums(
    table: NDArray[np.signedinteger],
    rows: NDArray[np.integer],
    starts: NDArray[np.int64],
    sizes: NDArray[np.int64],
    dtype: type[Whole],
) -> NDArray[Whole]:
    """Return the sum of each run, shape (runs, columns).

    :param table: The rows that are added, shape (any, columns).
    :param rows: Of each thing in a run, its row in the table.
    :param starts: Where in `rows` each run begins.
    :param sizes: How many of them it has, at least 1.
    :param dtype: The type of the sums, none of which may be too large for it.
    """
    sums = np.empty((len(starts), table.shape[1]), dtype=dtype)
    order = np.argsort(-sizes, kind="stable")  # long runs first: those that are left are the first
    for low in range(0, len(order), _AT_ONCE):
        some = order[low : low + _AT_ONCE]
        sums[some] = _in_turns(table, rows, starts[some], sizes[some], dtype)
    return sums


def _in_turns(
    table: NDArray[np.signedinteger],
    rows: NDArray[np.integer],
    starts: NDArray[np.int64],
    sizes: NDArray[np.int64],
    dtype: type[Whole],
) -> NDArray[Whole]:
    """Return the sums of runs whose sizes never grow from one to the next."""
    sums = table.take(rows[starts], axis=0).astype(dtype, copy=False)
    left = np.cumsum(np.bincount(sizes)[::-1])[::-1].tolist()  # runs of so many rows or more
    for turn in range(1, len(left) - 1):
        more = left[turn + 1]
        sums[:more] += table.take(rows[starts[:more] + turn], axis=0)
    return sums
