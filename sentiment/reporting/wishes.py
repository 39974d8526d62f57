"""What the caller of a report asks for, checked before a row is read."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from numbers import Integral, Real
from typing import Any

from sentiment.errors import InputError
from sentiment.tables.likert import is_wording
from sentiment.tables.scales import KINDS, Outcome
from sentiment.taxonomy import Taxonomy

__all__ = [
    "accuracy_of",
    "column_of",
    "columns_of",
    "count_of",
    "flag_of",
    "outcome_of",
    "points_of",
    "taxonomy_of",
    "title_of",
]


def column_of(option: str, value: Any) -> str | None:
    """Return the name of a column, or None.

    :raises InputError: Something else.
    """
    if value is not None and not isinstance(value, str):
        raise _wrong(option, "the name of a column", value)
    return value


def columns_of(option: str, value: Any) -> tuple[str, ...]:
    """Return names of columns, each once: of one name, of several, or of None.

    :raises InputError: Something else.
    """
    if value is None:
        return ()
    given = (value,) if isinstance(value, str) else value
    if isinstance(given, (bytes, Mapping)) or not isinstance(given, Iterable):
        raise _wrong(option, "the name of a column, or a list of such names", value)
    names = tuple(given)
    for name in names:
        if not isinstance(name, str):
            raise _wrong(option, "the name of a column, or a list of such names", name)
    return tuple(dict.fromkeys(names))


def count_of(option: str, value: Any, least: int) -> int:
    """Return a whole number.

    :raises InputError: Another value, or one below the least.
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise _wrong(option, f"a whole number from {least} on", value)
    return int(value)


def points_of(option: str, value: Any) -> float | None:
    """Return a number of points, or None.

    :raises InputError: No number from 0 to 100.
    """
    if value is None:
        return None
    if not _is_number(value) or not 0 <= value <= 100:
        raise _wrong(option, "a number from 0 to 100", value)
    return float(value)


def flag_of(option: str, value: Any) -> bool:
    """Return True or False.

    :raises InputError: Something else.
    """
    if not isinstance(value, bool):
        raise _wrong(option, "True or False", value)
    return value


def title_of(value: Any) -> str | None:
    """Return the heading of the page, or None.

    :raises InputError: No text.
    """
    if value is not None and not isinstance(value, str):
        raise _wrong("title", "a text", value)
    return value


def outcome_of(value: Any) -> str | Outcome | None:
    """Return the outcome as it was named, or as it was declared.

    :raises InputError: Neither a name nor a whole declaration of a scale.
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        try:
            value = Outcome.from_dict(value)
        except TypeError as error:
            raise InputError(
                "An outcome needs column, kind, minimum and maximum, and may say high_is_good: "
                f"{dict(value)!r} ({error})."
            ) from error
    if not isinstance(value, Outcome):
        raise _wrong("outcome", "the name of a column, or a mapping with its scale", value)
    _check_scale(value)
    return value


def _check_scale(outcome: Outcome) -> None:
    if not isinstance(outcome.column, str):
        raise _wrong("the outcome's column", "the name of a column", outcome.column)
    if outcome.kind not in KINDS:
        raise InputError(f"An outcome's kind is one of {', '.join(KINDS)}, not {outcome.kind!r}.")
    low, high = outcome.minimum, outcome.maximum
    if not _is_number(low) or not _is_number(high) or not low < high:
        raise InputError(
            "An outcome's minimum and maximum are numbers, the minimum the smaller one; "
            f"they are {low!r} and {high!r}."
        )
    if outcome.wording is not None and not is_wording(outcome.wording):
        raise InputError(
            f"An outcome's wording is one that this project found and wrote, not {outcome.wording!r};"
            " leave it out."
        )
    if outcome.high_is_good is not None:
        flag_of("the outcome's high_is_good", outcome.high_is_good)


def accuracy_of(value: Any) -> dict[str, Mapping[str, float]]:
    """Return F1 by topic and language; empty for None.

    :raises InputError: No mapping of such mappings, or a figure outside 0 to 1.
    """
    wanted = "F1 from 0 to 1 by topic and language, as {'price': {'zh': 0.71}}"
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise _wrong("accuracy", wanted, value)
    for topic, found in value.items():
        if not isinstance(topic, str) or not isinstance(found, Mapping):
            raise _wrong("accuracy", wanted, {topic: found})
        for figure in found.values():
            if not _is_number(figure) or not 0 <= figure <= 1:
                raise _wrong("accuracy", wanted, {topic: dict(found)})
    return dict(value)


def taxonomy_of(value: Any) -> Taxonomy | None:
    """Return a taxonomy, read from its file where a path is given; None stays None.

    :raises InputError: Something else.
    :raises TaxonomyError: The file cannot be read or contradicts itself.
    """
    if value is None or isinstance(value, Taxonomy):
        return value
    if not isinstance(value, (str, os.PathLike)):
        raise _wrong("taxonomy", "the path of a file, or a Taxonomy", value)
    return Taxonomy.read(os.fspath(value))


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def _wrong(option: str, wanted: str, value: Any) -> InputError:
    shown = repr(value)
    return InputError(
        f"report() takes as {option} {wanted}, not {shown[:80]}{'…' if shown[80:] else ''}."
    )
