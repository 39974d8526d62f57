"""Which rows the base model learns from: one choice, for its teachers and for itself."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from sentiment.train.base.corpus import is_held_out
from sentiment.train.data.examples import (
    Example,
    cap_sets,
    load_examples,
    more_gold,
    other_texts,
    read_labelled,
)
from sentiment.train.data.split import kept_aside

__all__ = ["ASIDE", "LONGEST", "MOST", "TAUGHT", "Chosen", "choose_rows"]

ASIDE = 10  # one part in so many of the gold rows
MOST = 1500  # labelled rows of a set that is not gold
TAUGHT = 4000  # further rows of a set, of which a teacher says what is not labelled
LONGEST = 400  # characters of either


class Chosen(NamedTuple):
    """Rows to learn from, gold rows that nothing is learnt from, and rows for teachers.

    Those for teachers have labels where their set has some, and often none.
    """

    labelled: list[Example]
    aside: list[Example]
    taught: list[Example]


def choose_rows(
    data: Path,
    *,
    without: Iterable[str] = (),
    most: int = MOST,
    taught: int = 0,
    written: Path | None = None,
) -> Chosen:
    """Read the data folder and choose: no row of a test, no text on two sides.

    :param without: Sets of which it must see no text.
    :param most: Labelled rows of a set that is not gold.
    :param taught: Further rows of a set, labelled or not, for teachers.
    :param written: Folder of labelled rows that were written to be learnt from, besides the sets.
    :raises InputError: No data there, or a set that is not known.
    """
    unseen = list(without)
    loaded = load_examples(data, without=unseen)
    examples = [one for one in loaded if not is_held_out(one)]
    aside = kept_aside([one for one in examples if one.gold], ASIDE)
    more = [
        one for one in other_texts(more_gold(data, without=unseen), aside) if not is_held_out(one)
    ]
    labelled = cap_sets(other_texts(examples, aside, more), most, LONGEST) + more
    more_written: list[Example] = []
    if written:
        groups = {one.group for one in aside}
        lines = [one for path in sorted(written.glob("*.jsonl")) for one in read_labelled(path)]
        more_written = [one for one in lines if one.group not in groups]
    if not taught:
        return Chosen(labelled + more_written, aside, [])
    with_labels = {one.group: one for one in examples}
    further = [
        with_labels.get(one.group, one)
        for one in other_texts(
            load_examples(data, without=unseen, purpose="pretrain"), aside, labelled
        )
        if not is_held_out(one)
    ]
    return Chosen(labelled + more_written, aside, cap_sets(further, taught, LONGEST))
