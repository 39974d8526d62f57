"""Print how the bundled models do on the behaviour suite, or rewrite what a model is known to fail.

    python scripts/behaviour.py [MODEL ...]          pass rates by group and language, in seconds
    python scripts/behaviour.py --failures MODEL     and every case that it fails, with what is wrong
    python scripts/behaviour.py --update MODEL       write tests/cases/known_failures/MODEL.json

Run from anywhere in a checkout: the cases are with the tests.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests import behaviour


def main() -> None:
    """Print or update."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="*", metavar="MODEL", help="bundled models; all of them")
    parser.add_argument("--failures", action="store_true", help="print what every failed case says")
    parser.add_argument("--update", action="store_true", help="rewrite the list of known failures")
    options = parser.parse_args()
    names = options.models or behaviour.models()
    if unknown := set(names) - set(behaviour.models()):
        parser.error(f"no bundled model {', '.join(sorted(unknown))}")
    if options.update and not options.models:
        parser.error("--update needs the name of a model")
    for name in names:
        print("\n".join(behaviour.table(name)))
        if options.failures:
            texts = {case.id: case.text for case in behaviour.read_cases()}
            for identity, wrong in behaviour.failures(name).items():
                print(f"{identity}: {texts[identity]!r}: {'; '.join(wrong)}.")
        if options.update:
            print(f"wrote {behaviour.write_known_failures(name)}")


if __name__ == "__main__":
    main()
