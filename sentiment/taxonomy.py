"""The taxonomy: topics, second-level drivers and cross tags, read from an editable TOML file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from sentiment.errors import TaxonomyError

__all__ = ["TAKEN", "Driver", "TagKind", "Taxonomy", "Topic"]

TAKEN = (
    *("question", "sentiment", "sentiment_score", "confidence"),
    *("drivers", "evidence", "tags", "opinions", "language", "status"),
)
"""Names that no topic can have: they are those of the columns beside the topics' own."""

_SERVQUAL = ("tangibles", "reliability", "responsiveness", "assurance", "empathy")
_TOUCHPOINTS = ("before", "buy", "delivery", "use", "after")
_LAYERS = ("material", "spiritual", "social")
_TEXT_FIELDS = ("zh", "en", "definition_zh", "definition_en")


@dataclass(frozen=True, slots=True)
class Topic:
    """A first-level topic with its names and definitions in both languages."""

    name: str
    zh: str
    en: str
    definition_zh: str = ""
    definition_en: str = ""


@dataclass(frozen=True, slots=True)
class Driver:
    """A second-level driver of satisfaction; `name` is TOPIC.NAME.

    `servqual`, `touchpoint` and `layer` regroup drivers in the report; empty where a mapping would
    be forced. `phrases` are seed phrases that a team may start a driver of its own from.
    """

    name: str
    topic: str
    zh: str
    en: str
    definition_zh: str = ""
    definition_en: str = ""
    servqual: tuple[str, ...] = ()
    touchpoint: tuple[str, ...] = ()
    layer: str | None = None
    phrases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TagKind:
    """A cross tag (brand, trust ...) or, with `intent`, a loyalty signal; in no topic's score."""

    name: str
    zh: str
    en: str
    definition_zh: str = ""
    definition_en: str = ""
    layer: str | None = None
    intent: bool = False
    phrases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Taxonomy:
    """Topics, drivers and tags, each in the order of the file; that order is the heads' order."""

    version: str
    topics: Mapping[str, Topic] = field(default_factory=dict)
    drivers: Mapping[str, Driver] = field(default_factory=dict)
    tags: Mapping[str, TagKind] = field(default_factory=dict)

    @classmethod
    def default(cls) -> Taxonomy:
        """Return the taxonomy that ships with the package."""
        return _default()

    @classmethod
    def read(cls, path: str | Path) -> Taxonomy:
        """Read a taxonomy from a TOML file of the user's own.

        With ``extends = "default"`` at its top, its entries are added to the default ones, and an
        entry of the same name replaces the default's. Otherwise the file stands alone.

        :raises TaxonomyError: The file is missing, is no TOML, or contradicts itself.
        """
        path = Path(path)
        try:
            data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        except OSError as error:
            reason = error.strerror or error
            raise TaxonomyError(f"{path}: the taxonomy cannot be read ({reason}).") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise TaxonomyError(f"{path}: the taxonomy is not valid TOML: {error}.") from error
        return cls.from_dict(data, where=str(path))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], where: str = "taxonomy") -> Taxonomy:
        """Build a taxonomy from plain data, as read from TOML or from a bundle's config.

        :raises TaxonomyError: A driver without a topic, an unknown field, a wrong type, a topic with
            one of the names that are `TAKEN`.
        """
        extends = data.get("extends")
        if extends not in (None, "default"):
            raise TaxonomyError(f'{where}: extends = {extends!r}; only "default" can be extended.')
        for key in data:
            if key not in ("version", "extends", "topics", "drivers", "tags"):
                raise TaxonomyError(
                    f"{where}: unknown table [{key}]; use topics, drivers and tags."
                )
        base = cls.default() if extends else cls(version="")
        topics = dict(base.topics)
        drivers = dict(base.drivers)
        tags = dict(base.tags)
        for name, entry in _tables(data, "topics", where):
            fields = _fields(entry, _TEXT_FIELDS, f"{where}: topics.{name}")
            if name in TAKEN:
                raise TaxonomyError(
                    f"{where}: topics.{name} has the name of a column that scoring adds; choose "
                    f"another one than {', '.join(TAKEN)}."
                )
            topics[name] = Topic(name=name, **_named(name, fields))
        for name, entry in _tables(data, "drivers", where):
            at = f'{where}: drivers."{name}"'
            allowed = (*_TEXT_FIELDS, "servqual", "touchpoint", "layer", "phrases")
            fields = _fields(entry, allowed, at)
            topic, dot, rest = name.partition(".")
            if not dot or not rest or "." in rest:
                raise TaxonomyError(
                    f'{at}: a driver is named TOPIC.NAME and quoted: ["quality.fit"].'
                )
            if topic not in topics:
                known = ", ".join(topics) or "none"
                raise TaxonomyError(
                    f"{at}: no topic {topic!r} (there are: {known}); add [topics.{topic}]."
                )
            drivers[name] = Driver(
                name=name,
                topic=topic,
                **_named(rest, fields, skip=("servqual", "touchpoint", "layer", "phrases")),
                servqual=_words(fields, "servqual", _SERVQUAL, at),
                touchpoint=_words(fields, "touchpoint", _TOUCHPOINTS, at),
                layer=_layer(fields, at),
                phrases=_words(fields, "phrases", None, at),
            )
        for name, entry in _tables(data, "tags", where):
            at = f"{where}: tags.{name}"
            fields = _fields(entry, (*_TEXT_FIELDS, "layer", "intent", "phrases"), at)
            tags[name] = TagKind(
                name=name,
                **_named(name, fields, skip=("layer", "intent", "phrases")),
                layer=_layer(fields, at),
                intent=bool(fields.get("intent", False)),
                phrases=_words(fields, "phrases", None, at),
            )
        for name in (*topics, *drivers, *tags):
            if any(mark in name for mark in ":;,\"'") or name != name.strip() or not name:
                raise TaxonomyError(f"{where}: the name {name!r} holds a separator or a space.")
        if not drivers:
            raise TaxonomyError(f'{where}: no drivers; add at least one [drivers."TOPIC.NAME"].')
        version = str(data.get("version") or base.version or "0")
        if extends and "version" not in data:
            version = f"{base.version}+own"
        return cls(version=version, topics=topics, drivers=drivers, tags=tags)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data from which `from_dict` builds an equal taxonomy."""
        return {
            "version": self.version,
            "topics": {name: _plain(topic) for name, topic in self.topics.items()},
            "drivers": {name: _plain(driver) for name, driver in self.drivers.items()},
            "tags": {name: _plain(tag) for name, tag in self.tags.items()},
        }

    def drivers_of(self, topic: str) -> tuple[Driver, ...]:
        """Return the drivers of one topic, in order."""
        return tuple(driver for driver in self.drivers.values() if driver.topic == topic)


@cache
def _default() -> Taxonomy:
    text = resources.files("sentiment").joinpath("taxonomy.toml").read_text(encoding="utf-8")
    return Taxonomy.from_dict(tomllib.loads(text), where="taxonomy.toml")


def _tables(data: Mapping[str, Any], key: str, where: str) -> list[tuple[str, Mapping[str, Any]]]:
    tables = data.get(key, {})
    if not isinstance(tables, Mapping):
        raise TaxonomyError(f"{where}: {key} must be tables: [{key}.NAME].")
    for name, entry in tables.items():
        if not isinstance(entry, Mapping):
            raise TaxonomyError(f"{where}: {key}.{name} must be a table: [{key}.{name}].")
        if key == "drivers" and any(isinstance(value, Mapping) for value in entry.values()):
            raise TaxonomyError(
                f'{where}: quote the driver\'s name: [drivers."{name}.{next(iter(entry))}"].'
            )
    return list(tables.items())


def _fields(entry: Mapping[str, Any], allowed: tuple[str, ...], at: str) -> dict[str, Any]:
    for key, value in entry.items():
        if key not in allowed:
            raise TaxonomyError(f"{at}: unknown field {key!r}; use {', '.join(allowed)}.")
        if key in _TEXT_FIELDS and not isinstance(value, str):
            raise TaxonomyError(f"{at}: {key} must be a text.")
    return dict(entry)


def _named(name: str, fields: Mapping[str, Any], skip: tuple[str, ...] = ()) -> dict[str, str]:
    named = {key: str(value) for key, value in fields.items() if key not in skip}
    # One language is enough to start with; the report then shows it in both.
    named["zh"] = named.get("zh") or named.get("en") or name
    named["en"] = named.get("en") or named["zh"]
    return named


def _words(
    fields: Mapping[str, Any], key: str, known: tuple[str, ...] | None, at: str
) -> tuple[str, ...]:
    value = fields.get(key, ())
    if isinstance(value, str):
        value = (value,)
    if not isinstance(value, (list, tuple)) or not all(isinstance(word, str) for word in value):
        raise TaxonomyError(f"{at}: {key} must be a list of texts.")
    for word in value:
        if known is not None and word not in known:
            raise TaxonomyError(f"{at}: {key} {word!r} is none of {', '.join(known)}.")
    return tuple(value)


def _layer(fields: Mapping[str, Any], at: str) -> str | None:
    words = _words({"layer": fields["layer"]}, "layer", _LAYERS, at) if fields.get("layer") else ()
    return words[0] if words else None


def _plain(entry: Topic | Driver | TagKind) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for key in type(entry).__dataclass_fields__:
        value = getattr(entry, key)
        if key not in ("name", "topic") and value not in ((), None, "", False):
            plain[key] = list(value) if isinstance(value, tuple) else value
    return plain
