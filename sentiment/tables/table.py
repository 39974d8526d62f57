"""Opening a review export: which format, which encoding, which roles, and then its rows."""

from __future__ import annotations

import codecs
import gzip
import json
import re
import shlex
import sys
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, cast

from sentiment.errors import InputError
from sentiment.patterns import regex
from sentiment.records import Feedback
from sentiment.tables import encodings, headings
from sentiment.tables.delimited import DELIMITERS, DelimitedSource
from sentiment.tables.jsonlines import JsonSource
from sentiment.tables.layout import scored_columns
from sentiment.tables.parquet import ParquetSource
from sentiment.tables.roles import Roles, Speakers, find_roles, find_speakers, unread_texts
from sentiment.tables.rows import Reject, Source, SourceRow
from sentiment.tables.workbook import WorkbookSource

__all__ = ["ReadOptions", "Table", "feedback_of", "open_source", "open_table", "open_text"]

_HEAD = 1 << 16
# Columns that a note names.
_NAMES_SHOWN = 3
# A column of pandas' own JSON, flattened: a name and the number of a row.
_BY_NUMBER = regex(r".+\.\d+", re.DOTALL)
_BINARY = (
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"\x7fELF", "a program"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"SQLite format 3", "a database"),
    (b"ARROW1", "an Arrow file"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (b"BZh", "a bzip2 archive"),
)


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What the user said about the source; everything left out is found.

    :param text: The text columns, or dotted paths into nested JSON.
    :param id: The id column.
    :param date: The date column.
    :param outcome: The column with the answer on a scale.
    :param by: The segments.
    :param encoding: Of a text file.
    :param delimiter: Of a CSV file: one character, or "comma", "semicolon", "tab", "pipe".
    :param sheet: Of a workbook, by name.
    :param language: Of notes: "zh" or "en".
    :param roles: Found on another file of the same folder, and this one's as well.
    """

    text: tuple[str, ...] = ()
    id: str | None = None
    date: str | None = None
    outcome: str | None = None
    by: tuple[str, ...] = ()
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    language: str = "en"
    roles: Roles | None = None


class Table:
    """An opened source: what it is, and its rows."""

    def __init__(self, path: str, source: Source, options: ReadOptions) -> None:
        self.path = path
        self._source = source
        self._options = options
        self.format = source.format
        self.encoding = source.encoding
        self.delimiter = source.delimiter
        self.sheet = source.sheet
        self.notes = (*_unused(path, source.format, options), *source.notes)
        self.labels = source.labels
        columns = source.sample_columns if isinstance(source, JsonSource) else source.columns
        # What a scoring run added is no role of the source, should its output be scored again.
        added = set((scored_columns(columns) or {}).values())
        columns = tuple(name for name in columns if name not in added)
        if not source.sample:
            raise InputError(_no_row(path, next(source.rows(), None)))
        where = path if path != "-" else "standard input"
        if isinstance(source, JsonSource):
            _refuse_wrapped(where, source.sample)
        self.roles: Roles = (
            options.roles.within(columns, where)
            if options.roles is not None
            else find_roles(
                columns,
                source.sample,
                source.labels,
                text=options.text,
                id=options.id,
                date=options.date,
                outcome=options.outcome,
                by=options.by,
                where=where,
            )
        )
        if not options.text and options.roles is None:
            unread = unread_texts(columns, source.sample, source.labels, self.roles)
            self.notes += _about_unread(unread, self.roles.text[0], options.language)
        if options.roles is None:
            speakers = find_speakers(columns, source.sample, source.labels, self.roles)
            self.notes += _about_speakers(speakers, options.language)
        if options.roles is None and self.roles.outcome is None:
            scales = tuple(other.column for other in self.roles.other_outcomes)
            self.notes += _about_outcome(scales, options.language)
        if isinstance(source, DelimitedSource) and len(self.roles.text) == 1:
            source.text_column = self.roles.text[0]
        elif isinstance(source, JsonSource):
            source.text_columns = self.roles.text

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Every column of the source; of JSON this may take one pass over the file."""
        return self._source.columns

    def rows(self, start: int = 0) -> Iterator[SourceRow | Reject]:
        """Yield the rows after the first `start` (rejects count), in constant memory.

        May be called again for another pass, except on standard input.
        """
        return self._source.rows(start)

    def feedback(self, row: SourceRow) -> tuple[Feedback, ...]:
        """Return the row's feedback: one for each text column.

        `question` is set when there are several. A null text is an empty one.
        """
        return feedback_of(row, self.roles)


def feedback_of(row: SourceRow, roles: Roles) -> tuple[Feedback, ...]:
    """Return a row's feedback, one for each text column."""
    cells, id_ = row.cells, None if roles.id is None else row.cells.get(roles.id)
    if len(roles.text) == 1:
        return (Feedback(cells.get(roles.text[0]) or "", row.row, id_, None, cells, row.damage),)
    return tuple(
        Feedback(cells.get(column) or "", row.row, id_, column, cells, row.damage)
        for column in roles.text
    )


# An option, its field in `ReadOptions`, the formats that it is for, and what these are called.
_ONLY_FOR = (
    ("--sheet", "sheet", ("xlsx",), "workbooks", "工作簿"),
    ("--delimiter", "delimiter", ("csv", "tsv"), "CSV and TSV", " CSV 和 TSV"),
    ("--input-encoding", "encoding", ("csv", "tsv", "jsonl"), "text files", "文本文件"),
)
_FORMATS = {"csv": "CSV", "tsv": "TSV", "jsonl": "JSON Lines", "xlsx": "XLSX", "parquet": "Parquet"}


def _unused(path: str, format: str, options: ReadOptions) -> tuple[str, ...]:  # noqa: A002
    """Return a sentence for each option that a file of this format has no use for."""
    given = [
        (option, english, chinese)
        for option, field, formats, english, chinese in _ONLY_FOR
        if getattr(options, field) is not None and format not in formats
    ]
    kind = _FORMATS[format]
    if options.language == "zh":
        return tuple(
            f"{option} 适用于{chinese}；{path} 是 {kind}，用不上它。"
            for option, _, chinese in given
        )
    return tuple(
        f"{option} is for {english}; {path} is {kind} and has no use for it."
        for option, english, _ in given
    )


def _about_unread(unread: Sequence[str], text: str, language: str) -> tuple[str, ...]:
    """Return a sentence on columns with words of customers that are not read."""
    if not unread:
        return ()
    shown = unread[:_NAMES_SHOWN]
    names = [f"“{name}”" for name in shown]
    options = " ".join(f"--text {shlex.quote(name)}" for name in (text, *shown))
    rest = len(unread) - len(shown)
    if language == "zh":
        more = f" 等 {len(unread)} 列" if rest else ""
        return (f"只读取“{text}”；{'、'.join(names)}{more}看来也是文本，若要一并读取：{options}",)
    if len(unread) == 1:
        told = f"{names[0]} looks like text, too, and is not read. To read it as well"
    else:
        more = f" and {rest} more" if rest else ""
        told = (
            f"{', '.join(names)}{more} look like text, too, and are not read. To read them as well"
        )
    return (f"The text is read from “{text}”; {told}: {options}",)


def _about_speakers(speakers: Speakers | None, language: str) -> tuple[str, ...]:
    """Return a sentence on rows of a chat that are not the customer's."""
    if speakers is None:
        return ()
    column, rows, of = speakers.column, speakers.rows, speakers.of
    if language == "zh":
        others = "、".join(f"“{name}”" for name in speakers.others)
        return (
            f"“{column}”列说明每行是谁说的：看过的 {of:,} 行中有 {rows:,} 行不是客户的话（{others}），"
            "也会当作反馈分析；请先筛去这些行。",
        )
    others = ", ".join(f"“{name}”" for name in speakers.others)
    return (
        f"Column “{column}” says who wrote each row: of the {of:,} rows looked at, {rows:,} are not"
        f" the customer's ({others}) and count as feedback, too; filter them out first.",
    )


def _about_outcome(scales: Sequence[str], language: str) -> tuple[str, ...]:
    """Return a sentence on columns that look like scores where none says that it is one."""
    if not scales:
        return ()
    shown = scales[:_NAMES_SHOWN]
    option = f"--outcome {shlex.quote(scales[0])}"
    names = [f"“{name}”" for name in shown]
    rest = len(scales) - len(shown)
    if language == "zh":
        more = f" 等 {len(scales)} 列" if rest else ""
        return (f"没有列标明是评分；{'、'.join(names)}{more}看来是分数，若要作为评分：{option}",)
    more = f" and {rest} more" if rest else ""
    looks = "looks like scores" if len(scales) == 1 else "look like scores"
    return (
        f"No column says that it is a score; {', '.join(names)}{more} {looks}. To take one for it:"
        f" {option}",
    )


def _no_row(path: str, first: SourceRow | Reject | None) -> str:
    if path != "-" and isinstance(first, Reject):
        return (
            f"{path} holds no row that can be read (row {first.row}: {first.reason}); check that it is"
            " what its name says"
        )
    if path != "-":
        return f"{path} holds no data row; choose a file with feedback in it"
    return (
        "standard input holds no record: it is read as JSON lines, one object a line; "
        "save CSV, TSV, XLSX or Parquet as a file and name that"
    )


def _refuse_wrapped(path: str, sample: Sequence[SourceRow]) -> None:
    """Refuse JSON of which one object holds all records: scored, it would be a single row."""
    if len(sample) != 1:
        return
    cells = sample[0].cells
    if len(cells) > 1 and all(map(_BY_NUMBER.fullmatch, cells)):
        raise InputError(
            f"{path} holds its table column by column, as pandas' to_json writes it; save it with"
            ' orient="records", lines=True'
        )
    if any(cell and headings.is_text(name) and cell[:1] != "[" for name, cell in cells.items()):
        return
    for name, cell in cells.items():
        if cell and cell.startswith("[{") and _are_several(cell):
            raise InputError(
                f"{path} is one object with its records under {name!r}; save that list as a file of its"
                " own"
            )


def _are_several(cell: str) -> bool:
    """Say whether a cell is a list of several things in JSON, and no text that begins as one."""
    try:
        return len(json.loads(cell)) > 1
    except (ValueError, RecursionError):
        return False


def open_table(path: str | Path, options: ReadOptions | None = None) -> Table:
    """Open a review export, find its format, encoding and roles; "-" is JSON lines on stdin.

    :raises InputError: It is missing, a directory, empty, binary, or damaged beyond reading.
    :raises ColumnError: A role has no column, or two that could equally be it.
    """
    options = options or ReadOptions()
    if str(path) == "-":
        encoding = encodings.known(options.encoding) if options.encoding else None
        source: Source = JsonSource(lambda: sys.stdin.buffer, encoding, options.text, once=True)
        return Table("-", source, options)
    path = Path(path)
    return Table(str(path), open_source(path, options), options)


def open_source(path: Path, options: ReadOptions | None = None) -> Source:
    """Open a file in its format, without looking for roles.

    :raises InputError: As `open_table`.
    """
    options = options or ReadOptions()
    head = _head(path)
    if head[:4] == b"PAR1":
        return ParquetSource(path)
    if head[:4] == b"PK\x03\x04":
        return WorkbookSource(path, options.sheet, options.language)
    encoding = encodings.known(options.encoding) if options.encoding else None
    _refuse_binary(path, head, encoding)
    if encoding in ("utf-16", "utf-32") and not head.startswith(
        (b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe")
    ):
        raise InputError(
            f"{path} does not begin with the mark that {encoding} is told by; give {encoding}-le or"
            f" {encoding}-be, or leave the encoding out"
        )

    def opener() -> BinaryIO:
        return open_text(path)

    if _is_json(path, head):
        return JsonSource(opener, encoding, options.text)
    prefer = "\t" if _suffix(path) in (".tsv", ".tab") else ","
    return DelimitedSource(
        opener, encoding, _delimiter(options.delimiter), prefer, options.language
    )


def _head(path: Path) -> bytes:
    """Return the first bytes of what the file holds, unpacked if it is gzip.

    :raises InputError: There is nothing to read.
    """
    if path.is_dir():
        raise InputError(f"{path} is a folder; name a file in it")
    try:
        with open_text(path) as stream:
            head = stream.read(_HEAD)
    except FileNotFoundError:
        raise InputError(f"there is no file {path}; check the name and the folder") from None
    except (OSError, EOFError) as error:
        raise InputError(f"{path} cannot be read ({error}); check the file") from None
    if not head.strip(b"\xef\xbb\xbf \t\r\n"):
        raise InputError(f"{path} is empty; choose a file with feedback in it")
    return head


def open_text(path: Path) -> BinaryIO:
    """Open a file of text at its first byte, unpacked if it is gzip."""
    stream = path.open("rb")
    magic = stream.read(2)
    stream.seek(0)
    if magic == b"\x1f\x8b":
        return cast("BinaryIO", _Unzipped(stream, path))
    return stream


class _Unzipped(gzip.GzipFile):
    """A gzip stream that closes the file beneath it, and says it when the file is damaged."""

    def __init__(self, beneath: BinaryIO, path: Path) -> None:
        super().__init__(fileobj=beneath, mode="rb")
        self._beneath = beneath
        self._path = path

    # All ways to read it; lines that are iterated over come by `readline`, `readinto` by `read`.

    def read(self, size: int | None = -1) -> bytes:
        """Read as `GzipFile` does."""
        with self._telling_damage():
            return super().read(-1 if size is None else size)

    def read1(self, size: int = -1) -> bytes:
        """Read as `GzipFile` does."""
        with self._telling_damage():
            return super().read1(size)

    def readline(self, size: int | None = -1) -> bytes:
        """Read as `GzipFile` does."""
        with self._telling_damage():
            return super().readline(-1 if size is None else size)

    def peek(self, n: int) -> bytes:
        """Look ahead as `GzipFile` does."""
        with self._telling_damage():
            return super().peek(n)

    @contextmanager
    def _telling_damage(self) -> Iterator[None]:
        """Turn what gzip says about a damaged file into a sentence.

        :raises InputError: The file is cut off or damaged.
        """
        try:
            yield
        except (OSError, EOFError, zlib.error) as error:
            raise InputError(
                f"{self._path} cannot be unpacked to its end ({error}); get the file again"
            ) from None

    def close(self) -> None:
        """Close both."""
        super().close()
        self._beneath.close()


def _refuse_binary(path: Path, head: bytes, encoding: str | None) -> None:
    if head[:4] == b"\xd0\xcf\x11\xe0":
        raise InputError(
            f"{path} is an old Excel file (.xls) or one with a password; save it as .xlsx"
            " without a password"
        )
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if start.startswith((b"<?xml", b"{\\rtf")):
        kind = "XML" if start.startswith(b"<") else "RTF"
        raise InputError(
            f"{path} is {kind}, whatever its name says; open it in a spreadsheet program and save it"
            " as .xlsx"
        )
    if start.startswith((b"<html", b"<!doctype", b"<table")) or b"<table" in start[:4096]:
        raise InputError(
            f"{path} is a web page, whatever its name says; open it in a spreadsheet program and"
            " save it as .xlsx"
        )
    named = next((what for magic, what in _BINARY if head.startswith(magic)), None)
    if named is None and not _is_wide(head, encoding) and _is_noise(head):
        named = "binary data"
    if named is not None:
        raise InputError(
            f"{path} is {named}, not a table; give CSV, TSV, XLSX, JSON lines or Parquet"
        )


def _is_wide(head: bytes, encoding: str | None) -> bool:
    """Say whether every byte may be half a character, as the user or the file says."""
    if encoding is not None and encoding.startswith(("utf-16", "utf-32")):
        return True
    marked = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    return marked or encodings.unmarked_wide(head) is not None


def _is_noise(head: bytes) -> bool:
    """Tell binary data by control characters that no text has; zeros may be UTF-16."""
    control = sum(head.count(byte) for byte in range(1, 32) if byte not in (9, 10, 12, 13, 27))
    zeros = head.count(0)
    even, odd = head[0::2].count(0), head[1::2].count(0)
    scattered = zeros > 0.1 * len(head) and min(even, odd) > 0.1 * zeros
    # A small file may well have some control characters in it and be text all the same.
    most = 0.3 if _is_utf8(head) else 0.03
    return control > most * len(head) or scattered


def _is_utf8(head: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return True


def _is_json(path: Path, head: bytes) -> bool:
    suffix = _suffix(path)
    if suffix in (".json", ".jsonl", ".ndjson"):
        return True
    if suffix in (".csv", ".tsv", ".tab"):
        return False
    text = head.lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n").replace(b"\0", b"")
    return text.startswith((b'{"', b'[{"', b'{ "'))


def _suffix(path: Path) -> str:
    """Return the suffix that tells the format: the last one that tells no compression."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    return next((suffix for suffix in reversed(suffixes) if suffix != ".gz"), "")


def _delimiter(given: str | None) -> str | None:
    if given is None:
        return None
    names = {name: mark for mark, name in DELIMITERS.items()} | {"\\t": "\t"}
    mark = names.get(given, given)
    if len(mark) != 1 or mark in '"\r\n':
        raise InputError(
            f"{given!r} cannot be a delimiter; use one character, or comma, semicolon, tab or pipe"
        )
    return mark
