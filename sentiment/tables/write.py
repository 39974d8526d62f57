"""Writing analyses: finished chunks that do not know of each other, then one file out of them.

A job writes its chunks as they are scored and can be killed between any two. `part` gives the bytes
of one chunk; `assemble` streams the chunks into the final file, which appears under its name only
when it is complete. The same parts give the same bytes in every format.
"""

from __future__ import annotations

import codecs
import io
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from typing import Any, BinaryIO, Protocol, TypeVar

from sentiment.errors import InputError, OutputError
from sentiment.records import Analysis, Opinion, Tag
from sentiment.tables import sheets
from sentiment.tables.encodings import python_name
from sentiment.tables.layout import Layout
from sentiment.tables.rows import SourceRow
from sentiment.tables.table import Table

__all__ = ["FORMATS", "Writer", "check_capacity", "format_of", "open_writer"]

FORMATS = ("csv", "tsv", "xlsx", "jsonl", "parquet")

_SUFFIXES = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".xlsx": "xlsx",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}
_COPY = 1 << 20
# Encodings of which Python begins everything with a mark: the mark, and the encoding without it.
_MARKED = {
    "utf-8-sig": (codecs.BOM_UTF8, "utf-8"),
    "utf-16": (codecs.BOM_UTF16_LE, "utf-16-le"),
    "utf-32": (codecs.BOM_UTF32_LE, "utf-32-le"),
}

# Rows in one group of a Parquet file: large enough to compress, small enough to hold.
_ROW_GROUP = 20_000
_GROUP_BYTES = 64 << 20

# Evidence is forty or eighty characters, unless the text line squeezed what it stands for.
_SHORTER_EVIDENCE = (4000, 400, 80, 8)

_Found = TypeVar("_Found", Opinion, Tag)


class Writer(Protocol):
    """Turns analyses into the bytes of one format."""

    layout: Layout

    def part(self, analyses: Sequence[Analysis]) -> bytes:
        """Return one finished chunk, independent of its neighbours."""

    def assemble(self, parts: Iterable[Path], out: Path) -> None:
        """Write the final file from the chunks in their order, streaming and atomically.

        :raises OutputError: The file cannot be written.
        """


def format_of(path: str | Path) -> str:
    """Return the format that an output's name asks for.

    :raises OutputError: The name asks for none that is known.
    """
    if str(path) == "-":
        return "jsonl"
    suffix = Path(path).suffix.casefold()
    if suffix not in _SUFFIXES:
        raise OutputError(
            f"{path} has no ending that names a format; end it in .csv, .tsv, .xlsx, .jsonl or"
            " .parquet"
        )
    return _SUFFIXES[suffix]


def open_writer(
    format: str,  # noqa: A002 - what it is called everywhere
    columns: Sequence[str],
    taxonomy_topics: Sequence[str],
    questions: bool = False,
    encoding: str | None = None,
) -> Writer:
    """Return the writer of a format.

    :param columns: The source's columns.
    :param taxonomy_topics: Names of the topics, one added column each.
    :param questions: Whether each source row has several answers, hence several output rows.
    :param encoding: Of CSV and TSV; UTF-8 with a byte order mark when None, for Excel.
    :raises InputError: An unknown format or encoding.
    """
    layout = Layout(tuple(columns), tuple(taxonomy_topics), questions)
    if format in ("csv", "tsv"):
        delimiter = "\t" if format == "tsv" else ","
        return _DelimitedWriter(layout, "utf-8-sig" if encoding is None else encoding, delimiter)
    if format == "jsonl":
        return _JsonWriter(layout)
    if format == "parquet":
        return _ParquetWriter(layout)
    if format == "xlsx":
        return _SheetWriter(layout)
    raise InputError(f"no output format is called {format!r}; use {', '.join(FORMATS)}")


def check_capacity(format: str, table: Table) -> None:  # noqa: A002 - its name everywhere
    """Refuse what a format cannot hold; to be called before anything is scored.

    Only XLSX has limits, and they are found by reading the source once, which standard input cannot
    spare.

    :raises OutputError: Too many rows or columns, or too long a cell, and which.
    """
    if format != "xlsx":
        return
    layout = Layout(table.columns, (), len(table.roles.text) > 1)
    if len(layout.names) > sheets.MOST_COLUMNS - 100:  # room for the topics
        raise OutputError(
            f"{table.path} has {len(table.columns):,} columns and an XLSX sheet holds"
            f" {sheets.MOST_COLUMNS:,}; write .parquet or .csv instead"
        )
    if too_long := next(filter(_is_too_long, layout.names), None):
        raise OutputError(
            f"{table.path}: the column name {too_long[:40]!r}… has {sheets.length(too_long):,}"
            f" characters and an XLSX cell holds {sheets.LONGEST_CELL:,}; write .parquet or .csv"
            " instead"
        )
    most = (sheets.MOST_ROWS - 1) // len(table.roles.text)
    for count, row in enumerate(table.rows(), start=1):
        if count > most:
            raise OutputError(
                f"{table.path} has more than {most:,} rows, which is what an XLSX sheet holds;"
                " write .parquet or .csv instead"
            )
        if isinstance(row, SourceRow):
            _check_cells(row, table.path)


def _check_cells(row: SourceRow, path: str) -> None:
    for name, cell in row.cells.items():
        if cell is not None and _is_too_long(cell):
            raise OutputError(
                f"{path}, row {row.row}, column “{name}” has {sheets.length(cell):,} characters and"
                f" an XLSX cell holds {sheets.LONGEST_CELL:,}; write .parquet or .csv instead"
            )


@contextmanager
def _atomic(out: Path) -> Iterator[BinaryIO]:
    """Give a file beside the output that takes its name when everything went well.

    Always the same file, so that a killed job leaves one behind at most.
    """
    beside = out.with_name(f".{out.name}.tmp")
    try:
        with beside.open("wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(beside, out)
    except BaseException as error:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise OutputError(
                f"{out} cannot be written ({error.strerror or error}); check the folder, its"
                " permissions and the space left"
            ) from error
        raise


def _copy(parts: Iterable[Path], stream: BinaryIO) -> None:
    for part in parts:
        with part.open("rb") as source:
            while chunk := source.read(_COPY):
                stream.write(chunk)


class _DelimitedWriter:
    """CSV and TSV: a part is rows without the header."""

    def __init__(self, layout: Layout, encoding: str, delimiter: str) -> None:
        self.layout = layout
        name = python_name(encoding)
        if name == "gb2312":
            name = (
                "gbk"  # which whatever reads GB2312 reads; names have characters that GB2312 lacks
            )
        self._mark, self._encoding = _MARKED.get(name, (b"", name))
        self._delimiter = delimiter
        self._marks = (delimiter, '"', "\r", "\n")
        self._special = re.compile(f'[{re.escape(delimiter)}"\r\n]').search

    def part(self, analyses: Sequence[Analysis]) -> bytes:
        """Return the rows."""
        return self._encoded(self.layout.columns_of(analyses))

    def assemble(self, parts: Iterable[Path], out: Path) -> None:
        """Write mark, header and rows."""
        with _atomic(out) as stream:
            stream.write(self._mark)
            stream.write(self._encoded([[name] for name in self.layout.names]))
            _copy(parts, stream)

    def _encoded(self, columns: Iterable[Sequence[str | None]]) -> bytes:
        # As csv.writer has it, which looks at every letter and takes far longer.
        lines = map(self._delimiter.join, zip(*map(self._column, columns), strict=True))
        text = "\r\n".join([*lines, ""])
        # What the encoding lacks is written as &#128512; rather than lost.
        return text.encode(self._encoding, errors="xmlcharrefreplace")

    def _column(self, cells: Sequence[str | None]) -> Sequence[str]:
        """Return the cells of a column as they are written."""
        plain = [cell or "" for cell in cells]
        # In most columns no cell is special; a look at all of them for each mark tells that, in a
        # fraction of the time that a pattern takes.
        whole = "".join(plain)
        if not any(mark in whole for mark in self._marks):
            return plain
        special = self._special
        return [cell if special(cell) is None else _quoted(cell) for cell in plain]


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'


class _JsonWriter:
    """JSON lines: a part is the lines."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout

    def part(self, analyses: Sequence[Analysis]) -> bytes:
        """Return the records, a line each."""
        return "".join(f"{analysis.to_json()}\n" for analysis in analyses).encode()

    def assemble(self, parts: Iterable[Path], out: Path) -> None:
        """Write one part after the other."""
        with _atomic(out) as stream:
            _copy(parts, stream)


class _SheetWriter:
    """XLSX: a part is the sheet's rows as XML."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._numbers = frozenset(
            len(layout.columns) + place
            for place, name in enumerate(layout.added)
            if name in ("sentiment_score", "confidence")
        )

    def part(self, analyses: Sequence[Analysis]) -> bytes:
        """Return the rows.

        :raises OutputError: A cell is longer than XLSX holds.
        """
        rows = zip(*self.layout.columns_of(analyses), strict=True)
        return b"".join(
            sheets.row(self._fitting(list(cells), analysis), self._numbers)
            for cells, analysis in zip(rows, analyses, strict=True)
        )

    def _fitting(self, cells: list[str | None], analysis: Analysis) -> list[str | None]:
        """Return the cells of an analysis; evidence is cut where a cell of ours would not fit.

        The source's own cells were checked before anything was scored. What is added to them is
        only too long where the words of an opinion are a page of one repeated letter.
        """
        for longest in _SHORTER_EVIDENCE:
            if not any(map(_is_too_long, cells[len(self.layout.columns) :])):
                break
            columns = self.layout.columns_of([_with_evidence_of(analysis, longest)])
            cells = [cell for (cell,) in columns]
        return cells

    def assemble(self, parts: Iterable[Path], out: Path) -> None:
        """Write the workbook with one sheet."""
        with _atomic(out) as stream:
            sheets.workbook(stream, self.layout.names, _chunks(parts))


def _is_too_long(cell: str | None) -> bool:
    # No character counts more than twice, so most cells need no count.
    return cell is not None and len(cell) * 2 > sheets.LONGEST_CELL < sheets.length(cell)


def _with_evidence_of(analysis: Analysis, longest: int) -> Analysis:
    """Return the analysis with every evidence, and its span, cut to so many characters."""

    def cut(found: _Found) -> _Found:
        end = min(found.end, found.start + longest)
        return replace(found, evidence=found.evidence[: end - found.start], end=end)

    opinions, tags = map(cut, analysis.opinions), map(cut, analysis.tags)
    return replace(analysis, opinions=tuple(opinions), tags=tuple(tags))


def _chunks(parts: Iterable[Path]) -> Iterator[bytes]:
    for part in parts:
        with part.open("rb") as source:
            while chunk := source.read(_COPY):
                yield chunk


class _ParquetWriter:
    """Parquet: a part is an Arrow stream of one table."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout

    @property
    def _schema(self) -> Any:
        import pyarrow as pa

        finding = [
            ("polarity", pa.string()),
            ("confidence", pa.float64()),
            ("evidence", pa.string()),
            ("start", pa.int64()),
            ("end", pa.int64()),
        ]
        opinion = pa.struct([("topic", pa.string()), ("driver", pa.string()), *finding])
        kinds = {
            "sentiment_score": pa.float64(),
            "confidence": pa.float64(),
            "opinions": pa.list_(opinion),
        }
        count = len(self.layout.columns)
        fields = [pa.field(name, pa.string()) for name in self.layout.columns]
        fields += [
            pa.field(name, kinds.get(logical, pa.string()))
            for name, logical in zip(self.layout.names[count:], self.layout.added, strict=True)
        ]
        return pa.schema(fields)

    def part(self, analyses: Sequence[Analysis]) -> bytes:
        """Return the rows as an Arrow stream."""
        import pyarrow as pa

        schema = self._schema
        columns = self._columns(analyses)
        arrays = [
            _opinions(analyses, field.type)
            if pa.types.is_list(field.type)
            else pa.array(column, field.type)
            for column, field in zip(columns, schema, strict=True)
        ]
        sink = io.BytesIO()
        with pa.ipc.new_stream(sink, schema) as stream:
            for batch in pa.Table.from_arrays(arrays, schema=schema).to_batches():
                stream.write_batch(batch)
        return sink.getvalue()

    def _columns(self, analyses: Sequence[Analysis]) -> list[Sequence[Any]]:
        """Return the cells by column, numbers as numbers."""
        columns: list[Sequence[Any]] = list(self.layout.columns_of(analyses))
        for place, name in enumerate(self.layout.added, start=len(self.layout.columns)):
            if name in ("sentiment_score", "confidence"):
                columns[place] = [None if c is None else float(c) for c in columns[place]]
        return columns

    def assemble(self, parts: Iterable[Path], out: Path) -> None:
        """Write the parts as row groups of one file."""
        import pyarrow.parquet as pq

        with (
            _atomic(out) as stream,
            pq.ParquetWriter(stream, self._schema, compression="zstd") as writer,
        ):
            for table in _groups(parts):
                writer.write_table(table, row_group_size=_ROW_GROUP)


def _opinions(analyses: Sequence[Analysis], kind: Any) -> Any:
    """Return the opinions as an array of lists of structs, built field by field.

    That is five times as fast as handing pyarrow a list of dicts.
    """
    import pyarrow as pa

    offsets = [0, *accumulate(len(analysis.opinions) for analysis in analyses)]
    records = [opinion.to_dict() for analysis in analyses for opinion in analysis.opinions]
    struct = kind.value_type
    fields = [struct.field(place) for place in range(struct.num_fields)]
    arrays = [pa.array([record[f.name] for record in records], f.type) for f in fields]
    return pa.ListArray.from_arrays(
        pa.array(offsets, pa.int32()), pa.StructArray.from_arrays(arrays, fields=fields), type=kind
    )


def _groups(parts: Iterable[Path]) -> Iterator[Any]:
    """Yield tables of about a row group each, out of parts of any size."""
    import pyarrow as pa

    held: list[Any] = []
    for part in parts:
        with pa.ipc.open_stream(part.read_bytes()) as source:
            held.append(source.read_all())
        if sum(map(len, held)) >= _ROW_GROUP or sum(t.nbytes for t in held) > _GROUP_BYTES:
            yield pa.concat_tables(held)
            held = []
    if held:
        yield pa.concat_tables(held)
