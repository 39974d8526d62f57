"""Cross-products of blocks of customers, and regressions on resamples of them.

A linear model needs only sums of products. Customers (not rows: one person's answers go together)
are put into at most 1,000 random blocks, and a resample draws blocks: two thousand resamples cost
one matrix product, whatever the number of rows.

Arrays of matrices have the resamples on their last axis, so that each step runs over them at once.
Column order is ``[constant, controls, drivers, outcome]``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from sentiment.drivers.design import CHUNK_ROWS, Design
from sentiment.drivers.intervals import normal_quantile

__all__ = [
    "MAXIMUM_BLOCKS",
    "RESAMPLES",
    "TOLERANCE",
    "CrossProducts",
    "bca",
    "coefficients",
    "cross_products",
    "percentiles",
    "standardised",
    "sweep",
    "sweep_first",
]

Floats = NDArray[np.float64]

MAXIMUM_BLOCKS = 1000
RESAMPLES = 2000
# A column of which less than this part of its own variation is left, given the columns before it,
# is taken to follow from them. Sums of a million products are exact to about 1e-13 of their size.
TOLERANCE = 1e-9
_CHUNK_RESAMPLES = 250  # keeps 2^12 subsets of 250 resamples within 8 MB


@dataclass(frozen=True, slots=True, eq=False)
class CrossProducts:
    """Sums of products of the columns of a design.

    :param total: All rows, q by q. Columns are centred at their overall means first, so that sums
        of large numbers do not swallow small ones.
    :param blocks: The same for each block of customers, K by q by q.
    :param means: The overall means that were taken off (0 for the constant).
    :param before: How many columns come before the drivers: the constant and the controls.
    """

    total: Floats
    blocks: Floats
    means: Floats
    before: int

    def scale(self, products: Floats) -> Floats:
        """Return the variation of each column that counts as its own size, columns by resamples.

        It is taken about the overall mean, with a thousandth of the mean's square: a column that
        never varies is then known from its rounding error, in a resample too.
        """
        own: Floats = np.einsum("iib->ib", products).copy()
        own += 1e-3 * products[0, 0] * self.means[:, None] ** 2
        return own

    def resample(self, resamples: int, seed: int) -> Iterator[Floats]:
        """Yield cross-products of resampled blocks, q by q by up to 250 resamples."""
        random = np.random.default_rng(seed)
        count, size = len(self.blocks), self.total.shape[0]
        flat = self.blocks.reshape(count, size * size).T
        equal = np.full(count, 1 / count)
        for start in range(0, resamples, _CHUNK_RESAMPLES):
            times = random.multinomial(count, equal, min(_CHUNK_RESAMPLES, resamples - start))
            yield (flat @ times.T.astype(np.float64)).reshape(size, size, -1)

    def leave_one_out(self) -> Iterator[Floats]:
        """Yield cross-products without one block each, q by q by up to 250 blocks."""
        for start in range(0, len(self.blocks), _CHUNK_RESAMPLES):
            part = self.blocks[start : start + _CHUNK_RESAMPLES]
            yield (self.total - part).transpose(1, 2, 0)


def cross_products(design: Design, seed: int, *, blocks: bool) -> CrossProducts:
    """Sum the products of all columns, for all rows and for each block of customers.

    :param blocks: False sums all rows as one block, when no resampling is wanted.
    """
    means = np.concatenate(
        [
            [0.0],
            design.controls.sum(axis=0) / max(design.n, 1),
            design.means(),
            [design.outcome.sum() / max(design.n, 1)],
        ]
    )
    block = _block_of_rows(design, seed) if blocks else np.zeros(design.n, dtype=np.intp)
    order = np.argsort(block, kind="stable")
    starts = np.flatnonzero(np.diff(block[order], prepend=-1))
    stacked = np.array([_products(design, rows, means) for rows in np.split(order, starts[1:])])
    return CrossProducts(stacked.sum(axis=0), stacked, means, 1 + design.controls.shape[1])


def _products(design: Design, rows: NDArray[np.intp], means: Floats) -> Floats:
    total = np.zeros((len(means), len(means)))
    for start in range(0, len(rows), CHUNK_ROWS):
        part = rows[start : start + CHUNK_ROWS]
        table = np.column_stack([design.table(part), design.outcome[part]]) - means
        total += table.T @ table
    return total


def _block_of_rows(design: Design, seed: int) -> NDArray[np.intp]:
    """Choose a block for each customer; one customer is one block while they are few."""
    customer = np.arange(design.n) if design.clusters is None else design.clusters
    numbers, codes = np.unique(customer, return_inverse=True)
    if len(numbers) <= MAXIMUM_BLOCKS:
        return codes.astype(np.intp)
    shuffled = np.random.default_rng(seed).permutation(len(numbers))
    return (shuffled % MAXIMUM_BLOCKS)[codes]


def sweep(products: Floats, scale: Floats) -> tuple[Floats, Floats]:
    """Take the first column out of all others: the Schur complement of its pivot.

    A pivot below the tolerance (the column follows from those already swept, or never varies)
    takes nothing out.

    :param products: m by m by resamples.
    :param scale: Variation of each column before any sweep, m by resamples.
    :return: Products and scale of the m - 1 columns left.
    """
    pivot = products[0, 0]
    usable = pivot > TOLERANCE * scale[0]
    factor = np.where(usable, products[0, 1:] / np.where(usable, pivot, 1.0), 0.0)
    return products[1:, 1:] - products[1:, :1] * factor[None], scale[1:]


def sweep_first(products: Floats, cross: CrossProducts) -> tuple[Floats, Floats]:
    """Take the constant and the controls out of drivers and outcome."""
    scale = cross.scale(products)
    for _ in range(cross.before):
        products, scale = sweep(products, scale)
    return products, scale


def standardised(products: Floats, scale: Floats) -> tuple[Floats, Floats]:
    """Return correlations of the drivers and the outcome, resamples first, and their deviations.

    A column without variation gets a deviation of 0 and correlations of 0.
    """
    variation = np.einsum("iib->ib", products)
    deviation = np.sqrt(np.where(variation > TOLERANCE * scale, variation, 0.0)).T
    inverse = np.divide(1.0, deviation, out=np.zeros_like(deviation), where=deviation > 0)
    matrices = np.moveaxis(products, -1, 0)
    return matrices * inverse[:, :, None] * inverse[:, None, :], deviation


def coefficients(products: Floats, scale: Floats) -> Floats:
    """Least-squares coefficients of the drivers in every resample, resamples by drivers.

    A column that a resample leaves without variation has the coefficient 0 there.
    """
    correlation, deviation = standardised(products, scale)
    drivers = correlation[:, :-1, :-1] + TOLERANCE * np.eye(correlation.shape[1] - 1)
    beta = np.linalg.solve(drivers, correlation[:, :-1, -1:])[:, :, 0]
    own = deviation[:, :-1]
    return np.divide(beta * deviation[:, -1:], own, out=np.zeros_like(beta), where=own > 0)


def percentiles(draws: Floats, level: float) -> tuple[Floats, Floats]:
    """Return the percentile interval of resampled values, resamples by values.

    Efron 1979, Annals of Statistics 7:1-26; percentile method.
    """
    tail = 100 * (1 - level) / 2
    low, high = np.percentile(draws, [tail, 100 - tail], axis=0)
    return low, high


def bca(draws: Floats, estimate: Floats, jackknife: Floats, level: float) -> tuple[Floats, Floats]:
    """Bias-corrected and accelerated interval of resampled values (resamples by values).

    ``a1,2 = Phi(z0 + (z0 -+ z) / (1 - a (z0 -+ z)))``, z0 from the part of the draws below the
    estimate, a from the skewness of the leave-one-block-out values. Efron 1987, J. American
    Statistical Association 82:171-185.
    """
    normal, z = NormalDist(), normal_quantile(level)
    low, high = np.empty(draws.shape[1]), np.empty(draws.shape[1])
    for column in range(draws.shape[1]):
        values, count = draws[:, column], len(draws)
        below = (values < estimate[column]).sum() + (values == estimate[column]).sum() / 2
        z0 = normal.inv_cdf(min(max(below / count, 0.5 / count), 1 - 0.5 / count))
        off = jackknife[:, column].mean() - jackknife[:, column]
        spread = float((off**2).sum()) ** 1.5
        a = float((off**3).sum()) / (6 * spread) if spread > 0 else 0.0
        tails = [normal.cdf(z0 + (z0 + side) / max(1 - a * (z0 + side), 1e-9)) for side in (-z, z)]
        low[column], high[column] = np.quantile(values, tails)
    return low, high
