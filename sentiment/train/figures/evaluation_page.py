"""The page of an evaluation: its blocks, with the look and the parts of the report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sentiment.records import SENTIMENTS
from sentiment.reporting import page
from sentiment.reporting.values import Block, Cell, Column, Language, Row, Table, Text, Unit, same
from sentiment.reporting.wording import say
from sentiment.taxonomy import Taxonomy
from sentiment.train.figures.evaluation_words import (
    about,
    class_name,
    class_names,
    compared,
    judgement,
    labelled_sentiments,
    model_names,
    part_name,
    told_learned,
)
from sentiment.train.figures.measure import BINS, FEWEST, FIGURES, ClassFigures, Figures

if TYPE_CHECKING:
    from sentiment.train.figures.evaluate import Evaluation, ModelFigures

__all__ = ["blocks", "render"]

_METHOD = ("accuracy", "f1", "evidence", "ece", "bootstrap", "rate")
_EXCERPT = 220  # characters of a text in the list of labels in doubt
_NOTHING = "–"


def render(evaluation: Evaluation, language: Language) -> str:
    """Return the page; `language` is the one shown first."""
    names = model_names(evaluation.models)
    source = {
        "title": evaluation.path,
        "facts": say(
            "evaluation.facts", rows=evaluation.rows, n=len(names), models=", ".join(names)
        ),
        "models": names,
        "fewest": FEWEST,
    }
    return page.fill("evaluation.html", blocks(evaluation), source, language)


def blocks(evaluation: Evaluation) -> list[Block]:
    """Return the blocks of the page, in the order in which they are read."""
    models, taxonomy = evaluation.models, evaluation.taxonomy
    names = model_names(models)
    sentiments = [labelled_sentiments(model.figures) for model in models]
    made = [
        _block(
            "figures",
            [_figures(models, names)],
            [
                *([say("evaluation.chosen")] if evaluation.chosen else []),
                *told_learned(evaluation, names),
            ],
            [say("evaluation.no_rate")] if any(model.rate is None for model in models) else [],
        ),
        _block("differences", _differences(evaluation, names)),
        _block("languages", _parts("languages", [model.by_language for model in models], names)),
        _block("lengths", _parts("lengths", [model.by_length for model in models], names)),
        _block("sentiments", [_classes("sentiments", sentiments, names, taxonomy)]),
        _block("confusion", [_confusion(*pair) for pair in zip(models, names, strict=True)]),
        *(
            _block(key, [_classes(key, [getattr(m.figures, key) for m in models], names, taxonomy)])
            for key in ("topics", "drivers", "tags")
        ),
        _calibration(models, names),
        _suspects(evaluation),
        _block("method", [], [say(f"evaluation_method.{key}") for key in _METHOD]),
    ]
    return [block for block in made if block.tables or block.sentences]


def _block(
    key: str, tables: Iterable[Table], sentences: Sequence[Text] = (), notes: Sequence[Text] = ()
) -> Block:
    return Block(
        number=0,
        key=key,
        title=say(f"evaluation_block.{key}"),
        question=say(f"evaluation_ask.{key}"),
        sentences=tuple(sentences),
        notes=tuple(notes),
        tables={table.key: table for table in tables if table.rows},
    )


def _column(key: str, unit: Unit = "text", *, interval: bool = False, **values: Any) -> Column:
    title = say(f"evaluation_column.{key.partition(' ')[0]}", **values)
    return Column(key, title, unit, interval)


def _table(key: str, title: Text, columns: Sequence[Column], rows: Iterable[Row]) -> Table:
    return Table(key, title, tuple(columns), tuple(rows))


# ---------------------------------------------------------------- figures


def _figures(models: Sequence[ModelFigures], names: Sequence[str]) -> Table:
    columns = [_column("figure"), _column("cases", "n")]
    columns += [Column(f"model {at}", same(name), "row") for at, name in enumerate(names)]
    rows = list(_figure_rows([model.figures for model in models], "model"))
    rates = {f"model {at}": _shown(model.rate) for at, model in enumerate(models)}
    if any(model.rate is not None for model in models):
        rows.append({"figure": say("evaluation_figure.rate"), "unit": "n", **rates})
    return _table("figures", say("evaluation_block.figures"), columns, rows)


def _figure_rows(figures: Sequence[Figures], column: str) -> Iterator[Row]:
    """Yield a row for each figure that anything is labelled for, a column for each of `figures`."""
    for key in FIGURES:
        values = [getattr(one, key) for one in figures]
        if any(value is not None for value in values):
            cells = {f"{column} {at}": _figure(one, key) for at, one in enumerate(figures)}
            cases = {one.cases(key) for one in figures}  # of evidence each model has its own
            name = say(f"evaluation_figure.{key}")
            alike = cases.pop() if len(cases) == 1 else None
            yield {"figure": name, "unit": "share", "cases": alike, **cells}


def _figure(figures: Figures, key: str) -> Cell:
    value = getattr(figures, key)
    few = value is not None and figures.cases(key) < FEWEST
    return say("evaluation.few") if few else _shown(value)


def _shown(value: float | None) -> Cell:
    return _NOTHING if value is None else value


def _differences(evaluation: Evaluation, names: Sequence[str]) -> Iterator[Table]:
    """Yield a table for every two models; what each of them reaches is in the first table."""
    columns = [
        _column("figure"), _column("difference", "signed", interval=True), _column("verdict"),
    ]  # fmt: skip
    for first, second, comparison in compared(evaluation, names):
        rows: list[Row] = [
            {
                "figure": say(f"evaluation_figure.{one.figure}"),
                "difference": 100 * one.value,
                "difference_low": None if one.low is None else 100 * one.low,
                "difference_high": None if one.high is None else 100 * one.high,
                "verdict": say(f"evaluation.verdict_{one.verdict}"),
            }
            for one in comparison.differences
            if one.value is not None
        ]
        title = say("evaluation.pair", first=first, second=second)
        yield _table(f"differences {second} {first}", title, columns, rows)


def _parts(
    key: str, by_part: Sequence[Mapping[Any, Figures]], names: Sequence[str]
) -> Iterator[Table]:
    """Yield a table for each model, the languages or lengths beside one another.

    None where all rows are of one language or length, of which the first table tells.
    """
    parts = list(by_part[0])
    if len([part for part in parts if part != "all"]) < 2:
        return
    columns = [_column("figure")]
    columns += [Column(f"part {at}", part_name(part), "row") for at, part in enumerate(parts)]
    for name, figures in zip(names, by_part, strict=True):
        own = [figures[part] for part in parts]
        counts: dict[str, Cell] = {f"part {at}": one.rows for at, one in enumerate(own)}
        rows: list[Row] = [
            {"figure": say("evaluation_figure.rows"), "unit": "n", **counts},
            *_figure_rows(own, "part"),
        ]
        yield _table(f"{key} {name}", same(name), columns, rows)


# ---------------------------------------------------------------- classes


def _classes(
    key: str,
    figures: Sequence[Mapping[str, ClassFigures]],
    names: Sequence[str],
    taxonomy: Taxonomy,
) -> Table:
    """Return labelled, found, precision, recall and F1 of every class, for all models.

    A class that is labelled too seldom is marked, so that no bar is drawn for it.
    """
    columns = [_column("class"), _column("labelled", "n")]
    for at, name in enumerate(names):
        columns += [_column(f"found {at}", "n", model=name)]
        columns += [
            _column(f"{part} {at}", "share", model=name) for part in ("precision", "recall", "f1")
        ]
    rows: list[Row] = []
    for name in class_names(figures):
        own = [one.get(name, ClassFigures(0, 0, 0)) for one in figures]
        labelled = max(one.labelled for one in own)
        cells: dict[str, Cell] = {
            "class": class_name(name, taxonomy),
            "labelled": labelled,
            "few": labelled < FEWEST,
        }
        for at, one in enumerate(own):
            cells |= {
                f"found {at}": one.found,
                f"precision {at}": one.precision,
                f"recall {at}": one.recall,
                f"f1 {at}": one.f1,
                f"percent {at}": None if one.f1 is None else 100 * one.f1,
            }
        rows.append(cells)
    return _table(key, say(f"evaluation_block.{key}"), columns, rows)


def _confusion(model: ModelFigures, name: str) -> Table:
    columns = [_column("class")] + [Column(other, judgement(other), "n") for other in SENTIMENTS]
    rows: list[Row] = [
        {"class": judgement(labelled), "code": labelled}
        | dict(zip(SENTIMENTS, counts, strict=True))
        | {"total": sum(counts)}
        for labelled, counts in zip(SENTIMENTS, model.figures.confusion, strict=True)
        if sum(counts)
    ]
    return _table(f"confusion {name}", say("evaluation.confusion", model=name), columns, rows)


def _calibration(models: Sequence[ModelFigures], names: Sequence[str]) -> Block:
    columns = [
        _column("bin"), Column("rows", say("evaluation_figure.rows"), "n"),
        _column("mean", "percent"), _column("accuracy", "percent"),
    ]  # fmt: skip
    tables, sentences = [], []
    for model, name in zip(models, names, strict=True):
        figures = model.figures
        if figures.ece is None or figures.ece_expected is None:
            continue
        sentences.append(_calibration_sentence(name, figures.ece, figures.ece_expected))
        if min(one.rows for one in model.bins) < FEWEST:
            continue
        rows: list[Row] = [
            {
                "bin": f"{one.low:.2f}–{one.high:.2f}",
                "rows": one.rows,
                "mean": 100 * one.confidence,
                "accuracy": 100 * one.accuracy,
                "value": 100 * one.accuracy,
                "value_low": 100 * min(one.accuracy, one.confidence),
                "value_high": 100 * max(one.accuracy, one.confidence),
            }
            for one in model.bins
        ]
        tables.append(_table(f"calibration {name}", same(name), columns, rows))
    if sentences and not tables:
        sentences.append(say("evaluation.few_bins", least=BINS * FEWEST))
    return _block("calibration", tables, sentences or [say("evaluation.no_sentiment")])


def _calibration_sentence(name: str, ece: float, chance: float) -> Text:
    key = "ece" if ece > chance else "ece_chance"
    return say(f"evaluation.{key}", model=name, ece=ece, chance=chance, excess=ece - chance)


def _suspects(evaluation: Evaluation) -> Block:
    ids = [_column("id")] if any(suspect.id for suspect in evaluation.suspects) else []
    columns = [
        _column("row", "n"), *ids, _column("about"), _column("labelled_as"), _column("found_as"),
        _column("text"), _column("confidence", "share"),
    ]  # fmt: skip
    rows: list[Row] = [
        {
            "row": one.row,
            "id": one.id,
            "confidence": one.confidence,
            "about": about(one.about, evaluation.taxonomy),
            "labelled_as": judgement(one.labelled),
            "found_as": judgement(one.found),
            "text": one.text if len(one.text) <= _EXCERPT else f"{one.text[:_EXCERPT]}…",
        }
        for one in evaluation.suspects
    ]
    table = _table("suspects", say("evaluation_block.suspects"), columns, rows)
    return _block(
        "suspects", [table], [say("evaluation.suspects" if rows else "evaluation.no_suspects")]
    )
