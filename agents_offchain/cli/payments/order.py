"""The verbs of orders and of carried hires: fill a purse, sign, list."""

from __future__ import annotations

import asyncio
import secrets
from pathlib import Path

from agents_offchain.chain.contract_abi import load_abi
from agents_offchain.chain.node import Node
from agents_offchain.chain.proxies.authorized_hire import (
    AUTHORIZATION_FIELDS,
    AUTHORIZATION_TYPE,
    AuthorizedHire,
    authorization_values,
)
from agents_offchain.chain.proxies.job_escrow import HireTerms, JobEscrowProxy
from agents_offchain.chain.proxies.payment_channels import fill_purse_calldata
from agents_offchain.cli.console import Console
from agents_offchain.cli.hire.choice import choose
from agents_offchain.cli.operate.home import moment, show_table
from agents_offchain.cli.payments.channel import say_document
from agents_offchain.cli.payments.desk import PaymentUnclear, account, desk, named, own_accounts, show, units
from agents_offchain.primitives.eip712 import Domain
from agents_offchain.primitives.hexes import HexInvalid, decode_address, decode_hex, encode_hex
from agents_offchain.primitives.payments import ORDER_FIELDS, ORDER_TYPE, Order, payments_domain
from agents_offchain.primitives.settings import Settings
from agents_offchain.primitives.units import AgentId, TokenUnits
from agents_offchain.runtime.documents import IPFS_PREFIX
from agents_offchain.runtime.payments.documents import Place, SignedHire, SignedOrder


def run_fill(settings: Settings, console: Console, amount: str, key: str) -> int:
    """Exit code 0 once the purse has grown."""
    return asyncio.run(_fill(settings, console, units(amount), key))


async def _fill(settings: Settings, console: Console, amount: int, key: str) -> int:
    async with desk(settings, "order fill") as at:
        wallet = await at.around.wallet(key)
        owner = await wallet.address()
        await at.ensure_money(wallet, amount)
        await wallet.transact(at.contract.address, fill_purse_calldata(at.token, owner, amount))
        purse = await at.contract.purse(at.token, owner)
    console.document({"payer": key, "balance": show(purse.balance), "leaving": show(purse.leaving)})
    console.line(f"The purse of {key} holds {show(purse.balance)}.")
    return 0


def run_sign(
    settings: Settings,
    console: Console,
    payee: str,
    amount: str,
    *,
    good_for_seconds: int,
    purpose: str,
    nonce: int | None,
    key: str,
    out: Path | None,
) -> int:
    """Exit code 0 once the order is signed; nothing is sent."""
    try:
        purpose_bytes = decode_hex(purpose, 32)
    except HexInvalid as error:
        raise PaymentUnclear(f"{purpose[:70]!r} is not 32 bytes in hex.") from error
    terms = (account(settings, payee), units(amount), good_for_seconds, purpose_bytes)
    return asyncio.run(_sign(settings, console, terms, secrets.randbits(63) if nonce is None else nonce, key, out))


async def _sign(
    settings: Settings,
    console: Console,
    terms: tuple[bytes, int, int, bytes],
    nonce: int,
    key: str,
    out: Path | None,
) -> int:
    payee, amount, good_for_seconds, purpose = terms
    async with desk(settings, "order sign") as at:
        payer = await at.around.signer.address(key)
        valid_before = await at.chain_time() + good_for_seconds
        order = Order(payer, payee, at.token, amount, nonce, valid_before, purpose)
        contract, chain_id = at.contract.address, at.around.deployment.chain_id
        signature = await at.around.signer.sign_typed(
            key, payments_domain(chain_id, contract), ORDER_TYPE, ORDER_FIELDS, order.as_tuple()
        )
    say_document(console, SignedOrder(Place(chain_id, contract), order, signature).as_dict(), out)
    return 0


def run_list(settings: Settings, console: Console) -> int:
    """Exit code 0, also without orders."""
    return asyncio.run(_list(settings, console))


async def _list(settings: Settings, console: Console) -> int:
    own = own_accounts(settings)
    async with desk(settings, "order list") as at:
        rows = [row for till in at.till.tills for row in await till.orders.list_all(list(own))]
    documents = [
        {
            "payer": named(own, row.order.payer),
            "payee": named(own, row.order.payee),
            "nonce": str(row.order.nonce),
            "amount": show(row.amount),
            "valid_before": row.order.valid_before,
            "status": row.status,
            "note": row.error or "",
        }
        for row in rows
    ]
    console.document({"orders": documents})
    heads = ("payer", "payee", "nonce", "amount", "until", "status", "note")
    shown = [
        {**document, "until": moment(row.order.valid_before)} for document, row in zip(documents, rows, strict=True)
    ]
    cells = [tuple(str(row[head]) for head in heads) for row in shown]
    show_table(console, heads, cells, empty="No order is held.")
    return 0


def run_sign_hire(
    settings: Settings,
    console: Console,
    listing: str,
    request_cid: str,
    *,
    good_for_seconds: int,
    key: str,
    out: Path | None,
) -> int:
    """Exit code 0 once the hire is signed; nothing is sent."""
    return asyncio.run(_sign_hire(settings, console, listing, request_cid, good_for_seconds, key, out))


async def _sign_hire(
    settings: Settings,
    console: Console,
    listing: str,
    request_cid: str,
    good_for_seconds: int,
    key: str,
    out: Path | None,
) -> int:
    async with desk(settings, "relay sign") as at:
        around, escrow = at.around, at.around.deployment.address("JobEscrow")
        choice, client = await choose(around, listing, None), await around.signer.address(key)
        now = await at.chain_time()
        policy = await JobEscrowProxy(around.node, escrow).policy(choice.policy_id)
        terms = HireTerms(
            provider=choice.wallet,
            policy_id=choice.policy_id,
            budget=TokenUnits(choice.price),
            expired_at=now + good_for_seconds + choice.work_seconds + policy.tail_seconds,
            agent_id=AgentId(choice.agent_id),
            listing_id=choice.listing_id,
            description=IPFS_PREFIX + request_cid,
        )
        salt, window = secrets.token_bytes(32), (0, now + good_for_seconds)
        signature = await around.signer.sign_typed(
            key,
            await token_domain(around.node, policy.token),
            AUTHORIZATION_TYPE,
            AUTHORIZATION_FIELDS,
            authorization_values(client, escrow, terms, salt, window),
        )
        hire = AuthorizedHire(client, terms, salt, *window, signature)
        place = Place(around.deployment.chain_id, escrow)
    say_document(console, SignedHire(place, hire).as_dict(), out)
    return 0


async def token_domain(node: Node, token: bytes) -> Domain:
    """The domain that a token names itself (ERC-5267)."""
    own = await node.call(load_abi("TestDollar"), token, "eip712Domain")
    return Domain(own["name"], own["version"], own["chainId"], decode_address(own["verifyingContract"]))


def run_list_hires(settings: Settings, console: Console) -> int:
    """Exit code 0, also when none was taken."""
    return asyncio.run(_list_hires(settings, console))


async def _list_hires(settings: Settings, console: Console) -> int:
    own = own_accounts(settings)
    async with desk(settings, "relay list") as at:
        rows = [row for each in at.around.deployment.generations for row in await at.till.relays_of(each).newest()]
    documents = [
        {
            "client": named(own, row.client),
            "nonce": encode_hex(row.nonce),
            "budget": show(row.budget),
            "status": row.status,
            "tx": encode_hex(row.tx_hash) if row.tx_hash else None,
            "note": row.error or "",
        }
        for row in rows
    ]
    console.document({"hires": documents})
    heads = ("client", "budget", "status", "tx", "note")
    cells = [tuple(str(row[head] or "") for head in heads) for row in documents]
    show_table(console, heads, cells, empty="No signed hire was taken.")
    return 0
