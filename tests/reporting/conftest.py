"""Reports that several tests look at; each is made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from sentiment.reporting.build import Report, report
from tests.reporting.rows import ACCURACY, STARS, analyses

__all__ = ["full", "page"]

# Fewer resamples than a user's 2,000: the tests look at what is shown, not at the third digit.
RESAMPLES = 60


@pytest.fixture(scope="session")
def full() -> Report:
    """A report in which every one of the twenty blocks is shown."""
    return report(
        analyses(1500),
        outcome=STARS,
        by=["渠道", "region"],
        date="日期",
        id="订单号",
        accuracy=ACCURACY,
        bootstrap=RESAMPLES,
    )


@pytest.fixture(scope="session")
def page(full: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same report as a page, English first."""
    return full.save(tmp_path_factory.mktemp("page") / "report.html", language="en")
