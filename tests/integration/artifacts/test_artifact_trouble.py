"""What happens to artifacts when processes die, disks fill or rot, and servers lie."""

from __future__ import annotations

import asyncio
import http.server
import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from agents_offchain.storage.artifacts.blocks import FileBlockStore
from agents_offchain.storage.artifacts.cid import Codec, cid_of, cid_to_digest
from agents_offchain.storage.artifacts.client import KuboArtifactStore
from agents_offchain.storage.artifacts.errors import (
    ArtifactCorrupted,
    ArtifactNotFound,
    ArtifactTooLarge,
    StoreFull,
    StoreUnavailable,
)

pytestmark = pytest.mark.integration

NewServer = Callable[..., Any]


async def test_put__server_killed_in_the_middle_again_and_again__every_acknowledged_file_is_there(
    start_server: NewServer,
) -> None:
    server = start_server()
    store = KuboArtifactStore(server.url, timeout_seconds=10)
    acknowledged: dict[str, bytes] = {}
    attempts = 0
    stopped = asyncio.Event()

    async def keep_adding(lane: int) -> None:
        nonlocal attempts
        number = 0
        while not stopped.is_set():
            number += 1
            attempts += 1
            data = f"lane {lane} file {number} ".encode() * (40_000 if number % 3 == 0 else 10)
            try:
                acknowledged[await store.put(data)] = data
            except StoreUnavailable:
                await asyncio.sleep(0.01)

    lanes = [asyncio.create_task(keep_adding(lane)) for lane in range(4)]
    for _ in range(3):
        enough = len(acknowledged) + 8
        while len(acknowledged) < enough:
            await asyncio.sleep(0.005)
        server.kill()
        await asyncio.to_thread(server.start)
    stopped.set()
    await asyncio.gather(*lanes)

    assert attempts > len(acknowledged) >= 24
    for cid, data in acknowledged.items():
        assert await store.get(cid, len(data)) == data
    assert not list((server.root / "incoming").iterdir())


async def test_get__block_damaged_on_disk__is_corrupted_until_it_is_added_again(start_server: NewServer) -> None:
    server = start_server()
    store = KuboArtifactStore(server.url)
    data = b"evidence" * 300_000
    cid = await store.put(data)
    leaf = FileBlockStore(server.root).path_of(cid_of(data[: 1 << 20], Codec.RAW).digest)
    leaf.write_bytes(leaf.read_bytes()[:-1] + b"!")
    with pytest.raises(ArtifactCorrupted):
        await store.get(cid, len(data))
    await store.put(data)
    assert await store.get(cid, len(data)) == data


async def test_get__block_lost__is_not_found(start_server: NewServer) -> None:
    server = start_server()
    store = KuboArtifactStore(server.url)
    cid = await store.put(b"lost")
    FileBlockStore(server.root).path_of(cid_to_digest(cid)).unlink()
    with pytest.raises(ArtifactNotFound):
        await store.get(cid, 10)


async def test_put__no_room_for_the_block__is_full_and_small_ones_still_work(start_server: NewServer) -> None:
    # A file may grow to 64 KiB in this process; the kernel answers a longer write as it does on a full disk.
    prelude = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))"
    server = start_server(prelude=prelude)
    store = KuboArtifactStore(server.url)
    kept = await store.put(b"small")
    with pytest.raises(StoreFull) as caught:
        await store.put(bytes(300_000))
    assert "full" in caught.value.message
    assert await store.get(kept, 5) == b"small"
    assert await store.put(b"another") != kept
    assert not list((server.root / "incoming").iterdir())


async def test_every_call__server_is_not_there__is_unavailable_with_a_mend(free_port: Callable[[], int]) -> None:
    store = KuboArtifactStore(f"http://127.0.0.1:{free_port()}")
    cid = str(cid_of(b"x", Codec.RAW))
    for call in (store.put(b"x"), store.get(cid, 10), store.has(cid), store.pin(cid)):
        with pytest.raises(StoreUnavailable) as caught:
            await call
        assert caught.value.mend


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:9"])
async def test_put__environment_names_a_proxy__is_not_sent_there(
    start_server: NewServer, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    server = start_server()
    monkeypatch.setenv("HTTP_PROXY", proxy)
    monkeypatch.setenv("http_proxy", proxy)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    store = KuboArtifactStore(server.url)
    assert await store.get(await store.put(b"direct"), 10) == b"direct"


@pytest.mark.parametrize("place", ["port", "folder"])
def test_server__second_one_in_the_same_place__ends_with_a_sentence(
    start_server: NewServer, new_server: NewServer, place: str
) -> None:
    first = start_server()
    second = new_server(root=first.root) if place == "folder" else new_server(port=first.port)
    done = subprocess.run(second.command(), capture_output=True, text=True, timeout=60)
    assert done.returncode == 4
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@contextmanager
def lying_server(block: bytes, added_cid: str = "") -> Iterator[str]:
    """Answers every block request with the same bytes, and every add with the same CID."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = block
            if self.path.startswith("/api/v0/add"):
                while self.rfile.readline(1 << 16).strip() != b"0":
                    pass
                body = json.dumps({"Name": "x", "Hash": added_cid, "Size": "1"}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("size_bytes", [3, 3 << 20], ids=["other bytes", "endless block"])
async def test_get__server_lies_about_the_bytes__is_corrupted(size_bytes: int) -> None:
    with lying_server(b"lie" * (size_bytes // 3)) as url:
        with pytest.raises(ArtifactCorrupted):
            await KuboArtifactStore(url).get(str(cid_of(b"truth", Codec.RAW)), 10 << 20)


async def test_put__server_answers_with_another_cid__is_corrupted() -> None:
    other = str(cid_of(b"other", Codec.RAW))
    with lying_server(b"", other) as url:
        with pytest.raises(ArtifactCorrupted):
            await KuboArtifactStore(url).put(b"mine")


async def test_put__far_beyond_the_stores_limit__is_refused_and_not_taken_for_an_outage(
    start_server: NewServer,
) -> None:
    server = start_server("--max-add-bytes", str(1 << 20))
    with pytest.raises(ArtifactTooLarge):
        await KuboArtifactStore(server.url).put(bytes(40 << 20))
    with pytest.raises(ArtifactTooLarge):
        await KuboArtifactStore(f"http://127.0.0.1:{server.port}", max_artifact_bytes=10).put(bytes(11))
