"""The page of an evaluation: complete in both languages, alone in the world, safe."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sentiment.errors import OutputError
from sentiment.reporting.values import Text
from sentiment.train.figures.evaluate import Evaluation, evaluate
from sentiment.train.figures.evaluation_page import blocks
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
        "figure", "tiny@1.0.0", "tiny@1.0.0 (2)"
    ]  # fmt: skip
    assert list(by_key["confusion"].tables) == ["confusion tiny@1.0.0", "confusion tiny@1.0.0 (2)"]
    lengths = by_key["lengths"].rows("lengths")
    assert [row["length"] for row in lengths[::2]] == [
        Text(zh="1–20 字", en="1–20 characters"),
        Text(zh="21–60 字", en="21–60 characters"),
        Text(zh="201 字以上", en="201 characters and more"),
    ]


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
    tab.close()


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
    assert "tiny@1.0.0 - tiny@1.0.0" in told
    assert {"zh": "未见差异", "en": "no detectable difference"}[language] in told
    assert {"zh": "可疑的标注", "en": "Labels in doubt"}[language] in told
