"""How good analyses are against labelled rows: the figures of cards and of `evaluate`.

Every figure is a plain count over rows, so that anyone can work it out again:

- overall accuracy: share of rows whose sentiment, of four, is the label's;
- polarity accuracy: of the rows labelled positive or negative, the share where P(positive) against
  P(negative) says the same; a flip is such a row whose sentiment is the opposite one;
- topic state F1: micro F1 of the sets of (topic, state) of each row, absent left out, over the topics
  that are labelled;
- driver F1: micro F1 of the sets of (driver, polarity); tag F1 likewise;
- evidence overlap: mean F1 of the characters of found and labelled evidence, over the opinions that
  both have;
- ECE: expected calibration error of the sentiment's confidence, ten bins of equal mass (Naeini,
  Cooper and Hauskrecht 2015), and what a perfectly calibrated model would show on so many rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.records import SENTIMENTS, Analysis
from sentiment.train.data.examples import Example

__all__ = [
    "BINS",
    "FEWEST",
    "FIGURES",
    "LENGTHS",
    "RATIOS",
    "SHORTEST",
    "Bin",
    "ClassFigures",
    "Figures",
    "calibration_error",
    "confidences",
    "measure",
    "reliability",
    "row_ratios",
]

BINS = 10
_DRAWS = 200

FEWEST = 10
"""A share of fewer moves by more than ten points with a single row."""

SHORTEST = 1.0
"""Seconds that a speed is measured over, at least: below, it differs severalfold from run to run."""

LENGTHS = (1, 21, 61, 201)
"""Characters, from each on: a word or two, a sentence, some sentences, a whole review."""

FIGURES = (
    "overall_accuracy",
    "polarity_accuracy",
    "flips",
    "topic_f1",
    "driver_f1",
    "tag_f1",
    "evidence_overlap",
    "ece",
    "ece_expected",
)
"""The figures of `Figures` in the order in which they are shown."""

# The figures that are one sum over rows divided by another.
RATIOS = (
    "overall_accuracy",
    "polarity_accuracy",
    "flips",
    "topic_f1",
    "driver_f1",
    "tag_f1",
    "evidence_overlap",
)


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """Precision, recall and F1 of one class, with how often it is labelled and found."""

    labelled: int
    found: int
    right: int

    @property
    def precision(self) -> float | None:
        """Share of those found that are right; None when none was found."""
        return self.right / self.found if self.found else None

    @property
    def recall(self) -> float | None:
        """Share of those labelled that were found; None when none is labelled."""
        return self.right / self.labelled if self.labelled else None

    @property
    def f1(self) -> float | None:
        """Harmonic mean of the two; None when there is nothing to find and nothing found."""
        total = self.labelled + self.found
        return 2 * self.right / total if total else None


@dataclass(frozen=True)
class Figures:
    """What was measured on some rows; None where nothing is labelled for it.

    :param rows: Rows compared.
    :param confusion: Counts by labelled and found sentiment, in the order of `records.SENTIMENTS`.
    :param ece_expected: ECE that a calibrated model shows on so many rows, by chance alone.
    :param sentiments: Figures of each sentiment; `topics` of each "topic:state"; `drivers` of each
        "driver:polarity"; `tags` of each "tag:polarity".
    """

    rows: int
    overall_accuracy: float | None
    polarity_accuracy: float | None
    flips: float | None
    topic_f1: float | None
    driver_f1: float | None
    tag_f1: float | None
    evidence_overlap: float | None
    ece: float | None
    ece_expected: float | None
    confusion: tuple[tuple[int, ...], ...]
    sentiments: dict[str, ClassFigures]
    topics: dict[str, ClassFigures]
    drivers: dict[str, ClassFigures]
    tags: dict[str, ClassFigures]

    def cases(self, figure: str) -> int:
        """Return how many labels a figure rests on: rows, or topic states, drivers or tags.

        Of the overlap of evidence it is the opinions that were found rightly, with or without any.
        """
        if figure in ("polarity_accuracy", "flips"):
            return self.sentiments["positive"].labelled + self.sentiments["negative"].labelled
        if figure == "evidence_overlap":
            return sum(one.right for one in self.drivers.values())
        kinds = {"topic_f1": self.topics, "driver_f1": self.drivers, "tag_f1": self.tags}
        return sum(one.labelled for one in kinds.get(figure, self.sentiments).values())

    def to_dict(self) -> dict[str, Any]:
        """Return plain data, numbers with four decimals."""
        plain: dict[str, Any] = {}
        for name, value in asdict(self).items():
            plain[name] = round(value, 4) if isinstance(value, float) else value
        plain["confusion"] = [list(counts) for counts in self.confusion]
        for name in ("sentiments", "topics", "drivers", "tags"):
            plain[name] = {
                key: {
                    "labelled": one.labelled, "found": one.found, "right": one.right,
                    "precision": _rounded(one.precision), "recall": _rounded(one.recall),
                    "f1": _rounded(one.f1),
                }
                for key, one in getattr(self, name).items()
            }  # fmt: skip
        return plain


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


@dataclass(frozen=True, slots=True)
class Bin:
    """A tenth of the rows, by confidence: how sure the model was, and how often it was right.

    :param low: Least confidence in it; `high` the largest.
    """

    rows: int
    low: float
    high: float
    confidence: float
    accuracy: float


def measure(examples: Sequence[Example], analyses: Sequence[Analysis]) -> Figures:
    """Compare analyses with the labels of the same texts, in the same order."""
    pairs = list(zip(examples, analyses, strict=True))
    # A row that the model would not score is a miss for accuracy, and for every set below.
    judged = [(example, analysis) for example, analysis in pairs if example.overall is not None]
    clear = [pair for pair in judged if pair[0].overall in ("positive", "negative")]
    confidence, right = confidences(pairs)
    ece, expected = calibration_error(confidence, right) if len(right) else (None, None)
    confusion = Counter((e.overall, a.sentiment) for e, a in judged)
    topics = _classes((_topic_pairs(e, a) for e, a in pairs if e.topics is not None))
    drivers = _classes(_opinion_pairs(e, a) for e, a in pairs if e.opinions is not None)
    tags = _classes(_tag_pairs(e, a) for e, a in pairs if e.tags is not None)
    sentiments = _classes(({(str(e.overall), "")}, {(str(a.sentiment), "")}) for e, a in judged)
    overlaps = [overlap for e, a in pairs for overlap in _overlaps(e, a)]
    return Figures(
        rows=len(pairs),
        overall_accuracy=_share(a.sentiment == e.overall for e, a in judged),
        polarity_accuracy=_share(_leans_right(e, a) for e, a in clear),
        flips=_share(
            a.sentiment in ("positive", "negative") and a.sentiment != e.overall for e, a in clear
        ),
        topic_f1=_micro(topics),
        driver_f1=_micro(drivers),
        tag_f1=_micro(tags),
        evidence_overlap=float(np.mean(overlaps)) if overlaps else None,
        ece=ece,
        ece_expected=expected,
        confusion=tuple(tuple(confusion[one, two] for two in SENTIMENTS) for one in SENTIMENTS),
        sentiments={name: sentiments.get(f"{name}:", ClassFigures(0, 0, 0)) for name in SENTIMENTS},
        topics=topics,
        drivers=drivers,
        tags=tags,
    )


def calibration_error(
    confidence: NDArray[np.float64], right: NDArray[np.bool_], bins: int = BINS
) -> tuple[float, float]:
    """Return the ECE, and the mean ECE of a calibrated model on rows of the same confidence.

    :param confidence: Shape (rows,); :param right: whether the prediction was right, shape (rows,).
    """
    parts = _equal_parts(confidence, bins)

    def error(outcome: NDArray[np.bool_]) -> float:
        gaps = [abs(outcome[part].mean() - confidence[part].mean()) * len(part) for part in parts]
        return float(sum(gaps) / len(confidence))

    chance = np.random.default_rng(0)
    draws = [error(chance.random(len(confidence)) < confidence) for _ in range(_DRAWS)]
    return error(right), float(np.mean(draws))


def reliability(
    examples: Sequence[Example], analyses: Sequence[Analysis], bins: int = BINS
) -> tuple[Bin, ...]:
    """Return the bins behind the calibration error, from the least sure to the surest."""
    confidence, right = confidences(zip(examples, analyses, strict=True))
    return tuple(
        Bin(
            rows=len(part),
            low=float(confidence[part].min()),
            high=float(confidence[part].max()),
            confidence=float(confidence[part].mean()),
            accuracy=float(right[part].mean()),
        )
        for part in _equal_parts(confidence, bins)
    )


def row_ratios(examples: Sequence[Example], analyses: Sequence[Analysis]) -> NDArray[np.float64]:
    """Return what every row adds to the figures of `RATIOS`, shape (rows, figures, 2).

    A figure is the sum of the first numbers over the sum of the second, so that it can be had for
    any resample of the rows.
    """
    return np.array(
        [_row_ratios(e, a) for e, a in zip(examples, analyses, strict=True)], dtype=float
    ).reshape(-1, len(RATIOS), 2)


def _row_ratios(example: Example, analysis: Analysis) -> list[tuple[float, float]]:
    judged = example.overall is not None
    clear = example.overall in ("positive", "negative")
    sentiment = analysis.sentiment
    flipped = clear and sentiment in ("positive", "negative") and sentiment != example.overall
    sets: list[tuple[set[tuple[str, str]], set[tuple[str, str]]]] = [
        _topic_pairs(example, analysis) if example.topics is not None else (set(), set()),
        _opinion_pairs(example, analysis) if example.opinions is not None else (set(), set()),
        _tag_pairs(example, analysis) if example.tags is not None else (set(), set()),
    ]
    overlaps = list(_overlaps(example, analysis))
    return [
        (judged and sentiment == example.overall, judged),
        (clear and _leans_right(example, analysis), clear),
        (flipped, clear),
        *((2 * len(truth & found), len(truth) + len(found)) for truth, found in sets),
        (sum(overlaps), len(overlaps)),
    ]


def confidences(
    pairs: Iterable[tuple[Example, Analysis]],
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return how sure the model was of each row that it scored, and whether it was right."""
    scored = [(e, a) for e, a in pairs if e.overall is not None and a.probabilities is not None]
    confidence = np.array([a.confidence for _, a in scored], dtype=float)
    return confidence, np.array([a.sentiment == e.overall for e, a in scored], dtype=bool)


def _equal_parts(confidence: NDArray[np.float64], bins: int) -> list[NDArray[np.int64]]:
    order = np.argsort(confidence, kind="stable")
    return [part for part in np.array_split(order, bins) if len(part)]


def _leans_right(example: Example, analysis: Analysis) -> bool:
    if analysis.score is None or analysis.score == 0:
        return False
    return (analysis.score > 0) == (example.overall == "positive")


def _judged(judgements: Iterable[tuple[str, str, str | None]] | None) -> set[tuple[str, str]]:
    return {(name, polarity) for name, polarity, _ in judgements or ()}


def _opinion_pairs(
    example: Example, analysis: Analysis
) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    return _judged(example.opinions), {(o.driver, o.polarity) for o in analysis.opinions}


def _tag_pairs(
    example: Example, analysis: Analysis
) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    return _judged(example.tags), {(t.tag, t.polarity) for t in analysis.tags}


def _topic_pairs(
    example: Example, analysis: Analysis
) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    labelled = example.topics or {}
    found: set[tuple[str, str]] = {
        (topic, state)
        for topic, state in analysis.topics.items()
        if topic in labelled and state != "absent"
    }
    return {(topic, state) for topic, state in labelled.items() if state != "absent"}, found


def _classes(
    pairs: Iterable[tuple[set[tuple[str, str]], set[tuple[str, str]]]],
) -> dict[str, ClassFigures]:
    labelled: Counter[tuple[str, str]] = Counter()
    found: Counter[tuple[str, str]] = Counter()
    right: Counter[tuple[str, str]] = Counter()
    for truth, guess in pairs:
        labelled.update(truth)
        found.update(guess)
        right.update(truth & guess)
    names = sorted(labelled.keys() | found.keys())
    return {
        ":".join(name): ClassFigures(labelled[name], found[name], right[name]) for name in names
    }


def _micro(classes: dict[str, ClassFigures]) -> float | None:
    return ClassFigures(
        sum(one.labelled for one in classes.values()),
        sum(one.found for one in classes.values()),
        sum(one.right for one in classes.values()),
    ).f1


def _share(answers: Iterable[bool]) -> float | None:
    values = list(answers)
    return sum(values) / len(values) if values else None


def _overlaps(example: Example, analysis: Analysis) -> Iterable[float]:
    truth = {
        (judged.name, judged.polarity): judged.evidence
        for judged in example.opinions or ()
        if judged.evidence
    }
    for opinion in analysis.opinions:
        evidence = truth.get((opinion.driver, opinion.polarity))
        if evidence:
            start = example.text.find(evidence)
            shared = min(opinion.end, start + len(evidence)) - max(opinion.start, start)
            yield 2 * max(shared, 0) / (len(evidence) + opinion.end - opinion.start)
