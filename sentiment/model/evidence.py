"""Evidence: the deciding words inside the clause that decided.

The weights of a label are spread over the characters of the features they belong to. The evidence
is the stretch of the clause whose weight, less a price for each character, is highest; so a clause
that is short or says one thing stays whole, and of a long one the judged words remain.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sentiment.model.heads import Batch, Heads
from sentiment.patterns import regex
from sentiment.text import Prepared

__all__ = ["Evidence"]

# The guideline's longest evidence: 40 characters of Chinese, a dozen English words.
_LONGEST_HAN = 40
_LONGEST_LATIN = 80
# Clauses cut at one time: an array operation costs as much for one as for a hundred.
_AT_ONCE = 512
_ABOVE_LATIN = regex("[\u2e80-\U0010ffff]+")
# So few characters are not worth cutting off an end of a clause.
_CRUMB_HAN = 2
_CRUMB_LATIN = 5
# A text longer than this is never evidence as a whole: of what is left the rest can be seen.
_WHOLE = 40
_SHARE = 0.8
# Words that join a clause to the one before and judge nothing; evidence starts after them.
_JOINING = regex(
    r"(?:但是|但(?![愿凡])|不过|可是|就是|只是|而且|并且|然而|然后|还有|另外|所以|因为|虽然|尽管|其次|首先|最后)"
    r"(?=[\u4e00-\u9fff]{2})|(?:but|and|however|although|though|because)\b[\s,]+(?=\w)",
    re.IGNORECASE,
)
# What such a word begins with: most evidence begins with something else.
_JOINS = frozenset("但不可就只而并然还另所因虽尽其首最BbAaHhTt")
_WORD = regex(r"[^\s,;:()\"]+")
_FEWEST_WORDS = 3
# Words that evidence does not end with: what they lead to belongs to it.
_LEADING_WORDS = """
a an the to of and or in on at for from with by my your our their his her its this that these is are
was were be been am do does did not no very so too as than because if when which who i we you he she
have has had will would can could it they
"""
_LEADING = frozenset(_LEADING_WORDS.split())
_EDGES = " \t\r\n,.;:!?，。；：！？、…~～-—()（）[]【】\"“”'‘’"


@dataclass(frozen=True)
class Evidence:
    """How evidence is cut; tuned on the gold evidence of the training rows.

    :param whole_han: A clause of at most so many characters stays whole, in Chinese.
    :param whole_latin: The same in other scripts.
    :param price_han: Price of a character, as a share of the clause's mean positive weight.
    :param price_latin: The same in other scripts.
    """

    whole_han: int
    whole_latin: int
    price_han: float
    price_latin: float

    def spans(
        self,
        batch: Sequence[Prepared],
        read: Batch,
        heads: Heads,
        asked: Iterable[tuple[int, int, int]],
    ) -> list[tuple[int, int]]:
        """Return the span of the prepared text for each (row, clause, label) that is asked for."""
        starts, ends = read.clause_start.tolist(), read.clause_end.tolist()
        spans: list[tuple[int, int]] = []
        whole: dict[int, tuple[int, int]] = {}  # by clause, of those that no label makes shorter
        long: list[tuple[int, int, _Piece]] = []
        for row, at, label in asked:
            span = whole.get(at)
            if span is None:
                piece = self._piece(batch[row], starts[at], ends[at], label) if at >= 0 else None
                if piece is None:
                    text = batch[row].text
                    piece = _Piece(text, 0, min(len(text), _LONGEST_HAN))
                elif piece.price is not None:
                    long.append((len(spans), at, piece))
                span = _cut(piece, None)
                if at >= 0 and piece.price is None:
                    whole[at] = span
            spans.append(span)
        for place, span in self._shorter(long, read, heads):
            spans[place] = span
        return spans

    def _shorter(
        self, long: Sequence[tuple[int, int, _Piece]], read: Batch, heads: Heads
    ) -> Iterator[tuple[int, tuple[int, int]]]:
        """Yield places of long pieces, and the evidence in them; not of those without features.

        :param long: Their places, clauses and pieces.
        """
        if not long:
            return
        known = heads.known(read)
        order = known[read.clause[known] >= 0]  # texts are in order, and so are their clauses
        clauses = np.array([at for _, at, _ in long])
        low, high = np.searchsorted(read.clause[order], (clauses, clauses + 1)).tolist()
        some = [
            (place, piece._replace(features=(first, last)))
            for (place, _, piece), first, last in zip(long, low, high, strict=True)
            if first < last
        ]
        for first in range(0, len(some), _AT_ONCE):
            chunk = some[first : first + _AT_ONCE]
            found = _best_stretches([piece for _, piece in chunk], order, read, heads)
            for (place, piece), stretch in zip(chunk, found, strict=True):
                yield place, _cut(piece, stretch)

    def _piece(self, prepared: Prepared, start: int, end: int, label: int) -> _Piece:
        text = prepared.text
        # A character above the last Latin letter tells the scripts apart well enough here.
        above = 0
        if not text.isascii():
            above = sum(map(len, _ABOVE_LATIN.findall(text, start, end)))
        han = above * 3 > end - start
        if han:
            size, longest, price = self.whole_han, _LONGEST_HAN, self.price_han
        else:
            size, longest, price = self.whole_latin, _LONGEST_LATIN, self.price_latin
        length = end - start
        original = prepared.original
        longer = length > _WHOLE or (len(original) > _WHOLE and len(original.strip()) > _WHOLE)
        if longer and _is_all(text, start, end):
            longest = min(_WHOLE, max(1, int(length * _SHARE)))
        long = length > min(size, longest)
        return _Piece(text, start, end, han, longest, price if long else None, label)


class _Piece(NamedTuple):
    """A clause that evidence is cut from.

    :param longest: How many characters of it may be evidence.
    :param price: Price of a character, None for a clause that stays whole.
    :param label: The label that it is evidence for.
    :param features: The first of its features and the one after the last, in the order of clauses.
    """

    text: str
    start: int
    end: int
    han: bool = True
    longest: int = _LONGEST_HAN
    price: float | None = None
    label: int = -1
    features: tuple[int, int] = (0, 0)


def _cut(piece: _Piece, stretch: tuple[int, int] | None) -> tuple[int, int]:
    """Return the evidence in a clause, of which the words in the stretch decided."""
    text, start, end, han, longest = piece[:5]
    if stretch is not None:
        first, last = _whole_words(text, *stretch, start, end)
        if not han:
            first, last = _phrase(text, first, last, start, end)
        crumb = _CRUMB_HAN if han else _CRUMB_LATIN
        if first - start <= crumb and last - start <= longest:
            first = start
        if end - last <= crumb and end - first <= longest:
            last = end
        start, end = _trimmed(text, first, last)
    if end - start > longest:
        end = start + longest
        while (
            not han
            and end > start + longest // 2
            and text[end - 1].isalnum()
            and text[end].isalnum()
        ):
            end -= 1
    return _trimmed(text, start, end)


def _best_stretches(
    pieces: Sequence[_Piece], order: NDArray[np.int64], read: Batch, heads: Heads
) -> list[tuple[int, int]]:
    """Return the deciding stretch of each clause, of all in a few array operations.

    One row a clause, one column a character. Sums run along a row from its start, or over what was
    taken out of it, so that what a row gives does not depend on how wide its neighbours make it.

    :param order: The known features in the order of their clauses.
    """
    count = len(pieces)
    start = np.array([piece.start for piece in pieces])
    size = np.array([piece.end for piece in pieces]) - start
    low, high = np.array([piece.features for piece in pieces]).T
    features = high - low
    row = np.repeat(np.arange(count), features)
    inside = order[np.arange(len(row)) + np.repeat(high - np.cumsum(features), features)]
    label = np.array([piece.label for piece in pieces])[row]
    weight = heads.weight(read.features.bucket[inside], label)
    first = read.features.start[inside] - start[row]
    last = read.features.end[inside] - start[row]
    each = weight / (last - first)

    width = int(size.max()) + 1
    place = np.arange(width)
    change = np.bincount(row * width + first, each, count * width)
    change -= np.bincount(row * width + last, each, count * width)
    by_letter = np.cumsum(change.reshape(count, width), axis=1)
    by_letter[place >= size[:, None]] = 0
    positive = [letters[letters > 0] for letters in by_letter]
    mean = np.array([np.add.reduce(letters) / max(len(letters), 1) for letters in positive])
    price = np.array([piece.price for piece in pieces]) * mean
    total = np.zeros((count, width))
    np.cumsum((by_letter - price[:, None])[:, :-1], axis=1, out=total[:, 1:])

    lowest = np.minimum.accumulate(total, axis=1)
    reach = np.minimum([piece.longest for piece in pieces], size)
    for limit in set(reach[reach < size].tolist()):
        rows = np.flatnonzero((reach == limit) & (reach < size))
        padded = np.pad(total[rows], ((0, 0), (limit, 0)), constant_values=np.inf)
        lowest[rows] = np.lib.stride_tricks.sliding_window_view(padded, limit + 1, axis=1).min(-1)
    rise = total - lowest
    rise[place > size[:, None]] = -1
    stop = rise.argmax(1)
    within = (place >= (stop - reach)[:, None]) & (place <= stop[:, None])
    begin = np.where(within, total, np.inf).argmin(1)
    stop = np.maximum(stop, begin + 1)
    begin, stop = np.where(mean, begin, 0), np.where(mean, stop, size)
    return list(zip((start + begin).tolist(), (start + stop).tolist(), strict=True))


def _is_all(text: str, start: int, end: int) -> bool:
    """Tell whether a clause is all that the text says; most have something behind them."""
    return not text[end:].lstrip(_EDGES) and (start, end) == _trimmed(text, 0, len(text))


def _whole_words(text: str, first: int, last: int, start: int, end: int) -> tuple[int, int]:
    while first > start and _inside_word(text[first - 1], text[first]):
        first -= 1
    while last < end and _inside_word(text[last - 1], text[last]):
        last += 1
    return first, last


def _phrase(text: str, first: int, last: int, start: int, end: int) -> tuple[int, int]:
    """Grow a piece of English to three words, and past a word that only leads on ("had to")."""
    words = list(_WORD.finditer(text, first, last))
    before = list(_WORD.finditer(text, start, first))
    for word in _WORD.finditer(text, last, end):
        leading = words and words[-1].group().lower() in _LEADING
        if len(words) >= _FEWEST_WORDS and not leading:
            break
        words.append(word)
    while before and len(words) < _FEWEST_WORDS:
        words.insert(0, before.pop())
    return (words[0].start(), words[-1].end()) if words else (first, last)


def _inside_word(left: str, right: str) -> bool:
    return (
        (left.isalnum() or left in "'’")
        and (right.isalnum() or right in "'’")
        and left < "\u2e80"
        and right < "\u2e80"
    )


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while end > start + 1 and text[end - 1] in _EDGES:
        end -= 1
    while start < end - 1 and text[start] in _EDGES:
        start += 1
    if start < end and text[start] in _JOINS and (joining := _JOINING.match(text, start, end)):
        start = joining.end()
    return start, end
