"""Print how the mapped public sets agree with the gold labels, as the tables of data/PROVENANCE.md.

    python scripts/mapping_agreement.py FOLDER        # the folder that holds zh, en and gold
    python scripts/mapping_agreement.py FOLDER --names

Every file of a set is read here, test files too: comparing labels with labels trains nothing.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from sentiment.train.agreement import Agreement, compare_names, compare_topics
from sentiment.train.examples import mapped_rows, read_labelled


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, help="the folder that holds zh, en and gold")
    parser.add_argument("--names", action="store_true", help="drivers and tags instead of topics")
    options = parser.parse_args()
    gold = read_labelled(options.folder / "gold" / "train.jsonl")
    compare = compare_names if options.names else compare_topics
    print("| set | topic | texts | given | precision | recall | judged where absent |")
    print("|---|---|---|---|---|---|---|")
    for row in compare(mapped_rows(options.folder), gold):
        print(line(row))


def line(row: Agreement) -> str:
    shares = " | ".join(
        "-" if share != share else f"{share:.2f}"
        for share in (row.precision, row.recall, row.missed)
    )
    return f"| {row.source} | {row.name} | {row.known} | {row.given} | {shares} |"


if __name__ == "__main__":
    main()
