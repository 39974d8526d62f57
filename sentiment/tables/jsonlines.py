"""JSON lines, a JSON array of objects, and objects written one after the other over many lines.

Objects inside objects become columns named by their dotted path (`review.body`); lists stay as
compact JSON, unless a path such as `answers.0.text` was asked for. Numbers keep the spelling that
they have in the file.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, BinaryIO

from sentiment.tables import encodings
from sentiment.tables.delimited import Opener
from sentiment.tables.rows import SAMPLE_CHARACTERS, SAMPLE_ROWS, Reject, SourceRow

__all__ = ["OTHER_FIELDS", "JsonSource"]

# Keys that turn up on standard input after the head of it was read have a column of their own.
OTHER_FIELDS = "other_fields"

# What delimits a value that does not stand on one line.
_STRUCTURE = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]]', re.DOTALL)
_LONGEST_VALUE = 1 << 28
_DEEPEST = 200


class _Number(str):
    """A number as the file spells it."""

    __slots__ = ()


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Keep both of two equal keys: the second is numbered as a repeated CSV column would be."""
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    found = {}
    for key, value in pairs:
        name, count = key, 1
        while name in found:
            count += 1
            name = f"{key}_{count}"
        found[name] = value
    return found


_DECODER = json.JSONDecoder(
    strict=False,  # raw line ends and control characters inside strings are dirt, not a reason
    parse_float=_Number,
    parse_int=_Number,
    parse_constant=_Number,
    object_pairs_hook=_object,
)


def compact(value: Any) -> str:
    """Return a value as compact JSON with its numbers spelled as they were."""
    if isinstance(value, _Number):
        return str(value)
    if isinstance(value, dict):
        inside = ",".join(f"{_quote(key)}:{compact(item)}" for key, item in value.items())
        return f"{{{inside}}}"
    if isinstance(value, list):
        return f"[{','.join(map(compact, value))}]"
    return _quote(value)


def _quote(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _cell(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, str):
        # A lone surrogate is legal JSON and no Unicode text: no other format could hold it.
        return str(value) if value.isprintable() else _without_surrogates(value)
    return compact(value)


def _without_surrogates(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return str(value)


def flatten(record: Mapping[str, Any]) -> dict[str, str | None]:
    """Return the record's cells by dotted path."""
    cells: dict[str, str | None] = {}
    for key, value in record.items():
        if type(value) is dict and value:
            _flatten(key, value, cells, 1)
        else:
            cells[_free(key, cells)] = _cell(value)
    return cells


def _flatten(
    prefix: str, record: Mapping[str, Any], cells: dict[str, str | None], depth: int
) -> None:
    for key, value in record.items():
        path = f"{prefix}.{key}"
        if type(value) is dict and value and depth < _DEEPEST:
            _flatten(path, value, cells, depth + 1)
        else:
            cells[_free(path, cells)] = _cell(value)


def _free(name: str, cells: Mapping[str, Any]) -> str:
    free, count = name, 1
    while free in cells:
        count += 1
        free = f"{name}_{count}"
    return free


def at_path(record: Any, path: str) -> Any:
    """Return what a dotted path leads to (`answers.0.text`), or None."""
    value = record
    for step in path.split("."):
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


class JsonSource:
    """A file of JSON objects; or standard input, which can be read only once."""

    format = "jsonl"
    delimiter: str | None = None
    sheet: str | None = None
    notes: tuple[str, ...] = ()
    labels: Mapping[str, str] = {}

    def __init__(
        self,
        opener: Opener,
        encoding: str | None = None,
        paths: Sequence[str] = (),
        *,
        once: bool = False,
    ) -> None:
        self._opener = opener
        self._paths = tuple(paths)
        self._once = once
        if once:
            self.encoding: str | None = encoding or "utf-8"
            self._stream = self._read(opener())
            self._replay: list[SourceRow | Reject] = []
        else:
            with opener() as stream:
                self.encoding = encoding or encodings.detect(stream)

    @cached_property
    def sample(self) -> list[SourceRow]:
        """The first rows, at most `SAMPLE_ROWS` and `SAMPLE_CHARACTERS`."""
        rows: list[SourceRow] = []
        size = 0
        for row in self._stream if self._once else self.rows():
            if self._once:
                self._replay.append(row)
            if isinstance(row, SourceRow):
                rows.append(row)
                size += sum(len(cell or "") for cell in row.cells.values())
            if len(rows) >= SAMPLE_ROWS or size > SAMPLE_CHARACTERS:
                break
        return rows

    @cached_property
    def sample_columns(self) -> tuple[str, ...]:
        """The columns of the first rows, in the order in which they turn up."""
        return tuple(dict.fromkeys(name for row in self.sample for name in row.cells))

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Every column of the file, in the order in which they turn up.

        Reads the whole file when it is longer than the sample: a key may turn up anywhere. That
        takes a few hundredths of the time that scoring the file does.
        """
        if self._once:
            more = len(self.sample) >= SAMPLE_ROWS
            return (*self.sample_columns, OTHER_FIELDS) if more else self.sample_columns
        if len(self.sample) < SAMPLE_ROWS:
            size = sum(len(c or "") for row in self.sample for c in row.cells.values())
            if size <= SAMPLE_CHARACTERS:
                return self.sample_columns
        names = dict.fromkeys(self.sample_columns)
        for row in self.rows():
            if isinstance(row, SourceRow) and not row.cells.keys() <= names.keys():
                names.update(dict.fromkeys(row.cells))
        return tuple(names)

    def rows(self, start: int = 0) -> Iterator[SourceRow | Reject]:
        """Yield the rows after the first `start`; of standard input, from where it is."""
        if self._once:
            _ = self.columns
            while self._replay:
                yield self._replay.pop(0)
            for row in self._stream:
                yield self._with_other_fields(row)
            return
        with self._opener() as stream:
            yield from self._read(stream, start)

    def _with_other_fields(self, row: SourceRow | Reject) -> SourceRow | Reject:
        if isinstance(row, Reject) or row.cells.keys() <= set(self.columns):
            return row
        cells = {name: cell for name, cell in row.cells.items() if name in self.columns}
        other = {name: cell for name, cell in row.cells.items() if name not in self.columns}
        cells[OTHER_FIELDS] = json.dumps(other, ensure_ascii=False)
        return SourceRow(row.row, cells, row.damage)

    def _read(self, stream: BinaryIO, start: int = 0) -> Iterator[SourceRow | Reject]:
        values = _values(_lines(stream, self.encoding or "utf-8"))
        for number, (text, damage) in enumerate(values, start=1):
            if number > start:
                yield self._row(number, text, damage)

    def _row(self, number: int, text: str, damage: str | None) -> SourceRow | Reject:
        try:
            record = _DECODER.decode(text)
        except (ValueError, RecursionError) as error:
            record = _salvage(text)
            if record is None:
                return Reject(number, f"not valid JSON ({error})", text)
            damage = damage or "the JSON breaks off"
        if not isinstance(record, dict):
            return Reject(number, "not a JSON object", text)
        cells = flatten(record)
        for path in self._paths:
            if path not in cells:
                value = at_path(record, path)
                if value is not None and type(value) is not dict:
                    cells[path] = _cell(value)
        return SourceRow(number, cells, damage)


def _lines(stream: BinaryIO, encoding: str) -> Iterator[tuple[str, str | None]]:
    for block in encodings.text_blocks(stream, encoding, "\n"):
        if isinstance(block, str):
            for line in block.split("\n"):
                yield line, None
        else:
            for line in block:
                yield line, line.damage if isinstance(line, encodings.DecodedLine) else None


def _values(lines: Iterable[tuple[str, str | None]]) -> Iterator[tuple[str, str | None]]:
    """Delimit values: one a line, several on one line, one over several lines, or in an array."""
    source = iter(lines)
    held: deque[tuple[str, str | None]] = deque()
    inside_array = False
    seen = False
    while True:
        line, damage = held.popleft() if held else next(source, (None, None))
        if line is None:
            return
        line = line.strip().lstrip("\ufeff\0")
        if not seen and line:
            seen = True
            if line[0] == "[":
                inside_array, line = True, line[1:]
        if inside_array:
            line = line.lstrip(", \t\r")
            if line.startswith("]"):
                inside_array, line = False, line[1:].lstrip()
        if not line or line == ",":
            continue
        if not inside_array and line[0] == "{" and line[-1] == "}" and _is_whole(line):
            yield line, damage
            continue
        yield from _over_lines(line, damage, source, held)


def _is_whole(line: str) -> bool:
    """Say cheaply whether one object takes the line: decided for sure by the decoder later."""
    try:
        _, end = _SCAN.raw_decode(line)
    except (ValueError, RecursionError):
        return False
    return end == len(line)


_SCAN = _DECODER


def _over_lines(
    line: str,
    damage: str | None,
    source: Iterator[tuple[str, str | None]],
    held: deque[tuple[str, str | None]],
) -> Iterator[tuple[str, str | None]]:
    """Delimit one value by its brackets; what follows it on its last line is held back."""
    if line[0] not in "{[":
        yield line, damage
        return
    taken = [line]
    depth, end = _depth(line, 0)
    size = len(line)
    while end is None and size < _LONGEST_VALUE:
        more, more_damage = held.popleft() if held else next(source, (None, None))
        if more is None:
            break
        if more.startswith("{") and more.rstrip().endswith("}"):
            # The next record begins: this one breaks off.
            held.appendleft((more, more_damage))
            break
        taken.append(more)
        size += len(more)
        damage = damage or more_damage
        depth, end = _depth(more, depth)
    if end is None:
        yield "\n".join(taken), damage
        return
    rest = taken[-1][end:].lstrip(", \t\r")
    taken[-1] = taken[-1][:end]
    if rest:
        held.appendleft((rest, None))
    yield "\n".join(taken), damage


def _depth(line: str, depth: int) -> tuple[int, int | None]:
    """Return the nesting after the line, and where the value ends in it if it does."""
    for match in _STRUCTURE.finditer(line):
        mark = match[0]
        if mark in "{[":
            depth += 1
        elif mark in "}]":
            depth -= 1
            if depth <= 0:
                return 0, match.end()
    return depth, None


def _salvage(text: str) -> dict[str, Any] | None:
    """Read the object whose end is missing: what stands before the break, or None."""
    if not text.startswith("{"):
        return None
    for ending in ("}", '"}', "]}", '"]}', "}}", '"}}', "null}", ":null}"):
        try:
            record = _DECODER.decode(text.rstrip().rstrip(",") + ending)
        except (ValueError, RecursionError):
            continue
        if isinstance(record, dict) and record:
            return record
    return None
