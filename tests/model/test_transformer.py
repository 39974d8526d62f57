"""The base model's runtime: windows, evidence, independence of neighbours, and what is refused.

The network is stood in for by a rule, so that what is tested is the reading and not the training; the
real graph is compared with torch in tests/train/test_finetune.py.
"""

import hashlib
import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tokenizers import Tokenizer

from sentiment.errors import ModelError
from sentiment.model import bundle
from sentiment.model.decision import (
    Decision,
    Found,
    Outputs,
    best_spans,
    decide,
    every_label,
)
from sentiment.model.runtime import CpuRuntime
from sentiment.model.tokens import Cut, Tokens
from sentiment.model.transformer import Settings, TransformerModel
from sentiment.records import POLARITIES, SENTIMENTS, STATES
from sentiment.taxonomy import Taxonomy
from sentiment.text import prepare
from sentiment.train.base import tokenizer
from tests.model.word_heads import words_of
from tests.train.test_tokenizer import EN, OPTIONS, ZH, texts

TAXONOMY = Taxonomy.default()
NAMES = (*TAXONOMY.drivers, *TAXONOMY.tags)
LABELS = every_label(TAXONOMY)
SPEED, REPURCHASE = NAMES.index("delivery.speed"), NAMES.index("repurchase")


def decision() -> dict[str, Any]:
    """Return weights by hand: a topic's state is what its likeliest driver is."""
    topics = len(TAXONOMY.topics)
    state = np.zeros((topics, len(STATES), 10))
    for polarity, name in enumerate(POLARITIES):
        state[:, STATES.index(name), 3 + polarity] = 1.0
    state[:, STATES.index("mixed"), [3, 5]] = 1.0
    overall = np.zeros((len(SENTIMENTS), 11))
    overall[:, :4] = np.eye(4) / 2
    return {
        "label": [[0.5] * len(LABELS), [0.5] * len(LABELS)],
        "state": state.tolist(),
        "overall": overall.tolist(),
        "thresholds": {"state": [0.5] * topics, "driver": 0.5, "neutral": 0.5, "tag": 0.5},
    }


FIELDS: dict[str, Any] = {"window": 64, "overlap": 16, "decision": decision()}


class Rule(CpuRuntime):
    """In place of the network: "late" is slow delivery, 会再来 a repeat purchase, 很快 fast delivery.

    The overall logits are the numbers of such words; a second "late" makes it surer.
    """

    def __init__(self, words: Tokenizer) -> None:
        self.shapes: list[tuple[int, int]] = []
        self._words = words
        self._asks = (("late", SPEED, 0), ("会再来", REPURCHASE, 2), ("很快", SPEED, 2))

    def run(self, ids: NDArray[np.int64]) -> Outputs:
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
        topics = np.zeros((rows, len(TAXONOMY.topics), len(STATES)), np.float32)
        return Outputs(overall, topics, findings, starts, ends)


@pytest.fixture(scope="module")
def words() -> Tokenizer:
    return tokenizer.train(texts(ZH, "👍"), texts(EN, "★"), OPTIONS)


@pytest.fixture
def rule(words: Tokenizer) -> Rule:
    return Rule(words)


@pytest.fixture
def model(words: Tokenizer, rule: Rule) -> TransformerModel:
    return ruled(words, rule)


def ruled(words: Tokenizer, rule: Rule) -> TransformerModel:
    return TransformerModel(
        name="tiny@1.0.0",
        taxonomy=TAXONOMY,
        settings=Settings.of(FIELDS, TAXONOMY),
        tokenizer=words,
        runtime=rule,
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


def test_words_add_to_the_logits_of_their_own_window(words: Tokenizer, rule: Rule) -> None:
    settings = Settings.of(FIELDS, TAXONOMY)
    plain, spoken = (
        TransformerModel(
            name="tiny@1.0.0", taxonomy=TAXONOMY, settings=settings, tokenizer=words, runtime=rule,
            words=some,
        )
        for some in (None, words_of({"dire": {"negative": 3}}))
    )  # fmt: skip
    batch = [prepare(line) for line in ("it was dire", "很快", "", "很快，but it was dire" * 20)]
    before, after = plain.predict(batch), spoken.predict(batch)
    assert after[0].probabilities[0] > before[0].probabilities[0] + 0.3
    assert after[1:3] == before[1:3]
    assert after[3].probabilities[0] > before[3].probabilities[0]
    assert [one.findings for one in after] == [one.findings for one in before]
    # In a batch or alone, and what `chances` says is what `predict` says of a text of one window.
    assert spoken.predict(batch[:1]) == after[:1]
    assert spoken.chances(batch[:1]).overall[0] == pytest.approx(after[0].probabilities)
    assert spoken.reasons(batch[0], "sentiment", "negative")[0].weight > 0


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
    weights = np.exp(np.array([2.0, 0, 0, 0]) / 2)
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
        windows = list(model._windows(0, 0, length))
        assert windows[0].first == 0
        assert windows[-1].last == length
        assert all(window.last - window.first <= 62 for window in windows)
        assert all(before.last - after.first == 16 for before, after in pairwise(windows))


def test_two_languages_are_read_one_after_the_other(model: TransformerModel, rule: Rule) -> None:
    text = "包装还可以，物流很快。but yours came late again, 这家店下次会再来的"
    batch = [prepare(text)]
    assert said(model, text) == [
        {
            ("delivery.speed", "positive"): "很快",
            ("delivery.speed", "negative"): "late",
            ("repurchase", "positive"): "会再来",
        }
    ]
    assert sum(rows for rows, _ in rule.shapes) == 3
    (whole,) = model.predict(batch)
    alone = [
        model.predict([prepare(part)])[0].probabilities
        for part in ("包装还可以，物流很快。", "but yours came late again,", "这家店下次会再来的")
    ]
    # Neutral where all are, praise where one praises and none blames, and so on.
    expected = np.zeros(4)
    for each in product(range(4), repeat=3):
        kinds = {SENTIMENTS[one] for one in each} - {"neutral"}
        verdict = kinds.pop() if len(kinds) == 1 else "mixed" if kinds else "neutral"
        expected[SENTIMENTS.index(verdict)] += np.prod(
            [probabilities[one] for probabilities, one in zip(alone, each, strict=True)]
        )
    assert whole.probabilities == pytest.approx(expected, abs=1e-6)


def test_a_long_passage_is_read_in_windows(model: TransformerModel) -> None:
    text = "late " + "words " * 200 + "。物流真的很快，" + "还可以" * 60 + "会再来"
    assert set(said(model, text)[0]) == {
        ("delivery.speed", "negative"), ("delivery.speed", "positive"), ("repurchase", "positive"),
    }  # fmt: skip
    (prediction,) = model.predict([prepare(text)])
    assert sum(prediction.probabilities) == pytest.approx(1)


def test_runs_keep_their_room(model: TransformerModel, rule: Rule) -> None:
    model.predict([prepare("words " * (n % 90 + 1)) for n in range(400)])
    assert all(rows * tokens <= 1024 and tokens % 2 == 0 for rows, tokens in rule.shapes)
    assert sum(rows for rows, _ in rule.shapes) >= 400


class LikeGpu(Rule):
    """Large runs of few widths, several of them under way."""

    ahead = 2

    def width(self, tokens: int) -> int:
        return -(-tokens // 16) * 16

    def rows(self, width: int) -> int:
        return 65_536 // width


def test_large_runs_say_what_small_ones_say(model: TransformerModel, words: Tokenizer) -> None:
    texts = [prepare("words " * (n % 90 + 1) + "late, 很快" * (n % 2)) for n in range(200)]
    large = LikeGpu(words)
    assert ruled(words, large).predict(texts) == model.predict(texts)
    assert len(large.shapes) <= 64 / 16
    assert all(tokens % 16 == 0 for _, tokens in large.shapes)


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


class Counted:
    """Cuts into tokens, and counts the letters that it was given."""

    def __init__(self, tokens: Tokens) -> None:
        self.letters = 0
        self._tokens = tokens

    def cut(self, texts: Sequence[str]) -> list[Cut]:
        self.letters += sum(map(len, texts))
        return self._tokens.cut(texts)


def test_the_reasons_of_a_long_text_take_no_more_than_those_of_a_window(
    model: TransformerModel, rule: Rule
) -> None:
    prepared = prepare("it came late, as always. " + "the food is plain, and it is fine. " * 3000)
    assert len(prepared.folded) > 100_000
    tokens: Any = Counted(model._tokens)
    model._tokens = tokens
    reasons = model.reasons(prepared, "delivery.speed", "negative")
    assert tokens.letters < 20_000
    assert sum(rows for rows, _ in rule.shapes) <= 64
    assert "late" in prepared.text[reasons[0].start : reasons[0].end]
    assert reasons[0].weight == 11
    assert {reason.weight for reason in reasons[1:]} == {0}
    assert sorted((one.start, one.end) for one in reasons) == sorted(prepared.clauses)


def test_every_decision_of_a_text_is_explained_by_the_same_runs(
    model: TransformerModel, rule: Rule
) -> None:
    one, other = prepare("it came late. 物流很快"), prepare("物流很快。 it came late")
    speeds = [model.reasons(text, "delivery.speed", "negative") for text in (one, other)]
    runs = len(rule.shapes)
    both = model.reasons(other, "sentiment", "negative")
    assert len(rule.shapes) == runs
    assert [reason.weight for reason in both] == [2, 0]
    assert [speed[0].start for speed in speeds] == [0, other.folded.index("it")]
    assert model.reasons(one, "delivery.speed", "negative") == speeds[0]


@pytest.mark.parametrize("more", [-1, 0, 1, 40])
def test_reasons_around_the_end_of_the_window(model: TransformerModel, more: int) -> None:
    room = model.settings.window - 2
    words = len(model._tokens.cut(["plain. "])[0][0])
    late = len(model._tokens.cut(["it came late"])[0][0])
    before = (room - late) // words
    prepared = prepare("plain. " * (before + more) + "it came late")
    reasons = model.reasons(prepared, "delivery.speed", "negative")
    assert len(reasons) == len(prepared.clauses)
    weights = {prepared.text[one.start : one.end].strip(" ."): one.weight for one in reasons}
    assert (weights["it came late"] > 0) == (more <= 0)


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
    width = 70
    for tokens in (3, 4, 7, 62, 70):
        starts, ends = draw.standard_normal((2, 8, width)).astype(np.float32)
        found = best_spans(starts, ends, np.full(8, tokens))
        for row, span in enumerate(zip(*found, strict=True)):
            every = {
                (first, last): starts[row, first] + ends[row, last]
                for first in range(1, tokens - 1)
                for last in range(first, min(tokens - 1, first + 40))
            }
            assert span == max(every, key=lambda span: every[span])


def outputs(rows: int, **logits: float) -> Outputs:
    """Return outputs of which only the named findings are likely, with evidence at token 1."""
    findings = np.full((rows, len(NAMES), 3), -9.0, np.float32)
    pointers = np.zeros((rows, len(NAMES), 3, 5), np.float32)
    pointers[..., 1] = 5.0
    for label, logit in logits.items():
        name, polarity = label.replace("_", ".").rsplit(".", 1)
        findings[:, NAMES.index(name), POLARITIES.index(polarity)] = logit
    return Outputs(
        np.zeros((rows, 4), np.float32),
        np.zeros((rows, len(TAXONOMY.topics), len(STATES)), np.float32),
        findings,
        pointers,
        pointers,
    )


def judged(found: list[Found]) -> set[tuple[str, str]]:
    return {(LABELS.names[one.label], LABELS.polarities[one.label]) for one in found}


def test_the_same_words_do_not_praise_and_blame() -> None:
    weights = Decision.of(decision(), TAXONOMY)
    both = outputs(1, price_level_positive=6.0, price_value_negative=4.0)
    _, (found,) = decide([both], np.array([5]), weights)
    assert judged(found) == {("price.level", "positive")}
    assert isinstance(both.starts, np.ndarray)
    assert isinstance(both.ends, np.ndarray)
    both.starts[:, NAMES.index("price.value"), :, 3] = 9.0
    both.ends[:, NAMES.index("price.value"), :, 3] = 9.0
    _, (found,) = decide([both], np.array([5]), weights)
    assert judged(found) == {("price.level", "positive"), ("price.value", "negative")}


def test_a_row_without_tokens_judges_nothing() -> None:
    sure = outputs(2, price_level_positive=9.0, repurchase_positive=9.0)
    _, (empty, full) = decide([sure], np.array([2, 3]), Decision.of(decision(), TAXONOMY))
    assert empty == []
    assert judged(full) == {("price.level", "positive"), ("repurchase", "positive")}
    assert all((one.first, one.last) == (1, 1) for one in full)


def test_a_decision_comes_back_as_it_was_written() -> None:
    written = Decision.of(decision(), TAXONOMY).to_dict()
    again = Decision.of(written, TAXONOMY).to_dict()
    assert again == written


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
    "fields",
    [
        {"decision": {**decision(), "label": [[0.5]]}},
        {"decision": {**decision(), "thresholds": {}}},
        {"decision": {**decision(), "overall": [[float("inf")] * 11] * 4}},
        {"decision": None},
        {"window": "wide"},
        {"overlap": 64},
    ],
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
        TransformerModel.of(bundle.read(write_bundle(tmp_path, files)), "cpu")


def test_torch_is_not_imported_where_no_gpu_can_be() -> None:
    code = (
        "import sys; from sentiment.model import runtime; runtime._has_driver = lambda: False;"
        "assert runtime.pick_device('auto') == 'cpu'; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
