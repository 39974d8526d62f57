"""Customers' words for the page: cut around the evidence, masked, marked, never rewritten."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sentiment.reporting.mask import mask, mask_id
from sentiment.text.normalise import entities, tags

__all__ = ["ALARM", "ALARM_PATTERN", "Part", "Voice", "flat", "voice"]

# Wide enough for a sentence before and after the evidence, and short enough to be read at a glance.
_AROUND = {"zh": 45, "en": 110, "mixed": 70, "other": 110}
_LONGEST_EVIDENCE = 160
_LIST_LENGTH = {"zh": 160, "en": 360, "mixed": 240, "other": 360}
# Masking looks this far beyond the cut, so that a number is not halved and missed.
_MARGIN = 60

# Danger to a person, or law: such a complaint goes to the top of the reply list whatever its score.
# Written so that both Python's and Arrow's regular expressions read it.
ALARM = (
    r"食物中毒|过敏|過敏|受伤|受傷|烫伤|燙傷|划伤|着火|起火|冒烟|爆炸|漏电|触电|急诊|住院|拉肚子|上吐下泻"
    r"|12315|消协|起诉|法院|律师|律師|报警|報警|诈骗|詐騙|工商局|市场监管"
    r"|\b(food poisoning|allergic|allergy|injur(y|ed)|burn(t|ed) (my|me)|caught fire"
    r"|smoke came|exploded"
    r"|electric shock|hospital|emergency room|lawyer|attorney|sue (you|them)|lawsuit|small claims"
    r"|trading standards|fraud|the police|unsafe)\b"
)
ALARM_PATTERN = re.compile(ALARM, re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a quote; `mark` is the polarity it proves, or empty."""

    text: str
    mark: str = ""


@dataclass(frozen=True, slots=True, order=False)
class Voice:
    """A customer's words about one driver (or about all, when `about` is empty).

    `parts` joined are the masked words, with an ellipsis where something was cut.
    """

    row: int
    parts: tuple[Part, ...]
    language: str
    about: str = ""
    polarity: str = ""
    confidence: float = 0.0
    outcome: float | None = None
    date: str | None = None
    segments: Mapping[str, str] = field(default_factory=dict)
    id: str | None = None
    drivers: tuple[tuple[str, str], ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    alarm: bool = False
    sentiment: str = ""
    urgency: int = 0

    @property
    def text(self) -> str:
        """The words without marks."""
        return "".join(part.text for part in self.parts)

    def __lt__(self, other: Voice) -> bool:
        # Only for heaps: two voices with the same key are ordered by row.
        return self.row < other.row


def voice(
    *,
    row: int,
    text: str,
    opinions: Sequence[Mapping[str, Any]],
    tags: Sequence[Mapping[str, Any]],
    about: tuple[str, str, str] | None,
    language: str,
    outcome: float | None,
    date: str | None,
    segments: Mapping[str, str],
    id: str | None,  # noqa: A002 - the role's name everywhere
) -> Voice | None:
    """Return a row's words, cut to what is said about one driver, or to the length of a list entry.

    :param about: ("driver" or "tag", its name, polarity); None keeps the beginning of the text with
        all its evidence marked.
    """
    if about is not None:
        kind, name, polarity = about
        found = [
            entry
            for entry in (opinions if kind == "driver" else tags)
            if entry[kind] == name and entry["polarity"] == polarity
        ]
        if not found:
            return None
        best = max(found, key=lambda entry: float(entry["confidence"]))
        parts = _around(text, int(best["start"]), int(best["end"]), polarity, language)
        confidence = float(best["confidence"])
    else:
        name, polarity, confidence = "", "", 0.0
        parts = _marked(text, opinions, language)
    return Voice(
        row=row,
        parts=parts,
        language=language,
        about=name,
        polarity=polarity,
        confidence=confidence,
        outcome=outcome,
        date=flat(date[:10]) if date else None,
        segments=dict(segments),
        id=mask_id(flat(id[:80])) if id else None,
        drivers=tuple((str(o["driver"]), str(o["polarity"])) for o in opinions),
        tags=tuple((str(t["tag"]), str(t["polarity"])) for t in tags),
    )


def _window(text: str, start: int, end: int) -> tuple[str, int]:
    """Return text[start:end] masked; the mask has seen what stands just outside. Length is kept."""
    left = max(0, start - _MARGIN)
    return mask(text[left : end + _MARGIN])[start - left : end - left], left


def _around(text: str, start: int, end: int, polarity: str, language: str) -> tuple[Part, ...]:
    start, end = max(0, start), min(len(text), end)
    end = min(end, start + _LONGEST_EVIDENCE)
    reach = _AROUND.get(language, 110)
    left = _boundary(text, max(0, start - reach), start, forward=True)
    right = _boundary(text, end, min(len(text), end + reach), forward=False)
    words, _ = _window(text, left, right)
    before, evidence, after = (
        words[: start - left],
        words[start - left : end - left],
        words[end - left :],
    )
    parts = [
        Part("…" + _shown(before).lstrip() if left > 0 else _shown(before)),
        Part(_shown(evidence), polarity),
        Part(_shown(after).rstrip() + "…" if right < len(text) else _shown(after)),
    ]
    return tuple(part for part in parts if part.text)


def _boundary(text: str, low: int, high: int, *, forward: bool) -> int:
    """Return a cut inside [low, high] that does not split a Latin word, if there is one near."""
    place = low if forward else high
    if place in (0, len(text)):
        return place
    step, stop = (1, high) if forward else (-1, low)
    for cut in range(place, stop, step):
        if abs(cut - place) > 20:
            break
        if not (_latin(text[cut - 1]) and _latin(text[cut])):
            return cut
    return place


def _latin(character: str) -> bool:
    return character.isascii() and character.isalnum()


def _marked(text: str, opinions: Sequence[Mapping[str, Any]], language: str) -> tuple[Part, ...]:
    limit = _LIST_LENGTH.get(language, 360)
    spans = sorted(
        (int(o["start"]), int(o["end"]), str(o["polarity"]))
        for o in opinions
        if o["end"] > o["start"]
    )
    begin = 0
    if spans and spans[0][0] > limit // 2:
        begin = _boundary(text, max(0, spans[0][0] - 40), spans[0][0], forward=True)
    end = len(text)
    if end - begin > limit:
        end = _boundary(text, begin + limit // 2, begin + limit, forward=False)
    words, _ = _window(text, begin, end)
    parts: list[Part] = [Part("…")] if begin else []
    place = begin
    for start, stop, polarity in spans:
        start, stop = max(start, place), min(stop, end)
        if stop <= start:
            continue
        parts.append(Part(_shown(words[place - begin : start - begin])))
        parts.append(Part(_shown(words[start - begin : stop - begin]), polarity))
        place = stop
    parts.append(Part(_shown(words[place - begin :]) + ("…" if end < len(text) else "")))
    return tuple(part for part in parts if part.text)


def _shown(words: str) -> str:
    """Return masked words as they are shown: without markup, what that hid being masked as well."""
    if "&" not in words and "<" not in words:
        return flat(words)
    return flat(mask(tags(entities(words)[0])[0]))


_SPACE = re.compile(r"\s+")
# Marks that turn the direction of everything after them, and invisible controls: a quote is set in
# its own isolate, and these are dropped so that they cannot reach out of it.
_CONTROLS = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]"
)


def flat(text: str) -> str:
    """Return a text on one line, without controls and without marks that turn its direction."""
    return _CONTROLS.sub("", _SPACE.sub(" ", text))
