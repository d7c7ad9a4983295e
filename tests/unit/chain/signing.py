"""Keys, policies and requests for tests of what the signer may sign."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from coincurve import PrivateKey
from eth_utils.crypto import keccak

from agents_offchain.chain.contract_abi import load_abi
from agents_offchain.chain.signer.keystore import Key
from agents_offchain.chain.signer.requests import SignTransaction, SignTyped, decode_request, encode_request
from agents_offchain.primitives.eip712 import VERDICT_FIELDS, VERDICT_TYPE, VerdictMessage, oracle_domain
from agents_offchain.primitives.hexes import encode_hex

CHAIN = 31337
TOKEN, ESCROW, ORACLE, STRANGER = (bytes([number]) * 20 for number in (0xA1, 0xB2, 0xC3, 0xD4))
GAS, FEE = 100_000, 10**9
VERDICT = VerdictMessage(7, 1_700_000_000, b"\1" * 32, b"\2" * 32, 87, 1)
POLICY = f"""
version = 1
[contracts]
TestDollar = "{encode_hex(TOKEN)}"
JobEscrow = "{encode_hex(ESCROW)}"
ResultOracle = "{encode_hex(ORACLE)}"

[keys.agent]
chains = [{CHAIN}]
wei = {{ per_call = "1e15", per_hour = "3e15", per_day = "1e16" }}
can_fill_nonces = true
deploys = ["TestDollar"]
[[keys.agent.calls]]
contract = "JobEscrow"
function = "submit"
[[keys.agent.calls]]
contract = "TestDollar"
function = "approve"
recipients = ["JobEscrow"]
amount = {{ argument = "value", per_call = "100", per_hour = "250", per_day = "1000", approve_above = "50" }}
[[keys.agent.calls]]
contract = "{encode_hex(STRANGER)}"
selector = "0xd0e30db0"
recipients = ["*"]

[keys.reporter]
chains = [{CHAIN}]
[[keys.reporter.typed]]
domain = "AITBC ResultOracle"
version = "1"
contract = "ResultOracle"
type = "Verdict({",".join(f"{kind} {name}" for name, kind in VERDICT_FIELDS)})"
"""


def make_key(name: str = "agent") -> Key:
    secret = PrivateKey(keccak(text=name))
    return Key(name, keccak(secret.public_key.format(compressed=False)[1:])[-20:], secret, CHAIN)


def call(to: bytes, data: bytes, *, key: str = "agent", nonce: int = 0, **fields: Any) -> SignTransaction:
    """A transaction as it comes out of the decoder."""
    filled = {
        "chainId": CHAIN,
        "nonce": nonce,
        "to": encode_hex(to),
        "value": 0,
        "data": encode_hex(data),
        "gas": GAS,
        "maxFeePerGas": FEE,
        "maxPriorityFeePerGas": FEE,
        **fields,
    }
    decoded = decode_request(encode_request(SignTransaction(key, filled)))
    assert isinstance(decoded, SignTransaction)
    return decoded


def submit(job_id: int = 1, **fields: Any) -> SignTransaction:
    return call(ESCROW, load_abi("JobEscrow").encode_call("submit", job_id, b"\7" * 32, b""), **fields)


def approve(amount: int, spender: bytes = ESCROW, **fields: Any) -> SignTransaction:
    return call(TOKEN, load_abi("TestDollar").encode_call("approve", spender, amount), **fields)


def verdict(key: str = "reporter", chain_id: int = CHAIN, contract: bytes = ORACLE, **changes: Any) -> SignTyped:
    request = SignTyped(key, oracle_domain(chain_id, contract), VERDICT_TYPE, VERDICT_FIELDS, VERDICT.values())
    return replace(request, **changes)


def write_policy(folder: Path, text: str = POLICY) -> Path:
    file = folder / "policy.toml"
    file.write_text(text)
    file.chmod(0o600)
    return file
