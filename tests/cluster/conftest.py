from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.cluster.inline import Inline

Write = Callable[..., Path]

TEXTS = ("good and fast", "bad, very bad", "", "fast but bad", "it does what it should do")


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a Parquet file of so many reviews into the folder `in` and return its path."""

    def write(name: str, rows: int, **columns: list[Any]) -> Path:
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        chance = random.Random(name)
        texts = [chance.choice(TEXTS) for _ in range(rows)]
        table = {
            "id": [f"{name}-{i:05d}" for i in range(rows)],
            "review": [text and f"{text}, {i}" for i, text in enumerate(texts)],
            "stars": [i % 5 + 1 for i in range(rows)],
        }
        # Row groups whose ends are no ends of parts.
        pq.write_table(pa.table(table | columns), path, row_group_size=700)
        return path

    return write


@pytest.fixture
def inline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the job score in this process instead of asking Ray."""
    monkeypatch.setattr("sentiment.cluster.run.Engine", Inline)


@pytest.fixture(scope="session")
def ray() -> Iterator[None]:
    """Two workers of Ray on this machine, for all tests that need some."""
    needs_ray()
    from sentiment.cluster.engine import Engine

    with Engine(None, 2):
        yield


def needs_ray() -> None:
    """Skip where Ray is not installed; in CI it has to be."""
    try:
        import ray  # noqa: F401
    except ImportError:
        reason = "needs Ray: pip install -e '.[ray]'"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
