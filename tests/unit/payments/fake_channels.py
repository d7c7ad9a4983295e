"""PaymentChannels in memory: what the contract does with vouchers, and an outbox that is mined when a test says so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, update

from agents_offchain.chain.proxies.payment_channels import ChannelState
from agents_offchain.chain.signer.calls import call_shape
from agents_offchain.messaging.protocols.signature import recover_signer
from agents_offchain.primitives.clock import ManualClock
from agents_offchain.primitives.payments import Channel, payments_domain, voucher_digest
from agents_offchain.storage.database import Database
from agents_offchain.storage.outbox import CONFIRMED, PLANNED, Outbox
from agents_offchain.storage.payments.channels import ChannelBook
from agents_offchain.storage.tables.journal import outbox
from tests.unit.messaging.key_ring import KeyRing

CONTRACT, TOKEN, PAYEE = b"\xc4" * 20, b"\x70" * 20, b"\xee" * 20
BOOK = f"31337:0x{CONTRACT.hex()}"
RING = KeyRing()
PAYER = RING.address_of("payer")


def channel(salt: int = 0) -> Channel:
    return Channel(PAYER, PAYEE, TOKEN, 3_600, salt)


def sign(one: Channel, cumulative: int, key: str = "payer", contract: bytes = CONTRACT) -> bytes:
    return RING.sign_digest(key, voucher_digest(payments_domain(31337, contract), one.channel_id, cumulative))


class FakeChannels:
    """The contract, as `PaymentChannelsProxy` shows it; `block` is the newest block."""

    def __init__(self, address: bytes = CONTRACT) -> None:
        self.address = address
        self.domain = payments_domain(31337, address)
        self.state: dict[bytes, ChannelState] = {}
        self.block = 1

    async def channel(self, channel_id: bytes, *, block: int) -> ChannelState:
        return self.state.get(channel_id, ChannelState(0, 0, 0))

    async def rehearse(self, function: str, *args: Any, sender: bytes, block: int) -> int:
        assert function == "claimBatch"
        return sum(amount for _, _, amount in self._paid(*args))

    def claim(self, payee: bytes, token: bytes, rows: Sequence[tuple[Any, ...]]) -> None:
        for channel_id, cumulative, _ in self._paid(payee, token, rows):
            held = self.state[channel_id]
            self.state[channel_id] = ChannelState(held.deposit, cumulative, held.closable_at)

    def deposit(self, one: Channel, amount: int) -> None:
        held = self.state.get(one.channel_id, ChannelState(0, 0, 0))
        self.state[one.channel_id] = ChannelState(held.deposit + amount, held.claimed, 0)

    def start_close(self, one: Channel) -> None:
        held = self.state.get(one.channel_id)
        if held is not None and held.deposit:
            self.state[one.channel_id] = ChannelState(held.deposit, held.claimed, 10_000)

    def finish_close(self, one: Channel) -> None:
        held = self.state.get(one.channel_id)
        if held is not None and held.closable_at:
            self.state[one.channel_id] = ChannelState(held.claimed, held.claimed, 0)

    def _paid(self, payee: bytes, token: bytes, rows: Sequence[tuple[Any, ...]]) -> list[tuple[bytes, int, int]]:
        paid, claimed = [], {key: held.claimed for key, held in self.state.items()}
        for terms, cumulative, r, compact in rows:
            one = Channel(
                terms[:20], payee, token, int.from_bytes(terms[20:24], "big"), int.from_bytes(terms[24:], "big")
            )
            held, s = self.state.get(one.channel_id), int.from_bytes(compact, "big")
            if held is None or not claimed[one.channel_id] < cumulative <= held.deposit:
                continue
            signature = r + (s & (1 << 255) - 1).to_bytes(32, "big") + bytes([27 + (s >> 255)])
            if recover_signer(voucher_digest(self.domain, one.channel_id, cumulative), signature) != one.payer:
                continue
            paid.append((one.channel_id, cumulative, cumulative - claimed[one.channel_id]))
            claimed[one.channel_id] = cumulative
        return paid


class Mine:
    """The sender and the chain behind it: planned claims take effect in one block."""

    def __init__(self, database: Database, contract: FakeChannels, clock: ManualClock) -> None:
        self.lane = Outbox(database, "31337:0x" + "ca" * 20, clock)
        self._database = database
        self._contract = contract

    async def all(self, book: ChannelBook) -> int:
        """Do what is planned, tell the book as the events would; how many were mined."""
        shape = call_shape("PaymentChannels", "claimBatch")
        query = select(outbox).where(outbox.c.status == PLANNED, outbox.c.to_address == self._contract.address)
        async with self._database.read() as connection:
            planned = (await connection.execute(query)).all()
        for row in planned:
            self._contract.block += 1
            payee, token, rows = shape.read(bytes(row.data))
            self._contract.claim(bytes.fromhex(payee[2:]), bytes.fromhex(token[2:]), rows)
            async with self._database.write() as connection:
                done = {"status": CONFIRMED, "block_number": self._contract.block}
                await connection.execute(update(outbox).where(outbox.c.id == row.id).values(**done))
                for channel_id in self._contract.state:
                    await book.mark_stale(connection, channel_id, self._contract.block)
        return len(planned)
