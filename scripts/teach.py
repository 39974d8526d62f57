"""Ask teachers about rows that are labelled in part or not at all; write soft labels.

    python scripts/teach.py DATA WORK/taught.npz \
        --teacher models/base=0.6 --teacher models/lite=0.4 --teacher WORK/teacher-en=0.6:en

A teacher is a bundle, its weight, and the languages it is asked in (all unless said). The rows are
those that `scripts/train_base.py --taught` learns from. About ten minutes on two cores for the two
bundled models and one of MiniLM's size.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

from sentiment.analyzer import open_model
from sentiment.model import bundle
from sentiment.train.base.choice import TAUGHT, choose_rows
from sentiment.train.base.teach import Teacher, teach, write_taught


def main() -> None:
    """Read the arguments, ask, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("data", type=Path, help="folder with zh/, en/ and gold/")
    parser.add_argument("output", type=Path, help="file of soft labels, .npz")
    parser.add_argument(
        "--teacher", action="append", required=True, metavar="BUNDLE=WEIGHT[:LANGUAGE]"
    )
    parser.add_argument(
        "--further", type=int, default=TAUGHT, metavar="N",
        help="rows of a set, labelled or not, beside those that are learnt from in any case",
    )  # fmt: skip
    arguments = parser.parse_args()
    began = time.perf_counter()
    teachers = [_teacher(given) for given in arguments.teacher]
    chosen = choose_rows(arguments.data, taught=arguments.further)
    rows = [one for one in chosen.labelled if one.opinions is None]
    taught = teach([*rows, *chosen.taught], teachers)
    write_taught(taught, arguments.output)
    took = time.perf_counter() - began
    print(f"{took:.0f} s  {len(taught)} rows: {arguments.output}", file=sys.stderr)


def _teacher(given: str) -> Teacher:
    name, _, rest = given.partition("=")
    weight, _, language = rest.partition(":")
    model: Any = open_model(str(bundle.find(name)), "auto")
    languages = {language} if language else {"zh", "en"}
    return Teacher(model, float(weight or 1), frozenset(languages))


if __name__ == "__main__":
    main()
