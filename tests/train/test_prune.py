"""A trained network made narrower: what is not needed goes, and the rest learns to do without."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra [torch]")
pytest.importorskip("onnx", reason="needs the extra [torch]")
pytest.importorskip("transformers", reason="needs the extra [torch]")

import onnx
import torch
from transformers import ModernBertModel

from sentiment.model.network import EncoderOptions, FeedbackNetwork, encoder_config, encoder_fields
from sentiment.train.base.distil import DistilOptions, distil
from sentiment.train.base.export import export_onnx
from sentiment.train.base.finetune import FinetuneOptions, batches, collate, loss_of
from sentiment.train.base.graph import without_dead
from sentiment.train.base.prune import kept_by, observe, prune, trim
from sentiment.train.base.shorten import leave_out
from sentiment.train.base.token_targets import Targets
from tests.train.test_arrays import drawn
from tests.train.test_export import NAMES, VOCABULARY
from tests.train.test_export import network as speaking

SHAPE = EncoderOptions(layers=3, width=32, heads=2, inner=48)
OPTIONS = DistilOptions(steps=60, minutes=5.0, tokens=1024, rate=2e-3, average=0.9, threads=1)


@pytest.fixture(scope="module")
def teacher() -> FeedbackNetwork:
    return speaking(ModernBertModel(encoder_config(VOCABULARY, SHAPE)))


@pytest.fixture(scope="module")
def targets() -> list[Targets]:
    return [
        replace(
            row,
            kind=kind,
            ids=row.ids % VOCABULARY + (row.ids % VOCABULARY == 0),
            findings=row.findings[:NAMES],
            spans=row.spans[:NAMES],
        )
        for kind in ("gold", "taught")
        for row in drawn(60)
    ]


def sizes(network: FeedbackNetwork) -> list[tuple[int, int, int]]:
    """Return inner units, and compared pairs and values of a head, of each layer."""
    weights = {name: value.numpy() for name, value in network.state_dict().items()}
    left = without_dead(weights, encoder_fields(network))
    layers = range(len(network.encoder.layers))
    return [
        (
            left[f"encoder.layers.{layer}.mlp.Wo.weight"].shape[1],
            len(left[f"encoder.layers.{layer}.attn.turns"]),
            left[f"encoder.layers.{layer}.attn.Wo.weight"].shape[1] // SHAPE.heads,
        )
        for layer in layers
    ]


def some(targets: list[Targets]) -> list[object]:
    stream = batches(targets, FinetuneOptions(tokens=1024), 1)
    return [collate(next(stream)) for _ in range(3)]


def apart(one: FeedbackNetwork, other: FeedbackNetwork, targets: list[Targets]) -> float:
    """Return the mean difference of the findings' probabilities."""
    batch = collate(targets[:40])
    with torch.no_grad():
        said = [network.eval()(batch.ids, batch.attention).findings for network in (one, other)]
    return float((said[0].sigmoid() - said[1].sigmoid()).abs().mean())


def test_an_input_that_others_add_up_to_goes_first_and_costs_nothing() -> None:
    torch.manual_seed(0)
    given = torch.randn(400, 5, dtype=torch.float64)
    given = torch.cat([given, given[:, :1] - 2 * given[:, 3:4]], dim=1)
    weights = torch.randn(3, 6, dtype=torch.float64)
    left, adjusted = kept_by((given.T @ given)[None], weights[None], 5)
    assert len(left) == 5
    assert not {0, 3, 5} <= set(left.tolist())
    assert (adjusted[0].abs().sum(0) > 0).nonzero()[:, 0].tolist() == left.tolist()
    # As near as the damping lets it be.
    assert torch.allclose(given @ adjusted[0].T, given @ weights.T, atol=0.05)


def test_what_is_adjusted_is_nearer_than_what_is_cut_off() -> None:
    torch.manual_seed(1)
    given = torch.randn(600, 12, dtype=torch.float64) @ torch.randn(12, 12, dtype=torch.float64)
    weights = torch.randn(4, 12, dtype=torch.float64)
    left, adjusted = kept_by((given.T @ given)[None], weights[None], 8)
    cut = torch.zeros_like(weights)
    cut[:, left] = weights[:, left]
    told = given @ weights.T
    missed, cut_off = ((given @ one.T - told).square().mean() for one in (adjusted[0], cut))
    assert missed < 0.5 * cut_off


def test_each_part_of_the_inputs_keeps_as_many() -> None:
    torch.manual_seed(2)
    given = torch.randn(400, 8, dtype=torch.float64) * torch.tensor([9.0, 8, 7, 6, 1, 1, 1, 1])
    left, _ = kept_by((given.T @ given)[None], torch.randn(1, 5, 8), 4, 2)
    assert [int((left < 4).sum()), int((left >= 4).sum())] == [2, 2]
    left, _ = kept_by((given.T @ given)[None], torch.ones(1, 5, 8), 4)
    assert left.tolist() == [0, 1, 2, 3]


def test_pruned_where_nothing_goes_it_says_the_same(
    teacher: FeedbackNetwork, targets: list[Targets]
) -> None:
    pruned = copy.deepcopy(teacher)
    prune(pruned, observe(teacher, some(targets)), [48] * 3, [16] * 3, [16] * 3)
    assert apart(pruned, teacher, targets) < 1e-6


def test_trimmed_it_is_smaller_and_says_the_same(
    teacher: FeedbackNetwork, targets: list[Targets]
) -> None:
    pruned = copy.deepcopy(teacher)
    prune(pruned, observe(teacher, some(targets)), [12, 20, 8], [16] * 3, [16] * 3)
    trimmed = copy.deepcopy(pruned)
    trim(trimmed)
    assert trimmed.encoder.config.intermediate_size == 20
    assert [layer.mlp.Wi.weight.shape for layer in trimmed.encoder.layers] == [(40, 32)] * 3
    assert apart(trimmed, pruned, targets) < 1e-6
    assert sizes(trimmed) == sizes(pruned)


def test_pruned_it_is_as_narrow_as_was_asked_and_training_leaves_it_so(
    teacher: FeedbackNetwork, targets: list[Targets]
) -> None:
    pruned = copy.deepcopy(teacher)
    prune(pruned, observe(teacher, some(targets)), [12, 48, 30], [16, 8, 4], [16, 5, 8])
    assert sizes(pruned) == [(12, 8, 16), (48, 4, 5), (30, 2, 8)]
    before = apart(pruned, teacher, targets)
    said: list[str] = []
    embeddings = pruned.encoder.embeddings.tok_embeddings.weight.clone()
    learnt = distil(pruned, teacher, targets, targets[:20], OPTIONS, said.append)
    assert sizes(learnt) == [(12, 8, 16), (48, 4, 5), (30, 2, 8)]
    assert apart(learnt, teacher, targets) < 0.6 * before
    assert torch.equal(learnt.encoder.embeddings.tok_embeddings.weight, embeddings)
    assert "on rows kept aside overall" in said[-1]


def test_pruned_its_graph_says_what_torch_says(
    teacher: FeedbackNetwork, targets: list[Targets], tmp_path: Path
) -> None:
    pruned = copy.deepcopy(teacher)
    prune(pruned, observe(teacher, some(targets)), [12, 48, 30], [16, 8, 4], [16, 5, 8])
    parity = export_onnx(pruned, tmp_path / "model.onnx", [one.ids for one in targets[:60]])
    assert parity.bits == 8
    assert parity.typical < 0.005
    assert parity.largest < 0.1
    graph = onnx.load(tmp_path / "model.onnx").graph
    arrays = {one.name: list(one.dims) for one in graph.initializer}
    assert [arrays[f"{layer}.mix.0"] for layer in range(3)] == [[32, 32], [10, 32], [16, 32]]


def test_with_a_layer_left_out_it_learns_to_stand_in_for_it(
    teacher: FeedbackNetwork, targets: list[Targets]
) -> None:
    moments = observe(teacher, some(targets))
    short = leave_out(copy.deepcopy(teacher), [1])
    prune(short, [moments[0], moments[2]], [48, 24], [16, 16], [16, 16])
    before = apart(short, teacher, targets)
    learnt = distil(short, teacher, targets, targets[:20], OPTIONS, lambda _: None, kept=[0, 2])
    assert sizes(learnt) == [(48, 8, 16), (24, 8, 16)]
    assert apart(learnt, teacher, targets) < 0.8 * before


def test_corrections_are_learnt_and_all_else_stays(
    teacher: FeedbackNetwork, targets: list[Targets]
) -> None:
    corrections, others = targets[:8], targets[20:]
    topic_of = torch.arange(NAMES - 2) % len(teacher.topic_bias)

    def wrong(network: FeedbackNetwork) -> float:
        batch = collate(corrections)
        with torch.no_grad():
            said = network.eval()(batch.ids, batch.attention)
        return float(loss_of(said, batch, topic_of, FinetuneOptions()))

    ends = {
        weight: distil(
            copy.deepcopy(teacher), teacher, others, others[:20],
            replace(OPTIONS, corrected=8, corrected_weight=weight), lambda _: None, None, (),
            corrections, topic_of,
        )
        for weight in (0.0, 1.0)
    }  # fmt: skip
    assert wrong(ends[1.0]) < 0.5 * wrong(teacher)
    assert wrong(ends[0.0]) > 0.9 * wrong(teacher)
    assert apart(ends[1.0], teacher, others) < 0.5 * apart(ends[1.0], teacher, corrections)


def test_only_the_parts_that_are_named_learn(
    teacher: FeedbackNetwork, targets: list[Targets]
) -> None:
    learnt = distil(
        copy.deepcopy(teacher), teacher, targets[20:], targets[20:40],
        replace(OPTIONS, steps=4, only=("overall",)), lambda _: None, None, (),
        targets[:8], torch.arange(NAMES - 2) % len(teacher.topic_bias),
    )  # fmt: skip
    before = teacher.state_dict()
    changed = {name for name, value in learnt.state_dict().items() if not value.equal(before[name])}
    assert changed == {"overall.weight", "overall.bias", "overall_pool.query"}


def test_an_interrupted_run_ends_where_another_ends(
    teacher: FeedbackNetwork,
    targets: list[Targets],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pruned = copy.deepcopy(teacher)
    prune(pruned, observe(teacher, some(targets)), [24] * 3, [8] * 3, [8] * 3)
    options = replace(OPTIONS, steps=8)

    def run(state: Path | None) -> np.ndarray:
        learnt = distil(
            copy.deepcopy(pruned), teacher, targets, targets[:20], options, lambda _: None, state
        )
        return learnt.weigh.name.detach().numpy()

    whole = run(None)
    monkeypatch.setattr("sentiment.train.base.finetune.Run._MINUTES", 0.0)

    def stopped(*given: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        steps = iter(range(4))
        clip = torch.nn.utils.clip_grad_norm_
        patch.setattr(
            torch.nn.utils,
            "clip_grad_norm_",
            lambda *given: clip(*given) if next(steps, None) is not None else stopped(),
        )
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path / "state.pt")
    assert (tmp_path / "state.pt").exists()
    assert np.allclose(run(tmp_path / "state.pt"), whole, atol=1e-6)
    assert not (tmp_path / "state.pt").exists()


@pytest.mark.parametrize(
    ("inners", "compared", "values"),
    [
        ([48, 48], [16] * 2, [16] * 2),
        ([0, 48, 48], [16] * 3, [16] * 3),
        ([48] * 3, [16, 3, 16], [16] * 3),
        ([48] * 3, [18] * 3, [16] * 3),
        ([48] * 3, [16] * 3, [16, 16]),
        ([48] * 3, [16] * 3, [16, 0, 16]),
        ([48] * 3, [16] * 3, [17] * 3),
    ],
)
def test_what_is_not_there_is_told(
    teacher: FeedbackNetwork, inners: list[int], compared: list[int], values: list[int]
) -> None:
    with pytest.raises(ValueError, match=r"units|compares|gathers"):
        prune(copy.deepcopy(teacher), [], inners, compared, values)
