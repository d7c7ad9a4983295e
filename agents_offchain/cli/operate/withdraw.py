"""`aitbc withdraw`: fetch what the escrow owes the keys of a home. Pay mostly arrives by itself; credit is the rest."""

from __future__ import annotations

import asyncio
from typing import Any

from agents_offchain.chain.addresses import Deployment
from agents_offchain.chain.errors import ContractReverted
from agents_offchain.chain.proxies.job_escrow import JobEscrowProxy, withdraw_calldata
from agents_offchain.chain.signer.keystore import list_keys
from agents_offchain.cli.console import Console
from agents_offchain.cli.operate.connections import Connections, connections
from agents_offchain.cli.operate.home import HomeEmpty, show_table
from agents_offchain.cli.places import key_folder
from agents_offchain.primitives.errors import Refused
from agents_offchain.primitives.hexes import checksum, encode_hex
from agents_offchain.primitives.settings import Settings
from agents_offchain.primitives.units import format_tokens


class KeyUnknown(Refused):
    """The home has no key of that name."""


def run_withdraw(settings: Settings, console: Console, key: str | None, *, is_dry: bool) -> int:
    """Exit code 0 also when nothing is due."""
    return asyncio.run(_withdraw(settings, console, key, is_dry=is_dry))


async def _withdraw(settings: Settings, console: Console, key: str | None, *, is_dry: bool) -> int:
    keys = _keys(settings, key)
    async with connections(settings, "withdraw") as around:
        rows = [
            await _one(around, each, name, address, is_dry=is_dry, is_named=key is not None)
            for each in around.deployment.generations
            for name, address in keys.items()
        ]
    newest = str(rows[0]["generation"]) if rows else ""
    due = [row for row in rows if row["credit"] != "0" or (key is not None and row["generation"] == newest)]
    console.document({"withdrawn": due, "is_dry_run": is_dry})
    cells = [(row["key"], row["address"], row["generation"], row["credit"], row["tx"] or row["note"]) for row in due]
    heads = ("key", "address", "generation", "due" if is_dry else "withdrawn", "transaction")
    show_table(console, heads, cells, empty="The escrow owes this home's keys nothing.")
    return 0


async def _one(
    around: Connections, deployment: Deployment, name: str, address: bytes, *, is_dry: bool, is_named: bool
) -> dict[str, Any]:
    """What one key is due in one generation, fetched.

    A key whose policy says no is passed over, unless it was asked for by name.
    """
    escrow, token = JobEscrowProxy.of(around.node, deployment), deployment.address("TestDollar")
    credit = int(await escrow.credit(token, address))
    tx, note = None, ""
    if credit and not is_dry:
        wallet = await around.wallet(name)
        try:
            tx = encode_hex((await wallet.transact(escrow.address, withdraw_calldata(token))).tx_hash)
        except ContractReverted as error:
            if is_named:
                raise
            note = error.message
    row = {"key": name, "address": checksum(address), "credit": format_tokens(credit)}
    row["generation"] = str(deployment.generation)
    return {**row, "tx": tx, "note": note}


def _keys(settings: Settings, wanted: str | None) -> dict[str, bytes]:
    folder = key_folder(settings)
    known = {key.name: key.address for key in (list_keys(folder) if folder.is_dir() else [])}
    if not known:
        raise HomeEmpty("This home has no keys.", mend="`aitbc up` or `aitbc keys new NAME` makes some.")
    if wanted is None:
        return known
    if wanted not in known:
        raise KeyUnknown(f"There is no key named {wanted[:60]!r}.", mend=f"Known: {', '.join(known)}.")
    return {wanted: known[wanted]}
