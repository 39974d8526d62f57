"""Sentences and clauses, also where nobody typed punctuation."""

from __future__ import annotations

import re

__all__ = ["clauses", "sentences"]

Span = tuple[int, int]

_SENTENCE_END = re.compile(r"[。！？!?；;\n]+|\.+(?=\s|\Z)")
_CLAUSE_END = re.compile(r"[。！？!?；;\n，,]+|\.+(?=\s|\Z)|(?<=[㐀-鿿]) (?=[㐀-鿿])")


def _split(text: str, border: re.Pattern[str]) -> tuple[Span, ...]:
    spans: list[Span] = []
    start = 0
    for match in border.finditer(text):
        spans.append((start, match.start()))
        start = match.end()
    spans.append((start, len(text)))
    return tuple(trimmed for span in spans if (trimmed := _trim(text, *span)))


def _trim(text: str, start: int, end: int) -> Span | None:
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    end = start + len(piece.strip())
    return (start, end) if end > start else None


def sentences(text: str) -> tuple[Span, ...]:
    """Return the spans of the sentences."""
    return _split(text, _SENTENCE_END)


def clauses(text: str) -> tuple[Span, ...]:
    """Return the spans of the clauses."""
    return _split(text, _CLAUSE_END)
