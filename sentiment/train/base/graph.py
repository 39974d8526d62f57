"""The network as an ONNX graph, drawn operator by operator: what a CPU runs fastest.

torch's own exporter spells rotary positions out in twenty operators and knows nothing of eight bits.
The network is small enough to be drawn by hand. What is computed is `network.FeedbackNetwork`; the
heads are put in another order that gives the same numbers: a row's pooled vector times a matrix is
its tokens' products with that matrix, pooled. So all heads are one product with every token.

What is always zero in a network that was born narrow (`narrow`) or made so (`prune`) is left out.

Inside, a text's tokens lie a batch apart (L, B, D): so attention reads queries, keys and values where
they are, and copies none of them.

With `Grid`s the matrices are whole numbers of eight bits, and so is what they are multiplied with, on a
grid that is the same for all rows: no result depends on the rows beside it. What the first layer
multiplies depends on the token alone; unless they take much room, these products are looked up. What is
added up from layer to layer has a mean of zero for each token, so that no norm has to find it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.model.decision import Outputs
from sentiment.records import POLARITIES, SENTIMENTS, STATES

__all__ = ["Grid", "can_draw", "draw", "products", "without_dead"]

Weights = Mapping[str, NDArray[Any]]

# ONNX Runtime's own operators.
_CONTRIB = "com.microsoft"
# As `network._SILENT`.
_SILENT = -30_000.0
# Weights are multiples of their column's step up to this. Of 127, two products of a byte and a weight
# could exceed the 16 bits in which processors without VNNI add them up.
_LARGEST = 63
_RANKS = (2, 3, 3, 4, 4)  # of `Outputs`
# Products of the first layer with the vocabulary that are stored, at most: as many bytes. A plain
# install takes at most 450 MB: there is room in it for those of fast, and not for base's 16 MB.
_STORED = 12 * 2**20
# A width is rounded up to more than the window.
_SPARE = 16


@dataclass(frozen=True)
class Grid:
    """How one input of a product is rounded to bytes.

    :param step: Distance of two bytes.
    :param zero: The byte that is 0.
    :param exact: Channels that are left as they are, too large for the others' step.
    """

    step: float
    zero: int
    exact: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))


def can_draw(config: Mapping[str, Any]) -> bool:
    """Tell whether the encoder is a ModernBERT of the kind that is drawn here.

    :param config: The encoder's configuration, as `network.encoder_fields` gives it.
    """
    if config.get("model_type") != "modernbert":
        return False
    turn = config.get("rope_parameters", {}).get("full_attention") or {}
    return (
        set(config["layer_types"]) == {"full_attention"}
        and turn.get("rope_type") == "default"
        and config["hidden_activation"] == "gelu"
        and not any(config[name] for name in ("attention_bias", "mlp_bias", "norm_bias"))
    )


def products(config: Mapping[str, Any]) -> list[str]:
    """Return the names of what is multiplied with matrices, in order; tensors of the graph."""
    each = ("attend", "mix", "feed", "gated")
    layers = range(config["num_hidden_layers"])
    return [*(f"{layer}.{name}" for layer in layers for name in each), "judge", "heads"]


def without_dead(weights: Weights, config: Mapping[str, Any]) -> Weights:
    """Return the weights without what adds nothing to any row: what is computed stays the same.

    That is an inner unit of a feed-forward that reads or writes nothing, a place among its values in
    which no head gathers anything, and a pair of numbers of queries and keys, turned together by their
    position, in which no head compares anything.
    ``encoder.layers.N.attn.turns`` names the pairs that are left of each head, (pairs,).

    :param weights: Of `FeedbackNetwork`, under its own names.
    :param config: The encoder's configuration.
    """
    left = dict(weights)
    width, heads = config["hidden_size"], config["num_attention_heads"]
    for layer in range(config["num_hidden_layers"]):
        of = f"encoder.layers.{layer}"
        given, gate = np.split(weights[f"{of}.mlp.Wi.weight"], 2)
        behind = weights[f"{of}.mlp.Wo.weight"]
        reads = np.any(given, axis=1) & np.any(gate, axis=1)
        units = _at_least_one(reads & np.any(behind, axis=0))
        left[f"{of}.mlp.Wi.weight"] = np.concatenate([given[units], gate[units]])
        left[f"{of}.mlp.Wo.weight"] = behind[:, units]

        query, key, value = np.split(weights[f"{of}.attn.Wqkv.weight"], 3)
        # (head, half, pair, D): a pair is a number of either half.
        query, key = (one.reshape(heads, 2, -1, width) for one in (query, key))
        compared = np.any(query, axis=3) & np.any(key, axis=3)
        pairs = _at_least_one(np.any(compared, axis=(0, 1)))
        less = (one[:, :, pairs].reshape(-1, width) for one in (query, key))
        left[f"{of}.attn.turns"] = pairs

        value = value.reshape(heads, -1, width)
        out = weights[f"{of}.attn.Wo.weight"].reshape(width, heads, -1)
        gathered = np.any(value, axis=2) & np.any(out, axis=0)
        places = _at_least_one(np.any(gathered, axis=0))
        value = value[:, places].reshape(-1, width)
        left[f"{of}.attn.Wo.weight"] = out[:, :, places].reshape(width, -1)
        left[f"{of}.attn.Wqkv.weight"] = np.concatenate([*less, value])
    return left


def _at_least_one(live: NDArray[np.bool_]) -> NDArray[np.int64]:
    places = np.flatnonzero(live)
    return places if places.size else np.zeros(1, np.int64)


def draw(
    weights: Weights,
    config: Mapping[str, Any],
    grids: Mapping[str, Grid] | None = None,
    shown: Sequence[str] = (),
) -> Any:
    """Return the graph: inputs `ids` and `attention` (B, L) int64, outputs `Outputs` in fp32.

    :param weights: As `without_dead` leaves them.
    :param config: The encoder's configuration.
    :param grids: One for each of `products`: the matrices in eight bits. None: in fp16, cast to fp32
        when loaded.
    :param shown: Tensors that are outputs as well.
    """
    drawing = _Drawing(weights, config, grids)
    tokens = drawing.encoder()
    outputs = drawing.heads(drawing.judged(tokens))
    return drawing.finish(outputs, shown)


def _centred(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the rows (K, D), each less its mean."""
    centred: NDArray[np.float32] = rows - rows.mean(1, keepdims=True)
    return centred


def _in_bytes(table: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Return a table as multiples of its columns' steps, and these."""
    steps = (np.maximum(np.abs(table).max(0), 1e-12) / 127).astype(np.float32)
    return np.rint(table / steps).astype(np.int8), steps


class _Drawing:
    def __init__(
        self, weights: Weights, config: Mapping[str, Any], grids: Mapping[str, Grid] | None
    ) -> None:
        self._weights = weights
        self._config = config
        self._grids = grids
        self._nodes: list[Any] = []
        self._constants: dict[str, NDArray[Any]] = {}
        attention = self._op("Cast", "attention", to=1)
        mask = self._op("Mul", self._op("Sub", self._number(1.0), attention), self._number(_SILENT))
        self._silence = self._op("Unsqueeze", mask, self._axes(1))  # (B, 1, L)
        self._silence_of_heads = self._op("Unsqueeze", self._silence, self._axes(1))
        self._ids = self._op("Transpose", "ids", perm=[1, 0])
        self._places = self._counted(self._ids)

    # --- the network ------------------------------------------------------------------------------

    def encoder(self) -> str:
        """Draw the encoder; return its last hidden state, (L, B, D)."""
        stream, attended = self._embedded()
        layers = self._config["num_hidden_layers"]
        for layer in range(layers):
            stream = self._op("Add", stream, self._attention(attended, layer))
            fed = self._norm_of_stream(stream, f"encoder.layers.{layer}.mlp_norm", f"{layer}.feed")
            stream = self._op("Add", stream, self._feed(fed, layer))
            last = layer + 1 == layers
            after = "encoder.final_norm" if last else f"encoder.layers.{layer + 1}.attn_norm"
            attended = self._norm_of_stream(
                stream, after, "judge" if last else f"{layer + 1}.attend"
            )
        return attended

    def _embedded(self) -> tuple[str, str]:
        """Return what the layers add to, and what the first one multiplies if it does, (L, B, D)."""
        if self._grids is None:
            table = self._constant(
                "embeddings", self._weights["encoder.embeddings.tok_embeddings.weight"]
            )
            found = self._op("Cast", self._op("Gather", self._halved(table), self._ids), to=1)
            vectors = self._norm(found, "encoder.embeddings.norm", name="0.attend")
            return vectors, vectors
        if self._is_stored():
            return self._stored[0], ""
        rows, steps = _in_bytes(self._vectors)
        vectors = self._looked_up("embeddings", rows, steps, name="0.attend")
        means = self._constant("embeddings.means", (rows * steps).mean(1, keepdims=True))
        return self._op("Sub", vectors, self._op("Gather", means, self._ids)), vectors

    def _is_stored(self) -> bool:
        """Tell whether the first layer's queries, keys and values are looked up, not computed."""
        vocabulary = len(self._weights["encoder.embeddings.tok_embeddings.weight"])
        columns = len(self._weights["encoder.layers.0.attn.Wqkv.weight"])
        return self._grids is not None and vocabulary * columns <= _STORED

    @cached_property
    def _stored(self) -> list[str]:
        """Look up what is stored of each token: its vector, and the first layer's queries, keys, values.

        All at once: a look-up costs more than to part what was found.
        """
        tables = [_centred(self._vectors), *(self._vectors @ one for one in self._attending(0))]
        found = self._looked_up("embeddings", *_in_bytes(np.concatenate(tables, axis=1)))
        return self._split(found, [table.shape[1] for table in tables], axis=2)

    def _norm_of_stream(self, stream: str, weight: str, name: str) -> str:
        kind = "LayerNormalization" if self._grids is None else "SimplifiedLayerNormalization"
        return self._norm(stream, weight, name=name, kind=kind)

    def _added(self, weight: str) -> NDArray[np.float32]:
        """Return a matrix (K, D) whose products are added to the stream."""
        matrix = self._weights[weight].T
        return matrix if self._grids is None else _centred(matrix)

    @cached_property
    def _vectors(self) -> NDArray[np.float32]:
        """Return the vector of each token of the vocabulary, normed, (V, D)."""
        table = self._weights["encoder.embeddings.tok_embeddings.weight"].astype(np.float64)
        table = table - table.mean(1, keepdims=True)
        table /= np.sqrt((table**2).mean(1, keepdims=True) + self._config["norm_eps"])
        normed: NDArray[np.float32] = table * self._weights["encoder.embeddings.norm.weight"]
        return normed.astype(np.float32)

    def judged(self, hidden: str) -> str:
        """Draw `network.judge`; return the tokens as the heads see them, (L, B, D)."""
        (judged,) = self._times(
            "judge", [self._weights["judge.0.weight"].T], self._weights["judge.0.bias"]
        )
        judged = self._op("Gelu", judged, domain=_CONTRIB)
        return self._op("Add", hidden, self._norm(judged, "judge.2", 1e-5), name="heads")

    def heads(self, tokens: str) -> dict[str, str]:
        """Draw the heads; return the tensor of each of `Outputs`."""
        weights = self._weights
        questions, topics = weights["bias"].size, len(weights["topic_bias"])
        width = self._config["hidden_size"]
        overall = weights["overall.weight"].reshape(len(SENTIMENTS), -1, width)
        states = weights["topics.weight"].reshape(len(STATES), -1, width)
        parts = {
            "look": self._questions("look"),
            "overall_look": weights["overall_pool.query"],
            "topic_look": weights["topic_pool.query"],
            "weigh": self._questions("weigh"),
            "overall_weigh": overall.transpose(1, 0, 2).reshape(-1, width),
            "topic_weigh": states.transpose(1, 0, 2).reshape(-1, width),
            "start": self._questions("start"),
            "end": self._questions("end"),
        }
        (said,) = self._times("heads", [np.concatenate(list(parts.values())).T])
        said = self._op("Transpose", said, perm=[1, 2, 0])  # (B, columns, L)
        looks = ("look", "overall_look", "topic_look")
        sizes = [
            sum(len(parts[name]) for name in looks),
            *(len(parts[name]) for name in list(parts)[3:]),
        ]
        looked, weighed, of_overall, of_topics, start, end = self._split(said, sizes)
        looked = self._op("Softmax", self._op("Add", looked, self._silence), axis=-1)
        looked, at_overall, at_topics = self._split(looked, [len(parts[name]) for name in looks])

        findings = self._sum(self._op("Mul", looked, weighed), -1)
        slots = overall.shape[1]
        overall_said = self._sum(
            self._op(
                "Mul",
                self._shaped(at_overall, 0, slots, 1, -1),
                self._shaped(of_overall, 0, slots, len(SENTIMENTS), -1),
            ),
            1, 3,
        )  # fmt: skip
        slots = states.shape[1]
        topics_said = self._sum(
            self._op(
                "Mul",
                self._shaped(at_topics, 0, topics, slots, 1, -1),
                self._shaped(of_topics, 0, 1, slots, len(STATES), -1),
            ),
            2, 4,
        )  # fmt: skip
        names, polarities = questions // len(POLARITIES), len(POLARITIES)
        return {
            "overall": self._plus(overall_said, "overall.bias", weights["overall.bias"]),
            "topics": self._plus(
                topics_said, "topics.bias", weights["topics.bias"] + weights["topic_bias"]
            ),
            "findings": self._plus(
                self._shaped(findings, 0, names, polarities), "bias", weights["bias"]
            ),
            "starts": self._pointers(start, names),
            "ends": self._pointers(end, names),
        }

    def _attention(self, attended: str, layer: int) -> str:
        heads = self._config["num_attention_heads"]
        out = self._added(f"encoder.layers.{layer}.attn.Wo.weight")
        gathered = len(out)
        matrices = self._attending(layer)
        compared = matrices[0].shape[1]
        if layer == 0 and self._is_stored():
            given = self._stored[1:]
        else:
            given = self._times(f"{layer}.attend", matrices)
        queries, keys = (
            self._shaped(self._turned(one, layer), 0, 0, heads, compared // heads)
            for one in given[:2]
        )
        values = self._shaped(given[2], 0, 0, heads, gathered // heads)
        scores = self._op(
            "FusedMatMul", queries, keys, domain=_CONTRIB, transBatchA=1, transBatchB=1, transB=1
        )  # (B, heads, L, L)
        scores = self._op("Softmax", self._op("Add", scores, self._silence_of_heads), axis=-1)
        mixed = self._op("FusedMatMul", scores, values, domain=_CONTRIB, transBatchB=1)
        mixed = self._op("Transpose", mixed, perm=[2, 0, 1, 3])
        self._shaped(mixed, 0, 0, gathered, name=f"{layer}.mix")
        return self._times(f"{layer}.mix", [out])[0]

    def _attending(self, layer: int) -> list[NDArray[np.float32]]:
        """Return what queries, keys and values are made with, (D, N) each."""
        matrix = self._weights[f"encoder.layers.{layer}.attn.Wqkv.weight"].T
        gathered = self._weights[f"encoder.layers.{layer}.attn.Wo.weight"].shape[1]
        compared = (matrix.shape[1] - gathered) // 2
        query, key, value = np.split(matrix, [compared, 2 * compared], axis=1)
        size = self._config["hidden_size"] // self._config["num_attention_heads"]
        # The scale is a power of two for heads of 16 or 64, and so changes no digit.
        return [query * size**-0.5, key, value]

    def _turned(self, vectors: str, layer: int) -> str:
        """Turn queries or keys of a layer by their positions (rotary embedding)."""
        heads = self._config["num_attention_heads"]
        size = self._config["hidden_size"] // heads
        theta = self._config["rope_parameters"]["full_attention"]["rope_theta"]
        longest = self._config["max_position_embeddings"] + _SPARE
        pairs = self._weights[f"encoder.layers.{layer}.attn.turns"]
        angles = np.arange(longest)[:, None] * theta ** -(2 * pairs / size)
        of = "" if len(pairs) == size // 2 else f".{layer}"
        return self._op(
            "RotaryEmbedding",
            vectors,
            self._places,
            self._constant(f"cos{of}", np.cos(angles).astype(np.float32)),
            self._constant(f"sin{of}", np.sin(angles).astype(np.float32)),
            domain=_CONTRIB,
            num_heads=heads,
        )

    def _counted(self, ids: str) -> str:
        """Return the place of each token in its text, (L, B)."""
        nought, one = (self._constant(f"whole_{n}", np.array(n, np.int64)) for n in (0, 1))
        shape = self._op("Shape", ids)
        places = self._op("Range", nought, self._op("Gather", shape, nought), one)
        return self._op("Expand", self._op("Unsqueeze", places, self._axes(1)), shape)

    def _feed(self, fed: str, layer: int) -> str:
        halves = np.split(self._weights[f"encoder.layers.{layer}.mlp.Wi.weight"].T, 2, axis=1)
        given, gate = self._times(f"{layer}.feed", halves)
        self._op("Mul", self._op("Gelu", given, domain=_CONTRIB), gate, name=f"{layer}.gated")
        (out,) = self._times(
            f"{layer}.gated", [self._added(f"encoder.layers.{layer}.mlp.Wo.weight")]
        )
        return out

    def _questions(self, name: str) -> NDArray[np.float32]:
        """Return the vectors of `network._Questions`, (questions, D)."""
        parts = [self._weights[f"{name}.{part}"] for part in ("name", "polarity", "pair")]
        vectors: NDArray[np.float32] = parts[0] + parts[1] + parts[2]
        return vectors.reshape(-1, vectors.shape[-1])

    def _pointers(self, said: str, names: int) -> str:
        return self._shaped(self._op("Add", said, self._silence), 0, names, len(POLARITIES), -1)

    # --- products ---------------------------------------------------------------------------------

    def _times(
        self,
        given: str,
        matrices: Sequence[NDArray[np.float32]],
        bias: NDArray[np.float32] | None = None,
    ) -> list[str]:
        """Multiply one of `products` with some matrices (K, N) of the same rows."""
        if self._grids is None:
            return [
                self._plus(self._times_floats(given, matrix, at), f"{given}.bias", bias)
                for at, matrix in enumerate(matrices)
            ]
        grid = self._grids[given]
        step = self._constant(f"{given}.step", np.array(grid.step, np.float32))
        zero = self._constant(f"{given}.zero", np.array(grid.zero, np.uint8))
        rounded = self._op("QuantizeLinear", given, step, zero)
        said = []
        for at, matrix in enumerate(matrices):
            name = f"{given}.{at}"
            one = self._times_bytes(rounded, step, zero, matrix, name, grid.exact, bias)
            if grid.exact.size:
                one = self._op("Add", one, self._times_exact(given, matrix, name, grid.exact))
            said.append(one)
        return said

    def _looked_up(
        self, of: str, rows: NDArray[np.int8], steps: NDArray[np.float32], name: str = ""
    ) -> str:
        """Return a row (N) of a table in bytes (V, N), times its columns' steps, for each token."""
        found = self._op("Gather", self._constant(of, rows), self._ids)
        grid = self._constant(f"{of}.steps", steps)
        return self._op("Mul", self._op("Cast", found, to=1), grid, name=name)

    def _times_floats(self, given: str, matrix: NDArray[np.float32], at: int) -> str:
        name = self._constant(f"{given}.{at}", matrix)
        if (matrix == matrix.astype(np.float16)).all():
            name = self._op("Cast", self._halved(name), to=1)
        return self._op("MatMul", given, name)

    def _times_bytes(
        self,
        rounded: str,
        step: str,
        zero: str,
        matrix: NDArray[np.float32],
        name: str,
        exact: NDArray[np.int64],
        bias: NDArray[np.float32] | None,
    ) -> str:
        """Multiply bytes with a matrix in eight bits, one step for each of its columns."""
        matrix = matrix.copy()
        matrix[exact] = 0
        steps = np.maximum(np.abs(matrix).max(0), 1e-12) / _LARGEST
        return self._op(
            "MatMulIntegerToFloat",
            rounded,
            self._constant(name, np.rint(matrix / steps).astype(np.int8)),
            step,
            self._constant(f"{name}.steps", steps.astype(np.float32)),
            zero,
            self._constant("nought", np.array(0, np.int8)),
            *([] if bias is None else [self._constant(f"{name}.bias", bias)]),
            domain=_CONTRIB,
        )

    def _times_exact(
        self, given: str, matrix: NDArray[np.float32], name: str, exact: NDArray[np.int64]
    ) -> str:
        channels = self._op("Gather", given, self._constant(f"{given}.exact", exact), axis=-1)
        return self._op("MatMul", channels, self._constant(f"{name}.exact_rows", matrix[exact]))

    # --- operators ----------------------------------------------------------------------------------

    def _op(self, kind: str, *given: str, name: str = "", domain: str = "", **fields: Any) -> str:
        from onnx import helper

        name = name or f"{kind}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, given, [name], name, domain=domain, **fields))
        return name

    def _split(self, given: str, sizes: Sequence[int], axis: int = 1) -> list[str]:
        """Split (B, columns, L) by columns, or another axis."""
        from onnx import helper

        names = [f"split_{len(self._nodes)}_{at}" for at in range(len(sizes))]
        array = np.array(sizes, np.int64)
        pieces = self._constant(f"sizes_{'_'.join(map(str, sizes))}", array)
        self._nodes.append(helper.make_node("Split", [given, pieces], names, names[0], axis=axis))
        return names

    def _norm(
        self,
        given: str,
        weight: str,
        epsilon: float | None = None,
        name: str = "",
        kind: str = "LayerNormalization",
    ) -> str:
        scale = self._constant(weight, self._weights[f"{weight}.weight"])
        bias = f"{weight}.bias"
        more = [self._constant(bias, self._weights[bias])] if bias in self._weights else []
        epsilon = self._config["norm_eps"] if epsilon is None else epsilon
        return self._op(kind, given, scale, *more, name=name, epsilon=epsilon)

    def _plus(self, given: str, name: str, bias: NDArray[np.float32] | None) -> str:
        return given if bias is None else self._op("Add", given, self._constant(name, bias))

    def _shaped(self, given: str, *shape: int, name: str = "") -> str:
        array = np.array(shape, np.int64)
        size = self._constant(f"shape_{'_'.join(map(str, shape))}", array)
        return self._op("Reshape", given, size, name=name)

    def _sum(self, given: str, *axes: int) -> str:
        return self._op("ReduceSum", given, self._axes(*axes), keepdims=0)

    def _axes(self, *axes: int) -> str:
        return self._constant(f"axes_{'_'.join(map(str, axes))}", np.array(axes, np.int64))

    def _number(self, value: float) -> str:
        return self._constant(f"number_{value:g}", np.array(value, np.float32))

    def _constant(self, name: str, values: NDArray[Any]) -> str:
        self._constants[name] = values
        return name

    def _halved(self, name: str) -> str:
        self._constants[name] = self._constants[name].astype(np.float16)
        return name

    def finish(self, outputs: Mapping[str, str], shown: Sequence[str]) -> Any:
        """Return the model."""
        from onnx import TensorProto, helper, numpy_helper

        others = [(name, 3) for name in shown]
        for name in Outputs._fields:
            self._op("Identity", outputs[name], name=name)
        graph = helper.make_graph(
            self._nodes,
            "feedback",
            [
                helper.make_tensor_value_info(name, TensorProto.INT64, ["rows", "tokens"])
                for name in ("ids", "attention")
            ],
            [
                helper.make_tensor_value_info(name, TensorProto.FLOAT, [None] * rank)
                for name, rank in [*zip(Outputs._fields, _RANKS, strict=True), *others]
            ],
            [
                numpy_helper.from_array(np.ascontiguousarray(values), name)
                for name, values in self._constants.items()
            ],
        )
        domains = [helper.make_opsetid("", 20), helper.make_opsetid(_CONTRIB, 1)]
        return helper.make_model(graph, opset_imports=domains, ir_version=10)
