"""Python's search for cycles of objects, less often while texts are scored."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["seldom_searched"]

_OBJECTS = 50_000

_lock = threading.Lock()
_within = 0  # how many have asked and are not done
_before = (0, 0, 0)


@contextmanager
def seldom_searched() -> Iterator[None]:
    """Search for cycles after so many new objects only; what was set before is set again at the end.

    Nothing that is made of a text is in a cycle. To search after every few hundred objects, as Python
    does, finds none, and costs the lite model a quarter of its time where many analyses are kept.
    May be entered again within itself, and by several threads: the last one to leave puts it back.
    """
    global _within, _before
    with _lock:
        if not _within:
            _before = gc.get_threshold()
            first, *others = _before
            gc.set_threshold(max(_OBJECTS, first) if first else 0, *others)
        _within += 1
    try:
        yield
    finally:
        with _lock:
            _within -= 1
            if not _within:
                gc.set_threshold(*_before)
