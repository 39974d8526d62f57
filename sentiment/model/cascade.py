"""`--speed fast`: lite answers where it is sure, and the transformer reads the rest.

How sure lite is of a row is the probability that its sentiment and the state of every topic are right,
were they independent. `scripts/fast.py` measures what each limit costs in accuracy and saves in time,
and draws it (docs/fast.md).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from sentiment.errors import ModelError
from sentiment.model.lite import LiteModel
from sentiment.model.protocol import Prediction, Reason
from sentiment.model.transformer import TransformerModel
from sentiment.taxonomy import Taxonomy
from sentiment.text import Prepared

__all__ = ["SURE", "CascadeModel"]

# What lite must be sure of for its answer to stand; docs/fast.md has the choice.
SURE = 0.3


class CascadeModel:
    """Two models as one. A row's answer is that of one of them, whatever rows are beside it."""

    def __init__(self, quick: LiteModel, thorough: TransformerModel, sure: float = SURE) -> None:
        """Put them together.

        :raises ModelError: They do not find the same topics, drivers and tags.
        """
        if quick.taxonomy.to_dict() != thorough.taxonomy.to_dict():
            raise ModelError(
                f"{thorough.name} finds other topics, drivers or tags than {quick.name}, which would "
                "answer in its place; leave speed at full."
            )
        self._quick = quick
        self._thorough = thorough
        self._sure = sure
        self.name = f"{thorough.name}+{quick.name}"
        parts = (quick.digest, thorough.digest, f"{sure:g}")
        self.digest = hashlib.sha256(" ".join(parts).encode()).hexdigest()
        self.accuracy = _lower(quick.accuracy, thorough.accuracy)

    @property
    def taxonomy(self) -> Taxonomy:
        """What both find."""
        return self._thorough.taxonomy

    @property
    def device(self) -> str:
        """What the transformer runs on."""
        return self._thorough.device

    @property
    def path(self) -> Path | None:
        """The folder of the transformer."""
        return self._thorough.path

    def predict(self, batch: Sequence[Prepared]) -> list[Prediction]:
        """Return one prediction per text, in order; no result depends on the other texts."""
        predictions, sure = self._quick.weigh(batch)
        left = np.flatnonzero(sure < self._sure).tolist()
        read = self._thorough.predict([batch[index] for index in left])
        for index, prediction in zip(left, read, strict=True):
            predictions[index] = prediction
        return predictions

    def reasons(self, prepared: Prepared, name: str, polarity: str) -> list[Reason]:
        """Return what spoke for a finding, or for the sentiment, in the model that answered."""
        _, sure = self._quick.weigh([prepared])
        model = self._quick if sure[0] >= self._sure else self._thorough
        return model.reasons(prepared, name, polarity)


def _lower(
    one: Mapping[str, Mapping[str, float]], other: Mapping[str, Mapping[str, float]]
) -> dict[str, dict[str, float]]:
    """Return the lower F1 of each topic and language that both were measured on: a careful figure."""
    return {
        topic: {
            language: min(figure, other[topic][language])
            for language, figure in by_language.items()
            if language in other[topic]
        }
        for topic, by_language in one.items()
        if topic in other
    }
