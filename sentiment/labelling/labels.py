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

__all__ = ["Entry", "Finding", "Labelled", "check", "split"]

_SHOWN = 50


class Finding(NamedTuple):
    """A driver or tag that a person named, its polarity, and the words that prove it, if given."""

    name: str
    polarity: str
    evidence: str | None


@dataclass(frozen=True)
class Entry:
    """One text as a file holds it, not checked yet.

    :param place: Where it stands, as a person finds it: "row 12".
    :param origin: `Task.origin` as it came back.
    :param state: "done", "skipped", or "open": nobody has confirmed what stands there.
    :param opinions: Every driver that is named; None where they are not labelled; `tags` likewise.
    :param topics: State of each topic that was filled in.
    :param faults: What could not be read at all.
    """

    place: str
    text: str
    origin: Mapping[str, Any]
    state: str
    overall: str | None = None
    opinions: tuple[Finding, ...] | None = None
    tags: tuple[Finding, ...] | None = None
    topics: Mapping[str, str] = field(default_factory=dict)
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class Labelled:
    """One text and what a person said of it; None is "not labelled".

    :param state: "done", "skipped" or "open"; only a text that is done holds any label.
    """

    text: str
    origin: Mapping[str, Any]
    state: str
    overall: Sentiment | None = None
    opinions: tuple[Finding, ...] | None = None
    tags: tuple[Finding, ...] | None = None
    topics: Mapping[str, State] | None = None

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


def check(entries: Iterable[Entry], taxonomy: Taxonomy, where: str) -> list[Labelled]:
    """Return the labels of a file, in its order; texts that are not done hold none.

    :raises LabelError: Entries that cannot be right, every one of them with its place.
    """
    labelled: list[Labelled] = []
    faults: list[str] = []
    for entry in entries:
        if entry.state != "done":
            labelled.append(Labelled(entry.text, entry.origin, entry.state))
            continue
        wrong = [*entry.faults, *_wrong(entry, taxonomy)]
        if wrong:
            faults += [f"{entry.place}: {fault}" for fault in wrong]
        else:
            labelled.append(_labelled(entry, taxonomy))
    if faults:
        shown = "\n".join(faults[:_SHOWN]) + ("\n..." if len(faults) > _SHOWN else "")
        raise LabelError(f"{where}: {len(faults)} entries to mend, nothing was written:\n{shown}")
    return labelled


def split(
    findings: Iterable[Finding], taxonomy: Taxonomy
) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """Return the opinions and the tags of one list, each said once."""
    once = list(dict.fromkeys(findings))
    opinions = tuple(found for found in once if found.name not in taxonomy.tags)
    return opinions, tuple(found for found in once if found.name in taxonomy.tags)


def _wrong(entry: Entry, taxonomy: Taxonomy) -> list[str]:
    faults: list[str] = []
    if entry.overall is not None and entry.overall not in SENTIMENTS:
        faults.append(f"sentiment {entry.overall!r} is none of {', '.join(SENTIMENTS)}")
    for found in entry.opinions or ():
        faults += _wrong_finding(found, tuple(taxonomy.drivers), "driver", entry.text)
    for found in entry.tags or ():
        faults += _wrong_finding(found, tuple(taxonomy.tags), "tag", entry.text)
    for topic, state in entry.topics.items():
        if topic not in taxonomy.topics:
            faults.append(f"no topic is called {topic!r}; there are {', '.join(taxonomy.topics)}")
        elif state not in STATES:
            faults.append(f"{topic} {state!r} is none of {', '.join(STATES)}")
    if not faults and entry.opinions:
        # Topics follow from the drivers: what says otherwise is a slip in one of the two.
        meant = _states(entry.opinions, taxonomy)
        faults += [
            f"{topic} is {state}, and by its drivers it is {meant[topic]}"
            for topic, state in entry.topics.items()
            if state != meant[topic]
        ]
    labels = (entry.overall, entry.opinions, entry.tags)
    if not faults and all(label is None for label in labels) and not entry.topics:
        faults.append("is marked as done and says nothing")
    return faults


def _wrong_finding(
    found: Finding, names: tuple[str, ...], kind: str, text: str
) -> Iterator[str]:  # fmt: skip
    if found.name not in names:
        near = difflib.get_close_matches(found.name, names, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(names)}"
        yield f"no {kind} is called {found.name!r}; {hint}"
    if found.polarity not in POLARITIES:
        yield f"{found.name}: polarity {found.polarity!r} is none of {', '.join(POLARITIES)}"
    if found.evidence is not None and found.evidence not in text:
        yield f"{found.name}: the evidence {found.evidence!r} is not in the text"


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
    )


def _states(drivers: Iterable[Finding], taxonomy: Taxonomy) -> dict[str, State]:
    return topic_states(
        (
            Opinion(taxonomy.drivers[name].topic, name, cast("Polarity", polarity), 1.0, "", 0, 0)
            for name, polarity, _ in drivers
        ),
        taxonomy.topics,
    )
