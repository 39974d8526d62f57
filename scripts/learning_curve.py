"""How much a team's own labels help: topic state F1 by the number of rows, as a table and a picture.

    python scripts/learning_curve.py DATA -o docs --base lite --draws 3
    python scripts/learning_curve.py DATA -o docs --base base --draws 1
    python scripts/learning_curve.py DATA --csv /tmp/plain     # only the plain tables, for a try by hand

DATA is the folder that `scripts/fetch_data.py` fills. Two public sets stand for a team's rows: reviews
of farm produce in Chinese (jd_agri_aspects) and of apps and rides in English (fabsa). Their aspects are
put into the four topics as somebody would who knows the sets and not this package's guideline; the
table is written as a plain CSV and read back as any other. Rows are drawn from 3,000; all others are
measured on. A base that was trained on other rows of a set says less about a new team's: table and
picture say which one it was. `scripts/train_lite.py DATA --without fabsa jd_agri_aspects` makes one
that was not.

OUT/learning.json is written after every point. What is there already, from the same base, is not
measured again: a run that was stopped goes on, and a second command adds its base to the picture.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import random
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from sentiment.analyzer import Analyzer, load
from sentiment.errors import ModelError
from sentiment.model import bundle
from sentiment.taxonomy import Taxonomy
from sentiment.train.data.examples import Example, group_of
from sentiment.train.figures.measure import measure
from sentiment.train.retrain.bases import open_base
from sentiment.train.rows.labelled import read_labelled_file

TOPICS = ("quality", "price", "service", "delivery")
HEADER = ("text", "sentiment", *TOPICS)
POOL = 3000

# Set, its file, and the topic of each aspect; one that is not here is not about a topic.
SETS = {
    "jd_agri_aspects": (
        "zh",
        {
            "品质": "quality", "口感": "quality", "色泽": "quality", "分量": "quality",
            "物流": "delivery", "包装": "delivery", "价格": "price", "售后": "service",
        },
    ),
    "fabsa": (
        "en",
        {
            "online-experience.app-website": "quality",
            "purchase-booking-experience.ease-of-use": "quality",
            "account-management.account-access": "service",
            "staff-support.attitude-of-staff": "service",
            "staff-support.email": "service",
            "staff-support.phone": "service",
            "value.price-value-for-money": "price",
            "value.discounts-promotions": "price",
            "logistics-rides.speed": "delivery",
        },
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Point:
    """Topic state F1 of one base on one set, after so many rows, over several draws of them.

    :param base: Its name, without a version.
    :param digest: Of the base: another one of the same name is another base.
    :param new: Whether no text of the set was seen when the base was trained.
    :param seconds: That a fit took; 0 for the base as it is.
    """

    data: str
    base: str
    digest: str
    new: bool
    rows: int
    f1: tuple[float, ...]
    seconds: float

    @property
    def mean(self) -> float:
        """The mean over the draws."""
        return statistics.mean(self.f1)


def main() -> None:
    """Make the tables, train, measure, and write what came of it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("-o", "--out", type=Path, default=Path("docs"))
    parser.add_argument("--base", nargs="+", default=["lite"])
    parser.add_argument("--rows", type=int, nargs="+", default=[100, 300, 1000, 3000])
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--csv", type=Path, help="folder for the plain tables; trains nothing")
    options = parser.parse_args()
    folder = options.csv or options.out / ".learning"
    folder.mkdir(parents=True, exist_ok=True)
    tables = {name: plain_table(options.data, name, folder) for name in SETS}
    if options.csv:
        return
    points = read_points(options.out)
    for base in options.base:
        for name, path in tables.items():
            for point in curve(name, path, base, options.rows, options.draws, points):
                points = save_point(point, points, options.out)
    for path in tables.values():
        path.unlink()
    folder.rmdir()
    (options.out / "learning.svg").write_text(picture(points), encoding="utf-8")
    print(table(points))


def read_points(folder: Path) -> list[Point]:
    """Return what was measured before; nothing where the file is of another kind."""
    path = folder / "learning.json"
    if not path.exists():
        return []
    wanted = [field.name for field in fields(Point)]
    found = json.loads(path.read_text(encoding="utf-8"))
    kept = [{name: one[name] for name in wanted} for one in found if set(wanted) <= one.keys()]
    return [Point(**{**one, "f1": tuple(one["f1"])}) for one in kept]


def save_point(point: Point, points: Sequence[Point], folder: Path) -> list[Point]:
    """Add a point to the file, in place of what an older base of its name had."""

    def outdated(one: Point) -> bool:
        same = (one.data, one.base, one.new) == (point.data, point.base, point.new)
        return same and (one.digest != point.digest or one.rows == point.rows)

    kept = [one for one in points if not outdated(one)] + [point]
    kept.sort(key=lambda one: (one.base, one.new, one.data, one.rows))
    plain = [{**asdict(one), "mean": round(one.mean, 4)} for one in kept]
    (folder / "learning.json").write_text(json.dumps(plain, indent=1) + "\n", encoding="utf-8")
    return kept


def plain_table(data: Path, name: str, folder: Path) -> Path:
    """Write a set as NAME.csv, and its first 500 rows and those measured on beside it."""
    language, topics = SETS[name]
    rows = list(_rows(data / "data" if (data / "data").is_dir() else data, language, name, topics))
    random.Random(1).shuffle(rows)
    for suffix, some in (("", rows), ("_500", rows[:500]), ("_rest", rows[POOL:])):
        if suffix and folder.name == ".learning":
            continue
        with (folder / f"{name}{suffix}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([HEADER, *some])
    return folder / f"{name}.csv"


def _rows(
    data: Path, language: str, name: str, topics: dict[str, str]
) -> Iterator[tuple[str, ...]]:
    """Yield each text once, with a state for every topic."""
    seen: set[str] = set()
    for path in sorted((data / language).glob(f"{name}.*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for record in map(json.loads, lines):
                group = group_of(record["text"])
                if group in seen or not record["text"].strip():
                    continue
                seen.add(group)
                judged: dict[str, set[str]] = {topic: set() for topic in TOPICS}
                for aspect, polarity in (record["aspects"] or {}).items():
                    if aspect in topics:
                        judged[topics[aspect]].add(polarity)
                states = [_state(judged[topic]) for topic in TOPICS]
                yield record["text"], record["overall"] or "", *states


def _state(polarities: set[str]) -> str:
    if "conflict" in polarities or {"positive", "negative"} <= polarities:
        return "mixed"
    return next((one for one in ("positive", "negative", "neutral") if one in polarities), "absent")


def curve(
    name: str, path: Path, base: str, sizes: Sequence[int], draws: int, known: Sequence[Point]
) -> Iterator[Point]:
    """Yield the base as it is (0 rows), then what it reaches after each number of rows.

    :param known: Points that need not be measured again.
    """
    examples = read_labelled_file(path)
    pool, rest = examples[:POOL], examples[POOL:]
    start = open_base(base)
    taxonomy = start.taxonomy or Taxonomy.default()
    label, new = start.name.partition("@")[0], _is_new(base, name)
    done = {
        (one.rows, len(one.f1)) for one in known
        if (one.data, one.base, one.digest, one.new) == (name, label, start.digest, new)
    }  # fmt: skip
    if start.taxonomy is not None and (0, 1) not in done:
        yield _told(Point(name, label, start.digest, new, 0, (_f1(load(base), rest),), 0.0))
    for size in sizes:
        wanted = draws if size < len(pool) else 1
        if (size, wanted) in done:
            continue
        found = []
        seconds = 0.0
        for draw in range(wanted):
            some = random.Random(draw).sample(pool, size)
            began = time.perf_counter()
            fitted = start.fit(some, taxonomy, draw, lambda done, steps, loss: None)
            seconds += time.perf_counter() - began
            found.append(_f1(Analyzer(fitted.model), rest))
        mean = round(seconds / wanted, 1)
        yield _told(Point(name, label, start.digest, new, size, tuple(found), mean))


def _is_new(base: str, name: str) -> bool:
    """Tell whether no text of a set was seen when the base was trained, as its manifest says.

    An encoder of another maker has none; what it has read nobody knows.
    """
    try:
        made = bundle.read(bundle.find(base)).manifest.get("made", {})
    except ModelError:
        return False
    return name in made.get("without", ())


def _told(point: Point) -> Point:
    print(
        f"{point.data}, {_name(point)}, {point.rows} rows: {point.mean:.4f}",
        file=sys.stderr, flush=True,
    )  # fmt: skip
    return point


def _name(point: Point) -> str:
    return f"{point.base}, set unseen" if point.new else point.base


def _f1(analyzer: Analyzer, rest: Sequence[Example]) -> float:
    found = measure(rest, analyzer.analyze_batch([one.text for one in rest])).topic_f1
    assert found is not None
    return round(found, 4)


def table(points: Sequence[Point]) -> str:
    """Return the figures as a Markdown table: one row a base and set."""
    sizes = sorted({point.rows for point in points})
    lines = ["| | " + " | ".join(f"{size:,} rows" for size in sizes) + " |"]
    lines.append("|---" * (len(sizes) + 1) + "|")
    for data, base in dict.fromkeys((point.data, _name(point)) for point in points):
        means = {one.rows: one.mean for one in points if (one.data, _name(one)) == (data, base)}
        cells = [f"{means[size]:.3f}" if size in means else "-" for size in sizes]
        lines.append(f"| {data}, {base} | {' | '.join(cells)} |")
    return "\n".join(lines)


WIDTH, HEIGHT, LEFT, RIGHT, BOTTOM = 700, 360, 60, 220, 60
APART = 15  # labels of curves that end side by side
COLOURS = ("#1f6f8b", "#c8553d", "#4f7942", "#7a5195", "#b07d12", "#5a5a5a")


def picture(points: Sequence[Point]) -> str:
    """Return the curves as SVG: F1 over the number of rows, the spread of the draws behind."""
    sizes = sorted({point.rows for point in points})
    values = [value for point in points for value in point.f1]
    low, high = min(values) - 0.02, max(values) + 0.02
    step = (WIDTH - LEFT - RIGHT) / max(1, len(sizes) - 1)

    def x(size: int) -> float:
        return LEFT + sizes.index(size) * step

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - BOTTOM - 30)

    body = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        'aria-label="Topic state F1 by the number of labelled rows" font-family="sans-serif" '
        'font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="18" font-size="14" fill="#222">Topic state F1 on rows not trained on'
        "</text>",
    ]
    ticks = [tick / 20 for tick in range(21) if low <= tick / 20 <= high]
    body += [
        f'<line x1="{LEFT}" x2="{x(sizes[-1]):.0f}" y1="{y(tick):.1f}" y2="{y(tick):.1f}" '
        f'stroke="#ddd"/><text x="{LEFT - 8}" y="{y(tick) + 4:.1f}" text-anchor="end" '
        f'fill="#444">{tick:.2f}</text>'
        for tick in ticks
    ]
    body += [
        f'<text x="{x(size):.0f}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle" '
        f'fill="#444">{size:,}</text>'
        for size in sizes
    ]
    body.append(
        f'<text x="{LEFT}" y="{HEIGHT - 18}" fill="#444">labelled rows of the team\'s own '
        "(0: the base as it is)</text>"
    )
    pairs = list(dict.fromkeys((point.data, _name(point)) for point in points))
    ends: list[tuple[float, str, str]] = []
    for (data, base), colour in zip(pairs, COLOURS * 4, strict=False):
        mine = [point for point in points if (point.data, _name(point)) == (data, base)]
        line = " ".join(f"{x(point.rows):.1f},{y(point.mean):.1f}" for point in mine)
        body.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        body += [
            f'<line x1="{x(point.rows):.1f}" x2="{x(point.rows):.1f}" '
            f'y1="{y(min(point.f1)):.1f}" y2="{y(max(point.f1)):.1f}" stroke="{colour}" '
            f'stroke-opacity="0.5"/><circle cx="{x(point.rows):.1f}" cy="{y(point.mean):.1f}" '
            f'r="3" fill="{colour}"/>'
            for point in mine
        ]
        ends.append((y(mine[-1].mean), f"{data}, {base}", colour))
    last = 0.0
    for end, label, colour in sorted(ends):
        last = max(end, last + APART)
        body.append(
            f'<text x="{x(sizes[-1]) + 10:.0f}" y="{last + 4:.1f}" fill="{colour}">{label}</text>'
        )
    return "\n".join([*body, "</svg>"]) + "\n"


if __name__ == "__main__":
    main()
