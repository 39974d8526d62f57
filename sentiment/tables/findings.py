"""The lists in the cells of `opinions` and `tags`, as JSON or as Python writes them."""

from __future__ import annotations

import ast
import json
import warnings
from collections.abc import Mapping
from typing import Any, Literal

from sentiment.errors import InputError

__all__ = ["broken_cell", "findings"]

Kind = Literal["opinions", "tags"]

_NAMED_BY = {"opinions": "driver", "tags": "tag"}
_SHOWN = 40  # characters of a cell that cannot be read


def findings(cell: Any, kind: Kind) -> list[dict[str, Any]] | None:
    """Return what was found, of a cell of one of the two columns; None when it is no such list.

    A data frame holds lists, a file that scoring wrote holds JSON, and a file that pandas wrote of
    a frame holds what Python prints. An empty cell is an empty list.
    """
    value = _value(cell) if isinstance(cell, str) else cell
    if value is None:
        return []
    if not isinstance(value, (list, tuple)):
        return None
    name = _NAMED_BY[kind]
    return [dict(entry) for entry in value] if all(_is_whole(one, name) for one in value) else None


def broken_cell(where: str, row: int, column: str, cell: Any) -> InputError:
    """Return the error of a cell that holds no such list.

    :param row: Number of the data row, from 1.
    """
    shown = str(cell)
    shown = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
    return InputError(
        f"{where}, row {row}: column “{column}” holds {shown!r}, which is no list of what was "
        "found; score the texts again, or write the lists as JSON"
    )


def _value(cell: str) -> Any:
    """Return what a text says as JSON, or else as a literal of Python; itself when it is neither."""
    if not cell.strip():
        return None
    try:
        return json.loads(cell)
    except (ValueError, RecursionError):
        pass
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a backslash that escapes nothing
            return ast.literal_eval(cell.strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return cell


def _is_whole(entry: Any, name: str) -> bool:
    """Say whether an entry says what was found, how it was judged, how surely, and where."""
    return (
        isinstance(entry, Mapping)
        and isinstance(entry.get(name), str)
        and isinstance(entry.get("polarity"), str)
        and all(_is_number(entry.get(key)) for key in ("confidence", "start", "end"))
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
