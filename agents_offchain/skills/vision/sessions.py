"""Models ready to be run: ONNX by onnxruntime, TorchScript by PyTorch where an operator has installed it."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from agents_offchain.primitives.errors import AitbcError
from agents_offchain.skills.errors import ModelMissing

PROVIDER = "CPUExecutionProvider"
"""Results are re-run bit-equal on the same kind of machine; that is promised for this provider."""


RUNTIMES = ("onnxruntime", "rapidocr")
"""Packages whose own errors are no `RuntimeError`."""


@contextmanager
def failing_as(failure: Callable[[Exception], AitbcError], *also: type[Exception]) -> Iterator[None]:
    """Run a model inside; what its runtime raises becomes an error of ours.

    Args:
        failure: The error to raise, from the runtime's.
        also: More kinds that are the model's fault here; every other one passes as it is.
    """
    try:
        yield
    except Exception as error:
        if not isinstance(error, (RuntimeError, *also)) and not type(error).__module__.startswith(RUNTIMES):
            raise
        raise failure(error) from error


def load_onnx(content: bytes, threads: int) -> Any:
    """An ``onnxruntime.InferenceSession``.

    Raises:
        Exception: the runtime refuses the bytes; see `failing_as`.
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
