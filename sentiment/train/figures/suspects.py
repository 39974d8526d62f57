"""Labels that may be wrong: where models that are sure of themselves say something else.

Ranked by how sure they are, as in confident learning (Northcutt, Jiang and Chuang 2021) without its
thresholds: a list for a person to go through from the top, no verdict. A model that has learnt from
these very rows repeats their errors; one that has not is the better witness.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sentiment.records import Analysis
from sentiment.train.data.examples import Example

__all__ = ["Suspect", "find_suspects"]

# Below this a model is not sure of what it says, and its disagreement says nothing of the label.
_SURE = 0.5


@dataclass(frozen=True, slots=True)
class Suspect:
    """A label that models doubt.

    :param row: Place of the row among those that were measured, from 1; in an evaluation its
        number in the file.
    :param about: "sentiment", or the driver or topic it is about.
    :param labelled: What is labelled: a sentiment, polarity or state; "absent" for nothing.
    :param found: What the models say instead.
    :param confidence: How sure they are of it, from 0 to 1; the mean over models, where one that
        does not say it counts as 0.
    """

    row: int
    id: str | None
    text: str
    about: str
    labelled: str
    found: str
    confidence: float


def find_suspects(
    examples: Sequence[Example], analyses: Sequence[Sequence[Analysis]], limit: int = 50
) -> tuple[Suspect, ...]:
    """Return the labels that are doubted most, the most doubtful one first.

    :param analyses: Of each model, in the order of the examples.
    """
    said: dict[tuple[int, str, str, str], float] = defaultdict(float)
    for own in analyses:
        for at, (example, analysis) in enumerate(zip(examples, own, strict=True)):
            for about, labelled, found, confidence in _doubts(example, analysis):
                said[at, about, labelled, found] += confidence / len(analyses)
    ranked = sorted(said.items(), key=lambda item: (-item[1], item[0]))
    return tuple(
        Suspect(at + 1, examples[at].id, examples[at].text, about, labelled, found, confidence)
        for (at, about, labelled, found), confidence in ranked[:limit]
    )


def _doubts(example: Example, analysis: Analysis) -> Iterator[tuple[str, str, str, float]]:
    """Yield what a model says otherwise: about what, the label, the model's word, how sure."""
    sentiment, probabilities = analysis.sentiment, analysis.probabilities
    if example.overall is not None and sentiment is not None and probabilities is not None:
        # How much likelier its own word is than the label: "mixed" for "negative" is often both.
        lead = probabilities[sentiment] - probabilities[example.overall]
        if lead >= _SURE:
            yield "sentiment", example.overall, sentiment, lead
    for opinion in analysis.opinions:
        if opinion.confidence < _SURE:
            continue
        if example.opinions is not None:
            labelled = [one.polarity for one in example.opinions if one.name == opinion.driver]
            if opinion.polarity not in labelled:
                shown = " ".join(sorted(labelled)) or "absent"
                yield opinion.driver, shown, opinion.polarity, opinion.confidence
        elif (example.topics or {}).get(opinion.topic) == "absent":
            yield opinion.topic, "absent", opinion.polarity, opinion.confidence
