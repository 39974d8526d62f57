from __future__ import annotations

import numpy as np
import pytest

from sentiment.model.features import extract
from sentiment.model.sums import LONGEST, run_sums
from tests.model.test_features import TEXTS


@pytest.mark.parametrize("runs", [1, 3, 700])
def test_sums_are_those_of_reduceat_to_the_last_bit(runs: int) -> None:
    chance = np.random.default_rng(runs)
    table = chance.normal(size=(500, 7)).astype(np.float32)
    sizes = chance.integers(1, LONGEST + 1, size=runs)
    sizes[:1] = LONGEST
    starts = np.cumsum(sizes) - sizes
    rows = chance.integers(0, len(table), size=sizes.sum())
    expected = np.add.reduceat(table[rows], starts, axis=0)
    np.testing.assert_array_equal(run_sums(table, rows, starts, sizes), expected)


def test_every_length_is_summed_as_reduceat_does() -> None:
    table = np.random.default_rng(7).normal(size=(2000, 3)).astype(np.float32)
    sizes = np.arange(1, LONGEST + 1)
    starts = np.zeros_like(sizes)
    found = run_sums(table, np.arange(len(table)), starts, sizes)
    expected = [np.add.reduceat(table[:size], [0], axis=0)[0] for size in sizes]
    np.testing.assert_array_equal(found, expected)


def test_runs_need_not_follow_one_another() -> None:
    table = np.random.default_rng(8).normal(size=(50, 3)).astype(np.float32)
    starts, sizes = np.array([30, 2]), np.array([11, 9])
    found = run_sums(table, np.arange(50)[::-1], starts, sizes)
    expected = [
        np.add.reduceat(table[::-1][s : s + n], [0], axis=0)[0] for s, n in ((30, 11), (2, 9))
    ]
    np.testing.assert_array_equal(found, expected)


def test_features_that_are_not_wanted_are_left_out_and_nothing_else_changes() -> None:
    whole = extract(TEXTS)
    wanted = np.random.default_rng(9).random(1 << 22) < 0.4
    some = extract(TEXTS, wanted)
    kept = wanted[whole.bucket]
    for name in ("bucket", "start", "end", "row"):
        np.testing.assert_array_equal(getattr(some, name), getattr(whole, name)[kept])
