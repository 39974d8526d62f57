"""Units that are nothing: no training wakes them, and no graph computes them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra [torch]")
pytest.importorskip("transformers", reason="needs the extra [torch]")
pytest.importorskip("onnx", reason="needs the extra [torch]")

import onnx
import torch
from transformers import AutoModel, ModernBertModel

from sentiment.model.network import EncoderOptions, FeedbackNetwork, encoder_config, encoder_fields
from sentiment.taxonomy import Taxonomy
from sentiment.train.base.arrays import Table
from sentiment.train.base.device_finetune import DeviceTargets, finetune_on
from sentiment.train.base.device_pretrain import pretrain_on
from sentiment.train.base.export import export_onnx
from sentiment.train.base.finetune import FinetuneOptions
from sentiment.train.base.graph import Weights, without_dead
from sentiment.train.base.narrow import narrow
from tests.train.test_arrays import drawn
from tests.train.test_device_pretrain import CPU, OPTIONS, VOCABULARY, texts
from tests.train.test_export import network as speaking

SHAPE = EncoderOptions(layers=2, width=32, heads=2, inner=48, inners=(8, 40), compared=8)
TAXONOMY = Taxonomy.default()
NAMES = len(TAXONOMY.drivers) + len(TAXONOMY.tags)


def left(network: FeedbackNetwork) -> Weights:
    weights = {name: value.float().numpy() for name, value in network.state_dict().items()}
    return without_dead(weights, encoder_fields(network))


def sizes(weights: Weights) -> list[tuple[int, int, list[int]]]:
    """Return inner units, rows of queries, keys and values, and the pairs, by layer."""
    return [
        (
            weights[f"encoder.layers.{layer}.mlp.Wo.weight"].shape[1],
            len(weights[f"encoder.layers.{layer}.attn.Wqkv.weight"]),
            weights[f"encoder.layers.{layer}.attn.turns"].tolist(),
        )
        for layer in range(SHAPE.layers)
    ]


# Queries and keys of 2 heads, 8 numbers in 4 pairs each, and 32 values.
NARROW = [(8, 2 * 2 * 8 + 32, [0, 2, 4, 6]), (40, 2 * 2 * 8 + 32, [0, 2, 4, 6])]


def test_training_wakes_nothing(tmp_path: Path) -> None:
    corpus = {name: texts(60, 60, seed) for seed, name in enumerate(("zh", "en", "mixed"))}
    corpus |= {"heldout_zh": texts(4, 60, 4), "heldout_en": texts(4, 60, 5)}
    opens = np.ones(VOCABULARY, dtype=bool)
    options = replace(OPTIONS, steps=6, minutes=10.0)
    pretrain_on(corpus, opens, tmp_path, options, SHAPE, CPU, lambda _: None)
    encoder = AutoModel.from_pretrained(str(tmp_path / "encoder"), attn_implementation="eager")
    network = FeedbackNetwork(encoder, SHAPE.width, len(TAXONOMY.topics), NAMES)
    assert sizes(left(network)) == NARROW

    rows = [replace(row, kind="gold", ids=row.ids % VOCABULARY) for row in drawn(40)]
    table = Table.of(rows)
    before = left(network)
    tuning = FinetuneOptions(steps=6, tokens=512, bf16=False)
    trained = finetune_on(
        network, DeviceTargets(table, TAXONOMY, CPU), TAXONOMY, tuning, lambda _: None
    )
    after = left(trained)
    assert sizes(after) == NARROW
    name = "encoder.layers.1.mlp.Wo.weight"
    assert (after[name] != before[name]).any()


def test_the_graph_is_narrower_and_says_what_torch_says(tmp_path: Path) -> None:
    encoder = ModernBertModel(encoder_config(VOCABULARY, SHAPE))
    network = speaking(encoder)
    narrow(encoder, SHAPE)
    draw = np.random.default_rng(1)
    rows = [
        np.array([2, *draw.integers(5, VOCABULARY, draw.integers(1, 40)), 3]) for _ in range(60)
    ]
    parity = export_onnx(network, tmp_path / "model.onnx", rows)
    assert parity.bits == 8
    assert parity.typical < 0.005
    assert parity.largest < 0.1
    arrays = {one.name: one.dims for one in onnx.load(tmp_path / "model.onnx").graph.initializer}
    # A token's vector and what the first layer makes of it, and the second one's matrices.
    assert list(arrays["embeddings"]) == [400, 32 + 16 + 16 + 32]
    assert [list(arrays[f"1.attend.{at}"]) for at in (0, 2)] == [[32, 16], [32, 32]]
    assert [list(arrays[f"{layer}.gated.0"]) for layer in (0, 1)] == [[8, 32], [40, 32]]


def test_a_layer_that_is_nothing_at_all_can_be_drawn(tmp_path: Path) -> None:
    network = FeedbackNetwork(
        ModernBertModel(encoder_config(VOCABULARY, SHAPE)), SHAPE.width, 4, 6
    ).eval()
    with torch.no_grad():
        for name, values in network.named_parameters():
            if ".layers.1." in name and values.ndim == 2:
                values.zero_()
    assert sizes(left(network))[1] == (1, 2 * 2 * 2 + 2, [0])
    export_onnx(network, tmp_path / "model.onnx", [np.array([2, 7, 8, 9, 3]), np.array([2, 5, 3])])


@pytest.mark.parametrize(
    "asked", [{"inners": (8,)}, {"inners": (8, 49)}, {"compared": 6}, {"width": 24, "compared": 3}]
)
def test_what_is_not_there_is_told(asked: dict[str, object]) -> None:
    shape = replace(SHAPE, **asked)
    with pytest.raises(ValueError, match=r"inner units|compares"):
        narrow(ModernBertModel(encoder_config(VOCABULARY, shape)), shape)
