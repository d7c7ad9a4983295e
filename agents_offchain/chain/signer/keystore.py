"""Encrypted keys on disk: eth-account v3 keystores, one file a key, marked when made for development.

Decrypted keys stay in the signer process. Production keystores use the library's full scrypt cost;
development keys, which hold play money on one local chain, use a low one so that a start is quick.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coincurve import PrivateKey
from eth_account import Account
from eth_utils.crypto import keccak

from agents_offchain.chain.errors import KeyMissing
from agents_offchain.primitives.hexes import HexInvalid, decode_address

DEVELOPMENT_SCRYPT_N = 1 << 10
_MARK = "aitbc"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True)
class Key:
    """A decrypted key and where it may be used; `chain_id` None means any."""

    name: str
    address: bytes
    secret: PrivateKey
    chain_id: int | None

    def __repr__(self) -> str:
        return f"Key({self.name}, 0x{self.address.hex()})"


def create_key(folder: Path, name: str, passphrase: str, *, development_chain_id: int | None = None) -> bytes:
    """Make a random key and write its keystore file; the address. Never overwrites.

    Raises:
        FileExistsError: there is a key of that name.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    secret = secrets.token_bytes(32)
    iterations = DEVELOPMENT_SCRYPT_N if development_chain_id is not None else None
    document: dict[str, Any] = Account.encrypt(secret, passphrase, kdf="scrypt", iterations=iterations)
    if development_chain_id is not None:
        document[_MARK] = {"development": True, "chain_id": development_chain_id}
    key = parse_key(name, document)
    write_key(folder, key)
    return key.address


def key_address(folder: Path, name: str) -> bytes:
    """The address of a key, read without opening it.

    Raises:
        KeyMissing: no such key.
    """
    return decode_address(_read(folder / f"{name}.json", name)["address"])


@dataclass(frozen=True)
class KeyFile:
    """What a keystore file says without being opened; `chain_id` None means any chain."""

    name: str
    address: bytes
    chain_id: int | None
    document: dict[str, Any]


def list_keys(folder: Path) -> list[KeyFile]:
    """Every key of a folder, by name, unopened.

    Raises:
        KeyMissing: a file is not a keystore.
    """
    return [parse_key(path.stem, _read(path, path.stem)) for path in sorted(folder.glob("*.json"))]


def key_file(folder: Path, name: str) -> KeyFile:
    """One key of a folder, unopened.

    Raises:
        KeyMissing: there is none of that name, or its file is not a keystore.
    """
    if _NAME.fullmatch(name) is None:
        raise KeyMissing(f"There is no key named {name[:60]!r}.")
    return parse_key(name, _read(folder / f"{name}.json", name))


def parse_key(name: str, document: dict[str, Any]) -> KeyFile:
    """A keystore document as a value.

    Raises:
        KeyMissing: it is not one.
    """
    try:
        mark = document.get(_MARK, {})
        chain_id = int(mark["chain_id"]) if mark.get("development") else None
        return KeyFile(name, decode_address(document["address"]), chain_id, document)
    except (ValueError, KeyError, TypeError, AttributeError, HexInvalid) as error:
        raise KeyMissing(f"{name} is not a keystore.") from error


def write_key(folder: Path, key: KeyFile) -> None:
    """Put a keystore document back into a folder. Never overwrites.

    Raises:
        FileExistsError: there is a key of that name.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(folder / f"{key.name}.json", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(key.document, file, indent=1)
        file.flush()
        os.fsync(file.fileno())


def open_key(key: KeyFile, passphrase: str) -> Key:
    """Decrypt one key.

    Raises:
        KeyMissing: the passphrase is wrong, or the key belongs to another address than its file says.
    """
    return _decrypt(dict(key.document), key.name, passphrase)


def open_keystore(folder: Path, passphrase: str) -> dict[str, Key]:
    """Decrypt every key of a folder, by name.

    Raises:
        KeyMissing: there is none, a file is not a keystore, or the passphrase is wrong.
    """
    keys = {
        path.stem: _decrypt(_read(path, path.stem), path.stem, passphrase) for path in sorted(folder.glob("*.json"))
    }
    if not keys:
        raise KeyMissing(f"There are no keys in {folder}.", mend="Run `aitbc up`, or create keys there.")
    return keys


def _decrypt(document: dict[str, Any], name: str, passphrase: str) -> Key:
    mark = document.pop(_MARK, {})
    try:
        secret = PrivateKey(bytes(Account.decrypt(document, passphrase)))
    except (ValueError, KeyError, TypeError) as error:
        raise KeyMissing(
            f"The key {name} cannot be opened.", mend="Check the passphrase file of this keystore."
        ) from error
    address = keccak(secret.public_key.format(compressed=False)[1:])[-20:]
    if address != decode_address(document["address"]):
        raise KeyMissing(f"The key {name} belongs to another address than its file says.")
    chain_id = int(mark["chain_id"]) if mark.get("development") else None
    return Key(name, address, secret, chain_id)


def _read(path: Path, name: str) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text())
        decode_address(document["address"])
        return dict(document)
    except FileNotFoundError as error:
        raise KeyMissing(f"There is no key named {name}.", mend="`aitbc up` creates the development keys.") from error
    except (ValueError, KeyError, TypeError, HexInvalid) as error:
        raise KeyMissing(f"{path.name} is not a keystore.") from error
