"""Train the small lite model of the tests from the sample that comes with the project.

    python scripts/make_tiny_model.py -o tests/models/tiny

It is real in every part and good at nothing: 397 rows teach it little. It takes some seconds and
gives the same bytes again on the same machine; run it when the schema of bundles or the features
change.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict, replace
from pathlib import Path

from sentiment.model import bundle
from sentiment.taxonomy import Taxonomy
from sentiment.train.data.examples import Example, read_labelled
from sentiment.train.figures.card import Card, TrainingSet, write_card
from sentiment.train.linear.lite import LiteParts, LiteRecipe, fit_lite

SAMPLE = Path(__file__).parents[1] / "data" / "sample_labels.jsonl"
# A column for every label and few features: 200 bytes each.
RECIPE = LiteRecipe(folds=4, training_vocabulary=8_000, vocabulary=1_500, rarest_tag=3)


def main() -> None:
    """Train and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=Path("tests/models/tiny"))
    options = parser.parse_args()
    examples = gold_rows(SAMPLE)
    parts = fit_lite(
        examples, Taxonomy.default(), RECIPE, lambda line: print(line, file=sys.stderr)
    )
    save(parts, examples, options.output)


def gold_rows(path: Path) -> list[Example]:
    """Return the rows of a file that are labelled in full, as gold."""
    rows = [example for example in read_labelled(path) if example.opinions is not None]
    return [replace(example, gold=True) for example in rows]


def save(parts: LiteParts, examples: list[Example], output: Path) -> None:
    """Write the bundle with its card; no figures, for there are no other rows to measure it on."""
    recipe = asdict(RECIPE)
    command = "python scripts/make_tiny_model.py"
    sample = TrainingSet("sample", "zh/en", len(examples), "Apache-2.0", "all heads (gold labels)")
    card = Card(
        name="tiny", version="1.0.0", about="A lite model for the tests, trained on the sample.",
        figures={}, sets=[sample], weaknesses=["Everything: it has seen 397 rows."],
        recipe=recipe, reproduce=[command],
    )  # fmt: skip
    bundle.write(
        output,
        config={"name": "tiny", "version": "1.0.0", **parts.config},
        arrays=parts.arrays,
        metrics={},
        card=write_card(card),
        made={"rows": len(examples), "recipe": recipe, "command": command},
    )


if __name__ == "__main__":
    main()
