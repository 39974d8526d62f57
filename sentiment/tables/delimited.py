"""CSV and its relatives: fast where the file is clean, record by record where it is not.

Clean records go through the standard library's reader. A record that it refuses, or that swallowed
what look like records of their own, or that has the wrong number of fields, is taken apart again
line by line with rules that expect the dirt of real exports. `csv.field_size_limit` is a setting
of the whole process and is left alone: a cell beyond it takes the second way, which has no limit.

A completely blank line is no record. A short record has None in the columns that it lacks.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice

from sentiment.patterns import regex
from sentiment.tables import encodings, headings
from sentiment.tables.header import Header, find_header
from sentiment.tables.rows import SAMPLE_CHARACTERS, Opener, Reject, SourceRow, take_sample

__all__ = ["DELIMITERS", "DelimitedSource", "Shape"]

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}

# What stands in for a delimiter where each line is one cell: no text has it.
_NO_MARK = "\x1f"
# Marks of prose that are delimiters, too.
_PAUSES = ",;|\t"

_STOP = regex(r"[。！!，；?？]|[.]\s|[.]\Z")
# More lines of one cell than this share, and there is no table.
_FEW = 0.15
# A value that is one of a few has at most so many characters.
_LONGEST_VALUE = 30

# An unclosed quote is given up when it has taken this many characters, or this many lines that look
# like records.
_LONGEST_RECORD = 1 << 27
_ALIKE = 3

# How many lines an open quote may take after one before it was never closed: half as many each
# time, so that a file full of them is read in linear time.
_MOST_LINES, _FEWEST_LINES = 1000, 4

_HEAD = 1 << 20
_LINE_END = regex(r"[\r\n]*\Z")
_NUMBER = regex(r"\s*[-+]?\d+(?:[.,]\d+)?\s*%?\s*")


@dataclass(frozen=True, slots=True)
class Shape:
    """What the cells of clean records look like, to know a record by.

    :param width: Number of fields.
    :param columns: By column: "number", a skeleton ("A9", "9-9-9"), a set of values, or None.
    """

    width: int
    columns: tuple[str | frozenset[str] | None, ...]

    @classmethod
    def learn(cls, records: Iterable[Sequence[str]], width: int) -> Shape:
        """Take the shapes that at least nine in ten of a column's cells have."""
        rows = [row for row in records if len(row) == width]
        return cls(width, tuple(_column_shape([row[i] for row in rows]) for i in range(width)))

    @property
    def knows(self) -> int:
        """The number of columns whose cells can be told."""
        return sum(shape is not None for shape in self.columns)

    def fits(self, fields: Sequence[str]) -> bool:
        """Say whether the fields look like one record of this table."""
        if len(fields) != self.width:
            return False
        verdicts = [
            _fits(cell, shape)
            for cell, shape in zip(fields, self.columns, strict=True)
            if shape is not None and cell.strip()
        ]
        if not verdicts:
            # Nothing to know it by but the number of fields: prose rarely has it when it is high.
            return self.width > 2 and not any(self.columns)
        return all(verdicts)


def _column_shape(cells: list[str]) -> str | frozenset[str] | None:
    cells = [cell for cell in cells if cell.strip()]
    if len(cells) < 3:
        return None
    if sum(1 for cell in cells if _NUMBER.fullmatch(cell)) >= 0.9 * len(cells):
        return "number"
    skeleton, count = Counter(map(_skeleton, cells)).most_common(1)[0]
    if "9" in skeleton and count >= 0.9 * len(cells):
        return skeleton
    values = frozenset(cells)
    if len(cells) >= 20 and len(values) <= 20 and len(values) <= 0.2 * len(cells):
        return values
    return None


def _skeleton(cell: str) -> str:
    if len(cell) > 40:
        return ""
    return re.sub(r"[^\W\d_]+", "A", re.sub(r"\d+", "9", cell))


def _fits(cell: str, shape: str | frozenset[str]) -> bool:
    if isinstance(shape, frozenset):
        return cell in shape
    if shape == "number":
        return _NUMBER.fullmatch(cell) is not None
    return _skeleton(cell) == shape


class _Assembly:
    """One record put together line by line: a quote closes only before a delimiter or line end."""

    def __init__(self, delimiter: str) -> None:
        self.delimiter = delimiter
        self.fields: list[str] = []
        self.broken = False
        self.size = 0
        self.opened = 0  # where in its line the last quote opened
        self._parts: list[str] = []
        self._quoted = False

    def feed(self, line: str) -> bool:
        """Take one line; say whether the record is complete with it."""
        self.size += len(line)
        place = 0
        while True:
            if not self._quoted:
                if line.startswith('"', place):
                    self._quoted, self.opened = True, place
                    place += 1
                    continue
                end = line.find(self.delimiter, place)
                if end < 0:
                    self.fields.append(line[place:].rstrip("\r\n"))
                    return True
                self.fields.append(line[place:end])
                place = end + 1
                continue
            end = line.find('"', place)
            if end < 0:
                self._parts.append(line[place:])
                return False
            after = line[end + 1 : end + 2]
            if after == '"' and self.broken and self._ends(line, end + 2):
                # Quotes were not doubled before, so this is a letter and then the closing one.
                end += 1
                after = line[end + 1 : end + 2]
            if after == '"':
                self._parts.append(line[place : end + 1])
                place = end + 2
            elif self._ends(line, end + 1):
                self._parts.append(line[place:end])
                self.fields.append("".join(self._parts))
                self._parts, self._quoted = [], False
                place = end + 2
                if after != self.delimiter:
                    return True
            else:
                self.broken = True
                self._parts.append(line[place : end + 1])
                place = end + 1

    def _ends(self, line: str, place: int) -> bool:
        # A carriage return with letters behind it ends nothing: they would be lost.
        return line.startswith(self.delimiter, place) or _LINE_END.match(line, place) is not None


@dataclass(frozen=True, slots=True)
class _Record:
    fields: list[str]
    damage: str | None


class _Recovery:
    """Takes records one by one from lines that the fast reader could not be trusted with."""

    def __init__(self, lines: Iterator[str], delimiter: str, shape: Shape) -> None:
        self._lines = lines
        self._held: deque[str] = deque()
        self._delimiter = delimiter
        self._shape = shape
        self._most_lines: int | None = None

    def records(self, lines: Iterable[str]) -> Iterator[_Record]:
        """Yield the records of the lines, reading on where the last one is not complete."""
        self._held.extend(lines)
        while self._held:
            record = self._next()
            if record is not None:
                yield record

    def _next(self) -> _Record | None:
        if not self._held[0].strip("\r\n"):
            self._held.popleft()
            return None
        assembly = _Assembly(self._delimiter)
        taken: list[str] = []
        complete = False
        alike = 0
        while not complete and (line := self._take()) is not None:
            taken.append(line)
            complete = assembly.feed(line)
            if len(taken) > 1 and not complete:
                alike += self._looks_like_record(line)
                if alike >= _ALIKE or self._too_much(assembly, taken):
                    break
        if complete and not self._astray(assembly, taken):
            damage = "broken quotes" if assembly.broken else None
            if len(taken) > 1 and self._most_lines is not None:
                self._most_lines = _MOST_LINES
            return _Record(assembly.fields, _undecoded(taken) or damage)
        if len(taken) > 1:
            # Where quotes are left open once they are again: look less and less far for their end.
            self._most_lines = max(_FEWEST_LINES, (self._most_lines or _MOST_LINES) // 2)
        self._held.extendleft(reversed(taken[1:]))
        return _Record(self._literal(taken[0]), _undecoded(taken[:1]) or "a quote was never closed")

    def _take(self) -> str | None:
        return self._held.popleft() if self._held else next(self._lines, None)

    def _too_much(self, assembly: _Assembly, taken: list[str]) -> bool:
        if assembly.size > _LONGEST_RECORD:
            return True
        return self._most_lines is not None and len(taken) > self._most_lines

    def _astray(self, assembly: _Assembly, taken: list[str]) -> bool:
        """Say whether a complete record of several lines is several records after all."""
        if assembly.broken:
            return any(map(self._looks_like_record, taken[1:]))
        return self.swallowed(taken)

    def swallowed(self, lines: Sequence[str]) -> bool:
        """Say whether the lines of one sound record are records of their own, first and last.

        That is how an unclosed quote looks that ends at a stray quote further down. A cell with
        line ends has its record's other cells before its first line and after its last one.
        """
        if len(lines) < 2 or not any(self._shape.columns):
            return False
        return self._shape.fits(self._literal(lines[0])) and self._looks_like_record(lines[-1])

    def _looks_like_record(self, line: str) -> bool:
        """Say whether the line alone is a record of this table."""
        if line.count(self._delimiter) < self._shape.width - 1 or len(line) > 100_000:
            return False
        assembly = _Assembly(self._delimiter)
        return assembly.feed(line) and self._shape.fits(assembly.fields)

    def _literal(self, line: str) -> list[str]:
        """Split one line of which a quote may never close: from it on, quotes are letters."""
        assembly = _Assembly(self._delimiter)
        if assembly.feed(line):
            return assembly.fields
        return [*assembly.fields, *line[assembly.opened :].rstrip("\r\n").split(self._delimiter)]


def _undecoded(lines: Iterable[str]) -> str | None:
    return next((line.damage for line in lines if isinstance(line, encodings.DecodedLine)), None)


def _unmarked(fields: list[str]) -> list[str]:
    return [fields[0].lstrip("\ufeff").strip('"'), *fields[1:]]


def _usual_widths(head: Sequence[str], delimiter: str, skips: bool) -> frozenset[int]:
    """Return the numbers of fields that records of the head commonly have: 2 % of them, and two."""
    widths = Counter(map(len, _parse(list(head), delimiter, skips)))
    return frozenset(
        width for width, count in widths.items() if count >= max(2, 0.02 * widths.total())
    )


class DelimitedSource:
    """A CSV or TSV file."""

    sheet: str | None = None

    def __init__(
        self,
        opener: Opener,
        encoding: str | None = None,
        delimiter: str | None = None,
        prefer: str = ",",
        language: str = "en",
    ) -> None:
        self._opener = opener
        self._language = language
        with opener() as stream:
            self.encoding: str | None = encoding or encodings.detect(stream)
        self._newline = self._find_newline()
        head = self._head()
        self._first_line = 0
        if head and (told := re.fullmatch(r"sep=(.)\r?\n?", head[0])):  # Excel's own hint
            self._first_line, head = 1, head[1:]
            delimiter = delimiter or told[1]
        found = delimiter or _sniff(head, prefer)
        self._skips = _skips_spaces(head, found)
        whole = delimiter is None and not self._skips and _are_whole_lines(head, found)
        self.delimiter: str | None = None if whole else found
        self.format = "tsv" if self.delimiter == "\t" else "csv"
        self._mark = self.delimiter or _NO_MARK
        self._shape = _shape_of(head, self._mark, self._skips)
        self._usual = _usual_widths(head, self._mark, self._skips)
        self._header, self._shape = self._find_header()
        self.columns = self._header.names
        self.labels: Mapping[str, str] = self._header.labels
        self.notes = self._header.notes
        if whole and not self._header.cells:
            self.notes = (*self.notes, _whole_note(DELIMITERS[found], language))
        # The free text is where an unquoted delimiter belongs; the table sets it once roles are
        # known. Until then the last column takes what is too many.
        self.text_column: str | None = None

    @cached_property
    def sample(self) -> list[SourceRow]:
        """The first rows, at most `SAMPLE_ROWS` and `SAMPLE_CHARACTERS`."""
        return take_sample(self.rows())

    def rows(self, start: int = 0) -> Iterator[SourceRow | Reject]:
        """Yield the rows after the first `start`."""
        columns, width = self.columns, len(self.columns)
        number = -self._header.skip
        heading = list(self._header.cells)
        for fields, damage in self._records():
            number += 1
            if number <= start:
                continue
            if len(fields) == width:
                if fields == heading or (
                    fields[0][:1] == "\ufeff" and _unmarked(fields) == heading
                ):
                    damage = damage or "the header row again"
                yield SourceRow(number, dict(zip(columns, fields, strict=True)), damage)
            else:
                yield self._ragged(number, fields, damage)

    def _ragged(self, number: int, fields: list[str], damage: str | None) -> SourceRow:
        columns, width = self.columns, len(self.columns)
        if len(fields) < width:
            cells: list[str | None] = [*fields, *[None] * (width - len(fields))]
            # Many tools leave out empty cells at the end; a record that is short alone was broken.
            if len(fields) not in self._usual:
                damage = damage or f"{len(fields)} fields instead of {width}"
            return SourceRow(number, dict(zip(columns, cells, strict=True)), damage)
        surplus = fields[width:]
        if not any(cell.strip() for cell in surplus):
            # Trailing delimiters carry nothing.
            return SourceRow(number, dict(zip(columns, fields, strict=False)), damage)
        damage = damage or f"{len(fields)} fields instead of {width}"
        return SourceRow(
            number, dict(zip(columns, self._join_surplus(fields), strict=True)), damage
        )

    def _join_surplus(self, fields: list[str]) -> list[str]:
        """Put the surplus back where an unquoted delimiter split a cell.

        The free text is tried first, then the last column, then the others; the first place after
        which every other cell has the shape of its column is taken.
        """
        width, joiner = len(self.columns), self._mark
        places = list(range(width))
        places.sort(key=lambda place: (self.columns[place] != self.text_column, place != width - 1))
        attempts = [_joined(fields, place, width, joiner) for place in places]
        # Whoever quoted a cell for its delimiter did not leave it open to be split.
        surplus = len(fields) - width
        sound = [
            attempt
            for place, attempt in zip(places, attempts, strict=True)
            if not any(joiner in cell for cell in fields[place : place + surplus + 1])
        ]
        found = next((attempt for attempt in sound if self._shape.fits(attempt)), None)
        if found is not None:
            return found
        if self._shape.knows and self._shape.fits(fields[:width]):
            # Nothing was split: cells were added behind the last one.
            return _joined(fields, width - 1, width, joiner)
        return (sound or attempts)[0]

    def _records(self) -> Iterator[tuple[list[str], str | None]]:
        """Yield the fields of every record and what is wrong with it, header rows included."""
        with self._opener() as stream:
            blocks = encodings.text_blocks(stream, self.encoding or "utf-8", self._newline)
            lines = _Lines(blocks, self._newline)
            source = iter(lines)
            for _ in range(self._first_line):
                next(source, None)
            yield from self._read(source, lines)

    def _read(self, source: Iterator[str], lines: _Lines) -> Iterator[tuple[list[str], str | None]]:
        width = len(self._shape.columns)
        taken: list[str] = []
        reader = csv.reader(
            _tee(source, taken), delimiter=self._mark, strict=True, skipinitialspace=self._skips
        )
        recovery = _Recovery(source, self._mark, self._shape)
        while True:
            try:
                fields = next(reader)
            except StopIteration:
                return
            except csv.Error:
                fields = []
            else:
                if len(taken) == 1 and len(fields) == width and not lines.damaged:
                    taken.clear()
                    yield fields, None
                    continue
                if not fields:  # a blank line
                    taken.clear()
                    continue
            if fields and not recovery.swallowed(taken):
                damage = _undecoded(taken) if lines.damaged else None
                taken.clear()
                yield fields, damage
                continue
            again = list(taken)
            taken.clear()
            for record in recovery.records(again):
                yield record.fields, record.damage

    def _find_newline(self) -> str:
        text = "".join(self._head_lines("\n"))
        return "\r" if "\r" in text and "\n" not in text else "\n"

    def _head(self) -> list[str]:
        """Return the lines of the first megabyte, without the one that it cuts."""
        lines = list(islice(self._head_lines(self._newline), 2000))
        cut = len(lines) > 1 and not lines[-1].endswith(self._newline)
        return lines[:-1] if cut else lines

    def _head_lines(self, newline: str) -> Iterator[str]:
        with self._opener() as stream:
            head = io.BytesIO(stream.read(_HEAD))
        return iter(_Lines(encodings.text_blocks(head, self.encoding or "utf-8", newline), newline))

    def _find_header(self) -> tuple[Header, Shape]:
        """Return the header, and the shape of the records that stand under it."""
        records: list[list[str]] = []
        size = 0
        for fields, _ in self._records():
            records.append(fields)
            size += sum(map(len, fields))
            if len(records) >= 200 or size > SAMPLE_CHARACTERS:
                break
        header, shape = find_header(records, self._language), self._shape
        body = [record for record in records[header.skip :] if any(map(str.strip, record))]
        named = len(header.cells)
        widest = max(len(header.names), shape.width)
        if 1 < named < widest and all(map(str.strip, header.cells)):
            spilled = _spilled_shape(header.cells, body, self._mark)
            if spilled is not None:
                return find_header(_narrowed(records, named), self._language), spilled
            if named < len(header.names) and _are_wider(body, named):
                note = _wider_note(len(header.names), named, self._language)
                header = replace(header, notes=(*header.notes, note))
        width = len(header.names)
        return header, shape if width == shape.width else Shape(width, (None,) * width)


def _joined(fields: Sequence[str], place: int, width: int, joiner: str) -> list[str]:
    """Return the fields in `width` columns, with what is too many joined from one place on."""
    end = place + len(fields) - width + 1
    return [*fields[:place], joiner.join(fields[place:end]), *fields[end:]]


def _narrowed(records: Sequence[Sequence[str]], width: int) -> list[Sequence[str]]:
    return [record[:width] for record in records]


def _are_wider(records: Sequence[Sequence[str]], width: int) -> bool:
    """Say whether most records have cells beyond the header's."""
    wider = sum(any(map(str.strip, record[width:])) for record in records)
    return wider * 2 > len(records)


def _spilled_shape(
    names: Sequence[str], records: Sequence[Sequence[str]], delimiter: str
) -> Shape | None:
    """Tell a cell that its own delimiters split in most records from a column without a name.

    A column has its cells in the same place from the left. Where a cell was split, those behind it
    have theirs in the same place from the right, and more of the columns are of one shape so.

    :param names: The header's cells, fewer than most records have.
    :returns: The shape of the records with that cell made whole again, or None.
    """
    width = len(names)
    full = [record for record in records if len(record) >= width]
    quoted = sum(any(delimiter in cell for cell in record) for record in full)
    if quoted > 0.1 * len(full):
        return None  # whoever wrote this quotes what has to be
    lengths = Counter(map(len, full))
    most = max(lengths, default=width)
    left = Shape.learn([[*record, *[""] * (most - len(record))] for record in full], most)
    least = (left.knows, _agreeing(names, left.columns))
    # A column without a name is in every record; delimiters are in some texts more, in some less.
    mixed = max(lengths.values(), default=0) < 0.9 * len(full)
    claims = []
    for place in range(width):
        shape = Shape.learn([_joined(record, place, width, delimiter) for record in full], width)
        claim = (shape.knows, _agreeing(names, shape.columns))
        # A number or a code has no delimiters to be split at.
        if shape.columns[place] is None and (claim > least or (mixed and claim == least)):
            claims.append((claim, headings.is_text(names[place]), -place, shape))
    return max(claims, key=lambda claim: claim[:3])[3] if claims else None


def _agreeing(names: Sequence[str], shapes: Sequence[str | frozenset[str] | None]) -> int:
    """Count the scores and dates of a header that have numbers and days under them."""
    pairs = list(zip(names, shapes, strict=False))
    scores = sum(shape == "number" for name, shape in pairs if headings.is_score(name))
    days = sum(
        isinstance(shape, str) and shape.count("9") > 1
        for name, shape in pairs
        if headings.is_date(name)
    )
    return scores + days


def _wider_note(width: int, named: int, language: str) -> str:
    if language == "zh":
        return (
            f"多数行有 {width} 个字段，表头只有 {named} 个：若文本中有未加引号的分隔符，"
            "文本会被截断、各列会错位；请检查文件，将文本加上引号。"
        )
    return (
        f"Most rows have {width} fields, the header {named}: where texts hold delimiters without"
        " quotes around them, they are cut and the columns shifted; check the file."
    )


class _Lines:
    """The lines of text blocks; `damaged` turns true when one did not decode."""

    def __init__(self, blocks: Iterable[list[str] | str], newline: str) -> None:
        self._blocks = blocks
        self._newline = newline
        self.damaged = False

    def __iter__(self) -> Iterator[str]:
        for block in self._blocks:
            if isinstance(block, str):
                yield from io.StringIO(block, newline=self._newline)
            else:
                self.damaged = True
                yield from block


def _tee(lines: Iterator[str], taken: list[str]) -> Iterator[str]:
    append = taken.append
    for line in lines:
        append(line)
        yield line


def _parse(lines: Sequence[str], delimiter: str, skips: bool = False) -> list[list[str]]:
    """Split the head of a file; where a quote is broken, each line on its own.

    :param skips: Spaces behind a delimiter count for nothing.
    """
    records: list[list[str]] = []
    taken: list[str] = []
    reader = csv.reader(
        _tee(iter(lines), taken), delimiter=delimiter, strict=True, skipinitialspace=skips
    )
    while True:
        try:
            fields = next(reader)
        except StopIteration:
            return records
        except csv.Error:
            for line in taken:
                assembly = _Assembly(delimiter)
                if line.strip() and assembly.feed(line):
                    records.append(assembly.fields)
        else:
            if fields:
                records.append(fields)
        taken.clear()


def _sniff(lines: list[str], prefer: str) -> str:
    """Return the delimiter under which most lines have the same number of fields."""
    best, best_score = prefer, (0.0, 0)
    for delimiter in sorted(DELIMITERS, key=lambda mark: mark != prefer):
        widths = Counter(map(len, _parse(lines, delimiter)))
        total = widths.total()
        widths.pop(1, None)
        if not widths:
            continue
        width, count = max(widths.items(), key=lambda item: (item[1], item[0]))
        score = (round(count / total, 1), width)
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _skips_spaces(lines: list[str], delimiter: str) -> bool:
    """Say whether cells are written "so", "with a space" between delimiter and quote.

    Most lines are, and so read they have as many cells as one another.
    """
    # Two quotes stand for one inside a cell, such as the JSON that scoring adds.
    spaced = re.compile(rf'{re.escape(delimiter)} +"(?!")')
    several = [line for line in lines[:500] if delimiter in line]
    if sum(spaced.search(line) is not None for line in several) * 2 <= len(several):
        return False
    widths = Counter(map(len, _parse(several, delimiter, skips=True)))
    return max(widths.values()) >= 0.9 * widths.total()


def _are_whole_lines(lines: list[str], delimiter: str) -> bool:
    """Say whether each line is one text, of which the delimiters are pauses and make no table.

    Some lines have none, or ever different numbers of them, or a space follows them as in prose;
    few cells are quoted for them, and no column is of numbers, codes or a few values.
    """
    if delimiter not in _PAUSES or _NO_MARK in "".join(lines):
        return False
    records = _parse(lines[:500], delimiter)
    several = [record for record in records if len(record) > 1]
    cells = [cell for record in several for cell in record]
    quoted = sum(any(delimiter in cell for cell in record) for record in records)
    if not cells or quoted > 0.1 * len(records):
        return False
    trailing = sum(not any(map(str.strip, record[1:])) for record in several)
    if trailing > 0.5 * len(several) or _has_codes(several) or _is_headed(records):
        return False
    spaces = sum(cell.startswith(" ") for record in several for cell in record[1:])
    spaced = spaces >= 0.8 * (len(cells) - len(several))
    titles = next(place for place, record in enumerate(records) if len(record) > 1)
    below = Counter(map(len, records[titles:]))
    usual = max(count for width, count in below.items() if width > 1)
    alike = usual >= 0.9 * below.total() > 2 * titles
    if alike and not spaced:  # below what may be titles, every record has as many cells
        return False
    if len(several) < (1 - _FEW) * len(records):
        return True
    return sum(not cell.strip() for cell in cells) <= 0.1 * len(cells)


def _has_codes(records: Sequence[Sequence[str]]) -> bool:
    """Say whether the first or the last cells, or those of the usual records, are of one shape.

    Clauses that come again and again, or with a number in them, are no codes.
    """
    usual = Counter(map(len, records)).most_common(1)[0][0]
    shapes = [
        *Shape.learn([record[:1] for record in records], 1).columns,
        *Shape.learn([record[-1:] for record in records], 1).columns,
        *Shape.learn(records, usual).columns,
    ]
    return any(
        any(not value.startswith(" ") and len(value) <= _LONGEST_VALUE for value in shape)
        if isinstance(shape, frozenset)
        else shape.strip().count(" ") <= 2
        for shape in shapes
        if shape is not None
    )


def _is_headed(records: Sequence[Sequence[str]]) -> bool:
    """Say whether one of the first records of several cells may be headings of those below it."""
    places = [place for place, record in enumerate(records) if len(record) > 1][:3]
    return any(
        _may_be_headings(records[place])
        and sum(len(record) >= len(records[place]) for record in records[place:])
        >= 0.8 * len(records[place:])
        for place in places
    )


def _may_be_headings(record: Sequence[str]) -> bool:
    """Say whether a heading row may be what this is: short names, and not clauses of a sentence."""
    if len(record) < 2 or any(len(cell) > 30 or _STOP.search(cell) for cell in record):
        return False
    known = sum(map(headings.is_known, record))
    if any(cell.startswith(" ") for cell in record):  # "name, review, stars"
        return known == len(record)
    return known * 2 >= len(record)


def _whole_note(delimiter: str, language: str) -> str:
    if language == "zh":
        return f"各行的字段数不一，视为每行一条文本；如要拆分成列，请用 --delimiter {delimiter}。"
    return (
        f"Each line is read as one text: split at the {delimiter}, they make no table."
        f" --delimiter {delimiter} splits them all the same."
    )


def _shape_of(lines: list[str], delimiter: str, skips: bool) -> Shape:
    records = _parse(lines, delimiter, skips)
    if not records:
        return Shape(1, (None,))
    counts = Counter(map(len, records))
    width = max(counts, key=lambda length: (counts[length], length))
    if len(records) < 20:
        # So few that one open quote may hide most of them: count lines that stand on their own too.
        alone = [record for line in lines for record in _parse([line], delimiter, skips)]
        if sum(len(record) == width for record in alone) > counts[width]:
            records = alone
    return Shape.learn(records[1:], width)
