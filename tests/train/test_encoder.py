"""Encoders of other makers, built here in miniature, loaded as the real ones are."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sentiment.errors import ModelError

torch = pytest.importorskip("torch", reason="needs the extra [torch]")
transformers = pytest.importorskip("transformers", reason="needs the extra [torch]")

from tokenizers import Tokenizer  # noqa: E402

from sentiment.train.retrain.encoder import open_encoder  # noqa: E402
from tests.train import checkpoints  # noqa: E402

TEXTS = [
    "the parcel came late and the box was crushed",
    "质量很好，物流太慢了",
    "great value, friendly staff, will buy again",
    "客服态度差，退款等了一个月",
] * 5
KINDS: list[Callable[..., Path]] = [
    checkpoints.bert,
    checkpoints.xlmr,
    checkpoints.roberta,
    checkpoints.deberta,
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_encoder_gives_the_vectors_it_gave_before(
    kind: Callable[..., Path], tmp_path: Path
) -> None:
    folder = kind(tmp_path / "encoder", TEXTS)
    opened = open_encoder(str(folder))
    theirs = transformers.AutoModel.from_pretrained(folder).eval()
    their_tokens = transformers.AutoTokenizer.from_pretrained(folder)
    ours = Tokenizer.from_str(opened.tokenizer)
    network = opened.network.eval()
    for text in ("the box was late", "质量差，客服很好 and cheap", "x"):
        before = their_tokens(text, return_tensors="pt")
        encoding = ours.encode(text)
        assert ours.token_to_id(their_tokens.pad_token) == 0
        assert len(encoding.ids) == before["input_ids"].shape[1]
        padded = np.array([*encoding.ids, 0, 0, 0])
        given = torch.from_numpy(padded)[None]
        with torch.no_grad():
            expected = theirs(
                input_ids=before["input_ids"], attention_mask=before["attention_mask"]
            ).last_hidden_state[0]
            found = network(input_ids=given, attention_mask=(given != 0).long())
        size = len(encoding.ids)
        difference = (found.last_hidden_state[0, :size] - expected).abs().max()
        assert float(difference) < 1e-5
    assert opened.width == 16
    assert opened.longest <= 70


def test_a_folder_that_is_no_encoder(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ModelError, match="no encoder that AutoModel loads"):
        open_encoder(str(tmp_path))


def test_a_hub_that_cannot_be_reached(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("no network here")

    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(
        "time.sleep", lambda seconds: None
    )  # between one try of the hub and the next
    with pytest.raises(ModelError, match="neither a model of ours nor an encoder"):
        open_encoder("nobody/nothing-of-this-name")


def test_code_of_a_repository_is_never_run(tmp_path: Path) -> None:
    folder = checkpoints.bert(tmp_path / "encoder", TEXTS)
    config = folder / "config.json"
    text = config.read_text(encoding="utf-8")
    own = '"auto_map": {"AutoConfig": "own.OwnConfig", "AutoModel": "own.OwnModel"}, "model_type"'
    config.write_text(text.replace('"model_type": "bert"', f'{own}: "own"'), encoding="utf-8")
    (folder / "own.py").write_text("raise SystemExit('code was run')\n", encoding="utf-8")
    with pytest.raises(ModelError, match=r"code of its own, which is never run here|no encoder"):
        open_encoder(str(folder))
