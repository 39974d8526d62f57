"""Several runs become one network."""

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the extra [torch] is not installed")

import torch
from torch import nn

from sentiment.train.base.soup import average


def test_weights_are_the_mean_of_all_runs(tmp_path: Path) -> None:
    runs = [nn.Linear(3, 2) for _ in range(3)]
    expected = torch.stack([run.weight.detach() for run in runs]).mean(0)
    paths = []
    for number, run in enumerate(runs[1:]):
        paths.append(tmp_path / f"{number}.pt")
        torch.save(run.state_dict(), paths[-1])
    average(runs[0], paths)
    assert torch.allclose(runs[0].weight, expected)


def test_without_other_runs_nothing_changes() -> None:
    network = nn.BatchNorm1d(4)  # a count among its state, which has no mean
    before = {name: weights.clone() for name, weights in network.state_dict().items()}
    average(network, [])
    assert all(torch.equal(before[name], one) for name, one in network.state_dict().items())


def test_a_run_of_another_network_is_refused(tmp_path: Path) -> None:
    torch.save({"other": torch.zeros(2)}, tmp_path / "run.pt")
    with pytest.raises(KeyError, match="weight"):
        average(nn.Linear(3, 2), [tmp_path / "run.pt"])
