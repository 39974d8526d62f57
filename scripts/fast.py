"""Measure what `--speed fast` costs and saves, beside other ways to be fast.

    python scripts/fast.py DATA            # writes docs/fast.md and docs/fast.svg

Each bundled model alone; and lite before a transformer, which then reads the rows of which lite is least
sure: a tenth of them, two tenths and so on. How sure lite is: the probability that the sentiment and
every topic's state are right, were they independent.

DATA is the folder that `scripts/fetch_data.py` fills. The rows are those that no model was trained on:
gold dev, and at most 300 of each public test or dev file that labels topics. Time is processor time of
one thread, the text line and the records included, files left out. A minute on two cores.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

# One thread, before anything reads it: what is compared is processor time.
os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np

from sentiment.analyzer import Analyzer
from sentiment.model import bundle
from sentiment.model.lite import LiteModel
from sentiment.model.transformer import TransformerModel
from sentiment.records import Analysis
from sentiment.text import prepare
from sentiment.train.data.examples import Example, load_examples
from sentiment.train.figures.measure import Figures, measure

ROOT = Path(__file__).resolve().parents[1]
MOST, LONGEST = 300, 400  # rows of a public set, characters of a row
TENTHS = 10
FULL, FAST = bundle.DEFAULT, bundle.FAST


@dataclass(frozen=True)
class Point:
    """What one way gives.

    :param way: What it is drawn with: "" for a model alone, else the transformer behind lite.
    :param name: Of the model; of a mixture, the share of rows that the transformer reads.
    :param rate: Rows per second of processor time.
    """

    way: str
    name: str
    rate: float
    gold: Figures
    public: Figures


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("data", type=Path, help="folder with zh/, en/ and gold/")
    parser.add_argument("--fast", default=FAST, help="name or folder of the fast model")
    parser.add_argument("--out", type=Path, default=ROOT / "docs", help="folder of the results")
    arguments = parser.parse_args()
    rows = measured_rows(arguments.data)
    points = list(trade_off(rows, arguments.fast))
    text = report(points)
    print(text)
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / "fast.md").write_text(text, encoding="utf-8")
    (arguments.out / "fast.svg").write_text(picture(points), encoding="utf-8")


def measured_rows(data: Path) -> list[Example]:
    """Return the rows: gold dev, then some of each public set that labels topics."""
    found: dict[str, list[Example]] = {}
    for one in load_examples(data, purpose="measure"):
        if one.gold or (one.topics and len(one.text) <= LONGEST):
            found.setdefault("gold" if one.gold else one.source, []).append(one)
    gold = found.pop("gold")
    spread = (some[:: max(len(some) // MOST, 1)][:MOST] for some in found.values())
    return gold + [one for some in spread for one in some]


def trade_off(rows: Sequence[Example], fast: str) -> Iterator[Point]:
    """Yield a point for every model alone, and one for every tenth that lite leaves to another."""
    gold = sum(one.gold for one in rows)

    def point(way: str, name: str, seconds: float, answers: Sequence[Analysis]) -> Point:
        figures = measure(rows[:gold], answers[:gold]), measure(rows[gold:], answers[gold:])
        return Point(way, name, len(rows) / seconds, *figures)

    texts = [one.text for one in rows]
    prepared = [prepare(text) for text in texts]
    lite = LiteModel.of(bundle.read(bundle.find("lite")))
    chances = lite.chances(prepared)
    sure = chances.overall.max(1) * chances.states.max(2).prod(1)
    least = np.array_split(np.argsort(sure), TENTHS)
    quick, first = _timed(lite, texts)
    yield point("", "lite", first, quick)
    for name, path in ((FAST, fast), (FULL, FULL)):
        model = TransformerModel.of(bundle.read(bundle.find(path)), "cpu")
        thorough, whole = _timed(model, texts)
        seconds, answers = first, list(quick)
        for tenth, part in enumerate(least[:-1], 1):
            began = time.process_time()
            model.predict([prepared[at] for at in part])
            seconds += time.process_time() - began
            for at in part:
                answers[at] = thorough[at]
            yield point(name, f"{tenth / TENTHS:.0%}", seconds, answers)
        yield point("", name, whole, thorough)


def _timed(
    model: LiteModel | TransformerModel, texts: Sequence[str]
) -> tuple[list[Analysis], float]:
    analyzer = Analyzer(model)
    analyzer.analyze_batch(texts[:100])
    began = time.process_time()
    answers = analyzer.analyze_batch(texts)
    return answers, time.process_time() - began


def report(points: Sequence[Point]) -> str:
    """Return what docs/fast.md says."""
    alone = {point.name: point for point in points if not point.way}
    fast, full = alone[FAST], alone[FULL]
    gold, public = _lost(full.gold, fast.gold), _lost(full.public, fast.public)
    models = [_line(f"**{name}**" if name == FAST else name, one) for name, one in alone.items()]
    mixed = [
        _line(f"{point.name} left to {point.way}", point) for point in points if point.way
    ]  # fmt: skip
    head = [
        "| | rows per processor second | topic F1, gold dev | driver F1 | overall accuracy | "
        "topic F1, public | overall accuracy |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    return "\n\n".join(
        [
            "# `--speed fast`",
            f"In the place of base answers `fast`, a smaller model that learnt from it: "
            f"{fast.rate / full.rate:.1f} times the rows, on gold dev with {gold}, on public rows with "
            f"{public}.",
            f"Written by `python scripts/fast.py DATA` on gold dev ({full.gold.rows:,} rows) and on "
            f"{full.public.rows:,} rows of public test and dev files, none of them trained on. Rows "
            "per processor second: one thread, without files.",
            "\n".join(head + models),
            "![Topic F1 by rows per processor second](fast.svg)",
            "What else was tried: lite answers the rows of which it is sure, and a transformer reads "
            "the others. How sure it is: the probability that the sentiment and every topic's state "
            "are right, were they independent.",
            "\n".join(head + mixed),
        ]
    ) + "\n"  # fmt: skip


def _lost(full: Figures, fast: Figures) -> str:
    topics = _value(full.topic_f1) - _value(fast.topic_f1)
    overall = _value(full.overall_accuracy) - _value(fast.overall_accuracy)
    return f"{_points(topics)} of topic F1 and {_points(overall)} of overall accuracy"


def _points(less: float) -> str:
    return f"{abs(100 * less):.1f} points {'less' if less >= 0 else 'more'}"


def _line(name: str, point: Point) -> str:
    figures = (
        point.gold.topic_f1, point.gold.driver_f1, point.gold.overall_accuracy,
        point.public.topic_f1, point.public.overall_accuracy,
    )  # fmt: skip
    return f"| {' | '.join([name, f'{point.rate:,.0f}', *map(_figure, figures)])} |"


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _value(figure: float | None) -> float:
    return 0.0 if figure is None else figure


def picture(points: Sequence[Point]) -> str:
    """Return a drawing: topic F1 on public rows by rows per processor second, logarithmic."""
    low, high = (np.log(pick(point.rate for point in points)) for pick in (min, max))
    scores = [_value(point.public.topic_f1) for point in points]
    bottom, top = min(scores) - 0.005, max(scores) + 0.005

    def place(point: Point) -> str:
        x = 70 + 560 * float((np.log(point.rate) - low) / (high - low))
        return (
            f"{x:.1f},{300 - 250 * (_value(point.public.topic_f1) - bottom) / (top - bottom):.1f}"
        )

    body = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 350" role="img" '
        'aria-label="Topic F1 by speed" font-family="system-ui, sans-serif" font-size="12">',
        '<rect width="760" height="350" fill="#fff"/>',
        '<text x="16" y="24" font-size="15" fill="#222">Topic F1 on public rows, by rows per processor '
        "second (logarithmic)</text>",
    ]
    alone = {point.name: point for point in points if not point.way}
    for way, colour in ((FULL, "#99c9d6"), (FAST, "#e8b89d")):
        between = [point for point in points if point.way == way]
        line = " ".join(map(place, [alone["lite"], *between, alone[way]]))
        body.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for point in between:
            x, y = place(point).split(",")
            body.append(f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>')
    for name, point in alone.items():
        x, y = place(point).split(",")
        body.append(
            f'<circle cx="{x}" cy="{y}" r="6" fill="{"#d9622b" if name == FAST else "#1f6f8b"}"/>'
            f'<text x="{float(x) + 9:.1f}" y="{float(y) - 6:.1f}" fill="#222">{name} '
            f"{_figure(point.public.topic_f1)}, {point.rate:,.0f}</text>"
        )
    body.append(
        '<text x="70" y="335" fill="#222">lines: lite first, the rest to base or to fast</text>'
    )
    return "\n".join([*body, "</svg>"]) + "\n"


if __name__ == "__main__":
    main()
