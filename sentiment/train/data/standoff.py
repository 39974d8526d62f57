"""Gold labels without their text: a digest, offsets and labels, and the way back.

The labels are ours to ship, the texts are not. A stand-off entry names its text by the sha256 of
its UTF-8 bytes and points into it with code point offsets; whoever has the text gets the labelled
record back exactly.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sentiment.errors import LabelError

__all__ = ["Rejoined", "attach", "detach", "digest", "read_standoff", "rejoin", "write_standoff"]

_PARTS = (("opinions", "driver"), ("tags", "tag"))


@dataclass(frozen=True, slots=True)
class Rejoined:
    """Labelled records that got their text back, in order, and the entries that did not."""

    records: tuple[dict[str, Any], ...]
    missing: tuple[Mapping[str, Any], ...]


def digest(text: str) -> str:
    """Return the sha256 of a text's UTF-8 bytes, in hex: its name in a stand-off file."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def detach(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the stand-off entry of a labelled record: no text and no evidence, only offsets.

    Evidence that occurs several times is taken where it occurs first.

    :raises LabelError: Evidence that is not in the text.
    """
    text = record["text"]
    entry = {"id": record["id"], "sha256": digest(text)}
    entry |= {key: value for key, value in record.items() if key not in ("id", "text")}
    for part, name in _PARTS:
        entry[part] = [_place(item, name, text) for item in record[part]]
    return entry


def attach(entry: Mapping[str, Any], text: str) -> dict[str, Any]:
    """Return the labelled record of a stand-off entry and its text; the inverse of `detach`.

    :raises LabelError: The text is another one, or an offset lies outside it.
    """
    if digest(text) != entry["sha256"]:
        raise LabelError(f"{entry['id']}: the text is not the one that was labelled.")
    record: dict[str, Any] = {"id": entry["id"], "text": text}
    record |= {key: value for key, value in entry.items() if key not in ("id", "sha256")}
    for part, name in _PARTS:
        record[part] = [_quote(item, name, text, entry["id"]) for item in entry[part]]
    return record


def rejoin(entries: Iterable[Mapping[str, Any]], texts: Iterable[str]) -> Rejoined:
    """Give every entry the text that its digest names, as far as it is among the texts."""
    entries = list(entries)
    wanted = {entry["sha256"] for entry in entries}
    found = {name: text for text in texts if (name := digest(text)) in wanted}
    return Rejoined(
        records=tuple(
            attach(entry, found[entry["sha256"]]) for entry in entries if entry["sha256"] in found
        ),
        missing=tuple(entry for entry in entries if entry["sha256"] not in found),
    )


def write_standoff(records: Iterable[Mapping[str, Any]], path: Path) -> int:
    """Write labelled records as stand-off JSON lines, gzipped; equal records give equal bytes.

    :returns: How many were written.
    """
    lines = [json.dumps(detach(record), ensure_ascii=False) + "\n" for record in records]
    path.parent.mkdir(parents=True, exist_ok=True)
    # No name and no time in the header, so that the file changes only when the labels do.
    path.write_bytes(gzip.compress("".join(lines).encode("utf-8"), mtime=0))
    return len(lines)


def read_standoff(path: Path) -> list[dict[str, Any]]:
    """Read the entries of a stand-off file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _place(item: Mapping[str, Any], name: str, text: str) -> dict[str, Any]:
    start = text.find(item["evidence"])
    if start < 0:
        raise LabelError(f"{item[name]}: the evidence {item['evidence']!r} is not in the text.")
    end = start + len(item["evidence"])
    return {name: item[name], "polarity": item["polarity"], "start": start, "end": end}


def _quote(item: Mapping[str, Any], name: str, text: str, at: str) -> dict[str, Any]:
    start, end = item["start"], item["end"]
    if not 0 <= start < end <= len(text):
        raise LabelError(f"{at}: {item[name]} points at {start}:{end}, outside its text.")
    return {name: item[name], "polarity": item["polarity"], "evidence": text[start:end]}
