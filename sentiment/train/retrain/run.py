"""Retraining on labelled rows: check, hold out, train, compare with the model in use, save or not.

The command and the script are thin shells over `retrain`.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import tempfile
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Protocol

from sentiment.analyzer import Analyzer, load
from sentiment.errors import InputError, LabelError, NotReached, OutputError
from sentiment.model import bundle
from sentiment.records import Analysis, topic_states
from sentiment.taxonomy import Taxonomy
from sentiment.train.data.examples import Example
from sentiment.train.data.split import folds
from sentiment.train.figures.learned import KEY, learned_from, packed
from sentiment.train.figures.measure import Figures, measure
from sentiment.train.figures.paired import Difference, differences
from sentiment.train.figures.provenance import commit, data_hash
from sentiment.train.retrain.bases import Base, Fitted, Step, open_base
from sentiment.train.retrain.lessons import weak_drivers
from sentiment.train.retrain.retrained_card import RetrainedCard, write_retrained_card
from sentiment.train.rows.faults import tell
from sentiment.train.rows.labelled import Labelled, read_rows
from sentiment.train.rows.validate import check_dev, check_training
from sentiment.wording import Tongue

__all__ = ["Silent", "TrainOptions", "Trained", "Watcher", "kept_state", "retrain"]

# What a new model must be better at, where it is labelled.
_JUDGED = ("topic_f1", "driver_f1", "tag_f1", "overall_accuracy")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainOptions:
    """What a training run is asked for.

    :param labelled: The rows: JSON lines, or a CSV, TSV, XLSX or Parquet table.
    :param output: Folder of the new model.
    :param base: What training starts from: as `bases.open_base` takes it.
    :param dev: Labelled rows to measure on; without them a part of the training rows is held out.
    :param against: The model in use, which the new one must beat: the base by default, and the
        bundled model where the base is an encoder without heads.
    :param taxonomy: A taxonomy file of the team's own; the base's by default.
    :param text: The column that holds the text, where it has another name.
    :param force: Save the new model even if it is no better.
    :param settings: Of the run of a transformer: fields of `transformer.TrainSettings`.
    :param command: What was typed, for the manifest and the card.
    """

    labelled: str | os.PathLike[str]
    output: str | os.PathLike[str]
    base: str = "lite"
    dev: str | os.PathLike[str] | None = None
    against: str | None = None
    taxonomy: str | os.PathLike[str] | None = None
    text: str | None = None
    version: str = "1.0.0"
    seed: int = 0
    force: bool = False
    overwrite: bool = False
    device: str = "auto"
    settings: dict[str, Any] = field(default_factory=dict)
    command: str = ""


@dataclass(frozen=True)
class Trained:
    """What came of a run.

    :param bundle: The new model; None where it is no better and was not saved.
    :param differences: The new model against the one in use, on rows that neither was trained on
        here; those of the figures that are labelled.
    :param rows: Rows trained on; `held` is on how many the models were compared.
    :param finished_before: Whether the output was there already, from the same rows and options; the
        figures are those that it was saved with.
    :param warnings: What should be known of the rows, a sentence each, as the command tells it.
    """

    bundle: bundle.Bundle | None = field(repr=False)
    differences: tuple[Difference, ...]
    rows: int
    held: int
    finished_before: bool = False
    warnings: tuple[str, ...] = field(default=(), repr=False)

    @property
    def better(self) -> bool:
        """Whether the new model is better at something labelled, and worse at nothing."""
        return _better(self.differences)


class Watcher(Protocol):
    """Whoever is told how the run goes; `Talk` is one."""

    tongue: Tongue

    def say(self, key: str, /, **fields: object) -> None:
        """Take one sentence of `sentiment.wording`."""

    def line(self, text: str) -> None:
        """Take a line as it is."""

    def step(self, done: int, steps: int, loss: float) -> None:
        """Take how far the training is, and its loss."""


class Silent:
    """Says nothing."""

    tongue: Tongue = "en"

    def say(self, key: str, /, **fields: object) -> None:
        """Ignore it."""

    def line(self, text: str) -> None:
        """Ignore it."""

    def step(self, done: int, steps: int, loss: float) -> None:
        """Ignore it."""


def retrain(options: TrainOptions, watcher: Watcher | None = None) -> Trained:
    """Train on labelled rows, compare with the model in use, and save the new model if it is better.

    :param options: Rows, base, output, and what else the command takes.
    :param watcher: Told how it goes; silent without one.
    :raises LabelError: Rows that cannot be used; every fault is listed.
    :raises NotReached: The new model is no better than the one in use, and nothing was saved; or
        it was, in an earlier run that forced it.
    :raises OutputError: The output exists, or cannot be written.
    :raises ModelError: There is no such base or model.
    :raises InputError: An option that is none of what it may be, or a file that cannot be read.
    :raises MissingExtra: The base needs a package that is not installed.
    """
    _check_options(options)
    watcher = watcher or Silent()
    base = open_base(options.base, options.device, options.settings)
    taxonomy = _taxonomy(options, base)
    rows, dev = _rows(options, base, taxonomy, watcher)
    in_use = load(_in_use(options, base), device=options.device)
    made = _made(options, base, rows, dev, taxonomy, in_use)
    warnings = _warnings(rows, dev, watcher.tongue)
    if (saved := _finished(options, made)) is not None:
        before = _trained_before(saved, len(rows.examples), warnings)
        # Older bundles do not say what was found.
        if before.differences and not before.better and not options.force:
            raise _no_better(saved.manifest["made"]["against"], before.held, options)
        return before
    _refuse_output(options)
    _try_output(Path(options.output))
    watcher.say("training", rows=len(rows.examples), base=base.name, against=in_use.model_name)
    others = bundle.bundled().keys() - {options.base}
    if options.against is None and options.base in bundle.bundled() and bundle.DEFAULT in others:
        watcher.say("not_default", default=bundle.DEFAULT)
    run = _Run(base, taxonomy, options, watcher, made)
    fitted, held, new = run.measured(rows.examples, None if dev is None else dev.examples)
    old = in_use.analyze_batch([example.text for example in held])
    weak = {driver.name for driver in weak_drivers([*rows.examples, *held], taxonomy)}
    old, new = _measurable(held, old, weak), _measurable(held, new, weak)
    found = tuple(
        one
        for one in differences(held, old, new, seed=options.seed)
        if one.figure in _JUDGED and one.value is not None
    )
    if not found:
        raise LabelError(f"{options.labelled}: nothing that can be measured is labelled.")
    trained = Trained(None, found, len(rows.examples), len(held), warnings=warnings)
    _tell(trained, watcher)
    if not trained.better and not options.force:
        run.forget()
        raise _no_better(in_use.model_name, len(held), options)
    figures = _by_language(held, new)
    made[KEY] = packed((one.group for one in rows.examples), _learned_before(options, base))
    saved = _save(options, fitted, trained, figures, _by_language(held, old), made, run, in_use)
    run.forget()
    return replace(trained, bundle=saved)


def _no_better(against: str, held: int, options: TrainOptions) -> NotReached:
    return NotReached(
        f"the new model is no better than {against} on {held} rows held out; "
        f"nothing was saved (label more rows, or add {_named('force', options)} to keep it)"
    )


def _named(option: str, options: TrainOptions) -> str:
    """Return an option as whoever asks would give it: on the command line, or in Python."""
    return f"--{option}" if options.command else f"{option}=True"


def _check_options(options: TrainOptions) -> None:
    """Refuse what is of another type before anything is read."""
    if not isinstance(options, TrainOptions):
        raise InputError(
            f"retrain takes TrainOptions(labelled=..., output=...), not a {type(options).__name__}."
        )
    for name in ("labelled", "output", "base", "dev", "against", "taxonomy"):
        value = getattr(options, name)
        if not isinstance(value, (str, os.PathLike)) and not (
            value is None and name in ("dev", "against", "taxonomy")
        ):
            raise InputError(
                f"{name} of TrainOptions is a string or a path, not a {type(value).__name__}."
            )
    for name, kind, says in (
        ("text", str, "a string"),
        ("version", str, "a string"),
        ("device", str, "a string"),
        ("force", bool, "True or False"),
        ("overwrite", bool, "True or False"),
    ):
        value = getattr(options, name)
        if not isinstance(value, kind) and not (value is None and name == "text"):
            raise InputError(f"{name} of TrainOptions is {says}, not {value!r}.")
    if isinstance(options.seed, bool) or not isinstance(options.seed, int) or options.seed < 0:
        raise InputError(f"seed of TrainOptions is a whole number from 0 on, not {options.seed!r}.")
    if not isinstance(options.settings, Mapping):
        raise InputError(
            "settings of TrainOptions are a dict of names and numbers, not a "
            f"{type(options.settings).__name__}."
        )


class _Run:
    """Trains, and counts the steps of all fits together."""

    def __init__(
        self, base: Base, taxonomy: Taxonomy, options: TrainOptions, watcher: Watcher,
        made: dict[str, Any],
    ) -> None:  # fmt: skip
        self.base = base
        self.taxonomy = taxonomy
        self._options = options
        self._watcher = watcher
        # Of these rows and options alone: another run does not go on from it.
        self._state = _state_folder(Path(options.output)) / _digest(made)[:12]
        self._done = 0
        self._fits = 1

    def measured(
        self, examples: Sequence[Example], dev: Sequence[Example] | None
    ) -> tuple[Fitted, list[Example], list[Analysis]]:
        """Return the model to save, the rows it is measured on, and what it says of them.

        With dev rows the model measured is the one saved. Where parts are held out, each row is
        judged by a model that was trained without its part; the one saved may be trained on all.
        """
        if dev is not None:
            fitted = self._fit(examples, "all")
            return fitted, list(dev), _analyses(fitted, dev)
        holding = self.base.holding(len(examples))
        fold = folds(examples, holding.parts, self._options.seed)
        self._fits = holding.in_turn + holding.again
        held: list[Example] = []
        analyses: list[Analysis] = []
        for part in range(holding.in_turn):
            some = [one for one, at in zip(examples, fold, strict=True) if at != part]
            out = [one for one, at in zip(examples, fold, strict=True) if at == part]
            fitted = self._fit(some, f"part{part}")
            held += out
            analyses += _analyses(fitted, out)
        if holding.again:
            fitted = self._fit(examples, "all")
        return fitted, held, analyses

    def forget(self) -> None:
        """Remove the state of the run: it is over."""
        shutil.rmtree(self._state.parent, ignore_errors=True)

    def _fit(self, examples: Sequence[Example], name: str) -> Fitted:
        fitted = self.base.fit(
            examples, self.taxonomy, self._options.seed, self._step(), state=self._state / name
        )
        self._done += 1
        return fitted

    def _step(self) -> Step:
        def step(done: int, steps: int, loss: float) -> None:
            self._watcher.step(self._done * steps + done, self._fits * steps, loss)

        return step


def kept_state(output: Path) -> bool:
    """Tell whether a run that was interrupted has kept what it reached."""
    return any(path.is_file() for path in _state_folder(output).rglob("*"))


def _state_folder(output: Path) -> Path:
    path = output.resolve()
    return path.parent / f".{path.name}.training"


def _taxonomy(options: TrainOptions, base: Base) -> Taxonomy:
    if options.taxonomy is not None:
        return Taxonomy.read(os.fspath(options.taxonomy))
    return base.taxonomy or Taxonomy.default()


def _rows(
    options: TrainOptions, base: Base, taxonomy: Taxonomy, watcher: Watcher
) -> tuple[Labelled, Labelled | None]:
    """Read and check both files; tell what should be known, refuse what must be mended."""
    read = read_rows(Path(options.labelled), taxonomy, text=options.text)
    dev = None
    if options.dev is not None:
        dev = check_dev(read_rows(Path(options.dev), taxonomy, text=options.text))
    rows = check_training(read, taxonomy, base.taxonomy, dev, base.lacking)
    for file in (rows, dev):
        if file is not None and file.warnings:
            watcher.say("label_warnings", path=file.path)
            for line in tell(file.warnings, watcher.tongue, file.unit):
                watcher.line(f"  {line}")
    refused = [file for file in (rows, dev) if file is not None and file.errors]
    if refused:
        raise LabelError("\n".join(file.refusal(watcher.tongue) for file in refused))
    return rows, dev


def _warnings(rows: Labelled, dev: Labelled | None, tongue: Tongue) -> tuple[str, ...]:
    return tuple(
        f"{file.path}: {line}"
        for file in (rows, dev)
        if file is not None
        for line in tell(file.warnings, tongue, file.unit)
    )


def _trained_before(saved: bundle.Bundle, rows: int, warnings: tuple[str, ...]) -> Trained:
    """Return what came of the run that made a bundle, as its manifest has it."""
    made = saved.manifest["made"]
    found = tuple(
        Difference(
            one["figure"], one["before"], one["after"], one["after"] - one["before"],
            one["low"], one["high"],
        )
        for one in made.get("differences", ())
    )  # fmt: skip
    # Older bundles do not say on how many rows.
    return Trained(saved, found, rows, made.get("held", 0), finished_before=True, warnings=warnings)


def _learned_before(options: TrainOptions, base: Base) -> frozenset[bytes]:
    """Return the texts that the base had been trained on by a run like this one."""
    if base.taxonomy is None:
        return frozenset()
    return learned_from(bundle.read(bundle.find(options.base)).manifest)


def _in_use(options: TrainOptions, base: Base) -> str | None:
    if options.against is not None:
        return options.against
    return options.base if base.taxonomy is not None else None


def _analyses(fitted: Fitted, examples: Sequence[Example]) -> list[Analysis]:
    return Analyzer(fitted.model).analyze_batch([example.text for example in examples])


def _measurable(
    examples: Sequence[Example], analyses: Sequence[Analysis], weak: Set[str]
) -> list[Analysis]:
    """Return the analyses without the drivers that start from phrases, where the others are labelled.

    Nobody has looked for them there: found, they are neither right nor wrong.
    """
    shown: list[Analysis] = []
    for example, analysis in zip(examples, analyses, strict=True):
        if weak and example.opinions is not None:
            kept = tuple(one for one in analysis.opinions if one.driver not in weak)
            states = topic_states(kept, analysis.topics)
            shown.append(replace(analysis, opinions=kept, topics=states))
        else:
            shown.append(analysis)
    return shown


def _better(found: Sequence[Difference]) -> bool:
    verdicts = {one.verdict for one in found}
    return "better" in verdicts and "worse" not in verdicts


def _by_language(examples: Sequence[Example], analyses: Sequence[Analysis]) -> dict[str, Figures]:
    found: dict[str, Figures] = {}
    for language in dict.fromkeys(example.language for example in examples):
        at = [place for place, one in enumerate(examples) if one.language == language]
        found[language] = measure([examples[one] for one in at], [analyses[one] for one in at])
    return found


def _tell(trained: Trained, watcher: Watcher) -> None:
    watcher.say("compared", rows=trained.held)
    for one in trained.differences:
        watcher.say(
            f"difference_{one.verdict}", figure=one.figure, first=one.first, second=one.second,
            value=one.value, low=one.low, high=one.high,
        )  # fmt: skip


def _made(
    options: TrainOptions, base: Base, rows: Labelled, dev: Labelled | None, taxonomy: Taxonomy,
    in_use: Analyzer,
) -> dict[str, Any]:  # fmt: skip
    """Return what the manifest says of the model's making; no time, so that it repeats."""
    return {
        "base": base.name,
        "base_digest": base.digest,
        "against_digest": in_use.model_digest,
        "data_sha256": data_hash(rows.examples),
        "dev_sha256": None if dev is None else data_hash(dev.examples),
        "rows": len(rows.examples),
        "taxonomy_sha256": _digest(taxonomy.to_dict()),
        "seed": options.seed,
        "settings": options.settings,
        "commit": commit(),
        "versions": _versions(base.packages),
        "command": options.command,
    }


def _digest(data: object) -> str:
    return hashlib.sha256(json.dumps(data, ensure_ascii=False).encode()).hexdigest()


def _versions(packages: Sequence[str]) -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in ("sentiment", *packages):
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # a checkout that was not installed
            continue
    return found


def _finished(options: TrainOptions, made: dict[str, Any]) -> bundle.Bundle | None:
    """Return the output that is there already, where it was made from the same in the same way.

    It was compared with the same model, too, and has the version that is asked for.
    """
    output = Path(options.output)
    if not (output / "manifest.json").exists():
        return None
    found = bundle.read(output)
    known = found.manifest.get("made", {})
    if found.config.get("version") != options.version:
        return None
    # Where the output took the place of the model that it was compared with, it is that model now.
    if made["against_digest"] not in (known.get("against_digest"), found.digest):
        return None
    same = (
        "base_digest",
        "data_sha256",
        "dev_sha256",
        "taxonomy_sha256",
        "seed",
        "settings",
        "versions",
    )
    return found if all(known.get(name) == made.get(name) for name in same) else None


def _refuse_output(options: TrainOptions) -> None:
    output = Path(options.output)
    if output.exists() and not output.is_dir():
        raise OutputError(f"{output}: exists and is no folder; choose another one.")
    if output.exists() and any(output.iterdir()) and not options.overwrite:
        raise OutputError(
            f"{output} exists already; add {_named('overwrite', options)} to replace it, or choose "
            "another name"
        )


def _try_output(output: Path) -> None:
    """Find out before hours of training whether a folder can be made where the output goes."""
    at = output.resolve()
    there = next(folder for folder in (at, *at.parents) if folder.exists())
    try:
        Path(tempfile.mkdtemp(prefix=".sentiment-", dir=there)).rmdir()
    except OSError as error:
        reason = error.strerror or error
        raise OutputError(f"{output} cannot be written ({reason}); choose another place") from error


def _save(
    options: TrainOptions, fitted: Fitted, trained: Trained, figures: dict[str, Figures],
    before: dict[str, Figures], made: dict[str, Any], run: _Run, in_use: Analyzer,
) -> bundle.Bundle:  # fmt: skip
    _refuse_output(options)  # again: another training may have come to an end meanwhile
    output = Path(options.output)
    name = output.resolve().name
    plain = {"held out": {language: one.to_dict() for language, one in figures.items()}}
    card = RetrainedCard(
        name=name, version=options.version, base=run.base.name, against=in_use.model_name,
        rows=trained.rows, held=trained.held,
        dev=None if options.dev is None else Path(options.dev).name,
        differences=trained.differences, figures=figures, before=before, weak=fitted.weak,
        taxonomy=run.taxonomy, base_taxonomy=run.base.taxonomy, recipe=fitted.recipe,
        command=options.command, better=trained.better,
    )  # fmt: skip
    return fitted.save(
        output, name=name, version=options.version, metrics=plain,
        card=write_retrained_card(card),
        made={
            **made,
            "recipe": dict(fitted.recipe),
            "against": in_use.model_name,
            "held": trained.held,
            "differences": [
                {
                    "figure": one.figure, "before": one.first, "after": one.second,
                    "low": one.low, "high": one.high,
                }
                for one in trained.differences
            ],
        },
    )  # fmt: skip
