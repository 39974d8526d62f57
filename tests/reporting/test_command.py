"""What the command line asks of a report."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from sentiment.arguments import parse
from sentiment.cli import main
from sentiment.errors import UserError
from sentiment.records import Analysis
from tests.reporting.rows import analyses
from tests.reporting.test_formats import write


def test_a_scale_is_declared() -> None:
    given = ["report", "x.csv", "--outcome", "q", "--scale"]
    assert parse([*given, "ces:1-5:low"], "en").scale == {
        "kind": "ces", "minimum": 1.0, "maximum": 5.0, "high_is_good": False,
    }  # fmt: skip
    assert parse([*given, "nps"], "en").scale["maximum"] == 10
    assert parse([*given, "csat:1-7"], "en").scale["high_is_good"] is True


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--scale", "ces:1-7", "which end of an effort score is good"),
        ("--scale", "smiles:1-5", "is not of the form KIND:MIN-MAX"),
        ("--scale", "csat:5-1", "is not of the form KIND:MIN-MAX"),
        ("--target", "120", "is not a number from 0 to 100"),
    ],
)
def test_a_wrong_one_is_refused(option: str, value: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        parse(["report", "x.csv", option, value], "en")


def test_what_is_asked_for_reaches_the_report(tmp_path: Path) -> None:
    scored = write(analyses(260), tmp_path / "scored.csv")
    made = tmp_path / "made.json"
    code = main(
        ["report", str(scored), "-o", str(made), "--outcome", "评分", "--scale", "rating:1-5",
         "--title", "Q3", "--no-layers", "--seed", "5", "--id", "订单号"]
    )  # fmt: skip
    assert code == 0
    found = json.loads(made.read_text(encoding="utf-8"))
    assert found["source"]["title"] == "Q3"
    assert found["source"]["seed"] == 5
    assert found["source"]["roles"]["kind"] == "rating"
    assert found["source"]["roles"]["id"] == "订单号"
    (layers,) = [block for block in found["blocks"] if block["key"] == "layers"]
    assert not layers["shown"]


def rows() -> list[Analysis]:
    """Return rows with a score from 0 to 10, a column with one value, and three odd scores."""
    made = analyses(260)
    return [
        replace(
            row,
            columns={
                **row.columns,
                "0-10": "99" if at < 3 else str(at % 11),
                "same": "x",
                "when": "2026-01-05" if at < 20 else "later",
            },
        )
        for at, row in enumerate(made)
    ]


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(rows(), tmp_path_factory.mktemp("scored") / "scored.csv")


REMARKS = [
    (["--date", "渠道"], "“渠道” holds no date that can be read: the report has no trend.",
     "“渠道”中没有可读的日期：报告没有趋势。"),
    (["--date", "when"], "Only 20 of 260 rows have a date that can be read in “when”",
     "260 行中只有 20 行在“when”中有可读的日期"),
    (["--by", "订单号"], " groups, none of 30 texts: the report compares none.",
     " 组，没有一组满 30 条：报告不作比较。"),
    (["--by", "same"], "“same” has one value: there are no groups to compare.",
     "“same”只有一个取值：无从分组比较。"),
    (["--compare", "SCORED"], "scored.csv is compared with itself: nothing can have changed.",
     "scored.csv 是在与自己比较：不会有变化。"),
    (["--outcome", "0-10", "--scale", "nps"],
     "3 of 260 answers in “0-10” are off the scale 0–10 and left out.",
     "“0-10”的 260 个答案中有 3 个不在量表 0–10 上，未计入。"),
]  # fmt: skip


@pytest.mark.parametrize("tongue", ["en", "zh"])
@pytest.mark.parametrize(("options", "english", "chinese"), REMARKS)
def test_a_wish_that_gives_less_is_told_in_one_line(
    scored: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    english: str,
    chinese: str,
    tongue: str,
) -> None:
    given = [str(scored) if word == "SCORED" else word for word in options]
    made = str(tmp_path / "made.json")
    assert main(["report", str(scored), "-o", made, *given, "--language", tongue]) == 0
    remark, written = capsys.readouterr().err.splitlines()
    assert (english if tongue == "en" else chinese) in remark
    assert made in written


def test_what_is_well_asked_for_needs_no_remark(
    scored: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["--by", "渠道", "--date", "日期", "--outcome", "评分"]
    assert main(["report", str(scored), "-o", str(tmp_path / "made.json"), *asked]) == 0
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize(
    ("options", "english", "chinese"),
    [
        (["--by", "评论"], "column “评论” of .* holds the text; --by needs a column that divides",
         "的列“评论”是文本；--by 需要能把客户分组的列"),
        (["--outcome", "0-10", "--scale", "csat:1-5"],
         r"\d+ of 260 answers in column “0-10” of .* are not on the scale 1-5; name the scale",
         r"的列“0-10”有 260 个答案，其中 \d+ 个不在量表 1-5 上；请指定其实际的量表"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("tongue", ["en", "zh"])
def test_what_would_be_wrong_is_refused(
    scored: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    english: str,
    chinese: str,
    tongue: str,
) -> None:
    made = tmp_path / "made.html"
    assert main(["report", str(scored), "-o", str(made), *options, "--language", tongue]) == 2
    (said,) = capsys.readouterr().err.splitlines()
    assert re.search(english if tongue == "en" else chinese, said), said
    assert not made.exists()


def test_the_text_as_a_segment_is_refused_before_anything_is_scored(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "reviews.csv").write_text("评论,评分\n质量很好,5\n", encoding="utf-8")
    export = str(tmp_path / "reviews.csv")
    assert main(["report", export, "--by", "评论", "--language", "en"]) == 2
    assert "holds the text" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["reviews.csv"]


@pytest.mark.parametrize(
    ("option", "name", "said"),
    [
        ("--compare", "earlier.csv", "this file has not been scored; run: sentiment score"),
        ("--compare", "missing.csv", "there is no file"),
        ("--labels", "missing.jsonl", "there is no file"),
    ],
)
def test_a_file_of_no_use_is_refused_before_anything_is_scored(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, name: str, said: str
) -> None:
    for export in ("reviews.csv", "earlier.csv"):
        (tmp_path / export).write_text("评论,评分\n质量很好,5\n", encoding="utf-8")
    given = [str(tmp_path / "reviews.csv"), option, str(tmp_path / name)]
    assert main(["report", *given, "-o", str(tmp_path / "made.html")]) == 2
    assert said in capsys.readouterr().err
    assert len(list(tmp_path.iterdir())) == 2


def test_another_form_is_refused_before_anything_is_scored(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    export = tmp_path / "reviews.csv"
    export.write_text("评论,评分\n质量很好,5\n", encoding="utf-8")
    assert main(["report", str(export), "-o", str(tmp_path / "made.pdf")]) == 2
    assert "a report is written as .html, .xlsx or .json" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["reviews.csv"]
