import gzip
import importlib.util
import io
import json
import zipfile
from pathlib import Path

import pytest

from sentiment.errors import InputError
from sentiment.taxonomy import Taxonomy
from sentiment.train.data.fetch import (
    Kept,
    Origin,
    Raw,
    clean,
    copy_sets,
    fetch_set,
    known_origins,
    rejoin_gold,
)
from sentiment.train.data.sources import known_sources
from sentiment.train.data.standoff import read_standoff, write_standoff
from tests.shared import shared

ROOT = Path(__file__).parents[2]


def script(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rows(path):
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def zipped(member, content):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(member, content)
    return buffer.getvalue()


ASPECTS = ("text", "aspects")
OVERALL = ("text", "overall", "stars")

CASES = [
    (
        "asqp_phone",
        {
            "en-Phone/train.txt": (
                "Strap  frayed&hellip; fast courier####[['Logistics#Speed', '1,2', '3,4', '2'], "
                "['Product Quality#General', '0,1', '1,2', '0'], "
                "['Product Quality#General', '0,1', '1,2', '1']]\n"
                "Does it float?####[]\n"
            )
        },
        "train",
        ASPECTS,
        [
            (
                "Strap frayed… fast courier",
                {"Logistics#Speed": "positive", "Product Quality#General": "negative"},
            ),
            ("Does it float?", {}),
        ],
    ),
    (
        "oats",
        {
            "data/amazon_ff/quads/test.txt": "Stale nuts .####[]\n",
            "data/hotels/quads/test.txt": (
                "Lift stuck .####[]\n"
                "Soft pillows , thin walls .####[['p', 'rooms comfort', 'positive', 'Soft'], "
                "['w', 'rooms comfort', 'negative', 'thin']]\n"
            ),
            "data/coursera/quads/test.txt": "",
        },
        "test",
        ASPECTS,
        [
            ("Stale nuts .", {}),
            ("Lift stuck .", None),
            ("Soft pillows , thin walls .", {"rooms comfort": "conflict"}),
        ],
    ),
    (
        "mams_acsa",
        {
            "data/MAMS-ACSA/raw/val.xml": (
                "<sentences><sentence><text>Soup cold, bill &amp; mood colder</text>"
                '<aspectCategories><aspectCategory category="food" polarity="negative"/>'
                '<aspectCategory category="price" polarity="neutral"/></aspectCategories>'
                "</sentence></sentences>"
            )
        },
        "dev",
        ASPECTS,
        [("Soup cold, bill & mood colder", {"food": "negative", "price": "neutral"})],
    ),
    (
        "fabsa",
        {
            "data/dev.csv": (
                "id,text,labels,org_index,industry,data_source\n"
                "1,\"Logs me out, daily\",\"['account.access.-1', 'app.site.0']\",7,Banking,Play\n"
            )
        },
        "dev",
        ASPECTS,
        [("Logs me out, daily", {"account.access": "negative", "app.site": "neutral"})],
    ),
    (
        "zhijiang2019_makeup",
        {
            "TRAIN/Train_reviews.csv": "id,Reviews\n1,瓶身漏液，香味倒清雅\n2,还没拆\n",
            "TRAIN/Train_labels.csv": (
                "id,AspectTerms,A_start,A_end,OpinionTerms,O_start,O_end,Categories,Polarities\n"
                "1,瓶身,0,2,漏液,2,4,包装,负面\n1,香味,5,7,清雅,8,10,气味,正面\n"
            ),
        },
        "train",
        ASPECTS,
        [("瓶身漏液，香味倒清雅", {"包装": "negative", "气味": "positive"}), ("还没拆", {})],
    ),
    (
        "waimai_10k",
        {"datasets/waimai_10k/waimai_10k.csv": 'label,review\n1,"粥烫,菜鲜"\n0,筷子呢<br/>？\n'},
        "train",
        OVERALL,
        [("粥烫,菜鲜", "positive", None), ("筷子呢 ？", "negative", None)],
    ),
    (
        "online_shopping_10_cats",
        {
            "datasets/online_shopping_10_cats/online_shopping_10_cats.zip": zipped(
                "online_shopping_10_cats.csv", "cat,label,review\n水果,0,芒果全是青的\n"
            )
        },
        "train",
        (*OVERALL, "domain"),
        [("芒果全是青的", "negative", None, "水果")],
    ),
    (
        "ba_skytrax_airline",
        {
            "data/airline_reviews.csv": (
                "Date,Rating,Review\n2020-01-01,9,✅ Trip Verified |  Crew sang.\n"
                "2020-01-01,5,Tray broken.\n2020-01-01,,No score\n"
            )
        },
        "all",
        OVERALL,
        [
            ("Crew sang.", "positive", 4.5),
            ("Tray broken.", "neutral", 2.5),
            ("No score", None, None),
        ],
    ),
    (
        "uber_app",
        {
            "uber_reviews_without_reviewid.csv": (
                "userName,content,score\nA,Smooth ðŸ™‚,5\nB,Surge again,1\n"
            )
        },
        "all",
        OVERALL,
        [("Smooth 🙂", "positive", 5), ("Surge again", "negative", 1)],
    ),
    (
        "fewclue_eprstmt",
        {"datasets/eprstmt/dev_few_all.json": '{"sentence": "壶嘴滴水", "label": "Negative"}\n'},
        "dev",
        OVERALL,
        [("壶嘴滴水", "negative", None)],
    ),
    (
        "jd_phone_pos",
        {"datas/phone_comments_pos.txt": "屏亮\n屏亮\n\n声大\n"},
        "train",
        OVERALL,
        [("屏亮", "positive", None), ("声大", "positive", None)],
    ),
]


@pytest.mark.parametrize(("name", "files", "split", "keys", "expected"), CASES)
def test_a_raw_file_becomes_normalised_rows(tmp_path, name, files, split, keys, expected):
    origin = known_origins()[name]
    raws = tuple(
        Raw(raw.reader, raw.path, (split,), raw.options)
        for raw in origin.raw
        if split in raw.splits and raw.path.format(split=split) in files
    )
    contents = {
        origin.address(path): text if isinstance(text, bytes) else text.encode("utf-8")
        for path, text in files.items()
    }
    narrow = Origin(name, origin.repository, origin.commit, origin.path, origin.files, raws)
    outcomes = fetch_set(narrow, tmp_path, contents.__getitem__)
    language = known_sources()[name].language
    found = rows(tmp_path / language / f"{name}.{split}.jsonl.gz")
    assert [tuple(row[key] for key in keys) for row in found] == expected
    assert {row["source"] for row in found} == {name}
    assert [(o.split, o.rows) for o in outcomes] == [(split, len(expected))]
    assert outcomes[0].state.startswith("different")


def test_blocks_of_reviews_are_read(tmp_path):
    origin = known_origins()["blitzer_amazon"]
    block = (
        "<review>\n<rating>\n2.0\n</rating>\n<review_text>\nLid & handle\nmelted\n"
        "</review_text>\n</review>\n"
    )
    raws = tuple(raw for raw in origin.raw if raw.path.endswith("books/negative.review"))
    narrow = Origin(origin.name, "o/r", "c", "p", {}, raws)
    outcomes = fetch_set(narrow, tmp_path, lambda address: block.encode())
    (row,) = rows(tmp_path / "en" / "blitzer_amazon.all.jsonl.gz")
    assert (row["text"], row["overall"], row["stars"]) == ("Lid & handle melted", "negative", 2)
    assert outcomes[0].state == "not in the provenance table"


def test_unlabelled_rows_have_no_label_fields(tmp_path):
    origin = known_origins()["shopzilla_remarks"]
    content = b"Customer Remarks,category\nRing me,Returns\n"
    fetch_set(origin, tmp_path, lambda address: content)
    (row,) = rows(tmp_path / "en" / "shopzilla_remarks.unlabelled.jsonl.gz")
    assert list(row) == ["text", "lang", "domain", "source"]


def test_a_set_that_no_machine_can_read_says_so(tmp_path):
    with pytest.raises(InputError, match="supply a normalised copy"):
        fetch_set(known_origins()["jd_agri_aspects"], tmp_path)


def test_an_address_names_its_commit():
    origin = known_origins()["blitzer_amazon"]
    address = origin.address("sorted_data_acl/kitchen_&_housewares/negative.review")
    assert origin.commit in address
    assert "kitchen_%26_housewares" in address


def test_every_address_is_whole():
    for origin in known_origins().values():
        assert len(origin.commit) == 40
        assert origin.repository.count("/") == 1
        assert origin.files, origin.name
        for raw in origin.raw:
            assert set(raw.splits) <= set(origin.files), origin.name


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("a&amp;b<br />c", "a&b c"),
        ("  two\t\nlines\u3000here ", "two lines here"),
        ("zero\u200bwidth\ufeff and \x07bell", "zerowidth and bell"),
        ("繁體字 stays, so does ＦＵＬＬ width", "繁體字 stays, so does ＦＵＬＬ width"),
    ],
)
def test_texts_are_cleaned_as_described(raw, text):
    assert clean(raw) == text


def local_copy(folder):
    row = {"text": "快递柜坏了三天", "lang": "zh", "overall": "negative", "source": "waimai_10k"}
    path = folder / "zh" / "waimai_10k.train.jsonl.gz"
    path.parent.mkdir(parents=True)
    path.write_bytes(gzip.compress(json.dumps(row).encode()))
    opinion = {"driver": "delivery.accuracy", "polarity": "negative", "evidence": "坏了三天"}
    record = {"id": "z1", "text": row["text"], "lang": "zh", "overall": "negative"}
    return [{**record, "opinions": [opinion], "tags": [], "source": "waimai_10k", "stars": None}]


def test_a_local_copy_is_verified_and_gold_rejoined(tmp_path):
    records = local_copy(tmp_path / "copy")
    lost = {**records[0], "id": "z2", "text": "坏了三天，又坏了"}
    write_standoff([*records, lost], tmp_path / "labels" / "train.jsonl.gz")
    (outcome,) = copy_sets(tmp_path / "copy", tmp_path / "out")
    assert outcome.rows == 1
    assert outcome.state.startswith("different (collected: 11987 rows")
    counts = rejoin_gold(tmp_path / "labels", [tmp_path / "copy"], tmp_path / "out")
    assert counts == {"train": (1, 2)}
    lines = (tmp_path / "out" / "gold" / "train.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line) for line in lines] == records


def test_the_script_says_what_differs_and_returns_two(tmp_path, capsys):
    write_standoff(local_copy(tmp_path / "copy"), tmp_path / "labels" / "train.jsonl.gz")
    arguments = ["--from", str(tmp_path / "copy"), "-o", str(tmp_path / "out")]
    arguments += ["--gold", str(tmp_path / "labels")]
    assert script("fetch_data").main(arguments) == 2
    talk = capsys.readouterr()
    assert talk.out == ""
    assert "gold.train: 1 of 1 records rejoined" in talk.err
    assert "1 files differ" in talk.err
    assert script("fetch_data").main([*arguments, "--set", "nothing"]) == 2
    assert "no data set 'nothing'" in capsys.readouterr().err


def test_a_copy_that_is_the_known_one_is_recognised(tmp_path, monkeypatch):
    import hashlib

    local_copy(tmp_path)
    path = tmp_path / "zh" / "waimai_10k.train.jsonl.gz"
    known = Kept(rows=1, sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    origin = Origin("waimai_10k", "o/r", "c", "p", {"train": known})
    monkeypatch.setattr("sentiment.train.data.fetch.known_origins", lambda: {"waimai_10k": origin})
    assert [o.state for o in copy_sets(tmp_path, tmp_path / "out")] == ["collected"]


def test_the_shipped_labels_are_whole():
    taxonomy = Taxonomy.default()
    for split, count in (("train", 12_666), ("dev", 600)):
        entries = read_standoff(ROOT / "data" / "gold" / f"{split}.jsonl.gz")
        assert len({entry["sha256"] for entry in entries}) == count
        for entry in entries:
            assert {o["driver"] for o in entry["opinions"]} <= set(taxonomy.drivers)
            assert {t["tag"] for t in entry["tags"]} <= set(taxonomy.tags)


def test_the_provenance_page_is_up_to_date():
    page = (ROOT / "data" / "PROVENANCE.md").read_text("utf-8")
    assert script("provenance").sets_table() in page


@pytest.mark.long
def test_the_local_copy_of_the_real_data_is_the_known_one(tmp_path, capsys):
    folder = shared("data")
    assert script("fetch_data").main(["--from", str(folder), "-o", str(tmp_path)]) == 0
    told = capsys.readouterr().err
    assert "gold.train: 12666 of 12666 records rejoined" in told
    later = len(read_standoff(ROOT / "data" / "gold" / "more.jsonl.gz"))
    assert f"gold.more: {later} of {later} records rejoined" in told
    for split in ("train", "dev"):
        original = (folder / "gold" / f"{split}.jsonl").read_text("utf-8").splitlines()
        rejoined = (tmp_path / "gold" / f"{split}.jsonl").read_text("utf-8").splitlines()
        assert list(map(json.loads, rejoined)) == list(map(json.loads, original))
