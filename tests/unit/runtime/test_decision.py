from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from agents_offchain.chain.proxies.job_escrow import Job, JobStatus, Policy
from agents_offchain.primitives.units import JobId, TokenUnits
from agents_offchain.runtime.agent.decision import Declined, Market, Taken, decide
from agents_offchain.runtime.documents import RequestDocument
from tests.fakes.deployment import ORACLE, TOKEN
from tests.unit.runtime.agency import AGENT, CLIENT, profile

pytestmark = pytest.mark.unit
NOW = 1_700_000_000
OTHER = bytes([0x99]) * 20
JOB = Job(JobId(1), CLIENT, AGENT, ORACLE, TOKEN, 1, TokenUnits(100), NOW + 60, NOW + 9000, 0, JobStatus.FUNDED)
POLICY = Policy(ORACLE, TOKEN, 500, 4000, 60, 600, 120, 0, 604800)
MARKET = Market(ORACLE, TOKEN, {"inspect-image": TokenUnits(100)})
REQUEST = RequestDocument.model_validate(
    {
        "service": "inspect-image",
        "listing_id": 1,
        "input": {"cid": "bafkreiabcdef", "media_type": "image/png", "bytes": 20 << 20, "sha256": "00" * 32},
    }
)

SMALL = {"cid": "bafkreiabcdeg", "media_type": "text/plain", "bytes": 1, "sha256": "00" * 32}

CASES: dict[str, tuple[dict[str, Any], str]] = {
    "just good enough": ({}, ""),
    "a unit too cheap": ({"job": {"budget": 99}}, "under the price 100"),
    "a second too late": ({"job": {"work_by": NOW + 59}}, "Only 59 s are left"),
    "long over": ({"job": {"work_by": NOW - 5}}, "Only 0 s are left"),
    "another evaluator": ({"job": {"evaluator": OTHER}}, "unprotected"),
    "a policy with another evaluator": ({"policy": {"evaluator": OTHER}}, "unprotected"),
    "another token": ({"job": {"token": OTHER}}, "another token"),
    "another service": ({"request": {"service": "translate"}}, "does not offer translate"),
    "a byte too large": ({"input": {"bytes": (20 << 20) + 1}}, "20 MiB are taken"),
    "attachments that are too large together": ({"request": {"attachments": [SMALL]}}, "20 MiB are taken"),
    "a service without a price": ({"market": {"price_of": {}}}, "does not offer"),
}


@pytest.mark.parametrize("case", CASES)
def test_decide__in_each_case__takes_or_says_why(case: str) -> None:
    changes, reason = CASES[case]
    document = REQUEST.as_dict() | changes.get("request", {})
    document["input"] |= changes.get("input", {})
    answer = decide(
        replace(JOB, **changes.get("job", {})),
        replace(POLICY, **changes.get("policy", {})),
        RequestDocument.model_validate(document),
        profile(),
        replace(MARKET, **changes.get("market", {})),
        now=NOW,
    )
    if not reason:
        assert answer == Taken()
    else:
        assert isinstance(answer, Declined)
        assert reason in answer.reason


def test_policy__with_its_windows__has_their_sum_as_tail() -> None:
    assert POLICY.tail_seconds == 600 + 120 + 0 + 604800
