"""The values that travel through the package: one piece of feedback in, one analysis out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Any, Literal, cast

__all__ = [
    "POLARITIES",
    "SENTIMENTS",
    "STATES",
    "STATUSES",
    "Analysis",
    "Feedback",
    "Language",
    "Opinion",
    "Polarity",
    "Sentiment",
    "State",
    "Status",
    "Tag",
    "topic_states",
]

Sentiment = Literal["negative", "neutral", "positive", "mixed"]
Polarity = Literal["negative", "neutral", "positive"]
State = Literal["absent", "negative", "neutral", "positive", "mixed"]
Language = Literal["zh", "en", "mixed", "other"]
Status = Literal["ok", "empty", "damaged", "unsupported"]

# The order is part of the record: probabilities are written in it and model heads are laid out in it.
SENTIMENTS: tuple[Sentiment, ...] = ("negative", "neutral", "positive", "mixed")
POLARITIES: tuple[Polarity, ...] = ("negative", "neutral", "positive")
STATES: tuple[State, ...] = ("absent", "negative", "neutral", "positive", "mixed")
STATUSES: tuple[Status, ...] = ("ok", "empty", "damaged", "unsupported")

# Four decimals in every output, so that one run gives the same bytes in every format.
_DECIMALS = 4

# One encoder for all records: json.dumps() makes a new one for each. Even so a call costs more than
# writing down a few fields, so `to_json` asks it only for what may hold anything.
_encode = json.JSONEncoder(ensure_ascii=False).encode


def _number(value: float) -> str:
    """Return a number as JSON has it rounded."""
    if type(value) is float and 0.0 < value <= 1.0:
        return _share(value)
    return _encode(round(value, _DECIMALS))


# Of four decimals there are ten thousand shares.
@lru_cache(maxsize=1 << 14)
def _share(value: float) -> str:
    """Return a number from 0 to 1 as JSON has it rounded; to round and to write it is one step here."""
    digits = f"{value:.{_DECIMALS}f}".rstrip("0")
    return f"{digits}0" if digits[-1] == "." else digits


def _string(value: str | None) -> str:
    return "null" if value is None else encode_basestring(value)


@lru_cache(maxsize=4096)
def _fields(pairs: tuple[tuple[str, str], ...]) -> str:
    """Return some fields as JSON, without brackets; the same few come again and again."""
    return _encode(dict(pairs))[1:-1]


@lru_cache(maxsize=4096)
def _opinion(topic: str, driver: str, polarity: str) -> str:
    """Return the first fields of an opinion as JSON, without brackets."""
    return _fields((("topic", topic), ("driver", driver), ("polarity", polarity)))


def _finding(of: str, confidence: float, evidence: str, start: int, end: int) -> str:
    """Return an opinion or a tag as JSON; `of` are its first fields."""
    return (
        f'{{{of}, "confidence": {_number(confidence)}, '
        f'"evidence": {encode_basestring(evidence)}, "start": {start}, "end": {end}}}'
    )


@dataclass(frozen=True, slots=True)
class Feedback:
    """One piece of feedback: a text and where it came from.

    :param text: The customer's words, untouched.
    :param row: Number of the data row in the source, from 1; its place in the batch where None.
    :param id: Value of the id column, if there is one.
    :param question: The text column this answer came from, when a survey row holds several.
    :param columns: The source row as it was: every cell a string or None.
    :param damage: Why the reader could not trust this text (bytes that did not decode, a broken
        record), or None.
    """

    text: str
    row: int | None = None
    id: str | None = None
    question: str | None = None
    columns: Mapping[str, str | None] = field(default_factory=dict)
    damage: str | None = None

    def __reduce__(self) -> tuple[type[Feedback], tuple[object, ...]]:
        """Be pickled as what it is made from: every row goes to a worker, and this is half the price."""
        values = (self.text, self.row, self.id, self.question, self.columns, self.damage)
        return Feedback, values


@dataclass(frozen=True, slots=True)
class Opinion:
    """A judged driver, its polarity, and the words that prove it: ``evidence == text[start:end]``.

    Offsets are code points of the user's own text.
    """

    topic: str
    driver: str
    polarity: Polarity
    confidence: float
    evidence: str
    start: int
    end: int

    def to_dict(self) -> dict[str, Any]:
        """Return the opinion in the field order of the record."""
        return {
            "topic": self.topic,
            "driver": self.driver,
            "polarity": self.polarity,
            "confidence": round(self.confidence, _DECIMALS),
            "evidence": self.evidence,
            "start": self.start,
            "end": self.end,
        }

    def to_json(self) -> str:
        """Return the opinion as JSON, as `json` writes `to_dict`."""
        of = _opinion(self.topic, self.driver, self.polarity)
        return _finding(of, self.confidence, self.evidence, self.start, self.end)


@dataclass(frozen=True, slots=True)
class Tag:
    """A cross tag or intent (brand, trust, repurchase ...): as `Opinion`, but in no topic."""

    tag: str
    polarity: Polarity
    confidence: float
    evidence: str
    start: int
    end: int

    def to_dict(self) -> dict[str, Any]:
        """Return the tag in the field order of the record."""
        return {
            "tag": self.tag,
            "polarity": self.polarity,
            "confidence": round(self.confidence, _DECIMALS),
            "evidence": self.evidence,
            "start": self.start,
            "end": self.end,
        }

    def to_json(self) -> str:
        """Return the tag as JSON, as `json` writes `to_dict`."""
        of = _fields((("tag", self.tag), ("polarity", self.polarity)))
        return _finding(of, self.confidence, self.evidence, self.start, self.end)


def topic_states(opinions: Iterable[Opinion], topics: Iterable[str]) -> dict[str, State]:
    """Return the state of every topic; it follows from the opinions and from nothing else.

    No opinion is absent; positive and negative together are mixed; otherwise positive or negative
    if there is one; otherwise neutral.
    """
    states: dict[str, State] = dict.fromkeys(topics, "absent")
    for opinion in opinions:
        topic, polarity = opinion.topic, opinion.polarity
        state = states.get(topic, "absent")
        if state in ("absent", "neutral"):
            states[topic] = polarity
        elif polarity not in ("neutral", state):
            states[topic] = "mixed"
    return states


@dataclass(frozen=True, slots=True)
class Analysis:
    """What one piece of feedback says.

    `sentiment`, `score`, `confidence` and `probabilities` are None, and `opinions` and `tags` are
    empty, when `status` is empty or unsupported. ``confidence == probabilities[sentiment]`` and
    ``score == P(positive) - P(negative)``, all calibrated.
    """

    row: int
    id: str | None
    question: str | None
    text: str
    language: Language
    status: Status
    sentiment: Sentiment | None
    score: float | None
    confidence: float | None
    probabilities: Mapping[Sentiment, float] | None
    topics: Mapping[str, State]
    opinions: tuple[Opinion, ...]
    tags: tuple[Tag, ...]
    truncated: bool
    model: str
    columns: Mapping[str, str | None] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain data, in the order in which it is written."""
        return {
            "row": self.row,
            "id": self.id,
            "question": self.question,
            "text": self.text,
            "language": self.language,
            "status": self.status,
            "sentiment": self.sentiment,
            "score": None if self.score is None else round(self.score, _DECIMALS) + 0.0,
            "confidence": None if self.confidence is None else round(self.confidence, _DECIMALS),
            "probabilities": None
            if self.probabilities is None
            else {name: round(value, _DECIMALS) for name, value in self.probabilities.items()},
            "topics": dict(self.topics),
            "opinions": [opinion.to_dict() for opinion in self.opinions],
            "tags": [tag.to_dict() for tag in self.tags],
            "truncated": self.truncated,
            "model": self.model,
            "columns": dict(self.columns),
        }

    def to_json(self) -> str:
        """Return the record as one line of JSON, as `json` writes `to_dict`."""
        score, confidence, chances = self.score, self.confidence, self.probabilities
        probabilities = "null"
        if chances is not None:
            values = [f'"{name}": {_number(chances[name])}' for name in chances]
            probabilities = f"{{{', '.join(values)}}}"
        return (
            f'{{"row": {self.row}, "id": {_string(self.id)}, "question": {_string(self.question)}, '
            f'"text": {_string(self.text)}, "language": "{self.language}", '
            f'"status": "{self.status}", "sentiment": {_string(self.sentiment)}, "score": '
            f'{"null" if score is None else _number(round(score, _DECIMALS) + 0.0)}, "confidence": '
            f"{'null' if confidence is None else _number(confidence)}, "
            f'"probabilities": {probabilities}, "topics": {{{_fields(tuple(self.topics.items()))}}}, '
            f'"opinions": [{", ".join([opinion.to_json() for opinion in self.opinions])}], '
            f'"tags": [{", ".join([tag.to_json() for tag in self.tags])}], '
            f'"truncated": {"true" if self.truncated else "false"}, '
            f'"model": {_string(self.model)}, "columns": {_encode(dict(self.columns))}}}'
        )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Analysis:
        """Read a record back; the inverse of `to_dict`.

        :raises KeyError: A field of the record is missing.
        """
        return cls(
            row=data["row"],
            id=data["id"],
            question=data["question"],
            text=data["text"],
            language=data["language"],
            status=data["status"],
            sentiment=data["sentiment"],
            score=data["score"],
            confidence=data["confidence"],
            probabilities=cast("Mapping[Sentiment, float] | None", data["probabilities"]),
            topics=data["topics"],
            opinions=tuple(Opinion(**opinion) for opinion in data["opinions"]),
            tags=tuple(Tag(**tag) for tag in data["tags"]),
            truncated=data["truncated"],
            model=data["model"],
            columns=data.get("columns", {}),
        )
