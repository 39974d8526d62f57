import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from sentiment.drivers.answers import (
    is_missing,
    last_answers,
    number_customers,
    read_numbers,
    read_scale,
)
from sentiment.errors import InputError


@pytest.mark.parametrize(
    ("answer", "number"),
    [
        (9, 9), (9.0, 9), ("9", 9), (" 9 ", 9), ("１０", 10), ("10分", 10), ("10 分", 10),
        ("4 stars", 4), ("1 star", 1), ("5星", 5), ("3颗星", 3), ("9/10", 9), ("9.0", 9),
        ("8.5", 8.5), ("-1", -1), ("−1", -1), ("10 - Extremely likely", 10), ("0：完全不会", 0),
        ("1. Very bad", 1), (Decimal("7"), 7), (np.int8(3), 3), ("７", 7), ("１０分", 10),
    ],
)  # fmt: skip
def test_answers_that_are_read(answer, number):
    assert read_numbers([answer], maximum=10).numbers[0] == number


@pytest.mark.parametrize(
    "answer",
    [None, "", "   ", "N/A", "n/a", "NA", "#N/A", "无", "不适用", "-", "NaN", float("nan"),
     np.nan, pd.NA, pd.NaT, "skip", "\u3000", "Not rated", "未评分"],
)  # fmt: skip
def test_answers_that_are_none(answer):
    read = read_numbers([answer])
    assert is_missing(answer)
    assert (read.missing[0], np.isnan(read.numbers[0])) == (True, True)


@pytest.mark.parametrize(
    "answer",
    ["good", "九", "8-9", "9/5", "3 days", "10%", True, False, "1e1", "1,5", [1], float("inf")],
)
def test_answers_that_cannot_be_read_are_neither_number_nor_missing(answer):
    read = read_numbers([answer], maximum=10)
    assert (read.missing[0], np.isnan(read.numbers[0])) == (False, True)


def test_all_containers_give_the_same():
    expected = [9, 8, np.nan]
    for values in (
        [9, 8, None],
        np.array([9, 8, np.nan]),
        np.array([9, 8, np.nan], dtype=np.float32),
        pd.Series([9, 8, None]),
        pd.Series([9, 8, None], dtype="Int64"),
        pd.Series(["9", "8", None]),
        (value for value in ("9", "8", "")),
    ):
        np.testing.assert_array_equal(read_numbers(values).numbers, expected)


def test_one_string_is_no_list_of_answers():
    with pytest.raises(InputError, match="list"):
        read_numbers("10")


@pytest.mark.parametrize(
    "scale",
    [5, "5", (1, 5), [1, 5], "1-5", "1–5", "１-５", "1 to 5", "1至5", range(1, 6),
     np.array([1, 5]), {"min": 1, "max": 5}, {"minimum": 1, "maximum": 5}],
)  # fmt: skip
def test_scales(scale):
    assert read_scale(scale) == (1.0, 5.0)


@pytest.mark.parametrize(
    "scale", [1, 0, (5, 1), "five", (1, 2, 3), (1, float("inf")), None, range(1)]
)
def test_no_scale(scale):
    with pytest.raises(InputError, match="scale"):
        read_scale(scale)


def test_the_last_answer_of_a_customer_counts_per_period():
    kept = last_answers(
        [3, 9, None, 8, 7, 6],
        ["a", "a", "a", "b", None, None],
        [dt.date(2024, 1, 1), dt.date(2024, 1, 3), dt.date(2024, 1, 9), None, None, None],
        ["w1", "w1", "w1", "w1", "w1", "w1"],
    )
    # The missing answer of customer a does not wipe out the 9, and nobody's rows are kept apart.
    assert kept.index.tolist() == [1, 3, 4, 5]
    assert kept.dropped == 1


def test_periods_keep_one_answer_each_and_order_stands_for_time():
    kept = last_answers([1, 2, 3], ["a", "a", "a"], periods=["1", "2", "2"])
    assert (kept.index.tolist(), kept.dropped) == ([0, 2], 1)


def test_an_undated_answer_does_not_replace_a_dated_one():
    kept = last_answers([1, 2], ["a", "a"], [dt.date(2024, 1, 1), None])
    assert kept.index.tolist() == [0]


def test_columns_of_different_length_are_refused():
    with pytest.raises(InputError, match="customers"):
        last_answers([1, 2], ["a"])


def test_customers_are_numbered_and_unknown_ones_stay_apart():
    assert number_customers(["x", None, "x", "", "y"]).tolist() == [0, 1, 0, 2, 3]
    assert number_customers(np.array([7, 3, 7])).tolist() == [1, 0, 1]
