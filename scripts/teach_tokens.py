"""Ask a larger encoder about every token of one language's rows; write its vectors.

    python scripts/teach_tokens.py DATA models/base/tokenizer.json WORK/teacher-en WORK/vectors-en \
        --language en

The teacher is a bundle of `scripts/train_teacher.py`. The rows are those that `scripts/train_base.py`
learns from, labelled or not, with `--vectors`. About ten minutes on two cores for one of MiniLM's
size, and three gigabytes.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from tokenizers import Tokenizer

from sentiment.model import bundle
from sentiment.taxonomy import Taxonomy
from sentiment.train.base.choice import TAUGHT, choose_rows
from sentiment.train.base.pack import unpack
from sentiment.train.base.token_teacher import write_vectors

WINDOW = 256


def main() -> None:
    """Read the arguments, ask, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("data", type=Path, help="folder with zh/, en/ and gold/")
    parser.add_argument("tokenizer", type=Path, help="tokenizer.json of the base model")
    parser.add_argument("teacher", type=Path, help="bundle of the teacher")
    parser.add_argument("output", type=Path, help="folder of the vectors")
    parser.add_argument("--language", choices=("zh", "en"), required=True)
    arguments = parser.parse_args()
    began = time.perf_counter()

    def say(line: str) -> None:
        print(f"{time.perf_counter() - began:6.0f} s  {line}", file=sys.stderr, flush=True)

    chosen = choose_rows(arguments.data, taught=TAUGHT)
    rows = [one for one in [*chosen.labelled, *chosen.taught] if one.language == arguments.language]
    say(f"{len(rows)} rows")
    network = unpack(arguments.teacher, Taxonomy.default())
    reader = Tokenizer.from_file(str(arguments.teacher / bundle.TOKENIZER))
    tokens = write_vectors(
        rows,
        Tokenizer.from_file(str(arguments.tokenizer)),
        WINDOW,
        (network.encoder, reader, WINDOW),
        arguments.output,
        lambda done, texts: say(f"{done} of {texts} texts"),
    )
    say(f"{tokens} tokens: {arguments.output}")


if __name__ == "__main__":
    main()
