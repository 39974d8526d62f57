"""Fine-tuning the base model: every head at once, on whatever is labelled.

A straight line: settings, batches, losses, loop, held-out logits. Batches are of one kind (gold,
aspects, overall, taught) and of like length; their mixture moves towards the gold labels as the run
goes on. The averaged weights are what comes out.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel

from sentiment.errors import NotReached
from sentiment.model.decision import Outputs
from sentiment.model.network import Answers, FeedbackNetwork
from sentiment.records import POLARITIES, SENTIMENTS, STATES
from sentiment.taxonomy import Taxonomy
from sentiment.train.base.base_settings import Held
from sentiment.train.base.quick import has_bf16, quick
from sentiment.train.base.token_targets import UNKNOWN, Targets, join
from sentiment.train.base.tokenizer import SPECIALS

__all__ = [
    "Batch",
    "FinetuneOptions",
    "Run",
    "answer",
    "averaging",
    "batches",
    "collate",
    "cut",
    "finetune",
    "hide",
    "hold",
    "loss_of",
    "optimizer_of",
    "perhaps_joined",
    "topic_of_drivers",
    "with_shares",
]

_KINDS = ("gold", "aspects", "overall", "taught")
# A padded length is a multiple of this: a CPU library keeps a kernel, and its memory, for each shape.
_STEP = 8
_ANSWERED = 8192  # tokens of a batch that nothing is learnt from
_LONGEST_JOINED = 128  # tokens; a longer row would stretch its batch's padding
_SAID, _TOLD = 30.0, 2.0  # seconds between two lines of the log, between two moves of a bar
_MOST_PASSED = 0.01  # of the steps may be passed over
_RECENT = 20  # steps whose loss a bar shows
_TRIES = 8  # rows drawn to find one that says the opposite
_OPPOSITES = {SENTIMENTS.index("negative"), SENTIMENTS.index("positive")}
_BLAMED, _PRAISED = STATES.index("negative"), STATES.index("positive")


@dataclass(frozen=True, slots=True)
class FinetuneOptions:
    """How the run goes; bound by steps (reproducible) and by minutes (whichever comes first)."""

    steps: int = 3000
    minutes: float = 60.0
    tokens: int = 4096  # a batch, padding included
    encoder_rate: float = 5e-4  # a small encoder moves fast: a tenth of this is for XLM-R's size
    heads_rate: float = 2e-3
    warmup: float = 0.06  # of the steps
    weight_decay: float = 0.01
    average: float = 0.99  # of weights, an update
    hidden: float = 0.05  # of the tokens, masked
    joined: float = 0.3  # of the gold rows, two put together: long, mixed and bilingual rows
    # Shares of gold, aspects, overall and taught batches at the first step and at the last; what
    # there are no rows of goes to the others.
    mixture_first: tuple[float, float, float, float] = (0.225, 0.225, 0.30, 0.25)
    mixture_last: tuple[float, float, float, float] = (0.5625, 0.1125, 0.075, 0.25)
    topics_weight: float = 0.5
    overall_weight: float = 0.5
    evidence_weight: float = 0.15  # of each of attention, start and end
    implied_weight: float = 0.3  # of drivers that must exist because their topic is judged
    vectors_weight: float = 2.0  # of what a larger encoder makes of each token
    threads: int = 2
    bf16: bool = field(default_factory=has_bf16)
    seed: int = 7


def with_shares(options: FinetuneOptions, **shares: float) -> FinetuneOptions:
    """Return the options with so large a share of some kinds of batches throughout.

    The other kinds have what is left, in the proportion that they had.

    :param shares: By kind: gold, aspects, overall, taught; 0 to 1, in all less than 1.
    """
    left = 1 - sum(shares.values())

    def shared(mixture: tuple[float, ...]) -> tuple[float, float, float, float]:
        before = dict(zip(_KINDS, mixture, strict=True))
        others = sum(before[kind] for kind in _KINDS if kind not in shares)
        gold, aspects, overall, taught = (
            shares.get(kind, before[kind] * left / others) for kind in _KINDS
        )
        return gold, aspects, overall, taught

    return replace(
        options,
        mixture_first=shared(options.mixture_first),
        mixture_last=shared(options.mixture_last),
    )


@dataclass(frozen=True)
class Batch:
    """Targets side by side; B rows, L tokens, T topics, N drivers and tags.

    Labels and a teacher's word are one thing here: how likely each class is. What neither says
    anything about has probabilities of zero, in `findings` and `vectors` NaN.
    """

    ids: torch.Tensor  # (B, L)
    attention: torch.Tensor  # (B, L)
    overall: torch.Tensor  # (B, 4)
    topics: torch.Tensor  # (B, T, 5)
    findings: torch.Tensor  # (B, N, 3)
    implied: torch.Tensor  # (B, T): labelled states of topics whose drivers are not labelled
    spans: torch.Tensor  # (B, N, 3, 2)
    vectors: torch.Tensor  # (B, L, V): of a larger encoder; V is 0 where no row has any


class _Losses(NamedTuple):
    findings: torch.Tensor
    overall: torch.Tensor
    topics: torch.Tensor
    implied: torch.Tensor
    evidence: torch.Tensor


def collate(targets: Sequence[Targets], device: str | torch.device = "cpu") -> Batch:
    """Return the targets as one batch, padded to its longest row or a little more."""
    longest = max(len(target.ids) for target in targets)
    longest = -(-longest // _STEP) * _STEP
    ids = np.zeros((len(targets), longest), dtype=np.int64)
    for row, target in enumerate(targets):
        ids[row, : len(target.ids)] = target.ids
    tensor = torch.from_numpy(ids)
    batch = Batch(
        ids=tensor,
        attention=(tensor != 0).long(),
        overall=torch.from_numpy(np.stack([_overall(target) for target in targets])),
        topics=torch.from_numpy(np.stack([_topics(target) for target in targets])),
        findings=torch.from_numpy(np.stack([_findings(target) for target in targets])),
        implied=torch.from_numpy(np.stack([_implied(target) for target in targets])),
        spans=torch.from_numpy(np.stack([target.spans for target in targets])),
        vectors=torch.from_numpy(_vectors(targets, longest)),
    )
    if torch.device(device).type == "cpu":
        return batch
    return Batch(**{name: getattr(batch, name).to(device) for name in Batch.__annotations__})


def _overall(target: Targets) -> NDArray[np.float32]:
    """Return how likely each sentiment is; as far as a label is not to be trusted, by the teacher."""
    label = np.zeros(len(SENTIMENTS), dtype=np.float32)
    weight = 0.0
    if target.overall != UNKNOWN:
        weight = target.overall_weight
        label[target.overall] = weight
    return label if target.taught is None else label + (1 - weight) * target.taught.overall


def _topics(target: Targets) -> NDArray[np.float32]:
    states = np.zeros((len(target.topics), len(STATES)), dtype=np.float32)
    known = target.topics != UNKNOWN
    states[known, target.topics[known]] = 1.0
    if target.taught is not None:
        states[~known] = target.taught.states[~known]
    return states


def _findings(target: Targets) -> NDArray[np.float32]:
    if target.taught is None:
        return target.findings
    return np.where(np.isnan(target.findings), target.taught.findings, target.findings)


def _vectors(targets: Sequence[Targets], longest: int) -> NDArray[np.float32]:
    width = max(0 if one.vectors is None else one.vectors.shape[1] for one in targets)
    vectors = np.full((len(targets), longest, width), np.nan, dtype=np.float32)
    for row, target in enumerate(targets):
        if target.vectors is not None:
            vectors[row, 1 : len(target.vectors) + 1] = target.vectors
    return vectors


def _implied(target: Targets) -> NDArray[np.int64]:
    return np.full_like(target.topics, UNKNOWN) if target.kind == "gold" else target.topics


def loss_of(
    answers: Answers,
    batch: Batch,
    topic_of: torch.Tensor,
    options: FinetuneOptions,
    dense: bool = False,
) -> torch.Tensor:
    """Return the weighted sum of all losses; a head that nothing is known about adds zero.

    `topic_of[n]` is the topic of driver `n`, shape (drivers,); tags follow the drivers.

    :param dense: Count what is not known as zero, instead of leaving it out: the same sum in more
        work, but nothing of it waits for a GPU to say how many there are.
    """
    implied, evidence = (
        (_implied_dense, _evidence_dense) if dense else (_implied_loss, _evidence_loss)
    )
    losses = _Losses(
        findings=_findings_loss(answers.findings, batch.findings),
        overall=_overall_loss(answers.overall, batch.overall),
        topics=_topics_loss(answers.topics, batch.topics),
        implied=implied(answers.findings, batch.implied, topic_of),
        evidence=evidence(answers, batch.spans),
    )
    return (
        losses.findings
        + options.overall_weight * losses.overall
        + options.topics_weight * losses.topics
        + options.implied_weight * losses.implied
        + options.evidence_weight * losses.evidence
    )


def _findings_loss(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the binary cross-entropy of a row's questions, summed, averaged over labelled rows.

    Summed, because a mean over 96 questions of which 94 are "no" would leave little to learn from.
    """
    known = ~targets.isnan()
    rows = known.flatten(1).any(1).sum().clamp(min=1)
    each = functional.binary_cross_entropy_with_logits(
        logits, targets.nan_to_num(0.0), reduction="none"
    )
    return (each * known).sum() / rows


def _overall_loss(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    known = (targets.sum(-1) > 0).sum().clamp(min=1)
    return -(targets * logits.log_softmax(-1)).sum() / known


def _topics_loss(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    rows = (targets.sum((1, 2)) > 0).sum().clamp(min=1)
    return -(targets * logits.log_softmax(-1)).sum() / rows


def _implied_loss(
    logits: torch.Tensor, implied: torch.Tensor, topic_of: torch.Tensor
) -> torch.Tensor:
    """Teach drivers from topics: one that is praised has a praised driver, whichever it is.

    The chance that none of a topic's drivers is praised is the product of theirs (noisy or).
    """
    known = implied != UNKNOWN
    if not bool(known.any()):
        return logits.new_zeros(())
    total = logits.new_zeros(())
    silent = functional.logsigmoid(-logits[:, : len(topic_of)])  # log P(not judged so), (B, N, 3)
    for topic in range(implied.shape[1]):
        rows = known[:, topic]
        none = silent[rows][:, topic_of == topic].sum(1)  # (R, 3)
        state = implied[rows, topic]
        for polarity, name in enumerate(POLARITIES):
            if name == "neutral":
                continue  # beside praise or blame, a neutral remark may or may not stand
            judged = (state == STATES.index(name)) | (state == STATES.index("mixed"))
            some = torch.log(-torch.expm1(none[:, polarity].clamp(max=-1e-6)))
            total = total - torch.where(judged, some, none[:, polarity]).sum()
    return total / known.any(1).sum()


def _implied_dense(
    logits: torch.Tensor, implied: torch.Tensor, topic_of: torch.Tensor
) -> torch.Tensor:
    known = implied != UNKNOWN  # (B, T)
    silent = functional.logsigmoid(-logits[:, : len(topic_of)])
    none = silent.new_zeros(len(silent), implied.shape[1], len(POLARITIES))
    none = none.index_add(1, topic_of, silent)  # (B, T, 3)
    some = torch.log(-torch.expm1(none.clamp(max=-1e-6)))
    mixed = implied == STATES.index("mixed")
    total = logits.new_zeros(())
    for polarity, name in enumerate(POLARITIES):
        if name == "neutral":
            continue
        judged = (implied == STATES.index(name)) | mixed
        each = torch.where(judged, some[..., polarity], none[..., polarity])
        total = total - (each * known).sum()
    return total / known.any(1).sum().clamp(min=1)


def _evidence_loss(answers: Answers, spans: torch.Tensor) -> torch.Tensor:
    """Return how far attention is off the evidence, and the pointers off its ends, per opinion."""
    row, name, polarity = torch.nonzero(spans[..., 0] != UNKNOWN, as_tuple=True)
    if len(row) == 0:
        return answers.starts.new_zeros(())
    first, last = spans[row, name, polarity].unbind(-1)
    looks = answers.attention[row, name, polarity]  # (E, L)
    at = torch.arange(looks.shape[-1], device=looks.device)
    inside = (at >= first[:, None]) & (at <= last[:, None])
    mass = torch.logsumexp(looks.masked_fill(~inside, -torch.inf), dim=-1)
    start = functional.cross_entropy(answers.starts[row, name, polarity], first)
    end = functional.cross_entropy(answers.ends[row, name, polarity], last)
    return -mass.mean() + start + end


def _evidence_dense(answers: Answers, spans: torch.Tensor) -> torch.Tensor:
    known = spans[..., 0] != UNKNOWN  # (B, N, 3)
    first, last = spans.clamp(min=0)[..., None].unbind(-2)
    at = torch.arange(answers.attention.shape[-1], device=spans.device)
    inside = (at >= first) & (at <= last)
    mass = torch.logsumexp(answers.attention.masked_fill(~inside, -torch.inf), dim=-1)
    off = -mass
    for logits, token in ((answers.starts, first), (answers.ends, last)):
        off = off + torch.logsumexp(logits, dim=-1) - logits.gather(-1, token).squeeze(-1)
    return (off * known).sum() / known.sum().clamp(min=1)


def _vectors_loss(said: torch.Tensor, vectors: torch.Tensor) -> torch.Tensor:
    """Return the share of the vectors' variance that is not foretold; 1 for saying their mean."""
    known = ~vectors[..., 0].isnan()
    told = vectors[known]
    if len(told) < 2:
        return said.sum() * 0.0  # one vector has no variance
    return functional.mse_loss(said[known].float(), told) / told.var(0).mean().clamp(min=1e-6)


def batches(
    targets: Sequence[Targets], options: FinetuneOptions, seed: int
) -> Iterator[list[Targets]]:
    """Yield batches of one kind without end: pools of mixed order, cut by length.

    Every row of `targets` comes once before any comes again.
    """
    draw = np.random.default_rng(seed)
    while True:
        order = draw.permutation(len(targets))
        for pool in np.array_split(order, max(1, len(order) // 2048)):
            rows = [perhaps_joined(targets[index], targets, options, draw) for index in pool]
            rows.sort(key=lambda row: len(row.ids))
            parts = cut(list(range(len(rows))), [len(row.ids) for row in rows], options.tokens)
            for at in draw.permutation(len(parts)):
                yield [rows[index] for index in parts[at]]


def perhaps_joined(
    row: Targets, rows: Sequence[Targets], options: FinetuneOptions, draw: np.random.Generator
) -> Targets:
    """Return the row, or, of some short gold rows, the row with another one behind it.

    Of every two joined, one is praise beside blame where it can be, of the same topic rather than
    of another: left to chance these are too few to learn that both stand in one text.
    """
    if row.kind != "gold" or draw.random() >= options.joined:
        return row
    drawn = [rows[int(index)] for index in draw.integers(len(rows), size=_TRIES)]
    other = max(drawn, key=lambda one: _against(row, one)) if draw.random() < 0.5 else drawn[0]
    return join(row, other) if len(row.ids) + len(other.ids) <= _LONGEST_JOINED else row


def _against(one: Targets, other: Targets) -> int:
    """Return 2 where two rows differ about a topic, 1 where they differ on the whole, otherwise 0."""
    if bool(((one.topics == _BLAMED) & (other.topics == _PRAISED)).any()):
        return 2
    if bool(((one.topics == _PRAISED) & (other.topics == _BLAMED)).any()):
        return 2
    return int({one.overall, other.overall} == _OPPOSITES)


def cut(order: list[int], lengths: list[int], tokens: int) -> list[list[int]]:
    """Cut rows in ascending length into batches of at most `tokens`, padding included."""
    groups: list[list[int]] = []
    end = len(order)
    while end > 0:
        start = max(0, end - max(1, tokens // lengths[end - 1]))
        groups.append(order[start:end])
        end = start
    return groups


@dataclass
class _Progress:
    """The running mean of the loss, for the log."""

    losses: list[float] = field(default_factory=list)

    def recent(self) -> float:
        """Return the mean of the last steps."""
        return float(np.mean(self.losses[-_RECENT:])) if self.losses else float("nan")

    def take(self) -> float:
        """Return the mean since the last call."""
        mean = float(np.mean(self.losses)) if self.losses else float("nan")
        self.losses.clear()
        return mean


def finetune(
    network: FeedbackNetwork,
    targets: Sequence[Targets],
    taxonomy: Taxonomy,
    options: FinetuneOptions | None = None,
    say: Callable[[str], None] = print,
    device: str = "cpu",
    checkpoint: Path | None = None,
    tell: Callable[[int, int, float], None] = lambda step, steps, loss: None,
) -> FeedbackNetwork:
    """Train every head and the encoder on the targets; return the network with averaged weights.

    The same network, targets, options and machine give the same weights on a CPU, whether a run was
    interrupted or not.

    :param checkpoint: File in which the state of the run is kept every few minutes; a run that
        finds one there goes on from it.
    :param tell: Called with the steps done, all steps and the loss, every few seconds.
    :raises NotReached: More than a few steps gave a gradient that is no number.
    """
    options = options or FinetuneOptions()
    began = time.monotonic()
    ends = began + 60 * options.minutes
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    topic_of = topic_of_drivers(taxonomy).to(device)
    by_kind = {kind: [target for target in targets if target.kind == kind] for kind in _KINDS}
    streams = {
        kind: batches(rows, options, options.seed + number)
        for number, (kind, rows) in enumerate(by_kind.items())
        if rows
    }
    say("; ".join(f"{kind}: {len(rows)} rows" for kind, rows in by_kind.items() if rows))
    network.to(device).train()
    averaged = AveragedModel(network, avg_fn=averaging(options.average))
    foretell = _foretelling(network, targets).to(device)
    optimizer = optimizer_of(network, foretell, options)
    draw = np.random.default_rng(options.seed)
    run = Run(
        {"network": network, "averaged": averaged, "foretell": foretell, "optimizer": optimizer},
        checkpoint,
    )
    first = run.resume()
    if first:
        say(f"going on from step {first}")
    progress, said = _Progress(), time.monotonic()
    told = said
    passed_over = 0
    with quick(network, device):
        for step in range(options.steps):
            done = step / options.steps
            rows = next(streams[_choose(draw, streams, options, done)])
            if step < first:
                continue  # done before the interruption: only the draws are made again
            if time.monotonic() > ends:
                say(f"stopped by time at step {step} of {options.steps}")
                break
            run.keep(step)
            scale = min(1.0, (step + 1) / (options.warmup * options.steps + 1)) * (1.0 - done)
            for group in optimizer.param_groups:
                group["lr"] = group["full_rate"] * scale
            batch = collate(rows, device)
            hide(batch.ids, options.hidden)
            with torch.autocast(device, dtype=torch.bfloat16, enabled=options.bf16):
                answers = network(batch.ids, batch.attention)
                foretold = foretell(answers.encoded)
            loss = loss_of(answers, batch, topic_of, options)
            if batch.vectors.shape[-1]:
                loss = loss + options.vectors_weight * _vectors_loss(foretold, batch.vectors)
            torch.autograd.backward(loss)
            norm = nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            if not bool(torch.isfinite(norm)):
                # One such step would make every weight after it no number.
                optimizer.zero_grad(set_to_none=True)
                passed_over += 1
                say(f"step {step + 1}: its gradient is no number, its rows are passed over")
                if passed_over > _MOST_PASSED * options.steps:
                    raise NotReached(
                        f"{passed_over} of {step + 1} steps gave a gradient that is no number; "
                        "take a lower rate, or train without bf16."
                    )
                continue
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            averaged.update_parameters(network)
            progress.losses.append(float(loss.detach()))
            if time.monotonic() - told > _TOLD:
                told = time.monotonic()
                tell(step + 1, options.steps, progress.recent())
            if time.monotonic() - said > _SAID:
                said, loss_now = time.monotonic(), progress.take()
                left = (time.monotonic() - began) / (step + 1 - first) * (options.steps - step - 1)
                say(
                    f"step {step + 1} of {options.steps} loss {loss_now:.3f} "
                    f"about {left / 60:.0f} min left"
                )
    run.forget()
    network.load_state_dict(averaged.module.state_dict())
    return network.eval()


class Run:
    """What an interrupted run needs to go on, in one file that is whole or the old one."""

    _MINUTES = 4.0

    def __init__(
        self, parts: Mapping[str, nn.Module | torch.optim.Optimizer], path: Path | None
    ) -> None:
        self._parts = parts
        self._path = path
        self._kept = time.monotonic()

    def resume(self) -> int:
        """Take up the state that was kept; return the step to go on with, 0 without one."""
        if self._path is None or not self._path.exists():
            return 0
        held = torch.load(self._path, weights_only=True)
        for name, part in self._parts.items():
            part.load_state_dict(held[name])
        torch.set_rng_state(held["random"])
        return int(held["step"])

    def keep(self, step: int) -> None:
        """Write the state before `step`, if the last time is long enough ago."""
        if self._path is None or time.monotonic() - self._kept < 60 * self._MINUTES:
            return
        held: dict[str, object] = {name: part.state_dict() for name, part in self._parts.items()}
        torch.save(
            {**held, "step": step, "random": torch.get_rng_state()}, self._path.with_suffix(".new")
        )
        os.replace(self._path.with_suffix(".new"), self._path)
        self._kept = time.monotonic()

    def forget(self) -> None:
        """Remove the file: the run is over."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)


def hide(ids: torch.Tensor, share: float) -> None:
    """Put [MASK] over a share of the tokens, in place: no single word is to carry an answer."""
    if share:
        hidden = (torch.rand(ids.shape, device=ids.device) < share) & (ids >= len(SPECIALS))
        ids.masked_fill_(hidden, SPECIALS.index("[MASK]"))


def answer(network: FeedbackNetwork, targets: Sequence[Targets]) -> Outputs:
    """Return the logits about rows, in their order: the network's, and what words add to them.

    The pointers are left out: they are chosen by argmax, and nothing is fitted to them.
    """
    network.eval()
    rows: list[tuple[NDArray[np.float32], ...]] = [()] * len(targets)
    by_length = sorted(range(len(targets)), key=lambda index: len(targets[index].ids))
    lengths = [len(targets[index].ids) for index in by_length]
    for group in cut(by_length, lengths, _ANSWERED):
        batch = collate([targets[index] for index in group])
        with torch.no_grad():
            answers = network(batch.ids, batch.attention)
        arrays = [one.numpy() for one in (answers.overall, answers.topics, answers.findings)]
        for row, index in enumerate(group):
            overall, *others = (array[row] for array in arrays)
            by_words = targets[index].words
            rows[index] = (overall if by_words is None else overall + by_words, *others)
    nothing = np.zeros(0, np.float32)
    overall, topics, findings = (np.stack(part) for part in zip(*rows, strict=True))
    return Outputs(overall, topics, findings, nothing, nothing)


def hold(network: FeedbackNetwork, targets: Sequence[Targets]) -> Held:
    """Return the logits of gold targets that the network was not trained on, for `settle`."""
    return Held(
        outputs=answer(network, targets),
        sentiments=np.array([target.overall for target in targets]),
        judged=np.stack([target.findings for target in targets]),
        languages=np.array([target.language for target in targets]),
    )


def topic_of_drivers(taxonomy: Taxonomy) -> torch.Tensor:
    """Return the index of each driver's topic, (drivers,)."""
    topics = list(taxonomy.topics)
    return torch.tensor([topics.index(driver.topic) for driver in taxonomy.drivers.values()])


def averaging(
    most: float,
) -> Callable[[torch.Tensor, torch.Tensor, torch.Tensor | int], torch.Tensor]:
    """Return how `AveragedModel` averages: so large a share of the average stays, an update."""

    def average(
        averaged: torch.Tensor, current: torch.Tensor, updates: torch.Tensor | int
    ) -> torch.Tensor:
        # A short memory at first: the random heads must not linger in the average.
        keep = min(most, (1.0 + int(updates)) / (10.0 + int(updates)))
        return averaged.lerp(current, 1.0 - keep)

    return average


def _foretelling(network: FeedbackNetwork, targets: Sequence[Targets]) -> nn.Module:
    """Return what turns a token into what a larger encoder makes of it; needed in training only."""
    widths = [one.vectors.shape[1] for one in targets if one.vectors is not None]
    width = network.look.name.shape[-1]
    return nn.Linear(width, widths[0]) if widths else nn.Identity()


def optimizer_of(
    network: FeedbackNetwork, foretell: nn.Module, options: FinetuneOptions
) -> torch.optim.Optimizer:
    """Return AdamW with a rate for the encoder and one for the heads; `full_rate` is each one's."""
    encoder: list[nn.Parameter] = []
    heads = list(foretell.parameters())
    for name, parameter in network.named_parameters():
        (encoder if name.startswith("encoder.") else heads).append(parameter)
    groups = [
        {"params": encoder, "lr": options.encoder_rate, "full_rate": options.encoder_rate},
        {"params": heads, "lr": options.heads_rate, "full_rate": options.heads_rate},
    ]
    decay = options.weight_decay
    return torch.optim.AdamW(groups, weight_decay=decay, betas=(0.9, 0.98), fused=True)


def _choose(
    draw: np.random.Generator,
    streams: dict[str, Iterator[list[Targets]]],
    options: FinetuneOptions,
    done: float,
) -> str:
    first, last = np.array(options.mixture_first), np.array(options.mixture_last)
    shares = first + done * (last - first)
    shares *= [kind in streams for kind in _KINDS]
    return str(draw.choice(_KINDS, p=shares / shares.sum()))
