from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from sentiment.job.options import Summary
from sentiment.job.tally import Tally, count
from sentiment.records import STATUSES, Analysis, Feedback, Opinion, Status
from tests.job.fake import FakeAnalyzer

BASE = FakeAnalyzer().analyze_batch([Feedback("a good one")])[0]
rows_of_answers = st.lists(st.lists(st.sampled_from(STATUSES), min_size=1, max_size=3), max_size=20)


def analyses(rows: list[list[Status]]) -> list[Analysis]:
    return [
        replace(BASE, row=row, status=status, sentiment=None if status == "empty" else "positive")
        for row, answers in enumerate(rows, start=1)
        for status in answers
    ]


@given(rows_of_answers, st.integers(0, 5))
def test_rows_in_are_the_sum_of_their_statuses(rows: list[list[Status]], rejected: int) -> None:
    tally = count(analyses(rows), rejected)
    assert sum(tally.rows.values()) == len(rows) + rejected
    assert sum(tally.answers.values()) == sum(map(len, rows))


@given(rows_of_answers, st.integers(0, 20))
def test_parts_add_up_to_the_whole(rows: list[list[Status]], at: int) -> None:
    everything = analyses(rows)
    border = sum(map(len, rows[:at]))
    total = Tally()
    total.add(count(everything[:border]))
    total.add(count(everything[border:]))
    assert total == count(everything)
    assert Tally.from_dict(total.to_dict()) == total


def test_a_row_counts_once_and_as_damaged_when_one_of_its_answers_is() -> None:
    assert count(analyses([["empty", "ok"], ["empty", "empty"], ["ok", "damaged"]])).rows == {
        "ok": 1,
        "empty": 1,
        "damaged": 1,
    }


def test_drivers_are_counted_by_polarity() -> None:
    opinion = Opinion("price", "price.level", "negative", 0.9, "dear", 0, 4)
    tally = count([replace(BASE, opinions=(opinion,), topics={"price": "negative"})])
    assert tally.drivers == {"price.level:negative": 1}
    assert tally.topics == {"price:negative": 1}


def test_a_text_with_two_opinions_on_a_driver_counts_once_in_its_topic_and_twice_there() -> None:
    opinions = (
        Opinion("price", "price.level", "negative", 0.9, "dear", 0, 4),
        Opinion("price", "price.level", "positive", 0.8, "fair", 5, 9),
    )
    tally = count([replace(BASE, opinions=opinions, topics={"price": "mixed"})])
    assert tally.drivers == {"price.level:negative": 1, "price.level:positive": 1}
    assert tally.topics == {"price:mixed": 1}


def test_a_summary_comes_back_as_it_was_written() -> None:
    summary = Summary(
        input={"path": "a.csv"},
        output={"path": "b.csv"},
        roles={"text": ["text"]},
        model="fake@1",
        taxonomy={"version": "1"},
        accuracy={"price": {"zh": 0.7}},
        options={},
        tally=count(analyses([["ok"], ["empty"]]), rejected=1),
        rejects="b.csv.rejects.jsonl",
        seconds=2.0,
        reused=1,
        key={"input": {}},
    )
    data = summary.to_dict()
    assert data["rows"] == {
        "in": 3, "ok": 1, "empty": 1, "damaged": 0, "unsupported": 0, "rejected": 1,
    }  # fmt: skip
    assert data["rows_per_second"] == 1.0
    assert Summary.from_dict(data) == replace(summary, finished_before=True)
