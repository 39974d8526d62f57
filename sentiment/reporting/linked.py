"""What goes with the score: the regressions behind importance, impact and what-if, computed once.

A row here is a source row with a valid score and a text that says something. Scores of every kind
are turned into points, 0 (worst) to 100 (best); an NPS answer counts -100, 0 or +100, so that a
change of the mean is a change of the NPS.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sentiment.drivers import asymmetry, impact, measures, priority
from sentiment.drivers.floors import (
    IMPORTANCE_ROWS,
    MEASURE_CERTAIN,
    PENALTY_REWARD_ROWS,
    importance_allowed,
)
from sentiment.drivers.importance import (
    Importance,
    OrdinalLogit,
    direction_differs,
    lmg,
    ordinal_logit,
    relative_weights,
)
from sentiment.drivers.intervals import wilson
from sentiment.drivers.measures import Measure
from sentiment.reporting.scored import BITS, position
from sentiment.reporting.study import Counts, Study
from sentiment.reporting.values import Text
from sentiment.reporting.wording import say

__all__ = ["WHAT_IF_SHARE", "Link", "link"]

# A third of the complaints gone: a change that an improvement project can plan for.
WHAT_IF_SHARE = 1 / 3
_SEGMENT_LEVELS = 8
_MONTHS_AS_CONTROLS = 12
_ORDINAL_LEVELS = 12  # a finer scale is no ordered one with categories


@dataclass(frozen=True)
class _Rows:
    """Rows of the regression; matrices are 0/1, one column a driver or topic.

    `mentioned` holds neutral mentions as well: they are no column of the model, yet mentions.

    :param controlled: What the columns of `controls` and `others` stand for.
    :param uncontrolled: Columns to compare by with too many values to be controls.
    """

    negative: NDArray[np.uint8]
    positive: NDArray[np.uint8]
    mentioned: NDArray[np.uint8]
    names: tuple[str, ...]
    topic_negative: NDArray[np.uint8]
    topic_positive: NDArray[np.uint8]
    topic_mentioned: NDArray[np.uint8]
    topics: tuple[str, ...]
    points: NDArray[np.float64]
    scale: NDArray[np.float64]
    controls: NDArray[np.float64]
    customer: NDArray[np.int64]
    others: NDArray[np.uint8]
    low: NDArray[np.bool_]
    controlled: tuple[Text, ...]
    uncontrolled: tuple[str, ...]


@dataclass(frozen=True)
class Link:
    """The link between drivers and the score, or the reason why there is none to show.

    :param ranked: Drivers with enough mentions of either sign to be ranked.
    """

    study: Study
    reason: Text | None
    n: int
    ranked: tuple[str, ...] = ()
    ranked_topics: tuple[str, ...] = ()
    rows: _Rows | None = None

    @property
    def shown(self) -> bool:
        """Whether importance may be shown at all."""
        return self.reason is None

    @cached_property
    def importance(self) -> Importance:
        """LMG of the ranked drivers, two columns each as one player."""
        return self._lmg(self._rows.negative, self._rows.positive, self.ranked, self._rows.others)

    @cached_property
    def topic_importance(self) -> Importance | None:
        """LMG of the topics, None when fewer than two have enough mentions.

        There may be one where there is none of drivers: theirs add up to a topic's mentions.
        """
        rows = self.rows
        if rows is None or len(self.ranked_topics) < 2:
            return None
        return self._lmg(rows.topic_negative, rows.topic_positive, rows.topics, None)

    @cached_property
    def labelled(self) -> Labelled | None:
        """The importance of topics once more on the labelled sample; None without labels."""
        return _labelled(self.study)

    @cached_property
    def second_opinion(self) -> Importance:
        """Johnson's relative weights for the same drivers."""
        rows = self._rows
        return relative_weights(
            np.hstack([rows.negative, rows.positive]),
            rows.points,
            groups=[*self.ranked, *self.ranked],
            controls=_beside(rows.controls, rows.others),
            names=_pair_names(self.ranked),
        )

    @cached_property
    def asymmetry(self) -> asymmetry.PenaltyReward | None:
        """Penalty and reward; None below the floor."""
        rows = self._rows
        if self.n < PENALTY_REWARD_ROWS:
            return None
        return asymmetry.penalty_reward(
            rows.negative,
            rows.positive,
            rows.points,
            names=self.ranked,
            controls=_beside(rows.controls, rows.others),
            bootstrap=self.study.options.bootstrap,
            clusters=rows.customer,
            seed=self.study.options.seed,
        )

    @cached_property
    def directions_checked(self) -> tuple[str, ...]:
        """Columns that an ordinal model sends in the opposite direction."""
        rows = self._rows
        if len(np.unique(rows.scale)) > _ORDINAL_LEVELS:
            return ()
        ordinal: OrdinalLogit = ordinal_logit(
            np.hstack([rows.negative, rows.positive]),
            rows.scale,
            _beside(rows.controls, rows.others),
            names=_pair_names(self.ranked),
            seed=self.study.options.seed,
        )
        found = direction_differs(self.importance.coefficients, ordinal)
        return tuple(str(each) for note in found for each in note.values["names"].split(", "))

    @cached_property
    def mentions(self) -> Mapping[str, int]:
        """Rows of the regression that mention each ranked driver or topic, with whatever sign."""
        rows = self._rows
        counts = {
            name: int(n) for name, n in zip(rows.names, rows.mentioned.sum(axis=0), strict=True)
        }
        topics = zip(rows.topics, rows.topic_mentioned.sum(axis=0), strict=True)
        return counts | {name: int(n) for name, n in topics}

    @cached_property
    def leave_out(self) -> impact.Impact:
        """Overall mean minus the mean without the rows that mention the driver."""
        rows = self._rows
        return impact.leave_out(
            rows.mentioned, rows.points, names=self.ranked, clusters=rows.customer
        )

    @cached_property
    def difference(self) -> impact.Impact:
        """Mean of the rows that mention the driver minus the overall mean."""
        rows = self._rows
        return impact.difference(
            rows.mentioned, rows.points, names=self.ranked, clusters=rows.customer
        )

    @cached_property
    def waterfall(self) -> impact.Waterfall:
        """Steps from a review that mentions nothing to the mean."""
        rows = self._rows
        return impact.waterfall(
            np.hstack([rows.negative, rows.positive]),
            rows.points,
            groups=[*self.ranked, *self.ranked],
            controls=_beside(rows.controls, rows.others),
            bootstrap=self.study.options.bootstrap,
            clusters=rows.customer,
            seed=self.study.options.seed,
            names=_pair_names(self.ranked),
        )

    @cached_property
    def what_if(self) -> impact.WhatIf:
        """A third of the complaints about one driver at a time becoming neutral."""
        rows = self._rows
        nps = self.study.table.measure is not None and self.study.table.measure.kind == "nps"
        return impact.what_if(
            rows.negative,
            rows.positive,
            rows.points,
            share=WHAT_IF_SHARE,
            names=self.ranked,
            controls=_beside(rows.controls, rows.others),
            bootstrap=self.study.options.bootstrap,
            clusters=rows.customer,
            seed=self.study.options.seed,
            best_segment=best_segments(self.study, self.ranked),
            scale=(-100.0, 100.0) if nps else (0.0, 100.0),
        )

    @cached_property
    def ceiling(self) -> impact.Attributable:
        """Share of the low scores that mention each driver negatively."""
        rows = self._rows
        return impact.attributable_share(rows.negative, rows.low, names=self.ranked)

    @cached_property
    def quadrant(self) -> priority.Quadrant:
        """Importance by performance."""
        performances = {name: performance_of(self.study.drivers[name]) for name in self.ranked}
        return priority.quadrant(self.importance, performances, target=self.study.options.target)

    @cached_property
    def index(self) -> Measure:
        """The satisfaction index: performance weighted by LMG shares."""
        found = self.importance
        performances = {name: performance_of(self.study.drivers[name]) for name in found.names}
        shares = zip(found.names, found.shares, strict=True)
        weights = {name: max(float(share), 0.0) for name, share in shares}
        return measures.satisfaction_index(performances, weights)

    @property
    def _rows(self) -> _Rows:
        assert self.rows is not None
        return self.rows

    def _lmg(
        self,
        negative: NDArray[np.uint8],
        positive: NDArray[np.uint8],
        names: tuple[str, ...],
        others: NDArray[np.uint8] | None,
    ) -> Importance:
        rows = self._rows
        return lmg(
            np.hstack([negative, positive]),
            rows.points,
            groups=[*names, *names],
            controls=rows.controls if others is None else _beside(rows.controls, others),
            bootstrap=self.study.options.bootstrap,
            clusters=rows.customer,
            seed=self.study.options.seed,
            names=_pair_names(names),
            expected=[-1] * len(names) + [1] * len(names),
        )


@dataclass(frozen=True)
class Labelled:
    """Importance of topics on the same labelled rows: by the user's labels, and by the model's.

    Machine labels of unequal quality shift importance between topics; where the two orders differ,
    the labels are right.

    :param n: Labelled rows that have a score.
    :param truth: None where the sample is too small for importance.
    """

    n: int
    truth: Importance | None = None
    model: Importance | None = None


def _labelled(study: Study) -> Labelled | None:
    labels, table = study.labels, study.table
    if labels is None or table.measure is None or table.measure.high_is_good is None:
        return None
    scored = ~np.isnan(table.outcome[labels.places])
    places, truth = labels.places[scored], labels.truth[scored]
    n = len(places)
    names = list(table.taxonomy.drivers)
    topics: list[str] = []
    columns: list[list[NDArray[np.uint8]]] = [[], []]
    for topic in table.taxonomy.topics:
        own = [at for at, name in enumerate(names) if table.taxonomy.drivers[name].topic == topic]
        sources = (truth, table.drivers[places])
        both = [np.bitwise_or.reduce(bits[:, own], axis=1) for bits in sources]
        signs = [[(bits & BITS[s] > 0) for s in ("negative", "positive")] for bits in both]
        if all(importance_allowed(n, int(minus.sum()), int(plus.sum())) for minus, plus in signs):
            topics.append(topic)
            for kept, pair in zip(columns, signs, strict=True):
                kept += [each.astype(np.uint8) for each in pair]
    if len(topics) < 2:
        return Labelled(n)
    languages = table.language[places]
    controls = [np.log1p(table.length[places]), *(languages == k for k in np.unique(languages)[1:])]
    truth_lmg, model_lmg = (
        lmg(
            np.column_stack(kept),
            _points(study, table.outcome[places]),
            groups=[topic for topic in topics for _ in range(2)],
            controls=np.column_stack(controls),
            bootstrap=study.options.bootstrap,
            clusters=table.customer[places],
            seed=study.options.seed,
        )
        for kept in columns
    )
    return Labelled(n, truth_lmg, model_lmg)


def performance_of(counts: Counts) -> Measure:
    """Return the performance of a driver, 0 to 100, mixed mentions counting as neutral."""
    return measures.performance(counts.positive, counts.neutral + counts.mixed, counts.negative)


def link(study: Study) -> Link:
    """Prepare the regressions of a study, or say why there are none."""
    measure = study.table.measure
    if measure is None:
        return Link(study, say("standard.no_outcome"), 0)
    if measure.high_is_good is None:
        return Link(study, say("withheld.direction", column=measure.column), 0)
    rows, places = _source_rows(study)
    n = len(rows)
    if n < IMPORTANCE_ROWS:
        return Link(study, say("withheld.importance_rows", n=n, floor=IMPORTANCE_ROWS), n)
    table = study.table
    bits = _by_source_row(table.drivers, places)
    outcome = table.outcome[rows]
    if np.ptp(outcome) == 0:
        return Link(study, say("withheld.constant"), n)
    names = list(table.taxonomy.drivers)
    negative, positive = (bits & BITS[sign] > 0 for sign in ("negative", "positive"))
    allowed = [
        importance_allowed(n, int(negative[:, at].sum()), int(positive[:, at].sum()))
        for at in range(len(names))
    ]
    ranked = tuple(name for name, good in zip(names, allowed, strict=True) if good)
    few = say("withheld.importance_mentions", n=len(ranked)) if len(ranked) < 2 else None
    topics, topic_bits = [], []
    for topic in table.taxonomy.topics:
        own = [at for at, name in enumerate(names) if table.taxonomy.drivers[name].topic == topic]
        joined = np.bitwise_or.reduce(bits[:, own], axis=1)
        counts = [int((joined & BITS[sign] > 0).sum()) for sign in ("negative", "positive")]
        if importance_allowed(n, *counts):
            topics.append(topic)
            topic_bits.append(joined)
    if few is not None and len(topics) < 2:
        return Link(study, few, n)
    stacked = np.column_stack(topic_bits) if topic_bits else np.zeros((n, 0), dtype=np.uint8)
    points = _points(study, outcome)
    others = ~np.array(allowed)
    spare = np.hstack([negative[:, others], positive[:, others]]).astype(np.uint8)
    spare = spare[:, spare.any(axis=0)]
    controls, controlled, uncontrolled = _controls(study, rows)
    if spare.shape[1]:
        controlled.append(say("control.others", n=spare.shape[1]))
    return Link(
        study,
        few,
        n,
        ranked,
        tuple(topics),
        _Rows(
            negative=negative[:, allowed].astype(np.uint8),
            positive=positive[:, allowed].astype(np.uint8),
            mentioned=(bits[:, allowed] > 0).astype(np.uint8),
            names=ranked,
            topic_negative=(stacked & BITS["negative"] > 0).astype(np.uint8),
            topic_positive=(stacked & BITS["positive"] > 0).astype(np.uint8),
            topic_mentioned=(stacked > 0).astype(np.uint8),
            topics=tuple(topics),
            points=points,
            scale=outcome,
            controls=controls,
            customer=table.customer[rows],
            others=spare,
            low=position(measure, outcome) <= _low_at(measure.kind),
            controlled=tuple(controlled),
            uncontrolled=uncontrolled,
        ),
    )


def _low_at(kind: str) -> float:
    """1-2 stars of 5 (0 and 25 points), detractors of NPS (up to 60), the lower third elsewhere."""
    return {"nps": 60.0, "stars": 25.0}.get(kind, 100 / 3)


def _points(study: Study, outcome: NDArray[np.float64]) -> NDArray[np.float64]:
    measure = study.table.measure
    assert measure is not None
    if measure.kind == "nps":
        return 100.0 * ((outcome >= 9).astype(np.float64) - (outcome <= 6))
    return position(measure, outcome)


def _source_rows(study: Study) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first scored text of each usable source row, and all texts with their owner.

    Texts of one source row (a survey with several questions) stand next to each other.
    """
    table = study.table
    starts = np.flatnonzero(table.first)
    owner = np.cumsum(table.first) - 1
    said = np.zeros(len(starts), dtype=bool)
    np.logical_or.at(said, owner, study.used)
    keep = said & ~np.isnan(table.outcome[starts])
    number = np.cumsum(keep) - 1
    places = np.where(keep[owner], number[owner], -1)
    return starts[keep], places


def _by_source_row(bits: NDArray[np.uint8], places: NDArray[np.int64]) -> NDArray[np.uint8]:
    chosen = np.flatnonzero(places >= 0)
    starts = np.flatnonzero(np.diff(places[chosen], prepend=-1))
    return np.asarray(np.bitwise_or.reduceat(bits[chosen], starts, axis=0), dtype=np.uint8)


def _controls(
    study: Study, rows: NDArray[np.int64]
) -> tuple[NDArray[np.float64], list[Text], tuple[str, ...]]:
    """Language, source, month and text length: in every model, never ranked.

    :return: Their columns, what they stand for, and the columns to compare by that are not there.
    """
    table = study.table
    columns = [np.log1p(table.length[rows].astype(np.float64))]
    named = [say("control.length")]
    groups = [(say("control.language"), table.language[rows].astype(np.int64))]
    many: list[str] = []
    for column, (codes, labels) in table.segments.items():
        if len(labels) <= _SEGMENT_LEVELS:
            groups.append((say("control.column", column=column), codes[rows].astype(np.int64)))
        else:
            many.append(column)
    months = table.dates[rows].astype("datetime64[M]").astype(np.int64)
    undated = np.isnat(table.dates[rows])
    if len(np.unique(months[~undated])) > _MONTHS_AS_CONTROLS:
        # Many months are one slope: a column for each would cost more rows than it explains. Rows
        # without a date lie on a level of their own.
        columns.append(np.where(undated, 0.0, (months - months[~undated].mean()) / 12.0))
        named.append(say("control.slope"))
        columns += [undated.astype(np.float64)] if undated.any() else []
    else:
        groups.append((say("control.month"), np.where(undated, -1, months)))
    for name, group in groups:
        levels, counts = np.unique(group, return_counts=True)
        rest = levels[np.argsort(-counts, kind="stable")][1:]
        columns += [(group == level).astype(np.float64) for level in rest]
        named += [name] if len(rest) else []
    return np.column_stack(columns), named, tuple(many)


def _beside(controls: NDArray[np.float64], others: NDArray[np.uint8]) -> NDArray[np.float64]:
    return np.hstack([controls, others.astype(np.float64)]) if others.shape[1] else controls


def _pair_names(names: tuple[str, ...]) -> list[str]:
    return [*(f"{name} -" for name in names), *(f"{name} +" for name in names)]


def best_segments(study: Study, names: tuple[str, ...]) -> Mapping[str, float]:
    """Return the lowest complaint share that the best segment of 100 texts or more may have.

    That is the lower end of its interval, where at least two segments can be compared: the best of
    a few noisy shares would otherwise pass for a limit of what is possible.
    """
    table, best = study.table, {}
    for name in names:
        complaints = table.has(name, "negative")[study.used]
        shares = []
        for codes, labels in table.segments.values():
            own = codes[study.used]
            sizes = np.bincount(own[own >= 0], minlength=len(labels))
            hits = np.bincount(own[own >= 0], complaints[own >= 0], minlength=len(labels))
            large = np.flatnonzero(sizes >= MEASURE_CERTAIN)
            if len(large) > 1:
                ends = [wilson(int(hits[at]), int(sizes[at])).low for at in large]
                shares += [end for end in ends if end is not None]
        if shares:
            best[name] = float(min(shares))
    return best
