"""How far to go from the base's weights, and how its decision moves: settled on rows held out.

Of rows that the network was not trained on, what it says at each share of the way from the base's
weights to the fine-tuned ones (`answers_along`); the share with the least loss (`choose_way`); and the
base's decision moved towards those rows, held by where it was (`settle_near`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from sentiment.model.combination import sigmoid, softmax, weighted
from sentiment.model.decision import (
    Decision,
    Outputs,
    chances,
    overall_features,
    state_features,
)
from sentiment.model.network import FeedbackNetwork
from sentiment.train.base.finetune import answer
from sentiment.train.base.token_targets import Targets
from sentiment.train.retrain.recalibrate import level_labels, move_limits, move_softmax

__all__ = ["Along", "answers_along", "choose_way", "go", "joined", "settle_near"]

Along = Mapping[float, Outputs]
"""What a network says of some rows at each share of the way."""

Weights = Mapping[str, torch.Tensor]

_WAYS = (0.0, 0.25, 0.5, 0.75, 1.0)  # to the end at last: there the network is left
_LEAST = 1e-9


def go(network: FeedbackNetwork, before: Weights, after: Weights, share: float) -> None:
    """Set the network's weights a share of the way from those before to those after."""
    network.load_state_dict(
        {
            name: torch.lerp(before[name], value, share) if value.is_floating_point() else value
            for name, value in after.items()
        }
    )


def answers_along(network: FeedbackNetwork, before: Weights, held: Sequence[Targets]) -> Along:
    """Return what the network says of the rows at each share of the way; its weights stay."""
    after = {name: value.clone() for name, value in network.state_dict().items()}
    along = {}
    for share in _WAYS:
        go(network, before, after, share)
        along[share] = answer(network, held)
    return along


def joined(parts: Sequence[Along]) -> Along:
    """Return what was said of several parts of the rows as if of one, in their order."""
    return {
        share: Outputs(*map(np.concatenate, zip(*(part[share] for part in parts), strict=True)))
        for share in parts[0]
    }


def choose_way(along: Along, held: Sequence[Targets], decision: Decision, anchor: float) -> float:
    """Return the share of the way with the least loss on the rows, 0 for the base as it was."""
    losses = {
        share: _cross_loss(outputs, held, decision, anchor) for share, outputs in along.items()
    }
    return min(losses, key=lambda share: losses[share])


def settle_near(
    outputs: Outputs, held: Sequence[Targets], decision: Decision, anchor: float
) -> Decision:
    """Return the decision moved towards rows, thresholds of topics included.

    :param outputs: What networks say of the rows that were not trained on them.
    :param anchor: How many rows the decision as it was is worth.
    """
    if not held:
        return decision
    moved = _moved(outputs, held, decision, anchor, np.ones(len(held), dtype=bool))
    labelled, _ = _codes(held)
    limits = move_limits(chances(outputs, moved).states, labelled, moved.thresholds)
    return replace(moved, thresholds=limits)


def _cross_loss(
    outputs: Outputs, targets: Sequence[Targets], decision: Decision, anchor: float
) -> float:
    """Return the loss of each half of the rows under the decision moved on the other half."""
    half = np.arange(len(targets)) % 2 == 0
    return sum(
        _loss(outputs, targets, _moved(outputs, targets, decision, anchor, ~part), part)
        for part in (half, ~half)
    )


def _moved(
    outputs: Outputs, targets: Sequence[Targets], decision: Decision, anchor: float,
    which: NDArray[np.bool_],
) -> Decision:  # fmt: skip
    labels = decision.labels
    rows = len(targets)
    logits = outputs.findings.reshape(rows, len(labels))
    judged = np.stack([target.findings for target in targets]).reshape(rows, len(labels))
    label = decision.label.copy()
    label[1] += level_labels((logits * label[0] + label[1])[which], judged[which], anchor)
    states, sentiments = _codes(targets)
    probabilities = sigmoid(logits * label[0] + label[1])
    features = state_features(probabilities, outputs.topics, labels)
    state = decision.state.copy()
    one = np.ones(rows, dtype=np.float32)
    for topic in range(len(labels.topics)):
        known = which & (states[:, topic] >= 0)
        state[topic] = move_softmax(
            features[known, topic], states[known, topic], state[topic], anchor, one[known]
        )
    known = which & (sentiments >= 0)
    of_text = overall_features(outputs.overall, probabilities, labels)
    overall = move_softmax(of_text[known], sentiments[known], decision.overall, anchor, one[known])
    return replace(decision, label=label, state=state, overall=overall)


def _loss(
    outputs: Outputs, targets: Sequence[Targets], decision: Decision, which: NDArray[np.bool_]
) -> float:
    """Return the summed log loss of topics, sentiment and labels of some rows."""
    labels = decision.labels
    rows = len(targets)
    logits = outputs.findings.reshape(rows, len(labels))
    judged = np.stack([target.findings for target in targets]).reshape(rows, len(labels))
    probabilities = np.clip(
        sigmoid(logits * decision.label[0] + decision.label[1]), _LEAST, 1 - 1e-7
    )
    states, sentiments = _codes(targets)
    features = state_features(probabilities, outputs.topics, labels)
    total = 0.0
    for topic in range(len(labels.topics)):
        p = softmax(weighted(decision.state[topic], features[:, topic]))
        total += _of_classes(p, states[:, topic], which)
    of_text = overall_features(outputs.overall, probabilities, labels)
    total += _of_classes(softmax(weighted(decision.overall, of_text)), sentiments, which)
    known = ~np.isnan(judged) & which[:, None]
    each = np.where(np.nan_to_num(judged) > 0, -np.log(probabilities), -np.log(1 - probabilities))
    return total + float(each[known].sum())


def _of_classes(
    p: NDArray[np.float32], classes: NDArray[np.int64], which: NDArray[np.bool_]
) -> float:
    known = which & (classes >= 0)
    chosen = p[np.arange(len(p)), np.maximum(classes, 0)]
    return float(-np.log(np.maximum(chosen[known], _LEAST)).sum())


def _codes(targets: Sequence[Targets]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    return (
        np.stack([target.topics for target in targets]),
        np.array([target.overall for target in targets]),
    )
