"""Rewrite one TensorFlow.js graph model as an ONNX model, the same bytes on every run.

In: the ``model.json`` topology and the weight shard of a TensorFlow.js *graph model* whose tensors are channels-first
wrapped in channels-last convolutions (what onnx-tf and tfjs-converter leave behind). Out: the serialised ONNX model.
It never loads TensorFlow, never fetches anything, and refuses an operator or a layout that it does not know: a graph
that it cannot translate exactly is an error, never a guess.

How: every four-dimensional tensor is kept channels-first in ONNX. A TensorFlow transpose between the two layouts only
flips a mark on the value, a pad is carried to the convolution or pooling that it feeds, and a constant added after a
convolution becomes its bias. What is left are the operators that compute something.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Array = NDArray[Any]
Node = Mapping[str, Any]

OPSET = 13
IR_VERSION = 8
TO_CHANNELS_LAST = [0, 2, 3, 1]
TO_CHANNELS_FIRST = [0, 3, 1, 2]
NO_PADS = (0, 0, 0, 0)


class UnsupportedGraph(Exception):
    """The graph holds something that this converter does not translate exactly."""


@dataclass(frozen=True, slots=True)
class Value:
    """A tensor of the ONNX graph as TensorFlow sees it.

    ``name`` is the ONNX tensor, always channels-first when it has four dimensions. ``is_channels_last`` says how the
    TensorFlow graph would index it. ``pads`` are (top, left, bottom, right) cells still to be added around it.
    """

    name: str
    is_channels_last: bool = False
    pads: tuple[int, int, int, int] = NO_PADS
    pad_value: float = 0.0


def read_weights(topology: Mapping[str, Any], shard: bytes) -> dict[str, Array]:
    """Return the constants of the graph by name: float32 (stored as float16) and int64 (stored as int32)."""
    weights: dict[str, Array] = {}
    offset = 0
    for group in topology["weightsManifest"]:
        for entry in group["weights"]:
            is_half = entry.get("quantization", {}).get("dtype") == "float16"
            stored = np.dtype("<f2" if is_half else {"float32": "<f4", "int32": "<i4"}[entry["dtype"]])
            count = int(np.prod(entry["shape"], dtype=np.int64))
            raw = np.frombuffer(shard, stored, count, offset).reshape(entry["shape"])
            weights[entry["name"]] = raw.astype(np.float32 if stored.kind == "f" else np.int64)
            offset += count * stored.itemsize
    if offset != len(shard):
        raise UnsupportedGraph(f"the weight shard has {len(shard)} bytes, the manifest accounts for {offset}")
    return weights


class GraphTranslator:
    """Translates the nodes in their stored (topological) order; one method per TensorFlow operator."""

    def __init__(self, weights: Mapping[str, Array]) -> None:
        self.constants: dict[str, Array] = dict(weights)
        self.values: dict[str, Value] = {}
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []
        self.rules: dict[str, Callable[[Node], None]] = {
            "Add": self.add,
            "AddV2": self.add,
            "ConcatV2": self.concat,
            "Conv2D": self.convolve,
            "Identity": self.identity,
            "LeakyRelu": self.leaky_relu,
            "MaxPool": self.max_pool,
            "Pad": self.pad,
            "PadV2": self.pad,
            "Reshape": self.reshape,
            "ResizeBilinear": self.resize,
            "Sigmoid": self.sigmoid,
            "SparseToDense": self.sparse_to_dense,
            "SplitV": self.split,
            "Transpose": self.transpose,
        }

    def translate(self, node: Node) -> None:
        rule = self.rules.get(node["op"])
        if rule is None:
            raise UnsupportedGraph(f"operator {node['op']} of node {node['name']} is not translated")
        rule(node)

    def _value(self, reference: str) -> Value:
        return self.values[reference.removesuffix(":0")]

    def _settled(self, reference: str) -> Value:
        """A value without pads still to be applied."""
        value = self._value(reference)
        if value.pads != NO_PADS:
            raise UnsupportedGraph(f"a pad before {reference} feeds something other than a window")
        return value

    def _emit(self, op: str, inputs: list[str], node: Node, **attributes: Any) -> str:
        output = node["name"]
        self.nodes.append(helper.make_node(op, inputs, [output], name=output, **attributes))
        return str(output)

    def _initializer(self, name: str, array: Array) -> str:
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def sparse_to_dense(self, node: Node) -> None:
        indices, shape, entries, default = (self.constants[name] for name in node["input"])
        if indices.size or entries.size:
            raise UnsupportedGraph(f"{node['name']} scatters values; only an empty scatter is a constant")
        self.constants[node["name"]] = np.full(shape, default, np.int64)

    def add(self, node: Node) -> None:
        left, right = node["input"]
        if left in self.constants and right in self.constants:
            self.constants[node["name"]] = self.constants[left] + self.constants[right]
            return
        value = self._settled(left)
        if right in self.constants:
            self._add_bias(node, value, right)
            return
        other = self._settled(right)
        if value.is_channels_last != other.is_channels_last:
            raise UnsupportedGraph(f"{node['name']} adds tensors of two layouts")
        self.values[node["name"]] = replace(value, name=self._emit("Add", [value.name, other.name], node))

    def _add_bias(self, node: Node, value: Value, constant: str) -> None:
        made_by = next((made for made in self.nodes if value.name in made.output), None)
        is_bias = made_by is not None and made_by.op_type == "Conv" and len(made_by.input) == 2
        if made_by is None or not is_bias or not value.is_channels_last:
            raise UnsupportedGraph(f"{node['name']} adds a constant to something other than a convolution")
        made_by.input.append(self._initializer(constant, self.constants[constant]))
        self.values[node["name"]] = value

    def transpose(self, node: Node) -> None:
        value, order = self._value(node["input"][0]), self.constants[node["input"][1]].tolist()
        if order == TO_CHANNELS_LAST and not value.is_channels_last:
            self.values[node["name"]] = replace(value, is_channels_last=True)
        elif order == TO_CHANNELS_FIRST and value.is_channels_last:
            self.values[node["name"]] = replace(value, is_channels_last=False)
        elif len(order) == 3 and value.pads == NO_PADS:
            self.values[node["name"]] = Value(self._emit("Transpose", [value.name], node, perm=order))
        else:
            raise UnsupportedGraph(f"{node['name']} transposes by {order}")

    def pad(self, node: Node) -> None:
        value, widths = self._settled(node["input"][0]), self.constants[node["input"][1]].tolist()
        if value.is_channels_last or widths[0] != [0, 0] or widths[1] != [0, 0]:
            raise UnsupportedGraph(f"{node['name']} pads more than height and width")
        (top, bottom), (left, right) = widths[2], widths[3]
        fill = float(self.constants[node["input"][2]]) if node["op"] == "PadV2" else 0.0
        self.values[node["name"]] = replace(value, pads=(top, left, bottom, right), pad_value=fill)

    def convolve(self, node: Node) -> None:
        value, kernel = self._value(node["input"][0]), self.constants[node["input"][1]]
        self._require_window(node, value)
        if value.pad_value != 0.0:
            raise UnsupportedGraph(f"{node['name']} is padded with {value.pad_value}")
        weights = self._initializer(node["input"][1], kernel.transpose(3, 2, 0, 1))
        name = self._emit(
            "Conv",
            [value.name, weights],
            node,
            kernel_shape=list(kernel.shape[:2]),
            strides=_spatial(node, "strides"),
            dilations=_spatial(node, "dilations"),
            pads=list(value.pads),
            group=1,
        )
        self.values[node["name"]] = Value(name, is_channels_last=True)

    def max_pool(self, node: Node) -> None:
        value = self._value(node["input"][0])
        self._require_window(node, value)
        if value.pads != NO_PADS and value.pad_value > np.finfo(np.float32).min:
            raise UnsupportedGraph(f"{node['name']} pools over padding that could win")
        name = self._emit(
            "MaxPool",
            [value.name],
            node,
            kernel_shape=_spatial(node, "ksize"),
            strides=_spatial(node, "strides"),
            pads=list(value.pads),
        )
        self.values[node["name"]] = Value(name, is_channels_last=True)

    def _require_window(self, node: Node, value: Value) -> None:
        attributes = node["attr"]
        padding = base64.b64decode(attributes["padding"]["s"])
        layout = base64.b64decode(attributes["data_format"]["s"])
        if padding != b"VALID" or layout != b"NHWC" or not value.is_channels_last:
            raise UnsupportedGraph(f"{node['name']} is not a channels-last window without padding of its own")

    def leaky_relu(self, node: Node) -> None:
        value = self._settled(node["input"][0])
        name = self._emit("LeakyRelu", [value.name], node, alpha=float(node["attr"]["alpha"]["f"]))
        self.values[node["name"]] = replace(value, name=name)

    def sigmoid(self, node: Node) -> None:
        value = self._settled(node["input"][0])
        self.values[node["name"]] = replace(value, name=self._emit("Sigmoid", [value.name], node))

    def concat(self, node: Node) -> None:
        *references, axis = node["input"]
        values = [self._settled(reference) for reference in references]
        if any(value.is_channels_last for value in values) or int(self.constants[axis]) != 1:
            raise UnsupportedGraph(f"{node['name']} joins along something other than the channels")
        self.values[node["name"]] = Value(self._emit("Concat", [v.name for v in values], node, axis=1))

    def split(self, node: Node) -> None:
        value = self._settled(node["input"][0])
        sizes, axis = self.constants[node["input"][1]], int(self.constants[node["input"][2]])
        if value.is_channels_last or axis != 1:
            raise UnsupportedGraph(f"{node['name']} splits along something other than the channels")
        parts = [node["name"], *(f"{node['name']}:{index}" for index in range(1, len(sizes)))]
        lengths = self._initializer(f"{node['name']}/sizes", sizes)
        self.nodes.append(helper.make_node("Split", [value.name, lengths], parts, name=node["name"], axis=1))
        self.values.update({part: Value(part) for part in parts})

    def resize(self, node: Node) -> None:
        value, size = self._settled(node["input"][0]), self.constants[node["input"][1]]
        attributes = node["attr"]
        is_half_pixel = attributes["half_pixel_centers"]["b"] and not attributes["align_corners"]["b"]
        if not value.is_channels_last or not is_half_pixel:
            raise UnsupportedGraph(f"{node['name']} resizes in a way that is not half-pixel bilinear")
        channels = self._channels[value.name]
        target = np.array([1, channels, *size.tolist()], np.int64)
        sizes = self._initializer(f"{node['name']}/sizes", target)
        name = self._emit(
            "Resize",
            [value.name, "", "", sizes],
            node,
            mode="linear",
            coordinate_transformation_mode="half_pixel",
        )
        self.values[node["name"]] = Value(name, is_channels_last=True)

    @property
    def _channels(self) -> dict[str, int]:
        """Channel count by tensor, for what feeds a resize: convolutions, and sums of them."""
        shapes = {tensor.name: list(tensor.dims) for tensor in self.initializers}
        channels: dict[str, int] = {}
        for node in self.nodes:
            if node.op_type == "Conv":
                channels[node.output[0]] = shapes[node.input[1]][0]
            elif node.input and node.input[0] in channels and node.op_type in {"Add", "Resize", "LeakyRelu"}:
                channels[node.output[0]] = channels[node.input[0]]
        return channels

    def reshape(self, node: Node) -> None:
        value = self._settled(node["input"][0])
        if value.is_channels_last:
            raise UnsupportedGraph(f"{node['name']} reshapes a channels-last tensor")
        shape = self._initializer(f"{node['name']}/shape", self.constants[node["input"][1]])
        self.values[node["name"]] = Value(self._emit("Reshape", [value.name, shape], node))

    def identity(self, node: Node) -> None:
        value = self._settled(node["input"][0])
        self.values[node["name"]] = Value(self._emit("Identity", [value.name], node))


def _spatial(node: Node, attribute: str) -> list[int]:
    """Height and width of a channels-last list attribute such as strides [1, h, w, 1]."""
    batch, height, width, channels = (int(item) for item in node["attr"][attribute]["list"]["i"])
    if (batch, channels) != (1, 1):
        raise UnsupportedGraph(f"{node['name']} has {attribute} across batch or channels")
    return [height, width]


def _tensor_info(name: str, described: Mapping[str, Any]) -> onnx.ValueInfoProto:
    shape = [int(dimension["size"]) for dimension in described["tensorShape"]["dim"]]
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def convert_graph_model(topology_path: Path, weights_path: Path, graph_name: str) -> bytes:
    """Convert a TensorFlow.js graph model to a serialised, checked ONNX model.

    Args:
        topology_path: The model's JSON file.
        weights_path: Its only weight shard.
        graph_name: Name written into the ONNX graph; part of the output bytes.

    Returns:
        The bytes of the ONNX file. Outputs are named and ordered ``Identity``, ``Identity_1``, ...

    Raises:
        UnsupportedGraph: the graph has an operator or a layout that is not translated exactly.
        OSError: a file cannot be read.
    """
    topology = json.loads(topology_path.read_text(encoding="utf-8"))
    translator = GraphTranslator(read_weights(topology, weights_path.read_bytes()))
    signature = topology["signature"]
    inputs = {name.removesuffix(":0"): info for name, info in signature["inputs"].items()}
    outputs = {name.removesuffix(":0"): info for name, info in signature["outputs"].items()}
    for node in topology["modelTopology"]["node"]:
        if node["op"] == "Placeholder":
            translator.values[node["name"]] = Value(node["name"])
        elif node["op"] != "Const":
            translator.translate(node)
    graph = helper.make_graph(
        translator.nodes,
        graph_name,
        [_tensor_info(name, inputs[name]) for name in sorted(inputs)],
        [_tensor_info(name, outputs[name]) for name in sorted(outputs)],
        initializer=sorted(translator.initializers, key=lambda tensor: tensor.name),
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="aitbc")
    model.ir_version = IR_VERSION
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString(deterministic=True))
