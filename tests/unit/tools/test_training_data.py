"""What `make train-vision` learns from: no picture is in both parts, and too few are refused with the mend."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tools.train_vision.data import DataMissing, read_fashion, read_folder

pytestmark = pytest.mark.unit


def pictures(folder: Path, **counts: int) -> Path:
    for number, (name, count) in enumerate(counts.items()):
        (folder / name).mkdir(parents=True)
        for index in range(count):
            Image.new("RGB", (40, 30), (100 * number, index, index)).save(folder / name / f"{index}.png")
    return folder


def test_read_folder__two_classes__keeps_a_fifth_of_each_for_measuring(tmp_path: Path) -> None:
    data = read_folder(pictures(tmp_path / "fruit", apple=10, pear=20), seed=1)

    assert (data.name, data.classes) == ("fruit", ("apple", "pear"))
    assert np.bincount(data.train.labels).tolist() == [8, 16]
    assert np.bincount(data.test.labels).tolist() == [2, 4]
    assert data.train.pixels.shape == (24, 28, 28)
    assert data.digest == read_folder(tmp_path / "fruit", seed=1).digest
    assert data.digest != read_folder(tmp_path / "fruit", seed=2).digest


@pytest.mark.parametrize("counts", [{"apple": 9, "pear": 20}, {"apple": 20}])
def test_read_folder__too_few__is_refused(tmp_path: Path, counts: dict[str, int]) -> None:
    with pytest.raises(DataMissing, match="at least"):
        read_folder(pictures(tmp_path / "fruit", **counts), seed=0)


def test_read_fashion__its_files__are_pictures_and_labels(tmp_path: Path) -> None:
    for part in ("train", "t10k"):
        header = struct.pack(">IIII", 2051, 3, 28, 28)
        (tmp_path / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(header + bytes(range(196)) * 12))
        (tmp_path / f"{part}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(bytes(8) + bytes([3, 1, 9])))

    data = read_fashion(tmp_path)

    assert data.test.pixels.shape == (3, 28, 28)
    assert [data.classes[label] for label in data.test.labels] == ["dress", "trouser", "ankle boot"]


def test_read_fashion__not_installed__names_the_package(tmp_path: Path) -> None:
    with pytest.raises(DataMissing, match="dataset-fashion-mnist"):
        read_fashion(tmp_path)
