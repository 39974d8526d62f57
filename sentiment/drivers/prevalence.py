"""How common something really is, when a classifier with known errors did the counting.

Shares here are fractions, 0 to 1. Counting labels is biased: ``E = tpr pi + fpr (1 - pi)``. Raw
counts stay the default; a corrected figure needs labels of the user's own data. The intervals and
tests of shares, and the family rule, are offered here too.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sentiment.drivers.cautions import Caution
from sentiment.drivers.floors import LABELS_FOR_CORRECTION, MINIMUM_YOUDEN
from sentiment.drivers.intervals import (
    Difference,
    Family,
    Interval,
    benjamini_hochberg,
    fisher_exact,
    mean_difference,
    net_difference,
    newcombe,
    normal_quantile,
    share_difference,
    wilson,
)
from sentiment.errors import InputError

__all__ = [
    "Difference",
    "Family",
    "Interval",
    "Mix",
    "Prevalence",
    "adjusted_count",
    "adjusted_counts",
    "benjamini_hochberg",
    "fisher_exact",
    "mean_difference",
    "net_difference",
    "newcombe",
    "ppi_mean",
    "share_difference",
    "wilson",
]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Prevalence:
    """A corrected share or mean.

    :param value: The corrected figure; shares 0 to 1.
    :param low: Lower end of its interval; None when no sizes were given.
    :param high: Upper end.
    :param n: Rows that were counted; 0 when not given.
    :param observed: What plain counting gives.
    :param raw: The correction before it was clipped to 0-1.
    :param labels: Labelled rows behind the correction; 0 when not given.
    :param tuning: PPI's lambda; None elsewhere.
    :param method: How it was made.
    :param warnings: What must be said beside it.
    """

    value: float
    low: float | None
    high: float | None
    n: int
    observed: float
    raw: float
    labels: int
    tuning: float | None
    method: str
    warnings: tuple[Caution, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Mix:
    """Corrected shares of several classes; they sum to 1. Fields as in `Prevalence`."""

    values: Floats
    low: Floats | None
    high: Floats | None
    n: int
    observed: Floats
    raw: Floats
    method: str
    warnings: tuple[Caution, ...] = ()


def adjusted_count(
    observed: float,
    tpr: float,
    fpr: float,
    *,
    n: int | None = None,
    positives: int | None = None,
    negatives: int | None = None,
    level: float = 0.95,
) -> Prevalence:
    """Correct a counted share for the classifier's errors (ACC): ``(q - fpr) / (tpr - fpr)``.

    Clipped to 0-1, and said. Rogan & Gladen 1978, American J. Epidemiology 107:71-76; Forman 2008,
    Data Mining and Knowledge Discovery 17:164-206. Valid only if the error rates are those of this
    very data: take them per language and topic, never across languages or shops. Interval by the
    delta method: ``var = [q(1-q)/n + pi2 tpr(1-tpr)/n+ + (1-pi)2 fpr(1-fpr)/n-] / (tpr - fpr)2``
    (a share of exactly 0 or 1 gets its variance with one case added to each side).

    :param observed: Share that the classifier counted, 0 to 1.
    :param tpr: Share of true cases that it finds.
    :param fpr: Share of the others that it takes for cases.
    :param n: Rows counted; None gives no interval.
    :param positives: Labelled true cases behind `tpr`; None takes it as exact.
    :param negatives: Labelled other cases behind `fpr`; None takes it as exact.
    :raises InputError: A rate outside 0-1, or ``tpr - fpr < 0.2``: the correction would divide by
        next to nothing.
    """
    for name, rate in (("observed", observed), ("tpr", tpr), ("fpr", fpr)):
        if not 0 <= rate <= 1:
            raise InputError(f"{name}={rate} is no share from 0 to 1.")
    if tpr - fpr < MINIMUM_YOUDEN:
        raise InputError(
            f"tpr - fpr is {tpr - fpr:.2f}, below {MINIMUM_YOUDEN}: this classifier says too "
            "little about the share to correct it. Label a random sample and use ppi_mean()."
        )
    raw = (observed - fpr) / (tpr - fpr)
    value = min(1.0, max(0.0, raw))
    low = high = None
    if n:
        variance = _share_variance(observed, n)
        if positives:
            variance += value**2 * _share_variance(tpr, positives)
        if negatives:
            variance += (1 - value) ** 2 * _share_variance(fpr, negatives)
        half = normal_quantile(level) * math.sqrt(variance) / (tpr - fpr)
        # Where the correction was clipped, a width about the raw figure could be nothing at all.
        low, high = max(0.0, min(raw, value) - half), min(1.0, max(raw, value) + half)
    labels = (positives or 0) + (negatives or 0)
    notes = _few_labels(labels) if labels else ()
    if value != raw:
        notes += (Caution("clipped", raw=raw),)
    return Prevalence(
        value, low, high, n or 0, observed, raw, labels, None, "adjusted count", notes
    )


def adjusted_counts(
    observed: ArrayLike, confusion: ArrayLike, *, n: int | None = None, level: float = 0.95
) -> Mix:
    """Correct the counted shares of several classes: solve ``M' pi = q`` on the simplex.

    M holds in row i, column j the rate at which true class i is counted as j. Where the exact
    solution has negative shares, the mix with the smallest squared misfit is taken, and said.
    Forman 2008; Hopkins & King 2010, American J. Political Science 54:229-247. Interval by the
    delta method, with the error of M too when `confusion` holds counts.

    :param observed: Counted share of each class; sums to 1.
    :param confusion: M as rates (rows sum to 1) or as counts of labelled rows.
    :param n: Rows counted; None gives no interval.
    :raises InputError: Shapes or sums do not fit, or a class is found less than 0.2 more often than
        it is taken for by some other class.
    """
    q, counts = np.asarray(observed, dtype=np.float64), np.asarray(confusion, dtype=np.float64)
    classes = len(q)
    if counts.shape != (classes, classes) or (counts < 0).any() or not counts.sum(axis=1).all():
        raise InputError(
            f"{classes} classes need a {classes} by {classes} matrix without an empty row."
        )
    if (q < 0).any() or not math.isclose(q.sum(), 1, abs_tol=1e-6):
        raise InputError("The counted shares must be 0 or more and sum to 1.")
    sizes = counts.sum(axis=1)
    rates = counts / sizes[:, None]
    _refuse_weak(rates)
    inverse = np.linalg.inv(rates.T)
    raw = inverse @ q
    values = raw
    notes: tuple[Caution, ...] = ()
    if (raw < -1e-12).any():
        values, notes = _on_simplex(rates.T, q), (Caution("projected"),)
    values = np.maximum(values, 0.0) / np.maximum(values, 0.0).sum()
    low = high = None
    if n:
        spread = (np.diag(q) - np.outer(q, q)) / n
        if not np.allclose(sizes, 1):
            for share, row, size in zip(values, rates, sizes, strict=True):
                spread = spread + share**2 * (np.diag(row) - np.outer(row, row)) / size
        error = np.sqrt(np.maximum(np.diag(inverse @ spread @ inverse.T), 0.0))
        half = normal_quantile(level) * error
        low = np.clip(np.minimum(raw, values) - half, 0, 1)
        high = np.clip(np.maximum(raw, values) + half, 0, 1)
    return Mix(values, low, high, n or 0, q, raw, "adjusted count, simplex", notes)


def ppi_mean(
    labels: ArrayLike,
    predictions: ArrayLike,
    unlabelled: ArrayLike,
    *,
    tuning: float | None = None,
    level: float = 0.95,
) -> Prevalence:
    """Prediction-powered mean: ``lam mean_N(f) + mean_n(Y - lam f)``.

    ``var = lam2 s2_f / N + s2_(Y - lam f) / n``; ``lam = cov_n(Y, f) / ((1 + n/N) s2_f)``, kept in
    0-1, so that a poor classifier costs nothing. Angelopoulos et al. 2023, Science 382:669-674;
    lambda: Angelopoulos, Duchi, Zrnic 2023, PPI++, arXiv 2311.01453. The labelled rows must be a
    random sample of the same data (about 200).

    :param labels: Y of the labelled rows: 0/1 for a share, or any number.
    :param predictions: f of the same rows.
    :param unlabelled: f of the rows without a label.
    :param tuning: A fixed lambda (1 is plain PPI, 0 uses the labels alone); None tunes it.
    :raises InputError: Fewer than two labels, or columns that do not fit.
    """
    y, f = np.asarray(labels, dtype=np.float64), np.asarray(predictions, dtype=np.float64)
    rest = np.asarray(unlabelled, dtype=np.float64)
    if y.shape != f.shape or y.ndim != 1 or rest.ndim != 1 or len(y) < 2 or len(rest) < 2:
        raise InputError(
            f"PPI needs two or more labels with their predictions, and predictions of the rest; "
            f"got {len(y)} labels, {len(f)} predictions and {len(rest)} others."
        )
    if not np.isfinite(np.concatenate([y, f, rest])).all():
        raise InputError("A label or prediction is missing; leave such rows out.")
    lam = _tuned(y, f, rest) if tuning is None else tuning
    raw = float(lam * rest.mean() + (y - lam * f).mean())
    variance = lam**2 * rest.var(ddof=1) / len(rest) + (y - lam * f).var(ddof=1) / len(y)
    half = normal_quantile(level) * math.sqrt(float(variance))
    notes = _few_labels(len(y))
    value, low, high = raw, raw - half, raw + half
    if np.isin(y, (0, 1)).all():
        value, low, high = (min(1.0, max(0.0, each)) for each in (value, low, high))
        if value != raw:
            notes += (Caution("clipped", raw=raw),)
    counted = float(np.concatenate([f, rest]).mean())
    n = len(y) + len(rest)
    return Prevalence(value, low, high, n, counted, raw, len(y), lam, "PPI, tuned", notes)


def _tuned(y: Floats, f: Floats, rest: Floats) -> float:
    spread = float(np.concatenate([f, rest]).var(ddof=1))
    if spread == 0:
        return 0.0
    together = float(((y - y.mean()) * (f - f.mean())).sum()) / (len(y) - 1)
    return min(1.0, max(0.0, together / ((1 + len(y) / len(rest)) * spread)))


def _few_labels(labels: int) -> tuple[Caution, ...]:
    if labels >= LABELS_FOR_CORRECTION:
        return ()
    return (Caution("few_labels", n=labels, floor=LABELS_FOR_CORRECTION),)


def _share_variance(share: float, n: int) -> float:
    """Return ``p (1-p) / n``; at 0 and 1, where that is 0, with one case added to each side."""
    if share in (0, 1):
        share = (share * n + 1) / (n + 2)
    return share * (1 - share) / n


def _refuse_weak(rates: Floats) -> None:
    own = np.diag(rates)
    others = np.where(np.eye(len(rates), dtype=bool), 0.0, rates).max(axis=0)
    weak = own - others < MINIMUM_YOUDEN
    if weak.any():
        raise InputError(
            f"Classes {[int(at) for at in np.flatnonzero(weak)]} are found less than "
            f"{MINIMUM_YOUDEN} more often than another class is taken for them: too little to "
            "correct by."
        )


def _on_simplex(matrix: Floats, q: Floats) -> Floats:
    """Least squares with shares of 0 or more that sum to 1: the best over all sets of classes.

    On the right set the solution is inside, where one linear system gives it; classes are few.
    """
    classes = len(q)
    best, smallest = np.full(classes, 1 / classes), math.inf
    for size in range(1, classes + 1):
        for chosen in itertools.combinations(range(classes), size):
            shares = _shares_of(matrix[:, list(chosen)], q)
            misfit = float(((matrix[:, list(chosen)] @ shares - q) ** 2).sum())
            if (shares >= -1e-12).all() and misfit < smallest:
                best, smallest = np.zeros(classes), misfit
                best[list(chosen)] = shares
    return best


def _shares_of(matrix: Floats, q: Floats) -> Floats:
    """Least squares with a sum of 1, through its multiplier."""
    size = matrix.shape[1]
    system = np.ones((size + 1, size + 1))
    system[:size, :size] = 2 * matrix.T @ matrix
    system[size, size] = 0.0
    right: Sequence[float] = [*(2 * matrix.T @ q), 1.0]
    solved: Floats = np.linalg.lstsq(system, np.array(right), rcond=None)[0]
    return solved[:size]
