"""Rows of reputation and validation."""

from __future__ import annotations

from gas_bench.chain import Chain, Deployed
from gas_bench.market import CID_URI, DOLLARS, Market

CLIENT_CAP = 100 * DOLLARS


def measure_reputation(chain: Chain) -> dict[str, float]:
    """Gas by row id. Tags and services were used before, as they are from the second agent on."""
    market = Market(chain)
    market.registry.send(market.agent, "register(string)", CID_URI)
    reputation = deploy_reputation(market)
    return {**_feedback(market, reputation), **_validation(market)}


def deploy_reputation(market: Market) -> Deployed:
    """A reputation registry that weighs fees in the market's token."""
    return market.chain.deploy(
        "ReputationRegistry",
        market.registry.address,
        market.escrow.address,
        market.oracle.address,
        market.token.address,
        1,
        CLIENT_CAP,
    )


def _feedback(market: Market, reputation: Deployed) -> dict[str, float]:
    chain, rows = market.chain, {}
    words = (0, 85, 0, "starred", "inspect-image", "", CID_URI, bytes([5]) * 32)
    for number in (30, 31):
        rows["feedback-first"] = float(reputation.send(chain.account(number), "giveFeedback", *words))
    rows["feedback-repeat"] = float(reputation.send(chain.account(31), "giveFeedback", *words))
    for _ in range(3):
        said = (market.paid_job(), 0, 85, "inspect-image", "", CID_URI, bytes([5]) * 32)
        rows["feedback-job"] = float(reputation.send(market.client, "giveJobFeedback", said))
    return rows


def _validation(market: Market) -> dict[str, float]:
    validation = market.chain.deploy("ValidationRegistry", market.registry.address, market.token.address)
    validator, requests = market.chain.account(32), []
    answers = []
    for number in range(1, 6):
        request = bytes([number]) * 32
        requests.append(validation.send(market.agent, "validationRequest", validator.address, 0, CID_URI, request))
        answers.append(validation.send(validator, "validationResponse", request, 90, CID_URI, bytes([6]) * 32, "soft"))
    # Four places of a validator share a slot: one request in four writes a fresh one, and the row is their mean.
    return {"validation-request": sum(requests[1:]) / 4, "validation-response": sum(answers[1:]) / 4}
