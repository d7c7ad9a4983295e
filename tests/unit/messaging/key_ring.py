"""Keys in memory behind the signer's port, counting what they sign."""

from __future__ import annotations

from typing import Any

from coincurve import PrivateKey
from eth_utils.crypto import keccak

from agents_offchain.primitives.eip712 import Domain, Field, typed_data_digest


class KeyRing:
    """A `TypedDataSigner` whose keys are derived from their names; `signed` lists (key, type, values)."""

    def __init__(self) -> None:
        self.signed: list[tuple[str, str, tuple[Any, ...]]] = []

    async def address(self, key: str) -> bytes:
        return self.address_of(key)

    def address_of(self, key: str) -> bytes:
        return keccak(self._secret(key).public_key.format(compressed=False)[1:])[12:]

    async def sign_typed(
        self, key: str, domain: Domain, type_name: str, fields: tuple[Field, ...], values: tuple[Any, ...]
    ) -> bytes:
        self.signed.append((key, type_name, values))
        return self.sign_digest(key, typed_data_digest(domain, type_name, fields, values))

    def sign_digest(self, key: str, digest: bytes) -> bytes:
        signature = self._secret(key).sign_recoverable(digest, hasher=None)
        return signature[:64] + bytes([signature[64] + 27])

    @staticmethod
    def _secret(key: str) -> PrivateKey:
        return PrivateKey(keccak(text=f"test key {key}"))
