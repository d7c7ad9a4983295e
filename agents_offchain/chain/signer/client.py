"""Ask the signer process for signatures over its socket."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from agents_offchain.chain.errors import (
    ApprovalNeeded,
    SignerPaused,
    SignerRefused,
    SignerUnavailable,
)
from agents_offchain.chain.signer.requests import (
    MAX_LINE_BYTES,
    Request,
    ShowAddress,
    SignTransaction,
    SignTyped,
    decode_line,
    encode_line,
    encode_request,
)
from agents_offchain.primitives.eip712 import Domain, Field
from agents_offchain.primitives.errors import AitbcError
from agents_offchain.primitives.hexes import decode_hex

TIMEOUT_SECONDS = 10.0
PAUSE_SECONDS = 2.0
"""How soon to ask again for what is refused only for now."""
APPROVAL_SECONDS = 15.0
"""How soon to ask again for what waits for a person."""


class SignerClient:
    """One short connection a request: no state to lose when the signer restarts."""

    def __init__(self, socket_path: Path) -> None:
        self._path = socket_path

    async def address(self, key: str) -> bytes:
        """The 20-byte address of a key."""
        return await self._ask(ShowAddress(key))

    async def sign_transaction(self, key: str, fields: dict[str, Any]) -> bytes:
        """Raw signed EIP-1559 transaction."""
        return await self._ask(SignTransaction(key, fields))

    async def sign_typed(
        self, key: str, domain: Domain, type_name: str, fields: tuple[Field, ...], values: tuple[Any, ...]
    ) -> bytes:
        """65-byte signature r || s || v over flat EIP-712 data, v 27 or 28, s low."""
        return await self._ask(SignTyped(key, domain, type_name, fields, values))

    async def _ask(self, request: Request) -> bytes:
        line = encode_line(encode_request(request))
        if len(line) > MAX_LINE_BYTES:
            raise SignerRefused(f"The signing request has {len(line)} bytes; at most {MAX_LINE_BYTES} are read.")
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                reader, writer = await asyncio.open_unix_connection(str(self._path), limit=MAX_LINE_BYTES)
                try:
                    writer.write(line)
                    await writer.drain()
                    answer = await reader.readline()
                finally:
                    writer.close()
        except (OSError, ValueError) as error:
            raise SignerUnavailable(
                "The signer does not answer.", mend="`aitbc status` shows whether it runs."
            ) from error
        if not answer.endswith(b"\n"):
            raise SignerUnavailable("The signer hung up.")
        reply = decode_line(answer)
        if "ok" not in reply:
            raise _error_of(reply)
        return decode_hex(reply["ok"])


def _error_of(reply: dict[str, Any]) -> AitbcError:
    """The signer's refusal: for good, or for now."""
    message, mend = str(reply.get("message", "The signer refused.")), str(reply.get("mend", ""))
    if reply.get("error") == ApprovalNeeded.__name__:
        return ApprovalNeeded(message, mend=mend, retry_after_seconds=APPROVAL_SECONDS)
    if reply.get("is_for_now"):
        return SignerPaused(message, mend=mend, retry_after_seconds=PAUSE_SECONDS)
    return SignerRefused(message, mend=mend)
