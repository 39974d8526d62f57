"""What a job on a cluster keeps of an unfinished file, in its output folder until all is done.

    OUT/.sentiment/
        lock                     held by the running job; only where OUT is on this machine
        scratch/                 what is being written and has no name yet
        files/NAME/job.json      the key: input, options, model
        files/NAME/DIGEST/17     the finished span number 17 of the job with that key

A span is one file: the parts as the writer made them, one after the other, then a note in JSON with
their sizes and counts, then the note's length in eight bytes. It appears under its name whole or
not at all, and scoring it again writes the same bytes: a worker that dies, or that was given up and
is not dead, can neither lose nor double a row.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from sentiment.cluster.spans import File, Span
from sentiment.cluster.storage import OWN, Storage
from sentiment.job.tally import Tally

__all__ = ["Kept", "Note", "parts_of", "seal"]

_LENGTH = 8
_COPY = 1 << 23  # a span of usual size in one request
_READERS = 16  # notes read at a time: of a file of a billion rows there are thirty thousand


@dataclass(frozen=True, slots=True)
class Note:
    """What a finished span says of itself."""

    sizes: tuple[int, ...]
    """Bytes of its parts, in order."""
    tally: Tally


def seal(stream: IO[bytes], note: Note) -> None:
    """End a span whose parts were written to the stream."""
    content = json.dumps({"sizes": note.sizes, "tally": note.tally.to_dict()}).encode()
    stream.write(content)
    stream.write(len(content).to_bytes(_LENGTH, "big"))


def parts_of(span: Path, note: Note, scratch: Path) -> Iterator[Path]:
    """Yield the parts of a span one by one, each in the file `scratch` until the next is asked for."""
    with span.open("rb") as stream:
        for size in note.sizes:
            scratch.write_bytes(stream.read(size))
            yield scratch


class Kept:
    """The finished spans of one unfinished file.

    What cannot be read of them is an InputError, as of any storage; `as_output` says whose fault it is.
    """

    def __init__(self, output: Storage, name: str) -> None:
        self._output = output
        self._folder = f"{OWN}/files/{name}"

    def saved_key(self) -> Mapping[str, Any] | None:
        """Return the key of the job that left something here, or None."""
        content = self._output.read(f"{self._folder}/job.json")
        try:
            saved = json.loads(content or b"null")
        except ValueError:
            return None
        return saved if isinstance(saved, dict) else None

    def begin(self, file: File) -> None:
        """Forget all progress and begin the file anew."""
        self._output.remove(self._folder)
        content = json.dumps(file.key, ensure_ascii=False, indent=1)
        self._output.put(f"{self._folder}/job.json", content.encode())

    def indexes(self, file: File) -> set[int]:
        """Return the numbers of the finished spans of the job with the file's key."""
        return {int(name) for name in self._output.names(f"{self._folder}/{file.digest}")}

    def notes(self, file: File) -> dict[int, Note]:
        """Return the notes of the finished spans, by number."""
        indexes = sorted(self.indexes(file))
        with ThreadPoolExecutor(_READERS) as threads:
            return dict(
                zip(indexes, threads.map(lambda i: self.note(file, i), indexes), strict=True)
            )

    def note(self, file: File, index: int) -> Note:
        """Return the note of one finished span."""
        place = self._place(file, index)
        with self._output.reading(place), self._output.open(place) as stream:
            return _note_in(stream)

    def fetch(self, file: File, index: int, span: Path) -> Note:
        """Copy a finished span into a file of this machine and return its note.

        :raises InputError: The span cannot be read.
        :raises OSError: The file cannot be written.
        """
        with span.open("wb") as here:
            for piece in self._pieces(self._place(file, index)):
                here.write(piece)
        with span.open("rb") as stream:
            return _note_in(stream)

    def put(self, span: Span, content: Path) -> None:
        """Keep a span that `seal` ended."""
        self._output.put(self._place(span.file, span.index), content)

    def forget(self) -> None:
        """Delete it all."""
        self._output.remove(self._folder)

    def _pieces(self, place: str) -> Iterator[bytes]:
        with self._output.reading(place), self._output.open(place) as stream:
            while piece := stream.read(_COPY):
                yield piece

    def _place(self, file: File, index: int) -> str:
        return f"{self._folder}/{file.digest}/{index}"


def _note_in(stream: Any) -> Note:
    """Read the note at the end of a span."""
    end = stream.seek(-_LENGTH, 2)
    length = int.from_bytes(stream.read(_LENGTH), "big")
    stream.seek(end - length)
    note = json.loads(stream.read(length))
    return Note(tuple(note["sizes"]), Tally.from_dict(note["tally"]))
