"""Tasks as JSON lines: the schema of labelled feedback, its labels null until somebody fills them.

The model's own findings stand beside them under `suggested`, where nothing takes them for labels.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sentiment.errors import InputError
from sentiment.labelling.labels import Entry, Fault, Finding, said_once
from sentiment.labelling.task import ORIGIN, Task
from sentiment.labelling.words import meaning
from sentiment.records import POLARITIES, SENTIMENTS, STATES
from sentiment.taxonomy import Taxonomy

__all__ = ["is_lines", "read", "write"]

_LABELS = ("overall", "opinions", "tags", "topics")
_OF_TABLES = {"sentiment": "overall", "drivers": "opinions"}  # what a column is called there


def write(tasks: Sequence[Task]) -> bytes:
    """Return one line for each task."""
    lines = (json.dumps(_line(task), ensure_ascii=False) + "\n" for task in tasks)
    # Half a surrogate pair comes out as the escape that JSON knows for it.
    return "".join(lines).encode("utf-8", "backslashreplace")


def _line(task: Task) -> dict[str, Any]:
    origin = task.origin
    line: dict[str, Any] = {
        "id": origin.pop("id"), "text": task.text, "lang": origin.pop("lang"),
        "overall": None, "opinions": None, "tags": None, "source": origin.pop("source"),
    }  # fmt: skip
    suggested = {
        "model": task.model,
        "overall": task.sentiment,
        "opinions": [opinion.to_dict() for opinion in task.opinions],
        "tags": [tag.to_dict() for tag in task.tags],
    }
    return line | origin | {"suggested": suggested}


def is_lines(path: Path) -> bool:
    """Say whether a file holds tasks as JSON lines, labelled or not."""
    try:
        with path.open(encoding="utf-8-sig") as stream:
            record = json.loads(next(line for line in stream if line.strip()))
    except (OSError, ValueError, StopIteration):
        return False
    if not isinstance(record, dict) or "status" in record:
        return False
    # Labelled feedback has the first three as well; a program may have dropped what is null.
    return record.keys() >= {"text", "sampling"} and bool(record.keys() & {"suggested", *_LABELS})


def read(path: Path, taxonomy: Taxonomy) -> Iterator[Entry]:
    """Yield what is labelled, line by line.

    :raises InputError: The file cannot be read, or a line is no JSON object.
    """
    try:
        # At line feeds alone: U+2028 and its like may stand inside a text.
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read ({error}); check the file") from error
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield _entry(_object(line, path, number), number, taxonomy)


def _object(line: str, path: Path, number: int) -> Mapping[str, Any]:
    try:
        record = json.loads(line)
    except ValueError as error:
        raise InputError(f"{path}, line {number} is not JSON ({error}); mend the line") from error
    if not isinstance(record, dict):
        raise InputError(f"{path}, line {number} is no JSON object; mend the line")
    return record


def _entry(record: Mapping[str, Any], number: int, taxonomy: Taxonomy) -> Entry:
    faults: list[Fault] = []
    origin = {name: record.get(name) for name in ORIGIN}
    misspelt = list(_misspelt(record, ("text", *_LABELS)))
    for name, value in record.items():
        if value is not None and name in _OF_TABLES:
            misspelt.append(Fault("field", {"given": repr(name), "nearest": _OF_TABLES[name]}))
        elif value is not None and name in taxonomy.topics:
            misspelt.append(Fault("field_topic", {"given": repr(name)}))
    faults += misspelt
    opinions = _findings(record, "opinions", "driver", faults)
    tags = _findings(record, "tags", "tag", faults)
    topics = record.get("topics")
    if topics is not None and not isinstance(topics, dict):
        faults.append(Fault("topics"))
        topics = None
    labels = [record.get(name) for name in _LABELS]
    return Entry(
        place="line",
        at=number,
        text=str(record.get("text") or ""),
        origin=origin,
        state="open" if all(label is None for label in labels) and not misspelt else "done",
        overall=_meant(record.get("overall"), SENTIMENTS),
        opinions=opinions,
        tags=tags,
        topics={
            str(name): str(_meant(state, STATES))
            for name, state in (topics or {}).items()
            if state is not None
        },
        faults=tuple(faults),
    )


def _findings(
    record: Mapping[str, Any], field: str, key: str, faults: list[Fault]
) -> tuple[Finding, ...] | None:
    entries = record.get(field)
    if entries is None:
        return None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        faults.append(Fault("findings", {"field": field, "key": key}))
        return ()
    found = []
    for entry in entries:
        faults += _misspelt(entry, (key, "polarity", "evidence"))
        name = str(entry.get(key) or "")
        polarity = str(_meant(entry.get("polarity"), POLARITIES) or "")
        evidence = entry.get("evidence")
        if evidence is not None and not isinstance(evidence, str):
            faults.append(Fault("evidence_type", {"name": name, "given": repr(evidence)}))
            evidence = None
        found.append(Finding(name, polarity, evidence))
    return said_once(found)


def _meant(value: Any, names: tuple[str, ...]) -> Any:
    """Return which of the names was written, in whatever case or language; the value otherwise."""
    return (meaning("value", value, names) or value) if isinstance(value, str) else value


def _misspelt(record: Mapping[str, Any], known: Sequence[str]) -> Iterator[Fault]:
    """Yield a fault for each field that is nearly one which is missing: what it says would be lost."""
    missing = [name for name in known if record.get(name) is None]
    for name, value in record.items():
        if value is None or name in known or name in (*ORIGIN, "suggested"):
            continue
        near = difflib.get_close_matches(name.strip().lower(), missing, n=1, cutoff=0.75)
        if near:
            yield Fault("field", {"given": repr(name), "nearest": near[0]})
