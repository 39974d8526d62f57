"""The sample data keeps its promises: joined, labelled, complete, and no sentence written twice."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from functools import cache
from pathlib import Path
from statistics import correlation
from typing import Any

import pytest

from sentiment.records import POLARITIES, SENTIMENTS
from sentiment.taxonomy import Taxonomy
from tests.frames import framed, shared_frames

DATA = Path(__file__).parents[1] / "data"
EMPTY = {
    *("", "无", "N/A", "n/a", "-", "。。。", "系统默认好评"),
    *("此用户没有填写评价", "此用户没有填写评价。"),
}
NO_ANSWER = EMPTY | {"暂无", "同上"}
MONTHS = [f"2025-{month:02d}" for month in range(9, 13)] + [f"2026-{m:02d}" for m in range(1, 6)]


@cache
def reviews() -> tuple[dict[str, str], ...]:
    with (DATA / "sample_reviews.csv").open(encoding="utf-8-sig", newline="") as file:
        return tuple(csv.DictReader(file, strict=True))


@cache
def labels() -> tuple[dict[str, Any], ...]:
    lines = (DATA / "sample_labels.jsonl").read_text(encoding="utf-8").split("\n")
    return tuple(json.loads(line) for line in lines if line)


@cache
def survey() -> tuple[list[str], ...]:
    with (DATA / "sample_survey.csv").open(encoding="utf-8-sig", newline="") as file:
        return tuple(csv.reader(file, strict=True))


def judgements(kind: str, name: str) -> Counter[tuple[str, str]]:
    return Counter(
        (found[name], found["polarity"]) for row in labels() for found in row[kind] or ()
    )


def test_reviews_are_a_shop_export_with_its_dirt() -> None:
    raw = (DATA / "sample_reviews.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = reviews()
    assert len(rows) >= 260
    assert list(rows[0]) == [
        "订单号",
        "日期",
        "渠道",
        "产品",
        "地区",
        "评分",
        "推荐意愿",
        "评价内容",
    ]
    texts = [row["评价内容"] for row in rows]
    everything = "\n".join(texts)
    for dirt in ("\n", '"', ",", "&amp;", "<br/>", "�", "å¾ˆ", "業(yè)務(wù)", "13800000000", "@"):
        assert any(dirt in text for text in texts), dirt
    assert "example.com" in everything
    assert {"", " ", "无", "N/A", "此用户没有填写评价", "666", "10/10", "好"} <= set(texts)
    assert max(map(len, texts)) > 300
    assert all(re.fullmatch(r"0\d{6}", row["订单号"]) for row in rows)
    assert len({row["订单号"] for row in rows}) == len(rows)


def test_every_month_channel_and_product_has_rows() -> None:
    rows = reviews()
    months = Counter(row["日期"][:7] for row in rows)
    assert sorted(months) == MONTHS
    assert min(months.values()) >= 25
    assert [row["日期"] for row in rows] == sorted(row["日期"] for row in rows)
    channels = Counter(row["渠道"] for row in rows)
    assert set(channels) == {"天猫", "京东", "App", "门店", "Amazon", "Web"}
    assert min(channels.values()) >= 30
    products = Counter(row["产品"] for row in rows)
    assert len(products) == 7
    assert min(products.values()) >= 20
    assert {row["评分"] for row in rows} <= {"", "1", "2", "3", "4", "5"}
    assert {row["推荐意愿"] for row in rows} <= {"", *map(str, range(11))}


def test_labels_join_the_reviews() -> None:
    text_of = {row["订单号"]: row["评价内容"] for row in reviews()}
    assert len(labels()) >= 240
    for row in labels():
        assert list(row) == ["id", "text", "lang", "overall", "opinions", "tags", "source"]
        assert row["text"] == text_of[row["id"]]
        assert row["source"] == "sample"
    labelled = {row["id"] for row in labels()}
    assert len(labelled) == len(labels())
    assert {identity for identity, text in text_of.items() if text.strip() not in EMPTY} == labelled


def test_labels_follow_the_guideline() -> None:
    taxonomy = Taxonomy.default()
    for row in labels():
        if row["lang"] == "other":
            assert row["overall"] is None
            assert row["opinions"] is None
            continue
        assert row["overall"] in SENTIMENTS
        for kind, name, known in (
            ("opinions", "driver", taxonomy.drivers),
            ("tags", "tag", taxonomy.tags),
        ):
            found = [(entry[name], entry["polarity"]) for entry in row[kind]]
            assert len(found) == len(set(found)), row["text"]
            for entry in row[kind]:
                assert entry[name] in known
                assert entry["polarity"] in POLARITIES
                evidence = entry["evidence"]
                assert evidence, row["text"]
                assert evidence in row["text"]
                assert evidence == evidence.strip()
                han = re.search("[㐀-鿿]", evidence)
                assert len(evidence) <= 40 if han else len(evidence.split()) <= 12
    assert all(
        polarity == "neutral" for tag, polarity in judgements("tags", "tag") if tag == "suggestion"
    )


def test_languages_are_in_proportion() -> None:
    count = Counter(row["lang"] for row in labels())
    assert set(count) == {"zh", "en", "mixed", "other"}
    assert count["other"] == 1
    assert 0.40 <= count["zh"] / len(labels()) <= 0.52
    assert 0.35 <= count["en"] / len(labels()) <= 0.45
    assert 0.08 <= count["mixed"] / len(labels()) <= 0.15
    overall = Counter(row["overall"] for row in labels())
    assert min(overall[name] for name in SENTIMENTS) >= 15


@pytest.mark.parametrize("driver", list(Taxonomy.default().drivers))
def test_every_driver_is_praised_and_blamed(driver: str) -> None:
    count = judgements("opinions", "driver")
    assert count[driver, "positive"] >= 3
    assert count[driver, "negative"] >= 3


@pytest.mark.parametrize("tag", list(Taxonomy.default().tags))
def test_every_tag_occurs(tag: str) -> None:
    count = judgements("tags", "tag")
    assert sum(count[tag, polarity] for polarity in POLARITIES) >= 3


def test_answers_fit_the_text_with_a_few_human_slips() -> None:
    overall = {row["id"]: row["overall"] for row in labels()}
    worth = {"negative": -1.0, "neutral": 0.0, "mixed": 0.0, "positive": 1.0}
    for column, middle in (("评分", 3), ("推荐意愿", 5)):
        pairs = [
            (float(row[column]), worth[overall[row["订单号"]]])
            for row in reviews()
            if row[column] and overall.get(row["订单号"])
        ]
        assert correlation(*zip(*pairs, strict=True)) > 0.85
        slips = sum((answer - middle) * said < 0 for answer, said in pairs)
        assert 2 <= slips <= 10


def test_the_story_is_in_the_numbers() -> None:
    about = {row["订单号"]: row for row in reviews()}
    late, fine, worn = Counter[str](), Counter[str](), Counter[str]()
    for row in labels():
        source = about[row["id"]]
        for opinion in row["opinions"] or ():
            month, sign = source["日期"][:7], opinion["polarity"]
            if opinion["driver"].startswith("delivery."):
                (late if sign == "negative" else fine)[month] += 1
            if opinion["driver"] == "quality.durability" and sign == "negative":
                worn[source["产品"]] += 1
    for month in MONTHS:
        bad = month in ("2025-11", "2025-12")
        assert (late[month] > 5 * fine[month]) == bad, month
    assert worn["V8 无线吸尘器"] > 0.7 * sum(worn.values())
    care = [
        opinion["polarity"] == "positive"
        for row in labels()
        for opinion in row["opinions"] or ()
        if about[row["id"]]["产品"] == "维修服务" and about[row["id"]]["渠道"] == "门店"
    ]
    assert len(care) >= 20
    assert sum(care) / len(care) > 0.9


def test_no_sentence_frame_is_used_twice() -> None:
    header = next(at for at, row in enumerate(survey()) if row[0] == "受访编号")
    answers = [answer for row in survey()[header + 1 :] for answer in row[6:8]]
    texts = [row["text"] for row in labels()] + [
        answer for answer in answers if answer not in NO_ANSWER
    ]
    assert list(shared_frames(texts, 5)) == []
    assert [found for found in shared_frames(texts, 4) if len(found[2]) > 1] == []
    masked = Counter(framed(text) for text in texts)
    assert [text for text, count in masked.items() if text and count > 1] == []


def test_survey_has_title_rows_and_two_open_questions() -> None:
    raw = (DATA / "sample_survey.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    title, exported, blank, header, *rows = survey()
    assert title[0]
    assert exported[0]
    assert not any([*title[1:], *exported[1:], *blank])
    assert len(header) == 8
    assert len(rows) == 40
    assert [row[0] for row in rows] == [f"S{at:04d}" for at in range(1, 41)]
    assert {len(row) for row in rows} == {8}
    assert {int(row[5]) for row in rows} == set(range(11))
