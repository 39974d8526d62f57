"""Everything that the command says, in both languages, side by side."""

from __future__ import annotations

import string
import unicodedata
from typing import Any, Literal

__all__ = ["PHRASES", "Tongue", "counted", "places", "say", "word"]

Tongue = Literal["zh", "en"]

# key: (English, Chinese). What agrees with a number has it in front: {rows:,} {rows:row|rows}.
PHRASES: dict[str, tuple[str, str]] = {
    # while a job runs
    "encoding_found": ("Encoding: {encoding}.", "编码：{encoding}。"),
    "roles": ("Columns: {roles}.", "列：{roles}。"),
    "role": ("{role} {columns}", "{role}{columns}"),
    "role_text": ("text", "文本"),
    "role_id": ("id", "编号"),
    "role_date": ("date", "日期"),
    "role_outcome": ("outcome", "结果"),
    "role_segments": ("segments", "分组"),
    "quoted": ("“{name}”", "“{name}”"),
    "scale": (
        "{column} ({kind}, {minimum:g} to {maximum:g})",
        "{column}（{kind}，{minimum:g} 至 {maximum:g}）",
    ),
    "kind_stars": ("stars", "星级"),
    "kind_nps": ("NPS", "NPS"),
    "kind_csat": ("CSAT", "CSAT"),
    "kind_ces": ("CES", "CES"),
    "kind_pmf": ("PMF", "PMF"),
    "kind_rating": ("rating", "评分"),
    "other_outcomes": (
        "Other answers on a scale, which --outcome can choose: {columns}.",
        "其他评分列，可用 --outcome 选择：{columns}。",
    ),
    "stdin_no_resume": (
        "Reading from stdin: this run cannot be resumed if it is interrupted.",
        "正在读取标准输入：如果中断，本次运行无法续跑。",
    ),
    "restarted": (
        "Starting afresh as asked; the progress of the earlier run is dropped.",
        "按要求从头开始，先前的进度已丢弃。",
    ),
    "changed": (
        "Starting afresh: {what} changed since the earlier run.",
        "从头开始：自上次运行以来，{what}有变化。",
    ),
    "changed_inside": (
        "The input changed from row {row:,} on since the earlier run; "
        "rows from there are scored again.",
        "自上次运行以来，输入从第 {row:,} 行起有变化，从该行起重新分析。",
    ),
    "resumed": (
        "Going on from an earlier run: {rows:,} {rows:row is|rows are} done.",
        "接着上次继续：已完成 {rows:,} 行。",
    ),
    "rejected": ("Row {row:,} was rejected: {reason}", "第 {row:,} 行无法读取：{reason}"),
    "checking": (
        "{rows:,} {rows:row|rows} of the earlier run found unchanged",
        "已核对上次完成的 {rows:,} 行，没有变化",
    ),
    "progress": (
        "{rows:,} {rows:row|rows}, {rate} rows/s",
        "{rows:,} 行，每秒 {rate} 行",
    ),
    "progress_left": (
        "{rows:,} of about {total:,} {total:row|rows}, {rate} rows/s, about {left} left",
        "{rows:,} / 约 {total:,} 行，每秒 {rate} 行，约剩 {left}",
    ),
    "input": ("the input", "输入文件"),
    "options": ("the options", "选项"),
    "model": ("the model", "模型"),
    "and": (" and ", "和"),
    "comma": (", ", "、"),
    "semicolon": ("; ", "；"),
    # a folder on a cluster
    "cluster": (
        "To score: {rows:,} {rows:row|rows}, files: {files:,}. Workers: {workers:,}, "
        "machines: {nodes:,}, GPUs: {gpus:,}.",
        "待分析 {files:,} 个文件、{rows:,} 行；{workers:,} 个工作进程，机器 {nodes:,} 台，"
        "GPU {gpus:,} 个。",
    ),
    "file_changed": (
        "{path}: starting afresh; {what} changed since the earlier run.",
        "{path}：从头开始；自上次运行以来，{what}有变化。",
    ),
    "file_restarted": (
        "{path}: starting afresh as asked.",
        "{path}：按要求从头开始。",
    ),
    "worker_died": (
        "A worker died; what it had not kept is scored again.",
        "一个工作进程异常退出；它尚未保存的部分会重新分析。",
    ),
    "folder_empty_files": (
        "Files without a row, for which nothing is written: {files:,}.",
        "没有数据行、不写输出的文件：{files:,} 个。",
    ),
    "folder_other_files": (
        "Files that are not Parquet and are left out: {files:,}.",
        "不是 Parquet、未处理的文件：{files:,} 个。",
    ),
    "folder_finished": (
        "{finished:,} of {files:,} {files:file was|files were} finished already, from the same "
        "input, options and model.",
        "{files:,} 个文件中有 {finished:,} 个已是同一输入、选项和模型的完整结果。",
    ),
    "files_failed": (
        "{failed:,} of {files:,} {files:file|files} could not be scored.",
        "{files:,} 个文件中有 {failed:,} 个未能分析。",
    ),
    "files_failed_more": (
        "... and {failed:,} more {failed:file|files}.",
        "……另有 {failed:,} 个文件。",
    ),
    "written_folder": (
        "Scored files: {files:,} in {path}, each with its summary",
        "分析结果：{path} 中 {files:,} 个文件，各附运行摘要",
    ),
    # when it is over
    "finished_before": (
        "{output} is finished already, from the same input, options and model: nothing to do.",
        "{output} 已是同一输入、选项和模型的完整结果：无需再做。",
    ),
    "rows": (
        "{rows:,} {rows:row|rows}: {ok:,} ok, {empty:,} empty, {damaged:,} damaged, "
        "{unsupported:,} in other languages, {rejected:,} rejected.",
        "共 {rows:,} 行：正常 {ok:,}，空白 {empty:,}，受损 {damaged:,}，"
        "其他语言 {unsupported:,}，无法读取 {rejected:,}。",
    ),
    "answers": (
        "{answers:,} {answers:answer|answers} to {questions} open questions: {ok:,} ok, "
        "{empty:,} empty, {damaged:,} damaged, {unsupported:,} in other languages.",
        "{questions} 道开放题共 {answers:,} 条回答：正常 {ok:,}，空白 {empty:,}，"
        "受损 {damaged:,}，其他语言 {unsupported:,}。",
    ),
    "shares": ("Overall, of {n:,} {n:text|texts}: {shares}.", "总体情感（{n:,} 条）：{shares}。"),
    "share": ("{name} {share:.1%}", "{name} {share:.1%}"),
    "drivers": ("Named most often: {drivers}.", "提到最多：{drivers}。"),
    "driver": (
        "{name} ({n:,} {n:opinion|opinions}, {share:.0%} negative)",
        "{name}（{n:,} 个观点，负面 {share:.0%}）",
    ),
    "no_drivers": ("No driver was named.", "没有提到任何驱动因素。"),
    "took": (
        "{rows:,} {rows:row|rows} scored in {seconds:.1f} s.",
        "{seconds:.1f} 秒分析 {rows:,} 行。",
    ),
    "took_rate": (
        "{rows:,} rows scored in {seconds:.1f} s: {rate:,.0f} rows/s.",
        "{seconds:.1f} 秒分析 {rows:,} 行：每秒 {rate:,.0f} 行。",
    ),
    "written": ("Scored rows: {path}", "分析结果：{path}"),
    "renamed": (
        "The input has columns of its own called {taken}; those of this analysis are {ours}.",
        "输入中已有名为 {taken} 的列；本次分析的结果在 {ours} 中。",
    ),
    "written_summary": ("Summary:     {path}", "运行摘要：{path}"),
    "written_rejects": ("Rejects:     {path}", "无法读取的内容：{path}"),
    "written_report": ("Report:      {path}", "报告：{path}"),
    "report_same": ("Report:      {path} (as it was)", "报告：{path}（无变化）"),
    "interrupted": (
        "Stopped. {rows:,} {rows:row is|rows are} done and kept; the same command goes on from there:\n"
        "  {command}",
        "已停止。已完成并保留 {rows:,} 行；用同一命令即可继续：\n  {command}",
    ),
    "interrupted_lost": ("Stopped; nothing is kept.", "已停止；没有保留任何进度。"),
    "some_failed": (
        "{failed} of {inputs} inputs could not be scored.",
        "{inputs} 个输入中有 {failed} 个未能分析。",
    ),
    "next_input": ("{source} -> {output}", "{source} -> {output}"),
    "error": ("sentiment: {message}", "sentiment：{message}"),
    "defect": (
        "sentiment: this is a fault of the program ({kind}: {message}). "
        "Set SENTIMENT_DEBUG=1 and run the command again for the details to report.",
        "sentiment：程序内部出错（{kind}: {message}）。"
        "请设置 SENTIMENT_DEBUG=1 再运行一次，以取得报告问题所需的详情。",
    ),
    "written_evaluation": ("Evaluation:  {path}", "评测：{path}"),
    # labelling
    "chosen": (
        "{n:,} {n:text|texts} chosen from {texts:,}.",
        "从 {texts:,} 条文本中选出 {n:,} 条。",
    ),
    "chosen_of_pool": (
        "{n:,} {n:text|texts} chosen from {pool:,} that were drawn at random from {texts:,}.",
        "先从 {texts:,} 条文本中随机抽取 {pool:,} 条，再从中选出 {n:,} 条。",
    ),
    "drawn": (
        "{n:,} {n:text|texts} drawn at random from {texts:,}. Label the whole sample: report --labels "
        "needs all of it.",
        "从 {texts:,} 条文本中随机抽取 {n:,} 条。请全部标注：report --labels 需要完整的样本。",
    ),
    "written_tasks": (
        "To label:    {path} (when that is done: sentiment label {path})",
        "待标注：{path}（标完后：sentiment label {path}）",
    ),
    "written_interface": ("Interface:   {path}", "标注界面：{path}"),
    "tasks_same": ("To label:    {path} (as it was)", "待标注：{path}（无变化）"),
    "labelled_counts": (
        "{done:,} of {n:,} {n:text is|texts are} labelled, {skipped:,} skipped, "
        "{open:,} not labelled yet.",
        "共 {n:,} 条文本：已标注 {done:,}，跳过 {skipped:,}，尚未标注 {open:,}。",
    ),
    "several_annotations": (
        "{n:,} {n:text was|texts were} labelled more than once: the annotation that is marked as ground "
        "truth counts, else the latest.",
        "有 {n:,} 条文本被标注了多次：以标为 ground truth 的为准，否则以最近一次为准。",
    ),
    "sample_unfinished": (
        "The random sample is not labelled to the end; report --labels asks for all of it.",
        "随机样本尚未标完；report --labels 需要全部标注。",
    ),
    "written_labelled": ("Labelled:    {path}", "标注：{path}"),
    # training
    "label_warnings": ("{path}, worth knowing:", "{path}，请留意："),
    "training": (
        "Training from {base} on {rows:,} {rows:row|rows}; the model in use is {against}.",
        "从 {base} 开始，用 {rows:,} 行训练；现用模型为 {against}。",
    ),
    "not_default": (
        "Where no --model is named, scoring uses {default}; to compare with that one instead, add "
        "--against {default}.",
        "未指定 --model 时，评分使用 {default}；要改为与它比较，请加 --against {default}。",
    ),
    "training_step": (
        "step {done:,} of {steps:,}, loss {loss:.3f}",
        "第 {done:,} / {steps:,} 步，损失 {loss:.3f}",
    ),
    "training_step_left": (
        "step {done:,} of {steps:,}, loss {loss:.3f}, about {left} left",
        "第 {done:,} / {steps:,} 步，损失 {loss:.3f}，约剩 {left}",
    ),
    "training_kept": (
        "Stopped. What the training has reached is kept; the same command goes on from there.",
        "已停止。训练进度已保留；用同一命令即可继续。",
    ),
    "compared": (
        "On {rows:,} {rows:row|rows} held out, from the model in use to the new one:",
        "在留出的 {rows:,} 行上，现用模型 → 新模型：",
    ),
    "difference_better": (
        "  {figure}: {first:.3f} -> {second:.3f}, {value:+.3f} ({low:+.3f} to {high:+.3f}): better",
        "  {figure}：{first:.3f} → {second:.3f}，{value:+.3f}（{low:+.3f} 至 {high:+.3f}）：更好",
    ),
    "difference_open": (
        "  {figure}: {first:.3f} -> {second:.3f}, {value:+.3f} ({low:+.3f} to {high:+.3f}): "
        "no difference shown",
        "  {figure}：{first:.3f} → {second:.3f}，{value:+.3f}（{low:+.3f} 至 {high:+.3f}）：看不出差别",
    ),
    "difference_worse": (
        "  {figure}: {first:.3f} -> {second:.3f}, {value:+.3f} ({low:+.3f} to {high:+.3f}): worse",
        "  {figure}：{first:.3f} → {second:.3f}，{value:+.3f}（{low:+.3f} 至 {high:+.3f}）：更差",
    ),
    "trained": ("New model {name}: {path}", "新模型 {name}：{path}"),
    "trained_before": (
        "{path} is there already, from the same rows, base and options: nothing to do.",
        "{path} 已是同样的数据、起点和选项训练的结果：无需再做。",
    ),
    "topic_f1": ("topic state F1", "主题状态 F1"),
    "driver_f1": ("driver + polarity F1", "驱动因素与情感 F1"),
    "tag_f1": ("tag + polarity F1", "标签与情感 F1"),
    "overall_accuracy": ("overall accuracy", "总体情感准确率"),
    # a model
    "model_name": ("{name} in {path}", "{name}，位于 {path}"),
    "model_kind": ("architecture {kind}, schema {schema}", "架构 {kind}，格式版本 {schema}"),
    "model_taxonomy": (
        "taxonomy {version}: {topics} {topics:topic|topics}, "
        "{drivers} {drivers:driver|drivers}, {tags} {tags:tag|tags}",
        "分类体系 {version}：{topics} 个主题、{drivers} 个驱动因素、{tags} 个标签",
    ),
    "model_files": (
        "{files} {files:file|files}, {bytes:,} bytes, each as it was saved",
        "{files} 个文件，共 {bytes:,} 字节，均与保存时一致",
    ),
    "model_digest": ("digest {digest}", "摘要 {digest}"),
    # words
    "negative": ("negative", "负面"),
    "neutral": ("neutral", "中性"),
    "positive": ("positive", "正面"),
    "mixed": ("mixed", "褒贬都有"),
    # help
    "help_program": (
        "Customer feedback, Chinese and English: sentiment, topics, drivers and the words that "
        "prove it, and a report on what drives satisfaction.",
        "中英文客户反馈分析：情感、主题、驱动因素及其原文依据，并生成满意度驱动因素报告。",
    ),
    "help_program_epilog": (
        "Given a file instead of a verb, scores it and writes the report beside it:\n"
        "  sentiment reviews.csv\n\n"
        "sentiment reviews.csv --help shows its options, sentiment VERB --help those of a verb.",
        "不写子命令、直接给文件时，在该文件旁生成分析结果和报告：\n"
        "  sentiment 评论.csv\n\n"
        "sentiment 评论.csv --help 查看其选项，sentiment 子命令 --help 查看各子命令的选项。",
    ),
    "help_score": (
        "Read an export, find the sentiment, topics and drivers of every row, and write the rows "
        "with what was found. An interrupted run goes on when the same command is given again.",
        "读取导出文件，找出每一行的情感、主题和驱动因素，并连同原有各列一起写出。"
        "运行中断后，再次输入同一命令即可继续。",
    ),
    "help_score_short": ("score every row of an export", "分析导出文件的每一行"),
    "help_score_epilog": (
        "examples:\n"
        "  sentiment score reviews.csv -o scored.parquet\n"
        "  sentiment score survey.xlsx --text likes --text dislikes -o scored.xlsx\n"
        "  sentiment score '2024-*.csv' -o scored/\n"
        "  sentiment score s3://bucket/reviews -o s3://bucket/scored --engine ray\n"
        "  cat reviews.jsonl | sentiment score - > scored.jsonl",
        "示例：\n"
        "  sentiment score 评论.csv -o 结果.parquet\n"
        "  sentiment score 问卷.xlsx --text 优点 --text 缺点 -o 结果.xlsx\n"
        "  sentiment score '2024-*.csv' -o 结果/\n"
        "  sentiment score s3://bucket/评论 -o s3://bucket/结果 --engine ray\n"
        "  cat reviews.jsonl | sentiment score - > scored.jsonl",
    ),
    "help_report_short": ("report on what drives satisfaction", "生成满意度驱动因素报告"),
    "help_report": (
        "Turn scored rows into a report: key figures, topics, drivers and quotes. A file that was "
        "not scored yet is scored first, beside the report.",
        "把分析结果汇总成报告：关键指标、主题、驱动因素和原话。尚未分析的文件会先行分析，结果与报告放在一起。",
    ),
    "help_report_epilog": (
        "example:\n  sentiment report scored.parquet -o report.html --by channel",
        "示例：\n  sentiment report 结果.parquet -o 报告.html --by 渠道 --language zh",
    ),
    "help_explain_short": ("show how one text is read", "展示一条文本的分析过程"),
    "help_explain": (
        "Show for one text what was cleaned, how it was cut into clauses and words, and which of "
        "them decided.",
        "展示一条文本清洗了什么、如何切分成小句和词，以及哪些词起了决定作用。",
    ),
    "help_explain_epilog": (
        'example:\n  sentiment explain "物流很快，但是质量太差。"',
        '示例：\n  sentiment explain "物流很快，但是质量太差。"',
    ),
    "help_train_short": (
        "train a model of your own on labelled rows",
        "用标注数据训练自己的模型",
    ),
    "help_train": (
        "Train on labelled rows, compare the new model with the one in use on rows that it was not "
        "trained on, and save it if it is better; otherwise say so and end with code 3. The rows are "
        "checked first, and everything that is wrong with them is listed at once.",
        "用标注数据训练新模型，并在未参与训练的行上与现用模型比较；更好才保存，"
        "否则说明情况并以代码 3 结束。训练前先检查数据，一次列出全部问题。",
    ),
    "help_train_epilog": (
        "examples:\n"
        "  sentiment train labelled.csv -o models/mine\n"
        "  sentiment train labelled.jsonl -o models/mine --base base --dev dev.jsonl\n"
        "  sentiment train labelled.xlsx -o models/mine --taxonomy own.toml\n\n"
        "A table has the columns text, sentiment (negative, neutral, positive, mixed) and one for\n"
        "each topic (absent, negative, neutral, positive, mixed); an empty cell is not labelled.",
        "示例：\n"
        "  sentiment train 标注.csv -o models/mine\n"
        "  sentiment train 标注.jsonl -o models/mine --base base --dev 验证.jsonl\n"
        "  sentiment train 标注.xlsx -o models/mine --taxonomy 自有分类.toml\n\n"
        "表格包含 text、sentiment（negative、neutral、positive、mixed）以及每个主题一列\n"
        "（absent、negative、neutral、positive、mixed，也可写中文）；空单元格表示未标注。",
    ),
    "help_evaluate_short": ("measure models on labelled rows", "用标注数据评测模型"),
    "help_evaluate": (
        "Measure one model or several on labelled rows, side by side: per class, topic, driver, "
        "language and length, confusion, calibration and speed, whether differences between "
        "models are real, and labels that may be wrong.",
        "用标注数据评测一个或多个模型并相互对比：按类别、主题、驱动因素、语言和长度，"
        "以及混淆、校准和速度；模型之间的差异是否属实，哪些标注可能有误。",
    ),
    "help_evaluate_epilog": (
        "examples:\n"
        "  sentiment evaluate lite labelled.csv --text review\n"
        "  sentiment evaluate lite models/mine labelled.jsonl -o evaluation.html\n"
        "  sentiment evaluate models/mine labelled.jsonl --at-least topic_f1=0.65\n\n"
        "A table has the column text and any of sentiment (negative, neutral, positive,\n"
        "mixed), one for each topic (these or absent), drivers and tags (as in\n"
        "delivery.speed:positive;price.level:negative, or none). An empty cell is not\n"
        "labelled. JSON lines have text and any of overall, topics, opinions and tags.\n\n"
        "Figures: overall_accuracy, polarity_accuracy, flips, topic_f1, driver_f1,\n"
        "tag_f1, evidence_overlap, ece, ece_expected; each from 0 to 1.",
        "示例：\n"
        "  sentiment evaluate lite 标注.csv --text 评论内容\n"
        "  sentiment evaluate lite models/mine 标注.jsonl -o 评测.html\n"
        "  sentiment evaluate models/mine 标注.jsonl --at-least topic_f1=0.65\n\n"
        "表格包含 text 列，以及下列任意几列：sentiment（negative、neutral、positive、\n"
        "mixed，也可写中文）；每个主题一列（同上，或 absent）；drivers、tags（如\n"
        "delivery.speed:positive;price.level:negative，没有则写 none）。空单元格表示未标注。\n"
        "JSON Lines 包含 text，以及 overall、topics、opinions、tags 中的任意几项。\n\n"
        "指标：overall_accuracy、polarity_accuracy、flips、topic_f1、driver_f1、tag_f1、\n"
        "evidence_overlap、ece、ece_expected；均为 0 到 1。",
    ),
    "help_label_short": (
        "choose what to label next, and read labels back",
        "选出待标注文本，读回标注",
    ),
    "help_label": (
        "Choose the texts of an export that teach a model most, and write them for labelling with "
        "the model's suggestions: a workbook with drop-down lists, Label Studio tasks or JSON "
        "lines. Given such a file after people worked on it, write the labels as labelled "
        "feedback, which train, evaluate and report --labels read. A suggestion that nobody "
        "confirmed is no label.",
        "从导出文件中选出对模型最有帮助的文本，连同模型的建议写成待标注文件：带下拉列表的工作簿、"
        "Label Studio 任务或 JSON Lines。标注完成后把该文件交给同一命令，即写出标注数据，"
        "供 train、evaluate 和 report --labels 使用。无人确认的建议不算标注。",
    ),
    "help_label_epilog": (
        "examples:\n"
        "  sentiment label scored.parquet -n 200 -o todo.xlsx\n"
        "  sentiment label todo.xlsx -o labelled.jsonl\n"
        "  sentiment label scored.parquet -n 300 --random -o sample.xlsx",
        "示例：\n"
        "  sentiment label 结果.parquet -n 200 -o 待标注.xlsx\n"
        "  sentiment label 待标注.xlsx -o 标注.jsonl\n"
        "  sentiment label 结果.parquet -n 300 --random -o 样本.xlsx",
    ),
    "help_model_short": ("say what a model is, and verify it", "说明并校验一个模型"),
    "help_model": (
        "Say what a model bundle is and verify every file of it.",
        "说明一个模型包的内容，并校验其中每个文件。",
    ),
    "help_model_epilog": (
        "example:\n  sentiment model models/mine",
        "示例：\n  sentiment model models/mine",
    ),
    "help_file": (
        "Score an export and write the report on it: NAME.scored.SUFFIX and NAME.report.html "
        "beside the file.",
        "分析导出文件并生成报告：在该文件旁写出 名称.scored.后缀 和 名称.report.html。",
    ),
    "help_file_epilog": (
        "example:\n  sentiment reviews.csv\n\nsentiment --help lists the verbs.",
        "示例：\n  sentiment 评论.csv\n\nsentiment --help 列出各子命令。",
    ),
    "arg_inputs": (
        "CSV, TSV, XLSX, JSON lines or Parquet files, or patterns such as 'exports/*.csv', or one "
        "folder of Parquet files; - is stdin (JSON lines)",
        "CSV、TSV、XLSX、JSON Lines 或 Parquet 文件，也可用 'exports/*.csv' 之类的通配，"
        "或一个 Parquet 文件夹；- 表示标准输入（JSON Lines）",
    ),
    "arg_files": (
        "CSV, TSV, XLSX, JSON lines or Parquet files, or patterns such as 'exports/*.csv'",
        "CSV、TSV、XLSX、JSON Lines 或 Parquet 文件，也可用 'exports/*.csv' 之类的通配",
    ),
    "arg_scored": ("scored rows, or an export not scored yet", "分析结果，或尚未分析的导出文件"),
    "arg_output": (
        "the file to write: .csv, .tsv, .xlsx, .jsonl or .parquet; - is stdout (JSON lines); with "
        "several inputs or a folder, a folder (default: NAME.scored.SUFFIX beside the input)",
        "输出文件：.csv、.tsv、.xlsx、.jsonl 或 .parquet；- 表示标准输出（JSON Lines）；"
        "多个输入或输入为文件夹时须为文件夹（默认：与输入同处的 名称.scored.后缀）",
    ),
    "arg_report_output": (
        "the report to write: .html, .xlsx or .json (default: NAME.report.html beside the input)",
        "报告文件：.html、.xlsx 或 .json（默认：与输入同处的 名称.report.html）",
    ),
    "arg_compare": (
        "scored rows of an earlier period, to compare with",
        "用于对比的较早一期的分析结果",
    ),
    "arg_labels": (
        "a random sample of these rows that you labelled, to correct the shares by",
        "从这些行中随机抽取并人工标注的样本，用于校正占比",
    ),
    "arg_scale": (
        "what the column of --outcome is: stars, nps, csat, ces, pmf or rating, its ends and its "
        "good end, as in csat:1-7 or ces:1-5:low (default: found by name and content)",
        "--outcome 列是什么：stars、nps、csat、ces、pmf 或 rating，其两端及好的一端，"
        "如 csat:1-7 或 ces:1-5:low（默认：按列名与内容识别）",
    ),
    "arg_train_labelled": (
        "labelled rows: JSON lines, or a CSV, TSV, XLSX or Parquet table",
        "标注数据：JSON Lines，或 CSV、TSV、XLSX、Parquet 表格",
    ),
    "arg_train_output": ("the folder to save the new model in", "保存新模型的文件夹"),
    "arg_base": (
        "what to start from: lite, fast, base, the folder of a model, or an encoder of Hugging Face by "
        "folder or hub id (default: lite)",
        "从哪个模型开始：lite、fast、base、模型文件夹，或 Hugging Face 编码器的文件夹或 hub 名称"
        "（默认：lite）",
    ),
    "arg_dev": (
        "labelled rows to measure on (default: part of the training rows is held out)",
        "用于评测的标注数据（默认：留出一部分训练数据）",
    ),
    "arg_against": (
        "the model in use, which the new one must beat (default: the base)",
        "现用模型，新模型须优于它（默认：起点模型）",
    ),
    "arg_train_taxonomy": (
        "a taxonomy file of your own, with drivers and topics to add; a driver is learnt from rows "
        "labelled with it, or from its seed phrases",
        "你自己的分类体系文件，可增加驱动因素和主题；驱动因素从标注中学习，或从种子短语起步",
    ),
    "arg_train_text": (
        "column that holds the text, where it is not headed text",
        "文本所在的列（列名不是 text 时）",
    ),
    "arg_train_seed": (
        "seed of the split and the training (default: 0)",
        "划分和训练的随机种子（默认：0）",
    ),
    "arg_force": ("save the new model even if it is no better", "即使没有更好也保存新模型"),
    "arg_steps": (
        "steps of a transformer's training; up to 2,000 rows are kept aside in turn, and each of the "
        "five runs has so many",
        "transformer 的训练步数；2,000 行以内轮流留出，五次训练每次各这么多步",
    ),
    "arg_minutes": (
        "most minutes of a transformer's training, all runs together",
        "transformer 训练的最长分钟数，各次训练合计",
    ),
    "arg_window": (
        "tokens that a Hugging Face encoder reads at once (default: 256)",
        "Hugging Face 编码器一次读入的 token 数（默认：256）",
    ),
    "arg_title": ("heading of the report", "报告标题"),
    "arg_target": (
        "performance, 0 to 100, that cuts the priority matrix (default: the mean)",
        "优先级矩阵的表现分界线，0 到 100（默认：均值）",
    ),
    "arg_no_layers": (
        "leave out the material, spiritual and social layers",
        "不显示物质、精神、社会三层",
    ),
    "arg_seed": (
        "seed of every random choice, to draw anew (default: fixed, so that reports repeat)",
        "随机种子，用于重新抽取（默认：固定，报告可复现）",
    ),
    "arg_text": (
        "column that holds the text, or a dotted path in nested JSON; repeat it for a survey with "
        "several open questions",
        "文本列，嵌套 JSON 可用点号路径；多道开放题时可重复",
    ),
    "arg_id": ("column that names the row", "编号列"),
    "arg_date": ("column that holds the date", "日期列"),
    "arg_outcome": (
        "column that holds stars, a rating, NPS, CSAT ...",
        "结果列：星级、评分、NPS、CSAT 等",
    ),
    "arg_by": ("column to compare groups by; may be repeated", "分组比较的列；可重复"),
    "arg_taxonomy": (
        "a taxonomy file of your own, which extends or replaces the default",
        "你自己的分类体系文件，扩展或取代默认的",
    ),
    "arg_model": (
        "base, fast, lite, a folder or a hub id OWNER/NAME (default: base)",
        "base、fast、lite、文件夹或 hub 上的名称 OWNER/NAME（默认：base）",
    ),
    "arg_device": (
        "cpu, cuda (a GPU, by torch), or auto: a GPU where there is one and it pays (default: auto)",
        "cpu、cuda（GPU，需要 torch）或 auto：有 GPU 且划算时才用（默认：auto）",
    ),
    "arg_speed": (
        "full, or fast: the model fast, which learnt from base, answers for it (default: full)",
        "full 或 fast：由向 base 学来的模型 fast 代答（默认：full）",
    ),
    "arg_language": (
        "language of the talk and the report: zh or en (default: that of the locale)",
        "提示和报告的语言：zh 或 en（默认随系统语言）",
    ),
    "arg_overwrite": ("replace an output that exists", "覆盖已有的输出"),
    "arg_restart": ("forget the progress of an interrupted run", "丢弃中断运行的进度，从头开始"),
    "arg_encoding": (
        "encoding of a CSV or TSV output (default: UTF-8 with a byte order mark, for Excel)",
        "CSV 或 TSV 输出的编码（默认：带 BOM 的 UTF-8，便于 Excel 打开）",
    ),
    "arg_input_encoding": (
        "encoding of the input, if found wrongly",
        "输入的编码（识别有误时指定）",
    ),
    "arg_delimiter": ("delimiter of the input, if found wrongly", "输入的分隔符（识别有误时指定）"),
    "arg_sheet": (
        "sheet of a workbook (default: the first with a table)",
        "工作表名称（默认：第一个有表格的）",
    ),
    "arg_workers": (
        "processes that score (default: one, and one per core from a few thousand rows on)",
        "分析用的进程数（默认：小文件一个，数千行以上每核一个）",
    ),
    "arg_engine": (
        "what scores: local, or ray for a folder of Parquet files (also s3://, gs://) on a cluster "
        "(default: local)",
        "由谁分析：local，或用 ray 在集群上分析 Parquet 文件夹（也可为 s3://、gs://）（默认：local）",
    ),
    "arg_address": (
        "a Ray cluster, with --engine ray (default: RAY_ADDRESS, else processes of this machine)",
        "Ray 集群地址，与 --engine ray 同用（默认：RAY_ADDRESS，否则用本机进程）",
    ),
    "arg_explained": ("the text; - is stdin", "文本；- 表示标准输入"),
    "arg_bundle": (
        "base, fast, lite, a folder or a hub id OWNER/NAME",
        "base、fast、lite、文件夹或 hub 上的 OWNER/NAME",
    ),
    "arg_models": (
        "what to measure: base, fast, lite, a folder or a hub id; several are compared",
        "要评测的模型：base、fast、lite、文件夹或 hub 上的名称；可比较多个",
    ),
    "arg_labelled": (
        "labelled rows: JSON lines, or a CSV, TSV, XLSX or Parquet table",
        "标注数据：JSON Lines，或 CSV、TSV、XLSX、Parquet 表格",
    ),
    "arg_evaluate_output": (
        "a page in both languages, or plain data, to write beside what is printed: .html or .json",
        "除打印外另写出的评测页面（中英双语）或数据：.html 或 .json",
    ),
    "arg_label_input": (
        "scored rows, or an export not scored yet; or a file of this command that was labelled",
        "分析结果或导出文件；或本命令写出、已标注的文件",
    ),
    "arg_label_n": ("how many texts to choose (default: 200)", "选出多少条文本（默认：200）"),
    "arg_label_output": (
        "texts to label: .xlsx, .jsonl, or .json for Label Studio (default: NAME.todo.xlsx beside "
        "the input); labels that are read back: .jsonl (default: NAME.labelled.jsonl)",
        "待标注文本：.xlsx、.jsonl，或供 Label Studio 用的 .json（默认：与输入同处的 名称.todo.xlsx）；"
        "读回的标注：.jsonl（默认：名称.labelled.jsonl）",
    ),
    "arg_label_random": (
        "a simple random sample instead, marked as one: what report --labels corrects shares by",
        "改为简单随机抽样并注明：供 report --labels 校正占比",
    ),
    "arg_label_seed": (
        "seed of the random draw (default: 1)",
        "随机抽取的种子（默认：1）",
    ),
    "arg_label_known": (
        "labelled feedback that is there already, to leave out; may be repeated",
        "已有的标注数据，其中的文本不再选；可重复",
    ),
    "arg_at_least": (
        "end with code 3 when a figure of all rows is lower, as in topic_f1=0.65; may be repeated",
        "全部行的某项指标低于此值时以代码 3 结束，如 topic_f1=0.65；可重复",
    ),
    "arg_at_most": (
        "end with code 3 when a figure of all rows is higher, as in ece=0.05; may be repeated",
        "全部行的某项指标高于此值时以代码 3 结束，如 ece=0.05；可重复",
    ),
    "arg_json": ("print every figure as JSON instead", "改为以 JSON 输出全部指标"),
    "arg_version": ("print the version and stop", "显示版本"),
    "arg_help": ("show this help and stop", "显示本说明"),
    "usage": ("usage: ", "用法："),
    "usage_program": (
        "sentiment FILE [FILE ...] [options]\n       sentiment VERB ... [options]",
        "sentiment 文件 [文件 ...] [选项]\n      sentiment 子命令 ... [选项]",
    ),
    "positional": ("arguments", "参数"),
    "optional": ("options", "选项"),
    "verbs": ("verbs", "子命令"),
}


def say(tongue: Tongue, key: str, /, **fields: object) -> str:
    """Return one sentence in one language, filled in."""
    return _SENTENCE.vformat(PHRASES[key][tongue == "zh"], (), fields)


def counted(value: object, forms: str) -> str:
    """Return the form that goes with a number: of "row|rows", "row" with 1 alone."""
    one, _, several = forms.partition("|")
    return one if value == 1 else several


class _Sentence(string.Formatter):
    """A format in which {rows:row|rows} is the word that goes with the number."""

    def format_field(self, value: Any, format_spec: str) -> str:
        if "|" in format_spec:
            return counted(value, format_spec)
        return str(super().format_field(value, format_spec))


_SENTENCE = _Sentence()


def places(text: str) -> int:
    """Return the places that a text takes on a terminal; a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def word(tongue: Tongue, name: str) -> str:
    """Return the word for `name`, or the name itself when it is not one of ours."""
    return PHRASES[name][tongue == "zh"] if name in PHRASES else name
