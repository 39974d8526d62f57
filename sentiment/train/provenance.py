"""What a trained model was made from, for its card and its manifest."""

from __future__ import annotations

import hashlib
import subprocess
from collections import Counter
from collections.abc import Sequence

from sentiment.train.card import TrainingSet
from sentiment.train.examples import Example
from sentiment.train.sources import known_sources

__all__ = ["commit", "data_hash", "training_sets"]


def training_sets(examples: Sequence[Example]) -> list[TrainingSet]:
    """Return a row for each set, from its table of licences."""
    sources = known_sources()
    counts: Counter[tuple[str, bool]] = Counter((one.source, one.gold) for one in examples)
    sets = []
    for (name, gold), rows in sorted(counts.items()):
        source = sources.get(name)
        mapped = any(
            one.topics is not None for one in examples if one.source == name and not one.gold
        )
        gives = "all heads (gold labels)" if gold else "topics" if mapped else "polarity"
        languages = {one.language for one in examples if one.source == name and one.gold == gold}
        licence = source.licence if source else "none stated"
        sets.append(TrainingSet(name, "/".join(sorted(languages)), rows, licence, gives))
    return sets


def data_hash(examples: Sequence[Example]) -> str:
    """Return a sha256 of the examples, whatever their order."""
    digest = hashlib.sha256()
    for line in sorted(repr(example) for example in examples):
        digest.update(line.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def commit() -> str:
    """Return the commit that is checked out, "-dirty" behind it where code was changed since."""
    try:
        found = subprocess.run(
            ["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True
        ).stdout.strip()
        dirty = subprocess.run(
            ["git", "status", "--porcelain", "sentiment", "scripts"],
            capture_output=True, text=True, check=True,
        ).stdout.strip()  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{found}-dirty" if dirty else found
