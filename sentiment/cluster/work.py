"""What every worker of a job must know, and what it does: score a span, put a file together."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby, islice
from pathlib import Path

import sentiment
from sentiment.cluster.kept import Kept, Note, parts_of, seal
from sentiment.cluster.spans import File, Span, stretches
from sentiment.cluster.storage import SCRATCH, Storage
from sentiment.errors import InputError, ModelError, UserError
from sentiment.job.chunks import cut
from sentiment.job.destination import output_identity, summary_bytes
from sentiment.job.options import Summary
from sentiment.job.scoring import Analyzes, Scorer, Setup, load_analyzer
from sentiment.job.tally import Tally
from sentiment.tables import Roles, SourceRow, Writer, format_of, open_writer
from sentiment.tables.parquet import ParquetSource
from sentiment.tables.table import feedback_of
from sentiment.taxonomy import Taxonomy

__all__ = ["Failed", "Finished", "Result", "Scored", "Work", "put_together", "score_spans"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What all spans of a job have in common; small, and picklable."""

    source: Storage
    output: Storage
    model: str | None
    device: str
    model_name: str
    model_digest: str
    taxonomy: Taxonomy
    accuracy: Mapping[str, Mapping[str, float]]
    load: Callable[[str | None, str], Analyzes] = field(default=load_analyzer)
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
            model=self.model,
            device=self.device,
            format=format_of(file.name),
            columns=file.columns,
            questions=len(file.roles.text) > 1,
            encoding=None,
            model_digest=self.model_digest,
            load=self.load,
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
        return self.load(self.model, self.device)

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Give a folder on this machine for as long as the block runs."""
        beside = self.output.local(SCRATCH)
        if beside is not None:  # what a killed worker leaves goes with the job's own folder
            beside.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="sentiment-", dir=beside) as folder:
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
    """Score spans and keep each as it is done; what a worker that died had kept stays.

    The output of a file that has one span only is written at once.
    """
    left = []
    for file, own in groupby(spans, key=lambda span: span.file):
        kept = Kept(work.output, file.name)
        done = set() if file.is_small else kept.indexes(file)
        for span in own:
            if span.index in done:
                tally = kept.note(file, span.index).tally
                yield Scored(file.name, span.index, tally, time.time())
            else:
                left.append(span)
    for stretch in stretches(left):
        name = stretch[0].file.name
        try:
            yield from _score_stretch(work, analyzer, stretch)
        except UserError as error:
            yield Failed(name, error)
        except OSError as error:
            path, reason = work.source.shown(name), error.strerror or error
            yield Failed(name, InputError(f"{path} cannot be read ({reason}); check the file"))


def put_together(work: Work, file: File, tally: Tally, started: float, reused: int) -> Result:
    """Make the output of a file whose spans are all kept.

    :param started: When its first span was, in seconds since the epoch.
    :param reused: Rows that an earlier run scored.
    """
    kept = Kept(work.output, file.name)
    try:
        with work.scratch() as folder:
            parts = _kept_parts(kept, file, folder)
            summary = _write(work, file, parts, tally, folder, started, reused)
        kept.forget()
    except UserError as error:
        return Failed(file.name, error)
    return Finished(file.name, summary)


def _score_stretch(work: Work, analyzer: Analyzes, spans: Sequence[Span]) -> Iterator[Result]:
    """Score spans that follow each other in one file, which is read once."""
    file = spans[0].file
    scorer = Scorer(work.setup(file), analyzer)
    rows = work.opened(file.name).rows(spans[0].first)
    for span in spans:
        started = time.time()
        with work.scratch() as folder:
            content = folder / "span"
            note = _score(scorer, file.roles, islice(rows, span.rows), content)
            _check_unchanged(work, file)
            if file.is_small:
                parts = parts_of(content, note, folder / "part")
                summary = _write(work, file, parts, note.tally, folder, started, reused=0)
                yield Finished(file.name, summary, span.rows)
            else:
                Kept(work.output, file.name).put(span, content)
                yield Scored(file.name, span.index, note.tally, started)


def _score(scorer: Scorer, roles: Roles, rows: Iterator[SourceRow], content: Path) -> Note:
    """Write the parts of a span and the note that ends it."""
    sizes: list[int] = []
    tally = Tally()
    with content.open("wb") as stream:
        for part in cut(rows):
            feedback = [one for row in part.rows for one in feedback_of(row, roles)]
            outcome = scorer(feedback, len(part.rejects))
            stream.write(outcome.payload)
            sizes.append(len(outcome.payload))
            tally.add(outcome.tally)
        note = Note(tuple(sizes), tally)
        seal(stream, note)
    return note


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
    work.writer(file).assemble(parts, whole)
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
            **output_identity(whole),
        },
        roles=file.roles.to_dict(),
        model=work.model_name,
        taxonomy=work.taxonomy.to_dict(),
        accuracy=work.accuracy,
        options={"model": work.model, "device": work.device},
        tally=tally,
        rejects=None,
        seconds=max(time.time() - started, 0.0),
        reused=reused,
        key=file.key,
    )
    work.output.put(f"{file.name}.summary.json", summary_bytes(summary))
    work.output.put(file.name, whole)
    return summary
