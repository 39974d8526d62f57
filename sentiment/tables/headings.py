"""What a column heading says in Chinese and English; one table of words per role.

Only the words are here: whether a column really is what its heading says is decided in
`sentiment.tables.roles`, on its cells.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from sentiment.patterns import regex

__all__ = [
    "clean",
    "is_date",
    "is_excluded",
    "is_follow_up",
    "is_id",
    "is_known",
    "is_question",
    "is_reply",
    "is_score",
    "is_segment",
    "is_text",
    "is_title",
    "is_translation",
]

_CAMEL = regex(r"(?<=[a-z0-9])(?=[A-Z])")
_BREAKS = regex(r"[\s_\-./\\:：|]+")


@lru_cache(maxsize=4096)
def clean(name: str) -> str:
    """Return a heading as words: lower case, half width, `reviewText` and `review_text` alike."""
    name = _CAMEL.sub(" ", unicodedata.normalize("NFKC", name))
    words = _BREAKS.sub(" ", name.casefold()).strip()
    return words.strip(" *#\"'“”[]【】") or words


_TEXT_EN = regex(
    r"(?:^|\b)(?:reviews?|comments?|feedbacks?|verbatims?|remarks?|opinions?|complaints?"
    r"|testimonials?|suggestions?|narrative|tweets?|open (?:ended )?(?:response|answer|text)"
    r"|free ?text|reason|explanation)"
    r"(?: (?:text|body|content|contents|message|description|details?|comments?|verbatim|answer"
    r"|english|original))?$"
    r"|^(?:text|content|contents|body|message|answer|description|post|full text|raw text|utterance"
    r"|original(?: text| review| content)?|pros|cons|likes and dislikes"
    r"|what (?:you|i) (?:dis)?like.*|areas? (?:for|of) improvement|strengths|weaknesses"
    r"|ticket description|positive review|negative review)$"
)
_TEXT_ZH = regex(
    r"(?:评论|評論|评价|評價|点评|點評|反馈|反饋|意见|意見|建议|建議|留言|回答|内容|內容|正文|原文|文本"
    r"|原声|开放题|描述|吐槽|心得|原因|理由|优点|缺点|優點|缺點|体验|感受|答案|投诉)(?:[(（].*[)）])?$"
)
_NOT_TEXT_ZH = regex(
    r"(?:商品|产品|產品|宝贝|订单|图片|视频|活动|店铺|门店)(?:描述|内容|內容|正文|详情)"
    r"|^(?:综合|总体|整体)(?:评价|评论|体验)$|是否|有无|次数"
)
_TITLE = regex(
    r"(?:^|\b)(?:title|headline|subject|summary|caption)$|标题|標題|摘要|概要|^主题$|^主題$"
)
_REPLY = regex(
    r"\brepl(?:y|ies)\b|\b(?:developer|owner|merchant|company|business|seller|vendor|manager"
    r"|management|agent|support|staff|admin|brand) (?:response|answer|comment|text|message)"
    r"|\bresponse (?:from|by|text|body)\b|\binternal (?:note|comment)s?\b"
    r"|回复|回覆|答复|商家|客服|官方|卖家|处理结果|处理意见|备注|備註"
)
_FOLLOW_UP = regex(r"追评|追加|追評|\bfollow[ -]?up\b|\bafter use\b|\bupdated review\b")
_TRANSLATION = regex(r"translat|译文|譯文|翻译|翻譯|\bcleaned\b|\bnormali[sz]ed\b|清洗")
_EXCLUDED = regex(
    r"\b(?:url|uri|link|href|image|images|photo|photos|picture|avatar|video|ip address|e ?mail"
    r"|phone|mobile|telephone|address|latitude|longitude|sentiment|polarity|label|token|user agent"
    r"|cookie|import id)\b"
    # Between Chinese, too: 来自IP, IP地址; IP省份 is a place.
    r"|(?<![a-z])ip(?![a-z])(?! ?(?:省|市|城市|地区|国家|归属|属地|所在|所属|province|city|country"
    r"|region|location|state))"
    r"|链接|網址|网址|图片|圖片|头像|视频|邮箱|电话|手机号|地址|经度|纬度|情感|极性|昵称|暱稱|姓名|名字"
    r"|用户名|用戶名|评论者|评论人|作者|买家$"
    r"|\b(?:user ?name|nick ?name|author|reviewer|customer|first|last|full|display|recipient|member"
    r"|profile)(?: (?:first|last|full|display))? ?(?:name|nickname)\b|^(?:author|reviewer|user"
    r"|username|nickname|name)$"
)
_ID = regex(
    r"(?:^|\b)(?:id|ids|uuid|guid|key|identifier|reference|ref|no|number|#)$"
    r"|^(?:id|no|#|index|row|ticket|case|sn|seq|serial)\b(?: (?:id|no|number))?$"
    r"|编号|編號|序号|序號|单号|單號|流水号|id$|主键|编码$|号码$"
)
_DATE = regex(
    r"\b(?:date|dates|time|datetime|timestamp|created|submitted|posted|published|updated|completed"
    r"|reviewed)\b|^(?:at|on|when|day|month|ts)$|(?:created|submitted|posted|reviewed) (?:at|on)$"
    r"|日期|时间|時間|年月|月份"
)
_SEGMENT = regex(
    r"\b(?:channel|source|platform|device|os|product|item|sku|model|brand|category|department"
    r"|store|shop|branch|location|country|region|state|province|city|territory|market|app"
    r"|application|version|airline|cabin|traveller|traveler|class|hotel|restaurant|seller|locale"
    r"|language|lang|gender|sex|age|segment|group|plan|tier|type|topic|theme|route|aircraft|color"
    r"|colour|size|style|campaign|team|agent|property|room|trip|industry|company|variant)\b"
    r"|渠道|来源|來源|平台|设备|商品|产品|產品|品牌|品类|类目|类别|分类|部门|门店|門市|店铺|店名|网点"
    r"|国家|國家|地区|地區|区域|省|城市|市$|应用|應用|版本|航空|舱位|酒店|餐厅|语言|語言|性别|性別|年龄"
    r"|年齡|职业|学历|会员|主题|主題|话题|类型|類型|颜色|颜色分类|尺码|规格|款式|型号|活动|团队|线路|机型"
)
_QUESTION = regex(
    r"^(?:q\d+ )?(?:what|why|how|which|please|is there|do you|did you|anything|any other|tell us"
    r"|in your|if you|describe|could you|can you|where (?:can|could|should|did|do|does|might))\b.{6,}"
    r"|(?:您|你|请|請).{2,}|(?:什么|哪些|为何|为什么|如何|怎么).*$"
)
_OPEN_QUESTION = regex(
    r"\b(?:what|why|tell us|describe|explain|anything|any other|in your own words|comment|share|add"
    r"|improve|improved|improvements?|improving|do(?:ing)? better|suggest|reason)\b"
    r"|什么|哪些|为何|为什么|如何|怎么|建议|意见|原因|说明|描述|补充|谈谈|写下"
)
# What is asked for is a place to praise or to mend: "哪里最需要改进", "最满意的地方". An answer may
# say so too: "哪里都好", "没有不满意的地方".
_JUDGED_ZH = r"改进|改善|提升|提高|完善|加强|更好|不足|不够好|不满|满意|滿意|喜欢|喜歡|做得|做的"
_PLACE_ZH = regex(
    rf"哪(?:里|儿|裡|方面|个方面|一点|点|一方面|些)(?![都也]).*(?:{_JUDGED_ZH})"
    rf"|(?:{_JUDGED_ZH}).*(?:是哪|在哪|哪里|哪些)"
    rf"|^(?!.*[没沒无無都很太，,。]).*(?:{_JUDGED_ZH})(?:的|之)?(?:地方|方面|处|處|点|环节)"
    r"(?: ?[(（].*[)）])?[？?]?$"
)
_SCORE = regex(
    r"\b(?:rating|ratings|stars?|score|overall|nps|csat|ces|satisfaction|satisfied|recommend)\b"
    r"|评分|評分|星级|星級|打分|得分|满意|滿意|推荐|推薦|评级"
)


def is_text(name: str) -> bool:
    """Say whether the heading is one that customers' own words stand under."""
    words = clean(name)
    if _TEXT_EN.search(words):
        return True
    return bool(_TEXT_ZH.search(words)) and not _NOT_TEXT_ZH.search(words)


def is_title(name: str) -> bool:
    """Say whether the heading names a title: text, but no rival of a body."""
    return bool(_TITLE.search(clean(name)))


def is_reply(name: str) -> bool:
    """Say whether the words below the heading are the company's and not the customer's."""
    return bool(_REPLY.search(clean(name)))


def is_follow_up(name: str) -> bool:
    """Say whether the heading names a later addition to a review (追评)."""
    return bool(_FOLLOW_UP.search(clean(name)))


def is_translation(name: str) -> bool:
    """Say whether the column is a copy of the text that someone has worked on."""
    return bool(_TRANSLATION.search(clean(name)))


def is_excluded(name: str) -> bool:
    """Say whether the heading names what is never feedback, segment or outcome: links, people."""
    return bool(_EXCLUDED.search(clean(name)))


def is_id(name: str) -> bool:
    """Say whether the heading names a number or code of the record."""
    return bool(_ID.search(clean(name)))


def is_date(name: str) -> bool:
    """Say whether the heading names a day or a moment."""
    return bool(_DATE.search(clean(name)))


def is_segment(name: str) -> bool:
    """Say whether the heading names a way in which customers are usually divided."""
    return bool(_SEGMENT.search(clean(name)))


def is_question(name: str) -> bool:
    """Say whether the heading is an open question of a survey."""
    words = clean(name)
    if _PLACE_ZH.search(words):
        return True
    if _SCORE.search(words) and not _OPEN_QUESTION.search(words):
        return False
    return bool(_QUESTION.search(words)) and bool(_OPEN_QUESTION.search(words))


def is_known(name: str) -> bool:
    """Say whether the cell reads like a heading of a review export at all."""
    words = clean(name)
    if not words or len(words) > 60:
        return is_question(name)
    return any(
        pattern.search(words)
        for pattern in (_TEXT_EN, _TEXT_ZH, _TITLE, _REPLY, _ID, _DATE, _SEGMENT, _SCORE, _EXCLUDED)
    )


def is_score(name: str) -> bool:
    """Say whether the heading names an answer on a scale."""
    return bool(_SCORE.search(clean(name)))
