"""Rows as arrays: all that training needs in one small folder, and no text.

A machine with a large GPU often has nothing of the text line; what it is given is token ids and
labels. A table holds many rows as dense arrays that go to the device in a few copies. All ids stand
in one stream, since a labelled text mostly stands in the corpus as well, and the compressor finds it.
"""

from __future__ import annotations

import io
import json
import lzma
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import InputError
from sentiment.train.base.pretrain import Rows
from sentiment.train.base.token_targets import UNKNOWN, Targets

__all__ = ["KINDS", "LANGUAGES", "Stored", "Table", "read_stored", "together", "write_stored"]

KINDS = ("gold", "aspects", "overall", "taught")
LANGUAGES = ("zh", "en")
_NOT_KNOWN = 2  # in findings, for NaN
_CONTENTS = "contents.json"
_IDS = "ids"
# Ids are two bytes wide; the dictionary reaches over the whole stream, however far off the copy is.
_FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 6, "dict_size": 1 << 27, "lc": 3, "lp": 1, "pb": 1}]


@dataclass(frozen=True)
class Table:
    """Rows as in `Targets`, without what teachers say; R rows, T topics, N drivers and tags.

    :param ids: Token ids of all rows end to end, [CLS] and [SEP] included.
    :param starts: Row `i` is ``ids[starts[i]:starts[i + 1]]``, (R + 1,).
    :param overall: Index of the sentiment, or UNKNOWN, (R,).
    :param overall_weight: How far `overall` is to be trusted, (R,).
    :param topics: Index of the state of each topic, or UNKNOWN, (R, T).
    :param findings: 1 judged so, 0 not, 2 not known, (R, N, 3).
    :param evidence: Where in `findings`, flattened, a judgement has evidence, ascending, (E,).
    :param first: Its first token, (E,).
    :param last: Its last token, (E,).
    :param kind: Index in `KINDS`, (R,).
    :param language: Index in `LANGUAGES`, (R,).
    """

    ids: NDArray[np.uint16]
    starts: NDArray[np.int64]
    overall: NDArray[np.int8]
    overall_weight: NDArray[np.float64]
    topics: NDArray[np.int8]
    findings: NDArray[np.int8]
    evidence: NDArray[np.int64]
    first: NDArray[np.uint8]
    last: NDArray[np.uint8]
    kind: NDArray[np.int8]
    language: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.starts) - 1

    @classmethod
    def of(cls, targets: Sequence[Targets]) -> Table:
        """Lay rows out as arrays; what teachers or words say of them is not kept.

        :raises ValueError: No rows, or one of more than 256 tokens.
        """
        if not targets:
            raise ValueError("A table has at least one row.")
        lengths = [len(one.ids) for one in targets]
        if max(lengths) > 256:
            raise ValueError(f"A row of {max(lengths)} tokens; at most 256 can be kept.")
        findings = np.stack([one.findings for one in targets])
        spans = np.stack([one.spans.astype(np.int16) for one in targets]).reshape(-1, 2)
        evidence = np.flatnonzero(spans[:, 0] != UNKNOWN)
        return cls(
            ids=np.concatenate([one.ids for one in targets]).astype(np.uint16),
            starts=np.cumsum([0, *lengths], dtype=np.int64),
            overall=np.array([one.overall for one in targets], dtype=np.int8),
            overall_weight=np.array([one.overall_weight for one in targets]),
            topics=np.stack([one.topics for one in targets]).astype(np.int8),
            findings=np.where(np.isnan(findings), _NOT_KNOWN, findings).astype(np.int8),
            evidence=evidence,
            first=spans[evidence, 0].astype(np.uint8),
            last=spans[evidence, 1].astype(np.uint8),
            kind=np.array([KINDS.index(one.kind) for one in targets], dtype=np.int8),
            language=np.array([LANGUAGES.index(one.language) for one in targets], dtype=np.int8),
        )

    def chosen(self, rows: NDArray[np.int64]) -> Table:
        """Return some rows, in the order of their indices, which ascend."""
        kept = np.zeros(len(self), dtype=bool)
        kept[rows] = True
        each = self.findings[0].size
        has = kept[self.evidence // each]
        place = np.cumsum(kept) - 1
        evidence = self.evidence[has]
        lengths = np.diff(self.starts)
        return Table(
            ids=self.ids[np.repeat(kept, lengths)],
            starts=np.concatenate([[0], np.cumsum(lengths[kept], dtype=np.int64)]),
            evidence=place[evidence // each] * each + evidence % each,
            first=self.first[has],
            last=self.last[has],
            **{name: getattr(self, name)[kept] for name in _BY_ROW},
        )

    def known_findings(self) -> NDArray[np.float32]:
        """Return the findings with NaN where nothing is known, (R, N, 3)."""
        findings = self.findings.astype(np.float32)
        findings[self.findings == _NOT_KNOWN] = np.nan
        return findings

    def targets(self) -> list[Targets]:
        """Return the rows one by one, as they were laid out."""
        findings = self.known_findings()
        spans = np.full((findings.size, 2), UNKNOWN, dtype=np.int64)
        spans[self.evidence] = np.stack([self.first, self.last], axis=1)
        spans = spans.reshape(*findings.shape, 2)
        ids, topics = self.ids.astype(np.int64), self.topics.astype(np.int64)
        return [
            Targets(
                ids=ids[self.starts[row] : self.starts[row + 1]],
                overall=int(self.overall[row]),
                overall_weight=float(self.overall_weight[row]),
                topics=topics[row],
                findings=findings[row],
                spans=spans[row],
                kind=KINDS[self.kind[row]],
                language=LANGUAGES[self.language[row]],
            )
            for row in range(len(self))
        ]


_BY_ROW = ("overall", "overall_weight", "topics", "findings", "kind", "language")


def together(tables: Sequence[Table]) -> Table:
    """Return the rows of several tables, one table after the other."""
    tokens = np.cumsum([0, *(len(one.ids) for one in tables)], dtype=np.int64)
    cells = np.cumsum([0, *(one.findings.size for one in tables)], dtype=np.int64)
    starts = [one.starts[:-1] + at for one, at in zip(tables, tokens, strict=False)]
    evidence = [one.evidence + at for one, at in zip(tables, cells, strict=False)]
    return Table(
        starts=np.concatenate([*starts, tokens[-1:]]),
        evidence=np.concatenate(evidence),
        **{
            name: np.concatenate([getattr(one, name) for one in tables])
            for name in (*_BY_ROW, "ids", "first", "last")
        },
    )


@dataclass(frozen=True)
class Stored:
    """All that training reads.

    :param opens: Whether a token opens a word, for each of the vocabulary; see `pretrain.mask`.
    :param corpus: Texts by the name of their file: zh, en, mixed, heldout_zh, heldout_en.
    :param tables: Labelled rows by name.
    """

    opens: NDArray[np.bool_]
    corpus: dict[str, Rows]
    tables: dict[str, Table]


def write_stored(stored: Stored, folder: Path) -> int:
    """Write everything as compressed arrays; return the bytes written."""
    folder.mkdir(parents=True, exist_ok=True)
    streams: list[Rows | Table] = [*stored.corpus.values(), *stored.tables.values()]
    arrays: dict[str, NDArray[np.generic]] = {
        _IDS: np.concatenate([part.ids for part in streams]),
        "opens": stored.opens,
    }
    for name, rows in stored.corpus.items():
        arrays[f"corpus.{name}.lengths"] = np.diff(rows.starts).astype(np.uint32)
    for name, table in stored.tables.items():
        arrays[f"table.{name}.lengths"] = np.diff(table.starts).astype(np.uint16)
        # Steps repeat where places do not, and so take less room.
        arrays[f"table.{name}.evidence"] = np.diff(table.evidence, prepend=0).astype(np.uint32)
        for field in fields(Table):
            if field.name not in ("ids", "starts", "evidence"):
                arrays[f"table.{name}.{field.name}"] = getattr(table, field.name)
    with ThreadPoolExecutor() as pool:
        packed = dict(zip(arrays, pool.map(_packed, arrays.values()), strict=True))
    for name, content in packed.items():
        (folder / f"{name}.npy.xz").write_bytes(content)
    contents = {"corpus": list(stored.corpus), "tables": list(stored.tables)}
    (folder / _CONTENTS).write_text(json.dumps(contents))
    return sum(map(len, packed.values()))


def read_stored(folder: Path) -> Stored:
    """Read what `write_stored` wrote.

    :raises InputError: A file is missing or broken.
    """
    try:
        contents = json.loads((folder / _CONTENTS).read_text())
        ids = _read(folder, _IDS)
        at = 0

        def take(lengths: NDArray[np.generic]) -> tuple[NDArray[np.uint16], NDArray[np.int64]]:
            nonlocal at
            starts = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
            at += int(starts[-1])
            return ids[at - int(starts[-1]) : at], starts

        corpus = {
            name: Rows(*take(_read(folder, f"corpus.{name}.lengths")))
            for name in contents["corpus"]
        }
        tables = {}
        for name in contents["tables"]:
            arrays = {
                field.name: _read(folder, f"table.{name}.{field.name}")
                for field in fields(Table)
                if field.name not in ("ids", "starts")
            }
            arrays["evidence"] = np.cumsum(arrays["evidence"], dtype=np.int64)
            own, starts = take(_read(folder, f"table.{name}.lengths"))
            tables[name] = Table(ids=own, starts=starts, **arrays)
        return Stored(_read(folder, "opens"), corpus, tables)
    except (OSError, ValueError, KeyError, lzma.LZMAError) as error:
        raise InputError(f"{folder} does not hold what gpu_prepare wrote: {error}.") from error


def _packed(array: NDArray[np.generic]) -> bytes:
    out = io.BytesIO()
    np.save(out, array, allow_pickle=False)
    return lzma.compress(out.getvalue(), format=lzma.FORMAT_XZ, filters=_FILTERS)


def _read(folder: Path, name: str) -> NDArray:  # type: ignore[type-arg]
    plain = lzma.decompress((folder / f"{name}.npy.xz").read_bytes())
    return np.load(io.BytesIO(plain), allow_pickle=False)  # type: ignore[no-any-return]
