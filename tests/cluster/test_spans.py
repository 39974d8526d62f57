from __future__ import annotations

from itertools import chain
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from sentiment.cluster.kept import Kept, Note, parts_of, seal
from sentiment.cluster.spans import File, Span, bundles
from sentiment.cluster.storage import open_storage
from sentiment.job.tally import Tally
from sentiment.tables import Roles

ROLES = Roles(text=("review",))


def file_of(rows: int, name: str = "a.parquet", span_rows: int = 1024) -> File:
    return File(name, ("review",), rows, ROLES, {"input": {"bytes": 1}}, span_rows)


@given(st.lists(st.integers(1, 20_000), max_size=40), st.integers(1, 50))
def test_every_row_is_handed_out_once_and_in_order(sizes: list[int], workers: int) -> None:
    files = [file_of(rows, f"{number}") for number, rows in enumerate(sizes)]
    spans = [span for file in files for span in file.spans]
    for file in files:
        assert sum(span.rows for span in file.spans) == file.rows
        assert [span.first for span in file.spans] == list(range(0, file.rows, 1024))
        assert file.is_small == (len(file.spans) == 1)
    handed = list(bundles(spans, workers))
    assert list(chain(*handed)) == spans
    assert all(handed)


def test_there_is_something_to_do_for_every_worker() -> None:
    small = [span for number in range(200) for span in file_of(600, str(number)).spans]
    assert len(list(bundles(small, 8))) >= 100
    assert len(list(bundles(file_of(1_000_000).spans, 8))) >= 100
    tiny = [span for number in range(10_000) for span in file_of(5, str(number)).spans]
    assert len(list(bundles(tiny, 2))) < 200


def test_another_key_or_span_is_another_digest() -> None:
    file = file_of(10)
    assert file.digest == file_of(10).digest
    assert file.digest != file_of(10, span_rows=512).digest
    changed = File("a.parquet", ("review",), 10, ROLES, {"input": {"bytes": 2}}, 1024)
    assert file.digest != changed.digest


def test_the_parts_of_a_span_come_back(tmp_path: Path) -> None:
    parts = [b"abc", b"", b"\x00" * 50]
    note = Note(tuple(map(len, parts)), Tally())
    with (tmp_path / "span").open("wb") as stream:
        stream.writelines(parts)
        seal(stream, note)
    found = parts_of(tmp_path / "span", note, tmp_path / "part")
    assert [path.read_bytes() for path in found] == parts


def test_a_note_is_read_without_its_parts(tmp_path: Path) -> None:
    tally = Tally()
    tally.rows["ok"] = 7
    content = tmp_path / "span"
    with content.open("wb") as stream:
        stream.write(b"abc")
        seal(stream, Note((1, 2), tally))
    file = file_of(3000)
    kept = Kept(open_storage(str(tmp_path / "out")), file.name)
    kept.begin(file)
    assert kept.notes(file) == {}
    span: Span = file.spans[1]
    assert kept.indexes(file) == set()
    kept.put(span, content)
    assert kept.indexes(file) == {1}
    assert kept.notes(file) == {1: Note((1, 2), tally)}
    assert kept.fetch(file, 1, tmp_path / "fetched") == Note((1, 2), tally)
    assert (tmp_path / "fetched").read_bytes() == content.read_bytes()
    assert kept.saved_key() == file.key
    assert kept.notes(file_of(3000, span_rows=512)) == {}
    kept.begin(file)
    assert kept.notes(file) == {}
    kept.forget()
    assert kept.saved_key() is None
