"""Pictures with labels, as arrays: Fashion-MNIST's files, or a folder with a subfolder for each class."""

from __future__ import annotations

import gzip
import hashlib
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SIDE_PX = 28
FASHION = ("T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot")
PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".webp")
LEAST_PER_CLASS = 10
TEST_SHARE = 0.2


class DataMissing(Exception):
    """The data are not where they should be, or too few; the message says what to do."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """`pixels` `(n, 28, 28)` uint8 grey; ``labels`` `(n,)` int64, numbers of classes."""

    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Data:
    """What is learned from and what is measured on; no picture is in both.

    Attributes:
        digest: sha256 over all pictures and labels, for the card.
    """

    name: str
    classes: tuple[str, ...]
    train: Part
    test: Part
    digest: str


def read_fashion(folder: Path) -> Data:
    """Fashion-MNIST: 60,000 pictures to learn from, 10,000 to measure on (Xiao et al., 2017; Expat licence)."""
    try:
        train, test = (
            Part(_images(folder / f"{part}-images"), _labels(folder / f"{part}-labels")) for part in ("train", "t10k")
        )
    except OSError as error:
        raise DataMissing(
            f"Fashion-MNIST is not in {folder}. Install the Debian package dataset-fashion-mnist, or name the folder."
        ) from error
    return Data("Fashion-MNIST", FASHION, train, test, _digest(train, test))


def read_folder(folder: Path, seed: int) -> Data:
    """One's own pictures: one subfolder a class; a fifth of each, drawn with the seed, is kept for measuring."""
    from PIL import Image

    classes = tuple(sorted(entry.name for entry in folder.iterdir() if entry.is_dir()))
    kept: dict[bool, list[tuple[NDArray[np.uint8], int]]] = {True: [], False: []}
    chance = np.random.default_rng(seed)
    for number, name in enumerate(classes):
        files = sorted(path for path in (folder / name).iterdir() if path.suffix.lower() in PICTURES)
        if len(files) < LEAST_PER_CLASS:
            raise DataMissing(f"The class {name} has {len(files)} pictures; it needs at least {LEAST_PER_CLASS}.")
        for rank, index in enumerate(chance.permutation(len(files))):
            with Image.open(files[index]) as picture:
                small = picture.convert("L").resize((SIDE_PX, SIDE_PX))
            kept[rank < TEST_SHARE * len(files)].append((np.array(small, dtype=np.uint8), number))
    if len(classes) < 2:
        raise DataMissing(f"{folder} needs a subfolder of pictures for each of at least two classes.")
    train, test = (
        Part(np.stack([pixels for pixels, _ in kept[is_test]]), np.array([label for _, label in kept[is_test]]))
        for is_test in (False, True)
    )
    return Data(folder.name, classes, train, test, _digest(train, test))


def _images(path: Path) -> NDArray[np.uint8]:
    content = gzip.decompress(path.with_name(f"{path.name}-idx3-ubyte.gz").read_bytes())
    _, count, rows, columns = struct.unpack_from(">IIII", content)
    return np.frombuffer(content, np.uint8, offset=16).reshape(count, rows, columns)


def _labels(path: Path) -> NDArray[np.int64]:
    content = gzip.decompress(path.with_name(f"{path.name}-idx1-ubyte.gz").read_bytes())
    return np.frombuffer(content, np.uint8, offset=8).astype(np.int64)


def _digest(*parts: Part) -> str:
    content = b"".join(array.tobytes() for part in parts for array in (part.pixels, part.labels))
    return hashlib.sha256(content).hexdigest()
