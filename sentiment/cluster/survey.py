"""What is there before anything is scored: the folder's files and roles, and how far each file is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sentiment.cluster.kept import Kept, Note
from sentiment.cluster.spans import File, Span
from sentiment.cluster.storage import Storage, as_output
from sentiment.cluster.work import Failed, Work
from sentiment.errors import InputError, OutputError, UserError
from sentiment.job.destination import recognised
from sentiment.job.identity import JobKey, job_key
from sentiment.job.options import JobOptions, Summary
from sentiment.tables import ReadOptions, Roles, Table, format_of
from sentiment.tables.parquet import ParquetSource

__all__ = ["Empty", "Surveyed", "first_table", "survey"]


@dataclass(frozen=True, slots=True)
class Empty:
    """A file without a row."""

    name: str


@dataclass(frozen=True, slots=True)
class Surveyed:
    """A file with rows, and what an earlier run did with it."""

    file: File
    finished: Summary | None = None
    """Of the output, which is this very job's."""
    kept: Mapping[int, Note] = field(default_factory=dict)
    """Notes of the spans that need not be scored again."""
    changed: tuple[str, ...] = ()
    """What is no longer as it was when the earlier run began this file: "input", "options" ..."""
    restarted: bool = False
    """Whether there was progress and it was dropped because the user asked for that."""

    @property
    def left(self) -> tuple[Span, ...]:
        """The spans to be scored."""
        if self.finished is not None:
            return ()
        return tuple(span for span in self.file.spans if span.index not in self.kept)


def first_table(source: Storage, names: Sequence[str], read: ReadOptions) -> Table:
    """Return the first file that has rows, with its roles, which are those of the whole folder.

    :raises InputError: No file has any.
    :raises ColumnError: A role has no column in it, or two that could equally be it.
    """
    unreadable: UserError | None = None
    for name in names:
        shown = source.shown(name)
        try:
            opened = ParquetSource(shown, lambda name=name: source.open(name))  # type: ignore[misc]
        except InputError as error:
            unreadable = unreadable or error
            continue
        if opened.count:
            return Table(shown, opened, read)
    if unreadable is not None:
        raise unreadable
    raise InputError(f"{source.name} holds no data row; choose a folder with feedback in it")


def survey(work: Work, roles: Roles, name: str, span_rows: int) -> Surveyed | Empty | Failed:
    """Find out how far a file is, and make ready to score what is left of it."""
    try:
        return _survey(work, roles, name, span_rows)
    except UserError as error:
        return Failed(name, error)


def _survey(work: Work, roles: Roles, name: str, span_rows: int) -> Surveyed | Empty:
    opened = work.opened(name)
    if not opened.count:
        return Empty(name)
    own_roles = roles.within(opened.columns, work.source.shown(name))
    key = job_key(
        input=work.source.identity(name),
        format=format_of(name),
        encoding=None,
        source=("parquet", None, None, None),
        roles=own_roles,
        model=(work.model_name, work.model_digest),
        taxonomy=work.taxonomy if work.options.taxonomy else None,
    )
    file = File(name, opened.columns, opened.count, own_roles, key.to_dict(), span_rows)
    with as_output():
        finished = None if work.options.restart else _finished(work.output, name, key)
        if finished is not None:
            return Surveyed(file, finished)
        return _take_up(work.output, file, key, work.options)


def _take_up(output: Storage, file: File, key: JobKey, options: JobOptions) -> Surveyed:
    """Go on from what is kept, or begin anew and say why."""
    kept = Kept(output, file.name)
    saved = kept.saved_key()
    same = saved is not None and not key.differences(saved)
    if not same and not options.overwrite:
        _refuse_other(output, file.name, key)
    if same and not options.restart:
        return Surveyed(file, kept=kept.notes(file))
    if not file.is_small:
        kept.begin(file)
    elif saved is not None:
        kept.forget()
    if saved is None:
        return Surveyed(file)
    return Surveyed(file, changed=key.differences(saved), restarted=options.restart)


def _finished(output: Storage, name: str, key: JobKey) -> Summary | None:
    content = output.read(f"{name}.summary.json")
    if content is None or output.stat(name) is None:
        return None
    there = output.identity(name)
    del there["changed"]  # it may have been copied
    return recognised(content, there, key)


def _refuse_other(output: Storage, name: str, key: JobKey) -> None:
    if output.stat(name) is None or _finished(output, name, key) is not None:
        return
    raise OutputError(
        f"{output.shown(name)} exists and is not the finished output of this input, options and "
        "model; add --overwrite to replace it, or choose another name"
    )
