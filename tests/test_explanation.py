from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment import explanation
from sentiment.analyzer import Analyzer
from sentiment.errors import InputError
from sentiment.model.heads import read_batch
from sentiment.records import SENTIMENTS
from sentiment.text import prepare
from sentiment.text.normalise import STEPS

TEXT = "物流很快，但是质量太差，用了两天就坏了"
texts = st.sampled_from(
    [TEXT, "The battery is great but it arrived late.", "無", "👍", "&amp; bad"]
)


@given(text=texts | st.text(st.characters(), max_size=40))
def test_any_text_is_explained(analyzer: Analyzer, text: str) -> None:
    explained = analyzer.explain(text)
    assert explained.analysis == analyzer.analyze(text)
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert explained.prepared.original == text
    for token in explained.tokens:
        assert text[token.start : token.end] == token.text
    found = len(explained.analysis.opinions) + len(explained.analysis.tags)
    scored = explained.analysis.sentiment is not None
    assert len(explained.decisions) == scored + found
    for decision in explained.decisions:
        weights = [abs(weight) for _, weight in decision.reasons]
        assert weights == sorted(weights, reverse=True)
        assert all(words and words in explained.prepared.text for words, _ in decision.reasons)
    for language in ("en", "zh"):
        lines = explained.lines(language)
        assert len(lines) >= 4
        assert not any("\n" in line or "\x1b" in line or "\r" in line for line in lines)


def test_an_explanation_is_short_to_look_at(analyzer: Analyzer) -> None:
    assert len(repr(analyzer.explain("物流很快，但是质量太差。"))) < 1500


def test_the_decisions_come_in_the_order_of_the_record(analyzer: Analyzer) -> None:
    explained = analyzer.explain(TEXT)
    sentiment, *others = explained.decisions
    assert sentiment.name == "sentiment"
    assert sentiment.polarity == explained.analysis.sentiment
    assert sentiment.confidence == explained.analysis.confidence
    assert sentiment.evidence is None
    analysis = explained.analysis
    assert others
    assert [(one.name, one.polarity, one.evidence) for one in others] == [
        *((o.driver, o.polarity, o.evidence) for o in analysis.opinions),
        *((t.tag, t.polarity, t.evidence) for t in analysis.tags),
    ]


def test_reasons_are_what_the_scores_are_made_of(analyzer: Analyzer) -> None:
    model: Any = analyzer._model
    prepared = prepare(TEXT)
    read = read_batch([prepared.folded], [prepared.clauses])
    scores = model.heads.score(read)
    root = np.sqrt(len(model.heads.known(read)))
    first = model.heads.clause_heads
    for at, name in enumerate(SENTIMENTS):
        reasons = model.reasons(prepared, "sentiment", name)
        column = len(model.labels) + 3 * len(model.labels.topics) + at
        total = sum(reason.weight for reason in reasons) / root
        expected = scores.row[0, column] - model.heads.bias[first + column]
        assert total == pytest.approx(expected, abs=1e-3)


def test_reasons_for_a_finding_lie_in_the_clause_that_decided(analyzer: Analyzer) -> None:
    explained = analyzer.explain(TEXT)
    prepared = explained.prepared
    for opinion in explained.analysis.opinions:
        clause = next(
            span for span in prepared.clauses if span[0] <= opinion.start and opinion.end <= span[1]
        )
        for reason in analyzer._model.reasons(prepared, opinion.driver, opinion.polarity):
            assert clause[0] <= reason.start < reason.end <= clause[1]


@pytest.mark.parametrize(
    ("text", "english", "chinese"),
    [
        ("无", "no content, not scored (empty)", "没有内容，不评分"),
        ("Очень плохо", "neither Chinese nor English, not scored", "既非中文也非英文，不评分"),
        ("质量很差\ufffd\ufffd，不好", "scored, but not to be trusted (damaged)", "文字损坏"),
        ("质量很差", "nothing to clean", "无需清理"),
        ("质量&nbsp;很差", "read as: 质量 很差", "读作：质量 很差"),
    ],
)
def test_what_happened_is_told(analyzer: Analyzer, text: str, english: str, chinese: str) -> None:
    explained = analyzer.explain(text)
    assert english in "\n".join(explained.lines())
    assert chinese in "\n".join(explained.lines("zh"))


@pytest.mark.parametrize(
    ("language", "driver", "sentiment", "known"),
    [
        ("en", "quality in general (quality.general): negative ", "sentiment: ", "Chinese (zh)"),
        ("zh", "质量总体（quality.general）：负面 ", "总体情感：", "语言：中文（zh）"),
    ],
)
def test_names_come_in_the_language_with_their_code(
    analyzer: Analyzer, language: str, driver: str, sentiment: str, known: str
) -> None:
    told = "\n".join(analyzer.explain(TEXT).lines(language))
    for words in (driver, sentiment, known):
        assert words in told


def test_a_chinese_explanation_is_chinese(analyzer: Analyzer) -> None:
    for text in (
        TEXT,
        "质量&nbsp;很差！！！！！！",
        "",
        "Очень плохо",
        "质量很差\ufffd\ufffd，不好",
    ):
        for line in analyzer.explain(text).lines("zh"):
            label, colon, _ = line.strip().partition("：")
            assert colon, line
            assert re.match("[\u4e00-\u9fff]", label), line
        said = "\n".join(analyzer.explain(text).lines("zh"))
        assert not re.search("positive|negative|neutral", said)


@pytest.mark.parametrize("step", [rule.name for rule in STEPS])
def test_every_step_of_cleaning_has_a_chinese_name(step: str) -> None:
    assert re.search("[\u4e00-\u9fff]", explanation._WORDING["zh"][step])


@pytest.mark.parametrize("text", ["", "  ", "无", "N/A"])
def test_what_says_nothing_is_in_no_language(analyzer: Analyzer, text: str) -> None:
    explained = analyzer.explain(text)
    assert not [line for line in explained.lines("en") if line.startswith("language")]
    assert not [line for line in explained.lines("zh") if line.startswith("语言")]
    assert explained.analysis.language in ("zh", "en")  # the record's languages are four


def test_bytes_and_nothing_are_explained_too(analyzer: Analyzer) -> None:
    assert analyzer.explain("质量差".encode()).analysis.text == "质量差"
    assert analyzer.explain(None).decisions == ()


def test_a_terminal_is_not_steered_by_a_review(analyzer: Analyzer) -> None:
    lines = analyzer.explain("bad\x1b]0;owned\x07 quality\x1b[2J\r\nreally\u202e bad").lines()
    told = "\n".join(lines)
    assert not set(told) & {"\x1b", "\x07", "\r", "\u202e"}


def test_another_language_is_refused(analyzer: Analyzer) -> None:
    with pytest.raises(InputError, match="'fr' is none of zh, en"):
        analyzer.explain("fine").lines("fr")
