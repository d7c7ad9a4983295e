"""Every failure as a problem document (RFC 9457) with a `mend`, and nothing of the inside."""

from __future__ import annotations

import math
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from agents_offchain.chain.contract_abi import jsonable
from agents_offchain.primitives.errors import AitbcError, Contested, Fatal, Refused, Retryable
from agents_offchain.storage.artifacts.errors import (
    ArtifactCorrupted,
    ArtifactNotFound,
    ArtifactTooLarge,
    CidInvalid,
    StoreFull,
)

log = structlog.get_logger(__name__)
MEDIA_TYPE = "application/problem+json"
_FAMILY_STATUS: tuple[tuple[type[AitbcError], int], ...] = (
    (Retryable, 503),
    (Refused, 422),
    (Contested, 409),
    (Fatal, 500),
)
_STORE_STATUS: tuple[tuple[type[AitbcError], int], ...] = (
    (ArtifactNotFound, 404),
    (ArtifactTooLarge, 413),
    (CidInvalid, 400),
    (ArtifactCorrupted, 502),
    (StoreFull, 507),
)
_MAX_FAULTS = 20
_MENDS = {
    404: "See /api/openapi.json for what there is.",
    405: "See /api/openapi.json for the methods of this path.",
}


class Problem(BaseModel):
    """RFC 9457, with one sentence on what to do about it."""

    type: str = Field(examples=["urn:aitbc:problem:NotFound"])
    title: str
    status: int
    detail: str
    mend: str
    errors: list[dict[str, str]] | None = Field(default=None, description="Where the input is wrong.")


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Problem answers to declare on a route."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        status: {"description": HTTPStatus(status).phrase, "model": Problem, "content": content} for status in statuses
    }


def problem(
    status: int,
    name: str,
    detail: str,
    mend: str = "",
    headers: dict[str, str] | None = None,
    **extra: Any,
) -> JSONResponse:
    """The answer for one failure."""
    body = {
        "type": f"urn:aitbc:problem:{name}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "mend": mend,
        **extra,
    }
    return JSONResponse(body, status_code=status, media_type=MEDIA_TYPE, headers=headers)


def problem_of(error: AitbcError) -> JSONResponse:
    """An error of ours: status by its own word or its family."""
    status = getattr(error, "status", None) or next(
        (number for family, number in (*_STORE_STATUS, *_FAMILY_STATUS) if isinstance(error, family)), 500
    )
    headers = {}
    if isinstance(error, Retryable):
        headers["retry-after"] = str(max(1, math.ceil(error.retry_after_seconds)))
    if isinstance(error, Fatal):
        return problem(status, error.name, "The server cannot do this now.", "Ask who runs it.", headers)
    return problem(status, error.name, error.message, error.mend, headers)


def install(app: FastAPI) -> None:
    """Answer every failure of the app with a problem document."""

    @app.exception_handler(AitbcError)
    async def _ours(request: Request, error: AitbcError) -> JSONResponse:
        if isinstance(error, Fatal | Contested):
            log.error("request_failed", path=request.url.path, **jsonable(error.as_dict()))
        return problem_of(error)

    @app.exception_handler(RequestValidationError)
    async def _invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        faults = validation_faults(error.errors())
        detail = "; ".join(f"{fault['field']}: {fault['message']}" for fault in faults[:3])
        return problem(422, "RequestInvalid", detail, "Correct the named fields.", errors=faults)

    @app.exception_handler(HTTPException)
    async def _http(_request: Request, error: HTTPException) -> JSONResponse:
        name = HTTPStatus(error.status_code).phrase.replace(" ", "")
        headers = dict(error.headers) if error.headers else None
        return problem(error.status_code, name, f"{error.detail}.", _MENDS.get(error.status_code, ""), headers)

    @app.exception_handler(Exception)
    async def _unforeseen(_request: Request, _error: Exception) -> JSONResponse:
        return problem(500, "InternalError", "The server failed.", "Try again; if it stays, report it.")


def validation_faults(errors: Any) -> list[dict[str, str]]:
    """Pydantic's findings as field and sentence; never the input itself."""
    return [
        {
            "field": ".".join(str(part)[:60] for part in fault["loc"])[:200],
            "message": str(fault["msg"])[:200],
        }
        for fault in list(errors)[:_MAX_FAULTS]
    ]
