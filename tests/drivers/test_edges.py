"""What must not fail, and must not be silent, when there is next to nothing to compute from."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from sentiment.drivers import importance, measures, prevalence, segments, trend
from sentiment.errors import InputError

RNG = np.random.default_rng(0)
TABLE = RNG.normal(size=(50, 3))
NEGATIVE, POSITIVE = (TABLE > 0.5).astype(int), (TABLE < -0.5).astype(int)
NOTHING = np.full(50, np.nan)


@pytest.mark.parametrize(
    "call",
    [
        lambda y: importance.lmg(TABLE, y, bootstrap=10),
        lambda y: importance.relative_weights(TABLE, y, bootstrap=10),
        lambda y: importance.ols(TABLE, y),
        lambda y: importance.ordinal_logit(NEGATIVE, y),
        lambda y: importance.penalty_reward(NEGATIVE, POSITIVE, y, bootstrap=10),
        lambda y: importance.waterfall(TABLE, y, bootstrap=10),
        lambda y: importance.what_if(NEGATIVE, POSITIVE, y, share=0.5, bootstrap=10),
        lambda y: importance.leave_out(NEGATIVE, y),
        lambda y: importance.difference(NEGATIVE, y),
    ],
)
def test_an_outcome_without_one_answer_gives_no_figures(call):
    found = call(NOTHING)
    assert found.n == 0
    assert np.isnan(found.values).all()


@pytest.mark.parametrize("columns", [3, 14])
def test_drivers_that_nobody_mentions_get_nothing(columns):
    y = RNG.normal(size=300)
    never = np.zeros((300, columns), dtype=np.int8)
    never[:4, 0] = 1  # rare enough to be missing from many resamples
    for method in (importance.lmg, importance.relative_weights):
        found = method(never, y, bootstrap=50)
        np.testing.assert_allclose(found.values[1:], 0, atol=1e-9)
        assert found.values.sum() == pytest.approx(found.r2, abs=1e-8)
        assert np.isfinite(found.high).all()
    steps = importance.waterfall(never, y, bootstrap=50)
    assert np.isfinite(steps.low).all()


def test_a_perfect_fit_is_one():
    found = importance.lmg(TABLE, TABLE @ [1, 2, 3], bootstrap=20)
    assert found.r2 == pytest.approx(1)
    assert found.high.max() <= 1 + 1e-9


def test_a_control_that_says_the_same_leaves_a_driver_nothing():
    y = TABLE @ [1, 2, 3] + RNG.normal(size=50)
    found = importance.lmg(TABLE, y, controls=TABLE[:, 0])
    assert found.values[0] == pytest.approx(0, abs=1e-12)
    assert [c.values["names"] for c in found.warnings if c.code == "collinear"] == ["x1"]


def test_no_columns_are_refused_and_lists_of_columns_are_groups():
    with pytest.raises(InputError, match="no driver column"):
        importance.lmg(np.empty((50, 0)), TABLE[:, 0])
    found = importance.lmg(TABLE, TABLE @ [1, 2, 3], groups=[[0, 2], [1]])
    assert found.names == ("x1+x3", "x2")


def test_empty_tables():
    assert segments.compare({"m": []}, []).cells == ()
    assert trend.trend([], [], kind="net").points == ()
    assert trend.trend([None], [1.0], kind="net", strata=["a"]).points == ()


def test_a_count_of_zero_still_has_an_upper_end():
    found = prevalence.adjusted_count(0, 0.9, 0.0, n=100)
    assert found.value == 0
    assert 0 < found.high < 0.05


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"controls": TABLE[:9]}, "rows"),
        ({"controls": {"a": [1, 2]}}, "control"),
        ({"clusters": [1, 2]}, "clusters"),
        ({"names": ["a", "a", "b"]}, "names"),
    ],
)
def test_columns_beside_must_fit(arguments, word):
    with pytest.raises(InputError, match=word):
        importance.lmg(TABLE, TABLE[:, 0], **arguments)


def test_controls_and_outcomes_may_come_in_frames_and_objects():
    y = TABLE @ [1.0, 2, 3] + RNG.normal(size=50)
    source = np.where(np.arange(50) % 3 == 0, "shop", "app")
    frame = pd.DataFrame({"source": source, "length": TABLE[:, 0] ** 2})
    expected = importance.lmg(TABLE, y, controls={"source": source, "length": TABLE[:, 0] ** 2})
    for outcome in (y[:, None], y.astype(object), [str(value) for value in y]):
        found = importance.lmg(TABLE, outcome, controls=frame)
        np.testing.assert_allclose(found.values, expected.values)
    nullable = pd.DataFrame({"a": [1, 0, None] * 20}, dtype="Int64")
    assert importance.ols(nullable, np.arange(60)).n == 40


def test_true_is_two_thousand_resamples():
    y = TABLE @ [1.0, 2, 3] + RNG.normal(size=50)
    assert importance.lmg(TABLE, y, bootstrap=True).resamples == 2000


def test_a_classifier_that_always_says_the_same_is_not_used():
    found = prevalence.ppi_mean([1, 0, 1, 0], [1, 1, 1, 1], [1, 1, 1])
    assert (found.value, found.tuning) == (0.5, 0.0)


def test_attributable_shares_need_the_same_rows():
    with pytest.raises(InputError, match="outcomes"):
        importance.attributable_share([1, 0], [True])


def test_arrow_columns_are_read():
    assert measures.nps(pa.chunked_array([[10, None], [9]])).n == 2
    assert measures.nps(pa.array(["10", "9", None])).n == 2
