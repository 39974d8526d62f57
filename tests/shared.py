"""Where the development data is, for the tests that need it.

The folder lies beside the checkout on a developer's machine and in CI. A user's machine has none:
there those tests skip and say why. In CI its absence is a failure, never a skip.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("SENTIMENT_SHARED") or Path(__file__).parents[2] / "shared")


def shared(*parts: str) -> Path:
    """Return a path in the development data; skip the test, or fail in CI, when it is missing."""
    path = SHARED.joinpath(*parts)
    if not path.exists():
        reason = f"needs the development data, and {'/'.join(parts) or 'the folder'} is not there"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return path
