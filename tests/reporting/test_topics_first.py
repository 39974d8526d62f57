"""What customers say of a topic in many small ways: the topic is ranked, and named before a driver."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from sentiment.records import Analysis, Opinion
from sentiment.reporting.build import Report, report
from sentiment.taxonomy import Taxonomy
from tests.reporting.rows import STARS, analyses

SERVICE = [name for name in Taxonomy.default().drivers if name.startswith("service.")]


def split(
    n: int, *, qualities: tuple[str, ...], signs: tuple[float, float], cost: float = 0.4
) -> list[Analysis]:
    """Return rows whose stars follow what they say of service, which is cut into all its drivers.

    :param qualities: Drivers of quality that are mentioned.
    :param cost: Stars that a complaint about one of them costs.
    :param signs: How often service is blamed and praised.
    """
    chance = random.Random(3)
    rows = []
    for row in analyses(n, seed=3):
        stars = 3.6 + chance.gauss(0, 0.4)
        opinions = []
        drawn = chance.random()
        for sign, low, high, effect in (
            ("negative", 0.0, signs[0], -1.6),
            ("positive", signs[0], sum(signs), 1.0),
        ):
            if low <= drawn < high:
                # Blame and praise of different drivers: no driver has twenty of each.
                names = SERVICE[:3] if sign == "negative" else SERVICE[3:]
                opinions.append(
                    Opinion("service", chance.choice(names), sign, 0.9, row.text[:2], 0, 2)  # type: ignore[arg-type]
                )
                stars += effect
        for name in qualities:
            if chance.random() < 0.5:
                sign = chance.choice(("negative", "positive"))
                opinions.append(Opinion("quality", name, sign, 0.9, row.text[:2], 0, 2))  # type: ignore[arg-type]
                stars += -cost if sign == "negative" else 0.1
        columns = {**row.columns, "评分": str(min(5, max(1, round(stars))))}
        rows.append(replace(row, opinions=tuple(opinions), columns=columns))
    return rows


def made(rows: list[Analysis]) -> Report:
    return report(rows, outcome=STARS, bootstrap=50)


def test_topics_are_ranked_where_their_drivers_are_too_few() -> None:
    found = made(split(600, qualities=("quality.performance",), signs=(0.3, 0.3)))
    block = found["importance"]
    assert block.withheld is None
    assert [row["code"] for row in block.rows("topics")] == ["service", "quality"]
    assert not block.rows("drivers")
    assert any("Topics alone are ranked" in note.en for note in block.notes)
    assert found["quadrant"].withheld is not None
    said = [sentence.en for sentence in found["headline"].sentences]
    assert said[1].startswith("By topic, “service” goes with the score most closely")
    assert "Topics alone are ranked" in found.to_html("en")


def test_the_topic_is_said_before_a_driver_of_another_one() -> None:
    qualities = ("quality.performance", "quality.sensory")
    found = made(split(900, qualities=qualities, signs=(0.3, 0.3), cost=0.8))
    assert {row["code"] for row in found["importance"].rows("drivers")} == set(qualities)
    said = [sentence.en for sentence in found["headline"].sentences]
    assert said[1].startswith("By topic, “service” goes with the score most closely")
    assert said[2].startswith("Of the drivers that are mentioned often enough to be ranked")


def test_a_driver_of_the_first_topic_speaks_for_it() -> None:
    said = report(analyses(1200), outcome=STARS, bootstrap=20)["headline"].sentences
    assert said[1].en.startswith("Look first at “Delivery: speed")


def test_most_complaints_are_counted_by_topic_as_well() -> None:
    rows = [
        replace(row, columns={k: v for k, v in row.columns.items() if k != "评分"})
        for row in split(600, qualities=("quality.performance",), signs=(0.45, 0.0))
    ]
    said = [s.en for s in report(rows, bootstrap=20)["headline"].sentences]
    assert said[1].startswith("By topic, most complaints are about “service”")
    assert said[2].startswith("Most complaints are about “Quality: function")


@pytest.mark.parametrize("steady", [True, False])
def test_a_decline_in_small_steps_is_found_over_the_whole_course(steady: bool) -> None:
    rows = []
    for row in analyses(1500, months=6, seed=11):
        month = int((row.columns["日期"] or "")[5:7]) - 1
        fall = month * 0.12 if steady else 0.0
        stars = min(5, max(1, round(4.4 - fall + random.Random(row.row).gauss(0, 0.9))))
        rows.append(replace(row, columns={**row.columns, "评分": str(stars)}))
    found = report(rows, outcome=STARS, date="日期", bootstrap=20)
    said = [sentence.en for sentence in found["headline"].sentences]
    course = [one for one in said if one.startswith("2024-06 against 2024-01")]
    table = {row["code"]: row["verdict_code"] for row in found["trend"].rows("course")}
    assert table["outcome"] == ("worse" if steady else "none")
    assert len(course) == int(steady)


def test_the_score_of_a_segment_goes_before_what_was_read_out_of_its_words() -> None:
    rows = []
    for row in analyses(1500, seed=5):
        low = row.columns["region"] == "North"
        opinions = row.opinions
        if row.columns["渠道"] == "门店":  # a larger difference, of complaints
            opinions = (
                *opinions,
                Opinion("price", "price.level", "negative", 0.9, row.text[:2], 0, 2),
            )
        stars = str(min(5, max(1, int(row.columns["评分"] or 3) - (1 if low else 0))))
        rows.append(replace(row, opinions=opinions, columns={**row.columns, "评分": stars}))
    found = report(rows, outcome=STARS, by=["渠道", "region"], bootstrap=20)
    sentence = found["segments"].sentences[0].en
    assert "North" in sentence
    assert "评分" in sentence
