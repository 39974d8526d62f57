"""How far to go and where a decision stands, settled on rows held out."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra [torch] is not installed")
pytest.importorskip("transformers", reason="the extra [torch] is not installed")

import torch
from torch import nn

from sentiment.model.decision import Outputs, chances
from sentiment.records import SENTIMENTS, STATES
from sentiment.taxonomy import Taxonomy
from sentiment.train.base.token_targets import UNKNOWN, Targets
from sentiment.train.retrain import settle as own
from sentiment.train.retrain.carry import first_decision
from sentiment.train.retrain.recalibrate import move_limits

TAXONOMY = Taxonomy.default()
NAMES = len(TAXONOMY.drivers) + len(TAXONOMY.tags)
TOPICS = len(TAXONOMY.topics)
ABSENT, PRAISED = STATES.index("absent"), STATES.index("positive")
DECISION = first_decision(TAXONOMY)


def target(states: list[int], overall: int = UNKNOWN) -> Targets:
    return Targets(
        ids=np.array([2, 9, 3]),
        overall=overall,
        overall_weight=1.0,
        topics=np.array(states),
        findings=np.full((NAMES, 3), np.nan, dtype=np.float32),
        spans=np.full((NAMES, 3, 2), UNKNOWN),
        kind="aspects",
        language="en",
    )


def outputs(sure: np.ndarray, overall: np.ndarray | None = None) -> Outputs:
    """Return what says that the first topic is praised, as surely as that; of others, nothing."""
    rows = len(sure)
    topics = np.zeros((rows, TOPICS, len(STATES)), dtype=np.float32)
    topics[:, :, ABSENT] = 4.0
    topics[:, 0, PRAISED] = 4.0 + sure
    nothing = np.zeros(0, np.float32)
    said = np.zeros((rows, len(SENTIMENTS)), np.float32) if overall is None else overall
    findings = np.full((rows, NAMES, 3), -8.0, np.float32)
    return Outputs(said, topics, findings, nothing, nothing)


def praised(said: Outputs, decision: object) -> np.ndarray:
    states = chances(said, decision).states[:, 0]
    return states[:, ABSENT] < decision.thresholds.state[0]


def test_a_team_that_labels_more_sparingly_gets_fewer_opinions() -> None:
    draw = np.random.default_rng(0)
    sure = draw.normal(0, 2, 400).astype(np.float32)
    # This team calls a topic praised only where the network is surer than a coin.
    held = [target([PRAISED if one > 1.5 else ABSENT, *[ABSENT] * (TOPICS - 1)]) for one in sure]
    said = outputs(sure)
    moved = own.settle_near(said, held, DECISION, anchor=20.0)
    before, after = praised(said, DECISION), praised(said, moved)
    gold = sure > 1.5
    assert (before != gold).mean() > 0.1
    assert (after != gold).mean() < 0.02


def test_a_threshold_moves_with_enough_rows_and_only_where_something_is_labelled() -> None:
    draw = np.random.default_rng(1)

    def limits(rows: int) -> tuple[float, ...]:
        likely = np.full((rows, TOPICS, len(STATES)), 0.0, dtype=np.float32)
        likely[:, :, ABSENT] = draw.uniform(0, 1, (rows, TOPICS))
        likely[:, :, PRAISED] = 1 - likely[:, :, ABSENT]
        gold = np.where(likely[:, :, ABSENT] < 0.8, PRAISED, ABSENT)
        gold[:, 1] = UNKNOWN  # a topic that nobody labelled
        gold[:, 2] = ABSENT  # one that nobody judged
        return move_limits(likely, gold, DECISION.thresholds).state

    old = DECISION.thresholds.state
    many = limits(2000)
    assert many[0] == pytest.approx(0.8, abs=0.03)
    assert many[1:3] == old[1:3]
    few = limits(12)
    assert abs(few[0] - old[0]) < 0.1


def test_without_rows_the_decision_stays() -> None:
    assert own.settle_near(outputs(np.zeros(0, np.float32)), [], DECISION, 20.0) is DECISION


def test_the_way_with_the_least_loss_is_gone() -> None:
    overall = np.zeros((40, len(SENTIMENTS)), np.float32)
    gold = np.arange(40) % 2 * 2  # negative and positive in turn
    right = overall.copy()
    right[np.arange(40), gold] = 6.0
    held = [target([ABSENT] * TOPICS, int(one)) for one in gold]
    nothing = np.full(40, -8.0, np.float32)
    along = {0.0: outputs(nothing, overall), 0.5: outputs(nothing, right)}
    assert own.choose_way(along, held, DECISION, anchor=20.0) == 0.5
    along = {0.0: outputs(nothing, right), 0.5: outputs(nothing, -right)}
    assert own.choose_way(along, held, DECISION, anchor=20.0) == 0.0


def test_parts_are_put_together_in_their_order() -> None:
    one, other = (outputs(np.full(n, float(n), np.float32)) for n in (2, 3))
    both = own.joined([{0.0: one}, {0.0: other}])[0.0]
    assert np.array_equal(both.topics, np.concatenate([one.topics, other.topics]))
    assert both.overall.shape == (5, len(SENTIMENTS))


def test_half_of_the_way_is_half_of_the_weights_and_counts_stay() -> None:
    network = nn.BatchNorm1d(3)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    network(torch.randn(8, 3) + 4)
    after = {name: value.clone() for name, value in network.state_dict().items()}
    own.go(network, before, after, 0.5)
    mean = (before["running_mean"] + after["running_mean"]) / 2
    assert torch.allclose(network.running_mean, mean)
    assert int(network.num_batches_tracked) == 1
