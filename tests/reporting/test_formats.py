"""The same report from each of the five formats, from analyses and from a data frame."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas
import pytest

from sentiment.errors import ColumnError, InputError
from sentiment.records import Analysis
from sentiment.reporting.build import report
from sentiment.tables.write import FORMATS, open_writer
from sentiment.taxonomy import Taxonomy
from tests.reporting.rows import STARS, analyses

ROLES = {
    "text": ["评论"],
    "id": "订单号",
    "date": "日期",
    "outcome": STARS,
    "other_outcomes": [
        {"column": "推荐意愿", "kind": "nps", "minimum": 0, "maximum": 10, "high_is_good": True}
    ],
    "segments": ["渠道", "region"],
}
SUMMARY = {"roles": ROLES, "model": "lite@test", "rows": {"in": 303, "rejected": 3}}


def write(rows: list[Analysis], path: Path, *, questions: bool = False, roles: Any = None) -> Path:
    """Write scored rows as `score` does, in one part, with their summary."""
    writer = open_writer(
        path.suffix[1:], list(rows[0].columns), list(Taxonomy.default().topics), questions
    )
    part = path.with_suffix(".part")
    part.write_bytes(writer.part(rows))
    writer.assemble([part], path)
    summary = SUMMARY | {"roles": roles or ROLES}
    path.with_name(path.name + ".summary.json").write_text(json.dumps(summary), encoding="utf-8")
    return path


def _value(made: Any) -> Any:
    value = made.to_dict()
    del value["source"]
    # The file's name and hash differ, of course.
    rows = value["blocks"][19]["tables"]["versions"]["rows"]
    value["blocks"][19]["tables"]["versions"]["rows"] = [
        row for row in rows if row["code"] not in ("data", "hash", "model")
    ]
    base = value["blocks"][1]["tables"]["base"]["rows"]
    value["blocks"][1] = [row["code"] for row in base if row["code"] != "rejected"]
    return value


def test_every_format_gives_the_same_report(tmp_path: Path) -> None:
    rows = analyses(300)
    expected = _value(
        report(rows, outcome=STARS, by=("渠道", "region"), date="日期", id="订单号", bootstrap=20)
    )
    for suffix in FORMATS:
        made = report(write(rows, tmp_path / f"scored.{suffix}"), bootstrap=20)
        assert _value(made) == expected, suffix


def test_a_data_frame_gives_the_same_report(tmp_path: Path) -> None:
    rows = analyses(300)
    path = write(rows, tmp_path / "scored.parquet")
    frame = pandas.read_parquet(path)
    options: dict[str, Any] = {"outcome": STARS, "by": ("渠道", "region"), "date": "日期"}
    made = report(frame, text="评论", id="订单号", bootstrap=20, **options)
    assert _value(made) == _value(report(rows, id="订单号", bootstrap=20, **options))


def test_the_summary_gives_roles_and_counts(tmp_path: Path) -> None:
    made = report(write(analyses(300), tmp_path / "scored.csv"), bootstrap=20)
    facts = {row["code"]: row["n"] for row in made["base"].rows("base")}
    assert facts["read"] == 303
    assert facts["rejected"] == 3
    assert made.source["roles"]["outcome"] == "评分"
    assert made.source["sha256"]


def test_roles_are_found_without_a_summary(tmp_path: Path) -> None:
    path = write(analyses(300), tmp_path / "scored.tsv")
    (tmp_path / "scored.tsv.summary.json").unlink()
    made = report(path, bootstrap=20)
    assert made.source["roles"] == {
        "outcome": "评分",
        "kind": "stars",
        "date": "日期",
        "by": ["渠道", "region"],
        "id": "订单号",
    }


def test_another_outcome_can_be_chosen_by_name(tmp_path: Path) -> None:
    path = write(analyses(300), tmp_path / "scored.parquet")
    made = report(path, outcome="推荐意愿", bootstrap=20)
    assert made["figures"].rows("figures")[0]["code"] == "nps"
    steps = made["importance"].rows("waterfall")
    nps = made["figures"].rows("figures")[0]["value"]
    assert steps[-1]["level"] == pytest.approx(nps)


def test_answers_of_one_survey_row_count_as_one_customer(tmp_path: Path) -> None:
    rows: list[Analysis] = []
    for number, (first, second) in enumerate(
        zip(analyses(250), analyses(250, seed=8), strict=True), 1
    ):
        columns = {**first.columns, "好在哪里": first.text, "差在哪里": second.text}
        del columns["评论"]
        rows += [
            replace(first, row=number, question="好在哪里", columns=columns),
            replace(second, row=number, question="差在哪里", columns=columns),
        ]
    roles = ROLES | {"text": ["好在哪里", "差在哪里"]}
    values = []
    for suffix in ("parquet", "jsonl", "csv"):
        path = write(rows, tmp_path / f"survey.{suffix}", questions=True, roles=roles)
        made = report(path, bootstrap=20)
        assert made["figures"].rows("figures")[0]["n"] == 250
        assert made["base"].rows("base")[1]["n"] == 500
        assert "n = 250" in made["importance"].notes[0].en
        values.append(_value(made))
    assert values[0] == values[1] == values[2]


def test_a_driver_of_ones_own_is_reported(tmp_path: Path) -> None:
    rows = analyses(200)
    own = [
        replace(o, topic="quality", driver="quality.fit") if o.driver == "quality.sensory" else o
        for o in rows[0].opinions
    ]
    rows[0] = replace(rows[0], opinions=tuple(own))
    extra = [
        replace(
            a,
            opinions=tuple(
                replace(o, driver="quality.fit") if o.driver == "quality.sensory" else o
                for o in a.opinions
            ),
        )
        for a in rows
    ]
    made = report(write(extra, tmp_path / "own.parquet"), bootstrap=20)
    counts = {row["code"]: row["n"] for row in made["drivers"].rows("drivers")}
    assert counts["quality.fit"]
    assert counts["quality.sensory"] == 0


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("none.csv", None, "no such file"),
        ("plain.csv", "text,stars\nfine,5\n", "not been scored"),
        ("plain.jsonl", '{"text": "fine"}\n', "not been scored"),
        ("broken.jsonl", "{text\n", "line 1 is not JSON"),
        ("broken.parquet", "no parquet", "not a readable Parquet"),
        ("broken.xlsx", "no workbook", "not a readable XLSX"),
        ("notes.txt", "words", "scored .csv"),
    ],
)
def test_what_is_no_scored_file_is_refused(
    tmp_path: Path, name: str, content: str | None, message: str
) -> None:
    if content is not None:
        (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        report(tmp_path / name)


def test_a_missing_column_is_named() -> None:
    with pytest.raises(ColumnError, match="'stars'"):
        report(analyses(50), outcome="stars")
    with pytest.raises(ColumnError, match="'kanal'"):
        report(analyses(50), by="kanal")


def test_an_empty_scored_file_gives_a_report_that_says_so(tmp_path: Path) -> None:
    for suffix in ("csv", "parquet", "jsonl"):
        path = write(analyses(1), tmp_path / f"one.{suffix}")
        if suffix == "jsonl":
            path.write_text("", encoding="utf-8")
        made = report(path)
        assert not made["headline"].shown
        assert made.to_html()
    assert not report([])["topics"].shown
