"""Lay out corpus and labelled rows as arrays, to train on a machine that has no text line.

    python scripts/gpu_prepare.py DATA TOKENIZER CORPUS OUT

DATA is the folder that `scripts/fetch_data.py` fills, TOKENIZER comes from `scripts/train_tokenizer.py`
and CORPUS from `scripts/build_corpus.py`. OUT gets the rows that `scripts/train_base.py` trains on,
those of which only teachers speak, those kept aside, pairs of gold rows put together, and the tokens
of the corpus; `scripts/gpu_train.py` reads nothing else. About six minutes.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from sentiment.errors import NotReached
from sentiment.taxonomy import Taxonomy
from sentiment.train.base.arrays import Stored, Table, write_stored
from sentiment.train.base.choice import TAUGHT, choose_rows
from sentiment.train.base.finetune import FinetuneOptions, perhaps_joined
from sentiment.train.base.pretrain import Rows, opens_word, tokenise
from sentiment.train.base.token_targets import Targets, read_targets

WINDOW = 256
WRITTEN = Path(__file__).parents[1] / "data" / "written"
CORPUS = ("zh", "en", "mixed", "heldout_zh", "heldout_en")
JOINED = 60_000
LONG = 150  # tokens: of longer English texts some are left out where the folder grows too large
ROUNDS = 4


def main() -> None:
    """Read the arguments, lay out, compress, and say how large it is."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("data", type=Path, help="folder with zh/, en/ and gold/")
    parser.add_argument("tokenizer", type=Path, help="tokenizer.json")
    parser.add_argument("corpus", type=Path, help="folder that build_corpus wrote")
    parser.add_argument("out", type=Path, help="folder for the arrays")
    parser.add_argument("--joined", type=int, default=JOINED, help="pairs of gold rows")
    parser.add_argument("--most", type=float, default=40.0, help="megabytes in all")
    arguments = parser.parse_args()
    began = time.perf_counter()

    def say(line: str) -> None:
        print(f"{time.perf_counter() - began:6.0f} s  {line}", file=sys.stderr, flush=True)

    tokenizer = Tokenizer.from_file(str(arguments.tokenizer))
    corpus = {name: tokenise(tokenizer, arguments.corpus / f"{name}.txt") for name in CORPUS}
    for name, part in corpus.items():
        say(f"corpus {name}: {len(part)} texts, {len(part.ids)} tokens")
    tables = _tables(arguments.data, tokenizer, arguments.joined, say)
    opens = np.array(opens_word(tokenizer))
    draw = np.random.default_rng(7)
    for _ in range(ROUNDS):
        size = write_stored(Stored(opens, corpus, tables), arguments.out) / 1e6
        say(f"{arguments.out}: {size:.1f} MB")
        if size <= arguments.most:
            return
        corpus["en"] = _fewer(corpus["en"], (size - arguments.most) / size, draw, say)
    raise NotReached(f"{arguments.out} is larger than {arguments.most} MB.")


def _tables(
    data: Path, tokenizer: Tokenizer, joined: int, say: Callable[[str], None]
) -> dict[str, Table]:
    taxonomy = Taxonomy.default()
    rows, aside, further = choose_rows(data, taught=TAUGHT, written=WRITTEN)
    say(f"{len(rows)} labelled rows, {len(further)} for teachers, {len(aside)} aside")
    labelled = read_targets(rows, tokenizer, taxonomy, WINDOW)
    say(f"{len(labelled)} labelled rows ready")
    labelled += read_targets(further, tokenizer, taxonomy, WINDOW, kind="taught")
    held = read_targets(aside, tokenizer, taxonomy, WINDOW)
    together = _joined([one for one in labelled if one.kind == "gold"], joined)
    tables = {"labelled": labelled, "joined": together, "aside": held}
    for name, part in tables.items():
        kinds = {kind: sum(one.kind == kind for one in part) for kind in {o.kind for o in part}}
        say(f"{name}: {len(part)} rows, {sum(len(one.ids) for one in part)} tokens, {kinds}")
    return {name: Table.of(part) for name, part in tables.items() if part}


def _joined(gold: Sequence[Targets], many: int) -> list[Targets]:
    """Return so many pairs of gold rows, drawn as fine-tuning draws them."""
    options = replace(FinetuneOptions(), joined=1.0)
    draw = np.random.default_rng(options.seed)
    together: list[Targets] = []
    for _ in range(4 * many if gold else 0):  # the longest have no partner
        row = gold[int(draw.integers(len(gold)))]
        pair = perhaps_joined(row, gold, options, draw)
        if pair is not row:
            together.append(pair)
        if len(together) == many:
            break
    return together


def _fewer(rows: Rows, share: float, draw: np.random.Generator, say: Callable[[str], None]) -> Rows:
    """Return the texts without some long ones that hold so large a share of all tokens, and more."""
    lengths = np.diff(rows.starts)
    long = draw.permutation(np.flatnonzero(lengths > LONG))
    # A little more than what is too much: the next round should be the last.
    enough = np.searchsorted(np.cumsum(lengths[long]), 2.2 * share * len(rows.ids)) + 1
    kept = np.ones(len(rows), dtype=bool)
    kept[long[:enough]] = False
    say(f"{int((~kept).sum())} long English texts, {lengths[~kept].sum()} tokens, are left out")
    starts = np.concatenate([[0], np.cumsum(lengths[kept])])
    return Rows(rows.ids[np.repeat(kept, lengths)], starts)


if __name__ == "__main__":
    main()
