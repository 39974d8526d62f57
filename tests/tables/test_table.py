"""Opening: formats told by content, and what cannot be opened said in one sentence."""

import gzip
import io
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sentiment.errors import ColumnError, InputError
from sentiment.tables import ReadOptions, Reject, open_table
from sentiment.tables.table import open_text
from tests.tables.test_write import ROWS, assemble

CSV = "编号,评论,评分\n1,物流很快，很满意,5\n2,太差了，不会再来,1\n3,一般般吧，凑合用,3\n"


def write(path: Path, data: str | bytes) -> Path:
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def refused(path: Path, sentence: str, **options: str) -> None:
    with pytest.raises(InputError, match=sentence):
        open_table(path, ReadOptions(**options))  # type: ignore[arg-type]


UNUSED: list[tuple[str, dict[str, str], str, str]] = [
    ("a.csv", {"sheet": "S"}, "--sheet is for workbooks; {} is CSV and has no use for it.",
     "--sheet 适用于工作簿；{} 是 CSV，用不上它。"),
    ("a.jsonl", {"delimiter": ";"},
     "--delimiter is for CSV and TSV; {} is JSON Lines and has no use for it.",
     "--delimiter 适用于 CSV 和 TSV；{} 是 JSON Lines，用不上它。"),
    ("a.xlsx", {"encoding": "gbk"}, "--input-encoding is for text files; {} is XLSX and has no use",
     "--input-encoding 适用于文本文件；{} 是 XLSX，用不上它。"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "options", "english", "chinese"), UNUSED)
def test_an_option_that_a_file_has_no_use_for_is_told(
    tmp_path: Path, name: str, options: dict[str, str], english: str, chinese: str
) -> None:
    path = tmp_path / name
    if name.endswith(".xlsx"):
        book = openpyxl.Workbook()
        for line in CSV.split():
            book.worksheets[0].append(line.split(","))
        book.save(path)
    else:
        write(path, CSV if name.endswith(".csv") else '{"评论": "物流很快，很满意"}\n')
    for language, said in (("en", english), ("zh", chinese)):
        read = ReadOptions(**options, language=language)  # type: ignore[arg-type]
        assert open_table(path, read).notes[0].startswith(said.format(path))
        assert open_table(path, ReadOptions(language=language)).notes == ()


def test_a_table_says_what_it_is(tmp_path: Path) -> None:
    table = open_table(write(tmp_path / "a.csv", CSV.encode("gbk")))
    assert table.path == str(tmp_path / "a.csv")
    assert (table.format, table.encoding, table.delimiter, table.sheet) == (
        "csv", "gb18030", ",", None,
    )  # fmt: skip
    assert table.columns == ("编号", "评论", "评分")
    (first, *_) = table.rows()
    (feedback,) = table.feedback(first)  # type: ignore[arg-type]
    assert (feedback.text, feedback.row, feedback.id) == ("物流很快，很满意", 1, "1")
    assert feedback.question is None
    assert feedback.columns == {"编号": "1", "评论": "物流很快，很满意", "评分": "5"}


def test_surplus_fields_go_to_the_text_that_was_found(tmp_path: Path) -> None:
    rows = "".join(f"{i},this is fine number {i} of them,{i % 5 + 1}\n" for i in range(40))
    path = write(tmp_path / "a.csv", f"id,review,stars\n{rows}41,good, but dear,2\n")
    last = list(open_table(path).rows())[-1]
    assert last.cells == {"id": "41", "review": "good, but dear", "stars": "2"}  # type: ignore[union-attr]


def test_formats_are_told_by_content_and_not_by_name(tmp_path: Path) -> None:
    assert open_table(write(tmp_path / "a.txt", CSV)).format == "csv"
    assert open_table(write(tmp_path / "b.csv", CSV.replace(",", "\t"))).format == "tsv"
    line = '{"body": "物流很快，很满意", "n": 1}\n'
    assert open_table(write(tmp_path / "c.dat", line)).format == "jsonl"
    assert (
        open_table(write(tmp_path / "d.jsonl.gz", gzip.compress(line.encode()))).format == "jsonl"
    )
    pq.write_table(pa.table({"review": ["very good, thank you", "bad"]}), tmp_path / "e.csv")
    assert open_table(tmp_path / "e.csv").format == "parquet"
    book = openpyxl.Workbook()
    book.active.append(["评论"])  # type: ignore[union-attr]
    book.active.append(["很好，下次再来"])  # type: ignore[union-attr]
    book.save(tmp_path / "f.csv")
    assert open_table(tmp_path / "f.csv").format == "xlsx"


def test_what_cannot_be_opened(tmp_path: Path) -> None:
    refused(tmp_path / "none.csv", "there is no file .*none.csv")
    refused(tmp_path, "is a folder")
    refused(write(tmp_path / "a.csv", ""), "is empty")
    refused(write(tmp_path / "a.csv", "\ufeff \r\n\n"), "is empty")
    refused(write(tmp_path / "a.csv", "编号,评论,评分\n"), "holds no data row")
    refused(write(tmp_path / "a.csv", b"%PDF-1.4 x"), "a PDF document")
    refused(write(tmp_path / "a.csv", b"\x89PNG\r\n\x1a\n"), "a picture")
    refused(write(tmp_path / "a.csv", bytes(range(256)) * 40), "binary data")
    refused(write(tmp_path / "a.xls", b"\xd0\xcf\x11\xe0" + b"\0" * 600), "old Excel file")
    refused(write(tmp_path / "a.xls", "<html><table><tr>"), "a web page")
    refused(write(tmp_path / "a.csv.gz", gzip.compress(CSV.encode())[:30]), "cannot be unpacked")
    good = write(tmp_path / "good.csv", CSV)
    refused(good, "no encoding is called", encoding="klingon")
    refused(good, "cannot be a delimiter", delimiter="::")


def test_given_encoding_and_delimiter(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", CSV.replace(",", "~").encode("gbk"))
    table = open_table(path, ReadOptions(encoding="GBK", delimiter="~"))
    assert table.columns == ("编号", "评论", "评分")
    assert (
        open_table(write(tmp_path / "b.csv", CSV), ReadOptions(delimiter="comma")).delimiter == ","
    )


def test_several_questions(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", '{"id": 1, "a": {"q1": "好", "q2": null}}\n' * 3)
    table = open_table(path, ReadOptions(text=("a.q1", "a.q2")))
    answers = table.feedback(next(iter(table.rows())))  # type: ignore[arg-type]
    assert [(a.question, a.text, a.row) for a in answers] == [("a.q1", "好", 1), ("a.q2", "", 1)]


def test_a_bad_path_into_json(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", '{"review": {"body": "good"}, "n": 1}\n')
    with pytest.raises(
        ColumnError, match=r"no column 'review\.bdy' for --text; nearest: “review\.body”"
    ):
        open_table(path, ReadOptions(text=("review.bdy",)))


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    text = '{"body": "很好用，推荐", "stars": 5}\n' * 3

    class Stdin:
        buffer = io.BytesIO(text.encode())

    monkeypatch.setattr(sys, "stdin", Stdin)
    table = open_table("-")
    assert table.roles.text == ("body",)
    assert len(list(table.rows())) == 3


def test_rows_can_be_read_again_and_from_the_middle(tmp_path: Path) -> None:
    table = open_table(write(tmp_path / "a.csv", CSV))
    assert list(table.rows()) == list(table.rows())
    assert list(table.rows(2)) == list(table.rows())[2:]


def test_a_closed_generator_closes_the_file(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", CSV + "4,还行，下次看看,4\n" * 50_000)
    rows = open_table(path).rows()
    next(rows)
    rows.close()  # type: ignore[attr-defined]
    path.unlink()


def test_a_cut_off_gzip_file_says_so_when_it_comes_to_it(tmp_path: Path) -> None:
    body = "".join(f"{i},第{i}条：物流很快，很满意,{i % 5 + 1}\n" for i in range(200_000))
    data = gzip.compress((CSV + body).encode())
    table = open_table(write(tmp_path / "a.csv.gz", data[:-2000]))
    with pytest.raises(InputError, match="cannot be unpacked to its end"):
        list(table.rows())


@pytest.mark.parametrize(
    "read",
    [
        list,
        lambda stream: stream.read(),
        lambda stream: stream.read1(),
        lambda stream: stream.readline(),
        lambda stream: stream.readinto(bytearray(99)),
        lambda stream: stream.peek(99),
    ],
)
def test_a_cut_off_gzip_file_says_so_however_it_is_read(
    tmp_path: Path, read: Callable[[Any], object]
) -> None:
    path = write(tmp_path / "a.csv.gz", gzip.compress(CSV.encode())[:10])
    with open_text(path) as stream, pytest.raises(InputError, match="cannot be unpacked to its"):
        read(stream)


def test_what_a_scoring_run_added_is_no_role(tmp_path: Path) -> None:
    out = assemble(tmp_path, "csv", ROWS * 10)
    table = open_table(out)
    assert table.roles.text == ("评价",)
    assert table.roles.segments == ("订单号",)
    assert "opinions" in table.columns


def test_importing_loads_no_reader_of_formats() -> None:
    code = (
        "import sys, sentiment.tables;"
        "print([m for m in ('pyarrow','openpyxl','pandas','numpy','charset_normalizer')"
        " if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_standard_input_that_is_no_json_says_what_is_read_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for content in (b"", b"id,review\n1,good value\n"):

        class Stdin:
            buffer = io.BytesIO(content)

        monkeypatch.setattr(sys, "stdin", Stdin)
        with pytest.raises(InputError, match="read as JSON lines, one object a line"):
            open_table("-")


def test_the_last_suffix_tells_what_is_meant(tmp_path: Path) -> None:
    assert open_table(write(tmp_path / "export.json.csv", CSV)).format == "csv"
    assert open_table(write(tmp_path / "book.jsonl.CSV", CSV)).format == "csv"
    packed = gzip.compress(CSV.encode())
    assert open_table(write(tmp_path / "a.json.csv.gz", packed)).format == "csv"
    line = '{"body": "物流很快，很满意", "n": 1}\n'
    assert open_table(write(tmp_path / "a.csv.jsonl", line)).format == "jsonl"
    assert open_table(write(tmp_path / "a.jsonl.txt", line)).format == "jsonl"
    array = f"[\n{line.strip()},\n{line.strip()}\n]"
    assert open_table(write(tmp_path / "a.csv.JSON", array)).format == "jsonl"


WIDE = "订单号{0}日期{0}评价{0}评分\n" + "".join(
    f"A{i}{{0}}2024-01-{i % 28 + 1:02d}{{0}}一开始还可以，最后退了，需要重新买一个{{0}}{i % 5 + 1}\n"
    for i in range(40)
)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [",", "\t"])
@pytest.mark.parametrize("given", [True, False])
def test_chinese_in_utf16_without_a_mark(
    tmp_path: Path, encoding: str, delimiter: str, given: bool
) -> None:
    path = write(tmp_path / "a.csv", WIDE.format(delimiter).encode(encoding))
    table = open_table(path, ReadOptions(encoding=encoding if given else None))
    assert (table.encoding, table.delimiter) == (encoding, delimiter)
    assert table.roles.text == ("评价",)
    assert len(list(table.rows())) == 40


def test_wide_text_that_is_not_known_is_read_when_told(tmp_path: Path) -> None:
    text = "编号,评论\n" + "".join(f"{i},龘齉爨鬱麤籲龗灪麣鸞\n" for i in range(30))
    path = write(tmp_path / "a.csv", text.encode("utf-16-le"))
    table = open_table(path, ReadOptions(text=("评论",), encoding="utf-16-le"))
    assert table.columns == ("编号", "评论")


@pytest.mark.parametrize("seed", range(20))
def test_noise_is_no_wide_text(tmp_path: Path, seed: int) -> None:
    noise = random.Random(seed).randbytes(20_000) + b"\n\0\0\n"
    refused(write(tmp_path / "a.csv", noise + noise), "binary data")


CUT_OFF = (
    '{"id": "1", "review": "works well and looks nice", "stars": 5}\n'
    '{"id": "2", "review": \n'
    '{"id": "3", "stars": 1,\n'
    '{"id": "4", "review": "broke after one da\n'
    '{"id": "5", "review": ""}\n'
    '{"id": "6", "review": "it was late", "stars": \n'
)


def test_a_record_that_breaks_off_before_its_text_is_rejected(tmp_path: Path) -> None:
    rows = list(open_table(write(tmp_path / "a.jsonl", CUT_OFF)).rows())
    assert [row.row for row in rows] == [1, 2, 3, 4, 5, 6]
    rejects = [row for row in rows if isinstance(row, Reject)]
    assert [row.row for row in rejects] == [2, 3]
    assert rejects[0].raw == '{"id": "2", "review":'
    assert rejects[0].reason == "the JSON breaks off before the text"
    whole = {row.row: row for row in rows if not isinstance(row, Reject)}
    assert whole[4].cells["review"] == "broke after one da"
    assert whole[4].damage == whole[6].damage == "the JSON breaks off"
    assert whole[5].damage is None


def test_so_it_is_on_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    later = "".join(f'{{"id": "{i}", "review": "fine thing {i}"}}\n' for i in range(1500))
    text = CUT_OFF + later + '{"id": "9", "review": \n{"id": "10", "review": "good"}\n'
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    rows = list(open_table("-").rows())
    assert [row.row for row in rows if isinstance(row, Reject)] == [2, 3, 1507]


@pytest.mark.parametrize(
    ("language", "told"),
    [("en", "“Seat Comfort” looks like scores"), ("zh", "“Seat Comfort”看来是分数")],
)
def test_scores_that_no_heading_names_are_told(tmp_path: Path, language: str, told: str) -> None:
    rows = [f"The seat {place} was broken and nobody cared,{place % 5 + 1}" for place in range(30)]
    path = tmp_path / "a.csv"
    options = ReadOptions(language=language)
    path.write_text("\n".join(["review,Seat Comfort", *rows, ""]), encoding="utf-8")
    note = open_table(path, options).notes[-1]
    assert told in note
    assert note.endswith("--outcome 'Seat Comfort'")
    path.write_text("\n".join(["review,rating", *rows, ""]), encoding="utf-8")
    assert open_table(path, options).notes == ()


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "Column “发送方” says who wrote each row: of the 30 rows looked at, 20 are not the"),
        (
            "zh",
            "“发送方”列说明每行是谁说的：看过的 30 行中有 20 行不是客户的话（“客服”、“系统”），",
        ),
    ],
)
def test_lines_of_the_agent_are_told(tmp_path: Path, language: str, told: str) -> None:
    sides = ("客户", "客服", "系统")
    rows = [f"{sides[place % 3]},第{place}次了，还是没有人告诉我怎么退款" for place in range(30)]
    path = tmp_path / "a.csv"
    options = ReadOptions(language=language)
    path.write_text("\n".join(["发送方,消息内容", *rows, ""]), encoding="utf-8")
    assert any(note.startswith(told) for note in open_table(path, options).notes)
    path.write_text("\n".join(["发送方,消息内容", *rows[::3], ""]), encoding="utf-8")
    assert open_table(path, options).notes == ()
