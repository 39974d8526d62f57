"""Pretraining: batches waste nothing, masks hide words, a run learns, stops, and goes on."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra [torch]")
pytest.importorskip("transformers", reason="needs the extra [torch]")

import torch

from sentiment.model.network import EncoderOptions
from sentiment.train.base import pretrain as own
from sentiment.train.base import tokenizer
from sentiment.train.base.vectors import neighbour_vectors
from tests.train.test_tokenizer import EN, OPTIONS, ZH, texts

TINY = EncoderOptions(layers=1, width=32, heads=2, inner=32)
QUICK = own.PretrainOptions(
    minutes=10.0,
    steps=10,
    step_tokens=512,
    micro_tokens=256,
    warmup=2,
    checkpoint_minutes=1.0,
    threads=1,
)


def rows_of(lengths: list[int]) -> own.Rows:
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    ids = np.arange(starts[-1]) % 60000 + 300
    return own.Rows(ids.astype(np.uint16), starts)


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus and a tokenizer, in the files that the scripts write."""
    folder = tmp_path_factory.mktemp("material")
    chinese, english = texts(ZH, "👍"), texts(EN, "★")
    tokenizer.save(tokenizer.train(chinese, english, OPTIONS), folder)
    files = {"zh": chinese, "en": english, "mixed": [a + b for a, b in zip(ZH, EN, strict=True)]}
    for name, lines in files.items():
        (folder / f"{name}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
        (folder / f"heldout_{name}.txt").write_text("\n".join(lines[:9]) + "\n", encoding="utf-8")
    return folder


def run(material: Path, out: Path, options: own.PretrainOptions) -> float:
    return own.pretrain(material, material / "tokenizer.json", out, options, TINY)


def test_an_epoch_holds_every_token_once_and_hardly_any_padding() -> None:
    draw = np.random.default_rng(0)
    rows = rows_of(draw.integers(4, 700, 900).tolist())
    seen, padded, room = [], 0, 0
    for batch in own.epoch(rows, replace(QUICK, micro_tokens=2048), (1,)):
        assert batch.ids.shape[1] <= 256
        assert batch.ids.numel() <= 2048
        assert (batch.ids[:, 0] == 2).all()
        if batch.attention is not None:
            assert ((batch.ids != 0) == batch.attention.bool()).all()
        seen.append(batch.ids[batch.ids >= 300])
        padded += int((batch.ids == 0).sum())
        room += batch.ids.numel()
    found = np.sort(torch.cat(seen).numpy())
    assert (found == np.sort(rows.ids)).all()
    assert padded < 0.02 * room


def test_an_epoch_follows_its_seed() -> None:
    rows = rows_of([5, 9, 30, 31, 80, 200] * 20)
    one, same, other = (
        [batch.ids.tolist() for batch in own.epoch(rows, QUICK, (seed,))] for seed in (1, 1, 2)
    )
    assert one == same
    assert one != other


def test_words_are_hidden_whole_and_specials_never() -> None:
    opens = torch.ones(1000, dtype=torch.bool)
    opens[500:] = False  # tokens from 500 on continue the word before them
    ids = torch.randint(300, 1000, (64, 40))
    ids[:, 0], ids[:, -1] = 2, 3
    shown, labels = own.mask(ids, opens, 0.3, torch.Generator().manual_seed(3))
    hidden = labels != -100
    assert not hidden[:, 0].any()
    assert not hidden[:, -1].any()
    inside = ~opens[ids[:, 2:-1]]  # shares the fate of the token on its left
    assert (hidden[:, 2:-1] == hidden[:, 1:-2])[inside].all()
    assert (labels[hidden] == ids[hidden]).all()
    assert (shown[~hidden] == ids[~hidden]).all()
    assert 0.2 < hidden[:, 1:-1].float().mean() < 0.4
    assert 0.7 < (shown[hidden] == 4).float().mean() < 0.9


def test_vectors_of_tokens_in_like_company_are_alike() -> None:
    draw = np.random.default_rng(0)
    # Texts are "a x", "b x", "c y", "d y" with x and y from two pools: a is like b, c is like d.
    pairs = []
    for token, pool in ((10, 100), (11, 100), (12, 200), (13, 200)):
        pairs += [(token, pool + int(n)) for n in draw.integers(0, 20, 400)]
    ids = np.array(pairs, dtype=np.uint16).ravel()
    starts = np.arange(0, len(ids) + 1, 2, dtype=np.int64)
    vectors = neighbour_vectors(ids, starts, 300, 4)
    assert vectors[10] @ vectors[11] > 0.8
    assert vectors[12] @ vectors[13] > 0.8
    assert abs(vectors[10] @ vectors[12]) < 0.2
    assert np.allclose(np.linalg.norm(vectors[[10, 100, 200]], axis=1), 1.0, atol=1e-5)
    assert not vectors[50].any()


def test_a_run_learns_goes_on_and_loads_with_transformers(material: Path, tmp_path: Path) -> None:
    first = run(material, tmp_path, QUICK)
    held = torch.load(tmp_path / "stable.pt", weights_only=True)
    step = held["state"]["step"]
    assert step == 10
    assert 2000 < held["state"]["tokens"] <= 5120
    second = run(material, tmp_path, replace(QUICK, steps=40))
    assert second < first
    assert torch.load(tmp_path / "stable.pt", weights_only=True)["state"]["step"] == 40
    log = (tmp_path / "log.txt").read_text(encoding="utf-8")
    assert f"going on from step {step}" in log
    from transformers import AutoModel

    encoder = AutoModel.from_pretrained(tmp_path / "encoder")
    assert encoder(torch.tensor([[2, 300, 3]])).last_hidden_state.shape == (1, 3, 32)


def test_the_state_before_the_rate_falls_is_what_a_run_goes_on_from(
    material: Path, tmp_path: Path
) -> None:
    run(material, tmp_path, replace(QUICK, steps=3))
    run(material, tmp_path, replace(QUICK, cooldown=10.0))  # falls from its first step on
    assert torch.load(tmp_path / "stable.pt", weights_only=True)["state"]["step"] == 3
    assert "checkpoint step 10" in (tmp_path / "log.txt").read_text(encoding="utf-8")


def test_going_on_is_the_same_as_never_having_stopped(material: Path, tmp_path: Path) -> None:
    whole = replace(QUICK, steps=12)
    run(material, tmp_path / "one", whole)
    run(material, tmp_path / "two", replace(whole, steps=5))
    run(material, tmp_path / "two", whole)
    one, two = (
        torch.load(tmp_path / name / "stable.pt", weights_only=True) for name in ("one", "two")
    )
    assert one["state"] == two["state"]
    for name, value in one["model"].items():
        assert torch.equal(value, two["model"][name]), name
