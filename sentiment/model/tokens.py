"""The tokens of many texts, and where each stands: a word that has been seen is not cut again.

A customer's words are few and come back: of English, nine in ten are known after some thousand rows,
and to look one up costs a tenth of what cutting it up does. What comes out is what the tokenizer says
of the whole text, for one that parts a text at its spaces before anything else; any other is asked
for whole texts.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tokenizers import Tokenizer

__all__ = ["Tokens"]

Cut = tuple[list[int], list[tuple[int, int]]]
"""Ids of a text's tokens, and the span of each in it."""

_MOST = 20_000  # words remembered, some eight megabytes; full, they are forgotten and learnt anew
_LONGEST = 24  # letters of a word worth remembering: what is longer seldom comes back


class Tokens:
    """Cuts texts into tokens. Safe to share between threads."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._apart = _cuts_at_spaces(tokenizer)
        self._known: dict[str, Cut] = {}

    def cut(self, texts: Sequence[str]) -> list[Cut]:
        """Return the tokens of each text, none added around it."""
        if not self._apart:
            return self._whole(texts)
        known = self._known  # the same one throughout: another thread may begin a new one
        words_of = [text.split(" ") for text in texts]
        new = dict.fromkeys(word for words in words_of for word in words if word not in known)
        fresh = dict(zip(new, self._whole(list(new)), strict=True))
        cuts = [_joined(words, known, fresh) for words in words_of]
        if len(known) > _MOST:
            known = self._known = {}
        known.update((word, cut) for word, cut in fresh.items() if len(word) <= _LONGEST)
        return cuts

    def _whole(self, texts: Sequence[str]) -> list[Cut]:
        encodings = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [(encoding.ids, encoding.offsets) for encoding in encodings]


def _joined(words: Sequence[str], known: dict[str, Cut], fresh: dict[str, Cut]) -> Cut:
    ids: list[int] = []
    offsets: list[tuple[int, int]] = []
    at = 0
    for word in words:
        its_ids, its_offsets = known.get(word) or fresh[word]
        ids += its_ids
        for start, end in its_offsets:
            offsets.append((start + at, end + at))
        at += len(word) + 1
    return ids, offsets


def _cuts_at_spaces(tokenizer: Tokenizer) -> bool:
    """Tell whether no token, and nothing that makes one, reaches over a space."""
    for normalizer in _steps(tokenizer.normalizer, "normalizers"):
        letter_by_letter = normalizer["type"] == "Lowercase" or (
            normalizer["type"] == "Replace" and len(normalizer["pattern"].get("String", "")) == 1
        )
        if not letter_by_letter:
            return False
    first = next(iter(_steps(tokenizer.pre_tokenizer, "pretokenizers")), None)
    return first is not None and first["type"] == "WhitespaceSplit"


def _steps(part: Any, name: str) -> list[dict[str, Any]]:
    """Return the steps of a part of a tokenizer, as tokenizer.json has them."""
    if part is None:
        return []
    saved = json.loads(part.__getstate__())
    return list(saved[name]) if saved["type"] == "Sequence" else [saved]
