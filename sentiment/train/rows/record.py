"""One labelled record: what it says, and everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, cast

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
from sentiment.text import Prepared, prepare
from sentiment.train.data.examples import Example, Judgement, group_of
from sentiment.train.rows.faults import Fault, nearest

__all__ = ["FIELDS", "read_record"]

FIELDS = ("id", "text", "lang", "overall", "opinions", "tags", "topics", "source")

_LANGUAGES = ("zh", "en", "mixed", "other")
# Evidence of all of a text longer than this shows nothing.
_LONG = 40
_SHOWN = 40
_WORDS: Mapping[str, str] = {
    "负面": "negative", "消极": "negative", "neg": "negative",
    "中性": "neutral", "neu": "neutral",
    "正面": "positive", "积极": "positive", "pos": "positive",
    "褒贬都有": "mixed", "混合": "mixed", "褒贬不一": "mixed",
    "未提到": "absent", "未提及": "absent", "无": "absent", "not mentioned": "absent",
}  # fmt: skip
_TYPES: tuple[tuple[type, str], ...] = (
    (bool, "true or false"),
    (str, "a string"),
    (int, "a number"),
    (float, "a number"),
    (list, "a list"),
    (dict, "an object"),
)


def read_record(
    record: Mapping[str, Any], taxonomy: Taxonomy, source: str, sentiment: str = "overall"
) -> tuple[Example | None, list[Fault]]:
    """Return what a record of labelled feedback says, None where it cannot be used, and its faults.

    :param record: Fields of `FIELDS`; any but `text` may be missing or null.
    :param source: For a record that does not name one.
    :param sentiment: What the field `overall` is called where the record comes from.
    """
    faults: list[Fault] = []
    text = record.get("text")
    if text is not None and not isinstance(text, str):
        faults.append(Fault("text_type", None, {"given": _type(text)}))
        text = ""
    elif not (text or "").strip():
        faults.append(Fault("no_text"))
    text = text or ""
    prepared = prepare(text)
    given = {name: _string(record, name, faults) for name in ("lang", "id", "source")}
    language = _language(given["lang"], prepared, faults)
    overall = _word(record.get("overall"), SENTIMENTS, "sentiment", {"name": sentiment}, faults)
    opinions = _judgements(record.get("opinions"), "driver", text, taxonomy, faults)
    tags = _judgements(record.get("tags"), "tag", text, taxonomy, faults)
    states = _topics(record.get("topics"), taxonomy, faults)
    if opinions is not None:
        states = _agreed(states, opinions, taxonomy, faults)
        _compare_overall(overall, opinions, faults)
    if any(fault.kind in ("no_text", "text_type") for fault in faults):
        return None, faults
    if prepared.status == "empty":
        faults.append(Fault("says_nothing", None, {"text": repr(text.strip()[:_SHOWN])}))
    elif prepared.status == "unsupported":
        faults.append(Fault("foreign"))
    # A label that was wrong has been told already.
    if overall is None and opinions is None and tags is None and not states and not faults:
        faults.append(Fault("unlabelled"))
    named = [*(opinions or ()), *(tags or ())]
    return Example(
        text=text,
        language=language,
        source=given["source"] or source,
        group=group_of(text),
        overall=cast("Sentiment | None", overall),
        opinions=opinions,
        topics=states or None,
        drivers=topic_states(_as_opinions(named, taxonomy, by_name=True), ()),
        tags=tags,
        id=given["id"] or None,
    ), faults


def _type(value: Any) -> str:
    return next((name for kind, name in _TYPES if isinstance(value, kind)), "null")


def _string(record: Mapping[str, Any], name: str, faults: list[Fault]) -> str | None:
    """Return a field that holds a string or nothing; a number of an id is taken as it is spelled."""
    value = record.get(name)
    if name == "id" and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if value is None or isinstance(value, str):
        return value.strip() if value else None
    faults.append(Fault("type", None, {"name": name, "given": _type(value), "wanted": "a string"}))
    return None


def _language(given: str | None, prepared: Prepared, faults: list[Fault]) -> Literal["zh", "en"]:
    """Return the language of the text; `lang` decides only what the text leaves open."""
    found = prepared.language
    if given and given.lower() not in _LANGUAGES:
        faults.append(Fault("language", None, {"given": repr(given)}))
    elif given and {given.lower(), found} == {"zh", "en"}:
        fields = {"given": given.lower(), "found": found}
        faults.append(Fault("other_language", None, fields))
    elif given and found == "mixed":
        return "en" if given.lower() == "en" else "zh"
    return "en" if found == "en" else "zh"


def _word(
    value: Any, known: Sequence[str], kind: str, fields: Mapping[str, Any], faults: list[Fault]
) -> str | None:
    """Return one of the known words, in English or Chinese; None for no label or a wrong one."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    name = fields.get("topic") or fields.get("name") or kind
    if not isinstance(value, str):
        wrong = {"name": name, "given": _type(value), "wanted": "a string"}
        faults.append(Fault("type", None, wrong))
        return None
    plain = value.strip().lower()
    word = _WORDS.get(plain, plain)
    if word in known:
        return word
    near = _WORDS.get(plain) or nearest(plain, [*known, *_WORDS])
    near = _WORDS.get(near or "", near)
    faults.append(
        Fault(
            kind,
            None,
            {
                **fields,
                "given": repr(value.strip()[:_SHOWN]),
                "known": ", ".join(known),
                "nearest": ("nearest", near if near in known else None),
            },
        )
    )
    return None


def _topics(value: Any, taxonomy: Taxonomy, faults: list[Fault]) -> dict[str, State]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        wanted = "an object of a topic and its state each"
        faults.append(
            Fault("type", None, {"name": "topics", "given": _type(value), "wanted": wanted})
        )
        return {}
    states: dict[str, State] = {}
    for topic, state in value.items():
        if topic not in taxonomy.topics:
            faults.append(_unknown("topic", str(topic), taxonomy.topics))
            continue
        word = _word(state, STATES, "state", {"topic": topic}, faults)
        if word is not None:
            states[topic] = cast("State", word)
    return states


def _judgements(
    entries: Any, key: str, text: str, taxonomy: Taxonomy, faults: list[Fault]
) -> tuple[Judgement, ...] | None:
    """Return the opinions or tags of a record, those that can be understood."""
    field = "opinions" if key == "driver" else "tags"
    if entries is None:
        return None
    if not isinstance(entries, list) or not all(isinstance(one, Mapping) for one in entries):
        given = "a list" if isinstance(entries, list) else _type(entries)
        wrong = {"name": field, "given": given, "wanted": "a list of objects"}
        faults.append(Fault("type", None, wrong))
        return None
    judged: list[Judgement] = []
    for entry in entries:
        name = _name(entry, key, field, taxonomy, faults)
        shown = str(entry.get(key) or field)
        polarity = _word(entry.get("polarity"), POLARITIES, "polarity", {"name": shown}, faults)
        if polarity is None and not (entry.get("polarity") or "") and name is not None:
            nothing = {"name": shown, "given": "''", "known": ", ".join(POLARITIES)}
            faults.append(Fault("polarity", None, {**nothing, "nearest": ("nearest", None)}))
        evidence = _evidence(entry, shown, text, faults)
        if name is None or polarity is None:
            continue
        if any((one.name, one.polarity) == (name, polarity) for one in judged):
            faults.append(Fault("twice", None, {"name": name, "polarity": polarity}))
            continue
        judged.append(Judgement(name, cast("Polarity", polarity), evidence))
    if key == "driver" and judged and any(not entry.get("evidence") for entry in entries):
        faults.append(Fault("no_evidence"))
    return tuple(judged)


def _name(
    entry: Mapping[str, Any], key: str, field: str, taxonomy: Taxonomy, faults: list[Fault]
) -> str | None:
    name = entry.get(key)
    if not isinstance(name, str) or not name.strip():
        faults.append(Fault("no_name", None, {"field": field, "key": key}))
        return None
    name = name.strip()
    mine, others = taxonomy.drivers, taxonomy.tags
    if key == "tag":
        mine, others = others, mine  # type: ignore[assignment]
    if name in mine:
        return name
    if name in others:
        kind = "tag_as_driver" if key == "driver" else "driver_as_tag"
        faults.append(Fault(kind, None, {"given": name}))
    else:
        faults.append(_unknown(key, name, mine))
    return None


def _unknown(kind: str, name: str, known: Iterable[str]) -> Fault:
    return Fault(
        kind, None, {"given": repr(name[:_SHOWN]), "nearest": ("nearest", nearest(name, known))}
    )


def _evidence(entry: Mapping[str, Any], name: str, text: str, faults: list[Fault]) -> str | None:
    """Return the evidence of an entry where it is a piece of the text."""
    evidence = entry.get("evidence")
    if evidence is None or evidence == "":
        return None
    if not isinstance(evidence, str):
        wrong = {"name": f"{name}: evidence", "given": _type(evidence), "wanted": "a string"}
        faults.append(Fault("type", None, wrong))
        return None
    if evidence not in text:
        fields = {"name": name, "given": repr(evidence[:_SHOWN]), "hint": _hint(evidence, text)}
        faults.append(Fault("evidence", None, fields))
        return None
    if len(text.strip()) > _LONG and evidence.strip() == text.strip():
        faults.append(Fault("whole_text", None, {"name": name}))
    return evidence


def _hint(evidence: str, text: str) -> tuple[str, str, str]:
    """Return how the evidence does stand in the text, if only case or signs differ."""
    at = text.lower().find(evidence.lower())
    if at >= 0:
        return ("hint", "case", repr(text[at : at + len(evidence)]))
    letters = [(place, one.lower()) for place, one in enumerate(text) if one.isalnum()]
    wanted = "".join(one.lower() for one in evidence if one.isalnum())
    at = "".join(one for _, one in letters).find(wanted) if wanted else -1
    if at >= 0:
        first, last = letters[at][0], letters[at + len(wanted) - 1][0]
        return ("hint", "space", repr(text[first : last + 1]))
    return ("hint", "", "")


def _agreed(
    states: Mapping[str, State], opinions: Sequence[Judgement], taxonomy: Taxonomy,
    faults: list[Fault],
) -> dict[str, State]:  # fmt: skip
    """Return the states that follow from the opinions; say where given ones are others."""
    follow = topic_states(_as_opinions(opinions, taxonomy), taxonomy.topics)
    for topic, state in states.items():
        if follow[topic] != state:
            fields = {"topic": topic, "given": state, "found": follow[topic]}
            faults.append(Fault("topics_disagree", None, fields))
    return follow


def _compare_overall(
    overall: str | None, opinions: Sequence[Judgement], faults: list[Fault]
) -> None:
    found = {one.polarity for one in opinions}
    against = {"positive": {"negative"}, "negative": {"positive"}}
    if overall in against and found == against[overall] and len(opinions) > 1:
        fields = {"given": overall, "found": next(iter(found))}
        faults.append(Fault("sentiment_disagrees", None, fields))


def _as_opinions(
    judgements: Iterable[Judgement], taxonomy: Taxonomy, *, by_name: bool = False
) -> Iterator[Opinion]:
    for name, polarity, evidence in judgements:
        driver = taxonomy.drivers.get(name)
        topic = name if by_name or driver is None else driver.topic
        yield Opinion(topic, name, polarity, 1.0, evidence or "", 0, 0)
