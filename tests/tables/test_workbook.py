"""XLSX as people make it: titles, several sheets, merged cells, formulas, dates."""

import datetime as dt
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.comments import Comment

from sentiment.errors import InputError
from sentiment.tables import open_table
from sentiment.tables.workbook import WorkbookSource, unescape

HEADER = ["订单号", "评价时间", "评分", "评价内容"]
ROWS: list[list[Any]] = [
    ["A-1", dt.datetime(2024, 5, 1, 9, 30), 5, "物流很快，包装完好无损"],
    ["A-2", dt.datetime(2024, 5, 2, 18, 0), 1, "用了两天就没有声音了"],
    ["A-3", dt.datetime(2024, 5, 3, 7, 15), 3, "一般般，没有想象的好"],
]


def save(path: Path, **sheets: list[list[Any]]) -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    book.remove(book.active)  # type: ignore[arg-type]
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return book


def cells(path: Path, **options: str) -> list[list[str | None]]:
    return [list(row.cells.values()) for row in WorkbookSource(path, **options).rows()]


def test_values_are_spelled_as_a_person_sees_them(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    values = [
        "007", 5, 5.0, 3.5, 0.1 + 0.2, 1e20, True, dt.date(2024, 1, 2),
        dt.datetime(2024, 1, 2, 3, 4, 5), dt.time(3, 4), dt.timedelta(hours=30), None,
        "2024-1-2", "NA", "=\"a\"", "#N/A",
    ]  # fmt: skip
    names = [f"c{i}" for i in range(len(values))]
    save(path, s=[names, values, values])
    assert cells(path)[0] == [
        "007", "5", "5", "3.5", "0.3", "1e+20", "TRUE", "2024-01-02",
        "2024-01-02 03:04:05", "03:04:00", "30:00:00", None,
        "2024-1-2", "NA", None, "#N/A",
    ]  # fmt: skip


def test_leading_zeros_of_a_number_format(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    book = save(path, s=[["邮编", "评论"], [1234, "好"], [99, "坏"]])
    book["s"]["A2"].number_format = "000000"
    book.save(path)
    assert [row[0] for row in cells(path)] == ["001234", "99"]


def test_title_rows_above_the_header(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    save(path, s=[["某某旗舰店 评价明细"], ["导出时间：2024-05-08", None], [], HEADER, *ROWS])
    opened = WorkbookSource(path)
    assert opened.columns == tuple(HEADER)
    rows = list(opened.rows())
    assert [row.row for row in rows] == [1, 2, 3]
    assert rows[0].cells["评价时间"] == "2024-05-01 09:30:00"
    assert "title row" in opened.notes[0]


def test_the_sheet_with_feedback_is_picked_and_said(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    summary: list[list[Any]] = [["月份", "条数"], ["五月", 3], ["六月", 4]]
    guide = [["本表由系统自动导出，请勿修改任何内容，如有问题请联系管理员处理。"], ["说明第二行"]]
    save(path, 汇总=summary, 说明=guide, 明细=[HEADER, *ROWS])
    opened = WorkbookSource(path)
    assert opened.sheet == "明细"
    assert "明细" in opened.notes[0]
    assert "--sheet" in opened.notes[0]
    assert WorkbookSource(path, sheet="汇总").columns == ("月份", "条数")
    with pytest.raises(InputError, match="no sheet 'x'; its sheets are “汇总”, “说明”, “明细”"):
        WorkbookSource(path, sheet="x")


def test_merged_cells_give_their_value_to_all_that_they_cover(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    rows: list[list[Any]] = [["门店", "评分", "评价内容"], ["一店", 5, "好吃，环境也不错"],
            [None, 4, "还可以，就是慢"],
            ["二店", 1, "等了一个小时"], [None, 2, "不好吃"]]  # fmt: skip
    book = save(path, s=rows)
    book["s"].merge_cells("A2:A3")
    book["s"].merge_cells("A4:A5")
    book.save(path)
    assert [row[0] for row in cells(path)] == ["一店", "一店", "二店", "二店"]


def test_a_merged_title_is_a_title(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    book = save(path, s=[["评价报表", None, None, None], HEADER, *ROWS])
    book["s"].merge_cells("A1:D1")
    book.save(path)
    assert WorkbookSource(path).columns == tuple(HEADER)
    assert len(cells(path)) == 3


def test_formulas_give_their_saved_value(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    save(path, s=[["a", "评论"], ["=1+1", "很好用"], [2, "不好用"]])
    opened = WorkbookSource(path)
    assert next(opened.rows()).cells["a"] is None
    assert "1 formula has no saved value and reads as empty; open" in opened.notes[0]
    save(tmp_path / "two.xlsx", s=[["a", "评论"], ["=1+1", "很好用"], ["=1+2", "不好用"]])
    two = WorkbookSource(tmp_path / "two.xlsx")
    assert "2 formulas have no saved value and read as empty; open" in two.notes[0]
    name = "xl/worksheets/sheet1.xml"
    with zipfile.ZipFile(path) as archive:
        parts = {item: archive.read(item) for item in archive.namelist()}
    assert parts[name].count(b"<f>1+1</f><v />") + parts[name].count(b"<f>1+1</f><v/>") == 1
    parts[name] = parts[name].replace(b"<v />", b"<v>2</v>", 1).replace(b"<v/>", b"<v>2</v>", 1)
    with zipfile.ZipFile(path, "w") as archive:
        for item, data in parts.items():
            archive.writestr(item, data)
    opened = WorkbookSource(path)
    assert next(opened.rows()).cells["a"] == "2"
    assert opened.notes == ()


def test_blank_rows_are_no_records(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    save(path, s=[HEADER, ROWS[0], [], [None, None], ROWS[1]])
    assert len(cells(path)) == 2


def test_comments_and_wide_rows(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    book = save(path, s=[["id", "评论"], [1, "好用"], [2, "坏了", "备用"], [3, "行"]])
    book["s"]["A1"].comment = Comment("请勿修改", "系统")
    book.save(path)
    opened = WorkbookSource(path)
    assert opened.columns == ("id", "评论", "column_3")
    assert cells(path) == [["1", "好用", None], ["2", "坏了", "备用"], ["3", "行", None]]


def test_start_skips_rows(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    save(path, s=[HEADER, *ROWS])
    opened = WorkbookSource(path)
    assert list(opened.rows(1)) == list(opened.rows())[1:]


def test_a_zip_bomb_is_refused_unopened(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    save(path, s=[HEADER, *ROWS])
    with zipfile.ZipFile(path) as archive:
        parts = {item: archive.read(item) for item in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for item, data in parts.items():
            if not item.endswith("sheet1.xml"):
                archive.writestr(item, data)
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as stream:
            for _ in range(300):
                stream.write(b"0" * (1 << 20))
    with pytest.raises(InputError, match="would unpack from"):
        open_table(path)


def test_declared_entities_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "laughs.xlsx"
    save(path, s=[HEADER, *ROWS])
    with zipfile.ZipFile(path) as archive:
        parts = {item: archive.read(item) for item in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for item, data in parts.items():
            if item.endswith("sheet1.xml"):
                data = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]>' + data
            archive.writestr(item, data)
    with pytest.raises(InputError, match="declares XML entities"):
        open_table(path)


@pytest.mark.parametrize("content", [b"PK\x03\x04 broken", b"PK\x03\x04" + b"\0" * 2000])
def test_a_broken_archive(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "t.xlsx"
    path.write_bytes(content)
    with pytest.raises(InputError, match="not a readable XLSX workbook"):
        open_table(path)


def test_a_zip_that_is_no_workbook(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(InputError, match="not a readable XLSX workbook"):
        open_table(path)


def test_an_empty_workbook(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    save(path, s=[])
    with pytest.raises(InputError, match="holds no row"):
        open_table(path)


def test_escapes_are_read_back() -> None:
    assert unescape("a_x000D_b_x005F_x0041_c_xyz") == "a\rb_x0041_c_xyz"


def test_a_sheet_that_breaks_off_says_where(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    save(path, s=[HEADER, *ROWS * 300])
    with zipfile.ZipFile(path) as archive:
        parts = {item: archive.read(item) for item in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for item, data in parts.items():
            archive.writestr(item, data[:-9000] if item.endswith("sheet1.xml") else data)
    with pytest.raises(InputError, match="sheet 's' cannot be read on after row"):
        list(WorkbookSource(path).rows())
