"""Hashed features of words and characters, for a whole batch of texts in a few array operations.

A text is read as *units*: a Han character (or kana, or a Hangul syllable) is a unit, so is a run of
letters and digits, so is an emoji or a mark that carries feeling (! ? ~). Features are:

- n-grams of one to four units inside one stretch without punctuation, so that one definition covers
  Chinese character n-grams and English word n-grams, and mixed text needs no case of its own;
- pairs of units that leave one out between them ("not ... good");
- the first letters of longer words, which is as much stemming as English reviews need;
- a unit that a negation stands before, up to three units away.

Each feature is hashed into one of ``2**BUCKET_BITS`` buckets. A Python loop over n-grams would cost
more than the rest of the product together; here the cost is a third of a microsecond a character.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from sentiment.model.vocabulary import Vocabulary

__all__ = ["BUCKET_BITS", "Features", "extract"]

BUCKET_BITS = 22

_GAP, _SPACE, _WORD, _HAN, _MARK, _APOSTROPHE, _JOINER = range(7)
_MAX_N = 4
# An odd multiplier has an inverse modulo 2**64, so that the hash of any slice comes from two prefix
# sums. The value is the 64-bit golden ratio, as in Fibonacci hashing.
_BASE = 0x9E3779B97F4A7C15
_BASE_INVERSE = pow(_BASE, -1, 2**64)
_STEM = 5
_NEGATION_REACH = 3
_NEGATIONS = (
    *"不没沒未无無别別非",
    "not", "no", "never", "without", "hardly", "cannot", "nor", "neither", "none", "nothing",
    "don't", "doesn't", "didn't", "isn't", "wasn't", "aren't", "weren't", "won't", "wouldn't",
    "can't", "couldn't", "shouldn't", "haven't", "hasn't", "hadn't", "ain't",
    "dont", "doesnt", "didnt", "isnt", "wasnt", "arent", "wont", "wouldnt", "cant", "couldnt",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Features:
    """Features of a batch, in the order of the texts and of their starts within a text.

    :param bucket: Bucket of each feature, int64, shape (features,).
    :param start: Code point at which the feature starts, within its own text, shape (features,).
    :param end: Code point at which it ends (exclusive), shape (features,).
    :param row: Index of the text that it came from, shape (features,), never decreasing.
    """

    bucket: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    row: NDArray[np.int64]


@cache
def _classes() -> NDArray[np.uint8]:
    """Return the class of every code point; ranges of Unicode blocks, filled by slices."""
    table = np.full(0x110000, _GAP, dtype=np.uint8)
    for low, high, kind in (
        (0x30, 0x39, _WORD), (0x41, 0x5A, _WORD), (0x61, 0x7A, _WORD),
        (0xC0, 0x24F, _WORD), (0x370, 0x52F, _WORD), (0x5D0, 0x5EA, _WORD),
        (0x620, 0x64A, _WORD), (0x900, 0xDFF, _WORD), (0xE01, 0xE4E, _WORD),
        (0x1E00, 0x1FFF, _WORD), (0xFF10, 0xFF19, _WORD), (0xFF21, 0xFF3A, _WORD),
        (0xFF41, 0xFF5A, _WORD),
        (0x3041, 0x30FF, _HAN), (0x3400, 0x4DBF, _HAN), (0x4E00, 0x9FFF, _HAN),
        (0xAC00, 0xD7A3, _HAN), (0xF900, 0xFAFF, _HAN), (0x20000, 0x3134F, _HAN),
        (0x2190, 0x2BFF, _MARK), (0x1F000, 0x1FAFF, _MARK),
        (0x1F3FB, 0x1F3FF, _JOINER), (0xFE00, 0xFE0F, _JOINER), (0x200D, 0x200D, _JOINER),
        (0x09, 0x09, _SPACE), (0x20, 0x20, _SPACE), (0xA0, 0xA0, _SPACE), (0x3000, 0x3000, _SPACE),
        (0x27, 0x27, _APOSTROPHE), (0x2019, 0x2019, _APOSTROPHE),
    ):  # fmt: skip
        table[low : high + 1] = kind
    table[[0xD7, 0xF7]] = _GAP
    for mark in "!?~！？～…+=%$￥¥€£":
        table[ord(mark)] = _MARK
    table[0x3007] = _HAN  # the zero that is written like a circle
    return table


_powers: tuple[NDArray[np.uint64], NDArray[np.uint64]] | None = None


def _power_tables(size: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Return BASE**i and BASE**-i modulo 2**64 for i < size; grown by doubling, then kept."""
    global _powers
    tables = _powers
    if tables is None or len(tables[0]) < size:
        length = 1 << max(16, int(size - 1).bit_length())
        tables = (_cumulative_power(_BASE, length), _cumulative_power(_BASE_INVERSE, length))
        _powers = tables  # one assignment: another thread sees the old tables or the new ones
    return tables


def _cumulative_power(base: int, length: int) -> NDArray[np.uint64]:
    steps = np.full(length, base, dtype=np.uint64)
    steps[0] = 1
    return np.cumprod(steps)


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Spread the bits (the finaliser of SplitMix64), so that the top bits are as good as random."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _word_hash(word: str) -> int:
    """Return the hash that `extract` gives to this unit."""
    value = 0
    for position, letter in enumerate(word):
        value += ord(letter) * pow(_BASE, position, 2**64)
    return int(_mix(np.array([value % 2**64], dtype=np.uint64))[0])


@cache
def _negation_hashes() -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    """Return the hashes of the negations, and by their first 16 bits whether one begins so."""
    hashes = np.array([_word_hash(word) for word in _NEGATIONS], dtype=np.uint64)
    begins = np.zeros(1 << 16, dtype=bool)
    begins[hashes >> np.uint64(48)] = True
    return hashes, begins


def _negators(unit: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return which units are negations; most are told apart by one look at a small table."""
    hashes, begins = _negation_hashes()
    likely = np.flatnonzero(begins[unit >> np.uint64(48)])
    found: NDArray[np.int64] = likely[(unit[likely][:, None] == hashes).any(axis=1)]
    return found


def _codes(texts: Sequence[str]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Return the code points of all texts, a line feed between them, and where each text starts."""
    joined = "\n".join(texts)
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    lengths = np.fromiter((len(text) + 1 for text in texts), dtype=np.int64, count=len(texts))
    return codes, np.concatenate(([0], np.cumsum(lengths)[:-1]))


class _Found:
    """Features as they are found, kind by kind: bucket, first unit and last unit of each."""

    def __init__(self, wanted: Vocabulary | None) -> None:
        self._wanted = wanted
        self._kinds: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]] = []

    def add(self, hashes: NDArray[np.uint64], first: NDArray[np.int64], reach: int) -> None:
        """Take the wanted ones of some features, each from its first unit to `reach` units on."""
        bucket = (hashes >> np.uint64(64 - BUCKET_BITS)).astype(np.int64)
        if self._wanted is not None:
            kept = np.flatnonzero(self._wanted.holds(bucket))
            bucket, first = bucket[kept], first[kept]
        self._kinds.append((bucket, first, first + reach))

    def in_order(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Return bucket, first and last unit of all, by first unit, then by kind."""
        bucket, first, last = map(np.concatenate, zip(*self._kinds, strict=True))
        order = np.argsort(first, kind="stable")
        return bucket[order], first[order], last[order]


def extract(texts: Sequence[str], wanted: Vocabulary | None = None) -> Features:
    """Return the features of every text.

    :param texts: Folded texts (lower case, simplified), as `sentiment.text.prepare` gives them.
    :param wanted: Features in buckets that are not among these are left out, before they cost
        anything more. All are wanted by default.
    """
    if not texts:
        nothing = np.zeros(0, dtype=np.int64)
        return Features(nothing, nothing, nothing, nothing)
    codes, starts_of_texts = _codes(texts)
    size = len(codes)
    # With a gap before and behind: what stands beside a character is another look at the same array.
    padded = np.full(size + 2, _GAP, dtype=np.uint8)
    padded[1:-1] = _classes()[codes]
    before, kind, after = padded[:-2], padded[1:-1], padded[2:]

    # A joiner (variation selector, skin tone) vanishes into what it follows; an apostrophe between
    # letters is a letter.
    kind[(kind == _APOSTROPHE) & (before == _WORD) & (after == _WORD)] = _WORD
    kind[kind == _APOSTROPHE] = _SPACE

    single = (kind == _HAN) | (kind == _MARK)
    is_start = single | ((kind == _WORD) & (before != _WORD))
    is_end = single | ((kind == _WORD) & (after != _WORD))
    start = np.flatnonzero(is_start)
    end = np.flatnonzero(is_end) + 1
    if len(start) == 0:
        nothing = np.zeros(0, dtype=np.int64)
        return Features(nothing, nothing, nothing, nothing)

    # The curly apostrophe hashes as the straight one.
    values = np.where(codes == 0x2019, np.uint32(0x27), codes).astype(np.uint64)
    power, inverse = _power_tables(size + 1)
    prefix = np.concatenate((np.zeros(1, dtype=np.uint64), np.cumsum(values * power[:size])))
    unit = _mix((prefix[end] - prefix[start]) * inverse[start])

    # Units in one stretch share a number; punctuation, a mark and the end of a text start a new one.
    mark = kind[start] == _MARK
    stretch_of = np.cumsum((kind == _GAP) | (kind == _MARK))
    stretch = stretch_of[start] * 2 + mark  # a mark never joins with the words beside it

    found = _Found(wanted)
    found.add(unit, np.arange(len(unit)), 0)
    gram = unit
    for n in range(2, _MAX_N + 1):
        if len(unit) < n:
            break
        gram = _mix(gram[: len(unit) - n + 1] * np.uint64(_BASE) + unit[n - 1 :] + np.uint64(n))
        inside = np.flatnonzero(stretch[: len(gram)] == stretch[n - 1 :])
        found.add(gram[inside], inside, n - 1)
    if len(unit) >= 3:
        skip = _mix(unit[:-2] * np.uint64(_BASE) + unit[2:] + np.uint64(101))
        inside = np.flatnonzero(stretch[:-2] == stretch[2:])
        found.add(skip[inside], inside, 2)

    long_words = np.flatnonzero((end - start > _STEM) & ~mark)
    if len(long_words):
        at = start[long_words]
        stem = (prefix[at + _STEM] - prefix[at]) * inverse[at]
        found.add(_mix(stem + np.uint64(211)), long_words, 0)

    negators = _negators(unit)
    for reach in range(1, _NEGATION_REACH + 1):
        at = negators[negators + reach < len(unit)]
        at = at[stretch[at] == stretch[at + reach]]
        found.add(_mix(unit[at + reach] + np.uint64(307)), at, reach)

    bucket, first, last = found.in_order()
    units = np.diff(np.searchsorted(start, starts_of_texts), append=len(start))
    row = np.repeat(np.arange(len(texts)), units)[first]
    offset = starts_of_texts[row]
    return Features(bucket, start[first] - offset, end[last] - offset, row)
