"""A network with fewer layers than the one it comes from: what is left already knows nearly all.

The layers of a residual network each add a little to the same vectors, so some can be left out, and
a short training makes up for them (Sajjad et al. 2023, "On the effect of dropping layers of
pre-trained transformer models").
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, cast

from torch import nn

from sentiment.model.network import FeedbackNetwork

__all__ = ["leave_out"]


def leave_out(network: FeedbackNetwork, layers: Collection[int]) -> FeedbackNetwork:
    """Leave layers of the encoder out, counted from 0, in place.

    :raises ValueError: The first, which reads the embedding as no other does, or one that is not
        there.
    """
    encoder = cast(Any, network.encoder)
    many = len(encoder.layers)
    if not set(layers) <= set(range(1, many)):
        raise ValueError(f"Layers 1 to {many - 1} can be left out, not {sorted(layers)}.")
    kept = [layer for at, layer in enumerate(encoder.layers) if at not in layers]
    encoder.layers = nn.ModuleList(kept)
    encoder.config.num_hidden_layers = len(kept)
    encoder.config.layer_types = ["full_attention"] * len(kept)
    return network
