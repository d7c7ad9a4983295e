"""Which duty each further key of a home has, and the signer's rules that follow from it.

`<home>/roles.json` is the home's list; the policy is written from it. A policy that somebody has changed is theirs: a
section for a new key is added at its end, and a section that is there already is only looked at.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from agents_offchain.chain.addresses import load_deployment
from agents_offchain.chain.signer.guard import KeyFolder
from agents_offchain.chain.signer.keystore import list_keys
from agents_offchain.chain.signer.policy import KeyRules, parse_policy
from agents_offchain.cli.development import DEVELOPMENT_KEYS
from agents_offchain.cli.development_policy import ensure_development_policy, is_ours, role_section
from agents_offchain.cli.places import key_folder
from agents_offchain.primitives.errors import Refused
from agents_offchain.primitives.settings import Settings


class PolicyLacks(Refused):
    """Somebody's own policy does not allow a key what its duty needs."""


def roles_file(settings: Settings) -> Path:
    return settings.home / "roles.json"


def load_roles(settings: Settings) -> dict[str, str]:
    """Role by key name, of the keys that are there."""
    try:
        document = json.loads(roles_file(settings).read_text())
        roles = {str(name): str(role) for name, role in document.items()}
    except (OSError, ValueError, AttributeError):
        return {}
    return {name: role for name, role in roles.items() if (key_folder(settings) / f"{name}.json").exists()}


def write_rules(settings: Settings, addresses: Mapping[str, bytes]) -> None:
    """The rules of all keys of a home, at the contracts of every generation of its market.

    Args:
        addresses: Of the development keys at least, by name.
    """
    further = {name: role for name, role in load_roles(settings).items() if name not in DEVELOPMENT_KEYS}
    file = settings.deployment_file
    known = load_deployment(file).addresses() if file.exists() else {}
    ensure_development_policy(key_folder(settings), addresses, further, known)


def grant_role(settings: Settings, name: str, role: str, chain_id: int) -> str:
    """Let a key sign what a role needs on a chain; what was done, in words. Idempotent.

    Raises:
        PolicyLacks: the policy is somebody's own and its section of this key lacks a rule.
    """
    roles = {**load_roles(settings), name: role}
    _replace(roles_file(settings), json.dumps(roles, indent=1))
    file = KeyFolder(key_folder(settings)).policy
    addresses = {key.name: key.address for key in list_keys(key_folder(settings))}
    if is_ours(file) and set(DEVELOPMENT_KEYS) <= set(addresses):
        write_rules(settings, addresses)
        return "rules written"
    return _add_section(file, name, role, chain_id)


def _add_section(file: Path, name: str, role: str, chain_id: int) -> str:
    section = role_section(name, role, chain_id)
    text = file.read_text() if file.exists() else "version = 1\n[keys]\n"
    held = parse_policy(text).keys.get(name)
    if held is not None:
        _require_rules(file, name, held, parse_policy("version = 1\n" + section).keys[name])
        return "rules found"
    text = f"{text.rstrip()}\n{section}"
    parse_policy(text)
    _replace(file, text)
    return "rules added"


def _require_rules(file: Path, name: str, held: KeyRules, needed: KeyRules) -> None:
    missing = {rule.title for rule in needed.calls} - {rule.title for rule in held.calls}
    missing |= {rule.type.partition("(")[0] for rule in needed.typed} - {
        rule.type.partition("(")[0] for rule in held.typed
    }
    if missing:
        raise PolicyLacks(
            f"The policy does not let {name} sign {', '.join(sorted(missing))}.",
            mend=f"Add it to [keys.{name}] in {file}, or remove that section to have it written.",
        )


def _replace(file: Path, text: str) -> None:
    """Write a private file, whole or not at all."""
    draft = file.with_name(f".{file.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(file)
