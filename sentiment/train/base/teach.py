"""What a teacher says of texts that people labelled in part: soft labels for the base model.

A teacher is a model, or several whose probabilities are averaged: larger ones, other kinds, or the
model of the run before (Hinton et al. 2015, "Distilling the knowledge in a neural network"; Furlanello
et al. 2018, "Born again neural networks"). A shop's stars say how a customer feels, the teacher says
what about. Labels go before it wherever there are any (`token_targets`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from sentiment.errors import InputError
from sentiment.model.decision import Chances
from sentiment.text import Prepared, prepare
from sentiment.train.data.examples import Example

__all__ = ["Teacher", "read_taught", "teach", "write_taught"]

_ROWS = 512  # texts that a teacher is given at one time


class _Sayer(Protocol):
    def chances(self, batch: Sequence[Prepared]) -> Chances:
        """Return how likely everything is that each text may say."""


@dataclass(frozen=True)
class Teacher:
    """A model, how much its word counts, and in which languages it is asked."""

    model: _Sayer
    weight: float = 1.0
    languages: frozenset[str] = frozenset({"zh", "en"})


def teach(examples: Iterable[Example], teachers: Sequence[Teacher]) -> dict[str, Chances]:
    """Return the weighted mean of what the teachers say, by the group of each example.

    :raises InputError: A language that no teacher is asked in.
    """
    taught: dict[str, Chances] = {}
    by_language: dict[str, list[Example]] = {}
    for example in examples:
        by_language.setdefault(example.language, []).append(example)
    for language, rows in by_language.items():
        asked = [teacher for teacher in teachers if language in teacher.languages]
        total = sum(teacher.weight for teacher in asked)
        if total <= 0:
            raise InputError(
                f"No teacher is asked in {language}; add one, or leave those rows out."
            )
        for at in range(0, len(rows), _ROWS):
            part = rows[at : at + _ROWS]
            prepared = [prepare(example.text) for example in part]
            said = [teacher.model.chances(prepared) for teacher in asked]
            shares = [teacher.weight / total for teacher in asked]
            means = [
                sum(share * array for share, array in zip(shares, arrays, strict=True))
                for arrays in zip(*said, strict=True)
            ]
            for row, example in enumerate(part):
                taught[example.group] = Chances(*(mean[row].astype(np.float16) for mean in means))
    return taught


def write_taught(taught: Mapping[str, Chances], path: Path) -> None:
    """Write soft labels as .npz: groups, and an array in fp16 for each field of `Chances`."""
    fields = zip(*taught.values(), strict=True)
    arrays: dict[str, Any] = dict(zip(Chances._fields, map(np.stack, fields), strict=True))
    np.savez_compressed(path, groups=np.array(list(taught)), **arrays)


def read_taught(path: Path) -> dict[str, Chances]:
    """Read what `write_taught` wrote, in fp32.

    :raises InputError: The file cannot be read, or holds something else.
    """
    try:
        with np.load(path, allow_pickle=False) as held:
            groups = held["groups"].tolist()
            arrays = [held[name].astype(np.float32) for name in Chances._fields]
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{path}: no soft labels of a teacher ({error}).") from error
    return {group: Chances(*(array[row] for array in arrays)) for row, group in enumerate(groups)}
