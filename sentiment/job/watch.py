"""What a job tells whoever watches it; by default nobody does."""

from __future__ import annotations

from typing import Protocol

from sentiment.tables import Table

__all__ = ["Silent", "Watcher"]


class Watcher(Protocol):
    """Gets what a job has to say while it runs."""

    def say(self, key: str, /, **fields: object) -> None:
        """Take one sentence: a key of `sentiment.wording` and what is to be filled in."""

    def opened(self, table: Table) -> None:
        """Take the source as it was found: its format, its notes and the roles of its columns."""

    def advance(self, rows: int, scored: int, total: int | None) -> None:
        """Take the progress: rows done, how many of them were scored in this run, and about how
        many there are in all (None: not known).
        """


class Silent:
    """Hears it and says nothing."""

    def say(self, key: str, /, **fields: object) -> None:
        """Do nothing."""

    def opened(self, table: Table) -> None:
        """Do nothing."""

    def advance(self, rows: int, scored: int, total: int | None) -> None:
        """Do nothing."""
