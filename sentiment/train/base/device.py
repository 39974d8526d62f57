"""What training on a GPU shares: averaged weights and precision, without waiting for the device."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

__all__ = ["Averaged", "autocast", "compiled", "seen_of"]


class Averaged:
    """The running mean of a network's weights, in one launch an update.

    :param network: Whose weights; its state when this is made is the start.
    :param most: How much of the mean stays at an update, once there were many.
    """

    def __init__(self, network: nn.Module, most: float) -> None:
        self.module = copy.deepcopy(network).eval().requires_grad_(False)
        self._most = most
        self._updates = 0
        self._mean = [one.detach() for one in self.module.parameters()]
        self._current = [one.detach() for one in network.parameters()]

    def update(self) -> None:
        """Take the network's weights in."""
        self._updates += 1
        # A short memory at first: the random start must not linger in the average.
        keep = min(self._most, (1.0 + self._updates) / (10.0 + self._updates))
        torch._foreach_lerp_(self._mean, self._current, 1.0 - keep)


def autocast(device: torch.device, bf16: bool) -> torch.autocast:
    """Return the context in which products are in bf16, or one without any effect."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=bf16)


def compiled(network: nn.Module, wanted: bool) -> Callable[..., Any]:
    """Return the network as it is called, compiled for any shape where that is wanted."""
    if not wanted:
        return network
    return torch.compile(network, dynamic=True)


def seen_of(attention: torch.Tensor) -> torch.Tensor:
    """Return which tokens each token sees, (B, 1, L, L), from the mask of padding, (B, L).

    Given the mask alone, transformers asks the device whether any row is padded, and waits.
    """
    rows, length = attention.shape
    return attention.bool()[:, None, None, :].expand(rows, 1, length, length)
