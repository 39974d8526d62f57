"""Blocks on what goes with the score: importance, priorities, must-haves, what-if. Outcome only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sentiment.drivers.floors import (
    IMPORTANCE_MENTIONS,
    IMPORTANCE_ROWS,
    MENTIONS_SHOWN,
    MINIMUM_R2,
    PENALTY_REWARD_ROWS,
)
from sentiment.drivers.impact import Impact
from sentiment.drivers.importance import Importance
from sentiment.reporting.blocks.mentions import caution, column, joined, named, split_names
from sentiment.reporting.linked import WHAT_IF_SHARE, Labelled, Link
from sentiment.reporting.scored import LANGUAGES
from sentiment.reporting.study import Study
from sentiment.reporting.values import Block, Cell, Column, Row, Table, Text, same
from sentiment.reporting.wording import say

__all__ = ["asymmetry_block", "importance_block", "quadrant_block", "what_if_block"]

_UNEVEN = 0.05  # METHOD 2.7

QUADRANTS = ("fix_first", "keep_up", "maintain", "low_priority", "undecided")


def withheld(study: Study) -> Text | None:
    """Return why nothing that needs importance is shown, or None."""
    link = study.link
    if not link.shown:
        return link.reason
    found = link.importance
    if found.rankable:
        return None
    kind = "chance_r2" if found.r2 >= MINIMUM_R2 else "low_r2"
    return say(f"withheld.{kind}", r2=found.r2, floor=MINIMUM_R2, n=found.n)


def importance_block(study: Study) -> Block:
    """Block 6: contributions to the explained variance, impacts, and the steps to the mean."""
    title, ask = say("block.importance"), say("ask.importance")
    reason = withheld(study)
    link = study.link
    topics, checked = link.topic_importance, link.labelled
    tables = {}
    sentences: list[Text] = []
    if topics is not None and topics.rankable:
        tables["topics"] = Table(
            "topics",
            say("importance.topics"),
            _importance_columns(study),
            _importance_rows(study, topics, topics=True),
        )
        sentences = [
            _explained("topics_r2", topics),
            say("importance.first", **tables["topics"].rows[0]),
        ]
    if reason and not tables:
        return Block(6, "importance", title, ask, withheld=reason, notes=_alone(study))
    if reason:
        assert topics is not None
        told = (
            say("importance.only_topics", reason=reason),
            *_about_model(link, topics),
            say("importance.points", unit=points_name(study)),
            say("standard.not_cause"),
            *(caution(note, study) for note in topics.warnings),
            *uneven(study),
        )
        return Block(
            6, "importance", title, ask, sentences=tuple(sentences), notes=told, tables=tables
        )
    found = link.importance
    tables["drivers"] = Table(
        "drivers",
        say("importance.drivers"),
        _importance_columns(study),
        _importance_rows(study, found, topics=False),
    )
    if checked is not None and checked.truth is not None and checked.truth.rankable:
        tables["labelled"] = _labelled_table(study, checked)
    tables["impact"] = _impact_table(study, link)
    tables["waterfall"] = _waterfall_table(study, link)
    notes = [
        *_about_model(link, found),
        say("importance.points", unit=points_name(study)),
        say("standard.not_cause"),
        *(caution(note, study) for note in found.warnings),
        *uneven(study),
    ]
    if topics is not None and not topics.rankable:
        notes.append(say("importance.topics_weak", r2=topics.r2))
    if checked is not None:
        truth = checked.truth
        kind = "few" if truth is None else "table" if truth.rankable else "weak"
        notes.append(
            say(
                f"importance.labelled_{kind}",
                n=checked.n,
                r2=None if truth is None else truth.r2,
                floor=IMPORTANCE_ROWS,
                each=IMPORTANCE_MENTIONS,
            )
        )
    if link.directions_checked:
        notes.append(say("importance.ordinal", names=named(study, link.directions_checked)))
    first = max(tables["drivers"].rows, key=lambda row: float(row["part"]))  # type: ignore[arg-type]
    sentences = [_explained("r2", found), say("importance.first", **first), *sentences]
    return Block(
        6,
        "importance",
        title,
        ask,
        sentences=tuple(sentences),
        notes=tuple(notes),
        tables=tables,
    )


def _explained(key: str, found: Importance) -> Text:
    return say(
        f"importance.{key}",
        r2=100 * found.r2,
        low=None if found.r2_low is None else 100 * found.r2_low,
        high=None if found.r2_high is None else 100 * found.r2_high,
        n=found.n,
    )


def _about_model(link: Link, found: Importance) -> list[Text]:
    """Say how importance was computed, and what stood beside the drivers and what did not."""
    rows = link.rows
    assert rows is not None
    notes = [
        say(
            "importance.method",
            n=found.n,
            r2=found.r2,
            resamples=found.resamples,
            controls=joined(rows.controlled),
        )
    ]
    if rows.uncontrolled:
        quoted = joined(say("control.column", column=name) for name in rows.uncontrolled)
        notes.append(say("control.not", names=quoted, count=len(rows.uncontrolled)))
    return notes


def _alone(study: Study) -> tuple[Text, ...]:
    return () if study.link.shown else (say("importance.circular"),)


def _importance_columns(study: Study) -> tuple[Column, ...]:
    extra = (column("accuracy"),) if study.options.accuracy else ()
    return (
        column("name"),
        column("n_model", "n"),
        column("part", "percent", interval=True),
        column("rank_one", "percent"),
        column("sign"),
        column("penalty", "signed", interval=True),
        column("reward", "signed", interval=True),
        column("second", "percent"),
        *extra,
        column("note"),
    )


def _importance_rows(study: Study, found: Importance, *, topics: bool) -> tuple[Row, ...]:
    link = study.link
    suppressed = {
        name for note in found.warnings if note.code == "suppression" for name in split_names(note)
    }
    weights = None if topics else dict(zip(found.names, link.second_opinion.shares, strict=True))
    coefficients = found.coefficients
    at = {name: place for place, name in enumerate(coefficients.names)}
    rows: list[Row] = []
    for place, name in enumerate(found.names):
        bad = {f"{name} -", f"{name} +"} & suppressed
        cells: dict[str, Cell] = {
            "name": study.topic_name(name) if topics else study.full_name(name),
            "code": name,
            "n_model": link.mentions[name],
            "part": float(found.shares[place]),
            "part_of_r2": float(found.values[place]),
            "part_low": _end(found.shares_low, place),
            "part_high": _end(found.shares_high, place),
            "rank_one": None if found.rank_one is None else 100 * float(found.rank_one[place]),
            "sign": say("sign.suppressed" if bad else f"sign.{_sign(found.signs[place])}"),
            "suppressed": bool(bad),
            "second": None if weights is None else float(weights[name]),
            "note": say("importance.suppressed") if bad else None,
            "accuracy": _accuracy(study, name if topics else name.partition(".")[0]),
        }
        for key, column_name in (("penalty", f"{name} -"), ("reward", f"{name} +")):
            own = at[column_name]
            cells |= {
                key: float(coefficients.values[own]),
                f"{key}_low": float(coefficients.low[own]),
                f"{key}_high": float(coefficients.high[own]),
            }
        rows.append(cells)
    return tuple(sorted(rows, key=lambda row: -float(row["part"])))  # type: ignore[arg-type]


def _sign(sign: int) -> str:
    return {1: "as_meant", -1: "against"}.get(sign, "mixed")


def _end(values: NDArray[np.float64] | None, place: int) -> float | None:
    return None if values is None else float(values[place])


def _accuracy(study: Study, topic: str) -> Text | None:
    """Return the model's F1 on a topic by language: it stands beside importance."""
    found = study.options.accuracy.get(topic)
    if not found:
        return None
    pieces = [f"{language} {value:.2f}" for language, value in found.items()]
    return same("F1 " + " · ".join(pieces))


def _labelled_table(study: Study, found: Labelled) -> Table:
    """Return the importance of topics by the user's labels beside that by the model's."""
    assert found.truth is not None
    assert found.model is not None
    rows: list[Row] = [
        {
            "name": study.topic_name(name),
            "code": name,
            **_share_cells("part", found.truth, place),
            **_share_cells("part_model", found.model, place),
        }
        for place, name in enumerate(found.truth.names)
    ]
    rows.sort(key=lambda row: -float(row["part"]))  # type: ignore[arg-type]
    columns = (
        column("name"),
        Column("part", say("column.part_labels"), "percent", interval=True),
        column("part_model", "percent", interval=True),
    )
    return Table("labelled", say("importance.labelled_title"), columns, tuple(rows))


def _share_cells(key: str, found: Importance, place: int) -> dict[str, Cell]:
    return {
        key: float(found.shares[place]),
        f"{key}_low": _end(found.shares_low, place),
        f"{key}_high": _end(found.shares_high, place),
    }


def _impact_table(study: Study, link: Link) -> Table:
    leave, differ = link.leave_out, link.difference
    rows: list[Row] = []
    for place, name in enumerate(link.ranked):
        rows.append(
            {
                "name": study.full_name(name),
                "code": name,
                "n_model": link.mentions[name],
                **_interval("leave_out", leave, place),
                **_interval("difference", differ, place),
            }
        )
    rows.sort(key=lambda row: float(row["leave_out"]))  # type: ignore[arg-type]
    columns = (
        column("name"),
        column("n_model", "n"),
        column("leave_out", "signed", interval=True),
        column("difference", "signed", interval=True),
    )
    return Table("impact", say("impact.table", mean=leave.mean), columns, tuple(rows))


def _interval(key: str, found: Impact, place: int) -> dict[str, Cell]:
    return {
        key: float(found.values[place]),
        f"{key}_low": float(found.low[place]),
        f"{key}_high": float(found.high[place]),
    }


def _waterfall_table(study: Study, link: Link) -> Table:
    """Return the steps from a text that mentions nothing, driver by driver, to the mean."""
    found = link.waterfall
    order = np.argsort(found.values, kind="stable")
    level = found.start
    rows: list[Row] = [
        {
            "name": say("waterfall.start"),
            "code": "start",
            "step": None,
            "level": found.start,
            "points_unit": points_name(study),
        }
    ]
    for place in order:
        step = float(found.values[place])
        name = found.names[place]
        rows.append(
            {
                "name": study.full_name(name),
                "code": name,
                "step": step,
                "step_low": float(found.low[place]),
                "step_high": float(found.high[place]),
                "from": level,
                "level": level + step,
            }
        )
        level += step
    rows.append({"name": say("waterfall.end"), "code": "end", "step": None, "level": found.end})
    columns = (column("name"), column("step", "signed", interval=True), column("level", "points"))
    return Table("waterfall", say("waterfall.table"), columns, tuple(rows))


def quadrant_block(study: Study) -> Block:
    """Block 7: importance by performance; points that cross a cut are undecided."""
    title, ask = say("block.quadrant"), say("ask.quadrant")
    reason = withheld(study)
    if reason:
        return Block(7, "quadrant", title, ask, withheld=reason)
    found = study.link.quadrant
    rows: list[Row] = [
        {
            "number": place,
            "name": study.full_name(point.name),
            "code": point.name,
            "n": point.n,
            "part": point.importance,
            "part_low": point.importance_low,
            "part_high": point.importance_high,
            "performance": point.performance,
            "performance_low": point.performance_low,
            "performance_high": point.performance_high,
            "quadrant": say(f"quadrant.{point.quadrant}"),
            "quadrant_code": point.quadrant,
            "nearest": say(f"quadrant.{point.nearest}"),
            "nearest_code": point.nearest,
        }
        for place, point in enumerate(found.points, 1)
    ]
    counts = {name: [r for r in rows if r["quadrant_code"] == name] for name in QUADRANTS}
    sentences = []
    if counts["fix_first"]:
        sentences.append(say("quadrant.fix", names=joined(r["name"] for r in counts["fix_first"])))
    else:
        sentences.append(say("quadrant.no_fix"))
    if counts["undecided"]:
        sentences.append(say("quadrant.open", n=len(counts["undecided"])))
    columns = (
        column("number", "n"),
        column("name"),
        column("quadrant"),
        column("nearest"),
        column("part", "percent", interval=True),
        column("performance", "points", interval=True),
        column("n", "n"),
    )
    cuts: Row = {"part": found.importance_cut, "performance": found.performance_cut}
    return Block(
        7,
        "quadrant",
        title,
        ask,
        sentences=tuple(sentences),
        notes=(
            say(
                "quadrant.target" if found.target else "quadrant.cuts",
                x=found.importance_cut,
                y=found.performance_cut,
            ),
            say("quadrant.hollow"),
            say("standard.not_cause"),
        ),
        tables={
            "quadrant": Table("quadrant", title, columns, tuple(rows)),
            "cuts": Table(
                "cuts",
                say("quadrant.cuts_table"),
                (column("part", "percent"), column("performance", "points")),
                (cuts,),
            ),
        },
    )


def asymmetry_block(study: Study) -> Block:
    """Block 8: penalty and reward of every driver, and its type where the interval allows."""
    title, ask = say("block.asymmetry"), say("ask.asymmetry")
    if not study.link.shown:
        return Block(8, "asymmetry", title, ask, withheld=study.link.reason)
    found = study.link.asymmetry
    if found is None:
        reason = say("withheld.asymmetry", n=study.link.n, floor=PENALTY_REWARD_ROWS)
        return Block(8, "asymmetry", title, ask, withheld=reason)
    rows: list[Row] = []
    for place, name in enumerate(found.names):
        kind = found.types[place].replace(" ", "_")
        rows.append(
            {
                "name": study.full_name(name),
                "code": name,
                "n": study.drivers[name].n,
                "penalty": float(found.penalty[place]),
                "penalty_low": float(found.penalty_low[place]),
                "penalty_high": float(found.penalty_high[place]),
                "reward": float(found.reward[place]),
                "reward_low": float(found.reward_low[place]),
                "reward_high": float(found.reward_high[place]),
                "span": float(found.range[place]),
                "asymmetry": float(found.values[place]),
                "asymmetry_low": float(found.low[place]),
                "asymmetry_high": float(found.high[place]),
                "kind": say(f"kano.{kind}"),
                "kind_code": kind,
            }
        )
    rows.sort(key=lambda row: -float(row["span"]))  # type: ignore[arg-type]
    columns = (
        column("name"),
        column("n", "n"),
        column("penalty", "signed", interval=True),
        column("reward", "signed", interval=True),
        column("span", "points"),
        column("asymmetry", "ratio", interval=True),
        column("kind"),
    )
    return Block(
        8,
        "asymmetry",
        title,
        ask,
        notes=(
            say("asymmetry.rule"),
            *(caution(note, study) for note in found.warnings),
            say("importance.points", unit=points_name(study)),
        ),
        tables={"asymmetry": Table("asymmetry", title, columns, tuple(rows))},
    )


def what_if_block(study: Study) -> Block:
    """Block 9: the change of the score if a third of the complaints were not made."""
    title, ask = say("block.whatif"), say("ask.whatif")
    reason = withheld(study)
    if reason:
        return Block(9, "whatif", title, ask, withheld=reason)
    found, ceiling = study.link.what_if, study.link.ceiling
    rows: list[Row] = []
    for place, name in enumerate(found.names):
        top = ceiling.intervals[place]
        rows.append(
            {
                "name": study.full_name(name),
                "code": name,
                "points_unit": points_name(study),
                "prevalence": 100 * float(found.prevalence[place]),
                "fewer": 100 * float(found.shares[place]),
                "change": float(found.values[place]),
                "change_low": float(found.low[place]),
                "change_high": float(found.high[place]),
                "ceiling": None if top.value is None else 100 * top.value,
                "ceiling_low": None if top.low is None else 100 * top.low,
                "ceiling_high": None if top.high is None else 100 * top.high,
            }
        )
    rows.sort(key=lambda row: -float(row["change"]))  # type: ignore[arg-type]
    columns = (
        column("name"),
        column("prevalence", "percent"),
        column("fewer", "percent"),
        column("change", "signed", interval=True),
        column("ceiling", "percent", interval=True),
    )
    return Block(
        9,
        "whatif",
        title,
        ask,
        sentences=(
            say(
                "whatif.top",
                share=100 * WHAT_IF_SHARE,
                unit=points_name(study),
                **rows[0],
            ),
        ),
        notes=(
            say("whatif.one"),
            say("whatif.ceiling"),
            *(caution(note, study) for note in found.warnings),
            say("standard.not_cause"),
        ),
        tables={"whatif": Table("whatif", title, columns, tuple(rows))},
    )


def uneven(study: Study) -> list[Text]:
    """Warn where a language of the data has topics that the model recognises unequally well.

    That shifts importance from the topics it finds poorly to those it finds well.
    """
    found = []
    for place, language in enumerate(LANGUAGES):
        texts = int((study.table.language[study.used] == place).sum())
        values = [each[language] for each in study.options.accuracy.values() if language in each]
        if texts >= MENTIONS_SHOWN and values and max(values) - min(values) > _UNEVEN:
            name = say(f"fact.language_{language}")
            found.append(say("trust.uneven", language=name, low=min(values), high=max(values)))
    return found


def points_name(study: Study) -> Text:
    """Return what one point of the score is, in words."""
    measure = study.table.measure
    assert measure is not None
    if measure.kind == "nps":
        return say("unit.nps")
    step = 100 / (measure.maximum - measure.minimum)
    return say("unit.scale", low=measure.minimum, high=measure.maximum, step=step)
