"""What is wrong with labelled rows taken together: copies, contradictions, classes with too few."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sentiment.taxonomy import Taxonomy
from sentiment.text import prepare
from sentiment.train.data.examples import Example
from sentiment.train.rows.faults import Fault
from sentiment.train.rows.labelled import Labelled
from sentiment.train.rows.seeds import seed_pattern

__all__ = ["FEWEST", "check_dev", "check_training"]

# With fewer rows neither the change nor the proof of it means anything.
FEWEST = 40
_FEWEST_OF_CLASS = 10
_UNUSED = ("says_nothing", "foreign", "unlabelled")


def check_training(
    labelled: Labelled, taxonomy: Taxonomy, base: Taxonomy | None, dev: Labelled | None = None,
    lacking: Collection[tuple[str, str]] = (),
) -> Labelled:  # fmt: skip
    """Return the rows that can be trained on, with all faults of the rows taken together.

    Left out, with a warning each: rows that say nothing, copies, and rows whose text is in the dev
    file.

    :param base: The taxonomy of the base, which knows what need not be learnt anew; None for an
        encoder that knows nothing.
    :param lacking: Tags with a polarity that the base cannot learn: see `bases.Base.lacking`.
    """
    keep = _usable(labelled)
    faults = [*_damage(labelled), *_contradictions(labelled, keep), *_ids(labelled)]
    faults += _unlearnable(labelled, keep, lacking)
    keep, copies = _once(labelled, keep)
    faults += copies
    few: dict[str, Any] = {"least": FEWEST}
    if dev is not None:
        keep, shared = _apart(labelled, keep, dev)
        faults += shared
        few |= {"shared": len(shared), "path": str(dev.path)}
    kept = [labelled.examples[at] for at in keep]
    faults += [*_classes(kept), *_new_drivers(kept, taxonomy, base)]
    if len(kept) < FEWEST:
        kind = "few_beside_dev" if few.get("shared") else "few_rows"
        faults.append(Fault(kind, None, {"rows": len(kept), **few}))
    return labelled.only(keep, faults)


def check_dev(dev: Labelled) -> Labelled:
    """Return the rows of a dev file that can be measured on."""
    keep = _usable(dev)
    faults = [*_contradictions(dev, keep)]
    keep, copies = _once(dev, keep)
    if len(keep) < FEWEST:
        faults.append(Fault("few_rows", None, {"rows": len(keep), "least": FEWEST}))
    return dev.only(keep, [*faults, *copies])


def _usable(labelled: Labelled) -> list[int]:
    out = {fault.row for fault in labelled.faults if fault.kind in _UNUSED}
    return [at for at, row in enumerate(labelled.rows) if row not in out]


def _damage(labelled: Labelled) -> Iterator[Fault]:
    for row, example in zip(labelled.rows, labelled.examples, strict=True):
        if prepare(example.text).status == "damaged":
            yield Fault("damaged", row)


def _labels(example: Example) -> dict[str, str]:
    """Return everything that is labelled about a text, by name."""
    labels = {f"{topic}": str(state) for topic, state in (example.topics or {}).items()}
    if example.overall is not None:
        labels["sentiment"] = example.overall
    if example.opinions is not None:
        labels["opinions"] = _listed(example.opinions)
    if example.tags is not None:
        labels["tags"] = _listed(example.tags)
    return labels


def _listed(judgements: Sequence[tuple[str, str, str | None]]) -> str:
    return "; ".join(sorted(f"{name}:{polarity}" for name, polarity, _ in judgements)) or "none"


def _contradictions(labelled: Labelled, keep: Sequence[int]) -> Iterator[Fault]:
    """Yield what a row says otherwise than the first row that has the same text and says it."""
    said: dict[tuple[str, str], tuple[int, str]] = {}
    for at in keep:
        example, row = labelled.examples[at], labelled.rows[at]
        for name, value in _labels(example).items():
            other, found = said.setdefault((example.group, name), (row, value))
            if found != value:
                fields = {"other": other, "name": name, "given": value, "found": found}
                yield Fault("contradiction", row, fields)
                break  # topics that follow from opinions would say it again


def _ids(labelled: Labelled) -> Iterator[Fault]:
    known: dict[str, tuple[int, str]] = {}
    for row, example in zip(labelled.rows, labelled.examples, strict=True):
        if example.id is None:
            continue
        other, group = known.setdefault(example.id, (row, example.group))
        if group != example.group:
            yield Fault("id_twice", row, {"given": repr(example.id), "other": other})


def _once(labelled: Labelled, keep: Sequence[int]) -> tuple[list[int], list[Fault]]:
    """Leave out rows that say nothing that an earlier row of the same text does not say."""
    first: dict[str, tuple[int, Mapping[str, str]]] = {}
    kept: list[int] = []
    faults: list[Fault] = []
    for at in keep:
        example, row = labelled.examples[at], labelled.rows[at]
        labels = _labels(example)
        other, known = first.setdefault(example.group, (row, labels))
        if other != row and labels.items() <= known.items():
            faults.append(Fault("duplicate", row, {"other": other}))
        else:
            kept.append(at)
    return kept, faults


def _apart(labelled: Labelled, keep: Sequence[int], dev: Labelled) -> tuple[list[int], list[Fault]]:
    """Leave out rows whose text is measured on."""
    there = {example.group for example in dev.examples}
    kept: list[int] = []
    faults: list[Fault] = []
    for at in keep:
        if labelled.examples[at].group in there:
            faults.append(Fault("in_dev", labelled.rows[at], {"path": str(dev.path)}))
        else:
            kept.append(at)
    return kept, faults


def _classes(examples: Sequence[Example]) -> Iterator[Fault]:
    """Yield the classes that have too few rows, and the labels that are always the same."""
    counts: dict[str, Counter[str]] = {}
    for example in examples:
        for name, value in _labels(example).items():
            if name not in ("opinions", "tags"):
                counts.setdefault(name, Counter())[value] += 1
    partial = {
        topic for example in examples if example.opinions is None for topic in example.topics or {}
    }
    for name, classes in counts.items():
        if name in partial and "absent" not in classes:
            yield Fault("never_absent", None, {"name": name})
        if len(classes) == 1:
            yield Fault("one_class", None, {"name": name, "value": next(iter(classes))})
            continue
        few = [
            f"{value} ({rows})"
            for value, rows in sorted(classes.items())
            if rows < _FEWEST_OF_CLASS
        ]
        if few:
            fields = {"name": name, "counts": few, "least": _FEWEST_OF_CLASS}
            yield Fault("few_of_class", None, fields)


def _unlearnable(
    labelled: Labelled, keep: Sequence[int], lacking: Collection[tuple[str, str]]
) -> Iterator[Fault]:
    for at in keep:
        for name, polarity, _ in labelled.examples[at].tags or ():
            if (name, polarity) in lacking:
                fields = {"name": name, "polarity": polarity}
                yield Fault("tag_polarity", labelled.rows[at], fields)


def _new_drivers(
    examples: Sequence[Example], taxonomy: Taxonomy, base: Taxonomy | None
) -> Iterator[Fault]:
    """Yield drivers that nothing can be learnt about: the base does not have them either."""
    if base is None and all(example.opinions is None for example in examples):
        yield Fault("no_drivers")
        return
    known = {} if base is None else base.drivers
    named = {judged.name for example in examples for judged in example.opinions or ()}
    topics = {topic for example in examples for topic in example.topics or {}}
    texts = [prepare(example.text).folded for example in examples]
    for name, driver in taxonomy.drivers.items():
        alone = len(taxonomy.drivers_of(driver.topic)) == 1 and driver.topic in topics
        if name in named or alone:
            continue
        if driver.phrases:
            pattern = seed_pattern(driver.phrases)
            if not any(pattern.search(text) for text in texts):
                yield Fault("no_phrase", None, {"name": name})
        elif name not in known:
            yield Fault("unlearnt", None, {"name": name})
