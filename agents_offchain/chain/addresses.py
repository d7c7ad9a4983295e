"""Where the contracts of one deployment stand: `deployment.json` as a value.

A market moves to new contracts by a further generation: the document is the newest deployment's, and `older` lists
those before it, newest first. They share chain and AgentRegistry; a job's number means something in one of them alone.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from agents_offchain.chain.contract_abi import ContractAbi, load_abi
from agents_offchain.chain.errors import DeploymentMissing
from agents_offchain.primitives.hexes import HexInvalid, decode_address

WATCHED = ("AgentRegistry", "ServiceListings", "JobEscrow", "ResultOracle", "DisputeDesk")
"""Contracts whose events the product follows."""
_JOB_NUMBER = re.compile(r"[0-9]{1,78}", re.ASCII)
_JOB_NAME = re.compile(rf"(?:([1-9][0-9]{{0,8}}):)?({_JOB_NUMBER.pattern})", re.ASCII)


class JobName(NamedTuple):
    """A job across the generations of a market."""

    generation: int
    job_id: int


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
    generation: int = 1
    older: tuple[Deployment, ...] = ()

    @property
    def generations(self) -> tuple[Deployment, ...]:
        """This one and those before it, newest first; new jobs go to the first alone."""
        return (self, *self.older)

    def of_generation(self, number: int) -> Deployment:
        """Raises DeploymentMissing when the file knows no such generation."""
        for each in self.generations:
            if each.generation == number:
                return each
        raise DeploymentMissing(f"There is no generation {number} of this market.", mend="`aitbc status` lists them.")

    def job_of_key(self, key: str) -> JobName | None:
        """The job that a `job_key` names; None when it is a job of no generation of this market."""
        book, _, number = key.rpartition(":")
        for each in self.generations:
            if book == each.book("JobEscrow") and _JOB_NUMBER.fullmatch(number) and int(number) < 1 << 256:
                return JobName(each.generation, int(number))
        return None

    def addresses(self) -> dict[str, frozenset[bytes]]:
        """Where each contract stands, in all generations."""
        names = {name for each in self.generations for name in each.contracts}
        return {
            name: frozenset(each.contracts[name] for each in self.generations if name in each.contracts)
            for name in names
        }

    def sharing(self, contract: str) -> tuple[tuple[Deployment, ...], ...]:
        """Generations in groups with the same contract of a name, newest first; those without it are in none."""
        groups: dict[bytes, list[Deployment]] = {}
        for each in self.generations:
            if contract in each.contracts:
                groups.setdefault(each.contracts[contract], []).append(each)
        return tuple(tuple(group) for group in groups.values())

    def own(self, names: tuple[str, ...] = WATCHED) -> tuple[str, ...]:
        """Those of the contracts that no older generation has; what is shared is the older one's to tell of."""
        taken = {each.contracts.get(name) for each in self.older for name in names}
        return tuple(name for name in names if self.address(name) not in taken)

    def reader(self, name: str) -> str:
        """Under which name something keeps its place in this generation's events; the first has the plain one."""
        return name if self.generation == 1 else f"{name}@{self.generation}"

    def reference(self, generation: int, job_id: int) -> str:
        """How a job is called: its number where it is of this, the newest generation, else `generation:number`."""
        return job_reference(self.generation, generation, job_id)

    def job_called(self, text: str) -> JobName | None:
        """The job that a person means: `7` is of the newest generation, `1:7` of the first; None when it is no name."""
        match = _JOB_NAME.fullmatch(text)
        if match is None or int(match[2]) >= 1 << 256:
            return None
        return JobName(int(match[1] or self.generation), int(match[2]))

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


def job_reference(newest: int, generation: int, job_id: int) -> str:
    """How a job is called in a market whose newest generation is known and nothing else of it."""
    return str(job_id) if generation == newest else f"{generation}:{job_id}"


def parse_deployment(document: dict[str, Any]) -> Deployment:
    """Read the document that the deploy step writes.

    Raises:
        DeploymentMissing: fields are absent or malformed.
    """
    try:
        entries = [document, *document.get("older", ())]
        found: tuple[Deployment, ...] = ()
        for entry in reversed(entries):
            found = (_generation(document, entry, found), *found)
    except (KeyError, TypeError, ValueError, AttributeError, HexInvalid) as error:
        raise DeploymentMissing(f"The deployment file is incomplete: {error!r}.", mend="Deploy again.") from error
    numbers = [each.generation for each in found]
    if min(numbers) < 1 or numbers != sorted(set(numbers), reverse=True):
        raise DeploymentMissing("The generations of the deployment file do not count down.", mend="Deploy again.")
    if len({each.contracts.get("AgentRegistry") for each in found}) > 1:
        raise DeploymentMissing(
            "The generations of the deployment file have different AgentRegistries.",
            mend="Agents keep their ids: deploy a generation beside the registry that is there.",
        )
    return found[0]


def _generation(document: dict[str, Any], entry: dict[str, Any], older: tuple[Deployment, ...]) -> Deployment:
    return Deployment(
        chain_id=int(document["chainId"]),
        network=str(document.get("network", "")),
        deployed_at_block=int(entry["deployedAtBlock"]),
        contracts={name: decode_address(text) for name, text in entry["contracts"].items()},
        policy_id=int(entry["policyId"]),
        treasury=decode_address(entry["treasury"]),
        reporters=tuple(decode_address(text) for text in entry["reporters"]),
        raw=entry,
        generation=int(entry.get("generation", 1)),
        older=older,
    )


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


def load_previous(path: Path) -> dict[str, Any] | None:
    """The document that a further deployment goes on from; None where nothing was deployed yet.

    Raises:
        DeploymentMissing: it is there and cannot be read. Taken for absent, its generations would be forgotten, and
            what they hold with them.
    """
    if not path.exists():
        return None
    try:
        return load_deployment(path).raw
    except DeploymentMissing as error:
        raise DeploymentMissing(
            error.message, mend=f"Bring {path} back from a copy; move it away only if nothing is left in its contracts."
        ) from error
