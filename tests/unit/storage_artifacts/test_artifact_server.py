"""The embedded store's commands, called as a Kubo client calls them but without a socket."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from agents_offchain.storage.artifacts.blocks import FileBlockStore
from agents_offchain.storage.artifacts.cid import Codec, cid_of
from agents_offchain.storage.artifacts.errors import StoreFull
from agents_offchain.storage.artifacts.pins import PinBoard
from agents_offchain.storage.artifacts.server import ArtifactServer, build_app
from agents_offchain.storage.artifacts.unixfs import V1_2025, write_file

pytestmark = pytest.mark.unit

LIMIT_BYTES = 3 << 20
Api = httpx.AsyncClient


@pytest.fixture
def store(tmp_path: Path) -> FileBlockStore:
    return FileBlockStore(tmp_path)


@pytest.fixture
async def api(store: FileBlockStore) -> AsyncIterator[Api]:
    app = build_app(ArtifactServer(store, PinBoard(store.root / "pins"), LIMIT_BYTES))
    transport = httpx.ASGITransport(app=app)
    async with Api(transport=transport, base_url="http://127.0.0.1:5001/api/v0") as client:
        yield client


def upload(data: bytes, name: str = "file") -> dict[str, Any]:
    return {"file": (name, data, "application/octet-stream")}


async def add(api: Api, data: bytes, **options: str) -> dict[str, Any]:
    answer = await api.post("/add", params=options, files=upload(data))
    assert answer.status_code == 200, answer.text
    return dict(json.loads(answer.text))


@pytest.mark.parametrize("size_bytes", [0, 5, 1 << 20, (1 << 20) + 1, (5 << 19) + 7])
async def test_add__a_file__has_the_cid_of_the_profile_and_comes_back(api: Api, size_bytes: int) -> None:
    data = bytes(index % 251 for index in range(size_bytes))
    added = await add(api, data)
    assert added["Hash"] == str(write_file([data], lambda block: None, V1_2025).cid)
    assert added["Name"] == "file"
    back = await api.post("/cat", params={"arg": added["Hash"]})
    assert back.content == data


async def test_add__cid_version_0__has_the_cid_of_kubos_old_default(api: Api) -> None:
    added = await add(api, b"hello world\n", **{"cid-version": "0"})
    assert added["Hash"] == "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o"


async def test_add__several_files__answers_a_line_for_each(api: Api) -> None:
    answer = await api.post("/add", files=[("file", ("a", b"aa")), ("file", ("b", b"bb"))])
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert [line["Name"] for line in lines] == ["a", "b"]
    assert lines[0]["Hash"] == str(cid_of(b"aa", Codec.RAW))


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"chunker": "rabin"}, "chunker"),
        ({"chunker": "size-1"}, "chunker"),
        ({"chunker": "size-99999999999999999999"}, "chunker"),
        ({"hash": "blake3"}, "hash"),
        ({"cid-version": "2"}, "version"),
        ({"cid-version": "x"}, "whole number"),
        ({"cid-version": "0", "raw-leaves": "true"}, "Raw leaves"),
        ({"trickle": "true"}, "trickle"),
        ({"wrap-with-directory": "true"}, "wrap-with-directory"),
    ],
)
async def test_add__option_not_offered__is_refused_as_kubo_says_errors(
    api: Api, store: FileBlockStore, options: dict[str, str], word: str
) -> None:
    answer = await api.post("/add", params=options, files=upload(b"x"))
    assert answer.status_code == 400
    assert answer.json()["Type"] == "error"
    assert word in answer.json()["Message"]
    assert store.usage() == (0, 0)


async def test_add__beyond_the_limit__is_refused_and_the_next_add_works(api: Api) -> None:
    answer = await api.post("/add", files=upload(bytes(LIMIT_BYTES + 1)))
    assert answer.status_code == 413
    assert "too large" in answer.json()["Message"]
    assert (await add(api, b"small"))["Hash"]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "multipart/form-data; boundary=x"),
        (b"--x\r\n", "multipart/form-data; boundary=x"),
        (b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\ncut', "multipart/form-data; boundary=x"),
        (b"garbage", "multipart/form-data; boundary=x"),
        (b"--x\r\nA: " + b"a" * 9000 + b"\r\n\r\n", "multipart/form-data; boundary=x"),
        (b"hello", "text/plain"),
        (b"hello", "multipart/form-data"),
        (b"--x\r\nContent-Type: application/x-directory\r\n\r\n\r\n--x--\r\n", "multipart/form-data; boundary=x"),
    ],
    ids=["empty", "only a boundary", "cut short", "garbage", "long header", "no multipart", "no boundary", "folder"],
)
async def test_add__body_is_no_complete_upload__is_refused_and_nothing_is_pinned(
    api: Api, store: FileBlockStore, body: bytes, kind: str
) -> None:
    answer = await api.post("/add", content=body, headers={"content-type": kind})
    assert answer.status_code == 400
    assert answer.json()["Message"]
    assert not PinBoard(store.root / "pins").listed()


async def test_add__disk_is_full__is_507_with_a_mend(
    api: Api, store: FileBlockStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(block: bytes) -> bytes:
        raise StoreFull("The disk of the artifact store is full.", mend="Free disk space.")

    monkeypatch.setattr(store, "put", full)
    answer = await api.post("/add", files=upload(b"x"))
    assert answer.status_code == 507
    assert answer.json() == {
        "Message": "The disk of the artifact store is full. Free disk space.",
        "Code": 0,
        "Type": "error",
    }


async def test_cat__offset_and_length__is_that_part(api: Api) -> None:
    data = bytes(index % 251 for index in range((2 << 20) + 99))
    cid = (await add(api, data))["Hash"]
    start = (1 << 20) - 3
    part = await api.post("/cat", params={"arg": cid, "offset": start, "length": 10})
    assert part.content == data[start : start + 10]
    assert (await api.post("/cat", params={"arg": cid, "offset": len(data)})).content == b""
    assert (await api.post("/cat", params={"arg": cid, "length": 0})).content == b""


@pytest.mark.parametrize("command", ["cat", "block/get", "block/stat", "pin/add"])
async def test_command__block_is_not_here__says_not_found(api: Api, command: str) -> None:
    answer = await api.post(f"/{command}", params={"arg": str(cid_of(b"absent", Codec.RAW))})
    assert answer.status_code == 500
    assert "not found" in answer.json()["Message"]


@pytest.mark.parametrize("command", ["cat", "block/get", "block/stat", "pin/add", "pin/rm"])
@pytest.mark.parametrize("arguments", [{}, {"arg": "nonsense"}, {"arg": ["a", "b"]}, {"arg": "../../secret"}])
async def test_command__no_usable_argument__is_an_error(api: Api, command: str, arguments: dict[str, Any]) -> None:
    answer = await api.post(f"/{command}", params=arguments)
    assert answer.status_code in {400, 500}
    assert answer.json()["Type"] == "error"


async def test_cat__block_damaged_on_disk__is_an_error_and_not_the_bytes(api: Api, store: FileBlockStore) -> None:
    cid = (await add(api, b"honest"))["Hash"]
    store.path_of(cid_of(b"honest", Codec.RAW).digest).write_bytes(b"forged")
    answer = await api.post("/cat", params={"arg": cid})
    assert answer.status_code == 500
    assert "damaged" in answer.json()["Message"]


async def test_block_put__raw_and_dag_pb__have_keys_of_their_codec(api: Api) -> None:
    raw = (await api.post("/block/put", files=upload(b"block"))).json()
    assert raw == {"Key": str(cid_of(b"block", Codec.RAW)), "Size": 5}
    node = (await api.post("/block/put", params={"cid-codec": "dag-pb"}, files=upload(b"\x0a\x02\x08\x01"))).json()
    assert node["Key"] == "bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354"
    got = await api.post("/block/get", params={"arg": raw["Key"]})
    assert got.content == b"block"
    assert (await api.post("/block/stat", params={"arg": raw["Key"]})).json()["Size"] == 5


async def test_block_put__over_two_mebibytes__is_refused(api: Api) -> None:
    assert (await api.post("/block/put", files=upload(bytes((2 << 20) + 1)))).status_code == 413


async def test_pin__add_list_remove__follows_kubo(api: Api) -> None:
    cid = (await add(api, b"kept", pin="false"))["Hash"]
    assert (await api.post("/pin/ls")).json() == {"Keys": {}}
    assert (await api.post("/pin/add", params={"arg": cid})).json() == {"Pins": [cid]}
    assert (await api.post("/pin/ls", params={"arg": cid})).json() == {"Keys": {cid: {"Type": "recursive"}}}
    assert (await api.post("/pin/rm", params={"arg": cid})).json() == {"Pins": [cid]}
    assert "not pinned" in (await api.post("/pin/rm", params={"arg": cid})).json()["Message"]
    assert (await api.post("/cat", params={"arg": cid})).content == b"kept"


async def test_version_id_repo_stat__have_kubos_fields(api: Api) -> None:
    assert (await api.post("/version")).json()["Version"]
    assert "Addresses" in (await api.post("/id")).json()
    await add(api, b"12345")
    stat = (await api.post("/repo/stat")).json()
    assert (stat["NumObjects"], stat["RepoSize"]) == (1, 5)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "OPTIONS"])
async def test_command__not_post__is_405(api: Api, method: str) -> None:
    answer = await api.request(method, "/version")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"referer": "http://127.0.0.1:5001/webui"},
        {"sec-fetch-site": "same-origin"},
        {"user-agent": "Mozilla/5.0"},
        {"host": "evil.example"},
        {"host": "127.0.0.1.evil.example:5001"},
    ],
    ids=lambda headers: "-".join(headers),
)
async def test_command__called_from_a_web_page__is_403(
    api: Api, store: FileBlockStore, headers: dict[str, str]
) -> None:
    answer = await api.post("/add", headers=headers, files=upload(b"x"))
    assert answer.status_code == 403
    assert store.usage() == (0, 0)


@pytest.mark.parametrize("host", ["127.0.0.1:5001", "localhost:5001", "[::1]:5001", "localhost"])
async def test_command__addressed_to_this_machine__is_served(api: Api, host: str) -> None:
    assert (await api.post("/version", headers={"host": host})).status_code == 200
