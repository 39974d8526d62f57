"""Words as slices of the user's own text."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from functools import cache
from typing import Any

from sentiment.text.prepared import Prepared

__all__ = ["Token", "words"]

_LOCK = threading.Lock()
_RUN = re.compile(r"[㐀-鿿]+|[^\W_㐀-鿿]+(?:['’.-][^\W_㐀-鿿]+)*|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Token:
    """A word: ``original[start:end] == text``."""

    text: str
    start: int
    end: int


@cache
def _segmenter() -> Any:
    import jieba

    tokenizer = jieba.Tokenizer()
    tokenizer.initialize()
    return tokenizer


def words(prepared: Prepared) -> tuple[Token, ...]:
    """Return the words of a text, as slices of the original."""
    found: list[Token] = []
    for match in _RUN.finditer(prepared.folded):
        if not "㐀" <= match[0][0] <= "鿿":
            pieces = [match.span()]
        else:
            with _LOCK:
                segmenter = _segmenter()
            pieces = [(match.start() + a, match.start() + b) for _, a, b in segmenter.tokenize(match[0])]
        for start, end in pieces:
            first, last = prepared.to_original(start, end)
            found.append(Token(prepared.original[first:last], first, last))
    return tuple(found)
