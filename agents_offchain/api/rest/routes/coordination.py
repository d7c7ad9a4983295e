"""Votes of agents, and the decisions that came of them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, model_validator

from agents_offchain.api.rest.access.guard import Caller, IdempotencyKey, RequestBytes, Stranger
from agents_offchain.api.rest.access.principal import DECIDE
from agents_offchain.api.rest.context import ApiContext, Context
from agents_offchain.api.rest.errors import NotFound
from agents_offchain.api.rest.problems import responses
from agents_offchain.coordination.decision.ballot import BALLOT_FIELDS, BALLOT_TYPE, Ballot
from agents_offchain.coordination.decision.delegation import Delegation
from agents_offchain.coordination.decision.history import DecisionRecord, all_decisions
from agents_offchain.coordination.decision.proposals import MAX_OPTIONS, MAX_VOTERS, Standing, Terms
from agents_offchain.coordination.errors import ProposalInvalid
from agents_offchain.primitives.canonical import canonical_json, sha256
from agents_offchain.primitives.hexes import checksum, decode_address, decode_hex, encode_hex

router = APIRouter(
    prefix="/api/v1/coordination", tags=["coordination"], responses=responses(400, 401, 403, 409, 422, 429, 503)
)
Hex20 = Annotated[str, Field(pattern="^0x[0-9a-fA-F]{40}$")]
Hex32 = Annotated[str, Field(pattern="^0x[0-9a-f]{64}$")]
Hex65 = Annotated[str, Field(pattern="^0x[0-9a-fA-F]{130}$")]
Word = Annotated[str, Field(min_length=1, max_length=100)]
Weight = Annotated[int, Field(ge=0, le=2**53)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class BallotIn(_Strict):
    """A signed choice: one option, several or ranked ones by the rule, or one number."""

    voter: Hex20
    choice: list[Word] = Field(max_length=MAX_OPTIONS)
    signature: Hex65


class DelegationIn(_Strict):
    """A signed delegation: `giver` lets `to` speak for it."""

    topic: Hex32
    giver: Hex20
    to: Hex20
    sequence: int = Field(ge=0, lt=2**53)
    signature: Hex65


class TermsIn(_Strict):
    """What is asked, of whom, how it is counted, and until when (unix seconds)."""

    question: str = Field(min_length=1, max_length=2_000)
    options: list[Word] = Field(default_factory=list, max_length=MAX_OPTIONS)
    rule: str = Field(max_length=40, examples=["majority"])
    weights: dict[Hex20, Weight] = Field(max_length=MAX_VOTERS, description="Voters and their weights.")
    closes_at: int = Field(ge=0, lt=2**53)
    quorum_bps: int = Field(default=0, ge=0, le=10_000)
    threshold_bps: int = Field(default=5_001, ge=0, le=10_000)
    delegations: list[DelegationIn] = Field(default_factory=list, max_length=MAX_VOTERS)


class ConsensusIn(_Strict):
    """Open a vote (`terms`), or name one (`proposal`); ballots in either case, or none."""

    terms: TermsIn | None = None
    proposal: Hex32 | None = None
    ballots: list[BallotIn] = Field(default_factory=list, max_length=MAX_VOTERS)

    @model_validator(mode="after")
    def _one_of_two(self) -> ConsensusIn:
        if (self.terms is None) == (self.proposal is None):
            raise ValueError("send either terms or proposal")
        return self


class BallotFormOut(BaseModel):
    """What a voter signs (EIP-712): `Ballot(bytes32 proposal,address voter,bytes32 choice)`."""

    domain: dict[str, Any]
    types: dict[str, list[dict[str, str]]]
    choices: dict[str, str] = Field(description="the hash of choosing each option alone")


class ConsensusOut(BaseModel):
    """How a vote stands; `outcome` is final once `status` is not open."""

    proposal: str
    status: str
    winner: str | None
    leaders: list[str]
    tally: dict[str, int]
    reason: str
    voted: int
    voters: int
    closes_at: int
    ballot: BallotFormOut


class DecisionOut(BaseModel):
    """One decision with its question, outcome, reason and certificate."""

    consumer: str
    proposal: str
    council_id: str | None
    subject: dict[str, Any]
    status: str
    outcome: dict[str, Any]
    reason: str
    certificate: dict[str, Any] | None
    digest: str | None
    opened_at: float
    closed_at: float | None


class DecisionsPage(BaseModel):
    """Decisions, newest first; `next_before` is null on the last page."""

    items: list[DecisionOut]
    next_before: float | None


@router.post("/consensus", response_model=ConsensusOut)
async def post_consensus(
    context: Context, caller: Caller, wanted: ConsensusIn, request: RequestBytes, key: IdempotencyKey = None
) -> JSONResponse:
    """Open a vote or bring ballots to it, and see how it stands. Saying the same again changes nothing."""
    caller.require(DECIDE)

    async def act() -> JSONResponse:
        proposal = await _proposal(context, wanted)
        if wanted.ballots:
            await context.proposals.cast(proposal, [_ballot(proposal, item) for item in wanted.ballots])
        standing = await context.proposals.standing(proposal)
        return JSONResponse(_standing(context, proposal, standing).model_dump(mode="json"))

    return await context.idempotency.once(caller, key, request, act)


@router.get("/decisions", responses=responses(404))
async def get_decisions(
    context: Context,
    _client: Stranger,
    status: Annotated[str | None, Query(pattern="^(open|decided|tied|failed)$")] = None,
    proposal: Annotated[str | None, Query(pattern="^0x[0-9a-f]{64}$")] = None,
    before: Annotated[float | None, Query(ge=0, le=1e12, allow_inf_nan=False)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> DecisionsPage:
    """What was decided, by whom and why; agreements with their certificates, votes with their tallies."""
    name = decode_hex(proposal, 32) if proposal else None
    if name is not None:
        await _close_when_due(context, name)
    rows = await all_decisions(context.deps.database, status=status, proposal=name, before=before, limit=limit + 1)
    if name is not None and not rows:
        raise NotFound("There is no such decision.", mend="GET /api/v1/coordination/decisions lists them.")
    page = rows[:limit]
    return DecisionsPage(
        items=[_decision(consumer, record) for consumer, record in page],
        next_before=page[-1][1].opened_at if len(rows) > limit else None,
    )


async def _proposal(context: ApiContext, wanted: ConsensusIn) -> bytes:
    if wanted.terms is None:
        return decode_hex(wanted.proposal or "", 32)
    asked = wanted.terms
    delegations = tuple(
        Delegation(
            decode_hex(item.topic, 32),
            decode_address(item.giver),
            decode_address(item.to),
            item.sequence,
            decode_hex(item.signature, 65),
        )
        for item in asked.delegations
    )
    return await context.proposals.open(
        Terms(
            question=asked.question,
            options=tuple(asked.options),
            rule=asked.rule,
            weights={decode_address(voter): weight for voter, weight in asked.weights.items()},
            closes_at=asked.closes_at,
            quorum_bps=asked.quorum_bps,
            threshold_bps=asked.threshold_bps,
            delegations=delegations,
        )
    )


async def _close_when_due(context: ApiContext, proposal: bytes) -> None:
    try:
        await context.proposals.standing(proposal)
    except ProposalInvalid:
        return


def _ballot(proposal: bytes, item: BallotIn) -> Ballot:
    return Ballot(proposal, decode_address(item.voter), tuple(item.choice), decode_hex(item.signature, 65))


def _standing(context: ApiContext, proposal: bytes, standing: Standing) -> ConsensusOut:
    outcome, terms = standing.outcome, standing.terms
    domain = context.ballot_domain
    return ConsensusOut(
        proposal=encode_hex(proposal),
        status=standing.record.status,
        winner=outcome.winner if standing.record.status == "decided" else None,
        leaders=sorted(outcome.leaders),
        tally=dict(outcome.tally),
        reason=outcome.reason,
        voted=standing.voted,
        voters=len(terms.weights),
        closes_at=terms.closes_at,
        ballot=BallotFormOut(
            domain={
                "name": domain.name,
                "version": domain.version,
                "chainId": domain.chain_id,
                "verifyingContract": checksum(domain.verifying_contract),
            },
            types={BALLOT_TYPE: [{"name": name, "type": kind} for name, kind in BALLOT_FIELDS]},
            choices={option: encode_hex(sha256(canonical_json([option]))) for option in terms.options},
        ),
    )


def _decision(consumer: str, record: DecisionRecord) -> DecisionOut:
    return DecisionOut(
        consumer=consumer,
        proposal=encode_hex(record.proposal),
        council_id=encode_hex(record.council_id) if record.council_id else None,
        subject=dict(record.subject),
        status=record.status,
        outcome=dict(record.outcome),
        reason=record.reason,
        certificate=dict(record.certificate) if record.certificate else None,
        digest=encode_hex(record.digest) if record.digest else None,
        opened_at=record.opened_at,
        closed_at=record.closed_at,
    )
