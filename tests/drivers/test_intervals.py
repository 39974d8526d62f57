import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from sentiment.drivers import intervals
from sentiment.errors import InputError

share = st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@settings(deadline=None)
@given(share)
def test_wilson_equals_statsmodels_and_stays_within_one(case):
    found = intervals.wilson(*case)
    low, high = proportion_confint(*case, method="wilson")
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-12)
    assert 0 <= found.low <= found.value <= found.high <= 1


def test_wilson_of_nothing():
    assert intervals.wilson(0, 0).value is None
    with pytest.raises(InputError, match="share"):
        intervals.wilson(3, 2)


def test_newcombe_published_example():
    # Newcombe 1998, table II, case (a), 56/70 - 48/80: method 10 gives 0.0524 to 0.3339.
    found = intervals.newcombe(56, 70, 48, 80)
    assert found.value == pytest.approx(0.2)
    assert (found.low, found.high) == pytest.approx((0.0524, 0.3339), abs=5e-5)


@settings(deadline=None)
@given(share, share)
def test_newcombe_equals_statsmodels(first, second):
    found = intervals.newcombe(*first, *second)
    low, high = confint_proportions_2indep(*first, *second, compare="diff", method="newcomb")
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-9)
    assert -1 <= found.low <= found.value <= found.high <= 1


@settings(deadline=None)
@given(share, share)
def test_fisher_equals_scipy(first, second):
    (a, n), (b, m) = first, second
    expected = stats.fisher_exact([[a, n - a], [b, m - b]]).pvalue
    assert intervals.fisher_exact(a, n, b, m) == pytest.approx(expected, rel=1e-6, abs=1e-12)


def test_small_cells_take_fisher_and_large_ones_z():
    small = intervals.share_difference(1, 20, 9, 20)
    assert "Fisher" in small.method
    assert small.p == pytest.approx(stats.fisher_exact([[1, 19], [9, 11]]).pvalue)
    large = intervals.share_difference(40, 100, 60, 120)
    expected = stats.chi2_contingency([[40, 60], [60, 60]], correction=False).pvalue
    assert large.p == pytest.approx(expected)
    assert intervals.share_difference(0, 0, 1, 2).p is None


def test_net_difference_by_hand():
    # (60-20)/100 - (40-30)/100 = 0.3; s2 = (0.8-0.16)/100 and (0.7-0.01)/100.
    found = intervals.net_difference(60, 20, 100, 40, 30, 100)
    error = np.sqrt((0.64 + 0.69) / 100)
    assert found.value == pytest.approx(0.3)
    assert found.p == pytest.approx(2 * stats.norm.sf(0.3 / error))
    assert (found.low, found.high) == pytest.approx(
        (0.3 - 1.959964 * error, 0.3 + 1.959964 * error)
    )


def test_two_unanimous_groups_are_not_infinitely_certain():
    found = intervals.net_difference(3, 0, 3, 0, 3, 3)
    assert 0 < found.p < 1
    assert intervals.net_difference(0, 0, 0, 1, 0, 1).value is None


def test_mean_difference_is_welch():
    rng = np.random.default_rng(3)
    first, second = rng.normal(size=80), rng.normal(0.4, 2, size=120)
    z = stats.ttest_ind(first, second, equal_var=False).statistic
    found = intervals.mean_difference(first, second)
    assert found.p == pytest.approx(2 * stats.norm.sf(abs(z)))
    assert intervals.mean_difference([1], [1, 2]).value is None
    assert intervals.mean_difference([1, 1], [1, 1]).p is None


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_benjamini_hochberg_equals_statsmodels(p_values):
    found = intervals.benjamini_hochberg(p_values)
    rejected, q, *_ = multipletests(p_values, alpha=0.10, method="fdr_bh")
    np.testing.assert_allclose(found.q_values, q, atol=1e-12)
    # At exactly 0.1 the two may round apart.
    clear = np.abs(q - 0.10) > 1e-9
    assert (found.rejected[clear] == rejected[clear]).all()


def test_what_was_not_tested_is_no_part_of_the_family():
    found = intervals.benjamini_hochberg([0.01, np.nan, 0.04])
    np.testing.assert_allclose(found.q_values, [0.02, np.nan, 0.04])
    assert found.rejected.tolist() == [True, False, True]
    assert intervals.benjamini_hochberg([]).q_values.size == 0
    with pytest.raises(InputError, match="p value"):
        intervals.benjamini_hochberg([1.2])


@pytest.mark.parametrize("level", [0, 1, -0.5, 95])
def test_levels_are_fractions(level):
    with pytest.raises(InputError, match=r"0\.95"):
        intervals.wilson(1, 2, level=level)
