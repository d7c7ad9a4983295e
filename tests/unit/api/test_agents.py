"""Agents over HTTP: registered, listed, written to, and told of their mail as it comes."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import pytest
from fastapi import FastAPI

from agents_offchain.api.rest.agents.gateway import HostGateway
from agents_offchain.api.rest.agents.visitors import MOST_MAIL
from agents_offchain.messaging.errors import BusUnavailable
from agents_offchain.messaging.host.agent import Agent
from agents_offchain.primitives.hexes import encode_hex
from tests.unit.api.conftest import World
from tests.unit.api.signed_in import ANN, BOB, register, sign_in
from tests.unit.api.test_hostile import require_problem
from tests.unit.messaging.host_world import World as Hosts
from tests.unit.messaging.host_world import echo_agent

pytestmark = pytest.mark.unit


async def test_register__by_a_wallet__is_listed_and_says_how_to_stand_on_chain(world: World) -> None:
    headers = await sign_in(world)
    made = await register(world, headers, uri="ipfs://card")
    assert made["agent_id"] == f"writer@{encode_hex(ANN)}"
    assert made["on_chain"]["function"] == "register(string)"
    assert made["on_chain"]["data"].startswith("0x")
    listed = await world.get("/api/v1/agents/list", capability="write")
    assert [item["agent_id"] for item in listed["items"]] == [made["agent_id"]]
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
    names = [item["name"] for page in (first, second) for item in page["items"]]
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
        (agent,) = listed["items"]
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
