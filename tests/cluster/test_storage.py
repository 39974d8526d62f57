"""Folders wherever pyarrow reaches: here, in memory, and beneath a folder of another file system."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import pytest
from pyarrow import fs

from sentiment.cluster import storage
from sentiment.cluster.kept import Kept
from sentiment.cluster.storage import Storage, as_output, open_here, open_storage
from sentiment.errors import InputError, OutputError
from sentiment.job.identity import file_identity

KINDS = ("local", "subtree", "mock")


def make(kind: str, folder: Path) -> Storage:
    if kind == "mock":
        return Storage(fs._MockFileSystem(), "bucket/feedback", "mock://bucket/feedback")
    if kind == "subtree":
        below = fs.SubTreeFileSystem(str(folder), fs.LocalFileSystem())
        return Storage(below, "feedback", "sub://feedback")
    return open_storage(str(folder / "feedback"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_was_put_is_there_whole(kind: str, tmp_path: Path) -> None:
    there = make(kind, tmp_path)
    assert there.kind() is None
    assert there.names() == []
    assert there.read("a/b.json") is None
    content = os.urandom(3 << 20)
    (tmp_path / "big").write_bytes(content)
    there.put("a/b.json", b"{}")
    there.put("a/big", tmp_path / "big")
    there.put("a/b.json", b"[]")
    assert (there.kind(), there.kind("a"), there.kind("a/big")) == ("folder", "folder", "file")
    assert there.read("a/b.json") == b"[]"
    assert sorted(there.names("a")) == ["b.json", "big"]
    with there.open("a/big") as file:
        file.seek(5)
        assert file.read(7) == content[5:12]
    assert there.names(storage.SCRATCH) == []
    there.remove("a")
    there.remove("a")
    assert there.stat("a/big") is None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [10, 3 << 20])
def test_a_file_has_the_identity_that_the_local_job_sees(
    kind: str, size: int, tmp_path: Path
) -> None:
    content = os.urandom(size)
    (tmp_path / "here").write_bytes(content)
    there = make(kind, tmp_path)
    there.put("a", content)
    ours, theirs = there.identity("a"), file_identity(tmp_path / "here")
    assert ours["bytes"] == theirs["bytes"]
    assert ours["edges"] == theirs["edges"]
    if kind == "local":
        assert ours == file_identity(tmp_path / "feedback" / "a")


@pytest.mark.parametrize("kind", ["local", "subtree"])
def test_it_travels_to_a_worker(kind: str, tmp_path: Path) -> None:
    there = make(kind, tmp_path)
    there.put("a", b"x")
    assert pickle.loads(pickle.dumps(there)).read("a") == b"x"


def test_names_are_shown_as_the_user_wrote_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert open_storage("in/").shown("a/b.parquet") == "in/a/b.parquet"
    assert open_storage("in").local("a") == tmp_path / "in" / "a"
    address = open_storage("s3://bucket/in?region=eu-west-1")
    assert address.shown("a") == "s3://bucket/in/a?region=eu-west-1"
    assert (address.root, address.local("a")) == ("bucket/in", None)
    signed = open_storage("s3://AKIA:se%2Fcret@bucket/in?region=eu-west-1")
    assert signed.shown("a") == "s3://bucket/in/a?region=eu-west-1"
    folder, name = open_storage("in/a.parquet").parent()
    assert (folder.root, folder.name, name) == (str(tmp_path / "in"), "in", "a.parquet")
    folder, name = open_storage("a.parquet").parent()
    assert (folder.root, folder.shown(name), name) == (str(tmp_path), "./a.parquet", "a.parquet")


def test_a_question_mark_is_an_option_only_in_an_address(tmp_path: Path) -> None:
    there = open_storage(str(tmp_path / "why?"))
    assert there.shown("a.parquet") == f"{tmp_path}/why?/a.parquet"
    folder, name = open_storage(f"{tmp_path}/why?/a.parquet").parent()
    assert (folder.shown(name), folder.root) == (f"{tmp_path}/why?/a.parquet", f"{tmp_path}/why?")


def test_this_machine_is_told_from_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert open_here("in").shown("a.parquet") == "in/a.parquet"
    assert open_here(f"file://{tmp_path}/in").shown("a.parquet") == f"{tmp_path}/in/a.parquet"
    asked: list[str] = []
    monkeypatch.setattr("sentiment.cluster.storage.open_storage", asked.append)
    with pytest.raises(InputError, match=r"^s3://bucket/out is not on this machine, .* --engine"):
        open_here("s3://AKIA:secret@bucket/out")
    with pytest.raises(OutputError, match="gs://bucket"), as_output():
        open_here("gs://bucket")
    assert asked == []


class Denying:
    """A file system that lets nobody read."""

    type_name = "hdfs"

    def open_input_file(self, path: str) -> Any:
        raise PermissionError(13, "Permission denied")

    open_input_stream = open_input_file


def test_what_may_not_be_read_is_told(tmp_path: Path) -> None:
    there = Storage(Denying(), "feedback", "hdfs://feedback")
    told = r"^hdfs://feedback/a cannot be read \(Permission denied\); check the address"
    with pytest.raises(InputError, match=told):
        there.read("a")
    with pytest.raises(InputError, match=told):
        there.open("a")
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match=f"^{tmp_path}/folder cannot be read"):
        open_storage(str(tmp_path)).read("folder")


def test_progress_that_may_not_be_read_is_not_taken_for_none() -> None:
    with pytest.raises(InputError, match="Permission denied"):
        Kept(Storage(Denying(), "feedback", "hdfs://feedback"), "a.parquet").saved_key()


def test_what_cannot_be_done_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="nothing://x cannot be reached"):
        open_storage("nothing://x")
    there = open_storage(str(tmp_path))
    with pytest.raises(InputError, match="there is no file"):
        there.identity("a")
    there.put("a", b"x")
    with pytest.raises(OutputError, match="a/b cannot be written"):
        there.put("a/b", b"x")
    assert there.names("a/b") == []

    def failing(self: Any, stream: Any, content: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Storage, "_fill", failing)
    with pytest.raises(OutputError, match="No space left on device"):
        there.put("a", b"y")
    assert there.read("a") == b"x"


class Objects:
    """A file system like S3, as far as writing goes: nothing is there until it is complete."""

    type_name = "s3"

    def __init__(self) -> None:
        self._inside = fs._MockFileSystem()
        self._inside.create_dir("bucket")

    def __getattr__(self, name: str) -> Any:
        if name in ("move", "create_dir"):
            raise AssertionError(f"{name} copies or makes objects there")
        return getattr(self._inside, name)


def test_an_object_is_written_in_its_place() -> None:
    there = Storage(Objects(), "bucket", "s3://bucket")
    there.put("a.parquet", b"x")
    assert there.read("a.parquet") == b"x"
    assert there.names() == ["a.parquet"]
