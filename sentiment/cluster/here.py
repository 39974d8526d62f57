"""The same job without a cluster: the folder's files one after the other, each a local job."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import cache
from pathlib import Path

from sentiment.cluster.folder import FolderSummary, check_places, folder_inputs
from sentiment.cluster.storage import as_output, open_here
from sentiment.cluster.survey import first_table
from sentiment.errors import ModelError, UserError
from sentiment.job.destination import writing
from sentiment.job.options import JobOptions, Summary
from sentiment.job.run import Interrupted, score
from sentiment.job.scoring import Analyzes, Loader, load_analyzer, loader_for
from sentiment.job.watch import Silent, Watcher
from sentiment.tables import Table
from sentiment.tables.parquet import ParquetSource

__all__ = ["score_folder_here"]


def score_folder_here(
    source: str,
    output: str,
    options: JobOptions | None = None,
    *,
    watcher: Watcher | None = None,
    load: Loader = load_analyzer,
) -> FolderSummary:
    """Score every Parquet file of a folder of this machine, as `score_folder` does with Ray.

    :raises UserError: The folder, the model or a column is not as it must be.
    :raises WorkerError: A worker process was ended; what was done until then is kept.
    """
    started = time.monotonic()
    options, watcher = options or JobOptions(), watcher or Silent()
    given = open_here(source)
    with as_output():
        out = open_here(output)
    folder, names = folder_inputs(given, watcher)
    check_places(given, folder, out, names, options)
    table = first_table(folder, names, options.read)
    load = _Once(loader_for(options, load))
    watcher.opened(table)
    options = replace(options, read=replace(options.read, roles=table.roles))
    finished: list[Summary] = []
    empty: list[str] = []
    failed: dict[str, UserError] = {}
    for name in names:
        path, target = folder.shown(name), out.shown(name)
        try:
            if not ParquetSource(path).count:
                empty.append(name)
                continue
            with writing(Path(target)):
                Path(target).parent.mkdir(parents=True, exist_ok=True)
            one = _OneFile(watcher, (path, target), finished)
            finished.append(score(path, target, options, one, load))
        except Interrupted as stop:
            raise Interrupted(stop.rows + sum(done.rows for done in finished)) from None
        except ModelError:  # as it would be with every other file
            raise
        except UserError as error:
            failed[name] = error
    if empty:
        watcher.say("folder_empty_files", files=len(empty))
    return FolderSummary.of(
        finished,
        paths=(folder.name, out.name),
        work=load(options.model, "cpu"),  # as `score` does, to name it
        roles=table.roles,
        options=options,
        seconds=time.monotonic() - started,
        empty=empty,
        failed=failed,
    )


class _Once:
    """Loads a model once in a job, for however many files; the next job may find another there.

    A worker process, for which it is pickled, has to load it anew.
    """

    def __init__(self, load: Loader) -> None:
        self._load = load
        self._loaded = cache(load)

    def __call__(self, model: str | None, device: str) -> Analyzes:
        return self._loaded(model, device)

    def __reduce__(self) -> tuple[type[_Once], tuple[Loader]]:
        return _Once, (self._load,)


class _OneFile:
    """A watcher of one file among many, which is named before anything is said of it."""

    def __init__(self, watcher: Watcher, paths: tuple[str, str], before: list[Summary]) -> None:
        self._watcher = watcher
        self._paths: tuple[str, str] | None = paths
        self._rows = sum(one.rows for one in before)
        self._scored = sum(map(_new_rows, before))

    def say(self, key: str, /, **fields: object) -> None:
        """Pass it on."""
        if self._paths is not None:
            source, output = self._paths
            self._watcher.say("next_input", source=source, output=output)
            self._paths = None
        self._watcher.say(key, **fields)

    def opened(self, table: Table) -> None:
        """Keep it: the roles are those of the folder, which was told of."""

    def advance(self, rows: int, scored: int, total: int | None) -> None:
        """Add what was done before."""
        self._watcher.advance(self._rows + rows, self._scored + scored, None)


def _new_rows(summary: Summary) -> int:
    return 0 if summary.finished_before else summary.rows - summary.reused
