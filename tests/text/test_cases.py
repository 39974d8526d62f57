"""Texts and what becomes of them, as data: Chinese ones carry an English gloss."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sentiment.text import Prepared, prepare

CASES = Path(__file__).parent / "cases"


def cases(name: str) -> list[Any]:
    found: list[Any] = json.loads((CASES / f"{name}.json").read_text(encoding="utf-8"))
    return found


def clause_texts(prepared: Prepared) -> list[str]:
    return [prepared.text[start:end] for start, end in prepared.clauses]


@pytest.mark.parametrize("case", cases("wild") + cases("synthetic"), ids=lambda case: case["clean"])
def test_cleaned(case: dict[str, Any]) -> None:
    prepared = prepare(case["text"])
    assert prepared.text == case["clean"]
    assert list(dict.fromkeys(step.name for step in prepared.steps)) == case["steps"]
    assert prepared.status in ("ok", "unsupported")
    assert prepared.original == case["text"]


@pytest.mark.parametrize("text", cases("negative"))
def test_left_alone(text: str) -> None:
    prepared = prepare(text)
    assert prepared.text == text
    assert prepared.steps == ()
    assert prepared.status != "damaged"


@pytest.mark.parametrize("case", cases("languages"), ids=lambda case: case["text"])
def test_language(case: dict[str, Any]) -> None:
    prepared = prepare(case["text"])
    assert prepared.language == case["language"]
    assert (prepared.status == "unsupported") == (case["language"] == "other")


@pytest.mark.parametrize("case", cases("status"), ids=lambda case: repr(case["text"]))
def test_status(case: dict[str, Any]) -> None:
    assert prepare(case["text"]).status == case["status"]


@pytest.mark.parametrize("case", cases("clauses"), ids=lambda case: repr(case["text"]))
def test_clauses(case: dict[str, Any]) -> None:
    assert clause_texts(prepare(case["text"])) == case["clauses"]


@pytest.mark.xfail(strict=True, reason="known: take the case out when it starts to pass")
@pytest.mark.parametrize("case", cases("known_failures"), ids=lambda case: case["text"])
def test_known_failures(case: dict[str, Any]) -> None:
    prepared = prepare(case["text"])
    found = {
        "clauses": clause_texts(prepared),
        "clean": prepared.text,
        "language": prepared.language,
    }
    assert found[case["kind"]] == case[case["kind"]]
