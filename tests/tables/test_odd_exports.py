"""Exports that people and programs do write, and of which no row may be lost on the way in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sentiment.errors import ColumnError, InputError
from sentiment.tables import Reject, SourceRow, Table, open_table

ANSWERS = (
    "Great sound", "Battery died in a week", "Fits well", "Too expensive for what it is",
    "Works as described", "Never again", "Lovely colour", "Arrived late and the box was open",
)  # fmt: skip
CHINESE = ("物流太慢了质量很好", "客服态度差尺码偏小", "味道不错颜色不对", "包装破了客服不理人")


def table(folder: Path, name: str, text: str) -> Table:
    path = folder / name
    path.write_text(text, encoding="utf-8", newline="")
    return open_table(path)


def texts(opened: Table) -> list[str | None]:
    (column,) = opened.roles.text
    return [row.cells[column] for row in opened.rows() if isinstance(row, SourceRow)]


def test_a_remark_beside_one_answer_makes_no_heading(tmp_path: Path) -> None:
    lines = [f"{answer}," for answer in ANSWERS]
    lines[4] = "Cheap box and it broke,sent to product team"
    opened = table(tmp_path, "a.csv", "\n".join(["Review,", *lines, ""]))
    assert opened.roles.text == ("Review",)
    assert texts(opened) == [line.split(",")[0] for line in lines]


@pytest.mark.parametrize("index", ["abcdefgh", "01234567"])
def test_an_index_without_a_name_stands_before_the_heading(tmp_path: Path, index: str) -> None:
    rows = [f"{key},{answer}" for key, answer in zip(index, ANSWERS, strict=True)]
    opened = table(tmp_path, "a.csv", "\n".join([",review", *rows, ""]))
    assert opened.columns == ("column_1", "review")
    assert texts(opened) == list(ANSWERS)


def test_two_columns_may_have_one_name(tmp_path: Path) -> None:
    rows = [f"{answer},{answer}{place}" for place, answer in enumerate(CHINESE)]
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["评价,评价", *rows, ""]), encoding="utf-8")
    with pytest.raises(ColumnError, match="“评价”, “评价_2”"):
        open_table(path)


@pytest.mark.parametrize(
    "rows",
    [
        [f"A{place:04},{answer}" for place, answer in enumerate(CHINESE * 3)],
        [f"{key},{text}" for key, text in zip(("物流", "质量", "服务", "尺码"), CHINESE, strict=True)],
    ],
)  # fmt: skip
def test_a_first_answer_is_no_heading(tmp_path: Path, rows: list[str]) -> None:
    opened = table(tmp_path, "a.csv", "\n".join([*rows, ""]))
    assert texts(opened) == [row.split(",")[1] for row in rows]


def test_headings_of_which_none_is_known_are_told(tmp_path: Path) -> None:
    rows = [f"{place},{answer}" for place, answer in enumerate(ANSWERS)]
    opened = table(tmp_path, "a.csv", "\n".join(["Lfd;Meinung".replace(";", ","), *rows, ""]))
    assert opened.columns == ("Lfd", "Meinung")
    assert any("taken for the headings (Lfd, Meinung)" in note for note in opened.notes)


def test_blank_records_above_the_heading_are_passed_over(tmp_path: Path) -> None:
    rows = [f"{answer},," for answer in ANSWERS]
    opened = table(tmp_path, "a.csv", "\n".join([",,", ",,", "评论,,", *rows, ""]))
    assert opened.roles.text == ("评论",)
    assert texts(opened) == list(ANSWERS)


@pytest.mark.parametrize("mark", ["|", "\t"])
def test_a_mark_in_a_few_lines_of_text_makes_no_columns(tmp_path: Path, mark: str) -> None:
    lines = [answer if place % 5 else f"{answer} {mark} and so on" for place, answer in enumerate(ANSWERS * 3)]  # fmt: skip # noqa: E501
    assert texts(table(tmp_path, "a.txt", "\n".join([*lines, ""]))) == lines


def test_a_space_may_stand_before_a_quote(tmp_path: Path) -> None:
    rows = [f'{place}, "{answer}, it is", {place % 5}' for place, answer in enumerate(ANSWERS)]
    opened = table(tmp_path, "a.csv", "\n".join(['id, "review", stars', *rows, ""]))
    assert opened.columns == ("id", "review", "stars")
    assert texts(opened) == [f"{answer}, it is" for answer in ANSWERS]
    assert {row.damage for row in opened.rows() if isinstance(row, SourceRow)} == {None}


@pytest.mark.parametrize("indent", [None, 2])
def test_a_stray_quote_in_an_array_costs_one_record(tmp_path: Path, indent: int | None) -> None:
    records = [{"id": place, "text": f"answer {place}", "more": ["x"]} for place in range(300)]
    text = json.dumps(records, indent=indent)
    for place in (3, 40, 41, 299):
        text = text.replace(f'"answer {place}"', f'"a {place}" screen"')
    rows = list(table(tmp_path, "a.json", text).rows())
    # Two broken ones side by side are told from one another by nothing.
    assert [row.row for row in rows if isinstance(row, Reject)] == [4, 41, 299]
    assert [row.cells["id"] for row in rows if isinstance(row, SourceRow)] == [
        str(place) for place in range(300) if place not in (3, 40, 41, 299)
    ]


def test_what_lies_in_a_broken_record_is_no_row(tmp_path: Path) -> None:
    whole = '{"id": 1, "text": "fine", "replies": [{"id": 5}, {"id": 6}]}'
    broken = whole.replace("]}", "],,}")
    rows = list(table(tmp_path, "a.json", f"[{whole}, {broken}, {whole}]").rows())
    assert [type(row) for row in rows] == [SourceRow, Reject, SourceRow]


def test_half_a_character_in_a_list_or_a_key_can_be_written(tmp_path: Path) -> None:
    line = '{"text": "good", "tags": ["lone \\ud83d"], "k\\ud83d": "\\ud83d\\ude00"}\n'
    (row,) = table(tmp_path, "a.jsonl", line).rows()
    assert isinstance(row, SourceRow)
    assert row.cells == {"text": "good", "tags": '["lone \ufffd"]', "k\ufffd": "😀"}


def test_a_day_that_no_calendar_of_ours_reaches_is_kept(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow", reason="the extra [parquet] is not installed")
    from pyarrow import parquet

    days = pa.array([1, 10_000_000], pa.int32()).cast(pa.date32())
    moments = pa.array([0, 10**15], pa.int64()).cast(pa.timestamp("ms"))
    path = tmp_path / "a.parquet"
    parquet.write_table(pa.table({"text": ["good", "bad"], "day": days, "at": moments}), path)
    first, second = open_table(path).rows()
    assert isinstance(first, SourceRow)
    assert isinstance(second, SourceRow)
    assert second.cells["day"] == "29349-01-26"
    assert second.cells["at"] == str(10**15)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.csv", '<html lang="en">\n<body><p>Your session has expired', "is a web page"),
        ("a.xls", '\ufeff<?xml version="1.0"?>\n<Workbook>', "is XML"),
        ("a.doc", "{\\rtf1 great product}", "is RTF"),
        ("a.json", '{"reviews": [{"text": "good"}, {"text": "bad"}], "next": null}', "under 'reviews'"),
        ("a.json", '{"id": {"0": 1, "1": 2}, "text": {"0": "good", "1": "bad"}}', "column by column"),
        ("a.jsonl", "id,text\n1,good\n", "row 1: not valid JSON"),
    ],
)  # fmt: skip
def test_what_is_no_table_of_rows_is_refused(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    with pytest.raises(InputError, match=said):
        table(tmp_path, name, text)


def test_one_record_with_replies_is_one_row(tmp_path: Path) -> None:
    record = {"text": "good", "replies": [{"by": "us"}, {"by": "them"}]}
    assert texts(table(tmp_path, "a.json", json.dumps(record))) == ["good"]


def test_a_text_may_begin_as_a_list_does(tmp_path: Path) -> None:
    record = {"a": "[{and so on", "b": "some words of a customer here"}
    (row,) = table(tmp_path, "a.json", json.dumps(record)).rows()
    assert isinstance(row, SourceRow)
    assert row.cells == record


def test_a_wide_encoding_needs_its_mark(tmp_path: Path) -> None:
    from sentiment.tables import ReadOptions

    path = tmp_path / "a.csv"
    path.write_text("id,review\n1,good\n", encoding="utf-8")
    with pytest.raises(InputError, match="give utf-16-le or utf-16-be"):
        open_table(path, ReadOptions(encoding="utf-16"))
