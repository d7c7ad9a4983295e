"""Agents and votes over HTTP: who may, how often, once; and what strangers send is refused in one sentence."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import httpx
import pytest
from eth_utils.crypto import keccak
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st

from agents_offchain.api.rest.access.api_keys import ApiKeys, ApiKeyUnknown, ScopeUnknown
from agents_offchain.api.rest.access.principal import DECIDE, MESSAGE, REGISTER, Principal, Unauthenticated
from agents_offchain.api.rest.access.tokens import TOKEN_SECONDS, Tokens, secret_of
from agents_offchain.api.rest.agents.gateway import HostGateway
from agents_offchain.api.rest.agents.visitors import MOST_MAIL
from agents_offchain.coordination.decision.ballot import Ballot, sign_ballot
from agents_offchain.coordination.decision.delegation import Delegation, sign_delegation
from agents_offchain.messaging.errors import BusUnavailable
from agents_offchain.messaging.host.agent import Agent
from agents_offchain.primitives.errors import SettingsInvalid
from agents_offchain.primitives.hexes import encode_hex
from tests.unit.api.conftest import World
from tests.unit.api.test_hostile import require_problem
from tests.unit.messaging.host_world import World as Hosts
from tests.unit.messaging.host_world import echo_agent
from tests.unit.messaging.key_ring import KeyRing

pytestmark = pytest.mark.unit
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


# --- who calls


async def test_sign_in__with_the_wallets_signature__gives_a_token_once(world: World) -> None:
    challenge = (await world.http.post("/api/v1/auth/challenge", json={"address": encode_hex(ANN)})).json()
    assert "testserver wants you to sign in" in challenge["message"]
    assert f"Chain ID: {31337}" in challenge["message"]
    proof = {"nonce": challenge["nonce"], "signature": personal_sign("ann", challenge["message"])}
    assert (await world.http.post("/api/v1/auth/token", json=proof)).status_code == 200
    require_problem(await world.http.post("/api/v1/auth/token", json=proof), 401)


@pytest.mark.parametrize("fault", ["other key", "other text", "too late", "nonsense"])
async def test_sign_in__with_anything_else__is_refused(world: World, fault: str) -> None:
    challenge = (await world.http.post("/api/v1/auth/challenge", json={"address": encode_hex(ANN)})).json()
    signature = personal_sign("bob" if fault == "other key" else "ann", challenge["message"])
    if fault == "other text":
        signature = personal_sign("ann", challenge["message"].replace("testserver", "evil.example"))
    if fault == "nonsense":
        signature = "0x" + "00" * 65
    if fault == "too late":
        world.clock.advance(301)
    proof = {"nonce": challenge["nonce"], "signature": signature}
    require_problem(await world.http.post("/api/v1/auth/token", json=proof), 401)


class Wallets:
    """Contracts that take one signature for anything; `asked` keeps what they were shown."""

    good = b"the owners agree"

    def __init__(self) -> None:
        self.asked: list[tuple[bytes, bytes]] = []

    async def is_signed(self, wallet: bytes, digest: bytes, signature: bytes) -> bool:
        self.asked.append((wallet, digest))
        return signature == self.good


@pytest.mark.parametrize(("signature", "status"), [(Wallets.good, 200), (b"nobody agrees", 401), (b"\x01" * 65, 401)])
async def test_sign_in__of_a_wallet_that_is_a_contract__asks_the_contract(
    world: World, signature: bytes, status: int
) -> None:
    world.app.state.context.sign_in._contracts = wallets = Wallets()
    challenge = (await world.http.post("/api/v1/auth/challenge", json={"address": encode_hex(ANN)})).json()
    proof = {"nonce": challenge["nonce"], "signature": encode_hex(signature)}
    assert (await world.http.post("/api/v1/auth/token", json=proof)).status_code == status
    assert [wallet for wallet, _ in wallets.asked] == [ANN]
    assert (await world.http.post("/api/v1/auth/token", json=proof)).status_code == 401, "the nonce is used up"
    assert len(wallets.asked) == 1


async def test_sign_in__of_a_key__asks_no_contract(world: World) -> None:
    world.app.state.context.sign_in._contracts = wallets = Wallets()
    await sign_in(world)
    assert wallets.asked == []


def test_token__altered_or_old_or_of_another_server__is_refused() -> None:
    tokens = Tokens(b"s" * 32)
    token = tokens.issue(ANN, 1_000)
    assert tokens.read(token, 1_000).wallet == ANN
    head, payload, mac = token.split(".")
    none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0"
    for wrong in (f"{none}.{payload}.", f"{none}.{payload}.{mac}", f"{head}.{payload}.AAAA", "", "a.b", token + "x"):
        with pytest.raises(Unauthenticated):
            tokens.read(wrong, 1_000)
    with pytest.raises(Unauthenticated):
        tokens.read(token, 1_000 + TOKEN_SECONDS)
    with pytest.raises(Unauthenticated):
        Tokens(b"t" * 32).read(token, 1_000)


def test_secret__of_a_file__is_made_once_and_private(tmp_path: Any) -> None:
    file = tmp_path / "run" / "secret"
    assert secret_of(file) == secret_of(file)
    assert file.stat().st_mode & 0o777 == 0o600
    file.write_bytes(b"short")
    with pytest.raises(SettingsInvalid):
        secret_of(file)


async def test_api_key__through_its_life__works_until_revoked_and_only_for_its_scopes(world: World) -> None:
    keys = ApiKeys(world.database, world.clock)
    key, text = await keys.create("monitor", [MESSAGE], days=2)
    assert (await keys.prove(text)).scopes == {MESSAGE}
    async with world.database.read() as connection:
        from sqlalchemy import text as sql

        stored = str((await connection.execute(sql("select * from api_keys"))).all())
    assert text.rpartition("_")[2] not in stored
    answer = await world.http.post("/api/v1/agents/register", json={"name": "x"}, headers={"x-api-key": text})
    require_problem(answer, 403)
    newer, new_text = await keys.rotate(key.id)
    await keys.prove(text)
    world.clock.advance(86_400)
    with pytest.raises(Unauthenticated, match="expired"):
        await keys.prove(text)
    await keys.revoke(newer.id)
    with pytest.raises(Unauthenticated, match="revoked"):
        await keys.prove(new_text)
    assert {item.id for item in await keys.list()} == {key.id, newer.id}
    for act in (keys.rotate, keys.revoke):
        with pytest.raises(ApiKeyUnknown):
            await act(newer.id)
    for scopes in ([], ["everything"]):
        with pytest.raises(ScopeUnknown):
            await keys.create("x", scopes)
    for wrong in ("aitbc_", text[:-1] + "A" if text[-1] != "A" else text[:-1] + "B", "x" * 200):
        with pytest.raises(Unauthenticated):
            await keys.prove(wrong)


async def test_caller__that_asks_too_often__is_told_to_slow_down(world: World) -> None:
    codes = [(await world.http.get("/api/v1/agents/list")).status_code for _ in range(110)]
    assert codes[:100] == [200] * 100
    assert codes[-1] == 429
    headers = {"authorization": "Bearer nonsense"}
    assert (await world.http.post("/api/v1/coordination/consensus", json={}, headers=headers)).status_code == 429


# --- agents


async def test_register__by_a_wallet__is_listed_and_says_how_to_stand_on_chain(world: World) -> None:
    headers = await sign_in(world)
    made = await register(world, headers, uri="ipfs://card")
    assert made["agent_id"] == f"writer@{encode_hex(ANN)}"
    assert made["on_chain"]["function"] == "register(string)"
    assert made["on_chain"]["data"].startswith("0x")
    listed = await world.get("/api/v1/agents/list", capability="write")
    assert [item["agent_id"] for item in listed["items"]] == [made["agent_id"]]  # type: ignore[attr-defined]
    assert (await world.get("/api/v1/agents/list", capability="read"))["items"] == []
    status = await world.get(f"/api/v1/agents/{made['agent_id']}/status")
    assert (status["is_alive"], status["is_visiting"], status["waiting_mail"]) == (True, True, 0)
    world.clock.advance(3_601)
    assert (await world.get("/api/v1/agents/list"))["items"] == []
    assert not (await world.get(f"/api/v1/agents/{made['agent_id']}/status"))["is_alive"]
    gone = await world.http.get(f"/api/v1/agents/nobody@{encode_hex(ANN)}/status")
    require_problem(gone, 404)


async def test_list__of_many__comes_in_pages(world: World) -> None:
    headers = await sign_in(world)
    for number in range(5):
        await register(world, headers, name=f"writer-{number}")
    first = await world.get("/api/v1/agents/list", limit=3)
    second = await world.get("/api/v1/agents/list", limit=3, cursor=first["next_cursor"])
    names = [item["name"] for page in (first, second) for item in page["items"]]  # type: ignore[attr-defined]
    assert names == [f"writer-{number}" for number in range(5)]
    assert second["next_cursor"] is None


async def test_message__to_a_visitor__is_kept_until_it_says_that_it_has_it(world: World) -> None:
    headers = await sign_in(world)
    agent_id = (await register(world, headers))["agent_id"]
    bob = await sign_in(world, "bob")
    message = {"type": "write/1", "body": {"about": "rivers"}}
    path = f"/api/v1/agents/{agent_id}/message"
    once = {**bob, "idempotency-key": "k1"}
    first = await world.http.post(path, json=message, headers=once)
    again = await world.http.post(path, json=message, headers=once)
    assert (first.status_code, first.json()["status"]) == (202, "kept")
    assert again.json() == first.json()
    assert again.headers["idempotent-replayed"] == "true"
    require_problem(await world.http.post(path, json={**message, "body": 2}, headers=once), 422)
    mail = (await world.http.get(f"/api/v1/agents/{agent_id}/mail", headers=headers)).json()
    assert [(item["sender"], item["body"]) for item in mail] == [(f"wallet:{encode_hex(BOB)}", {"about": "rivers"})]
    require_problem(await world.http.get(f"/api/v1/agents/{agent_id}/mail", headers=bob), 403)
    taken = await world.http.post(
        f"/api/v1/agents/{agent_id}/mail/taken", json={"taken": [mail[0]["number"]]}, headers=headers
    )
    assert taken.status_code == 204
    assert (await world.http.get(f"/api/v1/agents/{agent_id}/mail", headers=headers)).json() == []
    require_problem(await world.http.post(path, json=message), 401)
    nobody = await world.http.post(f"/api/v1/agents/no@{encode_hex(ANN)}/message", json=message, headers=bob)
    require_problem(nobody, 404)


async def test_mail__of_a_visitor_that_never_reads__is_bounded(world: World) -> None:
    visitors = world.app.state.context.visitors
    for number in range(MOST_MAIL):
        await visitors.post("a", f"m{number}", "s", "x/1", number, 60)
    with pytest.raises(Exception, match="wait for this agent"):
        await visitors.post("a", "one more", "s", "x/1", 1, 60)


async def test_message__to_an_agent_on_the_message_server__is_answered(world: World) -> None:
    hosts = Hosts()
    await hosts.start("one", echo_agent())
    gate = Agent("gateway", key="gateway")
    gateway = HostGateway(await hosts.start("api", gate), gate)
    object.__setattr__(world.app.state.context.deps, "gateway", gateway)
    try:
        headers = await sign_in(world)
        listed = await world.get("/api/v1/agents/list")
        (agent,) = listed["items"]  # type: ignore[misc]
        assert agent["endpoints"][0]["host"] == "one"
        path = f"/api/v1/agents/{agent['agent_id']}"
        message = {"type": "echo/1", "body": [1], "wait_seconds": 5}
        answer = await world.http.post(f"{path}/message", json=message, headers=headers)
        assert answer.json()["answer"] == {"by": "echo", "said": [1]}
        told = await world.http.post(f"{path}/message", json={"type": "echo/1"}, headers=headers)
        assert (told.status_code, told.json()["status"]) == (202, "sent")
        unknown = await world.http.post(f"{path}/message", json={**message, "type": "fly/1"}, headers=headers)
        require_problem(unknown, 422)
        assert (await world.get(f"{path}/status"))["is_alive"]
        await hosts.hosts[0]._renew()
        said = (await world.http.get("/metrics")).text
        for line in (
            'aitbc_messages_total{event="sent",host="api"} 3.0',
            'aitbc_messages_total{event="dead",host="api"} 0.0',
            'aitbc_message_queue_messages{host="api",priority="urgent"} 0.0',
            'aitbc_message_circuits{host="api",state="open"} 0.0',
        ):
            assert line in said
        handled = re.findall(r'aitbc_messages_total{event="handled",host="one"} (.*)', said)
        assert [float(count) > 0 for count in handled] == [True], "other hosts tell of themselves when they renew"
        hosts.directory.metrics = away  # type: ignore[method-assign]
        assert "aitbc_messages_total{" not in (await world.http.get("/metrics")).text
    finally:
        await hosts.close()


async def away() -> Any:
    raise BusUnavailable("The message server does not answer.")


class Socket:
    """A WebSocket spoken to as the server speaks to the app."""

    def __init__(self, app: FastAPI, path: str) -> None:
        self._to_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.from_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        scope = {
            "type": "websocket",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [(b"host", b"testserver")],
            "subprotocols": [],
            "scheme": "ws",
            "root_path": "",
            "app": app,
        }
        self._to_app.put_nowait({"type": "websocket.connect"})
        self.task = asyncio.ensure_future(app(scope, self._to_app.get, self.from_app.put))  # type: ignore[arg-type]

    def say(self, value: Any) -> None:
        self._to_app.put_nowait({"type": "websocket.receive", "text": json.dumps(value)})

    async def hear(self) -> dict[str, Any]:
        async with asyncio.timeout(5):
            return await self.from_app.get()

    async def close(self) -> None:
        self._to_app.put_nowait({"type": "websocket.disconnect", "code": 1000})
        await self.task


async def test_live__for_the_agents_wallet__pushes_mail_as_it_comes(world: World) -> None:
    headers = await sign_in(world)
    agent_id = (await register(world, headers))["agent_id"]
    bob = await sign_in(world, "bob")
    socket = Socket(world.app, f"/api/v1/agents/{agent_id}/live")
    socket.say({"token": headers["authorization"].split()[1]})
    assert (await socket.hear())["type"] == "websocket.accept"
    await world.http.post(f"/api/v1/agents/{agent_id}/message", json={"type": "write/1", "body": 1}, headers=bob)
    letter = json.loads((await socket.hear())["text"])
    assert (letter["type"], letter["body"]) == ("write/1", 1)
    socket.say({"taken": [letter["number"]]})
    async with asyncio.timeout(5):
        while (await world.get(f"/api/v1/agents/{agent_id}/status"))["waiting_mail"]:
            await asyncio.sleep(0.05)
    await socket.close()
    for first in ({"token": bob["authorization"].split()[1]}, {"token": "x"}, [], "hello"):
        other = Socket(world.app, f"/api/v1/agents/{agent_id}/live")
        other.say(first)
        await other.hear()
        assert (await other.hear())["code"] == 4401
        await other.task
    rude = Socket(world.app, f"/api/v1/agents/{agent_id}/live")
    rude.say({"token": headers["authorization"].split()[1]})
    await rude.hear()
    rude.say({"taken": "all"})
    assert (await rude.hear())["code"] == 4400
    await rude.task


# --- votes


def terms(world: World, **changes: Any) -> dict[str, Any]:
    voters = {encode_hex(RING.address_of(name)): 1 for name in ("ann", "bob", "cy")}
    return {
        "question": "Which river?",
        "options": ["Elbe", "Rhine"],
        "rule": "majority",
        "weights": voters,
        "closes_at": int(world.clock.now_seconds()) + 600,
        **changes,
    }


async def ballot(world: World, proposal: str, key: str, *choice: str) -> dict[str, Any]:
    domain = world.app.state.context.ballot_domain
    name = bytes.fromhex(proposal[2:])
    signed = await sign_ballot(Ballot(name, RING.address_of(key), choice), domain, RING, key)
    return {"voter": encode_hex(signed.voter), "choice": list(choice), "signature": encode_hex(signed.signature)}


async def consensus(world: World, headers: dict[str, str], **body: Any) -> httpx.Response:
    return await world.http.post("/api/v1/coordination/consensus", json=body, headers=headers)


async def test_consensus__opened_twice_and_voted_on__is_decided_once_everybody_voted(world: World) -> None:
    headers = await sign_in(world)
    opened = (await consensus(world, headers, terms=terms(world))).json()
    assert (opened["status"], opened["voters"], opened["winner"]) == ("open", 3, None)
    assert (await consensus(world, headers, terms=terms(world))).json()["proposal"] == opened["proposal"]
    name = opened["proposal"]
    first = [await ballot(world, name, "ann", "Elbe"), await ballot(world, name, "bob", "Elbe")]
    half = (await consensus(world, headers, proposal=name, ballots=first)).json()
    assert (half["status"], half["voted"], half["tally"]["Elbe"]) == ("open", 2, 2)
    last = [await ballot(world, name, "cy", "Rhine")]
    done = (await consensus(world, headers, proposal=name, ballots=last)).json()
    assert (done["status"], done["winner"]) == ("decided", "Elbe")
    require_problem(await consensus(world, headers, proposal=name, ballots=last), 422)
    kept = await world.get("/api/v1/coordination/decisions", status="decided")
    (decision,) = kept["items"]  # type: ignore[misc]
    assert decision["proposal"] == name
    assert decision["outcome"]["leaders"] == ["Elbe"]
    assert decision["subject"]["question"] == "Which river?"


async def test_consensus__when_its_time_is_over__is_closed_by_whoever_looks(world: World) -> None:
    headers = await sign_in(world)
    name = (await consensus(world, headers, terms=terms(world))).json()["proposal"]
    await consensus(world, headers, proposal=name, ballots=[await ballot(world, name, "ann", "Elbe")])
    world.clock.advance(601)
    looked = await world.get("/api/v1/coordination/decisions", proposal=name)
    assert looked["items"][0]["status"] == "decided"  # type: ignore[index]
    require_problem(await world.http.get(f"/api/v1/coordination/decisions?proposal=0x{'0' * 64}"), 404)


async def test_consensus__with_a_delegation__counts_it_for_whom_it_names(world: World) -> None:
    headers = await sign_in(world)
    domain = world.app.state.context.ballot_domain
    given_ = Delegation(b"\x00" * 32, RING.address_of("bob"), ANN, 1)
    signed = await sign_delegation(given_, domain, RING, "bob")
    word = {
        "topic": "0x" + "00" * 32,
        "giver": encode_hex(signed.giver),
        "to": encode_hex(signed.to),
        "sequence": 1,
        "signature": encode_hex(signed.signature),
    }
    name = (await consensus(world, headers, terms=terms(world, delegations=[word]))).json()["proposal"]
    stands = await consensus(world, headers, proposal=name, ballots=[await ballot(world, name, "ann", "Rhine")])
    assert stands.json()["tally"]["Rhine"] == 2
    forged = {**word, "giver": encode_hex(RING.address_of("cy"))}
    require_problem(await consensus(world, headers, terms=terms(world, delegations=[forged])), 422)


@pytest.mark.parametrize(
    "changes",
    [
        {"rule": "dice"},
        {"options": ["one"]},
        {"options": ["same", "same"]},
        {"rule": "median"},
        {"weights": {}},
        {"weights": {"0x" + "01" * 20: 0}},
        {"closes_at": 1},
        {"closes_at": 2**52},
        {"rule": "weighted", "threshold_bps": 0, "quorum_bps": 10_001},
    ],
)
async def test_consensus__on_terms_that_cannot_be_counted__is_refused(world: World, changes: dict[str, Any]) -> None:
    headers = await sign_in(world)
    require_problem(await consensus(world, headers, terms=terms(world, **changes)), 422)


async def test_consensus__by_a_stranger_or_with_a_false_ballot__is_refused(world: World) -> None:
    require_problem(await consensus(world, {}, terms=terms(world)), 401)
    headers = await sign_in(world)
    name = (await consensus(world, headers, terms=terms(world))).json()["proposal"]
    forged = {**await ballot(world, name, "eve", "Elbe"), "voter": encode_hex(ANN)}
    outsider = await ballot(world, name, "eve", "Elbe")
    for wrong in (forged, outsider):
        require_problem(await consensus(world, headers, proposal=name, ballots=[wrong]), 422)
    require_problem(await consensus(world, headers, proposal="0x" + "00" * 32), 422)
    require_problem(await consensus(world, headers), 422)
    keys = ApiKeys(world.database, world.clock)
    _, text = await keys.create("voter", [DECIDE])
    assert (await consensus(world, {"x-api-key": text}, proposal=name)).status_code == 200
    _, weak = await keys.create("mute", [REGISTER])
    require_problem(await consensus(world, {"x-api-key": weak}, proposal=name), 403)


@pytest.mark.parametrize(("rule", "choices", "winner"), [
    ("super-majority", ["Elbe"] * 3, "Elbe"),
    ("unanimity", ["Elbe"] * 3, "Elbe"),
    ("weighted", ["Elbe"] * 3, "Elbe"),
    ("approval", ["Elbe"] * 3, "Elbe"),
    ("instant-runoff", ["Rhine"] * 3, "Rhine"),
    ("condorcet", ["Rhine"] * 3, "Rhine"),
    ("median", ["1", "2", "9"], "2"),
])  # fmt: skip
async def test_consensus__by_every_rule__comes_to_an_end(
    world: World, rule: str, choices: list[str], winner: str
) -> None:
    headers = await sign_in(world)
    options = {} if rule != "median" else {"options": []}
    name = (await consensus(world, headers, terms=terms(world, rule=rule, **options))).json()["proposal"]
    ballots = [
        await ballot(world, name, key, choice) for key, choice in zip(("ann", "bob", "cy"), choices, strict=True)
    ]
    done = (await consensus(world, headers, proposal=name, ballots=ballots)).json()
    assert (done["status"], done["winner"]) == ("decided", winner)


# --- anything


WRITES = [
    "/api/v1/auth/challenge",
    "/api/v1/auth/token",
    "/api/v1/agents/register",
    f"/api/v1/agents/writer@{encode_hex(ANN)}/message",
    f"/api/v1/agents/writer@{encode_hex(ANN)}/mail/taken",
    "/api/v1/coordination/consensus",
]
anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("path", WRITES)
async def test_write__given_anything_that_its_schema_nearly_allows__is_answered_as_declared(
    world: World, path: str
) -> None:
    """Bodies are drawn from the route's own OpenAPI schema, with parts of them replaced by anything."""
    document = (await world.http.get("/api/openapi.json")).json()
    route = path.replace(f"writer@{encode_hex(ANN)}", "{agent_id}")
    declared = {int(code) for code in document["paths"][route]["post"]["responses"]} | {415}
    schema = document["paths"][route]["post"]["requestBody"]["content"]["application/json"]["schema"]
    headers = await sign_in(world)
    await register(world, headers)
    bodies: list[Any] = []

    @given(nearly(schema, document["components"]["schemas"]))
    def draw(body: Any) -> None:
        bodies.append(body)

    draw()
    object.__setattr__(world.app.state.context.door, "_quotas", Free())
    for body in bodies:
        answer = await world.http.post(path, content=json.dumps(body).encode(), headers=headers)
        assert answer.status_code in declared, (answer.status_code, answer.text, body)
        if answer.status_code >= 400:
            require_problem(answer, answer.status_code)


class Free:
    """Lets everybody ask as often as they like."""

    def take(self, _name: str) -> float:
        return 0.0


def nearly(schema: dict[str, Any], parts: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values of a JSON schema, and anything in the place of some."""
    while "$ref" in schema:
        schema = parts[schema["$ref"].rpartition("/")[2]]
    return st.one_of(_exactly(schema, parts), _exactly(schema, parts), anything)


def _exactly(schema: dict[str, Any], parts: dict[str, Any]) -> st.SearchStrategy[Any]:
    if "anyOf" in schema:
        return st.one_of([nearly(part, parts) for part in schema["anyOf"]])
    kind = schema.get("type")
    if kind == "object":
        fields = schema.get("properties", {})
        if not fields:
            return st.dictionaries(st.text(max_size=50), anything, max_size=3)
        needed = {name: nearly(part, parts) for name, part in fields.items() if name in schema.get("required", ())}
        others = {name: nearly(part, parts) for name, part in fields.items() if name not in needed}
        return st.fixed_dictionaries(needed, optional=others)
    if kind == "array":
        return st.lists(nearly(schema.get("items", {}), parts), max_size=3)
    if kind == "string":
        return st.from_regex(schema["pattern"]) if "pattern" in schema else st.text(max_size=30)
    if kind == "integer":
        return st.integers(schema.get("minimum", -5), schema.get("maximum", 2**31))
    if kind == "number":
        return st.floats(0, 1)
    return anything


def test_principal__without_a_scope__may_not() -> None:
    with pytest.raises(Exception, match="lacks the scope"):
        Principal("key:1", frozenset()).require(MESSAGE)
