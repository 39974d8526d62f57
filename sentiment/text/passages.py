"""The passages of a text in two languages: what a customer wrote in one, and then in the other.

"物流很快，包装也好。Fast delivery and well packed." has two; 这个 product quality 不错 has one, because
a few borrowed words belong to the sentence around them. A passage is read best by itself: hardly any
labelled text has two languages, thousands have one.
"""

from __future__ import annotations

import re
from itertools import groupby

from sentiment.patterns import regex
from sentiment.text.script import says_something

__all__ = ["passages"]

Span = tuple[int, int]

_LETTERS = regex(r"(?P<han>[㐀-鿿\U00020000-\U0003ffff])|(?P<latin>[a-zß-ɏ]+(?:['’][a-z]+)?)")
# What makes a passage, and not a name, a model number or a loanword of the passage around it.
_FEWEST = {"han": 5, "latin": 4}
# Where one may end, between its last letter and the first of the next: behind marks and spaces.
_MARKS = regex(r"[^\w(\[<（【《「“‘]+")
# Most texts are of one script, which is told at once.
_HAN, _LATIN = regex("[㐀-鿿]"), regex("[a-zß-ɏ]")


def passages(folded: str) -> tuple[Span, ...]:
    """Return the spans of the passages; together they are the whole text.

    :param folded: A normalised text, in lower case.
    """
    if folded.isascii() or not (_HAN.search(folded) and _LATIN.search(folded)):
        return ((0, len(folded)),)
    cuts = [0]
    scripts: list[str] = []
    last = 0  # where the letters before end
    for script, run in groupby(_LETTERS.finditer(folded), key=lambda match: str(match.lastgroup)):
        letters = list(run)
        start, end = letters[0].start(), letters[-1].end()
        if _is_passage(script, letters):
            if scripts and script != scripts[-1]:
                gap = _MARKS.search(folded, last, start)
                cuts.append(gap.end() if gap else start)
            scripts.append(script)
        last = end
    return tuple(zip(cuts, [*cuts[1:], len(folded)], strict=True))


def _is_passage(script: str, letters: list[re.Match[str]]) -> bool:
    if len(letters) < _FEWEST[script]:
        return False
    return script == "han" or says_something(match[0] for match in letters)
