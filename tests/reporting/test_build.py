"""The report as a value and as files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sentiment.errors import InputError, OutputError
from sentiment.reporting.build import Report, report
from tests.reporting.rows import STARS, analyses


def test_a_block_is_found_by_its_key(full: Report) -> None:
    assert full["topics"].number == 4
    with pytest.raises(KeyError):
        full["weather"]


def test_printed_it_is_one_line(full: Report) -> None:
    assert repr(full).startswith("Report(source=")
    assert len(repr(full)) < 2_000


def test_suffix_and_language_are_checked(full: Report, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"\.html, \.xlsx or \.json"):
        full.save(tmp_path / "report.pdf")
    with pytest.raises(InputError, match="zh or en"):
        full.save(tmp_path / "report.html", language="fr")  # type: ignore[arg-type]
    with pytest.raises(OutputError, match="cannot be written"):
        full.save(tmp_path / "nowhere" / "report.html")
    assert list(tmp_path.iterdir()) == []


def test_the_chosen_language_comes_first(full: Report) -> None:
    for language, tag in (("zh", "zh-Hans"), ("en", "en")):
        page = full.to_html(language)  # type: ignore[arg-type]
        assert f'<html lang="{tag}">' in page
        assert f'id="choose-{language}" checked' in page
        assert page.index(f"view-{language}") < page.index("</main>")


_PROGRAM = """
import hashlib, sys
from pathlib import Path
from sentiment.reporting.build import report
from tests.reporting.rows import STARS, analyses
made = report(analyses(260), outcome=STARS, by="渠道", date="日期", id="订单号", bootstrap=20)
for name in ("r.html", "r.xlsx", "r.json"):
    path = made.save(Path(sys.argv[1]) / name)
    print(hashlib.sha256(path.read_bytes()).hexdigest())
"""


def test_the_same_rows_give_the_same_bytes_in_any_process(tmp_path: Path) -> None:
    digests = []
    for seed in ("1", "2"):
        run = subprocess.run(
            [sys.executable, "-c", _PROGRAM, str(tmp_path)],
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=True,
            cwd=Path(__file__).parents[2],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONUTF8": "1"},
        )
        digests.append(run.stdout.split())
    assert len(digests[0]) == 3
    assert digests[0] == digests[1]


def test_importing_it_loads_nothing_heavy() -> None:
    program = (
        "import sys, sentiment.reporting.build as b;"
        "print([m for m in ('pyarrow', 'jinja2', 'openpyxl', 'pandas') if m in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[]"


def test_rows_that_are_no_analyses_are_refused() -> None:
    with pytest.raises(InputError, match="Analysis records"):
        report([{"text": "fine"}])
    with pytest.raises(InputError, match="not from int"):
        report(7)


def test_outcome_must_be_whole() -> None:
    with pytest.raises(InputError, match="needs column"):
        report(analyses(40), outcome={"column": "评分", "best": 5})
    assert report(analyses(40), outcome=STARS)["figures"].shown
