"""Does what this home remembers belong to the chain that is here? If not, the memory is let go.

Facts live on the chain; database, streams and deployment file are made from it. A home notes the hash of
its chain's first mined block, the anchor. When the chain is gone, what was made from it is worthless and is removed;
when only the database is gone, the daemons make it again from the first block.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import make_url

from agents_offchain.chain.deployment_file import forget_deployment
from agents_offchain.cli.places import endpoints_file
from agents_offchain.primitives.errors import Fatal
from agents_offchain.primitives.settings import Settings

CHAIN_LOST = "The local chain of this home is gone, so everything made from it is worthless: starting afresh."
OTHER_CHAIN = "This home remembers another local chain than the one found here: starting afresh."
OTHER_CONTRACTS = "The contracts of this release stand elsewhere than those this home remembers: starting afresh."
DATABASE_LOST = "The database of this home is gone: it is made again from the chain."


class HomeStale(Fatal):
    """What the home remembers is of another chain, or of other contracts."""


@dataclass(frozen=True)
class HomeIdentity:
    """Which chain and which contracts a home belongs to; hex strings."""

    anchor_hash: str
    contracts: dict[str, str]


def identity_file(settings: Settings) -> Path:
    return settings.home / "identity.json"


def chain_folder(settings: Settings) -> Path:
    return settings.home / "chain"


def valkey_folder(settings: Settings) -> Path:
    return settings.home / "valkey"


def load_identity(settings: Settings) -> HomeIdentity | None:
    try:
        document = json.loads(identity_file(settings).read_text())
        return HomeIdentity(str(document["anchor_hash"]), dict(document["contracts"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def save_identity(settings: Settings, identity: HomeIdentity) -> None:
    draft = identity_file(settings).with_suffix(".new")
    draft.write_text(json.dumps({"anchor_hash": identity.anchor_hash, "contracts": identity.contracts}, indent=1))
    draft.replace(identity_file(settings))


def judge_files(settings: Settings, *, state_file: Path) -> str:
    """What can be told before the chain runs: a sentence for the operator, or nothing.

    Raises:
        HomeStale: the chain's state is gone and other memory is left.
    """
    has_database = database_exists(settings)
    if not state_file.exists() and (load_identity(settings) is not None or has_database):
        raise HomeStale(CHAIN_LOST)
    if load_identity(settings) is not None and not has_database:
        return DATABASE_LOST
    return ""


def require_same_chain(settings: Settings, anchor_hash: bytes) -> None:
    """Raises HomeStale when the running chain is not the one that the home remembers."""
    identity = load_identity(settings)
    is_other = identity is not None and identity.anchor_hash != anchor_hash.hex()
    if is_other or (identity is None and database_exists(settings)):
        raise HomeStale(OTHER_CHAIN)


def require_same_contracts(settings: Settings, generations: Sequence[dict[str, str]]) -> None:
    """Raises HomeStale when the contracts that the home remembers are no generation of the market that is there now."""
    identity = load_identity(settings)
    if identity is not None and identity.contracts not in generations:
        raise HomeStale(OTHER_CONTRACTS)


def database_exists(settings: Settings) -> bool:
    """Whether the embedded database's file is there; one behind a URL counts as there when a home is known."""
    file = _database_file(settings)
    return file.exists() if file is not None else load_identity(settings) is not None


def forget(settings: Settings, *, with_artifacts: bool) -> None:
    """Remove the chain and what was made from it. Keys and logs stay.

    Raises:
        HomeStale: the database is behind a URL and is its owner's to empty.
    """
    file = _database_file(settings)
    if file is None and load_identity(settings) is not None:
        raise HomeStale(
            "The database behind AITBC_DATABASE_URL belongs to another chain.",
            mend="Empty it or name another one; it is not ours to remove.",
        )
    if file is not None:
        for suffix in ("", "-wal", "-shm"):
            Path(f"{file}{suffix}").unlink(missing_ok=True)
    folders = [chain_folder(settings), valkey_folder(settings)]
    if with_artifacts:
        folders.append(settings.home / "artifacts")
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    forget_deployment(settings.deployment_file)
    for leftover in (identity_file(settings), endpoints_file(settings)):
        leftover.unlink(missing_ok=True)


def _database_file(settings: Settings) -> Path | None:
    url = make_url(settings.database())
    is_file = url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:"
    return Path(str(url.database)) if is_file else None
