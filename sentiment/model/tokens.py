"""The tokens of many texts, and where each stands: an English word that has been seen is not cut again.

A customer's words are few and come back: five in six are known after some thousand rows, and a row of
them takes a quarter of the time. (Chinese has no spaces: what stands between two of them
seldom comes back.) What comes out is what the tokenizer says of the whole text. That holds for one that
parts a text at its spaces before anything else, the bundled ones do; any other is asked for whole texts.
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

_MOST = 10_000  # words remembered, some six megabytes; full, they are forgotten and learnt anew
_LONGEST = 24  # letters of a word worth remembering: what is longer seldom comes back
# Steps that look at one piece of a text and at nothing around it.
_LETTER_BY_LETTER = ("Lowercase", "Replace")
_PIECE_BY_PIECE = ("Split", "Punctuation", "Digits", "Metaspace")


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
        known.update(
            (word, cut) for word, cut in fresh.items() if word.isascii() and len(word) <= _LONGEST
        )
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
    """Tell whether no token, and nothing that makes one, reaches over a space.

    Where that is not known of a step, the answer is no.
    """
    if tokenizer.truncation or tokenizer.padding:
        return False
    added = tokenizer.get_added_tokens_decoder().values()
    if any(" " in token.content or token.lstrip or token.rstrip for token in added):
        return False
    normalizers = _steps(tokenizer.normalizer, "normalizers")
    first, *others = _steps(tokenizer.pre_tokenizer, "pretokenizers") or [{"type": None}]
    return (
        first["type"] == "WhitespaceSplit"
        and all(step["type"] in _LETTER_BY_LETTER and _of_a_letter(step) for step in normalizers)
        and all(step["type"] in _PIECE_BY_PIECE for step in others)
        and all(step.get("prepend_scheme") != "first" for step in others)
    )


def _of_a_letter(step: dict[str, Any]) -> bool:
    """Tell whether a step of a normalizer changes single letters, and no spaces."""
    if step["type"] != "Replace":
        return True
    letters = step["pattern"].get("String", "")
    return len(letters) == 1 and not letters.isspace() and " " not in step["content"]


def _steps(part: Any, name: str) -> list[dict[str, Any]]:
    """Return the steps of a part of a tokenizer, as tokenizer.json has them."""
    if part is None:
        return []
    saved = json.loads(part.__getstate__())
    return list(saved[name]) if saved["type"] == "Sequence" else [saved]
