from __future__ import annotations

from typing import Any

from sentiment.train.figures.card import Card, TrainingSet, with_section, write_card

FIGURES: dict[str, Any] = {
    "rows": 300, "overall_accuracy": 0.8361, "polarity_accuracy": None, "flips": 0.0125,
    "topics": {
        "quality:negative": {"labelled": 6, "found": 4, "right": 3, "f1": 0.6},
        "quality:positive": {"labelled": 2, "found": 4, "right": 1, "f1": 0.3},
        "price:negative": {"labelled": 0, "found": 0, "right": 0, "f1": None},
    },
}  # fmt: skip


def card(**changes: Any) -> str:
    parts: dict[str, Any] = {
        "name": "lite", "version": "1.2.0", "about": "What it is.",
        "figures": {"gold dev": {"zh": FIGURES, "en": {"rows": 200, "topics": {}}}},
        "sets": [TrainingSet("reviews", "zh", 1234, "none stated", "topics")],
        "weaknesses": ["Sarcasm."], "recipe": {"folds": 4}, "reproduce": ["python train.py"],
    }  # fmt: skip
    return write_card(Card(**{**parts, **changes}))


def rows() -> dict[str, list[str]]:
    table = [line.strip("|").split("|") for line in card().splitlines() if line.startswith("|")]
    return {cells[0].strip(): [cell.strip() for cell in cells[1:]] for cells in table}


def test_a_card_says_all_it_is_given() -> None:
    text = card()
    assert text.startswith("# lite 1.2.0\n")
    for piece in ("What it is.", "- Sarcasm.", "folds = 4", "python train.py", "zh 300, en 200"):
        assert piece in text
    assert rows()["reviews"] == ["zh", "1234", "topics", "none stated"]


def test_figures_have_three_decimals_and_gaps_a_dash() -> None:
    assert rows()["overall accuracy, four classes"] == ["0.836", "-"]
    assert rows()["polarity accuracy, rows labelled positive or negative"] == ["-", "-"]
    assert rows()["polarity flips, of those rows"] == ["0.013", "-"]


def test_a_topic_counts_over_its_states() -> None:
    # Quality: 8 labelled, 8 found, 4 right.
    assert rows()["quality"] == ["0.500 (8)", "-"]
    assert rows()["price"] == ["- (0)", "-"]


def test_tables_are_whole() -> None:
    block: list[int] = []
    for line in [*card().splitlines(), ""]:
        if line.startswith("|"):
            block.append(line.count("|"))
        else:
            assert len(set(block)) <= 1
            block = []


def test_it_says_that_the_labels_are_not_human() -> None:
    assert "They are not human labels." in card()


def test_a_card_without_figures() -> None:
    assert "## Figures" in card(figures={}, sets=[], weaknesses=[])


def test_a_new_section_stands_before_what_the_model_is_bad_at() -> None:
    text = with_section(card(), "Checks", ["One.", "", "| a |"])
    assert text.index("## Figures") < text.index("## Checks") < text.index("## What it is bad at")
    assert "\n## Checks\n\nOne.\n\n| a |\n\n## What it is bad at\n" in text
    assert text.replace("## Checks\n\nOne.\n\n| a |\n\n", "") == card()


def test_a_section_takes_the_place_of_an_older_one() -> None:
    once = with_section(card(), "Checks", ["One.", "Two."])
    assert with_section(once, "Checks", ["One.", "Two."]) == once
    assert (
        with_section(with_section(card(), "Checks", ["Older."]), "Checks", ["One.", "Two."]) == once
    )


def test_a_section_at_the_end_of_another_card() -> None:
    bare = "# mine 1\n\nAbout.\n"
    assert with_section(bare, "Checks", ["One."]) == "# mine 1\n\nAbout.\n\n## Checks\n\nOne.\n"
    twice = with_section(with_section(bare, "Checks", ["Older."]), "Checks", ["One."])
    assert twice.rstrip() == "# mine 1\n\nAbout.\n\n## Checks\n\nOne."
