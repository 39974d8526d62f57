"""Reading scored rows in batches: from the five formats, from analyses, from a data frame."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import InputError
from sentiment.records import SENTIMENTS, STATUSES, Analysis
from sentiment.reporting.quotes import ALARM, ALARM_PATTERN
from sentiment.reporting.scored import BITS, LANGUAGES, Batch, Codebook
from sentiment.tables.findings import Kind, broken_cell, findings
from sentiment.tables.rows import Source as Export
from sentiment.tables.rows import SourceRow
from sentiment.tables.scored import added_columns, holds_records
from sentiment.tables.table import open_source as open_export

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Source", "open_source", "summary_of"]

_ROWS = 20_000
# A row must fit into one block of the reader; a review may be 10 MB, so a larger block is tried.
_BLOCKS = (16 << 20, 256 << 20, 1 << 30)


class Source:
    """Scored rows that can be read once, in order, in batches.

    :param columns: Names of the original columns, as far as they are known before reading.
    :param own_text: Whether a row holds its text itself, whatever the columns are.
    :param model: The model that scored the first row, where rows say so.
    """

    def __init__(
        self,
        columns: Sequence[str],
        open_batches: Callable[[Sequence[str], Codebook, Codebook], Iterator[Batch]],
        sample: Callable[[int], list[dict[str, str | None]]],
        own_text: bool = False,
        model: str = "",
    ) -> None:
        self.columns = tuple(columns)
        self.model = model
        self._open = open_batches
        self._sample = sample
        self.own_text = own_text

    def batches(self, columns: Sequence[str], drivers: Codebook, tags: Codebook) -> Iterator[Batch]:
        """Read the rows, with the cells of the named original columns."""
        return self._open(columns, drivers, tags)

    def sample(self, rows: int = 1000) -> list[SourceRow]:
        """Return the original cells of the first rows, to find roles in."""
        return [SourceRow(place, cells, None) for place, cells in enumerate(self._sample(rows), 1)]


def open_source(scored: Any, text_columns: Sequence[str] = ()) -> Source:
    """Return the rows of a scored file, an iterable of `Analysis`, or a pandas data frame.

    :param text_columns: The text columns of the wide formats, where the text is an original cell.
    :raises InputError: No such file, an unknown format, or rows that were not scored.
    """
    if isinstance(scored, (str, Path)):
        return _file(Path(scored), text_columns)
    if hasattr(scored, "columns") and hasattr(scored, "iloc"):
        return _frame(scored, text_columns)
    if isinstance(scored, Iterable):
        return _analyses(scored)
    raise InputError(
        "A report is made from a scored file, analyses or a data frame, "
        f"not from {type(scored).__name__}."
    )


def _file(path: Path, text_columns: Sequence[str]) -> Source:
    if not path.is_file():
        raise InputError(
            f"{path}: no such file; score an export first: sentiment score FILE -o {path}"
        )
    suffix = path.suffix.lower()
    if suffix in (".jsonl", ".ndjson", ".json"):
        return _json(path, text_columns)
    readers = {
        ".parquet": _parquet,
        ".pq": _parquet,
        ".csv": _separated,
        ".tsv": _separated,
        ".tab": _separated,
        ".xlsx": _workbook,
    }
    if suffix not in readers:
        raise InputError(
            f"{path}: a report is made from scored .csv, .tsv, .xlsx, .jsonl or .parquet files."
        )
    names, tables = readers[suffix](path)
    return _wide(names, tables, text_columns, str(path))


# ---------------------------------------------------------------- wide formats

# What is read of the columns that scoring adds; the rest follows from these.
_READ = ("sentiment", "sentiment_score", "drivers", "tags", "opinions", "language", "status")


class _RowNumbers:
    """Numbers the source rows of a wide file: the answers of a survey row follow each other."""

    def __init__(self, text: Sequence[str]) -> None:
        self._places = {name: place for place, name in enumerate(text)}
        self._number, self._last = 0, len(text)

    def of(self, questions: Sequence[str | None] | None, size: int) -> NDArray[np.int64]:
        """Return the numbers of the next rows; `questions` is None when each row is its own."""
        if questions is None:
            self._number += size
            return np.arange(self._number - size + 1, self._number + 1, dtype=np.int64)
        numbers = np.empty(size, dtype=np.int64)
        for at, question in enumerate(questions):
            place = self._places.get(question or "", 0)
            self._number += place <= self._last or self._number == 0
            self._last = place
            numbers[at] = self._number
        return numbers


_Tables = Callable[[Sequence[str]], "Iterator[pa.RecordBatch]"]


def _wide(names: Sequence[str], tables: _Tables, text: Sequence[str], where: str) -> Source:
    added = added_columns(names, where)
    if added is None:
        raise _unscored(where)
    originals = [name for name in names if name not in added.values()]
    question = added.get("question")
    own = [added[name] for name in _READ]

    def batches(columns: Sequence[str], drivers: Codebook, tags: Codebook) -> Iterator[Batch]:
        extra = [question] if question else []
        wanted = list(dict.fromkeys([*own, *(c for c in columns if c in names), *text, *extra]))
        rows = _RowNumbers(text)
        before = 0
        for record in tables([name for name in wanted if name in names]):
            if record.num_rows:
                place = _Place(where, before, added)
                yield _WideBatch(record, place, text, rows, drivers, tags)
                before += record.num_rows

    def sample(rows: int) -> list[dict[str, str | None]]:
        found: list[dict[str, str | None]] = []
        for record in tables(originals):
            found += [
                {key: None if cell is None else str(cell) for key, cell in row.items()}
                for row in record.slice(0, rows - len(found)).to_pylist()
            ]
            if len(found) >= rows:
                break
        return found

    return Source(originals, batches, sample)


_FRAME = "the data frame"


def _unscored(where: str) -> InputError:
    if where == _FRAME:
        return InputError(f"{where} has not been scored; score it first, with Analyzer.frame.")
    return InputError(f"{where}: this file has not been scored; run: sentiment score {where}")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a batch comes from, for what is said of its cells.

    :param before: How many rows come before its first one.
    :param added: Logical to actual names of the columns that scoring added.
    """

    where: str
    before: int
    added: Mapping[str, str]

    def broken(self, kind: Kind, row: int, cell: Any) -> InputError:
        """Return the error of a cell of the batch that holds no list of what was found."""
        return broken_cell(self.where, self.before + row + 1, self.added[kind], cell)


def _parquet(path: Path) -> tuple[list[str], _Tables]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        names = list(pq.ParquetFile(path).schema_arrow.names)
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(f"{path}: not a readable Parquet file ({error}).") from error

    def tables(columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        with pq.ParquetFile(path) as file:
            yield from file.iter_batches(batch_size=_ROWS, columns=list(columns))

    return names, tables


def _separated(path: Path) -> tuple[list[str], _Tables]:
    import pyarrow as pa
    from pyarrow import csv

    summary = summary_of(path)
    encoding = _encoding(path, summary)
    delimiter = "\t" if path.suffix.lower() in (".tsv", ".tab") else _delimiter(path, encoding)

    def opened(size: int, columns: Sequence[str] | None) -> csv.CSVStreamingReader:
        convert = csv.ConvertOptions(
            strings_can_be_null=False, include_columns=None if columns is None else list(columns)
        )
        convert.column_types = {name: pa.string() for name in columns or ()}
        return csv.open_csv(
            path,
            read_options=csv.ReadOptions(block_size=size, encoding=encoding),
            parse_options=csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            convert_options=convert,
        )

    def names_of(size: int) -> list[str]:
        with opened(size, None) as reader:
            return list(reader.schema.names)

    names = _first_that_fits(names_of, path)

    def tables(columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        yield from _growing(lambda size: opened(size, columns), path)

    return names, tables


def _encoding(path: Path, summary: Mapping[str, Any]) -> str:
    output = summary.get("output")
    named = output.get("encoding") if isinstance(output, Mapping) else None
    if isinstance(named, str):
        return (
            "utf8" if named.lower().replace("_", "-") in ("utf-8-sig", "utf-8", "utf8") else named
        )
    with path.open("rb") as file:
        head = file.read(4)
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    if head[:3] == b"\xef\xbb\xbf":
        return "utf8"
    with path.open("rb") as file:
        text = file.read(1 << 20)
    try:
        # The last character may be cut: up to three bytes are forgiven.
        text[: len(text) - 4 if len(text) == 1 << 20 else None].decode("utf-8")
    except UnicodeDecodeError as error:
        return "utf8" if error.start > len(text) - 8 else "gb18030"
    return "utf8"


def _delimiter(path: Path, encoding: str) -> str:
    with path.open(
        encoding="utf-8-sig" if encoding == "utf8" else encoding, errors="replace"
    ) as file:
        header = file.readline(1 << 20)
    return max(",;\t|", key=header.count)


def _first_that_fits(read: Callable[[int], list[str]], path: Path) -> list[str]:
    import pyarrow as pa

    for size in _BLOCKS:
        try:
            return read(size)
        except pa.ArrowInvalid as error:
            last = error
    raise InputError(f"{path}: cannot be read as a table ({last}).") from last


def _growing(opened: Callable[[int], Any], path: Path) -> Iterator[pa.RecordBatch]:
    """Read batches; when a row does not fit into a block, go on with a larger block."""
    import pyarrow as pa

    done = 0
    for size in _BLOCKS:
        skip = done
        try:
            with opened(size) as reader:
                for record in reader:
                    if skip >= record.num_rows:
                        skip -= record.num_rows
                        continue
                    part = record.slice(skip)
                    skip = 0
                    done += part.num_rows
                    for start in range(0, part.num_rows, _ROWS):
                        yield part.slice(start, _ROWS)
            return
        except pa.ArrowInvalid as error:
            last = error
    raise InputError(f"{path}: row {done + 1} or one after it cannot be read ({last}).") from last


def _workbook(path: Path) -> tuple[list[str], _Tables]:
    import zipfile

    import openpyxl
    import pyarrow as pa

    def opened() -> tuple[Any, Any]:
        try:
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        except (zipfile.BadZipFile, KeyError, OSError) as error:
            raise InputError(f"{path}: not a readable XLSX workbook ({error}).") from error
        return book, book.worksheets[0].iter_rows(values_only=True)

    book, rows = opened()
    names = [str(cell) if cell is not None else "" for cell in next(rows, ())]
    book.close()

    def tables(columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        places = [names.index(column) for column in columns]
        book, rows = opened()
        next(rows, None)
        while chunk := list(islice(rows, _ROWS)):
            arrays = [
                pa.array([_cell(row[at]) if at < len(row) else None for row in chunk], pa.string())
                for at in places
            ]
            yield pa.RecordBatch.from_arrays(arrays, names=list(columns))
        book.close()

    return names, tables


def _cell(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _frame(frame: Any, text: Sequence[str]) -> Source:
    import pyarrow as pa

    names = [str(name) for name in frame.columns]

    def tables(columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        for start in range(0, len(frame), _ROWS):
            part = frame.iloc[start : start + _ROWS]
            arrays = [_series(part.iloc[:, names.index(column)]) for column in columns]
            yield pa.RecordBatch.from_arrays(arrays, names=list(columns))

    return _wide(names, tables, text, _FRAME)


def _series(series: Any) -> pa.Array:
    """Return a column as Arrow: text as text, lists as JSON, numbers and dates as they print."""
    import pyarrow as pa

    cells = [_json_cell(cell) for cell in series.tolist()]
    return pa.array(cells, pa.string())


def _json_cell(cell: Any) -> str | None:
    if hasattr(cell, "tolist"):  # Parquet's lists come back as arrays
        cell = cell.tolist()
    if cell is None or (isinstance(cell, float) and cell != cell):
        return None
    if isinstance(cell, (list, tuple, dict)):
        return json.dumps(cell, ensure_ascii=False, default=str)
    text = _cell(cell)
    return None if text in ("NaT", "<NA>") else text


class _WideBatch(Batch):
    """Rows of a wide format: the text is one of the original cells, the opinions a JSON column."""

    def __init__(
        self,
        record: pa.RecordBatch,
        place: _Place,
        text: Sequence[str],
        rows: _RowNumbers,
        drivers: Codebook,
        tags: Codebook,
    ) -> None:
        self._record, self._place = record, place
        self._text_columns = [name for name in text if name in record.schema.names]
        self._question = question = place.added.get("question")
        self._cells: dict[str, list[str | None]] = {}
        self.size = record.num_rows
        self.drivers = _driver_bits(self._array("drivers"), drivers, self.size)
        self.tags = self._tag_bits(tags)
        self._check_opinions()
        self.sentiment = _coded(self._array("sentiment"), SENTIMENTS, self.size)
        self.score = self._scores()
        self.language = _coded(self._array("language"), LANGUAGES, self.size)
        self.status = _coded(self._array("status"), STATUSES, self.size)
        self.row = rows.of(self.cells(question) if question else None, self.size)
        if len(self._text_columns) == 1 and not question:
            text_array = _strings(record.column(self._text_columns[0]))
        else:
            import pyarrow as pa

            text_array = pa.array(self._texts, pa.string())
        self.length, self.text_hash, self.alarm = _text_facts(text_array)

    def _array(self, name: str) -> Any:
        return self._record.column(self._place.added[name])

    def _scores(self) -> NDArray[np.float32]:
        import pyarrow as pa

        array = self._array("sentiment_score")
        try:
            return _floats(array, self.size)
        except (pa.ArrowInvalid, ValueError) as error:
            column = self._place.added["sentiment_score"]
            raise InputError(
                f"{self._place.where}: column “{column}” holds what is no number ({error}); score "
                "the texts again"
            ) from error

    def _tag_bits(self, book: Codebook) -> NDArray[np.uint8]:
        array = self._array("tags")
        if _holds_spans(array, "tag"):
            return _span_bits(array, "tag", book, self.size)
        places, values = _distinct(_strings(array))
        pairs = [
            [(tag["tag"], tag["polarity"]) for tag in self._read(value, "tags", places, at)]
            for at, value in enumerate(values)
        ]
        return _pairs_to_bits([*pairs, []], book)[places]

    def _read(
        self, cell: Any, kind: Kind, places: NDArray[np.int64], place: int
    ) -> list[dict[str, Any]]:
        """Read a cell that stands wherever `places` says `place`."""
        found = findings(cell, kind)
        if found is None:
            raise self._place.broken(kind, int(np.argmax(places == place)), cell)
        return found

    def _check_opinions(self) -> None:
        """Refuse the cells that hold no opinions, also those that nothing is quoted from.

        What looks like a list of objects is read only when it is quoted: a million are not for
        nothing.
        """
        from pyarrow import compute as pc

        array = self._array("opinions")
        if _holds_spans(array, "driver"):
            return
        cells = _strings(array)
        opened, closed = pc.starts_with(cells, '[{"'), pc.ends_with(cells, "}]")
        usual = pc.or_(pc.and_(opened, closed), pc.equal(cells, "[]"))
        for place in np.flatnonzero(
            ~pc.fill_null(usual, True).to_numpy(zero_copy_only=False).astype(bool)
        ):
            self._listed("opinions", int(place))

    def cells(self, column: str) -> Sequence[str | None]:
        if column not in self._cells:
            if column not in self._record.schema.names:
                raise InputError(f"No column {column!r} among the scored rows.")
            self._cells[column] = _strings(self._record.column(column)).to_pylist()
        return self._cells[column]

    @cached_property
    def _texts(self) -> list[str | None]:
        if not self._text_columns:
            return [None] * self.size
        cells = [self.cells(column) for column in self._text_columns]
        if not self._question:
            return [next((cell for cell in row if cell), None) for row in zip(*cells, strict=True)]
        places = {name: place for place, name in enumerate(self._text_columns)}
        asked = self.cells(self._question)
        return [
            cells[places[name]][row] if name in places else self._cell_of(name, row)
            for row, name in enumerate(asked)
        ]

    def _cell_of(self, column: str | None, row: int) -> str | None:
        return self.cells(column)[row] if column and column in self._record.schema.names else None

    def detail(self, place: int) -> tuple[str, list[dict[str, Any]], list[dict[str, Any]]]:
        opinions, tags = self._listed("opinions", place), self._listed("tags", place)
        return self._texts[place] or "", opinions, tags

    def _listed(self, kind: Kind, place: int) -> list[dict[str, Any]]:
        cell = self._array(kind)[place].as_py()
        found = findings(cell, kind)
        if found is None:
            raise self._place.broken(kind, place, cell)
        return found


# ---------------------------------------------------------------- JSON lines


def _json(path: Path, text: Sequence[str]) -> Source:
    """Return records of a scoring run, or the rows of a scored frame that was saved as JSON."""
    if _is_blank(path):
        return Source((), lambda wanted, drivers, tags: iter(()), lambda rows: [], own_text=True)
    if holds_records(path):
        return _records(path)
    source = open_export(path)
    if not source.columns:
        raise InputError(f"{path}: not JSON lines (line 1 is not JSON).")
    return _wide(source.columns, lambda columns: _json_rows(source, columns, path), text, str(path))


def _is_blank(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(1 << 16).strip(b"\xef\xbb\xbf \t\r\n") in (b"", b"[]")


def _json_rows(source: Export, columns: Sequence[str], path: Path) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    rows = source.rows()
    while chunk := list(islice(rows, _ROWS)):
        cells = []
        for row in chunk:
            if not isinstance(row, SourceRow):
                raise InputError(f"{path}, row {row.row}: {row.reason}; score the input again")
            cells.append(row.cells)
        arrays = [pa.array([row.get(column) for row in cells], pa.string()) for column in columns]
        yield pa.RecordBatch.from_arrays(arrays, names=list(columns))


def _records(path: Path) -> Source:
    with path.open(encoding="utf-8-sig") as file:
        record = next(json.loads(line) for line in file if line.strip())
    columns = list(record.get("columns") or {})

    def batches(wanted: Sequence[str], drivers: Codebook, tags: Codebook) -> Iterator[Batch]:
        before = 0
        for part in _growing(lambda size: _open_json(path, wanted, size), path):
            yield _JsonBatch(part, before, drivers, tags)
            before += part.num_rows

    def sample(rows: int) -> list[dict[str, str | None]]:
        with path.open(encoding="utf-8-sig") as file:
            lines = islice((line for line in file if line.strip()), rows)
            return [dict(json.loads(line).get("columns") or {}) for line in lines]

    return Source(columns, batches, sample, own_text=True, model=str(record.get("model") or ""))


def _open_json(path: Path, columns: Sequence[str], size: int) -> Any:
    import pyarrow as pa
    from pyarrow import json as arrow_json

    def spans(name: str) -> pa.DataType:
        return pa.list_(
            pa.struct(
                [
                    (name, pa.string()),
                    ("polarity", pa.string()),
                    ("confidence", pa.float64()),
                    ("start", pa.int64()),
                    ("end", pa.int64()),
                ]
            )
        )

    fields = [
        ("row", pa.int64()),
        ("text", pa.string()),
        ("language", pa.string()),
        ("status", pa.string()),
        ("sentiment", pa.string()),
        ("score", pa.float64()),
        ("opinions", spans("driver")),
        ("tags", spans("tag")),
    ]
    if columns:
        fields.append(("columns", pa.struct([(name, pa.string()) for name in columns])))
    options = arrow_json.ParseOptions(
        explicit_schema=pa.schema(fields), unexpected_field_behavior="ignore"
    )
    read = arrow_json.ReadOptions(block_size=size)
    return arrow_json.open_json(path, read_options=read, parse_options=options)


class _JsonBatch(Batch):
    """Records of a JSON-lines file."""

    def __init__(
        self, record: pa.RecordBatch, before: int, drivers: Codebook, tags: Codebook
    ) -> None:
        self._record = record
        self._cells: dict[str, list[str | None]] = {}
        self.size = record.num_rows
        self.drivers = _span_bits(record.column("opinions"), "driver", drivers, self.size)
        self.tags = _span_bits(record.column("tags"), "tag", tags, self.size)
        self.sentiment = _coded(record.column("sentiment"), SENTIMENTS, self.size)
        self.score = _floats(record.column("score"), self.size)
        self.language = _coded(record.column("language"), LANGUAGES, self.size)
        self.status = _coded(record.column("status"), STATUSES, self.size)
        self.row = _numbered(record.column("row"), before)
        self.length, self.text_hash, self.alarm = _text_facts(record.column("text"))

    def cells(self, column: str) -> Sequence[str | None]:
        if column not in self._cells:
            from pyarrow import compute as pc

            self._cells[column] = pc.struct_field(
                self._record.column("columns"), column
            ).to_pylist()
        return self._cells[column]

    def detail(self, place: int) -> tuple[str, list[dict[str, Any]], list[dict[str, Any]]]:
        text, opinions, tags = (
            self._record.column(name)[place].as_py() for name in ("text", "opinions", "tags")
        )
        return text or "", list(opinions or ()), list(tags or ())


# ---------------------------------------------------------------- analyses


def _analyses(analyses: Iterable[Analysis]) -> Source:
    rows = iter(analyses)
    head = list(islice(rows, 1000))
    for analysis in head:
        if not isinstance(analysis, Analysis):
            raise InputError(
                f"A report is made from Analysis records, not from {type(analysis).__name__}."
            )
    columns = list(dict.fromkeys(name for analysis in head for name in analysis.columns))

    def batches(wanted: Sequence[str], drivers: Codebook, tags: Codebook) -> Iterator[Batch]:
        from itertools import chain

        whole = chain(head, rows)
        while chunk := list(islice(whole, _ROWS)):
            yield _AnalysisBatch(chunk, drivers, tags)

    return Source(
        columns,
        batches,
        lambda n: [dict(a.columns) for a in head[:n]],
        own_text=True,
        model=head[0].model if head else "",
    )


class _AnalysisBatch(Batch):
    """Analyses as Python objects."""

    def __init__(self, rows: Sequence[Analysis], drivers: Codebook, tags: Codebook) -> None:
        self._rows = rows
        self.size = len(rows)
        self.drivers = _pairs_to_bits(
            [[(o.driver, o.polarity) for o in row.opinions] for row in rows], drivers
        )
        self.tags = _pairs_to_bits([[(t.tag, t.polarity) for t in row.tags] for row in rows], tags)
        self.sentiment = _codes([row.sentiment for row in rows], SENTIMENTS)
        self.score = np.array(
            [np.nan if row.score is None else row.score for row in rows], dtype=np.float32
        )
        self.language = _codes([row.language for row in rows], LANGUAGES)
        self.status = _codes([row.status for row in rows], STATUSES)
        self.row = np.array([row.row for row in rows], dtype=np.int64)
        self.length = np.array([len(row.text) for row in rows], dtype=np.int32)
        self.text_hash = np.array([hash(row.text) for row in rows], dtype=np.int64)
        self.alarm = np.array([bool(ALARM_PATTERN.search(row.text)) for row in rows], dtype=bool)

    def cells(self, column: str) -> Sequence[str | None]:
        return [row.columns.get(column) for row in self._rows]

    def detail(self, place: int) -> tuple[str, list[dict[str, Any]], list[dict[str, Any]]]:
        row = self._rows[place]
        return row.text, [o.to_dict() for o in row.opinions], [t.to_dict() for t in row.tags]


# ---------------------------------------------------------------- columns to numbers


def _codes(values: Sequence[str | None], names: Sequence[str]) -> NDArray[np.int8]:
    places: dict[str | None, int] = {name: place for place, name in enumerate(names)}
    return np.array([places.get(value, -1) for value in values], dtype=np.int8)


def _strings(array: Any) -> Any:
    import pyarrow as pa
    from pyarrow import compute as pc

    if pa.types.is_dictionary(array.type):
        array = array.cast(array.type.value_type)
    if pa.types.is_string(array.type) or pa.types.is_large_string(array.type):
        return array
    if pa.types.is_nested(array.type):
        return pa.array([None if v is None else str(v) for v in array.to_pylist()], pa.string())
    return pc.cast(array, pa.string())


def _distinct(array: Any) -> tuple[NDArray[np.int64], list[Any]]:
    """Return each row's place in a list of the distinct values; -1 for null."""
    encoded = array.dictionary_encode() if not hasattr(array, "dictionary") else array
    places = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return places, encoded.dictionary.to_pylist()


def _coded(array: Any, names: Sequence[str], size: int) -> NDArray[np.int8]:
    if not size:
        return np.full(size, -1, dtype=np.int8)
    places, values = _distinct(_strings(array))
    return np.append(_codes(values, names), np.int8(-1))[places]


def _floats(array: Any, size: int) -> NDArray[np.float32]:
    import pyarrow as pa
    from pyarrow import compute as pc

    if pa.types.is_string(array.type) or pa.types.is_large_string(array.type):
        array = pc.cast(pc.if_else(pc.equal(array, ""), None, array), pa.float32())
    return np.asarray(array.to_numpy(zero_copy_only=False), dtype=np.float32)


def _pairs_to_bits(rows: Sequence[Iterable[tuple[str, str]]], book: Codebook) -> NDArray[np.uint8]:
    cells = [
        (place, book.place(name), BITS[polarity])
        for place, pairs in enumerate(rows)
        for name, polarity in pairs
        if polarity in BITS
    ]
    bits = np.zeros((len(rows), len(book)), dtype=np.uint8)
    for place, column, bit in cells:
        bits[place, column] |= bit
    return bits


def _driver_bits(array: Any, book: Codebook, size: int) -> NDArray[np.uint8]:
    if not size:
        return np.zeros((size, len(book)), dtype=np.uint8)
    places, values = _distinct(_strings(array))
    pairs = [
        [
            (name, polarity)
            for entry in (value or "").split(";")
            if entry
            for name, _, polarity in [entry.strip().rpartition(":")]
        ]
        for value in values
    ]
    bits = _pairs_to_bits([*pairs, []], book)
    return bits[places]


def _holds_spans(array: Any, name: str) -> bool:
    """Say whether a column is one of lists of structs that hold what is counted."""
    import pyarrow as pa

    kind = array.type
    if not (pa.types.is_list(kind) or pa.types.is_large_list(kind)):
        return False
    if pa.types.is_null(kind.value_type):
        return True  # all of them are empty
    fields = {"polarity", "confidence", "start", "end", name}
    return pa.types.is_struct(kind.value_type) and fields <= {f.name for f in kind.value_type}


def _numbered(rows: Any, before: int) -> NDArray[np.int64]:
    """Return the numbers of rows; one that says none has its place in the file, from 1."""
    from pyarrow import compute as pc

    said = pc.fill_null(rows, 0).to_numpy(zero_copy_only=False).astype(np.int64)
    return np.where(said > 0, said, np.arange(before + 1, before + len(said) + 1))


def _span_bits(array: Any, name: str, book: Codebook, size: int) -> NDArray[np.uint8]:
    """Bits from a list of structs, without making a Python object of each."""
    if not size:
        return np.zeros((size, len(book)), dtype=np.uint8)
    from pyarrow import compute as pc

    spans = array.flatten()
    owners = pc.list_parent_indices(array).to_numpy(zero_copy_only=False)
    if not len(spans):
        return np.zeros((size, len(book)), dtype=np.uint8)
    places, values = _distinct(pc.struct_field(spans, name))
    columns = np.array([book.place(value) if value else -1 for value in values] + [-1])[places]
    marks, polarities = _distinct(pc.struct_field(spans, "polarity"))
    bit = np.array([BITS.get(value, 0) for value in polarities] + [0], dtype=np.uint8)[marks]
    bits = np.zeros((size, len(book)), dtype=np.uint8)
    good = columns >= 0
    np.bitwise_or.at(bits, (owners[good], columns[good]), bit[good])
    return bits


def _text_facts(array: Any) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.bool_]]:
    """Return length in code points, a hash to find copies by, and whether it holds an alarm."""
    from pyarrow import compute as pc

    length = pc.fill_null(pc.utf8_length(array), 0).to_numpy(zero_copy_only=False)
    alarm = pc.fill_null(pc.match_substring_regex(array, ALARM, ignore_case=True), False)
    hashes = np.array([hash(text) for text in array.to_pylist()], dtype=np.int64)
    return length.astype(np.int32), hashes, alarm.to_numpy(zero_copy_only=False).astype(bool)


def summary_of(path: Path) -> dict[str, Any]:
    """Return the summary that scoring wrote beside a file; empty when there is none."""
    beside = path.with_name(path.name + ".summary.json")
    if not beside.is_file():
        return {}
    try:
        found = json.loads(beside.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{beside}: the summary cannot be read ({error}).") from error
    return found if isinstance(found, dict) else {}
