"""What the members certified, the contract certifies too."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agents_offchain.chain.contract_abi import load_abi
from agents_offchain.chain.devnet.anvil import DEVNET_CHAIN_ID
from agents_offchain.coordination.decision.agreement.certificate import Certificate, decision_digest, make_certificate
from agents_offchain.coordination.decision.agreement.council import ledger_domain
from agents_offchain.coordination.decision.agreement.messages import Kind, Seal
from tests.integration.devnet import OWNER, STRANGER, Devnet
from tests.unit.coordination.council_world import MEMBERS, QUESTION, quorum, sign

pytestmark = pytest.mark.integration

LEDGER = load_abi("DecisionLedger")
VALUE = b"what was agreed"


@pytest.fixture
def ledger(anvil: Devnet) -> str:
    """A ledger whose registries are never asked: certificates need none."""
    code = LEDGER.encode_constructor(*(b"\x01" * 20,) * len(LEDGER.constructor_types))
    call = {"from": anvil.accounts[OWNER], "data": "0x" + code.hex(), "gas": hex(12_000_000)}
    receipt = anvil._receipt(anvil.rpc("eth_sendTransaction", call))
    return str(receipt["contractAddress"])


def certificate_for(ledger: str, *signers: int) -> Certificate:
    question = replace(QUESTION, domain=ledger_domain(DEVNET_CHAIN_ID, bytes.fromhex(ledger[2:])))
    proof = quorum(VALUE, kind=Kind.COMMIT)
    seals = {MEMBERS[place]: sign(Seal(MEMBERS[place], proof), question).signature for place in signers}
    return make_certificate(question, VALUE, seals)


@pytest.mark.parametrize("signers", [(0, 1, 2), (0, 2, 3), (1, 2, 3)])
def test_certify__given_a_certificate__writes_the_decision_down(
    anvil: Devnet, ledger: str, signers: tuple[int, ...]
) -> None:
    certificate = certificate_for(ledger, *signers)
    council_id, digest = certificate.question.council.council_id, certificate.digest
    on_chain = anvil.call(ledger, LEDGER.encode_call("decisionDigest", council_id, digest))
    assert on_chain == decision_digest(certificate.question, digest)
    assert anvil.call(ledger, LEDGER.encode_call("certifiedAt", council_id, digest)) == bytes(32)
    anvil.send(STRANGER, ledger, LEDGER.encode_call("certify", certificate.for_ledger()))
    assert int.from_bytes(anvil.call(ledger, LEDGER.encode_call("certifiedAt", council_id, digest)), "big") > 0


def test_certify__given_another_value_under_the_seals__reverts(anvil: Devnet, ledger: str) -> None:
    forged = replace(certificate_for(ledger, 0, 1, 2), value=b"what was not")
    with pytest.raises(AssertionError, match="reverted"):
        anvil.send(STRANGER, ledger, LEDGER.encode_call("certify", forged.for_ledger()))
