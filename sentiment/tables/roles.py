"""Which column is the text, the id, the date, the outcome, and which are segments.

Headings propose and cells decide, on the first rows of the file only, so that the answer is the
same whatever follows. A column headed "score" with 1 to 5 is stars; one headed "at" is a date when
dates stand in it; an id is nearly unique.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

from sentiment.errors import ColumnError
from sentiment.patterns import regex
from sentiment.tables import headings
from sentiment.tables.dates import is_count, looks_like_date
from sentiment.tables.likert import leaning
from sentiment.tables.rows import MOST_TOTALS, SourceRow, display_width, is_total
from sentiment.tables.scales import KINDS, Outcome, find_outcome, is_overall, number

__all__ = [
    "Roles",
    "Speakers",
    "find_roles",
    "find_speakers",
    "refuse_text_as_segment",
    "unread_texts",
]

# A date of the feedback itself is preferred to one of the purchase, the reply or the last change.
_DATE_OF_FEEDBACK = regex(
    r"review|comment|feedback|submi|post|publish|answer|creat|complet|recorded|respon|survey"
    r"|评论|评价|评價|反馈|提交|回答|填写|发布|发表|答题|创建"
)
_DATE_OF_OTHER = regex(
    r"repl|updat|modif|edit|delet|ship|deliver|order|purchas|pay|start|birth|travel|flown|visit|stay"
    r"|due|solved|assigned|developer|回复|更新|修改|发货|下单|支付|付款|购买|成交|开始|出生|出行|入住|追评"
)
_ID_OF_FEEDBACK = regex(
    r"review|comment|feedback|respon|survey|ticket|case|评论|评价|答卷|样本|工单"
)
_ID_OF_OTHER = regex(
    r"user|customer|member|author|product|item|store|shop|用户|客户|会员|商品|产品|店"
)
# A number of a customer, who may come again: no group, and it names a person.
_ID_OF_PERSON = regex(
    r"\b(?:user|customer|client|member|guest|patient|respondent|contact|panelist|employee|account)\b"
    r"|用户|客户|顾客|会员|买家|患者|员工|受访者"
)
# A number of a talk: its lines are no group of customers.
_ID_OF_TALK = regex(
    r"\b(?:session|conversation|chat|thread|dialog|dialogue|call|message|msg)\b|会话|會話|对话|通话|消息"
)
# Who speaks in a chat, by the words of the cells.
_CUSTOMER = regex(
    r"客户|客戶|用户|用戶|买家|買家|顾客|顧客|访客|訪客|消费者"
    r"|customers?|(?:end ?)?users?|buyers?|visitors?|requesters?|consumers?|clients?"
)
_NO_CUSTOMER = regex(
    r"(?:(?:在线|人工|智能|售前|售后|机器人)?客服|坐席|座席|商家|卖家|賣家|店铺|系统|系統|机器人|機器人|人工)"
    r"(?:消息|人员)?|(?:support |service )?(?:agents?|staff|rep)|support(?: team)?|bots?|chatbot|system"
    r"|sellers?|merchants?|operators?|assistant|robot"
)
_MOST_SPEAKERS = 8
# Buyers and sellers who are asked are kinds of customers.
_KIND_OF_CUSTOMER = regex(
    r"^(?!.*(?:sender|author|speaker|message|actor)).*\b(?:type|group|segment|category)$"
    r"|^(?!.*(?:发送|发言|说话|消息)).*(?:类型|类别|身份|属性)|您|你"
)
# What describes how feedback was dealt with, and who did: no kind of customers.
_HANDLING = regex(
    r"^(?:(?:ticket|case|issue|request|conversation|reply|response|review|feedback|handling"
    r"|processing|resolution|approval|workflow|support) )?status$"
    r"|^(?:(?:ticket|case|issue|support|service|customer service|assigned|contact|account|response) )?"
    r"(?:assignee|assigned to|owner|agent|handler|submitter|sender|speaker)(?: name)?$"
    r"|^(?:handled|created|updated|submitted|assigned|closed|solved|resolved|answered) (?:by|to)$"
    r"|^(?:当前|目前)?(?:处理|跟进|工单|回复|审核|解决|回访|办理|受理|反馈|评价|评论|结案|流程)?(?:状态|狀態|进度)$"
    r"|^是否已?(?:回复|处理|跟进|回访|审核)$"
    r"|(?:提交|处理|负责|跟进|受理|经办|创建|录入|登记|更新|修改|审核|操作|发送|接待|分配|指派|對接|对接)"
    r"(?:人|者|人员|方|人姓名)$|^(?:责任人|经办|发言人|发言者|说话人)$"
)
# What a review, a ticket or a letter is called: words of the customer though they repeat.
_SUBJECT = regex(
    r"^(?:(?:review|ticket|case|email|e mail|mail|message|post|feedback|comment|issue|request) )?"
    r"(?:title|headline|subject|summary|caption)$"
    # 主题 alone is what a survey asked about.
    r"|^(?:评论|评价|点评|反馈|工单|帖子|邮件|问题|留言)?(?:标题|標題|摘要|概要)$"
    r"|^(?:评论|评价|点评|反馈|工单|帖子|邮件|问题|留言)(?:主题|主題)$"
)
# One amount of time; "30-60分钟" is a group of them.
_DURATION = regex(
    r"(?:\d+(?:\.\d+)? ?(?:小时|时|分钟|分|秒钟?|hours?|hrs?|h|minutes?|mins?|m|seconds?|secs?|s|ms) ?)*"
    r"\d+(?:\.\d+)? ?(?:小时|分钟|秒钟?|hours?|hrs?|h|minutes?|mins?|min|seconds?|secs?|s|ms)\.?"
    r"|\d+ ?(?:小时|时) ?\d+ ?分"
)
# What a tool makes of a recommendation: it says the score again.
_OUTCOME_AGAIN = regex(
    r"\bnps (?:group|category|segment|type|class|bucket)\b|(?:group|category) nps\b|^nps分?[组类]"
)
_OUTCOME_WORDS = frozenset(
    {
        "promoter", "promoters", "passive", "passives", "neutral", "detractor", "detractors",
        "推荐者", "中立者", "被动者", "贬损者", "批评者",
    }
)  # fmt: skip
_SCORE_WORDS = frozenset(
    {
        "high", "medium", "mid", "middle", "low", "top", "bottom", "neutral", "average", "fair", "mixed",
        "positive", "negative", "高", "中", "低", "高分", "中分", "低分", "好评", "中评", "差评", "一般",
        "正面", "中性", "负面", "中立",
    }
)  # fmt: skip

# Such a question has numbers for answers, though it names no score.
_ASKED_TO_RATE = regex(r"\b(?:how|please|you|would)\b.*\brate\b|^rate\b|评价$|评价[？?]|如何评价")

# How `unique_names` numbers what was there before.
_REPEAT = regex(r"_\d+\Z")

# Of those who answered the fuller of two open questions; who leaves one out was asked both.
_NEARLY = 0.6
# Survey tools put them around what is no answer: "(空)", "（跳过）".
_BRACKETS = " \t()（）[]【】<>《》"

# A column with at most this share of its cells distinct, and so many at most, divides customers.
_SEGMENT_SHARE, _SEGMENT_MOST = 0.2, 100
# One whose heading says so may be finer.
_NAMED_SHARE, _NAMED_MOST = 0.5, 300


@dataclass(frozen=True, slots=True)
class Roles:
    """What each column of a source is for.

    :param text: The columns with the customers' words; several for a survey with open questions.
    :param id: The column that names a record.
    :param date: The column with the day or moment of the feedback.
    :param outcome: The answer on a scale that stands for satisfaction.
    :param other_outcomes: Further scales, sub-ratings included.
    :param segments: Columns that divide the customers.
    """

    text: tuple[str, ...]
    id: str | None = None
    date: str | None = None
    outcome: Outcome | None = None
    other_outcomes: tuple[Outcome, ...] = ()
    segments: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the roles as plain data, for the summary of a run."""
        return {
            "text": list(self.text),
            "id": self.id,
            "date": self.date,
            "outcome": None if self.outcome is None else self.outcome.to_dict(),
            "other_outcomes": [outcome.to_dict() for outcome in self.other_outcomes],
            "segments": list(self.segments),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Roles:
        """Read roles back; the inverse of `to_dict`."""
        outcome = data["outcome"]
        return cls(
            text=tuple(data["text"]),
            id=data["id"],
            date=data["date"],
            outcome=None if outcome is None else Outcome.from_dict(outcome),
            other_outcomes=tuple(map(Outcome.from_dict, data["other_outcomes"])),
            segments=tuple(data["segments"]),
        )

    def within(self, columns: Sequence[str], where: str) -> Roles:
        """Return these roles, found on another file, without the columns that this one has not.

        :param where: The file's name, for what is said of it.
        :raises ColumnError: A text column is among them.
        """
        missing = next((name for name in self.text if name not in columns), None)
        if missing is not None:
            raise ColumnError(
                f"{where} has no column “{missing}”, which holds the text in the files before it; "
                "score it apart from them"
            )
        outcome = self.outcome
        return replace(
            self,
            id=self.id if self.id in columns else None,
            date=self.date if self.date in columns else None,
            outcome=outcome if outcome is not None and outcome.column in columns else None,
            other_outcomes=tuple(one for one in self.other_outcomes if one.column in columns),
            segments=tuple(name for name in self.segments if name in columns),
        )


@dataclass(frozen=True, slots=True)
class Speakers:
    """A column of a chat that says who wrote each row.

    :param column: Its name.
    :param others: Its values that are not the customer.
    :param rows: How many rows of the sample have one of them.
    :param of: How many rows the sample has.
    """

    column: str
    others: tuple[str, ...]
    rows: int
    of: int


@dataclass(frozen=True)
class _Column:
    """A column and what its cells in the sample are like."""

    name: str
    heading: str
    cells: tuple[str, ...]
    rows: int

    @cached_property
    def filled(self) -> float:
        return len(self.cells) / max(1, self.rows)

    @cached_property
    def answered(self) -> float:
        return len(self.answers) / max(1, self.rows)

    @cached_property
    def distinct(self) -> int:
        return len(set(self.cells))

    @cached_property
    def answers(self) -> tuple[str, ...]:
        """The cells without those that say that nothing was answered: "N/A", "NULL", "(空)"."""
        from sentiment.drivers.answers import is_missing  # loads NumPy

        return tuple(cell for cell in self.cells if not is_missing(cell.strip(_BRACKETS)))

    @cached_property
    def is_number(self) -> bool:
        return _mostly(self.answers, lambda cell: number(cell) is not None)

    @cached_property
    def is_date(self) -> bool:
        return _mostly(self.answers, looks_like_date) or (
            headings.is_date(self.heading) and _mostly(self.answers, is_count)
        )

    @cached_property
    def width(self) -> float:
        """Mean display width of the answers, a long one by its beginning."""
        if not self.answers:
            return 0.0
        return sum(display_width(cell[:500]) for cell in self.answers) / len(self.answers)

    @cached_property
    def is_prose(self) -> bool:
        """Whether people wrote these answers: long or many-worded, seldom twice the same."""
        if not self.answers or self.is_number or self.is_date:
            return False
        codes = _share(self.answers, lambda cell: " " not in cell.strip() and cell.isascii())
        if codes > 0.8:
            return False
        return len(set(self.answers)) >= 0.3 * len(self.answers) and self.width >= 8


def _mostly(cells: Sequence[str], test: Any) -> bool:
    """Tell whether at least four cells of five pass; no more are asked than it takes to be sure."""
    may_fail = len(cells) // 5
    for cell in cells:
        if not test(cell):
            may_fail -= 1
            if may_fail < 0:
                return False
    return bool(cells)


def _share(cells: Sequence[str], test: Any) -> float:
    return sum(1 for cell in cells if test(cell)) / len(cells) if cells else 0.0


def find_roles(
    columns: Sequence[str],
    sample: Sequence[SourceRow],
    labels: Mapping[str, str] | None = None,
    *,
    text: Sequence[str] = (),
    id: str | None = None,  # noqa: A002 - the role's name everywhere
    date: str | None = None,
    outcome: str | None = None,
    by: Sequence[str] = (),
    where: str = "the file",
    text_option: str = "--text",
) -> Roles:
    """Find every role that was not given.

    :param columns: All columns.
    :param sample: The first rows.
    :param labels: The question behind a column whose name is a code.
    :param text: Named more than once, a column counts once; as in `by`.
    :param where: The file, for messages.
    :param text_option: What the caller names a text column with, for messages.
    :raises ColumnError: A given column does not exist; no column holds text; or two equally do; the
        text is to divide the customers.
    """
    labels = labels or {}
    text, by = tuple(dict.fromkeys(text)), tuple(dict.fromkeys(by))
    sample = _without_totals(sample)
    # Qualtrics puts "Q1_NPS_GROUP" beside the recommendation "Q1".
    labels = {**{name: "NPS" for name in columns if f"{name}_NPS_GROUP" in columns}, **labels}
    described = [_describe(name, _repeated(name, columns), sample, labels) for name in columns]
    for wanted, option in (
        *((name, "--text") for name in text),
        (id, "--id"),
        (date, "--date"),
        (outcome, "--outcome"),
        *((name, "--by") for name in by),
    ):
        if wanted is not None and wanted not in columns:
            raise ColumnError(_no_such_column(wanted, option, columns, where))
    texts = text or (_find_text(described, where, text_option),)
    refuse_text_as_segment(by, texts, where)
    _refuse_text_as_outcome(outcome, texts, where)
    unread = [column for column in described if column.name not in texts]
    rest = unread
    found_date = date or _find_date(rest)
    rest = [column for column in rest if column.name != found_date]
    found_id = id or _find_id(rest)
    rest = [column for column in rest if column.name != found_id]
    free = [column for column in unread if column.name == outcome or column in rest]
    chosen, others = _find_outcomes(free, outcome, where)
    scales = {other.column for other in others} | ({chosen.column} if chosen else set())
    segments = by or tuple(
        column.name
        for column in rest
        if column.name not in scales
        and _is_segment(column)
        and not _says_outcome_again(column, chosen, sample)
    )
    return Roles(texts, found_id, found_date, chosen, others, segments)


def unread_texts(
    columns: Sequence[str],
    sample: Sequence[SourceRow],
    labels: Mapping[str, str],
    roles: Roles,
) -> tuple[str, ...]:
    """Return the columns that look like customers' own words, too, and are not read.

    Answers to a second question and later additions; not the title of a review or its translation.
    """
    used = {*roles.text, roles.id, roles.date, *roles.segments}
    described = [
        _describe(name, _repeated(name, columns), sample, labels)
        for name in columns
        if name not in used
    ]
    return tuple(
        column.name
        for column in described
        if _text_rank(column) >= 3
        and column.is_prose
        and not headings.is_translation(column.heading)
    )


def find_speakers(
    columns: Sequence[str],
    sample: Sequence[SourceRow],
    labels: Mapping[str, str],
    roles: Roles,
) -> Speakers | None:
    """Return the column that says which rows are not the customer's, if there is one."""
    described = (
        _describe(name, _repeated(name, columns), sample, labels)
        for name in columns
        if name not in roles.text
    )
    return next((found for column in described if (found := _speakers(column))), None)


def _speakers(column: _Column) -> Speakers | None:
    """Recognise a column with both sides of a talk, and hardly anything else, in all its rows."""
    kinds = set(column.cells)
    if not 2 <= len(kinds) <= _MOST_SPEAKERS or len(column.cells) < 0.9 * column.rows:
        return None
    if _KIND_OF_CUSTOMER.search(headings.clean(column.heading)):
        return None
    others = {cell for cell in kinds if _NO_CUSTOMER.fullmatch(_speaker(cell))}
    customers = {cell for cell in kinds if _CUSTOMER.fullmatch(_speaker(cell))}
    if not others or not customers:
        return None
    if _share(column.cells, lambda cell: cell in others or cell in customers) < 0.95:
        return None
    rows = sum(cell in others for cell in column.cells)
    return Speakers(column.name, tuple(sorted(others)), rows, column.rows)


def _speaker(cell: str) -> str:
    """Return who speaks without a number: "客服1", "agent_2"."""
    return headings.clean(cell).rstrip("0123456789 ")


def _without_totals(sample: Sequence[SourceRow]) -> Sequence[SourceRow]:
    """Return the rows above the sums of a sheet: "合计 | 7.55" is no answer and on no scale."""
    for place in range(len(sample) - 1, max(len(sample) - 1 - MOST_TOTALS, 0), -1):
        cells = [cell for cell in sample[place].cells.values() if cell and cell.strip()]
        named = sum(is_total(cell) for cell in cells)
        if not named or named + sum(number(cell) is not None for cell in cells) < len(cells):
            return sample[: place + 1]
    return sample


def refuse_text_as_segment(by: Sequence[str], texts: Sequence[str], where: str) -> None:
    """Refuse to divide customers by their own words: each would be a group, and named in full.

    :raises ColumnError: A segment column is a text column.
    """
    for name in by:
        if name in texts:
            raise ColumnError(
                f"column “{name}” of {where} holds the text; --by needs a column that divides"
                " customers into groups"
            )


def _refuse_text_as_outcome(outcome: str | None, texts: Sequence[str], where: str) -> None:
    if outcome in texts:
        raise ColumnError(
            f"column “{outcome}” of {where} holds the text; --outcome needs a column with answers"
            " on a scale"
        )


def _repeated(name: str, columns: Sequence[str]) -> str:
    """Return the heading that a column had before the repeat of another's was numbered."""
    first = _REPEAT.sub("", name)
    return first if first in columns else name


def _describe(
    name: str, said: str, sample: Sequence[SourceRow], labels: Mapping[str, str]
) -> _Column:
    # Damaged rows may have their cells in the wrong place.
    rows = [row for row in sample if row.damage is None] or list(sample)
    cells = (row.cells.get(name) for row in rows)
    label = labels.get(name, "")
    return _Column(
        name=name,
        heading=f"{said} {label}".strip()
        if label
        else said.rsplit(".", 1)[-1]
        if re.fullmatch(r"[\w.]+", said) and not headings.is_id(said)
        else said,
        cells=tuple(cell for cell in cells if cell is not None and cell.strip()),
        rows=len(rows),
    )


def _no_such_column(wanted: str, option: str, columns: Sequence[str], where: str) -> str:
    near = difflib.get_close_matches(wanted.casefold(), [c.casefold() for c in columns], 3, 0.5)
    nearest = [name for name in columns if name.casefold() in near]
    if nearest:
        return f"{where} has no column {wanted!r} for {option}; nearest: {_listed(nearest)}"
    return f"{where} has no column {wanted!r} for {option}; its columns: {_listed(columns)}"


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(f"“{name}”" for name in names[:30])
    return shown + (f" and {len(names) - 30} more" if len(names) > 30 else "")


def _text_rank(column: _Column) -> int:
    """Return how good a claim to being the text a column has; 0 is none."""
    heading = column.heading
    if headings.is_reply(heading) or headings.is_excluded(heading) or headings.is_id(heading):
        return 0
    if column.is_number or column.is_date or (column.cells and _all_links(column)):
        return 0
    named = headings.is_text(heading) or headings.is_question(heading)
    if headings.is_title(heading):
        return 2 if column.is_prose else 0
    if headings.is_follow_up(heading) or headings.is_translation(heading):
        return 3 if column.is_prose else 0
    if named and column.is_prose:
        return 6
    segment = headings.is_segment(heading)
    if column.is_prose and column.width >= 16 and not segment:
        return 5
    if named and (not column.cells or column.rows < 20 or column.distinct > 20):
        return 4
    if column.is_prose and not segment:
        return 2
    # Few answers over and over ("无", "好评"): text only if there is nothing better.
    return 1 if named else 0


def _all_links(column: _Column) -> bool:
    return _share(column.cells, lambda cell: cell.startswith(("http://", "https://", "www."))) > 0.8


def _find_text(columns: Sequence[_Column], where: str, option: str) -> str:
    ranks = {column.name: _text_rank(column) for column in columns}
    best = max(ranks.values(), default=0)
    if not columns:
        raise ColumnError(f"{where} has no columns; choose one with feedback in it")
    if best == 0:
        listed = _listed([column.name for column in columns])
        raise ColumnError(
            f"no column of {where} looks like free text; its columns are {listed}. Name one with"
            f" {option}"
        )
    rivals = [column for column in columns if ranks[column.name] == best]
    if len(rivals) > 1:
        rivals = _fuller(rivals)
    if len(rivals) > 1:
        listed = _listed([column.name for column in rivals])
        several = ", or repeat --text for a survey with several open questions"
        raise ColumnError(
            f"{len(rivals)} columns of {where} could equally be the text: {listed}. Name one with"
            f" {option}{several if option == '--text' else ''}"
        )
    return rivals[0].name


def _fuller(rivals: Sequence[_Column]) -> list[_Column]:
    """Keep the rivals that nearly match the one with the most to say: a remark is no review.

    Beside questions, those that nearly as many answered: what a third says of what it likes is not
    what all were asked. The others are told.
    """

    def amount(column: _Column) -> float:
        return column.width * column.answered

    most = max(map(amount, rivals))
    kept = [column for column in rivals if amount(column) * 8 >= most]
    if any(headings.is_question(column.heading) for column in kept):
        best = max(column.answered for column in kept)
        kept = [column for column in kept if column.answered >= _NEARLY * best]
    return kept


def _find_date(columns: Sequence[_Column]) -> str | None:
    def rank(column: _Column) -> tuple[int, int]:
        words = headings.clean(column.heading)
        own = 2 if _DATE_OF_FEEDBACK.search(words) else 1
        if _DATE_OF_OTHER.search(words) and not re.search(r"评价时间|评论时间|review", words):
            own = 0
        return (1 if headings.is_date(column.heading) else 0, own)

    dates = [column for column in columns if column.is_date and not _is_plain_number(column)]
    if not dates:
        return None
    return max(dates, key=rank).name


def _is_plain_number(column: _Column) -> bool:
    """Say whether eight digits are a number and not a day: the heading has to call them a date."""
    return column.is_number and not headings.is_date(column.heading)


def _find_id(columns: Sequence[_Column]) -> str | None:
    def rank(column: _Column) -> int:
        words = headings.clean(column.heading)
        return 2 if _ID_OF_FEEDBACK.search(words) else 0 if _ID_OF_OTHER.search(words) else 1

    ids = [
        column
        for column in columns
        if headings.is_id(column.heading)
        and column.filled >= 0.9
        and column.distinct >= 0.98 * len(column.cells)
        and not column.is_date
        and not (column.is_prose and column.width > 60)
    ]
    return max(ids, key=rank).name if ids else None


def _find_outcomes(
    columns: Sequence[_Column], wanted: str | None, where: str
) -> tuple[Outcome | None, tuple[Outcome, ...]]:
    found: list[tuple[int, Outcome]] = []
    for column in columns:
        if headings.is_excluded(column.heading) or column.is_date:
            continue
        outcome = find_outcome(column.name, column.heading, column.answers)
        if outcome is not None:
            found.append((_outcome_rank(column, outcome), outcome))
    if wanted is not None:
        chosen = next((outcome for _, outcome in found if outcome.column == wanted), None)
        if chosen is None:
            chosen = _given_outcome(next(c for c in columns if c.name == wanted), where)
        return chosen, tuple(o for rank, o in found if rank and o.column != wanted)
    standing = [(rank, outcome) for rank, outcome in found if rank >= 2]
    if not standing:
        return None, tuple(outcome for _, outcome in found)
    best = min(standing, key=lambda pair: (-pair[0], KINDS.index(pair[1].kind)))[1]
    return best, tuple(outcome for _, outcome in found if outcome is not best)


def _outcome_rank(column: _Column, outcome: Outcome) -> int:
    """Return 3 for an answer about the whole, 2 for one about a part, 1 for an unnamed scale."""
    named = (
        headings.is_score(column.heading)
        or outcome.wording is not None
        or _ASKED_TO_RATE.search(headings.clean(column.heading))
    )
    if not named and outcome.kind in ("stars", "rating"):
        return 1
    if outcome.kind in ("nps", "pmf", "ces"):
        return 3
    if outcome.kind == "csat":
        return 3
    return 3 if is_overall(column.heading) else 2


def _given_outcome(column: _Column, where: str) -> Outcome:
    """Read a column as a scale because the user says that it is one."""
    outcome = find_outcome(column.name, f"{column.heading} rating", column.answers)
    if outcome is not None:
        return outcome
    answers = [value for cell in column.answers if (value := number(cell)) is not None]
    if not answers or len(answers) < 0.5 * len(column.answers):
        raise ColumnError(
            f"column “{column.name}” of {where} holds no numbers; --outcome needs a column with"
            " answers on a scale"
        )
    return Outcome(column.name, "rating", min(answers), max(answers))


def _is_segment(column: _Column) -> bool:
    heading = column.heading
    if not column.answers or column.is_date or headings.is_excluded(heading):
        return False
    if headings.is_reply(heading) or (headings.is_title(heading) and column.is_prose):
        return False
    words = headings.clean(heading)
    if _HANDLING.search(words) or _SUBJECT.search(words) or _speakers(column):
        return False
    if _mostly(column.answers, lambda cell: _DURATION.fullmatch(cell.strip().casefold())):
        return False
    named = headings.is_segment(heading) and not headings.is_id(heading)
    if column.is_number and not named:
        return False
    if headings.is_id(heading) and (_ID_OF_PERSON.search(words) or _ID_OF_TALK.search(words)):
        return False
    if column.width > 80:
        return False
    share, most = (_NAMED_SHARE, _NAMED_MOST) if named else (_SEGMENT_SHARE, _SEGMENT_MOST)
    if column.distinct > most:
        return False
    # In a handful of rows nothing repeats enough to be measured: the heading has to say it.
    few = len(column.cells) < 20
    if named:
        return column.distinct <= max(8, share * len(column.cells))
    return not few and 1 < column.distinct <= share * len(column.cells)


def _says_outcome_again(
    column: _Column, outcome: Outcome | None, sample: Sequence[SourceRow]
) -> bool:
    """Say whether a column only says the score in other words: "Promoter", "Excellent", 高分.

    Its values are words of scores, and divide the answers without an overlap. Groups that are made of
    the outcome differ in it by their making, and would be the largest difference of every report. A
    store with the lowest scores stays one.
    """
    words = {headings.clean(cell) for cell in column.cells}
    if _OUTCOME_AGAIN.search(headings.clean(column.heading)):
        return True
    if len(words) > 1 and words <= _OUTCOME_WORDS:
        return True
    if outcome is None or not all(word in _SCORE_WORDS or leaning(word) for word in words):
        return False
    ranges: dict[str, tuple[float, float]] = {}
    for row in sample:
        cell, answer = row.cells.get(column.name), outcome.value(row.cells.get(outcome.column))
        if row.damage is None and cell and cell.strip() and answer is not None:
            low, high = ranges.get(cell, (answer, answer))
            ranges[cell] = min(low, answer), max(high, answer)
    ordered = sorted(ranges.values())
    return len(ordered) > 1 and all(before[1] < after[0] for before, after in pairwise(ordered))
