"""Make a trained encoder narrower: what its rows use least goes, and what stays takes over its part.

Which goes first is the question of the Optimal Brain Surgeon (Hassibi and Stork, 1992), asked of whole
units: of a linear map y = W h, whose inputs h have second moments G, leaving unit j out costs
|W_j|^2 / (G^-1)_jj when all others are adjusted by least squares, and that adjustment is closed. The
units of a feed-forward are left out so, so are the numbers that a head gathers from the tokens it
attends to, and so are the pairs of numbers in which it compares two tokens: the scores before softmax
are a sum over pairs, so "y" is the score and every weight is 1.

What is left out is zero, as `narrow` makes it before a training: the weights remain those of a
ModernBERT, and `graph.without_dead` leaves it out of what a CPU computes. `distil` then makes good most
of what it cost.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import torch
from torch import nn

from sentiment.model.network import FeedbackNetwork
from sentiment.train.base.finetune import Batch

__all__ = ["Moments", "check_shape", "keep_units", "kept_by", "observe", "prune", "trim"]

_DAMPING = 1e-3  # of the mean of a diagonal: rows that were seen are some, not all


class Moments(NamedTuple):
    """Second moments of what one layer's rows make, summed over tokens; U units, H heads, P pairs.

    :param units: Of what the feed-forward's units give, (U, U).
    :param pairs: Of what each pair adds to a head's scores, as far as softmax sees it, (H, P, P).
    :param values: Of what the heads gather, one head after the other, (D, D).
    """

    units: torch.Tensor
    pairs: torch.Tensor
    values: torch.Tensor


def observe(network: FeedbackNetwork, batches: Iterable[Batch]) -> list[Moments]:
    """Return the moments of each layer on some rows; tens of thousands of tokens tell enough."""
    encoder: Any = network.encoder
    heads = encoder.config.num_attention_heads
    size = encoder.config.hidden_size // heads
    theta = encoder.config.rope_parameters["full_attention"]["rope_theta"]
    caught: dict[tuple[int, str], torch.Tensor] = {}

    def catch(at: int, name: str, value: torch.Tensor) -> None:
        caught[at, name] = value

    hooks = []
    for at, layer in enumerate(encoder.layers):
        hooks += [
            layer.mlp.Wo.register_forward_pre_hook(
                lambda module, given, at=at: catch(at, "units", given[0])
            ),
            layer.attn.Wo.register_forward_pre_hook(
                lambda module, given, at=at: catch(at, "values", given[0])
            ),
            layer.attn.Wqkv.register_forward_hook(
                lambda module, given, out, at=at: catch(at, "compared", out)
            ),
        ]
    sums: list[Moments] = []
    try:
        with torch.no_grad():
            for batch in batches:
                network(batch.ids, batch.attention)
                seen = batch.attention.bool()
                for at in range(len(encoder.layers)):
                    units, values = (caught[at, name][seen] for name in ("units", "values"))
                    rows, length, _ = caught[at, "compared"].shape
                    both = caught[at, "compared"].view(rows, length, 3, heads, 2, size // 2)
                    pairs = _of_scores(both[:, :, 0], both[:, :, 1], seen, theta)
                    found = Moments(units.T @ units, pairs, values.T @ values)
                    if len(sums) == at:
                        sums.append(found)
                    else:
                        sums[at] = Moments(*map(torch.add, sums[at], found))
    finally:
        for hook in hooks:
            hook.remove()
    return sums


def _of_scores(
    queries: torch.Tensor, keys: torch.Tensor, seen: torch.Tensor, theta: float
) -> torch.Tensor:
    """Return the moments of what pairs add to the scores, (H, P, P).

    A score counts by the attention that its token gets, and less the mean over tokens so weighed:
    softmax does not see what is added to all scores alike.

    :param queries: Before they are turned by position, (B, L, H, 2, P); so the keys.
    """
    length, pairs = queries.shape[1], queries.shape[-1]
    angles = torch.arange(length)[:, None] * theta ** -(torch.arange(pairs) / pairs)
    turn = torch.polar(torch.ones_like(angles), angles)[:, None]  # (L, 1, P)
    query, key = (torch.complex(one[..., 0, :], one[..., 1, :]) * turn for one in (queries, keys))
    heads = queries.shape[2]
    total = queries.new_zeros(heads, pairs, pairs)
    for row in range(len(query)):  # one at a time: (H, P, L, L) of all would not fit
        many = int(seen[row].sum())
        asked, asking = query[row, :many], key[row, :many]
        added = torch.einsum("ihp,jhp->hpij", asked, asking.conj()).real  # (H, P, L, L)
        added = added * (2 * pairs) ** -0.5
        weight = added.sum(1).softmax(-1)[:, None]  # (H, 1, L, L)
        added = added - (weight * added).sum(-1, keepdim=True)
        weighed = (added * weight.sqrt()).flatten(2)
        total += weighed @ weighed.transpose(1, 2)
    return total


def prune(
    network: FeedbackNetwork,
    moments: Sequence[Moments],
    inners: Sequence[int],
    compared: Sequence[int],
    values: Sequence[int],
) -> None:
    """Leave units, pairs and values out until so many are left, in place.

    Units and values that stay come first.

    :param moments: What `observe` returned about it.
    :param inners: Units that stay in the feed-forward of each layer.
    :param compared: Numbers that each head of a layer goes on comparing; even.
    :param values: Numbers that each head of a layer goes on gathering.
    :raises ValueError: As of `check_shape`.
    """
    check_shape(network, inners, compared, values)
    encoder: Any = network.encoder
    width, heads = encoder.config.hidden_size, encoder.config.num_attention_heads
    size = width // heads
    with torch.no_grad():
        for at, (inner, numbers, gathered) in enumerate(zip(inners, compared, values, strict=True)):
            layer, seen = encoder.layers[at], moments[at]
            behind = layer.mlp.Wo.weight
            kept, adjusted = kept_by(seen.units[None], behind[None], inner)
            into = layer.mlp.Wi.weight.view(2, -1, width)
            into[:, :inner] = into[:, kept].clone()
            into[:, inner:] = 0.0
            behind[:, :inner] = adjusted[0][:, kept].to(behind.dtype)
            behind[:, inner:] = 0.0

            every = torch.ones(heads, 1, size // 2)
            kept, adjusted = kept_by(seen.pairs, every, numbers // 2)
            scale = torch.zeros(heads, size // 2)
            scale[:, kept] = adjusted[:, 0, kept].float()
            both = layer.attn.Wqkv.weight[: 2 * width].view(2, heads, 2, size // 2, width)
            both[0] *= scale[:, None, :, None]
            both[1] *= (scale != 0)[:, None, :, None]

            out = layer.attn.Wo.weight
            kept, adjusted = kept_by(seen.values[None], out[None], heads * gathered, heads)
            value = layer.attn.Wqkv.weight[2 * width :]
            rows, columns = value[kept].clone(), adjusted[0][:, kept].to(out.dtype)
            value.zero_()
            out.zero_()
            value.view(heads, size, width)[:, :gathered] = rows.view(heads, gathered, width)
            out.view(width, heads, size)[:, :, :gathered] = columns.view(width, heads, gathered)


def check_shape(
    network: FeedbackNetwork,
    inners: Sequence[int],
    compared: Sequence[int],
    values: Sequence[int],
) -> None:
    """Tell whether `prune` can make the network so narrow.

    :raises ValueError: The layers, units or numbers that are asked for are not there.
    """
    encoder: Any = network.encoder
    size = encoder.config.hidden_size // encoder.config.num_attention_heads
    if len(inners) != len(encoder.layers) or not all(
        0 < inner <= encoder.config.intermediate_size for inner in inners
    ):
        raise ValueError(
            f"{len(encoder.layers)} layers have 1 to {encoder.config.intermediate_size} units, "
            f"not {inners}."
        )
    if len(compared) != len(inners) or not all(0 < n <= size and n % 2 == 0 for n in compared):
        raise ValueError(f"A head compares 2, 4 to {size} of its numbers, not {compared}.")
    if len(values) != len(inners) or not all(0 < one <= size for one in values):
        raise ValueError(f"A head gathers 1 to {size} of its numbers, not {values}.")


def kept_by(
    moments: torch.Tensor, maps: torch.Tensor, many: int, groups: int = 1
) -> tuple[torch.Tensor, torch.Tensor]:
    """Leave inputs of linear maps out, the cheapest first, until so many are left.

    :param moments: Second moments of the inputs of each of M maps, (M, K, K).
    :param maps: The maps, (M, N, K); all lose the same inputs.
    :param groups: As many are left in each of so many equal parts of the inputs.
    :return: The inputs that are left, ascending, and the maps adjusted to them, (M, N, K), fp64.
    """
    inputs = moments.shape[-1]
    moments, maps = moments.double(), maps.double().clone()
    # Maps whose inputs are large must not choose for the others.
    moments = moments / moments.diagonal(dim1=1, dim2=2).mean(1)[:, None, None]
    inverse = torch.linalg.inv(moments + _DAMPING * torch.eye(inputs, dtype=torch.float64))
    left = torch.ones(inputs, dtype=torch.bool)
    for _ in range(inputs - many):
        own = inverse.diagonal(dim1=1, dim2=2)  # (M, K)
        cost = (maps.square().sum(1) / own.clamp(min=1e-12)).sum(0)
        few = left.view(groups, -1).sum(1) <= many // groups
        stays = few.repeat_interleave(inputs // groups)
        out = int(cost.masked_fill(~left | stays, torch.inf).argmin())
        left[out] = False
        row = inverse[:, out] / own[:, out, None]  # (M, K)
        maps -= maps[:, :, out, None] * row[:, None]
        inverse = inverse - inverse[:, :, out, None] * row[:, None]
        inverse[:, out], inverse[:, :, out] = 0.0, 0.0
        maps[:, :, out] = 0.0
    return left.nonzero()[:, 0], maps


def trim(network: FeedbackNetwork) -> None:
    """Leave out, in place, the feed-forward units that no layer needs: all have as many as the widest.

    What its weights say is the same; they take less room.
    """
    encoder: Any = network.encoder
    used = [layer.mlp.Wo.weight.any(0) for layer in encoder.layers]
    widest = max(int(one.sum()) for one in used)
    for layer, one in zip(encoder.layers, used, strict=True):
        keep_units(layer.mlp, one.sort(descending=True, stable=True).indices[:widest])
    encoder.config.intermediate_size = widest


def keep_units(mlp: Any, units: torch.Tensor) -> None:
    """Leave the units of a feed-forward out but for some, in place.

    :param mlp: A ModernBERT's.
    :param units: The indices of those that stay, (K,), in the order that they get.
    """
    width = mlp.Wo.out_features
    into = mlp.Wi.weight.data.view(2, -1, width)[:, units].reshape(-1, width)
    behind = mlp.Wo.weight.data[:, units]
    mlp.Wi = nn.Linear(width, len(into), bias=False)
    mlp.Wo = nn.Linear(len(units), width, bias=False)
    mlp.Wi.weight.data.copy_(into)
    mlp.Wo.weight.data.copy_(behind)
