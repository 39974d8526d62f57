"""Fine-tuning on a device: its batches are those of `collate`, its losses those of `loss_of`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra [torch]")
pytest.importorskip("transformers", reason="needs the extra [torch]")

import torch
from transformers import AutoModel

from sentiment.model.combination import softmax, weighted
from sentiment.model.decision import Chances, every_label
from sentiment.model.network import EncoderOptions, FeedbackNetwork, encoder_config
from sentiment.taxonomy import Taxonomy
from sentiment.train.base.arrays import KINDS, Table, together
from sentiment.train.base.device import seen_of
from sentiment.train.base.device_finetune import (
    DeviceTargets,
    Said,
    figures,
    finetune_on,
    logits_of,
    mean_of,
    say_of,
    shared_weights,
    softmax_weights,
    unlabelled,
)
from sentiment.train.base.finetune import (
    Batch,
    FinetuneOptions,
    answer,
    collate,
    loss_of,
    topic_of_drivers,
)
from sentiment.train.base.pretrain import Rows
from sentiment.train.base.token_targets import UNKNOWN, Targets, _corrected
from sentiment.train.linear.combine import fit_shared, fit_softmax
from tests.train.test_arrays import drawn

CPU = torch.device("cpu")
TAXONOMY = Taxonomy.default()
NAMES = len(TAXONOMY.drivers) + len(TAXONOMY.tags)
TINY = EncoderOptions(layers=1, width=32, heads=2, inner=32)
OPTIONS = FinetuneOptions(steps=6, tokens=512, bf16=False)


def network(seed: int = 0) -> FeedbackNetwork:
    torch.manual_seed(seed)
    encoder = AutoModel.from_config(encoder_config(20_000, TINY))
    return FeedbackNetwork(encoder, TINY.width, len(TAXONOMY.topics), NAMES).eval()


def said_of(many: int) -> Said:
    draw = torch.Generator().manual_seed(0)
    findings = torch.rand(many, NAMES, 3, generator=draw).half()
    spans = torch.where((findings > 0.5)[..., None], torch.tensor([0, 1]), UNKNOWN)
    return Said(
        torch.rand(many, 4, generator=draw).softmax(-1).half(),
        torch.rand(many, 4, 5, generator=draw).softmax(-1).half(),
        findings,
        spans.to(torch.int16),
    )


def assert_equal(found: Batch, wanted: Batch, but: str = "") -> None:
    for name in Batch.__annotations__:
        if name != but:
            one, other = getattr(found, name), getattr(wanted, name)
            torch.testing.assert_close(one, other, equal_nan=True, msg=lambda m, n=name: n + m)


def test_a_batch_is_that_of_collate() -> None:
    rows = drawn(60)
    targets = DeviceTargets(Table.of(rows), TAXONOMY, CPU)
    chosen = [3, 9, 59, 0]
    longest = max(len(rows[at].ids) for at in chosen)
    found = targets.batch(torch.tensor(chosen), longest)
    assert_equal(found, collate([rows[at] for at in chosen]))


def test_a_teachers_word_counts_as_in_collate() -> None:
    rows = [row for row in drawn(80) if row.kind != "gold"]
    said = said_of(len(rows))
    taught = []
    for at, row in enumerate(rows):
        word = Chances(
            *(one[at].float().numpy() for one in (said.overall, said.states, said.findings))
        )
        taught.append(Targets(**{**vars(row), "taught": _corrected(word, row.topics, TAXONOMY)}))
    targets = DeviceTargets(Table.of(rows), TAXONOMY, CPU, said, trust=0.3)
    longest = max(len(row.ids) for row in rows)
    found = targets.batch(torch.arange(len(rows)), longest)
    assert_equal(found, collate(taught), but="spans")
    labelled = torch.from_numpy(np.stack([row.spans for row in rows]))
    own = labelled[..., 0] != UNKNOWN
    assert (found.spans[own] == labelled[own]).all()
    assert (found.spans[~own] == said.spans.long()[~own]).all()


def test_a_gold_row_takes_a_share_of_the_teachers_word() -> None:
    rows = [row for row in drawn(80) if row.kind == "gold"]
    said = said_of(len(rows))
    targets = DeviceTargets(Table.of(rows), TAXONOMY, CPU, said, trust=0.3)
    longest = max(len(row.ids) for row in rows)
    found = targets.batch(torch.arange(len(rows)), longest)
    for at, row in enumerate(rows):
        known = row.topics != UNKNOWN
        label = np.eye(5)[row.topics[known]]
        word = said.states[at].float().numpy()[known]
        np.testing.assert_allclose(found.topics[at][known], 0.7 * label + 0.3 * word, atol=1e-6)
    assert (found.spans.numpy() == np.stack([row.spans for row in rows])).all()


def test_the_dense_losses_are_the_same() -> None:
    rows = drawn(40)
    batch = collate(rows)
    topic_of = topic_of_drivers(TAXONOMY)
    model = network()
    answers = model(batch.ids, batch.attention)
    plain = loss_of(answers, batch, topic_of, OPTIONS)
    dense = loss_of(answers, batch, topic_of, OPTIONS, dense=True)
    torch.testing.assert_close(dense, plain)
    wanted = torch.autograd.grad(plain, list(model.parameters()), retain_graph=True)
    found = torch.autograd.grad(dense, list(model.parameters()))
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-4)


def test_nothing_known_is_no_loss() -> None:
    row = drawn(1)[0]
    nothing = Targets(
        ids=row.ids, overall=UNKNOWN, overall_weight=1.0, topics=np.full(4, UNKNOWN),
        findings=np.full((NAMES, 3), np.nan, dtype=np.float32),
        spans=np.full((NAMES, 3, 2), UNKNOWN), kind="taught", language="zh",
    )  # fmt: skip
    batch = collate([nothing])
    answers = network()(batch.ids, batch.attention)
    loss = loss_of(answers, batch, topic_of_drivers(TAXONOMY), OPTIONS, dense=True)
    assert float(loss.detach()) == 0


def test_what_is_seen_can_be_laid_out_beforehand() -> None:
    batch = collate(drawn(8))
    model = network()
    model.encoder.set_attn_implementation("sdpa")
    plain = model(batch.ids, batch.attention)
    laid_out = model(batch.ids, batch.attention, seen_of(batch.attention))
    torch.testing.assert_close(laid_out.findings, plain.findings)


def test_logits_are_in_the_order_of_the_rows() -> None:
    rows = drawn(30)
    model = network()
    found = logits_of(model, DeviceTargets(Table.of(rows), TAXONOMY, CPU))
    wanted = answer(model, rows)
    np.testing.assert_allclose(found.findings, wanted.findings, atol=1e-4)
    np.testing.assert_allclose(found.overall, wanted.overall, atol=1e-4)


def test_weights_are_those_of_scikit_learn() -> None:
    pytest.importorskip("sklearn")
    draw = np.random.default_rng(0)
    features = draw.standard_normal((400, 5)).astype(np.float32)
    classes = (features[:, 0] + 0.5 * draw.standard_normal(400) > 0).astype(np.int64)
    classes[features[:, 1] > 1] = 3
    ours, theirs = softmax_weights(features, classes, 5), fit_softmax(features, classes, 5)
    one, other = softmax(weighted(ours, features)), softmax(weighted(theirs, features))
    np.testing.assert_allclose(one, other, atol=1e-2)
    labels = every_label(TAXONOMY)
    logits = draw.standard_normal((1, 200, len(labels))).astype(np.float32)
    judged = (logits[0] + draw.standard_normal(logits[0].shape) > 1).astype(np.float32)
    np.testing.assert_allclose(
        shared_weights(logits, judged, labels), fit_shared(logits, judged, labels), atol=2e-2
    )


def test_the_network_learns_and_a_teacher_speaks() -> None:
    gold = [replace(row, kind="gold") for row in drawn(40)]
    table = Table.of(gold + drawn(40, seed=2))
    texts = Rows(np.arange(5, 105, dtype=np.uint16), np.array([0, 30, 33, 100]))
    pieces = unlabelled({"zh": texts, "en": texts}, table, 4, 20, 0)
    assert np.diff(pieces.starts).tolist() == [20] * 4
    assert pieces.language.tolist() == [0, 0, 1, 1]
    whole = together([table, pieces])
    targets = DeviceTargets(whole, TAXONOMY, CPU)
    joined = np.arange(len(whole)) < 10
    lines: list[str] = []
    before = {name: one.clone() for name, one in network().state_dict().items()}
    trained = finetune_on(network(), targets, TAXONOMY, OPTIONS, lines.append, joined)
    assert "passed over 0" in lines[-1]
    assert any((one != before[name]).any() for name, one in trained.state_dict().items())
    said = say_of(trained, targets, bf16=False)
    assert said.findings.shape == (len(whole), NAMES, 3)
    assert bool(((said.spans[..., 0] != UNKNOWN) == (said.findings > 0.5)).all())
    assert bool((said.spans[..., 0] <= said.spans[..., 1]).all())
    heard = DeviceTargets(whole, TAXONOMY, CPU, said, 0.3)
    assert not heard.batch(torch.arange(len(whole)), 256).findings.isnan().any()


def test_several_teachers_speak_in_the_mean() -> None:
    def said(finding: float, span: tuple[int, int]) -> Said:
        return Said(
            torch.tensor([[0.2, 0.8, 0.0, 0.0]]).half()
            if finding > 0.5
            else torch.eye(4)[:1].half(),
            torch.full((1, 4, 5), 0.2).half(),
            torch.full((1, 1, 3), finding).half(),
            torch.tensor(span).expand(1, 1, 3, 2).to(torch.int16),
        )

    unsure, sure, surer = said(0.3, (UNKNOWN, UNKNOWN)), said(0.75, (2, 4)), said(1.0, (1, 4))
    heard = mean_of([unsure, sure, surer])
    torch.testing.assert_close(heard.overall, torch.tensor([[1.4, 1.6, 0.0, 0.0]]).half() / 3)
    torch.testing.assert_close(heard.findings, torch.full((1, 1, 3), 2.05 / 3).half())
    assert heard.spans[0, 0, 0].tolist() == [2, 4]
    unlikely = mean_of([unsure, unsure, sure])
    assert unlikely.spans[0, 0, 0].tolist() == [UNKNOWN, UNKNOWN]


def test_a_gradient_that_is_no_number_changes_nothing() -> None:
    table = Table.of([replace(row, kind="gold") for row in drawn(40)])
    model = network()
    with torch.no_grad():
        model.overall.bias.fill_(torch.nan)
    before = model.look.name.detach().clone()
    lines: list[str] = []
    trained = finetune_on(
        model, DeviceTargets(table, TAXONOMY, CPU), TAXONOMY, OPTIONS, lines.append
    )
    assert f"passed over {OPTIONS.steps}" in lines[-1]
    torch.testing.assert_close(trained.look.name.detach(), before)


def test_figures_by_language() -> None:
    rows = [
        replace(row, kind="gold", overall=max(0, row.overall), findings=np.nan_to_num(row.findings))
        for row in drawn(60)
    ]
    found = figures(network(), Table.of(rows), TAXONOMY, CPU)
    assert found.keys() == {"zh", "en"}
    assert sum(one["rows"] for one in found.values()) == len(rows)
    assert all(0 <= one["overall"] <= 1 and 0 <= one["drivers"] <= 1 for one in found.values())
    assert len(KINDS) == 4
