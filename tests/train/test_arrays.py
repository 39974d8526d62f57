"""Rows as arrays: what is written down comes back, and no text with it."""

from __future__ import annotations

import lzma
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra [torch]")
pytest.importorskip("transformers", reason="needs the extra [torch]")

from sentiment.errors import InputError
from sentiment.train.base.arrays import (
    KINDS,
    LANGUAGES,
    Stored,
    Table,
    read_stored,
    together,
    write_stored,
)
from sentiment.train.base.pretrain import Rows
from sentiment.train.base.token_targets import UNKNOWN, Targets

NAMES, TOPICS = 32, 4


def drawn(many: int, seed: int = 0) -> list[Targets]:
    """Rows of every kind with labels, evidence and gaps wherever these may be."""
    draw = np.random.default_rng(seed)
    rows = []
    for _ in range(many):
        length = int(draw.integers(2, 40))
        findings = draw.choice([0.0, 1.0, np.nan], (NAMES, 3)).astype(np.float32)
        spans = np.full((NAMES, 3, 2), UNKNOWN, dtype=np.int64)
        for name, polarity in zip(*np.nonzero(findings == 1), strict=True):
            if draw.random() < 0.2:
                spans[name, polarity] = sorted(draw.integers(length, size=2))
        rows.append(
            Targets(
                ids=np.array([2, *draw.integers(5, 20_000, length - 2), 3]),
                overall=int(draw.integers(-1, 4)),
                overall_weight=float(draw.choice([1.0, 0.6, 0.1])),
                topics=draw.integers(-1, 5, TOPICS),
                findings=findings,
                spans=spans,
                kind=str(draw.choice(KINDS)),
                language=str(draw.choice(LANGUAGES)),
            )
        )
    return rows


def assert_same(found: Sequence[Targets], rows: Sequence[Targets]) -> None:
    assert len(found) == len(rows)
    for one, other in zip(found, rows, strict=True):
        assert vars(one).keys() == vars(other).keys()
        for name, value in vars(other).items():
            if isinstance(value, np.ndarray):
                assert getattr(one, name).dtype == value.dtype, name
                np.testing.assert_array_equal(getattr(one, name), value)
            else:
                assert getattr(one, name) == value, name


def stored(rows: list[Targets]) -> Stored:
    texts = Rows(np.arange(30, dtype=np.uint16), np.array([0, 10, 10, 30]))
    opens = np.arange(50) % 3 == 0
    return Stored(opens, {"zh": texts, "heldout_zh": texts}, {"labelled": Table.of(rows)})


def test_what_is_written_comes_back(tmp_path: Path) -> None:
    rows = drawn(200)
    written = stored(rows)
    size = write_stored(written, tmp_path)
    assert size == sum(path.stat().st_size for path in tmp_path.glob("*.xz"))
    found = read_stored(tmp_path)
    assert_same(found.tables["labelled"].targets(), rows)
    np.testing.assert_array_equal(found.opens, written.opens)
    for name, texts in written.corpus.items():
        np.testing.assert_array_equal(found.corpus[name].ids, texts.ids)
        np.testing.assert_array_equal(found.corpus[name].starts, texts.starts)


def test_a_broken_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        read_stored(tmp_path)
    write_stored(stored(drawn(3)), tmp_path)
    (tmp_path / "opens.npy.xz").write_bytes(lzma.compress(b"no array"))
    with pytest.raises(InputError):
        read_stored(tmp_path)


def test_some_rows_and_tables_put_together() -> None:
    rows, more = drawn(50), drawn(20, seed=1)
    assert_same(together([Table.of(rows), Table.of(more)]).targets(), rows + more)
    chosen = np.array([0, 3, 17, 49])
    assert_same(Table.of(rows).chosen(chosen).targets(), [rows[at] for at in chosen])


def test_no_rows_and_rows_too_long_make_no_table() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Table.of([])
    (row,) = drawn(1)
    long = Targets(**{**vars(row), "ids": np.full(257, 9)})
    with pytest.raises(ValueError, match="257"):
        Table.of([long])
