"""Weights of a few words, written by hand, for the tests."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sentiment.model.features import extract
from sentiment.model.heads import Heads
from sentiment.model.words import Words
from sentiment.records import SENTIMENTS


def words_of(weights: Mapping[str, Mapping[str, float]]) -> Words:
    """Return words of which each adds so much to the logits of some sentiments.

    :param weights: By word, by sentiment, -127 to 127.
    """
    by_bucket = {
        int(extract([word]).bucket[0]): [float(by_sentiment.get(name, 0)) for name in SENTIMENTS]
        for word, by_sentiment in weights.items()
    }
    buckets = np.array(sorted(by_bucket))
    stored = np.array([by_bucket[bucket] for bucket in buckets.tolist()]).astype(np.int8)
    ones, nothing = np.ones(len(SENTIMENTS), np.float32), np.zeros(len(SENTIMENTS), np.float32)
    return Words(Heads(buckets, stored, ones, nothing, 0))
