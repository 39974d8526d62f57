"""One network of several runs: the mean of their weights."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn

__all__ = ["average"]


def average(network: nn.Module, runs: Sequence[Path]) -> None:
    """Give the network the mean of its weights and those of other runs from the same start.

    Runs that start from the same weights end in one valley, and the middle of it generalises better
    than any of them (Wortsman et al. 2022, "Model soups").

    :param runs: Files of weights that `torch.save` wrote of networks with the same parts.
    :raises KeyError: A run lacks some of the weights.
    """
    states = [torch.load(run, weights_only=True) for run in runs]
    for name, weights in network.state_dict().items():
        if weights.is_floating_point():
            mean = sum((state[name] for state in states), start=weights) / (1 + len(states))
            with torch.no_grad():
                weights.copy_(mean)
