from __future__ import annotations

import re
import string

import pytest

from sentiment.complaints import _LISTS as LISTS
from sentiment.complaints import ERRORS, translate
from sentiment.wording import PHRASES, counted, say, word


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
    # Where a list may stand, a comma would be taken for one of the list.
    filled = {name: f"<{name}{' ' if name in LISTS else ', '}(x); y>" for name in gaps(english)}
    assert translate("zh", english.format(**filled)) == chinese.format(**filled)
    assert translate("en", english.format(**filled)) == english.format(**filled)


@pytest.mark.parametrize(("rows", "said"), [(0, "0 rows"), (1, "1 row"), (1200, "1,200 rows")])
def test_a_word_agrees_with_its_number(rows: int, said: str) -> None:
    assert say("en", "resumed", rows=rows).startswith(f"Going on from an earlier run: {said} ")
    assert say("en", "checking", rows=rows) == f"{said} of the earlier run found unchanged"
    assert counted(rows, "row|rows") in said


@pytest.mark.parametrize("key", PHRASES)
def test_no_english_sentence_says_one_rows(key: str) -> None:
    english = PHRASES[key][0]
    named = r"\b1 (rows|texts|answers|files|topics|drivers|tags|opinions)\b(?!/s)"
    if not key.startswith("took_rate"):  # told from a thousand rows on
        assert not re.search(named, _filled(english)), english


def _filled(english: str) -> str:
    """Fill a sentence in with ones, whatever its gaps are of."""
    pieces = string.Formatter().parse(english)
    return "".join(
        text if name is None else text + (counted(1, spec or "") if "|" in (spec or "") else "1")
        for text, name, spec, _ in pieces
    )


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("x.doc has no ending that names a format; end it in .csv, .tsv or .xlsx",
         "x.doc 的后缀不对应任何格式；请使用 .csv、.tsv 或 .xlsx"),
        ("x.csv has no column 'q' for --text; its columns: “a, or b”, “c” and 1,200 more",
         "x.csv 没有 --text 指定的列 'q'；各列为 “a, or b”、“c” 等另外 1,200 个"),
        ("argument --device: invalid choice: 'tpu' (choose from 'auto', 'cpu', 'cuda'); see s --help",
         "选项 --device 不能是 'tpu'（可选：'auto'、'cpu'、'cuda'）；请看 s --help"),
        ("scor is neither a verb nor a file; the verbs are score, report",
         "scor 既不是子命令也不是文件；子命令有 score、report"),
    ],
)  # fmt: skip
def test_a_list_in_an_error_is_listed_as_chinese_lists(english: str, chinese: str) -> None:
    assert translate("zh", english) == chinese


def test_what_is_in_no_table_stays_as_it_is() -> None:
    assert translate("zh", "something new went wrong") == "something new went wrong"
    assert word("zh", "delivery.speed") == "delivery.speed"
    assert say("zh", "resumed", rows=12345) == "接着上次继续：已完成 12,345 行。"
