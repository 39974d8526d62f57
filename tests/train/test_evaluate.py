from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import sentiment
from sentiment.analyzer import Analyzer, load
from sentiment.errors import InputError, LabelError, ModelError, SentimentError
from sentiment.reporting.values import Language
from sentiment.taxonomy import Taxonomy
from sentiment.train.figures.evaluate import evaluate, rate_of
from sentiment.train.figures.suspects import Suspect
from sentiment.train.rows.faults import tell

ROWS: list[dict[str, Any]] = [
    {"text": "物流很快", "lang": "zh", "overall": "positive",
     "opinions": [{"driver": "delivery.speed", "polarity": "positive", "evidence": "物流很快"}],
     "tags": []},
    {"text": "质量太差了", "lang": "zh", "overall": "negative", "opinions": None, "tags": None},
    {"text": "It broke after a day", "lang": "en", "overall": "negative",
     "topics": {"quality": "negative"}},
    {"text": "Just a note", "lang": "en"},
]  # fmt: skip


def labelled(path: Path, rows: list[Any]) -> Path:
    lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def test_figures_of_all_rows_and_of_each_language(tiny: Path, tmp_path: Path) -> None:
    path = labelled(tmp_path / "gold.jsonl", ROWS)
    found = sentiment.evaluate([tiny, str(tiny)], path)
    assert found.rows == 3  # of the fourth nothing is labelled
    assert [model.name for model in found.models] == ["tiny@1.0.0"] * 2
    assert len(repr(found)) < 400  # fits a screen
    one, two = found.models
    assert one.by_language == two.by_language
    assert list(one.by_language) == ["all", "zh", "en"]
    assert [figures.rows for figures in one.by_language.values()] == [3, 2, 1]
    analyses = sentiment.load(tiny).analyze_batch(row["text"] for row in ROWS)
    right = sum(
        analysis.sentiment == row["overall"]
        for row, analysis in zip(ROWS, analyses, strict=True)
        if "overall" in row
    )
    assert one.by_language["all"].overall_accuracy == pytest.approx(right / 3)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_tables_can_be_read(tiny: Path, tmp_path: Path, language: Language) -> None:
    lines = evaluate(tiny, labelled(tmp_path / "gold.jsonl", ROWS)).lines(language)
    told = "\n".join(lines)
    heading = {"en": "overall accuracy (4 classes)", "zh": "总体情感准确率（四类）"}[language]
    assert heading in told
    assert "tiny@1.0.0" in told
    assert {"en": "quality · negative", "zh": "质量 · 负面"}[language] in told
    assert {"en": "Chinese", "zh": "中文"}[language] in told
    assert {"en": "gold.jsonl: 3 rows", "zh": "gold.jsonl：3 行"}[language] in lines[0]
    # Columns end in one line: a Chinese character takes two places.
    tables = [line for line in lines if line.startswith(("rows", "行数", heading))]
    widths = {sum(1 + (letter > "\u2e7f") for letter in line) for line in tables}
    assert len(widths) == 1


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_word_of_the_other_language_stands_in_the_lines(
    tiny: Path, tmp_path: Path, language: Language
) -> None:
    path = labelled(
        tmp_path / "gold.jsonl",
        [
            {"text": "质量太差，太差了", "overall": "positive", "opinions": [], "tags": []},
            {"text": "物流很快", "overall": "positive", "opinions": ROWS[0]["opinions"],
             "tags": [{"tag": "recommend", "polarity": "positive"}]},
        ],
    )  # fmt: skip
    doubt = Suspect(1, None, "质量太差，太差了", "sentiment", "positive", "negative", 0.7)
    found = dataclasses.replace(evaluate([tiny, tiny], path), suspects=(doubt,))
    told = "\n".join(line.partition("质量太差")[0] for line in found.lines(language)[1:])
    letters = told.replace("tiny@1.0.0", "").replace("sentiment score", "")
    if language == "zh":
        assert set(re.findall("[A-Za-z]+", letters)) <= {"F", "ECE"}
    else:
        assert not re.search("[\u4e00-\u9fff]", letters)


def test_several_models_stand_side_by_side(tiny: Path, tmp_path: Path) -> None:
    path = labelled(tmp_path / "gold.jsonl", ROWS * 6)
    one, two = ("\n".join(evaluate(models, path).lines()) for models in (tiny, [tiny, tiny]))
    assert re.search(r"^Sentiment +labelled +found +right +F1$", one, re.MULTILINE)
    assert re.search(
        r"^Sentiment +labelled +F1 tiny@1\.0\.0 +F1 tiny@1\.0\.0 \(2\)$", two, re.MULTILINE
    )
    (class_line,) = re.findall(r"^  negative .*$", two, re.MULTILINE)
    assert len(class_line.split()) == 4


def test_figures_of_a_handful_are_bracketed_and_said_to_be(tiny: Path, tmp_path: Path) -> None:
    few = evaluate(tiny, labelled(tmp_path / "few.jsonl", ROWS[:1])).lines()
    assert few[0].endswith("few.jsonl: 1 row")
    (line,) = [line for line in few if line.startswith("overall accuracy")]
    assert re.fullmatch(r"\([\d.]+\)", line.split()[-1])
    assert any("fewer than 10 labels" in line for line in few)
    many = evaluate(tiny, labelled(tmp_path / "many.jsonl", ROWS[:1] * 10)).lines()
    (line,) = [line for line in many if line.startswith("overall accuracy")]
    assert re.fullmatch(r"[\d.]+", line.split()[-1])


def test_a_speed_is_told_of_a_second_and_more(tiny: Path, tmp_path: Path) -> None:
    assert rate_of(97, 0.03) is None
    assert rate_of(3000, 1.5) == 2000
    found = evaluate(tiny, labelled(tmp_path / "gold.jsonl", ROWS))
    assert found.to_dict()["models"][0]["rate"] is None
    assert "No speed is given" in found.lines()[-1]
    assert found.lines("zh")[-1].startswith("未给出速度")
    assert found.to_html().count("No speed is given") == 1
    assert "rows a second" not in found.to_html()
    (model,) = found.models
    timed = dataclasses.replace(found, models=(dataclasses.replace(model, rate=1234.4),))
    assert "No speed is given" not in timed.lines()[-1] + timed.to_html()
    assert re.search(r"^rows a second +1,234$", "\n".join(timed.lines()), re.MULTILINE)
    assert ">1,234<" in timed.to_html()


def test_rows_that_were_chosen_are_no_sample_and_are_said_to_be_none(
    tiny: Path, tmp_path: Path
) -> None:
    rows = [{**row, "sampling": "chosen"} for row in ROWS]
    found = evaluate(tiny, labelled(tmp_path / "chosen.jsonl", rows))
    assert found.to_dict()["chosen"]
    assert "label --random" in found.lines("en")[1]
    assert "label --random" in found.lines("zh")[1]
    assert found.to_html().count("label --random") == 2
    drawn = [{**row, "sampling": "random"} for row in ROWS]
    for plain in (ROWS, drawn):
        found = evaluate(tiny, labelled(tmp_path / "plain.jsonl", plain))
        assert not found.chosen
        assert "label --random" not in found.to_html() + "".join(found.lines())


def test_plain_data_holds_everything(tiny: Path, tmp_path: Path) -> None:
    plain = evaluate(tiny, labelled(tmp_path / "gold.jsonl", ROWS)).to_dict()
    assert json.loads(json.dumps(plain)) == plain
    assert plain["models"][0]["languages"]["zh"]["rows"] == 2


def test_a_table_with_topics_is_accepted(tiny: Path, tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(
        "Text,Sentiment,quality,delivery\n物流很快,positive,,positive\n质量太差了,,negative,absent\n",
        encoding="utf-8",
    )
    (model,) = evaluate(tiny, path).models
    figures = model.by_language["all"]
    assert figures.rows == 2
    assert sum(figures.sentiments[name].labelled for name in figures.sentiments) == 1
    assert figures.topics["delivery:positive"].labelled == 1
    assert figures.topics["quality:negative"].labelled == 1


def test_the_text_may_stand_in_a_column_of_another_name(tiny: Path, tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(
        "客户说的话,sentiment\n物流很快,positive\n质量太差了,negative\n", encoding="utf-8"
    )
    with pytest.raises(LabelError, match="or name it with --text"):
        evaluate(tiny, path)
    assert evaluate(tiny, path, text="客户说的话").rows == 2
    with pytest.raises(LabelError, match="no column 评论, in which --text says the text is"):
        evaluate(tiny, path, text="评论")


def test_what_is_wrong_is_listed_in_the_language_of_the_user(tiny: Path, tmp_path: Path) -> None:
    path = labelled(tmp_path / "gold.jsonl", [{"text": "x", "overall": "great"}, {"text": ""}])
    with pytest.raises(LabelError) as raised:
        evaluate(tiny, path, language="zh")
    heading, *lines = str(raised.value).splitlines()
    assert heading.endswith("需要修改 2 处：")
    assert lines[0].startswith("  第 1 行：overall 'great' 不是")
    assert lines[1] == "  第 2 行：没有文本"


def test_rows_without_labels_are_not_counted_and_keep_their_numbers(
    tiny: Path, tmp_path: Path
) -> None:
    tag = {"tag": "recommend", "polarity": "positive"}
    path = labelled(
        tmp_path / "gold.jsonl",
        [
            {"text": "nothing said of it"},
            {"text": "质量太差，太差了", "opinions": [], "overal": "negative"},
            {"text": "会推荐给朋友", "tags": [tag]},
        ],
    )
    found = evaluate(tiny, path)
    assert found.rows == 2
    assert {suspect.row for suspect in found.suspects} == {2}
    assert tell(found.warnings, "en", found.unit) == [
        "the field overal is not read; did you mean overall?",
        "line 1: nothing is labelled; the row is not used",
    ]


OWN = Taxonomy.from_dict(
    {
        "extends": "default",
        "topics": {"food": {"zh": "餐饮", "en": "food"}},
        "drivers": {"food.taste": {"zh": "口味", "en": "taste"}},
    }
)


def test_what_only_one_model_has_a_name_for_may_be_labelled(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taste = {"driver": "food.taste", "polarity": "positive"}
    path = labelled(
        tmp_path / "gold.jsonl", [{"text": "味道很香", "overall": "positive", "opinions": [taste]}]
    )
    with pytest.raises(LabelError, match=r"no driver 'food\.taste'"):
        evaluate(tiny, path)

    def opened(name: object, **_: Any) -> Analyzer:
        return load(tiny, taxonomy=OWN if name == "own" else None)

    monkeypatch.setattr("sentiment.analyzer.load", opened)
    found = evaluate(["own", tiny], path)
    for model in found.models:
        assert model.figures.drivers["food.taste:positive"].labelled == 1
    assert any("餐饮：口味 · 正面" in line for line in found.lines("zh"))
    assert "food: taste · positive" in found.to_html()


def told(path: Path, error: type[SentimentError], match: str, models: Any) -> None:
    with pytest.raises(error, match=match) as raised:
        evaluate(models, path)
    assert str(raised.value)


WRONG: list[tuple[str, type[SentimentError], str]] = [
    ("", LabelError, "no row"),
    ('{"text": "x"}\n', LabelError, "no row is labelled"),
    ('{"text": "x", "overall": "great"}\n', LabelError, "line 1: overall 'great' is none of"),
    ('{"text": ""}\n', LabelError, "line 1: no text"),
    ('{"txt": "x"}\n', LabelError, "line 1: no text"),
    (
        '{"text": "x", "opinions": [{"driver": "", "polarity": "positive"}]}\n',
        LabelError,
        "an entry of opinions has no driver",
    ),
    ('{"text": "x", "opinions": ["price"]}\n', LabelError, "line 1"),
    ('{"text": "x", "opinions": 7}\n', LabelError, "line 1"),
    ('{"text": "x", "tags": {"trust": "positive"}}\n', LabelError, "line 1"),
    ('{"text": "x", "topics": {"price": "cheap"}}\n', LabelError, "price: 'cheap' is none of"),
    ('{"text": "x", "topics": ["price"]}\n', LabelError, "line 1"),
    ('{"text": "x", "overall": ["positive"]}\n', LabelError, "line 1"),
    ('{"text": "x", "overall": "positive"', LabelError, "line 1: not JSON"),
    ("[1]\n", LabelError, "not a JSON object"),
]


@pytest.mark.parametrize(("content", "error", "match"), WRONG)
def test_wrong_json_lines_are_told(
    tiny: Path, tmp_path: Path, content: str, error: type[SentimentError], match: str
) -> None:
    path = tmp_path / "gold.jsonl"
    path.write_text(content, encoding="utf-8")
    told(path, error, match, tiny)


TABLES = [
    ("text,stars\nx,1\n", "no labels: add a column sentiment"),
    ("stars,sentiment\nx,positive\n", "no column holds the text; the columns are stars, sentiment"),
    ("text,sentiment\nx,great\n", "row 1: sentiment 'great' is none of"),
    ("text,sentiment\n ,positive\n", "row 1: no text"),
    ("text,quality\nx,good\n", "row 1: quality: 'good' is none of"),
    ("text,sentiment\nx,\n", "no row is labelled"),
]


@pytest.mark.parametrize(("content", "match"), TABLES)
def test_wrong_tables_are_told(tiny: Path, tmp_path: Path, content: str, match: str) -> None:
    path = tmp_path / "gold.csv"
    path.write_text(content, encoding="utf-8")
    told(path, LabelError, match, tiny)


def test_many_rows_of_one_fault_are_one_line(tiny: Path, tmp_path: Path) -> None:
    path = labelled(tmp_path / "gold.jsonl", [{"text": "x", "overall": "great"}] * 50)
    with pytest.raises(LabelError, match="50 faults") as raised:
        evaluate(tiny, path)
    assert str(raised.value).count("\n") == 1
    assert "lines 1-50: overall 'great' is none of" in str(raised.value)


def test_a_file_that_is_not_there_or_is_a_folder(tiny: Path, tmp_path: Path) -> None:
    told(tmp_path / "none.jsonl", InputError, "no such file", tiny)
    told(tmp_path, InputError, r"director|folder", tiny)
    (tmp_path / "folder.jsonl").mkdir()
    told(tmp_path / "folder.jsonl", InputError, "cannot be read", tiny)
    (tmp_path / "binary.jsonl").write_bytes(b"\x80\x81\xff\x00")
    told(tmp_path / "binary.jsonl", InputError, "cannot be read", tiny)


def test_models_that_are_none(tmp_path: Path) -> None:
    path = labelled(tmp_path / "gold.jsonl", ROWS)
    told(path, ModelError, "There is no model 'unheard'", "unheard")
    told(path, ModelError, "There is no model 'unheard'", ["unheard"])
    told(path, InputError, "name at least one model", [])
    told(path, InputError, "named by a string or a path", [7])
    told(path, InputError, "or a list of them, not a int", 7)


def test_an_analyzer_is_a_model_too(analyzer: Analyzer, tiny: Path, tmp_path: Path) -> None:
    path = labelled(tmp_path / "gold.jsonl", ROWS)
    one, two = evaluate([analyzer, tiny], path).models
    assert one.figures == two.figures
    assert evaluate(analyzer, path).models[0].figures == one.figures


def test_arguments_of_another_kind_are_told(tiny: Path, tmp_path: Path) -> None:
    path = labelled(tmp_path / "gold.jsonl", ROWS)
    wrong: Any = "fr"
    with pytest.raises(InputError, match="language 'fr' is none of zh, en"):
        evaluate(tiny, path, language=wrong)
    frame: Any = pd.DataFrame(ROWS)
    with pytest.raises(InputError, match="read from a file's path, not a DataFrame"):
        evaluate(tiny, frame)
