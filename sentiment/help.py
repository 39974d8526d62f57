"""How the help of the command is laid out, in either language."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable
from typing import Any

from sentiment.patterns import regex
from sentiment.wording import Tongue, places, word

__all__ = ["folded", "formatter"]

# A character with the signs that may not be parted from it, a Latin word with the same, or a space.
_OPENING, _CLOSING = "（“《", "，。、；：！？）”》"
_WIDE = "\u2e80-\ufe4f\uff00-\uff60"
_PIECE = regex(rf"\s+|[{_OPENING}]*(?:[^\s{_WIDE}“”]+|[^\s])[{_CLOSING}]*")
# argparse ends a heading with a colon of its own.
_HEADING = regex(r"^(\w+):$", re.MULTILINE)


def formatter(tongue: Tongue) -> type[argparse.HelpFormatter]:
    """Return what argparse lays the help out with."""
    return _ChineseHelp if tongue == "zh" else _Help


def folded(tongue: Tongue, text: str, width: int) -> list[str]:
    """Return a text in lines of at most `width` columns; a Chinese character takes two."""
    if tongue == "en":
        import textwrap  # not for a command that prints no help

        return textwrap.wrap(text, width)
    lines, room = [""], width
    for piece in _PIECE.findall(text):
        size = places(piece)
        if size > room and lines[-1]:
            lines.append("")
            room = width
        if lines[-1] or not piece.isspace():
            lines[-1] += piece
            room -= size
    return [line.rstrip() for line in lines]


class _Help(argparse.RawDescriptionHelpFormatter):
    """Keeps the line breaks of examples, and lists verbs like options."""

    def add_argument(self, action: argparse.Action) -> None:
        # argparse has a line for "which verb", empty here, and the verbs one step below it.
        verbs = isinstance(action, argparse._SubParsersAction)
        for shown in action._get_subactions() if verbs else [action]:  # type: ignore[attr-defined]
            super().add_argument(shown)


class _ChineseHelp(_Help):
    def add_usage(
        self,
        usage: str | None,
        actions: Iterable[argparse.Action],
        groups: Iterable[Any],
        prefix: str | None = None,
    ) -> None:
        super().add_usage(usage, actions, groups, word("zh", "usage") if prefix is None else prefix)

    def _split_lines(self, text: str, width: int) -> list[str]:
        return folded("zh", text, width)

    def format_help(self) -> str:
        return _HEADING.sub(r"\1：", super().format_help())
