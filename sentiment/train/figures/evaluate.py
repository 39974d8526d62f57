"""Evaluating one model or several on labelled rows, side by side."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, get_args

from sentiment.errors import InputError, LabelError, OutputError
from sentiment.model import bundle
from sentiment.records import Analysis
from sentiment.reporting.values import Language
from sentiment.taxonomy import Taxonomy
from sentiment.train.data.examples import Example
from sentiment.train.figures.learned import count_learned, learned_from
from sentiment.train.figures.measure import (
    LENGTHS,
    SHORTEST,
    Bin,
    Figures,
    measure,
    reliability,
)
from sentiment.train.figures.paired import Difference, differences
from sentiment.train.figures.suspects import Suspect, find_suspects
from sentiment.train.rows.faults import Fault
from sentiment.train.rows.labelled import holds_chosen, read_rows
from sentiment.wording import Tongue

if TYPE_CHECKING:
    from sentiment.analyzer import Analyzer

_Named: TypeAlias = "str | os.PathLike[str] | Analyzer"

__all__ = ["ALL", "Comparison", "Evaluation", "ModelFigures", "evaluate", "rate_of"]

ALL = "all"

# The other warnings about rows are of training alone.
_TOLD = ("near_column", "near_field", "unlabelled", "other_language", "sentiment_disagrees")


@dataclass(frozen=True)
class ModelFigures:
    """One model on the rows.

    :param by_language: "all", then "zh", "en" ... as the rows are labelled.
    :param rate: Rows a second, in one process, texts already in memory; None where the rows took
        less than a second: of a few rows it would be another one each time.
    :param by_length: By the least number of characters: 1, 21, 61, 201, as far as there are rows.
    :param bins: How sure it was and how often right, from the least sure tenth of the rows on.
    :param learned: Rows that it was trained on, as its manifest says: what it reaches on them says
        nothing about new ones. Models that `train` made know; of others it is 0.
    """

    name: str
    by_language: dict[str, Figures] = field(repr=False)  # hundreds of classes
    rate: float | None
    by_length: dict[int, Figures] = field(repr=False)
    bins: tuple[Bin, ...] = field(repr=False)
    learned: int = 0

    @property
    def figures(self) -> Figures:
        """The figures of all rows."""
        return self.by_language[ALL]

    def to_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "name": self.name,
            "rate": None if self.rate is None else round(self.rate, 1),
            "learned": self.learned,
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

    :param rows: How many rows anything is labelled of; others are not counted.
    :param comparisons: Every later model against every earlier one.
    :param suspects: Labels that the models doubt, the most doubtful one first.
    :param chosen: Whether the rows were chosen because they teach, so that they are no sample.
    :param taxonomy: What topics, drivers and tags are called.
    :param warnings: What should be known of the rows; `unit` says what its numbers count, "row" or
        "line".
    """

    path: str
    rows: int
    models: tuple[ModelFigures, ...]
    comparisons: tuple[Comparison, ...] = field(default=(), repr=False)
    suspects: tuple[Suspect, ...] = field(default=(), repr=False)
    chosen: bool = False
    taxonomy: Taxonomy = field(default_factory=Taxonomy.default, repr=False)
    warnings: tuple[Fault, ...] = field(default=(), repr=False)
    unit: str = "row"

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
        from sentiment.train.figures.evaluation_lines import lines

        return lines(self, language)

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
    models: _Named | Sequence[_Named],
    path: str | os.PathLike[str],
    *,
    text: str | None = None,
    device: str = "auto",
    language: Tongue = "en",
) -> Evaluation:
    """Compare models with labelled rows, and with one another.

    :param models: A model as `load` takes it or an analyzer, or several of them.
    :param path: Labelled feedback: JSON lines, or a table with the columns text, sentiment and a
        column for each topic. What the models' own taxonomies add may be labelled too.
    :param text: The column that holds the text, where it has another name.
    :param language: Of the list of what is wrong with the rows.
    :raises LabelError: Rows that cannot be used, listed with their numbers, or no labels at all.
    :raises ModelError: A model that cannot be loaded.
    :raises InputError: No model at all, a file that cannot be read, or an argument that is none of
        what it may be.
    """
    if language not in get_args(Tongue):
        raise InputError(f"language {language!r} is none of {', '.join(get_args(Tongue))}.")
    if not isinstance(path, (str, os.PathLike)):
        raise InputError(f"Labelled rows are read from a file's path, not a {type(path).__name__}.")
    if text is not None and not isinstance(text, str):
        raise InputError(f"text is the name of a column, not a {type(text).__name__}.")
    analyzers = _loaded(models, device)
    taxonomy = _all_of(analyzer.taxonomy for analyzer in analyzers)
    read = read_rows(Path(path), taxonomy, text=text)
    read.refuse(language)
    read = read.only([at for at, example in enumerate(read.examples) if _is_labelled(example)])
    examples = read.examples
    if not examples:
        raise LabelError(f"{path}: no row is labelled; it needs overall, opinions or topics.")
    measured = [_measured(analyzer, examples) for analyzer in analyzers]
    return Evaluation(
        path=str(path),
        rows=len(examples),
        models=tuple(figures for figures, _ in measured),
        comparisons=tuple(_comparisons(examples, measured)),
        suspects=tuple(
            replace(suspect, row=read.rows[suspect.row - 1])
            for suspect in find_suspects(examples, [analyses for _, analyses in measured])
        ),
        chosen=holds_chosen(Path(path)),
        taxonomy=taxonomy,
        warnings=tuple(fault for fault in read.warnings if fault.kind in _TOLD),
        unit=read.unit,
    )


def _loaded(models: _Named | Sequence[_Named], device: str) -> list[Analyzer]:
    from sentiment.analyzer import Analyzer, load

    if isinstance(models, (str, os.PathLike, Analyzer)):
        models = [models]
    if not isinstance(models, Sequence):
        raise InputError(
            f"A model is a name, a path or an Analyzer, or a list of them, not a "
            f"{type(models).__name__}."
        )
    if not models:
        raise InputError("There is no model to evaluate; name at least one model.")
    return [one if isinstance(one, Analyzer) else load(one, device=device) for one in models]


def _is_labelled(example: Example) -> bool:
    return bool(example.overall or example.topics or example.tags is not None)


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
    seconds = time.perf_counter() - began
    languages = [example.language for example in examples]
    lengths = [max(low for low in LENGTHS if low <= max(len(text), 1)) for text in texts]
    by_length = _by(lengths, examples, analyses)
    learned = learned_from(_manifest(analyzer))
    figures = ModelFigures(
        name=analyzer.model_name,
        by_language={ALL: measure(examples, analyses), **_by(languages, examples, analyses)},
        rate=rate_of(len(texts), seconds),
        by_length={low: by_length[low] for low in LENGTHS if low in by_length},
        bins=reliability(examples, analyses),
        learned=count_learned([example.group for example in examples], learned),
    )
    return figures, analyses


def _manifest(analyzer: Analyzer) -> Mapping[str, Any]:
    """Return the manifest of an analyzer's model; empty where it lies in no folder."""
    return {} if analyzer.path is None else bundle.read(analyzer.path).manifest


def rate_of(rows: int, seconds: float) -> float | None:
    """Return rows a second; None where so few were timed that it would tell nothing."""
    return rows / seconds if seconds >= SHORTEST else None


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
