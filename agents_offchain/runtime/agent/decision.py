"""Take a job or not: a pure function of the job, its terms and the profile.

A refusal becomes a `decline` on chain, which refunds the client at once.
"""

from __future__ import annotations

from dataclasses import dataclass

from agents_offchain.chain.proxies.job_escrow import Job, Policy
from agents_offchain.primitives.units import TokenUnits
from agents_offchain.runtime.documents import RequestDocument, is_judged_so
from agents_offchain.runtime.profiles.profile import Profile


@dataclass(frozen=True)
class Market:
    """What the agent trusts: which oracle decides, which token pays, its prices in token units."""

    oracle: bytes
    token: bytes
    price_of: dict[str, TokenUnits]


@dataclass(frozen=True)
class Taken:
    """The job is taken."""


@dataclass(frozen=True)
class Declined:
    """The job is not taken, for this reason."""

    reason: str


def decide(
    job: Job, policy: Policy, request: RequestDocument, profile: Profile, market: Market, *, now: int
) -> Taken | Declined:
    """Check that the job is protected, pays enough, can be finished, and asks for something offered.

    Args:
        now: Chain time, unix seconds.
    """
    service = profile.service(request.service)
    price = market.price_of.get(request.service)
    if job.evaluator != market.oracle or policy.evaluator != market.oracle:
        return Declined("The job is not evaluated by this market's oracle, so its pay is unprotected.")
    if job.token != market.token:
        return Declined("The job pays in another token.")
    if service is None or price is None:
        return Declined(f"This agent does not offer {request.service}.")
    if not is_judged_so(request.criteria, request.service):
        return Declined(f"{request.service} is not judged by {request.criteria.kind}, so its pay is unprotected.")
    if job.budget < price:
        return Declined(f"The budget {job.budget} is under the price {price}.")
    if job.work_by - now < profile.acceptance.min_seconds_to_deliver:
        return Declined(f"Only {max(job.work_by - now, 0)} s are left to deliver.")
    total_bytes = sum(file.bytes for file in request.files)
    if total_bytes > profile.limits.input_mib << 20:
        return Declined(f"The input has {total_bytes} bytes; {profile.limits.input_mib} MiB are taken.")
    return Taken()
