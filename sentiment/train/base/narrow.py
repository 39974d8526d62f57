"""An encoder that is narrower in some places than its configuration says, and stays so in training.

A unit that reads zeros and writes zeros gets no gradient, from any optimizer here: it stays nothing,
and `graph.without_dead` leaves it out of what a CPU computes. So a layer may have fewer inner units
than the others, and compare fewer numbers, while the weights remain those of a ModernBERT.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from sentiment.model.network import EncoderOptions

__all__ = ["narrow"]


def narrow(encoder: nn.Module, shape: EncoderOptions) -> None:
    """Make what `shape` does without zero, in place: before a training, or to prune after one.

    :param encoder: A ModernBERT of that shape.
    :raises ValueError: The layers, inner units or compared numbers that are asked for are not there.
    """
    layers: Any = encoder.layers
    size = shape.width // shape.heads
    compared = size if shape.compared is None else shape.compared
    inners = shape.inners or (shape.inner,) * len(layers)
    if len(inners) != len(layers) or not all(0 < one <= shape.inner for one in inners):
        raise ValueError(f"{len(layers)} layers have 1 to {shape.inner} inner units, not {inners}.")
    if compared < 2 or compared % 2 or size % compared:
        raise ValueError(f"A head compares an even part of its {size} numbers, not {compared}.")
    # Some of all frequencies: the fast ones tell places apart, the slow ones meanings.
    silent = torch.ones(size // 2, dtype=torch.bool)
    silent[:: size // compared] = False
    with torch.no_grad():
        for layer, inner in zip(layers, inners, strict=True):
            into, behind = layer.mlp.Wi.weight, layer.mlp.Wo.weight
            into.view(2, shape.inner, -1)[:, inner:] = 0.0
            behind[:, inner:] = 0.0
            both = layer.attn.Wqkv.weight[: 2 * shape.width]  # queries and keys
            both.view(2, shape.heads, 2, size // 2, -1)[:, :, :, silent] = 0.0
