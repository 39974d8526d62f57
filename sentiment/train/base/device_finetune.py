"""Fine-tuning with all rows on one device: batches, training, a teacher's word, figures.

The losses, the mixture and the optimizer are those of `finetune`. A batch is cut out of dense
arrays in a few launches; a step waits for the device nowhere. Rows may have soft labels from a
teacher, which the device keeps as well.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from sentiment.model.combination import Labels, choose
from sentiment.model.decision import Decision, Floats, Outputs, chances
from sentiment.model.network import FeedbackNetwork
from sentiment.records import POLARITIES, STATES
from sentiment.taxonomy import Taxonomy
from sentiment.train.base.arrays import KINDS, LANGUAGES, Table
from sentiment.train.base.base_settings import Fits, Held, settle
from sentiment.train.base.device import Averaged, autocast, compiled, seen_of
from sentiment.train.base.finetune import (
    Batch,
    FinetuneOptions,
    cut,
    hide,
    loss_of,
    optimizer_of,
    topic_of_drivers,
)
from sentiment.train.base.pretrain import Rows
from sentiment.train.base.token_targets import UNKNOWN
from sentiment.train.base.tokenizer import SPECIALS
from sentiment.train.linear.combine import label_shift, micro_f1, state_codes

__all__ = [
    "DeviceTargets",
    "Said",
    "figures",
    "finetune_on",
    "logits_of",
    "mean_of",
    "say_of",
    "shared_weights",
    "softmax_weights",
    "unlabelled",
]

_STEP = 8  # as in `finetune`
_POOL = 32_768  # rows of mixed order that are sorted by length
_SAID = 15.0  # seconds between two lines of the log
_ANSWERED = 65_536  # tokens of a batch that nothing is learnt from
_SURE = 0.5  # a teacher points at the evidence of what it finds this likely


@dataclass(frozen=True)
class Said:
    """What a teacher says of rows, on the CPU; R rows, T topics, N drivers and tags.

    :param overall: Probabilities of the sentiments, (R, 4), fp16.
    :param states: Of the states of each topic, (R, T, 5), fp16.
    :param findings: Of each (driver or tag, polarity), (R, N, 3), fp16.
    :param spans: First and last token of the evidence of what is likely, or UNKNOWN, (R, N, 3, 2).
    """

    overall: torch.Tensor
    states: torch.Tensor
    findings: torch.Tensor
    spans: torch.Tensor


class DeviceTargets:
    """Labelled rows on a device, and batches cut out of them.

    :param table: The rows.
    :param taxonomy: Its drivers tell which topic rules a teacher's word out.
    :param device: Where batches are wanted.
    :param said: What a teacher says of all of them, or None.
    :param trust: How much of the target of a gold row is the teacher's word, 0 to 1.
    """

    def __init__(
        self,
        table: Table,
        taxonomy: Taxonomy,
        device: torch.device,
        said: Said | None = None,
        trust: float = 0.0,
    ) -> None:
        self.lengths = np.diff(table.starts)
        self.kinds = table.kind
        self.languages = table.language
        self.device = device
        topics = _sent(table.topics, device).long()
        overall = _sent(table.overall, device).long()
        gold = _sent(table.kind, device) == KINDS.index("gold")
        self._ids = _sent(np.append(table.ids, 0).astype(np.int32), device)
        self._starts = _sent(table.starts[:-1], device)
        self._sizes = _sent(self.lengths, device)
        self._implied = torch.where(gold[:, None], UNKNOWN, topics).to(torch.int8)
        weight = _sent(table.overall_weight.astype(np.float32), device)
        weight = torch.where(overall == UNKNOWN, 0.0, weight)[:, None]
        self._overall = functional.one_hot(overall.clamp(min=0), 4) * weight
        known = (topics != UNKNOWN)[..., None]
        self._topics = functional.one_hot(topics.clamp(min=0), len(STATES)) * known.float()
        self._findings = _sent(table.known_findings(), device)
        spans = torch.full((self._findings.numel(), 2), UNKNOWN, dtype=torch.int16, device=device)
        places = np.stack([table.first, table.last], axis=1).astype(np.int16)
        spans[_sent(table.evidence, device)] = _sent(places, device)
        self._spans = spans.reshape(*self._findings.shape, 2)
        if said is not None:
            self._listen(said, taxonomy, topics, weight, gold, trust)

    def _listen(
        self,
        said: Said,
        taxonomy: Taxonomy,
        topics: torch.Tensor,
        weight: torch.Tensor,
        gold: torch.Tensor,
        trust: float,
    ) -> None:
        """Take a teacher's word where there is no label, and a share of it on gold rows."""
        overall, states, findings, spans = (
            one.to(self.device) for one in (said.overall, said.states, said.findings, said.spans)
        )
        findings = findings.float()
        # As `token_targets` has it: what the labels of the topics rule out is not taken.
        of = topics[:, topic_of_drivers(taxonomy).to(self.device)]  # (R, drivers)
        absent, blamed, praised = (
            of == STATES.index(name) for name in ("absent", "negative", "positive")
        )
        neutral = of == STATES.index("neutral")
        out = torch.stack([absent | neutral | praised, absent, absent | blamed | neutral], dim=-1)
        findings[:, : out.shape[1]][out] = 0.0
        share = trust * gold.float()
        known = ~self._findings.isnan()
        mixed = torch.lerp(self._findings.nan_to_num(0.0), findings, share[:, None, None])
        self._findings = torch.where(known, mixed, findings)
        named = self._topics.sum(-1, keepdim=True) > 0
        mixed = torch.lerp(self._topics, states.float(), share[:, None, None])
        self._topics = torch.where(named, mixed, states.float())
        plain = self._overall + (1 - weight) * overall.float()
        self._overall = torch.lerp(plain, overall.float(), share[:, None])
        pointed = (self._spans[..., :1] == UNKNOWN) & ~gold[:, None, None, None]
        self._spans = torch.where(pointed, spans.to(torch.int16), self._spans)

    def __len__(self) -> int:
        return len(self.lengths)

    def batch(self, rows: torch.Tensor, longest: int) -> Batch:
        """Return rows as `collate` does.

        :param rows: Indices on the device, (B,).
        :param longest: Tokens of the longest of them.
        """
        width = -(-longest // _STEP) * _STEP
        at = torch.arange(width, device=self.device)
        place = (self._starts[rows][:, None] + at).clamp(max=len(self._ids) - 1)
        inside = at < self._sizes[rows][:, None]
        ids = torch.where(inside, self._ids[place], 0).long()
        return Batch(
            ids=ids,
            attention=inside.long(),
            overall=self._overall[rows],
            topics=self._topics[rows],
            findings=self._findings[rows],
            implied=self._implied[rows].long(),
            spans=self._spans[rows].long(),
            vectors=ids.new_empty((*ids.shape, 0), dtype=torch.float32),
        )

    def in_order(self, tokens: int) -> Iterator[tuple[torch.Tensor, int]]:
        """Yield all rows from the longest to the shortest: indices, and tokens of the longest."""
        order = np.argsort(self.lengths, kind="stable")
        on_device = _sent(order, self.device)
        for part in cut(list(range(len(order))), self.lengths[order].tolist(), tokens):
            yield on_device[part[0] : part[-1] + 1], int(self.lengths[order[part[-1]]])


class _Stream:
    """Batches of some rows without end: pools of mixed order, cut by length."""

    def __init__(
        self, targets: DeviceTargets, tokens: int, seed: int, rows: NDArray[np.int64],
        extra: NDArray[np.int64], share: float,
    ) -> None:  # fmt: skip
        self._targets, self._tokens = targets, tokens
        self._rows, self._extra, self._share = rows, extra, share
        self._draw = np.random.default_rng(seed)
        self._parts = iter(())  # type: Iterator[tuple[torch.Tensor, int]]

    def take(self) -> Batch:
        """Return the next batch."""
        part = next(self._parts, None)
        if part is None:
            self._parts = self._pass()
            part = next(self._parts)
        return self._targets.batch(*part)

    def _pass(self) -> Iterator[tuple[torch.Tensor, int]]:
        rows = self._rows
        if len(self._extra) and self._share:
            # So large a share of the rows of a pass is joined; which ones differs every time.
            many = min(len(self._extra), int(self._share / (1 - self._share) * len(rows)))
            rows = np.concatenate([rows, self._draw.choice(self._extra, many, replace=False)])
        rows = self._draw.permutation(rows)
        lengths = self._targets.lengths
        for pool in np.array_split(rows, max(1, len(rows) // _POOL)):
            pool = pool[np.argsort(lengths[pool], kind="stable")]
            on_device = _sent(pool, self._targets.device)
            parts = cut(list(range(len(pool))), lengths[pool].tolist(), self._tokens)
            for at in self._draw.permutation(len(parts)):
                part = parts[at]
                yield on_device[part[0] : part[-1] + 1], int(lengths[pool[part[-1]]])


def finetune_on(
    network: FeedbackNetwork,
    targets: DeviceTargets,
    taxonomy: Taxonomy,
    options: FinetuneOptions,
    say: Callable[[str], None],
    joined: NDArray[np.bool_] | None = None,
    compile_it: bool = False,
) -> FeedbackNetwork:
    """Train as `finetune` does; return the network with averaged weights.

    A step whose gradient is no number is passed over. The same seed gives nearly the same weights,
    not the very same.

    :param joined: Which rows are two gold rows put together, (R,): `options.joined` of the gold
        rows of a pass are drawn from them.
    """
    device = targets.device
    torch.manual_seed(options.seed)
    began = said = time.monotonic()
    streams = _streams(targets, options, joined)
    topic_of = topic_of_drivers(taxonomy).to(device)
    network.to(device).train()
    network.encoder.set_attn_implementation("sdpa")  # type: ignore[operator]
    averaged = Averaged(network, options.average)
    optimizer = optimizer_of(network, nn.Identity(), options)
    call = compiled(network, compile_it)
    draw = np.random.default_rng(options.seed)
    parameters = list(network.parameters())
    total = torch.zeros((), device=device)
    passed = torch.zeros((), device=device)
    said_step = tokens = said_tokens = 0
    for step in range(options.steps):
        done = step / options.steps
        if time.monotonic() - began > 60 * options.minutes:
            say(f"stopped by time at step {step} of {options.steps}")
            break
        first, last = np.array(options.mixture_first), np.array(options.mixture_last)
        shares = (first + done * (last - first)) * [kind in streams for kind in KINDS]
        batch = streams[str(draw.choice(KINDS, p=shares / shares.sum()))].take()
        scale = min(1.0, (step + 1) / (options.warmup * options.steps + 1)) * (1.0 - done)
        for group in optimizer.param_groups:
            group["lr"] = group["full_rate"] * scale
        hide(batch.ids, options.hidden)
        with autocast(device, options.bf16):
            answers = call(batch.ids, batch.attention, seen_of(batch.attention))
        loss = loss_of(answers, batch, topic_of, options, dense=True)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(parameters, 1.0)
        # The fused optimizer reads it on the device, and leaves the weights as they are.
        optimizer.found_inf = (~torch.isfinite(norm)).float()  # type: ignore[attr-defined]
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        averaged.update()
        total += torch.where(torch.isfinite(norm), loss.detach(), 0.0)
        passed += optimizer.found_inf  # type: ignore[attr-defined]
        tokens += batch.ids.numel()
        if time.monotonic() - said > _SAID:
            mean = float(total) / (step + 1 - said_step)
            now = time.monotonic()
            rate, pace = (
                (tokens - said_tokens) / (now - said),
                (step + 1 - said_step) / (now - said),
            )
            say(
                f"step {step + 1} of {options.steps} loss {mean:.3f} {rate / 1e3:.0f}k tokens/s "
                f"{pace:.1f} steps/s passed over {int(passed)}"
            )
            said, said_step, said_tokens = now, step + 1, tokens
            total.zero_()
    say(
        f"{tokens / 1e6:.1f}M tokens in {time.monotonic() - began:.0f} s, passed over {int(passed)}"
    )
    network.load_state_dict(averaged.module.state_dict())
    return network.eval()


def _streams(
    targets: DeviceTargets, options: FinetuneOptions, joined: NDArray[np.bool_] | None
) -> dict[str, _Stream]:
    pairs = np.zeros(len(targets), dtype=bool) if joined is None else joined
    streams = {}
    for number, kind in enumerate(KINDS):
        of_kind = targets.kinds == number
        rows, extra = np.flatnonzero(of_kind & ~pairs), np.flatnonzero(of_kind & pairs)
        if len(rows):
            seed = options.seed + number
            streams[kind] = _Stream(targets, options.tokens, seed, rows, extra, options.joined)
    return streams


def unlabelled(corpus: Mapping[str, Rows], like: Table, many: int, most: int, seed: int) -> Table:
    """Return pieces of the corpus as rows of the kind "taught" of which nothing is labelled.

    Half of them are of either language, as far as there are as many.

    :param like: A table of the same taxonomy.
    :param many: Rows.
    :param most: Tokens of a row, [CLS] and [SEP] included.
    """
    draw = np.random.default_rng(seed)
    parts: list[NDArray[np.uint16]] = []
    language: list[NDArray[np.int8]] = []
    for number, name in enumerate(LANGUAGES):
        rows = corpus[name]
        size = np.minimum(np.diff(rows.starts), most - 2)
        fit = np.flatnonzero(size >= 4)
        chosen = draw.permutation(fit)[: many // len(LANGUAGES)]
        starts, sizes = rows.starts[chosen], size[chosen]
        for start, end in zip(starts.tolist(), (starts + sizes).tolist(), strict=True):
            parts.append(np.concatenate([_BEGIN, rows.ids[start:end], _END]))
        language.append(np.full(len(chosen), number, dtype=np.int8))
    count = len(parts)
    return Table(
        ids=np.concatenate(parts),
        starts=np.cumsum([0, *map(len, parts)], dtype=np.int64),
        overall=np.full(count, UNKNOWN, dtype=np.int8),
        overall_weight=np.ones(count),
        topics=np.full((count, *like.topics.shape[1:]), UNKNOWN, dtype=np.int8),
        findings=np.full((count, *like.findings.shape[1:]), 2, dtype=np.int8),
        evidence=np.zeros(0, dtype=np.int64),
        first=np.zeros(0, dtype=np.uint8),
        last=np.zeros(0, dtype=np.uint8),
        kind=np.full(count, KINDS.index("taught"), dtype=np.int8),
        language=np.concatenate(language),
    )


_BEGIN, _END = (np.array([SPECIALS.index(name)], dtype=np.uint16) for name in ("[CLS]", "[SEP]"))


def say_of(network: FeedbackNetwork, targets: DeviceTargets, bf16: bool) -> Said:
    """Return what a network, as a teacher, says of all rows: plain probabilities, and pointers."""
    network.eval().to(targets.device)
    network.encoder.set_attn_implementation("sdpa")  # type: ignore[operator]
    said: Said | None = None
    with torch.no_grad():
        for rows, longest in targets.in_order(_ANSWERED):
            batch = targets.batch(rows, longest)
            with autocast(targets.device, bf16):
                answers = network(batch.ids, batch.attention, seen_of(batch.attention))
            findings = answers.findings.sigmoid()
            first = answers.starts.argmax(-1)
            # The end is the likeliest one from the start on.
            at = torch.arange(answers.ends.shape[-1], device=targets.device)
            last = answers.ends.masked_fill(at < first[..., None], -torch.inf).argmax(-1)
            spans = torch.stack([first, last], dim=-1)
            spans = torch.where((findings > _SURE)[..., None], spans, UNKNOWN)
            parts = Said(
                answers.overall.softmax(-1).half(),
                answers.topics.softmax(-1).half(),
                findings.half(),
                spans.to(torch.int16),
            )
            if said is None:
                said = Said(
                    *(one.new_empty((len(targets), *one.shape[1:])) for one in vars(parts).values())
                )
            for whole, part in zip(vars(said).values(), vars(parts).values(), strict=True):
                whole[rows] = part
    assert said is not None
    return Said(*(one.cpu() for one in vars(said).values()))


def mean_of(everybody: Sequence[Said]) -> Said:
    """Return what several teachers say of the same rows: the mean of the probabilities.

    The evidence of what they find likely together is that of the first who points at some.
    """
    first, *others = everybody
    overall, states, findings = (
        sum(getattr(one, name).float() for one in everybody) / len(everybody)
        for name in ("overall", "states", "findings")
    )
    spans = first.spans
    for one in others:
        spans = torch.where(spans[..., :1] == UNKNOWN, one.spans, spans)
    spans = torch.where((findings > _SURE)[..., None], spans, UNKNOWN)
    return Said(overall.half(), states.half(), findings.half(), spans.to(torch.int16))


def logits_of(network: FeedbackNetwork, targets: DeviceTargets) -> Outputs:
    """Return the logits about all rows, in their order, in fp32; pointers are left out."""
    network.eval().to(targets.device)
    network.encoder.set_attn_implementation("sdpa")  # type: ignore[operator]
    arrays: list[Floats] = []
    with torch.no_grad():
        for rows, longest in targets.in_order(_ANSWERED):
            batch = targets.batch(rows, longest)
            answers = network(batch.ids, batch.attention, seen_of(batch.attention))
            parts = [
                one.cpu().numpy() for one in (answers.overall, answers.topics, answers.findings)
            ]
            if not arrays:
                arrays = [np.empty((len(targets), *one.shape[1:]), np.float32) for one in parts]
            for whole, part in zip(arrays, parts, strict=True):
                whole[rows.cpu().numpy()] = part
    nothing = np.zeros(0, np.float32)
    overall, topics, findings = arrays
    return Outputs(overall, topics, findings, nothing, nothing)


def figures(
    network: FeedbackNetwork, table: Table, taxonomy: Taxonomy, device: torch.device
) -> dict[str, dict[str, float]]:
    """Return what a network is worth on gold rows, by language; decisions are fitted to the same.

    Good for comparing networks on the same rows, and a touch too good: what words add is not there,
    and thresholds fit these rows.

    :return: By language: accuracy of the sentiment, micro F1 of topic states, drivers and tags.
    """
    held = Held(
        outputs=logits_of(network, DeviceTargets(table, taxonomy, device)),
        sentiments=table.overall.astype(np.int64),
        judged=table.known_findings(),
        languages=np.array(LANGUAGES)[table.language],
    )
    return _scored(held, settle(held, taxonomy, Fits(shared_weights, softmax_weights)))


def _scored(held: Held, decision: Decision) -> dict[str, dict[str, float]]:
    labels = decision.labels
    likely = chances(held.outputs, decision)
    rows = len(held.sentiments)
    found = choose(likely.states, likely.findings.reshape(rows, -1), labels, decision.thresholds)
    gold = held.judged.reshape(rows, -1) > 0
    codes, truth = state_codes(found, labels), state_codes(gold, labels)
    drivers = labels.topic_of >= 0
    scored = {}
    for language in LANGUAGES:
        of = held.languages == language
        if not of.any():
            continue
        same = ((codes == truth) & (truth > 0))[of].sum()
        right = likely.overall.argmax(1) == held.sentiments
        scored[language] = {
            "rows": float(of.sum()),
            "overall": float(right[of].mean()),
            "topics": 2 * float(same) / max(1, int((codes[of] > 0).sum() + (truth[of] > 0).sum())),
            "drivers": micro_f1(found[of][:, drivers], gold[of][:, drivers]),
            "tags": micro_f1(found[of][:, ~drivers], gold[of][:, ~drivers]),
        }
    return scored


def shared_weights(features: Floats, targets: Floats, labels: Labels) -> Floats:
    """Return what `fit_shared` does, without scikit-learn: weights and, last, biases of the labels."""
    result = np.zeros((len(features) + 1, len(labels)), dtype=np.float32)
    for columns in (np.flatnonzero(labels.topic_of >= 0), np.flatnonzero(labels.topic_of < 0)):
        wanted = targets[:, columns].ravel()
        known = ~np.isnan(wanted)
        if len(np.unique(wanted[known])) < 2:
            continue
        inputs = features[:, :, columns].reshape(len(features), -1).T
        level = np.tile(np.eye(len(POLARITIES))[labels.polarity_of[columns]], (len(targets), 1))
        both = np.hstack([inputs, level]).astype(np.float32)
        absent, judged = softmax_weights(both[known], wanted[known].astype(np.int64), 2)
        slopes = judged - absent
        result[:-1, columns] = slopes[: len(features), None]
        result[-1, columns] = slopes[-1] + slopes[len(features) : -1][labels.polarity_of[columns]]
    score = (features * result[:-1, None]).sum(0) + result[-1]
    result[-1] += label_shift(score, targets)
    return result


def softmax_weights(features: Floats, classes: NDArray[np.int64], count: int) -> Floats:
    """Return weights (classes, features + 1), the bias last: as `fit_softmax`, without scikit-learn.

    The cross-entropy, summed, and half the square of the weights but for the bias are least there.
    """
    weights = np.zeros((count, features.shape[1] + 1), dtype=np.float32)
    weights[:, -1] = -20  # a class that no row has
    present = np.unique(classes)
    inputs = torch.from_numpy(features.astype(np.float64))
    wanted = torch.from_numpy(np.searchsorted(present, classes))
    slopes = torch.zeros(len(present), features.shape[1], dtype=torch.float64, requires_grad=True)
    shifts = torch.zeros(len(present), dtype=torch.float64, requires_grad=True)
    search = torch.optim.LBFGS(
        [slopes, shifts], max_iter=300, tolerance_grad=1e-6, line_search_fn="strong_wolfe"
    )

    def off() -> torch.Tensor:
        search.zero_grad()
        logits = inputs @ slopes.T + shifts
        loss = functional.cross_entropy(logits, wanted, reduction="sum")
        loss = loss + 0.5 * slopes.square().sum()
        loss.backward()
        return loss

    search.step(off)
    weights[present, :-1] = slopes.detach().numpy()
    weights[present, -1] = shifts.detach().numpy()
    return weights


def _sent(array: NDArray[np.generic], device: torch.device) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(array)).to(device)
