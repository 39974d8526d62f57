"""JSON in all the shapes in which exports come."""

import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment.tables import Reject, SourceRow
from sentiment.tables.jsonlines import JsonSource, compact


def source(text: str | bytes, **options: object) -> JsonSource:
    data = text.encode() if isinstance(text, str) else text
    return JsonSource(lambda: io.BytesIO(data), **options)  # type: ignore[arg-type]


def cells(text: str | bytes, **options: object) -> list[dict[str, str | None]]:
    found = list(source(text, **options).rows())
    assert [row.row for row in found] == list(range(1, len(found) + 1))
    assert all(isinstance(row, SourceRow) for row in found), found
    return [dict(row.cells) for row in found if isinstance(row, SourceRow)]


def test_numbers_keep_their_spelling() -> None:
    line = (
        '{"a": 1.0, "b": 1e5, "c": 007.5, "d": -0, "e": 12345678901234567890, "t": true, "n": null}'
    )
    line = line.replace("007.5", "7.50")
    assert cells(line + "\n") == [
        {"a": "1.0", "b": "1e5", "c": "7.50", "d": "-0", "e": "12345678901234567890",
         "t": "true", "n": None}
    ]  # fmt: skip


def test_nesting_becomes_dotted_paths_and_lists_stay_json() -> None:
    line = '{"id": 1, "review": {"body": "好", "by": {"name": "王"}}, "tags": ["a", 1.50], "e": {}}'
    assert cells(line) == [
        {"id": "1", "review.body": "好", "review.by.name": "王", "tags": '["a",1.50]', "e": "{}"}
    ]


def test_a_path_into_a_list_becomes_a_column() -> None:
    text = '{"id": 1, "answers": [{"text": "好"}, {"text": "坏"}]}\n{"id": 2, "answers": []}\n'
    opened = source(text, paths=("answers.1.text",))
    assert opened.columns == ("id", "answers", "answers.1.text")
    assert [row.cells.get("answers.1.text") for row in opened.rows()] == ["坏", None]  # type: ignore[union-attr]


def test_colliding_and_repeated_keys_keep_every_cell() -> None:
    assert cells('{"a.b": 1, "a": {"b": 2}, "c": 3, "c": 4}') == [
        {"a.b": "1", "a.b_2": "2", "c": "3", "c_2": "4"}
    ]


@pytest.mark.parametrize(
    "text",
    [
        '[{"t": "一"}, {"t": "二"}, {"t": "三"}]',
        '[\n  {"t": "一"},\n  {\n    "t": "二"\n  },\n  {"t": "三"}\n]\n',
        '[\n{"t": "一"}\n,{"t": "二"}\n,{"t": "三"}\n]',
        '{"t": "一"}\n{"t": "二"}\n\n{"t": "三"}',
        '{"t": "一"}{"t": "二"} {"t": "三"}\n',
        '{\n "t": "一"\n}\n{\n "t": "二"\n}\n{"t":\n"三"}',
        '\ufeff{"t": "一"}\r\n{"t": "二"}\r\n{"t": "三"}\r\n',
    ],
)
def test_layouts(text: str) -> None:
    assert [row["t"] for row in cells(text)] == ["一", "二", "三"]


def test_a_long_array_on_one_line_is_read_in_linear_time() -> None:
    record = {"t": "很好 } ] { " * 5, "n": [1, {"a": "]"}]}
    text = json.dumps([record] * 60_000)
    assert len(text) > 5 << 20
    assert len(cells(text)) == 60_000


def test_many_records_on_one_line_are_read_in_linear_time() -> None:
    assert len(cells('{"t": "a } b", "n": 1}' * 100_000)) == 100_000


def test_a_broken_element_takes_no_other_with_it() -> None:
    found = list(source('[{"t": "一"}, {"t": 二}, rubbish, {"t": "三"}, {"t": "四').rows())
    assert [type(row) for row in found] == [SourceRow, Reject, Reject, SourceRow, SourceRow]
    assert [row.raw for row in found if isinstance(row, Reject)] == ['{"t": 二}', "rubbish"]
    assert found[4].damage is not None  # type: ignore[union-attr]


def test_undecodable_bytes_in_an_array() -> None:
    data = '[{"t": "一"}, {"t": "x'.encode() + b"\xff" + '"}, {"t": "三"}]'.encode()
    assert [row.damage is None for row in source(data, encoding="utf-8").rows()] == [  # type: ignore[union-attr]
        True,
        False,
        True,
    ]


def test_braces_and_quotes_inside_strings_delimit_nothing() -> None:
    text = '[{"t": "a } ] { \\" b"},\n {"t": "]}"}]'
    assert [row["t"] for row in cells(text)] == ['a } ] { " b', "]}"]


def test_what_is_no_record_is_rejected_in_its_place() -> None:
    found = list(source('{"t": "一"}\nrubbish\n[1, 2]\n42\n{"t": "二"}\n').rows())
    assert [type(row) for row in found] == [SourceRow, Reject, Reject, Reject, SourceRow]
    assert [row.row for row in found] == [1, 2, 3, 4, 5]
    assert isinstance(found[1], Reject)
    assert found[1].raw == "rubbish"
    assert "not valid JSON" in found[1].reason
    assert isinstance(found[2], Reject)
    assert found[2].reason == "not a JSON object"


def test_a_record_that_breaks_off_comes_out_damaged() -> None:
    found = list(source('{"t": "一"}\n{"id": 2, "t": "说到一半\n{"t": "二"}\n').rows())
    assert len(found) == 3
    assert isinstance(found[1], SourceRow)
    assert found[1].cells == {"id": "2", "t": "说到一半"}
    assert found[1].damage == "the JSON breaks off"
    assert isinstance(found[2], SourceRow)
    assert found[2].cells == {"t": "二"}


def test_the_last_record_of_a_truncated_file() -> None:
    found = list(source('{"t": "一"}\n{"id": 2, "t": "说到').rows())
    assert isinstance(found[1], SourceRow)
    assert found[1].cells["t"] == "说到"
    assert found[1].damage is not None


def test_raw_control_characters_in_strings_are_read() -> None:
    assert cells('{"t": "a\tb\x01c"}\n') == [{"t": "a\tb\x01c"}]


def test_half_a_surrogate_pair_is_no_text() -> None:
    assert cells('{"t": "a\\ud83d b", "u": "\\ud83d\\ude00"}') == [{"t": "a\ufffd b", "u": "😀"}]


def test_lines_in_another_encoding() -> None:
    data = '{"t": "很好用，值得买"}\n'.encode() + '{"t": "质量不好"}\n'.encode("gbk")
    found = list(source(data * 1, encoding="utf-8").rows())
    assert isinstance(found[1], SourceRow)
    assert found[1].cells == {"t": "质量不好"}
    assert "gb18030" in str(found[1].damage)


def test_utf16() -> None:
    assert cells('{"t": "好"}\n{"t": "坏"}\n'.encode("utf-16")) == [{"t": "好"}, {"t": "坏"}]


def test_a_key_that_turns_up_late_is_a_column() -> None:
    text = "".join(f'{{"id": {i}, "t": "x"}}\n' for i in range(3000)) + '{"id": 1, "late": "y"}\n'
    assert source(text).columns == ("id", "t", "late")


def test_standard_input_is_read_once_and_keeps_late_keys() -> None:
    text = "".join(f'{{"id": {i}, "t": "x"}}\n' for i in range(1500)) + '{"id": 1, "late": 2.50}\n'
    opened = source(text, once=True)
    assert opened.columns == ("id", "t", "other_fields")
    found = list(opened.rows())
    assert len(found) == 1501
    assert found[-1].cells == {"id": "1", "other_fields": '{"late": "2.50"}'}  # type: ignore[union-attr]


def test_what_turns_up_late_leaves_a_column_of_the_same_name_alone() -> None:
    lines = "".join(f'{{"id": {i}, "other_fields": "mine"}}\n' for i in range(1500))
    opened = source(lines + '{"id": 1, "other_fields": "mine", "late": "y"}\n', once=True)
    assert opened.columns == ("id", "other_fields", "other_fields_2")
    last = list(opened.rows())[-1]
    packed = '{"late": "y"}'
    assert last.cells == {"id": "1", "other_fields": "mine", "other_fields_2": packed}  # type: ignore[union-attr]


def test_a_late_key_of_the_name_of_the_packed_column_is_packed_too() -> None:
    lines = "".join(f'{{"id": {i}}}\n' for i in range(1500))
    opened = source(lines + '{"id": 1, "other_fields": "mine", "late": "y"}\n', once=True)
    assert opened.columns == ("id", "other_fields")
    last = list(opened.rows())[-1]
    packed = '{"other_fields": "mine", "late": "y"}'
    assert last.cells == {"id": "1", "other_fields": packed}  # type: ignore[union-attr]


def test_start_skips_rows() -> None:
    opened = source("".join(f'{{"id": {i}}}\n' for i in range(9)))
    assert list(opened.rows(5)) == list(opened.rows())[5:]


def test_fifty_megabytes_in_one_cell() -> None:
    big = "好" * 17_000_000
    assert cells(json.dumps({"t": big, "s": 1}, ensure_ascii=False)) == [{"t": big, "s": "1"}]


def test_nesting_without_end_is_answered() -> None:
    deep = '{"a":' * 5000 + "1" + "}" * 5000
    (row,) = source(deep + "\n").rows()
    assert isinstance(row, Reject | SourceRow)


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8"), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(plain)
def test_compact_json_is_the_same_value(value: object) -> None:
    assert json.loads(compact(value)) == value


@settings(deadline=None)
@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["a", "b", "c"]), st.text(st.characters(codec="utf-8"), max_size=20)
        ),
        max_size=10,
    ),
    st.booleans(),
    st.booleans(),
)
def test_cells_in_are_cells_out(
    records: list[dict[str, str]], ascii_only: bool, indented: bool
) -> None:
    indent = 1 if indented else None
    text = "\n".join(json.dumps(r, ensure_ascii=ascii_only, indent=indent) for r in records)
    assert cells(text) == records


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_at_all_are_answered(data: bytes) -> None:
    for row in source(data).rows():
        assert isinstance(row, Reject | SourceRow)


def test_every_line_breaking_off_is_every_record_damaged() -> None:
    """As an export does that cuts each record at so many characters."""
    whole = [json.dumps({"id": i, "t": f"第{i}条，说到一半还没有说完"}) for i in range(20_000)]
    found = list(source("".join(line[:40] + "\n" for line in whole)).rows())
    assert len(found) == 20_000
    assert all(isinstance(row, SourceRow) and row.damage for row in found)
    assert [row.cells["id"] for row in found[:3]] == ["0", "1", "2"]  # type: ignore[union-attr]


def test_a_broken_record_over_several_lines_does_not_take_those_behind_it() -> None:
    good = '{\n "t": "%s"\n}\n'
    found = list(source(good % "一" + '{\n "t": "没完\n' + good % "二" + good % "三").rows())
    texts = [row.cells.get("t") for row in found if isinstance(row, SourceRow)]
    assert texts[0] == "一"
    assert texts[-2:] == ["二", "三"]


def test_a_damaged_line_marks_its_own_record() -> None:
    data = '{"t": "一\n'.encode() + '{"t": "质量不好"}\n'.encode("gbk") + '{"t": "二"}\n'.encode()
    found = list(source(data, encoding="utf-8").rows())
    damages = [row.damage for row in found if isinstance(row, SourceRow)]
    assert damages[0] == "the JSON breaks off"
    assert "gb18030" in str(damages[1])
    assert damages[2] is None
