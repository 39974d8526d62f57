"""Weak labels from seed phrases, for a model that learns from examples: no person has seen them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sentiment.analyzer import Analyzer, load
from sentiment.model.protocol import Model
from sentiment.records import Polarity, State
from sentiment.taxonomy import Driver, Taxonomy
from sentiment.text import prepare
from sentiment.train.data.examples import Example, Judgement
from sentiment.train.retrain.lessons import unnamed_topics, weak_drivers
from sentiment.train.rows.seeds import seed_pattern

__all__ = ["weak_examples"]

# How surely a clause must lean before a phrase in it is praise or blame; between, it is neutral.
_LEANS = 0.2


def weak_examples(
    examples: Sequence[Example], taxonomy: Taxonomy, base: Model | None
) -> tuple[list[Example], dict[str, int]]:
    """Return the examples with weak labels added, and how many rows have each driver so.

    Drivers that have seed phrases and that no row is labelled with get them: a clause that holds a
    phrase judges the driver, as the base says that the clause leans.

    :param base: What says how a clause leans; the bundled model where there is none.
    """
    drivers = weak_drivers(examples, taxonomy)
    if not drivers:
        return list(examples), {}
    analyzer = Analyzer(base) if base is not None else load()
    unnamed = unnamed_topics(examples, drivers, taxonomy)
    found = {driver.name: 0 for driver in drivers}
    result = []
    for example in examples:
        heard = _heard(example, drivers, analyzer)
        for name in {one.name for one in heard}:
            found[name] += 1
        result.append(_told(example, heard, drivers, unnamed))
    return result, found


def _heard(example: Example, drivers: Sequence[Driver], analyzer: Analyzer) -> list[Judgement]:
    """Return what the clauses of a text judge by the phrases in them."""
    prepared = prepare(example.text)
    heard: dict[tuple[str, Polarity], Judgement] = {}
    for driver in drivers:
        pattern = seed_pattern(driver.phrases)
        for start, end in prepared.clauses:
            if not pattern.search(prepared.folded, start, end):
                continue
            first, last = prepared.to_original(start, end)
            clause = example.text[first:last]
            score = analyzer.analyze(clause).score or 0.0
            polarity: Polarity = (
                "negative" if score < -_LEANS else "positive" if score > _LEANS else "neutral"
            )
            heard.setdefault((driver.name, polarity), Judgement(driver.name, polarity, clause))
    return list(heard.values())


def _told(
    example: Example, heard: Sequence[Judgement], drivers: Sequence[Driver], unnamed: set[str]
) -> Example:
    opinions = example.opinions
    if opinions is not None:
        opinions = (*opinions, *heard)  # the row says everything else itself
    topics: dict[str, State] = dict(example.topics or {})
    states: dict[str, State] = dict(example.drivers)
    for driver in drivers:
        state = _state({one.polarity for one in heard if one.name == driver.name})
        states[driver.name] = state
        # The topics of a row that says all follow from all of it, what was heard included.
        if opinions is not None or driver.topic in unnamed:
            topics[driver.topic] = _both(topics.get(driver.topic), state)
    return replace(example, opinions=opinions, topics=topics, drivers=states)


def _state(polarities: set[Polarity]) -> State:
    if {"positive", "negative"} <= polarities:
        return "mixed"
    for polarity in ("positive", "negative", "neutral"):
        if polarity in polarities:
            return polarity
    return "absent"


def _both(one: State | None, other: State) -> State:
    """Return the state of a topic of which two drivers are in these."""
    if one is None or one == "absent":
        return other
    if other in ("absent", "neutral", one):
        return one
    return other if one == "neutral" else "mixed"
