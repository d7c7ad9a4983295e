"""Models ready to be run: ONNX by onnxruntime, TorchScript by PyTorch where an operator has installed it."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from agents_offchain.skills.errors import ModelMissing

PROVIDER = "CPUExecutionProvider"
"""Results are re-run bit-equal on the same kind of machine; that is promised for this provider."""


def is_runtime_error(error: Exception) -> bool:
    """Whether a runtime says so; onnxruntime's own errors are no `RuntimeError`."""
    return isinstance(error, RuntimeError) or type(error).__module__.startswith("onnxruntime")


def load_onnx(content: bytes, threads: int) -> Any:
    """An ``onnxruntime.InferenceSession``.

    Raises:
        Exception: the runtime refuses the bytes; see `is_runtime_error`.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 4
    options.enable_cpu_mem_arena = False
    return onnxruntime.InferenceSession(content, options, providers=[PROVIDER])


@dataclass(frozen=True, slots=True)
class _Input:
    name: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class TorchSession:
    """A TorchScript module with the face of an onnxruntime session; shown one picture at a time."""

    module: Any

    def get_inputs(self) -> list[_Input]:
        return [_Input("picture", (1,))]

    def run(self, _names: None, feed: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        import torch

        with torch.inference_mode():
            answer = self.module(torch.from_numpy(feed["picture"]))
        tensors = answer if isinstance(answer, list | tuple) else [answer]
        return [tensor.detach().cpu().float().numpy() for tensor in tensors]


def load_torch(content: bytes, threads: int) -> TorchSession:
    """A TorchScript module on the CPU.

    Raises:
        ModelMissing: PyTorch is not installed.
        RuntimeError: it refuses the bytes.
    """
    try:
        import torch
    except ImportError as error:
        raise ModelMissing(
            "The detector is a TorchScript file and PyTorch is not installed.",
            mend="Install torch beside the product, or export the detector to ONNX.",
        ) from error
    torch.set_num_threads(threads)
    return TorchSession(torch.jit.load(io.BytesIO(content), map_location="cpu").eval())
