import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from sentiment.drivers import prevalence
from sentiment.errors import InputError


def codes(result):
    return {caution.code for caution in result.warnings}


@settings(deadline=None)
@given(st.floats(0, 1), st.floats(0.5, 1), st.floats(0, 0.29))
def test_adjusted_count_inverts_the_classifier(share, tpr, fpr):
    observed = tpr * share + fpr * (1 - share)
    found = prevalence.adjusted_count(min(1, observed), tpr, fpr)
    assert found.value == pytest.approx(share, abs=1e-9)


def test_adjusted_count_by_hand():
    # (0.30 - 0.10) / (0.85 - 0.10) = 0.26667
    found = prevalence.adjusted_count(0.30, 0.85, 0.10)
    assert found.value == pytest.approx(0.2 / 0.75)
    assert (found.low, found.high, found.observed) == (None, None, 0.30)


@pytest.mark.parametrize(("observed", "value"), [(0.05, 0.0), (0.95, 1.0)])
def test_clipping_is_said_and_keeps_a_width(observed, value):
    found = prevalence.adjusted_count(observed, 0.85, 0.10, n=2000)
    assert found.value == value
    assert "clipped" in codes(found)
    assert found.low <= found.value <= found.high
    assert found.low < found.high


def test_a_classifier_that_says_nothing_is_refused():
    with pytest.raises(InputError, match=r"below 0\.2"):
        prevalence.adjusted_count(0.3, 0.5, 0.35)
    assert prevalence.adjusted_count(0.3, 0.5, 0.25).value == pytest.approx(0.2)
    for rates in ((1.2, 0.8, 0.1), (0.3, 0.8, -0.1), (float("nan"), 0.8, 0.1)):
        with pytest.raises(InputError, match="share"):
            prevalence.adjusted_count(*rates)


def counted(rng, share, n, tpr=0.85, fpr=0.10):
    truth = rng.random(n) < share
    return truth, np.where(truth, rng.random(n) < tpr, rng.random(n) < fpr)


def test_correction_covers_where_counting_does_not():
    rng = np.random.default_rng(12)
    hits = {"count": 0, "acc": 0, "ppi": 0}
    for _ in range(300):
        _, labels = counted(rng, 0.1, 2000)
        truth, seen = counted(rng, 0.1, 300)
        plain = prevalence.wilson(int(labels.sum()), 2000)
        hits["count"] += plain.low <= 0.1 <= plain.high
        positive, negative = int(truth.sum()), int((~truth).sum())
        acc = prevalence.adjusted_count(
            labels.mean(), seen[truth].mean(), seen[~truth].mean(),
            n=2000, positives=positive, negatives=negative,
        )  # fmt: skip
        hits["acc"] += acc.low <= 0.1 <= acc.high
        ppi = prevalence.ppi_mean(truth, seen, labels)
        hits["ppi"] += ppi.low <= 0.1 <= ppi.high
    assert hits["count"] == 0
    assert 0.91 <= hits["acc"] / 300 <= 1
    assert 0.91 <= hits["ppi"] / 300 <= 0.98


def test_several_classes_invert_the_confusion():
    matrix = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.05, 0.15, 0.8]])
    truth = np.array([0.5, 0.3, 0.2])
    found = prevalence.adjusted_counts(matrix.T @ truth, matrix, n=1000)
    np.testing.assert_allclose(found.values, truth, atol=1e-12)
    assert (found.low < truth).all()
    assert (truth < found.high).all()
    labelled = prevalence.adjusted_counts(matrix.T @ truth, matrix * 200, n=1000)
    np.testing.assert_allclose(labelled.values, truth, atol=1e-12)
    assert (labelled.high - labelled.low > found.high - found.low).all()


def test_two_classes_equal_the_binary_formula():
    found = prevalence.adjusted_counts([0.3, 0.7], [[0.85, 0.15], [0.1, 0.9]], n=500)
    binary = prevalence.adjusted_count(0.3, 0.85, 0.1, n=500)
    assert (found.values[0], found.low[0], found.high[0]) == pytest.approx(
        (binary.value, binary.low, binary.high)
    )


@settings(deadline=None)
@given(st.lists(st.floats(0.01, 1), min_size=3, max_size=3))
def test_outside_the_simplex_the_nearest_mix_is_taken(weights):
    matrix = np.array([[0.7, 0.2, 0.1], [0.1, 0.7, 0.2], [0.15, 0.15, 0.7]])
    q = np.array(weights) / sum(weights)
    found = prevalence.adjusted_counts(q, matrix)
    assert found.values.sum() == pytest.approx(1)
    assert (found.values >= 0).all()
    solved = optimize.minimize(
        lambda share: ((matrix.T @ share - q) ** 2).sum(),
        np.full(3, 1 / 3),
        bounds=[(0, 1)] * 3,
        constraints={"type": "eq", "fun": lambda share: share.sum() - 1},
        method="SLSQP",
        options={"ftol": 1e-14},
    )
    misfit = ((matrix.T @ found.values - q) ** 2).sum()
    assert misfit <= solved.fun + 1e-9
    assert ("projected" in codes(found)) == bool((found.raw < -1e-12).any())


@pytest.mark.parametrize(
    ("q", "matrix", "word"),
    [
        ([0.5, 0.5], [[1, 0]], "matrix"),
        ([0.5, 0.6], [[1, 0], [0, 1]], "sum to 1"),
        ([0.5, 0.5], [[0.5, 0.5], [0.45, 0.55]], "too little"),
        ([0.5, 0.5], [[1, 0], [0, 0]], "empty row"),
    ],
)
def test_confusions_that_do_not_serve(q, matrix, word):
    with pytest.raises(InputError, match=word):
        prevalence.adjusted_counts(q, matrix)


def test_ppi_by_hand():
    y, f, rest = np.array([1, 0, 1, 0.0]), np.array([1, 0, 0, 0.0]), np.array([1, 0, 0, 1, 0.0])
    found = prevalence.ppi_mean(y, f, rest, tuning=1)
    assert found.value == pytest.approx(0.4 + 0.25)
    # variances 0.3/5 and 0.25/4
    assert found.high - found.value == pytest.approx(
        1.959964 * np.sqrt(0.06 + 0.0625), abs=1e-6
    ) or (found.high == 1)
    alone = prevalence.ppi_mean(y, f, rest, tuning=0)
    assert alone.value == pytest.approx(y.mean())
    tuned = prevalence.ppi_mean(y, f, rest)
    together = np.cov(y, f)[0, 1]
    spread = np.concatenate([f, rest]).var(ddof=1)
    assert tuned.tuning == pytest.approx(together / (1.8 * spread))
    assert "few_labels" in codes(tuned)


def test_tuning_never_does_worse_than_labels_alone():
    rng = np.random.default_rng(5)
    errors = {None: [], 0: [], 1: []}
    for _ in range(400):
        _, labels = counted(rng, 0.05, 2000)
        truth, seen = counted(rng, 0.05, 200)
        for tuning, found in errors.items():
            found.append(prevalence.ppi_mean(truth, seen, labels, tuning=tuning).raw - 0.05)
    tuned, alone, plain = (np.sqrt(np.mean(np.square(errors[key]))) for key in (None, 0, 1))
    assert tuned <= alone * 1.02
    assert alone < plain


def test_ppi_of_net_values_is_not_cut_to_a_share():
    found = prevalence.ppi_mean([-1, -1, 0, -1], [-1, -1, 0, -1], [-1, -1, -1])
    assert found.value < 0


def test_ppi_needs_labels():
    for columns in (([1], [1], [1, 0]), ([1, 0], [1], [1, 0]), ([1, 0], [1, float("nan")], [1, 0])):
        with pytest.raises(InputError, match="label"):
            prevalence.ppi_mean(*columns)
