"""Rows of anchors, ballots and the governor."""

from __future__ import annotations

from eth_utils.crypto import keccak

from gas_bench.chain import Chain, Deployed, Key, compact
from gas_bench.market import Market
from gas_bench.reputation import deploy_reputation

VOTERS = 20
CERTIFIERS = 3
BALLOT = {"Ballot": [{"name": "pollId", "type": "uint256"}, {"name": "choice", "type": "uint8"}]}
DECISION = {"Decision": [{"name": "councilId", "type": "bytes32"}, {"name": "digest", "type": "bytes32"}]}
GOVERNOR_BALLOT = {
    "Ballot": [
        {"name": "proposalId", "type": "uint256"},
        {"name": "support", "type": "uint8"},
        {"name": "voter", "type": "address"},
        {"name": "nonce", "type": "uint256"},
    ]
}


def measure_governance(chain: Chain) -> dict[str, float]:
    """Gas by row id."""
    market = Market(chain)
    voters = sorted((chain.account(40 + i) for i in range(VOTERS)), key=lambda key: int(key.address, 16))
    holders = [voter.address for voter in voters]
    token = chain.deploy("AitbcToken", holders, [10**24] * VOTERS)
    for voter in voters:
        token.send(voter, "delegate", voter.address)
    ledger = chain.deploy("DecisionLedger", market.registry.address, token.address, deploy_reputation(market).address)
    domain = {
        "name": "AITBC DecisionLedger",
        "version": "1",
        "chainId": 31337,
        "verifyingContract": ledger.address,
    }
    return {
        **_anchors(market, ledger, domain, voters),
        **_ballots(market, ledger, domain, voters),
        **_governor(chain, token, voters),
    }


def _anchors(market: Market, ledger: Deployed, domain: dict[str, object], voters: list[Key]) -> dict[str, float]:
    rows: dict[str, float] = {}
    members = [voter.address for voter in voters[:4]]
    for number in (1, 2):
        digest = keccak(bytes([number]))
        rows["anchor-root"] = float(ledger.send(market.keeper, "anchor", digest))
        council = ledger.read("councilIdOf", CERTIFIERS, members)
        signed = [
            compact(voter.sign(domain, DECISION, {"councilId": council, "digest": digest}))
            for voter in voters[:CERTIFIERS]
        ]
        certificate = (digest, members, CERTIFIERS, 0b111, [(s[:32], s[32:]) for s in signed])
        rows["anchor-certificate"] = float(ledger.send(market.keeper, "certify", certificate))
    return rows


def _ballots(market: Market, ledger: Deployed, domain: dict[str, object], voters: list[Key]) -> dict[str, float]:
    chain = market.chain
    for voter in voters:
        market.registry.send(voter, "register()")
    rows: dict[str, float] = {}
    for _ in range(2):
        starts = chain.now() + 60
        terms = (bytes([8]) * 32, 1, 2_000, 5_001, starts, starts + 3_600, list(range(VOTERS)))
        ledger.send(market.keeper, "openPoll", terms)
        poll_id = int(ledger.read("pollCount"))
        chain.warp(120)
        ballots = []
        for index, voter in enumerate(voters):
            signature = compact(voter.sign(domain, BALLOT, {"pollId": poll_id, "choice": 1}))
            ballots.append((index, 1, signature[:32], signature[32:]))
        ledger.send(market.keeper, "castBallots", poll_id, ballots[:1])
        rows["ballots-20"] = ledger.send(market.keeper, "castBallots", poll_id, ballots[1:]) / (VOTERS - 1)
    return rows


def _governor(chain: Chain, token: Deployed, voters: list[Key]) -> dict[str, float]:
    """A vote and a vote by signature: OpenZeppelin's own cost."""
    admin = chain.account(0)
    timelock = chain.deploy("TimelockController", 3_600, [], [], admin.address)
    governor = chain.deploy("AitbcGovernor", token.address, timelock.address, 60, 3_600, 0, 4)
    domain = {
        "name": "AITBC Governor",
        "version": "1",
        "chainId": 31337,
        "verifyingContract": governor.address,
    }
    call = token.encoded("approve", admin.address, 1)
    for nonce, title in enumerate(("one", "two")):
        governor.send(voters[0], "propose", [token.address], [0], [call], title)
        proposal = governor.read("hashProposal", [token.address], [0], [call], keccak(text=title))
        chain.warp(120)
        for voter in voters[:2]:
            plain = governor.send(voter, "castVote", proposal, 1)
        for voter in voters[2:4]:
            message = {"proposalId": proposal, "support": 1, "voter": voter.address, "nonce": nonce}
            signature = voter.sign(domain, GOVERNOR_BALLOT, message)
            signed = governor.send(chain.account(4), "castVoteBySig", proposal, 1, voter.address, signature)
    return {"governor-vote": float(plain), "governor-vote-signed": float(signed)}
