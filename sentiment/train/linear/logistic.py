"""Many L2-regularised logistic regressions over one sparse matrix, fitted at the same time.

One-vs-rest heads share their features. Fitting them one by one reads the matrix a hundred times for
each; here every pass over it serves all heads, which makes a refit of the lite model some five times
faster than `sklearn.linear_model.LogisticRegression(solver="liblinear")` in a loop, with the same
solution (a test compares them).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

__all__ = ["fit_logistic"]

_CONJUGATE_STEPS = 20
# How far a Newton step is solved: more buys nothing while the curvature still changes.
_PRECISION = 0.1
_LINE_STEPS = 12
# A score beyond this is as sure as float32 can say; exp() of twice as much overflows.
_SURE = np.float32(60)


def fit_logistic(
    features: csr_matrix,
    targets: NDArray[np.float32],
    *,
    strength: float,
    weights: NDArray[np.float32] | None = None,
    offset: NDArray[np.float32] | None = None,
    steps: int = 12,
    tolerance: float = 0.01,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return weights (features, heads) and biases (heads,) of the least loss.

    The loss of each head is

        0.5 |w|^2 + strength * sum_i a_i log(1 + exp(-y_i (x_i w + b)))

    by truncated Newton steps (Lin, Weng and Keerthi 2008, JMLR 9:627-650) with all heads abreast.
    The bias is penalised like a weight, as liblinear does.

    :param features: Sparse float32, shape (rows, features).
    :param targets: 1, 0, or NaN where a row says nothing about a head, shape (rows, heads).
    :param strength: C: how much the rows count against the penalty.
    :param weights: Weight of each row, shape (rows,); 1 by default.
    :param offset: Added to each score, shape (rows, heads). With the scores of heads that are there
        already, what is fitted is the change to them, and the penalty draws it to none.
    :param tolerance: A head is done when its gradient is this small a part of the first one.
    """
    known = ~np.isnan(targets)
    y = np.where(known & (targets > 0.5), np.float32(1), np.float32(0))
    a = known * np.float32(strength)
    if weights is not None:
        a *= weights[:, None].astype(np.float32)
    transposed = features.T.tocsr()
    squared = transposed.multiply(transposed).tocsr()
    heads = targets.shape[1]
    w = np.zeros((features.shape[1], heads), dtype=np.float32)
    b = np.zeros(heads, dtype=np.float32)
    z = np.zeros(targets.shape, dtype=np.float32) if offset is None else offset.copy()
    loss = _loss(z, y, a, w, b)
    first: NDArray[Any] | None = None
    for _ in range(steps):
        p = 1 / (1 + np.exp(-np.clip(z, -_SURE, _SURE)))
        residual = a * (p - y)
        gw, gb = transposed @ residual + w, residual.sum(0) + b
        size = np.sqrt((gw * gw).sum(0) + gb * gb)
        first = size if first is None else first
        if bool(np.all(size <= tolerance * first)):
            break
        curvature = (a * p * (1 - p)).astype(np.float32)
        dw, db, dz = _newton(features, transposed, squared, curvature, gw, gb)
        slope = (gw * dw).sum(0) + gb * db
        # Halve the step of each head until its loss falls far enough (Armijo).
        step = np.where(size <= tolerance * first, 0, 1).astype(np.float32)
        for _ in range(_LINE_STEPS):
            tried = _loss(z + step * dz, y, a, w + step * dw, b + step * db)
            bad = (tried > loss + 1e-4 * step * slope + 1e-6 * np.abs(loss)) & (step > 0)
            if not bad.any():
                break
            step = np.where(bad, step / 2, step)
        w += step * dw
        b += step * db
        z += step * dz
        loss = _loss(z, y, a, w, b)
    return w, b


def _newton(
    features: csr_matrix,
    transposed: csr_matrix,
    squared: csr_matrix,
    curvature: NDArray[np.float32],
    gw: NDArray[np.float32],
    gb: NDArray[np.float32],
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Return the Newton direction of every head by conjugate gradients, and what it adds to z."""
    # Frequent features bend the loss a thousand times more than rare ones; dividing by the diagonal
    # of the Hessian brings the steps down from hundreds to a dozen.
    flat_w, flat_b = 1 / (1 + squared @ curvature), 1 / (1 + curvature.sum(0))
    dw, db = np.zeros_like(gw), np.zeros_like(gb)
    dz = np.zeros_like(curvature)
    rw, rb = -gw, -gb
    pw, pb = flat_w * rw, flat_b * rb
    rr = (rw * pw).sum(0) + rb * pb
    enough = np.float32(_PRECISION**2) * rr
    for _ in range(_CONJUGATE_STEPS):
        pz = features @ pw + pb
        bent = curvature * pz
        hw, hb = transposed @ bent + pw, bent.sum(0) + pb
        along = (pw * hw).sum(0) + pb * hb
        live = rr > enough
        alpha = np.where(live, rr / np.maximum(along, 1e-20), 0).astype(np.float32)
        dw += alpha * pw
        db += alpha * pb
        dz += alpha * pz
        rw -= alpha * hw
        rb -= alpha * hb
        new = (rw * flat_w * rw).sum(0) + rb * flat_b * rb
        beta = np.where(live, new / np.maximum(rr, 1e-20), 0).astype(np.float32)
        rr = np.where(live, new, rr)
        if not bool((rr > enough).any()):
            break
        pw = flat_w * rw + beta * pw
        pb = flat_b * rb + beta * pb
    return dw, db, dz


def _loss(
    z: NDArray[np.float32],
    y: NDArray[np.float32],
    a: NDArray[np.float32],
    w: NDArray[np.float32],
    b: NDArray[np.float32],
) -> NDArray[np.float64]:
    data = (a * (np.logaddexp(0, z) - y * z)).sum(0, dtype=np.float64)
    return np.asarray(data + 0.5 * ((w * w).sum(0, dtype=np.float64) + b * b))
