"""Write the pretraining corpus from the public sets: three minutes, 0.5 million texts, 80 MB.

    python scripts/build_corpus.py DATA OUT

Expected: 12 million characters of Chinese, 67 million of English, 2 million mixed.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from sentiment.train.base import corpus


def main() -> None:
    """Read the arguments, build, and print the counts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("data", type=Path, help="folder with zh/, en/ and gold/")
    parser.add_argument("out", type=Path, help="folder for the corpus files")
    arguments = parser.parse_args()
    report = corpus.build(arguments.data, arguments.out)
    for name, rows in report.rows.items():
        print(f"{name}: {rows} texts, {report.characters[name]} characters")
    for reason, rows in report.left_out.items():
        print(f"left out, {reason}: {rows}")


if __name__ == "__main__":
    main()
