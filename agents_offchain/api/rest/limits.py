"""Bodies no longer than their path takes, and writes only from our own page or from programs."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agents_offchain.api.rest.errors import BodyTooLarge, ForeignOrigin
from agents_offchain.api.rest.problems import problem_of

_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
DRAIN_BYTES = 1 << 30
DRAIN_SECONDS = 10.0


class BodyLimit:
    """Refuses a body that is too long before it fills memory or disk.

    What is too long is read and thrown away for a while, because a browser shows an answer only once its
    upload is through.

    Args:
        paths: Path -> most bytes of its body.
        default_bytes: Most bytes of any other body.
    """

    def __init__(self, app: ASGIApp, paths: dict[str, int], default_bytes: int) -> None:
        self._app = app
        self._paths = paths
        self._default_bytes = default_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in _WRITES:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if _is_foreign(headers):
            refusal = ForeignOrigin(
                "Another site's page may not write here.", mend="Use the page of this server, or a program."
            )
            await problem_of(refusal)(scope, receive, send)
            return
        limit = self._paths.get(scope["path"], self._default_bytes)
        stated = headers.get("content-length", "")
        if stated.isascii() and stated.isdigit() and int(stated) > limit:
            await _drain(receive)
            await problem_of(_too_large(limit))(scope, receive, send)
            return
        await self._app(scope, _Counted(receive, limit), send)


class _Counted:
    """Passes a body on until it is too long."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._limit = limit
        self._seen = 0

    async def __call__(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._seen += len(message.get("body", b""))
            if self._seen > self._limit:
                if message.get("more_body"):
                    await _drain(self._receive)
                raise _too_large(self._limit)
        return message


def _is_foreign(headers: Headers) -> bool:
    if headers.get("sec-fetch-site", "same-origin") == "cross-site":
        return True
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc.lower() != headers.get("host", "").lower()


def _too_large(limit: int) -> BodyTooLarge:
    return BodyTooLarge(f"More than {limit:,} bytes are not taken.", mend="Send something smaller.", limit=limit)


async def _drain(receive: Receive) -> None:
    seen = 0
    try:
        async with asyncio.timeout(DRAIN_SECONDS):
            while seen < DRAIN_BYTES:
                message = await receive()
                seen += len(message.get("body", b""))
                if message["type"] != "http.request" or not message.get("more_body"):
                    return
    except TimeoutError:
        return
