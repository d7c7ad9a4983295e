"""The indexer as a daemon: step after step of the watcher, and the words of new tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy import select

from agents_offchain.chain.contract_abi import ContractAbi
from agents_offchain.chain.errors import ContractReverted, RpcRefused
from agents_offchain.chain.node import Node
from agents_offchain.chain.watcher import Watcher
from agents_offchain.storage.database import Database
from agents_offchain.storage.tables.read_model import policies, tokens
from agents_offchain.storage.upsert import upsert

log = structlog.get_logger(__name__)
CONSUMER = "indexer"
_TEXT_CHARACTERS = 32
_TOKEN_ABI = ContractAbi(
    "ERC20Metadata",
    [
        {"type": "function", "name": name, "inputs": [], "outputs": [{"name": "", "type": kind}]}
        for name, kind in (("symbol", "string"), ("decimals", "uint8"))
    ],
)


@dataclass(frozen=True)
class IndexOutcome:
    """What a step left behind, in the shape that the daemons' loop reads; `backlog` is blocks behind the head."""

    is_idle: bool
    block_number: int
    backlog: int
    detail: str


class Indexer:
    """Keeps the read model at the head of the chain.

    Args:
        watcher: Of the newest generation, with an `IndexSink`.
        older: Of the generations before it, oldest first. They are read to their end first, so that a head is only told
            of what is all there.
        node: Asked for symbol and decimals of tokens that policies name.
    """

    def __init__(self, watcher: Watcher, node: Node, database: Database, older: Sequence[Watcher] = ()) -> None:
        self._watcher = watcher
        self._older = older
        self._node = node
        self._database = database

    async def setup(self) -> None:
        """Raises WrongChain when the node serves another chain than the deployment."""
        await self._node.require_chain(self._watcher.deployment.chain_id)

    async def step(self) -> IndexOutcome:
        """Take the next blocks; idle once nothing more is to be had."""
        for watcher in (*self._older, self._watcher):
            result = await watcher.step()
            if not result.is_caught_up:
                break
        if result.events or result.is_caught_up:
            await self._describe_tokens()
        detail = f"{result.events} events"
        if result.rolled_back_to is not None:
            detail = f"rolled back to {result.rolled_back_to}"
        backlog = max(result.head_number - watcher.confirmations - result.block_number, 0)
        return IndexOutcome(result.is_caught_up, result.block_number, backlog, detail)

    async def close(self) -> None:
        """Nothing to let go: node and database belong to who built them."""

    async def _describe_tokens(self) -> None:
        """Read symbol and decimals of tokens named by policies and not described yet."""
        known = select(tokens.c.address)
        query = select(policies.c.token).where(policies.c.token.not_in(known)).distinct()
        async with self._database.read() as connection:
            missing = [row.token for row in await connection.execute(query)]
        for address in missing:
            symbol, decimals = await self._read_token(address)
            async with self._database.write() as connection:
                await upsert(connection, tokens, {"address": address, "symbol": symbol, "decimals": decimals})

    async def _read_token(self, address: bytes) -> tuple[str, int]:
        """What a foreign contract says of itself; a token that says nothing readable has 0 decimals."""
        try:
            symbol = str(await self._node.call(_TOKEN_ABI, address, "symbol"))
            decimals = int(await self._node.call(_TOKEN_ABI, address, "decimals"))
        except (ContractReverted, RpcRefused, ValueError, OverflowError) as error:
            log.warning("token_unreadable", token="0x" + address.hex(), reason=type(error).__name__)
            return "", 0
        return "".join(letter for letter in symbol if letter.isprintable())[:_TEXT_CHARACTERS], decimals
