"""A signer that signs nothing: its transactions carry the sender's address where the signature would be."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.fakes.chain import encode_transaction


class FakeSigner:
    """Known keys by name, deterministic bytes; `signed` keeps every request."""

    def __init__(self, addresses: dict[str, bytes]) -> None:
        self.addresses = addresses
        self.signed: list[dict[str, Any]] = []

    async def address(self, key: str) -> bytes:
        await asyncio.sleep(0)
        return self.addresses[key]

    async def sign_transaction(self, key: str, fields: dict[str, Any]) -> bytes:
        await asyncio.sleep(0)
        self.signed.append(fields)
        return encode_transaction(
            fields["chainId"],
            self.addresses[key],
            fields["nonce"],
            bytes.fromhex(fields["to"][2:]),
            bytes.fromhex(fields["data"][2:]),
            fields["maxFeePerGas"],
            fields["gas"],
            fields["maxPriorityFeePerGas"],
        )
