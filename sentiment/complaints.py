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
        "argument {option}: {given} does not name a number from 0 to 1; see {program} --help",
        "选项 {option} 的数值应在 0 与 1 之间，而不是 {given}；请看 {program} --help",
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
        "{path} is {what}, whatever its name says; open it in a spreadsheet program and save it"
        " as .xlsx",
        "{path} 其实是 {what}；请用表格软件打开后另存为 .xlsx",
    ),
    (
        "{path} does not begin with the mark that {encoding} is told by; give {little} or {big}, or"
        " leave the encoding out",
        "{path} 开头没有 {encoding} 所需的标记；请改用 {little} 或 {big}，或不指定编码",
    ),
    (
        "{path} holds no row that can be read (row {row}: {reason}); check that it is what its name"
        " says",
        "{path} 没有可读取的行（第 {row} 行：{reason}）；请检查文件内容是否与其名称相符",
    ),
    (
        "{path} holds its table column by column, as pandas' to_json writes it; save it with"
        ' orient="records", lines=True',
        '{path} 按列存放表格（pandas 的 to_json 默认如此）；请用 orient="records", lines=True 另存',
    ),
    (
        "{path} is one object with its records under {name}; save that list as a file of its own",
        "{path} 是单个对象，其记录在 {name} 之下；请将该列表单独存为文件",
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
        "{path} has no columns; choose one with feedback in it",
        "{path} 没有任何列；请选择含有反馈内容的文件",
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
    (
        "column “{column}” of {path} holds the text; --by needs a column that divides customers"
        " into groups",
        "{path} 的列“{column}”是文本；--by 需要能把客户分组的列",
    ),
    (
        "column “{column}” of {path} holds the text; --outcome needs a column with answers on a"
        " scale",
        "{path} 的列“{column}”是文本；--outcome 需要评分列",
    ),
    # the model
    (
        "{name} has no faster model that learnt from it; leave speed at full, or train one of your "
        "own (sentiment train ROWS --base {fast} -o FOLDER) and name it as the model.",
        "{name} 没有向它学来的更快的模型；请把 speed 留在 full，或自己训练一个"
        "（sentiment train 标注文件 --base {fast} -o 文件夹），再用作模型。",
    ),
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
    # a folder on a cluster
    (
        "--engine ray takes one folder; put the files into one, or run it for each",
        "--engine ray 一次只接受一个文件夹；请把文件放在一起，或逐个运行",
    ),
    (
        "--engine ray scores Parquet files, and {path} is none; leave --engine out",
        "--engine ray 只分析 Parquet 文件，而 {path} 不是；请不写 --engine",
    ),
    (
        "a folder needs another one for its outputs, as in -o scored/",
        "分析文件夹需要指定输出文件夹，如 -o scored/",
    ),
    (
        "--address is of a Ray cluster; add --engine ray",
        "--address 是 Ray 集群的地址；请加上 --engine ray",
    ),
    (
        '--engine ray needs Ray, which is not installed; run pip install "sentiment[ray]"',
        '--engine ray 需要 Ray，而它没有安装；请运行 pip install "sentiment[ray]"',
    ),
    (
        "no Ray cluster answers at {address}; check --address (or RAY_ADDRESS), or leave it "
        "out to use this machine",
        "{address} 没有 Ray 集群应答；请检查 --address（或 RAY_ADDRESS），不写则使用本机",
    ),
    (
        "--device cuda needs a GPU, and there is none in the Ray cluster; "
        "add one, or leave --device out",
        "--device cuda 需要 GPU，而 Ray 集群中没有；请添加，或不写 --device",
    ),
    (
        "{path} cannot be reached ({reason}); check the address and what it takes to sign in",
        "无法连接 {path}（{reason}）；请检查地址和登录所需的信息",
    ),
    (
        "{path} cannot be read ({reason}); check the address and what it takes to sign in",
        "{path} 无法读取（{reason}）；请检查地址和登录所需的信息",
    ),
    ("there is no folder {path}; check the name", "找不到文件夹 {path}；请检查名称"),
    (
        "there is no Parquet file in {path}; of other formats name the files, as in "
        "'exports/*.csv'",
        "{path} 中没有 Parquet 文件；其他格式请直接写文件，如 'exports/*.csv'",
    ),
    (
        "{path} holds no data row; choose a folder with feedback in it",
        "{path} 没有数据行；请选择含有反馈内容的文件夹",
    ),
    (
        "{path} is not a readable Parquet file ({reason}); export it again",
        "{path} 不是可读的 Parquet 文件（{reason}）；请重新导出",
    ),
    (
        "{path} changed while it was being scored; run the same command again",
        "{path} 在分析过程中有变化；请再次运行同一命令",
    ),
    (
        "{path} has no column “{column}”, which holds the text in the files before it; "
        "score it apart from them",
        "{path} 没有列“{column}”，而前面的文件以该列为文本；请单独分析此文件",
    ),
    (
        "{path} is a file; name a folder for the outputs",
        "{path} 是文件；请指定输出文件夹",
    ),
    (
        "{path} is not on this machine, and --engine local knows no other; add --engine ray, or name "
        "a folder of this machine",
        "{path} 不在本机，而 --engine local 只能使用本机的文件夹；"
        "请加上 --engine ray，或指定本机的文件夹",
    ),
    (
        "{path} is in the folder that is to be scored; name one outside of it",
        "{path} 位于待分析的文件夹之内；请指定其外的文件夹",
    ),
    (
        "{path} is one of the inputs; name another folder for the outputs",
        "{path} 是输入文件之一；请指定另一个输出文件夹",
    ),
    # training
    (
        "{path} was a workbook of texts to label and is saved in another format or without one of its "
        "columns: what nobody confirmed cannot be told from a label there; give the workbook itself to "
        "sentiment label",
        "{path} 原是待标注的工作簿，现已另存为其他格式或缺了列，无法分辨哪些标注有人确认过；"
        "请把原工作簿交给 sentiment label",
    ),
    (
        "{path} holds texts to label; read the labels back first: sentiment label {again} -o "
        "labelled.jsonl",
        "{path} 是待标注的文件；请先读回标注：sentiment label {again} -o labelled.jsonl",
    ),
    (
        "the new model is no better than {model} on {rows} rows held out; nothing was saved "
        "(label more rows, or add --force to keep it)",
        "在留出的 {rows} 行上，新模型并不优于 {model}；没有保存"
        "（请标注更多数据，或加 --force 仍然保存）",
    ),
    (
        "{path}: nothing that can be measured is labelled.",
        "{path}：没有可用于评测的标注。",
    ),
    (
        "{name} is a lite model, refitted in seconds, and has no setting {names}; leave it out, or "
        "start from a transformer",
        "{name} 是 lite 模型，几秒即可重新拟合，没有 {names} 这项设置；请去掉，或改从 transformer 开始",
    ),
    (
        'Training needs an extra: pip install "sentiment[train]".',
        '训练需要附加组件：pip install "sentiment[train]"。',
    ),
    (
        "{package} is not installed. Training a transformer needs an extra: "
        'pip install "sentiment[torch]".',
        '没有安装 {package}。训练 transformer 需要附加组件：pip install "sentiment[torch]"。',
    ),
    (
        "{name}: its tokenizer does not say where tokens stand in a text, which evidence needs; "
        "choose an encoder with a tokenizer.json.",
        "{name}：其分词器无法给出 token 在文本中的位置，而依据需要它；"
        "请选择带 tokenizer.json 的编码器。",
    ),
    (
        "{name}: needs code of its own, which is never run here; choose another encoder.",
        "{name}：需要运行其自带代码，本程序从不运行；请选择别的编码器。",
    ),
    (
        "{name}: no encoder that AutoModel loads ({reason}).",
        "{name}：不是 AutoModel 能加载的编码器（{reason}）。",
    ),
    (
        "{name}: no such folder, and the hub gave neither a model of ours nor an encoder of that "
        "name ({reason}); check the name and the network, or fetch it once and name its folder.",
        "{name}：没有这个文件夹，hub 上也取不到该名称的模型包或编码器（{reason}）；"
        "请检查名称和网络，或先下载再指定文件夹。",
    ),
    (
        "argument {option}: {given} is not a number from 0 on; see {program} --help",
        "选项 {option} 应为 0 以上的整数，而不是 {given}；请看 {program} --help",
    ),
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
        "{path} cannot be written ({reason}); choose another place",
        "{path} 无法写入（{reason}）；请选择其他位置",
    ),
    (
        "{path} takes no --encoding: only CSV and TSV can be written in another one",
        "{path} 不能指定 --encoding：只有 CSV 和 TSV 可用其他编码写出",
    ),
    # labelling
    (
        "{path}: tasks are written as .xlsx, .jsonl, or .json for Label Studio; end the name in"
        " one of these",
        "{path}：待标注文件只能写成 .xlsx、.jsonl 或供 Label Studio 用的 .json；请改用这些后缀",
    ),
    (
        "--random draws from all texts, so --known cannot leave any out; drop one",
        "--random 从全部文本中抽取，不能用 --known 排除文本；请去掉一个",
    ),
    (
        "{path} holds no text that says anything; there is nothing to label",
        "{path} 中没有有内容的文本，无可标注",
    ),
    (
        "{path} holds texts that were chosen already; to read its labels back drop -n, --random"
        " and --known, to choose others name the scored file",
        "{path} 中是已选出的文本；要读回标注，请去掉 -n、--random 和 --known；要另选，请给出"
        "分析结果",
    ),
    (
        "{path} was scored with another taxonomy: {names} are not known; name its file with"
        " --taxonomy",
        "{path} 是用另一套分类体系分析的：没有 {names}；请用 --taxonomy 指定其文件",
    ),
    (
        "{path}: labels are written as .jsonl; end the name in it",
        "{path}：标注写成 .jsonl；请使用该后缀",
    ),
    (
        "{path}: none of its texts ({count}) is labelled yet: choose yes in the column done of a"
        " workbook, submit the tasks in Label Studio, fill in the labels of JSON lines",
        "{path}：{count} 条文本都尚未标注：请在工作簿的“已标注”列选“是”，"
        "在 Label Studio 中提交任务，或填写 JSON Lines 中的标签",
    ),
    (
        "row {row}: its text does not fit into a cell of a workbook; write .jsonl instead",
        "第 {row} 行的文本超出工作簿单元格的容量；请改写 .jsonl",
    ),
    (
        "{path} is no export of Label Studio; choose the format JSON there (not JSON-MIN)",
        "{path} 不是 Label Studio 的导出文件；请在其中选择 JSON 格式（不是 JSON-MIN）",
    ),
    (
        "{path} is no workbook that sentiment label wrote; name another file",
        "{path} 不是 sentiment label 写出的工作簿；请指定其他文件",
    ),
    (
        "{path}: the column {name} is missing or was renamed; give it its name again",
        "{path}：缺少列“{name}”，或被改了名；请恢复原名",
    ),
    (
        "{path}: the column {name} holds labels and is none that is known; give it its name again if "
        "it was renamed, or name the --taxonomy that the workbook was written with; move a column of "
        "your own behind the others",
        "{path}：列“{name}”含有标注，但不是已知的列；若被改了名请恢复原名，若工作簿按其他分类体系写出"
        "请用 --taxonomy 指定；自己的列请移到其他列之后",
    ),
    (
        "{path} holds several sheets of tasks ({names}); save each as a workbook of its own",
        "{path} 中有多张标注表（{names}）；请分别存为单独的工作簿",
    ),
    (
        "a topic is called {name}, as another column of the workbook is; write .jsonl instead",
        "主题名 {name} 与工作簿的另一列同名；请改写为 .jsonl",
    ),
    # evaluation
    (
        "{path}: an evaluation is written as .html or .json.",
        "{path}：评测只能写成 .html 或 .json。",
    ),
    (
        "{count} inputs cannot go into one file, {path}; name a folder, as in -o scored/",
        "{count} 个输入不能写入同一个文件 {path}；请指定文件夹，如 -o scored/",
    ),
    # options of a report
    (
        "argument {option}: {given} is not a number from 0 to 100; see {program} --help",
        "选项 {option} 应为 0 到 100 的数，而不是 {given}；请看 {program} --help",
    ),
    (
        "argument {option}: {given} is not of the form KIND:MIN-MAX or KIND:MIN-MAX:high (or "
        ":low for the good end), KIND being {kinds}; see {program} --help",
        "选项 {option} 应写成 类型:最小-最大，或再加 :high、:low 指明好的一端（类型为 {kinds}"
        "），而不是 {given}；请看 {program} --help",
    ),
    (
        "--scale says what a column is; name the column too, with --outcome",
        "--scale 说明某一列是什么；请同时用 --outcome 指定该列",
    ),
    (
        "stdin has no name to write a report beside; use sentiment score -",
        "标准输入没有文件名，无法在旁边写报告；请用 sentiment score -",
    ),
    (
        "stdin has no name for a file in {output}; give its output a name of its own",
        "标准输入没有文件名，无法在 {output} 中命名；请单独给出输出文件名",
    ),
    (
        "{first} and {second} would both be written to {output}; score them one by one",
        "{first} 和 {second} 会写到同一个文件 {output}；请逐个分析",
    ),
    # a hub, a GPU, a taxonomy
    (
        '{name}: no such folder, and to fetch it from a hub needs an extra: pip install "'
        'sentiment[hub]".',
        '{name}：没有这个文件夹；从 hub 获取需要附加组件：pip install "sentiment[hub]"。',
    ),
    (
        "{name}: no such folder, and the hub gave no bundle of that name ({reason}); check "
        "the name and the network.",
        "{name}：没有这个文件夹，hub 上也取不到该名称的模型包（{reason}）；请检查名称和网络。",
    ),
    (
        'There is no CUDA device that torch can use; leave device at "auto" or "cpu".',
        "没有 torch 能用的 CUDA 设备；请用 auto 或 cpu。",
    ),
    (
        'A GPU is used through torch, which is not installed: pip install "sentiment[torch]".',
        '使用 GPU 需要 torch，而它没有安装：pip install "sentiment[torch]"。',
    ),
    (
        "{path}: the taxonomy cannot be read ({reason}).",
        "{path}：无法读取分类体系（{reason}）。",
    ),
    (
        "{path}: the taxonomy is not valid TOML: {reason}.",
        "{path}：分类体系不是有效的 TOML：{reason}。",
    ),
    (
        "{path}: topics.{name} has the name of a column that scoring adds; choose another one "
        "than {names}.",
        "{path}：topics.{name} 与分析所加的列同名；请改用 {names} 以外的名称。",
    ),
    # the report
    (
        "{path}: a report is written as .html, .xlsx or .json.",
        "{path}：报告只能写成 .html、.xlsx 或 .json。",
    ),
    (
        "{path}: no such file; score an export first: sentiment score FILE -o {again}",
        "{path}：没有这个文件；请先分析导出文件：sentiment score FILE -o {again}",
    ),
    (
        "{path}: this file has not been scored; run: sentiment score {again}",
        "{path}：该文件尚未分析；请先运行：sentiment score {again}",
    ),
    (
        "{path} was scored, but lacks {names}; keep everything that scoring added, or score the "
        "texts again",
        "{path} 是分析结果，但缺少 {names}；请保留分析所加的全部内容，或重新分析文本",
    ),
    (
        "{path} was scored, but the columns that scoring added no longer stand side by side in "
        "their order; put them back as they were",
        "{path} 是分析结果，但分析所加的列不再按原顺序相邻；请恢复原样",
    ),
    (
        "{path}, row {row}: column “{column}” holds {cell}, which is no list of what was found; "
        "score the texts again, or write the lists as JSON",
        "{path} 第 {row} 行的列“{column}”为 {cell}，不是分析结果的列表；请重新分析文本，或把列表写成"
        " JSON",
    ),
    (
        "{path}, row {row}: column “{column}” holds {cell}, which is no number; score the texts"
        " again",
        "{path} 第 {row} 行的列“{column}”为 {cell}，不是数值；请重新分析文本",
    ),
    (
        "{path}: column “{column}” holds what is no number ({reason}); score the texts again",
        "{path}：列“{column}”中有不是数值的内容（{reason}）；请重新分析文本",
    ),
    (
        "{path}: a report is made from scored .csv, .tsv, .xlsx, .jsonl or .parquet files.",
        "{path}：报告只能由 .csv、.tsv、.xlsx、.jsonl 或 .parquet 的分析结果生成。",
    ),
    (
        "{path} has no columns but those that scoring added; keep the text too",
        "{path} 只有分析所加的列；请保留文本列",
    ),
    (
        "{path} has no column {column}; it has: {columns}.",
        "{path} 没有列 {column}；现有的列：{columns}。",
    ),
    (
        "{off} of {given} answers in column “{column}” of {path} are not on the scale {scale}; name"
        " the scale that they are on",
        "{path} 的列“{column}”有 {given} 个答案，其中 {off} 个不在量表 {scale} 上；请指定其实际的量表",
    ),
    (
        "{path}: no labelled rows.",
        "{path}：没有标注行。",
    ),
    (
        "{path}: {odd} of {lines} lines (first: {some}) are not marked as a random sample; "
        "only rows drawn at random from this export can correct shares: mark each of them "
        'with "sampling": "random".',
        "{path}：{lines} 行中有 {odd} 行（最前面的：{some}）未注明为随机样本；只有从本次导出"
        '中随机抽取的行才能校正占比：请在每行注明 "sampling": "random"。',
    ),
    (
        "{path}: {reason}. Label the whole sample of this very export.",
        "{path}：{reason}。请完整标注本次导出的样本。",
    ),
    (
        "{path}: fewer than two labelled rows say anything.",
        "{path}：有内容的标注行不足两行。",
    ),
    (
        "{path}: not JSON lines ({reason}).",
        "{path}：不是 JSON Lines（{reason}）。",
    ),
    (
        "{path}: cannot be read ({reason}).",
        "{path}：无法读取（{reason}）。",
    ),
    (
        "{path}: cannot be written ({reason}).",
        "{path}：无法写入（{reason}）。",
    ),
    # files that are damaged, or do not hold what they should
    (
        "{path} holds no worksheet; choose a file with feedback in it",
        "{path} 中没有工作表；请选择含有反馈内容的文件",
    ),
    (
        "{path} is not a readable XLSX workbook ({reason}); open it in a spreadsheet program "
        "and save it again",
        "{path} 不是可读的 XLSX 工作簿（{reason}）；请用表格软件打开后重新保存",
    ),
    (
        "{path} is not a readable XLSX workbook ({reason}); save it again, without a password",
        "{path} 不是可读的 XLSX 工作簿（{reason}）；请重新保存，不要设密码",
    ),
    # what does not fit into XLSX
    (
        "{path} has {columns} columns and an XLSX sheet holds {most}; write .parquet or .csv "
        "instead",
        "{path} 有 {columns} 列，而 XLSX 工作表最多 {most} 列；请改写 .parquet 或 .csv",
    ),
    (
        "{path} has more than {most} rows, which is what an XLSX sheet holds; write .parquet "
        "or .csv instead",
        "{path} 超过 XLSX 工作表的上限 {most} 行；请改写 .parquet 或 .csv",
    ),
    (
        "{path}, row {row}, column “{column}” has {length} characters and an XLSX cell holds "
        "{most}; write .parquet or .csv instead",
        "{path} 第 {row} 行的列“{column}”有 {length} 个字符，而 XLSX 单元格最多 {most} 个；请"
        "改写 .parquet 或 .csv",
    ),
    (
        "a cell of {length} characters does not fit into XLSX, which holds {most}; write "
        ".parquet or .csv instead",
        "单元格有 {length} 个字符，而 XLSX 单元格最多 {most} 个；请改写 .parquet 或 .csv",
    ),
    (
        "how much stdin holds is not known beforehand, and {path} may not hold it; write "
        ".jsonl, .csv or .parquet instead",
        "事先不知道标准输入有多少内容，{path} 可能放不下；请改写 .jsonl、.csv 或 .parquet",
    ),
    (
        "{path} cannot be written ({reason}); check the folder, its permissions and the space left",
        "{path} 无法写入（{reason}）；请检查文件夹、权限和剩余空间",
    ),
)


# Gaps that hold a list, written in English as "a, b or c" and "“a”, “b” and 3 more".
_LISTS = frozenset({"choices", "columns", "kinds", "known", "names", "sheets", "some", "verbs"})
_QUOTED = re.compile("(“[^”]*”|'[^']*')")
_MORE = re.compile(r" and ([\d,]+) more$")


def translate(tongue: Tongue, message: str) -> str:
    """Return an error message in the language, or as it is when it is not in the table."""
    if tongue == "zh":
        for pattern, chinese in _patterns():
            if found := pattern.fullmatch(message):
                filled = {
                    gap: _listed(words) if gap in _LISTS else words
                    for gap, words in found.groupdict().items()
                }
                return chinese.format(**filled)
    return message


def _listed(words: str) -> str:
    """Return an English list as a Chinese one; what stands in quotation marks stays as it is."""
    pieces = _QUOTED.split(words)
    for at in range(0, len(pieces), 2):
        plain = _MORE.sub(r" 等另外 \1 个", pieces[at])
        pieces[at] = plain.replace(", ", "、").replace(" or ", " 或 ")
    return "".join(pieces)


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
