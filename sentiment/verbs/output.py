"""Where a verb may write: what every one of them refuses in the same words."""

from __future__ import annotations

from pathlib import Path

from sentiment.errors import OutputError

__all__ = ["check_folder", "refuse_to_replace"]


def check_folder(output: Path) -> None:
    """Refuse an output whose folder is not there, before any work is done.

    :raises OutputError: It is not.
    """
    if not output.parent.is_dir():
        raise OutputError(
            f"{output} cannot be written: the folder {output.parent} does not exist; "
            "create it first"
        )


def refuse_to_replace(path: Path, *, overwrite: bool) -> None:
    """Keep what is there, unless the user asked for it to be replaced.

    :raises OutputError: The output exists.
    """
    if path.exists() and not overwrite:
        raise OutputError(
            f"{path} exists already; add --overwrite to replace it, or choose another name"
        )
