"""Development keys: random for each home, encrypted, and marked so that they sign on the local chain alone."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from agents_offchain.chain.devnet.anvil import DEVNET_CHAIN_ID
from agents_offchain.chain.errors import KeyMissing
from agents_offchain.chain.signer.keystore import create_key, key_address

REPORTERS = ("reporter-1", "reporter-2", "reporter-3")
DEVELOPMENT_KEYS = ("deployer", "client", "agent", *REPORTERS, "keeper", "gateway", "treasury")


def ensure_development_keys(folder: Path, passphrase_file: Path) -> dict[str, bytes]:
    """Create what is missing of the home's keys; every key's address by name. Never overwrites.

    Raises:
        KeyMissing: there are keystores but no passphrase for them.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    passphrase = ensure_passphrase(folder, passphrase_file)
    for name in DEVELOPMENT_KEYS:
        if not (folder / f"{name}.json").exists():
            create_key(folder, name, passphrase, development_chain_id=DEVNET_CHAIN_ID)
    return {name: key_address(folder, name) for name in DEVELOPMENT_KEYS}


def read_passphrase(file: Path) -> str:
    """The keystore's passphrase.

    Raises:
        KeyMissing: there is no readable passphrase file.
    """
    try:
        return file.read_text().strip()
    except OSError as error:
        raise KeyMissing(
            f"The passphrase of the keystore cannot be read at {file}.",
            mend="Put it back; without it the keys cannot be opened.",
        ) from error


def ensure_passphrase(folder: Path, file: Path) -> str:
    """The keystore's passphrase, made when there are no keys yet.

    Raises:
        KeyMissing: there are keystores but no passphrase for them.
    """
    if file.exists():
        return read_passphrase(file)
    if any(folder.glob("*.json")):
        raise KeyMissing(
            f"There are keys in {folder}, but their passphrase file is gone.",
            mend="Put the file back, or move the keys away to have new development keys made.",
        )
    passphrase = secrets.token_urlsafe(24)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(passphrase + "\n")
    return passphrase
