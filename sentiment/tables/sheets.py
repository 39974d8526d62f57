"""One-sheet XLSX workbooks written as a stream, the same bytes for the same rows.

Every cell of text is a string cell, so that "=1+1", "007" and "2024-1-2" stay what they are;
characters that XML cannot hold are spelled `_x0001_`, which spreadsheet programs read back. Rows
carry no numbers of their own and strings stand in their cells, so a finished chunk of rows is
simply copied into the file.
"""

from __future__ import annotations

import zipfile
from collections.abc import Container, Iterable, Sequence
from typing import BinaryIO

from sentiment.errors import OutputError
from sentiment.patterns import regex

__all__ = ["LONGEST_CELL", "MOST_COLUMNS", "MOST_ROWS", "escape", "length", "row", "workbook"]

# The limits of the format, stated by Microsoft in "Excel specifications and limits".
MOST_ROWS = 1_048_576
MOST_COLUMNS = 16_384
LONGEST_CELL = 32_767

# 1980-01-01 is the first moment that a zip archive can tell.
_MOMENT = (1980, 1, 1, 0, 0, 0)

# XML 1.0 lets nothing else below a space through, turns "\r" into "\n", and forbids surrogates and
# the last two code points of the plane. A real "_x0041_" in a text has its underscore escaped.
_ESCAPED = regex(r"_(?=x[0-9A-Fa-f]{4}_)|[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")
_MARKUP = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})

_TYPES = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels"'
    ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/xl/workbook.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
    '<Override PartName="/xl/styles.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/>'
    "</Types>"
)
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_ROOT = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="rId1" Type="{_OFFICE}/officeDocument"'
    ' Target="xl/workbook.xml"/></Relationships>'
)
_BOOK = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
    '<sheet name="feedback" sheetId="1" r:id="rId1"/></sheets></workbook>'
)
_BOOK_PARTS = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="rId1" Type="{_OFFICE}/worksheet"'
    f' Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="{_OFFICE}/styles"'
    ' Target="styles.xml"/></Relationships>'
)
# Style 1 is bold, for the header; style 2 shows four decimals.
_STYLES = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    f'<styleSheet xmlns="{_MAIN}">'
    '<numFmts count="1"><numFmt numFmtId="164" formatCode="0.0000"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
    "</styleSheet>"
)
_SHEET_START = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    f'<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
    "</sheetView></sheetViews><sheetData>"
)
_SHEET_END = "</sheetData></worksheet>"


def length(text: str) -> int:
    """Return the length of a cell as Excel counts it: characters beyond the first plane twice."""
    return len(text) + sum(1 for character in text if character > "\uffff")


def escape(text: str) -> str:
    """Return a text with the characters that XML cannot hold spelled `_x0001_`."""
    return _ESCAPED.sub(lambda match: f"_x{ord(match[0]):04X}_", text)


def row(cells: Sequence[str | None], numbers: Container[int] = (), style: int = 0) -> bytes:
    """Return one row of a sheet.

    :param cells: Text, or None for an empty cell.
    :param numbers: Places of the cells that are numbers.
    :raises OutputError: A cell is longer than the format holds.
    """
    mark = f' s="{style}"' if style else ""
    written = ["<row>"]
    for place, cell in enumerate(cells):
        if cell is None:
            written.append("<c/>")
        elif place in numbers:
            written.append(f'<c s="2"><v>{cell}</v></c>')
        else:
            if len(cell) * 2 > LONGEST_CELL and length(cell) > LONGEST_CELL:
                raise OutputError(
                    f"a cell of {length(cell):,} characters does not fit into XLSX, which holds"
                    f" {LONGEST_CELL:,}; write .parquet or .csv instead"
                )
            spelled = escape(cell).translate(_MARKUP)
            written.append(
                f'<c t="inlineStr"{mark}><is><t xml:space="preserve">{spelled}</t></is></c>'
            )
    written.append("</row>")
    return "".join(written).encode()


def workbook(stream: BinaryIO, header: Sequence[str], rows: Iterable[bytes]) -> None:
    """Write a workbook of one sheet: a bold header that stays in view, then the given rows."""
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, content in (
            ("[Content_Types].xml", _TYPES),
            ("_rels/.rels", _ROOT),
            ("xl/workbook.xml", _BOOK),
            ("xl/_rels/workbook.xml.rels", _BOOK_PARTS),
            ("xl/styles.xml", _STYLES),
        ):
            archive.writestr(_member(name), content)
        with archive.open(_member("xl/worksheets/sheet1.xml"), "w", force_zip64=True) as sheet:
            sheet.write(_SHEET_START.encode())
            sheet.write(row(header, style=1))
            for chunk in rows:
                sheet.write(chunk)
            sheet.write(_SHEET_END.encode())


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, _MOMENT)
    member.compress_type = zipfile.ZIP_DEFLATED
    member.create_system = 3  # the same bytes on every system
    member.external_attr = 0o644 << 16
    return member
