"""From the base model's logits to findings: probabilities, topic states, drivers, evidence.

In the order of the lite model, and by the same functions (`combination`): every (driver or tag,
polarity) gets a calibrated probability; those of a topic's drivers and the topic head decide the
topic's state; the state says which drivers are kept; the pointers say where the evidence is; and
what the same words cannot mean together is settled last.

NumPy only, and by row: the run in ONNX and the run in torch decide by the same lines, and no row's
result depends on its neighbours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from sentiment.model.combination import (
    Labels,
    Thresholds,
    choose,
    settle,
    sigmoid,
    softmax,
    topic_features,
    weighted,
)
from sentiment.records import POLARITIES, SENTIMENTS, STATES
from sentiment.taxonomy import Taxonomy

__all__ = [
    "Chances",
    "Decision",
    "Floats",
    "Found",
    "Outputs",
    "Pointers",
    "best_spans",
    "chances",
    "decide",
    "every_label",
    "overall_features",
    "state_features",
]

Floats = NDArray[np.float32]

# No gold evidence is longer; without a limit a start and an end of two opinions can pair up.
_LONGEST = 40
_FEWEST = 1e-6


class Pointers(Protocol):
    """Logits (B, N, 3, L) that stay where they were computed; few of them are ever looked at."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the whole, (B, N, 3, L)."""

    def of(self, rows: NDArray[np.int64], labels: NDArray[np.int64]) -> Floats:
        """Return the logits of some labels of some rows, each (F,) -> (F, L)."""


class Outputs(NamedTuple):
    """What the network says of B rows, as `network.Answers` has it; L tokens, padding included.

    :param overall: Logits, (B, 4).
    :param topics: Logits of the states of each topic, (B, T, 5).
    :param findings: Logits of each (driver or tag, polarity), (B, N, 3).
    :param starts: Logits of the first token of its evidence, (B, N, 3, L).
    :param ends: Logits of the last one, (B, N, 3, L).
    """

    overall: Floats
    topics: Floats
    findings: Floats
    starts: Floats | Pointers
    ends: Floats | Pointers


class Chances(NamedTuple):
    """How likely everything is that a row may say, calibrated.

    :param overall: Of the sentiments, (B, 4).
    :param states: Of the states of each topic, (B, T, 5).
    :param findings: Of each (driver or tag, polarity), (B, N, 3).
    """

    overall: Floats
    states: Floats
    findings: Floats


class Found(NamedTuple):
    """A driver or tag that a row judges: its label's index, probability, tokens (inclusive)."""

    label: int
    probability: float
    first: int
    last: int


@dataclass(frozen=True)
class Decision:
    """The weights that turn logits into decisions, fitted on rows that the network has not seen.

    :param labels: Every (driver or tag, polarity), in the order of the network's questions.
    :param label: Slope and shift of each label's logit, (2, labels).
    :param state: From `state_features` to a topic's states, (topics, states, features + 1).
    :param overall: From `overall_features` to the sentiments, (4, features + 1).
    """

    labels: Labels
    label: Floats
    state: Floats
    overall: Floats
    thresholds: Thresholds

    @classmethod
    def of(cls, config: Mapping[str, Any], taxonomy: Taxonomy) -> Decision:
        """Read the fields of a bundle's config.

        :raises ValueError: An array of another shape than it must be, or that holds no numbers.
        :raises KeyError: A field is missing.
        :raises TypeError: A field is of another type.
        """
        labels = every_label(taxonomy)
        limits = config["thresholds"]
        decision = cls(
            labels=labels,
            label=np.array(config["label"], dtype=np.float32),
            state=np.array(config["state"], dtype=np.float32),
            overall=np.array(config["overall"], dtype=np.float32),
            thresholds=Thresholds(
                tuple(map(float, limits["state"])),
                float(limits["driver"]),
                float(limits["neutral"]),
                float(limits["tag"]),
            ),
        )
        topics = len(labels.topics)
        shapes = {
            "label": (decision.label, (2, len(labels))),
            "state": (decision.state, (topics, len(STATES), 10)),
            "overall": (decision.overall, (len(SENTIMENTS), 11)),
            "thresholds": (np.array(decision.thresholds.state), (topics,)),
        }
        for name, (array, shape) in shapes.items():
            if array.shape != shape or not np.isfinite(array).all():
                raise ValueError(f"{name}: not numbers of the shape {shape}")
        return decision

    def to_dict(self) -> dict[str, Any]:
        """Return the fields that `of` reads, as plain data."""
        limits = self.thresholds
        return {
            "label": _plain(self.label),
            "state": _plain(self.state),
            "overall": _plain(self.overall),
            "thresholds": {
                "state": list(limits.state),
                "driver": limits.driver,
                "neutral": limits.neutral,
                "tag": limits.tag,
            },
        }


def every_label(taxonomy: Taxonomy) -> Labels:
    """Return the labels of the network's questions: every name with every polarity, in order."""
    names = (*taxonomy.drivers, *taxonomy.tags)
    return Labels.of([(name, polarity) for name in names for polarity in POLARITIES], taxonomy)


def decide(
    runs: Sequence[Outputs], tokens: NDArray[np.int64], decision: Decision
) -> tuple[Floats, list[list[Found]]]:
    """Return the probabilities of the sentiments, (B, 4), and what every row judges.

    :param runs: What the network says of the rows, in order, each run with its own padding.
    :param tokens: Tokens of each row, [CLS] and [SEP] included, (B,); the rest is padding.
    """
    labels = decision.labels
    rows = len(tokens)
    overall, states, findings = chances(_without_pointers(runs), decision)
    probabilities = findings.reshape(rows, len(labels))
    kept = choose(states, probabilities, labels, decision.thresholds)
    kept[tokens <= 2] = False  # nothing but [CLS] and [SEP], which are no evidence
    of_row, label = np.nonzero(kept)
    starts, ends = _pointers(runs, of_row, label)
    first, last = best_spans(starts, ends, tokens[of_row])
    words = np.full(kept.shape, -1)
    words[of_row, label] = _words(of_row, first, last)
    kept = settle(kept, probabilities, words, labels)
    found: list[list[Found]] = [[] for _ in range(rows)]
    for row, one, begin, end in zip(
        of_row.tolist(), label.tolist(), first.tolist(), last.tolist(), strict=True
    ):
        if kept[row, one]:
            found[row].append(Found(one, float(probabilities[row, one]), begin, end))
    return overall, found


def chances(outputs: Outputs, decision: Decision) -> Chances:
    """Return the calibrated probability of everything that a row may say."""
    labels = decision.labels
    logits = outputs.findings.reshape(-1, len(labels))
    probabilities = sigmoid(logits * decision.label[0] + decision.label[1])
    features = state_features(probabilities, outputs.topics, labels)
    states = [weighted(decision.state[at], features[:, at]) for at in range(len(labels.topics))]
    overall = overall_features(outputs.overall, probabilities, labels)
    return Chances(
        softmax(weighted(decision.overall, overall)),
        softmax(np.stack(states, axis=1)),
        probabilities.reshape(outputs.findings.shape),
    )


def _without_pointers(runs: Sequence[Outputs]) -> Outputs:
    """Return the rows of all runs, but for their pointers: those of few labels are looked at."""
    nothing = np.zeros(0, np.float32)
    overall, topics, findings = (
        np.concatenate([run[at] for run in runs])
        for at in map(Outputs._fields.index, ("overall", "topics", "findings"))
    )
    return Outputs(overall, topics, findings, starts=nothing, ends=nothing)


def _pointers(
    runs: Sequence[Outputs], of_row: NDArray[np.int64], label: NDArray[np.int64]
) -> tuple[Floats, Floats]:
    """Return the pointers of some labels, each (F, L); L tokens of the widest run.

    :param of_row: In order, counted over all runs.
    """
    widest = max(run.starts.shape[-1] for run in runs)
    pointers = np.full((2, len(of_row), widest), -np.inf, dtype=np.float32)
    row = done = 0
    for run in runs:
        rows, width = len(run.overall), run.starts.shape[-1]
        after = int(np.searchsorted(of_row, row + rows))
        which = of_row[done:after] - row, label[done:after]
        for one, given in zip(pointers, (run.starts, run.ends), strict=True):
            if isinstance(given, np.ndarray):
                one[done:after, :width] = given.reshape(rows, -1, width)[which]
            else:
                one[done:after, :width] = given.of(*which)
        row, done = row + rows, after
    return pointers[0], pointers[1]


def state_features(probabilities: Floats, topics: Floats, labels: Labels) -> Floats:
    """Return what a topic's state is decided from, (B, T, 9); see `combination.topic_features`.

    The topic head's part: the log-odds that the topic is judged so, mixed counting for both.
    """
    chances = softmax(topics)
    mixed = chances[..., STATES.index("mixed")]
    judged = np.stack(
        [
            chances[..., STATES.index(polarity)] + (0 if polarity == "neutral" else mixed)
            for polarity in POLARITIES
        ],
        axis=-1,
    )
    judged = np.clip(judged, _FEWEST, 1 - _FEWEST)
    head = np.log(judged / (1 - judged)).reshape(len(topics), -1)
    return topic_features(probabilities, head, labels)


def overall_features(overall: Floats, probabilities: Floats, labels: Labels) -> Floats:
    """Return what the overall sentiment is decided from, (B, 10).

    Its head's logits less their mean, and for each polarity how many labels have it and how likely
    the likeliest is: a row that praises and blames is mixed, whatever its tone.
    """
    parts = [overall - overall.mean(1, keepdims=True)]
    for polarity in range(len(POLARITIES)):
        some = np.ascontiguousarray(probabilities[:, labels.polarity_of == polarity])
        parts.append(np.stack([np.log1p(some.sum(1)), some.max(1)], axis=1))
    return np.concatenate(parts, axis=1)


def best_spans(
    starts: Floats, ends: Floats, tokens: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return first and last token with the highest sum of logits, first <= last < first + limit.

    :param starts: (F, L).
    :param ends: (F, L).
    :param tokens: Tokens of each row; [CLS], [SEP] and padding are never chosen.
    """
    width = starts.shape[1]
    at = np.arange(width)
    outside = (at == 0) | (at >= tokens[:, None] - 1)
    starts = np.where(outside, -np.inf, starts)
    ends = np.where(outside, -np.inf, ends)
    # The best start at or before each token: right wherever it is not too far away.
    last = (np.maximum.accumulate(starts, axis=1) + ends).argmax(1)
    first = np.where(at <= last[:, None], starts, -np.inf).argmax(1)
    far = np.flatnonzero(last - first >= _LONGEST)
    if len(far):
        first[far], last[far] = _near_spans(starts[far], ends[far])
    return first, last


def _near_spans(starts: Floats, ends: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the best spans of rows whose best start and best end lie too far apart."""
    count, width = starts.shape
    best = np.full((count, width), -np.inf, dtype=np.float32)  # of a span that starts here
    reach = np.zeros((count, width), dtype=np.int64)
    for ahead in range(min(_LONGEST, width)):
        shifted = ends[:, ahead:]
        better = shifted > best[:, : width - ahead]
        best[:, : width - ahead][better] = shifted[better]
        reach[:, : width - ahead][better] = ahead
    first = (starts + best).argmax(1)
    return first, first + reach[np.arange(count), first]


def _words(
    rows: NDArray[np.int64], first: NDArray[np.int64], last: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return a number for each span, the same one for spans of a row that overlap in a chain."""
    order = np.lexsort((first, rows))
    numbers = np.zeros(len(rows), dtype=np.int64)
    number, row, reach = -1, -1, -1
    for index in order.tolist():
        if rows[index] != row or first[index] > reach:
            number += 1
            row, reach = int(rows[index]), -1
        reach = max(reach, int(last[index]))
        numbers[index] = number
    return numbers


def _plain(array: Floats) -> Any:
    return cast("Any", np.round(array.astype(np.float64), 5).tolist())
