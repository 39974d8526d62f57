"""The bundled network laid out for scoring on a GPU: the sums of `network`, in a third of the passes.

On a GPU a network this small waits for memory, not for products. So the embedding's norm is taken once
for each word of the vocabulary, the turning of queries and keys by their position (Su et al. 2021,
"RoFormer", eq. 34) is one more product and one pass instead of eight in fp32, and every question that
the heads ask of a token is a column of one product. It needs torch, and not transformers, which takes
some seconds to import.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch.nn import functional

from sentiment.records import POLARITIES

__all__ = ["LeanNetwork", "Said"]

_SILENT = -30_000.0  # as in `network`
_QUESTIONS = ("look", "weigh", "start", "end")
_PREFIX = "model."
_PADDED = 256  # tokens: a text that fits the window may be padded beyond it


class Said(NamedTuple):
    """What is computed of B rows of L tokens, N drivers and tags.

    :param small: Logits of sentiments, topics and findings side by side, fp32, (B, 4 + 5 T + 3 N).
    :param starts: Logits of the first token of each finding's evidence, (B, N, 3, L).
    :param ends: Of the last one, (B, N, 3, L).
    """

    small: torch.Tensor
    starts: torch.Tensor
    ends: torch.Tensor


class _Layer(NamedTuple):
    attention_norm: torch.Tensor | None
    into: torch.Tensor  # to queries and keys, both turned by a right angle, and values
    out: torch.Tensor
    mlp_norm: torch.Tensor
    gate: torch.Tensor
    down: torch.Tensor


class LeanNetwork:
    """The network of a bundle. Safe to call from several threads.

    :param config: config.json of the bundle, one that `fits`.
    :param weights: Its tensors, by the names under which `network.network_state` stores them.
    :param device: Where it is to run.
    :param number: Type of the numbers that it computes with.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        weights: Mapping[str, torch.Tensor],
        device: torch.device,
        number: torch.dtype,
    ) -> None:
        self._device, self._number = device, number
        self._heads = int(config["num_attention_heads"])
        self._precision = float(config["norm_eps"])
        width = int(config["hidden_size"])
        kept = {name: value.float() for name, value in weights.items()}
        self._names = kept["bias"].shape[0]
        self._topics = kept["topic_bias"].shape[0]
        embedding = kept[f"{_PREFIX}embeddings.tok_embeddings.weight"]
        norm = kept[f"{_PREFIX}embeddings.norm.weight"]
        self._embedding = self._put(
            functional.layer_norm(embedding, (width,), norm, eps=self._precision)
        )
        self._layers = [
            self._layer(kept, f"{_PREFIX}layers.{at}.")
            for at in range(int(config["num_hidden_layers"]))
        ]
        self._final_norm = self._put(kept[f"{_PREFIX}final_norm.weight"])
        self._judge = [
            self._put(kept[f"judge.{at}"]) for at in ("0.weight", "0.bias", "2.weight", "2.bias")
        ]
        asked = [
            (kept[f"{name}.name"] + kept[f"{name}.polarity"] + kept[f"{name}.pair"]).flatten(0, 1)
            for name in _QUESTIONS
        ]
        pools = [kept["overall_pool.query"], kept["topic_pool.query"]]
        self._asked = self._put(torch.cat([*asked, *pools]))
        self._overall = [self._put(kept[f"overall.{at}"]) for at in ("weight", "bias")]
        self._state = [
            self._put(kept["topics.weight"]),
            self._put(kept["topics.bias"] + kept["topic_bias"]),
        ]
        self._bias = kept["bias"].to(device)
        self._cos, self._sin = self._turns(config, width // self._heads)

    @staticmethod
    def fits(config: Mapping[str, Any]) -> bool:
        """Tell whether this is how the network is drawn; another maker's may be drawn otherwise."""
        rope = (config.get("rope_parameters") or {}).get("full_attention") or {}
        return (
            config.get("model_type") == "modernbert"
            and set(config.get("layer_types") or ()) == {"full_attention"}
            and config.get("hidden_activation") == "gelu"
            and rope.get("rope_type") == "default"
            and not any(config.get(f"{part}_bias") for part in ("attention", "mlp", "norm"))
        )

    @classmethod
    def read(
        cls, config: Mapping[str, Any], weights: Path, device: torch.device, number: torch.dtype
    ) -> LeanNetwork:
        """Read the network of a bundle.

        :param weights: What `network.network_state` gave, as safetensors.
        :raises KeyError: A tensor is missing.
        """
        from safetensors.torch import load_file

        return cls(config, load_file(weights), device, number)

    def __call__(self, ids: torch.Tensor) -> Said:
        """Answer every question about every row of token ids (B, L), padded with 0."""
        rows, length = ids.shape
        read = ids != 0
        hidden = self._embedding[ids]
        width = hidden.shape[-1]
        cos, sin = self._cos[:length], self._sin[:length]
        seen = read[:, None, None, :]
        for layer in self._layers:
            hidden = self._attended(hidden, layer, seen, cos, sin)
            inner, gate = functional.linear(self._norm(hidden, layer.mlp_norm), layer.gate).chunk(
                2, -1
            )
            hidden = _added(hidden, functional.gelu(inner) * gate, layer.down)
        hidden = self._norm(hidden, self._final_norm)
        weight, bias, norm, shift = self._judge
        judged = functional.gelu(functional.linear(hidden, weight, bias))
        tokens = hidden + functional.layer_norm(judged, (width,), norm, shift)

        scores = functional.linear(tokens, self._asked).transpose(1, 2).contiguous()  # (B, S, L)
        count = len(POLARITIES) * self._names
        look, weigh, start, end = (scores[:, at : at + count] for at in range(0, 4 * count, count))
        pools = scores[:, 4 * count :]
        silent = ~read[:, None, :]
        looks = look.masked_fill(silent, _SILENT).softmax(-1, dtype=torch.float32)
        findings = (looks * weigh).sum(-1) + self._bias.flatten()
        share = pools.masked_fill(silent, _SILENT).softmax(-1)
        pooled = torch.bmm(share, tokens)  # (B, 4 + 2 T, D)
        overall = functional.linear(pooled[:, :4].flatten(1), *self._overall)
        weight, bias = self._state
        states = functional.linear(pooled[:, 4:].reshape(rows, self._topics, -1), weight) + bias
        small = torch.cat([overall.float(), states.float().flatten(1), findings], dim=1)
        shape = (rows, self._names, len(POLARITIES), length)
        return Said(small, start.reshape(shape), end.reshape(shape))

    def _attended(
        self,
        hidden: torch.Tensor,
        layer: _Layer,
        seen: torch.Tensor,
        cos: torch.Tensor,
        sin: torch.Tensor,
    ) -> torch.Tensor:
        rows, length, width = hidden.shape
        normed = (
            hidden if layer.attention_norm is None else self._norm(hidden, layer.attention_norm)
        )
        into = functional.linear(normed, layer.into)
        both, turned = into[..., : 2 * width], into[..., 2 * width : 4 * width]
        values = into[..., 4 * width :]
        apart = (rows, length, -1, width // self._heads)
        both = torch.addcmul(both.reshape(apart) * cos, turned.reshape(apart), sin)
        queries, keys = both.chunk(2, dim=2)
        attended = functional.scaled_dot_product_attention(
            queries.transpose(1, 2),
            keys.transpose(1, 2),
            values.reshape(apart).transpose(1, 2),
            attn_mask=seen,
        )
        return _added(hidden, attended.transpose(1, 2).reshape(rows, length, width), layer.out)

    def _norm(self, hidden: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        return functional.layer_norm(hidden, weight.shape, weight, eps=self._precision)

    def _layer(self, kept: Mapping[str, torch.Tensor], prefix: str) -> _Layer:
        queries, keys, values = kept[f"{prefix}attn.Wqkv.weight"].chunk(3)
        turned = [_turned(part, self._heads) for part in (queries, keys)]
        norm = kept.get(f"{prefix}attn_norm.weight")  # the first layer has none
        return _Layer(
            None if norm is None else self._put(norm),
            self._put(torch.cat([queries, keys, *turned, values])),
            self._put(kept[f"{prefix}attn.Wo.weight"]),
            self._put(kept[f"{prefix}mlp_norm.weight"]),
            self._put(kept[f"{prefix}mlp.Wi.weight"]),
            self._put(kept[f"{prefix}mlp.Wo.weight"]),
        )

    def _turns(self, config: Mapping[str, Any], size: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return cosine and sine of each position's angles, (positions, 1, size)."""
        base = float(config["rope_parameters"]["full_attention"]["rope_theta"])
        speeds = base ** -(torch.arange(0, size, 2, dtype=torch.float32) / size)
        most = -(-int(config["max_position_embeddings"]) // _PADDED) * _PADDED
        positions = torch.arange(most, dtype=torch.float32)
        angles = torch.outer(positions, speeds).repeat(1, 2)[:, None, :]
        return self._put(angles.cos()), self._put(angles.sin())

    def _put(self, tensor: torch.Tensor) -> torch.Tensor:
        return tensor.to(self._device, self._number).contiguous()


def _turned(weight: torch.Tensor, heads: int) -> torch.Tensor:
    """Return what gives, of each head, the second half with its sign changed and then the first."""
    first, second = weight.reshape(heads, -1, weight.shape[1]).chunk(2, dim=1)
    return torch.cat([-second, first], dim=1).flatten(0, 1)


def _added(hidden: torch.Tensor, values: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Return the sum with a product, which a GPU adds where it multiplies."""
    flat = torch.addmm(hidden.flatten(0, 1), values.flatten(0, 1), weight.T)
    return flat.view_as(hidden)
