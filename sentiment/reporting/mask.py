"""Masking of what identifies a person in quoted feedback.

Phone, mail, identity-card, order and chat-account numbers and @names become a run of "•" as long as
they were, so that offsets of evidence stay true. Prices, years, scores ("10/10") and model numbers
("iPhone 15", "RTX4090") are kept: a quote without them proves nothing. A name is masked only
where a title or an introduction makes it safe to call it one ("Mr Smith", "我叫李雷", "王经理").
"""

from __future__ import annotations

import re

__all__ = ["mask", "mask_id"]

_BULLET = "•"

# Each rule: what it hides, and the pattern; a group called `hide` limits what is hidden. The order
# matters where one number could be two things: the longest and most telling come first.
_RULES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("mail", re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")),
    # 17 digits and a check digit that may be X; old cards have 15 digits.
    (
        "identity card",
        re.compile(
            r"(?<![0-9A-Za-z])[1-9]\d{5}(?:18|19|20)\d{2}[01]\d[0-3]\d{4}[\dXx](?![0-9A-Za-z])"
        ),
    ),
    # A number after a word that says what it is: order, parcel, tracking, ticket, booking, account.
    (
        "order",
        re.compile(
            r"(?:订单(?:编)?号?|单号|运单号?|快递(?:单)?号?|物流(?:单)?号?|流水号|工单号?|会员号|卡号|账号|帐号|編號|訂單(?:編)?號?|單號"
            r"|(?:order|tracking|booking|reservation|ticket|case|invoice|confirmation|member(?:ship)?|account|reference|ref|parcel|receipt)"
            r"(?:\s*(?:number|no\.?|id|code|ref))?)"
            r"\s*(?:是|为|为：|is|was)?\s*[:：#=]?\s*#?\s*"
            r"(?P<hide>(?=(?:[A-Za-z-]*\d){5})[A-Za-z0-9][A-Za-z0-9-]{4,31})",
            re.IGNORECASE,
        ),
    ),
    # A chat account after its name.
    (
        "chat account",
        re.compile(
            r"(?:微信|微信号|加微|威信|薇信|vx|v信|wechat|weixin|QQ|扣扣|whatsapp|telegram)"
            r"\s*(?:号码?|id|群)?\s*(?:是|为|is)?\s*[:：]?\s*(?P<hide>[A-Za-z0-9_-]{5,24})(?![A-Za-z0-9_])",
            re.IGNORECASE,
        ),
    ),
    # Chinese mobile, with or without country code and separators.
    (
        "mobile",
        re.compile(r"(?<![\d.])(?:(?:\+|00)?86[\s-]?)?1[3-9]\d[\s-]?\d{4}[\s-]?\d{4}(?!\d)"),
    ),
    # International: a plus sign, then 8 to 15 digits with separators.
    ("international phone", re.compile(r"(?<![A-Za-z0-9_+])\+\d(?:[\s().-]{0,2}\d){7,14}(?!\d)")),
    # Chinese landline (0755-12345678), service lines (400-123-4567).
    (
        "landline",
        re.compile(
            r"(?<![\d.])(?:\(?0\d{2,3}\)?[\s-]?\d{7,8}(?:-\d{1,5})?|[48]00[\s-]?\d{3}[\s-]?\d{4})(?!\d)"
        ),
    ),
    # North American, British: (555) 123-4567, 555-123-4567, 020 7946 0958.
    ("phone", re.compile(r"(?<![A-Za-z0-9_.])(?:\(\d{3}\)\s?|\d{3}[-.\s])\d{3}[-.\s]\d{4}(?!\d)")),
    ("phone", re.compile(r"(?<![A-Za-z0-9_.])0\d{2,4}[\s-]\d{3,4}[\s-]?\d{3,4}(?!\d)")),
    # A bare run of 9 digits or more is an account of some kind; no price or year is that long.
    ("long number", re.compile(r"(?<![\d.A-Za-z])\d{9,32}(?![\d.]*\d)")),
    ("@name", re.compile(r"(?<![A-Za-z0-9_@.])@(?:[A-Za-z_][\w.-]{1,29}|[一-鿿][\w-]{1,11})")),
    # Names where a title or an introduction makes them safe.
    (
        "name",
        re.compile(
            r"\b(?:Mr|Mrs|Ms|Miss|Dr|Prof)\.?\s+(?P<hide>[A-Z][a-z'’-]+(?:\s+[A-Z][a-z'’-]+)?)"
        ),
    ),
    (
        "name",
        re.compile(
            r"\b(?:[Mm]y name is|named|I am called|by the name of)\s+"
            r"(?P<hide>[A-Z][a-z'’-]+(?:\s+[A-Z][a-z'’-]+)?)"
        ),
    ),
    (
        "name",
        re.compile(
            r"(?:我叫|名叫|叫做|姓名(?:是|为)?[:：]?\s*)(?P<hide>[赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜谢邹喻苏潘葛范彭鲁韦马方俞任袁柳唐罗薛雷贺倪汤滕殷郝安常于傅齐康伍余顾孟黄穆萧尹姚邵湛汪毛米戴宋庞熊纪舒屈项祝董梁杜阮蓝闵席季贾路江童颜郭梅盛林钟徐邱骆高夏蔡田樊胡凌霍万柯管卢莫丁邓单洪包左石崔龚程陆翁甄曲温庄晏瞿阎习向古易廖耿匡文关聂曾沙游岳欧侯樂劉趙錢孫吳鄭馮陳衛蔣瀋韓楊許呂張嚴華謝鄒蘇魯韋馬羅賀湯顧黃蕭龐紀項閔賈顏鐘駱萬盧鄧單龔陸莊閻關][一-鿿]{1,2})(?=[，。,.!！?？\s]|$)"
        ),
    ),
    (
        "name",
        re.compile(
            r"(?P<hide>(?<![一-鿿])[赵钱孙李周吴郑王冯陈蒋沈韩杨朱秦许何吕张孔曹魏姜谢苏潘葛范彭鲁马方袁唐罗薛雷贺汤郝傅齐康顾孟黄萧姚邵汪毛戴宋熊董梁杜贾江郭林钟徐邱高夏蔡田胡霍卢邓石崔程陆廖曾侯刘趙錢孫吳鄭馮陳蔣韓楊許呂張謝蘇魯馬羅賀湯顧黃蕭賈鐘盧鄧陸劉][一-鿿]{0,2}?)(?=先生|女士|小姐|经理|店长|师傅|老师|經理|店長|師傅|老師)"
        ),
    ),
)


def mask(text: str) -> str:
    """Return the text with what identifies a person hidden; the length does not change.

    >>> mask("打13812345678,订单号20240101123,花了199元,iPhone 15")
    '打•••••••••••,订单号•••••••••••,花了199元,iPhone 15'
    """
    for _, pattern in _RULES:
        text = pattern.sub(_hide, text)
    return text


def mask_id(cell: str) -> str:
    """Return the cell of an id column, hidden as `mask` does; of an order number the end is shown.

    By its last four digits an order can be found, and no customer. Numbers of phones and identity cards
    are hidden whole.

    >>> mask_id("20240101123456"), mask_id("13812345678")
    ('••••••••••3456', '•••••••••••')
    """
    hidden = mask(cell)
    if _ORDER.fullmatch(cell) and not any(pattern.search(cell) for pattern in _PERSONAL):
        return hidden[:-_TAIL] + cell[-_TAIL:]
    return hidden


# Longer than any phone number.
_ORDER = re.compile(r"[A-Za-z]{0,4}-?\d{12,}")
_TAIL = 4
_PERSONAL = tuple(
    pattern for what, pattern in _RULES if what not in ("order", "long number", "landline", "phone")
)


def _hide(match: re.Match[str]) -> str:
    whole = match.group()
    if "hide" not in match.re.groupindex:
        return _BULLET * len(whole)
    start, end = match.span("hide")
    start, end = start - match.start(), end - match.start()
    return whole[:start] + _BULLET * (end - start) + whole[end:]
