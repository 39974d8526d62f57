import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from sentiment.drivers import importance
from sentiment.drivers.asymmetry import _type
from sentiment.errors import InputError


def codes(result):
    return {caution.code for caution in result.warnings}


def reviews(n=4000, seed=2):
    """Three drivers: one that only hurts, one even, one that only helps."""
    rng = np.random.default_rng(seed)
    negative = (rng.random((n, 3)) < 0.2).astype(np.int8)
    positive = ((rng.random((n, 3)) < 0.25) & (negative == 0)).astype(np.int8)
    y = 3 - negative @ [1.2, 0.6, 0.1] + positive @ [0.1, 0.6, 1.2] + rng.normal(size=n) * 0.6
    return negative, positive, y


def test_penalty_and_reward_are_the_coefficients():
    negative, positive, y = reviews()
    found = importance.penalty_reward(negative, positive, y, bootstrap=300)
    expected = sm.OLS(y, sm.add_constant(np.hstack([negative, positive]))).fit(cov_type="HC3")
    np.testing.assert_allclose(found.penalty, expected.params[1:4])
    np.testing.assert_allclose(found.reward, expected.params[4:])
    np.testing.assert_allclose(found.penalty_low, expected.conf_int()[1:4, 0])
    np.testing.assert_allclose(found.reward_high, expected.conf_int()[4:, 1])
    np.testing.assert_allclose(found.range, found.reward - found.penalty)
    by_hand = (found.reward - np.abs(found.penalty)) / (found.reward + np.abs(found.penalty))
    np.testing.assert_allclose(found.values, by_hand)
    assert found.types == ("basic", "performance", "excitement")
    assert (found.low < found.values).all()
    assert (found.values < found.high).all()
    assert found.r2 == pytest.approx(expected.rsquared)


def test_interval_agrees_with_refitting_rows():
    negative, positive, y = reviews(300)
    found = importance.penalty_reward(negative, positive, y, bootstrap=400, seed=1)
    rng = np.random.default_rng(77)
    table = np.column_stack([np.ones(300), negative, positive])
    draws = []
    for _ in range(400):
        rows = rng.integers(0, 300, 300)
        beta = np.linalg.lstsq(table[rows], y[rows], rcond=None)[0]
        hurt, helps = np.maximum(-beta[1:4], 0), np.maximum(beta[4:], 0)
        draws.append((helps - hurt) / (helps + hurt))
    expected = np.percentile(draws, [2.5, 97.5], axis=0)
    # The first driver's reward is negative in this sample: it has no IA.
    np.testing.assert_allclose(found.low[1:], expected[0, 1:], atol=0.12)
    np.testing.assert_allclose(found.high[1:], expected[1, 1:], atol=0.12)
    assert np.isnan(found.low[0])


def test_a_wrong_sign_is_not_determined():
    negative, positive, y = reviews()
    turned = importance.penalty_reward(negative, positive, -y, bootstrap=50)
    assert turned.types == ("not determined",) * 3
    assert np.isnan(turned.values).all()


@pytest.mark.parametrize(
    ("interval", "kind"),
    [
        ((-0.7, -0.9, -0.41), "basic"),
        ((-0.7, -0.9, -0.39), "not determined"),
        ((0.0, -0.4, 0.4), "performance"),
        ((0.0, -0.5, 0.3), "not determined"),
        ((0.8, 0.41, 1.0), "excitement"),
        ((0.8, 0.39, 1.0), "not determined"),
        ((np.nan, -1.0, -0.9), "not determined"),
    ],
)
def test_a_type_needs_the_whole_interval(interval, kind):
    assert _type(*interval) == kind


def test_few_rows_and_full_scores_are_said():
    negative, positive, y = reviews(300)
    assert "penalty_reward_few_rows" in codes(importance.penalty_reward(negative, positive, y))
    negative, positive, y = reviews()
    stars = np.clip(np.round(y + 2), 1, 5)
    found = importance.penalty_reward(negative, positive, stars, bootstrap=20)
    assert codes(found) == {"ceiling"}
    low = importance.penalty_reward(
        negative, positive, np.clip(np.round(y - 2), 1, 5), bootstrap=20
    )
    assert codes(low) == {"floor_effect"}


def test_one_driver_and_frames():
    negative, positive, y = reviews()
    one = importance.penalty_reward(negative[:, 0], positive[:, 0], y, bootstrap=20)
    assert (one.names, len(one.penalty)) == (("x1",), 1)
    names = ["a", "b", "c"]
    frames = [pd.DataFrame(each, columns=names) for each in (negative, positive)]
    assert importance.penalty_reward(*frames, y, bootstrap=20).names == ("a", "b", "c")
    with pytest.raises(InputError, match="same drivers"):
        importance.penalty_reward(negative, positive[:, :2], y)
    with pytest.raises(InputError, match="bootstrap"):
        importance.penalty_reward(negative, positive, y, bootstrap=0)


def test_constant_outcome():
    negative, positive, y = reviews(600)
    found = importance.penalty_reward(negative, positive, np.full(len(y), 4.0), bootstrap=20)
    assert "constant_outcome" in codes(found)
    assert found.types == ("not determined",) * 3


def test_columns_of_two_frames_pair_by_place_under_their_common_name() -> None:
    random = np.random.default_rng(3)
    matrix = random.integers(0, 2, (60, 4))
    y = matrix @ [-1, -2, 1, 2] + random.normal(size=60)
    negative = pd.DataFrame(matrix[:, :2], columns=["price_neg", "service_neg"])
    positive = pd.DataFrame(matrix[:, 2:], columns=["price_pos", "service_pos"])
    found = importance.penalty_reward(negative, positive, y, bootstrap=10)
    assert found.names == ("price", "service")
    plain = importance.penalty_reward(matrix[:, :2], matrix[:, 2:], y, bootstrap=10)
    assert found.penalty == pytest.approx(plain.penalty)
    with pytest.raises(InputError, match="same drivers in the same order"):
        importance.penalty_reward(
            negative, positive.set_axis(["service_neg", "price_neg"], axis=1), y, bootstrap=10
        )
