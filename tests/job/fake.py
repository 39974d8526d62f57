"""An analyzer that needs no model: for the job, whose business is rows and files."""

from __future__ import annotations

from sentiment.job.scoring import Analyzes
from sentiment.records import Analysis, Feedback, Opinion, topic_states
from sentiment.taxonomy import Taxonomy

TOPICS = tuple(Taxonomy.default().topics)


class FakeAnalyzer:
    """Finds "good", "bad" and "fast" and nothing else."""

    def __init__(self, digest: str = "d") -> None:
        self.model_name = "fake@1"
        self.model_digest = digest
        self.path = None
        self.can_use_gpu = False
        self.taxonomy = Taxonomy.default()
        self.accuracy = {"delivery": {"en": 0.8}}
        self.scored = 0

    def analyze_batch(self, feedback: list[str | Feedback], /) -> list[Analysis]:
        self.scored += len(feedback)
        return [self._one(item) for item in feedback if isinstance(item, Feedback)]

    def _one(self, item: Feedback) -> Analysis:
        text = item.text or ""
        blank = not text.strip()
        at = text.find("fast")
        opinions: tuple[Opinion, ...] = ()
        if at >= 0:
            opinions = (Opinion("delivery", "delivery.speed", "positive", 0.9, "fast", at, at + 4),)
        negative = 0.8 if "bad" in text else 0.1
        return Analysis(
            row=item.row,
            id=item.id,
            question=item.question,
            text=text,
            language="en",
            status="empty" if blank else "damaged" if item.damage else "ok",
            sentiment=None if blank else "negative" if negative > 0.5 else "positive",
            score=None if blank else 0.9 - 2 * negative,
            confidence=None if blank else max(negative, 0.9 - negative),
            probabilities=None
            if blank
            else {"negative": negative, "neutral": 0.05, "positive": 0.9 - negative, "mixed": 0.05},
            topics=topic_states(opinions, TOPICS),
            opinions=opinions,
            tags=(),
            truncated=False,
            model=self.model_name,
            columns=item.columns,
        )


def load(model: str | None, device: str) -> Analyzes:
    return FakeAnalyzer(digest=model or "d")
