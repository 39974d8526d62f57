"""`sentiment label` as it is typed, and the whole way round: score, label, report."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

import sentiment
from sentiment.cli import main
from sentiment.records import Opinion
from tests.labelling.rows import analysis
from tests.labelling.test_files import confirm, edit_lines

PARTS = {
    "en": ["The box came late", "Delivery was quick", "The taste is awful", "Lovely colour",
           "Far too expensive", "Good value", "Staff were rude", "They helped at once"],
    "zh": ["物流太慢了", "发货很快", "味道很差", "颜色很好看", "价格太贵", "性价比高", "客服态度差",
           "售后很快解决"],
}  # fmt: skip


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """120 reviews, no two alike."""
    lines = ["id,review,stars"]
    for number in range(120):
        parts = PARTS["en" if number % 3 else "zh"]
        one, two = parts[number % 8], parts[(number * 5 + number // 8) % 8]
        lines.append(f'{number:04},"{one}, {two}. {number * 7919 % 1000}",{1 + number % 5}')
    path = tmp_path / "reviews.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


Run = Callable[..., str]


@pytest.fixture
def run(tiny: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command in English; return what it says."""

    def run(*arguments: object, code: int = 0, language: str = "en") -> str:
        given = [str(one) for one in arguments]
        assert main([*given, "--language", language]) == code
        return capsys.readouterr().err

    return run


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".xlsx", ".jsonl", ".parquet"])
def test_any_scored_file_gives_the_same_tasks(
    export: Path, tiny: Path, run: Run, suffix: str
) -> None:
    scored = export.with_name(f"scored{suffix}")
    run("score", export, "-o", scored, "--model", tiny)
    said = run("label", scored, "-n", 12, "-o", export.with_name("todo.jsonl"))
    assert "12 texts chosen from 120." in said
    tasks = lines_of(export.with_name("todo.jsonl"))
    assert len({task["row"] for task in tasks}) == 12
    analyzer = sentiment.load(tiny)
    for task in tasks:
        # The text, its row, its id and the suggestion are those of the export.
        assert int(task["id"]) + 1 == task["row"]
        analysis = analyzer.analyze(task["text"])
        suggested = task["suggested"]["opinions"]
        assert suggested == [opinion.to_dict() for opinion in analysis.opinions]
        assert task["suggested"]["model"] == "tiny@1.0.0"
        assert task["sampling"] == "chosen"
        assert task["source"] == "scored"


def test_label_studio_is_told_which_model_suggests(export: Path, tiny: Path, run: Run) -> None:
    scored, todo = export.with_name("scored.csv"), export.with_name("todo.json")
    run("score", export, "-o", scored, "--model", tiny)
    run("label", scored, "-n", 5, "-o", todo)
    tasks = json.loads(todo.read_text(encoding="utf-8"))
    assert {task["predictions"][0]["model_version"] for task in tasks} == {"tiny@1.0.0"}
    # Without the summary nobody knows.
    export.with_name("scored.csv.summary.json").unlink()
    run("label", scored, "-n", 5, "-o", todo, "--overwrite")
    tasks = json.loads(todo.read_text(encoding="utf-8"))
    assert {task["predictions"][0]["model_version"] for task in tasks} == {"sentiment"}


def test_an_export_is_scored_first(export: Path, tiny: Path, run: Run) -> None:
    said = run("label", export, "-n", 5, "--model", tiny)
    assert "Scored rows" in said
    assert export.with_name("reviews.scored.csv").exists()
    todo = export.with_name("reviews.todo.xlsx")
    assert todo.exists()
    assert f"when that is done: sentiment label {todo}" in said  # how to go on


@pytest.mark.parametrize("form", [".xlsx", ".json", ".jsonl"])
def test_from_a_random_sample_to_corrected_shares(
    export: Path, tiny: Path, run: Run, form: str
) -> None:
    scored, todo = export.with_name("scored.parquet"), export.with_name(f"todo{form}")
    labelled, report = export.with_name("todo.labelled.jsonl"), export.with_name("report.json")
    run("score", export, "-o", scored, "--model", tiny)
    said = run("label", scored, "-n", 40, "--random", "-o", todo)
    assert "40 texts drawn at random from 120. Label the whole sample" in said
    assert "none of its texts (40) is labelled yet" in run("label", todo, code=2)
    confirm(todo, "en", 40)
    said = run("label", todo, "-o", labelled)
    assert "40 of 40 texts are labelled" in said
    run("report", scored, "-o", report, "--labels", labelled)
    blocks = {block["key"]: block for block in json.loads(report.read_text("utf-8"))["blocks"]}
    assert "your labels on 40 random rows" in blocks["trust"]["sentences"][1]["en"]


def test_a_sample_that_is_not_labelled_to_the_end_is_not_taken_for_one(
    export: Path, tiny: Path, run: Run
) -> None:
    todo, labelled = export.with_name("todo.jsonl"), export.with_name("labelled.jsonl")
    run("label", export, "-n", 10, "--random", "-o", todo, "--model", tiny)

    def fill(lines: list[Any]) -> None:
        for line in lines[:7]:
            line |= {"overall": "positive", "opinions": [], "tags": []}

    edit_lines(todo, fill)
    said = run("label", todo, "-o", labelled)
    assert "7 of 10 texts are labelled, 0 skipped, 3 not labelled yet." in said
    assert "The random sample is not labelled to the end" in said
    scored = export.with_name("reviews.scored.csv")
    said = run("report", scored, "-o", export.with_name("r.json"), "--labels", labelled, code=2)
    assert "line 8 is not labelled yet" in said


def test_a_chosen_sample_does_not_correct_shares(export: Path, tiny: Path, run: Run) -> None:
    todo, labelled = export.with_name("todo.jsonl"), export.with_name("labelled.jsonl")
    run("label", export, "-n", 10, "-o", todo, "--model", tiny)
    confirm(todo, "en", 10)
    run("label", todo, "-o", labelled)
    scored = export.with_name("reviews.scored.csv")
    said = run("report", scored, "-o", export.with_name("r.json"), "--labels", labelled, code=2)
    assert "not marked as a random sample" in said


def test_only_labels_that_were_read_back_count_anywhere(export: Path, tiny: Path, run: Run) -> None:
    todo, labelled = export.with_name("todo.xlsx"), export.with_name("labelled.jsonl")
    scored, mine = export.with_name("reviews.scored.csv"), export.with_name("mine")
    run("label", export, "-n", 40, "-o", todo, "--model", tiny)
    confirm(todo, "en", 30)
    for words in (
        ["train", todo, "-o", mine, "--base", tiny],
        ["train", export, "-o", mine, "--base", tiny, "--dev", todo],
        ["evaluate", tiny, todo],
        ["report", scored, "--labels", todo],
        ["label", scored, "--known", todo, "-o", export.with_name("more.xlsx")],
    ):
        assert f"sentiment label {todo} -o labelled.jsonl" in run(*words, code=2)
    run("label", todo, "-o", labelled)
    assert "30 rows can be used" in run("train", labelled, "-o", mine, "--base", tiny, code=2)
    run("evaluate", tiny, labelled)


def test_a_workbook_saved_as_something_else_is_no_label(export: Path, tiny: Path, run: Run) -> None:
    names = ("t.xlsx", "t.csv", "t.csv.gz", "l.xlsx")
    todo, saved, packed, lacking = (export.with_name(name) for name in names)
    run("label", export, "-n", 40, "-o", todo, "--model", tiny)
    book = load_workbook(todo)
    with saved.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(book.worksheets[0].iter_rows(values_only=True))
    packed.write_bytes(gzip.compress(saved.read_bytes()))
    headings = [cell.value for cell in book.worksheets[0][1]]
    book.worksheets[0].delete_cols(1 + headings.index("done"))
    for other in book.worksheets[1:]:
        book.remove(other)
    book.save(lacking)
    for path in (saved, packed, lacking):
        for words in (
            ["train", path, "-o", export.with_name("mine"), "--base", tiny],
            ["evaluate", tiny, path],
            ["label", path, "-o", export.with_name("again.jsonl")],
        ):
            assert f"{path} was a workbook of texts to label" in run(*words, code=2)


def test_a_second_round_leaves_out_what_is_labelled(export: Path, tiny: Path, run: Run) -> None:
    first, second = export.with_name("one.jsonl"), export.with_name("two.jsonl")
    run("label", export, "-n", 20, "-o", first, "--model", tiny)
    run("label", export.with_name("reviews.scored.csv"), "-n", 20, "-o", second, "--known", first)
    assert not {one["row"] for one in lines_of(first)} & {one["row"] for one in lines_of(second)}


def test_faults_of_known_labels_are_told_in_chinese_too(export: Path, tiny: Path, run: Run) -> None:
    known = export.with_name("known.csv")
    known.write_text("text,sentiment\n物流太慢了,great\n", encoding="utf-8")
    given = ["label", export, "--known", known, "-o", export.with_name("x.jsonl"), "--model", tiny]
    assert "需要修改 1 处" in run(*given, code=2, language="zh")


def test_a_labelled_file_is_not_overwritten(export: Path, tiny: Path, run: Run) -> None:
    todo = export.with_name("reviews.todo.xlsx")
    run("label", export, "-n", 5, "--model", tiny)
    scored = export.with_name("reviews.scored.csv")
    assert "as it was" in run("label", scored, "-n", 5)
    confirm(todo, "en", 5)
    work = todo.read_bytes()
    assert "exists already; add --overwrite" in run("label", scored, "-n", 5, code=2)
    assert todo.read_bytes() == work
    run("label", scored, "-n", 5, "--overwrite")
    assert todo.read_bytes() != work


def test_label_studio_gets_its_interface(export: Path, tiny: Path, run: Run) -> None:
    said = run("label", export, "-n", 5, "-o", export.with_name("todo.json"), "--model", tiny)
    assert export.with_name("todo.interface.xml").read_text("utf-8").startswith("<View>")
    assert "todo.interface.xml" in said


@pytest.mark.parametrize(
    ("arguments", "said", "zh"),
    [
        (["{todo}", "-n", "3"], "to read its labels back drop -n", "读回标注"),
        (["{export}", "-o", "{folder}/todo.pdf"], "tasks are written as .xlsx, .jsonl", "待标注"),
        (["{export}", "-o", "{folder}/none/todo.xlsx"], "does not exist; create it", "请先创建"),
        (["{export}", "--random", "--known", "{todo}"], "drop one", "去掉一个"),
        (["{todo}", "-o", "{folder}/back.csv"], "labels are written as .jsonl", ".jsonl"),
        (["{todo}", "-o", "{folder}/back.jsonl"], "none of its texts (4) is labelled", "尚未标注"),
        (["{folder}/nothing.csv"], "there is no file", "找不到文件"),
    ],
)
def test_what_cannot_be_done_is_told_in_both_languages(
    export: Path, tiny: Path, run: Run, arguments: list[str], said: str, zh: str
) -> None:
    todo = export.with_name("todo.jsonl")
    run("label", export, "-n", 4, "-o", todo, "--model", tiny)
    places = {"todo": todo, "export": export, "folder": export.parent}
    given = [one.format(**places) for one in arguments]
    assert said in run("label", *given, code=2)
    assert zh in run("label", *given, code=2, language="zh")


def test_an_export_that_says_nothing_is_told(tmp_path: Path, tiny: Path, run: Run) -> None:
    path = tmp_path / "empty.csv"
    path.write_text("id,review\n1,n/a\n2,无\n", encoding="utf-8")
    said = run("label", path, "--text", "review", "--model", tiny, code=2)
    assert "holds no text that says anything" in said


OWN = """extends = "default"

[drivers."quality.fit"]
zh = "合身"
en = "fit"
definition_zh = "尺码合不合身"
definition_en = "whether the size fits"
"""


def test_a_team_labels_with_its_own_taxonomy(tmp_path: Path, run: Run) -> None:
    taxonomy, scored = tmp_path / "own.toml", tmp_path / "scored.jsonl"
    taxonomy.write_text(OWN, encoding="utf-8")
    text = "Too tight"
    fit = Opinion("quality", "quality.fit", "negative", 0.7, text, 0, len(text))
    scored.write_text(analysis(1, text, "negative", (fit,)).to_json() + "\n", encoding="utf-8")
    todo, labelled = tmp_path / "todo.xlsx", tmp_path / "labelled.jsonl"
    said = run("label", scored, "-o", todo, code=2)
    assert "quality.fit are not known; name its file with --taxonomy" in said
    run("label", scored, "-o", todo, "--taxonomy", taxonomy)
    confirm(todo, "en", 1)
    said = run("label", todo, "-o", labelled, code=2)
    assert "row 2: no driver is called 'quality.fit'" in said
    run("label", todo, "-o", labelled, "--taxonomy", taxonomy)
    (line,) = lines_of(labelled)
    assert line["opinions"] == [
        {"driver": "quality.fit", "polarity": "negative", "evidence": "Too tight"}
    ]


def test_texts_with_several_annotations_are_told(export: Path, tiny: Path, run: Run) -> None:
    todo, labelled = export.with_name("todo.json"), export.with_name("labelled.jsonl")
    run("label", export, "-n", 5, "-o", todo, "--model", tiny)
    tasks = json.loads(todo.read_text("utf-8"))

    def verdict(choice: str, when: str) -> dict[str, Any]:
        result = {"id": "o", "from_name": "overall", "value": {"choices": [choice]}}
        return {"result": [result], "updated_at": when}

    for task in tasks:
        task["annotations"] = [verdict("positive", "2024-01-01")]
    tasks[0]["annotations"].append(verdict("negative", "2024-02-01"))
    todo.write_text(json.dumps(tasks), "utf-8")
    said = run("label", todo, "-o", labelled)
    assert "1 text was labelled more than once" in said
    first = json.loads(labelled.read_text("utf-8").splitlines()[0])
    assert first["overall"] == "negative"
