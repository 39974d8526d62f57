"""The steps with which the network is computed in eight bits, found on rows that it has read.

Every grid is fixed here, once: from the least to the largest value of the rows. Two things keep a
few large values from taking the steps of all others:

- what the feed-forward gates is made even, channel by channel, by moving a factor from the gate's
  columns to the rows of the matrix behind it, which changes nothing but the rounding (Xiao et al.
  2022, SmoothQuant, with 3/4 of the spread moved);
- the channels that even so stand ten times above the middle one are computed exactly beside the
  others (after Dettmers et al. 2022, LLM.int8(), with channels that are fixed). ModernBERT has one
  or two of them in its first layers, a hundred times as large on a few tokens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.train.base.graph import Grid, draw, products

__all__ = ["in_eight_bits"]

Floats = NDArray[np.float32]

_MOVED = 0.75
_ALONE = 10.0  # times the middle channel's peak
_MOST_ALONE = 16
_ROWS = 32  # of a run
_LEAST = 1e-5


@dataclass(frozen=True)
class _Range:
    """Least and largest value of each channel, (K,)."""

    low: Floats
    high: Floats

    @property
    def peak(self) -> Floats:
        return np.maximum(np.maximum(self.high, -self.low), _LEAST)


def in_eight_bits(
    weights: Mapping[str, Floats], config: Mapping[str, Any], rows: Sequence[NDArray[np.int64]]
) -> Any:
    """Return the graph with its matrices in eight bits; see `graph.draw`.

    :param rows: Token ids of some hundred usual texts, at least one.
    """
    ranges = _ranges(weights, config, rows)
    weights = dict(weights)
    grids = {}
    for name, seen in ranges.items():
        exact = np.zeros(0, np.int64)
        if name.endswith(".gated"):
            exact = _alone(seen.peak)
            seen = _made_even(weights, name.partition(".")[0], seen)
        grids[name] = _grid(seen, exact)
    return draw(weights, config, grids)


def _ranges(
    weights: Mapping[str, Floats], config: Mapping[str, Any], rows: Sequence[NDArray[np.int64]]
) -> dict[str, _Range]:
    """Run the rows in fp32 and return what each product was given."""
    import onnxruntime

    names = products(config)
    graph = draw(weights, config, shown=names).SerializeToString()
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    lows: dict[str, list[Floats]] = {name: [] for name in names}
    highs: dict[str, list[Floats]] = {name: [] for name in names}
    order = sorted(rows, key=len)
    for at in range(0, len(order), _ROWS):
        part = order[at : at + _ROWS]
        ids = np.zeros((len(part), len(part[-1])), np.int64)
        for row, tokens in enumerate(part):
            ids[row, : len(tokens)] = tokens
        seen = session.run(names, {"ids": ids, "attention": (ids != 0).astype(np.int64)})
        for name, values in zip(names, seen, strict=True):
            real = values[(ids != 0).T]  # (L, B, K) without padding
            lows[name].append(real.min(0))
            highs[name].append(real.max(0))
    return {name: _Range(np.min(lows[name], 0), np.max(highs[name], 0)) for name in names}


def _alone(peak: Floats) -> NDArray[np.int64]:
    """Return the channels that stand far above the others, in order."""
    largest = np.argsort(-peak, kind="stable")[:_MOST_ALONE]
    return np.sort(largest[peak[largest] > _ALONE * np.median(peak)])


def _made_even(weights: dict[str, Floats], layer: str, seen: _Range) -> _Range:
    """Move factors from the gate of a layer to the matrix behind it, in place; return the new range."""
    gate, behind = (f"encoder.layers.{layer}.mlp.{name}.weight" for name in ("Wi", "Wo"))
    matrix = weights[behind]
    reach = np.maximum(np.abs(matrix).max(0), _LEAST)
    factors = seen.peak**_MOVED / reach ** (1 - _MOVED)
    factors /= np.exp(np.log(factors).mean())
    gates = weights[gate].copy()
    gates[len(gates) // 2 :] /= factors[:, None]
    weights[gate], weights[behind] = gates, matrix * factors
    return _Range(seen.low / factors, seen.high / factors)


def _grid(seen: _Range, exact: NDArray[np.int64]) -> Grid:
    low = min(float(np.delete(seen.low, exact).min()), 0.0)
    high = max(float(np.delete(seen.high, exact).max()), _LEAST)
    step = (high - low) / 255
    return Grid(step, round(-low / step), exact)
