from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sentiment.analyzer import Analyzer
from sentiment.errors import ColumnError, InputError

ADDED = (
    *("sentiment", "sentiment_score", "confidence", "quality", "price", "service", "delivery"),
    *("drivers", "evidence", "tags", "opinions", "language", "status"),
)
TEXTS = [
    "物流很快，但是质量太差，用了两天就坏了",
    "The battery is great but it arrived late.",
    "无",
]


def test_the_columns_of_a_scored_file_are_added(analyzer: Analyzer) -> None:
    frame = pd.DataFrame({"评论内容": TEXTS, "星级": [2, 4, 5]})
    scored = analyzer.frame(frame, text="评论内容")
    assert list(scored.columns) == ["评论内容", "星级", *ADDED]
    assert list(frame.columns) == ["评论内容", "星级"]
    analyses = analyzer.analyze_batch(TEXTS)
    for row, analysis in zip(scored.to_dict("records"), analyses, strict=True):
        assert row["sentiment"] == analysis.sentiment
        assert row["quality"] == analysis.topics["quality"]
        assert row["opinions"] == [opinion.to_dict() for opinion in analysis.opinions]
        assert row["evidence"] == [opinion.evidence for opinion in analysis.opinions]
        assert row["tags"] == [tag.to_dict() for tag in analysis.tags]
        assert row["drivers"].count(":") == len(analysis.opinions)
        assert row["status"] == analysis.status
        if analysis.score is not None:
            assert row["sentiment_score"] == analysis.score
            assert row["confidence"] == analysis.confidence
    assert scored["sentiment_score"].dtype == scored["confidence"].dtype == np.float64
    assert np.isnan(scored["sentiment_score"].iloc[2])
    assert scored["sentiment"].iloc[2] is None


INDICES: list[Any] = [
    [7, 3, 9],
    ["b", "a", "c"],
    [1, 1, 1],
    pd.date_range("2026-01-01", periods=3),
    pd.MultiIndex.from_tuples([("a", 1), ("a", 1), ("b", 2)], names=["x", None]),
    pd.CategoricalIndex(["u", "v", "u"]),
    pd.Index([None, 2.5, np.nan]),
]


@pytest.mark.parametrize("index", INDICES, ids=lambda index: type(index).__name__)
def test_any_index_is_kept(analyzer: Analyzer, index: Any) -> None:
    frame = pd.DataFrame({"text": TEXTS}, index=index)
    scored = analyzer.frame(frame, text="text")
    pd.testing.assert_index_equal(scored.index, frame.index)
    plain = analyzer.frame(frame.reset_index(drop=True), text="text")
    pd.testing.assert_frame_equal(scored.reset_index(drop=True), plain)


def test_what_was_there_is_left_as_it_was(analyzer: Analyzer) -> None:
    frame = pd.DataFrame(
        {
            "text": pd.array(TEXTS, dtype="string"),
            "when": pd.DatetimeIndex(["2026-01-01", "NaT", "2026-03-01"]),
            "code": ["007", "1e5", None],
            "count": pd.array([1, None, 3], dtype="Int64"),
            "kind": pd.Categorical(["a", "b", "a"]),
        }
    )
    before = frame.copy(deep=True)
    scored = analyzer.frame(frame, text="text")
    pd.testing.assert_frame_equal(frame, before)
    pd.testing.assert_frame_equal(scored[list(frame.columns)], before)
    scored.loc[0, "code"] = "changed"
    pd.testing.assert_frame_equal(frame, before)


def test_taken_names_get_a_prefix(analyzer: Analyzer) -> None:
    frame = pd.DataFrame({"text": TEXTS, "sentiment": [1, 2, 3], "status": ["x", "y", "z"]})
    scored = analyzer.frame(frame, text="text")
    assert scored["sentiment"].tolist() == [1, 2, 3]
    assert scored["feedback_sentiment"].tolist()[2] is None
    assert scored["feedback_status"].tolist() == ["ok", "ok", "empty"]
    again = analyzer.frame(scored, text="text")
    assert again["feedback_feedback_sentiment"].tolist() == scored["feedback_sentiment"].tolist()
    assert again.columns.is_unique


def test_the_text_column_is_found(analyzer: Analyzer) -> None:
    frame = pd.DataFrame({"订单号": ["A1", "A2", "A3"], "评论内容": TEXTS, "评分": [1, 5, 3]})
    expected = analyzer.frame(frame, text="评论内容")
    pd.testing.assert_frame_equal(analyzer.frame(frame), expected)


def test_names_that_are_no_strings(analyzer: Analyzer) -> None:
    frame = pd.DataFrame({0: [1, 2, 3], 1: TEXTS, ("a", 2): ["x", "y", "z"]})
    text: Any = 1
    for scored in (analyzer.frame(frame, text=text), analyzer.frame(frame)):
        assert list(scored.columns) == [0, 1, ("a", 2), *ADDED]
        assert scored["status"].tolist() == ["ok", "ok", "empty"]


@pytest.mark.parametrize("columns", [{"text": []}, {"text": [], "stars": []}])
def test_an_empty_frame_stays_empty(analyzer: Analyzer, columns: dict[str, list[str]]) -> None:
    scored = analyzer.frame(pd.DataFrame(columns), text="text")
    assert list(scored.columns) == [*columns, *ADDED]
    assert len(scored) == 0
    assert scored["sentiment_score"].dtype == np.float64


@pytest.mark.parametrize(
    "values",
    [
        [None, np.nan, "bad"],
        pd.array([None, pd.NA, "bad"], dtype="string"),
        pd.Categorical([None, "good", "bad"]),
        [1, 2.5, "bad"],
        [b"bad", "x", pd.NaT],
        [3, 4, 5],
        [None, "bad", "good"],
    ],
)
def test_cells_that_are_no_strings_are_answered(analyzer: Analyzer, values: Any) -> None:
    frame = pd.DataFrame({"text": values})
    scored = analyzer.frame(frame, text="text")
    expected = analyzer.analyze_batch(frame["text"].tolist())
    assert scored["status"].tolist() == [analysis.status for analysis in expected]


def test_wrong_calls_are_told(analyzer: Analyzer) -> None:
    frame = pd.DataFrame({"text": TEXTS})
    with pytest.raises(ColumnError, match="The frame has no column 'body'; it has text"):
        analyzer.frame(frame, text="body")
    with pytest.raises(ColumnError):
        analyzer.frame(pd.DataFrame({"a": [1, 2, 3], "b": [4, 5, 6]}))
    some: Any
    for some in (TEXTS, {"text": TEXTS}, frame["text"], None):
        with pytest.raises(InputError, match="takes a pandas DataFrame, not"):
            analyzer.frame(some, text="text")
    with pytest.raises(InputError, match="Text 2 is a list"):
        analyzer.frame(pd.DataFrame({"text": ["a", ["b"]]}), text="text")


def test_what_to_do_is_said_in_terms_of_python(analyzer: Analyzer) -> None:
    texts = ("we liked all of it very much", "they came too late for us", "it broke in a week")
    two = pd.DataFrame({"comment": texts, "feedback": [text[::-1] for text in texts]})
    for frame in (two, pd.DataFrame({"a": [1, 2, 3], "b": [4, 5, 6]})):
        with pytest.raises(ColumnError, match=r'Name one with text="COLUMN"$') as raised:
            analyzer.frame(frame)
        assert "--text" not in str(raised.value)
    several: Any
    for several in (["comment"], ("comment", "feedback"), {"comment"}, np.array(["comment"])):
        with pytest.raises(InputError, match=r"one text column, not several .* once for each"):
            analyzer.frame(two, text=several)


def test_two_columns_of_one_name_are_told(analyzer: Analyzer) -> None:
    frame = pd.DataFrame([["bad", "good"]], columns=["text", "text"])
    with pytest.raises(ColumnError, match="has two columns 'text'"):
        analyzer.frame(frame, text="text")


def test_other_columns_may_share_a_name(analyzer: Analyzer) -> None:
    frame = pd.DataFrame([["bad quality", 1, 2]], columns=["text", "n", "n"])
    scored = analyzer.frame(frame, text="text")
    assert list(scored.columns) == ["text", "n", "n", *ADDED]
    assert scored["status"].tolist() == ["ok"]


def test_a_frame_without_columns_is_told(analyzer: Analyzer) -> None:
    with pytest.raises(ColumnError, match="the frame has no columns"):
        analyzer.frame(pd.DataFrame())
    with pytest.raises(ColumnError, match="The frame has no column 'text'; it has none"):
        analyzer.frame(pd.DataFrame(), text="text")


def test_a_scored_frame_is_scored_again_by_its_text(analyzer: Analyzer, tmp_path: Path) -> None:
    for texts in (TEXTS, ["Great value.", "rude staff"], ["", "无"]):
        scored = analyzer.frame(pd.DataFrame({"text": texts}), text="text")
        scored.to_parquet(tmp_path / "saved.parquet")
        for again in (scored, pd.read_parquet(tmp_path / "saved.parquet")):
            found = analyzer.frame(again)
            assert found["feedback_sentiment"].tolist() == scored["sentiment"].tolist()


LISTS: list[Any] = [["a", "b"], [], ("a",), {"a"}, {"a": 1}, np.array([]), np.array(["a", "b"])]


@pytest.mark.parametrize("cell", LISTS, ids=repr)
def test_a_column_of_lists_is_no_text(analyzer: Analyzer, cell: Any) -> None:
    lists = pd.DataFrame({"comments": [cell, None, cell], "评论内容": TEXTS})
    assert analyzer.frame(lists)["status"].tolist() == ["ok", "ok", "empty"]
    with pytest.raises(ColumnError, match=r'“comments” hold lists .*Name one with text="COLUMN"$'):
        analyzer.frame(lists[["comments"]])


def test_what_scoring_added_is_no_text(analyzer: Analyzer) -> None:
    scored = analyzer.frame(pd.DataFrame({"text": TEXTS}), text="text")
    with pytest.raises(ColumnError, match=r'Name one with text="COLUMN"$'):
        analyzer.frame(scored.drop(columns="text"))


def test_missing_cells_are_no_text(analyzer: Analyzer) -> None:
    frame = pd.DataFrame({"n": [pd.NA, 1, 2], "when": [pd.NaT] * 3, "评论内容": TEXTS})
    assert analyzer.frame(frame)["status"].tolist() == ["ok", "ok", "empty"]


def test_the_text_is_found_beside_columns_of_one_name(analyzer: Analyzer) -> None:
    frame = pd.DataFrame([[one, 1, 2] for one in TEXTS], columns=["评论内容", "n", "n"])
    assert analyzer.frame(frame)["status"].tolist() == ["ok", "ok", "empty"]
    with pytest.raises(ColumnError, match="has two columns '评论内容'"):
        analyzer.frame(frame[["评论内容", "评论内容"]])
