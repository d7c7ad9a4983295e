"""Sign-in with a wallet: a challenge, then a token (EIP-4361)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from agents_offchain.api.rest.access.guard import Stranger
from agents_offchain.api.rest.access.tokens import TOKEN_SECONDS
from agents_offchain.api.rest.context import Context
from agents_offchain.api.rest.problems import responses
from agents_offchain.primitives.hexes import decode_address, decode_hex

router = APIRouter(prefix="/api/v1/auth", tags=["sign-in"], responses=responses(400, 401, 422, 429))
HexAddress = Annotated[str, Field(pattern="^0x[0-9a-fA-F]{40}$")]


class ChallengeIn(BaseModel):
    """Who wants to sign in."""

    model_config = ConfigDict(extra="forbid")
    address: HexAddress


class ChallengeOut(BaseModel):
    """What the wallet signs (`personal_sign`), exactly as it is."""

    message: str
    nonce: str


class ProofIn(BaseModel):
    """The signed challenge."""

    model_config = ConfigDict(extra="forbid")
    nonce: str = Field(pattern="^[0-9a-f]{16}$")
    signature: str = Field(
        pattern="^0x([0-9a-fA-F]{2}){1,4096}$", description="65 bytes of a key; a contract's own form"
    )


class TokenOut(BaseModel):
    """For `Authorization: Bearer`."""

    token: str
    token_type: str
    expires_in: int


@router.post("/challenge")
async def post_challenge(context: Context, request: Request, wanted: ChallengeIn, _client: Stranger) -> ChallengeOut:
    """A message for a wallet to sign; good once, for five minutes."""
    challenge = await context.sign_in.challenge(decode_address(wanted.address), _host(request))
    return ChallengeOut(message=challenge.message, nonce=challenge.nonce)


@router.post("/token")
async def post_token(context: Context, request: Request, proof: ProofIn, _client: Stranger) -> TokenOut:
    """A token for the wallet that signed the challenge."""
    wallet = await context.sign_in.prove(proof.nonce, decode_hex(proof.signature), _host(request))
    token = context.tokens.issue(wallet, context.deps.clock.now_seconds())
    return TokenOut(token=token, token_type="Bearer", expires_in=TOKEN_SECONDS)  # noqa: S106 (a scheme's name)


def _host(request: Request) -> str:
    """What the caller calls us; letters of a host name and no others, since it is signed as a line of text."""
    host = request.headers.get("host", "")[:200]
    return "".join(letter for letter in host if letter.isascii() and (letter.isalnum() or letter in ".-:[]")) or "aitbc"
