"""Blocks that hold customers' words: quotes, the reply list, praise, contradicting ratings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sentiment.reporting.quotes import Voice
from sentiment.reporting.scored import QUOTE_POOL, mismatches, position
from sentiment.reporting.study import Study
from sentiment.reporting.values import Block, Cell, Column, Row, Table, Text, same
from sentiment.reporting.wording import say

__all__ = ["replies_block", "voices_block"]

QUOTES_EACH = 3
# A complaint with this many points of urgency (see `Collector._urgency`) asks for an answer today.
URGENT = 5


def voices_block(study: Study) -> Block:
    """Block 16: three quotes for every driver and sign, chosen by a rule that is printed."""
    quotes: list[Row] = []
    for name in (*study.ranked(), *study.tags):
        for sign in ("negative", "positive", "neutral"):
            pool = study.table.kept.quotes.get((name, sign), ())
            best = _different(sorted(pool, key=lambda v: (-v.confidence, v.row)), QUOTES_EACH)
            quotes += [_quote(study, voice) for voice in best]
    columns = (
        Column("name", say("column.about")),
        Column("polarity_name", say("column.polarity")),
        Column("text", say("column.quote")),
        Column("confidence", say("column.confidence"), "ratio"),
        Column("row", say("column.row"), "n"),
        *(Column(f"by_{column}", same(column)) for column in study.table.segments),
    )
    return Block(
        16,
        "voices",
        say("block.voices"),
        say("ask.voices"),
        withheld=None if quotes else say("withheld.no_quotes"),
        notes=()
        if not quotes
        else (say("voices.rule", each=QUOTES_EACH, pool=QUOTE_POOL), say("voices.masked")),
        tables={"voices": Table("voices", say("block.voices"), columns, tuple(quotes))}
        if quotes
        else {},
    )


def _different(voices: Sequence[Voice], size: int) -> list[Voice]:
    """Return the first voices with different words: copies of one review prove nothing twice."""
    found: dict[str, Voice] = {}
    for voice in voices:
        found.setdefault(voice.text, voice)
        if len(found) == size:
            break
    return list(found.values())


def _quote(study: Study, voice: Voice) -> dict[str, Cell]:
    driver = voice.about in study.drivers
    cells: dict[str, Cell] = {
        "name": study.full_name(voice.about) if driver else study.tag_name(voice.about),
        "code": voice.about,
        "topic": study.table.taxonomy.drivers[voice.about].topic if driver else "tag",
        "polarity": voice.polarity,
        "polarity_name": say(f"sentiment.{voice.polarity}"),
        "text": voice.text,
        "evidence": " ".join(part.text for part in voice.parts if part.mark),
        "confidence": voice.confidence,
        "row": voice.row,
        "language": voice.language,
        "outcome": _score(study, voice),
    }
    cells |= {f"by_{column}": label for column, label in voice.segments.items()}
    # How the words fall into plain and marked pieces, for the page: "text|mark" pairs.
    cells["marks"] = _marks(voice)
    return cells


def _marks(voice: Voice) -> str:
    """Return the pieces' lengths and marks: "12:,5:negative,30:"; lengths add up to the text."""
    return ",".join(f"{len(part.text)}:{part.mark}" for part in voice.parts)


def replies_block(study: Study) -> Block:
    """Block 17: complaints to answer, praise worth sharing, ratings that contradict the text."""
    table, kept = study.table, study.table.kept
    columns = (
        Column("urgency", say("column.urgency"), "n"),
        Column("reason", say("column.reason")),
        Column("text", say("column.quote")),
        Column("id", say("column.id")),
        Column("row", say("column.row"), "n"),
        Column("date", say("column.date")),
        Column("outcome", say("column.outcome"), "stars"),
        Column("state", say("column.state")),
        Column("owner", say("column.owner")),
    )
    replies = tuple(
        _entry(study, voice)
        | {
            "urgency": voice.urgency,
            "reason": _reasons(study, voice),
            "state": say("state.open"),
            "owner": "",
        }
        for voice in kept.replies
    )
    praise = tuple(_entry(study, voice) for voice in _different(kept.praise, 100))
    plain = tuple(
        column for column in columns if column.key in ("text", "id", "row", "date", "outcome")
    )
    tables = {"replies": Table("replies", say("replies.table"), columns, replies)}
    tables["praise"] = Table("praise", say("replies.praise"), plain, praise)
    sentences = [
        say(
            "replies.count",
            urgent=int((table.urgency >= URGENT).sum()),
            n=int((table.urgency >= 2).sum()),
            listed=len(replies),
        )
    ]
    if table.measure:
        with np.errstate(invalid="ignore"):
            high, low = mismatches(
                position(table.measure, table.outcome), table.drivers, table.sentiment
            )
        sentences.append(say("replies.mismatch", high=int(high.sum()), low=int(low.sum())))
        for key, voices in (
            ("high_with_complaint", kept.high_with_complaint),
            ("low_with_praise", kept.low_with_praise),
        ):
            rows = tuple(_entry(study, voice) for voice in voices)
            tables[key] = Table(key, say(f"replies.{key}"), plain, rows)
    nothing = not any(t.rows for t in tables.values())
    return Block(
        17,
        "replies",
        say("block.replies"),
        say("ask.replies"),
        withheld=say("withheld.no_replies") if nothing else None,
        sentences=tuple(sentences) if not nothing else (),
        notes=() if nothing else (say("replies.rule"), say("replies.state")),
        tables={} if nothing else tables,
    )


def _score(study: Study, voice: Voice) -> float | None:
    measure = study.table.measure
    return voice.outcome if measure is None else measure.as_given(voice.outcome)


def _entry(study: Study, voice: Voice) -> dict[str, Cell]:
    cells: dict[str, Cell] = {
        "text": voice.text,
        "marks": _marks(voice),
        "language": voice.language,
        "id": voice.id,
        "row": voice.row,
        "date": voice.date,
        "outcome": _score(study, voice),
    }
    return cells | {f"by_{column}": label for column, label in voice.segments.items()}


def _reasons(study: Study, voice: Voice) -> Text:
    """Say in words what put a complaint on the list; the points are in `Collector._urgency`."""
    found: list[Text] = []
    tags = dict(voice.tags)
    if voice.alarm:
        found.append(say("reason.alarm"))
    if "churn" in tags:
        found.append(say("reason.churn"))
    if ("trust", "negative") in voice.tags:
        found.append(say("reason.trust"))
    complaints = [name for name, polarity in voice.drivers if polarity == "negative"]
    if "service.resolution" in complaints:
        found.append(say("reason.resolution"))
    measure = study.table.measure
    given = np.array([np.nan if voice.outcome is None else voice.outcome])
    if measure and position(measure, given)[0] <= 10:
        found.append(say("reason.lowest"))
    if len(complaints) >= 3:
        found.append(say("reason.many", n=len(complaints)))
    return Text(zh="；".join(r.zh for r in found), en="; ".join(r.en for r in found))
