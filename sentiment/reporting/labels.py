"""The user's labels on a random sample of the scored rows, and shares corrected by them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.drivers.prevalence import Prevalence, ppi_mean
from sentiment.errors import LabelError
from sentiment.reporting.scored import BITS, ScoredTable

__all__ = ["Labels", "read_labels"]

# What every line of a random sample says; a sample chosen by the model's doubt is no sample of
# the export, and a share corrected by it would be wrong with a narrow interval.
SAMPLING = "random"
_SHOWN = 5


@dataclass(frozen=True)
class Labels:
    """Labelled rows of a table.

    :param places: Their places in the table.
    :param truth: Polarity bits (rows, drivers) that the user gave.
    """

    table: ScoredTable
    places: NDArray[np.int64]
    truth: NDArray[np.uint8]

    @property
    def n(self) -> int:
        """Number of labelled texts that say something."""
        return len(self.places)

    def corrected(self, drivers: Iterable[str], *polarities: str) -> Prevalence:
        """Return the share of texts with one of the polarities on one of the drivers, by PPI."""
        names = list(self.table.taxonomy.drivers)
        columns = [names.index(name) for name in drivers]
        wanted = sum(BITS[name] for name in polarities or BITS)
        counted = _any(self.table.drivers[:, columns] & wanted)
        truth = _any(self.truth[:, columns] & wanted)
        rest = self.table.used.copy()
        rest[self.places] = False
        return ppi_mean(
            truth.astype(np.float64),
            counted[self.places].astype(np.float64),
            counted[rest].astype(np.float64),
        )


def _any(bits: NDArray[np.integer[Any]]) -> NDArray[np.bool_]:
    return np.asarray((bits > 0).any(axis=1))


def read_labels(source: str | Path | Iterable[Mapping[str, Any]], table: ScoredTable) -> Labels:
    """Read the labelled sample of a table.

    Each line is a labelled feedback with the number of its row and ``"sampling": "random"``.

    :raises LabelError: Not marked as random, not of this export, not labelled to the end, or
        labelled twice; the message lists the faults.
    """
    where = str(source) if isinstance(source, (str, Path)) else "the labels"
    entries = _entries(source, where)
    if not entries:
        raise LabelError(f"{where}: no labelled rows.")
    odd = [n for n, entry in enumerate(entries, 1) if entry.get("sampling") != SAMPLING]
    if odd:
        raise LabelError(
            f"{where}: {len(odd)} of {len(entries)} lines (first: {_some(odd)}) are not marked as "
            "a random sample; only rows drawn at random from this export can correct shares: mark "
            'each of them with "sampling": "random".'
        )
    faults: list[str] = []
    names = {name: at for at, name in enumerate(table.taxonomy.drivers)}
    first = {int(row): at for at, row in reversed(list(enumerate(table.row)))}
    places: list[int] = []
    truth: list[NDArray[np.uint8]] = []
    for line, entry in enumerate(entries, 1):
        place = _place(entry, first, table)
        opinions = entry.get("opinions")
        if place is None:
            faults.append(f"line {line} is no row of this export")
        elif place in places:
            faults.append(f"line {line} labels row {entry['row']} again")
        elif opinions is None:
            faults.append(f"line {line} is not labelled yet")
        elif isinstance(opinions, (str, Mapping)) or not isinstance(opinions, Iterable):
            faults.append(f"line {line} has no list of opinions but {opinions!r}")
        elif unknown := [o for o in opinions if not _good(o, names)]:
            faults.append(f"line {line} has an unknown opinion {unknown[0]!r}")
        else:
            places.append(place)
            truth.append(_bits(opinions, names))
    if faults:
        shown = "; ".join(faults[:_SHOWN]) + ("; ..." if len(faults) > _SHOWN else "")
        raise LabelError(f"{where}: {shown}. Label the whole sample of this very export.")
    kept = np.array(places, dtype=np.int64)
    said = table.used[kept]
    if said.sum() < 2:
        raise LabelError(f"{where}: fewer than two labelled rows say anything.")
    return Labels(table, kept[said], np.array(truth, dtype=np.uint8)[said])


def _entries(source: Any, where: str) -> list[Mapping[str, Any]]:
    if not isinstance(source, (str, Path)):
        entries = list(source) if isinstance(source, Iterable) else [source]
        if wrong := [entry for entry in entries if not isinstance(entry, Mapping)]:
            raise LabelError(f"{where}: a labelled row is a mapping, not {wrong[0]!r}.")
        return entries
    try:
        # At line feeds alone: U+2028 and its like may stand inside a text.
        lines = Path(source).read_text(encoding="utf-8-sig").split("\n")
        found = [json.loads(line) for line in lines if line.strip()]
    except OSError as error:
        raise LabelError(f"{where}: cannot be read ({error.strerror or error}).") from error
    except ValueError as error:
        raise LabelError(f"{where}: not JSON lines ({error}).") from error
    if not all(isinstance(entry, Mapping) for entry in found):
        raise LabelError(f"{where}: not JSON lines (a line is no object).")
    return found


def _place(entry: Mapping[str, Any], first: Mapping[int, int], table: ScoredTable) -> int | None:
    row, text = entry.get("row"), entry.get("text")
    if not isinstance(row, int) or row not in first:
        return None
    place = first[row]
    # The answers of one survey row share its number: the text says which one was labelled.
    while place < table.n and table.row[place] == row:
        if text is None or (isinstance(text, str) and table.text_hash[place] == hash(text)):
            return place
        place += 1
    return None


def _good(opinion: Any, names: Mapping[str, int]) -> bool:
    if not isinstance(opinion, Mapping):
        return False
    driver, polarity = opinion.get("driver"), opinion.get("polarity")
    # A list is in no mapping, and cannot be looked up in one.
    return (
        isinstance(driver, str) and driver in names
        and isinstance(polarity, str) and polarity in BITS
    )  # fmt: skip


def _bits(opinions: Iterable[Mapping[str, Any]], names: Mapping[str, int]) -> NDArray[np.uint8]:
    bits = np.zeros(len(names), dtype=np.uint8)
    for opinion in opinions:
        bits[names[str(opinion["driver"])]] |= BITS[str(opinion["polarity"])]
    return bits


def _some(lines: list[int]) -> str:
    return ", ".join(map(str, lines[:_SHOWN]))
