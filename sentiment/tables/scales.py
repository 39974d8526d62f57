"""Outcomes: what the customer answered on a scale, and which scale that is."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from sentiment.patterns import regex
from sentiment.tables.headings import clean
from sentiment.tables.likert import (
    USUAL,
    Family,
    anchors,
    direction,
    labels_of,
    leaning,
    step,
    wording_of,
)

__all__ = ["KINDS", "Kind", "Outcome", "find_outcome", "is_overall", "number"]

Kind = Literal["stars", "nps", "csat", "ces", "pmf", "rating"]

# The printed order: of several outcomes of equal standing the first of these kinds is chosen.
KINDS: tuple[Kind, ...] = ("stars", "nps", "csat", "ces", "pmf", "rating")

# A comma before one or two digits is a decimal one: "4,5"; before three it stands for thousands.
_UNIT = r"分|星|颗星|顆星|stars?|points?|pts|bubbles|circles"
_NUMBER = regex(
    r"(?:(?:rated|rating|scored?|stars?|评分|評分|打分|得分)\s*:?\s*)?"
    r"(?P<value>[-+]?\d+(?:\.\d+|,\d{1,2})?)\s*"
    rf"(?:%|{_UNIT}|(?:/|out of|of)\s*(?P<top>\d+)(?:[.,]0+)?\s*(?:{_UNIT})?)?"
    r"(?:\s*[-–:：=(（]\s*(?P<words>[^\d\s\-–:].*)"
    r"|(?:\s*[.、．]\s*|\s+|(?=[^\x00-\x7f]))(?P<tail>[^\d\s].{0,40}))?"
)
# "Not at all likely - 0": the words of an end of the scale before its number.
_LABELLED = regex(
    r"(?P<words>\D{2,40}?)(?:\s*[-–:：=(（])?\s*(?P<value>\d{1,3})\s*(?:分|星)?\s*[)）]?"
)
_ANCHOR = regex(
    r"(?:\b(?:likely|(?:dis|un)?satisfied|(?:dis)?agree|easy|difficult|excellent|poor|neutral|good|bad"
    r"|happy|effort)|满意|滿意|可能|愿意|同意|推荐|容易|轻松|费力|一般)\W*$"
)

_NPS = regex(
    r"\bnps\b|^recommend(?:ation)?$|net promoter|\blikel(?:y|ihood).*recommend|would you recommend"
    r"|recommend (?:us|to)\b"
    r"|recommendation (?:score|intent)|推荐意愿|推荐可能|推荐指数|推荐度|愿意.*推荐|推荐.*可能"
    r"|净推荐|可能.*推荐|推薦意願|推荐分"
)
# Asked on 0-10 as well as on other scales: the range or the answers have to tell.
_MAYBE_NPS = regex(
    r"(?:会|愿|能否|是否).*推[荐薦](?!.*(?:理由|原因))|推[荐薦].*(?:意愿|意願|意向|倾向|程度)"
    r"|(?:意愿|程度).*推[荐薦]|推[荐薦]给|推[荐薦](?:我们|身边|亲友|朋友|同事|家人|他人|别人)"
    r"|\brecommend\b|\brecommendation (?:level|likelihood)|\brefer (?:us|a friend)\b"
    r"|\btell (?:a friend|your friends|others)\b"
)
_CSAT = regex(r"\bcsat\b|satisf|满意|滿意")
_CES = regex(
    r"\bces\b|\beffort\b|\beasy to\b|made it easy|\bease of\b.*(?:resol|handl|issue|process)"
    r"|费力|省力|轻松|容易程度|便利程度"
)
_PMF = regex(r"\bpmf\b|disappointed|no longer use|无法(?:再|继续)使用|不能(?:再|继续)使用|失望")
_STARS = regex(r"\bstars?\b|星级|星級|几星")
# What may be answered in Chinese grades; English ones also grade the state of goods.
_GRADED = regex(r"评价|感受|体验|怎么样|态度|质量|服务|速度")
_NO_GRADE = regex(r"\b(?:condition|health|credit|difficulty)\b|成色|健康|信用|学习|自评|难度")
# A statement that agreeing with is good.
_EASY = regex(r"\b(?:easy|effortless|simple|smooth)\b|轻松|容易|省力|方便|顺利")
_RATING = regex(
    r"\bratings?\b|\bscores?\b|\bstars?\b|\bgrade\b|\bmarks?\b|\boverall\b|\brate\b"
    r"|评分|評分|星级|星級|打分|得分|评级|分数|总分|综合分|描述相符"
)
# A heading made only of these words is about the whole and not about a part of it.
_WHOLE_EN = regex(
    r"\b(?:overall|total|general|rating|ratings|score|scores|star|stars|review|reviewer|customer"
    r"|user|your|my|rate|the|of|value|number|count|experience|product|app|feedback|comment|grade"
    r"|mark|marks|nps|csat|ces|pmf|answer|out|to|from|in|is|scale|point|points|survey|guest)\b"
)
_WHOLE_ZH = regex(
    r"总体|總體|整体|整體|综合|綜合|总|商品|产品|用户|客户|顾客|买家|评论|评价|我的|您的|本次|评分|評分"
    r"|星级|星級|打分|得分|评级|分数|分|星|级|数|满意度|满意"
)
_AGGREGATE = regex(r"\b(?:avg|average|mean|aggregate|median)\b|平均|均分")
# Numbers that are no answers, but of which a rating may be asked: "Price rating", 配送时长评分.
_MAY_BE_RATED = (
    r"\b(?:price|amount|cost|hour|minutes?|seconds?|duration|length)\b|价格|金额|单价|时长"
)
_RATED = regex(_MAY_BE_RATED)
_NO_SCALE = regex(
    r"\b(?:counts?|num|number of|qty|quantity|votes?|likes?|helpful|thumbs|useful|funny|cool"
    r"|age|year|month|week|day|rank|page|floor|views|reads|replies|order|id|index|no|latitude"
    r"|longitude|zip|version|probability|confidence|sentiment|polarity|label|words?)\b"
    r"|数量|次数|点赞|点踩|有用|回复数|年龄|数$|天数|楼层|浏览|序号|编号|排名|概率|情感|人数"
    rf"|{_MAY_BE_RATED}"
)
# Parts that platforms have rated, also in tenths: "口味 4.3". The heading is nothing but their names,
# so that a fee, a distance or a weight is none: 配送费, "location (km)".
_PART = (
    r"口味|味道|菜品|环境|環境|服务|服務|卫生|衛生|清洁|清潔|位置|交通|设施|設施|性价比|包装|包裝"
    r"|配送|物流|发货|质量|品质|品質|早餐|餐饮|睡眠|隔音|效果|体验|员工|师资|教学|外观|内饰|空间|动力|操控|舒适"
    r"|taste|food|service|staff|cleanliness|hygiene|location|facilities|amenities|rooms?|comfort"
    r"|value(?: for money)?|quality|atmosphere|ambiance|ambience|environment|decor|packaging"
    r"|check ?in|communication|accuracy|wi ?fi|sleep quality|breakfast|cabin|seat comfort"
)
_PARTS = regex(
    rf"(?:(?:商家|店铺|酒店|商品|食物|菜品|骑手|整体|总体|客房|房间|卖家)[的 ]?)?"
    rf"(?:{_PART})(?: ?(?:&|and|与|和|及)? ?(?:{_PART}))*"
    r"(?:态度|態度|质量|水平|体验|速度|状况|条件|程度|度|性)?(?: ?[(（]?(?:满分)?5分制?[)）]?)?"
)
_RANGE = regex(r"(?<!\d)([01])\s*(?:-|–|—|~|～|至|到|to|\.\.)\s*(100|10|3|5|7)(?!\d)")
# "0=绝对不会，10=一定会": the range told by its ends.
_ENDS = tuple(
    regex(rf"(?<![\d.]){end}\s*(?:分|points?)?\s*(?:[=:(（—–-]|[是为即指]|表示|代表|means?\b|is\b)")
    for end in ("0", "10")
)
_OUT_OF = regex(r"(?:out of|满分|/)\s*(100|10|5|7|3)(?!\d)|(?<!\d)(100|10|5|7)\s*分制")
_HIGH_GOOD = regex(
    r"made it eas(?:y|ier)|(?:very|extremely) easy\s*[=:]\s*[57]"
    r"|[57]\s*[=:(（]\s*(?:very|extremely) easy|high(?:er)? is (?:good|better|easier)"
    r"|越高越(?:好|轻松|容易|省力)|[57]\s*[=:分(（]+\s*(?:非常|很|十分)?(?:轻松|容易|省力)"
    r"|轻松程度|容易程度|省力程度"
)
_LOW_GOOD = regex(
    r"(?:high effort|difficult|hard)\s*[=:]\s*[57]"
    r"|[57]\s*[=:(（]\s*(?:very |extremely )?(?:high effort|difficult|hard)"
    r"|low(?:er)? is (?:good|better|easier)|越低越(?:好|轻松|容易|省力)"
    r"|[57]\s*[=:分(（]+\s*(?:非常|很|十分)?(?:费力|困难)"
)

# What surveys and exports write for "no answer", beside the zero: off every scale, and off those
# that end with ten.
_FAR_CODES = frozenset(
    {-1.0, -2.0, -3.0, -7.0, -8.0, -9.0, -77.0, -88.0, -97.0, -98.0, -99.0, -999.0, -9999.0}
    | {777.0, 888.0, 997.0, 998.0, 999.0, 9998.0, 9999.0, 99999.0}
)
_NEAR_CODES = frozenset({77.0, 88.0, 97.0, 98.0, 99.0})
# A scale rests on at least so large a share of the answers, and on so many different ones.
_MOST_ANSWERS, _FEWEST_STEPS, _MOST_CODES = 2 / 3, 3, 2
# Typing errors, by share; in few answers one of so many.
_SLIPS, _ENOUGH_FOR_A_SLIP = 0.02, 20


@dataclass(frozen=True, slots=True)
class Outcome:
    """A column in which customers answered on a scale.

    :param column: The column's name.
    :param kind: `stars`, `nps`, `csat`, `ces`, `pmf`, or `rating`: a scale of its own, of which a
        mean and a distribution can be told but never an NPS.
    :param minimum: Lowest possible answer.
    :param maximum: Highest possible answer.
    :param high_is_good: None where the heading does not say: for effort, published descriptions
        contradict each other, so it has to be declared. Where it is False, answers are turned as they
        are read, so that the highest is the best one; those of effort have their own direction.
    :param wording: Which words are answers, and the number each stands for; None for the usual ones
        of the kind.
    """

    column: str
    kind: Kind
    minimum: float
    maximum: float
    high_is_good: bool | None = True
    wording: str | None = None

    @property
    def is_turned(self) -> bool:
        """Whether `value` turns answers round: a low number is the good one."""
        return self.high_is_good is False and self.kind != "ces"

    def value(self, cell: str | None) -> float | None:
        """Return the answer in a cell, or None when it has none or one outside the scale.

        "１０", "10分", "4 stars", "5/5", "4,5" and the usual words of a satisfaction scale are
        answers.
        """
        answer = number(cell)
        if answer is None:
            # Words say themselves which end is the good one.
            wording = self.wording or USUAL.get((self.kind, self.maximum))
            answer = step(cell, wording) if cell and wording else None
            on_scale = answer is not None and self.minimum <= answer <= self.maximum
            return answer if on_scale else None
        if not self.minimum <= answer <= self.maximum:
            return None
        if self.kind == "nps" and not answer.is_integer():
            return None
        # "9 out of 10" is no 9 on a scale up to 100.
        if _top(cell or "") not in (None, self.maximum):
            return None
        return self.minimum + self.maximum - answer if self.is_turned else answer

    def as_given(self, answer: float | None) -> float | None:
        """Return the number that the customer gave for an answer that `value` returned."""
        if answer is None or not self.is_turned:
            return answer
        return self.minimum + self.maximum - answer

    def to_dict(self) -> dict[str, Any]:
        """Return the outcome as plain data."""
        return {
            "column": self.column,
            "kind": self.kind,
            "minimum": self.minimum,
            "maximum": self.maximum,
            "high_is_good": self.high_is_good,
            "wording": self.wording,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Outcome:
        """Read an outcome back; the inverse of `to_dict`."""
        return cls(**data)


def number(cell: str | None) -> float | None:
    """Return the number that a cell answers with, units and full width understood, or None."""
    found = _read(cell)
    return None if found is None else found[0]


def _read(cell: str | None) -> tuple[float, str] | None:
    """Return the number that a cell answers with and the words beside it."""
    if not cell or len(cell) > 60:
        return None
    text = _folded(cell)
    match = _NUMBER.fullmatch(text)
    if match:
        words, tail = match["words"], match["tail"]
        if tail is None or leaning(tail) or _ANCHOR.search(tail):
            words = (words or tail or "").strip(" )）")
            return float(match["value"].replace(",", ".")), words
    if text and not text.strip("★☆⭐\ufe0f "):
        return float(text.count("★") + text.count("⭐")), ""
    if len(text) > 1 and text[1:] in ("星", "颗星", "顆星", "星级", "分"):
        found = step(text[0], "stars")
        return None if found is None else (found, "")
    words = text.split()
    if words and words[-1] in ("star", "stars"):
        found = step(words[0], "stars")
        return None if found is None else (found, "")
    match = _LABELLED.fullmatch(text)
    if match and _ANCHOR.search(match["words"]):
        return float(match["value"]), match["words"].strip(" (（-–:：=")
    return None


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().casefold()


def _top(cell: str) -> float | None:
    """Return the upper end of the scale that a cell itself names: "4 out of 5", "80%"."""
    if len(cell) > 60:
        return None
    text = _folded(cell)
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    return float(match["top"]) if match["top"] else 100.0 if text.endswith("%") else None


def is_overall(heading: str) -> bool:
    """Say whether a rating's heading is about the whole and not a part ("Seat Comfort")."""
    words = clean(heading)
    rest = _WHOLE_ZH.sub("", _WHOLE_EN.sub("", words))
    return not re.search(r"\w", re.sub(r"[\d_]", "", rest))


def find_outcome(column: str, heading: str, cells: Sequence[str]) -> Outcome | None:
    """Return what scale a column is answered on, or None when it is not one.

    :param column: Its name.
    :param heading: Its name and label: what may tell the kind and the scale.
    :param cells: Its filled cells in the sample.
    """
    words = clean(heading)
    if not cells or _AGGREGATE.search(words):
        return None
    kind = _named_kind(words)
    read = [_read(cell) for cell in cells]
    answers = [found[0] for found in read if found is not None]
    if len(answers) < 0.8 * len(cells):
        return _in_words(column, words, kind, cells)
    if kind is None and _is_part(words, answers):
        return Outcome(column, "stars", 1.0, 5.0)
    if kind is None and (_NO_SCALE.search(words) or not _whole_or_half(answers)):
        return None
    if kind not in ("nps", "pmf"):
        labels, ends = _explained(_folded(heading), [found for found in read if found])
        if ends is not None:
            typed = _typed(column, words, kind, *ends)
            if typed is None or (typed.kind == "ces" and typed.high_is_good is not None):
                return typed
            return replace(typed, high_is_good=not direction(labels))
    unnamed = kind is None and not _NO_SCALE.search(words)
    if (unnamed or kind == "rating") and _asks_to_recommend(words, _folded(heading), answers):
        kind = "nps"
    low, high = _scale(_folded(heading), answers, kind, _common_top(cells))
    if high is None or low is None:
        return None
    if kind is None and not _is_survey_scale(words, answers, low, high):
        return None
    return _typed(column, words, kind, low, high)


def _asks_to_recommend(words: str, heading: str, answers: Sequence[float]) -> bool:
    """Say whether a question about recommending, which may have any scale, is the one on 0-10.

    The heading tells the range; or answers are beyond a scale to seven, or beyond one to five and
    begin at zero.
    """
    if not _MAYBE_NPS.search(words):
        return False
    told = _range(heading)
    if told is not None:
        return told == (0, 10)
    on = _on_scale(_without_codes(answers), 10, "nps")
    if not on or sum(value > 5 for value in on) <= _SLIPS * len(on):
        return False
    return max(on) > (5 if min(on) == 0 else 7)


def _range(heading: str) -> tuple[float, float] | None:
    """Return the ends that a heading tells: "0-10", "0=绝对不会，10=一定会"."""
    told = _RANGE.search(heading)
    if told:
        return float(told[1]), float(told[2])
    return (0.0, 10.0) if all(end.search(heading) for end in _ENDS) else None


def _explained(
    heading: str, read: Sequence[tuple[float, str]]
) -> tuple[Mapping[float, str], tuple[float, float] | None]:
    """Return the words that explain numbers, in the heading or in cells, and the ends they tell.

    "1 = very satisfied, 5 = very dissatisfied", or "1 - Very satisfied" in the cells: both the good
    and the bad side must be explained. The ends of a heading hold where most answers lie within;
    those of cells where nearly all cells have words, else the scale goes on to what they show.
    """
    answers = [value for value, _ in read]
    labels = anchors(heading)
    if labels:
        low, high = min(labels), max(labels)
        on = sum(low <= value <= high for value in answers)
        return labels, (low, high) if on >= _MOST_ANSWERS * len(answers) else None
    labels = labels_of((value, words) for value, words in set(read) if words)
    if direction(labels) is None:
        return {}, None
    low = min(1.0, *labels)
    if sum(value in labels for value in answers) >= 0.8 * len(answers):
        return labels, (low, max(labels))
    bare = [value for value, words in read if not words]
    highest = max([*bare, *labels])
    return labels, next(((low, h) for h in (5.0, 7.0, 10.0, 100.0) if h >= highest), None)


def _named_kind(words: str) -> str | None:
    for kind, pattern in (
        ("nps", _NPS), ("pmf", _PMF), ("ces", _CES), ("csat", _CSAT), ("stars", _STARS),
        ("rating", _RATING),
    ):  # fmt: skip
        if pattern.search(words):
            if kind == "rating" and _NO_SCALE.search(_RATED.sub("", words)):
                return None
            return kind
    return None


def _whole_or_half(answers: Sequence[float]) -> bool:
    return all((value * 2).is_integer() for value in answers)


def _is_part(words: str, answers: Sequence[float]) -> bool:
    """Say whether numbers are what a platform makes of the stars of a part: 4.3 for the food."""
    return (
        _PARTS.fullmatch(words) is not None
        and not _whole_or_half(answers)
        and all(1 <= value <= 5 and round(value, 1) == value for value in answers)
        and len(set(answers)) >= _FEWEST_STEPS
    )


def _is_survey_scale(words: str, answers: Sequence[float], low: float, high: float) -> bool:
    """Say whether numbers under a heading that names no scale look like answers ("Seat Comfort").

    Counts begin at 0 and running numbers go on: answers are few different ones, from 1 up.
    """
    named = re.search(r"[^\W\d_]", re.sub(r"^(?:column|unnamed) ?\d+$", "", words))
    return bool(named) and low == 1 and high <= 10 and len(set(answers)) >= min(3, len(answers))


def _common_top(cells: Sequence[str]) -> float | None:
    """Return the upper end that nearly all cells name; None if they name none or several."""
    tops = Counter(_top(cell) for cell in cells)
    top, count = tops.most_common(1)[0]
    return top if top in (3, 5, 7, 10, 100) and count >= 0.8 * len(cells) else None


def _scale(
    heading: str, answers: Sequence[float], kind: str | None, top: float | None
) -> tuple[float | None, float | None]:
    """Return the ends of the scale: what the heading or the cells say, else what they show."""
    told = _range(heading)
    # A heading that names no scale may explain codes.
    if told is not None and (kind is not None or _RANGE.search(heading)):
        return told
    if kind is not None:
        answers = _without_codes(answers)
    if kind == "nps" and top in (None, 10) and (on := _on_scale(answers, 10, kind)):
        # Yes and no, or stars, under a heading about recommending are not the 0-10 question.
        return (0.0, 10.0) if max(on) > 5 or len(set(on)) < 2 else (None, None)
    out_of = _OUT_OF.search(heading)
    if out_of and min(answers) >= 0:
        return (0.0 if min(answers) == 0 else 1.0), float(out_of[1] or out_of[2])
    if max(answers) <= 1 and min(answers) >= 0 and top is None:
        return (1.0, 5.0) if set(answers) == {1} and kind else (None, None)
    steps = (
        (3.0, 5.0, 7.0) if kind in ("pmf",) else (5.0, 7.0) if kind in ("csat", "ces") else (5.0,)
    )
    for high in (*steps, 10.0, 100.0) if top is None else (top,):
        if on := _on_scale(answers, high, kind):
            return 0.0 if top == 100 else _lowest(on, high, kind), high
    return None, None


def _without_codes(answers: Sequence[float]) -> Sequence[float]:
    """Leave out numbers that stand for "no answer": 99 where all else is at most 10, 999, -1.

    There is one or the other of them, and what is left must be most of the answers, different
    enough to be some. A scale from -2 to 2 has no codes.
    """
    for known, most in ((_FAR_CODES | _NEAR_CODES, 10.0), (_FAR_CODES, 100.0)):
        codes = known.intersection(answers)
        rest = [value for value in answers if value not in codes]
        if (
            0 < len(codes) <= _MOST_CODES
            and len(rest) >= _MOST_ANSWERS * len(answers)
            and len(set(rest)) >= _FEWEST_STEPS
            and -min(codes) != max(rest) <= most
        ):
            return rest
    return answers


def _on_scale(answers: Sequence[float], high: float, kind: str | None) -> Sequence[float] | None:
    """Return the answers from 0 to the upper end, None when those beyond are too many to be slips.

    At most 2 % may be off, or one of twenty, and no more different ones than are on; none of them
    next to the scale, where a longer one would go on. A column whose heading names no scale has no
    slips: it may count anything.
    """
    on = [value for value in answers if 0 <= value <= high]
    off = {value for value in answers if not 0 <= value <= high}
    if not off:
        return on
    allowed = max(int(_SLIPS * len(answers)), int(len(answers) >= _ENOUGH_FOR_A_SLIP))
    near = [value for value in off if high < value <= 10]
    # No scale goes on from 10 to 11: beside the answers of a recommendation that is a slip.
    longer = high + 1 in off and not (kind == "nps" and high == 10)
    if kind is None or len(answers) - len(on) > allowed or longer or len(near) > 1:
        return None
    return on if len(set(on)) >= max(_FEWEST_STEPS, len(off)) else None


def _lowest(answers: Sequence[float], high: float, kind: str | None) -> float:
    """Return the lower end: 1, or 0 where answers say so.

    On a scale to five or seven a zero is written where nothing was rated, if none is between it and 1.
    """
    rated = [value for value in answers if value] or [0.0]
    if len(rated) == len(answers):
        return 0.0 if min(answers) < 1 else 1.0
    unrated = (
        kind is not None
        and high in (5, 7)
        and min(rated) >= 1
        and len(rated) >= _MOST_ANSWERS * len(answers)
        and len(set(rated)) >= _FEWEST_STEPS
    )
    return 1.0 if unrated else 0.0


def _typed(column: str, words: str, kind: str | None, low: float, high: float) -> Outcome | None:
    if kind == "nps":
        return Outcome(column, "nps" if (low, high) == (0, 10) else "rating", low, high)
    if kind == "ces":
        good = True if _HIGH_GOOD.search(words) else False if _LOW_GOOD.search(words) else None
        return Outcome(column, "ces" if high <= 10 else "rating", low, high, good)
    if kind == "pmf":
        return Outcome(column, "pmf", low, high) if high == 3 else None
    if kind == "csat" and low == 1 and high in (3, 5, 7):
        return Outcome(column, "csat", low, high)
    if kind in ("stars", "rating") and (low, high) == (1, 5):
        return Outcome(column, "stars", low, high)
    return Outcome(column, "rating", low, high)


def _in_words(column: str, words: str, kind: str | None, cells: Sequence[str]) -> Outcome | None:
    """Recognise a scale that is answered in words."""
    scored = kind in ("rating", "stars")
    graded = (scored or kind == "csat" or _GRADED.search(words)) and not _NO_GRADE.search(words)
    scales: tuple[tuple[Kind, Family, bool], ...] = (
        ("csat", "satisfaction", kind in ("csat", None) or scored),
        ("pmf", "disappointment", True),
        ("ces", "agreement", kind == "ces"),
        ("ces", "ease", kind == "ces"),
        ("rating", "verdicts", True),
        ("stars", "stars", scored),
        ("rating", "grades", bool(graded)),
    )
    for name, family, fits in scales:
        found = wording_of(family, cells, asked=kind is not None) if fits else None
        if found is not None:
            wording, top = found
            agrees = _HIGH_GOOD.search(words) or _EASY.search(words)
            good = None if family == "agreement" and not agrees else True
            return Outcome(column, name, 1, top, good, wording)
    return None
