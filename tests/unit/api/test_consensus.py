"""Votes over HTTP: opened once, counted by every rule, and refused where they cannot be counted."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from agents_offchain.api.rest.access.api_keys import ApiKeys
from agents_offchain.api.rest.access.principal import DECIDE, REGISTER
from agents_offchain.coordination.decision.ballot import Ballot, sign_ballot
from agents_offchain.coordination.decision.delegation import Delegation, sign_delegation
from agents_offchain.primitives.hexes import encode_hex
from tests.unit.api.conftest import World
from tests.unit.api.signed_in import ANN, RING, sign_in
from tests.unit.api.test_hostile import require_problem

pytestmark = pytest.mark.unit


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
    (decision,) = kept["items"]
    assert decision["proposal"] == name
    assert decision["outcome"]["leaders"] == ["Elbe"]
    assert decision["subject"]["question"] == "Which river?"


async def test_consensus__when_its_time_is_over__is_closed_by_whoever_looks(world: World) -> None:
    headers = await sign_in(world)
    name = (await consensus(world, headers, terms=terms(world))).json()["proposal"]
    await consensus(world, headers, proposal=name, ballots=[await ballot(world, name, "ann", "Elbe")])
    world.clock.advance(601)
    looked = await world.get("/api/v1/coordination/decisions", proposal=name)
    assert looked["items"][0]["status"] == "decided"
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
