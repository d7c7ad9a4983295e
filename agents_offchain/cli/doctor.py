"""`aitbc doctor`: look at everything a home needs, name what is wrong and how to mend it.

Each check is a function that looks at one thing and changes nothing.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from agents_offchain.chain.addresses import load_deployment
from agents_offchain.chain.devnet.anvil import find_anvil
from agents_offchain.chain.errors import ContractMissing
from agents_offchain.chain.node import Node
from agents_offchain.cli.console import Console
from agents_offchain.cli.continuity import database_exists
from agents_offchain.cli.endpoints import PORTED, last_port
from agents_offchain.cli.generations import read_generations
from agents_offchain.cli.places import installation_root, key_folder, page_folder, passphrase_file, run_files
from agents_offchain.messaging.embedded.valkey import ValkeySpec
from agents_offchain.primitives.errors import AitbcError
from agents_offchain.primitives.settings import Settings
from agents_offchain.runtime.supervisor.home_lock import HomeLock
from agents_offchain.runtime.supervisor.leftovers import find_leftovers
from agents_offchain.runtime.supervisor.ports import is_free
from agents_offchain.runtime.supervisor.state_file import StateFile
from agents_offchain.skills.manifest import read_checked, read_manifest
from agents_offchain.skills.vision.detector_form import read_own_detector
from agents_offchain.storage.migrate import read_schema

WRONG, HINT, FINE = "wrong", "hint", "fine"
LEAST_PYTHON = (3, 11)
LEAST_NODE = 20
LEAST_DISK_BYTES = 1 << 30
SETUP = "Run `make setup` in the repository."
_ANSWER_SECONDS = 10


@dataclass(frozen=True)
class Finding:
    """What one check saw. `hint` is worth knowing and keeps nothing from running."""

    check: str
    level: str
    found: str
    mend: str = ""


Check = Callable[[Settings], Finding]


def run_doctor(settings: Settings, console: Console) -> int:
    """Exit code 0 when nothing is wrong, 1 otherwise."""
    findings = [look(settings) for look in CHECKS]
    is_well = all(finding.level != WRONG for finding in findings)
    console.document(
        {"home": str(settings.home), "is_well": is_well, "findings": [asdict(finding) for finding in findings]}
    )
    for finding in findings:
        console.line(f"{finding.level:<6} {finding.check:<12} {finding.found}")
        if finding.mend and finding.level != FINE:
            console.line(f"{'':<6} {'':<12} -> {finding.mend}")
    console.line("Nothing is wrong." if is_well else "Something is wrong.")
    return 0 if is_well else 1


def check_python(_settings: Settings) -> Finding:
    found = f"Python {sys.version.split()[0]}"
    if sys.version_info[:2] < LEAST_PYTHON:
        return Finding("python", WRONG, found, "Install Python 3.11 or later and run `make setup`.")
    return Finding("python", FINE, found)


def check_node(_settings: Settings) -> Finding:
    """Node is needed to set up, to compile contracts and to build the page; not to run."""
    said = _ask_program("node", "--version")
    if said is None:
        return Finding("node", HINT, "node is not installed", "Install Node 20: set-up and the compiler need it.")
    major = re.match(r"v(\d+)", said)
    if major is None or int(major[1]) < LEAST_NODE:
        return Finding("node", HINT, f"node {said}", f"Install Node {LEAST_NODE} or later.")
    return Finding("node", FINE, f"node {said}")


def check_chain_tool(_settings: Settings) -> Finding:
    try:
        program = find_anvil(installation_root())
    except AitbcError as error:
        return Finding("chain tool", WRONG, error.message, error.mend)
    said = _ask_program(str(program), "--version")
    if said is None:
        return Finding("chain tool", WRONG, f"{program} does not run", SETUP)
    return Finding("chain tool", FINE, said.splitlines()[0])


def check_messages(settings: Settings) -> Finding:
    if settings.redis_url:
        return Finding("messages", FINE, "AITBC_REDIS_URL names a server")
    try:
        ValkeySpec(settings.home / "valkey", settings.valkey_socket).argv()
    except AitbcError as error:
        return Finding("messages", WRONG, error.message, error.mend)
    return Finding("messages", FINE, "the embedded server is there")


def check_models(settings: Settings) -> Finding:
    """Every model file by its digest, the operator's own detector too."""
    try:
        entries = read_manifest()
        for entry in entries.values():
            read_checked(entry, settings.models)
        own = f"; detector {read_own_detector(settings.detector)[0].name}" if settings.detector else ""
    except AitbcError as error:
        return Finding("models", WRONG, error.message, error.mend)
    return Finding("models", FINE, f"{', '.join(entries)}: digests right{own}")


def check_page(_settings: Settings) -> Finding:
    if not (page_folder() / "index.html").exists():
        return Finding("page", HINT, "the page is not built; the API works without it", SETUP)
    return Finding("page", FINE, "the page is built")


def check_disk(settings: Settings) -> Finding:
    place = settings.home if settings.home.exists() else settings.home.parent
    try:
        free = shutil.disk_usage(place).free
    except OSError as error:
        return Finding("disk", WRONG, f"{place} cannot be looked at: {error.strerror}", "Choose another --home.")
    found = f"{free / (1 << 30):.1f} GiB free at {place}"
    if free < LEAST_DISK_BYTES:
        return Finding("disk", WRONG, found, "Free at least 1 GiB, or choose another --home.")
    return Finding("disk", FINE, found)


def check_home(settings: Settings) -> Finding:
    """The home is ours, writable, and its keys are for this user alone."""
    home = settings.home
    if not home.exists():
        if os.access(_nearest(home), os.W_OK):
            return Finding("home", FINE, f"{home} will be created")
        return Finding("home", WRONG, f"{home} cannot be created", "Choose another --home.")
    if not os.access(home, os.W_OK | os.X_OK):
        return Finding("home", WRONG, f"{home} cannot be written to", f"chown or chmod {home}, or choose another.")
    open_files = [path for path in key_folder(settings).glob("*") if path.stat().st_mode & 0o077]
    if open_files:
        return Finding("home", WRONG, f"{open_files[0]} can be read by others", f"chmod 600 {open_files[0]}")
    if key_folder(settings).exists() and not passphrase_file(settings).exists():
        return Finding("home", WRONG, "the keystore's passphrase file is gone", "Put it back, or move the keys away.")
    return Finding("home", FINE, f"{home} is writable, keys are private")


def check_lock(settings: Settings) -> Finding:
    """What an earlier run left behind."""
    if (holder := HomeLock(run_files(settings)).holder()) is not None:
        return Finding("lock", FINE, f"the home is up, process {holder.get('pid')}")
    state = StateFile(run_files(settings)).read()
    left = find_leftovers(state.processes) if state is not None else []
    if left:
        pids = ", ".join(str(process.pid) for process in left)
        return Finding("lock", WRONG, f"processes of an earlier run are left: {pids}", "`aitbc down` ends them.")
    return Finding("lock", FINE, "the home is not up and nothing is left")


def check_ports(settings: Settings) -> Finding:
    """The ports of the last run; another one is taken by itself when they are in use."""
    state = StateFile(run_files(settings)).read()
    if state is not None or not settings.home.exists():
        return Finding("ports", FINE, "in use by this home" if state is not None else "any free ones will be taken")
    last = [port for part in PORTED if (port := last_port(settings, part)) is not None]
    taken = [port for port in last if not is_free(settings.host, port)]
    if taken:
        found = f"port {taken[0]} of the last run is taken by another program"
        return Finding("ports", HINT, found, "Another port will be used; update your wallet's network.")
    return Finding("ports", FINE, "free ports will be taken")


def check_database(settings: Settings) -> Finding:
    if not database_exists(settings):
        return Finding("database", FINE, "will be created")
    try:
        present, newest = asyncio.run(read_schema(settings.database()))
    except AitbcError as error:
        return Finding("database", WRONG, error.message, error.mend)
    if present != newest:
        return Finding("database", HINT, f"schema {present or 'empty'}, newest {newest}", "`aitbc up` upgrades it.")
    return Finding("database", FINE, f"schema {present}")


def check_chain(settings: Settings) -> Finding:
    """The node serves the chain of the deployment, and the escrow stands there."""
    state = StateFile(run_files(settings)).read()
    url = (state.endpoints.get("rpc", "") if state is not None else "") or settings.rpc_url
    if not url or not settings.deployment_file.exists():
        return Finding("chain", FINE, "not running, nothing to compare")
    try:
        asyncio.run(_require_deployment(url, settings))
    except AitbcError as error:
        return Finding("chain", WRONG, error.message, error.mend or "`aitbc up --fresh` starts from zero.")
    return Finding("chain", FINE, f"{url} serves the deployment's chain")


def check_generations(settings: Settings) -> Finding:
    """How much is left in each generation of the market."""
    found = asyncio.run(read_generations(settings))
    if not found:
        return Finding("generations", FINE, "no market yet")
    return Finding("generations", FINE, "; ".join(each.words for each in found))


def check_browser(_settings: Settings) -> Finding:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        return Finding("browser", HINT, "no Chromium; only the browser tests need it", "Run `make setup-system`.")
    return Finding("browser", FINE, found)


CHECKS: tuple[Check, ...] = (
    check_python,
    check_node,
    check_chain_tool,
    check_messages,
    check_models,
    check_page,
    check_disk,
    check_home,
    check_lock,
    check_ports,
    check_database,
    check_chain,
    check_generations,
    check_browser,
)


async def _require_deployment(url: str, settings: Settings) -> None:
    deployment = load_deployment(settings.deployment_file)
    node = Node(url)
    try:
        await node.require_chain(deployment.chain_id)
        if not await node.code(deployment.address("JobEscrow")):
            raise ContractMissing("No JobEscrow stands where the deployment file says.")
    finally:
        await node.close()


def _ask_program(program: str, *arguments: str) -> str | None:
    """What a program says, or None when it is not there or fails."""
    try:
        answer = subprocess.run(
            [program, *arguments], capture_output=True, text=True, timeout=_ANSWER_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()


def _nearest(path: Path) -> Path:
    """The nearest folder above that exists."""
    return next(parent for parent in path.parents if parent.exists())
