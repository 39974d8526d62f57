from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment.job.chunks import PART_ROWS, cut
from sentiment.tables import Reject, SourceRow


def rows(n: int) -> list[SourceRow | Reject]:
    return [
        Reject(i, "broken", "raw") if i % 7 == 0 else SourceRow(i, {"text": f"text {i}"}, None)
        for i in range(1, n + 1)
    ]


@given(st.integers(0, 3 * PART_ROWS))
@settings(max_examples=30, deadline=None)
def test_every_record_is_in_one_part_and_in_order(n: int) -> None:
    parts = list(cut(rows(n)))
    assert [part.index for part in parts] == list(range(len(parts)))
    assert all(len(part) == PART_ROWS for part in parts[:-1])
    scored = [row.row for part in parts for row in part.rows]
    found = sorted(scored + [reject.row for part in parts for reject in part.rejects])
    assert found == list(range(1, n + 1))


def test_a_part_ends_early_when_its_rows_are_huge() -> None:
    huge = "x" * 5_000_000
    parts = list(cut([SourceRow(i, {"text": huge}, None) for i in range(1, 6)]))
    assert [len(part) for part in parts] == [2, 2, 1]


def test_the_digest_sees_every_change_of_a_record() -> None:
    base = SourceRow(1, {"a": "x", "b": "y"}, None)
    changed = [
        base,
        replace(base, cells={"a": "xy", "b": ""}),
        replace(base, cells={"a": "x", "c": "y"}),
        replace(base, cells={"a": "x", "b": None}),
        replace(base, damage="bytes"),
        replace(base, row=2),
        replace(base, cells={"a": "x", "b": "\udcff"}),
    ]
    digests = [next(cut([row])).digest for row in changed]
    assert len(set(digests)) == len(changed)
    assert next(cut([base])).digest == digests[0]
