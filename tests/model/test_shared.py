"""A process that has the GPU says what one's own runtime says; without a GPU it computes on the CPU."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra [torch] is not installed")
pytest.importorskip("transformers", reason="the extra [torch] is not installed")

from sentiment.analyzer import Analyzer
from sentiment.errors import ModelError, OutputError
from sentiment.job import Interrupted, JobOptions, score
from sentiment.job.scoring import Analyzes
from sentiment.job.store import Store
from sentiment.model import bundle
from sentiment.model.cuda import CudaRuntime, load_cuda
from sentiment.model.shared import SharedGpu, SharedRuntime
from sentiment.model.transformer import TransformerModel
from sentiment.taxonomy import Taxonomy

BASE = Path(__file__).parents[2] / "models" / "base"
TEXTS = [
    "物流很快，但是包装破了，客服也不理人。",
    "Great value, though delivery took three weeks.",
    "",
    "很好。" * 300 + "就是太贵了。",
    *(f"The parcel came {days} days late and nobody answered." for days in range(2, 60)),
]


@pytest.fixture(scope="module")
def saved() -> bundle.Bundle:
    return bundle.read(BASE)


@pytest.fixture(scope="module")
def own(saved: bundle.Bundle) -> CudaRuntime:
    taxonomy = Taxonomy.default()
    names = len(taxonomy.drivers) + len(taxonomy.tags)
    weights = saved.file(bundle.NETWORK)
    return load_cuda(saved.config, weights, len(taxonomy.topics), names, "cpu")


@pytest.fixture(scope="module")
def gpu() -> Iterator[dict[str, str]]:
    with SharedGpu(BASE, None) as made:
        yield made.ready()


@pytest.fixture
def asked(gpu: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> SharedRuntime:
    for name, value in gpu.items():
        monkeypatch.setenv(name, value)
    return SharedRuntime.of_environment()


def ids(rows: int, width: int) -> np.ndarray:
    drawn = np.zeros((rows, width), dtype=np.int64)
    drawn[:, : width - 3] = np.random.default_rng(rows).integers(300, 20_000, (rows, width - 3))
    return drawn


def test_it_answers_as_one_of_its_own(own: CudaRuntime, asked: SharedRuntime) -> None:
    assert asked.ahead == own.ahead
    for tokens in (1, 32, 33, 256, 300):
        assert asked.width(tokens) == own.width(tokens)
        assert asked.rows(own.width(tokens)) == own.rows(own.width(tokens))
    given = [ids(rows, 32) for rows in (3, 9, 40)]
    # All are under way before the first answer is waited for.
    waiting = [asked.submit(one) for one in given]
    for one, answer in zip(given, waiting, strict=True):
        theirs, ours = answer(), own.run(one)
        for name in ("overall", "topics", "findings"):
            assert np.array_equal(getattr(theirs, name), getattr(ours, name)), name
        assert theirs.starts.shape == ours.starts.shape
        which = np.array([0, len(one) - 1]), np.array([4, 90])
        for there, here in ((theirs.starts, ours.starts), (theirs.ends, ours.ends)):
            assert not isinstance(there, np.ndarray)
            assert not isinstance(here, np.ndarray)
            assert np.array_equal(there.of(*which), here.of(*which))


def test_several_threads_and_processes_ask(own: CudaRuntime, asked: SharedRuntime) -> None:
    other = SharedRuntime.of_environment()
    wrong: list[int] = []

    def ask(runtime: SharedRuntime, rows: int) -> None:
        for _ in range(4):
            said = runtime.submit(ids(rows, 32))()
            if not np.array_equal(said.findings, own.run(ids(rows, 32)).findings):
                wrong.append(rows)

    threads = [
        threading.Thread(target=ask, args=(runtime, rows))
        for runtime, rows in ((asked, 2), (asked, 5), (other, 3), (other, 11))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_texts_are_scored_there(
    saved: bundle.Bundle, own: CudaRuntime, asked: SharedRuntime
) -> None:
    there = TransformerModel.of(saved, "auto")
    assert there.device == "cuda"
    here = TransformerModel.of(saved, "cpu")
    here._runtime = own
    assert Analyzer(there).analyze_batch(TEXTS) == Analyzer(here).analyze_batch(TEXTS)


def test_it_answers_for_its_own_model_alone(
    asked: SharedRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    fast = bundle.read(BASE.with_name("fast"))
    monkeypatch.setattr("sentiment.model.transformer.pick_device", lambda device: "cpu")
    assert TransformerModel.of(fast, "auto").device == "cpu"


def test_who_has_no_key_is_not_answered(gpu: dict[str, str], asked: SharedRuntime) -> None:
    with pytest.raises(ModelError, match="digest"):
        SharedRuntime(gpu["SENTIMENT_GPU_ADDRESS"], b"another")
    assert asked.submit(ids(2, 32))().findings.shape == (2, 32, 3)


def test_one_that_cannot_start_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with SharedGpu(tmp_path, None) as made, pytest.raises(ModelError, match="manifest"):
        made.ready()
    (tmp_path / "sitecustomize.py").write_text("print('hello')\nraise SystemExit(3)\n")
    monkeypatch.syspath_prepend(tmp_path)
    with SharedGpu(BASE, None) as made, pytest.raises(ModelError, match=r"did not start"):
        made.ready()
    assert not Path(made._place).exists()


def test_its_end_is_told_and_it_ends_with_who_started_it() -> None:
    code = f"""
import os, signal
from sentiment.errors import ModelError, OutputError
from sentiment.model.shared import SharedGpu, SharedRuntime
gpu = SharedGpu({str(BASE)!r}, None).__enter__()
other = SharedGpu({str(BASE)!r}, None).__enter__()
gpu.ready()
address, key = list(other.ready().values())[1:]
other._process.send_signal(signal.SIGINT)  # Ctrl-C is the job's
asks = SharedRuntime(address, bytes.fromhex(key))
print(gpu._process.pid, flush=True)
other._process.kill()
other._process.wait()
for ask in (lambda: asks.rows(12345), lambda: SharedRuntime(address, bytes.fromhex(key))):
    try:
        ask()
    except ModelError as error:
        print(error, flush=True)
os._exit(0)
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    pid, *told = ran.stdout.splitlines()
    assert len(told) == 2
    assert all("process that has the GPU ended" in one for one in told)
    assert "KeyboardInterrupt" not in ran.stderr
    for _ in range(200):
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    raise AssertionError("it goes on without anyone to serve")


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """As if there were two GPUs, which compute on the CPU; the numbers of those that are used."""
    numbers: list[int] = []
    on_cpu = SharedGpu

    def shared(folder: str, number: int) -> SharedGpu:
        numbers.append(number)
        return on_cpu(folder, None)

    monkeypatch.setattr("sentiment.job.run.pick_device", lambda device: "cuda")
    monkeypatch.setattr("sentiment.job.run.count_gpus", lambda: 2)
    monkeypatch.setattr("sentiment.model.shared.SharedGpu", shared)
    return numbers


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in.csv"
    rows = [f'{at},"{TEXTS[at % 2]}"' for at in range(540)]
    path.write_text("\n".join(["id,comment", *rows]), encoding="utf-8")
    return path


def test_a_job_shares_them_among_its_workers(source: Path, started: list[int]) -> None:
    out = source.with_name("gpu.jsonl")
    summary = score(source, out, JobOptions(model="base", device="cuda", workers=2))
    assert sum(summary.tally.rows.values()) == 540
    assert started == [0, 1]
    cpu = source.with_name("cpu.jsonl")
    score(source, cpu, JobOptions(model="base", device="cpu", workers=1))
    ours, theirs = (
        [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        for path in (out, cpu)
    )
    assert [one["id"] for one in ours] == [one["id"] for one in theirs]
    same = [one["sentiment"] == other["sentiment"] for one, other in zip(ours, theirs, strict=True)]
    assert sum(same) > 0.98 * len(same)


def test_a_small_file_is_not_worth_a_gpu_that_nobody_asked_for(
    source: Path, started: list[int]
) -> None:
    score(source, source.with_name("out.jsonl"), JobOptions(model="base", workers=2))
    score(source, source.with_name("lite.jsonl"), JobOptions(model="lite", device="cuda"))
    assert started == []


class _NoPool:
    """In the place of workers: it is enough to know that they would have been given a GPU."""

    def __init__(
        self,
        loading: partial[Analyzes],
        workers: int,
        environments: list[dict[str, str]],
    ) -> None:
        raise OutputError(f"{loading.args[1]}: {len(environments)} of them")


def test_what_an_earlier_run_did_counts(
    source: Path, started: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = source.with_name("out.jsonl")

    def stop(store: Store) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as once:
        once.setattr(Store, "mark_complete", stop)
        with pytest.raises(Interrupted):
            score(source, out, JobOptions(model="base", device="cpu", workers=1))
    journal = out.with_name("out.jsonl.partial") / "journal.jsonl"
    first, _ = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(first)
    assert started == []
    monkeypatch.setattr("sentiment.job.run._BEFORE_GPU", 2)  # parts, of which one is kept
    monkeypatch.setattr("sentiment.job.run.Pool", _NoPool)
    monkeypatch.setattr(SharedGpu, "ready", lambda gpu: {})
    with pytest.raises(OutputError, match="cuda: 2 of them"):
        score(source, out, JobOptions(model="base", workers=2))
    assert started == [0, 1]
