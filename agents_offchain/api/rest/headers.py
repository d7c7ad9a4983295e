"""Security headers on every answer: the page talks to itself and to the chain's node, and to nobody else."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

API_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"
_SAME_EVERYWHERE = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin-allow-popups",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
}


def page_policy(rpc_url: str) -> str:
    """Content-Security-Policy of the page; styles may be inline because dialogs set them."""
    parts = urlsplit(rpc_url)
    node = f" {parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") and parts.netloc else ""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self'; manifest-src 'self'; "
        f"connect-src 'self'{node}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


class SecurityHeaders:
    """Adds the headers that are not there yet."""

    def __init__(self, app: ASGIApp, rpc_url: str) -> None:
        self._app = app
        self._page_policy = page_policy(rpc_url)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_api = scope["path"].startswith("/api/") or scope["path"] == "/metrics"

        async def send_secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _SAME_EVERYWHERE.items():
                    headers.setdefault(name, value)
                headers.setdefault("content-security-policy", API_POLICY if is_api else self._page_policy)
                if is_api:
                    headers.setdefault("cache-control", "no-store")
            await send(message)

        await self._app(scope, receive, send_secured)
