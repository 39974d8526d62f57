"""Exports in the layouts of real tools; the contents were written for these tests."""

import csv
import io
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from sentiment.errors import ColumnError
from sentiment.tables import ReadOptions, Table, open_table

WORDS = [
    "物流很快，第二天就到了，包装也结实",
    "用了一个星期就充不进电了，失望",
    "客服半天才回一句话，态度敷衍",
    "价格比实体店便宜不少，划算",
    "颜色和图片不一样，有点色差",
    "老婆很喜欢，下次还来",
    "快递员直接扔在门口也不打电话",
    "性价比可以，就是说明书看不懂",
    "第三次回购了，一直很稳定",
    "退货流程太麻烦，等了十天",
    "味道偏甜，孩子爱吃",
    "没有想象中好，中规中矩吧",
]
ENGLISH = [
    "Arrived a day early and well packed",
    "Stopped charging after one week",
    "Support took ages and then copied a canned reply",
    "Cheaper than the shop downtown",
    "The colour is nothing like the photo",
    "My wife loves it, will order again",
    "Courier threw it over the fence",
    "Good value but the manual is useless",
    "Third one I bought, still going strong",
    "Returning it was a nightmare",
    "A bit too sweet for me, kids are fine with it",
    "It is okay, I expected more",
]
STARS = [5, 1, 2, 5, 3, 5, 1, 4, 5, 1, 4, 3]


def table(
    tmp_path: Path,
    header: list[list[str]],
    rows: list[list[Any]],
    *,
    name: str = "t.csv",
    encoding: str = "utf-8",
    delimiter: str = ",",
    **options: Any,
) -> Table:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows([*header, *rows])
    path = tmp_path / name
    path.write_bytes(text.getvalue().encode(encoding))
    opened = open_table(path, ReadOptions(**options))
    found = list(opened.rows())
    assert len(found) == len(rows)
    assert all(getattr(row, "damage", "reject") is None for row in found)
    return opened


def expect(opened: Table, **roles: Any) -> None:
    found = opened.roles
    outcome = found.outcome
    actual = {
        "text": found.text[0],
        "id": found.id,
        "date": found.date,
        "outcome": None
        if outcome is None
        else (outcome.column, outcome.kind, outcome.minimum, outcome.maximum),
        "segments": set(found.segments),
    }
    assert {name: actual[name] for name in roles} == roles


def test_taobao(tmp_path: Path) -> None:
    rows = [
        [f"33{i:014d}", f"t{i}***{i % 7}", "无线耳机 蓝牙 降噪", "颜色分类:黑色", "好评", WORDS[i],
         f"2024-05-{i + 1:02d} 10:11:12", "" if i % 3 else "感谢亲的支持，祝您生活愉快"]
        for i in range(12)
    ]  # fmt: skip
    header = [
        "订单编号",
        "买家昵称",
        "宝贝标题",
        "SKU",
        "评价类型",
        "评价内容",
        "评价时间",
        "商家回复",
    ]
    opened = table(tmp_path, [header], rows, encoding="gbk")
    assert opened.encoding == "gb18030"
    # A verdict in words: 差评, 中评, 好评.
    outcome = ("评价类型", "rating", 1, 3)
    expect(opened, text="评价内容", id="订单编号", date="评价时间", outcome=outcome)


def test_jd(tmp_path: Path) -> None:
    rows = [
        [i + 1, f"1000{i:05d}", "纯棉四件套", f"j***{i}", WORDS[i], STARS[i], i % 4,
         f"2024/5/{i + 1} 8:09", "京东物流" if i % 2 else "普通快递", ""]
        for i in range(12)
    ]  # fmt: skip
    header = [
        "序号",
        "评价ID",
        "商品名称",
        "用户昵称",
        "评价内容",
        "评分",
        "点赞数",
        "评价时间",
        "配送方式",
        "追评内容",
    ]
    opened = table(tmp_path, [header], rows, encoding="utf-8-sig")
    expect(opened, text="评价内容", id="评价ID", date="评价时间", outcome=("评分", "stars", 1, 5))
    assert "点赞数" not in {o.column for o in opened.roles.other_outcomes}


def test_meituan_in_xlsx(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["门店评价明细"])
    sheet.append(["导出时间", "2024-06-01 12:00", None, None, None, None, None, None])
    sheet.append(
        ["门店", "评价时间", "总体评分", "口味评分", "包装评分", "配送评分", "评价内容", "商家回复"]
    )
    for i in range(12):
        sheet.append(["二店" if i % 2 else "一店", f"2024-05-{i + 1:02d} 12:30", STARS[i], 5, 4,
                      STARS[-i], WORDS[i], "谢谢您的支持，欢迎再次光临本店"])  # fmt: skip
    path = tmp_path / "美团.xlsx"
    book.save(path)
    opened = open_table(path)
    expect(
        opened,
        text="评价内容",
        date="评价时间",
        outcome=("总体评分", "stars", 1, 5),
        segments={"门店"},
    )
    assert [o.column for o in opened.roles.other_outcomes] == ["口味评分", "包装评分", "配送评分"]


def test_wenjuanxing(tmp_path: Path) -> None:
    header = ["序号", "提交答卷时间", "所用时间", "来源", "1、您的性别", "2、您对我们的总体满意度",
              "3、您向朋友推荐我们的可能性（0-10）",
              "4、您还有哪些意见和建议？"]  # fmt: skip
    rows = [
        [i + 1, f"2024/5/{i + 1} 20:11:05", f"{60 + i}秒", "微信", "男" if i % 2 else "女",
         STARS[i], STARS[i] * 2, WORDS[i]]
        for i in range(12)
    ]  # fmt: skip
    opened = table(tmp_path, [header], rows)
    expect(
        opened,
        text="4、您还有哪些意见和建议？",
        id="序号",
        date="提交答卷时间",
        outcome=("3、您向朋友推荐我们的可能性（0-10）", "nps", 0, 10),
        segments={"来源", "1、您的性别"},
    )
    assert opened.roles.other_outcomes[0].kind == "csat"


def test_qualtrics(tmp_path: Path) -> None:
    header = [
        ["StartDate", "EndDate", "Status", "ResponseId", "UserLanguage", "Q1_NPS_GROUP", "Q1",
         "Q2"],
        ["Start Date", "End Date", "Response Type", "Response ID", "User Language", "Group",
         "On a scale from 0-10, how likely are you to recommend us to a friend or colleague?",
         "What is the main reason for your score?"],
        ['{"ImportId":"startDate"}', '{"ImportId":"endDate"}', '{"ImportId":"status"}',
         '{"ImportId":"_recordId"}', '{"ImportId":"userLanguage"}', '{"ImportId":"QID1_GROUP"}',
         '{"ImportId":"QID1"}', '{"ImportId":"QID2_TEXT"}'],
    ]  # fmt: skip
    rows = [
        [f"2024-05-{i + 1:02d} 10:00:00", f"2024-05-{i + 1:02d} 10:05:00", "IP Address",
         f"R_3x{i:04d}", "EN", "Promoter" if STARS[i] == 5 else "Detractor", STARS[i] * 2,
         ENGLISH[i]]
        for i in range(12)
    ]  # fmt: skip
    opened = table(tmp_path, header, rows)
    expect(opened, text="Q2", id="ResponseId", outcome=("Q1", "nps", 0, 10))
    assert opened.labels["Q2"] == "What is the main reason for your score?"


def test_surveymonkey(tmp_path: Path) -> None:
    header = [
        ["Respondent ID", "Collector ID", "Date Created", "Overall, how satisfied are you?",
         "What could we improve?"],
        ["", "", "", "Response", "Open-Ended Response"],
    ]  # fmt: skip
    labels = {1: "Very dissatisfied", 2: "Dissatisfied", 3: "Neither satisfied nor dissatisfied",
              4: "Satisfied", 5: "Very satisfied"}  # fmt: skip
    rows = [
        [f"1184{i:06d}", "4001", f"05/{i + 1:02d}/2024 10:00:00 AM", labels[STARS[i]], ENGLISH[i]]
        for i in range(12)
    ]
    opened = table(tmp_path, header, rows)
    expect(
        opened,
        text="What could we improve?",
        id="Respondent ID",
        date="Date Created",
        outcome=("Overall, how satisfied are you?", "csat", 1, 5),
    )


def test_google_play_console(tmp_path: Path) -> None:
    header = ["Package Name", "App Version Code", "App Version Name", "Reviewer Language", "Device",
              "Review Submit Date and Time", "Review Submit Millis Since Epoch",
              "Review Last Update Date and Time", "Review Last Update Millis Since Epoch",
              "Star Rating", "Review Title", "Review Text", "Developer Reply Date and Time",
              "Developer Reply Millis Since Epoch", "Developer Reply Text",
              "Review Link"]  # fmt: skip
    rows = [
        ["com.example.app", 300 + i % 3, f"3.{i % 3}", "en", "panther",
         f"2024-05-{i + 1:02d}T08:00:00Z", 1714550400000 + i, f"2024-05-{i + 2:02d}T08:00:00Z",
         1714550500000 + i, STARS[i], "", ENGLISH[i], "", "",
         "Thank you so much for telling us, we will look into this" if i % 2 else "",
         f"https://play.example.com/?r={i}"]
        for i in range(12)
    ]  # fmt: skip
    opened = table(tmp_path, [header], rows, encoding="utf-16")
    assert opened.encoding == "utf-16-le"
    expect(
        opened,
        text="Review Text",
        id=None,
        date="Review Submit Date and Time",
        outcome=("Star Rating", "stars", 1, 5),
    )


def test_app_store_connect(tmp_path: Path) -> None:
    header = ["App Name", "App Apple ID", "Review ID", "Date", "Nickname", "Storefront", "Rating",
              "Title", "Review", "App Version"]  # fmt: skip
    rows = [
        ["Kitchen Timer", "14412", f"9{i:09d}", f"May {i + 1}, 2024", f"cook{i}", "USA", STARS[i],
         "Not what I expected at all" if i % 2 else "Love it", ENGLISH[i], "2.1"]
        for i in range(12)
    ]  # fmt: skip
    opened = table(tmp_path, [header], rows)
    expect(opened, text="Review", id="Review ID", date="Date", outcome=("Rating", "stars", 1, 5))


def test_trustpilot(tmp_path: Path) -> None:
    header = ["Review Id", "Created At", "Consumer Name", "Stars", "Review Title", "Review Content",
              "Company Reply Content", "Tags", "Source"]  # fmt: skip
    rows = [
        [f"65f{i:021x}", f"2024-05-{i + 1:02d}T10:00:00.000Z", f"Sam {i}", STARS[i],
         ENGLISH[-i - 1], ENGLISH[i] + ". " + ENGLISH[(i + 3) % 12] + ".",
         "Hi, thanks a lot for taking the time to write this review for us!", "", "Organic"]
        for i in range(12)
    ]  # fmt: skip
    opened = table(tmp_path, [header], rows, delimiter=";")
    expect(
        opened,
        text="Review Content",
        id="Review Id",
        date="Created At",
        outcome=("Stars", "stars", 1, 5),
    )


def test_zendesk(tmp_path: Path) -> None:
    header = ["Id", "Created at", "Subject", "Description", "Status", "Priority", "Assignee",
              "Satisfaction Score", "Satisfaction Comment", "Solved at"]  # fmt: skip
    rows = [
        [4000 + i, f"2024-05-{i + 1:02d} 09:00", "Order question", ENGLISH[i], "solved", "normal",
         "Kim", "good" if i % 2 else "bad", "", f"2024-05-{i + 3:02d} 09:00"]
        for i in range(12)
    ]  # fmt: skip
    opened = table(tmp_path, [header], rows)
    expect(opened, text="Description", id="Id", date="Created at", outcome=None)


def test_typeform(tmp_path: Path) -> None:
    header = ["#", "How likely are you to recommend our service?",
              "What made you choose that score?", "Start Date (UTC)", "Submit Date (UTC)",
              "Network ID"]  # fmt: skip
    rows = [
        [f"ab{i:030x}", STARS[i] * 2, ENGLISH[i], f"2024-05-{i + 1:02d} 10:00:00",
         f"2024-05-{i + 1:02d} 10:04:00", f"{i % 9:08x}"]
        for i in range(12)
    ]  # fmt: skip
    opened = table(tmp_path, [header], rows)
    expect(
        opened,
        text="What made you choose that score?",
        id="#",
        date="Submit Date (UTC)",
        outcome=("How likely are you to recommend our service?", "nps", 0, 10),
    )


def test_amazon(tmp_path: Path) -> None:
    header = ["asin", "reviewerID", "reviewerName", "helpful_votes", "reviewText", "overall",
              "summary",               "unixReviewTime", "reviewTime"]  # fmt: skip
    rows = [
        [f"B00{i % 3}", f"A{i}XY", "Jo", i % 4, ENGLISH[i], f"{STARS[i]}.0", "Fine for the price",
         1714550400 + i * 86400, f"05 {i + 1}, 2024"]
        for i in range(12)
    ]  # fmt: skip
    opened = table(tmp_path, [header], rows, name="t.tsv", delimiter="\t")
    expect(opened, text="reviewText", outcome=("overall", "stars", 1, 5))
    assert opened.roles.date in ("unixReviewTime", "reviewTime")


def test_booking_has_two_texts_and_says_so(tmp_path: Path) -> None:
    header = ["Guest name", "Review date", "Positive review", "Negative review", "Review score"]
    rows = [
        ["Li", f"2024-05-{i + 1:02d}", ENGLISH[i], ENGLISH[-i - 1], STARS[i] * 2] for i in range(12)
    ]
    with pytest.raises(ColumnError, match=r"“Positive review”, “Negative review”.*--text"):
        table(tmp_path, [header], rows)
    both = ("Positive review", "Negative review")
    opened = table(tmp_path, [header], rows, text=both)
    assert opened.roles.text == both
    expect(opened, outcome=("Review score", "rating", 1, 10), date="Review date")
    (row, *_) = opened.rows()
    answers = opened.feedback(row)  # type: ignore[arg-type]
    assert [answer.question for answer in answers] == list(both)
    assert [answer.text for answer in answers] == [ENGLISH[0], ENGLISH[-1]]


def test_a_typed_survey_without_a_header(tmp_path: Path) -> None:
    rows = [[f"2024-05-{i + 1:02d}", STARS[i], WORDS[i]] for i in range(12)]
    opened = table(tmp_path, [], rows)
    expect(opened, text="column_3", date="column_1")


def test_weibo_in_traditional_script(tmp_path: Path) -> None:
    header = ["編號", "發佈時間", "評論內容", "評分", "平台"]
    rows = [
        [i + 1, f"2024-05-{i + 1:02d}", "這家店的服務很好，價格也不貴" + "！" * i, STARS[i], "臉書"]
        for i in range(12)
    ]
    opened = table(tmp_path, [header], rows, encoding="big5")
    assert opened.encoding == "big5hkscs"
    expect(
        opened,
        text="評論內容",
        id="編號",
        date="發佈時間",
        outcome=("評分", "stars", 1, 5),
        segments={"平台"},
    )
