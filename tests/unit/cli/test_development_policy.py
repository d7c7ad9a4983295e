"""The generated policy allows what the local market needs, and no more."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents_offchain.chain.contract_abi import load_abi
from agents_offchain.chain.errors import SignerRefused
from agents_offchain.chain.market_plan import CREATE2_PROXY, SALT, deployment_plan
from agents_offchain.chain.proxies.job_escrow import HireTerms, hire_calldata, submit_calldata
from agents_offchain.chain.proxies.result_oracle import settle_calldata
from agents_offchain.chain.proxies.token import approve_calldata, mint_calldata
from agents_offchain.chain.signer.judge import Judge
from agents_offchain.chain.signer.policy import parse_policy
from agents_offchain.chain.signer.requests import SignTransaction, decode_request, encode_request
from agents_offchain.cli.development import DEVELOPMENT_KEYS
from agents_offchain.cli.development_policy import development_policy, ensure_development_policy
from agents_offchain.cli.market import local_plan
from agents_offchain.primitives.hexes import encode_hex
from agents_offchain.primitives.units import AgentId, TokenUnits

pytestmark = pytest.mark.unit
ADDRESSES = {name: bytes([number + 1]) * 20 for number, name in enumerate(DEVELOPMENT_KEYS)}
PLAN = deployment_plan(local_plan(ADDRESSES))
ESCROW, TOKEN, ORACLE = (PLAN.contracts[name] for name in ("JobEscrow", "TestDollar", "ResultOracle"))
HIRE = hire_calldata(
    HireTerms(
        provider=ADDRESSES["agent"],
        policy_id=1,
        budget=TokenUnits(1_500_000),
        expired_at=2_000_000_000,
        agent_id=AgentId(0),
        listing_id=1,
        description="ipfs://x",
    )
)


def is_allowed(key: str, to: bytes, data: bytes, chain_id: int = 31337) -> bool:
    fields = {
        "chainId": chain_id,
        "nonce": 0,
        "to": encode_hex(to),
        "value": 0,
        "data": encode_hex(data),
        "gas": 6_000_000,
        "maxFeePerGas": 10**10,
        "maxPriorityFeePerGas": 10**9,
    }
    request = decode_request(encode_request(SignTransaction(key, fields)))
    assert isinstance(request, SignTransaction)
    try:
        Judge(parse_policy(development_policy(ADDRESSES)), lambda _name: None).transaction(key, ADDRESSES[key], request)
    except SignerRefused:
        return False
    return True


STAKE = load_abi("ReporterStake").encode_call("stakeFor", ADDRESSES["reporter-1"], 100_000_000)
NEEDED = [
    *(("deployer", step.maker, step.data) for step in PLAN.steps),
    ("deployer", TOKEN, approve_calldata(PLAN.contracts["ReporterStake"], 300_000_000)),
    ("deployer", PLAN.contracts["ReporterStake"], STAKE),
    ("agent", ESCROW, submit_calldata(1, b"\1" * 32)),
    ("agent", ADDRESSES["agent"], b""),
    ("client", TOKEN, mint_calldata(ADDRESSES["client"], 100_000_000)),
    ("client", TOKEN, approve_calldata(ESCROW, 1_500_000)),
    ("client", ESCROW, HIRE),
    ("keeper", ORACLE, settle_calldata([1, 2])),
]


def test_policy__allows_each_key_its_duty_and_no_other_key(tmp_path: Path) -> None:
    for key, to, data in NEEDED:
        allowed = {name for name in DEVELOPMENT_KEYS if is_allowed(name, to, data)}
        assert allowed == {key}, (key, data[:4].hex())
        assert not is_allowed(key, to, data, chain_id=1)


def test_policy__allows_no_key_to_give_money_away() -> None:
    token = load_abi("TestDollar")
    for key in DEVELOPMENT_KEYS:
        assert not is_allowed(key, TOKEN, token.encode_call("transfer", bytes([9]) * 20, 1))
        assert not is_allowed(key, TOKEN, approve_calldata(bytes([9]) * 20, 1))
        assert not is_allowed(key, TOKEN, approve_calldata(ESCROW, 2**255))
        assert not is_allowed(key, CREATE2_PROXY, SALT + b"\x60\x00")


def test_ensure_development_policy__writes_a_private_file_and_mends_only_its_own(tmp_path: Path) -> None:
    file = ensure_development_policy(tmp_path, ADDRESSES)
    first = file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    others = {**ADDRESSES, "deployer": b"\x77" * 20}
    assert ensure_development_policy(tmp_path, others).read_text() != first, "as it was written: written anew"
    assert ensure_development_policy(tmp_path, ADDRESSES).read_text() == first
    file.write_text(first + "# mine\n")
    assert ensure_development_policy(tmp_path, others).read_text() == first + "# mine\n"
