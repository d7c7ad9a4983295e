"""Sign-in with a wallet (EIP-4361): the server writes the message, the wallet signs it, a token comes back.

The message is built from what the server keeps (address, nonce, times), so what is signed is compared as bytes and
never parsed. A nonce is good once and for five minutes. A wallet that is a contract signs by its own rule (ERC-1271):
the contract is asked when no key of the wallet's address made the signature.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from eth_utils.crypto import keccak
from sqlalchemy import delete, insert, select

from agents_offchain.api.rest.access.principal import Unauthenticated
from agents_offchain.messaging.errors import EnvelopeInvalid
from agents_offchain.messaging.protocols.signature import SIGNATURE_BYTES, recover_signer
from agents_offchain.primitives.clock import Clock
from agents_offchain.primitives.hexes import checksum
from agents_offchain.storage.database import Database
from agents_offchain.storage.tables.access import sign_in_nonces

NONCE_SECONDS = 300
_STATEMENT = "Sign in to AITBC. This costs nothing and moves nothing."
_MEND = "Ask for a challenge and sign its message, as it is, within five minutes."


@dataclass(frozen=True)
class Challenge:
    """What a wallet is asked to sign (EIP-191 `personal_sign`)."""

    message: str
    nonce: str


class Contracts(Protocol):
    """Asks contracts whether a signature is theirs; `chain.proxies.contract_wallet.ContractWallets` does."""

    async def is_signed(self, wallet: bytes, digest: bytes, signature: bytes) -> bool: ...


class SignIn:
    """Challenges of one server; `chain_id` is part of what is signed. Without `contracts` only keys sign in."""

    def __init__(self, database: Database, chain_id: int, clock: Clock, contracts: Contracts | None = None) -> None:
        self._database = database
        self._chain_id = chain_id
        self._clock = clock
        self._contracts = contracts

    async def challenge(self, wallet: bytes, host: str) -> Challenge:
        """A message for this wallet; `host` is where the caller reached us."""
        nonce, now = secrets.token_hex(8), self._clock.now_seconds()
        expires_at = float(int(now) + NONCE_SECONDS)
        async with self._database.write() as connection:
            await connection.execute(delete(sign_in_nonces).where(sign_in_nonces.c.expires_at < now))
            row = {"nonce": nonce, "address": wallet, "expires_at": expires_at}
            await connection.execute(insert(sign_in_nonces).values(**row))
        return Challenge(self._message(wallet, nonce, expires_at, host), nonce)

    async def prove(self, nonce: str, signature: bytes, host: str) -> bytes:
        """The wallet that signed the challenge of this nonce; the nonce is used up, whatever comes out.

        Raises:
            Unauthenticated: no such challenge, too late, or signed by another.
            NodeUnavailable: a contract's signature cannot be asked about now.
        """
        mine = sign_in_nonces.c.nonce == nonce
        async with self._database.write() as connection:
            row = (await connection.execute(select(sign_in_nonces).where(mine))).first()
            await connection.execute(delete(sign_in_nonces).where(mine))
        if row is None or row.expires_at <= self._clock.now_seconds():
            raise Unauthenticated("There is no such challenge, or no more.", mend=_MEND)
        wallet = bytes(row.address)
        text = self._message(wallet, nonce, row.expires_at, host).encode()
        digest = keccak(b"\x19Ethereum Signed Message:\n" + str(len(text)).encode() + text)
        if not _is_by_key(wallet, digest, signature) and not await self._is_by_contract(wallet, digest, signature):
            raise Unauthenticated("The challenge is not signed by its wallet.", mend=_MEND)
        return wallet

    async def _is_by_contract(self, wallet: bytes, digest: bytes, signature: bytes) -> bool:
        return self._contracts is not None and await self._contracts.is_signed(wallet, digest, signature)

    def _message(self, wallet: bytes, nonce: str, expires_at: float, host: str) -> str:
        return (
            f"{host} wants you to sign in with your Ethereum account:\n{checksum(wallet)}\n\n{_STATEMENT}\n\n"
            f"URI: http://{host}/api/v1/auth/token\nVersion: 1\nChain ID: {self._chain_id}\nNonce: {nonce}\n"
            f"Issued At: {_moment(expires_at - NONCE_SECONDS)}\nExpiration Time: {_moment(expires_at)}"
        )


def _is_by_key(wallet: bytes, digest: bytes, signature: bytes) -> bool:
    """Some wallets write v as 0 or 1."""
    if len(signature) == SIGNATURE_BYTES and signature[64] in (0, 1):
        signature = signature[:64] + bytes([signature[64] + 27])
    try:
        return recover_signer(digest, signature) == wallet
    except EnvelopeInvalid:
        return False


def _moment(unix_seconds: float) -> str:
    return datetime.fromtimestamp(unix_seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
