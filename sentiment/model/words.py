"""What the words of a text say of its sentiment, beside what the transformer makes of it.

A small encoder that has read little knows rare words and set phrases badly; a linear model over hashed
n-grams (`features`) has a weight for each and knows nothing else. Their errors differ, and so the sum of
their logits is surer than either (Cheng et al. 2016, "Wide & deep learning for recommender systems").
It costs less than a hundredth of the transformer's time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.model.heads import Heads, read_batch
from sentiment.records import SENTIMENTS

__all__ = ["Words"]

_ROWS = 512  # texts scored at one time: array operations cost least on many, in little memory
_NAMES = ("words.buckets", "words.weights", "words.scale", "words.bias")


class Words:
    """A weight for every word and phrase of a vocabulary and every sentiment."""

    def __init__(self, heads: Heads) -> None:
        """Take heads that score whole texts, a column for each sentiment.

        :raises ValueError: They have other columns.
        """
        if heads.clause_heads or heads.stored.shape[1] != len(SENTIMENTS):
            raise ValueError(f"heads of {heads.stored.shape[1]} columns, not {len(SENTIMENTS)}")
        if len(heads.stored) != len(heads.buckets):
            raise ValueError("weights that do not fit their buckets")
        for of_columns in (heads.scale, heads.bias):
            if of_columns.shape != (len(SENTIMENTS),) or not np.isfinite(of_columns).all():
                raise ValueError("no number for each of the columns")
        self._heads = heads

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[Any]]) -> Words:
        """Build them from the arrays of a bundle.

        :raises KeyError: An array is missing.
        :raises ValueError: One has another shape or type than it must have.
        """
        buckets, weights, scale, bias = (arrays[name] for name in _NAMES)
        return cls(Heads(buckets.astype(np.int64), weights, scale, bias, 0))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what `of` reads."""
        heads = self._heads
        stored = (
            heads.buckets.astype(np.int32),
            heads.stored,
            heads.scale,
            heads.bias,
        )
        return dict(zip(_NAMES, stored, strict=True))

    def score(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return what is added to the logits of each folded text's sentiments, (B, 4)."""
        logits = np.zeros((len(texts), len(SENTIMENTS)), dtype=np.float32)
        for at in range(0, len(texts), _ROWS):
            some = texts[at : at + _ROWS]
            read = read_batch(some, [()] * len(some), self._heads.vocabulary)
            logits[at : at + _ROWS] = self._heads.score(read).row
        return logits
