"""Documents of one inspected picture, to be bent by tests."""

from __future__ import annotations

import copy
from typing import Any

from agents_offchain.primitives.canonical import canonical_json, sha256
from agents_offchain.runtime.workers.sandbox import WorkerResult

ESCROW = b"\xe5" * 20
CHAIN_ID = 31337
PICTURE = b"the bytes of a picture"
PICTURE_SHA = sha256(PICTURE).hex()
REQUEST_CID = "bafkreirequest"

OUTPUT: dict[str, Any] = {
    "image": {"width": 640, "height": 480, "sha256": PICTURE_SHA},
    "objects": [
        {"label": "person", "score": 0.9131, "box": [10.0, 20.0, 110.5, 220.25]},
        {"label": "person", "score": 0.8042, "box": [200.0, 20.0, 300.0, 230.0]},
        {"label": "dog", "score": 0.6003, "box": [50.0, 60.0, 90.0, 99.0]},
    ],
    "text": [
        {"text": "EXIT", "score": 0.9901, "box": [[1.0, 2.0], [31.0, 2.0], [31.0, 12.0], [1.0, 12.0]]},
        {"text": "Gate 7", "score": 0.9502, "box": [[1.0, 40.0], [61.0, 40.0], [61.0, 55.0], [1.0, 55.0]]},
    ],
}
EVIDENCE: dict[str, Any] = {
    "skill": "inspect-image/1",
    "models": {"nanodet": "sha256:aa", "ocr_det": "sha256:bb"},
    "runtime": {"onnxruntime": "1.20", "threads": 1},
    "seed": 0,
    "input_sha256": PICTURE_SHA,
}


def output(**changes: Any) -> dict[str, Any]:
    """A skill's output; `objects`, `text` and `image` may be replaced."""
    return {**copy.deepcopy(OUTPUT), **changes}


def request_document(input_cid: str, **changes: Any) -> bytes:
    return canonical_json(
        {
            "schema": "aitbc.request/1",
            "service": "inspect-image",
            "listing_id": 1,
            "input": {
                "cid": input_cid,
                "media_type": "image/jpeg",
                "bytes": len(PICTURE),
                "sha256": PICTURE_SHA,
            },
            "settings": {},
            "criteria": {
                "kind": "re-execution",
                "box_tolerance_px": 1,
                "score_tolerance": 0.001,
                "text": "equal",
            },
            "note": "",
            **changes,
        }
    )


def result_fields(job_id: int = 1, request_cid: str = REQUEST_CID, **changes: Any) -> dict[str, Any]:
    return {
        "schema": "aitbc.result/1",
        "service": "inspect-image",
        "job": {"chain_id": CHAIN_ID, "escrow": "0x" + ESCROW.hex(), "job_id": str(job_id)},
        "request_cid": request_cid,
        "output": output(),
        "artifacts": {"annotated": {"cid": "bafkreiannotated", "media_type": "image/jpeg", "bytes": 9}},
        "evidence": copy.deepcopy(EVIDENCE),
        **changes,
    }


def result_document(job_id: int = 1, request_cid: str = REQUEST_CID, **changes: Any) -> bytes:
    return canonical_json(result_fields(job_id, request_cid, **changes))


def worker_result(**changes: Any) -> WorkerResult:
    """What an honest machine gets when it runs the skill."""
    return WorkerResult(output(**changes), copy.deepcopy(EVIDENCE), {"annotated": ("image/jpeg", b"jpeg")})
