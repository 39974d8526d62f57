"""The graph that a CPU runs: as near to torch as it must be, in fp32 and in eight bits."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("torch", reason="needs the extra [torch]")
pytest.importorskip("transformers", reason="needs the extra [torch]")
pytest.importorskip("onnxscript", reason="needs the extra [torch]")

import onnx
import torch
from transformers import BertConfig, BertModel, ModernBertModel

from sentiment.model.network import EncoderOptions, FeedbackNetwork, encoder_config
from sentiment.model.runtime import OnnxRuntime
from sentiment.train.base import export, graph
from sentiment.train.base.export import export_onnx

TOPICS, NAMES, VOCABULARY = 4, 6, 300
SHAPE = EncoderOptions(layers=2, width=32, heads=2, inner=48)


def network(encoder: torch.nn.Module | None = None, width: int = SHAPE.width) -> FeedbackNetwork:
    """Return a network whose heads say something: fresh ones are all near zero."""
    torch.manual_seed(0)
    made = FeedbackNetwork(
        encoder or ModernBertModel(encoder_config(VOCABULARY, SHAPE)), width, TOPICS, NAMES
    )
    with torch.no_grad():
        for values in made.parameters():
            values.add_(torch.randn_like(values) * 0.1)
    return made.half().float().eval()


@pytest.fixture
def rows() -> list[NDArray[np.int64]]:
    chance = np.random.default_rng(1)
    return [
        np.array([2, *chance.integers(5, VOCABULARY, chance.integers(1, 40)), 3]) for _ in range(60)
    ]


def test_eight_bits_say_what_torch_says(rows: list[NDArray[np.int64]], tmp_path: Path) -> None:
    parity = export_onnx(network(), tmp_path / "model.onnx", rows)
    assert parity.bits == 8
    assert parity.typical < 0.005
    assert parity.largest < 0.1


def test_a_large_vocabulary_is_multiplied_not_stored(
    rows: list[NDArray[np.int64]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up = export_onnx(network(), tmp_path / "small.onnx", rows)
    monkeypatch.setattr(graph, "_STORED", VOCABULARY * 3 * SHAPE.width - 1)
    multiplied = export_onnx(network(), tmp_path / "large.onnx", rows)
    arrays = [
        {one.name: list(one.dims) for one in onnx.load(tmp_path / name).graph.initializer}
        for name in ("small.onnx", "large.onnx")
    ]
    # Beside each token's vector its queries, keys and values.
    assert [one["embeddings"] for one in arrays] == [[VOCABULARY, 4 * 32], [VOCABULARY, 32]]
    assert ["0.attend.0" in one for one in arrays] == [False, True]
    assert looked_up.bits == multiplied.bits == 8
    assert looked_up.typical < multiplied.typical * 1.2


def test_where_eight_bits_do_not_suit_it_is_computed_in_fp32(
    rows: list[NDArray[np.int64]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "_TYPICAL", 0.0)
    parity = export_onnx(network(), tmp_path / "model.onnx", rows)
    assert parity.bits == 32
    assert parity.largest < 1e-4


def test_one_channel_a_thousand_times_as_large_does_not_blur_the_others(
    rows: list[NDArray[np.int64]], tmp_path: Path
) -> None:
    made = network()
    with torch.no_grad():
        feed = made.encoder.layers[0].mlp
        feed.Wi.weight[SHAPE.inner] *= 500.0  # of the gate
        feed.Wo.weight[:, 0] /= 100.0
    parity = export_onnx(made.half().float(), tmp_path / "model.onnx", rows)
    assert parity.bits == 8
    assert parity.typical < 0.005


def test_no_digit_depends_on_the_rows_beside_it(
    rows: list[NDArray[np.int64]], tmp_path: Path
) -> None:
    export_onnx(network(), tmp_path / "model.onnx", rows)
    runtime = OnnxRuntime(tmp_path / "model.onnx")
    ids = np.zeros((len(rows), 44), np.int64)
    for row, tokens in enumerate(rows):
        ids[row, : len(tokens)] = tokens
    together = runtime.run(ids)
    for row in range(len(rows)):
        for ours, theirs in zip(runtime.run(ids[row : row + 1]), together, strict=True):
            assert ours[0].tobytes() == theirs[row].tobytes()


def test_another_encoder_is_exported_by_torch(
    rows: list[NDArray[np.int64]], tmp_path: Path
) -> None:
    bert = BertModel(
        BertConfig(
            vocab_size=VOCABULARY,
            hidden_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=32,
        )
    )
    parity = export_onnx(network(bert, 16), tmp_path / "model.onnx", rows)
    assert parity.bits == 32
    assert parity.largest < 1e-3
