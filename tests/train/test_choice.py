"""What the base model may learn from: nothing that is measured, no text on two sides."""

import gzip
import json
from pathlib import Path

import pytest

from sentiment.train.base.choice import LONGEST, choose_rows


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    gold = [
        {
            "id": f"g{n}", "text": f"Parcel number {n} came early", "lang": "en", "source": "own",
            "overall": "positive", "opinions": [], "tags": [],
        }
        for n in range(30)
    ]  # fmt: skip
    _write(tmp_path / "gold" / "train.jsonl", gold)
    _write(tmp_path / "gold" / "dev.jsonl", [{**gold[0], "text": "Kept for the end"}])
    row = {"lang": "en", "overall": None, "stars": None, "aspects": None}
    apps = [{**row, "text": f"It froze {n} times", "overall": "negative"} for n in range(12)]
    apps += [{**row, "text": "so slow " * LONGEST, "overall": "negative"}]
    apps += [{**row, "text": text, "overall": "positive"} for text in ("Kept for the end!",)]
    _write(tmp_path / "en" / "android_apps_20k.train.jsonl.gz", apps)
    plain = [{**row, "text": f"Our host number {n} waved"} for n in range(9)]
    plain += [{**row, "text": "KEPT for the end"}, {**row, "text": gold[3]["text"]}]
    _write(tmp_path / "en" / "airbnb_reviews.unlabelled.jsonl.gz", plain)
    return tmp_path


def _write(path: Path, rows: list[dict[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    data = "".join(json.dumps(row) + "\n" for row in rows).encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)


def test_labelled_rows_are_capped_and_a_tenth_of_the_gold_rows_is_aside(folder: Path) -> None:
    labelled, aside, taught = choose_rows(folder, most=5)
    assert len(aside) == 3
    assert all(one.gold for one in aside)
    assert sum(one.gold for one in labelled) == 27
    assert sum(one.source == "android_apps_20k" for one in labelled) == 5
    assert not taught


def test_further_rows_have_labels_where_their_set_has_some(folder: Path) -> None:
    labelled, aside, taught = choose_rows(folder, most=5, taught=8)
    apps = [one for one in taught if one.source == "android_apps_20k"]
    assert [one.overall for one in apps] == ["negative"] * 7  # of twelve, five are labelled rows
    hosts = [one for one in taught if one.source == "airbnb_reviews"]
    assert [one.overall for one in hosts] == [None] * 8
    groups = [one.group for part in (labelled, aside, taught) for one in part]
    assert len(groups) == len(set(groups))
    texts = {one.text for part in (labelled, aside, taught) for one in part}
    assert not any("kept" in text.lower() for text in texts)


def test_a_set_that_it_must_not_see_gives_no_text_either(folder: Path) -> None:
    chosen = choose_rows(folder, without=["airbnb_reviews"], taught=8)
    assert "airbnb_reviews" not in {one.source for one in chosen.taught}
    assert "android_apps_20k" in {one.source for one in chosen.labelled}


def test_rows_labelled_later_are_learnt_from_and_never_kept_aside(folder: Path) -> None:
    usual = choose_rows(folder, most=5)
    row = {"lang": "en", "source": "airbnb_reviews", "overall": "mixed", "opinions": [], "tags": []}
    texts = ["Our host number 2 waved", "Kept for the end", usual.aside[0].text]
    _write(folder / "gold" / "more.jsonl", [{**row, "id": text, "text": text} for text in texts])
    labelled, aside, taught = choose_rows(folder, most=5, taught=9)
    assert aside == usual.aside
    later = [one for one in labelled if one not in usual.labelled]
    assert [(one.text, one.overall, one.gold) for one in later] == [(texts[0], "mixed", True)]
    assert texts[0] not in {one.text for one in taught}
    without = choose_rows(folder, without=["airbnb_reviews"], most=5)
    assert all(one.source != "airbnb_reviews" for one in without.labelled)
