"""What the command line asks of a report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sentiment.arguments import parse
from sentiment.cli import main
from sentiment.errors import UserError
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
