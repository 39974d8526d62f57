"""Scales are recognised by heading and answers, and never guessed."""

import pytest

from sentiment.tables import Outcome
from sentiment.tables.scales import find_outcome, is_overall, number


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("5", 5), ("5.0", 5), (" 4 ", 4), ("１０", 10), ("10分", 10), ("5星", 5), ("五星", 5),
        ("4 stars", 4), ("1 star", 1), ("five stars", 5), ("★★★☆☆", 3), ("⭐⭐", 2), ("4/5", 4),
        ("3 out of 5", 3), ("5 - Very satisfied", 5), ("10 (extremely likely)", 10), ("-1", -1),
        ("4.0 out of 5 stars", 4), ("Rated 4 out of 5", 4), ("rating: 3.5/5", 3.5), ("评分：4分", 4),
        ("4,5", 4.5), ("3,0 / 5", 3), ("80%", 80), ("8/10分", 8), ("1,234", None), ("1,2,3", None),
        ("", None), (None, None), ("N/A", None), ("good", None), ("2024-01-02x", None),
    ],
)  # fmt: skip
def test_numbers(cell: str | None, value: float | None) -> None:
    if cell == "2024-01-02x":
        assert Outcome("c", "stars", 1, 5).value(cell) is None
    else:
        assert number(cell) == value


CASES = [
    ("rating", "1 2 3 4 5", ("stars", 1, 5, True)),
    ("score", "5 5 1", ("stars", 1, 5, True)),
    ("评分", "5 4 3", ("stars", 1, 5, True)),
    ("星级", "五星 一星 三星", ("stars", 1, 5, True)),
    ("Star Rating", "4.5 3.0 5.0", ("stars", 1, 5, True)),
    ("Overall (1-10)", "1.0 2.0 3.0", ("rating", 1, 10, True)),
    ("rating", "1 7 10", ("rating", 1, 10, True)),
    ("rating", "0 7 10", ("rating", 0, 10, True)),
    ("score", "87 55 100", ("rating", 1, 100, True)),
    ("评分（满分10分）", "3 4 5", ("rating", 1, 10, True)),
    ("NPS", "0 9 10", ("nps", 0, 10, True)),
    ("How likely are you to recommend us to a friend?", "10 9 7", ("nps", 0, 10, True)),
    ("推荐意愿", "10 6 0", ("nps", 0, 10, True)),
    ("您有多大可能向朋友推荐我们？（0-10分）", "3 4 5", ("nps", 0, 10, True)),
    ("您会向亲友推荐我们吗？（0=绝对不会，10=一定会）", "1 4 10", ("nps", 0, 10, True)),
    ("您会向亲友推荐我们吗？（0=绝对不会，10=一定会）", "3 4 5", ("nps", 0, 10, True)),
    ("推荐我们吗（0分表示绝不，10分表示一定）", "3 4 5", ("nps", 0, 10, True)),
    ("您会把我们推荐给朋友吗？", "9 10 3", ("nps", 0, 10, True)),
    ("您会向朋友推荐我们吗", "0 6 3", ("nps", 0, 10, True)),
    ("推荐给朋友的意愿", "8 10 6", ("nps", 0, 10, True)),
    ("您推荐我们的程度", "8 10 1", ("nps", 0, 10, True)),
    ("您会推荐我们吗？请打分", "8 10 1", ("nps", 0, 10, True)),
    ("您会推荐我们吗？（1-10分）", "8 10 1", ("rating", 1, 10, True)),
    ("您会向朋友推荐我们吗", "1 5 3", ("rating", 1, 5, True)),
    ("您会向朋友推荐我们吗（1=不会，5=一定会）", "1 5 3", ("rating", 1, 5, True)),
    ("推荐给朋友的意愿", "1 7 3", ("rating", 1, 10, True)),
    ("Would you refer us?", "0 10 8", ("nps", 0, 10, True)),
    ("口味", "4.3 4.8 2.7", ("stars", 1, 5, True)),
    ("服务态度", "4.3 4.8 2.7", ("stars", 1, 5, True)),
    ("性价比", "4.3 5.0 1", ("stars", 1, 5, True)),
    ("Location", "4.3 4.8 2.7", ("stars", 1, 5, True)),
    ("Value for money", "4.3 4.8 2.7", ("stars", 1, 5, True)),
    ("Food & Service", "4.3 4.8 2.7", ("stars", 1, 5, True)),
    ("口味", "4 5 2", ("rating", 1, 5, True)),
    ("口味", "4.3 4.8 8.7", None),
    ("口味", "4.33 4.81 2.7", None),
    ("口味", "0.3 4.8 2.7", None),
    ("重量", "4.3 4.8 2.7", None),
    ("包装重量(kg)", "4.3 4.8 2.7", None),
    ("配送费", "4.3 4.8 2.7", None),
    ("服务时长", "4.3 4.8 2.7", None),
    ("distance to location", "4.3 4.8 2.7", None),
    ("service minutes", "4.3 4.8 2.7", None),
    ("推荐商品评分", "8 10 1", ("rating", 1, 10, True)),
    ("推荐给朋友的人数", "8 10 1", None),
    ("您会推荐吗", "1 0 1", None),
    ("服务评分（0=很差，10=很好）", "3 4 5", ("rating", 0, 10, True)),
    ("would you recommend", "1 0 1", None),
    ("recommended", "1 0 1", None),
    ("CSAT", "1 5 3", ("csat", 1, 5, True)),
    ("满意度", "7 1 3", ("csat", 1, 7, True)),
    ("Overall satisfaction (1-3)", "1 2 3", ("csat", 1, 3, True)),
    ("您对本次服务的满意度", "非常满意 不满意 一般", ("csat", 1, 5, True)),
    ("Satisfaction", "Very satisfied|Neutral|Dissatisfied", ("csat", 1, 5, True)),
    ("满意度（0-10）", "3 9 10", ("rating", 0, 10, True)),
    ("CES", "1 5 7", ("ces", 1, 7, None)),
    ("Customer Effort Score", "1 5 3", ("ces", 1, 5, None)),
    ("The company made it easy for me to handle my issue", "1 5 7", ("ces", 1, 7, True)),
    ("费力度（1=非常轻松，5=非常费力）", "1 5 3", ("ces", 1, 5, False)),
    ("How would you feel if you could no longer use it?",
     "Very disappointed|Somewhat disappointed|Not disappointed", ("pmf", 1, 3, True)),
    ("rating", "4.0 out of 5 stars|1.0 out of 5 stars|3.0 out of 5 stars", ("stars", 1, 5, True)),
    ("rating", "Rated 4 out of 5|Rated 1 out of 5", ("stars", 1, 5, True)),
    ("rating", "4,5 3,0 1,5", ("stars", 1, 5, True)),
    ("rating", "4 out of 10|2 out of 10", ("rating", 1, 10, True)),
    ("satisfaction score", "20% 100% 60%", ("rating", 0, 100, True)),
    ("discount", "20% 100% 60%", None),
    ("nps", "4 out of 5|2 out of 5|5 out of 5", ("rating", 1, 5, True)),
    ("age", "1 5 3", None),
    ("点赞数", "1 5 3", None),
    ("helpful votes", "1 5 3", None),
    ("average rating", "4.2 4.3 4.4", None),
    ("price", "1 5 3", None),
    ("Price rating", "1 5 3", ("stars", 1, 5, True)),
    ("配送时长评分", "1 5 3", ("stars", 1, 5, True)),
    ("评分人数", "1 5 3", None),
    ("number of ratings", "1 5 3", None),
    ("comment", "good bad fine", None),
    ("rating", "", None),
]  # fmt: skip


@pytest.mark.parametrize(("heading", "cells", "expected"), CASES)
def test_outcomes(heading: str, cells: str, expected: tuple[object, ...] | None) -> None:
    values = cells.split("|") if "|" in cells else cells.split()
    found = find_outcome(heading, heading, values)
    if expected is None:
        assert found is None
    else:
        assert found is not None
        assert (found.kind, found.minimum, found.maximum, found.high_is_good) == expected


STEPS = [str(1 + place % 5) for place in range(290)]
STARS = ("stars", 1, 5)


@pytest.mark.parametrize(
    ("heading", "cells", "expected"),
    [
        # slips, and codes for no answer
        ("rating", [*STEPS, "99"], STARS),
        ("rating", [*STEPS, "9999"], STARS),
        ("rating", [*STEPS, "-1"], STARS),
        ("rating", [*STEPS, "44", "55"], STARS),
        ("rating", [*STEPS[:24], "55"], STARS),
        ("rating", [*STEPS, *["99"] * 60], STARS),
        ("rating", [*STEPS, *["-1"] * 60, *["-9"] * 9], STARS),
        ("CSAT", [*STEPS, "98", "99"], ("csat", 1, 5)),
        ("NPS", [*map(str, range(11)), *map(str, range(11)), "999"], ("nps", 0, 10)),
        ("score", [*map(str, range(40, 101)), "999", "-1"], ("rating", 1, 100)),
        # zeros where nothing was rated
        ("rating", [*STEPS, *["0"] * 30], STARS),
        ("rating", [*STEPS, "3,5", *["0"] * 30], STARS),
        ("CSAT", [*STEPS, "7", "6", *["0"] * 30], ("csat", 1, 7)),
        # no codes and no slips
        ("rating (0-5)", [*STEPS, *["0"] * 30], ("rating", 0, 5)),
        ("rating", [*STEPS, "0.5", "0"], ("rating", 0, 5)),
        ("rating", [*STEPS, *["9"] * 20], ("rating", 1, 10)),
        ("rating", [*STEPS, "6"], ("rating", 1, 10)),
        ("rating", [*STEPS, "9"], STARS),
        ("rating", [*STEPS[:10], "7"], ("rating", 1, 10)),
        ("score", ["88", "99", "77", "98", "66", "91"] * 9, ("rating", 1, 100)),
        ("score", ["-2", "-1", "0", "1", "2", "2", "1", "0", "1"] * 9, None),
        ("rating", [*STEPS, *["-1"] * 290], None),
        ("nights", [*STEPS, *["0"] * 30], None),
        ("Seat Comfort", [*STEPS, "30"], None),
    ],
)  # fmt: skip
def test_a_few_numbers_do_not_stretch_a_scale(
    heading: str, cells: list[str], expected: tuple[object, ...] | None
) -> None:
    found = find_outcome(heading, heading, cells)
    assert (found and (found.kind, found.minimum, found.maximum)) == expected


@pytest.mark.parametrize(
    ("heading", "cells", "values"),
    [
        # the low number is the good one: in the heading, or in the cells
        ("Satisfaction (1 = very satisfied, 5 = very dissatisfied)", "1|2|5|4", [5, 4, 1, 2]),
        ("Satisfaction: very satisfied (1) to very dissatisfied (5)", "1|2|5", [5, 4, 1]),
        ("总体满意度（1=非常满意，5=非常不满意）", "1|2|5", [5, 4, 1]),
        ("总体满意度(1非常满意 - 5非常不满意)", "1|2|5", [5, 4, 1]),
        ("满意度", "1-非常满意|2-满意|5-非常不满意", [5, 4, 1]),
        ("Satisfaction", "1 - Very satisfied|2 - Satisfied|5 - Very dissatisfied", [5, 4, 1]),
        ("overall rating", "1 - Excellent|2 - Good|3 - Average|5 - Poor", [5, 4, 3, 1]),
        # the high one is
        ("Satisfaction (1 = very dissatisfied, 5 = very satisfied)", "1|2|5", [1, 2, 5]),
        ("Satisfaction", "5 - Very satisfied|1 - Very dissatisfied|3 - Neutral", [5, 1, 3]),
        ("How satisfied are you, from 1 to 5 (1 poor, 5 excellent)?", "1|2|5", [1, 2, 5]),
        ("How satisfied are you (1-5)?", "1|2|5", [1, 2, 5]),
        # words contradict each other, and turn nothing
        ("Satisfaction", "1 - Satisfied|1 - Dissatisfied|3|5", [1, 1, 3, 5]),
        # the words of an end before its number
        ("How likely are you to recommend us?", "Not at all likely - 0|5|8|Extremely likely - 10",
         [0, 5, 8, 10]),
        ("NPS", "Not at all likely0|5|8|Extremely likely10", [0, 5, 8, 10]),
        ("推荐意愿", "非常不愿意 0|6|非常愿意（10）", [0, 6, 10]),
        # words alone: how many steps there are is told by those that are used together
        ("满意度", "非常满意|满意|一般|不太满意|非常不满意", [5, 4, 3, 2, 1]),
        ("满意度", "很满意|满意|不满意|很不满意", [5, 4, 2, 1]),
        ("满意度", "非常满意|满意|比较满意|一般|比较不满意|不满意|非常不满意", [7, 6, 5, 4, 3, 2, 1]),
        ("Satisfaction", "Very satisfied|Satisfied|Neutral|Slightly dissatisfied|Very dissatisfied",
         [5, 4, 3, 2, 1]),
        ("Satisfaction",
         "Extremely satisfied|Moderately satisfied|Slightly satisfied|Neither satisfied nor dissatisfied"
         "|Slightly dissatisfied|Moderately dissatisfied|Extremely dissatisfied", [7, 6, 5, 4, 3, 2, 1]),
        ("Satisfaction",
         "Extremely satisfied|Very satisfied|Somewhat satisfied|Not so satisfied|Not at all satisfied",
         [5, 4, 3, 2, 1]),
        ("How would you rate your visit?", "Excellent|Very good|Good|Fair|Poor", [5, 4, 3, 2, 1]),
        ("How would you rate your visit?", "Excellent|Good|Average|Poor|Terrible", [5, 4, 3, 2, 1]),
        ("服务评价", "很好|好|一般|差|很差", [5, 4, 3, 2, 1]),
        ("评价类型", "好评|中评|差评", [3, 2, 1]),
        # other notations of which end is good
        ("满意度：1（非常满意）至5（非常不满意）", "1|2|5", [5, 4, 1]),
        ("总体评分 1（很好）-5（很差）", "1|2|5", [5, 4, 1]),
        ("Satisfaction: 1 (very satisfied) - 5 (very dissatisfied)", "1|2|5", [5, 4, 1]),
        ("Rating: 1 (best) to 5 (worst)", "1|2|5", [5, 4, 1]),
        ("整体满意度（非常满意1分，非常不满意5分）", "1|2|5", [5, 4, 1]),
        ("Rating (1 = strongly agree, 5 = strongly disagree)", "1|2|5", [5, 4, 1]),
        ("Rating (1 = highest, 5 = lowest)", "1|2|5", [5, 4, 1]),
        ("评分", "1-非常同意|3-一般|5-非常不同意", [5, 3, 1]),
        # the words tell the ends, too: two, three, four steps, and what is no answer
        ("满意度(1=满意 2=一般 3=不满意)", "1|2|3", [3, 2, 1]),
        ("Rating (1 = Excellent, 2 = Good, 3 = Fair, 4 = Poor)", "1|2|4", [4, 3, 1]),
        ("满意度", "1-满意|2-不满意", [2, 1]),
        ("Satisfaction (1 = very satisfied, 5 = very dissatisfied, 6 = don't know)", "1|5|6|2",
         [5, 1, None, 4]),
        # one worded end, and remarks beside a number, turn nothing
        ("Satisfaction", "1 - Least satisfied|2|5", [1, 2, 5]),
        ("Satisfaction", "1 - Least satisfied|2|5 - Most satisfied", [1, 2, 5]),
        ("stars", "5 (not bad)|1|3|5", [5, 1, 3, 5]),
        ("stars", "5 (not bad)|1 - good grief|3|5 - bad luck", [5, 1, 3, 5]),
        ("评分", "5 - 差点满分|1|3|5", [5, 1, 3, 5]),
        # a number, its unit and its words
        ("NPS", "10 Extremely likely|0 Not at all likely|9|5", [10, 0, 9, 5]),
        ("NPS", "10分（非常可能）|0分（非常不可能）|9|5", [10, 0, 9, 5]),
        ("满意度", "5分（非常满意）|1分（非常不满意）|3分（一般）", [5, 1, 3]),
        ("满意度", "5星 非常满意|1星 非常不满意|3星 一般", [5, 1, 3]),
        ("满意度", "5非常满意|1非常不满意|3一般", [5, 1, 3]),
        ("rating", "5 stars - Excellent|1 star - Terrible|3 stars", [5, 1, 3]),
        ("Satisfaction", "1. Very satisfied|2. Satisfied|5. Very dissatisfied", [5, 4, 1]),
        ("满意度", "A.非常满意|B.满意|C.一般|D.不满意|E.非常不满意", [5, 4, 3, 2, 1]),
        ("rating", "5 of 5 bubbles|1 of 5 bubbles|3 of 5 bubbles", [5, 1, 3]),
        ("starRating", "FIVE|ONE|THREE", [5, 1, 3]),
        # scales without "very", or with it on one side
        ("满意度", "满意|比较满意|一般|不太满意|不满意", [5, 4, 3, 2, 1]),
        ("满意度", "满意|一般|不满意", [5, 3, 1]),
        ("满意度", "非常满意|满意|比较满意|一般|不满意", [5, 4, 4, 3, 2]),
        ("满意度", "非常满意|满意|基本满意|不太满意|不满意", [5, 4, 3, 2, 1]),
        ("Satisfaction", "Very satisfied|Satisfied|Somewhat satisfied|Not satisfied", [5, 4, 4, 2]),
        ("Satisfaction", "Very satisfied|Satisfied|Not satisfied at all", [5, 4, 1]),
        ("服务评价", "好|一般|差", [5, 3, 1]),
        ("服务评价", "非常好|好|一般|很不好", [5, 4, 3, 1]),
        ("rating", "Excellent|Very good|Average|Poor|Terrible", [5, 4, 3, 2, 1]),
        ("rating", "Excellent|Good|Fair|Poor", [5, 4, 3, 1]),
        ("rating", "Very good|Good|Average|Bad|Very bad", [5, 4, 3, 2, 1]),
        # faces beside the words
        ("满意度", "😀满意|😐一般|😡不满意", [5, 3, 1]),
        ("满意度", "非常满意 ❤️|满意😀|一般|不满意😡", [5, 4, 3, 2]),
        ("Satisfaction", "😀 Satisfied|Neutral. 😐|☹️ Dissatisfied", [5, 3, 1]),
        ("体验", "👍🏻 好|😐一般|👎 差", [5, 3, 1]),
        ("满意度", "⭐⭐⭐|⭐|⭐⭐", [3, 1, 2]),
        # effort and agreement
        ("The company made it easy to handle my issue",
         "Strongly agree|Agree|Neutral|Disagree|Strongly disagree", [5, 4, 3, 2, 1]),
        ("解决问题很轻松", "完全同意|比较同意|一般|比较不同意|完全不同意", [5, 4, 3, 2, 1]),
        ("CES", "Very easy|Easy|Neutral|Difficult|Very difficult", [5, 4, 3, 2, 1]),
    ],
)  # fmt: skip
def test_words_say_what_a_number_means(heading: str, cells: str, values: list[float]) -> None:
    found = find_outcome(heading, heading, cells.split("|"))
    assert found is not None
    assert [found.value(cell) for cell in cells.split("|")] == values
    assert Outcome.from_dict(found.to_dict()) == found


@pytest.mark.parametrize(
    ("heading", "cells"),
    [
        ("Condition", "Excellent|Good|Poor"),
        ("Satisfaction", "Good|Bad|Good"),
        ("店", "好又多1号|好又多2号|A 3"),
        ("Room", "Good Hope 1|Good Hope 2"),
        ("会员等级", "普通|普通|普通|普通|黄金"),
        ("服务类型", "普通|加急|普通|普通|普通"),
        ("mood", "Neutral|Neutral|Neutral"),
        ("心情", "😀开心|😐平静|😡生气"),
        ("评价", "❤️|👍|😡"),
        ("Item Condition Rating", "Excellent|Good|Fair|Poor"),
        ("健康状况如何", "很好|好|一般|差"),
        ("Staff", "Satisfied|Satisfied|Very displeased|Very satisfied|Very displeased"),
    ],
)
def test_words_that_are_no_scale(heading: str, cells: str) -> None:
    assert find_outcome(heading, heading, cells.split("|")) is None


def test_a_declared_scale_reads_its_own_words_and_no_others() -> None:
    assert Outcome("c", "csat", 1, 7).value("不太满意") == 3
    assert Outcome("c", "csat", 1, 5).value("Not so satisfied") == 2
    assert Outcome("c", "rating", 0, 100).value("good") is None
    turned = Outcome("c", "csat", 1, 5, high_is_good=False)
    assert [turned.value(cell) for cell in ("1", "5", "9", "Very satisfied")] == [5, 1, None, 5]
    effort = Outcome("c", "ces", 1, 5, high_is_good=False)
    assert effort.value("1") == 1


def test_words_at_the_ends_tell_the_direction_of_effort() -> None:
    cells = ["1 - Very easy", "3", "5 - Very difficult"]
    assert find_outcome("CES", "CES", cells) == Outcome("CES", "ces", 1, 5, high_is_good=False)
    assert find_outcome("CES", "CES", ["1", "3", "5"]) == Outcome("CES", "ces", 1, 5, None)


def test_an_answer_that_names_another_scale_is_none_on_this_one() -> None:
    stars = Outcome("c", "stars", 1, 5)
    assert [stars.value(cell) for cell in ("4/5", "4 out of 10", "4%", "4,5")] == [
        4, None, None, 4.5,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("heading", "whole"),
    [
        ("rating", True), ("Overall (1-10)", True), ("review_rating", True), ("评分", True),
        ("总体评分", True), ("商品评分", True), ("Seat Comfort", False), ("服务评分", False),
        ("food rating", False), ("物流评分", False), ("口味", False), ("starRating", True),
    ],
)  # fmt: skip
def test_the_whole_and_its_parts(heading: str, whole: bool) -> None:
    assert is_overall(heading) is whole


def test_values_outside_the_scale_are_no_answers() -> None:
    nps = Outcome("c", "nps", 0, 10)
    assert [nps.value(cell) for cell in ("10", "11", "-1", "8.5", "１０分", "")] == [
        10, None, None, None, 10, None,
    ]  # fmt: skip
    assert Outcome("c", "csat", 1, 5).value("非常满意") == 5
    assert Outcome("c", "pmf", 1, 3).value("Very disappointed") == 3
    assert Outcome("c", "stars", 1, 5).value("Very satisfied") is None


def test_plain_data_and_back() -> None:
    outcome = Outcome("c", "ces", 1, 7, None)
    assert Outcome.from_dict(outcome.to_dict()) == outcome


def test_an_eleven_beside_a_recommendation_is_a_slip() -> None:
    answers = [str(n % 11) for n in range(599)]
    found = find_outcome("nps", "nps", [*answers, "11"])
    assert found is not None
    assert (found.kind, found.minimum, found.maximum) == ("nps", 0, 10)
    percent = find_outcome("nps", "nps", [str(n % 101) for n in range(600)])
    assert percent is None or percent.maximum == 100
