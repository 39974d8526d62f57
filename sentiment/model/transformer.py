"""The base model: one pass of a small bilingual transformer, run by ONNX Runtime.

A text is read in windows of tokens. One window holds most texts; a longer one is read in several
that overlap, and they are put together so: a driver or tag is judged as the window says that is
surest of it, with the evidence found there; the overall sentiment is the mean of the windows, each
counted by its tokens. What is written in one language and then in another is read passage by passage
(`text.passages`), and the sentiments are put together as those of two customers who agree or not.
Windows are padded to a few widths (`runtime`) and those of one width are run together; padding is
masked. So no result depends on the other texts, on a CPU not by a last digit. To the logits of the
sentiments is added what the words alone say (`words`).
"""

from __future__ import annotations

import os
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from itertools import chain, groupby, islice
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import MissingExtra, ModelError
from sentiment.model.bundle import GRAPH, NETWORK, TOKENIZER, Bundle
from sentiment.model.decision import Chances, Decision, Found, Outputs, chances, decide
from sentiment.model.protocol import Finding, Prediction, Reason
from sentiment.model.runtime import (
    SHARED,
    OnnxRuntime,
    Runtime,
    load_runtime,
    pick_device,
    threads,
)
from sentiment.model.tokens import Span, Tokens
from sentiment.model.words import Words
from sentiment.records import POLARITIES, SENTIMENTS
from sentiment.taxonomy import Taxonomy
from sentiment.text import Prepared
from sentiment.text.passages import passages

if TYPE_CHECKING:
    from tokenizers import Tokenizer

__all__ = ["Settings", "TransformerModel"]

# Tokens after which it is decided what they say: of many rows at once, in little memory.
_DECIDED = 16384
_PAD = 0
# More than all but a few texts have to a token, so that one look finds what a window holds.
_LETTERS_OF_A_TOKEN = 8

_Spans = tuple[tuple[int, int], ...]
_Logits = tuple[NDArray[np.float64], NDArray[np.float64]]


@dataclass(frozen=True)
class Settings:
    """What training chose; fields of config.json.

    :param window: Tokens of a window, [CLS] and [SEP] included.
    :param overlap: Tokens that a window shares with the one before it.
    """

    window: int
    overlap: int
    decision: Decision

    @classmethod
    def of(cls, config: Mapping[str, Any], taxonomy: Taxonomy) -> Settings:
        """Read the fields; raise ValueError, KeyError or TypeError where they cannot be right."""
        settings = cls(
            window=int(config["window"]),
            overlap=int(config["overlap"]),
            decision=Decision.of(config["decision"], taxonomy),
        )
        if not 0 <= settings.overlap < settings.window - 2:
            raise ValueError("a window that cannot move on")
        return settings


class _Window(NamedTuple):
    """Tokens `first` to `last` (exclusive) of one text, in one of its passages."""

    text: int
    first: int
    last: int
    passage: int = 0


@dataclass(frozen=True, slots=True)
class _Text:
    """A folded text, its tokens, and where each stands in it."""

    letters: str
    ids: list[int]
    offsets: Sequence[Span]

    def within(self, window: _Window) -> str:
        """Return the letters of a window."""
        if window.last - window.first == len(self.ids):
            return self.letters
        if window.first == window.last:
            return ""
        return self.letters[self.offsets[window.first][0] : self.offsets[window.last - 1][1]]


class _Read(NamedTuple):
    """What the network says of one window: calibrated, evidence as tokens with [CLS] as the first."""

    window: _Window
    probabilities: list[float]
    found: list[Found]


class TransformerModel:
    """A base model. The runtime and the tokenizer are safe to share between threads."""

    can_use_gpu = True

    def __init__(
        self,
        *,
        name: str,
        taxonomy: Taxonomy,
        settings: Settings,
        tokenizer: Tokenizer,
        runtime: Runtime,
        digest: str = "",
        words: Words | None = None,
        accuracy: Mapping[str, Mapping[str, float]] | None = None,
        path: Path | None = None,
    ) -> None:
        self.name = name
        self.taxonomy = taxonomy
        self.settings = settings
        self.digest = digest
        self.accuracy = accuracy or {}
        self.path = path
        self.words = words
        self._tokens = Tokens(tokenizer)
        self._runtime = runtime
        # The text explained last and what was found, for every decision of a text asks for the same.
        self._explained: tuple[tuple[str, _Spans], _Logits] | None = None
        # What it puts around a text: [CLS] and [SEP] here, <s> and </s> elsewhere.
        self._open, self._close = tokenizer.encode("").ids

    @property
    def device(self) -> str:
        """What it runs on: "cpu" or "cuda"."""
        return self._runtime.device

    @classmethod
    def of(cls, saved: Bundle, device: str = "auto") -> TransformerModel:
        """Build the model that a bundle holds.

        :param device: "cpu" runs the graph by ONNX Runtime, "cuda" the network by torch; "auto" is
            "cuda" where torch finds a GPU.
        :raises ModelError: A file or field is missing or cannot be right.
        :raises InputError: "cuda" where there is none.
        :raises MissingExtra: A package that the device needs is not installed.
        """
        taxonomy = saved.taxonomy
        # A graph is read without Python, which has enough to read meanwhile.
        graph = _begun(saved.file(GRAPH)) if _is_for_cpu(saved, device) else None
        try:
            settings = Settings.of(saved.config, taxonomy)
            words = Words.of(saved.arrays()) if saved.has_arrays else None
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise ModelError(
                f"{saved.path}: not a transformer that this release can run ({error!r}); "
                "get the bundle again."
            ) from error
        tokenizer = _tokenizer(saved.file(TOKENIZER))
        runtime = graph() if graph else _gpu_runtime(saved, device)
        return cls(
            name=saved.name,
            taxonomy=taxonomy,
            settings=settings,
            tokenizer=tokenizer,
            runtime=runtime,
            digest=saved.digest,
            words=words,
            accuracy=saved.accuracy,
            path=saved.path,
        )

    def predict(self, batch: Sequence[Prepared]) -> list[Prediction]:
        """Return one prediction per text, in order; no result depends on the other texts."""
        texts = self._texts([prepared.folded for prepared in batch])
        windows: list[_Window] = []
        for at, text in enumerate(texts):
            for passage, (first, last) in enumerate(_in_tokens(passages(text.letters), text)):
                windows.extend(self._windows(at, first, last, passage))
        read: list[list[_Read]] = [[] for _ in batch]
        for one in self._run(windows, texts):
            read[one.window.text].append(one)
        return [
            self._together(parts, text.offsets) for parts, text in zip(read, texts, strict=True)
        ]

    def reasons(self, prepared: Prepared, name: str, polarity: str) -> list[Reason]:
        """Return the clauses of a text by what the answer loses without them, strongest first.

        The first window alone is read: what is explained is a decision, not a book. Nothing is lost
        without a clause that lies beyond it.

        :param name: A driver or tag, or "sentiment" with one of `records.SENTIMENTS`.
        """
        letters = self._first_letters(prepared.folded)
        clauses = tuple(span for span in prepared.clauses if span[0] < len(letters))
        overall, findings = self._without_each(letters, clauses)
        if name == "sentiment":
            scores = overall[:, SENTIMENTS.index(polarity)]
        else:
            names = (*self.taxonomy.drivers, *self.taxonomy.tags)
            scores = findings[:, names.index(name), POLARITIES.index(polarity)]
        losses = dict(zip(clauses, (scores[0] - scores[1:]).tolist(), strict=True))
        reasons = [
            Reason(start, end, losses.get((start, end), 0.0)) for start, end in prepared.clauses
        ]
        return sorted(reasons, key=lambda reason: (-abs(reason.weight), reason.start))

    def _first_letters(self, letters: str) -> str:
        """Return as much of a folded text as its first window holds, without a look at the rest."""
        room = self.settings.window - 2
        some = _LETTERS_OF_A_TOKEN * room
        while True:
            (text,) = self._texts([letters[:some]])
            if len(text.ids) > room:
                return letters[: text.offsets[room - 1][1]]
            if some >= len(letters):
                return letters
            some *= 2

    def _without_each(self, letters: str, clauses: _Spans) -> _Logits:
        """Return the logits of sentiments and findings, a row of a text and one without each clause."""
        known = self._explained  # read once: another thread may put another text in its place
        if known is not None and known[0] == (letters, clauses):
            return known[1]
        masked = [letters]
        for start, end in clauses:
            blank = " " * (min(end, len(letters)) - start)
            masked.append(letters[:start] + blank + letters[end:])
        texts = self._texts(masked)
        windows = [next(self._windows(at, 0, len(text.ids))) for at, text in enumerate(texts)]
        names = len(self.taxonomy.drivers) + len(self.taxonomy.tags)
        overall = np.zeros((len(texts), len(SENTIMENTS)))
        findings = np.zeros((len(texts), names, len(POLARITIES)))
        for part, outputs in self._outputs(windows, texts):
            rows = [window.text for window in part]
            overall[rows], findings[rows] = outputs.overall, outputs.findings
        self._explained = (letters, clauses), (overall, findings)
        return overall, findings

    def chances(self, batch: Sequence[Prepared]) -> Chances:
        """Return how likely everything is that the first window of each text may say."""
        texts = self._texts([prepared.folded for prepared in batch])
        windows = [next(self._windows(at, 0, len(text.ids))) for at, text in enumerate(texts)]
        parts: list[Chances] = []
        order: list[int] = []
        for part, outputs in self._outputs(windows, texts):
            parts.append(chances(outputs, self.settings.decision))
            order.extend(window.text for window in part)
        back = np.argsort(order)
        return Chances(*(np.concatenate(arrays)[back] for arrays in zip(*parts, strict=True)))

    def _texts(self, letters: Sequence[str]) -> list[_Text]:
        cuts = self._tokens.cut(letters)
        return [_Text(one, *cut) for one, cut in zip(letters, cuts, strict=True)]

    def _windows(self, text: int, first: int, end: int, passage: int = 0) -> Iterator[_Window]:
        """Yield the windows of a passage: one, or several of which each moves on by as much."""
        room = self.settings.window - 2
        while True:
            last = min(first + room, end)
            yield _Window(text, first, last, passage)
            if last == end:
                return
            first = last - self.settings.overlap

    def _run(self, windows: Sequence[_Window], texts: Sequence[_Text]) -> Iterator[_Read]:
        """Yield what the network says of every window, calibrated, in no particular order."""
        part: list[_Window] = []
        runs: list[Outputs] = []
        tokens = 0
        for same, outputs in self._outputs(windows, texts):
            part += same
            runs.append(outputs)
            tokens += sum(map(_size, same))
            if tokens >= _DECIDED:
                yield from self._read(part, runs)
                part, runs, tokens = [], [], 0
        if part:
            yield from self._read(part, runs)

    def _read(self, part: Sequence[_Window], runs: Sequence[Outputs]) -> Iterator[_Read]:
        tokens = np.array([_size(window) for window in part])
        probabilities, found = decide(runs, tokens, self.settings.decision)
        return map(_Read, part, probabilities.tolist(), found)

    def _outputs(
        self, windows: Sequence[_Window], texts: Sequence[_Text]
    ) -> Iterator[tuple[list[_Window], Outputs]]:
        """Yield windows of one width, run together, with the outputs of network and words."""
        by_words = np.zeros((len(windows), len(SENTIMENTS)), dtype=np.float32)
        if self.words is not None:
            by_words = self.words.score([texts[one.text].within(one) for one in windows])
        # The next runs are begun before the first one's answer is waited for.
        under_way: deque[tuple[list[int], Callable[[], Outputs]]] = deque()
        for part, given in self._padded(windows, texts):
            under_way.append((part, self._runtime.submit(given)))
            if len(under_way) > self._runtime.ahead:
                yield _answered(under_way.popleft(), windows, by_words)
        while under_way:
            yield _answered(under_way.popleft(), windows, by_words)

    def _padded(
        self, windows: Sequence[_Window], texts: Sequence[_Text]
    ) -> Iterator[tuple[list[int], NDArray[np.int64]]]:
        """Yield windows that are run together, by number, and their token ids, padded."""
        widths = [self._runtime.width(_size(window)) for window in windows]
        # The widest first: what is computed side by side ends at nearly the same time then.
        order = sorted(range(len(windows)), key=widths.__getitem__, reverse=True)
        share = sum(widths) // self._runtime.at_once
        for width, same in groupby(order, key=widths.__getitem__):
            room = min(self._runtime.rows(width), max(1, share // width))
            while part := list(islice(same, room)):
                ids = (self._ids(windows[at], texts) for at in part)
                sizes = np.array([_size(windows[at]) for at in part])
                given = np.full((len(part), width), _PAD, dtype=np.int64)
                given[np.arange(width) < sizes[:, None]] = np.fromiter(
                    chain.from_iterable(ids), dtype=np.int64, count=int(sizes.sum())
                )
                yield part, given

    def _ids(self, window: _Window, texts: Sequence[_Text]) -> list[int]:
        return [self._open, *texts[window.text].ids[window.first : window.last], self._close]

    def _together(self, parts: Sequence[_Read], offsets: Sequence[Span]) -> Prediction:
        """Put the windows of one text together, by the rule at the top."""
        if len(parts) == 1:
            window, probabilities, found = parts[0]
            findings = [self._finding(one, window, offsets) for one in found]
        else:
            probabilities = _sentiment(parts)
            surest: dict[int, tuple[Found, _Window]] = {}
            # In the order of the text, so that of two equally sure windows the first one counts.
            for window, _, found in sorted(parts, key=lambda part: part.window.first):
                for one in found:
                    known = surest.get(one.label)
                    if known is None or one.probability > known[0].probability:
                        surest[one.label] = one, window
            findings = [self._finding(one, window, offsets) for one, window in surest.values()]
        if len(findings) > 1:
            drivers = self.taxonomy.drivers
            findings.sort(key=lambda one: (one.name not in drivers, one.start, one.end))
        negative, neutral, positive, mixed = probabilities
        return Prediction((negative, neutral, positive, mixed), tuple(findings))

    def _finding(self, one: Found, window: _Window, offsets: Sequence[Span]) -> Finding:
        labels, before = self.settings.decision.labels, window.first - 1  # [CLS] stands there
        return Finding(
            labels.names[one.label],
            labels.polarities[one.label],
            one.probability,
            offsets[before + one.first][0],
            offsets[before + one.last][1],
        )


def _in_tokens(spans: Sequence[Span], text: _Text) -> Iterator[tuple[int, int]]:
    """Yield the tokens, first and last (exclusive), of spans of a text that follow one another."""
    first = 0
    for _, end in spans[:-1]:
        # The mark of a word's start may cover the space before it: its end tells where it belongs.
        last = bisect_right(text.offsets, end, key=lambda offset: offset[1])
        yield first, last
        first = last
    yield first, len(text.ids)


def _answered(
    run: tuple[list[int], Callable[[], Outputs]],
    windows: Sequence[_Window],
    by_words: NDArray[np.float32],
) -> tuple[list[_Window], Outputs]:
    part, answer = run
    outputs = answer()
    return [windows[at] for at in part], outputs._replace(overall=outputs.overall + by_words[part])


def _sentiment(parts: Sequence[_Read]) -> list[float]:
    """Return how likely each sentiment is, of a text that was read in several windows."""
    by_passage: dict[int, list[_Read]] = {}
    for part in parts:
        by_passage.setdefault(part.window.passage, []).append(part)
    means: list[NDArray[np.float64]] = []
    for some in by_passage.values():
        sizes = np.array([max(1, one.window.last - one.window.first) for one in some])
        read = np.array([one.probabilities for one in some])
        means.append((sizes[:, None] * read).sum(0) / sizes.sum())
    together: list[float] = reduce(_beside, means).tolist()
    return together


def _beside(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how likely each sentiment is of two passages: praise beside blame is mixed.

    Neutral beside anything changes nothing, mixed beside anything is mixed.
    """
    neutral = SENTIMENTS.index("neutral")
    together: NDArray[np.float64] = one * other + one[neutral] * other + one * other[neutral]
    together[neutral] = one[neutral] * other[neutral]
    together[SENTIMENTS.index("mixed")] = 0
    together[SENTIMENTS.index("mixed")] = 1 - together.sum()
    return together


def _size(window: _Window) -> int:
    """Return the tokens of a window with what is put around them."""
    return window.last - window.first + 2


def _begun(path: Path) -> Callable[[], OnnxRuntime]:
    """Begin to read a graph in a thread; return what waits for it and gives it, or raises its error."""
    read: list[OnnxRuntime | Exception] = []
    many = threads()  # asked here: the other thread is told nothing

    def reading() -> None:
        try:
            read.append(OnnxRuntime(path, many))
        except Exception as error:  # is raised where it is waited for
            read.append(error)

    def waiting() -> OnnxRuntime:
        thread.join()
        if isinstance(read[0], Exception):
            raise read[0]
        return read[0]

    thread = Thread(target=reading)
    try:
        thread.start()
    except RuntimeError:  # no more threads can be had
        return partial(OnnxRuntime, path, many)
    return waiting


def _is_for_cpu(saved: Bundle, device: str) -> bool:
    if device != "cpu" and os.environ.get(SHARED) == saved.digest:
        return False
    return pick_device(device) == "cpu"


def _gpu_runtime(saved: Bundle, device: str) -> Runtime:
    if os.environ.get(SHARED) == saved.digest:
        from sentiment.model.shared import SharedRuntime

        return SharedRuntime.of_environment()
    taxonomy = saved.taxonomy
    names = len(taxonomy.drivers) + len(taxonomy.tags)
    try:
        return load_runtime(saved.config, saved.file(NETWORK), len(taxonomy.topics), names, "cuda")
    except (ModelError, MissingExtra):
        if device == "cuda":
            raise
        # A GPU that nobody asked for, and that does not run it.
        return OnnxRuntime(saved.file(GRAPH), threads())


def _tokenizer(path: Path) -> Tokenizer:
    try:
        from tokenizers import Tokenizer
    except ImportError as error:
        raise MissingExtra(
            "The base model needs the package tokenizers; pip install tokenizers."
        ) from error
    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises nothing narrower
        raise ModelError(f"{path}: no tokenizer ({error}); get the bundle again.") from error
