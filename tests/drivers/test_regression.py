import numpy as np
import pytest
import statsmodels.api as sm
from statsmodels.miscmodels.ordinal_model import OrderedModel

from sentiment.drivers import importance
from sentiment.errors import InputError


def codes(result):
    return {caution.code for caution in result.warnings}


def mentions(n=800, columns=3, seed=5):
    rng = np.random.default_rng(seed)
    x = (rng.random((n, columns)) < 0.3).astype(float)
    latent = x @ np.linspace(-1.5, 1, columns) + rng.logistic(size=n)
    return x, latent, np.digitize(latent, [-2, -0.5, 0.5, 2]) + 1.0


def test_ols_equals_statsmodels():
    x, y, _ = mentions()
    y = y * (1 + x[:, 0])  # unequal variances, which HC3 is for
    length = np.random.default_rng(1).integers(1, 2000, len(y))
    expected = sm.OLS(y, sm.add_constant(np.column_stack([x, length]))).fit(cov_type="HC3")
    found = importance.ols(x, y, controls=length)
    np.testing.assert_allclose(found.values, expected.params[1:4], rtol=1e-9)
    np.testing.assert_allclose(found.errors, expected.bse[1:4], rtol=1e-9)
    np.testing.assert_allclose(found.p_values, expected.pvalues[1:4], rtol=1e-6, atol=1e-15)
    np.testing.assert_allclose(
        np.column_stack([found.low, found.high]), expected.conf_int()[1:4], rtol=1e-8
    )
    assert found.r2 == pytest.approx(expected.rsquared)
    assert found.intercept == pytest.approx(expected.params[0])
    assert found.intercept_error == pytest.approx(expected.bse[0])


def test_ols_says_which_column_follows_from_others():
    x, y, _ = mentions()
    table = np.column_stack([x, x[:, 0] + x[:, 1], np.zeros(len(y))])
    found = importance.ols(table, y, names=["a", "b", "c", "sum", "never"])
    assert np.isnan(found.values).tolist() == [False, False, False, True, True]
    named = {caution.code: caution.values["names"] for caution in found.warnings}
    assert named == {"collinear": "sum", "constant_column": "never"}
    np.testing.assert_allclose(found.values[:3], importance.ols(x, y).values)


def test_ols_of_a_constant_outcome():
    x, _, _ = mentions()
    found = importance.ols(x, np.full(len(x), 5.0))
    assert "constant_outcome" in codes(found)
    assert np.isnan(found.r2)
    np.testing.assert_allclose(found.values, 0, atol=1e-12)


def test_large_numbers_keep_their_digits():
    x, y, _ = mentions()
    year = 2020 + np.random.default_rng(0).integers(0, 4, len(y))
    moved = importance.ols(x, y, controls=year)
    plain = importance.ols(x, y, controls=year - 2020)
    np.testing.assert_allclose(moved.errors, plain.errors, rtol=1e-8)
    assert moved.r2 == pytest.approx(plain.r2)


def test_a_row_that_fits_itself_is_said():
    x, y, _ = mentions(60)
    alone = np.zeros(60)
    alone[0] = 1
    found = importance.ols(np.column_stack([x, alone]), y)
    assert "high_leverage" in codes(found)


def test_too_few_rows():
    found = importance.ols(np.eye(3), [1, 2, 3])
    assert codes(found) == {"too_few_rows"}
    assert np.isnan(found.values).all()


def test_ordinal_logit_equals_statsmodels():
    x, _, y = mentions()
    expected = OrderedModel(y, x, distr="logit").fit(method="bfgs", disp=False)
    found = importance.ordinal_logit(x, y)
    assert found.loglik == pytest.approx(expected.llf, abs=1e-5)
    np.testing.assert_allclose(found.values, expected.params[:3], atol=1e-3)
    np.testing.assert_allclose(found.errors, expected.bse[:3], rtol=1e-2)
    cuts = expected.model.transform_threshold_params(expected.params)[1:-1]
    np.testing.assert_allclose(found.thresholds, cuts, atol=1e-3)
    assert found.r2 == pytest.approx(1 - expected.llf / expected.llnull, abs=1e-5)
    assert found.warnings == ()


def test_ordinal_logit_with_a_control_in_large_units():
    x, _, y = mentions()
    length = np.random.default_rng(2).integers(1, 5000, len(y))
    expected = OrderedModel(y, np.column_stack([x, length / 5000]), distr="logit")
    fitted = expected.fit(method="bfgs", disp=False)
    found = importance.ordinal_logit(x, y, controls=length)
    np.testing.assert_allclose(found.values, fitted.params[:3], atol=2e-3)


def test_separation_is_not_estimable():
    x, _, y = mentions()
    x[:, 2] = (y == 5).astype(float)
    found = importance.ordinal_logit(x, y)
    named = {caution.code: caution.values["names"] for caution in found.warnings}
    assert named == {"separation": "x3"}
    assert np.isnan(found.values[2])
    assert np.isfinite(found.values[:2]).all()


def test_complete_separation_of_two_outcomes():
    x = np.repeat([0.0, 1.0], 50)
    found = importance.ordinal_logit(x, x + 1)
    assert "separation" in codes(found)
    assert np.isnan(found.values).all()


def test_ordinal_logit_of_a_constant_and_of_a_continuous_outcome():
    x, latent, _ = mentions()
    assert "constant_outcome" in codes(importance.ordinal_logit(x, np.ones(len(x))))
    with pytest.raises(InputError, match="ols"):
        importance.ordinal_logit(x, latent)


def test_a_large_export_is_sampled():
    x, _, y = mentions(3000)
    found = importance.ordinal_logit(x, y, rows=500)
    assert found.n == 500
    assert np.sign(found.values[[0, 2]]).tolist() == [-1, 1]


def test_directions_that_differ_are_said():
    x, _, y = mentions(3000)
    linear, ordinal = importance.ols(x, y), importance.ordinal_logit(x, y)
    assert importance.direction_differs(linear, ordinal) == ()
    turned = importance.ordinal_logit(x, 6 - y)
    (caution,) = importance.direction_differs(linear, turned)
    assert caution.values["names"] == "x1, x2, x3"
