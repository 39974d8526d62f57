"""Reading cells: days, answers, labels of segments."""

from __future__ import annotations

import numpy as np

from sentiment.reporting.scored import answers, position, segment_label
from sentiment.tables.scales import Outcome


def test_answers_off_the_scale_are_rejected_and_counted() -> None:
    stars = Outcome("评分", "stars", 1, 5)
    values, given = answers(["5", "４分", "6", "0", "N/A", "", None, "good"], stars)
    assert values[:2].tolist() == [5, 4]
    assert np.isnan(values[2:]).all()
    assert given.sum() == 5  # 5, 4, 6, 0 and "good"; the rest said nothing


def test_points_run_from_worst_to_best() -> None:
    effort = Outcome("effort", "ces", 1, 5, high_is_good=False)
    assert position(effort, np.array([1.0, 3.0, 5.0])).tolist() == [100, 50, 0]


def test_segment_labels_are_short_and_plain() -> None:
    assert segment_label("  App \n") == "App"
    assert segment_label("\u202eevil") == "evil"
    assert segment_label(None) == ""
    assert len(segment_label("x" * 5000)) == 40
