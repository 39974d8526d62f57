"""Measure speed, memory and size beside SnowNLP, VADER, TextBlob and a Hugging Face pipeline.

    python scripts/bench.py                  # all of it, some fifteen minutes; writes docs/bench.*
    python scripts/bench.py --sizes 1000 10000 100000 1000000    # a quarter of an hour more
    python scripts/bench.py --rows mine.txt  # on your own texts, one a line
    python scripts/bench.py --quick          # a smoke test

A row is about 60 Chinese characters or 25 English words, half and half, put together from the
sentences of data/sample_reviews.csv. Everything is measured in processes of its own: what one system
loads is neither in the time nor in the memory of another. What is compared from file to file runs in
turns, round after round, so that a machine that slows down for a while slows all alike. The peers give
one number a text; this project gives sentiment, topics, drivers and their evidence.

The pipeline is the one that a user would pick for both languages: `text-classification` with a network
of the true size of distilbert-base-multilingual-cased, on torch. Its weights are random and nothing is
fetched: speed does not depend on them. Its rows are sorted by length and run by eight, as its
documentation shows. Its words are the characters of the Chinese rows and the whole words of the English
ones, which makes fewer tokens than the real vocabulary does and so favours it.

The peers come with the extras [bench] and, for the pipeline, [torch]; one that is not installed is left
out, with a sentence. How much of the processor's own speed the base model uses is worked out from the
largest matrix products that this machine was seen to do.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import random
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from importlib import import_module
from importlib.metadata import PackageNotFoundError, distribution, version
from importlib.util import find_spec
from itertools import islice, pairwise, product
from math import ceil, floor, log10
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "data" / "sample_reviews.csv"
TEXT = "评价内容"
# The lengths of the issue: a row of 60 characters of Chinese is one of 25 words of English.
USUAL = 60
WORDS_PER_CHARACTER = 25 / 60
BATCH = 512
FEW = 10  # rows that tell the start

# What is imported, and the package that is installed, for each peer.
PEERS = {
    "SnowNLP": ("snownlp", "snownlp"),
    "VADER": ("vaderSentiment", "vaderSentiment"),
    "TextBlob": ("textblob", "textblob"),
    "DistilBERT": ("transformers", "transformers"),
}
# Rows that a peer is given at a time in memory: one, so that a slow one can be stopped in time.
AT_A_TIME = {"DistilBERT": 64}


@dataclass(frozen=True)
class Plan:
    """How much is measured.

    :param sizes: Rows of the runs from file to file.
    :param lengths: Characters of a row, for the rates by length.
    :param seconds: The longest that one measurement in memory may take, where it can be cut short.
    :param patience: The longest that a peer's run from file to file is waited for, in seconds.
    :param repeats: How often a measurement is taken; the median counts.
    """

    sizes: tuple[int, ...] = (1_000, 10_000, 100_000)
    lengths: tuple[int, ...] = (20, 60, 200, 1_000)
    seconds: float = 5.0
    patience: float = 40.0
    repeats: int = 3


# A run of ours that takes longer is not taken again.
LONG = 120.0
QUICK = Plan(sizes=(100, 200), lengths=(20, 60), seconds=1.0, repeats=1)


@dataclass
class Figures:
    """What was measured of one system; rates in rows a second, times in seconds, sizes in bytes.

    :param file: Seconds from file to file of each round, by rows.
    """

    name: str
    version: str
    ours: bool
    imported: float = 0.0
    first: float = 0.0
    memory: float = 0.0
    by_length: dict[int, float] = field(default_factory=dict)
    file: dict[int, list[float]] = field(default_factory=dict)
    file_memory: float = 0.0
    file_processor: float = 0.0
    installed: int = 0

    @property
    def start(self) -> float:
        """Seconds from file to file of the fewest rows."""
        return statistics.median(self.file[FEW])

    def rate(self, rows: int) -> float | None:
        """Return the rate from file to file, start included; None: not measured."""
        return rows / statistics.median(self.file[rows]) if rows in self.file else None

    def past(self, fewer: int, rows: int) -> float | None:
        """Return the rate of what a run has more than one of fewer rows; None: not measured."""
        rates = self.each_past(fewer, rows)
        return statistics.median(rates) if rates else None

    def each_past(self, fewer: int, rows: int) -> list[float]:
        """Return what `past` does for each round in which both were measured."""
        pairs = zip(self.file.get(fewer, ()), self.file.get(rows, ()), strict=False)
        return [(rows - fewer) / (long - short) for short, long in pairs if long > short]

    @property
    def longest(self) -> int:
        """Rows of the longest run from file to file that was taken as often as any."""
        most = max(map(len, self.file.values()))
        return max(rows for rows, seconds in self.file.items() if len(seconds) == most)

    @property
    def running(self) -> float | None:
        """Rate of that run without what the start takes; None: there was no longer one."""
        return self.past(FEW, self.longest)


# --- rows -------------------------------------------------------------------------------------


def sentences() -> tuple[list[str], list[str]]:
    """Return the sentences of the sample, Chinese and English."""
    with SAMPLE.open(encoding="utf-8-sig", newline="") as file:
        texts = [row[TEXT] for row in csv.DictReader(file)]
    pieces = [
        piece for text in texts for piece in re.findall(r".+?(?:[。！？!?]+|\.(?=\s|$)|$)", text)
    ]
    pieces = [piece.strip() for piece in pieces]
    chinese = [_ended(piece, "。") for piece in pieces if re.match("[㐀-鿿]", piece)]
    english = [_ended(piece, ".") for piece in pieces if piece.isascii() and piece.count(" ") > 2]
    return chinese, english


def _ended(sentence: str, mark: str) -> str:
    return sentence if sentence[-1:] in "。！？!?." else sentence + mark


def make_rows(count: int, length: int = USUAL) -> list[str]:
    """Return rows of about that many Chinese characters, or as long in English; always the same."""
    chinese, english = sentences()
    chance = random.Random(length)
    return [
        _joined(chance, chinese, "", length)
        if index % 2 == 0
        else _joined(chance, english, " ", length)
        for index in range(count)
    ]


def _joined(chance: random.Random, pieces: Sequence[str], space: str, length: int) -> str:
    """Join sentences drawn at random and cut them to about the length, give or take a third."""
    wanted = round(length * chance.uniform(2 / 3, 4 / 3))
    text: list[str] = []
    units = 0
    while units < (wanted if not space else wanted * WORDS_PER_CHARACTER):
        piece = chance.choice(pieces)
        text.append(piece)
        units += len(piece.split()) if space else len(piece)
    joined = space.join(text)
    if space:
        return " ".join(joined.split()[: max(round(wanted * WORDS_PER_CHARACTER), 1)])
    return joined[:wanted]


def write_csv(path: Path, rows: Sequence[str]) -> None:
    """Write an export with an order number, stars and the text."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["订单号", "评分", TEXT])
        writer.writerows([f"A-{n:07}", n % 5 + 1, row] for n, row in enumerate(rows, start=1))


# --- in a process of its own --------------------------------------------------------------------


def scorer(name: str) -> Callable[[Sequence[str]], list[Any]]:
    """Import and load a system; return what scores a batch of texts with it."""
    if name == "SnowNLP":
        snow = import_module("snownlp").SnowNLP
        return lambda texts: [snow(text).sentiments for text in texts]
    if name == "VADER":
        vader = import_module("vaderSentiment.vaderSentiment").SentimentIntensityAnalyzer()
        return lambda texts: [vader.polarity_scores(text)["compound"] for text in texts]
    if name == "TextBlob":
        blob = import_module("textblob").TextBlob
        return lambda texts: [blob(text).sentiment.polarity for text in texts]
    if name == "DistilBERT":
        return pipeline()
    import sentiment

    return sentiment.load(name).analyze_batch


def pipeline() -> Callable[[Sequence[str]], list[Any]]:
    """Return a `text-classification` pipeline of the size of distilbert-base-multilingual-cased."""
    words = import_module("tokenizers")
    transformers = import_module("transformers")
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    rows = make_rows(2000)
    found = (part for row in rows for part in re.findall(r"[A-Za-z]+|\S", row))
    numbers = {word: at for at, word in enumerate(dict.fromkeys([*special, *found]))}
    tokenizer = words.Tokenizer(words.models.WordPiece(numbers, unk_token="[UNK]"))
    tokenizer.normalizer = words.normalizers.BertNormalizer(lowercase=False)
    tokenizer.pre_tokenizer = words.pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = words.processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    wrapped = transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]",
        sep_token="[SEP]", mask_token="[MASK]", model_max_length=512,
    )  # fmt: skip
    config = transformers.DistilBertConfig(vocab_size=119_547, num_labels=3)  # 135 million weights
    network = transformers.DistilBertForSequenceClassification(config).eval()
    classify = transformers.pipeline(
        "text-classification", model=network, tokenizer=wrapped, device="cpu"
    )

    def score(texts: Sequence[str]) -> list[Any]:
        order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
        said = classify([texts[at] for at in order], batch_size=8, truncation=True)
        answers: list[Any] = [None] * len(texts)
        for at, answer in zip(order, said, strict=True):
            answers[at] = answer["label"]
        return answers

    return score


def child_memory(name: str, rows_path: str, seconds: str) -> None:
    """Score ten rows, say so, then rows in memory until they or the time end; print the rate."""
    score = scorer(name)
    rows: list[str] = json.loads(Path(rows_path).read_text(encoding="utf-8"))
    score(rows[:10])
    print("ten", flush=True)
    done, began = 0, time.perf_counter()
    batch = AT_A_TIME.get(name, 1) if name in PEERS else BATCH
    for first in range(0, len(rows), batch):
        done += len(score(rows[first : first + batch]))
        if time.perf_counter() - began > float(seconds):
            break
    print(done / (time.perf_counter() - began))


def child_file(name: str, source: str, output: str) -> None:
    """Score a CSV file into another one, as a user of that system would."""
    score = scorer(name)
    with (
        open(source, encoding="utf-8", newline="") as read,
        open(output, "w", encoding="utf-8", newline="") as write,
    ):
        rows = csv.DictReader(read)
        writer = csv.DictWriter(write, [*(rows.fieldnames or ()), "sentiment"])
        writer.writeheader()
        while batch := list(islice(rows, BATCH)):
            for row, value in zip(batch, score([row[TEXT] for row in batch]), strict=True):
                writer.writerow({**row, "sentiment": value})


def child_peak(*_: str) -> None:
    """Print the most multiplications a second, on all cores: of fp32 numbers, and of bytes."""
    import numpy as np

    square = np.ones((2048, 2048), np.float32)
    print(2048**3 / _fastest(lambda: square @ square))
    try:
        onnx, onnxruntime = import_module("onnx"), import_module("onnxruntime")
    except ImportError:
        return
    helper = onnx.helper
    kinds = onnx.TensorProto
    graph = helper.make_graph(
        [helper.make_node("MatMulInteger", ["a", "b"], ["c"])],
        "peak",
        [helper.make_tensor_value_info("a", kinds.UINT8, [2048, 2048])],
        [helper.make_tensor_value_info("c", kinds.INT32, [2048, 2048])],
        [onnx.numpy_helper.from_array(np.ones((2048, 2048), np.int8), "b")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    given = {"a": np.ones((2048, 2048), np.uint8)}
    print(2048**3 / _fastest(lambda: session.run(None, given)))


def child_products(graph: str, tokens: str) -> None:
    """Print the microseconds that a row's products take, in the model's own graph, on one core.

    :param tokens: That a row has.
    """
    import numpy as np
    import onnxruntime

    from sentiment.model.runtime import CpuRuntime

    runtime = CpuRuntime()
    width = runtime.width(int(tokens))
    rows = runtime.rows(width)
    ids = np.random.default_rng(0).integers(5, 20_000, (rows, width))
    with tempfile.TemporaryDirectory() as folder:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.enable_profiling = True
        options.profile_file_prefix = str(Path(folder) / "times")
        session = onnxruntime.InferenceSession(
            graph, options, disabled_optimizers=["SkipLayerNormFusion"]
        )
        for _ in range(50):
            session.run(None, {"ids": ids, "attention": np.ones_like(ids)})
        events = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
    times: dict[str, list[int]] = {}
    for event in events:
        if event["name"].endswith("_kernel_time") and "MatMul" in event["args"]["op_name"]:
            times.setdefault(event["name"], []).append(event["dur"])
    print(sum(statistics.median(one) for one in times.values()) / rows)


def _fastest(work: Callable[[], object]) -> float:
    """Return the seconds of the fastest of some runs."""
    seconds = []
    for _ in range(20):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return min(seconds)


# --- from outside ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Run:
    """A process and its children: seconds to the first line and to the end, of wall and of processor
    time, and the most bytes that all of them held.
    """

    first: float
    seconds: float
    processor: float
    memory: float
    printed: list[str]


def run(command: Sequence[str]) -> Run:
    """Run a command to its end and measure it."""
    # As on a user's machine: Python keeps what it compiled, and does not begin anew in each process.
    keeping = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryFile() as complaint:  # a pipe that nobody empties would stop it
        began = time.perf_counter()
        with subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=complaint,
            text=True,
            encoding="utf-8",
            env=keeping,
        ) as process:
            peak = _Peak(process.pid)
            assert process.stdout is not None
            printed = [process.stdout.readline()]
            to_first = time.perf_counter() - began
            printed += process.stdout
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - began
            process.returncode = os.waitstatus_to_exitcode(status)
        most = peak.stop()
        if process.returncode:
            complaint.seek(0)
            said = complaint.read().decode("utf-8", "replace")
            raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {said}")
    unit = 1 if sys.platform == "darwin" else 1024
    processor = usage.ru_utime + usage.ru_stime
    return Run(to_first, seconds, processor, max(most, usage.ru_maxrss * unit), printed)


class _Peak:
    """Watches the memory of a process and its children together, where /proc tells it."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._most = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def stop(self) -> int:
        """Return the most that was seen, in bytes."""
        self._over.set()
        self._thread.join()
        return self._most

    def _watch(self) -> None:
        while not self._over.wait(0.1):
            self._most = max(self._most, sum(map(_resident, _family(self._pid))))


def _family(pid: int) -> Iterator[int]:
    yield pid
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = path.read_text().split()
        except OSError:
            continue
        for child in children:
            yield from _family(int(child))


def _resident(pid: int) -> int:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def child(*arguments: str) -> list[str]:
    """Return the command that runs a part of this script in a process of its own."""
    return [sys.executable, str(Path(__file__)), "child", *arguments]


def measure(figures: Figures, plan: Plan, rows: list[str] | None, folder: Path) -> None:
    """Fill in what one system does in memory, and its size."""
    name = figures.name
    module = "sentiment" if figures.ours else PEERS[name][0]
    command = [sys.executable, "-c", f"import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"]  # fmt: skip # noqa: E501
    figures.imported = statistics.median(
        float(run(command).printed[0]) for _ in range(plan.repeats)
    )
    for length in (USUAL,) if rows else plan.lengths:
        texts = rows or make_rows(min(max(plan.sizes), 2_000_000 // length), length)
        path = folder / f"{length}.json"
        path.write_text(json.dumps(texts), encoding="utf-8")
        done = run(child("memory", name, str(path), str(plan.seconds)))
        figures.by_length[length] = float(done.printed[1])
        if length == USUAL:
            again = [
                run(child("memory", name, str(path), "0")).first for _ in range(plan.repeats - 1)
            ]
            figures.first = statistics.median([done.first, *again])
            figures.memory = done.memory
    figures.installed = installed_size("sentiment" if figures.ours else PEERS[name][1])
    if name == "DistilBERT":
        figures.installed += installed_size("torch")


def measure_files(
    found: Sequence[Figures], plan: Plan, rows: list[str] | None, folder: Path
) -> dict[str, float] | None:
    """Fill in what the systems do from file to file, in turns.

    :return: The median of what `matrix_limit` said in each turn.
    """
    texts = rows or make_rows(max(plan.sizes))
    sizes = [FEW, *(size for size in plan.sizes if size <= len(texts))]
    for size in sizes:
        write_csv(folder / f"{size}.csv", texts[:size])
    limits = []
    for turn in range(plan.repeats):
        print(f"from file to file, {turn + 1} of {plan.repeats} ...", flush=True)
        for size, figures in product(sizes, found):
            expected = size / figures.by_length[USUAL]
            # A peer that is slow is not waited for; for it, more rows take longer and tell no more.
            slow = not figures.ours and size > plan.sizes[0] and expected > plan.patience
            if slow or (turn and expected > LONG):
                continue
            source, output = folder / f"{size}.csv", folder / "out.csv"
            command = child("file", figures.name, str(source), str(output))
            if figures.ours:
                command = [sys.executable, "-m", "sentiment", "score", str(source)]
                command += ["-o", str(output), "--model", figures.name, "--overwrite", "--restart"]
            done = run(command)
            figures.file.setdefault(size, []).append(done.seconds)
            if size > FEW:  # the longest is the last
                figures.file_memory = done.memory
                figures.file_processor = done.processor / size
        if any(one.name == "base" for one in found):
            limits.append(matrix_limit(texts[:2000]))
    told = [one for one in limits if one is not None]
    return {key: statistics.median(one[key] for one in told) for key in told[0]} if told else None


def installed_size(name: str) -> int:
    """Return the bytes of a package with everything that a plain install of it brings."""
    total = 0
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        package = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if package in seen:
            continue
        seen.add(package)
        try:
            found = distribution(package)
        except PackageNotFoundError:
            continue  # for another system or Python
        if package != "sentiment":
            total += sum(_size(Path(str(file.locate()))) for file in found.files or ())
        waiting += [
            re.split(r"[^\w.-]", required, maxsplit=1)[0]
            for required in found.requires or ()
            if "extra ==" not in required
        ]
    if name == "sentiment":
        # An editable install holds a second copy of the models; a user's has what is in the checkout.
        for part in ("sentiment", "models"):
            total += sum(
                _size(path)
                for path in (ROOT / part).rglob("*")
                if path.is_file() and path.suffix != ".pyc"
            )
    return total


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() and path.suffix != ".pyc" else 0


# --- what it ran on -------------------------------------------------------------------------------


def machine() -> dict[str, Any]:
    """Return what the figures depend on: processor, cores, memory, versions, what else is running."""
    from sentiment.children import cores

    return {
        "processor": _processor(),
        "cores": cores(),
        "memory": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "numpy": version("numpy"),
        "date": time.strftime("%Y-%m-%d"),
        "load": round(os.getloadavg()[0], 1),
    }  # fmt: skip


def matrix_limit(rows: Sequence[str]) -> dict[str, float] | None:
    """Return what the base model's multiplications alone would take on this machine.

    :return: Multiplications a second (`floats`, `bytes`), tokens of a row, multiplications of a row with
        weights and between tokens, and the rows a second that these allow; `own`: those that the
        products allow as fast as they are, in their own shapes. None: nothing to tell.
    """
    from sentiment.model.bundle import GRAPH, TOKENIZER, bundled, read

    printed = run(child("peak")).printed
    if "base" not in bundled() or len(printed) < 2:
        return None
    saved = read(bundled()["base"])
    words = import_module("tokenizers").Tokenizer.from_file(str(saved.file(TOKENIZER)))
    tokens = [len(one.ids) for one in words.encode_batch([row.lower() for row in rows[:2000]])]
    graph = import_module("onnx").load(saved.file(GRAPH))
    inner = {name for node in graph.graph.node for name in node.input if "MatMul" in node.op_type}
    eight = [a for a in graph.graph.initializer if a.name in inner and len(a.dims) == 2]
    weights = sum(a.dims[0] * a.dims[1] for a in eight if a.data_type == 3)  # int8
    if not weights:
        return None  # a graph in fp32
    between = _between_tokens(graph.graph)
    floats, bytes_ = float(printed[0]), float(printed[1])
    mean, squares = statistics.mean(tokens), statistics.mean(n * n for n in tokens)
    seconds = mean * weights / bytes_ + squares * between / floats
    own = run(child("products", str(saved.file(GRAPH)), f"{mean:.0f}")).printed
    return {
        "floats": floats, "bytes": bytes_, "tokens": mean, "with_weights": mean * weights,
        "between_tokens": squares * between, "rows": 1 / seconds,
        "own": machine()["cores"] * 1e6 / float(own[0]),
    }  # fmt: skip


def _between_tokens(graph: Any) -> int:
    """Return the multiplications of two tokens of a text with one another, in all layers."""
    numbers = import_module("onnx").numpy_helper
    constants = {a.name: a for a in graph.initializer}
    maker = {name: node for node in graph.node for name in node.output}

    def width(tensor: str) -> int:
        node = maker[tensor]
        if "MatMul" in node.op_type:
            return int(constants[node.input[1]].dims[1])
        if node.op_type == "Split":  # looked up with others, not multiplied
            sizes = numbers.to_array(constants[node.input[1]])
            return int(sizes[list(node.output).index(tensor)])
        return width(node.input[0])  # its shape is changed, or it is turned

    attention = [node for node in graph.node if node.op_type == "FusedMatMul"]
    compares = [any(a.name == "transB" and a.i for a in node.attribute) for node in attention]
    return sum(
        width(node.input[0 if of_keys else 1])
        for node, of_keys in zip(attention, compares, strict=True)
    )


def _processor() -> str:
    described = Path("/proc/cpuinfo")
    if described.is_file():
        for line in described.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def systems(only: Sequence[str]) -> Iterator[Figures]:
    """Yield empty figures for each bundled model and each peer that is installed.

    :param only: Their names; all when empty.
    """
    from sentiment.model.bundle import bundled, read

    models = bundled()
    if not models:
        print("No model is bundled here: nothing of this project is measured.")
    for name, path in models.items():
        if not only or name in only:
            yield Figures(name, read(path).name, ours=True)
    for name, (module, package) in PEERS.items():
        if only and name not in only:
            continue
        if find_spec(module) is None:
            print(f'{name} is not installed and is left out: pip install "sentiment[bench,torch]".')
        else:
            label = "DistilBERT, transformers" if name == "DistilBERT" else name
            yield Figures(name, f"{label} {version(package)}", ours=False)


# --- what is written ----------------------------------------------------------------------------


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _rate(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"


def report(
    found: Sequence[Figures], plan: Plan, where: dict[str, Any], limit: dict[str, float] | None
) -> str:
    """Return what docs/bench.md says."""
    usual = [
        [
            each.version,
            *[_rate(each.rate(size)) for size in plan.sizes],
            _rate(each.running),
            _rate(each.by_length.get(USUAL)),
        ]
        for each in found
    ]
    lengths = sorted({length for each in found for length in each.by_length})
    by_length = [
        [each.version, *[_rate(each.by_length.get(length)) for length in lengths]] for each in found
    ]
    cost = [
        [
            each.version,
            f"{each.imported * 1000:,.0f} ms",
            f"{each.first:.2f} s",
            f"{each.start:.2f} s",
            f"{each.memory / 2**20:,.0f} MB",
            f"{each.file_memory / 2**20:,.0f} MB" if each.file_memory else "–",
            f"{each.file_processor * 1e6:,.0f} µs" if each.file_processor else "–",
            f"{each.installed / 2**20:,.0f} MB",
        ]
        for each in found
    ]
    parts = [
        "# Speed, memory and size",
        f"Written by `make bench` on {where['date']}: {where['processor']}, {where['cores']} cores, "
        f"{where['memory'] / 2**30:.0f} GB, {where['system']}, Python {where['python']}, "
        f"NumPy {where['numpy']}. {_busy(where)}The same rows for all: about 60 Chinese "
        "characters or 25 English words each, half and half. SnowNLP reads Chinese only, VADER and "
        "TextBlob English only, and each gives one number a text; DistilBERT is a Hugging Face "
        "`text-classification` pipeline of the true size of distilbert-base-multilingual-cased, with "
        "random weights, sorted by length, eight rows at a time, one label a text; this project gives "
        "sentiment, topics, drivers and evidence.",
        "![Rows a second](bench.svg)",
        "## Rows a second",
        "From a CSV file to a CSV file, the process's start included (a peer in a loop of its own, in "
        "one process; this project as `sentiment score`, with its default number of processes); the "
        "longest run again without what ten rows take; and in memory, in one process, models loaded. "
        f"From file to file the systems run in turns: the median of {plan.repeats} rounds, and of the "
        "ratios too. A dash: it would have taken too long.",
        table(
            ["", *[f"file, {size:,} rows" for size in plan.sizes], "without start", "in memory"],
            usual,
        ),
        *_ratios(found),
        *_share_of_limit(found, limit),
        *_past_start(found, plan),
        "## By length of text",
        "Rows a second in memory, in one process, by Chinese characters of a row (English to match).",
        table(["", *[f"{length:,}" for length in lengths]], by_length),
        "## Start, memory, size",
        "Import; process start to ten rows scored through Python, and from file to file; peak resident "
        "memory in one process, and of all processes of the longest run from file to file; processor "
        "time of that run, a row, which tells more than wall time on a busy machine; size on disk of a "
        "plain install with all that it needs, without compiled caches.",
        table(
            [
                "",
                "import",
                "ten rows",
                "ten rows, file",
                "memory",
                "memory, file",
                "processor",
                "installed",
            ],
            cost,
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _busy(where: dict[str, Any]) -> str:
    """Return a warning when the machine had something else to do."""
    if where["load"] < where["cores"] / 2:
        return ""
    return (
        f"**The machine was busy (load {where['load']} on {where['cores']} cores): rates and times are "
        "worse than they should be; measure again when it is idle.** "
    )


def _past_start(found: Sequence[Figures], plan: Plan) -> list[str]:
    """Return a table of what a job takes once, and of its rate past that."""
    spans = list(pairwise(plan.sizes))
    lines = []
    for each in (one for one in found if one.ours):
        rates = [each.past(*span) for span in spans]
        if rates and rates[0]:
            once = statistics.median(each.file[plan.sizes[0]]) - plan.sizes[0] / rates[0]
            lines.append([each.version, f"{once:.2f} s", *map(_rate, rates)])
    if not lines:
        return []
    return [
        "## By number of rows",
        "What a job takes once, the start of its workers included, and the rows a second of what a "
        f"longer job has more than a shorter one. Once: what {plan.sizes[0]:,} rows take, less these at "
        "the first of the rates.",
        table(["", "once", *[f"{few:,} to {many:,}" for few, many in spans]], lines),
    ]


def _ratios(found: Sequence[Figures]) -> list[str]:
    """Return one sentence for each of our models: how many times as fast as each peer."""
    lines = []
    for ours in (each for each in found if each.ours):
        times = []
        for peer in (each for each in found if not each.ours):
            pairs = zip(
                ours.each_past(FEW, ours.longest), peer.each_past(FEW, peer.longest), strict=False
            )
            if ratios := [one / other for one, other in pairs]:
                in_memory = ours.by_length[USUAL] / peer.by_length[USUAL]
                times.append(
                    f"{statistics.median(ratios):,.1f} times {peer.name} ({in_memory:,.1f} in memory)"
                )
        if times:
            lines.append(f"{ours.version} from file to file, start excluded: {', '.join(times)}.")
    return lines


def _share_of_limit(found: Sequence[Figures], limit: dict[str, float] | None) -> list[str]:
    """Return how near the base model comes to what its multiplications alone would allow."""
    rate = next((each.running for each in found if each.name == "base"), None)
    if rate is None or limit is None:
        return []
    name = next(each.version for each in found if each.name == "base")
    return [
        f"This machine multiplies at most {limit['floats'] / 1e9:,.0f} thousand million fp32 numbers a "
        f"second and {limit['bytes'] / 1e9:,.0f} thousand million bytes (the fastest of 20 products of "
        f"2,048 × 2,048, all cores). A row has {limit['tokens']:.0f} tokens, which makes "
        f"{limit['with_weights'] / 1e6:,.0f} million products with weights in bytes and "
        f"{limit['between_tokens'] / 1e6:,.1f} million between tokens in fp32: with nothing else to do, "
        f"{limit['rows']:,.0f} rows a second. {name} does {rate:,.0f} from file to file, "
        f"{rate / limit['rows']:.0%} of that. As fast as the model's own products are, one by one and "
        f"in their own shapes, they allow {limit['own']:,.0f} rows a second: it does "
        f"{rate / limit['own']:.0%} of that."
    ]


def picture(found: Sequence[Figures]) -> str:
    """Return the rates as bars, on a logarithmic axis: they lie a factor of a thousand apart."""
    bars = []
    for each in found:
        dark, light = ("#1f6f8b", "#99c9d6") if each.ours else ("#8a8f98", "#c9ccd1")
        bars += [
            (
                f"{each.version}, file to file",
                max((each.rate(rows) or 0.0 for rows in each.file), default=0.0),
                dark,
            ),
            (f"{each.version}, in memory", each.by_length.get(USUAL, 0.0), light),
        ]
    bars = [bar for bar in bars if bar[1]]
    high, left, width = 22, 260, 390
    low = floor(log10(min((rate for _, rate, _ in bars), default=1)))
    top = max(ceil(log10(max((rate for _, rate, _ in bars), default=1))), low + 1)
    height = len(bars) * high + 70

    def place(rate: float) -> float:
        return left + width * (log10(rate) - low) / (top - low)

    body = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 {height}" role="img" '
        'aria-label="Rows a second" font-family="system-ui, sans-serif" font-size="12">',
        f'<rect width="760" height="{height}" fill="#fff"/>',
        '<text x="16" y="24" font-size="15" fill="#222">Rows a second (logarithmic)</text>',
    ]
    for power in range(low, top + 1):
        x = place(10.0**power)
        body.append(f'<path d="M{x:.1f} 40V{height - 26}" stroke="#e3e5e8"/>')
        body.append(
            f'<text x="{x:.1f}" y="{height - 10}" text-anchor="middle" fill="#666">{10**power:,}</text>'
        )
    for index, (label, rate, shade) in enumerate(bars):
        y = 42 + index * high
        body.append(f'<text x="16" y="{y + 14}" fill="#222">{label}</text>')
        body.append(
            f'<rect x="{left}" y="{y + 3}" width="{place(rate) - left:.1f}" height="{high - 7}" '
            f'fill="{shade}"/>'
        )
        body.append(f'<text x="{place(rate) + 6:.1f}" y="{y + 14}" fill="#222">{rate:,.0f}</text>')
    return "\n".join([*body, "</svg>"]) + "\n"


def main() -> None:
    """Measure everything and write docs/bench.json, bench.md and bench.svg."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=Path, help="texts to measure with, one a line")
    parser.add_argument(
        "--only", action="append", default=[], metavar="NAME", help="lite, VADER ..."
    )
    parser.add_argument("--out", type=Path, default=ROOT / "docs", help="folder of the results")
    parser.add_argument(
        "--sizes",
        type=int,
        nargs="+",
        default=Plan.sizes,
        metavar="ROWS",
        help="rows of the runs from file to file, rising (default: %(default)s)",
    )
    parser.add_argument("--quick", action="store_true", help="a smoke test on 200 rows")
    options = parser.parse_args()
    plan = QUICK if options.quick else Plan(sizes=tuple(options.sizes))
    rows = None
    if options.rows:
        rows = [line for line in options.rows.read_text(encoding="utf-8").splitlines() if line]
    where = machine()  # before the load is our own
    found = list(systems(options.only))
    with tempfile.TemporaryDirectory() as folder:
        for each in found:
            print(f"{each.version} ...", flush=True)
            measure(each, plan, rows, Path(folder))
        limit = measure_files(found, plan, rows, Path(folder))
    text = report(found, plan, where, limit)
    print(text)
    options.out.mkdir(parents=True, exist_ok=True)
    values = {
        "machine": where,
        "plan": asdict(plan),
        "matrix_limit": limit,
        "systems": [asdict(each) for each in found],
    }
    (options.out / "bench.json").write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
    (options.out / "bench.md").write_text(text, encoding="utf-8")
    (options.out / "bench.svg").write_text(picture(found), encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        parts: dict[str, Callable[..., None]] = {
            "memory": child_memory, "file": child_file, "peak": child_peak,
            "products": child_products,
        }  # fmt: skip
        parts[sys.argv[2]](*sys.argv[3:6])
    else:
        main()
