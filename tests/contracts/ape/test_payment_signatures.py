"""What eth-account and viem sign is what the contracts verify: jobs, verdicts, desks, payments, ballots (D1, S1)."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ape import accounts, chain, project
from eth_account.messages import _hash_eip191_message, encode_typed_data
from eth_utils.crypto import keccak

from tests.contracts.ape.conftest import Market

REPO_ROOT = Path(__file__).resolve().parents[3]
VIEM = REPO_ROOT / "frontend" / "node_modules" / "viem"
VIEM_SCRIPT = """
const { hashTypedData } = await import(process.argv[1]);
const revive = (_, value) => (/^[0-9]+n$/.test(value) ? BigInt(value.slice(0, -1)) : value);
const cases = JSON.parse(process.argv[2], revive);
console.log(JSON.stringify(cases.map((entry) => hashTypedData(entry))));
"""
PAYER, PAYEE = "0x" + "11" * 20, "0x" + "22" * 20
TOKEN = "0x" + "33" * 20
PURPOSE = "0x" + "44" * 32


def fields(text: str) -> list[dict[str, str]]:
    """`type name` pairs of an EIP-712 struct."""
    return [dict(zip(("type", "name"), pair.split(), strict=True)) for pair in text.split(",")]


@pytest.fixture(scope="module")
def channels() -> Any:
    return accounts.test_accounts[0].deploy(project.PaymentChannels)


@pytest.fixture(scope="module")
def splitter() -> Any:
    return accounts.test_accounts[0].deploy(project.RevenueSplitter, PAYEE)


@pytest.fixture(scope="module")
def ledger() -> Any:
    return accounts.test_accounts[0].deploy(project.DecisionLedger, PAYER, PAYEE, TOKEN)


@pytest.fixture(scope="module")
def market_cases(market: Market) -> list[tuple[dict[str, Any], bytes]]:
    """What parties, reporters and providers sign about jobs."""
    quotes = accounts.test_accounts[0].deploy(project.QuoteDesk, market.escrow)
    works = accounts.test_accounts[0].deploy(project.WorkDesk, market.escrow)
    word = bytes.fromhex(PURPOSE[2:])
    verdict = (7, 2**31, word, keccak(text="report"), 88, 1)
    rows = [keccak(text="head"), word, keccak(text="report")]
    quote = (PAYER, PAYEE, 2, 2**95, 600, 2**200, 9, word, 2**63, 2**31)
    return [
        flat_case(
            market.escrow,
            "cancelDigest",
            "Cancel(uint256 jobId,uint96 providerAmount,uint256 deadline)",
            (7, 2**95, 2**255),
        ),
        flat_case(
            market.escrow,
            "acceptanceDigest",
            "Acceptance(uint256 jobId,address provider,uint96 budget,bytes32 deliverable,uint256 deadline)",
            (7, PAYEE, 2**95, word, 2**255),
        ),
        flat_case(
            market.oracle,
            "verdictDigest",
            "Verdict(uint256 jobId,uint32 submittedAt,bytes32 deliverable,bytes32 reportHash,uint8 score,uint32 epoch)",
            verdict,
            is_struct=True,
        ),
        (
            typed(
                market.oracle,
                "AITBC ResultOracle",
                {"VerdictBatch": fields("bytes32[] rows,uint32 epoch")},
                {"rows": ["0x" + row.hex() for row in rows], "epoch": 1},
            ),
            market.oracle.batchDigest(rows, 1),
        ),
        flat_case(
            quotes,
            "quoteDigest",
            "Quote(address provider,address client,uint32 policyId,uint96 price,uint32 workSeconds,uint256 agentId,"
            "uint256 listingId,bytes32 requestHash,uint64 nonce,uint32 validBefore)",
            quote,
            is_struct=True,
        ),
        flat_case(
            works, "reassignDigest", "Reassign(uint256 jobId,address provider,uint256 deadline)", (7, PAYEE, 2**255)
        ),
    ]


def flat_case(
    contract: Any, function: str, struct: str, values: tuple[Any, ...], *, is_struct: bool = False
) -> tuple[dict[str, Any], bytes]:
    """Typed data of a struct without nesting, and the digest that a view function gives for the same values."""
    name, _, inner = struct.removesuffix(")").partition("(")
    members = fields(inner)
    shown = [f"0x{value.hex()}" if isinstance(value, bytes) else value for value in values]
    message = dict(zip((member["name"] for member in members), shown, strict=True))
    digest = getattr(contract, function)(values) if is_struct else getattr(contract, function)(*values)
    return typed(contract, f"AITBC {contract.contract_type.name}", {name: members}, message), digest


@pytest.fixture(scope="module")
def cases(
    market_cases: list[tuple[dict[str, Any], bytes]], channels: Any, splitter: Any, ledger: Any
) -> list[tuple[dict[str, Any], bytes]]:
    """Typed data and the digest that the contract computes for it."""
    channel_id = "0x" + keccak(text="channel").hex()
    order = (PAYER, PAYEE, TOKEN, 2**95, 2**63 + 5, 2**31, bytes.fromhex(PURPOSE[2:]))
    payment = (bytes.fromhex(PURPOSE[2:]), TOKEN, 10**12, 7, 2**31)
    agreement = (PAYER, bytes.fromhex(PURPOSE[2:]), 9, [(PAYEE, 6_000), (TOKEN, 4_000)])
    order_names = ("payer", "payee", "token", "amount", "nonce", "validBefore", "purpose")
    payment_names = ("agreementId", "token", "amount", "nonce", "validBefore")
    return [
        *market_cases,
        (
            typed(
                channels,
                "AITBC PaymentChannels",
                {"Voucher": fields("bytes32 channelId,uint96 cumulative")},
                {"channelId": channel_id, "cumulative": 2**96 - 1},
            ),
            channels.voucherDigest(keccak(text="channel"), 2**96 - 1),
        ),
        (
            typed(
                channels,
                "AITBC PaymentChannels",
                {
                    "Order": fields(
                        "address payer,address payee,address token,uint96 amount,uint64 nonce,"
                        "uint32 validBefore,bytes32 purpose"
                    )
                },
                dict(zip(order_names, (*order[:-1], PURPOSE), strict=True)),
            ),
            channels.orderDigest(order),
        ),
        (
            typed(
                splitter,
                "AITBC RevenueSplitter",
                {"Payment": fields("bytes32 agreementId,address token,uint96 amount,uint64 nonce,uint32 validBefore")},
                dict(zip(payment_names, (PURPOSE, *payment[1:]), strict=True)),
            ),
            splitter.paymentDigest(payment),
        ),
        (
            typed(
                splitter,
                "AITBC RevenueSplitter",
                {
                    "Agreement": fields("address payer,bytes32 purpose,uint64 salt,Share[] shares"),
                    "Share": fields("address payee,uint16 bps"),
                },
                {
                    "payer": PAYER,
                    "purpose": PURPOSE,
                    "salt": 9,
                    "shares": [{"payee": PAYEE, "bps": 6_000}, {"payee": TOKEN, "bps": 4_000}],
                },
            ),
            splitter.agreementDigest(agreement),
        ),
        (
            typed(
                ledger,
                "AITBC DecisionLedger",
                {"Ballot": fields("uint256 pollId,uint8 choice")},
                {"pollId": 5, "choice": 2},
            ),
            ledger.ballotDigest(5, 2),
        ),
        (
            typed(
                ledger,
                "AITBC DecisionLedger",
                {"Decision": fields("bytes32 councilId,bytes32 digest")},
                {"councilId": PURPOSE, "digest": channel_id},
            ),
            ledger.decisionDigest(bytes.fromhex(PURPOSE[2:]), keccak(text="channel")),
        ),
    ]


def typed(contract: Any, name: str, types: dict[str, Any], message: dict[str, Any]) -> dict[str, Any]:
    """Typed data of one contract of this chain."""
    domain = {
        "name": name,
        "version": "1",
        "chainId": chain.chain_id,
        "verifyingContract": str(contract.address),
    }
    return {"domain": domain, "types": types, "primaryType": next(iter(types)), "message": message}


def with_big_integers(value: Any) -> Any:
    """The same data with integers as decimal text that ends in n, so that no digit is lost in JSON."""
    if isinstance(value, dict):
        return {key: with_big_integers(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [with_big_integers(entry) for entry in value]
    return f"{value}n" if isinstance(value, int) else value


def test_D1_digests__when_computed_by_eth_account__agree(cases: list[tuple[dict[str, Any], bytes]]) -> None:
    for data, digest in cases:
        signable = encode_typed_data(data["domain"], data["types"], data["message"])
        assert _hash_eip191_message(signable) == bytes(digest), data["primaryType"]


def test_D1_digests__when_computed_by_viem__agree(cases: list[tuple[dict[str, Any], bytes]]) -> None:
    node = shutil.which("node")
    assert node is not None, "make setup-system installs node"
    assert VIEM.is_dir(), "make setup installs the page's packages"
    data = json.dumps([with_big_integers(entry) for entry, _ in cases])
    command = [node, "--input-type=module", "-e", VIEM_SCRIPT, str(VIEM / "_esm" / "index.js"), data]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert json.loads(done.stdout) == ["0x" + bytes(digest).hex() for _, digest in cases]
