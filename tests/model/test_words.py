"""What words alone add to the logits of the sentiments."""

import numpy as np
import pytest

from sentiment.model.heads import Heads
from sentiment.model.words import Words
from sentiment.records import SENTIMENTS
from tests.model.word_heads import words_of

NEGATIVE, POSITIVE = SENTIMENTS.index("negative"), SENTIMENTS.index("positive")
SOME = words_of(
    {"dire": {"negative": 4}, "splendid": {"positive": 3, "negative": -1}, "差": {"negative": 2}}
)


def test_a_text_gets_what_its_words_weigh_by_the_root_of_their_number() -> None:
    said = SOME.score(["dire", "nothing known", "", "dire and splendid", "太差"])
    assert said.shape == (5, len(SENTIMENTS))
    assert said[0, NEGATIVE] == 4
    assert not said[1:3].any()
    assert said[3, NEGATIVE] == pytest.approx((4 - 1) / np.sqrt(2))
    assert said[3, POSITIVE] == pytest.approx(3 / np.sqrt(2))
    assert said[4, NEGATIVE] == 2


def test_a_text_is_scored_the_same_in_any_company() -> None:
    texts = [f"dire {n} splendid 差" * (n % 5) for n in range(1200)]
    together = SOME.score(texts)
    for at in (0, 1, 511, 512, 1199):
        assert np.array_equal(together[at], SOME.score([texts[at]])[0])


def test_arrays_hold_them() -> None:
    again = Words.of(SOME.arrays())
    assert np.array_equal(again.score(["dire splendid"]), SOME.score(["dire splendid"]))
    assert SOME.arrays()["words.weights"].dtype == np.int8


def test_arrays_that_cannot_be_right_are_refused() -> None:
    arrays = SOME.arrays()
    with pytest.raises(KeyError):
        Words.of({name: array for name, array in arrays.items() if name != "words.bias"})
    with pytest.raises(ValueError, match="3 columns"):
        Words.of({**arrays, "words.weights": arrays["words.weights"][:, :3]})
    with pytest.raises(ValueError, match="do not fit"):
        Words.of({**arrays, "words.weights": arrays["words.weights"][:1]})
    with pytest.raises(ValueError, match="each of the columns"):
        Words.of({**arrays, "words.scale": arrays["words.scale"][:1]})
    with pytest.raises(ValueError, match="each of the columns"):
        Words.of({**arrays, "words.bias": arrays["words.bias"] * np.nan})
    with pytest.raises(ValueError, match="int8"):
        Words.of({**arrays, "words.weights": arrays["words.weights"].astype(np.float32)})
    buckets = np.array([1], dtype=np.int64)
    scale = np.ones(4, np.float32)
    with pytest.raises(ValueError, match="columns"):
        Words(Heads(buckets, np.zeros((1, 4), np.int8), scale, scale, 2))
