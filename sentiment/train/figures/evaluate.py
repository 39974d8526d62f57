"""Evaluating one model or several on labelled rows, side by side."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from sentiment.errors import InputError, LabelError, OutputError
from sentiment.records import SENTIMENTS, Analysis
from sentiment.reporting.values import Language
from sentiment.reporting.wording import say
from sentiment.taxonomy import Taxonomy
from sentiment.train.data.examples import Example
from sentiment.train.figures.measure import Bin, ClassFigures, Figures, measure, reliability
from sentiment.train.figures.paired import Difference, differences
from sentiment.train.figures.suspects import Suspect, find_suspects
from sentiment.train.rows.labelled import holds_chosen, read_labelled_file
from sentiment.wording import Tongue

if TYPE_CHECKING:
    from sentiment.analyzer import Analyzer

__all__ = ["ALL", "FIGURES", "LENGTHS", "Comparison", "Evaluation", "ModelFigures", "evaluate"]

ALL = "all"
FIGURES = (
    "overall_accuracy",
    "polarity_accuracy",
    "flips",
    "topic_f1",
    "driver_f1",
    "tag_f1",
    "evidence_overlap",
    "ece",
    "ece_expected",
)
"""The figures of `measure.Figures` in the order in which they are shown."""

LENGTHS = (1, 21, 61, 201)
"""Characters, from each on: a word or two, a sentence, some sentences, a whole review."""
_SUSPECTS_IN_LINES = 5


@dataclass(frozen=True)
class ModelFigures:
    """One model on the rows.

    :param by_language: "all", then "zh", "en" ... as the rows are labelled.
    :param rate: Rows a second, in one process, texts already in memory.
    :param by_length: By the least number of characters: 1, 21, 61, 201, as far as there are rows.
    :param bins: How sure it was and how often right, from the least sure tenth of the rows on.
    """

    name: str
    by_language: dict[str, Figures]
    rate: float
    by_length: dict[int, Figures]
    bins: tuple[Bin, ...]

    @property
    def figures(self) -> Figures:
        """The figures of all rows."""
        return self.by_language[ALL]

    def to_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "name": self.name,
            "rate": round(self.rate, 1),
            "languages": {name: figures.to_dict() for name, figures in self.by_language.items()},
            "lengths": {str(low): figures.to_dict() for low, figures in self.by_length.items()},
            "calibration": [_rounded(asdict(one)) for one in self.bins],
        }


@dataclass(frozen=True)
class Comparison:
    """How a model differs from another one: each figure of the second less that of the first."""

    first: str
    second: str
    differences: tuple[Difference, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain data, with a verdict for each figure."""
        told = [
            _rounded(asdict(one)) | {"verdict": one.verdict} for one in self.differences
        ]  # fmt: skip
        return {"first": self.first, "second": self.second, "differences": told}


@dataclass(frozen=True)
class Evaluation:
    """What one or several models reach on the same labelled rows.

    :param comparisons: Every later model against every earlier one.
    :param suspects: Labels that the models doubt, the most doubtful one first.
    :param chosen: Whether the rows were chosen because they teach, so that they are no sample.
    :param taxonomy: What topics, drivers and tags are called.
    """

    path: str
    rows: int
    models: tuple[ModelFigures, ...]
    comparisons: tuple[Comparison, ...] = ()
    suspects: tuple[Suspect, ...] = ()
    chosen: bool = False
    taxonomy: Taxonomy = field(default_factory=Taxonomy.default)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data, every class, topic, driver and tag included."""
        return {
            "path": self.path,
            "rows": self.rows,
            "chosen": self.chosen,
            "models": [model.to_dict() for model in self.models],
            "comparisons": [comparison.to_dict() for comparison in self.comparisons],
            "suspects": [_rounded(asdict(suspect)) for suspect in self.suspects],
        }

    def lines(self, language: Language = "en") -> list[str]:
        """Return tables as lines of text, in English or Chinese."""
        rows = _say("evaluation_figure.rows", language)
        lines = [f"{self.path}: {self.rows} {rows}"]
        if self.chosen:
            lines.append(_say("evaluation.chosen", language))
        for model in self.models:
            lines += ["", model.name, *_model_lines(model, language)]
        for comparison in self.comparisons:
            lines += ["", f"{comparison.second} - {comparison.first}"]
            lines += _comparison_lines(comparison, language)
        if self.suspects:
            lines += ["", _say("evaluation_block.suspects", language)]
            lines += [_suspect_line(suspect) for suspect in self.suspects[:_SUSPECTS_IN_LINES]]
        return lines

    def to_html(self, language: Language = "en") -> str:
        """Return a page in both languages that needs no network and no script.

        :param language: The one that is shown first.
        """
        from sentiment.train.figures.evaluation_page import render

        return render(self, language)

    def save(self, path: str | Path, language: Language = "en") -> Path:
        """Write the evaluation as .html or .json, by the path's suffix.

        :raises OutputError: Another suffix, or a path that cannot be written.
        """
        path = Path(path)
        if path.suffix.lower() in (".html", ".htm"):
            text = self.to_html(language)
        elif path.suffix.lower() == ".json":
            text = json.dumps(self.to_dict(), ensure_ascii=False, indent=1) + "\n"
        else:
            raise OutputError(f"{path}: an evaluation is written as .html or .json.")
        try:
            path.write_text(text, encoding="utf-8", errors="backslashreplace")
        except OSError as error:
            raise OutputError(f"{path} cannot be written ({error.strerror or error})") from error
        return path


def evaluate(
    models: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    path: str | os.PathLike[str],
    *,
    text: str | None = None,
    device: str = "auto",
    language: Tongue = "en",
) -> Evaluation:
    """Compare models with labelled rows, and with one another.

    :param models: A model as `load` takes it, or several.
    :param path: Labelled feedback: JSON lines, or a table with the columns text, sentiment and a
        column for each topic. What the models' own taxonomies add may be labelled too.
    :param text: The column that holds the text, where it has another name.
    :param language: Of the list of what is wrong with the rows.
    :raises LabelError: Rows that cannot be used, listed with their numbers, or no labels at all.
    :raises ModelError: A model that cannot be loaded.
    :raises InputError: No model at all, or a file that cannot be read.
    """
    from sentiment.analyzer import load

    names = [models] if isinstance(models, (str, os.PathLike)) else list(models)
    if not names:
        raise InputError("There is no model to evaluate; name at least one model.")
    analyzers = [load(name, device=device) for name in names]
    taxonomy = _all_of(analyzer.taxonomy for analyzer in analyzers)
    examples = read_labelled_file(Path(path), taxonomy, text=text, language=language)
    if not any(example.overall or example.topics for example in examples):
        raise LabelError(f"{path}: no row is labelled; it needs overall, opinions or topics.")
    measured = [_measured(analyzer, examples) for analyzer in analyzers]
    return Evaluation(
        path=str(path),
        rows=len(examples),
        models=tuple(figures for figures, _ in measured),
        comparisons=tuple(_comparisons(examples, measured)),
        suspects=find_suspects(examples, [analyses for _, analyses in measured]),
        chosen=holds_chosen(Path(path)),
        taxonomy=taxonomy,
    )


def _all_of(taxonomies: Iterable[Taxonomy]) -> Taxonomy:
    """Return everything that one of the models, or the default taxonomy, has a name for.

    What only some of the models know can be labelled; the others miss it.
    """
    default = Taxonomy.default()
    known = [*taxonomies, default]
    return Taxonomy(
        version=default.version,
        topics={name: one for each in reversed(known) for name, one in each.topics.items()},
        drivers={name: one for each in reversed(known) for name, one in each.drivers.items()},
        tags={name: one for each in reversed(known) for name, one in each.tags.items()},
    )


_Measured = tuple[ModelFigures, list[Analysis]]
_Key = TypeVar("_Key", str, int)


def _measured(analyzer: Analyzer, examples: Sequence[Example]) -> _Measured:
    texts = [example.text for example in examples]
    analyzer.analyze_batch(texts[:50])  # the first texts pay for dictionaries
    began = time.perf_counter()
    analyses = analyzer.analyze_batch(texts)
    rate = len(texts) / max(time.perf_counter() - began, 1e-9)
    languages = [example.language for example in examples]
    lengths = [max(low for low in LENGTHS if low <= max(len(text), 1)) for text in texts]
    by_length = _by(lengths, examples, analyses)
    figures = ModelFigures(
        name=analyzer.model_name,
        by_language={ALL: measure(examples, analyses), **_by(languages, examples, analyses)},
        rate=rate,
        by_length={low: by_length[low] for low in LENGTHS if low in by_length},
        bins=reliability(examples, analyses),
    )
    return figures, analyses


def _by(
    keys: Sequence[_Key], examples: Sequence[Example], analyses: Sequence[Analysis]
) -> dict[_Key, Figures]:
    """Return the figures of the rows of each key, in the order in which the keys appear."""
    found: dict[_Key, Figures] = {}
    for key in dict.fromkeys(keys):
        rows = [at for at, own in enumerate(keys) if own == key]
        found[key] = measure([examples[at] for at in rows], [analyses[at] for at in rows])
    return found


def _comparisons(
    examples: Sequence[Example], measured: Sequence[_Measured]
) -> Iterator[Comparison]:  # fmt: skip
    for at, (second, own) in enumerate(measured):
        for first, others in measured[:at]:
            yield Comparison(first.name, second.name, differences(examples, others, own))


def _rounded(plain: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: round(value, 4) if isinstance(value, float) else value
        for name, value in plain.items()
    }  # fmt: skip


# ---------------------------------------------------------------- lines of text


def _say(key: str, language: Language) -> str:
    return say(key).get(language)


def _model_lines(model: ModelFigures, language: Language) -> Iterator[str]:
    names = list(model.by_language)
    yield _line("", [_say("evaluation.all", language), *names[1:]])
    rows = [str(figures.rows) for figures in model.by_language.values()]
    yield _line(_say("evaluation_figure.rows", language), rows)
    for figure in FIGURES:
        cells = [_cell(getattr(figures, figure)) for figures in model.by_language.values()]
        yield _line(_say(f"evaluation_figure.{figure}", language), cells)
    yield ""
    sentiments: Mapping[str, ClassFigures] = {
        name: model.figures.sentiments[name] for name in SENTIMENTS
    }
    for key, classes in (
        ("sentiments", sentiments),
        ("topics", model.figures.topics),
        ("drivers", model.figures.drivers),
    ):
        yield from _class_lines(_say(f"evaluation_block.{key}", language), classes, language)
    yield f"{model.rate:,.0f} {_say('evaluation_figure.rate', language)}"


def _class_lines(
    title: str, classes: Mapping[str, ClassFigures], language: Language
) -> Iterator[str]:  # fmt: skip
    zh = language == "zh"
    yield _line(
        title, ["标注", "判出", "正确", "F1"] if zh else ["labelled", "found", "right", "F1"]
    )
    for name, one in classes.items():
        counts = [str(one.labelled), str(one.found), str(one.right)]
        yield _line(f"  {name}", [*counts, _cell(one.f1)])


def _comparison_lines(comparison: Comparison, language: Language) -> Iterator[str]:
    for one in comparison.differences:
        if one.value is not None:
            interval = f"[{one.low:+.3f}, {one.high:+.3f}]"
            verdict = _say(f"evaluation.verdict_{one.verdict}", language)
            label = _say(f"evaluation_figure.{one.figure}", language)
            yield f"{_line(label, [f'{one.value:+.3f}'])} {interval:>18}  {verdict}"


def _suspect_line(suspect: Suspect) -> str:
    text = " ".join(suspect.text.split())
    shown = text if len(text) <= 60 else f"{text[:60]}..."
    change = f"{suspect.about}: {suspect.labelled} -> {suspect.found}"
    return f"  {suspect.row:>6}  {suspect.confidence:.2f}  {change}  {shown}"


def _cell(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _line(label: str, cells: Iterable[str]) -> str:
    # A Chinese character takes two places on a terminal.
    wide = sum(character > "\u2e7f" for character in label)
    return label.ljust(38 - wide) + "".join(
        cell.rjust(10 - sum(character > "\u2e7f" for character in cell)) for cell in cells
    )
