"""Pretraining on a device: batches are pieces of texts, and the loss is the model's own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra [torch]")
pytest.importorskip("transformers", reason="needs the extra [torch]")

import torch
from transformers import AutoModel, AutoModelForMaskedLM

from sentiment.model.network import EncoderOptions, encoder_config
from sentiment.train.base.device import Averaged, seen_of
from sentiment.train.base.device_pretrain import (
    DeviceRows,
    masked_loss,
    neighbour_vectors_on,
    pretrain_on,
)
from sentiment.train.base.pretrain import Batch, PretrainOptions, Rows, mask, windows_of
from sentiment.train.base.vectors import neighbour_vectors

CPU = torch.device("cpu")
VOCABULARY = 400
TINY = EncoderOptions(layers=1, width=32, heads=2, inner=32)
OPTIONS = PretrainOptions(step_tokens=512, bf16=False, warmup=5)


def texts(many: int = 300, longest: int = 400, seed: int = 0) -> Rows:
    draw = np.random.default_rng(seed)
    lengths = draw.integers(0, longest, many)
    ids = draw.integers(5, VOCABULARY, lengths.sum()).astype(np.uint16)
    return Rows(ids, np.concatenate([[0], np.cumsum(lengths)]))


def test_windows_are_equal_pieces_of_texts() -> None:
    rows = texts()
    found = windows_of(rows, OPTIONS, np.random.default_rng(3))
    limits = np.where(np.random.default_rng(3).random(len(rows)) < OPTIONS.long_share, 254, 126)
    wanted = []
    for start, end, limit in zip(rows.starts[:-1], rows.starts[1:], limits, strict=True):
        pieces = max(1, -(-(end - start) // limit))
        size = int(-(-(end - start) // pieces))
        wanted += [(at, min(at + size, end)) for at in range(start, end, size or 1)]
    wanted = [(start, end) for start, end in wanted if end - start >= 4]
    assert found.tolist() == [[int(start), int(end)] for start, end in wanted]


def test_batches_are_pieces_between_cls_and_sep() -> None:
    rows = texts()
    held = rows.ids.astype(np.int64)
    seen, padded = 0, 0
    for batch in DeviceRows(rows, CPU).epoch(OPTIONS, (1,)):
        assert batch.ids.numel() <= OPTIONS.step_tokens + 8 * len(batch.ids)
        padded += batch.attention is not None
        for number, row in enumerate(batch.ids.numpy()):
            inside = row if batch.attention is None else row[batch.attention[number].bool().numpy()]
            assert inside[0] == 2
            assert inside[-1] == 3
            assert (row[len(inside) :] == 0).all()
            piece = inside[1:-1]
            places = np.flatnonzero(held[: len(held) - len(piece) + 1] == piece[0])
            assert any((held[at : at + len(piece)] == piece).all() for at in places)
            seen += len(piece)
    windows = windows_of(rows, OPTIONS, np.random.default_rng((1,)))
    total = int((windows[:, 1] - windows[:, 0]).sum())
    assert 0.96 * total <= seen <= total  # a token or two of a piece may be trimmed
    assert padded


def test_pieces_of_a_word_are_hidden_together() -> None:
    opens = torch.arange(VOCABULARY) % 2 == 0
    ids = torch.from_numpy(np.random.default_rng(0).integers(5, VOCABULARY, (40, 60)))
    ids[:, 0], ids[:, -1] = 2, 3
    shown, labels = mask(ids, opens, 0.3, torch.Generator(CPU).manual_seed(1))
    hidden = labels != -100
    assert not hidden[:, [0, -1]].any()
    later = ~opens[ids[:, 1:]] & (ids[:, 1:] >= 5) & (ids[:, :-1] >= 5)
    assert (hidden[:, 1:] == hidden[:, :-1])[later].all()
    assert (shown == ids)[~hidden].all()
    assert 0.25 < hidden.float().mean() < 0.35


@pytest.mark.parametrize("padding", [False, True])
def test_the_loss_is_the_models_own(padding: bool) -> None:
    torch.manual_seed(0)
    model = AutoModelForMaskedLM.from_config(
        encoder_config(VOCABULARY, TINY), attn_implementation="sdpa"
    ).eval()
    ids = torch.randint(5, VOCABULARY, (6, 16))
    attention = torch.ones_like(ids)
    if padding:
        attention[2:, 10:] = 0
        ids = ids * attention
    labels = torch.where((torch.rand(ids.shape) < 0.3) & (attention == 1), ids, -100)
    own = model(input_ids=ids, attention_mask=attention, labels=labels).loss
    batch = Batch(ids, attention if padding else None)
    ours = masked_loss(model, model.model, batch, labels, 0.3)
    torch.testing.assert_close(ours, own)


def test_neighbours_are_counted_alike() -> None:
    rows = texts(200, 60)
    ids = (rows.ids // 8 * 8).astype(np.uint16)  # fewer tokens: some never occur
    rows = Rows(ids, rows.starts)
    plain = neighbour_vectors(ids, rows.starts, VOCABULARY, 48)
    ours = neighbour_vectors_on(rows, VOCABULARY, 48, CPU).numpy()
    # All directions that there are: products do not depend on how they are turned.
    np.testing.assert_allclose(ours @ ours.T, plain @ plain.T, atol=1e-3)


def test_the_mean_starts_short_and_follows() -> None:
    network = torch.nn.Linear(3, 2)
    averaged = Averaged(network, 0.9)
    with torch.no_grad():
        network.weight.add_(1.0)
    before = averaged.module.weight.clone()
    averaged.update()
    torch.testing.assert_close(averaged.module.weight, before + 9 / 11)
    for _ in range(200):
        averaged.update()
    torch.testing.assert_close(averaged.module.weight, network.weight.detach())


def test_what_is_seen_is_what_is_no_padding() -> None:
    seen = seen_of(torch.tensor([[1, 1, 0], [1, 1, 1]]))
    assert seen.shape == (2, 1, 3, 3)
    assert seen[0, 0].tolist() == [[True, True, False]] * 3


def test_an_encoder_comes_out(tmp_path: Path) -> None:
    rows = texts(120, 60)
    corpus = dict.fromkeys(("zh", "en", "mixed", "heldout_zh", "heldout_en"), rows)
    opens = np.ones(VOCABULARY, dtype=bool)
    lines: list[str] = []
    options = replace(OPTIONS, steps=12, minutes=5.0, cooldown=1.0)
    losses = pretrain_on(corpus, opens, tmp_path, options, TINY, CPU, lines.append)
    assert losses.keys() == {"zh", "en"}
    assert all(0 < loss < 8 for loss in losses.values())
    assert "step 12" in lines[-1]
    assert AutoModel.from_pretrained(tmp_path / "encoder").config.hidden_size == TINY.width
