"""The embedded artifact store: a subset of Kubo's ``/api/v0`` over a `FileBlockStore`, for this machine only.

Run: ``python -m agents_offchain.storage.artifacts.server --port N --root DIR``. It listens on 127.0.0.1. In: POST
requests of a Kubo client. Out: Kubo's JSON shapes. It behaves like a Kubo whose profile is ``unixfs-v1-2025`` and that
has no peers: what is not here is not found at once. Calls from a web page are refused by their headers, as Kubo does.

Commands: version, id, add, cat, block/get, block/put, block/stat, pin/add, pin/ls, pin/rm, repo/stat.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import re
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import iterate_in_threadpool, run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from agents_offchain.primitives.errors import AitbcError, Contested, Fatal, Refused
from agents_offchain.storage.artifacts.blocks import MAX_BLOCK_BYTES, FileBlockStore
from agents_offchain.storage.artifacts.cid import Cid, Codec, cid_of, parse_cid
from agents_offchain.storage.artifacts.errors import ArtifactNotFound, ArtifactTooLarge, StoreFull
from agents_offchain.storage.artifacts.pins import PinBoard
from agents_offchain.storage.artifacts.unixfs import V0_2015, V1_2025, Profile, read_file, walk_blocks
from agents_offchain.storage.artifacts.upload import FileWriter, UploadInvalid, receive_files

VERSION = "0.38.0"
"""The Kubo release whose API this follows; clients that look at the version see one they know."""

MAX_ADD_BYTES = 64 << 20
LOOPBACK_HOSTS = {"127.0.0.1", "localhost", "[::1]"}
log = structlog.get_logger(__name__)

Command = Callable[[Request], Awaitable[Response]]


class PortTaken(Fatal):
    """Something else listens on the port."""


class CommandInvalid(Refused):
    """An argument or option of a command cannot be used."""


class ArtifactServer:
    """The commands over one store; every blocking step runs in a thread."""

    def __init__(self, store: FileBlockStore, pins: PinBoard, max_add_bytes: int = MAX_ADD_BYTES) -> None:
        self.store = store
        self.pins = pins
        self.max_add_bytes = max_add_bytes
        self.commands: Mapping[str, Command] = {
            "version": self.version,
            "id": self.identity,
            "add": self.add,
            "cat": self.cat,
            "block/get": self.block_get,
            "block/put": self.block_put,
            "block/stat": self.block_stat,
            "pin/add": self.pin_add,
            "pin/ls": self.pin_list,
            "pin/rm": self.pin_remove,
            "repo/stat": self.repo_stat,
        }

    def get_block(self, cid: Cid) -> bytes:
        try:
            return self.store.get(cid.digest)
        except ArtifactNotFound as error:
            raise ArtifactNotFound(f"block was not found locally (offline): ipld: could not find {cid}") from error

    async def version(self, request: Request) -> Response:
        return JSONResponse({"Version": VERSION, "Commit": "", "Repo": "16", "System": "embedded", "Golang": ""})

    async def identity(self, request: Request) -> Response:
        return JSONResponse(
            {
                "ID": "",
                "PublicKey": "",
                "Addresses": [],
                "AgentVersion": "aitbc-artifacts/1",
                "Protocols": [],
            }
        )

    async def add(self, request: Request) -> Response:
        profile = add_profile(request.query_params)
        is_pinned = _flag(request.query_params, "pin", default=True)

        def new_writer(name: str) -> FileWriter:
            return FileWriter(name, self.store.put, profile, self.max_add_bytes)

        added = await receive_files(request, new_writer)
        answers = []
        for name, root in added:
            if is_pinned:
                await run_in_threadpool(self.pins.add, root.cid)
            answers.append({"Name": name or str(root.cid), "Hash": str(root.cid), "Size": str(root.tree_bytes)})
            log.info("artifact_added", cid=str(root.cid), file_bytes=root.file_bytes)
        return Response("".join(json.dumps(answer) + "\n" for answer in answers), media_type="application/json")

    async def cat(self, request: Request) -> Response:
        root = _cid_argument(request)
        offset = _number(request.query_params, "offset", 0)
        length = _number(request.query_params, "length", sys.maxsize)
        pieces = window(read_file(root, self.get_block), offset, length)
        # Read before the status line is sent, so that a missing root is an error and not a cut stream.
        first = await run_in_threadpool(next, pieces, b"")
        return StreamingResponse(_stream(first, pieces), media_type="text/plain")

    async def block_get(self, request: Request) -> Response:
        block = await run_in_threadpool(self.get_block, _cid_argument(request))
        return Response(block, media_type="application/octet-stream")

    async def block_put(self, request: Request) -> Response:
        options = request.query_params
        codec_name = options.get("cid-codec") or {"protobuf": "dag-pb", "v0": "dag-pb"}.get(
            options.get("format", ""), options.get("format") or "raw"
        )
        if codec_name not in {"raw", "dag-pb"} or options.get("mhtype", "sha2-256") != "sha2-256":
            raise CommandInvalid("Blocks are stored as raw or dag-pb with sha2-256 only.")
        codec = Codec.RAW if codec_name == "raw" else Codec.DAG_PB
        version = 0 if options.get("format") == "v0" else 1
        whole = Profile("one block", 1, MAX_BLOCK_BYTES + 1, 1, True)
        blocks: list[bytes] = []

        def new_writer(name: str) -> FileWriter:
            return FileWriter(name, blocks.append, whole, MAX_BLOCK_BYTES)

        await receive_files(request, new_writer)
        if len(blocks) != 1:
            raise CommandInvalid("Exactly one block is stored at a time.")
        await run_in_threadpool(self.store.put, blocks[0])
        return JSONResponse({"Key": str(cid_of(blocks[0], codec, version)), "Size": len(blocks[0])})

    async def block_stat(self, request: Request) -> Response:
        cid = _cid_argument(request)
        block = await run_in_threadpool(self.get_block, cid)
        return JSONResponse({"Key": str(cid), "Size": len(block)})

    async def pin_add(self, request: Request) -> Response:
        root = _cid_argument(request)

        def pin() -> None:
            for _ in walk_blocks(root, self.get_block):
                pass
            self.pins.add(root)

        await run_in_threadpool(pin)
        return JSONResponse({"Pins": [str(root)]})

    async def pin_list(self, request: Request) -> Response:
        pinned = await run_in_threadpool(self.pins.listed)
        if "arg" in request.query_params:
            wanted = str(_cid_argument(request))
            if wanted not in pinned:
                raise CommandInvalid(f"path '{wanted}' is not pinned")
            pinned = [wanted]
        return JSONResponse({"Keys": {cid: {"Type": "recursive"} for cid in pinned}})

    async def pin_remove(self, request: Request) -> Response:
        root = _cid_argument(request)
        if not await run_in_threadpool(self.pins.remove, root):
            raise CommandInvalid("not pinned or pinned indirectly")
        return JSONResponse({"Pins": [str(root)]})

    async def repo_stat(self, request: Request) -> Response:
        count, size_bytes = await run_in_threadpool(self.store.usage)
        return JSONResponse(
            {
                "NumObjects": count,
                "RepoSize": size_bytes,
                "RepoPath": str(self.store.root),
                "StorageMax": 0,
                "Version": "fs-repo@16",
            }
        )


def build_app(server: ArtifactServer) -> Starlette:
    """The ASGI application; refusals and errors take Kubo's shapes."""

    def endpoint(command: Command) -> Command:
        async def handle(request: Request) -> Response:
            refused = refuse_browser(request.headers)
            if refused is not None:
                return refused
            if request.method != "POST":
                return Response("405 - Method Not Allowed\n", 405, headers={"Allow": "POST"})
            try:
                return await command(request)
            except ClientDisconnect:
                return Response(status_code=499)
            except AitbcError as error:
                log.info("command_refused", path=request.url.path, error=error.name)
                return _error_answer(error)

        return handle

    every_method = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]
    return Starlette(
        routes=[
            Route(f"/api/v0/{name}", endpoint(command), methods=every_method)
            for name, command in server.commands.items()
        ]
    )


def refuse_browser(headers: Mapping[str, str]) -> Response | None:
    """Kubo's guard: a page in a browser of this machine must not reach the store, nor a name rebound to it."""
    host = re.sub(r":\d+$", "", headers.get("host", ""))
    is_page = "origin" in headers or "referer" in headers or "sec-fetch-site" in headers
    if is_page or headers.get("user-agent", "").startswith("Mozilla") or host not in LOOPBACK_HOSTS:
        return Response("403 - Forbidden\n", 403)
    return None


def add_profile(options: Mapping[str, str]) -> Profile:
    """The profile that ``add``'s options ask for.

    Raises:
        CommandInvalid: an option asks for something that is not offered.
    """
    for name in ("trickle", "nocopy", "fscache", "inline", "wrap-with-directory", "only-hash"):
        if _flag(options, name, default=False):
            raise CommandInvalid(f"The option {name} is not offered.")
    if options.get("hash", "sha2-256") != "sha2-256":
        raise CommandInvalid("Only the hash sha2-256 is offered.")
    version = _number(options, "cid-version", 1)
    if version not in (0, 1):
        raise CommandInvalid(f"There is no CID version {version}.")
    base = V1_2025 if version == 1 else V0_2015
    has_raw_leaves = _flag(options, "raw-leaves", default=base.has_raw_leaves)
    if version == 0 and has_raw_leaves:
        raise CommandInvalid("Raw leaves need CID version 1.")
    chunk_bytes = _chunk_bytes(options.get("chunker", ""), base.chunk_bytes)
    return Profile(base.name, version, chunk_bytes, base.width, has_raw_leaves)


def _chunk_bytes(chunker: str, default: int) -> int:
    if not chunker or chunker == "default":
        return default
    kind, _, size = chunker.partition("-")
    if kind != "size" or not size.isascii() or not size.isdigit() or not 1024 <= int(size[:9]) <= 1 << 20:
        raise CommandInvalid("The chunker must be size-N with N from 1024 to 1048576.")
    return int(size)


def window(pieces: Any, offset: int, length: int) -> Any:
    """The bytes from ``offset`` on, at most ``length`` of them, as an iterator."""
    for piece in pieces:
        if length <= 0:
            return
        if offset >= len(piece):
            offset -= len(piece)
            continue
        part = piece[offset : offset + length]
        offset, length = 0, length - len(part)
        yield part


async def _stream(first: bytes, rest: Any) -> AsyncIterator[bytes]:
    yield first
    async for piece in iterate_in_threadpool(rest):
        yield piece


def _cid_argument(request: Request) -> Cid:
    arguments = request.query_params.getlist("arg")
    if len(arguments) != 1:
        raise CommandInvalid('argument "ipfs-path" is required' if not arguments else "one argument at a time")
    return parse_cid(arguments[0])


def _number(options: Mapping[str, str], name: str, default: int) -> int:
    text = options.get(name, "")
    if text and not (text.isascii() and text.isdigit() and len(text) < 19):
        raise CommandInvalid(f"The option {name} must be a whole number.")
    return int(text) if text else default


def _flag(options: Mapping[str, str], name: str, *, default: bool) -> bool:
    text = options.get(name, "").lower()
    if name not in options:
        return default
    return text in {"", "true", "1"}


def _error_answer(error: AitbcError) -> Response:
    status = 500
    if isinstance(error, StoreFull):
        status = 507
    elif isinstance(error, ArtifactTooLarge):
        status = 413
    elif isinstance(error, CommandInvalid | UploadInvalid):
        status = 400
    code = 3 if isinstance(error, Contested) else 0
    return JSONResponse({"Message": str(error), "Code": code, "Type": "error"}, status)


def bind_port(port: int) -> socket.socket:
    """A listening socket on 127.0.0.1.

    Raises:
        PortTaken: the port cannot be had.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen(128)
    except (OSError, OverflowError) as error:
        listener.close()
        raise PortTaken(
            f"The artifact store cannot listen on port {port} of 127.0.0.1.",
            mend="Choose another port, or stop what uses this one.",
            port=port,
        ) from error
    return listener


async def serve_store(root: Path, port: int, max_add_bytes: int = MAX_ADD_BYTES) -> None:
    """Serve the blocks of a folder on this machine until a signal.

    Raises:
        PortTaken: the port cannot be had.
        AitbcError: another process serves the folder.
    """
    store = FileBlockStore(root)
    store.open_exclusively()
    with contextlib.closing(store), bind_port(port) as listener:
        app = build_app(ArtifactServer(store, PinBoard(root / "pins"), max_add_bytes))
        config = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False)
        await uvicorn.Server(config).serve(sockets=[listener])


def main(arguments: list[str] | None = None) -> int:
    """Serve until a signal; returns the exit code."""
    parser = argparse.ArgumentParser(description="Serve the embedded artifact store on 127.0.0.1.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--root", type=Path, required=True, help="folder of the blocks")
    parser.add_argument("--max-add-bytes", type=int, default=MAX_ADD_BYTES)
    options = parser.parse_args(arguments)
    try:
        asyncio.run(serve_store(options.root, options.port, options.max_add_bytes))
    except AitbcError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
