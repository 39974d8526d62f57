"""The report's pictures: inline SVG in percent of its width, so that text keeps its size on a phone.

Negative is orange, hatched and to the left; positive is blue, solid and to the right: position and
pattern say it without the colour. A picture draws the rows of a table and computes nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape

from sentiment.report.values import Language, Row
from sentiment.report.wording import show

__all__ = ["diverging", "range_bar", "stacked"]

_HEIGHT = 26


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) and value == value else None


def tag(name: str, content: object = "", **attributes: object) -> Markup:
    """Return one element; underscores in attribute names become hyphens, values are escaped."""
    parts = []
    for key, value in attributes.items():
        if value is None:
            continue
        shown = f"{value:.2f}" if isinstance(value, float) else str(value)
        parts.append(f' {key.rstrip("_").replace("_", "-")}="{escape(shown)}"')
    return Markup(f"<{name}{''.join(parts)}>") + escape(content) + Markup(f"</{name}>")


def _at(value: float) -> str:
    return f"{value:.2f}%"


def _svg(content: Iterable[Markup], height: int, label: str, kind: str) -> Markup:
    return tag(
        "svg",
        Markup("").join(content),
        class_=f"picture {kind}",
        width="100%",
        height=height,
        role="img",
        aria_label=label,
    )


def diverging(
    row: Row, left: str, right: str, top: float, *, height: int = _HEIGHT, unit: str = "percent"
) -> Markup:
    """Draw one row's two shares around the middle: `left` to the left, `right` to the right.

    :param top: The value at which a bar has its full length.
    """
    middle, reach = 50.0, 36.0
    scale = reach / top if top else 0.0
    parts = [tag("line", x1="50%", x2="50%", y1=0, y2=height, class_="axis")]
    for key, way, kind in ((left, -1, "neg"), (right, 1, "pos")):
        value = _number(row.get(key))
        if value is None:
            continue
        length = min(abs(value), top) * scale
        x = middle - length if way < 0 else middle
        parts.append(
            tag("rect", x=_at(x), y=5, width=_at(length), height=height - 10, class_=kind, rx=1)
        )
        low, high = _number(row.get(f"{key}_low")), _number(row.get(f"{key}_high"))
        end = length
        if low is not None and high is not None:
            ends = [min(abs(v), top * 1.15) * scale for v in (low, high)]
            parts += _whisker(middle + way * ends[0], middle + way * ends[1], height / 2)
            end = max(end, *ends)
        anchor = "end" if way < 0 else "start"
        parts.append(
            tag(
                "text",
                show(value, unit),
                x=_at(middle + way * end),
                dx=way * 6,
                y=height / 2 + 4,
                text_anchor=anchor,
                class_=f"value {kind}-text",
            )
        )
    return _svg(parts, height, "", "diverging")


def _whisker(x1: float, x2: float, y: float) -> list[Markup]:
    return [
        tag("line", x1=_at(x1), x2=_at(x2), y1=y, y2=y, class_="whisker"),
        *(
            tag("line", x1=_at(x), x2=_at(x), y1=y - 3, y2=y + 3, class_="whisker")
            for x in (x1, x2)
        ),
    ]


def range_bar(row: Row, low: float, high: float) -> Markup:
    """Draw a value and its interval on its scale: a line from `low` to `high`, a band, a dot."""
    span = high - low
    parts = [tag("rect", x="0", y=8, width="100%", height=4, rx=2, class_="track")]
    ends = [_number(row.get(key)) for key in ("value_low", "value_high")]
    if ends[0] is not None and ends[1] is not None and span > 0:
        left, right = (100 * (end - low) / span for end in ends if end is not None)
        parts.append(
            tag(
                "rect",
                x=_at(left),
                y=6,
                width=_at(max(right - left, 0.6)),
                height=8,
                rx=4,
                class_="band",
            )
        )
    value = _number(row.get("value"))
    if value is not None and span > 0:
        parts.append(tag("circle", cx=_at(100 * (value - low) / span), cy=10, r=5, class_="dot"))
    if low < 0 < high:
        parts.append(
            tag(
                "line",
                x1=_at(-100 * low / span),
                x2=_at(-100 * low / span),
                y1=3,
                y2=17,
                class_="axis",
            )
        )
    return _svg(parts, 20, "", "range")


def stacked(row: Row, keys: Sequence[tuple[str, str]], height: int = 12) -> Markup:
    """Draw shares that add up to 100 as one bar; `keys` are (cell, class) from left to right."""
    parts, x = [], 0.0
    values = [(_number(row.get(key)) or 0.0, kind) for key, kind in keys]
    total = sum(value for value, _ in values)
    for value, kind in values:
        width = 100 * value / total if total else 0.0
        if width:
            parts.append(tag("rect", x=_at(x), y=0, width=_at(width), height=height, class_=kind))
        x += width
    return _svg(parts, height, "", "stacked")


def top_of(rows: Iterable[Row], *keys: str) -> float:
    """Return the largest bar among the rows, so that all rows share one scale."""
    values = [abs(v) for row in rows for key in keys if (v := _number(row.get(key))) is not None]
    return max(values, default=1.0) or 1.0


# One set of patterns for the whole page; a url(#...) inside a display:none tree would not be drawn.
def definitions() -> Markup:
    """Return the hatching that marks negative bars."""
    return Markup(
        '<svg class="definitions" width="0" height="0" aria-hidden="true"><defs>'
        '<pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)"><rect width="5" height="5" fill="#d8722c"/>'
        '<rect width="1.4" height="5" fill="#fff" fill-opacity=".55"/></pattern>'
        '<pattern id="dots" width="5" height="5" patternUnits="userSpaceOnUse">'
        '<rect width="5" height="5" fill="#c9c4b8"/><circle cx="2" cy="2" r=".9" fill="#8b867b"/>'
        "</pattern></defs></svg>"
    )


def language_of(language: Language) -> str:
    """Return the BCP 47 tag that picks the right glyphs."""
    return "zh-Hans" if language == "zh" else "en"
