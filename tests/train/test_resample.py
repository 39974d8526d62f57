from __future__ import annotations

import numpy as np
import pytest

from sentiment.train.figures.resample import Interval, group_sums, ratio_interval


def test_the_value_is_the_share_and_the_interval_that_of_a_proportion() -> None:
    right = np.array([1.0] * 80 + [0.0] * 120)
    ratios = np.stack([right, np.ones(200)], axis=1)
    found = ratio_interval(ratios, [str(at) for at in range(200)])
    assert found.value == 0.4
    assert found.low is not None
    assert found.high is not None
    half = 1.96 * np.sqrt(0.4 * 0.6 / 200)
    assert found.low == pytest.approx(0.4 - half, abs=0.012)
    assert found.high == pytest.approx(0.4 + half, abs=0.012)
    assert ratio_interval(ratios, [str(at) for at in range(200)]) == found


def test_rows_of_a_group_are_drawn_together() -> None:
    right = np.repeat([1.0, 0.0], 100)
    ratios = np.stack([right, np.ones(200)], axis=1)
    alone = ratio_interval(ratios, [str(at) for at in range(200)])
    together = ratio_interval(ratios, [str(at // 20) for at in range(200)])
    assert together.value == alone.value
    assert together.high - together.low > 3 * (alone.high - alone.low)  # type: ignore[operator]
    one = ratio_interval(ratios, ["the same"] * 200)
    assert (one.low, one.high) == (0.5, 0.5)


def test_nothing_to_divide_by_is_no_figure() -> None:
    none = Interval(None, None, None)
    assert ratio_interval(np.zeros((0, 2)), []) == none
    assert ratio_interval(np.zeros((3, 2)), ["a", "b", "c"]) == none


def test_sums_keep_the_order_in_which_groups_appear() -> None:
    ratios = np.arange(12.0).reshape(3, 2, 2)
    sums = group_sums(ratios, ["b", "a", "b"])
    assert sums.shape == (2, 2, 2)
    assert (sums[0] == ratios[0] + ratios[2]).all()
    assert (sums[1] == ratios[1]).all()
