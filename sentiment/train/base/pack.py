"""A fine-tuned network as a bundle: weights, graph, tokenizer, config, and the model to measure."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from sentiment.model import bundle
from sentiment.model.network import FeedbackNetwork, encoder_fields, load_network
from sentiment.model.runtime import TorchRuntime
from sentiment.model.transformer import Settings, TransformerModel
from sentiment.model.words import Words
from sentiment.taxonomy import Taxonomy
from sentiment.train.base.export import Parity, export_onnx, save_weights

__all__ = ["BaseParts", "pack", "unpack"]

# What `AutoTokenizer` needs beside tokenizer.json.
_TOKENIZER_CONFIG = {
    "tokenizer_class": "PreTrainedTokenizerFast",
    "model_input_names": ["input_ids", "attention_mask"],
    "pad_token": "[PAD]",
    "unk_token": "[UNK]",
    "cls_token": "[CLS]",
    "sep_token": "[SEP]",
    "mask_token": "[MASK]",
}


@dataclass(frozen=True)
class BaseParts:
    """A trained transformer: what a bundle stores.

    :param tokenizer: Its tokenizer.json.
    :param words: What words alone say of the sentiment, or None where they have no say.
    """

    network: FeedbackNetwork
    tokenizer: Path
    taxonomy: Taxonomy
    settings: Settings
    words: Words | None = None

    def model(self, name: str = "base@0") -> TransformerModel:
        """Return the model as it is in memory, run by torch on the CPU: for measuring it."""
        return TransformerModel(
            name=name,
            taxonomy=self.taxonomy,
            settings=self.settings,
            tokenizer=Tokenizer.from_file(str(self.tokenizer)),
            runtime=TorchRuntime(self.network),
            words=self.words,
        )


def unpack(folder: Path, taxonomy: Taxonomy, dropout: float = 0.0) -> FeedbackNetwork:
    """Return the network of a bundle, to go on from."""
    saved = bundle.read(folder)
    names = len(taxonomy.drivers) + len(taxonomy.tags)
    return load_network(
        saved.config, saved.file(bundle.NETWORK), len(taxonomy.topics), names, dropout
    )


def pack(
    parts: BaseParts,
    out: Path,
    *,
    name: str,
    version: str,
    metrics: Mapping[str, Any],
    card: str,
    made: Mapping[str, Any],
    checked: Sequence[NDArray[np.int64]],
) -> tuple[bundle.Bundle, Parity]:
    """Write the bundle, whole or not at all; the weights are rounded to fp16 first, in place.

    :param checked: Rows of token ids, see `export_onnx`.
    :return: The bundle, and how near ONNX and torch are.
    :raises NotReached: They differ by more than rounding explains.
    :raises OutputError: `out` exists and is no bundle, or cannot be written.
    """
    parts.network.half().float()  # what is compared, and measured, is what is stored
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        save_weights(parts.network, folder / bundle.NETWORK)
        parity = export_onnx(parts.network, folder / bundle.GRAPH, checked)
        (folder / bundle.TOKENIZER).write_bytes(parts.tokenizer.read_bytes())
        (folder / "tokenizer_config.json").write_text(json.dumps(_TOKENIZER_CONFIG, indent=1))
        config = {
            "name": name,
            "version": version,
            "architecture": "transformer",
            **encoder_fields(parts.network),
            "window": parts.settings.window,
            "overlap": parts.settings.overlap,
            "decision": parts.settings.decision.to_dict(),
            "taxonomy": parts.taxonomy.to_dict(),
        }
        saved = bundle.write(
            out,
            config=config,
            metrics=metrics,
            card=card,
            made=made,
            arrays=None if parts.words is None else parts.words.arrays(),
            files=sorted(folder.iterdir()),
        )
    return saved, parity
