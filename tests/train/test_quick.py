"""A step of training that is cheap on a CPU learns what a plain one does."""

import platform
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the extra [torch] is not installed")
pytest.importorskip("transformers", reason="the extra [torch] is not installed")

import torch
from torch import nn

from sentiment.model.network import EncoderOptions, FeedbackNetwork, encoder_config
from sentiment.train.base.finetune import FinetuneOptions
from sentiment.train.base.pretrain import PretrainOptions
from sentiment.train.base.quick import ByteDropout, has_bf16, quick


def small() -> FeedbackNetwork:
    from transformers import AutoModel

    torch.manual_seed(0)
    config = encoder_config(50, EncoderOptions(layers=2, width=32, heads=2, inner=40, window=16))
    config.mlp_dropout = 0.1
    return FeedbackNetwork(AutoModel.from_config(config), 32, topics=2, names=3)


def test_a_share_is_dropped_and_the_mean_stays() -> None:
    torch.manual_seed(1)
    drop = ByteDropout(0.25)
    out = drop(torch.ones(1001, 333))
    assert out.shape == (1001, 333)
    assert float((out == 0).float().mean()) == pytest.approx(0.25, abs=0.005)
    assert float(out.mean()) == pytest.approx(1.0, abs=0.005)
    assert torch.unique(out).tolist() == pytest.approx([0.0, 256 / 192])


def test_what_is_dropped_has_no_gradient_and_the_rest_is_scaled() -> None:
    torch.manual_seed(1)
    values = torch.ones(64, 9, requires_grad=True)
    out = ByteDropout(0.5)(values)
    out.sum().backward()
    assert values.grad is not None
    assert torch.equal(values.grad, out.detach())


@pytest.mark.parametrize("probability", [0.0, 0.5])
def test_outside_training_nothing_is_dropped(probability: float) -> None:
    drop = ByteDropout(probability).eval()
    values = torch.randn(5, 7)
    assert torch.equal(drop(values), values)
    if not probability:
        assert torch.equal(drop.train()(values), values)


def test_the_network_says_the_same_within_and_is_itself_afterwards() -> None:
    network = small().eval()
    ids = torch.tensor([[2, 7, 8, 9, 3], [2, 7, 3, 0, 0]])
    attention = (ids != 0).long()
    before = network(ids, attention)
    kinds = [type(part) for part in network.modules()]
    how = network.encoder.config._attn_implementation
    with quick(network, "cpu"):
        assert any(isinstance(part, ByteDropout) for part in network.modules())
        assert not any(type(part) is nn.Dropout for part in network.modules())
        assert network.encoder.config._attn_implementation == "eager"
        within = network(ids, attention)
    assert [type(part) for part in network.modules()] == kinds
    assert network.encoder.config._attn_implementation == how
    for one, other in zip(before[:3], within[:3], strict=True):
        assert torch.allclose(one, other, atol=1e-5)


def test_a_network_on_a_gpu_is_left_alone() -> None:
    network = small()
    with quick(network, "cuda"):
        assert not any(isinstance(part, ByteDropout) for part in network.modules())


def test_half_precision_is_taken_where_the_processor_has_it() -> None:
    flags = Path("/proc/cpuinfo")
    if not flags.exists() or platform.machine() != "x86_64":
        pytest.skip("what the processor can do is read from /proc/cpuinfo of x86-64")
    assert has_bf16() == ("avx512_bf16" in flags.read_text().split())
    assert FinetuneOptions().bf16 == PretrainOptions().bf16 == has_bf16()
