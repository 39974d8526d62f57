from __future__ import annotations

import gzip
import json
from pathlib import Path

import pandas as pd
import pytest

from sentiment.errors import InputError
from sentiment.taxonomy import Taxonomy
from sentiment.train.rows.labelled import read_labelled_file, read_rows

HEADER = ("text", "sentiment", "quality", "price", "id", "lang")
ROWS = [
    ("质量太差", "negative", "negative", "", "A-1", ""),
    ("Cheap, and it shows", "", "Negative", "POSITIVE", "007", "en"),
    ("nothing to say", "neutral", "absent", "absent", "", ""),
]


@pytest.mark.parametrize("form", ["csv", "tsv", "xlsx", "parquet"])
def test_every_table_format_is_read(tmp_path: Path, form: str) -> None:
    frame = pd.DataFrame(ROWS, columns=list(HEADER))
    path = tmp_path / f"labels.{form}"
    if form == "xlsx":
        frame.to_excel(path, index=False)
    elif form == "parquet":
        frame.to_parquet(path)
    else:
        frame.to_csv(path, index=False, sep={"csv": ",", "tsv": "\t"}[form])
    one, two, three = read_labelled_file(path)
    assert (one.text, one.overall, one.topics) == ("质量太差", "negative", {"quality": "negative"})
    assert (one.language, two.language, three.language) == ("zh", "en", "en")
    assert two.overall is None
    assert two.topics == {"quality": "negative", "price": "positive"}
    assert (one.id, two.id, three.id) == ("A-1", "007", None)
    assert three.topics == {"quality": "absent", "price": "absent"}
    assert {row.source for row in (one, two, three)} == {"labels"}
    assert one.opinions is None  # a table says nothing of drivers
    assert not one.gold


def test_headings_may_be_written_large(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(" TEXT ,Sentiment\n很好,positive\n", encoding="utf-8")
    (row,) = read_labelled_file(path)
    assert (row.text, row.overall, row.topics) == ("很好", "positive", None)


def test_json_lines_hold_the_schema(tmp_path: Path) -> None:
    path = tmp_path / "x.ndjson"
    path.write_text('{"text": "很好", "overall": "positive", "opinions": []}\n', encoding="utf-8")
    (row,) = read_labelled_file(path)
    assert row.opinions == ()
    assert row.topics is not None
    assert set(row.topics.values()) == {"absent"}


def test_the_text_of_json_lines_may_have_another_name(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    line = {"text": "Ticket 7 closed", "review": "很好用", "overall": "positive"}
    path.write_text(json.dumps(line) + "\n", encoding="utf-8")
    taxonomy = Taxonomy.default()
    assert [one.text for one in read_rows(path, taxonomy, text="review").examples] == ["很好用"]
    assert [one.text for one in read_rows(path, taxonomy).examples] == ["Ticket 7 closed"]
    kinds = [fault.kind for fault in read_rows(path, taxonomy, text="nope").faults]
    assert "no_such_column" in kinds


@pytest.mark.parametrize("keep", [0.5, 0.98])
def test_lines_cut_off_in_their_archive_are_told(tmp_path: Path, keep: float) -> None:
    path = tmp_path / "x.jsonl.gz"
    lines = "".join(
        json.dumps({"text": f"row {n}", "overall": "neutral"}) + "\n" for n in range(99)
    )
    packed = gzip.compress(lines.encode())
    path.write_bytes(packed[: int(keep * len(packed))])
    with pytest.raises(InputError, match="cannot be read"):
        read_labelled_file(path)


def test_lines_damaged_in_their_archive_are_told(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl.gz"
    lines = "".join(
        json.dumps({"text": f"row {n}", "overall": "neutral"}) + "\n" for n in range(99)
    )
    packed = bytearray(gzip.compress(lines.encode()))
    for at in range(40, 60):
        packed[at] ^= 0xFF
    path.write_bytes(bytes(packed))
    with pytest.raises(InputError, match="cannot be read"):
        read_labelled_file(path)


def test_a_field_that_no_line_has_is_told_once(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"words": "fine", "overall": "positive"}\n' * 3, encoding="utf-8")
    (fault,) = read_rows(path, Taxonomy.default(), text="word").faults
    assert fault.kind == "no_such_column"
