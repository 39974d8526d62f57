"""A lite model laid out anew for a taxonomy and a vocabulary: where a refit starts from.

What the taxonomy keeps stays as it is, to the bit. A driver or topic that is new starts from the mean
of those there are: it knows what praise and blame look like, and nothing of what it is about.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sentiment.model.combination import Combination, Labels, Thresholds
from sentiment.model.evidence import Evidence
from sentiment.model.lite import LiteModel
from sentiment.records import POLARITIES, SENTIMENTS
from sentiment.taxonomy import Taxonomy

__all__ = ["Prior", "lay_out", "widen"]

Floats = NDArray[np.float32]

# Of a hundred texts a handful judge one driver: until a row says otherwise, a new one is not found.
_RARE = -2.0


@dataclass(frozen=True)
class Prior:
    """The arrays of a lite model in the order of `labels`, and what of it is new.

    :param buckets: Ascending, shape (vocabulary,).
    :param weights: Clause heads (labels, lean), then row heads (labels, topics * 3, overall,
        polarity), shape (vocabulary, heads); `bias` shape (heads,).
    :param new_labels: Which labels the base did not have, shape (labels,).
    :param new_topics: Which topics, shape (topics,).
    """

    labels: Labels
    buckets: NDArray[np.int64]
    weights: Floats
    bias: Floats
    combination: Combination
    thresholds: Thresholds
    evidence: Evidence
    new_labels: NDArray[np.bool_]
    new_topics: NDArray[np.bool_]

    @property
    def clause_heads(self) -> int:
        """How many of the columns are scored clause by clause."""
        return len(self.labels) + 1


def lay_out(base: LiteModel, taxonomy: Taxonomy) -> Prior:
    """Return the base's arrays in the order of a taxonomy's topics, drivers and tags."""
    known = base.labels
    pairs = [(name, polarity) for name in taxonomy.drivers for polarity in POLARITIES]
    had = set(known.pairs)
    own = [name for name in taxonomy.tags if name not in base.taxonomy.tags]
    pairs += [
        (name, polarity)
        for name in taxonomy.tags
        for polarity in POLARITIES
        if (name, polarity) in had or name in own
    ]
    labels = Labels.of(pairs, taxonomy)
    # Each label and topic comes from one of the base, or from the mean of several.
    from_labels = [_label_sources(known, pair) for pair in labels.pairs]
    from_topics = [
        [known.topics.index(topic)] if topic in known.topics else [*range(len(known.topics))]
        for topic in labels.topics
    ]
    count = len(known)
    triples = [
        [source * len(POLARITIES) + polarity for source in sources]
        for sources in from_topics
        for polarity in range(len(POLARITIES))
    ]
    topics = 2 * count + 1  # first column of the topic heads
    overall = topics + len(known.topics) * len(POLARITIES)
    columns = [
        *from_labels,
        [count],
        *([count + 1 + source for source in sources] for sources in from_labels),
        *([topics + source for source in sources] for sources in triples),
        *([overall + at] for at in range(len(SENTIMENTS) + 1)),
    ]
    bias = _taken(base.heads.bias[None], columns)[0]
    new_labels = np.array([pair not in had for pair in labels.pairs])
    new_topics = np.array([topic not in known.topics for topic in labels.topics])
    bias[: len(labels)][new_labels] += _RARE
    old = base.combination
    limits = base.thresholds
    return Prior(
        labels,
        base.heads.buckets,
        _taken(base.heads.weights, columns),
        bias,
        Combination(
            _taken(old.clause, from_labels),
            _taken(old.label, from_labels),
            np.stack([old.state[sources].mean(0) for sources in from_topics]),
            old.overall,
        ),
        replace(
            limits,
            state=tuple(
                float(np.mean([limits.state[one] for one in sources])) for sources in from_topics
            ),
        ),
        base.evidence,
        new_labels,
        new_topics,
    )


def widen(prior: Prior, buckets: NDArray[np.int64]) -> Prior:
    """Return the prior with more features, all of them of no weight yet.

    :param buckets: Those to add, ascending, none of them in the vocabulary.
    """
    if not len(buckets):
        return prior
    together = np.sort(np.concatenate([prior.buckets, buckets]))
    weights = np.zeros((len(together), prior.weights.shape[1]), dtype=np.float32)
    weights[np.searchsorted(together, prior.buckets)] = prior.weights
    return replace(prior, buckets=together, weights=weights)


def _label_sources(known: Labels, pair: tuple[str, str]) -> list[int]:
    """Return the base's label that this one is, or else those of its kind and polarity."""
    if pair in known.pairs:
        return [known.pairs.index(pair)]
    alike = np.flatnonzero((known.topic_of >= 0) & (np.array(known.polarities) == pair[1]))
    return [int(at) for at in alike]


def _taken(values: Floats, columns: Sequence[Sequence[int]]) -> Floats:
    """Return for each list of columns the column, or the mean of several."""
    result = np.empty((len(values), len(columns)), dtype=np.float32)
    for at, sources in enumerate(columns):
        # One column as it is: a mean of one could still round.
        result[:, at] = (
            values[:, sources[0]] if len(sources) == 1 else values[:, list(sources)].mean(1)
        )
    return result
