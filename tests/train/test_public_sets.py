"""The table of public sets: on small files laid out as the real ones, by a real model."""

from __future__ import annotations

import gzip
import importlib.util
import json
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from sentiment.analyzer import Analyzer
from sentiment.errors import InputError
from sentiment.train.base.corpus import is_held_out
from sentiment.train.data.examples import Example, group_of, read_split
from tests.train.test_measure import MIXED, NEGATIVE, said, silent

ROOT = Path(__file__).parents[2]
ZH: dict[str, tuple[str, ...]] = {
    "positive": ("做工很好", "物流很快"),
    "negative": ("快递太慢", "价格太贵"),
}
EN: dict[str, tuple[str, ...]] = {
    "positive": ("great value", "friendly staff"),
    "negative": ("rude staff", "far too expensive"),
}


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "public_sets", ROOT / "scripts" / "public_sets.py"
    )
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["public_sets"] = module
    spec.loader.exec_module(module)
    return module


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    if path.suffix == ".gz":
        with gzip.open(path, "wt", encoding="utf-8") as file:
            file.write(lines)
    else:
        path.write_text(lines, encoding="utf-8")


def overall(words: dict[str, tuple[str, ...]], count: int) -> list[dict[str, Any]]:
    """Rows of two classes, each with a number that makes it its own."""
    return [
        {"text": f"{words[polarity][at % 2]} {at}", "overall": polarity}
        for at in range(count)
        for polarity in ("positive", "negative")
    ]


def judged(words: dict[str, tuple[str, ...]], aspects: tuple[str, ...]) -> list[dict[str, Any]]:
    return [
        {
            "text": f"{words[polarity][at % 2]} {at}",
            "overall": polarity,
            "aspects": {aspects[at % len(aspects)]: polarity},
        }
        for at in range(6)
        for polarity in ("positive", "negative")
    ]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with every set of the table."""
    root = tmp_path_factory.mktemp("data")
    for name in ("waimai_10k", "online_shopping_10_cats"):
        write(root / "zh" / f"{name}.train.jsonl.gz", overall(ZH, 60))
    write(root / "zh" / "chnsenticorp.test.jsonl.gz", overall(ZH, 8))
    write(root / "zh" / "chnsenticorp.train.jsonl.gz", overall(ZH, 2))
    write(root / "zh" / "jd_laptop_clauses.test.jsonl.gz", judged(ZH, ("快递", "价格")))
    write(root / "zh" / "asqp_zh_foodbeverage.test.jsonl.gz", judged(ZH, ("通用-价格#价格",)))
    write(root / "en" / "asqp_phone.test.jsonl.gz", judged(EN, ("Price#Price", "Screen#General")))
    write(root / "en" / "mams_acsa.test.jsonl.gz", judged(EN, ("price", "staff")))
    write(root / "en" / "semeval14_restaurant.test.jsonl.gz", judged(EN, ("service", "food")))
    tweets = [*overall(EN, 10), {"text": "on my way", "overall": "neutral"}]
    write(root / "en" / "airline_tweets.all.jsonl.gz", tweets)
    write(root / "gold" / "train.jsonl", [{"text": "很好", "overall": "positive", "source": "x"}])
    return root


def example(text: str, overall: Any, **more: Any) -> Example:
    return Example(text, "en", "s", group_of(text), overall, **more)


def test_a_file_is_read_as_it_is(data: Path) -> None:
    rows = read_split(data, "semeval14_restaurant", "test")
    assert len(rows) == 12
    assert {tuple(row.topics or ()) for row in rows} == {("price", "quality", "service")}
    with pytest.raises(InputError, match="no file 'train'"):
        read_split(data, "semeval14_restaurant", "train")
    with pytest.raises(InputError, match="no data set 'nothing'"):
        read_split(data, "nothing", "train")


def test_a_set_without_official_test_gives_its_held_out_rows(
    script: ModuleType, data: Path
) -> None:
    [task] = [task for task in script.TASKS if task.set == "waimai_10k"]
    rows = script.rows_of(data, task)
    every = read_split(data, "waimai_10k", "train")
    assert rows == [row for row in every if is_held_out(row)]
    assert 0 < len(rows) < len(every) / 2
    # Gold under another name was learned from: it is no test.
    write(data / "gold" / "train.jsonl", [{"text": rows[0].text, "source": "snownlp_sentiment"}])
    assert script.rows_of(data, task) == rows[1:]
    write(data / "gold" / "train.jsonl", [{"text": rows[0].text, "source": "waimai_10k"}])
    assert script.rows_of(data, task) == rows


def test_a_sample_is_always_the_same(script: ModuleType) -> None:
    rows = [example(f"row {at}", "positive") for at in range(50)]
    taken = script.sample(rows, 10)
    assert len(taken) == 10
    assert script.sample(rows[::-1], 10) == taken
    assert max(one.group for one in taken) < min(one.group for one in rows if one not in taken)
    assert len(script.sample(rows)) == 50


def test_our_figures_by_hand(script: ModuleType) -> None:
    tasks = {task.measured: task for task in script.TASKS if task.set == "airline_tweets"}
    rows = [
        example(str(at), polarity)
        for at, polarity in enumerate(("negative", "neutral", "positive"))
    ]
    analyses = [said(*MIXED), said(*NEGATIVE), silent()]
    # Mixed is not among three classes: the likeliest of the others is negative.
    assert script.ours(tasks["three classes"], rows, analyses).tolist() == [[1, 1], [0, 1], [0, 1]]
    assert script.ours(tasks["polarity"], rows, analyses).tolist() == [[1, 1], [0, 0], [0, 1]]


def test_only_the_topics_of_the_table_count(script: ModuleType) -> None:
    [task] = [task for task in script.TASKS if task.set == "semeval14_restaurant"]
    row = example(
        "t", None, topics={"service": "negative", "quality": "positive", "price": "absent"}
    )
    found = ("service.attitude", "negative", 0, 2)
    wrong = ("quality.general", "negative", 2, 4)
    parts = script.ours(task, [row], [said(*NEGATIVE, found, wrong)])  # type: ignore[arg-type]
    assert parts.tolist() == [[2, 2]]


@pytest.mark.parametrize(
    ("number", "polarity", "of_three"),
    [(0.6, "positive", "positive"), (0.05, "positive", "positive"), (0.04, "positive", "neutral"),
     (0.0, None, "neutral"), (-0.04, "negative", "neutral"), (-0.05, "negative", "negative"),
     (None, None, None)],
)  # fmt: skip
def test_a_number_becomes_a_class(
    script: ModuleType, number: float | None, polarity: str | None, of_three: str | None
) -> None:
    tool = script.Tool("T", "t", "en", 0.0, 0.05, "")
    tasks = {task.measured: task for task in script.TASKS if task.set == "airline_tweets"}
    rows = [example(name, name) for name in ("negative", "neutral", "positive")]
    two = script.theirs(tasks["polarity"], rows, [number] * 3, tool)
    assert two.tolist() == [[polarity == "negative", 1], [0, 0], [polarity == "positive", 1]]
    three = script.theirs(tasks["three classes"], rows, [number] * 3, tool)
    assert three.tolist() == [[of_three == one.overall, 1] for one in rows]


def test_the_border_of_snownlp_is_a_half(script: ModuleType) -> None:
    [tool] = [tool for tool in script.TOOLS if tool.name == "SnowNLP"]
    [task] = [task for task in script.TASKS if task.set == "waimai_10k"]
    rows = [example(str(at), "positive") for at in range(3)]
    assert script.theirs(task, rows, [0.51, 0.5, 0.49], tool)[:, 0].tolist() == [1, 0, 0]
    assert script.can_do(tool, task)
    assert not any(
        script.can_do(tool, other)
        for other in script.TASKS
        if other.language == "en" or other.measured == "topics"
    )


@pytest.mark.parametrize("name", ["SnowNLP", "VADER", "TextBlob"])
def test_the_real_tools_answer_in_their_direction(script: ModuleType, name: str) -> None:
    [tool] = [tool for tool in script.TOOLS if tool.name == name]
    pytest.importorskip(tool.package, reason="the extra [bench] is not installed")
    number = script.scorer(tool)
    good, bad = ("非常好，很喜欢", "太差了，失望") if tool.language == "zh" else ("great", "awful")
    assert number(good) > tool.middle > number(bad)
    assert number("") in (None, tool.middle)


def run(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, *arguments: str, tools: bool = False
) -> None:
    def missing(package: str) -> str:
        raise PackageNotFoundError(package)

    if not tools:
        monkeypatch.setattr(script, "version", missing)
    monkeypatch.setattr(sys, "argv", ["public_sets.py", *arguments])
    script.main()


def test_it_writes_the_page_and_both_readmes_with_the_same_numbers(
    script: ModuleType, data: Path, tiny: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    readmes = {language: tmp_path / f"README.{language}.md" for language in ("en", "zh")}
    for path in readmes.values():
        path.write_text(
            f"# Before\n\n{script.BEGIN}\nolder\n{script.END}\n\nAfter.\n", encoding="utf-8"
        )
    monkeypatch.setattr(script, "READMES", readmes)
    monkeypatch.setattr(script, "ROOT", tmp_path)
    run(script, monkeypatch, str(data), "--models", str(tiny))
    assert "SnowNLP is left out" in capsys.readouterr().err
    page = (tmp_path / "docs" / "public_sets.md").read_text(encoding="utf-8")
    values = json.loads((tmp_path / "docs" / "public_sets.json").read_text(encoding="utf-8"))
    assert len(values["results"]) == len(script.TASKS)
    figures = [result["figures"][str(tiny)] for result in values["results"]]
    assert all(0 <= one["low"] <= one["value"] <= one["high"] <= 1 for one in figures)
    tables = {}
    for language, path in readmes.items():
        text = path.read_text(encoding="utf-8")
        assert text.startswith("# Before\n")
        assert text.endswith("After.\n")
        assert "older" not in text
        tables[language] = [
            [cell.strip() for cell in line.split("|")[3:-2]]
            for line in text.splitlines()
            if line.startswith("| ")
        ]
    assert tables["en"][1:] == tables["zh"][1:]
    assert len(tables["en"]) == len(script.TASKS) + 1
    for result in values["results"]:
        assert result["set"] in page
    # The small model says of no set that its tenth was left out.
    assert page.count("†") >= 3
    assert values["results"][1]["learned_from_these_rows"] == [str(tiny)]
    again = {path: path.read_bytes() for path in readmes.values()}
    run(script, monkeypatch, str(data), "--models", str(tiny))
    assert {path: path.read_bytes() for path in readmes.values()} == again


def test_figures_are_those_of_the_model(
    script: ModuleType, data: Path, tiny: Path, analyzer: Analyzer
) -> None:
    tasks = [task for task in script.TASKS if task.set in ("chnsenticorp", "airline_tweets")]
    results = script.measure(data, [str(tiny)], [], tasks, say=lambda line: None)
    rows = read_split(data, "chnsenticorp", "test")
    scores = [analyzer.analyze(row.text).score or 0.0 for row in rows]
    right = [(score > 0) == (row.overall == "positive") and score != 0
             for score, row in zip(scores, rows, strict=True)]  # fmt: skip
    assert results[0].figures[str(tiny)].value == pytest.approx(sum(right) / len(rows))
    assert [result.counted for result in results] == [16, 20, 21]


def test_other_tools_stand_beside(
    script: ModuleType, data: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script, "scorer", lambda tool: lambda text: float("great" in text))
    tool = script.Tool("TextBlob", "textblob", "en", 0.0, 0.0, "great is positive")
    tasks = [task for task in script.TASKS if task.set == "airline_tweets"]
    polarity, three = script.measure(data, [str(tiny)], [tool], tasks, say=lambda line: None)
    assert polarity.figures["TextBlob"].value == pytest.approx(5 / 20)  # the rest is at the border
    assert polarity.undecided == {"TextBlob": 15}
    assert three.figures["TextBlob"].value == pytest.approx(6 / 21)
    text = script.page([polarity, three], {str(tiny): "tiny"}, {"TextBlob": "1"})
    assert "Neither, of the rows that are praise or blame: airline_tweets 15." in text


def test_a_readme_without_marks_is_not_touched(script: ModuleType) -> None:
    with pytest.raises(ValueError, match="public sets"):
        script.rewrite("# Nothing here\n", "table\n")


def test_the_readmes_have_the_same_section() -> None:
    spec = (ROOT / "docs" / "public_sets.json").read_text(encoding="utf-8")
    values = json.loads(spec)
    for name in ("README.md", "README.zh.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        for result in values["results"]:
            for who, one in result["figures"].items():
                shown = f"{one['value']:.3f}".removeprefix("0")
                assert f"| {shown} [" in text, (name, result["set"], who)
