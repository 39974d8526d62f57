"""Which script a text is written in, and which language: zh, en, mixed or other."""

from __future__ import annotations

import re

from sentiment.records import Language

__all__ = ["language_of"]

_HAN = re.compile("[㐀-鿿]")
_OTHER_SCRIPT = re.compile("[\u0370-\u1cff\u3040-\u30ff\uac00-\ud7af]")
_LATIN_WORD = re.compile("[A-Za-z\u00c0-\u024f]+(?:['’][A-Za-z]+)?")
_CJK_MARK = re.compile("[、。〈-】，！？；：（）]")
_CONTENT = frozenset("the and but is are was it very good not too bad for with of to this that".split())


def language_of(text: str) -> Language:
    """Return the language of normalised text."""
    han = len(_HAN.findall(text))
    other = len(_OTHER_SCRIPT.findall(text))
    words = _LATIN_WORD.findall(text)
    if other > han and other > len(words):
        return "other"
    if not han:
        if not words and _CJK_MARK.search(text):
            return "zh"
        return "en"
    english = sum(1 for word in words if word.lower() in _CONTENT)
    return "mixed" if english >= 2 else "zh"
