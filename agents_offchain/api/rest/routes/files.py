"""Files that clients bring, request documents, and artifacts by CID."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from sqlalchemy import select
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from agents_offchain.api.rest.context import ApiContext, Client, Context
from agents_offchain.api.rest.documents import read_json, require_encodable
from agents_offchain.api.rest.errors import BodyTooLarge, FormInvalid, RequestRefused
from agents_offchain.api.rest.models import RequestOut, StoredOut
from agents_offchain.api.rest.pictures import sniff_media_type
from agents_offchain.api.rest.problems import responses
from agents_offchain.api.rest.uploads import media_type_of, probe_upload
from agents_offchain.primitives.canonical import canonical_json
from agents_offchain.primitives.errors import Refused
from agents_offchain.runtime.documents import RequestDocument, RequestInput
from agents_offchain.storage.artifacts.cid import parse_cid
from agents_offchain.storage.artifacts.errors import ArtifactNotFound, CidInvalid
from agents_offchain.storage.tables.read_model import agent_listings

router = APIRouter(prefix="/api/v1", tags=["files"])
_FOREVER = "public, max-age=31536000, immutable"
_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            }
        },
    }
}


def _inlined(model: type[BaseModel]) -> dict[str, Any]:
    """The model's JSON schema without `$defs`: a reference to them leads nowhere inside an OpenAPI document."""
    schema = model.model_json_schema(by_alias=True)
    named = schema.pop("$defs", {})

    def resolved(node: Any) -> Any:
        if isinstance(node, list):
            return [resolved(item) for item in node]
        if not isinstance(node, dict):
            return node
        name = str(node.get("$ref", "")).removeprefix("#/$defs/")
        return resolved(named[name]) if name in named else {key: resolved(value) for key, value in node.items()}

    return dict(resolved(schema))


_DOCUMENT = {"requestBody": {"required": True, "content": {"application/json": {"schema": _inlined(RequestDocument)}}}}


@router.post(
    "/uploads",
    status_code=201,
    responses=responses(400, 403, 413, 415, 422, 429, 503, 507),
    openapi_extra=_FORM,
)
async def post_upload(request: Request, context: Context, client: Client) -> StoredOut:
    """Store one picture, video or document (PDF, HTML, Markdown, text)."""
    data = await _read_file(request, context.deps.settings.upload_max_bytes)
    upload = probe_upload(data, context.deps.limits.picture_max_pixels)
    cid = await _store(context, client, data, upload.kind)
    return StoredOut(cid=cid, bytes=len(data), sha256=hashlib.sha256(data).hexdigest(), media_type=upload.media_type)


@router.post(
    "/requests",
    status_code=201,
    responses=responses(400, 403, 413, 422, 429, 503, 507),
    openapi_extra=_DOCUMENT,
)
async def post_request(request: Request, context: Context, client: Client) -> RequestOut:
    """Store a request document as its canonical JSON; its CID is what a hire names."""
    document = read_json(await request.body())
    try:
        wanted = RequestDocument.model_validate(document)
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from error
    require_encodable(document)
    await _require_listing(context, wanted)
    for file in wanted.files:
        await _require_stored(context, file)
    return RequestOut(cid=await _store(context, client, canonical_json(document), "request"))


@router.get("/artifacts/{cid}", responses=responses(400, 404, 413, 502, 503), response_class=Response)
async def get_artifact(context: Context, cid: str) -> Response:
    """The bytes of a CID, checked against it. Pictures, JSON and text are shown, anything else is saved."""
    name = str(parse_cid(cid))
    data = await context.deps.artifacts.get(name, context.deps.settings.artifact_max_bytes)
    media_type = _media_type(data)
    is_shown = media_type != "application/octet-stream"
    return Response(
        data,
        media_type=media_type,
        headers={
            "cache-control": _FOREVER,
            "etag": f'"{name}"',
            "content-disposition": "inline" if is_shown else f'attachment; filename="{name}"',
        },
    )


async def _read_file(request: Request, max_bytes: int) -> bytes:
    """The `file` part of a form.

    Raises:
        FormInvalid: no such part, or not a form.
        BodyTooLarge: more than `max_bytes`.
    """
    mend = "Send multipart/form-data with one part named `file`."
    try:
        form: FormData
        async with request.form(max_files=1, max_fields=8) as form:
            file = form.get("file")
            if not isinstance(file, UploadFile):
                raise FormInvalid("The form has no file.", mend=mend)
            data = await file.read(max_bytes + 1)
    except HTTPException as error:
        raise FormInvalid("The form cannot be read.", mend=mend) from error
    if len(data) > max_bytes:
        raise BodyTooLarge(
            f"The file has more than {max_bytes:,} bytes.", mend="Save it smaller or with more compression."
        )
    return data


async def _require_listing(context: ApiContext, wanted: RequestDocument) -> None:
    query = select(agent_listings).where(
        agent_listings.c.generation == context.deps.deployment.generation,
        agent_listings.c.listing_id == wanted.listing_id,
    )
    async with context.reader() as reader:
        row = (await reader.connection.execute(query)).one_or_none()
    if row is None or row.is_closed:
        raise RequestRefused(f"There is no open listing {wanted.listing_id}.", mend="Choose another listing.")
    if row.service_type != wanted.service:
        raise RequestRefused(
            f"Listing {wanted.listing_id} offers {row.service_type}, not {wanted.service}.",
            mend="Ask for the service that the listing offers.",
        )


async def _require_stored(context: ApiContext, file: RequestInput) -> None:
    """The file is stored here and is what the document says of it."""
    try:
        parse_cid(file.cid)
        data = await context.deps.artifacts.get(file.cid, context.deps.settings.upload_max_bytes)
    except (ArtifactNotFound, CidInvalid) as error:
        raise RequestRefused(
            "The input of the request is not stored here.", mend="Upload the file first, then send its CID."
        ) from error
    except Refused as error:
        raise RequestRefused("The input of the request cannot be used.", mend=error.mend) from error
    stated = (file.bytes, file.sha256, file.media_type)
    if stated != (len(data), hashlib.sha256(data).hexdigest(), media_type_of(data)):
        raise RequestRefused(
            "Size, digest or type of the input are not those of the stored file.",
            mend="Send them as the upload answered them.",
        )


async def _store(context: ApiContext, client: str, data: bytes, kind: str) -> str:
    place = await context.quota.reserve(client, len(data))
    try:
        cid = await context.deps.artifacts.put(data)
    except BaseException:
        await context.quota.release(place)
        raise
    await context.quota.keep(place, cid)
    context.metrics.stored_bytes.labels(kind).inc(len(data))
    return cid


def _media_type(data: bytes) -> str:
    """By content, never by what somebody says; markup is text, so that no browser runs it."""
    picture = sniff_media_type(data)
    if picture is not None:
        return picture
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return "application/octet-stream"
    if data[:1] in (b"{", b"["):
        try:
            orjson.loads(data)
        except orjson.JSONDecodeError:
            pass
        else:
            return "application/json"
    is_plain = all(letter.isprintable() or letter in "\r\n\t" for letter in text[:4_096])
    return "text/plain; charset=utf-8" if is_plain else "application/octet-stream"
