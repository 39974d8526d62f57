import gzip
import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.errors import InputError, LabelError
from sentiment.taxonomy import Taxonomy
from sentiment.train.data.examples import (
    Example,
    Judgement,
    cap_sets,
    group_of,
    load_examples,
    mapped_rows,
    read_labelled,
)
from sentiment.train.data.sources import known_sources
from tests.shared import shared


def write(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode("utf-8")))
    else:
        path.write_text(text, encoding="utf-8")


def gold(number, text, source="own", **labels):
    record = {"id": f"g{number}", "text": text, "lang": "en", "overall": "neutral"}
    return {**record, "opinions": [], "tags": [], "source": source, **labels}


@pytest.fixture
def folder(tmp_path):
    """A small folder of the shape of the real one, under the names of real sets."""
    write(
        tmp_path / "gold" / "train.jsonl",
        [
            gold(
                1,
                "Warm bread, cold welcome.",
                overall="mixed",
                opinions=[
                    {"driver": "quality.sensory", "polarity": "positive", "evidence": "Warm bread"},
                    {
                        "driver": "service.attitude",
                        "polarity": "negative",
                        "evidence": "cold welcome",
                    },
                ],
                tags=[{"tag": "churn", "polarity": "negative", "evidence": "cold"}],
            ),
            gold(2, "The tent pole snapped in a breeze", source="blitzer_amazon"),
            gold(3, "Held for the exam", source="own"),
            gold(4, "A gate agent shrugged", source="airline_tweets"),
        ],
    )
    write(tmp_path / "gold" / "dev.jsonl", [gold(9, "Only for the end")])
    row = {"lang": "en", "overall": None, "stars": None, "aspects": None}
    write(
        tmp_path / "en" / "asqp_phone.train.jsonl.gz",
        [
            {**row, "text": "Came in two days", "aspects": {"Logistics#Speed": "positive"}},
            {**row, "text": "came in two days!!", "aspects": {"Logistics#Speed": "negative"}},
            {**row, "text": "held for the EXAM", "aspects": {}},
            {**row, "text": "Only for the end?", "aspects": {}},
            {**row, "text": "Nothing of note", "aspects": {}},
        ],
    )
    write(
        tmp_path / "en" / "asqp_phone.test.jsonl.gz",
        [{**row, "text": "Held, for the exam.", "aspects": {"Price#Price": "negative"}}],
    )
    write(
        tmp_path / "en" / "blitzer_amazon.all.jsonl.gz",
        [
            {**row, "text": "the tent pole snapped in a breeze...", "overall": "positive"},
            {**row, "text": "Bent on day one", "overall": "negative", "stars": 1},
            {**row, "text": "Two minds about it", "overall": "positive", "stars": 4},
        ],
    )
    write(
        tmp_path / "en" / "android_apps_20k.all.jsonl.gz",
        [{**row, "text": "two minds about it.", "overall": "negative"}],
    )
    write(
        tmp_path / "en" / "airline_tweets.all.jsonl.gz",
        [{**row, "text": "Three hours on the tarmac", "overall": "negative"}],
    )
    write(
        tmp_path / "en" / "shopzilla_remarks.unlabelled.jsonl.gz",
        [
            {"text": "call me back", "lang": "en"},
            {"text": "Three hours on the tarmac!", "lang": "en"},
        ],
    )
    row["lang"] = "zh"
    write(
        tmp_path / "zh" / "openrice_senti.dev.jsonl.gz",
        [{**row, "text": "雲吞皮薄餡靚", "overall": "positive"}],
    )
    return tmp_path


def texts(examples):
    return [example.text for example in examples]


def test_training_takes_gold_first_and_each_text_once(folder):
    examples = load_examples(folder)
    assert texts(examples) == [
        "Warm bread, cold welcome.",
        "The tent pole snapped in a breeze",
        "雲吞皮薄餡靚",
        "Came in two days",
        "Nothing of note",
        "Bent on day one",
    ]
    assert [example.gold for example in examples] == [True, True, False, False, False, False]


def test_no_text_that_is_measured_on_is_trained_on(folder):
    trained = {example.group for example in load_examples(folder)}
    trained |= {example.group for example in load_examples(folder, purpose="pretrain")}
    measured = {example.group for example in load_examples(folder, purpose="measure")}
    assert measured == {
        group_of(text)
        for text in ("Only for the end", "Held for the exam", "Three hours on the tarmac")
    }
    assert not trained & measured


def test_gold_on_a_measured_set_is_not_trained_on(folder):
    assert "A gate agent shrugged" not in texts(load_examples(folder))


def test_two_sets_that_contradict_each_other_are_not_heard(folder):
    assert not [e for e in load_examples(folder) if e.text.lower().startswith("two minds")]
    alone = load_examples(folder, sets=["blitzer_amazon"])
    assert {e.text: e.overall for e in alone}["Two minds about it"] == "positive"


@pytest.mark.parametrize("purpose", ["train", "pretrain"])
def test_of_a_set_left_out_no_text_is_seen_whoever_labelled_it(folder, purpose):
    every = texts(load_examples(folder, purpose=purpose))
    left = texts(load_examples(folder, without=["blitzer_amazon"], purpose=purpose))
    gone = {"The tent pole snapped in a breeze", "Bent on day one", "Two minds about it"}
    assert set(every) - set(left) == gone & set(every)
    assert "Came in two days" in left


def test_a_set_left_out_must_be_known(folder):
    with pytest.raises(InputError, match="no data set 'no_such_set'"):
        load_examples(folder, without=["no_such_set"])


def test_labels_and_masks(folder):
    by_text = {example.text: example for example in load_examples(folder)}
    own = by_text["Warm bread, cold welcome."]
    assert own.opinions == (
        Judgement("quality.sensory", "positive", "Warm bread"),
        Judgement("service.attitude", "negative", "cold welcome"),
    )
    assert own.topics == {
        "quality": "positive",
        "price": "absent",
        "service": "negative",
        "delivery": "absent",
    }
    assert own.drivers == {
        "quality.sensory": "positive",
        "service.attitude": "negative",
        "churn": "negative",
    }
    assert (own.overall, own.overall_weight, own.id) == ("mixed", 1.0, "g1")
    mapped = by_text["Came in two days"]
    assert mapped.overall is None
    assert mapped.opinions is None
    assert mapped.tags is None
    assert mapped.drivers == {"delivery.speed": "positive"}
    # Quality is not covered by this set: masked, not absent.
    assert mapped.topics == {"price": "absent", "service": "absent", "delivery": "positive"}
    starred = by_text["Bent on day one"]
    assert (starred.overall, starred.topics) == ("negative", None)
    assert starred.overall_weight == known_sources()["blitzer_amazon"].weight("negative", 1)


def test_pretraining_takes_text_alone_labelled_or_not(folder):
    examples = load_examples(folder, purpose="pretrain")
    assert "call me back" in texts(examples)
    assert len({example.group for example in examples}) == len(examples)
    assert all(e.overall is None and e.topics is None and e.opinions is None for e in examples)


def test_the_parent_folder_will_do(folder, tmp_path_factory):
    parent = tmp_path_factory.mktemp("parent")
    (parent / "data").symlink_to(folder, target_is_directory=True)
    assert load_examples(parent) == load_examples(folder)


@pytest.mark.parametrize(
    ("sets", "purpose", "message"),
    [
        (["airline_tweets"], "train", "never learned from"),
        (["airline_tweets"], "pretrain", "never learned from"),
        (["shopzilla_remarks"], "train", "no labels"),
        (["no_such_set"], "train", "no data set 'no_such_set'"),
        (["waimai_10k"], "train", "is not there"),
    ],
)
def test_a_set_that_is_not_for_this_purpose_is_refused(folder, sets, purpose, message):
    with pytest.raises(InputError, match=message):
        load_examples(folder, sets=sets, purpose=purpose)


def test_a_folder_without_data_is_refused(tmp_path):
    with pytest.raises(InputError, match="no data sets there"):
        load_examples(tmp_path)


def test_labelled_rows_may_leave_things_out(tmp_path):
    path = tmp_path / "mine.jsonl"
    write(
        path,
        [
            {"text": "排队排到腿软"},
            {"text": "ok", "overall": None, "topics": {"price": "negative"}, "tags": []},
        ],
    )
    bare, topical = read_labelled(path)
    assert (bare.language, bare.overall, bare.topics, bare.opinions) == ("zh", None, None, None)
    assert bare.source == "mine"
    assert (topical.language, topical.topics, topical.tags) == ("en", {"price": "negative"}, ())


def test_every_faulty_row_is_named(tmp_path):
    path = tmp_path / "mine.jsonl"
    opinion = {"driver": "price.level", "polarity": "negative", "evidence": "dear"}
    rows = [
        {"text": "fine", "overall": "good"},
        {"text": " "},
        {"text": "cheap", "opinions": [opinion]},
        {"text": "dear", "opinions": [{**opinion, "polarity": "bad"}]},
        {"text": "dear", "opinions": [{"polarity": "negative"}]},
        {"text": "dear", "topics": {"price": "awful"}},
        {"text": "dear", "opinions": [{**opinion, "evidence": ["dear"]}]},
        {"text": "dear", "opinions": [opinion]},
    ]
    write(path, rows)
    with pytest.raises(LabelError) as error:
        read_labelled(path)
    message = str(error.value)
    assert "7 rows cannot be used" in message
    words = ("good", "no text", "dear", "bad", "driver", "awful", "['dear'] is not")
    for line, word in enumerate(words, start=1):
        assert f"line {line}: " in message
        assert word in message


@pytest.mark.parametrize("content", [b"{broken\n", b"[1]\n", b"\xff\xfe\x00"])
def test_a_file_that_is_no_json_lines_is_refused(tmp_path, content):
    path = tmp_path / "mine.jsonl"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"mine\.jsonl"):
        read_labelled(path)


@given(st.text(), st.text(alphabet=" .,!?-_，。！\n"))
def test_a_group_is_blind_to_marks_and_spaces(text, marks):
    if any(character.isalnum() for character in text):
        assert group_of(f"{marks}{text}{marks}") == group_of(text)
        assert group_of(text + "x") != group_of(text)


def test_texts_without_a_letter_are_not_all_one_group():
    assert group_of("👍👍") != group_of("😡")
    assert group_of("👍👍 ") == group_of("👍👍")


def test_sets_are_capped_and_gold_is_not() -> None:
    rows = [
        Example(f"{source} {n}" + "x" * (n % 5), "en", source, f"{n:04}", gold=source == "gold")
        for source in ("gold", "a", "b")
        for n in range(50)
    ]
    kept = cap_sets(rows, most=10, longest=7)
    assert [row for row in kept if row.gold] == rows[:50]
    for source in ("a", "b"):
        some = [row for row in kept if row.source == source]
        assert len(some) == 10
        assert all(len(row.text) <= 7 for row in some)
    assert cap_sets(rows[::-1], 10, 7)[50:] != []
    assert {row.text for row in cap_sets(rows[::-1], 10, 7)} == {row.text for row in kept}


def test_a_text_in_the_other_script_is_the_same_text() -> None:
    assert group_of("服務態度很好，發貨快") == group_of("服务态度很好，发货快")


@pytest.fixture(scope="module")
def trained():
    return load_examples(shared("data"))


def test_the_real_data_trains_without_a_measured_text(trained):
    measured = {example.group for example in load_examples(shared("data"), purpose="measure")}
    assert len(measured) > 90_000
    assert not measured & {example.group for example in trained}
    assert {known_sources()[e.source].use for e in trained if not e.gold} == {"train"}
    for labelled in (
        [e.group for e in trained if e.overall is not None],
        [e.group for e in trained if e.topics is not None],
    ):
        assert len(labelled) == len(set(labelled))


def test_the_real_data_has_what_the_heads_need(trained):
    counts = Counter((e.language, e.gold) for e in trained)
    assert counts["zh", True] > 6000
    assert counts["en", True] > 5900
    assert counts["zh", False] > 150_000
    assert counts["en", False] > 100_000
    taxonomy = Taxonomy.default()
    for language in ("zh", "en"):
        for topic in taxonomy.topics:
            states = Counter(
                e.topics[topic]
                for e in trained
                if e.language == language and topic in (e.topics or {})
            )
            assert min(states[s] for s in ("absent", "negative", "positive")) > 900, (
                language,
                topic,
            )
    for example in trained:
        assert set(example.drivers) <= set(taxonomy.drivers) | set(taxonomy.tags)
        assert 0 < example.overall_weight <= 1


def test_mapped_rows_are_for_comparison_and_hold_every_split():
    sources = {example.source for example in mapped_rows(shared("data"))}
    assert {"asqp_phone", "aichallenger18_ktmud"} <= sources
