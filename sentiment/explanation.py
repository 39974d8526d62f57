"""How a text was read and what decided, for a person to check."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sentiment.records import Analysis, Opinion, Tag
from sentiment.text import Prepared, Token, words

if TYPE_CHECKING:
    from sentiment.model.protocol import Model, Reason

__all__ = ["Decision", "Explanation"]

_REASONS = 6

_WORDING = {
    "en": {
        "text": "text", "language": "language", "cleaned": "cleaned", "unchanged": "nothing to clean",
        "read_as": "read as", "clauses": "clauses", "tokens": "words", "sentiment": "sentiment",
        "opinions": "opinions", "none": "none", "because": "because of",
        "empty": "no content: not scored", "unsupported": "neither Chinese nor English: not scored",
        "damaged": "damaged: scored, but not to be trusted",
    },
    "zh": {
        "text": "原文", "language": "语言", "cleaned": "清理", "unchanged": "无需清理",
        "read_as": "读作", "clauses": "分句", "tokens": "分词", "sentiment": "总体情感",
        "opinions": "观点", "none": "无", "because": "依据",
        "empty": "没有内容，不评分", "unsupported": "既非中文也非英文，不评分",
        "damaged": "文字损坏：已评分，但不可尽信",
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Decision:
    """A finding, or the overall sentiment, and the pieces of text that spoke for and against it.

    :param reasons: Words and what each added to the decision, strongest first.
    """

    name: str
    polarity: str
    confidence: float
    evidence: str | None
    reasons: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Explanation:
    """What was cleaned, how the text was cut, and what decided.

    :param prepared: The text as the model reads it, with the steps that changed it.
    :param tokens: Words, as slices of the user's text.
    :param analysis: The result.
    :param decisions: The overall sentiment first, then every opinion and tag.
    """

    prepared: Prepared
    tokens: tuple[Token, ...]
    analysis: Analysis
    decisions: tuple[Decision, ...]

    @classmethod
    def of(cls, prepared: Prepared, analysis: Analysis, model: Model) -> Explanation:
        """Explain an analysis of a prepared text by the model that made it."""
        decisions: list[Decision] = []
        if analysis.sentiment is not None:
            decisions.append(
                Decision(
                    "sentiment",
                    analysis.sentiment,
                    analysis.confidence or 0.0,
                    None,
                    _told(prepared, model.reasons(prepared, "sentiment", analysis.sentiment)),
                )
            )
        findings: list[tuple[str, Opinion | Tag]] = [
            *((opinion.driver, opinion) for opinion in analysis.opinions),
            *((tag.tag, tag) for tag in analysis.tags),
        ]
        for name, found in findings:
            reasons = model.reasons(prepared, name, found.polarity)
            decisions.append(
                Decision(
                    name, found.polarity, found.confidence, found.evidence, _told(prepared, reasons)
                )
            )
        return cls(prepared, tuple(words(prepared)), analysis, tuple(decisions))

    def lines(self, language: str = "en") -> list[str]:
        """Return the explanation as lines of text, in English or Chinese."""
        say = _WORDING["zh" if language == "zh" else "en"]
        prepared, analysis = self.prepared, self.analysis
        lines = [f"{say['text']}: {analysis.text}"]
        lines += [
            f"{say['cleaned']}: {step.name}: {_short(step.before)} -> {_short(step.after)}"
            for step in prepared.steps
        ]
        if prepared.steps:
            lines.append(f"{say['read_as']}: {prepared.text}")
        else:
            lines.append(f"{say['cleaned']}: {say['unchanged']}")
        lines.append(f"{say['language']}: {analysis.language}")
        if analysis.status != "ok":
            lines.append(f"status: {analysis.status} ({say[analysis.status]})")
        cut = " | ".join(prepared.text[start:end] for start, end in prepared.clauses)
        lines.append(f"{say['clauses']}: {cut or say['none']}")
        lines.append(
            f"{say['tokens']}: {' '.join(token.text for token in self.tokens) or say['none']}"
        )
        for decision in self.decisions:
            shown = f" “{decision.evidence}”" if decision.evidence is not None else ""
            name = say["sentiment"] if decision.name == "sentiment" else decision.name
            lines.append(f"{name}: {decision.polarity} {decision.confidence:.2f}{shown}")
            because = ", ".join(f"{words} {weight:+.2f}" for words, weight in decision.reasons)
            if because:
                lines.append(f"    {say['because']}: {because}")
        if not analysis.opinions and analysis.sentiment is not None:
            lines.append(f"{say['opinions']}: {say['none']}")
        return [_visible(line) for line in lines]


def _told(prepared: Prepared, reasons: list[Reason]) -> tuple[tuple[str, float], ...]:
    return tuple(
        (prepared.text[reason.start : reason.end], round(reason.weight, 2))
        for reason in reasons[:_REASONS]
        if round(reason.weight, 2)
    )


def _visible(line: str) -> str:
    """Show what has no look of its own by its number: a review must not steer a terminal."""
    return "".join(
        letter
        if letter.isprintable() or unicodedata.category(letter) == "Zs"
        else letter.encode("unicode_escape").decode()
        for letter in line
    )


def _short(text: str, limit: int = 60) -> str:
    return text if len(text) <= limit else f"{text[:limit]}…"
