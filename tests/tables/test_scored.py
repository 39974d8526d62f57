"""Reading a scoring run back."""

import gzip
from pathlib import Path

import pytest

from sentiment.errors import InputError
from sentiment.tables import is_scored, open_writer, read_scored
from tests.tables.test_write import ROWS, TOPICS, analysis, assemble


def test_a_cut_off_gzip_file_says_so(tmp_path: Path) -> None:
    packed = gzip.compress(assemble(tmp_path, "jsonl", ROWS * 1000).read_bytes())
    path = tmp_path / "scored.jsonl.gz"
    path.write_bytes(packed[:-200])
    with pytest.raises(InputError, match="cannot be unpacked to its end"):
        list(read_scored(path))
    path.write_bytes(packed[:-8] + bytes(8))
    with pytest.raises(InputError, match="cannot be unpacked to its end"):
        list(read_scored(path))


@pytest.mark.parametrize("format", ["csv", "jsonl"])
def test_whether_a_file_is_scored(tmp_path: Path, format: str) -> None:  # noqa: A002
    assert is_scored(assemble(tmp_path, format, ROWS))
    plain = tmp_path / f"plain.{format}"
    plain.write_text({"csv": "id,评论\n1,好\n", "jsonl": '{"body": "好"}\n'}[format], "utf-8")
    assert not is_scored(plain)
    with pytest.raises(InputError, match="not the output of a scoring run"):
        list(read_scored(plain))


def test_jsonl_holds_everything(tmp_path: Path) -> None:
    found = list(read_scored(assemble(tmp_path, "jsonl", ROWS)))
    assert [row.to_dict() for row in found] == [row.to_dict() for row in ROWS]


def test_a_broken_record_says_where(tmp_path: Path) -> None:
    path = assemble(tmp_path, "jsonl", ROWS)
    path.write_text(path.read_text("utf-8") + '{"row": 4}\n', "utf-8")
    with pytest.raises(InputError, match="line 4 is not a whole record"):
        list(read_scored(path))


@pytest.mark.parametrize("format", ["csv", "tsv", "xlsx", "parquet", "jsonl"])
def test_several_answers_share_their_row(tmp_path: Path, format: str) -> None:  # noqa: A002
    answers = []
    for number in (1, 2, 3):
        cells: dict[str, str | None] = {"q1": "好", "q2": "坏"}
        answers += [
            analysis(number, cells, question=question, text=cells[question] or "")
            for question in ("q1", "q2")
        ]
    writer = open_writer(format, ("q1", "q2"), TOPICS, questions=True)
    part, out = tmp_path / "part", tmp_path / f"out.{format}"
    part.write_bytes(writer.part(answers))
    writer.assemble([part], out)
    found = list(read_scored(out))
    assert [(row.row, row.question, row.text) for row in found] == [
        (row.row, row.question, row.text) for row in answers
    ]
