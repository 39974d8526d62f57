"""Scales that are answered in words: "somewhat satisfied", 不太满意, "Excellent".

A word of satisfaction is a side and a strength; how many steps the scale has, and so which number a
word stands for, is told by the words that are used together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Literal

from sentiment.tables.headings import clean

__all__ = ["TOPS", "Family", "Wording", "anchors", "leaning", "reversed_by", "step", "wording_of"]

Family = Literal["satisfaction", "agreement", "disappointment", "grades", "verdicts"]
Wording = Literal[
    "satisfaction", "seven steps of satisfaction", "one-sided satisfaction", "agreement",
    "disappointment", "grades", "grades with very good", "verdicts",
]  # fmt: skip

# The highest step of each.
TOPS: Mapping[Wording, float] = {
    "satisfaction": 5, "seven steps of satisfaction": 7, "one-sided satisfaction": 5, "agreement": 7,
    "disappointment": 3, "grades": 5, "grades with very good": 5, "verdicts": 3,
}  # fmt: skip

# Side and strength of an answer: 3 for "very", 2 without an adverb, 1 for "somewhat".
_STRONG, _PLAIN, _WEAK = 3, 2, 1
_ADVERBS: Mapping[str, int] = {
    "extremely": 3, "very": 3, "completely": 3, "totally": 3, "highly": 3, "fully": 3,
    "entirely": 3, "really": 3, "strongly": 3,
    "": 2, "moderately": 2, "mostly": 2, "fairly": 2, "quite": 2, "generally": 2, "rather": 2,
    "mainly": 2, "largely": 2,
    "somewhat": 1, "slightly": 1, "a little": 1, "a bit": 1, "partly": 1, "partially": 1,
    "非常": 3, "很": 3, "十分": 3, "极其": 3, "极": 3, "极度": 3, "特别": 3, "完全": 3, "最": 3,
    "比较": 1, "较": 1, "较为": 1, "有点": 1, "有些": 1, "稍": 1, "稍微": 1, "略": 1, "还算": 1,
}  # fmt: skip
_NEUTRAL = frozenset(
    {
        "neutral", "neither", "neither satisfied nor dissatisfied", "neither satisfied or dissatisfied",
        "neither satisfied nor unsatisfied", "neither dissatisfied nor satisfied",
        "一般", "中立", "普通", "基本满意", "既不满意也不不满意", "说不清", "一般般",
    }
)  # fmt: skip
_DENIED: Mapping[str, int] = {
    "not at all": 3, "not": 2, "not so": 1, "not very": 1, "not too": 1, "not really": 1,
    "不": 2, "不太": 1, "不大": 1, "不怎么": 1, "不是很": 1,
}  # fmt: skip
_SATISFIED = re.compile(r"(?P<before>[a-z ]*?)\s*(?P<stem>satisfied|dissatisfied|unsatisfied)")
_SATISFIED_ZH = re.compile(r"(?P<before>.*?)(?P<denied>不太|不大|不怎么|不是很|不)?(?:满意|滿意)")

_AGREEMENT: Mapping[str, float] = {
    "strongly disagree": 1, "disagree": 2, "somewhat disagree": 3, "neither agree nor disagree": 4,
    "neutral": 4, "somewhat agree": 5, "agree": 6, "strongly agree": 7,
    "非常不同意": 1, "不同意": 2, "有点不同意": 3, "不确定": 4,
    "有点同意": 5, "同意": 6, "非常同意": 7,
}  # fmt: skip
_DISAPPOINTMENT: Mapping[str, float] = {
    "not disappointed": 1, "not disappointed it isn't really that useful": 1,
    "not at all disappointed": 1, "somewhat disappointed": 2, "very disappointed": 3,
    "不失望": 1, "不会失望": 1, "有点失望": 2, "有些失望": 2, "非常失望": 3, "很失望": 3,
}  # fmt: skip
# A grade in words; "very good" beside "excellent" moves "good" to the middle.
_GRADES: Mapping[str, float] = {
    "excellent": 5, "outstanding": 5, "very good": 5, "great": 5, "good": 4, "average": 3, "fair": 3,
    "ok": 3, "okay": 3, "neutral": 3, "so so": 3, "poor": 2, "bad": 2, "below average": 2,
    "above average": 4, "very poor": 1, "very bad": 1, "terrible": 1, "awful": 1, "horrible": 1,
    "非常好": 5, "很好": 5, "优秀": 5, "优": 5, "好": 4, "较好": 4, "比较好": 4, "良好": 4, "良": 4,
    "一般": 3, "普通": 3, "中": 3, "中等": 3, "还行": 3, "差": 2, "较差": 2, "比较差": 2, "不好": 2,
    "很差": 1, "非常差": 1, "极差": 1,
}  # fmt: skip
_GRADES_WITH_VERY_GOOD: Mapping[str, float] = {
    "excellent": 5, "outstanding": 5, "very good": 4, "good": 3, "fair": 2, "average": 2, "ok": 2,
    "okay": 2, "poor": 1, "bad": 1, "very poor": 1, "very bad": 1, "terrible": 1, "awful": 1,
}  # fmt: skip
# What Chinese shops call a review as a whole.
_VERDICTS: Mapping[str, float] = {"差评": 1, "中评": 2, "好评": 3, "差評": 1, "中評": 2, "好評": 3}
_TABLES: Mapping[Wording, Mapping[str, float]] = {
    "agreement": _AGREEMENT,
    "disappointment": _DISAPPOINTMENT,
    "grades": _GRADES,
    "grades with very good": _GRADES_WITH_VERY_GOOD,
    "verdicts": _VERDICTS,
}

_SEVEN: Mapping[tuple[int, int], float] = {
    (1, 3): 7, (1, 2): 6, (1, 1): 5, (0, 0): 4, (-1, 1): 3, (-1, 2): 2, (-1, 3): 1,
}  # fmt: skip
_FIVE: Mapping[tuple[int, int], float] = {
    (1, 3): 5, (1, 2): 4, (1, 1): 4, (0, 0): 3, (-1, 1): 2, (-1, 2): 2, (-1, 3): 1,
}  # fmt: skip
# "Extremely" above "very", no side of dissatisfaction: the two upper steps are the satisfied ones.
_ONE_SIDED: Mapping[str, float] = {
    "extremely": 5, "completely": 5, "very": 4, "": 3, "moderately": 3, "somewhat": 3, "fairly": 3,
    "slightly": 2, "not so": 2, "not very": 2, "not too": 2, "not really": 2, "a little": 2,
    "not": 1, "not at all": 1,
}  # fmt: skip

_MIDDLE = re.compile(r"neither|neutral|一般|中立")
_FEWEST_GRADES = 3
_BAD = re.compile(
    r"dissatisf|unsatisf|not (?:at all |so |very |really )?(?:satisf|likely|good|easy|happy)|unlikely"
    r"|\b(?:poor|terrible|awful|worst|bad|horrible|unhappy|disappointed|difficult|hard|high effort"
    r"|dislike)\b|不(?:太|是很|大|怎么)?(?:满意|滿意|好|容易|可能|愿意|轻松)|差|糟|失望|困难|费力|费劲"
)
_GOOD = re.compile(
    r"\b(?:satisfied|excellent|outstanding|great|good|best|happy|delighted|easy|low effort|likely"
    r"|perfect)\b"
    r"|(?:满意|滿意|容易|轻松|省力)(?!程?度)|优秀|好|愿意"
)
_WORDS = r"[^\d,，;；、/~～()（）=:：]{1,30}"
_DIGIT_FIRST = re.compile(
    rf"(\d+)\s*(?:分|星|points?|stars?)?\s*(?:[=:：是为]|[-–—]|\s|(?=[^\x00-\x7f]))\s*({_WORDS})"
)
_WORDS_FIRST = re.compile(rf"({_WORDS})\s*[(（=:：]\s*(\d+)")


def _satisfaction(text: str) -> tuple[int, int, str] | None:
    """Return side, strength and adverb of an answer about satisfaction, or None."""
    if text in _NEUTRAL:
        return 0, 0, ""
    found = _SATISFIED.fullmatch(text)
    if found:
        before = found["before"].strip()
        if found["stem"] != "satisfied":
            return (-1, _ADVERBS[before], before) if before in _ADVERBS else None
        if before in _DENIED:
            return -1, _DENIED[before], before
        return (1, _ADVERBS[before], before) if before in _ADVERBS else None
    found = _SATISFIED_ZH.fullmatch(text)
    if not found or found["before"] not in _ADVERBS:
        return None
    before, denied = found["before"], found["denied"]
    if denied is None:
        return 1, _ADVERBS[before], before
    return -1, _ADVERBS[before] if before else _DENIED[denied], before


def wording_of(family: Family, cells: Iterable[str]) -> Wording | None:
    """Return the scale whose words the cells are, by the words that are used together.

    :param cells: Answers; four of five must be words of the scale.
    """
    texts = [_folded(cell) for cell in cells]
    words = set(texts)
    if family == "satisfaction":
        wording = _satisfaction_wording(words)
    elif family == "grades" and "very good" in words and words & {"excellent", "outstanding"}:
        wording = "grades with very good"
    else:
        wording = family
    known = [found for text in texts if (found := _step(text, wording)) is not None]
    # "Good" and "Bad" are answers to many a question that has no scale.
    few = family == "grades" and len(set(known)) < _FEWEST_GRADES
    return wording if texts and len(known) >= 0.8 * len(texts) and not few else None


def step(cell: str, wording: Wording) -> float | None:
    """Return the number that an answer in words stands for, or None for a foreign word."""
    return _step(_folded(cell), wording)


def _step(text: str, wording: Wording) -> float | None:
    if wording in _TABLES:
        found = _TABLES[wording].get(text)
        if found is None and wording == "disappointment":
            return next((n for words, n in _DISAPPOINTMENT.items() if text.startswith(words)), None)
        return found
    parsed = _satisfaction(text)
    if parsed is None:
        return None
    side, strength, adverb = parsed
    if wording == "one-sided satisfaction":
        return _ONE_SIDED.get(adverb) if side else 3.0
    return (_SEVEN if wording == "seven steps of satisfaction" else _FIVE)[side, strength]


def _satisfaction_wording(words: Iterable[str]) -> Wording:
    parsed = [found for text in words if (found := _satisfaction(text))]
    used = {(side, strength) for side, strength, _ in parsed}
    adverbs = {adverb for side, _, adverb in parsed if side > 0}
    if {"extremely", "very"} <= adverbs and all(
        adverb in _DENIED for side, _, adverb in parsed if side < 0
    ):
        return "one-sided satisfaction"
    # 不太满意 beside 不满意 alone is a lowest step in other words; 满意 beside 比较满意 is not.
    if {(1, _PLAIN), (1, _WEAK)} <= used or {(-1, _STRONG), (-1, _PLAIN), (-1, _WEAK)} <= used:
        return "seven steps of satisfaction"
    return "satisfaction"


def _folded(cell: str) -> str:
    return clean(cell).replace("’", "'").rstrip(".。!")


def leaning(words: str) -> int:
    """Return 1 for the words of a good answer, -1 for those of a bad one, 0 for others."""
    if _MIDDLE.search(words):
        return 0
    good = _GOOD.search(_BAD.sub("", words)) is not None
    bad = _BAD.search(words) is not None
    return int(good) - int(bad)


def reversed_by(pairs: Iterable[tuple[float, str]], low: float, high: float) -> bool | None:
    """Say whether the low numbers are the good ones, by the words that stand beside numbers.

    :param pairs: A number of the scale and the words beside it.
    :returns: None where words say nothing, or contradict each other.
    """
    middle = (low + high) / 2
    said = {
        (number < middle) == (side > 0)
        for number, words in pairs
        if low <= number <= high and number != middle and (side := leaning(words))
    }
    return said.pop() if len(said) == 1 else None


def anchors(heading: str) -> list[tuple[float, str]]:
    """Return the numbers that a heading explains: "1 = very satisfied, 5 = very dissatisfied".

    The words may stand before the numbers. Both ends must be explained: "how satisfied (1-5)" is no
    explanation.
    """
    digit_first = [(float(digit), words) for digit, words in _DIGIT_FIRST.findall(heading)]
    words_first = [(float(digit), words) for words, digit in _WORDS_FIRST.findall(heading)]
    for pairs in (digit_first, words_first):
        if {1, -1} <= {leaning(words) for _, words in pairs}:
            return pairs
    return []
