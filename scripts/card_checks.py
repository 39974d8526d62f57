"""Measure what a model's card says beside its figures, and write it into the card.

    python scripts/card_checks.py models/base DATA               print the sections
    python scripts/card_checks.py models/base DATA --update      and rewrite the card of the bundle
    python scripts/card_checks.py models/base DATA --update --seeds "Within .012 on every figure."

Calibration beyond chance, accuracy of the surest rows, spliced rows and traditional script against plain
ones, the behaviour suite. The weights stay as they are. Under a minute on two cores; reads gold dev.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import sentiment
from sentiment.errors import SentimentError
from sentiment.model import bundle
from sentiment.train.data.examples import load_examples
from sentiment.train.figures.card_checks import PassRate, check, put_checks
from tests import behaviour


def main() -> None:
    """Measure, print, update."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", metavar="MODEL", help="folder of a bundle, or a bundled name")
    parser.add_argument("data", type=Path, metavar="DATA", help="folder with gold/")
    parser.add_argument("--update", action="store_true", help="rewrite the card")
    parser.add_argument("--seeds", default="", help="a sentence on a second run with another seed")
    options = parser.parse_args()
    try:
        card = checked(bundle.find(options.model), options.data, options.seeds)
        if options.update:
            saved = bundle.rewrite(bundle.find(options.model), card=card)
            print(f"rewrote the card of {saved.path}", file=sys.stderr)
        else:
            print(card)
    except SentimentError as error:
        sys.exit(str(error))


def checked(model: Path, data: Path, seeds: str = "") -> str:
    """Return the card of a bundle with what is measured of it now."""
    dev = [one for one in load_examples(data, sets=["gold"], purpose="measure") if one.gold]
    rates = [
        PassRate(rate.group, rate.language, rate.passed, rate.total)
        for rate in behaviour.rates(str(model))
    ]
    checks = check(sentiment.load(model), dev, rates)
    return put_checks(bundle.read(model).card, checks, seeds)


if __name__ == "__main__":
    main()
