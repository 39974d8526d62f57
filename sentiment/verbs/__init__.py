"""What each verb of the command does: calls the package, and says what came of it."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Mapping

from sentiment.arguments import FILE
from sentiment.talk import Talk
from sentiment.verbs import evaluate, explain, label, model, report, score, train

__all__ = ["RUN"]

RUN: Mapping[str, Callable[[Namespace, Talk], int]] = {
    "score": score.run,
    "report": report.run,
    "explain": explain.run,
    "train": train.run,
    "evaluate": evaluate.run,
    "label": label.run,
    "model": model.run,
    FILE: report.run_file,
}
