"""The fine-tuned network as files of a bundle: fp16 weights, and an ONNX graph that CPUs run.

The graph stores its matrices in fp16 and casts them when it is loaded, so that a row is computed in
fp32 and no result depends on the rows beside it.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
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
from sentiment.model.network import Answers, FeedbackNetwork, network_state

__all__ = ["Parity", "check_parity", "export_onnx", "save_weights"]

# Smaller arrays (norms, biases) stay in fp32: they weigh nothing and scale everything.
_SMALL = 4096


@dataclass(frozen=True, slots=True)
class Parity:
    """The largest difference between ONNX and torch in each output, as probabilities."""

    rows: int
    overall: float
    topics: float
    findings: float


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


def export_onnx(network: FeedbackNetwork, path: Path) -> None:
    """Write the graph: inputs `ids` and `attention` (B, L) int64, outputs `Outputs` in fp32."""
    import onnx

    _plain_attention(network)
    ids = torch.full((2, 16), 5, dtype=torch.int64)
    rows, tokens = torch.export.Dim("rows", min=1), torch.export.Dim("tokens", min=3)
    shape = {0: rows, 1: tokens}
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
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())


def check_parity(
    network: FeedbackNetwork, path: Path, rows: Sequence[NDArray[np.int64]], most: float = 1e-2
) -> Parity:
    """Compare both on some rows of token ids, padded together in ONNX and alone in torch.

    :raises NotReached: A probability differs by more than `most`.
    """
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    worst = dict.fromkeys(("overall", "topics", "findings"), 0.0)
    for at in range(0, len(rows), 16):
        part = rows[at : at + 16]
        ids = np.zeros((len(part), max(map(len, part))), dtype=np.int64)
        for row, tokens in enumerate(part):
            ids[row, : len(tokens)] = tokens
        given = session.run(None, {"ids": ids, "attention": (ids != 0).astype(np.int64)})
        together = dict(zip(Outputs._fields, given, strict=True))
        for row, tokens in enumerate(part):
            alone = torch.from_numpy(tokens)[None]
            with torch.no_grad():
                answers = network(alone, torch.ones_like(alone))
            for name in worst:
                theirs = _probabilities(name, torch.from_numpy(together[name][row]))
                ours = _probabilities(name, getattr(answers, name)[0])
                worst[name] = max(worst[name], float((theirs - ours).abs().max()))
    parity = Parity(rows=len(rows), **worst)
    if max(worst.values()) > most:
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
