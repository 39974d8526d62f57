"""A file with every kind of mistake is refused once, with a list that mends it in one go."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.errors import InputError, LabelError
from sentiment.taxonomy import Taxonomy
from sentiment.train.rows.faults import KINDS, Fault, is_error, nearest, tell
from sentiment.train.rows.labelled import Labelled, read_labelled_file, read_rows
from sentiment.train.rows.record import FIELDS, read_record
from sentiment.train.rows.validate import check_dev, check_training
from tests.train.feedback import rows, write_lines, write_table

TAXONOMY = Taxonomy.default()
LONG = "The battery lasts two days and charges in an hour, which is all I ask"


def opinion(driver: str, polarity: str, evidence: Any = None) -> dict[str, Any]:
    return {"driver": driver, "polarity": polarity, "evidence": evidence}


# One record for each kind of fault that a row can have.
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"text": "  ", "overall": "positive"}, "no_text"),
    ({"overall": "positive"}, "no_text"),
    ({"text": 5, "overall": "positive"}, "text_type"),
    ({"text": "此用户没有填写评价", "overall": "positive"}, "says_nothing"),
    ({"text": "Das ist wirklich ein sehr gutes Produkt, danke", "overall": "positive"}, "foreign"),
    ({"text": "质量太差", "overall": "negativ"}, "sentiment"),
    ({"text": "质量太差", "overall": ["negative"]}, "type"),
    ({"text": "质量太差", "topics": {"quality": "bad"}}, "state"),
    ({"text": "质量太差", "topics": {"qualty": "negative"}}, "topic"),
    ({"text": "质量太差", "topics": ["quality"]}, "type"),
    ({"text": "物流慢", "opinions": [opinion("delivery.sped", "negative")]}, "driver"),
    ({"text": "物流慢", "opinions": [opinion("delivery.speed", "negitive")]}, "polarity"),
    ({"text": "物流慢", "opinions": [opinion("delivery.speed", "")]}, "polarity"),
    ({"text": "物流慢", "opinions": [{"polarity": "negative"}]}, "no_name"),
    ({"text": "物流慢", "opinions": {"delivery.speed": "negative"}}, "type"),
    ({"text": "物流慢", "opinions": [opinion("recommend", "negative")]}, "tag_as_driver"),
    ({"text": "物流慢", "tags": [{"tag": "recomend", "polarity": "positive"}]}, "tag"),
    ({"text": "物流慢", "tags": [{"tag": "price.value", "polarity": "positive"}]}, "driver_as_tag"),
    ({"text": "物流慢", "opinions": [opinion("delivery.speed", "negative", "太慢")]}, "evidence"),
    ({"text": "物流慢", "opinions": [opinion("delivery.speed", "negative", 7)]}, "type"),
    ({"text": "物流慢", "opinions": [opinion("delivery.speed", "negative", "慢")] * 2}, "twice"),
    ({"text": "物流慢", "opinions": [opinion("delivery.speed", "negative")]}, "no_evidence"),
    ({"text": LONG, "opinions": [opinion("quality.performance", "positive", LONG)]}, "whole_text"),
    (
        {
            "text": "物流慢",
            "opinions": [opinion("delivery.speed", "negative", "慢")],
            "topics": {"delivery": "positive"},
        },
        "topics_disagree",
    ),
    (
        {
            "text": "又贵又慢",
            "overall": "positive",
            "opinions": [
                opinion("delivery.speed", "negative", "慢"),
                opinion("price.level", "negative", "贵"),
            ],
        },
        "sentiment_disagrees",
    ),
    ({"text": "质量太差", "lang": "cn", "overall": "negative"}, "language"),
    ({"text": "质量太差", "lang": "en", "overall": "negative"}, "other_language"),
    ({"text": "质量太差", "lang": 7, "overall": "negative"}, "type"),
    ({"text": "质量太差"}, "unlabelled"),
]


@pytest.mark.parametrize(("record", "kind"), WRONG)
def test_each_mistake_is_found_and_told_by_line(
    tmp_path: Path, record: dict[str, Any], kind: str
) -> None:
    path = write_lines(tmp_path / "x.jsonl", [{"text": "很好", "overall": "positive"}, record])
    read = read_rows(path, TAXONOMY)
    assert [(fault.kind, fault.row) for fault in read.faults] == [(kind, 2)]
    for language in ("en", "zh"):
        (line,) = tell(read.faults, language, read.unit)
        assert line.startswith("line 2: " if language == "en" else "第 2 行：")
        assert "{" not in line
    if is_error(read.faults[0]):
        with pytest.raises(LabelError, match="line 2: "):
            read_labelled_file(path)
    else:
        assert len(read_labelled_file(path)) == 2


@pytest.mark.parametrize(
    ("record", "near"),
    [
        ({"overall": "negativ"}, "the nearest is negative"),
        ({"overall": "Postive"}, "the nearest is positive"),
        ({"topics": {"qualty": "negative"}}, "the nearest is quality"),
        ({"opinions": [opinion("delivery.sped", "negative")]}, "the nearest is delivery.speed"),
        ({"tags": [{"tag": "recomend", "polarity": "positive"}]}, "the nearest is recommend"),
        (
            {"opinions": [opinion("delivery.speed", "negative", "The Box")]},
            "other capitals: 'the box'",
        ),
        ({"opinions": [opinion("delivery.speed", "negative", "box,was")]}, "signs: 'box was'"),
    ],
)
def test_the_nearest_valid_one_is_named(tmp_path: Path, record: dict[str, Any], near: str) -> None:
    path = write_lines(tmp_path / "x.jsonl", [{"text": "the box was late", **record}])
    with pytest.raises(LabelError, match=near):
        read_labelled_file(path)


def test_chinese_words_and_capitals_are_labels_too(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(
        "评论,情感,质量,配送\n质量太差,负面,负面,未提到\n挺好,Positive,,\n", encoding="utf-8"
    )
    one, two = read_labelled_file(path)
    assert (one.overall, one.topics) == ("negative", {"quality": "negative", "delivery": "absent"})
    assert (two.overall, two.topics) == ("positive", None)


def test_drivers_of_a_table(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(
        "text,drivers,tags\n"
        "又贵又慢,price.level:negative; delivery.speed:negative,none\n"
        "还行吧,none,\n"
        "没写完,,\n"
        "坏了,quality.durability negative,\n",
        encoding="utf-8",
    )
    read = read_rows(path, TAXONOMY)
    first, second, third, fourth = read.examples
    assert {one.name for one in first.opinions or ()} == {"price.level", "delivery.speed"}
    assert first.topics == {
        "quality": "absent", "price": "negative", "service": "absent", "delivery": "negative"
    }  # fmt: skip
    assert first.tags == ()
    assert second.opinions == ()
    assert third.opinions is None
    assert third.topics is None
    assert fourth.opinions is None
    assert [fault.row for fault in read.errors] == [4]


def test_headings_that_are_nearly_right_are_pointed_at(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("text,sentiment,qualiti\nok,positive,absent\n", encoding="utf-8")
    read = read_rows(path, TAXONOMY)
    assert tell(read.faults) == ["the column qualiti is not read; did you mean quality?"]
    path = write_lines(tmp_path / "x.jsonl", [{"text": "ok", "overall": "positive", "opinion": []}])
    assert tell(read_rows(path, TAXONOMY).faults) == [
        "the field opinion is not read; did you mean opinions?"
    ]


def training(tmp_path: Path, some: list[dict[str, str]], dev: Labelled | None = None) -> Labelled:
    path = write_table(tmp_path / "labelled.csv", some)
    return check_training(read_rows(path, TAXONOMY), TAXONOMY, TAXONOMY, dev)


def test_good_rows_pass_without_a_word(tmp_path: Path) -> None:
    checked = training(tmp_path, rows(240))
    assert checked.errors == ()
    assert len(checked.examples) == 240


def test_copies_contradictions_and_ids(tmp_path: Path) -> None:
    some = rows(60)
    some.append({**some[3], "text": some[3]["text"].upper() + "!"})  # row 61, the same again
    some.append({**some[5], "sentiment": "neutral"})  # row 62, contradicts row 6
    checked = training(tmp_path, some)
    found = {(fault.kind, fault.row) for fault in checked.faults if fault.row}
    assert found == {("duplicate", 61), ("contradiction", 62)}
    path = write_lines(
        tmp_path / "x.jsonl",
        [{"text": f"质量很好{n}", "overall": "positive", "id": "A"} for n in range(2)],
    )
    again = check_training(read_rows(path, TAXONOMY), TAXONOMY, TAXONOMY)
    assert ("id_twice", 2) in {(fault.kind, fault.row) for fault in again.faults}


def test_rows_of_one_text_that_say_different_things_are_both_kept(tmp_path: Path) -> None:
    blank = dict.fromkeys(("quality", "price", "service", "delivery"), "")
    some = rows(60)
    some.append({"text": "价格还行吧", "sentiment": "neutral", **blank})
    some.append({"text": "价格还行吧", "sentiment": "", **blank, "price": "neutral"})
    assert len(training(tmp_path, some).examples) == 62


def test_texts_of_the_dev_file_are_not_trained_on(tmp_path: Path) -> None:
    path = write_table(tmp_path / "dev.csv", rows(50))
    dev = check_dev(read_rows(path, TAXONOMY))
    checked = training(tmp_path, rows(100), dev)
    shared = [fault for fault in checked.faults if fault.kind == "in_dev"]
    assert [fault.row for fault in shared] == [*range(1, 51)]
    assert len(checked.examples) == 50
    everything = training(tmp_path, rows(50), dev)
    assert "few_beside_dev" in {fault.kind for fault in everything.errors}
    (line,) = [line for line in tell(everything.warnings) if " is in " in line]
    assert line == f"rows 1-50: the same text is in {path}; not trained on"


def test_too_few_rows_and_classes(tmp_path: Path) -> None:
    few = training(tmp_path, rows(20))
    assert [fault.kind for fault in few.errors] == ["few_rows"]
    some = rows(60)
    some[0]["sentiment"] = "neutral"
    for row in some:
        row["price"] = row["price"].replace("absent", "")
        row["service"] = "absent"
    checked = training(tmp_path, some)
    kinds = {(fault.kind, fault.fields.get("name")) for fault in checked.warnings}
    assert ("few_of_class", "sentiment") in kinds
    assert ("never_absent", "price") in kinds
    assert ("one_class", "service") in kinds


def test_new_drivers_that_nothing_says_anything_of(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(
        'extends = "default"\n'
        '[drivers."delivery.app"]\nen = "app"\nphrases = ["app"]\n'
        '[drivers."delivery.robot"]\nen = "robot"\n',
        encoding="utf-8",
    )
    taxonomy = Taxonomy.read(own)
    path = write_table(tmp_path / "labelled.csv")
    checked = check_training(read_rows(path, taxonomy), taxonomy, TAXONOMY)
    kinds = {(fault.kind, fault.fields.get("name")) for fault in checked.warnings}
    assert ("no_phrase", "delivery.app") in kinds
    assert ("unlearnt", "delivery.robot") in kinds


def test_twenty_kinds_of_mistake_are_one_refusal(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "x.jsonl", [record for record, _ in WRONG])
    with path.open("a", encoding="utf-8") as file:
        file.write('{"text": "half a record", \n[1]\n')
    read = read_rows(path, TAXONOMY)
    checked = check_training(read, TAXONOMY, TAXONOMY)
    kinds = {fault.kind for fault in checked.faults}
    assert len(kinds) >= 25
    with pytest.raises(LabelError) as raised:
        checked.refuse()
    told = str(raised.value)
    wrong = {fault.row for fault in checked.errors if fault.row}
    for row in wrong:
        assert any(str(row) in line.partition(":")[0] for line in told.splitlines()[1:])
    assert checked.refusal("zh").count("\n") == told.count("\n")


def test_one_mistake_made_a_thousand_times_is_one_line(tmp_path: Path) -> None:
    path = write_lines(
        tmp_path / "x.jsonl", [{"text": f"很好{n}", "overall": "good"} for n in range(1000)]
    )
    (line,) = tell(read_rows(path, TAXONOMY).errors, "en", "line")
    assert line.startswith("lines 1-200 and 800 more: overall 'good' is none of")


@pytest.mark.parametrize(
    ("row", "english", "chinese"),
    [
        (
            "dear, and late,negative,absent,negative",
            "5 fields instead of 4",
            "5 个单元格，应为 4 个",
        ),
        ("text,sentiment,price,delivery", "the header row again", "又是表头"),
    ],
)
def test_a_row_whose_labels_may_have_slipped_is_refused(
    tmp_path: Path, row: str, english: str, chinese: str
) -> None:
    path = tmp_path / "x.csv"
    path.write_text(
        f"text,sentiment,price,delivery\nfine,positive,,\n{row}\nlate,negative,,negative\n",
        encoding="utf-8",
    )
    read = read_rows(path, TAXONOMY)
    assert [(fault.kind, fault.row) for fault in read.errors] == [("torn", 2)]
    assert english in tell(read.errors)[0]
    assert chinese in tell(read.errors, "zh")[0]


def test_damaged_characters_are_told_and_used(tmp_path: Path) -> None:
    records = [{"text": f"good {at}", "overall": "positive"} for at in range(3)]
    records += [{"text": "\ufffd\ufffd the \ufffd\ufffd broke \ufffd", "overall": "negative"}]
    read = read_rows(write_lines(tmp_path / "x.jsonl", records), TAXONOMY)
    found = check_training(read, TAXONOMY, TAXONOMY)
    assert [fault.row for fault in found.warnings if fault.kind == "damaged"] == [4]
    assert all("damaged" in line for line in tell(found.warnings) if line.startswith("row 4"))
    assert len(found.examples) == 4


def test_every_kind_of_fault_has_both_languages_and_the_same_fields() -> None:
    import string

    for kind, (_, english, chinese) in KINDS.items():
        fields = [
            {name for _, name, _, _ in string.Formatter().parse(text) if name}
            for text in (english, chinese)
        ]
        assert fields[0] == fields[1], kind
        assert any("\u4e00" <= letter <= "\u9fff" for letter in chinese)


def test_rows_are_drawn_together() -> None:
    faults = [Fault("no_text", row) for row in (1, 2, 3, 7, 9, 10)]
    assert tell(faults) == ["rows 1-3, 7, 9, 10: no text"]
    assert tell(faults, "zh") == ["第 1-3, 7, 9, 10 行：没有文本"]
    assert nearest("zzzz", ["positive"]) is None


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["driver", "tag", "polarity", "evidence", "quality", "x"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(FIELDS), anything, max_size=len(FIELDS)))
def test_no_record_is_a_fault_of_ours(record: dict[str, Any]) -> None:
    example, faults = read_record(record, TAXONOMY, "x")
    assert example is not None or any(is_error(fault) for fault in faults)
    for language in ("en", "zh"):
        assert all(tell(faults, language))


@given(st.text(max_size=200))
def test_no_line_is_a_fault_of_ours(line: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.jsonl"
        path.write_bytes(line.encode("utf-8", "surrogatepass"))
        try:
            read = read_rows(path, TAXONOMY)
        except InputError:
            return  # not UTF-8
        assert read.faults or read.examples


def test_a_tag_that_the_base_cannot_learn_is_told_with_its_rows(tmp_path: Path) -> None:
    records = [
        {"text": f"order {at}", "overall": "neutral", "tags": [{"tag": "brand", "polarity": one}]}
        for at, one in enumerate(("neutral", "positive", "neutral"))
    ]
    read = read_rows(write_lines(tmp_path / "x.jsonl", records), TAXONOMY)
    found = check_training(read, TAXONOMY, TAXONOMY, None, {("brand", "neutral")})
    told = [fault for fault in found.warnings if fault.kind == "tag_polarity"]
    assert [fault.row for fault in told] == [1, 3]
    (line,) = tell(told, "en", "line")
    assert line.startswith("lines 1, 3: brand neutral: the base has no such head")
    silent = check_training(read, TAXONOMY, TAXONOMY)
    assert not [fault for fault in silent.faults if fault.kind == "tag_polarity"]
