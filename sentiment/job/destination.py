"""Where the output of a job goes: whether it may, what is there already, what is left beside it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sentiment.errors import OutputError
from sentiment.job.identity import JobKey, quick_digest
from sentiment.job.options import Summary
from sentiment.job.store import Store, write_whole
from sentiment.tables.encodings import known

__all__ = [
    "check_place",
    "finished",
    "output_identity",
    "recognised",
    "refuse_other",
    "rejects_path",
    "summary_bytes",
    "summary_path",
    "write_summary",
    "writing",
]


def summary_path(output: Path) -> Path:
    """Return where the summary of an output is."""
    return output.with_name(output.name + ".summary.json")


def rejects_path(output: Path) -> Path:
    """Return where the rejected records of an output are, if there are any."""
    return output.with_name(output.name + ".rejects.jsonl")


def check_place(out: Path, source: str | Path, encoding: str | None, kind: str) -> None:
    """Refuse an output that cannot be written, before anything is read.

    :raises OutputError: A folder, no folder to write in, the input itself, or an encoding that the
        format does not have.
    :raises InputError: No encoding of that name.
    """
    folder = out.parent
    if out.is_dir():
        raise OutputError(f"{out} is a folder; name a file in it")
    if not folder.exists():
        raise OutputError(
            f"{out} cannot be written: the folder {folder} does not exist; create it first"
        )
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise OutputError(
            f"{out} cannot be written: nothing can be written in {folder}; choose another folder"
        )
    if out.exists() and str(source) != "-" and Path(source).exists() and out.samefile(source):
        raise OutputError(f"{out} is the input itself; choose another name for the output")
    if encoding is None:
        return
    if kind not in ("csv", "tsv"):
        raise OutputError(
            f"{out} takes no --encoding: only CSV and TSV can be written in another one"
        )
    known(encoding)


def finished(out: Path, key: JobKey) -> Summary | None:
    """Return the summary of `out` when it is the finished output of this very job."""
    try:
        return recognised(summary_path(out).read_bytes(), output_identity(out), key)
    except OSError:
        return None


def recognised(content: bytes, output: Mapping[str, int | str], key: JobKey) -> Summary | None:
    """Return the summary that `content` is when it speaks of this output and this job.

    :param output: The `output_identity` of what is there.
    """
    try:
        summary = Summary.from_dict(json.loads(content))
        same_output = output.items() <= summary.output.items()
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return summary if same_output and not key.differences(summary.key) else None


def refuse_other(out: Path, folder: Path, key: JobKey) -> None:
    """Refuse an output that exists and is not a run of this job that died while finishing."""
    if not out.exists():
        return
    store = Store(folder)
    saved = store.saved_key()
    if saved is not None and store.is_complete and not key.differences(saved):
        return
    raise OutputError(
        f"{out} exists and is not the finished output of this input, options and model; "
        "add --overwrite to replace it, or choose another name"
    )


def output_identity(out: Path) -> dict[str, int | str]:
    """Return what a finished output is known by; not its time, so that it may be copied."""
    return {"bytes": out.stat().st_size, "edges": quick_digest(out)}


def write_summary(out: Path, summary: Summary) -> None:
    """Write OUT.summary.json."""
    write_whole(summary_path(out), summary_bytes(summary))


def summary_bytes(summary: Summary) -> bytes:
    """Return the content of OUT.summary.json."""
    return (json.dumps(summary.to_dict(), ensure_ascii=False, indent=2) + "\n").encode()


@contextmanager
def writing(out: Path) -> Iterator[None]:
    """Turn what the system says about a full or closed disk into a sentence about `out`.

    :raises OutputError: In place of any other OSError of the block.
    """
    try:
        yield
    except OutputError:
        raise
    except OSError as error:
        raise OutputError(f"{out} cannot be written ({error.strerror or error})") from error
