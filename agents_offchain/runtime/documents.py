"""Request and result documents: what a client asks and what an agent hands over, as checked values.

Their canonical bytes are addressed by CID and hashed on chain, so building one is a pure function.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, ValidationError

from agents_offchain.primitives.canonical import DocumentInvalid, canonical_json, parse_document
from agents_offchain.primitives.hexes import checksum

REQUEST_SCHEMA = "aitbc.request/1"
RESULT_SCHEMA = "aitbc.result/1"
IPFS_PREFIX = "ipfs://"
MAX_INPUT_BYTES = 1 << 30
MAX_ATTACHMENTS = 7
MAX_SAFE_INTEGER = 2**53 - 1
"""The largest integer that every JSON reader keeps exact."""
_CID = re.compile(r"[A-Za-z0-9]{10,100}")
Cid = Annotated[str, StringConstraints(pattern=rf"^{_CID.pattern}$")]
Sha256Hex = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class RequestInput(_Strict):
    """The input file of a job."""

    cid: Cid
    media_type: Annotated[str, StringConstraints(pattern=r"^[a-z]+/[a-z0-9.+-]{1,60}$")]
    bytes: Annotated[int, Field(ge=1, le=MAX_INPUT_BYTES)]
    sha256: Sha256Hex


class ReExecution(_Strict):
    """Accepted when a re-run finds the same: boxes within pixels, scores within a tolerance, text equal."""

    kind: Literal["re-execution"] = "re-execution"
    box_tolerance_px: Annotated[int | float, Field(ge=0, le=100)] = 1
    score_tolerance: Annotated[int | float, Field(ge=0, le=1)] = 0.001
    text: Literal["equal"] = "equal"


class Citations(_Strict):
    """Accepted when every statement quotes the document exactly and the quotation carries it by the named rule."""

    kind: Literal["citations"] = "citations"
    rule: Literal["words-numbers-negation/1"] = "words-numbers-negation/1"


class Form(_Strict):
    """Accepted when a translation keeps what must be kept, or verdicts quote what shows them; sense is not judged."""

    kind: Literal["form"] = "form"
    rule: Literal["preserved-text/1", "placed-verdicts/1"]


Criteria = ReExecution | Citations | Form
_QUOTING = ("answer-from-documents", "classify", "extract-fields", "summarise")
_CRITERIA: dict[str, Criteria] = {
    **dict.fromkeys(_QUOTING, Citations()),
    "translate": Form(rule="preserved-text/1"),
    "judge": Form(rule="placed-verdicts/1"),
}


def criteria_of(service: str) -> Criteria:
    """The criteria by which a service's results are judged, with their default tolerances."""
    return _CRITERIA.get(service, ReExecution())


def is_judged_so(criteria: Criteria, service: str) -> bool:
    """Whether a service's results are judged by criteria of this kind and, where it is the kind's content, rule."""
    expected = criteria_of(service)
    return criteria.kind == expected.kind and (not isinstance(expected, Form) or criteria == expected)


class RequestDocument(_Strict):
    """What the client wants done. `note` and `settings` are the client's words: untrusted."""

    schema_: Literal["aitbc.request/1"] = Field(default="aitbc.request/1", alias="schema")
    service: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
    listing_id: Annotated[int, Field(ge=1, le=MAX_SAFE_INTEGER)]
    input: RequestInput
    attachments: Annotated[list[RequestInput], Field(max_length=MAX_ATTACHMENTS)] = Field(default_factory=list)
    """More files, for services that take more than one."""
    settings: Annotated[dict[Annotated[str, StringConstraints(max_length=64)], JsonValue], Field(max_length=32)] = (
        Field(default_factory=dict)
    )
    criteria: Annotated[Criteria, Field(discriminator="kind")] = ReExecution()
    note: Annotated[str, StringConstraints(max_length=2000)] = ""

    @property
    def files(self) -> tuple[RequestInput, ...]:
        """The input and its attachments."""
        return (self.input, *self.attachments)

    def as_dict(self) -> dict[str, Any]:
        """JSON-compatible data under the document's own names; a document without attachments does not name them."""
        return self.model_dump(by_alias=True, exclude=None if self.attachments else {"attachments"})


def parse_request(data: bytes) -> RequestDocument:
    """Read an untrusted request document.

    Raises:
        DocumentInvalid: not one; the message names the field.
    """
    document = parse_document(data, REQUEST_SCHEMA)
    try:
        return RequestDocument.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise DocumentInvalid(f"The request's field {where} is wrong: {first['msg']}.") from error


def request_cid_of(description: str) -> str:
    """The CID that a job's description names.

    Raises:
        DocumentInvalid: the description is not `ipfs://<cid>`.
    """
    cid = description.removeprefix(IPFS_PREFIX)
    if not description.startswith(IPFS_PREFIX) or _CID.fullmatch(cid) is None:
        raise DocumentInvalid("The job's description does not name a request document (ipfs://CID).")
    return cid


def build_result(
    *,
    service: str,
    chain_id: int,
    escrow: bytes,
    job_id: int,
    request_cid: str,
    output: dict[str, Any],
    artifacts: dict[str, dict[str, Any]],
    evidence: dict[str, Any],
) -> bytes:
    """Canonical bytes of a result document; their SHA2-256 is the deliverable on chain."""
    return canonical_json(
        {
            "schema": RESULT_SCHEMA,
            "service": service,
            "job": {"chain_id": chain_id, "escrow": checksum(escrow), "job_id": str(job_id)},
            "request_cid": request_cid,
            "output": output,
            "artifacts": artifacts,
            "evidence": evidence,
        }
    )
