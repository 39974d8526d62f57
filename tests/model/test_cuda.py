"""What runs the network on a GPU says what ONNX Runtime says; without a GPU its lines run on the CPU."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra [torch] is not installed")
pytest.importorskip("transformers", reason="the extra [torch] is not installed")

import torch

from sentiment.analyzer import Analyzer
from sentiment.model import bundle
from sentiment.model.cuda import CudaRuntime, load_cuda
from sentiment.model.lean import LeanNetwork
from sentiment.model.network import load_network
from sentiment.model.runtime import OnnxRuntime
from sentiment.model.transformer import TransformerModel
from sentiment.taxonomy import Taxonomy

BASE = Path(__file__).parents[2] / "models" / "base"
HAS_GPU = torch.cuda.is_available()
needs_gpu = pytest.mark.skipif(not HAS_GPU, reason="there is no CUDA device")
TEXTS = [
    "物流很快，但是包装破了，客服也不理人。",
    "Great value, though delivery took three weeks.",
    "味道不错 but the driver was rude",
    "ok",
    "",
    "很好。" * 300 + "就是太贵了。",
    "The room was clean, the staff friendly and breakfast poor. " * 30,
    *(f"The parcel came {days} days late and nobody answered." for days in range(2, 40)),
]


@pytest.fixture(scope="module")
def saved() -> bundle.Bundle:
    return bundle.read(BASE)


def runtime(saved: bundle.Bundle, device: str) -> CudaRuntime:
    """Return the GPU's lines, on a GPU or, in fp32, on the CPU."""
    return load_cuda(saved.config, saved.file(bundle.NETWORK), *_sizes(), device)


def _sizes() -> tuple[int, int]:
    taxonomy = Taxonomy.default()
    return len(taxonomy.topics), len(taxonomy.drivers) + len(taxonomy.tags)


def model(saved: bundle.Bundle, runs: CudaRuntime) -> TransformerModel:
    made = TransformerModel.of(saved, "cpu")
    made._runtime = runs
    return made


def test_it_says_what_onnx_says_of_every_token(saved: bundle.Bundle) -> None:
    ids = np.zeros((5, 32), dtype=np.int64)
    drawn = np.random.default_rng(3)
    for row, size in enumerate((32, 9, 2, 17, 30)):
        ids[row, :size] = [2, *drawn.integers(300, 20_000, size - 2), 3]
    ours = runtime(saved, "cpu").run(ids)
    theirs = OnnxRuntime(saved.file(bundle.GRAPH)).run(ids)
    for name in ("overall", "topics", "findings"):
        assert getattr(ours, name).shape == getattr(theirs, name).shape
        # Eight bits on one side.
        assert np.abs(getattr(ours, name) - getattr(theirs, name)).mean() < 0.2, name
    assert isinstance(theirs.starts, np.ndarray)
    assert ours.starts.shape == theirs.starts.shape
    rows, labels = np.array([0, 1, 1, 3]), np.array([0, 5, 95, 40])
    assert not isinstance(ours.starts, np.ndarray)
    some = ours.starts.of(rows, labels)
    assert some.shape == (4, 32)
    assert np.abs(some[0] - theirs.starts.reshape(5, -1, 32)[0, 0]).mean() < 0.5


def drawn(rows: tuple[int, ...], width: int) -> torch.Tensor:
    ids = torch.zeros((len(rows), width), dtype=torch.int64)
    chance = torch.Generator().manual_seed(3)
    for row, size in enumerate(rows):
        ids[row, :size] = torch.randint(300, 20_000, (size,), generator=chance)
    return ids


def test_the_lean_network_computes_what_the_network_does(saved: bundle.Bundle) -> None:
    weights = saved.file(bundle.NETWORK)
    network = load_network(saved.config, weights, *_sizes()).eval()
    assert LeanNetwork.fits(saved.config)
    lean = LeanNetwork.read(saved.config, weights, torch.device("cpu"), torch.float32)
    ids = drawn((64, 3, 2, 40, 63), 64)
    with torch.inference_mode():
        full, ours = network(ids, (ids != 0).long()), lean(ids)
    small = torch.cat([full.overall, full.topics.flatten(1), full.findings.flatten(1)], dim=1)
    assert torch.allclose(ours.small, small, atol=1e-4)
    read = (ids != 0)[:, None, None, :]
    assert torch.allclose(ours.starts * read, full.starts * read, atol=1e-4)
    assert torch.allclose(ours.ends * read, full.ends * read, atol=1e-4)


@pytest.mark.parametrize(
    "other",
    [
        {"model_type": "bert"},
        {"hidden_activation": "relu"},
        {"layer_types": ["full_attention", "sliding_attention"]},
        {"attention_bias": True},
        {"rope_parameters": {"full_attention": {"rope_type": "yarn", "rope_theta": 10_000.0}}},
    ],
)
def test_another_network_is_left_to_transformers(
    saved: bundle.Bundle, other: dict[str, object]
) -> None:
    assert not LeanNetwork.fits({**saved.config, **other})


def test_another_makers_network_says_the_same(
    saved: bundle.Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = drawn((32, 9, 2), 32).numpy()
    lean = runtime(saved, "cpu").run(ids)
    monkeypatch.setattr(LeanNetwork, "fits", lambda config: False)
    other = runtime(saved, "cpu").run(ids)
    for name in ("overall", "topics", "findings"):
        assert np.allclose(getattr(lean, name), getattr(other, name), atol=1e-4), name
    which = np.array([0, 1]), np.array([3, 50])
    assert not isinstance(lean.ends, np.ndarray)
    assert not isinstance(other.ends, np.ndarray)
    assert np.allclose(lean.ends.of(*which)[:, :9], other.ends.of(*which)[:, :9], atol=1e-4)


def test_texts_are_scored_as_by_onnx(saved: bundle.Bundle) -> None:
    ours = Analyzer(model(saved, runtime(saved, "cpu"))).analyze_batch(TEXTS)
    theirs = Analyzer(TransformerModel.of(saved, "cpu")).analyze_batch(TEXTS)
    assert _agreement(ours, theirs) > 0.95
    for one, other in zip(ours, theirs, strict=True):
        assert one.status == other.status
        if one.probabilities:
            assert one.probabilities == pytest.approx(other.probabilities, abs=0.05)


def test_no_result_depends_on_its_neighbours(saved: bundle.Bundle) -> None:
    made = Analyzer(model(saved, runtime(saved, "cpu")))
    together = made.analyze_batch(TEXTS)
    for text, one in list(zip(TEXTS, together, strict=True))[:7]:
        alone = made.analyze(text)
        assert [(o.driver, o.evidence) for o in alone.opinions] == [
            (o.driver, o.evidence) for o in one.opinions
        ]


@pytest.mark.parametrize(
    ("tokens", "width"), [(2, 32), (32, 32), (33, 64), (129, 192), (256, 256), (300, 384)]
)
def test_widths_are_few(saved: bundle.Bundle, tokens: int, width: int) -> None:
    runs = runtime(saved, "cpu")
    assert runs.width(tokens) == width
    rows = runs.rows(width)
    assert rows & (rows - 1) == 0
    assert rows * width <= 65_536


@needs_gpu
def test_a_recorded_run_says_what_a_plain_one_said(saved: bundle.Bundle) -> None:
    runs = runtime(saved, "cuda")
    ids = np.zeros((6, 64), dtype=np.int64)
    ids[:, :40] = np.random.default_rng(1).integers(300, 20_000, (6, 40))
    plain, *recorded = [runs.run(ids) for _ in range(3)]
    assert runs._recorded
    for one in recorded:
        assert np.array_equal(one.findings, plain.findings)
        assert np.array_equal(one.starts.of(*_FIRST), plain.starts.of(*_FIRST))  # type: ignore[union-attr]


_FIRST = np.array([0, 3]), np.array([1, 2])


@needs_gpu
def test_a_gpu_says_what_onnx_says(saved: bundle.Bundle) -> None:
    ours = Analyzer(TransformerModel.of(saved, "cuda")).analyze_batch(TEXTS * 3)
    theirs = Analyzer(TransformerModel.of(saved, "cpu")).analyze_batch(TEXTS * 3)
    assert _agreement(ours, theirs) > 0.9


def _agreement(ours: list, theirs: list) -> float:  # type: ignore[type-arg]
    """Return the share of drivers and tags with a polarity that both find, of those that either does."""

    def found(analyses: list) -> set[tuple[int, str, str]]:  # type: ignore[type-arg]
        return {
            (row, getattr(one, "driver", None) or one.tag, one.polarity)
            for row, analysis in enumerate(analyses)
            for one in (*analysis.opinions, *analysis.tags)
        }

    one, other = found(ours), found(theirs)
    return len(one & other) / len(one | other)
