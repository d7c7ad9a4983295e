"""`aitbc keys`: what keys a home has, new ones, backup and restore, and the kill switch."""

from __future__ import annotations

import getpass
import json
import os
import re
from pathlib import Path
from typing import Any

from agents_offchain.chain.devnet.anvil import DEVNET_CHAIN_ID
from agents_offchain.chain.errors import KeyMissing, PolicyInvalid
from agents_offchain.chain.signer.guard import KeyFolder
from agents_offchain.chain.signer.keystore import KeyFile, create_key, list_keys, open_key, parse_key, write_key
from agents_offchain.chain.signer.policy import Policy, parse_policy
from agents_offchain.cli.console import Console
from agents_offchain.cli.development import ensure_passphrase, read_passphrase
from agents_offchain.cli.operate.home import HomeEmpty, note, show_table
from agents_offchain.cli.places import key_folder, make_private, passphrase_file
from agents_offchain.primitives.errors import Refused
from agents_offchain.primitives.hexes import checksum
from agents_offchain.primitives.settings import Settings

BACKUP_SCHEMA = "aitbc.keys/1"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class KeyRefused(Refused):
    """A key cannot be made, kept or put back as asked."""


def run_list(settings: Settings, console: Console) -> int:
    folder = KeyFolder(key_folder(settings))
    policy = _policy(folder)
    rows = [_row(key, folder, policy) for key in _keys(settings)]
    console.document({"folder": str(folder.path), "frozen": folder.frozen_reason(""), "keys": rows})
    heads = ("key", "address", "chains", "may sign", "state")
    table = [(row["name"], row["address"], row["chain"] or "any", row["allowed"], row["state"]) for row in rows]
    show_table(console, heads, table, empty="There are no keys; `aitbc up` or `aitbc keys new NAME` makes some.")
    return 0


def run_new(settings: Settings, console: Console, name: str, *, is_development: bool) -> int:
    if _NAME.fullmatch(name) is None:
        raise KeyRefused(f"{name[:70]!r} is not a name for a key.", mend="Use letters, digits, dots and dashes.")
    folder = key_folder(settings)
    make_private(settings.home)
    make_private(folder)
    passphrase = ensure_passphrase(folder, passphrase_file(settings))
    chain_id = DEVNET_CHAIN_ID if is_development else None
    try:
        address = create_key(folder, name, passphrase, development_chain_id=chain_id)
    except FileExistsError as error:
        raise KeyRefused(f"There is a key named {name}.", mend="Choose another name.") from error
    note(settings, console, "key_created", key=name, address=checksum(address), chain_id=chain_id)
    console.document({"name": name, "address": checksum(address), "chain": chain_id})
    console.line(f"{name}  {checksum(address)}")
    console.line(f"It may sign nothing until {KeyFolder(folder).policy} has a section [keys.{name}].")
    console.line("Back it up: `aitbc keys backup FILE`. A running signer opens it when it is first used.")
    return 0


def run_backup(settings: Settings, console: Console, file: Path) -> int:
    keys = _keys(settings)
    if not keys:
        raise HomeEmpty("There are no keys to back up.", mend="`aitbc keys new NAME` makes one.")
    policy = KeyFolder(key_folder(settings)).policy
    document = {
        "schema": BACKUP_SCHEMA,
        "keys": {key.name: key.document for key in keys},
        "policy": policy.read_text() if policy.exists() else None,
    }
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise KeyRefused(
            f"The backup cannot be written to {file}: {error.strerror}.", mend="Name a new file."
        ) from error
    with os.fdopen(descriptor, "w") as stream:
        json.dump(document, stream, indent=1)
        stream.flush()
        os.fsync(stream.fileno())
    note(settings, console, "keys_backed_up", keys=[key.name for key in keys])
    console.document({"file": str(file), "keys": [key.name for key in keys]})
    console.line(f"{len(keys)} encrypted keys are in {file}.")
    console.line(f"They open only with the passphrase in {passphrase_file(settings)}; keep that elsewhere.")
    return 0


def run_restore(settings: Settings, console: Console, file: Path, passphrase: Path | None) -> int:
    document = _read_backup(file)
    keys = [parse_key(name, dict(body)) for name, body in document["keys"].items()]
    folder = key_folder(settings)
    words = _passphrase_for(settings, passphrase)
    held = {key.name: key.address for key in (list_keys(folder) if folder.is_dir() else [])}
    for key in keys:
        if _NAME.fullmatch(key.name) is None:
            raise KeyRefused(f"The backup names a key {key.name[:70]!r}.")
        if held.get(key.name, key.address) != key.address:
            raise KeyRefused(
                f"The home has another key named {key.name}.", mend="Restore into another home; nothing was changed."
            )
        open_key(key, words)
    make_private(settings.home)
    make_private(folder)
    new = [key for key in keys if key.name not in held]
    if not passphrase_file(settings).exists():
        _write_private(passphrase_file(settings), words + "\n")
    for key in new:
        write_key(folder, key)
    if document.get("policy") and not KeyFolder(folder).policy.exists():
        _write_private(KeyFolder(folder).policy, str(document["policy"]))
    note(settings, console, "keys_restored", keys=[key.name for key in new])
    console.document({"restored": [key.name for key in new], "kept": [k.name for k in keys if k.name in held]})
    console.line(f"{len(new)} keys restored, {len(keys) - len(new)} were there.")
    return 0


def run_freeze(settings: Settings, console: Console, name: str | None, reason: str) -> int:
    folder = KeyFolder(key_folder(settings))
    _require_known(settings, name)
    switch = folder.frozen(name or "")
    by = getpass.getuser()
    _write_private(switch, f"{reason} ({by})\n")
    note(settings, console, "frozen", key=name or "all", reason=reason, by=by)
    console.document({"frozen": name or "all", "reason": reason})
    console.line(
        f"{name or 'Every key'} signs nothing from now on. `aitbc keys thaw{' ' + name if name else ''}` ends it."
    )
    return 0


def run_thaw(settings: Settings, console: Console, name: str | None) -> int:
    folder = KeyFolder(key_folder(settings))
    _require_known(settings, name)
    switch = folder.frozen(name or "")
    was = switch.exists()
    switch.unlink(missing_ok=True)
    if was:
        note(settings, console, "thawed", key=name or "all", by=getpass.getuser())
    still = folder.frozen_reason(name or "")
    console.document({"thawed": name or "all", "was_frozen": was, "still_frozen": still})
    console.line(f"{name or 'All keys'}: {'signs again' if was else 'was not frozen'}.")
    if still is not None:
        console.line(f"All keys are still frozen: {still}. `aitbc keys thaw` ends that.")
    return 0


def _keys(settings: Settings) -> list[KeyFile]:
    folder = key_folder(settings)
    return list_keys(folder) if folder.is_dir() else []


def _require_known(settings: Settings, name: str | None) -> None:
    """Raises HomeEmpty without keys, KeyMissing for a name that none has."""
    names = [key.name for key in _keys(settings)]
    if not names:
        raise HomeEmpty("This home has no keys.", mend="`aitbc up` or `aitbc keys new NAME` makes some.")
    if name is not None and name not in names:
        raise KeyRefused(f"There is no key named {name}.", mend=f"Known: {', '.join(names)}.")


def _policy(folder: KeyFolder) -> Policy | None:
    try:
        return parse_policy(folder.policy.read_text())
    except (OSError, ValueError, PolicyInvalid):
        return None


def _row(key: KeyFile, folder: KeyFolder, policy: Policy | None) -> dict[str, Any]:
    frozen = folder.frozen_reason(key.name)
    rules = policy.keys.get(key.name) if policy is not None else None
    titles = []
    if rules is not None:
        titles = [rule.title for rule in rules.calls] + [f"deploy {name}" for name in rules.deploys]
        titles += [f"{rule.type.partition('(')[0]} of {rule.domain}" for rule in rules.typed]
    count = len(titles)
    return {
        "name": key.name,
        "address": checksum(key.address),
        "chain": key.chain_id,
        "rules": titles,
        "allowed": "nothing" if not count else f"{count} kind{'s' if count > 1 else ''}",
        "frozen": frozen,
        "state": f"frozen: {frozen}" if frozen else "dry run" if rules is not None and rules.dry_run else "",
    }


def _read_backup(file: Path) -> dict[str, Any]:
    try:
        document = json.loads(file.read_text())
        if document["schema"] == BACKUP_SCHEMA and isinstance(document["keys"], dict) and document["keys"]:
            return dict(document)
    except OSError as error:
        raise KeyRefused(f"The backup cannot be read: {error.strerror}.", mend=f"Is {file} the file?") from error
    except (ValueError, KeyError, TypeError):
        pass
    raise KeyRefused(f"{file} is not a backup of keys.", mend="`aitbc keys backup FILE` writes one.")


def _passphrase_for(settings: Settings, given: Path | None) -> str:
    """The passphrase that must open the backup: the home's own, where it has one."""
    own = passphrase_file(settings)
    if own.exists():
        return read_passphrase(own)
    if given is None:
        raise KeyMissing("This home has no passphrase yet.", mend="Name the backup's: --passphrase-file FILE.")
    return read_passphrase(given)


def _write_private(file: Path, text: str) -> None:
    draft = file.with_name(f".{file.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(file)
