"""What a card says beside the figures: confidence, rows in another dress, the behaviour suite."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sentiment.analyzer import Analyzer
from sentiment.records import Analysis
from sentiment.train.data.examples import Example
from sentiment.train.figures.card import with_section
from sentiment.train.figures.confidence import Excess, Kept, accuracy_of_surest, calibration_excess
from sentiment.train.figures.copies import Splice, compose, in_traditional, splice
from sentiment.train.figures.measure import RATIOS, confidences, row_ratios
from sentiment.train.figures.paired import Difference, differences, ratio_differences

__all__ = ["Checks", "Compared", "PassRate", "check", "put_checks"]

_COMPARED = {
    "topic_f1": "topic state F1",
    "driver_f1": "driver + polarity F1",
    "overall_accuracy": "overall accuracy",
    "polarity_accuracy": "polarity accuracy",
}
_CHECKS = "Confidence, spliced rows, traditional script, behaviour"
_SEEDS = "A second seed"
_PARTNERS = 4  # English rows that a Chinese one is joined with, each in a line of its own
_NO_SEED = "Not measured for this version: the recipe was run once."


@dataclass(frozen=True, slots=True)
class PassRate:
    """How many cases of a group of the behaviour suite, in a language, a model gets right."""

    group: str
    language: str
    passed: int
    total: int


@dataclass(frozen=True, slots=True)
class Compared:
    """A figure of rows in another dress less that of the rows as they are, under its name in the card.

    :param composed: The figure of what was said of the halves of spliced rows, put together by the rule
        that says what is expected of the whole.
    """

    name: str
    difference: Difference
    composed: float | None = None


@dataclass(frozen=True)
class Checks:
    """What was measured of a model on labelled rows.

    :param excess: By language; :param kept: likewise.
    :param pairs: Spliced rows; :param spliced: how they compare with the same rows alone.
    :param copies: Rows in traditional script; :param traditional: how they compare with the plain ones.
    :param behaviour: Pass rates; empty where the suite was not run.
    """

    rows: str
    excess: Mapping[str, Excess]
    kept: Mapping[str, tuple[Kept, ...]]
    pairs: int
    spliced: tuple[Compared, ...]
    copies: int
    traditional: tuple[Compared, ...]
    behaviour: tuple[PassRate, ...]


def check(
    analyzer: Analyzer,
    examples: Sequence[Example],
    behaviour: Sequence[PassRate] = (),
    rows: str = "gold dev",
) -> Checks:
    """Measure a model on fully labelled rows of both languages.

    :param rows: What the rows are called.
    """
    by_language = {
        language: [one for one in examples if one.language == language] for language in ("zh", "en")
    }
    said = {
        language: _analyses(analyzer, some) for language, some in by_language.items()
    }  # fmt: skip
    excess: dict[str, Excess] = {}
    kept: dict[str, tuple[Kept, ...]] = {}
    for language, some in by_language.items():
        pairs = [
            (one, analysis)
            for one, analysis in zip(some, said[language], strict=True)
            if one.overall is not None and analysis.probabilities is not None
        ]
        confidence, right = confidences(pairs)
        excess[language] = calibration_excess(confidence, right, [one.group for one, _ in pairs])
        kept[language] = accuracy_of_surest(confidence, right)
    chinese, english = by_language["zh"], by_language["en"]
    made = splice(chinese, english, partners=_PARTNERS)
    converted = _analyses(analyzer, in_traditional(chinese))
    scripts = {one.figure: one for one in differences(chinese, said["zh"], converted)}
    return Checks(
        rows=rows,
        excess=excess,
        kept=kept,
        pairs=len(made),
        spliced=tuple(_spliced(analyzer, made, dict(_said_of(by_language, said)))),
        copies=len(chinese),
        traditional=tuple(Compared(name, scripts[figure]) for figure, name in _COMPARED.items()),
        behaviour=tuple(behaviour),
    )


def put_checks(card: str, checks: Checks, seeds: str = "") -> str:
    """Return a card with these checks in the place of older ones.

    :param seeds: How far a second run of the recipe, with another seed, lies from the first; empty
        leaves what the card says of it.
    """
    card = with_section(card, _CHECKS, _lines(checks))
    if seeds or f"\n## {_SEEDS}\n" not in card:
        card = with_section(card, _SEEDS, [seeds or _NO_SEED])
    return card


def _analyses(analyzer: Analyzer, examples: Sequence[Example]) -> list[Analysis]:
    return analyzer.analyze_batch([one.text for one in examples])


def _said_of(
    by_language: Mapping[str, Sequence[Example]], said: Mapping[str, Sequence[Analysis]]
) -> Iterator[tuple[int, tuple[Example, Analysis]]]:
    for language, some in by_language.items():
        for pair in zip(some, said[language], strict=True):
            yield id(pair[0]), pair


def _spliced(
    analyzer: Analyzer, made: Sequence[Splice], said: Mapping[int, tuple[Example, Analysis]]
) -> Iterator[Compared]:
    """Compare spliced rows with their halves, on the pairs of which the figure can be had."""
    both = [one.both for one in made]
    found = [(said[id(one.one)], said[id(one.other)]) for one in made]
    halves = np.array([_alone(*one) + _alone(*other) for one, other in found])
    composed = row_ratios(both, [compose(one[1], other[1]) for one, other in found])
    whole = row_ratios(both, _analyses(analyzer, both))
    same = np.array([one.one.overall == one.other.overall for one in made])
    known = np.array([one.overall is not None for one in both])
    clear = np.array([one.overall in ("positive", "negative") for one in both])
    every = np.ones(len(made), dtype=bool)
    for figure, name, asked in (
        ("topic_f1", _COMPARED["topic_f1"], every),
        ("driver_f1", _COMPARED["driver_f1"], every),
        ("overall_accuracy", _COMPARED["overall_accuracy"], known),
        ("overall_accuracy", "overall accuracy, pairs of the same sentiment", known & same),
        ("overall_accuracy", "overall accuracy, other pairs (mixed)", known & ~same),
        ("polarity_accuracy", _COMPARED["polarity_accuracy"], clear),
    ):
        at = RATIOS.index(figure)
        groups = [str(one.block) for one, wanted in zip(made, asked, strict=True) if wanted]
        compared = ratio_differences(halves[asked], whole[asked], groups)[at]
        right, total = composed[asked, at].sum(axis=0)
        yield Compared(name, compared, float(right / total) if total else None)


def _alone(example: Example, analysis: Analysis) -> NDArray[np.float64]:
    return np.asarray(row_ratios([example], [analysis])[0])


# ---------------------------------------------------------------- text of the card


def _lines(checks: Checks) -> list[str]:
    languages = list(checks.excess)
    return [
        f"Measured on {checks.rows}; intervals of 95 %, bootstrap over rows, of spliced ones over the",
        "blocks of rows that were joined with one another.",
        "",
        "How far confidence and accuracy lie apart (ECE, ten bins of equal mass), beyond what a",
        "calibrated model shows on so many rows:",
        "",
        "| | rows | ECE | by chance alone | excess |",
        "|---|---|---|---|---|",
        *(_excess_row(name, one) for name, one in checks.excess.items()),
        "",
        "Overall accuracy (four classes) of the surest rows; a row that no model reads has no",
        "confidence and is left out here (above it counts as wrong):",
        "",
        "| kept | " + " | ".join(f"{name} | least confidence" for name in languages) + " |",
        "|---" * (2 * len(languages) + 1) + "|",
        *_kept_rows(checks),
        "",
        f"Spliced rows: {checks.pairs} lines, in each a Chinese row and an English one, either first; a",
        f"row is in at most {_PARTNERS} of them. Judged is what either judges; the sentiment is theirs",
        "where they agree, mixed where one praises and one blames. *Alone*: the same rows before they",
        "were joined. *Composed*: what was said of the two, put together by that rule. *Spliced*: read",
        "as one line. The difference is that to *alone*.",
        "",
        "| | alone | composed | spliced | difference |",
        "|---|---|---|---|---|",
        *_compared_rows(checks.spliced, composed=True),
        "",
        f"Traditional script: the {checks.copies} Chinese rows, converted.",
        "",
        "| | as they are | traditional | difference |",
        "|---|---|---|---|",
        *_compared_rows(checks.traditional),
        *_behaviour_rows(checks.behaviour),
    ]


def _excess_row(language: str, one: Excess) -> str:
    value = f"{one.value:+.3f} [{one.low:+.3f}, {one.high:+.3f}]"
    return f"| {language} | {one.rows} | {one.ece:.3f} | {one.expected:.3f} | {value} |"


def _kept_rows(checks: Checks) -> Iterator[str]:
    for steps in zip(*checks.kept.values(), strict=True):
        cells = " | ".join(f"{one.accuracy:.3f} ({one.rows}) | {one.least:.2f}" for one in steps)
        yield f"| {steps[0].share:.0%} | {cells} |"


def _compared_rows(found: Sequence[Compared], *, composed: bool = False) -> Iterator[str]:
    for one in found:
        cells = [_number(one.difference.first), _number(one.difference.second)]
        if composed:
            cells.insert(1, _number(one.composed))
        told = one.difference
        if told.value is None:
            cells.append("-")
        else:
            cells.append(f"{told.value:+.3f} [{told.low:+.3f}, {told.high:+.3f}]")
        yield f"| {one.name} | " + " | ".join(cells) + " |"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _behaviour_rows(rates: Sequence[PassRate]) -> Iterator[str]:
    if not rates:
        return
    languages = sorted({rate.language for rate in rates}, reverse=True)
    shown = {(rate.group, rate.language): (rate.passed, rate.total) for rate in rates}
    yield ""
    yield "The behaviour suite (`make behaviour`): cases in which everything expected holds, of all."
    yield "None of them was learned from."
    yield ""
    yield "| group | " + " | ".join(languages) + " |"
    yield "|---" * (len(languages) + 1) + "|"
    for group in dict.fromkeys(rate.group for rate in rates):
        cells = [_share(*shown.get((group, language), (0, 0))) for language in languages]
        yield f"| {group.replace('_', ' ')} | " + " | ".join(cells) + " |"
    sums = [
        _share(
            sum(rate.passed for rate in rates if rate.language == language),
            sum(rate.total for rate in rates if rate.language == language),
        )
        for language in languages
    ]
    yield "| all | " + " | ".join(sums) + " |"


def _share(passed: int, total: int) -> str:
    return f"{passed}/{total}" if total else "-"
