"""Labelled texts for training and measuring: one value, and masks for what is not labelled.

The data folder has `zh/` and `en/` with SET.SPLIT.jsonl.gz, and `gold/` with train.jsonl and
dev.jsonl. What may be used for what is decided by the table in `sources.toml`, not by the caller: a
set that is measured only, a test file and every text that occurs in one never reach training.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, NamedTuple, cast

from sentiment.errors import InputError, LabelError
from sentiment.records import (
    POLARITIES,
    SENTIMENTS,
    STATES,
    Opinion,
    Polarity,
    Sentiment,
    State,
    topic_states,
)
from sentiment.taxonomy import Taxonomy
from sentiment.text.chinese import to_simplified
from sentiment.train.data.sources import Source, known_sources

__all__ = [
    "Example",
    "Judgement",
    "Purpose",
    "as_opinions",
    "cap_sets",
    "group_of",
    "load_examples",
    "mapped_rows",
    "more_gold",
    "other_texts",
    "read_labelled",
    "read_split",
]

Purpose = Literal["train", "measure", "pretrain"]

GOLD = "gold"
_MARKS = re.compile(r"[\W_]+")


class Judgement(NamedTuple):
    """A driver or tag, how it is judged, and the words that prove it, where they are labelled."""

    name: str
    polarity: Polarity
    evidence: str | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """A text and what is labelled about it; None is "not labelled" and is masked in training.

    :param source: The data set the text came from; for gold rows too.
    :param group: Equal for texts that differ in spaces, punctuation, case and script only; such texts
        must stay on one side of a split.
    :param overall_weight: How far `overall` is to be trusted, from 0 to 1.
    :param opinions: Every driver that is judged, when they all are labelled.
    :param topics: The state of each topic that is known; a topic that is missing is masked.
    :param drivers: State of drivers and tags known from a mapped aspect (or from `opinions`). It
        says nothing about the others; those of a topic in state "absent" are absent.
    :param tags: Every tag that is judged, when they all are labelled.
    :param gold: Labelled under the project's own guideline.
    """

    text: str
    language: Literal["zh", "en"]
    source: str
    group: str
    overall: Sentiment | None = None
    overall_weight: float = 1.0
    opinions: tuple[Judgement, ...] | None = None
    topics: Mapping[str, State] | None = None
    drivers: Mapping[str, State] = field(default_factory=dict)
    tags: tuple[Judgement, ...] | None = None
    gold: bool = False
    id: str | None = None


def group_of(text: str) -> str:
    """Return a key that is equal for texts equal in their letters and digits.

    Case and script (traditional, simplified) make no difference. A text without letters (emoji,
    punctuation) is compared as it is.
    """
    letters = _letters(text)
    return hashlib.sha256(letters.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def load_examples(
    folder: str | Path,
    *,
    sets: Iterable[str] | None = None,
    without: Iterable[str] = (),
    purpose: Purpose = "train",
) -> list[Example]:
    """Read the data sets of a folder, as far as they may be used for this purpose.

    "train": the gold labels, then every set that may be learned from, its labels mapped onto ours;
    each text once, gold first; no text of a test or dev file or of a set that is measured only.
    "measure": labelled rows of dev and test files, gold dev, and the sets that are measured only.
    "pretrain": the texts of what may be learned from, labelled or not, each once, without labels.

    :param folder: The folder that holds `zh`, `en` and `gold`, or its parent.
    :param sets: Names of sets ("gold", "asqp_phone"); all that are in the folder by default.
    :param without: Names of sets of which no text may be among the examples, whoever labelled it:
        what a model must not have seen that is to be measured on them.
    :raises InputError: No data there, or a set that is unknown, missing or not for this purpose.
    """
    root = _root(Path(folder))
    sources = known_sources()
    wanted = None if sets is None else list(sets)
    unseen = list(without)
    _check(root, wanted, sources, purpose)
    _check_known(root, unseen, sources)
    chosen = [name for name in (GOLD, *sources) if wanted is None or name in wanted]
    if purpose == "measure":
        measured = (example for name in chosen for example in _measured(root, name, sources))
        absent = _texts_of(root, unseen, sources)
        return [
            one for one in measured
            if _labelled(one) and one.group not in absent and one.source not in unseen
        ]  # fmt: skip
    held = _held(root, sources) | _texts_of(root, unseen, sources)
    examples = (example for name in chosen for example in _learned(root, name, sources, purpose))
    free = [one for one in examples if one.group not in held and one.source not in unseen]
    return _once(free) if purpose == "train" else _bare(free)


def cap_sets(examples: Sequence[Example], most: int, longest: int) -> list[Example]:
    """Return the gold rows, and of every other set at most `most` rows of `longest` characters.

    More of one shop teaches that shop, and of a long review little is said by its stars. The rows
    are taken by their group's hash: an order as good as shuffled, and always the same.
    """
    taken: Counter[str] = Counter()
    kept = [example for example in examples if example.gold]
    for example in sorted(examples, key=lambda example: example.group):
        if not example.gold and len(example.text) <= longest and taken[example.source] < most:
            taken[example.source] += 1
            kept.append(example)
    return kept


def read_labelled(path: str | Path) -> list[Example]:
    """Read labelled feedback: JSON lines with text, and what is labelled about it.

    Fields: `text`; `overall`, `opinions`, `tags` as in the gold labels, each may be null or
    missing; `topics` (topic: state) may stand for opinions; `lang`, `id`, `source`.

    :raises InputError: The file cannot be read.
    :raises LabelError: Rows that cannot be used, up to twenty of them listed by line.
    """
    path = Path(path)
    examples: list[Example] = []
    faults: list[str] = []
    for number, record in enumerate(_records(path), start=1):
        try:
            examples.append(_own(record, path.stem))
        except LabelError as error:
            faults.append(f"line {number}: {error}")
    if faults:
        shown = "\n".join(faults[:20])
        raise LabelError(f"{path}: {len(faults)} rows cannot be used:\n{shown}")
    return examples


def more_gold(folder: str | Path, *, without: Iterable[str] = ()) -> list[Example]:
    """Read the rows that were labelled under the guideline later, most of them for being hard.

    None of them is kept aside to choose anything by, so that figures stay comparable; hence they are
    not among what `load_examples` returns. Empty where the folder has none.

    :param without: As for `load_examples`.
    :raises InputError: No data there, or a set that is not known.
    """
    root = _root(Path(folder))
    sources = known_sources()
    unseen = list(without)
    _check_known(root, unseen, sources)
    path = root / GOLD / "more.jsonl"
    if not path.exists():
        return []
    held = _held(root, sources) | _texts_of(root, unseen, sources)
    return [
        replace(one, gold=True)
        for one in read_labelled(path)
        if one.group not in held and one.source not in unseen
    ]


def other_texts(examples: Iterable[Example], *of: Iterable[Example]) -> list[Example]:
    """Return the examples whose text is in none of some others."""
    groups = {one.group for some in of for one in some}
    return [one for one in examples if one.group not in groups]


def read_split(folder: str | Path, name: str, split: str) -> list[Example]:
    """Return every row of one file of a set, its labels mapped, whatever it may be used for.

    For measuring, never for training: texts that occur twice, or in other sets too, stay.

    :raises InputError: No such set, or no such file of it.
    """
    root = _root(Path(folder))
    sources = known_sources()
    _check(root, [name], sources, "measure")
    files = _files(root, name, sources)
    if split not in files:
        raise InputError(f"{root}: {name} has no file {split!r}, only {', '.join(files)}.")
    return list(_examples(files[split], sources.get(name)))


def mapped_rows(folder: str | Path) -> Iterator[Example]:
    """Yield every row of every set whose aspects are mapped, whatever it may be used for.

    For comparing the mapping with the gold labels, never for training.
    """
    root = _root(Path(folder))
    sources = known_sources()
    for name, source in sources.items():
        if source.scheme is not None:
            for path in _files(root, name, sources).values():
                yield from _examples(path, source)


def _root(folder: Path) -> Path:
    for root in (folder, folder / "data"):
        if any((root / part).is_dir() for part in ("zh", "en", GOLD)):
            return root
    raise InputError(f"{folder}: no data sets there; it should hold zh, en and gold.")


def _check(
    root: Path, wanted: list[str] | None, sources: Mapping[str, Source], purpose: Purpose
) -> None:
    """Refuse sets that are not known, not there, or not for this purpose."""
    _check_known(root, wanted, sources)
    for name in wanted or ():
        if name == GOLD:
            continue
        if purpose != "measure" and sources[name].use == "measure":
            raise InputError(
                f"{name} is measured, never learned from ({sources[name].licence}); "
                "ask for it with purpose='measure'."
            )
        if purpose != "pretrain" and sources[name].use == "text":
            raise InputError(f"{name} gives text and no labels; it is for purpose='pretrain' only.")


def _check_known(root: Path, names: list[str] | None, sources: Mapping[str, Source]) -> None:
    for name in names or ():
        if name != GOLD and name not in sources:
            raise InputError(f"There is no data set {name!r}; the known ones are in sources.toml.")
        if not _files(root, name, sources):
            raise InputError(f"{root}: the data set {name!r} is not there.")


def _files(root: Path, name: str, sources: Mapping[str, Source]) -> dict[str, Path]:
    """Return the files of a set by split."""
    if name == GOLD:
        paths = [root / GOLD / f"{split}.jsonl" for split in ("train", "dev")]
        return {path.stem: path for path in paths if path.exists()}
    folder = root / sources[name].language
    return {path.name.split(".")[1]: path for path in sorted(folder.glob(f"{name}.*.jsonl.gz"))}


def _measured(root: Path, name: str, sources: Mapping[str, Source]) -> Iterator[Example]:
    files = _files(root, name, sources)
    if name == GOLD:
        splits = ["dev"]
    elif sources[name].use == "text":
        splits = []
    elif sources[name].use == "measure":
        splits = [split for split in files if split != "unlabelled"]
    else:
        splits = [split for split in files if split in ("dev", "test")]
        splits = [split for split in splits if split not in sources[name].train]
    for split in splits:
        if split in files:
            yield from _examples(files[split], sources.get(name))


def _learned(
    root: Path, name: str, sources: Mapping[str, Source], purpose: Purpose
) -> Iterator[Example]:
    files = _files(root, name, sources)
    if name == GOLD:
        # The text of a measured set stays out, whoever labelled it.
        for example in _examples(files["train"], None) if "train" in files else ():
            source = sources.get(example.source)
            if source is None or source.use != "measure":
                yield example
        return
    source = sources[name]
    if source.use == "measure" or (purpose == "train" and source.use != "train"):
        return
    splits = source.train if purpose == "train" else (*source.train, "unlabelled")
    for split in splits:
        if split in files:
            yield from _examples(files[split], source)


def _held(root: Path, sources: Mapping[str, Source]) -> frozenset[str]:
    """Return the groups of every text that is measured on."""
    held: set[str] = set()
    for name in (GOLD, *sources):
        for split, path in _files(root, name, sources).items():
            measured = name != GOLD and sources[name].use == "measure"
            trained = name != GOLD and split in sources[name].train
            if measured or (split in ("dev", "test") and not trained):
                held.update(group_of(record["text"]) for record in _records(path))
    return frozenset(held)


def _texts_of(root: Path, names: Sequence[str], sources: Mapping[str, Source]) -> frozenset[str]:
    """Return the groups of every text of some sets, labelled or not, in whatever split."""
    paths = [path for name in names for path in _files(root, name, sources).values()]
    return frozenset(group_of(record["text"]) for path in paths for record in _records(path))


def _once(examples: Sequence[Example]) -> list[Example]:
    """Keep one example of each text: gold alone if it has it, otherwise each kind of label once."""
    gold = {example.group for example in examples if example.gold}
    verdicts: dict[str, set[str]] = {}
    for example in examples:
        if example.overall is not None and example.group not in gold:
            verdicts.setdefault(example.group, set()).add(example.overall)
    overall_seen: set[str] = set()
    topics_seen: set[str] = set()
    kept: list[Example] = []
    for example in examples:
        if not example.gold:
            if example.group in gold:
                continue
            # Two sets that contradict each other about one text are both left unheard.
            if example.group in overall_seen or len(verdicts.get(example.group, ())) > 1:
                example = replace(example, overall=None)
            if example.group in topics_seen:
                example = replace(example, topics=None, drivers={})
        if example.overall is not None:
            overall_seen.add(example.group)
        if example.topics is not None:
            topics_seen.add(example.group)
        if _labelled(example):
            kept.append(example)
    return kept


def _labelled(example: Example) -> bool:
    return example.overall is not None or example.topics is not None


def _bare(examples: Iterable[Example]) -> list[Example]:
    """Return each text once and without labels."""
    seen: set[str] = set()
    kept: list[Example] = []
    for example in examples:
        if example.group not in seen:
            seen.add(example.group)
            kept.append(Example(example.text, example.language, example.source, example.group))
    return kept


def _examples(path: Path, source: Source | None) -> Iterator[Example]:
    for record in _records(path):
        yield _own(record, GOLD, gold=True) if source is None else _public(record, source)


def _public(record: Mapping[str, Any], source: Source) -> Example:
    overall = record.get("overall") if "overall" in source.gives else None
    mapped = None
    if source.scheme is not None and record.get("aspects") is not None:
        mapped = source.read(record["aspects"])
    return Example(
        text=record["text"],
        language=source.language,
        source=source.name,
        group=group_of(record["text"]),
        overall=overall,
        overall_weight=source.weight(overall, record.get("stars")) if overall else 1.0,
        topics=mapped.topics if mapped else None,
        drivers=mapped.names if mapped else {},
    )


def _own(record: Mapping[str, Any], source: str, *, gold: bool = False) -> Example:
    text = record.get("text")
    if not isinstance(text, str) or not text.strip():
        raise LabelError("no text.")
    overall = record.get("overall")
    if overall is not None and overall not in SENTIMENTS:
        raise LabelError(f"overall {overall!r} is none of {', '.join(SENTIMENTS)}.")
    opinions = _judgements(record.get("opinions"), "driver", text)
    tags = _judgements(record.get("tags"), "tag", text)
    states = record.get("topics")
    if opinions is not None:
        states = topic_states(as_opinions(opinions), Taxonomy.default().topics)
    elif states is not None:
        if not isinstance(states, Mapping):
            raise LabelError("topics is no object of a topic and its state each.")
        for topic, state in states.items():
            if state not in STATES:
                raise LabelError(f"{topic}: {state!r} is none of {', '.join(STATES)}.")
    named = [*(opinions or ()), *(tags or ())]
    return Example(
        text=text,
        language=record.get("lang") or ("zh" if re.search("[\u4e00-\u9fff]", text) else "en"),
        source=record.get("source") or source,
        group=group_of(text),
        overall=overall,
        opinions=opinions,
        topics=states,
        drivers=topic_states(as_opinions(named, by_name=True), ()),
        tags=tags,
        gold=gold,
        id=record.get("id"),
    )


def as_opinions(judgements: Iterable[Judgement], *, by_name: bool = False) -> Iterator[Opinion]:
    """Yield judgements as opinions, for `records.topic_states`; by name, each is its own topic."""
    for name, polarity, evidence in judgements:
        topic = name if by_name else name.partition(".")[0]
        yield Opinion(topic, name, polarity, 1.0, evidence or "", 0, 0)


def _judgements(entries: Any, key: str, text: str) -> tuple[Judgement, ...] | None:
    if entries is None:
        return None
    if not isinstance(entries, list) or not all(isinstance(entry, Mapping) for entry in entries):
        raise LabelError(f"{key}s are no list of objects with {key} and polarity.")
    judgements: list[Judgement] = []
    for entry in entries:
        name, polarity, evidence = entry.get(key), entry.get("polarity"), entry.get("evidence")
        if not isinstance(name, str) or not name:
            raise LabelError(f"an entry without a {key}.")
        if polarity not in POLARITIES:
            raise LabelError(f"{name}: polarity {polarity!r} is none of {', '.join(POLARITIES)}.")
        if evidence is not None and not (isinstance(evidence, str) and evidence in text):
            raise LabelError(f"{name}: the evidence {evidence!r} is not in the text.")
        judgements.append(Judgement(name, cast("Polarity", polarity), evidence))
    return tuple(judgements)


def _records(path: Path) -> Iterator[dict[str, Any]]:
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8-sig") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield _record(line, path, number)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error}).") from error


def _record(line: str, path: Path, number: int) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except json.JSONDecodeError as error:
        raise InputError(f"{path}, line {number}: not JSON ({error.msg}).") from error
    if not isinstance(record, dict):
        raise InputError(f"{path}, line {number}: not a JSON object.")
    return record


def _letters(text: str) -> str:
    # In simplified script, as the model sees it: a test's text in traditional is the same text.
    return _MARKS.sub("", to_simplified(text.lower())) or text.strip()
