"""Where the table begins in a sheet or file, and what its columns are called."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sentiment.patterns import regex
from sentiment.tables import headings
from sentiment.tables.rows import display_width, unique_names

__all__ = ["Header", "find_header"]

# Exports put a report name, a period, a filter above the table; never more than a page of them.
_TITLE_ROWS = 30
# A key and a value, seldom two of each.
_PREAMBLE_CELLS = 4
_LONGEST_NAME = 40
_PREAMBLE_KEY = regex(
    r"(?:report|export|generated|created|exported|downloaded|printed|period|filter|query|account"
    r"|from|to|since|until|start|end|date|time|range|total|rows|records|source|version|company"
    r"|workspace|project|survey|currency|user|prepared|run|on|at|by|of|for|name|type|title|view"
    r"|zone|count|number|s|\W)+"
    r"|.*(?:报表|報表|导出|導出|生成|统计|統計|筛选|篩選|起始|截止|开始|開始|结束|結束|日期|时间|時間"
    r"|周期|週期|期间|期間|范围|範圍|总数|總數|条数|條數|制表|店铺名称|账号|帳號|来源|來源).*"
    r"|.{1,30}[:：]",
    re.IGNORECASE,
)
_NUMBER = regex(r"[-+]?\d+(?:[.,]\d+)*%?")
_DATE = regex(
    r"\d{4}[-/.年]\d{1,2}([-/.月]\d{1,2}日?)?([T ]\d{1,2}:\d{2}.*)?|\d{1,2}/\d{1,2}/\d{2,4}.*"
)
_URL = regex(r"https?://")
_SENTENCE = regex(r"[。！；!]|[.,，]\s?\S+.*[.。]$")
_SENTENCE_END = regex(r"[。！!]|[.?？][\s\"”]+\S")
_PAUSE = regex(r"[,，.。!！;；]")
_IDENTIFIER = regex(r"[A-Za-z][A-Za-z_]*[0-9]{0,3}")
# Words and no code: a space between letters, or Chinese.
_PROSE = regex(r"[^\W\d_] [^\W\d_]|[㐀-鿿]")
_PROSE_WIDTH = 12
_DIGITS = regex(r"\d+")
# So much of a column looks like its first cell, and of so many cells at least, to say so.
_ALIKE = 0.9
_FEWEST_ALIKE = 2
_FEWEST_CODED = 4
_SUBHEADING = regex(r"(?:open[- ]ended )?response|回答|答案", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Header:
    """What was found at the head of a table.

    :param skip: Records before the first data row: titles and heading rows.
    :param names: The column names, unique; `column_1` ... where the file has no header.
    :param cells: The heading row as it stands, to know a repetition of it by.
    :param labels: The question behind a column whose name is a code (Qualtrics), by column.
    :param notes: Sentences that say what was skipped or made up.
    """

    skip: int
    names: tuple[str, ...]
    cells: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def find_header(records: Sequence[Sequence[str]], language: str = "en") -> Header:
    """Find the heading row among the first records of a table.

    Every record is a list of cells, "" where there is none.
    """
    if not records:
        return Header(0, ())
    start = _below_preamble(records, _first_full(records))
    row, body = records[start], records[start + 1 :]
    width = max(_usual_width(body), len(row))
    notes = [_titles_skipped(start, language)] if start else []
    if not _is_header(row, body):
        names = unique_names([""] * width)
        notes.append(_no_header(names, language))
        return Header(start, tuple(names), (), {}, tuple(notes))
    if not any(headings.is_known(cell) or headings.is_question(cell) for cell in row):
        notes.append(_unknown_names(row, language))
    if len(row) == 1:
        # A lone heading is over one column, however many commas stand in the answers below.
        width = 1
    padded = [cell.strip().removeprefix("\ufeff") for cell in row] + [""] * (width - len(row))
    extra, names, labels = _further_rows(padded, body)
    if start:
        labels |= _scored_by_group(records[start - 1], names)
    if extra:
        notes.append(_rows_joined(extra + 1, language))
    if any(not name for name in names) or len(set(names)) < len(names):
        notes.append(_renamed(names, unique_names(names), language))
    unique = unique_names(names)
    by_name = {unique[position]: label for position, label in labels.items()}
    return Header(start + 1 + extra, tuple(unique), tuple(row), by_name, tuple(notes))


def _filled(row: Sequence[str]) -> int:
    """Count the different cells: a title merged over ten columns fills one."""
    return len({cell.strip() for cell in row} - {""})


def _usual_width(records: Sequence[Sequence[str]]) -> int:
    """Return the number of fields that more than half of the records have, or 0."""
    counts = Counter(len(row) for row in records)
    width = max(counts, key=lambda width: (counts[width], width), default=0)
    return width if counts[width] * 2 > len(records) else 0


def _first_full(records: Sequence[Sequence[str]]) -> int:
    """Return the place of the first record that fills at least half of what records usually do."""
    filled = sorted(_filled(row) for row in records)
    usual = filled[(len(filled) - 1) // 2]
    if usual < 2:
        # Titles above a table of which most rows have one cell (or a table of one column) can only
        # be told by a heading that is known.
        for place, row in enumerate(records[:_TITLE_ROWS]):
            if _filled(row) > 1 and _is_surely_header(row, records[place + 1 :]):
                return place
        return _first_filled(records)
    for place, row in enumerate(records[:_TITLE_ROWS]):
        if _is_unnamed_index(row) or _is_repeated_heading(row):
            return place + _is_group_row(row, records[place + 1 :])
        if _filled(row) > 1 and (_filled(row) * 2 >= usual or _is_all_headings(row)):
            if _is_lone_heading(records[0], row):
                return 0
            return place + _is_group_row(row, records[place + 1 :])
    return _first_filled(records)


def _first_filled(records: Sequence[Sequence[str]]) -> int:
    """Return the place of the first record that is not blank, 0 where all are."""
    return next((place for place, row in enumerate(records) if _filled(row)), 0)


def _is_unnamed_index(row: Sequence[str]) -> bool:
    """Tell what pandas writes above one column and its index: a blank cell and a name."""
    names = [cell for cell in row if cell.strip()]
    return (
        len(names) == 1 < len(row)
        and not row[0].strip()
        and headings.is_text(names[0])
        and _is_lone_header(names[0].strip())
    )


def _is_repeated_heading(row: Sequence[str]) -> bool:
    """Tell two or three columns of one name from a title, which goes over more."""
    names = [cell.strip() for cell in row if cell.strip()]
    return 2 <= len(names) <= 3 and len(set(names)) == 1 and headings.is_text(names[0])


def _below_preamble(records: Sequence[Sequence[str]], start: int) -> int:
    """Return the place of the heading row under lines such as "Generated,2024-07-01", or `start`.

    Such lines have a key and a value. They have fewer cells than the heading row below them, or
    every one of their keys is a word of preambles.
    """
    fewest = _filled(records[start])
    for place in range(start + 1, min(len(records), _TITLE_ROWS)):
        row, above = records[place], [other for other in records[start:place] if _filled(other)]
        if max(map(_filled, above), default=0) > _PREAMBLE_CELLS:
            break
        if _filled(row) < fewest or not _is_surely_header(row, records[place + 1 :]):
            continue
        # Options below a question leave blanks under the other headings; a title has none.
        if any(
            at < len(row) and cell.strip() and not row[at].strip()
            for other in above
            for at, cell in enumerate(other)
        ):
            continue
        narrower = all(_filled(other) < _filled(row) for other in above)
        if narrower or _is_preamble(above):
            return place
    return start


def _is_preamble(rows: Sequence[Sequence[str]]) -> bool:
    """Say whether the rows are keys of preambles with their values, a day or a number among them.

    "Source,Comment" over "Shop,no feedback" is a table: nothing of it may be lost.
    """
    pairs = [[cell.strip().removeprefix("\ufeff") for cell in row if cell.strip()] for row in rows]
    keys = [key for pair in pairs for key in pair[0::2]]
    values = [value for pair in pairs for value in pair[1::2]]
    return all(map(_PREAMBLE_KEY.fullmatch, keys)) and any(map(_is_value, values))


def _is_surely_header(row: Sequence[str], body: Sequence[Sequence[str]]) -> bool:
    """Say whether a row is a heading row, whatever stands above it."""
    cells = [cell.strip() for cell in row if cell.strip()]
    if len(set(cells)) < max(2, len(cells)) or any(map(_is_value, cells)):
        return False
    known = [cell for cell in cells if headings.is_known(cell) and not _SENTENCE.search(cell)]
    if len(known) < 2 or len(known) * 2 < len(cells) or not body:
        return False
    return max(map(len, known)) <= _LONGEST_NAME and any(map(headings.is_text, known))


def _is_all_headings(row: Sequence[str]) -> bool:
    """Tell a heading row whose names are repeated from a title: each of its cells is a heading."""
    return all(headings.is_known(cell) for cell in row if cell.strip())


def _is_group_row(row: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Tell headings merged over several columns, of which the row below names each."""
    cells = [cell for cell in row if cell.strip()]
    if len(set(cells)) == len(cells) or not below:
        return False
    named = [cell for cell in below[0] if cell.strip()]
    return (
        len(set(named)) == len(named) > len(set(cells))
        and not any(map(_is_value, named))
        and sum(map(headings.is_known, named)) * 2 >= len(named)
        and not _is_like(below[0], below[1:])
    )


def _is_lone_heading(first: Sequence[str], full: Sequence[str]) -> bool:
    """Tell the heading of one column, over answers with commas, from a title above a header."""
    if len(first) != 1 or not headings.is_text(first[0]):
        return False
    return not any(headings.is_known(cell) for cell in full)


def _is_value(cell: str) -> bool:
    cell = cell.strip()
    return bool(_NUMBER.fullmatch(cell) or _DATE.fullmatch(cell) or _URL.match(cell))


def _is_header(row: Sequence[str], body: Sequence[Sequence[str]]) -> bool:
    cells = [cell.strip() for cell in row if cell.strip()]
    if not cells:
        return False
    known = sum(1 for cell in cells if headings.is_known(cell) and not _SENTENCE.search(cell))
    values = sum(1 for cell in cells if _is_value(cell))
    if len(row) == 1:
        return _is_lone_header(cells[0])
    if values:
        return known > values
    below = [{other[place] for other in body if place < len(other)} for place in range(len(row))]
    repeated = any(cell.strip() and cell in below[place] for place, cell in enumerate(row))
    if repeated and known < 2:
        return False
    if known:
        return True
    return not any(_SENTENCE.search(cell) for cell in cells) and not _is_like(row, body)


def _is_like(row: Sequence[str], body: Sequence[Sequence[str]]) -> bool:
    """Tell a row of the table from its headings: a code as those below it, or words as long.

    A first answer mistaken for a heading would be a row lost.
    """
    for place, cell in enumerate(row):
        below = [other[place].strip() for other in body if place < len(other)]
        below = [other for other in below if other]
        cell = cell.strip()
        if not cell or len(below) < _FEWEST_ALIKE:
            continue
        code = _DIGITS.sub("9", cell)
        alike = sum(_DIGITS.sub("9", other) == code for other in below)
        if "9" in code and alike >= _ALIKE * len(below):
            return True
        prose = [other for other in below if _PROSE.search(other)]
        usual = sorted(map(display_width, below))[len(below) // 2]
        if (
            len(prose) >= _ALIKE * len(below)
            and _PROSE.search(cell)
            and _PROSE_WIDTH <= usual <= 2 * display_width(cell)
            and not cell.endswith(("?", "？", ":", "："))
        ):
            return True
    return False


def _is_lone_header(cell: str) -> bool:
    """Say whether the first cell of a file with one column is its heading.

    A first answer mistaken for a heading would be a row lost; a heading mistaken for an answer is
    one odd row more. So it has to be one for certain.
    """
    if _IDENTIFIER.fullmatch(cell):
        return True
    if headings.is_question(cell):
        # Answers that ask something, too, are of several clauses and go on behind the question.
        asks = cell.rstrip(" *").endswith(("?", "？")) and not _SENTENCE_END.search(cell)
        return asks or not _PAUSE.search(cell)
    named = headings.is_text(cell) or headings.is_title(cell)
    return named and len(cell) <= 30 and len(cell.split()) <= 3 and not _PAUSE.search(cell)


def _further_rows(
    first: list[str], body: Sequence[Sequence[str]]
) -> tuple[int, list[str], dict[int, str]]:
    """Recognise the second and third heading row of survey tools.

    Returns how many there are, the names, and labels by column number.
    """
    second = _pad(body[0], len(first)) if body else []
    third = _pad(body[1], len(first)) if len(body) > 1 else []
    if third and _is_import_row(third):  # Qualtrics: code, question, {"ImportId": ...}
        return 2, first, _labels(first, second)
    if second and _is_import_row(second):
        return 1, first, {}
    if second and _is_under_groups(first, second, body[1:]):
        return 1, _joined(first, second), {}
    if second and _repeats_in_words(first, second, body[1:]):  # Qualtrics, older: code, question
        return 1, first, _labels(first, second)
    if second and _is_subheading_row(first, second):  # SurveyMonkey: question, answer option
        return 1, _joined(first, second), {}
    return 0, first, {}


def _pad(row: Sequence[str], width: int) -> list[str]:
    return [*row, *[""] * (width - len(row))][:width]


def _is_import_row(row: Sequence[str]) -> bool:
    return sum('"ImportId"' in cell for cell in row) * 2 > len(row)


def _labels(first: list[str], second: list[str]) -> dict[int, str]:
    return {
        place: label.strip()
        for place, label in enumerate(second)
        if label.strip() and label.strip() != first[place]
    }


def _repeats_in_words(first: list[str], second: list[str], below: Sequence[Sequence[str]]) -> bool:
    """Tell "StartDate" over "Start Date": the second row says the first again in words.

    A ticked option repeats its heading, too, and does so in other rows.
    """
    rows = [_pad(other, len(first)) for other in below]
    same = sum(
        1
        for at, (code, words) in enumerate(zip(first, second, strict=True))
        if code
        and headings.clean(code) == headings.clean(words)
        and not any(row[at].strip() == words.strip() for row in rows)
    )
    return same >= 2 and same < len(first) and not any(map(_is_value, second))


def _is_subheading_row(first: list[str], second: list[str]) -> bool:
    answers = sum(
        1
        for question, option in zip(first, second, strict=True)
        if question and _SUBHEADING.fullmatch(option.strip())
    )
    blank_below = sum(
        1 for q, option in zip(first, second, strict=True) if q and not option.strip()
    )
    return answers > 0 and answers + blank_below >= 2 and not any(map(_is_value, second))


def _is_under_groups(first: list[str], second: list[str], below: Sequence[Sequence[str]]) -> bool:
    """Tell the names below headings that are merged over several columns, each column with one.

    Columns beside the groups go on in one cell, have none, or one that is a heading for certain. A
    first customer's row would be lost: none of the names may be an answer, or come again below.
    """
    from sentiment.drivers.answers import is_missing  # loads NumPy

    groups = _groups(first)
    names = {at: second[at].strip() for group in groups for at in group}
    if not names or not below or not all(names.values()):
        return False
    rows = [_pad(other, len(first)) for other in below]
    columns = {at: [cell for row in rows if (cell := row[at].strip())] for at in names}
    if any(len({names[at] for at in group}) < len(group) for group in groups):
        return False
    if any(
        _is_value(name) or is_missing(name) or name in columns[at] for at, name in names.items()
    ):
        return False
    for at, (heading, cell) in enumerate(zip(first, map(str.strip, second), strict=True)):
        if at not in names and cell not in ("", heading) and not _says_what_it_is(cell):
            return False
    known = sum(map(_says_what_it_is, names.values()))
    return known * 2 > len(names) or any(map(_is_coded, columns.values()))


def _says_what_it_is(cell: str) -> bool:
    """Say whether a cell is a heading for certain, and no answer with a word of headings in it."""
    if len(cell) > _LONGEST_NAME or _SENTENCE.search(cell):
        return False
    kinds = (
        headings.is_text, headings.is_question, headings.is_title, headings.is_id, headings.is_date,
        headings.is_score,
    )  # fmt: skip
    return any(kind(cell) for kind in kinds)


def _scored_by_group(above: Sequence[str], names: Sequence[str]) -> dict[int, str]:
    """Return what makes scores of columns: "Ratings" merged over "Service" and "Quality"."""
    groups = _groups(_pad([cell.strip() for cell in above], len(names)))
    return {
        at: above[group[0]].strip()
        for group in groups
        for at in group
        if headings.is_score(above[group[0]]) and names[at] and not _says_what_it_is(names[at])
    }


def _is_coded(cells: Sequence[str]) -> bool:
    """Say whether answers are numbers or days, or a few words over and over: no one's own words."""
    if len(cells) < _FEWEST_CODED:
        return False
    values = sum(map(_is_value, cells))
    return values >= _ALIKE * len(cells) or len(set(cells)) * 2 <= len(cells)


def _groups(first: list[str]) -> list[list[int]]:
    """Return the columns of each heading that is over several: repeated, or blank behind it."""
    groups: list[list[int]] = []
    for at, name in enumerate(first):
        if name and (not groups or name != first[groups[-1][0]]):
            groups.append([at])
        elif groups:
            groups[-1].append(at)
    return [group for group in groups if len(group) > 1]


def _joined(first: list[str], second: list[str]) -> list[str]:
    names, question = [], ""
    for above, below in zip(first, second, strict=True):
        question = above or question
        option = below.strip()
        if not option or option == above or _SUBHEADING.fullmatch(option):
            names.append(question if above else option)
        else:
            names.append(f"{question} - {option}" if question else option)
    return names


def _titles_skipped(count: int, language: str) -> str:
    if language == "zh":
        return f"表头上方有 {count} 行标题，不计入数据。"
    return f"{count} title row{'s' if count != 1 else ''} above the header, not counted as data."


def _no_header(names: Sequence[str], language: str) -> str:
    if len(names) == 1:
        if language == "zh":
            return f"没有表头：该列命名为 {names[0]}。"
        return f"There is no header row: the column is called {names[0]}."
    if language == "zh":
        return f"没有表头：各列命名为 {names[0]} … {names[-1]}。"
    return f"There is no header row: the columns are called {names[0]} to {names[-1]}."


def _unknown_names(row: Sequence[str], language: str) -> str:
    names = [cell.strip() for cell in row if cell.strip()]
    shown = "、" if language == "zh" else ", "
    listed = shown.join(name[:_LONGEST_NAME] for name in names[:4]) + (
        " …" if len(names) > 4 else ""
    )
    if language == "zh":
        return f"第一行被当作表头（{listed}）；若它是数据，请在其上方加一行列名。"
    return (
        f"The first row is taken for the headings ({listed}); if it is data, put a row of names above"
        " it."
    )


def _rows_joined(count: int, language: str) -> str:
    if language == "zh":
        return f"表头共 {count} 行，不计入数据。"
    return f"The header takes {count} rows, none of them counted as data."


def _renamed(names: Sequence[str], unique: Sequence[str], language: str) -> str:
    changed = [
        f"{old or '—'} → {new}" for old, new in zip(names, unique, strict=True) if old != new
    ]
    comma = "、" if language == "zh" else ", "
    shown = comma.join(changed[:8]) + (" …" if len(changed) > 8 else "")
    if language == "zh":
        return f"空白或重复的列名已改为唯一：{shown}。"
    return f"Column names that were blank or repeated were made unique: {shown}."
