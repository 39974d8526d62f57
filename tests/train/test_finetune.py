"""Fine-tuning: what is not labelled teaches nothing, evidence lands on its tokens, the net learns."""

import json
import runpy
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra [torch]")
pytest.importorskip("transformers", reason="needs the extra [torch]")

import torch
from tokenizers import Tokenizer
from transformers import AutoModel, AutoTokenizer, ModernBertModel

from sentiment.analyzer import Analyzer, load
from sentiment.errors import NotReached
from sentiment.model import bundle
from sentiment.model.network import Answers, EncoderOptions, FeedbackNetwork, encoder_config
from sentiment.model.runtime import load_runtime
from sentiment.model.transformer import Settings, TransformerModel
from sentiment.records import POLARITIES, SENTIMENTS, STATES
from sentiment.taxonomy import Taxonomy
from sentiment.text import prepare
from sentiment.train.base import finetune as own
from sentiment.train.base import tokenizer
from sentiment.train.base.base_settings import settle
from sentiment.train.base.pack import BaseParts, pack
from sentiment.train.base.token_targets import UNKNOWN, Targets, evidence_span, join, read_targets
from sentiment.train.data.examples import Example, Judgement, group_of
from sentiment.train.figures.measure import Figures, measure
from tests.model.word_heads import words_of
from tests.train.test_tokenizer import EN, OPTIONS, ZH, texts

TAXONOMY = Taxonomy.default()
NAMES = (*TAXONOMY.drivers, *TAXONOMY.tags)
TINY = EncoderOptions(layers=1, width=32, heads=2, inner=32)
QUICK = own.FinetuneOptions(steps=60, tokens=512, threads=1)


@pytest.fixture(scope="module")
def trained() -> Tokenizer:
    return tokenizer.train(texts(ZH, "👍"), texts(EN, "★"), OPTIONS)


def gold(text: str, *opinions: Judgement, overall: str = "negative") -> Example:
    states = dict.fromkeys(TAXONOMY.topics, "absent")
    states |= {one.name.split(".")[0]: one.polarity for one in opinions}
    return Example(
        text=text,
        language="zh" if text > "z" else "en",
        source="gold",
        group=group_of(text),
        overall=overall,  # type: ignore[arg-type]
        opinions=opinions,
        topics=states,  # type: ignore[arg-type]
        tags=(),
        gold=True,
    )


# A row of which nothing is known.
ROW = Targets(
    ids=np.array([2, 300, 301, 3]),
    overall=UNKNOWN,
    overall_weight=1.0,
    topics=np.full(4, UNKNOWN),
    findings=np.full((len(NAMES), 3), np.nan, dtype=np.float32),
    spans=np.full((len(NAMES), 3, 2), UNKNOWN),
    kind="overall",
    language="zh",
)

SPEED = Judgement("delivery.speed", "positive", "物流很快")
QUALITY = Judgement("quality.general", "negative", "质量也不错")
LATE = Judgement("delivery.speed", "negative", "delivery was late")


def network(trained: Tokenizer) -> FeedbackNetwork:
    torch.manual_seed(0)
    encoder = ModernBertModel(encoder_config(trained.get_vocab_size(), TINY))
    return FeedbackNetwork(encoder, TINY.width, len(TAXONOMY.topics), len(NAMES))


def one(trained: Tokenizer, example: Example) -> Targets:
    return read_targets([example], trained, TAXONOMY, window=64)[0]


def test_evidence_is_the_tokens_that_hold_it(trained: Tokenizer) -> None:
    text = "物流很快，质量也不错，性价比高。"
    target = one(trained, gold(text, SPEED, QUALITY))
    tokens = trained.encode(text)
    first, last = target.spans[NAMES.index("delivery.speed"), POLARITIES.index("positive")]
    assert text[tokens.offsets[first][0] : tokens.offsets[last][1]] == "物流很快"
    first, last = target.spans[NAMES.index("quality.general"), POLARITIES.index("negative")]
    assert text[tokens.offsets[first][0] : tokens.offsets[last][1]] == "质量也不错"
    assert (target.spans != UNKNOWN).sum() == 4


def test_a_text_is_cut_into_tokens_as_for_scoring(trained: Tokenizer) -> None:
    text = "the delivery was late and the box was damaged"
    whole = trained.encode(text).ids
    assert one(trained, gold(text, LATE)).ids.tolist() == whole
    for window in (len(whole), len(whole) - 1):
        [target] = read_targets([gold(text, LATE)], trained, TAXONOMY, window)
        assert target.ids.tolist() == [*whole[: window - 1], whole[-1]]


def test_evidence_is_found_behind_what_was_cleaned() -> None:
    prepared = prepare("GREAT&nbsp;phone,   but the   Battery dies!!!!!!!!")
    span = evidence_span(prepared, "the   Battery dies")
    assert span is not None
    assert prepared.folded[slice(*span)] == "the battery dies"
    assert evidence_span(prepared, "not there") is None


def test_what_is_not_labelled_is_unknown(trained: Tokenizer) -> None:
    star = Example("very good", "en", "yelp", "g1", overall="positive", overall_weight=0.5)
    target = one(trained, star)
    assert target.kind == "overall"
    assert np.isnan(target.findings).all()
    assert (target.topics == UNKNOWN).all()
    assert (target.overall, target.overall_weight) == (SENTIMENTS.index("positive"), 0.5)
    mapped = Example(
        "the price is fine",
        "en",
        "asqp_phone",
        "g2",
        topics={"price": "positive", "delivery": "absent"},
        drivers={"price.level": "positive"},
    )
    target = one(trained, mapped)
    assert target.kind == "aspects"
    assert target.overall == UNKNOWN
    assert target.topics.tolist().count(UNKNOWN) == 2
    rows = {name: target.findings[NAMES.index(name)] for name in NAMES}
    assert rows["price.level"][2] == 1
    assert rows["price.level"][0] == 0
    assert np.isnan(rows["price.value"]).all()  # the price is judged, which other way is not said
    assert (rows["delivery.speed"] == 0).all()  # nothing of an absent topic is judged
    assert np.isnan(rows["quality.general"]).all()
    assert np.isnan(rows["brand"]).all()


def test_unknown_labels_have_no_gradient(trained: Tokenizer) -> None:
    batch = own.collate([ROW, ROW])
    answers = network(trained)(batch.ids, batch.attention)
    loss = own.loss_of(answers, batch, own.topic_of_drivers(TAXONOMY), QUICK)
    assert loss.item() == 0.0


def loss_of_topic(state: str, logits: dict[str, float]) -> float:
    """Loss of a row of which only the state of delivery is known, for logits of its drivers."""
    findings = torch.full((1, len(NAMES), 3), -9.0)
    for name, logit in logits.items():
        findings[0, NAMES.index(name), POLARITIES.index("positive")] = logit
    implied = torch.full((1, 4), UNKNOWN)
    implied[0, list(TAXONOMY.topics).index("delivery")] = STATES.index(state)
    return float(own._implied_loss(findings, implied, own.topic_of_drivers(TAXONOMY)))


def test_a_praised_topic_asks_for_any_praised_driver() -> None:
    none = loss_of_topic("positive", {})
    speed = loss_of_topic("positive", {"delivery.speed": 5.0})
    tracking = loss_of_topic("positive", {"delivery.tracking": 5.0})
    other = loss_of_topic("positive", {"price.level": 5.0})
    assert speed == pytest.approx(tracking, abs=1e-4)
    assert speed < 0.1 < 5 < none
    assert other == pytest.approx(none, abs=1e-4)
    assert loss_of_topic("absent", {"delivery.speed": 5.0}) > 4


def test_a_batch_padded_or_alone_gives_the_same_answers(trained: Tokenizer) -> None:
    model = network(trained).eval()
    short = one(trained, gold("物流很快，质量也不错", SPEED))
    long = one(trained, gold("the delivery was late and the box was damaged! don't regret", LATE))
    together, alone = own.collate([short, long]), own.collate([short])
    with torch.no_grad():
        both: Answers = model(together.ids, together.attention)
        single: Answers = model(alone.ids, alone.attention)
    for name in ("overall", "topics", "findings"):
        assert torch.allclose(getattr(both, name)[0], getattr(single, name)[0], atol=1e-5)


def examples() -> list[Example]:
    rows = []
    for n in range(40):
        rows.append(gold(f"物流很快，第{n}次", SPEED, overall="positive"))
        rows.append(gold(f"the delivery was late, order {n}", LATE))
        rows.append(gold(f"friendly words {n}", overall="neutral"))
    return rows


@pytest.fixture(scope="module")
def learnt(trained: Tokenizer, tmp_path_factory: pytest.TempPathFactory) -> BaseParts:
    targets = read_targets(examples(), trained, TAXONOMY, window=64)
    model = network(trained)
    said: list[str] = []
    own.finetune(model, targets, TAXONOMY, replace(QUICK, steps=150), said.append)
    assert said[0] == "gold: 120 rows"
    words = tmp_path_factory.mktemp("words") / "tokenizer.json"
    trained.save(str(words))
    decision = settle(own.hold(model, targets), TAXONOMY)
    return BaseParts(model, words, TAXONOMY, Settings(64, 16, decision))


def test_some_kinds_have_a_fixed_share_and_the_others_what_is_left() -> None:
    usual = own.FinetuneOptions()
    fixed = own.with_shares(usual, gold=0.7, taught=0.1)
    for before, after in (
        (usual.mixture_first, fixed.mixture_first),
        (usual.mixture_last, fixed.mixture_last),
    ):
        assert sum(after) == pytest.approx(1)
        assert (after[0], after[3]) == (0.7, 0.1)
        assert after[1] / after[2] == pytest.approx(before[1] / before[2])
    assert own.with_shares(usual).mixture_last == pytest.approx(usual.mixture_last)


def test_it_learns_who_says_what_where(trained: Tokenizer, learnt: BaseParts) -> None:
    rows = examples()

    def figures(parts: BaseParts) -> Figures:
        return measure(rows, Analyzer(parts.model()).analyze_batch(row.text for row in rows))

    before = figures(replace(learnt, network=network(trained)))
    after = figures(learnt)
    assert before.driver_f1 is not None
    assert before.driver_f1 < 0.4
    for name in ("driver_f1", "topic_f1", "overall_accuracy", "polarity_accuracy"):
        assert getattr(after, name) > 0.95, name
    assert after.evidence_overlap is not None
    assert after.evidence_overlap > 0.8


def test_it_is_packed_and_runs_the_same_by_onnx_and_torch(
    learnt: BaseParts, tmp_path: Path
) -> None:
    pytest.importorskip("onnxscript", reason="needs the extra [torch]")
    rows = [target.ids for target in read_targets(examples(), _words(learnt), TAXONOMY, 64)]
    saved, parity = pack(
        learnt, tmp_path / "tiny", name="tiny", version="1.0.0", metrics={}, card="# tiny",
        made={}, checked=rows,
    )  # fmt: skip
    assert parity.rows == len(rows)
    assert saved.name == "tiny@1.0.0"
    assert parity.bits == 8
    long = "物流很快 " * 60 + "the delivery was late"
    texts = [example.text for example in examples()] + [long]
    by_onnx = load(saved.path, device="cpu").analyze_batch(texts)
    stored = load_runtime(saved.config, saved.file(bundle.NETWORK), 4, len(NAMES), "cpu")
    model = TransformerModel(
        name=saved.name,
        taxonomy=TAXONOMY,
        settings=Settings.of(saved.config, TAXONOMY),
        tokenizer=_words(learnt),
        runtime=stored,
    )
    for ours, theirs in zip(by_onnx, Analyzer(model).analyze_batch(texts), strict=True):
        assert ours.probabilities == pytest.approx(theirs.probabilities, abs=5e-3)
        # Of sixty places that say the same, eight bits may prefer another one, and so another order.
        assert sorted((o.driver, ours.text == long or (o.start, o.end)) for o in ours.opinions) == (
            sorted((o.driver, ours.text == long or (o.start, o.end)) for o in theirs.opinions)
        )


def test_words_are_packed_and_have_their_say(learnt: BaseParts, tmp_path: Path) -> None:
    pytest.importorskip("onnxscript", reason="needs the extra [torch]")
    words = words_of({"dire": {"negative": 3}, "很快": {"positive": 2}})
    targets = read_targets(examples(), _words(learnt), TAXONOMY, 64, words=words)
    plain = read_targets(examples(), _words(learnt), TAXONOMY, 64)
    added = own.answer(learnt.network, targets).overall - own.answer(learnt.network, plain).overall
    said = words.score([prepare(example.text).folded for example in examples()])
    assert added == pytest.approx(said, abs=1e-5)
    assert said.any()
    parts = replace(learnt, words=words)
    saved, _ = pack(
        parts, tmp_path / "tiny", name="tiny", version="1.0.0", metrics={}, card="# tiny",
        made={}, checked=[target.ids for target in plain],
    )  # fmt: skip
    loaded = load(saved.path, device="cpu")
    texts = ["it was dire", "物流很快，第3次"]
    by_parts = Analyzer(parts.model()).analyze_batch(texts)
    without = Analyzer(learnt.model()).analyze_batch(texts)
    for ours, theirs, before in zip(loaded.analyze_batch(texts), by_parts, without, strict=True):
        assert ours.probabilities == pytest.approx(theirs.probabilities, abs=5e-3)
        assert ours.probabilities != before.probabilities


def test_an_export_keeps_what_words_say(
    learnt: BaseParts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("onnxscript", reason="needs the extra [torch]")
    rows = [target.ids for target in read_targets(examples(), _words(learnt), TAXONOMY, 64)]
    words = words_of({"dire": {"negative": 3}})
    parts = replace(learnt, words=words)
    saved, _ = pack(
        parts, tmp_path / "base", name="base", version="1.0.0", metrics={}, card="# base", made={},
        checked=rows,
    )  # fmt: skip
    before = load(saved.path, device="cpu").analyze("a dire one").score
    gold_rows = tmp_path / "data" / "gold" / "train.jsonl"
    gold_rows.parent.mkdir(parents=True)
    lines = ({"text": one.text, "overall": one.overall, "source": "x"} for one in examples())
    gold_rows.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    path = Path(__file__).parents[2] / "scripts" / "export_base.py"
    monkeypatch.setattr(sys, "argv", [str(path), str(saved.path), str(tmp_path / "data")])
    runpy.run_path(str(path), run_name="__main__")
    assert bundle.read(saved.path).arrays().keys() == words.arrays().keys()
    after = load(saved.path, device="cpu").analyze("a dire one").score
    assert after == pytest.approx(before, abs=5e-3)


def _words(parts: BaseParts) -> Tokenizer:
    return Tokenizer.from_file(str(parts.tokenizer))


def test_transformers_loads_the_encoder_and_the_tokenizer(
    learnt: BaseParts, tmp_path: Path
) -> None:
    pytest.importorskip("onnxscript", reason="needs the extra [torch]")
    saved, _ = pack(
        learnt, tmp_path / "tiny", name="tiny", version="1.0.0", metrics={}, card="# tiny",
        made={}, checked=[np.array([2, 300, 3])],
    )  # fmt: skip
    words = AutoTokenizer.from_pretrained(saved.path)
    encoder = AutoModel.from_pretrained(saved.path, dtype=torch.float32).eval()
    given = words("物流很快", return_tensors="pt")
    assert given["input_ids"][0].tolist() == _words(learnt).encode("物流很快").ids
    with torch.no_grad():
        ours = learnt.network.encoder(given["input_ids"], given["attention_mask"])
        theirs = encoder(given["input_ids"], given["attention_mask"])
    assert torch.allclose(ours.last_hidden_state, theirs.last_hidden_state, atol=1e-4)


def test_the_same_run_gives_the_same_weights(trained: Tokenizer) -> None:
    targets = read_targets(examples(), trained, TAXONOMY, window=64)
    options = replace(QUICK, steps=5)
    one, two = (
        own.finetune(network(trained), targets, TAXONOMY, options, lambda _: None) for _ in range(2)
    )
    for name, value in one.state_dict().items():
        assert torch.equal(value, two.state_dict()[name]), name


class Stop(Exception):
    """Ends a run as a kill would, but for the checkpoint that was written before."""


def test_a_run_that_was_interrupted_ends_in_the_same_weights(
    trained: Tokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own.Run, "_MINUTES", 0.0)  # a checkpoint at every step
    targets = read_targets(examples(), trained, TAXONOMY, window=64)
    options = replace(QUICK, steps=8)
    whole = own.finetune(network(trained), targets, TAXONOMY, options, lambda _: None)
    state = tmp_path / "run.pt"
    steps = iter(range(100))
    real = own.collate

    def collate(rows: Sequence[Targets], device: str | torch.device = "cpu") -> own.Batch:
        if next(steps) == 5:
            raise Stop
        return real(rows, device)

    monkeypatch.setattr(own, "collate", collate)
    with pytest.raises(Stop):
        own.finetune(network(trained), targets, TAXONOMY, options, lambda _: None, checkpoint=state)
    said: list[str] = []
    again = own.finetune(
        network(trained), targets, TAXONOMY, options, said.append, checkpoint=state
    )
    assert "going on from step 5" in said
    for name, value in whole.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name
    assert not state.exists()


def test_a_gradient_that_is_no_number_is_passed_over(
    trained: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    targets = read_targets(examples(), trained, TAXONOMY, window=64)
    real, calls = own.loss_of, list[int]()

    def broken(*given: Any) -> torch.Tensor:
        calls.append(len(calls))
        loss = real(*given)
        return loss * torch.nan if len(calls) in bad else loss

    monkeypatch.setattr(own, "loss_of", broken)
    bad = {3}
    said: list[str] = []
    tuned = own.finetune(
        network(trained), targets, TAXONOMY, replace(QUICK, steps=100), said.append
    )
    assert len(calls) == 100
    assert [line for line in said if line.startswith("step 3:")]
    assert all(bool(weights.isfinite().all()) for weights in tuned.parameters())
    calls.clear()
    bad = {3, 4}
    with pytest.raises(NotReached, match="2 of 4 steps"):
        own.finetune(network(trained), targets, TAXONOMY, replace(QUICK, steps=100), said.append)


def test_two_rows_joined_are_what_both_say(trained: Tokenizer) -> None:
    fast = one(trained, gold("物流很快", SPEED, overall="positive"))
    late = one(trained, gold("the delivery was late", LATE))
    both = join(fast, late)
    assert both.ids.tolist() == [*fast.ids[:-1].tolist(), *late.ids[1:].tolist()]
    speed = NAMES.index("delivery.speed")
    assert both.findings[speed].tolist() == [1, 0, 1]
    first, last = both.spans[speed, POLARITIES.index("negative")]
    own_first, own_last = late.spans[speed, POLARITIES.index("negative")]
    assert both.ids[first : last + 1].tolist() == late.ids[own_first : own_last + 1].tolist()
    assert (both.spans[speed, 2] == fast.spans[speed, 2]).all()
    assert SENTIMENTS[both.overall] == "mixed"
    assert STATES[both.topics[list(TAXONOMY.topics).index("delivery")]] == "mixed"
    assert STATES[both.topics[list(TAXONOMY.topics).index("price")]] == "absent"
    assert join(fast, fast).overall == fast.overall
    calm = one(trained, gold("friendly words", overall="neutral"))
    assert join(fast, calm).overall == UNKNOWN


def test_batches_hold_every_row_once_and_keep_their_room() -> None:
    draw = np.random.default_rng(0)
    rows = [replace(ROW, ids=np.zeros(n, dtype=np.int64)) for n in draw.integers(3, 120, 500)]
    stream = own.batches(rows, replace(QUICK, tokens=1024), seed=1)
    seen: list[int] = []
    while len(seen) < len(rows):
        batch = next(stream)
        assert len(batch) * max(len(target.ids) for target in batch) <= 1024
        seen.extend(id(target) for target in batch)
    assert sorted(seen) == sorted(map(id, rows))


def test_joined_rows_keep_the_room_of_a_batch() -> None:
    draw = np.random.default_rng(0)
    rows = [
        replace(ROW, kind="gold", ids=np.ones(n, dtype=np.int64)) for n in draw.integers(3, 60, 300)
    ]
    options = replace(QUICK, tokens=1024, joined=0.5)
    for batch, _ in zip(own.batches(rows, options, seed=1), range(60), strict=False):
        assert len(batch) * max(len(target.ids) for target in batch) <= 1024


def test_every_second_joined_row_is_praise_beside_blame(trained: Tokenizer) -> None:
    praise = one(trained, gold("物流很快", SPEED, overall="positive"))
    blame = one(trained, gold("the delivery was late", LATE))
    rows = [praise] * 9 + [blame]
    options = replace(QUICK, joined=1.0, tokens=4096)
    seen = [row for batch, _ in zip(own.batches(rows, options, seed=1), range(200), strict=False)
            for row in batch]  # fmt: skip
    mixed = np.mean([row.overall == SENTIMENTS.index("mixed") for row in seen])
    # By chance .18 (a row and one of the other kind); sought, .57 of the praise finds some of the
    # blame among eight rows, and nearly all blame finds praise.
    assert mixed == pytest.approx(0.5 * 0.18 + 0.5 * (0.9 * 0.57 + 0.1), abs=0.05)
    assert all(len(row.ids) > len(praise.ids) for row in seen)


def test_rows_may_be_of_a_kind_of_their_own(trained: Tokenizer) -> None:
    bare = replace(
        gold("物流很快"), overall=None, opinions=None, topics=None, tags=None, gold=False
    )
    [target] = read_targets([bare], trained, TAXONOMY, window=64, kind="taught")
    assert target.kind == "taught"
    assert target.overall == UNKNOWN
    assert one(trained, bare).kind == "overall"
