"""Of a customer asked several times in a month the last answer counts, as `last_answers` has it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from sentiment.drivers.answers import last_answers
from sentiment.reporting.blocks.figures import _kept


@pytest.mark.parametrize("seed", range(20))
def test_the_last_answers_are_kept(seed: int) -> None:
    random = np.random.default_rng(seed)
    n = 60
    customer, first = random.integers(0, 12, n), random.random(n) < 0.9
    days = np.datetime64("2025-01-01") + random.integers(0, 90, n)
    days = np.where(random.random(n) < 0.15, np.datetime64("NaT", "D"), days)
    values = np.where(random.random(n) < 0.2, np.nan, random.integers(0, 11, n) + 0.0)
    values[~first] = np.nan
    table: Any = SimpleNamespace(first=first, customer=customer, dates=days, repeated_customers=1)
    scale: Any = SimpleNamespace(kind="nps")
    rows = np.flatnonzero(first)
    wanted = last_answers(
        values[rows].tolist(),
        customer[rows].tolist(),
        times=[None if np.isnat(day) else int(day.astype(int)) for day in days[rows]],
        periods=days[rows].astype("datetime64[M]").astype(np.int64).tolist(),
    )
    kept, expected = values[_kept(table, scale, values)], values[rows[wanted.index]]
    assert sorted(kept[~np.isnan(kept)]) == sorted(expected[~np.isnan(expected)])
