"""Labelled examples as the base model's targets: token ids, and what is known about each head.

What is not labelled is marked as such and has no part in any loss: an aspect set says nothing about
topics outside its scheme, a star says nothing about drivers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from sentiment.model.decision import Chances
from sentiment.model.words import Words
from sentiment.records import POLARITIES, SENTIMENTS, STATES, State
from sentiment.taxonomy import Taxonomy
from sentiment.text import Prepared, prepare
from sentiment.train.data.examples import Example, Judgement

__all__ = [
    "UNKNOWN",
    "Targets",
    "encoded",
    "evidence_span",
    "is_read",
    "join",
    "read_targets",
]

UNKNOWN = -1  # not labelled; in `findings` as NaN, because 0 and 1 are taken there

_KNOWN_STATE: dict[State, tuple[float, float, float]] = {
    # (negative, neutral, positive); beside praise or blame a neutral remark may or may not stand.
    "absent": (0.0, 0.0, 0.0),
    "negative": (1.0, np.nan, 0.0),
    "neutral": (0.0, 1.0, 0.0),
    "positive": (0.0, np.nan, 1.0),
    "mixed": (1.0, np.nan, 1.0),
}


@dataclass(frozen=True)
class Targets:
    """One example, ready for a batch.

    :param ids: Token ids with [CLS] and [SEP], at most the window.
    :param overall: Index of the sentiment, or UNKNOWN.
    :param overall_weight: How far `overall` is to be trusted.
    :param topics: Index of the state of each topic, or UNKNOWN, (T,).
    :param findings: 1 judged so, 0 not, NaN not known; by driver or tag and polarity, (N, 3).
    :param spans: First and last token of the evidence, or UNKNOWN, (N, 3, 2).
    :param kind: gold, aspects, overall or taught: which of the mixture's shares it belongs to.
    :param language: Of the text, "zh" or "en".
    :param taught: What a teacher says of the row; counts where nothing is labelled.
    :param vectors: What a larger encoder makes of each token of the text, (L - 2, V), or None.
    :param words: What words alone add to the logits of the sentiments, (4,); see `model.words`.
    """

    ids: NDArray[np.int64]
    overall: int
    overall_weight: float
    topics: NDArray[np.int64]
    findings: NDArray[np.float32]
    spans: NDArray[np.int64]
    kind: str
    language: str
    taught: Chances | None = None
    vectors: NDArray[np.float16] | None = None
    words: NDArray[np.float32] | None = None


def read_targets(
    examples: Sequence[Example],
    tokenizer: Tokenizer,
    taxonomy: Taxonomy,
    window: int,
    taught: Mapping[str, Chances] | None = None,
    kind: str | None = None,
    vectors: Mapping[str, NDArray[np.float16]] | None = None,
    words: Words | None = None,
) -> list[Targets]:
    """Prepare the texts as for scoring and lay out their labels; empty texts are left out.

    :param taught: What a teacher says, by the group of the example; see `teach`.
    :param kind: Of all of them; by default, what each is labelled with decides.
    :param vectors: What a larger encoder makes of the tokens, by the group of the example; see
        `token_teacher`.
    :param words: Asked about each text, of rows whose answers decisions are fitted to.
    """
    targets = []
    for example in examples:
        prepared = prepare(example.text)
        if not is_read(prepared):
            continue
        ids, offsets = encoded(prepared, tokenizer, window)
        findings = _findings(example, taxonomy)
        spans = np.full((*findings.shape, 2), UNKNOWN, dtype=np.int64)
        names = _names(taxonomy)
        topics = _topics(example, taxonomy)
        said = None if example.opinions is not None else (taught or {}).get(example.group)
        for judgement in (*(example.opinions or ()), *(example.tags or ())):
            tokens = _tokens_of(judgement, prepared, offsets)
            if tokens is not None and judgement.name in names:
                polarity = POLARITIES.index(judgement.polarity)
                spans[names.index(judgement.name), polarity] = tokens
        targets.append(
            Targets(
                ids=ids,
                overall=SENTIMENTS.index(example.overall) if example.overall else UNKNOWN,
                overall_weight=example.overall_weight,
                topics=topics,
                findings=findings,
                spans=spans,
                kind=kind or _kind(example),
                language=example.language,
                taught=None if said is None else _corrected(said, topics, taxonomy),
                vectors=_fitting((vectors or {}).get(example.group), len(ids) - 2),
                words=_by_words(words, prepared, offsets),
            )
        )
    return targets


def is_read(prepared: Prepared) -> bool:
    """Tell whether a text is given to a model: not an empty one, nor one in another language."""
    return prepared.status not in ("empty", "unsupported")


def _by_words(
    words: Words | None, prepared: Prepared, offsets: Sequence[tuple[int, int]]
) -> NDArray[np.float32] | None:
    """Return what the words say of the letters that the window holds, as in scoring."""
    if words is None:
        return None
    letters = prepared.folded[offsets[1][0] : offsets[-1][1]] if len(offsets) > 1 else ""
    said: NDArray[np.float32] = words.score([letters])[0]
    return said


def _fitting(vectors: NDArray[np.float16] | None, tokens: int) -> NDArray[np.float16] | None:
    """Return the vectors unless they are of a text of the group with more or fewer tokens."""
    return vectors if vectors is not None and len(vectors) == tokens else None


def encoded(
    prepared: Prepared, tokenizer: Tokenizer, window: int
) -> tuple[NDArray[np.int64], list[tuple[int, int]]]:
    """Return the token ids that fit the window, and the offsets of all but the last one, [SEP]."""
    encoding = tokenizer.encode(prepared.folded)
    inside = min(len(encoding.ids), window) - 1  # a text cut short ends with [SEP] as any other
    ids = np.array([*encoding.ids[:inside], encoding.ids[-1]], dtype=np.int64)
    return ids, encoding.offsets[:inside]


def _corrected(said: Chances, topics: NDArray[np.int64], taxonomy: Taxonomy) -> Chances:
    """Return a teacher's word without what the labels of the topics rule out."""
    findings = said.findings.copy()
    names = list(taxonomy.topics)
    for row, driver in enumerate(taxonomy.drivers.values()):
        label = topics[names.index(driver.topic)]
        if label != UNKNOWN:
            ruled_out = [known == 0 for known in _KNOWN_STATE[STATES[label]]]
            findings[row, ruled_out] = 0.0
    return said._replace(findings=findings)


def evidence_span(prepared: Prepared, evidence: str) -> tuple[int, int] | None:
    """Return the span of ``prepared.text`` that a piece of the original became, or None."""
    start = prepared.original.find(evidence)
    if start < 0 or not evidence:
        return None
    if not prepared.steps:
        return start, start + len(evidence)
    end = start + len(evidence)
    # The way back is known from each character; the inside is where it leads into the evidence.
    inside = []
    for at in range(len(prepared.text)):
        first, last = prepared.to_original(at, at + 1)
        if first < end and last > start:
            inside.append(at)
    return (inside[0], inside[-1] + 1) if inside else None


def join(one: Targets, other: Targets) -> Targets:
    """Return two fully labelled rows as one text, the other behind the first.

    Judged is what either judges, with the evidence of the first that has some; states follow by the
    rule of the records. The overall sentiment is theirs where they agree, mixed where one praises
    and one blames or either is mixed, and not known beside a neutral row: a remark in passing may
    or may not turn the whole.
    """
    spans = np.where(one.spans != UNKNOWN, one.spans, _moved(other.spans, len(one.ids) - 2))
    return Targets(
        ids=np.concatenate([one.ids[:-1], other.ids[1:]]),
        overall=_joined_overall(one.overall, other.overall),
        overall_weight=min(one.overall_weight, other.overall_weight),
        topics=np.array(
            [_joined_state(*pair) for pair in zip(one.topics, other.topics, strict=True)]
        ),
        findings=np.maximum(one.findings, other.findings),  # NaN, not known, wins
        spans=spans,
        kind=one.kind,
        language=one.language,
    )


def _moved(spans: NDArray[np.int64], tokens: int) -> NDArray[np.int64]:
    return np.where(spans != UNKNOWN, spans + tokens, UNKNOWN)


def _joined_overall(one: int, other: int) -> int:
    if one == other:
        return one
    if UNKNOWN in (one, other) or SENTIMENTS.index("neutral") in (one, other):
        return UNKNOWN
    return SENTIMENTS.index("mixed")


def _joined_state(one: int, other: int) -> int:
    if UNKNOWN in (one, other):
        return UNKNOWN
    states = {STATES[one], STATES[other]}
    if "mixed" in states or {"negative", "positive"} <= states:
        return STATES.index("mixed")
    # The stronger one: praise or blame over a neutral remark, anything over nothing.
    order: tuple[State, ...] = ("negative", "positive", "neutral", "absent")
    return STATES.index(next(state for state in order if state in states))


def _tokens_of(
    judgement: Judgement, prepared: Prepared, offsets: Sequence[tuple[int, int]]
) -> tuple[int, int] | None:
    """Return the first and last token that hold the evidence, None where the window cuts it."""
    span = evidence_span(prepared, judgement.evidence) if judgement.evidence else None
    if span is None:
        return None
    held = [
        token
        for token, (start, end) in enumerate(offsets)
        if start < end and start < span[1] and end > span[0]
    ]
    return (held[0], held[-1]) if held else None


def _names(taxonomy: Taxonomy) -> tuple[str, ...]:
    return (*taxonomy.drivers, *taxonomy.tags)


def _topics(example: Example, taxonomy: Taxonomy) -> NDArray[np.int64]:
    states = example.topics or {}
    known = [states.get(topic) for topic in taxonomy.topics]
    return np.array([STATES.index(state) if state else UNKNOWN for state in known])


def _findings(example: Example, taxonomy: Taxonomy) -> NDArray[np.float32]:
    names = _names(taxonomy)
    findings = np.full((len(names), len(POLARITIES)), np.nan, dtype=np.float32)
    if example.opinions is not None:
        findings[: len(taxonomy.drivers)] = 0.0
    else:
        for row, driver in enumerate(taxonomy.drivers.values()):
            if (example.topics or {}).get(driver.topic) == "absent":
                findings[row] = 0.0
    if example.tags is not None:
        findings[len(taxonomy.drivers) :] = 0.0
    for judgement in (*(example.opinions or ()), *(example.tags or ())):
        if judgement.name in names:
            findings[names.index(judgement.name), POLARITIES.index(judgement.polarity)] = 1.0
    if not example.gold:
        for name, state in example.drivers.items():
            if name in names and np.isnan(findings[names.index(name)]).all():
                findings[names.index(name)] = _KNOWN_STATE[state]
    return findings


def _kind(example: Example) -> str:
    if example.opinions is not None:
        return "gold"
    return "aspects" if example.topics is not None else "overall"
