"""The public sets from their stated addresses, as the normalised files that training reads.

`provenance.toml` says for each set which files of which commit it was made from and what the
normalised files are. A commit names its content, so what is downloaded is what was read then; the
digest of the normalised file says whether it was normalised as it was then. Sets whose raw format
is not described well enough to be read by machine are supplied as a normalised copy instead, and
verified by the same digests.
"""

from __future__ import annotations

import ast
import csv
import gzip
import hashlib
import html
import io
import json
import re
import shutil
import tomllib
import unicodedata
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from sentiment.errors import InputError
from sentiment.train.data.sources import known_sources
from sentiment.train.data.standoff import digest, read_standoff, rejoin

__all__ = [
    "Origin",
    "Outcome",
    "clean",
    "copy_sets",
    "download",
    "fetch_set",
    "known_origins",
    "rejoin_gold",
]

Row = dict[str, Any]
Get = Callable[[str], bytes]

_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_CODES = {"0": "negative", "1": "neutral", "2": "positive"}
_SIGNS = {"-1": "negative", "0": "neutral", "1": "positive"}
_WORDS = {"负面": "negative", "中性": "neutral", "正面": "positive"}
_TIMEOUT_S = 60


@dataclass(frozen=True, slots=True)
class Kept:
    """A normalised file: rows and sha256 as collected, and as kept once test rows were out."""

    rows: int
    sha256: str | None
    kept: int | None = None
    kept_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Raw:
    """How to read one file of a repository: the reader, the path with {split}, and its options."""

    reader: str
    path: str
    splits: tuple[str, ...]
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a set comes from. Without `raw` it must be supplied as a normalised copy."""

    name: str
    repository: str
    commit: str
    path: str
    files: Mapping[str, Kept]
    raw: tuple[Raw, ...] = ()

    def address(self, path: str) -> str:
        """Return the address of one file at the stated commit."""
        quoted = urllib.parse.quote(path)
        return f"https://raw.githubusercontent.com/{self.repository}/{self.commit}/{quoted}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file: "collected" and "kept" are the known digests, "different" is not."""

    name: str
    split: str
    rows: int
    state: str

    @property
    def sentence(self) -> str:
        """Return the outcome as a line to print."""
        return f"{self.name}.{self.split}: {self.rows} rows, {self.state}"


@cache
def known_origins() -> Mapping[str, Origin]:
    """Return the origin of every set, by name, in the order of `provenance.toml`."""
    text = resources.files("sentiment.train.data").joinpath("provenance.toml").read_text("utf-8")
    return {name: _origin(name, entry) for name, entry in tomllib.loads(text).items()}


def _origin(name: str, entry: Mapping[str, Any]) -> Origin:
    raws = tuple(
        Raw(
            reader=raw["reader"],
            path=raw["path"],
            splits=tuple(raw["splits"]),
            options={k: v for k, v in raw.items() if k not in ("reader", "path", "splits")},
        )
        for raw in entry.get("raw", ())
    )
    return Origin(
        name=name,
        repository=entry["repository"],
        commit=entry["commit"],
        path=entry["path"],
        files={split: Kept(**known) for split, known in entry.get("files", {}).items()},
        raw=raws,
    )


def download(address: str) -> bytes:
    """Return the bytes at an address.

    :raises InputError: It cannot be reached.
    """
    try:
        with urllib.request.urlopen(address, timeout=_TIMEOUT_S) as answer:
            content: bytes = answer.read()
            return content
    except (urllib.error.URLError, TimeoutError) as error:
        raise InputError(
            f"{address}: cannot be fetched ({error}); supply a normalised copy with --from."
        ) from error


def fetch_set(origin: Origin, out: Path, get: Get = download) -> list[Outcome]:
    """Fetch a set, normalise it and write its files under `out`/LANGUAGE.

    :param get: Returns the bytes at an address; another one serves tests and mirrors.
    :raises InputError: The set has no machine-readable description, or an address fails.
    """
    if not origin.raw:
        raise InputError(
            f"{origin.name}: its raw format is not described; supply a normalised copy with --from "
            f"(made from {origin.repository} @ {origin.commit}, {origin.path})."
        )
    language = known_sources()[origin.name].language
    rows: dict[str, list[Row]] = {}
    for raw in origin.raw:
        for split in raw.splits:
            rows.setdefault(split, []).extend(_normalised(origin, raw, split, language, get))
    outcomes: list[Outcome] = []
    for split, found in rows.items():
        path = out / language / f"{origin.name}.{split}.jsonl.gz"
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in found)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(lines.encode("utf-8"), mtime=0))
        outcomes.append(_outcome(origin, split, path, len(found)))
    return outcomes


def copy_sets(folder: Path, out: Path, names: Sequence[str] | None = None) -> list[Outcome]:
    """Verify the normalised files of a folder (`zh`, `en`) and copy them under `out`.

    :raises InputError: There are none.
    """
    outcomes: list[Outcome] = []
    for name, origin in known_origins().items():
        if names is not None and name not in names:
            continue
        language = known_sources()[name].language
        for path in sorted((folder / language).glob(f"{name}.*.jsonl.gz")):
            target = out / language / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
            with gzip.open(path, "rt", encoding="utf-8") as lines:
                rows = sum(1 for _ in lines)
            outcomes.append(_outcome(origin, path.name.split(".")[1], path, rows))
    if not outcomes:
        raise InputError(f"{folder}: no data set there; it should hold zh and en.")
    return outcomes


def rejoin_gold(labels: Path, folders: Sequence[Path], out: Path) -> dict[str, tuple[int, int]]:
    """Give the stand-off gold labels their texts and write `out`/gold/SPLIT.jsonl.

    :param labels: The folder of the stand-off files.
    :param folders: Data folders whose texts are looked through (`zh`, `en`, `gold`).
    :returns: For each split how many records were rejoined, of how many.
    """
    splits = {path.name.split(".")[0]: read_standoff(path) for path in labels.glob("*.jsonl.gz")}
    wanted = {entry["sha256"] for entries in splits.values() for entry in entries}
    texts = {name: text for text in _texts(folders) if (name := digest(text)) in wanted}
    counts: dict[str, tuple[int, int]] = {}
    for split, entries in sorted(splits.items()):
        joined = rejoin(entries, texts.values())
        target = out / "gold" / f"{split}.jsonl"
        target.parent.mkdir(parents=True, exist_ok=True)
        lines = (json.dumps(record, ensure_ascii=False) + "\n" for record in joined.records)
        target.write_text("".join(lines), encoding="utf-8")
        counts[split] = (len(joined.records), len(entries))
    return counts


def clean(text: str) -> str:
    """Return a text as the normalised files have it.

    Entities unescaped, line breaks and white space to one space, control and zero-width characters
    out, nothing else.
    """
    text = _BREAK.sub(" ", html.unescape(text))
    kept = (
        " " if character.isspace() else character
        for character in text
        if character.isspace() or unicodedata.category(character) not in ("Cc", "Cf")
    )
    return " ".join("".join(kept).split())


def _outcome(origin: Origin, split: str, path: Path, rows: int) -> Outcome:
    known = origin.files.get(split)
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if known is None:
        state = "not in the provenance table"
    elif found == known.sha256:
        state = "collected"
    elif found == known.kept_sha256:
        state = "kept"
    else:
        state = f"different (collected: {known.rows} rows, kept: {known.kept or known.rows})"
    return Outcome(origin.name, split, rows, state)


def _texts(folders: Sequence[Path]) -> Iterator[str]:
    for folder in folders:
        for path in sorted(folder.glob("*/*.jsonl*")):
            opened = gzip.open if path.suffix == ".gz" else open
            with opened(path, "rt", encoding="utf-8") as lines:
                for line in lines:
                    yield json.loads(line)["text"]


def _normalised(origin: Origin, raw: Raw, split: str, language: str, get: Get) -> Iterator[Row]:
    def read(path: str) -> bytes:
        return get(origin.address(path.format(split=split)))

    seen: set[str] = set()
    for found in _READERS[raw.reader](read, raw, split):
        text = clean(found["text"])
        if not text or (raw.options.get("once") and text in seen):
            continue
        seen.add(text)
        row: Row = {"text": text, "lang": language}
        if split != "unlabelled":
            row |= {key: found.get(key) for key in ("overall", "stars", "aspects")}
        row["domain"] = found.get("domain") or raw.options.get("domain")
        row["source"] = origin.name
        yield row


def _read_table(read: Get, raw: Raw, split: str) -> Iterator[Row]:
    """Rows of a delimited file with a header, out of a zip where there is a `member`."""
    options = raw.options
    delimiter = options.get("delimiter", ",")
    for cells in _cells(_content(read, raw, split), delimiter):
        text = cells.get(options["text"]) or ""
        if "cut_before" in options:
            text = text.rpartition(options["cut_before"])[2]
        if options.get("mend"):
            text = _mend(text)
        row: Row = {"text": text}
        if "label" in options:
            row["overall"] = options["labels"].get(cells[options["label"]].strip())
        if "stars" in options:
            row["stars"] = _stars(cells[options["stars"]], options.get("out_of", 5))
            row["overall"] = _of_stars(row["stars"])
        if "codes" in options:
            row["aspects"] = _codes(cells[options["codes"]])
        if "domain_column" in options:
            row["domain"] = cells[options["domain_column"]]
        yield row


def _read_json_lines(read: Get, raw: Raw, split: str) -> Iterator[Row]:
    for line in read(raw.path).decode("utf-8-sig").splitlines():
        if line.strip():
            record = json.loads(line)
            label = record.get(raw.options.get("label"))
            labels = raw.options.get("labels", {})
            yield {"text": record[raw.options["text"]], "overall": labels.get(label)}


def _read_lines(read: Get, raw: Raw, split: str) -> Iterator[Row]:
    for line in read(raw.path).decode("utf-8-sig", "replace").splitlines():
        yield {"text": line, "overall": raw.options["overall"]}


def _read_quads(read: Get, raw: Raw, split: str) -> Iterator[Row]:
    """TEXT####[[...], ...]: a list of labels, its category and polarity at the stated places."""
    options = raw.options
    for line in read(raw.path).decode("utf-8-sig").splitlines():
        text, mark, labels = line.rpartition("####")
        if not mark:
            continue
        pairs = [
            (
                label[options["category"]],
                _CODES.get(polarity := label[options["polarity"]], polarity),
            )
            for label in ast.literal_eval(labels)
        ]
        empty = not pairs and split in options.get("unlabelled_when_empty", ())
        yield {"text": text, "aspects": None if empty else _merged(pairs)}


def _read_categories_xml(read: Get, raw: Raw, split: str) -> Iterator[Row]:
    for sentence in ElementTree.fromstring(read(raw.path)).iter("sentence"):
        pairs = [
            (label.attrib["category"], label.attrib["polarity"])
            for label in sentence.iter("aspectCategory")
        ]
        yield {"text": sentence.findtext("text") or "", "aspects": _merged(pairs)}


def _read_opinion_tables(read: Get, raw: Raw, split: str) -> Iterator[Row]:
    """One table of reviews and one of opinions, joined on `id`."""
    pairs: dict[str, list[tuple[str, str | None]]] = {}
    for cells in _cells(read(raw.options["labels_path"])):
        opinion = (cells["Categories"], _WORDS.get(cells["Polarities"]))
        pairs.setdefault(cells["id"], []).append(opinion)
    for cells in _cells(read(raw.path)):
        yield {"text": cells[raw.options["text"]], "aspects": _merged(pairs.get(cells["id"], []))}


def _read_review_blocks(read: Get, raw: Raw, split: str) -> Iterator[Row]:
    """<review> blocks with <review_text> and <rating>; not well-formed XML."""
    content = read(raw.path).decode("utf-8", "replace")
    for block in re.findall(r"<review>(.*?)</review>", content, re.DOTALL):
        text = re.search(r"<review_text>(.*?)</review_text>", block, re.DOTALL)
        rating = re.search(r"<rating>\s*([\d.]+)\s*</rating>", block)
        yield {
            "text": text[1] if text else "",
            "overall": raw.options["overall"],
            "stars": _stars(rating[1], 5) if rating else None,
        }


_READERS: Mapping[str, Callable[[Get, Raw, str], Iterator[Row]]] = {
    "table": _read_table,
    "json_lines": _read_json_lines,
    "lines": _read_lines,
    "quads": _read_quads,
    "categories_xml": _read_categories_xml,
    "opinion_tables": _read_opinion_tables,
    "review_blocks": _read_review_blocks,
}


def _content(read: Get, raw: Raw, split: str) -> bytes:
    content = read(raw.path)
    if "member" not in raw.options:
        return content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read(raw.options["member"].format(split=split))


def _cells(content: bytes, delimiter: str = ",") -> Iterator[dict[str, str]]:
    lines = io.StringIO(content.decode("utf-8-sig"), newline="")
    if delimiter == "\t":
        yield from csv.DictReader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE)
    else:
        yield from csv.DictReader(lines, delimiter=delimiter)


def _codes(cell: str) -> dict[str, str]:
    """["area.aspect.1", ...]: the last part is the polarity."""
    pairs = [code.rpartition(".") for code in ast.literal_eval(cell)]
    return _merged([(aspect, _SIGNS.get(sign)) for aspect, _, sign in pairs])


def _merged(pairs: Sequence[tuple[str, str | None]]) -> dict[str, Any]:
    """One polarity an aspect: positive and negative make conflict, either outweighs neutral."""
    found: dict[str, set[str | None]] = {}
    for aspect, polarity in pairs:
        found.setdefault(aspect, set()).add(polarity)
    return {aspect: _one(polarities) for aspect, polarities in found.items()}


def _one(polarities: set[str | None]) -> str | None:
    if "conflict" in polarities or {"positive", "negative"} <= polarities:
        return "conflict"
    for polarity in ("positive", "negative", "neutral"):
        if polarity in polarities:
            return polarity
    return None


def _stars(cell: str, out_of: int) -> float | None:
    try:
        stars = float(cell) * 5 / out_of
    except ValueError:
        return None
    return int(stars) if stars == int(stars) else stars


def _of_stars(stars: float | None) -> str | None:
    """On five: up to 2 negative, from 3.5 positive (7 of 10), between them neutral."""
    if stars is None:
        return None
    if stars <= 2:
        return "negative"
    return "positive" if stars >= 3.5 else "neutral"


def _mend(text: str) -> str:
    """UTF-8 that was read as a Windows code page on its way into the file."""
    from ftfy import fix_encoding

    mended: str = fix_encoding(text)
    return mended
