"""Every error that this package raises on purpose, in one tree.

    SentimentError                 catch this one to catch them all
    |-- UserError                  the caller can mend it: exit code 2
    |   |-- InputError             a file or value that cannot be read (also a ValueError)
    |   |-- ColumnError            no column, or two equal ones, for a role (also a ValueError)
    |   |-- OutputError            an output that exists, is busy or cannot be written (also an OSError)
    |   |-- ModelError             a model that is unknown, damaged or too new
    |   |-- TaxonomyError          a taxonomy file that contradicts itself (also a ValueError)
    |   |-- LabelError             labelled rows that cannot be used as they are (also a ValueError)
    |   `-- MissingExtra           an optional dependency is not installed (also an ImportError)
    `-- NotReached                 train or evaluate fell short of what was asked: exit code 3

A message is one sentence or two: what is wrong, where (file, row, column), and what to do next.
Anything else that escapes is a defect of ours: exit code 1.
"""

from __future__ import annotations

__all__ = [
    "ColumnError",
    "InputError",
    "LabelError",
    "MissingExtra",
    "ModelError",
    "NotReached",
    "OutputError",
    "SentimentError",
    "TaxonomyError",
    "UserError",
]


class SentimentError(Exception):
    """Root of every error raised on purpose."""

    exit_code = 1


class UserError(SentimentError):
    """Something that the caller can mend; the message says how."""

    exit_code = 2


class InputError(UserError, ValueError):
    """A file or a value that cannot be read: missing, empty, binary, a directory, a wrong type."""


class ColumnError(UserError, ValueError):
    """A role (text, id, date, outcome) has no column, or several that could equally be it."""


class OutputError(UserError, OSError):
    """An output that exists, is being written by another job, or cannot be written."""


class ModelError(UserError):
    """A model that is unknown, incomplete, changed since it was saved, or newer than this release."""


class TaxonomyError(UserError, ValueError):
    """A taxonomy file that cannot be read or that contradicts itself."""


class LabelError(UserError, ValueError):
    """Labelled rows that cannot be used as they are; the message lists every fault found."""


class MissingExtra(UserError, ImportError):
    """An optional dependency is needed and not installed; the message names the extra."""


class NotReached(SentimentError):
    """Training or evaluation finished but fell short of what was asked."""

    exit_code = 3
