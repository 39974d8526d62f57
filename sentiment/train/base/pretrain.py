"""Masked-language-model pretraining: one page from settings to checkpoint.

Resumable and bound by time, not steps. The learning rate is constant after a short warm-up and
falls to zero in the last minutes of a run; ``stable.pt`` is the state before that fall and is what
a later run goes on from, ``encoder/`` holds the averaged weights for fine-tuning (`AutoModel` loads
them).
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import nn
from torch.optim.swa_utils import AveragedModel
from transformers import AutoModelForMaskedLM, PreTrainedModel

from sentiment.model.network import EncoderOptions, encoder_config
from sentiment.train.base.narrow import narrow
from sentiment.train.base.optimizers import muon_and_adamw
from sentiment.train.base.quick import has_bf16
from sentiment.train.base.tokenizer import MARKER, SPECIALS
from sentiment.train.base.vectors import log_frequencies, neighbour_vectors

__all__ = [
    "LANGUAGES",
    "Batch",
    "PretrainOptions",
    "Rows",
    "epoch",
    "heldout_loss",
    "mask",
    "opens_word",
    "optimizers_of",
    "pretrain",
    "together",
    "tokenise",
    "windows_of",
]

_PAD, _UNKNOWN, _START, _END, _MASK = range(len(SPECIALS))
LANGUAGES = ("zh", "en", "mixed")
_SHORTEST = 4  # tokens of a piece that says something about those hidden in it


@dataclass(frozen=True, slots=True)
class PretrainOptions:
    """How the run goes; the defaults are for two CPU cores that have bf16."""

    minutes: float = 60.0  # wall time of this run, evaluation and checkpoints included
    steps: int = 10**9  # the run ends there as well, whichever comes first
    cooldown: float = 0.0  # minutes at the end in which the learning rate falls to zero
    step_tokens: int = 4096  # an update: small at first, where steps and not noise are the limit
    micro_tokens: int = 4096  # a forward pass; its activations stay near the cache
    mixture: tuple[float, float, float] = (0.475, 0.475, 0.05)  # of zh, en, mixed steps
    long_share: float = 0.25  # of texts cut at 256 tokens; the others at 128, which is cheaper
    masked: float = 0.3
    matrix_rate: float = 0.003  # Muon's, on the encoder's matrices, scaled to AdamW's updates
    rate: float = 0.0015  # AdamW's, on embedding, norms and the prediction head
    weight_decay: float = 0.01
    warmup: int = 150  # steps
    average: float = 0.998  # of weights, an update: the last 500 steps or so
    checkpoint_minutes: float = 5.0
    threads: int = 2
    bf16: bool = field(default_factory=has_bf16)
    seed: int = 7


@dataclass(frozen=True)
class Rows:
    """Tokenised texts end to end: text `i` is ``ids[starts[i]:starts[i + 1]]``, no specials."""

    ids: NDArray[np.uint16]
    starts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts) - 1


@dataclass(frozen=True)
class Batch:
    """Rows of one length or nearly so: ids (rows, length), and a mask if any is padded."""

    ids: torch.Tensor
    attention: torch.Tensor | None


def tokenise(tokenizer: Tokenizer, path: Path) -> Rows:
    """Return the texts of a file, one a line, as token ids."""
    starts = [0]
    parts: list[NDArray[np.uint16]] = []
    lines = path.read_text(encoding="utf-8").splitlines()
    for at in range(0, len(lines), 4096):
        for encoding in tokenizer.encode_batch(lines[at : at + 4096], add_special_tokens=False):
            parts.append(np.array(encoding.ids, dtype=np.uint16))
            starts.append(starts[-1] + len(encoding.ids))
    ids = np.concatenate(parts) if parts else np.zeros(0, np.uint16)
    return Rows(ids, np.array(starts, dtype=np.int64))


def epoch(rows: Rows, options: PretrainOptions, seed: tuple[int, ...]) -> Iterator[Batch]:
    """Yield one pass over the rows in batches of equal length, in an order drawn from `seed`."""
    draw = np.random.default_rng(seed)
    windows = windows_of(rows, options, draw)
    # Ties are broken at random, so that a batch's rows have nothing in common but their length.
    order = np.lexsort((draw.random(len(windows)), windows[:, 1] - windows[:, 0]))
    windows = windows[order]
    groups = []
    end = len(windows)
    while end > 0:  # from the longest down: a group is as wide as its last row
        length = int(windows[end - 1, 1] - windows[end - 1, 0]) + 2
        start = max(0, end - max(1, options.micro_tokens // length))
        groups.append((start, end))
        end = start
    for at in draw.permutation(len(groups)):
        yield _batch(rows, windows[slice(*groups[at])])


def windows_of(
    rows: Rows, options: PretrainOptions, draw: np.random.Generator
) -> NDArray[np.int64]:
    """Return (start, end) of pieces of texts; a text longer than its limit gives several."""
    limits = np.where(draw.random(len(rows)) < options.long_share, 254, 126)
    lengths = np.diff(rows.starts)
    pieces = np.maximum(1, -(-lengths // limits))
    # Equal pieces: a short rest would be cut off from all that explains it.
    sizes = np.maximum(1, -(-lengths // pieces))
    many = -(-lengths // sizes)
    of_row = np.repeat(np.arange(len(rows)), many)
    number = np.arange(len(of_row)) - np.repeat(np.cumsum(many) - many, many)
    starts = rows.starts[of_row] + number * sizes[of_row]
    ends = np.minimum(starts + sizes[of_row], rows.starts[of_row + 1])
    windows = np.stack([starts, ends], axis=1)
    return windows[ends - starts >= _SHORTEST]


def together(parts: Sequence[Rows]) -> Rows:
    """Return the texts of several files as one."""
    before = np.cumsum([0, *(len(part.ids) for part in parts)])
    starts = [part.starts[:-1] + at for part, at in zip(parts, before[:-1], strict=True)]
    return Rows(
        np.concatenate([part.ids for part in parts]), np.append(np.concatenate(starts), before[-1])
    )


def _batch(rows: Rows, windows: NDArray[np.int64]) -> Batch:
    lengths = windows[:, 1] - windows[:, 0]
    width = int(lengths.max()) + 2
    ids = np.full((len(windows), width), _PAD, dtype=np.int64)
    ids[:, 0] = _START
    for row, (start, end) in enumerate(windows.tolist()):
        ids[row, 1 : end - start + 1] = rows.ids[start:end]
        ids[row, end - start + 1] = _END
    tensor = torch.from_numpy(ids)
    padded = int(lengths.min()) + 2 < width
    return Batch(tensor, (tensor != _PAD).long() if padded else None)


def mask(
    ids: torch.Tensor, opens: torch.Tensor, share: float, draw: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Hide a share of the words; return (input ids, labels), labels -100 where nothing is asked.

    `opens[token]` says whether a token opens a word: the pieces of a word are hidden together. Of
    the hidden words 80 % become [MASK], 10 % random tokens, 10 % stay, as in BERT. Where `ids` are,
    `opens` and `draw` must be as well.
    """
    special = ids < len(SPECIALS)
    word = (opens[ids] | special).cumsum(1) - 1  # number of the word in its row
    chance = torch.rand(ids.shape, generator=draw, device=ids.device).gather(1, word)
    fate = torch.rand(ids.shape, generator=draw, device=ids.device).gather(1, word)
    hidden = (chance < share) & ~special
    noise = torch.randint(
        len(SPECIALS) + 256, len(opens), ids.shape, generator=draw, device=ids.device
    )
    shown = torch.where(hidden & (fate < 0.8), torch.full_like(ids, _MASK), ids)
    shown = torch.where(hidden & (fate >= 0.9), noise, shown)
    return shown, torch.where(hidden, ids, torch.full_like(ids, -100))


def pretrain(
    corpus: Path,
    tokenizer_file: Path,
    out: Path,
    options: PretrainOptions | None = None,
    shape: EncoderOptions | None = None,
) -> float:
    """Train for `options.minutes` or up to `options.steps`, and go on from ``out/stable.pt``.

    A folder without it starts afresh. Returns the held-out loss (nats a masked token, mean of both
    languages) of the averaged weights.
    """
    options = options or PretrainOptions()
    ends = time.monotonic() + 60 * options.minutes
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    out.mkdir(parents=True, exist_ok=True)
    log = _Log(out / "log.txt")
    log.say(f"options {json.dumps(asdict(options))}")

    tokenizer = Tokenizer.from_file(str(tokenizer_file))
    opens = torch.tensor(opens_word(tokenizer))
    rows = {name: _cached(tokenizer, corpus, name, out) for name in LANGUAGES}
    heldout = {name: _cached(tokenizer, corpus, f"heldout_{name}", out) for name in ("zh", "en")}
    for name, part in rows.items():
        log.say(f"{name}: {len(part)} texts, {len(part.ids)} tokens")

    training = _Training(tokenizer.get_vocab_size(), shape or EncoderOptions(), options)
    stable = out / "stable.pt"
    if stable.exists():
        training.load(stable)
        log.say(f"going on from step {training.state.step}")
    else:
        training.start_from(together(list(rows.values())))
        log.say("embedding and decoder start from counts")
    state = training.state
    sources = {name: _Source(rows[name], name, options, state) for name in LANGUAGES}

    with _stopped_by_signal() as stopped:
        saved = said = time.monotonic()
        said_tokens, losses = state.tokens, list[float]()
        while state.step < options.steps and not stopped.is_set():
            left = ends - time.monotonic()
            if left <= 0:
                break
            cool = min(1.0, left / (60 * options.cooldown)) if options.cooldown else 1.0
            if cool < 1.0 and not training.cooling:
                training.save(stable)  # the last state at the full rate: a later run starts here
                training.cooling = True
            losses.append(training.update(sources, opens, cool))
            now = time.monotonic()
            if now - said > 30:
                rate = (state.tokens - said_tokens) / (now - said)
                log.say(
                    f"step {state.step} tokens {state.tokens / 1e6:.2f}M "
                    f"loss {np.mean(losses):.3f} {rate:.0f} tokens/s cool {cool:.2f}"
                )
                said_tokens, losses, said = state.tokens, [], now
            if now - saved > 60 * options.checkpoint_minutes:
                _checkpoint(out, training, heldout, opens, options, log)
                saved = said = time.monotonic()
    return _checkpoint(out, training, heldout, opens, options, log)


@dataclass
class _State:
    """Where a run is: updates done, tokens read, and its place in each language."""

    step: int = 0
    tokens: int = 0
    passes: dict[str, int] = field(default_factory=lambda: dict.fromkeys(LANGUAGES, 0))
    batches: dict[str, int] = field(default_factory=lambda: dict.fromkeys(LANGUAGES, 0))


class _Source:
    """Batches of one language without end, its place kept in the state."""

    def __init__(self, rows: Rows, name: str, options: PretrainOptions, state: _State) -> None:
        self._rows, self._name, self._options, self._state = rows, name, options, state
        self._batches = self._open()
        for _ in range(state.batches[name]):
            next(self._batches)

    def take(self) -> Batch:
        """Return the next batch; after the last of a pass, the first of a new order."""
        batch = next(self._batches, None)
        if batch is None:
            self._state.passes[self._name] += 1
            self._state.batches[self._name] = 0
            self._batches = self._open()
            batch = next(self._batches)
        self._state.batches[self._name] += 1
        return batch

    def _open(self) -> Iterator[Batch]:
        seed = (self._options.seed, LANGUAGES.index(self._name), self._state.passes[self._name])
        return epoch(self._rows, self._options, seed)


class _Training:
    """Model, averaged model, optimizers and place of one run; what a checkpoint holds."""

    def __init__(self, vocabulary: int, shape: EncoderOptions, options: PretrainOptions) -> None:
        self.options = options
        self.state = _State()
        self.cooling = False
        # On a CPU the plain products beat the fused attention at these lengths, by a fifth.
        self.model = AutoModelForMaskedLM.from_config(
            encoder_config(vocabulary, shape), attn_implementation="eager"
        )
        narrow(self.model.model, shape)
        self.model.train()
        self.averaged = AveragedModel(self.model, avg_fn=self._average)
        self.optimizers = optimizers_of(self.model, options)

    def start_from(self, rows: Rows) -> None:
        """Start the embedding from what stands beside what, and the decoder from frequencies."""
        embedding = self.model.get_input_embeddings().weight
        vocabulary, width = embedding.shape
        vectors = torch.from_numpy(neighbour_vectors(rows.ids, rows.starts, vocabulary, width))
        counted = vectors.any(1, keepdim=True)  # the others, bytes mostly, stay random
        size = self.model.config.initializer_range * width**0.5
        with torch.no_grad():
            embedding.copy_(torch.where(counted, vectors * size, embedding))
            self.model.decoder.bias.copy_(torch.from_numpy(log_frequencies(rows.ids, vocabulary)))
        self.averaged.module.load_state_dict(self.model.state_dict())

    def update(self, sources: dict[str, _Source], opens: torch.Tensor, cool: float) -> float:
        """Do one step of `options.step_tokens` at `cool` of the full rate; return its loss."""
        options, state = self.options, self.state
        rate = cool * min(1.0, (state.step + 1) / options.warmup)
        draw = np.random.default_rng((options.seed, state.step))
        tensors = torch.Generator().manual_seed(options.seed * 1_000_003 + state.step)
        micros = max(1, options.step_tokens // options.micro_tokens)
        total = 0.0
        for language in draw.choice(LANGUAGES, size=micros, p=options.mixture):
            batch = sources[language].take()
            ids, labels = mask(batch.ids, opens, options.masked, tensors)
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=options.bf16):
                output = self.model(input_ids=ids, attention_mask=batch.attention, labels=labels)
            (output.loss / micros).backward()
            total += float(output.loss.detach()) / micros
            state.tokens += batch.ids.numel()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["full_rate"] * rate
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        self.averaged.update_parameters(self.model)
        state.step += 1
        return total

    def _average(
        self, averaged: torch.Tensor, current: torch.Tensor, updates: torch.Tensor | int
    ) -> torch.Tensor:
        # A short memory at first: the random start must not linger in the average.
        keep = min(self.options.average, (1.0 + int(updates)) / (10.0 + int(updates)))
        return averaged.lerp(current, 1.0 - keep)

    def save(self, path: Path) -> None:
        """Write everything that is needed to go on; the file is whole or the old one."""
        held = {
            "model": self.model.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "state": asdict(self.state),
        }
        torch.save(held, path.with_suffix(".new"))
        os.replace(path.with_suffix(".new"), path)

    def load(self, path: Path) -> None:
        """Take the state that `save` wrote; tensors and plain values only, no code."""
        held = torch.load(path, weights_only=True)
        self.model.load_state_dict(held["model"])
        self.averaged.load_state_dict(held["averaged"])
        for optimizer, saved in zip(self.optimizers, held["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        self.state = _State(**held["state"])


def optimizers_of(model: nn.Module, options: PretrainOptions) -> list[torch.optim.Optimizer]:
    """Return Muon for the encoder's matrices and AdamW for embedding, norms and decoder."""
    return muon_and_adamw(
        model,
        matrix_rate=options.matrix_rate,
        rate=options.rate,
        weight_decay=options.weight_decay,
    )


def heldout_loss(
    model: nn.Module, rows: Rows, opens: torch.Tensor, options: PretrainOptions, most: int = 3
) -> float:
    """Return the loss in nats a masked token, on the same masks of the same texts every time."""
    draw = torch.Generator().manual_seed(0)
    total = asked = 0.0
    model.eval()
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=options.bf16):
        for _, batch in zip(range(most), epoch(rows, options, (0,)), strict=False):
            ids, labels = mask(batch.ids, opens, options.masked, draw)
            count = int((labels != -100).sum())
            loss = model(input_ids=ids, attention_mask=batch.attention, labels=labels).loss
            total += float(loss) * count
            asked += count
    model.train()
    return total / max(asked, 1)


def opens_word(tokenizer: Tokenizer) -> list[bool]:
    """Say for every token whether it opens a word: all do but the later pieces of a Latin word."""
    pieces = [str(tokenizer.id_to_token(index)) for index in range(tokenizer.get_vocab_size())]
    return [
        piece.startswith(MARKER) or not (piece[0].isalpha() and piece[0] < "\u0250")
        for piece in pieces
    ]


def _cached(tokenizer: Tokenizer, corpus: Path, name: str, out: Path) -> Rows:
    """Tokenise once: the arrays are kept beside the checkpoints until a text or a piece changes."""
    texts = corpus / f"{name}.txt"
    made_from = hashlib.sha256(tokenizer.to_str().encode())
    made_from.update(texts.read_bytes())
    path = out / f"tokens-{name}-{made_from.hexdigest()[:12]}.npz"
    if path.exists():
        with np.load(path) as arrays:
            return Rows(arrays["ids"], arrays["starts"])
    rows = tokenise(tokenizer, texts)
    np.savez(path, ids=rows.ids, starts=rows.starts)
    return rows


def _checkpoint(
    out: Path,
    training: _Training,
    heldout: dict[str, Rows],
    opens: torch.Tensor,
    options: PretrainOptions,
    log: _Log,
) -> float:
    """Measure the averaged weights, save them for fine-tuning, and the state unless it cools."""
    model = cast(PreTrainedModel, training.averaged.module)
    losses = {name: heldout_loss(model, rows, opens, options) for name, rows in heldout.items()}
    state = training.state
    log.say(
        f"checkpoint step {state.step} tokens {state.tokens / 1e6:.2f}M held-out "
        + " ".join(f"{name} {loss:.4f}" for name, loss in losses.items())
    )
    model.save_pretrained(out / "encoder.new")
    _replace_folder(out / "encoder.new", out / "encoder")
    if not training.cooling:
        training.save(out / "stable.pt")
    return float(np.mean(list(losses.values())))


def _replace_folder(new: Path, old: Path) -> None:
    # A folder cannot be swapped in one step everywhere; its files can, and each is whole.
    old.mkdir(exist_ok=True)
    for path in new.iterdir():
        os.replace(path, old / path.name)
    new.rmdir()


@contextmanager
def _stopped_by_signal() -> Iterator[threading.Event]:
    """Give an event that SIGTERM or Ctrl-C sets, so that a run that is ended saves its state."""
    stopped = threading.Event()
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(number, lambda *_: stopped.set()) for number in numbers]
    try:
        yield stopped
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


class _Log:
    """Lines to a file and to standard output, each with the time."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def say(self, line: str) -> None:
        stamped = f"{datetime.now(UTC):%H:%M:%S} {line}"
        print(stamped, flush=True)  # noqa: T201
        with self._path.open("a", encoding="utf-8") as out:
            out.write(stamped + "\n")
