"""Roles by heading and content."""

from typing import Any

import pytest

from sentiment.errors import ColumnError
from sentiment.tables import Outcome, Roles, SourceRow, headings
from sentiment.tables.roles import Speakers, find_roles, find_speakers, unread_texts

PROSE = [
    f"{start} {middle}, {end}"
    for start in ("The parcel came late", "Great sound", "It broke")
    for middle in ("after two weeks", "as always", "before the weekend")
    for end in ("not happy", "would buy again", "fair enough")
]


def roles(columns: dict[str, Any], **options: Any) -> Roles:
    count = max(len(cells) for cells in columns.values() if isinstance(cells, list))
    rows = [
        SourceRow(
            i + 1,
            {
                name: str(cells[i % len(cells)]) if isinstance(cells, list) else cells
                for name, cells in columns.items()
            },
        )
        for i in range(count)
    ]
    return find_roles(tuple(columns), rows, **options)


def test_headings_propose_and_cells_decide() -> None:
    found = roles(
        {"id": list(range(27)), "content": PROSE, "score": [1, 5, 4], "at": ["2024-01-02 10:00:00"],
         "app": ["one", "two"]}
    )  # fmt: skip
    assert found.text == ("content",)
    assert (found.id, found.date, found.segments) == ("id", "at", ("app",))
    assert found.outcome == Outcome("score", "stars", 1, 5)


def test_an_id_is_nearly_unique() -> None:
    assert roles({"user_id": [1, 2, 3], "text": PROSE}).id is None
    assert roles({"order_id": list(range(27)), "text": PROSE}).id == "order_id"


def test_text_is_found_without_a_heading_that_says_so() -> None:
    found = roles({"foo": PROSE, "bar": ["x", "y"]})
    assert found.text == ("foo",)
    assert found.segments == ("bar",)


@pytest.mark.parametrize("title", ["title", "Review Title", "标题", "summary", "headline"])
def test_a_title_is_no_rival_of_a_body(title: str) -> None:
    assert roles({title: PROSE[::-1], "body": PROSE}).text == ("body",)
    assert roles({title: PROSE[::-1], "foo": PROSE}).text == ("foo",)
    assert roles({title: PROSE}).text == (title,)


@pytest.mark.parametrize(
    "other",
    ["商家回复", "Developer Reply Text", "response from owner", "追评内容", "review_translated"],
)
def test_what_is_no_rival_either(other: str) -> None:
    assert roles({other: PROSE[::-1], "review": PROSE}).text == ("review",)


def test_two_equal_texts_are_an_error_that_lists_them() -> None:
    with pytest.raises(ColumnError, match=r"2 columns of f.csv .* “pros”, “cons”.*repeat --text"):
        roles({"pros": PROSE, "cons": PROSE[::-1], "id": [1]}, where="f.csv")


def test_a_remark_here_and_there_is_no_rival_of_a_review() -> None:
    remark = ["", "", "", "", "", "", "", "", "called back later"]
    assert roles({"review": PROSE, "comment": remark}).text == ("review",)


def test_no_text_lists_the_columns() -> None:
    with pytest.raises(ColumnError, match=r"no column of f.csv .*“a”, “b”.*--text"):
        roles({"a": [1, 2], "b": ["x", "y"]}, where="f.csv")


def test_a_wrong_path_names_the_nearest() -> None:
    with pytest.raises(
        ColumnError, match="no column 'reviw_text' for --text; nearest: “review_text”"
    ):
        roles({"review_text": PROSE, "id": [1]}, text=("reviw_text",))
    with pytest.raises(ColumnError, match="no column '价格' for --by; its columns: “评论”, “店”"):
        roles({"评论": PROSE, "店": ["a"]}, by=("价格",))


def test_given_columns_are_taken_as_they_are() -> None:
    found = roles(
        {"a": PROSE, "b": PROSE[::-1], "n": list(range(27)), "when": ["yesterday"], "seg": PROSE},
        text=("b", "a"), id="n", date="when", outcome="n", by=("seg",),
    )  # fmt: skip
    assert found.text == ("b", "a")
    assert (found.id, found.date, found.segments) == ("n", "when", ("seg",))
    assert found.outcome == Outcome("n", "rating", 0, 100)


def test_an_outcome_without_numbers_is_an_error() -> None:
    with pytest.raises(ColumnError, match="“app” of the file holds no numbers"):
        roles({"text": PROSE, "app": ["one", "two"]}, outcome="app")


def test_the_overall_rating_is_chosen_before_its_parts() -> None:
    found = roles(
        {"text": PROSE, "Seat Comfort": [1, 2, 3, 4, 5], "Overall (1-10)": [1, 9, 10],
         "food rating": [1, 2, 5], "quantity": [1, 2, 3]}
    )  # fmt: skip
    assert found.outcome == Outcome("Overall (1-10)", "rating", 1, 10)
    assert [other.column for other in found.other_outcomes] == ["Seat Comfort", "food rating"]


def test_the_printed_order_of_kinds() -> None:
    columns: dict[str, Any] = {
        "text": PROSE, "score of 10": [1, 9, 10], "pmf": [1, 2, 3], "ces": [1, 7], "csat": [1, 5],
        "nps": [0, 10], "stars": [1, 5],
    }  # fmt: skip
    order = []
    while (found := roles(columns)).outcome is not None:
        order.append(found.outcome.kind)
        del columns[found.outcome.column]
    assert order == ["stars", "nps", "csat", "ces", "pmf", "rating"]


def test_numbers_that_are_no_scale_are_nothing() -> None:
    found = roles(
        {"text": PROSE, "age": [20, 30], "likes": [1, 2, 3], "recommended": [0, 1],
         "column_1": list(range(27)), "Unnamed: 0": [1, 2, 3], "n": [0, 1, 5]}
    )  # fmt: skip
    assert (found.outcome, found.other_outcomes) == (None, ())


def test_unnamed_scales_alone_are_no_outcome() -> None:
    assert roles({"text": PROSE, "Seat Comfort": [1, 2, 3, 4, 5]}).outcome is None


@pytest.mark.parametrize(
    "cells",
    [["01/31/24", "02/13/24"], ["31.01.24"], ["31-Jan-24", "N/A"], ["1/31/2024 3:05 PM"],
     ["45292", "45310"], ["45292.5"], ["2024-05-01", "NULL", "-"]],
)  # fmt: skip
def test_a_date_column_in_other_spellings(cells: list[str]) -> None:
    assert roles({"text": PROSE, "date": cells}).date == "date"


@pytest.mark.parametrize("none", ["N/A", "NULL", "-", "未填写"])
def test_who_did_not_answer_does_not_hide_the_scale(none: str) -> None:
    columns = {"text": PROSE, "rating": [none, "4", none, "1", "5"]}
    assert roles(columns).outcome == Outcome("rating", "stars", 1, 5)
    assert roles(columns, outcome="rating").outcome == Outcome("rating", "stars", 1, 5)


def test_a_number_counts_to_a_day_only_where_the_heading_says_so() -> None:
    found = roles({"text": PROSE, "order value": ["45292", "45310"], "dated": ["11/31"]})
    assert found.date is None


def test_the_date_of_the_feedback_is_preferred() -> None:
    day = ["2024-01-02"]
    found = roles({"下单时间": day, "评价时间": day, "text": PROSE})
    assert found.date == "评价时间"
    found = roles({"updated_at": day, "created_at": day, "text": PROSE})
    assert found.date == "created_at"


def test_damaged_rows_do_not_mislead() -> None:
    good = [SourceRow(i, {"评论": text, "评分": "5"}) for i, text in enumerate(PROSE, 1)]
    bad = [SourceRow(99, {"评论": "5", "评分": "一段话跑到了这里"}, "broken quotes")] * 20
    assert find_roles(("评论", "评分"), good + bad).outcome == Outcome("评分", "stars", 1, 5)


def test_the_text_does_not_divide_customers() -> None:
    columns = ("review", "channel")
    rows = [SourceRow(n, {"review": text, "channel": "app"}, None) for n, text in enumerate(PROSE)]
    assert find_roles(columns, rows, by=["channel"]).segments == ("channel",)
    for given in ((), ("review",)):
        with pytest.raises(ColumnError, match="column “review” of the file holds the text; --by"):
            find_roles(columns, rows, text=given, by=["channel", "review"])


def test_plain_data_and_back() -> None:
    found = Roles(("a", "b"), "i", None, Outcome("o", "nps", 0, 10), (), ("s",))
    assert Roles.from_dict(found.to_dict()) == found
    assert Roles.from_dict(Roles(("a",)).to_dict()) == Roles(("a",))


def test_few_answers_over_and_over_are_text_if_nothing_is_better() -> None:
    assert roles({"评论": ["好评", "差评"] * 30, "n": list(range(60))}).text == ("评论",)
    assert roles({"评价": ["好评", "差评"] * 30, "foo": PROSE}).text == ("foo",)


def test_empty_columns_are_nothing() -> None:
    found = roles(
        {"id": list(range(27)), "remarks": [""], "review": PROSE, "date": [""], "x": [""]}
    )
    assert found == Roles(("review",), "id")


def test_a_repeated_heading_is_as_good_as_the_first() -> None:
    texts = [f"it is number {i} and works well" for i in range(30)]
    others = [f"came after {i} days in the rain" for i in range(30)]
    with pytest.raises(ColumnError, match="could equally be the text: “comment”, “comment_2”"):
        roles({"id": list(range(30)), "comment": texts, "comment_2": others})
    seldom = [*others[:2], *[""] * 28]
    assert roles({"comment": texts, "comment_2": seldom}).text == ("comment",)


def test_the_text_is_no_outcome() -> None:
    columns = {"review": ["good and cheap, thank you"] * 30, "stars": [1, 2, 3, 4, 5] * 6}
    for given in ({}, {"text": ("review",)}):
        with pytest.raises(ColumnError, match="“review” of the file holds the text; --outcome"):
            roles(columns, outcome="review", **given)


SCORES = [9, 10, 3, 8, 6, 10, 0, 7, 9]
GROUPS = ["Promoter", "Promoter", "Detractor", "Passive", "Detractor", "Promoter", "Detractor",
          "Passive", "Promoter"]  # fmt: skip


@pytest.mark.parametrize(
    ("heading", "cells"),
    [
        ("Q1_NPS_GROUP", GROUPS),
        ("NPS category", GROUPS),
        ("kind", GROUPS),
        ("Label", ["high" if score > 6 else "low" for score in SCORES]),
    ],
)
def test_what_says_the_score_again_is_no_segment(heading: str, cells: list[str]) -> None:
    found = roles(
        {"text": PROSE, "NPS": SCORES, heading: cells, "store": ["A", "B"]}
    )  # fmt: skip
    assert found.segments == ("store",)


def test_the_group_of_a_recommendation_names_its_question() -> None:
    found = roles({"text": PROSE, "Q1": SCORES, "Q1_NPS_GROUP": GROUPS, "Q2": SCORES})
    assert found.outcome is not None
    assert (found.outcome.column, found.outcome.kind) == ("Q1", "nps")


@pytest.mark.parametrize(
    "heading", ["Customer ID", "user_id", "会员编号", "客户编号", "account no"]
)
def test_the_number_of_a_customer_who_comes_again_is_no_segment(heading: str) -> None:
    ids = [f"C{place % 3}" for place in range(27)]
    assert roles({"text": PROSE, heading: ids, "store": ["A", "B"]}).segments == ("store",)


@pytest.mark.parametrize(
    ("heading", "told"),
    [
        ("Areas we need to improve", True),
        ("Problems experienced during your visit", True),
        ("追评", True),
        ("title", False),
        ("review_translated", False),
        ("商家回复", False),
    ],
)
def test_texts_that_are_not_read_are_told(heading: str, told: bool) -> None:
    columns = {"review": PROSE, heading: PROSE[::-1], "score": [1, 5]}
    found = roles(columns)
    assert found.text == ("review",)
    rows = [
        SourceRow(i, {"review": a, heading: b})
        for i, (a, b) in enumerate(zip(PROSE, PROSE[::-1], strict=True))
    ]
    unread = unread_texts(tuple(columns), rows, {}, found)
    assert unread == ((heading,) if told else ())


@pytest.mark.parametrize("none", ["", "(空)", "（跳过）", "N/A"])
@pytest.mark.parametrize(
    ("asked_all", "asked_few"),
    [
        ("5、哪里最需要改进？", "6、您最喜欢我们的什么？"),
        ("需要改进的地方", "最满意的地方"),
        ("您觉得我们哪些方面做得不够好", "您对我们最满意的是什么"),
        ("What needs improvement?", "What do you like most?"),
        ("Where could we improve?", "What did we do well?"),
        ("What could we do better?", "Why did you choose us?"),
    ],
)
def test_of_two_questions_the_one_that_more_answered_is_read(
    asked_all: str, asked_few: str, none: str
) -> None:
    few = [text if place % 3 == 0 else none for place, text in enumerate(PROSE)]
    for columns in ({asked_all: PROSE, asked_few: few}, {asked_few: few, asked_all: PROSE}):
        found = roles(columns)
        assert found.text == (asked_all,)
        assert found.segments == ()
        rows = [
            SourceRow(i, dict(zip(columns, cells, strict=True)))
            for i, cells in enumerate(zip(*columns.values(), strict=True))
        ]
        assert unread_texts(tuple(columns), rows, {}, found) == (asked_few,)


@pytest.mark.parametrize("other", [PROSE[::-1], [f"{text} and more" for text in PROSE]])
def test_two_questions_that_as_many_answered_are_an_error(other: list[str]) -> None:
    few = [text if place % 4 else "(空)" for place, text in enumerate(other)]
    for cells in (other, few):
        with pytest.raises(ColumnError, match="could equally be the text"):
            roles({"哪里最需要改进？": PROSE, "您最喜欢我们的什么？": cells})


@pytest.mark.parametrize(
    ("heading", "asked"),
    [
        ("哪些方面有待提升", True), ("不足之处", True), ("您最不满意的是哪一点", True),
        ("Which areas could be improved?", True),
        ("哪里都好", False), ("没有不满意的地方", False), ("我很喜欢这款手机", False),
        ("最喜欢的门店", False), ("您常去哪里消费", False), ("整体满意度", False),
        ("Where did you buy it?", False),
    ],
)  # fmt: skip
def test_what_asks_for_praise_or_blame(heading: str, asked: bool) -> None:
    assert headings.is_question(heading) is asked


def test_a_column_that_nobody_answered_is_no_segment() -> None:
    found = roles({"text": PROSE, "会员等级": ["(跳过)"], "store": ["A", "B"]})
    assert found.segments == ("store",)


@pytest.mark.parametrize("total", ["合计", "平均：", "Grand total"])
def test_totals_below_the_rows_are_no_answers(total: str) -> None:
    columns = ("no", "review", "服务态度", "spent")
    rows = [
        SourceRow(i, {"no": str(i), "review": text, "服务态度": str(i % 5 + 1), "spent": "9.90"})
        for i, text in enumerate(PROSE, 1)
    ]
    (whole,) = find_roles(columns, rows).other_outcomes
    sums: dict[str, str | None] = {"no": total, "review": None, "服务态度": "3.17", "spent": "267"}
    below = [SourceRow(28, sums), SourceRow(29, {**sums, "服务态度": "85.5"})]
    assert find_roles(columns, [*rows, *below]).other_outcomes == (whole,)
    # A customer may write the word.
    answer = {"no": "28", "review": total, "服务态度": "3.17", "spent": "on account"}
    assert find_roles(columns, [*rows, SourceRow(28, answer)]).other_outcomes == ()


@pytest.mark.parametrize(
    "heading", ["来自IP", "IP地址", "答题者IP", "IP", "ip_address", "Client IP"]
)
def test_an_address_is_no_text_and_no_segment(heading: str) -> None:
    # 问卷星 writes the place behind it, so that it looks like prose.
    places = [f"113.{place}.2.9(广东-深圳)" for place in range(27)]
    columns = {"意见": PROSE, heading: places}
    found = roles(columns)
    assert (found.text, found.segments) == (("意见",), ())
    rows = [
        SourceRow(i, {"意见": a, heading: b})
        for i, (a, b) in enumerate(zip(PROSE, places, strict=True))
    ]
    assert unread_texts(tuple(columns), rows, {}, found) == ()


@pytest.mark.parametrize("heading", ["IP省份", "IP归属地", "Trip type", "Zip code"])
def test_what_only_looks_like_an_address(heading: str) -> None:
    assert not headings.is_excluded(heading)


def speakers(heading: str, cells: list[str]) -> Speakers | None:
    columns = {"内容": PROSE, heading: [cells[i % len(cells)] for i in range(len(PROSE))]}
    rows = [
        SourceRow(i, {"内容": a, heading: b})
        for i, (a, b) in enumerate(zip(*columns.values(), strict=True))
    ]
    found = find_roles(tuple(columns), rows)
    told = find_speakers(tuple(columns), rows, {}, found)
    assert told is None or found.segments == ()
    return told


@pytest.mark.parametrize(
    ("heading", "cells", "others", "rows"),
    [
        ("发送方", ["客户", "客服", "系统"], ("客服", "系统"), 18),
        ("发送者类型", ["访客", "机器人", "人工客服"], ("人工客服", "机器人"), 18),
        ("角色", ["买家", "买家", "商家"], ("商家",), 9),
        ("author", ["end-user", "agent", "end-user"], ("agent",), 9),
        ("From", ["Customer", "Support", "Bot"], ("Bot", "Support"), 18),
        ("sender_type", ["user", "agent_1", "agent_2"], ("agent_1", "agent_2"), 18),
    ],
)
def test_who_speaks_in_a_chat_is_told(
    heading: str, cells: list[str], others: tuple[str, ...], rows: int
) -> None:
    assert speakers(heading, cells) == Speakers(heading, others, rows, 27)


@pytest.mark.parametrize(
    ("heading", "cells"),
    [
        ("发送方", ["客户"]),
        ("发送方", ["客服", "系统", "机器人"]),
        ("发送方", ["客户", "客服", ""]),
        ("发送方", ["客户", "客服", "小美"]),
        ("用户类型", ["买家", "商家", "买家"]),
        ("您的身份", ["消费者", "商家", "商家"]),
        ("Account type", ["buyer", "seller", "buyer"]),
        ("topic", ["customer", "service", "system"]),
    ],
)
def test_what_is_no_column_of_speakers(heading: str, cells: list[str]) -> None:
    assert speakers(heading, cells) is None


@pytest.mark.parametrize(
    ("heading", "cells"),
    [
        ("处理状态", ["已完成", "处理中"]), ("状态", ["已完成", "处理中"]), ("提交人", ["王芳", "李娜"]),
        ("负责人", ["王芳", "李娜"]), ("跟进人", ["王芳", "李娜"]), ("status", ["open", "closed"]),
        ("Ticket Status", ["open", "closed"]), ("Assignee", ["Amy", "Bob"]), ("owner", ["Amy", "Bob"]),
        ("agent", ["Amy", "Bob"]), ("Title", ["Love it", "Meh"]), ("Subject", ["Renewal", "Export"]),
        ("标题", ["很好", "一般"]), ("工单主题", ["登录", "续费"]),
        ("配送时长", ["34分钟", "59 分钟", "1小时5分"]), ("所用时间", ["509秒", "96秒"]),
        ("wait", ["1.5 hours", "30 min"]), ("会话ID", ["wk1", "wk2", "wk3"]),
        ("conversation_id", ["a1", "a2", "a3"]),
    ],
)  # fmt: skip
def test_how_feedback_was_handled_divides_no_customers(heading: str, cells: list[str]) -> None:
    columns = {"review": PROSE, heading: cells, "store": ["A", "B"]}
    assert roles(columns).segments == ("store",)
    assert roles(columns, by=[heading]).segments == (heading,)


@pytest.mark.parametrize(
    ("heading", "cells"),
    [
        ("State", ["Ohio", "Texas"]), ("主题", ["交通", "教育"]),
        ("会员状态", ["有效", "过期"]), ("Job title", ["Nurse", "Cook"]),
        ("商品标题", ["耳机", "键盘"]), ("配送时长", ["30分钟以内", "30-60分钟", "60分钟以上"]),
        ("length", ["3m", "5m"]), ("角色", ["管理员", "普通成员"]), ("topic", ["billing", "login"]),
        ("travel agent", ["Amy's", "Bob's"]),
    ],
)  # fmt: skip
def test_what_does_divide_customers(heading: str, cells: list[str]) -> None:
    assert roles({"review": PROSE, heading: cells}).segments == (heading,)
