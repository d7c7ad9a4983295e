"""Reading a file of PyTorch weights in its old format without PyTorch, and without running what a pickle may run.

In: bytes of ``torch.save`` before version 1.6. Out: tensors by name. The format: a magic number, a version and facts of
the machine, each pickled; the dictionary of tensors, whose storages are named and not carried; the list of storages;
then for each its number of elements (int64) and its bytes. Only the names below may be looked up while unpickling.
"""

from __future__ import annotations

import io
import pickle
import struct
from collections import OrderedDict
from typing import Any

import numpy as np

MAGIC = 0x1950A86A20F9469CFC6C
KINDS = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


class WeightsMalformed(Exception):
    """The bytes are not such a file; the message says what was met."""


def read_torch_weights(data: bytes) -> dict[str, np.ndarray]:
    """Tensors by name, contiguous.

    Raises:
        WeightsMalformed: another format, or a pickle that asks for more than tensors.
    """
    stream = io.BytesIO(data)
    if _unpickle(stream) != MAGIC:
        raise WeightsMalformed("The file does not begin like PyTorch weights of the old format.")
    _unpickle(stream), _unpickle(stream)
    described = _unpickle(stream)
    storages: dict[str, np.ndarray] = {}
    kinds = {tensor[0][1]: tensor[0][0] for tensor in described.values()}
    for key in _unpickle(stream):
        (count,) = struct.unpack("<q", stream.read(8))
        kind = KINDS[kinds[key]]
        storages[key] = np.frombuffer(stream.read(count * kind.itemsize), kind)
    return {name: _shape(storages[storage[1]], *layout) for name, (storage, *layout) in described.items()}


def _shape(storage: np.ndarray, offset: int, size: tuple[int, ...], stride: tuple[int, ...]) -> np.ndarray:
    steps = tuple(step * storage.itemsize for step in stride)
    return np.ascontiguousarray(np.lib.stride_tricks.as_strided(storage[offset:], size, steps))


def _unpickle(stream: io.BytesIO) -> Any:
    return _Weights(stream).load()


def _tensor(storage: tuple[str, str], offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_: Any) -> Any:
    return storage, offset, size, stride


class _Weights(pickle.Unpickler):
    """Knows tensors and ordered dictionaries and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _tensor
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if module == "torch" and name in KINDS:
            return name
        raise WeightsMalformed(f"The file asks for {module}.{name}, which no weights need.")

    def persistent_load(self, described: Any) -> Any:
        kind, storage, key = described[:3]
        if kind != "storage":
            raise WeightsMalformed(f"The file holds a {kind!r}, not a storage.")
        return storage, key
