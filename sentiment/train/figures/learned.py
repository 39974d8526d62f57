"""Which texts a retrained model was trained on, kept small enough to lie in its manifest.

Of each text five bytes of its group's hash (`group_of`), in order: they tell that a text was among
the rows and give none of them away. That one of a million other texts is taken for one of ten
thousand rows has a chance of one in a hundred.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["KEY", "count_learned", "learned_from", "packed"]

KEY = "learned"
_BYTES = 5


def packed(groups: Iterable[str], before: frozenset[bytes] = frozenset()) -> str:
    """Return the texts of a training as one string of ASCII, seven characters each.

    :param groups: Of the rows, as `group_of` gives them.
    :param before: What the base had learned from, as `learned_from` returns it.
    """
    keys = before | {_key(group) for group in groups}
    return base64.b64encode(b"".join(sorted(keys))).decode("ascii")


def learned_from(manifest: Mapping[str, Any]) -> frozenset[bytes]:
    """Return the texts that a bundle's manifest says were learned from; none where it says nothing."""
    made = manifest.get("made")
    kept = made.get(KEY) if isinstance(made, Mapping) else None
    if not isinstance(kept, str):
        return frozenset()
    try:
        joined = base64.b64decode(kept, validate=True)
    except (binascii.Error, ValueError):
        return frozenset()  # a bundle of another kind: a model runs without it
    return frozenset(joined[at : at + _BYTES] for at in range(0, len(joined), _BYTES))


def count_learned(groups: Iterable[str], learned: frozenset[bytes]) -> int:
    """Return how many rows are of texts that were learned from.

    :param groups: Of the rows, as `group_of` gives them.
    """
    return sum(_key(group) in learned for group in groups)


def _key(group: str) -> bytes:
    return bytes.fromhex(group)[:_BYTES]
