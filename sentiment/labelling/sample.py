"""Drawing texts from a scoring run of any length, in one pass and bounded memory."""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

from sentiment.records import Analysis
from sentiment.reporting.sources import summary_of
from sentiment.tables import ReadOptions, Roles, holds_records, is_scored, open_table, read_scored
from sentiment.taxonomy import Taxonomy

__all__ = ["draw", "read_run", "taxonomy_of"]


def draw(rows: Iterable[Analysis], size: int, seed: int) -> tuple[list[Analysis], int]:
    """Return a simple random sample of the texts that say something, and how many there are.

    Every text has the same chance, copies of one another too. The sample comes in random order, so
    that any first part of it is a random sample as well.

    :param rows: In any order; read once. What is empty or in another language is passed over.
    """
    chance = random.Random(seed)
    kept: list[tuple[float, int, Analysis]] = []  # a heap: the largest key of the kept ones first
    number = count()
    total = 0
    for analysis in rows:
        if analysis.sentiment is None:
            continue
        total += 1
        entry = (-chance.random(), next(number), analysis)
        if len(kept) < size:
            heapq.heappush(kept, entry)
        elif entry[0] > kept[0][0]:
            heapq.heapreplace(kept, entry)
    return [analysis for _, _, analysis in sorted(kept, reverse=True)], total


def read_run(path: str | Path, text: str | None = None) -> Iterator[Analysis]:
    """Yield the rows of a scored file, in order.

    Which columns hold text and id, and which model scored them, is in the summary beside the file;
    where there is none the columns are found as in any export.

    :param text: The text column, if it cannot be found.
    :raises InputError: No scored file.
    :raises ColumnError: No column, or two, that could be the text.
    """
    path = Path(path)
    summary = summary_of(path)
    roles = summary.get("roles")
    if roles is not None and text is None:
        declared = Roles.from_dict(roles)
    elif is_scored(path) and not holds_records(path):
        wanted = () if text is None else (text,)
        declared = open_table(str(path), ReadOptions(text=wanted)).roles
    else:
        declared = Roles(text=())
    model = str(summary.get("model") or "")
    for analysis in read_scored(path, next(iter(declared.text), None), declared.id):
        # The wide formats name no model in their rows.
        yield analysis if analysis.model else replace(analysis, model=model)


def taxonomy_of(path: str | Path) -> Taxonomy:
    """Return the taxonomy that a file was scored with; the default one where it does not say."""
    taxonomy = summary_of(Path(path)).get("taxonomy")
    return Taxonomy.default() if taxonomy is None else Taxonomy.from_dict(taxonomy)
