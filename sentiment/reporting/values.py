"""The values a report is made of: a text in two languages, a table, a block."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["Block", "Cell", "Column", "Language", "Row", "Table", "Text", "Unit", "same"]

Language = Literal["zh", "en"]

# How a number is shown, the same in both languages and in every format: n 1,234; points 12.3;
# signed +12.3; percent 12.3%; share 12.3% for 0.123; ratio 0.12; stars 4.21 (a mean on the
# customer's own scale); row: the row's own cell "unit" says it.
Unit = Literal["text", "n", "points", "signed", "percent", "share", "ratio", "stars", "row"]


@dataclass(frozen=True, slots=True)
class Text:
    """One wording in both languages; numbers inside are the same."""

    zh: str
    en: str

    def get(self, language: Language) -> str:
        """Return the wording in one language."""
        return self.zh if language == "zh" else self.en

    def to_dict(self) -> dict[str, str]:
        """Return both wordings."""
        return {"zh": self.zh, "en": self.en}


def same(text: str) -> Text:
    """Return a text that is the same in both languages: a column name, a customer's words."""
    return Text(text, text)


Cell = str | int | float | bool | Text | None
Row = Mapping[str, Cell]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its key in the rows, its heading, and how its numbers are shown.

    `low` and `high` name the keys of the interval's ends, when the figure has an interval.
    """

    key: str
    title: Text
    unit: Unit = "text"
    interval: bool = False

    @property
    def low(self) -> str:
        """Key of the interval's lower end."""
        return f"{self.key}_low"

    @property
    def high(self) -> str:
        """Key of the interval's upper end."""
        return f"{self.key}_high"

    def unit_in(self, row: Row) -> str:
        """Return the unit of this column in one row."""
        return str(row.get("unit") or "points") if self.unit == "row" else self.unit


@dataclass(frozen=True)
class Table:
    """Rows with named cells, in the order in which they are shown."""

    key: str
    title: Text
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return columns and rows as plain data; both languages of every text."""
        return {
            "title": self.title.to_dict(),
            "columns": [
                {
                    "key": column.key,
                    "title": column.title.to_dict(),
                    "unit": column.unit,
                    "interval": column.interval,
                }
                for column in self.columns
            ],
            "rows": [{key: _plain(cell) for key, cell in row.items()} for row in self.rows],
        }


@dataclass(frozen=True)
class Block:
    """One block: shown with its tables, or withheld with the sentence that says why."""

    number: int
    key: str
    title: Text
    question: Text
    withheld: Text | None = None
    sentences: tuple[Text, ...] = ()
    notes: tuple[Text, ...] = ()
    tables: Mapping[str, Table] = field(default_factory=dict)

    @property
    def shown(self) -> bool:
        """Whether the block's condition is met."""
        return self.withheld is None

    def rows(self, table: str) -> Sequence[Row]:
        """Return the rows of one of its tables; none when the block has no such table."""
        return self.tables[table].rows if table in self.tables else ()

    def to_dict(self) -> dict[str, Any]:
        """Return the block as plain data."""
        return {
            "number": self.number,
            "key": self.key,
            "title": self.title.to_dict(),
            "question": self.question.to_dict(),
            "shown": self.shown,
            "withheld": self.withheld.to_dict() if self.withheld else None,
            "sentences": [sentence.to_dict() for sentence in self.sentences],
            "notes": [note.to_dict() for note in self.notes],
            "tables": {key: table.to_dict() for key, table in self.tables.items()},
        }


def _plain(cell: Cell) -> Any:
    if isinstance(cell, Text):
        return cell.to_dict()
    if isinstance(cell, float):
        # JSON has no NaN; a figure that could not be computed is null.
        return cell if math.isfinite(cell) else None
    return cell
