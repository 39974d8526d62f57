"""Text that was decoded wrongly or converted badly, put right where that is safe.

Each repair has to prove itself: the wrongly read bytes must decode without rest and give common
characters. What fails the proof stays as it was, and `is_damaged` says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sentiment.text.chinese import common_characters
from sentiment.text.offsets import Edit, OffsetMap, rewrite

__all__ = ["GLOSS", "MOJIBAKE", "glosses", "is_damaged", "mojibake"]

# --- pinyin glosses -----------------------------------------------------------------------------

_TONED = "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜńňǹḿ"
# 業(yè)務(wù): a Han character, then one to six lower-case letters with a tone mark in brackets.
_GLOSS = rf"(?<=[㐀-鿿])[(（](?=[a-zü]*[{_TONED}])[a-zü{_TONED}]{{1,6}}[)）]"
GLOSS = re.compile(_GLOSS)


def glosses(text: str) -> tuple[str, OffsetMap | None]:
    """Drop the pinyin that script conversion left behind; (CRM) and 软件(app) carry no tone mark."""
    return rewrite(text, GLOSS, lambda match: "")


# --- UTF-8 read as Latin-1 or Windows-1252 ---------------------------------------------------------

# What Windows-1252 makes of the bytes 80-9F, and those bytes themselves (Latin-1, or undefined).
_C1 = "\x80-\x9f€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
_LATIN = rf"[À-ô{_C1}\xa0-¿õ-ÿ]"
_LATIN_MOJIBAKE = rf"[Â-ô][{_C1}\xa0-¿]"
_LATIN_RUN = re.compile(rf"{_LATIN}*{_LATIN_MOJIBAKE}{_LATIN}*")


def _latin(match: re.Match[str]) -> str:
    """Let ftfy judge one run of non-ASCII characters."""
    import ftfy

    return ftfy.fix_encoding(match[0])


# --- UTF-8 read as GBK ------------------------------------------------------------------------------


def _gbk_signs() -> str:
    """Return what GBK makes of the first two bytes of a Chinese character in UTF-8."""
    pairs = (bytes((lead, trail)) for lead in (0xE3, *range(0xE4, 0xEA), 0xEF) for trail in range(0x80, 0xC0))
    return "".join(sorted({pair.decode("gbk", "ignore") for pair in pairs}))


_GBK_SIGN = f"[{_gbk_signs()}]"
_GBK_RUN = re.compile(rf"[€㐀-鿿\ue000-\uf8ff、-〗Α-яα-ω①-⒛]*?{_GBK_SIGN}[^\x00-\x7f]*")

MOJIBAKE = re.compile(rf"{_LATIN_MOJIBAKE}|{_GBK_SIGN}[^\x00-\x7f]?{_GBK_SIGN}")


def mojibake(text: str) -> tuple[str, OffsetMap | None]:
    """Undo UTF-8 that was read as Latin-1 or Windows-1252."""
    return rewrite(text, _LATIN_RUN, _latin)


# --- beyond repair ------------------------------------------------------------------------------------

_LOST = re.compile("锟斤拷|锟?斤拷|烫烫烫|屯屯屯|锘|\ufffd|ï¿½|ï»¿")


def is_damaged(text: str) -> bool:
    """Tell whether the text lost too much to be trusted: one mark of loss in fifty characters."""
    lost = sum(1 for _ in _LOST.finditer(text))
    return lost * 50 >= max(len(text), 1) and lost > 0
