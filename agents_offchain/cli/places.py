"""Where things lie for somebody who types `aitbc`: the installation, the home, the models, the tools."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import ValidationError

from agents_offchain.primitives.errors import SettingsInvalid
from agents_offchain.primitives.settings import Settings
from agents_offchain.runtime.supervisor.errors import RunFolderUnsafe


def installation_root() -> Path:
    """The folder that holds `agents_offchain/`: the repository in a checkout."""
    return Path(__file__).resolve().parents[2]


def settings_for(home: Path | None) -> Settings:
    """Settings with absolute places: `--home`, else AITBC_HOME, else `.aitbc` beside the program.

    Raises:
        SettingsInvalid: an environment variable has a value that cannot be used.
    """
    root = installation_root()
    chosen = Path(home or os.environ.get("AITBC_HOME") or root / ".aitbc")
    models = Path(os.environ.get("AITBC_MODELS") or root / "models")
    try:
        return Settings(home=chosen.expanduser().resolve(), models=models.expanduser().resolve())
    except ValidationError as error:
        first = error.errors()[0]
        name = "AITBC_" + str(first["loc"][0]).upper()
        raise SettingsInvalid(f"{name} cannot be used: {first['msg']}.", mend="Change it or unset it.") from error


def run_files(settings: Settings) -> Path:
    """Lock and state file of a home."""
    return settings.home / "run"


def health_folder(settings: Settings) -> Path:
    """One file a daemon, for probes and the supervisor."""
    return run_files(settings) / "health"


def log_folder(settings: Settings) -> Path:
    return settings.home / "logs"


def key_folder(settings: Settings) -> Path:
    return settings.home / "keys"


def passphrase_file(settings: Settings) -> Path:
    return key_folder(settings) / "passphrase"


def endpoints_file(settings: Settings) -> Path:
    return settings.home / "endpoints.json"


def page_folder() -> Path:
    """The built page, when it was built."""
    return installation_root() / "frontend" / "dist"


def make_private(folder: Path) -> None:
    """Create a folder that only this user can enter.

    Raises:
        RunFolderUnsafe: it exists and belongs to somebody else, is open to others, or is a link.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    facts = folder.lstat()
    if folder.is_symlink() or facts.st_uid != os.getuid():
        raise RunFolderUnsafe(
            f"{folder} belongs to somebody else.", mend="Remove it, or set XDG_RUNTIME_DIR to a folder of yours."
        )
    if facts.st_mode & 0o077:
        folder.chmod(0o700)


def profile_file(settings: Settings) -> Path:
    """The agent of this home: the profile that the settings name, else the one that comes with the product."""
    return (settings.profile or example_profile("inspector")).expanduser().resolve()


def example_profile(name: str) -> Path:
    """The profile of an agent that comes with the product."""
    return example_file("profiles", f"{name}.toml")


def example_file(*parts: str) -> Path:
    """A file of the examples that come with the product."""
    return installation_root().joinpath("examples", *parts)
