"""Fine-tune the pretrained encoder on all labelled sets and write the parts of a bundle.

    python scripts/finetune.py DATA TOKENIZER ENCODER OUT --steps 3000             # keeps fold 0
    python scripts/finetune.py DATA TOKENIZER ENCODER OUT --steps 3000 --fold -1   # all rows, to ship

With a fold kept aside: figures on it, and settings.json (temperature, thresholds) chosen on it. The
run on all rows leaves the settings of such a run in OUT as they are. Both write tokenizer.json,
network.safetensors (fp16) and model.onnx. About one step a second on two cores.
"""

from __future__ import annotations

import argparse
import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from sentiment.model.network import FeedbackNetwork
from sentiment.taxonomy import Taxonomy
from sentiment.train.base_settings import settle
from sentiment.train.corpus import is_held_out
from sentiment.train.examples import load_examples
from sentiment.train.export import check_parity, export_onnx, save_weights
from sentiment.train.finetune import FinetuneOptions, finetune, hold, measure
from sentiment.train.split import folds
from sentiment.train.token_targets import read_targets

WINDOW, OVERLAP = 256, 64


def main() -> None:
    """Read the arguments, train, settle, measure, export."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("data", type=Path, help="folder with zh/, en/ and gold/")
    parser.add_argument("tokenizer", type=Path, help="tokenizer.json")
    parser.add_argument("encoder", type=Path, help="folder that pretrain wrote")
    parser.add_argument("out", type=Path, help="folder for the results")
    parser.add_argument("--steps", type=int, default=FinetuneOptions().steps)
    parser.add_argument("--minutes", type=float, default=FinetuneOptions().minutes)
    parser.add_argument("--fold", type=int, default=0, help="of gold, 0 to 4; -1 keeps none aside")
    parser.add_argument("--seed", type=int, default=FinetuneOptions().seed)
    arguments = parser.parse_args()

    taxonomy = Taxonomy.default()
    tokenizer = Tokenizer.from_file(str(arguments.tokenizer))
    examples = [one for one in load_examples(arguments.data) if not is_held_out(one)]
    gold = [one for one in examples if one.gold]
    aside = [one for one, fold in zip(gold, folds(gold), strict=True) if fold == arguments.fold]
    groups = {one.group for one in aside}
    rows = [one for one in examples if one.group not in groups]

    network = FeedbackNetwork.on_pretrained(
        str(arguments.encoder), len(taxonomy.topics), len(taxonomy.drivers) + len(taxonomy.tags)
    )
    options = replace(
        FinetuneOptions(), steps=arguments.steps, minutes=arguments.minutes, seed=arguments.seed
    )
    finetune(network, read_targets(rows, tokenizer, taxonomy, WINDOW), taxonomy, options)

    arguments.out.mkdir(parents=True, exist_ok=True)
    if aside:
        held = read_targets(aside, tokenizer, taxonomy, WINDOW)
        topics = list(taxonomy.topics)
        topic_of = [topics.index(driver.topic) for driver in taxonomy.drivers.values()]
        settings = {"window": WINDOW, "overlap": OVERLAP, **settle(hold(network, held), topic_of)}
        write_json(arguments.out / "settings.json", settings)
        report = {"options": asdict(options)}
        for language in ("zh", "en"):
            part = [one for one in aside if one.language == language]
            figures = measure(
                network,
                read_targets(part, tokenizer, taxonomy, WINDOW),
                taxonomy,
                raw_thresholds(settings),
            )
            print(language, figures)
            report[language] = asdict(figures)
        write_json(arguments.out / "figures.json", report)

    shutil.copy(arguments.tokenizer, arguments.out / "tokenizer.json")
    save_weights(network, arguments.out / "network.safetensors")
    export_onnx(network, arguments.out / "model.onnx")
    checked = read_targets((aside or gold)[:1000], tokenizer, taxonomy, WINDOW)
    ids = [target.ids for target in checked]
    print(check_parity(network, arguments.out / "model.onnx", ids))


def raw_thresholds(settings: dict[str, Any]) -> NDArray[np.float32]:
    """Return the thresholds for probabilities before slope and shift, as `measure` has them."""
    chance = np.array(settings["thresholds"], dtype=np.float64)
    logit = (np.log(chance / (1 - chance)) - settings["shift"]) / settings["slope"]
    raw: NDArray[np.float32] = (1.0 / (1.0 + np.exp(-logit))).astype(np.float32)
    return raw


def write_json(path: Path, data: object) -> None:
    """Write plain data to a file."""
    path.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
