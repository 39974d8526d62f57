"""Intervals and tests for shares, net values and means, and the family rule for many of them.

Everything here is in fractions (0 to 1, or -1 to 1), never in percent.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sentiment.drivers.floors import FALSE_DISCOVERY_RATE, SMALL_CELL
from sentiment.errors import InputError

__all__ = [
    "Difference",
    "Family",
    "Interval",
    "benjamini_hochberg",
    "fisher_exact",
    "mean_difference",
    "net_difference",
    "net_interval",
    "newcombe",
    "normal_quantile",
    "share_difference",
    "two_sided_p",
    "wilson",
]


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and its interval; None throughout when n is 0."""

    value: float | None
    low: float | None
    high: float | None
    n: float
    method: str


@dataclass(frozen=True, slots=True)
class Difference:
    """First minus second group: the estimate, its interval, and the test that it is zero.

    :param n: Rows of both groups together.
    :param p: Two-sided p value; None when a group is empty or no test was asked for.
    """

    value: float | None
    low: float | None
    high: float | None
    n: float
    p: float | None
    method: str


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """One family of tests under the Benjamini-Hochberg rule.

    :param p_values: As given; NaN marks what could not be tested and stays outside the family.
    :param q_values: Adjusted p values: the smallest rate at which each test is a discovery.
    :param rejected: True where ``q <= rate``.
    :param rate: The false discovery rate.
    """

    p_values: NDArray[np.float64]
    q_values: NDArray[np.float64]
    rejected: NDArray[np.bool_]
    rate: float


def normal_quantile(level: float) -> float:
    """Return z such that a standard normal lies within -z..z with probability `level`.

    :raises InputError: `level` is not between 0 and 1.
    """
    if not 0 < level < 1:
        raise InputError(f"A confidence level of {level} is not between 0 and 1; use 0.95.")
    return NormalDist().inv_cdf((1 + level) / 2)


def two_sided_p(z: float) -> float:
    """Return the probability that a standard normal is at least as far from 0 as `z`."""
    return math.erfc(abs(z) / math.sqrt(2))


def wilson(successes: float, n: float, *, level: float = 0.95) -> Interval:
    """Wilson's score interval of a share, in fractions.

    Centre ``(p + z2/2n) / (1 + z2/n)``, half width ``z/(1 + z2/n) * sqrt(p(1-p)/n + z2/4n2)``.
    Wilson 1927, J. American Statistical Association 22:209-212. `n` may be an effective size.

    :raises InputError: Counts below 0 or more successes than cases.
    """
    _check_share(successes, n)
    if n == 0:
        return Interval(None, None, None, 0, "Wilson")
    return Interval(*_wilson_ends(successes, n, level), n, "Wilson")


def _wilson_ends(successes: float, n: float, level: float) -> tuple[float, float, float]:
    z = normal_quantile(level)
    p = successes / n
    shrink = 1 + z * z / n
    centre = (p + z * z / (2 * n)) / shrink
    half = z / shrink * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    # At 0 and at n the bound is exact in algebra and off by a rounding error in floats.
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == n else min(1.0, centre + half)
    return p, min(low, p), max(high, p)


def newcombe(
    successes: float, n: float, other_successes: float, other_n: float, *, level: float = 0.95
) -> Difference:
    """Newcombe's interval of a difference of two independent shares, in fractions.

    From the Wilson bounds l, u of both: ``d - sqrt((p1-l1)2 + (u2-p2)2)`` to
    ``d + sqrt((u1-p1)2 + (p2-l2)2)``. Newcombe 1998, Statistics in Medicine 17:873-890, method 10.
    """
    method = "Newcombe"
    _check_share(successes, n)
    _check_share(other_successes, other_n)
    if n == 0 or other_n == 0:
        return Difference(None, None, None, n + other_n, None, method)
    p1, low1, high1 = _wilson_ends(successes, n, level)
    p2, low2, high2 = _wilson_ends(other_successes, other_n, level)
    value = p1 - p2
    low = value - math.hypot(p1 - low1, high2 - p2)
    high = value + math.hypot(high1 - p1, p2 - low2)
    return Difference(value, max(-1.0, low), min(1.0, high), n + other_n, None, method)


def fisher_exact(successes: int, n: int, other_successes: int, other_n: int) -> float:
    """Return the two-sided p value of Fisher's exact test that two shares are equal.

    Sum of the hypergeometric probabilities that are no larger than the observed one (Fisher 1922;
    the definition of R and SciPy).
    """
    _check_share(successes, n)
    _check_share(other_successes, other_n)
    total, hits = n + other_n, successes + other_successes
    cells = np.arange(max(0, hits - other_n), min(n, hits) + 1)
    log_factorial = np.concatenate(([0.0], np.cumsum(np.log(np.arange(1, total + 1)))))
    logs = (
        log_factorial[n] - log_factorial[cells] - log_factorial[n - cells]
        + log_factorial[other_n] - log_factorial[hits - cells]
        - log_factorial[other_n - hits + cells]
        - log_factorial[total] + log_factorial[hits] + log_factorial[total - hits]
    )  # fmt: skip
    observed = logs[successes - cells[0]]
    # Ties are equal in algebra and differ by a rounding error in logarithms.
    return float(min(1.0, np.exp(logs[logs <= observed + 1e-7]).sum()))


def share_difference(
    successes: float, n: float, other_successes: float, other_n: float, *, level: float = 0.95
) -> Difference:
    """Compare two shares: Newcombe interval; Fisher's test when a cell is below 5, else pooled z.

    The z test is ``d / sqrt(p(1-p)(1/n1 + 1/n2))`` with the pooled share p.
    """
    interval = newcombe(successes, n, other_successes, other_n, level=level)
    if interval.value is None:
        return interval
    cells = (successes, n - successes, other_successes, other_n - other_successes)
    if min(cells) < SMALL_CELL:
        p = fisher_exact(round(successes), round(n), round(other_successes), round(other_n))
        method = "Newcombe, Fisher exact"
    else:
        pooled = (successes + other_successes) / (n + other_n)
        p = two_sided_p(interval.value / math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / other_n)))
        method = "Newcombe, pooled z"
    return Difference(interval.value, interval.low, interval.high, interval.n, p, method)


def net_interval(
    positive: float, negative: float, n: float, *, level: float = 0.95
) -> tuple[float, float]:
    """Return the adjusted Wald interval of (positive - negative) / n, in fractions.

    Add 3/4 positive, 3/4 negative and 1 1/2 others, then ``d +- z*sqrt((p+q-d2)/(n+3))``. The plain
    Wald interval has no width at all when everybody agrees. Agresti & Min 2005, Statistics in
    Medicine 24:729-740; compared for the NPS by Rocks 2016, The American Statistician 70:365-372.
    The interval is cut to -1..1 and always holds the estimate itself (it matters for n = 1 only).
    """
    value = (positive - negative) / n
    p, q, size = (positive + 0.75) / (n + 3), (negative + 0.75) / (n + 3), n + 3
    centre = p - q
    half = normal_quantile(level) * math.sqrt((p + q - centre**2) / size)
    return max(-1.0, min(centre - half, value)), min(1.0, max(centre + half, value))


def net_variance(positive: float, negative: float, n: float) -> float:
    """Return ``(p + q - (p - q)2) / n``, the sampling variance of a net value in fractions."""
    p, q = positive / n, negative / n
    return max(0.0, p + q - (p - q) ** 2) / n


def net_difference(
    positive: float,
    negative: float,
    n: float,
    other_positive: float,
    other_negative: float,
    other_n: float,
    *,
    level: float = 0.95,
) -> Difference:
    """Compare two independent net values, in fractions: ``d / sqrt(s1**2 + s2**2)``.

    A group in which everybody agrees has s = 0 and would make any difference certain: such a group
    takes its s from the adjusted counts (n + 3) of `net_interval`.
    """
    for counts in ((positive, negative, n), (other_positive, other_negative, other_n)):
        _check_share(counts[0] + counts[1], counts[2])
    method = "difference of net values"
    if n == 0 or other_n == 0:
        return Difference(None, None, None, n + other_n, None, method)
    value = (positive - negative) / n - (other_positive - other_negative) / other_n
    variance = 0.0
    for plus, minus, size in ((positive, negative, n), (other_positive, other_negative, other_n)):
        own = net_variance(plus, minus, size)
        variance += own if own > 0 else net_variance(plus + 0.75, minus + 0.75, size + 3)
    error = math.sqrt(variance)
    half = normal_quantile(level) * error
    p = two_sided_p(value / error)
    return Difference(
        value, max(-2.0, value - half), min(2.0, value + half), n + other_n, p, method
    )


def mean_difference(first: ArrayLike, second: ArrayLike, *, level: float = 0.95) -> Difference:
    """Compare two independent means: ``d / sqrt(s1**2/n1 + s2**2/n2)`` (Welch), normal quantile.

    The floors keep groups at 30 and more, where the normal and the t quantile agree.
    """
    one, two = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    n, method = len(one) + len(two), "difference of means"
    if len(one) < 2 or len(two) < 2:
        return Difference(None, None, None, n, None, method)
    value = float(one.mean() - two.mean())
    error = math.sqrt(one.var(ddof=1) / len(one) + two.var(ddof=1) / len(two))
    if error == 0:
        return Difference(value, value, value, n, None, method)
    half = normal_quantile(level) * error
    return Difference(value, value - half, value + half, n, two_sided_p(value / error), method)


def benjamini_hochberg(
    p_values: Sequence[float] | ArrayLike, rate: float = FALSE_DISCOVERY_RATE
) -> Family:
    """Adjust the p values of one family for the false discovery rate.

    ``q_(i) = min over j >= i of m * p_(j) / j`` for the sorted p values. Benjamini & Hochberg 1995,
    J. Royal Statistical Society B 57:289-300.

    :param p_values: All tests of one question (drivers by segments, or drivers by months). NaN is
        "could not be tested" and does not enlarge the family.
    :param rate: Highlight up to this rate.
    :raises InputError: A p value outside 0 to 1.
    """
    p = np.asarray(p_values, dtype=np.float64).ravel()
    tested = np.flatnonzero(~np.isnan(p))
    if ((p[tested] < 0) | (p[tested] > 1)).any():
        raise InputError("A p value lies outside 0 to 1; pass probabilities.")
    order = tested[np.argsort(p[tested], kind="stable")]
    scaled = p[order] * len(order) / np.arange(1, len(order) + 1)
    q = np.full(len(p), np.nan)
    q[order] = np.minimum(1.0, np.minimum.accumulate(scaled[::-1])[::-1])
    return Family(p, q, q <= rate, rate)


def _check_share(successes: float, n: float) -> None:
    if not 0 <= successes <= n:
        raise InputError(f"{successes} of {n} is no share; counts go from 0 to the number of rows.")
