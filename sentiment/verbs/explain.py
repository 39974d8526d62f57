"""`sentiment explain`: one text, what was cleaned and what decided."""

from __future__ import annotations

import sys
from argparse import Namespace

from sentiment.talk import Talk

__all__ = ["run"]


def run(options: Namespace, talk: Talk) -> int:
    """Print what one text went through and what decided."""
    from sentiment.analyzer import load

    text = sys.stdin.read() if options.text == "-" else options.text
    analyzer = load(
        options.model, device=options.device, taxonomy=options.taxonomy, speed=options.speed
    )
    for line in analyzer.explain(text).lines(talk.tongue):
        print(line)  # noqa: T201
    return 0
