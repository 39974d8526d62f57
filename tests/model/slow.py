"""The features and the scores a second time, in plain Python with a loop for everything.

Written from the description, not from the arrays: a unit at a time, whole numbers without a limit,
cut to 64 bits where the description says so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from math import sqrt
from typing import Any, NamedTuple

_MASK = 2**64 - 1
_GOLDEN = 0x9E3779B97F4A7C15
_NEGATIONS = {
    *"不没沒未无無别別非",
    *("not", "no", "never", "without", "hardly", "cannot", "nor", "neither", "none", "nothing"),
    *("don't", "doesn't", "didn't", "isn't", "wasn't", "aren't", "weren't", "won't", "wouldn't"),
    *("can't", "couldn't", "shouldn't", "haven't", "hasn't", "hadn't", "ain't", "dont", "doesnt"),
    *("didnt", "isnt", "wasnt", "arent", "wont", "wouldnt", "cant", "couldnt"),
}
_LETTERS = (
    *((0x30, 0x39), (0x41, 0x5A), (0x61, 0x7A), (0xC0, 0x24F), (0x370, 0x52F), (0x5D0, 0x5EA)),
    *((0x620, 0x64A), (0x900, 0xDFF), (0xE01, 0xE4E), (0x1E00, 0x1FFF)),
    *((0xFF10, 0xFF19), (0xFF21, 0xFF3A), (0xFF41, 0xFF5A)),
)
_HAN = (
    *((0x3041, 0x30FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3)),
    *((0xF900, 0xFAFF), (0x20000, 0x3134F), (0x3007, 0x3007)),
)


class Feature(NamedTuple):
    bucket: int
    start: int
    end: int


class Unit(NamedTuple):
    hash: int
    start: int
    end: int
    stretch: int
    mark: bool
    negates: bool


def _mix(value: int) -> int:
    value &= _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)


def _polynomial(letters: str) -> int:
    letters = letters.replace("\u2019", "'")
    return sum(ord(letter) * pow(_GOLDEN, at, 2**64) for at, letter in enumerate(letters))


def _kind(letter: str) -> str:
    code = ord(letter)
    if letter in "!?~！？～…+=%$￥¥€£":
        return "mark"
    if letter in "×÷":
        return "gap"
    if letter in "'\u2019":
        return "apostrophe"
    if letter in "\t \xa0\u3000":
        return "space"
    if code == 0x200D or 0xFE00 <= code <= 0xFE0F or 0x1F3FB <= code <= 0x1F3FF:
        return "joiner"
    if 0x2190 <= code <= 0x2BFF or 0x1F000 <= code <= 0x1FAFF:
        return "mark"
    if any(low <= code <= high for low, high in _HAN):
        return "han"
    if any(low <= code <= high for low, high in _LETTERS):
        return "word"
    return "gap"


def units(text: str) -> list[Unit]:
    kinds = [_kind(letter) for letter in text]
    for at in range(1, len(text) - 1):
        beside = (_kind(text[at - 1]), _kind(text[at + 1]))
        if kinds[at] == "apostrophe" and beside == ("word", "word"):
            kinds[at] = "word"
    found: list[Unit] = []
    stretch = at = 0
    while at < len(text):
        end = at + 1
        if kinds[at] in ("gap", "mark"):
            stretch += 1
        if kinds[at] == "word":
            while end < len(text) and kinds[end] == "word":
                end += 1
        if kinds[at] in ("word", "han", "mark"):
            letters = text[at:end].replace("\u2019", "'")
            mark = kinds[at] == "mark"
            found.append(
                Unit(_mix(_polynomial(letters)), at, end, stretch, mark, letters in _NEGATIONS)
            )
        at = end
    return found


def features(text: str) -> list[Feature]:
    """Return the features of one text, in no particular order."""
    every = units(text)
    hashed: list[tuple[int, int, int]] = []

    def together(first: int, last: int) -> bool:
        if last >= len(every):
            return False
        one, two = every[first], every[last]
        return first == last or (one.stretch, one.mark) == (two.stretch, two.mark)

    for at, unit in enumerate(every):
        gram = unit.hash
        hashed.append((gram, at, at))
        for n in range(2, 5):
            if at + n - 1 >= len(every):
                break
            gram = _gram(every, at, n)
            if together(at, at + n - 1):
                hashed.append((gram, at, at + n - 1))
        if together(at, at + 2):
            hashed.append((_mix(unit.hash * _GOLDEN + every[at + 2].hash + 101), at, at + 2))
        if unit.end - unit.start > 5 and not unit.mark:
            stem = text[unit.start : unit.start + 5]
            hashed.append((_mix(_polynomial(stem) + 211), at, at))
        if unit.negates:
            hashed.extend(
                (_mix(every[at + reach].hash + 307), at, at + reach)
                for reach in (1, 2, 3)
                if together(at, at + reach)
            )
    return [
        Feature(value >> 42, every[first].start, every[last].end) for value, first, last in hashed
    ]


def _gram(every: list[Unit], at: int, n: int) -> int:
    value = every[at].hash
    for size in range(2, n + 1):
        value = _mix(value * _GOLDEN + every[at + size - 1].hash + size)
    return value


def scores(
    texts: Sequence[str], clauses: Sequence[Sequence[tuple[int, int]]], heads: Any
) -> tuple[list[list[float]], list[list[float]]]:
    """Return the scores of every clause and of every text."""
    index = {int(bucket): at for at, bucket in enumerate(heads.buckets)}
    split, width = heads.clause_heads, heads.weights.shape[1]
    of_clauses: list[list[float]] = []
    of_rows: list[list[float]] = []

    def score(known: list[int], columns: range) -> list[float]:
        root = sqrt(max(len(known), 1))
        return [
            sum(float(heads.weights[at, column]) for at in known) / root + float(heads.bias[column])
            for column in columns
        ]

    for text, spans in zip(texts, clauses, strict=True):
        inside: dict[tuple[int, int], list[int]] = defaultdict(list)
        every: list[int] = []
        for feature in features(text):
            if feature.bucket not in index:
                continue
            every.append(index[feature.bucket])
            for start, end in spans:
                if start <= feature.start and feature.end <= end:
                    inside[start, end].append(index[feature.bucket])
        of_clauses.extend(score(inside[span], range(split)) for span in spans)
        of_rows.append(score(every, range(split, width)))
    return of_clauses, of_rows
