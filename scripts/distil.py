"""Make a bundle narrower: prune its network, and let it learn from itself what that cost.

    python scripts/distil.py DATA BUNDLE OUT --leave-out 1 3
        --inners 128 128 --compared 32 32 --values 32 32

DATA is the folder that `scripts/fetch_data.py` fills. OUT gets finetuned16.safetensors and recipe.json,
of which `scripts/train_base.py --start BUNDLE --trained OUT/finetuned16.safetensors`, with the same
`--leave-out`, makes a bundle. With `--start` a shorter bundle, which came from BUNDLE, is pruned in its
place and learns from it; it is then the `--start` of `train_base.py` too. With `--corrections` and no
shape, a bundle learns the labels of these rows and stays what it was about all others. A run that was
interrupted goes on where it was. 3,000 steps of four layers take an hour and a quarter on two cores.
"""

from __future__ import annotations

import argparse
import copy
import json
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

from safetensors.torch import save_file
from tokenizers import Tokenizer

from sentiment.model import bundle
from sentiment.taxonomy import Taxonomy
from sentiment.train.base.choice import TAUGHT, choose_rows
from sentiment.train.base.distil import DistilOptions, distil
from sentiment.train.base.finetune import FinetuneOptions, batches, collate, topic_of_drivers
from sentiment.train.base.pack import unpack
from sentiment.train.base.prune import check_shape, observe, prune
from sentiment.train.base.shorten import leave_out
from sentiment.train.base.token_targets import read_targets
from sentiment.train.data.examples import read_labelled

WINDOW = 256
WRITTEN = Path(__file__).parents[1] / "data" / "written"
OBSERVED = 12  # batches that tell what is used


def main() -> None:
    """Read the arguments, prune, distil, save."""
    usual = DistilOptions()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("data", type=Path, help="folder with zh/, en/ and gold/")
    parser.add_argument("bundle", type=Path, help="bundle that teaches")
    parser.add_argument("out", type=Path, help="folder for the weights and the run's state")
    parser.add_argument(
        "--inners",
        type=int,
        nargs="+",
        help="units left in the feed-forward of each layer that stays (default: as many as there are, "
        "of these and of the two below)",
    )
    parser.add_argument("--compared", type=int, nargs="+", help="numbers left of a query in each")
    parser.add_argument("--values", type=int, nargs="+", help="numbers left of a value in each")
    parser.add_argument(
        "--leave-out", type=int, nargs="+", default=[], metavar="LAYER", help="layers left out"
    )
    parser.add_argument(
        "--start",
        type=Path,
        metavar="SHORTER",
        help="bundle that is pruned in the place of the one that teaches; --leave-out says which "
        "layers of the latter it does not have",
    )
    parser.add_argument("--steps", type=int, default=usual.steps)
    parser.add_argument("--minutes", type=float, default=usual.minutes)
    parser.add_argument("--rate", type=float, default=usual.rate)
    parser.add_argument(
        "--gold", type=float, default=usual.gold, help="share of batches of gold rows"
    )
    parser.add_argument(
        "--texts",
        type=int,
        default=TAUGHT,
        metavar="N",
        help="of each set, texts without labels that are read besides (default: %(default)s)",
    )
    parser.add_argument(
        "--corrections",
        type=Path,
        metavar="FILE",
        help="labelled rows (JSON lines) on which the labels count and not the teacher",
    )
    parser.add_argument(
        "--only",
        nargs="+",
        default=[],
        metavar="PART",
        help="parts of the network that learn, such as overall (default: all but the embeddings)",
    )
    parser.add_argument("--seed", type=int, default=usual.seed)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()

    def say(line: str) -> None:
        print(f"{time.perf_counter() - began:6.0f} s  {line}", file=sys.stderr, flush=True)

    taxonomy = Taxonomy.default()
    teacher = unpack(arguments.bundle, taxonomy).eval()
    whole = unpack(arguments.start, taxonomy).eval() if arguments.start else teacher
    student = copy.deepcopy(whole)
    layers = len(teacher.encoder.layers)
    kept = [at for at in range(layers) if at not in arguments.leave_out]
    try:  # before minutes are spent on reading
        if not arguments.start:
            leave_out(student, arguments.leave_out)
        elif len(student.encoder.layers) != len(kept):
            parser.error(
                f"--start {arguments.start} has {len(student.encoder.layers)} layers, not {len(kept)}; "
                f"--leave-out names those of the {layers} of {arguments.bundle} that it lacks"
            )
        elif _tokenizer(arguments.start) != _tokenizer(arguments.bundle):
            parser.error(
                f"--start {arguments.start} has another tokenizer than {arguments.bundle}; "
                "it cannot learn from its word token by token"
            )
        shape = (arguments.inners, arguments.compared, arguments.values)
        if all(shape):
            check_shape(student, *shape)
        elif any(shape) or not arguments.corrections:
            parser.error("give --inners, --compared and --values, or --corrections alone")
        learnt = [name for name, _ in student.named_parameters()]
        for part in arguments.only:
            if not any(name.startswith(part) for name in learnt):
                parser.error(
                    f"--only {part}: the network has no such part, as overall or topics are"
                )
        corrections = [
            # What a correction does not speak of, it does not teach: short rows without a topic made
            # the model miss topics elsewhere.
            replace(
                one,
                opinions=one.opinions or None,
                topics=one.topics if one.opinions else None,
                tags=one.tags or None,
            )
            for one in (read_labelled(arguments.corrections) if arguments.corrections else ())
        ]
    except ValueError as wrong:
        parser.error(str(wrong))
    tokenizer = Tokenizer.from_file(str(arguments.bundle / bundle.TOKENIZER))
    labelled, aside, further = choose_rows(arguments.data, taught=arguments.texts, written=WRITTEN)
    told = {one.group for one in corrections}
    labelled, further = (
        [one for one in part if one.group not in told] for part in (labelled, further)
    )
    rows = read_targets(labelled, tokenizer, taxonomy, WINDOW)
    rows += read_targets(further, tokenizer, taxonomy, WINDOW, kind="taught")
    held = read_targets(aside, tokenizer, taxonomy, WINDOW)
    say(
        f"{len(corrections)} corrections; {len(rows)} texts, "
        f"{sum(len(one.ids) for one in rows) / 1e6:.1f}M tokens"
    )
    options = replace(
        usual, steps=arguments.steps, minutes=arguments.minutes, rate=arguments.rate,
        gold=arguments.gold, seed=arguments.seed, only=tuple(arguments.only),
    )  # fmt: skip
    if all(shape):
        gold = [one for one in rows if one.kind == "gold"]
        stream = batches(gold, FinetuneOptions(), options.seed)
        moments = observe(whole, [collate(next(stream)) for _ in range(OBSERVED)])
        if not arguments.start:
            moments = [moments[at] for at in kept]
        prune(student, moments, *shape)
        say("pruned")
    distil(
        student, teacher, rows, held, options, say, arguments.out / "distil.pt", kept,
        read_targets(corrections, tokenizer, taxonomy, WINDOW), topic_of_drivers(taxonomy),
    )  # fmt: skip
    save_file(
        {name: value.half().contiguous() for name, value in student.state_dict().items()},
        arguments.out / "finetuned16.safetensors",
    )
    recipe = {
        "teacher": bundle.read(arguments.bundle).name,
        "start": bundle.read(arguments.start or arguments.bundle).name,
        "inners": arguments.inners,
        "compared": arguments.compared,
        "values": arguments.values,
        "left_out": arguments.leave_out,
        "texts": arguments.texts,
        "corrections": len(corrections),
        **asdict(options),
        "command": _command(arguments),
    }
    (arguments.out / "recipe.json").write_text(json.dumps(recipe, indent=1), encoding="utf-8")


def _tokenizer(folder: Path) -> bytes:
    return (folder / bundle.TOKENIZER).read_bytes()


def _command(given: argparse.Namespace) -> str:
    """Return what to type to do it again, its files under the names that cards give them."""
    parts = {
        "inners": given.inners,
        "compared": given.compared,
        "values": given.values,
        "leave-out": given.leave_out,
    }
    shape = " ".join(f"--{name} {' '.join(map(str, of))}" for name, of in parts.items() if of)
    start = " --start SHORTER" if given.start else ""
    gold = f" --gold {given.gold:g}" if given.gold != DistilOptions().gold else ""
    texts = f" --texts {given.texts}" if given.texts != TAUGHT else ""
    rate = f" --rate {given.rate:g}" if given.rate != DistilOptions().rate else ""
    rows = " --corrections ROWS" if given.corrections else ""
    only = f" --only {' '.join(given.only)}" if given.only else ""
    told = f"{shape}{start}{gold}{texts}{rate}{rows}{only}".strip()
    return (
        f"python scripts/distil.py DATA BASE OUT {told} --steps {given.steps}; "
        "WEIGHTS=OUT/finetuned16.safetensors"
    )


if __name__ == "__main__":
    main()
