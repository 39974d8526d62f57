"""Answers that say nothing: blanks, refusals, and the texts a shop fills in for silent customers."""

from __future__ import annotations

import re

__all__ = ["is_empty"]

_SILENT = frozenset(
    {
        "", "na", "none", "null", "nil", "nan", "nothing", "nocomment", "nocomments", "notapplicable", "noanswer",
        "无", "没有", "暂无", "没", "无评价", "此用户没有填写评价", "此用户没有填写评论", "该用户没有填写评价", "该用户未填写评价",
        "用户未填写评价内容", "系统默认好评", "系统默认评价", "默认好评", "评价方未及时做出评价系统默认好评",
        "该用户觉得商品非常好给出了5星好评", "该用户觉得商品非常好给出5星好评", "该用户未填写评价内容",
    }
)
_NOISE = re.compile(r"[^\w\u2190-\U0010ffff]|_")
_MARKS = re.compile(r"[\u3000-\u303f\uff00-\uff65\u2190-\u21ff\u2500-\u257f]")


def is_empty(text: str) -> bool:
    """Tell whether a normalised text is no answer; emoji, 666 and 10/10 are answers."""
    if len(text) > 40:
        return False
    return _MARKS.sub("", _NOISE.sub("", text.lower())) in _SILENT
