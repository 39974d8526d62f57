"""Fitting what words say of a text's sentiment (`model.words`), and how much say they have.

rows with a sentiment -> hashed n-grams -> heads for four sentiments (gold rows) and for praise against
blame (stars and polarity too) -> beside the network's logits on rows that neither has seen: a weight for
either kind of head -> folded into one column a sentiment, eight bits
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import MissingExtra
from sentiment.model.heads import Heads
from sentiment.model.words import Words
from sentiment.records import SENTIMENTS
from sentiment.train.data.examples import Example
from sentiment.train.linear.heads import choose_vocabulary, matrices
from sentiment.train.linear.lite import LiteRecipe, choose_examples, eight_bits
from sentiment.train.linear.logistic import fit_logistic
from sentiment.train.linear.targets import read_corpus

__all__ = ["WordHeads", "fit_word_heads", "give_say"]

Floats = NDArray[np.float32]

_STRENGTH = 8.0  # C: 2, 4 and 8 were tried on rows kept aside
_VOCABULARY = 120_000  # features, by the number of rows that have them: a megabyte
# Which of the five heads are of the first kind, and which of the second.
_PARTS = np.array([[1.0] * len(SENTIMENTS) + [0.0], [0.0] * len(SENTIMENTS) + [1.0]])
_SIGN = np.array([{"negative": -1.0, "positive": 1.0}.get(name, 0.0) for name in SENTIMENTS])


@dataclass(frozen=True)
class WordHeads:
    """Linear heads over one vocabulary, V features.

    :param buckets: Of the features, ascending, (V,).
    :param weights: Of the four sentiments and of praise against blame, (V, 5).
    :param bias: Of the same, (5,).
    """

    buckets: NDArray[np.int64]
    weights: Floats
    bias: Floats


def fit_word_heads(examples: Sequence[Example]) -> WordHeads:
    """Fit the heads on all rows that say something of the sentiment, as many of a set as lite takes.

    :raises MissingExtra: scikit-learn, with the scipy that it brings, is not installed.
    """
    try:
        import scipy  # noqa: F401
    except ImportError as error:
        raise MissingExtra('Training needs an extra: pip install "sentiment[train]".') from error
    recipe = LiteRecipe()
    chosen = [one for one in choose_examples(examples, recipe) if one.overall is not None]
    corpus = read_corpus(chosen)
    buckets = choose_vocabulary(corpus, _VOCABULARY)
    features = matrices(corpus, buckets).row
    gold = corpus.gold
    overall = np.array([SENTIMENTS.index(one.overall) for one in chosen if one.overall])
    trust = np.array([one.overall_weight for one in chosen], dtype=np.float32)

    golds = np.flatnonzero(gold)
    of_four = np.eye(len(SENTIMENTS), dtype=np.float32)[overall[golds]]
    weights, bias = fit_logistic(features[golds], of_four, strength=_STRENGTH)

    clear = np.flatnonzero(_SIGN[overall] != 0)
    praised = (_SIGN[overall[clear]] > 0).astype(np.float32)[:, None]
    count = np.where(gold, 1.0, recipe.polarity_weight * trust)[clear].astype(np.float32)
    lean, lean_bias = fit_logistic(features[clear], praised, strength=_STRENGTH, weights=count)
    return WordHeads(
        buckets,
        np.hstack([weights, lean]),
        np.concatenate([bias, lean_bias]),
    )


def give_say(
    heads: WordHeads, texts: Sequence[str], logits: Floats, sentiments: NDArray[np.int64]
) -> Words:
    """Return the words with as much say as lessens the loss most, beside the network's logits.

    Two numbers are fitted: how much the four heads count, and how much the one of praise against blame.

    :param texts: Folded, of rows that neither heads nor network have seen, R.
    :param logits: The network's, (R, 4).
    :param sentiments: Their labels, (R,).
    """
    from scipy.optimize import minimize

    # (5, 4): what each head adds to.
    columns = np.concatenate([np.eye(len(SENTIMENTS)), _SIGN[None]])
    four, lean = (_folded(heads, columns * part[:, None]).score(texts) for part in _PARTS)

    def loss(say: NDArray[np.float64]) -> float:
        summed = logits + say[0] * four + say[1] * lean
        summed = summed - summed.max(1, keepdims=True)
        chosen = summed[np.arange(len(summed)), sentiments]
        return float((np.log(np.exp(summed).sum(1)) - chosen).mean())

    say = minimize(loss, np.zeros(2)).x
    return _folded(heads, columns * (say @ _PARTS)[:, None])


def _folded(heads: WordHeads, columns: NDArray[np.float64]) -> Words:
    """Return one column a sentiment, the heads mixed, (5, 4), in eight bits as they ship."""
    stored, scale = eight_bits((heads.weights @ columns).astype(np.float32))
    bias = (heads.bias @ columns).astype(np.float32)
    return Words(Heads(heads.buckets, stored, scale, bias, 0))
