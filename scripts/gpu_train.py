"""Train base and fast on one GPU, from the arrays of `scripts/gpu_prepare.py`.

    PYTHONPATH=. python scripts/gpu_train.py PREPARED OUT

A student and a larger teacher are pretrained side by side; the teacher learns the labels and speaks
about every row and about pieces of the corpus; base learns from both, and fast is base with layers
left out, trained on. Each stage is a process with a log, OUT/log-STAGE.txt; one whose result is in OUT
is not run again. OUT/base/finetuned.pt and OUT/fast/finetuned.pt are what `scripts/train_base.py` takes
up from its --work folder; finetuned16.safetensors beside them is the same in half the size. After every
fine-tuning, figures on the gold rows kept aside are printed, and those of today's bundle at the start.
With `--heard`, bundles that were trained before speak as well, each as loud as the teacher.
A quarter of an hour; neither the text line nor scikit-learn is needed. `--smoke` runs everything on a
few rows, on a CPU as well. Where a command may not run so long, `--until tuned` (pretraining, and the
teacher) comes first, and then the same without it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

import numpy as np
import torch
from safetensors.torch import save_file
from transformers.utils import logging

from sentiment.model.network import EncoderOptions, FeedbackNetwork, load_network
from sentiment.taxonomy import Taxonomy
from sentiment.train.base.arrays import KINDS, Stored, Table, read_stored, together
from sentiment.train.base.device_finetune import (
    DeviceTargets,
    Said,
    figures,
    finetune_on,
    mean_of,
    say_of,
    unlabelled,
)
from sentiment.train.base.device_pretrain import pretrain_on
from sentiment.train.base.finetune import FinetuneOptions
from sentiment.train.base.pretrain import PretrainOptions, Rows
from sentiment.train.base.quick import has_bf16
from sentiment.train.base.shorten import leave_out

DROPOUT = 0.1
FINISHED, HALF, RECIPE = "finetuned.pt", "finetuned16.safetensors", "recipe.json"
PIECE = 128  # tokens of a piece of the corpus that the teacher speaks about
SHOWN = 30.0  # seconds between two lines about what is running
MIXTURES = {
    # Of rows of the kind "taught" the teacher would know nothing but a few stars.
    "teacher": (0.65, 0.2, 0.15, 0.0),
    "base": (0.5, 0.1, 0.05, 0.35),
    "fast": (0.4, 0.05, 0.05, 0.5),
}
TAXONOMY = Taxonomy.default()


def main() -> None:
    """Read the arguments; run one stage, or all of them in their order."""
    given = _arguments()
    if given.stage:
        _run(given.stage, given)
        return
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / RECIPE).write_text(json.dumps(_recipe(given), indent=1), encoding="utf-8")
    began = time.monotonic()
    times: dict[str, float] = {}
    seeds = [f"base{'' if number == 0 else number + 1}" for number in range(given.seeds)]
    first = ["today", "student"]
    if given.heard:
        first.append("heard")
    groups = [first, seeds, ["fast"]]
    if given.teacher_layers:
        groups = [[*first, "teacher"], ["tuned"], seeds, ["fast"]]
    for group in groups:
        _side_by_side([one for one in group if not _done(one, given.out)], given.out, began, times)
        if given.until in group:
            break
    (given.out / "times.json").write_text(json.dumps(times, indent=1))
    print(f"{time.monotonic() - began:.0f} s in all: {times}", flush=True)


def _recipe(given: argparse.Namespace) -> dict[str, object]:
    """Return what was asked for, without places: what a bundle's card tells."""
    places = {"prepared", "out", "today", "heard", "until", "stage", "smoke", "device"}
    recipe = {name: value for name, value in vars(given).items() if name not in places}
    return recipe | {"heard": [one.name for one in given.heard]}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("prepared", type=Path, help="folder that gpu_prepare wrote")
    parser.add_argument(
        "out", type=Path, help="folder for weights, logs and the state between stages"
    )
    parser.add_argument(
        "--today", type=Path, default=Path("models/base"), help="bundle to compare with"
    )
    parser.add_argument("--minutes-pretrain", type=float, default=5.0)
    parser.add_argument("--student-tokens", type=int, default=65_536, help="a step of pretraining")
    parser.add_argument("--teacher-tokens", type=int, default=65_536)
    parser.add_argument(
        "--student-pretrain-rate", type=float, default=1.7, help="times the usual rates"
    )
    parser.add_argument("--teacher-pretrain-rate", type=float, default=1.0)
    parser.add_argument("--pretrain-steps", type=int, default=10**9)
    parser.add_argument(
        "--inners", type=int, nargs=4, default=[448] * 4, help="units in each layer of the student"
    )
    parser.add_argument(
        "--compared", type=int, default=64, help="numbers that a head of the student compares"
    )
    parser.add_argument(
        "--heard", type=Path, nargs="*", default=[], help="bundles that teach as well"
    )
    parser.add_argument(
        "--teacher-layers", type=int, default=10, help="0: none; base teaches fast, or who is heard"
    )
    parser.add_argument("--teacher-width", type=int, default=512)
    parser.add_argument("--teacher-heads", type=int, default=8)
    parser.add_argument("--teacher-inner", type=int, default=1024)
    parser.add_argument("--tokens", type=int, default=16_384, help="a step of fine-tuning")
    parser.add_argument("--teacher-steps", type=int, default=3000)
    parser.add_argument("--base-steps", type=int, default=10_000)
    parser.add_argument("--fast-steps", type=int, default=5000)
    parser.add_argument(
        "--minutes-base", type=float, default=6.0, help="at most; the rate may not fall"
    )
    parser.add_argument("--teacher-rate", type=float, default=0.5, help="times the usual rates")
    parser.add_argument("--base-rate", type=float, default=1.2)
    parser.add_argument("--fast-rate", type=float, default=0.8)
    for name, shares in MIXTURES.items():
        parser.add_argument(
            f"--{name}-mixture",
            type=float,
            nargs=4,
            default=shares,
            metavar="SHARE",
            help="of the steps: gold, aspects, overall, taught",
        )
    parser.add_argument(
        "--pieces", type=int, default=300_000, help="of the corpus, for the teacher"
    )
    parser.add_argument(
        "--left-out", type=int, nargs="+", default=[1, 3], help="layers that fast does without"
    )
    parser.add_argument("--trust", type=float, default=0.3, help="in the teacher, on gold rows")
    parser.add_argument("--seeds", type=int, default=1, help="runs of base side by side")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--compile", action="store_true", help="torch.compile the networks")
    parser.add_argument("--smoke", action="store_true", help="a few steps on a few rows")
    parser.add_argument(
        "--until", choices=("teacher", "tuned", "base"), help="stop after this stage"
    )
    parser.add_argument("--stage", help="run this one alone, in this process")
    given = parser.parse_args()
    if given.smoke:
        small = {
            "student_tokens": 2048, "teacher_tokens": 2048, "pretrain_steps": 4,
            "teacher_layers": min(2, given.teacher_layers),
            "teacher_width": 128, "teacher_heads": 2, "teacher_inner": 128, "tokens": 2048,
            "teacher_steps": 6, "base_steps": 8, "fast_steps": 6, "pieces": 200,
        }  # fmt: skip
        vars(given).update(small)
    return given


def _done(stage: str, out: Path) -> bool:
    return (out / f"{stage}.done").exists()


@dataclass
class _Child:
    """A stage that runs, and its log."""

    stage: str
    process: subprocess.Popen[bytes]
    log: Path
    file: IO[bytes]
    began: float


def _side_by_side(stages: list[str], out: Path, began: float, times: dict[str, float]) -> None:
    """Run stages side by side until all are done; stop all if one fails, with its log."""
    # Shapes change with every batch; blocks of fixed sizes would fill the memory with gaps.
    environment = {"PYTORCH_CUDA_ALLOC_CONF": "expandable_segments:True", **os.environ}
    children = []
    for stage in stages:
        log = out / f"log-{stage}.txt"
        file = log.open("wb")
        command = [sys.executable, *sys.argv, "--stage", stage]
        process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT, env=environment)
        children.append(_Child(stage, process, log, file, time.monotonic()))
    shown = time.monotonic()
    running = list(children)
    try:
        while running:
            time.sleep(0.5)
            for child in [one for one in running if one.process.poll() is not None]:
                running.remove(child)
                child.file.close()
                lines = child.log.read_text(errors="replace").splitlines()
                if child.process.returncode:
                    print("\n".join(lines[-60:]), flush=True)
                    raise SystemExit(f"{child.stage} failed with {child.process.returncode}")
                times[child.stage] = round(time.monotonic() - child.began, 1)
                print(f"{time.monotonic() - began:6.0f} s  {child.stage} is done", flush=True)
                print("\n".join(f"    {line}" for line in lines[-4:]), flush=True)
            if time.monotonic() - shown > SHOWN:
                shown = time.monotonic()
                for child in running:
                    lines = child.log.read_text(errors="replace").splitlines()
                    last = lines[-1] if lines else "starting"
                    print(f"{shown - began:6.0f} s  {child.stage}: {last}", flush=True)
    finally:
        for child in running:
            child.process.terminate()


def _run(stage: str, given: argparse.Namespace) -> None:
    """Run one stage in this process."""
    began = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - began:6.1f} {stage}: {line}", flush=True)

    device = torch.device(given.device)
    torch.set_float32_matmul_precision("high")
    # It plans anew for every shape, and batches have hundreds.
    torch.backends.cuda.enable_cudnn_sdp(False)
    logging.disable_progress_bar()
    stored = _small(read_stored(given.prepared)) if given.smoke else read_stored(given.prepared)
    say("arrays are read")
    if stage == "today":
        _today(stored, given, device, say)
    elif stage in ("student", "teacher"):
        _pretrain(stage, stored, given, device, say)
    elif stage == "heard":
        _hear(stored, given, device, say)
    elif stage == "tuned":
        _tune_teacher(stored, given, device, say)
    else:
        _tune(stage, stored, given, device, say)
    (given.out / f"{stage}.done").touch()


def _small(stored: Stored) -> Stored:
    """Return a few rows of everything."""
    corpus = {
        name: Rows(rows.ids[: rows.starts[min(200, len(rows))]], rows.starts[:201])
        for name, rows in stored.corpus.items()
    }
    tables = {}
    for name, table in stored.tables.items():
        parts = [np.flatnonzero(table.kind == kind)[:300] for kind in range(len(KINDS))]
        if name == "aside":
            parts = [np.flatnonzero(table.language == language)[:100] for language in range(2)]
        tables[name] = table.chosen(np.sort(np.concatenate(parts)))
    return Stored(stored.opens, corpus, tables)


def _today(
    stored: Stored, given: argparse.Namespace, device: torch.device, say: Callable[[str], None]
) -> None:
    if not (given.today / "config.json").exists():
        say(f"{given.today} is no bundle: nothing to compare with")
        return
    _show(_of_bundle(given.today), stored, device, say, given.out / "figures-today.json")


def _of_bundle(folder: Path) -> FeedbackNetwork:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    names = len(TAXONOMY.drivers) + len(TAXONOMY.tags)
    return load_network(config, folder / "model.safetensors", len(TAXONOMY.topics), names)


def _hear(
    stored: Stored, given: argparse.Namespace, device: torch.device, say: Callable[[str], None]
) -> None:
    targets = DeviceTargets(_everything(stored, given)[0], TAXONOMY, device)
    heard = [say_of(_of_bundle(one), targets, has_bf16(device.type)) for one in given.heard]
    torch.save([vars(one) for one in heard], given.out / "heard.pt")
    say(f"{len(heard)} have spoken about {len(targets)} rows")


def _said(given: argparse.Namespace, *others: Said) -> Said | None:
    """Return what those who are heard say, and others, in the mean; None where nobody speaks."""
    heard = torch.load(given.out / "heard.pt", weights_only=True) if given.heard else []
    everybody = [*others, *(Said(**one) for one in heard)]
    return mean_of(everybody) if everybody else None


def _pretrain(
    stage: str,
    stored: Stored,
    given: argparse.Namespace,
    device: torch.device,
    say: Callable[[str], None],
) -> None:
    usual = PretrainOptions()
    times = given.student_pretrain_rate if stage == "student" else given.teacher_pretrain_rate
    options = replace(
        usual,
        minutes=given.minutes_pretrain,
        cooldown=given.minutes_pretrain / 4,
        steps=given.pretrain_steps,
        step_tokens=given.student_tokens if stage == "student" else given.teacher_tokens,
        # Sixteen times the tokens of a step on a CPU bear larger rates; a wide network bears less.
        matrix_rate=times * usual.matrix_rate,
        rate=times * usual.rate,
        warmup=300,
        bf16=has_bf16(device.type),
    )
    student = EncoderOptions(layers=4, inners=tuple(given.inners), compared=given.compared)
    teacher = EncoderOptions(
        given.teacher_layers, given.teacher_width, given.teacher_heads, given.teacher_inner
    )
    pretrain_on(
        stored.corpus, stored.opens, given.out / stage, options,
        student if stage == "student" else teacher, device, say, given.compile,
    )  # fmt: skip


def _fresh(given: argparse.Namespace, stage: str) -> FeedbackNetwork:
    names = len(TAXONOMY.drivers) + len(TAXONOMY.tags)
    encoder = str(given.out / stage / "encoder")
    return FeedbackNetwork.on_pretrained(encoder, len(TAXONOMY.topics), names, DROPOUT)


def _everything(stored: Stored, given: argparse.Namespace) -> tuple[Table, np.ndarray]:
    """Return all rows and which are two put together: labelled, joined, pieces of the corpus."""
    labelled, joined = stored.tables["labelled"], stored.tables["joined"]
    pieces = unlabelled(stored.corpus, labelled, given.pieces, PIECE, 7)
    table = together([labelled, joined, pieces])
    pairs = np.zeros(len(table), dtype=bool)
    pairs[len(labelled) : len(labelled) + len(joined)] = True
    return table, pairs


def _options(
    given: argparse.Namespace, steps: int, rate: float, mixture: Sequence[float]
) -> FinetuneOptions:
    usual = FinetuneOptions()
    gold, aspects, overall, taught = mixture
    shares = (gold, aspects, overall, taught)
    return replace(
        usual,
        steps=steps,
        minutes=given.minutes_base,
        tokens=given.tokens,
        encoder_rate=rate * usual.encoder_rate,
        heads_rate=rate * usual.heads_rate,
        average=0.999,
        mixture_first=shares,
        mixture_last=shares,
        bf16=has_bf16(torch.device(given.device).type),
    )


def _tune_teacher(
    stored: Stored, given: argparse.Namespace, device: torch.device, say: Callable[[str], None]
) -> None:
    torch.manual_seed(7)
    network = _fresh(given, "teacher")
    table, pairs = _everything(stored, given)
    targets = DeviceTargets(table, TAXONOMY, device, _said(given), given.trust)
    options = _options(given, given.teacher_steps, given.teacher_rate, given.teacher_mixture)
    finetune_on(network, targets, TAXONOMY, options, say, pairs, given.compile)
    torch.save(
        {name: one.half() for name, one in network.state_dict().items()},
        given.out / "teacher" / FINISHED,
    )
    said = _said(given, say_of(network, targets, has_bf16(device.type)))
    torch.save(vars(said), given.out / "taught.pt")
    say(f"has spoken about {len(table)} rows")
    _show(network, stored, device, say, given.out / "figures-teacher.json")


def _tune(
    stage: str,
    stored: Stored,
    given: argparse.Namespace,
    device: torch.device,
    say: Callable[[str], None],
) -> None:
    table, pairs = _everything(stored, given)
    half = has_bf16(device.type)
    if given.teacher_layers:
        said = Said(**torch.load(given.out / "taught.pt", weights_only=True))
    else:
        said = _said(given)
    seed = 7 + (int(stage.removeprefix("base") or 1) - 1 if stage != "fast" else 0)
    torch.manual_seed(seed)
    if stage == "fast":
        network = _fresh(given, "student")
        before = torch.load(given.out / "base" / FINISHED, weights_only=True)
        network.load_state_dict(before)
        if said is None:
            said = say_of(network.to(device), DeviceTargets(table, TAXONOMY, device), half)
        leave_out(network, given.left_out)
        options = _options(given, given.fast_steps, given.fast_rate, given.fast_mixture)
    else:
        network = _fresh(given, "student")
        mixture = given.base_mixture
        if said is None:  # nothing is known of rows without labels
            mixture = [share / (1 - mixture[3]) for share in mixture[:3]] + [0.0]
        options = _options(given, given.base_steps, given.base_rate, mixture)
    targets = DeviceTargets(table, TAXONOMY, device, said, given.trust)
    options = replace(options, seed=seed)
    finetune_on(network, targets, TAXONOMY, options, say, pairs, given.compile)
    folder = given.out / stage
    folder.mkdir(exist_ok=True)
    state = {name: one.cpu().contiguous() for name, one in network.state_dict().items()}
    torch.save(state, folder / FINISHED)
    save_file({name: one.half() for name, one in state.items()}, folder / HALF)
    say(f"{folder / HALF}: {(folder / HALF).stat().st_size / 1e6:.1f} MB")
    _show(network, stored, device, say, given.out / f"figures-{stage}.json")


def _show(
    network: FeedbackNetwork,
    stored: Stored,
    device: torch.device,
    say: Callable[[str], None],
    path: Path,
) -> None:
    found = figures(network, stored.tables["aside"], TAXONOMY, device)
    for language, ones in found.items():
        say(f"{language} " + " ".join(f"{name} {one:.4f}" for name, one in ones.items()))
    path.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
