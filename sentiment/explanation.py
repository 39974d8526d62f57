"""How a text was read and what decided, for a person to check."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, get_args

from sentiment.errors import InputError
from sentiment.records import Analysis, Opinion, Tag
from sentiment.taxonomy import Taxonomy
from sentiment.text import Prepared, Token, words
from sentiment.wording import Tongue, word

if TYPE_CHECKING:
    from sentiment.model.protocol import Model, Reason

__all__ = ["Decision", "Explanation"]

_REASONS = 6

_WORDING = {
    "en": {
        "text": "text", "language": "language", "cleaned": "cleaned", "unchanged": "nothing to clean",
        "read_as": "read as", "clauses": "clauses", "tokens": "words", "sentiment": "sentiment",
        "opinions": "opinions", "none": "none", "because": "because of", "status": "status",
        "empty": "no content, not scored", "unsupported": "neither Chinese nor English, not scored",
        "damaged": "scored, but not to be trusted",
        "zh": "Chinese", "en": "English", "mixed": "Chinese and English", "other": "another one",
        "colon": ": ", "comma": ", ", "open": " (", "close": ")",
    },
    "zh": {
        "text": "原文", "language": "语言", "cleaned": "清理", "unchanged": "无需清理",
        "read_as": "读作", "clauses": "分句", "tokens": "分词", "sentiment": "总体情感",
        "opinions": "观点", "none": "无", "because": "依据", "status": "状态",
        "empty": "没有内容，不评分", "unsupported": "既非中文也非英文，不评分",
        "damaged": "文字损坏：已评分，但不可尽信",
        "zh": "中文", "en": "英文", "mixed": "中英文", "other": "其他语言",
        "colon": "：", "comma": "、", "open": "（", "close": "）",
        # the steps of cleaning, which English shows by the names they have
        "surrogates": "拆散的字符", "mojibake": "乱码", "shifted": "错位的乱码", "glosses": "拼音注音",
        "width": "全角字符", "compose": "组合字符", "invisible": "不可见字符", "entities": "HTML 实体",
        "tags": "HTML 标签", "links": "网址和 @", "repeats": "重复字符", "whitespace": "空白",
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
    :param taxonomy: What drivers and tags are called.
    """

    prepared: Prepared = field(repr=False)
    tokens: tuple[Token, ...] = field(repr=False)
    analysis: Analysis
    decisions: tuple[Decision, ...] = field(repr=False)
    taxonomy: Taxonomy = field(repr=False)

    @classmethod
    def of(
        cls, prepared: Prepared, analysis: Analysis, model: Model, taxonomy: Taxonomy
    ) -> Explanation:
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
        return cls(prepared, tuple(words(prepared)), analysis, tuple(decisions), taxonomy)

    def lines(self, language: str = "en") -> list[str]:
        """Return the explanation as lines of text, in English or Chinese.

        :raises InputError: Another language.
        """
        if language not in get_args(Tongue):
            raise InputError(f"language {language!r} is none of {', '.join(get_args(Tongue))}.")
        tongue: Tongue = "zh" if language == "zh" else "en"
        lines = [*self._reading(tongue), *self._cutting(tongue)]
        for decision in self.decisions:
            lines += self._deciding(tongue, decision)
        if not self.analysis.opinions and self.analysis.sentiment is not None:
            lines.append(_line(tongue, "opinions", _WORDING[tongue]["none"]))
        return [_visible(line) for line in lines]

    def _reading(self, tongue: Tongue) -> Iterator[str]:
        """Yield what was made of the text before anything was decided."""
        say = _WORDING[tongue]
        prepared, analysis = self.prepared, self.analysis
        yield _line(tongue, "text", analysis.text)
        for step in prepared.steps:
            name = say.get(step.name, step.name)
            change = f"{_short(step.before)} -> {_short(step.after)}"
            yield _line(tongue, "cleaned", f"{name}{say['colon']}{change}")
        if prepared.steps:
            yield _line(tongue, "read_as", prepared.text)
        else:
            yield _line(tongue, "cleaned", say["unchanged"])
        if analysis.status != "empty":  # what says nothing says it in no language
            known = _with_code(tongue, say[analysis.language], analysis.language)
            yield _line(tongue, "language", known)
        if analysis.status != "ok":
            reason = say[analysis.status]
            yield _line(tongue, "status", _with_code(tongue, reason, analysis.status))

    def _cutting(self, tongue: Tongue) -> Iterator[str]:
        """Yield the clauses and the words of the text."""
        prepared, none = self.prepared, _WORDING[tongue]["none"]
        clauses = " | ".join(prepared.text[start:end] for start, end in prepared.clauses)
        yield _line(tongue, "clauses", clauses or none)
        yield _line(tongue, "tokens", " ".join(token.text for token in self.tokens) or none)

    def _deciding(self, tongue: Tongue, decision: Decision) -> Iterator[str]:
        """Yield what was decided and by which words."""
        say = _WORDING[tongue]
        shown = f" “{decision.evidence}”" if decision.evidence is not None else ""
        name, polarity = self._called(tongue, decision.name), word(tongue, decision.polarity)
        yield f"{name}{say['colon']}{polarity} {decision.confidence:.2f}{shown}"
        because = say["comma"].join(f"{words} {weight:+.2f}" for words, weight in decision.reasons)
        if because:
            yield f"    {_line(tongue, 'because', because)}"

    def _called(self, tongue: Tongue, name: str) -> str:
        if name == "sentiment":
            return _WORDING[tongue]["sentiment"]
        known = self.taxonomy.drivers.get(name) or self.taxonomy.tags.get(name)
        if known is None:
            return name
        return _with_code(tongue, known.zh if tongue == "zh" else known.en, name)


def _line(tongue: Tongue, key: str, content: str) -> str:
    return f"{_WORDING[tongue][key]}{_WORDING[tongue]['colon']}{content}"


def _with_code(tongue: Tongue, name: str, code: str) -> str:
    """Return what a person calls it, and the name it has in every output if that is another one."""
    if name == code:
        return name
    return f"{name}{_WORDING[tongue]['open']}{code}{_WORDING[tongue]['close']}"


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
