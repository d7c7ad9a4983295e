"""The client's side of a hire on chain: money, allowance, one `hire` per request id, acceptance."""

from __future__ import annotations

from itertools import count

from agents_offchain.chain.contract_abi import load_abi
from agents_offchain.chain.proxies.job_escrow import ABI, HireTerms, JobEscrowProxy, hire_calldata
from agents_offchain.chain.proxies.token import TokenProxy, approve_calldata, mint_calldata
from agents_offchain.cli.hire.choice import Choice
from agents_offchain.cli.hire.record import HireRecord
from agents_offchain.cli.operate.connections import Connections
from agents_offchain.cli.wallet import TransactionWaits, Wallet
from agents_offchain.primitives.errors import Refused
from agents_offchain.primitives.hexes import checksum
from agents_offchain.primitives.units import TOKEN_DECIMALS, AgentId, TokenUnits, format_tokens
from agents_offchain.runtime.documents import IPFS_PREFIX
from agents_offchain.storage.outbox import FAILED, Intent, OutboxItem

FAUCET_UNITS = 100 * 10**TOKEN_DECIMALS
"""What the local chain's faucet gives at a time."""


class MoneyMissing(Refused):
    """The client's wallet holds less than the price."""


async def find_payment(wallet: Wallet, request_id: str) -> OutboxItem | None:
    """The hire of a request id that is planned, on its way or mined; None when none was ever signed."""
    newest = None
    for number in count():
        item = await wallet.status(_key(request_id, number))
        if item is None:
            return newest
        newest = None if _is_void(item) else item
    return newest


async def ensure_money(around: Connections, wallet: Wallet, price: TokenUnits) -> str:
    """See that the wallet holds the price and the escrow may draw it; what was done, in words.

    Raises:
        MoneyMissing: it holds less, and this is no chain of play money.
    """
    token = TokenProxy(around.node, around.deployment.address("TestDollar"))
    escrow, owner = around.deployment.address("JobEscrow"), await wallet.address()
    words = []
    held = await token.balance(owner)
    if held < price and around.is_local:
        await wallet.transact(token.address, mint_calldata(owner, max(FAUCET_UNITS, price)))
        words.append("test dollars from the faucet")
    elif held < price:
        raise MoneyMissing(
            f"{checksum(owner)} holds {format_tokens(held)}; the price is {format_tokens(price)}.",
            mend="Send it the rest, then run the same command again.",
        )
    allowance = await around.node.call(load_abi("TestDollar"), token.address, "allowance", owner, escrow)
    if int(allowance) < price:
        await wallet.transact(token.address, approve_calldata(escrow, price))
        words.append(f"the escrow may draw {format_tokens(price)}")
    return ", ".join(words) or "the escrow may draw it already"


async def pay(around: Connections, wallet: Wallet, record: HireRecord, choice: Choice) -> OutboxItem:
    """Create, fund and describe the job in one transaction, once for a request id."""
    for number in count():
        key = _key(record.request_id, number)
        item = await wallet.status(key)
        if item is None or not _is_void(item):
            break
    escrow = JobEscrowProxy.of(around.node, around.deployment)
    policy = await escrow.policy(choice.policy_id)
    head = await around.node.block()
    terms = HireTerms(
        provider=choice.wallet,
        policy_id=choice.policy_id,
        budget=TokenUnits(record.price),
        expired_at=(head.timestamp if head else 0) + choice.work_seconds + policy.tail_seconds,
        agent_id=AgentId(choice.agent_id),
        listing_id=record.listing_id,
        description=IPFS_PREFIX + record.request_cid,
    )
    return await wallet.send(Intent(key, "hire", escrow.address, hire_calldata(terms)))


async def job_of(wallet: Wallet, payment: OutboxItem) -> int:
    """The number of the job that a mined hire created."""
    receipt = await wallet.receipt(payment)
    for entry in receipt.logs:
        found = ABI.decode_log(entry.topics, entry.data)
        if found is not None and found[0] == "JobCreated":
            return int(found[1]["jobId"])
    raise TransactionWaits("The hire is mined, but created no job yet.", mend="Run the same command again.")


async def accept(around: Connections, wallet: Wallet, record: HireRecord, job_id: int) -> OutboxItem:
    """Release the pay at once."""
    data = ABI.encode_call("accept", job_id)
    intent = Intent(f"accept:{record.request_id}", "accept", around.deployment.address("JobEscrow"), data)
    return await wallet.send(intent)


def _key(request_id: str, number: int) -> str:
    return f"hire:{request_id}:{number}"


def _is_void(item: OutboxItem) -> bool:
    """Refused before anything was signed, so nothing of it can ever be mined."""
    return item.status == FAILED and item.attempts == 0 and item.block_number is None
