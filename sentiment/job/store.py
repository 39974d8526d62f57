"""The progress of a job, kept in a folder beside its output until the output is complete.

    OUT.partial/
        lock            held by the running job, with its process number
        job.json        the key of the job: input, options, model
        journal.jsonl   one line per finished part: digest of its rows, counts, size on disk
        parts/000/017   the finished part number 17, as the writer made it
        rejects/000/017 what part number 17 holds that is no row, where there is any
        complete        every part is there and is being put together

A part is written under another name, synced and renamed, and only then named in the journal: a
process that dies at any moment leaves a journal that speaks of whole parts alone, and at most a
torn last line, which is cut off.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from sentiment.job.identity import JobKey
from sentiment.job.tally import Tally

__all__ = ["Store", "write_whole"]

_SCHEMA = 1
_PER_FOLDER = 1000


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all, also after a power cut."""
    scratch = path.with_name(path.name + ".tmp")
    with scratch.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(path)


class Store:
    """Finished parts on disk, in order. Use it only while holding the lock of the folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._digests: list[str] = []
        self._offsets: list[int] = []
        self._journal: IO[bytes] | None = None

    def __len__(self) -> int:
        return len(self._digests)

    def saved_key(self) -> Mapping[str, Any] | None:
        """Return the key of the job whose progress is kept here, or None when there is none."""
        try:
            saved = json.loads((self.folder / "job.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        if not isinstance(saved, dict) or saved.get("schema") != _SCHEMA:
            return None
        key = saved.get("key")
        return key if isinstance(key, dict) else None

    def begin(self, key: JobKey) -> None:
        """Forget all progress and start a job with this key."""
        self.close()
        self._forget()
        content = json.dumps(
            {"schema": _SCHEMA, "key": key.to_dict()}, ensure_ascii=False, indent=1
        )
        write_whole(self.folder / "job.json", content.encode())
        self._open_journal()

    def resume(self) -> None:
        """Take up the progress that is kept here."""
        self._digests, self._offsets = [], []
        journal = self.folder / "journal.jsonl"
        whole = 0
        if journal.exists():
            with journal.open("rb") as file:
                for line in file:
                    entry = _entry(line)
                    if entry is None or not self._is_whole(entry):
                        break
                    self._digests.append(str(entry["digest"]))
                    self._offsets.append(whole)
                    whole += len(line)
            os.truncate(journal, whole)
        self._open_journal()

    def digest(self, index: int) -> str | None:
        """Return the digest of the rows of a finished part, or None when it is not finished."""
        return self._digests[index] if index < len(self._digests) else None

    def tally(self, index: int) -> Tally:
        """Return the counts of a finished part."""
        with (self.folder / "journal.jsonl").open("rb") as file:
            file.seek(self._offsets[index])
            return Tally.from_dict(json.loads(file.readline())["tally"])

    def rows(self) -> int:
        """Return how many rows the finished parts hold."""
        journal = self.folder / "journal.jsonl"
        if not journal.exists():
            return 0
        # The file and not the memory of it: Ctrl-C may have come between the two.
        with journal.open("rb") as file:
            return sum(sum(json.loads(line)["tally"]["rows"].values()) for line in file)

    def forget_from(self, index: int) -> None:
        """Drop the finished parts from this one on: the input is not the one they came from."""
        if index < len(self._digests):
            self.close()
            (self.folder / "complete").unlink(missing_ok=True)
            os.truncate(self.folder / "journal.jsonl", self._offsets[index])
            del self._digests[index:], self._offsets[index:]
            self._open_journal()

    def record(self, digest: str, payload: bytes, rejects: bytes, tally: Tally) -> None:
        """Keep the next part; once this returns it survives whatever happens to the process."""
        assert self._journal is not None
        index = len(self._digests)
        write_whole(self._place("parts", index, make=True), payload)
        if rejects:
            write_whole(self._place("rejects", index, make=True), rejects)
        else:  # an earlier run may have left some for this number
            self._place("rejects", index).unlink(missing_ok=True)
        entry = {
            "part": index,
            "digest": digest,
            "bytes": len(payload),
            "rejects": len(rejects),
            "tally": tally.to_dict(),
        }
        offset = self._journal.tell()
        # Not synced: a line that a power cut takes costs one part more to score, and no more.
        self._journal.write(json.dumps(entry).encode() + b"\n")
        self._journal.flush()
        self._digests.append(digest)
        self._offsets.append(offset)

    def parts(self) -> Iterator[Path]:
        """Yield the files of the finished parts, in order."""
        for index in range(len(self)):
            yield self._place("parts", index)

    def rejects(self) -> Iterator[Path]:
        """Yield the files that hold rejected records, in order."""
        for index in range(len(self)):
            path = self._place("rejects", index)
            if path.exists():
                yield path

    def mark_complete(self) -> None:
        """Note that every part is there: from now on the output may be this job's."""
        write_whole(self.folder / "complete", b"")

    @property
    def is_empty(self) -> bool:
        """Whether nothing is kept that could be lost, on disk, taken up or not."""
        return self.saved_key() is None or _size(self.folder / "journal.jsonl") == 0

    @property
    def is_complete(self) -> bool:
        """Whether a run got as far as putting the parts together."""
        return (self.folder / "complete").exists()

    def close(self) -> None:
        """Close the journal."""
        if self._journal is not None:
            self._journal.close()
            self._journal = None

    def remove(self) -> None:
        """Delete everything but the lock, the finished output being under its name."""
        self.close()
        self._forget()

    def _forget(self) -> None:
        # The key goes first: without it whatever else is left counts for nothing.
        (self.folder / "job.json").unlink(missing_ok=True)
        for path in self.folder.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif path.name != "lock":
                path.unlink()
        self._digests, self._offsets = [], []

    def _open_journal(self) -> None:
        self._journal = (self.folder / "journal.jsonl").open("ab")

    def _place(self, kind: str, index: int, make: bool = False) -> Path:
        folder = self.folder / kind / f"{index // _PER_FOLDER:03d}"
        if make:
            folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{index % _PER_FOLDER:03d}"

    def _is_whole(self, entry: Mapping[str, Any]) -> bool:
        # After a power cut a journal line may have reached the disk before the file that it names.
        index = len(self._digests)
        sizes = (("parts", entry["bytes"]), ("rejects", entry["rejects"]))
        return entry["part"] == index and all(
            _size(self._place(kind, index)) == size for kind, size in sizes
        )


def _entry(line: bytes) -> dict[str, Any] | None:
    if not line.endswith(b"\n"):
        return None
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
