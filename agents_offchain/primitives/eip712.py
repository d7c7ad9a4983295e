"""The typed data that our contracts verify (EIP-712), as values and as digests.

Signing happens in the signer process; this module only says what is signed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak

Field = tuple[str, str]
"""(name, solidity type), static types only."""

VERDICT_FIELDS: tuple[Field, ...] = (
    ("jobId", "uint256"),
    ("submittedAt", "uint32"),
    ("deliverable", "bytes32"),
    ("reportHash", "bytes32"),
    ("score", "uint8"),
    ("epoch", "uint32"),
)
VERDICT_TYPE = "Verdict"
ORACLE_DOMAIN_NAME = "AITBC ResultOracle"
ORACLE_DOMAIN_VERSION = "1"
_DOMAIN_FIELDS: tuple[Field, ...] = (
    ("name", "string"),
    ("version", "string"),
    ("chainId", "uint256"),
    ("verifyingContract", "address"),
)


@dataclass(frozen=True)
class Domain:
    """EIP-712 domain; `verifying_contract` is 20 bytes."""

    name: str
    version: str
    chain_id: int
    verifying_contract: bytes


@dataclass(frozen=True)
class VerdictMessage:
    """What a reporter signs: this deliverable of this job, submitted then, scored so.

    `submitted_at` is the block time that the escrow holds; it ties the signature to one submission.
    `score` is 0 to 100.
    """

    job_id: int
    submitted_at: int
    deliverable: bytes
    report_hash: bytes
    score: int
    epoch: int

    def values(self) -> tuple[Any, ...]:
        return (self.job_id, self.submitted_at, self.deliverable, self.report_hash, self.score, self.epoch)


def oracle_domain(chain_id: int, oracle: bytes) -> Domain:
    return Domain(ORACLE_DOMAIN_NAME, ORACLE_DOMAIN_VERSION, chain_id, oracle)


def verdict_digest(domain: Domain, verdict: VerdictMessage) -> bytes:
    """The 32 bytes a reporter signs for a verdict."""
    return typed_data_digest(domain, VERDICT_TYPE, VERDICT_FIELDS, verdict.values())


def typed_data_digest(domain: Domain, type_name: str, fields: tuple[Field, ...], values: tuple[Any, ...]) -> bytes:
    """`keccak256(0x1901 || domainSeparator || hashStruct(message))` for static fields (EIP-712)."""
    struct = keccak(encode(("bytes32", *(kind for _, kind in fields)), (type_hash(type_name, fields), *values)))
    return keccak(b"\x19\x01" + domain_separator(domain) + struct)


@lru_cache(maxsize=64)
def domain_separator(domain: Domain) -> bytes:
    return keccak(
        encode(
            ("bytes32", "bytes32", "bytes32", "uint256", "address"),
            (
                type_hash("EIP712Domain", _DOMAIN_FIELDS),
                keccak(text=domain.name),
                keccak(text=domain.version),
                domain.chain_id,
                domain.verifying_contract,
            ),
        )
    )


@lru_cache(maxsize=64)
def type_hash(type_name: str, fields: tuple[Field, ...]) -> bytes:
    return keccak(text=f"{type_name}({','.join(f'{kind} {name}' for name, kind in fields)})")


def typed_data(domain: Domain, type_name: str, fields: tuple[Field, ...], values: tuple[Any, ...]) -> dict[str, Any]:
    """The same message in the JSON form of `eth_signTypedData_v4`, for wallets and the signer's log."""
    return {
        "types": {
            "EIP712Domain": [{"name": name, "type": kind} for name, kind in _DOMAIN_FIELDS],
            type_name: [{"name": name, "type": kind} for name, kind in fields],
        },
        "primaryType": type_name,
        "domain": {
            "name": domain.name,
            "version": domain.version,
            "chainId": domain.chain_id,
            "verifyingContract": "0x" + domain.verifying_contract.hex(),
        },
        "message": {
            name: ("0x" + value.hex() if isinstance(value, bytes) else value)
            for (name, _), value in zip(fields, values, strict=True)
        },
    }
