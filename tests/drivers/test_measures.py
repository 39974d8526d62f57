import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from sentiment.drivers import measures
from sentiment.errors import InputError


def codes(measure):
    return {caution.code for caution in measure.warnings}


def test_nps_by_hand():
    # 4 promoters, 3 passives, 3 detractors of 10: 100 (0.4 - 0.3) = 10.
    found = measures.nps([10, 9, 9, 10, 8, 7, 8, 6, 0, 3])
    assert found.value == pytest.approx(10)
    assert dict(found.counts) == {"detractors": 3, "passives": 3, "promoters": 4}
    assert found.shares == pytest.approx({"detractors": 30, "passives": 30, "promoters": 40})
    # (4.75 - 3.75) / 13 +- 1.959964 sqrt((8.5/13 - (1/13)^2) / 13)
    half = 1.959963984540054 * math.sqrt((8.5 / 13 - 1 / 169) / 13)
    assert found.low == pytest.approx(100 * (1 / 13 - half))
    assert found.high == pytest.approx(100 * (1 / 13 + half))
    # 100 sqrt((0.7 - 0.01) / 10)
    assert found.standard_error == pytest.approx(100 * math.sqrt(0.069))
    assert (found.n, found.missing, found.rejected) == (10, 0, 0)
    assert "adjusted Wald" in found.method


def test_equal_nps_can_have_different_shares():
    first, second = measures.nps([7, 8]), measures.nps([9, 6])
    assert first.value == second.value == 0
    assert first.shares["passives"] == 100
    assert second.shares["passives"] == 0


def test_what_is_not_an_answer_is_counted_and_not_clipped():
    found = measures.nps([10, 9, 8, 11, -1, 8.5, "N/A", "", None, "１０", "10分", "great"])
    assert (found.n, found.missing, found.rejected) == (5, 3, 4)
    assert found.value == pytest.approx(80)
    assert "rejected" in codes(found)


@pytest.mark.parametrize(
    "values", [range(101), [0, 50, 100], [80, 90, 100, 70], [1, 25, 50, 75, 100]]
)
def test_a_hundred_point_scale_is_no_nps(values):
    with pytest.raises(InputError, match=r"0-100 or 1-100.*average"):
        measures.nps(values)


def test_typing_errors_and_codes_are_no_hundred_point_scale():
    assert measures.nps([9, 10, 8, 7, 99]).rejected == 1
    assert measures.nps([11, -1]).rejected == 2


def test_stars_in_an_nps_column_are_flagged():
    assert "looks_like_stars" in codes(measures.nps([1, 5, 3, 4]))
    assert "looks_like_stars" not in codes(measures.nps([1, 5, 3, 6]))
    assert "looks_like_stars" not in codes(measures.nps([0, 5]))


def test_a_rating_from_one_to_ten_is_flagged():
    assert "no_zero" in codes(measures.nps([1] * 10 + [10] * 10))
    assert "no_zero" not in codes(measures.nps([1] * 10 + [10] * 10 + [0]))
    assert "no_zero" not in codes(measures.nps([1] * 9 + [10] * 10))


def test_rescaling_happens_only_when_declared():
    assert measures.nps([8.5]).n == 0
    found = measures.nps([8.5, 8.4, 10], rescale=(0, 10))
    assert (found.n, found.counts["promoters"]) == (3, 2)
    assert "rescaled" in codes(found)
    assert measures.nps([95, 85, 10], rescale=(0, 100)).value == pytest.approx(100 / 3)


def test_weighted_nps_uses_the_effective_size():
    found = measures.nps([10, 10, 0], weights=[1, 1, 2])
    assert found.value == pytest.approx(0)
    assert found.n == 3
    assert found.n_eff == pytest.approx(16 / 6)
    equal = measures.nps([10, 7, 0, 9], weights=[3, 3, 3, 3])
    plain = measures.nps([10, 7, 0, 9])
    assert (equal.value, equal.low, equal.high) == pytest.approx(
        (plain.value, plain.low, plain.high)
    )


def test_weights_must_fit():
    for weights in ([1], [1, -1], [1, float("nan")]):
        with pytest.raises(InputError, match="Weights"):
            measures.nps([9, 10], weights=weights)


@pytest.mark.parametrize(
    "found",
    [
        measures.nps([]),
        measures.nps([None, "N/A"]),
        measures.csat([], scale=5),
        measures.ces([], scale=7, high_is_good=True),
        measures.pmf([]),
        measures.stars([]),
        measures.rating([], scale=(0, 10)),
        measures.net_sentiment(0, 0, 0),
        measures.performance(0, 0, 0),
        measures.nps([], weights=[]),
    ],
)
def test_nothing_answered_is_none_and_not_zero(found):
    assert (found.value, found.low, found.high, found.n) == (None, None, None, 0)


@pytest.mark.parametrize(
    ("scale", "values", "hits"),
    [(5, [5, 4, 3, 2, 1], 2), (7, [7, 6, 5, 4, 1], 2), (3, [3, 2, 1, 1, 2], 1)],
)
def test_csat_boxes(scale, values, hits):
    found = measures.csat(values, scale=scale)
    low, high = proportion_confint(hits, 5, method="wilson")
    assert found.value == pytest.approx(100 * hits / 5)
    assert (found.low, found.high) == pytest.approx((100 * low, 100 * high))
    assert sum(found.shares.values()) == pytest.approx(100)


def test_csat_mean_on_a_hundred():
    found = measures.csat([1, 5, 5], scale=5)
    assert found.mean == pytest.approx(11 / 3)
    assert found.mean_100 == pytest.approx(100 * (11 / 3 - 1) / 4)


def test_csat_rejects_what_is_off_the_scale():
    found = measures.csat([0, 6, 4.5, 4, "", "5分"], scale=5)
    assert (found.n, found.rejected, found.missing, found.value) == (2, 3, 1, 100)


def test_csat_asks_where_practice_has_no_box():
    with pytest.raises(InputError, match="satisfied="):
        measures.csat([9, 10], scale=(0, 10))
    assert measures.csat([9, 10, 1], scale=(0, 10), satisfied=9).value == pytest.approx(200 / 3)
    with pytest.raises(InputError, match="satisfied="):
        measures.csat([1], scale=5, satisfied=1)


def test_stars_are_not_called_csat():
    assert measures.stars([5, 4, 1]).name == "stars"
    assert measures.stars([5, 4, 1]).value == measures.csat([5, 4, 1], scale=5).value


def test_grades_are_told_by_the_share_of_the_best():
    found = measures.grades([3, 3, 2, 1, 3, "", 4])
    assert found.name == "grades"
    assert found.value == pytest.approx(60)
    assert (found.n, found.missing, found.rejected) == (5, 1, 1)
    assert dict(found.counts) == {"best": 3, "middle": 1, "worst": 1}
    assert dict(found.shares) == pytest.approx({"best": 60, "middle": 20, "worst": 20})
    assert found.low == pytest.approx(measures.csat([3, 3, 2, 1, 3], scale=(1, 3)).low)
    assert measures.grades([]).value is None


def test_ces_directions():
    version_2 = measures.ces([7, 6, 5, 4, 3, 1], scale=7, high_is_good=True)
    assert dict(version_2.counts) == {"hard": 2, "neutral": 1, "easy": 3}
    assert version_2.value == pytest.approx(50)
    older = measures.ces([1, 2, 3, 4, 5, 5], scale=5, high_is_good=False)
    assert dict(older.counts) == {"hard": 3, "neutral": 1, "easy": 2}
    assert measures.ces([1, 1], scale=5, high_is_good=False).mean_100 == 100


def test_ces_never_guesses_the_direction():
    with pytest.raises(TypeError):
        measures.ces([1], scale=5)  # type: ignore[call-arg]
    with pytest.raises(InputError, match="declared"):
        measures.ces([1], scale=5, high_is_good=None)  # type: ignore[arg-type]


def test_pmf_counts_qualified_users():
    values = [
        "Very disappointed", "very disappointed", "Somewhat disappointed",
        "Not disappointed (it isn't really that useful)", "N/A - I no longer use it", "",
        "非常失望", "有点失望", "一点也不失望", "没用过", "whatever",
    ]  # fmt: skip
    found = measures.pmf(values)
    assert dict(found.counts) == {"very": 3, "somewhat": 2, "not": 2}
    assert (found.value, found.missing, found.rejected) == (pytest.approx(300 / 7), 3, 1)
    assert codes(found) == {"rejected", "direction_only"}


def test_pmf_codes_and_floor():
    found = measures.pmf(
        [1, "1", 2, 3] * 10, codes={1: "very", "1": "very", 2: "somewhat", 3: "not"}
    )
    assert (found.value, codes(found)) == (50, set())
    assert measures.pmf([True, False]).value == 50
    assert measures.pmf([1, 2]).rejected == 2


def test_rating_mean_and_distribution():
    found = measures.rating([1, 2.5, 4, "4", None, 12], scale=(0, 10))
    assert found.value == pytest.approx(2.875)
    assert found.standard_error == pytest.approx(np.std([1, 2.5, 4, 4], ddof=1) / 2)
    assert found.shares == pytest.approx({"1": 25, "2.5": 25, "4": 50})
    assert (found.n, found.missing, found.rejected) == (4, 1, 1)
    classes = measures.rating(np.linspace(0, 10, 101), scale=(0, 10))
    assert len(classes.shares) == 10
    assert sum(classes.shares.values()) == pytest.approx(100)


def test_one_rating_has_no_interval():
    found = measures.rating([3], scale=5)
    assert (found.value, found.low, found.high) == (3, None, None)


def test_net_sentiment_bases():
    # 30 positive, 10 neutral, 20 negative: 100 * 10/60; of 200 reviews 100 * 10/200.
    mentions = measures.net_sentiment(30, 10, 20)
    reviews = measures.net_sentiment(30, 10, 20, reviews=200)
    assert (mentions.value, mentions.n) == (pytest.approx(100 / 6), 60)
    assert (reviews.value, reviews.n) == (5, 200)
    assert measures.performance(30, 10, 20).value == pytest.approx(50 + 100 / 12)
    assert sum(reviews.shares.values()) == pytest.approx(100)


def test_net_sentiment_refuses_impossible_counts():
    with pytest.raises(InputError, match="negative"):
        measures.net_sentiment(-1, 0, 0)
    with pytest.raises(InputError, match="reviews"):
        measures.net_sentiment(5, 5, 5, reviews=10)


@settings(deadline=None)
@given(st.tuples(*[st.integers(0, 10_000)] * 3))
def test_net_sentiment_keeps_its_bounds(counts):
    found = measures.net_sentiment(*counts)
    if found.value is not None:
        assert -100 <= found.low <= found.value <= found.high <= 100
        mirrored = measures.net_sentiment(counts[2], counts[1], counts[0])
        assert mirrored.value == pytest.approx(-found.value)
        assert (mirrored.low, mirrored.high) == pytest.approx((-found.high, -found.low))


@settings(deadline=None)
@given(st.lists(st.one_of(st.integers(-2, 13), st.none(), st.sampled_from(["", "7", "x"]))))
def test_no_answer_is_lost(values):
    found = measures.nps(values)
    assert found.n + found.missing + found.rejected == len(values)
    assert math.fsum(found.counts.values()) == found.n


def test_interval_of_the_nps_covers():
    rng = np.random.default_rng(20240501)
    truth, hits, runs = 100 * (0.5 - 0.2), 0, 1000
    for _ in range(runs):
        plus, passive, minus = rng.multinomial(60, [0.5, 0.3, 0.2])
        found = measures.net_sentiment(int(plus), int(passive), int(minus))
        hits += found.low <= truth <= found.high
    assert 0.93 <= hits / runs <= 0.98


def test_index_is_the_weighted_sum():
    parts = {"a": measures.performance(30, 0, 10), "b": measures.performance(10, 0, 30)}
    found = measures.satisfaction_index(parts, {"a": 3, "b": 1})
    assert found.value == pytest.approx(0.75 * 75 + 0.25 * 25)
    error = math.hypot(0.75 * parts["a"].standard_error, 0.25 * parts["b"].standard_error)
    assert found.standard_error == pytest.approx(error)
    assert found.shares == pytest.approx({"a": 75, "b": 25})
    empty = measures.satisfaction_index({**parts, "c": measures.performance(0, 0, 0)}, {"c": 1})
    assert empty.value is None


@pytest.mark.parametrize("weights", [{"x": 1}, {"a": -1}, {"a": 0}, {}])
def test_index_weights_are_checked(weights):
    with pytest.raises(InputError):
        measures.satisfaction_index({"a": measures.performance(1, 0, 0)}, weights)


def test_default_praise_is_found_and_left_out():
    found = measures.default_praise(
        [5, 5, "5", 1, None, 4], [False, True, False, False, True, True]
    )
    assert found.keep.tolist() == [False, True, False, True, True, True]
    assert found.share.value == pytest.approx(40)
    assert found.share.n == 5
    with pytest.raises(InputError, match="same rows"):
        measures.default_praise([5], [True, False])


def test_half_stars_count_as_what_they_are():
    found = measures.stars([4.5, 3.5, 5, 2, 3.9, 4, 5.5])
    assert found.n == 6
    assert found.rejected == 1
    assert found.value == pytest.approx(50.0)
    assert found.counts["4.5"] == 1
    assert sum(found.counts.values()) == 6
    # An answer to a survey is a whole number.
    assert measures.csat([4.5, 4, 5], scale=5).n == 2
