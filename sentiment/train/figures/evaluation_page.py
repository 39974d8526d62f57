"""The page of an evaluation: its blocks, with the look and the parts of the report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from sentiment.records import SENTIMENTS
from sentiment.reporting import page
from sentiment.reporting.values import Block, Cell, Column, Language, Row, Table, Text, Unit, same
from sentiment.reporting.wording import say
from sentiment.taxonomy import Taxonomy
from sentiment.train.figures.measure import ClassFigures, Figures
from sentiment.wording import word

if TYPE_CHECKING:
    from sentiment.train.figures.evaluate import Evaluation, ModelFigures

__all__ = ["blocks", "render"]

_METHOD = ("accuracy", "f1", "evidence", "ece", "bootstrap", "rate")
_EXCERPT = 220  # characters of a text in the list of labels in doubt


def render(evaluation: Evaluation, language: Language) -> str:
    """Return the page; `language` is the one shown first."""
    names = _names(evaluation.models)
    source = {
        "title": evaluation.path,
        "facts": say("evaluation.facts", rows=evaluation.rows, models=", ".join(names)),
        "models": names,
    }
    return page.fill("evaluation.html", blocks(evaluation), source, language)


def blocks(evaluation: Evaluation) -> list[Block]:
    """Return the blocks of the page, in the order in which they are read."""
    models = evaluation.models
    names = _names(models)
    made = [
        _block(
            "figures",
            [_figures(models, names)],
            [say("evaluation.chosen")] if evaluation.chosen else [],
        ),
        _block("differences", [_differences(evaluation, names)]),
        _block("languages", [_parts(models, names, "language")]),
        _block("lengths", [_parts(models, names, "length")]),
        _block("sentiments", [_classes("sentiments", _sentiments(models), names)]),
        _block("confusion", [_confusion(*pair) for pair in zip(models, names, strict=True)]),
        _block("topics", [_classes("topics", [m.figures.topics for m in models], names)]),
        _block("drivers", [_classes("drivers", [m.figures.drivers for m in models], names)]),
        _block("tags", [_classes("tags", [m.figures.tags for m in models], names)]),
        _calibration(models, names),
        _suspects(evaluation),
        _block("method", [], [say(f"evaluation_method.{key}") for key in _METHOD]),
    ]
    return [block for block in made if block.tables or block.sentences]


def _names(models: Sequence[ModelFigures]) -> list[str]:
    """Return what the models are called on the page; two of one name are numbered."""
    seen: Counter[str] = Counter()
    names = []
    for model in models:
        seen[model.name] += 1
        names.append(model.name if seen[model.name] == 1 else f"{model.name} ({seen[model.name]})")
    return names


def _block(
    key: str, tables: Iterable[Table], sentences: Sequence[Text] = (), number: int = 0
) -> Block:
    return Block(
        number=number,
        key=key,
        title=say(f"evaluation_block.{key}"),
        question=say(f"evaluation_ask.{key}"),
        sentences=tuple(sentences),
        tables={table.key: table for table in tables if table.rows},
    )


def _column(key: str, unit: Unit = "text", *, interval: bool = False, **values: Any) -> Column:
    title = say(f"evaluation_column.{key.partition(' ')[0]}", **values)
    return Column(key, title, unit, interval)


def _table(key: str, title: Text, columns: Sequence[Column], rows: Iterable[Row]) -> Table:
    return Table(key, title, tuple(columns), tuple(rows))


# ---------------------------------------------------------------- figures


def _figures(models: Sequence[ModelFigures], names: Sequence[str]) -> Table:
    from sentiment.train.figures.evaluate import FIGURES

    columns = [_column("figure")]
    columns += [Column(f"model {at}", same(name), "row") for at, name in enumerate(names)]
    rows: list[Row] = []
    for key in FIGURES:
        cells = {f"model {at}": getattr(one.figures, key) for at, one in enumerate(models)}
        if any(value is not None for value in cells.values()):
            rows.append({"figure": say(f"evaluation_figure.{key}"), "unit": "share", **cells})
    rates: dict[str, Cell] = {f"model {at}": one.rate for at, one in enumerate(models)}
    rows.append({"figure": say("evaluation_figure.rate"), "unit": "n", **rates})
    return _table("figures", say("evaluation_block.figures"), columns, rows)


def _differences(evaluation: Evaluation, names: Sequence[str]) -> Table:
    columns = [
        _column("figure"), _column("model"), _column("value 2", "share"), _column("than"),
        _column("value 1", "share"), _column("difference", "signed", interval=True),
        _column("verdict"),
    ]  # fmt: skip
    pairs = [(first, second) for at, second in enumerate(names) for first in names[:at]]
    rows: list[Row] = [
        {
            "figure": say(f"evaluation_figure.{one.figure}"),
            "model": second,
            "than": first,
            "value 1": one.first,
            "value 2": one.second,
            "difference": 100 * one.value,
            "difference_low": None if one.low is None else 100 * one.low,
            "difference_high": None if one.high is None else 100 * one.high,
            "verdict": say(f"evaluation.verdict_{one.verdict}"),
            "verdict_code": one.verdict,
        }
        for (first, second), comparison in zip(pairs, evaluation.comparisons, strict=True)
        for one in comparison.differences
        if one.value is not None
    ]
    return _table("differences", say("evaluation_block.differences"), columns, rows)


def _parts(models: Sequence[ModelFigures], names: Sequence[str], kind: str) -> Table:
    """Return the figures of every language or length, the models of each below one another."""
    from sentiment.train.figures.evaluate import FIGURES

    columns = [_column(kind), _column("model"), Column("rows", say("evaluation_figure.rows"), "n")]
    columns += [Column(key, say(f"evaluation_figure.{key}"), "share") for key in FIGURES]
    by_part: list[Mapping[Any, Figures]] = [
        model.by_language if kind == "language" else model.by_length for model in models
    ]
    rows: list[Row] = [
        {
            kind: title,
            "model": name,
            "rows": figures.rows,
            **{key: getattr(figures, key) for key in FIGURES},
        }
        for part, title in _titles(by_part[0], kind)
        for name, figures in ((names[at], one[part]) for at, one in enumerate(by_part))
    ]
    key = f"{kind}s"
    return _table(key, say(f"evaluation_block.{key}"), columns, rows)


def _titles(parts: Iterable[Any], kind: str) -> Iterator[tuple[Any, Text]]:
    from sentiment.train.figures.evaluate import LENGTHS

    ends = dict(pairwise(LENGTHS))
    for part in parts:
        if kind == "language":
            yield part, say("evaluation.all") if part == "all" else same(part)
        elif part in ends:
            yield part, say("evaluation.length", low=part, high=ends[part] - 1)
        else:
            yield part, say("evaluation.length_from", low=part)


# ---------------------------------------------------------------- classes


def _sentiments(models: Sequence[ModelFigures]) -> list[dict[str, ClassFigures]]:
    """Return the figures of the sentiments in their own order; none where none is labelled."""
    return [
        {name: model.figures.sentiments[name] for name in SENTIMENTS}
        if any(one.labelled for one in model.figures.sentiments.values())
        else {}
        for model in models
    ]


def _classes(
    key: str, figures: Sequence[Mapping[str, ClassFigures]], names: Sequence[str]
) -> Table:
    """Return labelled, found, precision, recall and F1 of every class, for all models."""
    columns = [_column("class"), _column("labelled", "n")]
    for at, name in enumerate(names):
        columns += [_column(f"found {at}", "n", model=name)]
        columns += [
            _column(f"{part} {at}", "share", model=name) for part in ("precision", "recall", "f1")
        ]
    rows: list[Row] = []
    for name in dict.fromkeys(name for one in figures for name in one):
        own = [one.get(name, ClassFigures(0, 0, 0)) for one in figures]
        cells: dict[str, Cell] = {
            "class": _class_name(name),
            "labelled": max(one.labelled for one in own),
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


def _class_name(name: str) -> Text:
    """Return what "price.level:negative" is called, as far as the default taxonomy knows it."""
    taxonomy = Taxonomy.default()
    what, _, how = name.partition(":")
    entry = taxonomy.topics.get(what) or taxonomy.drivers.get(what) or taxonomy.tags.get(what)
    if entry is None:
        return _word(what) if not how else same(name)
    topic = taxonomy.topics.get(what.partition(".")[0])
    zh, en = entry.zh, entry.en
    if "." in what and topic is not None:
        zh, en = f"{topic.zh}：{zh}", f"{topic.en}: {en}"
    return Text(zh=f"{zh} · {word('zh', how)}", en=f"{en} · {word('en', how)}")


def _confusion(model: ModelFigures, name: str) -> Table:
    columns = [_column("class")] + [Column(other, _word(other), "n") for other in SENTIMENTS]
    rows: list[Row] = [
        {"class": _word(labelled), "code": labelled}
        | dict(zip(SENTIMENTS, counts, strict=True))
        | {"total": sum(counts)}
        for labelled, counts in zip(SENTIMENTS, model.figures.confusion, strict=True)
        if sum(counts)
    ]
    return _table(f"confusion {name}", say("evaluation.confusion", model=name), columns, rows)


def _word(name: str) -> Text:
    return Text(zh=word("zh", name), en=word("en", name))


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
        excess = figures.ece - figures.ece_expected
        sentences.append(
            say("evaluation.ece", model=name, ece=figures.ece, chance=figures.ece_expected,
                excess=excess)
        )  # fmt: skip
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
    return _block("calibration", tables, sentences or [say("evaluation.no_sentiment")])


def _suspects(evaluation: Evaluation) -> Block:
    columns = [
        _column("row", "n"), _column("id"), _column("confidence", "share"), _column("about"),
        _column("labelled_as"), _column("found_as"), _column("text"),
    ]  # fmt: skip
    rows: list[Row] = [
        {
            "row": one.row,
            "id": one.id,
            "confidence": one.confidence,
            "about": one.about,
            "labelled_as": one.labelled,
            "found_as": one.found,
            "text": one.text if len(one.text) <= _EXCERPT else f"{one.text[:_EXCERPT]}…",
        }
        for one in evaluation.suspects
    ]
    table = _table("suspects", say("evaluation_block.suspects"), columns, rows)
    return _block(
        "suspects", [table], [say("evaluation.suspects" if rows else "evaluation.no_suspects")]
    )
