"""The exports beside the checkout, without an option: every role right, every row once."""

from typing import Any

import pytest

from sentiment.tables import SourceRow, open_table
from tests.shared import shared

SUB_RATINGS = ["Seat Comfort", "Cabin Staff Service", "Food & Beverages", "Inflight Entertainment",
               "Ground Service", "Wifi & Connectivity", "Value For Money"]  # fmt: skip

EXPORTS: list[tuple[str, int, dict[str, Any]]] = [
    (
        "airline_reviews_en.csv", 3429,
        {"text": ["Review"], "id": "Review ID", "date": "Date",
         "outcome": ("Overall (1-10)", "rating", 1, 10), "others": SUB_RATINGS,
         "segments": ["airline", "country", "traveller", "cabin", "aircraft"]},
    ),
    (
        "app_reviews_mixed.jsonl", 5000,
        {"text": ["body"], "id": "review_id", "date": None, "outcome": ("rating", "stars", 1, 5),
         "others": [], "segments": ["locale"]},
    ),
    (
        "delivery_apps_en.tsv", 6052,
        {"text": ["content"], "id": "id", "date": "at", "outcome": ("score", "stars", 1, 5),
         "others": [], "segments": ["app", "channel"]},
    ),
    (
        "hotels_en.parquet", 18198,
        {"text": ["review_text"], "id": None, "date": "date", "outcome": ("rating", "stars", 1, 5),
         "others": [], "segments": ["hotel", "city"]},
    ),
    (
        "商品评价_gbk.csv", 7149,
        {"text": ["评价内容"], "id": "订单编号", "date": None, "outcome": ("评分", "stars", 1, 5),
         "others": [], "segments": ["商品"]},
    ),
    (
        "市民满意度开放题.csv", 4000,
        {"text": ["开放题回答"], "id": "样本编号", "date": None, "outcome": None, "others": [],
         "segments": ["主题"]},
    ),
    (
        "手机评论.xlsx", 3000,
        {"text": ["用户评论"], "id": "序号", "date": None, "outcome": ("星级", "stars", 1, 5),
         "others": [], "segments": []},
    ),
]  # fmt: skip


@pytest.mark.shared
@pytest.mark.parametrize(("name", "count", "roles"), EXPORTS)
def test_an_export(name: str, count: int, roles: dict[str, Any]) -> None:
    table = open_table(shared("exports", name))
    found = table.roles
    outcome = found.outcome
    assert {
        "text": list(found.text),
        "id": found.id,
        "date": found.date,
        "outcome": None
        if outcome is None
        else (outcome.column, outcome.kind, outcome.minimum, outcome.maximum),
        "others": [other.column for other in found.other_outcomes],
        "segments": list(found.segments),
    } == roles
    rows = list(table.rows())
    assert len(rows) == count
    assert [row.row for row in rows] == list(range(1, count + 1))
    assert all(isinstance(row, SourceRow) and row.damage is None for row in rows)
