"""What is left of a sentence when the things it speaks of are taken out.

Texts made from a template differ only in the things sold and in numbers. With these masked, two of
them share long runs of characters or words, and two that were written alone do not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

__all__ = ["framed", "grams", "shared_frames"]

_CHINESE_THINGS = (
    "手机壳|充电宝|手机|耳机|咖啡机|双肩包|背包|吸尘器|机器|行李箱|牙刷|电饭煲|吹风机|洗衣机|空调|冰箱|电视"
    "|投影仪|显示器|键盘|鼠标|平板|手表|台灯|沙发|床垫|枕头|被子|衬衫|裙子|鞋子|外套|裤子|面膜|口红|粉底液|洗发水"
    "|奶粉|奶茶|咖啡|蛋糕|火锅|烤鸭|外卖|酒店|民宿|房间|软件|快递|网课|健身房|雨伞|保温杯|水杯|锅"
)
_ENGLISH_THINGS = (
    "headphones?|earphones?|headset|espresso machine|coffee machine|backpack|bag|vacuum|phone|laptop"
    "|tablet|kettle|toaster|blender|mattress|pillow|sofa|chair|desk|lamp|jacket|dress|shirt|shoes"
    "|boots|jeans|pizza|burger|curry|sushi|coffee|tea|hotel|room|hostel|flight|airline|app|game|book"
    "|watch|camera|printer|router|monitor|keyboard|mouse|speaker|charger|cable|fridge|tent|bike"
)
_NUMBERS = (
    r"[0-9]+|[一二两三四五六七八九十百千]+"
    r"|\b(?:one|two|three|four|five|six|seven|eight|nine|ten)\b"
)
_MASKED = re.compile(
    rf"V8|C2|{_CHINESE_THINGS}|\b(?:{_ENGLISH_THINGS})\b|{_NUMBERS}", re.IGNORECASE
)
_UNIT = re.compile(r"[㐀-鿿]|[A-Za-z']+|#")


def framed(text: str) -> tuple[str, ...]:
    """Return the Chinese characters and English words of a text, things and numbers masked."""
    return tuple(_UNIT.findall(_MASKED.sub(" # ", text.lower())))


def grams(text: str, size: int) -> frozenset[tuple[str, ...]]:
    """Return every run of `size` units of the masked text."""
    units = framed(text)
    return frozenset(units[at : at + size] for at in range(len(units) - size + 1))


def shared_frames(
    texts: Iterable[str], size: int
) -> Iterator[tuple[str, str, frozenset[tuple[str, ...]]]]:
    """Yield every two texts that share runs of `size` units, with these runs, in order."""
    seen: dict[tuple[str, ...], list[int]] = {}
    known: list[str] = []
    for at, text in enumerate(texts):
        found: dict[int, set[tuple[str, ...]]] = {}
        for gram in grams(text, size):
            for other in seen.setdefault(gram, []):
                found.setdefault(other, set()).add(gram)
            seen[gram].append(at)
        known.append(text)
        for other, both in sorted(found.items()):
            yield known[other], text, frozenset(both)
