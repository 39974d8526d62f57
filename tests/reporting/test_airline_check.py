"""The script that compares the text with customers' own sub-ratings."""

from __future__ import annotations

import csv
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from scipy import stats

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def script() -> ModuleType:
    path = ROOT / "scripts" / "airline_check.py"
    spec = importlib.util.spec_from_file_location("airline_check", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["airline_check"] = module
    spec.loader.exec_module(module)
    return module


def test_the_rank_correlation_is_that_of_scipy_with_ties_and_gaps(script: ModuleType) -> None:
    random = np.random.default_rng(4)
    states = random.choice([-1.0, 0.0, 1.0, np.nan], 400)
    ratings = np.where(random.random(400) < 0.1, np.nan, random.integers(1, 6, 400) + 0.0)
    ratings = np.where(states > 0, np.minimum(ratings + 1, 5), ratings)
    found = script.spearman(states, ratings)
    both = np.isfinite(states) & np.isfinite(ratings)
    assert found.n == both.sum()
    assert found.value == pytest.approx(stats.spearmanr(states[both], ratings[both])[0], abs=1e-12)
    assert found.low < found.value < found.high


def test_it_prints_both_comparisons(
    script: ModuleType, tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    export = tmp_path / "reviews.csv"
    words = {1: "The staff was awful.", 3: "The price was okay.", 5: "Great staff, great food."}
    random = np.random.default_rng(1)
    with export.open("w", newline="", encoding="utf-8-sig") as file:
        rows = csv.writer(file)
        rows.writerow([script.TEXT, script.OVERALL, *script.RATED])
        for _ in range(300):
            answer = int(random.choice([1, 3, 5]))
            rated = [str(float(random.integers(1, 6))) for _ in script.RATED]
            rows.writerow([words[answer], f"{answer * 2.0}", *rated])
    monkeypatch.setattr(sys, "argv", ["airline_check.py", str(export), "--model", str(tiny)])
    monkeypatch.setattr(script, "IMPORTANCE_MENTIONS", 0)
    monkeypatch.setattr(script, "RESAMPLES", 20)
    script.main()
    said = capsys.readouterr().out
    for part in ("300 reviews", "Cabin Staff Service", "Value For Money", "by topic", "by driver"):
        assert part in said


def test_labelled_reviews_are_known_by_their_letters(script: ModuleType, tmp_path: Path) -> None:
    labelled = tmp_path / "labelled.jsonl"
    labelled.write_text('{"text": "Great staff,  great FOOD"}\n{"text": null}\n', encoding="utf-8")
    assert script._folded("Great staff, great food.") in script._texts(labelled)


def test_another_export_is_refused(script: ModuleType, tmp_path: Path) -> None:
    export = tmp_path / "other.csv"
    export.write_text("a,b\n1,2\n")
    with pytest.raises(SystemExit, match="columns are missing: Review"):
        script._read(export)
