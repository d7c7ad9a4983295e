"""A folder of pictures: found by words, copies by likeness, looked at once, never lost to one bad file."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from agents_offchain.cli.console import Console
from agents_offchain.cli.pictures import folder as pictures
from agents_offchain.cli.pictures.folder import PicturesRefused, run_copies, run_find
from agents_offchain.primitives.canonical import canonical_json
from agents_offchain.primitives.settings import Settings
from agents_offchain.skills.embedding.embedder import DIMENSIONS, MiniLm, Vectors
from agents_offchain.skills.multimodal import space
from agents_offchain.skills.multimodal.album import Leaf, copies, find, looked_with
from agents_offchain.skills.multimodal.models import SceneModels

pytestmark = pytest.mark.unit


@pytest.fixture
def album(tmp_path: Path, example_photo: bytes) -> Path:
    """A person, a cat, a cup and a smaller, worse copy of the cup; and two files that are no pictures."""
    folder = tmp_path / "album"
    (folder / "more").mkdir(parents=True)
    sheet = Image.open(io.BytesIO(example_photo)).convert("RGB")
    cup = sheet.crop((330, 640, 760, 960))
    sheet.crop((40, 62, 460, 578)).save(folder / "person.png")
    sheet.crop((520, 62, 958, 352)).save(folder / "cat.jpg")
    cup.save(folder / "cup.png")
    cup.resize((215, 160)).save(folder / "more" / "cup-small.jpg", quality=40)
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing")
    (folder / "notes.txt").write_text("no picture")
    return folder


@pytest.fixture
def settings(tmp_path: Path, scene_models: SceneModels, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(pictures, "load_scene_models", lambda *_args, **_named: scene_models)
    return Settings(home=tmp_path / "home")


def test_find_and_copies__a_folder__are_told_and_kept(
    album: Path, settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run_find(settings, Console(True), album, "a cup of coffee", 2) == 0
    found = json.loads(capsys.readouterr().out)["found"]
    assert {entry["file"] for entry in found} == {"cup.png", "more/cup-small.jpg"}

    def never(*_: object) -> None:
        raise AssertionError("looked at again")

    with monkeypatch.context() as patched:
        patched.setattr(pictures, "look_at", never)
        (album / "broken.jpg").unlink()
        assert run_copies(settings, Console(True), album) == 1
    assert json.loads(capsys.readouterr().out)["groups"] == [["cup.png", "more/cup-small.jpg"]]

    for kept in (settings.home / "pictures").iterdir():
        kept.write_bytes(kept.read_bytes()[:20])  # as a full disk leaves it
    assert run_find(settings, Console(True), album, "the face of a cat", 1) == 0
    assert json.loads(capsys.readouterr().out)["found"][0]["file"] == "cat.jpg"


def test_looked_with__other_weights_of_the_space__is_another_look(
    scene_models: SceneModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = looked_with(scene_models)
    assert looked_with(scene_models) == before
    for weight in ("OBJECT_WEIGHT", "SPREAD", "NIGHT_BELOW_LUMA"):
        with monkeypatch.context() as patched:
            patched.setattr(space, weight, getattr(space, weight) * 2)
            assert canonical_json(looked_with(scene_models)) != canonical_json(before)


def test_find__many_pictures__embeds_as_many_texts_as_for_one(
    scene_models: SceneModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    embed, embedded = MiniLm.embed, list[str]()

    def embed_and_note(model: MiniLm, texts: Sequence[str]) -> Vectors:
        embedded.extend(texts)
        return embed(model, texts)

    monkeypatch.setattr(MiniLm, "embed", embed_and_note)
    somewhere = np.eye(1, DIMENSIONS, dtype=np.float32)[0]
    counts = []
    for count in (1, 3):
        embedded.clear()
        find([Leaf(str(number), somewhere, 0) for number in range(count)], scene_models, "a cat", count)
        counts.append(len(embedded))
    assert counts[0] == counts[1]


def test_copies__two_groups_joined_by_a_later_picture__are_one_in_the_order_given() -> None:
    fingerprints = {"a": 0, "b": 0xFFFFF, "c": 0, "alone": 2**64 - 1, "between": 0x3FF}
    leaves = [Leaf(name, np.zeros(1, np.float32), bits) for name, bits in fingerprints.items()]
    assert [[leaf.name for leaf in group] for group in copies(leaves)] == [["a", "b", "c", "between"]]
    assert copies([]) == []


def test_find__file_that_is_no_picture__is_named_and_the_rest_is_searched(
    album: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("person.png", "cup.png", "more/cup-small.jpg"):
        (album / name).unlink()
    assert run_find(settings, Console(False), album, "a cat", 5) == 0
    told = capsys.readouterr().out
    assert "left out: broken.jpg" in told
    assert "cat.jpg" in told


def test_find__nothing_to_search_or_nothing_asked__is_refused_or_empty(
    tmp_path: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(PicturesRefused):
        run_find(settings, Console(True), tmp_path / "nowhere", "a cat", 1)
    with pytest.raises(PicturesRefused):
        run_find(settings, Console(True), tmp_path, " ", 1)
    (tmp_path / "empty").mkdir()
    assert run_find(settings, Console(False), tmp_path / "empty", "a cat", 1) == 1
    assert run_copies(settings, Console(False), tmp_path / "empty") == 0
    assert "No picture is a copy" in capsys.readouterr().out
