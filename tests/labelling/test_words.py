"""Both languages of what a labeller reads say the same."""

from __future__ import annotations

import string
import tomllib
from importlib import resources
from typing import Any

from sentiment.labelling.words import meaning, name_in, phrase, shown_name, steps
from sentiment.records import STATES
from sentiment.taxonomy import Taxonomy


def words() -> dict[str, Any]:
    file = resources.files("sentiment.labelling").joinpath("words.toml")
    return tomllib.loads(file.read_text(encoding="utf-8"))


def gaps(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_say_the_same() -> None:
    for table, entries in words().items():
        for entry in entries if isinstance(entries, list) else entries.values():
            assert gaps(entry["zh"]) == gaps(entry["en"]), entry
            assert entry["zh"].strip(), table
            assert not any("一" <= letter <= "鿿" for letter in entry["en"]), entry
    assert len(steps("zh")) == len(steps("en")) > 4


def test_a_choice_is_understood_in_either_language() -> None:
    for state in STATES:
        for shown in (state, phrase(f"value.{state}", "zh"), f" {state.upper()} "):
            assert meaning("value", shown, STATES) == state
    assert meaning("value", "splendid", STATES) is None


def test_a_name_is_found_in_what_a_list_shows() -> None:
    taxonomy = Taxonomy.default()
    for name in (*taxonomy.drivers, *taxonomy.tags):
        for tongue in ("zh", "en"):
            assert name_in(shown_name(name, taxonomy, tongue)) == name
    assert name_in("  ") == ""
