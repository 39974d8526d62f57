"""Masked-language-model pretraining with all data on one device, by large steps.

The same task, masks, optimizers and start as in `pretrain`; what differs is what a GPU needs. The
tokens lie on it from the start, a batch is cut out of them in a few launches, and nothing in a step
waits for the device to say something.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional
from transformers import AutoModelForMaskedLM, PreTrainedModel

from sentiment.model.network import EncoderOptions, encoder_config
from sentiment.train.base.device import Averaged, autocast, compiled, seen_of
from sentiment.train.base.narrow import narrow
from sentiment.train.base.pretrain import (
    LANGUAGES,
    Batch,
    PretrainOptions,
    Rows,
    mask,
    optimizers_of,
    together,
    windows_of,
)
from sentiment.train.base.tokenizer import SPECIALS
from sentiment.train.base.vectors import log_frequencies

__all__ = ["DeviceRows", "Plan", "masked_loss", "neighbour_vectors_on", "pretrain_on"]

_PAD, _START, _END = (SPECIALS.index(name) for name in ("[PAD]", "[CLS]", "[SEP]"))
_STEP = 8  # a padded length is a multiple of it: the fused attention wants its mask aligned
_TRIMMED = 32  # one part in so many of a window may be left out so that no row is padded
_SAID, _MEASURED = 15.0, 60.0  # seconds between two lines, between two held-out losses
# As in `vectors`.
_NEIGHBOURS, _REACH, _SMOOTHING, _POWERS = 4000, 4, 0.75, 3


class Plan(NamedTuple):
    """One pass over texts.

    :param windows: Start and end of each piece, in ascending length, (W, 2).
    :param groups: First and last piece, exclusive, of each batch, in the order of the batches.
    """

    windows: NDArray[np.int64]
    groups: list[tuple[int, int]]


class DeviceRows:
    """Tokenised texts on a device, and batches cut out of them.

    :param rows: The texts.
    :param device: Where batches are wanted.
    """

    def __init__(self, rows: Rows, device: torch.device) -> None:
        self._rows = rows
        self._device = device
        # One more token, for the place behind the last text.
        ids = np.append(rows.ids, 0).astype(np.int32)
        self._ids = torch.from_numpy(ids).to(device)

    def epoch(self, options: PretrainOptions, seed: tuple[int, ...]) -> Iterator[Batch]:
        """Yield one pass over the texts in batches of like length, in an order drawn from `seed`.

        Where the windows of a batch differ by a token or two, all are cut to the shortest, and no
        row is padded; otherwise the batch has a mask.
        """
        return self.batches(self.plan(options, seed))

    def plan(self, options: PretrainOptions, seed: tuple[int, ...]) -> Plan:
        """Return the windows of one pass, and which stand in a batch together."""
        draw = np.random.default_rng(seed)
        windows = windows_of(self._rows, options, draw)
        lengths = windows[:, 1] - windows[:, 0]
        order = np.lexsort((draw.random(len(windows)), lengths))
        windows, lengths = windows[order], lengths[order]
        groups = []
        end = len(windows)
        while end > 0:
            start = max(0, end - max(1, options.step_tokens // (int(lengths[end - 1]) + 2)))
            groups.append((start, end))
            end = start
        return Plan(windows, [groups[at] for at in draw.permutation(len(groups))])

    def batches(self, plan: Plan) -> Iterator[Batch]:
        """Yield the batches of a plan."""
        windows = torch.from_numpy(plan.windows).to(self._device)
        lengths = plan.windows[:, 1] - plan.windows[:, 0]
        for start, end in plan.groups:
            yield self._batch(windows[start:end], int(lengths[start]), int(lengths[end - 1]))

    def _batch(self, windows: torch.Tensor, shortest: int, longest: int) -> Batch:
        padded = longest - shortest > longest // _TRIMMED
        width = -(-(longest + 2) // _STEP) * _STEP if padded else shortest + 2
        lengths = (windows[:, 1:] - windows[:, :1]).clamp(max=width - 2)  # (B, 1)
        at = torch.arange(width, device=self._device)
        place = (windows[:, :1] + at - 1).clamp(0, len(self._ids) - 1)
        ids = self._ids[place].long()
        ids = torch.where(at <= lengths, ids, torch.full_like(ids, _PAD))
        ids[:, 0] = _START
        ids = torch.where(at == lengths + 1, torch.full_like(ids, _END), ids)
        return Batch(ids, (at <= lengths + 1).long() if padded else None)


class _Passes:
    """Batches of one language without end; every pass has other windows in another order."""

    def __init__(
        self, rows: DeviceRows, options: PretrainOptions, seed: tuple[int, ...], pool: Executor
    ) -> None:
        self._rows, self._options, self._seed, self._pool = rows, options, seed, pool
        self.passes = -1
        self._plan = self._planned(0)
        self._batches: Iterator[Batch] = iter(())

    def take(self) -> Batch:
        """Return the next batch."""
        batch = next(self._batches, None)
        if batch is None:
            self.passes += 1
            self._batches = self._rows.batches(self._plan.result())
            # The pass after this one is planned while the device works on this one.
            self._plan = self._planned(self.passes + 1)
            batch = next(self._batches)
        return batch

    def _planned(self, number: int) -> Future[Plan]:
        return self._pool.submit(self._rows.plan, self._options, (*self._seed, number))


def masked_loss(
    model: nn.Module, call: Callable[..., object], batch: Batch, labels: torch.Tensor, share: float
) -> torch.Tensor:
    """Return the mean loss in nats a masked token; as the model's own, but for when it waits.

    The decoder runs on as many places as can be masked, not on those that are: how many those are
    is known on the device alone.

    :param model: The masked-language model, for its decoder.
    :param call: Its encoder, as it is called.
    :param batch: With masked ids.
    :param labels: -100 where nothing is asked, (B, L).
    :param share: Of the tokens that are masked.
    """
    seen = None if batch.attention is None else seen_of(batch.attention)
    hidden = call(input_ids=batch.ids, attention_mask=seen).last_hidden_state  # type: ignore[attr-defined]
    flat = labels.flatten()
    places = min(len(flat), int(1.1 * share * len(flat)) + 512)
    asked = torch.topk((flat != -100).float(), places, sorted=False).indices
    logits = model.decoder(model.head(hidden.flatten(0, 1)[asked]))  # type: ignore[operator]
    wanted = flat[asked]
    total = functional.cross_entropy(logits.float(), wanted, ignore_index=-100, reduction="sum")
    return total / (wanted != -100).sum().clamp(min=1)


def pretrain_on(
    corpus: Mapping[str, Rows],
    opens: NDArray[np.bool_],
    out: Path,
    options: PretrainOptions,
    shape: EncoderOptions,
    device: torch.device,
    say: Callable[[str], None],
    compile_it: bool = False,
) -> dict[str, float]:
    """Train from scratch for `options.minutes` or `options.steps`; save ``out/encoder``.

    The rate falls to zero over the last `options.cooldown` minutes, or the share of the steps that
    these are of the minutes. One step is one batch of `options.step_tokens`.

    :param corpus: Texts named zh, en and mixed, heldout_zh and heldout_en.
    :param opens: Whether a token opens a word; see `mask`.
    :param out: Folder for the averaged weights.
    :return: The held-out loss by language, in nats a masked token, of the averaged weights.
    """
    torch.manual_seed(options.seed)
    draws = np.random.default_rng(options.seed)
    masks = torch.Generator(device).manual_seed(options.seed)
    config = encoder_config(len(opens), shape)
    model = AutoModelForMaskedLM.from_config(config, attn_implementation="sdpa").to(device)
    narrow(model.model, shape)
    _start_from(model, together([corpus[name] for name in LANGUAGES]), device)
    say("embedding and decoder start from counts")
    averaged = Averaged(model, options.average)
    optimizers = optimizers_of(model, options)
    call = compiled(model.model, compile_it)
    opening = torch.from_numpy(opens).to(device)
    pool = ThreadPoolExecutor(1)
    sources = {
        name: _Passes(DeviceRows(corpus[name], device), options, (options.seed, number), pool)
        for number, name in enumerate(LANGUAGES)
    }
    heldout = {name: DeviceRows(corpus[f"heldout_{name}"], device) for name in ("zh", "en")}
    model.train()
    began = said = measured = time.monotonic()
    step = tokens = said_tokens = said_step = 0
    total = torch.zeros((), device=device)
    while step < options.steps:
        now = time.monotonic()
        done = max((now - began) / (60 * options.minutes), step / options.steps)
        if done >= 1:
            break
        falling = options.cooldown / options.minutes
        cool = min(1.0, (1 - done) / falling) if falling else 1.0
        batch = sources[str(draws.choice(LANGUAGES, p=options.mixture))].take()
        ids, labels = mask(batch.ids, opening, options.masked, masks)
        with autocast(device, options.bf16):
            loss = masked_loss(model, call, Batch(ids, batch.attention), labels, options.masked)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["full_rate"] * cool * min(1.0, (step + 1) / options.warmup)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        averaged.update()
        total += loss.detach()
        tokens += batch.ids.numel()
        step += 1
        if now - said > _SAID:
            mean = float(total) / (step - said_step)
            rate = (tokens - said_tokens) / (time.monotonic() - said)
            passes = " ".join(f"{name} {max(0, one.passes)}" for name, one in sources.items())
            say(
                f"step {step} tokens {tokens / 1e6:.1f}M loss {mean:.3f} "
                f"{rate / 1e3:.0f}k tokens/s cool {cool:.2f} passes {passes}"
            )
            said, said_tokens, said_step = time.monotonic(), tokens, step
            total.zero_()
        if now - measured > _MEASURED:
            say(_shown(_heldout(averaged.module, heldout, opening, options, device)))
            measured = time.monotonic()
    pool.shutdown(cancel_futures=True)
    losses = _heldout(averaged.module, heldout, opening, options, device)
    say(f"step {step} tokens {tokens / 1e6:.1f}M {_shown(losses)}")
    cast(PreTrainedModel, averaged.module).save_pretrained(out / "encoder")
    return losses


def _heldout(
    model: nn.Module,
    heldout: Mapping[str, DeviceRows],
    opens: torch.Tensor,
    options: PretrainOptions,
    device: torch.device,
) -> dict[str, float]:
    """Return the loss by language, on the same masks of the same texts every time."""
    losses = {}
    for name, rows in heldout.items():
        draw = torch.Generator(device).manual_seed(0)
        weighted: list[torch.Tensor] = []
        counts: list[torch.Tensor] = []
        with torch.no_grad(), autocast(device, options.bf16):
            for batch in rows.epoch(options, (0,)):
                ids, labels = mask(batch.ids, opens, options.masked, draw)
                masked = Batch(ids, batch.attention)
                counts.append((labels != -100).sum())
                loss = masked_loss(model, model.model, masked, labels, options.masked)  # type: ignore[arg-type]
                weighted.append(loss * counts[-1])
        losses[name] = float(sum(weighted)) / max(1.0, float(sum(counts)))
    return losses


def _shown(losses: Mapping[str, float]) -> str:
    return "held-out " + " ".join(f"{name} {loss:.4f}" for name, loss in losses.items())


def _start_from(model: PreTrainedModel, rows: Rows, device: torch.device) -> None:
    """Start the embedding from what stands beside what, and the decoder from frequencies."""
    embedding = cast(torch.Tensor, model.get_input_embeddings().weight)
    vocabulary, width = embedding.shape
    vectors = neighbour_vectors_on(rows, vocabulary, width, device)
    counted = vectors.any(1, keepdim=True)  # the others, bytes mostly, stay random
    size = model.config.initializer_range * width**0.5
    with torch.no_grad():
        embedding.copy_(torch.where(counted, vectors * size, embedding))
        bias = torch.from_numpy(log_frequencies(rows.ids, vocabulary))
        cast(Any, model).decoder.bias.copy_(bias.to(device))


def neighbour_vectors_on(
    rows: Rows, vocabulary: int, width: int, device: torch.device, seed: int = 0
) -> torch.Tensor:
    """Return what `vectors.neighbour_vectors` does, up to rotation, counted on the device.

    :return: A unit vector for each token, or zeros, (vocabulary, width).
    """
    ids = torch.from_numpy(rows.ids.astype(np.int64)).to(device)
    lengths = torch.from_numpy(np.diff(rows.starts)).to(device)
    text = torch.repeat_interleave(torch.arange(len(rows), device=device), lengths)
    often = torch.bincount(ids, minlength=vocabulary)
    frequent = torch.argsort(often, descending=True, stable=True)[:_NEIGHBOURS]
    column = torch.full((vocabulary,), -1, device=device)
    column[frequent] = torch.arange(len(frequent), device=device)
    counts = torch.zeros(vocabulary * len(frequent), device=device)
    for distance in range(1, _REACH + 1):
        beside = text[:-distance] == text[distance:]
        pairs = (ids[:-distance][beside], ids[distance:][beside])
        for token, neighbour in (pairs, pairs[::-1]):
            columns = column[neighbour]
            known = columns >= 0
            cells = token[known] * len(frequent) + columns[known]
            counts += torch.bincount(cells, minlength=len(counts)) / distance
    table = counts.reshape(vocabulary, len(frequent))
    by_column = table.sum(0, keepdim=True) ** _SMOOTHING
    expected = table.sum(1, keepdim=True) * (by_column / by_column.sum())
    ratio = torch.log(table / expected).clamp(min=0)
    information = torch.where(table > 0, ratio, torch.zeros_like(ratio))
    draw = torch.Generator(device).manual_seed(seed)
    more = min(width + 32, len(frequent))
    found = information @ torch.randn(len(frequent), more, generator=draw, device=device)
    for _ in range(_POWERS):
        found = information @ (information.T @ torch.linalg.qr(found)[0])
    basis = torch.linalg.qr(found)[0]
    left, values, _ = torch.linalg.svd(basis.T @ information, full_matrices=False)
    vectors = (basis @ left[:, :width]) * values[:width].sqrt()
    size = vectors.norm(dim=1, keepdim=True)
    return torch.where(size > 1e-6, vectors / size.clamp(min=1e-12), torch.zeros_like(vectors))
