"""Every function that changes state, called by every role with many arguments: nobody else's principal moves (U1).

Functions and argument types come from the ABIs, so that a new function is called as soon as it exists. Arguments are
drawn from what lies about: jobs, channels, accounts, amounts, empty and foreign signatures. A call that succeeds is
sent, the victims' positions are read, and the chain goes back. What a party may do for itself is tested elsewhere.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from ape import chain, networks, project
from eth_utils.address import to_checksum_address

import scripts
from tests.contracts.ape.conftest import DELIVERABLE, Market, People

FULL = 2**256 - 1
GRACE, SALT = 3_600, 7
DEPOSIT = 50_000_000
TRIES = 12 if os.environ.get("AITBC_TEST_SIZE") == "full" else 3
LEAST_SUCCESSES = 5
SEED = 0xA17BC
CALL_GAS = 3_000_000


@dataclass(frozen=True)
class World:
    """What the roles attack, and the numbers that name the victims' things."""

    contracts: dict[str, Any]
    token: Any
    jobs: tuple[int, ...]
    channel: tuple[Any, ...]
    channel_id: bytes
    victims: tuple[Any, ...]

    def position(self, account: Any) -> int:
        """Everything that an account owns: its balance, its credits, its purse, what is locked for it."""
        escrow, channels = self.contracts["JobEscrow"], self.contracts["PaymentChannels"]
        held = self.token.balanceOf(account) + escrow.creditOf(self.token, account)
        held += channels.creditOf(self.token, account) + channels.purseOf(self.token, account).balance
        held += self.contracts["RevenueSplitter"].creditOf(self.token, account)
        held += self.contracts["ValidationRegistry"].creditOf(account)
        for job_id in self.jobs:
            job = escrow.jobOf(job_id)
            held += job.budget if job.client == account.address and job.status in (1, 2) else 0
        state = channels.channelOf(self.channel_id)
        return int(held + (state.deposit - state.claimed if self.channel[0] == account.address else 0))

    def positions(self) -> list[int]:
        return [self.position(victim) for victim in self.victims]


@pytest.fixture(scope="module")
def world(market: Market, people: People) -> Iterator[World]:
    """A client with a funded and a submitted job, a channel, a purse, and allowances without bounds."""
    snapshot = chain.snapshot()
    owner, client, provider = people.owner, people.client, people.provider
    channels = owner.deploy(project.PaymentChannels)
    splitter = owner.deploy(project.RevenueSplitter, people.treasury)
    validation = owner.deploy(project.ValidationRegistry, market.registry, market.token)
    contracts = {name: scripts.contract(name, address) for name, address in market.document["contracts"].items()}
    contracts |= {"PaymentChannels": channels, "RevenueSplitter": splitter, "ValidationRegistry": validation}
    # The faucet of play money mints for anybody, and so it may.
    del contracts["TestDollar"]
    for contract in contracts.values():
        for account in (client, provider, *attackers(people)):
            market.token.approve(contract, FULL, sender=account)
    for account in (provider, *attackers(people)):
        market.token.mint(account, DEPOSIT, sender=account)
    jobs = tuple(hire(market, client, provider) for _ in range(2))
    market.escrow.submit(jobs[1], DELIVERABLE, b"", sender=provider)
    channel = (client.address, provider.address, market.token.address, GRACE, SALT)
    channels.open(provider, market.token, GRACE, SALT, DEPOSIT, sender=client)
    channels.fillPurse(market.token, client, DEPOSIT, sender=client)
    yield World(contracts, market.token, jobs, channel, channels.channelIdOf(channel), (client, provider))
    chain.restore(snapshot)


def attackers(people: People) -> tuple[Any, ...]:
    """Who tries; each has money of its own, so that whatever costs something is tried too."""
    return (people.owner, people.treasury, people.reporters[0], people.stranger)


def hire(market: Market, client: Any, provider: Any) -> int:
    tail = market.escrow.tailOf(market.document["policyId"])
    terms = (
        provider.address,
        market.document["policyId"],
        2_000_003,
        chain.pending_timestamp + tail + 6_000,
        FULL,
        1,
        "ipfs://request",
    )
    market.escrow.hire(terms, sender=client)
    return int(market.escrow.jobCount())


def changing(contract: Any) -> list[Any]:
    """The functions of a contract that change state."""
    return [entry for entry in contract.contract_type.mutable_methods if entry.name]


class Drawer:
    """Draws values for ABI types from what lies about; the same seed, the same values."""

    def __init__(self, world: World, people: People, caller: Any, seed: int) -> None:
        self.choose = random.Random(seed)
        self.world = world
        accounts = [people.client, people.provider, people.owner, people.treasury, caller, people.stranger]
        self.addresses = [account.address for account in accounts] + [world.token.address]
        self.addresses += [contract.address for contract in world.contracts.values()]
        self.numbers = [*world.jobs, *world.jobs, 0, 1, 2, 7, 1_000_000, 2_000_003, chain.pending_timestamp + 10**6]

    def argument(self, part: Any) -> Any:
        """A value for an input, a field of a struct, or a list of either."""
        kind = str(part.canonical_type)
        if (part.internal_type or "").endswith("Channel") and self.choose.random() < 0.7:
            return self.world.channel
        count = self.choose.choice((0, 1, 1, 2, 3)) if kind.endswith("[]") else 1
        if part.components:
            values = [tuple(self.argument(field) for field in part.components) for _ in range(count)]
        else:
            values = [self.scalar(kind.removesuffix("[]")) for _ in range(count)]
        return values if kind.endswith("[]") else values[0]

    def scalar(self, kind: str) -> Any:
        pools: dict[str, tuple[Any, ...] | list[Any]] = {
            "address": self.addresses,
            "bool": (True, False),
            "string": ("", "ipfs://x"),
            "bytes": (b"", self.choose.randbytes(64), self.choose.randbytes(65)),
        }
        if kind in pools:
            return self.choose.choice(pools[kind])
        if kind.endswith("[]"):
            return [self.scalar(kind[:-2]) for _ in range(2)]
        if kind.startswith("bytes"):
            return self.choose.choice((self.world.channel_id, DELIVERABLE, bytes(32)))[: int(kind[5:])]
        bits = int(kind.removeprefix("u").removeprefix("int"))
        return self.choose.choice(self.numbers) % 2 ** (bits - (not kind.startswith("u")))


def attacks(world: World, people: People, caller: Any) -> Iterator[tuple[str, Any, bytes]]:
    """Label, contract and calldata of every call that a role tries."""
    for name, contract in world.contracts.items():
        for number, entry in enumerate(changing(contract)):
            for attempt in range(TRIES):
                drawer = Drawer(world, people, caller, SEED + 1_000 * number + attempt)
                values = [drawer.argument(part) for part in entry.inputs]
                data = networks.ethereum.encode_transaction(contract.address, entry, *values).data
                yield f"{name}.{entry.selector} {values}", contract, bytes(data)


def rpc(method: str, *parameters: Any) -> dict[str, Any]:
    answer: dict[str, Any] = networks.provider.web3.provider.make_request(method, list(parameters))  # type: ignore[assignment]
    return answer


@pytest.mark.parametrize("role", ["owner", "treasury", "reporter", "stranger"])
def test_U1_roles__when_calling_every_function__move_nobody_elses_principal(
    world: World, people: People, role: str
) -> None:
    caller = people.reporters[0] if role == "reporter" else getattr(people, role)
    before = world.positions()
    succeeded = set()
    for label, contract, data in attacks(world, people, caller):
        call = {
            "from": caller.address,
            "to": to_checksum_address(contract.address),
            "data": "0x" + data.hex(),
            "gas": hex(CALL_GAS),
        }
        if "error" in rpc("eth_call", call, "latest"):
            continue
        succeeded.add(label.split("(")[0])
        snapshot = rpc("evm_snapshot")["result"]
        assert "result" in rpc("eth_sendTransaction", call), label
        after = world.positions()
        rpc("evm_revert", snapshot)
        assert all(now >= then for now, then in zip(after, before, strict=True)), (
            f"{role}: {label}: {before} -> {after}"
        )
    assert len(succeeded) > LEAST_SUCCESSES, (
        f"the calls of the {role} are no attack: only {sorted(succeeded)} went through"
    )


def test_U1_positions__when_a_party_pays_by_itself__show_it(world: World, people: People) -> None:
    before = world.positions()
    snapshot = chain.snapshot()
    world.contracts["JobEscrow"].accept(world.jobs[1], sender=people.client)
    client, provider = world.positions()
    chain.restore(snapshot)
    assert client < before[0]
    assert provider > before[1]
