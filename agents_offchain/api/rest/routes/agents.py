"""The directory of agents, and messages to them."""

from __future__ import annotations

import asyncio
import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, WebSocket, WebSocketDisconnect
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from agents_offchain.api.rest.access.guard import Caller, IdempotencyKey, RequestBytes, Stranger
from agents_offchain.api.rest.access.principal import MESSAGE, REGISTER, Forbidden, Principal
from agents_offchain.api.rest.agents.directory import (
    CapabilityModel,
    DirectoryAgentOut,
    DirectoryPage,
    find_hosted,
    list_agents,
    of_visitor,
)
from agents_offchain.api.rest.agents.visitors import Visitor
from agents_offchain.api.rest.context import ApiContext, Context
from agents_offchain.api.rest.errors import NotFound
from agents_offchain.api.rest.problems import responses
from agents_offchain.chain.contract_abi import load_abi
from agents_offchain.messaging.protocols.message import agent_id_of
from agents_offchain.primitives.errors import AitbcError
from agents_offchain.primitives.hexes import checksum, encode_hex

router = APIRouter(prefix="/api/v1/agents", tags=["agents"], responses=responses(400, 401, 403, 409, 422, 429, 503))
LONGEST_LEASE_SECONDS = 7 * 86_400
MAIL_POLL_SECONDS = 0.2
AgentIdPath = Annotated[str, Path(max_length=106, pattern=r"^[a-z0-9][a-z0-9._-]{0,62}@0x[0-9a-f]{40}$")]


class RegisterIn(BaseModel):
    """What an agent says of itself. Register again to stay longer, or to say something else."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$", description="The wallet's own name for it.")
    description: str = Field(default="", max_length=500)
    capabilities: list[CapabilityModel] = Field(default_factory=list, max_length=64)
    lease_seconds: int = Field(default=3_600, ge=60, le=LONGEST_LEASE_SECONDS)
    uri: str = Field(default="", max_length=2_000, description="For the registration on chain: the agent's card.")


class UnsignedCallOut(BaseModel):
    """A transaction for the agent's wallet to send, if it wants to stand on chain too."""

    chain_id: int
    to: str
    value_wei: str
    data: str
    function: str


class RegisteredOut(BaseModel):
    """The agent's id, until when it is listed, and its registration on chain, unsigned."""

    agent_id: str
    lease_until: float
    on_chain: UnsignedCallOut


class MessageIn(BaseModel):
    """A message; `wait_seconds` above 0 asks for the answer."""

    model_config = ConfigDict(extra="forbid")
    type: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,70}/[0-9]{1,4}$", examples=["summarise/1"])
    body: Any = None
    wait_seconds: float = Field(default=0.0, ge=0, le=30)
    priority: int = Field(default=5, ge=0, le=9)


class MessageOut(BaseModel):
    """`status` is answered, sent (it is in the agent's inbox) or kept (until the visitor reads its mail)."""

    message_id: str
    status: str
    answer: Any = None


class StatusOut(DirectoryAgentOut):
    """One agent and how it is; `waiting_mail` counts a visitor's unread messages."""

    is_alive: bool
    waiting_mail: int


class LetterOut(BaseModel):
    """A message to a visitor; acknowledge it by its number."""

    number: int
    message_id: str
    sender: str
    type: str
    body: Any
    at: float


@router.post("/register", status_code=201, response_model=RegisteredOut)
async def post_register(
    context: Context, caller: Caller, wanted: RegisterIn, request: RequestBytes, key: IdempotencyKey = None
) -> JSONResponse:
    """List an agent of the signed-in wallet; its mail is kept here. Also answers the unsigned on-chain registration."""
    caller.require(REGISTER)
    wallet = _wallet_of(caller)

    async def act() -> JSONResponse:
        agent_id = agent_id_of(wanted.name, wallet)
        lease_until = context.deps.clock.now_seconds() + wanted.lease_seconds
        offers = tuple(offer.model_dump() for offer in wanted.capabilities)
        await context.visitors.register(Visitor(agent_id, wallet, wanted.name, wanted.description, offers, lease_until))
        call = _registration(context, wanted.uri)
        return _json(RegisteredOut(agent_id=agent_id, lease_until=lease_until, on_chain=call), 201)

    return await context.idempotency.once(caller, key, request, act)


@router.get("/list")
async def get_list(
    context: Context,
    _client: Stranger,
    capability: Annotated[str | None, Query(pattern=r"^[a-z0-9][a-z0-9._-]{0,79}$")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    cursor: Annotated[str, Query(max_length=160)] = "",
) -> DirectoryPage:
    """Who is there: agents with a process on the message server, and visitors."""
    return await list_agents(context.deps.gateway, context.visitors, capability=capability, after=cursor, limit=limit)


@router.get("/{agent_id}/status", responses=responses(404))
async def get_status(context: Context, _client: Stranger, agent_id: AgentIdPath) -> StatusOut:
    """How one agent is."""
    hosted = find_hosted(context.deps.gateway, agent_id)
    visitor = await context.visitors.get(agent_id)
    if hosted is None and visitor is None:
        raise NotFound(f"There is no agent {agent_id}.", mend="GET /api/v1/agents/list shows who is there.")
    is_present = visitor is not None and visitor.lease_until > context.deps.clock.now_seconds()
    row = hosted or of_visitor(visitor)  # type: ignore[arg-type]
    return StatusOut(
        **row.model_dump(),
        is_alive=hosted is not None or is_present,
        waiting_mail=await context.visitors.count_mail(agent_id),
    )


@router.post(
    "/{agent_id}/message",
    responses={
        **responses(404),
        202: {"model": MessageOut, "description": "Sent or kept; nobody waits for an answer."},
    },
    response_model=MessageOut,
)
async def post_message(
    context: Context,
    caller: Caller,
    agent_id: AgentIdPath,
    message: MessageIn,
    request: RequestBytes,
    key: IdempotencyKey = None,
) -> JSONResponse:
    """Send an agent a message, and wait for its answer if that is wished."""
    caller.require(MESSAGE)
    return await context.idempotency.once(
        caller, key, request, lambda: _send(context, caller, agent_id, message, key or "")
    )


@router.get("/{agent_id}/mail")
async def get_mail(
    context: Context, caller: Caller, agent_id: AgentIdPath, after: Annotated[int, Query(ge=0, lt=2**53)] = 0
) -> list[LetterOut]:
    """What waits for a visitor of the signed-in wallet, oldest first."""
    _require_own(caller, agent_id)
    return [_letter(item) for item in await context.visitors.mail(agent_id, after)]


class TakenIn(BaseModel):
    """Letters that need not be kept any longer."""

    model_config = ConfigDict(extra="forbid")
    taken: list[Annotated[int, Field(ge=0, lt=2**53)]] = Field(max_length=1_000)


@router.post("/{agent_id}/mail/taken", status_code=204)
async def post_taken(context: Context, caller: Caller, agent_id: AgentIdPath, taken: TakenIn) -> None:
    """Say that these letters were read; they are given to nobody again."""
    _require_own(caller, agent_id)
    await context.visitors.taken(agent_id, taken.taken)


@router.websocket("/{agent_id}/live")
async def live(socket: WebSocket, agent_id: str) -> None:
    """Messages as they come. The first text is `{"token": "..."}`, then `{"taken": [numbers]}` as they are read."""
    context: ApiContext = socket.app.state.context
    await socket.accept()
    try:
        async with asyncio.timeout(10):
            first = await socket.receive_json()
        token = first.get("token") if isinstance(first, dict) else None
        caller = await context.door.principal(f"Bearer {token}", None)
        _require_own(caller, agent_id)
        context.door.count(caller.name)
        context.live_sockets.acquire(caller.name)
    except (AitbcError, ValueError, TimeoutError, KeyError):
        await socket.close(4401, "The first message must carry the token of the agent's wallet.")
        return
    except WebSocketDisconnect:
        return
    try:
        await _converse(context, socket, agent_id)
    finally:
        context.live_sockets.release(caller.name)


async def _converse(context: ApiContext, socket: WebSocket, agent_id: str) -> None:
    pushing = asyncio.ensure_future(_push(context, socket, agent_id))
    try:
        while True:
            said = await socket.receive_json()
            taken = TakenIn.model_validate(said)
            await context.visitors.taken(agent_id, taken.taken)
    except WebSocketDisconnect:
        return
    except ValueError:
        await socket.close(4400, "That is not a message of this protocol.")
    finally:
        pushing.cancel()
        await asyncio.gather(pushing, return_exceptions=True)


async def _push(context: ApiContext, socket: WebSocket, agent_id: str) -> None:
    after = 0
    while True:
        letters = await context.visitors.mail(agent_id, after)
        for item in letters:
            await socket.send_json(_letter(item).model_dump())
            after = item.number
        if not letters:
            await asyncio.sleep(MAIL_POLL_SECONDS)


async def _send(context: ApiContext, caller: Principal, agent_id: str, message: MessageIn, key: str) -> JSONResponse:
    gateway = context.deps.gateway
    if gateway is not None and find_hosted(gateway, agent_id) is not None:
        if message.wait_seconds > 0:
            answer = await gateway.ask(
                caller, agent_id, message.type, message.body, seconds=message.wait_seconds, priority=message.priority
            )
            return _json(MessageOut(message_id=secrets.token_hex(8), status="answered", answer=answer), 200)
        sent = await gateway.tell(caller, agent_id, message.type, message.body, priority=message.priority)
        return _json(MessageOut(message_id=sent, status="sent"), 202)
    visitor = await context.visitors.get(agent_id)
    if visitor is None or visitor.lease_until <= context.deps.clock.now_seconds():
        raise NotFound(f"There is no agent {agent_id} now.", mend="GET /api/v1/agents/list shows who is there.")
    message_id = key or secrets.token_hex(8)
    lives = max(visitor.lease_until - context.deps.clock.now_seconds(), 60.0)
    await context.visitors.post(agent_id, message_id, caller.name, message.type, message.body, lives)
    return _json(MessageOut(message_id=message_id, status="kept"), 202)


def _wallet_of(caller: Principal) -> bytes:
    if caller.wallet is None:
        raise Forbidden("An agent belongs to a wallet; a service's key has none.", mend="Sign in with the wallet.")
    return caller.wallet


def _require_own(caller: Principal, agent_id: str) -> None:
    if agent_id.rpartition("@")[2] != encode_hex(_wallet_of(caller)):
        raise Forbidden("This agent belongs to another wallet.", mend="Sign in with the agent's wallet.")


def _registration(context: ApiContext, uri: str) -> UnsignedCallOut:
    """`AgentRegistry.register(string)` for the caller's wallet (ERC-8004)."""
    deployment = context.deps.deployment
    return UnsignedCallOut(
        chain_id=deployment.chain_id,
        to=checksum(deployment.address("AgentRegistry")),
        value_wei="0",
        data=encode_hex(load_abi("AgentRegistry").encode_call("register(string)", uri)),
        function="register(string)",
    )


def _letter(item: Any) -> LetterOut:
    return LetterOut(
        number=item.number, message_id=item.message_id, sender=item.sender, type=item.kind, body=item.body, at=item.at
    )


def _json(model: BaseModel, status: int) -> JSONResponse:
    return JSONResponse(model.model_dump(mode="json"), status_code=status)
