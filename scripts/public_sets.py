"""Measure the bundled models on public sets, beside SnowNLP, VADER and TextBlob on the same rows.

    python scripts/public_sets.py DATA                      # docs/public_sets.*, and both READMEs
    python scripts/public_sets.py DATA --models base -o OUT # one model, into a folder; no README

DATA is the folder that `scripts/fetch_data.py` fills. Of a set at most 2,000 rows are scored, taken by
the hash of their letters: always the same ones. About three minutes on two cores. The other tools come
with the extra [bench]; one that is not installed is left out, with a sentence.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib import import_module, resources
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

import sentiment
from sentiment.errors import SentimentError
from sentiment.model import bundle
from sentiment.records import Analysis, Sentiment
from sentiment.train.base.corpus import OWN_TEST, is_held_out
from sentiment.train.data.examples import Example, group_of, read_split
from sentiment.train.figures.measure import RATIOS, row_ratios
from sentiment.train.figures.resample import Interval, ratio_interval

ROOT = Path(__file__).resolve().parents[1]
READMES = {"en": ROOT / "README.md", "zh": ROOT / "README.zh.md"}
BEGIN, END = "<!-- public sets: written by scripts/public_sets.py -->", "<!-- /public sets -->"
MOST = 2000
THREE: tuple[Sentiment, ...] = ("negative", "neutral", "positive")

Floats = NDArray[np.float64]
Measured = Literal["polarity", "three classes", "topics"]
Seen = Literal["training part", "other rows", "never"]


@dataclass(frozen=True)
class Published:
    """What was published elsewhere.

    :param figure: As the table shows it; empty where it is another task.
    """

    figure: str
    source: str
    says: str


@dataclass(frozen=True)
class Task:
    """One figure on one set.

    :param topics: Those that the labels of the set cover.
    :param seen: What of the set our training may use.
    """

    set: str
    split: str
    language: Literal["zh", "en"]
    measured: Measured
    seen: Seen
    topics: tuple[str, ...] = ()
    published: tuple[Published, ...] = ()


_ONE_ASQP = Published(
    "", "Zhou et al. 2023, Findings of ACL, arXiv 2306.04152",
    "publishes F1 of whole quadruples (category, aspect, opinion, polarity): a stricter task; not "
    "comparable",
)  # fmt: skip

TASKS = (
    Task("chnsenticorp", "test", "zh", "polarity", "training part", published=(
        Published(".950 BERT, fine-tuned", "Cui et al. 2019, arXiv 1906.08101",
                  "accuracy of BERT (110 million parameters) fine-tuned on the training part, best of "
                  "ten runs; RoBERTa-wwm-ext-large reaches .958. The same figure on the 1,200 rows of "
                  "the official test, of which the data used here has 1,043. In that training part are "
                  "330 of the test texts; ours was cleared of them"),
    )),
    Task("waimai_10k", "train", "zh", "polarity", "other rows"),
    Task("online_shopping_10_cats", "train", "zh", "polarity", "other rows"),
    Task("jd_laptop_clauses", "test", "zh", "polarity", "training part"),
    Task("jd_laptop_clauses", "test", "zh", "topics", "training part",
         ("quality", "price", "service", "delivery"), (
        Published("", "github.com/hz-wang/JD_comment_classification",
                  "states .893 accuracy for one of its own topics a clause: another task; not "
                  "comparable"),
    )),
    Task("asqp_zh_foodbeverage", "test", "zh", "topics", "training part",
         ("price", "service", "delivery"), (_ONE_ASQP,)),
    Task("asqp_phone", "test", "en", "topics", "training part",
         ("price", "service", "delivery"), (_ONE_ASQP,)),
    Task("mams_acsa", "test", "en", "topics", "training part", ("price", "service"), (
        Published("", "Jiang et al. 2019, EMNLP",
                  "publishes about 79.5 % accuracy (CapsNet-BERT) for the polarity of a category "
                  "that is given: finding it is no part of that task; not comparable"),
    )),
    Task("semeval14_restaurant", "test", "en", "topics", "never", ("service", "price"), (
        Published("", "Pontiki et al. 2014, SemEval; Sun et al. 2019, NAACL",
                  "detection of five categories, F1 88.6 (NRC-Canada) and 92.2 (BERT-pair), and "
                  "polarity of a given category, four classes, 82.9 and 85.9 %, each trained on its "
                  "training part: two tasks where ours is both in one; not comparable"),
    )),
    Task("airline_tweets", "all", "en", "polarity", "never"),
    Task("airline_tweets", "all", "en", "three classes", "never"),
)  # fmt: skip


@dataclass(frozen=True)
class Tool:
    """Another tool: one number a text, and from where on it says positive.

    :param middle: The number above which it is positive, and below which negative; at it neither.
    :param width: For three classes: how far from the middle neutral reaches; None where it has none.
    """

    name: str
    package: str
    language: Literal["zh", "en"]
    middle: float
    width: float | None
    says: str


TOOLS = (
    Tool("SnowNLP", "snownlp", "zh", 0.5, None, "`sentiments` > .5 is positive, < .5 negative"),
    Tool("VADER", "vaderSentiment", "en", 0.0, 0.05,
         "`compound` > 0 is positive, < 0 negative; of three classes, from -.05 to .05 is neutral, "
         "both ends left out, as its authors advise"),
    Tool("TextBlob", "textblob", "en", 0.0, 0.0,
         "`polarity` > 0 is positive, < 0 negative; of three classes, 0 is neutral"),
)  # fmt: skip


@dataclass(frozen=True)
class Result:
    """What one task gave.

    :param of: Rows of the set that could have been taken.
    :param counted: Rows that have something to judge.
    :param commonest: Of them the share of the commonest class: what always saying it would get.
    :param figures: By the name of a model or tool.
    :param learned: Models that learned from these very rows, or may have.
    :param snownlp_learned: Rows that are in the corpus which SnowNLP comes trained on.
    :param undecided: By tool: rows to judge whose number lies at the border, or that it gave up.
    """

    task: Task
    rows: int
    of: int
    counted: int
    commonest: float | None
    figures: Mapping[str, Interval]
    learned: tuple[str, ...]
    snownlp_learned: int
    undecided: Mapping[str, int]


# --- rows ---------------------------------------------------------------------------------------


def rows_of(data: Path, task: Task) -> list[Example]:
    """Return the rows that a task may be measured on.

    A set without official test gives its own test part, without what is gold under another name.
    """
    rows = read_split(data, task.set, task.split)
    if task.set not in OWN_TEST:
        return rows
    gold = {
        one.group for one in read_split(data, "gold", "train") if one.source not in OWN_TEST
    }  # fmt: skip
    return [one for one in rows if is_held_out(one) and one.group not in gold]


def sample(rows: Sequence[Example], most: int = MOST) -> list[Example]:
    """Return at most so many rows: always the same ones, in an order as good as shuffled."""
    return sorted(rows, key=lambda one: one.group)[:most]


def learned_from(model: str, task: Task) -> bool:
    """Say whether a bundled model learned from the test rows of a set that has no official test.

    The base model's training leaves them out; that of the lite model does not.
    """
    made = bundle.read(bundle.find(model)).manifest.get("made", {})
    unseen = "train_base.py" in str(made.get("command")) or task.set in made.get("without", ())
    return task.set in OWN_TEST and not unseen


# --- measuring ----------------------------------------------------------------------------------


def ours(task: Task, rows: Sequence[Example], analyses: Sequence[Analysis]) -> Floats:
    """Return what every row adds to the task's figure, above and below the line, (rows, 2)."""
    if task.measured == "three classes":
        return np.array(
            [(_likeliest(a) == e.overall, True) for e, a in zip(rows, analyses, strict=True)], float
        )
    name = "polarity_accuracy" if task.measured == "polarity" else "topic_f1"
    asked = [
        replace(one, topics={t: s for t, s in (one.topics or {}).items() if t in task.topics})
        for one in rows
    ]
    return row_ratios(asked, analyses)[:, RATIOS.index(name)]


def _likeliest(analysis: Analysis) -> str | None:
    """Return the likeliest of three classes: such a set has no "mixed" to choose."""
    if analysis.probabilities is None:
        return None
    return max(THREE, key=analysis.probabilities.__getitem__)


def theirs(
    task: Task, rows: Sequence[Example], numbers: Sequence[float | None], tool: Tool
) -> Floats:
    """Return the same for another tool, from its number of each row."""
    wide = tool.width if task.measured == "three classes" and tool.width is not None else 0.0
    said = [_said(number, tool.middle, wide) for number in numbers]
    if task.measured == "three classes":
        return np.array([(s == e.overall, True) for s, e in zip(said, rows, strict=True)], float)
    clear = [e.overall in ("positive", "negative") for e in rows]
    return np.array(
        [(c and s == e.overall, c) for c, s, e in zip(clear, said, rows, strict=True)], float
    )


def _said(number: float | None, middle: float, width: float) -> str | None:
    if number is None:
        return None
    off = number - middle
    if off > 0 and off >= width:
        return "positive"
    return "negative" if off < 0 and -off >= width else "neutral"


def _undecided(rows: Sequence[Example], numbers: Sequence[float | None], tool: Tool) -> int:
    return sum(
        number is None or number == tool.middle
        for number, one in zip(numbers, rows, strict=True)
        if one.overall in ("positive", "negative")
    )


def scorer(tool: Tool) -> Callable[[str], float | None]:
    """Import a tool and return what gives its number of a text; None where it gives up."""
    if tool.name == "SnowNLP":
        snow = import_module("snownlp").SnowNLP

        def number(text: str) -> float | None:
            try:
                return float(snow(text).sentiments)
            except ZeroDivisionError:  # a text without a word that it knows
                return None

        return number
    if tool.name == "VADER":
        vader = import_module("vaderSentiment.vaderSentiment").SentimentIntensityAnalyzer()
        return lambda text: float(vader.polarity_scores(text)["compound"])
    blob = import_module("textblob").TextBlob
    return lambda text: float(blob(text).sentiment.polarity)


def snownlp_corpus() -> frozenset[str]:
    """Return the groups of the texts that SnowNLP was trained on: it brings them along."""
    folder = resources.files("snownlp").joinpath("sentiment")
    lines = [
        line
        for name in ("neg.txt", "pos.txt")
        for line in folder.joinpath(name).read_text(encoding="utf-8").splitlines()
    ]
    return frozenset(map(group_of, set(lines)))


def can_do(tool: Tool, task: Task) -> bool:
    """Say whether a tool has an answer: its language, no topics, neutral only where it has one."""
    if task.language != tool.language or task.measured == "topics":
        return False
    return task.measured == "polarity" or tool.width is not None


def measure(
    data: Path, models: Sequence[str], tools: Sequence[Tool], tasks: Sequence[Task] = TASKS,
    say: Callable[[str], None] = lambda line: print(line, flush=True),
) -> list[Result]:  # fmt: skip
    """Score every set with everything that has an answer for it."""
    analyzers = {name: sentiment.load(name) for name in models}
    scorers = {tool.name: scorer(tool) for tool in tools}
    corpus = snownlp_corpus() if "SnowNLP" in scorers else frozenset()
    results: list[Result] = []
    for name, split in dict.fromkeys((task.set, task.split) for task in tasks):
        some = [task for task in tasks if (task.set, task.split) == (name, split)]
        every = rows_of(data, some[0])
        rows = sample(every)
        groups = [one.group for one in rows]
        texts = [one.text for one in rows]
        said = {model: analyzer.analyze_batch(texts) for model, analyzer in analyzers.items()}
        numbers = {
            tool.name: [scorers[tool.name](text) for text in texts]
            for tool in tools
            if any(can_do(tool, task) for task in some)
        }
        for task in some:
            parts = {model: ours(task, rows, analyses) for model, analyses in said.items()}
            parts |= {
                tool.name: theirs(task, rows, numbers[tool.name], tool)
                for tool in tools
                if can_do(tool, task)
            }
            results.append(
                Result(
                    task=task, rows=len(rows), of=len(every), counted=_counted(task, rows),
                    commonest=_commonest(task, rows),
                    figures={who: ratio_interval(part, groups) for who, part in parts.items()},
                    learned=tuple(model for model in models if learned_from(model, task)),
                    snownlp_learned=sum(group in corpus for group in groups),
                    undecided={
                        tool.name: _undecided(rows, numbers[tool.name], tool)
                        for tool in tools
                        if can_do(tool, task)
                    },
                )
            )  # fmt: skip
            shown = ", ".join(f"{who} {_cell(one)}" for who, one in results[-1].figures.items())
            say(f"{task.set}, {task.measured}: {results[-1].counted} rows: {shown}")
    return results


def _counted(task: Task, rows: Sequence[Example]) -> int:
    if task.measured == "polarity":
        return sum(one.overall in ("positive", "negative") for one in rows)
    if task.measured == "three classes":
        return len(rows)
    return sum(any(topic in task.topics for topic in one.topics or ()) for one in rows)


def _commonest(task: Task, rows: Sequence[Example]) -> float | None:
    if task.measured == "topics":
        return None
    asked = THREE if task.measured == "three classes" else ("negative", "positive")
    counts = Counter(one.overall for one in rows if one.overall in asked)
    return max(counts.values()) / sum(counts.values()) if counts else None


# --- writing ------------------------------------------------------------------------------------

_WORDS = {
    "en": {
        "set": "set", "rows": "rows", "figure": "figure", "published": "published", "of": "of",
        "polarity": "polarity accuracy", "three classes": "accuracy, three classes",
        "topics": "state F1: ", "own": "our own tenth", "test": "test", "all": "no official split",
        "never": "never learned from", "comma": ", ", "learned": " †",
        "topic": {name: name for name in ("quality", "price", "service", "delivery")},
        "intro": (
            "Public sets, the other tools on the same rows, 95 % intervals "
            "([docs/public_sets.md](docs/public_sets.md): how each number is counted, what was "
            "published elsewhere). Their training parts were learned from unless the table says "
            "*never learned from*; a dash: the tool has no answer to that question."
        ),
        "dagger": "† {models} learned from these rows: no test for it.",
        "snownlp": "† SnowNLP comes trained on some of these rows: {counts}.",
    },
    "zh": {
        "set": "数据集", "rows": "行数", "figure": "指标", "published": "已发表", "of": "/",
        "polarity": "正负判断准确率", "three classes": "三类准确率",
        "topics": "主题状态 F1：", "own": "自留的十分之一", "test": "官方 test", "all": "无官方划分",
        "never": "从未用于训练", "comma": "，", "learned": " †",
        "topic": {"quality": "质量", "price": "价格", "service": "服务", "delivery": "配送"},
        "intro": (
            "公开数据集，其他工具在同样的行上，95% 区间（每个数如何计算、别处发表过什么，见 "
            "[docs/public_sets.md](docs/public_sets.md)，英文）。除表中注明“从未用于训练”的以外，各数据集的训练部分"
            "用于训练；横线表示该工具不回答这个问题。"
        ),
        "dagger": "† {models} 训练时用过这些行，对它不算测试。",
        "snownlp": "† SnowNLP 自带的训练语料包含其中一些行：{counts}。",
    },
}  # fmt: skip


def block(results: Sequence[Result], models: Sequence[str], language: str) -> str:
    """Return the section of a README: a table and what must be known to read it."""
    words = _WORDS[language]
    lines = [str(words["intro"]), "", *_table(results, models, language)]
    learned = sorted({model for result in results for model in result.learned})
    notes = []
    if learned:
        notes.append(str(words["dagger"]).format(models=", ".join(learned)))
    known = [r for r in results if r.snownlp_learned and "SnowNLP" in r.figures]
    if known:
        counts = str(words["comma"]).join(
            f"{r.task.set} {r.snownlp_learned:,}/{r.rows:,}" for r in known
        )
        notes.append(str(words["snownlp"]).format(counts=counts))
    return "\n".join([*lines, *([""] if notes else []), " ".join(notes)]).rstrip() + "\n"


def _table(results: Sequence[Result], models: Sequence[str], language: str) -> Iterator[str]:
    words = _WORDS[language]
    names = [*models, *(tool.name for tool in TOOLS)]
    names = [n for n in names if n in models or any(n in r.figures for r in results)]
    heads = [words["set"], words["figure"], words["rows"], *names, words["published"]]
    yield "| " + " | ".join(map(str, heads)) + " |"
    yield "|---" * len(heads) + "|"
    for result in results:
        cells = [_set(result, language), _figure(result.task, language), f"{result.counted:,}"]
        for name in names:
            found = result.figures.get(name)
            known = name in result.learned or (name == "SnowNLP" and result.snownlp_learned > 0)
            mark = str(words["learned"]) if known else ""
            cells.append("–" if found is None else _cell(found) + mark)
        cells.append(", ".join(one.figure for one in result.task.published if one.figure))
        yield "| " + " | ".join(cells) + " |"


def _set(result: Result, language: str) -> str:
    words, task = _WORDS[language], result.task
    part = words["own"] if task.set in OWN_TEST else words[task.split]
    said = [str(part)] + [str(words["never"])] * (task.seen == "never")
    if result.rows < result.of:
        of = f"{result.rows:,} {words['of']} {result.of:,}"
        said.append(of if language == "en" else of.replace(" ", ""))
    opened, closed = ("（", "）") if language == "zh" else (" (", ")")
    return f"{task.set}{opened}{str(words['comma']).join(said)}{closed}"


def _figure(task: Task, language: str) -> str:
    words = _WORDS[language]
    said = str(words[task.measured])
    if task.measured == "topics":
        names = words["topic"]
        assert isinstance(names, dict)
        said += str("、" if language == "zh" else ", ").join(names[topic] for topic in task.topics)
    return said


def _cell(found: Interval) -> str:
    if found.value is None or found.low is None or found.high is None:
        return "–"
    return f"{_short(found.value)} [{_short(found.low)}, {_short(found.high)}]"


def _short(value: float) -> str:
    return f"{value:.3f}".removeprefix("0")


def page(results: Sequence[Result], models: Mapping[str, str], tools: Mapping[str, str]) -> str:
    """Return docs/public_sets.md.

    :param models: Version by name; :param tools: likewise.
    """
    published = [
        f"- {task.set}, {task.measured}: {one.source}: {one.says}."
        for task in TASKS
        for one in task.published
    ]  # fmt: skip
    counted = [
        f"- {tool.name} {tools[tool.name]}: {tool.says}. Neither, of the rows that are praise or blame: "
        + ", ".join(
            f"{result.task.set} {result.undecided[tool.name]:,}"
            for result in results
            if result.task.measured == "polarity" and tool.name in result.undecided
        )
        + "."
        for tool in TOOLS
        if tool.name in tools
    ]
    lines = [
        "# Public sets",
        "Written by `python scripts/public_sets.py DATA`; models: "
        + ", ".join(f"{name} {said}" for name, said in models.items())
        + ".",
        block(results, list(models), "en")
        .replace("(docs/public_sets.md)", "(public_sets.md)")
        .strip(),
        "## How it is counted",
        "Polarity accuracy: of the rows labelled positive or negative, the share where P(positive) "
        "against P(negative) says the same. Three classes: the likeliest of negative, neutral and "
        "positive is the label; `mixed`, which these labels do not have, is not chosen. State F1: micro "
        "F1 of the pairs (topic, state) over the topics named in the table, in our terms "
        "(`sentiment/train/data/sources.toml` says what each label of a set means); a topic is left out "
        "of a row where the set's labels leave it open. Nothing was tuned on these rows.",
        "The other tools give one number a text and no topics. A number exactly at the border counts "
        "as neither and so as wrong, and so does a text that a tool or model gives up:",
        "\n".join(counted),
        "Always saying the commonest class would get: "
        + ", ".join(
            f"{result.task.set} {_short(result.commonest)} ({result.task.measured})"
            for result in results
            if result.commonest is not None
        )
        + ".",
        f"Rows: those of the official test file where there is one, repeats included; of waimai_10k and "
        "online_shopping_10_cats, which have none, one in ten by the hash of the letters "
        "(`sentiment.train.base.corpus.is_held_out`); airline tweets have no official split and all may "
        f"be taken, whatever the annotators' agreement. Of more than {MOST:,} rows, those with the "
        f"{MOST:,} smallest hashes. Intervals: percentile bootstrap, 2,000 draws, rows with the same "
        "letters together.",
        "What was learned from: of sets not marked *never*, the training part (labels and text), from "
        "which every text of a test file was taken out; † where a model learned from the very rows. "
        "airline_tweets and semeval14_restaurant were never learned from, language modelling included.",
        "## Published elsewhere",
        "Only what can be traced to a source, and in the table only what is the same figure on (nearly) "
        "the same rows.",
        "\n".join(published),
    ]
    return "\n\n".join(lines) + "\n"


def plain(
    results: Sequence[Result], models: Mapping[str, str], tools: Mapping[str, str]
) -> dict[str, object]:  # fmt: skip
    """Return docs/public_sets.json: everything; six decimals, so that three are not rounded twice."""
    return {
        "models": dict(models),
        "tools": dict(tools),
        "most_rows": MOST,
        "results": [
            {
                **{key: value for key, value in asdict(result.task).items() if key != "published"},
                "rows": result.rows, "of": result.of, "counted": result.counted,
                "commonest_class": _rounded(result.commonest),
                "learned_from_these_rows": list(result.learned),
                "snownlp_learned": result.snownlp_learned,
                "undecided": dict(result.undecided),
                "figures": {
                    who: {key: _rounded(value) for key, value in asdict(one).items()}
                    for who, one in result.figures.items()
                },
            }
            for result in results
        ],
    }  # fmt: skip


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def rewrite(text: str, section: str) -> str:
    """Return a text with what stands between the marks replaced.

    :raises ValueError: It has no such marks.
    """
    pattern = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"no {BEGIN} ... {END} in it")
    return pattern.sub(lambda _: f"{BEGIN}\n\n{section}\n{END}", text)


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, metavar="DATA", help="folder with zh/, en/ and gold/")
    parser.add_argument("--models", nargs="+", default=["base", "lite"], metavar="MODEL")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        help="folder of the page alone; docs/ and the READMEs otherwise",
    )
    options = parser.parse_args()
    installed: dict[str, str] = {}
    for tool in TOOLS:
        try:
            installed[tool.name] = version(tool.package)
        except PackageNotFoundError:
            print(
                f'{tool.name} is left out; pip install "sentiment[bench]" brings it.',
                file=sys.stderr,
            )
    try:
        versions = {name: bundle.read(bundle.find(name)).name for name in options.models}
        tools = [tool for tool in TOOLS if tool.name in installed]
        results = measure(options.data, options.models, tools)
    except SentimentError as error:
        sys.exit(str(error))
    folder = options.output or ROOT / "docs"
    folder.mkdir(parents=True, exist_ok=True)
    values = json.dumps(plain(results, versions, installed), ensure_ascii=False, indent=1)
    (folder / "public_sets.json").write_text(values + "\n", encoding="utf-8")
    (folder / "public_sets.md").write_text(page(results, versions, installed), encoding="utf-8")
    print(f"wrote {folder / 'public_sets.md'} and .json")
    for language, path in READMES.items() if options.output is None else ():
        section = block(results, options.models, language)
        path.write_text(rewrite(path.read_text(encoding="utf-8"), section), encoding="utf-8")
        print(f"rewrote the section of {path}")


if __name__ == "__main__":
    main()
