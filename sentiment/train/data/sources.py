"""The data sets and what their labels mean in our terms: `sources.toml`, read and applied.

A public set says "通用-物流#运费: negative" or "SUPPORT#GENERAL: positive". Its scheme turns that
into states of our topics, and into drivers and tags where the aspect names one without doubt. What
a scheme does not cover is left out, never called absent.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources
from math import ceil
from typing import Any, Literal

from sentiment.errors import LabelError
from sentiment.records import POLARITIES, Opinion, State, topic_states
from sentiment.taxonomy import Taxonomy

__all__ = ["Mapped", "Meaning", "Scheme", "Source", "Use", "known_sources"]

Use = Literal["train", "measure", "text"]
Gives = Literal["overall", "topics"]

# How the sets write a polarity and what is meant; null there is "mentioned, not said how".
_MEANT: Mapping[str | None, frozenset[str]] = {
    "positive": frozenset({"positive"}),
    "negative": frozenset({"negative"}),
    "neutral": frozenset({"neutral"}),
    "conflict": frozenset({"positive", "negative"}),
}


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one aspect of a foreign scheme says in ours; all empty for one that says nothing.

    :param topics: Topics that are judged when the aspect is.
    :param names: Drivers and tags that are judged, where the aspect leaves no doubt which.
    :param doubtful: Topics that may be judged or not.
    """

    topics: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    doubtful: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Mapped:
    """The aspects of one text in our terms.

    :param topics: State of every topic that is known, "absent" included; the others are masked.
    :param names: State of the drivers and tags that were named; says nothing of the others.
    """

    topics: Mapping[str, State]
    names: Mapping[str, State]


@dataclass(frozen=True, slots=True)
class Scheme:
    """A table of aspect names and their meaning, as in `sources.toml`."""

    name: str
    aspects: Mapping[str, Meaning]
    covers: frozenset[str] = frozenset()
    mask_neutral: bool = False

    def meaning(self, aspect: str) -> Meaning | None:
        """Return what an aspect means: its own entry, or else the first pattern that fits."""
        exact = self.aspects.get(aspect)
        if exact is not None:
            return exact
        for pattern, meaning in self.aspects.items():
            if fnmatchcase(aspect, pattern):
                return meaning
        return None

    def apply(self, aspects: Mapping[str, str | None]) -> Mapped:
        """Turn the aspects of one text into states of topics, drivers and tags.

        Several aspects of one topic are put together as opinions are: positive and negative make
        mixed, either of them outweighs neutral. A doubtful aspect masks its topic, unless the
        others already settle the state and its own polarity would not change it.

        :raises LabelError: An aspect that the table does not have, or an unknown polarity.
        """
        sure: dict[str, frozenset[str]] = {}
        doubt: dict[str, frozenset[str]] = {}
        names: dict[str, frozenset[str]] = {}
        unknown: set[str] = set()
        for aspect, polarity in aspects.items():
            meaning = self.meaning(aspect)
            if meaning is None or not (polarity is None or polarity in _MEANT):
                raise LabelError(
                    f"scheme {self.name}: aspect {aspect!r} with polarity {polarity!r} has no "
                    "meaning; add it to sources.toml."
                )
            meant = _MEANT.get(polarity, frozenset())
            vague = self.mask_neutral and polarity == "neutral"
            if polarity is None:
                unknown |= meaning.topics | meaning.doubtful
            for topic in meaning.doubtful | (meaning.topics if vague else frozenset()):
                doubt[topic] = doubt.get(topic, frozenset()) | meant
            if not vague and meant:
                for topic in meaning.topics:
                    sure[topic] = sure.get(topic, frozenset()) | meant
                for name in meaning.names:
                    names[name] = names.get(name, frozenset()) | meant
        topics: dict[str, State] = {}
        for topic in sorted(self.covers | set(sure)):
            said = sure.get(topic, frozenset())
            maybe = doubt.get(topic, frozenset())
            if topic not in unknown and _state(said) == _state(said | maybe):
                topics[topic] = _state(said)
        return Mapped(topics, {name: _state(meant) for name, meant in names.items()})


@dataclass(frozen=True, slots=True)
class Source:
    """One data set: its licence as stated, what it may be used for, and what it gives."""

    name: str
    language: Literal["zh", "en"]
    licence: str
    use: Use
    gives: frozenset[Gives] = frozenset()
    scheme: Scheme | None = None
    without: frozenset[str] = frozenset()
    train: tuple[str, ...] = ("train", "all")
    weights: Mapping[str, float] | None = None

    def read(self, aspects: Mapping[str, str | None]) -> Mapped:
        """Turn the aspects of one text into our terms, without the topics left out for this set.

        :raises LabelError: As `Scheme.apply`; or the set has no scheme.
        """
        if self.scheme is None:
            raise LabelError(f"{self.name}: no scheme says what its aspects mean.")
        mapped = self.scheme.apply(aspects)
        return Mapped(
            {topic: state for topic, state in mapped.topics.items() if topic not in self.without},
            {
                name: state
                for name, state in mapped.names.items()
                if name.partition(".")[0] not in self.without
            },
        )

    def weight(self, overall: str, stars: float | None) -> float:
        """Return how far an overall label of this set is to be trusted, from 0 to 1.

        By stars where the table has them (half a star counts up: what 3.5 stars are to one reader,
        4 are to the next), otherwise by label.
        """
        weights = self.weights or {}
        if stars is not None and str(ceil(stars)) in weights:
            return weights[str(ceil(stars))]
        return weights.get(overall, 1.0)


@cache
def known_sources() -> Mapping[str, Source]:
    """Return every set of `sources.toml` by its name, in the order of the file."""
    text = (
        resources.files("sentiment.train.data").joinpath("sources.toml").read_text(encoding="utf-8")
    )
    data = tomllib.loads(text)
    schemes = {name: _scheme(name, entry) for name, entry in data["schemes"].items()}
    return {name: _source(name, entry, schemes) for name, entry in data["sets"].items()}


def _scheme(name: str, entry: Mapping[str, Any]) -> Scheme:
    return Scheme(
        name=name,
        aspects={aspect: _meaning(words) for aspect, words in entry["aspects"].items()},
        covers=frozenset(entry["covers"]),
        mask_neutral=entry.get("neutral") == "mask",
    )


def _source(name: str, entry: Mapping[str, Any], schemes: Mapping[str, Scheme]) -> Source:
    scheme = schemes[entry["scheme"]] if "scheme" in entry else None
    if scheme is not None and "covers" in entry:
        scheme = replace(scheme, covers=frozenset(entry["covers"]))
    return Source(
        name=name,
        language=entry["language"],
        licence=entry["licence"],
        use=entry["use"],
        gives=frozenset(entry.get("gives", ())),
        scheme=scheme,
        without=frozenset(entry.get("without", ())),
        train=tuple(entry.get("train", ("train", "all"))),
        weights=entry.get("weight"),
    )


def _meaning(words: str) -> Meaning:
    taxonomy = Taxonomy.default()
    topics: set[str] = set()
    names: set[str] = set()
    doubtful: set[str] = set()
    for word in words.split():
        if word.startswith("~") and word[1:] in taxonomy.topics:
            doubtful.add(word[1:])
        elif word in taxonomy.topics:
            topics.add(word)
        elif word in taxonomy.drivers:
            names.add(word)
            topics.add(taxonomy.drivers[word].topic)
        elif word in taxonomy.tags:
            names.add(word)
        else:
            raise LabelError(f"sources.toml: {word!r} is no topic, driver or tag of the taxonomy.")
    return Meaning(frozenset(topics), frozenset(names), frozenset(doubtful))


@cache
def _state(polarities: frozenset[str]) -> State:
    # The rule of the records, asked rather than repeated.
    topic = "topic"
    return topic_states(_opinions(topic, polarities), (topic,))[topic]


def _opinions(topic: str, polarities: frozenset[str]) -> Iterator[Opinion]:
    for polarity in POLARITIES:
        if polarity in polarities:
            yield Opinion(topic, topic, polarity, 1.0, "", 0, 0)
