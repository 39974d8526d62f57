"""Measure the base model on a CUDA device: alone, in memory, and from file to file.

    python scripts/bench_gpu.py              # some four minutes; writes docs/bench-gpu.*
    python scripts/bench_gpu.py --quick      # a smoke test

The rows are those of scripts/bench.py. What bounds a run is told by three figures: the network alone
(token ids in, logits out), the same with all that Python does around it in one process, and the whole
command with as many processes as help.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from bench import ROOT, TEXT, make_rows, run, write_csv

MODELS = ("base", "fast")
PART = 512  # rows that a job scores at a time
REPEATED = 20_000  # different rows; a longer file repeats them


@dataclass
class Figures:
    """What was measured of one model.

    :param network: Rows a second, token ids in and logits out, in runs of 64 tokens a row.
    :param parts: The same in runs of 512 rows, as a job has them.
    :param in_memory: Rows a second of `analyze_batch`, in one process.
    :param agreement: Share of rows of which the CPU says the same, to the last driver.
    :param products: Multiplications of a row in such a run.
    :param file: Rows a second from file to file, by processes and rows.
    :param processor: Processor seconds of these runs a row, all processes together.
    """

    name: str
    network: float = 0.0
    parts: float = 0.0
    in_memory: float = 0.0
    agreement: float = 0.0
    products: float = 0.0
    file: dict[str, dict[int, float]] = field(default_factory=dict)
    processor: dict[str, dict[int, float]] = field(default_factory=dict)


def main() -> None:
    """Read the arguments, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="few rows, nothing written to docs/")
    parser.add_argument("--sizes", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 4, 8], metavar="N")
    parser.add_argument("--models", nargs="+", default=MODELS, metavar="MODEL")
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "docs", help="folder")
    given = parser.parse_args()
    import torch

    if not torch.cuda.is_available():
        sys.exit("There is no CUDA device here; bench_gpu measures nothing else.")
    if given.quick:
        given.sizes, given.workers = [2_000], [2]
    hardware = _hardware(torch)
    print(json.dumps(hardware), flush=True)
    measured = []
    for name in given.models:
        figures = _inside(name, quick=given.quick)
        print(json.dumps(asdict(figures)), flush=True)
        measured.append(figures)
    for figures in measured:
        _from_file(figures, given.sizes, given.workers if figures is measured[0] else [])
        print(json.dumps(asdict(figures)), flush=True)
    if not given.quick:
        given.output.mkdir(parents=True, exist_ok=True)
        held = {"hardware": hardware, "figures": [asdict(one) for one in measured]}
        path = given.output / "bench-gpu.json"
        path.write_text(json.dumps(held, indent=1) + "\n", encoding="utf-8")
        (given.output / "bench-gpu.md").write_text(report(hardware, measured), encoding="utf-8")


def report(hardware: dict[str, Any], measured: Sequence[Figures]) -> str:
    """Return the figures as a page."""
    lines = [
        "# Speed on a GPU",
        "",
        f"Written by `scripts/bench_gpu.py` on {hardware['date']}: {hardware['gpus']} × "
        f"{hardware['gpu']}, {hardware['cores']} cores ({hardware['processor']}), "
        f"torch {hardware['torch']}, Python {hardware['python']}. The rows are those of "
        "[bench.md](bench.md): about 60 Chinese characters or 25 English words, half and half.",
        "",
        "Rows a second: the network alone (token ids in, logits out, 64 tokens a row) in runs of 1,024 "
        f"rows and of {PART}, as a job has them; everything in memory, in one process; and whether the "
        "CPU says the same of a row, to its last driver and tag.",
        "",
        "|  | network | in parts | share of the GPU's products | in memory | as the CPU |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {one.name} | {one.network:,.0f} | {one.parts:,.0f} "
        f"| {one.network * one.products / hardware['peak']:.0%} | {one.in_memory:,.0f} "
        f"| {one.agreement:.1%} |"
        for one in measured
    ]
    lines += [
        "",
        f"The GPU was seen to do {hardware['peak'] / 1e12:,.0f} million million bf16 multiplications a "
        "second (a product of 8,192 × 8,192 matrices).",
        "",
        "From a CSV file to a CSV file, the process's start included (`sentiment score`, by the number "
        "of worker processes; 'default' is one for each core), and the processor time of all processes "
        "a row:",
        "",
        "|  | workers | rows | rows a second | processor |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {one.name} | {workers} | {size:,} | {rate:,.0f} "
        f"| {one.processor[workers][size] * 1e6:,.0f} µs |"
        for one in measured
        for workers, by_size in one.file.items()
        for size, rate in by_size.items()
    ]
    lines += ["", *_marginal(measured)]
    return "\n".join(lines) + "\n"


def _marginal(measured: Sequence[Figures]) -> list[str]:
    """Return what a row costs once everything has started: the longest run less the shortest."""
    lines = []
    for one in measured:
        by_size = one.file.get("default", {})
        if len(by_size) > 1:
            small, large = min(by_size), max(by_size)
            seconds = large / by_size[large] - small / by_size[small]
            lines.append(
                f"{one.name} once it has started (the run of {large:,} rows less that of {small:,}): "
                f"{(large - small) / seconds:,.0f} rows a second."
            )
    return lines


def _hardware(torch: Any) -> dict[str, Any]:
    """Return what this machine is, and the bf16 multiplications a second that it was seen to do."""
    square = torch.randn(8192, 8192, device="cuda", dtype=torch.bfloat16)
    seconds = _on_gpu(torch, lambda: square @ square)
    return {
        "date": time.strftime("%Y-%m-%d"),
        "gpu": torch.cuda.get_device_name(),
        "gpus": torch.cuda.device_count(),
        "cores": os.cpu_count(),
        "processor": _processor(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "transformers": version("transformers"),
        "peak": 8192**3 / seconds,
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((one.partition(":")[2].strip() for one in lines if "model name" in one), "")


def _inside(name: str, *, quick: bool) -> Figures:
    """Measure in this process."""
    import sentiment

    rows = make_rows(2_000 if quick else REPEATED)
    on_gpu = sentiment.load(name, device="cuda")
    on_cpu = sentiment.load(name, device="cpu")
    model: Any = on_gpu._model  # what is measured is not what users see
    runtime = model._runtime
    figures = Figures(name)

    width = 64
    ids = np.zeros((runtime.rows(width), width), dtype=np.int64)
    ids[:, :44] = np.random.default_rng(0).integers(300, 20_000, (len(ids), 44))
    for count, which in ((len(ids), "network"), (PART, "parts")):
        some = ids[:count]
        for _ in range(3):
            runtime.run(some)
        setattr(figures, which, count / _answered(partial(runtime.submit, some)))

    figures.products = _products(model.path, width)

    on_gpu.analyze_batch(rows[:2_000])
    began = time.perf_counter()
    for first in range(0, len(rows), PART):
        on_gpu.analyze_batch(rows[first : first + PART])
    figures.in_memory = len(rows) / (time.perf_counter() - began)

    figures.agreement = _agreement(
        on_gpu.analyze_batch(rows[:1_000]), on_cpu.analyze_batch(rows[:1_000])
    )
    return figures


def _products(folder: Path, tokens: int) -> float:
    """Return the multiplications of a row of so many tokens."""
    from safetensors.numpy import load_file

    from sentiment.model.bundle import NETWORK

    sizes = {name: one.shape for name, one in load_file(folder / NETWORK).items()}
    inner = [shape for name, shape in sizes.items() if ".layers." in name and len(shape) == 2]
    width = sizes["judge.0.weight"][0]
    asked = 4 * sizes["bias"][0] * sizes["bias"][1] + len(sizes["overall_pool.query"])
    of_token = sum(a * b for a, b in inner) + width * (width + asked)
    layers = sum(name.endswith("Wqkv.weight") for name in sizes)
    return float(tokens * of_token + 2 * layers * width * tokens**2)


def _answered(submit: Callable[[], Callable[[], object]], times: int = 40) -> float:
    """Return the seconds of one of some runs that are under way together."""
    began = time.perf_counter()
    for answer in [submit() for _ in range(times)]:
        answer()
    return (time.perf_counter() - began) / times


def _on_gpu(torch: Any, work: Callable[[], object], times: int = 20) -> float:
    """Return the seconds of one of some runs that follow one another without a pause."""
    for _ in range(3):
        work()
    torch.cuda.synchronize()
    began = time.perf_counter()
    for _ in range(times):
        work()
    torch.cuda.synchronize()
    return (time.perf_counter() - began) / times


def _agreement(ours: Sequence[Any], theirs: Sequence[Any]) -> float:
    """Return the share of rows with the same sentiment, topics, drivers and tags."""
    same = [
        one.sentiment == other.sentiment
        and [(o.driver, o.polarity) for o in one.opinions]
        == [(o.driver, o.polarity) for o in other.opinions]
        and [(t.tag, t.polarity) for t in one.tags] == [(t.tag, t.polarity) for t in other.tags]
        for one, other in zip(ours, theirs, strict=True)
    ]
    return statistics.fmean(same)


def _from_file(figures: Figures, sizes: Sequence[int], workers: Sequence[int]) -> None:
    """Measure the command, its start included: by number of rows, and of processes."""
    different = make_rows(REPEATED)
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            source = Path(folder) / f"in{size}.csv"
            write_csv(source, [different[at % REPEATED] for at in range(size)])
        runs: list[tuple[int, int | None]] = [(size, None) for size in sizes]
        runs += [(sizes[0], count) for count in workers]
        for size, count in runs:
            command = [
                sys.executable, "-m", "sentiment", "score", f"{folder}/in{size}.csv",
                "-o", f"{folder}/out.csv", "--text", TEXT, "--device", "cuda",
                "--model", figures.name, "--overwrite",
            ]  # fmt: skip
            command += [] if count is None else ["--workers", str(count)]
            took = run(command)
            label = "default" if count is None else str(count)
            figures.file.setdefault(label, {})[size] = size / took.seconds
            figures.processor.setdefault(label, {})[size] = took.processor / size
            print(
                f"{figures.name} {size:,} rows, workers {label}: {took.seconds:.1f} s, "
                f"{size / took.seconds:,.0f} rows/s, {took.memory / 1e9:.1f} GB",
                flush=True,
            )


if __name__ == "__main__":
    main()
