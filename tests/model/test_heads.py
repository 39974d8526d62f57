from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.model import heads as module
from sentiment.model.features import extract
from sentiment.model.heads import Heads, Scores, read_batch
from tests.model import slow
from tests.model.test_features import TEXTS, mixtures

Spans = list[tuple[int, int]]


def make_heads(texts: list[str], clause_heads: int = 3, row_heads: int = 4) -> Heads:
    """Heads with weights at random for half of the features of some texts."""
    chance = np.random.default_rng(len(texts))
    known = np.unique(extract(texts).bucket)[::2]
    width = clause_heads + row_heads
    stored = chance.integers(-127, 128, size=(len(known), width), dtype=np.int8)
    scale = chance.uniform(0.005, 0.02, size=width).astype(np.float32)
    return Heads(known, stored, scale, chance.normal(size=width).astype(np.float32), clause_heads)


HEADS = make_heads([*TEXTS[:200], "不好", "not good", "👍", "battery excellent"])


@st.composite
def cut_texts(draw: st.DrawFn) -> tuple[list[str], list[Spans]]:
    """Texts, each with spans that do not overlap, some of them without any."""
    texts = draw(st.lists(mixtures | st.sampled_from(TEXTS), max_size=6))
    clauses: list[Spans] = []
    for text in texts:
        borders = draw(st.lists(st.integers(0, len(text)), max_size=6, unique=True).map(sorted))
        spans = list(pairwise(borders))
        kept = draw(st.lists(st.booleans(), min_size=len(spans), max_size=len(spans)))
        clauses.append([span for span, keep in zip(spans, kept, strict=True) if keep])
    return texts, clauses


@given(cut_texts())
def test_each_feature_is_in_the_clause_that_holds_it(cut: tuple[list[str], list[Spans]]) -> None:
    texts, clauses = cut
    batch = read_batch(texts, clauses)
    flat = [(row, start, end) for row, spans in enumerate(clauses) for start, end in spans]
    assert batch.rows == len(texts)
    assert batch.row_of_clause.tolist() == [row for row, _, _ in flat]
    assert list(zip(batch.clause_start, batch.clause_end, strict=True)) == [
        (start, end) for _, start, end in flat
    ]
    found = batch.features
    for row, start, end, clause in zip(
        found.row, found.start, found.end, batch.clause.tolist(), strict=True
    ):
        holding = [
            at for at, (of, first, last) in enumerate(flat)
            if of == row and first <= start and end <= last
        ]  # fmt: skip
        assert holding == ([] if clause < 0 else [clause])


@given(cut_texts())
def test_a_loop_gives_the_same_scores(cut: tuple[list[str], list[Spans]]) -> None:
    texts, clauses = cut
    scores = HEADS.score(read_batch(texts, clauses))
    of_clauses, of_rows = slow.scores(texts, clauses, HEADS)
    assert scores.clause.shape == (sum(map(len, clauses)), 3)
    assert scores.row.shape == (len(texts), 4)
    if of_clauses:
        np.testing.assert_allclose(scores.clause, of_clauses, rtol=1e-4, atol=1e-4)
    if of_rows:
        np.testing.assert_allclose(scores.row, of_rows, rtol=1e-4, atol=1e-4)


def rows_of(scores: Scores, row: int) -> tuple[bytes, bytes]:
    return scores.row[row].tobytes(), scores.clause[scores.row_of_clause == row].tobytes()


@given(cut_texts(), st.data())
def test_no_score_depends_on_the_neighbours(
    cut: tuple[list[str], list[Spans]], data: st.DataObject
) -> None:
    texts, clauses = cut
    together = HEADS.score(read_batch(texts, clauses))
    order = data.draw(st.permutations(range(len(texts))))
    turned = HEADS.score(read_batch([texts[at] for at in order], [clauses[at] for at in order]))
    for place, at in enumerate(order):
        alone = HEADS.score(read_batch([texts[at]], [clauses[at]]))
        assert rows_of(alone, 0) == rows_of(together, at) == rows_of(turned, place)


@pytest.mark.parametrize("piece", [1, 2, 7, 64])
def test_sums_taken_in_pieces_are_the_same_sums(
    monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    texts = [text * 3 for text in TEXTS[:30]] + ["", "。"]
    clauses: list[Spans] = [
        [(0, len(text) // 2)] if at % 3 else [] for at, text in enumerate(texts)
    ]
    whole = HEADS.score(read_batch(texts, clauses))
    monkeypatch.setattr(module, "_PIECE", piece)
    pieces = HEADS.score(read_batch(texts, clauses))
    np.testing.assert_array_equal(pieces.row, whole.row)
    np.testing.assert_array_equal(pieces.clause, whole.clause)


@pytest.mark.parametrize("weight", [-128, 127])
def test_no_sum_runs_over(weight: int) -> None:
    text = "好快" * 300
    known = np.unique(extract([text]).bucket)
    one = np.ones(2, dtype=np.float32)
    heads = Heads(known, np.full((len(known), 2), weight, dtype=np.int8), one, 0 * one, 1)
    for spans in ([(0, len(text))], [(0, 500), (500, 600)], []):
        batch = read_batch([text], [spans])
        count = len(heads.known(batch))
        scores = heads.score(batch)
        assert scores.row[0, 0] == pytest.approx(weight * count**0.5)
        for place, score in enumerate(scores.clause[:, 0].tolist()):
            inside = int(np.count_nonzero(batch.clause == place))
            assert score == pytest.approx(weight * inside**0.5)


def test_a_long_clause_is_not_gathered_at_one_time() -> None:
    text = "快" * 20_000
    heads = make_heads([text])
    batch = read_batch([text], [[(0, len(text))]])
    asked: list[int] = []

    class Counted(np.ndarray):
        def take(self, indices, axis=None, out=None, mode="raise"):  # type: ignore[no-untyped-def]
            asked.append(len(indices))
            return np.asarray(self).take(indices, axis=axis, out=out, mode=mode)

    expected = heads.score(batch)
    heads.stored = heads.stored.view(Counted)
    np.testing.assert_array_equal(heads.score(batch).row, expected.row)
    assert len(asked) > 1
    assert max(asked) <= 512


def test_weights_are_whole_numbers_times_the_scale_of_their_column() -> None:
    at = np.array([3, 1])
    np.testing.assert_array_equal(HEADS.weights, HEADS.stored * HEADS.scale)
    np.testing.assert_array_equal(HEADS.weight(HEADS.buckets[at], 2), HEADS.weights[at, 2])
    np.testing.assert_array_equal(
        HEADS.weight(HEADS.buckets[at], np.array([0, 5])), HEADS.weights[at, [0, 5]]
    )


def test_weights_that_are_no_bytes_are_refused() -> None:
    with pytest.raises(ValueError, match="float32"):
        Heads(HEADS.buckets, HEADS.weights, HEADS.scale, HEADS.bias, 3)  # type: ignore[arg-type]


def test_nothing_in_is_nothing_out() -> None:
    scores = HEADS.score(read_batch([], []))
    assert scores.clause.shape == (0, 3)
    assert scores.row.shape == (0, 4)


def test_a_text_of_nothing_known_scores_its_bias() -> None:
    scores = HEADS.score(read_batch(["", "ω"], [[], [(0, 1)]]))
    assert scores.row.tolist() == [HEADS.bias[3:].tolist()] * 2
    assert scores.clause.tolist() == [HEADS.bias[:3].tolist()]
