"""What runs the network on a GPU says what ONNX Runtime says; without a GPU its lines run on the CPU."""

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra [torch] is not installed")
pytest.importorskip("transformers", reason="the extra [torch] is not installed")

import torch

from sentiment.analyzer import Analyzer
from sentiment.errors import ModelError
from sentiment.model import bundle
from sentiment.model.cuda import CudaRuntime, load_cuda
from sentiment.model.lean import LeanNetwork
from sentiment.model.network import load_network
from sentiment.model.runtime import OnnxRuntime, gpus
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


def test_numbers_that_are_none_are_told(saved: bundle.Bundle) -> None:
    runs = runtime(saved, "cpu")
    said = runs._compute
    runs._compute = lambda ids: said(ids)._replace(small=said(ids).small * float("nan"))
    with pytest.raises(ModelError, match="no numbers in half precision"):
        runs.run(drawn((9, 2), 32).numpy())


@pytest.mark.parametrize(
    ("files", "driver", "expected"),
    [
        ({}, 2, 0),
        ({"lib/libtorch_cpu.so": ""}, 2, 0),
        ({"lib/libtorch_cuda.so": "", "version.py": "cuda: Optional[str] = '13.0'\n"}, 2, 2),
        ({"lib/libtorch_cuda.so": "", "version.py": "cuda = '14.1'\n"}, 2, 0),  # an old driver
        ({"lib/libtorch_cuda.so": ""}, 0, 0),
    ],
)
def test_gpus_are_counted_without_torch(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    files: dict[str, str],
    driver: int,
    expected: int,
) -> None:
    for name, content in files.items():
        path = tmp_path / "torch" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    monkeypatch.delitem(sys.modules, "torch")
    monkeypatch.setattr(
        "sentiment.model.runtime.find_spec",
        lambda name: SimpleNamespace(submodule_search_locations=[str(tmp_path / "torch")]),
    )

    def tell(value: int) -> Callable[[Any], int]:
        def told(place: Any) -> int:
            place._obj.value = value
            return 0

        return told

    library = SimpleNamespace(
        cuInit=lambda flags: 0, cuDriverGetVersion=tell(13010), cuDeviceGetCount=tell(driver)
    )
    monkeypatch.setattr("ctypes.CDLL", lambda name: library)
    monkeypatch.setattr("sentiment.model.runtime._torch_devices", lambda: 0)
    assert gpus() == expected


def test_a_gpu_that_cannot_run_it_is_left_alone_unless_asked_for(
    saved: bundle.Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(*given: object) -> CudaRuntime:
        raise ModelError("the driver is too old")

    monkeypatch.setattr("sentiment.model.transformer.pick_device", lambda device: "cuda")
    monkeypatch.setattr("sentiment.model.transformer.load_runtime", load)
    assert TransformerModel.of(saved, "auto").device == "cpu"
    with pytest.raises(ModelError, match="too old"):
        TransformerModel.of(saved, "cuda")


@needs_gpu
def test_recorded_runs_under_way_say_what_plain_ones_said(saved: bundle.Bundle) -> None:
    """Of other rows each, from two threads, launched before the first is waited for."""
    recording, plain = runtime(saved, "cuda"), runtime(saved, "cuda")
    plain._records = False
    given = [drawn((40, 30, 20, 12, 9, 40 + at), 64).numpy() for at in range(12)]
    for one in given[:2]:  # the second time a shape is seen it is recorded
        recording.run(one)
    assert recording._recorded
    wrong: list[int] = []

    def compare(which: range) -> None:
        waiting = [recording.submit(given[at]) for at in which]
        for at, answer in zip(which, waiting, strict=True):
            ours, theirs = answer(), plain.run(given[at])
            assert not isinstance(ours.starts, np.ndarray)
            assert not isinstance(theirs.starts, np.ndarray)
            same = np.allclose(ours.findings, theirs.findings, atol=0.02) and np.allclose(
                ours.starts.of(*_SOME), theirs.starts.of(*_SOME), atol=0.05
            )
            if not same:
                wrong.append(at)

    threads = [threading.Thread(target=compare, args=(part,)) for part in (range(6), range(6, 12))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


_SOME = np.array([0, 3]), np.array([1, 2])


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
