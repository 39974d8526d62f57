"""The report as one self-contained HTML page: both languages, no request to anywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

from markupsafe import Markup, escape

from sentiment.report import pictures
from sentiment.report.values import Block, Cell, Column, Language, Row, Text
from sentiment.report.wording import say, show, show_interval

__all__ = ["render"]

# The order in which a manager reads; METHOD's numbers stay on the blocks.
_ORDER = (1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 2, 19, 20)


def render(blocks: Sequence[Block], source: Mapping[str, Any], language: Language) -> str:
    """Return the page; `language` is the one shown first."""
    order = {number: place for place, number in enumerate(_ORDER)}
    blocks = sorted(blocks, key=lambda block: order[block.number])
    first, second = (language, "en" if language == "zh" else "zh")
    template = _environment().get_template("page.html")
    return str(
        template.render(
            views=[_View(blocks, source, lang) for lang in (first, second)],  # type: ignore[arg-type]
            first=first,
            style=Markup(_asset("page.css")),
            script=Markup(_asset("page.js")),
            definitions=pictures.definitions(),
        )
    )


@cache
def _environment() -> Any:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("sentiment.report", "template"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.globals["pictures"] = pictures
    return environment


def _asset(name: str) -> str:
    return (
        resources.files("sentiment.report").joinpath("template", name).read_text(encoding="utf-8")
    )


class _View:
    """What the template asks for, in one language."""

    def __init__(
        self, blocks: Sequence[Block], source: Mapping[str, Any], language: Language
    ) -> None:
        self.blocks, self.source, self.language = blocks, source, language
        self.tag = pictures.language_of(language)
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

    def cell(self, row: Row, column: Column) -> Markup:
        """Return a cell of the full table."""
        value = row.get(column.key)
        if isinstance(value, (Text, str)) or value is None:
            shown = self.text(value)
            isolated = column.key in ("text", "id") or column.key.startswith("by_")
            return Markup("<bdi>%s</bdi>") % shown if isolated else escape(shown)
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
