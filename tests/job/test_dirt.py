"""Dirty files through the command: every row comes out with its cells, and the counts add up."""

from __future__ import annotations

import datetime as dt
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sentiment.cli import main
from sentiment.errors import OutputError
from sentiment.job import JobOptions, score
from sentiment.tables import ReadOptions, Reject, SourceRow, open_table, read_scored
from tests.job.fake import load as load_fake

OUTPUTS = ("csv", "jsonl", "parquet", "xlsx")
HEADER = "订单号,评分,评价内容\n"
TEXTS = ("物流很快，包装也好", "用了两天就坏了", "价格实惠", "The staff were rude", "good value")


def lines(count: int, first: int = 0) -> str:
    return "".join(f"A{i},{i % 5 + 1},{TEXTS[i % 5]} {i}\n" for i in range(first, first + count))


def mixed_encodings() -> bytes:
    foreign = {7: "gb18030", 31: "big5"}
    rows = [f"A{i},5,這個東西真的不錯 {i}\n".encode(foreign.get(i, "utf-8")) for i in range(40)]
    return HEADER.encode() + b"".join(rows)


def nested() -> str:
    rows = [
        {"id": i, "review": {"body": f"{TEXTS[i % 5]} {i}", "by": {"tags": ["a", {"x": None}]}}}
        for i in range(30)
    ]
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    return (
        text
        + 'no json\n{"id": 31, "review": {"body": "说到一半\n{"id": 32, "review": {"body": "又是'
    )


def dates() -> str:
    spelled = ["2024-1-2", "2024/01/02", "01.02.2024", "2024年1月2日", "45292", "昨天", ""]
    return "date,review\n" + "".join(f"{spelled[i % 7]},{TEXTS[i % 5]} {i}\n" for i in range(35))


def repeated_names() -> str:
    rows = "".join(f"{TEXTS[i % 5]} {i},好{i},x{i},{i % 5},{i % 3}\n" for i in range(30))
    return "评论,评论,,评分,评分\n" + rows


def empty_columns() -> str:
    return "a,评论,b,c\n" + "".join(f",{TEXTS[i % 5]} {i},,\n" for i in range(30))


TEXT_FILES: dict[str, tuple[str, str | bytes, dict[str, int]]] = {
    "ragged": (
        ".csv", HEADER + lines(30) + "A30,5,快,便宜,好用\nA31,4\nA32\nA33,1,坏了,,,\n" + lines(3, 34),
        {"ok": 34, "damaged": 1, "empty": 2},
    ),
    "broken quotes": (
        ".csv",
        HEADER + lines(10) + 'A10,5,"物流很快\n' + lines(10, 11)
        + 'A21,3,"他说"好"，我说"一般""\nA22,1,买了24"的\n' + lines(5, 23),
        {"ok": 26, "damaged": 2},
    ),
    "stray NUL": (".csv", HEADER + lines(9) + "A9,5,好\0用，\0喜欢\n" + lines(9, 10), {"ok": 19}),
    "mixed encodings": (".csv", mixed_encodings(), {"ok": 38, "damaged": 2}),
    "undecodable bytes": (
        ".csv",
        (HEADER + lines(20) + "A20,5,").encode() + b"\xff\xfe\xff\x80 good\n" + lines(9, 21).encode(),
        {"ok": 29, "damaged": 1},
    ),
    "a header twice": (".csv", HEADER + lines(9) + HEADER + lines(9, 9), {"ok": 18, "damaged": 1}),
    "dates as text": (".csv", dates(), {"ok": 35}),
    "nested JSON": (".jsonl", nested(), {"ok": 30, "damaged": 2, "rejected": 1}),
    "repeated names": (".csv", repeated_names(), {"ok": 30}),
    "empty columns": (".csv", empty_columns(), {"ok": 30}),
    "no trailing newline": (".csv", (HEADER + lines(20)).rstrip("\n"), {"ok": 20}),
    "CRLF": (".csv", (HEADER + lines(20)).replace("\n", "\r\n"), {"ok": 20}),
    "CR": (".csv", (HEADER + lines(20)).replace("\n", "\r"), {"ok": 20}),
    "UTF-16": (".csv", (HEADER + lines(20)).encode("utf-16"), {"ok": 20}),
}  # fmt: skip


def scored_as_it_was(source: Path, out: Path, tiny: Path, *more: str) -> dict[str, int]:
    """Score with the command, check cells and counts, and return the rows by status."""
    assert main(["score", str(source), "-o", str(out), "--model", str(tiny), *more]) == 0
    summary = json.loads(out.with_name(out.name + ".summary.json").read_text("utf-8"))
    table = open_table(source, ReadOptions(text=tuple(more[1::2])))
    records = list(table.rows())
    rows = summary["rows"]
    assert rows.pop("in") == sum(rows.values()) == len(records)
    rejected = sum(isinstance(record, Reject) for record in records)
    assert rows["rejected"] == rejected
    rejects = out.with_name(out.name + ".rejects.jsonl")
    found = rejects.read_text("utf-8").splitlines() if rejects.exists() else []
    assert len(found) == rejected
    cells = [record.cells for record in records if isinstance(record, SourceRow)]
    back = [analysis.columns for analysis in read_scored(out)]
    if out.suffix == ".jsonl":
        assert [dict(row) for row in back] == [dict(row) for row in cells]
    else:  # no column is absent there, and CSV has no null
        named = [{name: row.get(name) or None for name in table.columns} for row in cells]
        assert [{name: row[name] or None for name in table.columns} for row in back] == named
    return {status: n for status, n in rows.items() if n}


@pytest.mark.parametrize("kind", OUTPUTS)
@pytest.mark.parametrize("dirt", TEXT_FILES)
def test_dirt_in_text_files(tmp_path: Path, tiny: Path, dirt: str, kind: str) -> None:
    suffix, content, expected = TEXT_FILES[dirt]
    source = tmp_path / f"input{suffix}"
    source.write_bytes(content.encode() if isinstance(content, str) else content)
    more = ("--text", "评论") if dirt == "repeated names" else ()
    assert scored_as_it_was(source, tmp_path / f"out.{kind}", tiny, *more) == expected


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in (
        ["门店", "日期", "评分", "评价内容"],
        ["一店", dt.date(2024, 1, 2), 5, "好吃，环境也不错"],
        [None, "2024-1-3", 4, "还可以，就是慢"],
        ["二店", "昨天", "=1+1", "等了一个小时"],
        [None, None, 2, "=A1"],
        ["三店", 45292, None, "_x0041_ 不是公式"],
    ):
        sheet.append(row)
    sheet.merge_cells("A2:A3")
    sheet.merge_cells("A4:A5")
    path = tmp_path / "input.xlsx"
    book.save(path)
    return path


@pytest.mark.parametrize("kind", OUTPUTS)
def test_merged_cells_formulas_and_dates_in_a_workbook(
    workbook: Path, tmp_path: Path, tiny: Path, kind: str
) -> None:
    out = tmp_path / f"out.{kind}"
    # The formula that nobody computed is an empty answer.
    assert scored_as_it_was(workbook, out, tiny) == {"ok": 4, "empty": 1}
    stores = [analysis.columns["门店"] for analysis in read_scored(out)]
    assert stores == ["一店", "一店", "二店", "二店", "三店"]


def test_a_workbook_in_use_is_not_locked(workbook: Path) -> None:
    table = open_table(workbook)
    rows = table.rows()
    next(rows)
    workbook.unlink()  # which Windows refuses for an open file
    rows.close()  # type: ignore[attr-defined]


def test_a_zip_bomb_is_refused_in_a_sentence(
    workbook: Path, tmp_path: Path, tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bomb = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(workbook) as archive, zipfile.ZipFile(bomb, "w", 8) as copy:
        for name in archive.namelist():
            if not name.endswith("sheet1.xml"):
                copy.writestr(name, archive.read(name))
        with copy.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            for _ in range(300):
                sheet.write(b"0" * (1 << 20))
    assert main(["score", str(bomb), "-o", str(tmp_path / "o.csv"), "--model", str(tiny)]) == 2
    assert "would unpack from" in capsys.readouterr().err
    assert not (tmp_path / "o.csv").exists()


GIANT = "物流很快，质量太差。" * 1_750_000  # 52 MB in UTF-8


def giant_csv(folder: Path) -> Path:
    path = folder / "giant.csv"
    path.write_text(f"{HEADER}{lines(5)}A5,5,{GIANT}\n{lines(5, 6)}", encoding="utf-8")
    return path


def giant_parquet(folder: Path) -> Path:
    path = folder / "giant.parquet"
    pq.write_table(pa.table({"订单号": ["a", "b", "c"], "评价内容": ["好用", GIANT, "坏了"]}), path)
    return path


@pytest.mark.parametrize(
    ("make", "kinds"),
    [
        (giant_csv, ("csv",)),
        pytest.param(giant_csv, ("jsonl", "parquet"), marks=pytest.mark.long),
        pytest.param(giant_parquet, ("parquet",), marks=pytest.mark.long),
    ],
)
def test_fifty_megabytes_in_one_cell(
    tmp_path: Path, make: Callable[[Path], Path], kinds: tuple[str, ...]
) -> None:
    source = make(tmp_path)
    options = JobOptions(workers=1)
    with pytest.raises(OutputError, match=r"an XLSX cell holds 32,767; write \.parquet or \.csv"):
        score(source, tmp_path / "out.xlsx", options, load=load_fake)
    out = tmp_path / "out.csv"
    summary = score(source, out, options, load=load_fake)
    assert summary.rows == summary.tally.rows["ok"]
    assert max(len(row.columns["评价内容"] or "") for row in read_scored(out)) == len(GIANT)
