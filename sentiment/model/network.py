"""The base model as a torch network: a small ModernBERT, and heads that all read it in one pass.

Torch and transformers are the extra [torch]: training and CUDA. A plain install never imports this.

Every question (is this driver judged, and how) has a query that looks through the text: its
attention says where, the attended tokens say whether. Two more pointers say where the evidence
starts and ends. A question is a driver or tag with a polarity; its vectors are the sum of what its
name, its polarity and the pair of both add, so that a driver with fifty labelled rows shares what
praise looks like with one that has two thousand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, cast

import torch
from torch import nn
from transformers import AutoConfig, AutoModel, ModernBertConfig, PreTrainedModel

from sentiment.records import POLARITIES, SENTIMENTS, STATES

__all__ = [
    "Answers",
    "EncoderOptions",
    "FeedbackNetwork",
    "encoder_config",
    "encoder_fields",
    "load_network",
    "network_state",
]

# Large enough to silence a padded token in fp16 as well.
_SILENT = -30_000.0


@dataclass(frozen=True, slots=True)
class EncoderOptions:
    """The shape of the encoder; 3.7 million parameters besides an embedding of 5.2 million."""

    layers: int = 6
    width: int = 256
    heads: int = 4
    inner: int = 448  # units of the gated feed-forward
    # What `train.base.narrow` keeps in use: units of each layer, and numbers of a head's queries.
    inners: tuple[int, ...] = ()  # none given: all
    compared: int | None = None
    window: int = 256  # tokens read at once; longer texts are read in windows


def encoder_config(vocabulary: int, options: EncoderOptions | None = None) -> ModernBertConfig:
    """Return the configuration of an encoder that `AutoModel` loads."""
    options = options or EncoderOptions()
    return ModernBertConfig(
        vocab_size=vocabulary,
        hidden_size=options.width,
        intermediate_size=options.inner,
        num_hidden_layers=options.layers,
        num_attention_heads=options.heads,
        max_position_embeddings=options.window,
        # Every layer sees the whole window: 256 tokens are too few for local attention to pay.
        layer_types=["full_attention"] * options.layers,
        # The frequencies of a long context would be wasted on 256 positions.
        rope_parameters={
            "full_attention": {"rope_type": "default", "rope_theta": 10_000.0},
            "sliding_attention": {"rope_type": "default", "rope_theta": 10_000.0},
        },
        pad_token_id=0,
        cls_token_id=2,
        bos_token_id=2,
        sep_token_id=3,
        eos_token_id=3,
        classifier_pooling="mean",
        sparse_prediction=True,  # the decoder runs on masked positions only
        tie_word_embeddings=True,
    )


class Answers(NamedTuple):
    """What the heads say, before calibration; B rows, L tokens, T topics, N drivers and tags.

    :param overall: Logits of the sentiments, (B, 4).
    :param topics: Logits of the states of each topic, (B, T, 5).
    :param findings: Logit of each (driver or tag, polarity) being judged, (B, N, 3).
    :param starts: Logits of the token where its evidence starts, (B, N, 3, L).
    :param ends: Logits of the token where its evidence ends, inclusive, (B, N, 3, L).
    :param attention: Log of the attention of each question, (B, N, 3, L).
    :param encoded: What the encoder made of each token, (B, L, D).
    """

    overall: torch.Tensor
    topics: torch.Tensor
    findings: torch.Tensor
    starts: torch.Tensor
    ends: torch.Tensor
    attention: torch.Tensor
    encoded: torch.Tensor


class _Questions(nn.Module):
    """One vector and bias for each (name, polarity): parts of the name, the polarity, and both."""

    def __init__(self, names: int, width: int) -> None:
        super().__init__()
        polarities = len(POLARITIES)
        self.name = nn.Parameter(torch.randn(names, 1, width) * width**-0.5)
        self.polarity = nn.Parameter(torch.randn(1, polarities, width) * width**-0.5)
        self.pair = nn.Parameter(torch.zeros(names, polarities, width))

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Return the product of every question with every token: (B, L, D) -> (B, N, P, L)."""
        vectors = self.name + self.polarity + self.pair
        names, polarities, width = vectors.shape
        scores = tokens @ vectors.reshape(names * polarities, width).T
        rows, length, _ = tokens.shape
        return scores.transpose(1, 2).reshape(rows, names, polarities, length)


class _Pooling(nn.Module):
    """Attention pooling with one query for each of some slots: (B, L, D) -> (B, slots, D)."""

    def __init__(self, slots: int, width: int) -> None:
        super().__init__()
        self.query = nn.Parameter(torch.randn(slots, width) * width**-0.5)

    def forward(self, tokens: torch.Tensor, silence: torch.Tensor) -> torch.Tensor:
        """Return what each slot attends to; `silence` (B, 1, L) is very negative on padding."""
        scores = (tokens @ self.query.T).transpose(1, 2) + silence
        return scores.softmax(-1) @ tokens


class FeedbackNetwork(nn.Module):
    """Encoder and heads.

    :param encoder: Any encoder whose output has `last_hidden_state`; the bundled one is ModernBERT.
    :param topics: Number of topics.
    :param names: Number of drivers and tags, in the order of the taxonomy, drivers first.
    """

    def __init__(
        self, encoder: nn.Module, width: int, topics: int, names: int, dropout: float = 0.1
    ) -> None:
        super().__init__()
        self.encoder = encoder
        # A layer of judgement on every token: the encoder's own output serves guessing words.
        self.judge = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.LayerNorm(width))
        self.drop = nn.Dropout(dropout)
        self.look = _Questions(names, width)
        self.weigh = _Questions(names, width)
        self.bias = nn.Parameter(torch.full((names, len(POLARITIES)), -3.0))  # most are absent
        self.start = _Questions(names, width)
        self.end = _Questions(names, width)
        self.overall_pool = _Pooling(4, width)
        self.overall = nn.Linear(4 * width, len(SENTIMENTS))
        self.topic_pool = _Pooling(2 * topics, width)
        self.topics = nn.Linear(2 * width, len(STATES))
        self.topic_bias = nn.Parameter(torch.zeros(topics, len(STATES)))
        self._topics = topics

    @classmethod
    def on_pretrained(
        cls, folder: str, topics: int, names: int, dropout: float = 0.1
    ) -> FeedbackNetwork:
        """Put fresh heads on the encoder that `pretrain` saved."""
        encoder = AutoModel.from_pretrained(
            folder, mlp_dropout=dropout, embedding_dropout=dropout, attn_implementation="eager"
        )
        return cls(encoder, encoder.config.hidden_size, topics, names, dropout)

    def forward(
        self, ids: torch.Tensor, attention: torch.Tensor, seen: torch.Tensor | None = None
    ) -> Answers:
        """Answer every question about every row.

        :param ids: Token ids (B, L), padded with 0.
        :param attention: 1 for a token, 0 for padding, (B, L).
        :param seen: What each token sees of the others, (B, 1, L or 1, L), laid out beforehand so that
            the encoder need not look at `attention`, which a GPU would wait for; or None.
        """
        given = attention if seen is None else seen
        hidden = self.encoder(input_ids=ids, attention_mask=given).last_hidden_state
        tokens = hidden + self.judge(self.drop(hidden))
        silence = ((1 - attention) * _SILENT).to(tokens.dtype)[:, None, None, :]  # (B, 1, 1, L)
        looks = (self.look(tokens) + silence).float().log_softmax(-1)
        findings = (looks.exp() * self.weigh(tokens).float()).sum(-1) + self.bias
        tokens = self.drop(tokens)
        overall = self.overall(self.overall_pool(tokens, silence[:, 0]).flatten(1))
        slots = self.topic_pool(tokens, silence[:, 0]).reshape(
            -1, self._topics, 2 * tokens.shape[-1]
        )
        topics = self.topics(slots) + self.topic_bias
        starts = self.start(tokens) + silence
        ends = self.end(tokens) + silence
        return Answers(
            overall.float(), topics.float(), findings, starts.float(), ends.float(), looks, hidden
        )


# Of a bundle's config, what is not the encoder's.
_OWN = {"schema", "name", "version", "architecture", "taxonomy", "window", "overlap", "decision"}


def encoder_fields(network: FeedbackNetwork) -> dict[str, Any]:
    """Return the encoder's configuration as fields that `AutoConfig` reads from a config.json."""
    fields = cast(PreTrainedModel, network.encoder).config.to_dict()
    dull = ("_name_or_path", "name_or_path", "architectures", "transformers_version", "dtype")
    return {
        name: value
        for name, value in sorted(fields.items())
        if name not in dull and value is not None and not name.endswith("_dropout")
    }


def network_state(network: FeedbackNetwork) -> dict[str, torch.Tensor]:
    """Return the weights in fp16, the encoder's under the names that `AutoModel` looks for."""
    prefix = cast(PreTrainedModel, network.encoder).base_model_prefix
    return {
        _renamed(name, "encoder.", f"{prefix}."): value.half().contiguous()
        for name, value in network.state_dict().items()
    }


def load_network(
    config: Mapping[str, Any], weights: Path, topics: int, names: int, dropout: float = 0.0
) -> FeedbackNetwork:
    """Build the network of a bundle, fp32.

    :param config: config.json of the bundle.
    :param weights: What `network_state` gave, as safetensors.
    :param dropout: Of a ModernBERT that is trained on; a bundle does not say what it had.
    :raises ValueError: An encoder that transformers does not know.
    :raises RuntimeError: Weights that do not fit.
    """
    from safetensors.torch import load_file

    fields = {name: value for name, value in config.items() if name not in _OWN}
    fields |= {"mlp_dropout": dropout, "embedding_dropout": dropout} if dropout else {}
    encoder = AutoModel.from_config(AutoConfig.for_model(**fields))
    network = FeedbackNetwork(encoder, encoder.config.hidden_size, topics, names)
    prefix = f"{encoder.base_model_prefix}."
    network.load_state_dict(
        {
            _renamed(name, prefix, "encoder."): value.float()
            for name, value in load_file(weights).items()
        }
    )
    return network


def _renamed(name: str, old: str, new: str) -> str:
    return new + name.removeprefix(old) if name.startswith(old) else name
