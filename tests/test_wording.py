from __future__ import annotations

import string

import pytest

from sentiment.complaints import ERRORS, translate
from sentiment.wording import PHRASES, say, word


def gaps(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


@pytest.mark.parametrize("key", PHRASES)
def test_both_languages_say_the_same(key: str) -> None:
    english, chinese = PHRASES[key]
    assert gaps(english) == gaps(chinese)
    assert english
    assert chinese


@pytest.mark.parametrize(("english", "chinese"), ERRORS)
def test_an_error_comes_out_in_chinese_with_what_it_is_about(english: str, chinese: str) -> None:
    assert gaps(english) >= gaps(chinese)
    filled = {name: f"<{name}, (x); y>" for name in gaps(english)}
    assert translate("zh", english.format(**filled)) == chinese.format(**filled)
    assert translate("en", english.format(**filled)) == english.format(**filled)


def test_what_is_in_no_table_stays_as_it_is() -> None:
    assert translate("zh", "something new went wrong") == "something new went wrong"
    assert word("zh", "delivery.speed") == "delivery.speed"
    assert say("zh", "resumed", rows=12345) == "接着上次继续：已完成 12,345 行。"
