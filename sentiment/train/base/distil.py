"""Distillation: a pruned network learns to say what the whole one says, and to think it layer by layer.

The student is the teacher made narrower (`prune`), so the streams between its layers are the teacher's
own, and are held to them besides the answers. No label has a part in it: every text teaches, and the
teacher's decision, thresholds included, can be fitted to the student as to itself.

A few rows may be told otherwise: corrections, of which the student learns the labels, while it stays
what it was about everything else.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel

from sentiment.model.network import Answers, FeedbackNetwork
from sentiment.train.base.finetune import (
    Batch,
    FinetuneOptions,
    Run,
    averaging,
    batches,
    collate,
    hide,
    loss_of,
)
from sentiment.train.base.optimizers import muon_and_adamw
from sentiment.train.base.prune import keep_units
from sentiment.train.base.quick import has_bf16
from sentiment.train.base.token_targets import Targets

__all__ = ["DistilOptions", "distil"]

_SAID = 30.0  # seconds between two lines of the log


@dataclass(frozen=True, slots=True)
class DistilOptions:
    """How a run goes; bound by steps and by minutes, whichever comes first."""

    steps: int = 5000
    minutes: float = 95.0
    tokens: int = 4096  # a batch, padding included
    rate: float = 4e-4  # of Muon and of AdamW
    warmup: float = 0.03  # of the steps
    weight_decay: float = 0.0
    average: float = 0.995  # of weights, an update
    gold: float = 0.6  # share of batches of gold rows
    hidden: float = 0.02  # of the tokens, masked, for both alike
    streams_weight: float = 2.0  # of what stands between the layers
    pointers_weight: float = 0.1  # of each of attention, start and end
    corrected: int = 32  # corrections, a step
    corrected_weight: float = 0.3  # of what their labels say
    only: tuple[str, ...] = ()  # what parameters that learn begin with; none given: all
    threads: int = 2
    bf16: bool = field(default_factory=has_bf16)
    seed: int = 7


def distil(
    student: FeedbackNetwork,
    teacher: FeedbackNetwork,
    targets: Sequence[Targets],
    held: Sequence[Targets],
    options: DistilOptions,
    say: Callable[[str], None] = print,
    checkpoint: Path | None = None,
    kept: Sequence[int] = (),
    corrections: Sequence[Targets] = (),
    topic_of: torch.Tensor | None = None,
) -> FeedbackNetwork:
    """Train the student on the teacher's word; return it, with averaged weights and its own shape.

    :param student: The teacher, pruned, perhaps without some layers; its embeddings stay as they are.
    :param targets: Rows whose texts are read; their labels are not.
    :param held: Rows on which the log says how near the two are.
    :param checkpoint: As of `finetune`.
    :param kept: Layers of the teacher that the student has; none given: all.
    :param corrections: Labelled rows on which the labels count, not the teacher; not among `targets`.
    :param topic_of: As of `finetune.loss_of`, for corrections.
    """
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    began = logged = time.monotonic()
    tight = _tightened(student)
    cast(Any, tight.encoder).embeddings.requires_grad_(False)
    for network in (teacher.eval(), tight.train()):
        network.encoder.set_attn_implementation("sdpa")  # type: ignore[operator]
    _no_dropout(tight)
    for name, one in tight.named_parameters():
        if options.only and not name.startswith(options.only):
            one.requires_grad_(False)
    learnt = [one for one in tight.parameters() if one.requires_grad]
    optimizers = muon_and_adamw(
        tight,
        matrix_rate=options.rate,
        rate=options.rate,
        weight_decay=options.weight_decay,
    )
    averaged = AveragedModel(tight, avg_fn=averaging(options.average))
    parts = {type(one).__name__: one for one in optimizers}
    run = Run({"network": tight, "averaged": averaged, **parts}, checkpoint)
    first = run.resume()
    rows = _mixed(targets, options)
    corrected = _drawn(corrections, options)
    # Where a layer is left out, what the next one is given is learnt by the one before.
    layers = len(cast(Any, teacher.encoder).layers)
    levels = [at - 1 for at in (*(kept or range(layers)), layers)][1:]
    losses: list[float] = []
    tokens = before = 0  # read, and of these by a run that this one goes on with
    with _Streams(teacher) as of_teacher, _Streams(tight) as of_student:
        for step in range(options.steps):
            batch = collate(next(rows))
            others = next(corrected)
            tokens += batch.ids.numel()
            if step < first:  # done before the interruption: only the draws are made again
                before = tokens
                continue
            if time.monotonic() - began > 60 * options.minutes:
                say(f"stopped by time at step {step} of {options.steps}")
                break
            run.keep(step)
            scale = min(1.0, (step + 1) / (options.warmup * options.steps + 1))
            for optimizer in optimizers:
                for group in optimizer.param_groups:
                    group["lr"] = group["full_rate"] * scale * (1.0 - step / options.steps)
            hide(batch.ids, options.hidden)
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=options.bf16):
                with torch.no_grad():
                    told = teacher(batch.ids, batch.attention)
                said = tight(batch.ids, batch.attention)
            loss = _loss(
                _whole(said), _whole(told), batch,
                of_student.caught, [of_teacher.caught[at] for at in levels], options,
            )  # fmt: skip
            if others:
                loss = loss + options.corrected_weight * _by_labels(
                    tight, others, topic_of, options
                )
            torch.autograd.backward(loss)
            nn.utils.clip_grad_norm_(learnt, 1.0)
            for optimizer in optimizers:
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
            averaged.update_parameters(tight)
            losses.append(float(loss.detach()))
            if time.monotonic() - logged > _SAID:
                logged = time.monotonic()
                rate = (tokens - before) / (logged - began)
                say(
                    f"step {step + 1} of {options.steps} loss {np.mean(losses[-100:]):.4f} "
                    f"{rate:.0f} tokens/s"
                )
    run.forget()
    tight.load_state_dict(averaged.module.state_dict())
    _loosened(tight, student)
    say(f"{tokens / 1e6:.1f}M tokens; on rows kept aside {_apart(student, teacher, held)}")
    return student.eval()


def _mixed(targets: Sequence[Targets], options: DistilOptions) -> Iterator[list[Targets]]:
    cutting = FinetuneOptions(tokens=options.tokens)
    gold = [one for one in targets if one.kind == "gold"]
    others = [one for one in targets if one.kind != "gold"]
    draw = np.random.default_rng(options.seed)
    streams = [
        batches(part, cutting, options.seed + at) if part else None
        for at, part in enumerate((gold, others))
    ]
    while True:
        one, other = streams if draw.random() < options.gold else reversed(streams)
        chosen = one or other
        assert chosen is not None
        yield next(chosen)


def _drawn(corrections: Sequence[Targets], options: DistilOptions) -> Iterator[list[Targets]]:
    """Yield some corrections without end, in another order each pass; empty lists without any."""
    draw = np.random.default_rng(options.seed)
    order: list[int] = []
    while True:
        while corrections and len(order) < options.corrected:
            order += draw.permutation(len(corrections)).tolist()
        yield [corrections[at] for at in order[: options.corrected]]
        order = order[options.corrected :]


def _by_labels(
    network: FeedbackNetwork,
    rows: Sequence[Targets],
    topic_of: torch.Tensor | None,
    options: DistilOptions,
) -> torch.Tensor:
    assert topic_of is not None, "corrections need it"
    batch = collate(rows)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=options.bf16):
        said = network(batch.ids, batch.attention)
    return loss_of(_whole(said), batch, topic_of, FinetuneOptions())


class _Streams:
    """Catches what leaves each layer of an encoder while it is entered."""

    def __init__(self, network: FeedbackNetwork) -> None:
        self._layers = cast(Any, network.encoder).layers
        self._hooks: list[Any] = []
        self.caught: list[torch.Tensor] = [torch.empty(0)] * len(self._layers)

    def __enter__(self) -> _Streams:
        for at, layer in enumerate(self._layers):
            self._hooks.append(layer.register_forward_hook(self._catching(at)))
        return self

    def __exit__(self, *failure: object) -> None:
        for hook in self._hooks:
            hook.remove()

    def _catching(self, at: int) -> Callable[..., None]:
        def catch(module: nn.Module, given: Any, out: Any) -> None:
            self.caught[at] = out[0] if isinstance(out, tuple) else out

        return catch


def _loss(
    said: Answers,
    told: Answers,
    batch: Batch,
    streams: Sequence[torch.Tensor],
    of_teacher: Sequence[torch.Tensor],
    options: DistilOptions,
) -> torch.Tensor:
    """Return the mean over rows of what each head differs by, in nats, and that of the streams."""
    seen = batch.attention.bool()
    likely = told.findings.sigmoid()
    loss = torch.stack([one.sum() for one in _by_head(said, told).values()]).sum()
    pointed = [(said.starts, told.starts), (said.ends, told.ends), (said.attention, told.attention)]
    for one, other in pointed:
        loss = loss + options.pointers_weight * (likely * _divergence(one, other)).sum()
    loss = loss / len(batch.ids)
    apart = [
        functional.mse_loss(one[seen], other[seen]) / other[seen].var(0).mean()
        for one, other in [*zip(streams, of_teacher, strict=True), (said.encoded, told.encoded)]
    ]
    return loss + options.streams_weight * torch.stack(apart).mean()


def _whole(answers: Answers) -> Answers:
    return Answers(*(one.float() for one in answers))


def _by_head(said: Answers, told: Answers) -> dict[str, torch.Tensor]:
    """Return what each head differs by in each row, in nats, (B,)."""
    likely = told.findings.sigmoid()
    apart, least = (
        functional.binary_cross_entropy_with_logits(one, likely, reduction="none")
        for one in (said.findings, told.findings)
    )
    return {
        "overall": _divergence(said.overall, told.overall),
        "topics": _divergence(said.topics, told.topics).sum(1),
        "findings": (apart - least).sum(1),
    }


def _divergence(said: torch.Tensor, told: torch.Tensor) -> torch.Tensor:
    """Return KL(told || said) over the last axis of logits."""
    told = told.log_softmax(-1)
    return (told.exp() * (told - said.log_softmax(-1))).sum(-1)


def _apart(student: FeedbackNetwork, teacher: FeedbackNetwork, held: Sequence[Targets]) -> str:
    """Return, for the log, the mean divergence of each head."""
    found: dict[str, list[torch.Tensor]] = {}
    for start in range(0, len(held), 64):
        batch = collate(held[start : start + 64])
        with torch.no_grad():
            said, told = (one.eval()(batch.ids, batch.attention) for one in (student, teacher))
        for name, values in _by_head(said, told).items():
            found.setdefault(name, []).append(values)
    return ", ".join(f"{name} {float(torch.cat(rows).mean()):.4f}" for name, rows in found.items())


def _tightened(network: FeedbackNetwork) -> FeedbackNetwork:
    """Return a copy whose feed-forwards hold no unit that is zero, and so are trained faster."""
    tight = copy.deepcopy(network)
    encoder: Any = tight.encoder
    for layer in encoder.layers:
        keep_units(layer.mlp, torch.arange(int(layer.mlp.Wo.weight.any(0).sum())))
    return tight


def _loosened(tight: FeedbackNetwork, network: FeedbackNetwork) -> None:
    """Put the weights of what `_tightened` returned back where they came from."""
    state = network.state_dict()
    for name, value in tight.state_dict().items():
        held = state[name]
        if name.endswith("mlp.Wi.weight"):
            width = held.shape[1]
            held.view(2, -1, width)[:, : len(value) // 2] = value.view(2, -1, width)
        elif name.endswith("mlp.Wo.weight"):
            held[:, : value.shape[1]] = value
        else:
            held.copy_(value)


def _no_dropout(network: nn.Module) -> None:
    for module in network.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
