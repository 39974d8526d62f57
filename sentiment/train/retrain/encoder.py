"""Encoders of other makers: loaded by `AutoModel`, and brought to what the base model expects.

Two things are expected of an encoder here: a tokenizer that says where each token stands in the text,
and padding that is token 0. BERT, ModernBERT and DeBERTa have the latter; RoBERTa and XLM-R pad with
1. There the numbers of the two tokens are exchanged, in the tokenizer and in the embedding alike, so
that every text gives the same vectors as before.

Nothing that a repository brings is run: weights, configuration and tokenizer are data.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import nn
from transformers import AutoConfig, AutoModel, AutoTokenizer
from transformers.utils import logging as hf_logging

from sentiment.errors import ModelError

__all__ = ["Encoder", "open_encoder"]


@dataclass(frozen=True)
class Encoder:
    """An encoder and its tokenizer, padding with 0.

    :param tokenizer: As the text of a tokenizer.json, with neither padding nor truncation.
    :param longest: Tokens that it can read at once, [CLS] and [SEP] included.
    """

    name: str
    network: Any
    tokenizer: str
    longest: int

    @property
    def width(self) -> int:
        """Numbers in the vector of a token."""
        return int(self.network.config.hidden_size)


def open_encoder(name: str) -> Encoder:
    """Load an encoder by its folder or by its id on a hub.

    :raises ModelError: It cannot be reached or read, needs code of its own, or its tokenizer does
        not say where tokens stand.
    """
    hf_logging.disable_progress_bar()  # ours is the only one
    try:
        config = AutoConfig.from_pretrained(name, trust_remote_code=False)
        network = AutoModel.from_pretrained(
            name, config=config, trust_remote_code=False, attn_implementation="eager"
        )
        loaded = AutoTokenizer.from_pretrained(name, use_fast=True, trust_remote_code=False)
    except Exception as error:  # transformers, its hub client and safetensors each raise their own
        raise ModelError(_why(name, error)) from error
    finally:
        hf_logging.enable_progress_bar()
    if not getattr(loaded, "is_fast", False):
        raise ModelError(
            f"{name}: its tokenizer does not say where tokens stand in a text, which evidence needs; "
            "choose an encoder with a tokenizer.json."
        )
    if not hasattr(network.config, "hidden_size"):
        raise ModelError(f"{name}: no encoder of text; choose one such as BERT, XLM-R or DeBERTa.")
    backend = loaded.backend_tokenizer
    backend.no_padding()
    backend.no_truncation()
    data = json.loads(backend.to_str())
    longest = _longest(network.config, loaded)
    pad = loaded.pad_token_id
    if pad is None:
        raise ModelError(f"{name}: its tokenizer has no padding token; choose another encoder.")
    if pad != 0:
        data = _exchanged(data, 0, pad)
        _exchange_embedding(network, pad)
    tokenizer = json.dumps(data, ensure_ascii=False)
    if len(Tokenizer.from_str(tokenizer).encode("").ids) != 2:
        raise ModelError(
            f"{name}: its tokenizer does not put one token before a text and one behind it; choose "
            "an encoder of the BERT family."
        )
    return Encoder(name, network, tokenizer, longest)


def _why(name: str, error: Exception) -> str:
    """Return one sentence on what is in the way."""
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    if "trust_remote_code" in str(error):
        return f"{name}: needs code of its own, which is never run here; choose another encoder."
    if Path(name).is_dir():
        return f"{name}: no encoder that AutoModel loads ({reason})."
    return (
        f"{name}: no such folder, and the hub gave neither a model of ours nor an encoder of that "
        f"name ({reason}); check the name and the network, or fetch it once and name its folder."
    )


def _longest(config: Any, tokenizer: Any) -> int:
    positions = getattr(config, "max_position_embeddings", None) or 512
    # RoBERTa counts positions from the padding token on.
    offset = (config.pad_token_id or 0) + 1 if _counts_from_padding(config) else 0
    return int(min(positions - offset, getattr(tokenizer, "model_max_length", positions)))


def _counts_from_padding(config: Any) -> bool:
    return config.model_type in ("roberta", "xlm-roberta", "camembert", "xlm-roberta-xl")


def _exchanged(data: dict[str, Any], one: int, other: int) -> dict[str, Any]:
    """Return a tokenizer with the numbers of two tokens exchanged."""
    swap = {one: other, other: one}
    model = data["model"]
    if isinstance(model["vocab"], list):
        vocab = list(model["vocab"])
        vocab[one], vocab[other] = vocab[other], vocab[one]
        model["vocab"] = vocab
        if model.get("unk_id") is not None:
            model["unk_id"] = swap.get(model["unk_id"], model["unk_id"])
    else:
        model["vocab"] = {token: swap.get(at, at) for token, at in model["vocab"].items()}
    for token in data.get("added_tokens", ()):
        token["id"] = swap.get(token["id"], token["id"])
    # The loader wants added tokens in ascending order.
    data["added_tokens"] = sorted(data.get("added_tokens", ()), key=lambda token: token["id"])
    _exchange_special(data.get("post_processor"), swap)
    return data


def _exchange_special(processor: Any, swap: dict[int, int]) -> None:
    """Exchange the numbers that a post-processor puts around a text, in place."""
    if not isinstance(processor, dict):
        return
    for part in processor.get("processors", ()):
        _exchange_special(part, swap)
    for name in ("cls", "sep"):
        if isinstance(processor.get(name), list):
            token, at = processor[name]
            processor[name] = [token, swap.get(at, at)]
    for special in (processor.get("special_tokens") or {}).values():
        special["ids"] = [swap.get(at, at) for at in special["ids"]]


def _exchange_embedding(network: Any, pad: int) -> None:
    """Exchange the vectors of token 0 and the padding, and start positions where they started."""
    words: nn.Embedding = network.get_input_embeddings()
    with torch.no_grad():
        words.weight[[0, pad]] = words.weight[[pad, 0]]
    words.padding_idx = 0
    config = network.config
    if _counts_from_padding(config):
        embeddings = network.embeddings
        old = embeddings.position_embeddings
        # Position `pad + n` was the n-th token's; now it is `n`.
        new = nn.Embedding(old.num_embeddings - pad, old.embedding_dim, padding_idx=0)
        with torch.no_grad():
            new.weight.copy_(old.weight[pad:])
        embeddings.position_embeddings = new
        embeddings.padding_idx = 0
        config.max_position_embeddings -= pad
        for name in ("position_ids", "token_type_ids"):
            if hasattr(embeddings, name):
                kept = getattr(embeddings, name)[:, : config.max_position_embeddings]
                embeddings.register_buffer(name, kept.clone(), persistent=False)
    special = {"bos_token_id": 0, "cls_token_id": 0}
    for name, was in special.items():
        if getattr(config, name, None) == was:
            setattr(config, name, pad)
    config.pad_token_id = 0
