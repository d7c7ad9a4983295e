"""A folder of pictures, looked at once each; what was seen is kept by digests of bytes and way of looking."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from pathlib import Path

import numpy as np

from agents_offchain.cli.console import Console
from agents_offchain.cli.operate.home import show_table
from agents_offchain.primitives.canonical import canonical_json
from agents_offchain.primitives.errors import Refused
from agents_offchain.primitives.settings import Settings
from agents_offchain.skills.multimodal.album import Leaf, copies, find, look_at, looked_with
from agents_offchain.skills.multimodal.models import SceneModels, load_scene_models
from agents_offchain.skills.vision.errors import ImageRefused
from agents_offchain.skills.vision.fingerprint import in_words
from agents_offchain.skills.vision.image import DEFAULT_LIMITS

ENDINGS = frozenset({".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp"})
MAX_PICTURES = 20_000
MAX_TEXT_CHARACTERS = 300


class PicturesRefused(Refused):
    """The folder or the text cannot be worked with."""


def run_find(settings: Settings, console: Console, folder: Path, text: str, count: int) -> int:
    """Exit code 0 with pictures, 1 when the folder has none that can be read."""
    if not 1 <= len(text.strip()) <= MAX_TEXT_CHARACTERS:
        raise PicturesRefused(f"The text has {len(text)} characters; 1 to {MAX_TEXT_CHARACTERS} are read.")
    models = _models(settings)
    found = find(_look(settings, console, folder, models), models, text.strip(), count)
    console.document(
        {
            "text": text.strip(),
            "found": [
                {"file": leaf.name, "similarity": near.similarity, "agrees": near.agrees} for leaf, near in found
            ],
        }
    )
    rows = [(f"{near.similarity:.3f}", "agrees" if near.agrees else "", leaf.name) for leaf, near in found]
    show_table(console, ("nearness", "", "picture"), rows, empty="There is no picture that can be read.")
    return 0 if found else 1


def run_copies(settings: Settings, console: Console, folder: Path) -> int:
    """Exit code 1 when there are copies, 0 otherwise."""
    groups = copies(_look(settings, console, folder, _models(settings)))
    console.document({"groups": [[leaf.name for leaf in group] for group in groups]})
    rows = [(number, leaf.name) for number, group in enumerate(groups, 1) for leaf in group]
    show_table(console, ("group", "picture"), rows, empty="No picture is a copy of another.")
    return 1 if groups else 0


def _models(settings: Settings) -> SceneModels:
    return load_scene_models(settings.models, detector=settings.detector, text_reader=settings.text_reader)


def _look(settings: Settings, console: Console, folder: Path, models: SceneModels) -> list[Leaf]:
    """Every picture that can be read; of each other one it is said why not."""
    kept = settings.home / "pictures"
    kept.mkdir(parents=True, exist_ok=True, mode=0o700)
    leaves = []
    for file in _files(folder):
        name = str(file.relative_to(folder))
        try:
            with file.open("rb") as stream:
                data = stream.read(DEFAULT_LIMITS.max_bytes + 1)
            leaves.append(_leaf(kept, name, data, models))
        except (ImageRefused, OSError) as error:
            console.line(f"left out: {name}: {error}")
    return leaves


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise PicturesRefused(f"{folder} is no folder.", mend="Name the folder that holds the pictures.")
    files = sorted(file for file in folder.rglob("*") if file.suffix.lower() in ENDINGS and file.is_file())
    if len(files) > MAX_PICTURES:
        raise PicturesRefused(f"The folder has {len(files):,} pictures; at most {MAX_PICTURES:,} are searched.")
    return files


def _leaf(kept: Path, name: str, data: bytes, models: SceneModels) -> Leaf:
    """Read what was kept, or look and keep; a file that was cut short counts as none."""
    key = hashlib.sha256(canonical_json(looked_with(models)) + data).hexdigest()
    file = kept / f"{key}.json"
    try:
        stored = json.loads(file.read_bytes())
        lies = np.frombuffer(base64.b64decode(stored["place"], validate=True), "<f4")
        return Leaf(name, np.asarray(lies, np.float32), int(stored["fingerprint"], 16))
    except (OSError, ValueError, KeyError, TypeError):
        pass
    leaf = look_at(name, data, models)
    place = base64.b64encode(leaf.place.astype("<f4").tobytes()).decode()
    fresh = file.with_suffix(f".{os.getpid()}.new")
    fresh.write_text(json.dumps({"place": place, "fingerprint": in_words(leaf.fingerprint)}))
    os.replace(fresh, file)
    return leaf
