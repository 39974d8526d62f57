"""Answers as people and survey tools write them, read as numbers without losing or bending any.

Every answer ends in exactly one of three: a number, missing, or unreadable. What is not on the
scale is counted by the measure, never clipped to it.
"""

from __future__ import annotations

import math
import numbers
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import InputError
from sentiment.patterns import regex

__all__ = [
    "Answers",
    "LastAnswers",
    "Scale",
    "is_missing",
    "last_answers",
    "number_customers",
    "read_numbers",
    "read_scale",
]

Scale = int | str | Sequence[float] | Mapping[str, float]

# Written non-answers of exports and survey tools, after NFKC and case folding.
_MISSING = frozenset(
    {"", "n/a", "na", "#n/a", "nan", "none", "null", "nil", "-", "--", "—", "/", ".", "?"}
    | {"无", "空", "不适用", "未填", "未填写", "未作答", "跳过", "不知道", "不清楚", "拒答"}
    | {"not rated", "unrated", "no rating", "未评分", "未打分", "暂无评分"}
    | {"skip", "skipped", "no answer", "not applicable", "don't know", "dont know", "dk"}
)
_LONGEST_MISSING = max(map(len, _MISSING))

_NUMBER = regex(r"([+-]?\d+(?:\.\d+)?)\s*(?:分|颗星|星|级|級|点|點|points?|pts?|stars?|/\s*(\d+))?")
# "10 - Extremely likely": survey tools export the end points of a scale with their labels.
_LABELLED = regex(r"(\d+)\s*[-–—:.、(]\s*[^\d\s][^\d]*")


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Answers in the order given.

    :param numbers: The number of each answer; NaN where there is none.
    :param missing: True where nothing was answered. An answer that is neither a number nor missing
        could not be read.
    """

    numbers: NDArray[np.float64]
    missing: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class LastAnswers:
    """The last answer of every customer in every period.

    :param index: Positions of the answers that are kept, ascending.
    :param dropped: How many earlier answers of the same customer and period were left out.
    """

    index: NDArray[np.intp]
    dropped: int


def is_missing(value: Any) -> bool:
    """Say whether an answer is no answer: None, NaN, blank, "N/A", "无" and the like."""
    if value is None or type(value).__name__ in {"NAType", "NaTType"}:
        return True
    if isinstance(value, str):
        shown = value.strip()
        return len(shown) <= _LONGEST_MISSING and _fold(shown) in _MISSING
    return isinstance(value, numbers.Real) and math.isnan(value)


def read_numbers(values: Iterable[Any], *, maximum: float | None = None) -> Answers:
    """Read answers as numbers: 9, "9", "１０", "10分", "4 stars", "9/10", "10 - Very likely".

    :param values: Numbers, strings, None; a list, a NumPy array or a pandas Series.
    :param maximum: Upper end of the scale: "9/10" is read only where 10 is that end.
    :raises InputError: `values` is one string or not a sequence at all.
    """
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise InputError(
            f"Answers must be a sequence of values, not one {type(values).__name__}; pass a list."
        )
    if hasattr(values, "to_pylist"):
        values = values.to_pylist()
    elif hasattr(values, "to_numpy"):
        values = values.to_numpy()
    if isinstance(values, np.ndarray) and values.dtype.kind in "iuf":
        parsed = values.astype(np.float64).ravel()
        missing = np.isnan(parsed)
        return Answers(np.where(np.isfinite(parsed), parsed, np.nan), missing)
    # Scales have few distinct answers, exports have millions of rows: each text is read once.
    known: dict[str, float | None] = {}
    numbers_read: list[float] = []
    missing_flags: list[bool] = []
    for value in values:
        if isinstance(value, str):
            if value not in known:
                known[value] = _read_text(value, maximum)
            number = known[value]
        else:
            number = _read_value(value)
        numbers_read.append(math.nan if number is None else number)
        missing_flags.append(number is None)
    return Answers(np.array(numbers_read, dtype=np.float64), np.array(missing_flags, dtype=bool))


def _read_value(value: Any) -> float | None:
    """None is missing, NaN is unreadable."""
    if is_missing(value):
        return None
    # A truth value is no answer on a scale: True read as 1 would be a detractor.
    if isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Number):
        return math.nan
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return math.nan
    return number if math.isfinite(number) else math.nan


def _read_text(text: str, maximum: float | None) -> float | None:
    folded = _fold(text)
    if folded in _MISSING:
        return None
    if found := _NUMBER.fullmatch(folded):
        if found[2] is not None and float(found[2]) != maximum:
            return math.nan
        return float(found[1])
    if found := _LABELLED.fullmatch(folded):
        return float(found[1])
    return math.nan


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).replace("\u2212", "-").strip().casefold()


def read_scale(scale: Scale) -> tuple[float, float]:
    """Return the ends of a declared scale: 5, "5", "1-5" and (1, 5) are all (1.0, 5.0).

    So are {"min": 1, "max": 5} and range(1, 6), which holds the answers themselves.

    :raises InputError: The scale has no two ends in ascending order.
    """
    ends: Sequence[Any]
    if isinstance(scale, str):
        ends = re.split(r"\s*(?:-|–|—|~|至|to|\.\.)\s*", _fold(scale))
        ends = ends if len(ends) > 1 else (1, *ends)
    elif isinstance(scale, Mapping):
        ends = [scale.get(end, scale.get(f"{end}imum")) for end in ("min", "max")]
    elif isinstance(scale, range):
        ends = scale[:: max(len(scale) - 1, 1)]
    elif isinstance(scale, Iterable):
        ends = list(scale)
    else:
        ends = (1, scale)
    try:
        low, high = (float(end) for end in ends)
    except (TypeError, ValueError):
        low = high = math.nan
    if not low < high or not math.isfinite(high - low):
        raise InputError(
            f"{scale!r} is no scale; declare its two ends, for example scale=5, "
            'scale=(1, 7) or scale="0-10".'
        )
    return low, high


def last_answers(
    values: Iterable[Any],
    customers: Sequence[Any],
    times: Sequence[Any] | None = None,
    periods: Sequence[Any] | None = None,
) -> LastAnswers:
    """Keep the last answer of each customer in each period.

    A missing answer never replaces an answer, and rows without a customer are all kept: nothing
    says that two of them are one person.

    :param values: The answers.
    :param customers: Who answered; None or blank where unknown. As long as `values`.
    :param times: When, in any type that sorts; None keeps the order of the rows.
    :param periods: The wave or month of each answer; None treats all as one period.
    :raises InputError: The columns differ in length.
    """
    answers = list(values)
    columns = {"customers": customers, "times": times, "periods": periods}
    for name, column in columns.items():
        if column is not None and len(column) != len(answers):
            raise InputError(
                f"{name} has {len(column)} rows and the answers have {len(answers)}; "
                "pass columns of the same rows."
            )
    order = range(len(answers)) if times is None else _by_time(times)
    last: dict[tuple[Any, Any], int] = {}
    kept: list[int] = []
    answered_before = 0
    for row in order:
        if is_missing(customers[row]):
            kept.append(row)
            continue
        key = (customers[row], None if periods is None else periods[row])
        if key not in last:
            last[key] = row
        elif not is_missing(answers[row]):
            answered_before += not is_missing(answers[last[key]])
            last[key] = row
    index = np.array(sorted([*kept, *last.values()]), dtype=np.intp)
    return LastAnswers(index, answered_before)


def _by_time(times: Sequence[Any]) -> list[int]:
    """Rows in time order; rows without a time come first, so that a dated answer replaces them."""
    undated = [row for row, time in enumerate(times) if is_missing(time)]
    dated = [row for row, time in enumerate(times) if not is_missing(time)]
    return undated + sorted(dated, key=lambda row: times[row])


def number_customers(customers: Sequence[Any] | NDArray[Any]) -> NDArray[np.intp]:
    """Give every customer a number from 0; a row without one is a customer of its own."""
    if isinstance(customers, np.ndarray) and customers.dtype.kind in "iu":
        return np.unique(customers, return_inverse=True)[1].astype(np.intp)
    known: dict[Any, int] = {}
    codes = np.empty(len(customers), dtype=np.intp)
    for row, customer in enumerate(customers):
        key = ("row", row) if is_missing(customer) else customer
        codes[row] = known.setdefault(key, len(known))
    return codes
