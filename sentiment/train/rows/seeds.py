"""Seed phrases of a driver: the words a team names before it has labelled a row."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sentiment.text import prepare

__all__ = ["seed_pattern"]


def seed_pattern(phrases: Sequence[str]) -> re.Pattern[str]:
    """Return what finds any of the phrases in a folded text, English ones as whole words."""
    folded = [prepare(phrase).folded.strip() for phrase in phrases]
    return re.compile("|".join(_bounded(one) for one in folded if one) or r"(?!)")


def _bounded(phrase: str) -> str:
    first = r"\b" if phrase[0].isascii() and phrase[0].isalnum() else ""
    last = r"\b" if phrase[-1].isascii() and phrase[-1].isalnum() else ""
    return first + re.escape(phrase) + last
