"""What retrieval, routing and caches need of an embedding model, and the one that comes with the product."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from agents_offchain.skills.errors import InferenceFailed
from agents_offchain.skills.manifest import read_checked, read_manifest

DIMENSIONS = 384
MAX_TOKENS = 256
"""What the model was trained to read at once; the rest of a longer text is not seen."""
BATCH = 32

Vectors = npt.NDArray[np.float32]


class Embedder(Protocol):
    """Turns texts into vectors."""

    @property
    def name(self) -> str:
        """What vectors of different models are told apart by; vectors of two models are never compared."""
        ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """`(texts, dimensions)` float32, each row of length 1; no rows for no texts."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class MiniLm:
    """all-MiniLM-L6-v2 on onnxruntime: mean of the last layer over at most 256 word pieces, divided by its length.

    Attributes:
        digests: ``sha256:<hex>`` by model name, for the evidence.
    """

    session: Any
    tokenizer: Any
    digests: dict[str, str]
    name: str = "all-MiniLM-L6-v2"

    @classmethod
    def load(cls, models_dir: Path, threads: int = 1) -> MiniLm:
        """Check and load the model.

        Args:
            models_dir: The folder that set-up filled.
            threads: Threads of one inference; one sums in one order.

        Raises:
            ModelMissing, ModelDigestMismatch: a file is absent or another one.
            InferenceFailed: the runtime refuses it.
        """
        import onnxruntime
        import tokenizers

        manifest = read_manifest("embedding")
        content = {name: read_checked(entry, models_dir) for name, entry in manifest.items()}
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        try:
            session = onnxruntime.InferenceSession(content["minilm"], options, providers=["CPUExecutionProvider"])
        except RuntimeError as error:
            raise InferenceFailed("The model runtime refuses the embedding model.", reason=str(error)[:200]) from error
        tokenizer = tokenizers.Tokenizer.from_str(content["minilm_words"].decode())
        tokenizer.enable_truncation(MAX_TOKENS)
        tokenizer.enable_padding()
        return cls(session, tokenizer, {name: f"sha256:{entry.sha256}" for name, entry in manifest.items()})

    def embed(self, texts: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        by_length = sorted(range(len(texts)), key=lambda index: len(texts[index]))  # little padding in a batch
        for first in range(0, len(texts), BATCH):
            chosen = by_length[first : first + BATCH]
            vectors[chosen] = self._embed_batch([texts[index] for index in chosen])
        return vectors

    def _embed_batch(self, texts: list[str]) -> Vectors:
        encoded = self.tokenizer.encode_batch(texts)
        feeds = {
            "input_ids": np.array([entry.ids for entry in encoded], dtype=np.int64),
            "attention_mask": np.array([entry.attention_mask for entry in encoded], dtype=np.int64),
        }
        try:
            answer: Vectors = self.session.run(["embedding"], feeds)[0]
        except RuntimeError as error:
            raise InferenceFailed("The embedding model could not be run.", reason=str(error)[:200]) from error
        return answer
