"""Measure what `--speed fast` costs and saves, for every share of rows that is left to the base model.

    python scripts/fast.py DATA            # writes docs/fast.md and docs/fast.svg

DATA is the folder that `scripts/fetch_data.py` fills. The rows are those that no model was trained on:
gold dev, and at most 300 of each public test or dev file that labels topics. Time is processor time of
one thread, the text line and the records included, files left out. Some minutes on two cores.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

# One thread, before anything reads it: what is compared is processor time.
os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
from numpy.typing import NDArray

from sentiment.analyzer import Analyzer
from sentiment.model import bundle
from sentiment.model.cascade import SURE
from sentiment.model.lite import LiteModel
from sentiment.model.transformer import TransformerModel
from sentiment.records import Analysis
from sentiment.text import prepare
from sentiment.train.data.examples import Example, load_examples
from sentiment.train.figures.measure import Figures, measure

ROOT = Path(__file__).resolve().parents[1]
MOST, LONGEST = 300, 400  # rows of a public set, characters of a row
SLICES = 10


@dataclass(frozen=True)
class Point:
    """What one limit gives.

    :param limit: What lite must be sure of.
    :param share: Rows that are left to the base model.
    :param seconds: Processor time of all rows.
    """

    limit: float
    share: float
    seconds: float
    gold: Figures
    public: Figures


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("data", type=Path, help="folder with zh/, en/ and gold/")
    parser.add_argument("--model", default="base", help="name or folder of the transformer")
    parser.add_argument("--out", type=Path, default=ROOT / "docs", help="folder of the results")
    arguments = parser.parse_args()
    rows = measured_rows(arguments.data)
    points = trade_off(rows, arguments.model)
    text = report(points, len(rows))
    print(text)
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / "fast.md").write_text(text, encoding="utf-8")
    (arguments.out / "fast.svg").write_text(picture(points, len(rows)), encoding="utf-8")


def measured_rows(data: Path) -> list[Example]:
    """Return the rows: gold dev, then some of each public set that labels topics."""
    found: dict[str, list[Example]] = {}
    for one in load_examples(data, purpose="measure"):
        if one.gold or (one.topics and len(one.text) <= LONGEST):
            found.setdefault("gold" if one.gold else one.source, []).append(one)
    gold = found.pop("gold")
    spread = (some[:: max(len(some) // MOST, 1)][:MOST] for some in found.values())
    return gold + [one for some in spread for one in some]


def trade_off(rows: Sequence[Example], model: str) -> list[Point]:
    """Return a point for every tenth of the rows, in order of how sure lite is, and for `SURE`."""
    lite = LiteModel.of(bundle.read(bundle.find("lite")))
    base = TransformerModel.of(bundle.read(bundle.find(model)), "cpu")
    texts = [one.text for one in rows]
    prepared = [prepare(text) for text in texts]
    sure = lite.weigh(prepared)[1]
    began = time.process_time()
    quick = Analyzer(lite).analyze_batch(texts)
    first = time.process_time() - began  # everything but the base model
    thorough = Analyzer(base).analyze_batch(texts)
    limits = sorted({*(float(np.quantile(sure, n / SLICES)) for n in range(1, SLICES)), SURE})
    points = [_point(0.0, 0, first, rows, quick, thorough, sure)]
    seconds, below = first, -1.0
    for limit in [*limits, 2.0]:
        slice_ = np.flatnonzero((sure >= below) & (sure < limit)).tolist()
        began = time.process_time()
        base.predict([prepared[index] for index in slice_])
        seconds += time.process_time() - began
        left = int((sure < limit).sum())
        points.append(_point(limit, left, seconds, rows, quick, thorough, sure))
        below = limit
    return points


def _point(
    limit: float,
    left: int,
    seconds: float,
    rows: Sequence[Example],
    quick: Sequence[Analysis],
    thorough: Sequence[Analysis],
    sure: NDArray[np.float32],
) -> Point:
    answers = [
        slow if certain < limit else fast
        for fast, slow, certain in zip(quick, thorough, sure, strict=True)
    ]
    gold = sum(one.gold for one in rows)
    return Point(
        limit,
        left / len(rows),
        seconds,
        measure(rows[:gold], answers[:gold]),
        measure(rows[gold:], answers[gold:]),
    )


def report(points: Sequence[Point], rows: int) -> str:
    """Return what docs/fast.md says."""
    full = points[-1]
    lines = [
        "| left to base | lite must be sure of | rows per processor second | topic F1, gold dev | "
        "driver F1 | overall accuracy | topic F1, public | overall accuracy |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for point in points:
        name = f"{point.share:.0%}"
        sure = "–" if point in (points[0], full) else f"{point.limit:.2f}"
        figures = (
            point.gold.topic_f1, point.gold.driver_f1, point.gold.overall_accuracy,
            point.public.topic_f1, point.public.overall_accuracy,
        )  # fmt: skip
        cells = [name, sure, f"{rows / point.seconds:,.0f}", *(_figure(one) for one in figures)]
        if point.limit == SURE:
            cells = [f"**{cell}**" for cell in cells]
        lines.append(f"| {' | '.join(cells)} |")
    chosen = next(point for point in points if point.limit == SURE)
    lost = 100 * (_value(full.gold.topic_f1) - _value(chosen.gold.topic_f1))
    public = 100 * (_value(full.public.topic_f1) - _value(chosen.public.topic_f1))
    return "\n\n".join(
        [
            "# `--speed fast`",
            "Lite answers the rows of which it is sure, and the base model reads the others. How sure "
            "it is: the probability that the sentiment and every topic's state are right, were they "
            "independent. Written by `python scripts/fast.py DATA` on gold dev "
            f"({full.gold.rows:,} rows) and on {full.public.rows:,} rows of public test and dev files, "
            "none of them trained on. Rows per processor second: one thread, without files.",
            f"The bold line is what `fast` does: {full.seconds / chosen.seconds:.1f} times the rows of "
            f"`full` for {lost:.1f} points of topic F1 on gold dev and {public:.1f} on public rows.",
            "![Topic F1 by rows per processor second](fast.svg)",
            "\n".join(lines),
        ]
    ) + "\n"  # fmt: skip


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _value(figure: float | None) -> float:
    return 0.0 if figure is None else figure


def picture(points: Sequence[Point], rows: int) -> str:
    """Return topic F1 on the public rows by rows per processor second, on a logarithmic axis."""
    rates = [rows / point.seconds for point in points]
    scores = [_value(point.public.topic_f1) for point in points]
    low, high = np.log(min(rates)), np.log(max(rates))
    bottom, top = min(scores) - 0.005, max(scores) + 0.005

    def x(rate: float) -> float:
        return 70 + 560 * float((np.log(rate) - low) / (high - low))

    def y(score: float) -> float:
        return 300 - 250 * (score - bottom) / (top - bottom)

    line = " ".join(f"{x(r):.1f},{y(s):.1f}" for r, s in zip(rates, scores, strict=True))
    body = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 350" role="img" '
        'aria-label="Topic F1 by speed" font-family="system-ui, sans-serif" font-size="12">',
        '<rect width="760" height="350" fill="#fff"/>',
        '<text x="16" y="24" font-size="15" fill="#222">Topic F1 on public rows, by rows per processor '
        "second (logarithmic)</text>",
        f'<polyline points="{line}" fill="none" stroke="#99c9d6" stroke-width="2"/>',
    ]
    for point, rate, score in zip(points, rates, scores, strict=True):
        mine = point.limit == SURE
        body.append(
            f'<circle cx="{x(rate):.1f}" cy="{y(score):.1f}" r="{6 if mine else 4}" '
            f'fill="{"#d9622b" if mine else "#1f6f8b"}"/>'
        )
        ends = {points[0].limit: "lite", points[-1].limit: "base", SURE: "fast"}
        name = (
            f"{ends.get(point.limit, '')} {score:.3f}, {rate:,.0f}" if point.limit in ends else ""
        )
        if name:
            body.append(
                f'<text x="{x(rate) + 9:.1f}" y="{y(score) - 6:.1f}" fill="#222">{name}</text>'
            )
    return "\n".join([*body, "</svg>"]) + "\n"


if __name__ == "__main__":
    main()
