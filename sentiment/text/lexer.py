"""Words and signs of many texts at once.

`segment` cuts a text with a pattern, one word after the other. Here the same words are found for a whole
batch in NumPy: where a run of signs of one kind ends, which word of the lexicon starts at each Chinese
character (a walk through a tree of characters, all places in step), and which of these places are
reached from the left. The pattern stays the definition: what is seldom met (other alphabets, accents,
"e.g.") is left to it, and a test holds one to the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.patterns import regex

__all__ = ["Lexer", "Read"]

# The code of every word and where it ends, in code points; None where the pattern must read the text.
Read = tuple[str, list[int]] | None
Ints = NDArray[np.int64]

# What a code point is. Those from _LETTER on run: several of a kind are one word.
_RARE, _ONE, _WORD, _LETTER, _OTHER, _END, _DOT, _COMMA, _DASH, _DIGIT, _EMOJI = range(11)

_HAN = (0x3400, 0xA000)  # as in `segment`
_CIRCLED = range(0x2460, 0x2500)  # as in `segment`
# Blocks of signs: punctuation, arrows, mathematics, boxes, what stands for a lost character.
_PLAIN = tuple(
    chain(
        range(0x80),
        range(0xA0, 0xC0),
        range(0x2000, 0x2070),
        range(0x2100, 0x2150),
        range(0x2190, 0x2320),
        _CIRCLED,
        range(0x2500, 0x2580),
        range(0x3000, 0x3040),
        range(0xFE30, 0xFE50),
        range(0xFF00, 0xFFF0),
        (0xD7, 0xFFFD),
    )
)
_TOP = 0x20000  # above it lie rare letters alone
_IN_NUMBERS = np.array([ord(sign) for sign in ".,:/"])
_SHORTENED = regex(r"e\.g\.|i\.e\.")  # one word each
# A longer text is read by the pattern: it gains nothing here, and would make every other one wait.
_LONGEST = 2_000


class Lexer:
    """Reads batches of texts by the lexicon of `segment`.

    :param words: The code, one ASCII letter, of every word in the lexicon.
    :param code: Tells the code of any other word or sign.
    :param runs: The signs of which several count as one word, a string for each kind in the order
        what ends a sentence, dots, commas, dashes.
    :param emoji: Ranges of code points of emoji, first and last.
    """

    def __init__(
        self,
        words: Mapping[str, str],
        code: Callable[[str], str],
        runs: Sequence[str],
        emoji: Iterable[tuple[int, int]],
    ) -> None:
        self._code, self._runs, self._emoji = code, runs, emoji
        self._chinese = {w: c for w, c in words.items() if _HAN[0] <= ord(w[0]) < _HAN[1]}

    @cached_property
    def _kinds(self) -> NDArray[np.uint8]:
        kinds = np.full(_TOP + 1, _RARE, dtype=np.uint8)
        for point in _PLAIN:
            if point in _CIRCLED or not chr(point).isalnum():
                kinds[point] = _ONE
        kinds[slice(*_HAN)] = _OTHER
        for word in self._chinese:
            kinds[ord(word[0])] = _WORD
        kinds[ord("a") : ord("z") + 1] = _LETTER
        kinds[ord("0") : ord("9") + 1] = _DIGIT
        for kind, signs in enumerate(self._runs, start=_END):
            for sign in signs:
                kinds[ord(sign)] = kind
        for first, last in self._emoji:
            kinds[first : last + 1] = _EMOJI
        return kinds

    @cached_property
    def _alone(self) -> NDArray[np.uint8]:
        """The code of a sign that stands alone."""
        alone = np.full(_TOP + 1, ord("e"), dtype=np.uint8)  # what is in no list is an emoji
        for point in _PLAIN:
            if self._kinds[point] != _RARE:
                alone[point] = ord(self._code(chr(point)))
        for sign in "".join(self._runs):
            alone[ord(sign)] = ord(self._code(sign))
        return alone

    @cached_property
    def _tree(self) -> tuple[Ints, NDArray[np.int16], NDArray[np.uint8]]:
        """The words as a tree: number of each character, where it leads from each node, codes.

        Node and character 0 are none; a word's first character has one number as both.
        """
        firsts = sorted({word[0] for word in self._chinese})
        later = sorted({sign for word in self._chinese for sign in word[1:]}.difference(firsts))
        number = {sign: at for at, sign in enumerate((*firsts, *later), start=1)}
        nodes = {first: number[first] for first in firsts}
        for word in sorted(self._chinese):
            for end in range(2, len(word) + 1):
                nodes.setdefault(word[:end], len(nodes) + 1)
        leads = np.zeros((len(nodes) + 1, len(number) + 1), dtype=np.int16)
        codes = np.zeros(len(nodes) + 1, dtype=np.uint8)
        for begun, node in nodes.items():
            codes[node] = ord(self._chinese.get(begun, "\0"))
            if len(begun) > 1:
                leads[nodes[begun[:-1]], number[begun[-1]]] = node
        numbers = np.zeros(_HAN[1] + 1, dtype=np.int64)
        numbers[[ord(sign) for sign in number]] = list(number.values())
        return numbers, leads, codes

    def read(self, texts: Sequence[str]) -> list[Read]:
        """Return the codes and ends of the words of every text, in lower case and simplified Chinese."""
        wanted = [at for at, text in enumerate(texts) if len(text) <= _LONGEST]
        found: list[Read] = [None] * len(texts)
        if wanted:
            for at, read in zip(wanted, self._read([texts[at] for at in wanted]), strict=True):
                found[at] = read
        return found

    def _read(self, texts: Sequence[str]) -> list[Read]:
        # A NUL behind every text is a word of its own; the tree looks a few places behind the last.
        joined = "\0".join((*texts, "\0" * 16))
        points = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
        points = np.minimum(points, _TOP)
        kinds = self._kinds[points]
        joints = self._join(points, kinds)
        begins = np.flatnonzero((kinds[1:] != kinds[:-1]) | (kinds[1:] < _LETTER)) + 1
        begins = np.concatenate(([0], begins))
        sizes = np.diff(begins, append=len(points))

        # Words tile the text: where one starts is all there is to find.
        starting = np.zeros(len(points), dtype=np.bool_)
        starting[begins] = True
        codes = self._alone[points]
        kind, several = kinds[begins], sizes > 1
        for run, signs in enumerate(self._runs, start=_END):
            codes[begins[several & (kind == run)]] = ord(self._code(signs[0] * 2))
        codes[begins[kind == _DIGIT]] = ord(self._code("0"))
        self._chinese_words(points, kinds, np.repeat(begins + sizes, sizes), starting, codes)
        latin = kind == _LETTER
        spans = zip(begins[latin].tolist(), (begins + sizes)[latin].tolist(), strict=True)
        told = "".join([self._code(joined[first:last]) for first, last in spans])
        codes[begins[latin]] = np.frombuffer(told.encode(), dtype=np.uint8)

        starts = np.flatnonzero(starting)
        lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
        ends = np.cumsum(lengths + 1) - 1
        firsts, lasts = np.searchsorted(starts, (ends - lengths, ends))
        left = np.append(starts[1:], len(points))
        left -= np.repeat(ends - lengths, np.diff(firsts, append=len(starts)))
        letters, places = codes[starts].tobytes().decode("ascii"), left.tolist()
        shortened = [match.start() for match in _SHORTENED.finditer(joined)]
        rare = np.concatenate((np.flatnonzero(kinds == _RARE), joints, shortened))
        unread = set(np.searchsorted(ends, rare).tolist())
        return [
            None if at in unread else (letters[first:last], places[first:last])
            for at, (first, last) in enumerate(zip(firsts.tolist(), lasts.tolist(), strict=True))
        ]

    @staticmethod
    def _join(points: NDArray[np.uint32], kinds: NDArray[np.uint8]) -> Ints:
        """Make 3.5 and "don't" one word each; return where a word has a second apostrophe."""
        digits = np.flatnonzero(kinds == _DIGIT)
        between = digits[kinds[digits + 2] == _DIGIT] + 1
        kinds[between[(points[between][:, None] == _IN_NUMBERS).any(axis=1)]] = _DIGIT
        joints: Ints = np.flatnonzero((points == ord("'")) | (points == ord("’")))
        joints = joints[(kinds[joints - 1] == _LETTER) & (kinds[joints + 1] == _LETTER)]
        kinds[joints] = _LETTER
        words = np.cumsum(kinds != _LETTER)[joints]
        second: Ints = joints[1:][words[1:] == words[:-1]]
        return second

    def _chinese_words(
        self,
        points: NDArray[np.uint32],
        kinds: NDArray[np.uint8],
        follows: Ints,
        starting: NDArray[np.bool_],
        codes: NDArray[np.uint8],
    ) -> None:
        """Write down the words that are met from left to right, each the longest that fits.

        :param follows: Where the run ends that each code point is in: what begins no word is one with
            its like. Where a word starts, its own end is put in.
        :param starting: Where words start; of Chinese ones it says nothing yet.
        """
        numbers, leads, code_of = self._tree
        chinese = (kinds == _WORD) | (kinds == _OTHER)
        codes[chinese] = ord(self._code("\u3400"))
        live = np.flatnonzero(kinds == _WORD)
        node: NDArray[Any] = numbers[points[live]]
        size = 1
        while len(live):
            ends_word = np.flatnonzero(code_of[node])
            at = live[ends_word]
            codes[at] = code_of[node[ends_word]]
            follows[at] = at + size
            node = leads[node, numbers[np.minimum(points[live + size], _HAN[1])]]
            on = np.flatnonzero(node)
            live, node, size = live[on], node[on], size + 1
        starting[chinese] = False
        place = np.flatnonzero(chinese[1:] & ~chinese[:-1]) + 1
        if chinese[0]:
            place = np.concatenate(([0], place))
        # All stretches of Chinese at once, a word at a time.
        while len(place):
            starting[place] = True
            place = follows[place]
            place = place[chinese[place]]
