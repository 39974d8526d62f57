"""The command as it is typed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

import sentiment
from sentiment.arguments import VERBS, tongue_of

COMMAND = [sys.executable, "-m", "sentiment"]
HAN = re.compile(r"[\u4e00-\u9fff]")


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Ran]:
    """Run the command in a folder of its own."""

    def run(*arguments: str, stdin: str = "", **environment: str) -> Ran:
        plain = {name: os.environ[name] for name in os.environ if not name.startswith("LC_")}
        done = subprocess.run(
            [*COMMAND, *arguments],
            cwd=tmp_path,
            input=stdin.encode(),
            capture_output=True,
            env={**plain, "LANG": "en_GB.UTF-8", **environment},
            check=False,
            timeout=300,
        )
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())

    return run


Run = Callable[..., Ran]
REVIEWS = """id,review,stars
1,The delivery was fast and the box arrived in one piece.,5
2,质量太差，用了两天就坏了。,1
3,,3
4,Good value for the money but the staff were rude.,3
5,物流很快，但是客服态度不好。,2
"""


@pytest.fixture
def reviews(tmp_path: Path) -> Path:
    path = tmp_path / "reviews.csv"
    path.write_text(REVIEWS, encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path, reviews: Path) -> Path:
    """Everything that can be called wrongly."""
    texts = ("we liked all of it very much", "they came too late for us", "it broke in a week")
    rows = "".join(f'"{text}","{text[::-1]}"\n' for text in texts)
    (tmp_path / "two.csv").write_text(f"comment,feedback\n{rows}", encoding="utf-8")
    (tmp_path / "numbers.csv").write_text("a,b\n1,2\n3,4\n", encoding="utf-8")
    (tmp_path / "empty.csv").touch()
    (tmp_path / "header.csv").write_text("id,review\n", encoding="utf-8")
    (tmp_path / "binary.csv").write_bytes(bytes(range(256)) * 8)
    (tmp_path / "old.csv").write_text("mine", encoding="utf-8")
    (tmp_path / "folder").mkdir()
    (tmp_path / "nested.jsonl").write_text(
        '{"review": {"text": "Good value for the money."}}\n', encoding="utf-8"
    )
    return tmp_path


WRONG = [
    ("score none.csv", "none.csv"),
    ("none.csv", "none.csv"),
    ("score numbers.csv", "--text"),
    ("score two.csv", "comment.*feedback.*--text"),
    ("score empty.csv", "empty"),
    ("score header.csv", "header.csv"),
    ("score folder", "folder"),
    ("score binary.csv", "binary.csv"),
    ("score reviews.csv --text text", "text.*review"),
    ("score nested.jsonl --text review.body", "review.body.*review.text"),
    ("score reviews.csv --id none", "none"),
    ("score reviews.csv -o out.docx", "out.docx.*csv"),
    ("score reviews.csv -o none/out.csv", "none"),
    ("score reviews.csv -o reviews.csv", "reviews.csv"),
    ("score reviews.csv -o numbers.csv/out.csv", "numbers.csv"),
    ("score reviews.csv -o old.csv", "--overwrite"),
    ("score reviews.csv -o out.jsonl --encoding gbk", "--encoding"),
    ("score reviews.csv -o out.csv --encoding klingon", "klingon"),
    ("score reviews.csv --input-encoding klingon", "klingon"),
    ("score reviews.csv two.csv -o out.csv", "out.csv"),
    ("score *.parquet", "parquet"),
    ("scor reviews.csv", "score"),
    ("evil reviews.csv", "score"),
    ("score reviews.csv --text", "--text"),
    ("score reviews.csv --frobnicate", "--frobnicate"),
    ("score", "INPUT"),
    ("score reviews.csv --workers 0", "--workers"),
    ("score reviews.csv --device tpu", "tpu"),
    ("reviews.csv --language fr", "fr"),
]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(("call", "said"), WRONG)
def test_a_wrong_call_gives_one_sentence_and_exit_code_2(
    run: Run, tmp_path: Path, call: str, said: str
) -> None:
    before = sorted(tmp_path.rglob("*"))
    ran = run(*call.split())
    last = ran.err.splitlines()[-1]
    assert ran.code == 2
    assert ran.out == ""
    assert last.startswith("sentiment: ")
    assert re.search(said, last), last
    assert "Traceback" not in ran.err
    assert len([line for line in ran.err.splitlines() if line.startswith("sentiment: ")]) == 1
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("call", [call for call, _ in WRONG if "--language" not in call])
def test_a_wrong_call_is_answered_in_chinese_where_that_is_spoken(run: Run, call: str) -> None:
    ran = run(*call.split(), LANG="zh_CN.UTF-8")
    assert ran.code == 2
    last = ran.err.splitlines()[-1]
    assert HAN.search(last), last


@pytest.mark.usefixtures("reviews")
def test_an_existing_output_stays_as_it_is(run: Run, tmp_path: Path) -> None:
    (tmp_path / "old.csv").write_text("mine", encoding="utf-8")
    run("score", "reviews.csv", "-o", "old.csv")
    assert (tmp_path / "old.csv").read_text(encoding="utf-8") == "mine"


def test_the_version_is_told_without_loading_the_package(run: Run) -> None:
    assert run("--version").out == f"sentiment {sentiment.__version__}\n"


@pytest.mark.parametrize("tongue", ["en", "zh"])
@pytest.mark.parametrize("verb", [None, *VERBS, "reviews.csv"])
@pytest.mark.usefixtures("reviews")
def test_help_shows_an_example_and_goes_to_stdout(run: Run, verb: str | None, tongue: str) -> None:
    ran = run(*([verb] if verb else []), "--help", LANG=f"{tongue}_XX.UTF-8")
    assert ran.code == 0
    assert ran.err == ""
    example = f"  sentiment {verb} " if verb in VERBS else "  sentiment "
    shown = ran.out.partition("示例" if tongue == "zh" else "example")[2]
    assert example in shown or verb is None
    assert bool(HAN.search(ran.out.splitlines()[0])) == (tongue == "zh")


def test_help_and_version_import_nothing_heavy() -> None:
    heavy = {"numpy", "pyarrow", "openpyxl", "jinja2", "rich", "jieba", "opencc", "sentiment.job"}
    code = f"""
import sys
from sentiment.cli import main
main(["score", "--help"])
main(["--version"])
print(sorted({heavy!r} & set(sys.modules)), file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


@pytest.mark.parametrize(
    ("arguments", "environment", "expected"),
    [
        ([], {"LANG": "zh_CN.UTF-8"}, "zh"),
        ([], {"LANG": "de_DE.UTF-8"}, "en"),
        ([], {"LANG": "zh_TW.UTF-8", "LC_ALL": "C"}, "en"),
        ([], {}, "en"),
        (["x.csv", "--language", "zh"], {"LANG": "en_GB"}, "zh"),
        (["x.csv", "--language=en"], {"LANG": "zh_CN"}, "en"),
        (["x.csv", "--language"], {"LANG": "zh_CN"}, "zh"),
    ],
)
def test_the_language_is_the_one_asked_for_or_that_of_the_locale(
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    environment: dict[str, str],
    expected: str,
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert tongue_of(arguments) == expected
