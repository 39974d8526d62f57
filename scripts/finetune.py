"""Fine-tune the pretrained encoder on all labelled sets; figures on a fifth of gold kept aside.

    python scripts/finetune.py DATA TOKENIZER ENCODER OUT --steps 3000 --minutes 40

Writes network.safetensors (fp16), model.onnx, thresholds and figures. About 1 step a second on two
cores; gold rows of fold 0 are never trained on here and choose the threshold.
"""

from __future__ import annotations

import argparse
import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path

from tokenizers import Tokenizer

from sentiment.model.network import FeedbackNetwork
from sentiment.taxonomy import Taxonomy
from sentiment.train.examples import load_examples
from sentiment.train.export import check_parity, export_onnx, save_weights
from sentiment.train.finetune import FinetuneOptions, finetune, measure
from sentiment.train.split import folds
from sentiment.train.token_targets import read_targets


def main() -> None:
    """Read the arguments, train, choose the threshold, measure, export."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("data", type=Path, help="folder with zh/, en/ and gold/")
    parser.add_argument("tokenizer", type=Path, help="tokenizer.json")
    parser.add_argument("encoder", type=Path, help="folder that pretrain wrote")
    parser.add_argument("out", type=Path, help="folder for the results")
    parser.add_argument("--steps", type=int, default=FinetuneOptions().steps)
    parser.add_argument("--minutes", type=float, default=FinetuneOptions().minutes)
    arguments = parser.parse_args()

    taxonomy = Taxonomy.default()
    tokenizer = Tokenizer.from_file(str(arguments.tokenizer))
    examples = load_examples(arguments.data)
    gold = [example for example in examples if example.gold]
    aside = {example.group for example, fold in zip(gold, folds(gold), strict=True) if fold == 0}
    kept = [example for example in examples if example.group not in aside]
    tested = [example for example in gold if example.group in aside]

    targets = read_targets(kept, tokenizer, taxonomy, window=256)
    network = FeedbackNetwork.on_pretrained(
        str(arguments.encoder), len(taxonomy.topics), len(taxonomy.drivers) + len(taxonomy.tags)
    )
    options = replace(FinetuneOptions(), steps=arguments.steps, minutes=arguments.minutes)
    finetune(network, targets, taxonomy, options)

    figures = {}
    for language in ("zh", "en"):
        rows = [example for example in tested if example.language == language]
        read = read_targets(rows, tokenizer, taxonomy, window=256)
        for threshold in (0.3, 0.4, 0.5, 0.6):
            found = measure(network, read, taxonomy, threshold)
            figures[f"{language} at {threshold}"] = asdict(found)
            print(language, threshold, found)

    arguments.out.mkdir(parents=True, exist_ok=True)
    shutil.copy(arguments.tokenizer, arguments.out / "tokenizer.json")
    save_weights(network, arguments.out / "network.safetensors")
    export_onnx(network, arguments.out / "model.onnx")
    ids = [target.ids for target in read_targets(tested[:1000], tokenizer, taxonomy, window=256)]
    print(check_parity(network, arguments.out / "model.onnx", ids))
    text = json.dumps({"options": asdict(options), "figures": figures}, indent=1)
    (arguments.out / "figures.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
