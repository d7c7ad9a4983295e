"""Turn MiniLM's weights (safetensors) into one ONNX graph that ends in unit vectors.

In: the weights file of all-MiniLM-L6-v2 (BERT, 6 layers, 12 heads, 384 wide). Out: the bytes of an ONNX model with
inputs ``input_ids`` and ``attention_mask``, both int64 `(batch, tokens)`, and output ``embedding``, float32
`(batch, 384)`: the mean over the attended tokens, divided by its length. The same weights give the same bytes for one
version of onnx. Source of the arithmetic: Devlin et al., "BERT", 2018; mean pooling as the model's own card says.
"""

from __future__ import annotations

import json
import math
import struct
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

LAYERS, HEADS, WIDTH = 6, 12, 384
HEAD_WIDTH = WIDTH // HEADS
EPSILON = 1e-12
OPSET = 17
IR_VERSION = 8
MASKED = -1e9


def convert_minilm(weights_file: Path) -> bytes:
    """The ONNX model's bytes."""
    return _Graph(read_safetensors(weights_file.read_bytes())).build().SerializeToString(deterministic=True)


def read_safetensors(data: bytes) -> dict[str, np.ndarray]:
    """Tensors by name: eight bytes of header length, a JSON header with offsets, then the numbers."""
    (header_bytes,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + header_bytes])
    kinds = {"F32": np.float32, "I64": np.int64}
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__":
            first, last = (8 + header_bytes + offset for offset in entry["data_offsets"])
            tensors[name] = np.frombuffer(data[first:last], dtype=kinds[entry["dtype"]]).reshape(entry["shape"])
    return tensors


class _Graph:
    """Collects nodes and constants; every method returns the name of its output."""

    def __init__(self, weights: dict[str, np.ndarray]) -> None:
        self._weights = weights
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}

    def build(self) -> onnx.ModelProto:
        hidden = self._embed()
        bias = self._attention_bias()
        for layer in range(LAYERS):
            hidden = self._layer(hidden, bias, f"encoder.layer.{layer}")
        self._pool(hidden)
        shape = ["batch", "tokens"]
        graph = helper.make_graph(
            self._nodes,
            "minilm",
            [helper.make_tensor_value_info(name, TensorProto.INT64, shape) for name in ("input_ids", "attention_mask")],
            [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", WIDTH])],
            list(self._constants.values()),
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="aitbc")
        model.ir_version = IR_VERSION
        onnx.checker.check_model(model)
        return model

    def _embed(self) -> str:
        words = self._op("Gather", self._weight("embeddings.word_embeddings.weight"), "input_ids")
        shape = self._op("Shape", "input_ids")
        count = self._op("Gather", shape, self._constant("one_index", np.array([1], dtype=np.int64)))
        positions = self._op(
            "Slice",
            self._weight("embeddings.position_embeddings.weight"),
            self._constant("from", np.array([0], dtype=np.int64)),
            count,
            self._constant("axis_0", np.array([0], dtype=np.int64)),
        )
        kind = self._constant("kind_row", self._weights["embeddings.token_type_embeddings.weight"][0])
        total = self._op("Add", self._op("Add", words, positions), kind)
        return self._norm(total, "embeddings.LayerNorm")

    def _attention_bias(self) -> str:
        """0 where a token is attended, a large negative number elsewhere; `(batch, 1, 1, tokens)`."""
        mask = self._op("Cast", "attention_mask", to=TensorProto.FLOAT)
        wide = self._op("Unsqueeze", mask, self._constant("axes_1_2", np.array([1, 2], dtype=np.int64)))
        away = self._op("Sub", self._scalar("one", 1.0), wide)
        return self._op("Mul", away, self._scalar("masked", MASKED))

    def _layer(self, hidden: str, bias: str, prefix: str) -> str:
        query, key, value = (
            self._heads(self._dense(hidden, f"{prefix}.attention.self.{part}")) for part in ("query", "key", "value")
        )
        scores = self._op("MatMul", query, self._op("Transpose", key, perm=[0, 1, 3, 2]))
        scaled = self._op("Mul", scores, self._scalar("scale", 1 / math.sqrt(HEAD_WIDTH)))
        weights = self._op("Softmax", self._op("Add", scaled, bias), axis=-1)
        mixed = self._op("Transpose", self._op("MatMul", weights, value), perm=[0, 2, 1, 3])
        flat = self._op("Reshape", mixed, self._constant("flat", np.array([0, 0, WIDTH], dtype=np.int64)))
        attended = self._dense(flat, f"{prefix}.attention.output.dense")
        hidden = self._norm(self._op("Add", attended, hidden), f"{prefix}.attention.output.LayerNorm")
        inner = self._gelu(self._dense(hidden, f"{prefix}.intermediate.dense"))
        outer = self._dense(inner, f"{prefix}.output.dense")
        return self._norm(self._op("Add", outer, hidden), f"{prefix}.output.LayerNorm")

    def _heads(self, tensor: str) -> str:
        shape = self._constant("split", np.array([0, 0, HEADS, HEAD_WIDTH], dtype=np.int64))
        return self._op("Transpose", self._op("Reshape", tensor, shape), perm=[0, 2, 1, 3])

    def _dense(self, tensor: str, name: str) -> str:
        weight = np.ascontiguousarray(self._weights[f"{name}.weight"].T)
        product = self._op("MatMul", tensor, self._constant(f"{name}.weight", weight))
        return self._op("Add", product, self._weight(f"{name}.bias"))

    def _norm(self, tensor: str, name: str) -> str:
        scale, shift = self._weight(f"{name}.weight"), self._weight(f"{name}.bias")
        return self._op("LayerNormalization", tensor, scale, shift, axis=-1, epsilon=EPSILON)

    def _gelu(self, tensor: str) -> str:
        erf = self._op("Erf", self._op("Mul", tensor, self._scalar("sqrt_half", math.sqrt(0.5))))
        half = self._op("Mul", tensor, self._scalar("half", 0.5))
        return self._op("Mul", half, self._op("Add", erf, self._scalar("one", 1.0)))

    def _pool(self, hidden: str) -> None:
        mask = self._op("Cast", "attention_mask", to=TensorProto.FLOAT)
        wide = self._op("Unsqueeze", mask, self._constant("axes_2", np.array([2], dtype=np.int64)))
        axis = self._constant("axis_1", np.array([1], dtype=np.int64))
        total = self._op("ReduceSum", self._op("Mul", hidden, wide), axis, keepdims=0)
        mean = self._op("Div", total, self._op("ReduceSum", wide, axis, keepdims=0))
        length = self._op("ReduceL2", mean, axes=[1], keepdims=1)
        self._nodes.append(helper.make_node("Div", [mean, length], ["embedding"]))

    def _op(self, kind: str, *inputs: str, **attributes: object) -> str:
        name = f"{kind}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def _weight(self, name: str) -> str:
        return self._constant(name, self._weights[name])

    def _scalar(self, name: str, value: float) -> str:
        return self._constant(name, np.array(value, dtype=np.float32))

    def _constant(self, name: str, value: np.ndarray) -> str:
        self._constants.setdefault(name, numpy_helper.from_array(value, name))
        return name
