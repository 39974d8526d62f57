"""A first guess at the embedding: what tokens stand beside, counted, before any training.

Positive pointwise mutual information of tokens and neighbours, reduced to the model's width by
a randomised singular value decomposition (Halko, Martinsson and Tropp 2011). A minute of counting
saves a small model the first millions of tokens, in which it would learn little else.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["log_frequencies", "neighbour_vectors"]

# Frequent neighbours say nearly all; with these the matrix stays under half a gigabyte.
_NEIGHBOURS = 4000
_WINDOW = 4
# Counts of neighbours are flattened so that rare ones do not look too telling (Levy et al. 2015).
_SMOOTHING = 0.75


def log_frequencies(ids: NDArray[np.uint16], vocabulary: int) -> NDArray[np.float32]:
    """Return the log of each token's share, add-one smoothed: where a decoder's bias starts."""
    counts = np.bincount(ids, minlength=vocabulary) + 1.0
    logs: NDArray[np.float32] = np.log(counts / counts.sum()).astype(np.float32)
    return logs


def neighbour_vectors(
    ids: NDArray[np.uint16],
    starts: NDArray[np.int64],
    vocabulary: int,
    width: int,
    seed: int = 0,
) -> NDArray[np.float32]:
    """Return a unit vector for each token, or zeros for one that never stands beside another.

    :param ids: Texts end to end.
    :param starts: Where each text starts, and the end of the last, shape (texts + 1,).
    """
    information = _information(_count(ids, starts, vocabulary))
    draw = np.random.default_rng(seed)
    found = information @ draw.standard_normal((information.shape[1], width + 32)).astype(
        np.float32
    )
    for _ in range(3):  # power iterations: the spectrum of counts falls slowly
        found = information @ (information.T @ np.linalg.qr(found)[0])
    basis = np.linalg.qr(found)[0]
    left, values, _ = np.linalg.svd(basis.T @ information, full_matrices=False)
    # The root of the singular values: without it the first few directions drown the others.
    vectors = (basis @ left[:, :width]) * np.sqrt(values[:width])
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.where(lengths > 0, vectors / np.maximum(lengths, 1e-12), 0.0).astype(np.float32)


def _count(
    ids: NDArray[np.uint16], starts: NDArray[np.int64], vocabulary: int
) -> NDArray[np.float32]:
    """Count each token's frequent neighbours on both sides, (vocabulary, neighbours)."""
    frequent = np.argsort(-np.bincount(ids, minlength=vocabulary), kind="stable")[:_NEIGHBOURS]
    column = np.full(vocabulary, -1, dtype=np.int64)
    column[frequent] = np.arange(len(frequent))
    text = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    counts = np.zeros(vocabulary * len(frequent), dtype=np.float32)
    for distance in range(1, _WINDOW + 1):
        together = text[:-distance] == text[distance:]
        pairs = (ids[:-distance][together], ids[distance:][together])
        for token, neighbour in (pairs, pairs[::-1]):
            columns = column[neighbour]
            known = columns >= 0
            cells = token[known].astype(np.int64) * len(frequent) + columns[known]
            counts += np.bincount(cells, minlength=len(counts)) / np.float32(distance)
    return counts.reshape(vocabulary, len(frequent))


def _information(counts: NDArray[np.float32]) -> NDArray[np.float32]:
    rows = counts.sum(1, keepdims=True)
    columns = counts.sum(0, keepdims=True) ** _SMOOTHING
    expected = rows * (columns / columns.sum())
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log(counts / expected)
    return np.where(counts > 0, np.maximum(ratio, 0.0), 0.0).astype(np.float32)
