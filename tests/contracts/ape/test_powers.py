"""Who may call what: no role moves principal, nothing is initialised, delegated or payable by surprise (U1, U2).

The table names every function that changes state, and who may call it. A function that is not in the table fails the
test, so that a new power is written down before it ships. Behaviour behind each line is tested in the forge suites.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ABI_ROOT = Path(__file__).resolve().parents[3] / "agents_offchain" / "chain" / "abi"

ANYBODY = "anybody: pays or counts for whom it names, never for the caller"
OWN = "anybody, for its own account"
SIGNED = "anybody with the signatures of those whose money moves"
AGENT = "owner or operator of the agent"

EVALUATOR = "the evaluator of the job"
OWNER = "owner: for rows to come, never for a job or its money"

POWERS: dict[str, dict[str, str]] = {
    "JobEscrow": {
        "hire": OWN,
        "hireFor": "anybody, with its own money",
        "hireFromLedger": OWN,
        "hireWithPermit": OWN,
        "hireWithAuthorization": SIGNED,
        "createJob": OWN,
        "setProvider": "the client, once, before there is money",
        "setBudget": "client or provider, before there is money",
        "fund": "the client, with its own money",
        "submit": "the provider",
        "submitWithAcceptance": "the provider, with the client's signature",
        "handOver": "the hook of the job's row, before the work is delivered",
        "complete": EVALUATOR,
        "reject": "the evaluator of the job; the client before there is money",
        "split": EVALUATOR,
        "accept": "the client",
        "decline": "the provider: the client is refunded",
        "noShow": ANYBODY,
        "claimRefund": ANYBODY,
        "cancel": SIGNED,
        "deposit": "anybody, with its own money",
        "withdraw": OWN,
        "withdrawFor": ANYBODY,
        "registerPolicy": "anybody: terms that clients may choose",
        "retirePolicy": "owner; anybody once the fee is no longer current",
        "announceFee": OWNER,
        "allowToken": OWNER,
        "allowHook": OWNER,
        "transferOwnership": "owner",
        "acceptOwnership": "the next owner",
        "renounceOwnership": "owner",
    },
    "ServiceListings": {
        "createListing": AGENT,
        "updateListing": AGENT,
        "closeListing": AGENT,
    },
    "PaymentChannels": {
        "open": OWN,
        "topUp": OWN,
        "startClose": "the payer of the channel",
        "release": "the payee of the channel",
        "finishClose": ANYBODY,
        "claim": SIGNED,
        "claimBatch": SIGNED,
        "fillPurse": OWN,
        "announceLeaving": OWN,
        "emptyPurse": OWN,
        "settleOrder": SIGNED,
        "settleOrders": SIGNED,
        "cancelOrders": OWN,
        "withdraw": OWN,
        "withdrawFor": ANYBODY,
    },
    "RevenueSplitter": {
        "register": SIGNED,
        "split": OWN,
        "splitSigned": SIGNED,
        "cancelPayment": OWN,
        "withdrawFor": ANYBODY,
    },
    "ReputationRegistry": {
        "giveFeedback": "anybody but the agent's owner and operators",
        "giveJobFeedback": "the client of the job",
        "revokeFeedback": OWN,
        "appendResponse": OWN,
        "bindWallet": ANYBODY,
    },
    "ValidationRegistry": {
        "validationRequest": AGENT,
        "validationRequestWithBond": AGENT,
        "validationResponse": "the validator of the request",
        "reclaimBond": ANYBODY,
        "withdrawFor": ANYBODY,
    },
    "DecisionLedger": {
        "anchor": OWN,
        "certify": SIGNED,
        "delegate": OWN,
        "openPoll": OWN,
        "cast": "the voter at the place",
        "castBallots": SIGNED,
        "conclude": ANYBODY,
    },
    "MerkleClaim": {
        "claim": ANYBODY,
        "publish": "owner: only lists, never tokens",
        "transferOwnership": "owner",
        "acceptOwnership": "the next owner",
        "renounceOwnership": "owner",
    },
    "AitbcToken": {
        "approve": OWN,
        "transfer": OWN,
        "transferFrom": "anybody with the holder's allowance",
        "permit": SIGNED,
        "delegate": OWN,
        "delegateBySig": SIGNED,
        "transferWithAuthorization": SIGNED,
        "receiveWithAuthorization": SIGNED,
        "cancelAuthorization": SIGNED,
    },
}
DELEGATECALL, CALLCODE, SELFDESTRUCT = 0xF4, 0xF2, 0xFF
PUSH1, PUSH32 = 0x60, 0x7F


def compiled(name: str) -> dict[str, Any]:
    """The committed ABI file of a contract."""
    document: dict[str, Any] = json.loads((ABI_ROOT / f"{name}.json").read_text())
    return document


def opcodes(code: bytes) -> Iterator[int]:
    """Every instruction of runtime code that can be reached in order; what PUSH carries is data."""
    position = 0
    while position < len(code):
        opcode = code[position]
        yield opcode
        position += 1 + (opcode - PUSH1 + 1 if PUSH1 <= opcode <= PUSH32 else 0)


@pytest.mark.parametrize("name", POWERS)
def test_U1_functions__when_they_change_state__are_in_the_table(name: str) -> None:
    functions = [entry for entry in compiled(name)["abi"] if entry["type"] == "function"]
    changing = {entry["name"] for entry in functions if entry["stateMutability"] not in ("view", "pure")}
    assert changing == set(POWERS[name])


@pytest.mark.parametrize("name", POWERS)
def test_U2_functions__when_called_with_coins__refuse_them(name: str) -> None:
    assert [e["name"] for e in compiled(name)["abi"] if e.get("stateMutability") == "payable"] == []


@pytest.mark.parametrize("name", POWERS)
def test_U1_code__when_disassembled__delegates_and_destroys_nothing(name: str) -> None:
    found = set(opcodes(bytes.fromhex(compiled(name)["deployedBytecode"][2:])))
    assert not found & {DELEGATECALL, CALLCODE, SELFDESTRUCT}
