"""Scales that are answered in words: "somewhat satisfied", 不太满意, "Excellent", "5 - Very good".

A word is a side and a strength. Which number it stands for, the words tell that are used together:
a scale whose strongest word is "satisfied" ends there, one with "slightly" beside "moderately" has
seven steps.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from sentiment.patterns import regex
from sentiment.tables.headings import clean

__all__ = [
    "USUAL",
    "Family",
    "anchors",
    "direction",
    "is_wording",
    "labels_of",
    "leaning",
    "step",
    "wording_of",
]

Family = Literal[
    "satisfaction", "agreement", "ease", "grades", "disappointment", "verdicts", "stars"
]

# Side and strength of an answer: 3 for "very", 2 without an adverb, 1 for "somewhat".
_END, _PLAIN, _WEAK = 3, 2, 1
_ADVERBS: Mapping[str, int] = {
    "extremely": 3, "very": 3, "completely": 3, "totally": 3, "highly": 3, "fully": 3,
    "entirely": 3, "strongly": 3, "absolutely": 3, "most": 3,
    "": 2, "moderately": 2, "mostly": 2, "fairly": 2, "quite": 2, "generally": 2, "rather": 2,
    "mainly": 2, "largely": 2,
    "somewhat": 1, "slightly": 1, "a little": 1, "a bit": 1, "partly": 1, "partially": 1,
    "非常": 3, "很": 3, "十分": 3, "极其": 3, "极": 3, "极度": 3, "特别": 3, "完全": 3, "最": 3,
    "比较": 1, "较": 1, "较为": 1, "有点": 1, "有些": 1, "稍": 1, "稍微": 1, "略": 1, "还算": 1,
}  # fmt: skip
_DENIALS: Mapping[str, int] = {
    "not at all": 3, "not": 2, "not so": 1, "not very": 1, "not too": 1, "not really": 1,
    "一点也不": 3, "一点都不": 3, "不": 2, "不太": 1, "不大": 1, "不怎么": 1, "不是很": 1,
}  # fmt: skip
_NEUTRAL = frozenset(
    {
        "neutral",
        "neither",
        "一般",
        "一般般",
        "中立",
        "普通",
        "说不清",
        "不确定",
        "中等",
        "还行",
        "中",
    }
)
_NEITHER = regex(r"neither .+ n?or .+|既不.+也不.+|无所谓.*")

# The words of each family: those of the good side, and those of the bad one.
_STEMS: Mapping[Family, tuple[str, str]] = {
    "satisfaction": ("satisfied|满意|滿意", "dissatisfied|unsatisfied"),
    "agreement": ("agree|同意|认同|赞同", "disagree"),
    "ease": ("easy|容易|轻松|省力|方便|简单", "difficult|hard|困难|费力|费劲|麻烦|复杂"),
    "grades": ("good|好", "bad|poor|差|糟糕|糟"),
}
_DENIED = "|".join(sorted((d for d in _DENIALS if not d.isascii()), key=len, reverse=True))
_PATTERNS: Mapping[str, re.Pattern[str]] = {
    family: regex(
        rf"(?P<before>[a-z ]*?|[^a-z]*?)\s*(?P<denied>{_DENIED})?(?:(?P<bad>{bad})|(?P<good>{good}))"
        r"(?P<after> at all)?"
    )
    for family, (good, bad) in _STEMS.items()
}
# Grades that are no adverb and stem.
_GRADES: Mapping[str, tuple[int, int]] = {
    "excellent": (1, 3), "outstanding": (1, 3), "perfect": (1, 3), "great": (1, 3),
    "above average": (1, 1), "average": (0, 0), "fair": (0, 0), "ok": (0, 0), "okay": (0, 0),
    "so so": (0, 0), "acceptable": (0, 0), "below average": (-1, 1), "terrible": (-1, 3),
    "awful": (-1, 3), "horrible": (-1, 3), "优秀": (1, 3), "优": (1, 3), "良好": (1, 2), "良": (1, 2),
    "不错": (1, 2),
}  # fmt: skip
# Scales with words of their own: number of each.
_TABLES: Mapping[str, Mapping[str, float]] = {
    "disappointment": {
        "not disappointed": 1, "not disappointed it isn't really that useful": 1,
        "not at all disappointed": 1, "somewhat disappointed": 2, "very disappointed": 3,
        "不失望": 1, "不会失望": 1, "有点失望": 2, "有些失望": 2, "非常失望": 3, "很失望": 3,
    },
    # What Chinese shops call a review as a whole.
    "verdicts": {"差评": 1, "中评": 2, "好评": 3, "差評": 1, "中評": 2, "好評": 3},
    "stars": {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5,
              "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5},
    # "Extremely" above "very" and no dissatisfaction: the two upper steps are the satisfied ones.
    "one-sided": {
        "extremely": 5, "completely": 5, "very": 4, "": 3, "moderately": 3, "somewhat": 3,
        "fairly": 3, "slightly": 2, "not so": 2, "not very": 2, "not too": 2, "not really": 2,
        "a little": 2, "not": 1, "not at all": 1,
    },
    # Market research: "good" is the middle below "very good" and "excellent".
    "excellent very-good good": {
        "excellent": 5, "outstanding": 5, "very good": 4, "good": 3, "fair": 2, "average": 2, "ok": 2,
        "okay": 2, "poor": 1, "bad": 1, "very poor": 1, "very bad": 1, "terrible": 1, "awful": 1,
    },
    # Travel: no plain "good" below it.
    "excellent very-good": {
        "excellent": 5, "outstanding": 5, "very good": 4, "average": 3, "fair": 3, "ok": 3, "okay": 3,
        "poor": 2, "bad": 2, "very poor": 1, "very bad": 1, "terrible": 1, "awful": 1, "horrible": 1,
    },
}  # fmt: skip
# The wording of a scale that was declared without one.
USUAL: Mapping[tuple[str, float], str] = {
    ("csat", 5): "satisfaction 5 3 3", ("csat", 7): "satisfaction 7 3 3",
    ("pmf", 3): "disappointment", ("ces", 5): "agreement 5 3 3", ("ces", 7): "agreement 7 3 3",
    ("rating", 5): "grades 5 3 3", ("stars", 5): "stars",
}  # fmt: skip
_FEWEST_STEPS = 3
_LETTER = regex(r"^\s*[A-Ga-g]\s*[.、．)）:：]\s*(?=\D)")

# A face before or behind the words says what they say: "😀满意", "Good 👍".
_FACES = " \ufe0f\u200d"
_FACE = regex(
    rf"^(?:[\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff{_FACES}])+(?=.*\w)"
    rf"|(?<=\w)[.!。！]*(?:[\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff{_FACES}])+$"
)
_MIDDLE = regex(r"neither|neutral|^(?:一般|中立|普通|average|fair)$")
_NO_ANSWER = regex(
    r"don.?t know|not? (?:applicable|answer|opinion)|prefer not|\bn ?/? ?a\b"
    r"|不清楚|不知道|不适用|未|拒绝|无法"
)
_NO_BLAME = regex(r"not (?:too |so )?bad|差不多|差一点满分|差点满分|不差")
_BAD = regex(
    r"dissatisf|unsatisf|not (?:at all |so |very |really )?(?:satisf|likely|good|easy|happy)|unlikely"
    r"|disagree|\b(?:poor|terrible|awful|worst|bad|horrible|unhappy|disappointed|difficult|hard"
    r"|high effort|dislike|least|lowest)\b(?: satisfied| likely| happy| easy)?"
    r"|(?:一点[也都])?(?:不|最不)(?:太|是很|大|怎么)?(?:满意|滿意|好|容易|可能|会|愿意|同意|轻松)|差|糟|失望"
    r"|困难|费力|费劲|最低"
)
_GOOD = regex(
    r"\b(?:satisfied|excellent|outstanding|great|good|best|happy|delighted|easy|low effort|likely|agree"
    r"|perfect|highest)\b|(?:满意|滿意|容易|轻松|省力)(?!程?度)|优秀|好|愿意|可能|同意|最高"
)
_WORDS = r"[^\d,，;；、/~～()（）=:：]{1,30}"
_DIGIT_FIRST = regex(
    rf"(\d+)\s*(?:分|星|points?|stars?)?\s*(?:[=:：是为(（]|[-–—]|\s|(?=[^\x00-\x7f]))\s*({_WORDS})"
)
_WORDS_FIRST = regex(rf"({_WORDS})\s*[(（=:：]?\s*(\d+)")


def _folded(cell: str) -> str:
    # "A.非常满意": the letter of an option is no part of it.
    return clean(_LETTER.sub("", _FACE.sub("", cell), count=1)).replace("’", "'").rstrip(".。!")


def _parsed(family: str, text: str) -> tuple[int, int, str] | None:
    """Return side, strength and adverb of an answer in a family's words, or None."""
    if text in _NEUTRAL or _NEITHER.fullmatch(text):
        return 0, 0, ""
    if family == "grades" and text in _GRADES:
        return *_GRADES[text], ""
    if family == "satisfaction" and text == "基本满意":
        return 0, 0, ""
    found = _PATTERNS[family].fullmatch(text)
    if found is None:
        return None
    before, denied = found["before"].strip(), found["denied"]
    if found["after"]:
        before += found["after"]  # "not satisfied at all"
    side = -1 if found["bad"] else 1
    if before in _DENIALS and side > 0:
        return -1, _DENIALS[before], before
    if before not in _ADVERBS or (denied and side < 0):
        return None
    if denied:
        return -1, _ADVERBS[before] if before else _DENIALS[denied], before
    return side, _ADVERBS[before], before


def wording_of(family: Family, cells: Sequence[str], *, asked: bool) -> tuple[str, float] | None:
    """Return the scale whose words the cells are, and its highest step.

    :param asked: Whether the heading asks for such an answer: otherwise the words must be of both
        sides, or of several steps of one.
    :returns: None where fewer than four of five cells are such words, or where others that come again
        are answers too: they would be left out of one side.
    """
    texts = Counter(_folded(cell) for cell in cells)
    wording: str = family
    if family in _TABLES:
        top = max(_TABLES[family].values())
    else:
        parsed = [found for text in texts if (found := _parsed(family, text))]
        sides = {side for side, *_ in parsed}
        if sides <= {0} or (not asked and len({found[:2] for found in parsed}) < 2):
            return None
        wording, top = _scale(family, set(texts), parsed)
    # "Good" and "Bad", "One" and "Two" are answers to many a question that has no scale.
    steps = {text: step(text, wording) for text in texts}
    if family in ("grades", "stars") and len(set(steps.values()) - {None}) < _FEWEST_STEPS:
        return None
    unread = {text: n for text, n in texts.items() if steps[text] is None}
    if sum(unread.values()) > 0.2 * len(cells):
        return None
    if any(n > 1 and leaning(text) for text, n in unread.items()):
        return None
    return wording, float(top)


def _scale(
    family: Family, words: set[str], parsed: Sequence[tuple[int, int, str]]
) -> tuple[str, float]:
    adverbs = {adverb for side, _, adverb in parsed if side > 0}
    denied = all(adverb in _DENIALS for side, _, adverb in parsed if side < 0)
    if family == "satisfaction" and {"extremely", "very"} <= adverbs and denied:
        return "one-sided", 5
    if family == "grades" and "very good" in words and words & {"excellent", "outstanding"}:
        return ("excellent very-good good" if "good" in words else "excellent very-good"), 5
    used = {side: {strength for s, strength, _ in parsed if s == side} for side in (1, -1)}
    # Seven steps are two ends and two strengths below each, or all words of one side that say so.
    fine = {"extremely", "moderately", "slightly"} <= {adverb for _, _, adverb in parsed}
    if family != "grades" and (fine or all(len(used[side]) == 3 for side in used)):
        return f"{family} 7 3 3", 7
    ends = [_end(family, used[side], used[-side]) for side in (1, -1)]
    return f"{family} 5 {ends[0]} {ends[1]}", 5


def _end(family: Family, used: set[int], others: set[int]) -> int:
    """Return the strength that is the end of a side: the strongest one that its scale seems to have.

    "Dissatisfied" is one below "very dissatisfied" even where nobody is that; not so where "not very
    satisfied" stands above it, or where the other side has no "very" either. Grades need no adverb.
    """
    strongest = max(used, default=_END)
    if strongest == _END or family == "grades":
        return strongest
    above_weak = strongest == _PLAIN and _WEAK in used
    return strongest if above_weak or _END not in others else _END


def step(cell: str, wording: str) -> float | None:
    """Return the number that an answer in words stands for, or None for a foreign word.

    :param wording: As from `wording_of`.
    """
    text = _folded(cell)
    if wording == "one-sided":
        parsed = _parsed("satisfaction", text)
        if parsed is None:
            return None
        return _TABLES[wording].get(parsed[2]) if parsed[0] else 3.0
    if wording in _TABLES:
        table = _TABLES[wording]
        if wording == "disappointment" and text not in table:
            return next((n for words, n in table.items() if text.startswith(words)), None)
        return table.get(text)
    family, steps, top, bottom = wording.split()
    parsed = _parsed(family, text)
    if parsed is None:
        return None
    side, strength, _ = parsed
    end = int(top if side > 0 else bottom)
    if not side:
        distance = 0
    elif steps == "7":
        distance = strength
    else:
        distance = 2 if strength >= end else 1
    return (1 + int(steps)) / 2 + side * distance


def is_wording(name: object) -> bool:
    """Say whether `step` knows a scale by this name."""
    if not isinstance(name, str):
        return False
    family, *numbers = name.split() or [""]
    own = family in _STEMS and len(numbers) == 3 and set(numbers) <= {"1", "2", "3", "5", "7"}
    return name in _TABLES or own


def leaning(words: str) -> int:
    """Return 1 for the words of a good answer, -1 for those of a bad one, 0 for others."""
    words = _NO_BLAME.sub("", words)
    if _MIDDLE.search(words):
        return 0
    good = _GOOD.search(_BAD.sub("", words)) is not None
    bad = _BAD.search(words) is not None
    return int(good) - int(bad)


def direction(labels: Mapping[float, str]) -> bool | None:
    """Say whether the low numbers are the good ones, by the words that explain numbers.

    :returns: None where only one side is explained, or words contradict each other.
    """
    good = [number for number, words in labels.items() if leaning(words) > 0]
    bad = [number for number, words in labels.items() if leaning(words) < 0]
    if not good or not bad:
        return None
    return True if max(good) < min(bad) else False if max(bad) < min(good) else None


def labels_of(pairs: Iterable[tuple[float, str]]) -> dict[float, str]:
    """Return the words that explain each number, without those that stand for no answer.

    Empty where a number has several: those are remarks ("5 (not bad)", "5 - thanks") and no labels.
    """
    labels: dict[float, str] = {}
    for number, words in pairs:
        if words and labels.setdefault(number, words) != words:
            return {}
    return {number: words for number, words in labels.items() if not _NO_ANSWER.search(words)}


def anchors(heading: str) -> dict[float, str]:
    """Return the numbers that a heading explains: "1 = very satisfied, 5 = very dissatisfied".

    The words may stand before the numbers. Both ends must be explained: "how satisfied (1-5)" is no
    explanation.
    """
    digit_first = [(float(digit), words.strip()) for digit, words in _DIGIT_FIRST.findall(heading)]
    words_first = [(float(digit), words.strip()) for words, digit in _WORDS_FIRST.findall(heading)]
    for pairs in (digit_first, words_first):
        labels = labels_of(pairs)
        if direction(labels) is not None:
            return labels
    return {}
