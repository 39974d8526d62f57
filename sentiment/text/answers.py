"""Answers that say nothing: blanks, refusals, and the texts a shop fills in for silent customers.

Emoji, 666 and 10/10 are answers. The table is compared without case, space and punctuation.
"""

from __future__ import annotations

from functools import cache

from sentiment.patterns import regex

__all__ = ["is_empty"]

# What people type into a field that they do not want to fill.
_REFUSALS = """
n/a; na; none; null; nil; nan; undefined; nothing; no comment; no comments; not applicable;
no answer; no response; no feedback; no review; no suggestion; no suggestions; nothing to add;
nothing to say; nothing else; none at all; blank; empty; no text; nothing at this time;
no additional comments; no further comments; not at this time; don't know; i don't know; idk;
dk; x; xx; xxx; test; 无; 没有; 暂无; 没; 无评价; 无评论; 无意见; 没意见; 没有意见; 暂无意见;
无建议; 没有建议; 暂无建议; 暂时没有; 暂时无; 无内容; 没有了; 没了; 没什么; 无所谓; 不知道;
不清楚; 不填; 略; 空; 同上; 暂无评价; 暂无评论; 没有其他; 无其他; 没有什么; 没什么建议;
没有什么建议; 没有什么意见; 没啥; 没有补充; 无补充; 测试; 无话可说; 不想说; 不评价
"""
# What shops write for customers who wrote nothing, with 用户 standing for their many words for it.
_DEFAULTS = """
用户没有填写评价; 用户没有填写评论; 用户没有填写评价内容; 用户没有填写评论内容; 用户未填写评价;
用户未填写评价内容; 用户未填写评论; 用户没有评价; 用户没有写评价; 用户没有写评论;
用户未作出评价; 用户未做出评价; 用户未及时做出评价; 用户未及时作出评价; 用户未留下评价;
用户没有留下评价; 用户没有发表评价; 用户没有发表评论; 用户没有填写文字评价; 用户没有评论;
用户默认好评; 用户默认评价; 系统默认好评; 系统默认评价; 系统自动好评; 系统自动评价; 默认好评;
默认评价; 自动好评; 未填写评价内容; 没有填写评价; 没有填写评论; 未及时评价系统默认好评;
未及时做出评价系统默认好评; 评价方未及时做出评价系统默认好评; 评价方未及时作出评价系统默认好评;
用户未及时做出评价系统默认好评; 用户未及时评价系统默认好评; 评价内容为空; 评论内容为空;
内容为空; 该条评论已经被删除; 评论已被删除; 用户觉得商品很好; 用户觉得商品非常好给出了5星好评;
用户觉得商品非常好给出5星好评; 用户觉得商品很好给出了5星好评; 用户觉得商品很好给出5星好评;
用户对商品感到满意; 用户给出了5星好评; 用户给了5星好评; 用户给出5星好评; 用户给予了好评
"""
_USER = regex("[此该本]?(?:用户|顾客|买家|客户|会员|消费者)")
_STARS = regex("[五伍]星")
# Everything but letters, digits and emoji. Boxes and arrows are no emoji here.
_SKIPPED = regex(r"[^\w\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U000fffff]|_")
# The longest entry, with room for the punctuation that comparing takes out.
_LONGEST = 50


@cache
def _silent() -> frozenset[str]:
    entries = [entry for entry in f"{_REFUSALS};{_DEFAULTS}".split(";") if entry.strip()]
    return frozenset({"", *(_key(entry) for entry in entries)})


def _key(text: str) -> str:
    return _STARS.sub("5星", _USER.sub("用户", _SKIPPED.sub("", text), count=1))


@cache
def _beginnings() -> frozenset[str]:
    """Return the first letters of what is no answer; all else with a letter first is one."""
    return frozenset({key[:1] for key in _silent()}.union("此该本用顾买客会消五伍"))


def is_empty(folded: str) -> bool:
    """Tell whether a normalised text, in lower case and simplified characters, is no answer."""
    if len(folded) > _LONGEST or (folded[:1].isalnum() and folded[0] not in _beginnings()):
        return False
    return _key(folded) in _silent()
