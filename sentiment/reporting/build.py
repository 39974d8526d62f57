"""`report`: scored rows in, the report as a value out, and its three forms on disk."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sentiment.errors import ColumnError, InputError, OutputError
from sentiment.reporting.blocks import build_blocks
from sentiment.reporting.labels import read_labels
from sentiment.reporting.remarks import OFF_SCALE_SHARE, off_scale, remarks
from sentiment.reporting.scored import Collector, ScoredTable
from sentiment.reporting.sensitivity import shipped_rates
from sentiment.reporting.sources import Source, open_source, summary_of
from sentiment.reporting.study import Options, Study
from sentiment.reporting.values import Block, Language, Text
from sentiment.reporting.wishes import (
    accuracy_of,
    column_of,
    columns_of,
    count_of,
    flag_of,
    outcome_of,
    points_of,
    taxonomy_of,
    title_of,
)
from sentiment.tables.roles import Roles, find_roles, refuse_text_as_segment
from sentiment.tables.scales import Outcome
from sentiment.taxonomy import Taxonomy

__all__ = ["Report", "report"]

# What rows that are in no file are called.
_ROWS = "the scored table"


@dataclass(frozen=True)
class Report:
    """The report as a value: twenty blocks in both languages, and where they come from.

    `remarks` say what the caller asked for and may have meant otherwise; the page has its own words
    for what came of it.
    """

    blocks: tuple[Block, ...] = field(repr=False)  # a hundred thousand characters
    source: Mapping[str, Any] = field(default_factory=dict)
    remarks: tuple[Text, ...] = ()

    def __getitem__(self, key: str) -> Block:
        """Return a block by its key: ``report["topics"]``.

        :raises KeyError: There is no such block.
        """
        for block in self.blocks:
            if block.key == key:
                return block
        raise KeyError(key)

    def to_dict(self) -> dict[str, Any]:
        """Return the whole value as plain data; numbers are not rounded."""
        return {
            "format": 1,
            "source": dict(self.source),
            "blocks": [block.to_dict() for block in self.blocks],
        }

    def to_html(self, language: Language = "en") -> str:
        """Return the page, self-contained, in both languages; `language` is shown first.

        :raises InputError: No such language.
        """
        from sentiment.reporting.page import render

        _check_language(language)
        return render(self.blocks, self.source, language)

    def save(self, path: str | Path, language: Language = "en") -> Path:
        """Write the report as .html, .xlsx or .json, by the path's suffix.

        :param language: The language of a workbook, and the one that a page shows first.
        :raises InputError: No such language, or no path.
        :raises OutputError: Another suffix, or a path that cannot be written.
        """
        if not isinstance(path, (str, os.PathLike)):
            raise InputError(f"A report is saved to a path, not to {path!r}.")
        path = Path(path)
        _check_language(language)
        suffix = path.suffix.lower()
        if suffix in (".html", ".htm"):
            data = self.to_html(language).encode("utf-8", errors="replace")
        elif suffix == ".json":
            text = json.dumps(self.to_dict(), ensure_ascii=False, indent=1, allow_nan=False)
            data = text.encode("utf-8", errors="replace")
        elif suffix == ".xlsx":
            from sentiment.reporting.workbook import render as render_workbook

            data = render_workbook(self.blocks, language)
        else:
            raise OutputError(f"{path}: a report is written as .html, .xlsx or .json.")
        _write(path, data)
        return path


def _check_language(language: str) -> None:
    if language not in ("zh", "en"):
        raise InputError(f"A report is written in zh or en, not in {language!r}.")


def report(
    scored: str | Path | Iterable[Any] | Any,
    *,
    outcome: str | Mapping[str, Any] | Outcome | None = None,
    by: str | Sequence[str] | None = (),
    date: str | None = None,
    compare: Any = None,
    labels: str | Path | Iterable[Mapping[str, Any]] | None = None,
    text: str | Sequence[str] | None = (),
    id: str | None = None,  # noqa: A002 - the role's name everywhere
    taxonomy: str | os.PathLike[str] | Taxonomy | None = None,
    accuracy: Mapping[str, Mapping[str, float]] | None = None,
    title: str | None = None,
    layers: bool = True,
    target: float | None = None,
    bootstrap: int = 2000,
    seed: int = 20240501,
) -> Report:
    """Make the report of scored rows.

    :param scored: A scored file (csv, tsv, xlsx, jsonl, parquet), an iterable of `Analysis`, or a
        pandas data frame with the columns that scoring adds. Roles that are not named here are
        taken from ``FILE.summary.json`` beside the file, else found in the columns.
    :param outcome: The score that the customer gave: a column, or a mapping with column, kind,
        minimum, maximum and high_is_good.
    :param by: Segment columns; one that is named twice counts once.
    :param date: The date column.
    :param compare: Scored rows of an earlier period, in any of the forms of `scored`.
    :param labels: A random sample of these rows labelled by the user; corrects the shares.
    :param text: The text column(s) of a wide format.
    :param id: The column that names the customer or the order.
    :param taxonomy: The taxonomy the rows were scored with, or its file; the default one when left
        out.
    :param accuracy: F1 of the model by topic and language: ``{"price": {"zh": 0.71}}``.
    :param title: Heading of the page.
    :param layers: Whether to show the material, spiritual and social layers.
    :param target: Performance (0-100) that cuts the priority matrix; else the mean.
    :param bootstrap: Number of resamples behind the intervals of importance.
    :param seed: Seed of every random choice.
    :raises InputError: The rows cannot be read or were not scored, an argument is none of what it
        may be, or a third of the answers are not on the scale that was declared for them.
    :raises TaxonomyError: The taxonomy's file cannot be read or contradicts itself.
    :raises ColumnError: A named column does not exist, or the text is to divide the customers.
    :raises LabelError: The labels are no random sample of these rows.
    """
    asked = _Wishes(
        outcome=outcome_of(outcome),
        by=columns_of("by", by),
        date=column_of("date", date),
        text=columns_of("text", text),
        id=column_of("id", id),
        seed=count_of("seed", seed, 0),
    )
    options = Options(
        title=title_of(title),
        layers=flag_of("layers", layers),
        target=points_of("target", target),
        bootstrap=count_of("bootstrap", bootstrap, 1),
        seed=asked.seed,
        accuracy=accuracy_of(accuracy),
    )
    table, summary, source = _load(scored, asked, taxonomy_of(taxonomy), keep=True)
    previous = None
    if compare is not None:
        previous, _, source["compare"] = _load(compare, asked, table.taxonomy, keep=False)
    options = replace(
        options,
        accuracy=options.accuracy or dict(summary.get("accuracy") or {}),
        rates=shipped_rates(table.model) if table.model else {},
    )
    sample = None if labels is None else read_labels(labels, table)
    study = Study(table, options, previous, sample, summary, source)
    with _one_thread():
        blocks = build_blocks(study)
    return Report(
        blocks,
        source | {"title": title or _heading(source["name"])},
        remarks(table, source, asked.by, asked.date),
    )


def _one_thread() -> AbstractContextManager[Any]:
    """Keep linear algebra to one thread: the threads of OpenBLAS wait for one another by spinning.

    The matrices here are many and small. On a machine with other work they cost four times the
    processor time with two threads that they cost with one, and are ready no sooner on an idle one.
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    limits: AbstractContextManager[Any] = threadpool_limits(limits=1, user_api="blas")
    return limits


@dataclass(frozen=True)
class _Wishes:
    """The caller's choice of columns."""

    outcome: str | Outcome | None
    by: tuple[str, ...]
    date: str | None
    text: tuple[str, ...]
    id: str | None
    seed: int

    @property
    def declares_scale(self) -> bool:
        """Whether the caller said what the outcome is, and not only where it stands."""
        return isinstance(self.outcome, Outcome)


def _load(
    scored: Any, wishes: _Wishes, taxonomy: Taxonomy | None, *, keep: bool
) -> tuple[ScoredTable, Mapping[str, Any], dict[str, Any]]:
    path = Path(scored) if isinstance(scored, (str, Path)) else None
    summary = summary_of(path) if path else {}
    declared = Roles.from_dict(summary["roles"]) if "roles" in summary else None
    text = wishes.text or (declared.text if declared else ())
    source = open_source(scored, text)
    roles = _roles(source, declared, wishes, str(path or _ROWS))
    if roles.text != text and not source.own_text:
        source = open_source(scored, roles.text)
    if taxonomy is None and isinstance(summary.get("taxonomy"), Mapping):
        taxonomy = Taxonomy.from_dict(summary["taxonomy"])
    collector = Collector(
        taxonomy or Taxonomy.default(),
        measure=roles.outcome,
        others=roles.other_outcomes,
        by=roles.segments,
        date=roles.date,
        id=roles.id,
        seed=wishes.seed,
        keep=keep,
    )
    wanted = [
        *(scale.column for scale in (roles.outcome, *roles.other_outcomes) if scale),
        *roles.segments,
        *(name for name in (roles.date, roles.id) if name),
    ]
    for batch in source.batches(list(dict.fromkeys(wanted)), collector.drivers, collector.tags):
        collector.add(batch)
    table = collector.table(model=str(summary.get("model") or source.model))
    if keep and wishes.declares_scale:
        _refuse_other_scale(table, str(path or _ROWS))
    origin: dict[str, Any] = {
        "name": path.name if path else "",
        "sha256": _digest(path) if path else None,
        "rows": table.n,
        "model": table.model or None,
        "taxonomy": table.taxonomy.version,
        "seed": wishes.seed,
        "roles": {
            "outcome": roles.outcome.column if roles.outcome else None,
            "kind": roles.outcome.kind if roles.outcome else None,
            "date": roles.date,
            "by": list(roles.segments),
            "id": roles.id,
        },
    }
    return table, summary, origin


def _roles(source: Source, declared: Roles | None, wishes: _Wishes, where: str) -> Roles:
    """Return the roles: the caller's wishes first, then the summary's, then what is found."""
    known = list(source.columns)
    for wish in (*wishes.by, *wishes.text, *filter(None, (wishes.date, wishes.id))):
        _check(wish, known, where)
    name = wishes.outcome if isinstance(wishes.outcome, str) else None
    if name is not None:
        _check(name, known, where)
    wanted = wishes.outcome if isinstance(wishes.outcome, Outcome) else None
    if wanted is not None:
        _check(wanted.column, known, where)
    listed = [o for o in (declared.outcome, *declared.other_outcomes) if o] if declared else []
    if wanted is None and name is not None:
        wanted = next((outcome for outcome in listed if outcome.column == name), None)
    roles = declared
    if roles is None or (name is not None and wanted is None):
        roles = _found(source, declared, wishes, name, where)
        wanted = wanted or roles.outcome
    every = [o for o in (roles.outcome, *roles.other_outcomes) if o]
    chosen = _worded_as(wanted, every) if wanted else roles.outcome
    refuse_text_as_segment(wishes.by, roles.text, where)
    return Roles(
        text=wishes.text or roles.text,
        id=wishes.id or roles.id,
        date=wishes.date or roles.date,
        outcome=chosen,
        other_outcomes=tuple(o for o in every if chosen and o.column != chosen.column),
        segments=wishes.by or tuple(dict.fromkeys(roles.segments)),
    )


def _worded_as(declared: Outcome, found: Sequence[Outcome]) -> Outcome:
    """Return a declared scale with the words that its column was found to be answered in."""
    for one in found:
        if one.column == declared.column and one.maximum == declared.maximum and one.wording:
            return replace(declared, wording=declared.wording or one.wording)
    return declared


def _refuse_other_scale(table: ScoredTable, where: str) -> None:
    """Refuse a scale that most answers may be on, and yet is not theirs: the others would be lost.

    :raises InputError: More than a third of the answers are off it.
    """
    measure = table.measure
    off = off_scale(table)
    if measure is not None and off > OFF_SCALE_SHARE * table.given.get(measure.column, 0):
        raise InputError(
            f"{off:,} of {table.given[measure.column]:,} answers in column “{measure.column}” of "
            f"{where} are not on the scale {measure.minimum:g}-{measure.maximum:g}; name the scale "
            "that they are on"
        )


def _found(
    source: Source, declared: Roles | None, wishes: _Wishes, outcome: str | None, where: str
) -> Roles:
    text = wishes.text or (declared.text if declared else ())
    if not source.columns and not source.own_text:
        raise ColumnError(f"{where} has no columns but those that scoring added; keep the text too")
    sample = source.sample()
    option = 'text="COLUMN"' if where == _ROWS else "--text"
    try:
        return find_roles(
            source.columns, sample, text=text, outcome=outcome, where=where, text_option=option
        )
    except ColumnError:
        if text or not source.own_text:
            raise
        # The rows hold their text themselves: none of the columns has to be it.
        spare = "\0text"
        found = find_roles(
            [spare, *source.columns], sample, text=(spare,), outcome=outcome, where=where
        )
        return replace(found, text=())


def _check(name: str, columns: Sequence[str], where: str) -> None:
    if name not in columns:
        listed = ", ".join(f"“{column}”" for column in columns) or "none"
        raise ColumnError(f"{where} has no column {name!r}; it has: {listed}.")


def _heading(name: str) -> str:
    """Return what the data are called: "shop" for "shop.scored.csv"."""
    return Path(name).stem.removesuffix(".scored")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(path: Path, data: bytes) -> None:
    """Write the whole file or nothing."""
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        # A temporary file is private; a report is made like any other file.
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        os.replace(temporary, path)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror or error}).") from error
