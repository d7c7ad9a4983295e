"""Every transaction of a stretch of the chain, with what it did in words."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any

from agents_offchain.chain.addresses import Deployment
from agents_offchain.chain.contract_abi import ContractAbi, load_abi
from agents_offchain.chain.errors import ContractMissing
from agents_offchain.chain.market_plan import CREATE2_PROXY
from agents_offchain.chain.node import Node
from agents_offchain.primitives.hexes import decode_hex, encode_hex

MADE_BY = {
    "MarketDeployer": "JobEscrow and ResultOracle are",
    "DeskInstaller": "DisputeDesk is",
    "ReporterStakeFactory": "ReporterStakeFactory is",
}
"""What is there after a contract that makes others was deployed; the deployment names every other contract."""
WORDS = {
    "register(string)": "the agent registers (ERC-8004)",
    "setAgentURI": "the agent's description is set",
    "createListing": "the agent lists its service",
    "mint": "test dollars are taken from the faucet",
    "make": "ReporterStake is deployed",
    "stakeFor": "a reporter's stake is locked",
    "hire": "the client hires: the budget is locked",
    "submit": "the agent hands over the result's digest",
    "postVerdict": "the verdict is posted with the reporters' signatures",
    "postVerdicts": "the verdict is posted with the reporters' signatures",
    "settle": "the job is settled: the agent is paid",
}
MAY_DRAW = {
    "JobEscrow": "the client lets the escrow draw the budget",
    "ReporterStake": "the stake contract may draw the reporters' stakes",
}
"""What an approval of the contract means."""
_BATCH = 64


@dataclass(frozen=True)
class LedgerLine:
    """One mined transaction."""

    tx_hash: str
    block_number: int
    what: str


async def read_transactions(node: Node, deployment: Deployment, first: int, last: int) -> list[LedgerLine]:
    """All transactions of blocks `first` to `last`, in chain order."""
    known = {address: load_abi(name) for name, address in deployment.contracts.items()}
    lines: list[LedgerLine] = []
    for start in range(first, last + 1, _BATCH):
        numbers = range(start, min(start + _BATCH, last + 1))
        blocks = await node.batch([("eth_getBlockByNumber", [hex(number), True]) for number in numbers])
        for block in blocks:
            lines += [_line(transaction, known) for transaction in (block or {}).get("transactions", [])]
    return lines


def _line(transaction: dict[str, Any], known: dict[bytes, ContractAbi]) -> LedgerLine:
    to = decode_hex(transaction["to"]) if transaction.get("to") else b""
    data = decode_hex(transaction["input"])
    return LedgerLine(transaction["hash"], int(transaction["blockNumber"], 16), _describe(to, data, known))


def _describe(to: bytes, data: bytes, known: dict[bytes, ContractAbi]) -> str:
    if to == CREATE2_PROXY:
        code = data[32:]
        makers = (made for maker, made in MADE_BY.items() if code.startswith(load_abi(maker).bytecode))
        named = (f"{abi.name} is" for abi in known.values() if abi.bytecode and code.startswith(abi.bytecode))
        return f"{next(makers, None) or next(named, 'a contract is')} deployed"
    abi = known.get(to)
    if abi is None:
        return f"call to {encode_hex(to)}"
    if abi.name == "TestDollar" and data[:4] == abi.function("approve").selector:
        spender = known.get(data[16:36])
        return MAY_DRAW.get(spender.name if spender else "", "an allowance of test dollars is given")
    return _words_by_selector(abi).get(data[:4], f"call to {abi.name}")


def _words_by_selector(abi: ContractAbi) -> dict[bytes, str]:
    words: dict[bytes, str] = {}
    for name, what in WORDS.items():
        with contextlib.suppress(ContractMissing):
            words[abi.function(name).selector] = what
    return words
