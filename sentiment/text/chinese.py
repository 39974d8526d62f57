"""Traditional Chinese seen as simplified, character by character, at the same length.

opencc loads on first use: when a text holds a traditional character. Folding keeps the length, so
that every offset holds in both texts; what only a phrase could decide (乾 dry or heaven) takes the
commoner reading.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import chain, product

from sentiment.patterns import regex

__all__ = ["common_characters", "to_simplified", "traditional_characters"]

# Simplified standards kept these characters for names and old texts, traditional text is full of
# them. The first ones betray a traditional text; the others fold only in company, so that 乾隆
# stays as it is in simplified text.
_BETRAYING = "後於麽"
_FOLDED_IN_COMPANY = "乾徵夥拚捱摺菸"

# 著 is 着 as a particle (看著) and itself in 著名, 顯著: the only phrase-level choice worth a rule.
_PARTICLE = regex("(?<![显卓昭巨名原论编土])著(?![名作称])")


def _decoded(leads: range, trails: list[int], encoding: str) -> str:
    """Return every character that an East Asian double-byte codec has in the given block."""
    return bytes(chain.from_iterable(product(leads, trails))).decode(encoding, "ignore")


@cache
def common_characters() -> frozenset[str]:
    """Return the 3,755 Chinese characters of GB2312's first level: the ones in daily use."""
    return frozenset(_decoded(range(0xB0, 0xD8), [*range(0xA1, 0xFF)], "gb2312"))


@cache
def traditional_characters() -> frozenset[str]:
    """Return the characters that make a text worth folding: Big5 has them and GB2312 does not.

    Two codecs of the standard library stand in for the dictionary here, so that simplified text
    (nearly all of it) never loads opencc. Characters that only Hong Kong writes (喺, 嘅) are in
    neither and stay as they are.
    """
    big5 = _decoded(range(0xA4, 0xFA), [*range(0x40, 0x7F), *range(0xA1, 0xFF)], "cp950")
    gb2312 = _decoded(range(0xB0, 0xF8), [*range(0xA1, 0xFF)], "gb2312")
    han = {character for character in big5 if "\u4e00" <= character <= "\u9fff"}
    return frozenset(han.difference(gb2312).union(_BETRAYING))


@cache
def _traditional() -> re.Pattern[str]:
    """Return the search for a traditional character: seven times as fast as a set on clean text."""
    return re.compile(f"[{''.join(sorted(traditional_characters()))}]")


@cache
def _table() -> dict[int, str]:
    """Return the folding table, read once from opencc's own dictionary."""
    import opencc

    characters = sorted(traditional_characters().union(_FOLDED_IN_COMPANY))
    # One call, a line for each: no phrase can reach across a line end.
    simplified = opencc.OpenCC("t2s").convert("\n".join(characters)).split("\n")
    return {
        ord(old): new
        for old, new in zip(characters, simplified, strict=True)
        if old != new and len(new) == 1
    }


def to_simplified(text: str) -> str:
    """Return the text in simplified characters, same length; opencc loads if there is a need."""
    if text.isascii() or not _traditional().search(text):
        return text
    return _PARTICLE.sub("着", text.translate(_table()))
