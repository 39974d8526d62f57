"""The report as an XLSX workbook: one sheet a block, numbers as numbers, words as words.

A cell that begins like a formula is written as the text it is (openpyxl would take "=cmd|..." for a
formula), so that no review can run anything on the reader's machine.
"""

from __future__ import annotations

import io
import math
import re
import zipfile
from collections.abc import Sequence
from typing import Any

from sentiment.reporting.values import Block, Cell, Column, Language, Row, Table, Text
from sentiment.reporting.wording import say

__all__ = ["render", "timeless"]

_FORMATS = {
    "n": "#,##0",
    "points": "0.0",
    "signed": "+0.0;-0.0;0.0",
    "percent": '0.0"%"',
    "ratio": "0.00",
    "stars": "0.00",
}
_FORMULA = frozenset("=+-@\t\r")
_WIDTHS = {"text": 60, "evidence": 70, "formula": 70, "name": 34, "series": 40, "reason": 30}
# XML 1.0 has no place for these, and Excel repairs a file that holds them by dropping the sheet.
_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_STAMP = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*(</)")
_LONGEST = 32_767  # characters in one cell


def render(blocks: Sequence[Block], language: Language) -> bytes:
    """Return the workbook's bytes; `language` is that of its headings and sentences."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    for block in blocks:
        title = block.title.get(language)
        sheet = book.create_sheet(_sheet_name(f"{block.number:02d} {title}"))
        for at, width in enumerate(_widths(block), 1):
            sheet.column_dimensions[_letter(at)].width = width
        sheet.append([_words(sheet, title, bold=True)])
        lines = [block.withheld] if block.withheld else [*block.sentences, *block.notes]
        for line in lines:
            sheet.append([_words(sheet, line.get(language))])
        for table in block.tables.values():
            _write(sheet, table, language)
    stream = io.BytesIO()
    book.save(stream)
    return timeless(stream)


def timeless(stream: io.BytesIO) -> bytes:
    """Return a saved workbook without the time of its making: the same sheets, the same bytes."""
    steady = io.BytesIO()
    with zipfile.ZipFile(stream) as source, zipfile.ZipFile(steady, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            if name == "docProps/core.xml":
                data = _STAMP.sub(rb"\g<1>2000-01-01T00:00:00Z\g<2>", data)
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            target.writestr(entry, data, zipfile.ZIP_DEFLATED)
    return steady.getvalue()


def _write(sheet: Any, table: Table, language: Language) -> None:
    sheet.append([])
    sheet.append([_words(sheet, table.title.get(language), bold=True)])
    headings: list[str] = []
    for column in table.columns:
        title = column.title.get(language)
        headings.append(title)
        if column.interval:
            headings += [say(f"column.{end}", title=title).get(language) for end in ("low", "high")]
    sheet.append([_words(sheet, heading, bold=True) for heading in headings])
    for row in table.rows:
        cells: list[Any] = []
        for column in table.columns:
            keys = [column.key, column.low, column.high] if column.interval else [column.key]
            cells += [_cell(sheet, row, column, row.get(key), language) for key in keys]
        sheet.append(cells)


def _cell(sheet: Any, row: Row, column: Column, value: Cell, language: Language) -> Any:
    from openpyxl.cell import WriteOnlyCell

    if value is None:
        return None
    if isinstance(value, (Text, str)):
        return _words(sheet, value.get(language) if isinstance(value, Text) else value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    cell = WriteOnlyCell(sheet, value=value)
    cell.number_format = _FORMATS.get(column.unit_in(row), "General")
    return cell


def _words(sheet: Any, text: str, *, bold: bool = False) -> Any:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    cell = WriteOnlyCell(sheet, value=_ILLEGAL.sub("", text)[:_LONGEST])
    cell.data_type = "s"
    if text[:1] in _FORMULA:
        # Stays text when somebody edits the cell or copies it to another sheet.
        cell.quotePrefix = True
    if bold:
        cell.font = Font(bold=True)
    return cell


def _widths(block: Block) -> list[int]:
    widths: list[int] = []
    for table in block.tables.values():
        at = 0
        for column in table.columns:
            width = _WIDTHS.get(column.key, 16)
            for extra in (width, 12, 12) if column.interval else (width,):
                if at == len(widths):
                    widths.append(extra)
                widths[at] = max(widths[at], extra)
                at += 1
    return widths or [80]


def _letter(number: int) -> str:
    from openpyxl.utils import get_column_letter

    return str(get_column_letter(number))


def _sheet_name(title: str) -> str:
    return re.sub(r"[\[\]:*?/\\]", " ", title)[:31]
