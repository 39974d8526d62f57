"""CSV and its dirt: every record that can be delimited comes out, once, in order."""

import csv
import gzip
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment.tables import SourceRow, Table, open_table
from sentiment.tables.delimited import DelimitedSource, Shape

HEADER = "订单号,评分,评价内容\n"
CLEAN = [
    "A1,5,物流很快，包装也好",
    "A2,1,用了两天就坏了",
    "A3,4,价格实惠",
    "A4,2,客服不理人",
]


def source(data: bytes, **options: str) -> DelimitedSource:
    return DelimitedSource(lambda: io.BytesIO(data), **options)


def rows(data: bytes | str, **options: str) -> list[SourceRow]:
    data = data.encode() if isinstance(data, str) else data
    found = list(source(data, **options).rows())
    assert all(isinstance(row, SourceRow) for row in found)
    assert [row.row for row in found] == list(range(1, len(found) + 1))
    return [row for row in found if isinstance(row, SourceRow)]


def texts(found: list[SourceRow], column: str = "评价内容") -> list[str | None]:
    return [row.cells[column] for row in found]


def test_cells_come_back_as_they_were() -> None:
    found = rows("id,a,b,评论\n007,1e5,NA,2024-1-2\n 8 ,null,, 空格 \n")
    assert found[0].cells == {"id": "007", "a": "1e5", "b": "NA", "评论": "2024-1-2"}
    assert found[1].cells == {"id": " 8 ", "a": "null", "b": "", "评论": " 空格 "}
    assert [row.damage for row in found] == [None, None]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_are_found(delimiter: str) -> None:
    lines = [
        ["id", "评分", "评论"],
        ["1", "5", "好, 不错"],
        ["2", "4", "快; 便宜"],
        ["3", "1", "坏|了"],
    ]
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(lines)
    opened = source(text.getvalue().encode())
    assert opened.delimiter == delimiter
    assert [list(row.cells.values()) for row in rows(text.getvalue())] == lines[1:]


def test_excel_says_its_delimiter() -> None:
    opened = source("sep=;\nid;评论\n1;好\n2;很好，真的\n".encode())
    assert opened.delimiter == ";"
    assert next(opened.rows()).cells == {"id": "1", "评论": "好"}  # type: ignore[union-attr]


def test_a_comma_in_prose_is_no_delimiter() -> None:
    found = rows("评论\n好, 但是贵\n一般\n快, 便宜, 好用\n")
    assert texts(found, "评论") == ["好, 但是贵", "一般", "快, 便宜, 好用"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
def test_line_ends(end: str, last: bool) -> None:
    text = end.join(["id,评分,评价内容", *CLEAN]) + (end if last else "")
    found = rows(text)
    assert texts(found) == [line.split(",", 2)[2] for line in CLEAN]
    assert all(row.damage is None for row in found)


def test_a_lone_carriage_return_does_not_end_a_record() -> None:
    found = rows(HEADER + "A1,5,第一行\r第二行\nA2,4,好\n")
    assert texts(found) == ["第一行\r第二行", "好"]


def test_a_blank_line_is_no_record_and_an_empty_record_is_one() -> None:
    found = rows(HEADER + "A1,5,好\n\n\n,,\nA2,4,行\n\n")
    assert texts(found) == ["好", "", "行"]


def test_quoted_cells_hold_delimiters_quotes_and_line_ends() -> None:
    found = rows(HEADER + 'A1,5,"一,二\n三 ""四"" 五"\nA2,4,好\n')
    assert texts(found) == ['一,二\n三 "四" 五', "好"]
    assert found[0].damage is None


def test_an_unclosed_quote_takes_one_record_and_no_more() -> None:
    found = rows(HEADER + 'A1,5,"物流很快\n' + "\n".join(CLEAN[1:]) + "\n")
    assert texts(found) == ['"物流很快', *[line.split(",", 2)[2] for line in CLEAN[1:]]]
    assert [row.damage is None for row in found] == [False, True, True, True]


def test_an_unclosed_quote_in_the_middle_of_a_large_file() -> None:
    lines = [f"A{i},{i % 5 + 1},第{i}条评价，还可以" for i in range(5000)]
    lines[2000] = 'A2000,3,"忘了关引号'
    lines[3000] = 'A3000,3,24寸"显示器",很好'
    found = rows(HEADER + "\n".join(lines) + "\n")
    assert len(found) == 5000
    assert [row.cells["订单号"] for row in found] == [f"A{i}" for i in range(5000)]
    assert texts(found)[2000] == '"忘了关引号'
    assert texts(found)[3000] == '24寸"显示器",很好'
    assert sum(row.damage is not None for row in found) == 2


def test_an_unclosed_quote_closed_by_a_later_inch_mark() -> None:
    found = rows("id,text,stars\n" + 'A1,"never closed,5\nA2,fine,4\nA3,a 24",3\nA4,bad,1\n')
    assert [row.cells["id"] for row in found] == ["A1", "A2", "A3", "A4"]
    assert [row.cells["stars"] for row in found] == ["5", "4", "3", "1"]


def test_bare_quotes_inside_a_quoted_cell() -> None:
    found = rows(HEADER + 'A1,5,"他说"好"，我说"一般""\n' + "\n".join(CLEAN[1:]))
    assert texts(found)[0] == '他说"好"，我说"一般"'
    assert found[0].damage == "broken quotes"
    assert len(found) == 4


@pytest.mark.parametrize("tail", ["later", '!,"1', "\0\0x"])
def test_what_stands_behind_a_quote_and_a_carriage_return_is_kept(tail: str) -> None:
    found = rows(HEADER + "\n".join(CLEAN) + f'\nA5,3,"late"\r{tail}\n')
    assert len(found) == 5
    assert found[4].damage
    assert all(letter in "".join(filter(None, found[4].cells.values())) for letter in "late" + tail)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r\r\n", "\r"])
def test_a_closing_quote_may_stand_before_any_line_end(end: str) -> None:
    found = rows(HEADER + "\n".join(CLEAN) + f'\nA5,3,"late, again"{end}')
    assert texts(found)[4:] == ["late, again"]
    assert found[4].damage is None


def test_a_quote_inside_an_unquoted_cell_is_a_letter() -> None:
    found = rows(HEADER + 'A1,5,买了24"的\n' + "\n".join(CLEAN[1:]))
    assert texts(found)[0] == '买了24"的'
    assert found[0].damage is None


def test_every_line_with_an_unclosed_quote_is_not_quadratic() -> None:
    lines = "".join(f'"第{i}条没有关\n' for i in range(20_000))
    found = rows("评论\n" + lines)
    assert len(found) == 20_000


def test_surplus_fields_go_back_to_the_text() -> None:
    opened = source((HEADER + "A1,5,快,便宜,好用\n" + "\n".join(CLEAN[1:])).encode())
    found = list(opened.rows())
    assert isinstance(found[0], SourceRow)
    assert found[0].cells["评价内容"] == "快,便宜,好用"
    assert found[0].damage == "5 fields instead of 3"


def test_surplus_fields_of_a_text_in_the_middle_go_where_the_others_fit() -> None:
    body = "".join(f"A{i},nothing special,{i % 5 + 1}\n" for i in range(30))
    opened = source(f"id,review,stars\n{body}A99,nice, but slow,2\n".encode())
    opened.text_column = "review"
    last = list(opened.rows())[-1]
    assert isinstance(last, SourceRow)
    assert last.cells == {"id": "A99", "review": "nice, but slow", "stars": "2"}
    assert last.damage is not None


def test_short_records_have_none_where_nothing_stood() -> None:
    found = rows(HEADER + "A1,5\n" + "\n".join(CLEAN))
    assert found[0].cells == {"订单号": "A1", "评分": "5", "评价内容": None}
    assert found[0].damage == "2 fields instead of 3"


def test_trailing_delimiters_carry_nothing() -> None:
    found = rows(HEADER + "A1,5,好,,\n" + "\n".join(CLEAN))
    assert found[0].damage is None
    assert found[0].cells["评价内容"] == "好"


def test_columns_without_a_name_get_one() -> None:
    found = rows("id,评论\n1,好,天猫\n2,坏,京东\n3,行,京东\n")
    assert found[0].cells == {"id": "1", "评论": "好", "column_3": "天猫"}
    assert found[0].damage is None


def test_repeated_and_empty_names_are_made_unique() -> None:
    opened = source("评论,评论,,评分\n好,很好,x,5\n坏,很坏,y,1\n".encode())
    assert opened.columns == ("评论", "评论_2", "column_3", "评分")
    assert next(opened.rows()).cells["评论_2"] == "很好"  # type: ignore[union-attr]
    assert "评论_2" in opened.notes[0]


def test_the_header_again_is_a_damaged_record() -> None:
    found = rows(HEADER + "\n".join(CLEAN[:2]) + "\n" + HEADER + "\n".join(CLEAN[2:]))
    assert len(found) == 5
    assert [row.damage for row in found] == [None, None, "the header row again", None, None]


def test_the_header_of_an_appended_file_with_its_mark() -> None:
    data = (HEADER + CLEAN[0] + "\n").encode("utf-8-sig")
    found = rows(data + data)
    assert [row.damage for row in found] == [None, "the header row again", None]


def test_no_header() -> None:
    opened = source("A1,5,物流很快\nA2,1,太差了\nA3,3,一般\n".encode())
    assert opened.columns == ("column_1", "column_2", "column_3")
    assert len(list(opened.rows())) == 3
    assert "no header" in opened.notes[0]
    assert "columns are called column_1 to column_3" in opened.notes[0]
    alone = source("物流很快，包装也好\n太差了，没人理\n一般般，凑合吧\n".encode())
    assert alone.notes[0].endswith("the column is called column_1.")


def test_titles_above_the_header() -> None:
    opened = source(("店铺评价导出\n导出时间：2024-05-01\n\n" + HEADER + "\n".join(CLEAN)).encode())
    assert opened.columns == ("订单号", "评分", "评价内容")
    assert len(list(opened.rows())) == 4
    assert "2 title rows" in opened.notes[0]


def test_a_stray_nul_stays_in_its_cell() -> None:
    found = rows(HEADER + "A1,5,好\0用\n" + "\n".join(CLEAN))
    assert texts(found)[0] == "好\0用"
    assert len(found) == 5


def test_lines_in_another_encoding_are_mended_and_marked() -> None:
    data = HEADER.encode()
    for i in range(50):
        line = f"A{i},5,这个东西真的不错，值得买\n"
        data += line.encode("gb18030" if i in (7, 31) else "utf-8")
    found = rows(data)
    assert set(texts(found)) == {"这个东西真的不错，值得买"}
    assert [row.row for row in found if row.damage] == [8, 32]
    assert "gb18030" in str(found[7].damage)


def test_utf8_lines_in_a_gbk_file_are_mended_and_marked() -> None:
    data = HEADER.encode("gb18030")
    for i in range(50):
        line = f"A{i},5,物流很快，但是质量不行\n"
        data += line.encode("utf-8" if i == 9 else "gb18030")
    found = rows(data)
    assert set(texts(found)) == {"物流很快，但是质量不行"}
    assert [row.row for row in found if row.damage] == [10]


def test_undecodable_bytes_are_marked_and_the_rest_is_read() -> None:
    data = (HEADER + "\n".join(CLEAN) + "\nA9,5,").encode() + b"\xff\xfe\xff\x80 ok\n"
    found = rows(data)
    assert "undecodable" in str(found[-1].damage)
    assert str(texts(found)[-1]).endswith(" ok")


def test_a_cell_beyond_the_csv_limit_comes_whole_and_the_limit_stays() -> None:
    limit = csv.field_size_limit()
    big = "很" * 2_000_000
    lines = "一行\n" * 300_000
    found = rows(HEADER + f'A1,5,{big}\nA2,4,"{big}"\nA3,3,"{lines}"\nA4,1,完\n')
    assert texts(found) == [big, big, lines, "完"]
    assert all(row.damage is None for row in found)
    assert csv.field_size_limit() == limit


def test_start_skips_rows_and_keeps_their_numbers() -> None:
    opened = source((HEADER + "\n".join(CLEAN)).encode())
    assert list(opened.rows(2)) == list(opened.rows())[2:]
    assert list(opened.rows(9)) == []


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "utf-32"])
def test_marked_and_wide_encodings(encoding: str) -> None:
    text = "id\t评论\n" + "".join(f"{i}\t第{i}条：好用\n" for i in range(100))
    found = rows(text.encode(encoding))
    assert texts(found, "评论")[99] == "第99条：好用"
    assert list(found[0].cells) == ["id", "评论"]


def test_shape_knows_a_record() -> None:
    shape = Shape.learn([[f"JD{i}", str(i % 5), "so " * (i % 7)] for i in range(30)], 3)
    assert shape.fits(["JD77", "3", "whatever"])
    assert not shape.fits(["and then", "it broke", "after a week"])
    assert not shape.fits(["JD77", "3"])


hostile = st.text(
    st.characters(codec="utf-8", exclude_characters="\0")
    | st.sampled_from(list(",;\t|\"'\r\n \ufeff=_x")),
    max_size=30,
)


@settings(deadline=None)
@given(st.lists(st.lists(hostile, min_size=3, max_size=3), min_size=1, max_size=12))
def test_what_csv_writes_is_what_is_read(cells: list[list[str]]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows([["id", "评分", "评论"], *cells])
    found = rows(text.getvalue().encode(), delimiter=",")
    assert [list(row.cells.values()) for row in found] == cells


@settings(deadline=None)
@given(st.lists(hostile.filter(lambda line: line.strip("\r\n")), min_size=1, max_size=20))
def test_any_lines_at_all_are_read_without_losing_a_letter(lines: list[str]) -> None:
    data = "id,评分,评论\n" + "".join(line.replace("\n", " ") + "\n" for line in lines)
    found = rows(data.encode(), delimiter=",")
    letters = "".join(c for row in found for cell in row.cells.values() for c in cell or "")
    written = "".join(lines)
    for letter in set(written) - set('\r\n ,;|\t"\ufeff'):
        assert letters.count(letter) >= written.count(letter)


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_at_all_are_answered(data: bytes) -> None:
    opened = source(b"id,a,review\n" + data)
    for row in opened.rows():
        assert set(row.cells) == set(opened.columns)  # type: ignore[union-attr]


def test_gzip(tmp_path: Path) -> None:
    from sentiment.tables import open_table

    path = tmp_path / "reviews.csv.gz"
    path.write_bytes(gzip.compress((HEADER + "\n".join(CLEAN)).encode()))
    table = open_table(path)
    assert table.format == "csv"
    assert len(list(table.rows())) == 4


CHANNELS = ("web", "app", "store", "phone")


def opened_file(folder: Path, text: str, name: str = "a.csv") -> Table:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return open_table(path)


def spilled(count: int, every: int, text: str = "soft, warm{} and light {}") -> str:
    """Return a table with a text in the middle, of which all but every `every`-th hold commas."""
    lines = ["id,comment,stars,channel"]
    for i in range(count):
        words = f"came on day {i}" if i % every == 0 else text.format("," * (i % 2), i)
        lines.append(f"{i},{words},{i % 5 + 1},{CHANNELS[i % 4]}")
    return "\n".join(lines)


@pytest.mark.parametrize("every", [2, 3, 5, 1000])
@pytest.mark.parametrize("count", [12, 60])
def test_texts_of_which_most_hold_commas_are_whole(tmp_path: Path, every: int, count: int) -> None:
    table = opened_file(tmp_path, spilled(count, every))
    assert table.columns == ("id", "comment", "stars", "channel")
    assert table.roles.text == ("comment",)
    assert table.roles.outcome is not None
    for i, row in enumerate(table.rows()):
        assert isinstance(row, SourceRow)
        assert row.cells["stars"] == str(i % 5 + 1)
        assert row.cells["channel"] == CHANNELS[i % 4]
        assert (row.damage is None) == (i % every == 0)


def test_a_last_text_of_which_most_hold_commas_is_whole(tmp_path: Path) -> None:
    lines = [f"{i},{i % 5 + 1},很好{',便宜' * (i % 3)}，第{i}次买" for i in range(30)]
    table = opened_file(tmp_path, "编号,评分,评论\n" + "\n".join(lines))
    assert table.columns == ("编号", "评分", "评论")
    assert [",".join(str(c) for c in row.cells.values()) for row in table.rows()] == lines  # type: ignore[union-attr]


def test_a_column_without_a_name_is_no_spilled_text_and_is_told(tmp_path: Path) -> None:
    lines = [f"{i},fine number {i},{i % 5 + 1},{CHANNELS[i % 4]}" for i in range(40)]
    table = opened_file(tmp_path, "id,review,stars\n" + "\n".join(lines))
    assert table.columns == ("id", "review", "stars", "column_4")
    assert any("Most rows have 4 fields, the header 3" in note for note in table.notes)
    quoted = [f'{i},"fine, number {i}",{i % 5 + 1},{CHANNELS[i % 4]}' for i in range(40)]
    table = opened_file(tmp_path, "id,review,stars\n" + "\n".join(quoted))
    assert next(iter(table.rows())).cells["review"] == "fine, number 0"  # type: ignore[union-attr]
    assert table.columns[-1] == "column_4"


def test_delimiters_at_the_end_of_every_row_are_no_warning(tmp_path: Path) -> None:
    table = opened_file(tmp_path, "id,review\n1,good value,\n2,bad smell,\n3,nice bag,\n")
    assert not any("Most rows" in note for note in table.notes)


def test_cells_behind_a_whole_record_do_not_go_into_its_text(tmp_path: Path) -> None:
    lines = [f'A{i},"warm, soft {i}",{i % 5 + 1},{CHANNELS[i % 4]}' for i in range(40)]
    lines[7] += ",extra,cell"
    table = opened_file(tmp_path, "id,review,stars,channel\n" + "\n".join(lines))
    row = list(table.rows())[7]
    assert isinstance(row, SourceRow)
    assert row.cells["review"] == "warm, soft 7"
    assert row.cells["stars"] == "3"
    assert row.cells["channel"] == "phone,extra,cell"
    assert row.damage == "6 fields instead of 4"


PROSE = [
    "Nice bag, good price",
    "It came late.",
    "Soft, warm, light, and cheap",
    "Would buy again, if only the zip held",
    "快递很慢",
    "Works",
]
LONG_PROSE = [
    f"I have had this {name} for {i} weeks{rest}"
    for i in range(2, 6)
    for name in ("tea", "soap", "rope", "milk", "wool", "salt")
    for rest in ("", f", and the {name} is {i} times as good", f", like {name}, it is cheap, {i}x")
] + PROSE
MANY_PAUSES = [
    "刚到,还没用,先给好评",
    "产品不错,送货快,安装晚了一天,等了一下午",
    "比店里便宜,买了三次",
    "第二个坏了,找客服,说要等,等了一周,没人理,退了",
]
CHINESE = ["很好,便宜", "一般", "快,便宜,好用", "坏了,退了,不会再来了,真的", "颜色不对"]


@pytest.mark.parametrize("lines", [PROSE, CHINESE, PROSE[:1] + PROSE[2:4], LONG_PROSE, MANY_PAUSES])
def test_a_line_is_one_text_where_its_commas_make_no_table(
    tmp_path: Path, lines: list[str]
) -> None:
    table = opened_file(tmp_path, "\n".join(lines), "a.txt")
    assert table.columns == table.roles.text == ("column_1",)
    found = list(table.rows())
    assert texts(found, "column_1") == lines  # type: ignore[arg-type]
    assert not any(row.damage for row in found)  # type: ignore[union-attr]
    assert any("--delimiter comma" in note for note in table.notes)
    split = source("\n".join(lines).encode(), delimiter=",")
    assert len(split.columns) > 1


def test_no_answer_is_taken_for_a_title_or_a_heading(tmp_path: Path) -> None:
    lines = ["客服问我为什么退货,我说不合适,没有什么别的原因。", *CHINESE, *LONG_PROSE]
    found = list(opened_file(tmp_path, "\n".join(lines), "a.txt").rows())
    assert texts(found, "column_1") == lines  # type: ignore[arg-type]


def test_commas_under_a_lone_heading_damage_nothing(tmp_path: Path) -> None:
    table = opened_file(tmp_path, "\n".join(["comment", *PROSE]))
    assert table.columns == ("comment",)
    assert [(row.cells["comment"], row.damage) for row in table.rows()] == [  # type: ignore[union-attr]
        (line, None) for line in PROSE
    ]
    assert not table.notes


@pytest.mark.parametrize(
    "lines",
    [
        [f"{i},works well, day {i}" if i % 2 else f"{i},fine on day {i}" for i in range(9)],
        [f'Anna {i},"works well, day {i}"' if i % 2 else "Bob,fine" for i in range(9)],
        [f"张三,好评,第{i}次买" for i in range(9)],
        ["编号,评价", "A,快,便宜", "B,慢", "C,一般,还行,凑合"],
        ["Our survey", "Who are you?,What do you like?", "Ann,the bag", "Bo,the shop", "Cy,tea"],
        ["Name, Review", "Ann, good value", "Bob, came late", "Cy, nice bag"],
    ],
)
def test_what_may_be_a_table_is_split(lines: list[str]) -> None:
    assert len(source("\n".join(lines).encode()).columns) > 1


def test_one_quoted_answer_and_stray_commas_make_no_table(tmp_path: Path) -> None:
    lines = [*LONG_PROSE, 'They call it "fine, really", and it is', "好,,,,真的好,,", "so so,"]
    found = list(opened_file(tmp_path, "\n".join([*lines, '"Warm, soft"']), "a.txt").rows())
    assert texts(found, "column_1") == [*lines, "Warm, soft"]  # type: ignore[arg-type]
