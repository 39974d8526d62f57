"""Reading cells: days, answers, labels of segments."""

from __future__ import annotations

import numpy as np
import pytest

from sentiment.reporting.scored import answers, day, position, segment_label
from sentiment.tables.scales import Outcome


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("2024-03-05", "2024-03-05"),
        ("2024/3/5 12:30:00", "2024-03-05"),
        ("2024年3月5日", "2024-03-05"),
        ("20240305", "2024-03-05"),
        ("2024-03-05T23:59:59Z", "2024-03-05"),
        ("2024-03", "2024-03-01"),
        ("25/12/2023", "2023-12-25"),
        ("12/25/2023", "2023-12-25"),
        ("5 March 2024", "2024-03-05"),
        ("March 5th, 2024", "2024-03-05"),
        ("Reviewed in Canada on March 5, 2024", "2024-03-05"),
        ("1709596800", "2024-03-05"),
        ("1709596800000", "2024-03-05"),
        ("2024-13-40", None),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_days(cell: str | None, found: str | None) -> None:
    assert str(day(cell)) == (found or "NaT")


def test_answers_off_the_scale_are_rejected_and_counted() -> None:
    stars = Outcome("评分", "stars", 1, 5)
    values, given = answers(["5", "４分", "6", "0", "N/A", "", None, "good"], stars)
    assert values[:2].tolist() == [5, 4]
    assert np.isnan(values[2:]).all()
    assert given == 5  # 5, 4, 6, 0 and "good"; the rest said nothing


def test_points_run_from_worst_to_best() -> None:
    effort = Outcome("effort", "ces", 1, 5, high_is_good=False)
    assert position(effort, np.array([1.0, 3.0, 5.0])).tolist() == [100, 50, 0]


def test_segment_labels_are_short_and_plain() -> None:
    assert segment_label("  App \n") == "App"
    assert segment_label("\u202eevil") == "evil"
    assert segment_label(None) == ""
    assert len(segment_label("x" * 5000)) == 40
