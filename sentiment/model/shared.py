"""One process that owns a GPU, and what other processes see of it.

A process that uses a GPU imports torch, which takes seconds, and holds a gigabyte of its libraries;
sixteen of them wait for one another's turn. So one process has the GPU, and those that prepare texts
and write records send it token ids: 100 bytes a row there, 500 back.

    with SharedGpu(folder, 0) as gpu:
        environment = gpu.ready()
        ... a process with `environment` in its own: there, this model on "cuda" asks this one
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Listener
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sentiment import children
from sentiment.errors import ModelError, SentimentError
from sentiment.model.decision import Floats, Outputs, Pointers
from sentiment.model.runtime import SHARED

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from sentiment.model.runtime import Runtime

__all__ = ["SharedGpu", "SharedRuntime"]

_ADDRESS, _KEY = "SENTIMENT_GPU_ADDRESS", "SENTIMENT_GPU_KEY"
_WAITING = 64  # processes that may knock at the same time
# Runs of one process whose pointers are kept, if it does not ask for them.
_KEPT = 64
_USUAL = 256  # tokens; of what is wider it is asked
_LONGEST_PATH = 90  # of a socket: systems allow 104 and more


class SharedGpu:
    """A process that owns a GPU and answers others on this machine. Use it as a context manager.

    It ends with this process, whatever ends that.

    :param folder: The bundle.
    :param number: Of the GPU, among those that this process may use; None is the CPU, for tests.
    """

    def __init__(self, folder: str | Path, number: int | None) -> None:
        self._folder = str(folder)
        self._number = number
        self._key = os.urandom(32).hex()

    def __enter__(self) -> SharedGpu:
        """Start it; several start at the same time."""
        environment = {}
        if self._number is not None:
            visible = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")
            named = visible[self._number] if self._number < len(visible) else ""
            environment["CUDA_VISIBLE_DEVICES"] = named or str(self._number)
        self._place = tempfile.mkdtemp(prefix="sentiment-")
        if os.name == "posix" and len(self._place) > _LONGEST_PATH:
            os.rmdir(self._place)
            self._place = tempfile.mkdtemp(prefix="sentiment-", dir="/tmp")
        self._process = children.start("sentiment.model.shared", environment)
        return self

    def ready(self) -> dict[str, str]:
        """Wait until it answers, some seconds; return what others need in their environment.

        :raises ModelError: It cannot run the model.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        given = {
            "folder": self._folder,
            "device": "cpu" if self._number is None else "cuda",
            "key": self._key,
            "address": os.path.join(self._place, "gpu") if os.name == "posix" else None,
        }
        try:
            self._process.stdin.write(json.dumps(given).encode() + b"\n")
            self._process.stdin.flush()
            said = json.loads(self._process.stdout.readline())
        except (OSError, ValueError) as error:
            raise ModelError(
                f"The process that is to have the GPU did not start ({error})."
            ) from error
        if "error" in said:
            raise ModelError(said["error"])
        return {SHARED: said["model"], _ADDRESS: said["address"], _KEY: self._key}

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        children.end(self._process)
        shutil.rmtree(self._place, ignore_errors=True)


class SharedRuntime:
    """A runtime that another process has; see `runtime.Runtime`.

    :raises ModelError: That process has ended, or cannot run the model.
    """

    device = "cuda"
    at_once = 1

    def __init__(self, address: str, key: bytes) -> None:
        try:
            self._connection = Client(address, authkey=key)
        except (OSError, EOFError, AuthenticationError) as error:
            raise ModelError(_gone(error)) from error
        self._lock = threading.Lock()
        self._number = 0
        self.ahead: int
        self._widths: dict[int, int]
        self._rows: dict[int, int]
        self.ahead, self._widths, self._rows = self._ask("sizes")

    @classmethod
    def of_environment(cls) -> SharedRuntime:
        """Return what asks the process that this one was told of."""
        return cls(os.environ[_ADDRESS], bytes.fromhex(os.environ[_KEY]))

    def width(self, tokens: int) -> int:
        """Return the length to which a row of so many tokens is padded."""
        if tokens not in self._widths:
            self._widths[tokens] = self._ask("width", tokens)
        return self._widths[tokens]

    def rows(self, width: int) -> int:
        """Return how many rows of that width make the run at which it is fastest."""
        if width not in self._rows:
            self._rows[width] = self._ask("rows", width)
        return self._rows[width]

    def submit(self, ids: NDArray[np.int64]) -> Callable[[], Outputs]:
        """Begin a run; what comes back waits for its answer."""
        with self._lock:
            self._number += 1
            number = self._number
            self._send("run", number, ids.astype(np.int32))
        return lambda: self._answer(number)

    def _answer(self, number: int) -> Outputs:
        overall, topics, findings, shape = self._ask("answer", number)
        starts, ends = (_Afar(self._ask, (number, name), shape) for name in ("starts", "ends"))
        return Outputs(overall, topics, findings, starts, ends)

    def _ask(self, *question: object) -> Any:
        with self._lock:
            self._send(*question)
            try:
                answer = self._connection.recv()
            except (OSError, EOFError) as error:
                raise ModelError(_gone(error)) from error
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _send(self, *message: object) -> None:
        try:
            self._connection.send(message)
        except OSError as error:
            raise ModelError(_gone(error)) from error


@dataclass(frozen=True)
class _Afar:
    """Pointers in another process; see `decision.Pointers`."""

    ask: Callable[..., Any]
    which: tuple[int, str]
    shape: tuple[int, ...]

    def of(self, rows: NDArray[np.int64], labels: NDArray[np.int64]) -> Floats:
        some: Floats = self.ask("pointers", *self.which, rows, labels)
        return some


def _gone(error: BaseException) -> str:
    return (
        f"The process that has the GPU ended ({error or type(error).__name__}); its memory may be "
        "too small: fewer --workers need less, --device cpu needs none."
    )


def main() -> None:
    """Own the GPU until the process that started this one ends."""
    # Ctrl-C reaches the whole process group; the job decides what happens then.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What a library prints is no answer.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    given = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_the_input, daemon=True).start()
    try:
        runtime, digest = _runtime(given["folder"], given["device"])
        listener = Listener(given["address"], authkey=bytes.fromhex(given["key"]), backlog=_WAITING)
    except Exception as error:  # whatever it is, the job tells it
        said = {"error": str(error) if isinstance(error, SentimentError) else _named(error)}
    else:
        said = {"address": listener.address, "model": digest}
    print(json.dumps(said), file=answers, flush=True)
    while "error" not in said:
        with suppress(OSError, EOFError, AuthenticationError):  # no key, or hung up
            connection = listener.accept()
            threading.Thread(target=_serve, args=(connection, runtime), daemon=True).start()


def _end_with_the_input() -> None:
    sys.stdin.read()
    os._exit(0)


def _runtime(folder: str, device: str) -> tuple[Runtime, str]:
    from sentiment.model import bundle
    from sentiment.model.cuda import load_cuda
    from sentiment.model.runtime import load_runtime

    saved = bundle.read(folder)
    taxonomy = saved.taxonomy
    names = len(taxonomy.drivers) + len(taxonomy.tags)
    load = load_cuda if device == "cpu" else load_runtime
    made = load(saved.config, saved.file(bundle.NETWORK), len(taxonomy.topics), names, device)
    return made, saved.digest


def _serve(connection: Connection, runtime: Runtime) -> None:
    """Answer one process until it hangs up."""
    with connection, suppress(OSError, EOFError):
        answers = _Answers(runtime)
        while True:
            what, *given = connection.recv()
            try:
                said = getattr(answers, what)(*given)
            except Exception as error:
                said = error if isinstance(error, ModelError) else ModelError(_named(error))
            if what != "run":
                connection.send(said)


class _Answers:
    """What one process asks, by the name of the question."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._waiting: dict[int, Callable[[], Outputs]] = {}
        self._kept: OrderedDict[int, Outputs] = OrderedDict()

    def sizes(self) -> tuple[int, dict[int, int], dict[int, int]]:
        """Return runs ahead, the width of every usual number of tokens, and the rows of a width."""
        widths = {tokens: self._runtime.width(tokens) for tokens in range(_USUAL + 1)}
        return (
            self._runtime.ahead,
            widths,
            {width: self._runtime.rows(width) for width in set(widths.values())},
        )

    def width(self, tokens: int) -> int:
        return self._runtime.width(tokens)

    def rows(self, width: int) -> int:
        return self._runtime.rows(width)

    def run(self, number: int, ids: NDArray[np.int64]) -> None:
        try:
            self._waiting[number] = self._runtime.submit(ids)
        except Exception as error:
            self._waiting[number] = partial(_raise, error)  # nobody waits for a word yet

    def answer(self, number: int) -> tuple[Floats, Floats, Floats, tuple[int, ...]]:
        said = self._kept[number] = self._waiting.pop(number)()
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return said.overall, said.topics, said.findings, said.starts.shape

    def pointers(
        self, number: int, name: str, rows: NDArray[np.int64], labels: NDArray[np.int64]
    ) -> Floats:
        # They are asked for once, those of the ends last.
        said = self._kept.pop(number) if name == "ends" else self._kept[number]
        logits: Pointers = getattr(said, name)
        return logits.of(rows, labels)


def _raise(error: Exception) -> Outputs:
    raise error


def _named(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


if __name__ == "__main__":
    main()
