"""The training rows that were written for the project: well-formed, and strangers to the tests."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from sentiment.taxonomy import Taxonomy
from sentiment.train.data.examples import group_of, read_labelled
from tests.frames import shared_frames
from tests.test_behaviour import read_cases

DATA = Path(__file__).parents[2] / "data"
FILES = sorted((DATA / "written").glob("*.jsonl"))


def measured_texts() -> list[str]:
    sample = (DATA / "sample_labels.jsonl").read_text(encoding="utf-8")
    rows = [json.loads(line)["text"] for line in sample.split("\n") if line]
    return [*(case.text for case in read_cases()), *rows]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_rows_are_fully_and_rightly_labelled(path: Path) -> None:
    taxonomy = Taxonomy.default()
    rows = read_labelled(path)  # evidence that is not in its text is refused there
    assert len(rows) > 500
    for row in rows:
        assert row.source == "written"
        assert row.language == path.stem
        assert row.overall is not None, row.text
        assert row.opinions is not None, row.text
        assert row.tags is not None, row.text
        assert {one.name for one in row.opinions} <= set(taxonomy.drivers), row.text
        assert {one.name for one in row.tags} <= set(taxonomy.tags), row.text
        judged = Counter((one.name, one.polarity) for one in (*row.opinions, *row.tags))
        assert max(judged.values(), default=1) == 1, row.text
        assert all(one.evidence for one in (*row.opinions, *row.tags)), row.text


def test_no_text_comes_twice() -> None:
    groups = Counter(row.group for path in FILES for row in read_labelled(path))
    assert [group for group, times in groups.items() if times > 1] == []


def test_no_row_shares_a_frame_with_what_is_measured() -> None:
    measured = measured_texts()
    written = [row.text for path in FILES for row in read_labelled(path)]
    known = {group_of(text) for text in measured}
    assert [text for text in written if group_of(text) in known] == []
    ours = set(measured)
    pairs = shared_frames([*measured, *written], 5)
    shared = [found for found in pairs if (found[0] in ours) != (found[1] in ours)]
    assert shared == []
