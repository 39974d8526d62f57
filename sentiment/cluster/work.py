"""What every worker of a job must know, and what it does: score a span, put a file together."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import groupby, islice
from pathlib import Path

import sentiment
from sentiment.cluster.kept import Kept, Note, parts_of, seal
from sentiment.cluster.spans import File, Span
from sentiment.cluster.storage import SCRATCH, Storage, as_output
from sentiment.errors import InputError, ModelError, UserError
from sentiment.job.chunks import cut
from sentiment.job.destination import output_identity, summary_bytes, writing
from sentiment.job.options import JobOptions, Summary
from sentiment.job.scoring import Analyzes, Loader, Scorer, Setup, load_analyzer
from sentiment.job.tally import Tally
from sentiment.tables import SourceRow, Writer, format_of, open_writer
from sentiment.tables.parquet import ParquetSource
from sentiment.tables.table import feedback_of
from sentiment.taxonomy import Taxonomy

__all__ = ["Failed", "Finished", "Result", "Scored", "Work", "put_together", "score_spans"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What all spans of a job have in common; small, and picklable."""

    source: Storage
    output: Storage
    options: JobOptions
    model_name: str
    model_digest: str
    taxonomy: Taxonomy
    accuracy: Mapping[str, Mapping[str, float]]
    load: Loader = field(default=load_analyzer)
    release: str = sentiment.__version__

    def opened(self, name: str) -> ParquetSource:
        """Open one of the input files.

        :raises InputError: It cannot be read.
        """
        return ParquetSource(self.source.shown(name), lambda: self.source.open(name))

    def writer(self, file: File) -> Writer:
        """Return the writer of a file's output."""
        return open_writer(
            format_of(file.name),
            columns=file.columns,
            taxonomy_topics=tuple(self.taxonomy.topics),
            questions=len(file.roles.text) > 1,
        )

    def setup(self, file: File) -> Setup:
        """Return what the local job's scorer must know."""
        return Setup(
            format=format_of(file.name),
            columns=file.columns,
            questions=len(file.roles.text) > 1,
            encoding=None,
            model_digest=self.model_digest,
        )

    def analyzer(self) -> Analyzes:
        """Load the model in this process.

        :raises ModelError: It is not here, or this is another release.
        """
        if sentiment.__version__ != self.release:
            raise ModelError(
                f"a worker has sentiment {sentiment.__version__} and this command is "
                f"{self.release}; install the same release on every machine of the cluster"
            )
        return self.load(self.options.model, self.options.device)

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Give a folder on this machine for as long as the block runs.

        :raises OutputError: There is no room for one.
        """
        with ExitStack() as stack:
            # What a killed worker leaves there goes with the job's own folder.
            where = self.output.local(SCRATCH)
            if where is None:
                with writing(Path("the folder for temporary files")):
                    where = Path(tempfile.gettempdir())
            with writing(where):
                where.mkdir(parents=True, exist_ok=True)
                scratch = tempfile.TemporaryDirectory(
                    prefix="sentiment-", dir=where, ignore_cleanup_errors=True
                )
                folder = stack.enter_context(scratch)
            yield Path(folder)


@dataclass(frozen=True, slots=True)
class Scored:
    """A span is scored and kept."""

    name: str
    index: int
    tally: Tally
    started: float


@dataclass(frozen=True, slots=True)
class Finished:
    """The output of a file is there; `rows` of it were scored since it was last told of."""

    name: str
    summary: Summary
    rows: int = 0


@dataclass(frozen=True, slots=True)
class Failed:
    """A file cannot be scored."""

    name: str
    error: UserError


Result = Scored | Finished | Failed


def score_spans(work: Work, analyzer: Analyzes, spans: Sequence[Span]) -> Iterator[Result]:
    """Score spans and keep each as it is done; yield one result for each, in their order.

    What a worker that died had kept is not scored again. The output of a small file is written at
    once.
    """
    for name, own in groupby(spans, key=lambda span: span.file.name):
        score = _FileScorer(work, analyzer)
        for span in own:
            try:
                yield score(span)
            except UserError as error:
                yield Failed(name, error)


class _FileScorer:
    """Scores spans of one file, which is read once as long as they follow each other."""

    def __init__(self, work: Work, analyzer: Analyzes) -> None:
        self._work = work
        self._analyzer = analyzer
        self._kept: set[int] | None = None
        self._rows: Iterator[SourceRow] = iter(())
        self._next: int | None = None

    def __call__(self, span: Span) -> Scored | Finished:
        """Score a span, unless it is kept already."""
        file = span.file
        with as_output():
            kept = Kept(self._work.output, file.name)
            if self._kept is None:
                self._kept = set() if file.is_small else kept.indexes(file)
            if span.index in self._kept:
                note = kept.note(file, span.index)
                return Scored(file.name, span.index, note.tally, time.time())
        if self._next != span.index:
            self._rows = self._work.opened(file.name).rows(span.first)
        self._next = None  # until this one went well
        result = self._score(span)
        self._next = span.index + 1
        return result

    def _score(self, span: Span) -> Scored | Finished:
        started = time.time()
        work, file = self._work, span.file
        with work.scratch() as folder:
            content = folder / "span"
            note = self._write_parts(span, content)
            _check_unchanged(work, file)
            if file.is_small:
                parts = parts_of(content, note, folder / "part")
                summary = _write(work, file, parts, note.tally, folder, started, reused=0)
                return Finished(file.name, summary, span.rows)
            Kept(work.output, file.name).put(span, content)
        return Scored(file.name, span.index, note.tally, started)

    def _write_parts(self, span: Span, content: Path) -> Note:
        """Write the parts of a span and the note that ends it."""
        file = span.file
        scorer = Scorer(self._work.setup(file), self._analyzer)
        sizes: list[int] = []
        tally = Tally()
        for part in cut(islice(self._rows, span.rows)):
            feedback = [one for row in part.rows for one in feedback_of(row, file.roles)]
            outcome = scorer(feedback, len(part.rejects))
            # Open only while it is written to: of reading and scoring other things are to be said.
            with writing(content), content.open("ab") as stream:
                stream.write(outcome.payload)
            sizes.append(len(outcome.payload))
            tally.add(outcome.tally)
        note = Note(tuple(sizes), tally)
        with writing(content), content.open("ab") as stream:
            seal(stream, note)
        return note


def put_together(work: Work, file: File, tally: Tally, started: float, reused: int) -> Result:
    """Make the output of a file whose spans are all kept.

    :param started: When its first span was, in seconds since the epoch.
    :param reused: Rows that an earlier run scored.
    """
    kept = Kept(work.output, file.name)
    try:
        with as_output(), work.scratch() as folder:
            parts = _kept_parts(kept, file, folder)
            summary = _write(work, file, parts, tally, folder, started, reused)
        kept.forget()
    except UserError as error:
        return Failed(file.name, error)
    return Finished(file.name, summary)


def _check_unchanged(work: Work, file: File) -> None:
    expected = (file.key["input"]["bytes"], file.key["input"]["changed"])
    if work.source.stat(file.name) != expected:
        raise InputError(
            f"{work.source.shown(file.name)} changed while it was being scored; "
            "run the same command again"
        )


def _kept_parts(kept: Kept, file: File, folder: Path) -> Iterator[Path]:
    for index in range(len(file.spans)):
        note = kept.fetch(file, index, folder / "span")
        yield from parts_of(folder / "span", note, folder / "part")


def _write(
    work: Work,
    file: File,
    parts: Iterator[Path],
    tally: Tally,
    folder: Path,
    started: float,
    reused: int,
) -> Summary:
    """Write summary and output, in this order.

    A summary tells size and digest of its output, so it counts for nothing until that is there
    under its name: with it the file is finished, all at once.
    """
    whole = folder / "output"
    with writing(whole):
        work.writer(file).assemble(parts, whole)
        identity = output_identity(whole)
    summary = Summary(
        input={
            "path": work.source.shown(file.name),
            "format": "parquet",
            "encoding": None,
            "delimiter": None,
            "sheet": None,
        },
        output={
            "path": work.output.shown(file.name),
            "format": format_of(file.name),
            "encoding": None,
            **identity,
        },
        roles=file.roles.to_dict(),
        model=work.model_name,
        taxonomy=work.taxonomy.to_dict(),
        accuracy=work.accuracy,
        options=work.options.of_model,
        tally=tally,
        rejects=None,
        seconds=max(time.time() - started, 0.0),
        reused=reused,
        key=file.key,
    )
    work.output.put(f"{file.name}.summary.json", summary_bytes(summary))
    work.output.put(file.name, whole)
    return summary
