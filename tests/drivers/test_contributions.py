import itertools
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment.drivers import contributions, importance
from sentiment.drivers.blocks import bca
from sentiment.errors import InputError


def codes(result):
    return {caution.code for caution in result.warnings}


def data(n=400, columns=4, seed=1, noise=1.5):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, columns)) @ (np.eye(columns) + 0.4)
    weights = np.linspace(1, 0, columns)
    return x, x @ weights + rng.normal(size=n) * noise


def r2_of(x, y):
    table = np.column_stack([np.ones(len(y)), x])
    residual = y - table @ np.linalg.lstsq(table, y, rcond=None)[0]
    return 1 - residual @ residual / ((y - y.mean()) @ (y - y.mean()))


def brute_force(x, y, members, controls=None):
    """LMG as it is defined: every order of entry, one least-squares fit at each step."""
    base = np.empty((len(y), 0)) if controls is None else controls
    total = np.zeros(len(members))
    for order in itertools.permutations(range(len(members))):
        before = r2_of(base, y)
        columns = []
        for player in order:
            columns += members[player]
            after = r2_of(np.column_stack([base, x[:, columns]]), y)
            total[player] += after - before
            before = after
    return total / math.factorial(len(members))


def test_lmg_equals_all_orderings():
    x, y = data()
    found = importance.lmg(x, y)
    np.testing.assert_allclose(found.values, brute_force(x, y, [[0], [1], [2], [3]]), atol=1e-12)
    assert found.r2 == pytest.approx(r2_of(x, y))
    assert found.names == ("x1", "x2", "x3", "x4")
    assert (found.low, found.high) == (None, None)


def test_lmg_of_groups_with_controls_equals_all_orderings():
    x, y = data(columns=6)
    rng = np.random.default_rng(9)
    controls = rng.normal(size=(len(y), 2)) + x[:, :2]
    members = [[0, 3], [1, 4], [2, 5]]
    found = importance.lmg(x, y, groups=["b", "a", "c", "b", "a", "c"], controls=controls)
    np.testing.assert_allclose(found.values, brute_force(x, y, members, controls), atol=1e-12)
    assert found.names == ("b", "a", "c")
    assert found.r2_controls == pytest.approx(r2_of(controls, y))
    total = r2_of(np.column_stack([controls, x]), y)
    assert found.r2 + found.r2_controls == pytest.approx(total)


def test_two_drivers_by_hand():
    # Correlations r12 = 0.5, r1y = 0.6, r2y = 0.4: R2 = (0.36 + 0.16 - 2*0.5*0.24)/0.75 = 0.37333;
    # driver 1: (0.36 + R2 - 0.16)/2 = 0.28667, driver 2: (0.16 + R2 - 0.36)/2 = 0.08667.
    correlation = np.array([[1, 0.5, 0.6], [0.5, 1, 0.4], [0.6, 0.4, 1]])
    raw = np.random.default_rng(0).normal(size=(50, 3))
    raw -= raw.mean(axis=0)
    q, _ = np.linalg.qr(raw)
    table = q @ np.linalg.cholesky(correlation).T
    for method in (importance.lmg, importance.relative_weights):
        found = method(table[:, :2], table[:, 2])
        np.testing.assert_allclose(found.values, [0.28 + 0.02 / 3, 0.08 + 0.02 / 3], atol=1e-12)
        assert found.r2 == pytest.approx(0.28 / 0.75)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 6))
def test_parts_sum_to_r2_and_follow_a_permutation(seed, columns):
    x, y = data(60, columns, seed)
    order = np.random.default_rng(seed).permutation(columns)
    for method in (importance.lmg, importance.relative_weights):
        plain, mixed = method(x, y), method(x[:, order], y)
        assert plain.values.sum() == pytest.approx(plain.r2, abs=1e-10)
        assert plain.r2 == pytest.approx(r2_of(x, y), abs=1e-9)
        assert (plain.values >= -1e-12).all()
        np.testing.assert_allclose(mixed.values, plain.values[order], atol=1e-9)
        assert plain.shares.sum() == pytest.approx(100)


@given(st.integers(0, 1000), st.floats(0.01, 1000), st.floats(-1000, 1000))
@settings(max_examples=20, deadline=None)
def test_units_do_not_matter(seed, factor, shift):
    x, y = data(80, 3, seed)
    moved = x * [factor, -1, 1] + shift
    for method in (importance.lmg, importance.relative_weights):
        np.testing.assert_allclose(method(moved, 3 - y).values, method(x, y).values, atol=1e-6)


def test_relative_weights_by_a_second_algebra():
    # The nearest orthonormal columns from the singular values: Z = P Q', x = Z L.
    x, y = data(300, 5)
    standard = (x - x.mean(axis=0)) / (x.std(axis=0) * np.sqrt(len(y)))
    p, d, qt = np.linalg.svd(standard, full_matrices=False)
    orthogonal, loadings = p @ qt, qt.T @ np.diag(d) @ qt
    outcome = (y - y.mean()) / (y.std() * np.sqrt(len(y)))
    expected = loadings**2 @ (orthogonal.T @ outcome) ** 2
    np.testing.assert_allclose(importance.relative_weights(x, y).values, expected, atol=1e-12)


def test_relative_weights_stay_near_lmg():
    x, y = data(1000, 6)
    near = importance.relative_weights(x, y).values - importance.lmg(x, y).values
    assert np.abs(near).max() < 0.02


def test_relative_weights_with_controls_sum_to_the_rest():
    x, y = data(columns=3)
    controls = {"source": np.where(np.arange(len(y)) % 2, "shop", "app"), "length": x[:, 0] ** 2}
    found = importance.relative_weights(x, y, controls=controls)
    coded = np.column_stack([np.arange(len(y)) % 2, x[:, 0] ** 2])
    assert found.values.sum() == pytest.approx(found.r2)
    assert found.r2_controls == pytest.approx(r2_of(coded, y))
    assert found.r2 + found.r2_controls == pytest.approx(r2_of(np.column_stack([coded, x]), y))


def test_sampled_orderings_agree_with_exact_ones_within_their_error(monkeypatch):
    x, y = data(500, 13, noise=3)
    found = importance.lmg(x, y)
    assert "sampled_orderings" in codes(found)
    assert found.values.sum() == pytest.approx(found.r2, abs=1e-6)
    monkeypatch.setattr(contributions, "EXACT_PLAYERS", 13)
    exact = importance.lmg(x, y)
    assert exact.monte_carlo_error is None
    assert exact.values.sum() == pytest.approx(exact.r2)
    assert 0 < found.monte_carlo_error.max() < 0.001
    away = np.abs(found.values - exact.values) / found.monte_carlo_error
    assert away.max() < 4
    assert np.sqrt((away**2).mean()) < 1.6


def test_sampled_bootstrap_agrees_with_the_exact_one(monkeypatch):
    x, y = data(500, 13, noise=3)
    rough = importance.lmg(x, y, bootstrap=200, seed=3)
    monkeypatch.setattr(contributions, "EXACT_PLAYERS", 13)
    exact = importance.lmg(x, y, bootstrap=200, seed=3)
    width = (exact.high - exact.low).mean()
    assert np.abs(rough.low - exact.low).max() < 0.15 * width
    assert np.abs(rough.high - exact.high).max() < 0.15 * width
    assert np.abs(rough.rank_one - exact.rank_one).max() < 0.05


def test_bootstrap_interval_holds_the_estimate_and_counts_the_first():
    x, y = data(600)
    found = importance.lmg(x, y, bootstrap=300, seed=4)
    assert (found.low < found.values).all()
    assert (found.values < found.high).all()
    assert found.r2_low < found.r2 < found.r2_high
    assert found.rank_one.sum() == pytest.approx(1)
    assert found.rank_one[0] > 0.95
    assert found.resamples == 300
    assert "sampling_error_only" in codes(found)


def test_the_seed_decides():
    x, y = data(200)
    first, same = (importance.lmg(x, y, bootstrap=50, seed=7) for _ in range(2))
    other = importance.lmg(x, y, bootstrap=50, seed=8)
    np.testing.assert_array_equal(first.low, same.low)
    assert not np.array_equal(first.low, other.low)


def test_resampling_blocks_equals_resampling_rows_by_hand():
    """The block algebra against refitting every resample from its rows."""
    from sentiment.drivers.blocks import cross_products
    from sentiment.drivers.design import read_design

    x, y = data(80, 3)
    design = read_design(x, y)
    cross = cross_products(design, 5, blocks=True)
    found = importance.lmg(x, y, bootstrap=20, seed=5)
    random = np.random.default_rng(5)
    times = random.multinomial(80, np.full(80, 1 / 80), 20)
    values = []
    for count in times:
        rows = np.repeat(np.arange(80), count)
        values.append(brute_force(x[rows], y[rows], [[0], [1], [2]]))
    assert len(cross.blocks) == 80
    np.testing.assert_allclose(found.low, np.percentile(values, 2.5, axis=0), atol=1e-10)
    np.testing.assert_allclose(found.high, np.percentile(values, 97.5, axis=0), atol=1e-10)


def test_bootstrap_of_many_drivers_runs_and_stays_sane():
    x, y = data(400, 14, noise=3)
    found = importance.lmg(x, y, bootstrap=40)
    assert (found.low <= found.values + 1e-9).all()
    assert (found.values <= found.high + 1e-9).all()


def test_customers_are_resampled_whole():
    x, y = data(150, 2, noise=0.8)
    repeated = np.repeat(np.arange(150), 8)
    single = importance.lmg(x, y, bootstrap=400)
    rows = importance.lmg(x[repeated], y[repeated], bootstrap=400)
    whole = importance.lmg(x[repeated], y[repeated], bootstrap=400, clusters=repeated)
    widths = [(found.high - found.low)[0] for found in (single, rows, whole)]
    assert widths[2] == pytest.approx(widths[0], rel=0.2)
    assert widths[1] < 0.6 * widths[2]


def test_interval_covers_the_truth():
    rng = np.random.default_rng(11)
    population = rng.normal(size=(200_000, 2)) @ np.array([[1, 0.5], [0, 1]])
    outcome = population @ [1, 0.6] + rng.normal(size=len(population)) * 1.5
    truth = importance.lmg(population, outcome).values
    hits = np.zeros(2)
    for run in range(100):
        rows = rng.integers(0, len(population), 300)
        found = importance.lmg(population[rows], outcome[rows], bootstrap=400, seed=run)
        hits += (found.low <= truth) & (truth <= found.high)
    assert (hits / 100 >= 0.89).all()


def test_bca_corrects_skewed_draws():
    rng = np.random.default_rng(2)
    sample = rng.exponential(size=40)
    draws = rng.choice(sample, (4000, 40)).mean(axis=1)[:, None]
    left_out = ((sample.sum() - sample) / 39)[:, None]
    low, high = bca(draws, np.array([sample.mean()]), left_out, 0.95)
    from scipy import stats

    expected = stats.bootstrap(
        (sample,), np.mean, method="BCa", n_resamples=4000, rng=np.random.default_rng(1)
    ).confidence_interval
    assert (low[0], high[0]) == pytest.approx((expected.low, expected.high), abs=0.04)
    x, y = data(120)
    found = importance.lmg(x, y, bootstrap=200, interval="bca")
    assert (found.low < found.high).all()


def test_tables_of_every_kind_give_the_same():
    x, y = data(columns=3)
    names = ["price", "service", "delivery"]
    expected = importance.lmg(x, y, names=names)
    frame = pd.DataFrame(x, columns=names, index=np.arange(len(y))[::-1])
    for table in (frame, {name: x[:, at] for at, name in enumerate(names)}):
        found = importance.lmg(table, pd.Series(y))
        assert found.names == tuple(names)
        np.testing.assert_array_equal(found.values, expected.values)


def test_groups_may_be_labels_or_mappings_either_way():
    x, y = data()
    names = ["q-", "p-", "q+", "p+"]
    by_label = importance.lmg(x, y, names=names, groups=["q", "p", "q", "p"])
    by_column = importance.lmg(x, y, names=names, groups=dict(zip(names, "qpqp", strict=True)))
    by_group = importance.lmg(x, y, names=names, groups={"p": ["p-", "p+"], "q": ["q-", "q+"]})
    numbers = importance.lmg(x, y, groups={"p": [1, 3], "q": [0, 2]})
    arrays = importance.lmg(x, y, groups={"p": np.array([1, 3]), "q": {0, 2}})
    for found in (by_column, by_group, numbers, arrays):
        assert found.names == ("q", "p")
        np.testing.assert_array_equal(found.values, by_label.values)
    with pytest.raises(InputError, match="not there"):
        importance.lmg(x, y, names=names, groups={"p": ["nobody"]})
    with pytest.raises(InputError, match="labels"):
        importance.lmg(x, y, groups=["a"])


def test_byte_columns_and_missing_rows():
    rng = np.random.default_rng(3)
    x = (rng.random((300, 3)) < 0.3).astype(np.int8)
    y = x @ [1.0, 0.5, 0] + rng.normal(size=300)
    y[:5] = np.nan
    found = importance.lmg(x, y)
    np.testing.assert_allclose(found.values, importance.lmg(x[5:].astype(float), y[5:]).values)
    assert (found.n, "dropped_rows" in codes(found)) == (295, True)


def test_constant_outcome_is_said():
    x, _ = data()
    for method in (importance.lmg, importance.relative_weights):
        found = method(x, np.full(len(x), 4.1), bootstrap=10)
        assert "constant_outcome" in codes(found)
        assert np.isnan(found.values).all()
        assert not found.rankable


def test_collinear_and_constant_columns_are_said_and_shared():
    x, y = data(columns=2)
    doubled = np.column_stack([x, x[:, 0] * 3 - 1, np.ones(len(y))])
    found = importance.lmg(doubled, y, bootstrap=20)
    assert {"collinear", "constant_column"} <= codes(found)
    assert found.values.sum() == pytest.approx(found.r2)
    assert found.r2 == pytest.approx(r2_of(x, y))
    # Two copies of one driver share its credit evenly; a constant one gets nothing.
    assert found.values[0] == pytest.approx(found.values[2])
    assert found.values[3] == pytest.approx(0, abs=1e-12)
    assert np.isfinite(found.high).all()
    weights = importance.relative_weights(doubled, y)
    assert weights.values.sum() == pytest.approx(weights.r2, abs=1e-6)
    assert weights.r2 == pytest.approx(r2_of(x, y), abs=1e-6)


def test_low_r2_gives_no_ranking():
    x, y = data(noise=20)
    found = importance.lmg(x, y)
    assert found.r2 < 0.10
    assert not found.rankable
    assert "low_r2" in codes(found)
    assert importance.lmg(*data()).rankable


def test_as_much_as_chance_gives_so_many_columns_is_no_ranking():
    """44 columns of noise "explain" a fifth of 210 outcomes, which the floor of R2 alone lets by."""
    rng = np.random.default_rng(3)
    ranked = 0
    for _ in range(60):
        x, y = rng.normal(size=(210, 44)), rng.normal(size=210)
        found = importance.relative_weights(x, y)
        assert found.r2 > 0.10
        assert ("chance_r2" in codes(found)) is not found.rankable
        ranked += found.rankable
    assert ranked <= 9  # 3 expected of 60 at the 5 % level


def test_rows_of_one_customer_are_no_independent_evidence():
    rankable = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        customer = np.repeat(np.arange(100), 3)
        noise = (rng.random((100, 10)) < 0.3).astype(float)[customer]
        outcome = rng.normal(size=100)[customer] + 0.3 * rng.normal(size=300)
        found = importance.lmg(
            noise, outcome, names=[f"d{k}" for k in range(10)], clusters=customer, bootstrap=0
        )
        rankable += found.rankable
    assert rankable <= 3  # 15 or so, were every row a customer


def test_the_chance_of_r2_is_that_of_the_partial_f_test():
    from scipy import stats
    from statsmodels.api import OLS, add_constant

    for n, columns, noise in ((60, 3, 4.0), (300, 12, 12.0), (5000, 5, 40.0), (400, 4, 1.5)):
        x, y = data(n, columns, noise=noise)
        beside = np.random.default_rng(8).normal(size=(n, 2)) + x[:, :1]
        full = OLS(y, add_constant(np.column_stack([beside, x]))).fit()
        f, expected, _ = full.compare_f_test(OLS(y, add_constant(beside)).fit())
        found = importance.lmg(x, y, controls=beside)
        assert found.r2_p_value == pytest.approx(expected, rel=1e-4, abs=1e-9)
        assert expected == pytest.approx(stats.f.sf(f, columns, n - columns - 3))


def test_few_rows_are_said():
    x, y = data(150)
    assert "few_rows" in codes(importance.lmg(x, y))
    found = importance.lmg(x[:4], y[:4])
    assert "too_few_rows" in codes(found)
    assert np.isnan(found.values).all()


def test_signs_and_suppression():
    rng = np.random.default_rng(6)
    common = rng.normal(size=2000)
    first = common + 0.3 * rng.normal(size=2000)
    second = common + 0.3 * rng.normal(size=2000)
    # Both go with the outcome, but given the first the second pulls the other way.
    y = 2 * first - second + rng.normal(size=2000) * 0.5
    found = importance.lmg(np.column_stack([first, second]), y)
    assert np.corrcoef(second, y)[0, 1] > 0
    assert found.signs == (1, -1)
    assert [caution.values["names"] for caution in found.warnings] == ["x2"]
    assert codes(found) == {"suppression"}


def test_declared_meaning_of_mentions():
    rng = np.random.default_rng(8)
    x = (rng.random((1500, 4)) < 0.3).astype(float)
    y = x @ [-1.0, -1.0, 0.8, -0.8] + rng.normal(size=1500)
    found = importance.lmg(x, y, groups=[*"abab"], expected=[-1, -1, 1, 1])
    assert found.signs == (1, 0)
    assert [c.values["names"] for c in found.warnings if c.code == "suppression"] == ["x4"]
    named = importance.lmg(x, y, groups=[*"abab"], expected={"x4": -1})
    assert "suppression" not in codes(named)
    for wrong in ([1], {"x9": 1}):
        with pytest.raises(InputError, match="expected="):
            importance.lmg(x, y, expected=wrong)


@pytest.mark.parametrize(
    ("x", "y", "word"),
    [
        (np.ones((3, 2)), np.ones(4), "rows"),
        (np.ones((3, 2, 2)), np.ones(3), "dimensions"),
        (np.array([["a"], ["b"]]), np.ones(2), "text"),
        ({"a": [1, 2], "b": [1]}, np.ones(2), "length"),
        (np.ones((3, 1)), np.ones((3, 2)), "one column"),
    ],
)
def test_what_does_not_fit_is_refused(x, y, word):
    with pytest.raises(InputError, match=word):
        importance.lmg(x, y)


def test_number_of_resamples_is_checked():
    with pytest.raises(InputError, match="resamples"):
        importance.lmg(*data(), bootstrap=-5)
