"""What can be wrong with labelled rows, each told in one sentence, in both languages.

An error keeps the rows from being trained on; a warning says what is done about it. Faults of one
kind that say the same are told once, with all their rows, so that a file is mended in one go.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sentiment.wording import Tongue

__all__ = ["KINDS", "Fault", "is_error", "nearest", "tell"]

# More row numbers than this on one line help nobody.
_MOST_ROWS = 200

# kind: (is an error, English, Chinese)
KINDS: dict[str, tuple[bool, str, str]] = {
    # the file
    "no_text_column": (
        True,
        "no column holds the text; the columns are {columns}. Head it text, or name it with --text",
        "没有文本列；现有的列：{columns}。请把列名改为 text，或用 --text 指定",
    ),
    "no_such_column": (
        True,
        "there is no column {given}, in which --text says the text is; the columns are {columns}",
        "没有 --text 指定的列 {given}；现有的列：{columns}",
    ),
    "no_label_column": (
        True,
        "no labels: add a column sentiment, or one for a topic ({topics}), or drivers",
        "没有标注列：请添加 sentiment 列、主题列（{topics}）或 drivers 列",
    ),
    "near_column": (
        False,
        "the column {column} is not read; did you mean {nearest}?",
        "没有读取列 {column}；是否应为 {nearest}？",
    ),
    "near_field": (
        False,
        "the field {column} is not read; did you mean {nearest}?",
        "没有读取字段 {column}；是否应为 {nearest}？",
    ),
    "no_rows": (True, "there is no row", "没有任何数据行"),
    # what a row is
    "not_json": (True, "not JSON: {reason}", "不是 JSON：{reason}"),
    "not_object": (True, "not a JSON object", "不是 JSON 对象"),
    "rejected": (True, "cannot be read as a row: {reason}", "无法读成一行：{reason}"),
    "torn": (
        True,
        "the row is torn ({reason}), so that its labels may stand in the wrong columns; put a text with "
        "delimiters, quotes or line breaks in quotes",
        "该行断裂（{reason}），标注可能错列；含有分隔符、引号或换行的文本请放在引号内",
    ),
    "damaged": (
        False,
        "the text looks damaged, as by a wrong encoding; the row is used as it is",
        "文本疑似受损（如编码有误）；仍按原样使用",
    ),
    # the text
    "no_text": (True, "no text", "没有文本"),
    "text_type": (True, "text is {given} and must be a string", "text 是{given}，应为字符串"),
    "says_nothing": (
        False,
        "the text says nothing ({text}); the row is not used",
        "文本没有内容（{text}）；不使用该行",
    ),
    "foreign": (
        False,
        "the text is neither Chinese nor English; the row is not used",
        "文本既非中文也非英文；不使用该行",
    ),
    # its language
    "language": (
        True,
        "lang {given} is none of zh, en, mixed, other",
        "lang {given} 不是 zh、en、mixed、other 之一",
    ),
    "other_language": (
        False,
        "lang is {given} and the text looks {found}; the text is believed",
        "lang 为 {given}，而文本像是 {found}；以文本为准",
    ),
    # labels
    "sentiment": (
        True,
        "{name} {given} is none of {known}{nearest}",
        "{name} {given} 不是 {known} 之一{nearest}",
    ),
    "state": (
        True,
        "{topic}: {given} is none of {known}{nearest}",
        "{topic}：{given} 不是 {known} 之一{nearest}",
    ),
    "polarity": (
        True,
        "{name}: polarity {given} is none of {known}{nearest}",
        "{name}：极性 {given} 不是 {known} 之一{nearest}",
    ),
    "topic": (True, "there is no topic {given}{nearest}", "没有主题 {given}{nearest}"),
    "driver": (True, "there is no driver {given}{nearest}", "没有驱动因素 {given}{nearest}"),
    "tag": (True, "there is no tag {given}{nearest}", "没有标签 {given}{nearest}"),
    "tag_as_driver": (
        True,
        "{given} is a tag and stands among the drivers; move it to tags",
        "{given} 是标签，却写在驱动因素里；请移到 tags",
    ),
    "driver_as_tag": (
        True,
        "{given} is a driver and stands among the tags; move it to opinions",
        "{given} 是驱动因素，却写在标签里；请移到 opinions",
    ),
    # evidence
    "evidence": (
        True,
        "{name}: the evidence {given} is not in the text{hint}",
        "{name}：依据 {given} 不在文本中{hint}",
    ),
    "whole_text": (
        False,
        "{name}: the evidence is the whole of a long text; the judged words alone teach more",
        "{name}：依据是整段长文本；只标出判断所在的词句效果更好",
    ),
    "no_evidence": (
        False,
        "opinions without evidence teach which driver, not which words",
        "没有依据的标注只能教会驱动因素，教不会对应的词句",
    ),
    # shape
    "type": (
        True,
        "{name} is {given} and must be {wanted}",
        "{name} 是{given}，应为{wanted}",
    ),
    "no_name": (True, "an entry of {field} has no {key}", "{field} 中有一项缺少 {key}"),
    "twice": (
        True,
        "{name} {polarity} stands twice in one row",
        "同一行里 {name} {polarity} 出现了两次",
    ),
    "not_pairs": (
        True,
        "{column} {given} is not of the form DRIVER:POLARITY;DRIVER:POLARITY, nor JSON",
        "{column} {given} 既不是 驱动因素:极性;驱动因素:极性 的形式，也不是 JSON",
    ),
    # rows that contradict themselves or one another
    "topics_disagree": (
        True,
        "topics say {topic} is {given}, the opinions make it {found}",
        "topics 中 {topic} 为 {given}，而按 opinions 应为 {found}",
    ),
    "sentiment_disagrees": (
        False,
        "the sentiment is {given} and every opinion is {found}",
        "sentiment 为 {given}，而所有 opinions 都是 {found}",
    ),
    "contradiction": (
        True,
        "the same text has another label in row {other}: {name} is {given} here and {found} there",
        "与第 {other} 行文本相同而标注不同：{name} 这里是 {given}，那里是 {found}",
    ),
    "duplicate": (
        False,
        "the same text and labels as row {other}; used once",
        "与第 {other} 行文本和标注相同；只用一次",
    ),
    "id_twice": (
        True,
        "the id {given} is that of row {other} too, which has another text",
        "编号 {given} 与第 {other} 行相同，而文本不同",
    ),
    "unlabelled": (False, "nothing is labelled; the row is not used", "没有任何标注；不使用该行"),
    "in_dev": (
        False,
        "the same text is in {path}; not trained on",
        "文本与 {path} 中的相同；不用于训练",
    ),
    # too few
    "few_rows": (
        True,
        "{rows} rows can be used; training needs at least {least}",
        "可用的只有 {rows} 行；训练至少需要 {least} 行",
    ),
    "few_beside_dev": (
        True,
        "{rows} rows can be used; training needs at least {least}. {shared} more are in {path}, and "
        "what is measured on is not trained on: name other rows to measure on, or none",
        "可用的只有 {rows} 行；训练至少需要 {least} 行。另有 {shared} 行也在 {path} 中，"
        "而用来评测的不用于训练：请另选评测用的行，或不指定",
    ),
    "few_of_class": (
        False,
        "{name} has too few rows of {counts} to learn or to measure them (from {least} on)",
        "{name} 的 {counts} 行数太少，学不会也测不准（至少 {least} 行）",
    ),
    "one_class": (
        False,
        "{name} is {value} in every row that has it: there is nothing to tell apart",
        "{name} 凡有标注的都是 {value}：没有可供区分的内容",
    ),
    "never_absent": (
        False,
        "{name} is never absent: an empty cell means not labelled. Where the topic is not spoken of, "
        "write absent",
        "{name} 从未标为 absent：空单元格表示未标注。没有谈到该主题时请写 absent",
    ),
    "no_phrase": (
        False,
        "the driver {name} has no labelled row, and no row holds one of its seed phrases",
        "驱动因素 {name} 没有标注，也没有任何一行含有它的种子短语",
    ),
    "no_drivers": (
        False,
        "no row is labelled with drivers, and an encoder knows none: topics will be learnt, and which "
        "driver it was will be named by chance",
        "没有任何一行标注了驱动因素，而编码器本身也不认识它们：能学会主题，但驱动因素只是随意给出",
    ),
    "tag_polarity": (
        False,
        "{name} {polarity}: the base has no such head, for too few rows were labelled so when it was "
        "trained; this label is not learnt",
        "{name} {polarity}：起点模型没有这一项（训练时这样标注的行太少）；不学习该标注",
    ),
    "unlearnt": (
        False,
        "the driver {name} is new and has neither a labelled row nor a seed phrase; it will not be "
        "found",
        "驱动因素 {name} 是新的，既没有标注也没有种子短语；不会被识别",
    ),
}


@dataclass(frozen=True)
class Fault:
    """Something wrong with a row, or with the file where `row` is None.

    :param kind: One of `KINDS`; `fields` fill its sentence.
    """

    kind: str
    row: int | None = None
    fields: dict[str, Any] = field(default_factory=dict)

    def sentence(self, language: Tongue = "en") -> str:
        """Return what is wrong, without the row."""
        fields = {name: _spoken(value, language) for name, value in self.fields.items()}
        _, english, chinese = KINDS[self.kind]
        return (chinese if language == "zh" else english).format(**fields)


def is_error(fault: Fault) -> bool:
    """Return whether the rows cannot be trained on with this in them."""
    return KINDS[fault.kind][0]


def nearest(given: str, known: Iterable[str]) -> str | None:
    """Return the known word that is most like the given one, None where none is like it."""
    close = difflib.get_close_matches(given.strip().lower(), [*known], n=1, cutoff=0.6)
    return close[0] if close else None


def tell(faults: Iterable[Fault], language: Tongue = "en", unit: str = "row") -> list[str]:
    """Return one line for each thing that is wrong, with the numbers of all its rows.

    :param unit: What the numbers count: "row", or "line" of JSON lines.
    """
    rows: dict[str, list[int]] = {}
    for fault in faults:
        numbers = rows.setdefault(fault.sentence(language), [])
        if fault.row is not None:
            numbers.append(fault.row)
    told = sorted(rows.items(), key=lambda pair: min(pair[1], default=0))
    return [_line(sentence, numbers, language, unit) for sentence, numbers in told]


def _line(sentence: str, numbers: Sequence[int], language: Tongue, unit: str) -> str:
    if not numbers:
        return sentence
    rows = sorted(set(numbers))
    shown, more = _ranges(rows[:_MOST_ROWS]), len(rows) - _MOST_ROWS
    if language == "zh":
        rest = f" 等共 {len(rows)}" if more > 0 else ""
        return f"第 {shown}{rest} 行：{sentence}"
    rest = f" and {more} more" if more > 0 else ""
    return f"{unit}{'s' if len(rows) > 1 else ''} {shown}{rest}: {sentence}"


def _ranges(numbers: Sequence[int]) -> str:
    """Return ascending numbers with runs of three and more drawn together: "1, 4-7"."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(
        f"{run[0]}-{run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs
    )


# Words that stand in a fault's fields; all else is the file's own and is shown as it is.
_WORDS = {
    "null": "空值",
    "a string": "字符串",
    "a number": "数字",
    "true or false": "布尔值",
    "a list": "列表",
    "an object": "对象",
    "a list of objects": "对象列表",
    "an object of a topic and its state each": "由主题和状态组成的对象",
    "broken quotes": "引号不成对",
    "the header row again": "又是表头",
}
_COUNTED = re.compile(r"(\d+) fields instead of (\d+)")
_NEAREST = {"en": "; the nearest is {}", "zh": "；最接近的是 {}"}
_HINTS = {
    "case": ("; it is there in other capitals: {}", "；大小写不同：{}"),
    "space": ("; it is there with other spaces or signs: {}", "；空格或标点不同：{}"),
}


def _spoken(value: Any, language: Tongue) -> str:
    """Return a field as it is put into a sentence."""
    if isinstance(value, tuple) and value and value[0] == "nearest":
        return _NEAREST[language].format(value[1]) if value[1] else ""
    if isinstance(value, tuple) and value and value[0] == "hint":
        return _HINTS[value[1]][int(language == "zh")].format(value[2]) if value[1] else ""
    if isinstance(value, (list, tuple)):
        return ("、" if language == "zh" else ", ").join(map(str, value))
    text = str(value)
    if language == "zh":
        return _WORDS.get(text) or _COUNTED.sub(r"\1 个单元格，应为 \2 个", text)
    return text
