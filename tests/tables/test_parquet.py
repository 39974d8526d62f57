"""Parquet values as the strings that a person would expect."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment.errors import InputError
from sentiment.tables import open_table
from sentiment.tables.parquet import ParquetSource, spell


@pytest.mark.parametrize(
    ("value", "spelled"),
    [
        (None, None),
        ("007", "007"),
        (5, "5"),
        (5.0, "5"),
        (-0.0, "0"),
        (3.5, "3.5"),
        (1e300, "1e+300"),
        (float("nan"), "NaN"),
        (float("inf"), "inf"),
        (True, "true"),
        (Decimal("1.50"), "1.50"),
        (Decimal("1E+3"), "1000"),
        (dt.date(2024, 1, 2), "2024-01-02"),
        (dt.datetime(2024, 1, 2), "2024-01-02"),
        (dt.datetime(2024, 1, 2, 3, 4, 5), "2024-01-02 03:04:05"),
        (dt.datetime(2024, 1, 2, tzinfo=dt.UTC), "2024-01-02 00:00:00+00:00"),
        (dt.time(3, 4), "03:04:00"),
        (dt.timedelta(hours=30, seconds=1.5), "30:00:01.5"),
        ("很好".encode(), "很好"),
        (b"\xff", "\ufffd"),
        ({"a": [1.0, None, dt.date(2024, 1, 2)]}, '{"a":[1,null,"2024-01-02"]}'),
    ],
)
def test_values_are_spelled(value: Any, spelled: str | None) -> None:
    assert spell(value) == spelled


def save(path: Path, columns: dict[str, Any], **options: Any) -> ParquetSource:
    pq.write_table(pa.table(columns), path, **options)
    return ParquetSource(path)


def test_types_of_arrow(tmp_path: Path) -> None:
    moment = dt.datetime(2024, 1, 2, 3, 4, 5)
    opened = save(
        tmp_path / "t.parquet",
        {
            "f32": pa.array([0.1, None], pa.float32()),
            "ns": pa.array([moment, None], pa.timestamp("ns")),
            "cat": pa.array(["天猫", None]).dictionary_encode(),
            "large": pa.array(["x", ""], pa.large_string()),
            "list": pa.array([[1, 2], None]),
            "day": pa.array([dt.date(2024, 1, 2), None]),
        },
    )
    first, second = opened.rows()
    assert first.cells == {
        "f32": "0.1",
        "ns": "2024-01-02 03:04:05",
        "cat": "天猫",
        "large": "x",
        "list": "[1,2]",
        "day": "2024-01-02",
    }
    assert second.cells == dict.fromkeys(("f32", "ns", "cat", "list", "day")) | {"large": ""}


def test_start_skips_row_groups(tmp_path: Path) -> None:
    opened = save(tmp_path / "t.parquet", {"n": list(range(5000))}, row_group_size=700)
    for start in (0, 1, 699, 700, 701, 4999, 5000, 9000):
        assert [row.cells["n"] for row in opened.rows(start)] == list(map(str, range(start, 5000)))
        assert [row.row for row in opened.rows(start)] == list(range(start + 1, 5001))


def test_giant_strings(tmp_path: Path) -> None:
    big = "好" * 17_000_000
    opened = save(tmp_path / "t.parquet", {"t": [big, "x"], "n": [1, 2]})
    assert [row.cells["t"] == text for row, text in zip(opened.rows(), (big, "x"), strict=True)]


def test_what_is_not_parquet(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    path.write_bytes(b"PAR1 not really PAR1")
    with pytest.raises(InputError, match="not a readable Parquet file"):
        ParquetSource(path)


def test_a_damaged_page_says_where(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    save(path, {"t": [f"text {i} " * 50 for i in range(3000)]}, row_group_size=1000)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 4000] = b"\xff" * 4000
    path.write_bytes(data)
    with pytest.raises(InputError, match="cannot be read on after row"):
        list(ParquetSource(path).rows())


@settings(deadline=None)
@given(st.lists(st.none() | st.text(st.characters(codec="utf-8")), min_size=1, max_size=20))
def test_strings_in_are_strings_out(tmp_path_factory: pytest.TempPathFactory, cells: Any) -> None:
    path = tmp_path_factory.mktemp("parquet") / "t.parquet"
    opened = save(path, {"t": pa.array(cells, pa.string())})
    assert [row.cells["t"] for row in opened.rows()] == cells


def test_strings_that_are_not_utf8_are_marked(tmp_path: Path) -> None:
    broken = pa.array([b"good", b"b\xffd", None], pa.binary()).view(pa.string())
    opened = save(tmp_path / "t.parquet", {"t": broken, "n": [1, 2, 3]})
    assert [row.cells["t"] for row in opened.rows()] == ["good", "b\ufffdd", None]
    assert [row.damage is None for row in opened.rows()] == [True, False, True]


def test_structs_are_columns_by_their_dotted_path(tmp_path: Path) -> None:
    records = [
        {"body": f"it came on day {i}", "by": {"name": "某人", "tags": [i]}} if i % 4 else None
        for i in range(2000)
    ]
    kind = pa.struct(
        [
            ("body", pa.string()),
            ("by", pa.struct([("name", pa.string()), ("tags", pa.list_(pa.int64()))])),
        ]
    )
    columns = {"id": list(range(2000)), "r": pa.array(records, kind), "r.body": ["x"] * 2000}
    opened = save(tmp_path / "t.parquet", columns, row_group_size=700)
    assert opened.columns == ("id", "r.body", "r.by.name", "r.by.tags", "r.body_2")
    for start in (0, 1234):
        for row in opened.rows(start):
            i = row.row - 1
            inside = [f"it came on day {i}", "某人", f"[{i}]"] if i % 4 else [None, None, None]
            assert list(row.cells.values()) == [str(i), *inside, "x"]
        assert row.row == 2000


def test_the_text_is_found_inside_a_struct(tmp_path: Path) -> None:
    texts = [{"body": f"works well, I use it for {i} weeks", "stars": i % 5 + 1} for i in range(30)]
    save(tmp_path / "t.parquet", {"id": list(range(30)), "r": texts})
    table = open_table(tmp_path / "t.parquet")
    assert table.roles.text == ("r.body",)
    assert table.roles.outcome is not None
    assert table.roles.outcome.column == "r.stars"
