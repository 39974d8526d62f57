"""What a trained model was made from, for its card and its manifest."""

from __future__ import annotations

import hashlib
import subprocess
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from sentiment.train.data.examples import Example
from sentiment.train.data.sources import known_sources
from sentiment.train.figures.card import TrainingSet

# Written for the project (data/README.md); no source to look up.
_OURS = "written"

__all__ = ["commit", "data_hash", "training_sets"]


def training_sets(examples: Sequence[Example]) -> list[TrainingSet]:
    """Return a row for each set and what was learned from it, with the licence from our table."""
    sources = known_sources()
    rows: Counter[tuple[str, str]] = Counter()
    languages: dict[tuple[str, str], set[str]] = {}
    for example in examples:
        key = (example.source, _gives(example))
        rows[key] += 1
        languages.setdefault(key, set()).add(example.language)
    sets = []
    for (name, gives), count in sorted(rows.items()):
        source = sources.get(name)
        licence = "Apache-2.0" if name == _OURS else source.licence if source else "none stated"
        language = "/".join(sorted(languages[name, gives]))
        sets.append(TrainingSet(name, language, count, licence, gives))
    return sets


def _gives(example: Example) -> str:
    if example.gold or example.source == _OURS:
        return "all heads (gold labels)"
    if example.topics is not None:
        return "topics"
    return "polarity" if example.overall is not None else "its text (teachers' labels)"


def data_hash(examples: Sequence[Example]) -> str:
    """Return a sha256 of the examples, whatever their order."""
    digest = hashlib.sha256()
    for line in sorted(repr(example) for example in examples):
        digest.update(line.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def commit() -> str | None:
    """Return the commit of the package, "-dirty" behind it where its code was changed since.

    None where it does not run from a checkout: the version of the wheel says what it is.
    """
    root = Path(__file__).resolve().parents[3]
    if not (root / ".git").exists():
        return None
    try:
        found = _git(root, "rev-parse", "HEAD")
        dirty = _git(root, "status", "--porcelain", "sentiment", "scripts")
    except (OSError, subprocess.CalledProcessError):
        return None
    return f"{found}-dirty" if dirty else found


def _git(root: Path, *words: str) -> str:
    command = ["git", "-C", str(root), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
