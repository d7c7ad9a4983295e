"""Contracts for the chain in memory: one that counts what reaches it, and an escrow with the real ABI."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from eth_abi.abi import decode, encode
from eth_utils.crypto import keccak

from agents_offchain.chain.contract_abi import ContractAbi, load_abi
from agents_offchain.chain.proxies.job_escrow import JobStatus
from tests.fakes.chain import Call, Log, Revert

ESCROW_ABI = load_abi("JobEscrow")
ZERO = bytes(20)


@dataclass(frozen=True)
class Tally:
    """Counts calls by their data. With `is_once` a second call with the same data reverts."""

    is_once: bool = False

    def execute(self, call: Call) -> tuple[bytes, list[Log]]:
        seen = call.storage.get(call.data, 0)
        if self.is_once and seen:
            raise Revert(keccak(text="AlreadyDone()")[:4])
        call.storage[call.data] = seen + 1
        return b"", [([keccak(text="Done(bytes)")], call.data)]


@dataclass(frozen=True)
class FakeJob:
    """A job as the escrow in memory holds it."""

    client: bytes
    provider: bytes
    evaluator: bytes
    token: bytes
    policy_id: int
    budget: int
    work_by: int
    expired_at: int
    submitted_at: int = 0
    status: JobStatus = JobStatus.FUNDED
    deliverable: bytes = b""


@dataclass(frozen=True)
class FakeEscrow:
    """`hire`, `createJob`, `setProvider`, `fund`, `submit`, `decline`, `noShow` and the views, with their events.

    Money does not move; what matters here is which job is in which state.
    """

    oracle: bytes
    token: bytes
    tail_seconds: int = 1000

    def execute(self, call: Call) -> tuple[bytes, list[Log]]:
        for name in ("hire", "createJob", "setProvider", "fund", "submit", "decline", "noShow", "jobOf", "policyOf"):
            function = ESCROW_ABI.function(name)
            if call.data[:4] == function.selector:
                args = decode(function.input_types, call.data[4:])
                return getattr(self, f"_{name}")(call, *args)
        raise Revert

    def _hire(self, call: Call, terms: tuple[Any, ...]) -> tuple[bytes, list[Log]]:
        provider, policy_id, budget, expired_at, agent_id, listing_id, description = terms
        job_id, job = self._open(call, _address(provider), policy_id, budget, expired_at)
        call.storage[job_id] = job
        client = "0x" + call.sender.hex()
        return encode(["uint256"], [job_id]), [
            encode_log(ESCROW_ABI, "BudgetSet", jobId=job_id, amount=budget),
            encode_log(ESCROW_ABI, "JobFunded", jobId=job_id, client=client, amount=budget),
            encode_log(
                ESCROW_ABI,
                "JobDescribed",
                jobId=job_id,
                agentId=agent_id,
                listingId=listing_id,
                policyId=policy_id,
                description=description,
            ),
        ]

    def _createJob(
        self, call: Call, provider: str, _evaluator: str, expired_at: int, description: str, _hook: str
    ) -> tuple[bytes, list[Log]]:
        job_id, job = self._open(call, _address(provider), 1, 0, expired_at)
        call.storage[job_id] = replace(job, status=JobStatus.OPEN, work_by=0)
        described = {"jobId": job_id, "agentId": 2**256 - 1, "listingId": 0, "policyId": 1, "description": description}
        return encode(["uint256"], [job_id]), [encode_log(ESCROW_ABI, "JobDescribed", **described)]

    def _setProvider(self, call: Call, job_id: int, provider: str, _params: bytes) -> tuple[bytes, list[Log]]:
        call.storage[job_id] = replace(self._job(call, job_id, JobStatus.OPEN), provider=_address(provider))
        return b"", [encode_log(ESCROW_ABI, "ProviderSet", jobId=job_id, provider=provider)]

    def _fund(self, call: Call, job_id: int, budget: int, _params: bytes) -> tuple[bytes, list[Log]]:
        job = self._job(call, job_id, JobStatus.OPEN)
        work_by = job.expired_at - self.tail_seconds
        call.storage[job_id] = replace(job, status=JobStatus.FUNDED, budget=budget, work_by=work_by)
        client = "0x" + job.client.hex()
        return b"", [encode_log(ESCROW_ABI, "JobFunded", jobId=job_id, client=client, amount=budget)]

    def _submit(self, call: Call, job_id: int, deliverable: bytes, _params: bytes) -> tuple[bytes, list[Log]]:
        job = self._job(call, job_id, JobStatus.FUNDED)
        if call.sender != job.provider or call.now > job.work_by:
            raise Revert
        call.storage[job_id] = replace(job, status=JobStatus.SUBMITTED, submitted_at=call.now, deliverable=deliverable)
        provider = "0x" + job.provider.hex()
        return b"", [encode_log(ESCROW_ABI, "JobSubmitted", jobId=job_id, provider=provider, deliverable=deliverable)]

    def _decline(self, call: Call, job_id: int) -> tuple[bytes, list[Log]]:
        job = self._job(call, job_id, JobStatus.FUNDED)
        if call.sender != job.provider:
            raise Revert
        call.storage[job_id] = replace(job, status=JobStatus.REJECTED)
        rejector = "0x" + job.provider.hex()
        return b"", [encode_log(ESCROW_ABI, "JobRejected", jobId=job_id, rejector=rejector, reason=bytes(32))]

    def _noShow(self, call: Call, job_id: int) -> tuple[bytes, list[Log]]:
        job = self._job(call, job_id, JobStatus.FUNDED)
        call.storage[job_id] = replace(job, status=JobStatus.EXPIRED)
        return b"", [encode_log(ESCROW_ABI, "JobExpired", jobId=job_id)]

    def _jobOf(self, call: Call, job_id: int) -> tuple[bytes, list[Log]]:
        job = self._job(call, job_id)
        values = (
            job.client,
            job.provider,
            job.evaluator,
            job.token,
            job.policy_id,
            job.budget,
            job.work_by,
            job.expired_at,
            job.submitted_at,
            int(job.status),
        )
        return encode(ESCROW_ABI.function("jobOf").output_types, [values]), []

    def _policyOf(self, _call: Call, _policy_id: int) -> tuple[bytes, list[Log]]:
        values = (self.oracle, self.token, ZERO, 500, 4000, 60, 600, 120, 0, self.tail_seconds - 720, False)
        return encode(ESCROW_ABI.function("policyOf").output_types, [values]), []

    def _open(self, call: Call, provider: bytes, policy_id: int, budget: int, expired_at: int) -> tuple[int, FakeJob]:
        job_id = call.storage.get("count", 0) + 1
        call.storage["count"] = job_id
        work_by = expired_at - self.tail_seconds
        return job_id, FakeJob(call.sender, provider, self.oracle, self.token, policy_id, budget, work_by, expired_at)

    def _job(self, call: Call, job_id: int, status: JobStatus | None = None) -> FakeJob:
        job = call.storage.get(job_id)
        if job is None:
            raise Revert(_error("JobEscrow_UnknownJob", job_id))
        if status is not None and job.status != status:
            raise Revert(_error("JobEscrow_WrongStatus", job_id, int(job.status)))
        return job


def encode_log(abi: ContractAbi, event: str, **args: Any) -> Log:
    """Topics and data of an event, the inverse of `ContractAbi.decode_log`."""
    codec = abi.events[abi.topic(event)]
    topics = [codec.topic]
    for name, kind in codec.indexed:
        value = args[name]
        is_hashed = kind in ("string", "bytes")
        topics.append(
            keccak(value if isinstance(value, bytes) else value.encode()) if is_hashed else encode([kind], [value])
        )
    return topics, encode([kind for _, kind in codec.plain], [args[name] for name, _ in codec.plain])


def _error(name: str, *values: Any) -> bytes:
    selector, (_, fields) = next(entry for entry in ESCROW_ABI.errors.items() if entry[1][0] == name)
    return selector + encode([kind for _, kind in fields], values)


def _address(text: str) -> bytes:
    return bytes.fromhex(text[2:])
