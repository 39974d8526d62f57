"""The pretraining corpus: no test in it, the additions in their shares, the same twice."""

import gzip
import json
from itertools import islice
from pathlib import Path

import pytest

from sentiment.errors import InputError
from sentiment.train.base import corpus
from sentiment.train.data.examples import group_of, load_examples
from tests.shared import shared

MOTTOES = ("物流很快", "质量不错", "客服耐心", "价格实惠", "包装严实", "味道一般")
PRAISE = ("arrived early", "works well", "friendly staff", "fair price", "well packed")


def write_set(folder: Path, name: str, rows: list[dict[str, object]]) -> None:
    path = folder / f"{name}.jsonl.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8") as out:
        out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def row(text: str, language: str) -> dict[str, object]:
    return {"text": text, "lang": language, "overall": "positive", "stars": None, "aspects": None}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Sets under names that the table of sources knows, with texts written for this test."""
    zh = [row(f"{MOTTOES[n % 6]}第{n}次购买", "zh") for n in range(300)]
    en = [row(f"{PRAISE[n % 5]}, order number {n}", "en") for n in range(300)]
    write_set(tmp_path, "zh/chnsenticorp.train", zh)
    write_set(tmp_path, "zh/chnsenticorp.test", [row("第7次购买的测试文本", "zh"), zh[7]])
    write_set(tmp_path, "en/yelp_small.all", en)
    write_set(tmp_path, "en/imdb.train", [row("a film that is measured only", "en"), en[3]])
    return tmp_path


def read(out: Path) -> dict[str, list[str]]:
    return {path.stem: path.read_text(encoding="utf-8").splitlines() for path in out.glob("*.txt")}


def plainly(text: str) -> str:
    return text.lower()


def test_no_text_of_a_test_or_of_a_measured_set(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "corpus"
    corpus.build(data, out, fold=plainly)
    everything = "\n".join(line for lines in read(out).values() for line in lines)
    assert "测试文本" not in everything
    assert "measured only" not in everything
    # A training row that repeats a test row, or a row of a measured set, is out as well.
    assert "第7次购买" not in everything
    assert "order number 3\n" not in everything
    assert "第8次购买" in everything


def test_own_test_rows_are_out_wherever_they_repeat(tmp_path: Path) -> None:
    rows = [row(f"外卖{MOTTOES[n % 6]}第{n}单", "zh") for n in range(200)]
    write_set(tmp_path, "zh/waimai_10k.train", rows)
    write_set(tmp_path, "zh/chnsenticorp.train", rows)
    held = {example.text for example in load_examples(tmp_path) if corpus.is_held_out(example)}
    corpus.build(tmp_path, tmp_path / "corpus", fold=plainly)
    kept = {line for lines in read(tmp_path / "corpus").values() for line in lines}
    waimai = [e for e in load_examples(tmp_path, sets=["waimai_10k"]) if corpus.is_held_out(e)]
    assert 5 <= len(waimai) <= 40  # a tenth of 200
    assert not kept & {example.text for example in waimai}
    assert held <= {example.text for example in waimai}


def test_additions_and_report_agree_with_the_files(data: Path, tmp_path: Path) -> None:
    options = corpus.CorpusOptions(traditional=0.5, spliced=0.5, heldout=0.1)
    report = corpus.build(data, tmp_path / "corpus", options, fold=plainly)
    files = read(tmp_path / "corpus")
    assert report.rows == {name: len(lines) for name, lines in files.items()}
    assert report.characters == {name: sum(map(len, lines)) for name, lines in files.items()}
    assert (
        sum("購買" in line for line in files["zh"]) > 80
    )  # the fold of this test keeps the script
    assert 120 < len(files["mixed"]) < 300
    assert all("购买" in line or "購買" in line for line in files["mixed"])
    assert all("order number" in line for line in files["mixed"])
    assert 10 < len(files["heldout_zh"]) < 60
    heldout = set(files["heldout_zh"]) | set(files["heldout_en"])
    assert not heldout & (set(files["zh"]) | set(files["en"]))


def test_the_same_corpus_twice(data: Path, tmp_path: Path) -> None:
    corpus.build(data, tmp_path / "one", fold=plainly)
    corpus.build(data, tmp_path / "two", fold=plainly)
    assert read(tmp_path / "one") == read(tmp_path / "two")


def test_the_text_line_folds_by_default(data: Path, tmp_path: Path) -> None:
    write_set(data, "en/uber_app.all", [row("GREAT&nbsp;Driver,  would ride   again", "en")])
    corpus.build(data, tmp_path / "corpus", corpus.CorpusOptions(heldout=0.0))
    assert "great driver, would ride again" in read(tmp_path / "corpus")["en"]


def test_a_folder_without_sets_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no data sets"):
        corpus.build(tmp_path, tmp_path / "corpus")


@pytest.mark.parametrize("twin", ["快递来得很快！我很满意", "快递来得很快<br>我很满意"])
def test_a_test_in_another_dress_is_found(data: Path, tmp_path: Path, twin: str) -> None:
    # "the parcel came quickly, I am satisfied", traditional in the test and simplified in training
    write_set(data, "zh/openrice_senti.test", [row("快遞來得很快，我很滿意", "zh")])
    write_set(data, "zh/appstore_zh_stars.train", [row(twin, "zh")])
    report = corpus.build(data, tmp_path / "corpus")
    assert not any(
        "我很满意" in line for lines in read(tmp_path / "corpus").values() for line in lines
    )
    assert report.left_out.get("a text of a test, as it is folded", 0) == ("<" in twin)


def heads_of(data: Path, out: Path, most: int) -> Path:
    """Link every file with tests in it, and write the first lines of each that has none."""
    for path in sorted(data.glob("*/*")):
        copy = out / path.relative_to(data)
        copy.parent.mkdir(parents=True, exist_ok=True)
        if not path.name.endswith(".gz") or ".test." in path.name or ".dev." in path.name:
            copy.symlink_to(path)
            continue
        with gzip.open(path, "rb") as lines, gzip.open(copy, "wb", compresslevel=1) as head:
            head.writelines(islice(lines, most))
    return out


@pytest.mark.shared
@pytest.mark.parametrize(
    ("most", "texts", "folded"),
    [(1000, 30_000, 100), pytest.param(4000, 100_000, 500, marks=pytest.mark.long)],
)
def test_nothing_that_is_measured_is_in_the_real_corpus(
    tmp_path: Path, most: int, texts: int, folded: int
) -> None:
    # A leak is one of a set and not of a row: the beginning of each shows it.
    data = heads_of(shared("data"), tmp_path, most)
    measured = {example.group for example in load_examples(data, purpose="measure")}
    kept, left_out = corpus._select(data, corpus.CorpusOptions(), plainly)
    assert len(kept) > texts
    assert left_out["a text of a test, as it is folded"] > folded
    assert not measured & {group_of(text.text) for text in kept}
