"""Train the bundled lite model.

    python scripts/train_lite.py DATA -o models/lite

DATA is the folder that `scripts/fetch_data.py` fills. Some 80 minutes of one core (16 a fold), 4 GB;
with `--kept FOLDER` the same command goes on after the last fold that was finished. It prints the
cross-fitted figures of both languages and reads the dev rows once, at the end.
`--without fabsa` leaves out every text of a set, gold ones too: for measuring on it what is new.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from sentiment.analyzer import Analyzer
from sentiment.model import bundle
from sentiment.taxonomy import Taxonomy
from sentiment.train.data.examples import Example, load_examples, more_gold, other_texts
from sentiment.train.figures.card import Card, write_card
from sentiment.train.figures.measure import Figures, measure
from sentiment.train.figures.provenance import commit, data_hash, training_sets
from sentiment.train.linear.lite import LiteParts, LiteRecipe, fit_lite

_ABOUT = (
    "Linear heads over hashed word and character features, Chinese and English: overall sentiment, "
    "topics, second-level drivers and tags with polarity, and the words that prove them. Scored with "
    "NumPy alone, some thousands of rows a second on a laptop; the honest baseline of the project."
)
_WEAKNESSES = (
    'Sarcasm: it reads the words. "Wow, only three weeks late. Well done." passes for praise.',
    "Double negation: 没有一次让我失望 (never once disappointed) counts as a complaint, and so does "
    "the first half of 不是说不好，就是太贵.",
    'What is only implied: of "I had to explain everything four times" and 喊了三遍才有人来 (called '
    "three times before anyone came) it says negative and names no driver.",
    "Which driver, when a clause is short and names no thing: of 第二天就罢工了 (went on strike the day "
    "after) it says negative and no more.",
    'Praise by what is not there: 一次都没坏过 (never broke once) and "wouldn\'t change a thing" count '
    "as complaints.",
    "Rare drivers: delivery.tracking, delivery.general, service.care and quality.general have few "
    "labelled rows; read their counts as lower bounds.",
    "Neutral and mixed: half of the rows labelled so are called something else.",
    "Of the project's behaviour suite, where everything expected of a case must hold, it passes nearly "
    "half of the Chinese cases and a third of the English ones: `make behaviour` prints the groups.",
    "Domains far from shops, apps, food, hotels, travel and parcels.",
)


def main() -> None:
    """Train, measure on dev, and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=Path("models/lite"))
    parser.add_argument("--version", default="1.0.0", help="version of the bundle")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kept", type=Path, help="folder of finished folds, to go on from")
    parser.add_argument("--without", nargs="+", default=[], metavar="SET", help="sets left out")
    options = parser.parse_args()
    began = time.perf_counter()

    def say(line: str) -> None:
        print(f"{time.perf_counter() - began:6.0f} s  {line}", file=sys.stderr, flush=True)

    more = more_gold(options.data, without=options.without)
    examples = other_texts(load_examples(options.data, without=options.without), more)
    say(f"{len(examples)} labelled rows, and {len(more)} labelled later")
    recipe = LiteRecipe(seed=options.seed)
    parts = fit_lite(examples, Taxonomy.default(), recipe, say, more, options.kept)
    dev = [e for e in load_examples(options.data, sets=["gold"], purpose="measure") if e.gold]
    figures = _measured(parts, dev)
    for language, found in figures.items():
        say(f"dev {language}: {_line(found)}")
    command = f"python scripts/train_lite.py DATA --version {options.version}"
    if options.without:
        command += f" --without {' '.join(options.without)}"
    save(
        parts, figures, examples + more, recipe, options.output, options.version, command,
        options.without,
    )  # fmt: skip
    say(f"saved {options.output}")


def _measured(parts: LiteParts, dev: list[Example]) -> dict[str, Figures]:
    analyzer = Analyzer(parts.model)
    by_language = {}
    for language in ("zh", "en"):
        rows = [example for example in dev if example.language == language]
        by_language[language] = measure(rows, analyzer.analyze_batch(row.text for row in rows))
    return by_language


def save(
    parts: LiteParts, figures: dict[str, Figures], examples: list[Example], recipe: LiteRecipe,
    output: Path, model_version: str, command: str, without: list[str],
) -> None:  # fmt: skip
    """Write the bundle with its card."""
    plain = {"gold dev": {name: one.to_dict() for name, one in figures.items()}}
    card = Card(
        name="lite", version=model_version, about=_ABOUT, figures=plain, sets=training_sets(examples),
        weaknesses=_WEAKNESSES, recipe=asdict(recipe),
        reproduce=[
            "python scripts/fetch_data.py -o DATA",
            f"{command} -o models/lite",
        ],
    )  # fmt: skip
    bundle.write(
        output,
        config={"name": "lite", "version": model_version, **parts.config},
        arrays=parts.arrays,
        metrics=plain,
        card=write_card(card),
        made={
            "data_sha256": data_hash(examples),
            "rows": len(examples),
            "commit": commit(),
            "versions": {name: version(name) for name in ("numpy", "scipy", "scikit-learn")},
            "recipe": asdict(recipe),
            "command": command,
            "without": without,
        },
    )


def _line(figures: Figures) -> str:
    names = ("topic_f1", "driver_f1", "tag_f1", "overall_accuracy", "polarity_accuracy", "flips",
             "evidence_overlap", "ece", "ece_expected")  # fmt: skip
    return " ".join(f"{name} {getattr(figures, name):.3f}" for name in names)


if __name__ == "__main__":
    main()
