"""A text made ready for a model: the one line that training and scoring share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from sentiment.records import Language, Status
from sentiment.text import repair, segment
from sentiment.text.answers import is_empty
from sentiment.text.chinese import to_simplified
from sentiment.text.normalise import Step, normalise
from sentiment.text.script import language_of

__all__ = ["Prepared", "find_clauses", "prepare"]


@dataclass(frozen=True)
class Prepared:
    """A text, cleaned, and the way back to what the user wrote.

    :param original: The user's text, untouched.
    :param text: The normalised text, case and script kept.
    :param folded: `text` in lower case and simplified Chinese, character for character.
    :param language: zh, en, mixed or other.
    :param status: ok, empty, damaged (scored, not trusted) or unsupported (language other).
    :param steps: The steps that changed something, in order.
    :param damage: Why the text is not to be trusted, or None.
    """

    original: str
    text: str
    folded: str
    language: Language
    status: Status
    steps: tuple[Step, ...] = ()
    damage: str | None = None

    @cached_property
    def clauses(self) -> tuple[tuple[int, int], ...]:
        """Spans of `text`, in order, not overlapping, that hold every letter, digit and emoji."""
        return segment.clauses(self.text, self.folded)

    @cached_property
    def sentences(self) -> tuple[tuple[int, int], ...]:
        """Spans of `text`, as `clauses`, one for each sentence."""
        return segment.sentences(self.text)

    def to_original(self, start: int, end: int) -> tuple[int, int]:
        """Return the span of `original` that became ``text[start:end]``."""
        for step in reversed(self.steps):
            if step.offsets is not None:
                start, end = step.offsets.before(start, end)
        return start, end


def _fold(text: str) -> str:
    """Lower case and simplified, same length: İ is the one letter that lower() makes longer."""
    lower = text.lower()
    if len(lower) != len(text):
        lower = text.replace("İ", "i").lower()
    return to_simplified(lower)


def prepare(text: str, damage: str | None = None) -> Prepared:
    """Clean a text, find its language and status, and keep the way back to the original.

    :param text: Any string; lone surrogates and NUL included.
    :param damage: The reader's reason not to trust the bytes, or None.
    """
    clean, steps = normalise(text)
    folded = _fold(clean)
    language = language_of(folded)
    broken = damage is not None or repair.is_damaged(clean)
    status: Status = "ok"
    if is_empty(folded) and "\ufffd" not in folded:
        status = "empty"
    elif language == "other":
        status = "unsupported"
    elif broken:
        status = "damaged"
    return Prepared(text, clean, folded, language, status, steps, damage)


def find_clauses(batch: Sequence[Prepared]) -> None:
    """Find the `clauses` of many texts together, which takes less time than one by one."""
    texts, folded = [one.text for one in batch], [one.folded for one in batch]
    for prepared, spans in zip(batch, segment.clauses_of_each(texts, folded), strict=True):
        prepared.__dict__["clauses"] = spans  # where `cached_property` keeps them
