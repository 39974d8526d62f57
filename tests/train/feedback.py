"""Labelled feedback written for the tests: enough rows to train something small on."""

from __future__ import annotations

import csv
import itertools
import json
from pathlib import Path
from typing import Any

HEADER = ("text", "sentiment", "quality", "price", "service", "delivery")

# topic: {state: (wordings)}
_SAID = {
    "quality": {
        "positive": ("做工很好", "味道不错", "works really well", "the fabric feels great"),
        "negative": ("用两天就坏了", "做工太差", "it broke within a week", "the screen is awful"),
    },
    "price": {
        "positive": ("价格实惠", "性价比高", "great value for money", "cheap for what it is"),
        "negative": ("价格太贵", "不值这个价", "far too expensive", "a waste of money"),
    },
    "service": {
        "positive": ("客服很耐心", "店家态度好", "the staff were friendly", "support helped a lot"),
        "negative": ("客服爱理不理", "退货拖了半个月", "nobody answers the phone", "rude support"),
    },
    "delivery": {
        "positive": ("物流很快", "包装严实", "it arrived early", "well packed"),
        "negative": ("快递太慢", "箱子压烂了", "it came two weeks late", "the parcel was crushed"),
    },
}
TOPICS = tuple(_SAID)


def rows(count: int = 96) -> list[dict[str, str]]:
    """Return rows of a wide table: two topics judged in each, in one language."""
    made: list[dict[str, str]] = []
    pairs = [*itertools.combinations(TOPICS, 2)]
    for number in range(count):
        english = number % 2
        states = [("positive", "negative")[number // step % 2] for step in (2, 4)]
        one, other = pairs[number // 8 % len(pairs)]
        pieces = [
            _SAID[topic][state][2 * english + number // 48 % 2]
            for topic, state in zip((one, other), states, strict=True)
        ]
        row = dict.fromkeys(TOPICS, "absent") | {one: states[0], other: states[1]}
        # A number makes the text its own: no near-duplicate of another row.
        tail = f", order {number}" if english else f"，订单{number}"
        text = (", " if english else "，").join(pieces) + tail
        sentiment = states[0] if states[0] == states[1] else "mixed"
        made.append({"text": text, "sentiment": sentiment, **row})
    return made


def write_table(path: Path, some: list[dict[str, str]] | None = None) -> Path:
    """Write the rows as CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, HEADER)
        table.writeheader()
        table.writerows(rows() if some is None else some)
    return path


def write_lines(path: Path, records: list[dict[str, Any]]) -> Path:
    """Write records as JSON lines."""
    lines = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    path.write_text(lines, encoding="utf-8")
    return path
