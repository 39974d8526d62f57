"""The corpus for language-model pretraining: public review text, without a row of any test.

Plain files of folded text, one text a line: ``zh.txt``, ``en.txt`` and ``mixed.txt`` (a Chinese and
an English text spliced into one); ``heldout_zh.txt`` and ``heldout_en.txt`` only measure the loss.
``corpus.json`` beside them says what went in and what was kept out.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from sentiment.train.data.examples import Example, group_of, load_examples

__all__ = ["CorpusOptions", "CorpusReport", "build", "is_held_out", "to_traditional"]

# Sets of the public table that have no official test: a tenth of each is our own test.
OWN_TEST = ("waimai_10k", "online_shopping_10_cats")


@dataclass(frozen=True, slots=True)
class CorpusOptions:
    """What is added to the texts as they are; every share is of the rows of one language."""

    traditional: float = 0.03  # zh rows copied through traditional script: what its folding leaves
    spliced: float = 0.03  # zh rows that also appear joined to an English one
    heldout: float = 0.01  # rows that only measure the loss
    shortest: int = 4  # letters and digits; what is shorter is mostly stock phrases
    seed: int = 7


@dataclass(frozen=True, slots=True)
class CorpusReport:
    """Rows and characters written per file, rows kept out per reason, rows kept per source."""

    rows: dict[str, int]
    characters: dict[str, int]
    left_out: dict[str, int]
    sources: dict[str, int]


def is_held_out(example: Example) -> bool:
    """Say whether a row of a set without official test belongs to our own test (one in ten).

    The choice hangs on the text alone, so that every stage and every machine makes the same one.
    """
    return example.source in OWN_TEST and int(example.group[:8], 16) % 10 == 0


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
    kept, left_out = _select(data, options, fold)
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


@dataclass(frozen=True, slots=True)
class _Kept:
    """A text that is in: as it was, and on one line as the model sees it."""

    text: str
    folded: str
    language: str
    source: str


def _select(
    data: Path, options: CorpusOptions, fold: Callable[[str], str]
) -> tuple[list[_Kept], Counter[str]]:
    # What may be read at all is `load_examples`' business, and that no text of a test is among it,
    # letter for letter. Folded, a test's text in traditional script is found in simplified as well.
    measured = load_examples(data, purpose="measure")
    own_test = [example for example in load_examples(data) if is_held_out(example)]
    out = {group_of(fold(example.text)) for example in (*measured, *own_test)}
    seen: set[str] = set()
    left_out: Counter[str] = Counter()
    kept = []
    for example in load_examples(data, purpose="pretrain"):
        folded = " ".join(fold(example.text).split())
        group = group_of(folded)
        if sum(map(str.isalnum, folded)) < options.shortest:
            left_out["short"] += 1
        elif is_held_out(example) or group in out:
            left_out["a text of a test, as it is folded"] += 1
        elif group in seen:
            left_out["repeated, as it is folded"] += 1
        else:
            seen.add(group)
            kept.append(_Kept(example.text, folded, example.language, example.source))
    return kept, left_out


def _arrange(
    kept: list[_Kept], options: CorpusOptions, fold: Callable[[str], str]
) -> dict[str, list[str]]:
    draw = random.Random(options.seed)
    files: dict[str, list[str]] = {
        name: [] for name in ("zh", "en", "mixed", "heldout_zh", "heldout_en")
    }
    traditional = to_traditional()
    for text in kept:
        if draw.random() < options.heldout:
            files[f"heldout_{text.language}"].append(text.folded)
            continue
        files[text.language].append(text.folded)
        if text.language == "zh" and draw.random() < options.traditional:
            files["zh"].append(" ".join(fold(traditional(text.text)).split()))
    spliced = [text for text in files["zh"] if draw.random() < options.spliced]
    if files["en"]:
        for chinese in spliced:
            pair = [chinese, draw.choice(files["en"])]
            draw.shuffle(pair)
            files["mixed"].append(draw.choice((" ", "，", "。", ", ")).join(pair))
    return files


def to_traditional() -> Callable[[str], str]:
    """Return what turns a text into traditional script, character by character and phrase by phrase."""
    import opencc

    convert: Callable[[str], str] = opencc.OpenCC("s2t").convert
    return convert


def _text_line(text: str) -> str:
    from sentiment.text import prepare

    return prepare(text).folded


def _write_lines(path: Path, texts: Iterable[str]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as out:
        out.writelines(f"{text}\n" for text in texts)
