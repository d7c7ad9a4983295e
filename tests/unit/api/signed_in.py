"""Callers with keys of their own, signed in over HTTP, and agents that they register."""

from __future__ import annotations

from typing import Any

from eth_utils.crypto import keccak

from agents_offchain.primitives.hexes import encode_hex
from tests.unit.api.conftest import World
from tests.unit.messaging.key_ring import KeyRing

RING = KeyRing()
ANN, BOB = RING.address_of("ann"), RING.address_of("bob")


def personal_sign(key: str, message: str) -> str:
    text = message.encode()
    digest = keccak(b"\x19Ethereum Signed Message:\n" + str(len(text)).encode() + text)
    return encode_hex(RING.sign_digest(key, digest))


async def sign_in(world: World, key: str = "ann") -> dict[str, str]:
    """Headers of a signed-in wallet."""
    asked = await world.http.post("/api/v1/auth/challenge", json={"address": encode_hex(RING.address_of(key))})
    challenge = asked.json()
    proof = {"nonce": challenge["nonce"], "signature": personal_sign(key, challenge["message"])}
    answer = await world.http.post("/api/v1/auth/token", json=proof)
    assert answer.status_code == 200, answer.text
    return {"authorization": f"Bearer {answer.json()['token']}"}


async def register(world: World, headers: dict[str, str], **wishes: Any) -> dict[str, Any]:
    body = {"name": "writer", "capabilities": [{"name": "write", "price": "5"}], **wishes}
    answer = await world.http.post("/api/v1/agents/register", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())
