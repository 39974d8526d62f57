from dataclasses import replace

import numpy as np
import pytest

from sentiment.drivers import importance, measures
from sentiment.errors import InputError

NAMES = ("weak", "strong", "fine", "minor")


@pytest.fixture(scope="module")
def parts():
    rng = np.random.default_rng(3)
    table = rng.normal(size=(3000, 4))
    y = table @ [1.0, 1.0, 0.2, 0.2] + rng.normal(size=3000)
    return importance.lmg(table, y, bootstrap=200, names=list(NAMES))


PERFORMANCES = {
    "weak": measures.performance(300, 0, 700),
    "strong": measures.performance(900, 0, 100),
    "fine": measures.performance(900, 0, 100),
    "minor": measures.performance(300, 0, 700),
}


def test_the_four_quadrants(parts):
    found = importance.quadrant(parts, PERFORMANCES)
    assert {point.name: point.quadrant for point in found.points} == {
        "weak": "fix_first",
        "strong": "keep_up",
        "fine": "maintain",
        "minor": "low_priority",
    }
    assert found.importance_cut == 25
    # Weighted by mentions: all drivers have 1,000.
    assert found.performance_cut == pytest.approx(60)
    assert not found.target
    assert sum(point.importance for point in found.points) == pytest.approx(100)


def test_the_cut_is_weighted_by_mentions_or_set_by_a_target(parts):
    uneven = {**PERFORMANCES, "minor": measures.performance(0, 0, 9000)}
    assert importance.quadrant(parts, uneven).performance_cut < 25
    found = importance.quadrant(parts, PERFORMANCES, target=95)
    assert (found.performance_cut, found.target) == (95, True)
    assert {point.nearest for point in found.points} == {"fix_first", "low_priority"}


def test_a_point_across_a_cut_is_undecided(parts):
    near = {**PERFORMANCES, "strong": measures.performance(51, 0, 49)}
    places = {p.name: (p.nearest, p.quadrant) for p in importance.quadrant(parts, near).points}
    assert places["strong"] == ("keep_up", "undecided")
    assert places["weak"] == ("fix_first", "fix_first")


def test_without_intervals_nothing_is_decided(parts):
    bare = replace(parts, shares_low=None, shares_high=None)
    found = importance.quadrant(bare, PERFORMANCES)
    assert {point.quadrant for point in found.points} == {"undecided"}
    assert [caution.code for caution in found.warnings] == ["no_interval"]


def test_a_weak_model_is_said_and_no_driver_is_refused(parts):
    rng = np.random.default_rng(0)
    noise = importance.lmg(rng.normal(size=(300, 4)), rng.normal(size=300), names=list(NAMES))
    assert "low_r2" in [c.code for c in importance.quadrant(noise, PERFORMANCES).warnings]
    for performances in ({}, {"weak": measures.performance(0, 0, 0)}):
        with pytest.raises(InputError, match="quadrant"):
            importance.quadrant(parts, performances)
