"""What an evaluation calls things, alike on its page and in its lines of text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from sentiment.records import SENTIMENTS
from sentiment.reporting.values import Text, same
from sentiment.reporting.wording import known, say
from sentiment.taxonomy import Taxonomy
from sentiment.train.figures.measure import LENGTHS, ClassFigures, Figures
from sentiment.wording import word

if TYPE_CHECKING:
    from sentiment.train.figures.evaluate import Comparison, Evaluation, ModelFigures

__all__ = [
    "about",
    "class_name",
    "class_names",
    "compared",
    "judgement",
    "labelled_sentiments",
    "model_names",
    "part_name",
    "told_learned",
]


def model_names(models: Iterable[ModelFigures]) -> list[str]:
    """Return what the models are called; two of one name are numbered."""
    seen: Counter[str] = Counter()
    names = []
    for model in models:
        seen[model.name] += 1
        names.append(model.name if seen[model.name] == 1 else f"{model.name} ({seen[model.name]})")
    return names


def compared(evaluation: Evaluation, names: Sequence[str]) -> Iterator[tuple[str, str, Comparison]]:
    """Yield what the two models of each comparison are called, the first and the second, and it."""
    pairs = ((first, second) for at, second in enumerate(names) for first in names[:at])
    for (first, second), comparison in zip(pairs, evaluation.comparisons, strict=True):
        yield first, second, comparison


def told_learned(evaluation: Evaluation, names: Sequence[str]) -> Iterator[Text]:
    """Yield a sentence for each model that was trained on some of the rows."""
    for name, model in zip(names, evaluation.models, strict=True):
        if model.learned:
            yield say("evaluation.learned", learned=model.learned, rows=evaluation.rows, model=name)


def part_name(part: str | int) -> Text:
    """Return what some of the rows are called: a language, or texts from a length on."""
    if isinstance(part, int):
        ends = dict(pairwise(LENGTHS))
        if part in ends:
            return say("evaluation.length", low=part, high=ends[part] - 1)
        return say("evaluation.length_from", low=part)
    return say(f"evaluation.{part}")


def class_name(name: str, taxonomy: Taxonomy) -> Text:
    """Return what "price.level:negative", or a sentiment alone, is called."""
    what, _, how = name.partition(":")
    if not how:
        return judgement(what)
    named, judged = about(what, taxonomy), judgement(how)
    return Text(zh=f"{named.zh} · {judged.zh}", en=f"{named.en} · {judged.en}")


def class_names(figures: Iterable[Mapping[str, ClassFigures]]) -> list[str]:
    """Return the names of all classes, sentiments in their own order and others by the alphabet."""
    names = {name for one in figures for name in one}
    return [name for name in SENTIMENTS if name in names] or sorted(names)


def about(name: str, taxonomy: Taxonomy) -> Text:
    """Return what a topic, a driver with its topic, a tag or "sentiment" is called."""
    if name == "sentiment":
        return say("evaluation.sentiment")
    entry = taxonomy.topics.get(name) or taxonomy.drivers.get(name) or taxonomy.tags.get(name)
    if entry is None:
        return same(name)
    topic = taxonomy.topics.get(name.partition(".")[0])
    if "." in name and topic is not None:
        return Text(zh=f"{topic.zh}：{entry.zh}", en=f"{topic.en}: {entry.en}")
    return Text(zh=entry.zh, en=entry.en)


def judgement(words: str) -> Text:
    """Return what sentiments, polarities and states are called; several stand with spaces between."""
    said = [
        say(f"evaluation.{one}")
        if known(f"evaluation.{one}")
        else Text(word("zh", one), word("en", one))
        for one in words.split()
    ]
    return Text(zh="、".join(one.zh for one in said), en=", ".join(one.en for one in said))


def labelled_sentiments(figures: Figures) -> Mapping[str, ClassFigures]:
    """Return the figures of the sentiments in their own order; none where none is labelled."""
    if not any(one.labelled for one in figures.sentiments.values()):
        return {}
    return {name: figures.sentiments[name] for name in SENTIMENTS}
