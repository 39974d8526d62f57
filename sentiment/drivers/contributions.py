"""Contributions of drivers to explained variance: LMG (Shapley) and Johnson's relative weights."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sentiment.drivers.blocks import (
    RESAMPLES,
    TOLERANCE,
    CrossProducts,
    bca,
    cross_products,
    percentiles,
    standardised,
    sweep,
    sweep_first,
)
from sentiment.drivers.cautions import Caution
from sentiment.drivers.design import Columns, Design, Groups, read_design
from sentiment.drivers.floors import IMPORTANCE_ROWS, MINIMUM_R2, R2_LEVEL
from sentiment.drivers.regression import Regression, check_design, fit
from sentiment.errors import InputError

__all__ = ["EXACT_PLAYERS", "Importance", "lmg", "relative_weights"]

Floats = NDArray[np.float64]
Method = Literal["percentile", "bca"]

EXACT_PLAYERS = 12  # 4,096 subsets; beyond, orderings are sampled
_ORDERINGS = 2000  # of the estimate, at least
_RESAMPLE_ORDERINGS = 64  # the same ones in every resample, so that their own error cancels


@dataclass(frozen=True, slots=True, eq=False)
class Importance:
    """Contributions of drivers to the explained variance; NaN where nothing can be explained.

    :param names: Groups (or columns) in order of first appearance.
    :param values: Parts of R2, 0 to 1; they sum to `r2`.
    :param low: Lower ends of the bootstrap intervals; None without `bootstrap`.
    :param high: Upper ends.
    :param r2: What the drivers explain beyond the controls, share of the outcome's variance.
    :param r2_low: Lower end of its interval (None without `bootstrap`).
    :param r2_high: Upper end.
    :param r2_controls: What the controls explain alone.
    :param r2_p_value: Chance of an `r2` this large where no driver goes with the outcome (partial F
        test); NaN where nothing can be explained.
    :param shares: `values` in percent of `r2`; they sum to 100.
    :param shares_low: Lower ends, in percent.
    :param shares_high: Upper ends.
    :param rank_one: Part of the resamples in which each one is first, 0 to 1.
    :param signs: Direction of each group: 1, -1, or 0 where its columns disagree; see `lmg`.
    :param coefficients: Least squares with HC3 errors for the same columns and controls.
    :param monte_carlo_error: Standard error from sampling orderings; None when exact.
    :param n: Complete rows.
    :param resamples: How many resamples the intervals rest on; 0 without.
    :param method: How it was computed.
    :param warnings: What must be said beside the figures.
    """

    names: tuple[str, ...]
    values: Floats
    low: Floats | None
    high: Floats | None
    r2: float
    r2_low: float | None
    r2_high: float | None
    r2_controls: float
    r2_p_value: float
    shares: Floats
    shares_low: Floats | None
    shares_high: Floats | None
    rank_one: Floats | None
    signs: tuple[int, ...]
    coefficients: Regression
    monte_carlo_error: Floats | None
    n: int
    resamples: int
    method: str
    warnings: tuple[Caution, ...] = ()

    @property
    def rankable(self) -> bool:
        """False when R2 is below 0.10, or no more than chance gives so many columns: no ranking."""
        return bool(self.r2 >= MINIMUM_R2 and self.r2_p_value < R2_LEVEL)


# (products, scale) of drivers and outcome -> parts of the outcome's variation (players by
# resamples).
_Parts = Callable[[Floats, Floats], Floats]


@dataclass(frozen=True, slots=True)
class _Options:
    resamples: int
    seed: int
    expected: Mapping[str, int] | Sequence[int] | None
    interval: Method
    level: float


@dataclass(frozen=True, slots=True, eq=False)
class _Draws:
    """Percentile or BCa ends of the parts, the shares and R2, and how often each is first."""

    low: Floats
    high: Floats
    shares_low: Floats
    shares_high: Floats
    r2_low: float
    r2_high: float
    rank_one: Floats


def lmg(
    X: Columns,  # noqa: N803
    y: ArrayLike,
    groups: Groups | None = None,
    controls: Columns | None = None,
    bootstrap: int | bool | None = None,
    clusters: Sequence[Any] | NDArray[Any] | None = None,
    seed: int = 0,
    *,
    names: Sequence[str] | None = None,
    expected: Mapping[str, int] | Sequence[int] | None = None,
    interval: Method = "percentile",
    level: float = 0.95,
) -> Importance:
    """Average contribution of each driver to R2 over all orders of entry (LMG, Shapley value).

    ``phi_j = sum over S without j of |S|! (p-1-|S|)! / p! * [R2(S + j) - R2(S)]``; the parts sum to
    R2. Lindeman, Merenda, Gold 1980; Budescu 1993, Psychological Bulletin 114:542-551; Lipovetsky &
    Conklin 2001, Applied Stochastic Models in Business and Industry 17:319-330. Exact for up to 12
    players, from 2^p Schur complements of the cross-products; beyond that from about
    2,000 sampled orderings (rotated and reversed) with their standard error.

    :param X: Drivers, n by p: a 2-D array, a mapping of name to column, or a data frame.
    :param y: Outcome, n numbers.
    :param groups: Columns that enter together as one player: a label for each column, a mapping of
        column to label, or of label to columns. None: every column is a player.
    :param controls: In every model, never ranked: their R2 is taken off first. Words are coded.
    :param bootstrap: Number of resamples for intervals; True is 2,000. Blocks of customers are
        resampled, not rows; see `blocks`.
    :param clusters: Customer of each row.
    :param seed: Of all random numbers here; the same seed gives the same figures.
    :param names: Names of the columns of an array.
    :param expected: Meaning of each column: -1 for "mentioned negatively", 1 for "positively". A
        coefficient that contradicts it beyond its own error is reported as suppression. Without it
        the column's plain correlation with the outcome stands in.
    :param interval: "percentile", or "bca" for few resamples and shares near 0.
    :return: `signs` is the sign of the coefficient; for a group of several columns 1 or -1 when all
        of them point along (or against) their meaning, otherwise 0.
    :raises InputError: Lengths differ, a column holds no numbers, or groups do not fit.
    """
    design = read_design(X, y, names=names, groups=groups, controls=controls, clusters=clusters)
    options = _Options(_resamples(bootstrap), seed, expected, interval, level)
    players = len(design.groups)
    if players <= EXACT_PLAYERS:
        parts = _exact_parts(design.members)
        return _importance(design, "LMG, exact", parts, parts, options)
    orderings = _orderings(players, _ORDERINGS, np.random.default_rng(seed))
    few = orderings[: -(-_RESAMPLE_ORDERINGS // (2 * players))]
    found = _importance(
        design,
        f"LMG, {orderings.shape[0] * orderings.shape[1]} orderings",
        _sampled_parts(design.members, orderings),
        _sampled_parts(design.members, few),
        options,
    )
    return _with_monte_carlo_error(found, design, orderings)


def relative_weights(
    X: Columns,  # noqa: N803
    y: ArrayLike,
    groups: Groups | None = None,
    controls: Columns | None = None,
    bootstrap: int | bool | None = None,
    clusters: Sequence[Any] | NDArray[Any] | None = None,
    seed: int = 0,
    *,
    names: Sequence[str] | None = None,
    expected: Mapping[str, int] | Sequence[int] | None = None,
    interval: Method = "percentile",
    level: float = 0.95,
) -> Importance:
    """Johnson's relative weights: R2 shared out through the nearest uncorrelated columns.

    ``R = V D V'``, ``L = V D^(1/2) V'``, ``b = L^-1 r_xy``, ``e_j = sum_k L_jk^2 b_k^2``; they sum
    to R2. Johnson 2000, Multivariate Behavioral Research 35:1-19. Usually very near `lmg`, equal
    for two columns. Criticised by Thomas et al. 2014 in the same journal: a second opinion only.

    A group's weight is the sum over its columns; controls are taken out of drivers and outcome
    first. Parameters and result as for `lmg`.
    """
    design = read_design(X, y, names=names, groups=groups, controls=controls, clusters=clusters)
    options = _Options(_resamples(bootstrap), seed, expected, interval, level)
    parts = _weight_parts(design.members)
    return _importance(design, "relative weights", parts, parts, options)


def _resamples(bootstrap: int | bool | None) -> int:
    if bootstrap is True:
        return RESAMPLES
    number = int(bootstrap or 0)
    if number < 0:
        raise InputError(f"bootstrap={bootstrap} is no number of resamples; use 2000.")
    return number


def _importance(
    design: Design, method: str, parts: _Parts, resampled_parts: _Parts, options: _Options
) -> Importance:
    cross = cross_products(design, options.seed, blocks=options.resamples > 0)
    checked = check_design(design, cross)
    regression = fit(design, cross, checked, level=options.level)
    notes = regression.warnings
    players = len(design.groups)
    if checked.constant:
        nothing = np.full(players, np.nan)
        return Importance(
            names=design.groups,
            values=nothing,
            low=None,
            high=None,
            r2=math.nan,
            r2_low=None,
            r2_high=None,
            r2_controls=math.nan,
            r2_p_value=math.nan,
            shares=nothing,
            shares_low=None,
            shares_high=None,
            rank_one=None,
            signs=(0,) * players,
            coefficients=regression,
            monte_carlo_error=None,
            n=design.n,
            resamples=0,
            method=method,
            warnings=notes,
        )
    values, controls = _r2_parts(cross.total[:, :, None], cross, parts)
    estimate, r2 = values[:, 0], float(values[:, 0].sum())
    draws = None
    if options.resamples:
        draws = _bootstrap(cross, estimate, resampled_parts, options)
        notes += (Caution("sampling_error_only"),)
    if design.n < IMPORTANCE_ROWS:
        notes += (Caution("few_rows", n=design.n, floor=IMPORTANCE_ROWS),)
    # Rows of one customer are no independent ones.
    clusters = design.clusters
    independent = design.n if clusters is None else len(np.unique(clusters))
    p_value = _chance_of(r2, float(controls[0]), independent, checked.usable, cross.before)
    if r2 < MINIMUM_R2:
        notes += (Caution("low_r2", r2=r2, floor=MINIMUM_R2),)
    elif p_value >= R2_LEVEL:
        notes += (Caution("chance_r2", r2=r2, n=design.n),)
    meaning = _meaning(design, cross, options.expected)
    contrary = _contrary(regression, meaning)
    if contrary:
        notes += (Caution("suppression", names=", ".join(contrary)),)
    return Importance(
        names=design.groups,
        values=estimate,
        low=draws.low if draws else None,
        high=draws.high if draws else None,
        r2=r2,
        r2_low=draws.r2_low if draws else None,
        r2_high=draws.r2_high if draws else None,
        r2_controls=float(controls[0]),
        r2_p_value=p_value,
        shares=_shares(values)[:, 0],
        shares_low=draws.shares_low if draws else None,
        shares_high=draws.shares_high if draws else None,
        rank_one=draws.rank_one if draws else None,
        signs=_signs(design, regression, meaning),
        coefficients=regression,
        monte_carlo_error=None,
        n=design.n,
        resamples=options.resamples,
        method=method,
        warnings=notes,
    )


def _r2_parts(products: Floats, cross: CrossProducts, parts: _Parts) -> tuple[Floats, Floats]:
    """Parts of R2 (players by resamples) and R2 of the controls, for one or many resamples."""
    total = products[-1, -1] - products[0, -1] ** 2 / products[0, 0]
    left, scale = sweep_first(products, cross)
    # A resample in which everybody gave the same answer has nothing to share out.
    usable = total > TOLERANCE * scale[-1]
    divisor = np.where(usable, total, 1.0)
    values = np.where(usable, parts(left, scale) / divisor, 0.0)
    return values, np.where(usable, 1 - left[-1, -1] / divisor, 0.0)


def _chance_of(r2: float, controls: float, n: int, usable: NDArray[np.bool_], before: int) -> float:
    """Return the p value of the partial F test that the drivers explain nothing.

    With k columns of drivers and m rows to spare, the part of what the controls left that noise
    explains is Beta(k/2, m/2) (Rao 1973, Linear Statistical Inference, 4b.2); its tail is
    integrated over the log odds, where the density is smooth at both ends.
    """
    k, m = int(usable[before:].sum()), n - int(usable.sum())
    left = 1 - controls
    if k == 0 or m <= 0 or left <= TOLERANCE:
        return 1.0
    part = min(max(r2 / left, 1e-12), 1 - 1e-12)
    odds = np.linspace(-40.0, 40.0, 16001)
    log_density = -k / 2 * np.logaddexp(0.0, -odds) - m / 2 * np.logaddexp(0.0, odds)
    density = np.exp(log_density - log_density.max())
    above = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2)])
    return float(1 - np.interp(math.log(part / (1 - part)), odds, above) / above[-1])


def _shares(values: Floats) -> Floats:
    """Percent of the sum, players by resamples; equal shares where there is nothing to share."""
    total = values.sum(axis=0)
    equal = np.full_like(values, 100 / len(values))
    shares: Floats = np.divide(100 * values, total, out=equal, where=total > 0)
    return shares


def _bootstrap(cross: CrossProducts, estimate: Floats, parts: _Parts, options: _Options) -> _Draws:
    """Resample blocks; the draws are moved by the difference between `parts` and the estimate.

    That difference is 0 unless orderings are sampled, where resamples use fewer of them.
    """
    rough = _r2_parts(cross.total[:, :, None], cross, parts)[0]
    shift = estimate[:, None] - rough

    def values_of(products: Floats) -> Floats:
        return np.maximum(_r2_parts(products, cross, parts)[0] + shift, 0.0)

    values = np.hstack(
        [values_of(products) for products in cross.resample(options.resamples, options.seed)]
    )
    jackknife = None
    if options.interval == "bca":
        jackknife = np.hstack([values_of(products) for products in cross.leave_one_out()])

    def ends(statistic: Callable[[Floats], Floats]) -> tuple[Floats, Floats]:
        draws = statistic(values).T
        if jackknife is None:
            return percentiles(draws, options.level)
        point = statistic(estimate[:, None])[:, 0]
        return bca(draws, point, statistic(jackknife).T, options.level)

    low, high = ends(lambda each: each)
    shares_low, shares_high = ends(_shares)
    r2_low, r2_high = ends(lambda each: each.sum(axis=0, keepdims=True))
    first = np.bincount(values.argmax(axis=0), minlength=len(values)) / values.shape[1]
    return _Draws(low, high, shares_low, shares_high, float(r2_low[0]), float(r2_high[0]), first)


def _exact_parts(members: Sequence[Sequence[int]]) -> _Parts:
    """LMG from the explained variation of all 2^p subsets."""
    players = len(members)
    order = [column for member in members for column in member]
    sizes = [len(member) for member in members]
    weights = _subset_weights(players)

    def parts(products: Floats, scale: Floats) -> Floats:
        index = [*order, products.shape[0] - 1]
        arranged = products[np.ix_(index, index)]
        explained = np.empty((2**players, products.shape[2]))
        _fill_explained(arranged, scale[index], sizes, 0, 0, explained)
        result: Floats = weights @ (products[-1, -1] - explained)
        return result

    return parts


def _fill_explained(
    products: Floats, scale: Floats, sizes: list[int], player: int, subset: int, left: Floats
) -> None:
    """Walk the tree of "player in or out"; a leaf is a subset, its value what y has left.

    What two subsets have in common is swept once, and matrices shrink on the way down: the 2^p
    leaves cost little more than 2^p products of two numbers.
    """
    if player == len(sizes):
        left[subset] = products[0, 0]
        return
    size = sizes[player]
    _fill_explained(products[size:, size:], scale[size:], sizes, player + 1, subset, left)
    for _ in range(size):
        products, scale = sweep(products, scale)
    _fill_explained(products, scale, sizes, player + 1, subset | 1 << player, left)


def _subset_weights(players: int) -> Floats:
    """Weight of every subset's R2 in every player's value, players by 2^p subsets."""
    subsets = np.arange(2**players)
    sizes = np.array([int(subset).bit_count() for subset in subsets])
    share = np.array(
        [1 / (players * math.comb(players - 1, size)) for size in range(players)] + [0.0]
    )
    weights = np.empty((players, len(subsets)))
    for player in range(players):
        inside = (subsets >> player & 1).astype(bool)
        weights[player] = np.where(inside, share[sizes - 1], -share[sizes])
    return weights


def _orderings(players: int, count: int, random: np.random.Generator) -> NDArray[np.intp]:
    """Draw orders of entry in sets: a random one, all its rotations, and their reverses.

    In a set everybody enters at each place twice. What a driver adds depends on its place most of
    all, so this takes out most of the sampling error.

    :return: Sets by orders of a set by players, with `count` orders or a few more.
    """
    sets = -(-count // (2 * players))
    place = (np.arange(players)[:, None] + np.arange(players)[None, :]) % players
    rotated = np.array([random.permutation(players)[place] for _ in range(sets)])
    return np.concatenate([rotated, rotated[:, :, ::-1]], axis=1)


def _sampled_parts(members: Sequence[Sequence[int]], orderings: NDArray[np.intp]) -> _Parts:
    flat = orderings.reshape(-1, len(members))

    def parts(products: Floats, scale: Floats) -> Floats:
        total = np.zeros((len(members), products.shape[2]))
        for ordering in flat:
            total += _increments(products, scale, members, ordering)
        return total / len(flat)

    return parts


def _increments(
    products: Floats, scale: Floats, members: Sequence[Sequence[int]], ordering: NDArray[np.intp]
) -> Floats:
    """Return what each player adds to the explained variation in one order of entry.

    The last row of the Cholesky factor of drivers and outcome holds the root of what each column
    adds, in the order of the columns.
    """
    order = [column for player in ordering for column in members[player]]
    correlation, deviation = standardised(products, scale)
    index = np.array([*order, products.shape[0] - 1])
    arranged = correlation[:, index[:, None], index[None, :]]
    # The ridge keeps a column that follows from earlier ones at next to nothing; the 1 at the end
    # keeps the outcome's own pivot positive and touches no increment.
    ridge = np.full(len(index), TOLERANCE)
    ridge[-1] = 1.0
    diagonal = np.arange(len(index))
    arranged[:, diagonal, diagonal] = 1.0 + ridge
    added = np.linalg.cholesky(arranged)[:, -1, :-1] ** 2 * deviation[:, -1:] ** 2
    result = np.zeros((len(members), products.shape[2]))
    start = 0
    for player in ordering:
        end = start + len(members[player])
        result[player] = added[:, start:end].sum(axis=1)
        start = end
    return result


def _with_monte_carlo_error(
    found: Importance, design: Design, orderings: NDArray[np.intp]
) -> Importance:
    """Add the error that sampling orders leaves, from the differences between sets."""
    if not np.isfinite(found.r2):
        return found
    cross = cross_products(design, 0, blocks=False)
    products, scale = sweep_first(cross.total[:, :, None], cross)
    total = cross.total[-1, -1]
    each = np.array(
        [_sampled_parts(design.members, part)(products, scale)[:, 0] for part in orderings]
    )
    error = each.std(axis=0, ddof=1) / math.sqrt(len(each)) / total
    count = orderings.shape[0] * orderings.shape[1]
    note = Caution("sampled_orderings", orderings=count, error=float(error.max()))
    return replace(found, monte_carlo_error=error, warnings=(*found.warnings, note))


def _weight_parts(members: Sequence[Sequence[int]]) -> _Parts:
    def parts(products: Floats, scale: Floats) -> Floats:
        correlation, deviation = standardised(products, scale)
        drivers, outcome = correlation[:, :-1, :-1], correlation[:, :-1, -1]
        values, vectors = np.linalg.eigh(drivers)
        root = np.sqrt(np.where(values > TOLERANCE, values, 0.0))
        inverse = np.divide(1.0, root, out=np.zeros_like(root), where=root > 0)
        transposed = vectors.transpose(0, 2, 1)
        loadings = (vectors * root[:, None, :]) @ transposed
        beta = ((vectors * inverse[:, None, :]) @ transposed @ outcome[:, :, None])[:, :, 0]
        weights = np.einsum("bjk,bk->jb", loadings**2, beta**2)
        weights *= deviation[:, -1] ** 2
        return np.array([weights[list(member)].sum(axis=0) for member in members])

    return parts


def _meaning(
    design: Design, cross: CrossProducts, expected: Mapping[str, int] | Sequence[int] | None
) -> NDArray[np.int_]:
    """Return the direction of each column: as declared, or that of its plain correlation."""
    before = cross.before
    total = cross.total
    plain: Floats = np.sign(total[before:-1, -1] - total[0, before:-1] * total[0, -1] / total[0, 0])
    if expected is None:
        return plain.astype(np.int_)
    if isinstance(expected, Mapping):
        unknown = [name for name in expected if name not in design.names]
        if unknown:
            raise InputError(f"expected= names columns that are not there: {', '.join(unknown)}.")
        return np.array([np.sign(expected.get(name, 0)) for name in design.names], dtype=int)
    if len(expected) != len(design.names):
        raise InputError(f"expected= needs one sign for each of {len(design.names)} columns.")
    return np.sign(np.asarray(expected, dtype=np.int_))


def _contrary(regression: Regression, meaning: NDArray[np.int_]) -> list[str]:
    """Columns whose whole interval lies on the wrong side of 0: noise alone is no suppression."""
    wrong = np.where(meaning > 0, regression.high < 0, (meaning < 0) & (regression.low > 0))
    return [name for name, bad in zip(regression.names, wrong, strict=True) if bad]


def _signs(design: Design, regression: Regression, meaning: NDArray[np.int_]) -> tuple[int, ...]:
    signs = []
    for member in design.members:
        columns = list(member)
        own = np.nan_to_num(np.sign(regression.values[columns])).astype(int)
        along = own if len(columns) == 1 else own * meaning[columns]
        signs.append(int(along[0]) if (along == along[0]).all() else 0)
    return tuple(signs)
