"""Error messages in Chinese.

An error is raised in English wherever in the package the fault is found, by code that knows nothing
of languages. Here its English template is looked for, and what stood in the gaps is put into the
Chinese one. What is not in the table stays English; a test holds the table to what is raised.
"""

from __future__ import annotations

import re
from functools import cache

from sentiment.wording import Tongue

__all__ = ["ERRORS", "translate"]

# (English, Chinese); a name in braces stands for whatever is there. The first that fits wins.
ERRORS: tuple[tuple[str, str], ...] = (
    # the command line
    (
        "{given} is neither a verb nor a file; did you mean {verb}?",
        "{given} 既不是子命令也不是文件；是不是想输入 {verb}？",
    ),
    (
        "{given} is neither a verb nor a file; the verbs are {verbs}",
        "{given} 既不是子命令也不是文件；子命令有 {verbs}",
    ),
    (
        "there is no option {option}; see {program} --help",
        "没有选项 {option}；请看 {program} --help",
    ),
    (
        "the following arguments are required: {names}; see {program} --help",
        "缺少参数：{names}；请看 {program} --help",
    ),
    (
        "argument {option}: expected one argument; see {program} --help",
        "选项 {option} 后面缺少值；请看 {program} --help",
    ),
    (
        "argument {option}: invalid choice: {given} (choose from {choices}); see {program} --help",
        "选项 {option} 不能是 {given}（可选：{choices}）；请看 {program} --help",
    ),
    (
        "argument {option}: {given} is not of the form FIGURE=NUMBER; see {program} --help",
        "选项 {option} 应写成 指标=数值，而不是 {given}；请看 {program} --help",
    ),
    (
        "argument {option}: {given} is not a number from 1 on; see {program} --help",
        "选项 {option} 应为 1 以上的整数，而不是 {given}；请看 {program} --help",
    ),
    ("no file fits the pattern {pattern}", "没有符合 {pattern} 的文件"),
    # the input
    (
        "there is no file {path}; check the name and the folder",
        "找不到文件 {path}；请检查名称和所在文件夹",
    ),
    ("{path} is a folder; name a file in it", "{path} 是文件夹；请指定其中的一个文件"),
    (
        "{path} is empty; choose a file with feedback in it",
        "{path} 是空文件；请选择含有反馈内容的文件",
    ),
    (
        "{path} holds no data row; choose a file with feedback in it",
        "{path} 没有数据行；请选择含有反馈内容的文件",
    ),
    (
        "{path} holds no row; choose a file with feedback in it",
        "{path} 没有数据行；请选择含有反馈内容的文件",
    ),
    (
        "{path} cannot be read ({reason}); check the file",
        "{path} 无法读取（{reason}）；请检查该文件",
    ),
    (
        "{path} is an old Excel file (.xls) or one with a password; save it as .xlsx"
        " without a password",
        "{path} 是旧版 Excel 文件（.xls）或设有密码；请另存为不带密码的 .xlsx",
    ),
    (
        "{path} is a web page, whatever its name says; open it in a spreadsheet program and"
        " save it as .xlsx",
        "{path} 其实是网页；请用表格软件打开后另存为 .xlsx",
    ),
    (
        "{path} is {what}, not a table; give CSV, TSV, XLSX, JSON lines or Parquet",
        "{path} 不是表格（{what}）；请提供 CSV、TSV、XLSX、JSON Lines 或 Parquet",
    ),
    (
        "{path} has no sheet {sheet}; its sheets are {sheets}",
        "{path} 没有工作表 {sheet}；现有工作表：{sheets}",
    ),
    (
        "no encoding is called {encoding}; use for example {known}",
        "没有名为 {encoding} 的编码；可用的例如 {known}",
    ),
    (
        "{given} cannot be a delimiter; use one character, or comma, semicolon, tab or pipe",
        "{given} 不能作分隔符；请用单个字符，或 comma、semicolon、tab、pipe",
    ),
    # its columns
    (
        "no column of {path} looks like free text; its columns are {columns}. Name one with --text",
        "{path} 中没有像是文本的列；各列为 {columns}。请用 --text 指定",
    ),
    (
        "{count} columns of {path} could equally be the text: {columns}. Name one with"
        " --text, or repeat --text for a survey with several open questions",
        "{path} 中有 {count} 列都可能是文本：{columns}。"
        "请用 --text 指定一列；多道开放题可重复 --text",
    ),
    (
        "{path} has no column {column} for {option}; nearest: {columns}",
        "{path} 没有 {option} 指定的列 {column}；相近的有 {columns}",
    ),
    (
        "{path} has no column {column} for {option}; its columns: {columns}",
        "{path} 没有 {option} 指定的列 {column}；各列为 {columns}",
    ),
    (
        "column {column} of {path} holds no numbers; --outcome needs a column with"
        " answers on a scale",
        "{path} 的列 {column} 不含数值；--outcome 需要评分列",
    ),
    # the model
    (
        "There is no model {model}; use {names}, a folder, or a hub id OWNER/NAME.",
        "没有模型 {model}；请使用 {names}、文件夹或 hub 上的 OWNER/NAME。",
    ),
    (
        "{path}: a model is a folder, and this is a file; name the folder.",
        "{path}：模型应为文件夹，而这是文件；请指定文件夹。",
    ),
    (
        "{path}: no model bundle; there is no {name} in it.",
        "{path}：不是模型包，其中没有 {name}。",
    ),
    (
        "{path}: the file {name} is missing; get the bundle again.",
        "{path}：缺少文件 {name}；请重新获取模型包。",
    ),
    (
        "{path}: changed since the bundle was saved (its sha256 is not the manifest's); "
        "get the bundle again.",
        "{path}：模型包保存后此文件被改动（sha256 与清单不符）；请重新获取模型包。",
    ),
    (
        "{path}: made by a newer release (schema {schema}, this one reads up to {known}); "
        "upgrade with pip install -U sentiment.",
        "{path}：由更新的版本制作（格式版本 {schema}，本版本最高支持 {known}）；"
        "请用 pip install -U sentiment 升级。",
    ),
    ("{path}: there is no such file.", "{path}：没有这个文件。"),
    (
        "{path}: no row is labelled; it needs overall, opinions or topics.",
        "{path}：没有一行带标注；需要 overall、opinions 或 topics。",
    ),
    (
        "there is no figure {figure}; the figures are {known}",
        "没有指标 {figure}；可用的指标有 {known}",
    ),
    ("what was asked was not reached: {shortfalls}", "未达到要求：{shortfalls}"),
    # the output
    (
        "{path} exists and is not the finished output of this input, options and model; "
        "add --overwrite to replace it, or choose another name",
        "{path} 已存在，且不是同一输入、选项和模型的完整结果；"
        "要覆盖请加 --overwrite，或换一个文件名",
    ),
    (
        "{path} exists already; add --overwrite to replace it, or choose another name",
        "{path} 已存在；要覆盖请加 --overwrite，或换一个文件名",
    ),
    (
        "another job is writing {path} (process {pid}); wait for it, or choose another output",
        "另一个任务正在写 {path}（进程 {pid}）；请等它结束，或换一个输出",
    ),
    (
        "{path} has no ending that names a format; end it in {known}",
        "{path} 的后缀不对应任何格式；请使用 {known}",
    ),
    (
        "{path} cannot be written: the folder {folder} does not exist; create it first",
        "{path} 无法写入：文件夹 {folder} 不存在；请先创建",
    ),
    (
        "{path} cannot be written: nothing can be written in {folder}; choose another folder",
        "{path} 无法写入：文件夹 {folder} 不可写；请换一个文件夹",
    ),
    (
        "{path} is the input itself; choose another name for the output",
        "{path} 就是输入文件；请给输出换一个文件名",
    ),
    ("{path} cannot be written ({reason})", "{path} 无法写入（{reason}）"),
    (
        "{path} takes no --encoding: only CSV and TSV can be written in another one",
        "{path} 不能指定 --encoding：只有 CSV 和 TSV 可用其他编码写出",
    ),
    (
        "{count} inputs cannot go into one file, {path}; name a folder, as in -o scored/",
        "{count} 个输入不能写入同一个文件 {path}；请指定文件夹，如 -o scored/",
    ),
)


def translate(tongue: Tongue, message: str) -> str:
    """Return an error message in the language, or as it is when it is not in the table."""
    if tongue == "zh":
        for pattern, chinese in _patterns():
            if found := pattern.fullmatch(message):
                return chinese.format(**found.groupdict())
    return message


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((_pattern(english), chinese) for english, chinese in ERRORS)


def _pattern(template: str) -> re.Pattern[str]:
    # Every second piece is the name of a gap.
    pieces = re.split(r"\{(\w+)\}", template)
    return re.compile(
        "".join(
            f"(?P<{piece}>.+?)" if index % 2 else re.escape(piece)
            for index, piece in enumerate(pieces)
        ),
        re.DOTALL,
    )
