"""`new` and `run` of a duty."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from agents_offchain.chain.proxies.result_oracle import ResultOracleProxy
from agents_offchain.chain.signer.keystore import key_address
from agents_offchain.cli.agents.new import ensure_gas, ensure_key, find_chain
from agents_offchain.cli.console import Console
from agents_offchain.cli.development import DEVELOPMENT_KEYS
from agents_offchain.cli.duties.duty import Duty
from agents_offchain.cli.foreground import Work, stay
from agents_offchain.cli.operate.connections import connections
from agents_offchain.cli.places import key_folder, run_files
from agents_offchain.cli.roles import grant_role
from agents_offchain.cli.specs import daemon
from agents_offchain.primitives.errors import Refused
from agents_offchain.primitives.hexes import checksum
from agents_offchain.primitives.settings import Settings
from agents_offchain.runtime.supervisor.process_lock import DaemonLock
from agents_offchain.runtime.supervisor.spec import Spec
from agents_offchain.storage.database import Database


class DutyTaken(Refused):
    """The key has another duty."""


def run_new(settings: Settings, console: Console, duty: Duty, name: str) -> int:
    """Exit code 0 once the duty can be run."""
    if name in DEVELOPMENT_KEYS and not name.startswith(duty.name):
        raise DutyTaken(f"The key {name} has another duty here.", mend="Choose another name.")
    return asyncio.run(_new(settings, console, duty, name))


def run_duty(settings: Settings, console: Console, duty: Duty, name: str) -> int:
    """Exit code 0 once it was stopped on request.

    Raises:
        KeyMissing: there is no such key.
        AlreadyRunning: another process has the duty.
    """
    key_address(key_folder(settings), name)
    title, process = f"The {duty.name} {name}", duty.daemon_name(name)
    DaemonLock(run_files(settings), process, title).require_free()

    def daemons(_: Settings, database: Database, needs: tuple[str, ...]) -> Sequence[Spec]:
        return [daemon(settings, process, database, needs, duty.argv(name))]

    return stay(settings, console, Work(process, title, daemons))


async def _new(settings: Settings, console: Console, duty: Duty, name: str) -> int:
    address = await asyncio.to_thread(ensure_key, settings, console, name, find_chain(settings))
    async with connections(settings, f"{duty.name} new") as around:
        rules = grant_role(settings, name, duty.role, around.deployment.chain_id)
        gas = await ensure_gas(around, address) if duty.is_sender else ""
        oracle = ResultOracleProxy(around.node, around.deployment.address("ResultOracle"))
        seats, quorum = await oracle.reporters(), await oracle.quorum()
    has_seat = address in seats
    console.document(
        {
            "duty": duty.name,
            "key": name,
            "address": checksum(address),
            "rules": rules,
            "has_seat": has_seat if duty.name == "reporter" else None,
            "reporters": len(seats),
            "quorum": quorum,
        }
    )
    console.line(f"{name}  {checksum(address)}: {duty.promise}")
    console.line(f"  signer    {rules}")
    if gas:
        console.line(f"  gas       {gas}")
    if duty.name == "reporter":
        seat = "it has one" if has_seat else "none yet: until the oracle names its address, its verdicts do not count"
        console.line(f"  seat      {seat} ({len(seats)} reporters, {quorum} must agree)")
    console.line(f"Run it: `aitbc {duty.name} run {name}`. Back its key up: `aitbc keys backup FILE`.")
    return 0
