"""Put the model files in place at set-up and check every one by its digest.

Run: ``python tools/prepare_models.py [--check] [--models DIR] [--node-modules DIR]``. It converts the detector from the
npm package, the embedding model and the classifier from the Python packages that carry them, and checks the other
models' files inside their installed Python packages. Nothing is downloaded. A second run only checks. ``--check`` never
writes. Exit code 0: all present and right; 4: one is missing or wrong.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from agents_offchain.primitives.errors import AitbcError
from agents_offchain.skills.errors import ModelDigestMismatch, ModelMissing
from agents_offchain.skills.manifest import (
    MODELS_PLACE,
    ModelEntry,
    read_checked,
    read_manifest,
)

REPOSITORY = Path(__file__).resolve().parent.parent
SOURCES = REPOSITORY / ".cache" / "model-sources"
SOURCES_MEND = "Run `tools/fetch_model_sources.sh .cache/model-sources` in the repository, then this command again."


def main(arguments: list[str] | None = None) -> int:
    options = _parse(arguments)
    started = time.perf_counter()
    try:
        fetched_first = sorted(read_manifest().values(), key=lambda entry: "topology" not in entry.converted_from)
        for entry in fetched_first:  # what had to be fetched is missed before anything is written
            done = ensure_model(entry, options.models, options.node_modules, is_check_only=options.check)
            sys.stdout.write(f"{done:<9} {entry.name:<8} sha256:{entry.sha256[:16]}  {entry.source.split(',')[0]}\n")
    except AitbcError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    sys.stdout.write(f"models ready in {time.perf_counter() - started:.1f} s\n")
    return 0


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Prepare and check the model files.")
    parser.add_argument("--check", action="store_true", help="only check; write nothing")
    models = Path(os.environ.get("AITBC_MODELS") or REPOSITORY / "models")
    parser.add_argument("--models", type=Path, default=models, help="folder of prepared models (AITBC_MODELS)")
    parser.add_argument("--node-modules", type=Path, default=SOURCES, help="folder that holds the npm package")
    return parser.parse_args(arguments)


def ensure_model(entry: ModelEntry, models_dir: Path, node_modules: Path, *, is_check_only: bool) -> str:
    """Check one model; convert it first when it is ours to make and not there yet or wrong.

    Returns:
        ``checked`` or ``converted``.

    Raises:
        ModelMissing: it, or what it is made from, is absent.
        ModelDigestMismatch: it, or what it is made from, has other bytes than listed.
    """
    try:
        read_checked(entry, models_dir)
    except (ModelMissing, ModelDigestMismatch):
        if is_check_only or entry.place != MODELS_PLACE:
            raise
        _write_atomically(entry.locate(models_dir), _convert(entry, node_modules))
        read_checked(entry, models_dir)
        return "converted"
    return "checked"


def _convert(entry: ModelEntry, node_modules: Path) -> bytes:
    converters: Mapping[str, Callable[[ModelEntry, Path], bytes]] = {
        "classifier": _classifier,
        "minilm": _embedder,
        "nanodet": _detector,
    }
    converted = converters[entry.name](entry, node_modules)
    found = hashlib.sha256(converted).hexdigest()
    if found != entry.sha256:
        raise ModelDigestMismatch(
            f"Converting {entry.name} gave other bytes than listed: sha-256 begins {found[:12]}, "
            f"expected {entry.sha256[:12]}; nothing was written.",
            mend="Install the locked dependencies again; another version of onnx writes other bytes.",
            model=entry.name,
        )
    return converted


def _detector(entry: ModelEntry, node_modules: Path) -> bytes:
    from tfjs_to_onnx import convert_graph_model

    origin = entry.converted_from
    package = node_modules / origin["package"]
    topology = _require_source(entry, package, origin, "topology")
    weights = _require_source(entry, package, origin, "weights")
    return convert_graph_model(topology, weights, entry.name)


def _embedder(entry: ModelEntry, _node_modules: Path) -> bytes:
    from minilm_to_onnx import convert_minilm

    origin = entry.converted_from
    package = replace(entry, place=origin["package"], file="").locate(Path())
    return convert_minilm(_require_source(entry, package, origin, "weights"))


def _classifier(entry: ModelEntry, _node_modules: Path) -> bytes:
    from efficientnet_to_onnx import convert_efficientnet

    origin = entry.converted_from
    package = replace(entry, place=origin["package"], file="").locate(Path())
    return convert_efficientnet(_require_source(entry, package, origin, "weights"))


def _require_source(entry: ModelEntry, package: Path, origin: Mapping[str, str], part: str) -> Path:
    path = package / origin[part]
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise ModelMissing(
            f"The {part} of the model {entry.name} is not at {path}.", mend=SOURCES_MEND, model=entry.name
        ) from error
    if found != origin[f"{part}_sha256"]:
        raise ModelDigestMismatch(
            f"The {part} of the model {entry.name} at {path} is not the listed file.",
            mend=SOURCES_MEND,
            model=entry.name,
        )
    return path


def _write_atomically(path: Path, content: bytes) -> None:
    """Two set-ups at once, or a kill in the middle, leave a whole file or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as temporary:
        try:
            temporary.write(content)
            temporary.flush()
            os.fsync(temporary.fileno())
            os.chmod(temporary.name, 0o644)
            os.replace(temporary.name, path)
        except BaseException:
            Path(temporary.name).unlink(missing_ok=True)
            raise


if __name__ == "__main__":
    sys.exit(main())
