"""Tasks as a workbook: a row for each text, drop-down lists to choose from, a sheet that explains.

The model's suggestion stands in the cells. It is a label only in rows where a person chose "yes" in
the column `done`, whatever else was changed.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, get_args

from sentiment.errors import InputError, LabelError
from sentiment.labelling.labels import Entry, Fault, Finding, split
from sentiment.labelling.task import Task
from sentiment.labelling.words import (
    definition,
    labelled_names,
    meaning,
    name_in,
    phrase,
    shown_name,
    steps,
)
from sentiment.records import POLARITIES, SENTIMENTS, STATES, topic_states
from sentiment.reporting.workbook import timeless
from sentiment.tables.sheets import LONGEST_CELL, escape, length
from sentiment.tables.workbook import unescape
from sentiment.taxonomy import Taxonomy
from sentiment.wording import Tongue

__all__ = ["is_saved_sheet", "is_sheet", "read", "write"]

_LEAST_GROUPS = 5  # groups of driver, polarity and evidence; a text rarely names more
_SPARE_GROUPS = 2  # beside those that the model filled in
_PARTS = ("name", "polarity", "evidence")
_BEFORE = ("row", "id", "question", "text", "done", "overall")
_AFTER = ("lang", "source", "sampling")
_WIDTHS = {"text": 52, "evidence": 22, "name": 24, "overall": 11, "id": 12, "question": 16}
_FEW = 9
_FIRST = 2  # the row under the headings
_TITLES = 3  # rows that somebody may have put above them
_OURS = {"row", "text", "done", "overall", "sampling"}  # no other workbook has all of these


@dataclass(frozen=True)
class _Layout:
    """Which column is where; columns count from 1."""

    topics: tuple[str, ...]
    groups: int

    @cached_property
    def keys(self) -> list[str]:
        named = [f"{part} {at}" for at in range(1, self.groups + 1) for part in _PARTS]
        return [*_BEFORE, *self.topics, *named, *_AFTER]

    def place(self, key: str) -> int:
        return self.keys.index(key) + 1

    def letter(self, key: str) -> str:
        from openpyxl.utils import get_column_letter

        return str(get_column_letter(self.place(key)))

    def heading(self, key: str, taxonomy: Taxonomy, tongue: Tongue) -> str:
        if key in self.topics:
            topic = taxonomy.topics[key]
            return topic.zh if tongue == "zh" else topic.en
        name, _, number = key.partition(" ")
        return f"{phrase(f'heading.{name}', tongue)} {number}".strip()


def write(tasks: Sequence[Task], taxonomy: Taxonomy, tongue: Tongue) -> bytes:
    """Return the workbook; the same tasks give the same bytes.

    :raises LabelError: A text does not fit into a cell, or a topic is called as a column is.
    """
    from openpyxl import Workbook

    named = max((len(task.opinions) + len(task.tags) for task in tasks), default=0)
    layout = _Layout(tuple(taxonomy.topics), max(_LEAST_GROUPS, named + _SPARE_GROUPS))
    headings = [layout.heading(key, taxonomy, tongue) for key in layout.keys]
    for names in (layout.keys, headings):
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise LabelError(
                f"a topic is called {', '.join(twice)}, as another column of the workbook is; write "
                ".jsonl instead"
            )
    book = Workbook()
    sheet: Any = book.active
    sheet.title = phrase("sheet.label", tongue)
    for at, heading in enumerate(headings, start=1):
        _put(sheet, 1, at, heading)
    for number, task in enumerate(tasks, start=_FIRST):
        for key, value in _cells(task, taxonomy, tongue).items():
            _put(sheet, number, layout.place(key), value)
    _explain(book.create_sheet(phrase("sheet.guide", tongue)), taxonomy, tongue)
    _offer(book, sheet, layout, taxonomy, tongue, len(tasks))
    _dress(sheet, layout, taxonomy, tongue, len(tasks))
    stream = io.BytesIO()
    book.save(stream)
    return timeless(stream)


def _cells(task: Task, taxonomy: Taxonomy, tongue: Tongue) -> dict[str, Any]:
    if length(task.text) > LONGEST_CELL:
        raise LabelError(
            f"row {task.row}: its text does not fit into a cell of a workbook; write .jsonl instead"
        )
    origin = task.origin
    cells: dict[str, Any] = {key: origin.get(key) for key in (*_BEFORE, *_AFTER) if key in origin}
    cells["text"] = task.text
    if task.sentiment is not None:
        cells["overall"] = phrase(f"value.{task.sentiment}", tongue)
    for topic, state in topic_states(task.opinions, taxonomy.topics).items():
        cells[topic] = phrase(f"value.{state}", tongue)
    found = [(one.driver, one) for one in task.opinions] + [(one.tag, one) for one in task.tags]
    for at, (name, one) in enumerate(found, start=1):
        cells[f"name {at}"] = shown_name(name, taxonomy, tongue)
        cells[f"polarity {at}"] = phrase(f"value.{one.polarity}", tongue)
        cells[f"evidence {at}"] = one.evidence
    return cells


def _put(sheet: Any, row: int, column: int, value: Any) -> None:
    if value is None:
        return
    cell = sheet.cell(row, column)
    if isinstance(value, str):
        cell.value = escape(value)
        cell.data_type = "s"  # "=1+1" is what somebody wrote, no formula
        cell.quotePrefix = value[:1] in "=+-@"
    else:
        cell.value = value


def _explain(sheet: Any, taxonomy: Taxonomy, tongue: Tongue) -> None:
    """Write how to label, and what every topic, driver and tag means."""
    from openpyxl.styles import Alignment, Font

    bold, wrapped = Font(bold=True), Alignment(wrap_text=True, vertical="top")
    lines: list[tuple[str, str]] = [(phrase("guide.title", tongue), "")]
    lines += [(str(at), step) for at, step in enumerate(steps(tongue), start=1)]
    for title, names in (
        ("guide.topics", tuple(taxonomy.topics)),
        ("guide.names", labelled_names(taxonomy)),
    ):
        lines += [("", ""), (phrase(title, tongue), "")]
        lines += [(shown_name(n, taxonomy, tongue), definition(n, taxonomy, tongue)) for n in names]
    for number, (left, right) in enumerate(lines, start=1):
        _put(sheet, number, 1, left)
        _put(sheet, number, 2, right)
        sheet.cell(number, 2).alignment = wrapped
        sheet.cell(number, 1).alignment = wrapped
        if left and not right:
            sheet.cell(number, 1).font = bold
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 36, 100


def _offer(
    book: Any, sheet: Any, layout: _Layout, taxonomy: Taxonomy, tongue: Tongue, tasks: int
) -> None:
    """Add the drop-down lists; their values stand on a sheet of their own, as Excel wants it."""
    from openpyxl.worksheet.datavalidation import DataValidation

    lists = book.create_sheet(phrase("sheet.lists", tongue))
    lists.sheet_state = "hidden"
    values = {
        "done": [phrase(f"done.{name}", tongue) for name in ("yes", "skip")],
        "overall": [phrase(f"value.{name}", tongue) for name in SENTIMENTS],
        "topic": [phrase(f"value.{name}", tongue) for name in STATES],
        "polarity": [phrase(f"value.{name}", tongue) for name in POLARITIES],
        "name": [shown_name(name, taxonomy, tongue) for name in labelled_names(taxonomy)],
    }
    last = _FIRST + max(tasks, 1) - 1
    for at, (kind, offered) in enumerate(values.items(), start=1):
        for number, value in enumerate(offered, start=1):
            _put(lists, number, at, value)
        letter = lists.cell(1, at).column_letter
        choice = DataValidation(
            type="list",
            formula1=f"'{lists.title}'!${letter}$1:${letter}${len(offered)}",
            allow_blank=True,
            showErrorMessage=True,
        )
        for key in layout.keys:
            if kind == ("topic" if key in layout.topics else key.partition(" ")[0]):
                column = layout.letter(key)
                choice.add(f"{column}{_FIRST}:{column}{last}")
        sheet.add_data_validation(choice)


def _dress(sheet: Any, layout: _Layout, taxonomy: Taxonomy, tongue: Tongue, tasks: int) -> None:
    """Show suggestions in grey, rows that are done in green, a topic beside its drivers in red."""
    from openpyxl.formatting.rule import FormulaRule
    from openpyxl.styles import Alignment, Font, PatternFill

    last = _FIRST + max(tasks, 1) - 1
    for at, key in enumerate(layout.keys, start=1):
        column = sheet.column_dimensions[layout.letter(key)]
        column.width = _WIDTHS.get(key.partition(" ")[0], _FEW)
        empty = all(sheet.cell(row, at).value is None for row in range(_FIRST, last + 1))
        column.hidden = key in _AFTER or (key in ("id", "question") and empty)
        sheet.cell(1, at).font = Font(bold=True)
    first_choice = layout.place("overall")
    top, wrapped = Alignment(vertical="top"), Alignment(vertical="top", wrap_text=True)
    grey = Font(italic=True, color="808080")
    for row in sheet.iter_rows(min_row=_FIRST, max_row=last):
        for cell in row:
            cell.alignment = wrapped if cell.column == layout.place("text") else top
            if cell.column >= first_choice:
                cell.font = grey
    sheet.freeze_panes = sheet.cell(_FIRST, first_choice)
    done = f'${layout.letter("done")}{_FIRST}="{phrase("done.yes", tongue)}"'
    for topic in layout.topics:
        column = layout.letter(topic)
        red = FormulaRule(  # type: ignore[no-untyped-call]
            formula=[_disagrees(topic, layout, tongue)], fill=PatternFill(bgColor="F4B6A6")
        )
        sheet.conditional_formatting.add(f"{column}{_FIRST}:{column}{last}", red)
    green = FormulaRule(  # type: ignore[no-untyped-call]
        formula=[done], fill=PatternFill(bgColor="E2F0D9"), font=Font(color="000000", italic=False)
    )
    sheet.conditional_formatting.add(f"A{_FIRST}:{layout.letter(layout.keys[-1])}{last}", green)


def _disagrees(topic: str, layout: _Layout, tongue: Tongue) -> str:
    """Return the formula that tells a topic's cell from what its drivers, if any, make of it."""
    names = f"${layout.letter('name 1')}{_FIRST}:${layout.letter(f'name {layout.groups}')}{_FIRST}"
    beside = (
        f"${layout.letter('polarity 1')}{_FIRST}:${layout.letter(f'polarity {layout.groups}')}"
        f"{_FIRST}"
    )
    # Cells of the other kinds lie between; none of them begins with the name of a topic and a dot.
    of_topic = f'(LEFT({names},{len(topic) + 1})="{topic}.")'
    word = {name: phrase(f"value.{name}", tongue) for name in STATES}
    some = f"SUMPRODUCT({of_topic}*1)>0"
    good = f'SUMPRODUCT({of_topic}*({beside}="{word["positive"]}"))>0'
    bad = f'SUMPRODUCT({of_topic}*({beside}="{word["negative"]}"))>0'
    meant = (
        f'IF({good},IF({bad},"{word["mixed"]}","{word["positive"]}"),'
        f'IF({bad},"{word["negative"]}",IF({some},"{word["neutral"]}","{word["absent"]}")))'
    )
    cell = f"${layout.letter(topic)}{_FIRST}"
    return f'AND({cell}<>"",COUNTA({names})>0,{cell}<>{meant})'


def is_sheet(path: Path) -> bool:
    """Say whether a workbook is one of tasks, labelled or not."""
    try:
        return _open(path, ()) is not None
    except InputError:
        return False


def read(path: Path, taxonomy: Taxonomy) -> Iterator[Entry]:
    """Yield what is labelled, row by row.

    :raises InputError: The file cannot be read, is no workbook of tasks, or has headings that were
        renamed or belong to another taxonomy: labels under them would be lost.
    """
    opened = _open(path, tuple(taxonomy.topics), taxonomy)
    formulas = _formulas(path)
    if opened is None:
        raise InputError(f"{path} is no workbook that sentiment label wrote; name another file")
    headings, columns, rows = opened
    _check_headings(path, headings, columns, rows, taxonomy)
    for number, cells in rows:
        found = {key: (cells[at] or "") for key, at in columns.items()}
        lacking = [
            headings[at]
            for at in columns.values()
            if cells[at] is None and (number, at) in formulas
        ]
        if lacking or any(found[key].strip() for key in ("text", "done")):
            yield _entry(number, found, taxonomy, [heading or "" for heading in lacking])


def _check_headings(
    path: Path,
    headings: Sequence[str | None],
    columns: Mapping[str, int],
    rows: Sequence[tuple[int, Sequence[str | None]]],
    taxonomy: Taxonomy,
) -> None:
    """Refuse headings that hide labels.

    A column of somebody's own may stand beside ours, a second reviewer's word among them: it is taken
    for one of ours only where one of ours is missing, or where it stands between them.
    """
    groups = {key.partition(" ")[2] for key in columns if key.partition(" ")[0] in _PARTS}
    lost = [f"{part} {at}" for at in sorted(groups) for part in _PARTS]
    lost = [key for key in lost if key not in columns]
    if lost:
        shown = ", ".join(
            f"{phrase(f'heading.{key.split()[0]}', 'en')} {key.split()[1]}" for key in lost
        )
        raise InputError(
            f"{path}: the column {shown} is missing or was renamed; give it its name again"
        )
    names = labelled_names(taxonomy)
    known = {*names} | {
        shown_name(name, taxonomy, tongue) for name in names for tongue in get_args(Tongue)
    }
    least = {str(at) for at in range(1, _LEAST_GROUPS + 1)}
    complete = columns.keys() >= taxonomy.topics.keys() and groups >= least
    labels = [at for key, at in columns.items() if key not in (*_BEFORE, *_AFTER)]
    between = range(columns["overall"], max(labels, default=0))
    for at, heading in enumerate(headings):
        if at in columns.values() or (complete and at not in between):
            continue
        cells = [(row[at] or "").strip() for _, row in rows if row[columns["done"]]]
        if any(cell in known or meaning("value", cell, STATES) for cell in cells):
            raise InputError(
                f"{path}: the column {heading or at + 1} holds labels and is none that is known; give "
                "it its name again if it was renamed, or name the --taxonomy that the workbook was "
                "written with; move a column of your own behind the others"
            )


def _formulas(path: Path) -> set[tuple[int, int]]:
    """Return row and column of every formula on the sheet of tasks: one without a result looks empty."""
    from openpyxl import load_workbook

    book = load_workbook(path, read_only=True)
    try:
        for sheet in book.worksheets:
            sheet.reset_dimensions()
            rows = enumerate(sheet.iter_rows(), start=1)
            values = ([cell.value for cell in row] for _, row in rows)
            if _headings(values, (), None) is not None:
                return {
                    (number, at)
                    for number, row in rows
                    for at, cell in enumerate(row)
                    if cell.data_type == "f"
                }
    finally:
        book.close()
    return set()


def _open(
    path: Path, topics: tuple[str, ...], taxonomy: Taxonomy | None = None
) -> tuple[list[str | None], dict[str, int], list[tuple[int, list[str | None]]]] | None:
    """Return headings, columns by their key and the numbered rows; None where they are not ours."""
    from openpyxl import load_workbook

    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except Exception as error:  # a zip archive can be broken in any way
        raise InputError(f"{path} cannot be read ({error}); check the file") from error
    found = []
    try:
        for sheet in book.worksheets:
            sheet.reset_dimensions()
            rows = enumerate(sheet.iter_rows(values_only=True), start=1)
            headed = _headings((row for _, row in rows), topics, taxonomy)
            if headed is not None:
                wide = len(headed[0])
                filled = [
                    (number, [*map(_spelled, row), *[None] * (wide - len(row))])
                    for number, row in rows
                ]
                found.append((sheet.title, *headed, filled))
    finally:
        book.close()
    if len(found) > 1 and taxonomy is not None:
        titles = ", ".join(title for title, *_ in found)
        raise InputError(
            f"{path} holds several sheets of tasks ({titles}); save each as a workbook of its own"
        )
    return found[0][1:] if found else None


def _headings(
    rows: Iterator[Sequence[Any]], topics: tuple[str, ...], taxonomy: Taxonomy | None
) -> tuple[list[str | None], dict[str, int]] | None:
    """Take rows up to the headings of a sheet of tasks and return these and the columns by their key.

    None where the first rows hold none: any other workbook may have a million.
    """
    for row in islice(rows, _TITLES + 1):
        headings = list(map(_spelled, row))
        columns = _columns(headings, topics, taxonomy)
        if columns.keys() >= _OURS:
            return headings, columns
    return None


def is_saved_sheet(headings: Sequence[str | None]) -> bool:
    """Say whether a table's headings are those of a workbook of tasks, saved in another format.

    Or of one that lost a column: a text, and two of what no other table has beside it.
    """
    columns = _columns(headings, (), None).keys()
    return "text" in columns and len({"done", "sampling", "name 1"} & columns) > 1


def _spelled(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # some programs write every number as a decimal one
    return unescape(str(value))


def _columns(
    headings: Sequence[str | None], topics: tuple[str, ...], taxonomy: Taxonomy | None
) -> dict[str, int]:
    columns: dict[str, int] = {}
    for at, heading in enumerate(headings):
        shown = (heading or "").strip()
        name, _, number = shown.rpartition(" ")
        plain = meaning("heading", shown, (*_BEFORE, *_AFTER))
        part = meaning("heading", name, _PARTS) if number.isdigit() else None
        lower = shown.lower()
        topic = next((t for t in topics if taxonomy and lower in _called(t, taxonomy)), None)
        key = f"{part} {number}" if part else plain or topic
        if key is not None:
            columns.setdefault(key, at)
    return columns


def _called(topic: str, taxonomy: Taxonomy) -> tuple[str, ...]:
    found = taxonomy.topics[topic]
    return topic.lower(), found.zh.lower(), found.en.lower()


def _entry(
    number: int, cells: Mapping[str, str], taxonomy: Taxonomy, lacking: Sequence[str]
) -> Entry:
    """Return a row; `lacking` are the headings over formulas without a result."""
    faults = [Fault("formula", {"given": heading}) for heading in lacking]
    done = meaning("done", cells["done"], ("yes", "skip", "no"))
    if done is None and cells["done"].strip():
        faults.append(Fault("done", {"given": repr(cells["done"])}))
    named = list(_named(cells, faults))
    opinions, tags = split(named, taxonomy) if named else (None, None)
    topics = {
        topic: meaning("value", cells[topic], STATES) or cells[topic].strip()
        for topic in taxonomy.topics
        if cells.get(topic, "").strip()
    }
    overall = cells["overall"].strip()
    return Entry(
        place="row",
        at=number,
        text=cells["text"],
        origin=_origin(cells),
        state="skipped" if done == "skip" else "done" if done == "yes" or faults else "open",
        overall=(meaning("value", overall, SENTIMENTS) or overall) if overall else None,
        # Where tags alone are named, what the topics say tells whether a driver is judged.
        opinions=opinions or None,
        tags=tags,
        topics=topics,
        faults=tuple(faults),
    )


def _origin(cells: Mapping[str, str]) -> dict[str, Any]:
    origin: dict[str, Any] = {
        key: cells.get(key) or None for key in ("id", "question", "lang", "source", "sampling")
    }
    row = cells["row"].strip()
    origin["row"] = int(row) if row.isdecimal() else None
    return origin


def _named(cells: Mapping[str, str], faults: list[Fault]) -> Iterator[Finding]:
    """Yield the groups of a row that name something; half a group is a fault."""
    groups = [key.partition(" ")[2] for key in cells if key.startswith("name ")]
    for group in groups:
        name, polarity, evidence = (cells.get(f"{part} {group}", "").strip() for part in _PARTS)
        if not name and not polarity:
            continue  # evidence that was left behind names nothing
        if not name or not polarity:
            faults.append(Fault("half_polarity" if polarity else "half_name", {"group": group}))
            continue
        chosen = meaning("value", polarity, POLARITIES) or polarity
        yield Finding(name_in(name), chosen, evidence or None)
