"""Turn EfficientNet-Lite0's weights (PyTorch, old format) into one ONNX graph that ends in the classes' logits.

In: the weights file. Out: the bytes of an ONNX model with input ``picture``, float32 `(1, 3, 224, 224)`, and output
``logits``, float32 `(1, 1000)`. Batch normalisation is folded into the convolutions, in double precision. The same
weights give the same bytes for one version of onnx. Source of the graph: Tan and Le, "EfficientNet", ICML 2019, and the
Lite variant of github.com/tensorflow/tpu (ReLU6, no squeeze-and-excitation), "same" padding as TensorFlow pads.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from torch_weights import read_torch_weights

SIDE_PX = 224
CLASSES = 1000
EPSILON = 1e-3
OPSET = 17
IR_VERSION = 8
STAGES = (  # repeats, kernel, stride, expansion, outputs
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


def convert_efficientnet(weights_file: Path) -> bytes:
    """The ONNX model's bytes."""
    return _Graph(read_torch_weights(weights_file.read_bytes())).build().SerializeToString(deterministic=True)


class _Graph:
    """Collects nodes and constants; every method returns the name of its output."""

    def __init__(self, weights: dict[str, np.ndarray]) -> None:
        self._weights = weights
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def build(self) -> onnx.ModelProto:
        tensor = self._clip(self._convolve("picture", "_conv_stem", "_bn0", stride=2))
        width, number = 32, 0
        for repeats, _, stride, expansion, outputs in STAGES:
            for repeat in range(repeats):
                step = stride if repeat == 0 else 1
                block = self._block(tensor, f"_blocks.{number}.", step, is_expanded=expansion > 1)
                is_skipped = step == 1 and width == outputs
                tensor = self._op("Add", block, tensor) if is_skipped else block
                width, number = outputs, number + 1
        tensor = self._clip(self._convolve(tensor, "_conv_head", "_bn1"))
        flat = self._op("Flatten", self._op("GlobalAveragePool", tensor), axis=1)
        weight, bias = self._constant("_fc.weight"), self._constant("_fc.bias")
        self._nodes.append(helper.make_node("Gemm", [flat, weight, bias], ["logits"], transB=1))
        graph = helper.make_graph(
            self._nodes,
            "efficientnet_lite0",
            [helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 3, SIDE_PX, SIDE_PX])],
            [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, CLASSES])],
            self._constants,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="aitbc")
        model.ir_version = IR_VERSION
        onnx.checker.check_model(model)
        return model

    def _block(self, tensor: str, prefix: str, stride: int, *, is_expanded: bool) -> str:
        if is_expanded:
            tensor = self._clip(self._convolve(tensor, f"{prefix}_expand_conv", f"{prefix}_bn0"))
        deep = self._convolve(tensor, f"{prefix}_depthwise_conv", f"{prefix}_bn1", stride=stride, is_deep=True)
        return self._convolve(self._clip(deep), f"{prefix}_project_conv", f"{prefix}_bn2")

    def _convolve(self, tensor: str, name: str, norm: str, *, stride: int = 1, is_deep: bool = False) -> str:
        kernel = self._weights[f"{name}.weight"].astype(np.float64)
        gamma, beta, mean, variance = (
            self._weights[f"{norm}.{part}"].astype(np.float64)
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        scale = gamma / np.sqrt(variance + EPSILON)
        folded = self._constant(f"{name}.weight", (kernel * scale[:, None, None, None]).astype(np.float32))
        shift = self._constant(f"{name}.bias", (beta - mean * scale).astype(np.float32))
        return self._op(
            "Conv",
            tensor,
            folded,
            shift,
            auto_pad="SAME_UPPER",
            strides=[stride, stride],
            group=kernel.shape[0] if is_deep else 1,
        )

    def _clip(self, tensor: str) -> str:
        if not any(constant.name == "six" for constant in self._constants):
            self._constant("zero", np.array(0, np.float32))
            self._constant("six", np.array(6, np.float32))
        return self._op("Clip", tensor, "zero", "six")

    def _op(self, kind: str, *inputs: str, **attributes: object) -> str:
        name = f"{kind}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def _constant(self, name: str, value: np.ndarray | None = None) -> str:
        self._constants.append(numpy_helper.from_array(self._weights[name] if value is None else value, name))
        return name
