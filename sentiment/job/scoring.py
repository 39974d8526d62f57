"""Scoring one part: from feedback to the writer's bytes and the counts, in whatever process."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from sentiment.errors import ModelError
from sentiment.job.options import JobOptions
from sentiment.job.tally import Tally, count
from sentiment.records import Analysis, Feedback
from sentiment.tables import open_writer
from sentiment.taxonomy import Taxonomy

__all__ = ["Analyzes", "Loader", "Outcome", "Scorer", "Setup", "load_analyzer", "loader_for"]


class Analyzes(Protocol):
    """What a job needs of an analyzer."""

    @property
    def model_name(self) -> str:
        """Name and version of the model."""

    @property
    def model_digest(self) -> str:
        """A digest that changes whenever a file of the model does."""

    @property
    def accuracy(self) -> Mapping[str, Mapping[str, float]]:
        """F1 of its topics by language; may be empty."""

    @property
    def path(self) -> str | None:
        """Folder of the model; None where it lies in none."""

    @property
    def can_use_gpu(self) -> bool:
        """Whether a GPU would run it, where there is one."""

    @property
    def taxonomy(self) -> Taxonomy:
        """The topics and drivers it finds."""

    def analyze_batch(self, feedback: list[str | Feedback], /) -> list[Analysis]:
        """Return one analysis per text, in order."""


Loader = Callable[[str | None, str], Analyzes]
"""Loads an analyzer by model and device. Workers get it pickled: a function at a module's top."""


def load_analyzer(
    model: str | None, device: str, *, taxonomy: Taxonomy | None = None, speed: str = "full"
) -> Analyzes:
    """Load the analyzer that `sentiment.load` gives."""
    from sentiment.analyzer import load

    return load(model, device=device, taxonomy=taxonomy, speed=speed)


def loader_for(options: JobOptions, load: Loader) -> Loader:
    """Return what loads the analyzer that the options ask for; `load` where that is the usual one.

    A `load` of the caller's own stays what it is: a job on a folder has one that is ready for all files.

    :raises UserError: The taxonomy cannot be read, or contradicts itself.
    """
    if load is not load_analyzer or (options.taxonomy is None and options.speed == "full"):
        return load
    taxonomy = Taxonomy.read(options.taxonomy) if options.taxonomy is not None else None
    return partial(load_analyzer, taxonomy=taxonomy, speed=options.speed)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One scored part: the writer's bytes, and the counts of its rows."""

    payload: bytes
    tally: Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What a process must know to score parts of a job; small, and picklable."""

    format: str
    columns: tuple[str, ...]
    questions: bool
    encoding: str | None
    model_digest: str


class Scorer:
    """Scores parts.

    :raises ModelError: The analyzer's model is another one than the job's.
    """

    def __init__(self, setup: Setup, analyzer: Analyzes) -> None:
        self.analyzer = analyzer
        if analyzer.model_digest != setup.model_digest:
            raise ModelError(
                f"{analyzer.model_name}: the model was replaced while the job was running; "
                "start it again, and it begins afresh."
            )
        self.writer = open_writer(
            setup.format,
            columns=setup.columns,
            taxonomy_topics=tuple(analyzer.taxonomy.topics),
            questions=setup.questions,
            encoding=setup.encoding,
        )

    def __call__(self, feedback: Sequence[Feedback], rejected: int) -> Outcome:
        """Score one part; the batch is the part, so that no row's result depends on the run."""
        analyses = self.analyzer.analyze_batch(list(feedback))
        return Outcome(self.writer.part(analyses), count(analyses, rejected))
