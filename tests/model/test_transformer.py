"""The base model's runtime: windows, evidence, independence of neighbours, and what is refused.

The network is stood in for by a rule, so that what is tested is the reading and not the training; the
real graph is compared with torch in tests/train/test_finetune.py.
"""

import hashlib
import json
import threading
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

pytest.importorskip("tokenizers", reason="needs the extra [torch]")
pytest.importorskip("onnxruntime", reason="needs the extra [torch]")

from tokenizers import Tokenizer

from sentiment.errors import ModelError
from sentiment.model import bundle
from sentiment.model.decision import best_span, decide
from sentiment.model.transformer import Settings, TransformerModel
from sentiment.records import POLARITIES, SENTIMENTS
from sentiment.taxonomy import Taxonomy
from sentiment.text import prepare
from sentiment.train import tokenizer
from tests.train.test_tokenizer import EN, OPTIONS, ZH, texts

TAXONOMY = Taxonomy.default()
NAMES = (*TAXONOMY.drivers, *TAXONOMY.tags)
SPEED, REPURCHASE = NAMES.index("delivery.speed"), NAMES.index("repurchase")
FIELDS: dict[str, Any] = {
    "window": 64,
    "overlap": 16,
    "temperature": 2.0,
    "slope": 0.5,
    "shift": 0.5,
    "thresholds": [[0.5] * len(POLARITIES) for _ in NAMES],
}


class Rule:
    """In place of the network: "late" is slow delivery, 会再来 a repeat purchase, 很快 fast delivery.

    The overall logits are the numbers of such words; a second "late" makes it surer.
    """

    def __init__(self, words: Tokenizer) -> None:
        self.shapes: list[tuple[int, int]] = []
        self._words = words
        self._asks = (("late", SPEED, 0), ("会再来", REPURCHASE, 2), ("很快", SPEED, 2))

    def run(self, names: list[str], given: dict[str, np.ndarray]) -> list[np.ndarray]:
        assert names == ["overall", "findings", "starts", "ends"]
        ids = given["ids"]
        assert ((ids != 0) == given["attention"].astype(bool)).all()
        self.shapes.append(ids.shape)
        rows, tokens = ids.shape
        overall = np.zeros((rows, len(SENTIMENTS)), np.float32)
        findings = np.full((rows, len(NAMES), 3), -9.0, np.float32)
        starts = np.zeros((rows, len(NAMES), 3, tokens), np.float32)
        ends = np.zeros((rows, len(NAMES), 3, tokens), np.float32)
        for word, name, polarity in self._asks:
            pieces = self._words.encode(word, add_special_tokens=False).ids
            for row in range(rows):
                for at in range(tokens - len(pieces) + 1):
                    if ids[row, at : at + len(pieces)].tolist() == pieces:
                        overall[row, polarity] += 2.0
                        findings[row, name, polarity] = max(0, findings[row, name, polarity]) + 2
                        starts[row, name, polarity, at] = 5.0
                        ends[row, name, polarity, at + len(pieces) - 1] = 5.0
        return [overall, findings, starts, ends]


@pytest.fixture(scope="module")
def words() -> Tokenizer:
    return tokenizer.train(texts(ZH, "👍"), texts(EN, "★"), OPTIONS)


@pytest.fixture
def rule(words: Tokenizer) -> Rule:
    return Rule(words)


@pytest.fixture
def model(words: Tokenizer, rule: Rule) -> TransformerModel:
    return TransformerModel(
        name="tiny@1.0.0",
        digest="0",
        taxonomy=TAXONOMY,
        settings=Settings.of(FIELDS, len(NAMES)),
        tokenizer=words,
        session=cast("Any", rule),
    )


def said(model: TransformerModel, *lines: str) -> list[dict[tuple[str, str], str]]:
    batch = [prepare(line) for line in lines]
    return [
        {
            (one.name, one.polarity): prepared.text[one.start : one.end]
            for one in prediction.findings
        }
        for prepared, prediction in zip(batch, model.predict(batch), strict=True)
    ]


def test_evidence_is_of_the_prepared_text_drivers_before_tags(model: TransformerModel) -> None:
    mixed, late, nothing = said(
        model, "下次会再来，物流很快 👍", "It was LATE again!", "just words"
    )
    assert list(mixed.items()) == [
        (("delivery.speed", "positive"), "很快"),
        (("repurchase", "positive"), "会再来"),
    ]
    assert late == {("delivery.speed", "negative"): "LATE"}
    assert nothing == {}


def test_probabilities_are_calibrated_as_the_settings_say(model: TransformerModel) -> None:
    (prediction,) = model.predict([prepare("late")])
    weights = np.exp(np.array([2.0, 0, 0, 0]) / 2.0)
    assert prediction.probabilities == pytest.approx(weights / weights.sum())
    (finding,) = prediction.findings
    assert finding.confidence == pytest.approx(1 / (1 + np.exp(-(2.0 * 0.5 + 0.5))))


def test_no_result_depends_on_the_other_texts(model: TransformerModel) -> None:
    batch = [prepare("words " * n + ("late" if n % 3 else "很快")) for n in range(60)]
    together = model.predict(batch)
    assert together == [model.predict([prepared])[0] for prepared in batch]
    assert together == model.predict(batch[::-1])[::-1]


def test_a_long_text_is_read_to_its_end_and_every_window_counts(model: TransformerModel) -> None:
    late, both = said(
        model, "words " * 300 + "late", "late " + "words " * 300 + "late late" + " words" * 90
    )
    assert late == {("delivery.speed", "negative"): "late"}
    assert both == {("delivery.speed", "negative"): "late"}
    text = "late " + "words " * 300 + "late late" + " words" * 90
    (prediction,) = model.predict([prepare(text)])
    assert prediction.findings[0].start > 1000  # of two windows, the one that is surer
    calm, (angry,) = model.predict([prepare("words " * 300)])[0], model.predict([prepare("late")])
    assert calm.probabilities[0] < prediction.probabilities[0] < angry.probabilities[0]


def test_windows_leave_no_token_out_and_overlap(model: TransformerModel) -> None:
    for length in (1, 61, 62, 63, 64, 109, 500, 5000):
        windows = list(model._windows(0, range(length)))
        assert windows[0].first == 0
        assert windows[-1].last == length
        assert all(window.last - window.first <= 62 for window in windows)
        assert all(before.last - after.first == 16 for before, after in pairwise(windows))


def test_runs_keep_their_room(model: TransformerModel, rule: Rule) -> None:
    model.predict([prepare("words " * (n % 90 + 1)) for n in range(400)])
    assert all(rows * tokens <= 2048 and tokens % 8 == 0 for rows, tokens in rule.shapes)
    assert sum(rows for rows, _ in rule.shapes) >= 400


def test_nothing_that_is_read_gives_no_findings(model: TransformerModel) -> None:
    (prediction,) = model.predict([prepare("\ufe0f")])
    assert prediction.findings == ()
    assert model.predict([]) == []


def test_reasons_name_the_clause_that_decided(model: TransformerModel) -> None:
    prepared = prepare("the food is plain. it came late, as always. fine")
    for name, polarity in (("delivery.speed", "negative"), ("sentiment", "negative")):
        reasons = model.reasons(prepared, name, polarity)
        assert "late" in prepared.text[reasons[0].start : reasons[0].end]
        assert reasons[0].weight > 0
        assert len(reasons) == len(prepared.clauses)
        assert {reason.weight for reason in reasons[1:]} == {0.0}


def test_several_threads_get_the_same(model: TransformerModel) -> None:
    batch = [prepare("words " * n + "late") for n in range(30)]
    expected = model.predict(batch)
    got: list[object] = []
    threads = [threading.Thread(target=lambda: got.append(model.predict(batch))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [expected] * 4


def test_the_best_span_is_the_best_of_all() -> None:
    draw = np.random.default_rng(0)
    for length in (1, 2, 5, 60):
        starts, ends = draw.standard_normal((2, length)).astype(np.float32)
        first, last = best_span(starts, ends)
        every = {
            (a, b): starts[a] + ends[b]
            for a in range(length)
            for b in range(a, min(length, a + 40))
        }
        assert (first, last) == max(every, key=lambda span: every[span])


def test_thresholds_are_of_each_finding() -> None:
    findings = np.zeros((1, 3), np.float32)  # probability one half
    pointers = np.zeros((1, 3, 5), np.float32)
    limits = np.array([[0.4, 0.5, 0.6]], np.float32)
    found = decide(findings, pointers, pointers, 5, limits)
    assert [one.polarity for one in found] == [0, 1]
    assert all(1 <= one.first <= one.last <= 3 for one in found)  # neither [CLS] nor [SEP]


def write_bundle(folder: Path, files: dict[str, bytes], **fields: object) -> Path:
    folder.mkdir(exist_ok=True)
    config = {"schema": 1, "name": "tiny", "version": "1.0.0", "architecture": "transformer"}
    config |= {"taxonomy": TAXONOMY.to_dict(), **FIELDS, **fields}
    files = {"config.json": json.dumps(config).encode(), **files}
    for name, content in files.items():
        (folder / name).write_bytes(content)
    listed = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    (folder / "manifest.json").write_text(json.dumps({"files": listed, "made": {}}))
    return folder


@pytest.mark.parametrize(
    "fields", [{"thresholds": [[0.5]]}, {"window": "wide"}, {"overlap": 64}, {"temperature": 0}]
)
def test_a_config_that_cannot_be_right_is_refused(
    tmp_path: Path, fields: dict[str, object]
) -> None:
    with pytest.raises(ModelError, match="get the bundle again"):
        TransformerModel.of(bundle.read(write_bundle(tmp_path, {}, **fields)))


@pytest.mark.parametrize("broken", ["tokenizer.json", "model.onnx"])
def test_a_file_that_is_something_else_is_refused(
    words: Tokenizer, tmp_path: Path, broken: str
) -> None:
    files = {"tokenizer.json": words.to_str().encode(), "model.onnx": b"no graph", broken: b"{}"}
    with pytest.raises(ModelError, match=broken):
        TransformerModel.of(bundle.read(write_bundle(tmp_path, files)))
