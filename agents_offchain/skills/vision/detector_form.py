"""How a detector wants its picture and what its numbers mean, as data; the shipped NanoDet-m, or an operator's own.

An operator describes another model in a TOML file and names it with `AITBC_DETECTOR`:

    name = "yolo-n"                # told in the evidence beside the model's digest
    file = "yolo-n.onnx"           # beside the description; .onnx, or TorchScript as .pt or .torchscript
    sha256 = "…"                   # of that file; anything else is refused
    licence = "AGPL-3.0"           # for people
    head = "yolo"                  # nanodet, yolo or rows: see `heads`
    input_side_px = 640            # the model's square input
    fit = "letterbox"              # stretch: to the square; letterbox: in its proportions at the top left, grey beside
    colours = "rgb"                # rgb or bgr
    mean = [0, 0, 0]               # in the order of `colours`, on values 0 to 255: (x - mean) / deviation
    deviation = [255, 255, 255]
    labels = ["person", "bicycle"] # in the model's order; without it the 80 classes of COCO
"""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator

from agents_offchain.primitives.canonical import canonical_json
from agents_offchain.skills.errors import ModelDigestMismatch, ModelMissing
from agents_offchain.skills.vision.errors import DetectorUnfit
from agents_offchain.skills.vision.labels import COCO_LABELS

MAX_DESCRIPTION_BYTES = 1 << 20
MAX_LABELS = 2000
Finite = Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)]
Divisor = Annotated[float, Field(ge=1e-6, le=1e6, allow_inf_nan=False)]
Label = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, min_length=1, max_length=60)]


class DetectorForm(BaseModel):
    """The fields of a description, as the module's docstring explains them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,39}$")]
    file: Annotated[str, StringConstraints(pattern=r"^[^\x00]{1,200}\.(onnx|pt|torchscript)$")]
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    licence: str = Field(default="", max_length=100)
    head: Literal["nanodet", "yolo", "rows"]
    input_side_px: int = Field(ge=32, le=2048, multiple_of=32)
    fit: Literal["stretch", "letterbox"] = "stretch"
    colours: Literal["rgb", "bgr"] = "rgb"
    mean: tuple[Finite, Finite, Finite] = (0.0, 0.0, 0.0)
    deviation: tuple[Divisor, Divisor, Divisor] = (255.0, 255.0, 255.0)
    labels: tuple[Label, ...] = Field(default=COCO_LABELS, min_length=1, max_length=MAX_LABELS)

    @field_validator("labels")
    @classmethod
    def _are_distinct(cls, labels: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(labels)) != len(labels):
            raise ValueError("a label is listed twice")
        return labels

    @property
    def digest(self) -> str:
        """``sha256:<hex>`` of the description: two hosts with one model file but other means see other things."""
        return f"sha256:{hashlib.sha256(canonical_json(self.model_dump(mode='json', exclude={'licence'}))).hexdigest()}"


NANODET = DetectorForm(
    name="nanodet",
    file="nanodet.onnx",
    sha256="de4eeac76465c498a79e047c553decbdddf269f7ffca4f051ad62db0ca813211",
    licence="Apache-2.0",
    head="nanodet",
    input_side_px=416,
    colours="bgr",
    mean=(103.53, 116.28, 123.675),
    deviation=(57.375, 57.12, 58.395),
)
"""The shipped one; the manifest has the same digest. Trained on pictures stretched to the square."""


def read_form(file: Path) -> DetectorForm:
    """An operator's description.

    Raises:
        ModelMissing: the file cannot be read.
        DetectorUnfit: it is not a description; the message says where.
    """
    try:
        with file.open("rb") as stream:
            content = stream.read(MAX_DESCRIPTION_BYTES)
    except OSError as error:
        raise ModelMissing(
            f"The detector's description cannot be read at {file}.", mend="Correct AITBC_DETECTOR, or unset it."
        ) from error
    try:
        return DetectorForm.model_validate(tomllib.loads(content.decode()))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the description"
        raise _unfit(file, f"{place}: {first['msg']}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise _unfit(file, f"it is not TOML: {str(error)[:120]}") from error


def read_own_detector(description: Path) -> tuple[DetectorForm, bytes]:
    """The description and the model file that it names, checked by digest; nothing is loaded.

    Raises:
        ModelMissing: one of the files cannot be read.
        DetectorUnfit: as `read_form`.
        ModelDigestMismatch: the model file is not the described one.
    """
    form = read_form(description)
    file = description.parent / form.file
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ModelMissing(
            f"The detector {form.name} cannot be read at {file}.", mend="Put it there, or correct its description."
        ) from error
    found = hashlib.sha256(content).hexdigest()
    if found != form.sha256:
        raise ModelDigestMismatch(
            f"The detector {form.name} is not the described file: its sha-256 is {found}, {form.sha256} is described.",
            mend="Put the described file there, or describe this one.",
        )
    return form, content


def _unfit(file: Path, reason: str) -> DetectorUnfit:
    return DetectorUnfit(
        f"The detector described in {file.name} cannot be used: {reason}.",
        mend="Correct the description; docs/vision.md lists its fields.",
    )
