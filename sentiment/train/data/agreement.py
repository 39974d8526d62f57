"""How well a mapped set agrees with the gold labels, on the texts that are in both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sentiment.train.data.examples import Example

__all__ = ["Agreement", "compare_names", "compare_topics"]


@dataclass(frozen=True, slots=True)
class Agreement:
    """Counts for one topic, driver or tag of one set, over the texts where the set knows it.

    :param known: Texts where the mapping gives a state, "absent" included.
    :param given: Texts where it gives a state other than absent.
    :param right: Of `given`, those where the gold labels have the same state.
    :param present: Of `given`, those where the gold labels have any state but absent.
    :param gold: Of `known`, those where the gold labels have a state other than absent.
    """

    source: str
    name: str
    known: int
    given: int
    right: int
    present: int
    gold: int

    @property
    def precision(self) -> float:
        """Share of the states given that are right; nan when none was given."""
        return self.right / self.given if self.given else float("nan")

    @property
    def recall(self) -> float:
        """Share of the gold states given, where the set knows the topic; nan without any."""
        return self.right / self.gold if self.gold else float("nan")

    @property
    def missed(self) -> float:
        """Share of the texts called absent in which the gold labels have a judgement."""
        absent = self.known - self.given
        return (self.gold - self.present) / absent if absent else float("nan")


def compare_topics(mapped: Iterable[Example], gold: Iterable[Example]) -> list[Agreement]:
    """Compare topic states, by set and topic; gold is found by the group of the text."""
    truth = {example.group: example.topics or {} for example in gold}
    return _compare(((example, example.topics or {}) for example in mapped), truth)


def compare_names(mapped: Iterable[Example], gold: Iterable[Example]) -> list[Agreement]:
    """Compare the drivers and tags that a mapping names; recall says nothing here."""
    truth = {example.group: example.drivers for example in gold}
    return _compare(((example, example.drivers) for example in mapped), truth)


def _compare(
    mapped: Iterable[tuple[Example, Mapping[str, str]]], truth: Mapping[str, Mapping[str, str]]
) -> list[Agreement]:
    counts: dict[tuple[str, str], list[int]] = {}
    for example, states in mapped:
        if example.group not in truth:
            continue
        for name, state in states.items():
            meant = truth[example.group].get(name, "absent")
            count = counts.setdefault((example.source, name), [0, 0, 0, 0, 0])
            count[0] += 1
            count[1] += state != "absent"
            count[2] += state != "absent" and state == meant
            count[3] += state != "absent" and meant != "absent"
            count[4] += meant != "absent"
    return [Agreement(source, name, *count) for (source, name), count in sorted(counts.items())]
