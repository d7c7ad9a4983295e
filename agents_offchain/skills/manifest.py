"""The model files that skills may load, with their digests; each room of skills lists its own in a ``models.toml``.

Set-up and the loader read the same list: the one makes and checks the files, the other refuses anything else.
"""

from __future__ import annotations

import hashlib
import importlib.util
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agents_offchain.skills.errors import ModelDigestMismatch, ModelMissing

MANIFEST = "models.toml"
MODELS_PLACE = "models"
PREPARE = "Run `python tools/prepare_models.py`."
REINSTALL = "Install the locked dependencies again."


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One model file.

    Attributes:
        name: Key in the evidence of a result.
        place: ``models`` (the prepared folder) or the name of the installed package that carries the file.
        file: Path below the place.
        sha256: Hex digest of the file.
        licence, origin, source, input: For people and for `NOTICE` files.
        converted_from: The conversion's package, files and digests; empty for a file used as it is.
    """

    name: str
    place: str
    file: str
    sha256: str
    licence: str
    origin: str
    source: str
    input: str
    converted_from: Mapping[str, str]

    @property
    def mend(self) -> str:
        return PREPARE if self.place == MODELS_PLACE else REINSTALL

    def locate(self, models_dir: Path) -> Path:
        """Where the file should be; whether it is there is not checked.

        Raises:
            ModelMissing: the package that should carry it is not installed.
        """
        if self.place == MODELS_PLACE:
            return models_dir / self.file
        found = importlib.util.find_spec(self.place)
        if found is None or found.origin is None:
            raise ModelMissing(
                f"The package {self.place}, which carries the model {self.name}, is not installed.",
                mend=REINSTALL,
                model=self.name,
            )
        return Path(found.origin).parent / self.file


def read_manifest(room: str = "*") -> dict[str, ModelEntry]:
    """The entries by name of one room of skills, such as ``vision``; of all rooms when none is named."""
    files = sorted(Path(__file__).parent.glob(f"{room}/{MANIFEST}"))
    listed = [entry for file in files for entry in tomllib.loads(file.read_text(encoding="utf-8"))["model"]]
    entries = (ModelEntry(**{"converted_from": {}, **entry}) for entry in listed)
    return {entry.name: entry for entry in entries}


def read_checked(entry: ModelEntry, models_dir: Path) -> bytes:
    """The bytes of a model file that is exactly the listed one.

    Raises:
        ModelMissing: the file is not there or cannot be read.
        ModelDigestMismatch: the file has another digest.
    """
    path = entry.locate(models_dir)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelMissing(
            f"The model {entry.name} cannot be read at {path}.", mend=entry.mend, model=entry.name
        ) from error
    found = hashlib.sha256(data).hexdigest()
    if found != entry.sha256:
        raise ModelDigestMismatch(
            f"The model {entry.name} at {path} is not the listed one: its sha-256 begins {found[:12]}, "
            f"expected {entry.sha256[:12]}.",
            mend=entry.mend,
            model=entry.name,
            expected=entry.sha256,
            found=found,
        )
    return data
