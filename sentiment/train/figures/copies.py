"""Labelled rows in another dress: spliced with a row of the other language, or in traditional script.

What is judged in them follows from the rows they were made of.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sentiment.records import Analysis, Sentiment, topic_states
from sentiment.taxonomy import Taxonomy
from sentiment.train.base.corpus import to_traditional
from sentiment.train.data.examples import Example, Judgement, as_opinions

__all__ = ["Splice", "compose", "in_traditional", "splice"]

_BETWEEN = (" ", "，", "。", ", ")  # as in the corpus


@dataclass(frozen=True, slots=True)
class Splice:
    """Two rows, and the line they make together.

    :param block: The rows of one block are joined with one another and with no others.
    """

    one: Example
    other: Example
    both: Example
    block: int


def splice(
    ones: Sequence[Example], others: Sequence[Example], seed: int = 0, partners: int = 1
) -> list[Splice]:
    """Join every row with one of the others, or several, drawn without replacement, in either order.

    Which row meets which is left to chance, and a figure of few pairs with it: with four partners
    there are four times as many. Rows must be fully labelled. Of two lists the longer one is cut. As
    in `token_targets.join`: judged is what either judges; the sentiment is theirs where they agree,
    mixed where one praises and one blames or either is mixed, and not known beside a neutral row.

    :param seed: Of which rows meet, which of two comes first, and what is between them.
    :param partners: With how many of the others each is joined.
    """
    draw = random.Random(seed)
    first, second = draw.sample(list(ones), len(ones)), draw.sample(list(others), len(others))
    count = min(len(first), len(second))
    return [
        Splice(one, other, _joined(one, other, draw), start // partners)
        for start in range(0, count, partners)
        for one in first[start : min(start + partners, count)]
        for other in second[start : min(start + partners, count)]
    ]


def compose(one: Analysis, other: Analysis) -> Analysis:
    """Return what was said of two texts as if it were said of one: by the rule of `splice`.

    A neutral half leaves the sentiment to the other one. Spans and probabilities stay those of the
    halves: it is for comparing what was found, not where.
    """
    opinions = (*one.opinions, *other.opinions)
    sentiment = one.sentiment
    if one.sentiment in ("neutral", None):
        sentiment = other.sentiment
    elif other.sentiment not in ("neutral", None, one.sentiment):
        sentiment = "mixed"
    return replace(
        one,
        sentiment=sentiment,
        score=(one.score or 0.0) + (other.score or 0.0),
        opinions=opinions,
        tags=(*one.tags, *other.tags),
        topics=topic_states(opinions, tuple(one.topics)),
    )


def in_traditional(examples: Sequence[Example]) -> list[Example]:
    """Return the rows in traditional script, their evidence too; the groups stay as they are."""
    convert = to_traditional()

    def converted(judgements: tuple[Judgement, ...] | None) -> tuple[Judgement, ...] | None:
        if judgements is None:
            return None
        return tuple(
            one._replace(evidence=convert(one.evidence) if one.evidence else one.evidence)
            for one in judgements
        )

    return [
        replace(
            one,
            text=convert(one.text),
            opinions=converted(one.opinions),
            tags=converted(one.tags),
        )
        for one in examples
    ]


def _joined(one: Example, other: Example, draw: random.Random) -> Example:
    first, second = (one, other) if draw.random() < 0.5 else (other, one)
    opinions = _united(first.opinions, second.opinions)
    return Example(
        text=draw.choice(_BETWEEN).join((first.text, second.text)),
        language=one.language,
        source=one.source,
        group=one.group,
        overall=_overall(one.overall, other.overall),
        opinions=opinions,
        topics=topic_states(as_opinions(opinions), Taxonomy.default().topics),
        tags=_united(first.tags, second.tags),
        gold=one.gold and other.gold,
    )


def _united(
    one: tuple[Judgement, ...] | None, other: tuple[Judgement, ...] | None
) -> tuple[Judgement, ...]:
    """Return what either judges, each once, with the evidence of the first that has some."""
    found: dict[tuple[str, str], Judgement] = {}
    for judgement in (*(one or ()), *(other or ())):
        known = found.setdefault(judgement[:2], judgement)
        if not known.evidence and judgement.evidence:
            found[judgement[:2]] = judgement
    return tuple(found.values())


def _overall(one: Sentiment | None, other: Sentiment | None) -> Sentiment | None:
    if one == other:
        return one
    return None if {None, "neutral"} & {one, other} else "mixed"
