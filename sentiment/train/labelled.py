"""Reading labelled feedback: JSON lines, or a table with one column for each topic."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from sentiment.errors import InputError, LabelError
from sentiment.records import SENTIMENTS, STATES, Sentiment, State
from sentiment.tables import Reject, SourceRow
from sentiment.tables.table import open_source
from sentiment.taxonomy import Taxonomy
from sentiment.text import prepare
from sentiment.train.examples import Example, group_of, read_labelled

__all__ = ["read_labelled_file"]

_SHOWN = 20
_Name = TypeVar("_Name", Sentiment, State)


def read_labelled_file(path: Path) -> list[Example]:
    """Read labelled feedback from any table format.

    JSON lines hold the schema of labelled feedback. Any other format holds a column `text` and any
    of `sentiment`, the topics' names, `id` and `lang`; an empty cell is "not labelled".

    :raises InputError: The file cannot be read.
    :raises LabelError: Rows that cannot be used, up to twenty of them listed by number.
    """
    if not path.exists():
        raise InputError(f"{path}: there is no such file.")
    if path.suffix.lower() in (".jsonl", ".ndjson"):
        return read_labelled(path)
    source = open_source(path)
    columns = {name.strip().lower(): name for name in source.columns}
    if "text" not in columns:
        listed = ", ".join(source.columns)
        raise LabelError(f"{path}: labelled rows need a column named text; there are {listed}.")
    topics = [name for name in Taxonomy.default().topics if name in columns]
    if "sentiment" not in columns and not topics:
        raise LabelError(
            f"{path}: no labels; add a column sentiment, or one for a topic "
            f"({', '.join(Taxonomy.default().topics)})."
        )
    examples: list[Example] = []
    faults: list[str] = []
    for row in source.rows():
        if isinstance(row, Reject):
            faults.append(f"row {row.row}: {row.reason}")
            continue
        try:
            example = _example(row, columns, topics, path.stem)
        except LabelError as error:
            faults.append(f"row {row.row}: {error}")
        else:
            examples.append(example)
    if faults:
        shown = "\n".join(faults[:_SHOWN])
        raise LabelError(f"{path}: {len(faults)} rows cannot be used:\n{shown}")
    return examples


def _example(row: SourceRow, columns: Mapping[str, str], topics: list[str], source: str) -> Example:
    cells = {name: (row.cells.get(column) or "").strip() for name, column in columns.items()}
    text = row.cells.get(columns["text"]) or ""
    if not text.strip():
        raise LabelError("no text.")
    overall = _known(cells.get("sentiment", ""), SENTIMENTS, "sentiment")
    states: dict[str, State] = {}
    for topic in topics:
        state = _known(cells[topic], STATES, topic)
        if state is not None:
            states[topic] = state
    language = cells.get("lang") or prepare(text).language
    return Example(
        text=text,
        language="en" if language == "en" else "zh",
        source=source,
        group=group_of(text),
        overall=overall,
        topics=states or None,
        id=cells.get("id") or None,
    )


def _known(value: str, names: tuple[_Name, ...], column: str) -> _Name | None:
    if not value:
        return None
    for name in names:
        if value.lower() == name:
            return name
    raise LabelError(f"{column} {value!r} is none of {', '.join(names)}.")
