import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.errors import LabelError
from sentiment.train.data.standoff import (
    attach,
    detach,
    digest,
    read_standoff,
    rejoin,
    write_standoff,
)
from tests.shared import shared

RECORD = {
    "id": "r1",
    "text": "快递员把花盆摔裂了 😞 but the colour is lovely, lovely",
    "lang": "zh",
    "overall": "mixed",
    "opinions": [
        {"driver": "delivery.condition", "polarity": "negative", "evidence": "花盆摔裂了"},
        {"driver": "quality.sensory", "polarity": "positive", "evidence": "lovely"},
    ],
    "tags": [{"tag": "expectation", "polarity": "negative", "evidence": "😞"}],
    "source": "own",
    "stars": None,
}


def test_a_record_comes_back_exactly():
    assert attach(detach(RECORD), RECORD["text"]) == RECORD


def test_the_entry_holds_no_word_of_the_text():
    entry = json.dumps(detach(RECORD), ensure_ascii=False)
    for word in ("花盆", "lovely", "😞", "evidence", "text"):
        assert word not in entry


@given(st.text(min_size=1), st.data())
def test_any_slice_of_any_text_comes_back(text, data):
    text = text.encode("utf-8", "replace").decode("utf-8")
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    opinion = {"driver": "price.level", "polarity": "neutral", "evidence": text[start:end]}
    record = {**RECORD, "text": text, "opinions": [opinion], "tags": []}
    assert attach(detach(record), text) == record


def test_another_text_is_refused():
    with pytest.raises(LabelError, match="r1: the text is not the one"):
        attach(detach(RECORD), RECORD["text"] + " ")


def test_an_offset_outside_the_text_is_refused():
    entry = detach(RECORD)
    entry["tags"][0]["end"] = 10_000
    with pytest.raises(LabelError, match="outside its text"):
        attach(entry, RECORD["text"])


def test_evidence_that_is_not_there_is_refused():
    record = {**RECORD, "tags": [{"tag": "brand", "polarity": "neutral", "evidence": "nowhere"}]}
    with pytest.raises(LabelError, match="nowhere"):
        detach(record)


def test_files_come_back_in_order_and_say_what_is_missing(tmp_path):
    records = [{**RECORD, "id": f"r{n}", "text": RECORD["text"] + "!" * n} for n in range(5)]
    path = tmp_path / "labels" / "own.jsonl.gz"
    assert write_standoff(records, path) == 5
    first = path.read_bytes()
    write_standoff(records, path)
    assert path.read_bytes() == first
    texts = [record["text"] for record in records[:4]]
    joined = rejoin(read_standoff(path), reversed(texts))
    assert list(joined.records) == records[:4]
    assert [entry["id"] for entry in joined.missing] == ["r4"]


@pytest.mark.parametrize(("split", "rows"), [("train", 12_666), ("dev", 600)])
def test_the_whole_gold_set_comes_back(split, rows):
    path = shared("data", "gold", f"{split}.jsonl")
    records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    labels = Path(__file__).parents[2] / "data" / "gold" / f"{split}.jsonl.gz"
    entries = read_standoff(labels)
    joined = rejoin(entries, (record["text"] for record in records))
    assert len(joined.records) == rows
    assert list(joined.records) == records
    for entry in entries:
        assert {"text", "evidence"}.isdisjoint(entry)
        assert len(entry["sha256"]) == len(digest(""))
