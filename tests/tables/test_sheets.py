"""XLSX written as a stream, read back by the library that everybody uses."""

import io
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment.errors import OutputError
from sentiment.tables.sheets import LONGEST_CELL, length, row, workbook
from sentiment.tables.workbook import WorkbookSource


def book(header: list[str], rows: list[list[str | None]]) -> bytes:
    stream = io.BytesIO()
    workbook(stream, header, [row(cells) for cells in rows])
    return stream.getvalue()


def test_text_stays_text() -> None:
    cells = ["=1+1", "007", "1e5", "2024-1-2", "+86", "@x", "-3", "TRUE", " 空 格 ", "", None]
    loaded = openpyxl.load_workbook(io.BytesIO(book([f"c{i}" for i in range(11)], [cells])))
    sheet = loaded.active
    assert sheet is not None
    second = next(sheet.iter_rows(min_row=2))
    assert [cell.value for cell in second[:9]] == cells[:9]
    assert {cell.data_type for cell in second[:9]} <= {"s", "inlineStr"}
    assert sheet["A1"].font.bold
    assert sheet.freeze_panes == "A2"


def test_numbers_are_numbers() -> None:
    stream = io.BytesIO()
    workbook(stream, ["n"], [row(["0.1234"], numbers={0})])
    sheet = openpyxl.load_workbook(stream).active
    assert sheet is not None
    assert sheet["A2"].value == 0.1234
    assert sheet["A2"].number_format == "0.0000"


def test_the_same_rows_give_the_same_bytes() -> None:
    assert book(["a"], [["好"]] * 50) == book(["a"], [["好"]] * 50)


def test_a_cell_that_is_too_long() -> None:
    row(["x" * LONGEST_CELL])
    with pytest.raises(OutputError, match=r"32,768 characters does not fit.*\.parquet"):
        row(["x" * (LONGEST_CELL + 1)])
    assert length("a😀") == 3


hostile = st.lists(
    st.characters(codec="utf-8")
    | st.sampled_from(["\0", "\x01", "\r", "\n", "_x0041_", "_", "\ufffe", "<", "&", "=", '"']),
    max_size=20,
).map("".join)


@settings(deadline=None)
@given(st.lists(st.lists(st.none() | hostile, min_size=2, max_size=2), min_size=1, max_size=8))
def test_cells_in_are_cells_out(
    tmp_path_factory: pytest.TempPathFactory, cells: list[list[str | None]]
) -> None:
    path = tmp_path_factory.mktemp("sheets") / "t.xlsx"
    # A first cell in every row: a blank row would be no record.
    rows = [["x", *pair, "end"] for pair in cells]
    path.write_bytes(book(["id", "评论", "b", "c"], rows))
    found = [list(r.cells.values()) for r in WorkbookSource(Path(path)).rows()]
    assert found == rows
