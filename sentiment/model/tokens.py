"""The tokens of many texts, and where each stands: an English word that has been seen is not cut again.

A customer's words are few and come back: five in six are known after some thousand rows, and a row of
them takes a quarter of the time. (Chinese has no spaces: what stands between two of them
seldom comes back.) What comes out is what the tokenizer says of the whole text. That holds for one that
parts a text at its spaces before anything else, the bundled ones do; any other is asked for whole texts.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate, chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple, overload

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer

__all__ = ["Cut", "Offsets", "Tokens"]

Span = tuple[int, int]


class Cut(NamedTuple):
    """A text's tokens: their ids, and the span of each in the text."""

    ids: list[int]
    offsets: Sequence[Span]


class Offsets(Sequence[Span]):
    """The spans of a text's tokens, worked out when they are asked for: few ever are.

    :param words: The text's words, between which stands one space.
    :param cuts: The tokens of each.
    """

    __slots__ = ("_before", "_cuts", "_letters", "_words")

    def __init__(self, words: Sequence[str], cuts: Sequence[Cut]) -> None:
        self._words = words
        self._cuts = cuts
        self._before: list[int] = []  # tokens before each word, and in all
        self._letters: list[int] = []  # in the words before each

    def __len__(self) -> int:
        return self._counted()[-1]

    @overload
    def __getitem__(self, at: int) -> Span: ...

    @overload
    def __getitem__(self, at: slice) -> list[Span]: ...

    def __getitem__(self, at: int | slice) -> Span | list[Span]:
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(len(self)))]
        before = self._counted()
        if at < 0:
            at += before[-1]
        if not 0 <= at < before[-1]:
            raise IndexError(at)
        word = bisect_right(before, at) - 1
        start, end = self._cuts[word].offsets[at - before[word]]
        moved = self._letters[word] + word  # as many spaces as words
        return start + moved, end + moved

    def _counted(self) -> list[int]:
        if not self._before:
            self._letters = list(accumulate(map(len, self._words), initial=0))
            ids = map(itemgetter(0), self._cuts)
            self._before = list(accumulate(map(len, ids), initial=0))
        return self._before


class _Encoded(Sequence[Span]):
    """The spans that the tokenizer found: to copy all of them takes as long as ten look-ups."""

    __slots__ = ("_encoding",)

    def __init__(self, encoding: Encoding) -> None:
        self._encoding = encoding

    def __len__(self) -> int:
        return len(self._encoding)

    @overload
    def __getitem__(self, at: int) -> Span: ...

    @overload
    def __getitem__(self, at: slice) -> list[Span]: ...

    def __getitem__(self, at: int | slice) -> Span | list[Span]:
        if isinstance(at, slice):
            return list(self._encoding.offsets[at])
        span = self._encoding.token_to_chars(at if at >= 0 else at + len(self))
        if span is None:
            raise IndexError(at)
        return int(span[0]), int(span[1])

    def __iter__(self) -> Iterator[Span]:
        return iter(self._encoding.offsets)


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
            (word, Cut(cut.ids, list(cut.offsets)))
            for word, cut in fresh.items()
            if word.isascii() and len(word) <= _LONGEST
        )
        return cuts

    def _whole(self, texts: Sequence[str]) -> list[Cut]:
        encodings = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [Cut(encoding.ids, _Encoded(encoding)) for encoding in encodings]


def _joined(words: Sequence[str], known: dict[str, Cut], fresh: dict[str, Cut]) -> Cut:
    cuts = [known.get(word) or fresh[word] for word in words]
    if len(cuts) == 1:
        return cuts[0]
    return Cut(list(chain.from_iterable([cut[0] for cut in cuts])), Offsets(words, cuts))


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
