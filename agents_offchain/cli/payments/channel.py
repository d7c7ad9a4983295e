"""The verbs of a channel: open, top up, sign a voucher, take one, claim, close, list, show."""

from __future__ import annotations

import asyncio
import json
import secrets
from itertools import groupby
from pathlib import Path
from typing import Any

from agents_offchain.chain.proxies.payment_channels import (
    ABI,
    close_calldata,
    open_calldata,
    top_up_calldata,
    voucher_rows,
)
from agents_offchain.cli.console import Console
from agents_offchain.cli.operate.home import moment, show_table
from agents_offchain.cli.payments.desk import (
    Desk,
    PaymentUnclear,
    account,
    desk,
    named,
    own_accounts,
    show,
    units,
)
from agents_offchain.cli.roles import load_roles
from agents_offchain.cli.wallet import Wallet
from agents_offchain.primitives.canonical import sha256
from agents_offchain.primitives.hexes import checksum, encode_hex
from agents_offchain.primitives.payments import VOUCHER_FIELDS, VOUCHER_TYPE, Channel, payments_domain
from agents_offchain.primitives.settings import Settings
from agents_offchain.runtime.payments.documents import (
    MAX_DOCUMENT_BYTES,
    Place,
    PromiseMalformed,
    SignedVoucher,
    parse_promise,
)
from agents_offchain.runtime.payments.intake import Taken
from agents_offchain.storage.outbox import Intent
from agents_offchain.storage.payments.channels import ChannelRow, HeldVoucher

CASHIER = "cashier"


def run_open(
    settings: Settings, console: Console, payee: str, deposit: str, grace_seconds: int, salt: int | None, key: str
) -> int:
    """Exit code 0 once the channel is open; the same salt opens it once."""
    amount, to = units(deposit), account(settings, payee)
    return asyncio.run(
        _open(settings, console, to, amount, grace_seconds, secrets.randbits(63) if salt is None else salt, key)
    )


async def _open(
    settings: Settings, console: Console, payee: bytes, amount: int, grace_seconds: int, salt: int, key: str
) -> int:
    async with desk(settings, "channel open") as at:
        wallet = await at.around.wallet(key)
        channel = Channel(await wallet.address(), payee, at.token, grace_seconds, salt)
        if not (await at.contract.channel(channel.channel_id)).deposit:
            await at.ensure_money(wallet, amount)
            name = f"open-channel:{at.contract.address.hex()}:{channel.channel_id.hex()}"
            await wallet.send(Intent(name, "open-channel", at.contract.address, open_calldata(channel, amount)))
        async with at.around.database.write() as connection:
            await at.till.channels.note_channel(connection, channel, 0)
        _say_channel(settings, console, at, await at.fresh(channel.channel_id))
    return 0


def run_top_up(settings: Settings, console: Console, channel: str, amount: str, key: str) -> int:
    """Exit code 0 once the deposit has grown."""
    return asyncio.run(_top_up(settings, console, channel, units(amount), key))


async def _top_up(settings: Settings, console: Console, wanted: str, amount: int, key: str) -> int:
    async with desk(settings, "channel top-up") as newest:
        at, row = await newest.at_channel(wanted)
        wallet = await at.around.wallet(key)
        await at.ensure_money(wallet, amount)
        name = f"top-up:{at.contract.address.hex()}:{row.channel.channel_id.hex()}:{row.deposit}:{amount}"
        await wallet.send(Intent(name, "top-up", at.contract.address, top_up_calldata(row.channel, amount)))
        _say_channel(settings, console, at, await at.fresh(row.channel.channel_id))
    return 0


def run_voucher(settings: Settings, console: Console, channel: str, total: str, key: str, out: Path | None) -> int:
    """Exit code 0 once the voucher is signed; nothing is sent."""
    return asyncio.run(_voucher(settings, console, channel, units(total), key, out))


async def _voucher(
    settings: Settings, console: Console, wanted: str, cumulative: int, key: str, out: Path | None
) -> int:
    async with desk(settings, "channel voucher") as newest:
        at, row = await newest.at_channel(wanted)
        if cumulative > row.deposit:
            raise PaymentUnclear(
                f"The channel holds {show(row.deposit)}, less than the voucher's {show(cumulative)}.",
                mend="Top it up first; a voucher says everything so far.",
            )
        contract = at.contract.address
        domain = payments_domain(at.around.deployment.chain_id, contract)
        signature = await at.around.signer.sign_typed(
            key, domain, VOUCHER_TYPE, VOUCHER_FIELDS, (row.channel.channel_id, cumulative)
        )
        signed = SignedVoucher(Place(at.around.deployment.chain_id, contract), row.channel, cumulative, signature)
    say_document(console, signed.as_dict(), out)
    return 0


def run_take(settings: Settings, console: Console, file: Path) -> int:
    """Exit code 0 when the promise is kept, now or before."""
    return asyncio.run(_take(settings, console, read_document(file)))


async def _take(settings: Settings, console: Console, data: bytes) -> int:
    promise = parse_promise(data)
    async with desk(settings, "channel take") as at:
        taken = await at.till.intake().take(promise)
    console.document({"kind": taken.kind, "key": taken.key, "is_new": taken.is_new, "adds": show(taken.adds)})
    console.line(_words(taken))
    return 0


def _words(taken: Taken) -> str:
    if not taken.is_new:
        return f"Taken before: {taken.kind} {taken.key}."
    then = "A cashier carries it" if taken.kind == "hire" else "A cashier claims it in time"
    return f"Taken: {taken.kind} {taken.key} over {show(taken.adds)}. {then}."


def run_claim(settings: Settings, console: Console, channel: str | None, key: str | None) -> int:
    """Exit code 0 also when there is nothing to claim."""
    return asyncio.run(_claim(settings, console, channel, key or _cashier_key(settings)))


def _cashier_key(settings: Settings) -> str:
    for name, role in load_roles(settings).items():
        if role == CASHIER:
            return name
    raise PaymentUnclear(
        "No key of this home may claim.", mend="`aitbc cashier new NAME` makes one; its wallet pays the gas."
    )


async def _claim(settings: Settings, console: Console, wanted: str | None, key: str) -> int:
    async with desk(settings, "channel claim") as newest:
        found = None if wanted is None else await newest.at_channel(wanted)
        wallet = await newest.around.wallet(key)
        rows = []
        for at in newest.desks if found is None else found[:1]:
            for row in await at.till.channels.stale():
                await at.fresh(row.channel.channel_id)
            held = sorted(await at.till.channels.claimable(with_postponed=True), key=_group)
            if found is not None:
                held = [one for one in held if one.row.channel == found[1].channel]
            for _, group in groupby(held, key=_group):
                rows += await _claim_group(at, wallet, list(group))
    console.document({"claimed": rows})
    show_table(
        console,
        ("channel", "claimed", "transaction"),
        [(row["channel"], row["claimed"], row["tx"]) for row in rows],
        empty="Nothing is held that was not claimed.",
    )
    return 0


async def _claim_group(at: Desk, wallet: Wallet, held: list[HeldVoucher]) -> list[dict[str, Any]]:
    """One batch of one payee and token, worth its gas or not: somebody asked for it."""
    channel = held[0].row.channel
    signed = [(one.row.channel, one.cumulative, one.signature) for one in held]
    data = ABI.encode_call("claimBatch", channel.payee, channel.token, voucher_rows(signed))
    name = f"claim-now:{at.contract.address.hex()}:{sha256(data).hex()[:32]}"
    item = await wallet.send(Intent(name, "claim", at.contract.address, data))
    async with at.around.database.write() as connection:
        for one in held:
            await at.till.channels.mark_stale(connection, one.row.channel.channel_id, item.block_number or 0)
    tx = encode_hex(item.tx_hash or b"")
    return [{"channel": at.reference(one.row.channel), "claimed": show(one.amount), "tx": tx} for one in held]


def run_close(settings: Settings, console: Console, channel: str, key: str) -> int:
    """Exit code 0 once the next step towards the end is done."""
    return asyncio.run(_close(settings, console, channel, key))


async def _close(settings: Settings, console: Console, wanted: str, key: str) -> int:
    async with desk(settings, "channel close") as newest:
        at, row = await newest.at_channel(wanted)
        wallet = await at.around.wallet(key)
        step = await _next_step(at, row, await wallet.address())
        await wallet.transact(at.contract.address, close_calldata(step, row.channel))
        _say_channel(settings, console, at, await at.fresh(row.channel.channel_id), step=step)
    return 0


async def _next_step(at: Desk, row: ChannelRow, caller: bytes) -> str:
    """`release`, `startClose` or `finishClose`, whichever the caller may do now.

    Raises:
        PaymentUnclear: none, or it would give up money.
    """
    if row.deposit == row.claimed and not row.closable_at:
        raise PaymentUnclear("The channel holds nothing that is not claimed; there is nothing to close.")
    if caller == row.channel.payee:
        held = await at.till.channels.newest(row.channel.channel_id)
        if held is not None and held[0] > row.claimed:
            raise PaymentUnclear(
                f"A voucher over {show(held[0])} is held and {show(row.claimed)} is claimed: releasing gives up the "
                "rest.",
                mend="`aitbc channel claim` first.",
            )
        return "release"
    if not row.closable_at:
        if caller != row.channel.payer:
            raise PaymentUnclear("Only payer and payee begin to close a channel.")
        return "startClose"
    now = await at.chain_time()
    if now < row.closable_at:
        raise PaymentUnclear(f"The grace runs until {moment(row.closable_at)} UTC.", mend="Close it again then.")
    return "finishClose"


def run_list(settings: Settings, console: Console) -> int:
    """Exit code 0, also without channels."""
    return asyncio.run(_list(settings, console))


async def _list(settings: Settings, console: Console) -> int:
    own = own_accounts(settings)
    async with desk(settings, "channel list") as newest:
        documents = [
            _document(own, at, row, await at.till.channels.newest(row.channel.channel_id))
            for at in newest.desks
            for row in await at.till.channels.list_of(list(own))
        ]
    console.document({"channels": documents})
    heads = ("channel", "payer", "payee", "deposit", "claimed", "held", "state")
    cells = [tuple(str(document[head]) for head in heads) for document in documents]
    show_table(console, heads, cells, empty="No key of this home has a channel.")
    return 0


def run_show(settings: Settings, console: Console, channel: str) -> int:
    """Exit code 0."""
    return asyncio.run(_show(settings, console, channel))


async def _show(settings: Settings, console: Console, wanted: str) -> int:
    async with desk(settings, "channel show") as newest:
        at, row = await newest.at_channel(wanted)
        _say_channel(settings, console, at, row, held=await at.till.channels.newest(row.channel.channel_id))
    return 0


def _say_channel(
    settings: Settings,
    console: Console,
    at: Desk,
    row: ChannelRow,
    *,
    held: tuple[int, bytes] | None = None,
    step: str = "",
) -> None:
    document = _document(own_accounts(settings), at, row, held)
    console.document({**document, "step": step or None})
    for name, value in document.items():
        console.line(f"  {name:<14}{value}")


def _document(own: dict[bytes, str], at: Desk, row: ChannelRow, held: tuple[int, bytes] | None) -> dict[str, Any]:
    state = "open" if row.deposit > row.claimed else "empty"
    if row.closable_at:
        state = f"closing, until {moment(row.closable_at)} UTC"
    return {
        "channel": at.reference(row.channel),
        "payer": named(own, row.channel.payer),
        "payee": named(own, row.channel.payee),
        "token": checksum(row.channel.token),
        "grace_seconds": row.channel.grace_seconds,
        "salt": str(row.channel.salt),
        "deposit": show(row.deposit),
        "claimed": show(row.claimed),
        "held": show(held[0]) if held is not None else "0",
        "state": state,
        "note": row.error or "",
    }


def _group(held: HeldVoucher) -> tuple[bytes, bytes]:
    return held.row.channel.payee, held.row.channel.token


def read_document(file: Path) -> bytes:
    """Raises PromiseMalformed when it is larger than any promise."""
    with file.open("rb") as stream:
        data = stream.read(MAX_DOCUMENT_BYTES + 1)
    if len(data) > MAX_DOCUMENT_BYTES:
        raise PromiseMalformed(f"{file.name} has more than {MAX_DOCUMENT_BYTES} bytes; a promise has fewer.")
    return data


def say_document(console: Console, document: dict[str, Any], out: Path | None) -> None:
    """Print a signed document, or write it to a file."""
    text = json.dumps(document, indent=1)
    console.document(document)
    if out is None:
        console.line(text)
        return
    out.write_text(text + "\n")
    console.line(f"Written to {out}. Hand it over; it is money.")
