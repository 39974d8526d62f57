"""A scoring job: any file, any size, any interruption."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO

from sentiment.children import BYTES_OF_A_WORKER, cores
from sentiment.cycles import seldom_searched
from sentiment.errors import InputError, ModelError, OutputError, UserError
from sentiment.job.chunks import PARTS_PER_CHUNK, Part, cut
from sentiment.job.destination import (
    check_place,
    finished,
    output_identity,
    refuse_other,
    rejects_path,
    summary_path,
    write_summary,
    writing,
)
from sentiment.job.estimate import estimate_rows
from sentiment.job.identity import JobKey, file_identity, job_key
from sentiment.job.lock import Lock
from sentiment.job.options import JobOptions, Summary
from sentiment.job.pool import Pool, WorkerError, in_order
from sentiment.job.scoring import (
    Analyzes,
    Loader,
    Outcome,
    Scorer,
    Setup,
    load_analyzer,
    loader_for,
)
from sentiment.job.store import Store
from sentiment.job.tally import Tally
from sentiment.job.watch import Silent, Watcher
from sentiment.model.bundle import architecture
from sentiment.model.runtime import gpus as count_gpus
from sentiment.model.runtime import one_thread, pick_device
from sentiment.records import Feedback
from sentiment.tables import Reject, SourceRow, Table, check_capacity, format_of, open_table

__all__ = ["Interrupted", "score"]

# Parts from which on a GPU pays: until it is ready, the cores have scored as many.
_BEFORE_GPU = 6 * PARTS_PER_CHUNK
_WORKERS_OF_A_GPU = 16
# So many workers at most start before the file is known: pictures in a workbook are bytes, too. More
# start once there is work for them.
_EARLY = 4
# CSV gets a byte order mark so that Excel opens it; the others' format settles it.
_ENCODING = {"csv": "utf-8-sig", "tsv": "utf-8-sig", "jsonl": "utf-8"}


class Interrupted(KeyboardInterrupt):
    """Ctrl-C in the middle of a job; `rows` of it are kept."""

    def __init__(self, rows: int) -> None:
        super().__init__()
        self.rows = rows


def score(
    source: str | Path,
    output: str | Path,
    options: JobOptions | None = None,
    watcher: Watcher | None = None,
    load: Loader = load_analyzer,
) -> Summary:
    """Score every row of a table into another one, at constant memory.

    Progress is kept in ``OUT.partial/`` and the output appears under its name only when complete. A
    process that was killed is followed by the same call: it goes on where the other stopped and
    makes byte for byte the same file.

    :param source: A CSV, TSV, XLSX, JSON lines or Parquet file, or "-" for stdin.
    :param output: A file whose suffix names the format, or "-" for JSON lines on stdout.
    :param watcher: Is told what is found and how far the job is.
    :param load: Gives the analyzer; a function at the top of a module, for worker processes load
        theirs with it too.
    :raises UserError: The input, a column, the model or the output is not as it must be.
    :raises WorkerError: A worker process was ended; what was done until then is kept.
    """
    started = time.monotonic()
    options, watcher = options or JobOptions(), watcher or Silent()
    kind = format_of(output)
    if str(output) != "-":
        check_place(Path(output), source, options.encoding, kind)
    is_usual, load = load is load_analyzer, loader_for(options, load)
    with ExitStack() as stack:
        pool = _early(source, output, options, load) if is_usual else None
        if pool:
            stack.enter_context(pool)
        table = open_table(source, options.read)
        with one_thread() if pool else nullcontext():
            # What a model is called is the same everywhere, and a GPU is not for this process.
            analyzer = load(options.model, "cpu")
        on_gpu = analyzer.can_use_gpu and pick_device(options.device) == "cuda"
        gpus = count_gpus() if on_gpu else 0
        job = _Job(
            source, output, options, watcher, load, kind, table, analyzer, gpus, pool, started
        )
        if str(output) == "-":
            return job.to_stdout(sys.stdout.buffer)
        return job.to_file(Path(output))


def _early(
    source: str | Path, output: str | Path, options: JobOptions, load: Loader
) -> Pool | None:
    """Return workers besides this process where the size of the file alone says that they pay."""
    if str(source) == "-" or options.device == "cuda":
        return None
    try:
        kind = architecture(options.model)
        if not kind or _is_there(output, options):
            return None
        pays = 1 + min(os.stat(source).st_size // BYTES_OF_A_WORKER, _EARLY)
    except (OSError, ValueError):  # what is wrong with a file is told by who reads it
        return None
    processes = min(cores(), pays) if options.workers is None else options.workers
    if processes < 2 or (kind != "lite" and options.device == "auto" and count_gpus()):
        return None
    return Pool(partial(load, options.model, "cpu"), processes - 1, needed=False)


def _is_there(output: str | Path, options: JobOptions) -> bool:
    return not (options.overwrite or options.restart) and os.path.exists(output)


@dataclass(frozen=True, slots=True)
class _Job:
    source: str | Path
    output: str | Path
    options: JobOptions
    watcher: Watcher
    load: Loader
    kind: str
    table: Table
    analyzer: Analyzes
    gpus: int
    early: Pool | None
    started: float

    def to_stdout(self, out: BinaryIO) -> Summary:
        """Score straight through; nothing is kept, and nothing can be resumed."""
        self.watcher.opened(self.table)
        tally = Tally()
        for part, outcome in self._score(cut(self._records())):
            out.write(outcome.payload)
            out.flush()
            tally.add(outcome.tally)
            self._tell_rejects(part.rejects)
            self.watcher.advance(sum(tally.rows.values()), sum(tally.rows.values()), None)
        return self._summary(tally)

    def to_file(self, out: Path) -> Summary:
        """Score into a file, going on from an earlier run where there was one."""
        key = self._key()
        folder = out.with_name(out.name + ".partial")
        own = self._finished_before(out, key)
        if own is not None and not self.options.restart and not folder.exists():
            self.watcher.opened(self.table)
            return own
        if own is None and not self.options.overwrite:
            refuse_other(out, folder, key)
        with ExitStack() as stack:
            with writing(out):
                folder.mkdir(exist_ok=True)
                lock = stack.enter_context(Lock(folder / "lock", out))
            # Told only now: what is refused is refused in one sentence.
            self.watcher.opened(self.table)
            store = Store(folder)
            stack.callback(_leave, store, lock, keep=not self._from_stdin)
            # Who held the lock a moment ago, or was killed at the very end, may have done this job.
            own = self._finished_before(out, key)
            if own is not None and not self.options.restart:
                if not key.differences(store.saved_key() or {}):
                    store.remove()
                return own
            self._take_up(store, key)
            stack.enter_context(self._telling_what_is_kept(store))
            stack.enter_context(seldom_searched())
            tally, reused = self._fill(store, out)
            with writing(out):
                self._assemble(store, out)
                summary = self._summary(tally)
                summary = replace(
                    summary,
                    reused=reused,
                    rejects=str(rejects_path(out)) if tally.rows["rejected"] else None,
                    key=key.to_dict(),
                    output={**summary.output, **output_identity(out)},
                )
                write_summary(out, summary)
                store.remove()
        return summary

    def _records(self) -> Iterator[SourceRow | Reject]:
        try:
            yield from self.table.rows()
        except UserError:
            raise
        except OSError as error:
            reason = error.strerror or error
            raise InputError(f"{self.source} cannot be read ({reason}); check the file") from error

    def _key(self) -> JobKey:
        table = self.table
        return job_key(
            input={} if self._from_stdin else file_identity(Path(self.source)),
            format=self.kind,
            encoding=self.options.encoding,
            source=(table.format, table.encoding, table.delimiter, table.sheet),
            roles=table.roles,
            model=(self.analyzer.model_name, self.analyzer.model_digest),
            taxonomy=self.analyzer.taxonomy if self.options.taxonomy else None,
        )

    @property
    def _from_stdin(self) -> bool:
        return str(self.source) == "-"

    def _finished_before(self, out: Path, key: JobKey) -> Summary | None:
        return None if self._from_stdin else finished(out, key)

    def _take_up(self, store: Store, key: JobKey) -> None:
        """Go on from the progress in the store, or start afresh and say why."""
        saved = store.saved_key()
        fresh = True
        if self._from_stdin:
            self.watcher.say("stdin_no_resume")
        elif saved is not None and self.options.restart:
            self.watcher.say("restarted")
        elif saved is not None and (changed := key.differences(saved)):
            self.watcher.say("changed", what=changed)
        else:
            fresh = saved is None
        with writing(Path(self.output)):
            if fresh:
                store.begin(key)
            else:
                store.resume()

    def _fill(self, store: Store, out: Path) -> tuple[Tally, int]:
        """Bring the store to hold every part; return the counts, and the rows not scored again."""
        tally = Tally()
        total = None if self._from_stdin else estimate_rows(Path(self.source), self.table.format)
        parts = cut(self._records())
        first_new: list[Part] = []
        kept = 0
        for part in parts:
            saved = store.digest(part.index)
            if saved != part.digest:
                if saved is not None:
                    self.watcher.say("changed_inside", row=_first_row(part))
                first_new = [part]
                break
            tally.add(store.tally(part.index))
            kept += 1
            self.watcher.advance(sum(tally.rows.values()), 0, total)
        with writing(out):
            store.forget_from(kept)
        reused = sum(tally.rows.values())
        if reused:
            self.watcher.say("resumed", rows=reused)
        elif self.kind == "xlsx":
            self._check_room()
        for part, outcome in self._score(chain(first_new, parts), kept):
            rejects = _reject_lines(part.rejects)
            with writing(out):
                store.record(part.digest, outcome.payload, rejects, outcome.tally)
            tally.add(outcome.tally)
            done = sum(tally.rows.values())
            self.watcher.advance(done, done - reused, total)
        return tally, reused

    def _check_room(self) -> None:
        """Refuse what a sheet cannot hold before hours go into scoring it."""
        if self._from_stdin:
            raise OutputError(
                f"how much stdin holds is not known beforehand, and {self.output} may not hold it; "
                "write .jsonl, .csv or .parquet instead"
            )
        check_capacity("xlsx", self.table)

    def _score(self, parts: Iterable[Part], kept: int = 0) -> Iterator[tuple[Part, Outcome]]:
        """Score parts in order.

        :param kept: Parts before them that an earlier run has scored: where it had a GPU, so has this.
        """
        parts = iter(parts)
        if self.early:
            setup = self._setup()
            self.early.begin(setup)
            jobs = (
                (part, _feedback(self.table, part)) for part in self._growing(parts, self.early)
            )
            yield from in_order(jobs, self.early, Scorer(setup, self.analyzer))
            return
        head, gpus = self._before(parts, kept)
        jobs = ((part, _feedback(self.table, part)) for part in chain(head, parts))
        with ExitStack() as stack:
            shared: list[dict[str, str]] = []
            workers = self.options.workers or _processes(len(head), gpus)
            if workers > 1:
                shared = self._shared(stack, min(gpus, workers))
                if gpus and not shared:
                    gpus, workers = 0, self.options.workers or cores()
            load = partial(self.load, self.options.model, "cuda" if gpus else "cpu")
            if workers == 1:
                scorer = Scorer(self._setup(), load() if gpus else self.analyzer)
                for part, feedback in jobs:
                    yield part, scorer(feedback, len(part.rejects))
                return
            pool = stack.enter_context(Pool(load, workers, shared))
            pool.begin(self._setup())
            yield from in_order(jobs, pool)

    def _growing(self, parts: Iterator[Part], pool: Pool) -> Iterator[Part]:
        """Pass parts on, and start the other workers when there are enough for them."""
        yield from islice(parts, PARTS_PER_CHUNK)
        for part in islice(parts, 1):
            pool.grow((self.options.workers or cores()) - 1)
            yield part
        yield from parts

    def _before(self, parts: Iterator[Part], kept: int) -> tuple[list[Part], int]:
        """Return the parts that are looked at before anything is decided, and the GPUs to use.

        One that nobody asked for is used where it pays; of stdin nobody knows.
        """
        asked = self.options.device == "cuda"
        gpus = self.gpus if asked or not self._from_stdin else 0
        if gpus and not (asked and self.options.workers):
            head = list(islice(parts, _BEFORE_GPU))
            return head, gpus if asked or kept + len(head) >= _BEFORE_GPU else 0
        return list(islice(parts, 0 if self.options.workers else PARTS_PER_CHUNK)), gpus

    def _shared(self, stack: ExitStack, gpus: int) -> list[dict[str, str]]:
        """Start the processes that own the GPUs; return where each answers, as an environment.

        None where that fails and nobody asked for GPUs.
        """
        if not gpus:
            return []
        from sentiment.model.shared import SharedGpu

        assert self.analyzer.path is not None  # or it could not run on a GPU
        owners = [stack.enter_context(SharedGpu(self.analyzer.path, at)) for at in range(gpus)]
        try:
            return [owner.ready() for owner in owners]
        except ModelError:
            if self.options.device == "cuda":
                raise
            return []

    @contextmanager
    def _telling_what_is_kept(self, store: Store) -> Iterator[None]:
        try:
            yield
        except KeyboardInterrupt:
            raise Interrupted(0 if self._from_stdin else store.rows()) from None
        except WorkerError as error:
            raise WorkerError(
                f"{error}{self._kept(store)} --workers 1 needs the least memory."
            ) from error
        except ModelError as error:  # such as that of a GPU that is there no more
            raise ModelError(f"{error}{self._kept(store)}") from error

    def _kept(self, store: Store) -> str:
        rows = 0 if self._from_stdin else store.rows()
        return (
            f" {rows:,} rows are done and kept; the same command goes on from there."
            if rows
            else ""
        )

    def _setup(self) -> Setup:
        return Setup(
            format=self.kind,
            # JSON lines need none, and to know every column may take a pass over the file.
            columns=() if self.kind == "jsonl" else tuple(self.table.columns),
            questions=len(self.table.roles.text) > 1,
            encoding=self.options.encoding,
            model_digest=self.analyzer.model_digest,
        )

    def _assemble(self, store: Store, out: Path) -> None:
        store.mark_complete()
        rejects = store.folder / "rejects.jsonl"
        with rejects.open("wb") as file:
            for path in store.rejects():
                file.write(path.read_bytes())
            size = file.tell()
        # Built beside and moved at the end: whatever is interrupted here is done again.
        whole = store.folder / "output"
        Scorer(self._setup(), self.analyzer).writer.assemble(store.parts(), whole)
        summary_path(out).unlink(missing_ok=True)
        if size:
            rejects.replace(rejects_path(out))
        else:
            rejects_path(out).unlink(missing_ok=True)
        whole.replace(out)

    def _tell_rejects(self, rejects: Sequence[Reject]) -> None:
        for reject in rejects:
            self.watcher.say("rejected", row=reject.row, reason=reject.reason)

    def _summary(self, tally: Tally) -> Summary:
        table = self.table
        return Summary(
            input={
                "path": str(self.source),
                "format": table.format,
                "encoding": table.encoding,
                "delimiter": table.delimiter,
                "sheet": table.sheet,
            },
            output={
                "path": str(self.output),
                "format": self.kind,
                "encoding": self.options.encoding or _ENCODING.get(self.kind),
            },
            roles=table.roles.to_dict(),
            model=self.analyzer.model_name,
            taxonomy=self.analyzer.taxonomy.to_dict(),
            accuracy=self.analyzer.accuracy,
            options=self.options.of_model,
            tally=tally,
            rejects=None,
            seconds=time.monotonic() - self.started,
            reused=0,
        )


def _leave(store: Store, lock: Lock, keep: bool) -> None:
    """Leave the folder with the progress in it, or no folder where there is none to keep."""
    store.close()
    if store.is_empty or not keep:
        store.remove()
        lock.remove()
        with suppress(OSError):  # the next job may have its lock in there already
            store.folder.rmdir()


def _processes(first_parts: int, gpus: int) -> int:
    """One until it pays to start more: that takes about as long as a chunk does."""
    if gpus:
        return min(cores(), _WORKERS_OF_A_GPU * gpus) if first_parts >= _BEFORE_GPU else 1
    return cores() if first_parts >= PARTS_PER_CHUNK else 1


def _feedback(table: Table, part: Part) -> list[Feedback]:
    return [feedback for row in part.rows for feedback in table.feedback(row)]


def _first_row(part: Part) -> int:
    records: list[SourceRow | Reject] = [*part.rows[:1], *part.rejects[:1]]
    return min(record.row for record in records)


def _reject_lines(rejects: Sequence[Reject]) -> bytes:
    lines = (
        json.dumps({"row": r.row, "reason": r.reason, "raw": r.raw}, ensure_ascii=False)
        for r in rejects
    )
    return "".join(line + "\n" for line in lines).encode("utf-8", "backslashreplace")
