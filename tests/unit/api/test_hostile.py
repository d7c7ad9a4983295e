"""What strangers send: each is answered with a problem document, and nothing is lost or half done."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from agents_offchain.api.rest.documents import require_encodable
from agents_offchain.api.rest.errors import RequestRefused
from agents_offchain.api.rest.paging import decode_cursor, encode_cursor
from agents_offchain.primitives.canonical import canonical_json
from agents_offchain.primitives.errors import AitbcError
from agents_offchain.runtime.documents import RequestDocument
from agents_offchain.storage.artifacts.errors import StoreFull
from agents_offchain.storage.tables.journal import uploads
from tests.unit.api.conftest import UPLOAD_MAX_BYTES, World
from tests.unit.api.pictures import jpeg, png

pytestmark = pytest.mark.unit
FIELDS = {"type", "title", "status", "detail", "mend"}


def require_problem(response: httpx.Response, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body.keys() >= FIELDS
    assert body["status"] == status
    assert body["detail"]
    return body


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/jobs/0", 404),
        ("/api/v1/jobs/-1", 404),
        ("/api/v1/jobs/abc", 404),
        ("/api/v1/jobs/1%00", 404),
        ("/api/v1/jobs/٣", 404),
        (f"/api/v1/jobs/{2**256}", 404),
        (f"/api/v1/jobs/{2**256 - 1}", 404),
        ("/api/v1/jobs/" + "9" * 5_000, 404),
        ("/api/v1/registry/agents/99", 404),
        ("/api/v1/nothing", 404),
        ("/api/", 404),
        ("/api/v1/jobs?client=0x12", 422),
        ("/api/v1/jobs?client=' or 1=1 --", 422),
        ("/api/v1/jobs?status=lost", 422),
        ("/api/v1/jobs?limit=0", 422),
        ("/api/v1/jobs?limit=101", 422),
        ("/api/v1/jobs?limit=1e9", 422),
        ("/api/v1/jobs?cursor=AAAA", 400),
        ("/api/v1/jobs?cursor=%ff%fe", 400),
        ("/api/v1/jobs?cursor=" + encode_cursor("agents", [1]), 400),
        ("/api/v1/jobs?cursor=" + "A" * 500, 422),
        ("/api/v1/listings?sort=price;drop", 422),
        ("/api/v1/listings?q=" + "x" * 101, 422),
        ("/api/v1/listings?service=%00", 422),
        ("/api/v1/listings?sort=speed&cursor=" + encode_cursor("speed", [2**64, 1]), 400),
        ("/api/v1/transactions?job_id=-1", 422),
        ("/api/v1/artifacts/nope", 400),
        ("/api/v1/artifacts/" + "b" * 200, 400),
        ("/api/v1/artifacts/bafkreidemrsgizdemrsgizdemrsgizdemrsgizdemrsgizdemrsgizdemq", 404),
        ("/api/v1/events?job_id=x", 422),
    ],
)
async def test_get__of_what_is_not_there_or_not_meant__is_a_problem(market: World, path: str, status: int) -> None:
    require_problem(await market.http.get(path), status)


async def test_methods__that_a_path_has_not__are_a_problem(market: World) -> None:
    for method in ("DELETE", "PUT", "PATCH"):
        require_problem(await market.http.request(method, "/api/v1/jobs"), 405)


@pytest.mark.parametrize(
    ("data", "status", "words"),
    [
        (b"", 422, "empty"),
        (b"\xe9t\xe9", 415, "can be worked on"),
        (b"PK\x03\x04zip", 415, "can be worked on"),
        (jpeg()[:-2], 422, "cut short"),
        (png(60_000, 60_000), 422, "pixels"),
        (png() + bytes(UPLOAD_MAX_BYTES), 413, "bytes"),
        (bytes(10 * UPLOAD_MAX_BYTES), 413, "bytes"),
    ],
)
async def test_upload__of_what_no_skill_works_on__is_refused_and_costs_no_quota(
    market: World, data: bytes, status: int, words: str
) -> None:
    response = await market.http.post("/api/v1/uploads", files={"file": ("a.png", data)})
    body = require_problem(response, status)
    assert words in body["detail"]
    assert body["mend"]
    assert await stored_count(market) == 0
    assert market.artifacts.pinned == set()


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (b"plain text", "text/plain"),
        (b"# A heading", "text/plain"),
        (b"<html><script>alert(1)</script>", "text/html"),
        (b"%PDF-1.4", "application/pdf"),
        (b"\0\0\0\x18ftypisom", "video/mp4"),
        (b"\0\0\0\x18ftypqt  ", "video/quicktime"),
        (b"\x1aE\xdf\xa3webm", "video/x-matroska"),
        (b"RIFF\0\0\0\0AVI LIST", "video/x-msvideo"),
    ],
)
async def test_upload__of_a_document__is_typed_by_content_and_never_served_as_markup(
    market: World, data: bytes, media_type: str
) -> None:
    response = await market.http.post("/api/v1/uploads", files={"file": ("a.png", data, "image/png")})
    assert response.status_code == 201
    assert response.json()["media_type"] == media_type
    served = await market.http.get(f"/api/v1/artifacts/{response.json()['cid']}")
    assert served.headers["content-type"].split(";")[0] in ("text/plain", "application/octet-stream")


async def test_upload__that_never_ends__is_cut_off(market: World) -> None:
    async def chunks() -> Any:
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
        for _ in range(20):
            yield bytes(UPLOAD_MAX_BYTES // 4)

    headers = {"content-type": "multipart/form-data; boundary=x"}
    response = await market.http.post("/api/v1/uploads", content=chunks(), headers=headers)
    assert "bytes" in require_problem(response, 413)["detail"]


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b"", "multipart/form-data; boundary=x"),
        (b"--x\r\n", "multipart/form-data; boundary=x"),
        (b"\xff" * 50, "multipart/form-data; boundary=x"),
        (b"{}", "application/json"),
        (b"", "multipart/form-data"),
        (b"a=1", "application/x-www-form-urlencoded"),
        (b"\xff\xfe", "text/plain"),
    ],
)
async def test_upload__without_a_readable_form__is_a_bad_request(
    market: World, content: bytes, content_type: str
) -> None:
    headers = {"content-type": content_type}
    require_problem(await market.http.post("/api/v1/uploads", content=content, headers=headers), 400)


async def test_upload__of_a_picture__is_stored_and_readable_by_its_cid(market: World) -> None:
    data = png()
    response = await market.http.post("/api/v1/uploads", files={"file": ("../../x.png", data, "text/html")})
    assert response.status_code == 201
    stored = response.json()
    assert stored == {
        "cid": stored["cid"],
        "bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "media_type": "image/png",
    }
    read = await market.http.get(f"/api/v1/artifacts/{stored['cid']}")
    assert read.content == data
    assert read.headers["content-type"] == "image/png"
    assert read.headers["x-content-type-options"] == "nosniff"
    assert "immutable" in read.headers["cache-control"]
    assert read.headers["content-disposition"] == "inline"


async def test_upload__beyond_the_quota__waits_until_the_hour_is_over(market: World) -> None:
    for _ in range(5):
        assert (await market.http.post("/api/v1/uploads", files={"file": png()})).status_code == 201
    response = await market.http.post("/api/v1/uploads", files={"file": png()})
    body = require_problem(response, 429)
    assert "60 minutes" in body["mend"]
    assert response.headers["retry-after"] == "3600"
    market.clock.advance(3_601)
    assert (await market.http.post("/api/v1/uploads", files={"file": png()})).status_code == 201
    assert await stored_count(market) == 1


async def test_upload__when_the_store_is_full__says_so_and_gives_the_place_back(
    market: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def put(_data: bytes) -> str:
        raise StoreFull("The disk of the artifact store is full.", mend="Free space.")

    monkeypatch.setattr(market.artifacts, "put", put)
    body = require_problem(await market.http.post("/api/v1/uploads", files={"file": png()}), 507)
    assert body["mend"] == "Free space."
    assert await stored_count(market) == 0


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"origin": "http://testserver.evil.example"},
    ],
)
async def test_write__from_another_sites_page__is_refused(market: World, headers: dict[str, str]) -> None:
    response = await market.http.post("/api/v1/uploads", files={"file": png()}, headers=headers)
    require_problem(response, 403)
    assert await stored_count(market) == 0


async def test_write__from_our_own_page__is_taken(market: World) -> None:
    headers = {"origin": "http://testserver", "sec-fetch-site": "same-origin"}
    response = await market.http.post("/api/v1/uploads", files={"file": png()}, headers=headers)
    assert response.status_code == 201


async def test_artifact__of_markup__is_text_that_no_browser_runs(market: World) -> None:
    cid = await market.artifacts.put(b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>")
    response = await market.http.get(f"/api/v1/artifacts/{cid}")
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert "sandbox" in response.headers["content-security-policy"]


async def test_artifact__of_unknown_bytes__is_saved_not_shown(market: World) -> None:
    cid = await market.artifacts.put(b"\x7fELF\xff\x00")
    response = await market.http.get(f"/api/v1/artifacts/{cid}")
    assert response.headers["content-type"] == "application/octet-stream"
    assert response.headers["content-disposition"] == f'attachment; filename="{cid}"'


async def request_document(world: World) -> dict[str, Any]:
    """A good one, its input stored."""
    data = png()
    return {
        "schema": "aitbc.request/1",
        "service": "inspect-image",
        "listing_id": 1,
        "input": {
            "cid": await world.artifacts.put(data),
            "media_type": "image/png",
            "bytes": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
        },
        "settings": {},
        "criteria": {"kind": "re-execution", "box_tolerance_px": 1, "score_tolerance": 0.001, "text": "equal"},
        "note": "Grüße \U0001f9e1 <script>",
    }


async def test_request__that_is_right__is_stored_as_its_canonical_bytes(market: World) -> None:
    document = await request_document(market)
    response = await market.http.post("/api/v1/requests", json=document)
    assert response.status_code == 201
    read = await market.http.get(f"/api/v1/artifacts/{response.json()['cid']}")
    assert read.content == canonical_json(document)
    assert read.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "aitbc.request/2"},
        {"service": "translate"},
        {"service": "../etc"},
        {"listing_id": 2},
        {"listing_id": "1"},
        {"listing_id": True},
        {"listing_id": 2**80},
        {"criteria": {"kind": "trust-me"}},
        {"criteria": {"kind": "re-execution", "box_tolerance_px": -1, "score_tolerance": 0.001, "text": "equal"}},
        {"criteria": {"kind": "re-execution", "box_tolerance_px": 1, "score_tolerance": 1e-7, "text": "equal"}},
        {"criteria": {"kind": "re-execution", "box_tolerance_px": 1.0, "score_tolerance": 0.001, "text": "equal"}},
        {"settings": {"deep": [[[[[[[[[[1]]]]]]]]]]}},
        {"settings": {str(number): 1 for number in range(40)}},
        {"settings": {"big": 2**60}},
        {"note": "x" * 2_001},
        {"note": None},
        {"surprise": 1},
        {"input": {}},
        {"input": {"cid": "bafkreidemrsgizdemrsgizdemrsgizdemrsgizdemrsgizdemrsgizdemq"}},
        {"input": {"cid": "http://evil.example"}},
        {"input": {"bytes": 1}},
        {"input": {"sha256": "0" * 64}},
        {"input": {"media_type": "image/jpeg"}},
        {"input": {"media_type": "text/html"}},
    ],
)
async def test_request__that_no_agent_could_carry_out__is_refused(market: World, change: dict[str, Any]) -> None:
    document = await request_document(market)
    if change.get("input"):
        change = {"input": document["input"] | change["input"]}
    before = set(market.artifacts.pinned)
    body = require_problem(await market.http.post("/api/v1/requests", json=document | change), 422)
    assert body["mend"]
    assert market.artifacts.pinned == before


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff\xfe\x00", 400),
        (b'{"note":"\\ud800"}', 400),
        (b"[]", 422),
        (b"null", 422),
        (b"NaN", 400),
        (b"[" * 5_000, 400),
        (b'{"a":"' + b"x" * 9_000 + b'"}', 413),
    ],
)
async def test_request__of_any_other_bytes__is_a_problem(market: World, content: bytes, status: int) -> None:
    headers = {"content-type": "application/json"}
    require_problem(await market.http.post("/api/v1/requests", content=content, headers=headers), status)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_document_check__of_any_json__passes_only_what_is_written_one_way(document: Any) -> None:
    try:
        require_encodable(document)
    except RequestRefused:
        return
    assert json.loads(canonical_json(document)) == document


@given(
    st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(("schema", "service", "listing_id", "input", "settings", "criteria", "note"), JSON),
    )
)
def test_request_model__of_any_json__answers_or_names_the_field(document: dict[str, Any]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  (pydantic's own, of any field)
        RequestDocument.model_validate(document)


@given(st.text(max_size=60) | st.binary(max_size=40).map(lambda raw: raw.decode("latin-1")))
def test_cursor__of_any_text__is_none_keys_or_refused(text: str) -> None:
    try:
        keys = decode_cursor(text, "jobs", 1)
    except AitbcError:
        return
    assert keys is None or len(keys) == 1


async def test_failure__that_nobody_foresaw__tells_nothing_of_the_inside(
    market: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def get(_cid: str, _max_bytes: int) -> bytes:
        raise RuntimeError("secret path /home/x")

    monkeypatch.setattr(market.artifacts, "get", get)
    cid = "bafkreidemrsgizdemrsgizdemrsgizdemrsgizdemrsgizdemrsgizdemq"
    response = await market.http.get(f"/api/v1/artifacts/{cid}")
    require_problem(response, 500)
    assert "secret" not in response.text


async def test_openapi__of_every_post__declares_400_and_problem_documents(market: World) -> None:
    schema: Any = (await market.http.get("/api/openapi.json")).json()
    posts = {path: methods["post"] for path, methods in schema["paths"].items() if "post" in methods}
    assert {"/api/v1/requests", "/api/v1/promises", "/api/v1/agents/register"} <= posts.keys()
    for post in posts.values():
        assert "application/problem+json" in post["responses"]["400"]["content"]
    assert "Problem" in schema["components"]["schemas"]


async def test_openapi__of_every_reference__leads_to_something(market: World) -> None:
    text = (await market.http.get("/api/openapi.json")).text
    named = json.loads(text)["components"]["schemas"]
    references = set(re.findall(r'"\$ref": ?"([^"]+)"', text))
    assert references
    assert {
        reference for reference in references if reference.removeprefix("#/components/schemas/") not in named
    } == set()


async def stored_count(world: World) -> int:
    async with world.database.read() as connection:
        return int((await connection.execute(select(func.count()).select_from(uploads))).scalar_one())
