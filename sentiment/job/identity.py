"""What makes two scoring jobs the same job: the input, the options and the model."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sentiment
from sentiment.errors import InputError
from sentiment.job.chunks import PART_ROWS
from sentiment.tables import Roles
from sentiment.taxonomy import Taxonomy

__all__ = ["JobKey", "file_identity", "job_key", "quick_digest"]

# Enough to notice an export that was appended to, cut or replaced, without reading 50 GB twice;
# what lies between is compared chunk by chunk while the rows pass by.
_EDGE = 1 << 20


def quick_digest(path: Path) -> str:
    """Return a digest of the first and the last megabyte of a file."""
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        digest.update(file.read(_EDGE))
        size = file.seek(0, 2)
        file.seek(max(size - _EDGE, 0))
        digest.update(file.read(_EDGE))
    return digest.hexdigest()


def file_identity(path: Path) -> dict[str, Any]:
    """Return size in bytes, time of the last change in nanoseconds, and the digest of both ends.

    :raises InputError: The file cannot be read.
    """
    try:
        status = path.stat()
        digest = quick_digest(path)
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror or error}); check the file"
        ) from error
    return {"bytes": status.st_size, "changed": status.st_mtime_ns, "edges": digest}


@dataclass(frozen=True, slots=True)
class JobKey:
    """The three things on which every byte of the output depends."""

    input: Mapping[str, Any]
    options: Mapping[str, Any]
    model: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Return plain data that compares equal after a trip through JSON."""
        plain = {
            "input": dict(self.input),
            "options": dict(self.options),
            "model": dict(self.model),
        }
        return dict(json.loads(json.dumps(plain)))

    def differences(self, other: Mapping[str, Any]) -> tuple[str, ...]:
        """Return which of input, options and model are not those of `other`."""
        mine = self.to_dict()
        return tuple(name for name in mine if mine[name] != other.get(name))


def job_key(
    *,
    input: Mapping[str, Any],  # noqa: A002 - as in the key
    format: str,  # noqa: A002 - its name everywhere
    encoding: str | None,
    source: tuple[str, str | None, str | None, str | None],
    roles: Roles,
    model: tuple[str, str],
    taxonomy: Taxonomy | None,
) -> JobKey:
    """Return the key of a job, whichever engine runs it.

    :param input: The `file_identity`; empty where there is nothing to compare with.
    :param format: Of the output.
    :param encoding: Of the output, where the user named one.
    :param source: Format, encoding, delimiter and sheet of the input.
    :param model: Name and digest.
    :param taxonomy: The user's own, or None.
    """
    return JobKey(
        input=input,
        options={
            "release": sentiment.__version__,
            "format": format,
            "encoding": encoding,
            "source": list(source),
            "roles": roles.to_dict(),
            "part": PART_ROWS,
        },
        model={
            "name": model[0],
            "digest": model[1],
            "taxonomy": taxonomy.to_dict() if taxonomy else None,
        },
    )
