"""A deployment on the chain in memory: made-up addresses, the real parser."""

from __future__ import annotations

from agents_offchain.chain.addresses import parse_deployment

_NAMES = ("AgentRegistry", "ServiceListings", "JobEscrow", "ResultOracle", "TestDollar", "DisputeDesk", "JurorCourt")
DOCUMENT = {
    "chainId": 31337,
    "network": "memory",
    "deployedAtBlock": 1,
    "contracts": {name: "0x" + f"{index:02x}" * 20 for index, name in enumerate(_NAMES, 0xE0)},
    "policyId": 1,
    "treasury": "0x" + "ee" * 20,
    "reporters": ["0x" + "ef" * 20],
}
DEPLOYMENT = parse_deployment(DOCUMENT)
ESCROW = DEPLOYMENT.address("JobEscrow")
ORACLE = DEPLOYMENT.address("ResultOracle")
TOKEN = DEPLOYMENT.address("TestDollar")
