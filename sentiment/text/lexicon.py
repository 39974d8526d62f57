"""The words that show where one judgement ends and the next begins, by class.

A closed vocabulary of the trade, not of single reviews: what is judged (物流, "delivery"), what
judges (很好, "great"), what turns the talk (但是, "but"). `segment` writes a text as a string of
class codes, one letter a word, and looks for borders in that; so a rule is a short pattern over
classes and both languages may stand in one text.
"""

from __future__ import annotations

import re

__all__ = ["ABBREVIATIONS", "CLASSES", "DOMAINS", "HEADS", "SENTENCE_STARTS", "class_codes", "tree"]

# Chinese codes are small letters, English ones capitals. Where a word is listed twice the later
# class wins.
CLASSES: dict[str, str] = {
    # --- Chinese ---
    # q: what is judged
    "q": """
物流 快递 快递员 发货 送货 配送 送餐 派送 运费 邮费 包装 外包装 质量 品质 做工 价格 价钱 价位
性价比 活动 赠品 客服 服务 服务态度 态度 卖家 店家 老板 商家 店员 店铺 服务员 工作人员 人员 师傅
安装 小哥 骑手 售后 退货 换货 退款 外观 外形 颜值 手感 屏幕 电池 续航 音质 音效 拍照 相机 像素
画质 画面 系统 速度 运行 反应 性能 散热 信号 充电 噪音 声音 静音 味道 口感 口味 气味 甜度 水分
分量 份量 菜品 食物 环境 位置 地理位置 交通 房间 房型 早餐 前台 酒店 设施 设备 卫生 卫生间 浴室
隔音 面料 材质 布料 颜色 款式 版型 尺码 尺寸 大小 效果 功能 操作 界面 软件 页面 广告 宝贝 东西
商品 产品 衣服 鞋子 手机 电脑 空调 内容 印刷 纸张 质感 细节 制冷 制热 风力 耗电 水果 果子 个头
日期 生产日期 保质期 停车 景色 门票 样子 店面 装修 上菜 出餐 剧情 演员 老师 课程 医生 餐具 餐厅
网速 网络 晚餐 午餐 自助餐 赠送 差异 差距 差别 差价 色差 温差
小姐姐 小姐 小哥哥 小伙 小伙子 小妹 大姐 大哥 阿姨 老板娘
""",
    # j: a judgement in one word
    "j": """
不错 满意 喜欢 给力 便宜 实惠 划算 方便 还可以 挺可以 都可以 也可以 漂亮 好看 好用 好吃 好喝
好听 好闻 干净 整洁 舒服 舒适 及时 到位 周到 热情 耐心 负责 专业 完美 优秀 一般 还行 失望 垃圾
糟糕 恶劣 流畅 清晰 清楚 结实 精致 精美 细致 合适 合理 公道 上乘 正品 新鲜 饱满 严实 完好 完整
超值 麻烦 迅速 神速 准时 准确 快捷 简单 大方 时尚 高档 牢固 扎实 丰富 齐全 安静 温馨 友好 亲切
礼貌 认真 贴心 用心 细心 客气 稳定 灵敏 省电 省心 放心 轻便 轻巧 厉害 强大 满分 好评 差评 难吃
难看 难用 难闻 破损 好极了 没得说 没话说 杠杠的 杠杠滴 靠谱 正宗 地道 保障 保证 美味 可口 健康
实用 耐用 耐看 柔软 透气 保暖 柔和 细腻 均匀 合身 合脚 贴合 清爽 滋润 明显 显著 讲究 无语 郁闷
后悔 生气 恶心 卡顿 模糊 粗糙 掉色 褪色 起球 开裂 坏了 碎了 漏了 烂了 破了 冷了 凉了 洒了 化了
差劲 敷衍 冷淡 冷漠 不行 不符 不快 不贵 不差 陈旧 破旧 老旧 简陋 偏大 偏小 偏贵 适中 正常 过分
离谱 一流 棒棒 没问题 无可挑剔 物美价廉 物有所值 不过如此 协调 尚可 一般化 不咋地 不咋样
干净卫生 鲜美 入味 差不多
""",
    # a: one character that judges when something stands before it
    "a": " ".join(
        "好快慢差贵棒赞高低大小多少新旧香脆甜咸辣淡硬软薄厚重轻长短美丑烂坏强弱稳准全齐值爽酷亮暗清臭脏乱吵静热冷凉烫"
        "紧松宽窄足久远近油腻干湿深浅鲜嫩酥滑浓"
    ),
    # g: how much; i: how much, in the spoken frame 挺…的; n: not
    "g": """
很 超 太 真 最 更 较 够 极 特 特别 非常 十分 比较 相当 有点 有些 还 也 都 又 巨 忒 贼 略 偏 稍
还是 都是 也是 还有点 确实很
""",
    "i": "挺 蛮",
    "n": "不 没 没有 不是 不太 不怎么 并不",
    # p: particles that close a judgement; d: 的, which may open a noun instead
    "p": "了 啊 呀 哦 呢 吧 哈 啦 滴 哒 噢 喔 嘛 咯 哟 耶 嗯 呵 得很 极了 死了 多了 一点 些",
    "d": "的",
    # m: 很多 before a noun counts it and judges nothing
    "m": "很多 好多 许多 不少 太多 更多 那么多 这么多 不够 多少 大多",
    # c: turns wherever it stands; k: turns after a judgement; t: turns once something was judged
    "c": "但是 但 可是 然而 而且 并且",
    "k": """
就是 只是 还有 总体 整体 加上 再加上 同时 唯一 反而 结果 不过 美中不足 又不 又没 又太 又很 且
另外
""",
    "t": "虽然 尽管 除了 其次 总之 总的来说 却 再说 何况 因为 所以",
    # o: opens a new thought after a judgement
    "o": """
收到 下次 以后 希望 建议 推荐 值得 赞一个 期待 感谢 谢谢 支持 必须 已经 给好评 给个 给五星
给满分 我 他 她 你 这 那 朋友 家里 孩子 老婆 老公 同事 用起来 穿着 穿上 看起来 吃起来 闻起来
摸起来 第一次 买 再买 回购 五星 里面 里边 外面 上面 下面 送的 送了
""",
    # u: how a judgement is framed: 感觉, 真的
    "u": "感觉 觉得 真的 确实 实在 倒是 还算 算是 依然 一直 一如既往 个人感觉 可以 算",
    # h: looks like one of the above and is none
    "h": """
不过分 不过期 不但 不仅 非但 可是真 不就是 这就是 也就是 好像 好多年 最近 最后 大家 少数 高铁
长期 新手 重新 更新 全部 多次 不同 不知道 不想 没想到 太阳 真心 没事 不用 不要 不能 不会 不敢
不得不 大概 小时 早上 好处 特色 特价 热水 冷水 油烟 干嘛 清洁 美女 帅哥 不值这 值这 不值那 还要另外
不好意思
""",
    # --- English ---
    # B: to be; V: other finite verbs
    "B": "is was are were isn't wasn't aren't weren't isnt wasnt isn’t wasn’t aren’t weren’t",
    "V": """
has have had hasn't haven't hadn't does doesn't did didn't don't do can can't cannot could
couldn't will won't would wouldn't should hasn’t haven’t hadn’t doesn’t didn’t don’t can’t
couldn’t won’t wouldn’t dont didnt doesnt cant came comes arrived arrives got gets took takes
works work worked looks looked feels felt tastes tasted goes went kept keeps made makes gave
gives needs needed seems seemed lasts lasted broke breaks stopped stops fits fit smells smelled
charged refused told said never always cost costs turned left sent lost paid ordered bought
received helped cancelled canceled delivered like liked love loved hate hated
""",
    # J: what judges
    "J": """
good great excellent amazing awesome nice poor bad terrible horrible awful worst best fast quick
slow cheap expensive pricey overpriced affordable reasonable friendly rude helpful polite
professional clean dirty comfortable uncomfortable easy hard difficult simple delicious tasty
fresh cold late early perfect fantastic wonderful lovely disappointed disappointing satisfied
happy pleased okay ok fine decent average efficient reliable unreliable useless useful beautiful
pretty ugly noisy quiet loud smooth sturdy flimsy convenient prompt timely attentive courteous
unhelpful spacious outstanding superb exceptional mediocre broken damaged missing wrong worth
quickly promptly perfectly well better worse spotless bland soggy stale greasy dry tough poorly
badly cramped tired dated modern super safe small tiny
""",
    # T: what is judged
    "T": """
delivery shipping service staff food price prices pricing quality seller sellers driver
drivers app room rooms bed beds bathroom breakfast dinner lunch location battery screen camera
sound picture phone product products packaging package item items order orders waiter waitress
server crew cabin seat seats flight flights boarding entertainment atmosphere ambience
ambiance decor menu portions portion taste size fit color colour material website refund
communication courier support management manager facilities pool parking wifi drinks design
performance value selection choice interface features ride rides car cars route experience
meal meals wine coffee deal rates rate fares fare fees fee tracking display graphics story
plot acting
""",
    "P": """
i it they he she we you there it's they're he's she's we're i'm i've we've it’s they’re he’s
she’s we’re i’m i’ve we’ve that's that’s
""",
    "D": """
the my our their his her its this that these those a an all some most no your both every each
""",
    # C: turns; A: and; W: adds a second judgement ("for a great price"); R: how much; Y: to
    "C": """
but however although though except yet whereas nevertheless nonetheless unfortunately otherwise
while plus
""",
    "A": "and &",
    "W": "at for with",
    "R": """
very really so too extremely quite also then just even still such not absolutely incredibly
definitely highly
""",
    "Y": "to",
    # H: what follows is one thought with it: "how good it is"
    "H": """
how as think said feel hope than when if because since which who whether say says believe
""",
    # M: ends a thought: "on time", "value for money"
    "M": "time again money",
    "Z": "recommend overall",
}

# Nouns that another one may stand before: "delivery driver", "sound quality".
_HEADS = """
crew driver drivers service staff quality size price prices fee fees fare fares fit design
performance experience support manager management room rooms value selection area
"""
HEADS = frozenset(_HEADS.split())
# Not the end of a sentence, and no border between two words.
_ABBREVIATED = "mr mrs ms dr prof st vs approx no etc eg ie min max inc ltd co"
ABBREVIATIONS = frozenset(_ABBREVIATED.split())
_DOMAIN_ENDS = "com net org co in uk htm html io ae exe apk js php cn"
DOMAINS = frozenset(_DOMAIN_ENDS.split())
# Words that start a sentence; with a capital after a small letter they show a lost full stop.
_STARTS = """
The This It They We He She My Our Very Great Good Excellent Not No But And So Highly Would Will Love
Staff Food Service Driver Drivers Room Rooms Don't Never Always Also App Worst Best Easy Nice
Amazing Delivery Price Prices Thanks Thank Its It's There You Poor Bad Friendly Fast Clean Quick
"""
SENTENCE_STARTS = frozenset(_STARTS.split())


# Where more characters than this may come next, sets of them are asked about first.
_MOST_BRANCHES = 48


def class_codes() -> dict[str, str]:
    """Return the code of every word."""
    return {word: code for code, words in CLASSES.items() for word in words.split()}


def tree(words: frozenset[str], otherwise: str = "") -> str:
    """Return a pattern for any of the words, the longest that fits, as a tree of characters.

    Plain alternation tries every word at every place; the tree looks at one character and goes on. Where
    hundreds of characters may come next, a look at a set of them passes over many at once.

    :param otherwise: What to match where no word fits; asked at once behind a set, for a character
        that is in one set is in no other.
    """
    tails: dict[str, set[str]] = {}
    for word in words:
        if word:
            tails.setdefault(word[0], set()).add(word[1:])
    leaves = "".join(sorted(first for first, rest in tails.items() if rest == {""}))
    # One look at a set of characters is cheaper than one branch each, so the leaves come first.
    parts = [f"[{re.escape(leaves)}]"] if leaves else []
    branches = sorted(first for first, rest in tails.items() if rest != {""})
    # What begins many words is common in texts, too.
    branches.sort(key=lambda first: -len(tails[first]))
    last = [otherwise] if otherwise else []
    for at in range(0, len(branches), _MOST_BRANCHES):
        some = branches[at : at + _MOST_BRANCHES]
        choices = [re.escape(first) + tree(frozenset(tails[first])) for first in some]
        if len(branches) <= _MOST_BRANCHES:
            parts += choices
        else:
            choice = "|".join(choices + last)
            parts.append(f"(?=[{re.escape(''.join(some))}])(?:{choice})")
    body = f"(?:{'|'.join(parts + last)})"
    return f"{body}?" if "" in words else body
