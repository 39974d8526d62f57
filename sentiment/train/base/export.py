"""The fine-tuned network as files of a bundle: fp16 weights, and an ONNX graph that CPUs run.

The graph of our own encoder is drawn by hand (`graph`) and computed in eight bits where that is near
enough to torch on some rows; that of another one is what torch exports, its matrices stored in fp16,
cast when it is loaded and computed in fp32. Either way no result depends on the rows beside it.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from sentiment.errors import NotReached
from sentiment.model.decision import Outputs
from sentiment.model.network import Answers, FeedbackNetwork, encoder_fields, network_state
from sentiment.train.base.eight_bits import in_eight_bits
from sentiment.train.base.graph import can_draw, draw, without_dead

__all__ = ["Parity", "export_onnx", "save_weights"]

_COMPARED = ("overall", "topics", "findings")
# The largest difference of a probability in fp32: single rows at the edge add roundings up.
_NEAR = 1e-2
# In eight bits single rows differ by more, either way; this is what a mean may come to.
_TYPICAL = 0.01
_READ = 500  # rows on which steps are found, at most

# Smaller arrays (norms, biases) stay in fp32: they weigh nothing and scale everything.
_SMALL = 4096


@dataclass(frozen=True, slots=True)
class Parity:
    """How far ONNX is from torch: the largest difference of a probability, by output.

    :param bits: 8 or 32, in which the matrices are computed.
    :param typical: The mean difference, of the output where it is largest.
    """

    bits: int
    rows: int
    overall: float
    topics: float
    findings: float
    typical: float

    @property
    def largest(self) -> float:
        """The largest of all."""
        return max(self.overall, self.topics, self.findings)


class _Scoring(nn.Module):
    """The network without what only training needs."""

    def __init__(self, network: FeedbackNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, ids: torch.Tensor, attention: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return the outputs in the order of `Outputs`."""
        answers: Answers = self.network(ids, attention)
        return tuple(getattr(answers, name) for name in Outputs._fields)


def save_weights(network: FeedbackNetwork, path: Path) -> None:
    """Write the weights in fp16: `network.load_network` reads them, `AutoModel` its encoder."""
    from safetensors.torch import save_file

    save_file(network_state(network), path, {"format": "pt"})


def export_onnx(network: FeedbackNetwork, path: Path, rows: Sequence[NDArray[np.int64]]) -> Parity:
    """Write the graph: inputs `ids` and `attention` (B, L) int64, outputs `Outputs` in fp32.

    :param rows: Token ids of usual texts, at least one: on them the steps of eight bits are found,
        and ONNX is compared with torch.
    :raises NotReached: They differ, in fp32, by more than rounding explains.
    """
    answers = [_answer(network, tokens) for tokens in rows]
    config = encoder_fields(network)
    if not can_draw(config):
        _export_by_torch(network, path)
        return _checked(path, _compare(path, rows, answers, 32), _NEAR)
    every = {name: value.float().numpy() for name, value in network.state_dict().items()}
    weights = without_dead(every, config)
    path.write_bytes(draw(weights, config).SerializeToString())
    plain = _checked(path, _compare(path, rows, answers, 32), _NEAR)
    in_floats = path.read_bytes()
    spread = rows[:: -(-len(rows) // _READ)]  # rows in order are of one source, or one language
    path.write_bytes(in_eight_bits(weights, config, spread).SerializeToString())
    parity = _compare(path, rows, answers, 8)
    if parity.typical > _TYPICAL:  # weights that eight bits do not suit
        path.write_bytes(in_floats)
        return plain
    return parity


def _export_by_torch(network: FeedbackNetwork, path: Path) -> None:
    _plain_attention(network)
    ids = torch.full((2, 16), 5, dtype=torch.int64)
    size, length = torch.export.Dim("rows", min=1), torch.export.Dim("tokens", min=3)
    shape = {0: size, 1: length}
    with _quiet():
        program = torch.onnx.export(
            _Scoring(network).eval(),
            (ids, torch.ones_like(ids)),
            input_names=["ids", "attention"],
            output_names=list(Outputs._fields),
            dynamic_shapes=(shape, shape),
            dynamo=True,
            verbose=False,
        )
    if program is None:  # pragma: no cover - only without dynamo
        raise NotReached("The network could not be exported; run it with torch.")
    model = program.model_proto
    _halve(model)
    path.write_bytes(model.SerializeToString())


def _answer(network: FeedbackNetwork, tokens: NDArray[np.int64]) -> dict[str, torch.Tensor]:
    """Return what torch says of one row alone, as probabilities."""
    ids = torch.from_numpy(tokens)[None]
    with torch.no_grad():
        answers = network(ids, torch.ones_like(ids))
    return {name: _probabilities(name, getattr(answers, name)[0]) for name in _COMPARED}


def _compare(
    path: Path,
    rows: Sequence[NDArray[np.int64]],
    answers: Sequence[Mapping[str, torch.Tensor]],
    bits: int,
) -> Parity:
    """Run the rows, padded together, and compare them with what torch says."""
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    gaps: dict[str, list[torch.Tensor]] = {name: [] for name in _COMPARED}
    for at in range(0, len(rows), 16):
        part = rows[at : at + 16]
        ids = np.zeros((len(part), max(map(len, part))), dtype=np.int64)
        for row, tokens in enumerate(part):
            ids[row, : len(tokens)] = tokens
        said = session.run(_COMPARED, {"ids": ids, "attention": (ids != 0).astype(np.int64)})
        for name, values in zip(_COMPARED, said, strict=True):
            theirs = _probabilities(name, torch.from_numpy(values))
            ours = torch.stack([answer[name] for answer in answers[at : at + 16]])
            gaps[name].append((theirs - ours).abs())
    joined = {name: torch.cat(some) for name, some in gaps.items()}
    return Parity(
        bits=bits,
        rows=len(rows),
        **{name: float(gap.max()) for name, gap in joined.items()},
        typical=max(float(gap.mean()) for gap in joined.values()),
    )


def _checked(path: Path, parity: Parity, most: float) -> Parity:
    if not parity.largest <= most:
        raise NotReached(f"{path}: ONNX and torch differ by more than {most}: {parity}.")
    return parity


def _probabilities(name: str, logits: torch.Tensor) -> torch.Tensor:
    return logits.sigmoid() if name == "findings" else logits.softmax(-1)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what the exporter says of itself from the user: nothing in it is theirs to mend."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _plain_attention(network: FeedbackNetwork) -> None:
    # Plain products export to plain operators, which ONNX Runtime fuses itself.
    config: Any = getattr(network.encoder, "config", None)
    if config is not None:
        config._attn_implementation = "eager"


def _halve(model: Any) -> None:
    """Store large fp32 arrays of the graph as fp16, each behind a cast that loading folds away."""
    from onnx import TensorProto, helper, numpy_helper

    casts = []
    for array in model.graph.initializer:
        values = numpy_helper.to_array(array)
        if array.data_type == TensorProto.FLOAT and values.size >= _SMALL:
            name = array.name
            array.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}.half"))
            casts.append(helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
