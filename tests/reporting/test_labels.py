"""Shares corrected by the user's labels, and labels that are refused."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sentiment.errors import LabelError
from sentiment.records import Analysis
from sentiment.reporting.build import report
from tests.reporting.rows import STARS, analyses


def _blind(rows: list[Analysis], share: float = 0.4) -> list[Analysis]:
    """Return what a model says that overlooks a part of the complaints about speed."""
    rng = random.Random(3)
    return [
        replace(
            row,
            opinions=tuple(
                o
                for o in row.opinions
                if o.driver != "delivery.speed" or o.polarity != "negative" or rng.random() > share
            ),
        )
        for row in rows
    ]


def _labels(rows: list[Analysis], n: int = 250) -> list[dict[str, Any]]:
    return [
        {
            "row": row.row,
            "text": row.text,
            "sampling": "random",
            "opinions": [{"driver": o.driver, "polarity": o.polarity} for o in row.opinions],
        }
        for row in random.Random(5).sample(rows, n)
    ]


def test_a_share_is_corrected_towards_the_truth() -> None:
    truth = analyses(2000)
    made = report(_blind(truth), labels=_labels(truth), outcome=STARS, bootstrap=20)
    row = next(r for r in made["drivers"].rows("drivers") if r["code"] == "delivery.speed")
    real = 100 * sum(
        any(o.driver == "delivery.speed" and o.polarity == "negative" for o in a.opinions)
        for a in truth
    ) / len(truth)  # fmt: skip
    raw, corrected = float(row["complaint_share"]), float(row["corrected"])  # type: ignore[arg-type]
    assert raw < real - 2
    assert abs(corrected - real) < abs(raw - real)
    assert float(row["corrected_low"]) <= real <= float(row["corrected_high"])  # type: ignore[arg-type]
    notes = [note.en for note in made["drivers"].notes]
    assert "Corrected for classification error" in notes
    assert "已按分类误差校正" in made["trust"].sentences[1].zh


def test_without_labels_shares_are_raw() -> None:
    made = report(analyses(300), outcome=STARS, bootstrap=20)
    assert "corrected" not in made["topics"].rows("topics")[0]
    assert "Shares are the model's plain counts, not corrected" in [
        note.en for note in made["topics"].notes
    ]


def test_labels_are_read_from_a_file(tmp_path: Path) -> None:
    rows = analyses(600)
    path = tmp_path / "sample.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in _labels(rows)), encoding="utf-8")
    made = report(rows, labels=path, outcome=STARS, bootstrap=20)
    assert "your labels on 250 random rows" in made["trust"].sentences[1].en


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sampling": "uncertain"}, "not marked as a random sample"),
        ({"sampling": None}, "not marked as a random sample"),
        ({"row": 99_999}, "no row of this export"),
        ({"text": "another text altogether"}, "no row of this export"),
        ({"text": ["fine"]}, "no row of this export"),
        ({"opinions": None}, "not labelled yet"),
        ({"opinions": [{"driver": "quality.unknown", "polarity": "negative"}]}, "unknown opinion"),
        ({"opinions": [{"driver": ["price.level"], "polarity": "negative"}]}, "unknown opinion"),
        ({"opinions": [{"driver": "price.level", "polarity": ["negative"]}]}, "unknown opinion"),
        ({"opinions": ["price.level"]}, "unknown opinion"),
        ({"opinions": 5}, "line 4 has no list of opinions but 5"),
        ({"opinions": "price.level:negative"}, "no list of opinions but 'price.level:negative'"),
    ],
)
def test_any_other_sample_is_refused(change: dict[str, Any], message: str) -> None:
    rows = analyses(600)
    labels = _labels(rows)
    labels[3] |= change
    with pytest.raises(LabelError, match=message):
        report(rows, labels=labels, outcome=STARS, bootstrap=20)


def test_a_row_labelled_twice_is_refused() -> None:
    rows = analyses(600)
    labels = _labels(rows)
    with pytest.raises(LabelError, match="again"):
        report(rows, labels=[*labels, labels[0]], outcome=STARS, bootstrap=20)


def test_no_labels_at_all_are_refused(tmp_path: Path) -> None:
    (tmp_path / "none.jsonl").write_text("", encoding="utf-8")
    sources: list[Any] = [[], tmp_path / "none.jsonl", tmp_path / "missing.jsonl"]
    for labels in sources:
        with pytest.raises(LabelError):
            report(analyses(300), labels=labels, outcome=STARS, bootstrap=20)


def test_importance_is_checked_on_the_labelled_rows() -> None:
    truth = analyses(2000)
    made = report(_blind(truth, 0.9), labels=_labels(truth, 900), outcome=STARS, bootstrap=20)
    rows = made["importance"].rows("labelled")
    assert {row["code"] for row in rows} >= {"quality", "delivery"}
    for key in ("part", "part_model"):
        shares = [float(row[key]) for row in rows]  # type: ignore[arg-type]
        assert sum(shares) == pytest.approx(100)
    delivery = next(row for row in rows if row["code"] == "delivery")
    # The model overlooks most complaints about speed: labels give the topic its weight back.
    assert float(delivery["part"]) > float(delivery["part_model"])  # type: ignore[arg-type]
    assert any("trust the labels" in note.en for note in made["importance"].notes)


def test_labels_that_go_with_no_score_rank_no_topic_and_say_so() -> None:
    truth = analyses(2000)
    labels = _labels(truth, 300)
    others = [labels[-1], *labels[:-1]]  # what another customer said
    labels = [a | {"opinions": b["opinions"]} for a, b in zip(labels, others, strict=True)]
    made = report(truth, labels=labels, outcome=STARS, bootstrap=20)["importance"]
    assert made.rows("drivers")
    assert made.rows("topics")
    assert not made.rows("labelled")
    assert any("no order to check with" in note.en for note in made.notes)
    assert not any("trust the labels" in note.en for note in made.notes)


def test_a_small_labelled_sample_checks_no_importance_and_says_so() -> None:
    truth = analyses(600)
    made = report(truth, labels=_labels(truth, 120), outcome=STARS, bootstrap=20)
    assert not made["importance"].rows("labelled")
    assert any("too few to check importance on" in note.en for note in made["importance"].notes)
