from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

Write = Callable[..., Path]

TEXTS = ("good and fast", "bad, very bad", "", "fast but bad", "it does what it should do")


@pytest.fixture
def export(tmp_path: Path) -> Write:
    """Write a review export of so many rows and return its path."""

    def write(rows: int, name: str = "reviews.csv", texts: tuple[str, ...] = TEXTS) -> Path:
        path = tmp_path / name
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["id", "review", "stars"])
            for i in range(rows):
                text = texts[i % len(texts)]
                writer.writerow([f"A-{i:05d}", text and f"{text}, {i}", i % 5 + 1])
        return path

    return write
