"""The prepared models, loaded once, and the example photographs."""

from pathlib import Path

import pytest

from agents_offchain.primitives.settings import Settings
from agents_offchain.skills.embedding.embedder import MiniLm
from agents_offchain.skills.multimodal.models import SceneModels
from agents_offchain.skills.vision.models import VisionModels, load_classifier, load_models

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def models_dir() -> Path:
    return REPOSITORY / Settings().models


@pytest.fixture(scope="session")
def vision_models(models_dir: Path) -> VisionModels:
    return load_models(models_dir, threads=1)


@pytest.fixture(scope="session")
def scene_models(models_dir: Path, vision_models: VisionModels, minilm: MiniLm) -> SceneModels:
    classifier, digests = load_classifier(models_dir)
    return SceneModels(vision_models, classifier, minilm, {**vision_models.digests, **digests})


@pytest.fixture(scope="session")
def example_photo() -> bytes:
    return (REPOSITORY / "examples" / "photos" / "contact-sheet.jpg").read_bytes()


@pytest.fixture(scope="session")
def minilm(models_dir: Path) -> MiniLm:
    return MiniLm.load(models_dir)
