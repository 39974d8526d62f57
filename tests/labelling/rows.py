"""Analyses to label, written for these tests."""

from __future__ import annotations

from typing import Any

from sentiment.records import Analysis, Opinion, Tag, topic_states
from sentiment.taxonomy import Taxonomy

TOPICS = tuple(Taxonomy.default().topics)


def opinion(
    text: str, driver: str, polarity: Any, evidence: str, confidence: float = 0.8
) -> Opinion:
    start = text.index(evidence)
    topic = driver.partition(".")[0]
    return Opinion(topic, driver, polarity, confidence, evidence, start, start + len(evidence))


def analysis(
    row: int,
    text: str,
    sentiment: Any = "negative",
    opinions: tuple[Opinion, ...] = (),
    tags: tuple[Tag, ...] = (),
    **changes: Any,
) -> Analysis:
    values: dict[str, Any] = {
        "row": row, "id": f"A-{row:04}", "question": None, "text": text,
        "language": "zh" if any("一" <= letter <= "鿿" for letter in text) else "en",
        "status": "ok", "sentiment": sentiment, "score": 0.0, "confidence": 0.6,
        "probabilities": None, "topics": topic_states(opinions, TOPICS), "opinions": opinions,
        "tags": tags, "truncated": False, "model": "tiny@1.0.0", "columns": {},
    }  # fmt: skip
    return Analysis(**values | changes)


FAST = "物流很快，但是质量太差。"
LATE = "🚚 It came =late=, and nobody said sorry. I will recommend it to no one."
BLANK = "It was Tuesday."

ROWS = [
    analysis(1, FAST, "negative", (
        opinion(FAST, "delivery.speed", "positive", "物流很快", 0.93),
        opinion(FAST, "quality.general", "negative", "质量太差", 0.6),
    )),
    analysis(2, LATE, "negative", (opinion(LATE, "delivery.speed", "negative", "came =late="),), (
        Tag("recommend", "negative", 0.7, "recommend it to no one",
            LATE.index("recommend"), len(LATE) - 1),
    )),
    analysis(3, BLANK, "neutral"),
]  # fmt: skip
