"""Evaluating one model or several on labelled rows: figures by language, and speed."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sentiment.errors import InputError, LabelError
from sentiment.records import SENTIMENTS
from sentiment.train.examples import Example
from sentiment.train.labelled import read_labelled_file
from sentiment.train.measure import Figures, measure

__all__ = ["Evaluation", "ModelFigures", "evaluate"]

_SHOWN = (
    ("overall_accuracy", "overall accuracy (4 classes)", "总体情感准确率（四类）"),
    ("polarity_accuracy", "polarity accuracy (clear rows)", "正负判断准确率（明确的行）"),
    ("flips", "polarity flips", "正负颠倒"),
    ("topic_f1", "topic state F1", "主题状态 F1"),
    ("driver_f1", "driver + polarity F1", "驱动因素与情感 F1"),
    ("tag_f1", "tag + polarity F1", "标签与情感 F1"),
    ("evidence_overlap", "evidence overlap", "证据重合度"),
    ("ece", "calibration error (ECE)", "校准误差（ECE）"),
    ("ece_expected", "  of which chance alone", "　其中纯属偶然"),
)
_ALL = "all"


@dataclass(frozen=True)
class ModelFigures:
    """One model on the rows: figures of all of them and of each language, and its speed.

    :param by_language: "all", then "zh", "en" ... as the rows are labelled.
    :param rate: Rows a second, in one process, texts already in memory.
    """

    name: str
    by_language: dict[str, Figures]
    rate: float


@dataclass(frozen=True)
class Evaluation:
    """What one or several models reach on the same labelled rows."""

    path: str
    rows: int
    models: tuple[ModelFigures, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain data, every class, topic, driver and tag included."""
        return {
            "path": self.path,
            "rows": self.rows,
            "models": [
                {
                    "name": model.name,
                    "rate": round(model.rate, 1),
                    "languages": {
                        name: figures.to_dict() for name, figures in model.by_language.items()
                    },
                }
                for model in self.models
            ],
        }

    def lines(self, language: str = "en") -> list[str]:
        """Return tables as lines of text, in English or Chinese."""
        zh = language == "zh"
        lines = [f"{self.path}: {self.rows} {'行' if zh else 'rows'}"]
        for model in self.models:
            lines += ["", model.name]
            names = list(model.by_language)
            lines.append(_line("", [_heading(name, zh) for name in names]))
            rows = [str(model.by_language[name].rows) for name in names]
            lines.append(_line("行数" if zh else "rows", rows))
            for field, english, chinese in _SHOWN:
                cells = [_cell(getattr(model.by_language[name], field)) for name in names]
                lines.append(_line(chinese if zh else english, cells))
            lines += _class_lines(model.by_language[_ALL], zh)
            per_second = "行/秒" if zh else "rows a second"
            lines.append(f"{model.rate:,.0f} {per_second}")
        return lines


def evaluate(
    models: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    path: str | os.PathLike[str],
    *,
    device: str = "auto",
) -> Evaluation:
    """Compare models with labelled rows.

    :param models: A model as `load` takes it, or several.
    :param path: Labelled feedback: JSON lines, or a table with the columns text, sentiment and a
        column for each topic.
    :raises LabelError: Rows that cannot be used, listed with their numbers, or no labels at all.
    :raises ModelError: A model that cannot be loaded.
    :raises InputError: No model at all, or a file that cannot be read.
    """
    from sentiment.analyzer import load

    names = [models] if isinstance(models, (str, os.PathLike)) else list(models)
    if not names:
        raise InputError("There is no model to evaluate; name at least one model.")
    examples = read_labelled_file(Path(path))
    if not any(example.overall or example.topics for example in examples):
        raise LabelError(f"{path}: no row is labelled; it needs overall, opinions or topics.")
    figures = tuple(_figures(load(name, device=device), examples) for name in names)
    return Evaluation(str(path), len(examples), figures)


def _figures(analyzer: Any, examples: Sequence[Example]) -> ModelFigures:
    texts = [example.text for example in examples]
    analyzer.analyze_batch(texts[:50])  # the first texts pay for dictionaries
    began = time.perf_counter()
    analyses = analyzer.analyze_batch(texts)
    seconds = time.perf_counter() - began
    by_language = {_ALL: measure(examples, analyses)}
    for language in dict.fromkeys(example.language for example in examples):
        rows = [at for at, example in enumerate(examples) if example.language == language]
        by_language[language] = measure(
            [examples[at] for at in rows], [analyses[at] for at in rows]
        )
    return ModelFigures(analyzer.model_name, by_language, len(texts) / max(seconds, 1e-9))


def _class_lines(figures: Figures, zh: bool) -> list[str]:
    heading = ["标注", "判出", "正确", "F1"] if zh else ["labelled", "found", "right", "F1"]
    lines = ["", _line("情感" if zh else "sentiment", heading)]
    lines += [_class_line(name, figures.sentiments[name]) for name in SENTIMENTS]
    lines.append(_line("主题" if zh else "topic", heading))
    lines += [_class_line(name, one) for name, one in figures.topics.items()]
    lines.append(_line("驱动因素" if zh else "driver", heading))
    lines += [_class_line(name, one) for name, one in figures.drivers.items()]
    return lines


def _class_line(name: str, one: Any) -> str:
    return _line(f"  {name}", [str(one.labelled), str(one.found), str(one.right), _cell(one.f1)])


def _heading(name: str, zh: bool) -> str:
    return "全部" if zh and name == _ALL else name


def _cell(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _line(label: str, cells: Iterable[str]) -> str:
    # A Chinese character takes two places on a terminal.
    wide = sum(character > "\u2e7f" for character in label)
    return label.ljust(38 - wide) + "".join(f"{cell:>10}" for cell in cells)
