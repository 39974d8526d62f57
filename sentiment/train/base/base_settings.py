"""What stands between the base model's logits and its findings, fitted on rows it has not seen.

By the lite model's own functions (`combine`): a slope and a shift for each label, the weights of
topic states and overall sentiment, and thresholds for the best mean of topic and driver F1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sentiment.model.combination import Labels, Thresholds, sigmoid, softmax, weighted
from sentiment.model.decision import (
    Decision,
    Floats,
    Outputs,
    every_label,
    overall_features,
    state_features,
)
from sentiment.records import STATES
from sentiment.taxonomy import Taxonomy
from sentiment.train.linear.combine import fit_shared, fit_softmax, state_codes, tune_thresholds

__all__ = ["Fits", "Held", "settle"]


class Fits(NamedTuple):
    """What finds weights: that of the labels as `fit_shared` does, that of classes as `fit_softmax`."""

    shared: Callable[[Floats, Floats, Labels], Floats] = fit_shared
    softmax: Callable[[Floats, NDArray[np.int64], int], Floats] = fit_softmax


@dataclass(frozen=True)
class Held:
    """Logits of gold rows out of fold, and their labels; R rows, N drivers and tags.

    :param outputs: Of the network, for all rows; `starts` and `ends` may be empty.
    :param sentiments: Index of the labelled sentiment, (R,).
    :param judged: 1 judged so, 0 not, (R, N, 3).
    :param languages: "zh" or "en", (R,).
    """

    outputs: Outputs
    sentiments: NDArray[np.int64]
    judged: Floats
    languages: NDArray[np.str_]


def settle(held: Held, taxonomy: Taxonomy, fits: Fits | None = None) -> Decision:
    """Fit every step in turn, each on what the steps before it give.

    :param fits: What finds the weights; by default scikit-learn does.
    """
    fits = fits or Fits()
    labels = every_label(taxonomy)
    rows = len(held.sentiments)
    logits = held.outputs.findings.reshape(rows, len(labels))
    judged = held.judged.reshape(rows, len(labels))
    label = fits.shared(logits[None], judged, labels)
    probabilities = sigmoid(logits * label[0] + label[1])

    features = state_features(probabilities, held.outputs.topics, labels)
    codes = state_codes(judged > 0, labels)
    topics = range(len(labels.topics))
    state = np.stack([fits.softmax(features[:, at], codes[:, at], len(STATES)) for at in topics])
    states = softmax(np.stack([weighted(state[at], features[:, at]) for at in topics], axis=1))

    draft = Decision(
        labels=labels,
        label=label,
        state=state,
        overall=fits.softmax(
            overall_features(held.outputs.overall, probabilities, labels), held.sentiments, 4
        ),
        thresholds=Thresholds((0.5,) * len(labels.topics), 0.3, 0.4, 0.4),
    )
    limits = tune_thresholds(states, probabilities, judged > 0, held.languages, labels)
    return replace(draft, thresholds=limits)
