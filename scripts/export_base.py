"""Draw the ONNX graph of a transformer bundle anew from its weights, and save the bundle with it.

    python scripts/export_base.py models/base DATA            # in its place
    python scripts/export_base.py models/base DATA -o mine    # as another bundle

DATA is the folder that `scripts/fetch_data.py` fills; on some of its gold rows for training the steps of
eight bits are found, and ONNX is compared with torch. Weights, settings, what words say, figures and
card stay.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tokenizers import Tokenizer

from sentiment.model import bundle
from sentiment.model.network import load_network
from sentiment.model.transformer import Settings
from sentiment.model.words import Words
from sentiment.train.base.pack import BaseParts, pack
from sentiment.train.base.token_targets import read_targets
from sentiment.train.data.examples import load_examples


def main() -> None:
    """Read the bundle, export it, save it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("bundle", type=Path, help="folder of the bundle")
    parser.add_argument("data", type=Path, help="folder with zh/, en/ and gold/")
    parser.add_argument("-o", "--output", type=Path, help="default: the bundle itself")
    parser.add_argument("--rows", type=int, default=600, help="gold rows to compare on")
    arguments = parser.parse_args()
    saved = bundle.read(arguments.bundle)
    taxonomy = saved.taxonomy
    names = len(taxonomy.drivers) + len(taxonomy.tags)
    network = load_network(
        saved.config, saved.file(bundle.NETWORK), len(taxonomy.topics), names
    ).eval()
    settings = Settings.of(saved.config, taxonomy)
    words = Words.of(saved.arrays()) if saved.has_arrays else None
    tokenizer = Tokenizer.from_file(str(saved.file(bundle.TOKENIZER)))
    gold = [one for one in load_examples(arguments.data, sets=["gold"]) if one.gold]
    spread = gold[:: max(len(gold) // arguments.rows, 1)][: arguments.rows]
    packed, parity = pack(
        BaseParts(network, saved.file(bundle.TOKENIZER), taxonomy, settings, words),
        arguments.output or arguments.bundle,
        name=saved.config["name"],
        version=saved.config["version"],
        metrics=saved.metrics,
        card=saved.card,
        made=saved.manifest["made"],
        checked=[one.ids for one in read_targets(spread, tokenizer, taxonomy, settings.window)],
    )
    print(f"{parity}\nsaved {packed.path}, {packed.size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
