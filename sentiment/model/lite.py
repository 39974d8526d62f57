"""The lite model: linear heads over hashed features, run with NumPy alone.

A text is scored clause by clause and whole (`heads`). From these scores, in order:

1. every clause gets a score for every (driver or tag, polarity): what the clause says, plus a part of
   what the whole text says;
2. the best clause of a text, with the whole text's score, gives the probability of each
   (driver, polarity), and the evidence is in that clause;
3. those probabilities, with the text's topic scores, give the probability of each topic's states,
   and the state chosen says which drivers of the topic are kept: a topic head may raise or veto
   opinions, never the other way round;
4. the overall scores, with what was found, give the probabilities of the overall sentiment.

Every step is a handful of weights fitted on cross-fitted scores; nothing is looked up by row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import ModelError
from sentiment.model.bundle import Bundle
from sentiment.model.combination import (
    Combination,
    Labels,
    Thresholds,
    choose,
    label_probabilities,
    overall_columns,
    overall_probabilities,
    settle,
    state_probabilities,
)
from sentiment.model.decision import Chances, Floats, every_label
from sentiment.model.evidence import Evidence
from sentiment.model.heads import Batch, Heads, Scores, read_batch
from sentiment.model.protocol import Finding, Prediction, Reason
from sentiment.model.windows import LONGEST, read_long
from sentiment.records import POLARITIES, SENTIMENTS, STATES
from sentiment.taxonomy import Taxonomy
from sentiment.text import Prepared, find_clauses

__all__ = ["LiteModel"]

# Texts scored at one time: as many as a job's part has, for array operations cost least on many. Long
# texts come fewer at a time, so that the memory they take has a limit.
_ROWS = 512
_LETTERS = 100_000


class LiteModel:
    """A lite model. Its arrays are read and never written, so that threads may share it."""

    device = "cpu"
    can_use_gpu = False

    def __init__(
        self,
        *,
        name: str,
        taxonomy: Taxonomy,
        labels: Labels,
        heads: Heads,
        combination: Combination,
        thresholds: Thresholds,
        evidence: Evidence,
        digest: str = "",
        accuracy: Mapping[str, Mapping[str, float]] | None = None,
        path: Path | None = None,
    ) -> None:
        self.name = name
        self.taxonomy = taxonomy
        self.labels = labels
        self.heads = heads
        self.combination = combination
        self.thresholds = thresholds
        self.evidence = evidence
        self.digest = digest
        self.accuracy = accuracy or {}
        self.path = path

    @classmethod
    def of(cls, saved: Bundle) -> LiteModel:
        """Build the model that a bundle holds.

        :raises ModelError: A field or an array is missing, or of another shape than it must be.
        """
        config, arrays = saved.config, saved.arrays()
        taxonomy = saved.taxonomy
        try:
            labels = Labels.of([tuple(pair) for pair in config["labels"]], taxonomy)
            heads = Heads(
                arrays["buckets"].astype(np.int64), arrays["weights"], arrays["scale"],
                arrays["bias"], config["clause_heads"],
            )  # fmt: skip
            combination = Combination(
                arrays["combine.clause"], arrays["combine.label"],
                arrays["combine.state"], arrays["combine.overall"],
            )  # fmt: skip
            limits = config["thresholds"]
            thresholds = Thresholds(
                tuple(map(float, limits["state"])), float(limits["driver"]),
                float(limits["neutral"]), float(limits["tag"]),
            )  # fmt: skip
            evidence = Evidence(**config["evidence"])
            model = cls(
                name=saved.name, taxonomy=taxonomy, labels=labels, heads=heads,
                combination=combination, thresholds=thresholds, evidence=evidence,
                digest=saved.digest, accuracy=saved.accuracy, path=saved.path,
            )  # fmt: skip
            model._check(clause_heads=config["clause_heads"])
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise ModelError(
                f"{saved.path}: not a lite model that this release can run ({error!r}); "
                "get the bundle again."
            ) from error
        return model

    def _check(self, clause_heads: int) -> None:
        """Raise ValueError unless every array fits the labels and holds numbers."""
        labels, heads, combination = self.labels, self.heads, self.combination
        count, topics = len(labels), len(labels.topics)
        width = 2 * count + 1 + topics * len(POLARITIES) + len(SENTIMENTS) + 1
        shapes: dict[str, tuple[NDArray[Any], tuple[int, ...]]] = {
            "weights": (heads.stored, (len(heads.buckets), width)),
            "scale": (heads.scale, (width,)),
            "bias": (heads.bias, (width,)),
            "combine.clause": (combination.clause, (2, count)),
            "combine.label": (combination.label, (5, count)),
            "combine.state": (combination.state, (topics, len(STATES), 10)),
            "combine.overall": (combination.overall, (len(SENTIMENTS), 16)),
            "state thresholds": (np.array(self.thresholds.state), (topics,)),
        }
        for name, (array, shape) in shapes.items():
            if array.shape != shape:
                raise ValueError(f"{name} of the shape {array.shape}, not {shape}")
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                raise ValueError(f"{name} that are no numbers")
        if clause_heads != count + 1:
            raise ValueError(f"{clause_heads} clause heads, not {count + 1}")
        if (np.diff(heads.buckets, prepend=-1) <= 0).any():
            raise ValueError("buckets out of order")
        strangers = set(labels.names) - {*self.taxonomy.drivers, *self.taxonomy.tags}
        if strangers or not set(labels.polarities) <= set(POLARITIES):
            raise ValueError(f"labels that the taxonomy does not know: {sorted(strangers)}")

    def predict(self, batch: Sequence[Prepared]) -> list[Prediction]:
        """Return one prediction per text, in order; no result depends on the other texts."""
        return [one for part in _parts(batch) for one in self._predict(part)]

    def chances(self, batch: Sequence[Prepared]) -> Chances:
        """Return how likely everything is that each text may say; 0 for what has no head."""
        parts = [self._chances(part) for part in _parts(batch)]
        return Chances(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))

    def reasons(self, prepared: Prepared, name: str, polarity: str) -> list[Reason]:
        """Return the pieces of a text that spoke for a finding or for a sentiment, strongest first.

        :param name: A driver or tag, or "sentiment" with one of `records.SENTIMENTS`.
        """
        read = read_batch([prepared.folded], [prepared.clauses])
        known = self.heads.known(read)
        if name == "sentiment":
            column = overall_columns(self.labels).start + SENTIMENTS.index(cast("Any", polarity))
            column += self.heads.clause_heads
        else:
            column = self.labels.pairs.index((name, polarity))
            scores = self.heads.score(read)
            _, at = label_probabilities(scores, 1, self.combination, self.labels)
            # What spoke for a finding is in the clause that decided.
            known = known[read.clause[known] == at[0, column]]
        weights = self.heads.weight(read.features.bucket[known], column)
        pieces: dict[tuple[int, int], float] = {}
        for start, end, weight in zip(
            read.features.start[known].tolist(),
            read.features.end[known].tolist(),
            weights.tolist(),
            strict=True,
        ):
            pieces[start, end] = pieces.get((start, end), 0.0) + weight
        reasons = [Reason(start, end, weight) for (start, end), weight in pieces.items()]
        return sorted(reasons, key=lambda reason: (-abs(reason.weight), reason.start, reason.end))

    def _read(self, batch: Sequence[Prepared]) -> tuple[Batch, Scores]:
        if len(batch) == 1 and len(batch[0].folded) > LONGEST and batch[0].clauses:
            return read_long(batch[0].folded, batch[0].clauses, self.heads)
        find_clauses(batch)
        read = read_batch(
            [prepared.folded for prepared in batch],
            [prepared.clauses for prepared in batch],
            self.heads.vocabulary,
        )
        return read, self.heads.score(read)

    def _chances(self, batch: Sequence[Prepared]) -> Chances:
        overall, states, probabilities, _ = self._weighed(*self._read(batch))
        pairs = every_label(self.taxonomy).pairs
        findings = np.zeros((len(batch), len(pairs)), dtype=np.float32)
        findings[:, [pairs.index(pair) for pair in self.labels.pairs]] = probabilities
        return Chances(overall, states, findings.reshape(len(batch), -1, len(POLARITIES)))

    def _weighed(
        self, read: Batch, scores: Scores
    ) -> tuple[Floats, Floats, Floats, NDArray[np.int64]]:
        """Return the probabilities of sentiments, states and labels, and each label's clause."""
        weights = self.combination
        probabilities, clause_of = label_probabilities(scores, read.rows, weights, self.labels)
        states = state_probabilities(scores, probabilities, weights, self.labels)
        overall = overall_probabilities(scores, probabilities, weights, self.labels)
        return overall, states, probabilities, clause_of

    def _predict(self, batch: Sequence[Prepared]) -> list[Prediction]:
        read, scores = self._read(batch)
        overall, states, probabilities, clause_of = self._weighed(read, scores)
        kept = choose(states, probabilities, self.labels, self.thresholds)
        kept = settle(kept, probabilities, clause_of, self.labels)
        rows, labels = np.nonzero(kept)
        asked = list(zip(rows.tolist(), clause_of[kept].tolist(), labels.tolist(), strict=True))
        spans = self.evidence.spans(batch, read, self.heads, asked)
        findings: list[list[Finding]] = [[] for _ in batch]
        names, polarities = self.labels.names, self.labels.polarities
        for (row, _, label), confidence, span in zip(
            asked, probabilities[kept].tolist(), spans, strict=True
        ):
            findings[row].append(Finding(names[label], polarities[label], confidence, *span))
        drivers = self.taxonomy.drivers
        for found in findings:
            if len(found) < 2:
                continue
            found.sort(key=lambda finding: (finding.name not in drivers, finding.start))
        return [
            Prediction(tuple(values), tuple(found))
            for values, found in zip(overall.tolist(), findings, strict=True)
        ]


def _parts(batch: Sequence[Prepared]) -> Iterator[list[Prepared]]:
    """Yield the texts in order, as many at a time as are scored at one time."""
    part: list[Prepared] = []
    letters = 0
    for prepared in batch:
        letters += len(prepared.text)
        if part and (len(part) == _ROWS or letters > _LETTERS):
            yield part
            part, letters = [], len(prepared.text)
        part.append(prepared)
    if part:
        yield part
