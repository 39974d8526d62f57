"""The page of an evaluation: complete in both languages, alone in the world, safe."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sentiment.errors import OutputError
from sentiment.reporting.values import Language, Text
from sentiment.train.figures.evaluate import Evaluation, evaluate
from sentiment.train.figures.evaluation_page import blocks
from sentiment.train.figures.suspects import Suspect
from tests.reporting.test_hostile import ATTACKS
from tests.train.test_evaluate import ROWS, labelled

if TYPE_CHECKING:
    from playwright.sync_api import Browser

LONG = "The staff were rude and the parcel came late, but the colour is lovely. " * 4


@pytest.fixture(scope="module")
def evaluation(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    """Two models, rows of every kind of label, some of them hostile."""
    rows = [
        *ROWS,
        {"text": LONG, "overall": "positive", "opinions": [],
         "tags": [{"tag": "trust", "polarity": "negative"}]},
        *({"text": f"{attack} 质量太差，态度很差", "id": attack, "overall": "positive", "opinions": []}
          for attack in ATTACKS),
    ]  # fmt: skip
    path = labelled(tmp_path_factory.mktemp("labels") / "<b>gold.jsonl", rows)
    return evaluate([tiny, tiny], path)


def test_every_block_is_there(evaluation: Evaluation) -> None:
    made = blocks(evaluation)
    assert [block.key for block in made] == [
        "figures", "differences", "languages", "lengths", "sentiments", "confusion", "topics",
        "drivers", "tags", "calibration", "suspects", "method",
    ]  # fmt: skip
    by_key = {block.key: block for block in made}
    assert [column.title.en for column in by_key["figures"].tables["figures"].columns] == [
        "figure", "labels", "tiny@1.0.0", "tiny@1.0.0 (2)"
    ]  # fmt: skip
    assert list(by_key["confusion"].tables) == ["confusion tiny@1.0.0", "confusion tiny@1.0.0 (2)"]
    lengths = by_key["lengths"].tables
    assert list(lengths) == ["lengths tiny@1.0.0", "lengths tiny@1.0.0 (2)"]
    titles = [column.title.en for column in lengths["lengths tiny@1.0.0"].columns]
    assert titles == ["figure", "1–20", "21–60", "from 201"]
    (differences,) = by_key["differences"].tables.values()
    assert differences.title.en == "tiny@1.0.0 (2) compared with tiny@1.0.0"


def test_what_is_not_labelled_has_no_block(tiny: Path, tmp_path: Path) -> None:
    path = labelled(
        tmp_path / "topics.jsonl", [{"text": "质量太差", "topics": {"quality": "negative"}}]
    )
    keys = [block.key for block in blocks(evaluate(tiny, path))]
    assert {"differences", "sentiments", "confusion", "drivers", "tags"}.isdisjoint(keys)
    assert {"figures", "topics", "calibration"} <= set(keys)


def test_figures_stand_in_both_languages(evaluation: Evaluation) -> None:
    page = evaluation.to_html("zh")
    assert page.index("模型评测") < page.index("Model evaluation")
    accuracy = evaluation.models[0].figures.overall_accuracy
    assert accuracy is not None
    assert page.count(f"{100 * accuracy:.1f}%") >= 4
    assert "<script" not in page.lower()
    assert "http" not in page.replace("http-equiv", "")


def test_the_page_opens_without_a_request_or_a_script(
    chromium: Browser, evaluation: Evaluation, tmp_path: Path
) -> None:
    path = evaluation.save(tmp_path / "evaluation.html")
    faults: list[str] = []
    context = chromium.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.on("request", lambda one: faults.append(one.url) if one.url != path.as_uri() else None)
    tab.goto(path.as_uri())
    assert tab.title().endswith("gold.jsonl")
    assert tab.locator(".view-en").is_visible()
    tab.click("label[for=choose-zh]")
    assert tab.locator(".view-zh").is_visible()
    assert not tab.locator(".view-en").is_visible()
    assert "混淆矩阵" in tab.locator(".view-zh").inner_text()
    context.close()
    assert faults == []


def test_it_is_readable_on_a_phone(
    chromium: Browser, evaluation: Evaluation, tmp_path: Path
) -> None:
    path = evaluation.save(tmp_path / "evaluation.html")
    tab = chromium.new_page(viewport={"width": 390, "height": 844})
    tab.goto(path.as_uri())
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    text = tab.locator("#en-suspects th:visible").last
    assert text.inner_text() == "text"
    assert text.evaluate("cell => cell.clientWidth") > 80
    tab.close()


@pytest.fixture(scope="module")
def enough(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    """Two models on rows enough for bars of the frequent classes."""
    rows = [*ROWS, {"text": LONG, "overall": "mixed"}] * 4 + ROWS[:2] * 20
    return evaluate([tiny, tiny], labelled(tmp_path_factory.mktemp("labels") / "gold.jsonl", rows))


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("width", [1440, 390])
def test_no_table_is_cut_and_models_are_told_apart(
    chromium: Browser, enough: Evaluation, tmp_path: Path, width: int, language: Language
) -> None:
    path = enough.save(tmp_path / "evaluation.html", language)
    tab = chromium.new_page(viewport={"width": width, "height": 900})
    tab.goto(path.as_uri())
    shown = tab.locator(f".view-{language}")
    cut = shown.locator(".scroll:visible").evaluate_all(
        "boxes => boxes.filter(box => box.scrollWidth > box.clientWidth).length"
    )
    assert cut == 0
    block = shown.locator(f"#{language}-sentiments")
    assert block.locator(".legend span").all_inner_texts() == ["tiny@1.0.0", "tiny@1.0.0 (2)"]
    fill = "parts => parts.map(part => getComputedStyle(part).fill)"
    legend = block.locator(".legend rect").evaluate_all(fill)
    first = block.locator(".row:not(.head) >> nth=0").locator(".bar rect").evaluate_all(fill)
    assert len(set(legend)) == 2
    assert legend == first
    assert any(
        "url" in one for one in legend
    )  # a pattern, which print and any eye tells from plain
    heading = {"zh": "精确率 / 召回率", "en": "precision / recall"}[language]
    assert block.get_by_text(heading, exact=True).is_visible()
    tab.close()


def test_classes_with_too_few_labels_get_no_bar(
    chromium: Browser, enough: Evaluation, tmp_path: Path
) -> None:
    path = enough.save(tmp_path / "evaluation.html")
    tab = chromium.new_page(viewport={"width": 1440, "height": 900})
    tab.goto(path.as_uri())
    block = tab.locator("#en-sentiments")
    drawn = block.locator(".row .label").all_inner_texts()
    assert [one.split("\n")[0] for one in drawn] == ["negative", "positive"]
    few = block.locator(".few").inner_text()
    assert "labelled fewer than 10 times" in few
    assert few.endswith("neutral (0); mixed (4)")
    assert block.locator("details tbody tr").count() == 4
    tab.close()


def test_parts_of_the_rows_that_are_too_few_show_no_figures(enough: Evaluation) -> None:
    by_key = {block.key: block for block in blocks(enough)}
    (rows, *figures) = by_key["lengths"].rows("lengths tiny@1.0.0")
    assert (rows["part 0"], rows["part 1"]) == (52, 4)
    few = Text(zh="太少", en="too few")
    assert {row["part 1"] for row in figures} == {few, "–"}
    assert few not in [row["part 0"] for row in figures]


def test_a_figure_of_a_few_labels_is_not_shown_however_many_rows_there_are(
    tiny: Path, tmp_path: Path
) -> None:
    rows: list[Any] = [{"text": "物流很快", "overall": "positive"}] * 30
    rows += [{"text": "质量太差", "topics": {"quality": "negative"}}] * 9
    found = evaluate(tiny, labelled(tmp_path / "gold.jsonl", rows))
    (block,) = [block for block in blocks(found) if block.key == "figures"]
    shown = {row["figure"]: row for row in block.rows("figures")}
    topics = shown[Text(zh="主题状态 F1", en="topic state F1")]
    assert (topics["cases"], topics["model 0"]) == (9, Text(zh="太少", en="too few"))
    accuracy = shown[Text(zh="总体情感准确率（四类）", en="overall accuracy (4 classes)")]
    assert (accuracy["cases"], accuracy["model 0"]) == (
        30,
        found.models[0].figures.overall_accuracy,
    )
    (line,) = [line for line in found.lines() if line.startswith("topic state F1")]
    assert line.split()[-1].startswith("(")


def test_calibration_of_few_rows_is_not_drawn(enough: Evaluation) -> None:
    (block,) = [block for block in blocks(enough) if block.key == "calibration"]
    assert not block.tables
    assert "from 100 on" in block.sentences[-1].en
    model = enough.models[0]
    figures = dataclasses.replace(model.figures, ece=0.031, ece_expected=0.05)
    model = dataclasses.replace(model, by_language={**model.by_language, "all": figures})
    found = dataclasses.replace(enough, models=(model,), comparisons=())
    (block,) = [block for block in blocks(found) if block.key == "calibration"]
    assert block.sentences[0].en == (
        "tiny@1.0.0: calibration error 3.1%, no more than the 5.0% that chance alone would show on "
        "as many rows."
    )


def test_calibration_of_many_rows_is_drawn(tiny: Path, tmp_path: Path) -> None:
    found = evaluate(tiny, labelled(tmp_path / "gold.jsonl", ROWS[:2] * 50))
    (block,) = [block for block in blocks(found) if block.key == "calibration"]
    (table,) = block.tables.values()
    assert [row["rows"] for row in table.rows] == [10] * 10


def test_labels_in_doubt_are_told_in_both_languages(enough: Evaluation) -> None:
    doubts = (
        Suspect(1, None, "x", "sentiment", "positive", "negative", 0.7),
        Suspect(1, None, "x", "quality.general", "absent", "negative", 0.6),
        Suspect(1, None, "x", "price", "negative positive", "neutral", 0.6),
    )
    (block,) = [
        block
        for block in blocks(dataclasses.replace(enough, suspects=doubts))
        if block.key == "suspects"
    ]
    one, two, three = block.rows("suspects")
    assert one["about"] == Text(zh="总体情感", en="sentiment")
    assert one["found_as"] == Text(zh="负面", en="negative")
    assert two["about"] == Text(zh="质量：质量总体", en="quality: quality in general")
    assert two["labelled_as"] == Text(zh="未提到", en="absent")
    assert three["labelled_as"] == Text(zh="负面、正面", en="negative, positive")
    # How sure the models were stands last, where a phone has no room for it.
    assert block.tables["suspects"].columns[-1].key == "confidence"
    # No column for ids where no row has one.
    assert "id" not in [column.key for column in block.tables["suspects"].columns]
    named = dataclasses.replace(enough, suspects=(dataclasses.replace(doubts[0], id="7"),))
    (block,) = [block for block in blocks(named) if block.key == "suspects"]
    assert "id" in [column.key for column in block.tables["suspects"].columns]


def test_json_holds_everything(evaluation: Evaluation, tmp_path: Path) -> None:
    plain = json.loads(evaluation.save(tmp_path / "evaluation.json").read_text(encoding="utf-8"))
    assert plain == evaluation.to_dict()
    assert len(plain["models"]) == 2
    (comparison,) = plain["comparisons"]
    assert {one["verdict"] for one in comparison["differences"]} == {"open"}
    assert sum(one["rows"] for one in plain["models"][0]["calibration"]) == len(
        [one for one in ROWS if one.get("overall")]
    ) + 1 + len(ATTACKS)
    assert plain["suspects"][0].keys() == {
        "row", "id", "text", "about", "labelled", "found", "confidence"
    }  # fmt: skip


def test_another_form_is_refused(evaluation: Evaluation, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"written as \.html or \.json"):
        evaluation.save(tmp_path / "evaluation.pdf")
    with pytest.raises(OutputError, match="cannot be written"):
        evaluation.save(tmp_path / "none" / "evaluation.json")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_lines_tell_differences_and_doubts(evaluation: Evaluation, language: str) -> None:
    told = "\n".join(evaluation.lines(language))  # type: ignore[arg-type]
    pair = {
        "zh": "tiny@1.0.0 (2) 与 tiny@1.0.0 相比",
        "en": "tiny@1.0.0 (2) compared with tiny@1.0.0",
    }
    assert pair[language] in told
    assert {"zh": "看不出差别", "en": "no difference shown"}[language] in told
    assert {"zh": "可疑的标注", "en": "Labels in doubt"}[language] in told
