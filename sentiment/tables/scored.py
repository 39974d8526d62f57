"""Reading a scoring run back, from any of the five formats."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sentiment.errors import InputError
from sentiment.records import Analysis, Opinion, Tag
from sentiment.tables.findings import Kind, broken_cell, findings
from sentiment.tables.jsonlines import JsonSource
from sentiment.tables.layout import lost_columns, scored_columns
from sentiment.tables.rows import SourceRow
from sentiment.tables.table import open_source, open_text
from sentiment.taxonomy import TAKEN

__all__ = ["added_columns", "holds_records", "is_scored", "read_scored"]

# What every line of a scoring run's JSON lines says.
_RECORD = ("row", "text", "status", "sentiment", "opinions", "topics")


def is_scored(path: str | Path) -> bool:
    """Say whether a file is the output of a scoring run, or a scored data frame that was saved.

    :raises InputError: It was scored, but has lost some of what scoring adds; to score it again
        would replace what it says.
    """
    path = Path(path)
    source = open_source(path)
    if isinstance(source, JsonSource):
        return holds_records(path) or added_columns(source.sample_columns, str(path)) is not None
    return added_columns(source.columns, str(path)) is not None


def holds_records(path: str | Path) -> bool:
    """Say whether a file of JSON holds whole records of a scoring run, the texts among them.

    A scored data frame saved as JSON does not: its lines are rows of the wide form.

    :raises InputError: Its first record has lost some of what scoring writes.
    """
    record = _first_record(Path(path))
    if record is None or not isinstance(record.get("topics"), dict):
        return False
    lost = [name for name in _RECORD if name not in record]
    if lost and len(lost) <= 2:
        raise _lost(str(path), lost)
    return not lost


def added_columns(columns: Sequence[str], where: str) -> Mapping[str, str] | None:
    """Map the columns that scoring added to their names, as `scored_columns` does.

    :param where: The file, for the message.
    :raises InputError: Some were lost, or they no longer stand as they were written.
    """
    names = scored_columns(columns)
    if names is None and (lost := lost_columns(columns)) is not None:
        if lost:
            raise _lost(where, lost)
        raise InputError(
            f"{where} was scored, but the columns that scoring added no longer stand side by side "
            "in their order; put them back as they were"
        )
    return names


def _lost(where: str, names: Sequence[str]) -> InputError:
    listed = ", ".join(f"“{name}”" for name in names)
    return InputError(
        f"{where} was scored, but lacks {listed}; keep everything that scoring added, or score the "
        "texts again"
    )


def read_scored(
    path: str | Path,
    text: str | None = None,
    id: str | None = None,  # noqa: A002
) -> Iterator[Analysis]:
    """Yield the analyses of a scoring run, in order.

    JSON lines hold everything. The wide formats hold no probabilities (None there), no model name
    ("") and no row numbers (counted here; of a survey with several questions, each source row's
    answers follow each other and share its number). Which column is the text and which the id is
    in the run's summary.

    :param text: The text column of a wide file; "" is given as the text where it is None. When
        answers carry a question, the question's own column is the text.
    :param id: The id column of a wide file.
    :raises InputError: The file is not a scored one.
    """
    path = Path(path)
    source = open_source(path)
    if isinstance(source, JsonSource) and holds_records(path):
        yield from _read_records(path)
        return
    names = added_columns(source.columns, str(path))
    if names is None:
        raise InputError(
            f"{path} is not the output of a scoring run; run `sentiment score {path} -o OUT` first"
        )
    ours = set(names.values())
    own = [name for name in source.columns if name not in ours]
    number, previous = 0, None
    for row in source.rows():
        if not isinstance(row, SourceRow):
            raise InputError(f"{path}, row {row.row}: {row.reason}; score the input again")
        columns = {name: row.cells.get(name) for name in own}
        question = row.cells.get(names["question"]) if "question" in names else None
        if "question" in names and question not in columns:
            # The source's own column of that name, before ours: it names none of its columns.
            columns[names["question"]], question = question, None
        if question is None or previous is None or _starts(question, previous, columns):
            number += 1
        previous = _extended(previous, question, columns)
        found = _Found(str(path), row, names)
        yield _analysis(number, columns, found, question, text, id)


def _first_record(path: Path) -> Mapping[str, Any] | None:
    with open_text(path) as stream:
        for line in stream:
            if line.strip():
                try:
                    record = json.loads(line)
                except ValueError:
                    return None
                return record if isinstance(record, dict) else None
    return None


def _read_records(path: Path) -> Iterator[Analysis]:
    with open_text(path) as stream:
        for number, line in enumerate(stream, start=1):
            if not line.strip():
                continue
            try:
                yield Analysis.from_dict(json.loads(line))
            except (ValueError, KeyError, TypeError) as error:
                raise InputError(
                    f"{path}, line {number} is not a whole record of a scoring run"
                    f" ({type(error).__name__}: {error}); score the input again"
                ) from None


def _starts(question: str, previous: tuple[set[str], Mapping[str, Any]], columns: Any) -> bool:
    """Say whether an answer begins a new source row: its question was asked already."""
    asked, cells = previous
    return question in asked or cells != columns


def _extended(
    previous: tuple[set[str], Mapping[str, Any]] | None,
    question: str | None,
    columns: Mapping[str, Any],
) -> tuple[set[str], Mapping[str, Any]] | None:
    if question is None:
        return None
    if previous is None or _starts(question, previous, columns):
        return {question}, columns
    previous[0].add(question)
    return previous


def _filled(cell: str | None) -> str | None:
    return cell or None


@dataclass(frozen=True, slots=True)
class _Found:
    """What scoring added to one row of a wide file."""

    where: str
    row: SourceRow
    names: Mapping[str, str]

    def cell(self, name: str) -> str | None:
        return self.row.cells.get(self.names[name])

    def number(self, name: str) -> float | None:
        """Return a number, None of an empty cell.

        :raises InputError: The cell holds something else.
        """
        cell = self.cell(name)
        try:
            return float(cell) if cell else None
        except ValueError:
            raise InputError(
                f"{self.where}, row {self.row.row}: column “{self.names[name]}” holds {cell!r}, "
                "which is no number; score the texts again"
            ) from None

    def listed(self, kind: Kind, of: Callable[..., Any]) -> tuple[Any, ...]:
        """Return opinions or tags.

        :raises InputError: The cell holds none.
        """
        found = findings(self.cell(kind), kind)
        try:
            if found is not None:
                return tuple(of(**entry) for entry in found)
        except TypeError:  # a field too few or too many
            pass
        raise broken_cell(self.where, self.row.row, self.names[kind], self.cell(kind)) from None


def _analysis(
    number: int,
    columns: Mapping[str, str | None],
    found: _Found,
    question: str | None,
    text: str | None,
    id: str | None,  # noqa: A002
) -> Analysis:
    source = question or text
    return Analysis(
        row=number,
        id=None if id is None else columns.get(id),
        question=question,
        text=(columns.get(source) or "") if source else "",
        language=found.cell("language") or "other",  # type: ignore[arg-type]
        status=found.cell("status") or "ok",  # type: ignore[arg-type]
        sentiment=_filled(found.cell("sentiment")),  # type: ignore[arg-type]
        score=found.number("sentiment_score"),
        confidence=found.number("confidence"),
        probabilities=None,
        topics={
            topic: found.cell(topic) or "absent"  # type: ignore[misc]
            for topic in found.names
            if topic not in TAKEN
        },
        opinions=found.listed("opinions", Opinion),
        tags=found.listed("tags", Tag),
        truncated=False,
        model="",
        columns=columns,
    )
