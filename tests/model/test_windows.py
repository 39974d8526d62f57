"""A text read window by window gives what the whole gives."""

from __future__ import annotations

import numpy as np
import pytest

from sentiment.analyzer import Analyzer
from sentiment.model import windows

PIECES = (
    "物流很快，包装也好。", "质量太差了，用了两天就坏。", "The staff were rude, but it works! ",
    "价格实惠，还会再买。", "it broke after a week! ", "客服不理人。",
)  # fmt: skip


def test_a_long_text_says_what_it_says_at_once(
    lite: Analyzer, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = np.random.default_rng(1).integers(0, len(PIECES), 12_000)
    text = "".join(PIECES[at] for at in order)
    assert len(text) > windows.LONGEST
    found = lite.analyze(text)
    monkeypatch.setattr("sentiment.model.lite.LONGEST", 10 * len(text))
    at_once = lite.analyze(text)
    assert found.sentiment == at_once.sentiment
    assert found.opinions
    assert [(o.driver, o.polarity, o.start, o.end) for o in found.opinions] == [
        (o.driver, o.polarity, o.start, o.end) for o in at_once.opinions
    ]
    assert found.probabilities is not None
    assert at_once.probabilities is not None
    for name, value in found.probabilities.items():
        assert abs(value - at_once.probabilities[name]) < 1e-3
