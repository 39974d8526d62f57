"""A folder to be scored into another: which files, what is refused, and what came of it all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sentiment.cluster.storage import Storage
from sentiment.errors import InputError, OutputError, UserError
from sentiment.job.options import JobOptions, Summary
from sentiment.job.tally import Tally
from sentiment.job.watch import Watcher
from sentiment.tables import Roles
from sentiment.taxonomy import Taxonomy

__all__ = ["Described", "FolderSummary", "check_places", "folder_inputs"]

_SUFFIXES = (".parquet", ".pq")


class Described(Protocol):
    """A model as far as a summary speaks of it."""

    @property
    def model_name(self) -> str:
        """Name and version."""

    @property
    def taxonomy(self) -> Taxonomy:
        """The topics and drivers it finds."""

    @property
    def accuracy(self) -> Mapping[str, Mapping[str, float]]:
        """F1 of its topics by language."""


@dataclass(frozen=True, slots=True)
class FolderSummary:
    """What a job on a folder did."""

    total: Summary
    """The counts of all files together."""
    files: int
    """Files whose output is there."""
    finished_before: int
    """Those of them that there was nothing to do for."""
    empty: tuple[str, ...]
    """Files without a row, for which nothing is written."""
    failed: Mapping[str, UserError]
    """What is wrong with the others, by name."""

    @classmethod
    def of(
        cls,
        finished: Sequence[Summary],
        *,
        paths: tuple[str, str],
        work: Described,
        roles: Roles,
        options: JobOptions,
        seconds: float,
        empty: Sequence[str],
        failed: Mapping[str, UserError],
    ) -> FolderSummary:
        """Add up the summaries of the finished files.

        :param paths: Of the input and the output folder.
        """
        tally = Tally()
        for one in finished:
            tally.add(one.tally)
        before = sum(one.finished_before for one in finished)
        total = Summary(
            input={"path": paths[0], "format": "parquet"},
            output={"path": paths[1], "format": "parquet"},
            roles=roles.to_dict(),
            model=work.model_name,
            taxonomy=work.taxonomy.to_dict(),
            accuracy=work.accuracy,
            options=options.of_model,
            tally=tally,
            rejects=None,
            seconds=seconds,
            reused=sum(one.rows if one.finished_before else one.reused for one in finished),
            finished_before=before == len(finished),
        )
        return cls(total, len(finished), before, tuple(empty), dict(failed))


def folder_inputs(given: Storage, watcher: Watcher) -> tuple[Storage, list[str]]:
    """Return the input folder and the names of its Parquet files.

    :raises InputError: There is no such folder, or no Parquet file in it.
    """
    kind = given.kind()
    if kind == "file":
        folder, name = given.parent()
        return folder, [name]
    names, others = _parquet_files(given) if kind else ([], 0)
    if kind is None:
        raise InputError(f"there is no folder {given.name}; check the name")
    if not names:
        raise InputError(
            f"there is no Parquet file in {given.name}; of other formats name the files, as in "
            "'exports/*.csv'"
        )
    if others:
        watcher.say("folder_other_files", files=others)
    return given, names


def check_places(
    given: Storage, source: Storage, output: Storage, names: Sequence[str], options: JobOptions
) -> None:
    """Refuse what cannot go well before anything is read.

    :param given: What the user named: the input folder, or one file in it.
    :raises OutputError: The output is a file, or within the input, or would replace an input.
    """
    if options.encoding is not None:
        raise OutputError(
            f"{output.name} takes no --encoding: only CSV and TSV can be written in another one"
        )
    if output.kind() == "file":
        raise OutputError(f"{output.name} is a file; name a folder for the outputs")
    same = source.filesystem.equals(output.filesystem)
    above = source.root.rstrip("/") + "/"
    # Beside a file that was named, an output folder is in nobody's way.
    if same and given == source and (output.root.rstrip("/") + "/").startswith(above):
        raise OutputError(
            f"{output.name} is in the folder that is to be scored; name one outside of it"
        )
    taken = {f"{above}{name}" for name in names}
    clash = next((n for n in names if f"{output.root.rstrip('/')}/{n}" in taken), None)
    if same and clash is not None:
        raise OutputError(
            f"{output.shown(clash)} is one of the inputs; name another folder for the outputs"
        )


def _parquet_files(source: Storage) -> tuple[list[str], int]:
    """Return the Parquet files beneath a folder by name, and how many others there are.

    What begins with "_" or "." is nobody's data (`_SUCCESS`, `.crc`), nor are folders called so.
    """
    names = [
        name
        for name in source.names()
        if not any(piece.startswith(("_", ".")) for piece in name.split("/"))
    ]
    found = [name for name in names if name.casefold().endswith(_SUFFIXES)]
    return found, len(names) - len(found)
