"""Words as slices of the user's own text: jieba for Chinese, loaded on first use."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sentiment.patterns import regex
from sentiment.text.prepared import Prepared

__all__ = ["Token", "words"]

_LOCK = threading.Lock()
_loaded: list[Any] = []

_HAN = "㐀-鿿"
# A Chinese run; a word or number with what holds it together (don't, e-mail, 3.5); one sign.
_RUN = regex(rf"(?P<chinese>[{_HAN}]+)|[^\W_{_HAN}]+(?:['’.,/-][^\W_{_HAN}]+)*|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Token:
    """A word of the user's text: ``original[start:end] == text``."""

    text: str
    start: int
    end: int


def _segmenter() -> Any:
    """Return our own jieba tokenizer: no cache file, no log line, safe from several threads.

    jieba's `initialize` keeps its prefix table in the temporary folder, where anyone can put
    another one, and logs to stderr. Building the table takes as long as reading it back, so we
    build it and write nothing.
    """
    with _LOCK:
        if not _loaded:
            with warnings.catch_warnings():
                # jieba imports pkg_resources, which warns about itself.
                warnings.simplefilter("ignore")
                import jieba
            tokenizer = jieba.Tokenizer()
            tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(tokenizer.get_dict_file())
            tokenizer.initialized = True
            _loaded.append(tokenizer)
        return _loaded[0]


def words(prepared: Prepared) -> tuple[Token, ...]:
    """Return the words of a text in order, each a slice of the original, punctuation included."""
    tokens: list[Token] = []
    for start, end in _spans(prepared.folded):
        first, last = prepared.to_original(start, end)
        tokens.append(Token(prepared.original[first:last], first, last))
    return tuple(tokens)


def _spans(folded: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of the words of the folded text: simplified, which is what jieba knows."""
    for match in _RUN.finditer(folded):
        begin = match.start()
        if match["chinese"] is None:
            yield match.span()
        else:
            for _, start, end in _segmenter().tokenize(match[0]):
                yield begin + start, begin + end
