"""A real model, small: what the tests of everything around a model share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

import sentiment
from sentiment.analyzer import Analyzer
from sentiment.model.bundle import bundled
from tests.browser import chromium

__all__ = ["analyzer", "chromium", "lite", "tiny"]

# Processes that run tests side by side wait for one another where each has several threads.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

# A machine that is busy with other things is slow, not wrong.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")

TINY = Path(__file__).parent / "models" / "tiny"


@pytest.fixture(scope="session")
def tiny() -> Path:
    """The folder of a small lite bundle, made by scripts/make_tiny_model.py. Not to be written to."""
    return TINY


@pytest.fixture(scope="session")
def analyzer(tiny: Path) -> Analyzer:
    """An analyzer of the small model."""
    return sentiment.load(tiny)


@pytest.fixture(scope="session")
def lite() -> Analyzer:
    """An analyzer of the bundled lite model."""
    if "lite" not in bundled():
        pytest.skip("models/lite is not there")
    return sentiment.load("lite")
