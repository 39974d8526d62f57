from __future__ import annotations

import numpy as np
import pytest

from sentiment.model.features import extract
from sentiment.model.sums import run_sums
from sentiment.model.vocabulary import Vocabulary
from tests.model.test_features import TEXTS


@pytest.mark.parametrize("runs", [1, 3, 700])
@pytest.mark.parametrize("kind", [np.int16, np.int32])
def test_sums_are_those_of_reduceat(runs: int, kind: type[np.signedinteger]) -> None:
    chance = np.random.default_rng(runs)
    table = chance.integers(-127, 128, size=(500, 7), dtype=np.int8)
    sizes = chance.integers(1, 200, size=runs)
    starts = np.cumsum(sizes) - sizes
    rows = chance.integers(0, len(table), size=sizes.sum())
    found = run_sums(table, rows, starts, sizes, kind)
    assert found.dtype == kind
    expected = np.add.reduceat(table[rows], starts, axis=0, dtype=kind)
    np.testing.assert_array_equal(found, expected)


def test_runs_need_not_follow_one_another() -> None:
    table = np.random.default_rng(8).integers(-127, 128, size=(50, 3))
    starts, sizes = np.array([30, 2]), np.array([11, 9])
    found = run_sums(table, np.arange(50)[::-1], starts, sizes, np.int64)
    np.testing.assert_array_equal(found, [table[9:20].sum(0), table[39:48].sum(0)])


def test_features_that_are_not_wanted_are_left_out_and_nothing_else_changes() -> None:
    whole = extract(TEXTS)
    wanted = np.random.default_rng(9).random(1 << 22) < 0.4
    some = extract(TEXTS, Vocabulary(np.flatnonzero(wanted), 22))
    kept = wanted[whole.bucket]
    for name in ("bucket", "start", "end", "row"):
        np.testing.assert_array_equal(getattr(some, name), getattr(whole, name)[kept])
