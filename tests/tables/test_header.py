"""Where the table begins and what its columns are called."""

import pytest

from sentiment.tables.header import find_header

BODY = [["A1", "5", "物流很快"], ["A2", "1", "太差"], ["A3", "3", "一般"], ["A4", "4", "不错"]]


def test_a_plain_header() -> None:
    header = find_header([["订单号", "评分", "评价内容"], *BODY])
    assert (header.skip, header.names, header.notes) == (1, ("订单号", "评分", "评价内容"), ())


def test_titles_and_blank_cells() -> None:
    header = find_header(
        [["某店评价"], ["", "导出：2024-05-01", ""], ["订单号", "", "评价"], *BODY]
    )
    assert header.skip == 3
    assert header.names == ("订单号", "column_2", "评价")


def test_no_header_in_words_only() -> None:
    body = [["张三", "好评", "物流很快"], ["李四", "差评", "太慢"], ["王五", "好评", "不错"]]
    assert find_header(body).skip == 0
    assert find_header(body).names == ("column_1", "column_2", "column_3")


def test_a_header_of_unknown_words() -> None:
    header = find_header([["foo", "bar", "baz"], *BODY])
    assert header.names == ("foo", "bar", "baz")


def test_a_header_with_years() -> None:
    header = find_header([["id", "评论", "2023"], *BODY])
    assert header.names == ("id", "评论", "2023")


def test_a_lone_column() -> None:
    assert find_header([["评价内容"], ["很好"], ["不好"]]).skip == 1
    assert find_header([["comment"], ["great stuff"], ["bad"]]).skip == 1
    assert find_header([["您对我们有什么建议？"], ["很好"], ["不好"]]).skip == 1
    # A first answer is not taken for a heading: that would lose it.
    assert find_header([["物流很快，很满意"], ["很好"], ["不好"]]).skip == 0
    assert find_header([["Great product, works well"], ["meh"]]).skip == 0


def test_qualtrics_has_three_heading_rows() -> None:
    header = find_header(
        [
            ["StartDate", "ResponseId", "Q1", "Q2"],
            ["Start Date", "Response ID", "How likely are you to recommend us?", "Why?"],
            ['{"ImportId":"startDate"}', '{"ImportId":"_recordId"}', '{"ImportId":"QID1"}',
             '{"ImportId":"QID2_TEXT"}'],
            ["2024-05-01 10:00:00", "R_1a", "9", "Quick and friendly"],
        ]
    )  # fmt: skip
    assert header.skip == 3
    assert header.names == ("StartDate", "ResponseId", "Q1", "Q2")
    assert header.labels["Q1"] == "How likely are you to recommend us?"
    assert "3 rows" in header.notes[0]


def test_qualtrics_of_old_has_two() -> None:
    header = find_header(
        [
            ["ResponseID", "StartDate", "Q1"],
            ["Response ID", "Start Date", "What could we do better?"],
            ["R_1", "2024-05-01 10:00", "Answer the phone"],
        ]
    )
    assert header.skip == 2
    assert header.labels == {
        "ResponseID": "Response ID",
        "StartDate": "Start Date",
        "Q1": "What could we do better?",
    }


def test_surveymonkey_has_a_row_of_options() -> None:
    header = find_header(
        [
            ["Respondent ID", "Which do you use?", "", "What do you like?"],
            ["", "App", "Web", "Open-Ended Response"],
            ["1184", "App", "", "It opens at once"],
            ["1185", "", "Web", "The search"],
        ]
    )
    assert header.skip == 2
    assert header.names == (
        "Respondent ID",
        "Which do you use? - App",
        "Which do you use? - Web",
        "What do you like?",
    )


def test_grouped_headings() -> None:
    groups = ["订单信息", "订单信息", "评价信息"]
    assert find_header([groups, ["订单号", "评分", "评价内容"], *BODY]).names == (
        "订单号",
        "评分",
        "评价内容",
    )


ANSWERS = [
    [str(n), f"2025-01-0{n}", str(n), "4", f"words {n}", f"more words {n}"] for n in range(1, 8)
]


@pytest.mark.parametrize(
    ("groups", "names", "expected"),
    [
        # merged over two columns; blank behind it; and beside them one cell goes on
        (["Case", "Date", "Ratings", "Ratings", "Comments", "Comments"],
         ["", "", "NPS (0-10)", "CSAT (1-5)", "Likes", "Dislikes"],
         ["Case", "Date", "Ratings - NPS (0-10)", "Ratings - CSAT (1-5)", "Comments - Likes",
          "Comments - Dislikes"]),
        (["Case", "Date", "Ratings", "", "Comments", ""],
         ["", "", "NPS", "CSAT", "Likes", "Dislikes"],
         ["Case", "Date", "Ratings - NPS", "Ratings - CSAT", "Comments - Likes", "Comments - Dislikes"]),
        (["ID", "Date", "Delivery", "Delivery", "Product", "Product"],
         ["ID", "Date", "Rating", "Comment", "Rating", "Comment"],
         ["ID", "Date", "Delivery - Rating", "Delivery - Comment", "Product - Rating",
          "Product - Comment"]),
    ],
)  # fmt: skip
def test_names_below_merged_headings(
    groups: list[str], names: list[str], expected: list[str]
) -> None:
    header = find_header([groups, names, *ANSWERS])
    assert header.names == tuple(expected)
    assert header.skip == 2


def test_a_first_answer_below_repeated_headings_is_no_name() -> None:
    heads = ["id", "comment", "comment", "rating"]
    rows = [["1", "good", "bad", "5"], ["2", "slow", "", "1"], ["3", "", "cold", "2"]]
    assert find_header([heads, *rows]).skip == 1


@pytest.mark.parametrize(
    "rows",
    [
        [["Rating", "Rating", "Comment"], ["N/A", "Refused", "Your courier lost my parcel twice!"],
         ["4", "5", ""], ["2", "1", "Refund took three weeks"], ["3", "3", ""], ["5", "5", ""]],
        [["评分", "", "意见"], ["不适用", "电话", "服务很好，就是等太久了"],
         ["4", "5", ""], ["2", "1", "很慢"], ["3", "3", ""], ["5", "5", ""]],
        [["评论", "评分", ""], ["商品很好", "无", "门店"], ["发货太慢了", "5", "APP"],
         ["质量不错", "4", "门店"], ["还可以", "3", "APP"], ["很差", "1", "APP"]],
        [["comment", "rating", ""], ["Great product", "N/A", "web"], ["Too slow", "5", "app"],
         ["Nice", "4", "web"], ["Okay", "3", "app"], ["Bad", "1", "app"]],
        [["Comment", "Product", "Product"], ["", "Shop", "App"], ["bad", "Shop", ""],
         ["good", "", "App"], ["fine", "Shop", "App"], ["late", "", "App"]],
        [["#", "Price", "Quality", "Delivery", "Comment", "Rating"],
         ["k1", "Price", "Quality", "", "Price went up again, I am leaving.", "1"],
         ["k2", "", "Quality", "Delivery", "Great quality all around", "4"],
         ["k3", "Price", "", "", "Support answered at once", "3"]],
    ],
)  # fmt: skip
def test_the_first_customer_is_no_second_heading_row(rows: list[list[str]]) -> None:
    assert find_header(rows).skip == 1


@pytest.mark.parametrize(
    ("rows", "names"),
    [
        ([["ID", "How satisfied are you with:", "", "", "Comments"],
          ["", "Price", "Quality", "Service", ""],
          *([f"C{n}", ("Satisfied", "Neutral")[n % 2], "Very satisfied", "Neutral", f"words {n}"]
            for n in range(9))],
         ("ID", "How satisfied are you with: - Price", "How satisfied are you with: - Quality",
          "How satisfied are you with: - Service", "Comments")),
        ([["Respondent ID", "Which channels do you use?", "", "", "Comments"],
          ["", "Email", "Phone", "Website", "Open-Ended Response"],
          *([f"11800{n}", "Email", ("Phone", "")[n % 2], "", f"The courier was {n}"] for n in range(9))],
         ("Respondent ID", "Which channels do you use? - Email", "Which channels do you use? - Phone",
          "Which channels do you use? - Website", "Comments")),
    ],
)  # fmt: skip
def test_names_below_groups_of_every_kind(rows: list[list[str]], names: tuple[str, ...]) -> None:
    header = find_header(rows)
    assert header.names == names
    assert header.skip == 2


def test_a_group_of_scores_makes_scores_of_its_columns() -> None:
    body = [["1", "4", "5", f"很好{n}"] for n in range(5)]
    header = find_header(
        [["编号", "评分", "评分", "评价内容"], ["编号", "服务", "质量", "评价内容"], *body]
    )
    assert header.names == ("编号", "服务", "质量", "评价内容")
    assert header.labels == {"服务": "评分", "质量": "评分"}
    heads = [["客户", "", "评分", "", "意见"], ["编号", "渠道", "产品", "服务", "内容"]]
    header = find_header([*heads, *([f"C{n}", "门店", "4", "5", f"很好{n}"] for n in range(9))])
    assert header.labels == {"产品": "评分", "服务": "评分"}
    heads = [["基本", "满意度", "满意度", "其他"], ["编号", "分数", "原因", "渠道"]]
    header = find_header([*heads, *([str(n), "4", f"好{n}", "APP"] for n in range(5))])
    assert header.labels == {"分数": "满意度"}  # and the text keeps its own name


def test_notes_speak_chinese() -> None:
    header = find_header([["店铺评价"], ["评论", "评论", "评分"], *BODY], language="zh")
    assert "1 行标题" in header.notes[0]
    assert "评论 → 评论_2" in header.notes[1]
    assert "没有表头" in find_header(BODY, language="zh").notes[0]
    wide = [["订单号", "评论", "评论", "评分", "评分"], *([*line, "5", "4"] for line in BODY)]
    assert "评论 → 评论_2、评分 → 评分_2" in find_header(wide, language="zh").notes[0]


def test_nothing_at_all() -> None:
    assert find_header([]).names == ()


def test_repeated_headings_are_a_heading_row() -> None:
    rows = [
        ["评论", "评论", "", "评分", "评分"],
        *[[f"很好{i}", "行", "x", "5", "4"] for i in range(9)],
    ]
    header = find_header(rows)
    assert header.skip == 1
    assert header.names == ("评论", "评论_2", "column_3", "评分", "评分_2")


REVIEWS = [
    [str(i), f"works well, day {i}", str(i % 5 + 1), f"2024-01-{i + 1:02d}"] for i in range(20)
]
NAMES = ["id", "review", "stars", "date"]
PREAMBLES = [
    [["Report", "Reviews"], ["Generated", "2024-07-01"]],
    [["Report", "Reviews", "", ""], ["Generated", "2024-07-01", "", ""], ["", "", "", ""]],
    [["Report: Reviews", "", "", ""], ["From", "2024-01-01"], ["To", "2024-06-30"]],
    [["店铺", "旗舰店"], ["导出时间", "2024-07-01 10:00"]],
    [["From", "2024-01-01", "", "To", "2024-06-30"]],
    [["Brand", "Northwind"]],
]


@pytest.mark.parametrize("preamble", PREAMBLES)
@pytest.mark.parametrize("count", [2, 3, 20])
def test_keys_and_values_above_the_header_are_titles(preamble: list[list[str]], count: int) -> None:
    header = find_header([*preamble, NAMES, *REVIEWS[:count]])
    assert header.names == tuple(NAMES)
    assert header.skip == len(preamble) + 1
    assert "not counted as data" in header.notes[0]


@pytest.mark.parametrize(
    "preamble",
    [
        [["Report", "Reviews"], ["Generated", "2024-07-01"]],
        [["报表", "评论明细"], ["导出时间", "2024-07-01"], ["条数：", "20"]],
    ],
)
def test_keys_and_values_above_a_table_of_two_columns(preamble: list[list[str]]) -> None:
    body = [[f"A{i}", f"works well, day {i}"] for i in range(20)]
    header = find_header([*preamble, ["id", "review"], *body])
    assert (header.names, header.skip) == (("id", "review"), len(preamble) + 1)


@pytest.mark.parametrize(
    "rows",
    [
        [["来源", "评论"], ["门店", "没有意见"], ["门店", "很好"]],
        [["Source", "Comment"], ["App store", "good feedback"], ["Shop", "no comment"]],
        [["Date", "Comment"], ["2024-01-02", "no feedback"], ["2024-01-03", "no comment"]],
        [["Title", "Review", ""], ["No reason", "bad feedback", ""], ["Yes", "no comment", "x"]],
        [["Name", "Stars", "Comment"], ["Store", "", "no comment"], ["App", "No", "no reason"]],
    ],
)
def test_answers_that_read_like_headings_are_data(rows: list[list[str]]) -> None:
    header = find_header([*rows, *rows[1:], *rows[1:]])
    assert header.skip == 1
