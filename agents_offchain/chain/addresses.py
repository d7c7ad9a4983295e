"""Where the contracts of one deployment stand: `deployment.json` as a value."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents_offchain.chain.contract_abi import ContractAbi, load_abi
from agents_offchain.chain.errors import DeploymentMissing
from agents_offchain.primitives.hexes import HexInvalid, decode_address

WATCHED = ("AgentRegistry", "ServiceListings", "JobEscrow", "ResultOracle", "DisputeDesk")
"""Contracts whose events the product follows."""


@dataclass(frozen=True)
class Deployment:
    """Addresses (20 bytes each) by contract name, for one chain."""

    chain_id: int
    network: str
    deployed_at_block: int
    contracts: dict[str, bytes]
    policy_id: int
    treasury: bytes
    reporters: tuple[bytes, ...]
    raw: dict[str, Any]

    def address(self, contract: str) -> bytes:
        try:
            return self.contracts[contract]
        except KeyError:
            raise DeploymentMissing(f"The deployment has no {contract}.", mend="Deploy again.") from None

    def watched(self, names: tuple[str, ...] = WATCHED) -> dict[bytes, ContractAbi]:
        """Address -> ABI of every contract whose events matter."""
        return {self.address(name): load_abi(name) for name in names}

    def job_key(self, job_id: int) -> str:
        """`chain_id:escrow:job_id`, the name of a job across chains and deployments."""
        return f"{self.book('JobEscrow')}:{job_id}"

    def book(self, contract: str) -> str:
        """`chain_id:0x<contract>`: under which rows of one contract are kept."""
        return f"{self.chain_id}:0x{self.address(contract).hex()}"


def parse_deployment(document: dict[str, Any]) -> Deployment:
    """Read the document that the deploy step writes.

    Raises:
        DeploymentMissing: fields are absent or malformed.
    """
    try:
        return Deployment(
            chain_id=int(document["chainId"]),
            network=str(document.get("network", "")),
            deployed_at_block=int(document["deployedAtBlock"]),
            contracts={name: decode_address(text) for name, text in document["contracts"].items()},
            policy_id=int(document["policyId"]),
            treasury=decode_address(document["treasury"]),
            reporters=tuple(decode_address(text) for text in document["reporters"]),
            raw=document,
        )
    except (KeyError, TypeError, ValueError, AttributeError, HexInvalid) as error:
        raise DeploymentMissing(f"The deployment file is incomplete: {error!r}.", mend="Deploy again.") from error


def load_deployment(path: Path) -> Deployment:
    """Raises DeploymentMissing when the file is absent or unreadable."""
    try:
        document = json.loads(path.read_text())
    except FileNotFoundError as error:
        raise DeploymentMissing(
            f"There is no deployment at {path}.", mend="Run `aitbc up` or scripts/deploy.py."
        ) from error
    except (OSError, ValueError) as error:
        raise DeploymentMissing(f"The deployment at {path} cannot be read: {error}.") from error
    return parse_deployment(document)
