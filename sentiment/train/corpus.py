"""The corpus for language-model pretraining: public review text, without a row of any test.

Three plain files of folded text, one text a line: ``zh.txt``, ``en.txt`` and ``mixed.txt`` (a Chinese
and an English text spliced into one), and ``heldout_zh.txt`` and ``heldout_en.txt``, the share that
only measures the loss.
``corpus.json`` beside them says what went in and what was kept out.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from sentiment.errors import InputError

__all__ = ["CorpusOptions", "CorpusReport", "Text", "build", "is_held_out", "read", "text_key"]

# Measured and never trained on (DATA.md rule 2): a source is out when its name starts so.
MEASURED_ONLY = (
    "airline_tweets",
    "imdb",
    "uci_imdb",
    "semeval14",
    "semeval15",
    "semeval16",
    "sentihood",
    "tsa_md",
    "aichallenger18",
    "absa_zh_mooc",
)
# Sets of the public table that have no official test: a tenth of each is our own test.
OWN_TEST = ("waimai_10k", "online_shopping_10_cats")
_TRAINED_SPLITS = ("train", "all", "unlabelled")


@dataclass(frozen=True, slots=True)
class CorpusOptions:
    """What is added to the texts as they are; every share is of the rows of one language."""

    traditional: float = 0.03  # zh rows copied through traditional script: what its folding leaves
    spliced: float = 0.03  # zh rows that also appear joined to an English one
    heldout: float = 0.01  # rows that only measure the loss
    shortest: int = 4  # letters and digits; shorter texts teach nothing and are mostly stock phrases
    seed: int = 7


@dataclass(frozen=True, slots=True)
class Text:
    """One text of a public set: its source name, split and language (zh or en)."""

    source: str
    split: str
    language: str
    text: str


@dataclass(frozen=True, slots=True)
class CorpusReport:
    """Rows and characters written per file, rows kept out per reason, rows kept per source."""

    rows: dict[str, int]
    characters: dict[str, int]
    left_out: dict[str, int]
    sources: dict[str, int]


def text_key(text: str) -> str:
    """Return the letters and digits of a text in lower case: equal keys are the same text."""
    return "".join(character for character in text.lower() if character.isalnum())


def is_held_out(text: str) -> bool:
    """Say whether a row of a set without official test belongs to our own test (one in ten).

    The choice hangs on the text alone, so that every stage and every machine makes the same one.
    """
    return int(hashlib.sha256(text_key(text).encode()).hexdigest()[:8], 16) % 10 == 0


def read(data: Path) -> Iterator[Text]:
    """Yield every text of the public sets and of gold under `data`, test and dev rows included.

    :raises InputError: The folder holds no sets.
    """
    files = sorted(data.glob("zh/*.jsonl.gz")) + sorted(data.glob("en/*.jsonl.gz"))
    if not files:
        raise InputError(f"{data}: no zh/*.jsonl.gz or en/*.jsonl.gz; give the folder of the sets.")
    for path in files:
        source, split = path.name.removesuffix(".jsonl.gz").rsplit(".", 1)
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                yield Text(source, split, row["lang"], row["text"])
    for path in sorted(data.glob("gold/*.jsonl")):
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                yield Text("gold", path.stem, row["lang"], row["text"])


def build(
    data: Path,
    out: Path,
    options: CorpusOptions | None = None,
    fold: Callable[[str], str] | None = None,
) -> CorpusReport:
    """Write the corpus files under `out` and return what they hold.

    `fold` turns a text into what the model sees; by default the package's text line. The result
    depends on the data, the options and `fold` alone.
    """
    options = options or CorpusOptions()
    fold = fold or _text_line
    kept, left_out = _select(data, options)
    random.Random(options.seed).shuffle(kept)
    files = _arrange(kept, options, fold)
    out.mkdir(parents=True, exist_ok=True)
    for name, texts in files.items():
        _write_lines(out / f"{name}.txt", texts)
    report = CorpusReport(
        rows={name: len(texts) for name, texts in files.items()},
        characters={name: sum(map(len, texts)) for name, texts in files.items()},
        left_out=dict(left_out),
        sources=dict(sorted(Counter(text.source for text in kept).items())),
    )
    described = {"options": asdict(options), **asdict(report)}
    (out / "corpus.json").write_text(json.dumps(described, indent=1) + "\n", encoding="utf-8")
    return report


def _select(data: Path, options: CorpusOptions) -> tuple[list[Text], Counter[str]]:
    # Two passes: a training row that repeats a test row is a test row, whichever comes first.
    forbidden: set[str] = set()
    candidates: list[Text] = []
    left_out: Counter[str] = Counter()
    for text in read(data):
        reason = _reason_against(text)
        if reason:
            forbidden.add(text_key(text.text))
            left_out[reason] += 1
        else:
            candidates.append(text)
    seen: set[str] = set()
    kept = []
    for text in candidates:
        key = text_key(text.text)
        if len(key) < options.shortest:
            left_out["short"] += 1
        elif key in forbidden:
            left_out["repeats a row that is out"] += 1
        elif key in seen:
            left_out["repeated"] += 1
        else:
            seen.add(key)
            kept.append(text)
    return kept, left_out


def _reason_against(text: Text) -> str | None:
    if text.source.startswith(MEASURED_ONLY):
        return "measured only"
    if text.split not in _TRAINED_SPLITS:
        return "test or dev"
    if text.source in OWN_TEST and is_held_out(text.text):
        return "own test"
    return None


def _arrange(
    kept: list[Text], options: CorpusOptions, fold: Callable[[str], str]
) -> dict[str, list[str]]:
    draw = random.Random(options.seed)
    files: dict[str, list[str]] = {
        name: [] for name in ("zh", "en", "mixed", "heldout_zh", "heldout_en")
    }
    traditional = _to_traditional()
    for text in kept:
        folded = _one_line(fold(text.text))
        if draw.random() < options.heldout:
            files[f"heldout_{text.language}"].append(folded)
            continue
        files[text.language].append(folded)
        if text.language == "zh" and draw.random() < options.traditional:
            files["zh"].append(_one_line(fold(traditional(text.text))))
    spliced = [text for text in files["zh"] if draw.random() < options.spliced]
    if files["en"]:
        for chinese in spliced:
            pair = [chinese, draw.choice(files["en"])]
            draw.shuffle(pair)
            files["mixed"].append(draw.choice((" ", "，", "。", ", ")).join(pair))
    return files


def _to_traditional() -> Callable[[str], str]:
    import opencc

    convert: Callable[[str], str] = opencc.OpenCC("s2t").convert
    return convert


def _text_line(text: str) -> str:
    from sentiment.text import prepare

    return prepare(text).folded


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _write_lines(path: Path, texts: Iterable[str]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as out:
        for text in texts:
            if text:
                out.write(text + "\n")
