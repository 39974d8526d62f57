"""Choosing what to label next: the texts that, together, teach a model most.

A text is worth what it adds to what is chosen already. Counted are the findings of the model in it,
each driver, topic and tag with its polarity, and its sentiment; and its features, the hashed
n-grams that the lite model learns from. What has been counted weighs by its square root, so that
the tenth text about courtesy adds less than the first about refunds: the feature-based coverage of
Wei and others (2014, "Submodular subset selection for large-scale speech training data"). So the
choice is balanced over topics and drivers and varied in its words. A finding counts for more the
less sure the model is of it, and a long text, which takes longer to label, for less.

Languages get their quotas first, and no two texts of a choice are near-duplicates.

A third of the texts is drawn at random, and what they cover counts as covered. Chosen texts say twice
as much as ordinary ones; a model whose thresholds were set on them alone was too careful with these:
more of what it found was right, and it found less.

Doubt about the whole text was tried, alone and as a factor. In trials on the gold training rows it
did worse than texts drawn at random: it finds texts of which little can be said. So it is the single
findings that are weighed by it, and not by much.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Sequence
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from sentiment.model.features import extract
from sentiment.records import SENTIMENTS, Analysis
from sentiment.text import prepare

__all__ = ["choose", "doubt", "features_of", "quotas"]

_READ = 1000
# Share of the texts that is taken as it comes. A quarter and two fifths did alike.
_PLAIN = 1 / 3
# Share of the features of two texts that they may have in common; more and they are one text twice.
_ALIKE = 0.5
# What a finding counts that the model is sure of; one that it is not sure of at all counts 1.
_SURE = 0.75
# What the features of a text of usual length weigh against one finding.
_WORDS = 1.0
# A text that is sixteen times as long must add twice as much.
_LENGTH = 0.25
# Below this a text costs the same to label, however short it is.
_SHORT = 10


def choose(
    pool: Sequence[Analysis],
    n: int,
    known: Sequence[str] = (),
    *,
    features: Sequence[NDArray[np.int64]] | None = None,
) -> list[int]:
    """Return the places of up to `n` analyses to label next.

    Any first part of them is mixed as the whole is: languages, texts taken as they come, and of the
    others the most telling ones first.

    :param pool: Analysed texts in random order, as `sample.draw` gives them; those without a
        sentiment are never chosen. Time grows with the length of all texts: 20,000 reviews take
        some ten seconds.
    :param known: Texts that are labelled already: neither they nor their like are chosen, and what
        they cover counts as covered.
    :param features: Of the texts of the pool, as `features_of` gives them, where they are there
        already: they take most of the time.
    """
    asked = [at for at, analysis in enumerate(pool) if analysis.sentiment is not None]
    own = features_of([one.text for one in pool]) if features is None else features
    labelled = features_of(known)
    languages = ["en" if pool[at].language == "en" else "zh" for at in asked]
    wanted = quotas(Counter(languages), n)
    chosen: list[list[int]] = []
    for language, quota in wanted.items():
        some = [at for at, its in enumerate(languages) if its == language]
        cover = _Cover([own[asked[at]] for at in some], [pool[asked[at]] for at in some])
        cover.know(labelled)
        plain = cover.first(round(quota * _PLAIN))
        telling = cover.take(quota - len(plain))
        chosen.extend([asked[some[at]] for at in part] for part in (plain, telling))
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
    """Return how unsure the model is of the sentiment, from 0 to 1.

    The entropy of the probabilities over its largest; where only the confidence is written, as in
    the wide formats, four thirds of what is left of it.
    """
    if analysis.probabilities is None:
        return min(1.0, (1 - (analysis.confidence or 0.0)) * 4 / 3)
    values = [p for p in analysis.probabilities.values() if p > 0]
    return -sum(p * math.log(p) for p in values) / math.log(len(SENTIMENTS))


def _findings(analysis: Analysis) -> dict[tuple[str, str], float]:
    """Return what a text would teach, and how much: never less than its sentiment."""
    found = {("sentiment", str(analysis.sentiment)): _worth(doubt(analysis))}
    for opinion in analysis.opinions:
        worth = _worth(4 * opinion.confidence * (1 - opinion.confidence))
        for name in (opinion.topic, opinion.driver):
            key = (name, opinion.polarity)
            found[key] = max(found.get(key, 0.0), worth)
    for tag in analysis.tags:
        found[tag.tag, tag.polarity] = _worth(4 * tag.confidence * (1 - tag.confidence))
    return found


def _worth(unsure: float) -> float:
    return _SURE + (1 - _SURE) * unsure


class _Cover:
    """What a growing choice of texts covers, and what each further text would add to it."""

    def __init__(self, features: Sequence[NDArray[np.int64]], pool: Sequence[Analysis]) -> None:
        self._whole = list(features)
        # One bucket that is no feature's, so that there is always a last one.
        beyond = np.array([np.iinfo(np.int64).max])
        buckets, of_text = np.unique(np.concatenate([*features, beyond]), return_inverse=True)
        often = np.bincount(of_text, minlength=len(buckets))
        self._often = often
        # A feature of a single text teaches nothing about any other.
        self._weight = np.where(often > 1, np.sqrt(often), 0.0)
        ends = np.cumsum([len(one) for one in features])
        self._features = np.split(of_text, ends)[:-1]
        self._buckets = buckets
        findings = [_findings(analysis) for analysis in pool]
        names = {name: at for at, name in enumerate(sorted({n for one in findings for n in one}))}
        self._found = [np.array([names[name] for name in one], dtype=np.int64) for one in findings]
        self._worth = [np.array(list(one.values())) for one in findings]
        totals = [float(self._weight[one].sum()) for one in self._features]
        self._unit = (sum(totals) / len(totals) if totals else 0.0) or 1.0
        self._cost = [max(len(analysis.text), _SHORT) ** _LENGTH for analysis in pool]
        self._covered = np.zeros(len(buckets))
        self._named = np.zeros(len(names))
        self._rivals = _Rivals(buckets, often)

    def know(self, texts: Sequence[NDArray[np.int64]]) -> None:
        """Count the features of texts that are labelled already as covered."""
        for features in texts:
            self._rivals.add(features)
            self._covered[np.isin(self._buckets, features)] += 1

    def first(self, n: int) -> list[int]:
        """Return the places of the first texts, up to `n`, in their order."""
        added = (at for at in range(len(self._features)) if self._add(at))
        return list(islice(added, n))

    def take(self, n: int) -> list[int]:
        """Return the places of up to `n` texts, greedily; gains only fall, so few are computed anew."""
        waiting = [(-self._gain(at), at, 0) for at in range(len(self._features))]
        heapq.heapify(waiting)
        taken: list[int] = []
        while waiting and len(taken) < n:
            _, at, seen = heapq.heappop(waiting)
            if seen < len(taken):
                heapq.heappush(waiting, (-self._gain(at), at, len(taken)))
            elif self._add(at):
                taken.append(at)
        return taken

    def _add(self, at: int) -> bool:
        """Count a text as covered, unless it is nearly one that is."""
        if self._rivals.has(self._whole[at]):
            return False
        self._rivals.add(self._whole[at])
        self._covered[self._features[at]] += 1
        self._named[self._found[at]] += self._worth[at]
        return True

    def _gain(self, at: int) -> float:
        """Return what a text would add, for the effort of labelling it."""
        covered, named = self._covered[self._features[at]], self._named[self._found[at]]
        words = self._weight[self._features[at]] @ (np.sqrt(covered + 1) - np.sqrt(covered))
        findings = np.sum(np.sqrt(named + self._worth[at]) - np.sqrt(named))
        return float(findings + _WORDS * words / self._unit) / float(self._cost[at])


class _Rivals:
    """Texts that are chosen or known, found by their features.

    Two texts that share more than half of all their features share one of the rarest half of either
    (prefix filtering: Chaudhuri, Ganti and Kaushik 2006). Only those are looked up, so that the
    words that half of all texts hold are never followed.
    """

    def __init__(self, buckets: NDArray[np.int64], often: NDArray[np.int64]) -> None:
        self._buckets, self._often = buckets, often
        self._holding: dict[int, list[int]] = {}
        self._texts: list[NDArray[np.int64]] = []

    def add(self, features: NDArray[np.int64]) -> None:
        for bucket in self._rarest(features):
            self._holding.setdefault(bucket, []).append(len(self._texts))
        self._texts.append(features)

    def has(self, features: NDArray[np.int64]) -> bool:
        """Say whether one of the texts is nearly this one."""
        rarest = self._rarest(features)
        near = {text for bucket in rarest for text in self._holding.get(bucket, ())}
        return any(_share(features, self._texts[text]) > _ALIKE for text in near)

    def _rarest(self, features: NDArray[np.int64]) -> list[int]:
        at = np.searchsorted(self._buckets[:-1], features)  # the last place stands for beyond it
        often = np.where(self._buckets[at] == features, self._often[at], 0)
        order = np.lexsort((features, often))
        rarest: list[int] = features[order[: int(len(features) * (1 - _ALIKE)) + 1]].tolist()
        return rarest


def _share(one: NDArray[np.int64], other: NDArray[np.int64]) -> float:
    """Return the share of features that two texts have in common (Jaccard), from 0 to 1."""
    common = len(np.intersect1d(one, other, assume_unique=True))
    return common / max(len(one) + len(other) - common, 1)


def features_of(texts: Sequence[str]) -> list[NDArray[np.int64]]:
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
