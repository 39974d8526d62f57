"""Reports of a data frame that `Analyzer.frame` scored, as it is and saved by pandas."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas
import pytest

from sentiment.cli import main
from sentiment.errors import InputError
from sentiment.records import Analysis
from sentiment.reporting.build import Report, report
from sentiment.tables import is_scored, read_scored
from tests.reporting.rows import analyses
from tests.reporting.test_formats import write


def as_frame(rows: list[Analysis]) -> pandas.DataFrame:
    """Return rows as `Analyzer.frame` does: the lists are lists."""
    columns: list[dict[str, Any]] = [
        {
            **row.columns,
            "sentiment": row.sentiment,
            "sentiment_score": row.score,
            "confidence": row.confidence,
            **row.topics,
            "drivers": ";".join(f"{one.driver}:{one.polarity}" for one in row.opinions),
            "evidence": [one.evidence for one in row.opinions],
            "tags": [one.to_dict() for one in row.tags],
            "opinions": [one.to_dict() for one in row.opinions],
            "language": row.language,
            "status": row.status,
        }
        for row in rows
    ]
    return pandas.DataFrame(columns)


@pytest.fixture(scope="module")
def frame() -> pandas.DataFrame:
    return as_frame(analyses(260))


@pytest.fixture(scope="module")
def expected(frame: pandas.DataFrame) -> list[Any]:
    return _figures(report(frame, bootstrap=20))


SAVED: dict[str, Callable[[pandas.DataFrame, Path], Any]] = {
    "saved.csv": lambda frame, path: frame.to_csv(path, index=False),
    "saved.tsv": lambda frame, path: frame.to_csv(path, index=False, sep="\t"),
    "saved.xlsx": lambda frame, path: frame.to_excel(path, index=False),
    "saved.jsonl": lambda frame, path: frame.to_json(
        path, orient="records", lines=True, force_ascii=False
    ),
    "saved.json": lambda frame, path: frame.to_json(path, orient="records"),
    "saved.parquet": lambda frame, path: frame.to_parquet(path),
}


def _figures(made: Report) -> list[Any]:
    """Return everything but the last block, which names the file."""
    blocks: list[Any] = made.to_dict()["blocks"]
    return blocks[:19]


@pytest.mark.parametrize("name", SAVED)
def test_a_saved_frame_gives_the_report_of_the_frame(
    frame: pandas.DataFrame, expected: list[Any], tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    SAVED[name](frame, path)
    assert _figures(report(path, bootstrap=20)) == expected
    assert is_scored(path)
    found = [(row.opinions, row.tags, row.row) for row in read_scored(path, "评论")]
    assert [row for _, _, row in found] == list(range(1, 261))
    whole = [
        (sum(len(one) for one, _, _ in found), sum(len(one) for _, one, _ in found)),
        (frame["opinions"].map(len).sum(), frame["tags"].map(len).sum()),
    ]
    assert whole[0] == whole[1]


@pytest.mark.parametrize("name", SAVED)
def test_an_empty_frame_gives_a_report_that_says_so(
    frame: pandas.DataFrame, tmp_path: Path, name: str
) -> None:
    SAVED[name](frame.iloc[:0], tmp_path / name)
    for empty in (frame.iloc[:0], tmp_path / name):
        assert not report(empty, bootstrap=20)["headline"].shown


def test_the_rows_of_saved_json_lines_count_from_one(
    frame: pandas.DataFrame, tmp_path: Path
) -> None:
    path = tmp_path / "saved.jsonl"
    SAVED["saved.jsonl"](frame, path)
    made = report(path, bootstrap=20)
    rows = {row["row"] for row in made["voices"].rows("voices")}
    assert rows
    assert rows <= set(range(1, 261))


def test_the_command_reports_saved_json_lines_as_they_are(
    frame: pandas.DataFrame, tmp_path: Path
) -> None:
    path = tmp_path / "saved.jsonl"
    SAVED["saved.jsonl"](frame, path)
    assert main(["report", str(path), "-o", str(tmp_path / "made.json")]) == 0
    assert {one.name for one in tmp_path.iterdir()} == {"saved.jsonl", "made.json"}


def test_records_that_lost_their_numbers_count_by_their_place(tmp_path: Path) -> None:
    path = write(analyses(120), tmp_path / "scored.jsonl")
    first, *others = path.read_text(encoding="utf-8").splitlines()
    lines = [line.partition(", ")[2] for line in others]
    path.write_text("\n".join([first, *("{" + line for line in lines)]), encoding="utf-8")
    rows = {row["row"] for row in report(path, bootstrap=20)["voices"].rows("voices")}
    assert rows
    assert rows <= set(range(1, 121))


BROKEN: list[Any] = ["{oops", "[{'driver'", "five", 5, "5", [5], [{"driver": "price.value"}]]


@pytest.mark.parametrize("cell", BROKEN, ids=str)
@pytest.mark.parametrize("column", ["opinions", "tags"])
def test_a_cell_that_is_no_list_is_told_with_its_place(
    frame: pandas.DataFrame, tmp_path: Path, column: str, cell: Any
) -> None:
    broken = frame.copy()
    broken.at[7, column] = cell
    with pytest.raises(InputError, match=f"the data frame, row 8: column “{column}” holds"):
        report(broken, bootstrap=20)
    path = tmp_path / "saved.csv"
    broken.to_csv(path, index=False)
    with pytest.raises(InputError, match=rf"saved\.csv, row 8: column “{column}” holds"):
        report(path, bootstrap=20)
    with pytest.raises(InputError, match=rf"saved\.csv, row 8: column “{column}” holds"):
        list(read_scored(path, "评论"))


def test_a_score_that_is_no_number_is_told(frame: pandas.DataFrame, tmp_path: Path) -> None:
    broken = frame.assign(sentiment_score="high")
    with pytest.raises(InputError, match="column “sentiment_score” holds what is no number"):
        report(broken, bootstrap=20)
    broken.to_csv(tmp_path / "saved.csv", index=False)
    with pytest.raises(InputError, match="row 1: column “sentiment_score” holds 'high', which is"):
        list(read_scored(tmp_path / "saved.csv", "评论"))


@pytest.mark.parametrize("column", ["opinions", "status", "sentiment_score"])
def test_a_lost_column_is_named_and_nothing_scored_again(
    frame: pandas.DataFrame, tmp_path: Path, capsys: pytest.CaptureFixture[str], column: str
) -> None:
    less = frame.drop(columns=column)
    with pytest.raises(InputError, match=f"the data frame was scored, but lacks “{column}”"):
        report(less)
    for name in ("saved.csv", "saved.jsonl"):
        path = tmp_path / name
        SAVED[name](less, path)
        with pytest.raises(InputError, match=f"was scored, but lacks “{column}”"):
            report(path)
        assert main(["report", str(path), "-o", str(tmp_path / "made.html")]) == 2
        assert f"lacks “{column}”" in capsys.readouterr().err
    assert {one.name for one in tmp_path.iterdir()} == {"saved.csv", "saved.jsonl"}


def test_columns_in_another_order_are_told(frame: pandas.DataFrame) -> None:
    with pytest.raises(InputError, match="no longer stand side by side in their order"):
        report(frame[list(frame.columns)[::-1]])


def test_a_frame_that_was_not_scored_is_told_in_terms_of_python() -> None:
    for plain in (pandas.DataFrame({"评论": ["好"]}), pandas.DataFrame()):
        with pytest.raises(InputError, match=r"the data frame has not been scored; .*\.frame"):
            report(plain)
