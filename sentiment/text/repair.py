"""Text that was decoded wrongly or converted badly, put right where that is safe.

A repair has to prove itself: the wrongly read bytes must decode, and give characters in daily use.
What fails the proof stays as it was, and `is_damaged` says so. Repaired characters keep the way
back to the bytes they came from, one by one where the encodings allow it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from sentiment.patterns import regex
from sentiment.text.chinese import common_characters, to_simplified
from sentiment.text.offsets import Edit, OffsetMap, rewrite

__all__ = [
    "GBK_SIGNS",
    "GLOSS",
    "MOJIBAKE",
    "SHIFTED",
    "glosses",
    "is_damaged",
    "is_misread",
    "mojibake",
    "shifted",
]

_HAN = "㐀-鿿"

# --- pinyin glosses -------------------------------------------------------------------------------

_TONED = "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜńňǹḿ"
# 業(yè)務(wù): a Han character, then one to six letters with a tone mark in brackets. The opening
# bracket may have been eaten by a wrong byte before it: 應 + ?yīng).
_SYLLABLE = rf"(?=[a-zü]*[{_TONED}])[a-zü{_TONED}]{{1,6}}[)）]"
_GLOSS = rf"[(（?？](?<=[{_HAN}].){_SYLLABLE}"
GLOSS = regex(_GLOSS)
# Particles carry no tone mark in pinyin either; believed only beside glosses that do.
_TONELESS = rf"(?<=[{_HAN}])[(（](?:men|de|le|ge|me|ma|ne|zhe|zi)[)）]"
_GLOSS_OR_PARTICLE = regex(f"{_GLOSS}|{_TONELESS}")


def glosses(text: str) -> tuple[str, OffsetMap | None]:
    """Drop the pinyin that script conversion left; (CRM) and 软件(app) carry no tone mark."""
    several = len(GLOSS.findall(text)) > 1
    return rewrite(text, _GLOSS_OR_PARTICLE if several else GLOSS, lambda match: "")


# --- wrongly decoded UTF-8 ----------------------------------------------------------------------


@cache
def _latin_bytes() -> dict[str, bytes]:
    """Return the byte behind each character of Windows-1252, and of Latin-1 where that has none."""
    table = {chr(code): bytes((code,)) for code in range(0x80, 0x100)}
    for code in range(0x80, 0xA0):
        table[bytes((code,)).decode("cp1252", "ignore") or chr(code)] = bytes((code,))
    return table


def _gbk_bytes(character: str) -> bytes:
    """Return the two bytes behind a character that GBK gave, one for the euro sign, or none."""
    if character == "€":
        return b"\x80"
    code = character.encode("gb18030", "ignore")
    return code if len(code) == 2 else b""


_LATIN = "\x80-\xff" + "".join(
    bytes((code,)).decode("cp1252", "ignore") for code in range(0x80, 0xA0)
)
_LATIN_MOJIBAKE = (
    rf"[\xc2-\xdf][{_LATIN}](?<![\xc0-\xff])|[\xe0-\xef][{_LATIN}](?<![\xc0-\xff])[{_LATIN}](?<![\xc0-\xff])"
    rf"|\xf0\x9f|ðŸ"
)
_LATIN_RUN = regex(rf"[{_LATIN}]*(?:{_LATIN_MOJIBAKE})[{_LATIN}]*")


def _gbk_signs() -> str:
    """Return what GBK makes of the first two bytes of a Chinese character in UTF-8."""
    leads = (0xE3, 0xE4, 0xE5, 0xE6, 0xE7, 0xE8, 0xE9, 0xEF)
    pairs = (bytes((lead, trail)) for lead in leads for trail in range(0x80, 0xC0))
    return "".join(sorted({pair.decode("gbk", "ignore") for pair in pairs}))


GBK_SIGNS = _gbk_signs()
_GBK_SIGN = f"[{GBK_SIGNS}]"
_GBK_RUN = regex(r"[^\x00-\x7f]{3,}[?\ufffd]?")
_GBK_SIGNS = regex(_GBK_SIGN)
# What wrongly read UTF-8 has in it, and a few foreign words: one set is searched in no time.
MOJIBAKE = regex(f"[\xc2-\xf0{GBK_SIGNS}]")
# A run with more lost characters than this was not misread as GBK.
_MOST_LOST = 2


def mojibake(text: str) -> tuple[str, OffsetMap | None]:
    """Undo UTF-8 that was read as Latin-1, Windows-1252 or GBK."""
    pieces: list[str] = []
    edits: list[Edit] = []
    done = length = 0
    runs, read = _runs(text)
    for match in runs:
        repaired = read(match[0])
        if not repaired:
            continue
        start = match.start()
        pieces.append(text[done:start])
        length += start - done
        for new, first, last in repaired:
            pieces.append(new)
            edits.append((length, length + len(new), start + first, start + last))
            length += len(new)
        done = match.end()
    if not edits:
        return text, None
    pieces.append(text[done:])
    return "".join(pieces), OffsetMap.of(edits)


# A piece of repaired text and the span of the run that it came from.
_Piece = tuple[str, int, int]


def _runs(text: str) -> tuple[list[re.Match[str]], Callable[[str], list[_Piece]]]:
    """Return the suspicious runs and what reads them: a text was misread in one way."""
    if latin := list(_LATIN_RUN.finditer(text)):
        return latin, _latin
    return [run for run in _GBK_RUN.finditer(text) if _GBK_SIGNS.search(run[0])], _gbk


def _latin(run: str) -> list[_Piece]:
    """Decode a run of Latin characters if ftfy agrees that it is none."""
    import ftfy

    table = _latin_bytes()
    pieces, lost = _aligned([table.get(character, b"") for character in run])
    fixed = ftfy.fix_encoding(run)
    if fixed != "".join(piece[0] for piece in pieces) and fixed != run:
        return [(fixed, 0, len(run))]
    # ftfy refuses a run with bytes gone for good (80-9F is dropped on the way through many tools)
    # and doubts a single pair, which may be a capital letter and a quotation mark.
    return pieces if fixed != run or (len(pieces) > 2 * lost and len(pieces) > 2) else []


def _gbk(run: str) -> list[_Piece]:
    """Decode a run that GBK gave, if it gives Chinese in daily use; an odd last byte is lost."""
    if _is_no_utf8(run):
        return []
    pieces, lost = _aligned([_gbk_bytes(character) for character in run], _MOST_LOST)
    found = to_simplified("".join(piece[0] for piece in pieces))
    known = sum(1 for character in found if _is_daily(character))
    read = len(found) - lost
    return pieces if read > 1 and lost <= _MOST_LOST and known * 4 >= read * 3 else []


def _is_no_utf8(run: str) -> bool:
    """Tell at a glance that too much of a run is lost, as of most that only look misread.

    The standard decoder marks each byte of a lost character at worst, and none has more than three; one
    more mark may be for the character that is cut.
    """
    if "€" in run:  # which is one byte, and two in the codec
        return False
    read = run[:-1].encode("gb18030", "ignore").decode("utf-8", "replace")
    return read.count("\ufffd") > 3 * _MOST_LOST + 1


def _is_daily(character: str) -> bool:
    """Tell whether a character is common Chinese, Chinese punctuation or of full width."""
    return (
        character in common_characters()
        or "\u3000" <= character <= "\u30ff"
        or "\uff00" <= character <= "\uffef"
    )


def _aligned(codes: list[bytes], most_lost: int | None = None) -> tuple[list[_Piece], int]:
    """Decode the bytes of a run as UTF-8.

    :param most_lost: Stop when more are lost: traditional text looks misread until it is tried, and
        fails after a few characters.
    :return: The pieces, each with the characters of the run that its bytes came from, and how many
        of them are U+FFFD: bytes that are no UTF-8.
    """
    owner = [index for index, code in enumerate(codes) for _ in code]
    data = b"".join(codes)
    if len(owner) < 2 or not all(codes[:-1]):
        return [], 0
    pieces: list[_Piece] = []
    lost = place = 0
    while place < len(data):
        character, size = _first_character(data[place : place + 4])
        lost += character == "\ufffd"
        if most_lost is not None and lost > most_lost:
            return [], lost
        pieces.append((character, owner[place], owner[place + size - 1] + 1))
        place += size
    if not codes[-1] and pieces:
        # The mark that stood for the byte GBK could not read goes with the character it was of.
        text, first, last = pieces[-1]
        pieces[-1] = (text, first, len(codes)) if text == "\ufffd" else (text, first, last)
        if text != "\ufffd":
            pieces.append(("?", last, len(codes)))
    return pieces, lost


def _first_character(data: bytes) -> tuple[str, int]:
    """Return the first character of up to four bytes and its size; U+FFFD for one cut short."""
    lead = data[0]
    if lead < 0x80:
        return chr(lead), 1
    size = 4 if lead >= 0xF0 else 3 if lead >= 0xE0 else 2
    character = data[:size].decode("utf-8", "ignore")
    if len(character) == 1 and len(character.encode()) == len(data[:size]):
        return character, size
    size = 1
    while size < min(len(data), 3) and lead >= 0xC0 and data[size] & 0xC0 == 0x80:
        size += 1
    return "\ufffd", size


# --- GBK shifted by one byte --------------------------------------------------------------------

# A lost byte leaves a question mark, and every character after it is read from the wrong halves
# until an ASCII letter happens to end one: 。客戶滿 becomes ??蛻魸M.
SHIFTED = regex(rf"[?？\ufffd](?P<run>[{_HAN}][^\x00-\x7f，。！？、；：]{{0,60}}[@-~]?)")
_HANS = regex(f"[{_HAN}]+")
_LOST_LEAD = b"\xbf"  # the byte that ends 。 and 保 before 客 and 快 when it goes missing


def shifted(text: str) -> tuple[str, OffsetMap | None]:
    """Read such a run from the right halves when that, and only that, gives daily characters."""
    return rewrite(text, SHIFTED, _unshift)


def _unshift(match: re.Match[str]) -> str:
    run = match["run"]
    if _common_share(run) > 0.8:
        return match[0]
    data = _LOST_LEAD + run.encode("gb18030", "ignore")
    found = data.decode("gbk", "replace")
    if "\ufffd" in found[:-1]:
        return match[0]
    # Two characters can be in daily use by accident.
    return found if len(found) > 2 and _common_share(found) == 1.0 else match[0]


def _common_share(text: str) -> float:
    """Return the share of characters in daily use among the Chinese ones."""
    han = "".join(_HANS.findall(to_simplified(text)))
    return sum(map(common_characters().__contains__, han)) / len(han) if han else 0.0


# --- beyond repair --------------------------------------------------------------------------------

_LATIN_LEFT = (
    "[ÂÃ][\x80-\xbf]|â€|[åæçèéäàØÙð][\x80-\x9f\xa1-\xa9\xac-\xb6\xb8-\xba\xbc-\xbf‚ƒ„†‡ˆ‰Š‹ŒŽšœžŸ]"
)
_SUSPECT = regex(rf"[\ufffd锟斤烫屯锘ÂÃâåæçèéäàØÙð{GBK_SIGNS}]")
# 瑕不掩瑜 has two characters that look like wrongly read UTF-8; three in step are no accident.
_GBK_LEFT = rf"{_GBK_SIGN}[^\x00-\x7f]{{2}}{_GBK_SIGN}[^\x00-\x7f]{{2}}{_GBK_SIGN}|锛[^\x00-\x7f]"
_LOST = regex(rf"锟斤拷|锟斤|斤拷|烫烫烫|屯屯屯|锘|\ufffd|ï¿½|ï»¿|{_GBK_LEFT}|{_LATIN_LEFT}")
# One mark of loss in fifty characters: a cut-off last character does not spoil a long review.
_TOLERANCE = 50


def is_misread(text: str) -> bool:
    """Tell whether a person would see signs instead of words: what was decoded wrongly.

    A model may read it rightly all the same, for it is given the repaired text.
    """
    repairs = ((MOJIBAKE, mojibake), (SHIFTED, shifted))
    return is_damaged(text) or any(
        trigger.search(text) is not None and repair(text)[1] is not None
        for trigger, repair in repairs
    )


def is_damaged(text: str) -> bool:
    """Tell whether a normalised text lost too much to be trusted."""
    if text.isascii() or not _SUSPECT.search(text):
        return False
    lost = sum(1 for _ in _LOST.finditer(text))
    return lost * _TOLERANCE >= len(text) and lost > 0
