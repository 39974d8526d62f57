"""What a larger encoder makes of tokens is laid on ours, kept, and learnt; layers can be left out."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra [torch]")
pytest.importorskip("transformers", reason="needs the extra [torch]")

import torch
from tokenizers import Tokenizer
from transformers import ModernBertModel

from sentiment.errors import InputError
from sentiment.model import bundle
from sentiment.model.network import EncoderOptions, FeedbackNetwork, encoder_config
from sentiment.taxonomy import Taxonomy
from sentiment.train.base import finetune as own
from sentiment.train.base import tokenizer
from sentiment.train.base.pack import unpack
from sentiment.train.base.shorten import leave_out
from sentiment.train.base.token_targets import join, read_targets
from sentiment.train.base.token_teacher import TokenVectors, spread, write_vectors
from sentiment.train.data.examples import Example, group_of
from tests.train.test_tokenizer import EN, OPTIONS, ZH, texts

TAXONOMY = Taxonomy.default()
NAMES = (*TAXONOMY.drivers, *TAXONOMY.tags)
TEXTS = ["the delivery was late", "物流很快，质量也不错", "ok 👍", ""]


@pytest.fixture(scope="module")
def trained() -> Tokenizer:
    return tokenizer.train(texts(ZH, "👍"), texts(EN, "★"), OPTIONS)


def encoder(trained: Tokenizer, layers: int = 1, width: int = 32) -> ModernBertModel:
    torch.manual_seed(0)
    shape = EncoderOptions(layers=layers, width=width, heads=2, inner=32)
    return ModernBertModel(encoder_config(trained.get_vocab_size(), shape)).eval()


def network(trained: Tokenizer, layers: int = 1) -> FeedbackNetwork:
    return FeedbackNetwork(encoder(trained, layers), 32, len(TAXONOMY.topics), len(NAMES))


def rows(*some: str) -> list[Example]:
    return [Example(text, "en", "some", group_of(text)) for text in some]


def test_a_token_is_given_the_mean_of_those_on_the_same_letters() -> None:
    vectors = np.array([[1.0, 0.0], [3.0, 0.0], [0.0, 5.0]], np.float32)
    theirs = [(0, 2), (2, 6), (7, 9)]  # "de" "live" " " "ry"
    ours = [(0, 6), (6, 7), (6, 9), (2, 3), (9, 12)]
    told = spread(vectors, theirs, ours)
    np.testing.assert_allclose(told[0], [2.0, 0.0])
    np.testing.assert_allclose(told[2], [0.0, 5.0])
    np.testing.assert_allclose(told[3], [3.0, 0.0])
    assert np.isnan(told[[1, 4]]).all()


def test_vectors_are_kept_by_text(trained: Tokenizer, tmp_path: Path) -> None:
    teacher = encoder(trained)
    done: list[tuple[int, int]] = []
    tokens = write_vectors(
        rows(*TEXTS), trained, 64, (teacher, trained, 64), tmp_path, lambda *n: done.append(n)
    )
    held = TokenVectors(tmp_path)
    assert done == [(3, 3)]  # the empty one has no tokens
    assert list(held) == [group_of(text) for text in TEXTS[:3]]
    assert sum(len(held[group]) for group in held) == tokens
    for target, example in zip(
        read_targets(rows(*TEXTS), trained, TAXONOMY, 64, vectors=held), rows(*TEXTS), strict=False
    ):
        assert target.vectors is not None
        assert len(target.vectors) == len(target.ids) - 2
        with torch.no_grad():
            said = teacher(torch.from_numpy(target.ids)[None]).last_hidden_state[0, 1:-1]
        offsets = trained.encode(example.text).offsets[1:-1]
        empty = np.array([start == end for start, end in offsets])  # the mark of a word's start
        assert np.isnan(target.vectors[empty]).all()
        # The teacher has the same tokens here, and is asked in bf16; the bytes of an emoji share one
        # letter, and so one vector.
        alone = ~empty & np.array([offsets.count(span) == 1 for span in offsets])
        assert alone.any()
        np.testing.assert_allclose(target.vectors[alone], said.numpy()[alone], atol=0.05)


def test_vectors_of_other_tokens_are_left_out(trained: Tokenizer, tmp_path: Path) -> None:
    asked, same_letters = rows("it came late"), rows("it came, late!!")
    write_vectors(asked, trained, 64, (encoder(trained), trained, 64), tmp_path)
    [target] = read_targets(same_letters, trained, TAXONOMY, 64, vectors=TokenVectors(tmp_path))
    assert same_letters[0].group in TokenVectors(tmp_path)
    assert target.vectors is None


def test_what_the_teacher_does_not_read_is_not_known(trained: Tokenizer, tmp_path: Path) -> None:
    write_vectors(rows(TEXTS[1]), trained, 64, (encoder(trained), trained, 4), tmp_path)
    vectors = TokenVectors(tmp_path)[group_of(TEXTS[1])]
    assert not np.isnan(vectors[:3]).any()
    assert np.isnan(vectors[3:]).all()
    (tmp_path / "rows.npz").write_bytes(b"no archive")
    with pytest.raises(InputError, match="no vectors"):
        TokenVectors(tmp_path)


def test_the_loss_is_the_share_that_is_not_foretold() -> None:
    vectors = torch.randn(2, 5, 8)
    vectors[1, 3:] = torch.nan
    known = ~vectors[..., 0].isnan()
    assert own._vectors_loss(vectors.nan_to_num(7.0), vectors).item() == 0
    mean = vectors[known].mean(0).expand(2, 5, 8)
    assert own._vectors_loss(mean, vectors).item() == pytest.approx(1, abs=0.2)
    for few in (0, 1):  # of which there is no variance
        alone = torch.full((1, 4, 8), torch.nan)
        alone[0, :few] = 1.0
        said = torch.zeros(1, 4, 8, requires_grad=True)
        loss = own._vectors_loss(said, alone)
        loss.backward()
        assert loss.item() == 0
        assert said.grad is not None
        assert not said.grad.any()


def test_vectors_alone_teach(
    trained: Tokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = rows(*(f"{text} {n}" for text in TEXTS[:3] for n in range(10)))
    write_vectors(some, trained, 64, (encoder(trained, width=64), trained, 64), tmp_path)
    targets = read_targets(some, trained, TAXONOMY, 64, vectors=TokenVectors(tmp_path))
    assert join(targets[0], targets[1]).vectors is None
    assert own.collate([replace(targets[0], vectors=None)]).vectors.shape[-1] == 0
    losses: list[float] = []
    real = own._vectors_loss

    def heard(*given: torch.Tensor) -> torch.Tensor:
        loss = real(*given)
        losses.append(float(loss.detach()))
        return loss

    monkeypatch.setattr(own, "_vectors_loss", heard)
    options = own.FinetuneOptions(steps=200, tokens=512, threads=1)
    own.finetune(network(trained), targets, TAXONOMY, options, lambda _: None)
    assert len(losses) == options.steps
    assert losses[0] > 0.9
    assert losses[-1] < 0.5 * losses[0]


def test_layers_are_left_out(trained: Tokenizer) -> None:
    model = network(trained, layers=3).eval()
    ids = torch.tensor([[2, 300, 301, 302, 3]])
    seen: list[int] = []
    for at, layer in enumerate(model.encoder.layers):  # type: ignore[arg-type]
        layer.register_forward_hook(lambda *_, at=at: seen.append(at))
    leave_out(model, [1])
    with torch.no_grad():
        model(ids, torch.ones_like(ids))
    assert seen == [0, 2]
    assert model.encoder.config.num_hidden_layers == 2  # type: ignore[union-attr]
    for wrong in ([0], [2]):
        with pytest.raises(ValueError, match="Layers 1 to 1 can be left out"):
            leave_out(model, wrong)


def test_a_bundle_with_fewer_layers_is_gone_on_from() -> None:
    plain, trained_on = (unpack(bundle.find("base"), TAXONOMY, dropout) for dropout in (0.0, 0.1))
    for name, value in plain.state_dict().items():
        assert torch.equal(value, trained_on.state_dict()[name]), name
    for model, dropout in ((plain, 0.0), (trained_on, 0.1)):
        encoder = model.encoder
        assert {part.p for part in encoder.modules() if isinstance(part, torch.nn.Dropout)} == {
            dropout
        }
