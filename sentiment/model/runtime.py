"""What runs the base model's network: ONNX Runtime on a CPU, torch on a GPU.

Both take token ids and give `decision.Outputs`; everything before and after is the same code.
"""

from __future__ import annotations

import ctypes
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sentiment.children import cores
from sentiment.errors import InputError, MissingExtra, ModelError
from sentiment.model.decision import Outputs

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from sentiment.model.network import FeedbackNetwork

__all__ = [
    "SHARED",
    "CpuRuntime",
    "OnnxRuntime",
    "Runtime",
    "TorchRuntime",
    "gpus",
    "load_runtime",
    "one_thread",
    "pick_device",
    "threads",
]


# Names, in the environment of a process, the model (its digest) for which another one answers that owns
# a GPU: `shared`.
SHARED = "SENTIMENT_GPU_MODEL"

_ONE_THREAD: ContextVar[bool] = ContextVar("one_thread", default=False)

# The products of a larger graph are large: its threads share every run instead.
_UNDIVIDED = 64 * 1024**2
# More would wait for what Python does for one run after the other.
_AT_ONCE = 8

_NO_TORCH = 'A GPU is used through torch, which is not installed: pip install "sentiment[torch]".'


class Runtime(Protocol):
    """Runs the network. Safe to call from several threads."""

    @property
    def device(self) -> str:
        """Where: "cpu" or "cuda"."""

    @property
    def ahead(self) -> int:
        """Runs that may be under way before the first answer is waited for."""

    @property
    def at_once(self) -> int:
        """Runs that are computed side by side."""

    def width(self, tokens: int) -> int:
        """Return the length to which a row of so many tokens is padded."""

    def rows(self, width: int) -> int:
        """Return how many rows of that width make the run at which it is fastest."""

    def submit(self, ids: NDArray[np.int64]) -> Callable[[], Outputs]:
        """Begin to answer rows of token ids (B, L), padded with 0; what comes back gives the answer."""


class CpuRuntime:
    """What every runtime on a CPU has in common: an answer is found when it is asked for."""

    device = "cpu"
    ahead = 0
    at_once = 1

    def width(self, tokens: int) -> int:
        """Return an even number: few shapes, and little padding."""
        return -(-tokens // 2) * 2

    def rows(self, width: int) -> int:
        """Return so few rows that what is computed of them stays near the cache."""
        return max(1, 1024 // width)

    def submit(self, ids: NDArray[np.int64]) -> Callable[[], Outputs]:
        """Return what computes the answer."""
        return partial(self.run, ids)

    def run(self, ids: NDArray[np.int64]) -> Outputs:
        """Return what the network says of rows of token ids (B, L), padded with 0."""
        raise NotImplementedError


class OnnxRuntime(CpuRuntime):
    """The exported graph on the CPU.

    Threads compute a run each: those of the bundled models are too small to be divided among several.
    """

    def __init__(self, path: Path, threads: int = 0) -> None:
        """Load the graph.

        :param threads: That it uses; 0 is one a core.
        :raises ModelError: The file is no graph that can be run.
        :raises MissingExtra: ONNX Runtime is not installed.
        """
        try:
            import onnxruntime
        except ImportError as error:
            raise MissingExtra(
                "The base model needs the package onnxruntime; pip install onnxruntime."
            ) from error
        if path.exists() and path.stat().st_size <= _UNDIVIDED:
            self.at_once = min(threads or cores(), _AT_ONCE)
            threads = 1
        # Enough that they have work while what others found is decided upon.
        self.ahead = 4 * self.at_once if self.at_once > 1 else 0
        self._beside: tuple[int, Executor] | None = None
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3  # its warnings are about the graph; no user can act on them
        try:
            self._session = onnxruntime.InferenceSession(
                path,
                options,
                providers=["CPUExecutionProvider"],
                # Measured: ten times as slow as the addition and the norm that it fuses.
                disabled_optimizers=["SkipLayerNormFusion"],
            )
        except Exception as error:  # the library's errors have no public root
            raise ModelError(
                f"{path}: no graph that can be run ({error}); get the bundle again."
            ) from error

    def submit(self, ids: NDArray[np.int64]) -> Callable[[], Outputs]:
        """Begin to compute the answer where threads are there for it; return what gives it."""
        later = partial(self.run, ids)
        if self.at_once == 1:
            return later
        try:
            return self._threads().submit(later).result
        except RuntimeError:  # no more threads can be had, or Python is about to end
            return later

    def _threads(self) -> Executor:
        """Return the threads of this process: one that was forked has none of its parent's."""
        beside = self._beside
        if beside is None or beside[0] != os.getpid():
            from concurrent.futures import ThreadPoolExecutor  # not for what runs in one thread

            beside = self._beside = os.getpid(), ThreadPoolExecutor(self.at_once)
        return beside[1]

    def run(self, ids: NDArray[np.int64]) -> Outputs:
        """Return what the graph says."""
        attention = (ids != 0).astype(np.int64)
        return Outputs(
            *self._session.run(list(Outputs._fields), {"ids": ids, "attention": attention})
        )


class TorchRuntime(CpuRuntime):
    """The network itself in fp32 on the CPU, where it agrees with ONNX: for training and for tests."""

    def __init__(self, network: FeedbackNetwork) -> None:
        self._network = network.to("cpu").eval()

    def run(self, ids: NDArray[np.int64]) -> Outputs:
        """Return what the network says."""
        import torch

        given = torch.from_numpy(ids)
        with torch.inference_mode():
            answers = self._network(given, (given != 0).long())
        return Outputs(*(getattr(answers, name).numpy() for name in Outputs._fields))


def load_runtime(
    config: Mapping[str, Any], weights: Path, topics: int, names: int, device: str
) -> Runtime:
    """Return what runs the network of a bundle by torch.

    :param config: config.json; the encoder's own fields are among its fields.
    :param device: "cpu" or "cuda".
    :raises ModelError: The weights do not fit the network, or the GPU cannot run it.
    :raises MissingExtra: torch or transformers is not installed.
    """
    advice = "get the bundle again" if device == "cpu" else "device cpu needs no GPU"
    try:
        if device == "cpu":
            from sentiment.model.network import load_network

            return TorchRuntime(load_network(config, weights, topics, names))
        from sentiment.model.cuda import load_cuda

        return load_cuda(config, weights, topics, names, device)
    except ImportError as error:
        raise MissingExtra(f"{_NO_TORCH} ({error})") from error
    except Exception as error:  # torch, safetensors and transformers each raise their own
        raise ModelError(
            f"{weights}: torch cannot run this network on {device} ({error}); {advice}."
        ) from error


def pick_device(device: str) -> str:
    """Return "cpu" or "cuda"; "auto" takes a GPU where torch can use one.

    :raises InputError: "cuda" is asked for and there is none.
    :raises MissingExtra: "cuda" is asked for and torch is not installed.
    """
    if device == "cpu" or (device == "auto" and not gpus()):
        return "cpu"
    if find_spec("torch") is None:
        raise MissingExtra(_NO_TORCH)
    if not gpus():
        raise InputError(
            'There is no CUDA device that torch can use; leave device at "auto" or "cpu".'
        )
    return "cuda"


def gpus() -> int:
    """Return how many GPUs torch can use here, 0 without torch.

    The driver is asked, and what torch was built for is looked up: to import torch takes seconds.
    """
    if "torch" in sys.modules:
        return _torch_devices()
    found = find_spec("torch")
    if found is None or not found.submodule_search_locations:
        return 0
    folder = Path(found.submodule_search_locations[0])
    libraries = {path.name for path in (folder / "lib").glob("*torch*")}
    if any("torch_cuda" in name for name in libraries):
        return _cuda_devices(_built_for(folder))
    if any("torch_cpu" in name for name in libraries) and not any(
        "hip" in one for one in libraries
    ):
        return 0
    return _torch_devices()  # AMD's, or laid out in another way: torch alone knows


def _built_for(folder: Path) -> int:
    """Return the major version of CUDA that torch was built for; 0 where it does not say."""
    try:
        said = (folder / "version.py").read_text(encoding="utf-8")
    except OSError:
        return 0
    found = re.search(r"^cuda\b.*=\s*['\"](\d+)", said, re.MULTILINE)
    return int(found[1]) if found else 0


def _torch_devices() -> int:
    import torch

    return int(torch.cuda.device_count()) if torch.cuda.is_available() else 0


def _cuda_devices(built_for: int) -> int:
    """Return how many GPUs NVIDIA's driver lets this process use; CUDA_VISIBLE_DEVICES counts.

    :param built_for: Major version of CUDA that the driver must know.
    """
    count, knows = ctypes.c_int(), ctypes.c_int()
    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
        if driver.cuInit(0) or driver.cuDriverGetVersion(ctypes.byref(knows)):
            return 0
        if knows.value // 1000 < built_for or driver.cuDeviceGetCount(ctypes.byref(count)):
            return 0
    except (OSError, AttributeError):
        return 0
    return count.value


@contextmanager
def one_thread() -> Iterator[None]:
    """Have a network that is loaded within use one thread: other processes have the other cores."""
    before = _ONE_THREAD.set(True)
    try:
        yield
    finally:
        _ONE_THREAD.reset(before)


def threads() -> int:
    """Return the threads that a model loaded here may use; 0 is one a core.

    One of several worker processes is told so in the usual way, which ONNX Runtime ignores.
    """
    if _ONE_THREAD.get():
        return 1
    told = os.environ.get("OMP_NUM_THREADS", "")
    return int(told) if told.isascii() and told.isdigit() else 0
