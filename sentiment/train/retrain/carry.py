"""A transformer's heads and decision carried over to another taxonomy.

What the taxonomy keeps is kept to the bit; a driver or topic that is new starts from the mean of
those there are, as in the lite model (`prior`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from sentiment.model.combination import Thresholds
from sentiment.model.decision import Decision, every_label
from sentiment.model.network import FeedbackNetwork
from sentiment.records import POLARITIES, SENTIMENTS, STATES
from sentiment.taxonomy import Taxonomy

__all__ = ["carry_decision", "carry_heads", "first_decision"]

# Logits of a driver that is new: until a row says otherwise, it is not found.
_RARE = -2.0


def carry_heads(network: FeedbackNetwork, old: Taxonomy, new: Taxonomy) -> FeedbackNetwork:
    """Return the network with its heads in the order of another taxonomy; the encoder is shared."""
    if _names(old) == _names(new) and list(old.topics) == list(new.topics):
        return network
    names = _sources(_names(old), _names(new), len(old.drivers))
    topics = _sources(list(old.topics), list(new.topics), len(old.topics))
    pools = [[2 * one + half for one in sources] for sources in topics for half in (0, 1)]
    carried = FeedbackNetwork(
        network.encoder, network.overall_pool.query.shape[-1], len(new.topics), len(_names(new)),
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
