"""What a person labelled, checked and brought into the schema of labelled feedback.

Every format is read into `Entry` records; what they must hold is checked here, once, and everything
that is wrong with a file is told together.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

from sentiment.errors import LabelError
from sentiment.labelling.words import phrase
from sentiment.records import (
    POLARITIES,
    SENTIMENTS,
    STATES,
    Opinion,
    Polarity,
    Sentiment,
    State,
    topic_states,
)
from sentiment.taxonomy import Taxonomy
from sentiment.wording import Tongue

__all__ = ["Entry", "Fault", "Finding", "Labelled", "check", "said_once", "split"]

_SHOWN = 50


class Finding(NamedTuple):
    """A driver or tag that a person named, its polarity, and the words that prove it, if given."""

    name: str
    polarity: str
    evidence: str | None


@dataclass(frozen=True)
class Fault:
    """Something that cannot be right: a sentence of the wording, by its key, and what is in it."""

    key: str
    fields: Mapping[str, object] = field(default_factory=dict)

    def told(self, tongue: Tongue) -> str:
        """Return the sentence."""
        return phrase(f"fault.{self.key}", tongue).format(**self.fields)


@dataclass(frozen=True)
class Entry:
    """One text as a file holds it, not checked yet.

    :param place: What a person counts it by, "row", "line" or "task"; `at` is its number.
    :param origin: `Task.origin` as it came back.
    :param state: "done", "skipped", or "open": nobody has confirmed what stands there.
    :param opinions: Every driver that is named; None where they are not labelled; `tags` likewise.
    :param topics: State of each topic that was filled in.
    :param faults: What could not be read at all.
    :param passed_over: Other people's labels of the same text, which do not count.
    """

    place: str
    at: int | str
    text: str
    origin: Mapping[str, Any]
    state: str
    overall: str | None = None
    opinions: tuple[Finding, ...] | None = None
    tags: tuple[Finding, ...] | None = None
    topics: Mapping[str, str] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    passed_over: int = 0


@dataclass(frozen=True)
class Labelled:
    """One text and what a person said of it; None is "not labelled".

    :param state: "done", "skipped" or "open"; only a text that is done holds any label.
    :param passed_over: Other people's labels of the same text, which do not count.
    """

    text: str
    origin: Mapping[str, Any]
    state: str
    overall: Sentiment | None = None
    opinions: tuple[Finding, ...] | None = None
    tags: tuple[Finding, ...] | None = None
    topics: Mapping[str, State] | None = None
    passed_over: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return a line of labelled feedback: what `train`, `evaluate` and `--labels` read."""
        origin = dict(self.origin)
        line: dict[str, Any] = {
            "id": origin.pop("id", None),
            "text": self.text,
            "lang": origin.pop("lang", None),
            "overall": self.overall,
            "opinions": _plain(self.opinions, "driver"),
            "tags": _plain(self.tags, "tag"),
            "source": origin.pop("source", None),
        }
        if self.topics is not None:
            line["topics"] = dict(self.topics)
        return line | {name: value for name, value in origin.items() if value is not None}


def _plain(findings: Sequence[Finding] | None, key: str) -> list[dict[str, Any]] | None:
    if findings is None:
        return None
    return [
        {key: name, "polarity": polarity}
        | ({} if evidence is None else {"evidence": evidence})
        for name, polarity, evidence in findings
    ]  # fmt: skip


def check(
    entries: Iterable[Entry], taxonomy: Taxonomy, where: str, tongue: Tongue
) -> list[Labelled]:
    """Return the labels of a file, in its order; texts that are not done hold none.

    :raises LabelError: Entries that cannot be right, every one of them with its place, in the
        language.
    """
    labelled: list[Labelled] = []
    faults: list[str] = []
    for entry in entries:
        if entry.state != "done":
            labelled.append(Labelled(entry.text, entry.origin, entry.state))
            continue
        wrong = [*entry.faults, *_wrong(entry, taxonomy)]
        place = phrase(f"place.{entry.place}", tongue).format(at=entry.at)
        told = phrase("fault.one", tongue)
        faults += [told.format(place=place, fault=fault.told(tongue)) for fault in wrong]
        if not wrong:
            labelled.append(_labelled(entry, taxonomy))
    if faults:
        heading = phrase("fault.all", tongue).format(path=where, count=len(faults))
        more = ["..."] if len(faults) > _SHOWN else []
        raise LabelError("\n".join([heading, *faults[:_SHOWN], *more]))
    return labelled


def split(
    findings: Iterable[Finding], taxonomy: Taxonomy
) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """Return the opinions and the tags of one list, each said once."""
    once = said_once(findings)
    opinions = tuple(found for found in once if found.name not in taxonomy.tags)
    return opinions, tuple(found for found in once if found.name in taxonomy.tags)


def said_once(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return one finding for each name and polarity, as the guideline has it.

    Whoever marks two places that say the same keeps the first of them that has words.
    """
    once: dict[tuple[str, str], Finding] = {}
    for found in findings:
        key = (found.name, found.polarity)
        if key not in once or (once[key].evidence is None and found.evidence is not None):
            once[key] = found
    return tuple(once.values())


def _wrong(entry: Entry, taxonomy: Taxonomy) -> list[Fault]:
    faults: list[Fault] = []
    if not entry.text.strip():
        faults.append(Fault("no_text"))
    if entry.overall is not None and entry.overall not in SENTIMENTS:
        faults.append(_none_of("overall", entry.overall, SENTIMENTS))
    for found in entry.opinions or ():
        faults += _wrong_finding(found, tuple(taxonomy.drivers), "driver", entry.text)
    for found in entry.tags or ():
        faults += _wrong_finding(found, tuple(taxonomy.tags), "tag", entry.text)
    for topic, state in entry.topics.items():
        if topic not in taxonomy.topics:
            faults.append(_none_of("topic", topic, taxonomy.topics))
        elif state not in STATES:
            faults.append(_none_of("state", state, STATES, name=topic))
    if not faults and entry.opinions:
        # Topics follow from the drivers: what says otherwise is a slip in one of the two.
        meant = _states(entry.opinions, taxonomy)
        faults += [
            Fault("contradiction", {"name": topic, "given": state, "meant": meant[topic]})
            for topic, state in entry.topics.items()
            if state != meant[topic]
        ]
    labels = (entry.overall, entry.opinions, entry.tags)
    nothing = all(label is None for label in labels) and not entry.topics
    if nothing and not faults and not entry.faults:
        faults.append(Fault("nothing"))
    return faults


def _wrong_finding(
    found: Finding, names: Sequence[str], kind: str, text: str
) -> Iterator[Fault]:  # fmt: skip
    if found.name not in names:
        near = difflib.get_close_matches(found.name.lower(), names, n=1)
        if near:
            yield Fault(f"{kind}_near", {"given": repr(found.name), "nearest": near[0]})
        else:
            yield _none_of(kind, found.name, names)
    if found.polarity not in POLARITIES:
        yield _none_of("polarity", found.polarity, POLARITIES, name=found.name)
    if found.evidence is not None and found.evidence not in text:
        yield Fault("evidence", {"name": found.name, "given": repr(found.evidence)})


def _none_of(key: str, given: object, known: Iterable[str], **fields: object) -> Fault:
    return Fault(key, {"given": repr(given), "known": ", ".join(known), **fields})


def _labelled(entry: Entry, taxonomy: Taxonomy) -> Labelled:
    topics = cast("Mapping[str, State]", entry.topics)
    opinions = entry.opinions
    if not opinions and any(state != "absent" for state in topics.values()):
        opinions = None  # topics were labelled and their drivers were not
    elif opinions is None and topics.keys() == taxonomy.topics.keys():
        opinions = ()  # no topic is judged, so no driver is
    return Labelled(
        text=entry.text,
        origin=entry.origin,
        state=entry.state,
        overall=cast("Sentiment | None", entry.overall),
        opinions=opinions,
        tags=entry.tags,
        topics=dict(topics) if opinions is None and topics else None,
        passed_over=entry.passed_over,
    )


def _states(drivers: Iterable[Finding], taxonomy: Taxonomy) -> dict[str, State]:
    return topic_states(
        (
            Opinion(taxonomy.drivers[name].topic, name, cast("Polarity", polarity), 1.0, "", 0, 0)
            for name, polarity, _ in drivers
        ),
        taxonomy.topics,
    )
