"""Take one lane's intents to the chain: each once, whatever dies in between.

    planned ──simulate, give nonce, sign, journal──► sent ──receipt at depth──► confirmed
                     └──reverts──► failed                 └──reverted──► failed

The signed bytes are written before they are broadcast, so a restart repeats the same bytes, and the
chain accepts one transaction per nonce. A lane is one account on one chain; several processes may send
for it, since an intent is claimed in the transaction that journals it.

What is mined is looked at again when its block is no longer on the chain: the newest such block is
compared at every step, and blocks are linked, so it vouches for all before it. An unconfirmed
transaction is simply broadcast again. When someone else used our nonce, the intent is planned anew, and
the simulation tells whether it is still wanted; a nonce left empty before one of ours is filled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import structlog
from eth_utils.crypto import keccak
from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agents_offchain.chain.contract_abi import ContractAbi, revert_of
from agents_offchain.chain.errors import (
    GasMissing,
    NodeUnavailable,
    NonceRaceLost,
    RpcRefused,
    SignerPaused,
    SignerRefused,
)
from agents_offchain.chain.fees import FeePolicy, gas_limit_of, recipient_of
from agents_offchain.chain.node import LATEST, Node, Receipt
from agents_offchain.primitives.clock import Clock, SystemClock
from agents_offchain.storage.database import Database
from agents_offchain.storage.due import is_due
from agents_offchain.storage.outbox import (
    CONFIRMED,
    FAILED,
    PLANNED,
    SENT,
    WITHDRAWN,
    Intent,
    Outbox,
    OutboxItem,
    item_of,
    lane_name,
)
from agents_offchain.storage.tables.journal import outbox, transactions
from agents_offchain.storage.upsert import insert_new

log = structlog.get_logger(__name__)
GAS_HEADROOM_PERCENT = 25
SECOND_LOOK_SECONDS = 3.0
"""Before an intent whose nonce is gone is sent anew: a receipt may reach our node later than the nonce."""
FILLER = "fill"
NO_GAS_WORDS = ("funds", "allowance")


class TransactionSigner(Protocol):
    """What the sender needs of the signer; `chain.signer.client.SignerClient` is one."""

    async def address(self, key: str) -> bytes: ...

    async def sign_transaction(self, key: str, fields: dict[str, Any]) -> bytes: ...


@dataclass
class Sender:
    """A sender of one lane.

    Args:
        key: Name of the key in the signer.
        abis: Whose errors reverts are named by.
        confirmations: Blocks on top of a receipt's block before an intent is confirmed.
        max_in_flight: Transactions sent ahead of the first unconfirmed one.
    """

    node: Node
    database: Database
    signer: TransactionSigner
    key: str
    chain_id: int
    abis: Sequence[ContractAbi]
    confirmations: int = 1
    fees: FeePolicy = field(default_factory=FeePolicy)
    max_in_flight: int = 16
    clock: Clock = field(default_factory=SystemClock)

    async def setup(self) -> None:
        self.address = await self.signer.address(self.key)
        self.lane = lane_name(self.chain_id, self.address)
        self._newest = await self._newest_mined()

    async def step(self) -> int:
        """Look after what was sent, then send what was planned; how many intents changed.

        Raises:
            NodeUnavailable, SignerUnavailable, GasMissing: nothing is lost; step again.
        """
        head = await self.node.block_number()
        changed = await self._reopen_taken_back(head)
        sent = await self._items(SENT)
        if sent:
            changed += await self._follow_all(sent, head)
        for item in await self._next_planned(len(sent)):
            changed += await self._launch(item)
        return changed

    async def reopen_above(self, block_number: int) -> int:
        """Look again after what was mined in blocks above this one, which the chain took back; how many."""
        async with self.database.write() as connection:
            result = await connection.execute(
                update(outbox)
                .where(outbox.c.lane == self.lane, outbox.c.block_number > block_number)
                .values(
                    status=SENT,
                    block_number=None,
                    block_hash=None,
                    gas_used=None,
                    error=None,
                    updated_at=self.clock.now_seconds(),
                )
            )
        self._newest = await self._newest_mined()
        return int(result.rowcount)

    # --- planned -> sent

    async def _next_planned(self, in_flight: int) -> list[OutboxItem]:
        """What to send now; an empty nonce before those in flight is filled at any price."""
        room = max(self.max_in_flight - in_flight, 0)
        has_hole = bool(in_flight) and await self._has_hole()
        planned = await self._items(PLANNED, limit=max(room, int(has_hole)))
        if has_hole and not planned:
            await self._plan_filler()
            planned = await self._items(PLANNED, limit=1)
        return planned

    async def _has_hole(self) -> bool:
        """Whether transactions of ours wait behind a nonce that nobody uses."""
        on_chain = await self.node.nonce(self.address)
        async with self.database.read() as connection:
            live = await self._live_nonces(connection, on_chain)
        return bool(live) and on_chain not in live

    async def _plan_filler(self) -> None:
        """Send nothing to ourselves: it only uses the nonce."""
        intent = Intent(f"fill:{self.clock.now_seconds()}", FILLER, to=self.address, data=b"")
        log.warning("nonce_left_empty", lane=self.lane)
        async with self.database.write() as connection:
            await Outbox(self.database, self.lane, self.clock).plan(connection, intent)

    async def _launch(self, item: OutboxItem) -> int:
        """Simulate, sign under the next free nonce, journal, broadcast."""
        receipt = await self._receipt(item, await self._attempts(item)) if item.attempts else None
        if receipt is not None:  # an earlier attempt was mined after all
            return await self._change(item, status=SENT, tx_hash=receipt.tx_hash)
        try:
            gas = await self._estimate(item)
        except RpcRefused as error:
            return await self._refuse(item, error)
        fees = self.fees.offer(await self._base_fee())
        nonce = await self._next_nonce()
        try:
            return await self._send(item, nonce, gas, fees)
        except SignerRefused as error:
            log.warning("intent_not_signed", intent=item.intent.intent_key, reason=error.message)
            return await self._change(item, status=FAILED, error=error.message)
        except SignerPaused as error:
            return await self._postpone(item, error)

    async def _postpone(self, item: OutboxItem, error: SignerPaused) -> int:
        """Let others go first while an intent waits for a person, a budget or a thaw. All wait for a filler."""
        if item.intent.kind == FILLER:
            raise error
        log.info("intent_waits", intent=item.intent.intent_key, reason=error.message)
        later = self.clock.now_seconds() + error.retry_after_seconds
        await self._change(item, not_before=later, error=error.message)
        return 0

    async def _send(self, item: OutboxItem, nonce: int, gas: int, fees: tuple[int, int]) -> int:
        raw = await self._sign(item, nonce, gas, fees)
        tx_hash = keccak(raw)
        try:
            await self._journal(item, nonce, raw, tx_hash, fees)
        except NonceRaceLost as error:
            log.info("nonce_race_lost", intent=item.intent.intent_key, reason=error.message)
            return 0
        log.info(
            "transaction_sent", intent=item.intent.intent_key, nonce=nonce, tx="0x" + tx_hash.hex(), max_fee_wei=fees[0]
        )
        await self._broadcast(raw)
        return 1

    async def _estimate(self, item: OutboxItem) -> int:
        """Gas limit from a simulation against the pending state."""
        call = {
            "from": "0x" + self.address.hex(),
            "to": "0x" + item.intent.to.hex(),
            "data": "0x" + item.intent.data.hex(),
            "value": hex(item.intent.value_wei),
        }
        used = await self.node.estimate_gas(call)
        return used * (100 + GAS_HEADROOM_PERCENT) // 100

    async def _refuse(self, item: OutboxItem, error: RpcRefused) -> int:
        """A simulation that reverts ends the intent; any other refusal is tried again."""
        reverted = revert_of(error, *self.abis)
        if reverted is None:
            self._require_gas(error)
            raise NodeUnavailable(error.message) from error
        log.warning("intent_failed", intent=item.intent.intent_key, reason=reverted.message)
        return await self._change(item, status=FAILED, error=reverted.message)

    async def _base_fee(self) -> int:
        head = await self.node.block()
        if head is None:
            raise NodeUnavailable("The node has no head.")
        return head.base_fee_wei

    async def _next_nonce(self) -> int:
        """The first nonce from the chain's on that no transaction of ours holds."""
        nonce = await self.node.nonce(self.address)
        async with self.database.read() as connection:
            live = await self._live_nonces(connection, nonce)
        while nonce in live:
            nonce += 1
        return nonce

    async def _live_nonces(self, connection: AsyncConnection, first: int) -> dict[int, int]:
        """Nonce -> outbox id of what is, or lately was, on its way into a block, from a nonce on."""
        query = (
            select(transactions.c.nonce, transactions.c.outbox_id)
            .join(outbox, (outbox.c.id == transactions.c.outbox_id) & (outbox.c.tx_hash == transactions.c.tx_hash))
            .where(
                transactions.c.lane == self.lane,
                transactions.c.nonce >= first,
                or_(outbox.c.status == SENT, outbox.c.block_number.is_not(None)),
            )
        )
        return {row.nonce: row.outbox_id for row in (await connection.execute(query)).all()}

    async def _sign(self, item: OutboxItem, nonce: int, gas: int, fees: tuple[int, int]) -> bytes:
        max_fee, tip = fees
        return await self.signer.sign_transaction(
            self.key,
            {
                "chainId": self.chain_id,
                "nonce": nonce,
                "to": "0x" + item.intent.to.hex(),
                "value": item.intent.value_wei,
                "data": "0x" + item.intent.data.hex(),
                "gas": gas,
                "maxFeePerGas": max_fee,
                "maxPriorityFeePerGas": tip,
            },
        )

    async def _journal(self, item: OutboxItem, nonce: int, raw: bytes, tx_hash: bytes, fees: tuple[int, int]) -> None:
        """Write the signed bytes and claim intent and nonce for them, all or nothing.

        Raises:
            NonceRaceLost: another process changed the intent, or holds the nonce.
        """
        now = self.clock.now_seconds()
        row = {
            "tx_hash": tx_hash,
            "outbox_id": item.id,
            "lane": self.lane,
            "nonce": nonce,
            "raw": raw,
            "max_fee_wei": fees[0],
            "tip_wei": fees[1],
            "created_at": now,
        }
        async with self.database.write() as connection:
            await self._claim(connection, item, status=SENT, tx_hash=tx_hash, attempts=item.attempts + 1)
            holder = (await self._live_nonces(connection, nonce)).get(nonce, item.id)
            if holder != item.id:
                raise NonceRaceLost(f"Nonce {nonce} is taken.", nonce=nonce)
            await insert_new(connection, transactions, [row])

    async def _broadcast(self, raw: bytes) -> None:
        """Send bytes; refusals are left to the next step, which looks at what the chain says.

        Raises:
            GasMissing: the account cannot pay; the bytes are in the journal and are sent again.
        """
        try:
            await self.node.send_raw(raw)
        except RpcRefused as error:
            self._require_gas(error)
            log.debug("broadcast_refused", reason=error.message)

    def _require_gas(self, error: RpcRefused) -> None:
        if any(word in error.message.lower() for word in NO_GAS_WORDS):
            raise GasMissing(
                f"The account 0x{self.address.hex()} cannot pay for its transaction.",
                mend="Send it some of the chain's coin.",
                retry_after_seconds=5.0,
            ) from error

    # --- sent -> confirmed

    async def _follow_all(self, sent: Sequence[OutboxItem], head: int) -> int:
        deep = LATEST if self.confirmations == 0 else hex(max(head - self.confirmations, 0))
        settled_nonce = await self.node.nonce(self.address, deep)
        changed = 0
        for item in sent:
            changed += await self._follow(item, head, settled_nonce)
        return changed

    async def _follow(self, item: OutboxItem, head: int, settled_nonce: int) -> int:
        """Settle what is mined; else repeat its bytes, offer more, or plan it anew when its nonce is gone."""
        attempts = await self._attempts(item)
        receipt = await self._receipt(item, attempts)
        if receipt is not None:
            return await self._settle(item, receipt, head)
        nonce = next(attempt.nonce for attempt in attempts if bytes(attempt.tx_hash) == item.tx_hash)
        if settled_nonce > nonce:
            log.warning("nonce_used_elsewhere", intent=item.intent.intent_key, nonce=nonce)
            later = self.clock.now_seconds() + SECOND_LOOK_SECONDS
            return await self._change(item, status=PLANNED, tx_hash=None, not_before=later)
        live = [attempt for attempt in attempts if attempt.nonce == nonce]
        wanted = [bytes(attempt.raw) for attempt in live if _does(attempt, item)]
        if not wanted:  # withdrawn since, or wanted again
            return await self._bump(item, live[-1])
        for raw in wanted:
            await self._broadcast(raw)
        waiting_since = max(item.updated_at, live[-1].created_at)
        if abs(self.clock.now_seconds() - waiting_since) > self.fees.stuck_seconds:  # a clock may be put back
            return await self._bump(item, live[-1])
        return 0

    async def _attempts(self, item: OutboxItem) -> list[Any]:
        """Every signed attempt at an intent, in the order of nonces and of what they offer."""
        query = (
            select(transactions)
            .where(transactions.c.outbox_id == item.id)
            .order_by(transactions.c.nonce, transactions.c.max_fee_wei)
        )
        async with self.database.read() as connection:
            return list((await connection.execute(query)).all())

    async def _receipt(self, item: OutboxItem, attempts: list[Any]) -> Receipt | None:
        """Of the attempt that was mined. What a withdrawal mined is no receipt of an intent that is wanted again."""
        is_withdrawn = item.intent.kind == WITHDRAWN
        for attempt in reversed([attempt for attempt in attempts if is_withdrawn or _does(attempt, item)]):
            receipt = await self.node.receipt(bytes(attempt.tx_hash))
            if receipt is not None:
                return receipt
        return None

    async def _settle(self, item: OutboxItem, receipt: Receipt, head: int) -> int:
        """Confirm at depth; before that just wait."""
        if head - receipt.block_number < self.confirmations:
            return 0
        log.info(
            "transaction_mined",
            intent=item.intent.intent_key,
            success=receipt.is_success,
            block=receipt.block_number,
            gas_used=receipt.gas_used,
        )
        changed = await self._change(
            item,
            status=CONFIRMED if receipt.is_success else FAILED,
            error=None if receipt.is_success else "The transaction reverted on the chain.",
            tx_hash=receipt.tx_hash,
            block_number=receipt.block_number,
            block_hash=receipt.block_hash,
            gas_used=receipt.gas_used,
        )
        self._newest = max(self._newest or (0, b""), (receipt.block_number, receipt.block_hash))
        return changed

    async def _bump(self, item: OutboxItem, last: Any) -> int:
        """Offer more for a nonce, with what the intent is now and the same gas limit."""
        offer = self.fees.bump(last.max_fee_wei, last.tip_wei, await self._base_fee())
        if offer is None:
            log.debug("fee_cap_reached", intent=item.intent.intent_key, max_fee_wei=last.max_fee_wei)
            return 0
        try:
            return await self._send(item, last.nonce, gas_limit_of(bytes(last.raw)), offer)
        except (SignerRefused, SignerPaused) as error:  # what was signed before is still under way
            log.warning("bump_not_signed", intent=item.intent.intent_key, reason=error.message)
            return 0

    # --- confirmed -> sent

    async def _reopen_taken_back(self, head: int) -> int:
        """Find blocks of ours that the chain took back, and look again after what was mined in them."""
        reopened = 0
        while self._newest is not None and self._newest[0] <= head:
            number, block_hash = self._newest
            block = await self.node.block(number)
            if block is None or block.hash == block_hash:
                break
            log.warning("mined_block_taken_back", lane=self.lane, block=number)
            reopened += await self.reopen_above(number - 1)
        return reopened

    async def _newest_mined(self) -> tuple[int, bytes] | None:
        """Number and hash of the newest block that holds a settled transaction of the lane."""
        query = (
            select(outbox.c.block_number, outbox.c.block_hash)
            .where(outbox.c.lane == self.lane, outbox.c.block_number.is_not(None))
            .order_by(outbox.c.block_number.desc())
            .limit(1)
        )
        async with self.database.read() as connection:
            row = (await connection.execute(query)).first()
        return None if row is None else (int(row.block_number), bytes(row.block_hash))

    # --- the outbox

    async def _items(self, status: str, limit: int | None = None) -> list[OutboxItem]:
        query = (
            select(outbox)
            .where(
                outbox.c.lane == self.lane,
                outbox.c.status == status,
                is_due(outbox.c.not_before, self.clock.now_seconds()),
            )
            .order_by(outbox.c.id)
            .limit(limit)
        )
        async with self.database.read() as connection:
            return [item_of(row) for row in (await connection.execute(query)).all()]

    async def _change(self, item: OutboxItem, **values: Any) -> int:
        """Move an intent on; 0 when another process has done so first."""
        try:
            async with self.database.write() as connection:
                await self._claim(connection, item, **values)
        except NonceRaceLost as error:
            log.info("intent_race_lost", intent=item.intent.intent_key, reason=error.message)
            return 0
        return 1

    async def _claim(self, connection: AsyncConnection, item: OutboxItem, **values: Any) -> None:
        """Change an intent that is still as it was read.

        Raises:
            NonceRaceLost: it is not.
        """
        result = await connection.execute(
            update(outbox)
            .where(outbox.c.id == item.id, outbox.c.status == item.status, outbox.c.attempts == item.attempts)
            .values(**values, updated_at=self.clock.now_seconds())
        )
        if result.rowcount != 1:
            raise NonceRaceLost(f"{item.intent.intent_key} was changed by another process.")


def _does(attempt: Any, item: OutboxItem) -> bool:
    """Whether a signed attempt calls whom the intent calls now."""
    return recipient_of(bytes(attempt.raw)) == item.intent.to
