from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from sentiment.job.identity import JobKey, file_identity
from sentiment.job.store import Store
from sentiment.job.tally import Tally

KEY = JobKey(input={"bytes": 3}, options={"format": "csv"}, model={"name": "m"})


def filled(folder: Path, parts: int = 3) -> Store:
    folder.mkdir(exist_ok=True)
    store = Store(folder)
    store.begin(KEY)
    for index in range(parts):
        rejects = b"reject\n" if index == 1 else b""
        store.record(f"d{index}", b"part %d" % index, rejects, Tally(rows=Counter(ok=index + 1)))
    return store


def reopened(folder: Path) -> Store:
    store = Store(folder)
    store.resume()
    return store


def test_what_was_recorded_is_there_for_the_next_process(tmp_path: Path) -> None:
    filled(tmp_path / "p").close()
    store = reopened(tmp_path / "p")
    assert store.saved_key() == KEY.to_dict()
    assert [store.digest(index) for index in range(4)] == ["d0", "d1", "d2", None]
    assert store.tally(2).rows == {"ok": 3}
    assert [path.read_bytes() for path in store.parts()] == [b"part 0", b"part 1", b"part 2"]
    assert [path.read_bytes() for path in store.rejects()] == [b"reject\n"]
    store.close()


@pytest.mark.parametrize("kept", range(1, 12))
def test_a_torn_last_line_is_cut_off_and_written_anew(tmp_path: Path, kept: int) -> None:
    filled(tmp_path / "p").close()
    journal = tmp_path / "p" / "journal.jsonl"
    whole = journal.read_bytes()
    last = whole.rindex(b"\n", 0, -1) + 1
    journal.write_bytes(whole[: last + kept])
    store = reopened(tmp_path / "p")
    assert len(store) == 2
    store.record("d2", b"part 2", b"", Tally(rows=Counter(ok=3)))
    store.close()
    assert journal.read_bytes() == whole


def test_a_part_that_did_not_reach_the_disk_is_not_taken_for_done(tmp_path: Path) -> None:
    filled(tmp_path / "p").close()
    (tmp_path / "p" / "parts" / "000" / "001").write_bytes(b"par")
    store = reopened(tmp_path / "p")
    assert len(store) == 1
    store.close()


def test_forgetting_leaves_nothing_of_what_came_after(tmp_path: Path) -> None:
    store = filled(tmp_path / "p")
    store.forget_from(1)
    store.record("new", b"part 1", b"", Tally())
    assert [path.read_bytes() for path in store.parts()] == [b"part 0", b"part 1"]
    assert list(store.rejects()) == []
    store.close()


def test_beginning_again_drops_everything_but_the_lock(tmp_path: Path) -> None:
    store = filled(tmp_path / "p")
    (tmp_path / "p" / "lock").touch()
    store.begin(KEY)
    store.close()
    left = {path.name for path in (tmp_path / "p").iterdir()}
    assert left == {"lock", "job.json", "journal.jsonl"}
    again = reopened(tmp_path / "p")
    assert len(again) == 0
    again.close()


def test_a_store_is_empty_until_a_part_is_in_it(tmp_path: Path) -> None:
    assert Store(tmp_path).is_empty
    assert Store(tmp_path / "missing").is_empty
    filled(tmp_path / "none", parts=0).close()
    assert Store(tmp_path / "none").is_empty
    filled(tmp_path / "some").close()
    assert not Store(tmp_path / "some").is_empty


@pytest.mark.parametrize("content", ["", "{", "[]", '{"schema": 99, "key": {}}'])
def test_a_key_that_cannot_be_read_counts_as_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "job.json").write_text(content)
    assert Store(tmp_path).saved_key() is None


def test_a_key_says_what_differs() -> None:
    other = JobKey(input={"bytes": 4}, options={"format": "csv"}, model={"name": "n"})
    assert KEY.differences(other.to_dict()) == ("input", "model")
    assert KEY.differences(KEY.to_dict()) == ()


def test_a_file_is_known_by_its_ends_its_size_and_its_time(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x" * 3_000_000)
    first = file_identity(path)
    content = bytearray(path.read_bytes())
    content[-1] = 0
    path.write_bytes(content)
    assert file_identity(path)["edges"] != first["edges"]
    assert set(first) == {"bytes", "changed", "edges"}
