"""Blocks on differences: over time, from an earlier file, and between segments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from sentiment.drivers.floors import (
    FALSE_DISCOVERY_RATE,
    MEASURE_SHOWN,
    MINIMUM_DIFFERENCE,
    PERIODS_SHOWN,
)
from sentiment.drivers.segments import Comparison, compare
from sentiment.drivers.trend import Chart, mean_chart, p_chart, trend
from sentiment.reporting.blocks.mentions import caution, column
from sentiment.reporting.changes import Change, Series, series_of
from sentiment.reporting.study import Study
from sentiment.reporting.values import Block, Cell, Row, Table, Text, same
from sentiment.reporting.wording import say

__all__ = ["change_sentence", "period_sentences", "segments_block", "trend_block"]

_LABELS = 8  # values of a segment column that a reader can take in
_STRATA = 8


def trend_block(study: Study) -> Block:
    """Block 10: every series by period with its band, alarms, and the last change tested."""
    title, ask = say("block.trend"), say("ask.trend")
    shown = int((study.periods.counts >= MEASURE_SHOWN).sum())
    enough = shown >= PERIODS_SHOWN
    tables: dict[str, Table] = {}
    notes: list[Text] = []
    sentences: list[Text] = []
    if enough:
        rows, warnings = _series_rows(study)
        tables["trend"] = Table("trend", say("trend.table"), _TREND_COLUMNS, rows)
        alarms, scattered = _alarms(study)
        if alarms:
            tables["alarms"] = Table("alarms", say("trend.alarms"), _ALARM_COLUMNS, alarms)
            sentences.append(_alarm_sentence(alarms, study.periods.labels))
        else:
            sentences.append(say("trend.calm"))
        notes += [say("trend.band"), say("trend.adjusted"), *warnings]
        notes += scattered
    changes, before, after = study.last_change
    if changes and enough:
        tables["last"] = _change_table(
            "last", say("trend.last", before=same(before), after=same(after)), changes
        )
        sentences.append(change_sentence(changes, _since(before, after)))
        course, first, _ = study.whole_change
        if course:
            tables["course"] = _change_table(
                "course", say("trend.last", before=same(first), after=same(after)), course
            )
            sentences.append(change_sentence(course, _since(first, after)))
    if study.previous is not None:
        compared = study.compared
        tables["compare"] = _change_table("compare", say("trend.compare"), compared)
        sentences.append(change_sentence(compared, say("trend.since_file")))
    if changes or study.previous is not None:
        notes.append(say("trend.family", minimum=MINIMUM_DIFFERENCE))
    withheld = None if tables else say("withheld.trend", n=shown, floor=PERIODS_SHOWN)
    return Block(
        10,
        "trend",
        title,
        ask,
        withheld=withheld,
        sentences=tuple(sentences),
        notes=tuple(notes) if tables else (),
        tables=tables,
    )


_TREND_COLUMNS = (
    column("series"),
    column("period"),
    column("value", "points", interval=True),
    column("adjusted", "points", interval=True),
    column("n_answers", "n"),
    column("note"),
)
_ALARM_COLUMNS = (
    column("series"),
    column("period"),
    column("value", "row"),
    column("limit_low", "row"),
    column("limit_high", "row"),
)


def _strata(study: Study) -> NDArray[np.int64] | None:
    """Source and language of each row: a change of their mix is no change of opinion."""
    table = study.table
    codes = table.language.astype(np.int64)
    small = [c for c, labels in table.segments.values() if 1 < len(labels) <= _STRATA]
    if small:
        codes = codes * (_STRATA + 1) + small[0].astype(np.int64) + 1
    if len(np.unique(codes[study.used])) < 2:
        return None
    return codes


def _series_rows(study: Study) -> tuple[tuple[Row, ...], list[Text]]:
    strata = _strata(study)
    rows: list[Row] = []
    warnings: dict[str, Text] = {}
    for series in series_of(study, study.table, drivers=False):
        found = trend(study.table.dates, series.values, kind=series.kind, strata=strata)
        for note in found.warnings:
            warnings.setdefault(note.code, caution(note, study))
        for point in found.points:
            shown = point.standing in ("shown", "uncertain")
            rows.append(
                {
                    "series": series.name,
                    "code": series.code,
                    "period": point.label,
                    "n_answers": point.n,
                    "value": point.value if shown else None,
                    "value_low": point.low if shown else None,
                    "value_high": point.high if shown else None,
                    "adjusted": point.adjusted if shown else None,
                    "adjusted_low": point.adjusted_low if shown else None,
                    "adjusted_high": point.adjusted_high if shown else None,
                    "note": None if shown else say("standard.too_few"),
                }
            )
    return tuple(rows), list(warnings.values())


def _alarms(study: Study) -> tuple[tuple[Row, ...], list[Text]]:
    """Return periods whose score, tone or share of complaints lies outside its 3 sigma limits.

    And what must be said of series whose periods vary for other reasons than chance: limits of chance
    alone raise alarms there that the usual changes explain. A period whose value is withheld neither
    raises one nor has a part in the limits.
    """
    rows: list[Row] = []
    restless: list[Text] = []
    still: list[Text] = []
    doubtful = 0
    for series in series_of(study, study.table, drivers=True):
        shown, chart = _chart(study, series)
        if chart is None:
            continue
        unit = 1.0 if series.kind == "mean" else 100.0
        rows += [
            {
                "series": series.name,
                "code": series.code,
                "period": study.periods.labels[shown[at]],
                "unit": "percent" if series.kind == "share" else "points",
                "value": unit * float(chart.values[at]),
                "limit_low": unit * float(chart.low[at]),
                "limit_high": unit * float(chart.high[at]),
            }
            for at in np.flatnonzero(chart.outside)
        ]
        if chart.warnings and chart.outside.any():
            _, wide = _chart(study, series, widened=True)
            assert wide is not None
            restless.append(series.name)
            doubtful += int(chart.outside.sum())
            if wide.outside.any():
                still.append(series.name)
    if not restless:
        return tuple(rows), []
    left = say("trend.left", names=_listed(still)) if still else say("trend.none_left")
    return tuple(rows), [say("trend.scattered", names=_listed(restless), n=doubtful, left=left)]


def _chart(
    study: Study, series: Series, *, widened: bool = False
) -> tuple[NDArray[np.intp], Chart | None]:
    """Return the periods of a series that are shown, and their chart."""
    periods = study.periods
    usable = (periods.codes >= 0) & ~np.isnan(series.values)
    codes, values = periods.codes[usable], series.values[usable]
    counts = np.bincount(codes, minlength=len(periods.labels))
    shown = np.flatnonzero(counts >= MEASURE_SHOWN)
    if not len(shown):
        return shown, None
    if series.kind == "share":
        hits = np.bincount(codes, values, minlength=len(periods.labels))[shown]
        return shown, p_chart(hits, counts[shown], exact=True, widened=widened)
    inside = np.isin(codes, shown)
    values, codes = values[inside], np.searchsorted(shown, codes[inside])
    measure = study.table.measure
    lowest = 0.0 if series.kind == "mean" and measure and measure.kind != "nps" else -100.0
    unit = 1.0 if series.kind == "mean" else 100.0
    scale = (lowest / unit, 100.0 / unit)
    return shown, mean_chart(values, codes, scale=scale, exact=True, widened=widened)


def _listed(names: Sequence[Text]) -> Text:
    return Text(
        zh="、".join(f"“{name.zh}”" for name in names),
        en=", ".join(f"“{name.en}”" for name in names),
    )


def _alarm_sentence(alarms: Sequence[Row], periods: Sequence[str]) -> Text:
    """Say how many there are, and the latest: what customers scored before what their words say."""
    first = ("text", "outcome")

    def rank(row: Row) -> tuple[int, int, float]:
        code, value = str(row["code"]), float(row["value"])  # type: ignore[arg-type]
        return (
            periods.index(str(row["period"])),
            first.index(code) + 1 if code in first else 0,
            value,
        )

    latest = max(alarms, key=rank)
    return say(f"trend.alarmed_{latest['unit']}", n=len(alarms), **latest)


def _change_table(key: str, title: Text, changes: Sequence[Change]) -> Table:
    rows: list[Row] = [
        {
            "series": change.name,
            "code": change.code,
            "previous": change.before,
            "current": change.after,
            "change": change.value,
            "change_low": change.low,
            "change_high": change.high,
            "q": change.q,
            "verdict": say(f"verdict.{change.verdict}")
            if change.verdict != "none"
            else _unmarked(change.q),
            "verdict_code": change.verdict,
            "n_before": change.before_n,
            "n_answers": change.after_n,
        }
        for change in sorted(changes, key=lambda c: (c.verdict == "none", -abs(c.value)))
    ]
    columns = (
        column("series"),
        column("previous", "points"),
        column("current", "points"),
        column("change", "signed", interval=True),
        column("q", "ratio"),
        column("verdict"),
        column("n_before", "n"),
        column("n_answers", "n"),
    )
    return Table(key, title, columns, tuple(rows))


def _unmarked(q: float | None) -> Text:
    """Return what to call a difference that is not marked: too small for that, or not detected."""
    detected = q is not None and q <= FALSE_DISCOVERY_RATE
    return say("standard.small_difference" if detected else "standard.no_difference")


def _since(before: str, after: str) -> Text:
    return say("trend.since", before=same(before), after=same(after))


def period_sentences(study: Study) -> list[Text]:
    """Say the biggest change since the period before, and since the first where it is another."""
    changes, before, after = study.last_change
    if not changes:
        return [say("headline.no_change")]
    sentences = [change_sentence(changes, _since(before, after))]
    course, first, _ = study.whole_change
    since_first, since_before = biggest(course), biggest(changes)
    if since_first and (since_before is None or since_before.code != since_first.code):
        sentences.append(change_sentence(course, _since(first, after)))
    return sentences


def biggest(changes: Sequence[Change]) -> Change | None:
    """Return the largest change that is certain."""
    certain = [change for change in changes if change.certain]
    return max(certain, key=lambda change: abs(change.value), default=None)


def change_sentence(changes: Sequence[Change], since: Text) -> Text:
    """Say the biggest change, or that there is none to be detected."""
    top = biggest(changes)
    if top is None:
        return say("change.none", since=since)
    return say(
        f"change.{top.verdict}",
        since=since,
        name=top.name,
        before=top.before,
        after=top.after,
        value=top.value,
        low=top.low,
        high=top.high,
        n=top.after_n,
    )


def segments_block(study: Study) -> Block:
    """Block 11: every segment against all others: the score, the tone, topics and drivers."""
    title, ask = say("block.segments"), say("ask.segments")
    table = study.table
    if not table.segments:
        return Block(11, "segments", title, ask, withheld=say("withheld.segments"))
    masks, names = _masks(study)
    if not masks:
        return Block(11, "segments", title, ask, withheld=say("withheld.segments_small"))
    series = {one.code: one for one in _rows_of_map(study)}
    found = compare(
        {code: one.values for code, one in series.items()},
        masks,
        kind={code: one.kind for code, one in series.items()},
        customers=table.customer,
        known={key: table.segments[name][0] >= 0 for key, (name, _) in names.items()},
        columns={
            key: name
            for key, (name, _) in names.items()
            if len(table.segments[name][1]) <= _LABELS  # all its values are shown
        },
    )
    rows = _cells(found, series, names)
    highlighted = [row for row in rows if row["highlighted"]]
    if highlighted:
        # What customers scored themselves goes before what was read out of their words.
        top = max(
            highlighted,
            key=lambda row: (row["code"] == "outcome", abs(float(row["difference"]))),  # type: ignore[arg-type]
        )
        size = float(top["difference"])  # type: ignore[arg-type]
        way = "higher" if size > 0 else "lower"
        sentences = (say(f"segments.{way}", count=len(highlighted), size=abs(size), **top),)
    else:
        sentences = (say("standard.no_difference"),)
    columns = (
        column("series"),
        column("column"),
        column("segment"),
        column("value", "points", interval=True),
        column("difference_rest", "signed", interval=True),
        column("q", "ratio"),
        column("highlighted_text"),
        column("n_answers", "n"),
        column("note"),
    )
    blank = [
        say("segments.blank", column=same(name), n=n)
        for name in dict.fromkeys(name for name, _ in names.values())
        if (n := int((study.used & (table.segments[name][0] < 0)).sum()))
    ]
    dropped = [
        say("segments.dropped", column=same(name), n=len(labels) - _LABELS, shown=_LABELS)
        for name, (_, labels) in table.segments.items()
        if len(labels) > _LABELS
    ]
    return Block(
        11,
        "segments",
        title,
        ask,
        sentences=sentences,
        notes=(
            say("segments.rule", n=found.tests, minimum=MINIMUM_DIFFERENCE),
            *blank,
            *dropped,
            *(caution(note, study) for note in found.warnings),
        ),
        tables={"segments": Table("segments", title, columns, tuple(rows))},
    )


def _masks(
    study: Study,
) -> tuple[Mapping[str, NDArray[np.bool_]], Mapping[str, tuple[str, str]]]:
    """Return rows of each segment value, the largest first, and which column and value it is."""
    masks: dict[str, NDArray[np.bool_]] = {}
    names: dict[str, tuple[str, str]] = {}
    for name, (codes, labels) in study.table.segments.items():
        sizes = np.bincount(codes[study.used & (codes >= 0)], minlength=len(labels))
        order = np.argsort(-sizes, kind="stable")[:_LABELS]
        if len(labels) < 2:
            continue
        for code in order:
            key = f"{len(masks)}"
            masks[key] = codes == code
            names[key] = (name, labels[code])
    return masks, names


def _rows_of_map(study: Study) -> list[Series]:
    rows = list(series_of(study, study.table, drivers=False))
    wanted = {name for name in study.ranked()[:6] if study.drivers[name].complaints}
    return rows + [
        series for series in series_of(study, study.table, drivers=True) if series.code in wanted
    ]


def _cells(
    found: Comparison, series: Mapping[str, Series], names: Mapping[str, tuple[str, str]]
) -> list[Row]:
    rows: list[Row] = []
    for cell in found.cells:
        own = series[cell.measure]
        name, label = names[cell.segment]
        note = {
            "suppressed": say("standard.suppressed"),
            "withheld": say("standard.too_few"),
            "uncertain": say("standard.uncertain"),
        }.get(cell.standing)
        row: dict[str, Cell] = {
            "series": own.name,
            "code": own.code,
            "better": own.better,
            "column": name,
            "segment": label,
            "value": cell.value,
            "value_low": cell.low,
            "value_high": cell.high,
            "difference": cell.difference,
            "difference_rest": cell.difference,
            "difference_rest_low": cell.difference_low,
            "difference_rest_high": cell.difference_high,
            "q": cell.q,
            "highlighted": cell.highlighted,
            "highlighted_text": say("segments.differs")
            if cell.highlighted
            else _unmarked(cell.q)
            if cell.q is not None
            else None,
            "n_answers": cell.n if cell.standing != "suppressed" else None,
            "note": note,
        }
        rows.append(row)
    return rows
