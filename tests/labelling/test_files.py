"""Tasks in three formats: written, worked on by a person, read back."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.errors import InputError, LabelError, OutputError
from sentiment.labelling import files, studio
from sentiment.labelling.labels import Labelled
from sentiment.labelling.task import Sampling, Task
from sentiment.labelling.words import name_in, shown_name
from sentiment.records import Analysis
from sentiment.taxonomy import Taxonomy
from sentiment.train.rows.labelled import read_labelled_file
from sentiment.wording import Tongue
from tests.labelling.rows import BLANK, FAST, LATE, ROWS, analysis

TAXONOMY = Taxonomy.default()
FORMS = (".xlsx", ".jsonl", ".json")
TONGUES: tuple[Tongue, ...] = ("zh", "en")
YES = {"zh": "是", "en": "yes"}
NOTHING = {"overall": None, "opinions": None, "tags": None}


def written(
    folder: Path, form: str, tongue: Tongue = "en", rows: list[Analysis] = ROWS,
    sampling: Sampling = "chosen",
) -> Path:  # fmt: skip
    path = folder / f"todo{form}"
    tasks = [Task.of(row, "shop", sampling) for row in rows]
    path.write_bytes(files.render(tasks, path, TAXONOMY, tongue))
    return path


def edit_sheet(path: Path, change: Callable[[Any, dict[str, int]], None]) -> None:
    """Open a workbook as a spreadsheet program would, change it, save it."""
    from openpyxl import load_workbook

    book = load_workbook(path)
    sheet = book.worksheets[0]
    columns = {str(cell.value): int(cell.column or 0) for cell in sheet[1]}
    change(sheet, columns)
    book.save(path)


def edit_json(path: Path, change: Callable[[Any], None]) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def edit_lines(path: Path, change: Callable[[list[Any]], None]) -> None:
    content = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
    change(content)
    lines = (json.dumps(line, ensure_ascii=False) + "\n" for line in content)
    path.write_text("".join(lines), encoding="utf-8")


def confirm(path: Path, tongue: Tongue, rows: int) -> None:
    """Take over every suggestion as it stands."""
    if path.suffix == ".xlsx":

        def say_yes(sheet: Any, columns: dict[str, int]) -> None:
            for row in range(2, rows + 2):
                sheet.cell(row, columns["done" if tongue == "en" else "已标注"]).value = YES[tongue]

        edit_sheet(path, say_yes)
    elif path.suffix == ".json":

        def submit(tasks: list[Any]) -> None:
            for number, task in enumerate(tasks, start=1):
                (prediction,) = task["predictions"]
                task |= {"id": number, "annotations": [{"result": prediction["result"]}]}

        edit_json(path, submit)
    else:

        def fill(lines: list[Any]) -> None:
            for line in lines:
                suggested = line["suggested"]
                keys = ("driver", "tag", "polarity", "evidence")
                line["overall"] = suggested["overall"]
                for field in ("opinions", "tags"):
                    found = suggested[field]
                    line[field] = [{k: one[k] for k in keys if k in one} for one in found]

        edit_lines(path, fill)


def said(one: Labelled) -> dict[str, Any]:
    line = one.to_dict()
    return {key: line[key] for key in ("text", "overall", "opinions", "tags")}


@pytest.mark.parametrize("tongue", TONGUES)
@pytest.mark.parametrize("form", FORMS)
def test_a_suggestion_that_nobody_confirmed_is_no_label(
    tmp_path: Path, form: str, tongue: Tongue
) -> None:
    path = written(tmp_path, form, tongue)
    assert files.is_tasks(path)
    labelled = files.read_labels(path, TAXONOMY)
    assert [one.state for one in labelled] == ["open"] * 3
    assert [one.text for one in labelled] == [FAST, LATE, BLANK]
    assert all(said(one) == {"text": one.text} | NOTHING for one in labelled)
    assert files.labelled_lines(labelled) == b""


@pytest.mark.parametrize("tongue", TONGUES)
@pytest.mark.parametrize("form", FORMS)
def test_what_was_confirmed_comes_back_the_same_from_every_format(
    tmp_path: Path, form: str, tongue: Tongue
) -> None:
    path = written(tmp_path, form, tongue)
    confirm(path, tongue, 3)
    labelled = files.read_labels(path, TAXONOMY)
    assert [said(one) for one in labelled] == [
        {"text": FAST, "overall": "negative", "tags": _no_tags(form, FAST), "opinions": [
            {"driver": "delivery.speed", "polarity": "positive", "evidence": "物流很快"},
            {"driver": "quality.general", "polarity": "negative", "evidence": "质量太差"},
        ]},
        {"text": LATE, "overall": "negative",
         "opinions": [
             {"driver": "delivery.speed", "polarity": "negative", "evidence": "came =late="}],
         "tags": [
             {"tag": "recommend", "polarity": "negative", "evidence": "recommend it to no one"}]},
        {"text": BLANK, "overall": "neutral", "opinions": [], "tags": _no_tags(form, BLANK)},
    ]  # fmt: skip
    assert [one.origin["row"] for one in labelled] == [1, 2, 3]
    assert dict(labelled[0].origin) | {"question": None} == {
        "id": "A-0001", "row": 1, "question": None, "lang": "zh", "source": "shop",
        "sampling": "chosen",
    }  # fmt: skip


def _no_tags(form: str, text: str) -> list[Any] | None:
    # A row of a workbook that names nothing says nothing of tags either: it may be topics alone.
    return None if form == ".xlsx" and text == BLANK else []


@pytest.mark.parametrize("form", FORMS)
def test_training_reads_the_labels(tmp_path: Path, form: str) -> None:
    path = written(tmp_path, form)
    confirm(path, "en", 3)
    back = tmp_path / "labelled.jsonl"
    back.write_bytes(files.labelled_lines(files.read_labels(path, TAXONOMY)))
    examples = read_labelled_file(back)
    assert [example.overall for example in examples] == ["negative", "negative", "neutral"]
    assert [example.language for example in examples] == ["zh", "en", "en"]
    assert (examples[0].topics or {})["delivery"] == "positive"
    assert examples[2].opinions == ()


def test_training_takes_no_label_from_tasks_that_are_not_labelled(tmp_path: Path) -> None:
    examples = read_labelled_file(written(tmp_path, ".jsonl"))
    assert all((one.overall, one.opinions, one.topics) == (None, None, None) for one in examples)


@pytest.mark.parametrize("form", FORMS)
def test_a_random_sample_keeps_its_mark_and_its_gaps(tmp_path: Path, form: str) -> None:
    path = written(tmp_path, form, sampling="random")
    lines = files.labelled_lines(files.read_labels(path, TAXONOMY)).decode().splitlines()
    records = [json.loads(line) for line in lines]
    assert [record["sampling"] for record in records] == ["random"] * 3
    assert [record["opinions"] for record in records] == [None] * 3


@pytest.mark.parametrize("form", FORMS)
def test_the_same_tasks_are_the_same_bytes(tmp_path: Path, form: str) -> None:
    first = written(tmp_path, form).read_bytes()
    assert written(tmp_path, form).read_bytes() == first


# ---------------------------------------------------------------- the workbook


def labels_of(path: Path, change: Callable[[Any, dict[str, int]], None]) -> list[Labelled]:
    edit_sheet(path, change)
    return files.read_labels(path, TAXONOMY)


def cell(sheet: Any, columns: dict[str, int], row: int, name: str, value: Any) -> None:
    sheet.cell(row, columns[name]).value = value


def test_drop_down_lists_offer_what_may_stand_there(tmp_path: Path) -> None:
    from openpyxl import load_workbook

    book = load_workbook(written(tmp_path, ".xlsx"))
    sheet, _, lists = book.worksheets
    assert lists.sheet_state == "hidden"
    offered: dict[str, list[str]] = {}
    for choice in sheet.data_validations.dataValidation:
        area = choice.formula1.partition("!")[2].replace("$", "")
        values = [str(one[0].value) for one in lists[area]]
        for cells in choice.sqref.ranges:
            offered[str(sheet.cell(1, cells.min_col).value)] = values
            assert (cells.min_row, cells.max_row) == (2, 4)
    assert offered["done"] == ["yes", "skip"]
    assert offered["sentiment"] == ["negative", "neutral", "positive", "mixed"]
    for topic in TAXONOMY.topics:
        assert offered[topic] == ["absent", "negative", "neutral", "positive", "mixed"]
    names = [name_in(shown) for shown in offered["driver 1"]]
    assert names == [*TAXONOMY.drivers, *TAXONOMY.tags]
    assert offered["polarity 5"] == ["negative", "neutral", "positive"]


def test_a_text_is_never_a_formula(tmp_path: Path) -> None:
    text = '=HYPERLINK("http://x","y")'
    path = written(tmp_path, ".xlsx", rows=[analysis(1, text)])
    with zipfile.ZipFile(path) as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")
    (one,) = files.read_labels(path, TAXONOMY)
    assert one.text == text


@given(
    st.lists(
        st.text(st.characters(codec="utf-8"), min_size=1).filter(str.strip),
        min_size=1, max_size=3,
    ),
    st.sampled_from(FORMS),
)  # fmt: skip
def test_any_text_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], form: str
) -> None:
    rows = [analysis(number, text) for number, text in enumerate(texts, start=1)]
    path = written(tmp_path_factory.mktemp("any"), form, rows=rows)
    assert [one.text for one in files.read_labels(path, TAXONOMY)] == texts


def test_a_topic_may_be_labelled_without_its_drivers(tmp_path: Path) -> None:
    def change(sheet: Any, columns: dict[str, int]) -> None:
        for name, at in columns.items():
            if name.split()[0] in ("driver", "polarity", "evidence"):
                sheet.cell(2, at).value = None
        cell(sheet, columns, 2, "price", None)
        cell(sheet, columns, 2, "done", "yes")

    one = labels_of(written(tmp_path, ".xlsx"), change)[0]
    assert one.opinions is one.tags is None
    assert one.topics == {"quality": "negative", "service": "absent", "delivery": "positive"}
    assert one.to_dict()["topics"] == one.topics


def test_skipped_rows_hold_no_label(tmp_path: Path) -> None:
    def change(sheet: Any, columns: dict[str, int]) -> None:
        cell(sheet, columns, 2, "done", "skip")
        cell(sheet, columns, 3, "done", "YES ")

    labelled = labels_of(written(tmp_path, ".xlsx"), change)
    assert [one.state for one in labelled] == ["skipped", "done", "open"]
    assert labelled[0].overall is None


def test_every_slip_is_told_at_once(tmp_path: Path) -> None:
    def change(sheet: Any, columns: dict[str, int]) -> None:
        for row in (2, 3, 4):
            cell(sheet, columns, row, "done", "yes")
        cell(sheet, columns, 2, "driver 1", "delivery.sped")
        cell(sheet, columns, 2, "sentiment", "awful")
        cell(sheet, columns, 2, "evidence 2", "not there")
        cell(sheet, columns, 3, "delivery", "positive")
        cell(sheet, columns, 3, "polarity 2", None)
        for name in ("sentiment", *TAXONOMY.topics):
            cell(sheet, columns, 4, name, None)

    with pytest.raises(LabelError) as raised:
        labels_of(written(tmp_path, ".xlsx"), change)
    told = str(raised.value)
    assert "6 entries to mend, nothing was written" in told
    assert "row 2: no driver is called 'delivery.sped'; did you mean delivery.speed?" in told
    assert "row 2: sentiment 'awful' is none of negative, neutral, positive, mixed" in told
    assert "row 2: quality.general: the evidence 'not there' is not in the text" in told
    assert "row 3: group 2 has a driver and no polarity" in told
    assert "row 3: delivery is positive, and by its drivers it is negative" in told
    assert "row 4: is marked as done and says nothing" in told


def test_slips_are_told_in_chinese_too(tmp_path: Path) -> None:
    path = written(tmp_path, ".xlsx", "zh")

    def change(sheet: Any, columns: dict[str, int]) -> None:
        for row in (2, 3):
            cell(sheet, columns, row, "已标注", "是")
        cell(sheet, columns, 2, "驱动因素 1", "delivery.sped 配送")
        cell(sheet, columns, 3, "配送", "正面")

    edit_sheet(path, change)
    with pytest.raises(LabelError) as raised:
        files.read_labels(path, TAXONOMY, "zh")
    heading, first, second = str(raised.value).split("\n")
    assert heading.endswith("有 2 处需要改正，没有写出任何内容：")
    assert first == "第 2 行：没有名为 'delivery.sped' 的驱动因素；是否应为 delivery.speed？"
    assert second == "第 3 行：delivery 标为positive，而按其驱动因素应为negative"


@pytest.mark.parametrize(
    ("typed", "state"),
    [("y", "done"), ("X", "done"), ("1", "done"), ("✓", "done"), ("no", "open"), ("否", "open")],
)
def test_what_people_type_in_done_is_understood(tmp_path: Path, typed: str, state: str) -> None:
    labelled = labels_of(written(tmp_path, ".xlsx"), lambda s, c: cell(s, c, 2, "done", typed))
    assert labelled[0].state == state


def test_a_word_in_done_that_is_no_choice_is_told(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="row 3: 'perhaps' in the column done is neither"):
        labels_of(written(tmp_path, ".xlsx"), lambda s, c: cell(s, c, 3, "done", "perhaps"))


def test_a_row_that_is_done_and_lost_its_text_is_told(tmp_path: Path) -> None:
    def change(sheet: Any, columns: dict[str, int]) -> None:
        for row in (3, 4):
            cell(sheet, columns, row, "text", None)
        cell(sheet, columns, 3, "done", "yes")

    with pytest.raises(LabelError) as raised:
        labels_of(written(tmp_path, ".xlsx"), change)
    assert "row 3: is labelled and its text is empty" in str(raised.value)
    assert "row 4" not in str(raised.value)


@pytest.mark.parametrize(
    ("heading", "renamed", "told"),
    [
        ("driver 1", "first driver", "the column driver 1 is missing or was renamed"),
        ("evidence 2", "why", "the column evidence 2 is missing or was renamed"),
        ("price", "cost", "the column cost holds labels and is none that is known"),
    ],
)
def test_a_renamed_heading_loses_no_label(
    tmp_path: Path, heading: str, renamed: str, told: str
) -> None:
    def change(sheet: Any, columns: dict[str, int]) -> None:
        cell(sheet, columns, 1, heading, renamed)
        cell(sheet, columns, 2, "done", "yes")

    with pytest.raises(InputError, match=told):
        labels_of(written(tmp_path, ".xlsx"), change)


def test_a_whole_group_renamed_loses_no_label(tmp_path: Path) -> None:
    def change(sheet: Any, columns: dict[str, int]) -> None:
        for part in ("driver", "polarity", "evidence"):
            cell(sheet, columns, 1, f"{part} 2", f"{part} b")
        cell(sheet, columns, 2, "done", "yes")

    with pytest.raises(InputError, match="the column driver b holds labels"):
        labels_of(written(tmp_path, ".xlsx"), change)


@pytest.mark.parametrize("note", ["ask Li about this one", "negative", "trust issues", "trust"])
def test_a_column_of_ones_own_may_stand_beside(tmp_path: Path, note: str) -> None:
    def change(sheet: Any, columns: dict[str, int]) -> None:
        own = {"second reader": len(columns) + 1}
        cell(sheet, own, 1, "second reader", "second reader")
        cell(sheet, own, 2, "second reader", note)
        cell(sheet, columns, 2, "done", "yes")

    assert labels_of(written(tmp_path, ".xlsx"), change)[0].state == "done"


def test_a_topic_of_a_taxonomy_that_was_not_named_is_told(tmp_path: Path) -> None:
    own = Taxonomy.from_dict(
        {
            "extends": "default",
            "topics": {"adverts": {"zh": "广告", "en": "adverts"}},
            "drivers": {"adverts.many": {"zh": "太多", "en": "too many"}},
        }
    )
    path = tmp_path / "todo.xlsx"
    path.write_bytes(files.render([Task.of(ROWS[2], "shop", "chosen")], path, own, "en"))

    def change(sheet: Any, columns: dict[str, int]) -> None:
        cell(sheet, columns, 2, "adverts", "negative")
        cell(sheet, columns, 2, "done", "yes")

    with pytest.raises(InputError, match="the column adverts holds labels"):
        labels_of(path, change)
    assert files.read_labels(path, own)[0].topics == {
        "quality": "absent", "price": "absent", "service": "absent", "delivery": "absent",
        "adverts": "negative",
    }  # fmt: skip


def test_the_same_said_twice_of_one_driver_is_one_opinion(tmp_path: Path) -> None:
    def change(sheet: Any, columns: dict[str, int]) -> None:
        cell(sheet, columns, 2, "done", "yes")
        for part, value in (
            ("driver", "quality.general"),
            ("polarity", "negative"),
            ("evidence", "差"),
        ):
            cell(sheet, columns, 2, f"{part} 3", value)
        cell(sheet, columns, 2, "evidence 2", None)

    one = labels_of(path := written(tmp_path, ".xlsx"), change)[0]
    assert one.opinions == (
        ("delivery.speed", "positive", "物流很快"),
        ("quality.general", "negative", "差"),
    )
    labelled = path.with_name("labelled.jsonl")
    labelled.write_bytes(files.labelled_lines([one]))
    assert len(read_labelled_file(labelled)) == 1


def test_a_tag_alone_says_nothing_of_topics_that_are_not_labelled(tmp_path: Path) -> None:
    def change(sheet: Any, columns: dict[str, int]) -> None:
        for name, at in columns.items():
            if name.split()[0] in ("driver", "polarity", "evidence", *TAXONOMY.topics):
                sheet.cell(2, at).value = None
        cell(sheet, columns, 2, "driver 1", "recommend")
        cell(sheet, columns, 2, "polarity 1", "positive")
        cell(sheet, columns, 2, "done", "yes")

    one = labels_of(written(tmp_path, ".xlsx"), change)[0]
    assert one.opinions is one.topics is None
    assert one.tags == (("recommend", "positive", None),)


def test_several_sheets_of_tasks_are_told(tmp_path: Path) -> None:
    from openpyxl import load_workbook

    path = written(tmp_path, ".xlsx")
    book = load_workbook(path)
    book.copy_worksheet(book.worksheets[0]).title = "Bo"
    book.save(path)
    assert files.is_tasks(path)
    with pytest.raises(InputError, match=r"holds several sheets of tasks \(label, Bo\)"):
        files.read_labels(path, TAXONOMY)


def test_a_formula_without_its_result_is_told(tmp_path: Path) -> None:
    def change(sheet: Any, columns: dict[str, int]) -> None:
        cell(sheet, columns, 2, "done", "yes")
        cell(sheet, columns, 2, "sentiment", '=LOWER("POSITIVE")')

    with pytest.raises(LabelError, match="row 2: the column sentiment holds a formula"):
        labels_of(written(tmp_path, ".xlsx"), change)

    def confirm_by_formula(sheet: Any, columns: dict[str, int]) -> None:
        cell(sheet, columns, 3, "done", '="yes"')

    with pytest.raises(LabelError, match="row 3: the column done holds a formula"):
        labels_of(written(tmp_path, ".xlsx"), confirm_by_formula)


def test_a_title_above_the_headings_hides_no_task(tmp_path: Path) -> None:
    def change(sheet: Any, columns: dict[str, int]) -> None:
        cell(sheet, columns, 2, "done", "yes")
        cell(sheet, columns, 3, "done", "perhaps")
        sheet.insert_rows(1)
        sheet.cell(1, 1).value = "Round 1"

    path = written(tmp_path, ".xlsx")
    with pytest.raises(LabelError, match="row 4: 'perhaps'"):
        labels_of(path, change)
    assert files.is_tasks(path)


def test_capitals_of_a_topic_heading_do_not_matter(tmp_path: Path) -> None:
    def change(sheet: Any, columns: dict[str, int]) -> None:
        cell(sheet, columns, 1, "price", "PRICE")
        cell(sheet, columns, 2, "done", "yes")

    assert labels_of(written(tmp_path, ".xlsx"), change)[0].state == "done"


def test_a_topic_called_as_a_column_is_refused_in_a_workbook(tmp_path: Path) -> None:
    for topic in ({"done": {}}, {"site": {"zh": "文本", "en": "text"}}):
        (name,) = topic
        drivers = {f"{name}.one": {"zh": "一", "en": "one"}}
        own = Taxonomy.from_dict({"topics": topic, "drivers": drivers})
        task = Task.of(ROWS[2], "shop", "chosen")
        with pytest.raises(LabelError, match="a topic is called"):
            files.render([task], tmp_path / "todo.xlsx", own, "en")
        assert files.render([task], tmp_path / "todo.jsonl", own, "en")


def test_a_text_too_long_for_a_cell_is_told(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match=r"row 7: its text does not fit .* write \.jsonl instead"):
        written(tmp_path, ".xlsx", rows=[analysis(7, "long " * 10_000)])


def test_a_sheet_explains_every_driver_and_tag(tmp_path: Path) -> None:
    from openpyxl import load_workbook

    for tongue in TONGUES:
        guide = load_workbook(written(tmp_path, ".xlsx", tongue)).worksheets[1]
        told = {str(row[0].value): str(row[1].value) for row in guide.iter_rows()}
        for name in (*TAXONOMY.topics, *TAXONOMY.drivers, *TAXONOMY.tags):
            shown = shown_name(name, TAXONOMY, tongue)
            assert told[shown] not in ("", "None"), shown


# ---------------------------------------------------------------- Label Studio


def test_the_interface_offers_every_name_that_the_predictions_use(tmp_path: Path) -> None:
    for tongue in TONGUES:
        root = ElementTree.fromstring(studio.interface(TAXONOMY, tongue))
        controls = {one.get("name"): one for one in root.iter() if one.get("toName")}
        values = {name: {one.get("value") for one in control} for name, control in controls.items()}
        assert [name_in(str(one.get("value"))) for one in controls["name"]] == [
            *TAXONOMY.drivers, *TAXONOMY.tags
        ]  # fmt: skip
        for task in json.loads(written(tmp_path, ".json", tongue).read_text(encoding="utf-8")):
            for result in task["predictions"][0]["result"]:
                value = result["value"]
                assert set(value.get("labels") or value["choices"]) <= values[result["from_name"]]
                assert result["to_name"] == "text"
                if "start" in value:
                    text = task["data"]["text"]
                    assert text[value["start"] : value["end"]] == value["text"]


def annotated(path: Path, annotations: list[Any]) -> Labelled:
    edit_json(path, lambda tasks: tasks[1].update(id=41, annotations=annotations))
    return files.read_labels(path, TAXONOMY)[1]


def region(label: str, polarity: str | None, start: int, end: int, text: str) -> list[Any]:
    span = {"start": start, "end": end, "text": text}
    name = {"id": "r1", "from_name": "name", "value": span | {"labels": [label]}}
    if polarity is None:
        return [name]
    return [name, {"id": "r1", "from_name": "polarity", "value": span | {"choices": [polarity]}}]


def test_an_export_that_counts_utf_16_units_is_told_by_its_words(tmp_path: Path) -> None:
    start = LATE.index("came") + 1  # the lorry takes two units
    results = region("delivery.speed speed", "negative", start, start + 4, "came")
    one = annotated(written(tmp_path, ".json"), [{"result": results}])
    assert [found.evidence for found in one.opinions or ()] == ["came"]


def test_the_latest_annotation_counts_and_ground_truth_before_it(tmp_path: Path) -> None:
    def verdict(choice: str, when: str, **more: Any) -> dict[str, Any]:
        result = {"id": "o", "from_name": "overall", "value": {"choices": [choice]}}
        return {"result": [result], "updated_at": when, **more}

    old, new = verdict("mixed", "2024-01-01"), verdict("positive", "2024-02-01")
    withdrawn = verdict("neutral", "2024-03-01", was_cancelled=True)
    path = written(tmp_path, ".json")
    assert annotated(path, [new, old, withdrawn]).overall == "positive"
    assert annotated(path, [new, old | {"ground_truth": True}]).overall == "mixed"
    assert annotated(path, [withdrawn]).state == "skipped"
    empty = annotated(path, [{"result": []}])
    assert (empty.state, empty.overall, empty.opinions, empty.tags) == ("done", None, (), ())


def test_marked_words_that_are_not_there_are_told(tmp_path: Path) -> None:
    for start, words in ((5, "elsewhere"), (5000, None)):
        results = region("delivery.speed", "negative", start, start + 4, words)
        with pytest.raises(LabelError, match=r"task 41: delivery\.speed: the marked words"):
            annotated(written(tmp_path, ".json"), [{"result": results}])


def test_a_result_without_a_value_is_told_where_it_was_asked_for(tmp_path: Path) -> None:
    relation = {"type": "relation", "from_id": "a", "to_id": "b"}
    fine = region("delivery.speed", "negative", 5, 9, "came")
    one = annotated(written(tmp_path, ".json"), [{"result": [*fine, relation]}])
    assert [found.evidence for found in one.opinions or ()] == ["came"]
    with pytest.raises(LabelError, match="a result of the annotation has no value"):
        annotated(written(tmp_path, ".json"), [{"result": [{"from_name": "overall"}]}])


def test_a_short_export_is_refused_and_taken_for_no_feedback(tmp_path: Path) -> None:
    path = tmp_path / "min.json"
    short = {"text": FAST, "overall": "positive", "annotation_id": 3, "annotator": 1}
    path.write_text(json.dumps([short]), encoding="utf-8")
    assert files.is_tasks(path)
    with pytest.raises(InputError, match="choose the format JSON there"):
        files.read_labels(path, TAXONOMY)


def test_a_region_without_a_driver_is_told(tmp_path: Path) -> None:
    name, polarity = region("delivery.speed", "negative", 5, 9, "came")
    name["value"]["labels"] = []
    for results in ([polarity], [name, polarity]):
        with pytest.raises(LabelError, match="'came' have a polarity and no driver"):
            annotated(written(tmp_path, ".json"), [{"result": results}])


def test_both_polarities_of_a_region_are_two_opinions(tmp_path: Path) -> None:
    name, polarity = region("delivery.speed", "negative", 5, 9, "came")
    polarity["value"]["choices"] = ["negative", "positive"]
    one = annotated(written(tmp_path, ".json"), [{"result": [name, polarity]}])
    assert [found.polarity for found in one.opinions or ()] == ["negative", "positive"]
    both = [
        {"from_name": "overall", "value": {"choices": [choice]}} for choice in ("mixed", "negative")
    ]
    with pytest.raises(LabelError, match="more than one sentiment was chosen: mixed, negative"):
        annotated(written(tmp_path, ".json"), [{"result": both}])


def test_a_control_of_another_name_loses_no_label(tmp_path: Path) -> None:
    results = region("delivery.speed", "negative", 5, 9, "came")
    results[0]["from_name"] = "label"
    with pytest.raises(LabelError, match="a control of the labelling interface is called 'label'"):
        annotated(written(tmp_path, ".json"), [{"result": results}])
    overall = {"from_name": "feeling", "value": {"choices": ["negative"]}}
    with pytest.raises(
        LabelError, match="a control of the labelling interface is called 'feeling'"
    ):
        annotated(written(tmp_path, ".json"), [{"result": [overall]}])
    own = {"from_name": "difficulty", "value": {"choices": ["easy"]}}
    assert annotated(written(tmp_path, ".json"), [{"result": [own]}]).opinions == ()


def test_odd_values_of_an_export_are_no_fault_of_the_program(tmp_path: Path) -> None:
    for labels in ([3], 3, [None, 3]):
        results = region("delivery.speed", "negative", 5, 9, "came")
        results[0]["value"]["labels"] = labels
        for result in results:
            result["id"] = ["r"]
        with pytest.raises(LabelError, match="no driver is called '3'"):
            annotated(written(tmp_path, ".json"), [{"result": results}])


def test_a_region_without_polarity_is_told(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match=r"task 41: delivery\.speed \(came\) has no polarity"):
        annotated(
            written(tmp_path, ".json"), [{"result": region("delivery.speed", None, 5, 9, "came")}]
        )


# ---------------------------------------------------------------- JSON lines


def test_labels_in_lines_may_be_partial(tmp_path: Path) -> None:
    path = written(tmp_path, ".jsonl")

    def change(lines: list[Any]) -> None:
        lines[0]["overall"] = "褒贬都有"
        lines[1]["topics"] = {"delivery": "Negative", "price": None}

    edit_lines(path, change)
    first, second, third = files.read_labels(path, TAXONOMY)
    assert (first.overall, first.opinions, first.topics) == ("mixed", None, None)
    assert (second.overall, second.opinions, second.topics) == (
        None,
        None,
        {"delivery": "negative"},
    )
    assert third.state == "open"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"opinions": "many"}, "line 1: opinions are no list of objects with driver"),
        ({"tags": [7]}, "line 1: tags are no list"),
        ({"topics": ["price"]}, "line 1: topics are no object"),
        ({"topics": {"prize": "absent"}}, "line 1: no topic is called 'prize'; there are quality"),
        ({"topics": {"price": "low"}}, "line 1: price 'low' is none of absent"),
        ({"opinions": [{"driver": "price.level"}]}, "price.level: polarity '' is none of"),
        ({"tags": [{"tag": "trus", "polarity": "negative"}]}, "no tag is called 'trus'; did you"),
        ({"overall": 3}, "sentiment 3 is none of"),
        (
            {"opinions": [{"driver": "price.level", "polarity": "negative", "evidence": ["x"]}]},
            "line 1: price.level: the evidence ['x'] is no string",
        ),
        (
            {"tags": [{"tag": "trust", "polarity": "negative", "evidence": 5}]},
            "line 1: trust: the evidence 5 is no string",
        ),
        ({"overal": "positive"}, "line 1: no field is called 'overal'; did you mean overall?"),
        ({"opinion": []}, "line 1: no field is called 'opinion'; did you mean opinions?"),
        (
            {"tags": [{"tag": "trust", "polarity": "negative", "evidense": "x"}]},
            "line 1: no field is called 'evidense'; did you mean evidence?",
        ),
        ({"sentiment": "positive"}, "no field is called 'sentiment'; did you mean overall?"),
        (
            {"drivers": "price.level:negative"},
            "no field is called 'drivers'; did you mean opinions",
        ),
        ({"quality": "positive"}, "line 1: the topic 'quality' belongs in topics"),
        ({"text": "", "overall": "positive"}, "line 1: is labelled and its text is empty"),
        (
            {"opinions": [{"driver": ["price"], "polarity": {}}]},
            "no driver is called \"['price']\"",
        ),
    ],
)
def test_lines_that_cannot_be_right_are_told(
    tmp_path: Path, change: dict[str, Any], told: str
) -> None:
    path = written(tmp_path, ".jsonl")
    edit_lines(path, lambda lines: lines[0].update(change))
    with pytest.raises(LabelError) as raised:
        files.read_labels(path, TAXONOMY)
    assert told in str(raised.value)
    assert "says nothing" not in str(raised.value)


def test_a_line_that_is_no_json_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, ".jsonl")
    path.write_text(path.read_text(encoding="utf-8") + "{oops\n[1]\n", encoding="utf-8")
    with pytest.raises(InputError, match="line 4 is not JSON"):
        files.read_labels(path, TAXONOMY)


def test_lines_without_what_is_null_are_tasks_still(tmp_path: Path) -> None:
    path = written(tmp_path, ".jsonl")

    def shorten(lines: list[Any]) -> None:
        for line in lines:
            for name in [name for name, value in line.items() if value is None or name == "row"]:
                del line[name]
        lines[1]["overall"] = "negative"
        lines[1]["note"] = "ask Li"

    edit_lines(path, shorten)
    assert files.is_tasks(path)
    assert [one.overall for one in files.read_labels(path, TAXONOMY)] == [None, "negative", None]


# ---------------------------------------------------------------- which file is which


def test_other_files_are_no_tasks(tmp_path: Path) -> None:
    from openpyxl import Workbook

    book = Workbook()
    book.worksheets[0].append(["text", "done"])
    book.save(tmp_path / "other.xlsx")
    contents = {
        "scored.jsonl": ROWS[0].to_json(), "list.json": "[1, 2]", "empty.json": "[]",
        "broken.jsonl": "{", "broken.xlsx": "PK", "reviews.csv": "text\nfine\n",
    }  # fmt: skip
    for name, content in contents.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    for name in ("other.xlsx", *contents, "none.xlsx"):
        assert not files.is_tasks(tmp_path / name), name


def test_a_name_that_no_format_has_is_refused() -> None:
    with pytest.raises(OutputError, match=r"todo\.csv: tasks are written as \.xlsx"):
        files.check_form(Path("todo.csv"))


def test_columns_that_hold_nothing_are_out_of_sight(tmp_path: Path) -> None:
    from openpyxl import load_workbook
    from openpyxl.utils import get_column_letter

    def hidden(rows: list[Analysis]) -> set[str]:
        sheet = load_workbook(written(tmp_path, ".xlsx", rows=rows)).worksheets[0]
        headings = [str(cell.value) for cell in sheet[1]]
        shown = sheet.column_dimensions
        return {
            name for at, name in enumerate(headings, start=1) if shown[get_column_letter(at)].hidden
        }

    assert hidden([analysis(1, FAST)]) == {"question", "language", "source", "sampling"}
    asked = analysis(1, FAST, id=None, question="likes")
    assert hidden([asked]) == {"id", "language", "source", "sampling"}
