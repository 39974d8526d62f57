"""Files of tasks: which format, written and read back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from sentiment.errors import OutputError, SentimentError
from sentiment.labelling import lines, sheet, studio
from sentiment.labelling.labels import Labelled, check
from sentiment.labelling.task import Task
from sentiment.tables.table import open_source
from sentiment.taxonomy import Taxonomy
from sentiment.wording import Tongue

__all__ = [
    "check_form",
    "interface_path",
    "is_altered",
    "is_tasks",
    "labelled_lines",
    "read_labels",
    "render",
]

_FORMS = (".xlsx", ".jsonl", ".json")


def check_form(path: Path) -> None:
    """Refuse a name that no format of tasks has.

    :raises OutputError: Another ending.
    """
    if path.suffix.lower() not in _FORMS:
        raise OutputError(
            f"{path}: tasks are written as .xlsx, .jsonl, or .json for Label Studio; end the name "
            "in one of these"
        )


def interface_path(path: Path) -> Path:
    """Return where the labelling interface of a Label Studio file is written."""
    return path.with_suffix(".interface.xml")


def render(tasks: Sequence[Task], path: Path, taxonomy: Taxonomy, tongue: Tongue) -> bytes:
    """Return the bytes of a file of tasks, in the format that its name says.

    :raises LabelError: A text does not fit into the format.
    """
    suffix = path.suffix.lower()
    if suffix == ".xlsx":
        return sheet.write(tasks, taxonomy, tongue)
    if suffix == ".json":
        return studio.write(tasks, taxonomy, tongue)
    return lines.write(tasks)


def is_tasks(path: Path) -> bool:
    """Say whether a file holds tasks that were labelled or are to be, told by its content."""
    if not path.is_file():
        return False
    suffix = path.suffix.lower()
    if suffix == ".xlsx":
        return sheet.is_sheet(path)
    if suffix == ".json":
        return studio.is_studio(path)
    return suffix in (".jsonl", ".ndjson") and lines.is_lines(path)


def is_altered(path: Path) -> bool:
    """Say whether a file was a workbook of tasks: saved as something else, or without a column.

    :param path: Not of `is_tasks`.
    """
    if not path.is_file() or {".json", ".jsonl", ".ndjson"} & set(map(str.lower, path.suffixes)):
        return False
    try:
        return sheet.is_saved_sheet(open_source(path).columns)
    except SentimentError:
        return False  # whoever reads it says why it cannot be read


def read_labels(path: Path, taxonomy: Taxonomy, tongue: Tongue = "en") -> list[Labelled]:
    """Return what people labelled in a file of tasks, one record for each task, in order.

    What nobody confirmed holds no label: a row of a workbook without "yes", a Label Studio task
    without an annotation, a line whose labels are null.

    :param tongue: Of what is said about labels that cannot be right.
    :raises InputError: The file cannot be read.
    :raises LabelError: Labels that cannot be right, every one of them with its place.
    """
    suffix = path.suffix.lower()
    if suffix == ".xlsx":
        entries = sheet.read(path, taxonomy)
    elif suffix == ".json":
        entries = studio.read(path, taxonomy)
    else:
        entries = lines.read(path, taxonomy)
    return check(entries, taxonomy, str(path), tongue)


def labelled_lines(labelled: Iterable[Labelled]) -> bytes:
    """Return labelled feedback as JSON lines.

    Texts without labels are left out, except those of a random sample: whoever corrects shares by
    it must see that it is not labelled to the end.
    """
    kept = (
        one for one in labelled if one.state == "done" or one.origin.get("sampling") == "random"
    )
    text = "".join(json.dumps(one.to_dict(), ensure_ascii=False) + "\n" for one in kept)
    return text.encode("utf-8", "backslashreplace")
