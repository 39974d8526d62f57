"""What makes a step of training cheap on a CPU: a quarter of its time went where nothing is learnt.

Dropout asks torch for a random number an element, one by one; eight bits of one number do for an
element. The fused attention is slower than plain products on texts as short as these.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn
from transformers import PreTrainedModel

__all__ = ["ByteDropout", "has_bf16", "quick"]

_CHANCES = 256  # of a byte
_BYTES = 8  # of a random number


def has_bf16(device: str = "cpu") -> bool:
    """Tell whether half the precision is a multiple of the speed there; emulated, it is a fiftieth."""
    if device == "cpu":
        return bool(getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)())
    return bool(torch.cuda.is_bf16_supported())


class ByteDropout(nn.Dropout):
    """Dropout with a probability that is a multiple of 1/256; what is kept is scaled up by it."""

    def __init__(self, probability: float) -> None:
        super().__init__(probability)
        self.kept = _CHANCES - round(_CHANCES * probability)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Return the values, some of them zero; all of them outside training."""
        if not self.training or self.kept == _CHANCES:
            return values
        many = values.numel()
        drawn = torch.empty(-(-many // _BYTES), dtype=torch.int64).random_(-(2**63), None)
        mask = drawn.view(torch.uint8)[:many].view(values.shape) < self.kept
        return values * mask.to(values.dtype).mul_(_CHANCES / max(1, self.kept))


@contextmanager
def quick(network: nn.Module, device: str) -> Iterator[None]:
    """Train the network faster within, if it is on a CPU; afterwards it is what it was."""
    if device != "cpu":
        yield
        return
    dropouts = [
        (parent, name, child)
        for parent in network.modules()
        for name, child in parent.named_children()
        if type(child) is nn.Dropout
    ]
    encoders = [
        (part, part.config._attn_implementation)
        for part in network.children()
        if isinstance(part, PreTrainedModel) and part.config.model_type == "modernbert"
    ]
    try:
        for parent, name, child in dropouts:
            setattr(parent, name, ByteDropout(child.p))
        for encoder, _ in encoders:
            encoder.set_attn_implementation("eager")
        network.train(network.training)
        yield
    finally:
        for parent, name, child in dropouts:
            setattr(parent, name, child)
        for encoder, attention in encoders:
            encoder.set_attn_implementation(attention)
