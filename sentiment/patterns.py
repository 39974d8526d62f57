"""Regular expressions that are compiled when they are first used.

Reading tables and text takes two hundred of them, most for what one file seldom has. To compile them
all took a fifth of the time in which ten rows are scored, the process's start included.
"""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast

__all__ = ["regex"]

_METHODS = ("search", "match", "fullmatch", "finditer", "findall", "sub", "subn", "split")


class _Pattern:
    """Stands in for a pattern: the first method that is asked for compiles it."""

    def __init__(self, source: str | bytes, flags: int) -> None:
        self._source, self._flags = source, flags

    def __getattr__(self, name: str) -> Any:
        """Return what the compiled pattern has by that name, and keep its methods."""
        if name.startswith("_"):
            raise AttributeError(name)
        compiled = re.compile(self._source, self._flags)
        for method in _METHODS:
            setattr(self, method, getattr(compiled, method))
        return getattr(compiled, name)


def regex(source: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """Return what serves as `re.compile(source, flags)`, at no cost until it is used.

    :raises re.error: When it is used.
    """
    return cast("re.Pattern[AnyStr]", _Pattern(source, flags))
