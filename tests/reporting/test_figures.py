"""Which answers count: of a customer asked several times in a month the last, of the same question."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from sentiment.drivers.answers import last_answers
from sentiment.reporting.blocks.figures import figures_rows
from sentiment.reporting.changes import _points
from sentiment.reporting.repeats import counted
from sentiment.tables.scales import Outcome


@pytest.mark.parametrize("seed", range(20))
def test_the_last_answers_are_kept(seed: int) -> None:
    random = np.random.default_rng(seed)
    n = 60
    customer, first = random.integers(0, 12, n), random.random(n) < 0.9
    days = np.datetime64("2025-01-01") + random.integers(0, 90, n)
    days = np.where(random.random(n) < 0.15, np.datetime64("NaT", "D"), days)
    values = np.where(random.random(n) < 0.2, np.nan, random.integers(0, 11, n) + 0.0)
    values[~first] = np.nan
    table: Any = SimpleNamespace(first=first, customer=customer, dates=days, repeated_customers=1)
    scale: Any = SimpleNamespace(kind="nps")
    rows = np.flatnonzero(first)
    wanted = last_answers(
        values[rows].tolist(),
        customer[rows].tolist(),
        times=[None if np.isnat(day) else int(day.astype(int)) for day in days[rows]],
        periods=days[rows].astype("datetime64[M]").astype(np.int64).tolist(),
    )
    kept, expected = values[counted(table, scale, values)], values[rows[wanted.index]]
    assert sorted(kept[~np.isnan(kept)]) == sorted(expected[~np.isnan(expected)])


def outcome(column: str, kind: str = "csat", maximum: int = 5) -> Outcome:
    return Outcome(column, kind, 0 if kind == "nps" else 1, maximum, True)  # type: ignore[arg-type]


def table(*answers: tuple[Outcome, list[float]], customers: list[int] | None = None) -> Any:
    n = len(answers[0][1])
    values = [(scale, np.array(given)) for scale, given in answers]
    return SimpleNamespace(
        n=n,
        first=np.ones(n, bool),
        customer=np.array(customers or range(n)),
        repeated_customers=0 if customers is None else n - len(set(customers)),
        dates=np.full(n, np.datetime64("2025-03-05")) + np.arange(n),
        measure=values[0][0],
        outcome=values[0][1],
        others=values[1:],
        used=np.ones(n, bool),
        sentiment=np.zeros(n, np.int8),
    )


def previous(now: Any, earlier: Any) -> dict[object, object]:
    study: Any = SimpleNamespace(
        table=now, previous=earlier, link=SimpleNamespace(shown=False), n=now.n
    )
    return {row["column"]: row.get("previous") for row in figures_rows(study)}


def test_a_column_is_compared_with_the_one_of_its_name() -> None:
    staff, shop = outcome("staff"), outcome("shop")
    now = table((staff, [5.0] * 40), (shop, [5.0] * 40))
    earlier = table((shop, [1.0] * 40), (staff, [5.0] * 40))
    found = previous(now, earlier)
    assert (found["staff"], found["shop"]) == (5, 1)  # the means, which come last


def test_a_column_of_another_name_is_the_same_question_only_where_no_other_can_be_meant() -> None:
    old, new, other = outcome("CSAT 2024"), outcome("CSAT 2025"), outcome("shop")
    assert previous(table((new, [5.0] * 40)), table((old, [1.0] * 40)))["CSAT 2025"] == 1
    now = table((new, [5.0] * 40), (other, [5.0] * 40))
    assert previous(now, table((other, [1.0] * 40)))["CSAT 2025"] is None
    two = table((old, [1.0] * 40), (outcome("CSAT 2023"), [1.0] * 40))
    assert previous(table((new, [5.0] * 40)), two)["CSAT 2025"] is None


def test_the_last_answers_are_those_of_every_comparison() -> None:
    nps = outcome("nps", "nps", 10)
    given = [0.0, 0.0, 10.0] * 40
    repeated = table((nps, given), customers=[at // 3 for at in range(120)])
    repeated.dates = np.full(120, np.datetime64("2025-03-05"))
    points = _points(repeated)
    assert np.nanmean(points) == 100
    assert np.isfinite(points).sum() == 40
    assert previous(table((nps, given)), repeated)["nps"] == 100


def test_three_grades_are_told_by_the_share_of_the_best() -> None:
    grades = Outcome("评价等级", "rating", 1, 3, True)
    now = table((grades, [3.0] * 60 + [2.0] * 10 + [1.0] * 30))
    study: Any = SimpleNamespace(
        table=now, previous=table((grades, [3.0] * 30 + [1.0] * 70)),
        link=SimpleNamespace(shown=False), n=now.n,
    )  # fmt: skip
    share, mean = figures_rows(study)[:2]
    assert (share["code"], share["value"], share["previous"]) == ("grades", 60, 30)
    assert share["change"] == pytest.approx(30)
    assert share["verdict_code"] == "rise"
    assert "好评 60.0% · 中评 10.0% · 差评 30.0%" in getattr(share["parts"], "zh", "")
    assert (mean["code"], mean["value"]) == ("mean", pytest.approx(2.3))


def test_halves_between_three_grades_are_a_mean_and_none_is_left_out() -> None:
    scale = Outcome("评分", "rating", 1, 3, True)
    now = table((scale, [3.0] * 50 + [2.5] * 30 + [1.0] * 20))
    study: Any = SimpleNamespace(
        table=now, previous=None, link=SimpleNamespace(shown=False), n=now.n
    )
    rows = figures_rows(study)
    assert [row["code"] for row in rows] == ["rating", "text"]
    assert (rows[0]["n"], rows[0]["value"]) == (100, pytest.approx(2.45))
