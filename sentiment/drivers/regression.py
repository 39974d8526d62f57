"""Least squares with robust errors, and the ordinal model that checks its directions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sentiment.drivers.blocks import TOLERANCE, CrossProducts, cross_products, sweep
from sentiment.drivers.cautions import Caution
from sentiment.drivers.design import Columns, Design, read_design
from sentiment.drivers.intervals import normal_quantile, two_sided_p
from sentiment.errors import InputError

__all__ = [
    "ORDINAL_ROWS",
    "Checked",
    "OrdinalLogit",
    "Regression",
    "check_design",
    "direction_differs",
    "fit",
    "least_squares",
    "ols",
    "ordinal_logit",
]

Floats = NDArray[np.float64]

# Log odds across a column's whole range: no finite data give 15 (odds of three million), but a
# likelihood without a maximum walks past it.
_SEPARATED = 15.0
_STEPS = 100
_STEP = 1e-8
ORDINAL_ROWS = 20_000
_LEVELS = 12


@dataclass(frozen=True, slots=True, eq=False)
class Regression:
    """Coefficients with their errors; NaN where a coefficient is not estimable.

    :param names: Driver columns.
    :param values: Their coefficients: difference in outcome per unit of the column.
    :param low: Lower ends of the intervals.
    :param high: Upper ends.
    :param r2: Share of variance explained by controls and drivers together, 0 to 1.
    :param errors: HC3 standard errors.
    :param p_values: Two-sided, normal.
    :param intercept: Constant of the model.
    :param intercept_error: Its HC3 error.
    :param n: Complete rows.
    :param dropped: Rows left out as incomplete.
    :param method: How the errors were made.
    :param warnings: What must be said beside the figures.
    """

    names: tuple[str, ...]
    values: Floats
    low: Floats
    high: Floats
    r2: float
    errors: Floats
    p_values: Floats
    intercept: float
    intercept_error: float
    n: int
    dropped: int
    method: str
    warnings: tuple[Caution, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class OrdinalLogit:
    """Cumulative logit coefficients; NaN where not estimable.

    :param names: Driver columns.
    :param values: Log odds of a higher outcome per unit of the column.
    :param low: Lower ends of the intervals.
    :param high: Upper ends.
    :param r2: McFadden's ``1 - loglik / loglik of the thresholds alone``.
    :param errors: Standard errors from the observed information.
    :param thresholds: One between each two neighbouring outcomes, ascending.
    :param loglik: Log likelihood at the maximum.
    :param n: Complete rows.
    :param warnings: Separation and failure to converge are said here.
    """

    names: tuple[str, ...]
    values: Floats
    low: Floats
    high: Floats
    r2: float
    errors: Floats
    thresholds: Floats
    loglik: float
    n: int
    warnings: tuple[Caution, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Checked:
    """What can be estimated from a design.

    :param usable: Which of the columns ``[1, controls, drivers]`` bring something of their own.
    :param constant: True when the outcome never varies or there are too few rows.
    :param warnings: What was found.
    """

    usable: NDArray[np.bool_]
    constant: bool
    warnings: tuple[Caution, ...]


def check_design(design: Design, cross: CrossProducts) -> Checked:
    """Find a constant outcome, constant columns, columns that follow from others, too few rows."""
    width = len(cross.means) - 1
    notes: list[Caution] = []
    if design.dropped:
        notes.append(Caution("dropped_rows", dropped=design.dropped))
    if design.n <= width:
        notes.append(Caution("too_few_rows", n=design.n, columns=width - 1))
        return Checked(np.zeros(width, dtype=bool), True, tuple(notes))
    products = cross.total[:, :, None]
    scale = cross.scale(products)
    varies = np.diag(cross.total) > TOLERANCE * scale[:, 0]
    usable = np.zeros(width, dtype=bool)
    for column in range(width):
        usable[column] = products[0, 0, 0] > TOLERANCE * scale[0, 0]
        products, scale = sweep(products, scale)
    names = np.array(design.names)
    own, moving = usable[cross.before :], varies[cross.before : -1]
    if not varies[-1]:
        notes.append(Caution("constant_outcome"))
    if not moving.all():
        notes.append(Caution("constant_column", names=", ".join(names[~moving])))
    if (moving & ~own).any():
        notes.append(Caution("collinear", names=", ".join(names[moving & ~own])))
    return Checked(usable, not varies[-1], tuple(notes))


def ols(
    X: Columns,  # noqa: N803
    y: ArrayLike,
    controls: Columns | None = None,
    *,
    names: Sequence[str] | None = None,
    level: float = 0.95,
) -> Regression:
    """Least squares with HC3 errors: ``V = (X'X)^-1 [sum x x' e2 / (1-h)2] (X'X)^-1``.

    MacKinnon & White 1985, J. Econometrics 29:305-325; advised for every n below some hundreds by
    Long & Ervin 2000, The American Statistician 54:217-224. A constant is added. Of columns that
    follow from each other the later one is not estimable. Normal quantile.

    :param X: n by p: a 2-D array, a mapping of name to column, or a data frame.
    :param y: Outcome, n numbers.
    :param controls: Columns that are in the model and not reported; words become 0/1 columns.
    :param names: Names of the columns of an array.
    :raises InputError: Lengths differ or a column holds no numbers.
    """
    design = read_design(X, y, names=names, controls=controls)
    cross = cross_products(design, 0, blocks=False)
    return fit(design, cross, check_design(design, cross), level=level)


def fit(
    design: Design, cross: CrossProducts, checked: Checked, *, level: float = 0.95
) -> Regression:
    """Fit as `ols`, for a design that has been read, summed and checked already."""
    width = len(cross.means) - 1
    values, errors = np.full(width, np.nan), np.full(width, np.nan)
    r2, notes = np.nan, checked.warnings
    if checked.usable.any():
        keep = np.flatnonzero(checked.usable)
        beta, inverse = least_squares(cross, keep)
        meat, residual, trapped = _hc3_meat(design, cross, keep, beta, inverse)
        covariance = inverse @ meat @ inverse
        values[keep], errors[keep] = beta, np.sqrt(np.diag(covariance))
        # Columns were centred: the constant at zero is the one at the means less the slopes' part.
        to_zero = np.append(1.0, -cross.means[keep[1:]])
        values[0] = cross.means[-1] + to_zero @ beta
        errors[0] = np.sqrt(to_zero @ covariance @ to_zero)
        if not checked.constant:
            r2 = 1 - residual / float(cross.total[-1, -1])
        if trapped:
            notes += (Caution("high_leverage", count=trapped),)
    half = normal_quantile(level) * errors
    z = np.divide(values, errors, out=np.full(width, np.nan), where=errors > 0)
    p = np.array([two_sided_p(each) if np.isfinite(each) else np.nan for each in z])
    own = slice(cross.before, None)
    return Regression(
        names=design.names,
        values=values[own],
        low=(values - half)[own],
        high=(values + half)[own],
        r2=float(r2),
        errors=errors[own],
        p_values=p[own],
        intercept=float(values[0]),
        intercept_error=float(errors[0]),
        n=design.n,
        dropped=design.dropped,
        method="least squares, HC3, normal",
        warnings=notes,
    )


def least_squares(cross: CrossProducts, keep: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Return coefficients of some (centred) columns and the inverse of their cross-products."""
    products = cross.total[np.ix_(keep, keep)]
    # Scaled to a unit diagonal first: text length in characters stands beside 0 and 1.
    size = np.sqrt(np.diag(products))
    inverse = np.linalg.inv(products / np.outer(size, size)) / np.outer(size, size)
    return inverse @ cross.total[keep, -1], inverse


def _hc3_meat(
    design: Design, cross: CrossProducts, keep: NDArray[np.intp], beta: Floats, inverse: Floats
) -> tuple[Floats, float, int]:
    meat = np.zeros_like(inverse)
    residual_sum, trapped = 0.0, 0
    for rows, table in design.chunks():
        part = table[:, keep] - cross.means[keep]
        residual = design.outcome[rows] - cross.means[-1] - part @ beta
        free = 1 - np.einsum("ij,ij->i", part @ inverse, part)
        fitted_alone = free < 1e-8
        trapped += int(fitted_alone.sum())
        weight = np.where(fitted_alone, 0.0, residual / np.where(fitted_alone, 1.0, free))
        weighted = part * weight[:, None]
        meat += weighted.T @ weighted
        residual_sum += float(residual @ residual)
    return meat, residual_sum, trapped


def ordinal_logit(
    X: Columns,  # noqa: N803
    y: ArrayLike,
    controls: Columns | None = None,
    *,
    names: Sequence[str] | None = None,
    level: float = 0.95,
    rows: int = ORDINAL_ROWS,
    seed: int = 0,
) -> OrdinalLogit:
    """Proportional-odds model ``P(Y <= k) = F(theta_k - x b)``, F logistic: checks directions.

    McCullagh 1980, J. Royal Statistical Society B 42:109-142. Newton steps with halving. A column
    that separates the outcome has no finite coefficient: it is reported as not estimable.

    :param X: n by p, as for `ols`.
    :param y: Ordered outcome with at most 12 different values (stars, 0-10).
    :param rows: A larger export is sampled down to so many rows: directions need no more.
    :param seed: Of that sample.
    :raises InputError: More than 12 different outcomes.
    """
    design = read_design(X, y, names=names, controls=controls)
    if design.n > rows:
        design = design.sample(rows, seed)
    checked = check_design(design, cross_products(design, 0, blocks=False))
    levels, outcome = np.unique(design.outcome, return_inverse=True)
    if len(levels) > _LEVELS:
        raise InputError(
            f"The outcome has {len(levels)} different values; an ordinal model takes up to "
            f"{_LEVELS}. Use ols() for a continuous outcome."
        )
    keep = np.flatnonzero(checked.usable[1:])
    if checked.constant or len(levels) < 2:
        return _not_estimable(design, checked.warnings)
    problem = _Cumulative.of(design, keep, outcome, len(levels))
    top = problem.maximise()
    cuts, count = len(levels) - 1, design.matrix.shape[1]
    first = design.controls.shape[1]
    coefficient, error = np.full(first + count, np.nan), np.full(first + count, np.nan)
    separated = np.zeros(first + count, dtype=bool)
    separated[keep] = np.abs(top.beta) > _SEPARATED
    coefficient[keep] = top.beta / problem.span
    error[keep] = np.sqrt(np.abs(np.diag(np.linalg.pinv(top.information))[cuts:])) / problem.span
    coefficient[separated] = error[separated] = np.nan
    notes = checked.warnings
    if separated[first:].any():
        bad = ", ".join(np.array(design.names)[separated[first:]])
        notes += (Caution("separation", names=bad),)
    elif not top.converged:
        return _not_estimable(design, (*notes, Caution("not_converged")))
    half = normal_quantile(level) * error
    counts = np.bincount(outcome)
    alone = float((counts * np.log(counts / design.n)).sum())
    own = slice(first, None)
    return OrdinalLogit(
        names=design.names,
        values=coefficient[own],
        low=(coefficient - half)[own],
        high=(coefficient + half)[own],
        r2=1 - top.loglik / alone,
        errors=error[own],
        thresholds=top.theta + problem.middle @ (top.beta / problem.span),
        loglik=top.loglik,
        n=design.n,
        warnings=notes,
    )


def direction_differs(regression: Regression, ordinal: OrdinalLogit) -> tuple[Caution, ...]:
    """Say which columns the two models send in opposite directions, beyond the errors of both."""
    up = (regression.low > 0) & (ordinal.high < 0)
    down = (regression.high < 0) & (ordinal.low > 0)
    names = [name for name, bad in zip(regression.names, up | down, strict=True) if bad]
    return (Caution("direction_differs", names=", ".join(names)),) if names else ()


def _not_estimable(design: Design, notes: tuple[Caution, ...]) -> OrdinalLogit:
    nothing = np.full(len(design.names), np.nan)
    return OrdinalLogit(
        names=design.names,
        values=nothing,
        low=nothing,
        high=nothing,
        r2=np.nan,
        errors=nothing,
        thresholds=np.empty(0),
        loglik=np.nan,
        n=design.n,
        warnings=notes,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Maximum:
    theta: Floats
    beta: Floats
    information: Floats
    loglik: float
    converged: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Cumulative:
    """The likelihood over different rows: patterns of 0/1 columns repeat in a large export.

    Columns are centred and divided by their range, so that one limit on a coefficient serves all.
    """

    table: Floats
    outcome: NDArray[np.intp]
    times: Floats
    levels: int
    span: Floats
    middle: Floats

    @classmethod
    def of(
        cls, design: Design, keep: NDArray[np.intp], outcome: NDArray[Any], levels: int
    ) -> _Cumulative:
        table = np.column_stack([design.controls, design.matrix])[:, keep].astype(np.float64)
        rows, times = np.unique(np.column_stack([table, outcome]), axis=0, return_counts=True)
        middle = table.mean(axis=0)
        span = np.ptp(table, axis=0)
        scaled = (rows[:, :-1] - middle) / span
        return cls(
            scaled, rows[:, -1].astype(np.intp), times.astype(np.float64), levels, span, middle
        )

    def maximise(self) -> _Maximum:
        """Climb by Newton steps until nothing is gained, or a coefficient runs away."""
        cuts = self.levels - 1
        below = np.cumsum(np.bincount(self.outcome, self.times, self.levels))[:-1]
        share = below / self.times.sum()
        point = np.concatenate([np.log(share / (1 - share)), np.zeros(self.table.shape[1])])
        value, gradient, information = self.evaluate(point)
        for _ in range(_STEPS):
            step: Floats = np.linalg.lstsq(information, gradient, rcond=None)[0].astype(np.float64)
            trial = self.evaluate(point + step)
            while trial[0] < value and np.abs(step).max() > _STEP:
                step = 0.5 * step
                trial = self.evaluate(point + step)
            if trial[0] >= value:
                point = point + step
                value, gradient, information = trial
            if np.abs(step).max() <= _STEP:
                return _Maximum(point[:cuts], point[cuts:], information, value, True)
            if np.abs(point[cuts:]).max(initial=0.0) > 2 * _SEPARATED:
                break
        return _Maximum(point[:cuts], point[cuts:], information, value, False)

    def evaluate(self, point: Floats) -> tuple[float, Floats, Floats]:
        """Log likelihood, gradient and negative Hessian; -inf where thresholds cross."""
        cuts = self.levels - 1
        theta, beta = point[:cuts], point[cuts:]
        if (np.diff(theta) <= 0).any():
            return -np.inf, np.zeros_like(point), np.eye(len(point))
        ends = np.concatenate([[-np.inf], theta, [np.inf]])
        score = self.table @ beta
        upper, lower = ends[self.outcome + 1] - score, ends[self.outcome] - score
        above, under = _logistic(upper), _logistic(lower)
        # In the upper tail 1 - 1 would be 0: both tails are the same by symmetry.
        mirrored = _logistic(-lower) - _logistic(-upper)
        chance = np.maximum(np.where(lower > 0, mirrored, above - under), 1e-300)
        first, second = above * (1 - above), under * (1 - under)
        d_upper, d_lower = first / chance, second / chance
        c_upper, c_lower = d_upper * (1 - 2 * above), d_lower * (1 - 2 * under)
        to_upper = (self.outcome[:, None] == np.arange(cuts)).astype(np.float64)
        to_lower = (self.outcome[:, None] == np.arange(1, cuts + 1)).astype(np.float64)
        up = np.hstack([to_upper, -self.table])
        down = np.hstack([to_lower, -self.table])
        slope = up * d_upper[:, None] - down * d_lower[:, None]
        weight = self.times[:, None]
        information = (
            slope.T @ (slope * weight)
            - up.T @ (up * (c_upper * self.times)[:, None])
            + down.T @ (down * (c_lower * self.times)[:, None])
        )
        return float(self.times @ np.log(chance)), (slope * weight).sum(axis=0), information


def _logistic(x: Floats) -> Floats:
    return 0.5 * (1 + np.tanh(x / 2))
