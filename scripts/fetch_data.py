"""Fetch the public data sets, normalise them, and give the gold labels their texts back.

    python scripts/fetch_data.py -o ../shared/data                   # from the stated addresses
    python scripts/fetch_data.py --from ../shared/data -o out        # from a normalised local copy

Sets that cannot be read by machine are named at the end; supply them with --from. A local copy
is verified by the digests in sentiment/train/data/provenance.toml; a file that differs is an error.
Every file of labels in data/gold gets its texts back; how many records did is told at the end.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from sentiment.errors import InputError, UserError
from sentiment.train.data.fetch import Outcome, copy_sets, fetch_set, known_origins, rejoin_gold

GOLD = Path(__file__).parents[1] / "data" / "gold"


def main(arguments: list[str] | None = None) -> int:
    """Run the script; returns the exit code: 0 fine, 2 the user can mend it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder to write to")
    parser.add_argument("--from", dest="copy", type=Path, help="a normalised local copy (zh, en)")
    parser.add_argument("--set", dest="sets", action="append", help="only this set; repeatable")
    parser.add_argument("--gold", type=Path, default=GOLD, help="folder of the stand-off labels")
    options = parser.parse_args(arguments)
    try:
        return run(options.out, options.copy, options.sets, options.gold)
    except UserError as error:
        say(str(error))
        return error.exit_code


def run(out: Path, copy: Path | None, sets: list[str] | None, gold: Path) -> int:
    """Fetch or copy, then rejoin; returns the exit code."""
    for name in sets or ():
        if name not in known_origins():
            raise InputError(f"There is no data set {name!r}; see data/PROVENANCE.md.")
    outcomes = copy_sets(copy, out, sets) if copy else fetch(out, sets)
    for outcome in outcomes:
        say(outcome.sentence)
    # A local copy may have a gold folder with texts of its own: those of sets that it lacks.
    for split, (joined, total) in rejoin_gold(gold, [copy or out], out).items():
        say(f"gold.{split}: {joined} of {total} records rejoined")
    different = [outcome for outcome in outcomes if outcome.state not in ("collected", "kept")]
    if copy and different:
        say(f"{len(different)} files differ from those that were collected; see above.")
        return 2
    return 0


def fetch(out: Path, sets: list[str] | None) -> list[Outcome]:
    """Fetch every set that can be, and name those that cannot."""
    outcomes: list[Outcome] = []
    for name, origin in known_origins().items():
        if sets is None or name in sets:
            try:
                outcomes += fetch_set(origin, out)
            except InputError as error:
                say(str(error))
    if not outcomes:
        raise InputError("No data set could be fetched; supply a normalised copy with --from.")
    return outcomes


def say(sentence: str) -> None:
    """Print talk to stderr."""
    print(sentence, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
