"""The report's pictures: inline SVG in percent of its width, so that text is as large on a phone.

Negative is orange, hatched and to the left; positive is blue, solid and to the right: position and
pattern say it without the colour. A picture draws the rows of a table and computes no figure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from markupsafe import Markup, escape

from sentiment.reporting.values import Row
from sentiment.reporting.wording import show, show_interval

__all__ = [
    "definitions",
    "diverging",
    "interval_bar",
    "matrix",
    "range_bar",
    "series_chart",
    "stacked",
    "stations",
    "step_bar",
    "swatch",
    "top_of",
]

_BAR = 26


def definitions() -> Markup:
    """Return the patterns of bars: once a page, outside of what may be hidden.

    Hatching marks negative bars; stripes and dots tell the bars of models apart, in grey too.
    """
    return Markup(
        '<svg class="definitions" width="0" height="0" aria-hidden="true" focusable="false"><defs>'
        '<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)"><rect width="6" height="6" fill="#d9773a"/>'
        '<rect width="1.6" height="6" fill="#fff" fill-opacity=".5"/></pattern>'
        '<pattern id="stripes" width="6" height="6" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)"><rect width="6" height="6" fill="#f2cf7e"/>'
        '<rect width="1.4" height="6" fill="#8a6210"/></pattern>'
        '<pattern id="dots" width="5" height="5" patternUnits="userSpaceOnUse">'
        '<rect width="5" height="5" fill="#cfd6dc"/><circle cx="2.5" cy="2.5" r="1.1" '
        'fill="#3d4650"/></pattern>'
        "</defs></svg>"
    )


def tag(name: str, content: object = "", **attributes: object) -> Markup:
    """Return one element; underscores in attribute names become hyphens, values are escaped."""
    parts = []
    for key, value in attributes.items():
        if value is not None:
            shown = f"{value:.2f}" if isinstance(value, float) else str(value)
            parts.append(f' {key.rstrip("_").replace("_", "-")}="{escape(shown)}"')
    return Markup(f"<{name}{''.join(parts)}>") + escape(content) + Markup(f"</{name}>")


def _svg(parts: Iterable[Markup], height: int, kind: str, label: str = "") -> Markup:
    described = {"role": "img", "aria_label": label} if label else {"aria_hidden": "true"}
    content = Markup("").join(parts)
    return tag("svg", content, class_=f"picture {kind}", width="100%", height=height, **described)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) and value == value else None


def _at(value: float) -> str:
    return f"{value:.2f}%"


def top_of(rows: Iterable[Row], *keys: str) -> float:
    """Return the largest size among cells, so that all rows of a picture share one scale."""
    values = [abs(v) for row in rows for key in keys if (v := _number(row.get(key))) is not None]
    return max(values, default=1.0) or 1.0


def _whisker(x1: float, x2: float, y: float) -> list[Markup]:
    return [
        tag("line", x1=_at(x1), x2=_at(x2), y1=y, y2=y, class_="whisker"),
        tag("line", x1=_at(x1), x2=_at(x1), y1=y - 3, y2=y + 3, class_="whisker"),
        tag("line", x1=_at(x2), x2=_at(x2), y1=y - 3, y2=y + 3, class_="whisker"),
    ]


def diverging(row: Row, left: str, right: str, top: float, unit: str = "percent") -> Markup:
    """Draw two figures of a row around the middle, `left` to the left and `right` to the right.

    :param top: The value at which a bar has its full length.
    """
    # Room beyond the longest whisker for the figure itself: 14 % of a phone's width holds "−12.3".
    scale = 36.0 / top
    parts = [tag("line", x1="50%", x2="50%", y1=0, y2=_BAR, class_="axis")]
    for key, way, kind in ((left, -1, "neg"), (right, 1, "pos")):
        value = _number(row.get(key))
        if value is None:
            continue
        # A penalty points to the left; one that helps would point the other way.
        own = way * (abs(value) if unit == "percent" else value * way)
        length = min(abs(own) * scale, 40.0)
        toward = way if (own * way) >= 0 else -way
        x = 50.0 - length if toward < 0 else 50.0
        parts.append(tag("rect", x=_at(x), y=6, width=_at(length), height=_BAR - 12, class_=kind))
        low, high = _number(row.get(f"{key}_low")), _number(row.get(f"{key}_high"))
        # The figure stands on its own side, also of a bar that points to the other.
        end = length if toward == way else 0.0
        if low is not None and high is not None:
            ends = [
                min(max((v if way > 0 or unit != "percent" else -v) * scale, -42), 42)
                for v in (low, high)
            ]
            parts += _whisker(50.0 + ends[0], 50.0 + ends[1], _BAR / 2)
            end = max(end, *(way * e for e in ends))
        parts.append(
            tag(
                "text",
                show(value, unit),
                x=_at(50.0 + way * end),
                dx=way * 6,
                y=_BAR / 2 + 4,
                text_anchor="end" if way < 0 else "start",
                class_=f"value {kind}-ink",
            )
        )
    return _svg(parts, _BAR, "diverging")


def interval_bar(row: Row, key: str, top: float, unit: str, kind: str = "bar-plain") -> Markup:
    """Draw one figure from zero with its interval; zero is near the left, `top` near the right."""
    value = _number(row.get(key))
    low, high = _number(row.get(f"{key}_low")), _number(row.get(f"{key}_high"))
    ends = [v for v in (value, low, high) if v is not None]
    below = max(0.0, -min(ends, default=0.0))
    zero = 2.0 + min(20.0, 70.0 * below / top)
    scale = (78.0 - zero) / top
    parts = [tag("line", x1=_at(zero), x2=_at(zero), y1=0, y2=_BAR, class_="axis")]
    if value is None:
        return _svg(parts, _BAR, "interval")
    x, width = (zero, value * scale) if value >= 0 else (zero + value * scale, -value * scale)
    parts.append(
        tag("rect", x=_at(max(x, 0.0)), y=7, width=_at(width), height=_BAR - 14, class_=kind)
    )
    end = zero + value * scale
    if low is not None and high is not None:
        points = [min(max(zero + v * scale, 0.5), 82.0) for v in (low, high)]
        parts += _whisker(points[0], points[1], _BAR / 2)
        end = max(end, *points)
    parts.append(
        tag("text", show(value, unit), x=_at(max(end, zero)), dx=7, y=_BAR / 2 + 4, class_="value")
    )
    return _svg(parts, _BAR, "interval")


def swatch(kind: str) -> Markup:
    """Draw what a bar of a kind looks like, for a legend."""
    return tag(
        "svg",
        tag("rect", x=0.5, y=0.5, width=17, height=9, class_=kind),
        class_="picture swatch",
        width=18,
        height=10,
        aria_hidden="true",
    )


def range_bar(row: Row, low: float, high: float) -> Markup:
    """Draw a value and its interval on its whole scale: a track, a band, a dot."""
    span = high - low
    parts = [tag("rect", x="0", y=9, width="100%", height=2, class_="track")]
    if low < 0 < high:
        zero = _at(-100 * low / span)
        parts.append(tag("line", x1=zero, x2=zero, y1=4, y2=16, class_="axis"))
    ends = [_number(row.get(key)) for key in ("value_low", "value_high")]
    if ends[0] is not None and ends[1] is not None:
        left, right = (100 * (end - low) / span for end in ends if end is not None)
        width = max(right - left, 0.8)
        parts.append(tag("rect", x=_at(left), y=6, width=_at(width), height=8, rx=4, class_="band"))
    value = _number(row.get("value"))
    if value is not None:
        parts.append(tag("circle", cx=_at(100 * (value - low) / span), cy=10, r=5, class_="dot"))
    return _svg(parts, 20, "range")


def stacked(row: Row, keys: Sequence[tuple[str, str]], height: int = 14) -> Markup:
    """Draw shares that add up to a whole as one bar; `keys` are (cell, class), left to right."""
    values = [(_number(row.get(key)) or 0.0, kind) for key, kind in keys]
    total = sum(value for value, _ in values)
    parts, x = [], 0.0
    for value, kind in values:
        width = 100 * value / total if total else 0.0
        if width:
            parts.append(tag("rect", x=_at(x), y=0, width=_at(width), height=height, class_=kind))
        x += width
    return _svg(parts, height, "stacked")


def step_bar(row: Row, low: float, high: float) -> Markup:
    """Draw one step of a waterfall: a floating bar from the level before to the level after.

    The axis does not begin at zero, so the two ends are marks and not bars.
    """
    scale = 80.0 / (high - low)

    def x(value: float) -> float:
        return 8.0 + (value - low) * scale

    level = _number(row.get("level")) or 0.0
    step, before = _number(row.get("step")), _number(row.get("from"))
    if step is None or before is None:
        mark = tag("line", x1=_at(x(level)), x2=_at(x(level)), y1=3, y2=_BAR - 3, class_="mark")
        text = tag(
            "text",
            show(level, "points"),
            x=_at(x(level)),
            dx=7,
            y=_BAR / 2 + 4,
            class_="value strong",
        )
        return _svg([mark, text], _BAR, "waterfall")
    left, right = sorted((x(before), x(level)))
    kind = "neg" if step < 0 else "pos"
    parts = [
        tag("line", x1=_at(x(before)), x2=_at(x(before)), y1=0, y2=8, class_="link"),
        tag(
            "rect",
            x=_at(left),
            y=6,
            width=_at(max(right - left, 0.25)),
            height=_BAR - 12,
            class_=kind,
        ),
        tag("line", x1=_at(x(level)), x2=_at(x(level)), y1=_BAR - 8, y2=_BAR, class_="link"),
        tag(
            "text",
            show(step, "signed"),
            x=_at(left if step < 0 else right),
            dx=-7 if step < 0 else 7,
            y=_BAR / 2 + 4,
            text_anchor="end" if step < 0 else "start",
            class_=f"value {kind}-ink",
        ),
    ]
    return _svg(parts, _BAR, "waterfall")


def waterfall_span(rows: Sequence[Row]) -> tuple[float, float]:
    """Return the lowest and highest level of a waterfall, for the axis of all its steps."""
    levels = [v for row in rows if (v := _number(row.get("level"))) is not None]
    low, high = min(levels), max(levels)
    return (low, high) if high > low else (low - 1, high + 1)


_MATRIX = 470


def matrix(
    rows: Sequence[Row], cut_x: float, cut_y: float, names: Mapping[str, str], label: str
) -> Markup:
    """Draw importance (x) by performance (y) with intervals; undecided points are hollow."""
    right = 1.06 * max(top_of(rows, "part", "part_high"), cut_x * 1.6)
    lows = [_number(row.get("performance_low")) or 0.0 for row in rows]
    highs = [_number(row.get("performance_high")) or 100.0 for row in rows]
    bottom, top = max(0.0, min([*lows, cut_y]) - 8), min(100.0, max([*highs, cut_y]) + 8)

    def x(value: float) -> float:
        return 100 * min(max(value, 0.0), right) / right

    def y(value: float) -> float:
        return 100 * (top - value) / (top - bottom)

    cx, cy = x(cut_x), y(cut_y)
    parts = [
        tag("rect", x=_at(cx), y=_at(cy), width=_at(100 - cx), height=_at(100 - cy), class_="hot"),
        tag("line", x1=_at(cx), x2=_at(cx), y1="0", y2="100%", class_="cut"),
        tag("line", x1="0", x2="100%", y1=_at(cy), y2=_at(cy), class_="cut"),
    ]
    corners = (
        ("fix_first", "100%", "100%", -12, -12, "end"),
        ("keep_up", "100%", "0", -12, 22, "end"),
        ("low_priority", "0", "100%", 12, -12, "start"),
        ("maintain", "0", "0", 12, 22, "start"),
    )
    for name, at_x, at_y, dx, dy, anchor in corners:
        parts.append(
            tag(
                "text",
                names[name],
                x=at_x,
                y=at_y,
                dx=dx,
                dy=dy,
                text_anchor=anchor,
                class_=f"corner {'first' if name == 'fix_first' else ''}",
            )
        )
    placed = [
        (x(_number(r.get("part")) or 0.0), y(_number(r.get("performance")) or 0.0)) for r in rows
    ]
    for row, (px, py) in zip(rows, placed, strict=True):
        ends_x = [_number(row.get(key)) for key in ("part_low", "part_high")]
        ends_y = [_number(row.get(key)) for key in ("performance_low", "performance_high")]
        lines = []
        if ends_x[0] is not None and ends_x[1] is not None:
            lines.append(
                tag("line", x1=_at(x(ends_x[0])), x2=_at(x(ends_x[1])), y1=_at(py), y2=_at(py))
            )
        if ends_y[0] is not None and ends_y[1] is not None:
            lines.append(
                tag("line", x1=_at(px), x2=_at(px), y1=_at(y(ends_y[0])), y2=_at(y(ends_y[1])))
            )
        kind = "hollow" if row.get("quadrant_code") == "undecided" else "solid"
        first = " first" if row.get("nearest_code") == "fix_first" else ""
        parts.append(
            tag(
                "g",
                Markup("").join(
                    [
                        tag("title", _point_title(row, names)),
                        *lines,
                        tag("circle", cx=_at(px), cy=_at(py), r=11),
                        tag(
                            "text", row["number"], x=_at(px), y=_at(py), dy=4, text_anchor="middle"
                        ),
                    ]
                ),
                class_=f"point {kind}{first}",
                tabindex="0",
            )
        )
    return _svg(parts, _MATRIX, "matrix", label)


def _point_title(row: Row, names: Mapping[str, str]) -> str:
    return (
        f"{names[str(row['code'])]}: {show(row['part'], 'percent')} "
        f"{show_interval(row['part_low'], row['part_high'], 'percent')}; "
        f"{show(row['performance'], 'points')} "
        f"{show_interval(row['performance_low'], row['performance_high'], 'points')}; "
        f"n = {show(row['n'], 'n')}"
    )


_CHART = 132
_CROWD = 30  # periods beyond which single points would hide the line


def series_chart(rows: Sequence[Row], alarms: Iterable[object], unit: str, label: str) -> Markup:
    """Draw one series over its periods: band, line, dashed line at a constant mix, alarms."""
    marked = set(alarms)
    known = [
        v
        for row in rows
        for key in ("value_low", "value_high", "adjusted")
        if (v := _number(row.get(key))) is not None
    ]
    if not known:
        return Markup("")
    low, high = min(known), max(known)
    pad = max((high - low) * 0.12, 0.5)
    low, high = low - pad, high + pad
    count = len(rows)

    def x(place: int) -> float:
        return 4.0 + 92.0 * place / max(count - 1, 1)

    def y(value: float) -> float:
        return 14.0 + 72.0 * (high - value) / (high - low)

    good = [(place, row) for place, row in enumerate(rows) if _number(row.get("value")) is not None]
    upper = [f"{x(p):.2f},{y(float(r['value_high'])):.2f}" for p, r in good]  # type: ignore[arg-type]
    lower = [f"{x(p):.2f},{y(float(r['value_low'])):.2f}" for p, r in reversed(good)]  # type: ignore[arg-type]
    line = [f"{x(p):.2f},{y(float(r['value'])):.2f}" for p, r in good]  # type: ignore[arg-type]
    mixed = [
        f"{x(p):.2f},{y(v):.2f}" for p, r in good if (v := _number(r.get("adjusted"))) is not None
    ]
    shape = [tag("polygon", points=" ".join([*upper, *lower]), class_="band")]
    if mixed:
        shape.append(tag("polyline", points=" ".join(mixed), class_="adjusted"))
    shape.append(tag("polyline", points=" ".join(line), class_="line"))
    inner = tag(
        "svg",
        Markup("").join(shape),
        viewBox="0 0 100 100",
        preserveAspectRatio="none",
        width="100%",
        height="100%",
    )
    parts = [inner]
    if low < 0 < high:
        parts.append(tag("line", x1="0", x2="100%", y1=_at(y(0)), y2=_at(y(0)), class_="axis"))
    crowded = count > _CROWD
    for place, row in good:
        value = _number(row["value"]) or 0.0
        title = (
            f"{row['period']}: {show(value, unit)} "
            f"{show_interval(row.get('value_low'), row.get('value_high'), unit)}, "
            f"n = {show(row.get('n_answers'), 'n')}"
        )
        alarm = row["period"] in marked
        mark = [
            tag("title", title),
            tag("circle", cx=_at(x(place)), cy=_at(y(value)), r=4 if alarm else 3),
        ]
        if alarm:
            mark.append(
                tag(
                    "text",
                    "◆",  # ▲ and ▼ are better and worse elsewhere on the page
                    x=_at(x(place)),
                    y=_at(y(value)),
                    dy=-8,
                    text_anchor="middle",
                    class_="alarm",
                )
            )
        parts.append(
            tag(
                "g",
                Markup("").join(mark),
                class_="node quiet" if crowded and not alarm else "node",
                tabindex="0",
            )
        )
    for place, anchor in ((good[0][0], "start"), (good[-1][0], "end")):
        row = rows[place]
        value = _number(row["value"]) or 0.0
        above = y(value) > 40
        parts.append(
            tag(
                "text",
                show(value, unit),
                x=_at(x(place)),
                y=_at(y(value)),
                dy=-9 if above else 18,
                text_anchor=anchor,
                class_="value strong",
            )
        )
        parts.append(
            tag(
                "text",
                row["period"],
                x=_at(x(place)),
                y="100%",
                dy=-4,
                text_anchor=anchor,
                class_="tick",
            )
        )
    return _svg(parts, _CHART, "series", label)


def stations(rows: Sequence[Row], names: Mapping[str, str], label: str) -> Markup:
    """Draw the touchpoints as stations on a line: area is mentions, above it net sentiment."""
    top = top_of(rows, "n")
    step = 100 / max(len(rows), 1)
    parts = [tag("line", x1=_at(step / 2), x2=_at(100 - step / 2), y1=62, y2=62, class_="track")]
    for place, row in enumerate(rows):
        middle = step * (place + 0.5)
        size = 6 + 26 * ((_number(row.get("n")) or 0.0) / top) ** 0.5
        net = _number(row.get("net"))
        kind = "none" if net is None else "bad" if net < 0 else "good"
        parts.append(tag("circle", cx=_at(middle), cy=62, r=size, class_=f"station {kind}"))
        parts.append(
            tag(
                "text",
                "–" if net is None else show(net, "signed"),
                x=_at(middle),
                y=54 - size,
                text_anchor="middle",
                class_="net",
            )
        )
        parts.append(
            tag(
                "text",
                names[str(row["code"])],
                x=_at(middle),
                y=116,
                text_anchor="middle",
                class_="name",
            )
        )
        parts.append(
            tag(
                "text",
                f"n = {show(row.get('n'), 'n')}",
                x=_at(middle),
                y=134,
                text_anchor="middle",
                class_="tick",
            )
        )
    return _svg(parts, 142, "stations", label)
