"""Which encoding a file is in, and how its lines become text when some of them are not.

Own checks come first, because a statistical detector is at its worst on what this package reads
most: byte order marks, UTF-16 by the place of its zeros, strict UTF-8, then GB18030 against Big5
against Windows-1252 by how many of the characters that come out are ones that people write.
charset-normalizer is asked last, for the rest of the world.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from sentiment.errors import InputError
from sentiment.patterns import regex

__all__ = ["DecodedLine", "detect", "known", "python_name", "text_blocks", "unmarked_wide"]

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16: its mark begins with that of UTF-16 LE
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

_BLOCK = 1 << 20

# So much is enough to see whether what comes out is text.
_PEEK = 1 << 16

# How far to look for the first byte that is not ASCII. Scanning costs about a second per 4 GB; past
# this the file is taken as UTF-8 and a line that is not is mended on its own.
_SEARCH = 1 << 30

# The most frequent characters of modern Chinese, and of what customers write, in both scripts.
# They cover about 70 % of running text when an encoding is the right one and under 10 % when it is
# not (GB18030 read as Big5 gives rare characters, and the other way round).
_SIMPLIFIED = (
    "的一是不了人我在有他这中大来上个国到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可"
    "她里后小么心多天而能好都然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已"
    "老从动两长知民样现分将外但身些与高意进把法此实回二理美点月明其种声全工己话儿者向情部正名定女问力"
    "机给等几很业最间新什打便位因重被走电四第门相次东政海口使教西再平真听世气信北少关并内加化由却代"
    "产入先山五太水万市眼体别处总才场师书比住员性通目华报立活难神数件安表原车白应路期叫常提感金何更反"
    "合放做系计或司利受光果及今务制解各任至清物台记边共风接它许特觉望直服题建度色字请交爱让认算论百吃"
    "义科怎元结功指思非流每管连远资带花快条院变往该近留红决保达办运半候必城强步完区即求品转量空轻程告"
    "语式息写呢识极收钱倒未取设始双越商千片像找站广改形早房音单失拿网香专价格质慢差退换货客评店购买送"
    "包装颜味道满推荐错喜欢式样坏破修型号屏幕充池耐适合穿鞋衣划算便宜贵酒餐厅菜吧啊哦吗呀嘛"
)
_TRADITIONAL = (
    "的一是不了人我在有他這中大來上個國到說們為子和你地出道也時年得就那要下以生會自著去之過家學對可"
    "她裡裏後小麼心多天而能好都然沒日於起還發成事只作當想看文無開手十用主行方又如前所本見經頭面公同三"
    "已老從動兩長知民樣現分將外但身些與高意進把法此實回二理美點月明其種聲全工己話兒者向情部正名定女問"
    "力機給等幾很業最間新什打便位因重被走電四第門相次東政海口使教西再平真聽世氣信北少關並內加化由卻代"
    "產入先山五太水萬市眼體別處總才場師書比住員性通目華報立活難神數件安表原車白應路期叫常提感金何更反"
    "合放做系計或司利受光果及今務制解各任至清物臺台記邊共風接它許特覺望直服題建度色字請交愛讓認算論百"
    "吃義科怎元結功指思非流每管連遠資帶花快條院變往該近留紅決保達辦運半候必城強步完區即求品轉量空輕程"
    "告語式息寫呢識極收錢倒未取設始雙越商千片像找站廣改形早房音單失拿網香專價格質慢差退換貨客評店購買"
    "送包裝顏味滿推薦錯喜歡壞破修型號屏幕充池耐適穿鞋衣划算宜貴酒餐廳菜吧啊哦嗎呀嘛係唔嘅咗喺"
)
_FREQUENT = frozenset(_SIMPLIFIED + _TRADITIONAL)
_CHINESE_MARKS = frozenset("，。！？、；：“”‘’（）《》…—·～【】￥「」")
_LATIN = frozenset(
    "àáâãäåæçèéêëìíîïñòóôõöøùúûüýÿßÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜœŒ‘’“”–—…•€£©®™°«»´¿¡½ºª\xa0"
)

# At least this share of the characters outside ASCII must be ones that people write.
_PLAUSIBLE = 0.35

_ASCII = bytes(range(0x20, 0x7F))

# Latin text, Chinese characters, and the marks of both.
_WRITTEN = regex(r"[\t\n\r\x20-\x7e\u2010-\u2030\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]+")
_ODD = regex(r"[\ue000-\uf8ff\ufffd\x80-\x9f]")
# Accented letters are salt in Western text: three in a row are another encoding misread.
_ACCENTED_RUN = regex(r"[\xa1-\xff]{3,}")
# What is left of a UTF-8 character at the ends of a block that was cut out of a file.
_CUT = regex(
    rb"\A[\x80-\xbf]{1,3}|(?:[\xc2-\xdf]|[\xe0-\xef][\x80-\xbf]?|[\xf0-\xf4][\x80-\xbf]{0,2})\Z"
)
_UTF8_RUN = regex(rb"(?:[\xe3-\xe9\xef][\x80-\xbf][\x80-\xbf]){2}")


class DecodedLine(str):
    """A line that could not be read in the file's own encoding, and why not to trust it."""

    __slots__ = ("damage",)
    damage: str

    def __new__(cls, text: str, damage: str) -> DecodedLine:
        """Attach the reason to the text."""
        line = super().__new__(cls, text)
        line.damage = damage
        return line


@dataclass(frozen=True, slots=True)
class _Guess:
    encoding: str
    plausibility: float


def known(encoding: str) -> str:
    """Return the encoding to read a file in of which the user says that it is in `encoding`.

    What is called GB2312 or GBK often holds more than these do: GB18030 reads all three.

    :raises InputError: As `python_name`.
    """
    name = python_name(encoding)
    return "gb18030" if name in ("gb2312", "gbk") else name


def python_name(encoding: str) -> str:
    """Return the canonical name of an encoding that the user named, to write in that very one.

    :raises InputError: Python knows no encoding of text of that name (rot13 is none of text).
    """
    try:
        "".encode(encoding)
        return codecs.lookup(encoding).name
    except (LookupError, ValueError):
        raise InputError(
            f"no encoding is called {encoding!r}; use for example utf-8, gb18030, big5, utf-16"
            " or cp1252"
        ) from None


def detect(stream: BinaryIO) -> str:
    """Return the encoding of a stream, and leave it where it was found.

    Looks at the first megabyte that holds anything outside ASCII.
    """
    start = stream.tell()
    head = stream.read(_BLOCK)
    encoding = _marked(head) or unmarked_wide(head)
    if encoding is None:
        block = head
        while block.isascii() and len(block) == _BLOCK and stream.tell() - start < _SEARCH:
            block = stream.read(_BLOCK)
        encoding = "utf-8" if block.isascii() else _by_content(block)
    stream.seek(start)
    return encoding


def _marked(head: bytes) -> str | None:
    return next((name for mark, name in _MARKS if head.startswith(mark)), None)


def unmarked_wide(head: bytes) -> str | None:
    """Tell UTF-16 without a mark, or None.

    By its zeros, which are every second byte of Latin text; or, because Chinese has them only in
    digits, delimiters and line ends, and on the other side in characters such as 一 (U+4E00), by
    what comes out when it is read.
    """
    sample = head[: len(head) // 2 * 2]
    pairs = len(sample) // 2
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    # 2 % is telling, as long as they all fall on one side, a line end among them: a stray NUL is
    # none.
    if odd > 0.02 * pairs and even < 0.05 * odd and b"\n\0" in sample:
        return "utf-16-le"
    if even > 0.02 * pairs and odd < 0.05 * even and b"\0\n" in sample:
        return "utf-16-be"
    for name, end in (("utf-16-le", b"\n\0"), ("utf-16-be", b"\0\n")):
        if end in sample and _is_written(sample[:_PEEK].decode(name, errors="replace")):
            return name
    return None


def _is_written(text: str) -> bool:
    """Say whether a text has line ends and is of characters that people write, all but a few.

    Letters of one byte that are read as pairs are Han, too, but rare ones.
    """
    if "\n" not in text:
        return False
    written = sum(map(len, _WRITTEN.findall(text)))
    return written >= 0.95 * len(text) and plausibility(text) >= _PLAUSIBLE


def _by_content(block: bytes) -> str:
    lines = [line for line in block.split(b"\n") if not line.isascii()]
    # A full block may begin and end inside a character.
    cut = len(block) == _BLOCK
    if cut and len(lines) > 2:
        lines, cut = lines[1:-1], False
    # A few lines pasted from elsewhere do not make the file something else; they are mended alone.
    valid = sum(1 for line in lines if _decodes(_CUT.sub(b"", line) if cut else line, "utf-8"))
    if valid * 2 >= len(lines):
        return "utf-8"
    sample = b"\n".join(lines)[: _BLOCK // 4]
    best = _best(sample)
    if best.plausibility >= _PLAUSIBLE:
        return best.encoding
    return _ask_library(sample) or best.encoding


def _decodes(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _best(sample: bytes) -> _Guess:
    """Return the likeliest of the encodings that Chinese and Western exports come in."""
    guesses = [
        _Guess(name, plausibility(sample.decode(name, errors="replace")))
        for name in ("gb18030", "big5hkscs", "cp1252")
    ]
    # max() keeps the first of equals: GB18030 is by far the most common of the three here.
    return max(guesses, key=lambda guess: guess.plausibility)


def plausibility(text: str) -> float:
    """Return the share of characters outside ASCII that people write, less the odd ones.

    Frequent Chinese characters and marks and the letters of Western European languages count;
    private-use, replacement and control characters count against.
    """
    outside = [character for character in text if character > "\x7f"]
    if not outside:
        return 1.0
    good = sum(
        character in _FREQUENT or character in _CHINESE_MARKS or character in _LATIN
        for character in outside
    )
    odd = sum(_ODD.match(character) is not None for character in outside)
    odd += 2 * sum(map(len, _ACCENTED_RUN.findall(text)))
    return (good - odd) / len(outside)


def _ask_library(sample: bytes) -> str | None:
    from charset_normalizer import from_bytes

    match = from_bytes(sample[:200_000]).best()
    if match is None or _ASCII.decode(match.encoding, "replace") != _ASCII.decode("ascii"):
        # The sample leaves out the lines of plain ASCII, and they have to be read as well.
        return None
    return known(match.encoding)


def mend(line: bytes, encoding: str) -> DecodedLine:
    """Decode one line that is not in the file's encoding, saying in what it was read."""
    others = ("utf-8", "gb18030", "big5hkscs", "cp1252")
    best: tuple[float, str, str] | None = None
    for other in others:
        if other == encoding or (encoding == "utf-8-sig" and other == "utf-8"):
            continue
        try:
            text = line.decode(other)
        except UnicodeDecodeError:
            continue
        # A line that is valid UTF-8 is UTF-8: no other text happens to be.
        score = 1.0 if other == "utf-8" else plausibility(text)
        if best is None or score > best[0]:
            best = (score, other, text)
    if best is not None and best[0] >= _PLAUSIBLE:
        return DecodedLine(best[2], f"not {encoding}: this line was read as {best[1]}")
    text = line.decode(encoding, errors="replace")
    count = text.count("\ufffd")
    return DecodedLine(text, f"{count} undecodable character{'s' if count != 1 else ''}")


def text_blocks(stream: BinaryIO, encoding: str, newline: str) -> Iterator[list[str] | str]:
    """Yield the text in blocks that end with a line, damaged lines as `DecodedLine`.

    A block is one string when all of it decoded, or a list of lines when some did not.
    """
    if encoding.startswith(("utf-16", "utf-32")):
        yield from _wide_blocks(stream, encoding, newline)
        return
    end = newline.encode()
    doubtful = encoding in ("gb18030", "big5hkscs", "big5", "cp950", "cp1252")
    first = b""
    if encoding in ("utf-8", "utf-8-sig"):
        first = stream.read(len(codecs.BOM_UTF8)).removeprefix(codecs.BOM_UTF8)
        encoding = "utf-8"
    for block in _byte_blocks(stream, end, first):
        if not (doubtful and _UTF8_RUN.search(block)):
            try:
                yield block.decode(encoding)
                continue
            except UnicodeDecodeError:
                pass
        yield [_line(line, encoding, doubtful) for line in _split(block, end)]


def _line(line: bytes, encoding: str, doubtful: bool) -> str:
    if doubtful and not line.isascii() and _decodes(line, "utf-8"):
        return mend(line, encoding)
    try:
        return line.decode(encoding)
    except UnicodeDecodeError:
        return mend(line, encoding)


def _split(block: bytes, end: bytes) -> list[bytes]:
    lines = [line + end for line in block.split(end)]
    lines[-1] = lines[-1][: -len(end)]
    return lines if lines[-1] else lines[:-1]


def _byte_blocks(stream: BinaryIO, end: bytes, first: bytes) -> Iterator[bytes]:
    """Yield about a megabyte at a time, cut after a line end; a longer line comes whole."""
    held = [first] if first else []
    while chunk := stream.read(_BLOCK):
        cut = chunk.rfind(end) + 1
        if cut == 0:
            held.append(chunk)
            continue
        held.append(chunk[:cut])
        yield b"".join(held)
        held = [chunk[cut:]] if cut < len(chunk) else []
    if held:
        yield b"".join(held)


def _wide_blocks(stream: BinaryIO, encoding: str, newline: str) -> Iterator[list[str] | str]:
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    held: list[str] = []
    first = True
    while True:
        chunk = stream.read(_BLOCK)
        text = decoder.decode(chunk, final=not chunk)
        if first:
            text = text.removeprefix("\ufeff")
            first = False
        cut = text.rfind(newline) + 1
        if chunk and cut == 0:
            held.append(text)
            continue
        held.append(text[:cut] if chunk else text)
        block = "".join(held)
        held = [text[cut:]] if chunk else []
        if "\ufffd" in block:
            yield [_marked_line(line) for line in _split_text(block, newline)]
        elif block:
            yield block
        if not chunk:
            return


def _marked_line(line: str) -> str:
    count = line.count("\ufffd")
    if not count:
        return line
    return DecodedLine(line, f"{count} undecodable character{'s' if count != 1 else ''}")


def _split_text(block: str, newline: str) -> list[str]:
    lines = [line + newline for line in block.split(newline)]
    lines[-1] = lines[-1][: -len(newline)]
    return lines if lines[-1] else lines[:-1]
