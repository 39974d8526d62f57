"""The columns that a wide output adds."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sentiment.tables import Layout, scored_columns
from sentiment.tables.layout import decimal

TOPICS = ("quality", "price", "service", "delivery")


def test_the_order_of_the_contract() -> None:
    assert Layout(("订单号", "评价"), TOPICS).names == (
        "订单号", "评价", "sentiment", "sentiment_score", "confidence", "quality", "price",
        "service", "delivery", "drivers", "evidence", "tags", "opinions", "language", "status",
    )  # fmt: skip


def test_a_taken_name_gets_a_prefix() -> None:
    layout = Layout(("status", "quality", "feedback_quality"), TOPICS, questions=True)
    added = layout.names[3:]
    assert added[0] == "question"
    assert "feedback_status" in added
    assert "feedback_feedback_quality" in added
    found = scored_columns(layout.names)
    assert found is not None
    assert found["status"] == "feedback_status"
    assert found["quality"] == "feedback_feedback_quality"
    assert found["question"] == "question"


def test_other_files_are_not_scored_ones() -> None:
    assert scored_columns(("id", "sentiment", "confidence", "status", "language")) is None
    assert scored_columns(()) is None


names = st.lists(
    st.sampled_from(
        ["id", "评价", "status", "sentiment", "quality", "feedback_status", "feedback_quality",
         "question", "drivers", "feedback_drivers", "confidence", "opinions", "speed"]
    ),
    unique=True,
)  # fmt: skip


@settings(deadline=None)
@given(names, st.lists(st.sampled_from([*TOPICS, "speed"]), unique=True), st.booleans())
def test_our_columns_are_found_again(columns: list[str], topics: list[str], several: bool) -> None:
    # A source column "question" right before ours cannot be told from ours by name.
    assume(columns[-1:] != ["question"] or several)
    layout = Layout(tuple(columns), tuple(topics), several)
    assert len(set(layout.names)) == len(layout.names)
    found = scored_columns(layout.names)
    assert found is not None
    assert list(found) == list(layout.added)
    assert tuple(found.values()) == layout.names[len(columns) :]


def test_a_run_scored_again() -> None:
    once = Layout(("id",), TOPICS).names
    twice = Layout(once, TOPICS).names
    found = scored_columns(twice)
    assert found is not None
    assert found["sentiment"] == "feedback_sentiment"
    assert len(twice) == 27


def test_columns_added_behind_ours_do_not_matter() -> None:
    found = scored_columns((*Layout(("id",), TOPICS).names, "checked by", "status 2"))
    assert found is not None
    assert found["status"] == "status"


@pytest.mark.parametrize(
    ("value", "text"), [(None, None), (0.5, "0.5000"), (-0.00001, "0.0000"), (-1, "-1.0000")]
)
def test_four_decimals(value: float | None, text: str | None) -> None:
    assert decimal(value) == text
