"""The command as it is typed."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import unicodedata
from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

import sentiment
from sentiment import verbs
from sentiment.arguments import VERBS, tongue_of
from sentiment.cli import main
from sentiment.errors import NotReached
from sentiment.model.bundle import bundled
from sentiment.talk import Talk
from sentiment.train.figures.measure import FIGURES

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
    ("score reviews.csv -o old.csv --model lite", "--overwrite"),
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
    ("evaluate lite none.jsonl", "none.jsonl"),
    ("evaluate lite", "LABELLED"),
    ("evaluate lite labelled.jsonl --at-least topic_f1", "topic_f1.*FIGURE=NUMBER"),
    ("evaluate lite labelled.jsonl --at-least topic_f1=nan", "from 0 to 1"),
    ("evaluate lite labelled.jsonl --at-least topic_f1=60", "from 0 to 1"),
    ("evaluate lite labelled.jsonl --at-most ece=nan", "from 0 to 1"),
    ("model none", "none"),
    ("model reviews.csv", "reviews.csv"),
    ("model folder", "folder"),
    ("score reviews.csv --model none", "none"),
    ("score reviews.csv --model folder", "folder"),
    ("report none.csv", "none.csv"),
    ("report reviews.csv -o none/report.html", "none"),
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


@pytest.mark.parametrize("tongue", ["en", "zh"])
@pytest.mark.parametrize("verb", [None, *VERBS, "reviews.csv"])
@pytest.mark.usefixtures("reviews")
def test_help_is_laid_out_for_a_terminal(run: Run, verb: str | None, tongue: str) -> None:
    ran = run(*([verb] if verb else []), "--help", LANG=f"{tongue}_XX.UTF-8", COLUMNS="80")
    lines = ran.out.splitlines()
    headings = [line for line in lines if line.endswith((":", "：")) and line[0] != " "]
    assert headings
    assert len({heading[-1] for heading in headings}) == 1  # of one kind, wide or not
    assert all(lines[lines.index(heading) + 1].strip() for heading in headings)
    if tongue == "zh":
        assert max(map(columns, lines)) <= 86
        wrapped = [line for line in lines if line.startswith(" " * 22)]
        assert not [line for line in wrapped if line.strip()[0] in "，。、；：）"]


def columns(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in line)


@pytest.mark.parametrize(("tongue", "said"), [("en", "verbs:"), ("zh", "子命令：")])
@pytest.mark.parametrize("form", ["--language {}", "--language={}"])
def test_the_language_may_come_first(
    capsys: pytest.CaptureFixture[str], tongue: str, said: str, form: str
) -> None:
    leading = form.format(tongue).split()
    assert main([*leading, "--help"]) == 0
    shown = capsys.readouterr().out
    assert said in shown
    first = "sentiment FILE [FILE ...]" if tongue == "en" else "sentiment 文件 [文件 ...]"
    assert first in shown.splitlines()[0]
    assert main([*leading, "--version"]) == 0
    assert capsys.readouterr().out == f"sentiment {sentiment.__version__}\n"
    assert main([*leading, "explain", "很好", "--model", "lite"]) == 0
    assert ("总体情感" if tongue == "zh" else "sentiment") in capsys.readouterr().out
    assert main([*leading, "none.csv"]) == 2
    assert bool(HAN.search(capsys.readouterr().err)) == (tongue == "zh")


@pytest.mark.parametrize("tongue", ["en", "zh"])
def test_the_help_of_a_file_offers_nothing_that_it_refuses(
    capsys: pytest.CaptureFixture[str], tongue: str
) -> None:
    main(["reviews.csv", "--language", tongue, "--help"])
    shown = capsys.readouterr().out
    assert "stdin" not in shown
    assert "标准输入" not in shown
    assert "sentiment --help" in shown
    assert ("NAME" in shown.partition("FILE [FILE ...]")[2].partition("--text")[0]) == (
        tongue == "en"
    )


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


@pytest.mark.parametrize(("ending", "told"), [(".csv", True), (".jsonl", False)])
def test_a_column_of_ours_under_another_name_is_told(
    run: Run, tmp_path: Path, ending: str, told: bool
) -> None:
    (tmp_path / "in.csv").write_text("text,sentiment,quality\nvery good,1,2\n", encoding="utf-8")
    ran = run("score", "in.csv", "--text", "text", "-o", f"out{ending}", "--model", "lite")
    said = "called sentiment and quality; those of this analysis are feedback_sentiment and"
    assert (said in ran.err) is told


def test_the_same_drivers_are_named_when_there_is_nothing_to_do(run: Run, tmp_path: Path) -> None:
    texts = (
        "slow delivery",
        "too expensive",
        "rude staff",
        "it broke",
        "no answer",
        "ugly",
        "late",
    )
    (tmp_path / "in.csv").write_text("text\n" + "\n".join(texts), encoding="utf-8")
    first, again = (run("score", "in.csv", "-o", "out.csv", "--model", "lite") for _ in range(2))
    named = re.search("Named most often.*", first.err)
    assert named is not None
    assert " opinion, 100% negative); " in named[0]
    assert named[0] in again.err


SAID = {
    "en": (
        "1 row: 1 ok,",
        "Overall, of 1 text: ",
        " (1 opinion, 100% negative)",
        "1 row scored in ",
    ),
    "zh": ("共 1 行：正常 1，", "总体情感（1 条）：", "（1 个观点，负面 100%）", " 秒分析 1 行。"),
}


@pytest.mark.parametrize("tongue", ["en", "zh"])
def test_one_row_is_told_as_one_and_a_handful_without_a_rate(
    run: Run, tmp_path: Path, tongue: str
) -> None:
    (tmp_path / "in.csv").write_text("text\nvery slow delivery\n", encoding="utf-8")
    ran = run("score", "in.csv", "-o", "o.csv", "--model", "lite", "--language", tongue)
    assert all(words in ran.err for words in SAID[tongue]), ran.err
    assert "rows/s" not in ran.err
    assert "每秒" not in ran.err


@pytest.mark.usefixtures("reviews")
def test_a_scored_file_and_a_summary_and_what_was_found(run: Run, tmp_path: Path) -> None:
    ran = run("score", "reviews.csv", "-o", "out.csv", "--model", "lite")
    assert (ran.code, ran.out) == (0, "")
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["id"] for row in rows] == ["1", "2", "3", "4", "5"]
    assert [row["status"] for row in rows] == ["ok", "ok", "empty", "ok", "ok"]
    assert "text “review”; id “id”; outcome “stars” (stars, 1 to 5)." in ran.err
    assert "5 rows: 4 ok, 1 empty, 0 damaged, 0 in other languages, 0 rejected." in ran.err
    assert "Overall, of 4 texts: " in ran.err
    assert "Scored rows: out.csv" in ran.err
    summary = json.loads((tmp_path / "out.csv.summary.json").read_text(encoding="utf-8"))
    assert summary["rows"]["in"] == 5
    assert summary["roles"]["text"] == ["review"]

    again = run("score", "reviews.csv", "-o", "out.csv", "--model", "lite", LANG="zh_CN.UTF-8")
    assert again.code == 0
    assert "out.csv 已是同一输入、选项和模型的完整结果：无需再做。" in again.err
    assert "文本“review”；编号“id”；结果“stars”（星级，1 至 5）。" in again.err


@pytest.mark.usefixtures("reviews")
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_taxonomy_of_ones_own(run: Run, tmp_path: Path, workers: str) -> None:
    (tmp_path / "mine.toml").write_text(
        '[topics.delivery]\nen = "shipping"\n[drivers."delivery.speed"]\nen = "how fast"\n',
        encoding="utf-8",
    )
    call = ("score", "reviews.csv", "-o", "out.csv", "--workers", workers)
    assert run(*call, "--taxonomy", "mine.toml").code == 0
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["delivery"] for row in rows] == [
        "positive", "absent", "absent", "absent", "positive",
    ]  # fmt: skip
    assert "quality" not in rows[0]
    assert {row["drivers"] for row in rows} == {"", "delivery.speed:positive"}
    # Another taxonomy is another job.
    assert run(*call).code == 2
    missing = run(*call, "--overwrite", "--taxonomy", "none.toml")
    assert missing.code == 2
    assert "none.toml: the taxonomy cannot be read" in missing.err


@pytest.mark.usefixtures("reviews")
def test_the_output_stands_beside_the_input_where_none_is_named(run: Run, tmp_path: Path) -> None:
    assert run("score", "reviews.csv", "--model", "lite").code == 0
    assert (tmp_path / "reviews.scored.csv").exists()


def test_stdin_to_stdout_is_json_lines(run: Run) -> None:
    lines = [json.dumps({"text": text}) for text in ("It broke.", "质量很好", "Fast delivery!")]
    ran = run("score", "-", "--model", "lite", stdin="\n".join(lines))
    assert ran.code == 0
    records = [json.loads(line) for line in ran.out.splitlines()]
    assert [record["row"] for record in records] == [1, 2, 3]
    assert [record["text"] for record in records] == ["It broke.", "质量很好", "Fast delivery!"]


@pytest.mark.usefixtures("folder")
def test_one_input_that_fails_does_not_keep_the_others_from_being_done(
    run: Run, tmp_path: Path
) -> None:
    ran = run("score", "empty.csv", "reviews.csv", "-o", "scored/", "--model", "lite")
    assert ran.code == 2
    assert "sentiment: empty.csv is empty" in ran.err
    assert "1 of 2 inputs could not be scored." in ran.err
    assert [path.name for path in (tmp_path / "scored").glob("*.csv")] == ["reviews.scored.csv"]


@pytest.mark.usefixtures("reviews")
def test_a_file_alone_is_scored_and_reported_on(run: Run, tmp_path: Path) -> None:
    ran = run("reviews.csv", "--model", "lite")
    assert ran.code == 0, ran.err
    report = tmp_path / "reviews.report.html"
    assert "Report:      reviews.report.html" in ran.err
    assert "<html" in report.read_text(encoding="utf-8")
    made = report.stat().st_mtime_ns
    again = run("reviews.csv", "--model", "lite")
    assert again.code == 0, again.err
    assert "(as it was)" in again.err
    assert report.stat().st_mtime_ns == made
    report.write_text("mine", encoding="utf-8")
    refused = run("reviews.csv", "--model", "lite")
    assert refused.code == 2
    assert "--overwrite" in refused.err
    assert report.read_text(encoding="utf-8") == "mine"


@pytest.mark.usefixtures("reviews")
def test_a_report_on_a_file_that_was_not_scored_scores_it_first(run: Run, tmp_path: Path) -> None:
    ran = run("report", "reviews.csv", "-o", "report.json", "--model", "lite")
    assert ran.code == 0, ran.err
    assert (tmp_path / "reviews.scored.csv").exists()
    assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["blocks"]
    ran = run("report", "reviews.scored.csv", "-o", "again.json")
    assert ran.code == 0, ran.err
    assert (tmp_path / "again.json").read_bytes() == (tmp_path / "report.json").read_bytes()


@pytest.mark.parametrize("tongue", ["en", "zh"])
def test_explain_shows_what_decided(run: Run, tongue: str) -> None:
    ran = run("explain", "物流很快，但是质量太差。", "--model", "lite", "--language", tongue)
    assert ran.code == 0, ran.err
    assert "物流很快" in ran.out
    assert "质量太差" in ran.out
    assert run("explain", "-", "--model", "lite", "--language", tongue,
               stdin="物流很快，但是质量太差。").out == ran.out  # fmt: skip


@pytest.mark.usefixtures("reviews")
def test_a_model_that_is_not_as_it_was_saved_is_refused(run: Run, tmp_path: Path) -> None:
    copy = tmp_path / "mine"
    shutil.copytree(bundled()["lite"], copy)
    assert run("score", "reviews.csv", "--model", "mine").code == 0
    weights = copy / "weights.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    damages: list[tuple[str, Callable[[], object]]] = [
        ("weights.safetensors: changed", weights.touch),
        ("weights.safetensors is missing", weights.unlink),
        ("no model bundle", (copy / "manifest.json").unlink),
        ("no model 'mine'", lambda: shutil.rmtree(copy)),
    ]
    for said, damage in damages:
        damage()
        for tongue in ("en", "zh"):
            ran = run("score", "reviews.csv", "-o", "x.csv", "--model", "mine",
                      "--language", tongue)  # fmt: skip
            last = ran.err.splitlines()[-1]
            assert ran.code == 2
            assert said in last if tongue == "en" else HAN.search(last)
    assert not (tmp_path / "x.csv").exists()


LABELLED = [
    {"text": "物流很快，但是质量太差。", "lang": "zh", "overall": "mixed", "opinions": None},
    {"text": "Great value for the money.", "lang": "en", "overall": "positive", "opinions": None},
]


def test_evaluation_is_printed_and_what_is_not_reached_is_code_3(run: Run, tmp_path: Path) -> None:
    wrong = {"text": "The parcel is here.", "lang": "en", "overall": "mixed", "opinions": None}
    lines = [json.dumps({"id": str(i)} | row) for i, row in enumerate([*LABELLED, wrong])]
    (tmp_path / "labelled.jsonl").write_text("\n".join(lines), encoding="utf-8")
    ran = run("evaluate", "lite", "labelled.jsonl", "--at-least", "overall_accuracy=0")
    assert (ran.code, ran.err) == (0, "")
    assert "overall accuracy" in ran.out
    ran = run("evaluate", "lite", "labelled.jsonl", "--language", "zh")
    assert "总体情感准确率" in ran.out
    ran = run("evaluate", "lite", "labelled.jsonl", "--json", "--at-least", "overall_accuracy=1",
              "--at-most", "overall_accuracy=0")  # fmt: skip
    assert ran.code == 3
    assert json.loads(ran.out)["rows"] == 3
    assert re.search(r"not reached: lite@\S+ overall_accuracy [\d.]+ < 1, .* > 0$", ran.err)
    ran = run("evaluate", "none", "labelled.jsonl", "--at-least", "beauty=1")
    assert ran.code == 2  # told before a model is looked for
    assert "there is no figure beauty; the figures are overall_accuracy" in ran.err


@pytest.mark.parametrize("tongue", ["en", "zh"])
def test_evaluate_names_every_figure_that_can_be_asked_for(run: Run, tongue: str) -> None:
    ran = run("evaluate", "--help", "--language", tongue)
    assert all(re.search(rf"\b{figure}\b", ran.out) for figure in FIGURES)
    assert "--text" in ran.out


def test_evaluate_is_told_where_the_text_is_and_tells_faults_in_chinese(
    run: Run, tmp_path: Path
) -> None:
    table = "客户说的话,sentiment\n物流很快,positive\n质量太差了,negative\n"
    (tmp_path / "labelled.csv").write_text(table, encoding="utf-8")
    ran = run("evaluate", "lite", "labelled.csv", "--language", "zh")
    assert ran.code == 2
    assert "请把列名改为 text，或用 --text 指定" in ran.err
    ran = run("evaluate", "lite", "labelled.csv", "--text", "客户说的话", "--language", "zh")
    assert (ran.code, ran.err) == (0, "")
    (tmp_path / "typed.csv").write_text(
        "text,sentiment,qualty\n物流很快,positive,\n", encoding="utf-8"
    )
    ran = run("evaluate", "lite", "typed.csv", "--language", "zh")
    assert ran.err == "typed.csv，请留意：\n  没有读取列 qualty；是否应为 quality？\n"


@pytest.mark.parametrize("tongue", ["en", "zh"])
def test_a_model_says_what_it_is(run: Run, tongue: str) -> None:
    ran = run("model", "lite", "--language", tongue)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("lite@")
    assert ("drivers" if tongue == "en" else "个驱动因素") in ran.out
    assert (bundled()["lite"] / "README.md").read_text(encoding="utf-8").strip() in ran.out


@pytest.fixture
def many_reviews(tmp_path: Path) -> Path:
    path = tmp_path / "many.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write("id,review\n")
        file.writelines(f"{i},物流很快 and good value but 质量太差 {i}\n" for i in range(20_000))
    return path


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("workers", ["1", "2"])
def test_ctrl_c_ends_cleanly_and_says_what_to_type(
    many_reviews: Path, run: Run, workers: str
) -> None:
    arguments = ["score", "many.csv", "-o", "out.csv", "--workers", workers, "--model", "lite"]
    process = subprocess.Popen(
        [*COMMAND, *arguments, "--language", "en"],
        cwd=many_reviews.parent,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
        # A shell starts what it runs in the background deaf to Ctrl-C, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    journal = many_reviews.with_name("out.csv.partial") / "journal.jsonl"
    while process.poll() is None and not (journal.exists() and journal.stat().st_size):
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: workers get it too
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in said
    assert re.search(r"Stopped\. [\d,]+ rows are done and kept; the same command", said), said
    assert said.splitlines()[-1] == f"  sentiment {' '.join(arguments)} --language en"
    ran = run(*arguments)
    assert ran.code == 0
    assert "Going on from an earlier run: " in ran.err


@pytest.mark.skipif(sys.platform == "win32", reason="pipes of POSIX")
def test_a_reader_that_has_seen_enough_is_no_fault(many_reviews: Path) -> None:
    process = subprocess.Popen(
        [*COMMAND, "score", "many.csv", "-o", "-", "--model", "lite"],
        cwd=many_reviews.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith(b'{"row": 1,')
    process.stdout.close()
    assert process.stderr is not None
    said = process.stderr.read().decode()
    process.stderr.close()
    assert process.wait(timeout=60) == 0
    assert "Traceback" not in said
    assert "Error" not in said


@pytest.mark.parametrize("debug", [False, True])
def test_a_fault_of_ours_is_code_1_and_shows_its_trace_only_when_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], debug: bool
) -> None:
    def broken(options: Namespace, talk: Talk) -> int:
        raise ZeroDivisionError("oh")

    monkeypatch.setitem(cast("dict[str, Any]", verbs.RUN), "score", broken)
    monkeypatch.setenv("SENTIMENT_DEBUG", "1" if debug else "")
    assert main(["score", "x.csv", "--language", "en"]) == 1
    said = capsys.readouterr().err
    assert "fault of the program (ZeroDivisionError: oh)" in said
    assert ("Traceback" in said) == debug


def test_the_exit_code_of_an_error_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    def short(options: Namespace, talk: Talk) -> int:
        raise NotReached("short of what was asked")

    monkeypatch.setitem(cast("dict[str, Any]", verbs.RUN), "score", short)
    assert main(["score", "x.csv"]) == 3


def test_an_evaluation_is_written_beside_what_is_printed(tmp_path: Path, run: Run) -> None:
    lines = [json.dumps(row) for row in LABELLED]
    (tmp_path / "labelled.jsonl").write_text("\n".join(lines), encoding="utf-8")
    arguments = ("evaluate", "lite", "labelled.jsonl", "-o", "evaluation.html")
    ran = run(*arguments)
    assert (ran.code, ran.err) == (0, "Evaluation:  evaluation.html\n")
    assert "overall accuracy" in ran.out
    assert "Model evaluation" in (tmp_path / "evaluation.html").read_text(encoding="utf-8")
    assert "exists already; add --overwrite" in run(*arguments).err
    assert run(*arguments, "--overwrite").code == 0
    for name in ("evaluation.pdf", "none/evaluation.html"):
        ran = run("evaluate", "lite", "labelled.jsonl", "-o", name)
        assert ran.code == 2
        assert not ran.out  # refused before the models are run
