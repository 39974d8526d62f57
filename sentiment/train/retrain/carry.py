"""A transformer's heads and decision carried over to another taxonomy, and moved towards rows.

What the taxonomy keeps is kept to the bit; a driver or topic that is new starts from the mean of
those there are, as in the lite model (`prior`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from sentiment.model.combination import Thresholds, sigmoid, softmax, weighted
from sentiment.model.decision import (
    Decision,
    Outputs,
    every_label,
    overall_features,
    state_features,
)
from sentiment.model.network import FeedbackNetwork
from sentiment.records import POLARITIES, SENTIMENTS, STATES
from sentiment.taxonomy import Taxonomy
from sentiment.train.base.finetune import answer
from sentiment.train.base.token_targets import Targets
from sentiment.train.retrain.recalibrate import level_labels, move_softmax

__all__ = ["carry_decision", "carry_heads", "choose_way", "first_decision", "settle_near"]

# Logits of a driver that is new: until a row says otherwise, it is not found.
_RARE = -2.0
_LEAST = 1e-9
# Shares of the way from the base's weights to the fine-tuned ones.
_WAYS = (0.0, 0.25, 0.5, 0.75, 1.0)


def carry_heads(network: FeedbackNetwork, old: Taxonomy, new: Taxonomy) -> FeedbackNetwork:
    """Return the network with its heads in the order of another taxonomy; the encoder is shared."""
    if _names(old) == _names(new) and list(old.topics) == list(new.topics):
        return network
    names = _sources(_names(old), _names(new), len(old.drivers))
    topics = _sources(list(old.topics), list(new.topics), len(old.topics))
    pools = [[2 * one + half for one in sources] for sources in topics for half in (0, 1)]
    carried = FeedbackNetwork(
        network.encoder, network.judge[0].in_features, len(new.topics), len(_names(new)),
        network.drop.p,
    )  # fmt: skip
    state = network.state_dict()
    for name, value in state.items():
        if name.endswith((".name", ".pair")) or name == "bias":
            state[name] = _rows(value, names)
        elif name == "topic_pool.query":
            state[name] = _rows(value, pools)
        elif name == "topic_bias":
            state[name] = _rows(value, topics)
    fresh = [at for at, sources in enumerate(names) if len(sources) > 1]
    state["bias"][fresh] += _RARE
    carried.load_state_dict(state)
    return carried


def carry_decision(decision: Decision, old: Taxonomy, new: Taxonomy) -> Decision:
    """Return a decision in the order of another taxonomy's labels and topics."""
    names = _sources(_names(old), _names(new), len(old.drivers))
    topics = _sources(list(old.topics), list(new.topics), len(old.topics))
    columns = [
        [one * len(POLARITIES) + polarity for one in sources]
        for sources in names
        for polarity in range(len(POLARITIES))
    ]
    limits = decision.thresholds
    return Decision(
        every_label(new),
        np.stack([decision.label[:, some].mean(1) for some in columns], axis=1),
        np.stack([decision.state[some].mean(0) for some in topics]),
        decision.overall,
        replace(
            limits,
            state=tuple(float(np.mean([limits.state[one] for one in some])) for some in topics),
        ),
    )


def first_decision(taxonomy: Taxonomy) -> Decision:
    """Return the decision that takes the heads of a network at their word."""
    labels = every_label(taxonomy)
    state = np.zeros((len(labels.topics), len(STATES), 10), dtype=np.float32)
    negative, neutral, positive = range(6, 9)  # the topic head's part of `state_features`
    for name, column in (("negative", negative), ("neutral", neutral), ("positive", positive)):
        state[:, STATES.index(name), column] = 1.0
    state[:, STATES.index("mixed"), [negative, positive]] = 0.5
    overall = np.zeros((len(SENTIMENTS), 11), dtype=np.float32)
    overall[range(len(SENTIMENTS)), range(len(SENTIMENTS))] = 1.0
    return Decision(
        labels,
        np.stack([np.ones(len(labels)), np.zeros(len(labels))]).astype(np.float32),
        state,
        overall,
        Thresholds((0.5,) * len(labels.topics), 0.3, 0.4, 0.4),
    )


def choose_way(
    network: FeedbackNetwork, before: Mapping[str, torch.Tensor], held: Sequence[Targets],
    decision: Decision, anchor: float,
) -> float:  # fmt: skip
    """Set the network's weights part of the way from the base's, where held-out loss is least.

    :return: The share of the way, 0 for the base as it was.
    """
    after = {name: value.clone() for name, value in network.state_dict().items()}

    def go(share: float) -> None:
        network.load_state_dict(
            {
                name: torch.lerp(before[name], value, share) if value.is_floating_point() else value
                for name, value in after.items()
            }
        )

    def loss(share: float) -> float:
        go(share)
        return _cross_loss(answer(network, held), held, decision, anchor)

    losses = {share: loss(share) for share in _WAYS}
    best = min(losses, key=lambda share: losses[share])
    go(best)
    return best


def settle_near(
    network: FeedbackNetwork, held: Sequence[Targets], decision: Decision, anchor: float
) -> Decision:
    """Return the decision moved towards rows that the network was not trained on."""
    if not held:
        return decision
    return _moved(answer(network, held), held, decision, anchor, np.ones(len(held), dtype=bool))


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


def _names(taxonomy: Taxonomy) -> list[str]:
    return [*taxonomy.drivers, *taxonomy.tags]


def _sources(old: Sequence[str], new: Sequence[str], mean_of: int) -> list[list[int]]:
    """Return for each new name the place it had, or those that its mean is taken over."""
    places = {name: at for at, name in enumerate(old)}
    return [[places[name]] if name in places else [*range(mean_of)] for name in new]


def _rows(values: torch.Tensor, sources: Sequence[Sequence[int]]) -> torch.Tensor:
    return torch.stack(
        [values[some[0]] if len(some) == 1 else values[list(some)].mean(0) for some in sources]
    )
