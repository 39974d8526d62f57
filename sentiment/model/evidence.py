"""Evidence: the deciding words inside the clause that decided.

The weights of a label are spread over the characters of the features they belong to. The evidence
is the stretch of the clause whose weight, less a price for each character, is highest; so a clause
that is short or says one thing stays whole, and of a long one the judged words remain.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sentiment.model.heads import Batch, Heads
from sentiment.text import Prepared

__all__ = ["Evidence"]

# The guideline's longest evidence: 40 characters of Chinese, a dozen English words.
_LONGEST_HAN = 40
_LONGEST_LATIN = 80
# So few characters are not worth cutting off an end of a clause.
_CRUMB_HAN = 2
_CRUMB_LATIN = 5
# A text longer than this is never evidence as a whole: of what is left the rest can be seen.
_WHOLE = 40
_SHARE = 0.8
# Words that join a clause to the one before and judge nothing; evidence starts after them.
_JOINING = re.compile(
    r"(?:但是|但|不过|可是|就是|只是|而且|并且|然而|然后|还有|另外|所以|因为|虽然|尽管|其次|首先|最后)"
    r"(?=[\u4e00-\u9fff]{2})|(?:but|and|however|although|though|also|so|because|plus|yet|while)\b[\s,]+(?=\w)",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\s,;:()\"]+")
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
        asked: Iterator[tuple[int, int, int]],
    ) -> Iterator[tuple[int, int]]:
        """Yield the span of the prepared text for each (row, clause, label) that is asked for."""
        known = heads.known(read)
        clause = read.clause[known]
        order = known[np.argsort(clause, kind="stable")]
        bounds = np.searchsorted(read.clause[order], np.arange(len(read.row_of_clause) + 1))
        for row, at, label in asked:
            prepared = batch[row]
            if at < 0:
                yield _trimmed(prepared.text, 0, min(len(prepared.text), _LONGEST_HAN))
                continue
            start, end = int(read.clause_start[at]), int(read.clause_end[at])
            inside = order[bounds[at] : bounds[at + 1]]
            original = len(prepared.original.strip())
            yield self._cut(prepared.text, start, end, original, read, heads, inside, label)

    def _cut(
        self, text: str, start: int, end: int, original: int, read: Batch, heads: Heads,
        inside: NDArray[np.int64], label: int,
    ) -> tuple[int, int]:  # fmt: skip
        words = text[start:end]
        # A character above the last Latin letter tells the scripts apart well enough here.
        han = sum(letter > "\u2e7f" for letter in words) * 3 > end - start
        size, longest = self.whole_han, _LONGEST_HAN
        if not han:
            size, longest = self.whole_latin, _LONGEST_LATIN
        if max(end - start, original) > _WHOLE and (start, end) == _trimmed(text, 0, len(text)):
            longest = min(_WHOLE, max(1, int((end - start) * _SHARE)))
        if end - start > min(size, longest) and len(inside):
            price = self.price_han if han else self.price_latin
            first, last = _best_stretch(start, end, read, heads, inside, label, price, longest)
            first, last = _whole_words(text, first, last, start, end)
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


def _best_stretch(
    start: int, end: int, read: Batch, heads: Heads,
    inside: NDArray[np.int64], label: int, price: float, longest: int,
) -> tuple[int, int]:  # fmt: skip
    features = read.features
    weight = heads.weights[heads.index(features.bucket[inside]), label]
    first = features.start[inside] - start
    last = features.end[inside] - start
    each = weight / (last - first)
    size = end - start
    change = np.bincount(first, each, size + 1) - np.bincount(last, each, size + 1)
    by_letter = np.cumsum(change[:size])
    positive = by_letter[by_letter > 0]
    if not len(positive):
        return start, end
    total = np.concatenate(([0.0], np.cumsum(by_letter - price * positive.mean())))
    reach = min(longest, size)
    padded = np.concatenate((np.full(reach, np.inf), total))
    lowest = np.lib.stride_tricks.sliding_window_view(padded, reach + 1).min(1)
    stop = int((total - lowest).argmax())
    begin = max(0, stop - reach)
    begin += int(total[begin : stop + 1].argmin())
    return start + begin, start + max(stop, begin + 1)


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
    joining = _JOINING.match(text, start, end)
    return (joining.end() if joining else start), end
