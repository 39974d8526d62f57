"""The wording: both languages of every sentence, with the same figures in them."""

from __future__ import annotations

import string
import tomllib
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Any

import pytest

from sentiment.drivers.cautions import SENTENCES
from sentiment.reporting.values import Text
from sentiment.reporting.wording import known, say, show, show_interval


def _sentences(entry: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Mapping[str, str]]]:
    for key, value in entry.items():
        place = f"{path}.{key}" if path else key
        if set(value) == {"zh", "en"}:
            yield place, value
        else:
            yield from _sentences(value, place)


def _all() -> list[tuple[str, Mapping[str, str]]]:
    text = resources.files("sentiment.reporting").joinpath("wording.toml").read_text("utf-8")
    return list(_sentences(tomllib.loads(text)))


def test_every_sentence_has_the_same_figures_in_both_languages() -> None:
    for place, sentence in _all():
        fields = {
            language: sorted(
                (name, spec)
                for _, name, spec, _ in string.Formatter().parse(words)
                if name and "|" not in (spec or "")  # English alone bends its words
            )
            for language, words in sentence.items()
        }
        assert fields["zh"] == fields["en"], place
        assert sentence["zh"].strip(), place
        assert sentence["en"].strip(), place


def test_chinese_sentences_hold_chinese_and_english_ones_none() -> None:
    for place, sentence in _all():
        if "{" in sentence["en"] and len(sentence["en"]) < 30:
            continue
        assert not any("一" <= character <= "鿿" for character in sentence["en"]), place


def test_every_warning_of_the_statistics_can_be_said() -> None:
    assert [code for code in SENTENCES if not known(f"caution.{code}")] == []
    for place, words in _all():
        code = place.removeprefix("caution.")
        if code != place:
            assert _fields(words["zh"]) <= _fields(SENTENCES[code]), place


def _fields(words: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(words) if name}


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (1234567, "n", "1,234,567"),
        (12.35, "points", "12.3"),
        (-3.04, "signed", "−3.0"),
        (0.04, "signed", "0.0"),
        (-0.04, "signed", "0.0"),
        (3.06, "signed", "+3.1"),
        (99.96, "percent", "100.0%"),
        (0.125, "ratio", "0.12"),
        (0.0134, "share", "1.3%"),
        (4.216, "stars", "4.22"),
        (None, "points", "–"),
        (float("nan"), "points", "–"),
    ],
)
def test_numbers(value: float | None, unit: str, shown: str) -> None:
    assert show(value, unit) == shown


@pytest.mark.parametrize(("n", "english"), [(1, "Alarms (1 row)"), (0, "Alarms (0 rows)")])
def test_a_word_agrees_with_its_number(n: int, english: str) -> None:
    said = say("page.table", title=Text(zh="异常时期", en="Alarms"), n=n)
    assert said == Text(zh=f"完整数字：异常时期（{n} 行）", en=f"All figures: {english}")
    assert say("base.read", read=1, used=1).en.startswith("1 text was read; 1 of them says ")
    assert say("base.read", read=2, used=2).en.startswith("2 texts were read; 2 of them say ")


def test_intervals() -> None:
    assert show_interval(-1.25, 3.0, "signed") == "[−1.2, 3.0]"
    assert show_interval(None, 3.0, "signed") == ""
    assert show_interval(float("nan"), float("nan"), "ratio") == ""


def test_a_text_in_a_sentence_comes_in_the_sentences_language() -> None:
    said = say("series.complaints", name=Text(zh="物流", en="delivery"))
    assert said == Text(zh="抱怨率：物流", en="Complaints: delivery")
