"""Scored rows made up for the tests: a small shop whose late parcels cost it stars.

Every sentence is written here. What a row says follows from the seed alone, and its stars follow
from what it says, so that the tests know which driver must come out on top.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

from sentiment.records import Analysis, Opinion, Polarity, Sentiment, Tag, topic_states
from sentiment.taxonomy import Taxonomy

# driver -> polarity -> (Chinese, English) clauses.
CLAUSES: dict[str, dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "delivery.speed": {
        "negative": (
            ("等了整整九天才到", "说好周二，周五才见到影子", "发货拖拖拉拉"),
            (
                "took nine days to show up",
                "promised Tuesday, came on Friday",
                "shipping dragged on",
            ),
        ),
        "positive": (
            ("隔天一早就收到了", "物流快得出乎意料"),
            ("was here the next morning", "arrived faster than I could plan for"),
        ),
    },
    "delivery.condition": {
        "negative": (
            ("盒子一角塌了进去", "外箱湿了一片"),
            ("one corner of the box had caved in", "the carton was soaked"),
        ),
        "positive": (("三层气泡膜裹得稳稳当当",), ("wrapped in three layers of bubble film",)),
    },
    "quality.performance": {
        "negative": (
            ("开最大档也没什么劲", "电量两小时就见底"),
            ("feels weak even on the highest setting", "battery is flat in two hours"),
        ),
        "positive": (
            ("吸得干净，猫毛一根不剩", "续航比我用过的都长"),
            ("picks up every last cat hair", "battery outlasts anything I have owned"),
        ),
    },
    "quality.sensory": {
        "negative": (("塑料味散了一周还在",), ("the plastic smell was still there after a week",)),
        "positive": (
            ("摸上去像磨砂玻璃，很高级", "颜色比图上还耐看"),
            ("feels like frosted glass in the hand", "the colour is even nicer in daylight"),
        ),
    },
    "quality.durability": {
        "negative": (("第三周按钮就陷进去了",), ("the button sank in during week three",)),
        "positive": (("摔过两回照样转",), ("dropped it twice and it still runs",)),
    },
    "price.value": {
        "negative": (("这个钱花得有点冤",), ("not worth what I paid for it",)),
        "positive": (
            ("花这点钱买到这个，赚了", "同价位里挑不出更好的"),
            ("a lot of machine for the money", "nothing better at this price"),
        ),
    },
    "price.transparency": {
        "negative": (("下单第二天就降了四十块",), ("it dropped forty the day after I ordered",)),
        "positive": (("页面写多少就付多少",), ("paid exactly what the page said",)),
    },
    "service.responsiveness": {
        "negative": (("问了三遍，客服像没看见",), ("asked three times and support acted blind",)),
        "positive": (("半夜问都有人应",), ("someone answered even at midnight",)),
    },
    "service.attitude": {
        "negative": (("说话一股不耐烦的味道",), ("spoke to me as if I were a nuisance",)),
        "positive": (("店家说话温温和和",), ("the shop people were gentle and patient",)),
    },
    "service.resolution": {
        "negative": (("退款催了半个月还没影",), ("still chasing the refund after two weeks",)),
        "positive": (
            ("换货单早上提，下午就批了",),
            ("exchange filed in the morning, approved by lunch",),
        ),
    },
}

TAGS: dict[str, dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "repurchase": {"positive": (("下回还在这家买",), ("will be back for the next one",))},
    "recommend": {
        "positive": (("已经推荐给同事了",), ("already told my colleagues to get one",)),
        "negative": (("劝大家绕开这家",), ("do yourself a favour and look elsewhere",)),
    },
    "churn": {"negative": (("以后不会再来",), ("this was my last order here",))},
    "trust": {
        "negative": (("感觉被耍了",), ("I feel taken for a fool",)),
        "positive": (("说到做到，放心",), ("they did what they said",)),
    },
    "expectation": {
        "negative": (("比想象的差一截",), ("well short of what I had hoped",)),
        "neutral": (("和预想的差不多",), ("about what I expected",)),
        "positive": (("比期待的还好",), ("better than I dared to hope",)),
    },
    "social": {"positive": (("包装能回收，挺好",), ("glad the box can be recycled",))},
}

CHANNELS = ("门店", "官网", "App")
REGIONS = ("华东", "华南", "North")

# How many stars a mention takes or gives: what the importance must find again.
EFFECTS = {
    "delivery.speed": (-1.5, 0.5),
    "service.resolution": (-1.3, 0.4),
    "quality.performance": (-0.9, 0.8),
    "quality.durability": (-0.8, 0.3),
    "price.value": (-0.5, 0.5),
    "delivery.condition": (-0.5, 0.2),
}


def analyses(
    n: int = 1200,
    *,
    seed: int = 7,
    months: int = 8,
    opinions: bool = True,
    stars: bool = True,
    late: float = 0.33,
) -> list[Analysis]:
    """Make scored rows.

    :param months: Number of months that the dates are spread over.
    :param opinions: False gives rows that judge no driver.
    :param stars: Whether the source has a column of stars.
    :param late: How often delivery speed is a complaint when it is mentioned at all in the App.
    """
    return list(_rows(n, random.Random(seed), months, opinions, stars, late))


def _rows(
    n: int, rng: random.Random, months: int, opinions: bool, stars: bool, late: float
) -> Iterator[Analysis]:
    topics = Taxonomy.default().topics
    for row in range(1, n + 1):
        language = rng.choice(("zh", "zh", "en"))
        channel, region = rng.choice(CHANNELS), rng.choice(REGIONS)
        month = rng.randrange(months)
        said: list[tuple[str, str, Polarity, str]] = []
        if opinions:
            for name in rng.sample(list(CLAUSES), k=rng.choice((1, 2, 2, 3))):
                worse = late if channel == "App" and name == "delivery.speed" else 0.0
                sign: Polarity = "negative" if rng.random() < 0.38 + worse else "positive"
                said.append(("driver", name, sign, _pick(CLAUSES[name][sign], language, rng)))
        happy = sum(1 if sign == "positive" else -1 for _, _, sign, _ in said)
        if opinions and rng.random() < 0.35:
            name = rng.choice(list(TAGS))
            wanted: Polarity = "positive" if happy > 0 else "negative"
            signs = TAGS[name]
            sign = wanted if wanted in signs else next(iter(signs))  # type: ignore[arg-type]
            if name == "expectation" and rng.random() < 0.2:
                sign = "neutral"
            if (sign == "positive") == (happy > 0) or sign == "neutral":
                said.append(("tag", name, sign, _pick(signs[sign], language, rng)))
        yield _analysis(
            row,
            language,
            said,
            rng,
            topics,
            _columns(row, said, channel, region, month, rng, stars),
        )


def _pick(pair: tuple[tuple[str, ...], tuple[str, ...]], language: str, rng: random.Random) -> str:
    return rng.choice(pair[0] if language == "zh" else pair[1])


def _columns(
    row: int,
    said: list[tuple[str, str, Polarity, str]],
    channel: str,
    region: str,
    month: int,
    rng: random.Random,
    stars: bool,
) -> dict[str, str | None]:
    value = 3.9 + rng.gauss(0, 0.6)
    for _, name, sign, _ in said:
        penalty, reward = EFFECTS.get(name, (-0.15, 0.1))
        value += penalty if sign == "negative" else reward if sign == "positive" else 0.0
    columns: dict[str, str | None] = {
        "订单号": f"A{row:06d}",
        "日期": f"2024-{month % 12 + 1:02d}-{rng.randrange(1, 28):02d}",
        "渠道": channel,
        "region": region,
    }
    if stars:
        columns["评分"] = str(min(5, max(1, round(value))))
        columns["推荐意愿"] = str(min(10, max(0, round(value * 2 + rng.gauss(0, 1)))))
    return columns


def _analysis(
    row: int,
    language: str,
    said: list[tuple[str, str, Polarity, str]],
    rng: random.Random,
    topics: object,
    columns: dict[str, str | None],
) -> Analysis:
    opening = (
        "" if rng.random() < 0.6 else ("东西收到了，" if language == "zh" else "Got it last week: ")
    )
    text, opinions, tags = opening, [], []
    for kind, name, sign, clause in said:
        start = len(text)
        text += clause
        confidence = round(0.55 + 0.44 * rng.random(), 4)
        if kind == "driver":
            topic = name.split(".")[0]
            opinions.append(Opinion(topic, name, sign, confidence, clause, start, len(text)))
        else:
            tags.append(Tag(name, sign, confidence, clause, start, len(text)))
        text += "。" if language == "zh" else ". "
    status = "ok" if said or text else "empty"
    text = text.strip() or ("无" if language == "zh" else "N/A")
    if not said and status == "ok" and not opinions:
        text += "还行。" if language == "zh" else "Fine."
    signs = {sign for _, _, sign, _ in said}
    sentiment: Sentiment | None = (
        None
        if status == "empty"
        else "mixed"
        if {"positive", "negative"} <= signs
        else "positive"
        if "positive" in signs
        else "negative"
        if "negative" in signs
        else "neutral"
    )
    probabilities: dict[Sentiment, float] | None = None
    if sentiment is not None:
        probabilities = {"negative": 0.1, "neutral": 0.1, "positive": 0.1, "mixed": 0.1}
        probabilities[sentiment] = 0.7
    return Analysis(
        row=row,
        id=columns["订单号"],
        question=None,
        text=text,
        language=language,  # type: ignore[arg-type]
        status=status,  # type: ignore[arg-type]
        sentiment=sentiment,
        score=None
        if probabilities is None
        else probabilities["positive"] - probabilities["negative"],
        confidence=None if probabilities is None else 0.7,
        probabilities=probabilities,
        topics=topic_states(opinions, topics),  # type: ignore[arg-type]
        opinions=tuple(opinions),
        tags=tuple(tags),
        truncated=False,
        model="lite@test",
        columns={**columns, "评论": text},
    )


def silent(row: Analysis) -> Analysis:
    """Return the row of a customer who gave a score and wrote nothing."""
    return replace(
        row,
        text="",
        status="empty",
        sentiment=None,
        score=None,
        confidence=None,
        probabilities=None,
        topics=dict.fromkeys(row.topics),
        opinions=(),
        tags=(),
        columns={**row.columns, "评论": ""},
    )


STARS = {"column": "评分", "kind": "stars", "minimum": 1, "maximum": 5, "high_is_good": True}

ACCURACY = {
    "quality": {"zh": 0.82, "en": 0.80},
    "price": {"zh": 0.78, "en": 0.75},
    "service": {"zh": 0.80, "en": 0.79},
    "delivery": {"zh": 0.86, "en": 0.81},
}
