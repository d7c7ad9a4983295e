"""The agents of a home: the profiles in `<home>/agents`, and the one that the settings name."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from agents_offchain.cli.places import profile_file
from agents_offchain.primitives.errors import Refused
from agents_offchain.primitives.settings import Settings
from agents_offchain.runtime.profiles.profile import Profile, load_profile
from agents_offchain.runtime.profiles.toml import render_profile


class AgentUnknown(Refused):
    """The home has no agent of that name."""


class AgentExists(Refused):
    """The name, or the key, belongs to another agent of the home."""


@dataclass(frozen=True)
class Entry:
    """One agent: the name that commands know it by (its file's), and its profile.

    Attributes:
        is_home: It was made in this home, and can be retired; the other one comes with the product.
    """

    name: str
    path: Path
    profile: Profile
    is_home: bool
    is_retired: bool = False


def folder(settings: Settings) -> Path:
    return settings.home / "agents"


def entries(settings: Settings, *, with_retired: bool = False) -> list[Entry]:
    """Every agent of the home, the product's first.

    Raises:
        SettingsInvalid: a profile cannot be read; the message names file and field.
    """
    own = profile_file(settings)
    places = [(path, False) for path in sorted(folder(settings).glob("*.toml"))]
    if with_retired:
        places += [(path, True) for path in sorted(retired_folder(settings).glob("*.toml"))]
    found = [Entry(own.stem, own, load_profile(own), is_home=False)]
    found += [
        Entry(path.stem, path, load_profile(path), is_home=True, is_retired=is_retired)
        for path, is_retired in places
        if path.resolve() != own
    ]
    return found


def find(settings: Settings, name: str) -> Entry:
    """One agent by its name.

    Raises:
        AgentUnknown: there is none.
    """
    known = entries(settings)
    for entry in known:
        if entry.name == name:
            return entry
    names = ", ".join(entry.name for entry in known)
    raise AgentUnknown(
        f"There is no agent named {name[:60]!r} here.", mend=f"Known: {names}. `aitbc agent new` makes one."
    )


def save(settings: Settings, name: str, profile: Profile) -> Path:
    """Write a new agent's profile; one that stands there with the same content is left.

    Raises:
        AgentExists: the name or the key is another agent's.
    """
    for entry in entries(settings):
        if entry.name == name and entry.profile != profile:
            raise AgentExists(
                f"There is another agent named {name}.", mend=f"Choose another name, or change {entry.path} by hand."
            )
        if entry.name != name and entry.profile.agent.key == profile.agent.key:
            raise AgentExists(
                f"The key {profile.agent.key} is that of the agent {entry.name}.", mend="Name another by --key."
            )
    path = folder(settings) / f"{name}.toml"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_name(f".{path.name}.new")
        draft.write_text(render_profile(profile))
        os.replace(draft, path)
    return path


def retired_folder(settings: Settings) -> Path:
    return folder(settings) / "retired"


def set_aside(settings: Settings, entry: Entry) -> Path:
    """Move the profile of a retired agent where no command runs it."""
    retired_folder(settings).mkdir(parents=True, exist_ok=True, mode=0o700)
    path = retired_folder(settings) / entry.path.name
    os.replace(entry.path, path)
    return path
