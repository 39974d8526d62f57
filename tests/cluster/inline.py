"""An engine without Ray: for the job, whose business is files, spans and what is kept of them."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sentiment.cluster.spans import Span
from sentiment.cluster.work import Result, Work, score_spans


class Inline:
    """Scores in this process, the last bundle first, as a cluster might."""

    gpus = 0
    nodes = 1

    def __init__(self, address: str | None, workers: int | None) -> None:
        self.workers = workers or 2
        self._begun: list[Result] = []

    def __enter__(self) -> Inline:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def score(
        self, work: Work, bundles: Sequence[tuple[Span, ...]], use_gpu: bool
    ) -> Iterator[Result]:
        work = pickle.loads(pickle.dumps(work))
        analyzer = work.analyzer()
        for bundle in reversed(bundles):
            yield from score_spans(work, analyzer, pickle.loads(pickle.dumps(bundle)))

    def begin(self, function: Callable[..., Result], *arguments: Any) -> None:
        self._begun.append(function(*pickle.loads(pickle.dumps(arguments))))

    def ended(self, *, wait: bool) -> Iterator[Result]:
        while self._begun:
            yield self._begun.pop()
