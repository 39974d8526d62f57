"""Muon for the matrices of an encoder's layers, AdamW for everything else that is learnt."""

from __future__ import annotations

import torch
from torch import nn

__all__ = ["muon_and_adamw"]


def muon_and_adamw(
    network: nn.Module, *, matrix_rate: float, rate: float, weight_decay: float
) -> list[torch.optim.Optimizer]:
    """Return those that have something to learn; a group's `full_rate` is its rate before a schedule.

    Muon's updates are scaled to the size of AdamW's, and so the same rate may do for both.

    :param network: Parameters that need no gradient are left out.
    :param matrix_rate: Of Muon.
    :param rate: Of AdamW.
    """
    matrices: list[nn.Parameter] = []
    rest: list[nn.Parameter] = []
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            inner = parameter.ndim == 2 and ".layers." in name
            (matrices if inner else rest).append(parameter)
    optimizers: list[torch.optim.Optimizer] = []
    if matrices:
        optimizers.append(
            torch.optim.Muon(
                matrices,
                lr=matrix_rate,
                weight_decay=weight_decay,
                adjust_lr_fn="match_rms_adamw",
            )
        )
    if rest:
        optimizers.append(
            torch.optim.AdamW(
                rest, lr=rate, betas=(0.9, 0.98), weight_decay=weight_decay, fused=True
            )
        )
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["full_rate"] = group["lr"]
    return optimizers
