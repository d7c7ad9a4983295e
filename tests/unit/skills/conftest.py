"""The prepared models, loaded once, and the example photographs."""

from pathlib import Path

import pytest

from agents_offchain.primitives.settings import Settings
from agents_offchain.skills.embedding.embedder import MiniLm
from agents_offchain.skills.vision.models import VisionModels, load_models

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def models_dir() -> Path:
    return REPOSITORY / Settings().models


@pytest.fixture(scope="session")
def vision_models(models_dir: Path) -> VisionModels:
    return load_models(models_dir, threads=1)


@pytest.fixture(scope="session")
def example_photo() -> bytes:
    return (REPOSITORY / "examples" / "photos" / "contact-sheet.jpg").read_bytes()


@pytest.fixture(scope="session")
def minilm(models_dir: Path) -> MiniLm:
    return MiniLm.load(models_dir)
