"""The base model's network on a GPU, by torch: in half precision, and one launch for a run.

A row takes a GPU two microseconds; Python, launching some hundred kernels a run, takes many times as
long. So runs have few shapes (six widths, rows a power of two), and a shape that is seen a second time
is recorded as a CUDA graph: from then on a run is one launch, whatever the network. Runs are launched
without waiting, and what comes back is small: the logits of every question, and of the pointers those
that are looked at (`decision.Pointers`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from sentiment.errors import ModelError
from sentiment.model.decision import Floats, Outputs
from sentiment.model.lean import LeanNetwork, Said
from sentiment.records import SENTIMENTS, STATES

__all__ = ["CudaRuntime", "load_cuda"]

_WIDTHS = (32, 64, 96, 128, 192, 256)
_STEP = 128  # of what is wider than these
_TOKENS = 65_536  # of one run, padding included: where a GPU is busy
_FEWEST_ROWS = 8
_OPEN, _CLOSE = 2, 3  # what the bundled tokenizer puts around a text
_AHEAD = 4  # runs under way; their pointers wait in the GPU's memory, 25 MB of a full one

Compute = Callable[[torch.Tensor], Said]
"""Token ids (B, L), padded with 0, to what is said of them; both on the GPU."""


class _Recorded(NamedTuple):
    """A run of one shape that can be launched again: ids go in, what is said lies where it lay."""

    graph: torch.cuda.CUDAGraph
    ids: torch.Tensor
    said: Said


@dataclass(frozen=True)
class _OnGpu:
    """Pointers that stay on the GPU; see `decision.Pointers`."""

    logits: torch.Tensor  # (B, N, 3, L)

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.logits.shape)

    def of(self, rows: NDArray[np.int64], labels: NDArray[np.int64]) -> Floats:
        which = torch.from_numpy(np.stack([rows, labels])).to(self.logits.device)
        some = self.logits.flatten(1, 2)[which[0], which[1]]
        return some.float().cpu().numpy()


class CudaRuntime:
    """The network on a GPU.

    :param compute: What computes a run.
    :param device: "cuda". On "cpu" the same lines run there: so they are tested where there is no GPU.
    """

    ahead = _AHEAD
    at_once = 1

    def __init__(self, compute: Compute, device: str) -> None:
        self.device = device
        self._at = torch.device(device)
        self._compute = compute
        self._on_gpu = self._at.type != "cpu"
        self._records = self._on_gpu
        self._recorded: dict[tuple[int, int], _Recorded] = {}
        self._seen: set[tuple[int, int]] = set()
        self._memory = torch.cuda.graph_pool_handle() if self._on_gpu else None

    def width(self, tokens: int) -> int:
        """Return the least of a few widths."""
        for width in _WIDTHS:
            if tokens <= width:
                return width
        return -(-tokens // _STEP) * _STEP

    def rows(self, width: int) -> int:
        """Return a power of two."""
        return int(2 ** max(3, (_TOKENS // width).bit_length() - 1))

    def submit(self, ids: NDArray[np.int64]) -> Callable[[], Outputs]:
        """Launch a run; what comes back waits for its answer."""
        launched = _launcher().submit(self._launch, ids)
        return lambda: self._answer(*launched.result())

    def _launch(
        self, ids: NDArray[np.int64]
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.cuda.Event | None]:
        count, width = ids.shape
        rows = max(_FEWEST_ROWS, 1 << (count - 1).bit_length())
        given = torch.zeros((rows, width), dtype=torch.int32, pin_memory=self._on_gpu)
        given.numpy()[:count] = ids
        with torch.inference_mode():
            said = self._said(given)
            # What is recorded lies in one place: it is copied before the next run.
            small = torch.empty(
                (count, said.small.shape[1]), dtype=torch.float32, pin_memory=self._on_gpu
            )
            small.copy_(said.small[:count], non_blocking=True)
            starts, ends = said.starts[:count].clone(), said.ends[:count].clone()
            done: torch.cuda.Event | None = None
            if self._on_gpu:
                # Who waits for it leaves the core to those who work.
                done = torch.cuda.Event(blocking=True)  # type: ignore[no-untyped-call]
                done.record()
        return small, starts, ends, done

    def _answer(
        self,
        small: torch.Tensor,
        starts: torch.Tensor,
        ends: torch.Tensor,
        done: torch.cuda.Event | None,
    ) -> Outputs:
        if done is not None:
            done.synchronize()
        logits = small.numpy()
        if not np.isfinite(logits).all():
            raise ModelError(
                "The network gives no numbers in half precision; use --device cpu, and report it."
            )
        borders = [len(SENTIMENTS), small.shape[1] - starts[0, ..., 0].numel()]
        overall, topics, findings = np.split(logits, borders, axis=1)
        return Outputs(
            overall,
            topics.reshape(len(small), -1, len(STATES)),
            findings.reshape(starts.shape[:-1]),
            _OnGpu(starts),
            _OnGpu(ends),
        )

    def run(self, ids: NDArray[np.int64]) -> Outputs:
        """Return what the network says of rows of token ids (B, L), padded with 0."""
        return self.submit(ids)()

    def _said(self, given: torch.Tensor) -> Said:
        shape = (given.shape[0], given.shape[1])
        recorded = self._recorded.get(shape)
        if recorded is None and self._records and shape in self._seen:
            recorded = self._record(shape)
        if recorded is None:
            self._seen.add(shape)
            return self._compute(given.to(self._at, non_blocking=True))
        recorded.ids.copy_(given, non_blocking=True)
        recorded.graph.replay()
        return recorded.said

    def _record(self, shape: tuple[int, int]) -> _Recorded | None:
        """Record a run; None for a network that asks the GPU something on its way."""
        ids = torch.zeros(shape, dtype=torch.int32, device=self._at)
        graph = torch.cuda.CUDAGraph()
        torch.cuda.synchronize(self._at)
        before = torch.cuda.current_stream(self._at)
        try:
            with torch.cuda.graph(graph, pool=self._memory, capture_error_mode="thread_local"):
                said = self._compute(ids)
        except RuntimeError:
            # What was recorded before stays right, on the stream that it has always been launched on.
            torch.cuda.set_stream(before)
            self._records = False
            return None
        recorded = self._recorded[shape] = _Recorded(graph, ids, said)
        return recorded


@cache
def _launcher() -> ThreadPoolExecutor:
    """Return the one thread of this process that gives work to GPUs.

    The libraries keep a handle for each thread, which must not be made while a run is recorded; and
    what is recorded has one place for what goes in and one for what comes out.
    """
    return ThreadPoolExecutor(1, thread_name_prefix="sentiment-gpu")


def load_cuda(
    config: Mapping[str, Any], weights: Path, topics: int, names: int, device: str
) -> CudaRuntime:
    """Return what runs the network of a bundle on a GPU; see `runtime.load_runtime`."""
    at = torch.device(device)
    if not LeanNetwork.fits(config):
        return CudaRuntime(_another(config, weights, topics, names, at), device)
    if at.type == "cpu":
        return CudaRuntime(LeanNetwork.read(config, weights, at, torch.float32), device)
    lean = LeanNetwork.read(config, weights, at, torch.float16)
    if not _is_finite(lean, int(config["vocab_size"]), at):
        # Nearer to the mark where it can be, by eight times; but its largest number is 65,504.
        lean = LeanNetwork.read(config, weights, at, torch.bfloat16)
    return CudaRuntime(lean, device)


def _is_finite(compute: Compute, vocabulary: int, device: torch.device) -> bool:
    """Tell whether what is said of rows of all lengths, laid out as texts are, is numbers."""
    drawn = torch.Generator().manual_seed(0)
    ids = torch.randint(4, vocabulary, (256, _WIDTHS[-1]), generator=drawn)
    for row, size in enumerate(torch.randint(2, ids.shape[1] + 1, (len(ids),), generator=drawn)):
        ids[row, 0], ids[row, size - 1], ids[row, size:] = _OPEN, _CLOSE, 0
    with torch.inference_mode():
        said = compute(ids.to(device))
        return bool(said.small.isfinite().all())


def _another(
    config: Mapping[str, Any], weights: Path, topics: int, names: int, device: torch.device
) -> Compute:
    """Return what computes a network whose encoder another maker drew: in bf16, by transformers."""
    from sentiment.model.network import load_network

    network = load_network(config, weights, topics, names).to(device).eval()
    half = device.type != "cpu"
    if half:
        # What autocast would do anew in every run.
        for part in network.modules():
            if isinstance(part, nn.Linear):
                part.to(torch.bfloat16)

    # Asked whether anything is padded, a GPU would first do all that is under way.
    laid_out = network.encoder.config._attn_implementation == "sdpa"  # type: ignore[union-attr]

    def compute(ids: torch.Tensor) -> Said:
        read = ids != 0
        seen = read[:, None, None, :] if laid_out else None
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=half):
            said = network(ids, read.int(), seen)
        parts = [said.overall, said.topics.flatten(1), said.findings.flatten(1)]
        return Said(torch.cat(parts, dim=1).float(), said.starts, said.ends)

    return compute
