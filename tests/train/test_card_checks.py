"""The sections of a card that are measured: on real rows, by a real model, and by the command."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from pathlib import Path
from types import ModuleType

import pytest

from sentiment.analyzer import Analyzer
from sentiment.model import bundle
from sentiment.train.data.examples import Example, read_labelled
from sentiment.train.figures.card_checks import Checks, PassRate, check, put_checks
from sentiment.train.figures.copies import in_traditional
from sentiment.train.figures.measure import measure

ROOT = Path(__file__).parents[2]
RATES = (
    PassRate("typos", "zh", 3, 4),
    PassRate("typos", "en", 1, 2),
    PassRate("emoji", "zh", 0, 5),
)

_SAID = {
    "zh": (
        ("物流很快", "delivery.speed", "positive"), ("快递太慢", "delivery.speed", "negative"),
        ("客服很耐心", "service.attitude", "positive"), ("客服爱理不理", "service.attitude", "negative"),
        ("价格太贵", "price.level", "negative"), ("做工很好", "quality.general", "positive"),
    ),
    "en": (
        ("it arrived early", "delivery.speed", "positive"),
        ("it came two weeks late", "delivery.speed", "negative"),
        ("the staff were friendly", "service.attitude", "positive"),
        ("rude support", "service.attitude", "negative"),
        ("far too expensive", "price.level", "negative"),
        ("it works well", "quality.general", "positive"),
    ),
}  # fmt: skip


def records() -> list[dict[str, object]]:
    return [
        {
            "text": f"{words}{'，第' if language == 'zh' else ', number '}{number}",
            "lang": language,
            "overall": polarity,
            "opinions": [{"driver": driver, "polarity": polarity, "evidence": words}],
            "tags": [],
        }
        for language, rows in _SAID.items()
        for number in range(4)
        for words, driver, polarity in rows
    ]


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with gold dev rows."""
    gold = tmp_path_factory.mktemp("data") / "gold"
    gold.mkdir()
    lines = [json.dumps(record, ensure_ascii=False) for record in records()]
    (gold / "dev.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return gold.parent


@pytest.fixture(scope="module")
def examples(dev: Path) -> list[Example]:
    return read_labelled(dev / "gold" / "dev.jsonl")


@pytest.fixture(scope="module")
def checks(analyzer: Analyzer, examples: list[Example]) -> Checks:
    return check(analyzer, examples, RATES)


def test_it_measures_what_it_says(
    analyzer: Analyzer, examples: list[Example], checks: Checks
) -> None:
    chinese = [one for one in examples if one.language == "zh"]
    plain = measure(chinese, analyzer.analyze_batch([one.text for one in chinese]))
    copies = in_traditional(chinese)
    other = measure(copies, analyzer.analyze_batch([one.text for one in copies]))
    for one in checks.traditional:
        figure = one.difference.figure
        assert one.difference.first == pytest.approx(getattr(plain, figure))
        assert one.difference.second == pytest.approx(getattr(other, figure))
    assert (checks.excess["zh"].ece, checks.excess["zh"].expected) == (
        plain.ece,
        plain.ece_expected,
    )
    assert checks.kept["zh"][-1].accuracy == pytest.approx(plain.overall_accuracy)
    assert checks.copies == 24
    assert checks.pairs == 4 * 24


def test_spliced_rows_are_compared_with_the_same_rows_alone(
    analyzer: Analyzer, examples: list[Example], checks: Checks
) -> None:
    everything = measure(examples, analyzer.analyze_batch([one.text for one in examples]))
    found = {one.name: one for one in checks.spliced}
    assert found["topic state F1"].difference.first == pytest.approx(everything.topic_f1)
    assert found["driver + polarity F1"].difference.first == pytest.approx(everything.driver_f1)
    same = found["overall accuracy, pairs of the same sentiment"]
    mixed = found["overall accuracy, other pairs (mixed)"]
    for one in (same, mixed):
        assert one.composed is not None
        assert 0 <= one.composed <= 1
    # A linear model counts words: what it says of two lines it says of one.
    assert found["driver + polarity F1"].difference.second == pytest.approx(
        found["driver + polarity F1"].composed, abs=0.2
    )


def test_the_card_has_it_all_and_is_rewritten_to_the_same(checks: Checks, tiny: Path) -> None:
    before = bundle.read(tiny).card
    text = put_checks(before, checks)
    assert put_checks(text, checks) == text
    assert "| zh | 24 |" in text
    assert "| typos | 3/4 | 1/2 |" in text
    assert "| emoji | 0/5 | - |" in text
    assert "| all | 3/9 | 1/2 |" in text
    assert "the recipe was run once" in text
    widths: set[int] = set()
    for line in [*text.splitlines(), ""]:
        if line.startswith("|"):
            widths.add(line.count("|"))
        else:
            assert len(widths) <= 1, line
            widths = set()


def test_what_is_said_of_a_second_seed_stays(checks: Checks, tiny: Path) -> None:
    text = put_checks(bundle.read(tiny).card, checks, "Within .012 on every figure.")
    assert "## A second seed\n\nWithin .012 on every figure.\n" in text
    assert put_checks(text, checks) == text
    assert "run once" not in text


def test_without_the_suite_nothing_is_said_of_it(
    analyzer: Analyzer, examples: list[Example]
) -> None:
    assert "behaviour suite" not in put_checks("# a 1\n", check(analyzer, examples))


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "card_checks", ROOT / "scripts" / "card_checks.py"
    )
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_command_rewrites_the_card_of_a_bundle(
    script: ModuleType, dev: Path, tiny: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    folder = Path(shutil.copytree(tiny, tmp_path / "model"))
    arguments = ["card_checks.py", str(folder), str(dev)]
    monkeypatch.setattr(sys, "argv", arguments)
    script.main()
    shown = capsys.readouterr().out
    assert bundle.read(folder).card == bundle.read(tiny).card  # printed, not written
    monkeypatch.setattr(sys, "argv", [*arguments, "--update", "--seeds", "Close."])
    script.main()
    saved = bundle.read(folder)
    assert "## A second seed\n\nClose.\n" in saved.card
    assert "| negation |" in saved.card
    assert shown.partition("## A second seed")[0] == saved.card.partition("## A second seed")[0]
    assert saved.config == bundle.read(tiny).config


def test_a_folder_that_is_no_bundle_is_told(
    script: ModuleType, dev: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["card_checks.py", str(tmp_path), str(dev)])
    with pytest.raises(SystemExit, match="no model bundle"):
        script.main()
