"""Fine-tuning the base model: every head at once, on whatever is labelled.

A straight line: settings, batches, losses, loop, figures. Batches are of one kind (gold, aspects,
overall) and of like length; their mixture moves towards the gold labels as the run goes on. The
averaged weights are what comes out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel

from sentiment.model.decision import decide
from sentiment.model.network import Answers, FeedbackNetwork
from sentiment.records import POLARITIES, SENTIMENTS, STATES, Opinion, topic_states
from sentiment.taxonomy import Taxonomy
from sentiment.train.base_settings import Held
from sentiment.train.token_targets import UNKNOWN, Targets

__all__ = [
    "Batch",
    "Figures",
    "FinetuneOptions",
    "collate",
    "finetune",
    "hold",
    "loss_of",
    "measure",
]

_KINDS = ("gold", "aspects", "overall")
_CLEAR = [SENTIMENTS.index("negative"), SENTIMENTS.index("positive")]


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
    # Shares of gold, aspects and overall batches at the first step and at the last.
    mixture_first: tuple[float, float, float] = (0.30, 0.30, 0.40)
    mixture_last: tuple[float, float, float] = (0.75, 0.15, 0.10)
    topics_weight: float = 0.5
    overall_weight: float = 0.5
    evidence_weight: float = 0.1  # of each of attention, start and end
    implied_weight: float = 0.3  # of drivers that must exist because their topic is judged
    threads: int = 2
    bf16: bool = True
    seed: int = 7


@dataclass(frozen=True)
class Batch:
    """Targets side by side; B rows, L tokens, T topics, N drivers and tags."""

    ids: torch.Tensor  # (B, L)
    attention: torch.Tensor  # (B, L)
    overall: torch.Tensor  # (B,)
    overall_weight: torch.Tensor  # (B,)
    topics: torch.Tensor  # (B, T)
    findings: torch.Tensor  # (B, N, 3)
    spans: torch.Tensor  # (B, N, 3, 2)


class _Losses(NamedTuple):
    findings: torch.Tensor
    overall: torch.Tensor
    topics: torch.Tensor
    implied: torch.Tensor
    evidence: torch.Tensor


def collate(targets: Sequence[Targets], device: str | torch.device = "cpu") -> Batch:
    """Return the targets as one batch, padded to its longest row."""
    longest = max(len(target.ids) for target in targets)
    ids = np.zeros((len(targets), longest), dtype=np.int64)
    for row, target in enumerate(targets):
        ids[row, : len(target.ids)] = target.ids
    tensor = torch.from_numpy(ids)
    batch = Batch(
        ids=tensor,
        attention=(tensor != 0).long(),
        overall=torch.tensor([target.overall for target in targets]),
        overall_weight=torch.tensor([target.overall_weight for target in targets]),
        topics=torch.from_numpy(np.stack([target.topics for target in targets])),
        findings=torch.from_numpy(np.stack([target.findings for target in targets])),
        spans=torch.from_numpy(np.stack([target.spans for target in targets])),
    )
    if torch.device(device).type == "cpu":
        return batch
    return Batch(**{name: getattr(batch, name).to(device) for name in Batch.__annotations__})


def loss_of(
    answers: Answers, batch: Batch, topic_of: torch.Tensor, options: FinetuneOptions
) -> torch.Tensor:
    """Return the weighted sum of all losses; a head that nothing is known about adds zero.

    `topic_of[n]` is the topic of driver `n`, shape (drivers,); tags follow the drivers.
    """
    losses = _Losses(
        findings=_findings_loss(answers.findings, batch.findings),
        overall=_overall_loss(answers.overall, batch),
        topics=_topics_loss(answers.topics, batch.topics),
        implied=_implied_loss(answers.findings, batch, topic_of),
        evidence=_evidence_loss(answers, batch.spans),
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


def _overall_loss(logits: torch.Tensor, batch: Batch) -> torch.Tensor:
    each = functional.cross_entropy(logits, batch.overall, ignore_index=UNKNOWN, reduction="none")
    known = (batch.overall != UNKNOWN).sum().clamp(min=1)
    return (each * batch.overall_weight).sum() / known


def _topics_loss(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    each = functional.cross_entropy(
        logits.flatten(0, 1), targets.flatten(), ignore_index=UNKNOWN, reduction="none"
    )
    rows = (targets != UNKNOWN).any(1).sum().clamp(min=1)
    return each.sum() / rows


def _implied_loss(logits: torch.Tensor, batch: Batch, topic_of: torch.Tensor) -> torch.Tensor:
    """Teach drivers from topics: one that is praised has a praised driver, whichever it is.

    The chance that none of a topic's drivers is praised is the product of theirs (noisy or). Rows
    whose drivers are labelled themselves are left out.
    """
    unlabelled = batch.findings[:, : len(topic_of)].isnan().flatten(1).any(1)
    known = (batch.topics != UNKNOWN) & unlabelled[:, None]
    if not bool(known.any()):
        return logits.new_zeros(())
    total = logits.new_zeros(())
    silent = functional.logsigmoid(-logits[:, : len(topic_of)])  # log P(not judged so), (B, N, 3)
    for topic in range(batch.topics.shape[1]):
        rows = known[:, topic]
        none = silent[rows][:, topic_of == topic].sum(1)  # (R, 3)
        state = batch.topics[rows, topic]
        for polarity, name in enumerate(POLARITIES):
            if name == "neutral":
                continue  # beside praise or blame, a neutral remark may or may not stand
            judged = (state == STATES.index(name)) | (state == STATES.index("mixed"))
            some = torch.log(-torch.expm1(none[:, polarity].clamp(max=-1e-6)))
            total = total - torch.where(judged, some, none[:, polarity]).sum()
    return total / unlabelled.sum().clamp(min=1)


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
            by_length = sorted(pool.tolist(), key=lambda index: len(targets[index].ids))
            cut = _cut(by_length, [len(targets[index].ids) for index in by_length], options.tokens)
            for at in draw.permutation(len(cut)):
                yield [targets[index] for index in cut[at]]


def _cut(order: list[int], lengths: list[int], tokens: int) -> list[list[int]]:
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
) -> FeedbackNetwork:
    """Train every head and the encoder on the targets; return the network with averaged weights.

    The same network, targets, options and machine give the same weights on a CPU.
    """
    options = options or FinetuneOptions()
    ends = time.monotonic() + 60 * options.minutes
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    topic_of = _topic_of(taxonomy).to(device)
    by_kind = {kind: [target for target in targets if target.kind == kind] for kind in _KINDS}
    streams = {
        kind: batches(rows, options, options.seed + number)
        for number, (kind, rows) in enumerate(by_kind.items())
        if rows
    }
    say("; ".join(f"{kind}: {len(rows)} rows" for kind, rows in by_kind.items()))
    network.to(device).train()
    averaged = AveragedModel(network, avg_fn=_averaging(options.average))
    optimizer = _optimizer(network, options)
    draw = np.random.default_rng(options.seed)
    progress, said = _Progress(), time.monotonic()
    for step in range(options.steps):
        if time.monotonic() > ends:
            say(f"stopped by time at step {step} of {options.steps}")
            break
        done = step / options.steps
        scale = min(1.0, (step + 1) / (options.warmup * options.steps + 1)) * (1.0 - done)
        for group in optimizer.param_groups:
            group["lr"] = group["full_rate"] * scale
        kind = _choose(draw, streams, options, done)
        batch = collate(next(streams[kind]), device)
        with torch.autocast(device, dtype=torch.bfloat16, enabled=options.bf16):
            answers = network(batch.ids, batch.attention)
        loss = loss_of(answers, batch, topic_of, options)
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        averaged.update_parameters(network)
        progress.losses.append(float(loss.detach()))
        if time.monotonic() - said > 30:
            said = time.monotonic()
            say(f"step {step + 1} of {options.steps} loss {progress.take():.3f}")
    network.load_state_dict(averaged.module.state_dict())
    return network.eval()


@dataclass(frozen=True, slots=True)
class Figures:
    """How well a network does on gold rows, by tokens; the shares are of 1.

    :param topic_f1: Micro F1 of (topic, state), states following from the drivers found.
    :param driver_f1: Micro F1 of (driver, polarity).
    :param overall: Accuracy over the four sentiments.
    :param polarity: Accuracy of positive against negative where the label is one of the two.
    :param evidence: Mean F1 of the tokens of the evidence, over the drivers found rightly.
    """

    rows: int
    topic_f1: float
    driver_f1: float
    overall: float
    polarity: float
    evidence: float


def measure(
    network: FeedbackNetwork,
    targets: Sequence[Targets],
    taxonomy: Taxonomy,
    thresholds: NDArray[np.float32] | float = 0.5,
) -> Figures:
    """Run the network over gold targets and compare; the network is left in evaluation mode."""
    topic_of = _topic_of(taxonomy).numpy()
    drivers, topics = _Counts(), _Counts()
    evidence: list[float] = []
    right = clear = clear_right = 0
    for target, row in _answered(network, targets):
        found = decide(row.findings, row.starts, row.ends, len(target.ids), thresholds)
        found = [one for one in found if one.name < len(topic_of)]
        labelled = target.findings[: len(topic_of)] == 1
        gold = {(name, polarity) for name, polarity in np.argwhere(labelled).tolist()}
        said = {(one.name, one.polarity) for one in found}
        drivers.add(said, gold)
        topics.add(_states(said, topic_of), _states(gold, topic_of))
        evidence.extend(
            _overlap(one.first, one.last, *target.spans[one.name, one.polarity].tolist())
            for one in found
            if target.spans[one.name, one.polarity, 0] != UNKNOWN
        )
        right += int(row.overall.argmax() == target.overall)
        if target.overall in _CLEAR:
            clear += 1
            clear_right += int(_CLEAR[row.overall[_CLEAR].argmax()] == target.overall)
    return Figures(
        rows=len(targets),
        topic_f1=topics.f1,
        driver_f1=drivers.f1,
        overall=right / max(1, len(targets)),
        polarity=clear_right / max(1, clear),
        evidence=float(np.mean(evidence)) if evidence else float("nan"),
    )


def hold(network: FeedbackNetwork, targets: Sequence[Targets]) -> Held:
    """Return the logits of gold targets that the network was not trained on, for `settle`."""
    rows = list(_answered(network, targets))
    return Held(
        overall=np.stack([row.overall for _, row in rows]),
        sentiments=np.array([target.overall for target, _ in rows]),
        findings=np.stack([row.findings for _, row in rows]),
        judged=np.stack([target.findings for target, _ in rows]),
    )


class _Row(NamedTuple):
    """The answers about one row, as arrays: what `decide` and calibration read."""

    overall: NDArray[np.float32]
    findings: NDArray[np.float32]
    starts: NDArray[np.float32]
    ends: NDArray[np.float32]


def _answered(
    network: FeedbackNetwork, targets: Sequence[Targets], tokens: int = 8192
) -> Iterator[tuple[Targets, _Row]]:
    """Yield every target with the network's answers, in the order of length."""
    network.eval()
    order = sorted(range(len(targets)), key=lambda index: len(targets[index].ids))
    for group in _cut(order, [len(targets[index].ids) for index in order], tokens):
        rows = [targets[index] for index in group]
        batch = collate(rows)
        with torch.no_grad():
            answers = network(batch.ids, batch.attention)
        arrays = [getattr(answers, name).numpy() for name in _Row._fields]
        for row, target in enumerate(rows):
            yield target, _Row(*(array[row] for array in arrays))


@dataclass
class _Counts:
    said: int = 0
    gold: int = 0
    both: int = 0

    def add(self, said: set[Any], gold: set[Any]) -> None:
        """Count one row."""
        self.said += len(said)
        self.gold += len(gold)
        self.both += len(said & gold)

    @property
    def f1(self) -> float:
        """Micro F1 of all rows."""
        return 2 * self.both / max(1, self.said + self.gold)


def _states(pairs: Iterable[tuple[int, int]], topic_of: NDArray[np.int64]) -> set[tuple[int, str]]:
    """Return (topic, state) of every topic that is judged, by the rule of the records."""
    opinions = [
        Opinion(str(topic_of[name]), str(name), POLARITIES[polarity], 1.0, "", 0, 0)
        for name, polarity in pairs
    ]
    return {(int(topic), state) for topic, state in topic_states(opinions, ()).items()}


def _overlap(first: int, last: int, gold_first: int, gold_last: int) -> float:
    """Return the F1 of two spans of tokens, both ends inclusive."""
    both = min(last, gold_last) - max(first, gold_first) + 1
    return max(0.0, 2 * both / (last - first + 1 + gold_last - gold_first + 1))


def _topic_of(taxonomy: Taxonomy) -> torch.Tensor:
    topics = list(taxonomy.topics)
    return torch.tensor([topics.index(driver.topic) for driver in taxonomy.drivers.values()])


def _averaging(
    most: float,
) -> Callable[[torch.Tensor, torch.Tensor, torch.Tensor | int], torch.Tensor]:
    def average(
        averaged: torch.Tensor, current: torch.Tensor, updates: torch.Tensor | int
    ) -> torch.Tensor:
        # A short memory at first: the random heads must not linger in the average.
        keep = min(most, (1.0 + int(updates)) / (10.0 + int(updates)))
        return averaged.lerp(current, 1.0 - keep)

    return average


def _optimizer(network: FeedbackNetwork, options: FinetuneOptions) -> torch.optim.Optimizer:
    encoder: list[nn.Parameter] = []
    heads: list[nn.Parameter] = []
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
