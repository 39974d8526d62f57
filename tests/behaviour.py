"""The behaviour suite: cases by group and language, and how a bundled model does on them.

`tests/cases/GROUP.LANGUAGE.json` holds the cases. `tests/cases/known_failures/MODEL.json` lists, one
id a line, the cases that a model is known to fail.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import sentiment
from sentiment.model.bundle import bundled
from sentiment.records import Analysis

__all__ = [
    "CASES",
    "Case",
    "Rate",
    "failures",
    "known_failures",
    "known_path",
    "misses",
    "models",
    "rates",
    "read_cases",
    "table",
    "write_known_failures",
]

CASES = Path(__file__).parent / "cases"


@dataclass(frozen=True)
class Case:
    """A text and what any reader of the guideline would say of it.

    `sentiment` and each value of `topics` are the answers that are accepted; empty means that
    nothing is asked. Opinions are (driver, polarity).
    """

    id: str
    group: str
    language: str
    text: str
    gloss: str | None
    sentiment: tuple[str, ...]
    topics: Mapping[str, tuple[str, ...]]
    drivers: tuple[tuple[str, str], ...]
    not_drivers: tuple[tuple[str, str], ...]
    no_opinions: bool


@dataclass(frozen=True)
class Rate:
    """How many cases of a group in a language a model gets right."""

    group: str
    language: str
    passed: int
    total: int


@cache
def read_cases() -> tuple[Case, ...]:
    """Read every case, by group and language."""
    return tuple(case for path in sorted(CASES.glob("*.json")) for case in _cases(path))


def models() -> tuple[str, ...]:
    """Return the names of the bundled models."""
    return tuple(bundled())


def misses(case: Case, analysis: Analysis) -> tuple[str, ...]:
    """Return what an analysis says otherwise than the case expects, one sentence each."""
    return tuple(_misses(case, analysis))


@cache
def failures(model: str) -> Mapping[str, tuple[str, ...]]:
    """Return the cases that a bundled model fails, by id, with what is wrong."""
    cases = read_cases()
    analyses = sentiment.load(model).analyze_batch([case.text for case in cases])
    checked = ((case.id, misses(case, found)) for case, found in zip(cases, analyses, strict=True))
    return {identity: wrong for identity, wrong in checked if wrong}


def rates(model: str) -> tuple[Rate, ...]:
    """Return the pass rate of a bundled model for each group and language."""
    failed = failures(model)
    total = Counter((case.group, case.language) for case in read_cases())
    passed = Counter((case.group, case.language) for case in read_cases() if case.id not in failed)
    return tuple(Rate(*key, passed[key], count) for key, count in total.items())


def table(model: str) -> tuple[str, ...]:
    """Return the pass rates as lines of text, the sum last."""
    found = rates(model)
    languages = sorted({rate.language for rate in found}, reverse=True)
    shown = {(rate.group, rate.language): f"{rate.passed}/{rate.total}" for rate in found}
    lines = [f"{model:<28}" + "".join(f"{language:>10}" for language in languages)]
    for group in dict.fromkeys(rate.group for rate in found):
        cells = (shown.get((group, language), "-") for language in languages)
        lines.append(f"{group:<28}" + "".join(f"{cell:>10}" for cell in cells))
    sums = [
        (sum(rate.passed for rate in own), sum(rate.total for rate in own))
        for own in ([rate for rate in found if rate.language == name] for name in languages)
    ]
    lines.append(f"{'all':<28}" + "".join(f"{f'{passed}/{total}':>10}" for passed, total in sums))
    return tuple(lines)


def known_path(model: str) -> Path:
    """Return where the known failures of a model are listed."""
    return CASES / "known_failures" / f"{model}.json"


def known_failures(model: str) -> Mapping[str, int]:
    """Return the ids of the listed failures of a model, each with its line in the file."""
    path = known_path(model)
    if not path.exists():
        return {}
    text = path.read_text(encoding="utf-8")
    listed = json.loads(text)
    lines = [line.strip().rstrip(",") for line in text.splitlines()]
    return {identity: lines.index(json.dumps(identity)) + 1 for identity in listed}


def write_known_failures(model: str) -> Path:
    """Write the list of what a model fails now, one id a line."""
    path = known_path(model)
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(list(failures(model)), indent=1) + "\n", encoding="utf-8")
    return path


def _cases(path: Path) -> Iterator[Case]:
    group, language = path.stem.split(".")
    for entry in json.loads(path.read_text(encoding="utf-8")):
        expect = entry["expect"]
        yield Case(
            id=entry["id"],
            group=group,
            language=language,
            text=entry["text"],
            gloss=entry.get("gloss"),
            sentiment=_answers(expect.get("sentiment", ())),
            topics={topic: _answers(state) for topic, state in expect.get("topics", {}).items()},
            drivers=_pairs(expect.get("drivers", ())),
            not_drivers=_pairs(expect.get("not_drivers", ())),
            no_opinions=expect.get("no_opinions", False),
        )


def _answers(value: str | Iterable[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _pairs(value: Iterable[Any]) -> tuple[tuple[str, str], ...]:
    return tuple((driver, polarity) for driver, polarity in value)


def _misses(case: Case, analysis: Analysis) -> Iterator[str]:
    if case.sentiment and analysis.sentiment not in case.sentiment:
        yield f"sentiment is {analysis.sentiment}, not {' or '.join(case.sentiment)}"
    for topic, states in case.topics.items():
        if analysis.topics[topic] not in states:
            yield f"{topic} is {analysis.topics[topic]}, not {' or '.join(states)}"
    found = {(opinion.driver, opinion.polarity) for opinion in analysis.opinions}
    for driver, polarity in case.drivers:
        if (driver, polarity) not in found:
            yield f"{driver} {polarity} is not found"
    for driver, polarity in case.not_drivers:
        if (driver, polarity) in found:
            yield f"{driver} {polarity} is found"
    if case.no_opinions and found:
        yield f"finds {', '.join(sorted(' '.join(pair) for pair in found))} where nothing is judged"
