"""What a larger encoder makes of each token: vectors that the base model learns to foretell.

A teacher's word about a text (`teach`) is a few numbers; its inside is a vector a token, of which a
small encoder learns what words mean beside one another (Jiao et al. 2020, "TinyBERT: distilling BERT
for natural language understanding"). The two cut a text into different tokens: a token here is
given the mean of what the teacher has on the same letters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import nn

from sentiment.errors import InputError
from sentiment.text import prepare
from sentiment.train.base.quick import has_bf16
from sentiment.train.base.token_targets import encoded, is_read
from sentiment.train.data.examples import Example

__all__ = ["TokenVectors", "spread", "write_vectors"]

_VECTORS, _ROWS = "vectors.npy", "rows.npz"
_READ = 8192  # tokens that the teacher is given at one time, padding included
_TEXTS = 4096  # that are cut into its tokens at one time

Offsets = list[tuple[int, int]]


class TokenVectors(Mapping[str, NDArray[np.float16]]):
    """The vectors of each text by its group, (L - 2, V): read from disk as they are needed."""

    def __init__(self, folder: Path) -> None:
        """Open what `write_vectors` wrote.

        :raises InputError: The folder cannot be read, or holds something else.
        """
        try:
            self._vectors = np.load(folder / _VECTORS, mmap_mode="r", allow_pickle=False)
            with np.load(folder / _ROWS, allow_pickle=False) as held:
                groups, ends = held["groups"].tolist(), held["ends"].tolist()
        except (OSError, ValueError, KeyError) as error:
            raise InputError(f"{folder}: no vectors of a teacher ({error}).") from error
        self._spans = dict(zip(groups, zip([0, *ends], ends, strict=False), strict=True))

    def __getitem__(self, group: str) -> NDArray[np.float16]:
        first, end = self._spans[group]
        vectors: NDArray[np.float16] = self._vectors[first:end]
        return vectors

    def __iter__(self) -> Iterator[str]:
        return iter(self._spans)

    def __len__(self) -> int:
        return len(self._spans)


def write_vectors(
    examples: Sequence[Example],
    tokenizer: Tokenizer,
    window: int,
    teacher: tuple[nn.Module, Tokenizer, int],
    folder: Path,
    tell: Callable[[int, int], None] = lambda done, texts: None,
) -> int:
    """Write the vectors of every text's tokens in fp16; return how many tokens that are.

    :param tokenizer: The base model's.
    :param teacher: Its encoder, its tokenizer, and the tokens that it reads at once. What it does not
        read has NaN.
    :param tell: Called with the texts that are done, and all.
    """
    encoder, reader, longest = teacher
    encoder.eval()
    texts: dict[str, tuple[str, Offsets]] = {}
    for example in examples:
        prepared = prepare(example.text)
        if is_read(prepared):
            _, offsets = encoded(prepared, tokenizer, window)
            texts[example.group] = (prepared.folded, offsets[1:])
    ends = np.cumsum([len(offsets) for _, offsets in texts.values()])
    folder.mkdir(parents=True, exist_ok=True)
    width = int(cast(Any, encoder.config).hidden_size)
    out = np.lib.format.open_memmap(
        folder / _VECTORS, mode="w+", dtype=np.float16, shape=(int(ends[-1]), width)
    )
    parts = list(zip(texts.values(), ends.tolist(), strict=True))
    parts.sort(key=lambda part: len(part[0][0]))
    for at in range(0, len(parts), _TEXTS):
        some = parts[at : at + _TEXTS]
        read = [reader.encode(text) for (text, _), _ in some]
        for row, vectors in _encode(encoder, [one.ids for one in read], longest):
            (_, offsets), end = some[row]
            theirs = read[row].offsets[1 : len(vectors) + 1]
            out[end - len(offsets) : end] = spread(vectors, theirs, offsets)
        tell(min(at + _TEXTS, len(parts)), len(parts))
    out.flush()
    np.savez_compressed(folder / _ROWS, groups=np.array(list(texts)), ends=ends)
    return int(ends[-1])


def _encode(
    encoder: nn.Module, rows: Sequence[Sequence[int]], longest: int
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Yield each row's number and the vectors of its tokens without the first and the last."""
    lengths = [min(len(row), longest) for row in rows]
    order = sorted(range(len(rows)), key=lambda row: lengths[row])
    while order:
        many = max(1, _READ // lengths[order[-1]])
        some, order = order[-many:], order[:-many]
        ids = np.zeros((len(some), lengths[some[-1]]), np.int64)
        for at, row in enumerate(some):
            ids[at, : lengths[row]] = rows[row][: lengths[row]]
        given = torch.from_numpy(ids)
        with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=has_bf16()):
            said = encoder(input_ids=given, attention_mask=(given != 0).long()).last_hidden_state
        for vectors, row in zip(said.float().numpy(), some, strict=True):
            yield row, vectors[1 : lengths[row] - (len(rows[row]) <= longest)]


def spread(vectors: NDArray[np.float32], theirs: Offsets, ours: Offsets) -> NDArray[np.float32]:
    """Return for each token of ours the mean vector of theirs that share a letter with it.

    :param vectors: Of their tokens, (M, V).
    :param theirs: Where these stand in the text, in order, M.
    :param ours: Where ours stand, N.
    :return: (N, V); NaN where they have no token.
    """
    sums = np.concatenate(
        [np.zeros_like(vectors[:1]), np.cumsum(vectors, axis=0, dtype=np.float32)]
    )
    starts, ends = np.array(theirs).reshape(-1, 2).T
    ours_starts, ours_ends = np.array(ours).reshape(-1, 2).T
    first = np.searchsorted(ends, ours_starts, side="right")
    last = np.searchsorted(starts, ours_ends, side="left")
    many = (last - first).astype(np.float32)
    many[many <= 0] = np.nan
    means: NDArray[np.float32] = (sums[np.maximum(first, last)] - sums[first]) / many[:, None]
    return means
