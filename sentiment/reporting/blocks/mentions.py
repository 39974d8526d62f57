"""Blocks on what the texts say: topics, drivers, and the same counts regrouped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from sentiment.drivers import measures
from sentiment.drivers.cautions import Caution
from sentiment.drivers.floors import MENTIONS_SHOWN
from sentiment.drivers.intervals import wilson
from sentiment.reporting.study import Counts, Study, count
from sentiment.reporting.values import Block, Cell, Column, Table, Text, Unit, same
from sentiment.reporting.wording import known, say

__all__ = [
    "column",
    "drivers_block",
    "expectations_block",
    "journey_block",
    "layers_block",
    "loyalty_block",
    "mention_cells",
    "topics_block",
]

TOUCHPOINTS = ("before", "buy", "delivery", "use", "after")
DIMENSIONS = ("tangibles", "reliability", "responsiveness", "assurance", "empathy")
LAYERS = ("material", "spiritual", "social")
_LISTED = 10  # names in one sentence of a note


def column(key: str, unit: Unit = "text", *, interval: bool = False) -> Column:
    """Return a column headed by its own sentence of the wording."""
    return Column(key, say(f"column.{key}"), unit, interval)


MENTION_COLUMNS = (
    column("name"),
    column("n", "n"),
    column("share", "percent", interval=True),
    column("complaint_share", "percent", interval=True),
    column("praise_share", "percent", interval=True),
    column("net", "signed", interval=True),
    column("performance", "points", interval=True),
    column("positive", "n"),
    column("neutral", "n"),
    column("mixed", "n"),
    column("negative", "n"),
)


def mention_cells(name: Text, code: str, counts: Counts) -> dict[str, Cell]:
    """Return one row of a mention table; shares and net values are withheld below the floor.

    Net sentiment is 100 (P - N) / M with the mentions M as base, performance 50 + 50 (P - N) / M.
    """
    cells: dict[str, Cell] = {
        "name": name,
        "code": code,
        "n": counts.n,
        "positive": counts.positive,
        "neutral": counts.neutral,
        "mixed": counts.mixed,
        "negative": counts.negative,
        "note": None,
    }
    if counts.n < MENTIONS_SHOWN:
        cells["note"] = say("standard.too_few")
        return cells
    for key, successes in (
        ("share", counts.n),
        ("complaint_share", counts.complaints),
        ("praise_share", counts.praises),
    ):
        cells |= percent_cells(key, successes, counts.base)
    for key, measure in (("net", measures.net_sentiment), ("performance", measures.performance)):
        found = measure(counts.positive, counts.neutral + counts.mixed, counts.negative)
        cells |= {key: found.value, f"{key}_low": found.low, f"{key}_high": found.high}
    return cells


def percent_cells(key: str, successes: float, n: float) -> dict[str, Cell]:
    """Return a share in percent with its Wilson interval."""
    share = wilson(successes, n)
    if share.value is None or share.low is None or share.high is None:
        return {key: None, f"{key}_low": None, f"{key}_high": None}
    return {
        key: 100 * share.value,
        f"{key}_low": 100 * share.low,
        f"{key}_high": 100 * share.high,
    }


def corrected(study: Study, drivers: Sequence[str], counts: Counts) -> dict[str, Cell]:
    """Return the complaint share corrected by the user's labels; nothing without labels."""
    if study.labels is None or counts.n < MENTIONS_SHOWN:
        return {}
    found = study.labels.corrected(drivers, "negative")
    ends = (None if end is None else 100 * end for end in (found.low, found.high))
    return dict(
        zip(
            ("corrected", "corrected_low", "corrected_high"),
            (100 * found.value, *ends),
            strict=True,
        )
    )


def _columns(study: Study) -> tuple[Column, ...]:
    extra = (column("corrected", "percent", interval=True),) if study.labels else ()
    return (*MENTION_COLUMNS[:4], *extra, *MENTION_COLUMNS[4:])


def _raw_or_corrected(study: Study) -> tuple[Text, ...]:
    if study.labels is None:
        return (say("standard.raw"),)
    return (say("standard.corrected"), say("topics.corrected", n=study.labels.n))


def topics_block(study: Study) -> Block:
    """Block 4: share, sign and net sentiment of every topic."""
    rows = []
    for name, counts in study.topics.items():
        own = [d.name for d in study.table.taxonomy.drivers_of(name)]
        rows.append(
            mention_cells(study.topic_name(name), name, counts) | corrected(study, own, counts)
        )
    withheld = None
    if all(counts.n < MENTIONS_SHOWN for counts in study.topics.values()):
        withheld = say("withheld.mentions", floor=MENTIONS_SHOWN, most=_most(study.topics))
    table = Table("topics", say("topics.table"), _columns(study), tuple(rows))
    return Block(
        4,
        "topics",
        say("block.topics"),
        say("ask.topics"),
        withheld=withheld,
        notes=() if withheld else (say("topics.base", n=study.n), *_raw_or_corrected(study)),
        tables={} if withheld else {"topics": table},
    )


def drivers_block(study: Study) -> Block:
    """Block 5: every driver; below the floor its counts only."""
    order = sorted(study.drivers, key=lambda name: (-study.drivers[name].complaints, name))
    rows = []
    for name in order:
        cells = mention_cells(study.driver_name(name), name, study.drivers[name])
        cells |= corrected(study, [name], study.drivers[name])
        cells["topic"] = study.topic_name(study.table.taxonomy.drivers[name].topic)
        cells["topic_code"] = study.table.taxonomy.drivers[name].topic
        rows.append(cells)
    mentioned = any(counts.n for counts in study.drivers.values())
    columns = (MENTION_COLUMNS[0], column("topic"), *_columns(study)[1:])
    sentences = []
    shown = [row for row in rows if row["note"] is None]
    if shown:
        worst = max(shown, key=lambda row: float(row["complaint_share"]))  # type: ignore[arg-type]
        best = max(shown, key=lambda row: float(row["praise_share"]))  # type: ignore[arg-type]
        sentences = [
            say(f"drivers.{key}", **_extreme(study, row))
            for key, share, row in (
                ("worst", "complaint_share", worst),
                ("best", "praise_share", best),
            )
            if float(row[share]) > 0  # type: ignore[arg-type]
        ]
    return Block(
        5,
        "drivers",
        say("block.drivers"),
        say("ask.drivers"),
        withheld=None if mentioned else say("withheld.no_opinions"),
        sentences=tuple(sentences),
        notes=()
        if not mentioned
        else (say("drivers.floor", floor=MENTIONS_SHOWN), *_raw_or_corrected(study)),
        tables={"drivers": Table("drivers", say("drivers.table"), columns, tuple(rows))}
        if mentioned
        else {},
    )


def journey_block(study: Study) -> Block:
    """Block 12: drivers regrouped by touchpoint and by SERVQUAL dimension; no gap score."""
    drivers = study.table.taxonomy.drivers.values()
    touchpoints = _regrouped(
        study,
        "touchpoint",
        TOUCHPOINTS,
        # A driver that fits several touchpoints says nothing about which one was meant.
        {d.name: d.touchpoint if len(d.touchpoint) == 1 else ("not_stated",) for d in drivers},
    )
    dimensions = _regrouped(
        study, "servqual", DIMENSIONS, {d.name: d.servqual or ("not_mapped",) for d in drivers}
    )
    withheld = _floor(touchpoints)
    return Block(
        12,
        "journey",
        say("block.journey"),
        say("ask.journey"),
        withheld=withheld,
        notes=() if withheld else (say("journey.no_gap"), say("journey.touchpoint_rule")),
        tables={}
        if withheld
        else {
            "touchpoints": Table(
                "touchpoints", say("journey.touchpoints"), MENTION_COLUMNS, touchpoints
            ),
            "dimensions": Table(
                "dimensions", say("journey.dimensions"), MENTION_COLUMNS, dimensions
            ),
        },
    )


def layers_block(study: Study) -> Block:
    """Block 13: the material, spiritual and social layers, as shares of mentions."""
    title, ask = say("block.layers"), say("ask.layers")
    if not study.options.layers:
        return Block(13, "layers", title, ask, withheld=say("withheld.layers_off"))
    taxonomy = study.table.taxonomy
    groups = {d.name: (d.layer,) if d.layer else () for d in taxonomy.drivers.values()}
    tags = {t.name: (t.layer,) if t.layer else () for t in taxonomy.tags.values()}
    rows = _regrouped(study, "layer", LAYERS, groups, tags)
    withheld = _floor(rows)
    return Block(
        13,
        "layers",
        title,
        ask,
        withheld=withheld,
        notes=() if withheld else (say("layers.note"),),
        tables={} if withheld else {"layers": Table("layers", title, MENTION_COLUMNS, rows)},
    )


def loyalty_block(study: Study) -> Block:
    """Block 14: what customers say they will do, as shares of texts and never as a forecast."""
    rows: list[Mapping[str, Cell]] = []
    signals = [
        ("repurchase", ("positive",)),
        ("recommend", ("positive",)),
        ("warn", ("negative",)),
        ("churn", ()),
        ("trust_gained", ("positive",)),
        ("trust_lost", ("negative",)),
    ]
    for signal, polarities in signals:
        tag = {"warn": "recommend", "trust_gained": "trust", "trust_lost": "trust"}.get(
            signal, signal
        )
        n = int((study.table.has_tag(tag, *polarities) & study.used).sum())
        rows.append(
            {
                "name": say(f"signal.{signal}"),
                "code": signal,
                "n": n,
                **percent_cells("share", n, study.n),
            }
        )
    columns = (column("name"), column("n", "n"), column("share", "percent", interval=True))
    withheld = None if study.n else say("withheld.no_text")
    return Block(
        14,
        "loyalty",
        say("block.loyalty"),
        say("ask.loyalty"),
        withheld=withheld,
        notes=() if withheld else (say("loyalty.note", n=study.n),),
        tables={}
        if withheld
        else {"loyalty": Table("loyalty", say("loyalty.table"), columns, tuple(rows))},
    )


def expectations_block(study: Study) -> Block:
    """Block 15: above, as and below expectation, over all and by driver named beside it."""
    tag = study.tags.get("expectation")
    title, ask = say("block.expectations"), say("ask.expectations")
    if tag is None or tag.n < MENTIONS_SHOWN:
        n = tag.n if tag else 0
        return Block(
            15,
            "expectations",
            title,
            ask,
            withheld=say("withheld.expectations", n=n, floor=MENTIONS_SHOWN),
        )
    place = list(study.table.taxonomy.tags).index("expectation")
    bits = study.table.tags[study.used][:, place]
    rows = [_expectation_cells(say("name.all"), "all", tag)]
    for name, counts in _beside(study, bits):
        if counts.n >= MENTIONS_SHOWN:
            rows.append(_expectation_cells(study.full_name(name), name, counts))
    columns = (
        column("name"),
        column("n", "n"),
        *(column(key, "percent", interval=True) for key in ("above", "met", "below")),
    )
    return Block(
        15,
        "expectations",
        title,
        ask,
        notes=(say("expectations.note"),),
        tables={"expectations": Table("expectations", title, columns, tuple(rows))},
    )


def _expectation_cells(name: Text, code: str, counts: Counts) -> dict[str, Cell]:
    return {
        "name": name,
        "code": code,
        "n": counts.n,
        **percent_cells("above", counts.positive, counts.n),
        **percent_cells("met", counts.neutral + counts.mixed, counts.n),
        **percent_cells("below", counts.negative, counts.n),
    }


def _beside(study: Study, bits: NDArray[np.uint8]) -> Iterable[tuple[str, Counts]]:
    for place, name in enumerate(study.drivers):
        yield name, count(np.where(study.driver_bits[:, place] > 0, bits, 0).astype(np.uint8))


def _regrouped(
    study: Study,
    view: str,
    order: Sequence[str],
    groups: Mapping[str, tuple[str, ...]],
    tags: Mapping[str, tuple[str, ...]] | None = None,
) -> tuple[Mapping[str, Cell], ...]:
    """Count texts by group of drivers (and tags); a text counts once in each group it touches."""
    names = list(dict.fromkeys([*order, *(g for found in groups.values() for g in found)]))
    rows = []
    for group in names:
        bits = np.zeros(study.n, dtype=np.uint8)
        for place, driver in enumerate(study.drivers):
            if group in groups.get(driver, ()):
                bits |= study.driver_bits[:, place]
        for place, tag in enumerate(study.tags):
            if group in (tags or {}).get(tag, ()):
                bits |= study.table.tags[study.used][:, place]
        rows.append(mention_cells(say(f"{view}.{group}"), group, count(bits)))
    return tuple(rows)


def _floor(rows: Sequence[Mapping[str, Cell]]) -> Text | None:
    most = max((int(row["n"]) for row in rows), default=0)  # type: ignore[arg-type]
    return (
        None
        if most >= MENTIONS_SHOWN
        else say("withheld.mentions", floor=MENTIONS_SHOWN, most=most)
    )


def _most(counts: Mapping[str, Counts]) -> int:
    return max((c.n for c in counts.values()), default=0)


def _extreme(study: Study, row: Mapping[str, Cell]) -> dict[str, Cell]:
    """Return what is said of the driver with the most complaints or praise."""
    code = str(row["code"])
    counts = study.drivers[code]
    return _texts(
        {
            **row,
            "name": study.full_name(code),
            "complaints": counts.complaints,
            "praises": counts.praises,
        }
    )


def _texts(row: Mapping[str, Cell]) -> dict[str, Cell]:
    return {key: cell if cell is not None else same("–") for key, cell in row.items()}


def caution(note: Caution, study: Study | None = None) -> Text:
    """Return a warning of the statistics in both languages, drivers called by their names."""
    if not known(f"caution.{note.code}"):
        return same(str(note))
    values = dict(note.values)
    if "names" in values and study is not None:
        values["names"] = named(study, split_names(note))
    return say(f"caution.{note.code}", **values)


def split_names(note: Caution) -> list[str]:
    """Return the columns that a warning names."""
    return [name for name in str(note.values["names"]).split(", ") if name]


def named(study: Study, names: Iterable[str]) -> Text:
    """Return what columns of the statistics ("delivery.speed -") are called in the report."""
    found = []
    for name in names:
        code, _, sign = name.partition(" ")
        if code in study.drivers:
            shown = study.full_name(code)
        elif code in study.topics:
            shown = study.topic_name(code)
        else:
            shown = same(code)
        mark = {"-": " (−)", "+": " (+)"}.get(sign, "")
        found.append(Text(zh=shown.zh + mark, en=shown.en + mark))
    if len(found) > _LISTED:
        found = [*found[:_LISTED], say("name.more", n=len(found) - _LISTED)]
    return joined(found)


def joined(texts: Iterable[Cell]) -> Text:
    """Return texts as one, listed the way each language lists."""
    found = [text for text in texts if isinstance(text, Text)]
    return Text(zh="、".join(t.zh for t in found), en=", ".join(t.en for t in found))
