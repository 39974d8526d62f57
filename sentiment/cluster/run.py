"""A folder of Parquet files scored by a cluster: the same rows as the local job makes, file by file."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from sentiment.cluster.engine import Engine
from sentiment.cluster.folder import FolderSummary, check_places, folder_inputs
from sentiment.cluster.spans import SPAN_ROWS, bundles
from sentiment.cluster.storage import OWN, Storage, open_storage
from sentiment.cluster.survey import Empty, Surveyed, first_table, survey
from sentiment.cluster.work import Failed, Finished, Result, Scored, Work, put_together
from sentiment.errors import ModelError, OutputError, UserError
from sentiment.job.lock import Lock
from sentiment.job.options import JobOptions, Summary
from sentiment.job.run import Interrupted
from sentiment.job.scoring import Loader, load_analyzer, loader_for
from sentiment.job.tally import Tally
from sentiment.job.watch import Silent, Watcher
from sentiment.tables import Roles

__all__ = ["score_folder"]


_READERS = 32  # files surveyed at a time: waiting for an answer is all that there is to it


def score_folder(
    source: str,
    output: str,
    options: JobOptions | None = None,
    *,
    address: str | None = None,
    watcher: Watcher | None = None,
    load: Loader = load_analyzer,
    span_rows: int = SPAN_ROWS,
) -> FolderSummary:
    """Score every Parquet file of a folder into a folder with the same names, on Ray.

    An output has the bytes that `job.score` gives, its summary beside it. A finished file is
    recognised as there; of an unfinished one every finished span is kept in OUT/.sentiment.

    :param source: A folder or a Parquet file, of this machine or at an address that pyarrow knows.
    :param output: A folder, likewise.
    :param address: Of a Ray cluster; see `Engine`.
    :param load: As for `job.score`; the workers must be able to import it.
    :param span_rows: Rows that one worker scores at a time; a multiple of `job.PART_ROWS`.
    :raises UserError: The folder, the model, the cluster or a column is not as it must be.
    :raises WorkerError: Some rows cannot be scored without a worker dying.
    """
    started = time.monotonic()
    options, watcher = options or JobOptions(), watcher or Silent()
    given, out = open_storage(source), open_storage(output)
    folder, names = folder_inputs(given, watcher)
    check_places(given, folder, out, names, options)
    table = first_table(folder, names, options.read)
    load = loader_for(options, load)
    # What a model is called is the same on every device, and this machine may have no other.
    analyzer = load(options.model, "cpu")
    work = Work(
        source=folder,
        output=out,
        options=options,
        model_name=analyzer.model_name,
        model_digest=analyzer.model_digest,
        taxonomy=analyzer.taxonomy,
        accuracy=analyzer.accuracy,
        load=load,
    )
    use_gpu = options.device == "cuda" or (options.device == "auto" and analyzer.can_use_gpu)
    del analyzer
    with _locked(out):
        watcher.opened(table)
        job = _Job(work, table.roles, watcher, span_rows, use_gpu)
        job.survey(names)
        with job.telling_what_is_kept():
            job.run(address)
        if not job.failed:  # of files that are no longer in the folder something may be left
            out.remove(f"{OWN}/files")
    return job.summary(time.monotonic() - started)


@dataclass(slots=True)
class _Progress:
    """How far one file is."""

    surveyed: Surveyed
    tally: Tally = field(default_factory=Tally)
    done: set[int] = field(default_factory=set)
    reused: int = 0
    started: float = field(default_factory=time.time)

    @property
    def is_scored(self) -> bool:
        return len(self.done) == len(self.surveyed.file.spans)


class _Job:
    """The job while it runs: what was found, what is done."""

    def __init__(
        self,
        work: Work,
        roles: Roles,
        watcher: Watcher,
        span_rows: int,
        use_gpu: bool,
    ) -> None:
        self._work = work
        self._roles = roles
        self._watcher = watcher
        self._span_rows = span_rows
        self._use_gpu = use_gpu
        self._files: dict[str, _Progress] = {}
        self._finished: dict[str, Summary] = {}
        self._empty: list[str] = []
        self.failed: dict[str, UserError] = {}
        self._reused = self._scored = self._total = 0

    def survey(self, names: Sequence[str]) -> None:
        """Find out how far every file is."""
        with ThreadPoolExecutor(_READERS) as threads:
            for found in threads.map(self._survey, names):
                if isinstance(found, Empty):
                    self._empty.append(found.name)
                elif isinstance(found, Failed):
                    self._fail(found)
                else:
                    self._take(found)
        if self._empty:
            self._watcher.say("folder_empty_files", files=len(self._empty))
        if self._reused:
            self._watcher.say("resumed", rows=self._reused)

    def run(self, address: str | None) -> None:
        """Score what is left and put the files together."""
        if not self._files:
            return
        left = [span for one in self._files.values() for span in one.surveyed.left]
        with Engine(address, self._work.options.workers) as engine:
            if self._work.options.device == "cuda" and not engine.gpus:
                raise UserError(
                    "--device cuda needs a GPU, and there is none in the Ray cluster; "
                    "add one, or leave --device out"
                )
            self._watcher.say(
                "cluster",
                files=len(self._files),
                rows=self._total - self._reused,
                workers=engine.workers,
                nodes=engine.nodes,
                gpus=engine.gpus,
            )
            self._advance()
            for progress in self._files.values():
                self._put_together(engine, progress)
            handed = list(bundles(left, engine.workers))
            for scored in engine.score(self._work, handed, self._use_gpu) if left else ():
                self._hear(engine, scored)
                for finished in engine.ended(wait=False):
                    self._hear(engine, finished)
                self._advance()
            for finished in engine.ended(wait=True):
                self._hear(engine, finished)

    def summary(self, seconds: float) -> FolderSummary:
        """Return the counts of all finished files together."""
        work = self._work
        return FolderSummary.of(
            list(self._finished.values()),
            paths=(work.source.name, work.output.name),
            work=work,
            roles=self._roles,
            options=work.options,
            seconds=seconds,
            empty=self._empty,
            failed=self.failed,
        )

    @contextmanager
    def telling_what_is_kept(self) -> Iterator[None]:
        """Have whoever stops the job with Ctrl-C told how much of it is kept."""
        try:
            yield
        except KeyboardInterrupt:
            raise Interrupted(self._reused + self._scored) from None

    def _survey(self, name: str) -> Surveyed | Empty | Failed:
        return survey(self._work, self._roles, name, self._span_rows)

    def _take(self, found: Surveyed) -> None:
        name = found.file.name
        if found.finished is not None:
            self._finished[name] = found.finished
            return
        shown = self._work.source.shown(name)
        if found.restarted:
            self._watcher.say("file_restarted", path=shown)
        elif found.changed:
            self._watcher.say("file_changed", path=shown, what=found.changed)
        progress = self._files[name] = _Progress(found)
        for index, note in found.kept.items():
            progress.done.add(index)
            progress.tally.add(note.tally)
        progress.reused = sum(progress.tally.rows.values())
        self._reused += progress.reused
        self._total += found.file.rows

    def _hear(self, engine: Engine, result: Result) -> None:
        if isinstance(result, Failed):
            self._fail(result)
        elif isinstance(result, Finished):
            self._scored += result.rows
            self._finished[result.name] = result.summary
        elif isinstance(result, Scored):
            progress = self._files[result.name]
            if result.index in progress.done:
                return
            progress.done.add(result.index)
            progress.tally.add(result.tally)
            progress.started = min(progress.started, result.started)
            self._scored += sum(result.tally.rows.values())
            self._put_together(engine, progress)

    def _put_together(self, engine: Engine, progress: _Progress) -> None:
        file = progress.surveyed.file
        if progress.is_scored and file.name not in self.failed:
            engine.begin(
                put_together, self._work, file, progress.tally, progress.started, progress.reused
            )

    def _fail(self, result: Failed) -> None:
        if isinstance(result.error, ModelError):  # as it would in every other file
            raise result.error
        self.failed.setdefault(result.name, result.error)

    def _advance(self) -> None:
        self._watcher.advance(self._reused + self._scored, self._scored, self._total)


@contextmanager
def _locked(output: Storage) -> Iterator[None]:
    """Hold the output folder for this job, where it is on this machine."""
    folder = output.local(OWN)
    if folder is None:
        yield
        if not output.names(f"{OWN}/files"):
            output.remove(OWN)
        return
    with ExitStack() as stack:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = stack.enter_context(Lock(folder / "lock", Path(output.name)))
        except OutputError:
            raise
        except OSError as error:
            raise OutputError(
                f"{output.name} cannot be written ({error.strerror or error})"
            ) from error
        stack.callback(_leave, output, folder, lock)
        yield


def _leave(output: Storage, folder: Path, lock: Lock) -> None:
    """Leave the job's own folder with the progress in it, or no folder where there is none."""
    output.remove(f"{OWN}/scratch")
    if not output.names(f"{OWN}/files"):
        output.remove(f"{OWN}/files")
        lock.remove()
        with suppress(OSError):  # the next job may have its lock in there already
            folder.rmdir()
