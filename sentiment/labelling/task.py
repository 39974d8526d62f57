"""A text that somebody is asked to label, with what the model says of it as a suggestion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from sentiment.records import Analysis, Opinion, Sentiment, Tag

__all__ = ["ORIGIN", "Sampling", "Task"]

# Fields that say where a text comes from: every format carries them along.
ORIGIN = ("id", "row", "question", "lang", "source", "sampling")

# "random" is what `report --labels` asks of every line: only a random sample of the export can
# correct its shares. What was chosen because it teaches the model is "chosen".
Sampling = Literal["random", "chosen"]


@dataclass(frozen=True, slots=True)
class Task:
    """One text to label.

    :param row: Number of the row in the scored file, from 1.
    :param language: "zh" or "en", as labelled feedback has it.
    :param source: Name of the data that the text comes from.
    :param model: The model that made the suggestion, "" where the scored file does not say.
    :param sentiment: The model's verdict; it, `opinions` and `tags` are a suggestion and no label
        until a person has confirmed them.
    """

    row: int
    id: str | None
    question: str | None
    text: str
    language: Literal["zh", "en"]
    source: str
    sampling: Sampling
    model: str
    sentiment: Sentiment | None
    opinions: tuple[Opinion, ...]
    tags: tuple[Tag, ...]

    @classmethod
    def of(cls, analysis: Analysis, source: str, sampling: Sampling) -> Task:
        """Return the task that an analysed text makes."""
        return cls(
            row=analysis.row,
            id=analysis.id,
            question=analysis.question,
            text=analysis.text,
            language="en" if analysis.language == "en" else "zh",
            source=source,
            sampling=sampling,
            model=analysis.model,
            sentiment=analysis.sentiment,
            opinions=analysis.opinions,
            tags=analysis.tags,
        )

    @property
    def origin(self) -> dict[str, Any]:
        """Where the text comes from, field by field: what every format carries along."""
        return {
            "id": self.id,
            "row": self.row,
            "question": self.question,
            "lang": self.language,
            "source": self.source,
            "sampling": self.sampling,
        }
