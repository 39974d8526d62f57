from __future__ import annotations

import importlib
import inspect
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any, get_type_hints

import pytest

import sentiment
from sentiment.errors import NotReached, SentimentError, UserError

# What another program may rely on. A name that leaves this list breaks somebody.
EXPORTED = (
    *("Analysis", "Analyzer", "ColumnError", "Evaluation", "Feedback", "InputError", "LabelError"),
    *("MissingExtra", "ModelError", "NotReached", "Opinion", "OutputError", "Report"),
    *("SentimentError", "Tag", "Taxonomy", "TaxonomyError", "TrainOptions", "Trained"),
    *("UserError", "__version__", "evaluate", "load", "report", "retrain"),
)


def test_the_exported_names_are_these() -> None:
    assert sorted(sentiment.__all__) == sorted(EXPORTED)
    assert dir(sentiment) == sorted(EXPORTED)
    assert len(set(sentiment.__all__)) == len(sentiment.__all__)


@pytest.mark.parametrize("name", [name for name in EXPORTED if name != "__version__"])
def test_an_exported_name_is_documented_and_at_home_where_it_says(name: str) -> None:
    value: Any = getattr(sentiment, name)
    assert value.__name__ == name
    documentation = inspect.getdoc(value)
    assert documentation
    assert documentation.splitlines()[0].endswith((".", ":"))
    home = importlib.import_module(sentiment._HOMES[name])
    assert getattr(home, name) is value
    assert name in home.__all__


@pytest.mark.parametrize("name", ["load", "report", "evaluate", "retrain"])
def test_every_argument_is_typed_and_told_of(name: str) -> None:
    function = getattr(sentiment, name)
    documentation = inspect.getdoc(function) or ""
    for parameter in inspect.signature(function).parameters.values():
        assert parameter.annotation is not inspect.Parameter.empty
        assert f":param {parameter.name}:" in documentation or parameter.name == "device"


@pytest.mark.parametrize("name", ["analyze", "analyze_batch", "stream", "frame", "explain"])
def test_every_method_is_documented(name: str) -> None:
    method = getattr(sentiment.Analyzer, name)
    assert inspect.getdoc(method)
    assert inspect.signature(method).return_annotation


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'sentiment' has no attribute 'analyse'"):
        _ = sentiment.analyse
    assert not hasattr(sentiment, "numpy")


def test_the_function_report_is_not_hidden_by_a_module() -> None:
    importlib.import_module("sentiment.reporting.build")
    assert callable(sentiment.report)
    assert get_type_hints(sentiment.Feedback)["text"] is str


def test_the_version_is_that_of_the_project() -> None:
    import tomllib

    path = Path(__file__).parents[1] / "pyproject.toml"
    project = tomllib.loads(path.read_text(encoding="utf-8"))["project"]
    assert sentiment.__version__ == project["version"]


def test_errors_say_which_exit_code_they_mean() -> None:
    for name in EXPORTED:
        value = getattr(sentiment, name)
        if inspect.isclass(value) and issubclass(value, Exception):
            assert issubclass(value, SentimentError)
            if issubclass(value, UserError):
                assert value.exit_code == 2
    assert NotReached.exit_code == 3
    assert issubclass(sentiment.InputError, ValueError)
    assert issubclass(sentiment.OutputError, OSError)
    assert issubclass(sentiment.MissingExtra, ImportError)


def test_types_are_shipped() -> None:
    assert (files("sentiment") / "py.typed").is_file()


PROGRAM = """
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, assert_type

import sentiment
from sentiment import Analysis, Analyzer, Feedback, InputError, Opinion, Tag

analyzer = sentiment.load()
assert_type(analyzer, Analyzer)
assert_type(sentiment.load(Path("models/mine"), device="cpu"), Analyzer)
assert_type(analyzer.model_name, str)
analysis = analyzer.analyze("物流很快")
assert_type(analysis, Analysis)
assert_type(analysis.score, float | None)
assert_type(analysis.sentiment, Literal["negative", "neutral", "positive", "mixed"] | None)
assert_type(analysis.opinions, tuple[Opinion, ...])
assert_type(analysis.tags, tuple[Tag, ...])
assert_type(analysis.topics["delivery"],
            Literal["absent", "negative", "neutral", "positive", "mixed"])
assert_type(analyzer.analyze_batch(["a", Feedback("b", row=2)]), list[Analysis])
assert_type(analyzer.stream(str(number) for number in range(9)), Iterator[Analysis])
assert_type(analyzer.explain("a").lines("zh"), list[str])
assert_type(analyzer.taxonomy, sentiment.Taxonomy)
assert_type(sentiment.evaluate(["lite", Path("x")], "labelled.jsonl"), sentiment.Evaluation)
assert_type(sentiment.evaluate(analyzer, Path("labelled.jsonl")), sentiment.Evaluation)
sentiment.TrainOptions(labelled="rows.csv", output="mine", dev=Path("dev.csv"), taxonomy="own.toml")
report = sentiment.report("scored.parquet", outcome="stars", by=["channel"])
assert_type(report, sentiment.Report)
report.save("report.html", language="zh")
try:
    analyzer.analyze([])
except InputError as error:
    assert_type(error.exit_code, int)
"""
WRONG = """
import sentiment

sentiment.load(7)
sentiment.load(devise="cpu")
analyzer = sentiment.load()
analyzer.analyze_batch(7)
analyzer.analyze("x").sentimental
analyzer.analyze("x").text = "y"
sentiment.Feedback(text=None)
analyzer.analyze("x").score + 1
"""


def check_types(program: str, folder: Path) -> list[str]:
    pytest.importorskip("mypy", reason="needs mypy (pip install -e .[check])")
    (folder / "program.py").write_text(program, encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--no-error-summary",
         "--cache-dir", str(folder / "cache"), "program.py"],
        cwd=folder, capture_output=True, text=True, encoding="utf-8",
    )  # fmt: skip
    assert run.returncode in (0, 1), run.stderr
    return run.stdout.splitlines()


def test_a_strictly_typed_program_can_use_it(tmp_path: Path) -> None:
    assert check_types(PROGRAM, tmp_path) == []
    wrong = [line for line in check_types(WRONG, tmp_path) if "error:" in line]
    lines = [int(line.split(":")[1]) for line in wrong]
    assert sorted(set(lines)) == [4, 5, 7, 8, 9, 10, 11]


def test_a_model_is_loaded_in_a_thread_that_outlives_the_program() -> None:
    code = (
        "import threading, time, sentiment\n"
        "def later():\n"
        "    threading.main_thread().join()\n"
        "    print(sentiment.load('base').analyze('great value').sentiment)\n"
        "threading.Thread(target=later).start()\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert (run.stdout.strip(), run.stderr) == ("positive", "")
