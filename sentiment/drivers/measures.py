"""NPS, CSAT, CES, PMF, stars, net sentiment and the index: exact definitions with intervals.

Values are in points: shares 0 to 100, NPS and net sentiment -100 to 100, a rating mean in the unit
of its own scale. Nothing answered gives None with n = 0, never 0. What is not on the scale is
rejected and counted, never clipped.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sentiment.drivers.answers import Scale, is_missing, read_numbers, read_scale
from sentiment.drivers.cautions import Caution
from sentiment.drivers.floors import PMF_ROWS, Standing, standing
from sentiment.drivers.intervals import net_interval, net_variance, normal_quantile, wilson
from sentiment.errors import InputError

__all__ = [
    "DefaultPraise",
    "Measure",
    "ces",
    "csat",
    "default_praise",
    "grades",
    "net_sentiment",
    "nps",
    "performance",
    "pmf",
    "rating",
    "satisfaction_index",
    "stars",
]

Floats = NDArray[np.float64]

# Lowest answer that counts as satisfied, for the scales on which practice agrees.
_TOP_BOX = {(1.0, 3.0): 3.0, (1.0, 5.0): 4.0, (1.0, 7.0): 6.0}

# Above this share of answers over 10, with one of at least 20, a column is no 0-10 column: it is a
# 0-100 or 1-100 one. Single typing errors and codes such as 99 stay below it.
_LARGE_SHARE = 1 / 3
_LARGE = 20
_ONES_OF_A_RATING = 10

# More than one beginning can fit ("一点也不失望", "一点失望"): the first in this order counts.
_PMF_ANSWERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "not_using",
        ("n/a", "i no longer", "no longer", "not using", "不再使用", "已不使用", "没用过"),
    ),
    (
        "not",
        ("not ", "一点也不", "一点都不", "完全不", "不失望", "不会失望", "没有失望", "不太失望"),
    ),
    ("somewhat", ("somewhat", "a little", "slightly", "有点", "有些", "略", "稍", "一点失望")),
    ("very", ("very", "extremely", "非常", "很失望", "十分", "极其", "特别")),
)


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure with its interval and everything that has to be printed with it.

    :param name: What was measured: "nps", "csat", "ces", "pmf", "stars", "grades",
        "rating", "net_sentiment", "performance", "index" or "default_praise".
    :param value: The figure; None when nobody answered.
    :param low: Lower end of the interval (95 % unless told otherwise).
    :param high: Upper end.
    :param n: Valid answers (the base).
    :param shares: Percent of the base per category, in the order of the scale; sums to 100.
    :param counts: Answers per category; sums of weights when weighted.
    :param missing: Answers that are no answer: blank, "N/A", None.
    :param rejected: Answers that are not on the scale or cannot be read.
    :param method: How the interval was made.
    :param scale: Ends of the declared scale.
    :param mean: Mean answer in the unit of the scale.
    :param mean_100: The same, ``100 (mean - min) / (max - min)``.
    :param standard_error: Plain standard error of the value, in its unit.
    :param n_eff: Effective size ``(sum w)2 / sum w2`` of a weighted measure.
    :param warnings: What must be said beside the figure.
    """

    name: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    shares: Mapping[str, float] = field(default_factory=dict)
    counts: Mapping[str, float] = field(default_factory=dict)
    missing: int = 0
    rejected: int = 0
    method: str = ""
    scale: tuple[float, float] | None = None
    mean: float | None = None
    mean_100: float | None = None
    standard_error: float | None = None
    n_eff: float | None = None
    warnings: tuple[Caution, ...] = ()

    @property
    def standing(self) -> Standing:
        """Whether its base allows to show it: see `floors.standing`."""
        return standing(self.n)


@dataclass(frozen=True, slots=True, eq=False)
class DefaultPraise:
    """Top ratings that a shop gave by itself (系统默认好评), told from customers' own.

    :param share: Percent of all rated rows that are such defaults.
    :param keep: True for the rows that belong in driver analysis.
    """

    share: Measure
    keep: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Valid:
    """Answers on the scale with their weights, and the count of what was not."""

    numbers: Floats
    weights: Floats
    missing: int
    rejected: int
    scale: tuple[float, float]
    weighted: bool

    @property
    def total(self) -> float:
        return float(self.weights.sum())

    @property
    def n_eff(self) -> float:
        """Kish's effective size; the number of answers when all weigh the same."""
        squares = float((self.weights**2).sum())
        return self.total**2 / squares if squares else 0.0

    @property
    def mean(self) -> float | None:
        return float(self.numbers @ self.weights) / self.total if self.total else None

    def mean_100(self) -> float | None:
        low, high = self.scale
        return None if self.mean is None else 100 * (self.mean - low) / (high - low)

    def weight(self, chosen: NDArray[np.bool_]) -> float:
        return float(self.weights[chosen].sum())

    def cautions(self) -> tuple[Caution, ...]:
        if not self.rejected:
            return ()
        low, high = self.scale
        return (Caution("rejected", rejected=self.rejected, scale=f"{low:g}-{high:g}"),)


def nps(
    values: Iterable[Any],
    *,
    weights: ArrayLike | None = None,
    rescale: Scale | None = None,
    level: float = 0.95,
) -> Measure:
    """Net Promoter Score: ``100 (p - d)``, p = share of 9 and 10, d = share of 0 to 6.

    Whole answers 0 to 10 only; range -100 to 100. Always read it with its three shares: [7, 8] and
    [9, 6] are both 0. Interval: adjusted Wald (n + 3), see `intervals.net_interval`.
    Reichheld 2003, Harvard Business Review 81(12):46-54. It is not an average, and not one of
    answers from 1 to 100: such a column is refused.

    :param values: Answers; see `answers.read_numbers` for what is read.
    :param weights: One weight a row; the interval then uses ``n_eff = (sum w)2 / sum w2``.
    :param rescale: Declares that answers are on another scale or hold decimals: they are mapped to
        0-10 linearly and rounded half up. Not declared, 8.5 is rejected.
    :raises InputError: The answers look like 0-100; weights do not fit.
    """
    notes: tuple[Caution, ...] = ()
    if rescale is None:
        read = read_numbers(values, maximum=10)
        _refuse_hundred(read.numbers)
        valid = _valid_numbers(read.numbers, read.missing, (0.0, 10.0), weights)
    else:
        low, high = read_scale(rescale)
        valid = _valid(values, (low, high), weights, step=None)
        tens = np.floor(10 * (valid.numbers - low) / (high - low) + 0.5)
        valid = _Valid(
            tens, valid.weights, valid.missing, valid.rejected, (0.0, 10.0), valid.weighted
        )
        notes = (Caution("rescaled", minimum=low, maximum=high),)
    answers = valid.numbers
    if len(answers) and answers.min() >= 1 and answers.max() <= 5:
        notes += (Caution("looks_like_stars"),)
    elif ones := _ones_without_zero(answers):
        notes += (Caution("no_zero", ones=ones),)
    counts = {
        "detractors": valid.weight(answers <= 6),
        "passives": valid.weight((answers >= 7) & (answers <= 8)),
        "promoters": valid.weight(answers >= 9),
    }
    return _net("nps", counts, "promoters", "detractors", valid, notes, level)


def csat(
    values: Iterable[Any],
    *,
    scale: Scale,
    satisfied: float | None = None,
    weights: ArrayLike | None = None,
    level: float = 0.95,
) -> Measure:
    """Compute customer satisfaction: percent of valid answers in the top box.

    1-5: 4 and 5; 1-7: 6 and 7; 1-3: 3 only. Wilson interval. The mean comes along, also rescaled to
    0-100 as ``100 (mean - min) / (max - min)``. Never pool answers of different scales. Shop stars
    are no survey answers: use `stars`.

    :param scale: Ends of the scale: 5, (1, 5) or "1-5". Whole answers only.
    :param satisfied: Lowest answer that counts as satisfied; needed for any other scale.
    :raises InputError: No top box is agreed on for this scale and none was given.
    """
    return _top_box("csat", values, read_scale(scale), satisfied, weights, level)


def stars(
    values: Iterable[Any],
    *,
    scale: Scale = 5,
    satisfied: float | None = None,
    weights: ArrayLike | None = None,
    level: float = 0.95,
) -> Measure:
    """Share of 4-5 stars, in percent: the arithmetic of `csat`, but not a survey CSAT.

    Only people who chose to write a review gave stars, so the two never share a name or a chart.
    Travel sites give halves and tenths: 4.5 is of those stars, 3.9 is not.
    """
    return _top_box("stars", values, read_scale(scale), satisfied, weights, level, step=None)


def grades(
    values: Iterable[Any], *, weights: ArrayLike | None = None, level: float = 0.95
) -> Measure:
    """Share of the best of three grades, in percent: 好评率 where shops have 好评, 中评, 差评.

    The arithmetic of `csat` on 1-3; as with `stars`, only who chose to write gave one. The shares are
    those of "best", "middle" and "worst".
    """
    found = _top_box("grades", values, (1.0, 3.0), None, weights, level)
    names = {"3": "best", "2": "middle", "1": "worst"}
    return replace(
        found,
        shares={name: found.shares[code] for code, name in names.items() if found.shares},
        counts={name: found.counts[code] for code, name in names.items()},
    )


def ces(
    values: Iterable[Any],
    *,
    scale: Scale,
    high_is_good: bool,
    weights: ArrayLike | None = None,
    level: float = 0.95,
) -> Measure:
    """Compute the Customer Effort Score: percent of answers on the easy side of the middle.

    Version 2.0 (1-7, agreement with "made it easy"): easy is 5-7, hard 1-3, high is good. The older
    1-5 form asks for effort: easy is 1-2, low is good. Published descriptions contradict each other
    on the direction, so it has to be declared. The mean comes along (`mean`, and `mean_100` with
    100 always the easy end), and the three shares, from which easy minus hard follows.
    Dixon, Freeman, Toman 2010, Harvard Business Review 88(7):116-122 (form 1-5). Wilson interval.

    :raises InputError: The direction is not a plain True or False.
    """
    if not isinstance(high_is_good, bool | np.bool_):
        raise InputError(
            "The direction of an effort score must be declared: high_is_good=True for "
            '"made it easy" (1-7), False for "how much effort" (1-5).'
        )
    low, high = read_scale(scale)
    valid = _valid(values, (low, high), weights)
    side = np.sign(valid.numbers - (low + high) / 2) * (1 if high_is_good else -1)
    counts = {
        "hard": valid.weight(side < 0),
        "neutral": valid.weight(side == 0),
        "easy": valid.weight(side > 0),
    }
    mean_100 = valid.mean_100()
    if mean_100 is not None and not high_is_good:
        mean_100 = 100 - mean_100
    return _share("ces", counts, "easy", valid, (), level, mean_100=mean_100)


def pmf(
    values: Iterable[Any], *, codes: Mapping[Any, str] | None = None, level: float = 0.95
) -> Measure:
    """Product-market fit: percent of users who would be very disappointed without the product.

    Base: answers "very", "somewhat" and "not disappointed"; who no longer uses the product is not a
    qualified user and counts as missing. 40 % is a rule of thumb of Ellis 2009, not a limit; below
    40 answers the share is a direction only. Wilson interval.

    :param values: Worded answers in English or Chinese, or True for "very disappointed".
    :param codes: Meaning of coded answers: ``{1: "very", 2: "somewhat", 3: "not"}``.
    """
    counts = {"very": 0.0, "somewhat": 0.0, "not": 0.0}
    missing = rejected = 0
    for value in values:
        kind = _pmf_kind(value, codes)
        if kind in counts:
            counts[kind] += 1
        elif kind == "missing":
            missing += 1
        else:
            rejected += 1
    n = round(sum(counts.values()))
    notes: tuple[Caution, ...] = ()
    if rejected:
        notes += (Caution("rejected", rejected=rejected, scale="very/somewhat/not"),)
    if n < PMF_ROWS:
        notes += (Caution("direction_only", n=n, floor=PMF_ROWS),)
    found = wilson(counts["very"], n, level=level)
    return Measure(
        name="pmf",
        value=_percent(found.value),
        low=_percent(found.low),
        high=_percent(found.high),
        n=n,
        shares=_shares(counts),
        counts=counts,
        missing=missing,
        rejected=rejected,
        method="Wilson",
        standard_error=_share_error(found.value, n),
        warnings=notes,
    )


def rating(
    values: Iterable[Any],
    *,
    scale: Scale,
    weights: ArrayLike | None = None,
    level: float = 0.95,
) -> Measure:
    """Mean and distribution of a rating on any scale, decimals allowed; never an NPS.

    Interval ``mean +- z * s / sqrt(n)``, cut to the scale. `shares` holds every value that occurs,
    or ten equal classes when there are more than 21.
    """
    valid = _valid(values, read_scale(scale), weights, step=None)
    low, high = valid.scale
    mean, n, size = valid.mean, len(valid.numbers), valid.n_eff
    error = None
    if mean is not None and n > 1:
        spread = float(((valid.numbers - mean) ** 2) @ valid.weights) / valid.total
        error = math.sqrt(spread / (size - 1)) if size > 1 else None
    half = None if error is None else normal_quantile(level) * error
    counts = _distribution(valid)
    return Measure(
        name="rating",
        value=mean,
        low=None if mean is None or half is None else max(low, mean - half),
        high=None if mean is None or half is None else min(high, mean + half),
        n=n,
        shares=_shares(counts),
        counts=counts,
        missing=valid.missing,
        rejected=valid.rejected,
        method="normal",
        scale=valid.scale,
        mean=mean,
        mean_100=valid.mean_100(),
        standard_error=error,
        n_eff=size if valid.weighted else None,
        warnings=valid.cautions(),
    )


def net_sentiment(
    positive: float,
    neutral: float,
    negative: float,
    *,
    reviews: int | None = None,
    level: float = 0.95,
) -> Measure:
    """Net sentiment of a driver: ``100 (P - N) / M``, M = P + neutral + N mentions; -100 to 100.

    Neutral holds mixed mentions too. A neutral mention is a 0, no mention is nothing: with no
    mention the value is None. Standard error and interval as for the NPS.

    :param reviews: Put all reviews under the line instead of the mentions: ``100 (P - N) / n``. The
        two answer different questions ("how is it judged" and "how much does it weigh"): name the
        base in the title.
    :raises InputError: Negative counts, or more mentions than reviews.
    """
    _check_counts(positive, neutral, negative)
    mentions = positive + neutral + negative
    base = mentions if reviews is None else reviews
    if mentions > base:
        raise InputError(
            f"{mentions:g} mentions in {base:g} reviews; count each review once per driver."
        )
    counts = {"negative": negative, "neutral": neutral, "positive": positive}
    if reviews is not None:
        counts["absent"] = reviews - mentions
    return _net_of_counts("net_sentiment", counts, "positive", "negative", base, level)


def performance(
    positive: float, neutral: float, negative: float, *, level: float = 0.95
) -> Measure:
    """Put the net sentiment of a driver on 0 to 100: ``50 + 50 (P - N) / M``."""
    net = net_sentiment(positive, neutral, negative, level=level)
    return Measure(
        name="performance",
        value=None if net.value is None else 50 + net.value / 2,
        low=None if net.low is None else 50 + net.low / 2,
        high=None if net.high is None else 50 + net.high / 2,
        n=net.n,
        shares=net.shares,
        counts=net.counts,
        method=net.method,
        scale=(0.0, 100.0),
        standard_error=None if net.standard_error is None else net.standard_error / 2,
    )


def satisfaction_index(
    performances: Mapping[str, Measure], weights: Mapping[str, float], *, level: float = 0.95
) -> Measure:
    """Weighted satisfaction index: ``I = sum w_k * performance_k``, weights made to sum to 1.

    Freeze the weights of a trend: otherwise the index moves because the weights move. The interval
    takes the weights as fixed and the drivers as independent: ``se2 = sum w_k2 * se_k2``.

    :param performances: `performance` of every driver.
    :param weights: LMG shares, or the user's own; drivers that are absent weigh nothing.
    :return: `shares` holds the weights in percent and must be printed; value None when a weighted
        driver has no mentions.
    :raises InputError: A weight is negative, all are 0, or one belongs to no driver.
    """
    unknown = [name for name in weights if name not in performances]
    if unknown:
        raise InputError(f"There are weights for unknown drivers: {', '.join(unknown)}.")
    values = list(weights.values())
    if not all(math.isfinite(w) and w >= 0 for w in values) or not sum(values) > 0:
        raise InputError("Index weights must be 0 or more, and one of them more than 0.")
    total = float(sum(values))
    used = {name: float(weight) / total for name, weight in weights.items() if weight > 0}
    parts = [performances[name] for name in used]
    n = min((part.n for part in parts), default=0)
    shares = {name: 100 * weight for name, weight in used.items()}
    if any(part.value is None for part in parts):
        return Measure("index", None, None, None, 0, shares=shares, method="weighted sum")
    value = sum(w * (performances[name].value or 0.0) for name, w in used.items())
    error = math.sqrt(
        sum((w * (performances[name].standard_error or 0.0)) ** 2 for name, w in used.items())
    )
    half = normal_quantile(level) * error
    return Measure(
        name="index",
        value=value,
        low=max(0.0, value - half),
        high=min(100.0, value + half),
        n=n,
        shares=shares,
        method="weighted sum, fixed weights",
        scale=(0.0, 100.0),
        standard_error=error,
    )


def default_praise(
    values: Iterable[Any], has_text: Sequence[bool] | NDArray[np.bool_], *, scale: Scale = 5
) -> DefaultPraise:
    """Find default top ratings without a text of the customer's own, to leave them out of drivers.

    :param values: Ratings.
    :param has_text: False where the text is blank or the shop's default sentence.
    :raises InputError: The columns differ in length.
    """
    low, high = read_scale(scale)
    numbers = read_numbers(values, maximum=high).numbers
    texts = np.asarray(has_text, dtype=bool)
    if len(texts) != len(numbers):
        raise InputError(f"{len(numbers)} ratings and {len(texts)} texts; pass the same rows.")
    rated = (numbers >= low) & (numbers <= high)
    default = (numbers == high) & ~texts
    counts = {"own": float((rated & ~default).sum()), "default": float(default.sum())}
    n = int(rated.sum())
    found = wilson(counts["default"], n)
    share = Measure(
        "default_praise",
        _percent(found.value),
        _percent(found.low),
        _percent(found.high),
        n,
        shares=_shares(counts),
        counts=counts,
        method="Wilson",
        scale=(low, high),
    )
    return DefaultPraise(share, ~default)


def _top_box(
    name: str,
    values: Iterable[Any],
    scale: tuple[float, float],
    satisfied: float | None,
    weights: ArrayLike | None,
    level: float,
    step: float | None = 1.0,
) -> Measure:
    lowest = _TOP_BOX.get(scale) if satisfied is None else float(satisfied)
    if lowest is None or not scale[0] < lowest <= scale[1]:
        raise InputError(
            f"Practice knows no top box for a scale of {scale[0]:g}-{scale[1]:g}; declare the "
            "lowest satisfied answer with satisfied=, or use rating() for mean and distribution."
        )
    valid = _valid(values, scale, weights, step)
    numbers = valid.numbers
    counts = {
        f"{answer:g}": valid.weight(numbers == answer)
        for answer in np.union1d(np.arange(scale[0], scale[1] + 1), numbers)
    }
    hits = valid.weight(numbers >= lowest)
    return _share(name, counts, hits, valid, valid.cautions(), level)


def _share(
    name: str,
    counts: Mapping[str, float],
    hits: float | str,
    valid: _Valid,
    notes: tuple[Caution, ...],
    level: float,
    mean_100: float | None = None,
) -> Measure:
    weight = counts[hits] if isinstance(hits, str) else hits
    size = valid.n_eff if valid.weighted else float(len(valid.numbers))
    part = weight / valid.total if valid.total else 0.0
    found = wilson(min(size, part * size), size, level=level)
    return Measure(
        name=name,
        value=_percent(found.value),
        low=_percent(found.low),
        high=_percent(found.high),
        n=len(valid.numbers),
        shares=_shares(counts),
        counts=counts,
        missing=valid.missing,
        rejected=valid.rejected,
        method="Wilson",
        scale=valid.scale,
        mean=valid.mean,
        mean_100=valid.mean_100() if mean_100 is None else mean_100,
        standard_error=_share_error(found.value, size),
        n_eff=valid.n_eff if valid.weighted else None,
        warnings=notes or valid.cautions(),
    )


def _net(
    name: str,
    counts: Mapping[str, float],
    plus: str,
    minus: str,
    valid: _Valid,
    notes: tuple[Caution, ...],
    level: float,
) -> Measure:
    """Compute a net share of answers; a weighted one gets the interval of its effective size."""
    size = valid.n_eff if valid.weighted else float(len(valid.numbers))
    scaled = {
        key: size * value / valid.total if valid.total else 0.0 for key, value in counts.items()
    }
    plain = _net_of_counts(name, scaled, plus, minus, size, level)
    return Measure(
        name=name,
        value=plain.value,
        low=plain.low,
        high=plain.high,
        n=len(valid.numbers),
        shares=plain.shares,
        counts=counts,
        missing=valid.missing,
        rejected=valid.rejected,
        method=plain.method,
        scale=valid.scale,
        mean=valid.mean,
        mean_100=valid.mean_100(),
        standard_error=plain.standard_error,
        n_eff=valid.n_eff if valid.weighted else None,
        warnings=valid.cautions() + notes,
    )


def _net_of_counts(
    name: str, counts: Mapping[str, float], plus: str, minus: str, base: float, level: float
) -> Measure:
    method = "adjusted Wald (n+3)"
    if not base:
        return Measure(name, None, None, None, 0, _shares(counts), counts, method=method)
    low, high = net_interval(counts[plus], counts[minus], base, level=level)
    return Measure(
        name=name,
        value=100 * (counts[plus] - counts[minus]) / base,
        low=100 * low,
        high=100 * high,
        n=round(base),
        shares=_shares(counts),
        counts=counts,
        method=method,
        scale=(-100.0, 100.0),
        standard_error=100 * math.sqrt(net_variance(counts[plus], counts[minus], base)),
    )


def _valid(
    values: Iterable[Any],
    scale: tuple[float, float],
    weights: ArrayLike | None,
    step: float | None = 1.0,
) -> _Valid:
    read = read_numbers(values, maximum=scale[1])
    return _valid_numbers(read.numbers, read.missing, scale, weights, step)


def _valid_numbers(
    numbers: Floats,
    missing: NDArray[np.bool_],
    scale: tuple[float, float],
    weights: ArrayLike | None,
    step: float | None = 1.0,
) -> _Valid:
    low, high = scale
    good = (numbers >= low) & (numbers <= high)
    if step is not None:
        good &= np.mod(np.where(good, numbers, low) - low, step) == 0
    weight = np.ones(len(numbers)) if weights is None else _weights(weights, len(numbers))
    rejected = int((~good & ~missing).sum())
    # A row of weight 0 stands for nobody: it is no part of the base.
    good &= weight > 0
    return _Valid(
        numbers[good], weight[good], int(missing.sum()), rejected, scale, weights is not None
    )


def _weights(weights: ArrayLike, n: int) -> Floats:
    read = np.asarray(weights, dtype=np.float64).ravel()
    if len(read) != n or not np.isfinite(read).all() or (read < 0).any():
        raise InputError(
            f"Weights must be {n} numbers of 0 or more, one for each row; mend the weight column."
        )
    return read


def _refuse_hundred(numbers: Floats) -> None:
    read = numbers[~np.isnan(numbers)]
    large = (read > 10) & (read <= 100)
    if large.any() and read[large].max() >= _LARGE and large.mean() >= _LARGE_SHARE:
        raise InputError(
            f"{large.mean():.0%} of the answers lie between 10 and 100: this is a 0-100 or 1-100 "
            "scale, and the NPS is defined on whole answers from 0 to 10 only (it is no average). "
            "Use rating(), or declare a conversion with rescale=(0, 100)."
        )


def _ones_without_zero(answers: Floats) -> int:
    """Count the answers 1 of a column that looks like 1-10; on 0-10 the angry choose 0, not 1."""
    ones = int((answers == 1).sum())
    return ones if ones >= _ONES_OF_A_RATING and not (answers == 0).any() else 0


def _distribution(valid: _Valid) -> dict[str, float]:
    distinct = np.unique(valid.numbers)
    if len(distinct) <= 21:
        return {f"{value:g}": valid.weight(valid.numbers == value) for value in distinct}
    edges = np.linspace(*valid.scale, 11)
    weight, _ = np.histogram(valid.numbers, edges, weights=valid.weights)
    return {
        f"{edges[i]:g}\u2013{edges[i + 1]:g}": float(weight[i])
        for i in range(10)  # the last class holds its upper end too
    }


def _pmf_kind(value: Any, codes: Mapping[Any, str] | None) -> str:
    if codes is not None and not is_missing(value):
        meaning = codes.get(value, codes.get(str(value).strip(), "unreadable"))
        return "missing" if meaning == "not_using" else meaning
    if isinstance(value, bool | np.bool_):
        return "very" if value else "not"
    if is_missing(value):
        return "missing"
    if not isinstance(value, str):
        return "unreadable"
    text = value.strip().casefold().replace("_", " ")
    for kind, beginnings in _PMF_ANSWERS:
        if text == kind or text.startswith(beginnings):
            return "missing" if kind == "not_using" else kind
    return "unreadable"


def _check_counts(*counts: float) -> None:
    if not all(math.isfinite(count) and count >= 0 for count in counts):
        raise InputError("Counts of mentions are 0 or more; a count is negative or not a number.")


def _shares(counts: Mapping[str, float]) -> dict[str, float]:
    total = sum(counts.values())
    return {name: 100 * count / total for name, count in counts.items()} if total else {}


def _percent(fraction: float | None) -> float | None:
    return None if fraction is None else 100 * fraction


def _share_error(share: float | None, n: float) -> float | None:
    return None if share is None else 100 * math.sqrt(share * (1 - share) / n)
