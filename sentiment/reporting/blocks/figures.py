"""Blocks on the data themselves: what was read, and the key figures that customers gave."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.drivers import measures
from sentiment.drivers.floors import MEASURE_SHOWN
from sentiment.drivers.intervals import (
    Difference,
    mean_difference,
    net_difference,
    share_difference,
)
from sentiment.drivers.measures import Measure
from sentiment.records import SENTIMENTS, STATUSES
from sentiment.reporting.blocks.mentions import caution, percent_cells
from sentiment.reporting.dating import about_dates
from sentiment.reporting.remarks import about_answers
from sentiment.reporting.repeats import counted
from sentiment.reporting.scored import LANGUAGES, ScoredTable, position
from sentiment.reporting.study import Study
from sentiment.reporting.values import Block, Cell, Column, Row, Table, Text, same
from sentiment.reporting.wording import known, say
from sentiment.tables.scales import Outcome

__all__ = ["base_block", "figures_block", "figures_rows", "measure_of"]


def base_block(study: Study) -> Block:
    """Block 2: what was read, what was used, and what was left out and why."""
    table = study.table
    rejected = int(_rows_in(study).get("rejected", 0) or 0)
    total = table.n + rejected
    rows: list[Row] = [_fact("read", total, total), _fact("used", study.n, total)]
    rows += [
        _fact(status, int((table.status == STATUSES.index(status)).sum()), total)
        for status in ("empty", "unsupported", "damaged")
    ]
    rows.append(_fact("rejected", rejected, total))
    rows.append(_fact("duplicates", int(table.duplicate.sum()), total))
    for place, language in enumerate(LANGUAGES):
        n = int(((table.language == place) & study.used).sum())
        if n:
            rows.append(_fact(f"language_{language}", n, study.n))
    if table.repeated_customers:
        rows.append(_fact("repeated", table.repeated_customers, None))
    if table.measure:
        rows += _outcome_facts(study, table.measure)
    period = _period(table.dates)
    columns = (
        Column("name", say("column.fact")),
        Column("n", say("column.n_rows"), "n"),
        Column("share", say("column.share_of_base"), "percent"),
    )
    sentences = [say("base.read", read=total, used=study.n)]
    if period:
        sentences.append(say("base.period", first=period[0], last=period[1]))
    sentences.append(say("base.reviewers"))
    notes = [*about_dates(table.dating), *about_answers(table)]
    if table.others:
        names = ", ".join(scale.column for scale, _ in table.others)
        notes.append(say("base.others", names=names))
    return Block(
        2,
        "base",
        say("block.base"),
        say("ask.base"),
        sentences=tuple(sentences),
        notes=tuple(notes),
        tables={"base": Table("base", say("block.base"), columns, tuple(rows))},
    )


def _outcome_facts(study: Study, measure: Outcome) -> list[Row]:
    table = study.table
    answered = table.first & ~np.isnan(table.outcome)
    given, valid = table.given.get(measure.column, 0), int(answered.sum())
    # Customers, and not their texts: a survey may ask for several.
    customers = int(table.first.sum()) - table.totals
    rows: list[Row] = [
        _fact("outcome_valid", valid, customers),
        _fact("outcome_missing", customers - given, customers),
        _fact("outcome_rejected", given - valid, customers),
    ]
    if measure.kind in ("stars", "rating") and valid:
        # Without a word in answer to any question.
        silent = ~np.isin(table.row, table.row[table.status != STATUSES.index("empty")])
        n = int((answered & silent & (position(measure, table.outcome) >= 100)).sum())
        rows.append(_fact("default_praise", n, valid))
    return rows


def _fact(key: str, n: int, base: int | None) -> dict[str, Cell]:
    share = 100 * n / base if base else None
    return {"name": say(f"fact.{key}"), "code": key, "n": n, "share": share}


def _rows_in(study: Study) -> dict[str, Any]:
    counts = study.summary.get("rows")
    return dict(counts) if isinstance(counts, dict) else {}


def _period(dates: NDArray[np.datetime64]) -> tuple[str, str] | None:
    known_days = dates[~np.isnat(dates)]
    return (str(known_days.min()), str(known_days.max())) if len(known_days) else None


def figures_block(study: Study) -> Block:
    """Block 3: the measures of every outcome column, and the tone of the texts."""
    rows = study.figures
    columns: list[Column] = [
        Column("name", say("column.figure")),
        Column("column", say("column.column")),
        Column("value", say("column.value"), "row", interval=True),
        Column("n", say("column.n_answers"), "n"),
        Column("parts", say("column.parts")),
        Column("note", say("column.note")),
    ]
    if study.previous:
        columns += [
            Column("previous", say("column.previous"), "row"),
            Column("change", say("column.change"), "signed", interval=True),
            Column("verdict", say("column.verdict")),
        ]
    withheld = None if study.n or len(rows) > 1 else say("withheld.no_text")
    notes = [] if withheld else [say("figures.interval")]
    if any(row.get("code") == "stars" for row in rows):
        notes.append(say("figures.stars"))
    return Block(
        3,
        "figures",
        say("block.figures"),
        say("ask.figures"),
        withheld=withheld,
        notes=tuple(notes),
        tables={}
        if withheld
        else {"figures": Table("figures", say("block.figures"), tuple(columns), tuple(rows))},
    )


def figures_rows(study: Study) -> list[Row]:
    """Return the key figures: the chosen outcome first, the tone of the texts last."""
    rows: list[Row] = []
    for scale, values in _outcomes(study.table):
        kept = values[counted(study.table, scale, values)]
        before = _same_outcome(study, scale)
        if scale.kind == "ces" and scale.high_is_good is None:
            rows.append(_undeclared(scale))
        else:
            rows += _measure_rows(scale, kept, before)
    if study.link.shown and study.link.importance.rankable:
        index = study.link.index
        cells = _figure("index", "", "points", index, None, None)
        # The index rests on all linked texts; its smallest driver has the floor of its own.
        rows.append({**cells, "n": study.link.n, "parts": None, "note": say("figures.index")})
    text = _tone(study.table)
    before_text = _tone(study.previous) if study.previous else None
    rows.append(_tone_row(text, before_text))
    return rows


def _outcomes(table: ScoredTable) -> list[tuple[Outcome, NDArray[np.float64]]]:
    first = [(table.measure, table.outcome)] if table.measure else []
    return [
        (scale, np.where(table.first, values, np.nan)) for scale, values in (*first, *table.others)
    ]


def _same_outcome(study: Study, scale: Outcome) -> NDArray[np.float64] | None:
    """Return the earlier answers to the same question.

    It has the same name; or another, where it is the only one on that scale that is asked no more.
    """
    earlier = study.previous
    if earlier is None:
        return None
    ends = (scale.kind, scale.minimum, scale.maximum)
    found = {
        other.column: (other, values)
        for other, values in _outcomes(earlier)
        if (other.kind, other.minimum, other.maximum) == ends
    }
    if scale.column in found:
        other, values = found[scale.column]
    else:
        still = {one.column for one, _ in _outcomes(study.table)}
        gone = [one for column, one in found.items() if column not in still]
        if len(gone) != 1:
            return None
        other, values = gone[0]
    return values[counted(earlier, other, values)]


def measure_of(scale: Outcome, values: NDArray[np.float64]) -> Measure:
    """Return the headline measure of an outcome column: NPS, share satisfied, share easy ..."""
    ends = (scale.minimum, scale.maximum)
    if scale.kind == "nps":
        return measures.nps(values)
    if scale.kind == "stars" and ends == (1, 5):
        return measures.stars(values)
    if scale.kind == "csat" and ends in ((1, 3), (1, 5), (1, 7)):
        return measures.csat(values, scale=ends)
    if scale.kind == "ces":
        return measures.ces(values, scale=ends, high_is_good=scale.high_is_good is not False)
    if scale.kind == "pmf":
        return measures.pmf(values, codes={1: "not", 2: "somewhat", 3: "very"})
    if scale.kind == "rating" and ends == (1, 3) and not (values % 1 > 0).any():  # NaN is not
        return measures.grades(values)
    return measures.rating(values, scale=ends)


def _measure_rows(
    scale: Outcome, values: NDArray[np.float64], before: NDArray[np.float64] | None
) -> list[Row]:
    values = values[~np.isnan(values)]
    found = measure_of(scale, values)
    old = measure_of(scale, before) if before is not None else None
    unit = {"nps": "signed", "rating": "stars"}.get(found.name, "percent")
    rows: list[Row] = [
        _figure(found.name, scale.column, unit, found, _difference(found, old, values, before), old)
    ]
    if scale.kind in ("stars", "csat", "ces") or found.name == "grades":
        mean = measures.rating(values, scale=(scale.minimum, scale.maximum))
        old_mean = (
            measures.rating(before, scale=(scale.minimum, scale.maximum))
            if before is not None
            else None
        )
        rows.append(
            _figure(
                "mean",
                scale.column,
                "stars",
                mean,
                _difference(mean, old_mean, values, before),
                old_mean,
            )
        )
    return rows


def _undeclared(scale: Outcome) -> Row:
    """Return a figure that cannot be given: nobody said which end of the effort scale is good."""
    note = say("withheld.direction", column=scale.column)
    return {"name": say("figure.ces"), "code": "ces", "column": scale.column, "unit": "percent",
            "n": 0, "value": None, "note": note, "parts": None}  # fmt: skip


def _difference(
    found: Measure,
    old: Measure | None,
    values: NDArray[np.float64],
    before: NDArray[np.float64] | None,
) -> Difference | None:
    if old is None or before is None or not found.n or not old.n:
        return None
    if found.name == "nps":
        plus, minus = "promoters", "detractors"
        return net_difference(
            found.counts[plus],
            found.counts[minus],
            found.n,
            old.counts[plus],
            old.counts[minus],
            old.n,
        )
    if found.name == "rating":
        return mean_difference(values, before)
    assert found.value is not None
    assert old.value is not None
    return share_difference(found.value * found.n / 100, found.n, old.value * old.n / 100, old.n)


def _figure(
    name: str,
    column: str,
    unit: str,
    found: Measure,
    difference: Difference | None,
    old: Measure | None,
) -> dict[str, Cell]:
    cells: dict[str, Cell] = {
        "name": say(f"figure.{name}"),
        "code": name,
        "column": column,
        "unit": unit,
        "n": found.n,
        "value": None,
        "note": None,
        "parts": _parts(found),
        "scale_low": found.scale[0] if found.scale else None,
        "scale_high": found.scale[1] if found.scale else None,
        "mean_100": found.mean_100,
    }
    if found.n < MEASURE_SHOWN:
        return cells | {"note": say("standard.too_few"), "parts": None}
    cells |= {"value": found.value, "value_low": found.low, "value_high": found.high}
    notes = [say("standard.uncertain")] if found.standing == "uncertain" else []
    notes += [caution(note) for note in found.warnings if note.code != "rejected"]
    if notes:
        cells["note"] = Text(zh=" ".join(n.zh for n in notes), en=" ".join(n.en for n in notes))
    if old is not None and old.n >= MEASURE_SHOWN:
        cells["previous"] = old.value
        cells |= change_cells(difference, 1.0 if found.name == "rating" else 100.0)
    return cells


def change_cells(difference: Difference | None, times: float) -> dict[str, Cell]:
    """Return a change with its interval and what can be said of it."""
    if difference is None or difference.value is None:
        return {"change": None, "verdict": say("standard.too_few")}
    assert difference.low is not None
    assert difference.high is not None
    sure = difference.low > 0 or difference.high < 0
    verdict = "rise" if difference.value > 0 else "fall"
    return {
        "change": times * difference.value,
        "change_low": times * difference.low,
        "change_high": times * difference.high,
        "p": difference.p,
        "verdict": say(f"verdict.{verdict}") if sure else say("standard.no_difference"),
        "verdict_code": verdict if sure else "none",
    }


def _parts(found: Measure) -> Text | None:
    """Return the shares that a figure is made of, which must always be printed with an NPS."""
    pieces = []
    for name, share in found.shares.items():
        label = say(f"part.{name}") if known(f"part.{name}") else same(name)
        pieces.append(say("part.piece", label=label, share=share))
    return (
        Text(zh=" · ".join(p.zh for p in pieces), en=" · ".join(p.en for p in pieces))
        if pieces
        else None
    )


def _tone(table: ScoredTable) -> dict[str, int]:
    said = table.sentiment[table.used]
    return {name: int((said == place).sum()) for place, name in enumerate(SENTIMENTS)}


def _tone_row(tone: dict[str, int], before: dict[str, int] | None) -> dict[str, Cell]:
    found = _tone_measure(tone)
    old = _tone_measure(before) if before else None
    difference = None
    if before and old and found.n and old.n:
        difference = net_difference(
            tone["positive"],
            tone["negative"],
            found.n,
            before["positive"],
            before["negative"],
            old.n,
        )
    cells = _figure("text", "", "signed", found, difference, old)
    pieces = [
        say(
            "part.piece",
            label=say(f"sentiment.{name}"),
            share=100 * tone[name] / found.n if found.n else None,
        )
        for name in ("positive", "neutral", "mixed", "negative")
    ]
    parts = Text(zh=" · ".join(p.zh for p in pieces), en=" · ".join(p.en for p in pieces))
    shares = {f"share_{name}": percent_cells("x", tone[name], found.n)["x"] for name in tone}
    return {**cells, "parts": parts if found.n else None, **shares}


def _tone_measure(tone: dict[str, int]) -> Measure:
    return measures.net_sentiment(
        tone["positive"], tone["neutral"] + tone["mixed"], tone["negative"]
    )
