"""What makes two scoring jobs the same job: the input, the options and the model."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sentiment.errors import InputError

__all__ = ["JobKey", "file_identity", "quick_digest"]

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
