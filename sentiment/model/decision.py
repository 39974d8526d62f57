"""From the base model's logits to findings: thresholds, and the span of the evidence.

NumPy only, so that the scoring run (ONNX) and training (torch) decide by the same code.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Found", "best_span", "decide"]

# No gold evidence is longer; without a limit a start and an end of two opinions can pair up.
_LONGEST = 40


class Found(NamedTuple):
    """A driver or tag that a row judges: indices, probability, tokens (both inclusive)."""

    name: int
    polarity: int
    probability: float
    first: int
    last: int


def decide(
    findings: NDArray[np.float32],
    starts: NDArray[np.float32],
    ends: NDArray[np.float32],
    tokens: int,
    thresholds: NDArray[np.float32] | float = 0.5,
) -> list[Found]:
    """Return what one row judges, in the order of names and polarities.

    :param findings: Logits, (N, 3).
    :param starts: Logits of the first token of the evidence, (N, 3, L).
    :param ends: Logits of the last one, (N, 3, L).
    :param tokens: Number of the row's tokens, [CLS] and [SEP] included; the rest is padding.
    :param thresholds: Probability from which a finding counts, one or (N, 3).
    """
    found: list[Found] = []
    if tokens <= 2:
        return found  # nothing but [CLS] and [SEP], which are no evidence
    probabilities = 1.0 / (1.0 + np.exp(-findings))
    for name, polarity in np.argwhere(probabilities >= thresholds).tolist():
        first, last = best_span(
            starts[name, polarity, 1 : tokens - 1], ends[name, polarity, 1 : tokens - 1]
        )
        probability = float(probabilities[name, polarity])
        found.append(Found(name, polarity, probability, first + 1, last + 1))
    return found


def best_span(starts: NDArray[np.float32], ends: NDArray[np.float32]) -> tuple[int, int]:
    """Return (first, last) with the highest sum of logits, first <= last < first + the limit."""
    length = len(starts)
    best, where = -np.inf, (0, max(0, length - 1))
    for first in range(length):
        reach = ends[first : first + _LONGEST]
        last = int(reach.argmax())
        score = float(starts[first] + reach[last])
        if score > best:
            best, where = score, (first, first + last)
    return where
