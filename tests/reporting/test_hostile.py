"""Reviews that attack: they neither run, nor break the page, nor grow it."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from sentiment.records import Analysis, Opinion
from sentiment.reporting.build import Report, report
from tests.reporting.rows import STARS, analyses
from tests.reporting.test_formats import write

ATTACKS = (
    "<script>document.title='owned'</script>",
    "</script><img src=x onerror=alert(1)>",
    "=cmd|' /C calc'!A0",
    "+SUM(1+1)*cmd|'/C calc'!A0",
    "@SUM(A1:A9)",
    "\u202eekil yrev\u202c \u2066abc",
    "{{ 7*7 }} {% include 'page.html' %}",
    "\x00\x07\x1b[31m",
    "]]> <!-- --> &lt;b&gt;",
    "'\"`><svg onload=alert(1)>",
)


def attacked_rows(rows: list[Analysis]) -> list[Analysis]:
    """Put an attack into text, evidence, id and segment of the rows."""
    found = []
    for place, analysis in enumerate(rows):
        words = ATTACKS[place % len(ATTACKS)]
        opinion = Opinion("quality", "quality.general", "negative", 0.99, words, 0, len(words))
        columns = {**analysis.columns, "渠道": words if place % 3 else "App", "订单号": words}
        columns["评论"] = words + " and more"
        found.append(
            replace(
                analysis, text=words + " and more", opinions=(opinion,), id=words, columns=columns
            )
        )
    return found


@pytest.fixture(scope="module")
def attacked() -> Report:
    rows = analyses(260)
    return report(
        [*rows[:100], *attacked_rows(rows[100:])],
        outcome=STARS,
        by="渠道",
        id="订单号",
        title=ATTACKS[0],
        bootstrap=20,
    )


def test_nothing_of_it_is_markup(attacked: Report) -> None:
    page = attacked.to_html()
    assert page.count("<script>") == 1
    for piece in ("<img", "<svg onload", "onerror=alert(1)>", "{{ 7*7 }}</script>"):
        assert piece not in page
    assert "document.title='owned'</script>" not in page
    assert "&lt;script&gt;" in page
    assert "\x00" not in page
    assert "\u202e" not in page
    json.loads(json.dumps(attacked.to_dict(), allow_nan=False))


def test_no_cell_is_a_formula(attacked: Report) -> None:
    from sentiment.reporting.workbook import render

    book = openpyxl.load_workbook(io.BytesIO(render(attacked.blocks, "en")))
    attacks = 0
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f"
                if isinstance(cell.value, str) and cell.value[:1] in "=+-@":
                    assert cell.quotePrefix
                attacks += isinstance(cell.value, str) and cell.value.startswith(("=", "+", "@"))
    assert attacks


def test_ten_megabytes_in_one_cell(tmp_path: Path) -> None:
    rows = analyses(120)
    words = "慢得离谱"
    long = "甲" * 5_000_000 + words + "乙" * 5_000_000
    opinion = Opinion("delivery", "delivery.speed", "negative", 0.99, words, 5_000_000, 5_000_004)
    rows[60] = replace(
        rows[60], text=long, opinions=(opinion,), columns={**rows[60].columns, "评论": long}
    )
    for suffix in ("csv", "jsonl", "parquet"):
        made = report(write(rows, tmp_path / f"long.{suffix}"))
        page = made.to_html()
        assert len(page) < 1_500_000, suffix
        quotes = [r for r in made["voices"].rows("voices") if r["row"] == 61]
        assert quotes, suffix
        assert quotes[0]["evidence"] == words
        assert len(str(quotes[0]["text"])) < 300
        assert str(quotes[0]["text"]).startswith("…")


def test_a_page_stays_under_three_megabytes_whatever_the_rows_hold() -> None:
    rows = [
        replace(a, text=a.text + "长" * 3000, columns={**a.columns, "订单号": "单" * 3000})
        for a in analyses(900)
    ]
    made = report(rows, outcome=STARS, by=("渠道", "region"), id="订单号", bootstrap=20)
    assert len(made.to_html().encode()) < 3_000_000
