"""The report as one self-contained HTML page: both languages, no request to anywhere."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

from markupsafe import Markup, escape

from sentiment.reporting import pictures
from sentiment.reporting.values import Block, Cell, Column, Language, Row, Table, Text
from sentiment.reporting.wording import say, show, show_interval

__all__ = ["View", "fill", "render"]

# The order in which a manager reads; METHOD's numbers stay on the blocks.
_ORDER = (1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 2, 19, 20)
_TAGS: Mapping[str, str] = {"zh": "zh-Hans", "en": "en"}
_CARDS = 5
# HTML has no place for these; a browser would show its replacement character.
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufdd0-\ufdef\ufffe\uffff]")


def render(blocks: Sequence[Block], source: Mapping[str, Any], language: Language) -> str:
    """Return the page; `language` is the one shown first."""
    order = {number: place for place, number in enumerate(_ORDER)}
    sorted_blocks = sorted(blocks, key=lambda block: order[block.number])
    return fill("view.html", sorted_blocks, source, language, script=_asset("page.js"))


def fill(
    body: str,
    blocks: Sequence[Block],
    source: Mapping[str, Any],
    language: Language,
    script: str = "",
) -> str:
    """Return a page of blocks in both languages, with the look of the report.

    :param body: The template that lays out one language; it is given a `View` as `v`.
    :param source: What the page is about; its `title` is the page's.
    :param language: The one that is shown first.
    """
    languages: tuple[Language, Language] = ("zh", "en") if language == "zh" else ("en", "zh")
    page = (
        _environment()
        .get_template("page.html")
        .render(
            body=body,
            views=[View(blocks, source, each) for each in languages],
            first=language,
            style=Markup(_asset("page.css")),
            script=Markup(script),
        )
    )
    return _CONTROLS.sub("", page)


@cache
def _environment() -> Any:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("sentiment.reporting", "template"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.globals["pictures"] = pictures
    return environment


def _asset(name: str) -> str:
    return (
        resources.files("sentiment.reporting")
        .joinpath("template", name)
        .read_text(encoding="utf-8")
    )


class View:
    """What the template asks for, in one language."""

    def __init__(
        self, blocks: Sequence[Block], source: Mapping[str, Any], language: Language
    ) -> None:
        self.blocks, self.source, self.language = blocks, source, language
        self.tag = _TAGS[language]
        self.by_key = {block.key: block for block in blocks}

    def say(self, key: str, **values: Any) -> str:
        """Return a sentence of the wording."""
        return say(key, **values).get(self.language)

    def text(self, value: Cell) -> str:
        """Return a text of the report in this language."""
        if isinstance(value, Text):
            return value.get(self.language)
        return "" if value is None else str(value)

    def title(self, value: Cell) -> str:
        """Return a text with a capital letter at its start."""
        shown = self.text(value)
        return shown[:1].upper() + shown[1:]

    def number(self, row: Row, key: str, unit: str) -> str:
        """Return a number of a row as it is shown."""
        return show(row.get(key), unit)

    def interval(self, row: Row, key: str, unit: str) -> str:
        """Return an interval of a row as it is shown."""
        return show_interval(row.get(f"{key}_low"), row.get(f"{key}_high"), unit)

    def names(self, rows: Sequence[Row]) -> dict[str, str]:
        """Return what every row is called, by its code."""
        return {str(row["code"]): self.title(row["name"]) for row in rows}

    def facts(self) -> list[str]:
        """Return the line under the title: texts, period, file."""
        return [self.text(sentence) for sentence in self.by_key["base"].sentences[:-1]]

    def cards(self) -> Sequence[Row]:
        """Return the figures for the strip: the first ones and the tone of the texts."""
        rows = self.by_key["figures"].rows("figures")
        if len(rows) <= _CARDS:
            return rows
        last = [row for row in rows if row["code"] in ("index", "text")]
        return [*[row for row in rows if row not in last][: _CARDS - len(last)], *last]

    def series(self, table: Table) -> list[tuple[Row, list[Row]]]:
        """Return the rows of a trend by series, each with its first row."""
        groups: dict[str, list[Row]] = {}
        for row in table.rows:
            groups.setdefault(str(row["code"]), []).append(row)
        return [(rows[0], rows) for rows in groups.values()]

    def grid(self, rows: Sequence[Row]) -> dict[str, Any]:
        """Return the heat map of a column: its segments, and rows of cells in their order."""
        columns = list(dict.fromkeys((str(r["column"]), str(r["segment"])) for r in rows))
        lines: dict[str, dict[tuple[str, str], Row]] = {}
        for row in rows:
            place = (str(row["column"]), str(row["segment"]))
            lines.setdefault(str(row["code"]), {})[place] = row
        body = [
            (next(iter(found.values())), [found[c] for c in columns]) for found in lines.values()
        ]
        return {"columns": columns, "lines": body}

    def by_column(self, rows: Sequence[Row]) -> list[list[Row]]:
        """Return the cells of each segment column: one heat map for each fits on a page."""
        parts: dict[str, list[Row]] = {}
        for row in rows:
            parts.setdefault(str(row["column"]), []).append(row)
        return list(parts.values())

    def tint(self, row: Row, top: float) -> str:
        """Return the class of a heat-map cell: better or worse than others, in three strengths."""
        difference = row.get("difference")
        if not isinstance(difference, float):
            return "flat"
        better = difference * (1 if row["better"] == 1 else -1) > 0
        strength = min(3, int(3 * abs(difference) / top + 0.5)) if top else 0
        return f"{'good' if better else 'bad'}-{strength}" if strength else "flat"

    def cell(self, row: Row, column: Column) -> Markup:
        """Return a cell of a full table."""
        value = row.get(column.key)
        if isinstance(value, (Text, str)) or value is None:
            shown = self.text(value)
            own = column.key in ("text", "id", "segment", "column") or column.key.startswith("by_")
            return Markup("<bdi>%s</bdi>") % shown if own else escape(shown)
        unit = column.unit_in(row)
        shown = show(value, unit)
        if column.interval and (ends := self.interval(row, column.key, unit)):
            return Markup('%s <span class="interval">%s</span>') % (shown, ends)
        return escape(shown)

    def marked(self, row: Row) -> Markup:
        """Return a customer's words with the evidence marked."""
        text, place, out = str(row["text"]), 0, Markup("")
        for piece in str(row.get("marks") or "").split(","):
            length, _, mark = piece.partition(":")
            if not length:
                continue
            words = text[place : place + int(length)]
            place += int(length)
            out += Markup('<mark class="%s">%s</mark>') % (mark, words) if mark else escape(words)
        return out + escape(text[place:])

    def segments(self, rows: Sequence[Row]) -> dict[str, list[str]]:
        """Return the segment columns that quotes carry, with their values, for the filter."""
        found: dict[str, list[str]] = {}
        for row in rows:
            for key, value in row.items():
                if key.startswith("by_") and isinstance(value, str):
                    values = found.setdefault(key[3:], [])
                    if value not in values:
                        values.append(value)
        return {name: sorted(values) for name, values in found.items() if 1 < len(values) <= 30}
