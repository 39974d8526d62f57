import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from sentiment.drivers import measures, segments
from sentiment.drivers.intervals import net_difference
from sentiment.errors import InputError


def cell_of(found, segment, measure="m"):
    (cell,) = [c for c in found.cells if (c.segment, c.measure) == (segment, measure)]
    return cell


def test_a_segment_is_compared_with_everybody_else():
    values = np.array([1] * 60 + [0] * 20 + [-1] * 20 + [1] * 40 + [0] * 30 + [-1] * 30, float)
    labels = ["north"] * 100 + ["south"] * 100
    found = segments.compare({"m": values}, labels)
    north = cell_of(found, "north")
    assert (north.value, north.n, north.standing) == (40, 100, "shown")
    net = measures.net_sentiment(60, 20, 20)
    assert (north.low, north.high) == pytest.approx((net.low, net.high))
    expected = net_difference(60, 20, 100, 40, 30, 100)
    assert north.difference == pytest.approx(30)
    assert north.p == pytest.approx(expected.p)
    assert cell_of(found, "south").difference == pytest.approx(-30)


def test_overlapping_segments_take_the_complement_and_not_the_total():
    rng = np.random.default_rng(1)
    values = (rng.random(500) < 0.4).astype(float)
    vip = rng.random(500) < 0.3
    found = segments.compare({"m": values}, {"all": np.ones(500, bool), "vip": vip}, kind="share")
    expected = 100 * (values[vip].mean() - values[~vip].mean())
    assert cell_of(found, "vip").difference == pytest.approx(expected)
    # Nobody is outside "all", so there is nothing to compare it with.
    assert cell_of(found, "all").difference is None
    assert found.tests == 1


def test_floors():
    sizes = {"crowd": 200, "group": 50, "few": 20, "pair": 5}
    labels = np.repeat(list(sizes), list(sizes.values()))
    found = segments.compare({"m": np.ones(len(labels))}, labels)
    states = {cell.segment: (cell.standing, cell.value is None) for cell in found.cells}
    assert states == {
        "crowd": ("shown", False),
        "group": ("uncertain", False),
        "few": ("withheld", True),
        "pair": ("suppressed", True),
    }
    assert [caution.code for caution in found.warnings] == ["single_suppressed"]


def test_a_segment_of_few_persons_is_suppressed_however_much_they_write():
    labels = ["loud"] * 300 + ["rest"] * 300
    customers = [f"c{i % 9}" for i in range(300)] + [f"d{i}" for i in range(300)]
    found = segments.compare({"m": np.ones(600)}, labels, customers=customers)
    loud = cell_of(found, "loud")
    assert (loud.standing, loud.persons, loud.value) == ("suppressed", 9, None)


def test_all_cells_are_one_family():
    rng = np.random.default_rng(7)
    labels = rng.choice(list("abcd"), 2000)
    columns = {
        f"m{k}": np.where(rng.random(2000) < 0.5 + 0.1 * (labels == "a") * (k == 0), 1.0, -1.0)
        for k in range(6)
    }
    found = segments.compare(columns, labels)
    p_values = [cell.p for cell in found.cells]
    assert found.tests == len(p_values) == 24
    q_values = multipletests(p_values, method="fdr_bh")[1]
    np.testing.assert_allclose([cell.q for cell in found.cells], q_values)
    for cell, q in zip(found.cells, q_values, strict=True):
        assert cell.highlighted == (q <= 0.10 and abs(cell.difference) >= 5)
    assert cell_of(found, "a", "m0").highlighted


def test_a_certain_but_small_difference_is_not_highlighted():
    values = np.concatenate([np.arange(100_000) % 100 < 51, np.arange(100_000) % 100 < 49])
    labels = np.repeat(["a", "b"], 100_000)
    cell = cell_of(segments.compare({"m": values}, labels, kind="share"), "a")
    assert cell.q < 1e-6
    assert not cell.highlighted


def test_under_the_null_highlights_are_rare():
    rng = np.random.default_rng(3)
    false = 0
    for _ in range(100):
        labels = rng.integers(0, 4, 800)
        columns = {f"m{k}": rng.choice([-1.0, 0, 1], 800) for k in range(5)}
        found = segments.compare(columns, labels, minimum=0)
        false += any(cell.highlighted for cell in found.cells)
    assert false <= 20


def test_rows_without_a_value_or_label_are_in_no_group():
    values = np.array([1.0] * 40 + [np.nan] * 40 + [-1.0] * 40)
    labels = ["a"] * 60 + ["b"] * 40 + [None] * 20
    found = segments.compare({"m": values}, labels)
    assert (cell_of(found, "a").n, cell_of(found, "b").n) == (40, 20)


def test_means_keep_their_unit():
    rng = np.random.default_rng(2)
    values = rng.integers(1, 6, 200).astype(float)
    cell = cell_of(segments.compare({"m": values}, np.repeat(["a", "b"], 100), kind="mean"), "a")
    assert cell.value == pytest.approx(values[:100].mean())
    assert cell.difference == pytest.approx(values[:100].mean() - values[100:].mean())


def test_columns_must_fit():
    with pytest.raises(InputError, match="rows"):
        segments.compare({"m": [1, 2]}, ["a"])
    with pytest.raises(InputError, match="Segments"):
        segments.compare({"m": [1, 2]}, {"a": [True], "b": [True, False]})


def test_measures_of_several_kinds_are_one_family():
    rng = np.random.default_rng(3)
    labels = np.repeat(["a", "b", "c"], 200)
    columns = {
        "score": rng.normal(60, 20, 600) + 6 * (labels == "a"),
        "tone": rng.choice([-1.0, 0.0, 1.0], 600),
        "late": (rng.random(600) < 0.2 + 0.15 * (labels == "b")).astype(float),
    }
    kinds = {"score": "mean", "tone": "net", "late": "share"}
    found = segments.compare(columns, labels, kind=kinds)
    assert found.tests == 9
    wanted = multipletests([cell.p for cell in found.cells], method="fdr_bh")[1]
    assert [cell.q for cell in found.cells] == pytest.approx(wanted)
    alone = segments.compare({"tone": columns["tone"]}, labels, kind="net")
    assert [cell.value for cell in alone.cells] == [
        cell.value for cell in found.cells if cell.measure == "tone"
    ]


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"shop": "channel", "app": "channel", "web": "channel", "north": "region"}, True),
        ({"north": "region"}, False),
        (None, False),
    ],
)
def test_one_suppressed_value_of_a_column_is_told(columns, told):
    channel = np.repeat(["shop", "app", "web"], [200, 200, 5])
    masks = {name: channel == name for name in ("shop", "app", "web")}
    masks["north"] = np.arange(405) % 2 == 0
    found = segments.compare({"m": np.ones(405)}, masks, columns=columns)
    assert [caution.code for caution in found.warnings] == ["single_suppressed"] * told


def test_rows_of_which_nothing_is_known_are_in_no_complement():
    labels = np.repeat(["a", "b", ""], 200)
    values = np.repeat([1, 1, -1], 200)  # whoever has no label is angry
    masks = {name: labels == name for name in ("a", "b")}
    known = dict.fromkeys(masks, labels != "")
    found = segments.compare({"m": values}, masks, known=known)
    assert [cell.difference for cell in found.cells] == [0, 0]
    assert segments.compare({"m": values}, masks).cells[0].difference == 100
