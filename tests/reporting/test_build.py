"""The report as a value."""

from __future__ import annotations

import json

import pytest

from sentiment.reporting.build import report
from tests.reporting.rows import STARS, analyses


def test_first_report() -> None:
    made = report(analyses(300), outcome=STARS, by=["渠道"], date="日期")
    assert made["topics"].shown
    assert json.loads(json.dumps(made.to_dict(), allow_nan=False))["blocks"]


def test_rows_that_were_not_scored_are_refused(tmp_path) -> None:
    path = tmp_path / "plain.csv"
    path.write_text("text,stars\nfine,5\n", encoding="utf-8")
    with pytest.raises(ValueError, match="not been scored"):
        report(path)
