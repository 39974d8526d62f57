"""JSON lines, a JSON array of objects, and objects written one after the other over many lines.

Objects inside objects become columns named by their dotted path (`review.body`); lists stay as
compact JSON, unless a path such as `answers.0.text` was asked for. Numbers keep the spelling that
they have in the file.
"""

from __future__ import annotations

import codecs
import io
import json
import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any, BinaryIO

from sentiment.patterns import regex
from sentiment.tables import encodings
from sentiment.tables.rows import (
    Opener,
    Reject,
    SourceRow,
    take_sample,
    without_surrogates,
)

__all__ = ["OTHER_FIELDS", "JsonSource"]

# Keys that turn up on standard input after the head of it was read share a column of this name, or
# of one with a number where the head has such a key.
OTHER_FIELDS = "other_fields"

# What delimits a value that cannot be parsed: brackets, and strings, the last of which may be open.
_STRUCTURE = regex(r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)|[{}\[\]]', re.DOTALL)
_OPENING = regex(r"[\s\ufeff]*\[")
_BETWEEN = regex(r"[\s,\ufeff\0]*")
_IN_ARRAY = regex(r"[\s,\ufeff\0\]]*")
_RUBBISH = regex(r"[^,{}\[\]\n]*")
_HALF_ESCAPE = regex(r"(?<!\\)((?:\\\\)*)\\(?:u[0-9a-fA-F]{0,3})?\Z")
_LONGEST_VALUE = 1 << 28
# How many lines a value may take after one that was never closed: half as many each time, so that a
# file in which every line breaks off is read in linear time.
_MOST_LINES, _FEWEST_LINES = 1000, 4
_FIRST_KEY = regex(r'\{\s*("[^"\\]*")\s*:')
_MOST_TRIED = 1000  # objects that may begin as one before them
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
        return str(value) if value.isprintable() else without_surrogates(value)
    return without_surrogates(compact(value))


def flatten(record: Mapping[str, Any]) -> dict[str, str | None]:
    """Return the record's cells by dotted path."""
    cells: dict[str, str | None] = {}
    _flatten("", record, cells, 0)
    return cells


def _flatten(
    prefix: str, record: Mapping[str, Any], cells: dict[str, str | None], depth: int
) -> None:
    for key, value in record.items():
        path = prefix + (key if key.isprintable() else without_surrogates(key))
        if type(value) is dict and value and depth < _DEEPEST:
            _flatten(f"{path}.", value, cells, depth + 1)
        else:
            cells[path if path not in cells else _free(path, cells)] = _cell(value)


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
        self._all_sampled = False
        # Set by the table once roles are known: a record that breaks off before its text holds
        # nothing to score, and is no empty answer either.
        self.text_columns: tuple[str, ...] = ()
        # By number, what breaks off among the rows of standard input that are read before that.
        self._sampled_broken: dict[int, str] = {}
        if once:
            self.encoding: str | None = encoding or "utf-8"
            self._stream = self._read(opener())
            self._replay: deque[SourceRow | Reject] = deque()
        else:
            with opener() as stream:
                self.encoding = encoding or encodings.detect(stream)

    @cached_property
    def sample(self) -> list[SourceRow]:
        """The first rows, at most `SAMPLE_ROWS` and `SAMPLE_CHARACTERS`."""
        return take_sample(self._watched(self._stream if self._once else self.rows()))

    def _watched(self, rows: Iterator[SourceRow | Reject]) -> Iterator[SourceRow | Reject]:
        """Keep what is taken from standard input, and notice the end."""
        for row in rows:
            if self._once:
                self._replay.append(row)
            yield row
        self._all_sampled = True

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
        names = self.sample_columns
        if self._all_sampled:
            return names
        if self._once:
            return (*names, self._packed)
        found = dict.fromkeys(names)
        for row in self.rows():
            if isinstance(row, SourceRow) and not row.cells.keys() <= found.keys():
                found.update(dict.fromkeys(row.cells))
        return tuple(found)

    @cached_property
    def _packed(self) -> str:
        return _free(OTHER_FIELDS, dict.fromkeys(self.sample_columns))

    def rows(self, start: int = 0) -> Iterator[SourceRow | Reject]:
        """Yield the rows after the first `start`; of standard input, from where it is."""
        if self._once:
            _ = self.columns
            while self._replay:
                row = self._replay.popleft()
                raw = self._sampled_broken.get(row.row)
                if raw is not None and isinstance(row, SourceRow):
                    yield self._broken(row, raw)
                else:
                    yield row
            for row in self._stream:
                yield self._with_other_fields(row)
            return
        with self._opener() as stream:
            yield from self._read(stream, start)

    def _broken(self, row: SourceRow, raw: str) -> SourceRow | Reject:
        """Return a record that breaks off, or a reject if it does so before any text."""
        if not self.text_columns:
            if self._once:
                self._sampled_broken[row.row] = raw
            return row
        if any((row.cells.get(column) or "").strip() for column in self.text_columns):
            return row
        return Reject(row.row, "the JSON breaks off before the text", raw)

    def _with_other_fields(self, row: SourceRow | Reject) -> SourceRow | Reject:
        own = self.sample_columns
        if isinstance(row, Reject) or row.cells.keys() <= set(own):
            return row
        cells = {name: cell for name, cell in row.cells.items() if name in own}
        other = {name: cell for name, cell in row.cells.items() if name not in own}
        cells[self._packed] = json.dumps(other, ensure_ascii=False)
        return SourceRow(row.row, cells, row.damage)

    def _read(self, stream: BinaryIO, start: int = 0) -> Iterator[SourceRow | Reject]:
        for number, value in enumerate(_values(stream, self.encoding or "utf-8"), start=1):
            if number > start:
                yield self._row(number, value)

    def _row(self, number: int, value: _Value) -> SourceRow | Reject:
        record, damage, broken = value.record, value.damage, value.record is _BROKEN
        if broken:
            record = _salvage(value.text)
            if record is None:
                return Reject(number, "not valid JSON", value.text.rstrip())
            damage = damage or "the JSON breaks off"
        if not isinstance(record, dict):
            return Reject(number, "not a JSON object", value.text.rstrip())
        cells = flatten(record)
        for path in self._paths:
            if path not in cells:
                found = at_path(record, path)
                if found is not None and type(found) is not dict:
                    cells[path] = _cell(found)
        row = SourceRow(number, cells, damage)
        return self._broken(row, value.text.rstrip()) if broken else row


# What stands for a record that cannot be parsed.
_BROKEN = object()


@dataclass(frozen=True, slots=True)
class _Value:
    record: Any
    text: str
    damage: str | None


@dataclass(frozen=True, slots=True)
class _Piece:
    """A line with its end, or a stretch of an array that may end anywhere."""

    text: str
    damage: str | None = None


def _values(stream: BinaryIO, encoding: str) -> Iterator[_Value]:
    """Delimit values: one a line, several on one line, one over several lines, or in an array."""
    if _begins_array(stream, encoding):
        yield from _delimited(_stretches(stream, encoding), _IN_ARRAY, lines=False)
    else:
        yield from _delimited(_lines(stream, encoding), _BETWEEN, lines=True)


def _begins_array(stream: BinaryIO, encoding: str) -> bool:
    peek = getattr(stream, "peek", None)
    if peek is not None:
        head = peek(4096)[:4096]
    else:
        head = stream.read(4096)
        stream.seek(0)
    return bool(_OPENING.match(head.decode(encoding, errors="replace")))


def _lines(stream: BinaryIO, encoding: str) -> Iterator[_Piece]:
    for block in encodings.text_blocks(stream, encoding, "\n"):
        lines = io.StringIO(block, newline="\n") if isinstance(block, str) else block
        for line in lines:
            yield _Piece(line, line.damage if isinstance(line, encodings.DecodedLine) else None)


def _stretches(stream: BinaryIO, encoding: str) -> Iterator[_Piece]:
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    first = True
    while chunk := stream.read(1 << 20):
        text = decoder.decode(chunk)
        if first:
            text, first = _OPENING.sub("", text, count=1), False
        yield _Piece(text, "undecodable characters" if "\ufffd" in text else None)
    yield _Piece(decoder.decode(b"", final=True))


def _delimited(
    pieces: Iterator[_Piece], between: re.Pattern[str], *, lines: bool
) -> Iterator[_Value]:
    held: deque[_Piece] = deque()
    most: int | None = None
    over = False  # an object of an array did not end by the end of the file
    known: Set[str] = frozenset()  # the keys of the last record
    while True:
        piece = held.popleft() if held else next(pieces, None)
        if piece is None:
            return
        parts, text, place = [piece], piece.text, 0
        while True:
            place = _end_of(between, text, place)
            if place == len(text):
                break
            record, end = _decode(text, place, lines=lines, over=over, known=known)
            if isinstance(record, dict):
                known = record.keys()
            if end is None:
                parts = _from(parts, place)
                more = _more(parts, pieces, held, most, lines=lines)
                if not more and lines and len(parts) > 1:
                    # It never ends: what looks like its next lines may be records of their own.
                    most = max(_FEWEST_LINES, (most or _MOST_LINES) // 2)
                    held.extendleft(reversed(parts[1:]))
                    del parts[1:]
                parts += more
                text, place = "".join(part.text for part in parts), 0
                if more:
                    continue
                over = not lines
                end = _next_alike(text, 0, known) if over else len(text)
            elif most is not None and len(parts) > 1:
                most = _MOST_LINES
            damage = next((part.damage for part in parts if part.damage), None)
            slice_ = text[place:end] if damage or not isinstance(record, dict) else ""
            # A stretch is marked as a whole: the record is damaged only if it holds the mark.
            marked = damage if lines or "\ufffd" in slice_ else None
            yield _Value(record, slice_, marked)
            place = end


def _from(parts: list[_Piece], place: int) -> list[_Piece]:
    """Return the pieces from a place in their joined text on."""
    for index, piece in enumerate(parts):
        if place < len(piece.text):
            return [_Piece(piece.text[place:], piece.damage), *parts[index + 1 :]]
        place -= len(piece.text)
    return []


def _end_of(pattern: re.Pattern[str], text: str, place: int) -> int:
    match = pattern.match(text, place)
    return place if match is None else match.end()


def _decode(
    text: str, place: int, *, lines: bool, over: bool, known: Set[str]
) -> tuple[Any, int | None]:
    """Return the value that begins here and where it ends: None when the text ends before.

    :param over: Nothing will come behind the text.
    :param known: The keys of the record before.
    """
    try:
        return _DECODER.raw_decode(text, place)
    except (ValueError, RecursionError):
        pass
    if text[place] in "{[":
        if over:
            return _BROKEN, _next_alike(text, place, known)
        end = _closing(text, place)
        if end is not None and known and not lines:
            end = min(end, _next_alike(text, place, known))
        return _BROKEN, end
    end = text.find("\n", place) if lines else _end_of(_RUBBISH, text, place)
    return _BROKEN, len(text) if end < 0 else max(end, place + 1)


def _closing(text: str, place: int) -> int | None:
    """Return where the bracket that opens here is closed, by brackets and strings alone."""
    depth = 0
    for match in _STRUCTURE.finditer(text, place):
        mark = match[0]
        if mark in "{[":
            depth += 1
        elif mark in "}]":
            depth -= 1
            if depth == 0:
                return match.end()
        elif not mark.endswith('"') or len(mark) == 1:
            return None  # a string that runs to the end
    return None


def _more(
    parts: list[_Piece],
    pieces: Iterator[_Piece],
    held: deque[_Piece],
    most: int | None,
    *,
    lines: bool,
) -> list[_Piece]:
    """Take as much again as there is, so that a long value is not looked at over and over.

    :param most: So many lines a value may take, where one before it was never closed.
    """
    taken: list[_Piece] = []
    size, added = sum(len(part.text) for part in parts), 0
    while added < size < _LONGEST_VALUE:
        if most is not None and len(parts) + len(taken) >= most:
            break
        piece = held.popleft() if held else next(pieces, None)
        if piece is None:
            break
        if lines and _is_whole(piece.text):
            # The next record begins: the one before it breaks off.
            held.appendleft(piece)
            break
        taken.append(piece)
        added += len(piece.text)
    return taken


def _next_alike(text: str, place: int, known: Set[str]) -> int:
    """Return where a broken object of an array breaks off: before the next one that is like others.

    A stray quote in one record must not take all those behind it along. It begins with the same key,
    and has at least half of the keys of the record before: what lies in a record has others.
    """
    key = _FIRST_KEY.match(text, place)
    if key is None:
        return len(text)
    following = re.compile(r"\}\s*,\s*(?=\{\s*" + re.escape(key[1]) + r"\s*:)")
    for match in islice(following.finditer(text, place + 1), _MOST_TRIED):
        try:
            record, _ = _DECODER.raw_decode(text, match.end())
        except (ValueError, RecursionError):
            continue
        if len(known & record.keys()) * 2 >= len(known):
            return match.start() + 1
    return len(text)


def _is_whole(line: str) -> bool:
    if not line.startswith("{"):
        return False
    try:
        return isinstance(_DECODER.decode(line), dict)
    except (ValueError, RecursionError):
        return False


def _salvage(text: str) -> dict[str, Any] | None:
    """Read the object whose end is missing: what stands before the break, or None."""
    if not text.startswith("{"):
        return None
    text = _HALF_ESCAPE.sub(r"\1", text.rstrip()).rstrip(",")
    for ending in ("}", '"}', "]}", '"]}', "}}", '"}}', "null}", ":null}"):
        try:
            record = _DECODER.decode(text + ending)
        except (ValueError, RecursionError):
            continue
        if isinstance(record, dict) and record:
            return record
    return None
