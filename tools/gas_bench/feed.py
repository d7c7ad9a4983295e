"""Gas of a round of the numeric feed, by the number of reporters that sign."""

from __future__ import annotations

from gas_bench.chain import Chain, Key, compact

OBSERVATION = {
    "Observation": [
        {"name": "feedId", "type": "bytes32"},
        {"name": "round", "type": "uint32"},
        {"name": "observedAt", "type": "uint32"},
        {"name": "value", "type": "int128"},
    ]
}
FEED_ID = bytes([5]) * 32
SIZES = (3, 5, 7)
DOLLARS = 10**8


def measure_feed(chain: Chain) -> dict[str, float]:
    """The third round of a feed whose whole set of 3, 5 or 7 reporters signs."""
    return {f"feed-{size}": float(_third_round(chain, size)) for size in SIZES}


def _third_round(chain: Chain, size: int) -> int:
    carrier = chain.account(0)
    reporters = sorted((Key(0xFEED00 + number) for number in range(size)), key=lambda key: int(key.address, 16))
    addresses = [reporter.address for reporter in reporters]
    house = carrier.address  # escrow, stake and desk are not asked by a feed
    oracle = chain.deploy("ResultOracle", house, house, addresses, size // 2 + 1, house)
    feed = chain.deploy("ReportFeed", oracle.address)
    domain = {"name": "AITBC ReportFeed", "version": "1", "chainId": 31337, "verifyingContract": feed.address}
    gas = 0
    for number in (1, 2, 3):
        chain.warp(5)
        seen_at = chain.now()
        observations = []
        for seat, reporter in enumerate(reporters):
            value = 3_000 * DOLLARS + (seat * 7 + number) % size
            message = {"feedId": FEED_ID, "round": number, "observedAt": seen_at, "value": value}
            signature = compact(reporter.sign(domain, OBSERVATION, message))
            observations.append((value, signature[:32], signature[32:]))
        gas = feed.send(carrier, "report", FEED_ID, number, seen_at, observations)
    return gas
