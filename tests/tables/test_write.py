"""Chunks that know nothing of each other make one file, always the same."""

import csv
import io
import json
import sys
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment.errors import InputError, OutputError
from sentiment.records import Analysis, Opinion, Tag, topic_states
from sentiment.tables import (
    FORMATS,
    ReadOptions,
    Table,
    check_capacity,
    format_of,
    open_table,
    open_writer,
    read_scored,
)

TOPICS = ("quality", "price", "service", "delivery")
SPEED = Opinion("delivery", "delivery.speed", "positive", 0.93, "物流很快", 0, 4)
POOR = Opinion("quality", "quality.general", "negative", 0.9, "质量太差", 7, 11)
BRAND = Tag("brand", "positive", 0.8, "物流", 0, 2)


def analysis(row: int, cells: dict[str, str | None], **changes: Any) -> Analysis:
    values: dict[str, Any] = {
        "row": row,
        "id": None,
        "question": None,
        "text": cells.get("评价") or "",
        "language": "zh",
        "status": "ok",
        "sentiment": "negative",
        "score": -0.4,
        "confidence": 0.55,
        "probabilities": {"negative": 0.55, "neutral": 0.05, "positive": 0.15, "mixed": 0.25},
        "opinions": (SPEED, POOR),
        "tags": (BRAND,),
        "truncated": False,
        "model": "lite@1.0.0",
        "columns": cells,
    } | changes
    values["topics"] = topic_states(values["opinions"], TOPICS)
    return Analysis(**values)


def blank(row: int, cells: dict[str, str | None]) -> Analysis:
    return analysis(
        row, cells, status="empty", language="other", sentiment=None, score=None, confidence=None,
        probabilities=None, opinions=(), tags=(),
    )  # fmt: skip


ROWS = [
    analysis(1, {"订单号": "007", "评价": "物流很快，但是质量太差。"}),
    blank(2, {"订单号": "1e5", "评价": ""}),
    analysis(3, {"订单号": "NA", "评价": '=1+1, "x"\n第二行'}, score=-0.00001),
]


def assemble(tmp_path: Path, format: str, rows: list[Analysis], size: int = 2, **o: Any) -> Path:  # noqa: A002
    columns = list(dict.fromkeys(name for row in rows for name in row.columns))
    writer = open_writer(format, columns, TOPICS, **o)
    parts = []
    for place in range(0, len(rows), size):
        part = tmp_path / f"part-{place}"
        part.write_bytes(writer.part(rows[place : place + size]))
        parts.append(part)
    out = tmp_path / f"out.{format}"
    writer.assemble(parts, out)
    assert not list(tmp_path.glob(".*.tmp"))
    return out


def test_csv(tmp_path: Path) -> None:
    data = assemble(tmp_path, "csv", ROWS).read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert [row["订单号"] for row in rows] == ["007", "1e5", "NA"]
    assert rows[0]["sentiment_score"] == "-0.4000"
    assert rows[0]["drivers"] == "delivery.speed:positive;quality.general:negative"
    assert json.loads(rows[0]["evidence"]) == ["物流很快", "质量太差"]
    assert json.loads(rows[0]["opinions"])[1]["start"] == 7
    assert json.loads(rows[0]["tags"])[0]["tag"] == "brand"
    assert (rows[0]["delivery"], rows[0]["price"]) == ("positive", "absent")
    assert (rows[1]["status"], rows[1]["sentiment"], rows[1]["confidence"]) == ("empty", "", "")
    assert rows[2]["sentiment_score"] == "0.0000"
    assert rows[2]["评价"] == '=1+1, "x"\n第二行'


def test_csv_in_another_encoding(tmp_path: Path) -> None:
    rows = [analysis(1, {"评价": "很好😀"})]
    out = assemble(tmp_path, "csv", rows, encoding="gb18030")
    assert "很好😀" in out.read_bytes().decode("gb18030")
    out = assemble(tmp_path, "csv", rows, encoding="utf-16")
    assert out.read_bytes().decode("utf-16").startswith("评价,sentiment")
    out = assemble(tmp_path, "csv", rows, encoding="utf-8")
    assert out.read_bytes().startswith("评价".encode())
    out = assemble(tmp_path, "csv", rows, encoding="big5")
    assert "很好&#128512;" in out.read_bytes().decode("big5")


@pytest.mark.parametrize("encoding", ["gbk", "cp936", "gb2312"])
def test_what_reads_the_encoding_reads_the_output(tmp_path: Path, encoding: str) -> None:
    rows = [analysis(1, {"评价": "很好😀"})]
    out = assemble(tmp_path, "csv", rows, encoding=encoding)
    assert "很好&#128512;" in out.read_bytes().decode(encoding)
    assert next(read_scored(out, text="评价")).text == "很好&#128512;"


def test_what_is_called_gb2312_keeps_the_characters_of_names(tmp_path: Path) -> None:
    out = assemble(tmp_path, "csv", [analysis(1, {"评价": "朱镕基很好"})], encoding="gb2312")
    assert "朱镕基很好" in out.read_bytes().decode("gbk")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "UTF_16", "utf-32", "UTF32"])
def test_one_mark_begins_the_file_and_no_part(tmp_path: Path, encoding: str) -> None:
    data = assemble(tmp_path, "csv", ROWS, encoding=encoding).read_bytes()
    text = data.decode(encoding)
    assert text.startswith("订单号")
    assert "\ufeff" not in text


def test_tsv(tmp_path: Path) -> None:
    first = assemble(tmp_path, "tsv", ROWS).read_text("utf-8-sig").splitlines()[0]
    assert first.split("\t")[:3] == ["订单号", "评价", "sentiment"]


def test_jsonl_is_the_record(tmp_path: Path) -> None:
    lines = assemble(tmp_path, "jsonl", ROWS).read_text("utf-8").splitlines()
    assert lines == [row.to_json() for row in ROWS]


def test_parquet(tmp_path: Path) -> None:
    table = pq.read_table(assemble(tmp_path, "parquet", ROWS))
    assert str(table.schema.field("sentiment_score").type) == "double"
    assert str(table.schema.field("opinions").type).startswith("list<")
    rows = table.to_pylist()
    assert rows[0]["opinions"][0] == SPEED.to_dict()
    assert [row["订单号"] for row in rows] == ["007", "1e5", "NA"]
    assert rows[1]["sentiment"] is None
    assert rows[1]["opinions"] == []


def test_xlsx(tmp_path: Path) -> None:
    sheet = openpyxl.load_workbook(assemble(tmp_path, "xlsx", ROWS)).active
    assert sheet is not None
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0][:5] == ("订单号", "评价", "sentiment", "sentiment_score", "confidence")
    assert rows[1][:5] == ("007", "物流很快，但是质量太差。", "negative", -0.4, 0.55)
    assert rows[3][1] == '=1+1, "x"\n第二行'


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_parts_give_the_same_bytes(tmp_path: Path, format: str) -> None:  # noqa: A002
    first = assemble(tmp_path, format, ROWS * 50, 20).read_bytes()
    assert assemble(tmp_path, format, ROWS * 50, 20).read_bytes() == first


@pytest.mark.parametrize("format", FORMATS)
def test_no_row_at_all(tmp_path: Path, format: str) -> None:  # noqa: A002
    writer = open_writer(format, ("a",), TOPICS)
    part = tmp_path / "part"
    part.write_bytes(writer.part([]))
    writer.assemble([part], tmp_path / "out")
    writer.assemble([], tmp_path / "none")
    assert (tmp_path / "out").exists()
    assert (tmp_path / "none").exists()


@pytest.mark.parametrize("format", FORMATS)
def test_what_was_written_is_read_back(tmp_path: Path, format: str) -> None:  # noqa: A002
    found = list(read_scored(assemble(tmp_path, format, ROWS), text="评价"))
    assert [row.opinions for row in found] == [row.opinions for row in ROWS]
    assert [row.tags for row in found] == [row.tags for row in ROWS]
    assert [dict(row.topics) for row in found] == [dict(row.topics) for row in ROWS]
    assert [row.sentiment for row in found] == ["negative", None, "negative"]
    assert [row.text for row in found] == [row.text for row in ROWS]
    assert [row.score for row in found] == [-0.4, None, 0.0]


def test_a_space_before_a_text_is_read_back(tmp_path: Path) -> None:
    rows = [analysis(n, {"id": "", "评价": f" 第{n}条"}) for n in range(1, 9)]
    found = read_scored(assemble(tmp_path, "csv", rows), text="评价")
    assert [row.text for row in found] == [f" 第{n}条" for n in range(1, 9)]


def test_an_output_that_cannot_be_written(tmp_path: Path) -> None:
    writer = open_writer("csv", ("a",), TOPICS)
    with pytest.raises(OutputError, match="cannot be written"):
        writer.assemble([], tmp_path / "no such folder" / "out.csv")


@pytest.mark.parametrize("format", FORMATS)
def test_a_missing_part_leaves_nothing_behind(tmp_path: Path, format: str) -> None:  # noqa: A002
    writer = open_writer(format, ("a",), TOPICS)
    with pytest.raises(OutputError):
        writer.assemble([tmp_path / "gone"], tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="modes are of POSIX")
def test_an_output_has_the_mode_of_other_files(tmp_path: Path) -> None:
    ordinary = tmp_path / "ordinary"
    ordinary.write_text("x")
    out = assemble(tmp_path, "csv", ROWS)
    assert out.stat().st_mode == ordinary.stat().st_mode


def test_formats_by_name() -> None:
    names = {"a.csv": "csv", "a.TSV": "tsv", "a.xlsx": "xlsx", "a.json": "jsonl", "-": "jsonl",
             "b/a.parquet": "parquet", "a.ndjson": "jsonl"}  # fmt: skip
    assert {name: format_of(name) for name in names} == names
    with pytest.raises(OutputError, match="no ending that names a format"):
        format_of("out.html")
    with pytest.raises(InputError, match="no output format is called 'xml'"):
        open_writer("xml", (), ())


def table(tmp_path: Path, rows: list[str]) -> Table:
    path = tmp_path / "in.csv"
    path.write_text("id,评价\n" + "\n".join(rows), "utf-8")
    return open_table(path)


def test_what_xlsx_cannot_hold_is_refused_before_scoring(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = table(tmp_path, [f"{i},很好，下次还来" for i in range(20)])
    check_capacity("xlsx", few)
    monkeypatch.setattr("sentiment.tables.sheets.MOST_ROWS", 20)
    check_capacity("csv", few)
    with pytest.raises(OutputError, match=r"more than 19 rows.*write \.parquet or \.csv"):
        check_capacity("xlsx", few)
    monkeypatch.undo()
    long = table(tmp_path, ["1,好的", "2," + "长" * 32_768])
    with pytest.raises(OutputError, match="row 2, column “评价” has 32,768 characters"):
        check_capacity("xlsx", long)
    check_capacity("parquet", long)


def test_what_scoring_adds_always_fits_a_sheet(tmp_path: Path) -> None:
    text = '"' * 32_000
    opinion = Opinion("delivery", "delivery.speed", "positive", 0.93, text, 0, len(text))
    row = analysis(1, {"评价": text}, text=text, opinions=(opinion,) * 40)
    (found,) = read_scored(assemble(tmp_path, "xlsx", [row]), text="评价")
    assert len(found.opinions) == 40
    for kept in found.opinions:
        assert kept.evidence
        assert text[kept.start : kept.end] == kept.evidence


def test_a_heading_that_no_sheet_holds_is_refused_before_scoring(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text(f"{'名' * 40_000},评价\n1,很好用\n2,很不好用\n", encoding="utf-8")
    with pytest.raises(OutputError, match="has 40,000 characters"):
        check_capacity("xlsx", open_table(path, ReadOptions(text=("评价",))))


hostile = st.text(
    st.characters(codec="utf-8") | st.sampled_from(list('\0\x01\r\n,"=\t_<&\ufeff')), max_size=20
)


@settings(deadline=None)
@given(st.lists(st.tuples(hostile, hostile), min_size=1, max_size=8), st.integers(1, 4))
def test_cells_in_are_cells_out_in_every_format(
    tmp_path_factory: pytest.TempPathFactory, cells: list[tuple[str, str]], size: int
) -> None:
    tmp_path = tmp_path_factory.mktemp("write")
    rows = [analysis(i, {"id": a, "评价": b}, text=b) for i, (a, b) in enumerate(cells, start=1)]
    for format in FORMATS:  # noqa: A001
        found = list(read_scored(assemble(tmp_path, format, rows, size), text="评价", id="id"))
        assert [dict(row.columns) for row in found] == [dict(row.columns) for row in rows], format
        assert [row.row for row in found] == [row.row for row in rows]
