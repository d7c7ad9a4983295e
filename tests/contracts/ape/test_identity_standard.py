"""ERC-8004 identity 2.0.0: selectors, topics, order of events and behaviour, by facts copied from the text (D1)."""

from __future__ import annotations

from typing import Any

import ape
import pytest
from ape import chain
from eth_utils.crypto import keccak

from tests.contracts.ape.conftest import Market, People, domain_of, sign_typed

SELECTORS = {
    "register()": "1aa3a008",
    "register(string)": "f2c298be",
    "register(string,(string,bytes)[])": "8ea42286",
    "setAgentURI(uint256,string)": "0af28bd3",
    "setAgentWallet(uint256,address,uint256,bytes)": "2d1ef5ae",
    "unsetAgentWallet(uint256)": "3fddcf19",
    "getAgentWallet(uint256)": "00339509",
    "getMetadata(uint256,string)": "cb4799f2",
    "setMetadata(uint256,string,bytes)": "466648da",
    "isAuthorizedOrOwner(address,uint256)": "d95e72be",
}
REGISTERED = "ca52e62c367d81bb2e328eb795f7c7ba24afb478408a26c0e201d155c449bc4a"
METADATA_SET = "2c149ed548c6d2993cd73efe187df6eccabe4538091b33adbd25fafdb8a1468b"
URI_UPDATED = "3a2c7fffc2cba7582c690e3b82c453ea02a308326a98a3ad7576c606336409fb"
TRANSFER = keccak(text="Transfer(address,address,uint256)").hex()
METADATA_UPDATE = keccak(text="MetadataUpdate(uint256)").hex()
WALLET_TYPEHASH = "678b53cd718d595370ab070ebf48edfdcd834beac116bf23e625fc7f4d5b7d32"
WALLET_TYPES = {
    "AgentWalletSet": [
        {"name": "agentId", "type": "uint256"},
        {"name": "newWallet", "type": "address"},
        {"name": "owner", "type": "address"},
        {"name": "deadline", "type": "uint256"},
    ]
}


def topics_of(receipt: Any) -> list[str]:
    return [bytes(log["topics"][0]).hex() for log in receipt.logs]


@pytest.fixture
def agent_id(market: Market, people: People) -> int:
    market.registry.register("https://agent.example/1", sender=people.provider)
    return int(market.registry.agentCount()) - 1


@pytest.mark.parametrize(("signature", "selector"), SELECTORS.items())
def test_identity_abi__when_listed__has_the_standards_selector(market: Market, signature: str, selector: str) -> None:
    assert keccak(text=signature)[:4].hex() == selector
    methods = {*market.registry.contract_type.mutable_methods, *market.registry.contract_type.view_methods}
    assert selector in {method.selector and keccak(text=method.selector)[:4].hex() for method in methods}


def test_identity_abi__when_asked__supports_the_standards_interfaces(market: Market) -> None:
    for interface_id in ("01ffc9a7", "80ac58cd", "5b5e139f", "49064906"):
        assert market.registry.supportsInterface(bytes.fromhex(interface_id))
    assert not market.registry.supportsInterface(bytes.fromhex("ffffffff"))
    assert market.registry.getVersion() == "2.0.0"
    assert (market.registry.name(), market.registry.symbol()) == ("AgentIdentity", "AGENT")


def test_register__given_no_agent__the_first_id_is_0(market: Market, people: People) -> None:
    assert market.registry.agentCount() == 0
    receipt = market.registry.register(sender=people.provider)
    assert topics_of(receipt) == [TRANSFER, REGISTERED, METADATA_SET]
    assert market.registry.ownerOf(0) == people.provider
    assert market.registry.tokenURI(0) == ""


def test_register__with_uri_and_metadata__emits_in_the_standards_order(market: Market, people: People) -> None:
    receipt = market.registry.register("ipfs://x", [("skill", b"images"), ("lang", b"en")], sender=people.provider)
    assert topics_of(receipt) == [TRANSFER, METADATA_UPDATE, REGISTERED, METADATA_SET, METADATA_SET, METADATA_SET]
    agent_id = market.registry.agentCount() - 1
    assert market.registry.getMetadata(agent_id, "skill") == b"images"
    assert market.registry.getMetadata(agent_id, "lang") == b"en"
    assert market.registry.getMetadata(agent_id, "none") == b""
    assert market.registry.getMetadata(agent_id, "agentWallet") == bytes.fromhex(people.provider.address[2:])
    assert market.registry.getAgentWallet(agent_id) == people.provider


def test_register__with_the_reserved_key__reverts(market: Market, people: People) -> None:
    with ape.reverts(market.registry.AgentRegistry_ReservedKey):
        market.registry.register("", [("agentWallet", b"x")], sender=people.provider)


def test_set_uri__by_owner__reads_back_and_tells(market: Market, people: People, agent_id: int) -> None:
    receipt = market.registry.setAgentURI(agent_id, "https://agent.example/2", sender=people.provider)
    assert topics_of(receipt) == [METADATA_UPDATE, URI_UPDATED]
    assert market.registry.tokenURI(agent_id) == "https://agent.example/2"
    with ape.reverts(market.registry.AgentRegistry_NotAuthorized):
        market.registry.setAgentURI(agent_id, "x", sender=people.stranger)


def test_set_metadata__by_owner_only__reads_back(market: Market, people: People, agent_id: int) -> None:
    receipt = market.registry.setMetadata(agent_id, "k", b"v", sender=people.provider)
    assert topics_of(receipt) == [METADATA_SET]
    assert bytes(receipt.logs[0]["topics"][2]) == keccak(text="k")
    assert market.registry.getMetadata(agent_id, "k") == b"v"
    with ape.reverts(market.registry.AgentRegistry_NotAuthorized):
        market.registry.setMetadata(agent_id, "k", b"w", sender=people.stranger)
    with ape.reverts(market.registry.AgentRegistry_ReservedKey):
        market.registry.setMetadata(agent_id, "agentWallet", b"w", sender=people.provider)


def test_is_authorized__for_owner_approved_operator__is_true(market: Market, people: People, agent_id: int) -> None:
    registry = market.registry
    assert registry.isAuthorizedOrOwner(people.provider, agent_id)
    assert not registry.isAuthorizedOrOwner(people.stranger, agent_id)
    registry.approve(people.stranger, agent_id, sender=people.provider)
    assert registry.isAuthorizedOrOwner(people.stranger, agent_id)
    registry.setApprovalForAll(people.client, True, sender=people.provider)
    assert registry.isAuthorizedOrOwner(people.client, agent_id)
    with ape.reverts(registry.ERC721NonexistentToken):
        registry.isAuthorizedOrOwner(people.provider, 999)


def test_wallet__when_transferred__is_cleared_before_the_transfer(
    market: Market, people: People, agent_id: int
) -> None:
    receipt = market.registry.transferFrom(people.provider, people.stranger, agent_id, sender=people.provider)
    assert topics_of(receipt) == [METADATA_SET, TRANSFER]
    assert market.registry.getAgentWallet(agent_id) == "0x" + "00" * 20
    assert market.registry.getMetadata(agent_id, "agentWallet") == b""


def wallet_consent(market: Market, people: People, agent_id: int, **changes: Any) -> tuple[int, bytes]:
    """(deadline, signature) by the stranger's wallet."""
    message = {
        "agentId": agent_id,
        "newWallet": people.stranger.address,
        "owner": people.provider.address,
        "deadline": chain.pending_timestamp + 200,
        **changes,
    }
    domain = domain_of("ERC8004IdentityRegistry", market.registry.address)
    return message["deadline"], sign_typed(people.stranger, domain, WALLET_TYPES, message)


def test_set_wallet__with_its_consent__is_paid_there(market: Market, people: People, agent_id: int) -> None:
    fields = ",".join(f"{field['type']} {field['name']}" for field in WALLET_TYPES["AgentWalletSet"])
    assert keccak(text=f"AgentWalletSet({fields})").hex() == WALLET_TYPEHASH
    deadline, signature = wallet_consent(market, people, agent_id)
    receipt = market.registry.setAgentWallet(agent_id, people.stranger, deadline, signature, sender=people.provider)
    assert topics_of(receipt) == [METADATA_SET]
    assert market.registry.getAgentWallet(agent_id) == people.stranger
    market.registry.unsetAgentWallet(agent_id, sender=people.provider)
    assert market.registry.getAgentWallet(agent_id) == "0x" + "00" * 20


@pytest.mark.parametrize("changes", [{"agentId": 999}, {"owner": "0x" + "11" * 20}, {"newWallet": "0x" + "22" * 20}])
def test_set_wallet__with_consent_to_other_terms__reverts(
    market: Market, people: People, agent_id: int, changes: dict[str, Any]
) -> None:
    deadline, signature = wallet_consent(market, people, agent_id, **changes)
    with ape.reverts(market.registry.AgentRegistry_WalletSignatureInvalid):
        market.registry.setAgentWallet(agent_id, people.stranger, deadline, signature, sender=people.provider)


def test_set_wallet__out_of_its_time__reverts(market: Market, people: People, agent_id: int) -> None:
    now = chain.pending_timestamp
    deadline, signature = wallet_consent(market, people, agent_id, deadline=now - 10)
    with ape.reverts(market.registry.AgentRegistry_ConsentExpired):
        market.registry.setAgentWallet(agent_id, people.stranger, deadline, signature, sender=people.provider)
    deadline, signature = wallet_consent(market, people, agent_id, deadline=now + 1_000)
    with ape.reverts(market.registry.AgentRegistry_DeadlineTooFar):
        market.registry.setAgentWallet(agent_id, people.stranger, deadline, signature, sender=people.provider)


def test_set_wallet__by_a_stranger_or_to_zero__reverts(market: Market, people: People, agent_id: int) -> None:
    deadline, signature = wallet_consent(market, people, agent_id)
    with ape.reverts(market.registry.AgentRegistry_NotAuthorized):
        market.registry.setAgentWallet(agent_id, people.stranger, deadline, signature, sender=people.stranger)
    with ape.reverts(market.registry.AgentRegistry_WalletIsZero):
        market.registry.setAgentWallet(agent_id, "0x" + "00" * 20, deadline, signature, sender=people.provider)


def test_set_wallet__to_a_contract_wallet__follows_erc1271(
    market: Market, people: People, agent_id: int, project: Any
) -> None:
    wallet = people.owner.deploy(project.ContractWallet, people.stranger)
    deadline, signature = wallet_consent(market, people, agent_id, newWallet=wallet.address)
    market.registry.setAgentWallet(agent_id, wallet, deadline, signature, sender=people.provider)
    assert market.registry.getAgentWallet(agent_id) == wallet


def test_domain__when_asked__is_the_standards(market: Market) -> None:
    domain = market.registry.eip712Domain()
    assert (domain.name, domain.version) == ("ERC8004IdentityRegistry", "1")
    assert (domain.chainId, domain.verifyingContract) == (chain.chain_id, market.registry.address)
