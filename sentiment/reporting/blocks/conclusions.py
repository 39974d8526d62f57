"""Blocks that draw together: bottom line, actions, how far to trust it, and how it was made."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import metadata

import numpy as np

from sentiment.drivers.floors import (
    IMPORTANCE_MENTIONS,
    IMPORTANCE_ROWS,
    MEASURE_SHOWN,
    MENTIONS_SHOWN,
    MINIMUM_R2,
    PENALTY_REWARD_ROWS,
    PERIODS_SHOWN,
    PERSONS_SHOWN,
)
from sentiment.reporting.blocks.change import change_sentence, period_sentences
from sentiment.reporting.blocks.linked import points_name, uneven
from sentiment.reporting.blocks.linked import withheld as nothing_linked
from sentiment.reporting.blocks.mentions import caution, column, joined, percent_cells
from sentiment.reporting.dating import about_dates
from sentiment.reporting.linked import WHAT_IF_SHARE
from sentiment.reporting.sensitivity import sensitivity
from sentiment.reporting.study import Study
from sentiment.reporting.values import Block, Cell, Row, Table, Text, same
from sentiment.reporting.wording import say, show_interval
from sentiment.wording import word

__all__ = ["actions_block", "headline_block", "method_block", "trust_block"]

_CANDIDATES = 3
_MOST_OF_IT = (
    0.5  # of what the topics explain: where the ranked drivers explain less, they are not it
)
_RANGE_COLUMNS = (
    column("topic"),
    column("complaint_share", "percent", interval=True),
    column("range_low", "percent"),
    column("range_high", "percent"),
)


def headline_block(study: Study) -> Block:
    """Block 1: state, biggest problem, biggest change; and what to fix first, how surely."""
    title, ask = say("block.headline"), say("ask.headline")
    if study.n < MEASURE_SHOWN:
        reason = say("withheld.headline", n=study.n, floor=MEASURE_SHOWN)
        return Block(1, "headline", title, ask, withheld=reason)
    rows = _candidates(study)
    topic = _topic(study, rows)
    sentences = [_state(study), *topic]
    if rows:
        outside = rows[0]["sure_code"] == "outside"
        kind = "strong" if outside else "linked" if rows[0]["linked"] else "counted"
        kind = "ranked" if topic and kind == "linked" else kind
        sentences.append(say(f"headline.problem_{kind}", **rows[0]))
    else:
        sentences.append(say("headline.no_problem", n=study.n))
    sentences += _larger(study, rows)
    if study.previous is not None:
        sentences.append(change_sentence(study.compared, say("trend.since_file")))
    else:
        sentences += period_sentences(study)
    unlinked = nothing_linked(study)
    columns = (
        column("name"),
        column("complaint_share", "percent", interval=True),
        column("complaints", "n"),
        column("part", "percent", interval=True),
        column("rank_one", "percent"),
        column("change", "signed", interval=True),
        column("quadrant"),
        column("sure"),
    )
    return Block(
        1,
        "headline",
        title,
        ask,
        sentences=tuple(sentences),
        notes=(unlinked, say("headline.by_volume")) if unlinked else (say("standard.not_cause"),),
        tables={"first": Table("first", say("headline.table"), columns, tuple(rows))}
        if rows
        else {},
    )


def _topic(study: Study, rows: Sequence[Row]) -> list[Text]:
    """Say which topic goes with the score, or is complained about most, where the driver hides it.

    What customers say of a topic may be cut into many drivers, none of which is large enough to be
    ranked; then the one that is would stand for all.
    """
    found = study.link.topic_importance
    of_driver = str(rows[0]["code"]).partition(".")[0] if rows else ""
    if found is not None and found.rankable:
        at = int(np.argmax(found.shares))
        kind, name = "linked", found.names[at]
        told = float(rows[0]["r2"]) if rows and rows[0]["linked"] else 0.0  # type: ignore[arg-type]
        if name == of_driver and told >= _MOST_OF_IT * 100 * found.r2:
            return []
        cells: Row = {"part": float(found.shares[at]), "r2": 100 * found.r2}
    else:
        shown = {name: one for name, one in study.topics.items() if one.n >= MENTIONS_SHOWN}
        name = max(shown, key=lambda name: shown[name].complaints, default="")
        if not rows or name in ("", of_driver):
            return []
        kind, cells = "counted", {}
    counts = study.topics[name]
    share = percent_cells("complaint_share", counts.complaints, counts.base)
    return [
        say(
            f"headline.topic_{kind}",
            name=study.topic_name(name),
            complaints=counts.complaints,
            **cells,
            **share,
        )
    ]


def _state(study: Study) -> Text:
    row = next(row for row in study.figures if row["value"] is not None)
    return say(
        "headline.state",
        figure=row["name"],
        value=say(f"headline.value_{row['unit']}", value=row["value"]),
        interval=show_interval(row["value_low"], row["value_high"], str(row["unit"])),
        n=row["n"],
    )


def _candidates(study: Study) -> list[Row]:
    """Return up to three drivers to fix first, with how sure that is."""
    if nothing_linked(study) is None:
        return _linked_candidates(study)
    order = [name for name in study.ranked() if study.drivers[name].n >= MENTIONS_SHOWN]
    rows: list[Row] = []
    for name in order[: _CANDIDATES + 1]:
        counts = study.drivers[name]
        if counts.complaints:
            rows.append(
                {
                    "name": study.full_name(name),
                    "code": name,
                    "linked": False,
                    "complaints": counts.complaints,
                    **percent_cells("complaint_share", counts.complaints, counts.base),
                }
            )
    for place, row in enumerate(rows[:_CANDIDATES]):
        following = rows[place + 1] if place + 1 < len(rows) else None
        rows[place] = {**row, **_ahead(row, following)}
    return rows[:_CANDIDATES]


def _larger(study: Study, rows: Sequence[Row]) -> list[Text]:
    """Name drivers that are complained about more than the first one, and could not be ranked."""
    if not rows or not rows[0]["linked"]:
        return []
    first = study.drivers[str(rows[0]["code"])].complaints
    larger = [
        (counts.complaints, name)
        for name, counts in study.drivers.items()
        if name not in study.link.importance.names
        and counts.complaints > max(first, MENTIONS_SHOWN)
    ]
    shown = [
        say(
            "headline.larger_one",
            name=study.full_name(name),
            share=percent_cells("share", complaints, study.drivers[name].base)["share"],
        )
        for complaints, name in sorted(larger, reverse=True)[:_CANDIDATES]
    ]
    return [say("headline.larger", names=joined(shown), floor=IMPORTANCE_MENTIONS)] if shown else []


def _ahead(row: Row, following: Row | None) -> Row:
    """Say whether a candidate surely has more complaints than the one that follows it."""
    if following is None:
        return {"sure": say("sure.alone_count"), "sure_code": "open"}
    low, high = row["complaint_share_low"], following["complaint_share_high"]
    sure = "likely" if float(low) > float(high) else "open"  # type: ignore[arg-type]
    return {"sure": say(f"sure.{sure}_count", next=following["name"]), "sure_code": sure}


def _linked_candidates(study: Study) -> list[Row]:
    found, what_if = study.link.importance, study.link.what_if
    change = {name: at for at, name in enumerate(what_if.names)}
    ranks = dict(
        zip(found.names, found.rank_one if found.rank_one is not None else [], strict=False)
    )
    order = {"fix_first": 0, "undecided": 1}
    points = [
        point
        for point in study.link.quadrant.points
        if point.nearest == "fix_first" and study.drivers[point.name].complaints
    ]
    if len(points) < _CANDIDATES:
        # Fewer weak points than places: the largest expected gains among the others, and among what
        # is surely strong only where there is nothing else.
        others = [p for p in study.link.quadrant.points if p not in points]
        others = [p for p in others if what_if.low[change[p.name]] > 0]
        others.sort(key=lambda p: -float(what_if.values[change[p.name]]))
        weak = [p for p in others if p.quadrant not in ("keep_up", "maintain")]
        points += (weak if points or weak else others)[: _CANDIDATES - len(points)]
    points.sort(key=lambda p: (p.nearest != "fix_first", order.get(p.quadrant, 2)))
    rows: list[Row] = []
    for point in points[:_CANDIDATES]:
        counts, at = study.drivers[point.name], change[point.name]
        rank = float(ranks.get(point.name, 0.0))
        sure = "open" if point.quadrant == "undecided" else "outside"
        if point.quadrant == "fix_first":
            sure = "firm" if rank >= 0.95 else "likely"
        quadrant = say(f"quadrant.{point.quadrant}")
        rows.append(
            {
                "name": study.full_name(point.name),
                "code": point.name,
                "linked": True,
                "complaints": counts.complaints,
                **percent_cells("complaint_share", counts.complaints, counts.base),
                "part": point.importance,
                "part_low": point.importance_low,
                "part_high": point.importance_high,
                "rank_one": 100 * rank,
                "change": float(what_if.values[at]),
                "change_low": float(what_if.low[at]),
                "change_high": float(what_if.high[at]),
                "fewer": 100 * float(what_if.shares[at]),
                "points_unit": points_name(study),
                "quadrant": quadrant,
                "sure": say(f"sure.{sure}", quadrant=quadrant),
                "sure_code": sure,
                "resamples": found.resamples,
                "r2": 100 * found.r2,
            }
        )
    return rows


def actions_block(study: Study) -> Block:
    """Block 18: what is certain to be in "fix first", with evidence; no cause is invented."""
    title, ask = say("block.actions"), say("ask.actions")
    if nothing_linked(study) is not None:
        return Block(18, "actions", title, ask, withheld=say("withheld.actions_link"))
    firm = [point for point in study.link.quadrant.points if point.quadrant == "fix_first"]
    if not firm:
        return Block(18, "actions", title, ask, withheld=say("withheld.actions"))
    what_if = study.link.what_if
    change = {name: at for at, name in enumerate(what_if.names)}
    rows: list[Row] = []
    for point in firm:
        counts, at = study.drivers[point.name], change[point.name]
        share = percent_cells("share", counts.complaints, counts.base)
        rows.append(
            {
                "name": study.full_name(point.name),
                "code": point.name,
                "evidence": say(
                    "actions.evidence",
                    share=share["share"],
                    n=counts.complaints,
                    part=point.importance,
                    change=float(what_if.values[at]),
                    low=float(what_if.low[at]),
                    high=float(what_if.high[at]),
                    fewer=100 * float(what_if.shares[at]),
                ),
                "owner": "",
                "measure": say(
                    "actions.measure",
                    name=study.full_name(point.name),
                    low=share["share_low"],
                    high=share["share_high"],
                ),
                "recheck": _recheck(study),
                "read": say("actions.read", name=study.full_name(point.name)),
            }
        )
    columns = tuple(
        column(key) for key in ("name", "evidence", "read", "measure", "owner", "recheck")
    )
    return Block(
        18,
        "actions",
        title,
        ask,
        notes=(
            say("actions.note"),
            say("importance.points", unit=points_name(study)),
            say("standard.not_cause"),
        ),
        tables={"actions": Table("actions", title, columns, tuple(rows))},
    )


def _recheck(study: Study) -> str:
    """Return a day one quarter after the last feedback: long enough for the next wave."""
    days = study.table.dates[~np.isnat(study.table.dates)]
    return str(days.max() + np.timedelta64(90, "D")) if len(days) else ""


def trust_block(study: Study) -> Block:
    """Block 19: accuracy by topic and language, the correction, the floors, and all warnings."""
    accuracy = study.options.accuracy
    rows: list[Row] = [
        {
            "name": study.topic_name(topic) if topic in study.topics else same(topic),
            "code": topic,
            "zh": found.get("zh"),
            "en": found.get("en"),
        }
        for topic, found in accuracy.items()
    ]
    tables = {}
    if rows:
        columns = (column("topic"), column("f1_zh", "ratio"), column("f1_en", "ratio"))
        shown: tuple[Row, ...] = tuple(
            {**r, "topic": r["name"], "f1_zh": r["zh"], "f1_en": r["en"]} for r in rows
        )
        tables["accuracy"] = Table("accuracy", say("trust.accuracy"), columns, shown)
    ranges = _ranges(study)
    if ranges:
        tables["sensitivity"] = Table(
            "sensitivity", say("trust.sensitivity"), _RANGE_COLUMNS, ranges
        )
    floors: tuple[Row, ...] = tuple(
        {"name": say(f"floor.{key}"), "floor": value}
        for key, value in (
            ("mentions", MENTIONS_SHOWN),
            ("measure", MEASURE_SHOWN),
            ("persons", PERSONS_SHOWN),
            ("importance", IMPORTANCE_ROWS),
            ("each", IMPORTANCE_MENTIONS),
            ("asymmetry", PENALTY_REWARD_ROWS),
            ("periods", PERIODS_SHOWN),
        )
    )
    tables["floors"] = Table(
        "floors", say("trust.floors"), (column("name"), column("floor", "n")), floors
    )
    sentences = [say("trust.accuracy_known") if rows else say("trust.accuracy_unknown")]
    if study.labels is not None:
        sentences.append(say("trust.corrected", n=study.labels.n))
    else:
        sentences.append(say("trust.raw"))
    return Block(
        19,
        "trust",
        say("block.trust"),
        say("ask.trust"),
        sentences=tuple(sentences),
        notes=(*_about_ranges(ranges), *_warnings(study)),
        tables=tables,
    )


def _ranges(study: Study) -> tuple[Row, ...]:
    """Return how far the complaint share of each topic might move by the model's own errors."""
    rows: list[Row] = []
    for topic, counts in study.topics.items():
        found = sensitivity(study, topic) if counts.n >= MENTIONS_SHOWN else None
        if found is not None:
            rows.append(
                {
                    "topic": study.topic_name(topic),
                    "code": topic,
                    **percent_cells("complaint_share", counts.complaints, counts.base),
                    "range_low": 100 * found.low,
                    "range_high": 100 * found.high,
                }
            )
    return tuple(rows)


def _about_ranges(ranges: Sequence[Row]) -> list[Text]:
    """Say what the ranges are, and why one of them need not hold the share that it is of."""
    if not ranges:
        return []
    topics = {
        side: [row["topic"] for row in ranges if _side(row) == side] for side in ("above", "below")
    }
    return [say("trust.range")] + [
        say(f"trust.{side}", names=joined(names)) for side, names in topics.items() if names
    ]


def _side(row: Row) -> str:
    """Say where a topic's share lies: "above" its range, "below" it, or "inside"."""
    share, low, high = (
        float(row[key])  # type: ignore[arg-type]
        for key in ("complaint_share", "range_low", "range_high")
    )
    return "above" if share > high else "below" if share < low else "inside"


def _warnings(study: Study) -> list[Text]:
    table = study.table
    found = [say("standard.not_cause"), say("base.reviewers"), say("trust.sampling_only")]
    found += uneven(study)
    found += about_dates(table.dating)
    copies = int(table.duplicate.sum())
    if table.n and copies > 0.05 * table.n:
        found.append(say("trust.copies", n=copies, share=100 * copies / table.n))
    if not table.measure:
        found.append(say("standard.no_outcome"))
    elif study.link.shown:
        found += _room(study)
    return found


def _room(study: Study) -> list[Text]:
    found = study.link.asymmetry
    return (
        [caution(n, study) for n in found.warnings if n.code in ("ceiling", "floor_effect")]
        if found
        else []
    )


def method_block(study: Study) -> Block:
    """Block 20: formulas, weights, versions, seed and the hash of the data."""
    keys = ["share", "net", "performance", "wilson"]
    if study.table.measure:
        keys.append(f"measure_{study.figures[0]['code']}")  # the chosen outcome is the first figure
    if nothing_linked(study) is None:
        keys += ["lmg", "index", "leave_out", "difference", "waterfall", "whatif", "quadrant"]
        if study.link.asymmetry is not None:
            keys.append("asymmetry")
    keys += ["family", "trend"] + (["ppi"] if study.labels is not None else [])
    formulas: tuple[Row, ...] = tuple(
        {"name": say(f"formula.{key}.name"), "formula": say(f"formula.{key}.text")} for key in keys
    )
    tables = {
        "formulas": Table(
            "formulas", say("method.formulas"), (column("name"), column("formula")), formulas
        ),
        "versions": Table(
            "versions", say("method.versions"), (column("name"), column("entry")), _versions(study)
        ),
    }
    index = study.link.index if nothing_linked(study) is None else None
    if index is not None:
        weights: tuple[Row, ...] = tuple(
            {"name": study.full_name(name), "code": name, "weight": weight}
            for name, weight in index.shares.items()
        )
        tables["weights"] = Table(
            "weights", say("method.weights"), (column("name"), column("weight", "percent")), weights
        )
    return Block(
        20,
        "method",
        say("block.method"),
        say("ask.method"),
        notes=(say("method.r2", floor=MINIMUM_R2), say("method.whatif", share=100 * WHAT_IF_SHARE)),
        tables=tables,
    )


def _versions(study: Study) -> tuple[Row, ...]:
    source = study.source
    roles = source.get("roles") or {}
    entries: list[tuple[str, Cell]] = [
        ("software", f"sentiment {metadata.version('sentiment')}"),
        ("model", study.table.model or source.get("model")),
        ("taxonomy", study.table.taxonomy.version),
        ("seed", str(study.options.seed)),
        ("bootstrap", str(study.options.bootstrap)),
        ("data", source.get("name")),
        ("hash", source.get("sha256")),
        ("outcome", _outcome(study)),
        ("date", roles.get("date")),
        ("by", ", ".join(roles.get("by") or ())),
    ]
    return tuple(
        {"name": say(f"version.{key}"), "code": key, "entry": entry}
        for key, entry in entries
        if entry
    )


def _outcome(study: Study) -> Text | None:
    measure = study.table.measure
    if measure is None:
        return None
    kind = f"kind_{measure.kind}"
    return say(
        "version.scale",
        column=measure.column,
        kind=Text(zh=word("zh", kind), en=word("en", kind)),
        low=f"{measure.minimum:g}",
        high=f"{measure.maximum:g}",
    )
