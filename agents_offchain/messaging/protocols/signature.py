"""Signing through a port, and whose signature it is by recovery."""

from __future__ import annotations

from typing import Any, Protocol

from coincurve import PublicKey
from eth_utils.crypto import keccak

from agents_offchain.messaging.errors import EnvelopeInvalid
from agents_offchain.primitives.eip712 import Domain, Field

SIGNATURE_BYTES = 65
_HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0


class TypedDataSigner(Protocol):
    """Who signs EIP-712 data with a key it keeps to itself; `chain.signer.client.SignerClient` is one."""

    async def address(self, key: str) -> bytes:
        """The 20-byte address of a key."""
        ...

    async def sign_typed(
        self, key: str, domain: Domain, type_name: str, fields: tuple[Field, ...], values: tuple[Any, ...]
    ) -> bytes:
        """65 bytes r || s || v, v 27 or 28, s in the lower half."""
        ...


def recover_signer(digest: bytes, signature: bytes) -> bytes:
    """The 20-byte address whose key signed a 32-byte digest.

    Raises:
        EnvelopeInvalid: not 65 bytes, v not 27 or 28, s in the upper half (EIP-2), or no key at all.
    """
    if len(signature) != SIGNATURE_BYTES or signature[64] not in (27, 28):
        raise EnvelopeInvalid("The signature is not 65 bytes ending in 27 or 28.")
    if int.from_bytes(signature[32:64], "big") > _HALF_ORDER:
        raise EnvelopeInvalid("The signature is the malleable one of its pair.")
    try:
        key = PublicKey.from_signature_and_message(signature[:64] + bytes([signature[64] - 27]), digest, hasher=None)
    except Exception as error:  # the library raises plain Exception when nothing can be recovered
        raise EnvelopeInvalid("No key made this signature.") from error
    return keccak(key.format(compressed=False)[1:])[12:]
