"""Cleaning as an ordered table of pure, named steps.

Each step has the name under which `explain` shows it, a pattern that says whether there is
anything to do, and a function from text to text and offset map. The order is the order in which
dirt was added, backwards: bytes were misread last, so they are put right first; entities hide
tags, tags hide spaces. A clean text meets one search and no step.

The table runs until nothing changes, because one repair can uncover the next (``&amp;lt;br&gt;``);
that makes the whole idempotent.
"""

from __future__ import annotations

import html.entities
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from sentiment.patterns import regex
from sentiment.text import repair
from sentiment.text.offsets import OffsetMap, rewrite

__all__ = ["STEPS", "Change", "Rule", "Step", "normalise"]

Change = tuple[str, OffsetMap | None]


@dataclass(frozen=True, slots=True)
class Step:
    """One step that changed something: for `explain`, and for the way back to the original."""

    name: str
    before: str
    after: str
    offsets: OffsetMap | None


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table: the step's name, when it has something to do, and what it does."""

    name: str
    trigger: re.Pattern[str]
    apply: Callable[[str], Change]


def surrogates(text: str) -> Change:
    """Join halves of a character that a JSON reader left apart; a half alone is a lost one."""

    def joined(match: re.Match[str]) -> str:
        return match[0].encode("utf-16", "surrogatepass").decode("utf-16", "replace")[:1]

    return rewrite(text, _SURROGATES, joined)


_SURROGATES = regex("[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]")
# A trigger that is one set of characters costs a third of one that offers a choice.
_SURROGATE = regex("[\ud800-\udfff]")

# Letters, digits and symbols of full width. Chinese punctuation stays: in Chinese the full width is
# the ordinary form, and it ends clauses.
_WIDE = "\uff02-\uff07\uff0a\uff0b\uff0d-\uff19\uff1c-\uff1e\uff20-\uff5d"
_STYLED = "\ufb00-\ufb06\U0001d400-\U0001d7ff"
_WIDTH = regex(f"[{_WIDE}{_STYLED}]")


def width(text: str) -> Change:
    """Fold full-width letters, digits and symbols, ligatures, and letters in fancy dress."""
    return rewrite(text, _WIDTH, lambda match: unicodedata.normalize("NFKC", match[0]))


_MARKS = "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u093c\u3099\u309a"
_COMPOSED = "\uf900-\ufaff\u2126\u212a\u212b"
_COMPOSE = regex(rf"[^{_MARKS}][{_MARKS}]+|[{_COMPOSED}]")
_COMPOSE_DIRT = regex(f"[{_MARKS}{_COMPOSED}]")


def compose(text: str) -> Change:
    """Put letter and accent together (NFC)."""
    return rewrite(text, _COMPOSE, lambda match: unicodedata.normalize("NFC", match[0]))


# Zero-width and control characters; the joiner and the variation selectors only where they are no
# part of an emoji.
_NEVER_SEEN = (
    "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e"
    "\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0e\ufeff\ufff9-\ufffb"
)
_EMOJI_PART = "\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff\ufe0f"
_INVISIBLE_DIRT = regex(f"[{_NEVER_SEEN}\u200d\ufe0f]")
_INVISIBLE = regex(
    f"[{_NEVER_SEEN}]|\u200d(?:(?<![{_EMOJI_PART}]\u200d)|(?![{_EMOJI_PART}]))|\ufe0f(?<![{_EMOJI_PART}0-9#*]\ufe0f)"
)


def invisible(text: str) -> Change:
    """Drop zero-width and control characters; the joiner inside an emoji stays.

    The control character SUB is what some tools write for a letter that they could not: a lost one.
    """
    return rewrite(text, _INVISIBLE, lambda match: "\ufffd" if match[0] == "\x1a" else "")


_ENTITY = regex(
    r"&(?:(?:amp|#38|#x26);)*(?:(?:amp|#38|#x26|#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});)|_x000[dDaA]_"
)


def _entity(match: re.Match[str]) -> str:
    found = match[0]
    if found.startswith("_"):
        return "\n"
    name = found.rstrip(";").rsplit(";", 1)[-1].rsplit("&", 1)[-1]
    if name.startswith("#"):
        code = int(name[2:], 16) if name[1] in "xX" else int(name[1:])
        if code > 0x10FFFF or 0xD800 <= code < 0xE000 or code == 0:
            return "\ufffd"
        return chr(code)
    return html.entities.html5.get(name + ";", found)


def entities(text: str) -> Change:
    """Decode HTML entities that end in a semicolon, however often they were escaped."""
    return rewrite(text, _ENTITY, _entity)


_BLOCKS = "br|p|div|hr|li|ul|ol|tr|table|h[1-6]|blockquote|pre|dd|dt|dl"
_INLINE = (
    "span|b|i|u|s|a|em|strong|font|img|td|th|tbody|small|big|sup|sub|center|code|script|style|iframe"
    "|label"
)
_TAG = regex(rf"</?(?:({_BLOCKS})|{_INLINE})(?:[ \t][^<>\n]{{0,500}})?[ \t]?/?>", re.IGNORECASE)


def tags(text: str) -> Change:
    """Drop HTML tags; one that starts a block leaves a line end. ``<3`` and ``5<6`` are no tags."""
    return rewrite(text, _TAG, lambda match: "\n" if match[1] else "")


_LINK = regex(
    r"(?:https?://|(?<![\w.])www\.)[^\s\u3000-\u303f\u4e00-\u9fff\uff00-\uff65<>\"']+"
    r"|(?<![\w.@])@[A-Za-z_][A-Za-z0-9_]{1,30}(?![\w@.]*\.\w)",
)


# The @ of an e-mail address has a letter before it.
_LINK_DIRT = regex(r"[@/.](?:(?<=@)(?<![\w.@]@)\w|(?<=/)/|(?<=\.)\w+\.)")


def links(text: str) -> Change:
    """Replace web addresses and @mentions by a space: they name a place, not an opinion."""
    return rewrite(text, _LINK, lambda match: " ")


_REPEAT = regex(r"([^\s\d])\1{3,}|(?<!\d)6{4,}(?!\d)|([^\s\d]{2})\2{3,}")
# Either way two characters come twice in a row. That is told in half the time, and is rare.
_REPEAT_HINT = regex(r"(..)\1")


def repeats(text: str) -> Change:
    """Squeeze a character or pair said four times or more to three; of digits only 6666."""
    return rewrite(text, _REPEAT, lambda match: (match[1] or match[2] or "6") * 3)


_BLANK = "\t\x0b\x0c\xa0\u1680\u2000-\u200a\u202f\u205f\u3000"
_LINE = "\n\r\x85\u2028\u2029"
_WHITESPACE = regex(rf"[ {_BLANK}{_LINE}]*[{_LINE}][ {_BLANK}{_LINE}]*|[ {_BLANK}]+")
# What starts with a set is passed over at a glance, what starts with an anchor is tried everywhere.
_WHITESPACE_DIRT = regex(rf"[{_BLANK}\r\x85\u2028\u2029]|[ \n](?:[ \n]|\Z|(?<=\A[ \n]))")


def whitespace(text: str) -> Change:
    """Make a run of white space one space, or one line end if it holds one; none at the ends."""
    last = len(text)

    def one(match: re.Match[str]) -> str:
        if match.start() == 0 or match.end() == last:
            return ""
        return "\n" if _HAS_LINE.search(match[0]) else " "

    return rewrite(text, _WHITESPACE, one)


_HAS_LINE = regex(f"[{_LINE}]")

STEPS: tuple[Rule, ...] = (
    Rule("surrogates", _SURROGATE, surrogates),
    Rule("mojibake", repair.MOJIBAKE, repair.mojibake),
    Rule("shifted", repair.SHIFTED, repair.shifted),
    Rule("glosses", repair.GLOSS, repair.glosses),
    Rule("width", _WIDTH, width),
    Rule("compose", _COMPOSE_DIRT, compose),
    Rule("invisible", _INVISIBLE_DIRT, invisible),
    Rule("entities", _ENTITY, entities),
    Rule("tags", _TAG, tags),
    Rule("links", _LINK_DIRT, links),
    Rule("repeats", _REPEAT_HINT, repeats),
    Rule("whitespace", _WHITESPACE_DIRT, whitespace),
)
# What there may be to do in a text of ASCII alone.
_ASCII_STEPS = tuple(
    rule
    for rule in STEPS
    if rule.name not in ("surrogates", "mojibake", "shifted", "glosses", "width", "compose")
)

# What a clean text is made of: printable ASCII without the signs that start a tag or an Excel escape;
# Chinese punctuation; typographic punctuation; emoji. Chinese characters are added below. One search
# over this set is all that most texts cost.
_CLEAN = "\n -;=?-^`a-~‘-”…—–·、。《》「」『』【】！（），：；？～￥€£\U0001f300-\U0001faff"


def _without(first: str, last: str, signs: str) -> str:
    """Return the set of the characters from first to last without some, as ranges."""
    inside = sorted(sign for sign in signs if first <= sign <= last)
    starts = [first, *(chr(ord(sign) + 1) for sign in inside)]
    ends = [*(chr(ord(sign) - 1) for sign in inside), last]
    return "".join(
        f"{start}-{end}" for start, end in zip(starts, ends, strict=True) if start <= end
    )


# What misread text has is odd as well. One set of all is searched in a third of the time that it takes
# to ask for either; of the signs only Chinese ones are clean otherwise.
_ODD = regex(f"[^{_CLEAN}{_without('一', '鿿', repair.GBK_SIGNS)}]")

# One repair can uncover another; two rounds are enough for anything met outside of fuzzing.
_ROUNDS = 8


def _is_clean(text: str) -> bool:
    """Tell, without going through the table, that no step would change the text."""
    return not (
        _ODD.search(text)
        or (_REPEAT_HINT.search(text) and _REPEAT.search(text))
        or "  " in text
        or "://" in text
        or "www." in text
        or ("&" in text and _ENTITY.search(text))
        or ("@" in text and _LINK_DIRT.search(text))
        or text[:1].isspace()
        or text[-1:].isspace()
        or ("\n" in text and _WHITESPACE_DIRT.search(text))
        # Chinese behind a question mark is nearly always just that.
        or (("?" in text or "？" in text) and repair.shifted(text)[0] != text)
    )


def normalise(text: str) -> tuple[str, tuple[Step, ...]]:
    """Return the clean text and the steps that made it, in the order in which they ran."""
    if _is_clean(text):
        return text, ()
    done: list[Step] = []
    for _ in range(_ROUNDS):
        before = text
        for rule in _ASCII_STEPS if text.isascii() else STEPS:
            if rule.trigger.search(text):
                after, offsets = rule.apply(text)
                if after != text:
                    done.append(Step(rule.name, text, after, offsets))
                    text = after
        if text == before or _is_clean(text):
            break
    return text, tuple(done)
