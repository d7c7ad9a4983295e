"""The signer's loop: a unix socket, one JSON line a request, every request checked and logged.

Only processes of the same user may connect (SO_PEERCRED). What is refused is said in one sentence.
A signature is logged by what it is for; a key never is.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import stat
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import structlog
from eth_account import Account

from agents_offchain.chain.errors import FolderNotOurs, SignerRefused
from agents_offchain.chain.signer.guard import Authority
from agents_offchain.chain.signer.judge import Judgement
from agents_offchain.chain.signer.keystore import Key
from agents_offchain.chain.signer.requests import (
    MAX_LINE_BYTES,
    Request,
    ShowAddress,
    SignTransaction,
    SignTyped,
    decode_line,
    decode_request,
    encode_line,
)
from agents_offchain.primitives.eip712 import typed_data_digest
from agents_offchain.primitives.errors import AitbcError, Fatal, Retryable
from agents_offchain.primitives.hexes import encode_hex

log = structlog.get_logger(__name__)
_UCRED = struct.Struct("3i")


class Audit(Protocol):
    """Where the server notes what it did; `audit.AuditLog` is one."""

    def append(self, event: str, **facts: Any) -> Any:
        """Raises AuditBroken when the line is not on disk."""


class SignerServer:
    """Serves a set of opened keys on a socket.

    Args:
        keys: Opened keys by name.
        authority: Asked before every signature.
        audit: Has every signature on disk before it leaves, and every refusal.
        socket_path: Where to listen; an old socket file there is replaced.
    """

    def __init__(self, keys: Mapping[str, Key], authority: Authority, audit: Audit, socket_path: Path) -> None:
        self._keys = keys
        self._authority = authority
        self._audit = audit
        self._path = socket_path
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        _require_private(self._path.parent)
        self._path.unlink(missing_ok=True)
        mask = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(self._serve, str(self._path), limit=MAX_LINE_BYTES)
        finally:
            os.umask(mask)
        log.info("signer_ready", keys=[f"{key.name}=0x{key.address.hex()}" for key in self._keys.values()])

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if peer_uid(writer) != os.getuid():
                log.warning("signer_foreign_peer")
                return
            while line := await reader.readline():
                writer.write(encode_line(await self.answer(line)))
                await writer.drain()
        except (ValueError, ConnectionError):
            log.warning("signer_peer_dropped")
        finally:
            writer.close()

    async def answer(self, line: bytes) -> dict[str, Any]:
        """The reply to one line: `{"ok": ...}` or `{"error": ..., "message": ..., "is_for_now": ...}`."""
        request: Request | None = None
        try:
            request = decode_request(decode_line(line))
            return {"ok": encode_hex(await self._perform(request))}
        except AitbcError as error:
            log.warning("signer_refused", reason=error.message)
            self._note_refusal(request, error)
            return {**error.as_dict(), "is_for_now": isinstance(error, Retryable | Fatal)}

    def _note_refusal(self, request: Request | None, error: AitbcError) -> None:
        """A log that cannot be written stops signatures, which are refused already here."""
        facts = {} if request is None else {"key": request.key[:64], "kind": type(request).__name__}
        with contextlib.suppress(AitbcError):
            self._audit.append("refused", error=error.name, reason=error.message[:300], **facts)

    async def _perform(self, request: Request) -> bytes:
        key = self._keys.get(request.key)
        if key is None:
            raise SignerRefused(f"The signer has no key named {request.key[:60]!r}.")
        if isinstance(request, ShowAddress):
            return key.address
        if isinstance(request, SignTransaction):
            _require_chain(key, request.fields["chainId"])
            judgement = await self._authority.authorise(key, request)
            signed = Account.sign_transaction({**request.fields, "type": 2}, key.secret.secret)
            facts = {
                "key": key.name,
                "what": judgement.title,
                "to": request.fields["to"],
                "nonce": request.fields["nonce"],
                "selector": request.fields["data"][:10],
                "tx": encode_hex(signed.hash),
            }
            self._audit.append(
                "signed",
                kind="SignTransaction",
                chain_id=request.fields["chainId"],
                value=str(request.fields["value"]),
                approval=judgement.approval_id,
                **facts,
            )
            log.info("signed_transaction", **facts)
            return bytes(signed.raw_transaction)
        _require_chain(key, request.domain.chain_id)
        judgement = await self._authority.authorise(key, request)
        return self._sign_typed(key, request, judgement)

    def _sign_typed(self, key: Key, request: SignTyped, judgement: Judgement) -> bytes:
        digest = typed_data_digest(request.domain, request.type_name, request.fields, request.values)
        signature = key.secret.sign_recoverable(digest, hasher=None)
        facts = {"key": key.name, "what": judgement.title, "digest": encode_hex(digest)}
        contract = encode_hex(request.domain.verifying_contract)
        self._audit.append("signed", kind="SignTyped", chain_id=request.domain.chain_id, contract=contract, **facts)
        log.info("signed_typed_data", **facts)
        return signature[:64] + bytes([signature[64] + 27])


def _require_chain(key: Key, chain_id: int) -> None:
    if key.chain_id is not None and key.chain_id != chain_id:
        raise SignerRefused(
            f"{key.name} is a development key of chain {key.chain_id}; it signs nothing for chain {chain_id}.",
            mend="Create a key for that chain.",
        )


def _require_private(folder: Path) -> None:
    """Make the socket's folder; in one of another user, that user could take the socket's place."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
        raise FolderNotOurs(f"{folder} belongs to somebody else.", mend="Set XDG_RUNTIME_DIR to a folder of yours.")
    folder.chmod(0o700)


def peer_uid(writer: asyncio.StreamWriter) -> int:
    """The user id of the process at the other end of a unix socket."""
    raw = writer.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
    return int(_UCRED.unpack(raw)[1])
