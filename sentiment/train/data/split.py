"""Deterministic folds for cross-fitting: near-duplicates stay together, languages are balanced."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from sentiment.train.data.examples import Example

__all__ = ["folds", "kept_aside"]


def folds(examples: Sequence[Example], k: int = 5, seed: int = 0) -> list[int]:
    """Return the fold of each example, 0 to k - 1.

    All examples of one group (texts equal in letters and digits) get the same fold. Within each
    language the groups are put in an order that only their keys and the seed decide, and dealt out
    in turn to the fold that holds the fewest examples so far, so that folds differ in size by no
    more than the largest group, and a run on another machine gives the same folds.

    :raises ValueError: k is smaller than 2.
    """
    if k < 2:
        raise ValueError(f"k is {k}; cross-fitting needs at least 2 folds.")
    members: dict[str, list[int]] = {}
    for index, example in enumerate(examples):
        members.setdefault(example.group, []).append(index)
    # A group belongs to the language of its first example; no text is in two.
    languages: dict[str, list[str]] = {}
    for group, indices in members.items():
        languages.setdefault(examples[indices[0]].language, []).append(group)
    result = [0] * len(examples)
    for groups in languages.values():
        sizes = [0] * k
        for group in sorted(groups, key=lambda group: _shuffled(group, seed)):
            fold = sizes.index(min(sizes))
            sizes[fold] += len(members[group])
            for index in members[group]:
                result[index] = fold
    return result


def kept_aside(examples: Sequence[Example], parts: int) -> list[Example]:
    """Return one part in so many: rows that a training never sees, the same ones in every run."""
    fold = folds(examples, parts)
    return [one for one, at in zip(examples, fold, strict=True) if at == 0]


def _shuffled(group: str, seed: int) -> str:
    return hashlib.sha256(f"{seed}:{group}".encode()).hexdigest()
