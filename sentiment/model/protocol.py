"""What every model gives back, and what a model must be able to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from sentiment.records import Polarity
from sentiment.taxonomy import Taxonomy
from sentiment.text import Prepared

__all__ = ["Finding", "Model", "Prediction", "Reason"]


class Finding(NamedTuple):
    """A driver or tag that a text judges; the span is of the prepared text.

    A tuple, as `Prediction` is: there is one for each finding of each text, and a frozen dataclass takes
    two to three times as long to make.
    """

    name: str
    polarity: Polarity
    confidence: float
    start: int
    end: int


class Prediction(NamedTuple):
    """What a model says of one text.

    :param probabilities: Calibrated, in the order of `records.SENTIMENTS`; they sum to 1.
    :param findings: Drivers first, in the order of the text; one for each (name, polarity).
    :param truncated: Whether a limit that the user set kept part of the text from being read.
    """

    probabilities: tuple[float, float, float, float]
    findings: tuple[Finding, ...]
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Reason:
    """A piece of the prepared text and what it added to a decision; positive speaks for it."""

    start: int
    end: int
    weight: float


class Model(Protocol):
    """A trained model, whatever runs it. Safe to call from several threads."""

    @property
    def name(self) -> str:
        """Name and version: "lite@1.0.0"."""

    @property
    def digest(self) -> str:
        """Changes whenever a file of the bundle does."""

    @property
    def taxonomy(self) -> Taxonomy:
        """What its heads are laid out for."""

    @property
    def accuracy(self) -> Mapping[str, Mapping[str, float]]:
        """F1 of each topic's states by language, as measured when it was trained; may be empty."""

    @property
    def device(self) -> str:
        """What it runs on: "cpu" or "cuda"."""

    @property
    def can_use_gpu(self) -> bool:
        """Whether a GPU would run it."""

    def predict(self, batch: Sequence[Prepared]) -> list[Prediction]:
        """Return one prediction per text, in order; no result depends on the other texts."""

    def reasons(self, prepared: Prepared, name: str, polarity: str) -> list[Reason]:
        """Return the pieces of a text that spoke for a finding, or for the overall sentiment.

        :param name: A driver or tag, or "sentiment" with one of `records.SENTIMENTS`.
        """
