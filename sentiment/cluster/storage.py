"""A folder wherever pyarrow reaches, this machine, s3://, gs://, under one set of verbs."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sentiment.errors import InputError, OutputError

__all__ = ["OWN", "SCRATCH", "Storage", "as_output", "open_here", "open_storage"]

OWN = ".sentiment"
"""The folder in an output folder that is the job's own until it is done."""
SCRATCH = f"{OWN}/scratch"
"""What is being written and has no name yet."""

_EDGE = 1 << 20  # as job.identity: the two are compared
_COPY = 1 << 22
# A file appears there under its name only once it is complete, and there is nothing to rename.
_OBJECTS = ("s3", "gcs", "abfs")
_HERE = ("file", "local")  # what pyarrow calls this machine in an address


def open_storage(location: str) -> Storage:
    """Return the folder or file at a path of this machine, or at an address like s3://bucket/key.

    :raises InputError: No file system of that kind, or none that answers.
    """
    import pyarrow as pa
    from pyarrow import fs

    if "://" not in location:
        return Storage(fs.LocalFileSystem(), os.path.abspath(location), location)
    name = _told(location)
    try:
        filesystem, root = fs.FileSystem.from_uri(location)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise InputError(
            f"{name} cannot be reached ({_reason(error)}); check the address and what it takes "
            "to sign in"
        ) from None
    return Storage(filesystem, root.rstrip("/"), name)


def open_here(location: str) -> Storage:
    """Return the folder or file at a path of this machine, or at an address like file:///data.

    Its files are shown by their paths, so that whoever knows no addresses can open them.

    :raises InputError: It is elsewhere.
    """
    scheme, mark, _ = location.partition("://")
    if mark and scheme not in _HERE:  # said at once: to ask S3 for a bucket may take a while
        raise InputError(
            f"{_told(location)} is not on this machine, and --engine local knows no other; "
            "add --engine ray, or name a folder of this machine"
        )
    found = open_storage(location)
    return replace(found, name=found.root) if mark else found


@contextmanager
def as_output() -> Iterator[None]:
    """Have what cannot be read told as a fault of the output, where no input is read.

    :raises OutputError: In place of any InputError of the block.
    """
    try:
        yield
    except InputError as error:
        raise OutputError(str(error)) from error


@dataclass(frozen=True, slots=True)
class Storage:
    """A folder of a file system that pyarrow knows; picklable where the file system is.

    Names of files are relative to it, with "/" on every machine.

    :param filesystem: A `pyarrow.fs.FileSystem`.
    :param root: The folder in it.
    :param name: The folder as the user wrote it.
    """

    filesystem: Any
    root: str
    name: str

    def shown(self, name: str) -> str:
        """Return a file's name as the user would write it."""
        address, options = self._name_and_options()
        return f"{address.rstrip('/')}/{name}{options}"

    def local(self, name: str = "") -> Path | None:
        """Return where a file is on this machine, or None when it is not."""
        return Path(self._at(name)) if self.filesystem.type_name == "local" else None

    def parent(self) -> tuple[Storage, str]:
        """Return the folder that holds this one (or this file), and the name in it."""
        above, _, name = self.root.rpartition("/")
        shown = self._name_and_options()[0].rstrip("/").rpartition("/")[0] or "."
        return Storage(self.filesystem, above or "/", shown), name

    def kind(self, name: str = "") -> str | None:
        """Return "file", "folder", or None where there is nothing.

        :raises InputError: The file system does not answer.
        """
        from pyarrow import fs

        with self.reading(name):
            found = self.filesystem.get_file_info(self._at(name)).type
        return {fs.FileType.File: "file", fs.FileType.Directory: "folder"}.get(found)

    def names(self, name: str = "") -> list[str]:
        """Return every file beneath a folder, in the order of their names; none for no folder.

        :raises InputError: The file system does not answer.
        """
        from pyarrow import fs

        top = self._at(name)
        with self.reading(name):
            found = self.filesystem.get_file_info(
                fs.FileSelector(top, recursive=True, allow_not_found=True)
            )
        start = len(top.rstrip("/")) + 1
        return sorted(info.path[start:] for info in found if info.type == fs.FileType.File)

    def stat(self, name: str) -> tuple[int, int] | None:
        """Return size in bytes and time of change in nanoseconds, or None for no file."""
        from pyarrow import fs

        with self.reading(name):
            info = self.filesystem.get_file_info(self._at(name))
        return None if info.type != fs.FileType.File else (info.size, info.mtime_ns or 0)

    def identity(self, name: str) -> dict[str, Any]:
        """Return what `job.identity.file_identity` returns, of a file anywhere.

        :raises InputError: The file cannot be read.
        """
        found = self.stat(name)
        if found is None:
            raise InputError(f"there is no file {self.shown(name)}; check the name and the folder")
        return {"bytes": found[0], "changed": found[1], "edges": self.edges(name)}

    def edges(self, name: str) -> str:
        """Return the digest of the first and the last megabyte, as `job.identity.quick_digest`."""
        digest = hashlib.blake2b(digest_size=16)
        with self.reading(name), self.open(name) as file:
            digest.update(file.read(_EDGE))
            file.seek(max(file.size() - _EDGE, 0))
            digest.update(file.read(_EDGE))
        return digest.hexdigest()

    def open(self, name: str) -> Any:
        """Open a file for reading at any place; a `pyarrow.NativeFile`.

        :raises InputError: It cannot be opened. For what is read of it then, there is `reading`.
        """
        with self.reading(name):
            return self.filesystem.open_input_file(self._at(name))

    def read(self, name: str) -> bytes | None:
        """Return what a small file holds, or None for no file.

        :raises InputError: There is one, and it cannot be read.
        """
        with self.reading(name):
            try:
                with self.filesystem.open_input_stream(self._at(name)) as file:
                    return bytes(file.read())
            except FileNotFoundError:
                return None

    def put(self, name: str, content: Path | bytes) -> None:
        """Write a file so that it is there whole or not at all; replaces an older one.

        :raises OutputError: It cannot be written.
        """
        try:
            if self.filesystem.type_name in _OBJECTS:
                self._fill(self._at(name), content)
            else:
                self._fill_and_move(name, content)
        except OSError as error:
            raise OutputError(f"{self.shown(name)} cannot be written ({_reason(error)})") from error

    def remove(self, name: str) -> None:
        """Delete a folder and all beneath it; none is fine."""
        try:
            self.filesystem.delete_dir(self._at(name))
        except FileNotFoundError:
            return
        except OSError as error:
            raise OutputError(f"{self.shown(name)} cannot be deleted ({_reason(error)})") from error

    @contextmanager
    def reading(self, name: str) -> Iterator[None]:
        """Turn what the file system says into a sentence about the file that is read in the block.

        :raises InputError: In place of any OSError of the block.
        """
        try:
            yield
        except OSError as error:
            shown = self.shown(name) if name else self.name
            raise InputError(
                f"{shown} cannot be read ({_reason(error)}); check the address and what it takes "
                "to sign in"
            ) from error

    def _name_and_options(self) -> tuple[str, str]:
        """Return the name without the options of an address, which come last, and these."""
        head, mark, tail = self.name.partition("?")
        return (head, mark + tail) if "://" in self.name else (self.name, "")

    def _at(self, name: str) -> str:
        return f"{self.root.rstrip('/')}/{name}" if name else self.root

    def _fill(self, at: str, content: Path | bytes) -> None:
        with self.filesystem.open_output_stream(at) as stream:
            if isinstance(content, bytes):
                stream.write(content)
                return
            with content.open("rb") as source:
                shutil.copyfileobj(source, stream, _COPY)

    def _fill_and_move(self, name: str, content: Path | bytes) -> None:
        # A name of its own: two workers may be at one file when the first was given up for dead.
        scratch, at = self._at(f"{SCRATCH}/{uuid.uuid4().hex}"), self._at(name)
        for path in (scratch, at):
            self.filesystem.create_dir(path.rpartition("/")[0], recursive=True)
        self._fill(scratch, content)
        if self.local() is not None:
            _sync(scratch)
        self.filesystem.move(scratch, at)


def _told(location: str) -> str:
    """Return an address without what one signs in with, which is not to be told."""
    return re.sub("://[^/@]*@", "://", location)


def _sync(path: str) -> None:
    file = os.open(path, os.O_RDWR)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _reason(error: BaseException) -> str:
    strerror = getattr(error, "strerror", None)
    lines = (str(strerror or error).strip() or type(error).__name__).splitlines()
    return lines[0]
