"""What a labeller reads and chooses, in both languages, and the way back to the names of records."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, TypeVar

from sentiment.taxonomy import Driver, TagKind, Taxonomy, Topic
from sentiment.wording import Tongue

__all__ = ["definition", "labelled_names", "meaning", "name_in", "phrase", "shown_name", "steps"]

_Name = TypeVar("_Name", bound=str)


def phrase(key: str, tongue: Tongue) -> str:
    """Return a heading or value of the wording: "heading.done", "value.absent"."""
    table, _, name = key.partition(".")
    return str(_words()[table][name][tongue])


def steps(tongue: Tongue) -> list[str]:
    """Return how to label, one sentence or a few a step."""
    return [str(step[tongue]) for step in _words()["step"]]


def meaning(table: str, shown: str, names: tuple[_Name, ...]) -> _Name | None:
    """Return which of the names a person chose, in whatever language; None for none of them.

    :param table: The part of the wording: "value", "done" or "heading".
    """
    wanted = shown.strip().lower()
    for name in names:
        spelled = _words()[table][name]
        others = spelled.get("also", "").split()
        if wanted in (name, spelled["zh"].lower(), spelled["en"].lower(), *others):
            return name
    return None


def labelled_names(taxonomy: Taxonomy) -> tuple[str, ...]:
    """Return what an opinion can be about: the drivers, then the tags."""
    return (*taxonomy.drivers, *taxonomy.tags)


def shown_name(name: str, taxonomy: Taxonomy, tongue: Tongue) -> str:
    """Return a topic, driver or tag as it stands in a list: its name and what it is called."""
    entry = _entry(name, taxonomy)
    called = entry.zh if tongue == "zh" else entry.en
    return name if called == name else f"{name} {called}"


def definition(name: str, taxonomy: Taxonomy, tongue: Tongue) -> str:
    """Return what a topic, driver or tag means."""
    entry = _entry(name, taxonomy)
    return entry.definition_zh if tongue == "zh" else entry.definition_en


def _entry(name: str, taxonomy: Taxonomy) -> Topic | Driver | TagKind:
    return taxonomy.drivers.get(name) or taxonomy.tags.get(name) or taxonomy.topics[name]


def name_in(shown: str) -> str:
    """Return the name of a driver or tag from how it stands in a list."""
    return shown.split(maxsplit=1)[0] if shown.strip() else ""


@cache
def _words() -> Mapping[str, Any]:
    file = resources.files("sentiment.labelling").joinpath("words.toml")
    return tomllib.loads(file.read_text(encoding="utf-8"))
