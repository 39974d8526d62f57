"""Vocabularies, against a plain dictionary."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from sentiment.model.vocabulary import Vocabulary

BITS = 12


@pytest.mark.parametrize(
    "buckets",
    [
        [],
        [0],
        [2**BITS - 1],
        [15, 16, 31, 32],
        list(range(2**BITS)),
        sorted({int(one) for one in np.random.default_rng(3).integers(0, 2**BITS, 900)}),
    ],
    ids=["none", "first", "last", "borders", "all", "some"],
)
def test_every_bucket_is_found_or_not(buckets: list[int]) -> None:
    vocabulary = Vocabulary(np.array(buckets, dtype=np.int64), BITS)
    row = {bucket: at for at, bucket in enumerate(buckets)}
    every = np.random.default_rng(1).permutation(2**BITS)

    assert vocabulary.holds(every).tolist() == [int(one) in row for one in every]
    assert vocabulary.rows(every).tolist() == [row.get(int(one), -1) for one in every]


@pytest.mark.parametrize("buckets", [[3, 2], [4, 4], [-1, 5], [2**BITS]])
def test_buckets_out_of_order_or_range_are_refused(buckets: list[int]) -> None:
    with pytest.raises(ValueError, match="buckets"):
        Vocabulary(np.array(buckets, dtype=np.int64), BITS)


def test_no_bucket_asked_for_gives_none() -> None:
    nothing: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
    vocabulary = Vocabulary(np.array([1, 9], dtype=np.int64), BITS)

    assert vocabulary.holds(nothing).shape == vocabulary.rows(nothing).shape == (0,)
