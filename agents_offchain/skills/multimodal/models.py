"""The models that an observation needs, loaded once per process from files whose digests were checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agents_offchain.skills.embedding.embedder import MiniLm
from agents_offchain.skills.vision.classifier import Classifier
from agents_offchain.skills.vision.models import VisionModels, load_classifier, load_models


@dataclass(frozen=True, slots=True, eq=False)
class SceneModels:
    """Loaded models and what identifies them.

    Attributes:
        vision: What finds objects and text.
        classifier: What names the picture as a whole.
        embedder: What compares texts; None where no text is compared.
        digests: ``sha256:<hex>`` by model name, of vision and classifier.
    """

    vision: VisionModels
    classifier: Classifier
    embedder: MiniLm | None
    digests: Mapping[str, str]

    def digests_with_texts(self, *, are_compared: bool) -> dict[str, str]:
        """Digests of the models that one job used."""
        texts = self.embedder.digests if are_compared and self.embedder is not None else {}
        return {**self.digests, **texts}


def load_scene_models(
    models_dir: Path, threads: int = 1, *, with_texts: bool = True, detector: Path | None = None, text_reader: str = ""
) -> SceneModels:
    """Check and load the models.

    Args:
        models_dir: The folder that set-up filled.
        threads: Threads of one inference.
        with_texts: Also the embedding model, which takes longest to load.
        detector, text_reader: As for `load_models`.

    Raises:
        ModelMissing, ModelDigestMismatch, DetectorUnfit, InferenceFailed: as `load_models`.
    """
    vision = load_models(models_dir, threads, detector, text_reader)
    classifier, digests = load_classifier(models_dir, threads)
    embedder = MiniLm.load(models_dir, threads) if with_texts else None
    return SceneModels(vision, classifier, embedder, {**vision.digests, **digests})
