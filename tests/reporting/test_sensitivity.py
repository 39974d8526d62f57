"""How far shares might move by the errors that the model ships."""

from __future__ import annotations

from typing import Any

import pytest

from sentiment.reporting import build
from sentiment.reporting.build import report
from sentiment.reporting.sensitivity import Rates, rates_of, shipped_rates
from sentiment.reporting.values import same
from tests.reporting.rows import STARS, analyses


def counts(labelled: int, found: int, right: int) -> dict[str, int]:
    return {"labelled": labelled, "found": found, "right": right}


def metrics(**topics: dict[str, int]) -> dict[str, Any]:
    states = {name.replace("_", ":"): each for name, each in topics.items()}
    return {"gold": {language: {"rows": 200, "topics": states} for language in ("zh", "en")}}


def test_rates_by_hand() -> None:
    found = rates_of(
        metrics(
            price_negative=counts(40, 42, 30), price_mixed=counts(10, 8, 4),
            price_positive=counts(30, 30, 20),
        )
    )  # fmt: skip
    # 34 of 50 complaints are right for sure; up to min(10, 4) + min(6, 12) more were only taken for
    # the other kind of complaint. 50 were found, 150 rows hold none.
    assert found["price"]["zh"] == Rates((34 / 50, 16 / 150), (44 / 50, 6 / 150))


def test_nothing_labelled_gives_no_rates() -> None:
    assert rates_of(metrics(price_positive=counts(30, 30, 20))) == {}
    assert rates_of({}) == {}


def test_a_model_that_does_not_come_with_the_package_ships_no_rates() -> None:
    assert shipped_rates("mine@1.0.0") == {}
    assert shipped_rates("lite@0.0.0") == {}


def test_the_range_stands_in_the_trust_block(monkeypatch: pytest.MonkeyPatch) -> None:
    good, poor = Rates((0.8, 0.1), (0.9, 0.05)), Rates((0.2, 0.1), (0.3, 0.15))
    rates = {"delivery": {"zh": good, "en": good}, "price": {"zh": poor, "en": poor}}
    monkeypatch.setattr(build, "shipped_rates", lambda _: rates)
    made = report(analyses(600), outcome=STARS, bootstrap=20)
    (row,) = [r for r in made["trust"].rows("sensitivity") if r["code"] == "delivery"]
    share = float(row["complaint_share"])  # type: ignore[arg-type]
    ends = sorted([(share - 10) / 0.7, (share - 5) / 0.85])
    assert [row["range_low"], row["range_high"]] == pytest.approx(ends, abs=0.5)
    # tpr - fpr of price is below 0.2: too little to say anything by.
    assert [r["code"] for r in made["trust"].rows("sensitivity")] == ["delivery"]
    assert "no corrected figure" in made["trust"].notes[0].en


@pytest.mark.parametrize(
    ("rates", "english", "chinese"),
    [
        (
            Rates((1.0, 0.2), (1.0, 0.1)),
            "the model counts more complaints than there are",
            "多于实际",
        ),
        (
            Rates((0.5, 0.0), (0.6, 0.0)),
            "the model counts fewer complaints than there are",
            "少于实际",
        ),
    ],
)
def test_a_range_that_does_not_hold_its_share_is_explained(
    monkeypatch: pytest.MonkeyPatch, rates: Rates, english: str, chinese: str
) -> None:
    of_delivery = {"delivery": {"zh": rates, "en": rates}}
    monkeypatch.setattr(build, "shipped_rates", lambda _: of_delivery)
    trust = report(analyses(600), outcome=STARS, bootstrap=20)["trust"]
    (row,) = trust.rows("sensitivity")
    share = float(row["complaint_share"])  # type: ignore[arg-type]
    assert not float(row["range_low"]) <= share <= float(row["range_high"])  # type: ignore[arg-type]
    (told,) = [note for note in trust.notes if "its range for" in note.en]
    assert "its range for delivery: " in told.en
    assert english in told.en
    assert told.zh.startswith("配送的直接计数")
    assert chinese in told.zh


def test_a_range_that_holds_its_share_needs_no_explanation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rates = Rates((0.5, 0.0), (1.0, 0.2))
    of_delivery = {"delivery": {"zh": rates, "en": rates}}
    monkeypatch.setattr(build, "shipped_rates", lambda _: of_delivery)
    trust = report(analyses(600), outcome=STARS, bootstrap=20)["trust"]
    assert trust.rows("sensitivity")
    assert not [note for note in trust.notes if "its range for" in note.en]


def test_without_rates_there_is_no_range(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "shipped_rates", lambda _: {})
    made = report(analyses(600), outcome=STARS, bootstrap=20)
    assert not made["trust"].rows("sensitivity")


def test_unequal_topics_are_told_by_language_and_beside_importance() -> None:
    accuracy = {"quality": {"zh": 0.80, "en": 0.70}, "delivery": {"zh": 0.72, "en": 0.68}}
    made = report(analyses(600), outcome=STARS, accuracy=accuracy, bootstrap=20)
    for block in ("importance", "trust"):
        (told,) = [note.en for note in made[block].notes if "unequally" in note.en]
        assert told.startswith("Chinese: topics are recognised unequally well, by more than 5")
        assert "F1 0.72 to 0.80" in told
    shown = {row["code"]: row["accuracy"] for row in made["importance"].rows("topics")}
    assert shown["quality"] == same("F1 zh 0.80 · en 0.70")
    assert shown["delivery"] == same("F1 zh 0.72 · en 0.68")
