"""XLSX: the sheet with the feedback, its cells as text.

The file is checked before it is opened, because it is a zip archive: one that unpacks to far more
than any workbook does is refused. Merged cells give their value to every row and column that they
cover, as a person sees them; a formula gives the value that was saved with it.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from sentiment.errors import InputError
from sentiment.patterns import regex
from sentiment.tables.header import Header, find_header
from sentiment.tables.parquet import spell_duration, spell_float, spell_moment
from sentiment.tables.rows import SourceRow, display_width, take_sample, without_surrogates

__all__ = ["WorkbookSource", "unescape"]

# A sheet of text packs four- to twentyfold, one of repeated values a hundredfold. Deflate ends at
# about a thousandfold, and only a bomb comes near it.
_SMALL = 200 << 20
_MOST_PACKED = 150
_LARGEST = 16 << 30

_ESCAPE = regex(r"_x([0-9A-Fa-f]{4})_")
_ZEROS = regex(r"0{2,}")
_MERGED = regex(rb'<(?:\w+:)?mergeCell [^>]*?ref="([A-Z]+)(\d+):([A-Z]+)(\d+)"')
_NO_VALUE = regex(rb"</(?:\w+:)?f>(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?</(?:\w+:)?c>")
_DOCTYPE = regex(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)


def unescape(text: str) -> str:
    """Return the characters that XML cannot hold from their `_x0001_` spelling."""
    if "_x" not in text:
        return text
    return without_surrogates(_ESCAPE.sub(lambda match: chr(int(match[1], 16)), text))


@dataclass(frozen=True, slots=True)
class _Merge:
    top: int
    left: int
    bottom: int
    right: int


class _Sheet:
    """One sheet of an open workbook, as rows of strings."""

    def __init__(self, path: Path, book: Any, name: str) -> None:
        self.name = name
        self._path = path
        self._book = book
        # openpyxl keeps to itself which member a sheet is; its read-only sheets know no merges.
        part = str(book[name]._worksheet_path).lstrip("/")
        self._merges, self.formulas_without_value = _scan(path, part)

    def rows(self) -> Iterator[list[str | None]]:
        """Yield every row of the sheet, blank ones too, so that merged ranges keep their place."""
        sheet = self._book[self.name]
        sheet.reset_dimensions()  # writers state them wrongly; the cells themselves are right
        waiting = sorted(self._merges, key=lambda merge: merge.top, reverse=True)
        active: list[tuple[_Merge, str | None]] = []
        for number, row in enumerate(self._unmerged(sheet), start=1):
            while waiting and waiting[-1].top <= number:
                merge = waiting.pop()
                if merge.left <= len(row):
                    active.append((merge, row[merge.left - 1]))
            if active:
                row = _spread(row, number, active)
                active = [(merge, value) for merge, value in active if merge.bottom > number]
            yield row

    def _unmerged(self, sheet: Any) -> Iterator[list[str | None]]:
        number = 0
        try:
            for cells in sheet.iter_rows():
                number += 1
                yield [_spell(cell) for cell in cells]
        except GeneratorExit:
            raise
        except Exception as error:  # the archive, the XML or a cell may be broken, each in its way
            raise InputError(
                f"{self._path}, sheet {self.name!r} cannot be read on after row {number}"
                f" ({type(error).__name__}: {error}); open it in a spreadsheet program and save it"
                " again"
            ) from None


def _spread(
    row: list[str | None], number: int, active: Sequence[tuple[_Merge, str | None]]
) -> list[str | None]:
    for merge, value in active:
        row = row + [None] * (merge.right - len(row)) if value is not None else row
        for place in range(merge.left - 1, min(merge.right, len(row))):
            if row[place] is None and number <= merge.bottom:
                row[place] = value
    return row


def _spell(cell: Any) -> str | None:
    value = cell.value
    if value is None:
        return None
    if isinstance(value, str):
        return unescape(value)
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        text = spell_float(float(f"{value:.15g}")) if isinstance(value, float) else str(value)
        shown = str(cell.number_format)
        # 7 formatted as 00007 is the postcode or number that the person typed.
        return text.zfill(len(shown)) if _ZEROS.fullmatch(shown) and text.isdigit() else text
    if isinstance(value, dt.datetime):
        return spell_moment(value)
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, dt.timedelta):
        return spell_duration(value)
    return str(value)


class WorkbookSource:
    """An XLSX workbook."""

    format = "xlsx"
    encoding: str | None = None
    delimiter: str | None = None

    def __init__(self, path: Path, sheet: str | None = None, language: str = "en") -> None:
        self._path = path
        _refuse_bomb(path)
        self._book = _open_book(path)
        notes: list[str] = []
        self._sheet = self._choose(sheet, language, notes)
        self.sheet: str | None = self._sheet.name
        self._header = _header_of(self._sheet, language)
        self.columns = self._header.names
        self.labels: Mapping[str, str] = self._header.labels
        if self._sheet.formulas_without_value:
            notes.append(_formulas_note(self._sheet.formulas_without_value, language))
        self.notes = (*notes, *self._header.notes)
        if not self.columns:
            raise InputError(f"{path} holds no row; choose a file with feedback in it")

    def _choose(self, wanted: str | None, language: str, notes: list[str]) -> _Sheet:
        names = [sheet.title for sheet in self._book.worksheets]
        if wanted is not None:
            if wanted not in names:
                quoted = ", ".join(f"“{name}”" for name in names)
                raise InputError(f"{self._path} has no sheet {wanted!r}; its sheets are {quoted}")
            return _Sheet(self._path, self._book, wanted)
        if not names:
            raise InputError(f"{self._path} holds no worksheet; choose a file with feedback in it")
        sheets = [_Sheet(self._path, self._book, name) for name in names]
        if len(sheets) == 1:
            return sheets[0]
        best = max(sheets, key=_feedback_score)  # the first of equals
        notes.append(_sheet_note(best.name, names, language))
        return best

    @cached_property
    def sample(self) -> list[SourceRow]:
        """The first rows, at most `SAMPLE_ROWS` and `SAMPLE_CHARACTERS`."""
        return take_sample(self.rows())

    def rows(self, start: int = 0) -> Iterator[SourceRow]:
        """Yield the rows after the first `start`; a completely blank row is no record."""
        number = -self._header.skip
        width = len(self.columns)
        heading = list(self._header.cells)
        for cells in _records(self._sheet):
            number += 1
            if number <= start:
                continue
            damage = None
            if len(cells) > width:
                damage = f"{len(cells)} cells instead of {width}"
                cells = [*cells[: width - 1], " ".join(c for c in cells[width - 1 :] if c)]
            row = cells + [None] * (width - len(cells))
            if heading and [cell or "" for cell in row] == heading:
                damage = "the header row again"
            yield SourceRow(number, dict(zip(self.columns, row, strict=True)), damage)


def _records(sheet: _Sheet) -> Iterator[list[str | None]]:
    for row in sheet.rows():
        while row and row[-1] is None:
            row.pop()
        if row:
            yield row


def _header_of(sheet: _Sheet, language: str) -> Header:
    head = [[cell or "" for cell in row] for row in islice(_records(sheet), 200)]
    # Rows end with their last filled cell here: the widest one shows how many columns there are.
    width = max(map(len, head), default=0)
    return find_header([row + [""] * (width - len(row)) for row in head], language)


def _feedback_score(sheet: _Sheet) -> float:
    """Return how much free text the head of a sheet holds, in characters of distinct long cells."""
    cells: set[str] = set()
    for row in islice(_records(sheet), 200):
        cells.update(cell for cell in row if cell)
    wide = sum(min(width, 400) for width in map(display_width, cells) if width >= 12)
    # A page of explanation is long too, but has one cell a row; a table has several.
    rows = list(islice(_records(sheet), 200))
    several = sum(1 for row in rows if sum(cell is not None for cell in row) > 1)
    return wide * (0.2 + several / max(1, len(rows))) + len(rows) / 1000


class _File(io.RawIOBase):
    """A file that is open only while it is read, so that a workbook in use locks nothing.

    openpyxl keeps the archive of a workbook open for as long as its sheets can be read; opening it
    anew for every pass would parse all its strings again.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._place = 0
        self._size = path.stat().st_size

    def readable(self) -> bool:
        """Say yes."""
        return True

    def seekable(self) -> bool:
        """Say yes."""
        return True

    def tell(self) -> int:
        """Return where the next read begins."""
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Choose where the next read begins."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence]
        self._place = max(0, base + offset)
        return self._place

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer as far as the file goes."""
        with self._path.open("rb", buffering=0) as file:
            file.seek(self._place)
            count = file.readinto(buffer) or 0
        self._place += count
        return count


def _open_book(path: Path) -> Any:
    import openpyxl

    try:
        with warnings.catch_warnings():
            # Styles and extensions that it cannot keep: nothing to a reader of cells.
            warnings.simplefilter("ignore")
            file = io.BufferedReader(_File(path), 1 << 16)
            return openpyxl.load_workbook(file, read_only=True, data_only=True)
    except Exception as error:  # openpyxl lets KeyError, ValueError, BadZipFile and more through
        raise InputError(
            f"{path} is not a readable XLSX workbook ({type(error).__name__}: {error});"
            " open it in a spreadsheet program and save it again"
        ) from None


def _refuse_bomb(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            for member in members:
                if member.filename.endswith((".xml", ".rels")):
                    with archive.open(member) as stream:
                        if _DOCTYPE.search(stream.read(2048)):
                            raise InputError(
                                f"{path} declares XML entities in {member.filename}, which no"
                                " spreadsheet program writes; it is refused"
                            )
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError) as error:
        raise InputError(
            f"{path} is not a readable XLSX workbook ({error}); save it again, without a password"
        ) from None
    unpacked = sum(member.file_size for member in members)
    packed = max(1, sum(member.compress_size for member in members))
    if unpacked > _LARGEST or (unpacked > _SMALL and unpacked / packed > _MOST_PACKED):
        raise InputError(
            f"{path} would unpack from {packed:,} to {unpacked:,} bytes, which no workbook of"
            " feedback does; it is refused. If it is real, export it as CSV"
        )


def _scan(path: Path, part: str) -> tuple[list[_Merge], int]:
    """Scan a sheet, and refuse it if it cannot be unpacked."""
    try:
        return _merges_and_formulas(path, part)
    except (KeyError, OSError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        raise InputError(
            f"{path} is damaged in {part} ({error}); open it in a spreadsheet program and save it"
            " again"
        ) from None


def _merges_and_formulas(path: Path, part: str) -> tuple[list[_Merge], int]:
    """Read the merged ranges, which stand after the cells, and count formulas without a value."""
    merges: list[_Merge] = []
    formulas = 0
    with zipfile.ZipFile(path) as archive, archive.open(part) as stream:
        held = b""
        while chunk := stream.read(1 << 20):
            block = held + chunk
            cut = block.rfind(b"><") + 1 or len(block)
            block, held = block[:cut], block[cut:]
            formulas += sum(1 for _ in _NO_VALUE.finditer(block))
            merges += map(_merge, _MERGED.finditer(block))
        formulas += sum(1 for _ in _NO_VALUE.finditer(held))
        merges += map(_merge, _MERGED.finditer(held))
    return merges, formulas


def _merge(match: re.Match[bytes]) -> _Merge:
    left, top, right, bottom = match.groups()
    return _Merge(int(top), _column(left), int(bottom), _column(right))


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _sheet_note(chosen: str, names: Sequence[str], language: str) -> str:
    if language == "zh":
        listed = "、".join(names)
        return f"工作簿有 {len(names)} 个工作表（{listed}），读取“{chosen}”；可用 --sheet 指定。"
    return (
        f"The workbook has {len(names)} sheets ({', '.join(names)}); {chosen!r} is read."
        " Use --sheet for another."
    )


def _formulas_note(count: int, language: str) -> str:
    if language == "zh":
        return f"{count} 个公式没有保存结果，读作空；请在表格软件中打开并保存一次。"
    formulas, read = ("formulas have", "read") if count != 1 else ("formula has", "reads")
    return (
        f"{count} {formulas} no saved value and {read} as empty; open and save the file in a"
        " spreadsheet program once."
    )
