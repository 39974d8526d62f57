"""An evaluation as lines of text, for a terminal: models side by side, columns that end in one line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from sentiment.reporting.values import Language, Text
from sentiment.reporting.wording import say
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
from sentiment.train.figures.measure import FEWEST, FIGURES, ClassFigures
from sentiment.wording import places

if TYPE_CHECKING:
    from sentiment.train.figures.evaluate import Comparison, Evaluation, ModelFigures
    from sentiment.train.figures.suspects import Suspect

__all__ = ["lines"]

_SUSPECTS = 5
_EXCERPT = 60  # characters of a text in the list of labels in doubt
_LABELS, _CELLS = 38, 10  # places on a terminal, at least


def lines(evaluation: Evaluation, language: Language) -> list[str]:
    """Return the evaluation as lines of text, in English or Chinese."""
    return [text.rstrip() for text in _lines(evaluation, language)]


def _lines(evaluation: Evaluation, language: Language) -> Iterator[str]:
    def told(text: Text) -> str:
        return text.get(language)

    names = model_names(evaluation.models)
    yield told(say("evaluation.heading", path=evaluation.path, rows=evaluation.rows))
    if evaluation.chosen:
        yield told(say("evaluation.chosen"))
    yield from map(told, told_learned(evaluation, names))
    tables = [
        list(_figures(name, model, language))
        for name, model in zip(names, evaluation.models, strict=True)
    ]
    tables.append(list(_classes(evaluation, names, language)))
    for rows in filter(None, tables):
        yield ""
        yield from _table(rows)
    for first, second, comparison in compared(evaluation, names):
        yield ""
        yield told(say("evaluation.pair", first=first, second=second))
        yield from _comparison(comparison, language)
    if evaluation.suspects:
        yield ""
        yield told(say("evaluation_block.suspects"))
        for suspect in evaluation.suspects[:_SUSPECTS]:
            yield _suspect(suspect, evaluation, language)
    notes = []
    if any(cell.startswith("(") for rows in tables for row in rows for cell in row[1:]):
        notes.append(say("evaluation.few_cases", least=FEWEST))
    if any(model.rate is None for model in evaluation.models):
        notes.append(say("evaluation.no_rate"))
    if notes:
        yield ""
        yield from map(told, notes)


def _figures(name: str, model: ModelFigures, language: Language) -> Iterator[list[str]]:
    """Yield a row for each figure of a model that anything is labelled for, a column for each part."""
    parts = model.by_language
    if len(parts) == 2:  # all rows are of one language
        parts = {part: figures for part, figures in parts.items() if figures is model.figures}
    yield [name, *(part_name(part).get(language) for part in parts)]
    yield [_say("rows", language), *(f"{figures.rows:,}" for figures in parts.values())]
    for figure in FIGURES:
        if getattr(model.figures, figure) is not None:
            cells = [
                _cell(getattr(figures, figure), few=figures.cases(figure) < FEWEST)
                for figures in parts.values()
            ]
            yield [_say(figure, language), *cells]
    if model.rate is not None:
        yield [_say("rate", language), f"{model.rate:,.0f}"]


def _classes(
    evaluation: Evaluation, names: Sequence[str], language: Language
) -> Iterator[list[str]]:  # fmt: skip
    """Yield a row for each class: the counts behind the F1 of one model, the F1 of several."""
    blocks: dict[str, list[Mapping[str, ClassFigures]]] = {
        "sentiments": [labelled_sentiments(model.figures) for model in evaluation.models],
        "topics": [model.figures.topics for model in evaluation.models],
        "drivers": [model.figures.drivers for model in evaluation.models],
        "tags": [model.figures.tags for model in evaluation.models],
    }
    several = len(names) > 1
    columns = [f"F1 {name}" for name in names]
    if not several:
        columns = [say(f"evaluation.{key}").get(language) for key in ("found", "right")] + ["F1"]
    for key, figures in blocks.items():
        classes = class_names(figures)
        if classes:
            title = say(f"evaluation_block.{key}").get(language)
            yield [title, say("evaluation_column.labelled").get(language), *columns]
        for name in classes:
            own = [one.get(name, ClassFigures(0, 0, 0)) for one in figures]
            labelled = max(one.labelled for one in own)
            cells = [_cell(one.f1, few=labelled < FEWEST) for one in own]
            if not several:
                cells = [f"{own[0].found:,}", f"{own[0].right:,}", *cells]
            yield [
                f"  {class_name(name, evaluation.taxonomy).get(language)}",
                f"{labelled:,}",
                *cells,
            ]


def _comparison(comparison: Comparison, language: Language) -> Iterator[str]:
    for one in comparison.differences:
        if one.value is not None:
            interval = f"[{one.low:+.3f}, {one.high:+.3f}]"
            verdict = say(f"evaluation.verdict_{one.verdict}").get(language)
            label = _padded(_say(one.figure, language), _LABELS)
            yield f"{label}{one.value:+{_CELLS}.3f} {interval:>18}  {verdict}"


def _suspect(suspect: Suspect, evaluation: Evaluation, language: Language) -> str:
    text = " ".join(suspect.text.split())
    said = say(
        "evaluation.doubt",
        about=about(suspect.about, evaluation.taxonomy),
        labelled=judgement(suspect.labelled),
        found=judgement(suspect.found),
    ).get(language)
    shown = text if len(text) <= _EXCERPT else f"{text[:_EXCERPT]}..."
    return f"  {suspect.row:>6}  {suspect.confidence:.2f}  {said}  {shown}"


def _say(figure: str, language: Language) -> str:
    return say(f"evaluation_figure.{figure}").get(language)


def _cell(value: float | None, *, few: bool) -> str:
    if value is None:
        return "-"
    return f"({value:.3f})" if few else f"{value:.3f}"


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield rows of text, their cells below one another."""
    labels = max(_LABELS, *(places(row[0]) for row in rows))
    widths = [
        max(_CELLS, *(places(row[at]) + 2 for row in rows if at < len(row)))
        for at in range(1, max(map(len, rows)))
    ]
    for row in rows:
        cells = (
            " " * (width - places(cell)) + cell
            for cell, width in zip(row[1:], widths, strict=False)
        )
        yield _padded(row[0], labels) + "".join(cells)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - places(text))
