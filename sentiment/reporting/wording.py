"""The report's wording: every sentence once, Chinese and English side by side in `wording.toml`.

A sentence's placeholders name their unit: ``{share:percent}``. Numbers are formatted here and
nowhere else, so both languages, the page and the pictures show the same digits.
"""

from __future__ import annotations

import math
import string
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, get_args

from sentiment.reporting.values import Language, Text, Unit
from sentiment.wording import counted

__all__ = ["known", "say", "show", "show_interval"]

_UNITS = frozenset(get_args(Unit))
_NOTHING = "–"


def show(value: Any, unit: str) -> str:
    """Return a number as it is shown: one decimal for points and percent, integers for n.

    >>> show(1234.4, "n"), show(-3.04, "signed"), show(12.345, "percent"), show(-0.01, "points")
    ('1,234', '−3.0', '12.3%', '0.0')
    """
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return _NOTHING
    if unit == "text":
        return str(value)
    if unit == "share":
        return show(100 * value, "percent")
    decimals = {"n": 0, "ratio": 2, "stars": 2}.get(unit, 1)
    # Adding zero turns the -0.0 that rounding makes into 0.0.
    rounded = round(float(value), decimals) + 0.0
    sign = "+" if unit == "signed" and rounded > 0 else ""
    shown = f"{sign}{rounded:,.{decimals}f}".replace("-", "−")
    return f"{shown}%" if unit == "percent" else shown


def show_interval(low: Any, high: Any, unit: str) -> str:
    """Return an interval as it is shown: [10.1, 14.8]; empty when there is none."""
    if low is None or high is None or not math.isfinite(low + high):
        return ""
    plain = "points" if unit in ("percent", "signed") else unit
    return f"[{show(low, plain)}, {show(high, plain)}]"


class _Sentence(string.Formatter):
    """A format whose specs are units and whose texts come in the wanted language."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, Text):
            return value.get(self._language)
        if "|" in format_spec:
            return counted(value, format_spec)
        if format_spec in _UNITS:
            return show(value, format_spec)
        return str(super().format_field(value, format_spec))


def say(key: str, **values: Any) -> Text:
    """Return a sentence of the wording in both languages, with its values filled in.

    :param key: Dotted place in `wording.toml`, as ``headline.state``.
    :raises KeyError: There is no such sentence, or it has a placeholder without a value.
    """
    entry: Any = _wording()
    for part in key.split("."):
        entry = entry[part]
    zh, en = (
        _Sentence(language).vformat(entry[language], (), values) for language in get_args(Language)
    )
    return Text(zh=zh, en=en)


def known(key: str) -> bool:
    """Say whether the wording has a sentence of this name."""
    entry: Any = _wording()
    for part in key.split("."):
        if not isinstance(entry, Mapping) or part not in entry:
            return False
        entry = entry[part]
    return isinstance(entry, Mapping) and "zh" in entry


@cache
def _wording() -> dict[str, Any]:
    text = (
        resources.files("sentiment.reporting").joinpath("wording.toml").read_text(encoding="utf-8")
    )
    return tomllib.loads(text)
