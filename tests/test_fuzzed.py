"""What fuzzing found stays mended, and the inputs that it starts from are answered."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzzing import CASES, CHECKS, seeds


@pytest.mark.parametrize("case", sorted(CASES.iterdir()), ids=lambda case: case.name)
def test_what_was_found(case: Path) -> None:
    CHECKS[case.name.partition("-")[0]](case.read_bytes())


@pytest.mark.parametrize("check", CHECKS)
def test_what_it_starts_from(check: str) -> None:
    for data in seeds(check):
        CHECKS[check](data)
