"""Choosing what to label next: the texts that, together, teach a model most.

A text is worth what it adds to what is covered already. Covered are its features, the hashed
n-grams that the lite model learns from, and what the model finds in it: sentiment, and driver with
polarity. What is covered counts by its square root, so that the tenth text about courtesy adds less
than the first about refunds: the feature-based coverage of Wei and others (2014, "Submodular subset
selection for large-scale speech training data"), of which taking the best text at each step reaches
at least 1 - 1/e of what any choice can. A text counts for more the less sure the model is of it.

Languages get their quotas first, and no two texts of a choice are near-duplicates.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sentiment.model.features import extract
from sentiment.records import SENTIMENTS, Analysis
from sentiment.text import prepare

__all__ = ["choose", "doubt", "quotas"]

_READ = 1000
# Share of the features of two texts that they may have in common; more and they are one text twice.
_ALIKE = 0.5
# What the findings of a text weigh against its features; tuned inside the training rows.
_FOUND = 1.0
# How much more a text counts that the model has no idea of than one that it is sure of.
_UNSURE = 2.0


def choose(pool: Sequence[Analysis], n: int, known: Sequence[str] = ()) -> list[int]:
    """Return the places of up to `n` analyses to label next, the most telling one first.

    :param pool: Analysed texts; those without a sentiment are never chosen. Time grows with the
        length of all texts: 20,000 reviews take some ten seconds.
    :param known: Texts that are labelled already: neither they nor their like are chosen, and what
        they cover counts as covered.
    """
    asked = [at for at, analysis in enumerate(pool) if analysis.sentiment is not None]
    features = _features([pool[at].text for at in asked] + list(known))
    languages = ["en" if pool[at].language == "en" else "zh" for at in asked]
    wanted = quotas(Counter(languages), n)
    chosen: list[list[int]] = []
    for language, quota in wanted.items():
        some = [at for at, own in enumerate(languages) if own == language]
        cover = _Cover([features[at] for at in some], [pool[asked[at]] for at in some])
        picked = cover.take(quota, features[len(asked) :])
        chosen.append([asked[some[at]] for at in picked])
    return _interleaved(chosen)[:n]


def quotas(texts: Counter[str], n: int) -> dict[str, int]:
    """Return how many of `n` texts each language gets: by the square root of how many it has.

    A language that is a hundredth of an export gets a tenth, not half, of the labelling.
    """
    share = {language: math.sqrt(texts[language]) for language in sorted(texts)}
    whole = sum(share.values()) or 1.0
    exact = {language: n * part / whole for language, part in share.items()}
    given = {language: int(part) for language, part in exact.items()}
    by_rest = sorted(exact, key=lambda language: given[language] - exact[language])
    for language in by_rest[: n - sum(given.values())]:
        given[language] += 1
    # What a language has no texts for goes to the others.
    spare = 0
    for language in given:
        over = max(0, given[language] - texts[language])
        given[language] -= over
        spare += over
    for language in given:
        more = min(spare, texts[language] - given[language])
        given[language] += more
        spare -= more
    return given


def doubt(analysis: Analysis) -> float:
    """Return how unsure the model is of a text, from 0 to 1.

    The mean of its doubt about the sentiment (the entropy of the probabilities over its largest,
    or four thirds of 1 - confidence where only that is written) and of its doubt about the opinions
    (the largest 4 c (1 - c) of their confidences c).
    """
    if analysis.probabilities is not None:
        values = [p for p in analysis.probabilities.values() if p > 0]
        overall = -sum(p * math.log(p) for p in values) / math.log(len(SENTIMENTS))
    else:
        overall = min(1.0, (1 - (analysis.confidence or 0.0)) * 4 / 3)
    opinions = [4 * one.confidence * (1 - one.confidence) for one in analysis.opinions]
    return (overall + max(opinions)) / 2 if opinions else overall


class _Cover:
    """What a growing choice of texts covers, and what each further text would add to it."""

    def __init__(self, features: Sequence[NDArray[np.int64]], pool: Sequence[Analysis]) -> None:
        self._whole = list(features)
        buckets, of_text = np.unique(
            np.concatenate([np.zeros(0, np.int64), *features]), return_inverse=True
        )
        often = np.bincount(of_text, minlength=len(buckets))
        # A feature of a single text teaches nothing about any other.
        self._weight = np.where(often > 1, np.sqrt(often), 0.0)
        ends = np.cumsum([len(one) for one in features])
        self._features = np.split(of_text, ends[:-1]) if len(ends) else []
        self._buckets = buckets
        names: dict[tuple[str, str], int] = {}
        self._found = [
            np.array([names.setdefault(key, len(names)) for key in _findings(analysis)])
            for analysis in pool
        ]
        totals = [float(self._weight[one].sum()) for one in self._features]
        self._unit = (sum(totals) / len(totals) if totals else 0.0) or 1.0
        self._boost = [1 + _UNSURE * doubt(analysis) for analysis in pool]
        self._covered = np.zeros(len(buckets))
        self._named = np.zeros(len(names))

    def take(self, n: int, known: Sequence[NDArray[np.int64]]) -> list[int]:
        """Return the places of up to `n` texts, greedily; gains only fall, so few are computed anew."""
        rivals = _Rivals()
        for features in known:
            rivals.add(features)
            self._covered[np.isin(self._buckets, features)] += 1
        waiting = [(-self._gain(at), at, 0) for at in range(len(self._features))]
        heapq.heapify(waiting)
        chosen: list[int] = []
        while waiting and len(chosen) < n:
            _, at, seen = heapq.heappop(waiting)
            if seen < len(chosen):
                heapq.heappush(waiting, (-self._gain(at), at, len(chosen)))
            elif not rivals.has(self._whole[at]):
                rivals.add(self._whole[at])
                self._covered[self._features[at]] += self._boost[at]
                self._named[self._found[at]] += self._boost[at]
                chosen.append(at)
        return chosen

    def _gain(self, at: int) -> float:
        features, found, boost = self._features[at], self._found[at], self._boost[at]
        covered, named = self._covered[features], self._named[found]
        text = self._weight[features] @ (np.sqrt(covered + boost) - np.sqrt(covered))
        findings = np.sum(np.sqrt(named + boost) - np.sqrt(named))
        return float(text) / self._unit + _FOUND * float(findings)


class _Rivals:
    """Texts that are chosen or known, found by their features."""

    def __init__(self) -> None:
        self._holding: dict[int, list[int]] = {}
        self._sizes: list[int] = []

    def add(self, features: NDArray[np.int64]) -> None:
        for bucket in features.tolist():
            self._holding.setdefault(bucket, []).append(len(self._sizes))
        self._sizes.append(len(features))

    def has(self, features: NDArray[np.int64]) -> bool:
        """Say whether one of the texts is nearly this one."""
        shared: Counter[int] = Counter()
        for bucket in features.tolist():
            shared.update(self._holding.get(bucket, ()))
        return any(
            common > _ALIKE * (len(features) + self._sizes[text] - common)
            for text, common in shared.items()
        )


def _findings(analysis: Analysis) -> set[tuple[str, str]]:
    """Return what a text would teach, as far as the model sees: never fewer than its sentiment."""
    found = {(opinion.topic, opinion.polarity) for opinion in analysis.opinions}
    found |= {(opinion.driver, opinion.polarity) for opinion in analysis.opinions}
    return found | {("sentiment", str(analysis.sentiment))}


def _features(texts: Sequence[str]) -> list[NDArray[np.int64]]:
    """Return the distinct features of each text, ascending."""
    found: list[NDArray[np.int64]] = []
    for first in range(0, len(texts), _READ):
        some = [prepare(text).folded for text in texts[first : first + _READ]]
        features = extract(some)
        borders = np.searchsorted(features.row, np.arange(1, len(some)))
        found += [np.unique(part) for part in np.split(features.bucket, borders)]
    return found


def _interleaved(parts: Sequence[Sequence[int]]) -> list[int]:
    """Return all places, every part spread evenly, so that any first part is balanced as well."""
    keyed = [((at + 0.5) / len(part), place) for part in parts for at, place in enumerate(part)]
    return [place for _, place in sorted(keyed)]
