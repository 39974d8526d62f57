import datetime as dt

import numpy as np
import pandas as pd
import pytest

from sentiment.drivers import trend
from sentiment.errors import InputError


def codes(result):
    return {caution.code for caution in result.warnings}


def days(*month_counts):
    return [f"{month}-{1 + i % 28:02d}" for month, n in month_counts for i in range(n)]


def test_months_that_are_too_small_become_their_quarter():
    found = trend.merge_periods(
        days(("2024-01", 40), ("2024-02", 29), ("2024-03", 40), ("2024-04", 30), ("2024-05", 35))
    )
    assert found.labels == ("2024-Q1", "2024-04", "2024-05")
    assert found.counts.tolist() == [109, 30, 35]
    assert found.merged == ("2024-Q1",)


def test_an_empty_month_inside_is_too_small_and_months_outside_are_not():
    found = trend.merge_periods(days(("2023-12", 50), ("2024-02", 50), ("2024-03", 50)))
    assert found.labels == ("2023-12", "2024-Q1")
    assert trend.merge_periods(days(("2024-03", 30))).labels == ("2024-03",)


def test_rows_that_do_not_count_fall_into_the_periods_of_those_that_do():
    dates = days(("2024-01", 40), ("2024-02", 20), ("2024-04", 40), ("2023-12", 5), ("2024-03", 7))
    counted = np.arange(len(dates)) < 100
    found = trend.merge_periods(
        [*dates, None, "2024-05-01"], counted=np.append(counted, [True, False])
    )
    assert found.labels == ("2024-Q1", "2024-04")
    assert found.counts.tolist() == [60, 40]
    # No period reaches December or May; March lies in the first quarter.
    assert found.codes[100:].tolist() == [-1] * 5 + [0] * 7 + [-1, -1]


def test_dates_of_every_kind():
    expected = ("1969-12", "2024-01")
    texts = ["1969-12-31", "2024-01-05", None, ""]
    for dates in (
        texts,
        [dt.date(1969, 12, 31), dt.date(2024, 1, 5), None],
        [dt.datetime(1969, 12, 31, 23, 59), dt.datetime(2024, 1, 5), pd.NaT],
        np.array(["1969-12-31", "2024-01-05", "NaT"], dtype="datetime64[s]"),
        pd.Series(pd.to_datetime(["1969-12-31", "2024-01-05", None])),
    ):
        found = trend.merge_periods(dates, floor=0)
        assert found.labels == expected
        assert found.codes[:3].tolist() == [0, 1, -1]
    assert trend.merge_periods([None]).labels == ()
    with pytest.raises(InputError, match="date"):
        trend.merge_periods(["yesterday"])


def test_points_are_the_groups():
    dates = days(("2024-01", 60), ("2024-02", 60))
    values = np.array([1.0] * 45 + [0.0] * 15 + [1.0] * 15 + [0.0] * 45)
    found = trend.trend(dates, values, kind="share")
    assert [point.value for point in found.points] == [75, 25]
    assert [point.standing for point in found.points] == ["uncertain"] * 2
    assert all(point.low < point.value < point.high for point in found.points)
    assert found.mix_change is None


def test_another_model_version_is_a_new_series():
    dates = days(("2024-01", 80))
    found = trend.trend(dates, np.ones(80), kind="net", versions=["v1"] * 40 + ["v2"] * 40)
    assert [(p.series, p.label, p.n) for p in found.points] == [
        ("v1", "2024-01", 40),
        ("v2", "2024-01", 40),
    ]


def test_the_same_mix_takes_out_a_change_of_mix():
    # Within each language nothing changes; only the mix does: 80:20, then 20:80.
    dates = days(("2024-01", 100), ("2024-02", 100))
    language = ["zh"] * 80 + ["en"] * 20 + ["zh"] * 20 + ["en"] * 80
    rng = np.random.default_rng(0)
    values = np.where(np.array(language) == "zh", 4.0, 2.0) + rng.normal(size=200) * 0
    found = trend.trend(dates, values, kind="mean", strata=language)
    assert [point.value for point in found.points] == pytest.approx([3.6, 2.4])
    assert [point.adjusted for point in found.points] == pytest.approx([3.0, 3.0])
    assert found.mix_change == pytest.approx(0.3)
    assert codes(found) == {"mix_change"}


def test_standardised_share_by_hand():
    # Stratum a: 2 of 4 and 1 of 2; b: 0 of 2 and 4 of 4. Weights 6/12 each.
    periods = np.array([0] * 6 + [1] * 6)
    strata = ["a"] * 4 + ["b"] * 2 + ["a"] * 2 + ["b"] * 4
    values = [1, 1, 0, 0, 0, 0, 1, 0, 1, 1, 1, 1]
    found = trend.standardise(values, periods, strata)
    assert found.values == pytest.approx([0.25, 0.75])
    # s2 of a: 0.3, of b: 8/30; period 0: 0.25 * (0.3/4 + 0.26667/2)
    error = np.sqrt(0.25 * (0.3 / 4 + 8 / 30 / 2))
    assert found.high[0] - found.values[0] == pytest.approx(1.959964 * error, rel=1e-6)


def test_a_period_without_a_stratum_is_listed():
    dates = days(("2024-01", 60), ("2024-02", 60))
    strata = ["a", "b"] * 30 + ["a"] * 60
    found = trend.trend(dates, np.ones(120), kind="net", strata=strata)
    assert "mix_incomplete" in codes(found)
    assert found.points[1].adjusted == pytest.approx(100)


def test_missing_values_and_merged_months_are_told():
    dates = [*days(("2024-01", 20), ("2024-02", 30)), None]
    values = np.append(np.ones(50), 1.0)
    found = trend.trend(dates, values, kind="net")
    assert [(p.label, p.n) for p in found.points] == [("2024-Q1", 50)]
    assert codes(found) == {"merged"}
    with pytest.raises(InputError, match="strata"):
        trend.trend(dates, values, kind="net", strata=["a"])


def test_p_chart_by_hand():
    found = trend.p_chart([10, 12, 9, 30], [100, 100, 100, 100])
    centre = 61 / 400
    half = 3 * np.sqrt(centre * (1 - centre) / 100)
    assert found.centre == pytest.approx(centre)
    assert found.high[0] == pytest.approx(centre + half)
    assert found.low[0] == pytest.approx(centre - half)
    assert found.outside.tolist() == [False, False, False, True]


def test_p_chart_keeps_quiet_in_control():
    rng = np.random.default_rng(4)
    alarms = [trend.p_chart(rng.binomial(500, 0.2, 24), np.full(24, 500)) for _ in range(200)]
    assert np.mean([chart.outside.mean() for chart in alarms]) < 0.01
    assert np.mean([chart.dispersion for chart in alarms]) == pytest.approx(1, abs=0.1)


def test_p_chart_of_a_huge_export_says_that_chance_is_not_the_limit():
    rng = np.random.default_rng(4)
    shares = 0.2 + rng.normal(size=24) * 0.01
    found = trend.p_chart(rng.binomial(200_000, shares), np.full(24, 200_000))
    assert codes(found) == {"overdispersed"}


def test_widened_limits_show_what_is_large_beside_the_usual_changes():
    counts, totals = [6, 6, 6, 6, 33, 30, 6, 6, 6], np.full(9, 60)
    found = trend.p_chart(counts, totals, widened=True)
    assert codes(found) == {"overdispersed"}
    error = np.sqrt(found.centre * (1 - found.centre) / 60)
    assert found.high[0] == pytest.approx(found.centre + 3 * found.dispersion * error)
    assert np.flatnonzero(found.outside).tolist() == [4, 5]
    # Where chance explains the changes nothing is widened.
    calm = [10, 12, 9, 11], np.full(4, 100)
    assert trend.p_chart(*calm, widened=True).high.tolist() == trend.p_chart(*calm).high.tolist()


def test_widened_limits_of_a_huge_export_cry_no_wolf():
    rng = np.random.default_rng(4)
    shares = 0.2 + rng.normal(size=24) * 0.01
    counts = rng.binomial(200_000, shares), np.full(24, 200_000)
    assert trend.p_chart(*counts).outside.sum() > 12
    assert trend.p_chart(*counts, widened=True).outside.sum() == 0


@pytest.mark.parametrize(("counts", "totals"), [([], []), ([1], [0]), ([3], [2]), ([1, 2], [3])])
def test_p_chart_needs_shares(counts, totals):
    with pytest.raises(InputError):
        trend.p_chart(counts, totals)


def test_all_or_none_needs_no_alarm():
    assert not trend.p_chart([0, 0], [10, 20]).outside.any()
    assert not trend.p_chart([10, 20], [10, 20]).outside.any()


def test_two_cases_of_thirty_are_no_alarm_where_the_chance_of_it_is_large():
    counts, totals = [1, 0, 0, 1, 0, 0, 0, 2], [200, 200, 150, 180, 190, 200, 160, 32]
    assert trend.p_chart(counts, totals).outside.tolist() == [False] * 7 + [True]
    # P(X >= 2) = .0105 for 32 rows and a share of 4 in 1,312: more than the .00135 of three sigma.
    assert not trend.p_chart(counts, totals, exact=True).outside.any()
    counts[-1] = 6
    assert np.flatnonzero(trend.p_chart(counts, totals, exact=True).outside).tolist() == [7]


def test_exact_limits_keep_quiet_where_few_cases_are_expected():
    rng = np.random.default_rng(4)
    drawn = [(rng.binomial(40, 0.01, 24), np.full(24, 40)) for _ in range(400)]
    drawn = [(counts, totals) for counts, totals in drawn if counts.any()]
    usual = np.mean([trend.p_chart(*each).outside.mean() for each in drawn])
    exact = np.mean([trend.p_chart(*each, exact=True).outside.mean() for each in drawn])
    assert usual > 0.005
    assert exact < 0.00135
    # Where many are expected nothing is another.
    many = [10, 12, 9, 30], [100, 100, 100, 100]
    assert trend.p_chart(*many, exact=True).outside.tolist() == [False, False, False, True]


def test_mean_chart_by_hand():
    values = [4.0, 6.0, 5.0, 5.0, 4.0, 6.0, 9.0, 11.0]
    found = trend.mean_chart(values, np.array([0, 0, 1, 1, 2, 2, 3, 3]))
    assert found.values.tolist() == [5, 5, 5, 10]
    assert found.centre == pytest.approx(6.25)
    spread = np.sqrt((2 + 0 + 2 + 2) / 4)  # within periods, one degree of freedom each
    assert found.high == pytest.approx(np.full(4, 6.25 + 3 * spread / np.sqrt(2)))
    assert found.low == pytest.approx(np.full(4, 6.25 - 3 * spread / np.sqrt(2)))
    assert found.outside.tolist() == [False, False, False, True]


def test_mean_chart_keeps_quiet_in_control_and_warns_of_restless_means():
    rng = np.random.default_rng(4)
    periods = np.repeat(np.arange(24), 50)
    calm = [trend.mean_chart(rng.normal(70, 20, len(periods)), periods) for _ in range(200)]
    assert np.mean([chart.outside.mean() for chart in calm]) < 0.01
    assert np.mean([chart.dispersion for chart in calm]) == pytest.approx(1, abs=0.1)
    restless = np.repeat(rng.normal(70, 15, 24), 50) + rng.normal(0, 20, len(periods))
    found = trend.mean_chart(restless, periods)
    assert codes(found) == {"overdispersed"}
    assert found.outside.sum() > trend.mean_chart(restless, periods, widened=True).outside.sum()


def test_exact_limits_of_means_keep_quiet_where_nearly_all_are_content():
    rng = np.random.default_rng(4)
    periods = np.repeat(np.arange(24), 30)
    drawn = [rng.choice([5.0, 3.0, 1.0], len(periods), p=[0.97, 0.01, 0.02]) for _ in range(100)]
    usual = np.mean([trend.mean_chart(each, periods).outside.mean() for each in drawn])
    exact = np.mean([trend.mean_chart(each, periods, exact=True).outside.mean() for each in drawn])
    assert usual > 0.005
    assert exact < 0.003
    drawn[0][periods == 7] -= 2
    found = trend.mean_chart(drawn[0], periods, scale=(1, 5), exact=True)
    assert np.flatnonzero(found.outside).tolist() == [7]
    assert found.high.max() <= 5
    # The same draws each time.
    assert (
        found.outside.tolist() == trend.mean_chart(drawn[0], periods, exact=True).outside.tolist()
    )


@pytest.mark.parametrize(
    ("values", "periods"),
    [([], []), ([1.0], [1]), ([1.0, 2.0], [0]), ([1.0, np.nan], [0, 1]), ([1.0, 2.0], [0, -1])],
)
def test_mean_chart_needs_a_value_in_every_period(values, periods):
    with pytest.raises(InputError):
        trend.mean_chart(values, np.array(periods, dtype=np.intp))


def test_scores_that_never_vary_raise_no_alarm():
    assert not trend.mean_chart([5.0] * 6, np.array([0, 0, 1, 1, 2, 2])).outside.any()


def test_a_gap_of_a_quarter_is_no_period() -> None:
    dates = ["2023-01-15"] * 40 + ["2023-08-15"] * 40
    found = trend.trend(dates, [1.0] * 80, kind="net")
    assert [(point.label, point.n) for point in found.points] == [("2023-Q1", 40), ("2023-Q3", 40)]
