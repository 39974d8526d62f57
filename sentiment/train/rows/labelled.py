"""Reading labelled feedback: JSON lines, or a table with one column for each topic.

Every row is read to its end, so that all that is wrong with a file is known at once. What is not
labelled stays None: it is masked in training and never taken for "absent".
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sentiment.errors import InputError, LabelError
from sentiment.tables import Reject
from sentiment.tables.table import open_source
from sentiment.taxonomy import Taxonomy
from sentiment.train.data.examples import Example
from sentiment.train.rows.faults import Fault, is_error, nearest, tell
from sentiment.train.rows.record import FIELDS, read_record
from sentiment.wording import Tongue

__all__ = ["Labelled", "holds_chosen", "read_labelled_file", "read_rows"]

_TEXT = ("text", "文本", "评论", "评论内容", "内容", "反馈", "feedback", "review", "comment")
_SENTIMENT = ("sentiment", "overall", "情感", "总体情感")
_NOTHING_JUDGED = ("none", "无", "-", "[]")
# Column, field of the record, and what an entry of it is called; of two for a field the first counts.
_LISTS = (
    ("opinions", "opinions", "driver"),
    ("drivers", "opinions", "driver"),
    ("tags", "tags", "tag"),
)
# What a table's reader says of a row whose cells cannot be trusted to stand where they belong.
_TORN = re.compile(r"fields instead of|broken quotes|the header row again")
_PAIR = re.compile(r"\s*([^:;]+?)\s*:\s*([^:;]+?)\s*")


@dataclass(frozen=True)
class Labelled:
    """A file of labelled rows as it was read.

    :param rows: The number of each example in the file: data rows from 1, or lines of JSON lines.
    :param unit: What the numbers count: "row" or "line".
    """

    path: Path
    examples: tuple[Example, ...]
    rows: tuple[int, ...]
    faults: tuple[Fault, ...]
    unit: str = "row"

    @property
    def errors(self) -> tuple[Fault, ...]:
        """What must be mended before the rows can be used."""
        return tuple(fault for fault in self.faults if is_error(fault))

    @property
    def warnings(self) -> tuple[Fault, ...]:
        """What should be known; the message says what is done about it."""
        return tuple(fault for fault in self.faults if not is_error(fault))

    def refusal(self, language: Tongue = "en") -> str:
        """Return every error, by row; only where there are any."""
        listed = "\n".join(f"  {line}" for line in tell(self.errors, language, self.unit))
        table = self.unit == "row" and any(fault.row is not None for fault in self.errors)
        if language == "zh":
            where = "（第 1 行指表头下的第一行）" if table else ""
            return f"{self.path}：需要修改 {len(self.errors)} 处{where}：\n{listed}"
        noun = "fault" if len(self.errors) == 1 else "faults"
        where = " (row 1 is the first below the header)" if table else ""
        return f"{self.path}: {len(self.errors)} {noun} to mend{where}:\n{listed}"

    def refuse(self, language: Tongue = "en") -> None:
        """Raise, with everything that is wrong, where anything is.

        :raises LabelError: There are errors.
        """
        if self.errors:
            raise LabelError(self.refusal(language))

    def only(self, keep: Sequence[int], faults: Sequence[Fault] = ()) -> Labelled:
        """Return some of the examples, by their places, with more faults known."""
        return replace(
            self,
            examples=tuple(self.examples[at] for at in keep),
            rows=tuple(self.rows[at] for at in keep),
            faults=(*self.faults, *faults),
        )


def read_labelled_file(
    path: Path,
    taxonomy: Taxonomy | None = None,
    *,
    language: Tongue = "en",
) -> list[Example]:
    """Read labelled feedback from any table format; refuse it if any row is wrong in itself.

    :param language: Of the list of faults.
    :raises InputError: The file cannot be read.
    :raises LabelError: Rows that cannot be used, all of them listed by number.
    """
    read = read_rows(path, taxonomy or Taxonomy.default())
    read.refuse(language)
    return list(read.examples)


def read_rows(path: Path, taxonomy: Taxonomy, *, text: str | None = None) -> Labelled:
    """Read every row of a labelled file and say what is wrong with each.

    JSON lines hold the schema of labelled feedback. Any other format holds a column `text` and any
    of `sentiment`, the topics' names, `drivers` ("delivery.speed:positive;quality.general:negative",
    or none), `tags`, `opinions` (JSON), `id`, `lang` and `source`; an empty cell is "not labelled".

    :param taxonomy: What may be labelled.
    :param text: The column or field that holds the text, where it has another name.
    :raises InputError: The file cannot be read.
    """
    if not path.exists():
        raise InputError(f"{path}: there is no such file.")
    lines = _is_lines(path)
    faults: list[Fault] = []
    found = _json_rows(path, faults, text) if lines else _table_rows(path, taxonomy, text, faults)
    examples: list[Example] = []
    numbers: list[int] = []
    seen = 0
    for number, record in found:
        seen += 1
        example, wrong = read_record(
            record, taxonomy, path.stem, "overall" if lines else "sentiment"
        )
        faults += [replace(fault, row=number) for fault in wrong]
        if example is not None:
            examples.append(example)
            numbers.append(number)
    if any(fault.kind == "no_such_column" for fault in faults):
        # Of a field that no line has it says nothing that every line lacks it.
        faults = [fault for fault in faults if fault.kind != "no_text"]
    if not seen and not any(map(is_error, faults)):
        faults.append(Fault("no_rows"))
    unit = "line" if lines else "row"
    return Labelled(path, tuple(examples), tuple(numbers), tuple(faults), unit)


def holds_chosen(path: Path) -> bool:
    """Tell whether rows of a file were chosen by `sentiment label` because they teach a model.

    Only JSON lines say so.
    """
    if not _is_lines(path):
        return False
    return any(record.get("sampling") == "chosen" for _, record in _json_rows(path, []))


def _is_lines(path: Path) -> bool:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    return suffixes[-1:] in ([".jsonl"], [".ndjson"]) or suffixes[-2:] == [".jsonl", ".gz"]


def _json_rows(
    path: Path, faults: list[Fault], text: str | None = None
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the objects of JSON lines by the number of their line.

    :param text: The field that holds the text, where it is not `text`.
    """
    opened = gzip.open if path.suffix.lower() == ".gz" else open
    strange: dict[str, str] = {}
    seen: dict[str, None] = {}
    try:
        with opened(path, "rt", encoding="utf-8-sig") as lines:
            for number, line in enumerate(lines, start=1):
                if not line.strip():
                    continue
                record = _object(line, number, faults)
                if record is None:
                    continue
                seen |= dict.fromkeys(record)
                if text is not None:
                    record["text"] = record.get(text)
                for name in record:
                    if name not in (*FIELDS, text) and (near := nearest(name, FIELDS)):
                        strange[name] = near
                yield number, record
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error}).") from error
    if seen and text is not None and text not in seen:
        faults.append(Fault("no_such_column", None, {"given": text, "columns": list(seen)}))
    for name, near in strange.items():
        faults.append(Fault("near_field", None, {"column": name, "nearest": near}))


def _object(line: str, number: int, faults: list[Fault]) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        reason = getattr(error, "msg", "nested too deep")
        faults.append(Fault("not_json", number, {"reason": reason}))
        return None
    if isinstance(record, dict):
        return record
    faults.append(Fault("not_object", number))
    return None


def _table_rows(
    path: Path, taxonomy: Taxonomy, text: str | None, faults: list[Fault]
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the rows of a table as records of the JSON schema, by number."""
    source = open_source(path)
    columns = _columns(source.columns, taxonomy, text, faults)
    if columns is None:
        for _ in source.rows():
            pass  # nothing can be said of rows without a text
        return
    for row in source.rows():
        if isinstance(row, Reject):
            faults.append(Fault("rejected", row.row, {"reason": row.reason}))
            continue
        if row.damage and _TORN.search(row.damage):
            faults.append(Fault("torn", row.row, {"reason": row.damage}))
            continue
        cells = {name: row.cells.get(column) or None for name, column in columns.items()}
        record: dict[str, Any] = {
            name: cells.get(name) for name in ("text", "id", "lang", "source", "overall")
        }
        states = {topic: cells.get(f"topic {topic}") for topic in taxonomy.topics}
        record["topics"] = {topic: state for topic, state in states.items() if state} or None
        for name, field, key in _LISTS:
            cell = (cells.get(name) or "").strip()
            if cell and record.get(field) is None:
                record[field] = _judgements(cell, name, key, row.row, faults)
        yield row.row, record


def _columns(
    names: Sequence[str], taxonomy: Taxonomy, text: str | None, faults: list[Fault]
) -> Mapping[str, str] | None:
    """Return the column of each field, or None without a text or labels."""
    plain = {name.strip().lower(): name for name in names}
    wanted: dict[str, tuple[str, ...]] = {
        "text": (text.strip().lower(),) if text else _TEXT,
        "overall": _SENTIMENT,
        "drivers": ("drivers", "驱动因素"),
        "tags": ("tags", "标签"),
        "opinions": ("opinions",),
        "id": ("id", "编号"),
        "lang": ("lang", "language", "语言"),
        "source": ("source", "来源"),
    }
    for name, topic in taxonomy.topics.items():
        wanted[f"topic {name}"] = (name.lower(), topic.zh, topic.en.lower())
    found = {
        field: plain[next(one for one in spelled if one in plain)]
        for field, spelled in wanted.items()
        if any(one in plain for one in spelled)
    }
    known = [one for spelled in wanted.values() for one in spelled]
    for name, column in plain.items():
        if column not in found.values() and (near := nearest(name, known)):
            faults.append(Fault("near_column", None, {"column": column, "nearest": near}))
    topics = [name for name in taxonomy.topics if f"topic {name}" in found]
    if "text" not in found:
        kind = "no_such_column" if text else "no_text_column"
        faults.append(Fault(kind, None, {"given": text, "columns": names}))
    if not topics and not {"overall", "drivers", "tags", "opinions"} & set(found):
        faults.append(Fault("no_label_column", None, {"topics": list(taxonomy.topics)}))
    return found if "text" in found else None


def _judgements(cell: str, column: str, key: str, row: int, faults: list[Fault]) -> Any:
    """Return what a cell lists: JSON, or NAME:POLARITY;NAME:POLARITY, or none."""
    if cell.lower() in _NOTHING_JUDGED:
        return []
    if cell.startswith("["):
        try:
            return json.loads(cell)
        except ValueError:
            faults.append(Fault("not_pairs", row, {"column": column, "given": repr(cell[:60])}))
            return None
    pairs = [_PAIR.fullmatch(piece) for piece in cell.split(";") if piece.strip()]
    if not all(pairs):
        faults.append(Fault("not_pairs", row, {"column": column, "given": repr(cell[:60])}))
        return None
    return [{key: pair[1], "polarity": pair[2]} for pair in pairs if pair]
