"""Fitting what words say, and how much say they have beside a network."""

import numpy as np
import pytest

pytest.importorskip("scipy", reason="needs the extra [train]")
pytest.importorskip("tokenizers", reason="needs the base model's packages")

from sentiment.records import SENTIMENTS
from sentiment.text import prepare
from sentiment.train.base.word_weights import WordHeads, fit_word_heads, give_say
from sentiment.train.data.examples import Example, group_of

NEGATIVE, POSITIVE = SENTIMENTS.index("negative"), SENTIMENTS.index("positive")
SAID = {
    "negative": ("the zipper is dire", "a dire evening", "又慢又差"),
    "positive": ("a splendid cup", "splendid staff", "真的不错"),
    "neutral": ("it has two wheels", "ordered on monday", "蓝色的那款"),
    "mixed": ("splendid cup, dire lid", "splendid but dire", "不错，又差"),
}


def rows(*, gold: bool = True) -> list[Example]:
    made = []
    for number in range(40):
        for overall, texts in SAID.items():
            if not gold and overall not in ("negative", "positive"):
                continue
            text = f"{texts[number % 3]} {number}{'' if gold else 'x'}"
            made.append(
                Example(
                    text=text,
                    language="zh" if number % 3 == 2 else "en",
                    source="mine",
                    group=group_of(text),
                    overall=overall,
                    gold=gold,
                    opinions=() if gold else None,
                    tags=() if gold else None,
                )
            )
    return made


@pytest.fixture(scope="module")
def heads() -> WordHeads:
    return fit_word_heads([*rows(), *rows(gold=False)])


def folded(*texts: str) -> list[str]:
    return [prepare(text).folded for text in texts]


def test_words_that_praise_and_words_that_blame_are_told_apart(heads: WordHeads) -> None:
    unsure = np.zeros((8, 4), dtype=np.float32)
    unseen = folded(*["a dire cup", "splendid zipper", "又差了", "真的不错啊"] * 2)
    gold = np.array([NEGATIVE, POSITIVE] * 4)
    words = give_say(heads, unseen, unsure + np.eye(4, dtype=np.float32)[gold] * 0.1, gold)
    said = words.score(unseen)
    assert (said[gold == NEGATIVE, NEGATIVE] > said[gold == NEGATIVE, POSITIVE]).all()
    assert (said[gold == POSITIVE, POSITIVE] > said[gold == POSITIVE, NEGATIVE]).all()


def test_words_that_are_wrong_get_no_say(heads: WordHeads) -> None:
    texts = folded(*["a dire cup", "a splendid cup"] * 200)
    draw = np.random.default_rng(0)
    noise = draw.normal(0, 1, (400, 4)).astype(np.float32)

    def contrast(gold: np.ndarray) -> float:
        """Return how much more the second text's words praise than the first one's."""
        logits = np.eye(4, dtype=np.float32)[gold] * 2 + noise
        blamed, praised = give_say(heads, texts, logits, gold).score(texts[:2])[
            :, [NEGATIVE, POSITIVE]
        ]
        return float((praised[1] - praised[0]) - (blamed[1] - blamed[0]))

    right = np.array([NEGATIVE, POSITIVE] * 200)
    right[::10] = POSITIVE  # not always
    assert contrast(right) > 1
    assert abs(contrast(draw.choice([NEGATIVE, POSITIVE], 400))) < 0.5
