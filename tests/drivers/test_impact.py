import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from sentiment.drivers import importance
from sentiment.errors import InputError


def codes(result):
    return {caution.code for caution in result.warnings}


def reviews(n=2000, seed=2):
    rng = np.random.default_rng(seed)
    negative = (rng.random((n, 3)) < [0.3, 0.2, 0.1]).astype(np.int8)
    positive = ((rng.random((n, 3)) < 0.25) & (negative == 0)).astype(np.int8)
    y = 3 - negative @ [1.2, 0.6, 0.3] + positive @ [0.1, 0.6, 1.2] + rng.normal(size=n) * 0.6
    return negative, positive, y


def test_impacts_by_hand():
    # Scores 1, 2 with a mention; 4, 5, 3 without: mean 3, without 4, with 1.5.
    mentions, y = [1, 1, 0, 0, 0], [1, 2, 4, 5, 3]
    assert importance.leave_out(mentions, y).values[0] == pytest.approx(3 - 4)
    found = importance.difference(mentions, y)
    assert found.values[0] == pytest.approx(1.5 - 3)
    assert (found.mean, found.n, found.mentions.tolist()) == (3, 5, [2])
    assert importance.difference(mentions, y, unit=100).values[0] == pytest.approx(-150)


def test_the_two_formulas_and_the_volume():
    negative, _, y = reviews()
    left_out, difference = importance.leave_out(negative, y), importance.difference(negative, y)
    share = negative.mean(axis=0)
    # mean(y|m) - mean(y) = (1 - share) * gap, leave-out = share * gap
    np.testing.assert_allclose(left_out.values / share, difference.values / (1 - share))


@pytest.mark.parametrize("formula", ["leave_out", "difference"])
def test_interval_agrees_with_resampling_customers(formula):
    negative, _, y = reviews(400)
    customers = np.arange(400) // 2
    found = getattr(importance, formula)(negative, y, clusters=customers)
    rng = np.random.default_rng(4)
    draws = []
    for _ in range(1500):
        chosen = rng.integers(0, 200, 200)
        rows = np.concatenate([2 * chosen, 2 * chosen + 1])
        draws.append(getattr(importance, formula)(negative[rows], y[rows]).values)
    error = (found.high - found.low) / (2 * 1.959964)
    np.testing.assert_allclose(error, np.std(draws, axis=0), rtol=0.08)


def test_a_driver_that_everybody_or_nobody_mentions():
    y = [1.0, 2.0, 3.0]
    everybody, nobody = importance.leave_out([1, 1, 1], y), importance.difference([0, 0, 0], y)
    assert np.isnan(everybody.values[0])
    assert np.isnan(nobody.values[0])
    assert importance.leave_out([0, 0, 0], y).values[0] == 0


def test_waterfall_ends_at_the_mean():
    negative, positive, y = reviews()
    table = np.hstack([negative, positive])
    length = np.random.default_rng(0).integers(10, 500, len(y))
    found = importance.waterfall(table, y, [*"abcabc"], controls=length, bootstrap=100)
    assert found.start + found.values.sum() == pytest.approx(y.mean(), abs=1e-12)
    assert found.end == pytest.approx(y.mean())
    model = importance.ols(table, y, controls=length)
    steps = model.values * table.mean(axis=0)
    np.testing.assert_allclose(found.values, steps[:3] + steps[3:])
    # The start is the model's score of a review without mentions, of average length.
    alone = importance.ols(np.column_stack([table, length - length.mean()]), y)
    assert found.start == pytest.approx(alone.intercept)
    assert found.r2 == pytest.approx(model.r2)
    assert (found.low < found.values).all()
    assert (found.values < found.high).all()


def test_waterfall_is_the_leave_out_impact_where_drivers_do_not_meet():
    # One mention a review at most: the model's step is the plain leave-out impact, counted from
    # the reviews that mention nothing.
    rng = np.random.default_rng(1)
    which = rng.integers(0, 3, 900)
    table = (which[:, None] == [1, 2]).astype(float)
    y = 3 + table @ [1, -2] + rng.normal(size=900)
    found = importance.waterfall(table, y, bootstrap=10)
    gap = [y[which == k].mean() - y[which == 0].mean() for k in (1, 2)]
    np.testing.assert_allclose(found.values, gap * table.mean(axis=0))
    assert found.start == pytest.approx(y[which == 0].mean())


def test_waterfall_of_collinear_and_constant_data():
    negative, _, y = reviews()
    table = np.hstack([negative, negative[:, :1]])
    found = importance.waterfall(table, y, bootstrap=10)
    assert "collinear" in codes(found)
    assert found.start + found.values.sum() == pytest.approx(y.mean())
    flat = importance.waterfall(table, np.ones(len(y)), bootstrap=10)
    assert "constant_outcome" in codes(flat)
    assert np.isnan(flat.values).all()


def test_what_if_by_hand():
    negative, positive, y = reviews()
    found = importance.what_if(negative, positive, y, share=0.4, bootstrap=200)
    model = importance.penalty_reward(negative, positive, y, bootstrap=1)
    share = negative.mean(axis=0)
    np.testing.assert_allclose(found.values, -0.4 * share * model.penalty)
    np.testing.assert_allclose(found.prevalence, share)
    assert (found.low < found.values).all()
    assert (found.values < found.high).all()
    # The model's own prediction with every such mention made neutral says the same.
    table = np.column_stack([np.ones(len(y)), negative, positive]).astype(float)
    beta = np.linalg.lstsq(table, y, rcond=None)[0]
    changed = table.copy()
    changed[:, 1] *= 0.6
    assert found.values[0] == pytest.approx((changed @ beta).mean() - y.mean())


def test_what_if_interval_holds_both_errors():
    negative, positive, y = reviews(400)
    found = importance.what_if(negative, positive, y, share=1, bootstrap=500, unit=100)
    rng = np.random.default_rng(5)
    draws = []
    for _ in range(500):
        rows = rng.integers(0, 400, 400)
        table = np.column_stack([np.ones(400), negative[rows], positive[rows]])
        beta = np.linalg.lstsq(table, y[rows], rcond=None)[0]
        draws.append(-100 * negative[rows].mean(axis=0) * beta[1:4])
    width = np.percentile(draws, 97.5, axis=0) - np.percentile(draws, 2.5, axis=0)
    np.testing.assert_allclose(found.high - found.low, width, rtol=0.15)


def test_what_if_limits():
    negative, positive, y = reviews()
    share = negative.mean(axis=0)
    found = importance.what_if(
        negative, positive, y, share=0.9, bootstrap=20, best_segment={"x1": share[0] / 2, "x2": 1.0}
    )
    assert found.shares == pytest.approx([0.5, 0, 0.9])
    assert found.values[1] == 0
    assert codes(found) == {"beyond_best_segment"}
    top = y.mean() + 0.01
    bounded = importance.what_if(negative, positive, y, share=1, bootstrap=20, scale=(1, top))
    assert bounded.values.max() == pytest.approx(0.01)
    assert codes(bounded) == {"outside_scale"}


def test_what_if_with_a_corrected_prevalence():
    negative, positive, y = reviews()
    plain = importance.what_if(negative, positive, y, share=0.5, bootstrap=50)
    half = {"x1": plain.prevalence[0] / 2}
    corrected = importance.what_if(negative, positive, y, share=0.5, bootstrap=50, prevalence=half)
    np.testing.assert_allclose(corrected.values, plain.values * [0.5, 1, 1])
    np.testing.assert_allclose(corrected.low, plain.low * [0.5, 1, 1])


@pytest.mark.parametrize("share", [0, -0.1, 1.1])
def test_what_if_share_is_checked(share):
    negative, positive, y = reviews(100)
    with pytest.raises(InputError, match="share="):
        importance.what_if(negative, positive, y, share=share)


def test_attributable_share():
    negative = np.array([[1, 0], [1, 1], [0, 0], [1, 0]])
    found = importance.attributable_share(negative, [True, True, True, False])
    low, high = proportion_confint(2, 3, method="wilson")
    assert (found.intervals[0].low, found.intervals[0].high) == pytest.approx((low, high))
    assert [each.value for each in found.intervals] == pytest.approx([2 / 3, 1 / 3])
    assert found.intervals[0].n == 3
