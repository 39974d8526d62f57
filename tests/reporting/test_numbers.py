"""One number everywhere: on the page, in the workbook, in JSON, in Chinese and in English."""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from collections.abc import Sequence
from html import unescape
from pathlib import Path

import openpyxl
import pytest

from sentiment.reporting.build import Report
from sentiment.reporting.values import Row, Table, Text
from sentiment.reporting.wording import show

_FIGURE = re.compile(r"[+−]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?%?")


def _view(page: str, language: str) -> str:
    start = page.index(f'<main class="view view-{language}"')
    return page[start : page.index("</main>", start)]


def _figures(html: str) -> Counter[str]:
    """Count the figures that a reader sees; not those of coordinates, quotes and wording."""
    html = re.sub(r"<(title|option|bdi)\b.*?</\1>", "", html, flags=re.S)
    text = re.sub(r"<[^>]*>", " ", html)
    return Counter(_FIGURE.findall(unescape(text)))


def test_chinese_and_english_carry_the_same_figures(full: Report) -> None:
    page = full.to_html()
    zh, en = _figures(_view(page, "zh")), _figures(_view(page, "en"))
    assert sum(zh.values()) > 1000
    assert zh - en == Counter()
    assert en - zh == Counter()


def _tables(report: Report) -> list[tuple[str, Table]]:
    return [(block.key, table) for block in report.blocks for table in block.tables.values()]


def test_json_holds_every_figure_unrounded(full: Report, tmp_path: Path) -> None:
    written = json.loads(full.save(tmp_path / "r.json").read_text("utf-8"))
    blocks = {block["key"]: block for block in written["blocks"]}
    for key, table in _tables(full):
        rows = blocks[key]["tables"][table.key]["rows"]
        assert len(rows) == len(table.rows)
        for row, own in zip(rows, table.rows, strict=True):
            for cell, value in own.items():
                if isinstance(value, Text):
                    assert row[cell] == {"zh": value.zh, "en": value.en}
                elif isinstance(value, float) and value != value:
                    assert row[cell] is None
                else:
                    assert row[cell] == value


def test_the_page_shows_the_figures_of_the_value(full: Report) -> None:
    view = _view(full.to_html(), "en")
    for key, table in _tables(full):
        if key in ("voices", "replies"):
            continue
        section = view[view.index(f'id="en-{key}"') :]
        section = section[: section.index("</section>")]
        for row in table.rows:
            for column in table.columns:
                value = row.get(column.key)
                if isinstance(value, (int, float)) and not isinstance(value, bool):
                    assert show(value, column.unit_in(row)) in section, (key, column.key)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_workbook_holds_the_figures_as_numbers(full: Report, language: str) -> None:
    from sentiment.reporting.workbook import render

    book = openpyxl.load_workbook(io.BytesIO(render(full.blocks, language)))  # type: ignore[arg-type]
    assert len(book.sheetnames) == 20
    for block, sheet in zip(full.blocks, book.worksheets, strict=True):
        found = Counter(
            round(cell.value, 6)
            for row in sheet.iter_rows()
            for cell in row
            if isinstance(cell.value, (int, float))
        )
        wanted: Counter[float] = Counter()
        for table in block.tables.values():
            for row in table.rows:
                wanted += _cells(table, row)
        assert found == wanted, block.key


def _cells(table: Table, row: Row) -> Counter[float]:
    found: Counter[float] = Counter()
    for column in table.columns:
        for key in (column.key, column.low, column.high) if column.interval else (column.key,):
            value = row.get(key)
            if isinstance(value, (int, float)) and value == value:
                found[round(value, 6)] += 1
    return found


def _number(row: Row, key: str) -> float:
    value = row[key]
    assert isinstance(value, (int, float))
    return float(value)


def _sum(rows: Sequence[Row], key: str) -> float:
    return sum((_number(row, key) for row in rows if row.get(key) is not None), 0.0)


def test_sums_hold(full: Report) -> None:
    importance = full["importance"]
    for key in ("topics", "drivers"):
        rows = importance.rows(key)
        assert _sum(rows, "part") == pytest.approx(100)
    r2 = _sum(importance.rows("drivers"), "part_of_r2")
    assert show(100 * r2, "percent") in importance.sentences[0].en
    waterfall = importance.rows("waterfall")
    steps = _sum(waterfall, "step")
    assert _number(waterfall[0], "level") + steps == pytest.approx(_number(waterfall[-1], "level"))
    assert waterfall[-2]["level"] == pytest.approx(waterfall[-1]["level"])
    mean = next(r for r in full["figures"].rows("figures") if r["code"] == "mean")
    assert waterfall[-1]["level"] == pytest.approx(mean["mean_100"])
    for key in ("topics", "drivers"):
        for row in full[key].rows(key):
            parts = ("positive", "neutral", "mixed", "negative")
            assert sum((_number(row, part) for part in parts), 0.0) == row["n"]
    assert _sum(full["method"].rows("weights"), "weight") == pytest.approx(100)
    for row in full["expectations"].rows("expectations"):
        shares = ("above", "met", "below")
        assert sum((_number(row, part) for part in shares), 0.0) == pytest.approx(100)


def test_figures_lie_within_their_intervals(full: Report) -> None:
    for key, table in _tables(full):
        for column in table.columns:
            for row in table.rows if column.interval else ():
                value, low, high = (row.get(k) for k in (column.key, column.low, column.high))
                if value is None or low is None or high is None or value != value:
                    continue
                slack = 1e-9 if key != "importance" else 1.0  # percentiles of few resamples
                assert float(low) - slack <= float(value) <= float(high) + slack, (key, column.key)  # type: ignore[arg-type]
