"""Print how far the text agrees with the sub-ratings that the same customers gave.

    python scripts/airline_check.py EXPORT [--model MODEL] [--without LABELLED]

EXPORT is a table of airline reviews with the columns below: next to the review, each customer rated
the flight as a whole and by part. The model sees the review alone. Two comparisons, as Markdown:

- Rank correlation (Spearman, average ranks) of a topic's state in the text with the sub-rating that
  asks about it. States are coded -1 negative, 0 neutral or mixed, +1 positive; reviews that do not
  mention the topic, or that lack the rating, are left out. 95 % interval by Fisher's z with the
  error of Bonett & Wright 2000 (Psychometrika 65:23-28).
- What goes with the overall rating: LMG parts of R2, once from the text (a negative and a positive
  column for each topic or driver) and once from the sub-ratings, on the same rows.

The bundled models have seen these reviews in training: the sign of the overall rating (lite of nearly
all, base of some), and the gold labels of some, never a sub-rating. `--without data/gold/train.jsonl`
(the labelled rows with their text, as they were trained on) leaves out those whose topics were labelled.

Perfect agreement is not to be had: a customer rates what the text does not speak of, and writes of
what no sub-rating asks.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

import sentiment
from sentiment.drivers.floors import IMPORTANCE_MENTIONS
from sentiment.drivers.importance import Importance, lmg
from sentiment.drivers.intervals import normal_quantile
from sentiment.records import Analysis

Floats = NDArray[np.float64]
_Said = set[tuple[str, str]]  # names of topics or drivers, each with a polarity

TEXT, OVERALL = "Review", "Overall (1-10)"
SEAT, STAFF, FOOD = "Seat Comfort", "Cabin Staff Service", "Food & Beverages"
GROUND, VALUE = "Ground Service", "Value For Money"
# The sub-ratings that most customers gave; on-board entertainment and wifi are often not there.
RATED = (SEAT, STAFF, FOOD, GROUND, VALUE)
# What each topic is compared with. No sub-rating asks about punctuality, our topic "delivery".
ASKED = {"service": (STAFF,), "price": (VALUE,), "quality": (SEAT, FOOD)}
CODES = {"negative": -1.0, "neutral": 0.0, "mixed": 0.0, "positive": 1.0}
RESAMPLES = 2000
SHOWN = 12


@dataclass(frozen=True)
class Agreement:
    """A rank correlation with its 95 % interval."""

    value: float
    low: float
    high: float
    n: int


def spearman(first: ArrayLike, second: ArrayLike) -> Agreement:
    """Return Spearman's correlation of the pairs in which both are numbers, ties averaged."""
    one, two = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    both = np.isfinite(one) & np.isfinite(two)
    one, two, n = one[both], two[both], int(both.sum())
    if n < 4 or not np.ptp(one) or not np.ptp(two):
        return Agreement(math.nan, math.nan, math.nan, n)
    value = float(np.corrcoef(_ranks(one), _ranks(two))[0, 1])
    half = normal_quantile(0.95) * math.sqrt((1 + value**2 / 2) / (n - 3))
    z = math.atanh(min(max(value, -1 + 1e-12), 1 - 1e-12))
    return Agreement(value, math.tanh(z - half), math.tanh(z + half), n)


def _ranks(values: Floats) -> Floats:
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    averaged: Floats = (last - (count - 1) / 2)[place]
    return averaged


def main() -> None:
    """Score the export and print both comparisons."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("export", type=Path, metavar="EXPORT", help="the airline reviews, CSV")
    parser.add_argument("--model", help="base, fast, lite, a folder or a hub id (default: base)")
    parser.add_argument(
        "--without", type=Path, metavar="LABELLED", help="leave out reviews labelled in this file"
    )
    options = parser.parse_args()
    rows = _read(options.export)
    if options.without:
        known = _texts(options.without)
        rows = [row for row in rows if _folded(row[TEXT]) not in known]
    analyzer = sentiment.load(options.model)
    analyses = analyzer.analyze_batch([row[TEXT] for row in rows])
    ratings = {name: _numbers(rows, name) for name in (OVERALL, *RATED)}
    print(f"{len(rows):,} reviews, model {analyzer.model_name}\n")
    print("\n".join(_agreement(analyses, ratings)) + "\n")
    print("\n".join(_rankings(analyses, ratings)))


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    missing = [name for name in (TEXT, OVERALL, *RATED) if not rows or name not in rows[0]]
    if missing:
        sys.exit(f"{path}: columns are missing: {', '.join(missing)}")
    return rows


def _texts(path: Path) -> set[str]:
    with path.open(encoding="utf-8") as file:
        return {_folded(str(json.loads(line).get("text") or "")) for line in file}


def _folded(text: str) -> str:
    """Return what is the same in two prints of one review: its letters and digits."""
    return "".join(filter(str.isalnum, text.lower()))


def _numbers(rows: Sequence[dict[str, str]], name: str) -> Floats:
    return np.array([float(row[name]) if row[name] else np.nan for row in rows])


def _agreement(analyses: Sequence[Analysis], ratings: dict[str, Floats]) -> Iterator[str]:
    yield "| topic in the text | sub-rating | Spearman | 95 % interval | n |"
    yield "| --- | --- | ---: | ---: | ---: |"
    for topic, names in ASKED.items():
        states = [CODES.get(analysis.topics[topic], np.nan) for analysis in analyses]
        rated = np.mean([ratings[name] for name in names], axis=0)
        found = spearman(states, rated)
        asked = "mean of " + " and ".join(names) if len(names) > 1 else names[0]
        yield (
            f"| {topic} | {asked} | {found.value:.2f} | {found.low:.2f} to {found.high:.2f} "
            f"| {found.n:,} |"
        )


def _rankings(analyses: Sequence[Analysis], ratings: dict[str, Floats]) -> Iterator[str]:
    complete = np.isfinite(np.array(list(ratings.values()))).all(axis=0)
    overall = ratings[OVERALL][complete]
    kept = [analysis for analysis, good in zip(analyses, complete, strict=True) if good]
    drivers: list[_Said] = [{(o.driver, o.polarity) for o in a.opinions} for a in kept]
    topics: list[_Said] = [{(o.topic, o.polarity) for o in a.opinions} for a in kept]
    yield from _side_by_side(
        f"by topic, {len(overall):,} reviews with all of these ratings",
        _from_text(topics, overall),
        _from_ratings(ratings, complete, overall, ASKED),
    )
    yield ""
    yield from _side_by_side(
        "by driver and by sub-rating, the same reviews",
        _from_text(drivers, overall),
        _from_ratings(ratings, complete, overall, {name: (name,) for name in RATED}),
    )


def _from_text(said: Sequence[_Said], overall: Floats) -> Importance:
    """Return LMG from the text: two columns for each name that is often enough judged."""
    names = sorted({name for pairs in said for name, _ in pairs})
    columns = {
        (name, sign): np.array([(name, sign) in pairs for pairs in said], dtype=np.uint8)
        for name in names
        for sign in ("negative", "positive")
    }
    names = [
        name
        for name in names
        if min(columns[name, s].sum() for s in ("negative", "positive")) >= IMPORTANCE_MENTIONS
    ]
    signs = [(name, sign) for sign in ("negative", "positive") for name in names]
    matrix = np.column_stack([columns[pair] for pair in signs])
    return lmg(matrix, overall, groups=[name for name, _ in signs], bootstrap=RESAMPLES)


def _from_ratings(
    ratings: dict[str, Floats], complete: NDArray[np.bool_], overall: Floats,
    groups: dict[str, tuple[str, ...]],
) -> Importance:  # fmt: skip
    names = [name for members in groups.values() for name in members]
    labels = [group for group, members in groups.items() for _ in members]
    matrix = np.column_stack([ratings[name][complete] for name in names])
    return lmg(matrix, overall, groups=labels, names=names, bootstrap=RESAMPLES)


def _side_by_side(title: str, text: Importance, rated: Importance) -> Iterator[str]:
    yield (
        f"| {title} | from the text (R² {text.r2:.2f}) | from the sub-ratings (R² {rated.r2:.2f}) |"
    )
    yield "| ---: | --- | --- |"
    left, right = _ranked(text), _ranked(rated)
    for place in range(min(SHOWN, max(len(left), len(right)))):
        cells = [found[place] if place < len(found) else "" for found in (left, right)]
        yield f"| {place + 1} | {cells[0]} | {cells[1]} |"


def _ranked(found: Importance) -> list[str]:
    assert found.shares_low is not None
    assert found.shares_high is not None
    return [
        f"{found.names[at]} {found.shares[at]:.0f} % "
        f"[{found.shares_low[at]:.0f}, {found.shares_high[at]:.0f}]"
        for at in np.argsort(-found.shares, kind="stable")
    ]


if __name__ == "__main__":
    main()
