"""Reading a scoring run back, from any of the five formats."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sentiment.errors import InputError
from sentiment.records import Analysis, Opinion, Tag
from sentiment.tables.layout import scored_columns
from sentiment.tables.rows import SourceRow
from sentiment.tables.table import open_source, open_text

__all__ = ["is_scored", "read_scored"]


def is_scored(path: str | Path) -> bool:
    """Say whether a file is the output of a scoring run."""
    source = open_source(Path(path))
    if source.format == "jsonl":
        return _first_record(Path(path)) is not None
    return scored_columns(source.columns) is not None


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
    if source.format == "jsonl":
        yield from _read_records(path)
        return
    names = scored_columns(source.columns)
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
        yield _analysis(number, columns, row.cells, names, question, text, id)


def _first_record(path: Path) -> Mapping[str, Any] | None:
    with open_text(path) as stream:
        for line in stream:
            if line.strip():
                try:
                    record = json.loads(line)
                except ValueError:
                    return None
                wanted = {"row", "text", "status", "sentiment", "opinions", "topics"}
                return record if isinstance(record, dict) and wanted <= record.keys() else None
    return None


def _read_records(path: Path) -> Iterator[Analysis]:
    if _first_record(path) is None:
        raise InputError(
            f"{path} is not the output of a scoring run; run `sentiment score {path} -o OUT` first"
        )
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


def _number(cell: str | None) -> float | None:
    return float(cell) if cell else None


def _analysis(
    number: int,
    columns: Mapping[str, str | None],
    cells: Mapping[str, str | None],
    names: Mapping[str, str],
    question: str | None,
    text: str | None,
    id: str | None,  # noqa: A002
) -> Analysis:
    fixed = {"question", "sentiment", "sentiment_score", "confidence", "drivers", "evidence",
             "tags", "opinions", "language", "status"}  # fmt: skip
    source = question or text
    opinions = json.loads(cells.get(names["opinions"]) or "[]")
    tags = json.loads(cells.get(names["tags"]) or "[]")
    return Analysis(
        row=number,
        id=None if id is None else columns.get(id),
        question=question,
        text=(columns.get(source) or "") if source else "",
        language=cells.get(names["language"]) or "other",  # type: ignore[arg-type]
        status=cells.get(names["status"]) or "ok",  # type: ignore[arg-type]
        sentiment=_filled(cells.get(names["sentiment"])),  # type: ignore[arg-type]
        score=_number(cells.get(names["sentiment_score"])),
        confidence=_number(cells.get(names["confidence"])),
        probabilities=None,
        topics={
            topic: cells.get(actual) or "absent"  # type: ignore[misc]
            for topic, actual in names.items()
            if topic not in fixed
        },
        opinions=tuple(Opinion(**opinion) for opinion in opinions),
        tags=tuple(Tag(**tag) for tag in tags),
        truncated=False,
        model="",
        columns=columns,
    )
