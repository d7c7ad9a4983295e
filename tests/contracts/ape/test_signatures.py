"""What eth-account signs is what the contracts verify (S1, S2, S3); type hashes as in the standards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ape
import pytest
from ape import chain
from eth_utils.crypto import keccak

from agents_offchain.primitives.eip712 import VerdictMessage, oracle_domain, verdict_digest
from agents_offchain.primitives.hexes import decode_address
from tests.contracts.ape.conftest import BUDGET, Market, People, domain_of, sign_typed

AUTHORIZATION_FIELDS = [
    {"name": "from", "type": "address"},
    {"name": "to", "type": "address"},
    {"name": "value", "type": "uint256"},
    {"name": "validAfter", "type": "uint256"},
    {"name": "validBefore", "type": "uint256"},
    {"name": "nonce", "type": "bytes32"},
]
TRANSFER_TYPEHASH = "7c7c6cdb67a18743f49ec6fa9b35f50d52ed05cbed4cc592e13b44501c1a2267"
RECEIVE_TYPEHASH = "d099cc98ef71107a616c4f0f941f04c322d8e254fe26b3c6668db87aae413de8"
DOLLAR_SELECTORS = {
    "transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,uint8,bytes32,bytes32)": "e3ee160e",
    "transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)": "cf092995",
    "receiveWithAuthorization(address,address,uint256,uint256,uint256,bytes32,uint8,bytes32,bytes32)": "ef55bec6",
}
CANCEL_TYPES = {
    "Cancel": [
        {"name": "jobId", "type": "uint256"},
        {"name": "providerAmount", "type": "uint96"},
        {"name": "deadline", "type": "uint256"},
    ]
}


def test_verdict_digest__when_computed_three_ways__is_one(market: Market, submitted: int) -> None:
    submitted_at = market.escrow.jobOf(submitted).submittedAt
    message = VerdictMessage(submitted, submitted_at, b"\x01" * 32, b"\x02" * 32, 88, 1)
    ours = verdict_digest(oracle_domain(chain.chain_id, decode_address(market.oracle.address)), message)
    assert bytes(market.oracle.verdictDigest(message.values())) == ours


def test_verdict__when_one_term_is_other_than_signed__is_refused(
    market: Market, people: People, submitted: int, verdict_by: Callable[..., Any]
) -> None:
    verdict, signatures = verdict_by(submitted, 70, people.reporters[:2])
    for index, value in ((2, b"\x09" * 32), (3, b"\x09" * 32), (4, 71)):
        changed = (*verdict[:index], value, *verdict[index + 1 :])
        with ape.reverts():
            market.oracle.postVerdict(changed, signatures, sender=people.stranger)
    market.oracle.postVerdict(verdict, signatures, sender=people.stranger)


def test_verdict__when_compact_signatures__is_posted(
    market: Market, people: People, submitted: int, verdict_by: Callable[..., Any]
) -> None:
    verdict, signatures = verdict_by(submitted, 70, people.reporters)
    market.oracle.postVerdict(verdict, [compact(signature) for signature in signatures], sender=people.stranger)
    assert market.oracle.verdictOf(submitted).isPosted


def test_verdict_batch__when_signed_once_by_eth_account__posts_every_row(
    market: Market, people: People, hire: Callable[..., int]
) -> None:
    jobs = [hire() for _ in range(2)]
    rows: list[bytes] = []
    for job_id, score in zip(jobs, (88, 12), strict=True):
        market.escrow.submit(job_id, b"\x11" * 32, b"", sender=people.provider)
        submitted_at = market.escrow.jobOf(job_id).submittedAt
        head = job_id << 40 | submitted_at << 8 | score
        rows += [head.to_bytes(32, "big"), b"\x11" * 32, b"\x22" * 32]
    types = {"VerdictBatch": [{"name": "rows", "type": "bytes32[]"}, {"name": "epoch", "type": "uint32"}]}
    domain = domain_of("AITBC ResultOracle", market.oracle.address)
    message = {"rows": rows, "epoch": 1}
    signatures = [compact(sign_typed(signer, domain, types, message)) for signer in people.reporters[:2]]
    market.oracle.postVerdictBatch(rows, 1, signatures, sender=people.stranger)
    assert [market.oracle.verdictOf(job_id).score for job_id in jobs] == [88, 12]


def test_verdict__when_signers_descend__is_refused(
    market: Market, people: People, submitted: int, verdict_by: Callable[..., Any]
) -> None:
    verdict, signatures = verdict_by(submitted, 70, people.reporters[:2])
    with ape.reverts(market.oracle.ResultOracle_SignersNotAscending):
        market.oracle.postVerdict(verdict, signatures[::-1], sender=people.stranger)


def test_cancel__when_both_signed_by_eth_account__splits(
    market: Market, people: People, hire: Callable[..., int]
) -> None:
    job_id = hire()
    message = {"jobId": job_id, "providerAmount": 1_000_000, "deadline": chain.pending_timestamp + 600}
    domain = domain_of("AITBC JobEscrow", market.escrow.address)
    by_client = sign_typed(people.client, domain, CANCEL_TYPES, message)
    by_provider = compact(sign_typed(people.provider, domain, CANCEL_TYPES, message))
    before = market.token.balanceOf(people.client)
    market.escrow.cancel(*message.values(), by_client, by_provider, sender=people.stranger)
    assert market.token.balanceOf(people.client) - before == BUDGET - 1_000_000


@pytest.mark.parametrize(("signature", "selector"), DOLLAR_SELECTORS.items())
def test_dollar_abi__when_listed__has_the_standards_selector(market: Market, signature: str, selector: str) -> None:
    assert keccak(text=signature)[:4].hex() == selector
    assert signature in {method.selector for method in market.token.contract_type.mutable_methods}


def authorization(market: Market, people: People, kind: str, **changes: Any) -> tuple[dict[str, Any], bytes]:
    message = {
        "from": people.client.address,
        "to": people.provider.address,
        "value": 5,
        "validAfter": 0,
        "validBefore": chain.pending_timestamp + 600,
        "nonce": b"\x07" * 32,
        **changes,
    }
    domain = domain_of("Test Dollar", market.token.address)
    return message, sign_typed(people.client, domain, {kind: AUTHORIZATION_FIELDS}, message)


def parts(signature: bytes) -> tuple[int, bytes, bytes]:
    return signature[64], signature[:32], signature[32:64]


def compact(signature: bytes) -> bytes:
    """ERC-2098: the parity of v in the top bit of s."""
    s = int.from_bytes(signature[32:64], "big") | ((signature[64] - 27) << 255)
    return signature[:32] + s.to_bytes(32, "big")


def test_transfer_with_authorization__when_carried_by_a_stranger__moves_once(market: Market, people: People) -> None:
    assert bytes(market.token.TRANSFER_WITH_AUTHORIZATION_TYPEHASH()).hex() == TRANSFER_TYPEHASH
    message, signature = authorization(market, people, "TransferWithAuthorization")
    before = market.token.balanceOf(people.provider)
    market.token.transferWithAuthorization(*message.values(), *parts(signature), sender=people.stranger)
    assert market.token.balanceOf(people.provider) - before == 5
    assert market.token.authorizationState(people.client, message["nonce"])
    with ape.reverts(market.token.TestDollar_AuthorizationSpent):
        market.token.transferWithAuthorization(*message.values(), signature, sender=people.stranger)


def test_transfer_with_authorization__when_signature_is_bytes__moves(market: Market, people: People) -> None:
    message, signature = authorization(market, people, "TransferWithAuthorization")
    market.token.transferWithAuthorization(*message.values(), signature, sender=people.stranger)
    assert market.token.authorizationState(people.client, message["nonce"])


def test_receive_with_authorization__when_carried_by_a_stranger__is_refused(market: Market, people: People) -> None:
    assert bytes(market.token.RECEIVE_WITH_AUTHORIZATION_TYPEHASH()).hex() == RECEIVE_TYPEHASH
    message, signature = authorization(market, people, "ReceiveWithAuthorization")
    with ape.reverts(market.token.TestDollar_CallerIsNotPayee):
        market.token.receiveWithAuthorization(*message.values(), *parts(signature), sender=people.stranger)
    market.token.receiveWithAuthorization(*message.values(), *parts(signature), sender=people.provider)


def test_authorization__when_out_of_its_time_or_forged__is_refused(market: Market, people: People) -> None:
    now = chain.pending_timestamp
    message, signature = authorization(market, people, "TransferWithAuthorization", validBefore=now - 1)
    with ape.reverts(market.token.TestDollar_AuthorizationExpired):
        market.token.transferWithAuthorization(*message.values(), signature, sender=people.stranger)
    message, signature = authorization(market, people, "TransferWithAuthorization", validAfter=now + 500)
    with ape.reverts(market.token.TestDollar_AuthorizationNotYetValid):
        market.token.transferWithAuthorization(*message.values(), signature, sender=people.stranger)
    message, signature = authorization(market, people, "ReceiveWithAuthorization")
    with ape.reverts(market.token.TestDollar_AuthorizationSignatureInvalid):
        market.token.transferWithAuthorization(*message.values(), signature, sender=people.stranger)


def test_authorization__when_cancelled__is_worthless(market: Market, people: People) -> None:
    message, signature = authorization(market, people, "TransferWithAuthorization")
    cancel_types = {
        "CancelAuthorization": [{"name": "authorizer", "type": "address"}, {"name": "nonce", "type": "bytes32"}]
    }
    cancel = sign_typed(
        people.client,
        domain_of("Test Dollar", market.token.address),
        cancel_types,
        {"authorizer": people.client.address, "nonce": message["nonce"]},
    )
    market.token.cancelAuthorization(people.client, message["nonce"], *parts(cancel), sender=people.stranger)
    with ape.reverts(market.token.TestDollar_AuthorizationSpent):
        market.token.transferWithAuthorization(*message.values(), signature, sender=people.stranger)


def test_permit__when_signed__sets_the_allowance(market: Market, people: People) -> None:
    types = {
        "Permit": [
            {"name": "owner", "type": "address"},
            {"name": "spender", "type": "address"},
            {"name": "value", "type": "uint256"},
            {"name": "nonce", "type": "uint256"},
            {"name": "deadline", "type": "uint256"},
        ]
    }
    message = {
        "owner": people.provider.address,
        "spender": market.escrow.address,
        "value": 9,
        "nonce": market.token.nonces(people.provider),
        "deadline": chain.pending_timestamp + 600,
    }
    signature = sign_typed(people.provider, domain_of("Test Dollar", market.token.address), types, message)
    arguments = (message["owner"], message["spender"], message["value"], message["deadline"])
    market.token.permit(*arguments, *parts(signature), sender=people.stranger)
    assert market.token.allowance(people.provider, market.escrow) == 9


def test_faucet__when_asked_for_too_much__is_refused(market: Market, people: People) -> None:
    most = market.token.MAX_MINT()
    with ape.reverts(market.token.TestDollar_MintTooBig):
        market.token.mint(people.stranger, most + 1, sender=people.stranger)
    market.token.mint(people.stranger, most, sender=people.stranger)
    assert (market.token.symbol(), market.token.decimals()) == ("tUSD", 6)
