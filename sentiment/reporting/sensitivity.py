"""How far complaint shares might move if the model erred here as it did on its own test rows.

A corrected figure needs labels of the user's own data (`labels`). Without them the shares stay plain
counts, and this range only says how sensitive they are: METHOD's adjusted count, by language and
topic, with the error rates that the model's bundle ships.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sentiment.drivers.floors import MENTIONS_SHOWN
from sentiment.drivers.prevalence import adjusted_count
from sentiment.errors import InputError, SentimentError
from sentiment.reporting.scored import BITS, LANGUAGES
from sentiment.reporting.study import Study

__all__ = ["Rates", "Sensitivity", "sensitivity", "shipped_rates"]

_COMPLAINTS = ("negative", "mixed")
# Chinese with English words in it is read by the same rules as Chinese.
_MEASURED = {"zh": "zh", "mixed": "zh", "en": "en"}


@dataclass(frozen=True, slots=True)
class Rates:
    """How a complaint is found: (tpr, fpr) if every doubtful case was an error, and if none was.

    The figures count "negative" and "mixed" apart; where one was taken for the other the complaint
    was found all the same, and how often that happened is known within limits only.
    """

    worst: tuple[float, float]
    best: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """The smallest and largest complaint share of a topic, 0 to 1."""

    low: float
    high: float


def shipped_rates(model: str) -> dict[str, dict[str, Rates]]:
    """Return the rates of a bundled model by topic and language; empty for any other model.

    :param model: As records and summaries name it: "lite@1.0.0".
    """
    from sentiment.model import bundle

    try:
        found = bundle.read(bundle.find(model.partition("@")[0]))
    except SentimentError:
        return {}
    return rates_of(found.metrics) if found.name == model else {}


def rates_of(metrics: Mapping[str, Any]) -> dict[str, dict[str, Rates]]:
    """Return the rates by topic and language that the metrics of a bundle hold."""
    rates: dict[str, dict[str, Rates]] = {}
    for by_language in metrics.values():
        for language, figures in by_language.items():
            states: Mapping[str, Mapping[str, int]] = figures.get("topics", {})
            for topic in dict.fromkeys(state.partition(":")[0] for state in states):
                own = [states.get(f"{topic}:{name}", {}) for name in _COMPLAINTS]
                found = _rates(int(figures["rows"]), own)
                if found is not None:
                    rates.setdefault(topic, {})[language] = found
    return rates


def _rates(rows: int, states: Sequence[Mapping[str, int]]) -> Rates | None:
    labelled, found, right = (
        [int(state.get(key, 0)) for state in states] for key in ("labelled", "found", "right")
    )
    if not 0 < sum(labelled) < rows:
        return None
    taken = [min(labelled[at] - right[at], found[1 - at] - right[1 - at]) for at in (0, 1)]
    worst, best = (
        (hits / sum(labelled), (sum(found) - hits) / (rows - sum(labelled)))
        for hits in (sum(right), sum(right) + sum(taken))
    )
    return Rates(worst, best)


def sensitivity(study: Study, topic: str) -> Sensitivity | None:
    """Return the range of a topic's complaint share; None where the rates are too poor to tell.

    Each language is corrected by its own rates, then the languages are put together again.
    """
    rates = study.options.rates.get(topic, {})
    bits = study.topic_bits[topic]
    language = study.table.language[study.used]
    totals = [0.0, 0.0]
    for place, name in enumerate(LANGUAGES):
        rows = language == place
        n = int(rows.sum())
        if not n:
            continue
        counted = float((bits[rows] & BITS["negative"] > 0).mean())
        ends = _ends(counted, rates.get(_MEASURED.get(name, "")), n)
        if ends is None:
            return None
        totals = [total + end * n for total, end in zip(totals, ends, strict=True)]
    low, high = (total / max(study.n, 1) for total in totals)
    return Sensitivity(low, high)


def _ends(counted: float, rates: Rates | None, n: int) -> tuple[float, float] | None:
    if rates is None:
        # A handful of rows in a language without figures moves nothing.
        return None if n >= MENTIONS_SHOWN else (counted, counted)
    try:
        found = [adjusted_count(counted, *pair).value for pair in (rates.worst, rates.best)]
    except InputError:
        return None
    return min(found), max(found)
